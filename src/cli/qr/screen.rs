//! All codes in a row: for a pipe, or once on a terminal.

use anstyle::{Ansi256Color, Color, Style};

use crate::cli::ui::{StyledText, styled};
use crate::qr::Caption;
use crate::qr::draw::Drawing;

/// The style of codes in a row: white on black that themes do not change, the colours 231 and 16 of
/// the cube, not the sixteen that a user may redefine. Without colours, as in a pipe, the same
/// lines are right on a dark ground.
const CODE_STYLE: Style = Style::new()
    .fg_color(Some(Color::Ansi256(Ansi256Color(231))))
    .bg_color(Some(Color::Ansi256(Ansi256Color(16))));

/// Returns the chosen codes, one below the other.
pub(super) fn all_in_a_row(
    chosen: &[usize],
    drawings: &[Drawing],
    captions: &[Caption],
) -> StyledText {
    let part_at = |number: &usize| {
        let at = number.checked_sub(1)?;
        drawings.get(at).zip(captions.get(at))
    };
    let shown = |(drawing, caption)| {
        StyledText::from([with_caption_below(drawing, caption), StyledText::from("\n")])
    };
    chosen.iter().filter_map(part_at).map(shown).collect()
}

fn with_caption_below(drawing: &Drawing, caption: &Caption) -> StyledText {
    let code: StyledText = drawing
        .terminal_lines()
        .iter()
        .map(|line| StyledText::from([styled(CODE_STYLE, line), StyledText::from("\n")]))
        .collect();
    let caption: StyledText = caption
        .wrapped_lines(drawing.side())
        .iter()
        .map(|line| StyledText::from(format!("{line}\n")))
        .collect();
    StyledText::from([code, caption])
}

//! QR codes (ISO/IEC 18004), and how they look on a terminal. As pictures: [`sheet`](super::sheet).
//!
//! Error correction is of level M (15 % of a code may be lost to glare, dust and creases): a higher
//! level makes either more codes or smaller modules, and smaller modules are what cameras fail at
//! first. Where a terminal has room for small codes only, it is of level L (7 %): theirs are large
//! on the screen, and there are many of them as it is.

use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};

/// The light margin, in modules (ISO/IEC 18004, quiet zone: 4X).
pub(super) const QUIET: usize = 4;

/// The largest version that is drawn: 117 modules a side. A camera of 720 lines still gives each of
/// them five pixels and more.
pub const LARGEST: u8 = 25;

/// The smallest one that is used where there is little room: it fits a terminal of 80 columns and
/// 24 lines, and smaller ones make too many codes.
pub const SMALLEST: u8 = 5;

/// Below this one codes are small.
const SMALL: u8 = 10;

/// The error correction of a set whose codes may be of this version at most.
const fn level(most: u8) -> EcLevel {
    if most < SMALL { EcLevel::L } else { EcLevel::M }
}

fn version(number: u8) -> Version {
    Version::Normal(i16::from(number))
}

/// How many characters of the alphanumeric mode a code holds in a set whose codes may be of this
/// version at most.
pub fn characters(most: u8) -> usize {
    capacity(most, level(most))
}

/// Two characters in 11 bits, after 4 bits for the mode and 9, 11 or 13 for their number.
fn capacity(number: u8, level: EcLevel) -> usize {
    let count = match number {
        0..=9 => 9,
        10..=26 => 11,
        _ => 13,
    };
    let bits = Bits::new(version(number))
        .max_len(level)
        .unwrap_or(0)
        .saturating_sub(4 + count);
    // A code of version 40 has some 24,000 bits.
    bits / 11 * 2 + usize::from(bits % 11 >= 6)
}

/// Modules a side, with the margin.
pub fn side(number: u8) -> usize {
    usize::from(number) * 4 + 17 + 2 * QUIET
}

/// Lines and columns that a code takes on a terminal: two modules in a character.
pub fn on_terminal(number: u8) -> (usize, usize) {
    (side(number).div_ceil(2), side(number))
}

/// A code.
#[derive(Clone, Debug)]
pub struct Drawing {
    modules: Vec<bool>,
    width: usize,
}

/// The codes of these texts of the alphanumeric mode, all of the smallest version that holds the
/// longest of them, and of `most` at most. `None`: none does.
pub fn draw(texts: &[String], most: u8) -> Option<Vec<Drawing>> {
    let (longest, level) = (texts.iter().map(String::len).max()?, level(most));
    let number = (1..=most).find(|number| capacity(*number, level) >= longest)?;
    let drawing = |text: &String| {
        let code = QrCode::with_version(text.as_bytes(), version(number), level).ok()?;
        let width = code.width();
        Some(Drawing {
            modules: code
                .into_colors()
                .into_iter()
                .map(|color| color == Color::Dark)
                .collect(),
            width,
        })
    };
    texts.iter().map(drawing).collect()
}

impl Drawing {
    /// Modules a side, with the margin.
    pub const fn side(&self) -> usize {
        // A code has at most 177 modules a side.
        self.width + 2 * QUIET
    }

    /// Whether a module is dark, counted from the margin's corner.
    pub(super) fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < self.width);
        let at = inside(x)
            .zip(inside(y))
            .and_then(|(x, y)| y.checked_mul(self.width)?.checked_add(x));
        at.and_then(|at| self.modules.get(at))
            .is_some_and(|dark| *dark)
    }

    /// Its lines in half blocks: what is filled is light. In white on black it is right whatever
    /// the terminal's own colours are.
    pub fn terminal(&self) -> Vec<String> {
        let glyph = |x: usize, y: usize| match (self.is_dark(x, y), self.is_dark(x, y + 1)) {
            (true, true) => ' ',
            (true, false) => '▄',
            (false, true) => '▀',
            (false, false) => '█',
        };
        (0..self.side())
            .step_by(2)
            .map(|y| (0..self.side()).map(|x| glyph(x, y)).collect())
            .collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn a_version_holds_as_many_characters_as_the_standard_says() {
        // ISO/IEC 18004, table of data capacities: alphanumeric, level M.
        for (number, expected) in [
            (1, 20),
            (9, 262),
            (10, 311),
            (15, 600),
            (20, 970),
            (22, 1134),
            (25, 1451),
            (26, 1542),
            (27, 1637),
            (40, 3391),
        ] {
            assert_eq!(capacity(number, EcLevel::M), expected, "version {number}");
        }
        for (number, expected) in [(5, 154), (9, 335), (10, 395)] {
            assert_eq!(capacity(number, EcLevel::L), expected, "version {number}");
        }
        assert_eq!([5, 9, 10, 25].map(characters), [154, 335, 311, 1451]);
    }

    #[test]
    fn a_code_is_drawn_with_its_margin_in_half_blocks() {
        let drawing = draw(&["HSMBOOT1".to_owned()], LARGEST).unwrap().remove(0);
        assert_eq!((drawing.side(), drawing.width), (side(1), 21));
        let lines = drawing.terminal();
        assert_eq!((lines.len(), lines[0].chars().count()), on_terminal(1));
        for line in [0, 1, 14] {
            assert!(
                lines[line].chars().take(29).all(|c| c == '█'),
                "the margin is light: {}",
                lines[line]
            );
        }
        // The finder pattern's corner: seven dark modules, then a ring.
        assert_eq!(
            lines[2].chars().take(12).collect::<String>(),
            "████ ▄▄▄▄▄ █"
        );
    }

    #[test]
    fn all_codes_of_a_set_are_of_one_size_and_a_text_too_long_has_none() {
        let drawings = draw(&["A".repeat(300), "A".repeat(30)], LARGEST).unwrap();
        assert_eq!(
            (drawings[0].side(), drawings[1].side()),
            (side(10), side(10))
        );
        assert!(draw(&["A".repeat(1451)], LARGEST).is_some());
        assert!(draw(&["A".repeat(1452)], LARGEST).is_none());
        assert!(draw(&[], LARGEST).is_none());
        assert_eq!(
            draw(&["A".repeat(154)], SMALLEST).unwrap()[0].side(),
            side(5)
        );
        assert!(draw(&["A".repeat(155)], SMALLEST).is_none());
    }
}

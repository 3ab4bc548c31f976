//! QR codes (ISO/IEC 18004), and their form on a terminal. For pictures see
//! [`sheet`](super::sheet).
//!
//! The error correction has level M: 15 % of a code may be lost to glare, dust and creases. A
//! higher level makes more codes or smaller modules, and cameras fail first at small modules. Where
//! a terminal has room only for small codes, the level is L (7 %). Their modules are large on the
//! screen, and there are many codes already.

use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};

/// The light margin, in modules (ISO/IEC 18004, quiet zone: 4X).
pub(super) const QUIET: usize = 4;

/// The largest version that is drawn: 117 modules a side. A camera of 720 lines still gives each of
/// them five pixels and more.
pub const LARGEST: u8 = 25;

/// The smallest version that is used where there is little room. It fits a terminal of 80 columns
/// and 24 lines. Smaller versions would make too many codes.
pub const SMALLEST: u8 = 5;

/// The first version that is not small.
const SMALL: u8 = 10;

/// Returns the error correction level of a set whose codes have at most this version.
const fn correction_level(most: u8) -> EcLevel {
    if most < SMALL { EcLevel::L } else { EcLevel::M }
}

fn qr_version(number: u8) -> Version {
    Version::Normal(i16::from(number))
}

/// Returns the number of alphanumeric characters that a code holds, in a set whose codes have at
/// most this version.
pub fn max_characters(most: u8) -> usize {
    alphanumeric_capacity(most, correction_level(most))
}

/// Returns the number of alphanumeric characters that a code of this version holds. Two characters
/// take 11 bits, after 4 bits for the mode and 9, 11 or 13 for their number.
fn alphanumeric_capacity(number: u8, level: EcLevel) -> usize {
    let count = match number {
        0..=9 => 9,
        10..=26 => 11,
        _ => 13,
    };
    let bits = Bits::new(qr_version(number))
        .max_len(level)
        .unwrap_or(0)
        .saturating_sub(4 + count);
    // A code of version 40 has some 24,000 bits.
    bits / 11 * 2 + usize::from(bits % 11 >= 6)
}

/// Returns the number of modules a side of this version, with the margin.
pub fn side_of_version(number: u8) -> usize {
    usize::from(number) * 4 + 17 + 2 * QUIET
}

/// Returns the number of modules a side of this version, without a margin.
pub fn bare_side_of_version(number: u8) -> usize {
    side_of_version(number) - 2 * QUIET
}

/// Returns the lines and columns that a code takes on a terminal, with two modules in a character.
pub fn terminal_size(number: u8) -> (usize, usize) {
    (side_of_version(number).div_ceil(2), side_of_version(number))
}

/// The modules of a code.
#[derive(Clone, Debug)]
pub struct Drawing {
    modules: Vec<bool>,
    width: usize,
}

/// Draws the codes of these alphanumeric texts. All have the smallest version that holds the
/// longest text. Returns `None` if that version would be above `most`.
pub fn draw_codes(texts: &[String], most: u8) -> Option<Vec<Drawing>> {
    let (longest, level) = (texts.iter().map(String::len).max()?, correction_level(most));
    let number = (1..=most).find(|number| alphanumeric_capacity(*number, level) >= longest)?;
    let drawing = |text: &String| {
        let code = QrCode::with_version(text.as_bytes(), qr_version(number), level).ok()?;
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
    /// Returns the number of modules a side, with the margin.
    pub const fn side(&self) -> usize {
        // A code has at most 177 modules a side.
        self.width + 2 * QUIET
    }

    /// Returns the number of modules a side, without the margin.
    pub const fn bare_side(&self) -> usize {
        self.width
    }

    /// Tells whether a module is dark, counted from the margin's corner.
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < self.width);
        let at = inside(x)
            .zip(inside(y))
            .and_then(|(x, y)| y.checked_mul(self.width)?.checked_add(x));
        at.and_then(|at| self.modules.get(at))
            .is_some_and(|dark| *dark)
    }

    /// Returns the code's lines in half blocks for black on white, where a filled block is dark. It
    /// has the whole margin at its sides, and as many light modules above and below as are asked
    /// for.
    pub fn dark_lines(&self, above: usize, below: usize) -> Vec<String> {
        let dark = |x: usize, y: usize| {
            let y = y.checked_sub(above).map(|y| y.saturating_add(QUIET));
            y.is_some_and(|y| self.is_dark(x, y))
        };
        let glyph = |x: usize, y: usize| match (dark(x, y), dark(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        };
        (0..self.width.saturating_add(above).saturating_add(below))
            .step_by(2)
            .map(|y| (0..self.side()).map(|x| glyph(x, y)).collect())
            .collect()
    }

    /// Returns the code's lines in half blocks, where a filled block is light. In white on black it
    /// looks right whatever colours the terminal has.
    pub fn terminal_lines(&self) -> Vec<String> {
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
            assert_eq!(
                alphanumeric_capacity(number, EcLevel::M),
                expected,
                "version {number}"
            );
        }
        for (number, expected) in [(5, 154), (9, 335), (10, 395)] {
            assert_eq!(
                alphanumeric_capacity(number, EcLevel::L),
                expected,
                "version {number}"
            );
        }
        assert_eq!([5, 9, 10, 25].map(max_characters), [154, 335, 311, 1451]);
    }

    #[test]
    fn a_code_is_drawn_with_its_margin_in_half_blocks() {
        let drawing = draw_codes(&["HSMBOOT1".to_owned()], LARGEST)
            .unwrap()
            .remove(0);
        assert_eq!((drawing.side(), drawing.width), (side_of_version(1), 21));
        let lines = drawing.terminal_lines();
        assert_eq!((lines.len(), lines[0].chars().count()), terminal_size(1));
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
        let drawings = draw_codes(&["A".repeat(300), "A".repeat(30)], LARGEST).unwrap();
        assert_eq!(
            (drawings[0].side(), drawings[1].side()),
            (side_of_version(10), side_of_version(10))
        );
        assert!(draw_codes(&["A".repeat(1451)], LARGEST).is_some());
        assert!(draw_codes(&["A".repeat(1452)], LARGEST).is_none());
        assert!(draw_codes(&[], LARGEST).is_none());
        assert_eq!(
            draw_codes(&["A".repeat(154)], SMALLEST).unwrap()[0].side(),
            side_of_version(5)
        );
        assert!(draw_codes(&["A".repeat(155)], SMALLEST).is_none());
    }
}

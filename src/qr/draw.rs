//! QR codes (ISO/IEC 18004) drawn for a terminal, as PNG and as SVG.
//!
//! Error correction is of level M (15 % of a code may be lost to glare, dust and creases): a higher level makes either more codes or smaller modules, and
//! smaller modules are what cameras fail at first.

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};

/// The light margin, in modules (ISO/IEC 18004, quiet zone: 4X).
const QUIET: usize = 4;

/// The largest version that is drawn: 117 modules a side. A camera of 720 lines still gives each of them five pixels and more.
pub const LARGEST: u8 = 25;

/// The smallest one that is used where there is little room: smaller ones make too many codes.
pub const SMALLEST: u8 = 10;

/// Pixels a module, in PNG.
const SCALE: usize = 8;

/// Modules between two codes on a sheet, and for the line of text below each.
const GAP: usize = 6;

fn version(number: u8) -> Version {
    Version::Normal(i16::from(number))
}

/// How many characters of the alphanumeric mode a code of this version holds: two in 11 bits, after 4 bits for the mode and 9, 11 or 13 for their number.
pub fn characters(number: u8) -> usize {
    let count = match number {
        0..=9 => 9,
        10..=26 => 11,
        _ => 13,
    };
    let bits = Bits::new(version(number)).max_len(EcLevel::M).unwrap_or(0).saturating_sub(4 + count);
    let (pairs, rest) = (bits.wrapping_div(11), bits.wrapping_rem(11));
    pairs.saturating_mul(2).saturating_add(usize::from(rest >= 6))
}

/// Modules a side, with the margin.
pub fn side(number: u8) -> usize {
    usize::from(number).saturating_mul(4).saturating_add(17 + 2 * QUIET)
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

/// The codes of these texts of the alphanumeric mode, all of the smallest version that holds the longest of them. `None`: none does.
pub fn draw(texts: &[String]) -> Option<Vec<Drawing>> {
    let longest = texts.iter().map(String::len).max()?;
    let number = (1..=LARGEST).find(|number| characters(*number) >= longest)?;
    let drawing = |text: &String| {
        let code = QrCode::with_version(text.as_bytes(), version(number), EcLevel::M).ok()?;
        let width = code.width();
        Some(Drawing { modules: code.into_colors().into_iter().map(|color| color == Color::Dark).collect(), width })
    };
    texts.iter().map(drawing).collect()
}

impl Drawing {
    /// Modules a side, with the margin.
    pub const fn side(&self) -> usize {
        self.width.saturating_add(2 * QUIET)
    }

    /// Whether a module is dark, counted from the margin's corner.
    fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < self.width);
        let at = inside(x).zip(inside(y)).and_then(|(x, y)| y.checked_mul(self.width)?.checked_add(x));
        at.and_then(|at| self.modules.get(at)).is_some_and(|dark| *dark)
    }

    /// Its lines in half blocks: what is filled is light. In white on black it is right whatever the terminal's own colours are.
    pub fn terminal(&self) -> Vec<String> {
        let glyph = |x: usize, y: usize| match (self.is_dark(x, y), self.is_dark(x, y.saturating_add(1))) {
            (true, true) => ' ',
            (true, false) => '▄',
            (false, true) => '▀',
            (false, false) => '█',
        };
        (0..self.side()).step_by(2).map(|y| (0..self.side()).map(|x| glyph(x, y)).collect()).collect()
    }

    /// Dark runs as an SVG path, shifted.
    fn path(&self, left: usize, top: usize) -> String {
        let mut out = String::new();
        for y in 0..self.side() {
            let mut x = 0;
            while x < self.side() {
                let run = (x..self.side()).take_while(|x| self.is_dark(*x, y)).count();
                if run > 0 {
                    out.push_str(&format!("M{} {}h{run}v1h-{run}z", x.saturating_add(left), y.saturating_add(top)));
                }
                x = x.saturating_add(run.max(1));
            }
        }
        out
    }
}

/// Where each of some codes stands on a sheet, and the sheet's size, in modules.
struct Sheet {
    places: Vec<(usize, usize)>,
    width: usize,
    height: usize,
}

impl Sheet {
    /// Two in a row, one alone by itself.
    fn new(drawings: &[Drawing], below: usize) -> Self {
        let side = drawings.iter().map(Drawing::side).max().unwrap_or(0);
        let columns = drawings.len().clamp(1, 2);
        let rows = drawings.len().div_ceil(columns);
        let step = |count: usize, gap: usize| count.saturating_mul(side.saturating_add(gap));
        let place = |at: usize| (step(at.wrapping_rem(columns), GAP), step(at.wrapping_div(columns), below));
        Sheet { places: (0..drawings.len()).map(place).collect(), width: step(columns, GAP).saturating_sub(GAP), height: step(rows, below) }
    }
}

/// Codes as one PNG: 8 bits of grey. `None`: it would be too large to be made.
pub fn png(drawings: &[Drawing]) -> Option<Vec<u8>> {
    let sheet = Sheet::new(drawings, if drawings.len() > 1 { GAP } else { 0 });
    let (width, height) = (sheet.width.checked_mul(SCALE)?, sheet.height.checked_mul(SCALE)?);
    let mut pixels = vec![255u8; width.checked_mul(height)?];
    for (drawing, (left, top)) in drawings.iter().zip(&sheet.places) {
        for y in 0..drawing.side() {
            for x in (0..drawing.side()).filter(|x| drawing.is_dark(*x, y)) {
                let from = x.checked_add(*left)?.checked_mul(SCALE)?;
                for line in 0..SCALE {
                    let line = y.checked_add(*top)?.checked_mul(SCALE)?.checked_add(line)?;
                    let start = line.checked_mul(width)?.checked_add(from)?;
                    pixels.get_mut(start..start.checked_add(SCALE)?)?.fill(0);
                }
            }
        }
    }
    let mut out = Vec::new();
    let (width, height) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
    PngEncoder::new(&mut out).write_image(&pixels, width, height, ExtendedColorType::L8).ok()?;
    Some(out)
}

/// Codes as one SVG, a millimetre a module, each with a line of text below it. The texts are our own: letters, digits and blanks.
pub fn svg(drawings: &[Drawing], captions: &[String]) -> String {
    let sheet = Sheet::new(drawings, GAP);
    let (width, height) = (sheet.width, sheet.height);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}mm\" height=\"{height}mm\" viewBox=\"0 0 {width} {height}\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    for ((drawing, (left, top)), caption) in drawings.iter().zip(&sheet.places).zip(captions) {
        let (x, y) = (left.saturating_add(QUIET), top.saturating_add(drawing.side()).saturating_add(1));
        out.push_str(&format!(
            "<path shape-rendering=\"crispEdges\" d=\"{}\"/>\n<text x=\"{x}\" y=\"{y}\" font-family=\"sans-serif\" font-size=\"3\">{caption}</text>\n",
            drawing.path(*left, *top)
        ));
    }
    out.push_str("</svg>\n");
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn a_version_holds_as_many_characters_as_the_standard_says() {
        // ISO/IEC 18004, table of data capacities: alphanumeric, level M.
        for (number, expected) in [(1, 20), (9, 262), (10, 311), (15, 600), (20, 970), (22, 1134), (25, 1451), (26, 1542), (27, 1637), (40, 3391)] {
            assert_eq!(characters(number), expected, "version {number}");
        }
    }

    #[test]
    fn a_code_is_drawn_with_its_margin_in_half_blocks() {
        let drawing = draw(&["HSMBOOT1".to_owned()]).unwrap().remove(0);
        assert_eq!((drawing.side(), drawing.width), (side(1), 21));
        let lines = drawing.terminal();
        assert_eq!((lines.len(), lines[0].chars().count()), on_terminal(1));
        for line in [0, 1, 14] {
            assert!(lines[line].chars().take(29).all(|c| c == '█'), "the margin is light: {}", lines[line]);
        }
        // The finder pattern's corner: seven dark modules, then a ring.
        assert_eq!(lines[2].chars().take(12).collect::<String>(), "████ ▄▄▄▄▄ █");
    }

    #[test]
    fn all_codes_of_a_set_are_of_one_size_and_a_text_too_long_has_none() {
        let drawings = draw(&["A".repeat(300), "A".repeat(30)]).unwrap();
        assert_eq!((drawings[0].side(), drawings[1].side()), (side(10), side(10)));
        assert!(draw(&["A".repeat(1451)]).is_some());
        assert!(draw(&["A".repeat(1452)]).is_none());
        assert!(draw(&[]).is_none());
    }

    #[test]
    fn the_picture_and_the_path_have_the_same_dark_modules() {
        let drawings = draw(&["ONE".to_owned(), "OTHER".to_owned(), "THIRD".to_owned()]).unwrap();
        let picture = image::load_from_memory(&png(&drawings).unwrap()).unwrap().into_luma8();
        let text = svg(&drawings, &["1".to_owned(), "2".to_owned(), "3".to_owned()]);
        let runs = text.split("d=\"").skip(1).flat_map(|path| path.split('"').next().unwrap().split('M').skip(1));
        let area: usize = runs.map(|run| run.split('h').nth(1).unwrap().split('v').next().unwrap().parse::<usize>().unwrap()).sum();
        let dark = picture.pixels().filter(|pixel| pixel.0[0] == 0).count();
        assert_eq!(dark, area * SCALE * SCALE);
        assert_eq!(picture.width(), u32::try_from((2 * 29 + GAP) * SCALE).unwrap());
    }
}

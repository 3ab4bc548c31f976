//! Codes as pictures, each with its caption below its margin: PNG for a screen, SVG for paper.

use font8x8::legacy::BASIC_LEGACY;

use super::Caption;
use super::draw::{Drawing, QUIET};

/// Pixels a module, in PNG.
const SCALE: usize = 8;

/// Modules between two codes, in PNG.
const GAP: usize = 6;

/// Pixels for one of a letter's eight by eight.
const DOT: usize = 3;

/// Pixels from letter to letter.
const LETTER: usize = 8 * DOT;

/// Pixels from line to line.
const LINE: usize = 10 * DOT;

/// The greatest number of codes on a page of paper: a module of the largest ones then still has 0.6
/// mm.
const PER_PAGE: usize = 6;

/// A4 (ISO 216), upright, in hundredths of a millimetre; and what printers leave free at every
/// edge.
const PAPER: (usize, usize) = (21_000, 29_700);
const MARGIN: usize = 1_000;

/// The space between two codes on paper, sideways and downwards.
const BETWEEN: (usize, usize) = (400, 200);

/// The size of the largest module on paper: a larger one is not easier to read.
const LARGEST_MODULE: usize = 150;

/// The height of a letter on paper, and the distance from line to line.
const PAPER_LETTER: usize = 300;
const PAPER_LINE: usize = 380;

/// A picture that is white at first.
struct Canvas {
    pixels: Vec<u8>,
    width: usize,
    height: usize,
}

impl Canvas {
    fn new(width: usize, height: usize) -> Option<Self> {
        Some(Canvas {
            pixels: vec![255; width.checked_mul(height)?],
            width,
            height,
        })
    }

    /// Draws a black square.
    fn draw_square(&mut self, x: usize, y: usize, side: usize) -> Option<()> {
        for line in y..y.checked_add(side)? {
            let start = line.checked_mul(self.width)?.checked_add(x)?;
            self.pixels
                .get_mut(start..start.checked_add(side)?)?
                .fill(0);
        }
        Some(())
    }

    fn draw_code(
        &mut self,
        drawing: &Drawing,
        scale: usize,
        left: usize,
        top: usize,
    ) -> Option<()> {
        for y in 0..drawing.side() {
            for x in (0..drawing.side()).filter(|x| drawing.is_dark(*x, y)) {
                self.draw_square(
                    x.checked_mul(scale)?.checked_add(left)?,
                    y.checked_mul(scale)?.checked_add(top)?,
                    scale,
                )?;
            }
        }
        Some(())
    }

    fn draw_text(&mut self, line: &str, left: usize, top: usize) -> Option<()> {
        for (at, letter) in line.bytes().enumerate() {
            let rows = BASIC_LEGACY
                .get(usize::from(letter))
                .copied()
                .unwrap_or_default();
            let left = at.checked_mul(LETTER)?.checked_add(left)?;
            for (row, bits) in (0usize..).zip(rows) {
                for column in (0usize..8).filter(|column| bits >> column & 1 == 1) {
                    self.draw_square(
                        column.checked_mul(DOT)?.checked_add(left)?,
                        row.checked_mul(DOT)?.checked_add(top)?,
                        DOT,
                    )?;
                }
            }
        }
        Some(())
    }

    fn to_png(&self) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let (width, height) = (
            u32::try_from(self.width).ok()?,
            u32::try_from(self.height).ok()?,
        );
        let mut encoder = png::Encoder::new(&mut out, width, height);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Fast);
        encoder
            .write_header()
            .ok()?
            .write_image_data(&self.pixels)
            .ok()?;
        Some(out)
    }
}

fn largest_side(drawings: &[Drawing]) -> usize {
    drawings.iter().map(Drawing::side).max().unwrap_or(0)
}

/// Draws codes as one PNG with 8 bits of grey, two codes in a row. Each has its caption, if there
/// is one. Returns `None` if the picture would be too large.
pub fn sheet_to_png(drawings: &[Drawing], captions: &[Caption]) -> Option<Vec<u8>> {
    let (side, margin, gap) = (
        largest_side(drawings).checked_mul(SCALE)?,
        QUIET.checked_mul(SCALE)?,
        GAP.checked_mul(SCALE)?,
    );
    let columns = side
        .saturating_sub(margin.checked_mul(2)?)
        .checked_div(LETTER)?;
    let texts: Vec<Vec<String>> = captions
        .iter()
        .map(|caption| caption.wrapped_lines(columns))
        .collect();
    let longest = texts.iter().flatten().map(String::len).max().unwrap_or(0);
    let lines = texts.iter().map(Vec::len).max().unwrap_or(0);
    let width = side.max(
        longest
            .checked_mul(LETTER)?
            .checked_add(margin.checked_mul(2)?)?,
    );
    let below = if lines > 0 {
        lines.checked_mul(LINE)?.checked_add(margin)?
    } else {
        0
    };
    let height = side.checked_add(below)?;
    let per_row = drawings.len().clamp(1, 2);
    let all = |count: usize, length: usize| {
        // Saturating: no drawing has no gap.
        count
            .checked_mul(length)?
            .checked_add(count.saturating_sub(1).checked_mul(gap)?)
    };
    let mut canvas = Canvas::new(
        all(per_row, width)?,
        all(drawings.len().div_ceil(per_row), height)?,
    )?;
    for (at, drawing) in drawings.iter().enumerate() {
        let left = at
            .checked_rem(per_row)?
            .checked_mul(width.checked_add(gap)?)?;
        let top = at
            .checked_div(per_row)?
            .checked_mul(height.checked_add(gap)?)?;
        canvas.draw_code(drawing, SCALE, left, top)?;
        for (number, line) in texts.get(at).into_iter().flatten().enumerate() {
            // Below the light margin, and as far from the left as the code is.
            canvas.draw_text(
                line,
                left.checked_add(margin)?,
                number
                    .checked_mul(LINE)?
                    .checked_add(top)?
                    .checked_add(side)?,
            )?;
        }
    }
    canvas.to_png()
}

/// Draws one code as a PNG with 8 bits of grey, with so many pixels a module. Returns `None` if the
/// picture would be too large.
pub fn code_to_png(drawing: &Drawing, scale: usize) -> Option<Vec<u8>> {
    let side = drawing.side().checked_mul(scale)?;
    let mut canvas = Canvas::new(side, side)?;
    canvas.draw_code(drawing, scale, 0, 0)?;
    canvas.to_png()
}

/// Draws codes as SVG pages of A4. A single code is as large as the page allows. Several codes
/// share a page as long as they can still be read.
pub fn pages_to_svg(drawings: &[Drawing], captions: &[Caption]) -> Vec<String> {
    let pages = drawings.len().div_ceil(PER_PAGE).max(1);
    let per_page = drawings.len().div_ceil(pages).max(1);
    let pages = drawings.chunks(per_page).zip(captions.chunks(per_page));
    pages
        .map(|(drawings, captions)| page_to_svg(drawings, captions))
        .collect()
}

fn page_to_svg(drawings: &[Drawing], captions: &[Caption]) -> String {
    let columns = if drawings.len() > 2 { 2 } else { 1 };
    let rows = drawings.len().div_ceil(columns);
    // A code's part of the page: of one to PER_PAGE codes, all in hundredths of a millimetre on A4.
    let share = |paper: usize, count: usize, between: usize| {
        let count = count.max(1);
        (paper - 2 * MARGIN - (count - 1) * between) / count
    };
    let (width, height) = (
        share(PAPER.0, columns, BETWEEN.0),
        share(PAPER.1, rows, BETWEEN.1),
    );
    let below = PAPER_LINE * captions.first().map_or(0, |caption| caption.lines().len());
    let module = width
        .min(height.saturating_sub(below))
        .checked_div(largest_side(drawings))
        .unwrap_or(0)
        .min(LARGEST_MODULE);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"210mm\" height=\"297mm\" viewBox=\"0 0 \
         {0} {1}\">\n<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n",
        PAPER.0, PAPER.1
    );
    for (at, (drawing, caption)) in drawings.iter().zip(captions).enumerate() {
        let place = |at: usize, length: usize, between: usize| at * (length + between) + MARGIN;
        let left = place(at.checked_rem(columns).unwrap_or(0), width, BETWEEN.0);
        let top = place(at.checked_div(columns).unwrap_or(0), height, BETWEEN.1);
        out.push_str(&format!(
            "<path transform=\"translate({left} {top}) scale({module})\" \
             shape-rendering=\"crispEdges\" d=\"{}\"/>\n",
            svg_path(drawing)
        ));
        let x = QUIET * module + left;
        let mut y = drawing.side() * module + top;
        for line in caption.lines() {
            y += PAPER_LETTER;
            // Our own words: letters, digits, hyphens and blanks.
            out.push_str(&format!(
                "<text x=\"{x}\" y=\"{y}\" font-family=\"sans-serif\" \
                                   font-size=\"{PAPER_LETTER}\">{line}</text>\n"
            ));
            y += PAPER_LINE - PAPER_LETTER;
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Returns the dark runs as an SVG path, in modules.
fn svg_path(drawing: &Drawing) -> String {
    let mut out = String::new();
    for y in 0..drawing.side() {
        let mut x = 0;
        while x < drawing.side() {
            let run = (x..drawing.side())
                .take_while(|x| drawing.is_dark(*x, y))
                .count();
            if run > 0 {
                out.push_str(&format!("M{x} {y}h{run}v1h-{run}z"));
            }
            x += run.max(1);
        }
    }
    out
}

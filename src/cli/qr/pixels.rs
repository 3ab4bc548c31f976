//! Codes as images, where the terminal has said that it shows some: by kitty's graphics protocol,
//! or as sixels (DEC STD 070). A pixel takes less room than half a character, so the codes are
//! fewer.

use std::time::Duration;

use base64ct::{Base64, Encoding};

use super::terminal::{CodeTerminal, Window};
use crate::qr::draw::Drawing;
use crate::qr::sheet::code_to_png;

/// Whether images are known, how large a character is, and what the terminal is: every terminal
/// answers the last question, and so ends the wait (kitty's graphics protocol, "Querying support";
/// XTWINOPS 16; DA1).
const QUESTION: &[u8] = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[16t\x1b[c";

/// The time that a terminal has to answer: one at the other side of the world has it too.
const ANSWER_TIME: Duration = Duration::from_millis(700);

/// The longest piece of an image (kitty's graphics protocol, "The transmission medium").
const PIECE: usize = 4096;

/// The image's number: that of every code, so that one takes the other's place.
const IMAGE: u32 = 4711;

/// The way to show an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ImageProtocol {
    Kitty,
    Sixel,
}

/// A terminal that shows images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pixels {
    pub(super) protocol: ImageProtocol,
    /// The width and the height of a character.
    pub(super) cell: (usize, usize),
}

impl Pixels {
    /// Asks the terminal whether it shows images. `None`: it does not, or did not say so in time.
    pub(super) fn ask(terminal: &mut CodeTerminal, window: Window) -> Option<Self> {
        if std::env::var_os("TERM").is_some_and(|term| term == "linux") {
            return None; // it has none, and older ones print the question
        }
        let is_answered = |text: &[u8]| attributes(text).is_some();
        let answer = terminal.ask(QUESTION, ANSWER_TIME, is_answered).ok()?;
        Self::of_answer(&answer, window.cell)
    }

    fn of_answer(answer: &[u8], cell: Option<(usize, usize)>) -> Option<Self> {
        let sixel = attributes(answer)?
            .split(|octet| *octet == b';')
            .any(|attribute| attribute == b"4");
        let kitty = find(answer, b"\x1b_Gi=31;OK").is_some();
        let protocol = match (kitty, sixel) {
            (true, _) => ImageProtocol::Kitty,
            (false, true) => ImageProtocol::Sixel,
            (false, false) => return None,
        };
        let cell = cell.or_else(|| cell_of_answer(answer))?;
        Some(Pixels { protocol, cell })
    }

    /// Returns the fewest pixels that a module may have: on screens where a character is 2 mm wide
    /// that is 0.8 mm. A camera reads smaller ones from paper.
    pub(super) fn smallest_module(self) -> usize {
        (self.cell.0.saturating_mul(3)).div_ceil(8).max(3)
    }

    /// Returns what shows a code from the cursor on, with so many pixels a module.
    pub(super) fn image(self, drawing: &Drawing, scale: usize) -> Option<Vec<u8>> {
        match self.protocol {
            ImageProtocol::Kitty => kitty_image(&code_to_png(drawing, scale)?),
            ImageProtocol::Sixel => Some(sixel_image(drawing, scale)),
        }
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len())
        .position(|window| window == wanted)
}

/// Returns the attributes in a terminal's answer to DA1.
fn attributes(answer: &[u8]) -> Option<&[u8]> {
    let begin = find(answer, b"\x1b[?")?.checked_add(3)?;
    let text = answer.get(begin..)?;
    let end = text
        .iter()
        .position(|octet| !octet.is_ascii_digit() && *octet != b';')?;
    (text.get(end) == Some(&b'c')).then(|| text.get(..end))?
}

/// Returns the width and the height of a character in a terminal's answer to XTWINOPS 16.
fn cell_of_answer(answer: &[u8]) -> Option<(usize, usize)> {
    let begin = find(answer, b"\x1b[6;")?.checked_add(4)?;
    let text = answer.get(begin..)?;
    let end = text.iter().position(|octet| *octet == b't')?;
    let text = std::str::from_utf8(text.get(..end)?).ok()?;
    let (height, width) = text.split_once(';')?;
    let (width, height) = (width.parse().ok()?, height.parse().ok()?);
    (width > 0 && height > 0).then_some((width, height))
}

/// Returns an image for kitty's graphics protocol, which leaves the cursor where it is.
fn kitty_image(png: &[u8]) -> Option<Vec<u8>> {
    let text = Base64::encode_string(png);
    let pieces: Vec<&[u8]> = text.as_bytes().chunks(PIECE).collect();
    let mut out = Vec::new();
    for (at, piece) in (1usize..).zip(&pieces) {
        let more = u8::from(at < pieces.len());
        let keys = match at {
            1 => format!("\x1b_Ga=T,f=100,i={IMAGE},p=1,C=1,q=2,m={more};"),
            _ => format!("\x1b_Gm={more},q=2;"),
        };
        out.extend(keys.into_bytes());
        out.extend(*piece);
        out.extend(b"\x1b\\");
    }
    (!pieces.is_empty()).then_some(out)
}

/// Returns a code in sixels: six rows of pixels in a band, the light ones and then the dark ones.
fn sixel_image(drawing: &Drawing, scale: usize) -> Vec<u8> {
    let side = drawing.side().saturating_mul(scale);
    let mut out = format!("\x1bP0;1q\"1;1;{side};{side}#0;2;100;100;100#1;2;0;0;0").into_bytes();
    let module = |pixel: usize| pixel.checked_div(scale).unwrap_or(0);
    for top in (0..side).step_by(6) {
        for (colour, dark) in [(b"#0", false), (b"#1", true)] {
            out.extend(colour);
            for x in 0..drawing.side() {
                let bits = (0u8..6).zip(top..side).fold(0u8, |bits, (bit, y)| {
                    let set = drawing.is_dark(x, module(y)) == dark;
                    bits | u8::from(set).checked_shl(bit.into()).unwrap_or(0)
                });
                out.extend(format!("!{scale}{}", char::from(bits.saturating_add(b'?'))).bytes());
            }
            out.push(b'$');
        }
        out.push(b'-');
    }
    out.extend(b"\x1b\\");
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::qr::draw::{LARGEST, draw_codes};

    #[test]
    fn only_what_the_terminal_says_is_believed() {
        let kitty = &b"\x1b_Gi=31;OK\x1b\\\x1b[6;20;10t\x1b[?62;c"[..];
        let sixel = b"q\x1b[6;16;8t\x1b[?62;4;22c";
        let asked = |answer, cell| Pixels::of_answer(answer, cell).map(|found| found.protocol);
        let found = Pixels::of_answer(kitty, None).unwrap();
        assert_eq!(
            (found.protocol, found.cell),
            (ImageProtocol::Kitty, (10, 20))
        );
        assert_eq!(
            Pixels::of_answer(sixel, Some((9, 18))).unwrap().cell,
            (9, 18)
        );
        assert_eq!(asked(sixel, None), Some(ImageProtocol::Sixel));
        for (answer, cell) in [
            (&b""[..], Some((8, 16))),
            (b"\x1b[?62;22c", Some((8, 16))),
            (b"\x1b[?64;14;45c", Some((8, 16))),
            // How large a character is, is not known.
            (b"\x1b[?62;4c", None),
            (b"\x1b_Gi=31;ENOTSUPPORTED\x1b\\\x1b[?62c", Some((8, 16))),
            // The end is still to come.
            (b"\x1b_Gi=31;OK\x1b\\\x1b[?62;4", Some((8, 16))),
        ] {
            assert_eq!(asked(answer, cell), None, "{answer:?}");
        }
    }

    #[test]
    fn a_large_image_comes_in_pieces_that_kitty_takes() {
        let image = kitty_image(&[7; 4000]).unwrap();
        let text = String::from_utf8(image).unwrap();
        let pieces: Vec<&str> = text.split_terminator("\x1b\\").collect();
        assert_eq!(pieces.len(), 2);
        assert!(pieces.iter().all(|piece| piece.len() < PIECE + 60));
        assert!(
            pieces.first().unwrap().contains("m=1;") && pieces.last().unwrap().contains("m=0,")
        );
    }

    #[test]
    fn sixels_have_every_pixel_once() {
        let drawing = draw_codes(&["HSMBOOT2".to_owned()], LARGEST)
            .unwrap()
            .remove(0);
        let text = String::from_utf8(sixel_image(&drawing, 3)).unwrap();
        let side = drawing.side() * 3;
        assert!(text.starts_with("\x1bP0;1q\"1;1;87;87#0;") && side == 87);
        assert_eq!(text.matches('-').count(), side.div_ceil(6));
        assert!(text.ends_with("-\x1b\\"));
    }
}

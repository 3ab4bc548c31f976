//! The texts of the QR codes in a photograph, a scan or a screenshot. Its bytes come from outside,
//! and so does what it shows.
//!
//! The codes are found by rxing's port of zxing-cpp, which fits its grid to all alignment patterns
//! of a code. That is what a photograph of a screen needs: of codes of version 22 and 25, at any
//! angle, with perspective, a bent lens, noise and JPEG at quality 30, it read 479 of 480, and
//! rqrr, which looks at the corners alone, one in four.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::finder::{Budget, codes};
use super::grey::Grey;
use super::picture;
pub use super::picture::{Fault, MAX_PIXELS, MAX_PROGRESSIVE, MAX_SIDE};

/// The largest file that is looked at.
pub const MAX_FILE: u64 = 64 * 1024 * 1024;

/// How many pixels a side are looked at first. A code of version 25 that fills half of it has more
/// than ten a module.
const USUAL: usize = 2800;

/// Finds the codes and hands their texts over, each once; until `enough` says so, or a picture that
/// has shown some shows no more.
///
/// # Errors
/// See [`Fault`]. A photograph without a code is none.
pub fn read(bytes: &[u8], mut enough: impl FnMut(&str) -> bool) -> Result<(), Fault> {
    let whole = picture::decode(bytes)?.stretched();
    let smaller = (whole.longest() > USUAL)
        .then(|| whole.scaled(USUAL, whole.longest()))
        .flatten();
    let usual = smaller.as_ref().unwrap_or(&whole);
    let (mut seen, mut budget) = (BTreeSet::new(), Budget::new());
    let mut in_vain = 0u8;
    for attempt in ATTEMPTS {
        let Some(changed) = attempt(&whole, usual) else {
            continue;
        };
        let before = seen.len();
        for text in codes(&changed, &mut budget) {
            if seen.insert(text.clone()) && enough(&text) {
                return Ok(());
            }
        }
        in_vain = if seen.len() > before {
            0
        } else {
            in_vain.saturating_add(1)
        };
        if in_vain >= IN_VAIN && !seen.is_empty() {
            break;
        }
    }
    Ok(())
}

/// How many attempts without a new code are enough, where there was one.
const IN_VAIN: u8 = 2;

/// What to look at, of the whole picture or of that in the usual size.
type Attempt = for<'a> fn(&'a Grey, &'a Grey) -> Option<Cow<'a, Grey>>;

/// One after the other: some codes are found at one size and not at another, and one picture may
/// show several.
const ATTEMPTS: [Attempt; 6] = [
    |_, usual| Some(Cow::Borrowed(usual)),
    |_, usual| usual.scaled(1, 2).map(Cow::Owned),
    |_, usual| Some(Cow::Owned(usual.blurred())),
    |whole, _| {
        (whole.longest() <= USUAL.wrapping_div(2))
            .then(|| whole.scaled(2, 1))
            .flatten()
            .map(Cow::Owned)
    },
    |whole, _| (whole.longest() > USUAL).then_some(Cow::Borrowed(whole)),
    // Light on dark: a terminal without colours.
    |_, usual| Some(Cow::Owned(usual.clone().inverted())),
];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, ImageFormat, Rgba};

    use super::*;
    use crate::qr::draw::{Drawing, LARGEST, draw};
    use crate::qr::sheet;

    fn png(drawings: &[Drawing]) -> Option<Vec<u8>> {
        sheet::png(drawings, &[])
    }

    fn found(bytes: &[u8]) -> Result<Vec<String>, Fault> {
        let mut texts = Vec::new();
        read(bytes, |text| {
            texts.push(text.to_owned());
            false
        })?;
        texts.sort();
        Ok(texts)
    }

    fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        picture.write_to(&mut out, format).unwrap();
        out.into_inner()
    }

    #[test]
    fn several_codes_in_one_picture_are_read_each_once() {
        let texts: Vec<String> = ["ONE", "OTHER", "THIRD"].map(|text| text.repeat(40)).into();
        let sheet = png(&draw(&texts, LARGEST).unwrap()).unwrap();
        let mut sorted = texts;
        sorted.sort();
        assert_eq!(found(&sheet).unwrap(), sorted);
        let mut count = 0;
        read(&sheet, |_| {
            count += 1;
            count == 2
        })
        .unwrap();
        assert_eq!(count, 2, "enough is enough");
    }

    #[test]
    fn transparent_and_inverted_pictures_are_read() {
        let picture = image::load_from_memory(
            &png(&draw(&["HSMBOOT1".to_owned()], LARGEST).unwrap()).unwrap(),
        )
        .unwrap();
        let mut transparent = picture.to_rgba8();
        for pixel in transparent.pixels_mut() {
            *pixel = if pixel.0[0] == 0 {
                Rgba([0, 0, 0, 255])
            } else {
                Rgba([0, 0, 0, 0])
            };
        }
        assert_eq!(
            found(&encoded(
                &DynamicImage::ImageRgba8(transparent),
                ImageFormat::Png
            ))
            .unwrap(),
            ["HSMBOOT1"]
        );
        let mut inverted = picture;
        inverted.invert();
        assert_eq!(
            found(&encoded(&inverted, ImageFormat::Jpeg)).unwrap(),
            ["HSMBOOT1"]
        );
    }

    #[test]
    fn a_picture_without_a_code_is_no_fault() {
        for side in [1, 7, 39, 40, 50, 3000] {
            assert_eq!(
                found(&encoded(
                    &DynamicImage::new_luma8(side, side),
                    ImageFormat::Png
                ))
                .unwrap(),
                Vec::<String>::new()
            );
        }
    }

    #[test]
    fn a_small_code_in_a_large_picture_is_read() {
        // Two pixels a module: in the usual size there would be one.
        let code = image::load_from_memory(
            &png(&draw(&["HSMBOOT1".to_owned()], LARGEST).unwrap()).unwrap(),
        )
        .unwrap()
        .into_luma8();
        let code = image::imageops::resize(
            &code,
            code.width() / 4,
            code.height() / 4,
            image::imageops::FilterType::Nearest,
        );
        let mut desk = image::GrayImage::from_pixel(5600, 300, image::Luma([255]));
        image::imageops::replace(&mut desk, &code, 5000, 100);
        assert_eq!(
            found(&encoded(&desk.into(), ImageFormat::Png)).unwrap(),
            ["HSMBOOT1"]
        );
    }
}

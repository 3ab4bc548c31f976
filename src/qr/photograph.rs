//! The texts of the QR codes in a photograph, a scan or a screenshot. Both its bytes and the text
//! in its codes come from outside.
//!
//! rxing's port of zxing-cpp finds the codes. It fits its grid to all alignment patterns of a code,
//! as a photograph of a screen needs. The test codes had version 22 and 25, at any angle, with
//! perspective, a bent lens, noise and JPEG at quality 30. It read 479 of 480. rqrr, which looks
//! only at the corners, read one in four.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::finder::{Budget, find_codes};
use super::grey::Grey;
use super::picture::{self, PixelLimits};
pub use super::picture::{MAX_PIXELS, MAX_PROGRESSIVE, MAX_SIDE, PictureFault};

/// The size of the largest file that is read.
pub const MAX_FILE: u64 = 64 * 1024 * 1024;

/// The length in pixels of the longer side at the first attempt. A code of version 25 that fills
/// half of it has more than ten a module.
const USUAL_SIDE: usize = 2800;

/// Finds the codes and hands over each text once. It stops when `enough` says so, or when a picture
/// with some codes shows no new ones.
///
/// # Errors
/// See [`PictureFault`]. A photograph without a code is not an error.
pub fn read(bytes: &[u8], enough: impl FnMut(&str) -> bool) -> Result<(), PictureFault> {
    read_within(bytes, PixelLimits::OF_A_PHOTOGRAPH, enough)
}

/// Does the same where the picture has no more pixels than `limits`.
pub(super) fn read_within(
    bytes: &[u8],
    limits: PixelLimits,
    mut enough: impl FnMut(&str) -> bool,
) -> Result<(), PictureFault> {
    let whole = picture::decode_picture(bytes, limits)?.contrast_stretched();
    let smaller = (whole.longer_side() > USUAL_SIDE)
        .then(|| whole.scaled_to(USUAL_SIDE, whole.longer_side()))
        .flatten();
    let usual = smaller.as_ref().unwrap_or(&whole);
    let (mut seen, mut budget) = (BTreeSet::new(), Budget::new());
    let mut in_vain = 0u8;
    for attempt in ATTEMPTS {
        let Some(changed) = attempt(&whole, usual) else {
            continue;
        };
        let before = seen.len();
        for text in find_codes(&changed, &mut budget) {
            if seen.insert(text.clone()) && enough(&text) {
                return Ok(());
            }
        }
        in_vain = if seen.len() > before { 0 } else { in_vain + 1 };
        if in_vain >= MAX_FRUITLESS && !seen.is_empty() {
            break;
        }
    }
    Ok(())
}

/// The number of attempts without a new code after which the search ends, once a code was found.
const MAX_FRUITLESS: u8 = 2;

/// An attempt: it chooses the picture to search, from the whole picture and that of the usual size.
type Attempt = for<'a> fn(&'a Grey, &'a Grey) -> Option<Cow<'a, Grey>>;

/// The attempts, one after the other. Some codes are found at one size and not at another, and one
/// picture may show several.
const ATTEMPTS: [Attempt; 6] = [
    |_, usual| Some(Cow::Borrowed(usual)),
    |_, usual| usual.scaled_to(1, 2).map(Cow::Owned),
    |_, usual| Some(Cow::Owned(usual.blurred())),
    |whole, _| {
        (whole.longer_side() <= USUAL_SIDE / 2)
            .then(|| whole.scaled_to(2, 1))
            .flatten()
            .map(Cow::Owned)
    },
    |whole, _| (whole.longer_side() > USUAL_SIDE).then_some(Cow::Borrowed(whole)),
    // Light on dark: a terminal without colours.
    |_, usual| Some(Cow::Owned(usual.clone().inverted())),
];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, ImageFormat, Rgba};

    use super::*;
    use crate::qr::draw::{Drawing, LARGEST, draw_codes};
    use crate::qr::sheet;

    fn codes_to_png(drawings: &[Drawing]) -> Option<Vec<u8>> {
        sheet::sheet_to_png(drawings, &[])
    }

    fn read_codes(bytes: &[u8]) -> Result<Vec<String>, PictureFault> {
        let mut texts = Vec::new();
        read(bytes, |text| {
            texts.push(text.to_owned());
            false
        })?;
        texts.sort();
        Ok(texts)
    }

    fn encode_picture(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        picture.write_to(&mut out, format).unwrap();
        out.into_inner()
    }

    #[test]
    fn several_codes_in_one_picture_are_read_each_once() {
        let texts: Vec<String> = ["ONE", "OTHER", "THIRD"].map(|text| text.repeat(40)).into();
        let sheet = codes_to_png(&draw_codes(&texts, LARGEST).unwrap()).unwrap();
        let mut sorted = texts;
        sorted.sort();
        assert_eq!(read_codes(&sheet).unwrap(), sorted);
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
            &codes_to_png(&draw_codes(&["HSMBOOT1".to_owned()], LARGEST).unwrap()).unwrap(),
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
            read_codes(&encode_picture(
                &DynamicImage::ImageRgba8(transparent),
                ImageFormat::Png
            ))
            .unwrap(),
            ["HSMBOOT1"]
        );
        let mut inverted = picture;
        inverted.invert();
        assert_eq!(
            read_codes(&encode_picture(&inverted, ImageFormat::Jpeg)).unwrap(),
            ["HSMBOOT1"]
        );
    }

    #[test]
    fn a_picture_without_a_code_is_no_fault() {
        for side in [1, 7, 39, 40, 50, 3000] {
            assert_eq!(
                read_codes(&encode_picture(
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
            &codes_to_png(&draw_codes(&["HSMBOOT1".to_owned()], LARGEST).unwrap()).unwrap(),
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
            read_codes(&encode_picture(&desk.into(), ImageFormat::Png)).unwrap(),
            ["HSMBOOT1"]
        );
    }
}

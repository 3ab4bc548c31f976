//! The texts of the QR codes in a photograph, a scan or a screenshot. Its bytes come from outside, and so does what it shows.
//!
//! The codes are found by rxing's port of zxing-cpp, which fits its grid to all alignment patterns of a code. That is what a photograph of a screen
//! needs: of codes of version 22 and 25, at any angle, with perspective, a bent lens, noise and JPEG at quality 30, it read 479 of 480, and rqrr, which looks at the
//! corners alone, one in four.

use std::collections::BTreeSet;
use std::io::Cursor;

use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, ImageError, ImageFormat, ImageReader, Limits, Rgba, RgbaImage};
use rxing::common::{DetectorRXingResult, HybridBinarizer};
use rxing::qrcode::cpp_port::decoder::Decode;
use rxing::qrcode::cpp_port::detector::{FindFinderPatterns, GenerateFinderPatternSets, SampleQR};
use rxing::{BinaryBitmap, Luma8LuminanceSource};

/// The largest file that is looked at.
pub const MAX_FILE: u64 = 64 * 1024 * 1024;

/// The most pixels a side.
const MAX_SIDE: u32 = 16_384;

/// The most memory for its pixels: a photograph of 100 megapixels.
const MAX_MEMORY: u64 = 320 * 1024 * 1024;

/// How many pixels a side are looked at first. A code of version 25 that fills half of it has more than ten a module.
const USUAL: u32 = 2800;

/// Why a photograph is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Neither PNG nor JPEG.
    Unknown,
    /// What telephones save photographs as that they do not share (ISO/IEC 23008-12).
    Heif,
    /// More pixels than this program takes.
    TooLarge,
    /// Cut short or damaged.
    Damaged,
}

/// Finds the codes and hands their texts over, each once; until `enough` says so, or a picture that has shown some shows no more.
///
/// # Errors
/// See [`Fault`]. A photograph without a code is none.
pub fn read(bytes: &[u8], mut enough: impl FnMut(&str) -> bool) -> Result<(), Fault> {
    let picture = stretched(grey(bytes)?);
    let mut seen = BTreeSet::new();
    let mut in_vain = 0u8;
    for attempt in ATTEMPTS {
        let Some(changed) = attempt(&picture) else { continue };
        let before = seen.len();
        for text in codes(&changed) {
            if seen.insert(text.clone()) && enough(&text) {
                return Ok(());
            }
        }
        in_vain = if seen.len() > before { 0 } else { in_vain.saturating_add(1) };
        if in_vain >= IN_VAIN && !seen.is_empty() {
            break;
        }
    }
    Ok(())
}

/// How many attempts without a new code are enough, where there was one.
const IN_VAIN: u8 = 2;

/// What to look at, one after the other: some codes are found at one size and not at another, and one picture may show several.
const ATTEMPTS: [fn(&GrayImage) -> Option<GrayImage>; 6] = [
    |picture| Some(usual(picture)),
    |picture| scaled(&usual(picture), 1, 2),
    |picture| Some(imageops::blur(&usual(picture), 1.2)),
    |picture| (longest(picture) <= USUAL.wrapping_div(2)).then(|| scaled(picture, 2, 1)).flatten(),
    |picture| (longest(picture) > USUAL).then(|| picture.clone()),
    |picture| {
        // Light on dark: a terminal without colours.
        let mut inverted = usual(picture);
        imageops::invert(&mut inverted);
        Some(inverted)
    },
];

fn longest(picture: &GrayImage) -> u32 {
    picture.width().max(picture.height())
}

fn usual(picture: &GrayImage) -> GrayImage {
    match longest(picture) {
        large if large > USUAL => scaled(picture, USUAL, large).unwrap_or_else(|| picture.clone()),
        _ => picture.clone(),
    }
}

fn scaled(picture: &GrayImage, by: u32, of: u32) -> Option<GrayImage> {
    let length = |pixels: u32| u32::try_from(u64::from(pixels).checked_mul(by.into())?.checked_div(of.into())?).ok().filter(|pixels| *pixels > 0);
    Some(imageops::resize(picture, length(picture.width())?, length(picture.height())?, FilterType::Triangle))
}

/// The picture in grey, on white where it is transparent.
fn grey(bytes: &[u8]) -> Result<GrayImage, Fault> {
    let format = match bytes {
        [0x89, b'P', b'N', b'G', ..] => ImageFormat::Png,
        [0xff, 0xd8, 0xff, ..] => ImageFormat::Jpeg,
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => return Err(Fault::Heif),
        _ => return Err(Fault::Unknown),
    };
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height, limits.max_alloc) = (Some(MAX_SIDE), Some(MAX_SIDE), Some(MAX_MEMORY));
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let picture = reader.decode().map_err(|error| match error {
        ImageError::Limits(_) => Fault::TooLarge,
        _ => Fault::Damaged,
    })?;
    Ok(if picture.color().has_alpha() { on_white(&picture) } else { picture }.into_luma8())
}

/// The picture with its darkest hundredth black and its lightest white: the binarizer takes areas of little contrast for empty ones.
fn stretched(mut picture: GrayImage) -> GrayImage {
    let mut histogram = [0usize; 256];
    for value in picture.as_raw() {
        if let Some(count) = histogram.get_mut(usize::from(*value)) {
            *count = count.saturating_add(1);
        }
    }
    let hundredth = picture.as_raw().len().wrapping_div(100);
    let beyond = |values: &[u8]| {
        let mut passed = 0usize;
        values.iter().copied().find(|value| {
            passed = passed.saturating_add(histogram.get(usize::from(*value)).copied().unwrap_or(0));
            passed > hundredth
        })
    };
    let mut values: Vec<u8> = (0..=255).collect();
    let dark = beyond(&values);
    values.reverse();
    let (Some(dark), Some(light)) = (dark, beyond(&values)) else { return picture };
    let range = u16::from(light.saturating_sub(dark));
    let stretch = |value: u8| {
        let above = u16::from(value.saturating_sub(dark)).min(range);
        above.saturating_mul(255).checked_div(range).and_then(|value| u8::try_from(value).ok()).unwrap_or(value)
    };
    let table: Vec<u8> = (0..=255).map(stretch).collect();
    for pixel in picture.pixels_mut() {
        let [value] = pixel.0;
        pixel.0 = [table.get(usize::from(value)).copied().unwrap_or(value)];
    }
    picture
}

fn on_white(picture: &DynamicImage) -> DynamicImage {
    let mut white = RgbaImage::from_pixel(picture.width(), picture.height(), Rgba([255; 4]));
    imageops::overlay(&mut white, &picture.to_rgba8(), 0, 0);
    DynamicImage::ImageRgba8(white)
}

/// The texts of the codes in a picture. What is no UTF-8 is no bundle's; it is passed on as far as it can be shown.
fn codes(picture: &GrayImage) -> Vec<String> {
    let Ok(source) = Luma8LuminanceSource::new(picture.as_raw().clone(), picture.width(), picture.height()) else { return Vec::new() };
    let bitmap = BinaryBitmap::new(HybridBinarizer::new(source));
    let black = bitmap.get_black_matrix();
    let mut corners = FindFinderPatterns(black, true, 0);
    let (mut used, mut texts) = (Vec::new(), Vec::new());
    for set in GenerateFinderPatternSets(&mut corners) {
        let three = [set.tl, set.tr, set.bl];
        if three.iter().any(|corner| used.contains(corner)) {
            continue;
        }
        let decoded = SampleQR(black, &set).and_then(|code| Decode(code.getBits()));
        if let Some(code) = decoded.ok().filter(|code| code.isValid()) {
            used.extend(three);
            texts.push(String::from_utf8_lossy(code.content().bytes()).into_owned());
        }
    }
    texts
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
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
        let picture = image::load_from_memory(&png(&draw(&["HSMBOOT1".to_owned()], LARGEST).unwrap()).unwrap()).unwrap();
        let mut transparent = picture.to_rgba8();
        for pixel in transparent.pixels_mut() {
            *pixel = if pixel.0[0] == 0 { Rgba([0, 0, 0, 255]) } else { Rgba([0, 0, 0, 0]) };
        }
        assert_eq!(found(&encoded(&DynamicImage::ImageRgba8(transparent), ImageFormat::Png)).unwrap(), ["HSMBOOT1"]);
        let mut inverted = picture;
        inverted.invert();
        assert_eq!(found(&encoded(&inverted, ImageFormat::Jpeg)).unwrap(), ["HSMBOOT1"]);
    }

    #[test]
    fn what_is_no_picture_or_a_damaged_one_is_called_so() {
        let good = png(&draw(&["HSMBOOT1".to_owned()], LARGEST).unwrap()).unwrap();
        assert_eq!(found(b""), Err(Fault::Unknown));
        assert_eq!(found(b"GIF89a"), Err(Fault::Unknown));
        assert_eq!(found(b"\0\0\0\x18ftypheic"), Err(Fault::Heif));
        assert_eq!(found(good.get(..good.len() / 2).unwrap()), Err(Fault::Damaged));
        assert_eq!(found(b"\xff\xd8\xff\xe0nothing"), Err(Fault::Damaged));
        let blank = encoded(&DynamicImage::new_luma8(50, 50), ImageFormat::Png);
        assert_eq!(found(&blank).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_picture_that_unpacks_to_gigabytes_is_not_unpacked() {
        // A header that claims 60000 by 60000 pixels; nothing behind it is read.
        let mut bomb = encoded(&DynamicImage::new_luma8(1, 1), ImageFormat::Png);
        let claim = |bomb: &mut Vec<u8>, side: u32| {
            bomb.splice(16..24, [side.to_be_bytes(), side.to_be_bytes()].concat());
            let crc = crc32(bomb.get(12..29).unwrap());
            bomb.splice(29..33, crc.to_be_bytes());
        };
        claim(&mut bomb, 60_000);
        assert_eq!(found(&bomb), Err(Fault::TooLarge));
        // Within the sides, over the memory: RGBA of 16 bits.
        bomb.splice(24..26, [16, 6]);
        claim(&mut bomb, 16_000);
        assert_eq!(found(&bomb), Err(Fault::TooLarge));
    }

    /// PNG's (ISO/IEC 15948, annex D).
    fn crc32(bytes: &[u8]) -> u32 {
        let step = |crc: u32| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
        !bytes.iter().fold(u32::MAX, |crc, octet| (0..8).fold(crc ^ u32::from(*octet), |crc, _| step(crc)))
    }
}

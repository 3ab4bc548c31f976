//! Decodes a PNG or a JPEG as a picture in grey. Its bytes come from outside, so the size that its
//! header announces is checked before anything is unpacked.
//!
//! PNG (ISO/IEC 15948) is unpacked row by row. It takes a byte a pixel, whatever its colours are.
//! JPEG (ITU-T T.81) takes three, and a progressive one also stores all its coefficients. With
//! these limits neither takes more than [`MAX_PIXELS`] times three.

use std::io::Cursor;

use png::{Decoder, DecodingError, InterlaceInfo, Limits, Transformations};
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::grey::Grey;

/// The most pixels: telephones photograph with 12 megapixels, or 50; A4 scanned with 600 dots an
/// inch has 35.
pub const MAX_PIXELS: usize = 65_000_000;

/// The most pixels of a progressive JPEG, which cameras do not make: it takes nine bytes a pixel,
/// or eleven where it has four components.
pub const MAX_PROGRESSIVE: usize = 16_000_000;

/// The most pixels that are decoded: of a picture, and of a progressive JPEG.
#[derive(Clone, Copy)]
pub(super) struct PixelLimits {
    pub(super) pixels: usize,
    pub(super) progressive: usize,
}

impl PixelLimits {
    /// What photographs and scans have.
    pub(super) const OF_A_PHOTOGRAPH: Self = PixelLimits {
        pixels: MAX_PIXELS,
        progressive: MAX_PROGRESSIVE,
    };
}

/// The most pixels a side.
pub const MAX_SIDE: usize = 16_384;

/// The greatest number of scans in a progressive JPEG. Programs make ten or so, and each is a pass
/// over the whole picture.
const MAX_SCANS: usize = 32;

/// The most memory for a PNG's chunks besides its pixels, and for its rows.
const MAX_CHUNKS: usize = 4 * 1024 * 1024;

/// The reason why a photograph is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureFault {
    /// A file that is neither PNG nor JPEG.
    Unknown,
    /// The format in which telephones store photographs, unless they share them (ISO/IEC 23008-12).
    Heif,
    /// A JPEG that is not progressive and has its colours one after the other. Nobody makes such
    /// files, and they would take as much memory as a progressive one.
    Scans,
    /// A picture with more pixels than this program takes.
    TooLarge,
    /// A file that is cut short or damaged.
    Damaged,
}

/// Decodes the picture, on white where it is transparent.
///
/// # Errors
/// See [`PictureFault`].
pub(super) fn decode_picture(bytes: &[u8], limits: PixelLimits) -> Result<Grey, PictureFault> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => decode_png(bytes, limits),
        [0xff, 0xd8, 0xff, ..] => decode_jpeg(bytes, limits),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Err(PictureFault::Heif),
        _ => Err(PictureFault::Unknown),
    }
}

/// Checks that a picture of these sides is small enough, and returns the number of its pixels.
fn check_size(width: usize, height: usize, most: usize) -> Result<usize, PictureFault> {
    let pixels = width
        .checked_mul(height)
        .filter(|pixels| *pixels <= most && width.max(height) <= MAX_SIDE);
    pixels.ok_or(PictureFault::TooLarge)
}

fn decode_png(bytes: &[u8], limits: PixelLimits) -> Result<Grey, PictureFault> {
    let damaged = |error: DecodingError| {
        if matches!(error, DecodingError::LimitsExceeded) {
            PictureFault::TooLarge
        } else {
            PictureFault::Damaged
        }
    };
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: MAX_CHUNKS });
    decoder.set_transformations(Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let side = |pixels: u32| usize::try_from(pixels).unwrap_or(usize::MAX);
    let header = decoder.read_header_info().map_err(damaged)?;
    let (width, height) = (side(header.width), side(header.height));
    let count = check_size(width, height, limits.pixels)?;
    let mut reader = decoder.read_info().map_err(damaged)?;
    let samples = reader.output_color_type().0.samples();
    let mut pixels = if reader.info().interlaced {
        vec![255; count]
    } else {
        Vec::with_capacity(count)
    };
    while let Some(row) = reader.next_interlaced_row().map_err(damaged)? {
        let grey = row.data().chunks_exact(samples).map(pixel_lightness);
        match row.interlace() {
            InterlaceInfo::Null(_) => pixels.extend(grey.take(width)),
            InterlaceInfo::Adam7(place) => {
                png::expand_interlaced_row(&mut pixels, width, &grey.collect::<Vec<u8>>(), place, 8)
            }
        }
    }
    Grey::new(pixels, width, height).ok_or(PictureFault::Damaged)
}

fn decode_jpeg(bytes: &[u8], limits: PixelLimits) -> Result<Grey, PictureFault> {
    let damaged = |_: DecodeErrors| PictureFault::Damaged;
    // Of what a photograph is cut short by, the upper part may still show a code.
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
        .jpeg_set_max_scans(MAX_SCANS);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(damaged)?;
    let header = decoder.info().ok_or(PictureFault::Damaged)?;
    let progressive = header.sof.is_progressive();
    let (width, height) = (usize::from(header.width), usize::from(header.height));
    let count = check_size(
        width,
        height,
        if progressive {
            limits.progressive
        } else {
            limits.pixels
        },
    )?;
    if !progressive && in_first_scan(bytes) != Some(header.components) {
        return Err(PictureFault::Scans);
    }
    // As its own grey, or as red, green and blue: the decoder makes these of all the rest.
    let color = if decoder.input_colorspace() == Some(ColorSpace::Luma) {
        ColorSpace::Luma
    } else {
        ColorSpace::RGB
    };
    decoder.set_options(options.jpeg_set_out_colorspace(color));
    let mut pixels = decoder.decode().map_err(damaged)?;
    if color == ColorSpace::RGB {
        // In their own place: a grey pixel lies before the three that it is made of, or where the
        // first of them was. `count` is at most MAX_PIXELS.
        for at in 0..count {
            let start = at * 3;
            let grey = pixel_lightness(pixels.get(start..start + 3).unwrap_or_default());
            if let Some(pixel) = pixels.get_mut(at) {
                *pixel = grey;
            }
        }
        pixels.truncate(count);
        pixels.shrink_to_fit();
    }
    Grey::new(pixels, width, height).ok_or(PictureFault::Damaged)
}

/// Returns the number of components in a JPEG's first scan (ITU-T T.81, B.1.1 and B.2.3).
fn in_first_scan(bytes: &[u8]) -> Option<u8> {
    let mut rest = bytes.get(2..)?;
    loop {
        let marker;
        (marker, rest) = match rest {
            [0xff, 0xff, ..] => (0xff, rest.get(1..)?),
            [0xff, marker, after @ ..] => (*marker, after),
            _ => return None,
        };
        match (marker, rest) {
            (0xff, _) => {}
            (0xda, [_, _, components, ..]) => return Some(*components),
            (_, [high, low, ..]) => {
                rest = rest.get(usize::from(u16::from_be_bytes([*high, *low])).max(2)..)?
            }
            _ => return None,
        }
    }
}

/// Returns the lightness of a pixel. The pixel is grey, or red, green and blue (ITU-R BT.601), on
/// white as far as it is transparent.
fn pixel_lightness(pixel: &[u8]) -> u8 {
    let (grey, alpha) = match pixel {
        [grey] => return *grey,
        [grey, alpha] => (u32::from(*grey), *alpha),
        [red, green, blue] => (luma(*red, *green, *blue), u8::MAX),
        [red, green, blue, alpha] => (luma(*red, *green, *blue), *alpha),
        _ => return u8::MAX,
    };
    let alpha = u32::from(alpha);
    let sum = grey
        .wrapping_mul(alpha)
        .wrapping_add(255u32.wrapping_sub(alpha).wrapping_mul(255));
    u8::try_from(sum.wrapping_add(127).wrapping_div(255)).unwrap_or(u8::MAX)
}

fn luma(red: u8, green: u8, blue: u8) -> u32 {
    let [red, green, blue] = [(red, 299), (green, 587), (blue, 114)]
        .map(|(value, share)| u32::from(value).wrapping_mul(share));
    red.wrapping_add(green)
        .wrapping_add(blue)
        .wrapping_add(500)
        .wrapping_div(1000)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use std::io::Write;

    use image::{DynamicImage, ImageFormat, Rgba, Rgba32FImage};

    use super::*;

    fn decode_picture(bytes: &[u8]) -> Result<Grey, PictureFault> {
        super::decode_picture(bytes, PixelLimits::OF_A_PHOTOGRAPH)
    }

    fn encode_picture(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        picture.write_to(&mut out, format).unwrap();
        out.into_inner()
    }

    /// Returns a picture whose colours change from pixel to pixel, and fade away downwards.
    fn colourful_picture() -> DynamicImage {
        let part = |value: u32, of: u32| {
            f32::from(u16::try_from(value).unwrap()) / f32::from(u16::try_from(of).unwrap())
        };
        DynamicImage::ImageRgba32F(Rgba32FImage::from_fn(61, 43, |x, y| {
            Rgba([
                part(x, 60),
                part(y, 42),
                part(60 - x, 60),
                1.0 - part(y, 100),
            ])
        }))
    }

    /// Asserts that `grey` shows this picture. Two decoders may differ in rounding, and in their
    /// definition of lightness.
    fn assert_similar(grey: &Grey, picture: &DynamicImage, tolerance: u8) {
        let seen = picture.to_rgba8();
        assert_eq!((grey.width(), grey.height()), (61, 43));
        for (value, pixel) in grey.pixels().iter().zip(seen.pixels()) {
            let [red, green, blue, alpha] = pixel.0.map(f32::from);
            let expected =
                (0.299 * red + 0.587 * green + 0.114 * blue) * alpha / 255.0 + 255.0 - alpha;
            assert!(
                (f32::from(*value) - expected).abs() <= f32::from(tolerance),
                "{value}, expected {expected}"
            );
        }
    }

    #[test]
    fn pictures_of_every_colour_come_out_in_grey() {
        let picture = colourful_picture();
        let kinds: [DynamicImage; 8] = [
            picture.to_luma8().into(),
            picture.to_luma_alpha8().into(),
            picture.to_rgb8().into(),
            picture.to_rgba8().into(),
            picture.to_luma16().into(),
            picture.to_luma_alpha16().into(),
            picture.to_rgb16().into(),
            picture.to_rgba16().into(),
        ];
        for kind in &kinds {
            assert_similar(
                &decode_picture(&encode_picture(kind, ImageFormat::Png)).unwrap(),
                kind,
                3,
            );
        }
        for kind in [&kinds[0], &kinds[2]] {
            let file = encode_picture(kind, ImageFormat::Jpeg);
            assert_similar(
                &decode_picture(&file).unwrap(),
                &image::load_from_memory(&file).unwrap(),
                2,
            );
        }
    }

    /// Returns a PNG of these chunks, each with its checksum.
    fn png_of_chunks(header: [u8; 13], data: &[u8]) -> Vec<u8> {
        let mut compressed =
            flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        compressed.write_all(data).unwrap();
        let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
        for (name, content) in [
            (b"IHDR", header.to_vec()),
            (b"IDAT", compressed.finish().unwrap()),
            (b"IEND", Vec::new()),
        ] {
            let body = [&name[..], &content].concat();
            out.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
            out.extend(&body);
            out.extend(crc32(&body).to_be_bytes());
        }
        out
    }

    /// Returns the CRC-32 of a chunk (ISO/IEC 15948, annex D).
    fn crc32(bytes: &[u8]) -> u32 {
        let step = |crc: u32| {
            if crc & 1 == 1 {
                0xedb8_8320 ^ (crc >> 1)
            } else {
                crc >> 1
            }
        };
        !bytes.iter().fold(u32::MAX, |crc, octet| {
            (0..8).fold(crc ^ u32::from(*octet), |crc, _| step(crc))
        })
    }

    /// Returns the header chunk of a PNG (ISO/IEC 15948, 11.2.2).
    fn png_header(side: u32, depth: u8, color: u8, interlaced: u8) -> [u8; 13] {
        let [a, b, c, d] = side.to_be_bytes();
        [a, b, c, d, a, b, c, d, depth, color, 0, 0, interlaced]
    }

    #[test]
    fn an_interlaced_picture_is_put_together() {
        // ISO/IEC 15948, 8.2: where each pass begins, and its steps.
        const PASSES: [(usize, usize, usize, usize); 7] = [
            (0, 0, 8, 8),
            (4, 0, 8, 8),
            (0, 4, 4, 8),
            (2, 0, 4, 4),
            (0, 2, 2, 4),
            (1, 0, 2, 2),
            (0, 1, 1, 2),
        ];
        for side in [1u8, 3, 8, 13] {
            let pixel = |x: usize, y: usize| u8::try_from(16 * y + x).unwrap();
            let side = usize::from(side);
            let mut rows = Vec::new();
            for (left, top, right, down) in PASSES {
                for y in (top..side).step_by(down).filter(|_| left < side) {
                    rows.push(0);
                    rows.extend((left..side).step_by(right).map(|x| pixel(x, y)));
                }
            }
            let expected: Vec<u8> = (0..side)
                .flat_map(|y| (0..side).map(move |x| pixel(x, y)))
                .collect();
            let grey = decode_picture(&png_of_chunks(
                png_header(u32::try_from(side).unwrap(), 8, 0, 1),
                &rows,
            ))
            .unwrap();
            assert_eq!(grey.pixels(), expected);
        }
    }

    #[test]
    fn what_is_no_picture_or_a_damaged_one_is_called_so() {
        let good = encode_picture(&colourful_picture().to_rgb8().into(), ImageFormat::Png);
        assert_eq!(decode_picture(b""), Err(PictureFault::Unknown));
        assert_eq!(decode_picture(b"GIF89a"), Err(PictureFault::Unknown));
        assert_eq!(
            decode_picture(b"\0\0\0\x18ftypheic"),
            Err(PictureFault::Heif)
        );
        for length in 8..good.len() - 12 {
            assert_eq!(
                decode_picture(&good[..length]),
                Err(PictureFault::Damaged),
                "{length}"
            );
        }
        assert_eq!(
            decode_picture(b"\xff\xd8\xff\xe0nothing"),
            Err(PictureFault::Damaged)
        );
        assert_eq!(
            decode_picture(&png_of_chunks(png_header(0, 8, 0, 0), b"")),
            Err(PictureFault::Damaged),
            "no pixels"
        );
    }

    #[test]
    fn a_picture_that_unpacks_to_gigabytes_is_not_unpacked() {
        // Headers alone: what is not too large is damaged, since nothing follows.
        for (side, depth, color, expected) in [
            (60_000, 8, 0, PictureFault::TooLarge),
            (16_384, 1, 0, PictureFault::TooLarge),
            (8063, 1, 0, PictureFault::TooLarge),
            (8063, 16, 6, PictureFault::TooLarge),
            (8062, 16, 6, PictureFault::Damaged),
            (8062, 1, 3, PictureFault::Damaged),
        ] {
            assert_eq!(
                decode_picture(&png_of_chunks(png_header(side, depth, color, 0), b"")),
                Err(expected),
                "{side}"
            );
        }
        let mut narrow = png_header(1, 8, 0, 0);
        narrow[..4].copy_from_slice(&16_385u32.to_be_bytes());
        assert_eq!(
            decode_picture(&png_of_chunks(narrow, b"")),
            Err(PictureFault::TooLarge),
            "one side is too long"
        );
    }

    /// Returns a JPEG of three components with a changed header.
    fn jpeg_with_header(marker: u8, sides: [u16; 2], in_scan: Option<u8>) -> Vec<u8> {
        let mut file = encode_picture(&colourful_picture().to_rgb8().into(), ImageFormat::Jpeg);
        let find = |file: &[u8], marker: u8| {
            file.windows(2)
                .position(|pair| pair == [0xff, marker])
                .unwrap()
        };
        // ITU-T T.81, B.2.2: length, precision, lines, samples a line, and the components of three
        // octets each.
        let frame = find(&file, 0xc0);
        file[frame + 1] = marker;
        file[frame + 5..frame + 9].copy_from_slice(&sides.map(u16::to_be_bytes).concat());
        if let Some(count) = in_scan {
            let scan = find(&file, 0xda);
            let (old, new) = (usize::from(file[scan + 4]), usize::from(count));
            file[scan + 2..scan + 5].copy_from_slice(&[0, 6 + 2 * count, count]);
            file.drain(scan + 5 + 2 * new..scan + 5 + 2 * old);
        }
        file
    }

    #[test]
    fn a_jpeg_that_takes_more_than_its_pixels_may_have_fewer() {
        const BASELINE: u8 = 0xc0;
        const PROGRESSIVE: u8 = 0xc2;
        for (marker, sides, in_scan, expected) in [
            (BASELINE, [8063, 8063], None, PictureFault::TooLarge),
            (BASELINE, [1, 16_385], None, PictureFault::TooLarge),
            (PROGRESSIVE, [4001, 4000], None, PictureFault::TooLarge),
            (BASELINE, [43, 61], Some(1), PictureFault::Scans),
        ] {
            assert_eq!(
                decode_picture(&jpeg_with_header(marker, sides, in_scan)),
                Err(expected),
                "{marker:x} {sides:?}"
            );
        }
        assert!(decode_picture(&jpeg_with_header(BASELINE, [43, 61], None)).is_ok());
        assert!(
            decode_picture(&jpeg_with_header(BASELINE, [4001, 4000], None)).is_ok(),
            "grey where it is cut short"
        );
    }
}

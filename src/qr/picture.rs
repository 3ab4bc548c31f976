//! A PNG or a JPEG as a picture in grey. Its bytes come from outside: what its header says it would take is judged before anything is unpacked.
//!
//! PNG (ISO/IEC 15948) is unpacked row by row, so that it takes a byte a pixel whatever its colours are. JPEG (ITU-T T.81) takes three, and a progressive
//! one all its coefficients besides: the limits are such that neither comes to more than [`MAX_PIXELS`] times three.

use std::io::Cursor;

use png::{Decoder, DecodingError, InterlaceInfo, Limits, Transformations};
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::grey::Grey;

/// The most pixels: telephones photograph with 12 megapixels, or 50; A4 scanned with 600 dots an inch has 35.
pub const MAX_PIXELS: usize = 65_000_000;

/// The most pixels of a progressive JPEG, which cameras do not make: with three components it takes nine bytes a pixel.
pub const MAX_PROGRESSIVE: usize = 20_000_000;

/// The most pixels a side.
pub const MAX_SIDE: usize = 16_384;

/// The most scans of a progressive JPEG: programs make ten or so, and each is a pass over all of it.
const MAX_SCANS: usize = 32;

/// The most memory for a PNG's chunks besides its pixels, and for its rows.
const MAX_CHUNKS: usize = 4 * 1024 * 1024;

/// Why a photograph is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Neither PNG nor JPEG.
    Unknown,
    /// What telephones save photographs as that they do not share (ISO/IEC 23008-12).
    Heif,
    /// A JPEG that is not progressive and has its colours one after the other: nobody makes such, and it would take as much as a progressive one.
    Scans,
    /// More pixels than this program takes.
    TooLarge,
    /// Cut short or damaged.
    Damaged,
}

/// The picture, on white where it is transparent.
///
/// # Errors
/// See [`Fault`].
pub(super) fn decode(bytes: &[u8]) -> Result<Grey, Fault> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => png(bytes),
        [0xff, 0xd8, 0xff, ..] => jpeg(bytes),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Err(Fault::Heif),
        _ => Err(Fault::Unknown),
    }
}

/// That a picture of these sides is taken, and how many pixels it has.
fn fits(width: usize, height: usize, most: usize) -> Result<usize, Fault> {
    let pixels = width.checked_mul(height).filter(|pixels| *pixels <= most && width.max(height) <= MAX_SIDE);
    pixels.ok_or(Fault::TooLarge)
}

fn png(bytes: &[u8]) -> Result<Grey, Fault> {
    let damaged = |error: DecodingError| if matches!(error, DecodingError::LimitsExceeded) { Fault::TooLarge } else { Fault::Damaged };
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: MAX_CHUNKS });
    decoder.set_transformations(Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let side = |pixels: u32| usize::try_from(pixels).unwrap_or(usize::MAX);
    let header = decoder.read_header_info().map_err(damaged)?;
    let (width, height) = (side(header.width), side(header.height));
    let count = fits(width, height, MAX_PIXELS)?;
    let mut reader = decoder.read_info().map_err(damaged)?;
    let samples = reader.output_color_type().0.samples();
    let mut pixels = if reader.info().interlaced { vec![255; count] } else { Vec::with_capacity(count) };
    while let Some(row) = reader.next_interlaced_row().map_err(damaged)? {
        let grey = row.data().chunks_exact(samples).map(lightness);
        match row.interlace() {
            InterlaceInfo::Null(_) => pixels.extend(grey.take(width)),
            InterlaceInfo::Adam7(place) => png::expand_interlaced_row(&mut pixels, width, &grey.collect::<Vec<u8>>(), place, 8),
        }
    }
    Grey::new(pixels, width, height).ok_or(Fault::Damaged)
}

fn jpeg(bytes: &[u8]) -> Result<Grey, Fault> {
    let damaged = |_: DecodeErrors| Fault::Damaged;
    // Of what a photograph is cut short by, the upper part may still show a code.
    let options = DecoderOptions::default().set_strict_mode(false).set_max_width(usize::MAX).set_max_height(usize::MAX).jpeg_set_max_scans(MAX_SCANS);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(damaged)?;
    let header = decoder.info().ok_or(Fault::Damaged)?;
    let progressive = header.sof.is_progressive();
    let (width, height) = (usize::from(header.width), usize::from(header.height));
    let count = fits(width, height, if progressive { MAX_PROGRESSIVE } else { MAX_PIXELS })?;
    if !progressive && in_first_scan(bytes) != Some(header.components) {
        return Err(Fault::Scans);
    }
    // As its own grey, or as red, green and blue: the decoder makes these of all the rest.
    let color = if decoder.input_colorspace() == Some(ColorSpace::Luma) { ColorSpace::Luma } else { ColorSpace::RGB };
    decoder.set_options(options.jpeg_set_out_colorspace(color));
    let mut pixels = decoder.decode().map_err(damaged)?;
    if color == ColorSpace::RGB {
        // In their own place: a grey pixel lies before the three that it is made of, or where the first of them was.
        for at in 0..count {
            let start = at.saturating_mul(3);
            let grey = lightness(pixels.get(start..start.saturating_add(3)).unwrap_or_default());
            if let Some(pixel) = pixels.get_mut(at) {
                *pixel = grey;
            }
        }
        pixels.truncate(count);
        pixels.shrink_to_fit();
    }
    Grey::new(pixels, width, height).ok_or(Fault::Damaged)
}

/// How many components are in a JPEG's first scan (ITU-T T.81, B.1.1 and B.2.3).
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
            (_, [high, low, ..]) => rest = rest.get(usize::from(u16::from_be_bytes([*high, *low])).max(2)..)?,
            _ => return None,
        }
    }
}

/// How light a pixel is: grey or red, green and blue (ITU-R BT.601), on white so far as it is transparent.
fn lightness(pixel: &[u8]) -> u8 {
    let (grey, alpha) = match pixel {
        [grey] => return *grey,
        [grey, alpha] => (u32::from(*grey), *alpha),
        [red, green, blue] => (luma(*red, *green, *blue), u8::MAX),
        [red, green, blue, alpha] => (luma(*red, *green, *blue), *alpha),
        _ => return u8::MAX,
    };
    let alpha = u32::from(alpha);
    let sum = grey.wrapping_mul(alpha).wrapping_add(255u32.wrapping_sub(alpha).wrapping_mul(255));
    u8::try_from(sum.wrapping_add(127).wrapping_div(255)).unwrap_or(u8::MAX)
}

fn luma(red: u8, green: u8, blue: u8) -> u32 {
    let [red, green, blue] = [(red, 299), (green, 587), (blue, 114)].map(|(value, share)| u32::from(value).wrapping_mul(share));
    red.wrapping_add(green).wrapping_add(blue).wrapping_add(500).wrapping_div(1000)
}

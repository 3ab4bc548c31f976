//! Why photographs, or the codes in them, are of no use.

use crate::error::{Error, ErrorKind, FactName};
use crate::outside::Lines;
use crate::qr::QrKind;
use crate::qr::collection::CollectionFault;
use crate::qr::photograph::{MAX_PIXELS, MAX_PROGRESSIVE, MAX_SIDE, PictureFault as Unread};

pub(super) fn too_long_error(name: &str, what: &str, most: usize) -> Error {
    Error::new(
        ErrorKind::FileTooLarge,
        format!(
            "{name} is too large, expected {what} of at most {} MiB",
            most.wrapping_div(1024 * 1024)
        ),
        "give the codes alone, a code a line, or the photographs",
    )
    .with_fact(FactName::File, name)
    .with_fact(FactName::Limit, most)
}

pub(super) fn image_error(name: &str, fault: Unread) -> Error {
    let input = |kind, message: String, hint: &str| {
        Error::new(kind, message, hint).with_fact(FactName::File, name)
    };
    match fault {
        Unread::Unknown => input(
            ErrorKind::NotAnImage,
            format!("{name} is neither PNG nor JPEG, and holds no text of a code"),
            "save it as PNG or JPEG, or give what a scanner read as a text file",
        ),
        Unread::Heif => input(
            ErrorKind::NotAnImage,
            format!("{name} is HEIF, expected PNG or JPEG"),
            "save or export the photograph as JPEG",
        ),
        Unread::Scans => input(
            ErrorKind::NotAnImage,
            format!("{name} is a JPEG of several scans, expected one or a progressive JPEG"),
            "save it again, as PNG or as another JPEG",
        ),
        Unread::TooLarge => input(
            ErrorKind::FileTooLarge,
            format!(
                "{name} has too many pixels, expected a photograph of at most {} megapixels ({} if \
                 it is a progressive JPEG), {MAX_SIDE} a side",
                to_megapixels(MAX_PIXELS),
                to_megapixels(MAX_PROGRESSIVE)
            ),
            "save it smaller",
        ),
        Unread::Damaged => input(
            ErrorKind::NotAnImage,
            format!("{name} is a damaged image"),
            "copy it again, or take it again",
        ),
    }
}

const fn to_megapixels(pixels: usize) -> usize {
    pixels.wrapping_div(1_000_000)
}

pub(super) fn collection_error(fault: &CollectionFault) -> Error {
    let (kind, hint) = match fault {
        CollectionFault::Nothing => (
            ErrorKind::NoCodes,
            "take the picture again: the whole code, its white margin too, as \
                                  large and as straight as you can"
                .to_owned(),
        ),
        CollectionFault::Missing { kind, parts, .. } => {
            let response = match kind {
                QrKind::Request => None,
                QrKind::Response => Some(" --response".to_owned()),
            };
            let options: String = response
                .into_iter()
                .chain(parts.iter().map(|number| format!(" --part {number}")))
                .collect();
            let (it, draws) = if parts.len() == 1 {
                ("it", "draws it")
            } else {
                ("them", "draws them")
            };
            let give = "and give all pictures, old and new, to one command";
            (
                ErrorKind::CodesMissing,
                format!(
                    "photograph {it} again, {give}; `hsmboot qr show DIR{options}` {draws} alone, \
                     at the size at which they were drawn"
                ),
            )
        }
        CollectionFault::Mixed { .. } => (
            ErrorKind::CodesMixed,
            "give the pictures of one set; a set \
                                                        belongs to one bundle, drawn at one size"
                .to_owned(),
        ),
        CollectionFault::Damaged(_) => (
            ErrorKind::CodesDamaged,
            "draw the codes again with `hsmboot qr \
                                                        show`, and photograph all of them again"
                .to_owned(),
        ),
    };
    let sets: &[String] = match fault {
        CollectionFault::Mixed { sets, .. } => sets,
        _ => &[],
    };
    let lines: Lines = sets.iter().map(|set| format!("  {set}")).collect();
    let missing: Option<Vec<String>> = match fault {
        CollectionFault::Missing { parts, .. } => {
            Some(parts.iter().map(ToString::to_string).collect())
        }
        _ => None,
    };
    let found = (!sets.is_empty()).then(|| sets.join("; "));
    let message = Lines::from(fault.to_string()).followed_by(lines);
    Error::new(kind, message, hint)
        .with_fact(FactName::Missing, missing)
        .with_fact(FactName::Found, found)
}

pub(super) fn damaged_error(why: &str) -> Error {
    Error::new(
        ErrorKind::CodesDamaged,
        format!("the codes do not make a bundle: {why}"),
        "find out who drew these codes: hsmboot does not draw such",
    )
    .with_fact(FactName::Cause, why)
}

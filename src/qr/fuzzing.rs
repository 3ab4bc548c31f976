//! What fuzz targets try of codes: `crate::fuzzing`.

use std::collections::BTreeSet;

use super::QrKind;
use super::collection::Collection;
use super::packed;
use super::parts::{PartFormat, Piece, ScannedText, split_archive};
use super::photograph;
use super::picture::PixelLimits;
use crate::bundle::archive;

/// A larger picture is only slower.
const SMALL: PixelLimits = PixelLimits {
    pixels: 1 << 20,
    progressive: 1 << 20,
};

/// Reads a photograph of codes, and returns their texts. None comes twice, and the search ends with
/// the first where that is enough.
pub fn qr_picture(data: &[u8]) -> Vec<String> {
    let mut texts = Vec::new();
    let read = photograph::read_within(data, SMALL, |text| {
        texts.push(text.to_owned());
        false
    });
    assert!(read.is_ok() || texts.is_empty());
    let distinct: BTreeSet<&String> = texts.iter().collect();
    assert_eq!(distinct.len(), texts.len(), "a text came twice");
    texts
}

/// Reads the texts of codes, a line each, and puts them together. Texts bear digests, which no
/// change of theirs gets past: so the input is also taken for what they are digests of, the
/// compressed whole of either format, and for packed files. Returns the archives that came out:
/// each is the same after it was split and joined.
pub fn qr_parts(data: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(data);
    let of_texts = join_texts(text.lines());
    let of_files = packed::unpack(data);
    if let Some(whole) = &of_files {
        assert!(archive::read(whole).is_ok(), "what it packs is no archive");
    }
    let whole = |format: PartFormat| Some((QrKind::Response, format.unpack(data)?));
    let found = [
        of_texts,
        of_files.map(|whole| (QrKind::Request, whole)),
        whole(PartFormat::Plain),
        whole(PartFormat::Packed),
    ];
    let found = found.into_iter().flatten();
    found
        .map(|(kind, whole)| {
            comes_back(kind, &whole);
            whole
        })
        .collect()
}

fn join_texts<'a>(texts: impl Iterator<Item = &'a str>) -> Option<(QrKind, Vec<u8>)> {
    let mut collection = Collection::default();
    for text in texts {
        if let ScannedText::Piece(piece) = Piece::read(text) {
            collection.add(piece);
        }
    }
    let joined = collection.join_parts().ok();
    assert!(joined.is_none() || collection.is_complete());
    joined
}

/// Asserts that the archive is the same in texts for codes of two sizes, where it takes no more of
/// them than there may be.
fn comes_back(kind: QrKind, whole: &[u8]) {
    for characters in [224, 1853] {
        let Some(texts) = split_archive(kind, whole, characters) else {
            continue;
        };
        assert!(texts.iter().all(|text| text.len() <= characters));
        let last_first = texts.iter().rev().map(String::as_str);
        let joined = join_texts(last_first);
        assert!(joined.is_some_and(|(found, joined)| found == kind && joined == whole));
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use image::{ImageFormat, load_from_memory};

    use super::*;
    use crate::qr::compressed::{deflate, deflate_after};
    use crate::qr::dictionary::DICTIONARY;
    use crate::qr::draw::{LARGEST, draw_codes, max_characters};
    use crate::qr::parts::tests::split_plain;
    use crate::qr::sheet::code_to_png;
    use crate::seeds;

    /// The text of the code in most of the pictures.
    const SHORT: &str = "HSMBOOT2";

    fn codes() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/codes")
    }

    /// An archive of documents of one claim.
    fn documents() -> Vec<u8> {
        let claim = codes().with_file_name("claim");
        let names = ["request.json", "creation.json"];
        let members = names.map(|name| (name.to_owned(), std::fs::read(claim.join(name)).unwrap()));
        archive::write(&members.into_iter().collect()).unwrap()
    }

    /// The first of the texts of a request.
    fn long() -> String {
        let texts = split_archive(QrKind::Request, &documents(), 224).unwrap();
        texts.into_iter().next().unwrap()
    }

    fn picture_of(text: &str) -> Vec<u8> {
        let drawings = draw_codes(&[text.to_owned()], LARGEST).unwrap();
        code_to_png(&drawings[0], 4).unwrap()
    }

    fn as_jpeg(png: &[u8]) -> Vec<u8> {
        let mut out = std::io::Cursor::new(Vec::new());
        let grey = load_from_memory(png).unwrap().into_luma8();
        grey.write_to(&mut out, ImageFormat::Jpeg).unwrap();
        out.into_inner()
    }

    /// The seeds that this program makes itself. `progressive.jpg` is `short.jpg`, written anew by
    /// Pillow with `progressive=True`.
    fn made() -> Vec<(&'static str, Vec<u8>)> {
        let whole = documents();
        let lines = |texts: Vec<String>| texts.join("\n").into_bytes();
        let split = |kind, most| lines(split_archive(kind, &whole, most).unwrap());
        let files = packed::pack(&whole).unwrap();
        vec![
            ("request.parts", split(QrKind::Request, 224)),
            (
                "response.parts",
                split(QrKind::Response, max_characters(LARGEST)),
            ),
            ("plain.parts", lines(split_plain(&whole, 400))),
            ("packed.deflated", deflate_after(DICTIONARY, &files)),
            ("plain.deflated", deflate(&whole)),
            ("packed.files", files),
            ("short.png", picture_of(SHORT)),
            ("long.png", picture_of(&long())),
            ("short.jpg", as_jpeg(&picture_of(SHORT))),
        ]
    }

    #[test]
    #[cfg_attr(not(fuzz_seeds), ignore = "there is no fuzz/ here")]
    fn seeds_of_codes_are_as_this_program_makes_them() {
        for (name, made) in made() {
            let file = codes().join(name);
            if std::env::var_os("HSMBOOT_REGENERATE").is_some() {
                std::fs::write(file, made).unwrap();
            } else {
                assert_eq!(
                    std::fs::read(file).unwrap(),
                    made,
                    "{name}: HSMBOOT_REGENERATE=1 writes it anew"
                );
            }
        }
    }

    #[test]
    #[cfg_attr(not(fuzz_seeds), ignore = "there is no fuzz/ here")]
    fn every_seed_of_a_picture_shows_its_code() {
        let seeds = seeds::of_target("qr_picture");
        assert!(seeds.len() >= 4);
        for (name, seed) in &seeds {
            let text = if name.contains("long") {
                &long()
            } else {
                SHORT
            };
            assert_eq!(qr_picture(seed), [text], "{name}");
        }
        let has = |ending| seeds.iter().any(|(name, _)| name.ends_with(ending));
        assert!(has("short.png") && has("short.jpg") && has("progressive.jpg"));
        seeds::try_changed("qr_picture", |seed| drop(qr_picture(seed)));
    }

    #[test]
    #[cfg_attr(not(fuzz_seeds), ignore = "there is no fuzz/ here")]
    fn every_seed_of_parts_is_put_together() {
        for (name, seed) in seeds::of_target("qr_parts") {
            assert!(qr_parts(&seed).contains(&documents()), "{name}");
        }
        seeds::try_changed("qr_parts", |seed| drop(qr_parts(seed)));
    }

    #[test]
    #[cfg_attr(not(fuzz_seeds), ignore = "there is no fuzz/ here")]
    fn a_larger_picture_than_the_targets_is_not_decoded() {
        let wide = image::DynamicImage::new_luma8(1 << 10, (1 << 10) + 1);
        let mut file = std::io::Cursor::new(Vec::new());
        wide.write_to(&mut file, ImageFormat::Png).unwrap();
        let read = photograph::read_within(&file.into_inner(), SMALL, |_| false);
        assert_eq!(read, Err(photograph::PictureFault::TooLarge));
    }
}

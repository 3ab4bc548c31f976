//! Splits an archive into numbered parts, each a text that fits into one QR code.
//! [`Collection`](super::collection::Collection) puts them together again.
//!
//! A part is `HSMBOOT1:REQUEST:2/5:`, then in base45 eight octets that all parts of the same set
//! share (the first of the archive's SHA-256), eight that check the part (the first of a SHA-256
//! over all its other octets), and its share of the whole; then a full stop, so that no blank at
//! the end is lost where the text is copied. The whole is the archive's SHA-256 and the archive,
//! compressed (RFC 1951).

use super::compressed::deflate;
use super::{QrKind, base45};
use crate::x509::sha256;

/// The beginning of every part. The number goes up when older programs could not read the rest.
const MAGIC: &str = "HSMBOOT1";

/// The greatest number of parts: nobody photographs more.
pub const MAX_PARTS: usize = 99;

const SET: usize = 8;
const CHECK: usize = 8;

/// The length of the longest text that is read: more than the largest QR code holds (ISO/IEC 18004,
/// version 40-L: 4296 alphanumeric characters).
const MAX_TEXT: usize = 8192;

/// Returns the readable head of a part, so that people see in any scanner what they have.
fn part_head(kind: QrKind, index: usize, total: usize) -> String {
    let kind = match kind {
        QrKind::Request => "REQUEST",
        QrKind::Response => "RESPONSE",
    };
    format!("{MAGIC}:{kind}:{index}/{total}:")
}

fn part_checksum(head: &str, set: &[u8], data: &[u8]) -> Vec<u8> {
    let digest = sha256(&[head.as_bytes(), set, data].concat());
    digest.iter().take(CHECK).copied().collect()
}

/// Returns the number of octets of the whole that fit into a part whose text has at most
/// `characters`.
const fn max_octets(characters: usize) -> usize {
    // The longest head, and the full stop.
    let head = MAGIC.len() + ":RESPONSE:99/99:".len() + 1;
    // Saturating: in less than that nothing fits.
    (characters.saturating_sub(head) / 3 * 2).saturating_sub(SET + CHECK)
}

/// Splits the archive into texts of at most `characters`. The parts are as few as possible, and of
/// about the same length. Returns `None` if it would take more than [`MAX_PARTS`].
pub fn split_archive(kind: QrKind, archive: &[u8], characters: usize) -> Option<Vec<String>> {
    let digest = sha256(archive);
    let whole = [&digest[..], &deflate(archive)].concat();
    let most = max_octets(characters);
    if most == 0 {
        return None;
    }
    let total = whole.len().div_ceil(most);
    if total > MAX_PARTS {
        return None;
    }
    let set = digest.get(..SET)?;
    let pieces = whole.chunks(whole.len().div_ceil(total)).enumerate();
    let texts = pieces.map(|(at, data)| {
        let head = part_head(kind, at + 1, total);
        let body = base45::encode(&[set, &part_checksum(&head, set, data), data].concat());
        format!("{head}{body}.")
    });
    Some(texts.collect())
}

/// A part that was parsed from its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub(super) kind: QrKind,
    /// The octets that all parts of a set share.
    pub(super) set: Vec<u8>,
    pub(super) index: usize,
    pub(super) total: usize,
    pub(super) data: Vec<u8>,
}

/// The kind of a scanned text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScannedText {
    /// A valid part.
    Piece(Piece),
    /// A text that is not from this program.
    Foreign,
    /// A part that was changed on the way, or that a later version made.
    Damaged,
}

impl Piece {
    /// Parses the text of a code.
    pub fn read(text: &str) -> ScannedText {
        let text = text.trim_ascii();
        if !text.starts_with("HSMBOOT") || text.len() > MAX_TEXT {
            return ScannedText::Foreign;
        }
        Self::parse(text).map_or(ScannedText::Damaged, ScannedText::Piece)
    }

    fn parse(text: &str) -> Option<Piece> {
        let mut fields = text.splitn(4, ':');
        let (magic, kind, number, body) = (
            fields.next()?,
            fields.next()?,
            fields.next()?,
            fields.next()?,
        );
        let kind = [QrKind::Request, QrKind::Response]
            .into_iter()
            .find(|known| known.as_str().to_ascii_uppercase() == kind)?;
        let (index, total) = number.split_once('/')?;
        let (index, total): (usize, usize) = (index.parse().ok()?, total.parse().ok()?);
        let octets = base45::decode(body.strip_suffix('.')?)?;
        let (set, rest) = octets.split_at_checked(SET)?;
        let (checked, data) = rest.split_at_checked(CHECK)?;
        let head = part_head(kind, index, total);
        // The head as we write it: `02/5` is not `2/5`.
        let sound = magic == MAGIC
            && text.starts_with(&head)
            && (1..=total).contains(&index)
            && total <= MAX_PARTS
            && !data.is_empty();
        (sound && checked == part_checksum(&head, set, data)).then(|| Piece {
            kind,
            set: set.to_vec(),
            index,
            total,
            data: data.to_vec(),
        })
    }

    /// Returns the number of the part, and the number of all parts.
    pub const fn position(&self) -> (usize, usize) {
        (self.index, self.total)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns bytes that do not compress.
    pub(crate) fn incompressible(length: u32) -> Vec<u8> {
        (0..length.div_ceil(32))
            .flat_map(|at| sha256(&at.to_be_bytes()))
            .take(usize::try_from(length).unwrap())
            .collect()
    }

    pub(crate) fn parse_piece(text: &str) -> Piece {
        match Piece::read(text) {
            ScannedText::Piece(piece) => piece,
            other => unreachable!("{other:?}: {text}"),
        }
    }

    /// Makes a part with a valid check, as anybody could.
    pub(crate) fn forged_piece(index: usize, total: usize, set: &[u8], data: &[u8]) -> Piece {
        let head = part_head(QrKind::Request, index, total);
        parse_piece(&format!(
            "{head}{}.",
            base45::encode(&[set, &part_checksum(&head, set, data), data].concat())
        ))
    }

    #[test]
    fn every_changed_character_of_a_part_is_found() {
        let text = split_archive(QrKind::Request, &incompressible(200), 1000)
            .unwrap()
            .remove(0);
        for at in 0..text.len() {
            for character in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
                .chars()
                .filter(|c| !text[at..].starts_with(*c))
            {
                let mut bad = text.clone();
                bad.replace_range(at..=at, &character.to_string());
                assert!(
                    !matches!(Piece::read(&bad), ScannedText::Piece(_)),
                    "{at}: {character}"
                );
            }
        }
        for length in 0..text.len() {
            assert!(
                !matches!(Piece::read(&text[..length]), ScannedText::Piece(_)),
                "{length}"
            );
        }
        assert_eq!(
            parse_piece(&format!(" {text}\r\n")),
            parse_piece(&text),
            "as it is copied from a scanner"
        );
        for foreign in [
            "",
            "https://example.com",
            "HSMBOO",
            "hsmboot1:REQUEST:1/1:.",
        ] {
            assert_eq!(Piece::read(foreign), ScannedText::Foreign);
        }
        assert_eq!(
            Piece::read(&text.replacen("HSMBOOT1", "HSMBOOT2", 1)),
            ScannedText::Damaged
        );
    }

    #[test]
    fn what_is_too_much_for_all_parts_is_not_split() {
        assert_eq!(
            split_archive(QrKind::Request, &incompressible(100_000), 1000),
            None
        );
        assert_eq!(
            split_archive(QrKind::Request, b"", 20),
            None,
            "no room for anything"
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(HSMBOOT1?:?)?(REQUEST|RESPONSE)?:?[0-9]{0,30}/?[0-9\
                                           ]{0,3}:?[ -~]{0,60}") {
            drop(Piece::read(&text));
        }
    }
}

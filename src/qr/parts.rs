//! An archive in numbered parts, each a text that fits into one QR code; back from them to the
//! archive: [`Collection`](super::collection::Collection).
//!
//! A part is `HSMBOOT1:REQUEST:2/5:`, then in base45 eight octets that all parts of the same set
//! share (the first of the archive's SHA-256), eight that check the part (the first of a SHA-256
//! over all its other octets), and its share of the whole; then a full stop, so that no blank at
//! the end is lost where the text is copied. The whole is the archive's SHA-256 and the archive,
//! compressed (RFC 1951).

use super::compressed::deflate;
use super::{Kind, base45};
use crate::x509::sha256;

/// What every part begins with. The number goes up when older programs could not read what follows.
const MAGIC: &str = "HSMBOOT1";

/// More parts than this nobody photographs.
pub const MAX_PARTS: usize = 99;

const SET: usize = 8;
const CHECK: usize = 8;

/// The longest text that is looked at: more than the largest QR code holds (ISO/IEC 18004, version
/// 40-L: 4296 alphanumeric characters).
const MAX_TEXT: usize = 8192;

/// How a part begins: readable, so that people can see in any scanner what they have.
fn head(kind: Kind, index: usize, total: usize) -> String {
    let kind = match kind {
        Kind::Request => "REQUEST",
        Kind::Response => "RESPONSE",
    };
    format!("{MAGIC}:{kind}:{index}/{total}:")
}

fn check(head: &str, set: &[u8], data: &[u8]) -> Vec<u8> {
    let digest = sha256(&[head.as_bytes(), set, data].concat());
    digest.iter().take(CHECK).copied().collect()
}

/// How many octets of the whole a part can take whose text has at most `characters`.
const fn share(characters: usize) -> usize {
    // The longest head, and the full stop.
    let head = MAGIC.len() + ":RESPONSE:99/99:".len() + 1;
    (characters.saturating_sub(head) / 3 * 2).saturating_sub(SET + CHECK)
}

/// The archive's parts, each a text of at most `characters`; as few as possible, and of about the
/// same length. `None`: it takes more than [`MAX_PARTS`].
pub fn split(kind: Kind, archive: &[u8], characters: usize) -> Option<Vec<String>> {
    let digest = sha256(archive);
    let whole = [&digest[..], &deflate(archive)].concat();
    let most = share(characters);
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
        let head = head(kind, at.saturating_add(1), total);
        let body = base45::encode(&[set, &check(&head, set, data), data].concat());
        format!("{head}{body}.")
    });
    Some(texts.collect())
}

/// A part, as its text gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub(super) kind: Kind,
    /// What all parts of a set share.
    pub(super) set: Vec<u8>,
    pub(super) index: usize,
    pub(super) total: usize,
    pub(super) data: Vec<u8>,
}

/// What a text turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A part that checks.
    Piece(Piece),
    /// Nothing of ours.
    Foreign,
    /// Ours, and changed on the way, or of a later version.
    Damaged,
}

impl Piece {
    /// Reads a code's text.
    pub fn read(text: &str) -> Found {
        let text = text.trim_ascii();
        if !text.starts_with("HSMBOOT") || text.len() > MAX_TEXT {
            return Found::Foreign;
        }
        Self::parse(text).map_or(Found::Damaged, Found::Piece)
    }

    fn parse(text: &str) -> Option<Piece> {
        let mut fields = text.splitn(4, ':');
        let (magic, kind, number, body) = (
            fields.next()?,
            fields.next()?,
            fields.next()?,
            fields.next()?,
        );
        let kind = [Kind::Request, Kind::Response]
            .into_iter()
            .find(|known| known.as_str().to_ascii_uppercase() == kind)?;
        let (index, total) = number.split_once('/')?;
        let (index, total): (usize, usize) = (index.parse().ok()?, total.parse().ok()?);
        let octets = base45::decode(body.strip_suffix('.')?)?;
        let (set, rest) = octets.split_at_checked(SET)?;
        let (checked, data) = rest.split_at_checked(CHECK)?;
        let head = head(kind, index, total);
        // The head as we write it: `02/5` is not `2/5`.
        let sound = magic == MAGIC
            && text.starts_with(&head)
            && (1..=total).contains(&index)
            && total <= MAX_PARTS
            && !data.is_empty();
        (sound && checked == check(&head, set, data)).then(|| Piece {
            kind,
            set: set.to_vec(),
            index,
            total,
            data: data.to_vec(),
        })
    }

    /// Which part it is, and of how many.
    pub const fn number(&self) -> (usize, usize) {
        (self.index, self.total)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Does not compress.
    pub(crate) fn noise(length: u32) -> Vec<u8> {
        (0..length.div_ceil(32))
            .flat_map(|at| sha256(&at.to_be_bytes()))
            .take(usize::try_from(length).unwrap())
            .collect()
    }

    pub(crate) fn piece(text: &str) -> Piece {
        match Piece::read(text) {
            Found::Piece(piece) => piece,
            other => unreachable!("{other:?}: {text}"),
        }
    }

    /// A part as anybody could make it, with a check that fits.
    pub(crate) fn forged(index: usize, total: usize, set: &[u8], data: &[u8]) -> Piece {
        let head = head(Kind::Request, index, total);
        piece(&format!(
            "{head}{}.",
            base45::encode(&[set, &check(&head, set, data), data].concat())
        ))
    }

    #[test]
    fn every_changed_character_of_a_part_is_found() {
        let text = split(Kind::Request, &noise(200), 1000).unwrap().remove(0);
        for at in 0..text.len() {
            for character in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
                .chars()
                .filter(|c| !text[at..].starts_with(*c))
            {
                let mut bad = text.clone();
                bad.replace_range(at..=at, &character.to_string());
                assert!(
                    !matches!(Piece::read(&bad), Found::Piece(_)),
                    "{at}: {character}"
                );
            }
        }
        for length in 0..text.len() {
            assert!(
                !matches!(Piece::read(&text[..length]), Found::Piece(_)),
                "{length}"
            );
        }
        assert_eq!(
            piece(&format!(" {text}\r\n")),
            piece(&text),
            "as it is copied from a scanner"
        );
        for foreign in [
            "",
            "https://example.com",
            "HSMBOO",
            "hsmboot1:REQUEST:1/1:.",
        ] {
            assert_eq!(Piece::read(foreign), Found::Foreign);
        }
        assert_eq!(
            Piece::read(&text.replacen("HSMBOOT1", "HSMBOOT2", 1)),
            Found::Damaged
        );
    }

    #[test]
    fn what_is_too_much_for_all_parts_is_not_split() {
        assert_eq!(split(Kind::Request, &noise(100_000), 1000), None);
        assert_eq!(split(Kind::Request, b"", 20), None, "no room for anything");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(HSMBOOT1?:?)?(REQUEST|RESPONSE)?:?[0-9]{0,30}/?[0-9\
                                           ]{0,3}:?[ -~]{0,60}") {
            drop(Piece::read(&text));
        }
    }
}

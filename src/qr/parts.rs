//! Splits an archive into numbered parts, each a text that fits into one QR code.
//! [`Collection`](super::collection::Collection) puts them together again.
//!
//! A part is `HSMBOOT2:`, and then in base45 two octets with its kind, its number and the number of
//! all parts, four that all parts of the same set share (the first of the archive's SHA-256), four
//! that check the part (the first of a SHA-256 over all the rest of it), and its share of the
//! whole; then a full stop, so that no blank at the end is lost where the text is copied. The whole
//! is the archive's SHA-256, all of it, and the archive, packed and compressed
//! (RFC 1951).
//!
//! An archive that cannot be packed travels in the form that came before, which is read as ever:
//! `HSMBOOT1:REQUEST:2/5:`, in base45 eight octets of the set, eight that check, and the share; the
//! whole is the archive's SHA-256 and the archive, compressed.

use super::compressed::{deflate, deflate_after, inflate, inflate_after};
use super::dictionary::DICTIONARY;
use super::{QrKind, base45, packed};
use crate::x509::sha256;

/// The greatest number of parts: nobody photographs more.
pub const MAX_PARTS: usize = 99;

/// The length of the longest text that is read: more than the largest QR code holds (ISO/IEC 18004,
/// version 40-L: 4296 alphanumeric characters).
const MAX_TEXT: usize = 8192;

/// The form of the parts of a set. Its number goes up when older programs could not read the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PartFormat {
    /// `HSMBOOT1`: the archive as it is, under a head that people can read.
    Plain,
    /// `HSMBOOT2`: the archive packed, under a head of two octets.
    Packed,
}

impl PartFormat {
    const ALL: [PartFormat; 2] = [PartFormat::Plain, PartFormat::Packed];

    /// The beginning of every part.
    const fn magic(self) -> &'static str {
        match self {
            PartFormat::Plain => "HSMBOOT1",
            PartFormat::Packed => "HSMBOOT2",
        }
    }

    /// The octets that name the set, and as many that check the part.
    const fn set_octets(self) -> usize {
        match self {
            PartFormat::Plain => 8,
            PartFormat::Packed => 4,
        }
    }

    /// The characters and octets of a part that are not its share of the whole, at most.
    const fn overhead(self) -> (usize, usize) {
        // The magic, the longest head, and the full stop.
        match self {
            PartFormat::Plain => (self.magic().len() + ":RESPONSE:99/99:.".len(), 16),
            PartFormat::Packed => (self.magic().len() + ":.".len(), 10),
        }
    }

    /// Returns the number of octets of the whole that fit into a part whose text has at most
    /// `characters`.
    const fn max_octets(self, characters: usize) -> usize {
        let (head, octets) = self.overhead();
        // Saturating: in less than that nothing fits.
        (characters.saturating_sub(head) / 3 * 2).saturating_sub(octets)
    }

    /// Returns what a part's digits begin with: before the base45 in the one form, in it in the
    /// other.
    fn head(self, kind: QrKind, index: usize, total: usize) -> Option<(String, Vec<u8>)> {
        Some(match self {
            PartFormat::Plain => {
                let kind = kind.as_str().to_ascii_uppercase();
                (
                    format!("{}:{kind}:{index}/{total}:", self.magic()),
                    Vec::new(),
                )
            }
            PartFormat::Packed => {
                let of_response = match kind {
                    QrKind::Request => 0,
                    QrKind::Response => OF_RESPONSE,
                };
                let (index, total) = (u8::try_from(index).ok()?, u8::try_from(total).ok()?);
                (
                    format!("{}:", self.magic()),
                    vec![index | of_response, total],
                )
            }
        })
    }

    /// Returns the archive that the compressed whole holds.
    pub(super) fn unpack(self, compressed: &[u8]) -> Option<Vec<u8>> {
        match self {
            PartFormat::Plain => inflate(compressed),
            PartFormat::Packed => packed::unpack(&inflate_after(DICTIONARY, compressed)?),
        }
    }
}

/// The bit of a packed head that says that the part is a response's.
const OF_RESPONSE: u8 = 0x80;

/// Returns the text of a part.
fn part_text(
    format: PartFormat,
    kind: QrKind,
    (index, total): (usize, usize),
    set: &[u8],
    data: &[u8],
) -> Option<String> {
    let (head, octets) = format.head(kind, index, total)?;
    let check = part_checksum(format, &head, &octets, set, data);
    let body = base45::encode(&[&octets, set, &check, data].concat());
    Some(format!("{head}{body}."))
}

fn part_checksum(
    format: PartFormat,
    head: &str,
    octets: &[u8],
    set: &[u8],
    data: &[u8],
) -> Vec<u8> {
    let digest = sha256(&[head.as_bytes(), octets, set, data].concat());
    digest.iter().take(format.set_octets()).copied().collect()
}

/// Splits the archive into texts of at most `characters`. The parts are as few as possible, and of
/// about the same length. Returns `None` if it would take more than [`MAX_PARTS`].
pub fn split_archive(kind: QrKind, archive: &[u8], characters: usize) -> Option<Vec<String>> {
    let (format, compressed) = match packed::pack(archive) {
        Some(packed) => (PartFormat::Packed, deflate_after(DICTIONARY, &packed)),
        None => (PartFormat::Plain, deflate(archive)),
    };
    split_as(format, kind, archive, &compressed, characters)
}

fn split_as(
    format: PartFormat,
    kind: QrKind,
    archive: &[u8],
    compressed: &[u8],
    characters: usize,
) -> Option<Vec<String>> {
    let digest = sha256(archive);
    let whole = [&digest[..], compressed].concat();
    let most = format.max_octets(characters);
    if most == 0 {
        return None;
    }
    let fewest = whole.len().div_ceil(most);
    if fewest > MAX_PARTS {
        return None;
    }
    let set = digest.get(..format.set_octets())?;
    // Of even length: an octet alone takes two characters.
    let share = whole.len().div_ceil(fewest).next_multiple_of(2).min(most);
    let (total, pieces) = (whole.len().div_ceil(share), whole.chunks(share).enumerate());
    pieces
        .map(|(at, data)| part_text(format, kind, (at + 1, total), set, data))
        .collect()
}

/// A part that was parsed from its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub(super) format: PartFormat,
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
        let formats = PartFormat::ALL.into_iter();
        let mut found = formats.filter_map(|format| {
            let rest = text.strip_prefix(format.magic())?.strip_prefix(':')?;
            Some((format, rest))
        });
        let (format, rest) = found.next()?;
        let (kind, index, total, octets) = match format {
            PartFormat::Plain => {
                let mut fields = rest.splitn(3, ':');
                let (kind, number, body) = (fields.next()?, fields.next()?, fields.next()?);
                let kind = [QrKind::Request, QrKind::Response]
                    .into_iter()
                    .find(|known| known.as_str().to_ascii_uppercase() == kind)?;
                let (index, total) = number.split_once('/')?;
                let octets = base45::decode(body.strip_suffix('.')?)?;
                (kind, index.parse().ok()?, total.parse().ok()?, octets)
            }
            PartFormat::Packed => {
                let octets = base45::decode(rest.strip_suffix('.')?)?;
                let (head, octets) = octets.split_at_checked(2)?;
                let [index, total] = head else { return None };
                let kind = match index & OF_RESPONSE {
                    0 => QrKind::Request,
                    _ => QrKind::Response,
                };
                let index = index & !OF_RESPONSE;
                (kind, index.into(), usize::from(*total), octets.to_vec())
            }
        };
        let (set, rest) = octets.split_at_checked(format.set_octets())?;
        let (_, data) = rest.split_at_checked(format.set_octets())?;
        // The text as we write it, its check included: `02/5` is not `2/5`.
        let sound = (1..=total).contains(&index)
            && total <= MAX_PARTS
            && !data.is_empty()
            && part_text(format, kind, (index, total), set, data)? == text;
        sound.then(|| Piece {
            format,
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
        let at = (index, total);
        parse_piece(&part_text(PartFormat::Plain, QrKind::Request, at, set, data).unwrap())
    }

    #[test]
    fn every_changed_character_of_a_part_is_found() {
        finds_every_change(&incompressible(200));
        finds_every_change(&archive_with(100));
    }

    /// Holds that no character of the archive's first part can be changed unnoticed.
    fn finds_every_change(archive: &[u8]) {
        let text = split_archive(QrKind::Request, archive, 1000)
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
        let (own, rest) = text.split_at("HSMBOOT1".len());
        for other in ["HSMBOOT1", "HSMBOOT2", "HSMBOOT3"] {
            if other != own {
                let text = format!("{other}{rest}");
                assert_eq!(Piece::read(&text), ScannedText::Damaged, "{own} as {other}");
            }
        }
    }

    /// The archive of a bundle with this much in it that does not compress.
    pub(crate) fn archive_with(length: u32) -> Vec<u8> {
        let noise = crate::x509::to_hex(&incompressible(length)).into_bytes();
        let members = [("cluster-abc234defgh_ClusterCsr.csr".to_owned(), noise)];
        crate::bundle::archive::write(&members.into_iter().collect()).unwrap()
    }

    /// The parts of an archive as older programs draw them.
    pub(crate) fn split_plain(archive: &[u8], characters: usize) -> Vec<String> {
        let (format, kind) = (PartFormat::Plain, QrKind::Request);
        split_as(format, kind, archive, &deflate(archive), characters).unwrap()
    }

    #[test]
    fn a_bundle_takes_fewer_parts_than_it_did() {
        let archive = archive_with(1000);
        let texts = split_archive(QrKind::Response, &archive, 224).unwrap();
        assert!(texts.iter().all(|text| text.len() <= 224), "{texts:?}");
        assert!(texts.len() < split_plain(&archive, 224).len());
        for (at, text) in texts.iter().enumerate() {
            assert!(
                text.starts_with("HSMBOOT2:") && text.ends_with('.'),
                "{text}"
            );
            let piece = parse_piece(text);
            assert_eq!(
                (piece.kind, piece.position()),
                (QrKind::Response, (at + 1, texts.len()))
            );
        }
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
        fn no_text_makes_it_panic(text in "(HSMBOOT[12]?:?)?(REQUEST|RESPONSE)?:?[0-9]{0,30}/?[0-9\
                                           ]{0,3}:?[ -~]{0,60}") {
            drop(Piece::read(&text));
        }
    }
}

//! An archive in numbered parts, each a text that fits into one QR code, and the archive from its parts.
//!
//! A part is `HSMBOOT1:REQUEST:2/5:`, then in base45 eight octets that all parts of the same set share (the first of the archive's SHA-256), eight that
//! check the part (the first of a SHA-256 over all its other octets), and its share of the whole; then a full stop, so that no blank at the end is
//! lost where the text is copied. The whole is the archive's SHA-256 and the archive, compressed (RFC 1951).

use std::collections::BTreeMap;
use std::fmt;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::{Kind, base45};
use crate::bundle::archive::MAX_ARCHIVE;
use crate::x509::sha256;

/// What every part begins with. The number goes up when older programs could not read what follows.
const MAGIC: &str = "HSMBOOT1";

/// More parts than this nobody photographs.
pub const MAX_PARTS: usize = 99;

const SET: usize = 8;
const CHECK: usize = 8;
const DIGEST: usize = 32;

/// The longest text that is looked at: more than the largest QR code holds (ISO/IEC 18004, version 40-L: 4296 alphanumeric characters).
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

/// The archive's parts, each a text of at most `characters`; as few as possible, and of about the same length. `None`: it takes more than [`MAX_PARTS`].
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

/// RFC 1951.
fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len().saturating_add(1024));
    let mut machine = Compress::new(Compression::best(), false);
    // An output longer than its input by a kilobyte cannot be (RFC 1951 3.2.4: five octets to 65535); nothing that this could fail on.
    while !matches!(machine.compress_vec(tail(bytes, machine.total_in()), &mut out, FlushCompress::Finish), Ok(Status::StreamEnd) | Err(_)) {
        out.reserve(1024);
    }
    out
}

fn tail(bytes: &[u8], done: u64) -> &[u8] {
    usize::try_from(done).ok().and_then(|done| bytes.get(done..)).unwrap_or_default()
}

/// The other way, never to more than an archive may have.
fn inflate(bytes: &[u8]) -> Option<Vec<u8>> {
    // Room for one more: what fills it is too much.
    let room = usize::try_from(MAX_ARCHIVE).ok()?.checked_add(1)?;
    let mut out = Vec::with_capacity(room);
    let mut machine = Decompress::new(false);
    let status = machine.decompress_vec(bytes, &mut out, FlushDecompress::Finish).ok()?;
    let whole = status == Status::StreamEnd && tail(bytes, machine.total_in()).is_empty() && out.len() < room;
    whole.then_some(out)
}

/// A part, as its text gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    kind: Kind,
    set: Vec<u8>,
    index: usize,
    total: usize,
    data: Vec<u8>,
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
        let (magic, kind, number, body) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let kind = [Kind::Request, Kind::Response].into_iter().find(|known| known.as_str().to_ascii_uppercase() == kind)?;
        let (index, total) = number.split_once('/')?;
        let (index, total): (usize, usize) = (index.parse().ok()?, total.parse().ok()?);
        let octets = base45::decode(body.strip_suffix('.')?)?;
        let (set, rest) = octets.split_at_checked(SET)?;
        let (checked, data) = rest.split_at_checked(CHECK)?;
        let head = head(kind, index, total);
        // The head as we write it: `02/5` is not `2/5`.
        let sound = magic == MAGIC && text.starts_with(&head) && (1..=total).contains(&index) && total <= MAX_PARTS && !data.is_empty();
        (sound && checked == check(&head, set, data)).then(|| Piece { kind, set: set.to_vec(), index, total, data: data.to_vec() })
    }

    /// Which part it is, and of how many.
    pub const fn number(&self) -> (usize, usize) {
        (self.index, self.total)
    }
}

/// Why parts do not make an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There are none.
    Nothing,
    /// These are missing, of how many.
    Missing {
        /// Of what.
        kind: Kind,
        /// Their numbers.
        parts: Vec<usize>,
        /// How many there are.
        total: usize,
    },
    /// They belong to several sets: each with what is there of it.
    Mixed(Vec<String>),
    /// They check one by one and not as a whole.
    Damaged(&'static str),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Nothing => f.write_str("there is no code of a bundle"),
            Fault::Missing { kind, parts, total } => {
                let (noun, verb) = if parts.len() == 1 { ("part", "is") } else { ("parts", "are") };
                write!(f, "{noun} {} of {total} of the {kind} {verb} missing", list(parts))
            }
            Fault::Mixed(sets) => write!(f, "the codes belong to {} different sets\n  {}", sets.len(), sets.join("\n  ")),
            Fault::Damaged(why) => write!(f, "the codes do not make a bundle: {why}"),
        }
    }
}

/// `1, 2 and 5`
fn list(numbers: &[usize]) -> String {
    let words: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

type Key = (Kind, Vec<u8>, usize);

/// Parts as they come in: in any order, some more than once.
#[derive(Clone, Debug, Default)]
pub struct Collection {
    sets: BTreeMap<Key, BTreeMap<usize, Vec<u8>>>,
    contradicts: bool,
}

impl Collection {
    /// Takes a part; `false`: it was there already.
    pub fn add(&mut self, piece: Piece) -> bool {
        let set = self.sets.entry((piece.kind, piece.set, piece.total)).or_default();
        let before = set.insert(piece.index, piece.data.clone());
        self.contradicts |= before.as_ref().is_some_and(|before| *before != piece.data);
        before.is_none()
    }

    /// Whether every part of every set is there.
    pub fn is_complete(&self) -> bool {
        !self.sets.is_empty() && self.sets.iter().all(|((_, _, total), parts)| parts.len() == *total)
    }

    /// The archive, and what it is of.
    ///
    /// # Errors
    /// See [`Fault`].
    pub fn join(&self) -> Result<(Kind, Vec<u8>), Fault> {
        let mut sets = self.sets.iter();
        let Some(((kind, set, total), parts)) = sets.next() else { return Err(Fault::Nothing) };
        if sets.next().is_some() {
            return Err(Fault::Mixed(self.describe()));
        }
        let missing: Vec<usize> = (1..=*total).filter(|number| !parts.contains_key(number)).collect();
        if !missing.is_empty() {
            return Err(Fault::Missing { kind: *kind, parts: missing, total: *total });
        }
        if self.contradicts {
            return Err(Fault::Damaged("one part has come with two contents"));
        }
        let whole: Vec<u8> = parts.values().flatten().copied().collect();
        let (digest, compressed) = whole.split_at_checked(DIGEST).ok_or(Fault::Damaged("there is too little of it"))?;
        let archive = inflate(compressed).ok_or(Fault::Damaged("what they hold cannot be unpacked, or is larger than any bundle"))?;
        if sha256(&archive) != digest || !digest.starts_with(set) {
            return Err(Fault::Damaged("the SHA-256 of the whole is another one"));
        }
        Ok((*kind, archive))
    }

    /// What is there of each set.
    fn describe(&self) -> Vec<String> {
        let line = |((kind, set, total), parts): (&Key, &BTreeMap<usize, Vec<u8>>)| {
            let numbers: Vec<usize> = parts.keys().copied().collect();
            let noun = if numbers.len() == 1 { "part" } else { "parts" };
            format!("{kind} {}: {noun} {} of {total}", crate::x509::hex(set), list(&numbers))
        };
        self.sets.iter().map(line).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Does not compress.
    fn noise(length: u32) -> Vec<u8> {
        (0..length.div_ceil(32)).flat_map(|at| sha256(&at.to_be_bytes())).take(usize::try_from(length).unwrap()).collect()
    }

    fn piece(text: &str) -> Piece {
        match Piece::read(text) {
            Found::Piece(piece) => piece,
            other => unreachable!("{other:?}: {text}"),
        }
    }

    fn collection(texts: &[String]) -> Collection {
        let mut collection = Collection::default();
        for text in texts {
            collection.add(piece(text));
        }
        collection
    }

    #[test]
    fn parts_in_any_order_and_twice_make_the_whole() {
        let archive = noise(5000);
        let mut texts = split(Kind::Request, &archive, 1000).unwrap();
        assert_eq!(texts.len(), 8);
        assert!(texts.iter().all(|text| text.len() <= 1000 && text.starts_with("HSMBOOT1:REQUEST:")), "{texts:?}");
        texts.reverse();
        texts.extend(texts.clone());
        let collection = collection(&texts);
        assert!(collection.is_complete());
        assert_eq!(collection.join(), Ok((Kind::Request, archive)));
    }

    #[test]
    fn a_missing_part_is_named() {
        let texts = split(Kind::Response, &noise(3000), 1000).unwrap();
        let kept: Vec<String> = [0, 2, 3].map(|at| texts[at].clone()).into();
        let missing = collection(&kept);
        assert!(!missing.is_complete());
        assert_eq!(missing.join().unwrap_err().to_string(), "parts 2 and 5 of 5 of the response are missing");
        assert_eq!(collection(&texts[1..]).join(), Err(Fault::Missing { kind: Kind::Response, parts: vec![1], total: texts.len() }));
        assert_eq!(Collection::default().join(), Err(Fault::Nothing));
    }

    #[test]
    fn parts_of_several_sets_are_told_apart() {
        let (one, other) = (noise(1500), noise(1501));
        let [a, b] = [&one, &other].map(|archive| split(Kind::Request, archive, 1000).unwrap());
        let mixed = collection(&[a[0].clone(), b[1].clone(), b[2].clone()]);
        let said = mixed.join().unwrap_err().to_string();
        assert!(said.contains("2 different sets") && said.contains("part 1 of 3") && said.contains("parts 2 and 3 of 3"), "{said}");
        // The same bundle, cut for another size of code, or sent the other way.
        let c = split(Kind::Request, &one, 1500).unwrap();
        assert!(matches!(collection(&[a[0].clone(), c[1].clone()]).join(), Err(Fault::Mixed(_))));
        let d = split(Kind::Response, &one, 1000).unwrap();
        assert!(matches!(collection(&[a[0].clone(), d[1].clone()]).join(), Err(Fault::Mixed(_))));
    }

    #[test]
    fn every_changed_character_of_a_part_is_found() {
        let text = split(Kind::Request, &noise(200), 1000).unwrap().remove(0);
        for at in 0..text.len() {
            for character in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".chars().filter(|c| !text[at..].starts_with(*c)) {
                let mut bad = text.clone();
                bad.replace_range(at..=at, &character.to_string());
                assert!(!matches!(Piece::read(&bad), Found::Piece(_)), "{at}: {character}");
            }
        }
        for length in 0..text.len() {
            assert!(!matches!(Piece::read(&text[..length]), Found::Piece(_)), "{length}");
        }
        assert_eq!(piece(&format!(" {text}\r\n")), piece(&text), "as it is copied from a scanner");
        for foreign in ["", "https://example.com", "HSMBOO", "hsmboot1:REQUEST:1/1:."] {
            assert_eq!(Piece::read(foreign), Found::Foreign);
        }
        assert_eq!(Piece::read(&text.replacen("HSMBOOT1", "HSMBOOT2", 1)), Found::Damaged);
    }

    /// A part as anybody could make it, with a check that fits.
    fn forged(index: usize, total: usize, set: &[u8], data: &[u8]) -> Piece {
        let head = head(Kind::Request, index, total);
        piece(&format!("{head}{}.", base45::encode(&[set, &check(&head, set, data), data].concat())))
    }

    #[test]
    fn what_checks_in_parts_and_not_as_a_whole_is_refused() {
        let archive = noise(100);
        let digest = sha256(&archive);
        let whole = [&digest[..], &deflate(&archive)].concat();
        let joined = |set: &[u8], whole: &[u8]| {
            let mut collection = Collection::default();
            collection.add(forged(1, 1, set, whole));
            collection.join()
        };
        assert!(joined(&digest[..8], &whole).is_ok());
        assert!(matches!(joined(&[0; 8], &whole), Err(Fault::Damaged(_))), "another set");
        assert!(matches!(joined(&digest[..8], &whole[..31]), Err(Fault::Damaged(_))));
        assert!(matches!(joined(&digest[..8], &whole[..whole.len() - 1]), Err(Fault::Damaged(_))));
        assert!(matches!(joined(&digest[..8], &[&whole[..], b"x"].concat()), Err(Fault::Damaged(_))), "something behind it");
        let mut other = whole;
        other[5] ^= 1;
        assert!(matches!(joined(&digest[..8], &other), Err(Fault::Damaged(_))), "another digest");
        let mut twice = Collection::default();
        twice.add(forged(1, 1, &digest[..8], b"one"));
        assert!(!twice.add(forged(1, 1, &digest[..8], b"two")));
        assert_eq!(twice.join(), Err(Fault::Damaged("one part has come with two contents")));
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let most = usize::try_from(MAX_ARCHIVE).unwrap();
        assert_eq!(inflate(&deflate(&vec![0; most])).unwrap().len(), most);
        for size in [most + 1, most * 40] {
            let bomb = deflate(&vec![0; size]);
            assert!(bomb.len() < 50_000);
            assert_eq!(inflate(&bomb), None);
        }
    }

    #[test]
    fn what_is_too_much_for_all_parts_is_not_split() {
        assert_eq!(split(Kind::Request, &noise(100_000), 1000), None);
        assert_eq!(split(Kind::Request, b"", 20), None, "no room for anything");
    }

    proptest! {
        #[test]
        fn any_archive_comes_back_in_parts_of_any_size(archive in vec(any::<u8>(), 0..3000), characters in 120usize..3000) {
            let texts = split(Kind::Response, &archive, characters).unwrap();
            prop_assert!(texts.iter().all(|text| text.len() <= characters));
            prop_assert_eq!(collection(&texts).join(), Ok((Kind::Response, archive)));
        }

        #[test]
        fn no_text_makes_it_panic(text in "(HSMBOOT1?:?)?(REQUEST|RESPONSE)?:?[0-9]{0,30}/?[0-9]{0,3}:?[ -~]{0,60}") {
            drop(Piece::read(&text));
        }

        #[test]
        fn no_bytes_make_it_panic(whole in vec(any::<u8>(), 1..200)) {
            let mut collection = Collection::default();
            collection.add(forged(1, 1, &[0; 8], &whole));
            prop_assert!(collection.join().is_err());
        }
    }
}

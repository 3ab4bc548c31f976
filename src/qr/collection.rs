//! Puts parts together, in any order, and compares the result with the digest of the whole.

use std::collections::BTreeMap;
use std::fmt;

use super::QrKind;
use super::parts::{PartFormat, Piece};
use crate::x509::sha256;

const DIGEST: usize = 32;

/// The greatest number of sets that are kept apart: only one is wanted.
const MAX_SETS: usize = 10;

/// The reason why parts do not make an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CollectionFault {
    /// There are no parts.
    Nothing,
    /// Some parts of a set are missing.
    Missing {
        /// The kind of the set.
        kind: QrKind,
        /// The numbers of the missing parts.
        parts: Vec<usize>,
        /// The number of parts in the set.
        total: usize,
    },
    /// The parts belong to several sets.
    Mixed {
        /// The sets, each with a description of its parts.
        sets: Vec<String>,
        /// `true` if there are more sets than these.
        more: bool,
    },
    /// Each part is valid by itself, but the whole is not.
    Damaged(&'static str),
}

impl fmt::Display for CollectionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CollectionFault::Nothing => f.write_str("there is no code of a bundle"),
            CollectionFault::Missing { kind, parts, total } => {
                let (noun, verb) = if parts.len() == 1 {
                    ("part", "is")
                } else {
                    ("parts", "are")
                };
                write!(
                    f,
                    "{noun} {} of {total} of the {kind} {verb} missing",
                    list_numbers(parts)
                )
            }
            CollectionFault::Mixed { sets, more } => {
                let more = if *more { "more than " } else { "" };
                write!(f, "the codes belong to {more}{} different sets", sets.len())
            }
            CollectionFault::Damaged(why) => write!(f, "the codes do not make a bundle: {why}"),
        }
    }
}

/// Writes numbers as a list: `1, 2 and 5`.
fn list_numbers(numbers: &[usize]) -> String {
    let words: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

type SetKey = (PartFormat, QrKind, Vec<u8>, usize);

/// A collection of parts, which come in any order and some more than once.
#[derive(Clone, Debug, Default)]
pub struct Collection {
    sets: BTreeMap<SetKey, BTreeMap<usize, Vec<u8>>>,
    contradicts: bool,
    /// `true` if there were more sets than [`MAX_SETS`].
    more: bool,
}

impl Collection {
    /// Adds a part. Returns `false` if it was there already, or belongs to one set too many.
    pub fn add(&mut self, piece: Piece) -> bool {
        let key = (piece.format, piece.kind, piece.set, piece.total);
        if self.sets.len() >= MAX_SETS && !self.sets.contains_key(&key) {
            self.more = true;
            return false;
        }
        let set = self.sets.entry(key).or_default();
        let before = set.insert(piece.index, piece.data.clone());
        self.contradicts |= before.as_ref().is_some_and(|before| *before != piece.data);
        before.is_none()
    }

    /// Tells whether every part of every set is there.
    pub fn is_complete(&self) -> bool {
        !self.sets.is_empty()
            && self
                .sets
                .iter()
                .all(|((.., total), parts)| parts.len() == *total)
    }

    /// Returns the archive and its kind.
    ///
    /// # Errors
    /// See [`CollectionFault`].
    pub fn join_parts(&self) -> Result<(QrKind, Vec<u8>), CollectionFault> {
        let mut sets = self.sets.iter();
        let Some(((format, kind, set, total), parts)) = sets.next() else {
            return Err(CollectionFault::Nothing);
        };
        if sets.next().is_some() {
            return Err(CollectionFault::Mixed {
                sets: self.describe_sets(),
                more: self.more,
            });
        }
        let missing: Vec<usize> = (1..=*total)
            .filter(|number| !parts.contains_key(number))
            .collect();
        if !missing.is_empty() {
            return Err(CollectionFault::Missing {
                kind: *kind,
                parts: missing,
                total: *total,
            });
        }
        if self.contradicts {
            return Err(CollectionFault::Damaged(
                "one part has come with two contents",
            ));
        }
        let whole: Vec<u8> = parts.values().flatten().copied().collect();
        let (digest, compressed) = whole
            .split_at_checked(DIGEST)
            .ok_or(CollectionFault::Damaged("there is too little of it"))?;
        let archive = format.unpack(compressed).ok_or(CollectionFault::Damaged(
            "what they hold cannot be unpacked, or is larger than any bundle",
        ))?;
        if sha256(&archive) != digest || !digest.starts_with(set) {
            return Err(CollectionFault::Damaged(
                "the SHA-256 of the whole is another one",
            ));
        }
        Ok((*kind, archive))
    }

    /// Describes the parts of each set.
    fn describe_sets(&self) -> Vec<String> {
        let line = |((_, kind, set, total), parts): (&SetKey, &BTreeMap<usize, Vec<u8>>)| {
            let numbers: Vec<usize> = parts.keys().copied().collect();
            let noun = if numbers.len() == 1 { "part" } else { "parts" };
            format!(
                "{kind} {}: {noun} {} of {total}",
                crate::x509::to_hex(set),
                list_numbers(&numbers)
            )
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
    use crate::qr::compressed::deflate;
    use crate::qr::parts::split_archive;
    use crate::qr::parts::tests::{
        archive_with, forged_piece, incompressible, parse_piece, split_plain,
    };

    fn collect_texts(texts: &[String]) -> Collection {
        let mut collection = Collection::default();
        for text in texts {
            collection.add(parse_piece(text));
        }
        collection
    }

    #[test]
    fn parts_in_any_order_and_twice_make_the_whole() {
        let archive = incompressible(5000);
        let mut texts = split_archive(QrKind::Request, &archive, 1000).unwrap();
        assert_eq!(texts.len(), 8);
        assert!(
            texts
                .iter()
                .all(|text| text.len() <= 1000 && text.starts_with("HSMBOOT1:REQUEST:")),
            "{texts:?}"
        );
        texts.reverse();
        texts.extend(texts.clone());
        let collection = collect_texts(&texts);
        assert!(collection.is_complete());
        assert_eq!(collection.join_parts(), Ok((QrKind::Request, archive)));
    }

    #[test]
    fn parts_that_older_programs_drew_are_read_and_not_mixed_with_others() {
        let archive = archive_with(1000);
        let (before, now) = (
            split_plain(&archive, 1000),
            split_archive(QrKind::Request, &archive, 1000).unwrap(),
        );
        for texts in [&before, &now] {
            assert_eq!(
                collect_texts(texts).join_parts(),
                Ok((QrKind::Request, archive.clone()))
            );
        }
        assert!(matches!(
            collect_texts(&[before[0].clone(), now[1].clone()]).join_parts(),
            Err(CollectionFault::Mixed { .. })
        ));
    }

    #[test]
    fn a_missing_part_is_named() {
        let texts = split_archive(QrKind::Response, &incompressible(3000), 1000).unwrap();
        let kept: Vec<String> = [0, 2, 3].map(|at| texts[at].clone()).into();
        let missing = collect_texts(&kept);
        assert!(!missing.is_complete());
        assert_eq!(
            missing.join_parts().unwrap_err().to_string(),
            "parts 2 and 5 of 5 of the response are missing"
        );
        assert_eq!(
            collect_texts(&texts[1..]).join_parts(),
            Err(CollectionFault::Missing {
                kind: QrKind::Response,
                parts: vec![1],
                total: texts.len()
            })
        );
        assert_eq!(
            Collection::default().join_parts(),
            Err(CollectionFault::Nothing)
        );
    }

    #[test]
    fn parts_of_several_sets_are_told_apart() {
        let (one, other) = (incompressible(1500), incompressible(1501));
        let [a, b] =
            [&one, &other].map(|archive| split_archive(QrKind::Request, archive, 1000).unwrap());
        let mixed = collect_texts(&[a[0].clone(), b[1].clone(), b[2].clone()]);
        let fault = mixed.join_parts().unwrap_err();
        assert!(fault.to_string().contains("2 different sets"), "{fault}");
        let CollectionFault::Mixed { sets, .. } = fault else {
            panic!("{fault}")
        };
        assert!(
            sets.concat().contains("part 1 of 3") && sets.concat().contains("parts 2 and 3 of 3"),
            "{sets:?}"
        );
        // The same bundle, cut for another size of code, or sent the other way.
        let c = split_archive(QrKind::Request, &one, 1500).unwrap();
        assert!(matches!(
            collect_texts(&[a[0].clone(), c[1].clone()]).join_parts(),
            Err(CollectionFault::Mixed { .. })
        ));
        let d = split_archive(QrKind::Response, &one, 1000).unwrap();
        assert!(matches!(
            collect_texts(&[a[0].clone(), d[1].clone()]).join_parts(),
            Err(CollectionFault::Mixed { .. })
        ));
    }

    #[test]
    fn what_checks_in_parts_and_not_as_a_whole_is_refused() {
        let archive = incompressible(100);
        let digest = sha256(&archive);
        let whole = [&digest[..], &deflate(&archive)].concat();
        let joined = |set: &[u8], whole: &[u8]| {
            let mut collection = Collection::default();
            collection.add(forged_piece(1, 1, set, whole));
            collection.join_parts()
        };
        assert!(joined(&digest[..8], &whole).is_ok());
        assert!(
            matches!(joined(&[0; 8], &whole), Err(CollectionFault::Damaged(_))),
            "another set"
        );
        assert!(matches!(
            joined(&digest[..8], &whole[..31]),
            Err(CollectionFault::Damaged(_))
        ));
        assert!(matches!(
            joined(&digest[..8], &whole[..whole.len() - 1]),
            Err(CollectionFault::Damaged(_))
        ));
        assert!(
            matches!(
                joined(&digest[..8], &[&whole[..], b"x"].concat()),
                Err(CollectionFault::Damaged(_))
            ),
            "something behind it"
        );
        let mut other = whole;
        other[5] ^= 1;
        assert!(
            matches!(
                joined(&digest[..8], &other),
                Err(CollectionFault::Damaged(_))
            ),
            "another digest"
        );
        let mut twice = Collection::default();
        twice.add(forged_piece(1, 1, &digest[..8], b"one"));
        assert!(!twice.add(forged_piece(1, 1, &digest[..8], b"two")));
        assert_eq!(
            twice.join_parts(),
            Err(CollectionFault::Damaged(
                "one part has come with two contents"
            ))
        );
    }

    #[test]
    fn sets_without_end_are_not_kept() {
        let mut collection = Collection::default();
        for number in 0u8..200 {
            collection.add(forged_piece(1, 2, &[number; 8], &[number]));
        }
        assert_eq!(collection.sets.len(), MAX_SETS);
        let fault = collection.join_parts().unwrap_err();
        assert_eq!(
            fault.to_string(),
            "the codes belong to more than 10 different sets"
        );
        assert!(
            matches!(&fault, CollectionFault::Mixed { sets, more: true } if sets.len() == MAX_SETS),
            "{fault:?}"
        );
    }

    proptest! {
        #[test]
        fn any_archive_comes_back_in_parts_of_any_size(
            archive in vec(any::<u8>(), 0..3000), characters in 120usize..3000
        ) {
            let texts = split_archive(QrKind::Response, &archive, characters).unwrap();
            prop_assert!(texts.iter().all(|text| text.len() <= characters));
            prop_assert_eq!(collect_texts(&texts).join_parts(), Ok((QrKind::Response, archive)));
        }

        #[test]
        fn no_bytes_make_it_panic(whole in vec(any::<u8>(), 1..200)) {
            let mut collection = Collection::default();
            collection.add(forged_piece(1, 1, &[0; 8], &whole));
            prop_assert!(collection.join_parts().is_err());
        }
    }
}

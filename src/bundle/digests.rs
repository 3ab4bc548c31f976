//! The names and SHA-256 that documents record of files, both from outside.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::outside::OutsideText;

/// File names and the SHA-256 of their content, in hex, as a document of the bundle has them or
/// gets them.
///
/// A document may name anything: neither name nor digest can be formatted but by the gate, and none
/// is ever a path. What looks for a file asks for it by a name of its own ([`Digests::get`]).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digests(BTreeMap<OutsideText, OutsideText>);

impl Digests {
    /// Makes an empty record, of no file.
    pub const fn new() -> Self {
        Digests(BTreeMap::new())
    }

    /// Returns the digest that is recorded of this file.
    pub fn get(&self, name: &str) -> Option<&OutsideText> {
        self.0.get(&OutsideText::from(name))
    }

    /// Tells whether this file is recorded.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Tells whether no file is recorded.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keeps only the files for which `wants` returns true.
    pub fn retain(&mut self, wants: impl Fn(&OutsideText) -> bool) {
        self.0.retain(|name, _| wants(name));
    }

    /// Returns the names.
    pub fn names(&self) -> impl Iterator<Item = &OutsideText> {
        self.0.keys()
    }

    /// Returns the names and the digests, in the names' order.
    pub fn iter(&self) -> std::collections::btree_map::Iter<'_, OutsideText, OutsideText> {
        self.0.iter()
    }
}

impl<N: Into<OutsideText>, D: Into<OutsideText>> FromIterator<(N, D)> for Digests {
    fn from_iter<I: IntoIterator<Item = (N, D)>>(files: I) -> Self {
        Digests(
            files
                .into_iter()
                .map(|(name, digest)| (name.into(), digest.into()))
                .collect(),
        )
    }
}

impl<N: Into<OutsideText>, D: Into<OutsideText>, const COUNT: usize> From<[(N, D); COUNT]>
    for Digests
{
    fn from(files: [(N, D); COUNT]) -> Self {
        files.into_iter().collect()
    }
}

impl<N: Into<OutsideText>, D: Into<OutsideText>> Extend<(N, D)> for Digests {
    fn extend<I: IntoIterator<Item = (N, D)>>(&mut self, files: I) {
        self.0.extend(
            files
                .into_iter()
                .map(|(name, digest)| (name.into(), digest.into())),
        );
    }
}

impl IntoIterator for Digests {
    type Item = (OutsideText, OutsideText);
    type IntoIter = std::collections::btree_map::IntoIter<OutsideText, OutsideText>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Digests {
    type Item = (&'a OutsideText, &'a OutsideText);
    type IntoIter = std::collections::btree_map::Iter<'a, OutsideText, OutsideText>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\u{1b}[8m\nFORGED\u{202e}";

    #[test]
    fn names_and_digests_are_read_as_they_are_and_shown_by_the_gate() {
        let json = serde_json::json!({ HOSTILE: HOSTILE });
        let read: Option<Digests> = serde_json::from_value(json.clone()).ok();
        let digests = Digests::from([(HOSTILE, HOSTILE)]);
        assert_eq!(read.as_ref(), Some(&digests));
        assert_eq!(serde_json::to_value(&digests).ok(), Some(json));
        assert!(digests.has(HOSTILE) && !digests.has("a"));
        for (name, digest) in &digests {
            assert_eq!(
                format!("{name} {digest}"),
                "a\\u{1b}[8m\\u{a}FORGED\\u{202e} a\\u{1b}[8m\\u{a}FORGED\\u{202e}"
            );
        }
        assert!(!format!("{digests:?}").contains(['\u{1b}', '\n', '\u{202e}']));
    }
}

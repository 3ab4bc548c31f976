//! A cluster's id. It becomes part of paths, so nothing else may.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, FactName};
use crate::outside::shown_text;

/// `cluster-[2-7a-zA-Z]{11,16}` (API Reference 2022-06-06, Cluster).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ClusterId(String);

impl ClusterId {
    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Parses an id that was found in a bundle: a wrong one is malformed input there, not a wrong
    /// command line.
    ///
    /// # Errors
    /// Class `Input`.
    pub fn in_bundle(text: &str, place: &str) -> Result<Self, Error> {
        text.parse().map_err(|fault: String| {
            Error::new(
                ErrorKind::BadClusterId,
                format!("{place}: {fault}"),
                "give the file its name back, or fetch the bundle again",
            )
            .with_fact(FactName::File, place)
            .with_fact(FactName::Found, text)
        })
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ClusterId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = text.strip_prefix("cluster-").is_some_and(|tail| {
            (11..=16).contains(&tail.len())
                && tail
                    .bytes()
                    .all(|b| b.is_ascii_alphabetic() || (b'2'..=b'7').contains(&b))
        });
        if fits {
            Ok(ClusterId(text.to_owned()))
        } else {
            Err(format!(
                "`{}` is not a cluster's id, expected cluster-[2-7a-zA-Z]{{11,16}}",
                shown_text(text)
            ))
        }
    }
}

impl TryFrom<String> for ClusterId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_id_is_one() {
        for good in ["cluster-abcdefghijk", "cluster-234567ABCDEFGHIJ"] {
            assert!(good.parse::<ClusterId>().is_ok(), "{good}");
        }
        for bad in [
            "cluster-../../x",
            "cluster-abcdefghij",
            "cluster-abcdefghijklmnopq",
            "cluster-abcdefghij1",
            "cluster-abcdefghij/",
            "abcdefghijk",
            "",
        ] {
            assert!(bad.parse::<ClusterId>().is_err(), "{bad}");
        }
    }
}

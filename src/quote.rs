//! The parts of an input that a message may quote before the input is known to be what it should
//! be.
//!
//! Any file can be a private key under another name, whole or damaged; so nothing of it is shown as
//! it stands there. A message shows the program's own copy of a word that the input was found to
//! be, a number, or a place. Every message about an input that did not parse is made of these
//! alone.

use std::fmt;

use serde::de::DeserializeOwned;

/// The word that an input holds, out of those that the program knows; `None`: it is another one,
/// and nothing of it is shown.
pub(crate) fn known_word(found: &[u8], known: &[&'static str]) -> Option<&'static str> {
    known.iter().find(|word| word.as_bytes() == found).copied()
}

/// The labels of PEM blocks that a message may name: RFC 7468, and what OpenSSL, GnuPG and OpenSSH
/// write besides.
const LABELS: [&str; 31] = [
    "ATTRIBUTE CERTIFICATE",
    "CERTIFICATE",
    "CERTIFICATE CHAIN",
    "CERTIFICATE PAIR",
    "CERTIFICATE REQUEST",
    "CMS",
    "DH PARAMETERS",
    "DSA PARAMETERS",
    "DSA PRIVATE KEY",
    "EC PARAMETERS",
    "EC PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "NEW CERTIFICATE REQUEST",
    "OPENSSH PRIVATE KEY",
    "PARAMETERS",
    "PGP MESSAGE",
    "PGP PRIVATE KEY BLOCK",
    "PGP PUBLIC KEY BLOCK",
    "PGP SIGNATURE",
    "PKCS #7 SIGNED DATA",
    "PKCS12",
    "PKCS7",
    "PRIVATE KEY",
    "PUBLIC KEY",
    "RSA PRIVATE KEY",
    "RSA PUBLIC KEY",
    "SSH2 ENCRYPTED PRIVATE KEY",
    "SSH2 PUBLIC KEY",
    "TRUSTED CERTIFICATE",
    "X509 CERTIFICATE",
    "X509 CRL",
];

/// A PEM block's label, where it is one that is known.
pub(crate) fn known_label(found: &[u8]) -> Option<&'static str> {
    known_word(found, &LABELS)
}

/// The format that a document names: `hsmboot-request/2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DocumentFormat {
    name: &'static str,
    version: u32,
}

impl DocumentFormat {
    /// The names that the program writes, in any version, after `hsmboot-`.
    const NAMES: [&'static str; 6] = [
        "creation",
        "receipt",
        "request",
        "response",
        "transcript",
        "verification",
    ];

    /// The format that a document names, where it is one of the program's own.
    pub(crate) fn from_text(found: &str) -> Option<Self> {
        let (name, version) = found.strip_prefix("hsmboot-")?.split_once('/')?;
        let name = known_word(name.as_bytes(), &Self::NAMES)?;
        let version = version
            .parse()
            .ok()
            .filter(|number: &u32| number.to_string() == version)?;
        Some(DocumentFormat { name, version })
    }
}

impl fmt::Display for DocumentFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hsmboot-{}/{}", self.name, self.version)
    }
}

/// Explains why a JSON text is not a `T`: the place, and the member that is missing.
pub(crate) fn explain_misfit<T: DeserializeOwned>(text: &[u8]) -> String {
    let Err(fault) = serde_json::from_slice::<T>(text) else {
        return "in one of its members".to_owned();
    };
    let said = fault.to_string();
    // serde_derive makes these of the type's own names, and of nothing that it read.
    let member = ["missing field `", "duplicate field `"]
        .into_iter()
        .find_map(|start| Some((start, said.strip_prefix(start)?.split_once('`')?.0)));
    let kind = ["is not a cluster's id", "is not an RFC 3339 time"]
        .into_iter()
        .find(|kind| said.contains(kind));
    let what = match (member, kind) {
        (Some((start, name)), _) => format!("{start}{name}`, "),
        (None, Some(kind)) => format!("a text that {kind}, "),
        (None, None) => String::new(),
    };
    format!("{what}in line {} column {}", fault.line(), fault.column())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_the_programs_own() {
        assert_eq!(known_label(b"X509 CRL"), Some("X509 CRL"));
        for unknown in [
            &b"EC PRIVATE KEY----\nMHcCAQEEIJ"[..],
            b"",
            b"x509 crl",
            b"MHcCAQEEIJ",
        ] {
            assert_eq!(known_label(unknown), None);
        }
        assert_eq!(
            DocumentFormat::from_text("hsmboot-request/2")
                .unwrap()
                .to_string(),
            "hsmboot-request/2"
        );
        for unknown in [
            "hsmboot-request/+2",
            "hsmboot-request/02",
            "hsmboot-request/MHcCAQEEIJ",
            "MHcCAQEEIJ/1",
            "hsmboot-request",
        ] {
            assert_eq!(DocumentFormat::from_text(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_value_that_does_not_fit_is_not_shown() {
        #[derive(Debug, serde::Deserialize)]
        #[allow(dead_code, reason = "only read")]
        struct TestDocument {
            number: u8,
            kind: TestKind,
        }
        #[derive(Debug, serde::Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum TestKind {
            One,
        }
        for (text, says) in [
            (
                r#"{"number":"MHcCAQEEIJ","kind":"one"}"#,
                "in line 1 column 22",
            ),
            (r#"{"number":1,"kind":"MHcCAQEEIJ"}"#, "in line 1 column 31"),
            (
                r#"{"number":1}"#,
                "missing field `kind`, in line 1 column 12",
            ),
            (
                r#"{"number":1,"number":1,"kind":"one"}"#,
                "duplicate field `number`, in line 1 column 20",
            ),
            ("MHcCAQEEIJ", "in line 1 column 1"),
        ] {
            assert_eq!(
                explain_misfit::<TestDocument>(text.as_bytes()),
                says,
                "{text}"
            );
        }
    }
}

//! Fingerprints of what travels: thirty digits that two people can read to each other over a phone.
//!
//! Thirty decimal digits are 99 bits of a SHA-256: nobody makes a second request of the same
//! fingerprint. They are what both sides compute from the files themselves; no document of the
//! bundle has a say in them.

use std::fmt;
use std::str::FromStr;

use super::ClusterId;
use crate::verify::Evidence;
use crate::x509::pem::{self, Label};
use crate::x509::sha256;

/// The number of digits.
const DIGITS: usize = 30;

/// 10 to the 30th.
const MODULUS: u128 = 1_000_000_000_000_000_000_000_000_000_000;

/// A fingerprint. Shown in groups of five digits, read with any blanks, dots and hyphens between
/// them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(u128);

impl Fingerprint {
    /// Computes the fingerprint of a request: the cluster, its CSR and the certificates, as DER, so
    /// that the line ends of a text do not count. What is absent counts as absent, what is no PEM
    /// as it is.
    pub fn of_request(id: &ClusterId, evidence: &Evidence) -> Self {
        let der = |text: &[u8], label| pem::decode(text, label).unwrap_or_else(|_| text.to_vec());
        let csr = evidence.csr.as_deref().unwrap_or_default();
        Self::hash_parts(&[
            b"hsmboot request 1",
            id.as_str().as_bytes(),
            &der(csr, Label::CertificateRequest),
            &der(&evidence.hsm, Label::Certificate),
            &der(&evidence.aws_hardware, Label::Certificate),
            &der(&evidence.manufacturer_hardware, Label::Certificate),
        ])
    }

    /// Computes the fingerprint of a response: the cluster, and the DER of the CSR that was signed,
    /// of the signed certificate and of each certificate of the trust anchor, in their order.
    pub fn of_response<'a>(
        id: &'a ClusterId,
        csr: &'a [u8],
        signed_cert: &'a [u8],
        trust_anchor: impl IntoIterator<Item = &'a [u8]>,
    ) -> Self {
        let mut parts: Vec<&[u8]> = vec![
            b"hsmboot response 1",
            id.as_str().as_bytes(),
            csr,
            signed_cert,
        ];
        parts.extend(trust_anchor);
        Self::hash_parts(&parts)
    }

    /// Computes the code of a CA's certificate from the SHA-256 of its DER, in hex.
    pub fn of_ca(sha256: &str) -> Self {
        Self::hash_parts(&[b"hsmboot trust-anchor 1", sha256.as_bytes()])
    }

    /// Computes the code of a transcript's line from its SHA-256, in hex: it stands for that line
    /// and all before it.
    pub fn of_line(sha256: &str) -> Self {
        Self::hash_parts(&[b"hsmboot line 1", sha256.as_bytes()])
    }

    /// Returns which of the six groups of digits differ, counted from 1: one where somebody
    /// misheard, nearly all where it is another thing.
    pub fn differing_groups(self, other: Self) -> Vec<usize> {
        let (this, other) = (self.to_string(), other.to_string());
        let groups = this.split(' ').zip(other.split(' ')).enumerate();
        groups
            .filter(|(_, (this, other))| this != other)
            .map(|(at, _)| at + 1)
            .collect()
    }

    /// Computes the fingerprint over the parts, each behind its length: no two lists of parts give
    /// the same octets.
    fn hash_parts(parts: &[&[u8]]) -> Self {
        let mut octets = Vec::new();
        for part in parts {
            octets.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            octets.extend_from_slice(part);
        }
        let digest = sha256(&octets);
        let number = digest
            .iter()
            .take(16)
            .fold(0u128, |number, octet| (number << 8) | u128::from(*octet));
        Fingerprint(number.checked_rem(MODULUS).unwrap_or(0))
    }
}

impl fmt::Display for Fingerprint {
    /// Writes `01234 56789 …`: six groups of five digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, digit) in format!("{:030}", self.0).chars().enumerate() {
            if at > 0 && at.checked_rem(5) == Some(0) {
                f.write_str(" ")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '.'))
            .collect();
        let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        if digits.len() == 5 && all_digits {
            return Err(format!(
                "that is one group of the {DIGITS} digits: give all of them, on a command line \
                 between quotation marks"
            ));
        }
        if digits.len() != DIGITS || !all_digits {
            return Err(format!(
                "there are {DIGITS} digits, in groups of five, as they were printed"
            ));
        }
        digits
            .parse()
            .map(Fingerprint)
            .map_err(|_| format!("a fingerprint has {DIGITS} digits"))
    }
}

impl serde::Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn fingerprint_of(csr: &[u8], hsm: &[u8]) -> Fingerprint {
        let id = "cluster-abc234defgh".parse().unwrap();
        Fingerprint::of_request(
            &id,
            &Evidence {
                csr: Some(csr.to_vec()),
                hsm: hsm.to_vec(),
                ..Evidence::default()
            },
        )
    }

    #[test]
    fn it_is_read_as_it_is_shown_and_as_people_type_it() {
        let one = fingerprint_of(b"csr", b"hsm");
        let shown = one.to_string();
        assert_eq!((shown.len(), shown.split(' ').count()), (35, 6));
        for typed in [
            shown.clone(),
            shown.replace(' ', ""),
            shown.replace(' ', "-"),
            format!(" {} ", shown.replace(' ', "  ")),
        ] {
            assert_eq!(typed.parse(), Ok(one));
        }
        for bad in ["", "12345", &shown.replace(' ', "x"), &format!("{shown} 1")] {
            assert!(bad.parse::<Fingerprint>().is_err(), "{bad}");
        }
    }

    #[test]
    fn each_thing_that_it_is_over_counts() {
        let id = |text: &str| -> ClusterId { text.parse().unwrap() };
        let evidence = |parts: [&str; 4]| {
            let [csr, hsm, aws_hardware, manufacturer_hardware] =
                parts.map(|part| part.as_bytes().to_vec());
            Evidence {
                csr: Some(csr),
                hsm,
                aws_hardware,
                manufacturer_hardware,
            }
        };
        let (one, other) = (id("cluster-abc234defgh"), id("cluster-bbbbbbbbbbb"));
        let requests = [
            ["a"; 4],
            ["x", "a", "a", "a"],
            ["a", "x", "a", "a"],
            ["a", "a", "x", "a"],
            ["a", "a", "a", "x"],
        ];
        let mut all: Vec<Fingerprint> = requests
            .iter()
            .map(|parts| Fingerprint::of_request(&one, &evidence(*parts)))
            .collect();
        all.push(Fingerprint::of_request(&other, &evidence(["a"; 4])));
        let response = |id, csr: &str, signed_cert: &str, chain: &[&'static str]| {
            Fingerprint::of_response(
                id,
                csr.as_bytes(),
                signed_cert.as_bytes(),
                chain.iter().map(|part| part.as_bytes()),
            )
        };
        let chains = [
            &["a"][..],
            &["x"],
            &["a", "a"],
            &["a", "x"],
            &["x", "a"],
            &["aa"],
            &["a", "a", "a"],
            &["a", "a", "x"],
            &["a", "x", "a"],
        ];
        all.extend(chains.map(|chain| response(&one, "a", "a", chain)));
        all.extend(
            [("x", "a"), ("a", "x")]
                .map(|(csr, signed_cert)| response(&one, csr, signed_cert, &["a"])),
        );
        all.push(response(&other, "a", "a", &["a"]));
        for (at, this) in all.iter().enumerate() {
            assert!(!all.iter().skip(at + 1).any(|that| this == that), "{at}");
        }
    }

    #[test]
    fn where_a_file_ends_counts_and_its_line_ends_do_not() {
        assert_ne!(fingerprint_of(b"ab", b"c"), fingerprint_of(b"a", b"bc"));
        assert_ne!(fingerprint_of(b"", b"abc"), fingerprint_of(b"abc", b""));
        let pem = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";
        assert_eq!(
            fingerprint_of(b"", pem.as_bytes()),
            fingerprint_of(b"", pem.replace('\n', "\r\n").as_bytes())
        );
    }
}

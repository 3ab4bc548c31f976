//! The roots that attestation chains end in: a subject's name and a public key each (RFC 5280 6.1.1
//! d), built in or given.

use serde::Serialize;

use crate::checks::Side;
use crate::generation::{AWS_ROOT_G1, Figures, Generation, Issue};
use crate::x509::algorithm::rsa_spki;
use crate::x509::der::{encode_integer, encode_oid, encode_sequence, encode_set, encode_tlv, tag};
use crate::x509::pem::Label;
use crate::x509::{
    Certificate, Malformed, Moment, NameText, PublicKey, Strictness, name_text, pem, sha256, to_hex,
};

/// The largest file that may hold anchors. A root certificate has under 3 KiB; text and several
/// roots have room.
pub const MAX_ANCHOR_FILE: usize = 256 * 1024;

/// The source of an anchor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "source", content = "file", rename_all = "kebab-case")]
pub enum Source {
    /// The table of the hardware's generations.
    BuiltIn,
    /// A certificate that the user gave, with the name of its file.
    Given(String),
}

/// A certificate of an anchor, for eyes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IssuedCertificate {
    /// The first moment of its validity.
    pub not_before: Moment,
    /// The last.
    pub not_after: Moment,
    /// 1, 2 or 3.
    pub version: u8,
    /// SHA-256 of its DER, in hex, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// A root: subject name and public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    subject: Vec<u8>,
    spki: Vec<u8>,
    spki_sha256: [u8; 32],
    key: PublicKey,
    source: Source,
    of_simulator: bool,
    issues: Vec<Issue>,
}

/// The facts that a record states of an anchor that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnchorFacts {
    /// `aws` or `manufacturer`
    pub side: Side,
    /// Its name, for eyes.
    pub subject: NameText,
    /// SHA-256 of its SubjectPublicKeyInfo, in hex.
    pub key_sha256: String,
    /// SHA-256 of its certificate, in hex; for a built-in anchor, of the first certificate it was
    /// published in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_sha256: Option<String>,
    /// `source` is `built-in`, or `given` beside the `file`.
    #[serde(flatten)]
    pub source: Source,
}

impl AnchorFacts {
    /// Tells whether it is of this program's table.
    pub fn is_built_in(&self) -> bool {
        self.source == Source::BuiltIn
    }
}

/// The anchors of both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchors {
    /// The anchors of the AWS chain. The one whose name and key fit is used.
    pub aws: Vec<Anchor>,
    /// The anchors of the manufacturer's chain.
    pub manufacturer: Vec<Anchor>,
}

impl Anchors {
    /// AWS CloudHSM Root G1, and the LiquidSecurity manufacturer root.
    pub fn built_in() -> Self {
        Anchors {
            aws: vec![Anchor::built_in(&AWS_ROOT_G1)],
            manufacturer: Generation::all_facts()
                .flat_map(|facts| facts.built_in_roots)
                .map(Anchor::built_in)
                .collect(),
        }
    }

    /// Returns the anchors of one side.
    pub fn of_side(&self, side: Side) -> &[Anchor] {
        match side {
            Side::Aws => &self.aws,
            Side::Manufacturer => &self.manufacturer,
        }
    }
}

impl Anchor {
    /// The anchors in a file's content: PEM with text around its blocks or not, or DER. Only name
    /// and key of each certificate count; its signature, dates and extensions prove nothing about a
    /// root.
    ///
    /// # Errors
    /// Where it holds no certificate, or one that is not strictly DER. Nothing falls back to a
    /// built-in anchor.
    pub fn from_file(content: &[u8], file: &str) -> Result<Vec<Self>, Malformed> {
        Ok(roots_in(content, file)?
            .iter()
            .map(|certificate| Self::from_certificate(certificate, file))
            .collect())
    }

    /// Makes an anchor from a certificate that the user trusts as a root.
    pub fn from_certificate(certificate: &Certificate, file: &str) -> Self {
        Anchor {
            subject: certificate.subject().to_vec(),
            spki: certificate.spki().to_vec(),
            spki_sha256: *certificate.spki_sha256(),
            key: certificate.public_key().clone(),
            source: Source::Given(file.to_owned()),
            of_simulator: false,
            issues: vec![Issue {
                not_before: certificate.not_before(),
                not_after: certificate.not_after(),
                fingerprint: Some(certificate.fingerprint()),
                version: certificate.version(),
            }],
        }
    }

    fn built_in(root: &Figures) -> Self {
        let rdns: Vec<Vec<u8>> = root
            .subject
            .iter()
            .map(|(kind, value)| {
                let string = if *kind == "2.5.4.6" {
                    tag::PRINTABLE_STRING
                } else {
                    tag::UTF8_STRING
                };
                encode_set(&[&encode_sequence(&[
                    &encode_oid(kind),
                    &encode_tlv(string, &[value.as_bytes()]),
                ])])
            })
            .collect();
        let modulus = decode_hex(root.modulus);
        let rsa = encode_sequence(&[&encode_integer(&modulus), &encode_integer(&[1, 0, 1])]);
        let spki = rsa_spki(&rsa);
        // The table is ours: that it parses, and says what the published certificates say, is
        // tested.
        let key = PublicKey::from_der(&spki, "a built-in anchor")
            .unwrap_or(PublicKey::Other("a damaged built-in anchor".to_owned()));
        Anchor {
            subject: encode_sequence(&rdns.iter().map(Vec::as_slice).collect::<Vec<_>>()),
            spki_sha256: sha256(&spki),
            spki,
            key,
            source: Source::BuiltIn,
            of_simulator: false,
            issues: root.issues.to_vec(),
        }
    }

    /// Marks it as a root of a simulator's that nobody gave: the rehearsal brought it itself. For
    /// words alone: no verdict depends on it.
    #[must_use]
    pub fn brought_by_simulator(mut self) -> Self {
        self.of_simulator = true;
        self
    }

    /// Tells whether a rehearsal brought it itself.
    pub(super) const fn is_of_simulator(&self) -> bool {
        self.of_simulator
    }

    /// The name, with tag and length.
    pub fn subject(&self) -> &[u8] {
        &self.subject
    }

    /// The SubjectPublicKeyInfo, with tag and length.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// SHA-256 over the SubjectPublicKeyInfo.
    pub const fn spki_sha256(&self) -> &[u8; 32] {
        &self.spki_sha256
    }

    /// The public key.
    pub const fn public_key(&self) -> &PublicKey {
        &self.key
    }

    /// The source of the anchor.
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// The certificates that it is known in.
    pub fn known_certificates(&self) -> Vec<IssuedCertificate> {
        let of = |issue: &Issue| IssuedCertificate {
            not_before: issue.not_before,
            not_after: issue.not_after,
            version: issue.version,
            sha256: issue.fingerprint.map(|print| to_hex(&print)),
        };
        self.issues.iter().map(of).collect()
    }

    /// Returns the facts for the record.
    pub fn to_facts(&self, side: Side) -> AnchorFacts {
        AnchorFacts {
            side,
            subject: name_text(&self.subject),
            key_sha256: to_hex(&self.spki_sha256),
            certificate_sha256: self
                .issues
                .first()
                .and_then(|issue| issue.fingerprint)
                .map(|print| to_hex(&print)),
            source: self.source.clone(),
        }
    }

    /// Tells whether its certificate is within its dates at `at`, and returns the sentence that
    /// says so. A built-in anchor has been published in every certificate of its table: one that is
    /// outside its dates is worth the note, the others tell that the key goes on.
    pub(crate) fn judge_validity(&self, side: Side, at: Moment) -> (bool, String) {
        let who = side.anchor_noun();
        let dates: Vec<String> = self
            .issues
            .iter()
            .map(|issue| {
                let word = match (at < issue.not_before, at > issue.not_after) {
                    (true, _) => "not yet valid",
                    (_, true) => "expired",
                    _ => "within its dates",
                };
                format!(
                    "{word} at {at}: {} to {} (version {})",
                    issue.not_before, issue.not_after, issue.version
                )
            })
            .collect();
        let dates = dates.join("; reissued with the same key, ");
        let within = self
            .issues
            .iter()
            .all(|issue| issue.not_before <= at && at <= issue.not_after);
        let rest = if within {
            ""
        } else {
            "; a trust anchor is a name and a key (RFC 5280 6.1.1 d), so the chain stands"
        };
        (within, format!("{who}'s certificate is {dates}{rest}"))
    }
}

/// The certificates in a root file's content, as [`Anchor::from_file`] reads them.
///
/// # Errors
/// As there.
pub fn roots_in(content: &[u8], file: &str) -> Result<Vec<Certificate>, Malformed> {
    let at = |fault: &dyn std::fmt::Display| Malformed::new(format!("{file}: {fault}"));
    if content.len() > MAX_ANCHOR_FILE {
        return Err(at(&format_args!(
            "larger than {MAX_ANCHOR_FILE} bytes, expected a root certificate"
        )));
    }
    // A SEQUENCE of 128 octets or more: its tag alone is the digit 0, which text may begin with.
    let ders = if matches!(content, [tag::SEQUENCE, 0x80..=0xFF, ..]) {
        vec![content.to_vec()]
    } else {
        decode_blocks(content, file)?
    };
    ders.iter()
        .map(|der| Certificate::read(der, Strictness::Hardware).map_err(|fault| at(&fault)))
        .collect()
}

/// The DER of every `CERTIFICATE` block in `text`.
fn decode_blocks(text: &[u8], file: &str) -> Result<Vec<Vec<u8>>, Malformed> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let text = String::from_utf8_lossy(text);
    if pem::is_key_file(text.as_bytes()) {
        return Err(Malformed::new(format!(
            "{file}: holds a private key, expected a root certificate alone"
        )));
    }
    let mut found = Vec::new();
    let mut rest: &str = &text;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let (body, tail) = after
            .split_once(END)
            .ok_or_else(|| Malformed::new(format!("{file}: a BEGIN line without its END line")))?;
        let der = pem::decode(format!("{BEGIN}{body}{END}").as_bytes(), Label::Certificate)
            .map_err(|fault| Malformed::new(format!("{file}: {fault}")))?;
        found.push(der);
        rest = tail;
    }
    if found.is_empty() {
        return Err(Malformed::new(format!(
            "{file}: holds no certificate, expected a root in PEM or DER"
        )));
    }
    Ok(found)
}

/// The bytes of our own table's hexadecimal.
fn decode_hex(text: &str) -> Vec<u8> {
    let nibbles: Vec<u8> = text
        .chars()
        .filter_map(|c| c.to_digit(16))
        .filter_map(|n| u8::try_from(n).ok())
        .collect();
    nibbles
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, nibble| (byte << 4) | nibble))
        .collect()
}

#[cfg(test)]
mod tests;

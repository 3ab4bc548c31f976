//! What a certificate's key is for: keyUsage and extKeyUsage.

use super::sequence_reader;
use crate::x509::Malformed;
use crate::x509::der::{Tlv, check_bit_string, tag};
use crate::x509::fault::{Fault, Faults};
use crate::x509::name::oid_text;

/// keyUsage's bits, the first the most significant (RFC 5280 4.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage {
    bits: u16,
    /// Marked critical.
    pub critical: bool,
}

impl KeyUsage {
    const NAMES: [&'static str; 9] = [
        "digitalSignature",
        "nonRepudiation",
        "keyEncipherment",
        "dataEncipherment",
        "keyAgreement",
        "keyCertSign",
        "cRLSign",
        "encipherOnly",
        "decipherOnly",
    ];

    /// `keyCertSign` (bit 5).
    pub const fn key_cert_sign(self) -> bool {
        self.bits & (0x8000 >> 5) != 0
    }

    /// `digitalSignature` (bit 0).
    pub const fn digital_signature(self) -> bool {
        self.bits & 0x8000 != 0
    }

    /// `keyEncipherment` (bit 2) or `keyAgreement` (bit 4).
    pub const fn key_exchange(self) -> bool {
        self.bits & ((0x8000 >> 2) | (0x8000 >> 4)) != 0
    }

    /// The names of the bits that are set.
    pub fn bit_names(self) -> Vec<&'static str> {
        (0u32..)
            .zip(Self::NAMES)
            .filter(|(n, _)| self.bits & (0x8000 >> n) != 0)
            .map(|(_, name)| name)
            .collect()
    }
}

pub(super) fn key_usage(
    inner: &Tlv<'_>,
    critical: bool,
    faults: &mut Faults,
    what: &'static str,
) -> Result<KeyUsage, Malformed> {
    let fault = |text: &str| Malformed::new(format!("{what}: keyUsage {text}"));
    if inner.tag != tag::BIT_STRING {
        return Err(fault("is no BIT STRING (RFC 5280 4.2.1.3)"));
    }
    check_bit_string(inner.content, what)?;
    let (unused, octets) = inner
        .content
        .split_first()
        .ok_or_else(|| fault("is empty"))?;
    let high = octets.first().copied().unwrap_or(0);
    let low = octets.get(1).copied().unwrap_or(0);
    let bits = u16::from_be_bytes([high, low]);
    if low & 0x7F != 0
        || octets
            .get(2..)
            .unwrap_or_default()
            .iter()
            .any(|octet| *octet != 0)
    {
        return Err(fault(
            "with a bit that is not among its nine (RFC 5280 4.2.1.3)",
        ));
    }
    // Named bits: no zero bits at the end (X.690 11.2.2).
    if octets
        .last()
        .is_some_and(|last| last.trailing_zeros() != u32::from(*unused))
    {
        faults.note_tolerated(Fault::PaddedKeyUsage, what)?;
    }
    if bits == 0 {
        return Err(fault("with no bit set (RFC 5280 4.2.1.3)"));
    }
    Ok(KeyUsage { bits, critical })
}

/// `ExtKeyUsageSyntax ::= SEQUENCE SIZE (1..MAX) OF KeyPurposeId` (RFC 5280 4.2.1.12).
pub(super) fn parse_purposes(
    inner: &Tlv<'_>,
    what: &'static str,
) -> Result<Vec<String>, Malformed> {
    let mut parts = sequence_reader(inner, "extKeyUsage", what)?;
    let mut purposes = vec![oid_text(
        parts
            .read_required(tag::OID, "extKeyUsage's purpose")?
            .content,
    )];
    while !parts.is_empty() {
        purposes.push(oid_text(
            parts
                .read_required(tag::OID, "extKeyUsage's purpose")?
                .content,
        ));
    }
    Ok(purposes)
}

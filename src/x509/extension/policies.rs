//! The form of certificatePolicies.

use super::sequence_reader;
use crate::x509::Malformed;
use crate::x509::der::{Reader, Tlv, tag};
use crate::x509::name::oid_text;

/// `SEQUENCE SIZE (1..MAX) OF PolicyInformation`: an OID, none twice, and perhaps qualifiers, each
/// an OID and one value (RFC 5280 4.2.1.4).
pub(super) fn check_policies(inner: &Tlv<'_>, what: &'static str) -> Result<(), Malformed> {
    let mut reader = sequence_reader(inner, "certificatePolicies", what)?;
    let mut seen: Vec<&[u8]> = Vec::new();
    loop {
        let policy = reader.read_required(tag::SEQUENCE, "certificatePolicies' policy")?;
        let mut parts = Reader::new(policy.content, what);
        let oid = parts.read_required(tag::OID, "a policy's OID")?.content;
        if seen.contains(&oid) {
            return Err(Malformed::new(format!(
                "{what}: the policy {} twice (RFC 5280 4.2.1.4)",
                oid_text(oid)
            )));
        }
        seen.push(oid);
        if !parts.is_empty() {
            let mut qualifiers = Reader::new(
                parts
                    .read_required(tag::SEQUENCE, "a policy's qualifiers")?
                    .content,
                what,
            );
            parts.finish()?;
            loop {
                let qualifier = qualifiers.read_required(tag::SEQUENCE, "a policy's qualifier")?;
                let mut pair = Reader::new(qualifier.content, what);
                pair.read_required(tag::OID, "a qualifier's OID")?;
                pair.read_any()?;
                pair.finish()?;
                if qualifiers.is_empty() {
                    break;
                }
            }
        }
        if reader.is_empty() {
            return Ok(());
        }
    }
}

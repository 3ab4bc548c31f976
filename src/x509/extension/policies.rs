//! The form of certificatePolicies.

use super::sequence_reader;
use crate::x509::Malformed;
use crate::x509::der::{Reader, Tlv, tag};
use crate::x509::name::oid_text;

/// The qualifiers that are defined (RFC 5280 4.2.1.4).
const CPS_URI: &str = "1.3.6.1.5.5.7.2.1";
const USER_NOTICE: &str = "1.3.6.1.5.5.7.2.2";

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
                let kind = oid_text(pair.read_required(tag::OID, "a qualifier's OID")?.content);
                match kind.as_str() {
                    CPS_URI => pair.read_required(tag::IA5_STRING, "a CPSuri")?,
                    USER_NOTICE => pair.read_required(tag::SEQUENCE, "a UserNotice")?,
                    _ => pair.read_any()?,
                };
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

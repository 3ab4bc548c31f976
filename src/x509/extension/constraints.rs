//! What a CA may certify: basicConstraints and nameConstraints.

use super::{read_boolean, sequence_reader};
use crate::x509::Malformed;
use crate::x509::der::{Reader, Tlv, tag};
use crate::x509::fault::{Fault, Faults};
use crate::x509::general_name::{self, GeneralName, Role};

/// basicConstraints (RFC 5280 4.2.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasicConstraints {
    /// The certificate is a CA's.
    pub ca: bool,
    /// The greatest number of intermediate certificates that may follow.
    pub path_len: Option<u64>,
    /// Marked critical.
    pub critical: bool,
}

/// nameConstraints (RFC 5280 4.2.1.10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameConstraints {
    /// The permitted subtrees: each name of a form that is here lies within one of them.
    pub permitted: Vec<GeneralName>,
    /// The excluded subtrees: no name lies within one of them.
    pub excluded: Vec<GeneralName>,
}

pub(super) fn basic_constraints(
    inner: &Tlv<'_>,
    critical: bool,
    faults: &mut Faults,
    what: &'static str,
) -> Result<BasicConstraints, Malformed> {
    let mut parts = sequence_reader(inner, "basicConstraints", what)?;
    let ca = read_boolean(&mut parts, Fault::CaFalse, faults, what)?;
    let path_len = match parts.read_optional(tag::INTEGER)? {
        None => None,
        Some(number)
            if number.content.len() <= 8
                && number.content.first().is_some_and(|b| b & 0x80 == 0) =>
        {
            Some(
                number
                    .content
                    .iter()
                    .fold(0u64, |n, b| (n << 8) | u64::from(*b)),
            )
        }
        Some(_) => {
            return Err(Malformed::new(format!(
                "{what}: basicConstraints with a path length out of range"
            )));
        }
    };
    parts.finish()?;
    Ok(BasicConstraints {
        ca,
        path_len,
        critical,
    })
}

/// `[0]` permitted and `[1]` excluded subtrees, one of them at least (RFC 5280 4.2.1.10).
pub(super) fn name_constraints(
    inner: &Tlv<'_>,
    what: &'static str,
) -> Result<NameConstraints, Malformed> {
    let mut parts = sequence_reader(inner, "nameConstraints", what)?;
    let permitted = parts
        .read_optional(tag::context_constructed(0))?
        .map(|list| parse_subtrees(&list, what))
        .transpose()?;
    let excluded = parts
        .read_optional(tag::context_constructed(1))?
        .map(|list| parse_subtrees(&list, what))
        .transpose()?;
    parts.finish()?;
    if permitted.is_none() && excluded.is_none() {
        return Err(Malformed::new(format!(
            "{what}: nameConstraints that constrain nothing (RFC 5280 4.2.1.10)"
        )));
    }
    Ok(NameConstraints {
        permitted: permitted.unwrap_or_default(),
        excluded: excluded.unwrap_or_default(),
    })
}

/// `GeneralSubtrees ::= SEQUENCE SIZE (1..MAX) OF GeneralSubtree`, each a base alone: minimum is 0,
/// the default, and maximum absent.
fn parse_subtrees(list: &Tlv<'_>, what: &'static str) -> Result<Vec<GeneralName>, Malformed> {
    let mut reader = Reader::new(list.content, what);
    let mut bases = Vec::new();
    loop {
        let subtree = reader.read_required(tag::SEQUENCE, "nameConstraints' subtree")?;
        let mut parts = Reader::new(subtree.content, what);
        bases.push(general_name::parse_name(
            &parts.read_any()?,
            Role::Constraint,
            "nameConstraints",
            what,
        )?);
        if !parts.is_empty() {
            return Err(Malformed::new(format!(
                "{what}: nameConstraints with more than a subtree's base (RFC 5280 4.2.1.10)"
            )));
        }
        if reader.is_empty() {
            return Ok(bases);
        }
    }
}

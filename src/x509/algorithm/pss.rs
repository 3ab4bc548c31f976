//! The parameters of RSASSA-PSS.

use super::hash::Hash;
use super::{MGF1, SHA256, SHA384, SHA512, describe_oid, split_identifier};
use crate::x509::Malformed;
use crate::x509::der::{Reader, Tlv, parse_single, tag};

/// The parameters of RSASSA-PSS (RFC 4055 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pss {
    /// The hash of the message and of MGF1.
    pub hash: Hash,
    /// The salt's length in octets.
    pub salt: u16,
}

/// The salt's length where the parameters do not say it (RFC 4055 3.1).
const DEFAULT_SALT: u16 = 20;

/// RSASSA-PSS-params (RFC 4055 3.1): `[0]` hash, `[1]` mask generation, `[2]` salt length, `[3]`
/// trailer, in order, each at most once.
pub(super) fn pss_form(parameter: &Tlv<'_>, what: &'static str) -> Result<(), Malformed> {
    if parameter.tag != tag::SEQUENCE {
        return Err(Malformed::new(format!(
            "{what}: RSA PSS parameters that are no SEQUENCE (RFC 4055 3.1)"
        )));
    }
    let mut fields = Reader::new(parameter.content, what);
    for number in 0..4 {
        if let Some(field) = fields.read_optional(tag::context_constructed(number))? {
            let mut inner = Reader::new(field.content, what);
            let value = inner.read_required(
                if number < 2 {
                    tag::SEQUENCE
                } else {
                    tag::INTEGER
                },
                "an RSA PSS parameter",
            )?;
            inner.finish()?;
            if matches!((number, value.content), (2, [20]) | (3, [1])) {
                return Err(Malformed::new(format!(
                    "{what}: RSA PSS parameters that write out a default (X.690 11.5)"
                )));
            }
            if number < 2 {
                let (oid, nested) = split_identifier(&value, what)?;
                if let (MGF1, Some(hash)) = (oid, nested) {
                    if hash.tag != tag::SEQUENCE {
                        return Err(Malformed::new(format!(
                            "{what}: an MGF1 parameter that is no SEQUENCE (RFC 4055 2.2)"
                        )));
                    }
                    split_identifier(&hash, what)?;
                }
            }
        }
    }
    fields.finish()
}

/// PSS parameters that count: one hash for both, a salt of any length, the default trailer.
pub(crate) fn pss_parameters(parameter: &Tlv<'_>) -> Result<Pss, Malformed> {
    const WHAT: &str = "the RSA PSS parameters";
    let weak = |text: &str| Malformed::new(format!("RSA PSS {text} (RFC 4055 3.1)"));
    pss_form(parameter, WHAT)?;
    let mut fields = Reader::new(parameter.content, WHAT);
    let hash = fields
        .read_optional(tag::context_constructed(0))?
        .ok_or_else(|| weak("with the default hash, SHA-1"))?;
    let hash = hash_of(hash.content)?;
    let mask = fields
        .read_optional(tag::context_constructed(1))?
        .ok_or_else(|| weak("with the default mask generation, MGF1 with SHA-1"))?;
    let (mask_oid, mask_hash) =
        split_identifier(&parse_single(mask.content, tag::SEQUENCE, WHAT)?, WHAT)?;
    let mask_hash = mask_hash
        .filter(|_| mask_oid == MGF1)
        .ok_or_else(|| weak("with a mask generation other than MGF1"))?;
    if hash_of(mask_hash.raw)? != hash {
        return Err(weak("with different hashes for the message and for MGF1"));
    }
    let salt = match fields.read_optional(tag::context_constructed(2))? {
        None => DEFAULT_SALT,
        Some(field) => match parse_single(field.content, tag::INTEGER, WHAT)?.content {
            [first, ..] if first & 0x80 != 0 => return Err(weak("with a negative salt length")),
            octets @ ([_] | [_, _]) => octets.iter().fold(0, |n, b| (n << 8) | u16::from(*b)),
            _ => return Err(weak("with a salt longer than any key")),
        },
    };
    match fields.is_empty() {
        true => Ok(Pss { hash, salt }),
        false => Err(weak("with a trailer field other than the default")),
    }
}

fn hash_of(identifier: &[u8]) -> Result<Hash, Malformed> {
    const WHAT: &str = "a hash algorithm";
    let (oid, parameter) = split_identifier(&parse_single(identifier, tag::SEQUENCE, WHAT)?, WHAT)?;
    // RFC 4055 2.1: NULL; readers are to take them absent as well. Not here, as in
    // `SignatureAlgorithm::from_der`.
    if !matches!(
        parameter,
        Some(Tlv {
            tag: tag::NULL,
            content: [],
            ..
        })
    ) {
        return Err(Malformed::new(
            "a hash algorithm whose parameters are not NULL (RFC 4055 2.1)",
        ));
    }
    match oid {
        SHA256 => Ok(Hash::Sha256),
        SHA384 => Ok(Hash::Sha384),
        SHA512 => Ok(Hash::Sha512),
        other => Err(Malformed::new(format!(
            "RSA PSS with the hash {}",
            describe_oid(other)
        ))),
    }
}

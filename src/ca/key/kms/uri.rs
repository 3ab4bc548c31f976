//! `awskms:`: the name of a key in AWS KMS.

use std::fmt;

use crate::aws::{Arn, is_uuid};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::shown_text;

/// The longest URI that is read. A key's ARN has about 80 characters, an alias at most 256 (KMS API
/// Reference, CreateAlias).
const MAX_URI: usize = 512;

/// A key in AWS KMS, by one of the names that GetPublicKey takes as `KeyId` (KMS API Reference,
/// GetPublicKey).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KmsKeyName {
    /// An ARN, `alias/NAME`, or a key's id.
    key_id: String,
    /// The region, where the name is an ARN.
    region: Option<String>,
}

impl KmsKeyName {
    /// Reads what follows `awskms:`.
    ///
    /// The forms: `arn:PARTITION:kms:REGION:ACCOUNT:key/ID`, the same with `alias/NAME`,
    /// `alias/NAME` alone, and a key's id alone.
    ///
    /// # Errors
    /// Class [`Class::Usage`](crate::error::Class::Usage), `bad-key-uri`.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let found = shown_text(&format!("awskms:{text}"));
        let bad = |what: &str| {
            Err(Error::new(
                ErrorKind::BadKeyUri,
                [
                    format!("--ca-key names no AWS KMS key: {what}"),
                    format!("  found  {found}"),
                ],
                "give awskms:arn:aws:kms:REGION:ACCOUNT:key/ID, awskms:arn:...:alias/NAME, \
                 awskms:alias/NAME or awskms:KEY-ID",
            )
            .with_fact(FactName::Option, "--ca-key")
            .with_fact(FactName::Found, found.as_str()))
        };
        if text.len() > MAX_URI {
            return bad("it is longer than any name of a key");
        }
        if !text
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("arn:"))
        {
            return match is_key_resource(text, "") {
                true => Ok(KmsKeyName {
                    key_id: text.to_owned(),
                    region: None,
                }),
                false => {
                    bad("it is neither an ARN, nor an alias (alias/NAME), nor the id of a key")
                }
            };
        }
        let arn = match Arn::parse(text, "kms") {
            Ok(arn) => arn,
            Err(what) => return bad(what),
        };
        if !is_key_resource(arn.resource, "key/") {
            return bad(
                "its ARN ends neither with key/ and a key's id, nor with alias/ and a name",
            );
        }
        Ok(KmsKeyName {
            key_id: text.to_owned(),
            region: Some(arn.region.to_owned()),
        })
    }

    /// Returns the name as KMS takes it.
    pub(super) fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The region that the name itself says.
    pub(super) fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }
}

impl fmt::Display for KmsKeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "awskms:{}", self.key_id)
    }
}

/// `alias/NAME`, or a key's id behind `prefix`.
fn is_key_resource(text: &str, prefix: &str) -> bool {
    match text.strip_prefix("alias/") {
        // KMS API Reference, CreateAlias: the characters and the length, with the prefix.
        Some(name) => {
            !name.is_empty()
                && text.len() <= 256
                && name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-'))
        }
        None => text.strip_prefix(prefix).is_some_and(is_key_id),
    }
}

/// A UUID, or a multi-Region key's `mrk-` and 32 hexadecimal digits (KMS Developer Guide, "Key
/// identifiers").
fn is_key_id(text: &str) -> bool {
    match text.strip_prefix("mrk-") {
        Some(digits) => digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()),
        None => is_uuid(text),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    #[test]
    fn every_form_of_a_name_is_read_and_only_an_arn_names_a_region() {
        for (partition, region) in [
            ("aws", "eu-central-1"),
            ("aws-cn", "cn-north-1"),
            ("aws-us-gov", "us-gov-west-1"),
            ("aws-iso-b", "us-isob-east-1"),
        ] {
            for resource in [
                format!("key/{ID}"),
                "alias/cloudhsm-ca".to_owned(),
                "key/mrk-1234abcd12ab34cd56ef1234567890ab".to_owned(),
            ] {
                let text = format!("arn:{partition}:kms:{region}:111122223333:{resource}");
                let name = KmsKeyName::parse(&text).unwrap();
                assert_eq!(
                    (name.key_id(), name.region()),
                    (text.as_str(), Some(region))
                );
            }
        }
        for text in [
            ID,
            "alias/a",
            "alias/team/ca_2026-1",
            "mrk-1234abcd12ab34cd56ef1234567890ab",
        ] {
            let name = KmsKeyName::parse(text).unwrap();
            assert_eq!(
                (name.key_id(), name.region(), name.to_string()),
                (text, None, format!("awskms:{text}"))
            );
        }
    }

    #[test]
    fn anything_else_is_refused_with_what_is_wrong() {
        for (text, why) in [
            ("", "neither an ARN"),
            ("alias/", "neither an ARN"),
            ("alias/a b", "neither an ARN"),
            ("///alias/a", "neither an ARN"),
            ("1234abcd", "neither an ARN"),
            ("key/1234abcd-12ab-34cd-56ef-1234567890ab", "neither an ARN"),
            ("1234abcd-12ab-34cd-56ef-1234567890ag", "neither an ARN"),
            ("mrk-1234abcd12ab34cd56ef1234567890ag", "neither an ARN"),
            ("mrk-1234abcd12ab34cd56ef1234567890", "neither an ARN"),
            ("arn:aws:kms:eu-central-1:111122223333", "less than six"),
            (
                "arn:azure:kms:eu-central-1:111122223333:alias/a",
                "partition",
            ),
            ("ARN:aws:kms:eu-central-1:111122223333:alias/a", "partition"),
            (
                "arn:aws:s3:eu-central-1:111122223333:alias/a",
                "another service",
            ),
            (
                "arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/x",
                "another service",
            ),
            ("arn:aws:kms::111122223333:alias/a", "no region"),
            (
                "arn:aws:kms:evil.example.com/:111122223333:alias/a",
                "no region",
            ),
            ("arn:aws:kms:eu-central-1:1111:alias/a", "twelve digits"),
            (
                "arn:aws:kms:eu-central-1:111122223333:1234abcd-12ab-34cd-56ef-1234567890ab",
                "ends neither",
            ),
            (
                "arn:aws:kms:eu-central-1:111122223333:key/alias",
                "ends neither",
            ),
            (
                "arn:aws:kms:eu-central-1:111122223333:alias/a\u{1b}[2J",
                "ends neither",
            ),
        ] {
            let error = KmsKeyName::parse(text).unwrap_err();
            assert_eq!(
                (error.exit_code(), error.kind),
                (2, ErrorKind::BadKeyUri),
                "{text}"
            );
            assert!(
                error.message.contains(why) && !error.message.contains('\u{1b}'),
                "{text}: {}",
                error.message
            );
        }
        assert!(KmsKeyName::parse(&format!("alias/{}", "a".repeat(300))).is_err());
    }

    /// Whoever takes the prefix of another kind of key may have a PIN behind it.
    #[test]
    fn a_pin_behind_the_wrong_prefix_is_not_shown() {
        let error = KmsKeyName::parse("token=ca;object=k?pin-value=98765").unwrap_err();
        let told = error.to_json().to_string();
        assert!(
            told.contains("(withheld)") && !told.contains("98765"),
            "{told}"
        );
    }
}

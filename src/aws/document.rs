//! The check of a successful answer: a complete JSON document with the member that the call asks
//! for.
//!
//! The SDK takes an empty body, or white space, for `{}`, and an absent list for an empty one. A
//! proxy's empty page would then mean that there are no clusters.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The most values that an answer may hold. A page of 50 backups with 50 tags each has some 8,000;
/// each one takes the SDK some hundred octets and more.
const MOST_VALUES: usize = 100_000;

/// Calls whose answer has no members: AWS's references say of them that the service "sends back an
/// HTTP 200 response with an empty HTTP body", and `{}` is what comes.
const WITHOUT_MEMBERS: [&str; 2] = [
    "BaldrApiService.TagResource",
    "BaldrApiService.UntagResource",
];

/// The member that each call is made for. Sources: AWS CloudHSM API Reference 2022-06-06, AWS KMS
/// API Reference, AWS Private CA API Reference: "Response Syntax" and "Response Elements" of each
/// action. GetResourcePolicy's has none for a backup without a policy.
const ANSWER_MEMBERS: [(&str, &str); 21] = [
    ("BaldrApiService.CopyBackupToRegion", "DestinationBackup"),
    ("BaldrApiService.CreateCluster", "Cluster"),
    ("BaldrApiService.CreateHsm", "Hsm"),
    ("BaldrApiService.DeleteBackup", "Backup"),
    ("BaldrApiService.DeleteCluster", "Cluster"),
    ("BaldrApiService.DeleteHsm", "HsmId"),
    ("BaldrApiService.DeleteResourcePolicy", "ResourceArn"),
    ("BaldrApiService.DescribeBackups", "Backups"),
    ("BaldrApiService.DescribeClusters", "Clusters"),
    ("BaldrApiService.InitializeCluster", "State"),
    ("BaldrApiService.ListTags", "TagList"),
    ("BaldrApiService.ModifyBackupAttributes", "Backup"),
    ("BaldrApiService.ModifyCluster", "Cluster"),
    ("BaldrApiService.PutResourcePolicy", "ResourceArn"),
    ("BaldrApiService.RestoreBackup", "Backup"),
    ("TrentService.GetPublicKey", "PublicKey"),
    ("TrentService.Sign", "Signature"),
    (
        "ACMPrivateCA.DescribeCertificateAuthority",
        "CertificateAuthority",
    ),
    ("ACMPrivateCA.GetCertificate", "Certificate"),
    (
        "ACMPrivateCA.GetCertificateAuthorityCertificate",
        "Certificate",
    ),
    ("ACMPrivateCA.IssueCertificate", "CertificateArn"),
];

/// Checks the body of a successful answer to the call `target`.
///
/// # Errors
/// A description of what the body is instead.
pub(super) fn check_body(
    target: &str,
    content_type: Option<&str>,
    encoding: Option<&str>,
    body: &[u8],
) -> Result<(), String> {
    if let Some(encoding) = encoding.filter(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        return Err(format!(
            "it is encoded ({}), which nobody asked for",
            shorten_text(encoding)
        ));
    }
    if body.is_empty() && WITHOUT_MEMBERS.contains(&target) {
        return Ok(());
    }
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(if body.is_empty() {
            "it is empty"
        } else {
            "it is white space"
        }
        .to_owned());
    }
    // Smithy, "AWS JSON 1.1 protocol": the content type is application/x-amz-json-1.1; of 1.0
    // likewise.
    let media_type = content_type.map(|text| {
        text.split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    });
    if let Some(found) = media_type.filter(|found| {
        ![
            "application/x-amz-json-1.1",
            "application/x-amz-json-1.0",
            "application/json",
        ]
        .contains(&found.as_str())
    }) {
        return Err(format!(
            "its type is {}, expected application/x-amz-json-1.1",
            shorten_text(&found)
        ));
    }
    let wanted = ANSWER_MEMBERS
        .iter()
        .find(|(name, _)| *name == target)
        .map(|(_, member)| *member);
    let (left, found) = (Cell::new(MOST_VALUES), Cell::new(false));
    let mut reader = serde_json::Deserializer::from_slice(body);
    let read = reader
        .deserialize_map(AnswerObject {
            left: &left,
            wanted,
            found: &found,
        })
        .and_then(|()| reader.end());
    match (read, wanted) {
        _ if left.get() == 0 => Err(format!("it holds more than {MOST_VALUES} values")),
        (Err(cause), _) if cause.is_data() => Err("it is JSON, but no object".to_owned()),
        (Err(cause), _) => Err(format!(
            "it is not whole JSON, in line {} column {}",
            cause.line(),
            cause.column()
        )),
        (Ok(()), Some(wanted)) if !found.get() => Err(format!("it has no \"{wanted}\"")),
        (Ok(()), _) => Ok(()),
    }
}

fn shorten_text(text: &str) -> String {
    text.trim().chars().take(60).collect()
}

/// A visitor for the object at the top of an answer.
struct AnswerObject<'a> {
    left: &'a Cell<usize>,
    wanted: Option<&'a str>,
    found: &'a Cell<bool>,
}

impl<'de> Visitor<'de> for AnswerObject<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let is_there = map.next_value_seed(CountedValue(self.left))?;
            if self.wanted == Some(name.as_str()) {
                self.found.set(is_there);
            }
        }
        Ok(())
    }
}

/// A reader that counts a value and everything in it, and tells whether the value is something
/// other than null.
struct CountedValue<'a>(&'a Cell<usize>);

impl<'de> DeserializeSeed<'de> for CountedValue<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<bool, D::Error> {
        // Saturating: once none is left, each further value is one too many as well.
        let left = self.0.get().saturating_sub(1);
        self.0.set(left);
        if left == 0 {
            return Err(serde::de::Error::custom("too many values"));
        }
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for CountedValue<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_str<E>(self, _: &str) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        while list.next_element_seed(CountedValue(self.0))?.is_some() {}
        Ok(true)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        while map.next_key::<IgnoredAny>()?.is_some() {
            map.next_value_seed(CountedValue(self.0))?;
        }
        Ok(true)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const CALL: &str = "BaldrApiService.DescribeClusters";
    const JSON: Option<&str> = Some("application/x-amz-json-1.1");

    fn fault_of_body(content_type: Option<&str>, body: &str) -> String {
        check_body(CALL, content_type, None, body.as_bytes()).unwrap_err()
    }

    #[test]
    fn an_answer_is_an_object_with_what_was_asked_for() {
        for content_type in [JSON, None, Some("application/json; charset=utf-8")] {
            assert_eq!(
                check_body(
                    CALL,
                    content_type,
                    None,
                    br#" {"Clusters":[],"NextToken":null,"New":{"a":[1,2.5,-1,true,null]}} "#
                ),
                Ok(())
            );
        }
        assert_eq!(
            check_body("BaldrApiService.TagResource", JSON, None, b""),
            Ok(())
        );
        assert_eq!(
            check_body("BaldrApiService.TagResource", JSON, None, b"{}"),
            Ok(())
        );
        assert_eq!(check_body("NewService.NewCall", JSON, None, b"{}"), Ok(()));
    }

    #[test]
    fn what_is_no_document_is_named() {
        assert_eq!(fault_of_body(JSON, ""), "it is empty");
        assert_eq!(fault_of_body(JSON, " \r\n\t "), "it is white space");
        assert_eq!(fault_of_body(JSON, "[]"), "it is JSON, but no object");
        assert_eq!(fault_of_body(JSON, "null"), "it is JSON, but no object");
        assert_eq!(fault_of_body(JSON, "{}"), "it has no \"Clusters\"");
        assert_eq!(
            fault_of_body(JSON, r#"{"Clusters":null}"#),
            "it has no \"Clusters\""
        );
        assert_eq!(
            fault_of_body(JSON, r#"{"clusters":[]}"#),
            "it has no \"Clusters\""
        );
        assert_eq!(
            fault_of_body(Some("text/html; charset=x"), r#"{"Clusters":[]}"#),
            "its type is text/html, expected application/x-amz-json-1.1"
        );
        for broken in [
            r#"{"Clusters":["#,
            r#"{"Clusters":[]} x"#,
            "<html></html>",
            "{\"Clusters\":[\"\u{1}\"]}",
            "\u{feff}{}",
        ] {
            assert!(
                fault_of_body(JSON, broken).starts_with("it is not whole JSON, in line 1"),
                "{broken}: {}",
                fault_of_body(JSON, broken)
            );
        }
        assert!(
            check_body(CALL, JSON, Some("gzip"), br#"{"Clusters":[]}"#)
                .unwrap_err()
                .contains("gzip")
        );
        assert!(check_body("BaldrApiService.TagResource", JSON, None, b" ").is_err());
    }

    #[test]
    fn an_answer_that_would_fill_the_memory_when_it_is_read_is_none() {
        let many = format!(r#"{{"Clusters":[{}{{}}]}}"#, "{},".repeat(MOST_VALUES));
        assert_eq!(
            fault_of_body(JSON, &many),
            "it holds more than 100000 values"
        );
        let deep = format!(
            r#"{{"Clusters":{}{}}}"#,
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        assert!(
            fault_of_body(JSON, &deep).starts_with("it is not whole JSON"),
            "{}",
            fault_of_body(JSON, &deep)
        );
    }
}

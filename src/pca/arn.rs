//! A private CA's ARN, and those of the certificates that it issues.

use std::fmt;
use std::str::FromStr;

use crate::aws::{Arn, is_uuid};
use crate::outside::shown_text;

/// `arn:PARTITION:acm-pca:REGION:ACCOUNT:certificate-authority/UUID` (AWS Private CA API Reference,
/// DescribeCertificateAuthority).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaArn {
    text: String,
    partition: String,
    region: String,
}

impl CaArn {
    /// The region where the CA is.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// A template of AWS's own, in the CA's partition (AWS Private CA User Guide, "Use AWS Private
    /// CA certificate templates").
    pub(super) fn template_arn(&self, name: &str) -> String {
        format!("arn:{}:acm-pca:::template/{name}", self.partition)
    }

    /// Tells whether `certificate` is the ARN of a certificate of this CA: its own ARN,
    /// `/certificate/` and the serial number.
    pub fn is_issuer_of(&self, certificate: &str) -> bool {
        let serial = certificate
            .strip_prefix(self.text.as_str())
            .and_then(|rest| rest.strip_prefix("/certificate/"));
        serial.is_some_and(|serial| {
            (1..=64).contains(&serial.len()) && serial.bytes().all(|b| b.is_ascii_alphanumeric())
        })
    }

    /// Returns the ARN as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for CaArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for CaArn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = |what: &str| {
            format!(
                "{what}; expected arn:aws:acm-pca:REGION:ACCOUNT:certificate-authority/ID, found \
                 {}",
                shown_text(text)
            )
        };
        let arn = Arn::parse(text, "acm-pca").map_err(bad)?;
        match arn.resource.strip_prefix("certificate-authority/") {
            Some(id) if is_uuid(id) => Ok(CaArn {
                text: text.to_owned(),
                partition: arn.partition.to_owned(),
                region: arn.region.to_owned(),
            }),
            Some(_) => Err(bad("what follows certificate-authority/ is no id of a CA")),
            None => Err(bad(
                "its ARN does not end with certificate-authority/ and an id",
            )),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const CA: &str = "arn:aws-us-gov:acm-pca:us-gov-west-1:111122223333:certificate-authority/1234a\
                      bcd-12ab-34cd-56ef-1234567890ab";

    #[test]
    fn a_ca_is_named_with_its_partition_and_region() {
        let ca: CaArn = CA.parse().unwrap();
        assert_eq!((ca.region(), ca.as_str()), ("us-gov-west-1", CA));
        assert_eq!(
            ca.template_arn("EndEntityCertificate/V1"),
            "arn:aws-us-gov:acm-pca:::template/EndEntityCertificate/V1"
        );
        for wrong in [
            "",
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/x",
            "arn:aws:acm-pca:eu-central-1:111122223333:template/EndEntityCertificate/V1",
            &format!("{CA}/certificate/0123"),
        ] {
            assert!(wrong.parse::<CaArn>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_certificate_of_another_ca_is_told_apart() {
        let ca: CaArn = CA.parse().unwrap();
        assert!(ca.is_issuer_of(&format!(
            "{CA}/certificate/e8cbd2bedb122329f97706bcfec990f8"
        )));
        for wrong in [
            CA.to_owned(),
            format!("{CA}/certificate/"),
            format!("{CA}/certificate/../x"),
            format!("{}/certificate/01", CA.replace("1234", "4321")),
        ] {
            assert!(!ca.is_issuer_of(&wrong), "{wrong}");
        }
    }
}

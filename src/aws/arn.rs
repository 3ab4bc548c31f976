//! Amazon Resource Names.

/// An ARN of one service: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE` (IAM User Guide,
/// "Identify AWS resources with ARNs").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    /// The partition: `aws`, `aws-cn`, `aws-us-gov` or another that begins with `aws-`.
    pub(crate) partition: &'a str,
    pub(crate) region: &'a str,
    /// The account, of twelve digits.
    pub(crate) account: &'a str,
    /// The part after the account, not checked yet.
    pub(crate) resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Reads an ARN of `service`.
    ///
    /// # Errors
    /// A sentence that names the fault.
    pub(crate) fn parse(text: &'a str, service: &str) -> Result<Self, &'static str> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [arn, partition, its_service, region, account, resource] = parts.as_slice() else {
            return Err("its ARN has less than six parts");
        };
        if *arn != "arn"
            || !(is_label(partition) && (*partition == "aws" || partition.starts_with("aws-")))
        {
            return Err("its ARN begins with no partition of AWS, such as arn:aws:");
        }
        if *its_service != service {
            return Err("its ARN is another service's: look at the third part");
        }
        if !is_label(region) {
            return Err("the fourth part of its ARN is no region");
        }
        if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
            return Err("the fifth part of its ARN is no account, which has twelve digits");
        }
        Ok(Arn {
            partition,
            region,
            account,
            resource,
        })
    }
}

/// Tells whether a text has only lower-case letters, digits and hyphens: a region becomes part of a
/// host's name.
pub(crate) fn is_label(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Tells whether a text is a UUID: eight, four, four, four and twelve hexadecimal digits (RFC 9562
/// 4).
#[cfg(any(feature = "awskms", fuzzing))]
pub(crate) fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.len() == 5
        && groups.iter().zip([8, 4, 4, 4, 12]).all(|(group, length)| {
            group.len() == length && group.bytes().all(|b| b.is_ascii_hexdigit())
        })
}

/// The ARN of a role that is assumed before a service is called (IAM User Guide, "IAM identifiers";
/// API Reference, AssumeRole: `RoleArn`, 20 to 2048 characters).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoleArn(String);

impl RoleArn {
    /// Returns the ARN as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for RoleArn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let fits = match parts.as_slice() {
            ["arn", partition, "iam", "", account, resource] => {
                is_label(partition)
                    && account.len() == 12
                    && account.bytes().all(|b| b.is_ascii_digit())
                    && resource.strip_prefix("role/").is_some_and(|name| {
                        !name.is_empty()
                            && name
                                .bytes()
                                .all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&b))
                    })
            }
            _ => false,
        };
        if fits && text.len() <= 2048 {
            Ok(RoleArn(text.to_owned()))
        } else {
            Err(
                "expected the ARN of a role, such as arn:aws:iam::123456789012:role/claim"
                    .to_owned(),
            )
        }
    }
}

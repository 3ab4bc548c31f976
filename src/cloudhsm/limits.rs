//! The documented constraints of the API's requests, checked before anything is sent.
//!
//! Source: AWS CloudHSM API Reference, API version 2017-04-28, as of 2022-06-06; later additions
//! are marked where they stand. Patterns are matched against the whole value.

use std::ops::RangeInclusive;

use super::Call;

/// A text in requests, with its documented constraint. The command line's check comes from it.
#[derive(Clone, Copy, Debug)]
pub struct MemberLimit {
    /// The members that are such a text, each with its call, by the API's names. `[]` stands for an
    /// item of a list, a dot for a member of a structure.
    pub members: &'static [(Call, &'static str)],
    /// What is expected, in words.
    pub expected: &'static str,
    /// The constraint, as the API Reference prints it.
    pub constraint: &'static str,
    /// Tells whether a value meets it.
    pub fits: fn(&str) -> bool,
}

impl MemberLimit {
    /// Checks a value.
    ///
    /// # Errors
    /// A text that says what was expected.
    pub fn check_value(&self, value: &str) -> Result<String, String> {
        if (self.fits)(value) {
            Ok(value.to_owned())
        } else {
            Err(format!("expected {}, {}", self.expected, self.constraint))
        }
    }

    /// Returns [`MemberLimit::check_value`] as a function, for a command line's option.
    pub fn parser(self) -> impl Fn(&str) -> Result<String, String> + Clone + Send + Sync + 'static {
        move |value| self.check_value(value)
    }
}

/// Defines the limits, one row each: its members, what is expected, its constraint, and the
/// function that checks it.
macro_rules! member_limits {
    ($($(#[$doc:meta])* $name:ident: $([$($call:ident $member:literal),*])+,
       $expected:expr, $constraint:expr, $fits:expr;)*) => {
        $($(#[$doc])* pub const $name: MemberLimit = MemberLimit {
            members: &[$($((Call::$call, $member),)*)+],
            expected: $expected,
            constraint: $constraint,
            fits: $fits,
        };)*

        /// Every limit.
        pub const MEMBER_LIMITS: &[MemberLimit] = &[$($name,)*];
    };
}

member_limits! {
    /// HsmId.
    HSM_ID: [DeleteHsm "HsmId"],
        "an HSM's id", "hsm-[2-7a-zA-Z]{11,16}",
        |value| is_resource_id(value, "hsm-");
    /// BackupId.
    BACKUP_ID: [CopyBackupToRegion "BackupId", DeleteBackup "BackupId"]
        [ModifyBackupAttributes "BackupId", RestoreBackup "BackupId"],
        "a backup's id", "backup-[2-7a-zA-Z]{11,16}",
        |value| is_resource_id(value, "backup-");
    /// ResourceId: a cluster or a backup, which can have tags.
    TAGGED_RESOURCE_ID:
        [ListTags "ResourceId", TagResource "ResourceId", UntagResource "ResourceId"],
        "the id of a cluster or a backup", "(?:cluster|backup)-[2-7a-zA-Z]{11,16}",
        |value| is_resource_id(value, "cluster-") || is_resource_id(value, "backup-");
    /// EniId.
    ENI_ID: [DeleteHsm "EniId"],
        "a network interface's id", "eni-[0-9a-fA-F]{8,17}",
        |value| is_ec2_id(value, "eni-");
    /// SubnetId.
    SUBNET_ID: [CreateCluster "SubnetIds[]"],
        "a subnet's id", "subnet-[0-9a-fA-F]{8,17}",
        |value| is_ec2_id(value, "subnet-");
    /// A value of the filter `vpcIds`. The printed pattern of VpcId is `vpc-[0-9a-fA-F]`, of one
    /// digit, which no VPC's id fits: any number of them are taken.
    VPC_ID: [DescribeClusters "Filters.vpcIds[]"],
        "a VPC's id", "vpc-[0-9a-fA-F]+",
        |value| value
            .strip_prefix("vpc-")
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_hexdigit()));
    /// HsmType: `((p|)hsm[0-9][a-z.]*\.[a-zA-Z]+)`, at most 32 characters, as the model of November
    /// 2026 has it: types that are not known yet fit as well.
    HSM_TYPE: [CreateCluster "HsmType", ModifyCluster "HsmType"],
        "a type of HSM such as hsm2m.medium",
        r"((p|)hsm[0-9][a-z.]*\.[a-zA-Z]+), at most 32 characters",
        |value| value.len() <= 32 && is_hsm_type(value);
    /// SourceBackupId: a backup's id or its ARN, which names one of another account (`BackupArn` in
    /// the model of November 2026).
    BACKUP_ID_OR_ARN: [CreateCluster "SourceBackupId"],
        "a backup's id or ARN",
        "backup-[2-7a-zA-Z]{11,16}, or arn:aws:cloudhsm:REGION:ACCOUNT:backup/ and that",
        |value| is_resource_id(value, "backup-") || backup_of_arn(value).is_some();
    /// ResourceArn of the resource policies (`CloudHsmArn` in the model of November 2026): a
    /// backup's, which alone have policies (API Reference, PutResourcePolicy).
    BACKUP_ARN: [GetResourcePolicy "ResourceArn", PutResourcePolicy "ResourceArn"]
        [DeleteResourcePolicy "ResourceArn"],
        "a backup's ARN", "arn:aws:cloudhsm:REGION:ACCOUNT:backup/backup-[2-7a-zA-Z]{11,16}",
        |value| backup_of_arn(value).is_some();
    /// IpAddress and EniIp: `\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}`, and an address, which the
    /// pattern alone does not promise.
    IP_ADDRESS: [CreateHsm "IpAddress", DeleteHsm "EniIp"],
        "an IPv4 address", "such as 10.0.1.4",
        |value| value.parse::<core::net::Ipv4Addr>().is_ok();
    /// AvailabilityZone.
    AVAILABILITY_ZONE: [CreateHsm "AvailabilityZone"],
        "an Availability Zone such as us-east-1a",
        r"[a-z]{2}(-(gov))?-(east|west|north|south|central){1,2}-\d[a-z]",
        |value| value
            .strip_suffix(|c: char| c.is_ascii_lowercase())
            .is_some_and(|region| is_region(region, &["gov-"]));
    /// DestinationRegion.
    DESTINATION_REGION: [CopyBackupToRegion "DestinationRegion"],
        "a region such as us-east-1",
        r"[a-z]{2}(-(gov))?-(east|west|north|south|central){1,2}-\d",
        |value| is_region(value, &["gov-"]);
    /// Key of a Tag.
    TAG_KEY: [CopyBackupToRegion "TagList[].Key", CreateCluster "TagList[].Key"]
        [TagResource "TagList[].Key", UntagResource "TagKeyList[]"],
        "a tag's key of 1 to 128 characters", TAG_PATTERN,
        |value| is_tag_text(value, 1..=128);
    /// Value of a Tag.
    TAG_VALUE: [CopyBackupToRegion "TagList[].Value", CreateCluster "TagList[].Value"]
        [TagResource "TagList[].Value"],
        "a tag's value of at most 256 characters", TAG_PATTERN,
        |value| is_tag_text(value, 0..=256);
}

/// SubnetIds: at most this many items.
pub const MAX_SUBNETS: usize = 10;
/// TagList and TagKeyList: at most this many items.
pub const MAX_TAGS: usize = 50;
/// BackupRetentionPolicy, Value: "Use a value between 7 - 379."
pub const RETENTION_DAYS: (u16, u16) = (7, 379);
/// MaxResults of DescribeClusters.
pub const CLUSTERS_PER_PAGE: (i32, i32) = (1, 25);
/// MaxResults of DescribeBackups.
pub const BACKUPS_PER_PAGE: (i32, i32) = (1, 50);
/// MaxResults of ListTags.
pub const TAGS_PER_PAGE: (i32, i32) = (1, 100);
/// The most HSMs of a cluster whose type can be changed (User Guide, "Migrating from hsm1.medium to
/// hsm2m.medium").
pub const MOST_HSMS_TO_MIGRATE: usize = 27;
/// Policy of PutResourcePolicy, in characters: 1 to 20000 (`ResourcePolicy` in the model of
/// November 2026).
pub const POLICY_CHARS: usize = 20_000;

/// Parses a tag, `KEY=VALUE`. A key may hold a `=` by the pattern; on a command line the first one
/// ends it.
///
/// # Errors
/// A text that says what was expected.
pub fn parse_tag(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((TAG_KEY.check_value(key)?, TAG_VALUE.check_value(value)?))
}

/// Policy of PutResourcePolicy: a JSON object (IAM User Guide, "Grammar of the IAM JSON policy
/// language"), at most 20000 characters.
///
/// # Errors
/// A text that says what was expected.
pub fn resource_policy(text: &str) -> Result<serde_json::Value, String> {
    let characters = text.chars().count();
    if characters > POLICY_CHARS {
        return Err(format!(
            "{characters} characters, at most {POLICY_CHARS} are allowed"
        ));
    }
    let value: serde_json::Value = serde_json::from_str(text).map_err(|cause| {
        format!(
            "not JSON, in line {} column {}",
            cause.line(),
            cause.column()
        )
    })?;
    if value.is_object() {
        Ok(value)
    } else {
        Err("JSON, but no object: a policy is one".to_owned())
    }
}

/// Returns the id of the backup that an ARN names,
/// `arn:aws(-(us-gov))?:cloudhsm:REGION:[0-9]{12}:backup/ID`, where REGION is
/// `([a-z]{2}(-(gov|isob|iso))?-(east|west|north|south|central){1,2}-[0-9]{1})`.
pub fn backup_of_arn(arn: &str) -> Option<&str> {
    let rest = ["arn:aws:cloudhsm:", "arn:aws-us-gov:cloudhsm:"]
        .iter()
        .find_map(|prefix| arn.strip_prefix(prefix))?;
    let (region, rest) = rest.split_once(':')?;
    let (account, id) = rest.split_once(":backup/")?;
    let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    (is_region(region, &["gov-", "isob-", "iso-"]) && is_account && is_resource_id(id, "backup-"))
        .then_some(id)
}

const TAG_PATTERN: &str = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*";

fn is_resource_id(value: &str, prefix: &str) -> bool {
    let tail = |b: u8| b.is_ascii_alphabetic() || (b'2'..=b'7').contains(&b);
    value
        .strip_prefix(prefix)
        .is_some_and(|rest| (11..=16).contains(&rest.len()) && rest.bytes().all(tail))
}

fn is_ec2_id(value: &str, prefix: &str) -> bool {
    value.strip_prefix(prefix).is_some_and(|rest| {
        (8..=17).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

/// Tells whether a value matches `(p|)hsm[0-9][a-z.]*\.[a-zA-Z]+`. The last dot may be any that has
/// only letters behind it.
fn is_hsm_type(value: &str) -> bool {
    let rest = value
        .strip_prefix('p')
        .unwrap_or(value)
        .strip_prefix("hsm")
        .unwrap_or_default();
    let Some(rest) = rest.strip_prefix(|c: char| c.is_ascii_digit()) else {
        return false;
    };
    rest.rsplit_once('.').is_some_and(|(middle, size)| {
        let is_middle = middle.bytes().all(|b| b.is_ascii_lowercase() || b == b'.');
        is_middle && !size.is_empty() && size.bytes().all(|b| b.is_ascii_alphabetic())
    })
}

/// Tells whether the value is a region, with the partition words that may stand behind the country.
fn is_region(value: &str, lands: &[&str]) -> bool {
    let Some((land, rest)) = value.split_once('-') else {
        return false;
    };
    let in_land = lands.iter().find_map(|kind| rest.strip_prefix(kind));
    let Some((direction, number)) = in_land.unwrap_or(rest).split_once('-') else {
        return false;
    };
    let two_letters = land.len() == 2 && land.bytes().all(|b| b.is_ascii_lowercase());
    two_letters
        && is_direction(direction)
        && matches!(number.as_bytes(), [digit] if digit.is_ascii_digit())
}

/// Tells whether a text matches `(east|west|north|south|central){1,2}`.
fn is_direction(text: &str) -> bool {
    const ONE: [&str; 5] = ["east", "west", "north", "south", "central"];
    let is_one = |text: &str| ONE.contains(&text);
    is_one(text)
        || ONE
            .iter()
            .any(|first| text.strip_prefix(first).is_some_and(is_one))
}

/// Tells whether a text matches the pattern of keys and values. Letters are Rust's: `is_alphabetic`
/// also takes the marks that some scripts write vowels with, which `\p{L}` does not; the service
/// has the last word on these.
fn is_tag_text(value: &str, length: RangeInclusive<usize>) -> bool {
    let separator =
        |c: char| (c.is_whitespace() && !c.is_control()) || c == '\u{2028}' || c == '\u{2029}';
    let allowed =
        |c: char| c.is_alphabetic() || c.is_numeric() || separator(c) || "_.:/=+-@".contains(c);
    length.contains(&value.chars().count()) && value.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ids_match_the_whole_pattern() {
        for (limit, prefix) in [
            (TAGGED_RESOURCE_ID, "cluster-"),
            (HSM_ID, "hsm-"),
            (BACKUP_ID, "backup-"),
        ] {
            let check = limit.parser();
            for good in ["abcdefghijk", "ABCdef234567XYZz"] {
                assert!(check(&format!("{prefix}{good}")).is_ok(), "{prefix}{good}");
            }
            for bad in [
                "abcdefghij",
                "abcdefghijklmnopq",
                "abcdefghij1",
                "../../../../x",
                "",
            ] {
                assert!(check(&format!("{prefix}{bad}")).is_err(), "{prefix}{bad}");
            }
            assert!(check("abcdefghijk").is_err());
        }
        assert!(
            TAGGED_RESOURCE_ID.check_value("hsm-abcdefghijk").is_err()
                && TAGGED_RESOURCE_ID.check_value("backup-abcdefghijk").is_ok()
                && TAGGED_RESOURCE_ID
                    .check_value("cluster-abcdefghijk")
                    .is_ok()
        );
        assert!(
            SUBNET_ID.check_value("subnet-0123abCD").is_ok()
                && SUBNET_ID.check_value("subnet-0123abC").is_err()
                && SUBNET_ID.check_value("subnet-0123abCg").is_err()
        );
        assert!(
            ENI_ID.check_value("eni-0123456789abcdef0").is_ok()
                && ENI_ID.check_value("eni-0123456789abcdef01").is_err()
        );
        assert!(
            VPC_ID.check_value("vpc-0a").is_ok()
                && VPC_ID.check_value("vpc-").is_err()
                && VPC_ID.check_value("vpc-x").is_err()
        );
    }

    #[test]
    fn zones_and_regions_match_the_whole_pattern() {
        for good in [
            "us-east-1",
            "us-gov-west-1",
            "ap-southeast-2",
            "eu-central-1",
            "ap-eastcentral-3",
        ] {
            assert!(DESTINATION_REGION.check_value(good).is_ok(), "{good}");
            assert!(
                AVAILABILITY_ZONE.check_value(&format!("{good}a")).is_ok(),
                "{good}a"
            );
        }
        for bad in [
            "",
            "us-east-",
            "us-up-1",
            "usa-east-1",
            "us-iso-east-1",
            "us-east-10",
            "-east-1",
            "us-east-1 ",
            "US-east-1",
            "us-gov-gov-east-1",
            "us--1",
        ] {
            assert!(DESTINATION_REGION.check_value(bad).is_err(), "{bad}");
        }
        for bad in ["us-east-1", "us-east-1A", "us-east-1ab", "us-east-10a", "a"] {
            assert!(AVAILABILITY_ZONE.check_value(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_type_matches_todays_pattern_known_or_not() {
        for good in [
            "hsm1.medium",
            "hsm2m.medium",
            "phsm3.large",
            "hsm9.x.y.Large",
            "hsm2..a",
            &format!("hsm2m.{}", "m".repeat(26)),
        ] {
            assert!(HSM_TYPE.check_value(good).is_ok(), "{good}");
        }
        let long = format!("hsm2m.{}", "m".repeat(27));
        for bad in [
            "",
            "hsm",
            "hsm.medium",
            "hsm2m",
            "hsm2M.medium",
            "hsm2m.",
            "hsm2m.medium1",
            "pphsm2.m",
            "hsm22.medium",
            "HSM2m.medium",
            &long,
            "hsm2m.medium ",
        ] {
            assert!(HSM_TYPE.check_value(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_backups_arn_matches_the_whole_pattern() {
        let good = "arn:aws:cloudhsm:eu-west-1:123456789012:backup/backup-abcdefghijk";
        assert_eq!(backup_of_arn(good), Some("backup-abcdefghijk"));
        assert!(
            BACKUP_ID_OR_ARN.check_value(good).is_ok()
                && BACKUP_ID_OR_ARN.check_value("backup-abcdefghijk").is_ok()
                && BACKUP_ARN.check_value("backup-abcdefghijk").is_err()
        );
        for (part, other) in [
            ("arn:", "urn:"),
            ("aws:", "aws-cn:"),
            ("cloudhsm", "kms"),
            ("eu-west-1", "eu-up-1"),
            ("123456789012", "12345678901"),
            ("123456789012", "12345678901a"),
            ("backup/", "backups/"),
            ("backup/backup-", "cluster/cluster-"),
            ("abcdefghijk", "abcdefghijk1"),
            ("abcdefghijk", "abcdefghijk:x"),
            ("abcdefghijk", "abcdefghijk\n"),
        ] {
            let bad = good.replacen(part, other, 1);
            assert!(
                BACKUP_ARN.check_value(&bad).is_err()
                    && BACKUP_ID_OR_ARN.check_value(&bad).is_err(),
                "{part} as {other}"
            );
        }
        for (part, other) in [
            ("aws:", "aws-us-gov:"),
            ("eu-west-1", "us-isob-east-1"),
            ("eu-west-1", "us-gov-west-1"),
        ] {
            assert!(
                BACKUP_ARN
                    .check_value(&good.replacen(part, other, 1))
                    .is_ok(),
                "{other}"
            );
        }
    }

    #[test]
    fn a_policy_is_a_json_object_of_at_most_20000_characters() {
        assert!(resource_policy("{\"Statement\": []}\n").is_ok());
        let filled = |n: usize| format!("{{\"a\":\"{}\"}}", "é".repeat(n - 8));
        assert!(
            resource_policy(&filled(20_000)).is_ok() && resource_policy(&filled(20_001)).is_err()
        );
        for bad in [
            "",
            " ",
            "[]",
            "\"{}\"",
            "{} {}",
            "{",
            "{'a': 1}",
            "\u{feff}{}",
        ] {
            assert!(resource_policy(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_address_is_one_and_not_only_four_numbers() {
        assert!(IP_ADDRESS.check_value("10.0.1.4").is_ok());
        for bad in ["999.1.1.1", "10.0.1", "10.0.1.4.5", "::1", "1000.0.0.1", ""] {
            assert!(IP_ADDRESS.check_value(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn tags_take_letters_of_every_script_and_have_their_lengths() {
        assert_eq!(
            parse_tag("Überschrift 名前=a=b").unwrap(),
            ("Überschrift 名前".to_owned(), "a=b".to_owned())
        );
        assert!(parse_tag(&format!("{}={}", "k".repeat(128), "v".repeat(256))).is_ok());
        assert!(parse_tag("key=").is_ok());
        for bad in [
            "key", "=value", "a,b=c", "a=100%", "a=tab\t", "a=line\n", "a=\u{7}",
        ] {
            assert!(parse_tag(bad).is_err(), "{bad}");
        }
        assert!(
            TAG_KEY.check_value(&"k".repeat(129)).is_err()
                && TAG_VALUE.check_value(&"é".repeat(257)).is_err()
                && TAG_VALUE.check_value(&"é".repeat(256)).is_ok()
        );
    }
}

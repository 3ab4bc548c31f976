//! The documented constraints of the API's requests, checked before anything is sent.
//!
//! Source: AWS CloudHSM API Reference, API version 2017-04-28, as of 2022-06-06; later additions
//! are marked where they stand. Patterns are matched against the whole value. Each function returns
//! the value, or a text that says what was expected and what was found.

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

/// HsmType, in characters.
const HSM_TYPE_CHARS: usize = 32;
/// The most HSMs of a cluster whose type can be changed (User Guide, "Migrating from hsm1.medium to
/// hsm2m.medium").
pub const MOST_HSMS_TO_MIGRATE: usize = 27;
/// Policy of PutResourcePolicy, in characters: 1 to 20000 (`ResourcePolicy` in the model of
/// November 2026).
pub const POLICY_CHARS: usize = 20_000;

/// Key and Value of a Tag, in characters.
const TAG_KEY: (usize, usize) = (1, 128);
const TAG_VALUE: (usize, usize) = (0, 256);

type LimitResult = Result<String, String>;

fn check_constraint(fits: bool, value: &str, what: &str, pattern: &str) -> LimitResult {
    if fits {
        Ok(value.to_owned())
    } else {
        Err(format!("expected {what}, {pattern}"))
    }
}

/// ClusterId.
///
/// # Errors
/// A text that says what was expected.
pub fn cluster_id(value: &str) -> LimitResult {
    check_constraint(
        is_resource_id(value, "cluster-"),
        value,
        "a cluster's id",
        "cluster-[2-7a-zA-Z]{11,16}",
    )
}

/// HsmId.
///
/// # Errors
/// A text that says what was expected.
pub fn hsm_id(value: &str) -> LimitResult {
    check_constraint(
        is_resource_id(value, "hsm-"),
        value,
        "an HSM's id",
        "hsm-[2-7a-zA-Z]{11,16}",
    )
}

/// BackupId.
///
/// # Errors
/// A text that says what was expected.
pub fn backup_id(value: &str) -> LimitResult {
    check_constraint(
        is_resource_id(value, "backup-"),
        value,
        "a backup's id",
        "backup-[2-7a-zA-Z]{11,16}",
    )
}

/// ResourceId: a cluster or a backup, which can have tags.
///
/// # Errors
/// A text that says what was expected.
pub fn tagged_resource_id(value: &str) -> LimitResult {
    let fits = is_resource_id(value, "cluster-") || is_resource_id(value, "backup-");
    check_constraint(
        fits,
        value,
        "the id of a cluster or a backup",
        "(?:cluster|backup)-[2-7a-zA-Z]{11,16}",
    )
}

/// EniId.
///
/// # Errors
/// A text that says what was expected.
pub fn eni_id(value: &str) -> LimitResult {
    check_constraint(
        is_ec2_id(value, "eni-"),
        value,
        "a network interface's id",
        "eni-[0-9a-fA-F]{8,17}",
    )
}

/// SubnetId.
///
/// # Errors
/// A text that says what was expected.
pub fn subnet_id(value: &str) -> LimitResult {
    check_constraint(
        is_ec2_id(value, "subnet-"),
        value,
        "a subnet's id",
        "subnet-[0-9a-fA-F]{8,17}",
    )
}

/// A value of the filter `vpcIds`. The printed pattern of VpcId is `vpc-[0-9a-fA-F]`, of one digit,
/// which no VPC's id fits: any number of them are taken.
///
/// # Errors
/// A text that says what was expected.
pub fn vpc_id(value: &str) -> LimitResult {
    let fits = value
        .strip_prefix("vpc-")
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_hexdigit()));
    check_constraint(fits, value, "a VPC's id", "vpc-[0-9a-fA-F]+")
}

/// HsmType: `((p|)hsm[0-9][a-z.]*\.[a-zA-Z]+)`, at most 32 characters, as the model of November
/// 2026 has it: types that are not known yet fit as well.
///
/// # Errors
/// A text that says what was expected.
pub fn hsm_type(value: &str) -> LimitResult {
    let fits = value.len() <= HSM_TYPE_CHARS && is_hsm_type(value);
    check_constraint(
        fits,
        value,
        "a type of HSM such as hsm2m.medium",
        r"((p|)hsm[0-9][a-z.]*\.[a-zA-Z]+), at most 32 characters",
    )
}

/// SourceBackupId: a backup's id or its ARN, which names one of another account (`BackupArn` in the
/// model of November 2026).
///
/// # Errors
/// A text that says what was expected.
pub fn backup_id_or_arn(value: &str) -> LimitResult {
    let fits = is_resource_id(value, "backup-") || backup_of_arn(value).is_some();
    check_constraint(
        fits,
        value,
        "a backup's id or ARN",
        "backup-[2-7a-zA-Z]{11,16}, or arn:aws:cloudhsm:REGION:ACCOUNT:backup/ and that",
    )
}

/// ResourceArn of the resource policies (`CloudHsmArn` in the model of November 2026): a backup's,
/// which alone have policies (API Reference, PutResourcePolicy).
///
/// # Errors
/// A text that says what was expected.
pub fn backup_arn(value: &str) -> LimitResult {
    check_constraint(
        backup_of_arn(value).is_some(),
        value,
        "a backup's ARN",
        "arn:aws:cloudhsm:REGION:ACCOUNT:backup/backup-[2-7a-zA-Z]{11,16}",
    )
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
    (is_region_of(region, &["gov-", "isob-", "iso-"])
        && is_account
        && is_resource_id(id, "backup-"))
    .then_some(id)
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

/// IpAddress and EniIp: `\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}`, and an address, which the pattern
/// alone does not promise.
///
/// # Errors
/// A text that says what was expected.
pub fn ip_address(value: &str) -> LimitResult {
    check_constraint(
        value.parse::<core::net::Ipv4Addr>().is_ok(),
        value,
        "an IPv4 address",
        "such as 10.0.1.4",
    )
}

/// AvailabilityZone.
///
/// # Errors
/// A text that says what was expected.
pub fn availability_zone(value: &str) -> LimitResult {
    let fits = value
        .strip_suffix(|c: char| c.is_ascii_lowercase())
        .is_some_and(is_region);
    check_constraint(
        fits,
        value,
        "an Availability Zone such as us-east-1a",
        r"[a-z]{2}(-(gov))?-(east|west|north|south|central){1,2}-\d[a-z]",
    )
}

/// DestinationRegion.
///
/// # Errors
/// A text that says what was expected.
pub fn destination_region(value: &str) -> LimitResult {
    check_constraint(
        is_region(value),
        value,
        "a region such as us-east-1",
        r"[a-z]{2}(-(gov))?-(east|west|north|south|central){1,2}-\d",
    )
}

/// A tag, as `KEY=VALUE`. A key may hold a `=` by the pattern; on a command line the first one ends
/// it.
///
/// # Errors
/// A text that says what was expected.
pub fn parse_tag(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((tag_key(key)?, tag_value(value)?))
}

/// Key of a Tag.
///
/// # Errors
/// A text that says what was expected.
pub fn tag_key(value: &str) -> LimitResult {
    check_constraint(
        is_tag_text(value, TAG_KEY),
        value,
        "a tag's key of 1 to 128 characters",
        TAG_PATTERN,
    )
}

/// Value of a Tag.
///
/// # Errors
/// A text that says what was expected.
pub fn tag_value(value: &str) -> LimitResult {
    check_constraint(
        is_tag_text(value, TAG_VALUE),
        value,
        "a tag's value of at most 256 characters",
        TAG_PATTERN,
    )
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

fn is_region(value: &str) -> bool {
    is_region_of(value, &["gov-"])
}

/// Tells whether the value is a region, with the partition words that may stand behind the country.
fn is_region_of(value: &str, lands: &[&str]) -> bool {
    let (land, rest) = match value.split_once('-') {
        Some((land, rest)) => (
            land,
            lands
                .iter()
                .find_map(|kind| rest.strip_prefix(kind))
                .unwrap_or(rest),
        ),
        None => return false,
    };
    let Some((direction, number)) = rest.split_once('-') else {
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
fn is_tag_text(value: &str, (least, most): (usize, usize)) -> bool {
    let separator =
        |c: char| (c.is_whitespace() && !c.is_control()) || c == '\u{2028}' || c == '\u{2029}';
    let allowed =
        |c: char| c.is_alphabetic() || c.is_numeric() || separator(c) || "_.:/=+-@".contains(c);
    (least..=most).contains(&value.chars().count()) && value.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ids_match_the_whole_pattern() {
        type Check = fn(&str) -> LimitResult;
        let checks: [(Check, &str); 3] = [
            (cluster_id, "cluster-"),
            (hsm_id, "hsm-"),
            (backup_id, "backup-"),
        ];
        for (check, prefix) in checks {
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
            tagged_resource_id("hsm-abcdefghijk").is_err()
                && tagged_resource_id("backup-abcdefghijk").is_ok()
                && tagged_resource_id("cluster-abcdefghijk").is_ok()
        );
        assert!(
            subnet_id("subnet-0123abCD").is_ok()
                && subnet_id("subnet-0123abC").is_err()
                && subnet_id("subnet-0123abCg").is_err()
        );
        assert!(
            eni_id("eni-0123456789abcdef0").is_ok() && eni_id("eni-0123456789abcdef01").is_err()
        );
        assert!(vpc_id("vpc-0a").is_ok() && vpc_id("vpc-").is_err() && vpc_id("vpc-x").is_err());
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
            assert!(destination_region(good).is_ok(), "{good}");
            assert!(availability_zone(&format!("{good}a")).is_ok(), "{good}a");
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
            assert!(destination_region(bad).is_err(), "{bad}");
        }
        for bad in ["us-east-1", "us-east-1A", "us-east-1ab", "us-east-10a", "a"] {
            assert!(availability_zone(bad).is_err(), "{bad}");
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
            assert!(hsm_type(good).is_ok(), "{good}");
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
            assert!(hsm_type(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_backups_arn_matches_the_whole_pattern() {
        let good = "arn:aws:cloudhsm:eu-west-1:123456789012:backup/backup-abcdefghijk";
        assert_eq!(backup_of_arn(good), Some("backup-abcdefghijk"));
        assert!(
            backup_id_or_arn(good).is_ok()
                && backup_id_or_arn("backup-abcdefghijk").is_ok()
                && backup_arn("backup-abcdefghijk").is_err()
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
                backup_arn(&bad).is_err() && backup_id_or_arn(&bad).is_err(),
                "{part} as {other}"
            );
        }
        for (part, other) in [
            ("aws:", "aws-us-gov:"),
            ("eu-west-1", "us-isob-east-1"),
            ("eu-west-1", "us-gov-west-1"),
        ] {
            assert!(
                backup_arn(&good.replacen(part, other, 1)).is_ok(),
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
        assert!(ip_address("10.0.1.4").is_ok());
        for bad in ["999.1.1.1", "10.0.1", "10.0.1.4.5", "::1", "1000.0.0.1", ""] {
            assert!(ip_address(bad).is_err(), "{bad}");
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
            tag_key(&"k".repeat(129)).is_err()
                && tag_value(&"é".repeat(257)).is_err()
                && tag_value(&"é".repeat(256)).is_ok()
        );
    }
}

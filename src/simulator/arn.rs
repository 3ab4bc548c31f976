//! Amazon Resource Names of the resource-policy actions (`CloudHsmArn` of later models).

use super::place::AccountRegion;

/// The parts of `arn:aws:cloudhsm:REGION:ACCOUNT:KIND/ID`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CloudHsmArn<'a> {
    pub(super) region: &'a str,
    pub(super) account: &'a str,
    /// `backup`, `cluster` or `hsm`.
    pub(super) kind: &'a str,
    pub(super) id: &'a str,
}

impl<'a> CloudHsmArn<'a> {
    /// The pattern that [`CloudHsmArn::parse`] matches, whole.
    pub(super) const PATTERN: &'static str = concat!(
        r"arn:aws(-(us-gov))?:cloudhsm:",
        r"([a-z]{2}(-(gov|isob|iso))?-(east|west|north|south|central){1,2}-[0-9]{1})",
        r":[0-9]{12}:(backup/backup|cluster/cluster|hsm/hsm)-[2-7a-zA-Z]{11,16}"
    );

    /// Returns the ARN of a backup (`BackupArn`).
    pub(super) fn of_backup(place: &AccountRegion, id: &str) -> String {
        let partition = if place.region.starts_with("us-gov-") {
            "aws-us-gov"
        } else {
            "aws"
        };
        format!(
            "arn:{partition}:cloudhsm:{}:{}:backup/{id}",
            place.region, place.account
        )
    }

    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next();
        let prefix = (next()?, next()?, next()?);
        let (place, account, resource) = (next()?, next()?, next()?);
        let (kind, id) = resource.split_once('/')?;
        let fits = prefix.0 == "arn"
            && ["aws", "aws-us-gov"].contains(&prefix.1)
            && prefix.2 == "cloudhsm"
            && is_region(place, &["gov", "isob", "iso"])
            && account.len() == 12
            && account.bytes().all(|b| b.is_ascii_digit())
            && ["backup", "cluster", "hsm"].contains(&kind)
            && is_resource_id(id, &format!("{kind}-"));
        fits.then_some(Self {
            region: place,
            account,
            kind,
            id,
        })
    }
}

/// Whether it is the prefix and `[2-7a-zA-Z]{11,16}`.
pub(super) fn is_resource_id(value: &str, prefix: &str) -> bool {
    value.strip_prefix(prefix).is_some_and(|rest| {
        (11..=16).contains(&rest.len())
            && rest
                .bytes()
                .all(|b| b.is_ascii_alphabetic() || (b'2'..=b'7').contains(&b))
    })
}

/// Tells whether a value matches `[a-z]{2}(-(gov))?-(east|west|north|south|central){1,2}-\d`, with
/// the words of `lands` in place of gov.
pub(super) fn is_region(value: &str, lands: &[&str]) -> bool {
    const DIRECTIONS: [&str; 5] = ["east", "west", "north", "south", "central"];
    let mut parts: Vec<&str> = value.split('-').collect();
    let (Some(end), Some(direction)) = (parts.pop(), parts.pop()) else {
        return false;
    };
    let is_end = matches!(end.as_bytes(), [digit] if digit.is_ascii_digit());
    let is_direction = DIRECTIONS.contains(&direction)
        || DIRECTIONS.iter().any(|first| {
            direction
                .strip_prefix(first)
                .is_some_and(|second| DIRECTIONS.contains(&second))
        });
    let is_country =
        |country: &str| country.len() == 2 && country.bytes().all(|b| b.is_ascii_lowercase());
    let is_land = match parts.as_slice() {
        [country] => is_country(country),
        [country, land] => is_country(country) && lands.contains(land),
        _ => false,
    };
    is_end && is_direction && is_land
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backups_arn_can_be_parsed() {
        for region in ["eu-west-1", "us-gov-west-1"] {
            let place = AccountRegion {
                account: String::from("123456789012"),
                region: region.to_owned(),
            };
            let text = CloudHsmArn::of_backup(&place, "backup-abcdefghijk");
            assert_eq!(
                CloudHsmArn::parse(&text),
                Some(CloudHsmArn {
                    region,
                    account: "123456789012",
                    kind: "backup",
                    id: "backup-abcdefghijk"
                }),
                "{text}"
            );
            assert_eq!(
                text.starts_with("arn:aws-us-gov:"),
                region == "us-gov-west-1"
            );
        }
    }

    #[test]
    fn an_arn_matches_the_whole_pattern() {
        let good = "arn:aws:cloudhsm:eu-west-1:123456789012:backup/backup-abcdefghijk";
        assert_eq!(
            CloudHsmArn::parse(good),
            Some(CloudHsmArn {
                region: "eu-west-1",
                account: "123456789012",
                kind: "backup",
                id: "backup-abcdefghijk"
            })
        );
        for (part, other) in [
            ("arn:", "urn:"),
            ("aws:", "aws-cn:"),
            ("cloudhsm", "kms"),
            ("eu-west-1", "eu-west-10"),
            ("eu-west-1", "eu-up-1"),
            ("123456789012", "12345678901"),
            ("123456789012", "12345678901a"),
            ("backup/", "backups/"),
            ("backup/", "cluster/"),
            ("backup/backup-", "backup/"),
            ("abcdefghijk", "abcdefghijk1"),
            ("abcdefghijk", "abcdefghijk:x"),
        ] {
            assert_eq!(
                CloudHsmArn::parse(&good.replacen(part, other, 1)),
                None,
                "{part} as {other}"
            );
        }
        for fine in [
            ("aws:", "aws-us-gov:"),
            ("eu-west-1", "us-isob-east-1"),
            ("backup/backup", "hsm/hsm"),
        ] {
            assert!(
                CloudHsmArn::parse(&good.replacen(fine.0, fine.1, 1)).is_some(),
                "{fine:?}"
            );
        }
    }
}

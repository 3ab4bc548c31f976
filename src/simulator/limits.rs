//! The documented constraints of parameters: one [`TextConstraint`] each, named as in the API
//! Reference.
//!
//! Source: AWS CloudHSM API Reference, API version 2017-04-28, as of 2022-06-06, and today's
//! service model where that says more. Where a rule has two editions, the module `reference`
//! chooses. Patterns are matched against the whole value.

use super::arn::{CloudHsmArn, is_region, is_resource_id};
use super::json_protocol::{ApiError, excerpt};

/// The constraints of one string parameter.
pub(super) struct TextConstraint {
    pattern: &'static str,
    matches: fn(&str) -> bool,
    shortest: usize,
    longest: usize,
    /// True where the pattern lists all possible values.
    listed: bool,
    /// True where no message may quote the value: somebody may have sent a private key in its
    /// place.
    withheld: bool,
}

/// Makes the constraint of a parameter with a pattern, and the function that matches it.
pub(super) const fn pattern_constraint(
    pattern: &'static str,
    matches: fn(&str) -> bool,
) -> TextConstraint {
    TextConstraint {
        pattern,
        matches,
        shortest: 0,
        longest: usize::MAX,
        listed: false,
        withheld: false,
    }
}

/// Makes the constraint of a parameter whose values are listed.
pub(super) const fn listed_constraint(
    values: &'static str,
    matches: fn(&str) -> bool,
) -> TextConstraint {
    TextConstraint {
        listed: true,
        ..pattern_constraint(values, matches)
    }
}

pub(super) const CLUSTER_ID: TextConstraint =
    pattern_constraint("cluster-[2-7a-zA-Z]{11,16}", |v| {
        is_resource_id(v, "cluster-")
    });
/// SourceBackupId today: a backup's id or its ARN.
pub(super) const BACKUP_ARN: TextConstraint = pattern_constraint(
    concat!(
        r"^(arn:aws(-(us-gov))?:cloudhsm:",
        r"([a-z]{2}(-(gov|isob|iso))?-(east|west|north|south|central){1,2}-[0-9]{1})",
        r":[0-9]{12}:backup/)?backup-[2-7a-zA-Z]{11,16}"
    ),
    |v| {
        is_resource_id(v, "backup-")
            || CloudHsmArn::parse(v).is_some_and(|arn| arn.kind == "backup")
    },
);
pub(super) const HSM_ID: TextConstraint =
    pattern_constraint("hsm-[2-7a-zA-Z]{11,16}", |v| is_resource_id(v, "hsm-"));
pub(super) const BACKUP_ID: TextConstraint = pattern_constraint("backup-[2-7a-zA-Z]{11,16}", |v| {
    is_resource_id(v, "backup-")
});
/// A region: an Availability Zone without the letter at its end.
pub(super) const REGION: TextConstraint = pattern_constraint(
    r"[a-z]{2}(-(gov))?-(east|west|north|south|central){1,2}-\d",
    |v| is_region(v, &["gov"]),
);
pub(super) const ENI_ID: TextConstraint =
    pattern_constraint("eni-[0-9a-fA-F]{8,17}", |v| is_ec2_id(v, "eni-"));
pub(super) const SUBNET_ID: TextConstraint =
    pattern_constraint("subnet-[0-9a-fA-F]{8,17}", |v| is_ec2_id(v, "subnet-"));
pub(super) const IP_ADDRESS: TextConstraint =
    pattern_constraint(r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}", is_ip_address);
pub(super) const AVAILABILITY_ZONE: TextConstraint = pattern_constraint(
    r"[a-z]{2}(-(gov))?-(east|west|north|south|central){1,2}-\d[a-z]",
    is_availability_zone,
);
pub(super) const HSM_TYPE_2022: TextConstraint =
    pattern_constraint(r"(hsm1\.medium)", |v| v == "hsm1.medium");
/// Today's pattern, which allows more than the existing types.
pub(super) const HSM_TYPE: TextConstraint = TextConstraint {
    longest: 32,
    ..pattern_constraint(r"((p|)hsm[0-9][a-z.]*\.[a-zA-Z]+)", is_hsm_type)
};
pub(super) const RETENTION_TYPE: TextConstraint = listed_constraint("DAYS", |v| v == "DAYS");
pub(super) const RETENTION_VALUE: TextConstraint = TextConstraint {
    shortest: 1,
    longest: 3,
    ..pattern_constraint("[0-9]+", |v| {
        !v.is_empty() && v.bytes().all(|b| b.is_ascii_digit())
    })
};
pub(super) const FILTER_NAME: TextConstraint = pattern_constraint("[a-zA-Z0-9_-]+", |v| {
    !v.is_empty()
        && v.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
});
/// A NextToken. `.` is every character that does not end a line.
pub(super) const NEXT_TOKEN: TextConstraint = TextConstraint {
    longest: 256,
    ..pattern_constraint(".*", |v| {
        !v.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'])
    })
};
pub(super) const TAG_KEY: TextConstraint = TextConstraint {
    shortest: 1,
    longest: 128,
    ..pattern_constraint(TAG_PATTERN, is_tag_text)
};
pub(super) const TAG_VALUE: TextConstraint = TextConstraint {
    longest: 256,
    ..pattern_constraint(TAG_PATTERN, is_tag_text)
};
/// SignedCert and TrustAnchor in 2022. In the pattern `+-/` is a range, `+ , - . /`; the space that
/// the printed reference shows in it is the typesetting's (the service model has none).
pub(super) const CERTIFICATE_2022: TextConstraint = certificate_constraint(5000);
/// SignedCert and TrustAnchor since June 2024. The text beside the two parameters still says 5000.
pub(super) const CERTIFICATE: TextConstraint = certificate_constraint(20_000);

/// ResourceId of the tag actions. No model takes an ARN there.
pub(super) const RESOURCE_ID: TextConstraint =
    pattern_constraint("(?:cluster|backup)-[2-7a-zA-Z]{11,16}", |v| {
        is_resource_id(v, "cluster-") || is_resource_id(v, "backup-")
    });
/// ResourceArn of the resource-policy actions. Later than 2022.
pub(super) const RESOURCE_ARN: TextConstraint =
    pattern_constraint(CloudHsmArn::PATTERN, |v| CloudHsmArn::parse(v).is_some());
/// Policy of PutResourcePolicy. Later than 2022.
pub(super) const RESOURCE_POLICY: TextConstraint = TextConstraint {
    shortest: 1,
    longest: 20_000,
    ..TextConstraint::unconstrained_text()
};

/// The most characters of TrustAnchor today, in all. The guide says "16 kb" without a unit.
pub(super) const TRUST_ANCHOR_CHARS: usize = 16_000;
/// The most certificates in TrustAnchor today, the root included (User Guide, "Initialize the
/// cluster").
pub(super) const MOST_IN_A_CHAIN: usize = 4;

const TAG_PATTERN: &str = r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$";

/// The number of items in SubnetIds.
pub(super) const SUBNETS: (usize, usize) = (1, 10);
/// The number of items in TagList.
pub(super) const TAGS: (usize, usize) = (1, 50);
/// The number of items in TagKeyList.
pub(super) const TAG_KEYS: (usize, usize) = (1, 50);
/// The number of entries in Filters (later than 2022).
pub(super) const FILTERS: usize = 30;
/// MaxResults of DescribeClusters: `Minimum value of 1. Maximum value of 25.`
pub(super) const MAX_RESULTS: (u64, u64) = (1, 25);
/// MaxResults of ListTags: `Minimum value of 1. Maximum value of 100.`
pub(super) const MAX_TAG_RESULTS: (u64, u64) = (1, 100);
/// MaxResults of DescribeBackups: `Minimum value of 1. Maximum value of 50.`
pub(super) const MAX_BACKUPS: (u64, u64) = (1, 50);
/// BackupRetentionPolicy, Value: "Use a value between 7 - 379."
pub(super) const RETENTION_DAYS: (u16, u16) = (7, 379);

/// Makes the error for a constraint that is not met, in the words of AWS services: the value, the
/// parameter, the constraint.
pub(super) fn violation_error(value: &str, parameter: &str, constraint: &str) -> ApiError {
    let value = excerpt(value);
    ApiError::invalid_request(format!(
        "1 validation error detected: Value '{value}' at '{parameter}' failed to satisfy \
         constraint: {constraint}"
    ))
}

impl TextConstraint {
    /// Returns the rule of a string without any constraint.
    pub(super) const fn unconstrained_text() -> Self {
        pattern_constraint("", |_| true)
    }

    /// Returns its constraints in the words of docs/simulator-api.md.
    #[cfg(test)]
    pub(super) fn documented(&self) -> Vec<String> {
        let pattern = if self.listed {
            Some(format!("one of `{}`", self.pattern.replace(", ", "`, `")))
        } else {
            (!self.pattern.is_empty()).then(|| format!("pattern `{}`", self.pattern))
        };
        let shortest = (self.shortest > 0).then(|| format!("length at least {}", self.shortest));
        let longest =
            (self.longest < usize::MAX).then(|| format!("length at most {}", self.longest));
        [pattern, shortest, longest].into_iter().flatten().collect()
    }

    /// Checks one value of the parameter.
    pub(super) fn check_value(&self, parameter: &str, value: &str) -> Result<(), ApiError> {
        let length = value.chars().count();
        let constraint = if length < self.shortest {
            format!(
                "Member must have length greater than or equal to {}",
                self.shortest
            )
        } else if length > self.longest {
            format!(
                "Member must have length less than or equal to {}",
                self.longest
            )
        } else if !(self.matches)(value) && self.listed {
            format!("Member must satisfy enum value set: [{}]", self.pattern)
        } else if !(self.matches)(value) {
            format!(
                "Member must satisfy regular expression pattern: {}",
                self.pattern
            )
        } else {
            return Ok(());
        };
        if self.withheld {
            let foreign = value.chars().position(|c| !is_certificate_character(c));
            let place = foreign.map_or(String::new(), |at| {
                format!(", the first one not allowed at {}", at + 1)
            });
            return Err(violation_error(
                &format!("({length} characters{place})"),
                parameter,
                &constraint,
            ));
        }
        Err(violation_error(value, parameter, &constraint))
    }
}

const fn certificate_constraint(longest: usize) -> TextConstraint {
    TextConstraint {
        longest,
        withheld: true,
        ..pattern_constraint(r"[a-zA-Z0-9+-/=\s]*", |v| {
            v.chars().all(is_certificate_character)
        })
    }
}

/// Tells whether a value matches `((p|)hsm[0-9][a-z.]*\.[a-zA-Z]+)`.
fn is_hsm_type(value: &str) -> bool {
    let rest = value.strip_prefix('p').unwrap_or(value).strip_prefix("hsm");
    let rest = rest.and_then(|rest| rest.strip_prefix(|digit: char| digit.is_ascii_digit()));
    // What follows the last dot has none itself.
    rest.and_then(|rest| rest.rsplit_once('.'))
        .is_some_and(|(family, size)| {
            family.bytes().all(|b| b.is_ascii_lowercase() || b == b'.')
                && !size.is_empty()
                && size.bytes().all(|b| b.is_ascii_alphabetic())
        })
}

fn is_ec2_id(value: &str, prefix: &str) -> bool {
    value.strip_prefix(prefix).is_some_and(|rest| {
        (8..=17).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

fn is_ip_address(value: &str) -> bool {
    let parts: Vec<&str> = value.split('.').collect();
    parts.len() == 4
        && parts
            .iter()
            .all(|p| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()))
}

fn is_availability_zone(value: &str) -> bool {
    value
        .strip_suffix(|letter: char| letter.is_ascii_lowercase())
        .is_some_and(|place| is_region(place, &["gov"]))
}

/// Tells whether a character matches `[a-zA-Z0-9+-/=\s]`.
fn is_certificate_character(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || ('+'..='/').contains(&c)
        || c == '='
        || " \t\n\r\u{B}\u{C}".contains(c)
}

/// Tells whether every character matches `[\p{L}\p{Z}\p{N}_.:/=+\-@]`: letters, separators and
/// numbers of every script. The marks that some scripts write letters with do not match.
fn is_tag_text(value: &str) -> bool {
    use unicode_general_category::{GeneralCategory as G, get_general_category};
    let category = |c| {
        matches!(
            get_general_category(c),
            G::UppercaseLetter
                | G::LowercaseLetter
                | G::TitlecaseLetter
                | G::ModifierLetter
                | G::OtherLetter
                | G::SpaceSeparator
                | G::LineSeparator
                | G::ParagraphSeparator
                | G::DecimalNumber
                | G::LetterNumber
                | G::OtherNumber
        )
    };
    value.chars().all(|c| "_.:/=+-@".contains(c) || category(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts_value(rule: &TextConstraint, value: &str) -> bool {
        rule.check_value("P", value).is_ok()
    }

    #[test]
    fn ids_match_the_whole_pattern() {
        assert!(accepts_value(&CLUSTER_ID, "cluster-abcdefghijk"));
        assert!(accepts_value(&CLUSTER_ID, "cluster-ABCdef234567XYZz"));
        for bad in [
            "cluster-abcdefghij",
            "cluster-abcdefghijklmnopq",
            "cluster-abcdefghij1",
            "xcluster-abcdefghijk",
            "cluster-../../x",
            "",
        ] {
            assert!(!accepts_value(&CLUSTER_ID, bad), "{bad}");
        }
        assert!(accepts_value(&SUBNET_ID, "subnet-0123abCD"));
        assert!(!accepts_value(&SUBNET_ID, "subnet-1"));
        assert!(!accepts_value(&ENI_ID, "eni-0123456789abcdef01"));
    }

    #[test]
    fn availability_zones_match_the_whole_pattern() {
        for good in [
            "us-east-1a",
            "us-gov-west-1b",
            "ap-southeast-2c",
            "ap-northeastcentral-1a"
                .replace("eastcentral", "east")
                .as_str(),
        ] {
            assert!(accepts_value(&AVAILABILITY_ZONE, good), "{good}");
        }
        for bad in [
            "us-east-1",
            "us-east-1A",
            "us-up-1a",
            "usa-east-1a",
            "us-iso-east-1a",
            "us-east-10a",
            "-east-1a",
        ] {
            assert!(!accepts_value(&AVAILABILITY_ZONE, bad), "{bad}");
        }
    }

    #[test]
    fn types_match_the_whole_pattern() {
        for good in [
            "hsm1.medium",
            "hsm2m.medium",
            "phsm9.x.Large",
            "hsm2.a",
            "hsm1..m",
        ] {
            assert!(accepts_value(&HSM_TYPE, good), "{good}");
        }
        for bad in [
            "hsm.medium",
            "hsm1medium",
            "hsm1.",
            "HSM1.medium",
            "hsm1M.medium",
            "hsm1.medium ",
            "qhsm1.medium",
            "hsm12.medium",
            "",
        ] {
            assert!(!accepts_value(&HSM_TYPE, bad), "{bad}");
        }
        assert!(!accepts_value(
            &HSM_TYPE,
            &format!("hsm1.{}", "m".repeat(28))
        ));
        assert!(
            accepts_value(&HSM_TYPE_2022, "hsm1.medium")
                && !accepts_value(&HSM_TYPE_2022, "hsm2m.medium")
        );
    }

    #[test]
    fn certificates_have_characters_of_a_few_kinds_up_to_a_number_and_are_never_quoted() {
        assert!(
            accepts_value(&CERTIFICATE_2022, &"A".repeat(5000))
                && accepts_value(&CERTIFICATE, &"A".repeat(20_000))
        );
        assert!(!accepts_value(&CERTIFICATE, &"A".repeat(20_001)));
        assert!(accepts_value(
            &CERTIFICATE,
            "-----BEGIN X-----\r\nAa0+,-./=\t\n"
        ));
        let long = CERTIFICATE_2022
            .check_value("SignedCert", &"A".repeat(5001))
            .unwrap_err()
            .message;
        assert!(
            long.contains("'SignedCert'")
                && long.contains("5000")
                && long.contains("5001")
                && !long.contains("AAAA"),
            "{long}"
        );
        let colon = CERTIFICATE
            .check_value("TrustAnchor", "secret: yes")
            .unwrap_err()
            .message;
        assert!(
            colon.contains("not allowed at 7") && !colon.contains("secret"),
            "{colon}"
        );
        for bad in [':', '_', '"', '(', ')', 'é', '\u{A0}'] {
            assert!(!accepts_value(&CERTIFICATE, &bad.to_string()), "{bad}");
        }
    }

    #[test]
    fn tags_take_letters_of_every_script() {
        for good in [
            "Überschrift 名前 _.:/=+-@",
            "Ⅷ½²",
            "ʰªǅ",
            "a\u{A0}b\u{2028}\u{3000}",
        ] {
            assert!(accepts_value(&TAG_KEY, good), "{good}");
        }
        // A combining accent, a vowel sign, a circled letter: Alphabetic or not, none is a letter.
        for bad in [
            "",
            "tab\t",
            "a,b",
            "100%",
            "e\u{301}",
            "\u{93E}",
            "ⓐ",
            "🔑",
            "a\nb",
            "zero\u{200B}width",
        ] {
            assert!(!accepts_value(&TAG_KEY, bad), "{bad}");
        }
        assert!(accepts_value(&TAG_VALUE, ""));
        assert!(!accepts_value(&TAG_VALUE, &"x".repeat(257)));
    }
}

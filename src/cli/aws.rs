//! Flags for requests to AWS: their forms, and the group for commands that are offline except for a
//! CA that lives there.

use std::time::Duration;

use crate::aws::check_endpoint;

pub(crate) fn parse_region(text: &str) -> Result<String, String> {
    // A letter goes first: no region is taken for an option where a command has it as a word.
    let fits = text.len() <= 40
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if fits {
        Ok(text.to_owned())
    } else {
        Err("expected a region such as eu-central-1".to_owned())
    }
}

#[cfg(feature = "online")]
pub(crate) fn parse_account(text: &str) -> Result<String, String> {
    match text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("expected an account's twelve digits".to_owned()),
    }
}

pub(crate) fn parse_endpoint(text: &str) -> Result<String, String> {
    check_endpoint(text).map(|()| text.to_owned())
}

pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || "expected seconds, or a number with s, m or h: 90, 90s, 15m, 1h".to_owned();
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) => (number, text.get(number.len()..).unwrap_or_default()),
        None => (text, "s"),
    };
    let factor = match unit {
        "m" => 60,
        "h" => 3600,
        _ => 1,
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number
        .checked_mul(factor)
        .filter(|seconds| *seconds <= 7 * 24 * 3600)
        .map(Duration::from_secs)
        .ok_or_else(wrong)
}

#[cfg(feature = "awskms")]
pub(crate) use ca::CaAccessArgs;

#[cfg(feature = "awskms")]
mod ca {
    use crate::aws::ConnectOptions;
    use crate::ca::{KeySource, backends_elsewhere};
    use crate::cli::settings;
    use crate::error::{Error, ErrorKind, FactName, Result};

    /// The way to a CA in AWS. What is not given comes from the AWS SDK's usual environment and
    /// files.
    #[derive(Clone, Debug, Default, clap::Args)]
    pub struct CaAccessArgs {
        /// The AWS region of an `awskms:` key that is no ARN; an ARN says its own
        #[arg(long, value_name = "REGION", value_parser = super::parse_region)]
        region: Option<String>,
        /// A profile of the AWS configuration; its credentials are used, not the environment's
        #[arg(long, value_name = "NAME")]
        profile: Option<String>,
        /// Another endpoint for AWS KMS or AWS Private CA, such as a VPC endpoint
        #[arg(long, value_name = "URL", value_parser = super::parse_endpoint)]
        endpoint_url: Option<String>,
        /// Go to an endpoint by plain HTTP that is another machine: everybody on the way then reads
        /// the session token
        #[arg(long)]
        insecure_http: bool,
    }

    impl CaAccessArgs {
        pub(crate) fn options(&self) -> ConnectOptions {
            ConnectOptions {
                region: self.region.clone(),
                profile: self.profile.clone(),
                endpoint_url: self.endpoint_url.clone(),
                insecure_http: self.insecure_http,
                ..ConnectOptions::default()
            }
        }

        /// The options for these keys.
        ///
        /// # Errors
        /// Class `Usage`, `options-for-nothing`, where something is given and no key is in AWS.
        pub(crate) fn options_for<'a>(
            &self,
            sources: impl IntoIterator<Item = &'a KeySource>,
        ) -> Result<ConnectOptions> {
            let given = [
                ("--region", self.region.is_some()),
                ("--profile", self.profile.is_some()),
                ("--endpoint-url", self.endpoint_url.is_some()),
                ("--insecure-http", self.insecure_http),
            ];
            // What is the same on every command need not be of use to this one.
            let named = given
                .iter()
                .find(|(name, given)| *given && !settings::is_taken(name.trim_start_matches('-')));
            let is_in_aws = sources.into_iter().any(KeySource::is_in_aws);
            if let (Some((name, _)), false) = (named, is_in_aws) {
                let schemes: Vec<String> = backends_elsewhere()
                    .filter(|backend| backend.in_aws)
                    .map(|backend| format!("--ca-key {}...", backend.scheme))
                    .collect();
                return Err(Error::new(
                    ErrorKind::OptionsForNothing,
                    format!("{name} is for a CA in AWS, and this one is not there"),
                    format!(
                        "leave {name} out, or name the CA's key with {}",
                        schemes.join(" or ")
                    ),
                )
                .with_fact(FactName::Option, *name));
            }
            Ok(self.options())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units_and_an_end() {
        assert_eq!(parse_duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_duration("15m"), Ok(Duration::from_secs(900)));
        assert_eq!(parse_duration("1h"), Ok(Duration::from_secs(3600)));
        for wrong in [
            "",
            "m",
            "-1",
            "1d",
            "1.5h",
            "99999999999999999999",
            "999999h",
        ] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_region_is_part_of_a_host_name_and_nothing_else_is_one() {
        assert!(parse_region("us-gov-west-1").is_ok());
        for wrong in [
            "",
            "eu west",
            "evil.example.com/",
            "EU-WEST-1",
            "a@b",
            "-x",
            "--yes",
            "1a",
        ] {
            assert!(parse_region(wrong).is_err(), "{wrong}");
        }
    }
}

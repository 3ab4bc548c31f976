//! A service's configuration: region, endpoint, credentials.

use std::time::Duration;

use aws_config::{Region, SdkConfig};

use super::settings::{self, FALLBACK_REGION, endpoint_problem};
use super::{Place, Trouble};
use crate::error::{Class, Error, Result};

/// How to reach a service. What is `None` comes from the AWS SDK's usual environment and files.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The AWS region.
    pub region: Option<String>,
    /// The region where neither `region` nor the environment and files name one.
    pub fallback_region: Option<String>,
    /// The profile in the shared configuration. Named here, it alone gives the credentials, as with the AWS CLI: the environment's
    /// are not used.
    pub profile: Option<String>,
    /// An endpoint of the user's own: a VPC endpoint, a simulator. The service's own variable and AWS_ENDPOINT_URL count as well.
    pub endpoint_url: Option<String>,
    /// How long to wait for what.
    pub timeouts: Timeouts,
}

impl Options {
    /// The same options in the region that an ARN names.
    ///
    /// # Errors
    /// Class [`Class::Usage`], `contradicting-region`, where `region` says another.
    pub fn in_region(&self, own: &str) -> Result<Self> {
        match self.region.as_deref() {
            Some(given) if given != own => Err(Error::new(
                Class::Usage,
                "contradicting-region",
                format!("--region and the ARN name different regions\n  --region  {given}\n  the ARN   {own}"),
                "leave --region out: the ARN says where it is",
            )),
            _ => Ok(Options { region: Some(own.to_owned()), ..self.clone() }),
        }
    }
}

/// How long to wait for the service.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For a connection.
    pub connect: Duration,
    /// For the answer to one request.
    pub request: Duration,
    /// For a call with all its retries.
    pub call: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts { connect: Duration::from_secs(5), request: Duration::from_secs(30), call: Duration::from_secs(60) }
    }
}

/// A service, as the user's environment names it.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// Its name in the SDK, by which the configuration files know it.
    pub id: &'static str,
    /// The variable for this service's endpoint alone (AWS SDKs and Tools Reference Guide, "Service-specific endpoints").
    pub endpoint_variable: &'static str,
}

/// Everything that the SDK's client of a service is made from.
#[derive(Clone, Debug)]
pub struct Connected {
    /// The SDK's configuration.
    pub config: SdkConfig,
    /// Where calls go.
    pub place: Place,
    /// What was decided for the user, one sentence each.
    pub notes: Vec<String>,
}

/// Finds region, endpoint and credentials sources. Sends nothing to the service and does not check that it is there.
///
/// Against a loopback endpoint (a simulator) nobody is asked for credentials who has none: the environment's and the
/// profile's are used where they are there, made-up ones otherwise, and the metadata services of EC2 and ECS are left alone.
///
/// # Errors
/// [`Trouble::NoRegion`], and [`Trouble::Unreachable`] where the endpoint is none.
pub async fn connect(service: Service, options: &Options) -> std::result::Result<Connected, (Trouble, Place)> {
    let mut notes = Vec::new();
    let endpoint = options.endpoint_url.clone().or_else(|| settings::endpoint_of_environment(service));
    let rehearsal = endpoint.as_deref().is_some_and(settings::is_loopback);
    let region = settings::region(options, endpoint.is_some()).await;
    let place = Place {
        region: Some(region.as_ref().map_or(FALLBACK_REGION, |region| region.as_ref()).to_owned()),
        endpoint: endpoint.clone(),
        profile: options.profile.clone(),
    };
    // The SDK reads the variable too, and ends the program over an empty one.
    let empty = settings::empty_endpoint_variable(service).filter(|_| options.endpoint_url.is_none());
    let empty = empty.map(|name| format!("the variable {name} is set and empty: unset it, or put an endpoint into it"));
    if endpoint.as_deref().is_some_and(settings::has_userinfo) {
        let reason = "the endpoint's URL has a user name or a password in it, which AWS never asks for: leave them out".to_owned();
        return Err((Trouble::Unreachable { reason }, Place { endpoint: None, ..place }));
    }
    if let Some(reason) = empty.or_else(|| endpoint.as_deref().and_then(|url| endpoint_problem(url).err())) {
        return Err((Trouble::Unreachable { reason }, place));
    }
    let region = match (region, &endpoint) {
        (Some(region), _) => region,
        (None, Some(_)) => {
            notes.push(format!("no region is set; {FALLBACK_REGION} is used for this endpoint"));
            Region::from_static(FALLBACK_REGION)
        }
        (None, None) => return Err((Trouble::NoRegion, Place { region: None, ..place })),
    };
    let config = settings::load(options, region, endpoint.as_deref(), rehearsal).await;
    if endpoint.is_none()
        && let Some(reason) = settings::bad_endpoint_of_profile(service, &config)
    {
        return Err((Trouble::Unreachable { reason }, place));
    }
    Ok(Connected { config, place, notes })
}

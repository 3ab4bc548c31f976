//! A service's configuration: region, endpoint, credentials.

use std::time::Duration;

use aws_config::{Region, SdkConfig};

use super::blocking::run_on_own_thread;
use super::deadline::{Deadline, run_within};
use super::endpoint::{is_loopback, is_plain_elsewhere};
use super::guard::ReceivedOctets;
use super::settings::{self, ConfigPlan, FALLBACK_REGION};
use super::{CallPlace, RoleArn, Trouble};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::{OutsideText, endpoint_without_password, shown_text};

/// The options for reaching a service. The AWS SDK's usual environment and files give every value
/// that is `None`.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// The AWS region.
    pub region: Option<String>,
    /// The region to use where neither `region` nor the environment and files name one.
    pub fallback_region: Option<String>,
    /// The profile in the shared configuration. A profile named here is the only source of
    /// credentials, as with the AWS CLI: the environment's are not used.
    pub profile: Option<String>,
    /// An endpoint of the user's own: a VPC endpoint, a simulator. The service's own variable,
    /// AWS_ENDPOINT_URL and the profile's count as well.
    pub endpoint_url: Option<String>,
    /// True where the user allows plain HTTP to another machine.
    pub insecure_http: bool,
    /// The role to assume before the service is called.
    pub assume_role: Option<RoleArn>,
    /// The deadline for all calls together.
    pub deadline: Option<Deadline>,
    /// The timeouts of single calls.
    pub timeouts: Timeouts,
}

impl ConnectOptions {
    /// Returns the same options in the region that an ARN names.
    ///
    /// # Errors
    /// Class [`Class::Usage`](crate::error::Class::Usage), `contradicting-region`, where `region`
    /// says another.
    pub fn in_region(&self, own: &str) -> Result<Self> {
        match self.region.as_deref() {
            Some(given) if given != own => Err(Error::new(
                ErrorKind::ContradictingRegion,
                [
                    "--region and the ARN name different regions".to_owned(),
                    format!("  --region  {}", shown_text(given)),
                    format!("  the ARN   {}", shown_text(own)),
                ],
                "leave --region out: the ARN says where it is",
            )
            .with_fact(FactName::Option, "--region")
            .with_fact(FactName::Expected, own)
            .with_fact(FactName::Found, given)),
            _ => Ok(ConnectOptions {
                region: Some(own.to_owned()),
                ..self.clone()
            }),
        }
    }
}

/// The timeouts of calls to the service.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// The timeout of a connection.
    pub connect: Duration,
    /// The timeout of the answer to one request.
    pub request: Duration,
    /// The timeout of a call with all its retries. A list has five times as long for all its pages.
    pub call: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            connect: Duration::from_secs(5),
            request: Duration::from_secs(30),
            call: Duration::from_secs(60),
        }
    }
}

/// A service, with its names in the user's environment.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// Its name in the SDK, which the configuration files use.
    pub id: &'static str,
    /// The variable for this service's endpoint alone (AWS SDKs and Tools Reference Guide,
    /// "Service-specific endpoints").
    pub endpoint_variable: &'static str,
}

/// A connection to a service: everything that the SDK's client is made from.
#[derive(Clone, Debug)]
pub struct ServiceConnection {
    /// The SDK's configuration.
    pub config: SdkConfig,
    /// The place that calls go to.
    pub place: CallPlace,
    /// A sentence for the user where an endpoint was set: it names the endpoint and the setting
    /// that named it.
    pub endpoint_notice: Option<String>,
    /// The count of octets read from answers.
    pub received: ReceivedOctets,
    /// The decisions made for the user, one sentence each.
    pub notes: Vec<String>,
}

/// Finds the region, the endpoint and the sources of credentials. Sends nothing to the service and
/// does not check that it is there.
///
/// A loopback endpoint (a simulator), whatever named it, needs no credentials of the user's own.
/// Those of the environment and the profile are used where they exist, and made-up ones otherwise.
/// The metadata services of EC2 and ECS are not asked.
///
/// # Errors
/// [`Trouble::NoRegion`], [`Trouble::InsecureEndpoint`], [`Trouble::OutOfTime`], and
/// [`Trouble::Unreachable`] where the endpoint is none.
pub async fn connect(
    service: Service,
    options: &ConnectOptions,
) -> std::result::Result<ServiceConnection, (Trouble, CallPlace)> {
    let place = CallPlace {
        region: options.region.clone().map(Into::into),
        endpoint: shown_endpoint(options.endpoint_url.clone()),
        profile: options.profile.clone().map(Into::into),
    };
    // Sources of a region and files, which may be anything, have no time of their own.
    let built_in = Deadline::after(options.timeouts.call);
    let deadline = options
        .deadline
        .filter(|deadline| deadline.time_left() < built_in.time_left())
        .unwrap_or(built_in);
    let wanted = options.clone();
    let work = async {
        match run_on_own_thread(move || async move { find_connection(service, &wanted).await })
            .await
        {
            Some(found) => found,
            None => find_connection(service, options).await,
        }
    };
    match run_within(Some(deadline), work).await {
        Ok(found) => found,
        Err(trouble) => Err((trouble, place)),
    }
}

/// Returns the endpoint that messages name, without a password that is in it.
fn shown_endpoint(url: Option<String>) -> Option<OutsideText> {
    url.filter(|url| !url.is_empty())
        .map(|url| endpoint_without_password(&url).into())
}

async fn find_connection(
    service: Service,
    options: &ConnectOptions,
) -> std::result::Result<ServiceConnection, (Trouble, CallPlace)> {
    let mut notes = Vec::new();
    let found = settings::find_endpoint(service, options).await;
    let url = found.as_ref().map(|endpoint| endpoint.url.clone());
    let rehearsal = url.as_deref().is_some_and(is_loopback);
    let region = settings::find_region(options, found.is_some()).await;
    let place = CallPlace {
        region: Some(
            region
                .as_ref()
                .map_or(FALLBACK_REGION, |region| region.as_ref())
                .into(),
        ),
        endpoint: shown_endpoint(url.clone()),
        profile: options.profile.as_deref().map(Into::into),
    };
    if let Some(reason) = found.as_ref().and_then(settings::endpoint_fault) {
        return Err((
            Trouble::Unreachable {
                reason: reason.into(),
            },
            place,
        ));
    }
    if let Some(endpoint) = found
        .as_ref()
        .filter(|endpoint| is_plain_elsewhere(&endpoint.url) && !options.insecure_http)
    {
        return Err((
            Trouble::InsecureEndpoint {
                named_by: endpoint.named_by.clone().into(),
            },
            place,
        ));
    }
    let region = match (region, &url) {
        (Some(region), _) => region,
        (None, Some(_)) => {
            notes.push(format!(
                "no region is set; {FALLBACK_REGION} is used for this endpoint"
            ));
            Region::from_static(FALLBACK_REGION)
        }
        (None, None) => {
            return Err((
                Trouble::NoRegion,
                CallPlace {
                    region: None,
                    ..place
                },
            ));
        }
    };
    let received = ReceivedOctets::default();
    let config = settings::load_config(
        options,
        ConfigPlan {
            region,
            endpoint: url.as_deref(),
            rehearsal,
            received: received.clone(),
        },
    )
    .await;
    if url.is_none() && settings::configured_endpoint(service, &config).is_some() {
        let reason = "the AWS configuration files were changed while they were read".to_owned();
        return Err((
            Trouble::Unreachable {
                reason: reason.into(),
            },
            place,
        ));
    }
    let elsewhere = found.map(|endpoint| {
        format!(
            "calls go to {}, as {} says",
            shown_text(&endpoint.url),
            endpoint.named_by
        )
    });
    Ok(ServiceConnection {
        config,
        place,
        endpoint_notice: elsewhere,
        received,
        notes,
    })
}

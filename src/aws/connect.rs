//! A service's configuration: region, endpoint, credentials.

use std::time::Duration;

use aws_config::{Region, SdkConfig};

use super::aside::aside;
use super::deadline::{Deadline, within};
use super::endpoint::{has_userinfo, is_loopback, is_plain_elsewhere};
use super::guard::Received;
use super::settings::{self, FALLBACK_REGION, Plan};
use super::{Place, Trouble};
use crate::error::{Error, ErrorKind, Result};
use crate::outside::shown_text;

/// How to reach a service. What is `None` comes from the AWS SDK's usual environment and files.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The AWS region.
    pub region: Option<String>,
    /// The region where neither `region` nor the environment and files name one.
    pub fallback_region: Option<String>,
    /// The profile in the shared configuration. Named here, it alone gives the credentials, as with
    /// the AWS CLI: the environment's are not used.
    pub profile: Option<String>,
    /// An endpoint of the user's own: a VPC endpoint, a simulator. The service's own variable,
    /// AWS_ENDPOINT_URL and the profile's count as well.
    pub endpoint_url: Option<String>,
    /// Plain HTTP to another machine is what the user wants.
    pub insecure_http: bool,
    /// When all that is asked is over.
    pub deadline: Option<Deadline>,
    /// How long to wait for what.
    pub timeouts: Timeouts,
}

impl Options {
    /// The same options in the region that an ARN names.
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
            )),
            _ => Ok(Options {
                region: Some(own.to_owned()),
                ..self.clone()
            }),
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
    /// For a call with all its retries. A list has five times as long for all its pages.
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

/// A service, as the user's environment names it.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// Its name in the SDK, by which the configuration files know it.
    pub id: &'static str,
    /// The variable for this service's endpoint alone (AWS SDKs and Tools Reference Guide,
    /// "Service-specific endpoints").
    pub endpoint_variable: &'static str,
}

/// Everything that the SDK's client of a service is made from.
#[derive(Clone, Debug)]
pub struct Connected {
    /// The SDK's configuration.
    pub config: SdkConfig,
    /// Where calls go.
    pub place: Place,
    /// That calls go to an endpoint that was set, and what named it: one sentence for whoever sits
    /// there.
    pub elsewhere: Option<String>,
    /// How much was read of answers.
    pub received: Received,
    /// What was decided for the user, one sentence each.
    pub notes: Vec<String>,
}

/// Finds region, endpoint and credentials sources. Sends nothing to the service and does not check
/// that it is there.
///
/// Against a loopback endpoint (a simulator), whatever named it, nobody is asked for credentials
/// who has none: the environment's and the profile's are used where they are there, made-up ones
/// otherwise, and the metadata services of EC2 and ECS are left alone.
///
/// # Errors
/// [`Trouble::NoRegion`], [`Trouble::InsecureEndpoint`], [`Trouble::OutOfTime`], and
/// [`Trouble::Unreachable`] where the endpoint is none.
pub async fn connect(
    service: Service,
    options: &Options,
) -> std::result::Result<Connected, (Trouble, Place)> {
    let place = Place {
        region: options.region.clone().map(Into::into),
        endpoint: options.endpoint_url.clone().map(Into::into),
        profile: options.profile.clone().map(Into::into),
    };
    // Sources of a region and files, which may be anything, have no time of their own.
    let built_in = Deadline::after(options.timeouts.call);
    let deadline = options
        .deadline
        .filter(|deadline| deadline.left() < built_in.left())
        .unwrap_or(built_in);
    let wanted = options.clone();
    let work = async {
        match aside(move || async move { find(service, &wanted).await }).await {
            Some(found) => found,
            None => find(service, options).await,
        }
    };
    match within(Some(deadline), work).await {
        Ok(found) => found,
        Err(trouble) => Err((trouble, place)),
    }
}

async fn find(
    service: Service,
    options: &Options,
) -> std::result::Result<Connected, (Trouble, Place)> {
    let mut notes = Vec::new();
    let found = settings::endpoint(service, options).await;
    let url = found.as_ref().map(|endpoint| endpoint.url.clone());
    let rehearsal = url.as_deref().is_some_and(is_loopback);
    let region = settings::region(options, found.is_some()).await;
    let place = Place {
        region: Some(
            region
                .as_ref()
                .map_or(FALLBACK_REGION, |region| region.as_ref())
                .into(),
        ),
        endpoint: url
            .clone()
            .filter(|url| !has_userinfo(url) && !url.is_empty())
            .map(Into::into),
        profile: options.profile.as_deref().map(Into::into),
    };
    if let Some(reason) = found.as_ref().and_then(settings::fault_of) {
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
                Place {
                    region: None,
                    ..place
                },
            ));
        }
    };
    let received = Received::default();
    let config = settings::load(
        options,
        Plan {
            region,
            endpoint: url.as_deref(),
            rehearsal,
            received: received.clone(),
        },
    )
    .await;
    if url.is_none() && settings::configured(service, &config).is_some() {
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
    Ok(Connected {
        config,
        place,
        elsewhere,
        received,
        notes,
    })
}

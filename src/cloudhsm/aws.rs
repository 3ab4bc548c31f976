//! [`CloudHsm`] over the AWS SDK. The only file that names it.

use std::fmt;
use std::time::Duration;

use aws_config::Region;
use aws_config::retry::RetryConfig;
use aws_sdk_cloudhsmv2::Client;
use aws_sdk_cloudhsmv2::config;

use super::{Accepted, Call, CloudHsm, Cluster, ClusterState, InitializeCluster, Place, ServiceError, Trouble};

mod answer;
mod credentials;
mod failure;
mod fleet;
mod settings;

use answer::cluster_from;

use settings::FALLBACK_REGION;
pub use settings::endpoint_problem;

/// Clusters per page of `list`; the API allows 1 to 25 (API Reference 2022-06-06, DescribeClusters).
const PAGE: i32 = 25;

/// How to reach the service. What is `None` comes from the AWS SDK's usual environment and files.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The AWS region.
    pub region: Option<String>,
    /// The region where neither `region` nor the environment and files name one.
    pub fallback_region: Option<String>,
    /// The profile in the shared configuration. Named here, it alone gives the credentials, as with the AWS CLI: the environment's
    /// are not used.
    pub profile: Option<String>,
    /// An endpoint of the user's own: a VPC endpoint, a simulator. AWS_ENDPOINT_URL_CLOUDHSM_V2 and AWS_ENDPOINT_URL count as well.
    pub endpoint_url: Option<String>,
    /// How long to wait for what.
    pub timeouts: Timeouts,
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

/// The service, over the AWS SDK.
#[derive(Clone)]
pub struct AwsCloudHsm {
    client: Client,
    place: Place,
    notes: Vec<String>,
}

impl fmt::Debug for AwsCloudHsm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsCloudHsm").field("place", &self.place).finish_non_exhaustive()
    }
}

impl AwsCloudHsm {
    /// Finds region, endpoint and credentials sources. Sends nothing to CloudHSM and does not check that it is there.
    ///
    /// Against a loopback endpoint (a simulator) nobody is asked for credentials who has none: the environment's and the
    /// profile's are used where they are there, made-up ones otherwise, and the metadata services of EC2 and ECS are left alone.
    pub async fn connect(options: &Options) -> Result<Self, ServiceError> {
        let mut notes = Vec::new();
        let endpoint = options.endpoint_url.clone().or_else(settings::endpoint_of_environment);
        let rehearsal = endpoint.as_deref().is_some_and(settings::is_loopback);
        let region = settings::region(options, endpoint.is_some()).await;
        let place = Place {
            region: Some(region.as_ref().map_or(FALLBACK_REGION, |region| region.as_ref()).to_owned()),
            endpoint: endpoint.clone(),
            profile: options.profile.clone(),
        };
        if let Some(reason) = endpoint.as_deref().and_then(|url| endpoint_problem(url).err()) {
            let trouble = Trouble::Unreachable { reason };
            return Err(ServiceError { call: Call::DescribeClusters, trouble, place: Box::new(place) });
        }
        let region = match (region, &endpoint) {
            (Some(region), _) => region,
            (None, Some(_)) => {
                notes.push(format!("no region is set; {FALLBACK_REGION} is used for this endpoint"));
                Region::from_static(FALLBACK_REGION)
            }
            (None, None) => {
                let place = Box::new(Place { region: None, ..place });
                return Err(ServiceError { call: Call::DescribeClusters, trouble: Trouble::NoRegion, place });
            }
        };
        let config = settings::load(options, region, endpoint.as_deref(), rehearsal).await;
        Ok(AwsCloudHsm { client: Client::new(&config), place, notes })
    }

    /// Where calls go.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What was decided for the user, one sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    fn failed(&self, call: Call, trouble: Trouble) -> ServiceError {
        ServiceError { call, trouble, place: Box::new(self.place.clone()) }
    }
}

impl CloudHsm for AwsCloudHsm {
    async fn describe(&self, cluster_id: &str) -> Result<Option<Cluster>, ServiceError> {
        let mut next = None;
        // A filter's result may be spread over pages, empty ones included (API reference, DescribeClusters, NextToken).
        for _ in 0..MAX_PAGES {
            let request = self.client.describe_clusters().filters("clusterIds", vec![cluster_id.to_owned()]).set_next_token(next);
            let answer = request.send().await.map_err(|error| self.failed(Call::DescribeClusters, failure::trouble(&error, true)))?;
            let found = answer.clusters().iter().find(|cluster| cluster.cluster_id() == Some(cluster_id));
            if let Some(cluster) = found {
                return Ok(Some(cluster_from(cluster)));
            }
            match token(answer.next_token()) {
                Some(token) => next = Some(token),
                None => return Ok(None),
            }
        }
        Err(self.failed(Call::DescribeClusters, endless()))
    }

    async fn list(&self) -> Result<Vec<Cluster>, ServiceError> {
        let (mut clusters, mut next) = (Vec::new(), None);
        for _ in 0..MAX_PAGES {
            let request = self.client.describe_clusters().max_results(PAGE).set_next_token(next);
            let answer = request.send().await.map_err(|error| self.failed(Call::DescribeClusters, failure::trouble(&error, true)))?;
            clusters.extend(answer.clusters().iter().map(cluster_from));
            match token(answer.next_token()) {
                Some(token) => next = Some(token),
                None => return Ok(clusters),
            }
        }
        Err(self.failed(Call::DescribeClusters, endless()))
    }

    async fn initialize(&self, request: &InitializeCluster) -> Result<Accepted, ServiceError> {
        // One attempt, here whatever the environment says (AWS_MAX_ATTEMPTS): see `CloudHsm::initialize`.
        let once = config::Builder::new().retry_config(RetryConfig::disabled());
        let call = self.client.initialize_cluster();
        let answer = call
            .cluster_id(&request.cluster_id)
            .signed_cert(&request.signed_cert)
            .trust_anchor(&request.trust_anchor)
            .customize()
            .config_override(once)
            .send()
            .await
            .map_err(|error| self.failed(Call::InitializeCluster, failure::trouble(&error, false)))?;
        Ok(Accepted {
            state: answer.state().map(|state| ClusterState::from(state.as_str())),
            state_message: answer.state_message().map(str::to_owned),
        })
    }
}

/// More pages than an account can fill: a service that hands out tokens without end does not hold us for ever.
const MAX_PAGES: usize = 1000;

fn token(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

fn endless() -> Trouble {
    Trouble::Unknown { reason: format!("the service gave more than {MAX_PAGES} pages") }
}

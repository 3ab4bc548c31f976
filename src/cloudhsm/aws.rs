//! [`CloudHsm`] over the AWS SDK. The only file that names it.

use std::fmt;

use aws_config::retry::RetryConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_cloudhsmv2::Client;
use aws_sdk_cloudhsmv2::config;

use super::fleet::{ClusterFilter, Fleet};
use super::{Accepted, Call, CloudHsm, Cluster, ClusterState, InitializeCluster, Place, ServiceError, Trouble};
use crate::aws::{self, Connected, Service, failure};
pub use crate::aws::{Options, Timeouts, endpoint_problem};

mod answer;
mod fleet;

use answer::cluster_from;

/// What AWS_ENDPOINT_URL_CLOUDHSM_V2 and AWS_ENDPOINT_URL say counts where no endpoint is given.
const SERVICE: Service = Service { id: "CloudHSM V2", endpoint_variable: "AWS_ENDPOINT_URL_CLOUDHSM_V2" };

/// Clusters per page of `list`; the API allows 1 to 25 (API Reference 2022-06-06, DescribeClusters).
const PAGE: i32 = 25;

/// The service, over the AWS SDK.
#[derive(Clone)]
pub struct AwsCloudHsm {
    client: Client,
    place: Place,
    notes: Vec<String>,
    credentials: Option<SharedCredentialsProvider>,
}

impl fmt::Debug for AwsCloudHsm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsCloudHsm").field("place", &self.place).finish_non_exhaustive()
    }
}

impl AwsCloudHsm {
    /// Finds region, endpoint and credentials sources, as [`aws::connect`] does. Sends nothing to CloudHSM and does not check that it is there.
    pub async fn connect(options: &Options) -> Result<Self, ServiceError> {
        let failed = |(trouble, place)| ServiceError { call: Call::DescribeClusters, trouble, place: Box::new(place) };
        let Connected { config, place, notes } = aws::connect(SERVICE, options).await.map_err(failed)?;
        let credentials = config.credentials_provider();
        Ok(AwsCloudHsm { client: Client::new(&config), place, notes, credentials })
    }

    /// The AWS account that the credentials are of, where they name it: those of a profile with `aws_account_id`, of a role or of IAM Identity Center do.
    pub async fn account(&self) -> Option<String> {
        let credentials = self.credentials.as_ref()?.provide_credentials().await.ok()?;
        credentials.account_id().map(|account| account.as_str().to_owned())
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
        self.clusters(&ClusterFilter { page_size: Some(PAGE), ..ClusterFilter::default() }).await
    }

    async fn initialize(&self, request: &InitializeCluster) -> Result<Accepted, ServiceError> {
        // One attempt, here whatever the environment says (AWS_MAX_ATTEMPTS): see `CloudHsm::initialize`.
        let once = config::Builder::new().retry_config(RetryConfig::disabled());
        let call = self.client.initialize_cluster();
        let answer = call
            .cluster_id(request.cluster_id())
            .signed_cert(request.signed_cert())
            .trust_anchor(request.trust_anchor())
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

//! [`CloudHsm`] over the AWS SDK. No other file names the SDK.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_cloudhsmv2::Client;

use super::fleet::{ClusterFilter, Fleet};
use super::{
    Call, CallPlace, CloudHsm, Cluster, ClusterState, InitializeAnswer, InitializeCluster,
    ServiceError, Trouble,
};
use crate::aws::{self, ReceivedOctets, Service, ServiceConnection, failure, run_within};
pub use crate::aws::{ConnectOptions, Deadline, Timeouts, check_endpoint};
use crate::outside::OutsideText;

mod answer;
mod choices;
mod fleet;
mod pages;
mod raw_answer;
mod sending;

use answer::cluster_from;
use sending::retries_of;

/// The service's names. AWS_ENDPOINT_URL_CLOUDHSM_V2 and AWS_ENDPOINT_URL count where no endpoint
/// is given.
const SERVICE: Service = Service {
    id: "CloudHSM V2",
    endpoint_variable: "AWS_ENDPOINT_URL_CLOUDHSM_V2",
};

/// Clusters per page of `list_clusters`; the API allows 1 to 25 (API Reference 2022-06-06,
/// DescribeClusters).
const PAGE_SIZE: i32 = 25;

/// The service, over the AWS SDK.
#[derive(Clone)]
pub struct AwsCloudHsm {
    client: Client,
    place: CallPlace,
    endpoint_notice: Option<String>,
    notes: Vec<String>,
    credentials: Option<SharedCredentialsProvider>,
    received: ReceivedOctets,
    /// The time for all pages of a list, where the deadline is later.
    list_timeout: Duration,
    deadline: Option<Deadline>,
}

impl fmt::Debug for AwsCloudHsm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsCloudHsm")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl AwsCloudHsm {
    /// Finds the region, the endpoint and the sources of credentials, as [`aws::connect`] does.
    /// Sends nothing to CloudHSM and does not check that it is there.
    pub async fn connect(options: &ConnectOptions) -> Result<Self, ServiceError> {
        let failed = |(trouble, place)| ServiceError {
            call: Call::DescribeClusters,
            trouble,
            place: Box::new(place),
        };
        let ServiceConnection {
            config,
            place,
            endpoint_notice: elsewhere,
            received,
            notes,
        } = aws::connect(SERVICE, options).await.map_err(failed)?;
        let (list, deadline) = (options.timeouts.call.saturating_mul(5), options.deadline);
        let credentials = config.credentials_provider();
        Ok(AwsCloudHsm {
            client: Client::new(&config),
            place,
            endpoint_notice: elsewhere,
            notes,
            credentials,
            received,
            list_timeout: list,
            deadline,
        })
    }

    /// Returns the AWS account of the credentials, where they name it. Those of a profile with
    /// `aws_account_id`, of a role or of IAM Identity Center do.
    pub async fn account_id(&self) -> Option<OutsideText> {
        // A source that takes longer is asked again by the first call, and its failure told.
        let deadline = self
            .deadline
            .unwrap_or_else(|| Deadline::after(Duration::from_secs(5)));
        let credentials = run_within(
            Some(deadline),
            self.credentials.as_ref()?.provide_credentials(),
        )
        .await
        .ok()?
        .ok()?;
        credentials
            .account_id()
            .map(|account| account.as_str().into())
    }

    /// Returns the place that calls go to.
    pub fn place(&self) -> &CallPlace {
        &self.place
    }

    /// Returns the decisions made for the user, one sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Returns a sentence for the user where an endpoint was set: it names the endpoint and the
    /// setting that named it.
    pub fn endpoint_notice(&self) -> Option<&str> {
        self.endpoint_notice.as_deref()
    }

    /// Makes a call that only reads, with all its pages, before the deadline and within the time
    /// for lists.
    async fn read_in_time<T>(
        &self,
        call: Call,
        work: impl Future<Output = Result<T, ServiceError>>,
    ) -> Result<T, ServiceError> {
        let in_time = async {
            let reason = || {
                format!(
                    "the list was not at its end after {} s",
                    self.list_timeout.as_secs()
                )
            };
            tokio::time::timeout(self.list_timeout, work)
                .await
                .unwrap_or_else(|_| {
                    Err(self.service_error(
                        call,
                        Trouble::TooMuch {
                            reason: reason().into(),
                        },
                    ))
                })
        };
        run_within(self.deadline, in_time)
            .await
            .unwrap_or_else(|trouble| Err(self.service_error(call, trouble)))
    }

    fn service_error(&self, call: Call, trouble: Trouble) -> ServiceError {
        ServiceError {
            call,
            trouble,
            place: Box::new(self.place.clone()),
        }
    }
}

impl CloudHsm for AwsCloudHsm {
    async fn describe_cluster(&self, cluster_id: &str) -> Result<Option<Cluster>, ServiceError> {
        let request = self.client.describe_clusters();
        let request = request.filters("clusterIds", vec![cluster_id.to_owned()]);
        let mut found = None;
        // A filter's result may be spread over pages, empty ones included (API reference,
        // DescribeClusters, NextToken).
        self.read_pages(
            Call::DescribeClusters,
            |token, recorder| {
                let request = request.clone().set_next_token(token);
                request.customize().interceptor(recorder).send()
            },
            |answer, raw| {
                found = answer
                    .clusters()
                    .iter()
                    .zip(raw.structures("Clusters"))
                    .find(|(cluster, _)| cluster.cluster_id() == Some(cluster_id))
                    .map(|(cluster, raw)| cluster_from(cluster, raw));
                answer.next_token.filter(|_| found.is_none())
            },
        )
        .await?;
        Ok(found)
    }

    async fn list_clusters(&self) -> Result<Vec<Cluster>, ServiceError> {
        self.describe_clusters(&ClusterFilter {
            page_size: Some(PAGE_SIZE),
            ..ClusterFilter::default()
        })
        .await
    }

    async fn initialize_cluster(
        &self,
        request: &InitializeCluster,
    ) -> Result<InitializeAnswer, ServiceError> {
        // One attempt: see `CloudHsm::initialize_cluster`.
        let call = self.client.initialize_cluster();
        let sending = call
            .cluster_id(request.cluster_id())
            .signed_cert(request.signed_cert())
            .trust_anchor(request.trust_anchor())
            .customize()
            .config_override(retries_of(Call::InitializeCluster.effect()))
            .send();
        let failed = |trouble| self.service_error(Call::InitializeCluster, trouble);
        let answer = run_within(self.deadline, sending)
            .await
            .map_err(|trouble| failed(unknown_if_sent(trouble)))?;
        let answer = answer.map_err(|error| failed(failure::classify_error(&error, false)))?;
        Ok(InitializeAnswer {
            state: answer
                .state()
                .map(|state| ClusterState::from(state.as_str())),
            state_message: answer.state_message().map(OutsideText::from),
        })
    }
}

/// Turns the end of the time, after the request was sent, into an unknown outcome: the call must
/// not simply be made again.
fn unknown_if_sent(trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::OutOfTime { limit, sent: true } => Trouble::Unknown {
            reason: format!(
                "no answer within the time that was given, {} s",
                limit.as_secs()
            )
            .into(),
        },
        other => other,
    }
}

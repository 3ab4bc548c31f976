//! [`CloudHsm`] over the AWS SDK. The only file that names it.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_cloudhsmv2::Client;
use aws_sdk_cloudhsmv2::config;

use super::fleet::{ClusterFilter, Fleet};
use super::{
    Accepted, Call, CloudHsm, Cluster, ClusterState, InitializeCluster, Place, ServiceError,
    Trouble,
};
use crate::aws::{self, Connected, Received, Service, failure, within};
pub use crate::aws::{Deadline, Options, Timeouts, endpoint_problem};
use crate::outside::OutsideText;

mod answer;
mod fleet;
mod kept;
mod pages;

use answer::cluster_from;
use kept::Kept;
use pages::Pages;

/// What AWS_ENDPOINT_URL_CLOUDHSM_V2 and AWS_ENDPOINT_URL say counts where no endpoint is given.
const SERVICE: Service = Service {
    id: "CloudHSM V2",
    endpoint_variable: "AWS_ENDPOINT_URL_CLOUDHSM_V2",
};

/// Clusters per page of `list`; the API allows 1 to 25 (API Reference 2022-06-06,
/// DescribeClusters).
const PAGE: i32 = 25;

/// The service, over the AWS SDK.
#[derive(Clone)]
pub struct AwsCloudHsm {
    client: Client,
    place: Place,
    elsewhere: Option<String>,
    notes: Vec<String>,
    credentials: Option<SharedCredentialsProvider>,
    received: Received,
    /// For all pages of a list, where the deadline is later.
    list: Duration,
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
    /// Finds region, endpoint and credentials sources, as [`aws::connect`] does. Sends nothing to
    /// CloudHSM and does not check that it is there.
    pub async fn connect(options: &Options) -> Result<Self, ServiceError> {
        let failed = |(trouble, place)| ServiceError {
            call: Call::DescribeClusters,
            trouble,
            place: Box::new(place),
        };
        let Connected {
            config,
            place,
            elsewhere,
            received,
            notes,
        } = aws::connect(SERVICE, options).await.map_err(failed)?;
        let (list, deadline) = (options.timeouts.call.saturating_mul(5), options.deadline);
        let credentials = config.credentials_provider();
        Ok(AwsCloudHsm {
            client: Client::new(&config),
            place,
            elsewhere,
            notes,
            credentials,
            received,
            list,
            deadline,
        })
    }

    /// The AWS account that the credentials are of, where they name it: those of a profile with
    /// `aws_account_id`, of a role or of IAM Identity Center do.
    pub async fn account(&self) -> Option<OutsideText> {
        // A source that takes longer is asked again by the first call, and its failure told.
        let deadline = self
            .deadline
            .unwrap_or_else(|| Deadline::after(Duration::from_secs(5)));
        let credentials = within(
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

    /// Where calls go.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What was decided for the user, one sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// That calls go to an endpoint that was set, and what named it, where that is so.
    pub fn elsewhere(&self) -> Option<&str> {
        self.elsewhere.as_deref()
    }

    /// A call that only reads, with all its pages, before the deadline and in the time that lists
    /// have.
    async fn read<T>(
        &self,
        call: Call,
        work: impl Future<Output = Result<T, ServiceError>>,
    ) -> Result<T, ServiceError> {
        let in_time = async {
            let reason = || {
                format!(
                    "the list was not at its end after {} s",
                    self.list.as_secs()
                )
            };
            tokio::time::timeout(self.list, work)
                .await
                .unwrap_or_else(|_| {
                    Err(self.failed(
                        call,
                        Trouble::TooMuch {
                            reason: reason().into(),
                        },
                    ))
                })
        };
        within(self.deadline, in_time)
            .await
            .unwrap_or_else(|trouble| Err(self.failed(call, trouble)))
    }

    fn failed(&self, call: Call, trouble: Trouble) -> ServiceError {
        ServiceError {
            call,
            trouble,
            place: Box::new(self.place.clone()),
        }
    }
}

impl CloudHsm for AwsCloudHsm {
    async fn describe(&self, cluster_id: &str) -> Result<Option<Cluster>, ServiceError> {
        self.read(Call::DescribeClusters, async {
            let (mut pages, kept) = (Pages::new(&self.received), Kept::default());
            // A filter's result may be spread over pages, empty ones included (API reference,
            // DescribeClusters, NextToken).
            loop {
                let request = self
                    .client
                    .describe_clusters()
                    .filters("clusterIds", vec![cluster_id.to_owned()])
                    .set_next_token(pages.token());
                let request = request.customize().interceptor(kept.clone());
                let answer = request.send().await.map_err(|error| {
                    self.failed(Call::DescribeClusters, failure::trouble(&error, true))
                })?;
                let raw = kept.answer();
                let found = answer
                    .clusters()
                    .iter()
                    .zip(raw.list("Clusters"))
                    .find(|(cluster, _)| cluster.cluster_id() == Some(cluster_id));
                if let Some((cluster, raw)) = found {
                    return Ok(Some(cluster_from(cluster, raw)));
                }
                if !pages
                    .go_on(answer.next_token())
                    .map_err(|trouble| self.failed(Call::DescribeClusters, trouble))?
                {
                    return Ok(None);
                }
            }
        })
        .await
    }

    async fn list(&self) -> Result<Vec<Cluster>, ServiceError> {
        self.clusters(&ClusterFilter {
            page_size: Some(PAGE),
            ..ClusterFilter::default()
        })
        .await
    }

    async fn initialize(&self, request: &InitializeCluster) -> Result<Accepted, ServiceError> {
        // One attempt, here whatever the environment says (AWS_MAX_ATTEMPTS): see
        // `CloudHsm::initialize`.
        let once = config::Builder::new().retry_config(RetryConfig::disabled());
        let call = self.client.initialize_cluster();
        let sending = call
            .cluster_id(request.cluster_id())
            .signed_cert(request.signed_cert())
            .trust_anchor(request.trust_anchor())
            .customize()
            .config_override(once)
            .send();
        let failed = |trouble| self.failed(Call::InitializeCluster, trouble);
        let answer = within(self.deadline, sending)
            .await
            .map_err(|trouble| failed(cut_off(trouble)))?;
        let answer = answer.map_err(|error| failed(failure::trouble(&error, false)))?;
        Ok(Accepted {
            state: answer
                .state()
                .map(|state| ClusterState::from(state.as_str())),
            state_message: answer.state_message().map(OutsideText::from),
        })
    }
}

/// The time is over in the midst of a call that must not simply be made again: what it did is not
/// known.
fn cut_off(trouble: Trouble) -> Trouble {
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

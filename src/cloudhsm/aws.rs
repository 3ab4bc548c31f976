//! [`CloudHsm`] over the AWS SDK. The only file that names it.

use std::fmt;
use std::time::Duration;

use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_sdk_cloudhsmv2::Client;
use aws_sdk_cloudhsmv2::{config, types};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::{SharedHttpClient, SharedHttpConnector, http_client_fn};

use super::{
    Accepted, Call, Certificates, CloudHsm, Cluster, ClusterState, HsmState, HsmSummary, InitializeCluster, Place, ServiceError,
    Trouble,
};

mod failure;

/// The region that an endpoint of the user's own is given when none is set: a signature needs one.
pub const FALLBACK_REGION: &str = "us-east-1";

/// Clusters per page of `list`; the API allows 1 to 100.
const PAGE: i32 = 100;

/// How to reach the service. What is `None` comes from the AWS SDK's usual environment and files.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The AWS region.
    pub region: Option<String>,
    /// The profile in the shared configuration.
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
        let endpoint = options.endpoint_url.clone().or_else(endpoint_of_environment);
        let rehearsal = endpoint.as_deref().is_some_and(is_loopback);
        let region = region(options, endpoint.is_some()).await;
        let place = Place {
            region: Some(region.as_ref().map_or(FALLBACK_REGION, |region| region.as_ref()).to_owned()),
            endpoint: endpoint.clone(),
            profile: options.profile.clone(),
        };
        if let Some(url) = &endpoint {
            check_endpoint(url, &place)?;
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
        let config = load(options, region, endpoint.as_deref(), rehearsal).await;
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
            let answer =
                request.send().await.map_err(|error| self.failed(Call::DescribeClusters, failure::trouble(&error, true)))?;
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
            let answer =
                request.send().await.map_err(|error| self.failed(Call::DescribeClusters, failure::trouble(&error, true)))?;
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

/// The SDK's configuration with our client, retries and timeouts.
async fn load(options: &Options, region: Region, endpoint: Option<&str>, rehearsal: bool) -> SdkConfig {
    let timeouts = options.timeouts;
    let profile_named = options.profile.is_some() || std::env::var_os("AWS_PROFILE").is_some();
    let http = http_client(rehearsal, !rehearsal || profile_named);
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(region)
        .http_client(http.clone())
        .retry_config(RetryConfig::standard().with_max_attempts(4).with_initial_backoff(Duration::from_millis(500)))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(timeouts.connect)
                .operation_attempt_timeout(timeouts.request)
                .operation_timeout(timeouts.call)
                .build(),
        );
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(url) = &options.endpoint_url {
        loader = loader.endpoint_url(url);
    } else if let (true, Some(url)) = (rehearsal, endpoint) {
        loader = loader.endpoint_url(url);
    }
    if rehearsal {
        loader = loader.credentials_provider(Rehearsal::new(options, http, profile_named));
    }
    loader.load().await
}

/// HTTPS by rustls with ring.
///
/// Every request has a connection of its own: there are few, and none can go out on a pooled one that has died meanwhile,
/// which the HTTP library would answer by sending again. The environment's proxy is used, but not for a loopback endpoint.
fn http_client(loopback: bool, roots: bool) -> SharedHttpClient {
    // No root store is read where only plain HTTP to this machine can follow.
    let store = TrustStore::empty().with_native_roots(roots);
    http_client_fn(move |settings, components| {
        let mut connector = Connector::builder().connector_settings(settings.clone());
        connector.set_sleep_impl(components.sleep_impl());
        connector.set_proxy_config(Some(if loopback { ProxyConfig::disabled() } else { ProxyConfig::from_env() }));
        let connector = connector.tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring));
        let connector = match TlsContext::builder().with_trust_store(store.clone()).build() {
            Ok(context) => connector.tls_context(context),
            Err(_) => connector,
        };
        SharedHttpConnector::new(connector.build())
    })
}

/// `--region`, AWS_REGION, AWS_DEFAULT_REGION, the profile; with the service's own endpoint the instance's region as well.
async fn region(options: &Options, endpoint_given: bool) -> Option<Region> {
    if let Some(region) = &options.region {
        return Some(Region::new(region.clone()));
    }
    let mut files = ProfileFileRegionProvider::builder();
    if let Some(profile) = &options.profile {
        files = files.profile_name(profile);
    }
    let local = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new()).or_else(files.build());
    if let Some(region) = local.region().await {
        return Some(region);
    }
    if endpoint_given {
        return None;
    }
    let provider = ProviderConfig::without_region().with_http_client(http_client(false, false));
    aws_config::imds::region::ImdsRegionProvider::builder().configure(&provider).build().region().await
}

/// The endpoint as the environment sets it, in the SDK's order: the service's own variable first.
fn endpoint_of_environment() -> Option<String> {
    let ignored = std::env::var("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_ok_and(|text| text.eq_ignore_ascii_case("true"));
    let read = |name| std::env::var(name).ok().filter(|url| !url.is_empty());
    if ignored { None } else { read("AWS_ENDPOINT_URL_CLOUDHSM_V2").or_else(|| read("AWS_ENDPOINT_URL")) }
}

/// The host of `http://host:port/...`, without user, port and brackets.
fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next(),
        None => authority.split(':').next(),
    }
}

/// Whether a URL means this very machine over plain HTTP.
fn is_loopback(url: &str) -> bool {
    let plain = url.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"));
    let Some(host) = host(url) else { return false };
    let address = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    plain && (address || host.eq_ignore_ascii_case("localhost"))
}

/// An endpoint is `http://…` or `https://…` with a host; the SDK would say much less about one that is not.
fn check_endpoint(url: &str, place: &Place) -> Result<(), ServiceError> {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    let known = matches!(scheme.as_deref(), Some("http" | "https"));
    if known && host(url).is_some_and(|host| !host.is_empty()) {
        return Ok(());
    }
    let reason = format!("the endpoint \"{url}\" is not of the form https://HOST or http://HOST:PORT");
    Err(ServiceError { call: Call::DescribeClusters, trouble: Trouble::Unreachable { reason }, place: Box::new(place.clone()) })
}

/// Credentials for a loopback endpoint: see [`AwsCloudHsm::connect`].
#[derive(Debug)]
struct Rehearsal {
    environment: EnvironmentVariableCredentialsProvider,
    profile: ProfileFileCredentialsProvider,
    profile_named: bool,
}

impl Rehearsal {
    fn new(options: &Options, http: SharedHttpClient, profile_named: bool) -> Self {
        let mut profile = ProfileFileCredentialsProvider::builder()
            .configure(&ProviderConfig::without_region().with_http_client(http));
        if let Some(name) = &options.profile {
            profile = profile.profile_name(name);
        }
        Rehearsal { environment: EnvironmentVariableCredentialsProvider::new(), profile: profile.build(), profile_named }
    }

    async fn credentials(&self) -> aws_credential_types::provider::Result {
        if let Ok(credentials) = self.environment.provide_credentials().await {
            return Ok(credentials);
        }
        match self.profile.provide_credentials().await {
            // A profile that the user named is meant, even if it fails.
            Err(error) if self.profile_named => Err(error),
            Err(_) => Ok(Credentials::new("simulator", "simulator", None, None, "hsmboot")),
            found => found,
        }
    }
}

impl ProvideCredentials for Rehearsal {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }
}

fn cluster_from(cluster: &types::Cluster) -> Cluster {
    let own = |text: Option<&str>| text.map(str::to_owned);
    let certificates = cluster.certificates().map(|certificates| Certificates {
        cluster_csr: own(certificates.cluster_csr()),
        hsm_certificate: own(certificates.hsm_certificate()),
        aws_hardware_certificate: own(certificates.aws_hardware_certificate()),
        manufacturer_hardware_certificate: own(certificates.manufacturer_hardware_certificate()),
        cluster_certificate: own(certificates.cluster_certificate()),
    });
    Cluster {
        cluster_id: cluster.cluster_id().unwrap_or_default().to_owned(),
        state: ClusterState::from(cluster.state().map_or("(none given)", |state| state.as_str())),
        state_message: own(cluster.state_message()).filter(|text| !text.is_empty()),
        hsm_type: own(cluster.hsm_type()),
        mode: cluster.mode().map(|mode| mode.as_str().to_owned()),
        vpc_id: own(cluster.vpc_id()),
        created: cluster.create_timestamp().map(|moment| moment.secs()),
        hsms: cluster.hsms().iter().map(hsm_from).collect(),
        certificates: certificates.unwrap_or_default(),
    }
}

fn hsm_from(hsm: &types::Hsm) -> HsmSummary {
    HsmSummary {
        hsm_id: hsm.hsm_id().to_owned(),
        state: HsmState::from(hsm.state().map_or("(none given)", |state| state.as_str())),
        state_message: hsm.state_message().map(str::to_owned).filter(|text| !text.is_empty()),
        availability_zone: hsm.availability_zone().map(str::to_owned),
        eni_ip: hsm.eni_ip().map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_to_this_machine_is_a_rehearsal() {
        for url in ["http://127.0.0.1:8080", "http://localhost:1/", "HTTP://LOCALHOST", "http://[::1]:80/x", "http://127.9.9.9"] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "https://127.0.0.1:8080",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://127.0.0.1@example.com",
            "http://example.com/127.0.0.1",
            "http://10.0.0.1",
            "127.0.0.1:8080",
            "",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }

    #[test]
    fn an_endpoint_without_scheme_or_host_is_refused() {
        for url in ["127.0.0.1:80", "ftp://x", "http://", "https:///path", "http://:80"] {
            assert!(check_endpoint(url, &Place::default()).is_err(), "{url}");
        }
        assert!(check_endpoint("https://cloudhsmv2.eu-west-1.amazonaws.com", &Place::default()).is_ok());
    }
}

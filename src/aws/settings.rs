//! The settings of calls: region, endpoint, HTTP client and timeouts, from the user's options or
//! the AWS SDK's environment and files.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use aws_smithy_http_client::{Connector, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::{SharedHttpClient, SharedHttpConnector, http_client_fn};
use aws_smithy_types::error::ErrorMetadata;
use aws_types::service_config::ServiceConfigKey;

use super::blocking::ThreadedCredentials;
use super::causes::find;
use super::clock::SigningClock;
use super::credentials::LocalCredentials;
use super::endpoint::{check_endpoint, is_loopback, is_plain_elsewhere};
use super::guard::{GuardedConnector, ReceivedOctets};
use super::{ConnectOptions, RoleArn, Service};

/// The region for an endpoint of the user's own where none is set: a signature needs one.
pub(super) const FALLBACK_REGION: &str = "us-east-1";

/// AWS STS, which gives the credentials of a role.
const STS: Service = Service {
    id: "sts",
    endpoint_variable: "AWS_ENDPOINT_URL_STS",
};

/// The decisions made before the SDK's configuration is loaded.
pub(super) struct ConfigPlan<'a> {
    pub(super) region: Region,
    /// The endpoint that all calls go to; `None` leaves it to the SDK's own rules.
    pub(super) endpoint: Option<&'a str>,
    /// True where the endpoint is a simulator's.
    pub(super) rehearsal: bool,
    pub(super) received: ReceivedOctets,
}

/// Loads the SDK's configuration with our client, retries and timeouts.
pub(super) async fn load_config(options: &ConnectOptions, plan: ConfigPlan<'_>) -> SdkConfig {
    let ConfigPlan {
        region,
        endpoint,
        rehearsal,
        received,
    } = plan;
    let timeouts = options.timeouts;
    let profile_named = options.profile.is_some() || std::env::var_os("AWS_PROFILE").is_some();
    let http = http_client(
        &HttpClientUse {
            loopback: rehearsal,
            roots: !rehearsal || profile_named,
            insecure: options.insecure_http,
        },
        received,
    );
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(region.clone())
        .http_client(http.clone())
        .time_source(SigningClock)
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(4)
                .with_initial_backoff(Duration::from_millis(500)),
        )
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(timeouts.connect)
                .operation_attempt_timeout(timeouts.request)
                .operation_timeout(timeouts.call)
                .build(),
        )
        // It counts the seconds by the wall clock, one by one: where that jumps by years in the
        // midst of a request, as on a machine that had no time before, it counts for hours, and no
        // timeout ends that. The timeouts above bound each attempt.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    // Whatever named it: given so, it goes before all else that could name one, and what is shown
    // is what is used.
    if let Some(url) = endpoint {
        loader = loader.endpoint_url(url);
    }
    if rehearsal || options.profile.is_some() {
        let provider = ProviderConfig::without_region()
            .with_region(Some(region))
            .with_http_client(http)
            .with_time_source(SigningClock);
        loader = loader.credentials_provider(LocalCredentials::new(
            options,
            &provider,
            rehearsal && !profile_named,
        ));
    }
    let config = loader.load().await;
    let Some(provider) = config.credentials_provider() else {
        return config;
    };
    let own = SharedCredentialsProvider::new(ThreadedCredentials(provider));
    let provider = match &options.assume_role {
        Some(role) => assume_role(role, own, options, &config).await,
        None => own,
    };
    config.to_builder().credentials_provider(provider).build()
}

/// The name of the session in which a role is assumed: CloudTrail shows it (API Reference,
/// AssumeRole, `RoleSessionName`).
const SESSION_NAME: &str = "hsmboot";

/// Returns the credentials of a role, which STS gives for the user's own. STS has its own endpoint:
/// CloudHSM's is not taken for it.
async fn assume_role(
    role: &RoleArn,
    own: SharedCredentialsProvider,
    options: &ConnectOptions,
    config: &SdkConfig,
) -> SharedCredentialsProvider {
    let elsewhere = ConnectOptions {
        endpoint_url: None,
        ..options.clone()
    };
    let found = find_endpoint(STS, &elsewhere).await;
    let fault = found.as_ref().and_then(|endpoint| {
        endpoint_fault(endpoint).or_else(|| {
            (is_plain_elsewhere(&endpoint.url) && !options.insecure_http).then(|| {
                format!(
                    "{} is plain http to another machine, which needs --insecure-http",
                    endpoint.named_by
                )
            })
        })
    });
    if let Some(fault) = fault {
        return SharedCredentialsProvider::new(RefusedEndpoint(fault));
    }
    let endpoint = found.map(|endpoint| endpoint.url);
    let http = http_client(
        &HttpClientUse {
            loopback: endpoint.as_deref().is_some_and(is_loopback),
            roots: true,
            insecure: options.insecure_http,
        },
        ReceivedOctets::default(),
    );
    let mut sts = config.to_builder();
    sts.set_http_client(Some(http));
    sts.set_endpoint_url(endpoint);
    let provider = AssumeRoleProvider::builder(role.as_str())
        .session_name(SESSION_NAME)
        .configure(&sts.build())
        .build_from_provider(own)
        .await;
    SharedCredentialsProvider::new(AssumedRole {
        role: role.clone(),
        by: own_credentials_text(options),
        provider,
    })
}

/// Returns where the user's own credentials come from, for a message.
fn own_credentials_text(options: &ConnectOptions) -> String {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let profile = options.profile.clone();
    match (
        profile,
        variable("AWS_ACCESS_KEY_ID"),
        variable("AWS_PROFILE"),
    ) {
        (Some(profile), _, _) => format!("the profile {profile}"),
        (None, Some(_), _) => "the environment (AWS_ACCESS_KEY_ID)".to_owned(),
        (None, None, Some(profile)) => format!("the profile {profile} (AWS_PROFILE)"),
        (None, None, None) => "the AWS SDK's default sources".to_owned(),
    }
}

/// Gives the credentials of a role, and says which role it was where STS refuses them.
#[derive(Debug)]
struct AssumedRole {
    role: RoleArn,
    by: String,
    provider: AssumeRoleProvider,
}

impl AssumedRole {
    async fn assume(&self) -> provider::Result {
        let error = match self.provider.provide_credentials().await {
            Ok(credentials) => return Ok(credentials),
            Err(error) => error,
        };
        let is_of_own = std::error::Error::source(&error)
            .is_some_and(|cause| find::<CredentialsError>(cause).is_some());
        let refusal = find::<ErrorMetadata>(&error).filter(|_| !is_of_own);
        let refusal = refusal.map(|said| RoleRefusal {
            role: self.role.as_str().to_owned(),
            by: self.by.clone(),
            code: said.code().unwrap_or_default().to_owned(),
            message: said.message().unwrap_or_default().to_owned(),
        });
        Err(match refusal {
            Some(refusal) => CredentialsError::provider_error(refusal),
            None => error,
        })
    }
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}

/// A refusal by STS to let a role be assumed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("STS does not let {by} assume {role}: {code}: {message}")]
pub(super) struct RoleRefusal {
    pub(super) role: String,
    pub(super) by: String,
    pub(super) code: String,
    pub(super) message: String,
}

/// Gives no credentials: the user's own would go to an endpoint that is refused.
#[derive(Debug)]
struct RefusedEndpoint(String);

impl ProvideCredentials for RefusedEndpoint {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let fault = format!("the endpoint of STS: {}", self.0);
        future::ProvideCredentials::ready(Err(CredentialsError::invalid_configuration(fault)))
    }
}

/// An endpoint, and the setting that named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) url: String,
    pub(super) named_by: String,
}

/// Finds the endpoint that the SDK's client of a service would use, by means of the SDK itself: the
/// service's own variable, AWS_ENDPOINT_URL, the profile's section of `services`, its
/// `endpoint_url`; none of these where they are to be ignored (AWS SDKs and Tools Reference Guide,
/// "Service-specific endpoints").
pub(super) async fn find_endpoint(service: Service, options: &ConnectOptions) -> Option<Endpoint> {
    if let Some(url) = &options.endpoint_url {
        return Some(Endpoint {
            url: url.clone(),
            named_by: "--endpoint-url".to_owned(),
        });
    }
    let http = http_client(
        &HttpClientUse {
            loopback: true,
            roots: false,
            insecure: false,
        },
        ReceivedOctets::default(),
    );
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::from_static(FALLBACK_REGION))
        .http_client(http)
        .no_credentials();
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    let url = configured_endpoint(service, &loader.load().await)?;
    let variable = [service.endpoint_variable, "AWS_ENDPOINT_URL"]
        .into_iter()
        .find(|name| std::env::var_os(name).is_some());
    let named_by = variable.map_or_else(
        || "endpoint_url in the AWS configuration files".to_owned(),
        |name| format!("the variable {name}"),
    );
    Some(Endpoint { url, named_by })
}

/// Returns the endpoint in a loaded configuration, as the SDK's clients look for it, and by the
/// name that the service has in a section of `services`.
///
/// The SDK for Rust looks there for `cloudhsm-v2`; the guide, and the other SDKs, have
/// `cloudhsm_v2` (AWS SDKs and Tools Reference Guide, "Service-specific endpoints"). A
/// configuration that follows the guide must work too.
pub(super) fn configured_endpoint(service: Service, config: &SdkConfig) -> Option<String> {
    let settings = config.service_config();
    let by_name = |name: &str| {
        let key = ServiceConfigKey::builder()
            .service_id(name)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build()
            .ok()?;
        settings.and_then(|settings| settings.load_config(key))
    };
    let guide = service.id.to_lowercase().replace(' ', "_");
    // Whoever has no section is told what holds for all services.
    let all = by_name("no service of this name");
    let own = [service.id, &guide]
        .into_iter()
        .find_map(|name| by_name(name).filter(|url| Some(url) != all.as_ref()));
    own.or(all)
        .or_else(|| config.endpoint_url().map(str::to_owned))
}

/// Returns the fault of an endpoint, if it has one. The SDK ends the program over an empty one.
pub(super) fn endpoint_fault(endpoint: &Endpoint) -> Option<String> {
    let Endpoint { url, named_by } = endpoint;
    if url.is_empty() {
        return Some(format!(
            "{named_by} is set and empty: take that out, or put an endpoint into it"
        ));
    }
    check_endpoint(url)
        .map_err(|problem| format!("{problem}: see {named_by}"))
        .err()
}

/// The use that an HTTP client is made for.
struct HttpClientUse {
    /// The endpoint is a simulator.
    loopback: bool,
    /// HTTPS is used, with the system's roots.
    roots: bool,
    /// `--insecure-http`.
    insecure: bool,
}

/// Makes the HTTP client: HTTPS by rustls with ring, behind [`GuardedConnector`].
///
/// Every request has a connection of its own: there are few, and none can go out on a pooled one
/// that has died meanwhile, which the HTTP library would answer by sending again. The environment's
/// proxy is used, but not for a loopback endpoint.
fn http_client(http: &HttpClientUse, received: ReceivedOctets) -> SharedHttpClient {
    let HttpClientUse {
        loopback,
        roots,
        insecure: insecure_http,
    } = *http;
    // No root store is read where only plain HTTP to this machine can follow.
    let store = TrustStore::empty().with_native_roots(roots);
    http_client_fn(move |settings, components| {
        let mut connector = Connector::builder().connector_settings(settings.clone());
        connector.set_sleep_impl(components.sleep_impl());
        SharedHttpConnector::new(GuardedConnector {
            inner: build_connector(connector, !loopback, store.clone()),
            insecure_http,
            received: received.clone(),
        })
    })
}

/// Builds a connector: HTTPS by rustls with ring and these roots; through the environment's proxy,
/// if that may be used.
pub(super) fn build_connector(
    mut connector: ConnectorBuilder,
    proxied: bool,
    store: TrustStore,
) -> SharedHttpConnector {
    connector.set_proxy_config(Some(if proxied {
        ProxyConfig::from_env()
    } else {
        ProxyConfig::disabled()
    }));
    let connector = connector.tls_provider(tls::Provider::Rustls(
        tls::rustls_provider::CryptoMode::Ring,
    ));
    let context = TlsContext::builder().with_trust_store(store).build();
    SharedHttpConnector::new(match context {
        Ok(context) => connector.tls_context(context).build(),
        Err(_) => connector.build(),
    })
}

/// Finds the region: by `--region`, AWS_REGION, AWS_DEFAULT_REGION or the profile, and with the
/// service's own endpoint by the instance as well.
pub(super) async fn find_region(options: &ConnectOptions, endpoint_given: bool) -> Option<Region> {
    if let Some(region) = &options.region {
        return Some(Region::new(region.clone()));
    }
    let mut files = ProfileFileRegionProvider::builder();
    if let Some(profile) = &options.profile {
        files = files.profile_name(profile);
    }
    let local = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(files.build());
    if let Some(region) = local.region().await {
        return Some(region);
    }
    if let Some(region) = &options.fallback_region {
        return Some(Region::new(region.clone()));
    }
    if endpoint_given {
        return None;
    }
    let provider = ProviderConfig::without_region().with_http_client(http_client(
        &HttpClientUse {
            loopback: false,
            roots: false,
            insecure: false,
        },
        ReceivedOctets::default(),
    ));
    aws_config::imds::region::ImdsRegionProvider::builder()
        .configure(&provider)
        .build()
        .region()
        .await
}

//! Where calls go and how: region, endpoint, HTTP client, timeouts, as the user set them or the AWS SDK's environment and files.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::{SharedHttpClient, SharedHttpConnector, http_client_fn};
use aws_types::service_config::ServiceConfigKey;

use super::credentials::LocalCredentials;
use super::{Options, Service};

/// The region that an endpoint of the user's own is given when none is set: a signature needs one.
pub(super) const FALLBACK_REGION: &str = "us-east-1";

/// The SDK's configuration with our client, retries and timeouts.
pub(super) async fn load(options: &Options, region: Region, endpoint: Option<&str>, rehearsal: bool) -> SdkConfig {
    let timeouts = options.timeouts;
    let profile_named = options.profile.is_some() || std::env::var_os("AWS_PROFILE").is_some();
    let http = http_client(rehearsal, !rehearsal || profile_named);
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(region.clone())
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
    if rehearsal || options.profile.is_some() {
        let provider = ProviderConfig::without_region().with_region(Some(region)).with_http_client(http);
        loader = loader.credentials_provider(LocalCredentials::new(options, &provider, rehearsal && !profile_named));
    }
    loader.load().await
}

/// A variable for an endpoint that is set to nothing.
pub(super) fn empty_endpoint_variable(service: Service) -> Option<&'static str> {
    let empty = |name: &&str| std::env::var_os(name).is_some_and(|value| value.is_empty());
    [service.endpoint_variable, "AWS_ENDPOINT_URL"].into_iter().find(empty).filter(|_| !configured_endpoints_are_ignored())
}

/// What is wrong with the endpoint that the configuration files set, where they set one. The SDK ends the program over an empty one.
pub(super) fn bad_endpoint_of_profile(service: Service, config: &SdkConfig) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id(service.id).env("AWS_ENDPOINT_URL").profile("endpoint_url").build().ok()?;
    // As the SDK's clients look for it: the service's own setting first.
    let of_service = config.service_config().and_then(|settings| settings.load_config(key));
    let url = of_service.or_else(|| config.endpoint_url().map(str::to_owned))?;
    let problem = if url.is_empty() {
        Err("endpoint_url is set and empty in the AWS configuration files: take the line out, or put an endpoint into it".to_owned())
    } else {
        endpoint_problem(&url).map_err(|problem| format!("{problem}: see endpoint_url in the AWS configuration files"))
    };
    problem.err()
}

fn configured_endpoints_are_ignored() -> bool {
    std::env::var("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_ok_and(|text| text.eq_ignore_ascii_case("true"))
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
pub(super) async fn region(options: &Options, endpoint_given: bool) -> Option<Region> {
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
    if let Some(region) = &options.fallback_region {
        return Some(Region::new(region.clone()));
    }
    if endpoint_given {
        return None;
    }
    let provider = ProviderConfig::without_region().with_http_client(http_client(false, false));
    aws_config::imds::region::ImdsRegionProvider::builder().configure(&provider).build().region().await
}

/// The endpoint as the environment sets it, in the SDK's order: the service's own variable first.
pub(super) fn endpoint_of_environment(service: Service) -> Option<String> {
    let read = |name| std::env::var(name).ok().filter(|url| !url.is_empty());
    if configured_endpoints_are_ignored() { None } else { read(service.endpoint_variable).or_else(|| read("AWS_ENDPOINT_URL")) }
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
pub(super) fn is_loopback(url: &str) -> bool {
    let plain = url.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"));
    let Some(host) = host(url) else { return false };
    let address = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    plain && (address || host.eq_ignore_ascii_case("localhost"))
}

/// Whether a URL holds a user name or a password. AWS asks for neither, and a command line is on record.
pub(super) fn has_userinfo(url: &str) -> bool {
    let authority = url.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
    authority.is_some_and(|authority| authority.contains('@'))
}

/// Whether an endpoint is `http://…` or `https://…` with a host; the SDK would say much less about one that is not.
pub fn endpoint_problem(url: &str) -> Result<(), String> {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    let known = matches!(scheme.as_deref(), Some("http" | "https"));
    if known && host(url).is_some_and(|host| !host.is_empty()) {
        return Ok(());
    }
    Err(format!("the endpoint \"{url}\" is not of the form https://HOST or http://HOST:PORT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_endpoint_is_seen() {
        for (url, has) in [("http://user:pw@h:1/x", true), ("https://u@h", true), ("https://h/a@b", false), ("https://h?x=@", false), ("u@h", false)]
        {
            assert_eq!(has_userinfo(url), has, "{url}");
        }
    }

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
            assert!(endpoint_problem(url).is_err(), "{url}");
        }
        assert!(endpoint_problem("https://cloudhsmv2.eu-west-1.amazonaws.com").is_ok());
    }
}

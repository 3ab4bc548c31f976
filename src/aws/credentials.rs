//! Credentials, where the SDK's own chain does not fit.

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};

use super::ConnectOptions;

/// Credentials where the SDK's chain does not fit: of a profile that was named, and for a loopback
/// endpoint (see [`super::connect`]).
#[derive(Debug)]
pub(super) struct LocalCredentials {
    environment: Option<EnvironmentVariableCredentialsProvider>,
    profile: ProfileFileCredentialsProvider,
    profile_name: Option<String>,
    /// Made-up credentials are enough.
    made_up: bool,
}

impl LocalCredentials {
    pub(super) fn new(options: &ConnectOptions, provider: &ProviderConfig, made_up: bool) -> Self {
        let mut profile = ProfileFileCredentialsProvider::builder().configure(provider);
        if let Some(name) = &options.profile {
            profile = profile.profile_name(name);
        }
        LocalCredentials {
            environment: options
                .profile
                .is_none()
                .then(EnvironmentVariableCredentialsProvider::new),
            profile: profile.build(),
            profile_name: options.profile.clone(),
            made_up,
        }
    }

    async fn find_credentials(&self) -> provider::Result {
        if let Some(environment) = &self.environment
            && let Ok(credentials) = environment.provide_credentials().await
        {
            return Ok(credentials);
        }
        match (self.profile.provide_credentials().await, &self.profile_name) {
            (Err(_), _) if self.made_up => Ok(Credentials::new(
                "simulator",
                "simulator",
                None,
                None,
                "hsmboot",
            )),
            (Err(CredentialsError::CredentialsNotLoaded(_)), Some(name)) => {
                Err(CredentialsError::invalid_configuration(format!(
                    "the profile {name} is not in the AWS configuration files, or holds no \
                     credentials"
                )))
            }
            (found, _) => found,
        }
    }
}

impl ProvideCredentials for LocalCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.find_credentials())
    }
}

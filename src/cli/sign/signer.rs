//! The CA that signs, as the command line names it.

use std::path::PathBuf;

#[cfg(feature = "awskms")]
use super::issuer::SigningCaArgs;
use crate::ca::KeySource;
#[cfg(feature = "awskms")]
use crate::cli::aws::CaAccessArgs;
use crate::cli::ca_pin::CaPinArgs;
use crate::cli::key::ca_key_help;
use crate::cli::token::TokenArgs;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::sign::DEFAULT_DAYS;

/// The CA that signs.
#[derive(Debug, clap::Args)]
pub struct CaArgs {
    /// The CA's certificate, which becomes the trust anchor; or its chain: this CA first, its root
    /// last
    #[arg(long, value_name = "FILE", requires = "ca_key")]
    #[cfg_attr(feature = "awskms", arg(required_unless_present = "ca_arn"))]
    #[cfg_attr(not(feature = "awskms"), arg(required = true))]
    pub(super) ca: Option<PathBuf>,
    #[arg(long, value_name = "KEY", help = ca_key_help(), requires = "ca")]
    #[cfg_attr(feature = "awskms", arg(required_unless_present = "ca_arn"))]
    #[cfg_attr(not(feature = "awskms"), arg(required = true))]
    pub(super) ca_key: Option<PathBuf>,
    #[command(flatten)]
    pub(super) pin: CaPinArgs,
    /// The days that the signed certificate lasts, at most until the CA's own end (default: 3652)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=36525))]
    pub(super) days: Option<u32>,
    #[command(flatten)]
    pub(super) token: TokenArgs,
    #[cfg(feature = "awskms")]
    #[command(flatten)]
    pub(super) issuer: SigningCaArgs,
    #[cfg(feature = "awskms")]
    #[command(flatten)]
    pub(super) access: CaAccessArgs,
}

/// The CA, as the command line names it.
pub(super) enum SignerChoice {
    /// A certificate and its key.
    Own {
        certificate: PathBuf,
        source: KeySource,
    },
    /// AWS Private CA.
    #[cfg(feature = "awskms")]
    Service(crate::pca::CaArn),
}

impl CaArgs {
    /// Returns the days that a certificate is to last.
    pub(super) fn days(&self) -> u32 {
        self.days.unwrap_or(DEFAULT_DAYS)
    }

    /// Refuses what belongs to one certificate, for several bundles.
    pub(super) fn check_takes_many(&self) -> Result<()> {
        #[cfg(feature = "awskms")]
        self.issuer.check_takes_many()?;
        Ok(())
    }

    pub(super) fn choose_signer(&self) -> Result<SignerChoice> {
        #[cfg(feature = "awskms")]
        if let Some(arn) = self.issuer.checked_ca_arn()? {
            return Ok(SignerChoice::Service(arn));
        }
        let (Some(certificate), Some(key)) = (&self.ca, &self.ca_key) else {
            return Err(Error::new(
                ErrorKind::Usage,
                "--ca and --ca-key are missing",
                "hsmboot sign --help",
            )
            .with_fact(FactName::Option, "--ca"));
        };
        let source = KeySource::parse(key)?;
        #[cfg(feature = "awskms")]
        self.access.options_for([&source])?;
        Ok(SignerChoice::Own {
            certificate: certificate.clone(),
            source,
        })
    }
}

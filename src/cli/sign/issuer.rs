//! `hsmboot sign --ca-arn`: AWS Private CA makes the certificate.

use std::time::Duration;

use super::preconditions::check_places_free;
use super::{SigningJob, note_subject};
use crate::aws::{ConnectOptions, Deadline};
use crate::bundle::SignatureOrigin;
use crate::cli::aws::parse_duration;
use crate::cli::private_ca::{PrivateCaArgs, ca_digest};
use crate::cli::ui::CommandOutput;
use crate::error::Result;
use crate::pca::CaArn;

/// AWS Private CA in place of a certificate and a key.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct SigningCaArgs {
    #[command(flatten)]
    ca: PrivateCaArgs,
    /// The time to wait for AWS, and for the certificate: seconds, or a number with s, m or h
    /// (default: 60)
    #[arg(long, value_name = "TIME", requires = "ca_arn", value_parser = parse_duration)]
    timeout: Option<Duration>,
}

impl SigningCaArgs {
    /// Refuses what is one bundle's, for several bundles.
    ///
    /// # Errors
    /// Class `Usage`.
    pub(super) fn check_takes_many(&self) -> Result<()> {
        self.ca.check_takes_many()
    }

    /// Returns the CA's ARN, where one is named.
    ///
    /// # Errors
    /// As [`PrivateCaArgs::checked_ca_arn`].
    pub(super) fn checked_ca_arn(&self) -> Result<Option<CaArn>> {
        let others = [("--timeout", self.timeout.is_some())];
        self.ca.checked_ca_arn(&others).map(Option::<&_>::cloned)
    }
}

impl SigningJob<'_> {
    /// Signs with the service. Everything that can fail before the request comes first: the CA, its
    /// root certificate, the place for it, the comparison.
    pub(super) fn sign_by_service(&self, arn: &CaArn) -> Result<CommandOutput> {
        let (args, ui) = (&self.args.ca.issuer, self.ui);
        let options = ConnectOptions {
            deadline: args.timeout.map(Deadline::after),
            ..self.args.ca.access.options()
        };
        let (ca, owner) = args
            .ca
            .open_ca((arn, &self.args.ca.pin), &options, self.now, ui)?;
        if let Some(done) = self.earlier_output(ca.trust_anchor(), "--ca-arn")? {
            return Ok(done);
        }
        check_places_free(self.bundle, ca.trust_anchor(), self.args.force)?;
        self.show_intent(ca.trust_anchor());
        let compared = self.compare_request()?;
        self.bundle.check_unchanged(false)?;
        let (pair, issued_by) = args.ca.obtain_pair(
            (&ca, arn),
            &self.grounds,
            self.args.ca.days(),
            args.timeout,
            ui,
        )?;
        note_subject(&pair, ui);
        let given = ca_digest(arn.as_str(), ca.trust_anchor());
        self.finish_signing(
            &pair,
            SignatureOrigin {
                ca_key: None,
                issued_by: Some(issued_by),
            },
            crate::cli::now(),
            &self.transcript_step(given, &owner, compared),
            compared,
        )
    }
}

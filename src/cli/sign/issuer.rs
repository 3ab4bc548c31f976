//! `hsmboot sign --ca-arn`: AWS Private CA makes the certificate.

use std::time::Duration;

use super::{SigningJob, check_places_free, note_subject};
use crate::aws::{ConnectOptions, Deadline};
use crate::bundle::{Digests, IssuedBy, SignatureOrigin};
use crate::cli::args::parse_sha256;
use crate::cli::aws::parse_duration;
use crate::cli::ui::CommandOutput;
use crate::error::{Error, ErrorKind, Result};
use crate::owner::{Owner, ProofPurpose};
use crate::pca::{AwsPrivateCa, CaArn, CaMode, DEFAULT_PATIENCE};
use crate::x509::{sha256, to_hex};

/// AWS Private CA in place of a certificate and a key.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "AWS Private CA, in place of --ca and --ca-key")]
pub struct SigningCaArgs {
    /// The CA that issues the certificate; its own certificate, with the chain above it if it is
    /// subordinate, becomes the trust anchor
    #[arg(long, value_name = "ARN", conflicts_with_all = ["ca", "ca_key", "seal", "passphrase"])]
    ca_arn: Option<CaArn>,
    /// The SHA-256 of the CA's certificate: any other is refused (an ARN alone proves nothing); of
    /// a chain of three or four, its root's too (may repeat)
    #[arg(long, value_name = "SHA256", requires = "ca_arn", value_parser = parse_sha256)]
    ca_fingerprint: Vec<[u8; 32]>,
    /// Fetch this certificate, which an earlier run requested, and request no other
    #[arg(long, value_name = "ARN", requires = "ca_arn")]
    certificate_arn: Option<String>,
    /// The time to wait for AWS, and for the certificate: seconds, or a number with s, m or h
    /// (default: 60)
    #[arg(long, value_name = "TIME", requires = "ca_arn", value_parser = parse_duration)]
    timeout: Option<Duration>,
}

impl SigningCaArgs {
    /// Refuses an earlier certificate, which is one bundle's, for several bundles.
    ///
    /// # Errors
    /// Class `Usage`.
    pub(super) fn check_takes_many(&self) -> Result<()> {
        if self.certificate_arn.is_some() {
            return Err(Error::new(
                ErrorKind::Usage,
                "--certificate-arn is one bundle's certificate, and there are several bundles",
                "run it with that bundle alone, and then with the others",
            ));
        }
        Ok(())
    }

    /// Returns the CA's ARN, where one is named.
    ///
    /// # Errors
    /// Class `Usage`, where `--certificate-arn` is no certificate of that CA, and where something
    /// is given that goes with a CA alone.
    pub(super) fn checked_ca_arn(&self) -> Result<Option<CaArn>> {
        let Some(arn) = &self.ca_arn else {
            // clap does not ask for `--ca-arn` where `--ca`, which excludes it, is there.
            let given = [
                ("--ca-fingerprint", !self.ca_fingerprint.is_empty()),
                ("--certificate-arn", self.certificate_arn.is_some()),
                ("--timeout", self.timeout.is_some()),
            ];
            return match given.iter().find(|(_, given)| *given) {
                None => Ok(None),
                Some((name, _)) => Err(Error::new(
                    ErrorKind::OptionsForNothing,
                    format!(
                        "{name} is for a certificate from AWS Private CA, and none is asked for"
                    ),
                    format!(
                        "leave {name} out, or name the CA with --ca-arn in place of --ca and \
                         --ca-key"
                    ),
                )),
            };
        };
        if self
            .certificate_arn
            .as_ref()
            .is_some_and(|certificate| !arn.is_issuer_of(certificate))
        {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("--certificate-arn names no certificate of the CA {arn}"),
                "give the ARN that the earlier run printed: the CA's, /certificate/ and a serial \
                 number",
            ));
        }
        Ok(Some(arn.clone()))
    }
}

/// Returns the error for a CA that only an ARN names. It proves nothing: the certificates come from
/// the same service as the signature.
fn unpinned_ca_error(ca: &AwsPrivateCa, arn: &CaArn) -> Error {
    Error::new(
        ErrorKind::OwnerNotProven,
        [
            "nothing proves that this CA is yours: --ca-arn alone names no certificate; nothing \
             was signed"
                .to_owned(),
            format!("  CA       {arn}"),
            format!(
                "  subject  {}",
                crate::x509::name_text(ca.trust_anchor().signing_ca().subject())
            ),
            format!(
                "  SHA-256  {}",
                to_hex(&ca.trust_anchor().signing_ca().fingerprint())
            ),
        ],
        "compare that SHA-256 with what those who keep the CA know of its certificate, then give \
         it with --ca-fingerprint",
    )
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
        let (ca, notes) = AwsPrivateCa::open(arn, &options, self.now)?;
        if let Some(elsewhere) = ca.endpoint_note() {
            ui.say(format!("for the CA, {elsewhere}"));
        }
        for note in &notes {
            ui.say_detail(note);
        }
        if ca.usage_mode() == CaMode::ShortLived {
            ui.warn(
                "this CA's UsageMode is SHORT_LIVED_CERTIFICATE: what it issues lasts seven days \
                 at most. A claimed cluster keeps its certificate for good, and from its end on \
                 clients that look at dates refuse the cluster; a CA of UsageMode GENERAL_PURPOSE \
                 issues longer ones",
            );
        }
        if args.ca_fingerprint.is_empty() {
            return Err(unpinned_ca_error(&ca, arn));
        }
        let owner = Owner::with_fingerprints(
            &args.ca_fingerprint,
            ca.trust_anchor(),
            arn.as_str(),
            ProofPurpose::Signature,
        )?;
        if let Some(done) = self.earlier_output(ca.trust_anchor(), "--ca-arn")? {
            return Ok(done);
        }
        check_places_free(self.bundle, ca.trust_anchor(), self.args.force)?;
        let compared = self.compare_request()?;
        self.bundle.check_unchanged(false)?;
        let certificate_arn = match &args.certificate_arn {
            Some(earlier) => earlier.clone(),
            None => ca.request_certificate(&self.grounds, self.args.ca.days, self.now)?,
        };
        ui.say(format!("the certificate is {certificate_arn}"));
        let certificate =
            ca.collect_certificate(&certificate_arn, args.timeout.unwrap_or(DEFAULT_PATIENCE))?;
        // The certificate may be younger than the moment of judging.
        let now = crate::cli::now();
        let pair = ca
            .judge_certificate(&self.grounds, &certificate, now)
            .map_err(|mut error| {
                error.message = error
                    .message
                    .followed_by(format!("  issued as {certificate_arn}"));
                error
            })?;
        note_subject(&pair, ui);
        let given = Digests::from([(
            arn.to_string(),
            to_hex(&sha256(ca.trust_anchor().to_pem().as_bytes())),
        )]);
        let issued_by = IssuedBy {
            ca_arn: arn.to_string().into(),
            certificate_arn: certificate_arn.into(),
        };
        self.finish_signing(
            &pair,
            SignatureOrigin {
                ca_key: None,
                issued_by: Some(issued_by),
            },
            now,
            &self.transcript_step(given, &owner, compared),
            compared,
        )
    }
}

//! `--ca-arn`: AWS Private CA makes the certificate, in place of a CA's certificate and key.

use std::time::Duration;

use super::ca_pin::CaPinArgs;
use super::ui::Ui;
use crate::aws::ConnectOptions;
use crate::bundle::{Digests, IssuedBy};
use crate::check::Pair;
use crate::error::{Class, Error, ErrorKind, FactName, Result};
use crate::owner::{Owner, ProofPurpose};
use crate::pca::{AwsPrivateCa, CaArn, CaMode, DEFAULT_PATIENCE};
use crate::sign::Grounds;
use crate::x509::{Moment, TrustAnchor, sha256, to_hex};

/// The options that name a CA in AWS Private CA.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct PrivateCaArgs {
    /// The CA that issues the certificate; its own certificate, with the chain above it if it is
    /// subordinate, becomes the trust anchor
    #[arg(long, value_name = "ARN", conflicts_with_all = ["ca", "ca_key", "passphrase"])]
    ca_arn: Option<CaArn>,
    /// Fetch this certificate, which an earlier run requested, and request no other
    #[arg(long, value_name = "ARN", requires = "ca_arn")]
    certificate_arn: Option<String>,
}

impl PrivateCaArgs {
    /// Refuses an earlier certificate, which is one bundle's, for several bundles.
    ///
    /// # Errors
    /// Class `Usage`.
    pub(crate) fn check_takes_many(&self) -> Result<()> {
        if self.certificate_arn.is_some() {
            return Err(Error::new(
                ErrorKind::Usage,
                "--certificate-arn is one bundle's certificate, and there are several bundles",
                "run it with that bundle alone, and then with the others",
            )
            .with_fact(FactName::Option, "--certificate-arn"));
        }
        Ok(())
    }

    /// Returns the CA's ARN, where one is named. `others` are more options that go with a CA alone,
    /// and whether each is given.
    ///
    /// # Errors
    /// Class `Usage`, where `--certificate-arn` is no certificate of that CA, and where something
    /// is given that goes with a CA alone.
    pub(crate) fn checked_ca_arn(&self, others: &[(&str, bool)]) -> Result<Option<&CaArn>> {
        let Some(arn) = &self.ca_arn else {
            // clap does not ask for `--ca-arn` where `--ca`, which excludes it, is there.
            let own = [("--certificate-arn", self.certificate_arn.is_some())];
            return match own.iter().chain(others).find(|(_, given)| *given) {
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
                )
                .with_fact(FactName::Option, *name)),
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
            )
            .with_fact(FactName::Option, "--certificate-arn")
            .with_fact(FactName::CaArn, arn.as_str()));
        }
        Ok(Some(arn))
    }

    /// Opens the CA, and takes it as the owner if its fingerprint is the one that was given.
    ///
    /// # Errors
    /// As [`AwsPrivateCa::open`] and [`Owner::with_fingerprints`]; class `Rejected`,
    /// `owner-not-proven`: no fingerprint was given.
    pub(crate) fn open_ca(
        &self,
        (arn, pin): (&CaArn, &CaPinArgs),
        options: &ConnectOptions,
        now: Moment,
        ui: &Ui,
    ) -> Result<(AwsPrivateCa, Owner)> {
        let is_pinned = !pin.ca_fingerprint.is_empty();
        let (ca, notes) = match AwsPrivateCa::open(arn, options, now) {
            // Whatever the service would have said: its word alone proves no owner.
            Err(error) if !is_pinned && error.class() != Class::Usage => {
                return Err(unpinned_ca_error(None, arn));
            }
            opened => opened?,
        };
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
        if !is_pinned {
            return Err(unpinned_ca_error(Some(&ca), arn));
        }
        let owner = Owner::with_fingerprints(
            &pin.ca_fingerprint,
            ca.trust_anchor(),
            arn.as_str(),
            ProofPurpose::Signature,
        )?;
        Ok((ca, owner))
    }

    /// Has the CA issue the certificate, or fetches the one that an earlier run requested, and
    /// checks the pair.
    ///
    /// # Errors
    /// As [`AwsPrivateCa::request_certificate`], [`AwsPrivateCa::collect_certificate`] and
    /// [`AwsPrivateCa::judge_certificate`].
    pub(crate) fn obtain_pair(
        &self,
        (ca, arn): (&AwsPrivateCa, &CaArn),
        grounds: &Grounds<'_>,
        days: u32,
        patience: Option<Duration>,
        ui: &Ui,
    ) -> Result<(Pair, IssuedBy)> {
        let certificate_arn = match &self.certificate_arn {
            Some(earlier) => earlier.clone(),
            None => ca.request_certificate(grounds, days, super::now())?,
        };
        ui.say(format!("the certificate is {certificate_arn}"));
        let certificate =
            ca.collect_certificate(&certificate_arn, patience.unwrap_or(DEFAULT_PATIENCE))?;
        // The certificate may be younger than the moment of judging.
        let pair = ca
            .judge_certificate(grounds, &certificate, super::now())
            .map_err(|mut error| {
                error.message = error
                    .message
                    .followed_by(format!("  issued as {certificate_arn}"));
                error
            })?;
        let issued_by = IssuedBy {
            ca_arn: arn.to_string().into(),
            certificate_arn: certificate_arn.into(),
        };
        Ok((pair, issued_by))
    }
}

/// Returns the name of a CA in AWS Private CA and the digest of its trust anchor, for the
/// transcript.
pub(crate) fn ca_digest(arn: &str, trust_anchor: &TrustAnchor) -> Digests {
    Digests::from([(
        arn.to_owned(),
        to_hex(&sha256(trust_anchor.to_pem().as_bytes())),
    )])
}

/// Returns the error for a CA that only an ARN names. It proves nothing: the certificates come from
/// the same service as the signature.
fn unpinned_ca_error(ca: Option<&AwsPrivateCa>, arn: &CaArn) -> Error {
    let first = "nothing proves that this CA is yours: --ca-arn alone names no certificate; \
                 nothing was signed";
    let Some(ca) = ca else {
        return Error::new(
            ErrorKind::OwnerNotProven,
            [first.to_owned(), format!("  CA  {arn}")],
            "ask those who keep the CA for the SHA-256 of its certificate, and give it with \
             --ca-fingerprint",
        )
        .with_fact(FactName::CaArn, arn.as_str());
    };
    let certificate = ca.trust_anchor().signing_ca();
    let subject = crate::x509::name_text(certificate.subject());
    let digest = to_hex(&certificate.fingerprint());
    Error::new(
        ErrorKind::OwnerNotProven,
        [
            first.to_owned(),
            format!("  CA       {arn}"),
            format!("  subject  {subject}"),
            format!("  SHA-256  {digest}"),
        ],
        "compare that SHA-256 with what those who keep the CA know of its certificate, then give \
         it with --ca-fingerprint",
    )
    .with_fact(FactName::CaArn, arn.as_str())
    .with_fact(FactName::Found, digest)
}

//! AWS Private CA as the issuer: it takes the CSR, not to-be-signed bytes, and makes the
//! certificate itself.
//!
//! An ARN proves nothing by itself: the certificate that the service returns, with the chain above
//! it where the CA is subordinate, is held against what CloudHSM demands of a trust anchor, the
//! caller may pin it, and what was issued goes through [`crate::check`] like a certificate of any
//! other CA. Without [`Grounds`] nothing is requested.

mod arn;
mod description;
mod fault;

use std::time::Duration;

use aws_sdk_acmpca::Client;
use aws_sdk_acmpca::primitives::Blob;
use aws_sdk_acmpca::types::{
    CertificateAuthorityUsageMode, SigningAlgorithm, Validity, ValidityPeriodType,
};

pub use self::arn::CaArn;
use self::description::{CaRank, is_active, without_chain};
use self::fault::{PcaCall, PcaOperation};
use crate::aws::{self, CallPlace, ConnectOptions, Deadline, Service, run_within};
use crate::check::{self, Pair};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::sign::Grounds;
use crate::x509::pem::{self, Label};
use crate::x509::{Moment, PublicKey, TrustAnchor, sha256, to_hex};

const SERVICE: Service = Service {
    id: "ACM PCA",
    endpoint_variable: "AWS_ENDPOINT_URL_ACM_PCA",
};

/// The profile: basicConstraints CA:FALSE, critical keyUsage digitalSignature and keyEncipherment,
/// extendedKeyUsage, key identifiers. Known to have been accepted (docs/verification.md).
const TEMPLATE: &str = "EndEntityCertificate/V1";

/// The greatest number of days for which a CA of UsageMode SHORT_LIVED_CERTIFICATE issues (AWS
/// Private CA User Guide, "CA modes").
const SHORT_LIVED_DAYS: u32 = 7;

/// Between two looks at whether the certificate is there: the first pause, and the longest. The
/// SDKs' waiter `CertificateIssued` looks every second.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The time to wait for a certificate where nobody gives one: as long as the SDKs' waiter.
pub const DEFAULT_PATIENCE: Duration = Duration::from_secs(60);

/// The UsageMode of a CA (AWS Private CA User Guide, "CA modes").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaMode {
    /// GENERAL_PURPOSE: certificates of any validity.
    GeneralPurpose,
    /// SHORT_LIVED_CERTIFICATE: certificates of seven days at most. A claimed cluster keeps its
    /// certificate for good.
    ShortLived,
}

/// A private CA that is active, and whose certificate, with the chain above it, is fit to be a
/// trust anchor.
#[derive(Debug)]
pub struct AwsPrivateCa {
    client: Client,
    place: CallPlace,
    elsewhere: Option<String>,
    deadline: Option<Deadline>,
    arn: CaArn,
    trust_anchor: TrustAnchor,
    mode: CaMode,
}

impl AwsPrivateCa {
    /// Asks for the CA and its certificate. What was decided on the way comes beside it, one
    /// sentence each.
    ///
    /// # Errors
    /// Class [`Class::Ca`](crate::error::Class::Ca): `ca-not-found`, `ca-not-active`, and
    /// `trust-anchor-refused` for a certificate or chain that CloudHSM would refuse. Class
    /// [`Class::Service`](crate::error::Class::Service): whatever stands between this program and
    /// the CA. Class [`Class::Usage`](crate::error::Class::Usage): `contradicting-region`. Class
    /// [`Class::Input`](crate::error::Class::Input): a certificate that does not read.
    pub fn open(arn: &CaArn, options: &ConnectOptions, now: Moment) -> Result<(Self, Vec<String>)> {
        let options = options.in_region(arn.region())?;
        let deadline = options.deadline;
        let (client, place, elsewhere, notes, description, text) = aws::run_to_end(async {
            let failed = |(trouble, place): (_, CallPlace)| {
                PcaCall {
                    operation: PcaOperation::DescribeCertificateAuthority,
                    arn: arn.as_str(),
                    place: &place,
                }
                .explain_trouble(&trouble)
            };
            let connected = aws::connect(SERVICE, &options).await.map_err(failed)?;
            let (client, place) = (Client::new(&connected.config), connected.place);
            let call = |operation| PcaCall {
                operation,
                arn: arn.as_str(),
                place: &place,
            };
            let asking = client
                .describe_certificate_authority()
                .certificate_authority_arn(arn.as_str())
                .send();
            let description = call(PcaOperation::DescribeCertificateAuthority)
                .await_answer(deadline, asking)
                .await?;
            let kind = is_active(&description, arn)?;
            let asking = client
                .get_certificate_authority_certificate()
                .certificate_authority_arn(arn.as_str())
                .send();
            let answer = call(PcaOperation::GetCertificateAuthorityCertificate)
                .await_answer(deadline, asking)
                .await?;
            // "The chain does not include your private CA certificate. If this is a root CA, the
            // value will be null" (API Reference, GetCertificateAuthorityCertificate).
            let chain = answer
                .certificate_chain()
                .filter(|_| kind == CaRank::Subordinate)
                .unwrap_or_default();
            if kind == CaRank::Subordinate && chain.trim().is_empty() {
                return Err(without_chain(arn));
            }
            let text = format!("{}\n{chain}", answer.certificate().unwrap_or_default());
            Ok((
                client,
                place,
                connected.endpoint_notice,
                connected.notes,
                description,
                text,
            ))
        })?;
        let (trust_anchor, _) =
            check::trust_anchor(text.as_bytes(), now).map_err(|mut error| {
                error.message = error.message.prefixed_with(format!("{arn}: "));
                error
            })?;
        // "If no value is specified, the default value is GENERAL_PURPOSE" (API Reference,
        // CreateCertificateAuthority).
        let mode = match description
            .certificate_authority()
            .and_then(|ca| ca.usage_mode())
        {
            Some(CertificateAuthorityUsageMode::ShortLivedCertificate) => CaMode::ShortLived,
            _ => CaMode::GeneralPurpose,
        };
        Ok((
            AwsPrivateCa {
                client,
                place,
                elsewhere,
                deadline,
                arn: arn.clone(),
                trust_anchor,
                mode,
            },
            notes,
        ))
    }

    /// Says that calls go to an endpoint that was set, and what named it, where that is so.
    pub fn endpoint_note(&self) -> Option<&str> {
        self.elsewhere.as_deref()
    }

    /// The CA's certificate, with the chain above it where it is subordinate: what becomes the
    /// trust anchor.
    pub const fn trust_anchor(&self) -> &TrustAnchor {
        &self.trust_anchor
    }

    /// The usage mode, which says how long the CA's certificates last.
    pub const fn usage_mode(&self) -> CaMode {
        self.mode
    }

    /// Checks that the CA issues for so many days.
    ///
    /// # Errors
    /// Class [`Class::Ca`](crate::error::Class::Ca), `ca-short-lived`.
    pub fn check_days(&self, days: u32) -> Result<()> {
        if self.mode == CaMode::ShortLived && days > SHORT_LIVED_DAYS {
            return Err(Error::new(
                ErrorKind::CaShortLived,
                [
                    format!(
                        "the CA issues certificates for at most {SHORT_LIVED_DAYS} days, and \
                         {days} are asked for"
                    ),
                    format!("  CA  {}, UsageMode SHORT_LIVED_CERTIFICATE", self.arn),
                ],
                format!("use a CA of UsageMode GENERAL_PURPOSE, or give --days {SHORT_LIVED_DAYS}"),
            )
            .with_fact(FactName::CaArn, self.arn.as_str())
            .with_fact(FactName::Limit, SHORT_LIVED_DAYS)
            .with_fact(FactName::Size, days));
        }
        Ok(())
    }

    /// Has the CSR signed: sends IssueCertificate, and gives the ARN of the certificate to be. It
    /// may take the service a moment to make it: [`AwsPrivateCa::collect_certificate`].
    ///
    /// A repeated request is the same one to the service, for five minutes: token and terms depend
    /// on CSR, CA and `days` alone.
    ///
    /// # Errors
    /// As [`AwsPrivateCa::check_days`]; class [`Class::Service`](crate::error::Class::Service).
    pub fn request_certificate(
        &self,
        grounds: &Grounds<'_>,
        days: u32,
        now: Moment,
    ) -> Result<String> {
        self.check_days(days)?;
        check::check_name_constraints(&self.trust_anchor, grounds.csr().subject(), now)?;
        let csr = pem::encode(Label::CertificateRequest, grounds.csr().as_der());
        let template = self.arn.template_arn(TEMPLATE);
        let (kind, value) = self.request_validity(days, now);
        let token = idempotency_token(&[
            self.arn.as_str(),
            &csr,
            &template,
            kind.as_str(),
            &value.to_string(),
        ]);
        let call = PcaCall {
            operation: PcaOperation::IssueCertificate,
            arn: self.arn.as_str(),
            place: &self.place,
        };
        // The SDK's builder fails where a member is missing, which no type says: both are set.
        let bug = |_| {
            Error::new(
                ErrorKind::Bug,
                "the request to AWS Private CA could not be put together",
                "please report it",
            )
        };
        let request = self
            .client
            .issue_certificate()
            .certificate_authority_arn(self.arn.as_str())
            .csr(Blob::new(csr))
            .signing_algorithm(self.signing_algorithm())
            .template_arn(template)
            .validity(
                Validity::builder()
                    .r#type(kind)
                    .value(value)
                    .build()
                    .map_err(bug)?,
            )
            .idempotency_token(token);
        let answer = aws::run_to_end(call.await_answer(self.deadline, request.send()))?;
        let certificate = answer.certificate_arn().unwrap_or_default();
        if self.arn.is_issuer_of(certificate) {
            return Ok(certificate.to_owned());
        }
        Err(call.explain_trouble(&aws::Trouble::Unknown {
            reason: format!(
                "an answer without the ARN of a certificate of this CA: {}",
                certificate
            )
            .into(),
        }))
    }

    /// Returns what was issued, as PEM. Nothing is judged yet: [`AwsPrivateCa::judge_certificate`].
    ///
    /// # Errors
    /// Class [`Class::Unfinished`](crate::error::Class::Unfinished), `certificate-pending`, where
    /// it is not there within `patience`; class [`Class::Service`](crate::error::Class::Service).
    pub fn collect_certificate(&self, certificate: &str, patience: Duration) -> Result<String> {
        let call = PcaCall {
            operation: PcaOperation::GetCertificate,
            arn: certificate,
            place: &self.place,
        };
        let request = self
            .client
            .get_certificate()
            .certificate_authority_arn(self.arn.as_str())
            .certificate_arn(certificate);
        aws::run_to_end(async {
            let end = tokio::time::Instant::now().checked_add(patience);
            let mut pause = FIRST_PAUSE;
            loop {
                // Its ARN is known: whatever ends the time, the same certificate can be fetched
                // later.
                match run_within(self.deadline, request.clone().send()).await {
                    Ok(Ok(answer)) => {
                        return Ok(answer.certificate().unwrap_or_default().to_owned());
                    }
                    Ok(Err(error)) if fault::is_in_progress(&error) => {}
                    Ok(Err(error)) => return Err(call.explain_failure(&error)),
                    Err(_) => {
                        return Err(fault::pending_certificate(&self.arn, certificate, patience));
                    }
                }
                if end.is_none_or(|end| {
                    tokio::time::Instant::now()
                        .checked_add(pause)
                        .is_none_or(|next| next > end)
                }) {
                    return Err(fault::pending_certificate(&self.arn, certificate, patience));
                }
                run_within(self.deadline, tokio::time::sleep(pause))
                    .await
                    .map_err(|_| fault::pending_certificate(&self.arn, certificate, patience))?;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        })
    }

    /// Holds what was issued against all that InitializeCluster demands, beginning with the CSR's
    /// key.
    ///
    /// # Errors
    /// As [`check::PairJudgement::into_pair`].
    pub fn judge_certificate(
        &self,
        grounds: &Grounds<'_>,
        certificate: &str,
        now: Moment,
    ) -> Result<Pair> {
        let csr = pem::encode(Label::CertificateRequest, grounds.csr().as_der());
        check::check_with_trust_anchor(
            csr.as_bytes(),
            certificate.as_bytes(),
            Ok(self.trust_anchor.clone()),
            now,
        )
        .into_pair()
    }

    /// The family must be the key's (API Reference, IssueCertificate); of each, the algorithm that
    /// `sign` would use with such a key.
    fn signing_algorithm(&self) -> SigningAlgorithm {
        match self.trust_anchor.signing_ca().public_key() {
            PublicKey::P256(_) => SigningAlgorithm::Sha256Withecdsa,
            PublicKey::P384(_) => SigningAlgorithm::Sha384Withecdsa,
            PublicKey::P521(_) => SigningAlgorithm::Sha512Withecdsa,
            _ => SigningAlgorithm::Sha256Withrsa,
        }
    }

    /// `days` from now, or the end of the CA, or of one above it, where that comes before: a
    /// certificate must not outlast its CA (API Reference, IssueCertificate). No moment of today's
    /// stands in it, so that the same command sends the same request.
    fn request_validity(&self, days: u32, now: Moment) -> (ValidityPeriodType, i64) {
        // A day's room: the service's clock is not ours. Saturating: the days are the caller's.
        let (_, end) = crate::x509::write::validity_period(now, days.saturating_add(1));
        if end > self.trust_anchor.not_after() {
            return (
                ValidityPeriodType::Absolute,
                self.trust_anchor.not_after().unix_seconds(),
            );
        }
        (ValidityPeriodType::Days, i64::from(days))
    }
}

/// 36 characters at most (API Reference, IssueCertificate).
fn idempotency_token(parts: &[&str]) -> String {
    let mut text = to_hex(&sha256(parts.join("\n").as_bytes()));
    text.truncate(36);
    text
}

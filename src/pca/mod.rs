//! AWS Private CA as the issuer: it takes the CSR, not to-be-signed bytes, and makes the
//! certificate itself.
//!
//! An ARN proves nothing by itself: the certificate that the service returns, with the chain above
//! it where the CA is subordinate, is held against what CloudHSM demands of a trust anchor, the
//! caller may pin it, and what was issued goes through [`crate::check`] like a certificate of any
//! other CA. Without [`Grounds`] nothing is requested.

mod arn;
mod fault;

use std::time::Duration;

use aws_sdk_acmpca::Client;
use aws_sdk_acmpca::operation::describe_certificate_authority::DescribeCertificateAuthorityOutput;
use aws_sdk_acmpca::primitives::Blob;
use aws_sdk_acmpca::types::{
    CertificateAuthorityStatus, CertificateAuthorityType, CertificateAuthorityUsageMode,
};
use aws_sdk_acmpca::types::{SigningAlgorithm, Validity, ValidityPeriodType};

pub use self::arn::CaArn;
use self::fault::Call;
use crate::aws::{self, Deadline, Options, Place, Service, within};
use crate::check::{self, Pair};
use crate::error::{Error, ErrorKind, Result};
use crate::sign::Grounds;
use crate::x509::pem::{self, Label};
use crate::x509::{Moment, PublicKey, TrustAnchor, hex, sha256};

const SERVICE: Service = Service {
    id: "ACM PCA",
    endpoint_variable: "AWS_ENDPOINT_URL_ACM_PCA",
};

/// The profile: basicConstraints CA:FALSE, critical keyUsage digitalSignature and keyEncipherment,
/// extendedKeyUsage, key identifiers. Known to have been accepted (docs/verification.md).
const TEMPLATE: &str = "EndEntityCertificate/V1";

const DESCRIBE: &str = "DescribeCertificateAuthority";

/// What a CA of UsageMode SHORT_LIVED_CERTIFICATE issues at most (AWS Private CA User Guide, "CA
/// modes").
const SHORT_LIVED_DAYS: u32 = 7;

/// Between two looks at whether the certificate is there: the first pause, and the longest. The
/// SDKs' waiter `CertificateIssued` looks every second.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long a certificate is waited for, where nobody says: as long as the SDKs' waiter.
pub const DEFAULT_PATIENCE: Duration = Duration::from_secs(60);

/// What a CA's UsageMode says (AWS Private CA User Guide, "CA modes").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// GENERAL_PURPOSE: certificates of any validity.
    GeneralPurpose,
    /// SHORT_LIVED_CERTIFICATE: certificates of seven days at most. A claimed cluster keeps its
    /// certificate for good.
    ShortLived,
}

/// Whether a CA has others above it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Root,
    Subordinate,
}

/// A private CA that is active, and whose certificate, with the chain above it, is fit to be a
/// trust anchor.
#[derive(Debug)]
pub struct Authority {
    client: Client,
    place: Place,
    elsewhere: Option<String>,
    deadline: Option<Deadline>,
    arn: CaArn,
    trust_anchor: TrustAnchor,
    mode: Mode,
}

impl Authority {
    /// Asks for the CA and its certificate. What was decided on the way comes beside it, one
    /// sentence each.
    ///
    /// # Errors
    /// Class [`Class::Ca`](crate::error::Class::Ca): `ca-not-found`, `ca-not-active`, and
    /// `trust-anchor-refused` for a certificate or chain that CloudHSM would refuse. Class
    /// [`Class::Service`](crate::error::Class::Service): whatever stands between this program and
    /// the CA. Class [`Class::Usage`](crate::error::Class::Usage): `contradicting-region`. Class
    /// [`Class::Input`](crate::error::Class::Input): a certificate that does not read.
    pub fn open(arn: &CaArn, options: &Options, now: Moment) -> Result<(Self, Vec<String>)> {
        let options = options.in_region(arn.region())?;
        let deadline = options.deadline;
        let (client, place, elsewhere, notes, description, text) = aws::wait(async {
            let failed = |(trouble, place): (_, Place)| {
                Call {
                    name: DESCRIBE,
                    arn: arn.as_str(),
                    place: &place,
                }
                .told(&trouble)
            };
            let connected = aws::connect(SERVICE, &options).await.map_err(failed)?;
            let (client, place) = (Client::new(&connected.config), connected.place);
            let call = |name| Call {
                name,
                arn: arn.as_str(),
                place: &place,
            };
            let asking = client
                .describe_certificate_authority()
                .certificate_authority_arn(arn.as_str())
                .send();
            let description = call(DESCRIBE).answered(deadline, asking).await?;
            let kind = is_active(&description, arn)?;
            let asking = client
                .get_certificate_authority_certificate()
                .certificate_authority_arn(arn.as_str())
                .send();
            let answer = call("GetCertificateAuthorityCertificate")
                .answered(deadline, asking)
                .await?;
            // "The chain does not include your private CA certificate. If this is a root CA, the
            // value will be null" (API Reference, GetCertificateAuthorityCertificate).
            let chain = answer
                .certificate_chain()
                .filter(|_| kind == Kind::Subordinate)
                .unwrap_or_default();
            if kind == Kind::Subordinate && chain.trim().is_empty() {
                return Err(without_chain(arn));
            }
            let text = format!("{}\n{chain}", answer.certificate().unwrap_or_default());
            Ok((
                client,
                place,
                connected.elsewhere,
                connected.notes,
                description,
                text,
            ))
        })?;
        let (trust_anchor, _) =
            check::trust_anchor(text.as_bytes(), now).map_err(|mut error| {
                error.message = error.message.after(format!("{arn}: "));
                error
            })?;
        // "If no value is specified, the default value is GENERAL_PURPOSE" (API Reference,
        // CreateCertificateAuthority).
        let mode = match description
            .certificate_authority()
            .and_then(|ca| ca.usage_mode())
        {
            Some(CertificateAuthorityUsageMode::ShortLivedCertificate) => Mode::ShortLived,
            _ => Mode::GeneralPurpose,
        };
        Ok((
            Authority {
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

    /// That calls go to an endpoint that was set, and what named it, where that is so.
    pub fn elsewhere(&self) -> Option<&str> {
        self.elsewhere.as_deref()
    }

    /// The CA's certificate, with the chain above it where it is subordinate: what becomes the
    /// trust anchor.
    pub const fn trust_anchor(&self) -> &TrustAnchor {
        &self.trust_anchor
    }

    /// How long what it issues lasts.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Has the CSR signed: sends IssueCertificate, and gives the ARN of the certificate to be. It
    /// may take the service a moment to make it: [`Authority::collect`].
    ///
    /// A repeated request is the same one to the service, for five minutes: token and terms depend
    /// on CSR, CA and `days` alone.
    ///
    /// # Errors
    /// Class [`Class::Ca`](crate::error::Class::Ca), `ca-short-lived`; class
    /// [`Class::Service`](crate::error::Class::Service).
    pub fn request(&self, grounds: &Grounds<'_>, days: u32, now: Moment) -> Result<String> {
        if self.mode == Mode::ShortLived && days > SHORT_LIVED_DAYS {
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
            ));
        }
        check::allows(&self.trust_anchor, grounds.csr().subject(), now)?;
        let csr = pem::encode(Label::CertificateRequest, grounds.csr().der());
        let template = self.arn.template(TEMPLATE);
        let (kind, value) = self.validity(days, now);
        let token = token(&[
            self.arn.as_str(),
            &csr,
            &template,
            kind.as_str(),
            &value.to_string(),
        ]);
        let call = Call {
            name: "IssueCertificate",
            arn: self.arn.as_str(),
            place: &self.place,
        };
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
            .signing_algorithm(self.algorithm())
            .template_arn(template)
            .validity(
                Validity::builder()
                    .r#type(kind)
                    .value(value)
                    .build()
                    .map_err(bug)?,
            )
            .idempotency_token(token);
        let answer = aws::wait(call.answered(self.deadline, request.send()))?;
        let certificate = answer.certificate_arn().unwrap_or_default();
        if self.arn.issues(certificate) {
            return Ok(certificate.to_owned());
        }
        Err(call.told(&aws::Trouble::Unknown {
            reason: format!(
                "an answer without the ARN of a certificate of this CA: {}",
                certificate
            )
            .into(),
        }))
    }

    /// What was issued, as PEM. Nothing is judged yet: [`Authority::judge`].
    ///
    /// # Errors
    /// Class [`Class::Unfinished`](crate::error::Class::Unfinished), `certificate-pending`, where
    /// it is not there within `patience`; class [`Class::Service`](crate::error::Class::Service).
    pub fn collect(&self, certificate: &str, patience: Duration) -> Result<String> {
        let call = Call {
            name: "GetCertificate",
            arn: certificate,
            place: &self.place,
        };
        let request = self
            .client
            .get_certificate()
            .certificate_authority_arn(self.arn.as_str())
            .certificate_arn(certificate);
        aws::wait(async {
            let end = tokio::time::Instant::now().checked_add(patience);
            let mut pause = FIRST_PAUSE;
            loop {
                // Its ARN is known: whatever ends the time, the same certificate can be fetched
                // later.
                match within(self.deadline, request.clone().send()).await {
                    Ok(Ok(answer)) => {
                        return Ok(answer.certificate().unwrap_or_default().to_owned());
                    }
                    Ok(Err(error)) if fault::is_in_progress(&error) => {}
                    Ok(Err(error)) => return Err(call.failed(&error)),
                    Err(_) => return Err(fault::pending(&self.arn, certificate, patience)),
                }
                if end.is_none_or(|end| {
                    tokio::time::Instant::now()
                        .checked_add(pause)
                        .is_none_or(|next| next > end)
                }) {
                    return Err(fault::pending(&self.arn, certificate, patience));
                }
                within(self.deadline, tokio::time::sleep(pause))
                    .await
                    .map_err(|_| fault::pending(&self.arn, certificate, patience))?;
                pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
            }
        })
    }

    /// Holds what was issued against all that InitializeCluster demands, beginning with the CSR's
    /// key.
    ///
    /// # Errors
    /// As [`check::Checked::into_pair`].
    pub fn judge(&self, grounds: &Grounds<'_>, certificate: &str, now: Moment) -> Result<Pair> {
        let csr = pem::encode(Label::CertificateRequest, grounds.csr().der());
        check::check(
            csr.as_bytes(),
            certificate.as_bytes(),
            self.trust_anchor.to_pem().as_bytes(),
            now,
        )
        .into_pair()
    }

    /// The family must be the key's (API Reference, IssueCertificate); of each, the algorithm that
    /// `sign` would use with such a key.
    fn algorithm(&self) -> SigningAlgorithm {
        match self.trust_anchor.first().key() {
            PublicKey::P256(_) => SigningAlgorithm::Sha256Withecdsa,
            PublicKey::P384(_) => SigningAlgorithm::Sha384Withecdsa,
            PublicKey::P521(_) => SigningAlgorithm::Sha512Withecdsa,
            _ => SigningAlgorithm::Sha256Withrsa,
        }
    }

    /// `days` from now, or the end of the CA, or of one above it, where that comes before: a
    /// certificate must not outlast its CA (API Reference, IssueCertificate). No moment of today's
    /// stands in it, so that the same command sends the same request.
    fn validity(&self, days: u32, now: Moment) -> (ValidityPeriodType, i64) {
        // A day's room: the service's clock is not ours.
        let (_, end) = crate::x509::write::lifetime(now, days.saturating_add(1));
        if end > self.trust_anchor.not_after() {
            return (
                ValidityPeriodType::Absolute,
                self.trust_anchor.not_after().unix(),
            );
        }
        (ValidityPeriodType::Days, i64::from(days))
    }
}

/// 36 characters at most (API Reference, IssueCertificate).
fn token(parts: &[&str]) -> String {
    let mut text = hex(&sha256(parts.join("\n").as_bytes()));
    text.truncate(36);
    text
}

fn without_chain(arn: &CaArn) -> Error {
    Error::new(
        ErrorKind::TrustAnchorRefused,
        [
            "CloudHSM would refuse the trust anchor: this CA is subordinate, and the service \
             returns no chain from it to a root"
                .to_owned(),
            format!("  CA    {arn}"),
            "  type  SUBORDINATE".to_owned(),
        ],
        "`aws acm-pca import-certificate-authority-certificate` takes the CA's certificate with \
         its chain; or give the ARN of a CA of type ROOT",
    )
}

/// That the CA is active; and whether it is a root, or has a chain above it that becomes part of
/// the trust anchor.
fn is_active(description: &DescribeCertificateAuthorityOutput, arn: &CaArn) -> Result<Kind> {
    let ca = description.certificate_authority();
    match ca.and_then(|ca| ca.status()) {
        Some(CertificateAuthorityStatus::Active) => {}
        other => {
            let found = other.map_or("none", CertificateAuthorityStatus::as_str);
            return Err(Error::new(
                ErrorKind::CaNotActive,
                [
                    format!("the CA does not sign now: its status is {found}, expected ACTIVE"),
                    format!("  CA  {arn}"),
                ],
                "`aws acm-pca describe-certificate-authority` shows it; a CA that is disabled can \
                 be enabled again, one without its certificate needs that first",
            ));
        }
    }
    match ca.and_then(|ca| ca.r#type()) {
        Some(CertificateAuthorityType::Root) => Ok(Kind::Root),
        Some(CertificateAuthorityType::Subordinate) => Ok(Kind::Subordinate),
        other => {
            let found = other.map_or("none", CertificateAuthorityType::as_str);
            Err(Error::new(
                ErrorKind::TrustAnchorRefused,
                [
                    "this CA is of a type that hsmboot does not know".to_owned(),
                    format!("  CA    {arn}"),
                    format!("  type  {found}, expected ROOT or SUBORDINATE"),
                ],
                "give the ARN of a CA of one of these types",
            ))
        }
    }
}

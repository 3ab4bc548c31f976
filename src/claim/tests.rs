#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod after_sending;
mod before_sending;
mod properties;
mod told;
mod waiting;

use std::slice::from_ref;
use std::sync::OnceLock;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use super::*;
use crate::cloudhsm::{Call, ClusterState, HsmState, HsmSummary};
use crate::error::{Error, ErrorKind};
use crate::sign::Grounds;
use crate::x509::Certificate;
use crate::x509::pem::{self, Label};

pub(super) const ID: &str = "cluster-abc234defgh";

/// CSR, CAs and certificates, made once.
pub(super) struct ClaimMaterial {
    pub(super) csr: String,
    pub(super) replaced_csr: String,
    pub(super) papers: PreparedPair,
    pub(super) authorized: Authorized,
    /// The pair's certificate, as ClusterCertificate.
    pub(super) ours: String,
    /// Another certificate for the same CSR, from the same CA.
    pub(super) ours_again: String,
    /// From the same CA, for another HSM's key.
    pub(super) ours_elsewhere: String,
    /// From a CA of another name.
    pub(super) theirs: String,
    /// From a CA of our CA's name, with another key.
    pub(super) namesake: String,
}

pub(super) fn material() -> &'static ClaimMaterial {
    static MATERIAL: OnceLock<ClaimMaterial> = OnceLock::new();
    MATERIAL.get_or_init(|| {
        let named = |name: &str| {
            let mut params = CertificateParams::default();
            params.distinguished_name.push(DnType::CommonName, name);
            params
        };
        let ca = |name: &str| {
            let (mut params, key) = (named(name), KeyPair::generate().unwrap());
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let certificate = params.self_signed(&key).unwrap();
            (certificate.der().to_vec(), Issuer::new(params, key))
        };
        let hsm = KeyPair::generate().unwrap();
        let csr = |key: &KeyPair| {
            pem::encode(
                Label::CertificateRequest,
                named("HSM").serialize_request(key).unwrap().der(),
            )
        };
        let (ca_der, own) = ca("Owner CA");
        let (_, other) = ca("Other CA");
        let (_, namesake) = ca("Owner CA");
        let leaf = |issuer: &Issuer<'_, KeyPair>| {
            named("HSM").signed_by(&hsm, issuer).unwrap().der().to_vec()
        };
        let text = |der: &[u8]| pem::encode(Label::Certificate, der);
        let signed = leaf(&own);
        let csr_text = csr(&hsm);
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let pair = crate::check::check(
            csr_text.as_bytes(),
            text(&signed).as_bytes(),
            text(&ca_der).as_bytes(),
            now,
        )
        .into_pair()
        .unwrap();
        let ca = Certificate::from_der(&ca_der).unwrap();
        let owner = Owner::with_named_ca(ca.try_into().unwrap());
        let csr_read = pair.csr().clone();
        let authorized = Authorized::new(
            pair,
            &Grounds::Unverified {
                csr: &csr_read,
                reason: "a test",
            },
            &owner,
        )
        .unwrap();
        ClaimMaterial {
            csr: csr_text,
            replaced_csr: csr(&KeyPair::generate().unwrap()),
            ours: text(&signed),
            ours_again: text(&leaf(&own)),
            ours_elsewhere: text(
                named("HSM")
                    .signed_by(&KeyPair::generate().unwrap(), &own)
                    .unwrap()
                    .der(),
            ),
            theirs: text(&leaf(&other)),
            namesake: text(&leaf(&namesake)),
            papers: PreparedPair::from_authorized(&authorized, ID),
            authorized,
        }
    })
}

pub(super) type Described = Result<Option<Cluster>, ServiceError>;

pub(super) fn cluster_in(state: ClusterState) -> Cluster {
    Cluster::new(ID, state)
}

pub(super) fn hsm_in(state: HsmState) -> HsmSummary {
    HsmSummary::new("hsm-abc234defgh", state)
}

/// UNINITIALIZED, with this CSR.
pub(super) fn ready_cluster(csr: &str) -> Described {
    let mut cluster = cluster_in(ClusterState::Uninitialized);
    cluster.hsms.push(hsm_in(HsmState::Active));
    cluster.certificates.cluster_csr = Some(csr.to_owned());
    Ok(Some(cluster))
}

/// Describes a cluster in this state, with this certificate.
pub(super) fn claimed_cluster(state: ClusterState, certificate: &str) -> Described {
    let mut cluster = cluster_in(state);
    cluster.certificates.cluster_certificate = Some(certificate.to_owned());
    Ok(Some(cluster))
}

pub(super) fn in_state(state: ClusterState) -> Described {
    Ok(Some(cluster_in(state)))
}

pub(super) fn service_error(call: Call, trouble: Trouble) -> ServiceError {
    ServiceError {
        call,
        trouble,
        place: Box::default(),
    }
}

fn failed_description(trouble: Trouble) -> Described {
    Err(service_error(Call::DescribeClusters, trouble))
}

fn failed_initialization(trouble: Trouble) -> Result<InitializeAnswer, ServiceError> {
    Err(service_error(Call::InitializeCluster, trouble))
}

fn accepted_answer() -> Result<InitializeAnswer, ServiceError> {
    Ok(InitializeAnswer {
        state: Some(ClusterState::InitializeInProgress),
        state_message: Some("Cluster is initializing.".into()),
    })
}

fn lost_answer() -> Trouble {
    Trouble::Unknown {
        reason: "connection reset".into(),
    }
}

fn throttled_call() -> Trouble {
    Trouble::Throttled {
        message: "Rate exceeded".into(),
    }
}

fn unreachable_service() -> Trouble {
    Trouble::Unreachable {
        reason: "connection refused".into(),
    }
}

fn refused_request() -> Trouble {
    Trouble::Refused {
        code: "CloudHsmInvalidRequestException".into(),
        message: "no".into(),
    }
}

fn denied_access() -> Trouble {
    Trouble::AccessDenied {
        message: "no".into(),
    }
}

/// The steps of a run, one letter each, and its end. The last answer of each list stands for all
/// that follow.
struct ClaimRun {
    trace: String,
    /// The time that it paused.
    waited: Duration,
    end: Result<ClaimOutcome, Error>,
}

fn drive_claim(
    mut claim: Claim,
    describes: &[Described],
    initializes: &[Result<InitializeAnswer, ServiceError>],
) -> ClaimRun {
    let (mut trace, mut now) = (String::new(), Duration::ZERO);
    let (mut looks, mut sends) = (0, 0);
    for _ in 0..10_000 {
        match claim.next(now) {
            ClaimStep::Describe => {
                trace.push('D');
                claim.record_description(describes[looks.min(describes.len() - 1)].clone());
                looks += 1;
            }
            ClaimStep::Pause(length) => now += length,
            ClaimStep::Certify(cluster) => {
                trace.push('C');
                assert!(cluster.certificates.cluster_csr.is_some());
                claim.set_pair(&material().authorized).unwrap();
            }
            ClaimStep::Initialize(request) => {
                trace.push('I');
                assert_eq!(*request, material().papers.request);
                claim.record_initialization(initializes[sends.min(initializes.len() - 1)].clone());
                sends += 1;
            }
            ClaimStep::Done(outcome) => {
                return ClaimRun {
                    trace,
                    waited: now,
                    end: Ok(*outcome),
                };
            }
            ClaimStep::Failed(failure) => {
                return ClaimRun {
                    trace,
                    waited: now,
                    end: Err((*failure).into()),
                };
            }
        }
    }
    panic!("no end after {trace}");
}

fn submission_claim() -> Claim {
    Claim::for_submission(ID, material().authorized.clone(), Patience::default())
}

/// A bootstrap by the owner, in a new directory.
fn bootstrap_claim() -> Claim {
    Claim::for_bootstrap(
        ID,
        Some(material().authorized.owner().clone()),
        None,
        Patience::default(),
    )
}

fn run_submission(
    describes: &[Described],
    initializes: &[Result<InitializeAnswer, ServiceError>],
) -> ClaimRun {
    drive_claim(submission_claim(), describes, initializes)
}

fn run_bootstrap(
    describes: &[Described],
    initializes: &[Result<InitializeAnswer, ServiceError>],
) -> ClaimRun {
    drive_claim(bootstrap_claim(), describes, initializes)
}

impl ClaimRun {
    fn ends_with(&self, code: u8, kind: ErrorKind) {
        let error = self.end.as_ref().expect_err(&self.trace);
        assert_eq!(
            (error.exit_code(), error.kind),
            (code, kind),
            "{}: {}",
            self.trace,
            error.message
        );
        assert!(!error.hint.is_empty());
    }

    fn assert_claims(&self, how: ClaimOrigin, trace: &str) {
        let outcome = self
            .end
            .as_ref()
            .unwrap_or_else(|error| panic!("{}: {}", self.trace, error.message));
        assert_eq!((outcome.how, self.trace.as_str()), (how, trace));
    }
}

fn ready_answer() -> Described {
    ready_cluster(&material().csr)
}

fn claimed_answer() -> Described {
    claimed_cluster(ClusterState::Initialized, &material().ours)
}

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod properties;
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
                    end: Ok(*outcome),
                };
            }
            ClaimStep::Failed(failure) => {
                return ClaimRun {
                    trace,
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

#[test]
fn a_claim_describes_sends_once_and_confirms() {
    let run = run_submission(
        &[
            ready_answer(),
            in_state(ClusterState::InitializeInProgress),
            claimed_answer(),
        ],
        &[accepted_answer()],
    );
    run.assert_claims(ClaimOrigin::Claimed, "DIDD");
    let outcome = run.end.unwrap();
    assert!(outcome.same_certificate);
    assert_eq!(outcome.sent, 1);
    assert_eq!(
        outcome.answer.unwrap().state,
        Some(ClusterState::InitializeInProgress)
    );
}

#[test]
fn line_ends_do_not_make_another_csr() {
    let crlf = material().csr.replace('\n', "\r\n");
    run_submission(
        &[ready_cluster(&crlf), claimed_answer()],
        &[accepted_answer()],
    )
    .assert_claims(ClaimOrigin::Claimed, "DID");
}

#[test]
fn a_bootstrap_waits_for_the_csr_and_looks_again_after_signing() {
    let mut starting = cluster_in(ClusterState::Uninitialized);
    starting.hsms.push(hsm_in(HsmState::CreateInProgress));
    let describes = [
        in_state(ClusterState::CreateInProgress),
        Ok(Some(starting)),
        ready_answer(),
        ready_answer(),
        claimed_answer(),
    ];
    run_bootstrap(&describes, &[accepted_answer()]).assert_claims(ClaimOrigin::Claimed, "DDDCDID");
}

#[test]
fn a_submission_waits_for_no_creation() {
    run_submission(&[in_state(ClusterState::CreateInProgress)], &[])
        .ends_with(8, ErrorKind::ClusterNotReady);
    let mut starting = cluster_in(ClusterState::Uninitialized);
    starting.hsms.push(hsm_in(HsmState::CreateInProgress));
    run_submission(&[Ok(Some(starting))], &[]).ends_with(8, ErrorKind::CsrNotReady);
}

#[test]
fn every_other_state_has_its_own_answer_and_sends_nothing() {
    let mut broken = cluster_in(ClusterState::Uninitialized);
    broken.hsms.push(hsm_in(HsmState::Degraded));
    let mut broken_after_its_csr = ready_answer().unwrap().unwrap();
    broken_after_its_csr.hsms = vec![hsm_in(HsmState::Degraded)];
    let cases = [
        (in_state(ClusterState::Uninitialized), ErrorKind::NoHsm),
        (Ok(Some(broken)), ErrorKind::NoHsm),
        (Ok(Some(broken_after_its_csr)), ErrorKind::NoHsm),
        (
            in_state(ClusterState::UpdateInProgress),
            ErrorKind::ClusterBusy,
        ),
        (
            in_state(ClusterState::ModifyInProgress),
            ErrorKind::ClusterBusy,
        ),
        (
            in_state(ClusterState::RollbackInProgress),
            ErrorKind::ClusterBusy,
        ),
        (in_state(ClusterState::Degraded), ErrorKind::ClusterDegraded),
        (
            in_state(ClusterState::DeleteInProgress),
            ErrorKind::ClusterDeleted,
        ),
        (in_state(ClusterState::Deleted), ErrorKind::ClusterDeleted),
        (
            in_state(ClusterState::Other("PONDERING".into())),
            ErrorKind::ClusterStateUnknown,
        ),
    ];
    for (described, kind) in cases {
        for run in [
            run_submission(from_ref(&described), &[]),
            run_bootstrap(from_ref(&described), &[]),
        ] {
            run.ends_with(8, kind);
            assert_eq!(run.trace, "D");
        }
    }
    for state in [ClusterState::Initialized, ClusterState::Active] {
        let run = run_submission(&[in_state(state)], &[]);
        run.ends_with(8, ErrorKind::ClaimedByUnknown);
        assert_eq!(run.trace, "DDDD");
    }
}

#[test]
fn a_cluster_that_this_ca_has_claimed_is_done() {
    for state in [
        ClusterState::Initialized,
        ClusterState::Active,
        ClusterState::UpdateInProgress,
        ClusterState::Degraded,
    ] {
        for (certificate, same) in [(&material().ours, true), (&material().ours_again, false)] {
            let run = run_submission(&[claimed_cluster(state.clone(), certificate)], &[]);
            run.assert_claims(ClaimOrigin::AlreadyClaimed, "D");
            assert_eq!(run.end.unwrap().same_certificate, same);
            run_bootstrap(&[claimed_cluster(state.clone(), certificate)], &[])
                .assert_claims(ClaimOrigin::AlreadyClaimed, "D");
        }
    }
}

#[test]
fn a_cluster_that_another_ca_has_claimed_is_a_conflict_with_both_sides() {
    for certificate in [&material().theirs, &material().namesake] {
        let run = run_submission(&[claimed_cluster(ClusterState::Active, certificate)], &[]);
        run.ends_with(8, ErrorKind::ClaimedByAnotherCa);
        let ours = crate::x509::to_hex(
            &material()
                .papers
                .request
                .owner()
                .trust_anchor()
                .signing_ca()
                .fingerprint(),
        );
        let message = run.end.unwrap_err().message;
        assert!(
            message.contains(&ours) && message.matches("SHA-256").count() == 2,
            "{message}"
        );
    }
}

#[test]
fn what_cannot_be_judged_is_neither_ours_nor_anothers() {
    run_submission(
        &[claimed_cluster(ClusterState::Active, "no certificate")],
        &[],
    )
    .ends_with(8, ErrorKind::ClaimedByUnknown);
    // Without a CA of our own nobody can tell.
    let run = drive_claim(
        Claim::for_bootstrap(ID, None, None, Patience::default()),
        &[claimed_cluster(ClusterState::Active, &material().ours)],
        &[],
    );
    run.ends_with(8, ErrorKind::ClaimedByUnknown);
}

#[test]
fn a_certificate_of_this_ca_for_another_key_is_no_claim_of_this_pair() {
    let elsewhere = || claimed_cluster(ClusterState::Active, &material().ours_elsewhere);
    run_submission(&[elsewhere()], &[]).ends_with(8, ErrorKind::ClaimedForAnotherCsr);
    run_submission(&[ready_answer(), elsewhere()], &[accepted_answer()])
        .ends_with(8, ErrorKind::ClaimedForAnotherCsr);
    run_bootstrap(&[ready_answer(), elsewhere()], &[])
        .ends_with(8, ErrorKind::ClaimedForAnotherCsr);
    // Without a pair there is no key to compare with: the CA is all that is asked.
    run_bootstrap(&[elsewhere()], &[]).assert_claims(ClaimOrigin::AlreadyClaimed, "D");
}

#[test]
fn an_initialization_under_way_is_waited_for_and_judged() {
    let busy = || in_state(ClusterState::InitializeInProgress);
    run_submission(&[busy(), busy(), claimed_answer()], &[])
        .assert_claims(ClaimOrigin::AlreadyClaimed, "DDD");
    let theirs = claimed_cluster(ClusterState::Initialized, &material().theirs);
    run_submission(&[busy(), theirs], &[]).ends_with(8, ErrorKind::ClaimedByAnotherCa);
    run_submission(
        &[busy(), ready_answer(), claimed_answer()],
        &[accepted_answer()],
    )
    .assert_claims(ClaimOrigin::Claimed, "DDID");
}

#[test]
fn after_sending_only_initialized_and_active_confirm() {
    let ours = |state| claimed_cluster(state, &material().ours);
    let unsettled = [
        ClusterState::RollbackInProgress,
        ClusterState::UpdateInProgress,
        ClusterState::Degraded,
        ClusterState::Other("PONDERING".into()),
    ];
    for state in unsettled {
        run_submission(
            &[ready_answer(), ours(state.clone()), claimed_answer()],
            &[accepted_answer()],
        )
        .assert_claims(ClaimOrigin::Claimed, "DIDD");
        run_submission(&[ready_answer(), ours(state.clone())], &[accepted_answer()])
            .ends_with(7, ErrorKind::NotFinished);
        run_submission(
            &[ready_answer(), claimed_cluster(state, &material().theirs)],
            &[accepted_answer()],
        )
        .ends_with(8, ErrorKind::ClaimedByAnotherCa);
    }
}

#[test]
fn an_answer_lost_after_the_change_is_found_by_looking() {
    run_submission(
        &[ready_answer(), claimed_answer()],
        &[failed_initialization(lost_answer())],
    )
    .assert_claims(ClaimOrigin::Claimed, "DID");
    let busy = in_state(ClusterState::InitializeInProgress);
    run_submission(
        &[ready_answer(), ready_answer(), busy, claimed_answer()],
        &[failed_initialization(lost_answer())],
    )
    .assert_claims(ClaimOrigin::Claimed, "DIDDD");
}

#[test]
fn a_request_lost_before_the_change_is_sent_again_after_several_looks() {
    let describes = [
        ready_answer(),
        ready_answer(),
        ready_answer(),
        ready_answer(),
        ready_answer(),
        ready_answer(),
        claimed_answer(),
    ];
    run_submission(
        &describes,
        &[failed_initialization(lost_answer()), accepted_answer()],
    )
    .assert_claims(ClaimOrigin::Claimed, "DIDDDDDID");
}

#[test]
fn a_service_that_loses_every_request_is_asked_three_times() {
    let run = run_submission(&[ready_answer()], &[failed_initialization(lost_answer())]);
    run.ends_with(6, ErrorKind::InitializeWithoutEffect);
    assert_eq!(run.trace, "DIDDDDDIDDDDDIDDDDD");
}

#[test]
fn a_late_effect_of_a_lost_request_counts() {
    let describes = [
        ready_answer(),
        ready_answer(),
        ready_answer(),
        ready_answer(),
        ready_answer(),
        ready_answer(),
        claimed_answer(),
    ];
    let run = run_submission(
        &describes,
        &[
            failed_initialization(lost_answer()),
            failed_initialization(refused_request()),
        ],
    );
    run.assert_claims(ClaimOrigin::Claimed, "DIDDDDDID");
    let again = run_submission(
        &[ready_answer()],
        &[
            failed_initialization(lost_answer()),
            failed_initialization(refused_request()),
        ],
    );
    again.ends_with(6, ErrorKind::ServiceRefused);
    assert_eq!(again.trace, "DIDDDDDIDDDDD");
}

#[test]
fn throttling_is_retried_after_looking_and_not_for_ever() {
    let run = run_submission(
        &[
            ready_answer(),
            ready_answer(),
            ready_answer(),
            claimed_answer(),
        ],
        &[
            failed_initialization(throttled_call()),
            failed_initialization(throttled_call()),
            accepted_answer(),
        ],
    );
    run.assert_claims(ClaimOrigin::Claimed, "DIDIDID");
    let run = run_submission(
        &[ready_answer()],
        &[failed_initialization(throttled_call())],
    );
    run.ends_with(6, ErrorKind::Throttled);
    assert_eq!(run.trace, "DIDIDIDIDIDID");
}

#[test]
fn a_throttled_run_does_not_take_credit_for_another() {
    run_submission(
        &[ready_answer(), claimed_answer()],
        &[failed_initialization(throttled_call())],
    )
    .assert_claims(ClaimOrigin::AlreadyClaimed, "DID");
    run_submission(
        &[ready_answer(), claimed_answer()],
        &[failed_initialization(refused_request())],
    )
    .assert_claims(ClaimOrigin::AlreadyClaimed, "DID");
}

#[test]
fn a_refusal_is_told_once_the_cluster_is_seen_untouched() {
    let run = run_submission(
        &[ready_answer()],
        &[failed_initialization(refused_request())],
    );
    run.ends_with(6, ErrorKind::ServiceRefused);
    assert_eq!(run.trace, "DID");
    run_submission(&[ready_answer()], &[failed_initialization(denied_access())])
        .ends_with(6, ErrorKind::AccessDenied);
    run_submission(
        &[ready_answer(), failed_description(unreachable_service())],
        &[failed_initialization(refused_request())],
    )
    .ends_with(6, ErrorKind::ServiceRefused);
}

#[test]
fn a_replaced_csr_is_a_conflict_before_and_after() {
    let replaced = || ready_cluster(&material().replaced_csr);
    let run = run_submission(&[replaced()], &[]);
    run.ends_with(8, ErrorKind::CsrChanged);
    assert_eq!(run.trace, "D");
    assert!(
        run.end
            .unwrap_err()
            .message
            .contains(&crate::x509::to_hex(&material().papers.csr.fingerprint()))
    );
    let run = run_submission(
        &[ready_answer(), replaced()],
        &[failed_initialization(lost_answer())],
    );
    run.ends_with(8, ErrorKind::CsrChanged);
    assert_eq!(run.trace, "DID");
    let run = run_bootstrap(&[ready_answer(), replaced()], &[]);
    run.ends_with(8, ErrorKind::CsrChanged);
    assert_eq!(run.trace, "DCD");
    run_submission(&[ready_cluster("no CSR at all")], &[]).ends_with(8, ErrorKind::CsrChanged);
}

#[test]
fn an_initialization_that_never_ends_is_unfinished() {
    let run = run_submission(
        &[ready_answer(), in_state(ClusterState::InitializeInProgress)],
        &[accepted_answer()],
    );
    run.ends_with(7, ErrorKind::NotFinished);
    run_bootstrap(&[in_state(ClusterState::CreateInProgress)], &[])
        .ends_with(7, ErrorKind::NotFinished);
    let bare = in_state(ClusterState::Initialized);
    run_submission(&[ready_answer(), bare], &[accepted_answer()])
        .ends_with(7, ErrorKind::NotFinished);
}

#[test]
fn a_cluster_that_goes_back_to_uninitialized_is_told_with_its_message() {
    let busy = || in_state(ClusterState::InitializeInProgress);
    let mut back = ready_answer().unwrap().unwrap();
    back.state_message = Some("The HSM was replaced.".into());
    let run = run_submission(
        &[ready_answer(), busy(), Ok(Some(back))],
        &[accepted_answer()],
    );
    run.ends_with(6, ErrorKind::InitializationFellBack);
    assert!(
        run.end
            .unwrap_err()
            .message
            .contains("The HSM was replaced.")
    );
    // One stale reading is no way back.
    run_submission(
        &[
            ready_answer(),
            busy(),
            ready_answer(),
            busy(),
            claimed_answer(),
        ],
        &[accepted_answer()],
    )
    .assert_claims(ClaimOrigin::Claimed, "DIDDDD");
    run_submission(&[ready_answer()], &[accepted_answer()])
        .ends_with(6, ErrorKind::InitializationFellBack);
}

#[test]
fn a_service_that_cannot_be_asked_after_sending_is_asked_until_time_is_up() {
    let run = run_submission(
        &[ready_answer(), failed_description(unreachable_service())],
        &[failed_initialization(lost_answer())],
    );
    run.ends_with(7, ErrorKind::NotFinished);
    assert_eq!(run.trace.matches('I').count(), 1);
    run_submission(
        &[
            ready_answer(),
            failed_description(unreachable_service()),
            failed_description(throttled_call()),
            claimed_answer(),
        ],
        &[accepted_answer()],
    )
    .assert_claims(ClaimOrigin::Claimed, "DIDDD");
    let run = run_submission(
        &[ready_answer(), failed_description(denied_access())],
        &[accepted_answer()],
    );
    run.ends_with(6, ErrorKind::AccessDenied);
    assert!(run.end.unwrap_err().message.contains("is not known"));
}

#[test]
fn an_unreachable_service_ends_with_6() {
    run_submission(&[failed_description(unreachable_service())], &[])
        .ends_with(6, ErrorKind::ServiceUnreachable);
    run_submission(&[failed_description(denied_access())], &[])
        .ends_with(6, ErrorKind::AccessDenied);
    run_submission(
        &[ready_answer(), failed_description(unreachable_service())],
        &[failed_initialization(unreachable_service())],
    )
    .ends_with(6, ErrorKind::ServiceUnreachable);
    let creating = in_state(ClusterState::CreateInProgress);
    run_bootstrap(
        &[
            creating.clone(),
            failed_description(unreachable_service()),
            ready_answer(),
            ready_answer(),
            claimed_answer(),
        ],
        &[accepted_answer()],
    )
    .assert_claims(ClaimOrigin::Claimed, "DDDCDID");
    run_bootstrap(&[creating, failed_description(unreachable_service())], &[])
        .ends_with(6, ErrorKind::ServiceUnreachable);
}

#[test]
fn an_unknown_cluster_ends_with_6() {
    let run = run_submission(&[Ok(None)], &[]);
    run.ends_with(6, ErrorKind::ClusterNotFound);
    assert_eq!(run.trace, "D");
    run_submission(
        &[ready_answer(), Ok(None), claimed_answer()],
        &[accepted_answer()],
    )
    .assert_claims(ClaimOrigin::Claimed, "DIDD");
    run_submission(&[ready_answer(), Ok(None)], &[accepted_answer()])
        .ends_with(6, ErrorKind::ClusterNotFound);
}

#[test]
fn a_request_that_nobody_reports_on_counts_as_sent() {
    let mut claim = submission_claim();
    claim.record_description(ready_answer());
    assert!(matches!(
        claim.next(Duration::ZERO),
        ClaimStep::Initialize(_)
    ));
    assert!(matches!(claim.next(Duration::ZERO), ClaimStep::Describe));
    claim.record_description(ready_answer());
    assert!(matches!(claim.next(Duration::ZERO), ClaimStep::Pause(_)));
}

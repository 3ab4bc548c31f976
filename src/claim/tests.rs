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
pub(super) struct Material {
    pub(super) csr: String,
    pub(super) replaced_csr: String,
    pub(super) papers: Papers,
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

pub(super) fn material() -> &'static Material {
    static MATERIAL: OnceLock<Material> = OnceLock::new();
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
        let owner = Owner::named(Certificate::from_der(&ca_der).unwrap().into());
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
        Material {
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
            papers: Papers::of(&authorized, ID),
            authorized,
        }
    })
}

pub(super) type Described = Result<Option<Cluster>, ServiceError>;

pub(super) fn cluster(state: ClusterState) -> Cluster {
    Cluster::new(ID, state)
}

pub(super) fn hsm(state: HsmState) -> HsmSummary {
    HsmSummary::new("hsm-abc234defgh", state)
}

/// UNINITIALIZED, with this CSR.
pub(super) fn ready(csr: &str) -> Described {
    let mut cluster = cluster(ClusterState::Uninitialized);
    cluster.hsms.push(hsm(HsmState::Active));
    cluster.certificates.cluster_csr = Some(csr.to_owned());
    Ok(Some(cluster))
}

/// In this state, with this certificate.
pub(super) fn claimed(state: ClusterState, certificate: &str) -> Described {
    let mut cluster = cluster(state);
    cluster.certificates.cluster_certificate = Some(certificate.to_owned());
    Ok(Some(cluster))
}

pub(super) fn in_state(state: ClusterState) -> Described {
    Ok(Some(cluster(state)))
}

pub(super) fn fails(call: Call, trouble: Trouble) -> ServiceError {
    ServiceError {
        call,
        trouble,
        place: Box::default(),
    }
}

fn blind(trouble: Trouble) -> Described {
    Err(fails(Call::DescribeClusters, trouble))
}

fn answer(trouble: Trouble) -> Result<Accepted, ServiceError> {
    Err(fails(Call::InitializeCluster, trouble))
}

fn accepted() -> Result<Accepted, ServiceError> {
    Ok(Accepted {
        state: Some(ClusterState::InitializeInProgress),
        state_message: Some("Cluster is initializing.".into()),
    })
}

fn lost() -> Trouble {
    Trouble::Unknown {
        reason: "connection reset".into(),
    }
}

fn throttled() -> Trouble {
    Trouble::Throttled {
        message: "Rate exceeded".into(),
    }
}

fn unreachable() -> Trouble {
    Trouble::Unreachable {
        reason: "connection refused".into(),
    }
}

fn refused() -> Trouble {
    Trouble::Refused {
        code: "CloudHsmInvalidRequestException".into(),
        message: "no".into(),
    }
}

fn denied() -> Trouble {
    Trouble::AccessDenied {
        message: "no".into(),
    }
}

/// What a run did, one letter a step, and how it ended. The last answer of each list stands for all
/// that follow.
struct Run {
    trace: String,
    end: Result<Outcome, Error>,
}

fn drive(
    mut claim: Claim,
    describes: &[Described],
    initializes: &[Result<Accepted, ServiceError>],
) -> Run {
    let (mut trace, mut now) = (String::new(), Duration::ZERO);
    let (mut looks, mut sends) = (0, 0);
    for _ in 0..10_000 {
        match claim.next(now) {
            Step::Describe => {
                trace.push('D');
                claim.described(describes[looks.min(describes.len() - 1)].clone());
                looks += 1;
            }
            Step::Pause(length) => now += length,
            Step::Certify(cluster) => {
                trace.push('C');
                assert!(cluster.certificates.cluster_csr.is_some());
                claim.certified(&material().authorized).unwrap();
            }
            Step::Initialize(request) => {
                trace.push('I');
                assert_eq!(*request, material().papers.request);
                claim.initialized(initializes[sends.min(initializes.len() - 1)].clone());
                sends += 1;
            }
            Step::Done(outcome) => {
                return Run {
                    trace,
                    end: Ok(*outcome),
                };
            }
            Step::Failed(failure) => {
                return Run {
                    trace,
                    end: Err((*failure).into()),
                };
            }
        }
    }
    panic!("no end after {trace}");
}

fn submission() -> Claim {
    Claim::submit(ID, material().authorized.clone(), Patience::default())
}

/// A bootstrap by the owner, in a new directory.
fn beginning() -> Claim {
    Claim::bootstrap(
        ID,
        Some(material().authorized.owner().clone()),
        None,
        Patience::default(),
    )
}

fn submit(describes: &[Described], initializes: &[Result<Accepted, ServiceError>]) -> Run {
    drive(submission(), describes, initializes)
}

fn bootstrap(describes: &[Described], initializes: &[Result<Accepted, ServiceError>]) -> Run {
    drive(beginning(), describes, initializes)
}

impl Run {
    fn ends_with(&self, code: u8, kind: ErrorKind) {
        let error = self.end.as_ref().expect_err(&self.trace);
        assert_eq!(
            (error.code(), error.kind),
            (code, kind),
            "{}: {}",
            self.trace,
            error.message
        );
        assert!(!error.hint.is_empty());
    }

    fn claims(&self, how: How, trace: &str) {
        let outcome = self
            .end
            .as_ref()
            .unwrap_or_else(|error| panic!("{}: {}", self.trace, error.message));
        assert_eq!((outcome.how, self.trace.as_str()), (how, trace));
    }
}

fn ok() -> Described {
    ready(&material().csr)
}

fn done() -> Described {
    claimed(ClusterState::Initialized, &material().ours)
}

#[test]
fn a_claim_describes_sends_once_and_confirms() {
    let run = submit(
        &[ok(), in_state(ClusterState::InitializeInProgress), done()],
        &[accepted()],
    );
    run.claims(How::Claimed, "DIDD");
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
    submit(&[ready(&crlf), done()], &[accepted()]).claims(How::Claimed, "DID");
}

#[test]
fn a_bootstrap_waits_for_the_csr_and_looks_again_after_signing() {
    let mut starting = cluster(ClusterState::Uninitialized);
    starting.hsms.push(hsm(HsmState::CreateInProgress));
    let describes = [
        in_state(ClusterState::CreateInProgress),
        Ok(Some(starting)),
        ok(),
        ok(),
        done(),
    ];
    bootstrap(&describes, &[accepted()]).claims(How::Claimed, "DDDCDID");
}

#[test]
fn a_submission_waits_for_no_creation() {
    submit(&[in_state(ClusterState::CreateInProgress)], &[])
        .ends_with(8, ErrorKind::ClusterNotReady);
    let mut starting = cluster(ClusterState::Uninitialized);
    starting.hsms.push(hsm(HsmState::CreateInProgress));
    submit(&[Ok(Some(starting))], &[]).ends_with(8, ErrorKind::CsrNotReady);
}

#[test]
fn every_other_state_has_its_own_answer_and_sends_nothing() {
    let mut broken = cluster(ClusterState::Uninitialized);
    broken.hsms.push(hsm(HsmState::Degraded));
    let mut broken_after_its_csr = ok().unwrap().unwrap();
    broken_after_its_csr.hsms = vec![hsm(HsmState::Degraded)];
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
            submit(from_ref(&described), &[]),
            bootstrap(from_ref(&described), &[]),
        ] {
            run.ends_with(8, kind);
            assert_eq!(run.trace, "D");
        }
    }
    for state in [ClusterState::Initialized, ClusterState::Active] {
        let run = submit(&[in_state(state)], &[]);
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
            let run = submit(&[claimed(state.clone(), certificate)], &[]);
            run.claims(How::AlreadyClaimed, "D");
            assert_eq!(run.end.unwrap().same_certificate, same);
            bootstrap(&[claimed(state.clone(), certificate)], &[]).claims(How::AlreadyClaimed, "D");
        }
    }
}

#[test]
fn a_cluster_that_another_ca_has_claimed_is_a_conflict_with_both_sides() {
    for certificate in [&material().theirs, &material().namesake] {
        let run = submit(&[claimed(ClusterState::Active, certificate)], &[]);
        run.ends_with(8, ErrorKind::ClaimedByAnotherCa);
        let ours = crate::x509::hex(&material().papers.trust_anchor.first().fingerprint());
        let message = run.end.unwrap_err().message;
        assert!(
            message.contains(&ours) && message.matches("SHA-256").count() == 2,
            "{message}"
        );
    }
}

#[test]
fn what_cannot_be_judged_is_neither_ours_nor_anothers() {
    submit(&[claimed(ClusterState::Active, "no certificate")], &[])
        .ends_with(8, ErrorKind::ClaimedByUnknown);
    // Without a CA of our own nobody can tell.
    let run = drive(
        Claim::bootstrap(ID, None, None, Patience::default()),
        &[claimed(ClusterState::Active, &material().ours)],
        &[],
    );
    run.ends_with(8, ErrorKind::ClaimedByUnknown);
}

#[test]
fn a_certificate_of_this_ca_for_another_key_is_no_claim_of_this_pair() {
    let elsewhere = || claimed(ClusterState::Active, &material().ours_elsewhere);
    submit(&[elsewhere()], &[]).ends_with(8, ErrorKind::ClaimedForAnotherCsr);
    submit(&[ok(), elsewhere()], &[accepted()]).ends_with(8, ErrorKind::ClaimedForAnotherCsr);
    bootstrap(&[ok(), elsewhere()], &[]).ends_with(8, ErrorKind::ClaimedForAnotherCsr);
    // Without a pair there is no key to compare with: the CA is all that is asked.
    bootstrap(&[elsewhere()], &[]).claims(How::AlreadyClaimed, "D");
}

#[test]
fn an_initialization_under_way_is_waited_for_and_judged() {
    let busy = || in_state(ClusterState::InitializeInProgress);
    submit(&[busy(), busy(), done()], &[]).claims(How::AlreadyClaimed, "DDD");
    let theirs = claimed(ClusterState::Initialized, &material().theirs);
    submit(&[busy(), theirs], &[]).ends_with(8, ErrorKind::ClaimedByAnotherCa);
    submit(&[busy(), ok(), done()], &[accepted()]).claims(How::Claimed, "DDID");
}

#[test]
fn after_sending_only_initialized_and_active_confirm() {
    let ours = |state| claimed(state, &material().ours);
    let unsettled = [
        ClusterState::RollbackInProgress,
        ClusterState::UpdateInProgress,
        ClusterState::Degraded,
        ClusterState::Other("PONDERING".into()),
    ];
    for state in unsettled {
        submit(&[ok(), ours(state.clone()), done()], &[accepted()]).claims(How::Claimed, "DIDD");
        submit(&[ok(), ours(state.clone())], &[accepted()]).ends_with(7, ErrorKind::NotFinished);
        submit(&[ok(), claimed(state, &material().theirs)], &[accepted()])
            .ends_with(8, ErrorKind::ClaimedByAnotherCa);
    }
}

#[test]
fn an_answer_lost_after_the_change_is_found_by_looking() {
    submit(&[ok(), done()], &[answer(lost())]).claims(How::Claimed, "DID");
    let busy = in_state(ClusterState::InitializeInProgress);
    submit(&[ok(), ok(), busy, done()], &[answer(lost())]).claims(How::Claimed, "DIDDD");
}

#[test]
fn a_request_lost_before_the_change_is_sent_again_after_several_looks() {
    let describes = [ok(), ok(), ok(), ok(), ok(), ok(), done()];
    submit(&describes, &[answer(lost()), accepted()]).claims(How::Claimed, "DIDDDDDID");
}

#[test]
fn a_service_that_loses_every_request_is_asked_three_times() {
    let run = submit(&[ok()], &[answer(lost())]);
    run.ends_with(6, ErrorKind::InitializeWithoutEffect);
    assert_eq!(run.trace, "DIDDDDDIDDDDDIDDDDD");
}

#[test]
fn a_late_effect_of_a_lost_request_counts() {
    let describes = [ok(), ok(), ok(), ok(), ok(), ok(), done()];
    let run = submit(&describes, &[answer(lost()), answer(refused())]);
    run.claims(How::Claimed, "DIDDDDDID");
    let again = submit(&[ok()], &[answer(lost()), answer(refused())]);
    again.ends_with(6, ErrorKind::ServiceRefused);
    assert_eq!(again.trace, "DIDDDDDIDDDDD");
}

#[test]
fn throttling_is_retried_after_looking_and_not_for_ever() {
    let run = submit(
        &[ok(), ok(), ok(), done()],
        &[answer(throttled()), answer(throttled()), accepted()],
    );
    run.claims(How::Claimed, "DIDIDID");
    let run = submit(&[ok()], &[answer(throttled())]);
    run.ends_with(6, ErrorKind::Throttled);
    assert_eq!(run.trace, "DIDIDIDIDIDID");
}

#[test]
fn a_throttled_run_does_not_take_credit_for_another() {
    submit(&[ok(), done()], &[answer(throttled())]).claims(How::AlreadyClaimed, "DID");
    submit(&[ok(), done()], &[answer(refused())]).claims(How::AlreadyClaimed, "DID");
}

#[test]
fn a_refusal_is_told_once_the_cluster_is_seen_untouched() {
    let run = submit(&[ok()], &[answer(refused())]);
    run.ends_with(6, ErrorKind::ServiceRefused);
    assert_eq!(run.trace, "DID");
    submit(&[ok()], &[answer(denied())]).ends_with(6, ErrorKind::AccessDenied);
    submit(&[ok(), blind(unreachable())], &[answer(refused())])
        .ends_with(6, ErrorKind::ServiceRefused);
}

#[test]
fn a_replaced_csr_is_a_conflict_before_and_after() {
    let replaced = || ready(&material().replaced_csr);
    let run = submit(&[replaced()], &[]);
    run.ends_with(8, ErrorKind::CsrChanged);
    assert_eq!(run.trace, "D");
    assert!(
        run.end
            .unwrap_err()
            .message
            .contains(&crate::x509::hex(&material().papers.csr.fingerprint()))
    );
    let run = submit(&[ok(), replaced()], &[answer(lost())]);
    run.ends_with(8, ErrorKind::CsrChanged);
    assert_eq!(run.trace, "DID");
    let run = bootstrap(&[ok(), replaced()], &[]);
    run.ends_with(8, ErrorKind::CsrChanged);
    assert_eq!(run.trace, "DCD");
    submit(&[ready("no CSR at all")], &[]).ends_with(8, ErrorKind::CsrChanged);
}

#[test]
fn an_initialization_that_never_ends_is_unfinished() {
    let run = submit(
        &[ok(), in_state(ClusterState::InitializeInProgress)],
        &[accepted()],
    );
    run.ends_with(7, ErrorKind::NotFinished);
    bootstrap(&[in_state(ClusterState::CreateInProgress)], &[])
        .ends_with(7, ErrorKind::NotFinished);
    let bare = in_state(ClusterState::Initialized);
    submit(&[ok(), bare], &[accepted()]).ends_with(7, ErrorKind::NotFinished);
}

#[test]
fn a_cluster_that_goes_back_to_uninitialized_is_told_with_its_message() {
    let busy = || in_state(ClusterState::InitializeInProgress);
    let mut back = ok().unwrap().unwrap();
    back.state_message = Some("The HSM was replaced.".into());
    let run = submit(&[ok(), busy(), Ok(Some(back))], &[accepted()]);
    run.ends_with(6, ErrorKind::InitializationFellBack);
    assert!(
        run.end
            .unwrap_err()
            .message
            .contains("The HSM was replaced.")
    );
    // One stale reading is no way back.
    submit(&[ok(), busy(), ok(), busy(), done()], &[accepted()]).claims(How::Claimed, "DIDDDD");
    submit(&[ok()], &[accepted()]).ends_with(6, ErrorKind::InitializationFellBack);
}

#[test]
fn a_service_that_cannot_be_asked_after_sending_is_asked_until_time_is_up() {
    let run = submit(&[ok(), blind(unreachable())], &[answer(lost())]);
    run.ends_with(7, ErrorKind::NotFinished);
    assert_eq!(run.trace.matches('I').count(), 1);
    submit(
        &[ok(), blind(unreachable()), blind(throttled()), done()],
        &[accepted()],
    )
    .claims(How::Claimed, "DIDDD");
    let run = submit(&[ok(), blind(denied())], &[accepted()]);
    run.ends_with(6, ErrorKind::AccessDenied);
    assert!(run.end.unwrap_err().message.contains("is not known"));
}

#[test]
fn an_unreachable_service_ends_with_6() {
    submit(&[blind(unreachable())], &[]).ends_with(6, ErrorKind::ServiceUnreachable);
    submit(&[blind(denied())], &[]).ends_with(6, ErrorKind::AccessDenied);
    submit(&[ok(), blind(unreachable())], &[answer(unreachable())])
        .ends_with(6, ErrorKind::ServiceUnreachable);
    let creating = in_state(ClusterState::CreateInProgress);
    bootstrap(
        &[creating.clone(), blind(unreachable()), ok(), ok(), done()],
        &[accepted()],
    )
    .claims(How::Claimed, "DDDCDID");
    bootstrap(&[creating, blind(unreachable())], &[]).ends_with(6, ErrorKind::ServiceUnreachable);
}

#[test]
fn an_unknown_cluster_ends_with_6() {
    let run = submit(&[Ok(None)], &[]);
    run.ends_with(6, ErrorKind::ClusterNotFound);
    assert_eq!(run.trace, "D");
    submit(&[ok(), Ok(None), done()], &[accepted()]).claims(How::Claimed, "DIDD");
    submit(&[ok(), Ok(None)], &[accepted()]).ends_with(6, ErrorKind::ClusterNotFound);
}

#[test]
fn a_request_that_nobody_reports_on_counts_as_sent() {
    let mut claim = submission();
    claim.described(ok());
    assert!(matches!(claim.next(Duration::ZERO), Step::Initialize(_)));
    assert!(matches!(claim.next(Duration::ZERO), Step::Describe));
    claim.described(ok());
    assert!(matches!(claim.next(Duration::ZERO), Step::Pause(_)));
}

//! What a cluster shows before anything has been sent.

use super::*;

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

/// One that was just created may not be listed in the very next description.
#[test]
fn what_this_run_created_may_be_missing_for_a_moment_and_what_it_did_not_may_not() {
    let bootstrap = |created| {
        let claim = Claim::for_bootstrap(ID, None, None, Patience::default());
        claim.after_creation(created)
    };
    let look = |claim: &mut Claim, answer| {
        assert!(matches!(claim.next(Duration::ZERO), ClaimStep::Describe));
        claim.record_description(answer);
        claim.next(Duration::ZERO)
    };
    for missing in [Ok(None), in_state(ClusterState::Uninitialized)] {
        let step = look(&mut bootstrap(false), missing.clone());
        assert!(matches!(step, ClaimStep::Failed(_)), "{step:?}");
        let mut claim = bootstrap(true);
        let step = look(&mut claim, missing.clone());
        assert!(matches!(step, ClaimStep::Pause(_)), "{step:?}");
        let step = look(&mut claim, ready_answer());
        assert!(matches!(step, ClaimStep::Certify(_)), "{step:?}");
        // Not for ever.
        let mut claim = bootstrap(true);
        let ends =
            (0..9).any(|_| matches!(look(&mut claim, missing.clone()), ClaimStep::Failed(_)));
        assert!(ends);
    }
}

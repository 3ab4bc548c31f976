//! What becomes of a request: accepted, lost, turned away, refused.

use super::*;

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
    // Who is told to slow down does: each pause is twice as long as the one before.
    assert_eq!(
        run.waited,
        Duration::from_millis(250 + 500 + 1000 + 2000 + 4000 + 8000)
    );
}

/// A request that was turned away is no try that was lost.
#[test]
fn a_throttled_request_does_not_count_among_those_that_were_lost() {
    let run = run_submission(
        &[ready_answer()],
        &[
            failed_initialization(throttled_call()),
            failed_initialization(lost_answer()),
        ],
    );
    run.ends_with(6, ErrorKind::InitializeWithoutEffect);
    assert_eq!(run.trace.matches('I').count(), 4, "{}", run.trace);
}

/// The first request may take effect although the second one is refused: only time ends the search.
#[test]
fn a_service_that_cannot_be_looked_at_does_not_end_the_search_for_a_lost_request() {
    let away = || failed_description(unreachable_service());
    let mut describes = vec![ready_answer(); 6];
    describes.extend([away(), away(), claimed_answer()]);
    run_submission(
        &describes,
        &[
            failed_initialization(lost_answer()),
            failed_initialization(refused_request()),
        ],
    )
    .assert_claims(ClaimOrigin::Claimed, "DIDDDDDIDDD");
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

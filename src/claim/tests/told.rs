//! What a claim tells: its progress, and the messages and next steps of what ends it.

use super::*;

fn told(run: &ClaimRun) -> (String, String) {
    let error = run.end.as_ref().expect_err(&run.trace);
    (error.message.to_string(), error.hint.to_string())
}

#[track_caller]
fn assert_has(text: &str, part: &str) {
    assert!(text.contains(part), "{part:?} is not in {text:?}");
}

#[track_caller]
fn assert_has_not(text: &str, part: &str) {
    assert!(!text.contains(part), "{part:?} is in {text:?}");
}

#[test]
fn whoever_gave_no_ca_is_told_to_name_theirs_or_that_of_the_backup() {
    let claimed = |restored: bool| {
        let mut cluster = claimed_cluster(ClusterState::Active, &material().ours)
            .unwrap()
            .unwrap();
        cluster.source_backup_id = restored.then(|| "backup-abc234defgh".into());
        Ok(Some(cluster))
    };
    for (restored, hint) in [(false, "name your CA with"), (true, "of that backup")] {
        let run = drive_claim(
            Claim::for_bootstrap(ID, None, None, Patience::default()),
            &[claimed(restored)],
            &[],
        );
        run.ends_with(8, ErrorKind::ClaimedByUnknown);
        assert_has(&told(&run).1, hint);
    }
}

#[test]
fn a_claimed_cluster_without_a_certificate_is_looked_at_again_and_not_activated() {
    for state in [ClusterState::Initialized, ClusterState::Active] {
        let run = run_submission(&[in_state(state)], &[]);
        let error = run.end.as_ref().unwrap_err();
        assert_has(&error.hint.to_string(), "run the same command again");
        assert!(error.next.is_empty());
    }
}

#[test]
fn an_hsm_that_does_not_work_is_told_apart_from_one_that_is_not_there() {
    let mut broken = cluster_in(ClusterState::Uninitialized);
    broken.hsms.push(hsm_in(HsmState::Degraded));
    let (message, _) = told(&run_submission(&[Ok(Some(broken))], &[]));
    assert_has(&message, "has no working HSM (hsm-abc234defgh DEGRADED)");
    let (message, _) = told(&run_submission(
        &[in_state(ClusterState::Uninitialized)],
        &[],
    ));
    assert_has(&message, "has no HSM,");
}

#[test]
fn whether_the_request_was_sent_is_told_where_the_claim_ends() {
    let note = "InitializeCluster was sent before that";
    let ends = [
        in_state(ClusterState::Deleted),
        ready_cluster(&material().replaced_csr),
        claimed_cluster(ClusterState::Active, &material().theirs),
        Ok(None),
    ];
    for end in ends {
        let (before, _) = told(&run_submission(from_ref(&end), &[]));
        assert_has_not(&before, note);
        let (after, _) = told(&run_submission(
            &[ready_answer(), end],
            &[accepted_answer()],
        ));
        assert_has(&after, note);
    }
}

/// The time is up while nobody can look: what became of the request matters more than that.
#[test]
fn a_run_that_is_out_of_time_tells_what_became_of_its_request() {
    let out_of_time = || {
        failed_description(Trouble::OutOfTime {
            limit: Duration::from_secs(5),
            sent: true,
        })
    };
    for (outcome, part) in [
        (lost_answer(), "connection reset"),
        (throttled_call(), "Rate exceeded"),
    ] {
        let run = run_submission(
            &[ready_answer(), out_of_time()],
            &[failed_initialization(outcome)],
        );
        run.ends_with(7, ErrorKind::NotFinished);
        assert_has(&told(&run).0, part);
    }
    let run = run_submission(&[ready_answer(), out_of_time()], &[accepted_answer()]);
    assert_has(&told(&run).0, "DescribeClusters");
}

#[test]
fn a_confirmation_compares_the_csrs_key_and_waits_for_no_creation() {
    let csr = |text: &str| Csr::from_pem(text.as_bytes()).unwrap();
    let claim = |csr| {
        let owner = material().authorized.owner().clone();
        Claim::for_confirmation(ID, owner, csr, Patience::default())
    };
    let ours = [claimed_answer()];
    drive_claim(claim(Some(csr(&material().csr))), &ours, &[])
        .assert_claims(ClaimOrigin::AlreadyClaimed, "D");
    drive_claim(claim(Some(csr(&material().replaced_csr))), &ours, &[])
        .ends_with(8, ErrorKind::ClaimedForAnotherCsr);
    drive_claim(
        claim(None),
        &[in_state(ClusterState::CreateInProgress)],
        &[],
    )
    .ends_with(8, ErrorKind::ClusterNotReady);
}

/// Each of the two waits has its own end: `--timeout` of one is not that of the other.
#[test]
fn creation_and_initialization_are_waited_for_as_long_as_each_may_take() {
    let patience = Patience {
        creation: Duration::from_secs(600),
        initialization: Duration::from_secs(60),
        ..Patience::default()
    };
    let owner = || Some(material().authorized.owner().clone());
    let waited = |claim: Claim, describes: &[Described]| {
        let error = drive_claim(claim, describes, &[accepted_answer()])
            .end
            .unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFinished);
        error.message.to_string()
    };
    let creation = waited(
        Claim::for_bootstrap(ID, owner(), None, patience),
        &[in_state(ClusterState::CreateInProgress)],
    );
    let initialization = waited(
        Claim::for_submission(ID, material().authorized.clone(), patience),
        &[ready_answer(), in_state(ClusterState::InitializeInProgress)],
    );
    assert_has(&creation, "after 600 s");
    assert_has(&initialization, "60 s");
}

/// What creation took is not taken from the time for the initialization.
#[test]
fn the_time_for_the_initialization_begins_when_it_is_sent() {
    let patience = Patience {
        creation: Duration::from_secs(600),
        initialization: Duration::from_secs(60),
        ..Patience::default()
    };
    let owner = material().authorized.owner().clone();
    let mut describes = vec![in_state(ClusterState::CreateInProgress); 50];
    describes.extend([ready_answer(), ready_answer()]);
    describes.extend(vec![in_state(ClusterState::InitializeInProgress); 6]);
    describes.push(claimed_answer());
    let run = drive_claim(
        Claim::for_bootstrap(ID, Some(owner), None, patience),
        &describes,
        &[accepted_answer()],
    );
    let trace = format!("{}DCDI{}D", "D".repeat(50), "D".repeat(6));
    run.assert_claims(ClaimOrigin::Claimed, &trace);
}

/// A cluster that is being restored shows who claimed the one it was made of: another's is not
/// waited for; one's own is not there yet.
#[test]
fn a_cluster_that_is_being_restored_is_judged_by_the_certificate_that_it_shows() {
    let being_made = |certificate: &str, restored: bool| {
        let mut cluster = claimed_cluster(ClusterState::CreateInProgress, certificate)
            .unwrap()
            .unwrap();
        cluster.source_backup_id = restored.then(|| "backup-abc234defgh".into());
        Ok(Some(cluster))
    };
    let theirs = |restored| [being_made(&material().theirs, restored), claimed_answer()];
    run_bootstrap(&theirs(true), &[]).ends_with(8, ErrorKind::ClaimedByAnotherCa);
    run_bootstrap(&theirs(false), &[]).assert_claims(ClaimOrigin::AlreadyClaimed, "DD");
    run_bootstrap(&[being_made(&material().ours, true), claimed_answer()], &[])
        .assert_claims(ClaimOrigin::AlreadyClaimed, "DD");
}

#[test]
fn what_is_waited_out_and_how_often_was_sent_can_be_asked() {
    let mut claim = submission_claim();
    assert!(matches!(claim.next(Duration::ZERO), ClaimStep::Describe));
    claim.record_description(ready_answer());
    assert_eq!((claim.send_count(), claim.pending_error()), (0, None));
    assert!(matches!(
        claim.next(Duration::ZERO),
        ClaimStep::Initialize(_)
    ));
    assert_eq!(claim.send_count(), 1);
    claim.record_initialization(failed_initialization(lost_answer()));
    assert!(matches!(claim.next(Duration::ZERO), ClaimStep::Describe));
    let throttled = service_error(Call::DescribeClusters, throttled_call());
    claim.record_description(Err(throttled.clone()));
    assert_eq!(claim.pending_error(), Some(&throttled));
}

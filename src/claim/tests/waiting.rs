use super::*;
use crate::claim::wait::{Wait, WaitStep, WaitTarget};

/// Returns how a wait ends: `Ok` with the state, or the code and kind of its error.
fn run_wait(target: WaitTarget, describes: &[Described]) -> Ended {
    timed_wait(target, describes).0
}

type Ended = Result<Option<ClusterState>, (u8, ErrorKind)>;

/// Returns the same, and the time after which it ended.
fn timed_wait(target: WaitTarget, describes: &[Described]) -> (Ended, Duration) {
    limited_wait(target, describes, Duration::from_secs(60))
}

fn limited_wait(target: WaitTarget, describes: &[Described], limit: Duration) -> (Ended, Duration) {
    let mut wait = Wait::new(ID, target, limit, Patience::default());
    let (mut now, mut looks) = (Duration::ZERO, 0);
    for _ in 0..1000 {
        match wait.next(now) {
            WaitStep::Describe => {
                wait.record_description(describes[looks.min(describes.len() - 1)].clone());
                looks += 1;
            }
            WaitStep::Pause(length) => now += length,
            WaitStep::Done(cluster) => return (Ok(cluster.map(|cluster| cluster.state)), now),
            WaitStep::Failed(failure) => {
                let error = Error::from(*failure);
                return (Err((error.exit_code(), error.kind)), now);
            }
        }
    }
    panic!("no end");
}

#[test]
fn a_wait_ends_when_the_cluster_is_there() {
    let states = [
        ClusterState::CreateInProgress,
        ClusterState::Uninitialized,
        ClusterState::InitializeInProgress,
        ClusterState::Active,
    ];
    let life: Vec<Described> = states.into_iter().map(in_state).collect();
    assert_eq!(
        run_wait(WaitTarget::Uninitialized, &life),
        Ok(Some(ClusterState::Uninitialized))
    );
    assert_eq!(
        run_wait(WaitTarget::Initialized, &life),
        Ok(Some(ClusterState::Active))
    );
    assert_eq!(
        run_wait(WaitTarget::Active, &life),
        Ok(Some(ClusterState::Active))
    );
    assert_eq!(
        run_wait(
            WaitTarget::Csr,
            &[in_state(ClusterState::Uninitialized), ready_answer()]
        ),
        Ok(Some(ClusterState::Uninitialized))
    );
    assert_eq!(
        run_wait(
            WaitTarget::Deleted,
            &[ready_answer(), in_state(ClusterState::Deleted)]
        ),
        Ok(Some(ClusterState::Deleted))
    );
    assert_eq!(
        run_wait(
            WaitTarget::Deleted,
            &[in_state(ClusterState::DeleteInProgress), Ok(None)]
        ),
        Ok(None)
    );
}

#[test]
fn a_state_that_cannot_come_any_more_ends_with_8() {
    let cases = [
        (WaitTarget::Csr, ClusterState::Active),
        (
            WaitTarget::Uninitialized,
            ClusterState::InitializeInProgress,
        ),
        (WaitTarget::Active, ClusterState::Deleted),
        (WaitTarget::Initialized, ClusterState::DeleteInProgress),
    ];
    for (target, state) in cases {
        assert_eq!(
            run_wait(target.clone(), &[in_state(state)]),
            Err((8, ErrorKind::StateOutOfReach))
        );
    }
}

#[test]
fn a_wait_without_end_ends_with_7() {
    for state in [
        ClusterState::Degraded,
        ClusterState::Other("PONDERING".into()),
    ] {
        assert_eq!(
            run_wait(WaitTarget::Active, &[in_state(state)]),
            Err((7, ErrorKind::NotFinished))
        );
    }
    // Somebody may claim it at any moment.
    assert_eq!(
        run_wait(WaitTarget::Active, &[ready_answer()]),
        Err((7, ErrorKind::NotFinished))
    );
}

#[test]
fn a_wait_for_what_nothing_brings_ends_at_once() {
    let with = |states: &[HsmState]| {
        let mut cluster = cluster_in(ClusterState::Uninitialized);
        cluster.hsms.extend(states.iter().cloned().map(hsm_in));
        Ok(Some(cluster))
    };
    for target in [WaitTarget::Csr, WaitTarget::Initialized, WaitTarget::Active] {
        for states in [
            &[][..],
            &[HsmState::Deleted],
            &[HsmState::Degraded],
            &[HsmState::DeleteInProgress],
            &[HsmState::Degraded, HsmState::Deleted],
        ] {
            let (ended, after) = timed_wait(target.clone(), &[with(states)]);
            assert_eq!(
                ended,
                Err((8, ErrorKind::NoHsm)),
                "{target} with {states:?}"
            );
            // A time that is over before tells the same: the same command again would wait in vain.
            let short = limited_wait(target.clone(), &[with(states)], Duration::from_millis(300));
            assert_eq!(
                short,
                (Err((8, ErrorKind::NoHsm)), Duration::from_millis(300)),
                "{target} with {states:?}"
            );
            assert!(
                (Duration::from_millis(200)..Duration::from_secs(1)).contains(&after),
                "{target} with {states:?}: {after:?}"
            );
        }
    }
    // An HSM that is being made, and one that is not listed at once, are waited for.
    assert_eq!(
        run_wait(
            WaitTarget::Csr,
            &[with(&[HsmState::Degraded, HsmState::CreateInProgress])]
        ),
        Err((7, ErrorKind::NotFinished))
    );
    let coming = limited_wait(
        WaitTarget::Csr,
        &[with(&[HsmState::Degraded, HsmState::CreateInProgress])],
        Duration::from_secs(2),
    );
    assert_eq!(coming.0, Err((7, ErrorKind::NotFinished)));
    let listed_late = [
        with(&[]),
        with(&[]),
        with(&[HsmState::CreateInProgress]),
        with(&[HsmState::Active]),
        ready_answer(),
    ];
    assert_eq!(
        run_wait(WaitTarget::Csr, &listed_late),
        Ok(Some(ClusterState::Uninitialized))
    );
}

#[test]
fn an_unknown_cluster_is_not_a_deleted_one() {
    assert_eq!(
        run_wait(WaitTarget::Deleted, &[Ok(None)]),
        Err((6, ErrorKind::ClusterNotFound))
    );
    assert_eq!(
        run_wait(WaitTarget::Active, &[Ok(None)]),
        Err((6, ErrorKind::ClusterNotFound))
    );
    assert_eq!(
        run_wait(WaitTarget::Active, &[ready_answer(), Ok(None)]),
        Err((6, ErrorKind::ClusterNotFound))
    );
}

#[test]
fn passing_trouble_is_waited_out() {
    let active = || in_state(ClusterState::Active);
    assert_eq!(
        run_wait(
            WaitTarget::Active,
            &[
                ready_answer(),
                failed_description(unreachable_service()),
                failed_description(lost_answer()),
                active()
            ]
        ),
        Ok(Some(ClusterState::Active))
    );
    assert_eq!(
        run_wait(
            WaitTarget::Active,
            &[failed_description(unreachable_service()), active()]
        ),
        Err((6, ErrorKind::ServiceUnreachable))
    );
    assert_eq!(
        run_wait(
            WaitTarget::Active,
            &[
                ready_answer(),
                failed_description(denied_access()),
                active()
            ]
        ),
        Err((6, ErrorKind::AccessDenied))
    );
    assert_eq!(
        run_wait(
            WaitTarget::Active,
            &[ready_answer(), failed_description(unreachable_service())]
        ),
        Err((6, ErrorKind::ServiceUnreachable))
    );
}

/// What progress tells of a wait: who has to act, and what is being waited out.
#[test]
fn a_wait_knows_whom_it_waits_for_and_what_it_waits_out() {
    let wait = |target| Wait::new(ID, target, Duration::from_secs(60), Patience::default());
    for target in WaitTarget::ALL {
        let (active, claimed) = (
            target == WaitTarget::Active,
            matches!(target, WaitTarget::Active | WaitTarget::Initialized),
        );
        let wait = wait(target);
        assert_eq!(
            (wait.is_for_activation(), wait.is_for_claim()),
            (active, claimed)
        );
    }
    let mut wait = wait(WaitTarget::Active);
    assert!(matches!(wait.next(Duration::ZERO), WaitStep::Describe));
    wait.record_description(in_state(ClusterState::Initialized));
    assert_eq!(wait.pending_error(), None);
    assert!(matches!(wait.next(Duration::ZERO), WaitStep::Pause(_)));
    assert!(matches!(
        wait.next(Duration::from_secs(1)),
        WaitStep::Describe
    ));
    let away = service_error(Call::DescribeClusters, unreachable_service());
    wait.record_description(Err(away.clone()));
    assert_eq!(wait.pending_error(), Some(&away));
}

/// `--timeout` is up in the midst of a look: what was seen before says what is to be done.
#[test]
fn a_wait_that_is_out_of_time_in_a_look_ends_with_7_or_says_who_has_to_act() {
    let up = || {
        failed_description(Trouble::OutOfTime {
            limit: Duration::from_secs(9),
            sent: true,
        })
    };
    let wait = |first: Described| run_wait(WaitTarget::Active, &[first, up()]);
    assert_eq!(
        wait(in_state(ClusterState::Initialized)),
        Err((7, ErrorKind::NotFinished))
    );
    assert_eq!(
        wait(in_state(ClusterState::Uninitialized)),
        Err((8, ErrorKind::NoHsm))
    );
}

#[test]
fn a_target_is_read_in_any_case_and_nothing_else() {
    assert_eq!("Initialized".parse(), Ok(WaitTarget::Initialized));
    assert_eq!(
        "INITIALIZE_IN_PROGRESS".parse(),
        Ok(WaitTarget::InitializeInProgress)
    );
    assert_eq!(
        "Rollback_In_Progress".parse(),
        Ok(WaitTarget::RollbackInProgress)
    );
    for slip in [
        "in_progress",
        "activ",
        "Pending_Rollback",
        "ACTIVE ",
        "A",
        "_A_",
        "PENDING ROLLBACK",
        "",
    ] {
        assert!(slip.parse::<WaitTarget>().is_err(), "{slip}");
    }
}

#[test]
fn a_state_that_no_model_knows_is_waited_for_and_waited_out() {
    let pending = || in_state(ClusterState::Other("PENDING_ROLLBACK".into()));
    let target: WaitTarget = "PENDING_ROLLBACK".parse().unwrap();
    assert_eq!(
        run_wait(target.clone(), &[ready_answer(), pending()]),
        Ok(Some(ClusterState::Other("PENDING_ROLLBACK".into())))
    );
    assert_eq!(
        run_wait(target, &[in_state(ClusterState::Deleted)]),
        Err((8, ErrorKind::StateOutOfReach))
    );
    let migrated = [
        in_state(ClusterState::ModifyInProgress),
        pending(),
        in_state(ClusterState::RollbackInProgress),
        in_state(ClusterState::Active),
    ];
    assert_eq!(
        run_wait(WaitTarget::Active, &migrated),
        Ok(Some(ClusterState::Active))
    );
    assert_eq!(
        run_wait(WaitTarget::RollbackInProgress, &migrated),
        Ok(Some(ClusterState::RollbackInProgress))
    );
}

/// Each state's word is met in that state, and in no other; but ACTIVE is more than INITIALIZED,
/// and a CSR is there in UNINITIALIZED alone.
#[test]
fn each_target_is_met_in_its_own_state() {
    let states = [
        ClusterState::CreateInProgress,
        ClusterState::Uninitialized,
        ClusterState::InitializeInProgress,
        ClusterState::Initialized,
        ClusterState::Active,
        ClusterState::UpdateInProgress,
        ClusterState::ModifyInProgress,
        ClusterState::RollbackInProgress,
        ClusterState::Degraded,
        ClusterState::DeleteInProgress,
        ClusterState::Deleted,
        ClusterState::Other("PONDERING".into()),
    ];
    for target in &states {
        let wanted: WaitTarget = match target {
            ClusterState::Other(name) => WaitTarget::Other(name.clone()),
            known => known.as_str().parse().unwrap(),
        };
        for state in &states {
            let more = (target, state) == (&ClusterState::Initialized, &ClusterState::Active);
            assert_eq!(
                wanted.is_met(&cluster_in(state.clone())),
                target == state || more,
                "{wanted} in {state}"
            );
        }
    }
    for state in states {
        let mut cluster = cluster_in(state.clone());
        assert!(!WaitTarget::Csr.is_met(&cluster), "{state}");
        cluster.certificates.cluster_csr = Some(material().csr.clone());
        assert_eq!(
            WaitTarget::Csr.is_met(&cluster),
            state == ClusterState::Uninitialized
        );
    }
}

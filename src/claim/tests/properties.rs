//! Whatever a service answers, in whatever order: nothing is sent blindly, nothing is done
//! unconfirmed, everything ends.

use proptest::prelude::*;

use super::*;

fn describes() -> impl Strategy<Value = Described> {
    let m = material();
    prop_oneof![
        6 => Just(ready_answer()),
        1 => Just(ready_cluster(&m.replaced_csr)),
        1 => Just(in_state(ClusterState::CreateInProgress)),
        1 => Just(in_state(ClusterState::Uninitialized)),
        3 => Just(in_state(ClusterState::InitializeInProgress)),
        1 => Just(in_state(ClusterState::Initialized)),
        1 => Just(claimed_cluster(ClusterState::Initialized, &m.ours)),
        1 => Just(claimed_cluster(ClusterState::Active, &m.ours)),
        1 => Just(claimed_cluster(ClusterState::Active, &m.ours_again)),
        1 => Just(claimed_cluster(ClusterState::Active, &m.theirs)),
        1 => Just(claimed_cluster(ClusterState::InitializeInProgress, &m.ours)),
        1 => Just(claimed_cluster(ClusterState::Deleted, &m.ours)),
        1 => Just(in_state(ClusterState::UpdateInProgress)),
        1 => Just(in_state(ClusterState::Other("PONDERING".into()))),
        1 => Just(Ok(None)),
        2 => Just(failed_description(unreachable_service())),
        2 => Just(failed_description(lost_answer())),
        1 => Just(failed_description(denied_access())),
    ]
}

fn initializes() -> impl Strategy<Value = Option<Result<InitializeAnswer, ServiceError>>> {
    prop_oneof![
        2 => Just(Some(accepted_answer())),
        // The driver died, or forgot.
        1 => Just(None),
        4 => Just(Some(failed_initialization(lost_answer()))),
        2 => Just(Some(failed_initialization(throttled_call()))),
        1 => Just(Some(failed_initialization(unreachable_service()))),
        1 => Just(Some(failed_initialization(refused_request()))),
    ]
}

/// Judged here, not by the machine's own view.
fn may_send(last: Option<&Described>) -> bool {
    let Some(Ok(Some(cluster))) = last else {
        return false;
    };
    cluster.state == ClusterState::Uninitialized
        && cluster.certificates.cluster_csr.as_ref() == Some(&material().csr)
}

fn confirms(last: Option<&Described>) -> bool {
    let Some(Ok(Some(cluster))) = last else {
        return false;
    };
    let state = matches!(
        cluster.state,
        ClusterState::Initialized | ClusterState::Active
    );
    let certificate = cluster.certificates.cluster_certificate.as_ref();
    state && (certificate == Some(&material().ours) || certificate == Some(&material().ours_again))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn nothing_is_sent_blindly_and_nothing_is_done_unconfirmed(
        bootstrap in any::<bool>(),
        describes in prop::collection::vec(describes(), 1..40),
        initializes in prop::collection::vec(initializes(), 1..8),
    ) {
        let mut claim = if bootstrap {
            bootstrap_claim()
        } else {
            submission_claim()
        };
        let mut now = Duration::ZERO;
        // The last description since the last request.
        let mut last: Option<Described> = None;
        let (mut looks, mut sends, mut certified) = (0, 0, 0);
        let mut ended = false;
        for _ in 0..5000 {
            match claim.next(now) {
                ClaimStep::Describe => {
                    let answer = describes[looks % describes.len()].clone();
                    last = Some(answer.clone());
                    claim.record_description(answer);
                    looks += 1;
                }
                ClaimStep::Pause(length) => {
                    prop_assert!(!length.is_zero());
                    now += length;
                }
                ClaimStep::Certify(_) => {
                    prop_assert!(bootstrap && sends == 0 && certified == 0);
                    certified += 1;
                    // Time passes, and what was seen before is no longer news.
                    last = None;
                    claim.set_pair(&material().authorized).unwrap();
                }
                ClaimStep::Initialize(request) => {
                    prop_assert!(may_send(last.as_ref()), "sent after {last:?}");
                    prop_assert_eq!(&*request, &material().papers.request);
                    last = None;
                    let answer = initializes[sends % initializes.len()].clone();
                    sends += 1;
                    if let Some(answer) = answer {
                        claim.record_initialization(answer);
                    }
                }
                ClaimStep::Done(outcome) => {
                    prop_assert!(confirms(last.as_ref()), "done after {last:?}");
                    prop_assert!(outcome.how == ClaimOrigin::AlreadyClaimed || sends > 0);
                    ended = true;
                    break;
                }
                ClaimStep::Failed(_) => {
                    ended = true;
                    break;
                }
            }
        }
        prop_assert!(ended);
        prop_assert!(sends <= 9, "sent {sends} times");
    }
}

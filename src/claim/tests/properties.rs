//! Whatever a service answers, in whatever order: nothing is sent blindly, nothing is done
//! unconfirmed, everything ends.

use proptest::prelude::*;

use super::*;

fn describes() -> impl Strategy<Value = Described> {
    let m = material();
    prop_oneof![
        6 => Just(ok()),
        1 => Just(ready(&m.replaced_csr)),
        1 => Just(in_state(ClusterState::CreateInProgress)),
        1 => Just(in_state(ClusterState::Uninitialized)),
        3 => Just(in_state(ClusterState::InitializeInProgress)),
        1 => Just(in_state(ClusterState::Initialized)),
        1 => Just(claimed(ClusterState::Initialized, &m.ours)),
        1 => Just(claimed(ClusterState::Active, &m.ours)),
        1 => Just(claimed(ClusterState::Active, &m.ours_again)),
        1 => Just(claimed(ClusterState::Active, &m.theirs)),
        1 => Just(claimed(ClusterState::InitializeInProgress, &m.ours)),
        1 => Just(claimed(ClusterState::Deleted, &m.ours)),
        1 => Just(in_state(ClusterState::UpdateInProgress)),
        1 => Just(in_state(ClusterState::Other("PONDERING".into()))),
        1 => Just(Ok(None)),
        2 => Just(blind(unreachable())),
        2 => Just(blind(lost())),
        1 => Just(blind(denied())),
    ]
}

fn initializes() -> impl Strategy<Value = Option<Result<Accepted, ServiceError>>> {
    prop_oneof![
        2 => Just(Some(accepted())),
        // The driver died, or forgot.
        1 => Just(None),
        4 => Just(Some(answer(lost()))),
        2 => Just(Some(answer(throttled()))),
        1 => Just(Some(answer(unreachable()))),
        1 => Just(Some(answer(refused()))),
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
            beginning()
        } else {
            submission()
        };
        let mut now = Duration::ZERO;
        // The last description since the last request.
        let mut last: Option<Described> = None;
        let (mut looks, mut sends, mut certified) = (0, 0, 0);
        let mut ended = false;
        for _ in 0..5000 {
            match claim.next(now) {
                Step::Describe => {
                    let answer = describes[looks % describes.len()].clone();
                    last = Some(answer.clone());
                    claim.described(answer);
                    looks += 1;
                }
                Step::Pause(length) => {
                    prop_assert!(!length.is_zero());
                    now += length;
                }
                Step::Certify(_) => {
                    prop_assert!(bootstrap && sends == 0 && certified == 0);
                    certified += 1;
                    // Time passes, and what was seen before is no longer news.
                    last = None;
                    claim.certified(&material().authorized).unwrap();
                }
                Step::Initialize(request) => {
                    prop_assert!(may_send(last.as_ref()), "sent after {last:?}");
                    prop_assert_eq!(&*request, &material().papers.request);
                    last = None;
                    let answer = initializes[sends % initializes.len()].clone();
                    sends += 1;
                    if let Some(answer) = answer {
                        claim.initialized(answer);
                    }
                }
                Step::Done(outcome) => {
                    prop_assert!(confirms(last.as_ref()), "done after {last:?}");
                    prop_assert!(outcome.how == How::AlreadyClaimed || sends > 0);
                    ended = true;
                    break;
                }
                Step::Failed(_) => {
                    ended = true;
                    break;
                }
            }
        }
        prop_assert!(ended);
        prop_assert!(sends <= 9, "sent {sends} times");
    }
}

//! The meaning of a description for a claim under way: the rules of `mod.rs`'s page, one function
//! each.

use std::time::Duration;

use crate::cloudhsm::{ClusterState, ServiceError};
use crate::owner::Owner;
use crate::x509::Csr;

use super::failure::{Failure, ForeignClaim};
use super::live_csr::LiveCsr;
use super::shown::Shown;
use super::view::{ClaimSigner, ClusterView, Mandate};
use super::{Claim, ClaimOrigin, ClaimOutcome, Sent, Todo};

/// The greatest number of times that InitializeCluster is sent when nobody knows what became of it.
const MAX_SENDS: u32 = 3;
/// The greatest number of times that it is sent when the service, or the network, turned it away
/// without effect.
const MAX_TURNED_AWAY: u32 = 6;
/// The number of descriptions that must show an untouched cluster before a request of unknown
/// outcome counts as lost. DescribeClusters may lag behind: with the pauses between them they span
/// some seconds.
const LOOKS_AFTER_UNKNOWN: u32 = 5;
/// The same after an accepted request whose work DescribeClusters has never shown.
const LOOKS_AFTER_ACCEPTED: u32 = 8;
/// The same once INITIALIZE_IN_PROGRESS was seen: one reading of an older state is not a failure
/// yet.
const LOOKS_AFTER_PROGRESS: u32 = 3;
/// The greatest number of descriptions in a row that may fail, or miss the cluster, before anything
/// has been sent.
const MAX_FAILED_LOOKS: u32 = 5;
/// The number of descriptions that may show a claimed cluster without its certificate before that
/// is an answer.
const LOOKS_WITHOUT_CERTIFICATE: u32 = 4;
/// The number of descriptions that may not show an HSM that this run has just created.
const LOOKS_WITHOUT_HSM: u32 = 4;

impl Claim {
    /// Returns what the cluster is held against.
    pub(super) fn current_mandate(&self) -> Mandate<'_> {
        Mandate {
            owner: self
                .papers
                .as_ref()
                .map(|papers| papers.request.owner())
                .or(self.owner.as_ref()),
            signed_cert: self.papers.as_ref().map(|papers| &papers.signed_cert),
            csr: self
                .papers
                .as_ref()
                .map(|papers| &papers.csr)
                .or(self.csr.as_ref()),
            pair_is_there: self.papers.is_some(),
        }
    }

    /// Takes note that the service did not show the cluster.
    pub(super) fn note_missing_cluster(&mut self) {
        let known = self.last.is_some() || self.just_created;
        // Saturating, here and below: where a request is open, time alone ends these looks.
        self.gaps = self.gaps.saturating_add(1);
        if known && self.gaps <= MAX_FAILED_LOOKS {
            self.todo = Todo::Pause;
        } else {
            self.fail_with(Failure::NotFound {
                cluster_id: self.cluster_id.clone(),
                place: self.place.clone(),
                sent: self.sends > 0,
            });
        }
    }

    /// Takes note that DescribeClusters failed.
    pub(super) fn note_failed_look(&mut self, error: ServiceError) {
        self.gaps = self.gaps.saturating_add(1);
        if let Some(limit) = error.out_of_time() {
            // What became of the request matters more than that nobody can look any more.
            self.last_error = match &self.sent {
                Some(
                    Sent::Unknown {
                        error: Some(lost), ..
                    }
                    | Sent::TurnedAway(lost)
                    | Sent::Refused(lost),
                ) => Some(lost.clone()),
                _ => Some(error),
            };
            return self.fail_with(self.unfinished_failure(limit));
        }
        let failure = match &self.sent {
            // What became of the request matters more than why we cannot look.
            Some(Sent::Refused(refused)) if !self.open => Some(refused.clone()),
            _ if !error.is_transient() => Some(error.clone()),
            // Only time ends the search for what became of it.
            _ if self.open => None,
            _ if self.last.is_some() && self.gaps <= MAX_FAILED_LOOKS => None,
            _ => Some(error.clone()),
        };
        match failure {
            Some(error) => self.fail_with(Failure::Service {
                error,
                open: self.open,
            }),
            None => {
                self.last_error = Some(error);
                self.todo = Todo::Pause;
            }
        }
    }

    /// Judges a description while nothing has been sent.
    pub(super) fn judge_before_sending(&mut self, view: ClusterView) {
        let certified = self.papers.is_some();
        match view {
            ClusterView::Claimable(_) if !certified => self.todo = Todo::Certify,
            ClusterView::Claimable(csr) => {
                self.check_live_csr(csr, |claim| claim.todo = Todo::Initialize)
            }
            ClusterView::Creating | ClusterView::NoCsrYet
                if self.waits_for_creation && !certified =>
            {
                self.todo = Todo::Pause
            }
            ClusterView::Initializing => self.todo = Todo::Pause,
            ClusterView::Claimed(signer) => self.judge_claimed(signer),
            ClusterView::NoHsm if self.just_created => self
                .count_look(LOOKS_WITHOUT_HSM, |claim| {
                    claim.fail_with(claim.state_forbids())
                }),
            ClusterView::NoCertificate => self.count_look(LOOKS_WITHOUT_CERTIFICATE, |claim| {
                claim.fail_with(claim.state_forbids())
            }),
            ClusterView::Creating
            | ClusterView::NoCsrYet
            | ClusterView::NoHsm
            | ClusterView::Passing
            | ClusterView::Closed => self.fail_with(self.state_forbids()),
        }
    }

    /// Judges a description after a request.
    pub(super) fn judge_after_sending(&mut self, view: ClusterView, sent: Sent) {
        match view {
            ClusterView::Claimable(csr) => {
                self.check_live_csr(csr, |claim| claim.judge_untouched(sent))
            }
            // Our certificate alone is no confirmation: in these states the service may still be at
            // it, or be taking it back.
            ClusterView::Claimed(ClaimSigner::Sent(..) | ClaimSigner::OwnCa(..))
                if self.open && !self.is_settled() =>
            {
                self.todo = Todo::Pause
            }
            ClusterView::Claimed(signer) => self.judge_claimed(signer),
            ClusterView::Initializing => {
                self.looks = 0;
                if let Some(Sent::Accepted { progress } | Sent::Unknown { progress, .. }) =
                    &mut self.sent
                {
                    *progress = true;
                }
                self.todo = Todo::Pause;
            }
            // The certificate or the next state may be a moment behind.
            ClusterView::NoCertificate
            | ClusterView::Creating
            | ClusterView::NoCsrYet
            | ClusterView::Passing => self.todo = Todo::Pause,
            ClusterView::NoHsm | ClusterView::Closed => self.fail_with(self.state_forbids()),
        }
    }

    /// Goes on if the cluster is UNINITIALIZED with a CSR that is ours.
    pub(super) fn check_live_csr(&mut self, csr: LiveCsr, go_on: impl FnOnce(&mut Self)) {
        match &self.papers {
            Some(papers) if csr != LiveCsr::Same => {
                let (signed, sent) = (papers.csr.fingerprint(), self.sends > 0);
                self.fail_with(Failure::CsrChanged {
                    cluster_id: self.cluster_id.clone(),
                    signed,
                    now: csr,
                    sent,
                });
            }
            _ => go_on(self),
        }
    }

    /// Judges a cluster that is as if nothing had been sent.
    pub(super) fn judge_untouched(&mut self, sent: Sent) {
        match sent {
            Sent::Accepted { progress: true } | Sent::Unknown { progress: true, .. } => {
                self.count_look(LOOKS_AFTER_PROGRESS, |claim| {
                    claim.fail_with(claim.fell_back())
                });
            }
            Sent::Accepted { progress: false } => self.count_look(LOOKS_AFTER_ACCEPTED, |claim| {
                claim.fail_with(claim.fell_back())
            }),
            Sent::Unknown {
                progress: false,
                error,
            } => self.count_look(LOOKS_AFTER_UNKNOWN, |claim| claim.send_again(error)),
            Sent::TurnedAway(error) if self.turned_away >= MAX_TURNED_AWAY => {
                self.fail_with(Failure::Service {
                    error,
                    open: self.open,
                });
            }
            Sent::TurnedAway(_) => self.todo = Todo::Initialize,
            Sent::Refused(error) if self.open => {
                self.count_look(LOOKS_AFTER_UNKNOWN, |claim| {
                    claim.fail_with(Failure::Service { error, open: true })
                });
            }
            Sent::Refused(error) => self.fail_with(Failure::Service { error, open: false }),
        }
    }

    pub(super) fn send_again(&mut self, last: Option<ServiceError>) {
        if self.sends - self.turned_away < MAX_SENDS {
            self.todo = Todo::Initialize;
        } else {
            self.fail_with(Failure::NoEffect {
                cluster_id: self.cluster_id.clone(),
                sends: self.sends,
                last,
            });
        }
    }

    /// Counts a look that showed nothing new, and calls `conclude` once there were enough.
    pub(super) fn count_look(&mut self, enough: u32, conclude: impl FnOnce(&mut Self)) {
        // At most `enough`: what concludes ends the claim, or sends again and counts anew.
        self.looks += 1;
        if self.looks >= enough {
            conclude(self);
        } else {
            self.todo = Todo::Pause;
        }
    }

    /// The last description shows a state in which a claim is over: INITIALIZED or ACTIVE (API
    /// reference, Cluster: State).
    fn is_settled(&self) -> bool {
        self.last.as_ref().is_some_and(|cluster| {
            matches!(
                cluster.state,
                ClusterState::Initialized | ClusterState::Active
            )
        })
    }

    pub(super) fn judge_claimed(&mut self, signer: ClaimSigner) {
        let Some(cluster) = self.last.clone() else {
            return;
        };
        let foreign =
            |certificate| ForeignClaim::from_cluster(&cluster, certificate, self.sends > 0);
        let (certificate, same_certificate, owner) = match signer {
            ClaimSigner::Sent(certificate, owner) => (certificate, true, *owner),
            ClaimSigner::OwnCa(certificate, owner) => (certificate, false, *owner),
            ClaimSigner::OtherKey(theirs) => {
                let csr = self.current_mandate().csr.map(Csr::fingerprint);
                return self.fail_with(Failure::ClaimedForAnotherCsr {
                    claim: foreign(theirs),
                    signed: csr.unwrap_or_default(),
                });
            }
            ClaimSigner::Unclear(theirs, doubt) => {
                let claim = foreign(theirs);
                return self.fail_with(Failure::OwnerUnclear { claim, doubt });
            }
            ClaimSigner::Another(theirs) => {
                let ours = self.current_mandate().owner.map(Owner::trust_anchor);
                return self.fail_with(Failure::ClaimedByAnother {
                    claim: foreign(theirs),
                    ours: ours.map(|ours| Shown::from_certificate(ours.signing_ca())),
                });
            }
        };
        // A request that was turned down did not do it, even if the certificate is the same:
        // another run did.
        let by_us = same_certificate && self.open;
        let how = if by_us {
            ClaimOrigin::Claimed
        } else {
            ClaimOrigin::AlreadyClaimed
        };
        let (answer, sent) = (self.answer.clone(), self.sends);
        self.todo = Todo::Done(Box::new(ClaimOutcome {
            how,
            owner,
            cluster,
            certificate,
            same_certificate,
            answer,
            sent,
        }));
    }

    pub(super) fn fail_with(&mut self, failure: Failure) {
        self.todo = Todo::Failed(Box::new(failure));
    }

    pub(super) fn state_forbids(&self) -> Failure {
        let (cluster_id, sent) = (self.cluster_id.clone(), self.sends > 0);
        match &self.last {
            Some(cluster) => Failure::StateForbids {
                cluster: Box::new(cluster.clone()),
                sent,
            },
            None => Failure::NotFound {
                cluster_id,
                place: self.place.clone(),
                sent,
            },
        }
    }

    pub(super) fn fell_back(&self) -> Failure {
        let state_message = self
            .last
            .as_ref()
            .and_then(|cluster| cluster.state_message.clone());
        let answer = self
            .answer
            .as_ref()
            .and_then(|answer| answer.state_message.clone());
        Failure::FellBack {
            cluster_id: self.cluster_id.clone(),
            state_message,
            answer,
        }
    }

    pub(super) fn unfinished_failure(&self, limit: Duration) -> Failure {
        Failure::Unfinished {
            cluster_id: self.cluster_id.clone(),
            state: self.last.as_ref().map(|cluster| cluster.state.clone()),
            waited: limit,
            // What was turned away without effect was as good as not sent.
            sent: self.open,
            last_error: self.last_error.clone(),
        }
    }
}

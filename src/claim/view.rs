//! The meaning of a description for a claim.

use crate::cloudhsm::{Cluster, ClusterState, NextStep, next_step};
use crate::owner::Owner;
use crate::x509::{Certificate, Csr};

use super::live_csr::LiveCsr;
use super::ownership::{
    self, Doubt, ExpectedClaim, OwnerCertificate, Ownership, OwnershipJudgement,
};
use super::shown::Shown;

/// The claim that a cluster is held against: whose it is, and for which CSR.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mandate<'a> {
    /// The owner.
    pub(super) owner: Option<&'a Owner>,
    /// The pair's certificate.
    pub(super) signed_cert: Option<&'a Certificate>,
    /// The CSR that the claim is for.
    pub(super) csr: Option<&'a Csr>,
    /// True where the CSR is signed and the pair is here. Only then must the cluster still carry
    /// it.
    pub(super) pair_is_there: bool,
}

/// A cluster, seen by someone who wants to claim it.
#[derive(Clone, Debug)]
pub(super) enum ClusterView {
    /// UNINITIALIZED, with a CSR.
    Claimable(LiveCsr),
    /// CREATE_IN_PROGRESS.
    Creating,
    /// UNINITIALIZED, its CSR still to come.
    NoCsrYet,
    /// UNINITIALIZED, and no HSM works or is being made. A CSR, if there is one, goes with its HSM.
    NoHsm,
    /// INITIALIZE_IN_PROGRESS.
    Initializing,
    /// Claimed, with the certificate to show for it.
    Claimed(ClaimSigner),
    /// INITIALIZED or ACTIVE, but no certificate shown.
    NoCertificate,
    /// A state that passes (an update, one of tomorrow's), and no certificate shown.
    Passing,
    /// DEGRADED or deleted.
    Closed,
}

/// The signer of the certificate that a claimed cluster shows.
#[derive(Clone, Debug)]
pub(super) enum ClaimSigner {
    /// The certificate of the pair.
    Sent(Shown, Box<Owner>),
    /// Another one for the same key, signed by the same CA.
    OwnCa(Shown, Box<Owner>),
    /// Signed by the same CA, but for another key than the pair's CSR: another HSM's.
    OtherKey(Shown),
    /// Somebody else's.
    Another(Shown),
    /// Nobody can tell by this certificate: why.
    Unclear(Shown, Doubt),
}

impl ClusterView {
    /// Reads the description of a cluster. There is no catch-all arm: a state that is added needs
    /// its meaning here.
    pub(super) fn from_cluster(cluster: &Cluster, mandate: &Mandate<'_>) -> Self {
        let shown = || find_signer(cluster, mandate).map(ClusterView::Claimed);
        match &cluster.state {
            // One that is being restored was claimed before: whoever claimed it, it is not waited
            // for in vain.
            ClusterState::CreateInProgress if cluster.origin_text().is_some() => match shown() {
                Some(ClusterView::Claimed(
                    theirs @ (ClaimSigner::OtherKey(_)
                    | ClaimSigner::Another(_)
                    | ClaimSigner::Unclear(..)),
                )) => ClusterView::Claimed(theirs),
                _ => ClusterView::Creating,
            },
            ClusterState::CreateInProgress => ClusterView::Creating,
            ClusterState::Uninitialized => match &cluster.certificates.cluster_csr {
                Some(csr) => match next_step(cluster) {
                    // The HSM that made this CSR is broken or going: nothing is sent for a key that
                    // goes with it.
                    NextStep::DeleteHsm { .. } | NextStep::WaitUntilGone { .. } => {
                        ClusterView::NoHsm
                    }
                    _ => ClusterView::Claimable(LiveCsr::compare(
                        csr,
                        mandate.csr.filter(|_| mandate.pair_is_there),
                    )),
                },
                None => without_csr(cluster),
            },
            ClusterState::InitializeInProgress => ClusterView::Initializing,
            ClusterState::Initialized | ClusterState::Active => {
                shown().unwrap_or(ClusterView::NoCertificate)
            }
            ClusterState::UpdateInProgress
            | ClusterState::ModifyInProgress
            | ClusterState::RollbackInProgress
            | ClusterState::Other(_) => shown().unwrap_or(ClusterView::Passing),
            ClusterState::Degraded => shown().unwrap_or(ClusterView::Closed),
            ClusterState::DeleteInProgress | ClusterState::Deleted => ClusterView::Closed,
        }
    }
}

fn without_csr(cluster: &Cluster) -> ClusterView {
    match next_step(cluster) {
        NextStep::Wait(_) => ClusterView::NoCsrYet,
        _ => ClusterView::NoHsm,
    }
}

fn find_signer(cluster: &Cluster, mandate: &Mandate<'_>) -> Option<ClaimSigner> {
    let text = cluster.certificates.cluster_certificate.as_deref()?;
    // One that this crate has read reads here as well.
    let owner = mandate
        .owner
        .map(|owner| OwnerCertificate::all_of(owner.trust_anchor()))
        .unwrap_or_default();
    let expected = ExpectedClaim {
        csr_spki: mandate.csr.map(Csr::spki),
        signed_cert: mandate.signed_cert.map(Certificate::as_der),
    };
    let OwnershipJudgement {
        ownership, shown, ..
    } = ownership::judge_ownership(text, &owner, &expected);
    let own = mandate.owner.cloned().map(Box::new);
    Some(match (ownership, own) {
        (Ownership::ThisCertificate, Some(own)) => ClaimSigner::Sent(shown, own),
        (Ownership::AnotherCertificate | Ownership::NoCsrToCompare, Some(own)) => {
            ClaimSigner::OwnCa(shown, own)
        }
        (Ownership::AnotherKey, _) => ClaimSigner::OtherKey(shown),
        (Ownership::CannotBeJudged(doubt), _) => ClaimSigner::Unclear(shown, doubt),
        // Without an owner, whoever claimed it is another.
        (Ownership::AnotherCa, _) | (_, None) => ClaimSigner::Another(shown),
    })
}

//! What a description means for a claim.

use crate::cloudhsm::{Cluster, ClusterState, NextStep, next_step};
use crate::x509::{Certificate, Csr, TrustAnchor};

use super::live_csr::LiveCsr;
use super::ownership::{self, Doubt, Expected, Judgement, OwnerCertificate, Ownership};
use super::shown::Shown;

/// Whose claim this is, and for which CSR: what a cluster is held against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mandate<'a> {
    /// The owner's CA.
    pub(super) trust_anchor: Option<&'a TrustAnchor>,
    /// The pair's certificate.
    pub(super) signed_cert: Option<&'a Certificate>,
    /// The CSR that the claim is for.
    pub(super) csr: Option<&'a Csr>,
    /// Whether the CSR is signed, and the pair here: only then must the cluster still carry it.
    pub(super) pair_is_there: bool,
}

/// A cluster, seen by someone who wants to claim it.
#[derive(Clone, Debug)]
pub(super) enum View {
    /// UNINITIALIZED, with a CSR.
    Claimable(LiveCsr),
    /// CREATE_IN_PROGRESS.
    Creating,
    /// UNINITIALIZED, its CSR still to come.
    NoCsrYet,
    /// UNINITIALIZED, and nothing that would make a CSR.
    NoHsm,
    /// UNINITIALIZED, and its HSMs are broken or going.
    HsmsOut,
    /// INITIALIZE_IN_PROGRESS.
    Initializing,
    /// Claimed, with the certificate to show for it.
    Claimed(Signer),
    /// INITIALIZED or ACTIVE, but no certificate shown.
    NoCertificate,
    /// A state that passes (an update, one of tomorrow's), and no certificate shown.
    Passing,
    /// DEGRADED or deleted.
    Closed,
}

/// Whose certificate a claimed cluster shows.
#[derive(Clone, Debug)]
pub(super) enum Signer {
    /// The certificate of the pair.
    Sent(Shown),
    /// Another one for the same key, signed by the same CA.
    OwnCa(Shown),
    /// Signed by the same CA, but for another key than the pair's CSR: another HSM's.
    OtherKey(Shown),
    /// Somebody else's.
    Another(Shown),
    /// Nobody can tell by this certificate: why.
    Unclear(Shown, Doubt),
}

impl View {
    /// No catch-all arm: a state that is added here needs its meaning.
    pub(super) fn of(cluster: &Cluster, mandate: &Mandate<'_>) -> Self {
        let shown = || signer(cluster, mandate).map(View::Claimed);
        match &cluster.state {
            // One that is being restored was claimed before: whoever claimed it, it is not waited
            // for in vain.
            ClusterState::CreateInProgress if cluster.origin().is_some() => match shown() {
                Some(View::Claimed(
                    theirs @ (Signer::OtherKey(_) | Signer::Another(_) | Signer::Unclear(..)),
                )) => View::Claimed(theirs),
                _ => View::Creating,
            },
            ClusterState::CreateInProgress => View::Creating,
            ClusterState::Uninitialized => match &cluster.certificates.cluster_csr {
                Some(csr) => match next_step(cluster) {
                    // The HSM that made this CSR is broken or going: nothing is sent for a key that
                    // goes with it.
                    NextStep::DeleteHsm { .. } | NextStep::WaitUntilGone { .. } => View::HsmsOut,
                    _ => View::Claimable(LiveCsr::compare(
                        csr,
                        mandate.csr.filter(|_| mandate.pair_is_there),
                    )),
                },
                None => without_csr(cluster),
            },
            ClusterState::InitializeInProgress => View::Initializing,
            ClusterState::Initialized | ClusterState::Active => {
                shown().unwrap_or(View::NoCertificate)
            }
            ClusterState::UpdateInProgress
            | ClusterState::ModifyInProgress
            | ClusterState::RollbackInProgress
            | ClusterState::Other(_) => shown().unwrap_or(View::Passing),
            ClusterState::Degraded => shown().unwrap_or(View::Closed),
            ClusterState::DeleteInProgress | ClusterState::Deleted => View::Closed,
        }
    }
}

fn without_csr(cluster: &Cluster) -> View {
    match next_step(cluster) {
        NextStep::Wait(_) => View::NoCsrYet,
        NextStep::DeleteHsm { .. } | NextStep::WaitUntilGone { .. } => View::HsmsOut,
        _ => View::NoHsm,
    }
}

fn signer(cluster: &Cluster, mandate: &Mandate<'_>) -> Option<Signer> {
    let text = cluster.certificates.cluster_certificate.as_deref()?;
    // One that this crate has read reads here as well.
    let owner = mandate
        .trust_anchor
        .map(OwnerCertificate::all_of)
        .unwrap_or_default();
    let expected = Expected {
        csr_spki: mandate.csr.map(Csr::spki),
        signed_cert: mandate.signed_cert.map(Certificate::der),
    };
    let Judgement {
        ownership, shown, ..
    } = ownership::judge(text, &owner, &expected);
    Some(match ownership {
        Ownership::ThisCertificate => Signer::Sent(shown),
        Ownership::AnotherCertificate | Ownership::NoCsrToCompare => Signer::OwnCa(shown),
        Ownership::AnotherKey => Signer::OtherKey(shown),
        Ownership::AnotherCa => Signer::Another(shown),
        Ownership::CannotBeJudged(doubt) => Signer::Unclear(shown, doubt),
    })
}

//! How a state that does not allow a claim is told.

use crate::cloudhsm::{Cluster, ClusterState, NextStep, next_step};
use crate::error::{Error, ErrorKind, FactName};
use crate::outside::Lines;

const SENT: &str =
    "  InitializeCluster was sent before that; the service says nothing about its outcome";

/// The service's sentences about the states of the cluster and of its HSMs, a line each.
pub(crate) fn state_reasons(cluster: &Cluster) -> Lines {
    let hsms = cluster
        .hsms
        .iter()
        .map(|hsm| labelled_line(&format!("{} says", hsm.hsm_id), hsm.state_message.as_ref()));
    std::iter::once(labelled_line("service", cluster.state_message.as_ref()))
        .chain(hsms)
        .collect()
}

/// Returns the error of a state that does not allow a claim: one sentence per state.
pub(super) fn state_forbids(cluster: &Cluster, sent: bool) -> Error {
    let (kind, what) = match &cluster.state {
        ClusterState::CreateInProgress => (ErrorKind::ClusterNotReady, "is still being created"),
        ClusterState::Uninitialized => {
            return state_error(cluster, sent, explain_uninitialized(cluster));
        }
        ClusterState::InitializeInProgress => (ErrorKind::ClusterNotReady, "is being initialized"),
        ClusterState::Initialized | ClusterState::Active => (
            ErrorKind::ClaimedByUnknown,
            "is claimed already, and DescribeClusters shows no certificate that would tell by whom",
        ),
        ClusterState::UpdateInProgress
        | ClusterState::ModifyInProgress
        | ClusterState::RollbackInProgress => (
            ErrorKind::ClusterBusy,
            "is being changed and shows no certificate",
        ),
        ClusterState::Degraded => (
            ErrorKind::ClusterDegraded,
            "is degraded, and shows no certificate that would tell whether it is claimed",
        ),
        ClusterState::DeleteInProgress => (ErrorKind::ClusterDeleted, "is being deleted"),
        ClusterState::Deleted => (ErrorKind::ClusterDeleted, "is deleted"),
        ClusterState::Other(_) => (
            ErrorKind::ClusterStateUnknown,
            "is in a state that this version of hsmboot does not know",
        ),
    };
    state_error(cluster, sent, (kind, what.to_owned()))
}

/// Returns the error of a state, with the advice of what to do about it.
fn state_error(cluster: &Cluster, sent: bool, (kind, what): (ErrorKind, String)) -> Error {
    let id = &cluster.cluster_id;
    let mut next = None;
    let hint = match &cluster.state {
        // Somebody has claimed it: that comes before what its owner would do next.
        ClusterState::Initialized | ClusterState::Active => {
            "run the same command again in a minute; if it stays so, ask AWS Support for the \
             cluster's certificate"
                .to_owned()
        }
        _ => {
            next = next_step(cluster).command_for(id);
            next_step(cluster).advice_for(id)
        }
    };
    let origin = labelled_line("restored", cluster.origin_text());
    Error::new(
        kind,
        Lines::from([
            format!("{id} {what}"),
            format!("  state  {}", cluster.state),
        ])
        .followed_by(origin)
        .followed_by(state_reasons(cluster))
        .followed_by(sent_note(sent)),
        hint,
    )
    .with_next(next)
    .with_fact(FactName::ClusterId, id)
    .with_fact(FactName::State, cluster.state.to_string())
    .with_fact(FactName::ServiceMessage, cluster.state_message.as_ref())
    .with_fact(FactName::InitializeSent, sent)
}

fn explain_uninitialized(cluster: &Cluster) -> (ErrorKind, String) {
    let states: Vec<String> = cluster
        .hsms
        .iter()
        .map(|hsm| format!("{} {}", hsm.hsm_id, hsm.state))
        .collect();
    let states = states.join(", ");
    match next_step(cluster) {
        NextStep::Wait(_) => (
            ErrorKind::CsrNotReady,
            format!("has no CSR yet: its first HSM makes it ({states})"),
        ),
        NextStep::DeleteHsm { .. } | NextStep::WaitUntilGone { .. } => (
            ErrorKind::NoHsm,
            format!("has no working HSM ({states}), and only an HSM makes the CSR"),
        ),
        _ => (
            ErrorKind::NoHsm,
            "has no HSM, and its first HSM makes the CSR".to_owned(),
        ),
    }
}

pub(super) fn sent_note(sent: bool) -> Option<&'static str> {
    sent.then_some(SENT)
}

pub(super) fn labelled_line(label: &str, text: Option<impl std::fmt::Display>) -> Lines {
    text.map(|text| text.to_string())
        .filter(|text| !text.is_empty())
        .map(|text| format!("  {label}  {text}"))
        .into()
}

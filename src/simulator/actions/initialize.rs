//! InitializeCluster.

use serde_json::{Value, json};

use super::super::checked_members::CheckedMembers;
use super::super::faults::InjectedFault;
use super::super::initialize_rules;
use super::super::json_protocol::ApiError;
use super::super::state::{INITIALIZATION, NextState, OwnerCertificates, SimulatedClusterState};
use super::ActionContext;

/// The service's message (User Guide, "Initialize the cluster").
const IN_PROGRESS: &str =
    "Cluster is initializing. State will change to INITIALIZED upon completion.";

pub(crate) fn initialize_cluster(
    members: &CheckedMembers<'_>,
    context: &mut ActionContext<'_>,
) -> Result<Value, ApiError> {
    let cluster_id = members.required_text("ClusterId")?;
    let signed_cert = members.required_text("SignedCert")?;
    let trust_anchor = members.required_text("TrustAnchor")?;

    let (now, due) = (
        context.clock.now(),
        context.clock.time_after(INITIALIZATION),
    );
    let (reference, fault) = (context.reference, context.fault);
    let cluster = context.find_cluster(cluster_id)?;
    if cluster.state != SimulatedClusterState::Uninitialized {
        return Err(ApiError::invalid_request(format!(
            "Cluster '{cluster_id}' is in state {}; only an UNINITIALIZED cluster can be \
             initialized.",
            cluster.state.name()
        )));
    }
    let identity = cluster.csr_identity().ok_or_else(|| {
        ApiError::invalid_request(format!(
            "Cluster '{cluster_id}' has no certificate signing request: it has no ACTIVE HSM."
        ))
    })?;
    initialize_rules::judge(signed_cert, trust_anchor, &identity.spki, now, reference)?;

    cluster.enter_state(SimulatedClusterState::InitializeInProgress, now);
    cluster.state_message = Some(String::from(IN_PROGRESS));
    cluster.claim = Some(OwnerCertificates {
        signed_cert: signed_cert.to_owned(),
        trust_anchor: trust_anchor.to_owned(),
    });
    cluster.next = match fault {
        Some(InjectedFault::InitializeNeverEnds) => None,
        Some(InjectedFault::InitializeFails) => {
            Some(NextState::new(SimulatedClusterState::Uninitialized, due))
        }
        _ => Some(NextState::new(SimulatedClusterState::Initialized, due)),
    };
    Ok(json!({ "State": cluster.state.name(), "StateMessage": IN_PROGRESS }))
}

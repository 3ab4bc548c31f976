//! InitializeCluster.

use serde_json::{Value, json};

use super::super::faults::Fault;
use super::super::initialize_rules;
use super::super::json_protocol::ApiError;
use super::super::limits::CLUSTER_ID;
use super::super::members::Members;
use super::super::state::{Claim, ClusterState, INITIALIZATION, Next};
use super::{Context, no_such_cluster};

/// As the service words it (User Guide, "Initialize the cluster").
const IN_PROGRESS: &str =
    "Cluster is initializing. State will change to INITIALIZED upon completion.";

pub(super) fn initialize_cluster(
    members: &Members<'_>,
    context: &mut Context<'_>,
) -> Result<Value, ApiError> {
    let cluster_id = members.required("ClusterId", &CLUSTER_ID)?;
    let signed_cert = members.required("SignedCert", context.reference.certificate())?;
    let trust_anchor = members.required("TrustAnchor", context.reference.certificate())?;

    let identify = context.identify();
    let (now, due) = (context.clock.now(), context.clock.after(INITIALIZATION));
    let region = context.world.region(context.place);
    let cluster = region
        .cluster(cluster_id, context.clock, &identify)
        .ok_or_else(|| no_such_cluster(cluster_id))?;
    if cluster.state != ClusterState::Uninitialized {
        return Err(ApiError::invalid(format!(
            "Cluster '{cluster_id}' is in state {}; only an UNINITIALIZED cluster can be \
             initialized.",
            cluster.state.name()
        )));
    }
    let identity = cluster.csr_identity().ok_or_else(|| {
        ApiError::invalid(format!(
            "Cluster '{cluster_id}' has no certificate signing request: it has no ACTIVE HSM."
        ))
    })?;
    initialize_rules::judge(
        signed_cert,
        trust_anchor,
        &identity.spki,
        now,
        context.reference,
    )?;

    cluster.enter(ClusterState::InitializeInProgress, now);
    cluster.state_message = Some(String::from(IN_PROGRESS));
    cluster.claim = Some(Claim {
        signed_cert: signed_cert.to_owned(),
        trust_anchor: trust_anchor.to_owned(),
    });
    cluster.next = match context.fault {
        Some(Fault::InitializeNeverEnds) => None,
        Some(Fault::InitializeFails) => Some(Next::new(ClusterState::Uninitialized, due)),
        _ => Some(Next::new(ClusterState::Initialized, due)),
    };
    Ok(json!({ "State": cluster.state.name(), "StateMessage": IN_PROGRESS }))
}

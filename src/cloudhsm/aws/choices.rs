//! The members that are chosen once, to the SDK and from it.

use aws_sdk_cloudhsmv2::operation::create_cluster::builders::CreateClusterFluentBuilder;
use aws_sdk_cloudhsmv2::types;

use crate::cloudhsm::choices::{ChosenValues, NETWORK_TYPE};

/// Adds them to a request.
pub(super) fn add_choices(
    request: CreateClusterFluentBuilder,
    chosen: &ChosenValues,
) -> CreateClusterFluentBuilder {
    request.set_network_type(chosen.get(&NETWORK_TYPE).map(|kind| kind.as_raw().into()))
}

/// Reads those of a cluster.
pub(super) fn choices_from(cluster: &types::Cluster) -> ChosenValues {
    ChosenValues::default().with_value(
        &NETWORK_TYPE,
        cluster.network_type().map(|kind| kind.as_str()),
    )
}

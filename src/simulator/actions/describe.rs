//! DescribeClusters.

use serde::Serialize;

use super::super::checked_members::CheckedMembers;
use super::super::filters::{FilterRow, filter_names};
use super::super::json_protocol::{Answer, ApiError};
use super::super::limits::MAX_RESULTS;
use super::super::state::SimulatedCluster;
use super::ActionContext;
use super::forms::ClusterForm;
use super::pages::PageRequest;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ClusterPage<'a> {
    clusters: Vec<ClusterForm<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(crate) fn describe_clusters(
    members: &CheckedMembers<'_>,
    context: &mut ActionContext<'_>,
) -> Result<Answer, ApiError> {
    let filters = members.filters("Filters");
    let page = PageRequest::read(
        members,
        context,
        "DescribeClusters",
        MAX_RESULTS,
        &filters.canonical_text(),
    );
    let after = page.previous_end()?.map_or(0, u64::from_be_bytes);

    let time = context.time();
    let region = context.world.region_at(context.place);
    let mut found = region
        .clusters_after(after, &time)
        .filter(|(_, cluster)| filters.match_item(CLUSTER_FILTERS, *cluster))
        .peekable();
    let mut clusters = Vec::new();
    let mut last = after;
    while let Some((number, cluster)) = found.next_if(|_| clusters.len() < page.size) {
        clusters.push(ClusterForm::from_cluster(cluster, context.reference));
        last = number;
    }
    let next_token = found
        .peek()
        .is_some()
        .then(|| page.next_token(last.to_be_bytes()));
    Answer::from_form(&ClusterPage {
        clusters,
        next_token,
    })
}

/// The filters of DescribeClusters.
const CLUSTER_FILTERS: &[FilterRow<SimulatedCluster>] = &[
    ("clusterIds", |cluster, value| cluster.id == value),
    ("states", |cluster, value| cluster.state.name() == value),
    ("vpcIds", |cluster, value| cluster.vpc == value),
];

pub(crate) fn cluster_filter_names() -> Vec<&'static str> {
    filter_names(CLUSTER_FILTERS)
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::super::super::clock::{Clock, Speed};
    use super::super::super::hardware::SimulatedHardware;
    use super::super::super::reference::Reference;
    use super::super::super::state::{AccountRegion, World};
    use super::*;

    /// A state that is remembered as settled for a millisecond must not hide a change within it.
    #[test]
    fn a_change_shows_in_the_same_millisecond() {
        let clock = Clock::start(Speed::INSTANT);
        let hardware = std::sync::Arc::new(SimulatedHardware::start(clock.now(), None).unwrap());
        let (mut world, tokens) = (
            World::default(),
            super::super::pages::NextTokenKey::new().unwrap(),
        );
        let place = AccountRegion {
            account: String::from("123456789012"),
            region: String::from("us-east-1"),
        };
        let mut call = |action: &str, members: Value| {
            let members: Map<String, Value> = members.as_object().unwrap().clone();
            let (world, clock, hardware, tokens, place) =
                (&mut world, &clock, &hardware, &tokens, &place);
            let mut context = ActionContext {
                world,
                clock,
                hardware,
                tokens,
                place,
                quotas: false,
                reference: Reference::Today,
                fault: None,
            };
            super::super::super::api::run_action(action, &members, &mut context)
                .unwrap()
                .into_members()
        };
        for _ in 0..50 {
            let cluster = call(
                "CreateCluster",
                json!({
                    "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"],
                }),
            );
            let id = &cluster["Cluster"]["ClusterId"];
            let only = json!({ "Filters": { "clusterIds": [id] } });
            assert_eq!(
                call("DescribeClusters", only.clone())["Clusters"][0]["State"],
                "UNINITIALIZED"
            );
            call("DeleteCluster", json!({ "ClusterId": id }));
            assert_eq!(
                call("DescribeClusters", only)["Clusters"][0]["State"],
                "DELETED"
            );
        }
    }
}

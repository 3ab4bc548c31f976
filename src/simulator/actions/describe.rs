//! DescribeClusters.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Serialize;

use super::super::checked_members::CheckedMembers;
use super::super::filters::{FilterRow, filter_names};
use super::super::ids::random_bytes;
use super::super::json_protocol::{Answer, ApiError};
use super::super::limits::MAX_RESULTS;
use super::super::state::SimulatedCluster;
use super::ActionContext;
use super::forms::ClusterForm;

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
    let (_, most) = MAX_RESULTS;
    let page = members.integer("MaxResults").unwrap_or(most);
    let token = members.text("NextToken").filter(|token| !token.is_empty());
    let call = format!(
        "DescribeClusters/{}/{}/{}",
        context.place.account,
        context.place.region,
        filters.canonical_text()
    );
    let after = token
        .map(|token| context.tokens.open_number(token, &call))
        .transpose()?
        .unwrap_or(0);

    let time = context.time();
    let region = context.world.region_at(context.place);
    let mut found = region
        .clusters_after(after, &time)
        .filter(|(_, cluster)| filters.match_item(CLUSTER_FILTERS, *cluster))
        .peekable();
    let mut clusters = Vec::new();
    let mut last = after;
    while let Some((number, cluster)) =
        found.next_if(|_| u64::try_from(clusters.len()).unwrap_or(u64::MAX) < page)
    {
        clusters.push(ClusterForm::from_cluster(cluster, context.reference));
        last = number;
    }
    let next_token = found
        .peek()
        .is_some()
        .then(|| context.tokens.seal_number(last, &call));
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

/// A key that makes NextTokens. Nobody else can make them, and each fits one call only.
pub(crate) struct NextTokenKey {
    key: ring::hmac::Key,
    secret: [u8; 32],
}

impl NextTokenKey {
    pub(crate) fn new() -> Result<Self, String> {
        random_bytes().map(Self::from_secret)
    }

    /// Makes the key of an earlier simulator, whose tokens are valid here.
    pub(crate) fn from_secret(secret: [u8; 32]) -> Self {
        Self {
            key: ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &secret),
            secret,
        }
    }

    pub(crate) fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    pub(super) fn seal_number(&self, last: u64, call: &str) -> String {
        self.seal_octets(last.to_be_bytes(), call)
    }

    pub(super) fn open_number(&self, token: &str, call: &str) -> Result<u64, ApiError> {
        self.open_octets(token, call).map(u64::from_be_bytes)
    }

    /// Seals the octets that tell where the next page begins.
    pub(super) fn seal_octets<const N: usize>(&self, octets: [u8; N], call: &str) -> String {
        let tag = ring::hmac::sign(&self.key, &[&octets, call.as_bytes()].concat());
        Base64UrlUnpadded::encode_string(&[&octets, tag.as_ref()].concat())
    }

    pub(super) fn open_octets<const N: usize>(
        &self,
        token: &str,
        call: &str,
    ) -> Result<[u8; N], ApiError> {
        let refused = || {
            ApiError::invalid_request(
                "NextToken was not made for this call: its action, region, filters or order \
                 differ, or it was altered.",
            )
        };
        let sealed = Base64UrlUnpadded::decode_vec(token).map_err(|_| refused())?;
        let (octets, tag) = sealed.split_first_chunk::<N>().ok_or_else(refused)?;
        ring::hmac::verify(&self.key, &[octets, call.as_bytes()].concat(), tag)
            .map_err(|_| refused())?;
        Ok(*octets)
    }
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
        let hardware = std::sync::Arc::new(SimulatedHardware::start(clock.now()).unwrap());
        let (mut world, tokens) = (World::default(), NextTokenKey::new().unwrap());
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

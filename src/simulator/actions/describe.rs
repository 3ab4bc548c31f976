//! DescribeClusters.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Serialize;

use super::super::ids::random_bytes;
use super::super::limits::{FILTER_NAME, FILTERS, MAX_RESULTS, NEXT_TOKEN, Text, violation};
use super::super::members::Members;
use super::super::state::Cluster;
use super::super::wire::{Answer, ApiError};
use super::Context;
use super::forms::ClusterForm;

const FILTER_NAMES: [&str; 3] = ["clusterIds", "states", "vpcIds"];

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Page<'a> {
    clusters: Vec<ClusterForm<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) fn describe_clusters(members: &Members<'_>, context: &mut Context<'_>) -> Result<Answer, ApiError> {
    let filters = Filters::read(members)?;
    let (_, most) = MAX_RESULTS;
    let page = members.integer("MaxResults", MAX_RESULTS)?.unwrap_or(most);
    let token = members.text("NextToken", &NEXT_TOKEN)?.filter(|token| !token.is_empty());
    let call = format!("DescribeClusters/{}/{}/{}", context.place.account, context.place.region, filters.text());
    let after = token.map(|token| context.tokens.open(token, &call)).transpose()?.unwrap_or(0);

    let identify = context.identify();
    let region = context.world.region(context.place);
    let mut found = region.clusters(after, context.clock, &identify).filter(|(_, cluster)| filters.allow(cluster)).peekable();
    let mut clusters = Vec::new();
    let mut last = after;
    while let Some((number, cluster)) = found.next_if(|_| u64::try_from(clusters.len()).unwrap_or(u64::MAX) < page) {
        clusters.push(ClusterForm::of(cluster));
        last = number;
    }
    let next_token = found.peek().is_some().then(|| context.tokens.seal(last, &call));
    Answer::written(&Page { clusters, next_token })
}

/// `Filters`: a cluster is shown if each filter names something of it. Values are plain strings in the reference, so one
/// that names nothing is no error.
struct Filters<'a>(Vec<(&'a str, Vec<&'a str>)>);

impl<'a> Filters<'a> {
    fn read(members: &Members<'a>) -> Result<Self, ApiError> {
        let Some(filters) = members.object("Filters")? else {
            return Ok(Self(Vec::new()));
        };
        let any_text = Text::any();
        let mut read = Vec::new();
        for name in filters.names() {
            FILTER_NAME.judge("Filters", name)?;
            if !FILTER_NAMES.contains(&name) {
                return Err(violation(name, "Filters", &format!("Map keys must be one of {}", FILTER_NAMES.join(", "))));
            }
            read.push((name, filters.texts(name, (0, usize::MAX), &any_text)?.unwrap_or_default()));
        }
        if read.len() > FILTERS {
            return Err(ApiError::invalid(format!("Filters has {} entries; at most {FILTERS} are allowed.", read.len())));
        }
        Ok(Self(read))
    }

    fn allow(&self, cluster: &Cluster) -> bool {
        self.0.iter().all(|(name, values)| match *name {
            "clusterIds" => values.contains(&cluster.id.as_str()),
            "vpcIds" => values.contains(&cluster.vpc.as_str()),
            _ => values.contains(&cluster.state.name()),
        })
    }

    /// One form for equal filters, to bind a token to them.
    fn text(&self) -> String {
        let mut parts: Vec<String> = self.0.iter().map(|(name, values)| format!("{name}={values:?}")).collect();
        parts.sort();
        parts.join("&")
    }
}

/// Makes NextTokens that nobody else can make, and that fit one call only.
pub(in super::super) struct TokenKey(ring::hmac::Key);

impl TokenKey {
    pub(in super::super) fn new() -> Result<Self, String> {
        Ok(Self(ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &random_bytes::<32>()?)))
    }

    fn seal(&self, last: u64, call: &str) -> String {
        let number = last.to_be_bytes();
        let tag = ring::hmac::sign(&self.0, &[&number, call.as_bytes()].concat());
        Base64UrlUnpadded::encode_string(&[&number, tag.as_ref()].concat())
    }

    fn open(&self, token: &str, call: &str) -> Result<u64, ApiError> {
        let refused = || ApiError::invalid("NextToken was not made for this call: its action, region or filters differ, or it was altered.");
        let octets = Base64UrlUnpadded::decode_vec(token).map_err(|_| refused())?;
        let (number, tag) = octets.split_first_chunk::<8>().ok_or_else(refused)?;
        ring::hmac::verify(&self.0, &[number, call.as_bytes()].concat(), tag).map_err(|_| refused())?;
        Ok(u64::from_be_bytes(*number))
    }
}

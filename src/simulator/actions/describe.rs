//! DescribeClusters, and the JSON forms of clusters and HSMs. No member is ever `null`: what is not there is left out.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Map, Value, json};

use super::super::clock::Millis;
use super::super::ids::random_bytes;
use super::super::limits::{MAX_RESULTS, NEXT_TOKEN};
use super::super::members::Members;
use super::super::state::{Cluster, ClusterState, Hsm, HsmState};
use super::super::wire::ApiError;
use super::Context;
use super::filters::Filters;

const FILTER_NAMES: [&str; 3] = ["clusterIds", "states", "vpcIds"];

pub(super) fn describe_clusters(members: &Members<'_>, context: &mut Context<'_>) -> Result<Value, ApiError> {
    let filters = Filters::read(members, &FILTER_NAMES)?;
    let (_, most) = MAX_RESULTS;
    let page = members.integer("MaxResults", MAX_RESULTS)?.unwrap_or(most);
    let token = members.text("NextToken", &NEXT_TOKEN)?.filter(|token| !token.is_empty());
    let call = format!("DescribeClusters/{}/{}/{}", context.place.account, context.place.region, filters.text());
    let after = token.map(|token| context.tokens.open(token, &call)).transpose()?.unwrap_or(0);

    let identify = context.identify();
    let region = context.world.region(context.place);
    let mut found = region
        .clusters(context.clock, &identify)
        .filter(|(number, cluster)| *number > after && filters.allow(|name, value| has(cluster, name, value)))
        .peekable();
    let mut clusters = Vec::new();
    let mut last = after;
    while let Some((number, cluster)) = found.next_if(|_| u64::try_from(clusters.len()).unwrap_or(u64::MAX) < page) {
        clusters.push(cluster_json(cluster));
        last = number;
    }
    let mut answer = json!({ "Clusters": clusters });
    if found.peek().is_some() {
        put(&mut answer, "NextToken", context.tokens.seal(last, &call));
    }
    Ok(answer)
}

/// Whether a cluster has that value of the filter of that name.
fn has(cluster: &Cluster, name: &str, value: &str) -> bool {
    match name {
        "clusterIds" => cluster.id == value,
        "vpcIds" => cluster.vpc == value,
        "states" => cluster.state.name() == value,
        _ => false,
    }
}

/// Makes NextTokens that nobody else can make, and that fit one call only.
pub(in super::super) struct TokenKey {
    key: ring::hmac::Key,
    secret: [u8; 32],
}

impl TokenKey {
    pub(in super::super) fn new() -> Result<Self, String> {
        random_bytes().map(Self::from_secret)
    }

    /// The key of an earlier simulator: its tokens are good here.
    pub(in super::super) fn from_secret(secret: [u8; 32]) -> Self {
        Self { key: ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &secret), secret }
    }

    pub(in super::super) fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    pub(super) fn seal(&self, last: u64, call: &str) -> String {
        self.seal_octets(last.to_be_bytes(), call)
    }

    pub(super) fn open(&self, token: &str, call: &str) -> Result<u64, ApiError> {
        self.open_octets(token, call).map(u64::from_be_bytes)
    }

    /// Seals the octets that say where the next page begins.
    pub(super) fn seal_octets<const N: usize>(&self, octets: [u8; N], call: &str) -> String {
        let tag = ring::hmac::sign(&self.key, &[&octets, call.as_bytes()].concat());
        Base64UrlUnpadded::encode_string(&[&octets, tag.as_ref()].concat())
    }

    pub(super) fn open_octets<const N: usize>(&self, token: &str, call: &str) -> Result<[u8; N], ApiError> {
        let refused = || ApiError::invalid("NextToken was not made for this call: its action, region, filters or order differ, or it was altered.");
        let sealed = Base64UrlUnpadded::decode_vec(token).map_err(|_| refused())?;
        let (octets, tag) = sealed.split_first_chunk::<N>().ok_or_else(refused)?;
        ring::hmac::verify(&self.key, &[octets, call.as_bytes()].concat(), tag).map_err(|_| refused())?;
        Ok(*octets)
    }
}

pub(super) fn put(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value.into());
    }
}

pub(super) fn tags_json(tags: &[(String, String)]) -> Value {
    tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}

pub(super) fn cluster_json(cluster: &Cluster) -> Value {
    let subnets: Map<String, Value> = cluster.subnets.iter().map(|(zone, subnet)| (zone.clone(), Value::from(subnet.as_str()))).collect();
    let hsms: Vec<Value> = cluster.hsms.iter().map(|hsm| hsm_json(cluster, hsm)).collect();
    let mut out = json!({
        "BackupPolicy": "DEFAULT",
        "BackupRetentionPolicy": { "Type": "DAYS", "Value": cluster.retention_days.to_string() },
        "ClusterId": cluster.id,
        "CreateTimestamp": timestamp(cluster.created),
        "Hsms": hsms,
        "HsmType": cluster.hsm_type,
        "SecurityGroup": cluster.security_group,
        "State": cluster.state.name(),
        "SubnetMapping": subnets,
        "VpcId": cluster.vpc,
        "Certificates": certificates(cluster),
        "TagList": tags_json(&cluster.tags),
    });
    // "The default password for the cluster's Pre-Crypto Officer (PRECO) user": of no use once the cluster is ACTIVE.
    if matches!(cluster.state, ClusterState::Uninitialized | ClusterState::InitializeInProgress | ClusterState::Initialized) {
        put(&mut out, "PreCoPassword", cluster.pre_co_password.as_str());
    }
    let optional = [
        ("SourceBackupId", &cluster.source_backup),
        ("StateMessage", &cluster.state_message),
        ("Mode", &cluster.mode),
        ("NetworkType", &cluster.network_type),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            put(&mut out, name, value.as_str());
        }
    }
    if let Some(until) = cluster.rollback_until {
        put(&mut out, "HsmTypeRollbackExpiration", timestamp(until));
    }
    out
}

/// The CSR and the hardware's certificates before initialization, ClusterCertificate after (facts.md, "The service").
fn certificates(cluster: &Cluster) -> Value {
    if let Some(identity) = cluster.csr_identity() {
        return json!({
            "ClusterCsr": identity.csr,
            "HsmCertificate": identity.hsm,
            "AwsHardwareCertificate": identity.aws_hardware,
            "ManufacturerHardwareCertificate": identity.manufacturer_hardware,
        });
    }
    match &cluster.claim {
        Some(claim) if !matches!(cluster.state, ClusterState::Uninitialized | ClusterState::InitializeInProgress) => {
            json!({ "ClusterCertificate": claim.signed_cert })
        }
        _ => json!({}),
    }
}

pub(super) fn hsm_json(cluster: &Cluster, hsm: &Hsm) -> Value {
    let mut out = json!({
        "AvailabilityZone": hsm.zone,
        "ClusterId": cluster.id,
        "SubnetId": hsm.subnet,
        "EniId": hsm.eni,
        "EniIp": hsm.ip,
        "HsmId": hsm.id,
        "State": hsm.state.name(),
    });
    if hsm.state == HsmState::Active {
        put(&mut out, "StateMessage", "HSM created.");
    }
    out
}

/// A JSON number, in seconds with a fraction (JSON 1.1, `timestampFormat` epoch-seconds).
pub(super) fn timestamp(at: Millis) -> Value {
    let seconds = std::time::Duration::from_millis(u64::try_from(at).unwrap_or(0)).as_secs_f64();
    Value::from(seconds)
}

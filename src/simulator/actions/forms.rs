//! The forms of clusters and HSMs in answers. No member is ever `null`: what is not there is left
//! out.
//!
//! They borrow, and are written to the answer as they stand: DescribeClusters is called far more
//! often than all else.

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::super::clock::Millis;
use super::super::pem::Pem;
use super::super::reference::Reference;
use super::super::state::{Cluster, ClusterState, Hsm, HsmState};

/// `Cluster` of the API Reference.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ClusterForm<'a> {
    backup_policy: &'static str,
    backup_retention_policy: RetentionForm,
    cluster_id: &'a str,
    create_timestamp: f64,
    hsms: Vec<HsmForm<'a>>,
    hsm_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    security_group: Option<&'a str>,
    state: &'static str,
    #[serde(serialize_with = "write_map")]
    subnet_mapping: &'a [(String, String)],
    vpc_id: &'a str,
    certificates: CertificatesForm<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag_list: Option<Vec<TagForm<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_backup_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hsm_type_rollback_expiration: Option<f64>,
}

impl<'a> ClusterForm<'a> {
    /// PreCoPassword, which the model has, is in no captured answer of the service.
    pub(super) fn of(cluster: &'a Cluster, reference: Reference) -> Self {
        let later = reference.is_later();
        Self {
            backup_policy: "DEFAULT",
            backup_retention_policy: RetentionForm {
                kind: "DAYS",
                value: cluster.retention_days.to_string(),
            },
            cluster_id: &cluster.id,
            create_timestamp: seconds(cluster.created),
            hsms: cluster
                .hsms
                .iter()
                .map(|hsm| HsmForm::of(cluster, hsm, reference))
                .collect(),
            hsm_type: &cluster.hsm_type,
            security_group: Some(&cluster.security_group),
            state: cluster.state.name(),
            subnet_mapping: &cluster.subnets,
            vpc_id: &cluster.vpc,
            certificates: CertificatesForm::of(cluster),
            tag_list: Some(tags(&cluster.tags)),
            source_backup_id: cluster.source_backup.as_deref(),
            state_message: cluster.state_message.as_deref(),
            mode: cluster.mode.as_deref().filter(|_| later),
            network_type: cluster.network_type.as_deref().filter(|_| later),
            hsm_type_rollback_expiration: cluster.rollback_until.filter(|_| later).map(seconds),
        }
    }

    /// As CreateCluster answers: captured answers of the service have neither SecurityGroup nor
    /// TagList there.
    fn created(cluster: &'a Cluster, reference: Reference) -> Self {
        Self {
            security_group: None,
            tag_list: None,
            ..Self::of(cluster, reference)
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RetentionForm {
    #[serde(rename = "Type")]
    kind: &'static str,
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TagForm<'a> {
    key: &'a str,
    value: &'a str,
}

/// The CSR and the hardware's certificates before initialization, ClusterCertificate after (API
/// Reference, `Certificates`).
#[derive(Serialize)]
#[serde(untagged)]
enum CertificatesForm<'a> {
    #[serde(rename_all = "PascalCase")]
    Unclaimed {
        cluster_csr: &'a Pem,
        hsm_certificate: &'a Pem,
        aws_hardware_certificate: &'a Pem,
        manufacturer_hardware_certificate: &'a Pem,
    },
    #[serde(rename_all = "PascalCase")]
    Claimed {
        cluster_certificate: &'a str,
    },
    None {},
}

impl<'a> CertificatesForm<'a> {
    fn of(cluster: &'a Cluster) -> Self {
        if let Some(identity) = cluster.csr_identity() {
            return Self::Unclaimed {
                cluster_csr: &identity.csr,
                hsm_certificate: &identity.hsm,
                aws_hardware_certificate: &identity.aws_hardware,
                manufacturer_hardware_certificate: &identity.manufacturer_hardware,
            };
        }
        match &cluster.claim {
            Some(claim)
                if !matches!(
                    cluster.state,
                    ClusterState::Uninitialized | ClusterState::InitializeInProgress
                ) =>
            {
                Self::Claimed {
                    cluster_certificate: &claim.signed_cert,
                }
            }
            _ => Self::None {},
        }
    }
}

/// `Hsm` of the API Reference.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct HsmForm<'a> {
    availability_zone: &'a str,
    cluster_id: &'a str,
    subnet_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    eni_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eni_ip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eni_ip_v6: Option<&'a str>,
    hsm_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hsm_type: Option<&'a str>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_message: Option<&'static str>,
}

impl<'a> HsmForm<'a> {
    fn of(cluster: &'a Cluster, hsm: &'a Hsm, reference: Reference) -> Self {
        let later = reference.is_later();
        Self {
            availability_zone: &hsm.zone,
            cluster_id: &cluster.id,
            subnet_id: &hsm.subnet,
            eni_id: Some(&hsm.eni),
            eni_ip: Some(&hsm.ip),
            eni_ip_v6: hsm.ip_v6.as_deref().filter(|_| later),
            hsm_id: &hsm.id,
            hsm_type: later.then_some(hsm.hsm_type.as_str()),
            state: hsm.state.name(),
            // As the service words them: the guide, and users who met the other one
            // (aws-samples/aws-cloudhsm-cloudformation-template, issue 17).
            state_message: match hsm.state {
                HsmState::Active => Some("HSM created."),
                HsmState::Degraded => {
                    Some("HSM creation failed. Please delete this HSM and try again.")
                }
                _ => None,
            },
        }
    }

    /// As CreateHsm answers: captured answers of the service know no network interface there.
    fn created(cluster: &'a Cluster, hsm: &'a Hsm, reference: Reference) -> Self {
        Self {
            eni_id: None,
            eni_ip: None,
            eni_ip_v6: None,
            ..Self::of(cluster, hsm, reference)
        }
    }
}

fn tags(tags: &[(String, String)]) -> Vec<TagForm<'_>> {
    tags.iter()
        .map(|(key, value)| TagForm { key, value })
        .collect()
}

pub(super) fn cluster_json(cluster: &Cluster, reference: Reference) -> Value {
    value(&ClusterForm::of(cluster, reference))
}

pub(super) fn created_cluster_json(cluster: &Cluster, reference: Reference) -> Value {
    value(&ClusterForm::created(cluster, reference))
}

pub(super) fn created_hsm_json(cluster: &Cluster, hsm: &Hsm, reference: Reference) -> Value {
    value(&HsmForm::created(cluster, hsm, reference))
}

pub(super) fn tags_json(list: &[(String, String)]) -> Value {
    value(&tags(list))
}

pub(super) fn timestamp(at: Millis) -> Value {
    Value::from(seconds(at))
}

pub(super) fn put(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value.into());
    }
}

/// Forms have no keys but strings, and no number that JSON lacks: there is nothing that could fail.
fn value(form: &impl Serialize) -> Value {
    serde_json::to_value(form).unwrap_or_default()
}

/// A time as JSON 1.1 has it (`timestampFormat` epoch-seconds): seconds with a fraction.
fn seconds(at: Millis) -> f64 {
    std::time::Duration::from_millis(u64::try_from(at).unwrap_or(0)).as_secs_f64()
}

fn write_map<S: Serializer>(pairs: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(key, value)| (key, value)))
}

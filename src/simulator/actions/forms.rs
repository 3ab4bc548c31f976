//! The forms of clusters and HSMs in answers. No member is ever `null`: an absent one is left out.
//!
//! They borrow, and are written to the answer directly: DescribeClusters is called far more often
//! than all other actions.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::super::clock::Millis;
use super::super::pem::Pem;
use super::super::reference::Reference;
use super::super::state::{Hsm, SimulatedCluster, SimulatedClusterState, SimulatedHsmState};

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
    #[serde(flatten)]
    choices: BTreeMap<&'static str, &'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hsm_type_rollback_expiration: Option<f64>,
}

impl<'a> ClusterForm<'a> {
    /// Makes the form of a cluster. PreCoPassword, which the model has, is in no captured answer of
    /// the service.
    pub(super) fn from_cluster(cluster: &'a SimulatedCluster, reference: Reference) -> Self {
        let later = reference.is_later();
        Self {
            backup_policy: "DEFAULT",
            backup_retention_policy: RetentionForm {
                kind: "DAYS",
                value: cluster.retention_days.to_string(),
            },
            cluster_id: &cluster.id,
            create_timestamp: epoch_seconds(cluster.created),
            hsms: cluster
                .hsms
                .iter()
                .map(|hsm| HsmForm::from_hsm(cluster, hsm, reference))
                .collect(),
            hsm_type: &cluster.hsm_type,
            security_group: Some(&cluster.security_group),
            state: cluster.state.name(),
            subnet_mapping: &cluster.subnets,
            vpc_id: &cluster.vpc,
            certificates: CertificatesForm::from_cluster(cluster),
            tag_list: Some(tag_forms(&cluster.tags)),
            source_backup_id: cluster.source_backup.as_deref(),
            state_message: cluster.state_message.as_deref(),
            choices: if later {
                cluster.choices.by_name()
            } else {
                BTreeMap::new()
            },
            hsm_type_rollback_expiration: cluster
                .rollback_until
                .filter(|_| later)
                .map(epoch_seconds),
        }
    }

    /// Makes the form in CreateCluster's answer. Captured answers of the service have neither
    /// SecurityGroup nor TagList there.
    fn for_creation(cluster: &'a SimulatedCluster, reference: Reference) -> Self {
        Self {
            security_group: None,
            tag_list: None,
            ..Self::from_cluster(cluster, reference)
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
    fn from_cluster(cluster: &'a SimulatedCluster) -> Self {
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
                    SimulatedClusterState::Uninitialized
                        | SimulatedClusterState::InitializeInProgress
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
    fn from_hsm(cluster: &'a SimulatedCluster, hsm: &'a Hsm, reference: Reference) -> Self {
        let later = reference.is_later();
        let has_interface = !hsm.is_deleted();
        Self {
            availability_zone: &hsm.zone,
            cluster_id: &cluster.id,
            subnet_id: &hsm.subnet,
            eni_id: has_interface.then_some(&hsm.eni),
            eni_ip: has_interface.then_some(&hsm.ip),
            eni_ip_v6: hsm.ip_v6.as_deref().filter(|_| later && has_interface),
            hsm_id: &hsm.id,
            hsm_type: later.then_some(hsm.hsm_type.as_str()),
            state: hsm.state.name(),
            // As the service words them: the guide, and users who met the other one
            // (aws-samples/aws-cloudhsm-cloudformation-template, issue 17).
            state_message: match hsm.state {
                SimulatedHsmState::Active => Some("HSM created."),
                SimulatedHsmState::Degraded => {
                    Some("HSM creation failed. Please delete this HSM and try again.")
                }
                _ => None,
            },
        }
    }

    /// Makes the form in CreateHsm's answer. Captured answers of the service have no network
    /// interface there.
    fn for_creation(cluster: &'a SimulatedCluster, hsm: &'a Hsm, reference: Reference) -> Self {
        Self {
            eni_id: None,
            eni_ip: None,
            eni_ip_v6: None,
            ..Self::from_hsm(cluster, hsm, reference)
        }
    }
}

fn tag_forms(tags: &[(String, String)]) -> Vec<TagForm<'_>> {
    tags.iter()
        .map(|(key, value)| TagForm { key, value })
        .collect()
}

pub(super) fn cluster_json(cluster: &SimulatedCluster, reference: Reference) -> Value {
    to_value(&ClusterForm::from_cluster(cluster, reference))
}

pub(super) fn created_cluster_json(cluster: &SimulatedCluster, reference: Reference) -> Value {
    to_value(&ClusterForm::for_creation(cluster, reference))
}

pub(super) fn created_hsm_json(
    cluster: &SimulatedCluster,
    hsm: &Hsm,
    reference: Reference,
) -> Value {
    to_value(&HsmForm::for_creation(cluster, hsm, reference))
}

pub(super) fn tags_json(list: &[(String, String)]) -> Value {
    to_value(&tag_forms(list))
}

pub(super) fn timestamp_json(at: Millis) -> Value {
    Value::from(epoch_seconds(at))
}

pub(super) fn put_member(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value.into());
    }
}

/// Converts a form to JSON. Forms have only strings as keys, and no number that JSON lacks, so this
/// cannot fail.
fn to_value(form: &impl Serialize) -> Value {
    serde_json::to_value(form).unwrap_or_default()
}

/// Returns a time as JSON 1.1 has it (`timestampFormat` epoch-seconds): seconds with a fraction.
fn epoch_seconds(at: Millis) -> f64 {
    std::time::Duration::from_millis(u64::try_from(at).unwrap_or(0)).as_secs_f64()
}

fn write_map<S: Serializer>(pairs: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(key, value)| (key, value)))
}

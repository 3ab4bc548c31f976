//! The SDK's answers in our own types.

use aws_sdk_cloudhsmv2::types;

use super::choices::choices_from;
use super::raw_answer::RawStructure;
use crate::cloudhsm::fleet::{Backup, BackupCopy, Tag};
use crate::cloudhsm::{BackupState, Certificates, Cluster, ClusterState, HsmState, HsmSummary};
use crate::outside::OutsideText;

fn outside_text(text: Option<&str>) -> Option<OutsideText> {
    text.map(OutsideText::from)
}

/// Copies a certificate or a CSR. It is parsed before anything of it is shown.
fn pem_text(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

/// The text for a state that an answer does not give.
const NO_STATE: &str = "(none given)";

pub(super) fn cluster_from(cluster: &types::Cluster, raw: RawStructure<'_>) -> Cluster {
    let certificates = cluster.certificates().map(|certificates| Certificates {
        cluster_csr: pem_text(certificates.cluster_csr()),
        hsm_certificate: pem_text(certificates.hsm_certificate()),
        aws_hardware_certificate: pem_text(certificates.aws_hardware_certificate()),
        manufacturer_hardware_certificate: pem_text(
            certificates.manufacturer_hardware_certificate(),
        ),
        cluster_certificate: pem_text(certificates.cluster_certificate()),
    });
    Cluster {
        cluster_id: cluster.cluster_id().unwrap_or_default().into(),
        state: ClusterState::from(cluster.state().map_or(NO_STATE, |state| state.as_str())),
        state_message: outside_text(cluster.state_message()).filter(|text| !text.is_empty()),
        hsm_type: outside_text(cluster.hsm_type()),
        rollback_until: cluster
            .hsm_type_rollback_expiration()
            .map(|moment| moment.secs()),
        mode: cluster.mode().map(|mode| mode.as_str().into()),
        choices: choices_from(cluster),
        vpc_id: outside_text(cluster.vpc_id()),
        created: cluster.create_timestamp().map(|moment| moment.secs()),
        subnets: cluster
            .subnet_mapping()
            .into_iter()
            .flatten()
            .map(|(zone, subnet)| (zone.as_str().into(), subnet.as_str().into()))
            .collect(),
        security_group: outside_text(cluster.security_group()),
        source_backup_id: outside_text(cluster.source_backup_id()),
        retention_days: cluster
            .backup_retention_policy()
            .and_then(|policy| policy.value()?.parse().ok()),
        tags: tags_from(cluster.tag_list()),
        hsms: cluster
            .hsms()
            .iter()
            .zip(raw.hsms())
            .map(|(hsm, raw)| hsm_from(hsm, raw))
            .collect(),
        certificates: certificates.unwrap_or_default(),
        other: raw.other_members_of_cluster(),
    }
}

pub(super) fn hsm_from(hsm: &types::Hsm, raw: RawStructure<'_>) -> HsmSummary {
    HsmSummary {
        hsm_id: hsm.hsm_id().into(),
        state: HsmState::from(hsm.state().map_or(NO_STATE, |state| state.as_str())),
        state_message: outside_text(hsm.state_message()).filter(|text| !text.is_empty()),
        availability_zone: outside_text(hsm.availability_zone()),
        subnet_id: outside_text(hsm.subnet_id()),
        eni_id: outside_text(hsm.eni_id()),
        eni_ip: outside_text(hsm.eni_ip()),
        eni_ipv6: outside_text(hsm.eni_ipv6()),
        hsm_type: outside_text(hsm.hsm_type()),
        other: raw.other_members_of_hsm(),
    }
}

pub(super) fn backup_from(backup: &types::Backup, raw: RawStructure<'_>) -> Backup {
    Backup {
        backup_id: backup.backup_id().into(),
        backup_arn: outside_text(backup.backup_arn()),
        state: BackupState::from(
            backup
                .backup_state()
                .map_or(NO_STATE, |state| state.as_str()),
        ),
        cluster_id: outside_text(backup.cluster_id()),
        hsm_type: outside_text(backup.hsm_type()),
        mode: backup.mode().map(|mode| mode.as_str().into()),
        created: backup.create_timestamp().map(|moment| moment.secs()),
        copied: backup.copy_timestamp().map(|moment| moment.secs()),
        deleted: backup.delete_timestamp().map(|moment| moment.secs()),
        never_expires: backup.never_expires(),
        source_region: outside_text(backup.source_region()),
        source_backup: outside_text(backup.source_backup()),
        source_cluster: outside_text(backup.source_cluster()),
        tags: tags_from(backup.tag_list()),
        other: raw.other_members_of_backup(),
    }
}

pub(super) fn backup_copy_from(backup: &types::DestinationBackup) -> BackupCopy {
    BackupCopy {
        created: backup.create_timestamp().map(|moment| moment.secs()),
        source_region: outside_text(backup.source_region()),
        source_backup: outside_text(backup.source_backup()),
        source_cluster: outside_text(backup.source_cluster()),
    }
}

/// Returns the tags, sorted by their keys: the service gives them in no order.
pub(super) fn tags_from(tags: &[types::Tag]) -> Vec<Tag> {
    let mut tags: Vec<Tag> = tags
        .iter()
        .map(|tag| Tag {
            key: tag.key().into(),
            value: tag.value().into(),
        })
        .collect();
    tags.sort_unstable();
    tags
}

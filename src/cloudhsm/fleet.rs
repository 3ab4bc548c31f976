//! The rest of the API: clusters, HSMs, backups and tags, made, shown, changed and deleted.
//!
//! Claiming a cluster needs none of it: [`super::CloudHsm`] stays the three calls that it makes.
//! What is sent has been held against [`super::limits`].

use std::future::Future;

use super::{BackupState, Cluster, ClusterState, HsmSummary, OtherMembers, ServiceError};
use crate::outside::OutsideText;

/// The calls that manage a fleet of clusters.
///
/// What makes something (CreateCluster, CreateHsm, CopyBackupToRegion) is sent once: an answer that
/// is lost may have made it all the same, and a second request would make a second one. So is what
/// deletes or restores. An implementation may repeat a request only where the service has said that
/// it did nothing (throttling), or where a second one changes nothing (ModifyCluster of the
/// retention alone, ModifyBackupAttributes, TagResource, UntagResource, and what only reads).
pub trait Fleet {
    /// CreateCluster, sent once.
    fn create_cluster(
        &self,
        order: &NewCluster,
    ) -> impl Future<Output = Result<Cluster, ServiceError>> + Send;

    /// DescribeClusters, all pages.
    fn clusters(
        &self,
        filter: &ClusterFilter,
    ) -> impl Future<Output = Result<Vec<Cluster>, ServiceError>> + Send;

    /// ModifyCluster. Sent once where it changes the type: a second request would meet a cluster
    /// that is being changed.
    fn modify_cluster(
        &self,
        cluster_id: &str,
        change: &ClusterChange,
    ) -> impl Future<Output = Result<Cluster, ServiceError>> + Send;

    /// DeleteCluster, sent once.
    fn delete_cluster(
        &self,
        cluster_id: &str,
    ) -> impl Future<Output = Result<(), ServiceError>> + Send;

    /// CreateHsm, sent once.
    fn create_hsm(
        &self,
        order: &NewHsm,
    ) -> impl Future<Output = Result<HsmSummary, ServiceError>> + Send;

    /// DeleteHsm, sent once. By its id; the API takes an ENI's id or address as well.
    fn delete_hsm(
        &self,
        cluster_id: &str,
        hsm_id: &str,
    ) -> impl Future<Output = Result<(), ServiceError>> + Send;

    /// DescribeBackups, all pages.
    fn backups(
        &self,
        filter: &BackupFilter,
    ) -> impl Future<Output = Result<Vec<Backup>, ServiceError>> + Send;

    /// CopyBackupToRegion, sent once.
    fn copy_backup(
        &self,
        backup_id: &str,
        destination_region: &str,
        tags: &[Tag],
    ) -> impl Future<Output = Result<Copied, ServiceError>> + Send;

    /// DeleteBackup, sent once.
    fn delete_backup(
        &self,
        backup_id: &str,
    ) -> impl Future<Output = Result<(), ServiceError>> + Send;

    /// RestoreBackup, sent once: a backup that is PENDING_DELETION is kept after all.
    fn restore_backup(
        &self,
        backup_id: &str,
    ) -> impl Future<Output = Result<(), ServiceError>> + Send;

    /// ModifyBackupAttributes: whether the cluster's retention policy spares this backup.
    fn modify_backup(
        &self,
        backup_id: &str,
        never_expires: bool,
    ) -> impl Future<Output = Result<Backup, ServiceError>> + Send;

    /// GetResourcePolicy, of a backup by its ARN; `None`: it has none.
    fn resource_policy(
        &self,
        backup_arn: &str,
    ) -> impl Future<Output = Result<Option<OutsideText>, ServiceError>> + Send;

    /// PutResourcePolicy, sent once: in place of the one that is there.
    fn put_resource_policy(
        &self,
        backup_arn: &str,
        policy: &str,
    ) -> impl Future<Output = Result<(), ServiceError>> + Send;

    /// DeleteResourcePolicy, sent once; the policy that was there, where the service says.
    fn delete_resource_policy(
        &self,
        backup_arn: &str,
    ) -> impl Future<Output = Result<Option<OutsideText>, ServiceError>> + Send;

    /// ListTags, all pages of `page_size`.
    fn tags(
        &self,
        resource_id: &str,
        page_size: Option<i32>,
    ) -> impl Future<Output = Result<Vec<Tag>, ServiceError>> + Send;

    /// TagResource.
    fn add_tags(
        &self,
        resource_id: &str,
        tags: &[Tag],
    ) -> impl Future<Output = Result<(), ServiceError>> + Send;

    /// UntagResource.
    fn remove_tags(
        &self,
        resource_id: &str,
        keys: &[String],
    ) -> impl Future<Output = Result<(), ServiceError>> + Send;
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag {
    /// Its key.
    pub key: OutsideText,
    /// Its value.
    pub value: OutsideText,
}

/// A cluster's mode (API 2017-04-28 as of November 2026, `ClusterMode`). It is for good: nothing
/// changes a cluster's or a backup's (User Guide, "Cluster modes").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Keys and algorithms that are FIPS-validated, and no others.
    Fips,
    /// All that the HSMs can do.
    NonFips,
}

impl Mode {
    /// As the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Mode::Fips => "FIPS",
            Mode::NonFips => "NON_FIPS",
        }
    }
}

/// Which addresses the HSMs have (API 2017-04-28 as of November 2026, `NetworkType`). The service
/// takes IPV4 where none is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkType {
    /// IPv4 alone.
    Ipv4,
    /// IPv4 and IPv6; the VPC and its subnets must have both.
    DualStack,
}

impl NetworkType {
    /// As the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            NetworkType::Ipv4 => "IPV4",
            NetworkType::DualStack => "DUALSTACK",
        }
    }
}

/// What ModifyCluster is sent; what is not named stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterChange {
    /// BackupRetentionPolicy, in days.
    pub retention_days: Option<u16>,
    /// HsmType.
    pub hsm_type: Option<String>,
}

/// What CreateCluster is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewCluster {
    /// HsmType.
    pub hsm_type: String,
    /// Mode: every type but hsm1.medium needs one.
    pub mode: Option<Mode>,
    /// NetworkType.
    pub network_type: Option<NetworkType>,
    /// SubnetIds, one for each Availability Zone.
    pub subnet_ids: Vec<String>,
    /// SourceBackupId, an id or an ARN: the cluster is restored from it.
    pub source_backup_id: Option<String>,
    /// BackupRetentionPolicy, in days.
    pub retention_days: Option<u16>,
    /// TagList.
    pub tags: Vec<Tag>,
}

/// What CreateHsm is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewHsm {
    /// ClusterId.
    pub cluster_id: String,
    /// AvailabilityZone: one that the cluster has a subnet in.
    pub availability_zone: String,
    /// IpAddress, in that subnet.
    pub ip_address: Option<String>,
}

/// Which clusters to show; each empty list takes all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterFilter {
    /// clusterIds.
    pub cluster_ids: Vec<String>,
    /// vpcIds.
    pub vpc_ids: Vec<String>,
    /// states.
    pub states: Vec<ClusterState>,
    /// MaxResults: how many a request brings.
    pub page_size: Option<i32>,
}

/// Which backups to show; each empty list takes all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackupFilter {
    /// backupIds.
    pub backup_ids: Vec<String>,
    /// sourceBackupIds: copies of these.
    pub source_backup_ids: Vec<String>,
    /// clusterIds.
    pub cluster_ids: Vec<String>,
    /// states.
    pub states: Vec<BackupState>,
    /// neverExpires.
    pub never_expires: Option<bool>,
    /// Shared: those of other accounts that are shared with this one, in place of its own.
    pub shared: Option<bool>,
    /// SortAscending: the oldest first.
    pub sort_ascending: Option<bool>,
    /// MaxResults: how many a request brings.
    pub page_size: Option<i32>,
}

/// A backup as DescribeBackups shows it. Texts are the service's own; moments are seconds since the
/// Unix epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The backup's id.
    pub backup_id: OutsideText,
    /// Its ARN, by which other accounts name it.
    pub backup_arn: Option<OutsideText>,
    /// Its state.
    pub state: BackupState,
    /// The cluster that was backed up.
    pub cluster_id: Option<OutsideText>,
    /// That cluster's type.
    pub hsm_type: Option<OutsideText>,
    /// That cluster's mode, which a cluster that is restored from it has as well.
    pub mode: Option<OutsideText>,
    /// When it was created.
    pub created: Option<i64>,
    /// When it was copied from another region.
    pub copied: Option<i64>,
    /// When it will be deleted for good, once it is PENDING_DELETION.
    pub deleted: Option<i64>,
    /// Whether the retention policy spares it.
    pub never_expires: Option<bool>,
    /// The region that it was copied from.
    pub source_region: Option<OutsideText>,
    /// The backup that it was copied from.
    pub source_backup: Option<OutsideText>,
    /// The cluster of the backup that it was copied from.
    pub source_cluster: Option<OutsideText>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// What else the service says of it.
    pub other: OtherMembers,
}

/// What CopyBackupToRegion answers (DestinationBackup). It does not tell the copy's id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// When the copy was begun.
    pub created: Option<i64>,
    /// The region of the source.
    pub source_region: Option<OutsideText>,
    /// The source.
    pub source_backup: Option<OutsideText>,
    /// The source's cluster.
    pub source_cluster: Option<OutsideText>,
}

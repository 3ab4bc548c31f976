//! The rest of the API: making, showing, changing and deleting clusters, HSMs, backups and tags.
//!
//! Claiming a cluster needs none of it, and [`super::CloudHsm`] has only the three calls for that.
//! Every value is checked by [`super::limits`] before it is sent.

use std::future::Future;

use super::choices::ChosenValues;
use super::{BackupState, Cluster, ClusterState, HsmSummary, OtherMembers, ServiceError};
use crate::outside::OutsideText;

/// The calls that manage a fleet of clusters.
///
/// [`CallEffect`](super::CallEffect) says of each call whether it is sent once: the service may
/// have done it although its answer was lost. An implementation may repeat a request only where the
/// service has said that it did nothing (throttling), or where a second one changes nothing.
pub trait Fleet {
    /// Sends CreateCluster, once.
    fn create_cluster(
        &self,
        order: &NewCluster,
    ) -> impl Future<Output = Result<Cluster, ServiceError>> + Send;

    /// Sends DescribeClusters, for all pages.
    fn describe_clusters(
        &self,
        filter: &ClusterFilter,
    ) -> impl Future<Output = Result<Vec<Cluster>, ServiceError>> + Send;

    /// Sends ModifyCluster, once where it changes the type: a second request would meet a cluster
    /// that is being changed.
    fn modify_cluster(
        &self,
        cluster_id: &str,
        change: &ClusterChange,
    ) -> impl Future<Output = Result<Cluster, ServiceError>> + Send;

    /// Sends DeleteCluster, once.
    fn delete_cluster(
        &self,
        cluster_id: &str,
    ) -> impl Future<Output = Result<(), ServiceError>> + Send;

    /// Sends CreateHsm, once.
    fn create_hsm(
        &self,
        order: &NewHsm,
    ) -> impl Future<Output = Result<HsmSummary, ServiceError>> + Send;

    /// Sends DeleteHsm, once, with the HSM's id. The API takes an ENI's id or address as well.
    fn delete_hsm(
        &self,
        cluster_id: &str,
        hsm_id: &str,
    ) -> impl Future<Output = Result<(), ServiceError>> + Send;

    /// Sends DescribeBackups, for all pages.
    fn describe_backups(
        &self,
        filter: &BackupFilter,
    ) -> impl Future<Output = Result<Vec<Backup>, ServiceError>> + Send;

    /// Sends CopyBackupToRegion, once.
    fn copy_backup(
        &self,
        backup_id: &str,
        destination_region: &str,
        tags: &[Tag],
    ) -> impl Future<Output = Result<BackupCopy, ServiceError>> + Send;

    /// Sends DeleteBackup, once.
    fn delete_backup(
        &self,
        backup_id: &str,
    ) -> impl Future<Output = Result<(), ServiceError>> + Send;

    /// Sends RestoreBackup, once: a backup that is PENDING_DELETION is kept after all.
    fn restore_backup(
        &self,
        backup_id: &str,
    ) -> impl Future<Output = Result<(), ServiceError>> + Send;

    /// ModifyBackupAttributes: sets whether the cluster's retention policy spares this backup.
    fn modify_backup(
        &self,
        backup_id: &str,
        never_expires: bool,
    ) -> impl Future<Output = Result<Backup, ServiceError>> + Send;

    /// GetResourcePolicy, of a backup by its ARN. `None` where it has no policy.
    fn resource_policy(
        &self,
        backup_arn: &str,
    ) -> impl Future<Output = Result<Option<OutsideText>, ServiceError>> + Send;

    /// PutResourcePolicy, sent once. It replaces the policy that is there.
    fn put_resource_policy(
        &self,
        backup_arn: &str,
        policy: &str,
    ) -> impl Future<Output = Result<(), ServiceError>> + Send;

    /// DeleteResourcePolicy, sent once. Returns the policy that was there, where the service says.
    fn delete_resource_policy(
        &self,
        backup_arn: &str,
    ) -> impl Future<Output = Result<Option<OutsideText>, ServiceError>> + Send;

    /// Sends ListTags, for all pages of `page_size`.
    fn list_tags(
        &self,
        resource_id: &str,
        page_size: Option<i32>,
    ) -> impl Future<Output = Result<Vec<Tag>, ServiceError>> + Send;

    /// Sends TagResource.
    fn add_tags(
        &self,
        resource_id: &str,
        tags: &[Tag],
    ) -> impl Future<Output = Result<(), ServiceError>> + Send;

    /// Sends UntagResource.
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

/// A cluster's mode (API 2017-04-28 as of November 2026, `ClusterMode`). Nothing changes the mode
/// of a cluster or a backup later (User Guide, "Cluster modes").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterMode {
    /// Keys and algorithms that are FIPS-validated, and no others.
    Fips,
    /// Every algorithm that the HSMs have.
    NonFips,
}

impl ClusterMode {
    /// Returns the name as the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            ClusterMode::Fips => "FIPS",
            ClusterMode::NonFips => "NON_FIPS",
        }
    }
}

/// The request of ModifyCluster. A value that is not named stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterChange {
    /// BackupRetentionPolicy, in days.
    pub retention_days: Option<u16>,
    /// HsmType.
    pub hsm_type: Option<String>,
}

/// The request of CreateCluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewCluster {
    /// HsmType.
    pub hsm_type: String,
    /// Mode: every type but hsm1.medium needs one.
    pub mode: Option<ClusterMode>,
    /// What else is chosen once: NetworkType.
    pub choices: ChosenValues,
    /// SubnetIds, one for each Availability Zone.
    pub subnet_ids: Vec<String>,
    /// SourceBackupId, an id or an ARN: the cluster is restored from it.
    pub source_backup_id: Option<String>,
    /// BackupRetentionPolicy, in days.
    pub retention_days: Option<u16>,
    /// TagList.
    pub tags: Vec<Tag>,
}

/// The request of CreateHsm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewHsm {
    /// ClusterId.
    pub cluster_id: String,
    /// AvailabilityZone: one that the cluster has a subnet in.
    pub availability_zone: String,
    /// IpAddress, in that subnet.
    pub ip_address: Option<String>,
}

/// The filter for clusters. An empty list takes all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterFilter {
    /// clusterIds.
    pub cluster_ids: Vec<String>,
    /// vpcIds.
    pub vpc_ids: Vec<String>,
    /// states.
    pub states: Vec<ClusterState>,
    /// MaxResults: the number of items in one answer.
    pub page_size: Option<i32>,
}

/// The filter for backups. An empty list takes all.
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
    /// MaxResults: the number of items in one answer.
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
    /// The type of that cluster.
    pub hsm_type: Option<OutsideText>,
    /// The mode of that cluster. A cluster that is restored from the backup has the same mode.
    pub mode: Option<OutsideText>,
    /// The time of its creation.
    pub created: Option<i64>,
    /// The time at which it was copied from another region.
    pub copied: Option<i64>,
    /// The time at which it will be deleted for good, once it is PENDING_DELETION.
    pub deleted: Option<i64>,
    /// True where the retention policy spares it.
    pub never_expires: Option<bool>,
    /// The region that it was copied from.
    pub source_region: Option<OutsideText>,
    /// The backup that it was copied from.
    pub source_backup: Option<OutsideText>,
    /// The cluster of the backup that it was copied from.
    pub source_cluster: Option<OutsideText>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// The other members that the service gives of it.
    pub other: OtherMembers,
}

/// The answer of CopyBackupToRegion (DestinationBackup). It does not give the copy's id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackupCopy {
    /// The time at which the copy was begun.
    pub created: Option<i64>,
    /// The region of the source.
    pub source_region: Option<OutsideText>,
    /// The source.
    pub source_backup: Option<OutsideText>,
    /// The source's cluster.
    pub source_cluster: Option<OutsideText>,
}

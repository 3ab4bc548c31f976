//! [`Fleet`] over the AWS SDK.

use std::collections::HashMap;

use aws_sdk_cloudhsmv2::types::{self, BackupRetentionPolicy, BackupRetentionType};

use super::AwsCloudHsm;
use super::answer::{backup_copy_from, backup_from, cluster_from, hsm_from, tags_from};
use super::choices::add_choices;
use super::raw_answer::AnswerRecorder;
use super::sending::{retries_of, send_change};
use crate::aws::failure;
use crate::cloudhsm::fleet::{
    Backup, BackupCopy, BackupFilter, ClusterChange, ClusterFilter, Fleet, NewCluster, NewHsm, Tag,
};
use crate::cloudhsm::{Call, CallEffect, Cluster, HsmSummary, ServiceError, Trouble};
use crate::outside::OutsideText;

fn retention_policy(days: u16) -> BackupRetentionPolicy {
    BackupRetentionPolicy::builder()
        .r#type(BackupRetentionType::Days)
        .value(days.to_string())
        .build()
}

/// Returns the policy of an answer, where it has one.
fn policy_text(policy: Option<&str>) -> Option<OutsideText> {
    policy
        .filter(|policy| !policy.is_empty())
        .map(OutsideText::from)
}

/// Returns the filters that were asked for, by the API's names.
fn filter_map<const N: usize>(
    named: [(&str, Vec<String>); N],
) -> Option<HashMap<String, Vec<String>>> {
    let asked: HashMap<String, Vec<String>> = named
        .into_iter()
        .filter(|(_, values)| !values.is_empty())
        .map(|(name, values)| (name.to_owned(), values))
        .collect();
    Some(asked).filter(|asked| !asked.is_empty())
}

impl AwsCloudHsm {
    /// Returns the member that the answer exists for. Without it the call was accepted, but what it
    /// did is not known.
    fn require_member<T>(
        &self,
        call: Call,
        what: &str,
        found: Option<T>,
    ) -> Result<T, ServiceError> {
        found.ok_or_else(|| {
            let reason = format!("an answer without {what}").into();
            self.service_error(call, Trouble::Unknown { reason })
        })
    }

    fn tags_for(&self, call: Call, tags: &[Tag]) -> Result<Option<Vec<types::Tag>>, ServiceError> {
        let made = tags.iter().map(|tag| {
            types::Tag::builder()
                .key(tag.key.as_raw())
                .value(tag.value.as_raw())
                .build()
        });
        let made: Result<Vec<types::Tag>, _> = made.collect();
        // Never seen: both members are there.
        let made = made.map_err(|fault| {
            let reason = fault.to_string().into();
            self.service_error(call, Trouble::Unreachable { reason })
        })?;
        Ok(Some(made).filter(|made| !made.is_empty()))
    }
}

impl Fleet for AwsCloudHsm {
    async fn create_cluster(&self, order: &NewCluster) -> Result<Cluster, ServiceError> {
        let call = Call::CreateCluster;
        let request = self
            .client
            .create_cluster()
            .hsm_type(&order.hsm_type)
            .set_mode(order.mode.map(|mode| mode.as_str().into()))
            .set_subnet_ids(Some(order.subnet_ids.clone()))
            .set_source_backup_id(order.source_backup_id.clone())
            .set_backup_retention_policy(order.retention_days.map(retention_policy))
            .set_tag_list(self.tags_for(call, &order.tags)?);
        let (answer, raw) = send_change!(self, call, add_choices(request, &order.choices))?;
        let cluster = answer
            .cluster()
            .map(|cluster| cluster_from(cluster, raw.structure("Cluster")))
            .filter(|cluster| !cluster.cluster_id.is_empty());
        self.require_member(call, "a cluster's id", cluster)
    }

    async fn describe_clusters(
        &self,
        filter: &ClusterFilter,
    ) -> Result<Vec<Cluster>, ServiceError> {
        let states = filter.states.iter().map(|state| state.as_str().to_owned());
        let request = self
            .client
            .describe_clusters()
            .set_max_results(filter.page_size)
            .set_filters(filter_map([
                ("clusterIds", filter.cluster_ids.clone()),
                ("vpcIds", filter.vpc_ids.clone()),
                ("states", states.collect()),
            ]));
        let mut clusters = Vec::new();
        self.read_pages(
            Call::DescribeClusters,
            |token, recorder| {
                let request = request.clone().set_next_token(token);
                request.customize().interceptor(recorder).send()
            },
            |answer, raw| {
                let found = answer.clusters().iter().zip(raw.structures("Clusters"));
                clusters.extend(found.map(|(cluster, raw)| cluster_from(cluster, raw)));
                answer.next_token
            },
        )
        .await?;
        Ok(clusters)
    }

    async fn modify_cluster(
        &self,
        cluster_id: &str,
        change: &ClusterChange,
    ) -> Result<Cluster, ServiceError> {
        let call = Call::ModifyCluster;
        let request = self
            .client
            .modify_cluster()
            .cluster_id(cluster_id)
            .set_backup_retention_policy(change.retention_days.map(retention_policy))
            .set_hsm_type(change.hsm_type.clone());
        // The type is changed once; days may be set again and again.
        let effect = match change.hsm_type {
            Some(_) => CallEffect::Once,
            None => call.effect(),
        };
        let (answer, raw) = send_change!(self, call, effect, request)?;
        let cluster = answer
            .cluster()
            .map(|cluster| cluster_from(cluster, raw.structure("Cluster")));
        self.require_member(call, "a cluster", cluster)
    }

    async fn delete_cluster(&self, cluster_id: &str) -> Result<(), ServiceError> {
        let request = self.client.delete_cluster().cluster_id(cluster_id);
        send_change!(self, Call::DeleteCluster, request).map(drop)
    }

    async fn create_hsm(&self, order: &NewHsm) -> Result<HsmSummary, ServiceError> {
        let call = Call::CreateHsm;
        let request = self
            .client
            .create_hsm()
            .cluster_id(&order.cluster_id)
            .availability_zone(&order.availability_zone)
            .set_ip_address(order.ip_address.clone());
        let (answer, raw) = send_change!(self, call, request)?;
        let hsm = answer.hsm().map(|hsm| hsm_from(hsm, raw.structure("Hsm")));
        self.require_member(call, "an HSM", hsm)
    }

    async fn delete_hsm(&self, cluster_id: &str, hsm_id: &str) -> Result<(), ServiceError> {
        let request = self.client.delete_hsm();
        let request = request.cluster_id(cluster_id).hsm_id(hsm_id);
        send_change!(self, Call::DeleteHsm, request).map(drop)
    }

    async fn describe_backups(&self, filter: &BackupFilter) -> Result<Vec<Backup>, ServiceError> {
        let states = filter.states.iter().map(|state| state.as_str().to_owned());
        let never_expires = filter.never_expires.iter().map(ToString::to_string);
        let request = self
            .client
            .describe_backups()
            .set_max_results(filter.page_size)
            .set_sort_ascending(filter.sort_ascending)
            .set_shared(filter.shared)
            .set_filters(filter_map([
                ("backupIds", filter.backup_ids.clone()),
                ("sourceBackupIds", filter.source_backup_ids.clone()),
                ("clusterIds", filter.cluster_ids.clone()),
                ("states", states.collect()),
                ("neverExpires", never_expires.collect()),
            ]));
        let mut backups = Vec::new();
        self.read_pages(
            Call::DescribeBackups,
            |token, recorder| {
                let request = request.clone().set_next_token(token);
                request.customize().interceptor(recorder).send()
            },
            |answer, raw| {
                let found = answer.backups().iter().zip(raw.structures("Backups"));
                backups.extend(found.map(|(backup, raw)| backup_from(backup, raw)));
                answer.next_token
            },
        )
        .await?;
        Ok(backups)
    }

    async fn copy_backup(
        &self,
        backup_id: &str,
        destination_region: &str,
        tags: &[Tag],
    ) -> Result<BackupCopy, ServiceError> {
        let call = Call::CopyBackupToRegion;
        let request = self
            .client
            .copy_backup_to_region()
            .backup_id(backup_id)
            .destination_region(destination_region)
            .set_tag_list(self.tags_for(call, tags)?);
        let (answer, _) = send_change!(self, call, request)?;
        let copy = answer.destination_backup().map(backup_copy_from);
        Ok(copy.unwrap_or_default())
    }

    async fn delete_backup(&self, backup_id: &str) -> Result<(), ServiceError> {
        let request = self.client.delete_backup().backup_id(backup_id);
        send_change!(self, Call::DeleteBackup, request).map(drop)
    }

    async fn restore_backup(&self, backup_id: &str) -> Result<(), ServiceError> {
        let request = self.client.restore_backup().backup_id(backup_id);
        send_change!(self, Call::RestoreBackup, request).map(drop)
    }

    async fn modify_backup(
        &self,
        backup_id: &str,
        never_expires: bool,
    ) -> Result<Backup, ServiceError> {
        let call = Call::ModifyBackupAttributes;
        let request = self.client.modify_backup_attributes();
        let request = request.backup_id(backup_id).never_expires(never_expires);
        let (answer, raw) = send_change!(self, call, request)?;
        let backup = answer
            .backup()
            .map(|backup| backup_from(backup, raw.structure("Backup")));
        self.require_member(call, "a backup", backup)
    }

    async fn resource_policy(&self, backup_arn: &str) -> Result<Option<OutsideText>, ServiceError> {
        let call = Call::GetResourcePolicy;
        let request = self.client.get_resource_policy().resource_arn(backup_arn);
        self.read_in_time(call, async {
            let answer = request
                .send()
                .await
                .map_err(|error| self.service_error(call, failure::classify_error(&error, true)))?;
            Ok(policy_text(answer.policy()))
        })
        .await
    }

    async fn put_resource_policy(
        &self,
        backup_arn: &str,
        policy: &str,
    ) -> Result<(), ServiceError> {
        let request = self.client.put_resource_policy();
        let request = request.resource_arn(backup_arn).policy(policy);
        send_change!(self, Call::PutResourcePolicy, request).map(drop)
    }

    async fn delete_resource_policy(
        &self,
        backup_arn: &str,
    ) -> Result<Option<OutsideText>, ServiceError> {
        let request = self.client.delete_resource_policy();
        let request = request.resource_arn(backup_arn);
        send_change!(self, Call::DeleteResourcePolicy, request)
            .map(|(answer, _)| policy_text(answer.policy()))
    }

    async fn list_tags(
        &self,
        resource_id: &str,
        page_size: Option<i32>,
    ) -> Result<Vec<Tag>, ServiceError> {
        let request = self.client.list_tags();
        let request = request.resource_id(resource_id).set_max_results(page_size);
        let mut tags = Vec::new();
        self.read_pages(
            Call::ListTags,
            |token, _| request.clone().set_next_token(token).send(),
            |answer, _| {
                tags.extend(tags_from(answer.tag_list()));
                answer.next_token
            },
        )
        .await?;
        tags.sort_unstable();
        Ok(tags)
    }

    async fn add_tags(&self, resource_id: &str, tags: &[Tag]) -> Result<(), ServiceError> {
        let tags = self.tags_for(Call::TagResource, tags)?;
        let request = self.client.tag_resource();
        let request = request.resource_id(resource_id).set_tag_list(tags);
        send_change!(self, Call::TagResource, request).map(drop)
    }

    async fn remove_tags(&self, resource_id: &str, keys: &[String]) -> Result<(), ServiceError> {
        let request = self.client.untag_resource();
        let request = request.resource_id(resource_id);
        let request = request.set_tag_key_list(Some(keys.to_vec()));
        send_change!(self, Call::UntagResource, request).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudhsmv2::operation as sdk;

    use super::*;
    use crate::cloudhsm::limits::MEMBER_LIMITS;

    macro_rules! request_has_member {
        ($call:expr, $name:expr; $($variant:ident $module:ident $input:ident,)*) => {
            match $call {
                $(Call::$variant => sdk::$module::$input::SCHEMA.member_schema($name).is_some(),)*
            }
        };
    }

    #[test]
    fn every_limit_is_of_members_that_the_sdk_knows() {
        for (call, member) in MEMBER_LIMITS.iter().flat_map(|limit| limit.members) {
            let name = member.split(['.', '[']).next().unwrap();
            let known = request_has_member!(call, name;
                CopyBackupToRegion copy_backup_to_region CopyBackupToRegionInput,
                CreateCluster create_cluster CreateClusterInput,
                CreateHsm create_hsm CreateHsmInput,
                DeleteBackup delete_backup DeleteBackupInput,
                DeleteCluster delete_cluster DeleteClusterInput,
                DeleteHsm delete_hsm DeleteHsmInput,
                DeleteResourcePolicy delete_resource_policy DeleteResourcePolicyInput,
                DescribeBackups describe_backups DescribeBackupsInput,
                DescribeClusters describe_clusters DescribeClustersInput,
                GetResourcePolicy get_resource_policy GetResourcePolicyInput,
                InitializeCluster initialize_cluster InitializeClusterInput,
                ListTags list_tags ListTagsInput,
                ModifyBackupAttributes modify_backup_attributes ModifyBackupAttributesInput,
                ModifyCluster modify_cluster ModifyClusterInput,
                PutResourcePolicy put_resource_policy PutResourcePolicyInput,
                RestoreBackup restore_backup RestoreBackupInput,
                TagResource tag_resource TagResourceInput,
                UntagResource untag_resource UntagResourceInput,
            );
            assert!(known, "{} has no {member}", call.as_str());
        }
    }
}

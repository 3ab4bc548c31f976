//! [`Fleet`] over the AWS SDK.

use std::future::Future;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_sdk_cloudhsmv2::config;
use aws_sdk_cloudhsmv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudhsmv2::types::{self, BackupRetentionPolicy, BackupRetentionType};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::answer::{backup_from, cluster_from, copied_from, hsm_from, tags_from};
use super::kept::Kept;
use super::pages::Pages;
use super::{AwsCloudHsm, cut_off};
use crate::aws::{failure, within};
use crate::cloudhsm::fleet::{
    Backup, BackupFilter, ClusterChange, ClusterFilter, Copied, Fleet, NewCluster, NewHsm, Tag,
};
use crate::cloudhsm::{Call, Cluster, HsmSummary, ServiceError, Trouble};
use crate::outside::OutsideText;

/// How often a call is made that was throttled each time, and how long the first pause is; each
/// further one is twice as long.
const MOST_TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// One attempt, whatever the environment says (AWS_MAX_ATTEMPTS): see [`Fleet`].
fn once() -> config::Builder {
    config::Builder::new().retry_config(RetryConfig::disabled())
}

fn policy(days: u16) -> BackupRetentionPolicy {
    BackupRetentionPolicy::builder()
        .r#type(BackupRetentionType::Days)
        .value(days.to_string())
        .build()
}

impl AwsCloudHsm {
    /// Makes a call that changes something. Only throttling is answered by another try: then the
    /// service has done nothing.
    async fn change<T, E, F>(
        &self,
        call: Call,
        attempt: impl Fn() -> F + Send,
    ) -> Result<T, ServiceError>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
        T: Send,
    {
        let mut pause = FIRST_PAUSE;
        let mut tries = 1;
        loop {
            let error = match within(self.deadline, attempt()).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => failure::trouble(&error, false),
                // The same command makes nothing twice but what is made: then it must not simply be
                // run again.
                Err(trouble) if call.makes().is_some() => cut_off(trouble),
                Err(trouble) => trouble,
            };
            if !matches!(error, Trouble::Throttled { .. }) || tries >= MOST_TRIES {
                return Err(self.failed(call, error));
            }
            within(self.deadline, tokio::time::sleep(pause))
                .await
                .map_err(|trouble| self.failed(call, trouble))?;
            pause = pause.saturating_mul(2);
            tries = tries.saturating_add(1);
        }
    }

    /// An answer that lacks what it is for: the call was accepted, and what it did is not known.
    fn without<T>(&self, call: Call, what: &str, found: Option<T>) -> Result<T, ServiceError> {
        found.ok_or_else(|| {
            self.failed(
                call,
                Trouble::Unknown {
                    reason: format!("an answer without {what}").into(),
                },
            )
        })
    }

    fn tags_for(&self, call: Call, tags: &[Tag]) -> Result<Option<Vec<types::Tag>>, ServiceError> {
        let made = tags.iter().map(|tag| {
            types::Tag::builder()
                .key(tag.key.raw())
                .value(tag.value.raw())
                .build()
        });
        let made: Result<Vec<types::Tag>, _> = made.collect();
        // Never seen: both members are there.
        let made = made.map_err(|fault| {
            self.failed(
                call,
                Trouble::Unreachable {
                    reason: fault.to_string().into(),
                },
            )
        })?;
        Ok(Some(made).filter(|made| !made.is_empty()))
    }
}

/// The filters that were asked for, by the API's names.
fn filters<const N: usize>(
    named: [(&str, Vec<String>); N],
) -> Option<std::collections::HashMap<String, Vec<String>>> {
    let asked: std::collections::HashMap<String, Vec<String>> = named
        .into_iter()
        .filter(|(_, values)| !values.is_empty())
        .map(|(name, values)| (name.to_owned(), values))
        .collect();
    Some(asked).filter(|asked| !asked.is_empty())
}

impl Fleet for AwsCloudHsm {
    async fn create_cluster(&self, order: &NewCluster) -> Result<Cluster, ServiceError> {
        let call = Call::CreateCluster;
        let tags = self.tags_for(call, &order.tags)?;
        let kept = Kept::default();
        let answer = self
            .change(call, || {
                let request = self
                    .client
                    .create_cluster()
                    .hsm_type(&order.hsm_type)
                    .set_mode(order.mode.map(|mode| mode.as_str().into()))
                    .set_network_type(order.network_type.map(|kind| kind.as_str().into()))
                    .set_subnet_ids(Some(order.subnet_ids.clone()))
                    .set_source_backup_id(order.source_backup_id.clone())
                    .set_backup_retention_policy(order.retention_days.map(policy))
                    .set_tag_list(tags.clone());
                request
                    .customize()
                    .interceptor(kept.clone())
                    .config_override(once())
                    .send()
            })
            .await?;
        let raw = kept.answer();
        let cluster = answer
            .cluster()
            .map(|cluster| cluster_from(cluster, raw.one("Cluster")))
            .filter(|cluster| !cluster.cluster_id.is_empty());
        self.without(call, "a cluster's id", cluster)
    }

    async fn clusters(&self, filter: &ClusterFilter) -> Result<Vec<Cluster>, ServiceError> {
        let states = filter
            .states
            .iter()
            .map(|state| state.as_str().to_owned())
            .collect();
        let filters = filters([
            ("clusterIds", filter.cluster_ids.clone()),
            ("vpcIds", filter.vpc_ids.clone()),
            ("states", states),
        ]);
        let failed = |trouble| self.failed(Call::DescribeClusters, trouble);
        self.read(Call::DescribeClusters, async {
            let (mut clusters, mut pages, kept) =
                (Vec::new(), Pages::new(&self.received), Kept::default());
            loop {
                let request = self
                    .client
                    .describe_clusters()
                    .set_filters(filters.clone())
                    .set_max_results(filter.page_size);
                let request = request
                    .set_next_token(pages.token())
                    .customize()
                    .interceptor(kept.clone());
                let answer = request
                    .send()
                    .await
                    .map_err(|error| failed(failure::trouble(&error, true)))?;
                clusters.extend(
                    answer
                        .clusters()
                        .iter()
                        .zip(kept.answer().list("Clusters"))
                        .map(|(cluster, raw)| cluster_from(cluster, raw)),
                );
                if !pages.go_on(answer.next_token()).map_err(failed)? {
                    return Ok(clusters);
                }
            }
        })
        .await
    }

    async fn modify_cluster(
        &self,
        cluster_id: &str,
        change: &ClusterChange,
    ) -> Result<Cluster, ServiceError> {
        let (call, kept) = (Call::ModifyCluster, Kept::default());
        let request = || {
            let request = self
                .client
                .modify_cluster()
                .cluster_id(cluster_id)
                .set_backup_retention_policy(change.retention_days.map(policy));
            let request = request
                .set_hsm_type(change.hsm_type.clone())
                .customize()
                .interceptor(kept.clone());
            // The type is changed once; days may be set again and again.
            if change.hsm_type.is_some() {
                request.config_override(once()).send()
            } else {
                request.send()
            }
        };
        let answer = self.change(call, request).await?;
        let raw = kept.answer();
        self.without(
            call,
            "a cluster",
            answer
                .cluster()
                .map(|cluster| cluster_from(cluster, raw.one("Cluster"))),
        )
    }

    async fn delete_cluster(&self, cluster_id: &str) -> Result<(), ServiceError> {
        let request = || {
            self.client
                .delete_cluster()
                .cluster_id(cluster_id)
                .customize()
                .config_override(once())
                .send()
        };
        self.change(Call::DeleteCluster, request).await.map(drop)
    }

    async fn create_hsm(&self, order: &NewHsm) -> Result<HsmSummary, ServiceError> {
        let (call, kept) = (Call::CreateHsm, Kept::default());
        let answer = self
            .change(call, || {
                let request = self
                    .client
                    .create_hsm()
                    .cluster_id(&order.cluster_id)
                    .availability_zone(&order.availability_zone);
                request
                    .set_ip_address(order.ip_address.clone())
                    .customize()
                    .interceptor(kept.clone())
                    .config_override(once())
                    .send()
            })
            .await?;
        let raw = kept.answer();
        self.without(
            call,
            "an HSM",
            answer.hsm().map(|hsm| hsm_from(hsm, raw.one("Hsm"))),
        )
    }

    async fn delete_hsm(&self, cluster_id: &str, hsm_id: &str) -> Result<(), ServiceError> {
        let request = || {
            self.client
                .delete_hsm()
                .cluster_id(cluster_id)
                .hsm_id(hsm_id)
                .customize()
                .config_override(once())
                .send()
        };
        self.change(Call::DeleteHsm, request).await.map(drop)
    }

    async fn backups(&self, filter: &BackupFilter) -> Result<Vec<Backup>, ServiceError> {
        let filters = filters([
            ("backupIds", filter.backup_ids.clone()),
            ("sourceBackupIds", filter.source_backup_ids.clone()),
            ("clusterIds", filter.cluster_ids.clone()),
            (
                "states",
                filter
                    .states
                    .iter()
                    .map(|state| state.as_str().to_owned())
                    .collect(),
            ),
            (
                "neverExpires",
                filter
                    .never_expires
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
            ),
        ]);
        let failed = |trouble| self.failed(Call::DescribeBackups, trouble);
        self.read(Call::DescribeBackups, async {
            let (mut backups, mut pages, kept) =
                (Vec::new(), Pages::new(&self.received), Kept::default());
            loop {
                let request = self
                    .client
                    .describe_backups()
                    .set_filters(filters.clone())
                    .set_max_results(filter.page_size);
                let request = request
                    .set_sort_ascending(filter.sort_ascending)
                    .set_shared(filter.shared)
                    .set_next_token(pages.token());
                let request = request.customize().interceptor(kept.clone());
                let answer = request
                    .send()
                    .await
                    .map_err(|error| failed(failure::trouble(&error, true)))?;
                backups.extend(
                    answer
                        .backups()
                        .iter()
                        .zip(kept.answer().list("Backups"))
                        .map(|(backup, raw)| backup_from(backup, raw)),
                );
                if !pages.go_on(answer.next_token()).map_err(failed)? {
                    return Ok(backups);
                }
            }
        })
        .await
    }

    async fn copy_backup(
        &self,
        backup_id: &str,
        destination_region: &str,
        tags: &[Tag],
    ) -> Result<Copied, ServiceError> {
        let call = Call::CopyBackupToRegion;
        let tags = self.tags_for(call, tags)?;
        let answer = self
            .change(call, || {
                let request = self
                    .client
                    .copy_backup_to_region()
                    .backup_id(backup_id)
                    .destination_region(destination_region);
                request
                    .set_tag_list(tags.clone())
                    .customize()
                    .config_override(once())
                    .send()
            })
            .await?;
        Ok(answer
            .destination_backup()
            .map(copied_from)
            .unwrap_or_default())
    }

    async fn delete_backup(&self, backup_id: &str) -> Result<(), ServiceError> {
        let request = || {
            self.client
                .delete_backup()
                .backup_id(backup_id)
                .customize()
                .config_override(once())
                .send()
        };
        self.change(Call::DeleteBackup, request).await.map(drop)
    }

    async fn restore_backup(&self, backup_id: &str) -> Result<(), ServiceError> {
        let request = || {
            self.client
                .restore_backup()
                .backup_id(backup_id)
                .customize()
                .config_override(once())
                .send()
        };
        self.change(Call::RestoreBackup, request).await.map(drop)
    }

    async fn modify_backup(
        &self,
        backup_id: &str,
        never_expires: bool,
    ) -> Result<Backup, ServiceError> {
        let (call, kept) = (Call::ModifyBackupAttributes, Kept::default());
        let request = || {
            let request = self
                .client
                .modify_backup_attributes()
                .backup_id(backup_id)
                .never_expires(never_expires);
            request.customize().interceptor(kept.clone()).send()
        };
        let answer = self.change(call, request).await?;
        let raw = kept.answer();
        self.without(
            call,
            "a backup",
            answer
                .backup()
                .map(|backup| backup_from(backup, raw.one("Backup"))),
        )
    }

    async fn resource_policy(&self, backup_arn: &str) -> Result<Option<OutsideText>, ServiceError> {
        let call = Call::GetResourcePolicy;
        self.read(call, async {
            let answer = self
                .client
                .get_resource_policy()
                .resource_arn(backup_arn)
                .send()
                .await;
            let answer =
                answer.map_err(|error| self.failed(call, failure::trouble(&error, true)))?;
            Ok(answer
                .policy()
                .map(OutsideText::from)
                .filter(|policy| !policy.is_empty()))
        })
        .await
    }

    async fn put_resource_policy(
        &self,
        backup_arn: &str,
        policy: &str,
    ) -> Result<(), ServiceError> {
        let request = || {
            self.client
                .put_resource_policy()
                .resource_arn(backup_arn)
                .policy(policy)
                .customize()
                .config_override(once())
                .send()
        };
        self.change(Call::PutResourcePolicy, request)
            .await
            .map(drop)
    }

    async fn delete_resource_policy(
        &self,
        backup_arn: &str,
    ) -> Result<Option<OutsideText>, ServiceError> {
        let request = || {
            self.client
                .delete_resource_policy()
                .resource_arn(backup_arn)
                .customize()
                .config_override(once())
                .send()
        };
        let answer = self.change(Call::DeleteResourcePolicy, request).await?;
        Ok(answer
            .policy()
            .map(OutsideText::from)
            .filter(|policy| !policy.is_empty()))
    }

    async fn tags(
        &self,
        resource_id: &str,
        page_size: Option<i32>,
    ) -> Result<Vec<Tag>, ServiceError> {
        let failed = |trouble| self.failed(Call::ListTags, trouble);
        self.read(Call::ListTags, async {
            let (mut tags, mut pages) = (Vec::new(), Pages::new(&self.received));
            loop {
                let request = self
                    .client
                    .list_tags()
                    .resource_id(resource_id)
                    .set_max_results(page_size)
                    .set_next_token(pages.token());
                let answer = request
                    .send()
                    .await
                    .map_err(|error| failed(failure::trouble(&error, true)))?;
                tags.extend(tags_from(answer.tag_list()));
                if !pages.go_on(answer.next_token()).map_err(failed)? {
                    tags.sort_unstable();
                    return Ok(tags);
                }
            }
        })
        .await
    }

    async fn add_tags(&self, resource_id: &str, tags: &[Tag]) -> Result<(), ServiceError> {
        let tags = self.tags_for(Call::TagResource, tags)?;
        let request = || {
            self.client
                .tag_resource()
                .resource_id(resource_id)
                .set_tag_list(tags.clone())
                .send()
        };
        self.change(Call::TagResource, request).await.map(drop)
    }

    async fn remove_tags(&self, resource_id: &str, keys: &[String]) -> Result<(), ServiceError> {
        let request = || {
            self.client
                .untag_resource()
                .resource_id(resource_id)
                .set_tag_key_list(Some(keys.to_vec()))
                .send()
        };
        self.change(Call::UntagResource, request).await.map(drop)
    }
}

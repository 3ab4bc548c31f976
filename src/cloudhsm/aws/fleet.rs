//! [`Fleet`] over the AWS SDK.

use std::future::Future;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_sdk_cloudhsmv2::config;
use aws_sdk_cloudhsmv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudhsmv2::types::{self, BackupRetentionPolicy, BackupRetentionType};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::answer::{backup_copy_from, backup_from, cluster_from, hsm_from, tags_from};
use super::choices::add_choices;
use super::pages::Pages;
use super::raw_answer::AnswerRecorder;
use super::{AwsCloudHsm, unknown_if_sent};
use crate::aws::{failure, run_within};
use crate::cloudhsm::fleet::{
    Backup, BackupCopy, BackupFilter, ClusterChange, ClusterFilter, Fleet, NewCluster, NewHsm, Tag,
};
use crate::cloudhsm::{Call, CallEffect, Cluster, HsmSummary, ServiceError, Trouble};
use crate::outside::OutsideText;

/// The number of attempts of a call that is throttled each time, and the length of the first pause.
/// Each further pause is twice as long.
const MOST_TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Returns the configuration for a call: with one attempt, whatever the environment says
/// (AWS_MAX_ATTEMPTS), where a second request would change something again.
fn retries_of(effect: CallEffect) -> config::Builder {
    let config = config::Builder::new();
    match effect {
        CallEffect::Reads | CallEffect::Repeatable => config,
        CallEffect::Once | CallEffect::Makes(_) => config.retry_config(RetryConfig::disabled()),
    }
}

fn retention_policy(days: u16) -> BackupRetentionPolicy {
    BackupRetentionPolicy::builder()
        .r#type(BackupRetentionType::Days)
        .value(days.to_string())
        .build()
}

impl AwsCloudHsm {
    /// Makes a call that changes something. It is tried again only after throttling, where the
    /// service has done nothing.
    async fn send_change<T, E, F>(
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
            let error = match run_within(self.deadline, attempt()).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => failure::classify_error(&error, false),
                // The same command makes nothing twice but what is made: then it must not simply be
                // run again.
                Err(trouble) if call.repetition_hint().is_some() => unknown_if_sent(trouble),
                Err(trouble) => trouble,
            };
            if !matches!(error, Trouble::Throttled { .. }) || tries >= MOST_TRIES {
                return Err(self.service_error(call, error));
            }
            run_within(self.deadline, tokio::time::sleep(pause))
                .await
                .map_err(|trouble| self.service_error(call, trouble))?;
            pause = pause.saturating_mul(2);
            tries = tries.saturating_add(1);
        }
    }

    /// Returns the member that the answer exists for. Without it the call was accepted, but what it
    /// did is not known.
    fn require_member<T>(
        &self,
        call: Call,
        what: &str,
        found: Option<T>,
    ) -> Result<T, ServiceError> {
        found.ok_or_else(|| {
            self.service_error(
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
                .key(tag.key.as_raw())
                .value(tag.value.as_raw())
                .build()
        });
        let made: Result<Vec<types::Tag>, _> = made.collect();
        // Never seen: both members are there.
        let made = made.map_err(|fault| {
            self.service_error(
                call,
                Trouble::Unreachable {
                    reason: fault.to_string().into(),
                },
            )
        })?;
        Ok(Some(made).filter(|made| !made.is_empty()))
    }
}

/// Returns the filters that were asked for, by the API's names.
fn filter_map<const N: usize>(
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
        let kept = AnswerRecorder::default();
        let answer = self
            .send_change(call, || {
                let request = self
                    .client
                    .create_cluster()
                    .hsm_type(&order.hsm_type)
                    .set_mode(order.mode.map(|mode| mode.as_str().into()))
                    .set_subnet_ids(Some(order.subnet_ids.clone()))
                    .set_source_backup_id(order.source_backup_id.clone())
                    .set_backup_retention_policy(order.retention_days.map(retention_policy))
                    .set_tag_list(tags.clone());
                add_choices(request, &order.choices)
                    .customize()
                    .interceptor(kept.clone())
                    .config_override(retries_of(call.effect()))
                    .send()
            })
            .await?;
        let raw = kept.take_answer();
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
        let states = filter
            .states
            .iter()
            .map(|state| state.as_str().to_owned())
            .collect();
        let filters = filter_map([
            ("clusterIds", filter.cluster_ids.clone()),
            ("vpcIds", filter.vpc_ids.clone()),
            ("states", states),
        ]);
        let failed = |trouble| self.service_error(Call::DescribeClusters, trouble);
        self.read_in_time(Call::DescribeClusters, async {
            let (mut clusters, mut pages, kept) = (
                Vec::new(),
                Pages::new(&self.received),
                AnswerRecorder::default(),
            );
            loop {
                let request = self
                    .client
                    .describe_clusters()
                    .set_filters(filters.clone())
                    .set_max_results(filter.page_size);
                let request = request
                    .set_next_token(pages.next_token())
                    .customize()
                    .interceptor(kept.clone());
                let answer = request
                    .send()
                    .await
                    .map_err(|error| failed(failure::classify_error(&error, true)))?;
                clusters.extend(
                    answer
                        .clusters()
                        .iter()
                        .zip(kept.take_answer().structures("Clusters"))
                        .map(|(cluster, raw)| cluster_from(cluster, raw)),
                );
                if !pages.move_on(answer.next_token()).map_err(failed)? {
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
        let (call, kept) = (Call::ModifyCluster, AnswerRecorder::default());
        let request = || {
            let request = self
                .client
                .modify_cluster()
                .cluster_id(cluster_id)
                .set_backup_retention_policy(change.retention_days.map(retention_policy));
            let request = request
                .set_hsm_type(change.hsm_type.clone())
                .customize()
                .interceptor(kept.clone());
            // The type is changed once; days may be set again and again.
            let effect = match change.hsm_type {
                Some(_) => CallEffect::Once,
                None => call.effect(),
            };
            request.config_override(retries_of(effect)).send()
        };
        let answer = self.send_change(call, request).await?;
        let raw = kept.take_answer();
        self.require_member(
            call,
            "a cluster",
            answer
                .cluster()
                .map(|cluster| cluster_from(cluster, raw.structure("Cluster"))),
        )
    }

    async fn delete_cluster(&self, cluster_id: &str) -> Result<(), ServiceError> {
        let request = || {
            self.client
                .delete_cluster()
                .cluster_id(cluster_id)
                .customize()
                .config_override(retries_of(Call::DeleteCluster.effect()))
                .send()
        };
        self.send_change(Call::DeleteCluster, request)
            .await
            .map(drop)
    }

    async fn create_hsm(&self, order: &NewHsm) -> Result<HsmSummary, ServiceError> {
        let (call, kept) = (Call::CreateHsm, AnswerRecorder::default());
        let answer = self
            .send_change(call, || {
                let request = self
                    .client
                    .create_hsm()
                    .cluster_id(&order.cluster_id)
                    .availability_zone(&order.availability_zone);
                request
                    .set_ip_address(order.ip_address.clone())
                    .customize()
                    .interceptor(kept.clone())
                    .config_override(retries_of(call.effect()))
                    .send()
            })
            .await?;
        let raw = kept.take_answer();
        self.require_member(
            call,
            "an HSM",
            answer.hsm().map(|hsm| hsm_from(hsm, raw.structure("Hsm"))),
        )
    }

    async fn delete_hsm(&self, cluster_id: &str, hsm_id: &str) -> Result<(), ServiceError> {
        let request = || {
            self.client
                .delete_hsm()
                .cluster_id(cluster_id)
                .hsm_id(hsm_id)
                .customize()
                .config_override(retries_of(Call::DeleteHsm.effect()))
                .send()
        };
        self.send_change(Call::DeleteHsm, request).await.map(drop)
    }

    async fn describe_backups(&self, filter: &BackupFilter) -> Result<Vec<Backup>, ServiceError> {
        let filters = filter_map([
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
        let failed = |trouble| self.service_error(Call::DescribeBackups, trouble);
        self.read_in_time(Call::DescribeBackups, async {
            let (mut backups, mut pages, kept) = (
                Vec::new(),
                Pages::new(&self.received),
                AnswerRecorder::default(),
            );
            loop {
                let request = self
                    .client
                    .describe_backups()
                    .set_filters(filters.clone())
                    .set_max_results(filter.page_size);
                let request = request
                    .set_sort_ascending(filter.sort_ascending)
                    .set_shared(filter.shared)
                    .set_next_token(pages.next_token());
                let request = request.customize().interceptor(kept.clone());
                let answer = request
                    .send()
                    .await
                    .map_err(|error| failed(failure::classify_error(&error, true)))?;
                backups.extend(
                    answer
                        .backups()
                        .iter()
                        .zip(kept.take_answer().structures("Backups"))
                        .map(|(backup, raw)| backup_from(backup, raw)),
                );
                if !pages.move_on(answer.next_token()).map_err(failed)? {
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
    ) -> Result<BackupCopy, ServiceError> {
        let call = Call::CopyBackupToRegion;
        let tags = self.tags_for(call, tags)?;
        let answer = self
            .send_change(call, || {
                let request = self
                    .client
                    .copy_backup_to_region()
                    .backup_id(backup_id)
                    .destination_region(destination_region);
                request
                    .set_tag_list(tags.clone())
                    .customize()
                    .config_override(retries_of(call.effect()))
                    .send()
            })
            .await?;
        Ok(answer
            .destination_backup()
            .map(backup_copy_from)
            .unwrap_or_default())
    }

    async fn delete_backup(&self, backup_id: &str) -> Result<(), ServiceError> {
        let request = || {
            self.client
                .delete_backup()
                .backup_id(backup_id)
                .customize()
                .config_override(retries_of(Call::DeleteBackup.effect()))
                .send()
        };
        self.send_change(Call::DeleteBackup, request)
            .await
            .map(drop)
    }

    async fn restore_backup(&self, backup_id: &str) -> Result<(), ServiceError> {
        let request = || {
            self.client
                .restore_backup()
                .backup_id(backup_id)
                .customize()
                .config_override(retries_of(Call::RestoreBackup.effect()))
                .send()
        };
        self.send_change(Call::RestoreBackup, request)
            .await
            .map(drop)
    }

    async fn modify_backup(
        &self,
        backup_id: &str,
        never_expires: bool,
    ) -> Result<Backup, ServiceError> {
        let (call, kept) = (Call::ModifyBackupAttributes, AnswerRecorder::default());
        let request = || {
            let request = self
                .client
                .modify_backup_attributes()
                .backup_id(backup_id)
                .never_expires(never_expires);
            request
                .customize()
                .interceptor(kept.clone())
                .config_override(retries_of(call.effect()))
                .send()
        };
        let answer = self.send_change(call, request).await?;
        let raw = kept.take_answer();
        self.require_member(
            call,
            "a backup",
            answer
                .backup()
                .map(|backup| backup_from(backup, raw.structure("Backup"))),
        )
    }

    async fn resource_policy(&self, backup_arn: &str) -> Result<Option<OutsideText>, ServiceError> {
        let call = Call::GetResourcePolicy;
        self.read_in_time(call, async {
            let answer = self
                .client
                .get_resource_policy()
                .resource_arn(backup_arn)
                .send()
                .await;
            let answer = answer
                .map_err(|error| self.service_error(call, failure::classify_error(&error, true)))?;
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
                .config_override(retries_of(Call::PutResourcePolicy.effect()))
                .send()
        };
        self.send_change(Call::PutResourcePolicy, request)
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
                .config_override(retries_of(Call::DeleteResourcePolicy.effect()))
                .send()
        };
        let answer = self
            .send_change(Call::DeleteResourcePolicy, request)
            .await?;
        Ok(answer
            .policy()
            .map(OutsideText::from)
            .filter(|policy| !policy.is_empty()))
    }

    async fn list_tags(
        &self,
        resource_id: &str,
        page_size: Option<i32>,
    ) -> Result<Vec<Tag>, ServiceError> {
        let failed = |trouble| self.service_error(Call::ListTags, trouble);
        self.read_in_time(Call::ListTags, async {
            let (mut tags, mut pages) = (Vec::new(), Pages::new(&self.received));
            loop {
                let request = self
                    .client
                    .list_tags()
                    .resource_id(resource_id)
                    .set_max_results(page_size)
                    .set_next_token(pages.next_token());
                let answer = request
                    .send()
                    .await
                    .map_err(|error| failed(failure::classify_error(&error, true)))?;
                tags.extend(tags_from(answer.tag_list()));
                if !pages.move_on(answer.next_token()).map_err(failed)? {
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
                .customize()
                .config_override(retries_of(Call::TagResource.effect()))
                .send()
        };
        self.send_change(Call::TagResource, request).await.map(drop)
    }

    async fn remove_tags(&self, resource_id: &str, keys: &[String]) -> Result<(), ServiceError> {
        let request = || {
            self.client
                .untag_resource()
                .resource_id(resource_id)
                .set_tag_key_list(Some(keys.to_vec()))
                .customize()
                .config_override(retries_of(Call::UntagResource.effect()))
                .send()
        };
        self.send_change(Call::UntagResource, request)
            .await
            .map(drop)
    }
}

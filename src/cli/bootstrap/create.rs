//! `bootstrap --create`: creates a cluster with its first HSM, once, however often the command is
//! run.
//!
//! The order is written down before CreateCluster is sent, with a token that becomes a tag of the
//! cluster. The cluster's id is added as soon as it is known, and a later run goes on with it.
//! Where a run ended between the two, the cluster is looked for by its token.
//!
//! A bundle may come from anywhere, so it is believed only as far as something else confirms it. A
//! step of the transcript must have written the order ([`Creation::read`]), and this command line
//! must order the same. The live cluster must carry the token as its tag, be what was ordered, and
//! have been ordered for this very CA: the token commits to its key.

mod as_ordered;
mod lookup;
mod token;

use std::time::Duration;

use lookup::is_recent;

use super::first_hsm::ensure_first_hsm;
use super::steps;
use crate::bundle::{AnnouncedCall, CREATION, ClusterId, Creation, Store, TranscriptStep};
use crate::cli::cluster::{AfterCreation, NewClusterArgs, announce_creation, wait_until_created};
use crate::cli::manage::{check_tags, usage_error};
use crate::cli::step::StepArgs;
use crate::cli::ui::Ui;
use crate::cli::watcher::Watcher;
use crate::cli::{self, TOOL};
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::choices::CLUSTER_CHOICES;
use crate::cloudhsm::fleet::NewCluster;
use crate::cloudhsm::{Fleet, Tag, limits};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::{Lines, OutsideText};
use crate::x509::Certificate;

/// The bundle's directory where none is named: the cluster's id, which names it otherwise, is not
/// known yet.
pub(super) const NEW_BUNDLE: &str = "./new-cluster";

/// The key of the tag that holds the token.
const TAG: &str = "hsmboot-creation";

/// The options for creating the cluster too.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct CreateArgs {
    /// Create the cluster and its first HSM as well; this costs money. The bundle remembers them
    #[arg(
        long,
        requires_all = ["subnet_id", "availability_zone"],
        conflicts_with_all = ["cluster", "cluster_id", "dry_run"],
    )]
    pub(super) create: bool,
    #[command(flatten)]
    new: NewClusterArgs,
    /// The first HSM's Availability Zone: one that a subnet lies in
    #[arg(long, value_name = "ZONE", value_parser = limits::AVAILABILITY_ZONE.parser())]
    pub(super) availability_zone: Option<String>,
}

/// The order: the cluster and where its first HSM goes.
#[derive(Debug)]
pub(super) struct CreationPlan {
    order: NewCluster,
    availability_zone: String,
}

impl CreationPlan {
    /// Returns the HsmType that is ordered.
    pub(super) fn hsm_type(&self) -> &str {
        &self.order.hsm_type
    }
}

impl CreateArgs {
    /// Checks that no option for a new cluster is given without `--create`.
    pub(super) fn check(&self) -> Result<()> {
        if self.new.are_given() && !self.create {
            let chosen: String = CLUSTER_CHOICES
                .iter()
                .map(|choice| format!("--{}, ", choice.option))
                .collect();
            return Err(usage_error(
                format!(
                    "--subnet-id, --hsm-type, --mode, {chosen}--retention-days and --tag are for a \
                     new cluster"
                ),
                "add --create, or leave them out",
            )
            .with_fact(FactName::Missing, vec!["--create"]));
        }
        Ok(())
    }

    pub(super) fn to_plan(&self) -> Result<CreationPlan> {
        let order = self.new.to_new_cluster(None)?;
        check_tags(order.tags.iter().map(|tag| tag.key.as_raw()).chain([TAG]))?;
        Ok(CreationPlan {
            order,
            availability_zone: self.availability_zone.clone().unwrap_or_default(),
        })
    }
}

/// All that creating a cluster needs.
pub(super) struct ClusterCreation<'a> {
    pub(super) plan: &'a CreationPlan,
    pub(super) service: &'a AwsCloudHsm,
    /// The account that the credentials are of, where they name it.
    pub(super) account: Option<OutsideText>,
    pub(super) store: &'a Store,
    /// The CA that the cluster is ordered for, where there is one yet.
    pub(super) ca: Option<Certificate>,
    /// True if the command line names the CA.
    pub(super) ca_named: bool,
    /// The transcript's details of this step.
    pub(super) step: &'a StepArgs,
    /// The time to wait for the cluster.
    pub(super) limit: Duration,
    pub(super) ui: &'a Ui,
}

impl ClusterCreation<'_> {
    /// Returns the cluster, with its first HSM on its way: an earlier run's, or a new one.
    /// `prepare` is called before a new one is requested, after the consequences are shown.
    pub(super) async fn obtain_cluster(
        &self,
        prepare: impl FnOnce() -> Result<()>,
        watcher: &mut Watcher<'_>,
    ) -> Result<ClusterId> {
        let prepare = || {
            announce_creation(
                &self.plan.order,
                AfterCreation::Claim,
                self.service.place(),
                self.ui,
            );
            prepare()
        };
        let (made, fresh) = match Creation::read(self.store)? {
            None => {
                Creation::has_room(self.store)?;
                prepare()?;
                (
                    self.record_and_request(self.new_token()?, true, watcher)
                        .await?,
                    true,
                )
            }
            // What was refused binds nobody.
            Some(refused)
                if refused.refused_at.is_some() && self.check_same_order(&refused).is_err() =>
            {
                prepare()?;
                (
                    self.record_and_request(self.new_token()?, false, watcher)
                        .await?,
                    true,
                )
            }
            Some(earlier) => {
                self.check_same_order(&earlier)?;
                let fresh = is_recent(&earlier);
                (self.resume_earlier(earlier, prepare, watcher).await?, fresh)
            }
        };
        let OrderedCluster { id, token } = made;
        self.ui.note_cluster(&id);
        let on = |error: Error| Error {
            hint: error
                .hint
                .followed_by(format!("{id} exists: the same command goes on with it")),
            ..error
        };
        if !fresh {
            self.check_still_there(&id).await?;
        }
        let hint = "run the same command again: it goes on from here (`--timeout` gives it longer)";
        let cluster =
            wait_until_created(self.service, &id.as_str().into(), self.limit, hint, watcher)
                .await
                .map_err(on)?;
        self.check_as_ordered(&cluster, &token)?;
        let zone = &self.plan.availability_zone;
        watcher.begin(steps::FIRST_HSM);
        ensure_first_hsm(self.service, &id, &cluster, zone, watcher)
            .await
            .map_err(on)?;
        Ok(id)
    }

    fn creation_file(&self) -> String {
        self.store.place(CREATION).to_string()
    }

    /// Writes the order down and sends it. If this is the `first` order here and a run beside this
    /// one was faster, that run wins: its file is not replaced, and this run ends.
    async fn record_and_request(
        &self,
        token: String,
        first: bool,
        watcher: &mut Watcher<'_>,
    ) -> Result<OrderedCluster> {
        let (order, place) = (&self.plan.order, self.service.place());
        let creation = Creation {
            format: Creation::FORMAT.to_owned(),
            token: token.into(),
            region: place.region.clone().unwrap_or_default(),
            endpoint: place.endpoint.clone(),
            account: self.account.clone(),
            hsm_type: order.hsm_type.clone().into(),
            mode: order.mode.map(|mode| mode.as_str().into()),
            choices: order.choices.by_key(),
            subnet_ids: order
                .subnet_ids
                .iter()
                .map(|id| id.as_str().into())
                .collect(),
            retention_days: order.retention_days,
            tags: order
                .tags
                .iter()
                .map(|tag| (tag.key.clone(), tag.value.clone()))
                .collect(),
            asked_at: cli::now(),
            tool: TOOL.into(),
            refused_at: None,
            cluster_id: None,
        };
        creation.write(
            self.store,
            first,
            &TranscriptStep {
                sends: Some(AnnouncedCall::CreateCluster),
                ..self.step.begin_step(creation.asked_at)
            },
        )?;
        let token = Tag {
            key: TAG.into(),
            value: creation.token.clone(),
        };
        let order = NewCluster {
            tags: order.tags.iter().cloned().chain([token]).collect(),
            ..order.clone()
        };
        watcher.show_steps("CreateCluster");
        let answer = self.service.create_cluster(&order).await;
        watcher.clear();
        match answer {
            Ok(cluster) => self.record_cluster_id(creation, cluster.cluster_id.as_raw()),
            Err(error) if error.outcome_unknown() => {
                self.look_for_cluster(creation, &error, watcher).await
            }
            Err(error) => {
                let now = cli::now();
                // Where this cannot be written, the next run finds out that there is no such
                // cluster.
                drop(
                    Creation {
                        refused_at: Some(now),
                        ..creation
                    }
                    .write(self.store, false, &self.step.begin_step(now)),
                );
                Err(error.into())
            }
        }
    }

    /// Records the cluster's id and prints it, before anything else happens.
    fn record_cluster_id(&self, creation: Creation, id: &str) -> Result<OrderedCluster> {
        let lost = |error: Error| Error {
            message: Lines::from(format!("{id} was created, and could not be written down"))
                .followed_by(error.message.prefixed_with("  ")),
            ..error
        };
        let id: ClusterId = id.parse().map_err(|fault| {
            Error::new(
                ErrorKind::StrangeAnswer,
                fault,
                "look at it with `hsmboot cluster list`",
            )
            .with_fact(FactName::Found, id)
        })?;
        self.ui.say(format!(
            "created {id}; {} remembers it, and the same command goes on from here",
            self.creation_file()
        ));
        let token = creation.token.clone();
        Creation {
            cluster_id: Some(id.clone()),
            ..creation
        }
        .write(self.store, false, &self.step.begin_step(cli::now()))
        .map_err(lost)?;
        Ok(OrderedCluster {
            id,
            token: token.into_raw(),
        })
    }
}

/// A cluster that was created by this bundle's order.
struct OrderedCluster {
    id: ClusterId,
    /// The token in the cluster's tag.
    token: String,
}

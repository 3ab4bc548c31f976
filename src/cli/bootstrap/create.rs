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

use std::fmt;
use std::fs::File;
use std::time::Duration;

use super::first_hsm::{LOOKUP_LIMIT, ensure_first_hsm};
use crate::bundle::{AnnouncedCall, CREATION, ClusterId, Creation, Store, TranscriptStep};
use crate::cli::cluster::{
    AfterCreation, NewClusterArgs, announce_creation, is_deleting_or_deleted, wait_until_created,
};
use crate::cli::manage::{PollStatus, check_tags, poll_until_there, usage_error};
use crate::cli::step::StepArgs;
use crate::cli::ui::Ui;
use crate::cli::{self, TOOL};
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::choices::CLUSTER_CHOICES;
use crate::cloudhsm::fleet::{ClusterFilter, ClusterMode, NewCluster};
use crate::cloudhsm::{CloudHsm, Cluster, Fleet, ServiceError, Tag, limits};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::{Lines, OutsideText, join_shown, shown_text};
use crate::x509::{Certificate, Moment, sha256, to_hex};

/// The bundle's directory where none is named: the cluster's id, which names it otherwise, is not
/// known yet.
pub(super) const NEW_BUNDLE: &str = "./new-cluster";

/// The key of the tag that holds the token.
const TAG: &str = "hsmboot-creation";

/// The first part of what the digest in a token covers. Its random part and the CA's key follow.
const TOKEN_CONTEXT: &str = "hsmboot-creation/1";

/// The number of random hexadecimal digits in a token. As many digits follow that commit to the
/// CA's key. The token is a tag's value, which others in the account can read: the token of a
/// cluster that was ordered for another CA never fits this one.
const TOKEN_HALF: usize = 16;

/// The seconds for which a signed request may still take effect. AWS takes none that is older (AWS
/// General Reference, Signature Version 4: five minutes as a rule, fifteen with a clock that is
/// off).
const REQUEST_LIFETIME: i64 = 15 * 60;

/// The options for creating the cluster too.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "From nothing")]
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
            ));
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
                    self.record_and_request(self.new_token()?, true).await?,
                    true,
                )
            }
            // What was refused binds nobody.
            Some(refused)
                if refused.refused_at.is_some() && self.check_same_order(&refused).is_err() =>
            {
                prepare()?;
                (
                    self.record_and_request(self.new_token()?, false).await?,
                    true,
                )
            }
            Some(earlier) => {
                self.check_same_order(&earlier)?;
                let fresh = seconds_since(earlier.asked_at) < REQUEST_LIFETIME;
                (self.resume_earlier(earlier, prepare).await?, fresh)
            }
        };
        let OrderedCluster { id, token } = made;
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
            wait_until_created(self.service, &id.as_str().into(), self.limit, hint, self.ui)
                .await
                .map_err(on)?;
        self.check_as_ordered(&cluster, &token)?;
        let zone = &self.plan.availability_zone;
        ensure_first_hsm(self.service, &id, &cluster, zone, self.ui)
            .await
            .map_err(on)?;
        Ok(id)
    }

    fn creation_file(&self) -> String {
        self.store.place(CREATION).to_string()
    }

    fn new_token(&self) -> Result<String> {
        let random = to_hex(&cli::random_octets::<{ TOKEN_HALF / 2 }>()?);
        let commitment = key_commitment(&random, self.ca.as_ref());
        Ok(random + &commitment)
    }

    /// Tells whether the cluster with this token was ordered for the CA of this run. Where nobody
    /// names the CA, the cluster may have been ordered before there was one.
    fn is_for_this_ca(&self, token: &str) -> bool {
        let is_for = |ca| {
            token
                .split_at_checked(TOKEN_HALF)
                .is_some_and(|(random, found)| found == key_commitment(random, ca))
        };
        is_for(self.ca.as_ref()) || (!self.ca_named && is_for(None))
    }

    /// Writes the order down and sends it. If this is the `first` order here and a run beside this
    /// one was faster, that run wins: its file is not replaced, and this run ends.
    async fn record_and_request(&self, token: String, first: bool) -> Result<OrderedCluster> {
        let (order, place) = (&self.plan.order, self.service.place());
        let creation = Creation {
            format: Creation::FORMAT.to_owned(),
            token: token.into(),
            region: place.region.clone().unwrap_or_default(),
            endpoint: place.endpoint.clone(),
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
        match self.service.create_cluster(&order).await {
            Ok(cluster) => self.record_cluster_id(creation, cluster.cluster_id.as_raw()),
            Err(error) if error.outcome_unknown() => self.look_for_cluster(creation, &error).await,
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

    /// Looks for the cluster after a lost answer: it may exist all the same.
    async fn look_for_cluster(
        &self,
        creation: Creation,
        error: &ServiceError,
    ) -> Result<OrderedCluster> {
        self.ui.say(format!(
            "{}; looking for the cluster by its tag",
            error.summary_line()
        ));
        let found = poll_until_there(self.ui, LOOKUP_LIMIT, "", async || {
            let tagged = self.find_tagged_clusters(creation.token.as_raw()).await?;
            Ok(if tagged.is_empty() {
                PollStatus::NotYet("no cluster has the tag yet".to_owned())
            } else {
                PollStatus::There(tagged)
            })
        });
        match found.await {
            Ok(tagged) => self.adopt_cluster(creation, &tagged),
            Err(_) => Err(self.outcome_unknown_error(&creation, &error.summary_line())),
        }
    }

    /// Goes on with what an earlier run left: a cluster with its id, or a request whose outcome it
    /// did not learn.
    async fn resume_earlier(
        &self,
        earlier: Creation,
        prepare: impl FnOnce() -> Result<()>,
    ) -> Result<OrderedCluster> {
        if let Some(id) = earlier.cluster_id {
            self.ui
                .say(format!("going on with {id}, which an earlier run created"));
            return Ok(OrderedCluster {
                id,
                token: earlier.token.into_raw(),
            });
        }
        let tagged = self.find_tagged_clusters(earlier.token.as_raw()).await?;
        if !tagged.is_empty() {
            return self.adopt_cluster(earlier, &tagged);
        }
        if earlier.refused_at.is_none() && seconds_since(earlier.asked_at) < REQUEST_LIFETIME {
            return Err(self.outcome_unknown_error(&earlier, "no cluster has its tag yet"));
        }
        self.ui
            .say("an earlier run asked for a cluster and got none: asking again");
        prepare()?;
        let _held = self.lock_creation(&earlier)?;
        let token = if self.is_for_this_ca(earlier.token.as_raw()) {
            earlier.token.into_raw()
        } else {
            self.new_token()?
        };
        self.record_and_request(token, false).await
    }

    /// Goes on with a cluster that has the tag but whose id never arrived, if it is the one that
    /// was ordered.
    fn adopt_cluster(&self, creation: Creation, tagged: &[Cluster]) -> Result<OrderedCluster> {
        match tagged {
            [cluster] => {
                self.check_as_ordered(cluster, creation.token.as_raw())?;
                self.record_cluster_id(creation, cluster.cluster_id.as_raw())
            }
            several => {
                let ids: Vec<String> = several
                    .iter()
                    .map(|cluster| cluster.cluster_id.to_string())
                    .collect();
                Err(not_ordered_error(
                    format!(
                        "{} clusters have the tag of the one that was ordered, and one was: {}",
                        several.len(),
                        ids.join(", ")
                    ),
                    "look which of them is yours (`hsmboot cluster list`), and",
                )
                .with_fact(FactName::Found, ids.join(", ")))
            }
        }
    }

    /// Checks that the live cluster carries the token as its tag and is what this command line
    /// orders. Whatever a bundle says, no other cluster is given an HSM or claimed.
    fn check_as_ordered(&self, cluster: &Cluster, token: &str) -> Result<()> {
        let order = &self.plan.order;
        let tag = cluster
            .tags
            .iter()
            .find(|tag| tag.key == TAG)
            .map(|tag| tag.value.as_raw());
        let subnets: Vec<&str> = cluster.subnets.values().map(OutsideText::as_raw).collect();
        // Of a claimed cluster it is judged elsewhere whose it is; and its type may have been
        // changed since (API Reference, ModifyCluster: HsmType).
        let open = cluster.certificates.cluster_certificate.is_none();
        let is = |found: Option<&OutsideText>, ordered: &str| {
            found.is_some_and(|found| found == ordered)
        };
        let found = |text: Option<&OutsideText>| {
            text.map_or_else(|| "none".to_owned(), ToString::to_string)
        };
        let other_choice = CLUSTER_CHOICES.iter().find(|choice| {
            cluster.choices.value_or_default(choice) != order.choices.value_or_default(choice)
        });
        let differs = if tag != Some(token) {
            OrderDifference::new(
                format!("tag {TAG}"),
                shown_text(token),
                tag.map_or_else(|| "none".to_owned(), shown_text),
            )
        } else if open && !self.is_for_this_ca(token) {
            OrderDifference {
                what: "CA: it was ordered for another one than this command's, or for none that \
                       was there yet"
                    .to_owned(),
                sides: None,
            }
        } else if subnets.is_empty()
            || !subnets
                .iter()
                .all(|subnet| order.subnet_ids.iter().any(|ordered| ordered == subnet))
        {
            OrderDifference::new(
                "subnets",
                order.subnet_ids.join(", "),
                shown_text(&subnets.join(", ")),
            )
        } else if open
            && cluster.hsm_type.as_ref().map(OutsideText::as_raw) != Some(&order.hsm_type)
        {
            OrderDifference::new("type", &order.hsm_type, found(cluster.hsm_type.as_ref()))
        } else if let Some(mode) = order
            .mode
            .filter(|mode| !is(cluster.mode.as_ref(), mode.as_str()))
        {
            OrderDifference::new("mode", mode.as_str(), found(cluster.mode.as_ref()))
        } else if let Some(choice) = other_choice {
            OrderDifference::new(
                choice.words,
                order.choices.value_or_default(choice).unwrap_or("none"),
                found(cluster.choices.get(choice)),
            )
        } else if let Some(backup) = &cluster.source_backup_id {
            OrderDifference::new(
                "origin",
                "a new cluster",
                format!("one restored from {backup}"),
            )
        } else {
            return Ok(());
        };
        let id = &cluster.cluster_id;
        let error = not_ordered_error(
            differs.to_lines().prefixed_with(format!(
                "{id} is not the cluster that was ordered here, whatever {} \
                                   says: it differs in its ",
                self.creation_file()
            )),
            "find out who changed the bundle or the cluster. If it is yours all the same,",
        );
        Err(differs
            .add_facts(error)
            .with_fact(FactName::ClusterId, id)
            .with_fact(FactName::File, self.creation_file()))
    }

    /// Locks the file that this run and a run beside it have both read, so that the other does not
    /// send the order again as well. The file must still be what it was.
    fn lock_creation(&self, earlier: &Creation) -> Result<File> {
        match self.store.lock_file(CREATION) {
            Some(file)
                if Creation::read(&self.store.without_cache())?.as_ref() == Some(earlier) =>
            {
                Ok(file)
            }
            _ => Err(Error::new(
                ErrorKind::CreationDiffers,
                format!("another run is at work on {}", self.creation_file()),
                "wait until it has ended, then run the same command again",
            )
            .with_fact(FactName::File, self.creation_file())
            .if_run_again()),
        }
    }

    /// Returns the clusters that are tagged with the token.
    async fn find_tagged_clusters(
        &self,
        token: &str,
    ) -> std::result::Result<Vec<Cluster>, ServiceError> {
        let all = self
            .service
            .describe_clusters(&ClusterFilter::default())
            .await?;
        Ok(all
            .into_iter()
            .filter(|cluster| {
                cluster
                    .tags
                    .iter()
                    .any(|tag| tag.key == TAG && tag.value == token)
            })
            .collect())
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

    fn outcome_unknown_error(&self, creation: &Creation, why: &str) -> Error {
        // Saturating: the moment is read from a file.
        let until = creation
            .asked_at
            .unix_seconds()
            .saturating_add(REQUEST_LIFETIME);
        Error::new(
            ErrorKind::CreationUnknown,
            [
                format!(
                    "CreateCluster was asked for at {}, and nobody knows whether it was heard",
                    creation.asked_at
                ),
                format!("  {why}"),
            ],
            format!(
                "run the same command again: it looks for the cluster, and from {} on, when that \
                 request can no longer take effect, it asks for another. If you know that {} names \
                 none, choose another --bundle",
                Moment::from_unix(until),
                self.creation_file()
            ),
        )
        .with_fact(FactName::File, self.creation_file())
    }

    /// Checks that the earlier run ordered the same, in the same place.
    fn check_same_order(&self, earlier: &Creation) -> Result<()> {
        let (order, place) = (&self.plan.order, self.service.place());
        let tags = order
            .tags
            .iter()
            .map(|tag| (tag.key.clone(), tag.value.clone()))
            .collect();
        let here = Some(earlier.region.as_raw()) == place.region.as_ref().map(OutsideText::as_raw)
            && earlier.endpoint == place.endpoint;
        let same = earlier.hsm_type == order.hsm_type
            && earlier.mode.as_ref().map(OutsideText::as_raw)
                == order.mode.map(ClusterMode::as_str)
            && CLUSTER_CHOICES
                .iter()
                .all(|choice| earlier.choices.get(choice.key) == order.choices.get(choice))
            && earlier.subnet_ids == order.subnet_ids
            && earlier.retention_days == order.retention_days
            && earlier.tags == tags;
        if here && same {
            return Ok(());
        }
        let was = earlier
            .cluster_id
            .as_ref()
            .map_or_else(|| "a cluster".to_owned(), ToString::to_string);
        Err(Error::new(
            ErrorKind::CreationDiffers,
            [
                format!(
                    "{} remembers another creation than this one",
                    self.creation_file()
                ),
                format!(
                    "  {was}  {}, {}, in {}{}",
                    join_shown(
                        std::iter::once(&earlier.hsm_type)
                            .chain(&earlier.mode)
                            .chain(
                                CLUSTER_CHOICES
                                    .iter()
                                    .filter_map(|choice| earlier.choices.get(choice.key))
                            ),
                        " "
                    ),
                    join_shown(&earlier.subnet_ids, ", "),
                    earlier.region,
                    earlier
                        .endpoint
                        .as_ref()
                        .map(|url| format!(" at {url}"))
                        .unwrap_or_default(),
                ),
            ],
            "repeat that command as it was to go on with it, or choose another --bundle for \
             another cluster",
        )
        .with_fact(
            FactName::ClusterId,
            earlier.cluster_id.as_ref().map(ClusterId::as_str),
        )
        .with_fact(FactName::File, self.creation_file()))
    }

    /// Checks that the cluster of an earlier run has not been deleted since.
    async fn check_still_there(&self, id: &ClusterId) -> Result<()> {
        match self.service.describe_cluster(id.as_str()).await? {
            Some(cluster) if !is_deleting_or_deleted(&cluster) => Ok(()),
            found => Err(Error::new(
                ErrorKind::ClusterDeleted,
                found
                    .as_ref()
                    .map_or_else(
                        || "no longer there".into(),
                        |cluster| {
                            Lines::from([
                                "deleted, or being deleted".to_owned(),
                                format!("  state  {}", cluster.state),
                            ])
                        },
                    )
                    .prefixed_with(format!("{id}, which an earlier run created, is ")),
                "choose another --bundle to create another cluster",
            )
            .with_fact(FactName::ClusterId, id.as_str())
            .with_fact(
                FactName::State,
                found.map(|cluster| cluster.state.to_string()),
            )),
        }
    }
}

/// A cluster that was created by this bundle's order.
struct OrderedCluster {
    id: ClusterId,
    /// The token in the cluster's tag.
    token: String,
}

/// Returns the part of a token that commits to a CA's key, or to there being none.
fn key_commitment(random: &str, ca: Option<&Certificate>) -> String {
    let key = ca.map_or_else(String::new, |ca| to_hex(ca.spki_sha256()));
    to_hex(&sha256(
        format!("{TOKEN_CONTEXT}\n{random}\n{key}").as_bytes(),
    ))
    .chars()
    .take(TOKEN_HALF)
    .collect()
}

/// What a live cluster has otherwise than it was ordered.
struct OrderDifference {
    what: String,
    /// What was ordered, and what is there, where the two can be shown.
    sides: Option<(String, String)>,
}

impl OrderDifference {
    fn new(what: impl Into<String>, expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        OrderDifference {
            what: what.into(),
            sides: Some((expected.to_string(), found.to_string())),
        }
    }

    fn to_lines(&self) -> Lines {
        let sides = self.sides.iter().flat_map(|(expected, found)| {
            [
                format!("  expected {expected}"),
                format!("  found    {found}"),
            ]
        });
        std::iter::once(self.what.clone()).chain(sides).collect()
    }

    fn add_facts(&self, error: Error) -> Error {
        let (expected, found) = self.sides.clone().unzip();
        error
            .with_fact(FactName::Expected, expected)
            .with_fact(FactName::Found, found)
    }
}

fn not_ordered_error(what: impl Into<Lines>, first: &str) -> Error {
    Error::new(
        ErrorKind::ClusterNotOrdered,
        what,
        format!(
            "{first} name it: `hsmboot bootstrap --cluster-id ID`; to create a cluster, choose \
             another --bundle. Nothing was created or changed"
        ),
    )
}

/// Returns the seconds since `then`, which may be any moment in a file: hence saturating.
fn seconds_since(then: Moment) -> i64 {
    cli::now()
        .unix_seconds()
        .saturating_sub(then.unix_seconds())
}

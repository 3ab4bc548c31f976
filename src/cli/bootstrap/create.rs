//! `bootstrap --create`: from nothing to a cluster with its first HSM, once, however often the
//! command is run.
//!
//! What is about to be created is written down before CreateCluster is sent, with a token that the
//! cluster is tagged with; its id is added as soon as it is known. A later run goes on with the id.
//! Where a run ended between the two, the cluster is looked for by its token.
//!
//! A bundle may come from anywhere, so what it remembers is obeyed only as far as it can be held
//! against something else: a step of the transcript wrote it ([`Creation::read`]), it is what this
//! command line orders, and the live cluster carries the token as its tag, is what was ordered, and
//! was ordered for this very CA: the token commits to its key.

use std::fs::File;
use std::time::Duration;

use crate::bundle::{CREATION, ClusterId, Creation, Step, Store};
use crate::cli::cluster::{NewClusterArgs, Then, announce, created, is_going};
use crate::cli::hsm::takes_an_hsm;
use crate::cli::manage::{Seen, check_tags, settle, usage};
use crate::cli::step::StepArgs;
use crate::cli::ui::Ui;
use crate::cli::{self, TOOL};
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::fleet::{ClusterFilter, Mode, NetworkType, NewCluster, NewHsm};
use crate::cloudhsm::{CloudHsm, Cluster, ClusterState, Fleet, ServiceError, Tag, limits};
use crate::error::{Error, ErrorKind, Result};
use crate::outside::{Lines, OutsideText, joined, shown_text};
use crate::x509::{Certificate, Moment, hex, sha256};

/// The bundle's directory where none is named: the cluster's id, which names it otherwise, is not
/// known yet.
pub(super) const NEW_BUNDLE: &str = "./new-cluster";

/// The key of the tag that holds the token.
const TAG: &str = "hsmboot-creation";

/// What the digest in a token is over, before its random part and the CA's key.
const TOKEN_CONTEXT: &str = "hsmboot-creation/1";

/// How many hexadecimal digits of a token are random; as many follow that commit to the CA's key.
/// Its value is a tag, which others in the account can read: of a cluster that was ordered for
/// another CA there is none that fits this one.
const TOKEN_HALF: usize = 16;

/// How long after it was signed a request may still take effect, in seconds. AWS takes none that is
/// older (AWS General Reference, Signature Version 4: five minutes as a rule, fifteen with a clock
/// that is off).
const REQUEST_LIFE: i64 = 15 * 60;

/// How long to look for what a lost answer may have made.
const LOOKING: Duration = Duration::from_secs(60);

/// From nothing to a cluster.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "From nothing")]
pub struct CreateArgs {
    /// Create the cluster and its first HSM as well; this costs money. The bundle remembers them
    #[arg(
        long,
        requires_all = ["subnet_id", "availability_zone"],
        conflicts_with_all = ["cluster_id", "dry_run"],
    )]
    pub(super) create: bool,
    #[command(flatten)]
    new: NewClusterArgs,
    /// Where the first HSM is to stand: one that a subnet lies in
    #[arg(long, value_name = "ZONE", value_parser = limits::availability_zone, requires = "create")]
    availability_zone: Option<String>,
}

/// What is to be created.
#[derive(Debug)]
pub(super) struct Plan {
    order: NewCluster,
    availability_zone: String,
}

impl Plan {
    /// The HsmType that is ordered.
    pub(super) fn hsm_type(&self) -> &str {
        &self.order.hsm_type
    }
}

impl CreateArgs {
    /// That nothing is said of a new cluster where none is to be created.
    pub(super) fn check(&self) -> Result<()> {
        if self.new.are_given() && !self.create {
            let options =
                "--subnet-id, --hsm-type, --mode, --network-type, --retention-days and --tag";
            return Err(usage(
                format!("{options} are for a new cluster"),
                "add --create, or leave them out",
            ));
        }
        Ok(())
    }

    pub(super) fn plan(&self) -> Result<Plan> {
        let order = self.new.order(None)?;
        check_tags(
            &order
                .tags
                .iter()
                .map(|tag| tag.key.raw())
                .chain([TAG])
                .collect::<Vec<_>>(),
        )?;
        Ok(Plan {
            order,
            availability_zone: self.availability_zone.clone().unwrap_or_default(),
        })
    }
}

/// Everything that creating needs.
pub(super) struct Start<'a> {
    pub(super) plan: &'a Plan,
    pub(super) service: &'a AwsCloudHsm,
    pub(super) store: &'a Store,
    /// The CA that the cluster is ordered for, where there is one yet.
    pub(super) ca: Option<Certificate>,
    /// Whether the command line names it.
    pub(super) ca_named: bool,
    /// What a step says of itself.
    pub(super) step: &'a StepArgs,
    /// How long to wait for the cluster.
    pub(super) limit: Duration,
    pub(super) ui: &'a Ui,
}

impl Start<'_> {
    /// The cluster, with its first HSM on its way: an earlier run's, or a new one. `prepare` is
    /// called before a new one is asked for, once it is said what that means.
    pub(super) async fn cluster(&self, prepare: impl FnOnce() -> Result<()>) -> Result<ClusterId> {
        let prepare = || {
            announce(&self.plan.order, Then::Claim, self.service.place(), self.ui);
            prepare()
        };
        let (made, fresh) = match Creation::read(self.store)? {
            None => {
                Creation::has_room(self.store)?;
                prepare()?;
                (self.begin(self.new_token()?, true).await?, true)
            }
            // What was refused binds nobody.
            Some(refused)
                if refused.refused_at.is_some() && self.is_the_same(&refused).is_err() =>
            {
                prepare()?;
                (self.begin(self.new_token()?, false).await?, true)
            }
            Some(earlier) => {
                self.is_the_same(&earlier)?;
                let fresh = since(earlier.asked_at) < REQUEST_LIFE;
                (self.take_up(earlier, prepare).await?, fresh)
            }
        };
        let Made { id, token } = made;
        let on = |error: Error| Error {
            hint: error
                .hint
                .and(format!("{id} exists: the same command goes on with it")),
            ..error
        };
        if !fresh {
            self.is_still_there(&id).await?;
        }
        let hint = "run the same command again: it goes on from here (`--timeout` gives it longer)";
        let cluster = created(self.service, &id.as_str().into(), self.limit, hint, self.ui)
            .await
            .map_err(on)?;
        self.is_as_ordered(&cluster, &token)?;
        self.first_hsm(&id, &cluster).await.map_err(on)?;
        Ok(id)
    }

    fn file(&self) -> String {
        self.store.place(CREATION).to_string()
    }

    fn new_token(&self) -> Result<String> {
        let random = hex(&cli::random::<{ TOKEN_HALF / 2 }>()?);
        let commitment = commitment(&random, self.ca.as_ref());
        Ok(random + &commitment)
    }

    /// Whether the cluster with this token was ordered for the CA of this run; for a CA that nobody
    /// names it may have been ordered before there was one.
    fn is_for_this_ca(&self, token: &str) -> bool {
        let is_for = |ca| {
            token
                .split_at_checked(TOKEN_HALF)
                .is_some_and(|(random, found)| found == commitment(random, ca))
        };
        is_for(self.ca.as_ref()) || (!self.ca_named && is_for(None))
    }

    /// Writes down what is to be created, and asks for it. Where it is the `first` time here, a run
    /// beside this one that was faster wins: its file is not replaced, and this run ends here.
    async fn begin(&self, token: String, first: bool) -> Result<Made> {
        let (order, place) = (&self.plan.order, self.service.place());
        let creation = Creation {
            format: Creation::FORMAT.to_owned(),
            token: token.into(),
            region: place.region.clone().unwrap_or_default(),
            endpoint: place.endpoint.clone(),
            hsm_type: order.hsm_type.clone().into(),
            mode: order.mode.map(|mode| mode.as_str().into()),
            network_type: order.network_type.map(|kind| kind.as_str().into()),
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
            &Step {
                sends: Some("CreateCluster"),
                ..self.step.begin(creation.asked_at)
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
            Ok(cluster) => self.note(creation, cluster.cluster_id.raw()),
            Err(error) if error.outcome_unknown() => self.look_for(creation, &error).await,
            Err(error) => {
                let now = cli::now();
                // Where this cannot be written, the next run finds out that there is no such
                // cluster.
                drop(
                    Creation {
                        refused_at: Some(now),
                        ..creation
                    }
                    .write(self.store, false, &self.step.begin(now)),
                );
                Err(error.into())
            }
        }
    }

    /// The answer is lost: the cluster may be there all the same.
    async fn look_for(&self, creation: Creation, error: &ServiceError) -> Result<Made> {
        self.ui.say(format!(
            "{}; looking for the cluster by its tag",
            error.brief()
        ));
        let found = settle(self.ui, LOOKING, "", async || {
            let tagged = self.tagged(creation.token.raw()).await?;
            Ok(if tagged.is_empty() {
                Seen::NotYet("no cluster has the tag yet".to_owned())
            } else {
                Seen::There(tagged)
            })
        });
        match found.await {
            Ok(tagged) => self.adopt(creation, &tagged),
            Err(_) => Err(self.unknown(&creation, &error.brief())),
        }
    }

    /// What an earlier run left: a cluster with its id, or a request whose outcome it did not
    /// learn.
    async fn take_up(
        &self,
        earlier: Creation,
        prepare: impl FnOnce() -> Result<()>,
    ) -> Result<Made> {
        if let Some(id) = earlier.cluster_id {
            self.ui
                .say(format!("going on with {id}, which an earlier run created"));
            return Ok(Made {
                id,
                token: earlier.token.into_raw(),
            });
        }
        let tagged = self.tagged(earlier.token.raw()).await?;
        if !tagged.is_empty() {
            return self.adopt(earlier, &tagged);
        }
        if earlier.refused_at.is_none() && since(earlier.asked_at) < REQUEST_LIFE {
            return Err(self.unknown(&earlier, "no cluster has its tag yet"));
        }
        self.ui
            .say("an earlier run asked for a cluster and got none: asking again");
        prepare()?;
        let _held = self.hold(&earlier)?;
        let token = if self.is_for_this_ca(earlier.token.raw()) {
            earlier.token.into_raw()
        } else {
            self.new_token()?
        };
        self.begin(token, false).await
    }

    /// Goes on with a cluster whose id never arrived and that has the tag, if it is the one that
    /// was ordered.
    fn adopt(&self, creation: Creation, tagged: &[Cluster]) -> Result<Made> {
        match tagged {
            [cluster] => {
                self.is_as_ordered(cluster, creation.token.raw())?;
                self.note(creation, cluster.cluster_id.raw())
            }
            several => {
                let ids: Vec<String> = several
                    .iter()
                    .map(|cluster| cluster.cluster_id.to_string())
                    .collect();
                Err(not_ordered(
                    format!(
                        "{} clusters have the tag of the one that was ordered, and one was: {}",
                        several.len(),
                        ids.join(", ")
                    ),
                    "look which of them is yours (`hsmboot cluster list`), and",
                ))
            }
        }
    }

    /// That the live cluster carries the token as its tag and is what this command line orders:
    /// whatever a bundle says, no other is given an HSM or claimed.
    fn is_as_ordered(&self, cluster: &Cluster, token: &str) -> Result<()> {
        let order = &self.plan.order;
        let tag = cluster
            .tags
            .iter()
            .find(|tag| tag.key == TAG)
            .map(|tag| tag.value.raw());
        let subnets: Vec<&str> = cluster.subnets.values().map(OutsideText::raw).collect();
        // Of a claimed cluster it is judged elsewhere whose it is; and its type may have been
        // changed since (API Reference, ModifyCluster: HsmType).
        let open = cluster.certificates.cluster_certificate.is_none();
        let is = |found: Option<&OutsideText>, ordered: &str| {
            found.is_some_and(|found| found == ordered)
        };
        let found = |text: Option<&OutsideText>| {
            text.map_or_else(|| "none".to_owned(), ToString::to_string)
        };
        // "The cluster's NetworkType can be IPv4 (the default) or DUALSTACK" (API Reference,
        // Cluster): one that says nothing of it has the default.
        let (ipv4, network) = (
            OutsideText::from(NetworkType::Ipv4.as_str()),
            order.network_type.unwrap_or(NetworkType::Ipv4),
        );
        let differs = if tag != Some(token) {
            unlike(
                format!("tag {TAG}"),
                shown_text(token),
                tag.map_or_else(|| "none".to_owned(), shown_text),
            )
        } else if open && !self.is_for_this_ca(token) {
            "CA: it was ordered for another one than this command's, or for none that was there yet"
                .into()
        } else if subnets.is_empty()
            || !subnets
                .iter()
                .all(|subnet| order.subnet_ids.iter().any(|ordered| ordered == subnet))
        {
            unlike(
                "subnets",
                order.subnet_ids.join(", "),
                shown_text(&subnets.join(", ")),
            )
        } else if open && cluster.hsm_type.as_ref().map(OutsideText::raw) != Some(&order.hsm_type) {
            unlike("type", &order.hsm_type, found(cluster.hsm_type.as_ref()))
        } else if let Some(mode) = order
            .mode
            .filter(|mode| !is(cluster.mode.as_ref(), mode.as_str()))
        {
            unlike("mode", mode.as_str(), found(cluster.mode.as_ref()))
        } else if !is(
            Some(cluster.network_type.as_ref().unwrap_or(&ipv4)),
            network.as_str(),
        ) {
            unlike(
                "network type",
                network.as_str(),
                found(cluster.network_type.as_ref()),
            )
        } else if let Some(backup) = &cluster.source_backup_id {
            unlike(
                "origin",
                "a new cluster",
                format!("one restored from {backup}"),
            )
        } else {
            return Ok(());
        };
        let id = &cluster.cluster_id;
        Err(not_ordered(
            differs.after(format!(
                "{id} is not the cluster that was ordered here, whatever {} \
                                   says: it differs in its ",
                self.file()
            )),
            "find out who changed the bundle or the cluster. If it is yours all the same,",
        ))
    }

    /// Keeps a run beside this one from asking again as well: the file that both have read is
    /// locked, and must still be what it was.
    fn hold(&self, earlier: &Creation) -> Result<File> {
        match self.store.lock(CREATION) {
            Some(file) if Creation::read(&self.store.anew())?.as_ref() == Some(earlier) => Ok(file),
            _ => Err(Error::new(
                ErrorKind::CreationDiffers,
                format!("another run is at work on {}", self.file()),
                "wait until it has ended, then run the same command again",
            )),
        }
    }

    /// The clusters with the token.
    async fn tagged(&self, token: &str) -> std::result::Result<Vec<Cluster>, ServiceError> {
        let all = self.service.clusters(&ClusterFilter::default()).await?;
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

    /// Writes the cluster's id down, and says it, before anything else happens.
    fn note(&self, creation: Creation, id: &str) -> Result<Made> {
        let lost = |error: Error| Error {
            message: Lines::from(format!("{id} was created, and could not be written down"))
                .and(error.message.after("  ")),
            ..error
        };
        let id: ClusterId = id.parse().map_err(|fault| {
            Error::new(
                ErrorKind::StrangeAnswer,
                fault,
                "look at it with `hsmboot cluster list`",
            )
        })?;
        self.ui.say(format!(
            "created {id}; {} remembers it, and the same command goes on from here",
            self.file()
        ));
        let token = creation.token.clone();
        Creation {
            cluster_id: Some(id.clone()),
            ..creation
        }
        .write(self.store, false, &self.step.begin(cli::now()))
        .map_err(lost)?;
        Ok(Made {
            id,
            token: token.into_raw(),
        })
    }

    fn unknown(&self, creation: &Creation, why: &str) -> Error {
        let until = creation.asked_at.unix().saturating_add(REQUEST_LIFE);
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
                self.file()
            ),
        )
    }

    /// That the earlier run was to create the same, in the same place.
    fn is_the_same(&self, earlier: &Creation) -> Result<()> {
        let (order, place) = (&self.plan.order, self.service.place());
        let tags = order
            .tags
            .iter()
            .map(|tag| (tag.key.clone(), tag.value.clone()))
            .collect();
        let here = Some(earlier.region.raw()) == place.region.as_ref().map(OutsideText::raw)
            && earlier.endpoint == place.endpoint;
        let same = earlier.hsm_type == order.hsm_type
            && earlier.mode.as_ref().map(OutsideText::raw) == order.mode.map(Mode::as_str)
            && earlier.network_type.as_ref().map(OutsideText::raw)
                == order.network_type.map(NetworkType::as_str)
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
                format!("{} remembers another creation than this one", self.file()),
                format!(
                    "  {was}  {}, {}, in {}{}",
                    joined(
                        [
                            Some(&earlier.hsm_type),
                            earlier.mode.as_ref(),
                            earlier.network_type.as_ref()
                        ]
                        .into_iter()
                        .flatten(),
                        " "
                    ),
                    joined(&earlier.subnet_ids, ", "),
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
        ))
    }

    /// A cluster of an earlier run may have been deleted since.
    async fn is_still_there(&self, id: &ClusterId) -> Result<()> {
        match self.service.describe(id.as_str()).await? {
            Some(cluster) if !is_going(&cluster) => Ok(()),
            found => Err(Error::new(
                ErrorKind::ClusterDeleted,
                found
                    .map_or_else(
                        || "no longer there".into(),
                        |cluster| {
                            Lines::from([
                                "deleted, or being deleted".to_owned(),
                                format!("  state  {}", cluster.state),
                            ])
                        },
                    )
                    .after(format!("{id}, which an earlier run created, is ")),
                "choose another --bundle to create another cluster",
            )),
        }
    }

    /// The first HSM, unless there is one. A second one is never made: an unclaimed cluster takes
    /// one alone.
    async fn first_hsm(&self, id: &ClusterId, cluster: &Cluster) -> Result<()> {
        if cluster.state != ClusterState::Uninitialized || !cluster.hsms.is_empty() {
            return Ok(());
        }
        let zone = &self.plan.availability_zone;
        takes_an_hsm(cluster, zone)?;
        let order = NewHsm {
            cluster_id: id.to_string(),
            availability_zone: zone.clone(),
            ip_address: None,
        };
        match self.service.create_hsm(&order).await {
            Ok(hsm) => self
                .ui
                .say(format!("created {}, the first HSM of {id}", hsm.hsm_id)),
            Err(error) if error.outcome_unknown() => {
                let hint = "run the same command again: it looks whether the HSM is there before \
                            it asks for one";
                settle(self.ui, LOOKING, hint, async || {
                    let has_one = self
                        .service
                        .describe(id.as_str())
                        .await?
                        .is_some_and(|cluster| !cluster.hsms.is_empty());
                    Ok(if has_one {
                        Seen::There(())
                    } else {
                        Seen::NotYet(error.brief())
                    })
                })
                .await?;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// A cluster that an order of this bundle made.
struct Made {
    id: ClusterId,
    /// What it is tagged with.
    token: String,
}

/// The part of a token that commits to a CA's key, or to there being none.
fn commitment(random: &str, ca: Option<&Certificate>) -> String {
    let key = ca.map_or_else(String::new, |ca| hex(ca.spki_sha256()));
    hex(&sha256(
        format!("{TOKEN_CONTEXT}\n{random}\n{key}").as_bytes(),
    ))
    .chars()
    .take(TOKEN_HALF)
    .collect()
}

/// What differs, and how.
fn unlike(
    what: impl Into<String>,
    expected: impl std::fmt::Display,
    found: impl std::fmt::Display,
) -> Lines {
    Lines::from([
        what.into(),
        format!("  expected {expected}"),
        format!("  found    {found}"),
    ])
}

fn not_ordered(what: impl Into<Lines>, first: &str) -> Error {
    Error::new(
        ErrorKind::ClusterNotOrdered,
        what,
        format!(
            "{first} name it: `hsmboot bootstrap --cluster-id ID`; to create a cluster, choose \
             another --bundle. Nothing was created or changed"
        ),
    )
}

/// Seconds since then.
fn since(then: Moment) -> i64 {
    cli::now().unix().saturating_sub(then.unix())
}

//! `bootstrap --create`: from nothing to a cluster with its first HSM, once, however often the command is run.
//!
//! What is about to be created is written down before CreateCluster is sent, with a token that the cluster is tagged with; its id is added as soon as it
//! is known. A later run goes on with the id. Where a run ended between the two, the cluster is looked for by its token.

use std::fs::File;
use std::time::Duration;

use crate::bundle::{self, CREATION, ClusterId, Creation, Store};
use crate::cli::cluster::{NewClusterArgs, created, is_going};
use crate::cli::hsm::takes_an_hsm;
use crate::cli::manage::{Seen, check_tags, settle, usage};
use crate::cli::ui::Ui;
use crate::cli::{self, TOOL};
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::fleet::{ClusterFilter, NewCluster, NewHsm};
use crate::cloudhsm::{CloudHsm, Cluster, ClusterState, Fleet, ServiceError, Tag, limits};
use crate::error::{Class, Error, Result};
use crate::fsio::NewFile;
use crate::x509::{Moment, hex};

/// The bundle's directory where none is named: the cluster's id, which names it otherwise, is not known yet.
pub(super) const NEW_BUNDLE: &str = "./new-cluster";

/// The key of the tag that holds the token.
const TAG: &str = "hsmboot-creation";

/// How long after it was signed a request may still take effect, in seconds. AWS takes none that is older (AWS General Reference, Signature Version 4: five
/// minutes as a rule, fifteen with a clock that is off).
const REQUEST_LIFE: i64 = 15 * 60;

/// How long to look for what a lost answer may have made.
const LOOKING: Duration = Duration::from_secs(60);

/// From nothing to a cluster.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "From nothing")]
pub struct CreateArgs {
    /// Create the cluster and its first HSM as well; this costs money. The bundle remembers them
    #[arg(long, requires_all = ["subnet_id", "availability_zone"], conflicts_with_all = ["cluster_id", "dry_run"])]
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

impl CreateArgs {
    /// That nothing is said of a new cluster where none is to be created.
    pub(super) fn check(&self) -> Result<()> {
        let new = &self.new;
        let said = !new.subnet_id.is_empty() || new.hsm_type.is_some() || new.retention_days.is_some() || !new.tag.is_empty();
        if said && !self.create {
            return Err(usage("--subnet-id, --hsm-type, --retention-days and --tag are for a new cluster", "add --create, or leave them out"));
        }
        Ok(())
    }

    pub(super) fn plan(&self) -> Result<Plan> {
        let order = self.new.order(None)?;
        check_tags(&order.tags.iter().map(|tag| tag.key.as_str()).chain([TAG]).collect::<Vec<_>>())?;
        Ok(Plan { order, availability_zone: self.availability_zone.clone().unwrap_or_default() })
    }
}

/// Everything that creating needs.
pub(super) struct Start<'a> {
    pub(super) plan: &'a Plan,
    pub(super) service: &'a AwsCloudHsm,
    pub(super) store: &'a Store,
    /// How long to wait for the cluster.
    pub(super) limit: Duration,
    pub(super) ui: &'a Ui,
}

impl Start<'_> {
    /// The cluster, with its first HSM on its way: an earlier run's, or a new one. `prepare` is called before a new one is asked for.
    pub(super) async fn cluster(&self, prepare: impl FnOnce() -> Result<()>) -> Result<ClusterId> {
        let (known, fresh) = match Creation::read(self.store)? {
            None => {
                prepare()?;
                (self.begin(hex(&cli::random::<16>()?), false).await?, true)
            }
            Some(earlier) => {
                self.is_the_same(&earlier)?;
                let fresh = since(earlier.asked_at) < REQUEST_LIFE;
                (self.take_up(earlier, prepare).await?, fresh)
            }
        };
        let id = known;
        let on = |error: Error| Error { hint: format!("{}\n{id} exists: the same command goes on with it", error.hint), ..error };
        if !fresh {
            self.is_still_there(&id).await?;
        }
        let hint = "run the same command again: it goes on from here (`--timeout` gives it longer)";
        let cluster = created(self.service, id.as_str(), self.limit, hint, self.ui).await.map_err(on)?;
        self.first_hsm(&id, &cluster).await.map_err(on)?;
        Ok(id)
    }

    fn file(&self) -> String {
        self.store.place(CREATION).to_string()
    }

    /// Writes down what is to be created, and asks for it.
    async fn begin(&self, token: String, again: bool) -> Result<ClusterId> {
        let (order, place) = (&self.plan.order, self.service.place());
        let creation = Creation {
            format: Creation::FORMAT.to_owned(),
            token,
            region: place.region.clone().unwrap_or_default(),
            endpoint: place.endpoint.clone(),
            hsm_type: order.hsm_type.clone(),
            subnet_ids: order.subnet_ids.clone(),
            retention_days: order.retention_days,
            tags: order.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect(),
            asked_at: cli::now(),
            tool: TOOL.to_owned(),
            cluster_id: None,
        };
        // Without `again`, a run beside this one that was faster wins: its file is not replaced, and this run ends here.
        self.write(&creation, again)?;
        let token = Tag { key: TAG.to_owned(), value: creation.token.clone() };
        let order = NewCluster { tags: order.tags.iter().cloned().chain([token]).collect(), ..order.clone() };
        match self.service.create_cluster(&order).await {
            Ok(cluster) => self.note(creation, &cluster.cluster_id),
            Err(error) if error.outcome_unknown() => self.look_for(creation, &error).await,
            Err(error) => {
                self.forget();
                Err(error.into())
            }
        }
    }

    /// The answer is lost: the cluster may be there all the same.
    async fn look_for(&self, creation: Creation, error: &ServiceError) -> Result<ClusterId> {
        self.ui.say(&format!("{}; looking for the cluster by its tag", error.brief()));
        let found = settle(self.ui, LOOKING, "", async || {
            Ok(self.tagged(&creation.token).await?.map_or_else(|| Seen::NotYet("no cluster has the tag yet".to_owned()), Seen::There))
        });
        match found.await {
            Ok(cluster) => self.note(creation, &cluster.cluster_id),
            Err(_) => Err(self.unknown(&creation, &error.brief())),
        }
    }

    /// What an earlier run left: a cluster with its id, or a request whose outcome it did not learn.
    async fn take_up(&self, earlier: Creation, prepare: impl FnOnce() -> Result<()>) -> Result<ClusterId> {
        if let Some(id) = earlier.cluster_id {
            self.ui.say(&format!("going on with {id}, which an earlier run created"));
            return Ok(id);
        }
        if let Some(cluster) = self.tagged(&earlier.token).await? {
            return self.note(earlier, &cluster.cluster_id);
        }
        if since(earlier.asked_at) < REQUEST_LIFE {
            return Err(self.unknown(&earlier, "no cluster has its tag yet"));
        }
        self.ui.say("an earlier run asked for a cluster and got none: asking again");
        prepare()?;
        let _held = self.hold(&earlier)?;
        self.begin(earlier.token, true).await
    }

    /// Keeps a run beside this one from asking again as well: the file that both have read is locked, and must still be what it was.
    fn hold(&self, earlier: &Creation) -> Result<File> {
        match self.store.lock(CREATION) {
            Some(file) if Creation::read(&self.store.anew())?.as_ref() == Some(earlier) => Ok(file),
            _ => Err(Error::new(
                Class::Conflict,
                "creation-differs",
                format!("another run is at work on {}", self.file()),
                "wait until it has ended, then run the same command again",
            )),
        }
    }

    /// The cluster with the token.
    async fn tagged(&self, token: &str) -> std::result::Result<Option<Cluster>, ServiceError> {
        let all = self.service.clusters(&ClusterFilter::default()).await?;
        Ok(all.into_iter().find(|cluster| cluster.tags.iter().any(|tag| tag.key == TAG && tag.value == token)))
    }

    /// Writes the cluster's id down, and says it, before anything else happens.
    fn note(&self, creation: Creation, id: &str) -> Result<ClusterId> {
        let lost = |error: Error| Error { message: format!("{} was created, and could not be written down\n  {}", id, error.message), ..error };
        let id: ClusterId =
            id.parse().map_err(|fault| Error::new(Class::Service, "strange-answer", fault, "look at it with `hsmboot cluster list`"))?;
        self.ui.say(&format!("created {id}; {} remembers it, and the same command goes on from here", self.file()));
        self.write(&Creation { cluster_id: Some(id.clone()), ..creation }, true).map_err(lost)?;
        Ok(id)
    }

    fn write(&self, creation: &Creation, replace: bool) -> Result<()> {
        let content = bundle::document(creation);
        self.store.write(&[NewFile { name: CREATION.to_owned(), content: &content, mode: 0o644, replace }])
    }

    /// Nothing was created: nothing is to be remembered.
    fn forget(&self) {
        // If it stays, a later run finds out that there is no such cluster.
        self.store.forget(CREATION);
    }

    fn unknown(&self, creation: &Creation, why: &str) -> Error {
        let until = creation.asked_at.unix().saturating_add(REQUEST_LIFE);
        Error::new(
            Class::Unfinished,
            "creation-unknown",
            format!("CreateCluster was asked for at {}, and nobody knows whether it was heard\n  {why}", creation.asked_at),
            format!(
                "run the same command again: it looks for the cluster, and from {} on, when that request can no longer take effect, it asks for another. If you \
                 know that there is none, remove {}",
                Moment::from_unix(until),
                self.file()
            ),
        )
    }

    /// That the earlier run was to create the same, in the same place.
    fn is_the_same(&self, earlier: &Creation) -> Result<()> {
        let (order, place) = (&self.plan.order, self.service.place());
        let tags = order.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        let here = Some(earlier.region.as_str()) == place.region.as_deref() && earlier.endpoint == place.endpoint;
        let same = earlier.hsm_type == order.hsm_type
            && earlier.subnet_ids == order.subnet_ids
            && earlier.retention_days == order.retention_days
            && earlier.tags == tags;
        if here && same {
            return Ok(());
        }
        let was = earlier.cluster_id.as_ref().map_or_else(|| "a cluster".to_owned(), ToString::to_string);
        Err(Error::new(
            Class::Conflict,
            "creation-differs",
            format!(
                "{} remembers another creation than this one\n  {was}  {}, {}, in {}{}",
                self.file(),
                earlier.hsm_type,
                earlier.subnet_ids.join(", "),
                earlier.region,
                earlier.endpoint.as_ref().map(|url| format!(" at {url}")).unwrap_or_default(),
            ),
            "repeat that command as it was to go on with it, or choose another --bundle for another cluster",
        ))
    }

    /// A cluster of an earlier run may have been deleted since.
    async fn is_still_there(&self, id: &ClusterId) -> Result<()> {
        match self.service.describe(id.as_str()).await? {
            Some(cluster) if !is_going(&cluster) => Ok(()),
            found => Err(Error::new(
                Class::Conflict,
                "cluster-deleted",
                format!(
                    "{id}, which an earlier run created, is {}",
                    found.map_or_else(|| "no longer there".to_owned(), |cluster| format!("deleted, or being deleted\n  state  {}", cluster.state))
                ),
                format!("choose another --bundle, or remove {}, to create another cluster", self.file()),
            )),
        }
    }

    /// The first HSM, unless there is one. A second one is never made: an unclaimed cluster takes one alone.
    async fn first_hsm(&self, id: &ClusterId, cluster: &Cluster) -> Result<()> {
        if cluster.state != ClusterState::Uninitialized || !cluster.hsms.is_empty() {
            return Ok(());
        }
        let zone = &self.plan.availability_zone;
        takes_an_hsm(cluster, zone)?;
        let order = NewHsm { cluster_id: id.to_string(), availability_zone: zone.clone(), ip_address: None };
        match self.service.create_hsm(&order).await {
            Ok(hsm) => self.ui.say(&format!("created {}, the first HSM of {id}", hsm.hsm_id)),
            Err(error) if error.outcome_unknown() => {
                let hint = "run the same command again: it looks whether the HSM is there before it asks for one";
                settle(self.ui, LOOKING, hint, async || {
                    let has_one = self.service.describe(id.as_str()).await?.is_some_and(|cluster| !cluster.hsms.is_empty());
                    Ok(if has_one { Seen::There(()) } else { Seen::NotYet(error.brief()) })
                })
                .await?;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// Seconds since then.
fn since(then: Moment) -> i64 {
    cli::now().unix().saturating_sub(then.unix())
}

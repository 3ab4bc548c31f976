//! `hsmboot cluster modify`: how long backups are kept, and the HSMs' type.

use std::cell::Cell;
use std::time::Duration;

use serde_json::json;

use super::course::{Course, course, has_type, is_under_way, not_kept};
use super::order::warn_of_unknown_type;
use super::{deleted, find, is_going, retention};
use crate::bundle::ClusterId;
use crate::cli::manage::{AGAIN, Seen, WaitArgs, ask_yes, is_at_terminal, located, settle};
use crate::cli::online::{OnlineArgs, block_on, cluster_id};
use crate::cli::ui::{Outcome, Ui};
use crate::cli::{self, view};
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::fleet::ClusterChange;
use crate::cloudhsm::{CloudHsm, Cluster, ClusterState, Fleet, Place, limits};
use crate::error::{Error, ErrorKind, Result};
use crate::outside::{Lines, shown_text};
use crate::x509::Moment;

/// How long a change of type is waited for: one HSM takes about 30 minutes (User Guide, "Migrating
/// from hsm1.medium to hsm2m.medium"), the most that there may be thirteen and a half hours.
const MIGRATION: Duration = Duration::from_secs(14 * 60 * 60);

/// Change how long a cluster's backups are kept, or its HSMs' type
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The type, with --hsm-type: AWS replaces the HSMs of an ACTIVE cluster of at most 27 HSMs one at a \
time, about 30 minutes each; addresses stay. Meanwhile (MODIFY_IN_PROGRESS) \
no HSM can be created or deleted, and the cluster writes little: no keys that stay, no users. AWS \
takes the change back by itself where errors mount (ROLLBACK_IN_PROGRESS); by hand \
it is taken back within 24 hours of its beginning with the old type: --hsm-type hsm1.medium. Asks \
first; --wait waits 14 hours at most unless --timeout says otherwise.

Examples:
  hsmboot cluster modify --cluster-id cluster-abc234defgh --retention-days 30
  hsmboot cluster modify --cluster-id cluster-abc234defgh --hsm-type hsm2m.medium --wait

Exit codes: 0 changed, being changed, or already so; 2 wrong command line, or nobody to ask and no \
--yes; 6 unknown cluster, or the service refused or cannot be reached; \
7 not seen in time; 8 the cluster is deleted, its state, HSMs or dates do not allow the type, or \
AWS took the change back; 130 declined, nothing was changed")]
pub struct Args {
    /// The cluster
    #[arg(long, value_name = "ID", value_parser = cluster_id)]
    cluster_id: ClusterId,
    /// How many days backups are kept, 7 to 379
    #[arg(
        long,
        value_name = "DAYS",
        value_parser = retention(),
        required_unless_present = "hsm_type",
    )]
    retention_days: Option<u16>,
    /// The HSMs' type: hsm2m.medium for a cluster of hsm1.medium, or back within 24 hours
    #[arg(long, value_name = "TYPE", value_parser = limits::hsm_type)]
    hsm_type: Option<String>,
    /// Change the type without asking
    #[arg(long, short, requires = "hsm_type")]
    yes: bool,
    #[command(flatten)]
    wait: WaitArgs,
    #[command(flatten)]
    online: OnlineArgs,
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<Outcome> {
    if args.hsm_type.is_some() && !args.yes && !is_at_terminal() {
        return Err(Error::new(
            ErrorKind::ConsentMissing,
            "this replaces every HSM of a cluster, and there is no terminal to ask at whether it \
             shall; nothing was changed",
            "say so with --yes",
        ));
    }
    let limit = args.wait.limit_or(if args.hsm_type.is_some() {
        MIGRATION
    } else {
        WaitArgs::USUAL
    });
    block_on(async {
        let service = args.online.connect_within(limit, None, ui).await?;
        let before = find(&service, &args.cluster_id).await?;
        if is_going(&before) {
            return Err(deleted(&before));
        }
        let plan = Plan::of(args, &before)?;
        plan.consent(args.yes, &before, service.place(), ui)?;
        let mut cluster = plan.send(&service, before).await?;
        if let Some(limit) = limit.filter(|_| plan.is_something()) {
            cluster = plan.wait(&service, cluster, limit, ui).await?;
        }
        let document = json!({ "changed": plan.changes(), "cluster": view::document(&cluster) });
        Ok(Outcome::done(
            located(service.place(), document),
            plan.told(&cluster),
        ))
    })
}

/// What is asked of the cluster, and what of it is to be sent.
struct Plan<'a> {
    id: &'a ClusterId,
    /// The days that were asked for, and whether they are others than the cluster's.
    days: Option<(u16, bool)>,
    /// The type that was asked for, and what that means for the cluster.
    hsm_type: Option<(&'a str, Course)>,
}

impl<'a> Plan<'a> {
    fn of(args: &'a Args, before: &Cluster) -> Result<Self> {
        let hsm_type = match args.hsm_type.as_deref() {
            Some(wanted) => Some((wanted, course(before, wanted, cli::now())?)),
            None => None,
        };
        Ok(Plan {
            id: &args.cluster_id,
            days: args
                .retention_days
                .map(|days| (days, before.retention_days != Some(days))),
            hsm_type,
        })
    }

    /// The type, where it is to be sent.
    fn new_type(&self) -> Option<&'a str> {
        self.hsm_type
            .as_ref()
            .filter(|(_, course)| matches!(course, Course::Migrate | Course::RollBack))
            .map(|(wanted, _)| *wanted)
    }

    fn new_days(&self) -> Option<u16> {
        self.days
            .filter(|(_, differ)| *differ)
            .map(|(days, _)| days)
    }

    fn changes(&self) -> bool {
        self.new_type().is_some() || self.new_days().is_some()
    }

    /// Whether there is something to wait for.
    fn is_something(&self) -> bool {
        self.changes()
            || self
                .hsm_type
                .as_ref()
                .is_some_and(|(_, course)| *course == Course::UnderWay)
    }

    /// Says what changing the type means, and asks.
    fn consent(&self, yes: bool, before: &Cluster, place: &Place, ui: &Ui) -> Result<()> {
        let Some(wanted) = self.new_type() else {
            return Ok(());
        };
        warn_of_unknown_type(wanted, ui);
        let (id, back) = (
            self.id,
            self.hsm_type
                .as_ref()
                .is_some_and(|(_, course)| *course == Course::RollBack),
        );
        let found = before
            .hsm_type
            .as_ref()
            .map_or_else(|| "an unknown type".to_owned(), ToString::to_string);
        let question = format!(
            "change {id} from {found} to {}, at {place}?",
            shown_text(wanted)
        );
        let consequences = Lines::from(format!(
            "Its {} HSMs are replaced one at a time, about 30 minutes each; their addresses stay. \
             Until then no HSM can be created or deleted, and keys that stay and users cannot be \
             made, changed or deleted.",
            before.hsms.len()
        ))
        .and(if back {
            "AWS's guide, \"HSM type rollback considerations\", says what becomes of keys and \
             users that were made since the change: read it first."
                .to_owned()
        } else {
            format!(
                "AWS takes it back by itself where errors mount. By hand, within 24 hours of its \
                 beginning: hsmboot cluster modify --cluster-id {id} --hsm-type {found}"
            )
        });
        if yes {
            ui.say(
                Lines::from(question)
                    .and(consequences)
                    .and("yes, as --yes says"),
            );
            return Ok(());
        }
        if ask_yes(&question, &consequences) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Declined,
            format!("{id} stays as it is: nothing was changed"),
            "answer yes, or say so beforehand with --yes",
        ))
    }

    /// Sends ModifyCluster, where something is to be changed. Where the answer is lost, the cluster
    /// tells.
    async fn send(&self, service: &AwsCloudHsm, before: Cluster) -> Result<Cluster> {
        if !self.changes() {
            return Ok(before);
        }
        let change = ClusterChange {
            retention_days: self.new_days(),
            hsm_type: self.new_type().map(str::to_owned),
        };
        match (
            service.modify_cluster(self.id.as_str(), &change).await,
            self.new_type(),
        ) {
            (Err(error), Some(wanted)) if error.outcome_unknown() => {
                match service.describe(self.id.as_str()).await? {
                    Some(cluster) if is_under_way(&cluster.state) || has_type(&cluster, wanted) => {
                        Ok(cluster)
                    }
                    _ => Err(error.into()),
                }
            }
            (sent, _) => Ok(sent?),
        }
    }

    /// Waits until the cluster is as asked for.
    async fn wait(
        &self,
        service: &AwsCloudHsm,
        sent: Cluster,
        limit: Duration,
        ui: &Ui,
    ) -> Result<Cluster> {
        let id = self.id;
        // A cluster that is described a moment after the call may be as it was before.
        let was_under_way = Cell::new(is_under_way(&sent.state));
        settle(ui, limit, AGAIN, async || {
            let Some(cluster) = service.describe(id.as_str()).await? else {
                return Ok(Seen::NotYet(format!("{id} is not listed")));
            };
            if is_going(&cluster) {
                return Ok(Seen::Lost(deleted(&cluster)));
            }
            let line = format!("{id} {}{}", cluster.state, progress(&cluster));
            if is_under_way(&cluster.state) {
                was_under_way.set(true);
                return Ok(Seen::NotYet(line));
            }
            let has_days = self
                .days
                .is_none_or(|(days, _)| cluster.retention_days == Some(days));
            let wanted = self.hsm_type.as_ref().map(|(wanted, _)| *wanted);
            Ok(match wanted {
                Some(wanted)
                    if cluster.state == ClusterState::Active
                        && !has_type(&cluster, wanted)
                        && was_under_way.get() =>
                {
                    Seen::Lost(not_kept(&cluster, wanted))
                }
                Some(wanted)
                    if cluster.state != ClusterState::Active || !has_type(&cluster, wanted) =>
                {
                    Seen::NotYet(line)
                }
                _ if has_days => Seen::There(cluster),
                _ => Seen::NotYet(line),
            })
        })
        .await
    }

    fn told(&self, cluster: &Cluster) -> String {
        let (id, already) = (self.id, "already; nothing was changed");
        let mut text = String::new();
        match self.days {
            Some((days, true)) => {
                text.push_str(&format!("{id} keeps its backups for {days} days\n"))
            }
            Some((days, false)) => text.push_str(&format!(
                "{id} keeps its backups for {days} days {already}\n"
            )),
            None => {}
        }
        let Some((wanted, course)) = &self.hsm_type else {
            return text;
        };
        let wanted = shown_text(wanted);
        let until = cluster
            .rollback_until
            .map(|at| format!("; it can be taken back until {}", Moment::from_unix(at)))
            .unwrap_or_default();
        text.push_str(&match (course, is_under_way(&cluster.state)) {
            (Course::Already, _) => format!("{id} is of {wanted} {already}\n"),
            (Course::UnderWay, true) => format!("{id} is being changed to {wanted} {already}\n"),
            (Course::Migrate | Course::RollBack, true) => {
                format!(
                    "{id} is being changed to {wanted}{until}\nnext: hsmboot wait --cluster-id \
                         {id} --for active --timeout 14h\n"
                )
            }
            (Course::Migrate | Course::RollBack | Course::UnderWay, false) => {
                format!("{id} is of {wanted}{until}\n")
            }
        });
        text
    }
}

/// How many HSMs are of which type, while there are several.
fn progress(cluster: &Cluster) -> String {
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for kind in cluster.hsms.iter().filter_map(|hsm| hsm.hsm_type.as_ref()) {
        let count = counts.entry(kind.to_string()).or_default();
        *count = count.saturating_add(1);
    }
    let parts: Vec<String> = counts
        .iter()
        .map(|(kind, count)| format!("{count} of {kind}"))
        .collect();
    if parts.is_empty() {
        String::new()
    } else {
        format!(" ({})", parts.join(", "))
    }
}

//! `hsmboot cluster modify`: the retention of backups, and the HSMs' type.

use std::cell::Cell;
use std::time::Duration;

use serde_json::json;

use super::order::warn_of_unknown_type;
use super::type_change::{
    TypeChange, has_type, is_under_way, plan_type_change, type_change_undone,
};
use super::{deleted_error, find_cluster, is_deleting_or_deleted, retention_parser};
use crate::bundle::ClusterId;
use crate::cli::manage::{
    PollStatus, RUN_AGAIN_HINT, WaitArgs, ask_yes, is_at_terminal, poll_until_there, with_place,
};
use crate::cli::named_cluster::RequiredClusterArgs;
use crate::cli::online::{OnlineArgs, block_on};
use crate::cli::output::next_lines;
use crate::cli::run_options::complete_command;
use crate::cli::ui::{CommandOutput, Effect, Ui};
use crate::cli::{self, view};
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::fleet::ClusterChange;
use crate::cloudhsm::{CallPlace, CloudHsm, Cluster, ClusterState, Fleet, ServiceError, limits};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::hint::NextCommand;
use crate::outside::{Lines, shown_text};
use crate::x509::Moment;

/// The time to wait for a change of type: one HSM takes about 30 minutes (User Guide, "Migrating
/// from hsm1.medium to hsm2m.medium"), the largest cluster thirteen and a half hours.
const MIGRATION_LIMIT: Duration = Duration::from_secs(14 * 60 * 60);

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
    #[command(flatten)]
    cluster: RequiredClusterArgs,
    /// The days to keep backups, 7 to 379
    #[arg(
        long,
        value_name = "DAYS",
        value_parser = retention_parser(),
        required_unless_present = "hsm_type",
    )]
    retention_days: Option<u16>,
    /// The HSMs' type: hsm2m.medium for a cluster of hsm1.medium, or back within 24 hours
    #[arg(long, value_name = "TYPE", value_parser = limits::HSM_TYPE.parser())]
    hsm_type: Option<String>,
    /// Change the type without asking
    #[arg(long, short, requires = "hsm_type")]
    yes: bool,
    #[command(flatten)]
    wait: WaitArgs,
    #[command(flatten)]
    online: OnlineArgs,
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<CommandOutput> {
    if args.hsm_type.is_some() && !args.yes && !is_at_terminal() {
        return Err(Error::new(
            ErrorKind::ConsentMissing,
            "this replaces every HSM of a cluster, and there is no terminal to ask at whether it \
             shall; nothing was changed",
            "say so with --yes",
        ));
    }
    let limit = args.wait.wait_limit_or(if args.hsm_type.is_some() {
        MIGRATION_LIMIT
    } else {
        WaitArgs::DEFAULT_LIMIT
    });
    let (id, online) = args.cluster.require(&args.online)?;
    block_on(async {
        let service = online.connect_within(limit, None, ui).await?;
        let before = find_cluster(&service, &id).await?;
        if is_deleting_or_deleted(&before) {
            return Err(deleted_error(&before));
        }
        let mut plan = ModificationPlan::from_args(args, &id, &before)?;
        plan.ask_consent(args.yes, &before, service.place(), ui)?;
        let mut cluster = match plan.send_change(&service, before).await {
            Ok(cluster) => cluster,
            // Another run may have been quicker since the look: what is there now counts.
            Err(error) if error.is_refused() => {
                let now = find_cluster(&service, &id).await?;
                match ModificationPlan::from_args(args, &id, &now) {
                    Ok(again) if !again.has_changes() => plan = again,
                    _ => return Err(error.into()),
                }
                now
            }
            Err(error) => return Err(error.into()),
        };
        if let Some(limit) = limit.filter(|_| plan.needs_waiting()) {
            cluster = plan.wait_until_done(&service, cluster, limit, ui).await?;
        }
        let document =
            json!({ "changed": plan.has_changes(), "cluster": view::cluster_document(&cluster) });
        Ok(CommandOutput::success(
            Effect::when(plan.has_changes()),
            with_place(service.place(), document),
            plan.result_text(&cluster),
        )
        .with_next(plan.next_command(&cluster)))
    })
}

/// The requested changes, and which of them have to be sent.
struct ModificationPlan<'a> {
    id: &'a ClusterId,
    /// The requested days, and whether they differ from the cluster's.
    days: Option<(u16, bool)>,
    /// The requested type, and what it means for the cluster.
    hsm_type: Option<(&'a str, TypeChange)>,
}

impl<'a> ModificationPlan<'a> {
    fn from_args(args: &'a Args, id: &'a ClusterId, before: &Cluster) -> Result<Self> {
        let hsm_type = match args.hsm_type.as_deref() {
            Some(wanted) => Some((wanted, plan_type_change(before, wanted, cli::now())?)),
            None => None,
        };
        Ok(ModificationPlan {
            id,
            days: args
                .retention_days
                .map(|days| (days, before.retention_days != Some(days))),
            hsm_type,
        })
    }

    /// Returns the type, where it has to be sent.
    fn new_type(&self) -> Option<&'a str> {
        self.hsm_type
            .as_ref()
            .filter(|(_, course)| matches!(course, TypeChange::Migrate | TypeChange::RollBack))
            .map(|(wanted, _)| *wanted)
    }

    fn new_days(&self) -> Option<u16> {
        self.days
            .filter(|(_, differ)| *differ)
            .map(|(days, _)| days)
    }

    fn has_changes(&self) -> bool {
        self.new_type().is_some() || self.new_days().is_some()
    }

    /// Tells whether there is something to wait for.
    fn needs_waiting(&self) -> bool {
        self.has_changes()
            || self
                .hsm_type
                .as_ref()
                .is_some_and(|(_, course)| *course == TypeChange::UnderWay)
    }

    /// Shows what changing the type means, and asks for consent.
    fn ask_consent(&self, yes: bool, before: &Cluster, place: &CallPlace, ui: &Ui) -> Result<()> {
        let Some(wanted) = self.new_type() else {
            return Ok(());
        };
        warn_of_unknown_type(wanted, ui);
        let (id, back) = (
            self.id,
            self.hsm_type
                .as_ref()
                .is_some_and(|(_, course)| *course == TypeChange::RollBack),
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
        .followed_by(if back {
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
                    .followed_by(consequences)
                    .followed_by("yes, as --yes says"),
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
        )
        .with_fact(FactName::ClusterId, id.to_string()))
    }

    /// Sends ModifyCluster, where something has to be changed. Where the answer is lost, the
    /// cluster's state tells.
    async fn send_change(
        &self,
        service: &AwsCloudHsm,
        before: Cluster,
    ) -> std::result::Result<Cluster, ServiceError> {
        if !self.has_changes() {
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
                match service.describe_cluster(self.id.as_str()).await? {
                    Some(cluster) if is_under_way(&cluster.state) || has_type(&cluster, wanted) => {
                        Ok(cluster)
                    }
                    _ => Err(error),
                }
            }
            (sent, _) => sent,
        }
    }

    /// Waits until the cluster is as requested.
    async fn wait_until_done(
        &self,
        service: &AwsCloudHsm,
        sent: Cluster,
        limit: Duration,
        ui: &Ui,
    ) -> Result<Cluster> {
        let id = self.id;
        // A cluster that is described a moment after the call may be as it was before.
        let was_under_way = Cell::new(is_under_way(&sent.state));
        poll_until_there(ui, limit, RUN_AGAIN_HINT, async || {
            let Some(cluster) = service.describe_cluster(id.as_str()).await? else {
                return Ok(PollStatus::NotYet(format!("{id} is not listed")));
            };
            if is_deleting_or_deleted(&cluster) {
                return Ok(PollStatus::Lost(deleted_error(&cluster)));
            }
            let line = format!("{id} {}{}", cluster.state, progress_text(&cluster));
            if is_under_way(&cluster.state) {
                was_under_way.set(true);
                return Ok(PollStatus::NotYet(line));
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
                    PollStatus::Lost(type_change_undone(&cluster, wanted))
                }
                Some(wanted)
                    if cluster.state != ClusterState::Active || !has_type(&cluster, wanted) =>
                {
                    PollStatus::NotYet(line)
                }
                _ if has_days => PollStatus::There(cluster),
                _ => PollStatus::NotYet(line),
            })
        })
        .await
    }

    /// Returns the command that waits for a change of type that this run has begun.
    fn next_command(&self, cluster: &Cluster) -> Option<NextCommand> {
        let begun = matches!(
            self.hsm_type,
            Some((_, TypeChange::Migrate | TypeChange::RollBack))
        );
        let wait = NextCommand::new(["hsmboot", "wait", "--cluster-id", self.id.as_str()])
            .with_words(["--for", "active", "--timeout", "14h"]);
        (begun && is_under_way(&cluster.state)).then(|| complete_command(wait))
    }

    fn result_text(&self, cluster: &Cluster) -> String {
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
            (TypeChange::Already, _) => format!("{id} is of {wanted} {already}\n"),
            (TypeChange::UnderWay, true) => {
                format!("{id} is being changed to {wanted} {already}\n")
            }
            (TypeChange::Migrate | TypeChange::RollBack, true) => {
                let next = self.next_command(cluster);
                format!(
                    "{id} is being changed to {wanted}{until}\n{}",
                    next_lines(next.as_slice())
                )
            }
            (TypeChange::Migrate | TypeChange::RollBack | TypeChange::UnderWay, false) => {
                format!("{id} is of {wanted}{until}\n")
            }
        });
        text
    }
}

/// Returns the number of HSMs of each type, while there are several.
fn progress_text(cluster: &Cluster) -> String {
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for kind in cluster.hsms.iter().filter_map(|hsm| hsm.hsm_type.as_ref()) {
        let count = counts.entry(kind.to_string()).or_default();
        *count += 1;
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

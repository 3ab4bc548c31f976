//! `hsmboot backup policy get`, `put`, `delete`: which other accounts may restore a
//! cluster from a backup.
//!
//! Source: API Reference (2017-04-28 as of November 2026), GetResourcePolicy, PutResourcePolicy,
//! DeleteResourcePolicy.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{backup_state_error, find_backup, look_up_backup};
use crate::cli::manage::{ConsentArgs, with_place};
use crate::cli::online::{OnlineArgs, block_on};
use crate::cli::ui::{CommandOutput, Effect, Ui, with_members};
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::{BackupState, Fleet, ServiceError, Trouble, limits};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio;
use crate::outside::{OutsideText, shown_path};

/// The most octets that are read of a policy: each of its characters may take four.
const MAX_POLICY: u64 = 4 * 20_000;

/// Standard input, as `-` names it.
const STDIN: &str = "/dev/stdin";

/// Share a backup with other accounts: show, set and delete its resource policy
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Whom the policy allows it can restore a cluster from the backup, with all its keys and users. AWS \
recommends its Resource Access Manager for sharing, \
which makes such a policy itself.

Examples:
  hsmboot backup policy get --backup-id backup-abc234defgh
  hsmboot backup policy put --backup-id backup-abc234defgh --policy policy.json

Exit codes: 0 done or already so; others as each command says")]
pub enum Command {
    Get(GetArgs),
    Put(PutArgs),
    Delete(DeleteArgs),
}

/// Show a backup's resource policy
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hsmboot backup policy get --backup-id backup-abc234defgh
  hsmboot backup policy get --backup-arn \
arn:aws:cloudhsm:eu-central-1:111122223333:backup/backup-abc234defgh --output json

Exit codes: 0 shown, also where it has none; 2 wrong command line; 6 unknown backup, or the \
service refused or cannot be reached")]
pub struct GetArgs {
    #[command(flatten)]
    which: BackupSelector,
    #[command(flatten)]
    online: OnlineArgs,
}

/// Set a backup's resource policy, in place of the one that is there
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The policy is read and judged before anything is sent: a JSON object of at most 20000 characters. \
It is sent once, exactly as it stands. The one that it replaces \
is in the JSON document, as `previous`.

Examples:
  hsmboot backup policy put --backup-id backup-abc234defgh --policy policy.json
  hsmboot backup policy put --backup-id backup-abc234defgh --policy - < policy.json

Exit codes: 0 set, or already so; 2 wrong command line; 4 the policy is none; 6 unknown backup, or \
the service refused or cannot be reached; 8 the backup's state does not allow it")]
pub struct PutArgs {
    #[command(flatten)]
    which: BackupSelector,
    /// The policy's file, or - for standard input
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    #[command(flatten)]
    online: OnlineArgs,
}

/// Delete a backup's resource policy: it is shared no more
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Asks first. The backup leaves every share of AWS Resource Access Manager as well. Clusters that \
were restored from it stay.

Examples:
  hsmboot backup policy delete --backup-id backup-abc234defgh
  hsmboot backup policy delete --backup-id backup-abc234defgh --yes

Exit codes: 0 deleted, or it has none; 2 wrong command line, or nobody to ask and no --yes; 6 \
unknown backup, or the service refused or cannot be reached; \
130 declined, nothing was deleted")]
pub struct DeleteArgs {
    #[command(flatten)]
    which: BackupSelector,
    #[command(flatten)]
    consent: ConsentArgs,
    #[command(flatten)]
    online: OnlineArgs,
}

/// The options that name a backup: its id or its ARN.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct BackupSelector {
    /// The backup, by its id or its ARN
    #[arg(value_name = "BACKUP", value_parser = limits::BACKUP_ID_OR_ARN.parser())]
    backup: Option<String>,
    /// The backup, by its id, as an option
    #[arg(long, value_name = "ID", value_parser = limits::BACKUP_ID.parser())]
    backup_id: Option<String>,
    /// The backup, by its ARN, as an option
    #[arg(long, value_name = "ARN", value_parser = limits::BACKUP_ARN.parser())]
    backup_arn: Option<String>,
}

impl BackupSelector {
    /// Returns the id and the ARN, one of which was named: clap asks for one.
    fn id_and_arn(&self) -> (Option<&str>, Option<&str>) {
        let first = self.backup.as_deref();
        let (arn, id) = (
            first.filter(|name| name.starts_with("arn:")),
            first.filter(|name| !name.starts_with("arn:")),
        );
        (
            id.or(self.backup_id.as_deref()),
            arn.or(self.backup_arn.as_deref()),
        )
    }
}

pub(super) fn run(command: &Command, ui: &Ui) -> Result<CommandOutput> {
    match command {
        Command::Get(args) => get_policy(args, ui),
        Command::Put(args) => put_policy(args, ui),
        Command::Delete(args) => delete_policy(args, ui),
    }
}

/// A backup that exists, and its ARN.
struct SharedBackup {
    arn: String,
    /// Its state, where it was looked up.
    backup: Option<crate::cloudhsm::fleet::Backup>,
}

impl SharedBackup {
    /// Returns the backup that the command line names. The service says what the ARN of an id is.
    async fn find_selected(service: &AwsCloudHsm, which: &BackupSelector) -> Result<Self> {
        let (id, arn) = which.id_and_arn();
        let Some(id) = id else {
            let arn = arn.unwrap_or_default().to_owned();
            let id = limits::backup_of_arn(&arn).unwrap_or_default();
            // Whoever may set a policy need not be allowed to look at backups.
            let backup = look_up_backup(service, id).await.unwrap_or_default();
            return Ok(SharedBackup { arn, backup });
        };
        let backup = find_backup(service, id).await?;
        let arn = backup
            .backup_arn
            .as_ref()
            .map(OutsideText::as_raw)
            .filter(|arn| limits::backup_of_arn(arn) == Some(id));
        let Some(arn) = arn.map(str::to_owned) else {
            return Err(Error::new(
                ErrorKind::BackupWithoutArn,
                [
                    format!("the service says no ARN of {id}"),
                    format!("  at  {}", service.place()),
                ],
                "name it yourself: --backup-arn arn:aws:cloudhsm:REGION:ACCOUNT:backup/ and the id",
            )
            .with_fact(FactName::BackupId, id.to_string())
            .with_fact(FactName::Endpoint, service.place().to_string()));
        };
        Ok(SharedBackup {
            arn,
            backup: Some(backup),
        })
    }

    /// Fetches the backup's policy. Where the backup was seen a moment before, "not found" means
    /// the policy (inferred: the reference does not say what is answered then).
    async fn fetch_policy(
        &self,
        service: &AwsCloudHsm,
    ) -> std::result::Result<Option<OutsideText>, ServiceError> {
        match service.resource_policy(&self.arn).await {
            Err(ServiceError {
                trouble: Trouble::NotFound { .. },
                ..
            }) if self.backup.is_some() => Ok(None),
            answer => answer,
        }
    }

    fn result_document(&self, service: &AwsCloudHsm, members: Value) -> Value {
        let document = with_place(service.place(), json!({ "backup_arn": self.arn }));
        with_members(document, members)
    }
}

/// Returns the policy as JSON, or its text where it is not JSON.
fn policy_value(policy: Option<&OutsideText>) -> Value {
    policy.map_or(Value::Null, |text| {
        serde_json::from_str(text.as_raw()).unwrap_or_else(|_| json!(text))
    })
}

/// Returns a policy for people to read, on lines of its own.
fn policy_lines(policy: &OutsideText) -> String {
    match policy_value(Some(policy)) {
        Value::String(_) => format!("{policy}\n"),
        document => format!("{document:#}\n")
            .split_inclusive('\n')
            .map(|line| crate::outside::shown_text(line.trim_end_matches('\n')) + "\n")
            .collect(),
    }
}

fn get_policy(args: &GetArgs, ui: &Ui) -> Result<CommandOutput> {
    block_on(async {
        let service = args.online.connect(None, ui).await?;
        let shared = SharedBackup::find_selected(&service, &args.which).await?;
        let policy = shared.fetch_policy(&service).await?;
        let text = policy.as_ref().map_or_else(
            || format!("{} has no resource policy\n", shared.arn),
            policy_lines,
        );
        let summary = match &policy {
            Some(_) => format!("{} has a resource policy", shared.arn),
            None => format!("{} has no resource policy", shared.arn),
        };
        let document =
            shared.result_document(&service, json!({ "policy": policy_value(policy.as_ref()) }));
        Ok(CommandOutput::success(Effect::Unchanged, document, text).summarized(summary))
    })
}

fn put_policy(args: &PutArgs, ui: &Ui) -> Result<CommandOutput> {
    let (text, wanted) = read_policy(&args.policy)?;
    if allows_everybody(&wanted) {
        ui.alarm(
            "the policy allows \"*\": every AWS account could restore a cluster from this \
                  backup, with its keys",
        );
    }
    block_on(async {
        let service = args.online.connect(None, ui).await?;
        let shared = SharedBackup::find_selected(&service, &args.which).await?;
        // "In order to share a backup, it must be in a 'READY' state and you must own it"
        // (PutResourcePolicy).
        if let Some(backup) = shared
            .backup
            .as_ref()
            .filter(|backup| !matches!(backup.state, BackupState::Ready | BackupState::Other(_)))
        {
            return Err(backup_state_error(backup, "shared"));
        }
        let before = shared.fetch_policy(&service).await?;
        let previous = policy_value(before.as_ref());
        let changed = previous != wanted;
        if changed {
            match service.put_resource_policy(&shared.arn, &text).await {
                Err(error) if error.outcome_unknown() => {
                    if policy_value(shared.fetch_policy(&service).await?.as_ref()) != wanted {
                        return Err(error.into());
                    }
                }
                sent => sent?,
            }
        }
        let said = match (changed, before.is_some()) {
            (false, _) => format!(
                "{} has this policy already; nothing was changed\n",
                shared.arn
            ),
            (true, false) => format!("{} has this policy now\n", shared.arn),
            (true, true) => format!("{} has this policy now, in place of another\n", shared.arn),
        };
        Ok(CommandOutput::success(
            Effect::when(changed),
            shared.result_document(
                &service,
                json!({ "changed": changed, "policy": wanted, "previous": previous }),
            ),
            said,
        ))
    })
}

fn delete_policy(args: &DeleteArgs, ui: &Ui) -> Result<CommandOutput> {
    args.consent.check_can_ask()?;
    block_on(async {
        let service = args.online.connect(None, ui).await?;
        let shared = SharedBackup::find_selected(&service, &args.which).await?;
        let before = shared.fetch_policy(&service).await?;
        let changed = before.is_some();
        if changed {
            let consequence = "Other accounts can see the backup and restore from it no more, \
                               whichever share it is in; clusters that they have restored stay.";
            args.consent.ask_to_delete(
                &format!("the resource policy of {}", shared.arn),
                consequence,
            )?;
            match service.delete_resource_policy(&shared.arn).await {
                Err(error) if error.outcome_unknown() => {
                    if shared.fetch_policy(&service).await?.is_some() {
                        return Err(error.into());
                    }
                }
                sent => drop(sent?),
            }
        }
        let said = match changed {
            true => format!("deleted the resource policy of {}\n", shared.arn),
            false => format!(
                "{} has no resource policy; nothing was changed\n",
                shared.arn
            ),
        };
        Ok(CommandOutput::success(
            Effect::when(changed),
            shared.result_document(
                &service,
                json!({ "changed": changed, "previous": policy_value(before.as_ref()) }),
            ),
            said,
        ))
    })
}

/// Reads the policy from a file or from standard input, and returns its text and its JSON.
fn read_policy(path: &Path) -> Result<(String, Value)> {
    let stdin = path == Path::new("-");
    let bytes = fsio::read(
        if stdin { Path::new(STDIN) } else { path },
        "a policy",
        MAX_POLICY,
    )?;
    let bad = |fault: String| {
        let place = if stdin {
            "standard input".to_owned()
        } else {
            shown_path(path)
        };
        let hint = "a policy is one JSON object, as AWS's guide \"Working with shared backups\" \
                    shows one; nothing was sent";
        Error::new(
            ErrorKind::BadPolicy,
            format!("{place} is no resource policy: {fault}"),
            hint,
        )
        .with_fact(FactName::File, place.to_string())
    };
    let text = String::from_utf8(bytes).map_err(|_| bad("not UTF-8".to_owned()))?;
    let value = limits::resource_policy(&text).map_err(bad)?;
    Ok((text, value))
}

/// Tells whether a statement allows something to everybody, without a condition.
fn allows_everybody(policy: &Value) -> bool {
    let statements = match policy.get("Statement") {
        Some(Value::Array(statements)) => statements.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let is_star = |value: &Value| match value {
        Value::String(text) => text == "*",
        Value::Array(several) => several.iter().any(|text| text == "*"),
        _ => false,
    };
    statements.iter().any(|statement| {
        let principal = statement.get("Principal");
        let everybody = principal.is_some_and(|principal| {
            is_star(principal) || principal.get("AWS").is_some_and(is_star)
        });
        let allows = statement
            .get("Effect")
            .is_some_and(|effect| effect == "Allow");
        allows
            && statement.get("Condition").is_none()
            && (everybody || statement.get("NotPrincipal").is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ui::insert_member;

    #[test]
    fn a_policy_for_everybody_is_seen() {
        let policy = |statement: Value| json!({ "Version": "2012-10-17", "Statement": statement });
        for principal in [
            json!("*"),
            json!({ "AWS": "*" }),
            json!({ "AWS": ["111122223333", "*"] }),
        ] {
            let statement = json!({
                "Effect": "Allow", "Principal": principal, "Action": "cloudhsm:CreateCluster",
                "Resource": "*",
            });
            assert!(allows_everybody(&policy(statement.clone())), "{statement}");
            assert!(
                allows_everybody(&policy(json!([{ "Effect": "Deny" }, statement.clone()]))),
                "{statement}"
            );
            let mut held = statement;
            let condition = json!({ "StringEquals": { "aws:PrincipalOrgID": "o-1" } });
            insert_member(&mut held, "Condition", condition);
            assert!(!allows_everybody(&policy(held)));
        }
        let one =
            json!({ "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:root" } });
        assert!(
            !allows_everybody(&policy(one))
                && !allows_everybody(&json!({}))
                && !allows_everybody(&json!([]))
        );
        assert!(allows_everybody(&policy(
            json!({ "Effect": "Allow", "NotPrincipal": { "AWS": "111122223333" } })
        )));
    }
}

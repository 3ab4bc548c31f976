//! DescribeBackups, and the JSON form of backups. No member is ever `null`: an absent one is left
//! out.

use serde_json::{Value, json};

use super::super::arn::CloudHsmArn;
use super::super::checked_members::CheckedMembers;
use super::super::filters::{FilterRow, filter_names};
use super::super::json_protocol::ApiError;
use super::super::limits::MAX_BACKUPS;
use super::super::reference::Reference;
use super::super::state::{AccountRegion, SimulatedBackup};
use super::ActionContext;
use super::forms::{put_member, tags_json, timestamp_json};
use super::pages::PageRequest;

pub(crate) fn describe_backups(
    members: &CheckedMembers<'_>,
    context: &mut ActionContext<'_>,
) -> Result<Value, ApiError> {
    let filters = members.filters("Filters");
    let ascending = members.boolean("SortAscending").unwrap_or(false);
    // Later than 2022: backups that other accounts share with this one.
    let shared = members.boolean("Shared").unwrap_or(false);
    let place = context.place;
    let page = PageRequest::read(
        members,
        context,
        "DescribeBackups",
        MAX_BACKUPS,
        &format!("{ascending}/{shared}/{}", filters.canonical_text()),
    );
    let after = page.previous_end()?.map(BackupPosition::from_octets);

    let time = context.time();
    let region = context.world.region_at(place);
    let mut found: Vec<(BackupPosition, &SimulatedBackup)> = region
        .all_backups(&time)
        .filter(|(_, backup)| !shared && filters.match_item(BACKUP_FILTERS, *backup))
        .map(|(number, backup)| {
            (
                BackupPosition {
                    created: backup.created,
                    number,
                },
                backup,
            )
        })
        .filter(|(position, _)| {
            after.is_none_or(|after| {
                if ascending {
                    *position > after
                } else {
                    *position < after
                }
            })
        })
        .collect();
    found.sort_unstable_by_key(|(position, _)| *position);
    if !ascending {
        found.reverse();
    }

    let more = found.len() > page.size;
    found.truncate(page.size);
    let shown: Vec<Value> = found
        .iter()
        .map(|(_, backup)| backup_json(backup, place, context.reference))
        .collect();
    let mut answer = json!({ "Backups": shown });
    if let (true, Some((last, _))) = (more, found.last()) {
        put_member(&mut answer, "NextToken", page.next_token(last.to_octets()));
    }
    Ok(answer)
}

/// The position of a backup in the "chronological order of generation"; its number decides between
/// two of one moment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct BackupPosition {
    created: i64,
    number: u64,
}

impl BackupPosition {
    fn to_octets(self) -> [u8; 16] {
        let (high, low) = (
            u128::from(self.created.cast_unsigned()),
            u128::from(self.number),
        );
        ((high << 64) | low).to_be_bytes()
    }

    fn from_octets(octets: [u8; 16]) -> Self {
        let half = |at: u32| {
            u64::try_from((u128::from_be_bytes(octets) >> at) & u128::from(u64::MAX)).unwrap_or(0)
        };
        Self {
            created: half(64).cast_signed(),
            number: half(0),
        }
    }
}

/// The filters of DescribeBackups.
const BACKUP_FILTERS: &[FilterRow<SimulatedBackup>] = &[
    ("backupIds", |backup, value| backup.id == value),
    ("sourceBackupIds", |backup, value| {
        let origin = backup.origin.as_ref();
        origin.is_some_and(|origin| origin.backup == value)
    }),
    ("clusterIds", |backup, value| backup.cluster_id == value),
    ("states", |backup, value| backup.state.name() == value),
    // Written `True` and `False` in the reference, `true` and `false` in its examples.
    ("neverExpires", |backup, value| {
        value.eq_ignore_ascii_case(if backup.never_expires {
            "true"
        } else {
            "false"
        })
    }),
];

pub(crate) fn backup_filter_names() -> Vec<&'static str> {
    filter_names(BACKUP_FILTERS)
}

pub(super) fn backup_json(
    backup: &SimulatedBackup,
    place: &AccountRegion,
    reference: Reference,
) -> Value {
    let mut out = json!({
        "BackupId": backup.id,
        "BackupState": backup.state.name(),
        "ClusterId": backup.cluster_id,
        "CreateTimestamp": timestamp_json(backup.created),
        "NeverExpires": backup.never_expires,
        "TagList": tags_json(&backup.tags),
    });
    if let Some(copied) = backup.copied {
        put_member(&mut out, "CopyTimestamp", timestamp_json(copied));
    }
    if let Some(origin) = &backup.origin {
        put_member(&mut out, "SourceBackup", origin.backup.as_str());
        put_member(&mut out, "SourceCluster", origin.cluster.as_str());
        put_member(&mut out, "SourceRegion", origin.region.as_str());
    }
    if let Some(at) = backup.delete_at {
        put_member(&mut out, "DeleteTimestamp", timestamp_json(at));
    }
    if reference.is_later() {
        put_member(
            &mut out,
            "BackupArn",
            CloudHsmArn::of_backup(place, &backup.id),
        );
        put_member(&mut out, "HsmType", backup.hsm_type.as_str());
        if let Some(mode) = &backup.mode {
            put_member(&mut out, "Mode", mode.as_str());
        }
    }
    out
}

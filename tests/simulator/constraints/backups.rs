//! The actions on backups.

use serde_json::{Value, json};

use super::table::Table;
use super::{UNKNOWN_BACKUP, World};

pub const BACKUP_ID: &str = "backup-[2-7a-zA-Z]{11,16}";
const INVALID: &str = "CloudHsmInvalidRequestException";

pub fn describe_backups(world: &World) -> Table {
    let mut table = Table::new("DescribeBackups", "describe_backups", json!({}));
    table.range("MaxResults", (1, 50)).next_token().filters(
        world,
        "backupIds, sourceBackupIds, clusterIds, states, neverExpires",
    );
    table
}

pub fn copy_backup_to_region(world: &World) -> Table {
    const REGION: &str = r"[a-z]{2}(-(gov))?-(east|west|north|south|central){1,2}-\d";
    let good = json!({
        "DestinationRegion": "eu-west-1", "BackupId": world.backup,
        "TagList": [{ "Key": "k", "Value": "v" }],
    });
    let mut table = Table::new("CopyBackupToRegion", "copy_backup_to_region", good);
    table.required("DestinationRegion");
    let bad = [
        "eu-west-1a",
        "eu-west-10",
        "moon-east-1",
        "eu-up-1",
        "us-iso-east-1",
        "EU-WEST-1",
        "",
    ];
    table.pattern(
        "DestinationRegion",
        REGION,
        &["eu-west-1", "ap-southeast-2"],
        &bad,
    );
    table
        .required("BackupId")
        .id("BackupId", "backup", BACKUP_ID)
        .exists("BackupId", UNKNOWN_BACKUP)
        .tag_list();
    let own = vec![table.with("DestinationRegion", json!("us-east-1"))];
    table.also(
        "DestinationRegion",
        "another region than the backup's",
        INVALID,
        [Vec::new(), own],
        &["us-east-1", "different"],
    );
    let apart = vec![table.with("DestinationRegion", json!("us-gov-west-1"))];
    table.also(
        "DestinationRegion",
        "of the same partition",
        INVALID,
        [Vec::new(), apart],
        &["us-gov-west-1", "restricted"],
    );
    table
}

pub fn delete_backup(_: &World) -> Table {
    let mut table = Table::new(
        "DeleteBackup",
        "delete_backup",
        json!({ "BackupId": UNKNOWN_BACKUP }),
    );
    table
        .required("BackupId")
        .id("BackupId", "backup", BACKUP_ID)
        .exists("BackupId", UNKNOWN_BACKUP);
    table
}

pub fn restore_backup(world: &World) -> Table {
    let mut table = Table::new(
        "RestoreBackup",
        "restore_backup",
        json!({ "BackupId": UNKNOWN_BACKUP }),
    );
    table
        .required("BackupId")
        .id("BackupId", "backup", BACKUP_ID)
        .exists("BackupId", UNKNOWN_BACKUP);
    let ready = vec![table.with("BackupId", json!(world.backup))];
    table.also(
        "BackupId",
        "a PENDING_DELETION backup's",
        INVALID,
        [Vec::new(), ready],
        &["READY"],
    );
    table
}

pub fn modify_backup_attributes(world: &World) -> Table {
    let good = json!({ "BackupId": world.backup, "NeverExpires": false });
    let mut table = Table::new("ModifyBackupAttributes", "modify_backup_attributes", good);
    table
        .required("BackupId")
        .id("BackupId", "backup", BACKUP_ID)
        .exists("BackupId", UNKNOWN_BACKUP);
    table.required("NeverExpires");
    let no_boolean = vec![
        table.with("NeverExpires", json!("false")),
        table.with("NeverExpires", Value::from(0)),
    ];
    table.also(
        "NeverExpires",
        "true or false",
        "SerializationException",
        [Vec::new(), no_boolean],
        &["NeverExpires", "a boolean"],
    );
    table
}

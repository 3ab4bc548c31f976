//! What a service says that obeys nobody's wishes, and every command that shows it.

use serde_json::Value;

use super::support::aws::Call;
use super::*;

const BACKUP: &str = "backup-abc234defgh";

/// What the service answers: hostile wherever a member is a text and nothing else depends on it.
pub(super) fn answer(call: &Call) -> (u16, Value) {
    let action = call.target.rsplit('.').next().unwrap();
    let tags = json!([{ "Key": HOSTILE, "Value": HOSTILE }]);
    let hsm = json!({
        "HsmId": HOSTILE, "State": HOSTILE, "StateMessage": HOSTILE, "AvailabilityZone": HOSTILE,
        "ClusterId": HOSTILE, "SubnetId": HOSTILE,
        "EniId": HOSTILE, "EniIp": "10.0.0.9", HOSTILE: HOSTILE, "New": [HOSTILE],
    });
    let id = if call.body.pointer("/Filters/clusterIds").is_some() {
        CLUSTER
    } else {
        HOSTILE
    };
    let cluster = json!({
        "ClusterId": id, "State": HOSTILE, "StateMessage": HOSTILE, "HsmType": HOSTILE,
        "Mode": HOSTILE, "VpcId": HOSTILE,
        "SubnetMapping": { HOSTILE: HOSTILE }, "SecurityGroup": HOSTILE, "SourceBackupId": HOSTILE,
        "TagList": tags, "Hsms": [hsm],
        "BackupRetentionPolicy": { "Type": HOSTILE, "Value": HOSTILE },
        "Certificates": { "ClusterCsr": HOSTILE, "HsmCertificate": HOSTILE, HOSTILE: HOSTILE },
        HOSTILE: HOSTILE, "New": { HOSTILE: HOSTILE },
    });
    let backup_id = if call.body.pointer("/Filters/backupIds").is_some() {
        BACKUP
    } else {
        HOSTILE
    };
    let backup = json!({
        "BackupId": backup_id, "BackupState": HOSTILE, "ClusterId": HOSTILE,
        "SourceRegion": HOSTILE, "SourceBackup": HOSTILE,
        "SourceCluster": HOSTILE, "TagList": tags, HOSTILE: HOSTILE, "New": { HOSTILE: HOSTILE },
    });
    match action {
        "DescribeClusters" => (200, json!({ "Clusters": [cluster] })),
        "DescribeBackups" => (200, json!({ "Backups": [backup] })),
        "CreateHsm" => (200, json!({ "Hsm": hsm })),
        "CreateCluster" | "ModifyCluster" | "DeleteCluster" => (200, json!({ "Cluster": cluster })),
        "ListTags" => (200, json!({ "TagList": tags })),
        "ModifyBackupAttributes" => (200, json!({ "Backup": backup })),
        "CopyBackupToRegion" => (
            200,
            json!({
                "DestinationBackup": {
                    "SourceRegion": HOSTILE, "SourceBackup": HOSTILE, "SourceCluster": HOSTILE,
                },
            }),
        ),
        _ => (
            400,
            json!({ "__type": HOSTILE, "Message": HOSTILE, "message": HOSTILE }),
        ),
    }
}

/// Every command that the program has, by clap's own account.
pub(super) fn commands(command: &clap::Command, name: &str, found: &mut Vec<String>) {
    let subs: Vec<_> = command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
        .collect();
    if subs.is_empty() {
        found.push(name.to_owned());
    }
    for sub in subs {
        commands(sub, format!("{name} {}", sub.get_name()).trim(), found);
    }
}

/// What each command is run with. No catch-all arm: a command that is added needs its case.
pub(super) fn words(command: &str) -> Vec<&'static str> {
    const ROOTS: [&str; 4] = [
        "--aws-root",
        "aws-root.crt",
        "--manufacturer-root",
        "manufacturer-root.crt",
    ];
    let with_roots = |words: &[&'static str]| [words, &ROOTS].concat();
    match command {
        "bootstrap" => with_roots(&[
            "bootstrap",
            "--cluster-id",
            CLUSTER,
            "--bundle",
            DIR,
            "--ca",
            CA,
            "--ca-key",
            "customerCA.key",
            "--yes",
            "--timeout",
            "2",
        ]),
        "fetch" => vec![
            "fetch",
            "--cluster-id",
            CLUSTER,
            "--bundle",
            "new-\u{1b}[8m\nFORGED",
        ],
        "verify" => with_roots(&["verify", DIR, "--record"]),
        "ca init" => vec![
            "ca",
            "init",
            "--out",
            "made-\u{1b}[8m\nFORGED",
            "--subject",
            "CN=Example",
            "--key-type",
            "p256",
            "--no-passphrase",
        ],
        "ca show" => vec!["ca", "show", CA],
        "sign" => with_roots(&["sign", DIR, "--ca", CA, "--ca-key", "customerCA.key"]),
        "import" => with_roots(&["import", DIR, "--signed-cert", CA, "--trust-anchor", CA]),
        "check" => vec![
            "check",
            "--csr",
            CA,
            "--signed-cert",
            CA,
            "--trust-anchor",
            CA,
        ],
        "submit" => with_roots(&["submit", DIR, "--ca", CA, "--yes", "--timeout", "2"]),
        "status" => vec!["status", "--ca", CA],
        "wait" => vec![
            "wait",
            "--cluster-id",
            CLUSTER,
            "--for",
            "initialized",
            "--timeout",
            "1",
        ],
        "cluster create" => vec![
            "cluster",
            "create",
            "--hsm-type",
            "hsm1.medium",
            "--subnet-id",
            "subnet-0a1b2c3d",
        ],
        "cluster list" => vec!["cluster", "list"],
        "cluster show" => vec!["cluster", "show", "--cluster-id", CLUSTER],
        "cluster modify" => vec![
            "cluster",
            "modify",
            "--cluster-id",
            CLUSTER,
            "--retention-days",
            "30",
        ],
        "cluster delete" => vec!["cluster", "delete", "--cluster-id", CLUSTER, "--yes"],
        "hsm create" => vec![
            "hsm",
            "create",
            "--cluster-id",
            CLUSTER,
            "--availability-zone",
            "us-east-1a",
        ],
        "hsm delete" => vec![
            "hsm",
            "delete",
            "--cluster-id",
            CLUSTER,
            "--eni-ip",
            "10.0.0.9",
            "--yes",
        ],
        "backup list" => vec!["backup", "list"],
        "backup copy" => vec![
            "backup",
            "copy",
            "--backup-id",
            BACKUP,
            "--destination-region",
            "eu-west-1",
        ],
        "backup delete" => vec!["backup", "delete", "--backup-id", BACKUP, "--yes"],
        "backup restore" => vec!["backup", "restore", "--backup-id", BACKUP],
        "backup modify" => vec![
            "backup",
            "modify",
            "--backup-id",
            BACKUP,
            "--never-expires",
            "true",
        ],
        "backup policy get" => vec!["backup", "policy", "get", "--backup-id", BACKUP],
        "backup policy put" => vec![
            "backup",
            "policy",
            "put",
            "--backup-id",
            BACKUP,
            "--policy",
            CA,
        ],
        "backup policy delete" => {
            vec!["backup", "policy", "delete", "--backup-id", BACKUP, "--yes"]
        }
        "tag list" => vec!["tag", "list", "--resource-id", CLUSTER],
        "tag add" => vec!["tag", "add", "--resource-id", CLUSTER, "--tag", "a=b"],
        "tag remove" => vec![
            "tag",
            "remove",
            "--resource-id",
            CLUSTER,
            "--key",
            "a",
            "--yes",
        ],
        "plan" => with_roots(&["plan", "--all", "--ca", CA]),
        "simulate" => vec![
            "simulate",
            "--listen",
            "127.0.0.1:0",
            "--require-sigv4",
            "--credentials",
            CA,
        ],
        "pack" => vec!["pack", DIR, "--out", "packed-\u{1b}[8m\nFORGED.hsmboot"],
        "unpack" => vec![
            "unpack",
            "packed-\u{1b}[8m\nFORGED.hsmboot",
            "unpacked-\u{1b}[8m\nFORGED",
        ],
        "qr show" => vec!["qr", "show", DIR],
        "qr read" => vec!["qr", "read", CA],
        "transcript show" => vec!["transcript", "show", DIR],
        "transcript verify" => vec!["transcript", "verify", DIR],
        "report" => with_roots(&[
            "report",
            DIR,
            "--ca",
            CA,
            "-o",
            "page-\u{1b}[8m\nFORGED.html",
        ]),
        "handover" => vec![
            "handover",
            DIR,
            "-o",
            "clients-\u{1b}[8m\nFORGED",
            "--ca",
            CA,
        ],
        "roots show" => vec!["roots", "show", CA],
        "config show" => vec!["config", "show"],
        "completions" => vec!["completions", "bash"],
        "man" => vec!["man", "--out", "man-\u{1b}[8m\nFORGED"],
        // Its events are JSON, and so are its answers: tests/lambda has them.
        "lambda" => vec!["lambda"],
        other => panic!("{other} has no case here: what does it show of what is from outside?"),
    }
}

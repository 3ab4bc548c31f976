//! No text from outside is obeyed: whatever the service, a certificate, a file's name or the
//! environment says is shown on its own line.

#![cfg(all(feature = "online", feature = "qr", feature = "simulator"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub
)]

#[path = "outside_text/help.rs"]
mod help;
#[path = "outside_text/screens.rs"]
mod screens;
mod support;

use std::fs;

use serde_json::{Value, json};
use support::aws::{Call, StandIn};
use support::hostile::{HOSTILE, clean, judge};
use support::{Bench, CLUSTER, Chain, Run, ca};

/// [`HOSTILE`] as far as a file's name takes it.
const DIR: &str = "usb-\u{1b}[8m\u{202e}\nFORGED";
const CA: &str = "ca-\u{1b}[8m\u{202e}\nFORGED.crt";
const BACKUP: &str = "backup-abc234defgh";

/// What the service answers: hostile wherever a member is a text and nothing else depends on it.
fn answer(call: &Call) -> (u16, Value) {
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
fn commands(command: &clap::Command, name: &str, found: &mut Vec<String>) {
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
fn words(command: &str) -> Vec<&'static str> {
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
        "completions" => vec!["completions", "bash"],
        "man" => vec!["man", "--out", "man-\u{1b}[8m\nFORGED"],
        other => panic!("{other} has no case here: what does it show of what is from outside?"),
    }
}

fn bench() -> Bench {
    let bench = Bench::new();
    bench.put_ca(&ca(|params| {
        params
            .distinguished_name
            .push(rcgen::DnType::OrganizationName, HOSTILE)
    }));
    fs::copy(bench.path("customerCA.crt"), bench.path(CA)).unwrap();
    fs::rename(bench.path("bundle"), bench.path(DIR)).unwrap();
    bench.write(
        &format!("{DIR}/stranger-\u{1b}[8m\nFORGED.key"),
        "-----BEGIN PRIVATE KEY-----\n",
    );
    bench
}

fn run(bench: &Bench, url: &str, words: &[&str]) -> Run {
    let mut command = bench.command(words);
    command
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    support::run(command)
}

#[test]
fn no_command_obeys_what_the_service_a_certificate_or_a_file_name_says() {
    let service = StandIn::new(answer);
    let mut all = Vec::new();
    commands(&hsmboot::cli::command(), "", &mut all);
    for json in [false, true] {
        let bench = bench();
        for name in &all {
            let mut words = words(name);
            if json {
                words.extend(["--output", "json"]);
            }
            let run = run(&bench, &service.url, &words);
            assert_ne!(run.code, 2, "{words:?} is no command line: {}", run.stderr);
            judge(&run, &words);
        }
        let page = fs::read_to_string(bench.path("page-\u{1b}[8m\nFORGED.html")).unwrap();
        clean(&page);
    }
}

#[test]
fn no_command_obeys_the_service_s_refusals() {
    let service = StandIn::new(|_| {
        (
            400,
            json!({ "__type": HOSTILE, "Message": HOSTILE, "message": HOSTILE }),
        )
    });
    let mut all = Vec::new();
    commands(&hsmboot::cli::command(), "", &mut all);
    let bench = bench();
    for name in all {
        let words = words(&name);
        judge(&run(&bench, &service.url, &words), &words);
    }
}

#[test]
fn neither_region_nor_endpoint_nor_profile_nor_operator_is_obeyed() {
    let bench = bench();
    let url = format!("http://127.0.0.1:1/{HOSTILE}");
    for words in [
        &["status"][..],
        &["cluster", "list"],
        &["status", "--output", "json"],
    ] {
        judge(&run(&bench, &url, words), words);
        let mut command = bench.command(words);
        command
            .env("AWS_REGION", HOSTILE)
            .env("AWS_PROFILE", HOSTILE)
            .env("AWS_EC2_METADATA_DISABLED", "true");
        judge(&support::run(command), words);
    }
    for name in [
        "HSMBOOT_OPERATOR",
        "HSMBOOT_AWS_ROOT",
        "HSMBOOT_MANUFACTURER_ROOT",
    ] {
        let words = ["verify", DIR, "--record"];
        let mut command = bench.command(&words);
        command.env(name, HOSTILE);
        judge(&support::run(command), &words);
    }
}

#[test]
fn a_wrong_command_line_is_quoted_and_not_obeyed() {
    let bench = bench();
    for words in [
        &[HOSTILE][..],
        &["wait", "--cluster-id", HOSTILE],
        &["--output", HOSTILE],
        &["status", &format!("--{HOSTILE}")],
        &["ca", "init", "--out", "d", "--subject", HOSTILE],
    ] {
        let run = bench.run(words);
        judge(&run, words);
        assert_eq!(run.code, 2, "{words:?}: {}", run.stderr);
    }
}

/// The options of a command that take a value, by clap's own account, and the environment variables
/// that it reads for them.
fn options(command: &str) -> Vec<(String, Option<String>)> {
    let mut found = hsmboot::cli::command();
    found.build();
    for name in command.split(' ') {
        found = found.find_subcommand(name).unwrap().clone();
    }
    let takes = |arg: &&clap::Arg| arg.get_num_args().is_some_and(|count| count.takes_values());
    let option = |arg: &clap::Arg| {
        let variable = arg.get_env().map(|name| name.to_str().unwrap().to_owned());
        arg.get_long().map(|long| (format!("--{long}"), variable))
    };
    found
        .get_arguments()
        .filter(takes)
        .filter_map(option)
        .collect()
}

/// The words without this option.
fn without<'a>(words: &[&'a str], option: &str) -> Vec<&'a str> {
    let mut out = words.to_vec();
    while let Some(at) = out.iter().position(|word| *word == option) {
        out.drain(at..(at + 2).min(out.len()));
    }
    out
}

#[test]
fn no_command_obeys_what_its_options_or_their_variables_say() {
    let service = StandIn::new(answer);
    let mut all = Vec::new();
    commands(&hsmboot::cli::command(), "", &mut all);
    let bench = bench();
    let mut tried = 0;
    for name in all {
        for (option, variable) in options(&name) {
            let words = without(&words(&name), &option);
            let mut shown = words.clone();
            shown.extend([option.as_str(), HOSTILE]);
            judge(&run(&bench, &service.url, &shown), &shown);
            tried += 1;
            if let Some(variable) = variable {
                let mut command = bench.command(&words);
                command
                    .env("AWS_ENDPOINT_URL", &service.url)
                    .env("AWS_REGION", "us-east-1")
                    .env("AWS_EC2_METADATA_DISABLED", "true");
                command.env(&variable, HOSTILE);
                judge(&support::run(command), &[&words[..], &[&variable]].concat());
            }
        }
    }
    assert!(tried > 200, "{tried}");
}

/// What the AWS SDK and the program read of the environment.
const VARIABLES: [&str; 22] = [
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_CLOUDHSM_V2",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ACCOUNT_ID",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CA_BUNDLE",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "HOME",
    "USER",
    "COLUMNS",
];

#[test]
fn no_variable_of_the_environment_is_obeyed() {
    let service = StandIn::new(answer);
    let bench = bench();
    for variable in VARIABLES {
        for words in [
            words("status"),
            words("submit"),
            words("bootstrap"),
            words("wait"),
        ] {
            let mut command = bench.command(&words);
            command
                .env("AWS_ENDPOINT_URL", &service.url)
                .env("AWS_REGION", "us-east-1")
                .env("AWS_EC2_METADATA_DISABLED", "true");
            command
                .env("AWS_CONFIG_FILE", "/nonexistent")
                .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
                .env(variable, HOSTILE);
            judge(&support::run(command), &[&words[..], &[variable]].concat());
        }
    }
}

#[test]
fn no_profile_of_the_aws_configuration_is_obeyed() {
    let bench = bench();
    // A line of the file is one line; what else a terminal obeys may stand in it.
    let hostile = HOSTILE.replace(['\r', '\n'], "");
    let settings = [
        "region",
        "endpoint_url",
        "services",
        "role_arn",
        "source_profile",
        "credential_process",
        "sso_session",
        "use_fips_endpoint",
    ];
    for setting in settings {
        for profile in ["default", &hostile] {
            let section = if profile == "default" {
                "[default]".to_owned()
            } else {
                format!("[profile {profile}]")
            };
            let config = bench.write("config", format!("{section}\n{setting} = {hostile}\n"));
            for words in [words("status"), words("submit")] {
                let mut command = bench.command(&words);
                command
                    .env("AWS_CONFIG_FILE", &config)
                    .env("AWS_EC2_METADATA_DISABLED", "true")
                    .env("AWS_PROFILE", profile);
                judge(
                    &support::run(command),
                    &[&words[..], &[setting, profile]].concat(),
                );
            }
        }
    }
}

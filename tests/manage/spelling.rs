//! The same command in another spelling: options of the service before it, an id as an argument or
//! as an option, or both.

use super::stage::{Done, SUBNET, Stage, hsmboot};

/// Runs the words as they stand: nothing is put behind them.
fn run(stage: &Stage, words: &[&str]) -> Done {
    let mut command = hsmboot();
    command.current_dir(stage.path("")).args(words);
    command.output().unwrap().into()
}

#[test]
fn options_of_the_service_stand_before_the_command_or_after_it() {
    let stage = Stage::new();
    let id = stage.cluster();
    let url = stage.simulator.url();
    let way = ["--region", "us-east-1", "--endpoint-url", &url];
    for words in [
        [&way[..], &["status", &id]].concat(),
        [&["status"], &way[..], &[&id]].concat(),
        [
            &["--output", "text", "-q"],
            &way[..],
            &["cluster", "show", &id],
        ]
        .concat(),
        [&["cluster"], &way[..], &["show", "--cluster-id", &id]].concat(),
        [&way[..2], &["cluster", "list"], &way[2..]].concat(),
        [
            &["--timeout=1m"],
            &way[..],
            &["wait", &id, "--for", "uninitialized"],
        ]
        .concat(),
    ] {
        run(&stage, &words).ends(0, &id);
    }
    // Twice is once too often, wherever; and a command that knows no service says so.
    let twice = [&way[..], &["status", &id, "--region", "us-east-1"]].concat();
    run(&stage, &twice).ends(2, "--region");
    run(&stage, &["--region", "us-east-1", "verify", "x"]).ends(2, "--region");
}

#[test]
fn backups_are_listed_by_an_id_of_either_kind() {
    let stage = Stage::new();
    stage.ready_to_claim();
    stage
        .run(&[
            "bootstrap",
            "--create",
            "--bundle",
            "b",
            "--subnet-id",
            SUBNET,
            "--availability-zone",
            "us-east-1a",
            "--ca",
            "ca/customerCA.crt",
            "--ca-key",
            "ca/customerCA.key",
            super::stage::ROOTS[0],
            super::stage::ROOTS[1],
            super::stage::ROOTS[2],
            super::stage::ROOTS[3],
        ])
        .ends(0, "");
    let all = stage.json(&["backup", "list"]);
    let backup = &all["backups"][0];
    let of = |member: &str| backup[member].as_str().unwrap().to_owned();
    let (id, cluster) = (of("backup_id"), of("cluster_id"));
    for words in [
        &["backup", "list", &cluster][..],
        &["backup", "list", &id],
        &["backup", "list", &cluster, &id],
        &["backup", "list", &id, "--backup-id", &id],
    ] {
        assert_eq!(stage.json(words)["backups"], all["backups"], "{words:?}");
    }
    let none = stage.json(&["backup", "list", "cluster-aaaaaaaaaaa"]);
    assert_eq!(none["backups"].as_array().unwrap().len(), 0);
    stage.run(&["backup", "list", "x"]).ends(2, "cluster");
    // One backup in both forms is one; two are refused.
    let both = [
        "backup",
        "modify",
        &id,
        "--backup-id",
        &id,
        "--never-expires",
        "true",
    ];
    stage.run(&both).ends(0, &id);
    let other = "backup-aaaaaaaaaaa";
    let two = [
        "backup",
        "modify",
        &id,
        "--backup-id",
        other,
        "--never-expires",
        "true",
    ];
    stage
        .run(&two)
        .ends(2, "name different things")
        .ends(2, other);
}

#[test]
fn a_cluster_and_a_bundle_in_both_forms_are_one() {
    let stage = Stage::new();
    let id = stage.simulator.create_hsm1_cluster("us-east-1").unwrap();
    super::support::create_hsm(&stage.simulator, &id);
    super::support::until(&stage.simulator, &id, |now| {
        super::support::csr(now).is_some()
    });
    let fetch = ["fetch", &id, "--cluster-id", &id, "--bundle", "b"];
    stage.run(&fetch).ends(0, "fetched");
    stage
        .run(&["tag", "list", &id, "--cluster-id", &id])
        .ends(0, "");
    stage
        .run(&["transcript", "show", "b", "--bundle", "b"])
        .ends(0, "fetch");
    stage
        .run(&["transcript", "show", "b", "--bundle", "c"])
        .ends(2, "name different things");
    let told = stage.fails(&["verify", "b", "--bundle", "c"], 2, "usage");
    assert_eq!(told["error"]["facts"]["option"], "--bundle", "{told:#}");
    // A variable does not contradict what was named.
    let mut named = stage.command(&["transcript", "show", "b"]);
    let named: Done = named.env("HSMBOOT_BUNDLE", "c").output().unwrap().into();
    named.ends(0, "fetch");
}

/// One thing is one, however it is written: a bundle by other paths, a cluster by its ARN.
#[test]
fn a_bundle_by_two_paths_and_a_cluster_by_id_and_arn_are_one() {
    let stage = Stage::new();
    let id = stage.simulator.create_hsm1_cluster("us-east-1").unwrap();
    super::support::create_hsm(&stage.simulator, &id);
    super::support::until(&stage.simulator, &id, |now| {
        super::support::csr(now).is_some()
    });
    stage
        .run(&["fetch", &id, "--bundle", "b"])
        .ends(0, "fetched");
    // The ARN alone says which region, wherever it stands.
    let far = stage.simulator.create_hsm1_cluster("eu-west-1").unwrap();
    let arn = format!("arn:aws:cloudhsm:eu-west-1:123456789012:cluster/{far}");
    for (one, other) in [(&far, &arn), (&arn, &far)] {
        for (command, code) in [
            (&["status"][..], 0),
            (&["tag", "list"], 0),
            // It is found, and has no CSR.
            (&["fetch"], 8),
        ] {
            let words = [command, &[one, "--cluster-id", other]].concat();
            stage.run(&words).ends(code, &far);
        }
    }
    let absolute = stage.path("b");
    let absolute = absolute.to_str().unwrap();
    for path in ["b", "./b", "b/", ".//b/.", absolute] {
        stage
            .run(&["transcript", "show", "b", "--bundle", path])
            .ends(0, "fetch");
        stage.fails(&["verify", path, "--bundle", "b"], 3, "rejected");
    }
    // What is not there is told apart by its words alone.
    let missing = ["transcript", "show", "c", "--bundle", "./c"];
    stage.run(&missing).ends(4, "no bundle");
    let other = ["transcript", "show", "c", "--bundle", "./d"];
    stage.run(&other).ends(2, "name different things");
}

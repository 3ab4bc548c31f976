//! `bootstrap --create`: one cluster, however often and however badly it goes.

#[path = "create/again.rs"]
mod again;

use std::fs;
use std::process::{Command, Stdio};

use hsmboot::cloudhsm::choices::CLUSTER_CHOICES;
use hsmboot::simulator::InjectedFault;

use super::planted::plant;
use super::stage::{SUBNET, Stage};

pub(crate) fn words() -> Vec<&'static str> {
    let mut words = vec![
        "bootstrap",
        "--create",
        "--bundle",
        "new",
        "--subnet-id",
        SUBNET,
        "--availability-zone",
        "us-east-1a",
    ];
    words.extend(["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key"]);
    words.extend([
        "--aws-root",
        "roots/aws-root.crt",
        "--manufacturer-root",
        "roots/manufacturer-root.crt",
    ]);
    words
}

pub(crate) fn stage() -> Stage {
    let stage = Stage::new();
    stage.ready_to_claim();
    stage
}

pub(crate) fn one_of_each(stage: &Stage) {
    assert_eq!(
        (
            stage.clusters(),
            stage.calls("CreateCluster"),
            stage.calls("InitializeCluster")
        ),
        (1, 1, 1)
    );
}

#[test]
fn from_nothing_to_claimed_and_again_changes_nothing() {
    let stage = stage();
    let done = stage.run(&words()).ends(0, "claimed cluster-");
    let id = stage.file("new/creation.json")["cluster_id"]
        .as_str()
        .unwrap()
        .to_owned();
    // The id is said and written down before anything else happens to the cluster.
    assert!(
        done.stderr.find(&format!("created {id}")).unwrap()
            < done.stderr.find("the first HSM").unwrap(),
        "{}",
        done.stderr
    );
    stage.run(&words()).ends(0, "nothing was changed");
    stage
        .run(&[
            "submit",
            "new",
            "--ca",
            "ca/customerCA.crt",
            "--aws-root",
            "roots/aws-root.crt",
            "--manufacturer-root",
            "roots/manufacturer-root.crt",
        ])
        .ends(0, &id);
    one_of_each(&stage);
    assert_eq!(stage.calls("CreateHsm"), 1);
}

#[test]
fn without_a_name_the_bundle_is_new_cluster() {
    let stage = stage();
    let words: Vec<&str> = words()
        .into_iter()
        .filter(|word| !["--bundle", "new"].contains(word))
        .collect();
    stage.run(&words).ends(0, "claimed cluster-");
    stage.run(&words).ends(0, "nothing was changed");
    one_of_each(&stage);
    assert!(stage.file("new-cluster/creation.json")["cluster_id"].is_string());
    assert_eq!(stage.file("new-cluster/receipt.json")["outcome"], "claimed");
}

/// What can never be changed, what it costs and what undoes it is said before anything is created,
/// by both commands that create.
#[test]
fn what_is_for_good_and_what_it_costs_is_said_before_anything_is_created() {
    let stage = stage();
    let create = [
        "cluster",
        "create",
        "--subnet-id",
        SUBNET,
        "--mode",
        "non-fips",
        "--network-type",
        "dualstack",
    ];
    for (order, mode, network, claims) in [
        (&create[..], "NON_FIPS", "DUALSTACK", false),
        (&words()[..], "FIPS", "IPV4", true),
    ] {
        let said = stage.run(order).ends(0, "").stderr;
        let (before, _) = said.split_once("created cluster-").unwrap_or((&said, ""));
        for words in [
            "about to create a cluster at",
            "hsm2m.medium",
            mode,
            network,
            SUBNET,
        ] {
            assert!(before.contains(words), "{words}: {said}");
        }
        for label in ["for good", "costs", "to undo"] {
            assert!(
                before
                    .lines()
                    .any(|line| line.trim_start().starts_with(label)),
                "{label}: {said}"
            );
        }
        for words in [
            "mode, network type, ",
            "subnets and their VPC",
            "by the hour",
            "hsmboot hsm delete",
            "hsmboot cluster delete",
        ] {
            assert!(before.contains(words), "{words}: {said}");
        }
        assert_eq!(before.contains("undoes the claim"), claims, "{said}");
    }
    // It is not said where nothing is created.
    assert!(
        !stage
            .run(&words())
            .ends(0, "nothing was changed")
            .stderr
            .contains("about to create")
    );
    // Where the service refuses, it has been said all the same: it comes before the call.
    stage
        .simulator
        .inject_fault(Some("CreateCluster"), InjectedFault::AccessDenied, 1);
    stage.run(&create).ends(6, "about to create a cluster at");
}

/// The root that is missing is asked for before anything is created; the hinted command is this one
/// with the root, and goes through.
#[test]
fn without_the_root_the_hint_is_the_same_command_with_it() {
    let stage = stage();
    let with: Vec<&str> = words()
        .into_iter()
        .filter(|word| !["--manufacturer-root", "roots/manufacturer-root.crt"].contains(word))
        .collect();
    let said = stage
        .run(&with)
        .ends(3, "is missing, so nothing is proven yet")
        .stderr;
    assert_eq!(stage.calls("CreateCluster"), 0);
    let command = said.rsplit('`').nth(1).unwrap();
    let same = format!(
        "hsmboot {} --endpoint-url {} --manufacturer-root ",
        with.join(" "),
        stage.simulator.url()
    );
    let file = command
        .strip_prefix(&same)
        .unwrap_or_else(|| panic!("{command}"));
    fs::copy(stage.path("roots/manufacturer-root.crt"), stage.path(file)).unwrap();
    let program = super::stage::hsmboot();
    let folder = std::path::Path::new(program.get_program())
        .parent()
        .unwrap();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", command])
        .current_dir(stage.path(""))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env_remove("HSMBOOT_MANUFACTURER_ROOT");
    shell.env(
        "PATH",
        format!("{}:{}", folder.display(), std::env::var("PATH").unwrap()),
    );
    super::stage::Done::from(shell.output().unwrap()).ends(0, "claimed cluster-");
    one_of_each(&stage);
}

/// What is chosen once: every value of each row of the table is sent, kept and shown.
#[test]
fn every_choice_is_sent_and_shown() {
    let stage = Stage::new();
    for choice in CLUSTER_CHOICES {
        let words = choice.form.sample_words();
        let mut values = words.iter().map(|word| choice.form.api_value(word));
        assert!(choice.default.is_none() || values.any(|value| value == choice.default));
        for word in words {
            let value = choice.form.api_value(word).unwrap();
            let option = format!("--{}", choice.option);
            let command = ["cluster", "create", "--subnet-id", SUBNET, &option, word];
            let made = stage.json(&[&command[..], &["--wait"]].concat());
            assert_eq!(made["cluster"][choice.key], value, "{made:#}");
            let id = made["cluster"]["cluster_id"].as_str().unwrap();
            stage
                .run(&["cluster", "show", "--cluster-id", id])
                .ends(0, value);
        }
    }
}

/// `status` and `cluster show` say the network type, and each HSM's addresses of both kinds.
#[test]
fn network_type_and_ipv6_addresses_are_shown() {
    let stage = Stage::new();
    let made = stage.json(&[
        "cluster",
        "create",
        "--subnet-id",
        SUBNET,
        "--network-type",
        "dualstack",
        "--wait",
    ]);
    let id = made["cluster"]["cluster_id"].as_str().unwrap();
    stage
        .run(&[
            "hsm",
            "create",
            "--cluster-id",
            id,
            "--availability-zone",
            "us-east-1a",
            "--wait",
        ])
        .ends(0, "created hsm-");
    for words in [
        ["status", "--cluster-id", id].as_slice(),
        &["cluster", "show", "--cluster-id", id],
    ] {
        let shown = stage.json(words);
        let cluster = shown
            .get("cluster")
            .or_else(|| shown["clusters"].get(0))
            .unwrap_or_else(|| panic!("{shown:#}"));
        assert_eq!(cluster["network_type"], "DUALSTACK", "{shown:#}");
        let hsm = &cluster["hsms"][0];
        let address = hsm["eni_ipv6"]
            .as_str()
            .unwrap_or_else(|| panic!("{shown:#}"));
        assert!(address.parse::<std::net::Ipv6Addr>().is_ok(), "{address}");
        stage
            .run(words)
            .ends(0, "DUALSTACK")
            .ends(0, address)
            .ends(0, hsm["eni_ip"].as_str().unwrap());
    }
}

#[test]
fn what_is_wrong_with_the_ca_is_found_out_before_anything_is_created() {
    let stage = stage();
    fs::write(stage.path("ca/customerCA.crt"), "not a certificate").unwrap();
    assert_ne!(stage.run(&words()).code, 0);
    fs::remove_file(stage.path("ca/customerCA.crt")).unwrap();
    assert_ne!(stage.run(&words()).code, 0);
    // No passphrase, and nobody to ask.
    let bare = [
        "bootstrap",
        "--create",
        "--bundle",
        "new",
        "--subnet-id",
        SUBNET,
        "--availability-zone",
        "us-east-1a",
    ];
    let rooted = [
        &bare[..],
        &[
            "--aws-root",
            "roots/aws-root.crt",
            "--manufacturer-root",
            "roots/manufacturer-root.crt",
        ],
    ]
    .concat();
    // Without the root that this hardware needs nothing is created either.
    assert_eq!(stage.run(&bare).code, 3);
    let inner = stage.command(&rooted);
    let mut alone = Command::new("setsid");
    alone
        .arg("--wait")
        .arg(inner.get_program())
        .args(inner.get_args())
        .current_dir(inner.get_current_dir().unwrap())
        .stdin(Stdio::null());
    assert_eq!(alone.output().unwrap().status.code(), Some(5));
    assert_eq!(stage.calls("CreateCluster"), 0);
    assert!(!stage.path("new/creation.json").exists());
}

//! A cluster is claimed where it carries the token and is what was ordered, and nowhere else.

use hsmboot::x509::Certificate;

use super::*;

/// A token as docs/schemas/creation.schema.json describes it, for the CA of [`words`].
fn token(stage: &Stage) -> String {
    let ca = Certificate::from_pem(&fs::read(stage.path("ca/customerCA.crt")).unwrap()).unwrap();
    let random = "0011223344556677";
    let committed = to_hex(&sha256(
        format!(
            "hsmboot-creation/1\n{random}\n{}",
            to_hex(&sha256(ca.spki()))
        )
        .as_bytes(),
    ));
    format!("{random}{}", &committed[..16])
}

/// What a run of [`words`] would have written of a cluster.
pub(super) fn creation_of(stage: &Stage, id: &str) -> Value {
    json!({
        "format": "hsmboot-creation/1", "token": token(stage), "region": "us-east-1",
        "endpoint": stage.simulator.url(), "hsm_type": "hsm2m.medium",
        "mode": "FIPS",
        "subnet_ids": [SUBNET], "tags": {}, "asked_at": "2020-01-01T00:00:00Z",
        "tool": "hsmboot 0.1.0", "cluster_id": id,
    })
}

#[test]
fn a_cluster_that_does_not_carry_the_token_is_not_claimed_whatever_the_bundle_says() {
    for tag in [None, Some("ffffffffffffffffffffffffffffffff"), Some("")] {
        let stage = stage();
        let victim = stage.cluster();
        if let Some(tag) = tag {
            stage
                .run(&[
                    "tag",
                    "add",
                    "--resource-id",
                    &victim,
                    "--tag",
                    &format!("hsmboot-creation={tag}"),
                ])
                .ends(0, "");
        }
        plant(&stage, &creation_of(&stage, &victim));
        refused(
            &stage,
            8,
            "cluster-not-ordered",
            &[&victim, "tag hsmboot-creation", &token(&stage)],
        );
    }
}

/// He can set tags, and name any order that fits the command; the cluster has to be one as well.
#[test]
fn a_cluster_that_carries_the_token_and_is_not_what_was_ordered_is_not_claimed() {
    for (more, differs) in [
        (&["--subnet-id", "subnet-1a2b3c4d"][..], "subnets"),
        (
            &["--subnet-id", SUBNET, "--subnet-id", "subnet-1a2b3c4d"],
            "subnets",
        ),
        (&["--subnet-id", SUBNET, "--mode", "non-fips"], "mode"),
        (
            &["--subnet-id", SUBNET, "--network-type", "dualstack"],
            "network type",
        ),
        (&[], "type\n"),
    ] {
        for with_id in [true, false] {
            let stage = stage();
            let tag = format!("hsmboot-creation={}", token(&stage));
            let id = if differs == "type\n" {
                let id = stage.simulator.create_hsm1_cluster("us-east-1").unwrap();
                stage
                    .run(&["tag", "add", "--resource-id", &id, "--tag", &tag])
                    .ends(0, "");
                id
            } else {
                let made = stage.run(
                    &[
                        &[
                            "cluster", "create", "--wait", "--output", "json", "--tag", &tag,
                        ],
                        more,
                    ]
                    .concat(),
                );
                made.ends(0, "").json()["cluster"]["cluster_id"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            };
            let mut creation = creation_of(&stage, &id);
            if !with_id {
                creation.as_object_mut().unwrap().remove("cluster_id");
            }
            plant(&stage, &creation);
            refused(&stage, 8, "cluster-not-ordered", &[&id, differs]);
        }
    }
}

/// Another owner's order, which stands there as hsmboot wrote it: nothing is forged, and the
/// cluster carries the token.
#[test]
fn the_bundle_of_an_order_for_another_ca_claims_nothing_for_this_one() {
    let place = |word| match word {
        "ca/customerCA.crt" => "theirs/customerCA.crt",
        "ca/customerCA.key" => "theirs/customerCA.key",
        "us-east-1a" => "us-east-1b",
        word => word,
    };
    let theirs: Vec<&str> = words().into_iter().map(place).collect();
    let bare: Vec<&str> = words()
        .into_iter()
        .filter(|word| {
            !["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key"].contains(word)
        })
        .collect();
    for with_id in [true, false] {
        let stage = stage();
        stage
            .run(&[
                "ca",
                "init",
                "--out",
                "theirs",
                "--key-type",
                "p256",
                "--no-passphrase",
                "--subject",
                "CN=another CA",
            ])
            .ends(0, "made a CA");
        // It ends after the cluster was created.
        stage.fails(&theirs, 8, "zone-without-subnet");
        let mut creation = stage.file("new/creation.json");
        let id = creation["cluster_id"].as_str().unwrap().to_owned();
        if !with_id {
            creation.as_object_mut().unwrap().remove("cluster_id");
            plant(&stage, &creation);
        }
        // Nor for a CA that is still to be made.
        let failed = stage.fails(
            &[&bare[..], &["--no-passphrase", "--key-type", "p256"]].concat(),
            8,
            "cluster-not-ordered",
        );
        assert!(
            failed["error"]["message"].as_str().unwrap().contains("CA"),
            "{failed:#}"
        );
        refused(&stage, 8, "cluster-not-ordered", &[&id, "CA"]);
    }
}

#[test]
fn a_cluster_that_was_ordered_before_there_was_a_ca_is_gone_on_with_by_the_one_that_the_run_makes()
{
    let stage = stage();
    fs::write(stage.path("passphrase"), "not a secret\n").unwrap();
    let bare: Vec<&str> = words()
        .into_iter()
        .filter(|word| {
            !["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key"].contains(word)
        })
        .collect();
    let bare = [
        &bare[..],
        &["--passphrase-file", "passphrase", "--key-type", "p256"],
    ]
    .concat();
    let wrong: Vec<&str> = bare
        .iter()
        .map(|word| {
            if *word == "us-east-1a" {
                "us-east-1b"
            } else {
                word
            }
        })
        .collect();
    stage.fails(&wrong, 8, "zone-without-subnet");
    // Who names a CA names the cluster as well.
    stage.fails(&words(), 8, "cluster-not-ordered");
    stage.run(&bare).ends(0, "claimed");
    stage.run(&bare).ends(0, "nothing was changed");
    one_of_each(&stage);
}

#[test]
fn of_two_clusters_with_the_token_neither_is_claimed() {
    let stage = stage();
    let ids = [stage.cluster(), stage.cluster()];
    for id in &ids {
        stage
            .run(&[
                "tag",
                "add",
                "--resource-id",
                id,
                "--tag",
                &format!("hsmboot-creation={}", token(&stage)),
            ])
            .ends(0, "");
    }
    let mut creation = creation_of(&stage, &ids[0]);
    creation.as_object_mut().unwrap().remove("cluster_id");
    plant(&stage, &creation);
    refused(
        &stage,
        8,
        "cluster-not-ordered",
        &["2 clusters", &ids[0], &ids[1]],
    );
}

#[test]
fn a_stale_creation_makes_no_second_cluster() {
    let stage = stage();
    stage.simulator.inject_fault(
        Some("CreateCluster"),
        hsmboot::simulator::InjectedFault::AccessDenied,
        1,
    );
    stage.fails(&words(), 6, "access-denied");
    let stale = stage.listing("new");
    stage.run(&words()).ends(0, "claimed");
    // The bundle as it was when the order had been refused: files and transcript fit.
    fs::remove_dir_all(stage.path("new")).unwrap();
    fs::create_dir(stage.path("new")).unwrap();
    stale
        .iter()
        .for_each(|(name, content)| fs::write(stage.path("new").join(name), content).unwrap());
    stage.run(&words()).ends(0, "nothing was changed");
    assert_eq!((stage.clusters(), stage.calls("InitializeCluster")), (1, 1));
}

#[test]
fn a_place_that_holds_another_clusters_bundle_is_found_out_before_a_cluster_is_paid_for() {
    let stage = stage();
    stage.run(&words()).ends(0, "claimed");
    fs::remove_file(stage.path("new/creation.json")).unwrap();
    let id = stage
        .entries("new")
        .iter()
        .find_map(|entry| entry.cluster_id.clone())
        .unwrap();
    let names: Vec<String> = stage
        .listing("new")
        .into_keys()
        .filter(|name| name != "transcript.jsonl")
        .collect();
    let transcript = fs::read(stage.path("new/transcript.jsonl")).unwrap();
    fs::remove_file(stage.path("new/transcript.jsonl")).unwrap();
    stage.fails(&words(), 8, "another-cluster");
    // Nor where its transcript alone is left, without the lines of the creation.
    names
        .iter()
        .for_each(|name| fs::remove_file(stage.path("new").join(name)).unwrap());
    fs::write(stage.path("new/transcript.jsonl"), transcript).unwrap();
    let mut entries = stage.entries("new");
    entries.retain(|entry| entry.cluster_id.is_some() && !entry.outputs.has("creation.json"));
    entries
        .iter_mut()
        .for_each(|entry| entry.inputs.retain(|name| *name != "creation.json"));
    forge(&stage, entries);
    let failed = stage.fails(&words(), 8, "another-cluster");
    assert!(
        failed["error"]["message"]
            .as_str()
            .unwrap()
            .contains(id.as_str()),
        "{failed:#}"
    );
    assert_eq!(stage.calls("CreateCluster"), 1);
}

//! The state in a file: what is there after a restart, and which files are refused.

#[path = "persistence/control.rs"]
mod control;
#[path = "persistence/writing.rs"]
mod writing;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hsmboot::simulator::{Credentials, Options, Reference, RootFile, Simulator, Speed};
use serde_json::{Value, json};

use crate::sigv4::{Signer, send};
use crate::support::*;

fn options(state: &Path) -> Options {
    Options {
        speed: Speed::INSTANT,
        state: Some(state.to_owned()),
        ..crate::support::options()
    }
}

fn start(state: &Path) -> Simulator {
    Simulator::spawn(options(state)).unwrap()
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    (dir, state)
}

/// All pages of a region's clusters.
fn clusters(simulator: &Simulator, region: &str) -> Vec<Value> {
    let (mut found, mut token) = (Vec::new(), None::<String>);
    loop {
        let mut body = json!({});
        if let Some(token) = &token {
            body["NextToken"] = token.as_str().into();
        }
        let page = call_in(simulator, region, "DescribeClusters", &body)
            .unwrap()
            .json();
        found.extend(page["Clusters"].as_array().unwrap().iter().cloned());
        token = page["NextToken"].as_str().map(str::to_owned);
        if token.is_none() {
            return found;
        }
    }
}

fn roots(simulator: &Simulator) -> Vec<String> {
    RootFile::of_edition(Reference::Today)
        .iter()
        .map(|file| simulator.root_pem(*file).unwrap())
        .collect()
}

#[test]
fn clusters_hsms_certificates_tags_and_roots_are_there_after_a_restart() {
    let (_dir, state) = place();
    let simulator = start(&state);
    let (unclaimed, csr) = ready_cluster(&simulator);
    let (claimed, its_csr) = ready_cluster(&simulator);
    let owner = Owner::new();
    ok(
        &simulator,
        "InitializeCluster",
        owner.claim(&claimed, &its_csr),
    );
    until(&simulator, &claimed, |now| now["State"] == "INITIALIZED");
    simulator.activate_cluster(&claimed).unwrap();
    let tagged = json!({
        "HsmType": "hsm2m.medium", "SubnetIds": ["subnet-0a1b2c3d", "subnet-11112222"],
        "Mode": "NON_FIPS", "NetworkType": "DUALSTACK",
        "TagList": [{ "Key": "a key", "Value": "a value: = / + - @" }],
        "BackupRetentionPolicy": { "Type": "DAYS", "Value": "7" },
    });
    assert_eq!(
        call_in(&simulator, "eu-west-1", "CreateCluster", &tagged)
            .unwrap()
            .status,
        200
    );
    let deleted = create_cluster(&simulator);
    until(&simulator, &deleted, |now| now["State"] == "UNINITIALIZED");
    ok(&simulator, "DeleteCluster", json!({ "ClusterId": deleted }));
    until(&simulator, &deleted, |now| now["State"] == "DELETED");
    until_settled(&simulator, "eu-west-1");

    // Backups in all their states: of one that is READY a copy, a deleted one, one that is kept for
    // ever.
    let backups = || {
        ok(&simulator, "DescribeBackups", json!({}))["Backups"]
            .as_array()
            .unwrap()
            .clone()
    };
    simulator.advance_clock(Duration::from_secs(3 * 86_400));
    let began = Instant::now();
    while backups().len() < 3
        || backups()
            .iter()
            .any(|backup| backup["BackupState"] != "READY")
    {
        assert!(began.elapsed() < HANGS, "never READY: {:?}", backups());
        std::thread::sleep(Duration::from_millis(5));
    }
    let ids: Vec<Value> = backups()
        .iter()
        .map(|backup| backup["BackupId"].clone())
        .collect();
    let tags = json!([{ "Key": "copy", "Value": "yes" }]);
    ok(
        &simulator,
        "CopyBackupToRegion",
        json!({ "BackupId": ids[0], "DestinationRegion": "eu-west-1", "TagList": tags }),
    );
    let tagged = call(
        &simulator,
        "TagResource",
        json!({ "ResourceId": claimed, "TagList": [{ "Key": "later", "Value": "too" }] }),
    );
    assert_eq!(tagged.status, 200);
    let arn = format!(
        "arn:aws:cloudhsm:us-east-1:123456789012:backup/{}",
        ids[0].as_str().unwrap()
    );
    let policy = r#"{ "Version": "2012-10-17", "Statement": [] }"#;
    ok(
        &simulator,
        "PutResourcePolicy",
        json!({ "ResourceArn": arn, "Policy": policy }),
    );
    ok(
        &simulator,
        "ModifyCluster",
        json!({ "ClusterId": claimed, "BackupRetentionPolicy": { "Type": "DAYS", "Value": "30" } }),
    );
    ok(&simulator, "DeleteBackup", json!({ "BackupId": ids[1] }));
    ok(
        &simulator,
        "ModifyBackupAttributes",
        json!({ "BackupId": ids[2], "NeverExpires": true }),
    );

    let before = everything(&simulator);
    let roots = roots(&simulator);
    simulator.shutdown();

    // Twice, because what is written at the start has to be as good as what was written on the way.
    for _ in 0..2 {
        let simulator = start(&state);
        assert_eq!(everything(&simulator), before);
        assert_eq!(self::roots(&simulator), roots);
        simulator.shutdown();
    }
    let simulator = start(&state);
    assert_eq!(
        describe(&simulator, &unclaimed)["Certificates"]["ClusterCsr"],
        csr.as_str()
    );
    assert_eq!(
        ok(
            &simulator,
            "GetResourcePolicy",
            json!({ "ResourceArn": arn })
        )["Policy"],
        policy
    );
    // What is kept of a backup is enough to make a cluster of it.
    let restored = ok(
        &simulator,
        "CreateCluster",
        json!({
            "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"],
            "SourceBackupId": ids[0],
        }),
    );
    assert_eq!(restored["Cluster"]["SourceBackupId"], ids[0]);
    ok(&simulator, "RestoreBackup", json!({ "BackupId": ids[1] }));
    ok(
        &simulator,
        "InitializeCluster",
        owner.claim(&unclaimed, &csr),
    );
    until(&simulator, &unclaimed, |now| now["State"] == "INITIALIZED");
}

/// Whatever the describing actions answer, in all regions.
fn everything(simulator: &Simulator) -> Vec<(String, Value)> {
    let mut answers = Vec::new();
    for region in ["us-east-1", "eu-west-1", "ap-south-1"] {
        let mut ask = |action: &str, body: Value| {
            let answer = call_in(simulator, region, action, &body).unwrap();
            assert_eq!(answer.status, 200, "{}", answer.body);
            answers.push((format!("{region} {action} {body}"), answer.json()));
            answer.json()
        };
        for (action, list, id) in [
            ("DescribeClusters", "Clusters", "ClusterId"),
            ("DescribeBackups", "Backups", "BackupId"),
        ] {
            for found in ask(action, json!({}))[list].as_array().unwrap() {
                ask("ListTags", json!({ "ResourceId": found[id] }));
            }
        }
    }
    answers
}

fn until_settled(simulator: &Simulator, region: &str) {
    let began = Instant::now();
    while clusters(simulator, region)
        .iter()
        .any(|cluster| cluster["State"] == "CREATE_IN_PROGRESS")
    {
        assert!(began.elapsed() < HANGS, "never created");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn accounts_are_apart_after_a_restart_too() {
    let (_dir, state) = place();
    let another = Signer {
        key: "AKIDOTHER",
        secret: "other",
        ..Signer::default()
    };
    let shown = |simulator: &Simulator| {
        [&Signer::default(), &another].map(|signer| {
            let clusters = send(simulator, signer, "DescribeClusters", "{}").json()["Clusters"]
                .as_array()
                .unwrap()
                .clone();
            clusters
                .into_iter()
                .map(|cluster| cluster["ClusterId"].clone())
                .collect::<Vec<_>>()
        })
    };
    let start = || {
        let credentials = vec![
            Credentials::new("AKIDEXAMPLE", "secret"),
            Credentials::new("AKIDOTHER", "other")
                .in_account("000000000002")
                .unwrap(),
        ];
        Simulator::spawn(Options {
            credentials,
            ..options(&state)
        })
        .unwrap()
    };
    let simulator = start();
    for signer in [&Signer::default(), &another, &another] {
        let made =
            r#"{ "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"] }"#;
        assert_eq!(send(&simulator, signer, "CreateCluster", made).status, 200);
    }
    let before = shown(&simulator);
    assert_eq!([before[0].len(), before[1].len()], [1, 2]);
    simulator.shutdown();
    assert_eq!(shown(&start()), before);
}

#[test]
fn new_hsms_get_cards_and_partitions_that_go_on_from_the_old_ones() {
    let (_dir, state) = place();
    let mut shown = Vec::new();
    for _ in 0..4 {
        let simulator = start(&state);
        let (id, _) = ready_cluster(&simulator);
        let certificates = describe(&simulator, &id)["Certificates"].clone();
        let hardware = certificates["AwsHardwareCertificate"]
            .as_str()
            .unwrap()
            .to_owned();
        let hsm = der(certificates["HsmCertificate"].as_str().unwrap());
        let (_, hsm) = x509_parser::parse_x509_certificate(&hsm).unwrap();
        shown.push((hardware, hsm.subject().to_string()));
    }
    assert_eq!(
        shown[0].0, shown[2].0,
        "the first and the third HSM are on the same card"
    );
    assert_eq!(shown[1].0, shown[3].0);
    assert_ne!(shown[0].0, shown[1].0);
    let mut names: Vec<&String> = shown.iter().map(|(_, name)| name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 4, "no partition is given twice");
}

#[test]
fn an_hsm_whose_key_was_not_made_yet_still_becomes_active() {
    let (_dir, state) = place();
    let simulator = start(&state);
    let id = create_cluster(&simulator);
    let hsm = create_hsm(&simulator, &id);
    // A key takes longer than this.
    simulator.shutdown();
    let simulator = start(&state);
    let now = until(&simulator, &id, |now| csr(now).is_some());
    assert_eq!(now["Hsms"][0]["HsmId"], hsm.as_str());
    assert_eq!(now["Hsms"][0]["State"], "ACTIVE");
}

#[test]
fn a_state_of_transition_ends_while_the_simulator_is_stopped() {
    // A cluster is created in 0.2 seconds by this clock. Where the machine is too busy to look at
    // it within, the next is created more slowly.
    for slower in [1, 10, 100] {
        let (_dir, state) = place();
        let slow = Options {
            speed: Speed::from_factor(1.0 / f64::from(slower)).unwrap(),
            ..options(&state)
        };
        let simulator = Simulator::spawn(slow.clone()).unwrap();
        let id = create_cluster(&simulator);
        let seen = describe(&simulator, &id)["State"].clone();
        simulator.shutdown();
        if seen == "CREATE_IN_PROGRESS" {
            std::thread::sleep(Duration::from_millis(200) * slower);
            assert_eq!(
                describe(&Simulator::spawn(slow).unwrap(), &id)["State"],
                "UNINITIALIZED"
            );
            return;
        }
        assert_eq!(seen, "UNINITIALIZED");
    }
    panic!("no cluster was seen while it was created");
}

#[test]
fn tokens_are_good_after_a_restart() {
    let (_dir, state) = place();
    let simulator = start(&state);
    let ids: Vec<String> = (0..3).map(|_| create_cluster(&simulator)).collect();
    let page = ok(&simulator, "DescribeClusters", json!({ "MaxResults": 1 }));
    simulator.shutdown();
    let simulator = start(&state);
    let next = ok(
        &simulator,
        "DescribeClusters",
        json!({ "MaxResults": 1, "NextToken": page["NextToken"] }),
    );
    assert_eq!(page["Clusters"][0]["ClusterId"], ids[0].as_str());
    assert_eq!(next["Clusters"][0]["ClusterId"], ids[1].as_str());
}

//! What is sent is what today's model of the service asks for: every request's octets, against
//! botocore's model and against what botocore would send.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use hsmboot::cloudhsm::Call;
use serde_json::{Value, json};

use super::backup::until;
use super::create;
use super::relay::{Relay, Sent};
use super::stage::{SUBNET, Stage};

/// The actions of these requests, once botocore's model has nothing against them.
fn judged(sent: &[Sent]) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/model.py");
    let mut command = Command::new("python3");
    command
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .expect("this test needs `python3` with botocore: pip install boto3");
    let mut input = child.stdin.take().unwrap();
    for request in sent {
        let line = json!({
            "target": request.target, "content_type": request.content_type,
            "body": hsmboot::x509::to_hex(&request.body),
        });
        // One that has found no botocore is gone, and says so.
        drop(writeln!(input, "{line}"));
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .split_whitespace()
        .map(str::to_owned)
        .collect()
}

fn body(sent: &[Sent], action: &str) -> Value {
    let request = sent
        .iter()
        .find(|request| request.target == format!("BaldrApiService.{action}"))
        .unwrap();
    serde_json::from_slice(&request.body).unwrap()
}

/// The words, with the relay's address in the place of the simulator's.
fn run(stage: &Stage, relay: &Relay, words: &[&str]) -> super::stage::Done {
    stage.command_at(&relay.url, words).output().unwrap().into()
}

#[test]
fn from_nothing_to_claimed_with_the_requests_of_todays_model() {
    let stage = create::stage();
    let relay = Relay::to(&stage.simulator.url());
    run(
        &stage,
        &relay,
        &[&create::words()[..], &["--mode", "fips"]].concat(),
    )
    .ends(0, "claimed cluster-");
    let sent = relay.sent();
    let mut actions = judged(&sent);
    actions.dedup();
    assert_eq!(
        actions,
        [
            "CreateCluster",
            "DescribeClusters",
            "CreateHsm",
            "DescribeClusters",
            "InitializeCluster",
            "DescribeClusters"
        ]
    );
    let token = stage.file("new/creation.json")["token"].clone();
    let order = json!({
        "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": [SUBNET],
        "TagList": [{ "Key": "hsmboot-creation", "Value": token }],
    });
    assert_eq!(body(&sent, "CreateCluster"), order);
    let id = stage.file("new/creation.json")["cluster_id"].clone();
    assert_eq!(
        body(&sent, "CreateHsm"),
        json!({ "ClusterId": id, "AvailabilityZone": "us-east-1a" })
    );
    let claim = body(&sent, "InitializeCluster");
    assert_eq!(
        claim.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["ClusterId", "SignedCert", "TrustAnchor"]
    );
}

#[test]
fn every_command_sends_what_todays_model_asks_for() {
    let stage = create::stage();
    let relay = Relay::to(&stage.simulator.url());
    let done = |words: &[&str]| run(&stage, &relay, words).ends(0, "");
    done(
        &[
            &create::words()[..],
            &[
                "--mode",
                "fips",
                "--network-type",
                "dualstack",
                "--retention-days",
                "30",
                "--tag",
                "a=b",
            ],
        ]
        .concat(),
    );
    let cluster = stage.file("new/creation.json")["cluster_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let (backup, arn) = until(|| {
        let ready = stage.json(&["backup", "list", "--state", "READY"]);
        let text = |name: &str| ready["backups"][0][name].as_str().map(str::to_owned);
        Some((text("backup_id")?, text("backup_arn")?))
    });
    std::fs::write(
        stage.path("policy.json"),
        "{\"Version\": \"2012-10-17\", \"Statement\": []}",
    )
    .unwrap();
    let old = stage.simulator.create_hsm1_cluster("us-east-1").unwrap();
    stage
        .simulator
        .set_state(&old, hsmboot::simulator::SimulatedClusterState::Active)
        .unwrap();
    let restored = [
        "cluster",
        "create",
        "--wait",
        "--output",
        "json",
        "--subnet-id",
        SUBNET,
        "--source-backup-id",
        &arn,
    ];
    let restored = done(&restored).json()["cluster"]["cluster_id"]
        .as_str()
        .unwrap()
        .to_owned();
    for words in [
        vec![
            "cluster",
            "create",
            "--subnet-id",
            SUBNET,
            "--mode",
            "non-fips",
            "--network-type",
            "ipv4",
        ],
        vec![
            "cluster",
            "list",
            "--state",
            "ACTIVE",
            "--vpc-id",
            "vpc-0",
            "--page-size",
            "25",
        ],
        vec![
            "cluster",
            "modify",
            "--cluster-id",
            &old,
            "--retention-days",
            "31",
            "--hsm-type",
            "hsm2m.medium",
            "--yes",
        ],
        vec!["cluster", "delete", "--cluster-id", &restored, "--yes"],
        vec![
            "backup",
            "policy",
            "put",
            "--policy",
            "policy.json",
            "--backup-id",
            &backup,
        ],
        vec!["backup", "policy", "get", "--backup-arn", &arn],
        vec![
            "backup",
            "policy",
            "delete",
            "--yes",
            "--backup-id",
            &backup,
        ],
        vec![
            "backup",
            "list",
            "--shared",
            "--never-expires",
            "false",
            "--sort",
            "oldest",
            "--page-size",
            "50",
            "--source-backup-id",
            &backup,
        ],
        vec![
            "backup",
            "modify",
            "--never-expires",
            "true",
            "--backup-id",
            &backup,
        ],
        vec![
            "backup",
            "copy",
            "--destination-region",
            "eu-west-1",
            "--tag",
            "a=b",
            "--backup-id",
            &backup,
        ],
        vec!["backup", "delete", "--yes", "--backup-id", &backup],
        vec!["backup", "restore", "--backup-id", &backup],
        vec!["tag", "add", "--resource-id", &cluster, "--tag", "b=c"],
        vec![
            "tag",
            "list",
            "--resource-id",
            &cluster,
            "--page-size",
            "100",
        ],
        vec![
            "tag",
            "remove",
            "--resource-id",
            &cluster,
            "--key",
            "a",
            "--yes",
        ],
    ] {
        done(&words);
    }
    let shown = stage.json(&["cluster", "show", "--cluster-id", &cluster]);
    let hsm = shown["cluster"]["hsms"][0]["hsm_id"].as_str().unwrap();
    done(&[
        "hsm",
        "delete",
        "--cluster-id",
        &cluster,
        "--hsm-id",
        hsm,
        "--yes",
    ]);
    let actions = judged(&relay.sent());
    for call in Call::ALL {
        assert!(
            actions.iter().any(|action| action == call.as_str()),
            "{} was not sent",
            call.as_str()
        );
    }
}

//! AWS's default quotas, on request; and the one that nobody can raise.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use hsmboot::simulator::{Options, SimulatedClusterState, SimulatedHsmState, Simulator, Speed};
use serde_json::json;

use crate::support::*;

fn with_quotas() -> Simulator {
    Simulator::spawn(Options {
        speed: Speed::INSTANT,
        quotas: true,
        ..crate::support::options()
    })
    .unwrap()
}

#[test]
fn an_account_has_four_clusters_in_a_region() {
    let simulator = with_quotas();
    let ids: Vec<String> = (0..4).map(|_| create_cluster(&simulator)).collect();
    let fifth =
        json!({ "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"] });
    let (kind, message) = refused(&simulator, "CreateCluster", fifth.clone());
    assert_eq!(kind, "CloudHsmInvalidRequestException");
    assert!(message.contains("4 clusters are there"), "{message}");
    assert_eq!(
        ok(&simulator, "DescribeClusters", json!({}))["Clusters"]
            .as_array()
            .unwrap()
            .len(),
        4
    );

    let elsewhere = call_in(&simulator, "eu-west-1", "CreateCluster", &fifth).unwrap();
    assert_eq!(
        elsewhere.status, 200,
        "each region has its own: {}",
        elsewhere.body
    );
    ok(&simulator, "DeleteCluster", json!({ "ClusterId": ids[0] }));
    ok(&simulator, "CreateCluster", fifth);
}

#[test]
fn an_account_has_six_hsms_in_a_region() {
    let simulator = with_quotas();
    let ids: Vec<String> = (0..2).map(|_| create_cluster(&simulator)).collect();
    for id in &ids {
        simulator
            .set_state(id, SimulatedClusterState::Active)
            .unwrap();
    }
    let hsms: Vec<String> = (0..6)
        .map(|n| create_hsm(&simulator, &ids[n % 2]))
        .collect();
    let seventh = json!({ "ClusterId": ids[0], "AvailabilityZone": "us-east-1a" });
    let (kind, message) = refused(&simulator, "CreateHsm", seventh.clone());
    assert_eq!(kind, "CloudHsmInvalidRequestException");
    assert!(message.contains("6 HSMs are there"), "{message}");

    // In the other cluster: the count is the account's.
    ok(
        &simulator,
        "DeleteHsm",
        json!({ "ClusterId": ids[1], "HsmId": hsms[1] }),
    );
    ok(&simulator, "CreateHsm", seventh);
}

#[test]
fn without_quotas_only_the_28_hsms_of_a_cluster_hold() {
    let simulator = instant();
    let ids: Vec<String> = (0..5).map(|_| create_cluster(&simulator)).collect();
    simulator
        .set_state(&ids[0], SimulatedClusterState::Active)
        .unwrap();
    let hsms: Vec<String> = (0..28).map(|_| create_hsm(&simulator, &ids[0])).collect();
    let one_more = json!({ "ClusterId": ids[0], "AvailabilityZone": "us-east-1a" });
    let (kind, message) = refused(&simulator, "CreateHsm", one_more.clone());
    assert_eq!(kind, "CloudHsmInvalidRequestException");
    assert!(message.contains("28 HSMs are there"), "{message}");
    simulator
        .set_hsm_state(&ids[0], &hsms[3], SimulatedHsmState::Deleted)
        .unwrap();
    ok(&simulator, "CreateHsm", one_more);
}

#[test]
fn the_program_holds_them_with_the_option_alone() {
    for (options, fifth) in [
        (&["simulate", "--instant", "--quotas"][..], 400),
        (&["simulate", "--instant"], 200),
    ] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_hsmboot"))
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(program.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim()
            .strip_prefix("listening on http://")
            .unwrap()
            .parse()
            .unwrap();
        let body =
            json!({ "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"] })
                .to_string();
        let create = request(
            "/",
            "X-Amz-Target: BaldrApiService.CreateCluster\r\n",
            &body,
        );
        let found: Vec<u16> = (0..5)
            .map(|_| raw(address, create.as_bytes()).unwrap().status)
            .collect();
        program.kill().unwrap();
        program.wait().unwrap();
        assert_eq!(found, [200, 200, 200, 200, fifth], "{options:?}");
    }
}

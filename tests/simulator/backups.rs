//! When backups are made, what can be done with them, and when they are gone.

#[path = "backups/kept.rs"]
mod kept;
#[path = "backups/listed.rs"]
mod listed;
#[path = "backups/made.rs"]
mod made;
#[path = "backups/restored.rs"]
mod restored;

use std::time::Duration;

use hsmboot::simulator::{Options, Simulator, Speed};
use serde_json::{Value, json};

use crate::support::*;

const DAY: u64 = 86_400;

/// A cluster that its owner has claimed with the answer's pair, with one ACTIVE HSM.
fn claimed_as(simulator: &Simulator, request: &Value) -> (String, Value) {
    let cluster = ok(simulator, "CreateCluster", request.clone())["Cluster"]["ClusterId"]
        .as_str()
        .unwrap()
        .to_owned();
    create_hsm(simulator, &cluster);
    let ready = until(simulator, &cluster, |now| csr(now).is_some());
    let claim = Owner::new().claim(&cluster, csr(&ready).unwrap());
    ok(simulator, "InitializeCluster", claim.clone());
    assert_eq!(describe(simulator, &cluster)["State"], "INITIALIZED");
    (cluster, claim)
}

fn claimed(simulator: &Simulator) -> String {
    claimed_as(
        simulator,
        &json!({ "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"] }),
    )
    .0
}

fn claimed_for(simulator: &Simulator, days: u64) -> String {
    let policy = json!({ "Type": "DAYS", "Value": days.to_string() });
    let request = json!({
        "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"],
        "BackupRetentionPolicy": policy,
    });
    claimed_as(simulator, &request).0
}

/// All backups of a region that a filter lets through, the oldest first.
fn listed_in(simulator: &Simulator, region: &str, filters: &Value) -> Vec<Value> {
    let mut request = json!({ "Filters": filters, "SortAscending": true });
    let mut all = Vec::new();
    loop {
        let page = call_in(simulator, region, "DescribeBackups", &request)
            .unwrap()
            .json();
        all.extend(
            page["Backups"]
                .as_array()
                .unwrap_or_else(|| panic!("{page}"))
                .iter()
                .cloned(),
        );
        let Some(token) = page.get("NextToken") else {
            return all;
        };
        request["NextToken"] = token.clone();
    }
}

fn listed(simulator: &Simulator, filters: Value) -> Vec<Value> {
    listed_in(simulator, "us-east-1", &filters)
}

fn ids(backups: &[Value]) -> Vec<&str> {
    backups
        .iter()
        .map(|backup| backup["BackupId"].as_str().unwrap())
        .collect()
}

fn id(backup: &Value) -> &str {
    backup["BackupId"].as_str().unwrap()
}

fn state_of(simulator: &Simulator, backup: &str) -> Option<String> {
    let found = listed(simulator, json!({ "backupIds": [backup] }));
    found
        .first()
        .map(|backup| backup["BackupState"].as_str().unwrap().to_owned())
}

/// Seconds from one timestamp of a backup to another.
fn seconds(from: &Value, to: &Value) -> f64 {
    to.as_f64().unwrap() - from.as_f64().unwrap()
}

/// The only HSM's removal: from then on there is nothing to make a daily backup of.
fn remove_hsm(simulator: &Simulator, cluster: &str) {
    let hsm = describe(simulator, cluster)["Hsms"][0]["HsmId"].clone();
    ok(
        simulator,
        "DeleteHsm",
        json!({ "ClusterId": cluster, "HsmId": hsm }),
    );
}

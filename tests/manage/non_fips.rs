//! Hardware for non-FIPS mode: a note wherever it is judged, and an alarm where the cluster's Mode
//! says FIPS. The live cluster's word counts.

use serde_json::{Value, json};

use super::relay::Relay;
use super::stage::{Done, ROOTS, SUBNET, Stage};
use super::{create, support};

const NOTE: &str = "the HSM is for non-FIPS mode";
const ALARM: &str = "NOT FIPS: the cluster's Mode is FIPS, but the HSM is for non-FIPS mode";
const OWN: [&str; 2] = ["--ca", "ca/customerCA.crt"];
const KEY: [&str; 2] = ["--ca-key", "ca/customerCA.key"];

/// A service that says FIPS of such hardware, and one that says nothing of a mode.
fn says_fips(body: &str) -> String {
    body.replace("\"NON_FIPS\"", "\"FIPS\"")
}
fn says_nothing(body: &str) -> String {
    body.replace("\"Mode\":\"NON_FIPS\"", "\"AnotherMember\":1")
}

/// A stage with a cluster whose hardware is in non-FIPS mode, ready to be claimed: its id.
fn non_fips() -> (Stage, String) {
    let stage = create::stage();
    let order = json!({ "HsmType": "hsm2m.medium", "Mode": "NON_FIPS", "SubnetIds": [SUBNET] });
    let made = support::ok(&stage.simulator, "CreateCluster", order);
    let id = made["Cluster"]["ClusterId"].as_str().unwrap().to_owned();
    support::create_hsm(&stage.simulator, &id);
    support::until(&stage.simulator, &id, |now| support::csr(now).is_some());
    (stage, id)
}

fn run(stage: &Stage, url: &str, words: &[&[&str]]) -> Done {
    stage
        .command_at(url, &words.concat())
        .output()
        .unwrap()
        .into()
}

/// Fetched from `url`, and signed.
fn signed(stage: &Stage, url: &str, id: &str) -> Done {
    run(
        stage,
        url,
        &[&[
            "fetch",
            "--cluster-id",
            id,
            "--bundle",
            "b",
            "--region",
            "us-east-1",
        ]],
    )
    .ends(0, "fetched");
    run(stage, url, &[&["sign", "b"], &OWN, &KEY, &ROOTS]).ends(0, "signed")
}

#[track_caller]
fn alarmed(done: &Done, alarmed: bool) {
    assert_eq!(done.stderr.contains(ALARM), alarmed, "{}", done.stderr);
}

fn notes(document: &Value) -> Vec<&str> {
    document["notes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// The receipt in the bundle has the note; and the alarm, or not.
#[track_caller]
fn on_the_receipt(stage: &Stage, alarm: bool) {
    let receipt = stage.file("b/receipt.json");
    let notes = notes(&receipt);
    assert!(
        notes.first().is_some_and(|note| note.starts_with(NOTE)),
        "{receipt:#}"
    );
    let alarms = notes
        .iter()
        .filter(|note| note.starts_with("the cluster's Mode is FIPS, but"))
        .count();
    assert_eq!(
        (alarms, notes.len()),
        (usize::from(alarm), 1 + usize::from(alarm)),
        "{receipt:#}"
    );
}

#[test]
fn a_cluster_of_non_fips_mode_is_noted_and_no_alarm() {
    let (stage, id) = non_fips();
    let url = stage.simulator.url();
    alarmed(&signed(&stage, &url, &id), false);
    let verified = run(&stage, &url, &[&["verify", "b"], &ROOTS]).ends(0, NOTE);
    alarmed(&verified, false);
    let done = run(&stage, &url, &[&["submit", "b"], &OWN, &ROOTS]).ends(0, "claimed");
    alarmed(&done, false);
    assert!(done.stdout.contains(NOTE), "{}", done.stdout);
    on_the_receipt(&stage, false);
    run(&stage, &url, &[&["report", "b", "-o", "page.html"], &ROOTS]).ends(0, "");
    let page = std::fs::read_to_string(stage.path("page.html")).unwrap();
    assert!(page.contains(NOTE) && !page.contains("NOT FIPS"), "{page}");
}

#[test]
fn every_command_that_judges_raises_the_alarm_where_the_mode_says_fips() {
    let (stage, id) = non_fips();
    let relay = Relay::changing(&stage.simulator.url(), says_fips);
    alarmed(&signed(&stage, &relay.url, &id), true);
    let verified = run(&stage, &relay.url, &[&["verify", "b"], &ROOTS]).ends(0, NOTE);
    alarmed(&verified, true);
    let done = run(&stage, &relay.url, &[&["submit", "b"], &OWN, &ROOTS]).ends(0, "claimed");
    alarmed(&done, true);
    on_the_receipt(&stage, true);
    run(
        &stage,
        &relay.url,
        &[&["report", "b", "-o", "page.html"], &ROOTS],
    )
    .ends(0, "");
    let page = std::fs::read_to_string(stage.path("page.html")).unwrap();
    assert!(
        page.contains(NOTE) && page.contains("<strong>NOT FIPS</strong>"),
        "{page}"
    );
}

#[test]
fn a_bootstrap_notes_it_and_raises_the_alarm_by_the_live_clusters_mode() {
    let (stage, id) = non_fips();
    let relay = Relay::changing(&stage.simulator.url(), says_fips);
    let done = run(
        &stage,
        &relay.url,
        &[
            &["bootstrap", "--cluster-id", &id, "--bundle", "b"],
            &OWN,
            &KEY,
            &ROOTS,
        ],
    )
    .ends(0, "claimed");
    alarmed(&done, true);
    on_the_receipt(&stage, true);
}

/// `request.json` may be old, or anybody's: of the cluster that is about to be claimed, the service
/// knows.
#[test]
fn submit_goes_by_the_live_clusters_mode_and_by_the_bundles_where_there_is_none() {
    let fips = |stage: &Stage| Relay::changing(&stage.simulator.url(), says_fips);
    // The bundle says FIPS, the service does not.
    let (stage, id) = non_fips();
    signed(&stage, &fips(&stage).url, &id);
    let done = run(
        &stage,
        &stage.simulator.url(),
        &[&["submit", "b"], &OWN, &ROOTS, &["--dry-run"]],
    )
    .ends(0, "dry run");
    alarmed(&done, false);
    // The service says nothing.
    let silent = Relay::changing(&stage.simulator.url(), says_nothing);
    let done = run(
        &stage,
        &silent.url,
        &[&["submit", "b"], &OWN, &ROOTS, &["--dry-run"]],
    )
    .ends(0, "dry run");
    alarmed(&done, true);
    let done = run(
        &stage,
        &stage.simulator.url(),
        &[&["submit", "b"], &OWN, &ROOTS],
    )
    .ends(0, "claimed");
    alarmed(&done, false);
    on_the_receipt(&stage, false);
    // The bundle says NON_FIPS, the service FIPS.
    let (stage, id) = non_fips();
    signed(&stage, &stage.simulator.url(), &id);
    let done = run(&stage, &fips(&stage).url, &[&["submit", "b"], &OWN, &ROOTS]).ends(0, "claimed");
    alarmed(&done, true);
    on_the_receipt(&stage, true);
}

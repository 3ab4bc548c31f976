//! Many bundles on one page: a row for each, which leads to the cluster's own page.

use std::fs;

use crate::markup::{HOSTILE, is_inert_but_for_links};
use crate::shared::{read_json, section, text};
use crate::support::{Bench, CLUSTER, TRUST, sign};
use hsmboot::report::{FleetPageFacts, FleetRow, PageFacts, make_fleet_page, make_page};
use hsmboot::x509::sha256;
use serde_json::{Value, json};

/// Copies the bench's bundle as another cluster's, as far as its request goes.
fn copy_request(bench: &Bench, name: &str, id: &str) {
    fs::create_dir(bench.path(name)).unwrap();
    for part in [
        "ClusterCsr.csr",
        "HsmCertificate.crt",
        "AwsHardwareCertificate.crt",
        "ManufacturerHardwareCertificate.crt",
    ] {
        fs::copy(
            bench.part(part),
            bench.path(name).join(format!("{id}_{part}")),
        )
        .unwrap();
    }
}

const FETCHED: &str = "cluster-hsmboot2222";
const THIRD: &str = "cluster-hsmboot3333";

/// A signed bundle, a fetched one, and one whose CSR is not the HSM's.
fn three() -> Bench {
    let bench = Bench::new();
    copy_request(&bench, "fetched", FETCHED);
    copy_request(&bench, "rejected", THIRD);
    bench.write(&format!("rejected/{THIRD}_HsmCertificate.crt"), "no PEM");
    bench.run(&sign(&[])).expect(0);
    bench
}

const DIRS: [&str; 3] = ["bundle", "fetched", "rejected"];

fn report_on(dirs: &[&'static str], more: &[&'static str]) -> Vec<&'static str> {
    [&["report"], dirs, &["-o", "pages"], &TRUST[..], more].concat()
}

fn index(bench: &Bench) -> String {
    String::from_utf8(bench.read("pages/index.html")).unwrap()
}

/// The text of the row that has these words.
fn row(page: &str, words: &str) -> String {
    let rows: Vec<String> = page
        .split("<tr class=\"")
        .skip(1)
        .map(|row| text(&format!("<body>{}", row.split("</tr>").next().unwrap())))
        .filter(|row| row.contains(words))
        .collect();
    assert_eq!(rows.len(), 1, "rows with {words}: {rows:?}");
    rows.into_iter().next().unwrap()
}

#[test]
fn each_bundle_has_a_row_and_a_page_that_the_row_leads_to() {
    let bench = three();
    let words = report_on(&DIRS, &["--ca", "customerCA.crt", "--output", "json"]);
    let document = bench.run(&words).expect(0).json();
    assert_eq!(document["summary"], "3 bundles: 3 reported");
    assert_eq!(document["changed"], true);
    assert_eq!(document["report"], "pages/index.html");
    let page = index(&bench);
    assert_eq!(
        document["sha256"],
        hsmboot::x509::to_hex(&sha256(page.as_bytes()))
    );
    let results = document["bundles"].as_array().unwrap();
    let member =
        |name: &str| -> Vec<Value> { results.iter().map(|result| result[name].clone()).collect() };
    assert_eq!(member("verdict"), ["verified", "verified", "rejected"]);
    assert_eq!(member("claim"), ["signed", "verified", "fetched"]);
    assert_eq!(member("cluster_id"), [CLUSTER, FETCHED, THIRD]);
    for result in results {
        let file = result["report"].as_str().unwrap();
        let name = file.strip_prefix("pages/").unwrap();
        assert_eq!(page.matches(&format!("href=\"{name}\"")).count(), 1);
        let own = String::from_utf8(bench.read(file)).unwrap();
        assert!(own.contains(result["cluster_id"].as_str().unwrap()));
        assert_eq!(
            result["sha256"],
            hsmboot::x509::to_hex(&sha256(own.as_bytes()))
        );
    }
    let one = row(&page, CLUSTER);
    for words in [
        "fit for InitializeCluster",
        "Verified",
        "by roots you gave",
        "Test CA",
        "the CA that was given",
    ] {
        assert!(one.contains(words), "{words} is not in {one}");
    }
    let fetched = row(&page, FETCHED);
    assert!(fetched.contains("nothing is signed yet") && fetched.ends_with("none"));
    assert!(
        one.ends_with("fingerprints not compared in 1 step"),
        "{one}"
    );
    assert!(row(&page, THIRD).contains("Rejected"));
    let head = text(&page);
    for words in [
        "2 verified, 2 of them against roots you gave; 1 rejected",
        "1 signed, 1 fetched and verified, 1 fetched",
        "1 CA, as given",
        "in 1 row",
    ] {
        assert!(head.contains(words), "{words} is not in {head}");
    }
    let ca = bench
        .run(&["ca", "show", "customerCA.crt", "--output", "json"])
        .json();
    let owners = section(&page, "owners");
    assert!(
        owners.contains(ca["sha256"].as_str().unwrap()) && owners.contains("in 1 of them"),
        "{owners}"
    );
    // Text has a line for each bundle, and names the page.
    let text = bench.run(&report_on(&DIRS, &["--force"])).expect(0).stdout;
    assert!(
        text.starts_with("replaced pages/index.html\n") && text.contains("3 bundles: 3 reported"),
        "{text}"
    );
}

#[test]
fn a_page_beside_the_fleets_is_the_page_that_the_bundle_has_alone() {
    let bench = three();
    let at = ["--at", "2026-06-01T00:00:00Z"];
    bench.run(&report_on(&DIRS, &at)).expect(0);
    let alone = [&["report", "bundle", "-o", "-"], &TRUST[..], &at].concat();
    let beside = String::from_utf8(bench.read(&format!("pages/{CLUSTER}.html"))).unwrap();
    let alone = bench.run(&alone).expect(0).stdout;
    assert_eq!(beside, alone);
}

#[test]
fn what_cannot_be_read_has_a_row_and_hides_no_other() {
    let bench = three();
    fs::create_dir(bench.path("empty")).unwrap();
    let dirs = ["bundle", "empty", "fetched", "nowhere"];
    let run = bench
        .run(&report_on(&dirs, &["--output", "json"]))
        .expect(4);
    let document = run.json();
    assert_eq!(document["error"]["kind"], "no-bundle");
    let results = document["bundles"].as_array().unwrap();
    assert!(results[0].get("error").is_none() && results[2].get("error").is_none());
    assert_eq!(results[1]["error"]["kind"], "no-bundle");
    let page = index(&bench);
    for name in ["empty", "nowhere"] {
        let row = row(&page, name);
        assert!(
            row.contains("of no known cluster") && row.contains("cannot be read"),
            "{row}"
        );
    }
    assert!(text(&page).contains("2 cannot be read"));
    assert_eq!(fs::read_dir(bench.path("pages")).unwrap().count(), 3);
}

#[test]
fn alarms_are_in_the_row_as_on_the_bundles_own_page() {
    let bench = Bench::new();
    let ca = ["--ca", "customerCA.crt", "--ca-key", "customerCA.key"];
    let words = [
        &["sign", "bundle", "--unverified", "--reason", "a drill"],
        &ca[..],
    ]
    .concat();
    bench.run(&words).expect(0);
    copy_request(&bench, "fetched", FETCHED);
    let mut response = read_json(&bench, crate::shared::RESPONSE);
    response["ca_fingerprint"] = json!("00".repeat(32));
    bench.write(crate::shared::RESPONSE, response.to_string());
    bench.write(
        "bundle/other.key",
        crate::forge::keys::key_text("rsa-2048-stranger"),
    );
    bench.write("another.crt", crate::support::ca(|_| {}).cert);
    let words = report_on(
        &["bundle", "fetched"],
        &["--ca", "another.crt", "--output", "json"],
    );
    let document = bench.run(&words).expect(0).json();
    let alarms = document["bundles"][0]["alarms"].as_array().unwrap();
    let page = index(&bench);
    let row = row(&page, CLUSTER);
    for words in [
        "UNVERIFIED",
        "The trust anchor is not your CA",
        "The bundle’s records differ from what was found",
        "a private key lies in the bundle",
    ] {
        assert!(
            alarms.contains(&words.into()),
            "{words} is not in {alarms:?}"
        );
        assert!(row.contains(words), "{words} is not in {row}");
    }
    assert!(text(&page).contains("not the given CA in 1 bundle"));
    assert_eq!(document["bundles"][1]["alarms"], json!([]));
}

#[test]
fn pages_go_over_no_file_of_other_content() {
    let bench = three();
    fs::create_dir(bench.path("pages")).unwrap();
    let foreign = format!("pages/{FETCHED}.html");
    bench.write(&foreign, "somebody's own");
    bench.refused(&report_on(&DIRS, &[]), 8, "file-exists", &[FETCHED]);
    assert_eq!(fs::read_dir(bench.path("pages")).unwrap().count(), 1);
    bench.run(&report_on(&DIRS, &["--force"])).expect(0);
    assert!(bench.read(&foreign).starts_with(b"<!DOCTYPE html>"));
    // A key is replaced by nothing.
    let key = crate::forge::keys::key_text("rsa-2048-stranger");
    bench.write(&foreign, &key);
    bench.refused(
        &report_on(&DIRS, &["--force"]),
        8,
        "file-exists",
        &["private key"],
    );
    assert_eq!(bench.read(&foreign), key);
    // No directory, and standard output, which takes one page.
    bench.write("taken", "a file");
    let to = |place: &'static str| [&["report"], &DIRS[..], &["-o", place], &TRUST].concat();
    bench.refused(&to("taken"), 4, "not-a-directory", &["taken"]);
    bench.refused(&to("-"), 2, "usage", &["several pages"]);
}

#[test]
fn bundles_of_one_cluster_have_a_page_each() {
    let bench = three();
    copy_request(&bench, "again", CLUSTER);
    let dirs = ["bundle", "again", "./bundle"];
    let run = bench
        .run(&report_on(&dirs, &["--output", "json"]))
        .expect(0);
    let pages: Vec<Value> = run.json()["bundles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["report"].clone())
        .collect();
    assert_eq!(
        pages,
        [
            format!("pages/{CLUSTER}.html"),
            format!("pages/{CLUSTER}-2.html")
        ],
        "one that is named twice is reported once"
    );
}

#[test]
fn a_ca_or_a_root_that_lies_in_any_of_the_bundles_is_refused() {
    let bench = three();
    fs::copy(bench.path("customerCA.crt"), bench.path("fetched/mine.crt")).unwrap();
    bench.refused(
        &report_on(&DIRS, &["--ca", "fetched/mine.crt"]),
        2,
        "ca-in-bundle",
        &["fetched"],
    );
    fs::copy(bench.path("aws-root.crt"), bench.path("fetched/root.crt")).unwrap();
    let words = [
        "report",
        "bundle",
        "fetched",
        "-o",
        "pages",
        "--aws-root",
        "fetched/root.crt",
    ];
    bench.refused(&words, 2, "root-in-bundle", &["fetched"]);
}

fn fleet_facts(all: &[&PageFacts], more: Vec<FleetRow>) -> FleetPageFacts {
    let judged = all
        .iter()
        .enumerate()
        .map(|(at, facts)| FleetRow::from_judged(facts, format!("{at}.html"), None));
    FleetPageFacts {
        tool: "hsmboot test".to_owned(),
        made_at: all[0].made_at,
        at: all[0].made_at,
        at_named: true,
        rows: judged.chain(more).collect(),
    }
}

#[test]
fn the_same_facts_give_the_same_bytes_and_no_row_says_more_than_the_page() {
    let fixtures = [
        "verified--never-expires",
        "hardware.same-key--another-card",
        "pem.hsm--two-blocks",
        "validity.hsm--expired-accepted",
    ];
    for name in fixtures {
        let path = crate::forge::fixture::directory().join(name);
        let (expect, facts) = crate::shared::facts(&path);
        let fleet = fleet_facts(&[&facts], Vec::new());
        let page = make_fleet_page(&fleet);
        assert_eq!(page, make_fleet_page(&fleet.clone()));
        let own = make_page(&facts);
        let word = own.split("<p class=\"word\">").nth(1).unwrap();
        let word = word.split('<').next().unwrap();
        let row = row(&page, facts.survey.cluster_id.as_str());
        assert!(row.contains(word), "{name}: {word}");
        assert_eq!(
            row.contains("failures accepted"),
            !expect.accept.is_empty(),
            "{name}"
        );
        assert_eq!(
            row.contains("Rejected"),
            expect.verdict == "rejected",
            "{name}"
        );
        assert!(!page.contains("genuine"), "by roots that were given");
    }
}

#[test]
fn nothing_that_is_read_becomes_markup_in_a_fleets_page() {
    let bench = Bench::new();
    bench.put_ca(&crate::support::ca(|params| {
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, HOSTILE);
    }));
    let name = "bundle<img src=x onerror='alert(1)'>\u{202e}";
    copy_request(&bench, name, FETCHED);
    bench.run(&sign(&[])).expect(0);
    crate::shared::put_receipt(&bench, |receipt| {
        receipt["outcome"] = json!(HOSTILE);
        receipt["state"] = json!(HOSTILE);
    });
    let request = json!({
        "format": "hsmboot-request/1", "cluster_id": CLUSTER, "region": HOSTILE, "state": "X",
        "hsms": [], "fetched_at": "2026-01-01T00:00:00Z", "tool": HOSTILE, "files": {},
    });
    bench.write("bundle/request.json", request.to_string());
    let nowhere = "<script>alert(3)</script>";
    let words = [
        &["report", "bundle", name, nowhere, "-o", "pages"],
        &TRUST[..],
    ]
    .concat();
    bench.run(&words).expect(4);
    let page = index(&bench);
    let links = [format!("{CLUSTER}.html"), format!("{FETCHED}.html")];
    is_inert_but_for_links(&page, &links);
    let shown = text(&page);
    assert!(shown.contains("<script>alert(3)</script>") && shown.contains("<script>alert(1)"));
    assert!(shown.contains("onerror='alert(1)'>\\u{202e}"), "{shown}");
}

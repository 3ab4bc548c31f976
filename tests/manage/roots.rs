//! Which roots a cluster's chains need that are not built in: `fetch` says so on the machine that
//! is online.

use serde_json::{Value, json};

use super::stage::{SUBNET, Stage};
use super::support;

const LS2: &str = "mrvl-rsa-LS2-AR-v1.crt";
const LS2_PAGE: &str = "https://www.marvell.com/products/security-solutions/nitrox-hs-adapters/liqu\
                        idsecurity2-certificate-ls2-g-axxx-ar-f-bo-v1.html";
const GOV_ARCHIVE: &str =
    "https://docs.aws.amazon.com/cloudhsm/latest/userguide/samples/AWS_US_GOV_CloudHSM_Root-G1.zip";

/// The side, the option and the file of each root that a document says is needed.
fn needed(document: &Value) -> Vec<(String, String, Option<String>)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let roots = document["roots_needed"].as_array().into_iter().flatten();
    roots
        .map(|root| {
            (
                text(&root["side"]).unwrap(),
                text(&root["option"]).unwrap(),
                text(&root["file"]),
            )
        })
        .collect()
}

fn ls2() -> (String, String, Option<String>) {
    (
        "manufacturer".to_owned(),
        "--manufacturer-root".to_owned(),
        Some(LS2.to_owned()),
    )
}

/// A cluster with an HSM in a region: its id.
fn cluster_in(stage: &Stage, region: &str) -> String {
    let zone = format!("{region}a");
    let made = stage.json(&[
        "cluster",
        "create",
        "--subnet-id",
        SUBNET,
        "--wait",
        "--region",
        region,
    ]);
    let id = made["cluster"]["cluster_id"].as_str().unwrap().to_owned();
    stage.json(&[
        "hsm",
        "create",
        "--cluster-id",
        &id,
        "--availability-zone",
        &zone,
        "--wait",
        "--region",
        region,
    ]);
    id
}

#[test]
fn fetch_says_which_root_a_cluster_of_hsm2m_medium_needs() {
    let stage = Stage::new();
    let id = cluster_in(&stage, "us-east-1");
    let fetch = ["fetch", "--cluster-id", &id, "--region", "us-east-1"];
    let said = stage.run(&fetch).ends(0, "fetched");
    for words in [
        LS2,
        "CN mrvl-ls2-root-AR-v1",
        LS2_PAGE,
        "liquidsecurity2_ar_v1.zip",
        "with a browser",
        &format!("hsmboot roots show {LS2}"),
    ] {
        assert!(said.stderr.contains(words), "{words}: {}", said.stderr);
        assert!(
            said.stderr
                .contains("this one comes from hsmboot's simulator"),
            "{}",
            said.stderr
        );
    }
    assert!(
        said.stdout.contains(&format!(
            "next: hsmboot verify ./{id} --aws-root roots/aws-root.crt"
        )),
        "{}",
        said.stdout
    );
    assert_eq!(needed(&stage.json(&fetch)), [ls2()]);
    // One that a variable names is there already.
    let mut named = stage.command(&[&fetch[..], &["--output", "json"]].concat());
    let named: super::stage::Done = named
        .env("HSMBOOT_MANUFACTURER_ROOT", "r.crt")
        .output()
        .unwrap()
        .into();
    assert_eq!(needed(&named.ends(0, "").json()), []);
}

#[test]
fn fetch_says_that_govcloud_has_an_aws_root_of_its_own() {
    let stage = Stage::new();
    for region in ["us-gov-west-1", "us-gov-east-1"] {
        let id = cluster_in(&stage, region);
        let fetch = ["fetch", "--cluster-id", &id, "--region", region];
        let said = stage.run(&fetch).ends(0, "fetched");
        for words in [
            "the file in AWS_US_GOV_CloudHSM_Root-G1.zip, whatever it is called",
            GOV_ARCHIVE,
            LS2,
            "the AWS GovCloud (US) regions",
        ] {
            assert!(said.stderr.contains(words), "{words}: {}", said.stderr);
        }
        assert!(
            said.stdout.contains(&format!(
                "next: hsmboot verify ./{id} --aws-root roots/aws-root.crt"
            )),
            "{}",
            said.stdout
        );
        let document = stage.json(&fetch);
        assert_eq!(
            needed(&document),
            [("aws".to_owned(), "--aws-root".to_owned(), None), ls2()]
        );
        assert_eq!(document["roots_needed"][0]["archive"], GOV_ARCHIVE);
    }
}

#[test]
fn nothing_is_said_of_roots_that_are_built_in() {
    let stage = Stage::new();
    let id = stage.simulator.create_hsm1_cluster("us-east-1").unwrap();
    support::create_hsm(&stage.simulator, &id);
    support::until(&stage.simulator, &id, |now| support::csr(now).is_some());
    let fetch = ["fetch", "--cluster-id", &id];
    let said = stage.run(&fetch).ends(0, "fetched");
    assert!(!said.stderr.contains("root"), "{}", said.stderr);
    assert_eq!(
        stage.json(&fetch).get("roots_needed"),
        None::<&Value>,
        "{}",
        json!(id)
    );
}

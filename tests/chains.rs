//! An offline root with an intermediate under it: made by `ca init --issuer`, as trust anchor of a
//! claim, and under attack by somebody who can write to the bundle and exchanges what stands above
//! the CA that signs.
#![cfg(all(feature = "online", feature = "simulator"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/aws.rs"]
#[allow(dead_code, unreachable_pub)]
mod aws;
#[path = "chains/making.rs"]
mod making;
#[path = "chains/owners.rs"]
mod owners;
#[path = "chains/stage.rs"]
mod stage;
#[path = "simulator/support.rs"]
#[allow(dead_code, unreachable_pub, clippy::missing_panics_doc)]
mod support;

use std::fs;

use serde_json::Value;
use stage::{Claim, Stage};

const CA_EXTENSIONS: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSi\
                             gn,digitalSignature\nsubjectKeyIdentifier=hash\n";

#[test]
fn bootstrap_claims_a_cluster_under_a_chain() {
    let claim = Claim::new();
    let bootstrap = [
        "bootstrap",
        "--cluster-id",
        &claim.id,
        "--bundle",
        "bundle",
        "--ca",
        "ca/chainCA.crt",
        "--ca-key",
        "ca/customerCA.key",
    ];
    let receipt = claim.online(&bootstrap).expect(0).json();
    let digests = claim.stage.digests("ca/chainCA.crt");
    assert_eq!(
        (receipt["outcome"].as_str(), receipt["owner"].as_str()),
        (Some("claimed"), Some("ca"))
    );
    assert_eq!(
        (
            receipt["trust_anchor_sha256"].as_str(),
            &receipt["chain_sha256"]
        ),
        (Some(digests[0].as_str()), &serde_json::json!(&digests[1..]))
    );
    claim.is_taken_by_openssl("ca/chainCA.crt");
    // Again: it is theirs already, and nothing is sent.
    assert_eq!(
        claim.online(&bootstrap).expect(0).json()["outcome"],
        "already-claimed"
    );
    assert_eq!(claim.claims(), 1);
    let status = |ca: &str| claim.online(&["status", "--cluster-id", &claim.id, "--ca", ca]);
    status("ca/chainCA.crt").expect(0);
    // Of the root alone nobody can say so: the cluster shows one certificate.
    assert_eq!(status("root/customerCA.crt").code, 8);
    // Another CA under the same root is another CA.
    claim
        .stage
        .init(&[
            "--out",
            "sister",
            "--subject",
            "CN=Sister",
            "--issuer",
            "root/customerCA.crt",
            "--issuer-key",
            "root/customerCA.key",
        ])
        .expect(0);
    let sister = [
        "bootstrap",
        "--cluster-id",
        &claim.id,
        "--bundle",
        "other",
        "--ca",
        "sister/chainCA.crt",
        "--ca-key",
        "sister/customerCA.key",
    ];
    claim
        .online(&sister)
        .refused(8, "claimed-by-another-ca", &["issued by"]);
    let page = claim.stage.run(&[
        "report",
        "bundle",
        "--ca",
        "ca/chainCA.crt",
        "-o",
        "report.html",
        Claim::TRUST[0],
        Claim::TRUST[1],
        Claim::TRUST[2],
        Claim::TRUST[3],
    ]);
    let page = page.expect(0).json();
    assert_eq!(
        (page["pair"].as_str(), &page["differences"]),
        (Some("fit"), &serde_json::json!([])),
        "{page:#}"
    );
    let html = claim.stage.read("report.html");
    for part in [
        "Trust anchor 1: the CA that signs",
        "Trust anchor 2: the root",
        "Trust anchor, certificate 2 of its chain",
    ] {
        assert!(html.contains(part), "{part:?} is not in the page");
    }
}

#[test]
fn the_air_gapped_way_with_a_chain_and_each_way_to_name_it() {
    type More = fn(&Claim, &Value) -> Vec<String>;
    let ways: [(&str, More); 4] = [
        ("ca", |_, _| {
            vec!["--ca".to_owned(), "ca/chainCA.crt".to_owned()]
        }),
        ("ca-fingerprint", |claim, _| {
            vec![
                "--ca-fingerprint".to_owned(),
                claim.stage.digests("ca/chainCA.crt")[0].clone(),
            ]
        }),
        ("ca-fingerprint", |claim, _| {
            claim
                .stage
                .digests("ca/chainCA.crt")
                .into_iter()
                .flat_map(|digest| ["--ca-fingerprint".to_owned(), digest])
                .collect()
        }),
        ("response-fingerprint", |_, answer| {
            vec![
                "--expect".to_owned(),
                answer["response_fingerprint"].as_str().unwrap().to_owned(),
            ]
        }),
    ];
    for (owner, more) in ways {
        let claim = Claim::new();
        claim.fetch();
        let more = more(&claim, &claim.sign());
        let submit = [
            &["submit", "bundle"][..],
            &more.iter().map(String::as_str).collect::<Vec<_>>(),
        ]
        .concat();
        let receipt = claim.online(&submit).expect(0).json();
        assert_eq!(
            (receipt["outcome"].as_str(), receipt["owner"].as_str()),
            (Some("claimed"), Some(owner)),
            "{more:?}"
        );
        claim.is_taken_by_openssl("bundle/customerCA.crt");
        assert_eq!(
            claim.online(&submit).expect(0).json()["outcome"],
            "already-claimed"
        );
    }
}

#[test]
fn a_root_that_was_exchanged_above_the_owners_ca_is_never_sent() {
    let claim = Claim::new();
    claim.fetch();
    let answer = claim.sign();
    let digests = claim.stage.digests("ca/chainCA.crt");
    claim.exchange_root();
    let submit = |more: &[&str]| claim.online(&[&["submit", "bundle"], more].concat());
    submit(&["--ca", "ca/chainCA.crt"]).refused(
        3,
        "another-trust-anchor",
        &[
            "begins with your CA, but has another chain",
            "CN=Their root",
        ],
    );
    submit(&["--ca-fingerprint", &digests[0]]).refused(
        3,
        "owner-not-proven",
        &[
            "not the root of its chain",
            "CN=Their root",
            "nothing was sent",
        ],
    );
    submit(&[
        "--ca-fingerprint",
        &digests[0],
        "--ca-fingerprint",
        &digests[1],
    ])
    .refused(3, "another-trust-anchor", &[]);
    // Nor does a file vouch for it: who exchanged it left the owner's CA first, and that is pinned.
    let exchanged = claim.stage.path("exchanged.crt");
    std::fs::copy(claim.stage.path("bundle/customerCA.crt"), exchanged).unwrap();
    submit(&["--ca", "exchanged.crt", "--ca-fingerprint", &digests[0]]).refused(
        3,
        "owner-not-proven",
        &["not the root of its chain"],
    );
    let signing = [
        "bootstrap",
        "--cluster-id",
        &claim.id,
        "--bundle",
        "another",
        "--ca",
        "exchanged.crt",
        "--ca-key",
        "ca/customerCA.key",
        "--ca-fingerprint",
        &digests[0],
    ];
    claim
        .online(&signing)
        .refused(3, "owner-not-proven", &["not the root of its chain"]);
    // The root alone, or the intermediate in the middle, is not the CA that signs.
    let theirs = claim.stage.digests("bundle/customerCA.crt");
    submit(&["--ca-fingerprint", &theirs[2]]).refused(3, "another-trust-anchor", &[]);
    submit(&["--expect", answer["response_fingerprint"].as_str().unwrap()]).refused(
        3,
        "another-fingerprint",
        &[],
    );
    submit(&[]).refused(3, "owner-not-proven", &[]);
    // Nor does the key of the CA that signs prove the others, in hand or by the bundle.
    let bootstrap = [
        "bootstrap",
        "--cluster-id",
        &claim.id,
        "--bundle",
        "bundle",
        "--ca-key",
        "ca/customerCA.key",
    ];
    claim
        .online(&bootstrap)
        .refused(3, "owner-not-proven", &["proves none of those above it"]);
    let named = [
        "bootstrap",
        "--cluster-id",
        &claim.id,
        "--bundle",
        "bundle",
        "--ca",
        "ca/chainCA.crt",
        "--ca-key",
        "ca/customerCA.key",
    ];
    assert_ne!(
        claim.online(&named).code,
        0,
        "what stands in the bundle is of another chain, and is not written over"
    );
    assert_eq!(claim.claims(), 0);
    // The very bytes that the owner's CA made go through.
    fs::copy(
        claim.stage.path("ca/chainCA.crt"),
        claim.stage.path("bundle/customerCA.crt"),
    )
    .unwrap();
    submit(&["--ca", "ca/chainCA.crt"]).expect(0);
    claim.is_taken_by_openssl("ca/chainCA.crt");
}

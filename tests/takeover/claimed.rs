//! A claim that was made already is gone on with by its owner alone.

use std::path::Path;

use super::*;

#[test]
fn a_bundle_of_our_own_is_gone_on_with_where_the_key_proves_it() {
    let copies: [(&str, &[&str]); 2] = [
        ("own", &["--passphrase-file", "passphrase"]),
        ("own-plain", &["--ca-key", "own-plain/customerCA.key"]),
    ];
    for (ca, option) in copies {
        let stage = Stage::new();
        fs::create_dir(stage.path("bundle")).unwrap();
        stage.copy(&format!("{ca}/customerCA.crt"), "bundle/customerCA.crt");
        stage.copy(&format!("{ca}/customerCA.key"), "bundle/customerCA.key");
        let done = stage.online(
            &[
                &["bootstrap", "--cluster-id", &stage.id, "--bundle", "bundle"],
                option,
            ]
            .concat(),
        );
        assert_eq!(done.code, 0, "{ca}: {}\n{}", done.stdout, done.stderr);
        assert!(
            stage
                .issuer(&stage.id)
                .unwrap()
                .contains(&format!("CN={ca}"))
        );
        let receipt: Value =
            serde_json::from_slice(&fs::read(stage.path("bundle/receipt.json")).unwrap()).unwrap();
        assert_eq!(receipt["owner"], "ca-key");
    }
    // In plain it proves nothing by lying there, whichever way it is named.
    let stage = Stage::new();
    fs::create_dir(stage.path("bundle")).unwrap();
    stage.copy("own-plain/customerCA.crt", "bundle/customerCA.crt");
    stage.copy("own-plain/customerCA.key", "bundle/customerCA.key");
    let bootstrap = ["bootstrap", "--cluster-id", &stage.id, "--bundle", "bundle"];
    for more in [
        &[][..],
        &["--no-passphrase"],
        &["--ca-key", "bundle/customerCA.key"],
    ] {
        sends_nothing(
            &stage,
            &[&bootstrap[..], more].concat(),
            3,
            "owner-not-proven",
        );
    }
}

/// What is there already is judged by the same rule: the owner, and the bundle's CSR.
#[test]
fn a_cluster_that_is_claimed_for_another_csr_is_not_this_bundles() {
    let stage = signed();
    // The first HSM is replaced, and the new CSR claimed from another bundle.
    let hsm = support::describe(&stage.simulator, &stage.id)["Hsms"][0]["HsmId"]
        .as_str()
        .unwrap()
        .to_owned();
    support::ok(
        &stage.simulator,
        "DeleteHsm",
        json!({ "ClusterId": stage.id, "HsmId": hsm }),
    );
    support::until(&stage.simulator, &stage.id, |now| {
        now["Hsms"].as_array().is_none_or(Vec::is_empty)
    });
    support::create_hsm(&stage.simulator, &stage.id);
    support::until(&stage.simulator, &stage.id, |now| {
        support::csr(now).is_some()
    });
    let own = [
        "--ca",
        "own/customerCA.crt",
        "--ca-key",
        "own/customerCA.key",
        "--passphrase-file",
        "passphrase",
    ];
    let elsewhere = stage.online(
        &[
            &[
                "bootstrap",
                "--cluster-id",
                &stage.id,
                "--bundle",
                "elsewhere",
            ],
            &own[..],
        ]
        .concat(),
    );
    assert_eq!(elsewhere.code, 0, "{}", elsewhere.stdout);
    let before = listing(&stage.path("bundle"));
    for words in [
        &[
            &["bootstrap", "--cluster-id", &stage.id, "--bundle", "bundle"],
            &own[..],
        ]
        .concat()[..],
        &["submit", "bundle", "--ca", "own/customerCA.crt"],
    ] {
        let done = stage.online(words);
        assert_eq!(
            (done.code, done.kind().as_str()),
            (8, "claimed-for-another-csr"),
            "{words:?}: {}",
            done.stdout
        );
    }
    assert_eq!(
        listing(&stage.path("bundle")),
        before,
        "nothing was recorded"
    );
    // From nowhere, there is no CSR to compare with: it is this CA's.
    let done = stage.online(
        &[
            &[
                "bootstrap",
                "--cluster-id",
                &stage.id,
                "--bundle",
                "nowhere",
            ],
            &own[..],
        ]
        .concat(),
    );
    assert_eq!(done.code, 0, "{}", done.stdout);
    assert!(!stage.path("nowhere").exists(), "nothing was recorded");
}

fn listing(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    all.sort();
    all
}

/// What is claimed is the owner's, whatever the CA's dates are by now; what is not claimed needs a
/// CA that CloudHSM takes today.
#[test]
fn a_claim_of_ones_own_is_known_after_the_ca_has_expired() {
    let stage = Stage::new();
    let fixture =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/verify/verified--never-expires");
    fs::create_dir(stage.path("bundle")).unwrap();
    for name in [
        "ClusterCsr.csr",
        "HsmCertificate.crt",
        "AwsHardwareCertificate.crt",
        "ManufacturerHardwareCertificate.crt",
    ] {
        let name = format!("cluster-hsmboottest_{name}");
        fs::copy(fixture.join(&name), stage.path("bundle").join(&name)).unwrap();
    }
    for root in ["aws-root.crt", "manufacturer-root.crt"] {
        fs::copy(fixture.join(root), stage.path("roots").join(root)).unwrap();
    }
    let csr = fs::read_to_string(fixture.join("cluster-hsmboottest_ClusterCsr.csr")).unwrap();
    let mut owner = support::Owner::new();
    for params in [&mut owner.ca, &mut owner.leaf] {
        (params.not_before, params.not_after) = (
            rcgen::date_time_ymd(2000, 1, 1),
            rcgen::date_time_ymd(2020, 1, 1),
        );
    }
    let signed = owner.sign(&support::CsrKey::of(&csr));
    fs::write(
        stage.path("bundle/cluster-hsmboottest_CustomerHsmCertificate.crt"),
        &signed,
    )
    .unwrap();
    fs::write(stage.path("bundle/customerCA.crt"), owner.trust_anchor()).unwrap();
    fs::write(
        stage.path("expired.crt"),
        fs::read(stage.path("bundle/customerCA.crt")).unwrap(),
    )
    .unwrap();
    let service = |cluster: Value| {
        aws::StandIn::new(move |_| (200, json!({ "Clusters": [cluster.clone()] })))
    };
    let run = |service: &aws::StandIn, words: &[&str]| {
        let place = [
            "--endpoint-url",
            &service.url,
            "--region",
            "us-east-1",
            "--output",
            "json",
        ];
        stage.trusting(&[words, &place[..]].concat())
    };
    let submit = ["submit", "bundle", "--ca", "expired.crt"];
    let bootstrap = [
        "bootstrap",
        "--cluster-id",
        "cluster-hsmboottest",
        "--bundle",
        "bundle",
        "--ca",
        "expired.crt",
    ];
    let claimed = service(json!({
        "ClusterId": "cluster-hsmboottest", "State": "ACTIVE",
        "Certificates": { "ClusterCertificate": signed },
    }));
    let open = service(json!({
        "ClusterId": "cluster-hsmboottest", "State": "UNINITIALIZED",
        "Certificates": { "ClusterCsr": csr },
        "Hsms": [{ "HsmId": "hsm-abc234defgh", "State": "ACTIVE" }],
    }));
    for words in [&submit[..], &bootstrap] {
        let done = run(&open, words);
        assert_eq!(
            (done.code, done.kind().as_str()),
            (5, "trust-anchor-refused"),
            "{words:?}: {}",
            done.stdout
        );
        let done = run(&claimed, words);
        assert_eq!(done.code, 0, "{words:?}: {}", done.stdout);
        assert!(done.stdout.contains("already-claimed"), "{}", done.stdout);
    }
    assert_eq!(open.counts().get("InitializeCluster"), None);
    // The CA's own certificate is no claim by that CA.
    let itself = service(json!({
        "ClusterId": "cluster-hsmboottest", "State": "ACTIVE",
        "Certificates": { "ClusterCertificate": owner.trust_anchor() },
    }));
    for words in [&submit[..], &bootstrap] {
        let done = run(&itself, words);
        assert_eq!(
            (done.code, done.kind().as_str()),
            (8, "claimed-by-unknown"),
            "{words:?}: {}",
            done.stdout
        );
    }
}

//! Bundles that are none, that do not belong together, or whose documents say something else.

use crate::support::{Bench, CLUSTER, Chain, sign, verify};

fn request(bench: &Bench, change: impl FnOnce(&mut serde_json::Value)) {
    let mut files = serde_json::Map::new();
    for suffix in [
        "ClusterCsr.csr",
        "HsmCertificate.crt",
        "AwsHardwareCertificate.crt",
        "ManufacturerHardwareCertificate.crt",
    ] {
        let digest = hsmboot::x509::to_hex(&hsmboot::x509::sha256(
            &std::fs::read(bench.part(suffix)).unwrap(),
        ));
        files.insert(format!("{CLUSTER}_{suffix}"), digest.into());
    }
    let mut document = serde_json::json!({
        "format": "hsmboot-request/1", "cluster_id": CLUSTER, "region": "eu-west-1",
        "state": "UNINITIALIZED", "hsms": ["hsm-abcdefghijk"],
        "fetched_at": "2026-01-01T00:00:00Z", "tool": "hsmboot test", "files": files,
    });
    change(&mut document);
    bench.write("bundle/request.json", document.to_string());
}

/// Both commands that take a bundle refuse it in the same words.
fn refused(bench: &Bench, code: i32, kind: &str, words: &[&str]) {
    for args in [
        verify(&[]),
        verify(&["--record"]),
        sign(&[]),
        sign(&["--unverified", "--reason", "a test"]),
    ] {
        bench.refused(&args, code, kind, words);
    }
}

#[test]
fn a_good_one_passes() {
    let bench = Bench::new();
    bench.run(&verify(&[])).expect(0);
    request(&bench, |_| {});
    bench.run(&verify(&[])).expect(0);
}

#[test]
fn a_digest_that_does_not_match() {
    let bench = Bench::new();
    request(&bench, |document| {
        document["files"][format!("{CLUSTER}_HsmCertificate.crt")] = "00".repeat(32).into()
    });
    refused(
        &bench,
        4,
        "digest-mismatch",
        &[
            "HsmCertificate.crt",
            "recorded SHA-256 0000",
            "found    SHA-256",
        ],
    );
}

#[test]
fn a_request_that_is_none() {
    let bench = Bench::new();
    for (text, word) in [
        ("", "is not JSON"),
        ("not json", "is not JSON"),
        ("[]", "has no `format`"),
        ("{}", "has no `format`"),
        (
            r#"{"format":"hsmboot-request/2"}"#,
            "has the format `hsmboot-request/2`, expected `hsmboot-request/1`",
        ),
        (
            r#"{"format":"hsmboot-request/1"}"#,
            "is not such a document: missing field",
        ),
        (r#"{"format":"hsmboot-request/1"} {}"#, "is not JSON"),
        (&"[".repeat(100_000), "is not JSON"),
    ] {
        bench.write("bundle/request.json", text);
        refused(&bench, 4, "bad-document", &["request.json", word]);
    }
}

#[test]
fn a_request_that_names_other_files() {
    for name in [
        "../aws-root.crt",
        "/etc/passwd",
        "customerCA.crt",
        "cluster-zzzzzzzzzzz_ClusterCsr.csr",
        "\u{1b}[2J",
    ] {
        let bench = Bench::new();
        request(&bench, |document| {
            document["files"][name] = "00".repeat(32).into()
        });
        bench.refused(
            &verify(&[]),
            4,
            "bad-request-json",
            &["records a file that no bundle"],
        );
    }
}

#[test]
fn a_cluster_id_that_is_none() {
    let bench = Bench::new();
    request(&bench, |document| {
        document["cluster_id"] = "cluster-../../x".into()
    });
    refused(
        &bench,
        4,
        "bad-document",
        &["is not such a document: a text that is not a cluster's id, in line 1 column"],
    );
    std::fs::remove_file(bench.path("bundle/request.json")).unwrap();
    for suffix in [
        "ClusterCsr.csr",
        "HsmCertificate.crt",
        "AwsHardwareCertificate.crt",
        "ManufacturerHardwareCertificate.crt",
    ] {
        std::fs::rename(
            bench.part(suffix),
            bench.path("bundle").join(format!("cluster-.._{suffix}")),
        )
        .unwrap();
    }
    refused(
        &bench,
        4,
        "bad-cluster-id",
        &["`cluster-..` is not a cluster's id, expected cluster-[2-7a-zA-Z]{11,16}"],
    );
}

#[test]
fn no_bundle_at_all() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("empty")).unwrap();
    for (dir, kind) in [
        ("empty", "no-bundle"),
        ("nowhere", "no-bundle"),
        ("aws-root.crt", "not-a-directory"),
        ("/dev/null", "not-a-directory"),
    ] {
        bench.refused(&["verify", dir], 4, kind, &[dir]);
        bench.refused(
            &[
                "sign",
                dir,
                "--ca",
                "customerCA.crt",
                "--ca-key",
                "customerCA.key",
            ],
            4,
            kind,
            &[dir],
        );
    }
}

#[test]
fn files_of_two_clusters() {
    let bench = Bench::new();
    bench.write("bundle/cluster-zzzzzzzzzzz_HsmCertificate.crt", "");
    refused(
        &bench,
        4,
        "several-clusters",
        &[CLUSTER, "cluster-zzzzzzzzzzz"],
    );
    request(&bench, |_| {});
    refused(
        &bench,
        4,
        "several-clusters",
        &[CLUSTER, "cluster-zzzzzzzzzzz"],
    );
}

/// Names in a bundle come from outside: what a terminal would obey is not printed as it is.
#[test]
fn names_that_a_terminal_would_obey() {
    let bench = Bench::new();
    bench.write("bundle/\u{1b}[2J\u{9b}31m_HsmCertificate.crt", "");
    request(&bench, |_| {});
    let message = bench.refused(&verify(&[]), 4, "several-clusters", &[CLUSTER]);
    assert!(
        !message.chars().any(|c| c.is_control() && c != '\n'),
        "{message:?}"
    );
    for (suffix, _) in Chain::new().files() {
        std::fs::remove_file(bench.part(suffix)).unwrap();
    }
    std::fs::remove_file(bench.path("bundle/request.json")).unwrap();
    let message = bench.refused(
        &verify(&[]),
        4,
        "bad-cluster-id",
        &["is not a cluster's id"],
    );
    assert!(
        !message.chars().any(|c| c.is_control() && c != '\n'),
        "{message:?}"
    );
}

#[test]
fn swapped_files() {
    for (one, other) in [
        ("HsmCertificate.crt", "AwsHardwareCertificate.crt"),
        (
            "AwsHardwareCertificate.crt",
            "ManufacturerHardwareCertificate.crt",
        ),
    ] {
        let bench = Bench::new();
        let [a, b] = [one, other].map(|suffix| std::fs::read(bench.part(suffix)).unwrap());
        std::fs::write(bench.part(one), b).unwrap();
        std::fs::write(bench.part(other), a).unwrap();
        bench.refused(
            &verify(&[]),
            3,
            "rejected",
            &["the HSM's identity is not proven"],
        );
        bench.refused(&sign(&[]), 3, "rejected", &["do not sign, do not submit"]);
    }
    let bench = Bench::new();
    std::fs::copy(
        bench.part("HsmCertificate.crt"),
        bench.part("ClusterCsr.csr"),
    )
    .unwrap();
    bench.refused(
        &verify(&[]),
        4,
        "malformed",
        &[
            "pem.csr",
            "labelled `CERTIFICATE`, expected `CERTIFICATE REQUEST`",
        ],
    );
}

#[test]
fn a_csr_of_another_key_or_with_a_broken_signature() {
    let (bench, chain) = (Bench::new(), Chain::new());
    chain.write(&bench.path("bundle"));
    bench.write("aws-root.crt", &chain.aws_root);
    bench.write("manufacturer-root.crt", &chain.manufacturer_root);
    std::fs::write(bench.part("ClusterCsr.csr"), &chain.other_csr).unwrap();
    bench.refused(&verify(&[]), 3, "rejected", &["csr.key"]);
    bench.refused(&sign(&[]), 3, "rejected", &["csr.key"]);
    std::fs::write(bench.part("ClusterCsr.csr"), &chain.forged_csr).unwrap();
    bench.refused(&verify(&[]), 3, "rejected", &["csr.signature"]);
    bench.refused(&sign(&[]), 3, "rejected", &["csr.signature"]);
    // No waiver goes as far as a request that its key did not sign: CloudHSM would not have made
    // it.
    bench.refused(
        &sign(&["--unverified", "--reason", "a test"]),
        3,
        "pair-unfit",
        &["check.csr-signature"],
    );
}

/// Macs leave them on every stick.
#[test]
fn hidden_files_are_none_of_the_bundles() {
    let bench = Bench::new();
    for name in [
        format!("._{CLUSTER}_ClusterCsr.csr"),
        ".cluster-zzzzzzzzzzz_HsmCertificate.crt".to_owned(),
        "._request.json".to_owned(),
    ] {
        bench.write(&format!("bundle/{name}"), "\0\x05\x16\x07");
    }
    bench.run(&verify(&["--record"])).expect(0);
}

#[test]
fn what_reorders_text_is_not_printed_either() {
    let bench = Bench::new();
    bench.write("bundle/\u{202e}trc_HsmCertificate.crt", "");
    request(&bench, |_| {});
    let message = bench.refused(
        &verify(&[]),
        4,
        "several-clusters",
        &["\\u{202e}trc_HsmCertificate.crt"],
    );
    assert!(!message.contains('\u{202e}'));
}

/// The digests of response.json are held against the files that `submit` is about to send, before
/// it looks for a network.
#[test]
#[cfg(feature = "online")]
fn a_signed_certificate_or_a_trust_anchor_that_is_not_the_one_made() {
    for name in [
        format!("{CLUSTER}_CustomerHsmCertificate.crt"),
        "customerCA.crt".to_owned(),
    ] {
        let bench = Bench::new();
        bench.run(&sign(&[])).expect(0);
        let path = bench.path("bundle").join(&name);
        let changed = std::fs::read_to_string(&path)
            .unwrap()
            .replace('\n', "\r\n");
        std::fs::write(path, changed).unwrap();
        let args = [
            &["submit", "bundle", "--region", "eu-west-1"],
            &crate::support::TRUST[..],
        ]
        .concat();
        bench.refused(
            &args,
            4,
            "digest-mismatch",
            &[&name, "is not the file that was made", "response.json"],
        );
        bench.write("bundle/response.json", "{}");
        bench.refused(&args, 4, "bad-document", &["response.json"]);
    }
}

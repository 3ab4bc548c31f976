//! An AWS Private CA signs the bundle where its root is the expected one.

use super::*;

/// The SHA-256 of a certificate, as openssl prints it.
fn fingerprint(bench: &Bench, file: &str) -> String {
    let words = format!("x509 -in {file} -noout -fingerprint -sha256");
    let print = String::from_utf8(openssl(&bench.path(""), &words)).unwrap();
    print.trim().rsplit('=').next().unwrap().to_owned()
}

pub(super) fn a_private_ca_signs_the_bundle() {
    let bench = Bench::new();
    let (arn, root) = moto().root_ca();
    bench.write("root.crt", &root);
    let print = fingerprint(&bench, "root.crt");
    let sign = [
        &[
            "sign",
            "bundle",
            "--ca-arn",
            &arn,
            "--ca-fingerprint",
            &print,
        ],
        &TRUST[..],
    ]
    .concat();
    // moto says of every CA that it is short-lived; the service refuses more than seven days of
    // such a one.
    refused(&bench, &sign, 5, "ca-short-lived", &["7 days", "3652"]);
    let sign = [&sign[..], &["--days", "7"]].concat();
    let run = hsmboot(&bench, &[&sign[..], &["--output", "json"]].concat()).expect(0);
    assert!(
        !run.stderr.contains("nothing pins the CA"),
        "{}",
        run.stderr
    );
    openssl_judges(&bench, "root.crt");
    assert_eq!(
        openssl(
            &bench.path(""),
            "x509 -in bundle/customerCA.crt -outform DER"
        ),
        openssl(&bench.path(""), "x509 -in root.crt -outform DER")
    );
    let response: Value = serde_json::from_slice(&bench.read("bundle/response.json")).unwrap();
    let issued = &response["issued_by"];
    assert_eq!(issued["ca_arn"], arn.as_str());
    assert!(
        issued["certificate_arn"]
            .as_str()
            .unwrap()
            .starts_with(&format!("{arn}/certificate/")),
        "{response:#}"
    );
    assert_eq!(run.json()["issued_by"], *issued);
    let steps = bench
        .run(&["transcript", "show", "bundle", "--output", "json"])
        .expect(0)
        .json();
    assert!(
        steps["steps"][0]["inputs"][arn.as_str()].is_string(),
        "the root's digest, under the CA's ARN: {steps:#}"
    );
    bench.run(&["transcript", "verify", "bundle"]).expect(0);
    assert_eq!(
        hsmboot(&bench, &[&sign[..], &["--output", "json"]].concat())
            .expect(0)
            .json()["changed"],
        false
    );
    // What was issued can be fetched once more, with no second one made.
    let again = [
        &sign[..],
        &[
            "--force",
            "--certificate-arn",
            issued["certificate_arn"].as_str().unwrap(),
            "--output",
            "json",
        ],
    ]
    .concat();
    let again = hsmboot(&bench, &again).expect(0).json();
    assert_eq!(again["signed_cert_sha256"], response["signed_cert_sha256"]);
}

pub(super) fn a_private_ca_with_another_root_than_expected_signs_nothing() {
    let bench = Bench::new();
    let (arn, _) = moto().root_ca();
    let other = "00".repeat(32);
    let sign = [
        &["sign", "bundle", "--ca-arn", &arn, "--days", "7"],
        &TRUST[..],
    ]
    .concat();
    refused(
        &bench,
        &[&sign[..], &["--ca-fingerprint", &other]].concat(),
        3,
        "another-trust-anchor",
        &[&other, "expected", "found"],
    );
    // Nor with none expected: an ARN alone proves nothing.
    refused(
        &bench,
        &sign,
        3,
        "owner-not-proven",
        &["--ca-arn alone names no certificate", &arn],
    );
}

/// The SHA-256 of no certificate.
const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

pub(super) fn a_private_ca_that_is_not_there_or_not_active_signs_nothing() {
    let bench = Bench::new();
    let (arn, root) = moto().root_ca();
    let sign = |arn: &str| {
        let words = [
            &["sign", "bundle", "--days", "7", "--ca-arn", arn][..],
            &["--ca-fingerprint", ZEROS],
            &TRUST[..],
        ]
        .concat();
        words
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<String>>()
    };
    let refused = |arn: &str, code, kind, words: &[&str]| {
        let args = sign(arn);
        refused(
            &bench,
            &args.iter().map(String::as_str).collect::<Vec<_>>(),
            code,
            kind,
            words,
        );
    };
    // Without a fingerprint nothing could prove the owner, whatever is there.
    let nobody = [
        &["sign", "bundle", "--ca-arn", &arn, "--endpoint-url"][..],
        &["http://127.0.0.1:1"],
        &TRUST[..],
    ]
    .concat();
    let run = bench.run(&nobody).expect(3);
    assert!(run.stderr.contains("--ca-arn alone names no certificate"));
    let missing = format!(
        "{}00000000-0000-0000-0000-000000000000",
        &arn[..arn.len() - 36]
    );
    refused(&missing, 5, "ca-not-found", &[&missing]);
    moto().pca(
        "UpdateCertificateAuthority",
        &json!({ "CertificateAuthorityArn": arn, "Status": "DISABLED" }),
    );
    refused(&arn, 5, "ca-not-active", &["DISABLED, expected ACTIVE"]);
    // A subordinate CA, active: its certificate is another's root here, and no chain came with it.
    let config = json!({
        "KeyAlgorithm": "RSA_2048", "SigningAlgorithm": "SHA256WITHRSA",
        "Subject": { "CommonName": "Subordinate" },
    });
    let made = moto().pca(
        "CreateCertificateAuthority",
        &json!({
            "CertificateAuthorityConfiguration": config, "CertificateAuthorityType": "SUBORDINATE",
        }),
    );
    let arn = made["CertificateAuthorityArn"].as_str().unwrap();
    refused(arn, 5, "ca-not-active", &["PENDING_CERTIFICATE"]);
    moto().pca(
        "ImportCertificateAuthorityCertificate",
        &json!({
            "CertificateAuthorityArn": arn, "Certificate": support::aws::base64(root.as_bytes()),
        }),
    );
    refused(arn, 5, "trust-anchor-refused", &["SUBORDINATE", "no chain"]);
}

/// All the way: the cluster on the simulator, the CA on moto.
#[cfg(all(feature = "online", feature = "simulator"))]
pub(super) fn a_cluster_is_claimed_with_a_private_ca() {
    let bench = Bench::new();
    let (arn, root) = moto().root_ca();
    bench.write("root.crt", &root);
    let print = fingerprint(&bench, "root.crt");
    let simulator = simulated::instant();
    let (id, _) = simulated::ready_cluster(&simulator);
    simulator.write_roots(&bench.path("roots")).unwrap();
    let url = simulator.url();
    let claim = |more: &[&str]| {
        let words = [
            &[
                "bootstrap",
                "--endpoint-url",
                &url,
                "--cluster-id",
                &id,
                "--ca-arn",
                &arn,
                "--aws-root",
                "roots/aws-root.crt",
                "--manufacturer-root",
                "roots/manufacturer-root.crt",
                "--output",
                "json",
            ][..],
            more,
        ]
        .concat();
        hsmboot(&bench, &words)
    };
    let error = |run: Run, code: i32| run.expect(code).json()["error"]["kind"].clone();
    // An ARN proves nothing, and neither does another CA's fingerprint; nor is anything begun that
    // the CA would refuse.
    assert_eq!(error(claim(&["--days", "7"]), 3), "owner-not-proven");
    let other = "00".repeat(32);
    let wrong = ["--days", "7", "--ca-fingerprint", &other];
    assert_eq!(error(claim(&wrong), 3), "another-trust-anchor");
    let pinned = ["--ca-fingerprint", print.as_str()];
    assert_eq!(error(claim(&pinned), 5), "ca-short-lived");
    // Nor with a key, or a file, beside it.
    for option in ["--ca", "--ca-key"] {
        assert_eq!(error(claim(&[option, "root.crt"]), 2), "usage");
    }
    assert!(!bench.path(&id).exists());
    assert_eq!(simulator.call_counts().get("InitializeCluster"), None);

    let pinned = ["--ca-fingerprint", &print, "--days", "7"];
    let receipt = claim(&pinned).expect(0).json();
    assert_eq!(receipt["outcome"], "claimed", "{receipt:#}");
    assert_eq!(receipt["owner"], "ca-fingerprint", "{receipt:#}");
    assert_eq!(receipt["changed"], true);
    let read = |name: &str| bench.read(&format!("{id}/{name}"));
    let response: Value = serde_json::from_slice(&read("response.json")).unwrap();
    assert_eq!(response["issued_by"]["ca_arn"], arn.as_str());
    let live = simulated::describe(&simulator, &id);
    assert_eq!(
        live["Certificates"]["ClusterCertificate"]
            .as_str()
            .unwrap()
            .as_bytes(),
        read(&format!("{id}_CustomerHsmCertificate.crt"))
    );
    let steps = bench
        .run(&["transcript", "show", &id, "--output", "json"])
        .expect(0)
        .json();
    assert!(
        steps["steps"]
            .as_array()
            .unwrap()
            .iter()
            .any(|step| step["inputs"][arn.as_str()].is_string()),
        "{steps:#}"
    );
    // A second run requests no other certificate.
    let signed = read(&format!("{id}_CustomerHsmCertificate.crt"));
    let again = claim(&pinned).expect(0).json();
    assert_eq!(again["outcome"], "already-claimed");
    assert_eq!(again["changed"], false);
    assert_eq!(read(&format!("{id}_CustomerHsmCertificate.crt")), signed);
}

#[cfg(not(all(feature = "online", feature = "simulator")))]
pub(super) fn a_cluster_is_claimed_with_a_private_ca() {}

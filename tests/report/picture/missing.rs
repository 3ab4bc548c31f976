//! What is missing, empty or incomplete is shown as that.

use std::collections::BTreeMap;

use crate::shared::{document, picture_of, request_fingerprint, section};

use super::*;

#[test]
fn a_receipt_for_something_else_is_no_arrow_to_the_cluster() {
    let bench = signed(&[]);
    let zeros = "0".repeat(64);
    for (member, words) in [
        (
            "signed_cert_sha256",
            "another signed certificate than the bundle holds",
        ),
        (
            "trust_anchor_sha256",
            "another trust anchor than the bundle holds",
        ),
        (
            "cluster_certificate_sha256",
            "the cluster showed another certificate",
        ),
    ] {
        put_receipt(&bench, |receipt| receipt[member] = json!(zeros));
        let page = report(&bench, &[]);
        assert_eq!(states(&page, &["sent"]), ["broken"], "{member}");
        assert!(told(&page, "sent").1.contains(words), "{member}");
        assert!(
            !document(&bench, &[])["differences"]
                .as_array()
                .unwrap()
                .is_empty(),
            "{member}"
        );
    }
    // A cluster that this CA had claimed with an earlier certificate.
    put_receipt(&bench, |receipt| {
        receipt["cluster_certificate_sha256"] = json!(zeros);
        receipt["outcome"] = json!("already-claimed");
        receipt.as_object_mut().unwrap().remove("submitted_at");
    });
    let page = report(&bench, &[]);
    assert_eq!(
        (states(&page, &["sent"]), page.contains("claimed before")),
        (vec!["recorded".to_owned()], true)
    );
}

#[test]
fn a_missing_file_is_called_missing_and_an_empty_one_empty() {
    let bench = signed(&[]);
    let names = [
        "HsmCertificate.crt",
        "ManufacturerHardwareCertificate.crt",
        "ClusterCsr.csr",
    ];
    for name in names {
        fs::remove_file(bench.part(name)).unwrap();
    }
    fs::remove_file(bench.path("bundle/customerCA.crt")).unwrap();
    let page = report(&bench, &[]);
    let shown = text(&page);
    for wrong in [
        "the file is empty",
        "could not be read",
        "cannot be read",
        "no part of it is there",
    ] {
        assert!(!shown.contains(wrong), "{wrong}: {shown}");
    }
    for (what, name) in [
        ("the HSM certificate", "HsmCertificate.crt"),
        (
            "the manufacturer hardware certificate",
            "ManufacturerHardwareCertificate.crt",
        ),
        ("the CSR", "ClusterCsr.csr"),
    ] {
        let words = format!("{what} is missing: there is no file {CLUSTER}_{name}");
        assert!(
            section(&page, "summary").contains(&words) && section(&page, "checks").contains(&words),
            "{words}"
        );
    }
    assert!(
        section(&page, "checks")
            .contains("the trust anchor is missing: there is no file customerCA.crt")
    );
    assert!(section(&page, "checks").contains("the HSM certificate is missing: see pem.hsm"));
    assert!(
        section(&page, "checks")
            .contains("the trust anchor is missing: see check.pem.trust-anchor")
    );
    assert!(section(&page, "certificates").contains(&format!(
        "It is missing: there is no file {CLUSTER}_HsmCertificate.crt."
    )));
    assert!(
        section(&page, "submission").contains("It is missing: there is no file customerCA.crt.")
    );
    assert_eq!(
        section(&page, "files").matches("missing").count(),
        4,
        "{}",
        section(&page, "files")
    );
    let picture = picture_of(&page);
    assert_eq!(picture.matches(">missing<").count(), 4, "{picture}");
    assert!(!picture.contains("not in the bundle"));

    // One that is there is what it is.
    fs::write(bench.part("HsmCertificate.crt"), "").unwrap();
    fs::create_dir(bench.part("ManufacturerHardwareCertificate.crt")).unwrap();
    let summary = section(&report(&bench, &[]), "summary");
    assert!(
        summary.contains("pem.hsm the HSM certificate: the file is empty"),
        "{summary}"
    );
    assert!(
        summary.contains("pem.manufacturer-hardware the manufacturer hardware certificate: ")
            && summary.contains("is a directory, expected"),
        "{summary}"
    );
}

#[test]
fn an_incomplete_request_has_no_fingerprint_to_compare() {
    let bench = Bench::new();
    let (id, whole) = (
        |name: &str| format!("{CLUSTER}_{name}"),
        request_fingerprint(&bench),
    );
    assert!(section(&report(&bench, &[]), "summary").contains(&whole));
    fs::remove_file(bench.part("HsmCertificate.crt")).unwrap();
    let page = report(&bench, &[]);
    assert!(
        !text(&page).contains(&request_fingerprint(&bench)) && !page.contains("class=\"spoken\"")
    );
    let words = format!(
        "none: {} is missing, and a fingerprint of the rest is not the one that was read out",
        id("HsmCertificate.crt")
    );
    assert!(
        section(&page, "summary").contains(&words),
        "{}",
        section(&page, "summary")
    );

    fs::create_dir(bench.part("HsmCertificate.crt")).unwrap();
    assert!(
        section(&report(&bench, &[]), "summary")
            .contains("HsmCertificate.crt cannot be read, and a fingerprint")
    );
    fs::remove_dir(bench.part("HsmCertificate.crt")).unwrap();

    // `fetch` prints one of a request that the service showed without this certificate.
    let files: BTreeMap<String, &str> = BTreeMap::from([(id("ClusterCsr.csr"), "00")]);
    let mut request = json!({
        "format": "hsmboot-request/1", "cluster_id": CLUSTER, "region": "eu-central-1",
        "state": "UNINITIALIZED", "hsms": [],
        "fetched_at": "2026-01-01T00:00:00Z", "tool": "hsmboot test", "files": files,
    });
    bench.write("bundle/request.json", request.to_string());
    let summary = section(&report(&bench, &[]), "summary");
    assert!(
        summary.contains(&request_fingerprint(&bench))
            && summary.contains(&format!("without {}", id("HsmCertificate.crt"))),
        "{summary}"
    );
    request["files"][id("HsmCertificate.crt")] = json!("00");
    bench.write("bundle/request.json", request.to_string());
    assert!(!text(&report(&bench, &[])).contains(&request_fingerprint(&bench)));
}

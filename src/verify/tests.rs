#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod paths;

use std::fs;
use std::path::Path;

use rcgen::{CertificateParams, DnType, Issuer, KeyPair};

use super::simulated::{ends_in_simulator, is_issued_by_simulator};
use super::*;
use crate::checks::CheckName;
use crate::x509::Strictness;

/// A bundle that is kept, judged with its own roots.
fn judge_fixture(name: &str, policy: &Policy) -> Judgement {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/verify")
        .join(name);
    let named = |ending: &str| {
        let mut entries = fs::read_dir(&dir)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let file = entries.find(|path| path.to_str().unwrap().ends_with(ending));
        fs::read(file.unwrap()).unwrap()
    };
    let evidence = Evidence {
        csr: Some(named("_ClusterCsr.csr")),
        hsm: named("_HsmCertificate.crt"),
        aws_hardware: named("_AwsHardwareCertificate.crt"),
        manufacturer_hardware: named("_ManufacturerHardwareCertificate.crt"),
    };
    let root = |file| Anchor::from_file(&named(file), file).unwrap();
    let anchors = Anchors {
        aws: root("aws-root.crt"),
        manufacturer: root("manufacturer-root.crt"),
    };
    verify(
        &evidence,
        &anchors,
        "2026-06-01T00:00:00Z".parse().unwrap(),
        policy,
    )
}

fn named(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params
}

/// A certificate of this name and key, which the holder of another name and key has signed.
fn certificate(name: &str, key: &KeyPair, issuer: &str, signer: &KeyPair) -> Certificate {
    let issuer = Issuer::new(named(issuer), signer);
    let der = named(name).signed_by(key, &issuer).unwrap();
    Certificate::read(der.der(), Strictness::Hardware).unwrap()
}

fn root(name: &str, key: &KeyPair, file: &str) -> Anchor {
    let der = certificate(name, key, name, key).as_der().to_vec();
    Anchor::from_file(&der, file).unwrap().remove(0)
}

/// Where a record says what no judgement of this module's says, there is no proof either.
#[test]
fn a_judgement_proves_nothing_where_a_check_was_left_out() {
    let judged = || judge_fixture("verified--never-expires", &Policy::default());
    assert!(judged().verified().is_some());
    let mut chains_only = judged();
    chains_only.record.terms.chains_only = true;
    assert!(chains_only.verified().is_none());
    let mut skipped = judged();
    skipped.record.checks[0].status = Status::Skipped;
    assert!(skipped.verified().is_none());
    let mut rejected = judged();
    rejected.record.verdict = Verdict::Rejected;
    assert!(rejected.verified().is_none());
}

#[test]
fn a_simulators_roots_are_known_by_name_and_no_others() {
    let key = KeyPair::generate().unwrap();
    let mut record = judge_fixture("verified--never-expires", &Policy::default()).record;
    for (name, side) in [
        ("Simulated AWS CloudHSM Root G1", Some(Side::Aws)),
        ("localca.simulator.invalid", Some(Side::Manufacturer)),
        ("Simulated root", None),
        ("AWS CloudHSM Root G1", None),
        ("simulator.invalid.example", None),
    ] {
        assert_eq!(
            root(name, &key, "root.crt").simulated_side(),
            side,
            "{name}"
        );
        let below = certificate("HSM", &key, name, &key);
        assert_eq!(is_issued_by_simulator(&below), side.is_some(), "{name}");
        record.terms.ends = [Some(name.to_owned()), None];
        assert_eq!(
            ends_in_simulator(&record, Side::Aws),
            side.is_some(),
            "{name}"
        );
        assert!(!ends_in_simulator(&record, Side::Manufacturer));
    }
}

/// The report finds the reason why a check was not made by what that check could not read.
#[test]
fn what_could_not_be_read_is_told_by_the_check_that_reads_it() {
    let evidence = Evidence {
        csr: Some(Vec::new()),
        hsm: Vec::new(),
        aws_hardware: Vec::new(),
        manufacturer_hardware: Vec::new(),
    };
    let at = "2026-06-01T00:00:00Z".parse().unwrap();
    let record = verify(&evidence, &Anchors::built_in(), at, &Policy::default()).record;
    let failed: Vec<CheckId> = record.failed().map(|finding| finding.id).collect();
    let readers: Vec<CheckId> = CheckId::ALL
        .into_iter()
        .filter(|id| id.read_subject().is_some())
        .collect();
    assert_eq!(failed, readers);
    assert_eq!(readers.len(), 4);
    for unread in record.checks.iter().filter_map(|finding| finding.unread) {
        let reader = readers.iter().find(|id| id.as_str() == unread.see);
        assert_eq!(reader.unwrap().read_subject(), Some(unread.subject));
    }
}

/// The page shows them beside the certificates that they are about.
#[test]
fn the_checks_of_signatures_are_those_that_are_called_so() {
    for id in CheckId::ALL {
        assert_eq!(
            id.is_of_signature(),
            id.as_str().ends_with("signature"),
            "{id}"
        );
    }
}

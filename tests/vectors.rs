//! The genuine certificates, read where they stand: the directory that `HSMBOOT_VECTORS` names, or
//! `../shared/vectors` beside the project. They are other people's data, so the project holds no
//! copy. Where they are absent these tests show as ignored, never as passed; where the variable
//! names a directory, a missing file is a failure.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

#[path = "vectors/anchors.rs"]
mod anchors;
#[allow(dead_code, unreachable_pub)]
mod forge;
#[path = "vectors/mutations.rs"]
mod mutations;
#[path = "support/trial.rs"]
mod trial;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use forge::pem::{pem, unpem};
use hsmboot::verify::{
    Anchor, Anchors, CheckId, Evidence, Policy, Profile, Record, Status, Verdict, verify,
};
use hsmboot::x509::Moment;
use libtest_mimic::Arguments;
use trial::trial;

/// A moment within the dates of every genuine certificate but the manufacturer root's first issue.
const AT: &str = "2026-06-01T00:00:00Z";
const MANUFACTURER_ROOTS: [&str; 2] = ["manufacturer-root-2015.crt", "manufacturer-root-2024.crt"];
const AWS_ROOT: &str = "AWS_CloudHSM_Root-G1.crt";
const OWNER_ROOT: &str = "owner-root.crt";

const TESTS: [(&str, fn()); 10] = [
    (
        "the_built_in_anchors_are_the_published_roots",
        anchors::the_built_in_anchors_are_the_published_roots,
    ),
    (
        "the_built_in_anchors_have_the_published_dates",
        anchors::the_built_in_anchors_have_the_published_dates,
    ),
    (
        "a_genuine_chain_is_verified_under_each_form_of_its_roots",
        a_genuine_chain_is_verified_under_each_form_of_its_roots,
    ),
    (
        "the_notes_name_what_is_special_about_a_genuine_chain",
        the_notes_name_what_is_special_about_a_genuine_chain,
    ),
    (
        "rfc_5280_rejects_a_genuine_chain",
        rfc_5280_rejects_a_genuine_chain,
    ),
    (
        "another_owners_hardware_is_rejected_and_called_so",
        another_owners_hardware_is_rejected_and_called_so,
    ),
    (
        "a_genuine_chain_without_a_csr_proves_nothing",
        a_genuine_chain_without_a_csr_proves_nothing,
    ),
    (
        "the_command_judges_a_genuine_chain_alike",
        the_command_judges_a_genuine_chain_alike,
    ),
    (
        "no_changed_bit_of_a_genuine_chain_is_verified",
        mutations::no_changed_bit_of_a_genuine_chain_is_verified,
    ),
    (
        "no_inserted_element_in_a_genuine_chain_is_read",
        mutations::no_inserted_element_in_a_genuine_chain_is_read,
    ),
];

fn main() -> ExitCode {
    let absent = std::env::var_os("HSMBOOT_VECTORS").is_none() && !vectors().exists();
    let trial = |&(name, test): &(&str, fn())| trial(name, test, absent);
    libtest_mimic::run(&Arguments::from_args(), TESTS.iter().map(trial).collect()).exit_code()
}

fn vectors() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors");
    std::env::var_os("HSMBOOT_VECTORS").map_or_else(beside, PathBuf::from)
}

fn read(file: &str) -> Vec<u8> {
    let path = vectors().join(file);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn given(name: &str) -> Vec<Anchor> {
    Anchor::from_file(&read(&format!("roots/{name}")), name).unwrap()
}

fn at(text: &str) -> Moment {
    text.parse().unwrap()
}

/// The chain of `hardware-1`, whose AWS place an owner's hardware certificate takes. It has no CSR.
fn hardware_1() -> Evidence {
    let file = |name: &str| read(&format!("hardware-1/cluster-hardwareone_{name}.crt"));
    Evidence {
        csr: None,
        hsm: file("HsmCertificate"),
        aws_hardware: file("AwsHardwareCertificate"),
        manufacturer_hardware: file("ManufacturerHardwareCertificate"),
    }
}

fn chains_only(profile: Profile) -> Policy {
    Policy {
        profile,
        chains_only: true,
        ..Policy::default()
    }
}

/// The anchors that fit: the owner's root, and the manufacturer's root in each of its forms.
fn fitting() -> Vec<(&'static str, Anchors)> {
    let mut anchors = vec![(
        "built in",
        Anchors {
            aws: given(OWNER_ROOT),
            ..Anchors::built_in()
        },
    )];
    for name in MANUFACTURER_ROOTS {
        anchors.push((
            name,
            Anchors {
                aws: given(OWNER_ROOT),
                manufacturer: given(name),
            },
        ));
    }
    anchors
}

fn judge(anchors: &Anchors, policy: &Policy) -> Record {
    verify(&hardware_1(), anchors, at(AT), policy).record
}

fn failed(record: &Record) -> BTreeSet<&'static str> {
    record
        .with(Status::Fail)
        .map(|finding| finding.id.as_str())
        .collect()
}

fn detail(record: &Record, id: &str) -> String {
    record
        .finding(id.parse().unwrap())
        .unwrap()
        .detail
        .to_string()
}

fn a_genuine_chain_is_verified_under_each_form_of_its_roots() {
    for (name, anchors) in fitting() {
        let record = judge(&anchors, &chains_only(Profile::Attestation));
        assert_eq!(
            record.verdict,
            Verdict::Verified,
            "{name}: {:?}",
            failed(&record)
        );
        assert!(record.terms.chains_only);
        let skipped: Vec<_> = record
            .with(Status::Skipped)
            .map(|finding| finding.id.as_str())
            .collect();
        assert_eq!(
            skipped,
            [
                "pem.csr",
                "algorithm.csr",
                "csr.signature",
                "csr.key",
                "csr.subject"
            ],
            "{name}"
        );
    }
    // Roots that do not fit may stand beside the one that does, before it or after it.
    let mut anchors = Anchors {
        aws: given(AWS_ROOT),
        manufacturer: given(OWNER_ROOT),
    };
    anchors.aws.extend(given(OWNER_ROOT));
    anchors.manufacturer.extend(given(MANUFACTURER_ROOTS[0]));
    anchors.manufacturer.extend(given(AWS_ROOT));
    let record = judge(&anchors, &chains_only(Profile::Attestation));
    assert_eq!(record.verdict, Verdict::Verified, "{:?}", failed(&record));
    let used: Vec<_> = record
        .terms
        .anchors
        .iter()
        .map(|anchor| match &anchor.source {
            hsmboot::verify::Source::Given(file) => file.as_str(),
            hsmboot::verify::Source::BuiltIn => panic!("built in"),
        })
        .collect();
    assert_eq!(used, [OWNER_ROOT, MANUFACTURER_ROOTS[0]]);
}

fn the_notes_name_what_is_special_about_a_genuine_chain() {
    for (name, anchors) in fitting() {
        let record = judge(&anchors, &chains_only(Profile::Attestation));
        let note = |id: &str, words: &[&str]| {
            let finding = record.finding(id.parse().unwrap()).unwrap();
            assert_eq!(finding.status, Status::Note, "{name}: {id}");
            for word in words {
                assert!(
                    finding.detail.contains(word),
                    "{name}: {id} does not say {word}: {}",
                    finding.detail
                );
            }
        };
        note("ca-profile.manufacturer-hardware", &["version 1"]);
        note("ca-profile.aws-hardware", &["CA:FALSE"]);
        if name == MANUFACTURER_ROOTS[0] {
            note("anchor-validity.manufacturer", &["expired", "2025-11-16"]);
        }
        note(
            "anchors.source",
            &[
                if name == "built in" { "built in" } else { name },
                OWNER_ROOT,
            ],
        );
    }
}

fn rfc_5280_rejects_a_genuine_chain() {
    for (name, anchors) in fitting() {
        let record = judge(&anchors, &chains_only(Profile::Rfc5280));
        assert_eq!(record.verdict, Verdict::Rejected, "{name}");
        assert_eq!(
            failed(&record),
            BTreeSet::from([
                "ca-profile.aws-hardware",
                "ca-profile.manufacturer-hardware"
            ]),
            "{name}"
        );
    }
}

fn another_owners_hardware_is_rejected_and_called_so() {
    let record = judge(&Anchors::built_in(), &chains_only(Profile::Attestation));
    assert_eq!(record.verdict, Verdict::Rejected);
    assert_eq!(
        failed(&record),
        BTreeSet::from(["aws.signature", "aws.issuer"])
    );
    let said = detail(&record, "aws.signature");
    assert!(said.contains("another owner's"), "{said}");
}

fn a_genuine_chain_without_a_csr_proves_nothing() {
    let anchors = &fitting()[0].1;
    let chains = verify(
        &hardware_1(),
        anchors,
        at(AT),
        &chains_only(Profile::Attestation),
    );
    assert!(
        chains.verified().is_none(),
        "chains alone give no proof about a CSR"
    );
    let whole = verify(&hardware_1(), anchors, at(AT), &Policy::default());
    assert_eq!(failed(&whole.record), BTreeSet::from(["pem.csr"]));
    assert!(whole.verified().is_none());
}

fn the_command_judges_a_genuine_chain_alike() {
    let roots = |name: &str| vectors().join("roots").join(name).into_os_string();
    let run = |aws: Option<&str>, manufacturer: Option<&str>, policy: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hsmboot"));
        command
            .args([
                "verify",
                "--chains-only",
                "--output",
                "json",
                "--at",
                AT,
                "--policy",
                policy,
            ])
            .arg(vectors().join("hardware-1"));
        for (option, name) in [("--aws-root", aws), ("--manufacturer-root", manufacturer)] {
            if let Some(name) = name {
                command.arg(option).arg(roots(name));
            }
        }
        let output = command.output().unwrap();
        let document: serde_json::Value =
            serde_json::from_slice(&output.stdout).expect("one JSON document");
        (output.status.code().unwrap(), document)
    };
    for manufacturer in [
        None,
        Some(MANUFACTURER_ROOTS[0]),
        Some(MANUFACTURER_ROOTS[1]),
    ] {
        let (code, document) = run(Some(OWNER_ROOT), manufacturer, "attestation");
        assert_eq!(
            (code, &document["verdict"]),
            (0, &"verified".into()),
            "{document}"
        );
        let always = CheckId::ALL
            .into_iter()
            .filter(|id| !matches!(id, CheckId::Intermediate(..)));
        assert_eq!(document["checks"].as_array().unwrap().len(), always.count());
        assert_eq!(document["roots"], "given");
        assert!(document.get("error").is_none(), "{document}");
        let (code, document) = run(Some(OWNER_ROOT), manufacturer, "rfc5280");
        assert_eq!(
            (code, &document["verdict"]),
            (3, &"rejected".into()),
            "{document}"
        );
        assert_eq!(document["error"]["code"], 3);
    }
    let (code, document) = run(None, None, "attestation");
    assert_eq!(
        (code, &document["verdict"]),
        (3, &"rejected".into()),
        "{document}"
    );
    assert!(
        document["error"]["message"]
            .as_str()
            .unwrap()
            .contains("another owner's"),
        "{document}"
    );
}

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

#[allow(dead_code, unreachable_pub)]
mod forge;
#[path = "support/trial.rs"]
mod trial;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use forge::mutate::{flip, insertions, survivors};
use forge::pem::{pem, unpem};
use hsmboot::verify::{
    Anchor, Anchors, CheckId, Evidence, Policy, Profile, Record, Side, Status, Verdict, verify,
};
use hsmboot::x509::{Certificate, Moment};
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
        the_built_in_anchors_are_the_published_roots,
    ),
    (
        "the_built_in_anchors_have_the_published_dates",
        the_built_in_anchors_have_the_published_dates,
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
        no_changed_bit_of_a_genuine_chain_is_verified,
    ),
    (
        "no_inserted_element_in_a_genuine_chain_is_read",
        no_inserted_element_in_a_genuine_chain_is_read,
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

fn root(name: &str) -> Certificate {
    Certificate::from_der(&unpem(&read(&format!("roots/{name}")))).unwrap()
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

fn the_built_in_anchors_are_the_published_roots() {
    let built_in = Anchors::built_in();
    assert_eq!((built_in.aws.len(), built_in.manufacturer.len()), (1, 1));
    for (anchor, name) in [
        (&built_in.aws[0], AWS_ROOT),
        (&built_in.manufacturer[0], MANUFACTURER_ROOTS[0]),
        (&built_in.manufacturer[0], MANUFACTURER_ROOTS[1]),
    ] {
        let published = root(name);
        assert_eq!(
            anchor.subject(),
            published.subject(),
            "{name}: another name"
        );
        assert_eq!(anchor.spki(), published.spki(), "{name}: another key");
    }
    // The SHA-256 that a record names is that of the certificate first published.
    for (side, anchor, name) in [
        (Side::Aws, &built_in.aws[0], AWS_ROOT),
        (
            Side::Manufacturer,
            &built_in.manufacturer[0],
            MANUFACTURER_ROOTS[0],
        ),
    ] {
        let hex: String = root(name)
            .fingerprint()
            .iter()
            .map(|octet| format!("{octet:02x}"))
            .collect();
        assert_eq!(
            anchor.to_facts(side).certificate_sha256.as_deref(),
            Some(hex.as_str()),
            "{name}"
        );
    }
}

fn the_built_in_anchors_have_the_published_dates() {
    let status = |side: &str, moment: Moment| {
        let record = verify(
            &hardware_1(),
            &Anchors::built_in(),
            moment,
            &chains_only(Profile::Attestation),
        )
        .record;
        record
            .finding(format!("anchor-validity.{side}").parse().unwrap())
            .unwrap()
            .status
    };
    let (aws, [first, second]) = (root(AWS_ROOT), MANUFACTURER_ROOTS.map(root));
    for (side, moment, expected) in [
        ("aws", aws.not_before().plus_seconds(-1), Status::Note),
        ("aws", aws.not_before(), Status::Pass),
        ("aws", aws.not_after(), Status::Pass),
        ("aws", aws.not_after().plus_seconds(1), Status::Note),
        (
            "manufacturer",
            first.not_before().plus_seconds(-1),
            Status::Note,
        ),
        ("manufacturer", first.not_before(), Status::Note),
        ("manufacturer", second.not_before(), Status::Pass),
        ("manufacturer", first.not_after(), Status::Pass),
        (
            "manufacturer",
            first.not_after().plus_seconds(1),
            Status::Note,
        ),
        (
            "manufacturer",
            second.not_after().plus_seconds(1),
            Status::Note,
        ),
    ] {
        assert_eq!(status(side, moment), expected, "{side} at {moment}");
    }
    let record = judge(&Anchors::built_in(), &chains_only(Profile::Attestation));
    let said = detail(&record, "anchor-validity.manufacturer");
    for date in [first.not_after(), second.not_after()] {
        assert!(said.contains(&date.to_string()), "{date} is not in: {said}");
    }
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
        .map(|anchor| anchor.file.as_deref().unwrap())
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

/// The DERs of the three certificates, and how to put one back.
type Take = fn(&Evidence) -> &[u8];
type PutBack = fn(&mut Evidence, Vec<u8>);
const CERTIFICATES: [(&str, Take, PutBack); 3] = [
    (
        "hsm",
        |evidence| &evidence.hsm,
        |evidence, text| evidence.hsm = text,
    ),
    (
        "aws-hardware",
        |evidence| &evidence.aws_hardware,
        |evidence, text| evidence.aws_hardware = text,
    ),
    (
        "manufacturer-hardware",
        |evidence| &evidence.manufacturer_hardware,
        |evidence, text| evidence.manufacturer_hardware = text,
    ),
];

/// Judges the chain with each of `count` changed versions of one certificate; gives those that the
/// predicate picks.
fn picked(
    put_back: PutBack,
    count: usize,
    change: impl Fn(usize) -> Vec<u8> + Sync,
    pick: impl Fn(&Record) -> bool + Sync,
) -> Vec<usize> {
    let (evidence, (_, anchors)) = (hardware_1(), fitting().swap_remove(0));
    let policy = chains_only(Profile::Attestation);
    survivors(count, |number| {
        let mut changed = evidence.clone();
        put_back(&mut changed, pem("CERTIFICATE", &change(number)));
        pick(&verify(&changed, &anchors, at(AT), &policy).record)
    })
}

fn no_changed_bit_of_a_genuine_chain_is_verified() {
    for (name, text, put_back) in CERTIFICATES {
        let der = unpem(text(&hardware_1()));
        let survivors = picked(
            put_back,
            der.len() * 8,
            |bit| flip(&der, bit),
            |record| record.verdict == Verdict::Verified,
        );
        assert!(
            survivors.is_empty(),
            "{name}: verified in spite of a change in bits {survivors:?}"
        );
    }
}

fn no_inserted_element_in_a_genuine_chain_is_read() {
    let mut taken = Vec::new();
    for (name, text, put_back) in CERTIFICATES {
        let insertions = insertions(&unpem(text(&hardware_1())));
        let change = |number: usize| insertions[number].der.clone();
        let survivors = picked(put_back, insertions.len(), change, |record| {
            record.verdict == Verdict::Verified
        });
        assert!(survivors.is_empty(), "{name}: {survivors:?}");
        let read = picked(put_back, insertions.len(), change, |record| {
            !record.malformed()
        });
        taken.extend(
            read.into_iter()
                .map(|number| format!("{name}: {}", insertions[number].place)),
        );
    }
    // An INTEGER in the empty basicConstraints is a path length (RFC 5280 4.2.1.9): well-formed,
    // and stopped by the signature.
    assert_eq!(taken, ["aws-hardware: INTEGER as child 0 of /0/7/0/0/1/0/"]);
}

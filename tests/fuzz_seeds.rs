//! The bodies of the fuzz targets (fuzz/targets.rs), over seeds of theirs and simple changes of
//! those: so that they hold on a stable compiler too. docs/assurance.md says how to run a campaign.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub
)]

use std::fs;
use std::path::{Path, PathBuf};

use hsmboot::bundle::{Store, Survey};

#[path = "../fuzz/targets.rs"]
mod targets;

/// The files of the bundles whose name begins so, with this ending.
fn fixtures(begin: &str, ending: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/verify");
    let inside = |directory: PathBuf| {
        let files = fs::read_dir(directory).unwrap();
        files.map(|file| file.unwrap().path())
    };
    let bundles = inside(root).filter(|bundle| {
        let name = bundle.file_name().unwrap().to_str().unwrap();
        name.starts_with(begin)
    });
    let mut files: Vec<PathBuf> = bundles
        .flat_map(inside)
        .filter(|file| file.extension().is_some_and(|found| found == ending))
        .collect();
    files.sort_unstable();
    let mut read: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    // Bundles with one defect each have most of their files in common.
    read.sort_unstable();
    read.dedup();
    assert!(!read.is_empty(), "{begin}");
    read
}

/// What campaigns have found for a target, and kept.
fn found(target: &str) -> Vec<Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/found");
    let files = fs::read_dir(directory).unwrap();
    let of_target = files.map(|file| file.unwrap().path()).filter(|file| {
        let name = file.file_name().unwrap().to_str().unwrap();
        name.starts_with(&format!("{target}--"))
    });
    let read: Vec<Vec<u8>> = of_target.map(|file| fs::read(file).unwrap()).collect();
    assert!(!read.is_empty(), "{target}");
    read
}

/// Tries each seed as it is, cut short, and with an octet changed, at three places each.
fn try_all(target: fn(&[u8]), seeds: &[Vec<u8>]) {
    for seed in seeds {
        target(seed);
        for part in [2, 5, 7] {
            let at = seed.len() * part / 8;
            target(&seed[..at]);
            let mut changed = seed.clone();
            if let Some(octet) = changed.get_mut(at) {
                *octet ^= 1 << part;
                target(&changed);
            }
        }
    }
}

fn texts(seeds: &[&str]) -> Vec<Vec<u8>> {
    seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect()
}

/// The documents of a claim, and the certificates of a good bundle beside them, as one file.
fn whole_bundle() -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = |place: &str| {
        let files = fs::read_dir(root.join(place)).unwrap();
        files.map(|file| file.unwrap().path())
    };
    let members = files("fuzz/claim")
        .chain(files("fixtures/verify/verified--never-expires"))
        .filter(|file| {
            let name = file.file_name().unwrap().to_str().unwrap();
            file.starts_with(root.join("fuzz")) || name.starts_with("cluster-")
        })
        .map(|file| {
            let name = file.file_name().unwrap().to_str().unwrap();
            let name = name.replace("cluster-hsmboottest", "cluster-3yl6ny5tszf");
            (name, fs::read(&file).unwrap())
        });
    hsmboot::bundle::archive::write(&members.collect()).unwrap()
}

#[test]
fn what_is_taken_of_certificates_another_reader_takes_alike() {
    try_all(targets::certificate, &fixtures("verified--", "crt"));
    try_all(targets::certificate, &fixtures("pem.", "crt"));
    try_all(targets::certificate, &found("certificate"));
}

#[test]
fn what_is_taken_of_requests_another_reader_takes_alike() {
    try_all(targets::csr, &fixtures("", "csr"));
}

#[test]
fn altered_documents_are_never_verified_nor_a_pair() {
    let commands = [
        vec![],
        vec![0, 0, 0, 0, 5],
        vec![1, 1, 0, 64, 1],
        vec![1, 6, 1, 0, 255],
        vec![0, 7, 2, 0, 32],
        vec![1, 11, 0, 40, 0],
        vec![1, 0, 0, 3, 0, 2, 0, 40, 0],
    ];
    try_all(targets::verify_four, &commands);
    try_all(targets::check_three, &commands);
}

#[test]
fn what_is_taken_of_the_rest_is_written_and_read_again() {
    try_all(
        targets::subject,
        &texts(&[
            "CN=Example CloudHSM CA,O=Example\\, Inc.+OU=HSM,C=DE",
            "/C=DE/O=Example/CN=A",
            "1.2.3=#0c0141,emailAddress=a@example.com",
        ]),
    );
    try_all(
        targets::key_uri,
        &texts(&[
            "pkcs11:token=CA;object=key;id=%01%02?module-path=/usr/lib/p11.so&pin-source=file:/pin",
            "awskms:arn:aws:kms:us-east-1:123456789012:alias/ca",
            "awskms:alias/ca",
        ]),
    );
    try_all(
        targets::documents,
        &texts(&[
            r#"{"format":"hsmboot-request/1","cluster_id":"cluster-abcdefghijk",
            "region":"us-east-1",
            "state":"UNINITIALIZED","hsms":["hsm-abcdefghijk"],"fetched_at":"2026-06-01T12:00:00Z",
            "tool":"hsmboot 0.1.0","files":{}}"#,
        ]),
    );
    try_all(targets::transcript, &texts(&["{\"n\":1}\n", "\n\n"]));
    let files = fixtures("verified--never-expires", "csr");
    let name = "cluster-hsmboottest_ClusterCsr.csr".to_owned();
    let members = [(name, files[0].clone())].into_iter().collect();
    let archive = hsmboot::bundle::archive::write(&members).unwrap();
    try_all(targets::bundle_file, &[archive]);
    let whole = whole_bundle();
    let members = hsmboot::bundle::archive::read(&whole).unwrap();
    Survey::of_store(Store::from_members(members, "a file")).unwrap();
    try_all(targets::report_page, &[whole]);
}

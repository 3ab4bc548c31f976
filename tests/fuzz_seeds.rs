//! The bodies of the fuzz targets (fuzz/targets.rs), over all seeds of theirs and simple changes of
//! those: so that they hold on a stable compiler too. docs/assurance.md says how to run a campaign.
//! The targets behind `cfg(fuzzing)` have unit tests that do the same.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub
)]

use hsmboot::bundle::{Bundle, archive};

#[path = "support/seeds.rs"]
mod seeds;
#[path = "../fuzz/targets.rs"]
mod targets;

/// Tries the seeds of a target, and returns the names of those of which it says `false`.
fn refused(target: &str, body: fn(&[u8]) -> bool) -> Vec<String> {
    seeds::try_changed(target, |seed| {
        body(seed);
    });
    let seeds = seeds::of_target(target).into_iter();
    seeds
        .filter(|(_, seed)| !body(seed))
        .map(|(name, _)| name)
        .collect()
}

/// Most seeds of certificates and CSRs are good ones; those of `pem.` have one defect each, and one
/// bundle is good but for its CSR.
fn is_defective(name: &str) -> bool {
    name.starts_with("pem.") || name.starts_with("verified--chains-only-bad-csr-")
}

#[test]
fn what_is_taken_of_certificates_another_reader_takes_alike() {
    let refused = refused("certificate", targets::certificate);
    assert!(refused.iter().all(|name| is_defective(name)), "{refused:?}");
}

#[test]
fn what_is_taken_of_requests_another_reader_takes_alike() {
    let refused = refused("csr", targets::csr);
    assert!(refused.iter().all(|name| is_defective(name)), "{refused:?}");
}

#[test]
fn altered_documents_are_never_verified_nor_a_pair() {
    type Body = fn(&[u8]) -> bool;
    let bodies: [(&str, Body); 2] = [
        ("verify_four", targets::verify_four),
        ("check_three", targets::check_three),
    ];
    for (target, body) in bodies {
        let refused = refused(target, body);
        let unchanged = |name: &String| name.starts_with("unchanged");
        assert!(!refused.iter().any(unchanged), "{target}: {refused:?}");
        assert!(refused.len() >= 10, "{target}: {refused:?}");
        // Each bundle, and its contents.
        for which in 0..16 {
            assert!(body(&[which]), "{target}: {which}");
        }
    }
}

#[test]
fn a_csr_that_the_hsm_signs_anew_is_its_own() {
    // In the DER of the CSR, by the first key; by a stranger's.
    let signed = |key| [1, 24, 0, 0, key];
    assert!(targets::verify_four(&signed(0)));
    assert!(!targets::verify_four(&signed(1)));
}

#[test]
fn what_is_taken_of_the_rest_is_written_and_read_again() {
    assert_eq!(refused("subject", targets::subject), [""; 0]);
    assert_eq!(refused("bundle_file", targets::bundle_file), [""; 0]);
    assert_eq!(
        refused("documents", |seed| targets::documents(seed) == 1),
        [""; 0]
    );
    let refused = refused("transcript", |seed| targets::transcript(seed).0 > 0);
    assert_eq!(refused, ["line"]);
    let seeds = seeds::of_target("transcript");
    let (_, whole) = seeds.iter().find(|(name, _)| name != "line").unwrap();
    let (lines, has_rest) = targets::transcript(whole);
    assert!(lines >= 7 && !has_rest, "{lines}");
}

#[cfg(all(feature = "pkcs11", feature = "awskms"))]
#[test]
fn every_seed_of_a_key_uri_names_a_key() {
    assert_eq!(refused("key_uri", targets::key_uri), [""; 0]);
}

#[test]
fn the_claimed_bundle_opens_and_its_page_says_verified() {
    seeds::try_changed("report_page", |seed| drop(targets::report_page(seed)));
    let seeds = seeds::of_target("report_page");
    let titles: Vec<(&str, String)> = seeds
        .iter()
        .map(|(name, seed)| (&**name, targets::report_page(seed).unwrap()))
        .collect();
    for (name, title) in &titles {
        let says = match *name {
            "two-files" => "Rejected: bundle of",
            "request" => "Verified against roots you gave: bundle of",
            _ => "Verified against roots you gave: claim of",
        };
        assert!(title.starts_with(says), "{name}: {title}");
    }
    let (_, whole) = seeds.iter().find(|(name, _)| name == "whole").unwrap();
    let members = archive::read(whole).unwrap();
    let bundle = Bundle::from_members(members, "a file").unwrap();
    bundle.check_record().unwrap();
    assert!(bundle.response().unwrap().is_some());
}

//! Every fixture, judged: what must come out stands in its `expect.json`.
//!
//! `HSMBOOT_REGENERATE=1 cargo test --test verify_fixtures` writes `fixtures/verify/` anew; without
//! it, a test compares.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

#[allow(dead_code, unreachable_pub)]
mod forge;
#[path = "verify_fixtures/ids.rs"]
mod ids;
#[path = "verify_fixtures/makers.rs"]
mod makers;
#[path = "verify_fixtures/sentences.rs"]
mod sentences;

use std::collections::{BTreeMap, BTreeSet};

use forge::chain::Bundle;
use forge::fixture::{Expect, Fixture, directory};
use hsmboot::verify::{
    Anchor, Anchors, CheckId, Evidence, Judgement, Policy, Profile, Record, Status, Verdict, verify,
};
use makers::kept;

/// The fixtures: those that are kept as they stand in `fixtures/verify/`, the others as the forge
/// makes them.
fn fixtures() -> Vec<Fixture> {
    forge::all()
        .into_iter()
        .map(|made| {
            if made.kept {
                Fixture::read(&made.directory())
            } else {
                made
            }
        })
        .collect()
}

fn evidence(bundle: &Bundle) -> Evidence {
    Evidence {
        csr: Some(bundle.csr.clone()),
        hsm: bundle.hsm.clone(),
        aws_hardware: bundle.aws_hardware.clone(),
        manufacturer_hardware: bundle.manufacturer_hardware.clone(),
    }
}

fn judge(fixture: &Fixture) -> Judgement {
    let Fixture { bundle, expect, .. } = fixture;
    let policy = Policy {
        profile: match expect.policy.as_str() {
            "attestation" => Profile::Attestation,
            "rfc5280" => Profile::Rfc5280,
            other => panic!("no policy is called {other}"),
        },
        accept: expect.accept.iter().map(|id| id.parse().unwrap()).collect(),
        reason: expect.reason.clone().map(Into::into),
        chains_only: expect.chains_only,
    };
    verify(
        &evidence(bundle),
        &anchors(bundle),
        expect.at.parse().unwrap(),
        &policy,
    )
}

fn anchors(bundle: &Bundle) -> Anchors {
    Anchors {
        aws: Anchor::from_file(&bundle.aws_root, "aws-root.crt").unwrap(),
        manufacturer: Anchor::from_file(&bundle.manufacturer_root, "manufacturer-root.crt")
            .unwrap(),
    }
}

fn found_ids(record: &Record, status: Status) -> BTreeSet<String> {
    record
        .with(status)
        .map(|finding| finding.id.to_string())
        .collect()
}

fn set(ids: &[String]) -> BTreeSet<String> {
    ids.iter().cloned().collect()
}

/// What differs from the expectation, in words; nothing when all is as it says.
fn surprises(expect: &Expect, judgement: &Judgement) -> Vec<String> {
    let record = &judgement.record;
    let mut surprises = Vec::new();
    for (status, expected) in [
        (Status::Fail, &expect.fail),
        (Status::Accepted, &expect.accepted),
        (Status::Note, &expect.note),
        (Status::Skipped, &expect.skipped),
    ] {
        let (found, expected) = (found_ids(record, status), set(expected));
        for id in found.difference(&expected) {
            let detail = &record.finding(id.parse().unwrap()).unwrap().detail;
            surprises.push(format!("{id} is {}: {detail}", status.as_str()));
        }
        for id in expected.difference(&found) {
            let finding = record.finding(id.parse().unwrap()).unwrap();
            surprises.push(format!(
                "{id} is not {} but {}: {}",
                status.as_str(),
                finding.status.as_str(),
                finding.detail
            ));
        }
    }
    let verdict = if record.verdict == Verdict::Verified {
        "verified"
    } else {
        "rejected"
    };
    if verdict != expect.verdict {
        surprises.push(format!("the verdict is {verdict}"));
    }
    let exit = match (record.verdict, record.malformed()) {
        (Verdict::Verified, _) => 0,
        (Verdict::Rejected, true) => 4,
        (Verdict::Rejected, false) => 3,
    };
    if exit != expect.exit {
        surprises.push(format!("the exit code is {exit}, expected {}", expect.exit));
    }
    let proven = judgement.verified().is_some();
    if proven != (expect.verdict == "verified" && !expect.chains_only) {
        surprises.push(format!("a proof was given: {proven}"));
    }
    surprises
}

#[test]
fn every_fixture_gives_the_findings_that_it_says() {
    let mut surprised = BTreeMap::new();
    for fixture in fixtures() {
        let surprises = surprises(&fixture.expect, &judge(&fixture));
        if !surprises.is_empty() {
            surprised.insert(fixture.name, surprises);
        }
    }
    for (name, surprises) in &surprised {
        println!("{name}\n  {}", surprises.join("\n  "));
    }
    assert!(
        surprised.is_empty(),
        "{} fixtures do not give what they say",
        surprised.len()
    );
}

#[test]
fn every_check_is_seen_failing() {
    let seen: BTreeSet<String> = kept()
        .iter()
        .flat_map(|fixture| found_ids(&judge(fixture).record, Status::Fail))
        .collect();
    let unseen: Vec<_> = CheckId::that_can_fail()
        .filter(|id| !seen.contains(id.as_str()))
        .collect();
    assert!(unseen.is_empty(), "no fixture fails {unseen:?}");
}

/// With one exception: a partition can pose as a card only in both hardware certificates at once,
/// since the HSM certificate has one issuer.
#[test]
fn every_check_is_seen_failing_alone() {
    let alone: BTreeSet<Vec<String>> = kept()
        .iter()
        .map(|fixture| {
            found_ids(&judge(fixture).record, Status::Fail)
                .into_iter()
                .collect()
        })
        .collect();
    for id in CheckId::that_can_fail() {
        let expected = match id {
            CheckId::Role(_) => vec![
                "role.aws-hardware".to_string(),
                "role.manufacturer-hardware".to_string(),
            ],
            _ => vec![id.to_string()],
        };
        assert!(alone.contains(&expected), "no fixture fails {id} alone");
    }
}

/// The checks that never fail have fixtures too.
#[test]
fn every_note_is_seen() {
    let noted: BTreeSet<String> = kept()
        .iter()
        .flat_map(|fixture| found_ids(&judge(fixture).record, Status::Note))
        .collect();
    let passed: BTreeSet<String> = kept()
        .iter()
        .flat_map(|fixture| found_ids(&judge(fixture).record, Status::Pass))
        .collect();
    for id in CheckId::ALL
        .into_iter()
        .filter(|id| CheckId::that_can_fail().all(|other| other != *id))
    {
        assert!(noted.contains(id.as_str()), "no fixture has a note of {id}");
        assert!(
            id == CheckId::AnchorsSource || passed.contains(id.as_str()),
            "no fixture passes {id}"
        );
    }
}

//! What checks stand for: their sources, what may be accepted, what reads; and the last second of
//! an intermediate.

use hsmboot::verify::{
    Anchor, Anchors, Cause, CheckId, Evidence, Hardware, Policy, Status, hardware_notes,
    is_for_non_fips_mode, verify,
};
use hsmboot::x509::Csr;

use super::forge::cert::validity;
use super::forge::chain::{AT, Chain};
use super::forge::intermediate::Tower;
use super::{anchors, evidence, fixtures, judge};

#[test]
fn every_check_names_something_to_open() {
    let known = [
        "RFC ",
        "AWS CloudHSM User Guide",
        "API Reference",
        "hsmboot, Verification rules",
    ];
    for id in CheckId::ALL {
        let source = id.source();
        assert!(
            known.iter().any(|name| source.contains(name)),
            "{id}: {source}"
        );
    }
}

/// Dates pass and extensions vary; no word of an operator's makes a signature or a key good.
#[test]
fn nothing_of_keys_signatures_and_form_may_be_accepted() {
    for id in CheckId::ALL {
        let may = ["validity.", "extensions."];
        let may = may.iter().any(|group| id.as_str().starts_with(group));
        assert_eq!(id.waivable(), may, "{id}");
    }
}

#[test]
fn a_csr_that_was_not_looked_at_is_told_apart_from_one_that_is_not_there() {
    let bundle = Chain::good().bundle();
    let policy = Policy {
        chains_only: true,
        ..Policy::default()
    };
    for (csr, ignored) in [(Some(bundle.csr.clone()), true), (None, false)] {
        let evidence = Evidence {
            csr,
            ..evidence(&bundle)
        };
        let record = verify(&evidence, &anchors(&bundle), AT.parse().unwrap(), &policy).record;
        let finding = record.finding("pem.csr".parse().unwrap()).unwrap();
        assert_eq!(finding.status, Status::Skipped);
        let told = finding.detail.to_string().contains("was ignored");
        assert_eq!(told, ignored, "{}", finding.detail);
    }
}

#[test]
fn an_intermediate_is_valid_from_its_first_second_to_its_last() {
    // AT is the first of June 2026, at midnight.
    let cases = [
        ("260601000000Z", "270601000000Z", true),
        ("260601000001Z", "270601000000Z", false),
        ("250601000000Z", "260601000000Z", true),
        ("250601000000Z", "260531235959Z", false),
    ];
    assert_eq!(AT, "2026-06-01T00:00:00Z");
    for (from, to, holds) in cases {
        let mut tower = Tower::new([1, 0]);
        tower.above[0][0].validity = validity(from, to);
        let bundle = tower.bundle();
        let evidence = evidence(&bundle);
        let at = AT.parse().unwrap();
        let record = verify(&evidence, &anchors(&bundle), at, &Policy::default()).record;
        let failed = record.with(Status::Fail).map(|finding| finding.id.as_str());
        let expected = (!holds).then_some("aws.intermediate-1");
        assert!(failed.eq(expected), "{from} {to}");
    }
}

#[test]
fn of_several_roots_that_were_given_it_is_told_that_none_signed() {
    let bundle = Chain::good().bundle();
    let evidence = evidence(&bundle);
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/fixtures/ownership/ca-rsa-2048.crt"
    );
    let stranger = std::fs::read(file).unwrap();
    let other = |content: &[u8]| Anchor::from_file(content, "other.crt").unwrap().remove(0);
    for count in 1..=2 {
        let mut given = anchors(&bundle);
        given.aws = vec![other(&stranger), other(&bundle.manufacturer_root)];
        given.aws.truncate(count);
        let record = verify(&evidence, &given, AT.parse().unwrap(), &Policy::default()).record;
        let finding = record.finding("aws.signature".parse().unwrap()).unwrap();
        assert_eq!(finding.status, Status::Fail);
        let told = finding.detail.contains("nor does any other of the 2");
        assert_eq!(told, count == 2, "{}", finding.detail);
    }
}

/// What was judged is what is signed: nobody reads the file a second time.
#[test]
fn the_judgement_has_the_csr_that_it_was_made_of() {
    let bundle = Chain::good().bundle();
    let mut evidence = evidence(&bundle);
    let at = AT.parse().unwrap();
    let csr = Csr::from_pem(&bundle.csr).unwrap();
    let judgement = verify(&evidence, &anchors(&bundle), at, &Policy::default());
    assert_eq!(judgement.csr(), Some(&csr));
    assert_eq!(judgement.verified().unwrap().csr(), &csr);
    // Of a bundle that is rejected too, for who wants to see it.
    evidence.hsm.clone_from(&bundle.aws_hardware);
    let judgement = verify(&evidence, &anchors(&bundle), at, &Policy::default());
    assert!(judgement.verified().is_none());
    assert_eq!(judgement.csr(), Some(&csr));
}

/// The library denies what the command line does not even take.
#[test]
fn accepting_every_check_accepts_what_may_be_and_nothing_else() {
    let policy = Policy {
        accept: CheckId::ALL.to_vec(),
        reason: Some("a test".to_owned().into()),
        ..Policy::default()
    };
    for fixture in fixtures() {
        let plain = judge(&fixture).record;
        if fixture.expect.policy != "attestation" || plain.with(Status::Accepted).next().is_some() {
            continue;
        }
        let bundle = &fixture.bundle;
        let evidence = evidence(bundle);
        let policy = Policy {
            chains_only: fixture.expect.chains_only,
            ..policy.clone()
        };
        let at = fixture.expect.at.parse().unwrap();
        let record = verify(&evidence, &anchors(bundle), at, &policy).record;
        for (plain, found) in plain.checks.iter().zip(&record.checks) {
            let expected = match plain.status {
                Status::Fail if plain.id.waivable() => Status::Accepted,
                status => status,
            };
            assert_eq!(found.status, expected, "{}: {}", fixture.name, found.id);
        }
        // A reason is on record where it was the reason for something.
        let accepted = record.with(Status::Accepted).next().is_some();
        assert_eq!(record.terms.reason.is_some(), accepted, "{}", fixture.name);
    }
}

#[test]
fn what_the_hardware_says_of_its_mode_is_told_and_alarms_under_a_cluster_in_fips_mode() {
    let mut seen = 0;
    for fixture in fixtures() {
        let record = judge(&fixture).record;
        let finding = record.finding("fips-mode.hsm".parse().unwrap());
        let notes = finding.is_some_and(|finding| finding.status == Status::Note);
        seen += usize::from(notes);
        assert_eq!(is_for_non_fips_mode(&record), notes, "{}", fixture.name);
        let told = |mode| hardware_notes(&record, mode).len();
        let expected = if notes { (2, 1, 1) } else { (0, 0, 0) };
        assert_eq!(
            (told(Some("FIPS")), told(Some("NON_FIPS")), told(None)),
            expected
        );
    }
    assert!(seen > 0);
}

/// Without its root given, a chain of a published root's is told from any other.
#[test]
fn a_strangers_chain_is_not_called_one_without_its_root() {
    let bundle = Chain::good().bundle();
    let evidence = evidence(&bundle);
    let at = AT.parse().unwrap();
    let record = verify(&evidence, &Anchors::built_in(), at, &Policy::default()).record;
    let failed: Vec<&str> = record.with(Status::Fail).map(|f| f.id.as_str()).collect();
    assert_eq!(
        failed,
        [
            "aws.signature",
            "aws.issuer",
            "manufacturer.signature",
            "manufacturer.issuer"
        ]
    );
    assert_eq!(Cause::from_record(&record, Hardware::default()), None);
}

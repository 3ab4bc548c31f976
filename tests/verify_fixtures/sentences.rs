//! What is told of the fixtures, in words, as `sentences.txt` has it: each sentence once, under the
//! first fixture of which it is told. Whoever changes one sees there what people read.
//!
//! `HSMBOOT_REGENERATE=1 cargo test --test verify_fixtures sentences::` writes it anew.

use std::collections::HashSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use hsmboot::verify::{Cause, Hardware};

use super::{fixtures, judge};

/// The digests of what is signed anew each time, and what else is of one run alone.
fn without_digests(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_inclusive(|c: char| !c.is_ascii_hexdigit()) {
        let hex = word.trim_end_matches(|c: char| !c.is_ascii_hexdigit());
        if hex.len() >= 8 && hex.bytes().any(|byte| byte.is_ascii_digit()) {
            out.push_str("<digest>");
            out.push_str(&word[hex.len()..]);
        } else {
            out.push_str(word);
        }
    }
    out
}

#[test]
fn every_fixture_says_what_was_read() {
    let (mut said, mut once) = (String::new(), HashSet::new());
    for fixture in fixtures() {
        let judgement = judge(&fixture);
        let record = &judgement.record;
        let cause = Cause::from_record(record, Hardware::default());
        let cause = cause.map(|cause| format!("  cause: {cause}"));
        let findings = record.checks.iter().map(|finding| {
            let detail = without_digests(&finding.detail.to_string());
            format!("  {} {}: {detail}", finding.status.as_str(), finding.id)
        });
        let new: Vec<String> = cause
            .into_iter()
            .chain(findings)
            .filter(|line| once.insert(line.clone()))
            .collect();
        if !new.is_empty() {
            writeln!(said, "{}\n{}", fixture.name, new.join("\n")).unwrap();
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verify_fixtures/sentences.txt");
    if std::env::var_os("HSMBOOT_REGENERATE").is_some() {
        fs::write(&file, &said).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    for (line, (found, expected)) in said.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "sentences.txt, line {}", line + 1);
    }
    assert_eq!(said.lines().count(), expected.lines().count());
}

//! The threat model names the test that holds each promise: every name is a test's.

use std::fs;
use std::path::Path;

use super::{read, root};

pub(super) fn sources(dir: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(fs::read_to_string(&path).unwrap());
        }
    }
}

/// Whether a file has a test of this very name: a function under `#[test]`, or a trial, which is
/// listed by name and function.
fn is_test_in(text: &str, name: &str) -> bool {
    let listed = format!("\"{name}\",");
    let mut after = text.split(&listed).skip(1);
    if after.any(|rest| {
        let function = rest.split([',', ')']).next().unwrap_or_default();
        function.trim().rsplit("::").next() == Some(name)
    }) {
        return true;
    }
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let begins = |line: &str| {
        line.strip_prefix("fn ")
            .or_else(|| line.strip_prefix("async fn "))
            .is_some_and(|rest| rest.starts_with(&format!("{name}(")))
    };
    lines.iter().enumerate().any(|(at, line)| {
        let attributes = lines[..at]
            .iter()
            .rev()
            .take_while(|line| !matches!(**line, "" | "}"));
        begins(line)
            && attributes
                .into_iter()
                .any(|line| *line == "#[test]" || line.starts_with("#[tokio::test"))
    })
}

#[test]
fn every_promise_of_the_threat_model_names_tests_that_there_are() {
    let page = read("docs/threat-model.md");
    let table = page
        .split("## Which test holds what")
        .nth(1)
        .and_then(|rest| rest.split("\n## ").next())
        .unwrap();
    let mut code = Vec::new();
    for part in ["src", "tests"] {
        sources(&root().join(part), &mut code);
    }
    let rows: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(2)
        .collect();
    assert!(rows.len() > 20, "{rows:?}");
    for row in rows {
        let tests: Vec<&str> = row
            .rsplit('|')
            .nth(1)
            .unwrap()
            .split('`')
            .skip(1)
            .step_by(2)
            .collect();
        assert!(!tests.is_empty(), "no test holds: {row}");
        for test in tests {
            assert!(
                code.iter().any(|text| is_test_in(text, test)),
                "there is no test {test}: {row}"
            );
        }
    }
}

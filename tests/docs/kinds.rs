//! docs/exit-codes.md has every error kind, under its exit code and with its meaning, and no other.

use std::fs;
use std::path::Path;

use hsmboot::error::ErrorKind;

use super::{read, root};

/// The text of every source file but the simulator's and the report's, which have no kinds, without
/// its tests.
pub(super) fn sources(dir: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !["report", "simulator", "tests"].contains(&name.as_str()) {
            sources(&path, found);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("\n#[cfg(test)]\n").next().unwrap_or_default();
            found.push(
                code.lines()
                    .filter(|line| !line.trim_start().starts_with("//"))
                    .collect::<Vec<_>>()
                    .join("\n"),
            );
        }
    }
}

/// Every kind in docs/exit-codes.md: the code of its section, its name, its meaning.
fn in_docs() -> Vec<(u8, String, String)> {
    let page = read("docs/exit-codes.md");
    let (_, kinds) = page.split_once("## Kinds").unwrap();
    let mut code = 0;
    let mut found = Vec::new();
    for line in kinds.lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            code = heading.split_once(':').unwrap().0.parse().unwrap();
        } else if let Some((kind, meaning)) = line
            .strip_prefix("| `")
            .and_then(|row| row.split_once("` | "))
        {
            found.push((
                code,
                kind.to_owned(),
                meaning.strip_suffix(" |").unwrap().to_owned(),
            ));
        }
    }
    found
}

#[test]
fn every_error_kind_is_documented_under_its_exit_code() {
    let kinds: Vec<_> = ErrorKind::ALL
        .iter()
        .map(|kind| {
            (
                kind.class().code(),
                kind.name().to_owned(),
                kind.meaning().to_owned(),
            )
        })
        .collect();
    for (kind, row) in kinds.iter().zip(in_docs()) {
        assert_eq!(
            *kind, row,
            "src/error/kind.rs has one, docs/exit-codes.md the other"
        );
    }
    assert_eq!(kinds.len(), in_docs().len());
}

#[test]
fn every_error_kind_is_given_somewhere() {
    let mut texts = Vec::new();
    sources(&root().join("src"), &mut texts);
    let given = |kind: &&ErrorKind| {
        !texts
            .iter()
            .any(|text| text.contains(&format!("ErrorKind::{kind:?}")))
    };
    let unused: Vec<_> = ErrorKind::ALL.iter().filter(given).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn troubleshooting_has_every_kind_that_a_user_can_do_something_about() {
    let page = read("docs/troubleshooting.md");
    // Bugs and a machine without threads, randomness or timers: nothing to look up.
    let bare = [
        "bad-key-source",
        "bad-key-type",
        "bad-terms",
        "ca-certificate-unsound",
        "ca-key-unusable",
        "cannot-listen",
        "cannot-start",
        "no-certificates",
        "no-randomness",
        "no-runtime",
        "no-signals",
        "simulator",
    ];
    let missing: Vec<String> = ErrorKind::ALL
        .iter()
        .map(|kind| kind.name().to_owned())
        .filter(|kind| !bare.contains(&kind.as_str()) && !page.contains(&format!("`{kind}`")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

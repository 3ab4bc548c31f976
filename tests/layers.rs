//! Who may use whom. The parts that judge are pure: bytes, anchors, a time and a policy in, a
//! record out.
//!
//! docs/architecture.md shows the table below:
//! `HSMBOOT_REGENERATE=1 cargo test --all-features --test layers` writes it there anew.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sources::sources;

#[path = "layers/facts.rs"]
mod facts;
#[path = "layers/form.rs"]
mod form;
#[path = "layers/homes.rs"]
mod homes;
#[path = "support/sources.rs"]
mod sources;
#[path = "layers/ways.rs"]
mod ways;
#[path = "layers/words.rs"]
mod words;

/// Each part, and the parts that it may use. What is not listed may be used by all: `outside`, and
/// the part itself; by all but the simulator: `error`.
const LAYERS: [(&str, &[&str]); 27] = [
    ("outside", &[]),
    ("hint", &[]),
    // It names the commands of its hint.
    ("error", &["hint"]),
    ("quote", &[]),
    // It asks what may be a private key, and writes over none.
    ("fsio", &["x509"]),
    ("aws", &[]),
    ("x509", &["quote"]),
    // The one engine of both judgements, and how a check is declared.
    ("checks", &["x509"]),
    // All that is known of each generation of hardware, as data.
    ("generation", &["checks", "x509"]),
    ("verify", &["checks", "generation", "x509"]),
    ("check", &["checks", "x509"]),
    ("ca", &["aws", "fsio", "hint", "quote", "x509"]),
    ("sign", &["ca", "check", "verify", "x509"]),
    ("pca", &["aws", "check", "sign", "x509"]),
    // It reads the evidence that `verify` judges, and knows nothing else of it.
    ("bundle", &["fsio", "hint", "quote", "verify", "x509"]),
    // Whose CA it is, and that the CSR is an HSM's: what InitializeCluster is made from.
    ("owner", &["bundle", "ca", "check", "sign", "x509"]),
    (
        "cloudhsm",
        &["aws", "bundle", "generation", "hint", "owner"],
    ),
    ("claim", &["check", "cloudhsm", "owner", "x509"]),
    (
        "fetch",
        &["bundle", "claim", "cloudhsm", "fsio", "verify", "x509"],
    ),
    // Advice before a claim: what would be done with a cluster, and with which.
    ("plan", &["claim", "cloudhsm", "verify", "x509"]),
    ("fleet_file", &["aws", "bundle", "cloudhsm"]),
    // What the clients of a claimed cluster are given.
    (
        "handover",
        &[
            "bundle",
            "claim",
            "cloudhsm",
            "generation",
            "hint",
            "owner",
            "x509",
        ],
    ),
    (
        "submit",
        &[
            "bundle", "claim", "cloudhsm", "handover", "owner", "verify", "x509",
        ],
    ),
    ("qr", &["bundle", "x509"]),
    (
        "report",
        &[
            "bundle", "ca", "check", "checks", "claim", "cloudhsm", "handover", "owner", "verify",
            "x509",
        ],
    ),
    // It stands on its own feet, so that one misreading cannot stand on both sides. How a file is
    // opened is no reading of what is in it.
    ("simulator", &["fsio"]),
    (
        "cli",
        &[
            "aws",
            "bundle",
            "ca",
            "check",
            "checks",
            "claim",
            "cloudhsm",
            "fetch",
            "fleet_file",
            "fsio",
            "generation",
            "handover",
            "hint",
            "owner",
            "pca",
            "plan",
            "qr",
            "report",
            "sign",
            "simulator",
            "submit",
            "verify",
            "x509",
        ],
    ),
];

/// What the pure parts may not so much as name.
const IMPURE: [&str; 12] = [
    "std::fs",
    "std::net",
    "std::env",
    "std::io",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant",
    "SystemRandom",
    "rand_core",
    "jiff::Zoned",
    "jiff::Timestamp::now",
];
const PURE: [&str; 21] = [
    "outside",
    "hint",
    "quote",
    "x509",
    "checks",
    "generation",
    "verify",
    "check",
    "sign",
    "owner",
    "handover",
    "report",
    "plan",
    "fleet_file",
    "cloudhsm/limits",
    "bundle/archive",
    "qr/base45",
    "qr/draw",
    "qr/parts",
    "claim/ownership",
    "cloudhsm/next_step",
];

/// A part's code without its comments and its unit tests, file by file.
fn code(part: &str) -> Vec<(PathBuf, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files: Vec<PathBuf> = [src.join(part), src.join(format!("{part}.rs"))]
        .iter()
        .filter(|path| path.exists())
        .flat_map(|path| sources(path))
        .collect();
    let is_test = |file: &Path| {
        file.components()
            .any(|part| matches!(part.as_os_str().to_str(), Some("tests" | "tests.rs")))
    };
    files
        .into_iter()
        .filter(|file| !is_test(file.strip_prefix(&src).unwrap()))
        .map(|file| {
            let text = fs::read_to_string(&file).unwrap();
            let text = text.split("#[cfg(test)]\n").next().unwrap();
            let lines: Vec<&str> = text
                .lines()
                .map(|line| line.split("//").next().unwrap())
                .collect();
            (file, lines.join("\n"))
        })
        .collect()
}

/// The names after `crate::`, in `use crate::{a, b::c}` as well.
fn used(code: &str) -> BTreeSet<String> {
    let name = |text: &str| {
        text.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect::<String>()
    };
    let mut names = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            None => drop(names.insert(name(after))),
            Some(list) => {
                let (mut depth, mut start) = (0, true);
                for (at, c) in list.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => start = true,
                        c if start && !c.is_whitespace() => {
                            names.insert(name(&list[at..]));
                            start = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    names
}

#[test]
fn each_part_uses_what_lies_below_it() {
    for (part, below) in LAYERS {
        for (file, code) in code(part) {
            for name in used(&code).into_iter().filter(|name| {
                name != part && !(name == "outside" || name == "error" && part != "simulator")
            }) {
                assert!(
                    below.contains(&name.as_str()),
                    "{}: {part} uses {name}",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn every_part_has_its_layer() {
    let listed: BTreeSet<&str> = LAYERS
        .iter()
        .map(|(part, _)| *part)
        .chain(["lib", "main"])
        .collect();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let path = entry.unwrap().path();
        let part = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(listed.contains(part.as_str()), "src/{part} is in no layer");
    }
}

#[test]
fn what_judges_is_pure() {
    for part in PURE {
        for (file, code) in code(part) {
            for name in IMPURE {
                assert!(!code.contains(name), "{} names {name}", file.display());
            }
        }
    }
    assert!(
        !code("simulator").is_empty() && !code("verify").is_empty(),
        "the sources are where they are looked for"
    );
}

/// How many layers lie below a part.
fn height(part: &str) -> usize {
    let (_, below) = LAYERS
        .iter()
        .find(|(name, _)| *name == part)
        .unwrap_or_else(|| panic!("{part} is in no layer"));
    below.iter().map(|part| height(part) + 1).max().unwrap_or(0)
}

/// The table of layers as docs/architecture.md has it, the uppermost first.
fn shown() -> String {
    let mut parts: Vec<_> = LAYERS
        .iter()
        .map(|(part, below)| (height(part), *part, *below))
        .collect();
    parts.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    let row = |(height, part, below): &(usize, &str, &[&str])| {
        let pure = if PURE.contains(part) { "○" } else { "" };
        format!("| {height} | `{part}` | {pure} | {} |\n", below.join(", "))
    };
    format!(
        "| layer | module | pure | imports |\n| --- | --- | --- | --- |\n{}",
        parts.iter().map(row).collect::<String>()
    )
}

#[test]
fn the_page_about_the_architecture_shows_these_layers() {
    const MARKS: [&str; 2] = ["<!-- layers -->\n", "<!-- end of layers -->\n"];
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(MARKS[0]).unwrap();
    let (found, after) = rest.split_once(MARKS[1]).unwrap();
    if std::env::var_os("HSMBOOT_REGENERATE").is_some() {
        fs::write(
            &path,
            [before, MARKS[0], &shown(), MARKS[1], after].concat(),
        )
        .unwrap();
        return;
    }
    assert_eq!(
        found,
        shown(),
        "HSMBOOT_REGENERATE=1 cargo test --all-features --test layers"
    );
    // Of the modules that are not pure as a whole, the files that are.
    for part in PURE.iter().filter(|part| part.contains('/')) {
        assert!(
            page.contains(&format!("`{part}`")),
            "docs/architecture.md does not say that {part} is pure"
        );
    }
}

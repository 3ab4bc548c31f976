//! docs/verification.md names every check once, with the code's own source, waivability and exit
//! code.

use std::collections::BTreeMap;

use hsmboot::check::Rule;
use hsmboot::verify::CheckId;

use super::{in_step, read};

/// The ids in a table row's first cell: each in backticks.
fn ids(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// What the code knows of a check: source, and either waivability or exit code.
fn known() -> BTreeMap<&'static str, (&'static str, String)> {
    let never = |id: CheckId| !CheckId::that_can_fail().any(|other| other == id);
    let checks = CheckId::ALL.into_iter().map(|id| {
        let waivable = if never(id) {
            "-"
        } else if id.waivable() {
            "yes"
        } else {
            "no"
        };
        (id.as_str(), (id.source(), waivable.to_owned()))
    });
    let rules = Rule::ALL.into_iter().map(|rule| {
        let code = if Rule::that_can_fail().any(|other| other == rule) {
            rule.class().exit_code().to_string()
        } else {
            "-".to_owned()
        };
        (rule.as_str(), (rule.source(), code))
    });
    checks.chain(rules).collect()
}

#[test]
fn the_page_of_rules_has_every_check_with_its_source() {
    let page = read("docs/verification.md");
    let mut known = known();
    let mut generated = String::new();
    for line in page.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let row = cells.get(1).map(|cell| ids(cell)).unwrap_or_default();
        if cells.len() < 6 || row.is_empty() {
            generated.push_str(line);
        } else {
            let facts: Vec<_> = row
                .iter()
                .map(|id| {
                    known
                        .remove(id)
                        .unwrap_or_else(|| panic!("{id} is no check, or is there twice"))
                })
                .collect();
            assert!(
                facts.iter().all(|fact| *fact == facts[0]),
                "{row:?} have not the same source, waivability or exit code"
            );
            let mut cells: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
            (cells[3], cells[4]) = facts[0].clone().into_strings();
            generated.push_str(cells.join(" | ").trim());
        }
        generated.push('\n');
    }
    assert!(
        known.is_empty(),
        "docs/verification.md does not have {:?}",
        known.keys()
    );
    in_step("docs/verification.md", &generated);
}

#[test]
fn the_readme_counts_right() {
    for (name, after) in [
        ("README.md", " checks](docs/verification.md)"),
        ("CHANGELOG.md", " checks, each with an id"),
    ] {
        let text = read(name);
        let (before, rest) = text.split_once(after).unwrap();
        let before = before.trim_end_matches(|c: char| c.is_ascii_digit());
        let counted = format!("{before}{}{after}{rest}", CheckId::ALL.len());
        in_step(name, &counted);
    }
    let page = read("README.md");
    // Each command of the walk begins a line.
    let (_, walk) = page.split_once("## Air-gapped, in ").unwrap();
    let walk = walk.split("\n## ").next().unwrap();
    let commands = walk
        .lines()
        .filter(|line| line.starts_with("hsmboot "))
        .count();
    let words = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    ];
    assert!(
        walk.starts_with(&format!("{} commands\n", words[commands])),
        "README.md counts {commands} commands"
    );
}

/// What the program needs to be built, wherever it is said.
#[test]
fn every_page_names_the_oldest_rust_that_does() {
    let manifest = read("Cargo.toml");
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = \""))
        .unwrap()
        .trim_end_matches('"');
    for page in ["README.md", "CONTRIBUTING.md"] {
        assert!(
            read(page).contains(&format!("Rust {version} or newer")),
            "{page} does not say Rust {version}"
        );
    }
    assert!(
        read(".github/workflows/test.yml").contains(&format!("image: rust:{version}-")),
        "the workflow tests with another Rust than {version}"
    );
}

/// A blank line within a table makes text of the rest of it.
#[test]
fn every_table_has_a_head() {
    for page in super::pages() {
        let text = read(page.to_str().unwrap());
        let (mut before, mut fenced) = ("", false);
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            fenced ^= line.starts_with("```");
            if !fenced && line.starts_with('|') && !before.starts_with('|') {
                let rule = lines
                    .get(at + 1)
                    .is_some_and(|next| next.starts_with("| ---"));
                assert!(
                    rule,
                    "{}:{}: a row of no table: {line}",
                    page.display(),
                    at + 1
                );
            }
            before = line;
        }
    }
}

trait IntoStrings {
    fn into_strings(self) -> (String, String);
}

impl IntoStrings for (&'static str, String) {
    fn into_strings(self) -> (String, String) {
        (self.0.to_owned(), self.1)
    }
}

//! docs/exit-codes.md has every error kind, under its exit code and with its meaning, and no other;
//! so it has every value of `retry` and every fact.

use std::fs;
use std::path::Path;

use hsmboot::error::{Class, ErrorKind, FactForm, FactName, Retry};

use super::{pages, read, root};

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

/// The rows of a table in docs/exit-codes.md whose first cell is a name, after a heading up to the
/// next one of its level: the name, and the other cells.
fn rows_of(section: &str) -> Vec<(String, String)> {
    section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .map(|(name, rest)| (name.to_owned(), rest.strip_suffix(" |").unwrap().to_owned()))
        .collect()
}

/// The sections of docs/exit-codes.md from "Kinds" on: what stands before the first, and then each
/// heading with its text.
fn sections_of_kinds() -> (String, Vec<(String, String)>) {
    let page = read("docs/exit-codes.md");
    let (_, kinds) = page.split_once("## Kinds").unwrap();
    let mut parts = kinds.split("\n### ");
    let before = parts.next().unwrap().to_owned();
    let sections = parts
        .map(|part| part.split_once('\n').unwrap())
        .map(|(heading, text)| (heading.to_owned(), text.to_owned()))
        .collect();
    (before, sections)
}

/// The second table of docs/exit-codes.md: what `hsmboot lambda` answers for each code.
#[test]
fn every_exit_code_has_its_type_for_lambda() {
    let page = read("docs/exit-codes.md");
    let table = page
        .split("`errorType` of `hsmboot lambda` |")
        .nth(1)
        .unwrap();
    let rows: Vec<(i32, &str)> = table
        .lines()
        .skip(2)
        .map_while(|line| line.strip_prefix("| ")?.split_once(" | "))
        .flat_map(|(codes, name)| codes.split(", ").map(move |code| (code, name)))
        .map(|(code, name)| (code.parse().unwrap(), name.trim_end_matches(" |")))
        .collect();
    let codes: Vec<i32> = rows.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, [1, 2, 3, 4, 5, 6, 7, 8, 130, 143]);
    for (code, name) in rows {
        let class = Class::from_exit_code(code);
        assert_eq!(name, format!("`{}`", class.lambda_error_type()), "{code}");
    }
}

/// As "(`rejected`, 3)" or "3 (`rejected`)".
#[test]
fn a_kind_that_a_page_gives_with_a_code_has_that_code() {
    let mut found = 0;
    for page in pages() {
        let text = read(page.to_str().unwrap());
        let pieces: Vec<&str> = text.split('`').collect();
        for three in pieces.windows(3) {
            let kind = ErrorKind::ALL.iter().find(|kind| kind.name() == three[1]);
            let (Some(kind), Some(before)) = (kind, three[0].strip_suffix('(')) else {
                continue;
            };
            let code = match three[2].strip_prefix(", ") {
                Some(behind) => behind.split(')').next(),
                None if three[2].starts_with(')') => before.split_whitespace().next_back(),
                None => None,
            };
            if let Some(code) = code.and_then(|code| code.parse::<u8>().ok()) {
                let place = format!("{}: {}", page.display(), kind.name());
                assert_eq!(code, kind.class().exit_code(), "{place}");
                found += 1;
            }
        }
    }
    assert!(found > 20, "{found}");
}

#[test]
fn every_error_kind_is_documented_under_its_exit_code() {
    let documented: Vec<(u8, String, String)> = sections_of_kinds()
        .1
        .into_iter()
        .filter_map(|(heading, text)| Some((heading.split_once(':')?.0.parse().ok()?, text)))
        .flat_map(|(code, text)| {
            rows_of(&text)
                .into_iter()
                .map(move |(kind, rest)| (code, kind, rest))
        })
        .collect();
    let kinds: Vec<(u8, String, String)> = ErrorKind::ALL
        .iter()
        .map(|kind| {
            (
                kind.class().exit_code(),
                kind.name().to_owned(),
                format!("{} | {}", kind.retry().name(), kind.meaning()),
            )
        })
        .collect();
    for (kind, row) in kinds.iter().zip(&documented) {
        assert_eq!(
            kind, row,
            "src/error/kind.rs has one, docs/exit-codes.md the other"
        );
    }
    assert_eq!(kinds.len(), documented.len());
}

#[test]
fn the_values_of_retry_and_the_facts_are_documented() {
    let (before, sections) = sections_of_kinds();
    let values: Vec<String> = rows_of(&before).into_iter().map(|(name, _)| name).collect();
    assert_eq!(values, Retry::ALL.map(Retry::name));
    let (_, facts) = sections
        .iter()
        .find(|(heading, _)| heading == "Facts")
        .unwrap();
    let expected: Vec<(String, String)> = FactName::ALL
        .iter()
        .map(|fact| {
            (
                fact.name().to_owned(),
                format!("{} | {}", fact.form().name(), fact.meaning()),
            )
        })
        .collect();
    assert_eq!(rows_of(facts), expected);
}

/// The rule that docs/exit-codes.md gives, where it is one of whole classes.
#[test]
fn retry_follows_the_rule_of_the_page() {
    for kind in ErrorKind::ALL {
        let (retry, name) = (kind.retry(), kind.name());
        match kind.class() {
            Class::Rejected => assert_eq!(retry, Retry::Never, "{name}"),
            Class::Unfinished | Class::Interrupted => {
                assert_eq!(retry, Retry::SameCommand, "{name}");
            }
            Class::Usage | Class::Input | Class::Ca => assert_eq!(retry, Retry::AfterFix, "{name}"),
            Class::Machine => assert_ne!(retry, Retry::SameCommand, "{name}"),
            Class::Service => assert_ne!(retry, Retry::Never, "{name}"),
            Class::Conflict => {}
        }
    }
    for (kind, retry) in [
        (ErrorKind::Throttled, Retry::SameCommand),
        (ErrorKind::ClusterNotFound, Retry::AfterFix),
        (ErrorKind::NoHsm, Retry::AfterFix),
        (ErrorKind::ClaimedByAnotherCa, Retry::Never),
        (ErrorKind::Bug, Retry::Never),
    ] {
        assert_eq!(kind.retry(), retry, "{kind}");
    }
}

#[test]
fn every_fact_is_given_somewhere_and_is_in_the_schema() {
    let mut texts = Vec::new();
    sources(&root().join("src"), &mut texts);
    let unused: Vec<_> = FactName::ALL
        .iter()
        .filter(|fact| {
            let name = format!("FactName::{fact:?}");
            !texts.iter().any(|text| text.contains(&name))
        })
        .collect();
    assert!(unused.is_empty(), "{unused:?}");
    let schema: serde_json::Value =
        serde_json::from_str(&read("docs/schemas/common.schema.json")).unwrap();
    let properties = schema["$defs"]["error"]["properties"]["facts"]["properties"]
        .as_object()
        .unwrap();
    assert_eq!(properties.len(), FactName::ALL.len());
    for fact in FactName::ALL {
        let form = &properties[fact.name()];
        let wanted = match fact.form() {
            FactForm::Text => serde_json::json!({ "type": "string" }),
            FactForm::Sha256 => {
                serde_json::json!({ "$ref": "common.schema.json#/$defs/sha256" })
            }
            FactForm::Number => serde_json::json!({ "type": "integer", "minimum": 0 }),
            FactForm::Flag => serde_json::json!({ "type": "boolean" }),
            FactForm::Texts => {
                serde_json::json!({ "type": "array", "items": { "type": "string" } })
            }
        };
        assert_eq!(*form, wanted, "{}", fact.name());
    }
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

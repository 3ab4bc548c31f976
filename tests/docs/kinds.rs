//! docs/exit-codes.md has every error kind, under its exit code, and no other.

use std::collections::BTreeMap;
#[cfg(all(feature = "online", feature = "simulator"))]
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use hsmboot::error::Class;

use super::{read, root};

/// Literals in the form of a kind that are none: everything else in kebab-case has to be
/// documented, so that no kind is missed.
const NO_KINDS: &[&str] = &[
    // headers of HTTP
    "content-encoding",
    "content-type",
    "x-amz-target",
    // a thread
    "aws-files",
    // a program, and an argument of one, in hints
    "go-w",
    "ssh-keygen",
    // a thread
    "aws-files",
    // a service, as ARNs name it
    "acm-pca",
    // values in documents, and words on a terminal
    "already-claimed",
    "another-ca",
    "built-in",
    "ca-fingerprint",
    "ca-from-bundle",
    "ca-key",
    "new-ca",
    "response-fingerprint",
    "hsmboot-creation",
    "self-signed",
    "this-ca",
    // warnings, by names that no document shows
    "key-open-to-others",
    "key-passphrase-empty",
    "key-unencrypted",
    "key-weakly-encrypted",
    "module-open-to-others",
    "other-module",
    "passphrase-open-to-others",
    "token-key-extractable",
    // attributes of a pkcs11: URI (RFC 7512 2.3)
    "library-description",
    "library-manufacturer",
    "library-version",
    "module-name",
    "module-path",
    "pin-source",
    "pin-value",
    "slot-description",
    "slot-id",
    "slot-manufacturer",
];

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

fn is_kebab(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    parts.len() > 1 && parts.into_iter().all(part)
}

/// What a quoted literal at the beginning of `text` holds, if that is how it begins.
fn literal(text: &str) -> Option<&str> {
    text.trim_start()
        .strip_prefix('"')?
        .split_once('"')
        .map(|(literal, _)| literal)
}

/// Every kind that the code may give, and its exit code where that stands beside it.
fn in_code() -> BTreeMap<String, Option<u8>> {
    let mut texts = Vec::new();
    sources(&root().join("src"), &mut texts);
    let classes = [
        ("Machine", Class::Machine),
        ("Usage", Class::Usage),
        ("Rejected", Class::Rejected),
        ("Input", Class::Input),
        ("Ca", Class::Ca),
        ("Service", Class::Service),
        ("Unfinished", Class::Unfinished),
        ("Conflict", Class::Conflict),
        ("Interrupted", Class::Interrupted),
    ];
    let mut kinds = BTreeMap::new();
    for text in &texts {
        for quoted in text
            .split('"')
            .filter(|piece| is_kebab(piece) && !NO_KINDS.contains(piece))
        {
            kinds.entry(quoted.to_owned()).or_insert(None);
        }
        for (name, class) in classes {
            for rest in text.split(&format!("Class::{name},")).skip(1) {
                if let Some(kind) = literal(rest) {
                    kinds.insert(kind.to_owned(), Some(class.code()));
                }
            }
        }
    }
    kinds
}

/// Every kind in docs/exit-codes.md, with the code of the section it stands in.
fn in_docs() -> BTreeMap<String, u8> {
    let page = read("docs/exit-codes.md");
    let (_, kinds) = page.split_once("## Kinds").unwrap();
    let mut code = 0;
    let mut found = BTreeMap::new();
    for line in kinds.lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            code = heading.split_once(':').unwrap().0.parse().unwrap();
        } else if let Some(kind) = line
            .strip_prefix("| `")
            .and_then(|rest| rest.split_once('`'))
        {
            assert!(
                found.insert(kind.0.to_owned(), code).is_none(),
                "{} is there twice",
                kind.0
            );
        }
    }
    found
}

#[test]
fn every_error_kind_is_documented_under_its_exit_code() {
    let documented = in_docs();
    for (kind, code) in in_code() {
        let found = documented.get(&kind).copied();
        assert!(
            found.is_some(),
            "the code has `{kind}`: is it an error's kind, and missing in docs/exit-codes.md, or \
             one for NO_KINDS in this test?"
        );
        assert!(
            code.is_none() || code == found,
            "`{kind}` is documented under {found:?}, and is {code:?}"
        );
    }
}

#[test]
#[cfg(all(feature = "online", feature = "simulator"))]
fn no_error_kind_is_documented_that_the_code_has_not() {
    let mut texts = Vec::new();
    sources(&root().join("src"), &mut texts);
    let quoted: BTreeSet<&str> = texts.iter().flat_map(|text| text.split('"')).collect();
    let unknown: Vec<String> = in_docs()
        .into_keys()
        .filter(|kind| !quoted.contains(kind.as_str()))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
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
    let missing: Vec<String> = in_docs()
        .into_keys()
        .filter(|kind| !bare.contains(&kind.as_str()) && !page.contains(&format!("`{kind}`")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

//! One name means one thing, and a trust anchor is read where it enters and nowhere else.

use std::collections::BTreeMap;

use super::form::modules;

/// The type names that several modules declare, each with the reason.
const SHARED_NAMES: [(&str, &str); 9] = [
    ("Args", "each command's options, as clap names them"),
    ("Command", "each command's subcommands, as clap names them"),
    ("CreateArgs", "the options of the several commands `create`"),
    ("DeleteArgs", "the options of the several commands `delete`"),
    ("ListArgs", "the options of the several commands `list`"),
    ("ShowArgs", "the options of the several commands `show`"),
    ("Finding", "the one generic type, and its two forms"),
    ("Record", "the one generic type, and its two forms"),
    (
        "Attribute",
        "a name's; the simulator has a reading of its own",
    ),
];

/// The name of the type that a line declares. Associated types, which are indented, are no types of
/// their own.
fn declared_type(line: &str) -> Option<&str> {
    let code = line.trim_start();
    let code = ["pub(crate) ", "pub(super) ", "pub "]
        .iter()
        .find_map(|word| code.strip_prefix(word))
        .unwrap_or(code);
    let name = ["struct ", "enum ", "trait ", "union "]
        .iter()
        .find_map(|word| code.strip_prefix(word))
        .or_else(|| {
            code.strip_prefix("type ")
                .filter(|_| !line.starts_with(' '))
        })?;
    name.split(|c: char| !c.is_alphanumeric() && c != '_')
        .next()
        // A macro's `$type` has no name of its own.
        .filter(|name| !name.is_empty())
}

#[test]
fn no_type_name_is_declared_twice() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (module, code) in modules() {
        for name in code.lines().filter_map(declared_type) {
            places
                .entry(name.to_owned())
                .or_default()
                .push(module.join("/"));
        }
    }
    assert!(places.contains_key("TrustAnchor"), "the types are found");
    places.retain(|_, places| places.len() > 1);
    for (name, reason) in SHARED_NAMES {
        assert!(
            places.remove(name).is_some(),
            "{name} ({reason}) is declared once by now: take it off the list"
        );
    }
    assert!(places.is_empty(), "one name for several things: {places:?}");
}

/// The calls that read a trust anchor from bytes: module, call, how often, and whose bytes enter
/// there. Everything else takes a `TrustAnchor`.
const ENTRANCES: [(&str, &str, usize, &str); 15] = [
    ("check", FROM_FILE, 2, "the library's callers' bytes"),
    ("cli/owner", FROM_FILE, 1, "the operator's file"),
    ("cli/qr", FROM_FILE, 1, "the bundle's file"),
    ("cli/report", FROM_FILE, 1, "the bundle's file"),
    ("cli/sign/preconditions", FROM_FILE, 2, "the bundle's file"),
    ("cli/transcript", FROM_FILE, 1, "the bundle's file"),
    ("pca", "check::trust_anchor(", 1, "the service's answer"),
    (
        "cli/check",
        "crate::check::check;",
        1,
        "the operator's file",
    ),
    (
        "cli/sign/preconditions",
        "check::check(",
        1,
        "the bundle's file",
    ),
    ("cli/owner", READ, 1, "the operator's file"),
    ("cli/ca/show", READ, 1, "the operator's file"),
    ("cli/ca/issuer", READ, 1, "the operator's file"),
    ("cli/plan", READ, 1, "the operator's file"),
    (
        "cli/bootstrap/signing_ca/stage",
        READ,
        1,
        "the CA's own file",
    ),
    ("cli/lambda/allowed_ca", READ, 1, "the event's text"),
];
const FROM_FILE: &str = "TrustAnchor::from_file";
/// The function of `cli/owner` that words the error, which begins as the bundle's method does.
const READ: &str = "read_trust_anchor(";

#[test]
fn a_trust_anchor_is_read_where_it_enters_alone() {
    for (module, code) in modules() {
        let module = module.join("/");
        if module.starts_with("simulator") {
            continue;
        }
        // The bundle's method returns bytes, and takes none; what judges takes one that was read.
        let code = code
            .replace("read_trust_anchor()", "")
            .replace("fn read_trust_anchor(", "")
            .replace("judge_read_trust_anchor(", "");
        for call in [
            FROM_FILE,
            "check::trust_anchor(",
            "check::check(",
            "check::check;",
            READ,
        ] {
            let expected = ENTRANCES
                .iter()
                .find(|(place, entrance, ..)| *place == module && entrance.ends_with(call))
                .map_or(0, |(_, _, count, _)| *count);
            assert_eq!(
                code.matches(call).count(),
                expected,
                "{module} reads a trust anchor by {call}: pass the one that was read on"
            );
        }
    }
}

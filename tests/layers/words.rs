//! Words that this program makes itself are compared as values, never as text: what a kind, a
//! verdict, a status or a check is called may change without anybody's judgement changing.

use std::collections::{BTreeMap, BTreeSet};

use hsmboot::bundle::{AnnouncedCall, DocumentWord, OwnerProof, ReceiptOutcome};
use hsmboot::check::Rule;
use hsmboot::error::{ErrorKind, FactName};
use hsmboot::verify::{CheckId, Profile, Roots, Side, Status, Verdict};

use super::form::modules;

/// Where text is compared with a literal, and where the text comes from: not from this program.
const OUTSIDE: [(&str, &[&str]); 13] = [
    (
        "the kind of a terminal in the environment, or what it answers",
        &["cli/qr/pixels", "cli/qr/terminal", "cli/ui"],
    ),
    (
        "codes, texts, names and numbers of the service or of its SDK",
        &[
            "aws/arn",
            "aws/error",
            "aws/failure",
            "ca/key/kms/fault",
            "ca/key/kms/uri",
            "cli/backup/policy",
            "cli/text",
            "cloudhsm",
            "cloudhsm/cluster_name",
            "cloudhsm/limits",
            "pca/arn",
            "verify/hardware",
        ],
    ),
    (
        "the head or the address of an answer over HTTP",
        &["aws/document", "aws/endpoint", "aws/web"],
    ),
    (
        "object identifiers, labels and forms of a key or a certificate",
        &[
            "ca/key/container",
            "ca/key/legacy_pem",
            "ca/key/pbes1",
            "ca/key/pbes2",
            "ca/key/pkcs12/mac",
            "ca/key/plain",
            "ca/key/tidy",
            "claim/ownership/lenient",
            "cli/sign/preconditions",
            "verify/anchors",
            "verify/simulated",
            "x509/pem",
            "x509/pem/operators",
            "x509/time",
        ],
    ),
    (
        "a URI that the user wrote (RFC 7512)",
        &["ca/key/pkcs11/uri"],
    ),
    (
        "names of files and directories",
        &[
            "bundle/archive",
            "bundle/store/reading",
            "bundle/survey",
            "ca/fault/conversion",
            "cli/qr/show",
            "fsio",
            "fsio/descriptor",
            "fsio/dir",
        ],
    ),
    ("the name of a cluster", &["bundle/cluster_id"]),
    (
        "what was typed, or stands on the command line or in an option",
        &[
            "ca/passphrase",
            "cli/aws",
            "cli/consent",
            "cli/events",
            "cli/expect",
            "cli/manage",
            "cli/help",
            "cli/meta/completions",
            "cli/meta/man",
            "cli/near_miss",
            "cli/usage",
            "cli/qr/read",
            "cli/report",
            "cli/secret_options",
            "cli/settings",
            "cli/spelling",
            "cli/step",
        ],
    ),
    (
        "the members of an event, and what a stack says in them",
        &["cli/lambda/event", "cli/lambda/stack"],
    ),
    (
        "a command line that a document records",
        &["report/records", "report/standing", "report/transcript"],
    ),
    (
        "a document's format, or the text of a code that was scanned",
        &["quote", "qr/packed", "qr/parts"],
    ),
    (
        "the text itself, of whatever it is: its escapes, a line of /proc",
        &["outside", "cli/signals"],
    ),
    (
        "requests, and what they name: the simulator is a service",
        &[
            "simulator/actions/backups",
            "simulator/actions/create",
            "simulator/actions/create_hsm",
            "simulator/actions/policies",
            "simulator/actions/tags",
            "simulator/api",
            "simulator/arn",
            "simulator/certificate",
            "simulator/cluster_faults",
            "simulator/commands",
            "simulator/faults",
            "simulator/limits",
            "simulator/origin",
            "simulator/page",
            "simulator/page/read",
            "simulator/protocol",
            "simulator/server",
            "simulator/signature",
            "simulator/sigv4",
            "simulator/tag_lists",
        ],
    ),
];

/// A word of this program's that is a word of somebody else's as well, where it is that one.
const NAMESAKES: [(&str, &str, &str); 5] = [
    ("aws/arn", "aws", "the partition of an ARN"),
    ("ca/key/pkcs11/uri", "file", "a URI's scheme"),
    (
        "ca/key/pkcs11/uri",
        "manufacturer",
        "an attribute of RFC 7512",
    ),
    ("ca/key/pkcs11/uri", "token", "an attribute of RFC 7512"),
    (
        "simulator/faults",
        "InitializeCluster",
        "a request's action",
    ),
];

/// What says in text what a value says already: no such text is searched or compared.
const TOLD: [&str; 6] = [
    ".hint",
    ".message",
    ".detail",
    ".verdict_word()",
    ".kind.name()",
    ".id.as_str()",
];

const COMPARISONS: [&str; 6] = [
    ".contains(",
    ".starts_with(",
    ".ends_with(",
    ".strip_prefix(",
    ".strip_suffix(",
    ".eq_ignore_ascii_case(",
];

/// A literal of the code, with what stands before it and after it.
struct Literal<'a> {
    text: &'a str,
    before: &'a str,
    after: &'a str,
}

impl Literal<'_> {
    /// Tells whether something is compared with it: by an operator, by a method, or as the pattern
    /// of an arm.
    fn is_compared(&self) -> bool {
        let before = self
            .before
            .trim_end_matches(|c: char| c.is_whitespace() || c == 'b' || c == '&');
        let after = self
            .after
            .trim_start_matches(['#', ')', ' ', '\n', '\t', ']']);
        if before.ends_with("feature =") {
            return false;
        }
        before.ends_with("==")
            || before.ends_with("!=")
            || COMPARISONS.iter().any(|method| before.ends_with(method))
            || (before.ends_with('|') && before.trim_end_matches(['|', ' ']).ends_with('"'))
            || ["==", "!=", "=>", "if "]
                .iter()
                .any(|sign| after.starts_with(sign))
            || (after.starts_with("| ") && after[2..].trim_start().starts_with(['"', 'S', '(']))
    }
}

/// The literals of the code, in order.
fn literals(code: &str) -> Vec<Literal<'_>> {
    let octets = code.as_bytes();
    let (mut at, mut found) = (0, Vec::new());
    while at < octets.len() {
        match octets[at] {
            b'\'' if octets.get(at + 1) == Some(&b'\\') => {
                at += 3 + code[at + 3..].find('\'').unwrap();
            }
            b'\'' => {
                let c = code[at + 1..].chars().next().unwrap();
                // Else it is a lifetime.
                if code[at + 1 + c.len_utf8()..].starts_with('\'') {
                    at += 1 + c.len_utf8();
                }
            }
            b'"' => {
                let hashes = code[..at].len() - code[..at].trim_end_matches('#').len();
                let raw = code[..at - hashes].ends_with('r')
                    && !code[..at - hashes - 1].ends_with(|c: char| c.is_alphanumeric());
                let start = at + 1;
                let end = if raw {
                    start
                        + code[start..]
                            .find(&format!("\"{}", "#".repeat(hashes)))
                            .unwrap()
                } else {
                    let mut end = start;
                    while octets[end] != b'"' {
                        end += if octets[end] == b'\\' { 2 } else { 1 };
                    }
                    end
                };
                found.push(Literal {
                    text: &code[start..end],
                    before: &code[..at],
                    after: &code[end + 1..],
                });
                at = end;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// The literals that something is compared with, by module.
fn compared() -> BTreeMap<String, BTreeSet<String>> {
    modules()
        .into_iter()
        .map(|(module, code)| {
            let all = literals(&code)
                .into_iter()
                .filter(Literal::is_compared)
                .map(|literal| literal.text.to_owned())
                .collect::<BTreeSet<_>>();
            (module.join("/"), all)
        })
        .filter(|(_, all)| !all.is_empty())
        .collect()
}

/// Every word that this program has for a value of its own.
fn own_words() -> BTreeSet<&'static str> {
    fn words_of<T: DocumentWord>() -> impl Iterator<Item = &'static str> {
        T::all_values().map(DocumentWord::as_word)
    }
    let kinds = ErrorKind::ALL.iter().map(|kind| kind.name());
    let rules = Rule::ALL.into_iter().map(Rule::as_str);
    kinds
        .chain(FactName::ALL.iter().map(|fact| fact.name()))
        .chain(rules)
        .chain(words_of::<CheckId>())
        .chain(words_of::<Status>())
        .chain(words_of::<Verdict>())
        .chain(words_of::<Side>())
        .chain(words_of::<Profile>())
        .chain(words_of::<Roots>())
        .chain(words_of::<ReceiptOutcome>())
        .chain(words_of::<OwnerProof>())
        .chain(words_of::<AnnouncedCall>())
        .collect()
}

#[test]
fn text_is_compared_with_a_literal_only_where_it_comes_from_outside() {
    let may: BTreeSet<&str> = OUTSIDE
        .iter()
        .flat_map(|(_, modules)| modules.iter().copied())
        .collect();
    let compared = compared();
    let others: Vec<_> = compared
        .iter()
        .filter(|(module, _)| !may.contains(module.as_str()))
        .collect();
    assert!(
        others.is_empty(),
        "{others:#?}: what this program makes itself is an enum"
    );
    let idle: Vec<_> = may
        .iter()
        .filter(|module| !compared.contains_key(**module))
        .collect();
    assert!(idle.is_empty(), "{idle:?} compare nothing");
}

#[test]
fn no_text_is_compared_with_a_word_for_a_value_of_ours() {
    let own = own_words();
    let compared = compared();
    let found: BTreeSet<(&str, &str)> = compared
        .iter()
        .flat_map(|(module, literals)| literals.iter().map(|word| (module.as_str(), word.as_str())))
        .filter(|(_, word)| own.contains(word))
        .collect();
    let namesakes: BTreeSet<(&str, &str)> = NAMESAKES
        .iter()
        .map(|(module, word, _)| (*module, *word))
        .collect();
    assert_eq!(found, namesakes);
}

#[test]
fn no_sentence_of_ours_is_searched() {
    for (module, code) in modules() {
        let code = code.split_whitespace().collect::<Vec<_>>().join(" ");
        for told in TOLD {
            for (at, _) in code.match_indices(told) {
                let after = code[at + told.len()..].trim_start();
                let is_compared = ["== ", "!= "]
                    .iter()
                    .chain(&COMPARISONS)
                    .any(|sign| after.starts_with(sign));
                assert!(!is_compared, "{}: `{told}` is compared", module.join("/"));
            }
        }
    }
}

#[test]
fn a_comparison_with_a_literal_is_seen_in_every_form() {
    let is_seen = |code: &str| literals(code).iter().any(Literal::is_compared);
    for code in [
        r#"found.source == "given""#,
        r#"found.outcome != "already-claimed""#,
        r#""given" == found"#,
        r#"found.id.contains("sign")"#,
        r#"hint.contains("`openssl")"#,
        r#"text.starts_with( "no" )"#,
        r#"match x { "a" => 1 }"#,
        r#"match x { Some("a") if y => 1 }"#,
        r##"match x { Some(r#"a"#) => 1 }"##,
        r#"matches!(x, "a" | "b")"#,
        r#"if oid == b"DATA" {}"#,
        r#"let c = '"'; x == "a""#,
    ] {
        assert!(is_seen(code), "{code}");
    }
    for code in [
        r#"match x { Kind::A => "a", Kind::B => "b" }"#,
        r#"f("a"); g("b")"#,
        r#"x.map(|_| "a")"#,
        r#"let c = '"'; let d = '"';"#,
        r#"if x { "a" } else { "b" }"#,
    ] {
        assert!(!is_seen(code), "{code}");
    }
}

//! What an error's sentence holds is in its facts as well: where a message is made of values, facts
//! follow. The exceptions are listed, each with its reason, and the list may only become shorter.

use super::form::modules;

/// Functions and closures that make an error of the message they are given, and the part of the
/// crate where they are called: a call with a value in the message has facts of its own.
const MAKERS: [(&str, &str); 12] = [
    ("bundle/store", "changed_meanwhile"),
    ("bundle/transcript", "transcript_fault"),
    ("ca/passphrase", "no_passphrase"),
    ("ca/passphrase", "unfit"),
    ("ca/passphrase/command", "failed"),
    ("cli", "usage_error"),
    ("cli/bootstrap/create", "not_ordered_error"),
    ("cli/bootstrap/signing_ca/proof", "missing"),
    ("cli/ca/issuer", "refused"),
    ("cli/lambda/child", "bug_error"),
    ("cli/meta/completions", "unknown_shell_error"),
    ("cli/lambda/stack", "request_error"),
];

/// Where a message has a value and no fact beside it, by module and function, once for each, and
/// why.
const WITHOUT: [(&str, &[&str]); 5] = [
    (
        "the facts are added afterwards, to each of the function's errors",
        &[
            "aws/error::error_of",
            "aws/error::error_of",
            "bundle/store/reading::explain_fault",
            "bundle/store/reading::explain_fault",
            "bundle/store/reading::explain_fault",
            "bundle/store::written_meanwhile",
            "cli/bootstrap/create/as_ordered::check_as_ordered",
            "cli/hardware::rejection_error",
            "cli/hardware::rejection_error",
            "cli/lambda/allowed_ca::ca_not_allowed_error",
            "fsio/read::error_of",
            "fsio/read::input_error",
        ],
    ),
    (
        "it is one of the makers above",
        &[
            "bundle/store::changed_meanwhile",
            "cli/meta/completions::unknown_shell_error",
            "bundle/transcript::transcript_fault",
            "ca/passphrase/command::printed_line",
            "ca/passphrase::check_fit",
            "ca/passphrase::no_passphrase",
            "cli/bootstrap/create/as_ordered::not_ordered_error",
            "cli/bootstrap/signing_ca/proof::check_none_is_meant",
            "cli/ca/issuer::check_room_below",
            "cli/lambda/child::bug_error",
            "cli/lambda/event/values::usage_error",
            "cli/lambda/stack::request_error",
            "cli/manage::usage_error",
        ],
    ),
    (
        "the message is made of the program's own words, and has no value",
        &[
            "cli/code::ask_code",
            "cli/expect::ask_fingerprint",
            "cli/expect::read_agreement",
            "cli/manage::ask_to_delete",
        ],
    ),
    (
        "a fingerprint that was found would be given as the answer: it is not to be shown",
        &[
            "cli/code::another_code_error",
            "cli/expect::another_fingerprint_error",
        ],
    ),
    (
        "it has them in another way: from clap, or from each bundle's error in the document; a \
         bug's place is for those who mend it",
        &[
            "cli/many::many_error",
            "cli/ui::install_panic_hook",
            "cli/usage::report_clap_error",
        ],
    ),
];

/// A call in the code: what it is given, and whether facts follow it.
struct Call<'a> {
    arguments: Vec<&'a str>,
    has_facts: bool,
}

/// The place behind the parenthesis that closes the one before `at`, and the commas on the way.
fn end_of_call(code: &str, at: usize) -> (usize, Vec<usize>) {
    let bytes = code.as_bytes();
    let (mut depth, mut at, mut commas) = (1, at, Vec::new());
    let mut is_text = false;
    while depth > 0 {
        match bytes[at] {
            b'\\' if is_text => at += 1,
            b'"' => is_text = !is_text,
            _ if is_text => {}
            // A character: `'('`.
            b'\'' if bytes[at + 2] == b'\'' => at += 2,
            b'\'' if bytes[at + 1] == b'\\' && bytes[at + 3] == b'\'' => at += 3,
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            b',' if depth == 1 => commas.push(at),
            _ => {}
        }
        at += 1;
    }
    (at, commas)
}

impl<'a> Call<'a> {
    /// Reads the call whose arguments begin at `at`.
    fn read(code: &'a str, at: usize) -> Self {
        let (mut end, commas) = end_of_call(code, at);
        let mut arguments = Vec::new();
        let mut start = at;
        for comma in commas.into_iter().chain([end - 1]) {
            arguments.push(code[start..comma].trim());
            start = comma + 1;
        }
        let mut has_facts = false;
        // The methods that follow.
        while let Some(rest) = code[end..].trim_start().strip_prefix('.') {
            let name = rest.split('(').next().unwrap();
            if !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
                break;
            }
            has_facts |= name == "with_fact";
            let open = code.len() - rest.len() + name.len() + 1;
            end = end_of_call(code, open).0;
        }
        Call {
            arguments,
            has_facts,
        }
    }
}

/// Whether an argument is a text as it stands in the code.
fn is_plain_text(argument: &str) -> bool {
    let inside = argument
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    inside.is_some_and(|inside| !inside.replace("\\\"", "").contains('"'))
}

/// The function around a place in the code.
fn function_at(code: &str, at: usize) -> &str {
    let before = code[..at].rsplit_once("fn ").unwrap().1;
    let end = before.find(|c: char| !c.is_alphanumeric() && c != '_');
    &before[..end.unwrap()]
}

/// The functions in which an error's message has a value and no fact beside it.
fn without_facts() -> Vec<String> {
    let mut found = Vec::new();
    let mut count = 0;
    for (module, code) in &modules() {
        let module = module.join("/");
        let made = code.match_indices("Error::new(").filter_map(|(at, word)| {
            let is_own = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let call = Call::read(code, at + word.len());
            let message = call.arguments.get(1).copied().unwrap_or_default();
            (is_own && !call.has_facts && !is_plain_text(message)).then_some(at)
        });
        let made: Vec<usize> = made.collect();
        count += code.matches("Error::new(").count();
        let by_maker = MAKERS
            .iter()
            .filter(|(of, _)| module.starts_with(of))
            .flat_map(|(_, maker)| {
                code.match_indices(&format!("{maker}("))
                    .map(|(at, word)| (at, word.len()))
                    .collect::<Vec<_>>()
            })
            .filter(|(at, length)| {
                let before = &code[..*at];
                let is_definition = before.ends_with("fn ");
                let is_longer = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
                let call = Call::read(code, at + length);
                let has_value = call.arguments.iter().any(|one| one.contains("format!("));
                !is_definition && !is_longer && has_value && !call.has_facts
            })
            .map(|(at, _)| at);
        for at in made.into_iter().chain(by_maker) {
            found.push(format!("{module}::{}", function_at(code, at)));
        }
    }
    assert!(count > 250, "the scan finds {count} errors alone");
    found.sort();
    found
}

/// What is in one sorted list more often than in the other.
fn missing_in<'a>(other: &[String], all: &'a [String]) -> Vec<&'a str> {
    let times = |list: &[String], one: &String| list.iter().filter(|it| *it == one).count();
    let more = all.iter().filter(|one| times(all, one) > times(other, one));
    more.map(String::as_str).collect()
}

#[test]
fn a_value_in_an_errors_message_is_among_its_facts() {
    let listed: Vec<String> = WITHOUT
        .iter()
        .flat_map(|(_, places)| places.iter().map(|place| (*place).to_owned()))
        .collect();
    let found = without_facts();
    let new = missing_in(&listed, &found);
    assert!(
        new.is_empty(),
        "add what the message holds with `.with_fact(`, for programs: {new:#?}"
    );
    let gone = missing_in(&found, &listed);
    assert!(
        gone.is_empty(),
        "these have facts now: take them out of WITHOUT, in tests/layers/facts.rs: {gone:#?}"
    );
}

#[test]
fn the_scan_sees_an_error_without_facts() {
    let code = "fn a() { Error::new(K, format!(\"{x}\"), \"\") } fn b(c: char) { c == '('; \
                Error::new(K, format!(\"({x}\"), \"\").with_next(y(1)).with_fact(F, x) }";
    let calls: Vec<bool> = code
        .match_indices("Error::new(")
        .map(|(at, word)| Call::read(code, at + word.len()).has_facts)
        .collect();
    assert_eq!(calls, [false, true]);
    assert!(is_plain_text("\"a\""));
    assert!(!is_plain_text("concat!(\"a\", b)"));
    assert_eq!(function_at(code, 20), "a");
}

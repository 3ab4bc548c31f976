//! One part opens files, one shows text from outside, one writes to streams.

use super::*;

/// What opens, makes, moves or removes a file, or looks at one by its path, beside `fsio`: there it
/// is done once, by descriptor, without waiting and without following a link where that is not
/// meant.
const FILES: [&str; 24] = [
    "use std::fs;",
    "fs::{self",
    "fs::read",
    "fs::write",
    "fs::open",
    "fs::metadata",
    "fs::symlink_metadata",
    "fs::canonicalize",
    "fs::create",
    "fs::remove",
    "fs::rename",
    "fs::copy",
    "fs::hard_link",
    "fs::exists",
    "File::open",
    "File::options",
    "File::create",
    "OpenOptions",
    "openat",
    ".exists()",
    ".canonicalize()",
    ".read_link()",
    ".symlink_metadata()",
    "tempfile::",
];

#[test]
fn one_part_opens_files() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let parts = LAYERS
        .iter()
        .map(|(part, _)| *part)
        .filter(|part| *part != "fsio")
        .chain(["lib", "main"]);
    for (file, code) in parts.flat_map(code) {
        for name in FILES {
            // `fsio::open`, `fsio::read` and `StateFile::open` are what is wanted.
            let named =
                |at: usize| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let found = code
                .match_indices(name)
                .any(|(at, _)| !name.starts_with(char::is_alphabetic) || named(at));
            assert!(
                !found,
                "{}: {name}: files are opened by fsio",
                file.strip_prefix(&src).unwrap().display()
            );
        }
    }
}

/// The AWS SDK has one door for each service, and one for what they share.
#[test]
fn the_aws_sdk_is_named_where_its_services_are_called() {
    let doors = [
        "src/aws/",
        "src/ca/key/kms/",
        "src/cloudhsm/aws",
        "src/pca/",
    ];
    for (part, _) in LAYERS {
        for (file, code) in code(part) {
            let named = ["aws_sdk_", "aws_config", "aws_smithy"]
                .iter()
                .any(|name| code.contains(name));
            assert!(
                !named
                    || doors
                        .iter()
                        .any(|door| file.to_string_lossy().contains(door)),
                "{}",
                file.display()
            );
        }
    }
}

/// Text from outside has one gate. Nothing beside it tells characters that a terminal obeys from
/// others; what is stored or read by a rule of its own is named.
#[test]
fn text_from_outside_is_shown_by_one_gate() {
    // A document's own JSON, what may travel in an archive, and a tag's pattern (API Reference,
    // Tag).
    let own_rules = [
        "src/bundle/archive.rs",
        "src/bundle/documents.rs",
        "src/bundle/transcript/entry.rs",
        "src/cloudhsm/limits.rs",
    ];
    let signs = [
        "is_control",
        "is_ascii_control",
        "escape_debug",
        "escape_default",
        "escape_unicode",
        "\\u{202e}",
        "\\u{200b}",
    ];
    for (part, _) in LAYERS.iter().filter(|(part, _)| *part != "outside") {
        for (file, code) in code(part)
            .into_iter()
            .filter(|(file, _)| !own_rules.iter().any(|own| file.ends_with(own)))
        {
            for sign in signs {
                assert!(
                    !code.contains(sign),
                    "{} names {sign}: `outside` shows what is from outside",
                    file.display()
                );
            }
        }
    }
}

/// There is one way out for a terminal, `ui` for streams (by `standard_output` for results) and
/// `screen` for questions, and all write what `text` or `answer` has made of a text. Beside them
/// there is the passphrase prompt, which has no other part of the program above it, the screen
/// where codes stand, whose words `text` has made too, and clap's own pages.
#[test]
fn streams_and_terminals_are_written_by_one_way_out() {
    let may = [
        "src/cli/ui.rs",
        "src/cli/standard_output.rs",
        "src/cli/screen.rs",
        "src/cli/code_screen.rs",
        "src/cli/usage.rs",
        "src/ca/passphrase/terminal.rs",
    ];
    for (part, _) in LAYERS.iter().filter(|(part, _)| *part != "simulator") {
        for (file, code) in code(part)
            .into_iter()
            .filter(|(file, _)| !may.iter().any(|own| file.ends_with(own)))
        {
            let file = file.display();
            let streams =
                code.matches("io::stdout()").count() + code.matches("io::stderr()").count();
            let looked_at = code.matches("io::stdout().is_terminal()").count()
                + code.matches("io::stderr().is_terminal()").count()
                + code.matches("tcgetwinsize(std::io::stdout())").count();
            assert_eq!(streams, looked_at, "{file} writes to a stream itself");
            for way in [
                "anstream::std",
                "anstream::AutoStream",
                "fsio::open_terminal(",
                "\"/dev/tty\"",
                "println!",
                "eprint",
                "render_reset",
            ] {
                // Where the terminal is opened; where a style becomes an escape sequence.
                let home = matches!((way, part), ("\"/dev/tty\"", &"fsio"))
                    || (way == "render_reset" && file.to_string().ends_with("src/cli/text.rs"));
                assert!(
                    home || !code.contains(way),
                    "{file} names {way}: what is written passes the one way out"
                );
            }
        }
    }
    let prompt = code("ca")
        .into_iter()
        .find(|(file, _)| file.ends_with("src/ca/passphrase/terminal.rs"))
        .unwrap()
        .1;
    assert_eq!(
        prompt.matches("write_all(").count(),
        2,
        "a line break when the echo returns, and what has been shown"
    );
    assert!(prompt.contains("write_all(shown_lines(text).as_bytes())"));
}

/// What an error, a finding, a warning or a note says is made of lines, each shown by the gate:
/// `outside` makes them, and nothing else can. Two hand over a text of several lines: the
/// certificate that this program has just made, which an error must not lose, and clap's words,
/// where values are shown.
#[test]
fn what_is_said_is_made_of_lines() {
    for (part, _) in LAYERS.iter().filter(|(part, _)| *part != "outside") {
        for (file, code) in code(part) {
            let own = code.matches("Lines::from_own_text(").count();
            assert_eq!(
                own,
                usize::from(
                    ["src/cli/sign/response.rs", "src/cli/usage.rs"]
                        .iter()
                        .any(|may| file.ends_with(may))
                ),
                "{}: text of several lines",
                file.display()
            );
        }
    }
    let holds = |part: &str, file: &str, what: &str, times: usize| {
        let code = code(part)
            .into_iter()
            .find(|(path, _)| path.ends_with(file))
            .unwrap()
            .1;
        let joined = code.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(joined.matches(what).count(), times, "{file}: {what}");
    };
    holds(
        "outside",
        "src/outside/lines.rs",
        "pub struct Lines(String);",
        1,
    );
    holds("error", "src/error.rs", "pub message: Lines,", 1);
    holds("error", "src/error.rs", "pub hint: Lines,", 1);
    holds("checks", "src/checks/record.rs", "pub detail: Lines,", 1);
    holds("cli", "src/cli/ui.rs", "text: impl Into<Lines>)", 6);
    holds("x509", "src/x509/mod.rs", " sentence: String,", 1);
    let made_here = "Malformed { sentence: shown_on_a_line(";
    holds("x509", "src/x509/mod.rs", made_here, 1);
    holds("x509", "src/x509/mod.rs", "sentence: ", 2);
}

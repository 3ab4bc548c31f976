//! Runs of the program: what they came to, and that text and JSON say the same refusal.

use std::time::Duration;

use serde_json::Value;

use super::*;

/// The time after which a command hangs: far more than any command takes.
pub(super) const HANGS: Duration = Duration::from_secs(600);

/// The outcome of a run of the program.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Returns standard output, which must be exactly one JSON document and nothing else.
    pub fn json(&self) -> Value {
        let all: Vec<Value> = serde_json::Deserializer::from_str(&self.stdout)
            .into_iter()
            .collect::<Result<_, _>>()
            .unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.stdout));
        assert_eq!(all.len(), 1, "exactly one document: {}", self.stdout);
        assert!(
            self.stdout.ends_with("}\n"),
            "the document ends its last line: {:?}",
            self.stdout
        );
        all.into_iter().next().unwrap()
    }

    pub fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "\nstdout: {}\nstderr: {}",
            self.stdout, self.stderr
        );
        self
    }
}

pub fn run(mut command: Command) -> Run {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes UTF-8");
    let code = exit_code(&output, &command);
    Run {
        code,
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// Returns the text with `(time)` for every `2026-01-31T12:00:00Z`.
fn untimed(text: &str) -> String {
    const FORM: &str = "dddd-dd-ddTdd:dd:ddZ";
    let is_time = |rest: &str| {
        rest.len() >= FORM.len()
            && FORM
                .bytes()
                .zip(rest.bytes())
                .all(|(form, byte)| form == byte || (form == b'd' && byte.is_ascii_digit()))
    };
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if is_time(rest) {
            out.push_str("(time)");
            rest = &rest[FORM.len()..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// Asserts that text and JSON give the same refusal. Returns the message.
pub fn refusal(text: &Run, json: &Run, code: i32, kind: &str, words: &[&str]) -> String {
    let document = json.json();
    let error = &document["error"];
    let field = |name: &str| {
        error[name]
            .as_str()
            .unwrap_or_else(|| panic!("no error.{name} in {document:#}"))
    };
    assert_eq!(
        (error["code"].as_i64(), field("kind")),
        (Some(i64::from(code)), kind),
        "{document:#}"
    );
    assert_eq!((text.code, json.code), (code, code), "{}", text.stderr);
    let members: Vec<&str> = error
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .filter(|member| !["facts", "next"].contains(member))
        .collect();
    assert_eq!(
        members,
        ["code", "kind", "retry", "message", "hint"],
        "{error:#}"
    );
    assert!(!field("hint").is_empty(), "what to do next: {error:#}");
    let message = field("message").to_owned();
    for word in words {
        assert!(message.contains(word), "{word:?} is not in {message:?}");
    }
    // But for what differs from run to run: a certificate that was made, the options that clap saw,
    // the second in which it ran.
    let plain = message
        .split("\n-----BEGIN")
        .next()
        .unwrap()
        .split("\n\nUsage:")
        .next()
        .unwrap();
    assert!(
        text.stderr.contains("error: ") && untimed(&text.stderr).contains(&untimed(plain)),
        "the text says the same: {}",
        text.stderr
    );
    assert!(
        !text.stderr.contains("failed to") && !text.stderr.contains("os error"),
        "say what the system says with fsio::io_text, and what could not be done:\n{}",
        text.stderr
    );
    message
}

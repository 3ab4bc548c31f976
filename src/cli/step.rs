//! What a command says of itself in the bundle's transcript.

use super::TOOL;
use crate::bundle::{Digests, Step};
use crate::verify::{Record, Status};
use crate::x509::{Moment, hex, sha256};

/// Who does it.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct StepArgs {
    /// Who does this step, for the bundle's transcript
    #[arg(long, value_name = "NAME", env = "HSMBOOT_OPERATOR")]
    operator: Option<String>,
}

impl StepArgs {
    /// A step that begins now.
    pub(crate) fn begin(&self, now: Moment) -> Step<'static> {
        Step { time: Some(now), tool: TOOL, command: command_line(), host: host(), operator: self.operator.clone(), ..Step::default() }
    }
}

/// What was judged, and what was accepted.
pub(crate) fn judged<'a>(step: Step<'a>, record: &Record) -> Step<'a> {
    let accepted: Vec<String> = record.with(Status::Accepted).map(|finding| finding.id.to_string()).collect();
    Step { verdict: Some(record.verdict.as_str().to_owned()), accepted, reason: record.reason.clone(), ..step }
}

/// A file that was read besides the bundle's own.
pub(crate) fn given(path: &std::path::Path, content: &[u8]) -> Digests {
    Digests::from([(path.to_string_lossy().into_owned(), hex(&sha256(content)))])
}

/// The command line. It holds no secret by design but one: a PIN that somebody put into a `pkcs11:` URI (RFC 7512, `pin-value`). As `--ca-key` such a URI is
/// refused; in the place of another word it might still come here.
fn command_line() -> Vec<String> {
    std::env::args_os().map(|word| without_pin(&word.to_string_lossy())).collect()
}

fn without_pin(word: &str) -> String {
    const NAME: &str = "pin-value=";
    // In any case, as the URI's parser reads it. Of the same length as the word: only ASCII changes.
    let lower = word.to_ascii_lowercase();
    let mut out = String::new();
    let mut at = 0;
    while let Some(found) = lower.get(at..).and_then(|rest| rest.find(NAME)) {
        let value = at.saturating_add(found).saturating_add(NAME.len());
        out.push_str(word.get(at..value).unwrap_or_default());
        out.push_str("(withheld)");
        let rest = word.get(value..).unwrap_or_default();
        at = value.saturating_add(rest.find([';', '&', '?']).unwrap_or(rest.len()));
    }
    out + word.get(at..).unwrap_or_default()
}

fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_withheld() {
        assert_eq!(
            without_pin("pkcs11:token=ca;object=k?pin-value=1234&module-path=/m"),
            "pkcs11:token=ca;object=k?pin-value=(withheld)&module-path=/m"
        );
        assert_eq!(without_pin("pin-value=1 pin-value=2"), "pin-value=(withheld)");
        assert_eq!(without_pin("PKCS11:?Pin-Value=1234;é"), "PKCS11:?Pin-Value=(withheld);é");
        assert_eq!(without_pin("--days"), "--days");
    }
}

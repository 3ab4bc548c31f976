//! A command's own entry in the bundle's transcript.

use super::TOOL;
use super::secret_options::{WITHHELD, is_passphrase_command, names_no_passphrase};
use super::ui::Ui;
use super::variable::unless_empty;
use crate::bundle::{Bundle, Digests, Seal, Transcript, TranscriptStep};
use crate::ca::CaKey;
use crate::error::{Error, ErrorKind, FactName, Result};
#[cfg(feature = "online")]
use crate::hint::NextCommand;
use crate::outside::keys::holds_key;
use crate::outside::words::{without_pin, without_userinfo};
use crate::outside::{Lines, OutsideText, is_obeyed};
use crate::verify::{Record, Status};
use crate::x509::{Moment, PublicKey, sha256, to_hex};

/// The option that names who does a step.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct StepArgs {
    /// The name of who does this step, for the bundle's transcript
    #[arg(
        long,
        value_name = "NAME",
        env = unless_empty("HSMBOOT_OPERATOR"),
        value_parser = parse_operator,
    )]
    operator: Option<String>,
}

impl StepArgs {
    /// Returns a step that begins now.
    pub(crate) fn begin_step(&self, now: Moment) -> TranscriptStep<'static> {
        TranscriptStep {
            time: Some(now),
            tool: TOOL,
            command: command_line(),
            host: host_name(),
            operator: self.operator.clone().map(Into::into),
            ..TranscriptStep::default()
        }
    }
}

/// The longest name of an operator, in characters.
const MAX_OPERATOR: usize = 200;

fn parse_operator(text: &str) -> std::result::Result<String, String> {
    match check_short_text(text, MAX_OPERATOR)?.trim() {
        "" => Err("a name is expected".to_owned()),
        name => Ok(name.to_owned()),
    }
}

/// Checks a text that is recorded and shown again elsewhere: it is bounded, and holds nothing that
/// a terminal would obey or hide.
pub(crate) fn check_short_text(text: &str, max: usize) -> std::result::Result<&str, String> {
    match text.chars().count() {
        length if length > max => Err(format!(
            "it has {length} characters, expected at most {max}"
        )),
        _ if text.chars().any(|c| is_obeyed(c) && c != '\t') => {
            Err("it has control characters in it, expected text".to_owned())
        }
        // It would be in a bundle that travels.
        _ if holds_key(text) => Err("it looks like a private key, expected text".to_owned()),
        _ => Ok(text),
    }
}

/// Returns the reason why a bundle's transcript is known not to record all that was done to it;
/// `None` where it may.
fn transcript_gap(bundle: &Bundle) -> Option<Lines> {
    // One that does not hold in itself is refused when the step is written.
    let transcript = Transcript::read(bundle.store()).ok()?;
    if transcript.entries().is_empty() {
        let what = "the bundle has a request.json and no transcript: `fetch` writes both, so one \
                    was left behind or taken away";
        return bundle.request().map(|_| what.into());
    }
    let error = transcript
        .account_for(bundle.store(), Some(bundle.id()), None)
        .err()?;
    Some(
        error
            .message
            .prefixed_with("the transcript does not account for the bundle: "),
    )
}

/// Warns if a bundle's transcript does not account for its files, before more is built on them. No
/// step relies on a transcript, so the step goes on.
pub(crate) fn warn_of_gaps(bundle: &Bundle, ui: &Ui) {
    if let Some(gap) = transcript_gap(bundle) {
        ui.warn(&gap);
    }
}

/// Refuses such a transcript before a seal: a seal over a record that is known to be wrong would be
/// worse than none.
///
/// # Errors
/// Class `Input`, `bad-transcript`.
pub(crate) fn refuse_gaps(bundle: &Bundle) -> Result<()> {
    match transcript_gap(bundle) {
        None => Ok(()),
        Some(gap) => Err(Error::new(
            ErrorKind::BadTranscript,
            format!("nothing is sealed, and nothing was signed: {gap}"),
            "sign without --seal, or start a new bundle",
        )
        .with_fact(FactName::Cause, gap)),
    }
}

/// Makes a seal with the CA's key, and checks it with the CA's certificate before it is written, as
/// every signature is.
///
/// # Errors
/// Class `Ca`: the key does not sign, or `bad-signature`.
pub(crate) fn make_seal(key: &dyn CaKey, ca: &PublicKey, sealed: &[u8]) -> Result<Seal> {
    let seal = Seal::new(key.signature_algorithm(), &key.sign(sealed)?);
    if seal.is_by(ca, sealed) {
        return Ok(seal);
    }
    Err(Error::new(
        ErrorKind::BadSignature,
        "the CA's key made a seal that does not verify",
        "look after the key, or what holds it; sign without --seal",
    ))
}

/// Returns the step with the verdict, the roots that the user gave, and what was accepted.
pub(crate) fn with_judgement<'a>(
    step: TranscriptStep<'a>,
    record: &Record,
    roots: &Digests,
) -> TranscriptStep<'a> {
    let accepted: Vec<String> = record
        .with(Status::Accepted)
        .map(|finding| finding.id.to_string())
        .collect();
    TranscriptStep {
        // Of the chains alone nothing follows for a key: the record has what was found.
        verdict: (!record.terms.chains_only).then_some(record.verdict),
        accepted,
        reason: record.terms.reason.clone(),
        given: roots.clone(),
        ..step
    }
}

/// Returns the name and digest of a file that is not the bundle's own. The name has a `/` in it,
/// which none of the bundle's has: `./customerCA.crt` is not the bundle's.
pub(crate) fn given_file_digest(path: &std::path::Path, content: &[u8]) -> Digests {
    let path = crate::outside::stored_path(path);
    let name = if path.contains('/') {
        path
    } else {
        format!("./{path}")
    };
    Digests::from([(name, to_hex(&sha256(content)))])
}

/// The longest word of a command line that is recorded whole, in characters.
const MAX_WORD: usize = 500;

fn shorten_word(word: &str) -> String {
    let short: String = word.chars().take(MAX_WORD).collect();
    match word.chars().count().saturating_sub(MAX_WORD) {
        0 => short,
        more => format!("{short}… ({more} characters more)"),
    }
}

/// Returns the command line. It holds no secret by design but two: a PIN that somebody put into a
/// `pkcs11:` URI (RFC 7512, `pin-value`), which is refused as `--ca-key` and might still come here
/// in place of another word; and what a shell's command for the passphrase has in it.
fn command_line() -> Vec<OutsideText> {
    let words = super::settings::effective_words()
        .into_iter()
        .map(crate::outside::stored_path);
    without_secrets(words)
        .map(|word| shorten_word(&without_userinfo(&without_pin(&word))).into())
        .collect()
}

/// Withholds the command that prints the passphrase: it may hold a token of a secret manager, or
/// the passphrase itself. So is what was pasted in the place of a name: a passphrase, or a key.
fn without_secrets(words: impl Iterator<Item = String>) -> impl Iterator<Item = String> {
    let is_secret = |option: &str, value: &str| {
        is_passphrase_command(option) || names_no_passphrase(option, value)
    };
    let mut option = String::new();
    words.map(move |word| {
        let before = std::mem::replace(&mut option, word.clone());
        if is_secret(&before, &word) || holds_key(&word) {
            return WITHHELD.to_owned();
        }
        match word.split_once('=') {
            Some((option, value)) if is_secret(option, value) => format!("{option}={WITHHELD}"),
            _ => word,
        }
    })
}

/// Returns this very command with more words at its end, for a hint; `None` where a word of it
/// cannot be shown unchanged, or must not be.
#[cfg(feature = "online")]
pub(crate) fn repeated_command(more: &[&str]) -> Option<NextCommand> {
    let words: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|word| word.into_string().ok())
        .collect::<Option<_>>()?;
    let kept = |word: &String| {
        crate::outside::shown_text(word) == *word
            && without_userinfo(&without_pin(word)) == *word
            && !word.split('=').next().is_some_and(is_passphrase_command)
    };
    let again: Vec<String> = ["hsmboot".to_owned()]
        .into_iter()
        .chain(words.iter().filter_map(|word| without_yes(word)))
        .chain(more.iter().map(|word| (*word).to_owned()))
        .collect();
    words.iter().all(kept).then(|| NextCommand::new(again))
}

/// Returns a word of a command line without `--yes`: the answer to a question that was not asked
/// yet is no part of the command. Its letter may stand among others, `-qy`.
#[cfg(feature = "online")]
fn without_yes(word: &str) -> Option<String> {
    let letters = word.strip_prefix('-').filter(|letters| {
        !letters.is_empty() && letters.chars().all(|letter| letter.is_ascii_alphabetic())
    });
    match letters {
        Some(letters) => {
            let others = letters.replace('y', "");
            (!others.is_empty()).then(|| format!("-{others}"))
        }
        None => (word != "--yes").then(|| word.to_owned()),
    }
}

fn host_name() -> OutsideText {
    String::from_utf8_lossy(rustix::system::uname().nodename().to_bytes())
        .into_owned()
        .into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A key that signs something else than it is asked to.
    struct Confused(crate::ca::FileKey);

    impl CaKey for Confused {
        fn spki(&self) -> &[u8] {
            self.0.spki()
        }

        fn signature_algorithm(&self) -> &[u8] {
            self.0.signature_algorithm()
        }

        fn sign(&self, tbs: &[u8]) -> Result<Vec<u8>> {
            self.0.sign(&[tbs, b" "].concat())
        }
    }

    #[test]
    fn a_seal_that_does_not_verify_is_not_written() {
        let key = crate::ca::NewKey::generate(crate::ca::KeyType::P256)
            .unwrap()
            .to_file_key()
            .unwrap();
        let public = PublicKey::from_der(key.spki(), "the key").unwrap();
        assert!(
            make_seal(&key, &public, b"a step")
                .unwrap()
                .is_by(&public, b"a step")
        );
        let error = make_seal(&Confused(key), &public, b"a step").unwrap_err();
        assert_eq!(
            (error.exit_code(), error.kind),
            (5, ErrorKind::BadSignature)
        );
    }

    #[cfg(feature = "online")]
    #[test]
    fn an_answer_is_no_part_of_a_command() {
        for (word, left) in [
            ("--yes", None),
            ("-y", None),
            ("-qy", Some("-q")),
            ("-q", Some("-q")),
            ("yes", Some("yes")),
            ("--yesterday", Some("--yesterday")),
            ("-", Some("-")),
        ] {
            assert_eq!(without_yes(word).as_deref(), left, "{word}");
        }
    }
}

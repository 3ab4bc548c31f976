//! Codes: the thirty digits of a CA's certificate or of a transcript's line, that people write down
//! in one place and read out in another.

use super::screen::Screen;
use crate::bundle::{Bundle, CA_FILE, Digests, Fingerprint, Part};
use crate::error::{Error, ErrorKind, Result};
use crate::fsio::MAX_INPUT;
use crate::outside::shown_text;
use crate::x509::pem::{self, Label};
use crate::x509::{sha256, to_hex};

/// What a code is of, and which command shows it.
#[derive(Clone, Copy)]
pub(crate) struct CodeOf {
    pub(crate) what: &'static str,
    pub(crate) shown_by: &'static str,
}

/// Asks on the terminal for the code that stands on somebody's paper.
///
/// # Errors
/// Class `Rejected`, `not-compared`: there is no terminal, or no answer.
pub(crate) fn ask_code(of: CodeOf) -> Result<Fingerprint> {
    let unanswered = |why: &str| {
        Error::new(
            ErrorKind::NotCompared,
            format!("the code of the {} was not compared: {why}", of.what),
            format!("`{}` shows it, where it was written down", of.shown_by),
        )
    };
    let Some(mut screen) = Screen::open() else {
        return Err(unanswered("there is no terminal to ask at"));
    };
    for _ in 0..3 {
        let question = format!("code of the {}, from the paper: ", of.what);
        let Some(answer) = screen.ask(question) else {
            break;
        };
        match answer.parse() {
            Ok(code) => return Ok(code),
            Err(fault) => screen.show(format!("{}\n", shown_text(&fault))),
        }
    }
    Err(unanswered("it was not given"))
}

/// Says that the code on the paper is another one, and how far it differs.
pub(crate) fn another_code_error(of: CodeOf, noted: Fingerprint, found: Fingerprint) -> Error {
    let groups: Vec<String> = noted
        .differing_groups(found)
        .iter()
        .map(ToString::to_string)
        .collect();
    Error::new(
        ErrorKind::AnotherFingerprint,
        format!(
            "this is not the {} whose code was noted: of the 6 groups these differ: {}",
            of.what,
            groups.join(", ")
        ),
        "read the paper again, digit by digit; if it stays so, stop here: it is another one",
    )
}

/// Returns a SHA-256 in groups of eight digits, as people compare it.
pub(crate) fn group_digits(digest: &str) -> String {
    let digits: Vec<char> = digest.chars().collect();
    let groups: Vec<String> = digits
        .chunks(8)
        .map(|group| group.iter().collect())
        .collect();
    groups.join(" ")
}

/// Returns files of a bundle as lines: a certificate or a CSR with the SHA-256 of its DER, as every
/// command shows it, and any other with that of the file.
pub(crate) fn digest_lines(bundle: &Bundle, files: &Digests) -> String {
    let mut of_der: Vec<(String, String)> = Vec::new();
    let parts = Part::ALL.map(|part| part.file_name(bundle.id()));
    for name in parts.into_iter().chain([CA_FILE.to_owned()]) {
        let text = bundle
            .store()
            .read(&name, "a file of the bundle", MAX_INPUT);
        let der = text.ok().and_then(|text| {
            [Label::Certificate, Label::CertificateRequest]
                .into_iter()
                .find_map(|label| pem::decode(&text, label).ok())
        });
        of_der.extend(der.map(|der| (name, to_hex(&sha256(&der)))));
    }
    let mut lines = String::new();
    for (name, digest) in files.iter() {
        let der = of_der.iter().find(|(own, _)| *name == *own);
        match der {
            Some((_, der)) => {
                lines.push_str(&format!("  {name}\n    SHA-256 {}\n", group_digits(der)))
            }
            None => lines.push_str(&format!("  {name}\n    SHA-256 of the file {digest}\n")),
        }
    }
    lines
}

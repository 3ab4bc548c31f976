//! Codes: the thirty digits of a CA's certificate or of a transcript's line, that people write down
//! in one place and read out in another.

use std::collections::BTreeMap;

use super::screen::Screen;
use crate::bundle::{Bundle, CA_FILE, ClusterId, Digests, Fingerprint, Part, Store};
use crate::error::{Error, ErrorKind, Result};
use crate::fsio::MAX_INPUT;
use crate::outside::{OutsideText, shown_text};
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

/// The certificates and the CSR that lie in a bundle: by the SHA-256 of the file, that of its DER.
#[derive(Clone, Debug, Default)]
pub(crate) struct DerDigests(BTreeMap<String, String>);

impl DerDigests {
    /// Reads those of a cluster's bundle. What cannot be read has none.
    pub(crate) fn read(store: &Store, id: &ClusterId) -> Self {
        let parts = Part::ALL.map(|part| part.file_name(id));
        let names = parts.into_iter().chain([CA_FILE.to_owned()]);
        let of_file = |name: String| {
            let text = store.read(&name, "a file of the bundle", MAX_INPUT).ok()?;
            let der = [Label::Certificate, Label::CertificateRequest]
                .into_iter()
                .find_map(|label| pem::decode(&text, label).ok())?;
            Some((to_hex(&sha256(&text)), to_hex(&sha256(&der))))
        };
        DerDigests(names.filter_map(of_file).collect())
    }

    /// Returns the SHA-256 of the DER in the file that has this one.
    pub(crate) fn of_file(&self, digest: &OutsideText) -> Option<&str> {
        self.0.get(digest.as_raw()).map(String::as_str)
    }

    /// Returns a line about a file: of a certificate or a CSR the SHA-256 of its DER, as every
    /// command shows it, and of any other that of the file.
    pub(crate) fn line(&self, digest: &OutsideText) -> String {
        match self.of_file(digest) {
            Some(der) => format!("    SHA-256 {}\n", group_digits(der)),
            None => format!("    SHA-256 of the file {digest}\n"),
        }
    }
}

/// Returns files of a bundle as lines.
pub(crate) fn digest_lines(bundle: &Bundle, files: &Digests) -> String {
    let of_der = DerDigests::read(bundle.store(), bundle.id());
    files
        .iter()
        .map(|(name, digest)| format!("  {name}\n{}", of_der.line(digest)))
        .collect()
}

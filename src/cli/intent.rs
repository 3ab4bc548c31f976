//! The lines about what is going to happen, on the screen before a question.

use super::code::group_digits;
use super::hardware::proof_style;
use super::ui::{BOLD, RED, StyledText, YELLOW, styled};
use crate::bundle::Fingerprint;
use crate::verify::{Record, Roots, Status, Verdict};
use crate::x509::{TrustAnchor, name_text, to_hex};

/// A headline, and rows of a label and a value.
pub(crate) struct IntentLines(StyledText);

impl IntentLines {
    pub(crate) fn new(headline: impl Into<String>) -> Self {
        IntentLines(StyledText::from([
            styled(BOLD, headline),
            StyledText::from("\n"),
        ]))
    }

    /// Appends a row.
    pub(crate) fn push_line(&mut self, label: &str, value: impl Into<StyledText>) {
        self.0.push([
            StyledText::from(format!("  {label:8}  ")),
            value.into(),
            StyledText::from("\n"),
        ]);
    }

    /// Appends the verdict on the HSM, and the roots that it rests on. `None`: nothing was judged.
    pub(crate) fn push_hsm(&mut self, record: Option<&Record>) {
        self.push_line("HSM", hsm_text(record));
    }

    /// Appends the CA's names, digests and ends, and those of the CAs above it.
    pub(crate) fn push_ca(&mut self, trust_anchor: &TrustAnchor) {
        for (at, certificate) in trust_anchor.certificates().enumerate() {
            let label = if at == 0 { "CA" } else { "under" };
            self.push_line(label, name_text(certificate.subject()).to_string());
            self.push_line(
                "",
                format!(
                    "SHA-256 {}",
                    group_digits(&to_hex(&certificate.fingerprint()))
                ),
            );
            if at == 0 {
                let code = Fingerprint::of_ca(&to_hex(&certificate.fingerprint()));
                self.push_line("", format!("code {code}"));
            }
            self.push_line("", format!("ends {}", certificate.not_after()));
        }
    }

    pub(crate) fn into_text(self) -> StyledText {
        self.0
    }
}

fn hsm_text(record: Option<&Record>) -> StyledText {
    let Some(record) = record.filter(|record| record.verdict == Verdict::Verified) else {
        return styled(RED, "UNVERIFIED: nothing proves that the key is an HSM's");
    };
    let roots = record.terms.roots;
    let text = match roots {
        Roots::BuiltIn => "verified against the built-in roots".to_owned(),
        Roots::Simulated => roots.verified_word().to_owned(),
        Roots::Given => {
            let given: Vec<&str> = record
                .terms
                .anchors
                .iter()
                .filter(|anchor| !anchor.is_built_in())
                .map(|anchor| anchor.side.anchor_noun())
                .collect();
            format!("{}: {}", roots.verified_word(), given.join(", "))
        }
    };
    match record.with(Status::Accepted).count() {
        0 => styled(proof_style(roots), text),
        accepted => styled(YELLOW, format!("{text}; with {accepted} accepted")),
    }
}

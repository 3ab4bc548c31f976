//! The files that a signature adds to a bundle, and the result that describes it.

use serde_json::json;

use super::preconditions::holds_trust_anchor;
use crate::bundle::{
    self, Bundle, CA_FILE, Digests, Fingerprint, Part, RESPONSE, Response, SignatureOrigin,
    TranscriptStep, Waiver,
};
use crate::check::Pair;
use crate::cli::code::group_digits;
use crate::cli::output::next_lines;
use crate::cli::run_options::complete_command;
use crate::cli::ui::{
    CommandOutput, Effect, RED, StyledText, Ui, path_value, styled, with_members,
};
use crate::cli::{TOOL, hardware, verify};
use crate::error::Result;
use crate::fsio::NewFile;
use crate::hint::{self, NextCommand};
use crate::outside::Lines;
use crate::owner;
use crate::verify::{Evidence, Record};
use crate::x509::{Moment, name_text, sha256, to_hex};

/// A pair that passed `check`, with the facts for `response.json`.
pub(crate) struct SignedPair<'a> {
    pub(crate) bundle: &'a Bundle,
    pub(crate) pair: &'a Pair,
    pub(crate) evidence: &'a Evidence,
    /// The record of the evidence.
    pub(crate) record: &'a Record,
    /// The reason why it was signed although it does not verify.
    pub(crate) unverified: Option<Waiver>,
    pub(crate) origin: SignatureOrigin,
    pub(crate) signed_at: Moment,
    /// True if files of other content may be replaced.
    pub(crate) force: bool,
}

/// Who made the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CertificateMaker {
    /// This run signed it.
    ThisRun,
    /// A CA signed it elsewhere, and this run took it over.
    Elsewhere,
}

/// The facts about a signature that `sign` and `import` print.
pub(crate) struct SignatureSummary {
    pub(crate) maker: CertificateMaker,
    pub(crate) request: Fingerprint,
    /// True if somebody compared the fingerprint.
    pub(crate) compared: bool,
    /// True if this run wrote the signature.
    pub(crate) changed: bool,
    /// The options that a later command needs: those that name the owner, and those that judge the
    /// bundle alike.
    pub(crate) again: Vec<String>,
}

impl SignedPair<'_> {
    /// Returns the same for a pair that an earlier run left. Facts that only its own record knows
    /// are taken from there.
    pub(crate) fn with_recorded_origin(self) -> Self {
        let recorded = self.bundle.response().ok().flatten();
        let (signed_at, origin) = recorded
            .map(|response| {
                (
                    response.signed_at,
                    SignatureOrigin {
                        ca_key: response.ca_key,
                        issued_by: response.issued_by,
                    },
                )
            })
            .unwrap_or_else(|| {
                (
                    self.pair.signed_cert().not_before(),
                    SignatureOrigin::default(),
                )
            });
        SignedPair {
            signed_at,
            origin,
            ..self
        }
    }

    /// Returns the content of `response.json`: see [`Response`].
    pub(crate) fn to_response(&self) -> Response {
        let SignedPair { bundle, pair, .. } = *self;
        let csr_text = self.evidence.csr.as_deref().unwrap_or_default();
        Response {
            format: Response::FORMAT.to_owned(),
            cluster_id: bundle.id().clone(),
            signed_at: self.signed_at,
            tool: TOOL.into(),
            files: Digests::from([
                (Part::Csr.file_name(bundle.id()), to_hex(&sha256(csr_text))),
                (
                    Part::SignedCert.file_name(bundle.id()),
                    to_hex(&sha256(pair.signed_cert_pem().as_bytes())),
                ),
                (
                    CA_FILE.to_owned(),
                    to_hex(&sha256(pair.trust_anchor_pem().as_bytes())),
                ),
            ]),
            csr_sha256: to_hex(&pair.csr().fingerprint()).into(),
            signed_cert_sha256: to_hex(&pair.signed_cert().fingerprint()).into(),
            ca_fingerprint: to_hex(&pair.trust_anchor().signing_ca().fingerprint()).into(),
            chain_sha256: pair
                .trust_anchor()
                .certificates_above()
                .iter()
                .map(|above| to_hex(&above.fingerprint()).into())
                .collect(),
            ca_key: self.origin.ca_key.clone(),
            issued_by: self.origin.issued_by.clone(),
            verdict: self.record.verdict.into(),
            unverified: self.unverified.clone(),
        }
    }

    /// Writes the four files that `sign` adds, and the transcript's step, all or none.
    pub(crate) fn write(&self, step: &TranscriptStep<'_>) -> Result<Response> {
        let SignedPair {
            bundle,
            pair,
            force,
            ..
        } = *self;
        let response = self.to_response();
        let (record, document) = (
            bundle::to_document(self.record),
            bundle::to_document(&response),
        );
        let (signed_pem, anchor_pem) = (pair.signed_cert_pem(), pair.trust_anchor_pem());
        let files = [
            NewFile::readable(
                CA_FILE,
                anchor_pem.as_bytes(),
                force || holds_trust_anchor(bundle, pair.trust_anchor()),
            ),
            NewFile::readable(bundle::VERIFICATION, &record, true),
            NewFile::readable(RESPONSE, &document, true),
            NewFile::readable(
                Part::SignedCert.file_name(bundle.id()),
                signed_pem.as_bytes(),
                force,
            ),
        ];
        bundle.write(&files, step).map(|()| response)
    }

    /// Does the same as [`SignedPair::write`] for what was signed just now. A signature once made
    /// is not lost: the error carries the certificate.
    pub(crate) fn write_keeping_certificate(&self, step: &TranscriptStep<'_>) -> Result<Response> {
        self.write(step).map_err(|mut error| {
            let (signed_pem, anchor_pem) =
                (self.pair.signed_cert_pem(), self.pair.trust_anchor_pem());
            error.message = error
                .message
                .followed_by("the certificate was signed and is not lost:")
                .followed_by(Lines::from_own_text(signed_pem.trim_end()));
            error.with_document(json!({ "signed_cert": signed_pem, "trust_anchor": anchor_pem }))
        })
    }

    /// Returns the command's result.
    pub(crate) fn signing_output(
        &self,
        response: &Response,
        told: &SignatureSummary,
        ui: &Ui,
    ) -> CommandOutput {
        let SignedPair { bundle, pair, .. } = *self;
        let SignatureSummary {
            maker,
            request,
            compared,
            changed,
            again,
        } = told;
        let back = owner::SignedResponse::from_pair(pair).fingerprint(bundle.id());
        // What people read is in the text, but for what `many` shows of each bundle.
        let for_programs = ui.has_document();
        let members = json!({
            "bundle": path_value(bundle.path()),
            "verification": for_programs.then(|| verify::record_document(self.record)),
            "request_fingerprint": request,
            "request_compared": compared,
            "response_fingerprint": back,
            "ca_code": Fingerprint::of_ca(&to_hex(&pair.trust_anchor().signing_ca().fingerprint())),
        });
        let document = match for_programs {
            true => serde_json::to_value(response).unwrap_or_default(),
            false => json!({}),
        };
        let document = with_members(document, members);
        let roots = self.record.terms.roots;
        let proof = match response.unverified {
            Some(_) => styled(RED, "UNVERIFIED: no proof that the key is an HSM's"),
            None => styled(hardware::proof_style(roots), hardware::proof_text(roots)),
        };
        // `submit` asks again for what was waived here, and why: that is decided anew. What was
        // accepted, and its reason, are options of this run.
        let waived = match &response.unverified {
            Some(_) => &["--unverified", "--reason", "TEXT"][..],
            None => &[],
        };
        let first = match (changed, maker) {
            (true, CertificateMaker::ThisRun) => format!("signed {}", bundle.id()),
            (true, CertificateMaker::Elsewhere) => {
                format!("imported the certificate of {}", bundle.id())
            }
            (false, _) => format!(
                "nothing changed: {} is signed already, by this very CA and for this very CSR",
                bundle.id()
            ),
        };
        let dir = hint::path_word(bundle.path(), "DIR");
        let submit = NextCommand::new(["hsmboot", "submit", &dir])
            .with_words(again.iter())
            .with_words(waived.iter().copied());
        let next = [complete_command(submit)];
        let rest = format!(
            "\n  signed certificate  {}\n    SHA-256 {}\n    valid {} to {}\n  \
             trust anchor        {}\n    SHA-256 {}{}\n  fingerprint of the request   \
             {request}{}\n  fingerprint of the response  {back}\n{}",
            bundle.part_place(Part::SignedCert),
            group_digits(&response.signed_cert_sha256.to_string()),
            pair.signed_cert().not_before(),
            pair.signed_cert().not_after(),
            bundle.place(CA_FILE),
            group_digits(&response.ca_fingerprint.to_string()),
            response
                .chain_sha256
                .iter()
                .map(|above| format!("\n      above {}", group_digits(&above.to_string())))
                .collect::<String>(),
            if *compared {
                ", as expected"
            } else {
                ", compared by nobody"
            },
            next_lines(&next),
        );
        let text = StyledText::from([
            StyledText::from(format!("{first}\n  ")),
            proof,
            StyledText::from(rest),
        ]);
        CommandOutput::success(Effect::when(*changed), document, text).with_next(next)
    }
}

/// Warns if a CA changed the CSR's subject: no rule of InitializeCluster forbids that, and nobody
/// has documented that it works.
pub(crate) fn note_subject(pair: &Pair, ui: &Ui) {
    let (asked, made) = (pair.csr().subject(), pair.signed_cert().subject());
    if asked != made {
        let (asked, made) = (name_text(asked), name_text(made));
        let how = if asked == made {
            ", the same text in another encoding"
        } else {
            ""
        };
        ui.warn([
            "the CA changed the subject: whether CloudHSM takes that is not documented".to_owned(),
            format!("  CSR          {asked}"),
            format!("  certificate  {made}{how}"),
        ]);
    }
}

/// Warns where days were asked for, and the certificate that stands has another end than they would
/// give: what is signed already is left as it is.
pub(crate) fn warn_of_other_days(pair: &Pair, days: Option<u32>, ui: &Ui) {
    const DAY: i64 = 24 * 60 * 60;
    let Some(days) = days else {
        return;
    };
    let (begin, end) = (
        pair.signed_cert().not_before(),
        pair.signed_cert().not_after(),
    );
    let wanted = begin
        .plus_seconds(i64::from(days).saturating_mul(DAY))
        .min(pair.trust_anchor().not_after());
    // A certificate begins some minutes or an hour before it is signed: that is no other day.
    let apart = end.unix_seconds().saturating_sub(wanted.unix_seconds());
    if apart.saturating_abs() >= DAY {
        ui.warn(format!(
            "--days {days} changes nothing: the certificate that stands is valid from {begin} to \
             {end}; --force signs anew"
        ));
    }
}

/// Returns the notes of `check` on a pair that is fit, one sentence each. They are worth knowing
/// before it is sent, since a claim cannot be taken back.
pub(crate) fn pair_notes(pair: &Pair) -> Vec<String> {
    pair.notes()
        .iter()
        .map(|note| format!("{}: {}", note.id, note.detail))
        .collect()
}

/// Shows the notes, whether or not somebody is asked later.
pub(crate) fn show_notes(pair: &Pair, ui: &Ui) {
    pair_notes(pair).iter().for_each(|note| ui.warn(note));
}

//! What a signature adds to a bundle, and the answer that tells of it.

use serde_json::json;

use super::before::holds;
use crate::bundle::{
    self, Bundle, CA_FILE, Digests, Fingerprint, Origin, Part, RESPONSE, Response, Step, Waiver,
};
use crate::check::Pair;
use crate::cli::ui::{Outcome, Ui, path_value};
use crate::cli::{TOOL, verify};
use crate::error::Result;
use crate::fsio::NewFile;
use crate::hint;
use crate::outside::Lines;
use crate::owner;
use crate::verify::{Evidence, Record, Roots, Status};
use crate::x509::{Moment, hex, name_text, sha256};

/// A pair that `check` has passed, and what `response.json` says of it.
pub(crate) struct Signed<'a> {
    pub(crate) bundle: &'a Bundle,
    pub(crate) pair: &'a Pair,
    pub(crate) evidence: &'a Evidence,
    /// How the evidence was judged.
    pub(crate) record: &'a Record,
    /// Why it was signed although it does not verify.
    pub(crate) unverified: Option<Waiver>,
    pub(crate) origin: Origin,
    pub(crate) signed_at: Moment,
    /// Files of other content may be replaced.
    pub(crate) force: bool,
}

/// What `sign` and `import` tell of a signature.
pub(crate) struct Told {
    pub(crate) request: Fingerprint,
    /// Whether somebody compared it.
    pub(crate) compared: bool,
    /// Whether this run wrote it.
    pub(crate) changed: bool,
    /// The words that a later command needs: what names the owner, and what judges the bundle
    /// alike.
    pub(crate) again: Vec<String>,
}

impl Signed<'_> {
    /// The same of a pair that an earlier run left. What nothing but its own record knows of it is
    /// told as that has it.
    pub(crate) fn left_before(self) -> Self {
        let recorded = self.bundle.response().ok().flatten();
        let (signed_at, origin) = recorded
            .map(|response| {
                (
                    response.signed_at,
                    Origin {
                        ca_key: response.ca_key,
                        issued_by: response.issued_by,
                    },
                )
            })
            .unwrap_or_else(|| (self.pair.signed_cert().not_before(), Origin::default()));
        Signed {
            signed_at,
            origin,
            ..self
        }
    }

    /// See [`Response`].
    pub(crate) fn response(&self) -> Response {
        let Signed { bundle, pair, .. } = *self;
        let csr_text = self.evidence.csr.as_deref().unwrap_or_default();
        Response {
            format: Response::FORMAT.to_owned(),
            cluster_id: bundle.id().clone(),
            signed_at: self.signed_at,
            tool: TOOL.into(),
            files: Digests::from([
                (Part::Csr.file_name(bundle.id()), hex(&sha256(csr_text))),
                (
                    Part::SignedCert.file_name(bundle.id()),
                    hex(&sha256(pair.signed_cert_pem().as_bytes())),
                ),
                (
                    CA_FILE.to_owned(),
                    hex(&sha256(pair.trust_anchor_pem().as_bytes())),
                ),
            ]),
            csr_sha256: hex(&pair.csr().fingerprint()).into(),
            signed_cert_sha256: hex(&pair.signed_cert().fingerprint()).into(),
            ca_fingerprint: hex(&pair.trust_anchor().first().fingerprint()).into(),
            chain_sha256: pair
                .trust_anchor()
                .above()
                .iter()
                .map(|above| hex(&above.fingerprint()).into())
                .collect(),
            ca_key: self.origin.ca_key.clone(),
            issued_by: self.origin.issued_by.clone(),
            verdict: self.record.verdict_word().into(),
            unverified: self.unverified.clone(),
        }
    }

    /// Writes the four files that `sign` adds, and the step, all or none.
    pub(crate) fn write(&self, step: &Step<'_>) -> Result<Response> {
        let Signed {
            bundle,
            pair,
            force,
            ..
        } = *self;
        let response = self.response();
        let (record, document) = (bundle::document(self.record), bundle::document(&response));
        let (signed_pem, anchor_pem) = (pair.signed_cert_pem(), pair.trust_anchor_pem());
        let file = |name: &str, content, replace| NewFile {
            name: name.to_owned(),
            content,
            mode: 0o644,
            replace,
        };
        let files = [
            file(
                CA_FILE,
                anchor_pem.as_bytes(),
                force || holds(bundle, pair.trust_anchor()),
            ),
            file(bundle::VERIFICATION, &record, true),
            file(RESPONSE, &document, true),
            file(
                &Part::SignedCert.file_name(bundle.id()),
                signed_pem.as_bytes(),
                force,
            ),
        ];
        bundle.write(&files, step).map(|()| response)
    }

    /// The same of what was signed just now. A signature once made is not lost: an error carries
    /// the certificate.
    pub(crate) fn keep(&self, step: &Step<'_>) -> Result<Response> {
        self.write(step).map_err(|mut error| {
            let (signed_pem, anchor_pem) =
                (self.pair.signed_cert_pem(), self.pair.trust_anchor_pem());
            error.message = error
                .message
                .and("the certificate was signed and is not lost:")
                .and(Lines::own(signed_pem.trim_end()));
            error.with_document(json!({ "signed_cert": signed_pem, "trust_anchor": anchor_pem }))
        })
    }

    /// What the command says.
    pub(crate) fn answer(&self, response: &Response, told: &Told) -> Outcome {
        let Signed { bundle, pair, .. } = *self;
        let Told {
            request,
            compared,
            changed,
            again,
        } = told;
        let back = owner::Response::of(pair).fingerprint(bundle.id());
        let mut document = serde_json::to_value(response).unwrap_or_default();
        if let Some(object) = document.as_object_mut() {
            object.insert("changed".to_owned(), json!(changed));
            object.insert("bundle".to_owned(), path_value(bundle.path()));
            object.insert("verification".to_owned(), verify::document(self.record));
            object.insert("request_fingerprint".to_owned(), json!(request));
            object.insert("request_compared".to_owned(), json!(compared));
            object.insert("response_fingerprint".to_owned(), json!(back));
        }
        let proof = match response.unverified {
            Some(_) => "UNVERIFIED: no proof that the key is an HSM's",
            None if self.record.terms.roots == Roots::BuiltIn => {
                "verified: the CSR is a genuine HSM's"
            }
            None => "verified: the CSR is an HSM's, by roots that were given",
        };
        // `submit` asks again for what was waived or accepted here, and why.
        let accepted = self.record.with(Status::Accepted).next().is_some();
        let reason = match response.unverified {
            Some(_) => &["--unverified", "--reason", "TEXT"][..],
            None if accepted => &["--reason", "TEXT"],
            None => &[],
        };
        let first = match changed {
            true => format!("signed {}", bundle.id()),
            false => format!(
                "nothing changed: {} is signed already, by this very CA and for this very CSR",
                bundle.id()
            ),
        };
        let dir = hint::path(bundle.path(), "DIR");
        let submit = ["hsmboot", "submit", &dir]
            .into_iter()
            .chain(again.iter().map(String::as_str))
            .chain(reason.iter().copied());
        let text = format!(
            "{first}\n  {proof}\n  signed certificate  {}\n    SHA-256 {}\n    valid {} to {}\n  \
             trust anchor        {}\n    SHA-256 {}{}\n  fingerprint of the request   \
             {request}{}\n  fingerprint of the response  {back}\nnext: {}\n",
            bundle.part(Part::SignedCert),
            response.signed_cert_sha256,
            pair.signed_cert().not_before(),
            pair.signed_cert().not_after(),
            bundle.place(CA_FILE),
            response.ca_fingerprint,
            response
                .chain_sha256
                .iter()
                .map(|above| format!("\n      above {above}"))
                .collect::<String>(),
            if *compared {
                ", as expected"
            } else {
                ", compared by nobody"
            },
            hint::line(&submit.collect::<Vec<_>>()),
        );
        Outcome::done(document, text)
    }
}

/// Says so where a CA did not take the CSR's subject as it is: no rule of InitializeCluster's
/// forbids that, and nobody has documented that it works.
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

/// What `check` has noted of a pair that is fit, one sentence each: worth knowing before it is
/// sent, since a claim cannot be taken back.
pub(crate) fn notes(pair: &Pair) -> Vec<String> {
    pair.notes()
        .iter()
        .map(|note| format!("{}: {}", note.id, note.detail))
        .collect()
}

/// Shows them, whether or not somebody is asked later.
pub(crate) fn show_notes(pair: &Pair, ui: &Ui) {
    notes(pair).iter().for_each(|note| ui.warn(note));
}

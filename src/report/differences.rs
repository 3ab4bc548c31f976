//! What the bundle's documents say, held against what was judged: each difference, for a person to
//! look into.

use serde::Serialize;

use super::Facts;
use super::chain::another;
use super::transcript::standing;
use super::view::View;
use crate::bundle::{
    Digests, Noted, RECEIPT, REQUEST, RESPONSE, Receipt, Response, TRANSCRIPT, Told, VERIFICATION,
};
use crate::claim::ownership::{self, Expected, Judgement, OwnerCertificate, Ownership};
use crate::outside::{Lines, OutsideText, shown_text};
use crate::verify::Profile;
use crate::x509::{Certificate, Csr, TrustAnchor, hex, sha256};

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The file of the bundle that says something else.
    pub file: &'static str,
    /// What it is about.
    pub about: Lines,
    /// What the file says.
    pub recorded: Lines,
    /// What was found.
    pub found: Lines,
}

/// All of them, document by document. An empty list says only that whoever wrote the documents knew
/// what the files hold.
pub fn differences(facts: &Facts) -> Vec<Difference> {
    of(&View::of(facts))
}

pub(super) fn of(view: &View<'_>) -> Vec<Difference> {
    let mut list = List {
        view,
        file: REQUEST,
        found: Vec::new(),
    };
    let survey = &view.facts.survey;
    list.document(REQUEST, &survey.request, |list, request| {
        list.cluster(request.cluster_id.as_str());
        list.files(&request.files);
    });
    list.document(VERIFICATION, &survey.verification, List::verification);
    list.document(RESPONSE, &survey.response, List::response);
    list.document(RECEIPT, &survey.receipt, List::receipt);
    list.transcript();
    list.own_ca();
    list.found
}

/// The judgement of the cluster's certificate in a receipt: whose it is, and for which key. `None`:
/// the receipt does not hold it.
pub(super) fn claim_in(view: &View<'_>, receipt: &Receipt) -> Option<Judgement> {
    let text = receipt.cluster_certificate.as_ref()?.raw();
    let own = view
        .facts
        .own_ca
        .as_ref()
        .map(|(own, _)| own.trust_anchor())
        .or(view.trust_anchor.as_ref());
    let owner = own.map(OwnerCertificate::all_of).unwrap_or_default();
    let expected = Expected {
        csr_spki: view.csr.as_ref().map(Csr::spki),
        signed_cert: view.signed_cert.as_ref().map(Certificate::der),
    };
    Some(ownership::judge(text, &owner, &expected))
}

/// Whose a claimed cluster is, in words.
pub(super) fn says(ownership: &Ownership) -> String {
    match ownership {
        Ownership::ThisCertificate => "the very certificate that was signed".to_owned(),
        Ownership::AnotherCertificate => {
            "another certificate by this CA, for this CSR’s key".to_owned()
        }
        Ownership::NoCsrToCompare => {
            "a certificate by this CA; the bundle holds no CSR to compare its key with".to_owned()
        }
        Ownership::AnotherKey => {
            "a certificate by this CA for another key than this CSR’s".to_owned()
        }
        Ownership::AnotherCa => "another CA’s certificate".to_owned(),
        Ownership::CannotBeJudged(doubt) => doubt.to_string(),
    }
}

struct List<'v, 'a> {
    view: &'v View<'a>,
    file: &'static str,
    found: Vec<Difference>,
}

impl List<'_, '_> {
    fn document<T>(
        &mut self,
        file: &'static str,
        document: &Told<T>,
        compare: impl FnOnce(&mut Self, &T),
    ) {
        self.file = file;
        match document {
            Told::Absent => {}
            Told::Damaged(why) => self.add("the document itself", "", why),
            Told::Tells(told) => compare(self, told),
        }
    }

    fn add(
        &mut self,
        about: impl Into<Lines>,
        recorded: impl Into<Lines>,
        found: impl Into<Lines>,
    ) {
        self.found.push(Difference {
            file: self.file,
            about: about.into(),
            recorded: recorded.into(),
            found: found.into(),
        });
    }

    fn compare(&mut self, about: &str, recorded: &str, found: &str) {
        if !recorded.eq_ignore_ascii_case(found) {
            self.add(about, shown_text(recorded), found);
        }
    }

    fn cluster(&mut self, recorded: &str) {
        self.compare(
            "the cluster",
            recorded,
            self.view.facts.survey.cluster_id.as_str(),
        );
    }

    /// A digest of what is in the bundle; where that cannot be read, other findings say so.
    fn digest(&mut self, about: &str, recorded: &str, found: Option<[u8; 32]>) {
        if let Some(found) = found {
            self.compare(&format!("SHA-256 of {about}"), recorded, &hex(&found));
        }
    }

    fn files(&mut self, digests: &Digests) {
        for (name, recorded) in digests {
            match self
                .view
                .facts
                .survey
                .files
                .iter()
                .find(|seen| *name == seen.name)
                .map(|seen| &seen.content)
            {
                None => self.add(
                    format!("the file {name}"),
                    recorded.to_string(),
                    "no bundle of this cluster has such a file",
                ),
                Some(None) => self.add(format!("the file {name}"), recorded.to_string(), "missing"),
                Some(Some(Err(why))) => self.add(
                    format!("the file {name}"),
                    recorded.to_string(),
                    why.clone(),
                ),
                Some(Some(Ok(content))) => self.digest(
                    &format!("the file {name}"),
                    recorded.raw(),
                    Some(sha256(content)),
                ),
            }
        }
    }

    fn verdict(&mut self, recorded: &str) {
        self.compare(
            "the verdict",
            recorded,
            self.view.facts.verification.verdict_word(),
        );
    }

    fn verification(&mut self, noted: &Noted) {
        let judged = &self.view.facts.verification;
        let policy = if judged.terms.policy == Profile::Attestation {
            "attestation"
        } else {
            "rfc5280"
        };
        self.verdict(noted.verdict.raw());
        self.compare("the policy", noted.policy.raw(), policy);
        for anchor in &judged.terms.anchors {
            let side = if anchor.side == crate::verify::Side::Aws {
                "aws"
            } else {
                "manufacturer"
            };
            let recorded = noted
                .anchors
                .iter()
                .find(|noted| noted.side == side)
                .map_or("none", |noted| noted.key_sha256.raw());
            self.compare(
                &format!("the {side} anchor’s key, SHA-256"),
                recorded,
                &anchor.key_sha256,
            );
        }
        for check in &judged.checks {
            let recorded = noted
                .checks
                .iter()
                .find(|noted| noted.id == check.id.as_str())
                .map_or("not listed", |noted| noted.status.raw());
            self.compare(
                &format!("the check {}", check.id),
                recorded,
                check.status.as_str(),
            );
        }
        for stray in noted.checks.iter().filter(|noted| {
            !judged
                .checks
                .iter()
                .any(|check| noted.id == check.id.as_str())
        }) {
            self.add(
                format!("the check {}", stray.id),
                stray.status.to_string(),
                "there is no such check",
            );
        }
    }

    fn response(&mut self, response: &Response) {
        self.cluster(response.cluster_id.as_str());
        self.files(&response.files);
        self.digest(
            "the CSR’s DER",
            response.csr_sha256.raw(),
            self.view.csr.as_ref().map(|csr| csr.fingerprint()),
        );
        self.pair(
            response.signed_cert_sha256.raw(),
            response.ca_fingerprint.raw(),
            &response.chain_sha256,
        );
        self.verdict(response.verdict.raw());
    }

    fn pair(&mut self, signed_cert: &str, trust_anchor: &str, chain: &[OutsideText]) {
        let anchor = self.view.trust_anchor.as_ref();
        self.digest(
            "the signed certificate’s DER",
            signed_cert,
            self.view.signed_cert.as_ref().map(Certificate::fingerprint),
        );
        self.digest(
            "the trust anchor’s DER",
            trust_anchor,
            anchor.map(|anchor| anchor.first().fingerprint()),
        );
        let above: Vec<String> = anchor
            .map(TrustAnchor::above)
            .unwrap_or_default()
            .iter()
            .map(|above| hex(&above.fingerprint()))
            .collect();
        let recorded: Vec<&str> = chain.iter().map(OutsideText::raw).collect();
        if anchor.is_some() && recorded != above {
            self.add(
                "the DER of the certificates above the CA’s",
                recorded.join(", "),
                above.join(", "),
            );
        }
    }

    fn receipt(&mut self, receipt: &Receipt) {
        self.cluster(receipt.cluster_id.as_str());
        if let Some(recorded) = &receipt.csr_sha256 {
            self.digest(
                "the CSR’s DER",
                recorded.raw(),
                self.view.csr.as_ref().map(|csr| csr.fingerprint()),
            );
        }
        self.pair(
            receipt.signed_cert_sha256.raw(),
            receipt.trust_anchor_sha256.raw(),
            &receipt.chain_sha256,
        );
        match claim_in(self.view, receipt) {
            Some(claim) => self.claim(receipt, &claim),
            None if receipt.cluster_certificate_sha256 != receipt.signed_cert_sha256
                && another(self.view, receipt).is_some() =>
            {
                self.add(
                    "the certificate that the cluster showed",
                    receipt.cluster_certificate_sha256.to_string(),
                    "another one than was sent",
                );
            }
            None => {}
        }
        if let Some(verdict) = &receipt.verdict {
            self.verdict(verdict.raw());
        }
    }

    /// The certificate that the cluster showed, judged as every command judges it.
    fn claim(&mut self, receipt: &Receipt, claim: &Judgement) {
        self.compare(
            "SHA-256 of the certificate that the cluster showed",
            receipt.cluster_certificate_sha256.raw(),
            &hex(&claim.shown.fingerprint),
        );
        if !matches!(
            claim.ownership,
            Ownership::ThisCertificate | Ownership::AnotherCertificate
        ) {
            self.add(
                "whose certificate the cluster showed",
                "this CA’s, for this CSR",
                says(&claim.ownership),
            );
        }
    }

    fn transcript(&mut self) {
        self.file = TRANSCRIPT;
        let survey = &self.view.facts.survey;
        for fault in standing(self.view).faults {
            self.add("the transcript", "", fault);
        }
        let steps = survey
            .transcript
            .told()
            .map(|trail| trail.holds.entries())
            .unwrap_or_default();
        let judged = self.view.facts.verification.verdict_word();
        for step in steps.iter().filter(|step| {
            step.verdict
                .as_ref()
                .is_some_and(|verdict| *verdict != judged)
        }) {
            self.add(
                format!("the verdict of step {}", step.step),
                step.verdict.clone().unwrap_or_default().to_string(),
                judged,
            );
        }
    }

    /// The trust anchor that travelled, held against the CA certificate that did not.
    fn own_ca(&mut self) {
        self.file = self.view.facts.survey.trust_anchor_file();
        if let (Some(file), Some((own, _)), Some(found)) = (
            self.view.another_ca(),
            &self.view.facts.own_ca,
            &self.view.trust_anchor,
        ) {
            let all = |anchor: &TrustAnchor| {
                anchor
                    .fingerprints()
                    .iter()
                    .map(|digest| hex(digest))
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            self.add(
                format!("the trust anchor is not the CA of {file}"),
                all(found),
                all(own.trust_anchor()),
            );
        }
    }
}

//! Compares the bundle's documents with the judgement, and lists each difference for a person to
//! look into.

use serde::Serialize;

use super::PageFacts;
use super::chain::describe_mismatch;
use super::standing::judge_transcript;
use super::view::PageView;
use crate::bundle::{
    Digests, DocumentWord, NotedVerification, NotedWord, RECEIPT, REQUEST, RESPONSE, Receipt,
    Response, SurveyedDocument, TRANSCRIPT, VERIFICATION,
};
use crate::claim::ownership::{
    self, Doubt, ExpectedClaim, OwnerCertificate, Ownership, OwnershipJudgement,
};
use crate::outside::{Lines, OutsideText, shown_text};
use crate::verify::Verdict;
use crate::x509::{Certificate, Csr, TrustAnchor, sha256, to_hex};

/// A difference between a document and the judgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The file of the bundle that says something else.
    pub file: &'static str,
    /// The subject of the difference.
    pub about: Lines,
    /// The value that the file records.
    pub recorded: Lines,
    /// The value that was found.
    pub found: Lines,
}

/// Returns all differences, document by document. An empty list says only that the author of the
/// documents knew the content of the files.
pub fn find_differences(facts: &PageFacts) -> Vec<Difference> {
    differences_in(&PageView::from_facts(facts))
}

pub(super) fn differences_in(view: &PageView<'_>) -> Vec<Difference> {
    let mut list = DifferenceList {
        view,
        file: REQUEST,
        found: Vec::new(),
    };
    let survey = &view.facts.survey;
    list.compare_document(REQUEST, &survey.request, |list, request| {
        list.compare_cluster(request.cluster_id.as_str());
        list.compare_files(&request.files);
    });
    list.compare_document(
        VERIFICATION,
        &survey.verification,
        DifferenceList::compare_verification,
    );
    list.compare_document(RESPONSE, &survey.response, DifferenceList::compare_response);
    list.compare_document(RECEIPT, &survey.receipt, DifferenceList::compare_receipt);
    list.compare_transcript();
    list.compare_own_ca();
    list.found
}

/// Judges the cluster's certificate in a receipt: its owner and its key. Returns `None` where the
/// receipt does not hold it.
pub(super) fn judge_receipt_claim(
    view: &PageView<'_>,
    receipt: &Receipt,
) -> Option<OwnershipJudgement> {
    let text = receipt.cluster_certificate.as_ref()?.as_raw();
    let own = view
        .facts
        .own_ca
        .as_ref()
        .map(|(own, _)| own.trust_anchor())
        .or(view.facts.trust_anchor.as_ref());
    let owner = own.map(OwnerCertificate::all_of).unwrap_or_default();
    let expected = ExpectedClaim {
        csr_spki: view.csr.as_ref().map(Csr::spki),
        signed_cert: view.signed_cert.as_ref().map(Certificate::as_der),
    };
    Some(ownership::judge_ownership(text, &owner, &expected))
}

/// Tells whether a receipt speaks of a claim that is not known to be the owner's, for this CSR's
/// key: it names another trust anchor than the CA that the user gave, or shows such a certificate.
pub(super) fn is_anothers_claim(view: &PageView<'_>, receipt: &Receipt) -> bool {
    let names_another = view.facts.own_ca.as_ref().is_some_and(|(own, _)| {
        receipt.trust_anchor_sha256 != to_hex(&own.trust_anchor().signing_ca().fingerprint())
    });
    let shows_another = judge_receipt_claim(view, receipt).is_some_and(|claim| {
        !matches!(
            claim.ownership,
            Ownership::ThisCertificate
                | Ownership::AnotherCertificate
                | Ownership::NoCsrToCompare
                | Ownership::CannotBeJudged(Doubt::NoCa)
        )
    });
    names_another || shows_another
}

/// Describes the owner of a claimed cluster in words.
pub(super) fn describe_ownership(ownership: &Ownership) -> String {
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

/// The subject of the differences between two verdicts.
const THE_VERDICT: &str = "the verdict";

struct DifferenceList<'v, 'a> {
    view: &'v PageView<'a>,
    file: &'static str,
    found: Vec<Difference>,
}

impl DifferenceList<'_, '_> {
    fn compare_document<T>(
        &mut self,
        file: &'static str,
        document: &SurveyedDocument<T>,
        compare: impl FnOnce(&mut Self, &T),
    ) {
        self.file = file;
        match document {
            SurveyedDocument::Absent => {}
            SurveyedDocument::Damaged(why) => self.add("the document itself", "", why),
            SurveyedDocument::Read(told) => compare(self, told),
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

    fn compare_texts(&mut self, about: &str, recorded: &str, found: &str) {
        if !recorded.eq_ignore_ascii_case(found) {
            self.add(about, shown_text(recorded), found);
        }
    }

    fn compare_cluster(&mut self, recorded: &str) {
        self.compare_texts(
            "the cluster",
            recorded,
            self.view.facts.survey.cluster_id.as_str(),
        );
    }

    /// Compares a recorded digest with that of the bundle's content. Where the content cannot be
    /// read, other findings say so.
    fn compare_digest(&mut self, about: &str, recorded: &str, found: Option<[u8; 32]>) {
        if let Some(found) = found {
            self.compare_texts(&format!("SHA-256 of {about}"), recorded, &to_hex(&found));
        }
    }

    fn compare_files(&mut self, digests: &Digests) {
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
                Some(Some(Ok(content))) => self.compare_digest(
                    &format!("the file {name}"),
                    recorded.as_raw(),
                    Some(sha256(content)),
                ),
            }
        }
    }

    /// Compares a recorded word with the value that was found; `None`: the document has none.
    fn compare_word<T: DocumentWord>(
        &mut self,
        about: &str,
        recorded: Option<&NotedWord<T>>,
        found: T,
    ) {
        if !recorded.is_some_and(|word| word.is_word_for(found)) {
            let recorded = recorded.map_or_else(|| "not listed".to_owned(), ToString::to_string);
            self.add(about, recorded, found.as_word());
        }
    }

    fn compare_verdict(&mut self, about: &str, recorded: &NotedWord<Verdict>) {
        self.compare_word(about, Some(recorded), self.view.facts.verification.verdict);
    }

    fn compare_verification(&mut self, noted: &NotedVerification) {
        let judged = &self.view.facts.verification;
        self.compare_verdict(THE_VERDICT, &noted.verdict);
        self.compare_word("the policy", Some(&noted.policy), judged.terms.policy);
        for anchor in &judged.terms.anchors {
            let recorded = noted
                .anchors
                .iter()
                .find(|noted| noted.side.is_word_for(anchor.side))
                .map_or("none", |noted| noted.key_sha256.as_raw());
            self.compare_texts(
                &format!("the {} anchor’s key, SHA-256", anchor.side.as_str()),
                recorded,
                &anchor.key_sha256,
            );
        }
        for check in &judged.checks {
            let recorded = noted
                .checks
                .iter()
                .find(|noted| noted.id.is_word_for(check.id))
                .map(|noted| &noted.status);
            self.compare_word(&format!("the check {}", check.id), recorded, check.status);
        }
        for stray in noted.checks.iter().filter(|noted| {
            !judged
                .checks
                .iter()
                .any(|check| noted.id.is_word_for(check.id))
        }) {
            self.add(
                format!("the check {}", stray.id),
                stray.status.to_string(),
                "there is no such check",
            );
        }
    }

    fn compare_response(&mut self, response: &Response) {
        self.compare_cluster(response.cluster_id.as_str());
        self.compare_files(&response.files);
        self.compare_digest(
            "the CSR’s DER",
            response.csr_sha256.as_raw(),
            self.view.csr.as_ref().map(|csr| csr.fingerprint()),
        );
        self.compare_pair(
            response.signed_cert_sha256.as_raw(),
            response.ca_fingerprint.as_raw(),
            &response.chain_sha256,
        );
        self.compare_verdict(THE_VERDICT, &response.verdict);
    }

    fn compare_pair(&mut self, signed_cert: &str, trust_anchor: &str, chain: &[OutsideText]) {
        // Where the bundle has none, the CA that the user gave.
        let own = self.view.facts.own_ca.as_ref();
        let anchor = self.view.facts.trust_anchor.as_ref();
        let anchor = anchor.or(own.map(|(own, _)| own.trust_anchor()));
        self.compare_digest(
            "the signed certificate’s DER",
            signed_cert,
            self.view.signed_cert.as_ref().map(Certificate::fingerprint),
        );
        self.compare_digest(
            "the trust anchor’s DER",
            trust_anchor,
            anchor.map(|anchor| anchor.signing_ca().fingerprint()),
        );
        let above: Vec<String> = anchor
            .map(TrustAnchor::certificates_above)
            .unwrap_or_default()
            .iter()
            .map(|above| to_hex(&above.fingerprint()))
            .collect();
        let recorded: Vec<&str> = chain.iter().map(OutsideText::as_raw).collect();
        if anchor.is_some() && recorded != above {
            self.add(
                "the DER of the certificates above the CA’s",
                recorded.join(", "),
                above.join(", "),
            );
        }
    }

    fn compare_receipt(&mut self, receipt: &Receipt) {
        self.compare_cluster(receipt.cluster_id.as_str());
        if let Some(recorded) = &receipt.csr_sha256 {
            self.compare_digest(
                "the CSR’s DER",
                recorded.as_raw(),
                self.view.csr.as_ref().map(|csr| csr.fingerprint()),
            );
        }
        self.compare_pair(
            receipt.signed_cert_sha256.as_raw(),
            receipt.trust_anchor_sha256.as_raw(),
            &receipt.chain_sha256,
        );
        match judge_receipt_claim(self.view, receipt) {
            Some(claim) => self.compare_claim(receipt, &claim),
            None if receipt.cluster_certificate_sha256 != receipt.signed_cert_sha256
                && describe_mismatch(self.view, receipt).is_some() =>
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
            self.compare_verdict(THE_VERDICT, verdict);
        }
    }

    /// Compares the certificate that the cluster showed, judged as every command judges it.
    fn compare_claim(&mut self, receipt: &Receipt, claim: &OwnershipJudgement) {
        self.compare_texts(
            "SHA-256 of the certificate that the cluster showed",
            receipt.cluster_certificate_sha256.as_raw(),
            &to_hex(&claim.shown.fingerprint),
        );
        if !matches!(
            claim.ownership,
            Ownership::ThisCertificate | Ownership::AnotherCertificate
        ) {
            self.add(
                "whose certificate the cluster showed",
                "this CA’s, for this CSR",
                describe_ownership(&claim.ownership),
            );
        }
    }

    fn compare_transcript(&mut self) {
        self.file = TRANSCRIPT;
        let survey = &self.view.facts.survey;
        for fault in judge_transcript(self.view).faults {
            self.add("the transcript", "", fault);
        }
        let steps = survey
            .transcript
            .content()
            .map(|trail| trail.holds.entries())
            .unwrap_or_default();
        for step in steps {
            if let Some(verdict) = &step.verdict {
                self.compare_verdict(&format!("the verdict of step {}", step.step), verdict);
            }
        }
    }

    /// Compares the trust anchor of the bundle with the CA certificate that the user gave.
    fn compare_own_ca(&mut self) {
        self.file = self.view.facts.survey.trust_anchor_file();
        if let (Some(file), Some((own, _)), Some(found)) = (
            self.view.another_ca(),
            &self.view.facts.own_ca,
            &self.view.facts.trust_anchor,
        ) {
            let all = |anchor: &TrustAnchor| {
                anchor
                    .fingerprints()
                    .iter()
                    .map(|digest| to_hex(digest))
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

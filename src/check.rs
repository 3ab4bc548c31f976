//! Before InitializeCluster: everything that it will demand of CSR, signed certificate and trust
//! anchor, held against exactly the text that is sent. Pure.
//!
//! Sources: AWS CloudHSM API Reference 2022-06-06, InitializeCluster (lengths, pattern); AWS
//! CloudHSM User Guide, Initialize the cluster (what trust anchors are refused;
//! docs/verification.md); RFC 5280; RFC 2986.

mod refusal;
mod rules;

use serde::Serialize;

pub(crate) use self::refusal::{CLOCK_HINT, REISSUE_HINT};
use self::rules::{Parsed, Parts, judge};
pub use self::rules::{Rule, of_each_certificate};
use crate::checks::{self, Engine, Status, Verdict};
use crate::error::{Class, Error, ErrorKind, FactName};
use crate::x509::algorithm::{is_listed, is_listed_key};
use crate::x509::pem::MAX_CHARS;
use crate::x509::{
    Certificate, Csr, Malformed, Moment, PublicKey, SignatureAlgorithm, TrustAnchor,
};

/// Tells whether a pair that was taken once can fail these rules, and no others, later: dates pass,
/// and algorithms are given up, with the signatures that were made by them; and what clients
/// refuse, InitializeCluster may have taken. Only then is it worth looking whether the cluster is
/// claimed with it already.
pub fn may_fail_with_time(failed: &[Rule]) -> bool {
    let given_up = failed
        .iter()
        .any(|rule| matches!(rule, Rule::AlgorithmSignedCert | Rule::AlgorithmTrustAnchor));
    failed.iter().all(|rule| match rule {
        Rule::AlgorithmSignedCert
        | Rule::AlgorithmTrustAnchor
        | Rule::ValiditySignedCert
        | Rule::ValidityTrustAnchor => true,
        Rule::Signature | Rule::SelfSigned | Rule::ChainSignatures => given_up,
        rule => rule.is_of_clients(),
    })
}

/// What is found by one rule.
pub type Finding = checks::Finding<Rule>;

/// What `check` answers: `fit` when nothing failed, else `unfit`.
pub type Record = checks::Record<PairFitness>;

/// The judgement of the pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairFitness {}

impl Engine for PairFitness {
    type Check = Rule;
    type Terms = PairTerms;
    const WORDS: [&'static str; 2] = ["fit", "unfit"];

    fn document(record: &Record) -> impl Serialize + '_ {
        CheckDocument {
            format: "hsmboot-check/1",
            verdict: record.verdict_word(),
            at: record.at,
            checks: &record.checks,
        }
    }
}

/// The record as it is written.
#[derive(Serialize)]
struct CheckDocument<'a> {
    format: &'static str,
    verdict: &'static str,
    at: Moment,
    checks: &'a [Finding],
}

/// What is known of a pair's failures beside the findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PairTerms {
    /// Those that fail by this program's choice alone: CloudHSM's guide lists what it declines.
    declined: Vec<Rule>,
    /// Those that fail for what was read, and not for the file that holds it.
    of_content: Vec<Rule>,
}

impl PairTerms {
    fn from_findings(checks: &[Finding], parts: &Parts) -> Self {
        let those = |holds: fn(Rule, &Parts) -> bool| {
            checks
                .iter()
                .filter(|finding| finding.status == Status::Fail)
                .map(|finding| finding.id)
                .filter(|rule| holds(*rule, parts))
                .collect()
        };
        PairTerms {
            declined: those(is_declined),
            of_content: those(is_of_content),
        }
    }
}

/// A CSR, a certificate and a trust anchor that InitializeCluster can be sent. Only [`check`] makes
/// one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    inputs: SignedInputs,
    notes: Vec<Finding>,
}

impl Pair {
    /// The notes that are worth knowing before it is sent, and that forbid nothing. They must be
    /// shown, since a claim cannot be taken back.
    pub fn notes(&self) -> &[Finding] {
        &self.notes
    }

    /// The three that belong together.
    pub(crate) const fn inputs(&self) -> &SignedInputs {
        &self.inputs
    }

    /// The CSR that was signed.
    pub const fn csr(&self) -> &Csr {
        &self.inputs.csr
    }

    /// The signed certificate.
    pub const fn signed_cert(&self) -> &Certificate {
        &self.inputs.signed_cert
    }

    /// The trust anchor.
    pub const fn trust_anchor(&self) -> &TrustAnchor {
        &self.inputs.trust_anchor
    }

    /// SignedCert, exactly as it is sent.
    pub fn signed_cert_pem(&self) -> String {
        self.inputs.signed_cert.to_pem()
    }

    /// TrustAnchor, exactly as it is sent.
    pub fn trust_anchor_pem(&self) -> String {
        self.inputs.trust_anchor.to_pem()
    }
}

/// The record, and the pair where it may be sent.
#[derive(Clone, Debug)]
pub struct PairJudgement {
    /// Every rule and the verdict.
    pub record: Record,
    inputs: Option<SignedInputs>,
}

/// CSR, signed certificate and trust anchor as they were read, whether they may be sent or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignedInputs {
    pub(crate) csr: Csr,
    pub(crate) signed_cert: Certificate,
    pub(crate) trust_anchor: TrustAnchor,
}

/// What was signed, and belongs together for good.
#[derive(Clone, Debug)]
pub(crate) struct BelongingPair {
    pub(crate) inputs: SignedInputs,
    /// The pair, or the error that says why CloudHSM would not take it now.
    pub(crate) pair: Result<Pair, Error>,
    /// True where a signature cannot be verified any more, since its algorithm was given up.
    pub(crate) is_unsigned: bool,
}

impl PairJudgement {
    /// Returns what may be sent, or the worst failure as an error.
    ///
    /// # Errors
    /// Class `Input`, `Ca` or `Rejected`, with the record as its document.
    pub fn into_pair(self) -> Result<Pair, Error> {
        self.split()?.1
    }

    /// Returns what was read, and whether it may be sent now.
    ///
    /// # Errors
    /// Whatever forbids it for good: see [`may_fail_with_time`].
    pub(crate) fn into_belonging(self) -> Result<BelongingPair, Error> {
        let failed: Vec<Rule> = self.record.failed().map(|finding| finding.id).collect();
        let (inputs, pair) = self.split()?;
        if !may_fail_with_time(&failed) {
            pair.as_ref().map_err(Clone::clone)?;
        }
        let is_unsigned = failed.iter().any(|rule| {
            matches!(
                rule,
                Rule::Signature | Rule::SelfSigned | Rule::ChainSignatures
            )
        });
        Ok(BelongingPair {
            inputs,
            pair,
            is_unsigned,
        })
    }

    /// Returns what was read, and beside it the pair or the worst failure; or the worst failure
    /// alone, where something could not be read.
    fn split(self) -> Result<(SignedInputs, Result<Pair, Error>), Error> {
        let document = serde_json::to_value(&self.record).unwrap_or_default();
        let failure = self.record.error();
        let failure = failure.map(|error| error.with_document(document));
        match (failure, self.inputs) {
            (None, Some(inputs)) if self.record.verdict == Verdict::Verified => {
                let pair = Pair {
                    inputs: inputs.clone(),
                    notes: self.record.notes().cloned().collect(),
                };
                Ok((inputs, Ok(pair)))
            }
            (Some(error), Some(inputs)) => Ok((inputs, Err(error))),
            (Some(error), None) => Err(error),
            // Not reachable: what is not read has failed its `pem` rule. Denied all the same.
            (None, _) => Err(Error::new(
                ErrorKind::Malformed,
                "an input could not be read",
                "give each file as one PEM block",
            )),
        }
    }
}

/// Holds the three against every rule, at the moment `at`. The CSR is the service's text and read
/// strictly; the other two are files of the operator's, PEM with any text around it or DER: what is
/// sent is the program's own text of their certificates.
///
/// ```
/// use hsmboot::check::{check, Rule};
/// let checked = check(b"", b"", b"", "2026-01-01T00:00:00Z".parse().unwrap());
/// assert_eq!(checked.record.failed().next().map(|f| f.id), Some(Rule::PemCsr));
/// assert_eq!(checked.into_pair().unwrap_err().exit_code(), 4);
/// ```
pub fn check(csr: &[u8], signed_cert: &[u8], trust_anchor: &[u8], at: Moment) -> PairJudgement {
    check_with_trust_anchor(csr, signed_cert, TrustAnchor::from_file(trust_anchor), at)
}

/// Does the same with a trust anchor that was read before, or could not be read.
pub fn check_with_trust_anchor(
    csr: &[u8],
    signed_cert: &[u8],
    trust_anchor: Result<TrustAnchor, Malformed>,
    at: Moment,
) -> PairJudgement {
    let parts = Parts {
        csr: Csr::from_pem(csr),
        signed_cert: parse_certificate(signed_cert),
        trust_anchor,
        at,
    };
    let checks: Vec<Finding> = Rule::ALL
        .into_iter()
        .map(|rule| judge(rule, &parts))
        .collect();
    let terms = PairTerms::from_findings(&checks, &parts);
    let record = Record::new(at, checks, terms);
    let inputs = match (parts.csr, parts.signed_cert, parts.trust_anchor) {
        (Ok(csr), Ok(signed_cert), Ok(trust_anchor)) => Some(SignedInputs {
            csr,
            signed_cert,
            trust_anchor,
        }),
        _ => None,
    };
    PairJudgement { record, inputs }
}

/// Refuses a CA that CloudHSM would refuse, before anything is signed with its key. Only the trust
/// anchor's rules are judged; what there is to note of it is returned.
///
/// # Errors
/// Class `Input` where it is malformed, `Ca` where CloudHSM would refuse it.
pub fn trust_anchor(file: &[u8], at: Moment) -> Result<(TrustAnchor, Vec<Finding>), Error> {
    judge_trust_anchor(TrustAnchor::from_file(file), at)
}

/// The same of a trust anchor that was read before, and what there is to note of it.
///
/// # Errors
/// Class `Ca` where CloudHSM would refuse it.
pub(crate) fn judge_read_trust_anchor(
    trust_anchor: &TrustAnchor,
    at: Moment,
) -> Result<Vec<Finding>, Error> {
    judge_trust_anchor(Ok(trust_anchor.clone()), at).map(|(_, notes)| notes)
}

/// A trust anchor that CloudHSM would take, by what was judged of it once.
#[derive(Debug)]
pub(crate) struct FitTrustAnchor(TrustAnchor);

impl FitTrustAnchor {
    /// Judges a trust anchor that was read before.
    ///
    /// # Errors
    /// Class `Ca` where CloudHSM would refuse it.
    pub(crate) fn judge(trust_anchor: TrustAnchor, at: Moment) -> Result<Self, Error> {
        judge_trust_anchor(Ok(trust_anchor), at).map(|(anchor, _)| FitTrustAnchor(anchor))
    }

    /// Returns it, to be used.
    pub(crate) fn into_trust_anchor(self) -> TrustAnchor {
        self.0
    }
}

fn judge_trust_anchor(
    trust_anchor: Parsed<TrustAnchor>,
    at: Moment,
) -> Result<(TrustAnchor, Vec<Finding>), Error> {
    let absent = || Malformed::new(String::new());
    let parts = Parts {
        csr: Err(absent()),
        signed_cert: Err(absent()),
        trust_anchor,
        at,
    };
    let rules = Rule::ALL
        .into_iter()
        .filter(|rule| rule.class() == Class::Ca || *rule == Rule::PemTrustAnchor);
    let mut checks: Vec<Finding> = rules.map(|rule| judge(rule, &parts)).collect();
    // The one rule that needs more than the trust anchor: its certificates' own names are judged
    // all the same.
    if let (Ok(anchor), Some(finding)) = (
        rules::ordered(&parts),
        checks
            .iter_mut()
            .find(|finding| finding.id == Rule::NameConstraints),
    ) {
        *finding = Finding::new(Rule::NameConstraints, rules::name_constraints(anchor, None));
    }
    let terms = PairTerms::from_findings(&checks, &parts);
    let record = Record::new(at, checks, terms);
    let notes = record.notes().cloned().collect();
    match (record.error(), parts.trust_anchor) {
        (None, Ok(anchor)) => Ok((anchor, notes)),
        (Some(error), _) => Err(error),
        (None, Err(fault)) => Err(Error::new(ErrorKind::Malformed, fault.to_string(), "")
            .with_fact(FactName::Cause, fault.to_string())),
    }
}

/// Checks that the name constraints of the CA, and of those above it, allow a certificate of this
/// subject: before one is signed.
///
/// # Errors
/// Class `Ca`, with the check that fails.
pub fn check_name_constraints(ca: &TrustAnchor, subject: &[u8], at: Moment) -> Result<(), Error> {
    let finding = Finding::new(
        Rule::NameConstraints,
        rules::name_constraints(ca, Some((subject, &[]))),
    );
    let record = Record::new(at, vec![finding], PairTerms::default());
    record.error().map_or(Ok(()), Err)
}

fn parse_certificate(text: &[u8]) -> Parsed<Certificate> {
    let certificate = Certificate::from_owner_file(text)?;
    // What is sent is our own text of it: lines that were longer or shorter in the file make it
    // another length.
    let sent = certificate.to_pem().len();
    if sent > MAX_CHARS {
        return Err(Malformed::new(format!(
            "{sent} characters as it would be sent, and CloudHSM takes at most {MAX_CHARS} (API \
             Reference, InitializeCluster)"
        )));
    }
    Ok(certificate)
}

/// The trust anchor's rules fail for each of its certificates.
fn is_declined(rule: Rule, parts: &Parts) -> bool {
    let of = |outer: &[u8], key: &[u8]| -> [bool; 2] {
        let by_signature = SignatureAlgorithm::from_der(outer).is_err();
        let by_key = PublicKey::from_der(key, "a key").is_ok_and(|key| key.check_usable().is_err());
        [
            by_signature || by_key,
            (!by_signature || is_listed(outer)) && (!by_key || is_listed_key(key)),
        ]
    };
    match (rule, &parts.csr, &parts.signed_cert, &parts.trust_anchor) {
        (Rule::AlgorithmCsr, Ok(csr), ..) => of(csr.signature_algorithm(), csr.spki()) == [true; 2],
        (Rule::AlgorithmSignedCert, _, Ok(signed), _) => {
            signed.inner_algorithm() == signed.outer_algorithm()
                && of(signed.outer_algorithm(), signed.spki()) == [true; 2]
        }
        (Rule::AlgorithmTrustAnchor, _, _, Ok(anchor)) => {
            anchor.certificates().all(|certificate| {
                certificate.inner_algorithm() == certificate.outer_algorithm() && {
                    let [refused, listed] = of(certificate.outer_algorithm(), certificate.spki());
                    !refused || listed
                }
            })
        }
        _ => false,
    }
}

fn is_of_content(rule: Rule, parts: &Parts) -> bool {
    match (rule, &parts.signed_cert, &parts.trust_anchor) {
        (Rule::PemSignedCert, Err(fault), _) | (Rule::PemTrustAnchor, _, Err(fault)) => {
            fault.is_of_content()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;

//! What becomes of a pair that is judged: sent, kept as belonging together, or refused for good.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use super::*;
use crate::checks::CheckName;
use crate::x509::pem::{self, Label};

/// CSR, signed certificate and trust anchor in DER; the anchor of as many certificates as it has.
struct Made {
    csr: Vec<u8>,
    signed_cert: Vec<u8>,
    anchor: Vec<Vec<u8>>,
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn ca_named(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

impl Made {
    /// A CA under a root, and what it signs: its dates have long begun.
    fn good() -> Self {
        let [root_key, ca_key, hsm_key] = [(); 3].map(|()| KeyPair::generate().unwrap());
        let root = ca_named("Root").self_signed(&root_key).unwrap();
        let root_issuer = Issuer::new(ca_named("Root"), root_key);
        let ca = ca_named("CA").signed_by(&ca_key, &root_issuer).unwrap();
        let issuer = Issuer::new(ca_named("CA"), ca_key);
        let signed_cert = named("HSM").signed_by(&hsm_key, &issuer).unwrap();
        Made {
            csr: named("HSM")
                .serialize_request(&hsm_key)
                .unwrap()
                .der()
                .to_vec(),
            signed_cert: signed_cert.der().to_vec(),
            anchor: vec![ca.der().to_vec(), root.der().to_vec()],
        }
    }

    fn judged_at(&self, at: &str) -> PairJudgement {
        let certificate = |der: &Vec<u8>| pem::encode(Label::Certificate, der);
        check(
            pem::encode(Label::CertificateRequest, &self.csr).as_bytes(),
            certificate(&self.signed_cert).as_bytes(),
            self.anchor
                .iter()
                .map(certificate)
                .collect::<String>()
                .as_bytes(),
            at.parse().unwrap(),
        )
    }

    fn judged(&self) -> PairJudgement {
        self.judged_at("2026-06-01T00:00:00Z")
    }
}

/// Long before the dates of any certificate here.
const TOO_EARLY: &str = "1970-01-01T00:00:00Z";

#[test]
fn what_belongs_together_is_known_to_though_its_dates_are_past() {
    let made = Made::good();
    let now = made.judged().into_belonging().unwrap();
    assert!(!now.is_unsigned);
    assert_eq!(now.pair.unwrap().inputs(), &now.inputs);

    let early = made.judged_at(TOO_EARLY);
    assert!(early.clone().into_pair().is_err());
    let early = early.into_belonging().unwrap();
    assert_eq!(early.inputs, now.inputs);
    // It cannot be sent all the same.
    assert!(early.pair.is_err());
}

#[test]
fn what_is_at_fault_for_good_never_belongs_together() {
    let mut other_csr = Made::good();
    other_csr.csr = Made::good().csr;
    let mut other_ca = Made::good();
    other_ca.anchor = Made::good().anchor;
    for made in [other_csr, other_ca] {
        for at in [TOO_EARLY, "2026-06-01T00:00:00Z"] {
            assert!(made.judged_at(at).into_belonging().is_err(), "{at}");
        }
    }
}

/// A pair goes only where the verdict itself lets it.
#[test]
fn a_record_that_says_unfit_gives_no_pair() {
    let mut judged = Made::good().judged();
    assert!(judged.clone().into_pair().is_ok());
    judged.record.verdict = Verdict::Rejected;
    assert!(judged.clone().into_pair().is_err());
    assert!(judged.into_belonging().is_err());
}

/// Under an algorithm that does not count no signature is judged, and everything else is.
#[test]
fn the_rules_of_signatures_are_those_that_an_algorithm_may_leave_unjudged() {
    // ecdsa-with-SHA256, and in its place ecdsa-with-SHA224 (RFC 5758 3.2).
    let (from, to) = ([0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 2], 1);
    let weaken = |der: &mut Vec<u8>| {
        let places: Vec<usize> = (0..der.len())
            .filter(|at| der[*at..].starts_with(&from))
            .collect();
        assert!(!places.is_empty());
        for at in places {
            der[at + from.len() - 1] = to;
        }
    };
    let mut made = Made::good();
    weaken(&mut made.csr);
    weaken(&mut made.signed_cert);
    made.anchor.iter_mut().for_each(weaken);
    let record = made.judged().record;
    for finding in &record.checks {
        let is_unjudged = finding.status == Status::Skipped;
        assert_eq!(is_unjudged, finding.id.is_of_signature(), "{finding:?}");
    }
    let refused = [
        Rule::AlgorithmCsr,
        Rule::AlgorithmSignedCert,
        Rule::AlgorithmTrustAnchor,
    ];
    assert!(record.failed().map(|finding| finding.id).eq(refused));
}

/// The report finds the reason why a rule was not judged by what that rule could not read.
#[test]
fn what_could_not_be_read_is_told_by_the_rule_that_reads_it() {
    let record = check(b"", b"", b"", "2026-06-01T00:00:00Z".parse().unwrap()).record;
    let failed: Vec<Rule> = record.failed().map(|finding| finding.id).collect();
    let readers: Vec<Rule> = Rule::ALL
        .into_iter()
        .filter(|rule| rule.read_subject().is_some())
        .collect();
    assert_eq!(failed, readers);
    let mut seen = 0;
    for unread in record.checks.iter().filter_map(|finding| finding.unread) {
        let reader = readers.iter().find(|rule| rule.as_str() == unread.see);
        assert_eq!(reader.unwrap().read_subject(), Some(unread.subject));
        seen += 1;
    }
    assert_eq!(seen, Rule::ALL.len() - readers.len());
}

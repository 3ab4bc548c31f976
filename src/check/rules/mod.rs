//! The rules of the pair: each is declared here once, with its function.

mod clients;
mod names;
mod pair;
mod parts;
mod trust_anchor;

use std::fmt;

use serde::Serialize;

pub(super) use parts::{Parsed, Parts};
use trust_anchor::signed_and_anchor;
pub(super) use trust_anchor::{name_constraints, ordered};

use crate::checks::{
    Check, CheckName, FailureMeaning, Finding, Group, Input, Judged, PicturePlace, ReadSubject,
    Remark, fail, join_answers,
};
use crate::error::Class;
use crate::x509::{Certificate, Csr, Moment, PublicKey, SignatureAlgorithm, TrustAnchor};

/// Defines the rules, in the order in which they are judged. A row has the rule's id, what its
/// failure means, its place in the report's picture, what judges it, and where it comes from.
macro_rules! rules {
    ($($(#[$doc:meta])+ $rule:ident: $id:literal, $failure:ident $(($class:ident))?,
        $place:ident $(($of:expr))?, $judge:ident($judged:expr), $source:literal;)+) => {
        /// A rule of the pair.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $($(#[$doc])+ $rule,)+
        }

        impl Rule {
            /// Every rule, in the order in which it is judged.
            pub const ALL: [Rule; [$(Rule::$rule),+].len()] = [$(Rule::$rule,)+];

            /// Returns everything that is declared of it.
            const fn declared(self) -> Check<RuleJudge> {
                match self {
                    $(Rule::$rule => Check {
                        id: $id,
                        source: $source,
                        failure: FailureMeaning::$failure $((Class::$class))?,
                        group: Group::Pair,
                        place: PicturePlace::$place $(($of))?,
                        judge: RuleJudge::$judge($judged),
                    },)+
                }
            }
        }
    };
}

rules! {
    /// The CSR is one strict PEM block.
    PemCsr: "check.pem.csr", Of(Input),
        At(Input::Csr),
        Once(|parts| pair::pem_rule("the CSR", parts.csr.as_ref().map(Csr::as_der))),
        "RFC 7468 2, 7; RFC 2986 4; X.690 10 and 11";
    /// The signed certificate is one strict PEM block, within the documented limits as it is sent.
    PemSignedCert: "check.pem.signed-cert", Of(Input),
        SignedCert, Once(|parts| pair::certificate_rule(SIGNED_CERT, &parts.signed_cert)),
        "API Reference 2022-06-06, InitializeCluster; RFC 7468 2, 5.1; RFC 5280 4.1";
    /// The trust anchor is strict PEM, within the documented limits as it is sent.
    PemTrustAnchor: "check.pem.trust-anchor", Of(Input),
        EachCa, EachCaText(|anchor, _| each_ca(anchor, pair::found_in)),
        "API Reference 2022-06-06, InitializeCluster; User Guide, Initialize the cluster (chains, \
         September 2026); RFC 7468 2, 5.1; RFC 5280 4.1";
    /// The CSR's algorithm and key count.
    AlgorithmCsr: "check.algorithm.csr", Of(Rejected),
        At(Input::Csr), Once(pair::csr_algorithm),
        "RFC 5280 4.1.1.2; RFC 4055; RFC 5758 3.2; hsmboot, Verification rules";
    /// The signed certificate's do.
    AlgorithmSignedCert: "check.algorithm.signed-cert", Of(Rejected),
        SignedCert, Once(|parts| pair::certificate_algorithm(SIGNED_CERT, parts.signed_cert()?)),
        "RFC 5280 4.1.1.2; RFC 4055; RFC 5758 3.2; hsmboot, Verification rules";
    /// The trust anchor's do.
    AlgorithmTrustAnchor: "check.algorithm.trust-anchor", Of(Ca),
        EachCa, EachCa(|anchor, _| each_ca(anchor, pair::certificate_algorithm)),
        "RFC 5280 4.1.1.2; RFC 4055; RFC 5758 3.2; hsmboot, Verification rules";
    /// The CSR's own signature holds.
    CsrSignature: "check.csr-signature", Of(Rejected),
        Possession, Once(pair::csr_signature),
        "RFC 2986 4.2";
    /// The signed certificate's key is the CSR's.
    Key: "check.key", Of(Rejected),
        SignedKey, Once(pair::key),
        "User Guide, Initialize the cluster: the certificate is the cluster CSR's; RFC 5280 \
         4.1.2.7";
    /// The trust anchor's key signed the signed certificate.
    Signature: "check.signature", Of(Rejected),
        Issued, Once(pair::signature),
        "RFC 5280 6.1.3 (a)(1)";
    /// The signed certificate's issuer is the trust anchor's subject.
    Issuer: "check.issuer", Of(Rejected),
        Issued, Once(pair::issuer),
        "RFC 5280 6.1.3 (a)(4), 7.1";
    /// The trust anchor's certificates stand in order, each one's issuer the next one's subject,
    /// and none twice.
    ChainOrder: "check.trust-anchor.chain-order", Of(Ca),
        BetweenCas, Once(|parts| trust_anchor::chain_order(parts.trust_anchor()?)),
        "User Guide, Initialize the cluster (chains, September 2026); RFC 5280 6.1.3 (a)(4)";
    /// The next certificate's key signed each but the last.
    ChainSignatures: "check.trust-anchor.chain-signatures", Of(Ca),
        BetweenCas, EachCaInOrder(|anchor, _| trust_anchor::chain_signatures(anchor)),
        "User Guide, Initialize the cluster (chains, September 2026); RFC 5280 6.1.3 (a)(1)";
    /// No certificate of the trust anchor has more CAs below it than its path length allows.
    PathLength: "check.trust-anchor.path-length", Of(Ca),
        EachCa, EachCaInOrder(|anchor, _| trust_anchor::path_lengths(anchor)),
        "RFC 5280 4.2.1.9, 6.1.4 (l), (m)";
    /// The trust anchor's last certificate is issued by its own subject.
    SelfIssued: "check.trust-anchor.self-issued", Of(Ca),
        SelfSigned, Once(|parts| trust_anchor::self_issued(ordered(parts)?)),
        "User Guide, Initialize the cluster: the trust anchor is self-signed; RFC 5280 3.2";
    /// The trust anchor's last certificate is signed by its own key.
    SelfSigned: "check.trust-anchor.self-signed", Of(Ca),
        SelfSigned, Once(|parts| trust_anchor::self_signed(ordered(parts)?)),
        "User Guide, Initialize the cluster: the trust anchor is self-signed; RFC 5280 3.2";
    /// The trust anchor says CA:TRUE, if it has any extension; in a chain, each certificate.
    BasicConstraints: "check.trust-anchor.basic-constraints", Of(Ca),
        EachCa, EachCa(|anchor, _| each_ca(anchor, |noun, certificate| {
            trust_anchor::basic_constraints(noun, certificate, anchor.is_chain())
        })),
        "User Guide, Initialize the cluster: extensions without basicConstraints are refused; RFC \
         5280 4.2.1.9";
    /// The keyUsage of each of the trust anchor's certificates, if present, has keyCertSign.
    KeyUsage: "check.trust-anchor.key-usage", Of(Ca),
        EachCa, EachCa(|anchor, _| each_ca(anchor, trust_anchor::key_usage)),
        "RFC 5280 4.2.1.3, 6.1.4 (n)";
    /// The signed certificate is within its dates.
    ValiditySignedCert: "check.validity.signed-cert", Of(Rejected),
        SignedCert, Once(|parts| pair::validity(SIGNED_CERT, parts.signed_cert()?, parts.at)),
        "RFC 5280 4.1.2.5, 6.1.3 (a)(2)";
    /// The trust anchor is within its dates.
    ValidityTrustAnchor: "check.validity.trust-anchor", Of(Ca),
        EachCa, EachCa(|anchor, at| each_ca(anchor, |noun, certificate| {
            pair::validity(noun, certificate, at)
        })),
        "RFC 5280 4.1.2.5, 6.1.3 (a)(2)";
    /// The signed certificate does not outlive the trust anchor.
    ValidityWithinTrustAnchor: "check.validity.within-trust-anchor", Never,
        Issued, Once(|parts| {
            let (signed, anchor) = signed_and_anchor(parts)?;
            clients::within_trust_anchor(signed, anchor)
        }),
        "RFC 5280 4.1.2.5, 6.1.3 (a)(2)";
    /// The signed certificate is no CA's.
    NotCa: "check.signed-cert.not-ca", ByClients(Rejected),
        SignedCert, Once(|parts| clients::not_ca(parts.signed_cert()?)),
        "RFC 5280 4.2.1.3, 4.2.1.9";
    /// The signed certificate's keyUsage, if present, is a TLS server's.
    SignedCertKeyUsage: "check.signed-cert.key-usage", ByClients(Rejected),
        SignedCert, Once(|parts| clients::server_key_usage(parts.signed_cert()?)),
        "RFC 5280 4.2.1.3; RFC 8446 4.4.2.2; RFC 5246 7.4.2";
    /// The signed certificate's extKeyUsage, if present, has serverAuth.
    SignedCertExtendedKeyUsage: "check.signed-cert.extended-key-usage", ByClients(Rejected),
        SignedCert, Once(|parts| clients::extended_key_usage(SIGNED_CERT, parts.signed_cert()?)),
        "RFC 5280 4.2.1.12";
    /// The signed certificate has no critical extension that clients do not know.
    SignedCertExtensions: "check.signed-cert.extensions", ByClients(Rejected),
        SignedCert, Once(|parts| clients::critical_extensions(SIGNED_CERT, parts.signed_cert()?)),
        "RFC 5280 4.2, 6.1.5 (f)";
    /// The signed certificate's authority key identifier does not contradict the trust anchor.
    KeyIdentifiers: "check.key-identifiers", ByClients(Rejected),
        Issued, Once(trust_anchor::signed_cert_key_identifiers),
        "RFC 5280 4.2.1.1, 4.2.1.2";
    /// The signed certificate's serial number, dates and names are written as RFC 5280 says.
    FormSignedCert: "check.form.signed-cert", ByClients(Rejected),
        SignedCert, Once(|parts| clients::form(SIGNED_CERT, parts.signed_cert()?)),
        "RFC 5280 4.1.2.2, 4.1.2.4, 4.1.2.5";
    /// The trust anchor's extKeyUsage, if present, has serverAuth.
    TrustAnchorExtendedKeyUsage: "check.trust-anchor.extended-key-usage", ByClients(Ca),
        EachCa, EachCa(|anchor, _| each_ca(anchor, clients::extended_key_usage)),
        "RFC 5280 4.2.1.12";
    /// The trust anchor says that it is a CA where its version can, and has no critical extension
    /// that clients do not know.
    TrustAnchorExtensions: "check.trust-anchor.extensions", ByClients(Ca),
        EachCa, EachCa(|anchor, _| each_ca(anchor, |noun, certificate| {
            clients::ca_extensions(noun, certificate, anchor.is_chain())
        })),
        "User Guide, Initialize the cluster: the trust anchor conforms to RFC 5280; RFC 5280 4.2, \
         4.2.1.9, 6.1.4 (k), (o)";
    /// The trust anchor's authority key identifier does not contradict itself.
    TrustAnchorKeyIdentifiers: "check.trust-anchor.key-identifiers", ByClients(Ca),
        EachCa, EachCaInOrder(|anchor, _| trust_anchor::key_identifiers(anchor)),
        "User Guide, Initialize the cluster: the trust anchor's extension values do not conflict; \
         RFC 5280 4.2.1.1, 4.2.1.2";
    /// The trust anchor's nameConstraints allow the signed certificate.
    NameConstraints: "check.trust-anchor.name-constraints", ByClients(Ca),
        Issued, Once(trust_anchor::signed_cert_name_constraints),
        "RFC 5280 4.2.1.10, 6.1.3 (b), (c)";
    /// The trust anchor's serial number, dates and names are written as RFC 5280 says.
    FormTrustAnchor: "check.form.trust-anchor", ByClients(Ca),
        EachCa, EachCa(|anchor, _| each_ca(anchor, clients::form)),
        "User Guide, Initialize the cluster: the trust anchor conforms to RFC 5280; RFC 5280 \
         4.1.2.2, 4.1.2.4, 4.1.2.5";
}

impl Rule {
    /// Every rule that can end as `fail`.
    pub fn that_can_fail() -> impl Iterator<Item = Rule> {
        Self::ALL
            .into_iter()
            .filter(|rule| rule.declared().failure.is_possible())
    }

    /// The stable id.
    pub const fn as_str(self) -> &'static str {
        self.declared().id
    }

    /// Returns what its failure means for the exit code: 4 malformed, 5 a trust anchor that
    /// CloudHSM or the cluster's clients would refuse, 3 everything else.
    pub const fn class(self) -> Class {
        self.declared().failure.class()
    }

    /// Tells whether InitializeCluster may well take what breaks the rule, although the cluster's
    /// clients do not.
    pub(super) const fn is_of_clients(self) -> bool {
        matches!(self.declared().failure, FailureMeaning::ByClients(_))
    }

    /// Where the rule comes from.
    pub const fn source(self) -> &'static str {
        self.declared().source
    }
}

/// What the signed certificate is called.
const SIGNED_CERT: &str = "the signed certificate";

/// How each certificate of a trust anchor fares, in their order.
type EachCa = fn(&TrustAnchor, Moment) -> Vec<Judged>;

/// What judges a rule.
#[derive(Clone, Copy)]
enum RuleJudge {
    /// One answer.
    Once(fn(&Parts) -> Judged),
    /// An answer for each certificate of the trust anchor.
    EachCa(EachCa),
    /// The same, and a failure where there is none to be read.
    EachCaText(EachCa),
    /// The same where it matters which certificate stands where: nothing is said where they make no
    /// chain. Of a signature of the chain, the place is that of the certificate that bears it.
    EachCaInOrder(EachCa),
}

impl CheckName for Rule {
    fn facts(self) -> Check<()> {
        self.declared().facts()
    }

    fn read_subject(self) -> Option<ReadSubject> {
        match self {
            Rule::PemCsr => Some(ReadSubject::Input(Input::Csr)),
            Rule::PemSignedCert => Some(ReadSubject::SignedCert),
            Rule::PemTrustAnchor => Some(ReadSubject::TrustAnchor),
            _ => None,
        }
    }

    fn is_of_signature(self) -> bool {
        matches!(
            self,
            Rule::CsrSignature | Rule::Signature | Rule::ChainSignatures | Rule::SelfSigned
        )
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Rule {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Judges one rule.
pub(super) fn judge(rule: Rule, parts: &Parts) -> Finding<Rule> {
    let joined = |judge: EachCa, anchor| join_answers(judge(anchor, parts.at));
    let judged = match rule.declared().judge {
        RuleJudge::Once(judge) => judge(parts),
        RuleJudge::EachCa(judge) => parts
            .trust_anchor()
            .and_then(|anchor| joined(judge, anchor)),
        RuleJudge::EachCaText(judge) => match &parts.trust_anchor {
            Ok(anchor) => joined(judge, anchor),
            Err(fault) => fail(format!("the trust anchor: {fault}")),
        },
        RuleJudge::EachCaInOrder(judge) => ordered(parts).and_then(|anchor| joined(judge, anchor)),
    };
    Finding::new(rule, judged)
}

/// Returns what [`check`](super::check) finds of each certificate of a trust anchor alone, with the
/// certificate's place. Of a signature of the chain, the place is that of the certificate that
/// bears it.
pub fn of_each_certificate(anchor: &TrustAnchor, at: Moment) -> Vec<(usize, Finding<Rule>)> {
    let in_order = trust_anchor::is_in_order(anchor);
    let answers = |rule: Rule| match rule.declared().judge {
        RuleJudge::EachCa(judge) | RuleJudge::EachCaText(judge) => judge(anchor, at),
        RuleJudge::EachCaInOrder(judge) if in_order => judge(anchor, at),
        RuleJudge::EachCaInOrder(_) | RuleJudge::Once(_) => Vec::new(),
    };
    Rule::ALL
        .into_iter()
        .flat_map(|rule| {
            answers(rule)
                .into_iter()
                .enumerate()
                .map(move |(place, judged)| (place, Finding::new(rule, judged)))
        })
        .collect()
}

/// A signature can be judged only under an algorithm and a key that count; `rules` are the ones
/// that say why they do not.
fn judgeable(outer: &[u8], key: &PublicKey, rules: [Rule; 2]) -> Result<(), Remark> {
    let [of_algorithm, of_key] = rules;
    let cause = match (SignatureAlgorithm::from_der(outer), key.check_usable()) {
        (Err(_), _) => of_algorithm,
        (_, Err(_)) => of_key,
        (Ok(_), Ok(())) => return Ok(()),
    };
    Err(Remark::skipped(format!(
        "the signature was not judged: see {cause}"
    )))
}

/// One answer for each certificate of the trust anchor, with what that is called.
fn each_ca(anchor: &TrustAnchor, judge: impl Fn(&str, &Certificate) -> Judged) -> Vec<Judged> {
    trust_anchor::certificates_with_nouns(anchor)
        .map(|(noun, certificate)| judge(&noun, certificate))
        .collect()
}

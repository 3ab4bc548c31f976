//! The error of a pair, or of a trust anchor, that is not to be sent.

use super::Record;
use super::rules::Rule;
use crate::checks::Finding;
use crate::error::{Class, Error, ErrorKind, FactName};
use crate::outside::Lines;

/// The first thing to do about dates.
pub(crate) const CLOCK_HINT: &str = "look at this machine's clock first: `date -u` shows it";

/// Says what to do about dates that a CA gave.
fn clock() -> String {
    format!(
        "{CLOCK_HINT}. Where it is right, a certificate that has expired is to be made anew \
         by its CA, and one that is not valid yet is to be waited for"
    )
}

/// The hint for a certificate that was read and is at fault itself: another copy of it has the
/// fault as well.
pub(crate) const REISSUE_HINT: &str = "the file was read, and the certificate in it is at fault: \
                                       have its CA issue it anew, for the same key and under the \
                                       same name, without what is named above; or use another CA \
                                       certificate, such as `hsmboot ca init` makes";

impl Record {
    /// The error of the worst failure: malformed before a bad trust anchor before the rest. `None`
    /// where nothing failed.
    pub fn error(&self) -> Option<Error> {
        let class = [Class::Input, Class::Ca, Class::Rejected]
            .into_iter()
            .find(|class| self.failed().any(|f| f.id.class() == *class))?;
        let lines: Vec<String> = self
            .failed()
            .map(|finding| format!("  {}: {}", finding.id, finding.detail))
            .collect();
        // Where nothing else is wrong, the right CA has signed the right CSR.
        let weak = self
            .failed()
            .all(|finding| finding.id == Rule::AlgorithmSignedCert);
        // Who signed it is not the question then.
        let of_csr = self
            .failed()
            .all(|finding| matches!(finding.id, Rule::AlgorithmCsr | Rule::CsrSignature));
        let by_clients = self.failed().all(|finding| finding.id.is_of_clients());
        let of_time = self.failed().all(|finding| {
            matches!(
                finding.id,
                Rule::ValiditySignedCert | Rule::ValidityTrustAnchor
            )
        });
        let of_chain = self.failed().any(|finding| {
            matches!(
                finding.id,
                Rule::ChainOrder | Rule::ChainSignatures | Rule::PathLength | Rule::SelfIssued
            )
        });
        let by_us = |finding: &Finding<Rule>| self.terms.declined.contains(&finding.id);
        // Nothing fails by what CloudHSM is known to say.
        let declined = self.failed().any(by_us)
            && self
                .failed()
                .all(|finding| by_us(finding) || finding.id.is_of_clients());
        let clock = clock();
        let (kind, first, hint) = match class {
            Class::Input
                if self
                    .failed()
                    .filter(|finding| finding.id.class() == class)
                    .all(|finding| self.terms.of_content.contains(&finding.id)) =>
            {
                (
                    ErrorKind::Malformed,
                    "a certificate is malformed or over a documented limit",
                    REISSUE_HINT,
                )
            }
            Class::Input => (
                ErrorKind::Malformed,
                "an input is malformed or over a documented limit",
                "take each file anew from where it was made: the CSR as one PEM block with nothing \
                 around it; the signed certificate as one certificate, in PEM or DER; the trust \
                 anchor as one, or as a chain in PEM",
            ),
            Class::Ca if of_time => (
                ErrorKind::TrustAnchorRefused,
                "the trust anchor is not valid at the moment judged at: this is about time",
                clock.as_str(),
            ),
            Class::Ca if by_clients => (
                ErrorKind::TrustAnchorRefused,
                "the cluster's clients would refuse the trust anchor, and a claim cannot be taken \
                 back",
                "use a CA certificate without what is named above, such as `hsmboot ca init` makes",
            ),
            Class::Ca if declined => (
                ErrorKind::TrustAnchorRefused,
                "hsmboot declines the trust anchor",
                "have the CA's certificate issued anew, for the same key and under the same name, \
                 with what is expected above; or use another CA certificate, such as `hsmboot ca \
                 init` makes",
            ),
            Class::Ca if of_chain => (
                ErrorKind::TrustAnchorRefused,
                "CloudHSM would refuse the trust anchor",
                "give a chain as it is to be sent: the certificate of the CA that signs first, \
                 after each one its issuer's, the self-signed root last; or a self-signed CA \
                 certificate alone",
            ),
            Class::Ca => (
                ErrorKind::TrustAnchorRefused,
                "CloudHSM would refuse the trust anchor",
                "use a self-signed CA certificate that is valid now, such as `hsmboot ca init` \
                 makes",
            ),
            _ if of_time => (
                ErrorKind::PairUnfit,
                "the signed certificate is not valid at the moment judged at: this is about time",
                clock.as_str(),
            ),
            _ if weak => (
                ErrorKind::PairUnfit,
                if declined {
                    "hsmboot declines the signed certificate"
                } else {
                    "CloudHSM would refuse the signed certificate"
                },
                "have the CA sign the CSR again, with SHA-256 or better",
            ),
            _ if declined => (
                ErrorKind::PairUnfit,
                "hsmboot declines what is named below",
                "have each certificate that is named issued anew, with what is expected there; \
                 fetch the CSR again: its HSM writes it so",
            ),
            _ if of_csr => (
                ErrorKind::PairUnfit,
                "CloudHSM would refuse the CSR",
                "fetch the CSR again: its HSM signs it, with the key in it, and with SHA-256 or \
                 better",
            ),
            _ if by_clients => (
                ErrorKind::PairUnfit,
                "the cluster's clients would refuse the signed certificate, and a claim cannot be \
                 taken back",
                "have the CA sign the CSR again, as a TLS server's: CA:FALSE, digitalSignature and \
                 keyEncipherment, serverAuth where purposes are named",
            ),
            _ => (
                ErrorKind::PairUnfit,
                "CSR, signed certificate and trust anchor do not belong together",
                "sign the cluster's CSR with the CA whose certificate is the trust anchor, or the \
                 first of its chain",
            ),
        };
        let checks: Vec<&str> = self.failed().map(|finding| finding.id.as_str()).collect();
        Some(
            Error::new(kind, Lines::from(first).followed_by(lines), hint)
                .with_fact(FactName::Checks, checks),
        )
    }
}

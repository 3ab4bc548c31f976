//! Makes the signed certificate: proof, CA certificate, CA key and terms in; a checked [`Pair`]
//! out. Nothing here reads a file or a clock.

pub mod profile;

use crate::ca::CaKey;
use crate::check::{self, FitTrustAnchor, Pair};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::verify::Verified;
use crate::x509::pem::{self, Label};
use crate::x509::{
    Certificate, Csr, Moment, PublicKey, Strictness, TrustAnchor, sha256, to_hex, write,
};

/// The grounds that entitle to a signature: the proof that the CSR is a genuine HSM's, or the
/// operator's word to do without it.
#[derive(Clone, Copy, Debug)]
pub enum Grounds<'a> {
    /// The evidence was verified.
    Verified(Verified<'a>),
    /// It was not; the reason is recorded wherever the certificate goes.
    Unverified {
        /// The CSR to sign.
        csr: &'a Csr,
        /// The operator's words.
        reason: &'a str,
    },
}

impl<'a> Grounds<'a> {
    /// The CSR to sign.
    pub const fn csr(&self) -> &'a Csr {
        match self {
            Grounds::Verified(proof) => proof.csr(),
            Grounds::Unverified { csr, .. } => csr,
        }
    }
}

/// The caller's decisions about the certificate. Time and serial number come from outside, so that
/// the same terms give the same bytes.
#[derive(Clone, Copy, Debug)]
pub struct SigningTerms {
    /// 20 random octets; the first bit is cleared and the second set, so that the number is
    /// positive and of full length.
    pub serial: [u8; 20],
    /// Now.
    pub now: Moment,
    /// The number of days from now that the certificate lasts, at most until the CA's own end.
    pub days: u32,
}

/// The default validity of CA and signed certificate: ten years, as in the AWS guide
/// (`-days 3652`).
pub const DEFAULT_DAYS: u32 = 3652;

/// The CA: a certificate or chain that CloudHSM would take as trust anchor, and the key of its
/// first certificate.
pub struct SigningCa<'a> {
    trust_anchor: TrustAnchor,
    key: &'a dyn CaKey,
}

impl<'a> SigningCa<'a> {
    /// Puts certificate, or chain, and key together.
    ///
    /// # Errors
    /// Class `Ca` for a certificate that CloudHSM would refuse, that has expired, or that is not
    /// this key's.
    pub fn new(trust_anchor: TrustAnchor, key: &'a dyn CaKey, now: Moment) -> Result<Self> {
        Self::from_fit(FitTrustAnchor::judge(trust_anchor, now)?, key)
    }

    /// Does the same with a certificate, or chain, that was judged before, at the time of the
    /// signature.
    ///
    /// # Errors
    /// Class `Ca` for one that is not this key's.
    pub(crate) fn from_fit(fit: FitTrustAnchor, key: &'a dyn CaKey) -> Result<Self> {
        let trust_anchor = fit.into_trust_anchor();
        let certificate = trust_anchor.signing_ca();
        if certificate.spki() != key.spki() {
            let given = PublicKey::from_der(key.spki(), "the CA key")
                .map_or_else(|_| "unreadable".to_owned(), |key| key.describe());
            let [expected, found] =
                [certificate.spki(), key.spki()].map(|spki| to_hex(&sha256(spki)));
            return Err(Error::new(
                ErrorKind::CaKeyMismatch,
                [
                    "the CA key is not the CA certificate's".to_owned(),
                    format!(
                        "  certificate SHA-256 of its key {expected}  {}",
                        certificate.public_key().describe()
                    ),
                    format!("  CA key      SHA-256 of its key {found}  {given}"),
                ],
                "give the certificate and the key of the same CA",
            )
            .with_fact(FactName::Expected, expected)
            .with_fact(FactName::Found, found));
        }
        Ok(SigningCa { trust_anchor, key })
    }

    /// The CA's certificate, or chain.
    pub const fn trust_anchor(&self) -> &TrustAnchor {
        &self.trust_anchor
    }
}

/// Signs the CSR, then reads the result again, verifies it, and holds the pair against all that
/// InitializeCluster demands.
///
/// # Errors
/// Class `Ca` where the key does not sign, or signs something else; `Input`, `Ca` or
/// `Rejected` where the pair is not fit to be sent.
pub fn issue(grounds: &Grounds<'_>, ca: &SigningCa<'_>, terms: &SigningTerms) -> Result<Pair> {
    let csr = grounds.csr();
    check::check_name_constraints(&ca.trust_anchor, csr.subject(), terms.now)?;
    let tbs = profile::signed_cert_tbs(csr, &ca.trust_anchor, ca.key.signature_algorithm(), terms);
    let signature = ca.key.sign(&tbs)?;
    let signed = write::encode_certificate(&tbs, ca.key.signature_algorithm(), &signature);
    let wrong = |what: String| {
        Error::new(
            ErrorKind::BadSignature,
            format!("the CA key made something else than a signature by it: {what}"),
            "check the key, or the token and its mechanism",
        )
        .with_fact(FactName::Cause, what)
    };
    // Its issuer is the CA's subject, byte for byte, whatever faults that has.
    let certificate =
        Certificate::read(&signed, Strictness::Owner).map_err(|fault| wrong(fault.to_string()))?;
    if !certificate.is_signed_by(ca.trust_anchor.signing_ca().public_key()) {
        return Err(wrong(
            "it does not verify under the CA certificate's key".to_owned(),
        ));
    }
    let csr_pem = pem::encode(Label::CertificateRequest, csr.as_der());
    check::check_with_trust_anchor(
        csr_pem.as_bytes(),
        certificate.to_pem().as_bytes(),
        Ok(ca.trust_anchor.clone()),
        terms.now,
    )
    .into_pair()
}

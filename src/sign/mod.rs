//! Makes the signed certificate: proof, CA certificate, CA key and terms in; a checked [`Pair`] out. Nothing here reads a file or a clock.

pub mod profile;

use crate::ca::CaKey;
use crate::check::{self, Pair};
use crate::error::{Class, Error, Result};
use crate::verify::Verified;
use crate::x509::pem::{self, Label};
use crate::x509::{Certificate, Csr, Moment, PublicKey, Strictness, write};

/// What entitles to a signature: the proof that the CSR is a genuine HSM's, or the operator's word that it is to be done without.
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

/// What the caller decides about the certificate. Time and serial number come from outside, so that the same terms give the same bytes.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// 20 random octets; the first bit is cleared and the second set, so that the number is positive and of full length.
    pub serial: [u8; 20],
    /// Now.
    pub now: Moment,
    /// How many days from now the certificate lasts, at most until the CA's own end.
    pub days: u32,
}

/// The default validity of CA and signed certificate: ten years, as in the AWS guide (`-days 3652`).
pub const DEFAULT_DAYS: u32 = 3652;

/// The CA: a certificate that CloudHSM would take as trust anchor, and the key that is its own.
pub struct Ca<'a> {
    certificate: Certificate,
    key: &'a dyn CaKey,
}

impl<'a> Ca<'a> {
    /// Puts certificate and key together.
    ///
    /// # Errors
    /// Class `Input` for a malformed certificate, `Ca` for one that CloudHSM would refuse, that has expired, or that is not this key's.
    pub fn new(certificate_pem: &[u8], key: &'a dyn CaKey, now: Moment) -> Result<Self> {
        let certificate = check::trust_anchor(certificate_pem, now)?;
        if certificate.spki() != key.spki() {
            let given = PublicKey::from_der(key.spki(), "the CA key").map_or_else(|_| "unreadable".to_owned(), |key| key.describe());
            return Err(Error::new(
                Class::Ca,
                "ca-key-mismatch",
                format!(
                    "the CA key is not the CA certificate's\n  certificate SHA-256 of its key {}  {}\n  CA key      SHA-256 of its key {}  {given}",
                    crate::x509::hex(&crate::x509::sha256(certificate.spki())),
                    certificate.key().describe(),
                    crate::x509::hex(&crate::x509::sha256(key.spki())),
                ),
                "give the certificate and the key of the same CA",
            ));
        }
        Ok(Ca { certificate, key })
    }

    /// The CA's certificate.
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}

/// Signs the CSR, then reads the result again, verifies it, and holds the pair against all that InitializeCluster demands.
///
/// # Errors
/// Class `Ca` where the key does not sign, or signs something else; `Input`, `Ca` or `Rejected` where the pair is not fit to be sent.
pub fn issue(grounds: &Grounds<'_>, ca: &Ca<'_>, terms: &Terms) -> Result<Pair> {
    let csr = grounds.csr();
    check::allows(&ca.certificate, csr.subject(), terms.now)?;
    let tbs = profile::signed_cert_tbs(csr, &ca.certificate, ca.key.signature_algorithm(), terms);
    let signature = ca.key.sign(&tbs)?;
    let signed = write::signed(&tbs, ca.key.signature_algorithm(), &signature);
    let wrong = |what: String| {
        Error::new(
            Class::Ca,
            "bad-signature",
            format!("the CA key made something else than a signature by it: {what}"),
            "check the key, or the token and its mechanism",
        )
    };
    // Its issuer is the CA's subject, byte for byte, whatever faults that has.
    let certificate = Certificate::read(&signed, Strictness::Owner).map_err(|fault| wrong(fault.to_string()))?;
    if !certificate.is_signed_by(ca.certificate.key()) {
        return Err(wrong("it does not verify under the CA certificate's key".to_owned()));
    }
    let csr_pem = pem::encode(Label::CertificateRequest, csr.der());
    check::check(csr_pem.as_bytes(), certificate.to_pem().as_bytes(), ca.certificate.to_pem().as_bytes(), terms.now).into_pair()
}

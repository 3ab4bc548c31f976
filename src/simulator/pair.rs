//! What InitializeCluster demands of SignedCert and TrustAnchor beyond their form.
//!
//! Sources: the API Reference's text of the two parameters; the AWS CloudHSM User Guide, "Initialize the cluster" and its
//! list of trust anchors that are refused (`facts.md`, "The service"). How the service words its refusals is not
//! documented; these say what is wrong.

use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};

use super::certificate::{Certificate, Reader, only};
use super::clock::Millis;
use super::der;
use super::wire::ApiError;

const SHA384_WITH_RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0C];
const SHA512_WITH_RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0D];
const ECDSA_WITH_SHA256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02];
const ECDSA_WITH_SHA384: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x03];
const EC_PUBLIC_KEY: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
const P256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2B, 0x81, 0x04, 0x00, 0x22];

/// Judges the pair for a cluster whose CSR has the key `csr_spki`.
pub(super) fn judge(signed_cert: &str, trust_anchor: &str, csr_spki: &[u8], now: Millis) -> Result<(), ApiError> {
    let signed = Certificate::from_pem(signed_cert).map_err(|reason| refused("SignedCert", &reason))?;
    let anchor = Certificate::from_pem(trust_anchor).map_err(|reason| refused("TrustAnchor", &reason))?;
    usable_anchor(&anchor).map_err(|reason| refused("TrustAnchor", &reason))?;
    if signed.spki != csr_spki {
        return Err(refused("SignedCert", "carries another public key than the cluster's certificate signing request"));
    }
    if signed.issuer != anchor.subject {
        return Err(refused("SignedCert", "was not issued by the trust anchor: its issuer is not the trust anchor's subject"));
    }
    if !verifies(&signed, &anchor.spki) {
        return Err(refused("SignedCert", "was not signed by the trust anchor's key"));
    }
    for (parameter, certificate) in [("SignedCert", &signed), ("TrustAnchor", &anchor)] {
        let seconds = now.div_euclid(1000);
        if seconds < certificate.not_before {
            return Err(refused(parameter, "is not valid yet"));
        }
        if seconds > certificate.not_after {
            return Err(refused(parameter, "has expired"));
        }
    }
    Ok(())
}

fn refused(parameter: &str, reason: &str) -> ApiError {
    ApiError::invalid(format!("Invalid {parameter}: the value {reason}."))
}

/// Self-signed; and if it has extensions, basicConstraints among them, and none that forbids signing certificates.
fn usable_anchor(anchor: &Certificate) -> Result<(), String> {
    if anchor.issuer != anchor.subject {
        return Err(String::from("is not self-signed: its issuer is not its subject"));
    }
    if !verifies(anchor, &anchor.spki) {
        return Err(String::from("is not self-signed: its own key did not sign it"));
    }
    if anchor.extensions.is_empty() {
        return Ok(());
    }
    match anchor.basic_constraints() {
        None => {
            return Err(String::from("has X.509v3 extensions but no basicConstraints among them"));
        }
        Some(read) => {
            if !read? {
                return Err(String::from("is not a CA certificate: its basicConstraints says CA:FALSE"));
            }
        }
    }
    if anchor.may_sign_certificates() == Some(false) {
        return Err(String::from("has a keyUsage without keyCertSign"));
    }
    Ok(())
}

fn verifies(certificate: &Certificate, issuer_spki: &[u8]) -> bool {
    let key = || {
        let mut reader = Reader::new(only(issuer_spki, 0x30)?.content);
        let mut algorithm = Reader::new(reader.required(0x30)?.content);
        let kind = algorithm.required(0x06)?.content;
        let curve = algorithm.next().map(|parameters| parameters.content);
        let bits = reader.required(0x03)?.content.strip_prefix(&[0])?;
        Some((kind, curve, bits))
    };
    let signed_with = only(&certificate.algorithm, 0x30).and_then(|a| Reader::new(a.content).required(0x06));
    let (Some((kind, curve, bits)), Some(signed_with)) = (key(), signed_with) else {
        return false;
    };
    let Some(algorithm) = algorithm(signed_with.content, kind, curve) else {
        return false;
    };
    UnparsedPublicKey::new(algorithm, bits).verify(&certificate.tbs, &certificate.signature).is_ok()
}

fn algorithm(signed_with: &[u8], kind: &[u8], curve: Option<&[u8]>) -> Option<&'static dyn VerificationAlgorithm> {
    if kind == der::RSA_ENCRYPTION {
        return match signed_with {
            der::SHA256_WITH_RSA => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
            SHA384_WITH_RSA => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
            SHA512_WITH_RSA => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
            _ => None,
        };
    }
    match (kind, curve?, signed_with) {
        (EC_PUBLIC_KEY, P256, ECDSA_WITH_SHA256) => Some(&signature::ECDSA_P256_SHA256_ASN1),
        (EC_PUBLIC_KEY, P256, ECDSA_WITH_SHA384) => Some(&signature::ECDSA_P256_SHA384_ASN1),
        (EC_PUBLIC_KEY, P384, ECDSA_WITH_SHA256) => Some(&signature::ECDSA_P384_SHA256_ASN1),
        (EC_PUBLIC_KEY, P384, ECDSA_WITH_SHA384) => Some(&signature::ECDSA_P384_SHA384_ASN1),
        _ => None,
    }
}

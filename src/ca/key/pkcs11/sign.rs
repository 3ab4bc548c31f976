//! Signs on the token, with the first mechanism that the token has of those that end in the same
//! signature.

use cryptoki::error::{Error as Cryptoki, RvError};
use cryptoki::mechanism::{Mechanism, MechanismType};

use super::super::scheme::SignatureScheme;
use super::{TokenKey, failure};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::x509::der;

/// A way to the signature: the mechanism, and what it is given.
struct SigningWay {
    mechanism: Mechanism<'static>,
    input: Vec<u8>,
}

/// The ways, the best first. For ECDSA that is the mechanism without a hash, which every token with
/// ECDSA has.
fn signing_ways(scheme: SignatureScheme, tbs: &[u8]) -> [SigningWay; 2] {
    let hashed = |mechanism| SigningWay {
        mechanism,
        input: tbs.to_vec(),
    };
    let digest = || scheme.hash().digest(tbs).as_ref().to_vec();
    match scheme {
        SignatureScheme::Rsa => [
            hashed(Mechanism::Sha256RsaPkcs),
            SigningWay {
                mechanism: Mechanism::RsaPkcs,
                input: scheme.hash().digest_info(tbs),
            },
        ],
        SignatureScheme::P256 => [
            SigningWay {
                mechanism: Mechanism::Ecdsa,
                input: digest(),
            },
            hashed(Mechanism::EcdsaSha256),
        ],
        SignatureScheme::P384 => [
            SigningWay {
                mechanism: Mechanism::Ecdsa,
                input: digest(),
            },
            hashed(Mechanism::EcdsaSha384),
        ],
    }
}

/// Tells whether a mechanism hashes what it is given, and so takes it in parts: those that do not
/// are for a single part (PKCS#11 2.40 curr, 2.1, 2.3).
const fn is_hashing(mechanism: &Mechanism<'_>) -> bool {
    matches!(
        mechanism,
        Mechanism::Sha256RsaPkcs | Mechanism::EcdsaSha256 | Mechanism::EcdsaSha384
    )
}

impl TokenKey {
    /// The signature as a certificate has it, made on the token, and verified.
    pub(super) fn sign_on_token(&self, tbs: &[u8]) -> Result<Vec<u8>> {
        let name = self.token.name();
        let raw = self.raw_signature(tbs)?;
        let wrong = |what: &str| {
            Error::new(
                ErrorKind::BadSignature,
                format!(
                    "the token {name} made something else than a signature by the CA's key: {what}"
                ),
                "check the key and the token; nothing of it has been written",
            )
            .with_fact(FactName::Token, &name)
        };
        let signature = match self.scheme {
            SignatureScheme::Rsa => raw,
            SignatureScheme::P256 => ecdsa_der(&raw, 32)
                .ok_or_else(|| wrong("it has not the form of one (PKCS#11 2.40 curr, 2.3.1)"))?,
            SignatureScheme::P384 => ecdsa_der(&raw, 48)
                .ok_or_else(|| wrong("it has not the form of one (PKCS#11 2.40 curr, 2.3.1)"))?,
        };
        if !self.scheme.verify(&self.public, tbs, &signature) {
            return Err(wrong("it does not verify under the key's own public key"));
        }
        Ok(signature)
    }

    fn raw_signature(&self, tbs: &[u8]) -> Result<Vec<u8>> {
        let name = self.token.name();
        let there = self
            .module
            .pkcs11
            .get_mechanism_list(self.token.slot)
            .map_err(|error| {
                failure::token_failure(
                    &name,
                    "was asked for its mechanisms (C_GetMechanismList)",
                    &error,
                )
            })?;
        let mut ways: Vec<SigningWay> = signing_ways(self.scheme, tbs)
            .into_iter()
            .filter(|way| there.contains(&way.mechanism.mechanism_type()))
            .collect();
        if self.always_authenticate {
            // The login has to come between C_SignInit and the first data, where this program can
            // put it only in an operation of several parts.
            ways.sort_by_key(|way| !is_hashing(&way.mechanism));
        }
        for way in &ways {
            match self.try_way(way) {
                // A key may be bound to one of them (CKA_ALLOWED_MECHANISMS).
                Err(SigningStop::NotThisWay) => {}
                Err(SigningStop::Failed(error)) => return Err(error),
                Ok(signature) => return Ok(signature),
            }
        }
        Err(Error::new(
            ErrorKind::TokenMechanismMissing,
            [
                format!(
                    "the token {name} cannot sign with this key in any way that a certificate needs"
                ),
                format!("  needed  {}", needed_mechanisms(self.scheme)),
            ],
            "use a key of another type, or another token; the vendor's tool lists its mechanisms",
        )
        .with_fact(FactName::Token, &name)
        .with_fact(FactName::Expected, needed_mechanisms(self.scheme)))
    }

    fn try_way(&self, way: &SigningWay) -> std::result::Result<Vec<u8>, SigningStop> {
        let session = self
            .session
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let failed = |error: &Cryptoki| match error {
            Cryptoki::Pkcs11(RvError::MechanismInvalid | RvError::MechanismParamInvalid, _) => {
                SigningStop::NotThisWay
            }
            _ => SigningStop::Failed(failure::token_failure(
                &self.token.name(),
                "was asked for a signature",
                error,
            )),
        };
        if !self.always_authenticate {
            return session
                .sign(&way.mechanism, self.handle, &way.input)
                .map_err(|error| failed(&error));
        }
        let begin = || session.sign_init(&way.mechanism, self.handle);
        let has_begun = match begin() {
            Ok(()) => true,
            // Some modules want the login before it.
            Err(Cryptoki::Pkcs11(RvError::UserNotLoggedIn, _)) => false,
            Err(error) => return Err(failed(&error)),
        };
        self.login
            .for_this_signature(&self.token, &session, &self.module)
            .map_err(SigningStop::Failed)?;
        if !has_begun {
            begin().map_err(|error| failed(&error))?;
        }
        let parts = session
            .sign_update(&way.input)
            .and_then(|()| session.sign_final());
        parts.map_err(|error| match error {
            Cryptoki::Pkcs11(
                RvError::OperationNotInitialized | RvError::FunctionNotSupported,
                _,
            ) if !is_hashing(&way.mechanism) => {
                SigningStop::Failed(single_part(&self.token.name()))
            }
            error => SigningStop::Failed(failure::token_failure(
                &self.token.name(),
                "was asked for a signature",
                &error,
            )),
        })
    }
}

/// A key that wants its PIN for each signature, on a token that signs only in a single part.
fn single_part(name: &str) -> Error {
    Error::new(
        ErrorKind::TokenMechanismMissing,
        format!(
            "the key on the token {name} wants its PIN for each signature \
             (CKA_ALWAYS_AUTHENTICATE), and this program can give it only where the token takes \
             what is to be signed in parts, which this one does not"
        ),
        "use an RSA key on this token, or a key without CKA_ALWAYS_AUTHENTICATE",
    )
    .with_fact(FactName::Token, name)
}

/// The reason why there is no signature.
enum SigningStop {
    /// The token, or the key, does not do it in this way.
    NotThisWay,
    Failed(Error),
}

/// The mechanisms that [`can_sign`] looks for, by their names.
pub(super) const fn needed_mechanisms(scheme: SignatureScheme) -> &'static str {
    match scheme {
        SignatureScheme::Rsa => "CKM_SHA256_RSA_PKCS or CKM_RSA_PKCS",
        SignatureScheme::P256 => "CKM_ECDSA or CKM_ECDSA_SHA256",
        SignatureScheme::P384 => "CKM_ECDSA or CKM_ECDSA_SHA384",
    }
}

/// Tells whether the token can sign with keys of this kind at all.
pub(super) fn can_sign(there: &[MechanismType], scheme: SignatureScheme) -> bool {
    signing_ways(scheme, &[])
        .iter()
        .any(|way| there.contains(&way.mechanism.mechanism_type()))
}

/// r and s, side by side at full length (PKCS#11 2.40 curr, 2.3.1), as Ecdsa-Sig-Value (RFC 3279
/// 2.2.3).
fn ecdsa_der(raw: &[u8], length: usize) -> Option<Vec<u8>> {
    let (r, s) = raw.split_at_checked(length)?;
    let zero = |number: &[u8]| number.iter().all(|byte| *byte == 0);
    (s.len() == length && !zero(r) && !zero(s))
        .then(|| der::encode_sequence(&[&der::encode_integer(r), &der::encode_integer(s)]))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn r_and_s_are_written_in_their_shortest_form() {
        let raw = |r: &[u8], s: &[u8]| {
            [
                vec![0; 32 - r.len()],
                r.to_vec(),
                vec![0; 32 - s.len()],
                s.to_vec(),
            ]
            .concat()
        };
        assert_eq!(
            ecdsa_der(&raw(&[1], &[0x7F]), 32).unwrap(),
            [0x30, 6, 2, 1, 1, 2, 1, 0x7F]
        );
        // A number whose first bit is set gets a zero before it; zeros before the number go.
        assert_eq!(
            ecdsa_der(&raw(&[0x80], &[0x01, 0x00]), 32).unwrap(),
            [0x30, 8, 2, 2, 0, 0x80, 2, 2, 1, 0]
        );
        assert_eq!(ecdsa_der(&[0xFF; 64], 32).unwrap().len(), 2 + 2 * (2 + 33));
        assert_eq!(ecdsa_der(&[0xFF; 96], 48).unwrap().len(), 2 + 2 * (2 + 49));
    }

    #[test]
    fn what_has_another_length_or_a_zero_is_no_signature() {
        for bad in [
            &[1u8; 63][..],
            &[1; 65],
            &[1; 70],
            &[],
            &[0; 64],
            &[vec![1; 32], vec![0; 32]].concat(),
            &[vec![0; 32], vec![1; 32]].concat(),
        ] {
            assert_eq!(ecdsa_der(bad, 32), None);
        }
        // A signature in DER, as a module that breaks the standard would give it.
        assert_eq!(
            ecdsa_der(
                &der::encode_sequence(&[
                    &der::encode_integer(&[9; 32]),
                    &der::encode_integer(&[9; 32])
                ]),
                32
            ),
            None
        );
    }

    #[test]
    fn the_digest_info_is_that_of_rfc_8017() {
        // RFC 8017 9.2, note 1
        let prefix = [
            0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
            0x01, 0x05, 0x00, 0x04, 0x20,
        ];
        let hash = SignatureScheme::Rsa.hash();
        let digest = hash.digest(b"a message");
        assert_eq!(
            hash.digest_info(b"a message"),
            [&prefix[..], digest.as_ref()].concat()
        );
    }
}

//! The proof itself. Its fields are private to this file, which alone makes one.

use super::basis::{Basis, KeyOrigin, ProofPurpose};
use super::challenge::Challenge;
use super::response::SignedResponse;
use super::unproven::{chain_lines, not_proven};
use crate::bundle::{ClusterId, Fingerprint};
use crate::ca::CaKey;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::Lines;
use crate::x509::name::same_name;
use crate::x509::{Certificate, PublicKey, SignatureAlgorithm, TrustAnchor, name_text, to_hex};

/// The owner of a cluster to be: a trust anchor, and how it was named or proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    trust_anchor: TrustAnchor,
    basis: Basis,
}

impl Owner {
    /// Takes as the owner the CA whose certificate, or chain, the operator named: `--ca`.
    ///
    /// The caller read it from a file of the operator's. A bundle's own file names nobody.
    pub const fn with_named_ca(trust_anchor: TrustAnchor) -> Self {
        Owner {
            trust_anchor,
            basis: Basis::Certificate,
        }
    }

    /// Takes as the owner the CA whose certificates have the SHA-256 that the operator gave:
    /// `--ca-fingerprint`, once or several times.
    ///
    /// The first certificate must be named. That one says, by its signature, which key and name
    /// stand above it; but anybody can certify that key and name under a root of their own, and so
    /// lengthen the chain. Hence the root must be named too, unless it is the very one that signed
    /// the first certificate: only the holder of a key can have made a certificate that this same
    /// key signed. What lies between two that are named was signed by the upper one's holder. All
    /// of that hangs on the signatures, so they are verified here, whatever else was judged or
    /// tolerated before.
    ///
    /// # Errors
    /// Class [`Class::Rejected`](crate::error::Class::Rejected): `another-trust-anchor`, where
    /// `found`, which `place` holds, has another first certificate, or none of a SHA-256 that is
    /// given; `owner-not-proven`, where its root is not named.
    pub fn with_fingerprints(
        expected: &[[u8; 32]],
        found: &TrustAnchor,
        place: &str,
        purpose: ProofPurpose,
    ) -> Result<Self> {
        let undone = purpose.refusal_note();
        let there = found.fingerprints();
        let first = found.signing_ca().fingerprint();
        let stranger = expected
            .iter()
            .find(|expected| !there.contains(expected))
            .or(expected.first().filter(|_| !expected.contains(&first)));
        if let Some(stranger) = stranger {
            return Err(Error::new(
                ErrorKind::AnotherTrustAnchor,
                Lines::from([
                    "the CA's certificate is not the one that --ca-fingerprint names".to_owned(),
                    format!("  expected SHA-256 {}  --ca-fingerprint", to_hex(stranger)),
                    format!("  found    SHA-256 {}  {place}", to_hex(&first)),
                ])
                .followed_by(chain_lines(found)),
                "do not go on: ask those who keep the CA for its certificate's SHA-256",
            )
            .with_fact(FactName::Expected, to_hex(stranger))
            .with_fact(FactName::Found, to_hex(&first)));
        }
        let root = found.last_certificate().fingerprint();
        if let Some(at) = first_unsigned(found) {
            return Err(Error::new(
                ErrorKind::OwnerNotProven,
                Lines::from([
                    format!(
                        "--ca-fingerprint names the CA that signs, and nothing proves what stands \
                         above it: the signature of certificate {at} of the chain does not verify \
                         under the next one's key; {undone}"
                    ),
                    format!("  file  {place}"),
                ])
                .followed_by(chain_lines(found)),
                "name the chain with --ca FILE, a copy that did not come with the bundle",
            )
            .with_fact(FactName::CaSha256, to_hex(&first)));
        }
        if expected.contains(&first)
            && (found.certificates_above().len() < 2 || expected.contains(&root))
        {
            return Ok(Owner {
                trust_anchor: found.clone(),
                basis: Basis::CertificateFingerprint,
            });
        }
        Err(Error::new(
            ErrorKind::OwnerNotProven,
            [
                format!(
                    "--ca-fingerprint names the CA that signs, but not the root of its chain: \
                     anybody can put another root above it; {undone}"
                ),
                format!(
                    "  the root  {}",
                    name_text(found.last_certificate().subject())
                ),
                format!("  SHA-256   {}", to_hex(&root)),
                format!("  file      {place}"),
            ],
            "compare that SHA-256 with what those who keep the root know of it, then give it as \
             well, with a second --ca-fingerprint; or name the chain with --ca FILE",
        )
        .with_fact(FactName::CaSha256, to_hex(&first))
        .with_fact(FactName::Found, to_hex(&root)))
    }

    /// Takes as the owner the CA in a response whose fingerprint the operator gave: `--expect`, or
    /// typed on a terminal.
    ///
    /// # Errors
    /// The groups of digits that differ, counted from 1.
    pub fn with_response(
        expected: Fingerprint,
        id: &ClusterId,
        response: &SignedResponse<'_>,
    ) -> std::result::Result<Self, Vec<usize>> {
        match response.fingerprint(id).differing_groups(expected) {
            apart if apart.is_empty() => Ok(Owner {
                trust_anchor: response.trust_anchor.clone(),
                basis: Basis::ResponseFingerprint,
            }),
            apart => Err(apart),
        }
    }

    /// Takes as the owner the CA whose private key is at hand: it signs `challenge`. What a token
    /// or a service says of its public key proves nothing, since a token's public objects are
    /// changed without a PIN (PKCS#11 2.40 base, 4.4: CKA_PRIVATE). A key proves a self-signed
    /// certificate alone: of a chain, not even the first certificate, as whoever made the others
    /// could have issued that one anew, for the same name and key.
    ///
    /// # Errors
    /// Class [`Class::Rejected`](crate::error::Class::Rejected), `owner-not-proven`: the key is
    /// another one than the first certificate's, or does not sign as that one's, or it proves
    /// nothing because it lies in the bundle unencrypted, or the trust anchor is a chain. What the
    /// key says where it cannot sign at all.
    pub fn with_key(
        key: &dyn CaKey,
        origin: KeyOrigin,
        trust_anchor: &TrustAnchor,
        place: &str,
        challenge: &Challenge,
    ) -> Result<Self> {
        let certificate = trust_anchor.signing_ca();
        let public = PublicKey::from_der(key.spki(), "the CA key").ok();
        if !public
            .as_ref()
            .is_some_and(|public| public.same_numbers(certificate.public_key()))
        {
            return Err(not_proven(
                [
                    "the key at hand is not the key of the CA certificate in the bundle".to_owned(),
                    format!(
                        "  certificate  {}, SHA-256 of its key {}",
                        certificate.public_key().describe(),
                        to_hex(&crate::x509::sha256(certificate.spki()))
                    ),
                    format!(
                        "  key          {}, SHA-256 {}",
                        public.map_or_else(|| "unreadable".to_owned(), |public| public.describe()),
                        to_hex(&crate::x509::sha256(key.spki()))
                    ),
                ],
                trust_anchor,
                place,
            ));
        }
        let basis = match origin {
            KeyOrigin::OpenedByAnybody => Err(not_proven(
                "the CA's key lies in the bundle, and so does the passphrase that opens it, or it \
                 is an empty one: whoever can write to the bundle could have put both there",
                trust_anchor,
                place,
            )),
            KeyOrigin::PlainInBundle => Err(not_proven(
                "the CA's key lies in the bundle unencrypted: whoever can write to the bundle \
                 could have put it there",
                trust_anchor,
                place,
            )),
            _ if trust_anchor.is_chain() => Err(not_proven(
                "the key at hand is the key of the chain's first certificate, and proves none of \
                 those above it: anybody can put another root there",
                trust_anchor,
                place,
            )),
            KeyOrigin::Named | KeyOrigin::Unlocked => Ok(Basis::Key),
            KeyOrigin::New => Ok(Basis::NewCa),
        }?;
        let answered = match key.sign(challenge.as_octets()) {
            Ok(signature) => {
                SignatureAlgorithm::from_der(key.signature_algorithm()).is_ok_and(|algorithm| {
                    certificate
                        .public_key()
                        .verify(algorithm, challenge.as_octets(), &signature)
                })
            }
            Err(error) if error.kind == ErrorKind::BadSignature => false,
            Err(error) => return Err(error),
        };
        if !answered {
            return Err(not_proven(
                "the key at hand says that it is the key of the CA certificate in the bundle, and \
                 does not sign as that one: its public key, where it lives, is another key's",
                trust_anchor,
                place,
            ));
        }
        Ok(Owner {
            trust_anchor: trust_anchor.clone(),
            basis,
        })
    }

    /// Takes as the owner the CA in the bundle, on the operator's word alone: `--ca-from-bundle
    /// --reason TEXT`. The reason is recorded wherever the claim is.
    pub fn with_waiver(trust_anchor: TrustAnchor, reason: impl Into<String>) -> Self {
        Owner {
            trust_anchor,
            basis: Basis::Waived {
                reason: reason.into(),
            },
        }
    }

    /// The owner's CA certificate, or chain.
    pub const fn trust_anchor(&self) -> &TrustAnchor {
        &self.trust_anchor
    }

    /// The way in which the owner was named or proved.
    pub const fn basis(&self) -> &Basis {
        &self.basis
    }

    /// Tells whether a trust anchor is the owner's very one, certificate by certificate.
    pub fn has_trust_anchor(&self, found: &TrustAnchor) -> bool {
        self.trust_anchor == *found
    }

    /// Checks that a trust anchor is the owner's very one, certificate by certificate.
    ///
    /// # Errors
    /// Class [`Class::Rejected`](crate::error::Class::Rejected), `another-trust-anchor`: `found`,
    /// which `place` holds, is another one.
    pub fn check_same_anchor(
        &self,
        found: &TrustAnchor,
        place: &str,
        purpose: ProofPurpose,
    ) -> Result<()> {
        if self.has_trust_anchor(found) {
            return Ok(());
        }
        let same_first = self.trust_anchor.signing_ca().as_der() == found.signing_ca().as_der();
        let what = if same_first {
            "the bundle's trust anchor begins with your CA, but has another chain"
        } else {
            "the bundle's trust anchor is not your CA"
        };
        Err(Error::new(
            ErrorKind::AnotherTrustAnchor,
            Lines::from(what)
                .followed_by(format!(
                    "  your CA      SHA-256 {}  {}",
                    to_hex(&self.trust_anchor.signing_ca().fingerprint()),
                    self.basis.as_phrase()
                ))
                .followed_by(chain_lines(&self.trust_anchor))
                .followed_by(format!(
                    "  the bundle's SHA-256 {}  {place}",
                    to_hex(&found.signing_ca().fingerprint())
                ))
                .followed_by(chain_lines(found)),
            purpose.another_anchor_hint(),
        )
        .with_fact(
            FactName::CaSha256,
            to_hex(&self.trust_anchor.signing_ca().fingerprint()),
        )
        .with_fact(FactName::Found, to_hex(&found.signing_ca().fingerprint())))
    }
}

/// The first certificate of a chain that the next one did not sign, the last one itself included;
/// counted from 1.
fn first_unsigned(chain: &TrustAnchor) -> Option<usize> {
    let issuers = chain
        .certificates_above()
        .iter()
        .chain([chain.last_certificate()]);
    let holds = |below: &Certificate, above: &Certificate| {
        same_name(below.issuer(), above.subject()) && below.is_signed_by(above.public_key())
    };
    let broken = chain
        .certificates()
        .zip(issuers)
        .position(|(below, above)| !holds(below, above))?;
    chain.is_chain().then(|| broken + 1)
}

//! The owner's proof: whose CA a cluster is claimed for, as the operator named or proved it in this
//! run. Pure.
//!
//! InitializeCluster cannot be taken back, and a bundle may come from anywhere: nothing in a bundle
//! names the owner. [`Owner`] is the proof that the operator did. Each of its makers is one way of
//! naming or proving a CA; there is no other. [`Authorized`] puts it together with a checked pair
//! and with the grounds that the CSR is a genuine HSM's. The request itself,
//! [`crate::cloudhsm::InitializeCluster`], is made from nothing else.

use crate::bundle::{ClusterId, DocumentWord, Fingerprint, OwnerProof};
use crate::ca::CaKey;
use crate::check::{Pair, SignedInputs};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::Lines;
use crate::sign::Grounds;
use crate::x509::name::same_name;
use crate::x509::{Certificate, Csr, PublicKey, TrustAnchor, name_text, to_hex};

/// The owner of a cluster to be: a trust anchor, and how it was named or proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    trust_anchor: TrustAnchor,
    basis: Basis,
}

/// The way in which the owner was named or proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The operator gave a copy of the CA's certificate that is not the bundle's.
    Certificate,
    /// The operator gave the SHA-256 of the CA's certificate.
    CertificateFingerprint,
    /// The operator gave the fingerprint of the response, as the signer read it out.
    ResponseFingerprint,
    /// The CA's private key was at hand.
    Key,
    /// This run made the CA.
    NewCa,
    /// Nothing was proved: the operator decided to take the CA in the bundle.
    Waived {
        /// The operator's words.
        reason: String,
    },
}

impl Basis {
    /// Returns what records note of it.
    pub const fn noted_proof(&self) -> OwnerProof {
        match self {
            Basis::Certificate => OwnerProof::Certificate,
            Basis::CertificateFingerprint => OwnerProof::CertificateFingerprint,
            Basis::ResponseFingerprint => OwnerProof::ResponseFingerprint,
            Basis::Key => OwnerProof::Key,
            Basis::NewCa => OwnerProof::NewCa,
            Basis::Waived { .. } => OwnerProof::Waived,
        }
    }

    /// The name that records use.
    pub fn as_str(&self) -> &'static str {
        self.noted_proof().as_word()
    }

    /// The basis in a sentence's end, for people.
    pub const fn as_phrase(&self) -> &'static str {
        match self {
            Basis::Certificate => "named by --ca",
            Basis::CertificateFingerprint => "named by --ca-fingerprint",
            Basis::ResponseFingerprint => "named by the response's fingerprint",
            Basis::Key => "proved by its private key",
            Basis::NewCa => "made in this run",
            Basis::Waived { .. } => "TAKEN FROM THE BUNDLE, PROVED BY NOTHING",
        }
    }

    /// The operator's reason, where nothing was proved.
    pub fn waiver_reason(&self) -> Option<&str> {
        match self {
            Basis::Waived { reason } => Some(reason),
            _ => None,
        }
    }
}

/// The way in which a private key came into this run's hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOrigin {
    /// The operator named it, and it does not lie in the bundle.
    Named,
    /// It lies in the bundle, encrypted, and the operator's passphrase opened it.
    Unlocked,
    /// It lies in the bundle unencrypted: whoever can write to the bundle could have put it there.
    PlainInBundle,
    /// It lies in the bundle, encrypted, and what opened it is nothing that only the operator has:
    /// a passphrase that lies there too, or an empty one.
    OpenedByAnybody,
    /// This run made it.
    New,
}

/// The act for which the owner must be proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofPurpose {
    /// The CA issues a certificate.
    Signature,
    /// The cluster is claimed.
    Claim,
    /// Clients are given the trust anchor.
    Handover,
}

impl ProofPurpose {
    /// Says what was not done because the owner is not proven.
    const fn refusal_note(self) -> &'static str {
        match self {
            ProofPurpose::Signature => "nothing was signed",
            ProofPurpose::Claim => "nothing was sent",
            ProofPurpose::Handover => "nothing was written",
        }
    }
}

impl Owner {
    /// Takes as the owner the CA whose certificate, or chain, the operator named: `--ca`, or
    /// `--trust-anchor` of an import.
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

    /// Takes as the owner the CA whose private key is at hand. A key proves a self-signed
    /// certificate alone: of a chain, not even the first certificate, as whoever made the others
    /// could have issued that one anew, for the same name and key.
    ///
    /// # Errors
    /// Class [`Class::Rejected`](crate::error::Class::Rejected), `owner-not-proven`: the key is
    /// another one than the first certificate's, or it proves nothing because it lies in the bundle
    /// unencrypted, or the trust anchor is a chain.
    pub fn with_key(
        key: &dyn CaKey,
        origin: KeyOrigin,
        trust_anchor: &TrustAnchor,
        place: &str,
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
        match origin {
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
            KeyOrigin::Named | KeyOrigin::Unlocked => Ok(Owner {
                trust_anchor: trust_anchor.clone(),
                basis: Basis::Key,
            }),
            KeyOrigin::New => Ok(Owner {
                trust_anchor: trust_anchor.clone(),
                basis: Basis::NewCa,
            }),
        }
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

    /// Checks that a trust anchor is the owner's very one, certificate by certificate.
    ///
    /// # Errors
    /// Class [`Class::Rejected`](crate::error::Class::Rejected), `another-trust-anchor`: `found`,
    /// which `place` holds, is another one.
    pub fn check_same_anchor(&self, found: &TrustAnchor, place: &str) -> Result<()> {
        if self.trust_anchor == *found {
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
            "do not submit it: it was signed by another CA, or changed on its way back",
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

/// The certificates above the first, a line each.
fn chain_lines(trust_anchor: &TrustAnchor) -> Lines {
    trust_anchor
        .certificates_above()
        .iter()
        .map(|above| {
            format!(
                "    above it   SHA-256 {}  {}",
                to_hex(&above.fingerprint()),
                name_text(above.subject())
            )
        })
        .collect()
}

/// The response that goes back to whoever submits, or that was submitted. Nothing here says whether
/// it is fit to be sent.
#[derive(Clone, Copy, Debug)]
pub struct SignedResponse<'a> {
    /// The CSR that was signed.
    pub csr: &'a Csr,
    /// The signed certificate.
    pub signed_cert: &'a Certificate,
    /// The trust anchor.
    pub trust_anchor: &'a TrustAnchor,
}

impl<'a> SignedResponse<'a> {
    /// Takes the response from what was read of a bundle.
    pub(crate) const fn from_inputs(inputs: &'a SignedInputs) -> Self {
        SignedResponse {
            csr: &inputs.csr,
            signed_cert: &inputs.signed_cert,
            trust_anchor: &inputs.trust_anchor,
        }
    }

    /// Takes the response from a checked pair.
    pub const fn from_pair(pair: &'a Pair) -> Self {
        SignedResponse::from_inputs(pair.inputs())
    }

    /// Its fingerprint, for this cluster.
    pub fn fingerprint(&self, id: &ClusterId) -> Fingerprint {
        Fingerprint::of_response(
            id,
            self.csr.as_der(),
            self.signed_cert.as_der(),
            self.trust_anchor.certificate_ders(),
        )
    }
}

/// The error where nothing names or proves the owner. `place` is where the certificate lies, `why`
/// what is missing.
pub fn not_proven(why: impl Into<Lines>, trust_anchor: &TrustAnchor, place: &str) -> Error {
    unproven_error(
        ProofPurpose::Claim,
        why,
        trust_anchor,
        place,
        "name your CA: --ca FILE, with a copy of its certificate, or chain, that did not come with \
         the bundle. --ca-from-bundle --reason TEXT takes the bundle's word, and records that",
    )
}

/// Returns the same error for a trust anchor that clients would be given. There is no way round:
/// whoever exchanges the trust anchor stands between clients and cluster, unseen.
pub fn not_proven_for_clients(trust_anchor: &TrustAnchor, place: &str) -> Error {
    unproven_error(
        ProofPurpose::Handover,
        "neither --ca nor --ca-fingerprint was given",
        trust_anchor,
        place,
        "name your CA: --ca FILE, with a copy of its certificate, or chain, that did not come with \
         the bundle, or --ca-fingerprint SHA256, as those who keep the CA noted it",
    )
}

fn unproven_error(
    purpose: ProofPurpose,
    why: impl Into<Lines>,
    trust_anchor: &TrustAnchor,
    place: &str,
    hint: &str,
) -> Error {
    Error::new(
        ErrorKind::OwnerNotProven,
        Lines::from(format!(
            "nothing proves that the CA in the bundle is yours; {}",
            purpose.refusal_note()
        ))
        .followed_by(why.into().prefixed_with("  "))
        .followed_by(format!(
            "  the bundle's CA  {}",
            name_text(trust_anchor.signing_ca().subject())
        ))
        .followed_by(format!(
            "  SHA-256          {}",
            to_hex(&trust_anchor.signing_ca().fingerprint())
        ))
        .followed_by(chain_lines(trust_anchor))
        .followed_by(format!("  file             {place}")),
        hint,
    )
    .with_fact(FactName::File, place)
    .with_fact(
        FactName::Found,
        to_hex(&trust_anchor.signing_ca().fingerprint()),
    )
}

/// A checked pair whose CSR is proven an HSM's and whose trust anchor is proven the owner's.
/// InitializeCluster is built from it.
///
/// Nothing else makes a request:
///
/// ```compile_fail
/// # use hsmboot::cloudhsm::InitializeCluster;
/// let text = String::new;
/// InitializeCluster { cluster_id: text(), signed_cert: text(), trust_anchor: text() };
/// ```
#[derive(Clone, Debug)]
pub struct Authorized {
    pair: Pair,
    owner: Owner,
}

impl Authorized {
    /// Puts the three together. This is the only maker.
    ///
    /// # Errors
    /// Class [`Class::Rejected`](crate::error::Class::Rejected): `another-trust-anchor`, where the
    /// pair's trust anchor is not the owner's; `pair-unfit`, where the grounds are another CSR's.
    pub fn new(pair: Pair, grounds: &Grounds<'_>, owner: &Owner) -> Result<Self> {
        if grounds.csr().as_der() != pair.csr().as_der() {
            return Err(Error::new(
                ErrorKind::PairUnfit,
                [
                    "the CSR that was verified is not the one that was signed".to_owned(),
                    format!(
                        "  verified  SHA-256 {}",
                        to_hex(&grounds.csr().fingerprint())
                    ),
                    format!("  signed    SHA-256 {}", to_hex(&pair.csr().fingerprint())),
                ],
                "verify and sign the same CSR",
            )
            .with_fact(FactName::Expected, to_hex(&grounds.csr().fingerprint()))
            .with_fact(FactName::Found, to_hex(&pair.csr().fingerprint())));
        }
        owner.check_same_anchor(pair.trust_anchor(), "the pair's")?;
        Ok(Authorized {
            pair,
            owner: owner.clone(),
        })
    }

    /// The pair.
    pub const fn pair(&self) -> &Pair {
        &self.pair
    }

    /// The owner.
    pub const fn owner(&self) -> &Owner {
        &self.owner
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::ca::{self, FileKey, KeyType, NewKey, make_trust_anchor, parse_subject};
    use crate::sign::{SigningCa, SigningTerms, issue};
    use crate::x509::Moment;

    const PLACE: &str = "bundle/customerCA.crt";

    fn test_now() -> Moment {
        Moment::from_unix(1_780_000_000)
    }

    fn make_ca(name: &str) -> (Certificate, FileKey) {
        let key = NewKey::generate(KeyType::P256)
            .unwrap()
            .to_file_key()
            .unwrap();
        let subject = parse_subject(name).unwrap();
        let terms = ca::CaTerms {
            subject: &subject,
            serial: &[1],
            not_before: test_now(),
            not_after: Moment::from_unix(2_000_000_000),
        };
        (make_trust_anchor(&terms, &key).unwrap(), key)
    }

    fn fixture_csr(name: &str) -> Csr {
        Csr::from_pem(
            &std::fs::read(format!(
                "fixtures/verify/{name}/cluster-hsmboottest_ClusterCsr.csr"
            ))
            .unwrap(),
        )
        .unwrap()
    }

    fn issue_test_pair(csr: &Csr, (certificate, key): &(Certificate, FileKey)) -> Pair {
        let trust_anchor = certificate.clone().try_into().unwrap();
        let ca = SigningCa::new(trust_anchor, key, test_now()).unwrap();
        issue(
            &Grounds::Unverified {
                csr,
                reason: "a test",
            },
            &ca,
            &SigningTerms {
                serial: [7; 20],
                now: test_now(),
                days: 10,
            },
        )
        .unwrap()
    }

    #[track_caller]
    fn assert_ends_with<T: std::fmt::Debug>(result: Result<T>, kind: ErrorKind) {
        let error = result.unwrap_err();
        assert_eq!(
            (error.exit_code(), error.kind),
            (3, kind),
            "{}",
            error.message
        );
        assert!(!error.hint.is_empty());
    }

    #[test]
    fn a_key_proves_its_own_certificate_alone_and_not_where_it_lies_in_the_bundle_in_plain() {
        let (own, theirs) = (make_ca("CN=CA"), make_ca("CN=CA"));
        for (origin, basis) in [
            (KeyOrigin::Named, Basis::Key),
            (KeyOrigin::Unlocked, Basis::Key),
            (KeyOrigin::New, Basis::NewCa),
        ] {
            assert_eq!(
                *Owner::with_key(&own.1, origin, &own.0.clone().try_into().unwrap(), PLACE)
                    .unwrap()
                    .basis(),
                basis
            );
            assert_ends_with(
                Owner::with_key(&own.1, origin, &theirs.0.clone().try_into().unwrap(), PLACE),
                ErrorKind::OwnerNotProven,
            );
        }
        for origin in [KeyOrigin::PlainInBundle, KeyOrigin::OpenedByAnybody] {
            assert_ends_with(
                Owner::with_key(&own.1, origin, &own.0.clone().try_into().unwrap(), PLACE),
                ErrorKind::OwnerNotProven,
            );
        }
    }

    #[test]
    fn a_fingerprint_names_one_certificate() {
        let (own, theirs) = (make_ca("CN=CA").0, make_ca("CN=CA").0);
        let named = [own.fingerprint()];
        assert_eq!(
            *Owner::with_fingerprints(&named, &own.try_into().unwrap(), PLACE, ProofPurpose::Claim)
                .unwrap()
                .basis(),
            Basis::CertificateFingerprint
        );
        assert_ends_with(
            Owner::with_fingerprints(
                &named,
                &theirs.clone().try_into().unwrap(),
                PLACE,
                ProofPurpose::Claim,
            ),
            ErrorKind::AnotherTrustAnchor,
        );
        assert_ends_with(
            Owner::with_fingerprints(&[], &theirs.try_into().unwrap(), PLACE, ProofPurpose::Claim),
            ErrorKind::OwnerNotProven,
        );
    }

    /// Whatever was judged before: a root of the same name is not the one that signed, and a
    /// fingerprint of the first certificate says nothing of it.
    #[test]
    fn a_fingerprint_names_no_root_that_did_not_sign() {
        let (root, theirs, own) = (make_ca("CN=Root"), make_ca("CN=Root"), make_ca("CN=CA"));
        let subject = parse_subject("CN=CA").unwrap();
        let terms = ca::CaTerms {
            subject: &subject,
            serial: &[1],
            not_before: test_now(),
            not_after: Moment::from_unix(2_000_000_000),
        };
        let chain = ca::make_intermediate(
            &terms,
            own.1.spki(),
            &root.0.clone().try_into().unwrap(),
            &root.1,
        )
        .unwrap();
        let named = [chain.signing_ca().fingerprint()];
        assert_eq!(
            *Owner::with_fingerprints(&named, &chain, PLACE, ProofPurpose::Claim)
                .unwrap()
                .basis(),
            Basis::CertificateFingerprint
        );
        let exchanged =
            TrustAnchor::from_certificates(chain.signing_ca().clone(), vec![theirs.0]).unwrap();
        assert_ends_with(
            Owner::with_fingerprints(&named, &exchanged, PLACE, ProofPurpose::Claim),
            ErrorKind::OwnerNotProven,
        );
        assert_ends_with(
            Owner::with_named_ca(chain.clone())
                .check_same_anchor(&exchanged, PLACE)
                .map(drop),
            ErrorKind::AnotherTrustAnchor,
        );
        // Nor does the key of the CA that signs prove what is above it.
        for origin in [KeyOrigin::Named, KeyOrigin::Unlocked, KeyOrigin::New] {
            assert_ends_with(
                Owner::with_key(&own.1, origin, &chain, PLACE),
                ErrorKind::OwnerNotProven,
            );
        }
    }

    #[test]
    fn a_response_names_the_owner_for_one_cluster_and_one_pair() {
        let (own, theirs, csr) = (
            make_ca("CN=CA"),
            make_ca("CN=CA"),
            fixture_csr("verified--never-expires"),
        );
        let (ours, others) = (issue_test_pair(&csr, &own), issue_test_pair(&csr, &theirs));
        let (id, another): (ClusterId, ClusterId) = (
            "cluster-abc234defgh".parse().unwrap(),
            "cluster-bbbbbbbbbbb".parse().unwrap(),
        );
        let read_out = SignedResponse::from_pair(&ours).fingerprint(&id);
        let owner = Owner::with_response(read_out, &id, &SignedResponse::from_pair(&ours)).unwrap();
        assert_eq!(
            (owner.trust_anchor().signing_ca(), owner.basis()),
            (&own.0, &Basis::ResponseFingerprint)
        );
        assert!(Owner::with_response(read_out, &id, &SignedResponse::from_pair(&others)).is_err());
        assert!(
            Owner::with_response(read_out, &another, &SignedResponse::from_pair(&ours)).is_err()
        );
    }

    #[test]
    fn only_the_owners_pair_for_the_proven_csr_is_authorized() {
        let (own, theirs) = (make_ca("CN=CA"), make_ca("CN=CA"));
        let (proven, other) = (
            fixture_csr("verified--never-expires"),
            fixture_csr("csr.key--of-a-stranger"),
        );
        let grounds = Grounds::Unverified {
            csr: &proven,
            reason: "a test",
        };
        let owner = Owner::with_named_ca(own.0.clone().try_into().unwrap());
        assert!(Authorized::new(issue_test_pair(&proven, &own), &grounds, &owner).is_ok());
        assert_ends_with(
            Authorized::new(issue_test_pair(&proven, &theirs), &grounds, &owner),
            ErrorKind::AnotherTrustAnchor,
        );
        assert_ends_with(
            Authorized::new(issue_test_pair(&other, &own), &grounds, &owner),
            ErrorKind::PairUnfit,
        );
    }
}

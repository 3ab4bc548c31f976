//! The owner's proof: whose CA a cluster is claimed for, as the operator named or proved it in this
//! run. Pure.
//!
//! InitializeCluster cannot be taken back, and a bundle may come from anywhere: nothing in a bundle
//! names the owner. [`Owner`] is the proof that the operator did. Each of its makers is one way of
//! naming or proving a CA; there is no other. [`Authorized`] puts it together with a checked pair
//! and with the grounds that the CSR is a genuine HSM's. The request itself,
//! [`crate::cloudhsm::InitializeCluster`], is made from nothing else.

use crate::bundle::{ClusterId, Fingerprint};
use crate::ca::CaKey;
use crate::check::Pair;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::Lines;
use crate::sign::Grounds;
use crate::x509::name::same_name;
use crate::x509::{Certificate, Csr, PublicKey, TrustAnchor, hex, name_text};

/// The owner of a cluster to be: a trust anchor, and how it was named or proved.
#[derive(Clone, Debug)]
pub struct Owner {
    trust_anchor: TrustAnchor,
    basis: Basis,
}

/// How the owner was named or proved.
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

/// The name of [`Basis::Waived`] in records.
pub const FROM_BUNDLE: &str = "ca-from-bundle";

impl Basis {
    /// The name that records use.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Basis::Certificate => "ca",
            Basis::CertificateFingerprint => "ca-fingerprint",
            Basis::ResponseFingerprint => "response-fingerprint",
            Basis::Key => "ca-key",
            Basis::NewCa => "new-ca",
            Basis::Waived { .. } => FROM_BUNDLE,
        }
    }

    /// The basis in a sentence's end, for people.
    pub const fn says(&self) -> &'static str {
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
    pub fn waiver(&self) -> Option<&str> {
        match self {
            Basis::Waived { reason } => Some(reason),
            _ => None,
        }
    }
}

/// How a private key came into this run's hands.
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

/// What an owner is to be proven for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The CA is to issue a certificate.
    Signature,
    /// The cluster is to be claimed.
    Claim,
    /// Clients are to be given the trust anchor.
    Handover,
}

impl Purpose {
    /// What was not done where the owner is not proven.
    const fn undone(self) -> &'static str {
        match self {
            Purpose::Signature => "nothing was signed",
            Purpose::Claim => "nothing was sent",
            Purpose::Handover => "nothing was written",
        }
    }
}

impl Owner {
    /// The CA whose certificate, or chain, the operator named: `--ca`, or `--trust-anchor` of an
    /// import.
    ///
    /// The caller read it from a file of the operator's. A bundle's own file names nobody.
    pub const fn named(trust_anchor: TrustAnchor) -> Self {
        Owner {
            trust_anchor,
            basis: Basis::Certificate,
        }
    }

    /// The CA whose certificates have the SHA-256 that the operator gave: `--ca-fingerprint`, once
    /// or several times.
    ///
    /// The first certificate must be named. That one says, by its signature, which key and name
    /// stand above it; but anybody can certify that key and name under a root of their own, and so
    /// lengthen the chain. Hence the root must be named too, unless it is the very one that signed
    /// the first certificate: a certificate that its own key signed is of nobody's making but that
    /// key's holder. What lies between two that are named was signed by the upper one's holder. All
    /// of that hangs on the signatures, so they are verified here, whatever else was judged or
    /// borne with before.
    ///
    /// # Errors
    /// Class [`Class::Rejected`](crate::error::Class::Rejected): `another-trust-anchor`, where
    /// `found`, which `place` holds, has another first certificate, or none of a SHA-256 that is
    /// given; `owner-not-proven`, where its root is not named.
    pub fn with_fingerprints(
        expected: &[[u8; 32]],
        found: &TrustAnchor,
        place: &str,
        purpose: Purpose,
    ) -> Result<Self> {
        let undone = purpose.undone();
        let there = found.fingerprints();
        let first = found.first().fingerprint();
        let stranger = expected
            .iter()
            .find(|expected| !there.contains(expected))
            .or(expected.first().filter(|_| !expected.contains(&first)));
        if let Some(stranger) = stranger {
            return Err(Error::new(
                ErrorKind::AnotherTrustAnchor,
                Lines::from([
                    "the CA's certificate is not the one that --ca-fingerprint names".to_owned(),
                    format!("  expected SHA-256 {}  --ca-fingerprint", hex(stranger)),
                    format!("  found    SHA-256 {}  {place}", hex(&first)),
                ])
                .and(chain_lines(found)),
                "do not go on: ask those who keep the CA for its certificate's SHA-256",
            )
            .with_fact(FactName::Expected, hex(stranger))
            .with_fact(FactName::Found, hex(&first)));
        }
        let root = found.last().fingerprint();
        if let Some(at) = unsigned(found) {
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
                .and(chain_lines(found)),
                "name the chain with --ca FILE, a copy that did not come with the bundle",
            ));
        }
        if expected.contains(&first) && (found.above().len() < 2 || expected.contains(&root)) {
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
                format!("  the root  {}", name_text(found.last().subject())),
                format!("  SHA-256   {}", hex(&root)),
                format!("  file      {place}"),
            ],
            "compare that SHA-256 with what those who keep the root know of it, then give it as \
             well, with a second --ca-fingerprint; or name the chain with --ca FILE",
        )
        .with_fact(FactName::CaSha256, hex(&first))
        .with_fact(FactName::Found, hex(&root)))
    }

    /// The CA in a response whose fingerprint the operator gave: `--expect`, or typed on a
    /// terminal.
    ///
    /// # Errors
    /// The groups of digits that differ, counted from 1.
    pub fn with_response(
        expected: Fingerprint,
        id: &ClusterId,
        response: &Response<'_>,
    ) -> std::result::Result<Self, Vec<usize>> {
        match response.fingerprint(id).differences(expected) {
            apart if apart.is_empty() => Ok(Owner {
                trust_anchor: response.trust_anchor.clone(),
                basis: Basis::ResponseFingerprint,
            }),
            apart => Err(apart),
        }
    }

    /// The CA whose private key is at hand. A key proves a self-signed certificate alone: of a
    /// chain, not even the first certificate, as whoever made the others could have issued that one
    /// anew, for the same name and key.
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
        let certificate = trust_anchor.first();
        let public = PublicKey::from_der(key.spki(), "the CA key").ok();
        if !public
            .as_ref()
            .is_some_and(|public| public.same_numbers(certificate.key()))
        {
            return Err(not_proven(
                [
                    "the key at hand is not the key of the CA certificate in the bundle".to_owned(),
                    format!(
                        "  certificate  {}, SHA-256 of its key {}",
                        certificate.key().describe(),
                        hex(&crate::x509::sha256(certificate.spki()))
                    ),
                    format!(
                        "  key          {}, SHA-256 {}",
                        public.map_or_else(|| "unreadable".to_owned(), |public| public.describe()),
                        hex(&crate::x509::sha256(key.spki()))
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

    /// The CA in the bundle, on the operator's word alone: `--ca-from-bundle --reason TEXT`. The
    /// reason is recorded wherever the claim is.
    pub fn waived(trust_anchor: TrustAnchor, reason: impl Into<String>) -> Self {
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

    /// How the owner was named or proved.
    pub const fn basis(&self) -> &Basis {
        &self.basis
    }

    /// Checks that a trust anchor is the owner's very one, certificate by certificate.
    ///
    /// # Errors
    /// Class [`Class::Rejected`](crate::error::Class::Rejected), `another-trust-anchor`: `found`,
    /// which `place` holds, is another one.
    pub fn is(&self, found: &TrustAnchor, place: &str) -> Result<()> {
        if self.trust_anchor == *found {
            return Ok(());
        }
        let same_first = self.trust_anchor.first().der() == found.first().der();
        let what = if same_first {
            "the bundle's trust anchor begins with your CA, but has another chain"
        } else {
            "the bundle's trust anchor is not your CA"
        };
        Err(Error::new(
            ErrorKind::AnotherTrustAnchor,
            Lines::from(what)
                .and(format!(
                    "  your CA      SHA-256 {}  {}",
                    hex(&self.trust_anchor.first().fingerprint()),
                    self.basis.says()
                ))
                .and(chain_lines(&self.trust_anchor))
                .and(format!(
                    "  the bundle's SHA-256 {}  {place}",
                    hex(&found.first().fingerprint())
                ))
                .and(chain_lines(found)),
            "do not submit it: it was signed by another CA, or changed on its way back",
        )
        .with_fact(
            FactName::CaSha256,
            hex(&self.trust_anchor.first().fingerprint()),
        )
        .with_fact(FactName::Found, hex(&found.first().fingerprint())))
    }
}

/// The first certificate of a chain that the next one did not sign, the last one itself included;
/// counted from 1.
fn unsigned(chain: &TrustAnchor) -> Option<usize> {
    let issuers = chain.above().iter().chain([chain.last()]);
    let holds = |below: &Certificate, above: &Certificate| {
        same_name(below.issuer(), above.subject()) && below.is_signed_by(above.key())
    };
    let broken = chain
        .certificates()
        .zip(issuers)
        .position(|(below, above)| !holds(below, above))?;
    chain.is_chain().then(|| broken.saturating_add(1))
}

/// The certificates above the first, a line each.
fn chain_lines(trust_anchor: &TrustAnchor) -> Lines {
    trust_anchor
        .above()
        .iter()
        .map(|above| {
            format!(
                "    above it   SHA-256 {}  {}",
                hex(&above.fingerprint()),
                name_text(above.subject())
            )
        })
        .collect()
}

/// What goes back to whoever submits, and was submitted. Whether it is fit to be sent is not said
/// here.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    /// The CSR that was signed.
    pub csr: &'a Csr,
    /// The signed certificate.
    pub signed_cert: &'a Certificate,
    /// The trust anchor.
    pub trust_anchor: &'a TrustAnchor,
}

impl<'a> Response<'a> {
    /// Of a checked pair.
    pub const fn of(pair: &'a Pair) -> Self {
        Response {
            csr: pair.csr(),
            signed_cert: pair.signed_cert(),
            trust_anchor: pair.trust_anchor(),
        }
    }

    /// Its fingerprint, for this cluster.
    pub fn fingerprint(&self, id: &ClusterId) -> Fingerprint {
        Fingerprint::of_response(
            id,
            self.csr.der(),
            self.signed_cert.der(),
            self.trust_anchor.ders(),
        )
    }
}

/// The error where nothing names or proves the owner. `place` is where the certificate lies, `why`
/// what is missing.
pub fn not_proven(why: impl Into<Lines>, trust_anchor: &TrustAnchor, place: &str) -> Error {
    unproven(
        Purpose::Claim,
        why,
        trust_anchor,
        place,
        "name your CA: --ca FILE, with a copy of its certificate, or chain, that did not come with \
         the bundle. --ca-from-bundle --reason TEXT takes the bundle's word, and records that",
    )
}

/// The same where a trust anchor is to be handed to clients. There is no way round: who exchanges
/// it stands between clients and cluster, unseen.
pub fn not_proven_for_clients(trust_anchor: &TrustAnchor, place: &str) -> Error {
    unproven(
        Purpose::Handover,
        "neither --ca nor --ca-fingerprint was given",
        trust_anchor,
        place,
        "name your CA: --ca FILE, with a copy of its certificate, or chain, that did not come with \
         the bundle, or --ca-fingerprint SHA256, as those who keep the CA noted it",
    )
}

fn unproven(
    purpose: Purpose,
    why: impl Into<Lines>,
    trust_anchor: &TrustAnchor,
    place: &str,
    hint: &str,
) -> Error {
    Error::new(
        ErrorKind::OwnerNotProven,
        Lines::from(format!(
            "nothing proves that the CA in the bundle is yours; {}",
            purpose.undone()
        ))
        .and(why.into().after("  "))
        .and(format!(
            "  the bundle's CA  {}",
            name_text(trust_anchor.first().subject())
        ))
        .and(format!(
            "  SHA-256          {}",
            hex(&trust_anchor.first().fingerprint())
        ))
        .and(chain_lines(trust_anchor))
        .and(format!("  file             {place}")),
        hint,
    )
}

/// A checked pair whose CSR is proven an HSM's and whose trust anchor is proven the owner's: what
/// InitializeCluster is built from.
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
        if grounds.csr().der() != pair.csr().der() {
            return Err(Error::new(
                ErrorKind::PairUnfit,
                [
                    "the CSR that was verified is not the one that was signed".to_owned(),
                    format!("  verified  SHA-256 {}", hex(&grounds.csr().fingerprint())),
                    format!("  signed    SHA-256 {}", hex(&pair.csr().fingerprint())),
                ],
                "verify and sign the same CSR",
            )
            .with_fact(FactName::Expected, hex(&grounds.csr().fingerprint()))
            .with_fact(FactName::Found, hex(&pair.csr().fingerprint())));
        }
        owner.is(pair.trust_anchor(), "the pair's")?;
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
    use crate::sign::{Ca, Terms, issue};
    use crate::x509::Moment;

    const PLACE: &str = "bundle/customerCA.crt";

    fn now() -> Moment {
        Moment::from_unix(1_780_000_000)
    }

    fn made(name: &str) -> (Certificate, FileKey) {
        let key = NewKey::generate(KeyType::P256).unwrap().signer().unwrap();
        let subject = parse_subject(name).unwrap();
        let terms = ca::Terms {
            subject: &subject,
            serial: &[1],
            not_before: now(),
            not_after: Moment::from_unix(2_000_000_000),
        };
        (make_trust_anchor(&terms, &key).unwrap(), key)
    }

    fn csr(name: &str) -> Csr {
        Csr::from_pem(
            &std::fs::read(format!(
                "fixtures/verify/{name}/cluster-hsmboottest_ClusterCsr.csr"
            ))
            .unwrap(),
        )
        .unwrap()
    }

    fn pair(csr: &Csr, (certificate, key): &(Certificate, FileKey)) -> Pair {
        let ca = Ca::new(certificate.to_pem().as_bytes(), key, now()).unwrap();
        issue(
            &Grounds::Unverified {
                csr,
                reason: "a test",
            },
            &ca,
            &Terms {
                serial: [7; 20],
                now: now(),
                days: 10,
            },
        )
        .unwrap()
    }

    #[track_caller]
    fn ends<T: std::fmt::Debug>(result: Result<T>, kind: ErrorKind) {
        let error = result.unwrap_err();
        assert_eq!((error.code(), error.kind), (3, kind), "{}", error.message);
        assert!(!error.hint.is_empty());
    }

    #[test]
    fn a_key_proves_its_own_certificate_alone_and_not_where_it_lies_in_the_bundle_in_plain() {
        let (own, theirs) = (made("CN=CA"), made("CN=CA"));
        for (origin, basis) in [
            (KeyOrigin::Named, Basis::Key),
            (KeyOrigin::Unlocked, Basis::Key),
            (KeyOrigin::New, Basis::NewCa),
        ] {
            assert_eq!(
                *Owner::with_key(&own.1, origin, &own.0.clone().into(), PLACE)
                    .unwrap()
                    .basis(),
                basis
            );
            ends(
                Owner::with_key(&own.1, origin, &theirs.0.clone().into(), PLACE),
                ErrorKind::OwnerNotProven,
            );
        }
        for origin in [KeyOrigin::PlainInBundle, KeyOrigin::OpenedByAnybody] {
            ends(
                Owner::with_key(&own.1, origin, &own.0.clone().into(), PLACE),
                ErrorKind::OwnerNotProven,
            );
        }
    }

    #[test]
    fn a_fingerprint_names_one_certificate() {
        let (own, theirs) = (made("CN=CA").0, made("CN=CA").0);
        let named = [own.fingerprint()];
        assert_eq!(
            *Owner::with_fingerprints(&named, &own.into(), PLACE, Purpose::Claim)
                .unwrap()
                .basis(),
            Basis::CertificateFingerprint
        );
        ends(
            Owner::with_fingerprints(&named, &theirs.clone().into(), PLACE, Purpose::Claim),
            ErrorKind::AnotherTrustAnchor,
        );
        ends(
            Owner::with_fingerprints(&[], &theirs.into(), PLACE, Purpose::Claim),
            ErrorKind::OwnerNotProven,
        );
    }

    /// Whatever was judged before: a root of the same name is not the one that signed, and a
    /// fingerprint of the first certificate says nothing of it.
    #[test]
    fn a_fingerprint_names_no_root_that_did_not_sign() {
        let (root, theirs, own) = (made("CN=Root"), made("CN=Root"), made("CN=CA"));
        let subject = parse_subject("CN=CA").unwrap();
        let terms = ca::Terms {
            subject: &subject,
            serial: &[1],
            not_before: now(),
            not_after: Moment::from_unix(2_000_000_000),
        };
        let chain =
            ca::make_intermediate(&terms, own.1.spki(), &root.0.clone().into(), &root.1).unwrap();
        let named = [chain.first().fingerprint()];
        assert_eq!(
            *Owner::with_fingerprints(&named, &chain, PLACE, Purpose::Claim)
                .unwrap()
                .basis(),
            Basis::CertificateFingerprint
        );
        let exchanged = TrustAnchor::of(chain.first().clone(), vec![theirs.0]).unwrap();
        ends(
            Owner::with_fingerprints(&named, &exchanged, PLACE, Purpose::Claim),
            ErrorKind::OwnerNotProven,
        );
        ends(
            Owner::named(chain.clone()).is(&exchanged, PLACE).map(drop),
            ErrorKind::AnotherTrustAnchor,
        );
        // Nor does the key of the CA that signs prove what is above it.
        for origin in [KeyOrigin::Named, KeyOrigin::Unlocked, KeyOrigin::New] {
            ends(
                Owner::with_key(&own.1, origin, &chain, PLACE),
                ErrorKind::OwnerNotProven,
            );
        }
    }

    #[test]
    fn a_response_names_the_owner_for_one_cluster_and_one_pair() {
        let (own, theirs, csr) = (made("CN=CA"), made("CN=CA"), csr("verified--never-expires"));
        let (ours, others) = (pair(&csr, &own), pair(&csr, &theirs));
        let (id, another): (ClusterId, ClusterId) = (
            "cluster-abc234defgh".parse().unwrap(),
            "cluster-bbbbbbbbbbb".parse().unwrap(),
        );
        let read_out = Response::of(&ours).fingerprint(&id);
        let owner = Owner::with_response(read_out, &id, &Response::of(&ours)).unwrap();
        assert_eq!(
            (owner.trust_anchor().first(), owner.basis()),
            (&own.0, &Basis::ResponseFingerprint)
        );
        assert!(Owner::with_response(read_out, &id, &Response::of(&others)).is_err());
        assert!(Owner::with_response(read_out, &another, &Response::of(&ours)).is_err());
    }

    #[test]
    fn only_the_owners_pair_for_the_proven_csr_is_authorized() {
        let (own, theirs) = (made("CN=CA"), made("CN=CA"));
        let (proven, other) = (
            csr("verified--never-expires"),
            csr("csr.key--of-a-stranger"),
        );
        let grounds = Grounds::Unverified {
            csr: &proven,
            reason: "a test",
        };
        let owner = Owner::named(own.0.clone().into());
        assert!(Authorized::new(pair(&proven, &own), &grounds, &owner).is_ok());
        ends(
            Authorized::new(pair(&proven, &theirs), &grounds, &owner),
            ErrorKind::AnotherTrustAnchor,
        );
        ends(
            Authorized::new(pair(&other, &own), &grounds, &owner),
            ErrorKind::PairUnfit,
        );
    }
}

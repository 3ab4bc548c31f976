//! The owner's proof: whose CA a cluster is claimed for, as the operator named or proved it in this
//! run. Pure.
//!
//! InitializeCluster cannot be taken back, and a bundle may come from anywhere: nothing in a bundle
//! names the owner. [`Owner`] is the proof that the operator did. Each of its makers is one way of
//! naming or proving a CA; there is no other. [`Authorized`] puts it together with a checked pair
//! and with the grounds that the CSR is a genuine HSM's. The request itself,
//! [`crate::cloudhsm::InitializeCluster`], is made from nothing else.

mod authorized;
mod basis;
mod challenge;
mod proof;
mod response;
mod unproven;

pub use authorized::Authorized;
pub use basis::{Basis, KeyOrigin, ProofPurpose};
pub use challenge::Challenge;
pub use proof::Owner;
pub use response::SignedResponse;
pub use unproven::{not_proven, not_proven_for_clients};

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::bundle::ClusterId;
    use crate::ca::{self, CaKey, FileKey, KeyType, NewKey, make_trust_anchor, parse_subject};
    use crate::check::Pair;
    use crate::error::{Error, ErrorKind, Result};
    use crate::sign::{Grounds, SigningCa, SigningTerms, issue};
    use crate::x509::{Certificate, Csr, Moment, TrustAnchor};

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

    fn challenge() -> Challenge {
        Challenge::new([7; 32])
    }

    /// A key on a token whose public key somebody has exchanged.
    struct Exchanged<'a>(&'a FileKey, Vec<u8>);

    impl CaKey for Exchanged<'_> {
        fn spki(&self) -> &[u8] {
            &self.1
        }

        fn signature_algorithm(&self) -> &[u8] {
            self.0.signature_algorithm()
        }

        fn sign(&self, tbs: &[u8]) -> Result<Vec<u8>> {
            self.0.sign(tbs)
        }
    }

    #[test]
    fn a_key_that_only_says_whose_it_is_proves_nothing() {
        let (own, theirs) = (make_ca("CN=CA"), make_ca("CN=CA"));
        let key = Exchanged(&own.1, theirs.1.spki().to_vec());
        for origin in [KeyOrigin::Named, KeyOrigin::Unlocked, KeyOrigin::New] {
            let anchor = theirs.0.clone().try_into().unwrap();
            assert_ends_with(
                Owner::with_key(&key, origin, &anchor, PLACE, &challenge()),
                ErrorKind::OwnerNotProven,
            );
        }
    }

    /// A key that cannot sign, for this reason.
    struct Unable<'a>(&'a FileKey, ErrorKind);

    impl CaKey for Unable<'_> {
        fn spki(&self) -> &[u8] {
            self.0.spki()
        }

        fn signature_algorithm(&self) -> &[u8] {
            self.0.signature_algorithm()
        }

        fn sign(&self, _: &[u8]) -> Result<Vec<u8>> {
            Err(Error::new(self.1, "it cannot sign", "a test"))
        }
    }

    /// A token checks its own signature first: one that is wrong says the same. Any other fault is
    /// told as what it is, and proves nothing either.
    #[test]
    fn a_key_that_cannot_sign_proves_nothing_and_says_why() {
        let own = make_ca("CN=CA");
        let anchor = own.0.clone().try_into().unwrap();
        for (fault, told) in [
            (ErrorKind::BadSignature, ErrorKind::OwnerNotProven),
            (ErrorKind::NoRandomness, ErrorKind::NoRandomness),
        ] {
            let key = Unable(&own.1, fault);
            let result = Owner::with_key(&key, KeyOrigin::Named, &anchor, PLACE, &challenge());
            assert_eq!(result.err().map(|error| error.kind), Some(told));
        }
    }

    /// What was signed once must not prove anything later, and must serve for nothing else.
    #[test]
    fn a_challenge_is_its_purpose_and_all_of_its_random_octets() {
        let octets = |random| Challenge::new(random).as_octets().to_vec();
        let (one, other) = (octets([7; 32]), octets([8; 32]));
        assert!(one.starts_with(b"hsmboot: "));
        assert!(one.ends_with(&[7; 32]) && other.ends_with(&[8; 32]));
        // A certificate is a SEQUENCE.
        assert_ne!(one.first(), Some(&0x30));
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
                *Owner::with_key(
                    &own.1,
                    origin,
                    &own.0.clone().try_into().unwrap(),
                    PLACE,
                    &challenge()
                )
                .unwrap()
                .basis(),
                basis
            );
            assert_ends_with(
                Owner::with_key(
                    &own.1,
                    origin,
                    &theirs.0.clone().try_into().unwrap(),
                    PLACE,
                    &challenge(),
                ),
                ErrorKind::OwnerNotProven,
            );
        }
        for origin in [KeyOrigin::PlainInBundle, KeyOrigin::OpenedByAnybody] {
            assert_ends_with(
                Owner::with_key(
                    &own.1,
                    origin,
                    &own.0.clone().try_into().unwrap(),
                    PLACE,
                    &challenge(),
                ),
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
        let error = Owner::with_fingerprints(&named, &exchanged, PLACE, ProofPurpose::Claim)
            .err()
            .unwrap();
        assert_eq!(error.kind, ErrorKind::OwnerNotProven);
        // The first is the CA that signs: it is its signature that the root exchanged did not make.
        let said = error.message.to_string();
        assert!(said.contains("the signature of certificate 1 of"), "{said}");
        // Each purpose has its own next step: none is done with another CA's claim.
        let hints = [
            (ProofPurpose::Signature, "give by --ca"),
            (ProofPurpose::Claim, "do not submit"),
            (ProofPurpose::Handover, "hand nothing over"),
        ];
        for (purpose, hint) in hints {
            let error = Owner::with_named_ca(chain.clone())
                .check_same_anchor(&exchanged, PLACE, purpose)
                .err()
                .unwrap();
            assert_eq!(error.kind, ErrorKind::AnotherTrustAnchor);
            assert!(error.hint.to_string().contains(hint), "{}", error.hint);
        }
        // Nor does the key of the CA that signs prove what is above it.
        for origin in [KeyOrigin::Named, KeyOrigin::Unlocked, KeyOrigin::New] {
            assert_ends_with(
                Owner::with_key(&own.1, origin, &chain, PLACE, &challenge()),
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

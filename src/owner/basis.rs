//! The ways in which an owner is named or proved, and what for.

use crate::bundle::{DocumentWord, OwnerProof};

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
        self.noted_proof().as_phrase()
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
    pub(super) const fn refusal_note(self) -> &'static str {
        match self {
            ProofPurpose::Signature => "nothing was signed",
            ProofPurpose::Claim => "nothing was sent",
            ProofPurpose::Handover => "nothing was written",
        }
    }

    /// Says what to do where the trust anchor is another one than the owner's.
    pub(super) const fn another_anchor_hint(self) -> &'static str {
        match self {
            ProofPurpose::Signature => "give by --ca the certificate of the very CA that signs",
            ProofPurpose::Claim => {
                "do not submit it: it was signed by another CA, or changed on its way back"
            }
            ProofPurpose::Handover => {
                "hand nothing over: give by --ca your own copy of the certificate of the CA that \
                 claimed the cluster"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What records and people are told of each way: an auditor reads the owner's proof off it.
    #[test]
    fn each_way_has_its_word_and_its_phrase_and_a_reason_where_nothing_was_proved() {
        let waived = Basis::Waived {
            reason: String::from("the vault burnt down"),
        };
        let said = [
            (Basis::Certificate, "ca", "named by --ca"),
            (
                Basis::CertificateFingerprint,
                "ca-fingerprint",
                "named by --ca-fingerprint",
            ),
            (
                Basis::ResponseFingerprint,
                "response-fingerprint",
                "named by the response's fingerprint",
            ),
            (Basis::Key, "ca-key", "proved by its private key"),
            (Basis::NewCa, "new-ca", "made in this run"),
        ];
        for (basis, word, phrase) in said {
            assert_eq!((basis.as_str(), basis.as_phrase()), (word, phrase));
            assert_eq!(basis.waiver_reason(), None, "{word}");
        }
        assert_eq!(waived.as_str(), "ca-from-bundle");
        assert!(waived.as_phrase().contains("PROVED BY NOTHING"));
        assert_eq!(waived.waiver_reason(), Some("the vault burnt down"));
    }
}

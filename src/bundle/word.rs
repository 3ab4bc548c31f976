//! The words of a document: this program knows each that it writes, and keeps any other as it came.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::outside::OutsideText;
use crate::verify::{CheckId, HsmIdentity, Profile, Roots, Side, Status, Verdict};

/// A value that documents write as a word.
pub trait DocumentWord: Copy + Eq + fmt::Debug + 'static {
    /// Returns every value.
    fn all_values() -> impl Iterator<Item = Self>;

    /// Returns the word for the value.
    fn as_word(self) -> &'static str;
}

/// A word that was read back from a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotedWord<T> {
    /// The word for this value.
    Known(T),
    /// A word that this program does not write. It equals no value.
    Unknown(OutsideText),
}

impl<T: DocumentWord> NotedWord<T> {
    /// Tells whether it is the word for this value.
    pub fn is_word_for(&self, value: T) -> bool {
        matches!(self, NotedWord::Known(known) if *known == value)
    }

    /// Tells whether it is a word that this program writes.
    pub const fn is_known(&self) -> bool {
        matches!(self, NotedWord::Known(_))
    }
}

impl<T: DocumentWord> From<T> for NotedWord<T> {
    fn from(value: T) -> Self {
        NotedWord::Known(value)
    }
}

impl<T: DocumentWord> From<OutsideText> for NotedWord<T> {
    fn from(text: OutsideText) -> Self {
        let known = T::all_values().find(|value| text == value.as_word());
        known.map_or(NotedWord::Unknown(text), NotedWord::Known)
    }
}

impl<T: DocumentWord> fmt::Display for NotedWord<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotedWord::Known(value) => f.pad(value.as_word()),
            NotedWord::Unknown(text) => text.fmt(f),
        }
    }
}

impl<T: DocumentWord> Serialize for NotedWord<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            NotedWord::Known(value) => serializer.serialize_str(value.as_word()),
            NotedWord::Unknown(text) => text.serialize(serializer),
        }
    }
}

impl<'de, T: DocumentWord> Deserialize<'de> for NotedWord<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        OutsideText::deserialize(deserializer).map(Self::from)
    }
}

/// The outcome that a receipt records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptOutcome {
    /// `claimed`: by the run that wrote it.
    Claimed,
    /// `already-claimed`: by the same CA before; that run sent nothing.
    AlreadyClaimed,
}

impl DocumentWord for ReceiptOutcome {
    fn all_values() -> impl Iterator<Item = Self> {
        [ReceiptOutcome::Claimed, ReceiptOutcome::AlreadyClaimed].into_iter()
    }

    fn as_word(self) -> &'static str {
        match self {
            ReceiptOutcome::Claimed => "claimed",
            ReceiptOutcome::AlreadyClaimed => "already-claimed",
        }
    }
}

/// The way in which the owner was named or proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnerProof {
    /// `ca`: by a copy of the CA's certificate.
    Certificate,
    /// `ca-fingerprint`: by the certificate's SHA-256.
    CertificateFingerprint,
    /// `response-fingerprint`: by the response's, as the signer read it out.
    ResponseFingerprint,
    /// `ca-key`: by the CA's private key.
    Key,
    /// `new-ca`: by the run that made the CA.
    NewCa,
    /// `ca-from-bundle`: by nothing; the operator took the CA in the bundle.
    Waived,
}

impl DocumentWord for OwnerProof {
    fn all_values() -> impl Iterator<Item = Self> {
        [
            OwnerProof::Certificate,
            OwnerProof::CertificateFingerprint,
            OwnerProof::ResponseFingerprint,
            OwnerProof::Key,
            OwnerProof::NewCa,
            OwnerProof::Waived,
        ]
        .into_iter()
    }

    fn as_word(self) -> &'static str {
        match self {
            OwnerProof::Certificate => "ca",
            OwnerProof::CertificateFingerprint => "ca-fingerprint",
            OwnerProof::ResponseFingerprint => "response-fingerprint",
            OwnerProof::Key => "ca-key",
            OwnerProof::NewCa => "new-ca",
            OwnerProof::Waived => "ca-from-bundle",
        }
    }
}

impl OwnerProof {
    /// The proof in a sentence's end, for people.
    pub const fn as_phrase(self) -> &'static str {
        match self {
            OwnerProof::Certificate => "named by --ca",
            OwnerProof::CertificateFingerprint => "named by --ca-fingerprint",
            OwnerProof::ResponseFingerprint => "named by the response's fingerprint",
            OwnerProof::Key => "proved by its private key",
            OwnerProof::NewCa => "made in this run",
            OwnerProof::Waived => "TAKEN FROM THE BUNDLE, PROVED BY NOTHING",
        }
    }
}

impl NotedWord<OwnerProof> {
    /// Returns what a document notes of the owner, in words for people; a word that this program
    /// does not write stays as it came.
    pub fn to_owner_text(&self) -> String {
        match self {
            NotedWord::Known(proof) => format!("the CA {}", proof.as_phrase()),
            NotedWord::Unknown(text) => text.to_string(),
        }
    }
}

/// A call that the transcript announces before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnouncedCall {
    /// `InitializeCluster`
    InitializeCluster,
    /// `CreateCluster`
    CreateCluster,
}

impl DocumentWord for AnnouncedCall {
    fn all_values() -> impl Iterator<Item = Self> {
        [
            AnnouncedCall::InitializeCluster,
            AnnouncedCall::CreateCluster,
        ]
        .into_iter()
    }

    fn as_word(self) -> &'static str {
        match self {
            AnnouncedCall::InitializeCluster => "InitializeCluster",
            AnnouncedCall::CreateCluster => "CreateCluster",
        }
    }
}

/// The verdict on the HSM.
impl DocumentWord for Verdict {
    fn all_values() -> impl Iterator<Item = Self> {
        [Verdict::Verified, Verdict::Rejected].into_iter()
    }

    fn as_word(self) -> &'static str {
        self.select_from(HsmIdentity::VERDICT_WORDS)
    }
}

impl DocumentWord for CheckId {
    fn all_values() -> impl Iterator<Item = Self> {
        CheckId::ALL.into_iter()
    }

    fn as_word(self) -> &'static str {
        self.as_str()
    }
}

impl DocumentWord for Status {
    fn all_values() -> impl Iterator<Item = Self> {
        Status::ALL.into_iter()
    }

    fn as_word(self) -> &'static str {
        self.as_str()
    }
}

impl DocumentWord for Side {
    fn all_values() -> impl Iterator<Item = Self> {
        Side::ALL.into_iter()
    }

    fn as_word(self) -> &'static str {
        self.as_str()
    }
}

impl DocumentWord for Profile {
    fn all_values() -> impl Iterator<Item = Self> {
        [Profile::Attestation, Profile::Rfc5280].into_iter()
    }

    fn as_word(self) -> &'static str {
        match self {
            Profile::Attestation => "attestation",
            Profile::Rfc5280 => "rfc5280",
        }
    }
}

impl DocumentWord for Roots {
    fn all_values() -> impl Iterator<Item = Self> {
        [Roots::BuiltIn, Roots::Given].into_iter()
    }

    fn as_word(self) -> &'static str {
        self.as_str()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn assert_words_of<T: DocumentWord + Serialize>() {
        for value in T::all_values() {
            let text = serde_json::to_string(&NotedWord::Known(value)).unwrap();
            assert_eq!(text, serde_json::to_string(&value).unwrap());
        }
    }

    fn assert_kept<T: DocumentWord>() {
        for value in T::all_values() {
            let text = format!("\"{}\"", value.as_word());
            let read: NotedWord<T> = serde_json::from_str(&text).unwrap();
            assert_eq!(read, NotedWord::Known(value));
            assert_eq!(serde_json::to_string(&read).unwrap(), text);
        }
        for text in ["\"\"", "\"Verified\"", "\"aws \"", "\"\\u001b[8m\""] {
            let read: NotedWord<T> = serde_json::from_str(text).unwrap();
            assert!(matches!(read, NotedWord::Unknown(_)), "{text}");
            assert!(!T::all_values().any(|value| read.is_word_for(value)));
            assert!(!read.to_string().contains('\u{1b}'));
            assert_eq!(serde_json::to_string(&read).unwrap(), text);
        }
        assert!(serde_json::from_str::<NotedWord<T>>("7").is_err());
    }

    #[test]
    fn a_document_keeps_words_that_are_known_and_words_that_are_not() {
        assert_kept::<ReceiptOutcome>();
        assert_kept::<OwnerProof>();
        assert_kept::<AnnouncedCall>();
        assert_kept::<Verdict>();
        assert_kept::<CheckId>();
        assert_kept::<Status>();
        assert_kept::<Side>();
        assert_kept::<Profile>();
        assert_kept::<Roots>();
    }

    #[test]
    fn a_value_has_one_word_wherever_it_is_written() {
        assert_words_of::<CheckId>();
        assert_words_of::<Status>();
        assert_words_of::<Side>();
        assert_words_of::<Profile>();
        assert_words_of::<Roots>();
    }
}

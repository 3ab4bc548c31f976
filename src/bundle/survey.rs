//! A bundle as somebody finds it who wants to look at all of it, in whatever state it is: what is
//! absent, damaged or changed is told, not refused.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{
    Bundle, CA_FILE, CREATION, ClusterId, NotedWord, Part, RECEIPT, REQUEST, RESPONSE, Receipt,
    Request, Response, SIMULATED_ROOTS, Store, TRANSCRIPT, TRUST_ANCHOR_FILES, TranscriptReading,
    VERIFICATION,
};
use super::{documents, transcript};
use crate::error::Result;
use crate::fsio;
use crate::outside::{Lines, OutsideText};
use crate::verify::{CheckId, Evidence, Profile, Side, Status, Verdict};
use crate::x509::{Moment, PublicKey};

/// A file that a bundle of this cluster can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveyedFile {
    /// Its name.
    pub name: String,
    /// The file's content, or why it cannot be read; `None` where it is absent.
    pub content: Option<std::result::Result<Vec<u8>, Lines>>,
}

/// A document of the bundle as it was read. Nothing of it is proof. Nothing of it is proof.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SurveyedDocument<T> {
    /// There is no such document.
    #[default]
    Absent,
    /// It cannot be read, for this reason.
    Damaged(Lines),
    /// This.
    Read(T),
}

impl<T> SurveyedDocument<T> {
    /// Returns the document's content, where it can be read.
    pub const fn content(&self) -> Option<&T> {
        match self {
            SurveyedDocument::Read(told) => Some(told),
            SurveyedDocument::Absent | SurveyedDocument::Damaged(_) => None,
        }
    }
}

/// `verification.json` as it is read back, by people alone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct NotedVerification {
    /// `verified` or `rejected`.
    pub verdict: NotedWord<Verdict>,
    /// The policy that was judged under.
    pub policy: NotedWord<Profile>,
    /// The moment that validity was judged at.
    pub at: Moment,
    /// The anchors used.
    #[serde(default)]
    pub anchors: Vec<NotedAnchor>,
    /// The reason for which failures were accepted, where any were.
    #[serde(default)]
    pub reason: Option<OutsideText>,
    /// Every check.
    pub checks: Vec<NotedCheck>,
}

impl NotedVerification {
    /// The only value of `format`.
    pub const FORMAT: &'static str = "hsmboot-verification/1";
}

/// An anchor as `verification.json` names it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct NotedAnchor {
    /// `aws` or `manufacturer`.
    pub side: NotedWord<Side>,
    /// SHA-256 of its SubjectPublicKeyInfo, in hex.
    pub key_sha256: OutsideText,
}

/// A check as `verification.json` names it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct NotedCheck {
    /// Its id.
    pub id: NotedWord<CheckId>,
    /// The status of the check.
    pub status: NotedWord<Status>,
    /// The sentence that says what was compared with what.
    pub detail: OutsideText,
}

/// All that a bundle holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// The cluster that the bundle is named for.
    pub cluster_id: ClusterId,
    /// Every file that a bundle of this cluster can have, the transcript last.
    pub files: Vec<SurveyedFile>,
    /// The other files that lie there, and belong to no bundle.
    pub strangers: Vec<OutsideText>,
    /// Those of them that hold a private key: whoever gets a copy of the bundle gets that.
    pub private_keys: Vec<OutsideText>,
    /// `request.json`
    pub request: SurveyedDocument<Request>,
    /// `verification.json`
    pub verification: SurveyedDocument<NotedVerification>,
    /// `response.json`
    pub response: SurveyedDocument<Response>,
    /// `receipt.json`
    pub receipt: SurveyedDocument<Receipt>,
    /// `transcript.jsonl`
    pub transcript: SurveyedDocument<TranscriptReading>,
    /// The places where the files are not what the transcript, itself sound, says that its steps
    /// left: a sentence for each.
    pub unaccounted: Vec<Lines>,
}

impl Survey {
    /// Reads the bundle at `dir`.
    ///
    /// # Errors
    /// Class `Input`: no bundle, an id that is none, files of several clusters.
    pub fn read_from(dir: &Path) -> Result<Self> {
        Self::of_store(Store::at_path(dir))
    }

    /// Reads the bundle of a store, which may be nowhere but in memory.
    ///
    /// # Errors
    /// As [`Survey::read_from`].
    pub fn of_store(store: Store) -> Result<Self> {
        let (bundle, _faults) = Bundle::open_leniently(store)?;
        let names = bundle
            .possible_names()
            .into_iter()
            .chain([TRANSCRIPT.to_owned()]);
        let mut files: Vec<SurveyedFile> = names.map(|name| survey_file(&bundle, name)).collect();
        let transcript = match find_file(&files, TRANSCRIPT) {
            None => SurveyedDocument::Absent,
            Some(Err(why)) => SurveyedDocument::Damaged(why.clone()),
            Some(Ok(content)) => SurveyedDocument::Read(TranscriptReading::from_content(content)),
        };
        let sound = transcript.content().filter(|trail| trail.fault.is_none());
        let unaccounted = sound
            .map(|trail| trail.holds.list_unaccounted(bundle.store(), bundle.id()))
            .unwrap_or_default();
        // Few bundles were begun by `bootstrap --create`.
        let created = transcript.content().is_some_and(|trail| {
            trail
                .holds
                .entries()
                .iter()
                .any(|entry| entry.outputs.has(CREATION))
        });
        files.retain(|seen| match seen.name.as_str() {
            CREATION => seen.content.is_some() || created,
            SIMULATED_ROOTS => seen.content.is_some(),
            _ => true,
        });
        let beside = bundle.store().list_strangers(Some(bundle.id()))?;
        Ok(Survey {
            cluster_id: bundle.id().clone(),
            request: read_document(&files, REQUEST, Request::FORMAT),
            verification: read_document(&files, VERIFICATION, NotedVerification::FORMAT),
            response: read_document(&files, RESPONSE, Response::FORMAT),
            receipt: read_document(&files, RECEIPT, Receipt::FORMAT),
            transcript,
            unaccounted,
            private_keys: beside
                .iter()
                .filter(|beside| beside.is_key)
                .map(|beside| beside.name.clone())
                .collect(),
            strangers: beside.into_iter().map(|beside| beside.name).collect(),
            files,
        })
    }

    /// Returns the document that shows that there was a transcript, where there is none: each is
    /// written together with a step of it.
    pub fn transcript_taken_away(&self) -> Option<&'static str> {
        let absent = matches!(self.transcript, SurveyedDocument::Absent);
        [
            REQUEST,
            RESPONSE,
            RECEIPT,
            VERIFICATION,
            CREATION,
            SIMULATED_ROOTS,
        ]
        .into_iter()
        .find(|name| absent && self.has_file(name))
    }

    /// Tells whether there is such a file, readable or not.
    pub fn has_file(&self, name: &str) -> bool {
        find_file(&self.files, name).is_some()
    }

    /// Returns a file's content, where it can be read.
    pub fn content(&self, name: &str) -> Option<&[u8]> {
        find_file(&self.files, name)?
            .as_ref()
            .ok()
            .map(Vec::as_slice)
    }

    /// Returns a part's content, where it can be read.
    pub fn part_content(&self, part: Part) -> Option<&[u8]> {
        self.content(&part.file_name(&self.cluster_id))
    }

    /// Returns the trust anchor's text, where it can be read.
    pub fn trust_anchor(&self) -> Option<&[u8]> {
        self.content(self.trust_anchor_file())
    }

    /// Returns the name of the file that holds the trust anchor, or would.
    pub fn trust_anchor_file(&self) -> &'static str {
        TRUST_ANCHOR_FILES
            .into_iter()
            .find(|name| self.has_file(name))
            .unwrap_or(CA_FILE)
    }

    /// Returns the evidence that there is to judge; what is absent is empty, and an absent CSR
    /// none.
    pub fn evidence(&self) -> Evidence {
        let read = |part| self.part_content(part).unwrap_or_default().to_vec();
        Evidence {
            csr: self.part_content(Part::Csr).map(<[u8]>::to_vec),
            hsm: read(Part::Hsm),
            aws_hardware: read(Part::AwsHardware),
            manufacturer_hardware: read(Part::ManufacturerHardware),
        }
    }

    /// Returns the first step of the transcript with a seal that `key` did not make.
    pub fn first_forged_seal(&self, key: &PublicKey) -> Option<u64> {
        self.transcript
            .content()
            .and_then(|trail| trail.holds.first_forged_seal(key))
    }
}

fn find_file<'a>(
    files: &'a [SurveyedFile],
    name: &str,
) -> Option<&'a std::result::Result<Vec<u8>, Lines>> {
    files
        .iter()
        .find(|seen| seen.name == name)?
        .content
        .as_ref()
}

fn survey_file(bundle: &Bundle, name: String) -> SurveyedFile {
    let store = bundle.store();
    let max = match name.as_str() {
        TRANSCRIPT => transcript::MAX_TRANSCRIPT,
        json if json.ends_with(".json") => documents::MAX_DOCUMENT,
        _ => fsio::MAX_INPUT,
    };
    let content = store
        .read_if_there(&name, max)
        .map(|content| content.map_err(|error| error.message));
    SurveyedFile { name, content }
}

fn read_document<T: DeserializeOwned>(
    files: &[SurveyedFile],
    name: &str,
    format: &str,
) -> SurveyedDocument<T> {
    match find_file(files, name) {
        None => SurveyedDocument::Absent,
        Some(Err(why)) => SurveyedDocument::Damaged(why.clone()),
        Some(Ok(content)) => documents::parse(content, name, format).map_or_else(
            |error| SurveyedDocument::Damaged(error.message),
            SurveyedDocument::Read,
        ),
    }
}

//! A bundle as somebody finds it who wants to look at all of it, in whatever state it is: what is
//! absent, damaged or changed is told, not refused.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{
    Bundle, CA_FILE, CREATION, ClusterId, Part, RECEIPT, REQUEST, RESPONSE, Receipt, Request,
    Response, Store, TRANSCRIPT, TRUST_ANCHOR_FILES, Trail, VERIFICATION,
};
use super::{documents, transcript};
use crate::error::Result;
use crate::fsio;
use crate::outside::{Lines, OutsideText};
use crate::verify::Evidence;
use crate::x509::{Moment, PublicKey};

/// A file that a bundle of this cluster can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its name.
    pub name: String,
    /// What it holds, or why that cannot be read; `None` where it is absent.
    pub content: Option<std::result::Result<Vec<u8>, Lines>>,
}

/// What a document of the bundle tells. Nothing of it is proof.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Told<T> {
    /// There is no such document.
    #[default]
    Absent,
    /// It cannot be read, for this reason.
    Damaged(Lines),
    /// This.
    Tells(T),
}

impl<T> Told<T> {
    /// What it tells, where it tells anything.
    pub const fn told(&self) -> Option<&T> {
        match self {
            Told::Tells(told) => Some(told),
            Told::Absent | Told::Damaged(_) => None,
        }
    }
}

/// `verification.json` as it is read back, by people alone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Noted {
    /// `verified` or `rejected`.
    pub verdict: OutsideText,
    /// The policy that was judged under.
    pub policy: OutsideText,
    /// The moment that validity was judged at.
    pub at: Moment,
    /// The anchors used.
    #[serde(default)]
    pub anchors: Vec<NotedAnchor>,
    /// Why failures were accepted, where any were.
    #[serde(default)]
    pub reason: Option<OutsideText>,
    /// Every check.
    pub checks: Vec<NotedCheck>,
}

impl Noted {
    /// The only value of `format`.
    pub const FORMAT: &'static str = "hsmboot-verification/1";
}

/// An anchor as `verification.json` names it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct NotedAnchor {
    /// `aws` or `manufacturer`.
    pub side: OutsideText,
    /// SHA-256 of its SubjectPublicKeyInfo, in hex.
    pub key_sha256: OutsideText,
}

/// A check as `verification.json` names it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct NotedCheck {
    /// Its id.
    pub id: OutsideText,
    /// How it came out.
    pub status: OutsideText,
    /// What was compared with what.
    pub detail: OutsideText,
}

/// All that a bundle holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// The cluster that the bundle is named for.
    pub cluster_id: ClusterId,
    /// Every file that a bundle of this cluster can have, the transcript last.
    pub files: Vec<Seen>,
    /// What else lies there, and belongs to no bundle.
    pub strangers: Vec<OutsideText>,
    /// Those of them that hold a private key: whoever gets a copy of the bundle gets that.
    pub private_keys: Vec<OutsideText>,
    /// `request.json`
    pub request: Told<Request>,
    /// `verification.json`
    pub verification: Told<Noted>,
    /// `response.json`
    pub response: Told<Response>,
    /// `receipt.json`
    pub receipt: Told<Receipt>,
    /// `transcript.jsonl`
    pub transcript: Told<Trail>,
    /// Where the files are not what the transcript, itself sound, says that its steps left: a
    /// sentence for each.
    pub unaccounted: Vec<Lines>,
}

impl Survey {
    /// Of the bundle at `dir`.
    ///
    /// # Errors
    /// Class `Input`: no bundle, an id that is none, files of several clusters.
    pub fn of(dir: &Path) -> Result<Self> {
        let (bundle, _faults) = Bundle::look(Store::at(dir))?;
        let names = bundle.names().into_iter().chain([TRANSCRIPT.to_owned()]);
        let mut files: Vec<Seen> = names.map(|name| seen(&bundle, name)).collect();
        let transcript = match file(&files, TRANSCRIPT) {
            None => Told::Absent,
            Some(Err(why)) => Told::Damaged(why.clone()),
            Some(Ok(content)) => Told::Tells(Trail::of(content)),
        };
        let sound = transcript.told().filter(|trail| trail.fault.is_none());
        let unaccounted = sound
            .map(|trail| trail.holds.unaccounted(bundle.store(), bundle.id()))
            .unwrap_or_default();
        // Few bundles were begun by `bootstrap --create`.
        let created = transcript.told().is_some_and(|trail| {
            trail
                .holds
                .entries()
                .iter()
                .any(|entry| entry.outputs.has(CREATION))
        });
        files.retain(|seen| seen.name != CREATION || seen.content.is_some() || created);
        let beside = bundle.store().beside(Some(bundle.id()))?;
        Ok(Survey {
            cluster_id: bundle.id().clone(),
            request: document(&files, REQUEST, Request::FORMAT),
            verification: document(&files, VERIFICATION, Noted::FORMAT),
            response: document(&files, RESPONSE, Response::FORMAT),
            receipt: document(&files, RECEIPT, Receipt::FORMAT),
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

    /// Whether there is such a file, readable or not.
    pub fn holds(&self, name: &str) -> bool {
        file(&self.files, name).is_some()
    }

    /// A file's content, where it can be read.
    pub fn content(&self, name: &str) -> Option<&[u8]> {
        file(&self.files, name)?.as_ref().ok().map(Vec::as_slice)
    }

    /// A part's content, where it can be read.
    pub fn part(&self, part: Part) -> Option<&[u8]> {
        self.content(&part.file_name(&self.cluster_id))
    }

    /// The trust anchor's text, where it can be read.
    pub fn trust_anchor(&self) -> Option<&[u8]> {
        self.content(self.trust_anchor_file())
    }

    /// The file that holds the trust anchor, or would.
    pub fn trust_anchor_file(&self) -> &'static str {
        TRUST_ANCHOR_FILES
            .into_iter()
            .find(|name| self.holds(name))
            .unwrap_or(CA_FILE)
    }

    /// What there is to judge; what is absent is empty, and an absent CSR none.
    pub fn evidence(&self) -> Evidence {
        let read = |part| self.part(part).unwrap_or_default().to_vec();
        Evidence {
            csr: self.part(Part::Csr).map(<[u8]>::to_vec),
            hsm: read(Part::Hsm),
            aws_hardware: read(Part::AwsHardware),
            manufacturer_hardware: read(Part::ManufacturerHardware),
        }
    }

    /// The first step of the transcript with a seal that `key` did not make.
    pub fn forged(&self, key: &PublicKey) -> Option<u64> {
        self.transcript
            .told()
            .and_then(|trail| trail.holds.forged(key))
    }
}

fn file<'a>(files: &'a [Seen], name: &str) -> Option<&'a std::result::Result<Vec<u8>, Lines>> {
    files
        .iter()
        .find(|seen| seen.name == name)?
        .content
        .as_ref()
}

fn seen(bundle: &Bundle, name: String) -> Seen {
    let store = bundle.store();
    let max = match name.as_str() {
        TRANSCRIPT => transcript::MAX_TRANSCRIPT,
        json if json.ends_with(".json") => documents::MAX_DOCUMENT,
        _ => fsio::MAX_INPUT,
    };
    let content = store.has(&name).then(|| {
        store
            .read(&name, "a file of the bundle", max)
            .map_err(|error| error.message)
    });
    Seen { name, content }
}

fn document<T: DeserializeOwned>(files: &[Seen], name: &str, format: &str) -> Told<T> {
    match file(files, name) {
        None => Told::Absent,
        Some(Err(why)) => Told::Damaged(why.clone()),
        Some(Ok(content)) => documents::parse(content, name, format)
            .map_or_else(|error| Told::Damaged(error.message), Told::Tells),
    }
}

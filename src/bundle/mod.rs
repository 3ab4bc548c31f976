//! The bundle: the directory, or the one file, that travels between machines. Everything in it is
//! data from outside.

pub mod archive;
mod arrival;
mod cluster_id;
mod creation;
mod digests;
mod documents;
mod fingerprint;
mod opening;
mod part;
mod replaced;
mod simulated;
mod store;
mod survey;
mod transcript;
mod word;

use std::path::Path;

pub use crate::hint::shell_words;
pub use arrival::Arrival;
pub use cluster_id::ClusterId;
pub use creation::Creation;
pub use digests::Digests;
pub(crate) use documents::escape_json;
pub use documents::{IssuedBy, Receipt, Request, Response, SignatureOrigin, Site, SiteHsm, Waiver};
pub use fingerprint::Fingerprint;
pub use part::Part;
use part::file_prefixes;
pub(crate) use part::{is_only_of_bundles, is_own, names_of};
pub use store::{FilePlace, HeldStore, SUFFIX, Store, Stranger};
pub use survey::{
    NotedAnchor, NotedCheck, NotedVerification, Survey, SurveyedDocument, SurveyedFile,
};
pub use transcript::{
    AfterSeal, FileAccount, FileStanding, Seal, Sealer, TRANSCRIPT, Transcript, TranscriptEntry,
    TranscriptReading, TranscriptStep,
};
pub use word::{AnnouncedCall, DocumentWord, NotedWord, OwnerProof, ReceiptOutcome};

use crate::error::Result;
use crate::fsio::{self, NewFile};
use crate::verify::Evidence;
use crate::x509::{sha256, to_hex};

/// The trust anchor's file, and the CA key's where `hsmboot` makes one: the AWS guide's names.
pub const CA_FILE: &str = "customerCA.crt";
/// A chain's file in the AWS guide of today: the trust anchor of a bundle that was put together by
/// hand, where there is no [`CA_FILE`]. `ca init --issuer` writes it.
pub const CHAIN_FILE: &str = "chainCA.crt";
/// The self-signed certificate's file in the AWS guide of today: the trust anchor of a bundle that
/// has neither of the other two. Beside a chain it is that chain's root.
pub const ROOT_CA_FILE: &str = "customerRootCA.crt";
/// The trust anchor's files: the first that is there is the one.
pub const TRUST_ANCHOR_FILES: [&str; 3] = [CA_FILE, CHAIN_FILE, ROOT_CA_FILE];
/// See [`CA_FILE`].
pub const CA_KEY_FILE: &str = "customerCA.key";
/// Facts of the request, by `fetch`.
pub const REQUEST: &str = "request.json";
/// The verification record.
pub const VERIFICATION: &str = "verification.json";
/// Facts of the signed certificate, by `sign`.
pub const RESPONSE: &str = "response.json";
/// The cluster that `bootstrap --create` asked for.
pub const CREATION: &str = "creation.json";
/// The roots of the simulator that a rehearsal ran on. Nothing takes them as anchors by itself.
pub const SIMULATED_ROOTS: &str = "simulated-roots.pem";
/// The record of what was submitted and what came of it.
pub const RECEIPT: &str = "receipt.json";

/// A bundle whose cluster is known and whose files match what `request.json`, where there is one,
/// says of them.
#[derive(Clone, Debug)]
pub struct Bundle {
    store: Store,
    id: ClusterId,
    request: Option<Request>,
}

impl Bundle {
    /// Makes a bundle that is about to be written.
    pub fn at_path(path: &Path, id: ClusterId) -> Self {
        Bundle {
            store: Store::at_path(path),
            id,
            request: None,
        }
    }

    /// Returns the same bundle, now that this `request.json` is written into it.
    pub(crate) fn with_request(self, request: Request) -> Self {
        Bundle {
            request: Some(request),
            ..self
        }
    }

    /// Opens a bundle: finds its cluster's id in `request.json` or, without one, in its file names,
    /// and compares digests.
    ///
    /// # Errors
    /// Class `Input`: no bundle, an id that is none, files of several clusters, a file that is not
    /// the one `request.json` recorded.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_in(Store::at_path(path))
    }

    /// Opens a bundle of files that have just come and are nowhere yet; messages call their place
    /// `source`.
    ///
    /// # Errors
    /// As [`Bundle::open`].
    pub fn from_members(members: archive::Members, source: &str) -> Result<Self> {
        Self::open_in(Store::from_members(members, source))
    }

    /// Reads `response.json`, where there is one.
    ///
    /// # Errors
    /// Class `Input`, where it is no such document.
    pub fn response(&self) -> Result<Option<Response>> {
        if self.has_file(RESPONSE) {
            Response::read(&self.store).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Tells whether `receipt.json` is hsmboot's own and of the same claim as this one: a step of
    /// the transcript wrote it as it stands, and it names the same cluster and the same
    /// certificates. Any other was planted, or is of another claim.
    ///
    /// # Errors
    /// As [`Transcript::read`].
    pub fn holds_receipt_of(&self, claim: &Receipt) -> Result<bool> {
        if self.written_by(RECEIPT)?.is_none() {
            return Ok(false);
        }
        let Ok(there) = Receipt::read(&self.store) else {
            return Ok(false);
        };
        // What goes on without proof is put on record, whatever an earlier one says.
        let tells =
            |there: &Option<Waiver>, claim: &Option<Waiver>| there.is_some() || claim.is_none();
        let waivers = tells(&there.unverified, &claim.unverified)
            && tells(&there.ca_from_bundle, &claim.ca_from_bundle);
        Ok(there.is_of_the_claim_in(claim) && waivers)
    }

    /// Returns the step of the transcript that wrote a file of the bundle as it stands there;
    /// `None`: none did, or there is no such file.
    ///
    /// # Errors
    /// As [`Transcript::read`].
    pub fn written_by(&self, name: &str) -> Result<Option<u64>> {
        Ok(Transcript::read(&self.store)?
            .account_for_file(&self.store, Some(&self.id), name)
            .and_then(|file| file.written_by))
    }

    /// Returns the directory, or the one file.
    pub fn path(&self) -> &Path {
        self.store.path()
    }

    /// Returns the place of the files.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Returns the cluster's id.
    pub const fn id(&self) -> &ClusterId {
        &self.id
    }

    /// Returns `request.json`, where there is one.
    pub const fn request(&self) -> Option<&Request> {
        self.request.as_ref()
    }

    /// Returns a file's place, for people.
    pub const fn place<'a>(&'a self, name: &'a str) -> FilePlace<'a> {
        self.store.place(name)
    }

    /// Returns a part's place, for people.
    pub fn part_place(&self, part: Part) -> String {
        self.place(&part.file_name(&self.id)).to_string()
    }

    /// Tells whether a part is there.
    pub fn has_part(&self, part: Part) -> bool {
        self.has_file(&part.file_name(&self.id))
    }

    /// Tells whether something of this name is there.
    pub fn has_file(&self, name: &str) -> bool {
        self.store.has(name)
    }

    /// Reads a part, within bounds.
    ///
    /// # Errors
    /// Missing, a directory, too large: class `Input`.
    pub fn read(&self, part: Part) -> Result<Vec<u8>> {
        self.store
            .read(&part.file_name(&self.id), part.noun(), fsio::MAX_INPUT)
    }

    /// Reads the trust anchor, within bounds.
    ///
    /// # Errors
    /// As [`Bundle::read`].
    pub fn read_trust_anchor(&self) -> Result<Vec<u8>> {
        self.store.read(
            self.trust_anchor_file(),
            "the trust anchor",
            fsio::MAX_INPUT,
        )
    }

    /// Returns the name of the file that holds the trust anchor, or would.
    pub fn trust_anchor_file(&self) -> &'static str {
        self.store.trust_anchor_file()
    }

    /// Reads the evidence that there is to judge. The CSR may be absent with `chains_only`; with
    /// `incomplete`, a certificate that is absent is read as empty.
    ///
    /// # Errors
    /// As [`Bundle::read`].
    pub fn read_evidence(&self, chains_only: bool, incomplete: bool) -> Result<Evidence> {
        let read = |part| {
            if incomplete && !self.has_part(part) {
                Ok(Vec::new())
            } else {
                self.read(part)
            }
        };
        let csr = if chains_only && !self.has_part(Part::Csr) {
            None
        } else {
            Some(self.read(Part::Csr)?)
        };
        Ok(Evidence {
            csr,
            hsm: read(Part::Hsm)?,
            aws_hardware: read(Part::AwsHardware)?,
            manufacturer_hardware: read(Part::ManufacturerHardware)?,
        })
    }

    /// Returns the same bundle, of whose files nothing is known yet.
    #[must_use]
    pub fn without_cache(&self) -> Self {
        Bundle {
            store: self.store.without_cache(),
            ..self.clone()
        }
    }

    /// Checks that the transcript holds, and is this cluster's.
    ///
    /// # Errors
    /// Class `Input` where it does not.
    pub fn check_record(&self) -> Result<()> {
        Transcript::read(&self.store)?.check_cluster(&self.id)
    }

    /// Checks that a step can be written, as far as that shows beforehand: the transcript holds and
    /// has room for it, and so has the disk. For what cannot be done twice, or not without people.
    ///
    /// # Errors
    /// Class `Input` where the transcript does not hold; `Conflict` where it is full; `Machine` for
    /// the disk.
    pub fn check_ready(&self) -> Result<()> {
        // Who is at work there is waited for; what cannot be completed ends this.
        if self.store.is_interrupted() {
            drop(self.store.hold()?);
        }
        self.check_record()?;
        Transcript::read(&self.store)?.has_room()?;
        self.store.check_writable()
    }

    /// Checks that what was read of the bundle still stands there: just before something is done on
    /// the strength of it. The transcript may have gone on, unless the step is to be sealed: a seal
    /// vouches for the lines before it, for those that were there when the operator began.
    ///
    /// # Errors
    /// Class `Conflict`, `changed-meanwhile`.
    pub fn check_unchanged(&self, sealed: bool) -> Result<()> {
        self.hold_store(sealed).map(drop)
    }

    fn hold_store(&self, sealed: bool) -> Result<HeldStore<'_>> {
        let before = sealed.then(|| Transcript::read(&self.store)).transpose()?;
        let held = self.store.hold()?;
        match before {
            Some(before) if Transcript::read(&self.store)? != before => {
                Err(transcript::transcript_grown(&self.store))
            }
            _ => Ok(held),
        }
    }

    /// Writes files into the bundle and the step that writes them into its transcript, all or none:
    /// see [`fsio::write_all`]. Where every file stands there already, nothing is written and no
    /// step taken.
    ///
    /// # Errors
    /// Class `Input` where the transcript does not hold; `Conflict` or `Machine`; then nothing has
    /// changed.
    pub fn write(&self, files: &[NewFile<'_>], step: &TranscriptStep<'_>) -> Result<()> {
        write_step(
            self.hold_store(step.seal.is_some())?,
            Some(&self.id),
            files,
            step,
        )
    }

    /// Writes a step that leaves no file: one that is about to do something which cannot be taken
    /// back.
    ///
    /// # Errors
    /// As [`Bundle::write`].
    pub fn note_step(&self, step: &TranscriptStep<'_>) -> Result<()> {
        let held = self.store.hold()?;
        let content = step.append_to(
            &Transcript::read(&self.store)?,
            Some(&self.id),
            self.present_digests(),
            Digests::new(),
        )?;
        held.write(&[NewFile::readable(TRANSCRIPT, &content, true)])
    }

    /// Returns the SHA-256, by name, of the files that stand there: see [`digests_of`].
    fn present_digests(&self) -> Digests {
        digests_of(&self.store, Some(&self.id))
    }

    /// Returns the names of all files that a bundle of this cluster can have, but for the
    /// transcript's.
    pub fn possible_names(&self) -> Vec<String> {
        names_of(Some(&self.id))
    }
}

/// Returns the SHA-256, by name, of the bundle's own files that stand there and can be read.
fn digests_of(store: &Store, cluster: Option<&ClusterId>) -> Digests {
    let digest = |name: &String| {
        // Most are not there: no advice is to be looked for.
        if !store.has(name) {
            return None;
        }
        store
            .read(name, "a file of the bundle", transcript::MAX_TRANSCRIPT)
            .ok()
            .map(|content| to_hex(&sha256(&content)))
    };
    names_of(cluster)
        .into_iter()
        .filter_map(|name| digest(&name).map(|digest| (name, digest)))
        .collect()
}

/// Writes files into a bundle, and the step that writes them, all or none. No other step comes
/// between what is read and what is written.
fn write_step(
    held: HeldStore<'_>,
    cluster: Option<&ClusterId>,
    files: &[NewFile<'_>],
    step: &TranscriptStep<'_>,
) -> Result<()> {
    let store = held.store();
    let stood = digests_of(store, cluster);
    let outputs: Digests = files
        .iter()
        .map(|file| (file.name.clone(), to_hex(&sha256(file.content))))
        .collect();
    if outputs
        .iter()
        .all(|(name, digest)| stood.get(name.as_raw()) == Some(digest))
    {
        return held.write(files);
    }
    let content = step.append_to(&Transcript::read(store)?, cluster, stood, outputs)?;
    let transcript = NewFile::readable(TRANSCRIPT, &content, true);
    let all: Vec<NewFile<'_>> = files.iter().cloned().chain([transcript]).collect();
    held.write(&all)
}

/// Returns the number with its noun: `1 step`, `2 steps`.
pub(crate) fn counted_noun(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

/// Returns a document of the bundle as a file that may replace an older one.
pub fn to_document<T: serde::Serialize>(document: &T) -> Vec<u8> {
    documents::to_json_text(document)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::x509::Moment;

    const ID: &str = "cluster-abc234defgh";

    fn sample_receipt() -> Receipt {
        let value = serde_json::json!({
            "format": Receipt::FORMAT, "cluster_id": ID, "region": "eu-central-1",
            "tool": "hsmboot test", "outcome": "claimed",
            "submitted_at": "2026-01-01T00:00:00Z", "confirmed_at": "2026-01-01T00:01:00Z",
            "state": "INITIALIZED", "csr_sha256": "00",
            "signed_cert_sha256": "01", "trust_anchor_sha256": "02",
            "cluster_certificate_sha256": "01", "verdict": "verified",
        });
        serde_json::from_value(value).unwrap()
    }

    fn write(bundle: &Bundle, name: &str, content: &[u8]) {
        let step = TranscriptStep {
            time: Some(Moment::from_unix(1_700_000_000)),
            tool: "hsmboot test",
            ..TranscriptStep::default()
        };
        let file = NewFile::readable(name, content, true);
        bundle.without_cache().write(&[file], &step).unwrap();
    }

    fn account_for(bundle: &Bundle, name: &str) -> Option<FileStanding> {
        let bundle = bundle.without_cache();
        let files = Transcript::read(bundle.store())
            .unwrap()
            .account_for_files(bundle.store(), Some(bundle.id()));
        files
            .into_iter()
            .find(|file| file.name == name)
            .map(|file| file.account)
    }

    #[test]
    fn a_receipt_counts_where_a_step_wrote_it_and_it_is_of_this_claim() {
        let dir = tempfile::tempdir().unwrap();
        let bundle = Bundle::at_path(dir.path(), ID.parse().unwrap());
        let holds = |claim: &Receipt| bundle.without_cache().holds_receipt_of(claim).unwrap();
        let (own, path) = (sample_receipt(), dir.path().join(RECEIPT));
        assert!(!holds(&own), "there is none");
        std::fs::write(&path, to_document(&own)).unwrap();
        assert!(!holds(&own), "planted, without a transcript");
        std::fs::remove_file(&path).unwrap();
        write(&bundle, VERIFICATION, b"{}");
        std::fs::write(&path, to_document(&own)).unwrap();
        assert!(!holds(&own), "planted beside a transcript");
        write(
            &bundle,
            RECEIPT,
            &to_document(&Receipt {
                state: "ACTIVE".into(),
                ..own.clone()
            }),
        );
        assert!(holds(&own), "times, states and verdicts are each run's own");
        let waiver = || {
            Some(Waiver {
                reason: "because".into(),
            })
        };
        let others = [
            Receipt {
                cluster_id: "cluster-bbbbbbbbbbb".parse().unwrap(),
                ..own.clone()
            },
            Receipt {
                region: "us-east-1".into(),
                ..own.clone()
            },
            Receipt {
                csr_sha256: None,
                ..own.clone()
            },
            Receipt {
                signed_cert_sha256: "03".into(),
                ..own.clone()
            },
            Receipt {
                trust_anchor_sha256: "03".into(),
                ..own.clone()
            },
            Receipt {
                cluster_certificate_sha256: "03".into(),
                ..own.clone()
            },
            Receipt {
                unverified: waiver(),
                ..own.clone()
            },
            Receipt {
                ca_from_bundle: waiver(),
                ..own.clone()
            },
        ];
        others
            .iter()
            .for_each(|other| assert!(!holds(other), "of another claim: {other:?}"));
        std::fs::write(&path, to_document(&own)).unwrap();
        assert!(!holds(&own), "exchanged since");
    }

    #[test]
    fn every_file_that_a_bundle_can_hold_is_written_changed_missing_found_or_unaccounted() {
        for name in names_of(Some(&ID.parse().unwrap())) {
            let dir = tempfile::tempdir().unwrap();
            let bundle = Bundle::at_path(dir.path(), ID.parse().unwrap());
            let path = dir.path().join(&name);
            let other = if name == VERIFICATION {
                RESPONSE
            } else {
                VERIFICATION
            };
            // Before the first step: only steps write down what was created or claimed.
            std::fs::write(&path, "one").unwrap();
            assert_eq!(
                account_for(&bundle, &name),
                Some(if TRUST_ANCHOR_FILES.contains(&name.as_str()) {
                    FileStanding::Found
                } else {
                    FileStanding::Unaccounted
                }),
                "{name}"
            );
            write(&bundle, other, b"{}");
            let found = if [CREATION, RECEIPT, SIMULATED_ROOTS].contains(&name.as_str()) {
                FileStanding::Unaccounted
            } else {
                FileStanding::Found
            };
            assert_eq!(account_for(&bundle, &name), Some(found), "{name}");
            assert_eq!(
                bundle.without_cache().written_by(&name).unwrap(),
                None,
                "{name}"
            );
            // Written by a step, exchanged, taken away.
            std::fs::remove_file(dir.path().join(TRANSCRIPT)).unwrap();
            std::fs::remove_file(&path).unwrap();
            write(&bundle, &name, b"two");
            assert_eq!(
                (
                    account_for(&bundle, &name),
                    bundle.without_cache().written_by(&name).unwrap()
                ),
                (Some(FileStanding::Written), Some(1)),
                "{name}"
            );
            std::fs::write(&path, "three").unwrap();
            assert_eq!(
                (
                    account_for(&bundle, &name),
                    bundle.without_cache().written_by(&name).unwrap()
                ),
                (Some(FileStanding::Changed), None),
                "{name}"
            );
            std::fs::remove_file(&path).unwrap();
            assert_eq!(
                account_for(&bundle, &name),
                Some(FileStanding::Missing),
                "{name}"
            );
            // Added between two steps.
            std::fs::remove_file(dir.path().join(TRANSCRIPT)).unwrap();
            write(&bundle, other, b"{ }");
            std::fs::write(&path, "four").unwrap();
            let added = if TRUST_ANCHOR_FILES.contains(&name.as_str()) {
                FileStanding::Found
            } else {
                FileStanding::Unaccounted
            };
            assert_eq!(account_for(&bundle, &name), Some(added), "{name}");
            write(&bundle, Part::Csr.file_name(bundle.id()).as_str(), b"csr");
            if name != Part::Csr.file_name(bundle.id()) {
                assert_eq!(
                    account_for(&bundle, &name),
                    Some(added),
                    "{name}: a step that finds it does not make it accounted for"
                );
            }
        }
    }
}

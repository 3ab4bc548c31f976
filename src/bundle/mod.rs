//! The bundle: the directory, or the one file, that travels between machines. Everything in it is data from outside.

pub mod archive;
mod arrival;
mod cluster_id;
mod creation;
mod documents;
mod fingerprint;
mod store;
mod survey;
mod transcript;
mod words;

use std::path::Path;

pub use arrival::Arrival;
pub use cluster_id::ClusterId;
pub use creation::Creation;
pub(crate) use documents::escaped;
pub use documents::{Digests, IssuedBy, Origin, Receipt, Request, Response, Waiver};
pub use fingerprint::Fingerprint;
pub use store::{HeldStore, Place, SUFFIX, Store};
pub use survey::{Noted, NotedAnchor, NotedCheck, Seen, Survey, Told};
pub use transcript::{AfterSeal, Entry, Seal, Sealer, Step, TRANSCRIPT, Trail, Transcript};
pub use words::shell_words;

use crate::error::{Class, Error, Result};
use crate::fsio::{self, NewFile};
use crate::verify::Evidence;
use crate::x509::name::is_invisible;
use crate::x509::{hex, sha256};

/// The trust anchor's file, and the CA key's where `hsmboot` makes one: the AWS guide's names.
pub const CA_FILE: &str = "customerCA.crt";
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
/// What was submitted and what came of it.
pub const RECEIPT: &str = "receipt.json";

/// The files whose names begin with the cluster's id: the AWS console's and guide's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `_ClusterCsr.csr`
    Csr,
    /// `_HsmCertificate.crt`
    Hsm,
    /// `_AwsHardwareCertificate.crt`
    AwsHardware,
    /// `_ManufacturerHardwareCertificate.crt`
    ManufacturerHardware,
    /// `_CustomerHsmCertificate.crt`
    SignedCert,
}

impl Part {
    const ALL: [Part; 5] = [Part::Csr, Part::Hsm, Part::AwsHardware, Part::ManufacturerHardware, Part::SignedCert];
    /// What `fetch` writes.
    pub const REQUEST: [Part; 4] = [Part::Csr, Part::Hsm, Part::AwsHardware, Part::ManufacturerHardware];

    const fn suffix(self) -> &'static str {
        match self {
            Part::Csr => "_ClusterCsr.csr",
            Part::Hsm => "_HsmCertificate.crt",
            Part::AwsHardware => "_AwsHardwareCertificate.crt",
            Part::ManufacturerHardware => "_ManufacturerHardwareCertificate.crt",
            Part::SignedCert => "_CustomerHsmCertificate.crt",
        }
    }

    /// As errors name it.
    pub const fn noun(self) -> &'static str {
        match self {
            Part::Csr => "the cluster's CSR",
            Part::Hsm => "the HSM certificate",
            Part::AwsHardware => "the AWS hardware certificate",
            Part::ManufacturerHardware => "the manufacturer hardware certificate",
            Part::SignedCert => "the signed certificate",
        }
    }

    /// Its file's name in the bundle of a cluster.
    pub fn file_name(self, id: &ClusterId) -> String {
        format!("{id}{}", self.suffix())
    }
}

/// A bundle whose cluster is known and whose files match what `request.json`, where there is one, says of them.
#[derive(Clone, Debug)]
pub struct Bundle {
    store: Store,
    id: ClusterId,
    request: Option<Request>,
}

fn refused(kind: &'static str, message: String, hint: &str) -> Error {
    Error::new(Class::Input, kind, message, hint)
}

impl Bundle {
    /// A bundle that is about to be written.
    pub fn at(path: &Path, id: ClusterId) -> Self {
        Bundle { store: Store::at(path), id, request: None }
    }

    /// Opens a bundle: finds its cluster's id in `request.json` or, without one, in its file names, and compares digests.
    ///
    /// # Errors
    /// Class `Input`: no bundle, an id that is none, files of several clusters, a file that is not the one `request.json` recorded.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_in(Store::at(path))
    }

    /// The same, of files that have just come and are nowhere yet; messages call their place `source`.
    ///
    /// # Errors
    /// As [`Bundle::open`].
    pub fn received(members: archive::Members, source: &str) -> Result<Self> {
        Self::open_in(Store::received(members, source))
    }

    fn open_in(store: Store) -> Result<Self> {
        let (bundle, faults) = Self::look(store)?;
        faults.into_iter().next().map_or(Ok(bundle), Err)
    }

    /// Opens a bundle to look at, and says what [`open`](Self::open) would refuse in it: an unreadable `request.json`, files that it does not account for.
    ///
    /// # Errors
    /// Class `Input`: no bundle, an id that is none, files of several clusters.
    fn look(store: Store) -> Result<(Self, Vec<Error>)> {
        store.mend()?;
        let path = store.path();
        let names = store.names()?;
        let read = names.iter().any(|name| name == REQUEST).then(|| Request::read(&store)).transpose();
        let (request, fault) = read.map_or_else(|fault| (None, Some(fault)), |request| (request, None));
        let mut ids: Vec<(String, &str)> = Vec::new();
        for name in &names {
            if let Some(prefix) = Part::ALL.into_iter().find_map(|part| name.strip_suffix(part.suffix())) {
                ids.push((name.clone(), prefix));
            }
        }
        let id = match (&request, ids.first()) {
            (Some(request), _) => request.cluster_id.clone(),
            (None, Some((name, prefix))) => ClusterId::in_bundle(prefix, &format!("{}: {}", path.display(), printable(name)))?,
            (None, None) => {
                return Err(fault.unwrap_or_else(|| {
                    refused(
                        "no-bundle",
                        format!("{} is not a bundle: it holds no <cluster-id>_ClusterCsr.csr, nor any other file of one", path.display()),
                        "make one with `hsmboot fetch`, or put the console's downloads into one directory under their own names",
                    )
                }));
            }
        };
        if let Some((name, _)) = ids.iter().find(|(_, prefix)| *prefix != id.as_str()) {
            return Err(refused(
                "several-clusters",
                format!("{} holds files of more than one cluster: {id}, and {}", path.display(), printable(name)),
                "keep each cluster's files in a directory of their own",
            ));
        }
        let bundle = Bundle { store, id, request };
        let faults = fault.into_iter().chain(bundle.mismatches()).collect();
        Ok((bundle, faults))
    }

    /// What does not match `request.json`, where there is one.
    fn mismatches(&self) -> Vec<Error> {
        let Some(request) = &self.request else { return Vec::new() };
        request.files.iter().filter_map(|(name, expected)| self.compare_fetched(name, expected).err()).collect()
    }

    fn compare_fetched(&self, name: &str, expected: &str) -> Result<()> {
        // Names in there are from outside too: only a bundle's own are ever opened.
        let part = Part::REQUEST.into_iter().find(|part| part.file_name(&self.id) == *name).ok_or_else(|| {
            refused(
                "bad-request-json",
                format!("{} records a file that no bundle of {} has: `{}`", self.place(REQUEST), self.id, printable(name)),
                AGAIN,
            )
        })?;
        self.compare(name, &self.read(part)?, expected, "fetched", REQUEST)
    }

    /// Compares the signed certificate and the trust anchor with the digests in `response.json`, where there is one. The CSR is not: that it is
    /// the one that was signed shows in the keys, and one that came later is no damage.
    ///
    /// # Errors
    /// Class `Input`: `response.json` is no such document, or a file is not the one that it recorded.
    pub fn compare_response(&self) -> Result<()> {
        let Some(response) = self.response()? else { return Ok(()) };
        let signed = Part::SignedCert.file_name(&self.id);
        for (name, content) in [(signed.as_str(), self.read(Part::SignedCert)), (CA_FILE, self.read_trust_anchor())] {
            if let Some(expected) = response.files.get(name) {
                self.compare(name, &content?, expected, "made", RESPONSE)?;
            }
        }
        Ok(())
    }

    /// `response.json`, where there is one.
    ///
    /// # Errors
    /// Class `Input`, where it is no such document.
    pub fn response(&self) -> Result<Option<Response>> {
        if self.has_file(RESPONSE) { Response::read(&self.store).map(Some) } else { Ok(None) }
    }

    fn compare(&self, name: &str, content: &[u8], expected: &str, made: &str, record: &str) -> Result<()> {
        let found = hex(&sha256(content));
        if expected.eq_ignore_ascii_case(&found) {
            return Ok(());
        }
        Err(refused(
            "digest-mismatch",
            format!(
                "{} is not the file that was {made}\n  recorded SHA-256 {}  {record}\n  found    SHA-256 {found}",
                self.place(name),
                printable(expected)
            ),
            AGAIN,
        ))
    }

    /// The directory, or the one file.
    pub fn path(&self) -> &Path {
        self.store.path()
    }

    /// Where the files are.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// The cluster.
    pub const fn id(&self) -> &ClusterId {
        &self.id
    }

    /// `request.json`, where there is one.
    pub const fn request(&self) -> Option<&Request> {
        self.request.as_ref()
    }

    /// A file's place, for people.
    pub const fn place<'a>(&'a self, name: &'a str) -> Place<'a> {
        self.store.place(name)
    }

    /// A part's place, for people.
    pub fn part(&self, part: Part) -> String {
        self.place(&part.file_name(&self.id)).to_string()
    }

    /// Whether a part is there.
    pub fn has(&self, part: Part) -> bool {
        self.has_file(&part.file_name(&self.id))
    }

    /// Whether something of this name is there.
    pub fn has_file(&self, name: &str) -> bool {
        self.store.has(name)
    }

    /// Reads a part, within bounds.
    ///
    /// # Errors
    /// Missing, a directory, too large: class `Input`.
    pub fn read(&self, part: Part) -> Result<Vec<u8>> {
        self.store.read(&part.file_name(&self.id), part.noun(), fsio::MAX_INPUT)
    }

    /// Reads the trust anchor, within bounds.
    ///
    /// # Errors
    /// As [`Bundle::read`].
    pub fn read_trust_anchor(&self) -> Result<Vec<u8>> {
        self.store.read(CA_FILE, "the trust anchor", fsio::MAX_INPUT)
    }

    /// What there is to judge. The CSR may be absent with `chains_only`; with `incomplete`, a certificate that is absent is read as empty.
    ///
    /// # Errors
    /// As [`Bundle::read`].
    pub fn evidence(&self, chains_only: bool, incomplete: bool) -> Result<Evidence> {
        let read = |part| if incomplete && !self.has(part) { Ok(Vec::new()) } else { self.read(part) };
        let csr = if chains_only && !self.has(Part::Csr) { None } else { Some(self.read(Part::Csr)?) };
        Ok(Evidence { csr, hsm: read(Part::Hsm)?, aws_hardware: read(Part::AwsHardware)?, manufacturer_hardware: read(Part::ManufacturerHardware)? })
    }

    /// The same bundle, of whose files nothing is known yet.
    #[must_use]
    pub fn anew(&self) -> Self {
        Bundle { store: self.store.anew(), ..self.clone() }
    }

    /// That the transcript holds, and is this cluster's.
    ///
    /// # Errors
    /// Class `Input` where it does not.
    pub fn check_record(&self) -> Result<()> {
        Transcript::read(&self.store)?.is_of(&self.id)
    }

    /// That a step can be written, as far as that shows beforehand: the transcript holds and has room for it, and so has the disk. For what cannot be done
    /// twice, or not without people.
    ///
    /// # Errors
    /// Class `Input` where the transcript does not hold; `Conflict` where it is full; `Machine` for the disk.
    pub fn check_ready(&self) -> Result<()> {
        self.check_record()?;
        Transcript::read(&self.store)?.has_room()?;
        self.store.check_writable()
    }

    /// That what was read of the bundle still stands there: just before something is done on the strength of it. The transcript may have gone on, unless the
    /// step is to be sealed: a seal vouches for the lines before it, for those that were there when the operator began.
    ///
    /// # Errors
    /// Class `Conflict`, `changed-meanwhile`.
    pub fn check_unchanged(&self, sealed: bool) -> Result<()> {
        self.hold(sealed).map(drop)
    }

    fn hold(&self, sealed: bool) -> Result<HeldStore<'_>> {
        let before = sealed.then(|| Transcript::read(&self.store)).transpose()?;
        let held = self.store.hold()?;
        match before {
            Some(before) if Transcript::read(&self.store)? != before => Err(transcript::grown(&self.store)),
            _ => Ok(held),
        }
    }

    /// Writes files into the bundle and the step that writes them into its transcript, all or none: see [`fsio::write_all`]. Where every file
    /// stands there already, nothing is written and no step taken.
    ///
    /// # Errors
    /// Class `Input` where the transcript does not hold; `Conflict` or `Machine`; then nothing has changed.
    pub fn write(&self, files: &[NewFile<'_>], step: &Step<'_>) -> Result<()> {
        // From here on no other step comes between what is read and what is written.
        let held = self.hold(step.seal.is_some())?;
        let stood = self.digests();
        let outputs: Digests = files.iter().map(|file| (file.name.clone(), hex(&sha256(file.content)))).collect();
        if outputs.iter().all(|(name, digest)| stood.get(name) == Some(digest)) {
            return held.write(files);
        }
        let content = step.after(&Transcript::read(&self.store)?, &self.id, stood, outputs)?;
        let kept = files.iter().map(|file| NewFile { name: file.name.clone(), content: file.content, mode: file.mode, replace: file.replace });
        let mut all: Vec<NewFile<'_>> = kept.collect();
        all.push(NewFile { name: TRANSCRIPT.to_owned(), content: &content, mode: 0o644, replace: true });
        held.write(&all)
    }

    /// Writes a step that leaves no file: one that is about to do something which cannot be taken back.
    ///
    /// # Errors
    /// As [`Bundle::write`].
    pub fn note(&self, step: &Step<'_>) -> Result<()> {
        let held = self.store.hold()?;
        let content = step.after(&Transcript::read(&self.store)?, &self.id, self.digests(), Digests::new())?;
        held.write(&[NewFile { name: TRANSCRIPT.to_owned(), content: &content, mode: 0o644, replace: true }])
    }

    /// The bundle's own files that stand there and can be read: SHA-256 by name.
    fn digests(&self) -> Digests {
        let digest =
            |name: &String| self.store.read(name, "a file of the bundle", transcript::MAX_TRANSCRIPT).ok().map(|content| hex(&sha256(&content)));
        self.names().into_iter().filter_map(|name| digest(&name).map(|digest| (name, digest))).collect()
    }

    /// The names of all files that a bundle of this cluster can have, but for the transcript's.
    pub fn names(&self) -> Vec<String> {
        let parts = Part::ALL.into_iter().map(|part| part.file_name(&self.id));
        parts.chain([REQUEST, VERIFICATION, CA_FILE, RESPONSE, RECEIPT].map(str::to_owned)).collect()
    }
}

const AGAIN: &str = "it was damaged or changed on the way: fetch or copy the bundle again";

/// The names that do not begin with a cluster's id.
const FIXED: [&str; 7] = [REQUEST, VERIFICATION, CA_FILE, RESPONSE, RECEIPT, CREATION, TRANSCRIPT];

/// Whether this is the name of a file that belongs into a bundle, of whichever cluster.
pub(crate) fn is_own(name: &str) -> bool {
    let prefixes = || Part::ALL.into_iter().filter_map(|part| name.strip_suffix(part.suffix()));
    FIXED.contains(&name) || prefixes().any(|prefix| prefix.parse::<ClusterId>().is_ok())
}

/// Text from outside for a message: bounded, and nothing that a terminal would obey.
pub(crate) fn printable(text: &str) -> String {
    let mut out: String = text.chars().take(80).map(|c| if c.is_control() || is_invisible(c) { '?' } else { c }).collect();
    if text.chars().nth(80).is_some() {
        out.push('…');
    }
    out
}

/// `1 step`, `2 steps`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// A document of the bundle as a file that may replace an older one.
pub fn document<T: serde::Serialize>(document: &T) -> Vec<u8> {
    documents::text(document)
}

//! `transcript.jsonl`: what was done to a bundle, one line a step, each with the hash of the line before.
//!
//! Any change, any line taken out and any reordering breaks the chain. A cut at the end shows in the files: whatever the last lines wrote is then accounted
//! for by no line, whether or not other lines follow. Who can write to the bundle can also write a whole new transcript, unless a line is sealed with the CA's key: a seal holds
//! everything up to its line. Nothing but people and `hsmboot transcript` relies on any of this.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Bundle, CA_FILE, ClusterId, Digests, Store, counted, printable};
use crate::error::{Class, Error, Result};
use crate::x509::{Moment, PublicKey, SignatureAlgorithm, hex, sha256};

/// The file's name.
pub const TRANSCRIPT: &str = "transcript.jsonl";

/// A step takes about a kilobyte; a bundle sees a handful of them.
pub(super) const MAX_TRANSCRIPT: u64 = 1024 * 1024;

/// What a seal signs begins with this, so that it can never be taken for a certificate: no DER begins so.
const SEAL_CONTEXT: &[u8] = b"hsmboot-transcript/1\n";

/// The hash before the first line.
const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One step. The order of its members is that of the line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// `hsmboot-transcript/1`
    pub format: String,
    /// Counted from 1.
    pub step: u64,
    /// When, by that machine's clock.
    pub time: Moment,
    /// Name and version of the program.
    pub tool: String,
    /// The command line, without secrets.
    pub command: Vec<String>,
    /// The machine's name.
    pub host: String,
    /// Who says to have done it (`--operator`).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub operator: Option<String>,
    /// The cluster.
    pub cluster_id: ClusterId,
    /// What the step read, and the SHA-256 of each file.
    pub inputs: Digests,
    /// What the step wrote.
    pub outputs: Digests,
    /// `verified` or `rejected`, where something was judged.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub verdict: Option<String>,
    /// Checks whose failure was accepted.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub accepted: Vec<String>,
    /// Why something was accepted, or done unverified.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Done although the bundle did not verify.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub unverified: bool,
    /// Whether the fingerprint that the other side read out was compared.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fingerprint_compared: Option<bool>,
    /// The call that was about to be sent when this was written: `InitializeCluster`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sends: Option<String>,
    /// SHA-256 of the line before, without its line end; of the first, zeros.
    pub previous: String,
    /// The CA's signature over the line without this member.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seal: Option<Seal>,
}

impl Entry {
    /// The only value of `format`.
    pub const FORMAT: &'static str = "hsmboot-transcript/1";

    /// SHA-256 of its line, without its line end: what the next one names as `previous`.
    pub fn hash(&self) -> String {
        hex(&sha256(line(self).as_bytes()))
    }

    /// What a seal signs.
    pub fn to_be_sealed(&self) -> Vec<u8> {
        let bare = Entry { seal: None, ..self.clone() };
        [SEAL_CONTEXT, line(&bare).as_bytes()].concat()
    }
}

/// A signature by the CA's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// AlgorithmIdentifier, DER in hex.
    pub algorithm: String,
    /// The signature, in hex.
    pub signature: String,
}

impl Seal {
    /// From what the CA's key gives.
    pub fn new(algorithm: &[u8], signature: &[u8]) -> Self {
        Seal { algorithm: hex(algorithm), signature: hex(signature) }
    }

    /// Whether `key` made it.
    pub fn is_by(&self, key: &PublicKey, sealed: &[u8]) -> bool {
        let (Some(algorithm), Some(signature)) = (unhex(&self.algorithm), unhex(&self.signature)) else { return false };
        SignatureAlgorithm::from_der(&algorithm).is_ok_and(|algorithm| key.verify(algorithm, sealed, &signature))
    }
}

fn fault(what: String, hint: &str) -> Error {
    Error::new(Class::Input, "bad-transcript", what, hint)
}

/// Of lower-case digits only: one seal is not to be written in two ways.
fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| if pair.len() == 2 { u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok() } else { None }).collect()
}

/// What is wrong with a line that is no entry: another version's has another format.
fn unknown(line: &str) -> String {
    let value = serde_json::from_str::<serde_json::Value>(line).unwrap_or_default();
    match value.get("format").and_then(serde_json::Value::as_str) {
        Some(format) if format != Entry::FORMAT => {
            format!("has the format `{}`, expected `{}`: another version of hsmboot wrote it", printable(format), Entry::FORMAT)
        }
        _ => "is not a step of a transcript".to_owned(),
    }
}

/// An entry's line, without a line end: our own type with string keys always serialises.
fn line(entry: &Entry) -> String {
    serde_json::to_string(entry).unwrap_or_default()
}

/// Makes a seal over what it is given.
pub type Sealer<'a> = &'a dyn Fn(&[u8]) -> Result<Seal>;

/// What a step says of itself; the bundle knows the rest.
#[derive(Clone, Default)]
pub struct Step<'a> {
    /// When, by this machine's clock.
    pub time: Option<Moment>,
    /// Name and version of the program.
    pub tool: &'a str,
    /// The command line, without secrets.
    pub command: Vec<String>,
    /// The machine's name.
    pub host: String,
    /// Who says to do it.
    pub operator: Option<String>,
    /// What was read besides the bundle's own files: SHA-256 by the name that it was given under.
    pub given: Digests,
    /// What was judged, if anything was.
    pub verdict: Option<String>,
    /// Checks whose failure was accepted.
    pub accepted: Vec<String>,
    /// Why something was accepted, or done unverified.
    pub reason: Option<String>,
    /// Done although the bundle did not verify.
    pub unverified: bool,
    /// Whether the other side's fingerprint was compared.
    pub fingerprint_compared: Option<bool>,
    /// A call that is about to be sent, and cannot be taken back.
    pub sends: Option<&'static str>,
    /// The CA's key, where it shall seal the step.
    pub seal: Option<Sealer<'a>>,
}

impl Step<'_> {
    /// The transcript's content with this step: it read what stood in the bundle, and writes `outputs`.
    ///
    /// # Errors
    /// That the transcript is another cluster's, class `Input`; that it is full, class `Conflict`; that the key does not sign, class `Ca`.
    pub(super) fn after(&self, transcript: &Transcript, cluster_id: &ClusterId, stood: Digests, outputs: Digests) -> Result<Vec<u8>> {
        transcript.is_of(cluster_id)?;
        let (step, previous) = transcript.next();
        let mut inputs = stood;
        inputs.extend(self.given.clone());
        let mut entry = Entry {
            format: Entry::FORMAT.to_owned(),
            step,
            time: self.time.unwrap_or(Moment::from_unix(0)),
            tool: self.tool.to_owned(),
            command: self.command.clone(),
            host: self.host.clone(),
            operator: self.operator.clone(),
            cluster_id: cluster_id.clone(),
            inputs,
            outputs,
            verdict: self.verdict.clone(),
            accepted: self.accepted.clone(),
            reason: self.reason.clone(),
            unverified: self.unverified,
            fingerprint_compared: self.fingerprint_compared,
            sends: self.sends.map(str::to_owned),
            previous,
            seal: None,
        };
        if let Some(seal) = self.seal {
            entry.seal = Some(seal(&entry.to_be_sealed())?);
        }
        let content = transcript.with(&entry);
        // What is longer would be read by no later step.
        if u64::try_from(content.len()).is_ok_and(|length| length <= MAX_TRANSCRIPT) { Ok(content) } else { Err(full()) }
    }
}

/// That another step came while one was about to be sealed.
pub(super) fn grown(store: &Store) -> Error {
    Error::new(
        Class::Conflict,
        "changed-meanwhile",
        format!("{} has a step more than when it was read; nothing was written", store.place(TRANSCRIPT)),
        "look at what was done: `hsmboot transcript show`; then run the same command again",
    )
}

fn full() -> Error {
    Error::new(
        Class::Conflict,
        "transcript-full",
        format!("{TRANSCRIPT} would be longer than {MAX_TRANSCRIPT} bytes with this step; nothing was changed"),
        "keep the bundle as it is, and go on with a copy of its other files in a new directory",
    )
}

/// A transcript as far as it holds, for those who look at one that may not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail {
    /// The lines before the first fault.
    pub holds: Transcript,
    /// The first line that does not hold, counted from 1, and why.
    pub fault: Option<(usize, String)>,
    /// That line and all behind it, as they stand there.
    pub rest: String,
}

impl Trail {
    /// Of a transcript's content.
    pub fn of(content: &[u8]) -> Self {
        let Ok(text) = std::str::from_utf8(content) else {
            let rest = String::from_utf8_lossy(content).into_owned();
            return Trail { fault: Some((1, "is not text (UTF-8)".to_owned())), rest, ..Trail::default() };
        };
        let mut trail = Trail::default();
        for (at, found) in text.split_inclusive('\n').enumerate() {
            match trail.holds.follow(found, at.saturating_add(1)) {
                Ok(entry) => {
                    trail.holds.entries.push(entry);
                    trail.holds.text.push_str(found);
                }
                Err(why) => {
                    let rest = text.get(trail.holds.text.len()..).unwrap_or_default().to_owned();
                    return Trail { fault: Some((at.saturating_add(1), why)), rest, ..trail };
                }
            }
        }
        trail
    }
}

/// What a transcript says of a file.
struct Recorded<'a> {
    digest: &'a str,
    /// The step that says so.
    step: u64,
    /// `read` or `wrote`.
    did: &'static str,
}

/// The lines of a transcript that holds, each the successor of the one before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    entries: Vec<Entry>,
    text: String,
}

impl Transcript {
    /// Reads a bundle's transcript; an empty one where there is none.
    ///
    /// # Errors
    /// Class `Input`, `bad-transcript`: a line that is changed, missing, or out of its order.
    pub fn read(store: &Store) -> Result<Self> {
        if !store.has(TRANSCRIPT) {
            return Ok(Transcript::default());
        }
        Self::from_content(&store.read(TRANSCRIPT, "the transcript", MAX_TRANSCRIPT)?, &store.place(TRANSCRIPT))
    }

    /// The same of a transcript's content, which stands, or came from, `place`.
    ///
    /// # Errors
    /// As [`Transcript::read`].
    pub fn from_content(content: &[u8], place: &dyn std::fmt::Display) -> Result<Self> {
        Self::parse(content).map_err(|(number, fault)| {
            Error::new(
                Class::Input,
                "bad-transcript",
                format!("{place} does not hold: line {number} {fault}"),
                "it was damaged or changed: what came before that line still holds; keep the file as evidence, and go on with the bundle in a new directory",
            )
        })
    }

    fn parse(content: &[u8]) -> std::result::Result<Self, (usize, String)> {
        let trail = Trail::of(content);
        trail.fault.map_or(Ok(trail.holds), Err)
    }

    /// The line that follows, or why it does not.
    fn follow(&self, found: &str, number: usize) -> std::result::Result<Entry, String> {
        let fault = |what: &str| what.to_owned();
        let found = found.strip_suffix('\n').ok_or_else(|| fault("is cut short: it has no line end"))?;
        let entry: Entry = serde_json::from_str(found).map_err(|_| unknown(found))?;
        // The one way to write it: so that no byte of the line is outside the hash's and the seal's reach.
        if entry.format != Entry::FORMAT {
            return Err(unknown(found));
        }
        if line(&entry) != found {
            return Err(fault("is not written as hsmboot writes it"));
        }
        if u64::try_from(number).ok() != Some(entry.step) {
            return Err(format!("is step {}, expected step {number}: a line is missing, or in another place", entry.step));
        }
        if entry.previous != self.next().1 {
            return Err(fault("does not follow from the line before: one of the two was changed, or a line between them was taken out"));
        }
        if self.entries.first().is_some_and(|first| first.cluster_id != entry.cluster_id) {
            return Err(fault("is of another cluster"));
        }
        Ok(entry)
    }

    /// That there is room for a step more, even a long one.
    ///
    /// # Errors
    /// Class `Conflict`, `transcript-full`.
    pub(super) fn has_room(&self) -> Result<()> {
        const LONG: usize = 16 * 1024;
        match u64::try_from(self.text.len().saturating_add(LONG)) {
            Ok(length) if length <= MAX_TRANSCRIPT => Ok(()),
            _ => Err(full()),
        }
    }

    /// The steps.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The file's content; empty where there is no step.
    pub fn content(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Whether it is the other one, perhaps with more steps.
    pub fn continues(&self, other: &Transcript) -> bool {
        self.text.starts_with(&other.text)
    }

    /// What the next entry has to name as `step` and `previous`.
    pub fn next(&self) -> (u64, String) {
        let step = u64::try_from(self.entries.len()).unwrap_or(u64::MAX).saturating_add(1);
        (step, self.entries.last().map_or_else(|| BEGINNING.to_owned(), Entry::hash))
    }

    /// The file's content with one step more.
    pub fn with(&self, entry: &Entry) -> Vec<u8> {
        format!("{}{}\n", self.text, line(entry)).into_bytes()
    }

    /// That it is this cluster's, if it is any's.
    ///
    /// # Errors
    /// Class `Input`, `bad-transcript`.
    pub(super) fn is_of(&self, cluster_id: &ClusterId) -> Result<()> {
        match self.entries.first() {
            Some(entry) if entry.cluster_id != *cluster_id => {
                let what = format!("{TRANSCRIPT} is of {}, and the bundle of {cluster_id}", entry.cluster_id);
                Err(fault(what, "it was exchanged, or copied together with the wrong files: keep each cluster's files in a directory of their own"))
            }
            _ => Ok(()),
        }
    }

    /// What each of the bundle's files should hold: the SHA-256 that was recorded last, by which step, and whether that step wrote the file.
    ///
    /// # Errors
    /// Class `Input`, `bad-transcript`: a step that read something else than the step before it had left, or something that none had left; one that
    /// wrote what no bundle has.
    fn recorded(&self, names: &[String]) -> Result<BTreeMap<&str, Recorded<'_>>> {
        let mut recorded: BTreeMap<&str, Recorded<'_>> = BTreeMap::new();
        for entry in &self.entries {
            for (name, digest) in entry.inputs.iter().filter(|(name, _)| names.contains(name)) {
                match recorded.get(name.as_str()) {
                    Some(before) if before.digest != digest => {
                        let what = format!("step {} read another {name} than step {} had left", entry.step, before.step);
                        return Err(fault(what, "it was changed between the two, by other means"));
                    }
                    // What stood there before the first step came from elsewhere; a CA's certificate may come from `ca init` at any time.
                    None if entry.step > 1 && name != CA_FILE => {
                        let what = format!("step {} found {name}, which no step before had written", entry.step);
                        return Err(fault(what, "it was put there by other means, or the step that wrote it was cut off"));
                    }
                    _ => drop(recorded.insert(name, Recorded { digest, step: entry.step, did: "read" })),
                }
            }
            for (name, digest) in &entry.outputs {
                // Names in there are from outside: only a bundle's own are ever opened.
                if !names.contains(name) {
                    let what = format!("step {} wrote `{}`, which no bundle has", entry.step, printable(name));
                    return Err(fault(what, "the transcript was made up, or is of a later version of hsmboot"));
                }
                recorded.insert(name, Recorded { digest, step: entry.step, did: "wrote" });
            }
        }
        Ok(recorded)
    }

    /// Holds the bundle's files against the transcript, and its seals against the CA's key.
    ///
    /// # Errors
    /// Class `Input`, `bad-transcript`: a file that is missing, changed, or accounted for by no step; a seal that the key did not make.
    pub fn account_for(&self, bundle: &Bundle, ca: Option<&PublicKey>) -> Result<()> {
        self.is_of(bundle.id())?;
        let names = bundle.names();
        let recorded = self.recorded(&names)?;
        for (name, Recorded { digest, step, did }) in &recorded {
            if !bundle.has_file(name) {
                let what = format!("step {step} {did} {name}, and it is not here");
                return Err(fault(what, "it was left behind on the way, or taken away: copy the whole bundle again, or find out who has it"));
            }
            let content = bundle.store().read(name, "a file of the bundle", MAX_TRANSCRIPT)?;
            if hex(&sha256(&content)) != *digest {
                let what = format!("{name} is not the file that step {step} left");
                return Err(fault(what, "it was changed since, or the steps after that one were cut off"));
            }
        }
        let stray = names.iter().find(|name| !recorded.contains_key(name.as_str()) && bundle.has_file(name));
        if let Some(name) = stray {
            let what = format!("no step of the transcript accounts for {name}");
            return Err(fault(what, "it was put there by other means, or the step that wrote it was cut off"));
        }
        match ca.and_then(|key| self.forged(key)) {
            None => Ok(()),
            Some(step) => {
                let what = format!("the seal of step {step} was not made with the key of the CA's certificate");
                Err(fault(what, "the transcript was made up, or sealed with another CA's key"))
            }
        }
    }

    /// The step whose line has this SHA-256, which somebody noted elsewhere. Nothing else tells of a change of the last line, where it is not sealed, or
    /// of last lines that wrote no file and were cut off.
    ///
    /// # Errors
    /// Class `Input`, `bad-transcript`: no line has it.
    pub fn step_of(&self, noted: &[u8; 32]) -> Result<u64> {
        let noted = hex(noted);
        self.entries.iter().find(|entry| entry.hash() == noted).map(|entry| entry.step).ok_or_else(|| {
            let lines = counted(self.entries.len(), "line");
            let what = format!("no line of the transcript has the SHA-256 that was noted\n  expected {noted}\n  found    {lines}, each with another");
            fault(
                what,
                "compare what was typed with the note, digit by digit; if it is the same, that line was changed or cut off, or the transcript \
                 exchanged: keep the bundle as evidence, and do not go on with it",
            )
        })
    }

    /// SHA-256 of the last line: noted elsewhere, it tells a transcript that was cut, or made up as a whole, from this one.
    pub fn head(&self) -> String {
        self.next().1
    }

    /// The first step with a seal that `key` did not make.
    pub fn forged(&self, key: &PublicKey) -> Option<u64> {
        let forged = |entry: &&Entry| entry.seal.as_ref().is_some_and(|seal| !seal.is_by(key, &entry.to_be_sealed()));
        self.entries.iter().find(forged).map(|entry| entry.step)
    }

    /// The last step that is sealed.
    pub fn sealed_up_to(&self) -> Option<u64> {
        self.last_sealed().map(|entry| entry.step)
    }

    /// SHA-256 of that step's line: steps that follow leave it as it is.
    pub fn sealed_head(&self) -> Option<String> {
        self.last_sealed().map(Entry::hash)
    }

    fn last_sealed(&self) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.seal.is_some())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn three() -> Vec<u8> {
        let mut content = Vec::new();
        for name in ["fetch", "sign", "submit"] {
            let transcript = Transcript::parse(&content).unwrap();
            let (step, previous) = transcript.next();
            let entry = Entry {
                format: Entry::FORMAT.to_owned(),
                step,
                time: Moment::from_unix(1_700_000_000),
                tool: "hsmboot test".to_owned(),
                command: vec!["hsmboot".to_owned(), name.to_owned()],
                host: "host".to_owned(),
                operator: None,
                cluster_id: "cluster-abc234defgh".parse().unwrap(),
                inputs: Digests::new(),
                outputs: Digests::from([(name.to_owned(), "00".to_owned())]),
                verdict: None,
                accepted: Vec::new(),
                reason: None,
                unverified: false,
                fingerprint_compared: None,
                sends: None,
                previous,
                seal: None,
            };
            content = transcript.with(&entry);
        }
        content
    }

    #[test]
    fn a_transcript_of_three_steps_holds() {
        let transcript = Transcript::parse(&three()).unwrap();
        assert_eq!(transcript.entries().len(), 3);
        assert_eq!(transcript.with(&transcript.entries()[2]).len(), three().len() + line(&transcript.entries()[2]).len() + 1);
    }

    #[test]
    fn every_changed_bit_breaks_it_but_in_the_last_line_where_the_files_tell() {
        let good = three();
        let last = good[..good.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
        for at in 0..last {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[at] ^= 1 << bit;
                assert!(Transcript::parse(&bad).is_err(), "byte {at}, bit {bit}");
            }
        }
    }

    #[test]
    fn a_line_taken_out_swapped_or_cut_is_found() {
        let good = three();
        let lines: Vec<&[u8]> = good.split_inclusive(|byte| *byte == b'\n').collect();
        for kept in [&[1, 2][..], &[0, 2], &[2], &[1, 0, 2], &[0, 2, 1], &[0, 0, 1, 2]] {
            let text: Vec<u8> = kept.iter().flat_map(|at| lines[*at].to_vec()).collect();
            assert!(Transcript::parse(&text).is_err(), "{kept:?}");
        }
        for length in 1..lines[0].len() {
            assert!(Transcript::parse(&good[..length]).is_err(), "{length}");
        }
    }
}

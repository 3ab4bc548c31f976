//! The things that a transcript accounts for: the bundle's files, lines that somebody noted, seals.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{FileAccount, Transcript, TranscriptEntry, transcript_fault};
use crate::bundle::{ClusterId, Fingerprint, RECEIPT, Store, VERIFICATION, counted_noun};
use crate::error::{FactName, Result};
use crate::outside::{Lines, OutsideText, join_shown};
use crate::x509::{PublicKey, to_hex};

/// The steps that followed the last sealed one, and what they made of the files that this one had
/// read or written. Anybody could have written it.
#[derive(Clone, Debug, Serialize)]
pub struct AfterSeal {
    /// The step that is sealed.
    #[serde(skip)]
    pub sealed: u64,
    /// The steps after it.
    pub steps: Vec<u64>,
    /// Files that one of them wrote with another content, and the first step that did.
    #[serde(serialize_with = "names")]
    pub replaced: BTreeMap<OutsideText, u64>,
    /// Files that one of them wrote and that were not there before, and that step.
    #[serde(serialize_with = "names")]
    pub added: BTreeMap<OutsideText, u64>,
}

fn names<S: serde::Serializer>(
    files: &BTreeMap<OutsideText, u64>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_seq(files.keys())
}

/// Returns the first step among these, and the files that were that step's.
fn first_of(files: &BTreeMap<OutsideText, u64>) -> Option<(u64, String)> {
    let first = files.values().min()?;
    let names = files
        .iter()
        .filter(|(_, step)| *step == first)
        .map(|(name, _)| name);
    Some((*first, join_shown(names, ", ")))
}

impl AfterSeal {
    /// Says the same in words, a clause for each thing; `None` where nothing followed.
    pub fn to_sentence(&self) -> Option<String> {
        let steps = match self.steps.as_slice() {
            [] => return None,
            [one] => format!("step {one} is not sealed"),
            [one, two] => format!("steps {one} and {two} are not sealed"),
            [first, .., last] => format!("steps {first} to {last} are not sealed"),
        };
        Some(match (first_of(&self.replaced), first_of(&self.added)) {
            (Some((step, names)), _) => format!("{steps}, and step {step} replaced {names}"),
            (None, Some((step, names))) => format!(
                "{steps}, and step {step} added {names}, which step {} did not find",
                self.sealed
            ),
            (None, None) => format!(
                "{steps}, and left request, signed certificate and trust anchor as step {} had \
                 them",
                self.sealed
            ),
        })
    }
}

impl Transcript {
    /// Holds a bundle's files against the transcript, and its seals against the CA's key. `cluster`
    /// is the bundle's, if it has one yet.
    ///
    /// # Errors
    /// Class `Input`, `bad-transcript`: files that are missing, changed, or accounted for by no
    /// step, each of them named; a seal that the key did not make.
    pub fn account_for(
        &self,
        store: &Store,
        cluster: Option<&ClusterId>,
        ca: Option<&PublicKey>,
    ) -> Result<()> {
        cluster.map_or(Ok(()), |id| self.check_cluster(id))?;
        if let Some(what) = self.find_foreign(cluster) {
            return Err(transcript_fault(
                what.as_str(),
                "the transcript was made up, or is of a later version of hsmboot",
            )
            .with_fact(FactName::Cause, what.as_str()));
        }
        let files: Vec<FileAccount> = self
            .account_for_files(store, cluster)
            .into_iter()
            .filter(|file| !file.faults.is_empty())
            .collect();
        if let Some(first) = files.first() {
            let mut faults = files.iter().flat_map(|file| file.faults.iter());
            let first_fault = Lines::from(faults.next());
            let what = faults.fold(first_fault, |lines, fault| {
                lines.followed_by(format!("  {fault}"))
            });
            return Err(transcript_fault(what, first.cause)
                .with_fact(FactName::File, first.name.as_str())
                .with_document(serde_json::json!({ "files": files })));
        }
        match ca.and_then(|key| self.first_forged_seal(key)) {
            None => Ok(()),
            Some(step) => {
                let what = format!(
                    "the seal of step {step} was not made with the key of the CA's certificate, or \
                     not over the line as it is now"
                );
                Err(transcript_fault(
                    what,
                    "is it the right certificate? If so, the line was changed since, or the \
                     transcript was made up: keep the bundle as evidence",
                )
                .with_fact(FactName::Step, step))
            }
        }
    }

    /// Lists what [`account_for`](Self::account_for) would refuse of the files of this cluster's
    /// bundle, a sentence each.
    pub(crate) fn list_unaccounted(&self, store: &Store, cluster: &ClusterId) -> Vec<Lines> {
        let whole = self
            .check_cluster(cluster)
            .err()
            .map(|error| error.message)
            .or(self.find_foreign(Some(cluster)).map(Into::into));
        let files = self.account_for_files(store, Some(cluster));
        whole
            .into_iter()
            .chain(files.into_iter().flat_map(|file| file.faults))
            .collect()
    }

    /// Finds the step whose line has this SHA-256, which somebody noted elsewhere. Nothing else
    /// tells of a change of the last line, where it is not sealed, or of last lines that wrote no
    /// file and were cut off.
    ///
    /// # Errors
    /// Class `Input`, `bad-transcript`: no line has it.
    pub fn step_of(&self, noted: &[u8; 32]) -> Result<u64> {
        let noted = to_hex(noted);
        self.entries
            .iter()
            .find(|entry| entry.hash() == noted)
            .map(|entry| entry.step)
            .ok_or_else(|| {
                let lines = counted_noun(self.entries.len(), "line");
                let what = [
                    "no line of the transcript has the SHA-256 that was noted".to_owned(),
                    format!("  expected {noted}"),
                    format!("  found    {lines}, each with another"),
                ];
                transcript_fault(
                    what,
                    "compare what was typed with the note, digit by digit; if it is the same, that \
                 line was changed or cut off, or the transcript exchanged: keep the bundle as \
                 evidence, and do not go on with it",
                )
                .with_fact(FactName::Expected, noted)
            })
    }

    /// Returns the step whose line has the code that somebody noted elsewhere.
    ///
    /// # Errors
    /// As [`Transcript::step_of`].
    pub fn step_of_code(&self, noted: Fingerprint) -> Result<u64> {
        let has_it = |entry: &&TranscriptEntry| Fingerprint::of_line(&entry.hash()) == noted;
        self.entries
            .iter()
            .find(has_it)
            .map(|entry| entry.step)
            .ok_or_else(|| {
                transcript_fault(
                    [
                        "no line of the transcript has the code that was noted".to_owned(),
                        format!("  expected {noted}"),
                    ],
                    "compare what was typed with the note, digit by digit; if it is the same, that \
                     line was changed or cut off, or the transcript exchanged: keep the bundle as \
                     evidence, and do not go on with it",
                )
                .with_fact(FactName::Expected, noted.to_string())
            })
    }

    /// Returns the SHA-256 of the last line: noted elsewhere, it tells a transcript that was cut,
    /// or made up as a whole, from this one.
    pub fn head_hash(&self) -> String {
        self.next_link().1
    }

    /// Returns the first step with a seal that `key` did not make.
    pub fn first_forged_seal(&self, key: &PublicKey) -> Option<u64> {
        let forged = |entry: &&TranscriptEntry| {
            entry
                .seal
                .as_ref()
                .is_some_and(|seal| !seal.is_by(key, &entry.to_be_sealed()))
        };
        self.entries.iter().find(forged).map(|entry| entry.step)
    }

    /// Returns the last step that is sealed.
    pub fn sealed_up_to(&self) -> Option<u64> {
        self.last_sealed().map(|entry| entry.step)
    }

    /// Returns the SHA-256 of that step's line: steps that follow leave it as it is.
    pub fn sealed_head(&self) -> Option<String> {
        self.last_sealed().map(TranscriptEntry::hash)
    }

    fn last_sealed(&self) -> Option<&TranscriptEntry> {
        self.entries.iter().rev().find(|entry| entry.seal.is_some())
    }

    /// Returns what followed the last sealed step; `None` where none is sealed.
    pub fn after_seal(&self) -> Option<AfterSeal> {
        // What the bundle's files are called has no `/` in it, unlike what a step was given
        // besides. Later steps write these two anew, or write them first.
        let is_held = |name: &OutsideText| {
            !name.as_raw().contains('/') && ![VERIFICATION, RECEIPT].contains(&name.as_raw())
        };
        let sealed = self.last_sealed()?;
        let mut after = AfterSeal {
            sealed: sealed.step,
            steps: Vec::new(),
            replaced: BTreeMap::new(),
            added: BTreeMap::new(),
        };
        for entry in self.entries.iter().filter(|entry| entry.step > sealed.step) {
            after.steps.push(entry.step);
            for (name, digest) in entry.outputs.iter().filter(|(name, _)| is_held(name)) {
                match sealed
                    .outputs
                    .get(name.as_raw())
                    .or_else(|| sealed.inputs.get(name.as_raw()))
                {
                    Some(held) if held == digest => {}
                    Some(_) => drop(after.replaced.entry(name.clone()).or_insert(entry.step)),
                    None => drop(after.added.entry(name.clone()).or_insert(entry.step)),
                }
            }
        }
        Some(after)
    }

    /// Checks that what the last sealed step read and wrote was replaced by none that follows it.
    /// Together with [`Transcript::account_for`], and the key of a CA that is known, this says that
    /// request, signed certificate and trust anchor are those that the CA saw and made.
    ///
    /// # Errors
    /// Class `Input`, `bad-transcript`: a later step wrote another of these files.
    /// `verification.json` and `receipt.json` it may.
    pub fn stands_as_sealed(&self) -> Result<()> {
        let Some(after) = self.after_seal() else {
            return Ok(());
        };
        match first_of(&after.replaced) {
            None => Ok(()),
            Some((step, names)) => {
                let what = format!(
                    "step {step}, which is not sealed, replaced what step {}, which is, had left: \
                     {names}",
                    after.sealed
                );
                Err(transcript_fault(
                    what,
                    "whoever could write to the bundle could have done so: go on with nothing of \
                     it; if the CA itself signed again, have it sign with --seal",
                )
                .with_fact(FactName::Step, step))
            }
        }
    }
}

//! The account that a transcript gives of each file that a bundle can hold: the one judgement that
//! `transcript verify` prints, that a report shows, and that is asked before a record is obeyed.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{MAX_TRANSCRIPT, Transcript};
use crate::bundle::{
    CREATION, ClusterId, Part, RECEIPT, SIMULATED_ROOTS, Store, TRUST_ANCHOR_FILES, names_of,
};
use crate::outside::{Lines, OutsideText};
use crate::x509::{sha256, to_hex};

/// The way in which a transcript accounts for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FileStanding {
    /// A step wrote it as it stands.
    Written,
    /// No step wrote it. It stands as the first step found it, or it is a CA's certificate that
    /// nothing is signed under yet: it was made elsewhere.
    Found,
    /// It is not what the last step had left, or was not at some time before.
    Changed,
    /// A step read or wrote it, and it is not here.
    Missing,
    /// It came by other means than a step.
    Unaccounted,
}

/// The statement of a transcript about a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileAccount {
    /// Its name.
    pub name: String,
    /// The way in which the file is accounted for.
    pub account: FileStanding,
    /// The step that wrote the content which stands there, if one did. Who obeys a file of the
    /// program's own asks for this.
    pub written_by: Option<u64>,
    /// SHA-256 as the last step that read or wrote it has it.
    pub recorded: Option<OutsideText>,
    /// SHA-256 of what stands there, where that can be read.
    pub found: Option<String>,
    /// The faults, a sentence each; empty where the file is accounted for.
    pub faults: Vec<Lines>,
    /// The possible cause of the last of them.
    #[serde(skip)]
    pub(super) cause: &'static str,
}

const OTHER_MEANS: &str = "it was put there by other means, or the step that wrote it was cut off";

/// The statements of the steps about a file, whatever stands there.
#[derive(Default)]
struct FileHistory<'a> {
    digest: Option<&'a OutsideText>,
    /// The step that says so, and whether it wrote the file.
    step: u64,
    wrote: bool,
    /// The step that wrote this content.
    written_by: Option<u64>,
    /// The first step that found another content than it should have, in words, and what that makes
    /// of the file.
    fault: Option<(FileStanding, String, &'static str)>,
}

impl Transcript {
    /// Accounts for the files of a bundle, of this cluster if the bundle has one yet: for all that
    /// are there, and for those that a step read or wrote.
    pub fn account_for_files(
        &self,
        store: &Store,
        cluster: Option<&ClusterId>,
    ) -> Vec<FileAccount> {
        self.account_for_names(store, cluster, &names_of(cluster))
    }

    /// Accounts for one file; no other is looked at.
    pub fn account_for_file(
        &self,
        store: &Store,
        cluster: Option<&ClusterId>,
        name: &str,
    ) -> Option<FileAccount> {
        self.account_for_names(store, cluster, &[name.to_owned()])
            .pop()
    }

    fn account_for_names(
        &self,
        store: &Store,
        cluster: Option<&ClusterId>,
        names: &[String],
    ) -> Vec<FileAccount> {
        let past = self.file_histories(names);
        // A CA's certificate may come from `ca init` at any time; with a signed one beside it,
        // `sign` or `import` wrote it.
        let is_signed = || cluster.is_some_and(|id| store.has(&Part::SignedCert.file_name(id)));
        let may_come = |name: &str| TRUST_ANCHOR_FILES.contains(&name) && !is_signed();
        names
            .iter()
            .filter_map(|name| {
                compare_history(store, name, past.get(name.as_str()), may_come(name))
            })
            .collect()
    }

    /// Finds files that a step says to have written and that no bundle has: names in there are from
    /// outside, and only a bundle's own are ever opened.
    pub(super) fn find_foreign(&self, cluster: Option<&ClusterId>) -> Option<String> {
        let names = names_of(cluster);
        let written = self
            .entries
            .iter()
            .flat_map(|entry| entry.outputs.iter().map(|(name, _)| (entry.step, name)));
        let mut foreign = written.filter(|(_, name)| !names.iter().any(|own| *name == own));
        foreign
            .next()
            .map(|(step, name)| format!("step {step} wrote `{name}`, which no bundle has"))
    }

    /// Returns the history of each of these names: what else the lines name is no file of the
    /// bundle.
    fn file_histories<'a>(&'a self, names: &'a [String]) -> BTreeMap<&'a str, FileHistory<'a>> {
        let mut all: BTreeMap<&str, FileHistory<'_>> = BTreeMap::new();
        for entry in self.entries() {
            for (name, digest) in names
                .iter()
                .filter_map(|name| Some((name, entry.inputs.get(name)?)))
            {
                let fault = match all.get(name.as_str()) {
                    Some(before) if before.digest != Some(digest) => Some((
                        FileStanding::Changed,
                        format!(
                            "step {} read another {name} than step {} had left",
                            entry.step, before.step
                        ),
                        "it was changed between the two, by other means",
                    )),
                    Some(_) => None,
                    None => came_from_nowhere(entry.step, name),
                };
                let past = all.entry(name.as_str()).or_default();
                let same = past.digest == Some(digest);
                let written_by = past.written_by.filter(|_| same);
                *past = FileHistory {
                    digest: Some(digest),
                    step: entry.step,
                    wrote: false,
                    written_by,
                    fault: past.fault.take().or(fault),
                };
            }
            for (name, digest) in names
                .iter()
                .filter_map(|name| Some((name, entry.outputs.get(name)?)))
            {
                let past = all.entry(name.as_str()).or_default();
                *past = FileHistory {
                    digest: Some(digest),
                    step: entry.step,
                    wrote: true,
                    written_by: Some(entry.step),
                    fault: past.fault.take(),
                };
            }
        }
        all
    }
}

/// Says what is wrong with a file that a step found and none before had written. What stood there
/// before the first step came from elsewhere, and so may a CA's certificate at any time; but
/// nothing other than a step writes down what was created, what was claimed, or a simulator's
/// roots.
fn came_from_nowhere(step: u64, name: &str) -> Option<(FileStanding, String, &'static str)> {
    let from_elsewhere = TRUST_ANCHOR_FILES.contains(&name)
        || (step == 1 && ![CREATION, RECEIPT, SIMULATED_ROOTS].contains(&name));
    (!from_elsewhere).then(|| {
        (
            FileStanding::Unaccounted,
            format!("step {step} found {name}, which no step before had written"),
            OTHER_MEANS,
        )
    })
}

/// Compares a file with its history. `None`: the file is not there, and no step says that it was.
fn compare_history(
    store: &Store,
    name: &str,
    past: Option<&FileHistory<'_>>,
    may_come: bool,
) -> Option<FileAccount> {
    let content = store.read_if_there(name, MAX_TRANSCRIPT);
    let there = content.is_some();
    let found = content
        .as_ref()
        .and_then(|content| content.as_ref().ok())
        .map(|content| to_hex(&sha256(content)));
    let same = past
        .and_then(|past| past.digest)
        .is_some_and(|digest| found.as_ref().is_some_and(|found| digest == found));
    // As it stands now, and if that is well, as it once was.
    let now = match past {
        None if !there => return None,
        None if may_come => None,
        None => Some((
            FileStanding::Unaccounted,
            format!("no step of the transcript accounts for {name}"),
            OTHER_MEANS,
        )),
        Some(past) if !there => {
            let did = if past.wrote { "wrote" } else { "read" };
            let cause = "it was left behind on the way, or taken away: copy the whole bundle \
                         again, or find out who has it";
            Some((
                FileStanding::Missing,
                format!("step {} {did} {name}, and it is not here", past.step),
                cause,
            ))
        }
        Some(_) if same => None,
        Some(past) => {
            let cause = "it was changed since, or the steps after that one were cut off";
            Some((
                FileStanding::Changed,
                format!("{name} is not the file that step {} left", past.step),
                cause,
            ))
        }
    };
    let unreadable = content
        .and_then(|content| content.err())
        .map(|error| error.message);
    let written_by = past.filter(|_| same).and_then(|past| past.written_by);
    let faults: Vec<(FileStanding, String, &'static str)> = past
        .and_then(|past| past.fault.clone())
        .into_iter()
        .chain(now)
        .collect();
    let well = if written_by.is_some() {
        FileStanding::Written
    } else {
        FileStanding::Found
    };
    let (account, cause) = faults
        .last()
        .map_or((well, ""), |(account, _, cause)| (*account, *cause));
    Some(FileAccount {
        name: name.to_owned(),
        account,
        written_by,
        recorded: past.and_then(|past| past.digest).cloned(),
        found,
        faults: faults
            .into_iter()
            .map(|(_, what, _)| what.into())
            .chain(unreadable)
            .collect(),
        cause,
    })
}

//! A bundle that has come in one piece, and goes into the place where it is to be worked with: a
//! new one, or the one that it was sent from.

use std::path::Path;

use super::archive::Members;
use super::transcript::MAX_TRANSCRIPT;
use super::{
    Bundle, CA_KEY_FILE, Digests, Part, REQUEST, Store, TRANSCRIPT, Transcript, TranscriptStep,
    VERIFICATION, counted_noun, file_prefixes,
};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::NewFile;
use crate::outside::{OutsideText, shown_path};
use crate::x509::{sha256, to_hex};

impl Bundle {
    /// Returns all that travels: every file of the bundle's own that is there.
    ///
    /// # Errors
    /// As [`Bundle::read`]; class `Input`, `private-key`, where the CA's key lies in the bundle.
    pub fn members(&self) -> Result<Members> {
        if self.has_file(CA_KEY_FILE) {
            return Err(Error::new(
                ErrorKind::PrivateKey,
                format!(
                    "{} is a private key, and a private key never travels with a bundle",
                    self.place(CA_KEY_FILE)
                ),
                "move it to where the CA's key is to be kept, then do this again",
            )
            .with_fact(FactName::File, self.place(CA_KEY_FILE).to_string()));
        }
        self.members_named(&self.all_names())
    }

    fn all_names(&self) -> Vec<String> {
        self.possible_names()
            .into_iter()
            .chain([TRANSCRIPT.to_owned()])
            .collect()
    }

    /// Returns those of the named files that are there.
    ///
    /// # Errors
    /// As [`Bundle::read`].
    pub fn members_named(&self, names: &[String]) -> Result<Members> {
        let there = names.iter().filter(|name| self.has_file(name));
        there
            .map(|name| {
                Ok((
                    name.clone(),
                    self.store()
                        .read_to_carry(name, "a file of the bundle", MAX_TRANSCRIPT)?,
                ))
            })
            .collect()
    }

    /// Checks that the place where this bundle is to be written holds no file of another cluster's:
    /// of such a mixture no command takes any.
    ///
    /// # Errors
    /// Class `Conflict`, `another-cluster`; class `Input`, where what is there is no place for a
    /// bundle.
    pub fn is_alone(&self) -> Result<()> {
        let names = match self.store().names() {
            Err(error) if error.kind == ErrorKind::NoBundle => return Ok(()),
            names => names?,
        };
        let own = Part::ALL.map(|part| part.file_name(self.id()));
        match names
            .iter()
            .find(|name| !own.contains(name) && file_prefixes(name).next().is_some())
        {
            None => Ok(()),
            Some(other) => Err(another_cluster(
                &format!("wanted  {}", self.id()),
                &format!("there   {}", self.place(other)),
            )),
        }
    }

    /// Lists the other files that lie there, and do not travel.
    ///
    /// # Errors
    /// As [`Bundle::open`].
    pub fn list_strangers(&self) -> Result<Vec<OutsideText>> {
        Ok(self
            .store()
            .list_strangers(Some(self.id()))?
            .into_iter()
            .map(|beside| beside.name)
            .collect())
    }
}

/// A bundle that has come, and the place that it is to go to; nothing is written yet.
pub struct Arrival {
    bundle: Bundle,
    members: Members,
    transcript: Transcript,
    /// The transcript that stood there when it was looked at.
    there: Transcript,
    force: bool,
}

impl Arrival {
    /// Holds what has come against what is there.
    ///
    /// # Errors
    /// Class `Conflict`: the place holds another cluster's bundle, or a transcript that neither
    /// continues the one that came nor is continued by it. Class `Input`: what is there is no
    /// bundle, or a transcript does not hold.
    pub fn new(from: &Bundle, to: &Path, force: bool) -> Result<Self> {
        let store = Store::at_path(to);
        store.mend_leftovers()?;
        if holds_a_bundle(&store)? {
            let there = Bundle::open(to)?;
            if there.id() != from.id() {
                return Err(another_cluster(
                    &format!("came   {}", from.id()),
                    &format!("there  {}  {}", there.id(), shown_path(to)),
                ));
            }
        }
        let mut members = from.members()?;
        let came = match members.remove(TRANSCRIPT) {
            Some(content) => Transcript::from_content(&content, &from.place(TRANSCRIPT))?,
            None => Transcript::default(),
        };
        let there = Transcript::read(&store)?;
        // Steps were taken here after this had left: the record that they left is the later one,
        // and the transcript says so.
        if !force && there != came && there.continues(&came) && store.has(VERIFICATION) {
            members.remove(VERIFICATION);
        }
        let transcript = join_transcripts(came, &there, &store, force)?;
        Ok(Arrival {
            bundle: Bundle::at_path(to, from.id().clone()),
            members,
            transcript,
            there,
            force,
        })
    }

    /// Returns the SHA-256, by name, of all files that have come, but for the transcript.
    pub fn digests(&self) -> Digests {
        self.members
            .iter()
            .map(|(name, content)| (name.clone(), to_hex(&sha256(content))))
            .collect()
    }

    /// Tells whether all of it is there already.
    ///
    /// # Errors
    /// As [`Transcript::read`].
    pub fn is_there(&self) -> Result<bool> {
        let store = self.bundle.store();
        let same = |name: &str, content: &[u8]| {
            store.has_file(name)
                && store
                    .read(name, "a file of the bundle", MAX_TRANSCRIPT)
                    .is_ok_and(|there| there == content)
        };
        let files = self
            .members
            .iter()
            .all(|(name, content)| same(name, content));
        Ok(files && self.transcript == Transcript::read(store)?)
    }

    /// Tells whether files are replaced that the transcript here, which stays, says otherwise of:
    /// older ones came, with `force`. Then only another step accounts for them.
    pub fn replaces_later_files(&self) -> bool {
        let store = self.bundle.store();
        let differs = |name: &str, content: &[u8]| {
            store.has_file(name)
                && store
                    .read(name, "a file of the bundle", MAX_TRANSCRIPT)
                    .map_or(true, |there| there != content)
        };
        self.force
            && !self.there.entries().is_empty()
            && self.transcript == self.there
            && self
                .members
                .iter()
                .any(|(name, content)| differs(name, content))
    }

    /// Puts it in its place as it came.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn write(&self) -> Result<()> {
        self.write_members(self.transcript.content())
    }

    /// Does the same as [`Arrival::write`] with the step that brought it.
    ///
    /// # Errors
    /// As [`Bundle::write`].
    pub fn write_with(&self, step: &TranscriptStep<'_>) -> Result<()> {
        let outputs = self.digests();
        let mut stood = self.bundle.present_digests();
        // What is replaced was no input, and it may be older than what the transcript that came
        // says of it.
        stood.retain(|name| !outputs.has(name.as_raw()));
        self.write_members(&step.append_to(
            &self.transcript,
            Some(self.bundle.id()),
            stood,
            outputs,
        )?)
    }

    fn write_members(&self, transcript: &[u8]) -> Result<()> {
        // A record of a judgement may be replaced by a later one, as any step does; what was sent,
        // signed or received may not.
        let may = |name: &str| self.force || name == VERIFICATION;
        let mut files: Vec<NewFile<'_>> = self
            .members
            .iter()
            .map(|(name, content)| NewFile::readable(name.clone(), content, may(name)))
            .collect();
        if !transcript.is_empty() {
            // Judged before: it continues the one that is there.
            files.push(NewFile::readable(TRANSCRIPT, transcript, true));
        }
        let store = self.bundle.store();
        let held = store.hold()?;
        if Transcript::read(store)? != self.there {
            return Err(Error::new(
                ErrorKind::TranscriptDiffers,
                format!(
                    "another hsmboot took a step in {} just now",
                    shown_path(store.path())
                ),
                "nothing was changed; look at what it did, and run this again",
            )
            .with_fact(FactName::File, store.path()));
        }
        held.write(&files)
    }
}

fn another_cluster(wanted: &str, there: &str) -> Error {
    Error::new(
        ErrorKind::AnotherCluster,
        [
            "this is a bundle of another cluster".to_owned(),
            format!("  {wanted}"),
            format!("  {there}"),
        ],
        "each cluster has a bundle of its own: name that one, or a new place",
    )
    .with_fact(FactName::Expected, wanted)
    .with_fact(FactName::Found, there)
}

/// Tells whether the place holds a file that names a cluster.
fn holds_a_bundle(store: &Store) -> Result<bool> {
    match store.names() {
        Err(error) if error.kind == ErrorKind::NoBundle => Ok(false),
        names => Ok(names?
            .iter()
            .any(|name| name == REQUEST || file_prefixes(name).next().is_some())),
    }
}

/// Returns the longer of two transcripts, of which one continues the other.
fn join_transcripts(
    came: Transcript,
    there: &Transcript,
    store: &Store,
    force: bool,
) -> Result<Transcript> {
    if came.continues(there) || (force && !there.continues(&came)) {
        return Ok(came);
    }
    if there.continues(&came) {
        return Ok(there.clone());
    }
    let same = came
        .entries()
        .iter()
        .zip(there.entries())
        .take_while(|(came, there)| came == there)
        .count();
    let parting = if same == 0 {
        "no step is in both".to_owned()
    } else {
        format!("they part after step {same}")
    };
    Err(Error::new(
        ErrorKind::TranscriptDiffers,
        [
            format!(
                "the transcript that came does not continue the one in {}: {parting}",
                shown_path(store.path())
            ),
            format!("  came   {}", counted_noun(came.entries().len(), "step")),
            format!("  there  {}", counted_noun(there.entries().len(), "step")),
        ],
        "something was done here after the bundle had left: look at it with `hsmboot transcript \
         show`. --force takes what came, and the steps since then are lost",
    )
    .with_fact(FactName::File, store.path()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_cannot_be_listed_is_not_taken_for_an_empty_one() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(dir.path(), &link).unwrap();
        let error = holds_a_bundle(&Store::at_path(&link)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::IsALink);
        let nowhere = dir.path().join("nowhere");
        assert!(!holds_a_bundle(&Store::at_path(&nowhere)).unwrap());
    }
}

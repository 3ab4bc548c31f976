//! The state, kept in a file across restarts (`Options::state`).
//!
//! One file: all there is as it was at the start, then one frame for every request that changed
//! something, in their order. So a change costs what it changes, not what there is: ten thousand
//! clusters are 6 MB, and ten times as much with their HSMs, too much to write for each of them.
//! The file is written anew at every start, and whenever the frames behind have outgrown what is
//! before them; a temporary file, fsync and rename make that whole or not at all. One file and not
//! a snapshot with a journal beside it: two would have to be told which belongs to which, and be
//! copied together.
//!
//! Changes are found, not told: `inside::Changes` stands for the lock on the state, and when the
//! lock is given back it writes down whatever bears a mark (`state::Kept`) and is not what the
//! file says.
//! New members of clusters, backups and regions are kept by themselves (serde), and an action
//! cannot forget to. A request's changes are one frame, so after a crash they are all there or none
//! is.
//!
//! No answer leaves before everything that it can have seen is on the disk (fsync); a thread
//! writes, and what has come while it waited for the disk goes there at once. An answer that comes
//! while nothing is being written waits for nothing.
//!
//! | file | about |
//! | --- | --- |
//! | `frames` | the form of the file, and how damage is found |
//! | `records` | what the frames say |
//! | `file` | locking, reading, replacing, appending |
//! | `writer` | the thread, and waiting for it |

mod file;
mod frames;
mod records;
mod writer;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(super) use records::{Everything, Loaded};

use super::SimError;
use file::StateFile;
use frames::Frames;
use records::Written;
use writer::Writer;

/// Frames may take up this much, and as much as what is before them, until the file is written
/// anew.
const ROOM: usize = 4 * 1024 * 1024;

/// Where the state is kept.
pub(super) struct Store {
    journal: Mutex<Journal>,
    writer: Writer,
}

/// What has been put into the file so far.
struct Journal {
    written: Written,
    frames: Frames,
    /// Octets of the first frame, and of those behind it.
    before: usize,
    behind: usize,
    /// Why nothing more can be written: a state that cannot be encoded would be a bug.
    broken: Option<String>,
}

/// A state file that is locked and read, and not written yet.
pub(super) struct Opened(StateFile);

impl Opened {
    /// Locks the file and reads what it holds; `None` where there is none.
    pub(super) fn open(path: &Path) -> Result<(Self, Option<Loaded>), SimError> {
        StateFile::open(path).map(|(file, loaded)| (Self(file), loaded))
    }

    /// Writes the file anew, with all there is now.
    pub(super) fn begin(mut self, everything: &mut Everything<'_>) -> Result<Store, SimError> {
        let fault = |path: &Path, source| SimError::KeepState {
            path: path.to_owned(),
            source,
        };
        let mut written = Written::default();
        let content = written.everything(everything).map_err(SimError::Hardware)?;
        let (frames, whole) = Frames::begin(&content);
        self.0
            .replace(&whole)
            .map_err(|source| fault(self.0.path(), source))?;
        let journal = Journal {
            written,
            frames,
            before: whole.len(),
            behind: 0,
            broken: None,
        };
        Ok(Store {
            journal: Mutex::new(journal),
            writer: Writer::start(self.0).map_err(SimError::Start)?,
        })
    }
}

impl Store {
    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has what has changed written. The state's lock is held: frames come in the order of the
    /// changes.
    pub(super) fn record(&self, mut everything: Everything<'_>) {
        let mut journal = self.journal();
        let changes = match journal.written.changes(&mut everything) {
            Ok(changes) if changes.is_empty() => return,
            Ok(changes) => changes,
            Err(reason) => return journal.broken = Some(reason),
        };
        if journal.behind > journal.before.saturating_add(ROOM) {
            match journal.written.everything(&mut everything) {
                Ok(content) => {
                    let (frames, whole) = Frames::begin(&content);
                    (journal.frames, journal.before, journal.behind) = (frames, whole.len(), 0);
                    self.writer.replace(whole);
                }
                Err(reason) => journal.broken = Some(reason),
            }
            return;
        }
        let mut frame = Vec::new();
        journal.frames.append(&mut frame, &changes);
        journal.behind = journal.behind.saturating_add(frame.len());
        self.writer.append(&frame);
    }

    fn sound(&self) -> Result<(), String> {
        self.journal().broken.clone().map_or(Ok(()), Err)
    }

    /// Waits until all that has been recorded is on the disk. An error says why it never will be.
    pub(super) async fn written(&self) -> Result<(), String> {
        self.sound()?;
        self.writer.written().await
    }

    /// The same for a caller that is not asynchronous.
    pub(super) fn wait(&self) -> Result<(), String> {
        self.sound()?;
        self.writer.wait()
    }

    /// Writes what is left and gives the file free.
    pub(super) fn close(&self) {
        self.writer.close();
    }
}

//! The state, kept in a file across restarts (`Options::state`).
//!
//! The file holds the whole state as it was at the start, then one frame for every request that
//! changed something, in their order. So the cost of a change depends on the change, not on the
//! size of the state: ten thousand clusters are 6 MB, and ten times as much with their HSMs, too
//! much to write for each change. The file is rewritten at every start, and whenever the frames
//! behind outgrow the content before them; a temporary file, fsync and rename make that whole or
//! not at all. A snapshot with a journal beside it would be two files that have to be matched and
//! copied together.
//!
//! Changes are found, not told: `inside::Changes` stands for the lock on the state, and when the
//! lock is given back it writes down whatever bears a mark (`state::Kept`) and is not what the
//! file says.
//! New members of clusters, backups and regions are kept by themselves (serde), and an action
//! cannot forget to. A request's changes are one frame, so after a crash they are all there or none
//! is.
//!
//! No answer leaves before everything that it can have seen is on the disk (fsync). A thread
//! writes, and changes that came while it waited for the disk go there together. An answer that
//! comes while nothing is being written does not wait.
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

pub(super) use records::{LoadedState, WholeState};

use super::SimError;
use file::StateFile;
use frames::FrameWriter;
use records::WrittenDigests;
use writer::Writer;

/// The octets that frames may take up, besides as much as the content before them, until the file
/// is rewritten.
const FRAMES_ROOM: usize = 4 * 1024 * 1024;

/// The store that keeps the state in a file.
pub(super) struct StateStore {
    journal: Mutex<Journal>,
    writer: Writer,
}

/// The record of everything that was put into the file so far.
struct Journal {
    written: WrittenDigests,
    frames: FrameWriter,
    /// The octets of the first frame, and of those behind it.
    before: usize,
    behind: usize,
    /// The reason why nothing more can be written. A state that cannot be encoded would be a bug.
    broken: Option<String>,
}

/// A state file that is locked and read, and not written yet.
pub(super) struct OpenedState(StateFile);

impl OpenedState {
    /// Locks the file and reads its content; `None` where there is no file.
    pub(super) fn open(path: &Path) -> Result<(Self, Option<LoadedState>), SimError> {
        StateFile::open(path).map(|(file, loaded)| (Self(file), loaded))
    }

    /// Rewrites the file with the whole state.
    pub(super) fn begin_file(
        mut self,
        everything: &mut WholeState<'_>,
    ) -> Result<StateStore, SimError> {
        let fault = |path: &Path, source| SimError::KeepState {
            path: path.to_owned(),
            source,
        };
        let mut written = WrittenDigests::default();
        let content = written
            .full_content(everything)
            .map_err(SimError::Hardware)?;
        let (frames, whole) = FrameWriter::begin_file(&content);
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
        Ok(StateStore {
            journal: Mutex::new(journal),
            writer: Writer::start_thread(self.0).map_err(SimError::Start)?,
        })
    }
}

impl StateStore {
    fn lock_journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands the changes over for writing. The state's lock is held, so frames come in the order of
    /// the changes.
    pub(super) fn record_changes(&self, mut everything: WholeState<'_>) {
        let mut journal = self.lock_journal();
        let changes = match journal.written.changed_content(&mut everything) {
            Ok(changes) if changes.is_empty() => return,
            Ok(changes) => changes,
            Err(reason) => return journal.broken = Some(reason),
        };
        if journal.behind > journal.before + FRAMES_ROOM {
            match journal.written.full_content(&mut everything) {
                Ok(content) => {
                    let (frames, whole) = FrameWriter::begin_file(&content);
                    (journal.frames, journal.before, journal.behind) = (frames, whole.len(), 0);
                    self.writer.replace(whole);
                }
                Err(reason) => journal.broken = Some(reason),
            }
            return;
        }
        let mut frame = Vec::new();
        journal.frames.append(&mut frame, &changes);
        journal.behind += frame.len();
        self.writer.append(&frame);
    }

    fn check_sound(&self) -> Result<(), String> {
        self.lock_journal().broken.clone().map_or(Ok(()), Err)
    }

    /// Waits until everything recorded is on the disk. An error says why it never will be.
    pub(super) async fn wait_until_written(&self) -> Result<(), String> {
        self.check_sound()?;
        self.writer.wait_until_written().await
    }

    /// Does the same as [`StateStore::wait_until_written`] for a caller that is not asynchronous.
    pub(super) fn block_until_written(&self) -> Result<(), String> {
        self.check_sound()?;
        self.writer.block_until_written()
    }

    /// Writes the rest and releases the file.
    pub(super) fn close(&self) {
        self.writer.close();
    }
}

/// Reads a state file's frames.
#[cfg(any(fuzzing, test))]
pub(super) fn read_frames(file: &[u8]) {
    let mut loaded = LoadedState::default();
    drop(frames::read(file, |content| loaded.apply_frame(content)));
}

/// Reads what a frame holds.
#[cfg(any(fuzzing, test))]
pub(super) fn load_frame(content: &[u8]) -> Option<LoadedState> {
    let mut loaded = LoadedState::default();
    loaded.apply_frame(content).ok().map(|()| loaded)
}

/// Returns the whole state as the first frame of a file has it.
#[cfg(any(fuzzing, test))]
pub(super) fn whole_content(mut state: WholeState<'_>) -> Result<Vec<u8>, String> {
    WrittenDigests::default().full_content(&mut state)
}

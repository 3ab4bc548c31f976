//! The writing thread, and functions that wait for it.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::watch;

use super::file::StateFile;

/// The content that waits to be written. Everything that came while the disk was busy is written
/// together.
#[derive(Default)]
struct WriteQueue {
    /// A whole new content, written before the part that is appended.
    replace: Option<Vec<u8>>,
    append: Vec<u8>,
    /// The number of times that something was put in.
    sent: u64,
    closed: bool,
}

#[derive(Default)]
struct WriterShared {
    queue: Mutex<WriteQueue>,
    wake: Condvar,
    done: Mutex<WriteProgress>,
    changed: Condvar,
}

/// The progress of the writing.
#[derive(Clone, Default)]
struct WriteProgress {
    /// The number up to which everything put in is on the disk.
    upto: u64,
    /// The reason why nothing more will be written.
    ended: Option<Arc<str>>,
}

impl WriteProgress {
    /// Returns the outcome; `None` where it is not known yet.
    fn outcome_for(&self, wanted: u64) -> Option<Result<(), String>> {
        if self.upto >= wanted {
            return Some(Ok(()));
        }
        self.ended.as_ref().map(|reason| Err(reason.to_string()))
    }
}

pub(super) struct Writer {
    shared: Arc<WriterShared>,
    watched: watch::Receiver<WriteProgress>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

fn lock_mutex<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Writer {
    pub(super) fn start_thread(file: StateFile) -> io::Result<Self> {
        let shared = Arc::new(WriterShared::default());
        let (tell, watched) = watch::channel(WriteProgress::default());
        let for_thread = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name(String::from("simulator-state"))
            .spawn(move || write(&for_thread, file, &tell))?;
        Ok(Self {
            shared,
            watched,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Queues content for appending.
    pub(super) fn append(&self, content: &[u8]) {
        let mut queue = lock_mutex(&self.shared.queue);
        queue.append.extend_from_slice(content);
        queue.sent += 1;
        self.shared.wake.notify_one();
    }

    /// Queues a whole new content. It includes everything that waits for appending.
    pub(super) fn replace(&self, content: Vec<u8>) {
        let mut queue = lock_mutex(&self.shared.queue);
        queue.replace = Some(content);
        queue.append.clear();
        queue.sent += 1;
        self.shared.wake.notify_one();
    }

    fn sent_count(&self) -> u64 {
        lock_mutex(&self.shared.queue).sent
    }

    /// Waits until everything queued is on the disk.
    pub(super) async fn wait_until_written(&self) -> Result<(), String> {
        let sent = self.sent_count();
        let mut watched = self.watched.clone();
        let done = watched
            .wait_for(|done| done.outcome_for(sent).is_some())
            .await
            .map(|done| done.outcome_for(sent));
        done.ok()
            .flatten()
            .unwrap_or_else(|| Err(String::from("the simulator is stopping")))
    }

    /// Does the same as [`Writer::wait_until_written`] for a caller that is not asynchronous.
    pub(super) fn block_until_written(&self) -> Result<(), String> {
        let sent = self.sent_count();
        let mut done = lock_mutex(&self.shared.done);
        loop {
            if let Some(outcome) = done.outcome_for(sent) {
                return outcome;
            }
            done = self
                .shared
                .changed
                .wait(done)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Writes the rest, and releases the file.
    pub(super) fn close(&self) {
        lock_mutex(&self.shared.queue).closed = true;
        self.shared.wake.notify_all();
        if let Some(thread) = lock_mutex(&self.thread).take() {
            // A thread that has ended is what is wanted.
            thread.join().unwrap_or_default();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

fn write(shared: &WriterShared, mut file: StateFile, tell: &watch::Sender<WriteProgress>) {
    let reason = loop {
        let mut queue = lock_mutex(&shared.queue);
        while queue.replace.is_none() && queue.append.is_empty() && !queue.closed {
            queue = shared
                .wake
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let (replace, append, sent) = (
            queue.replace.take(),
            std::mem::take(&mut queue.append),
            queue.sent,
        );
        if replace.is_none() && append.is_empty() {
            break String::from("the simulator is stopping");
        }
        drop(queue);
        let replaced = replace.map_or(Ok(()), |content| file.replace(&content));
        let written = replaced.and_then(|()| {
            if append.is_empty() {
                Ok(())
            } else {
                file.append(&append)
            }
        });
        if let Err(error) = written {
            // The file may end in half a frame now. More behind it would damage it; as it is, the
            // next start finds all that was answered.
            break format!(
                "its state cannot be written to {}: {error}",
                crate::outside::shown_path(file.path())
            );
        }
        publish_progress(shared, tell, |done| done.upto = sent);
    };
    drop(file);
    publish_progress(shared, tell, |done| done.ended = Some(reason.into()));
}

fn publish_progress(
    shared: &WriterShared,
    tell: &watch::Sender<WriteProgress>,
    change: impl FnOnce(&mut WriteProgress),
) {
    let mut done = lock_mutex(&shared.done);
    change(&mut done);
    tell.send_replace(done.clone());
    shared.changed.notify_all();
}

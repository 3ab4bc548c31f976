//! The thread that writes, and waiting for it.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::watch;

use super::file::StateFile;

/// What waits to be written. Whatever has come while the disk was busy goes there together.
#[derive(Default)]
struct Queue {
    /// A whole new content, before what is to be appended.
    replace: Option<Vec<u8>>,
    append: Vec<u8>,
    /// How many times something was put in.
    sent: u64,
    closed: bool,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    done: Mutex<Done>,
    changed: Condvar,
}

/// How far the writing is.
#[derive(Clone, Default)]
struct Done {
    /// All that was put in up to this is on the disk.
    upto: u64,
    /// Why nothing more will be.
    ended: Option<Arc<str>>,
}

impl Done {
    /// `None`: not yet.
    fn outcome(&self, wanted: u64) -> Option<Result<(), String>> {
        if self.upto >= wanted {
            return Some(Ok(()));
        }
        self.ended.as_ref().map(|reason| Err(reason.to_string()))
    }
}

pub(super) struct Writer {
    shared: Arc<Shared>,
    watched: watch::Receiver<Done>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Writer {
    pub(super) fn start(file: StateFile) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (tell, watched) = watch::channel(Done::default());
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

    /// Puts in what is to be appended.
    pub(super) fn append(&self, content: &[u8]) {
        let mut queue = lock(&self.shared.queue);
        queue.append.extend_from_slice(content);
        queue.sent = queue.sent.saturating_add(1);
        self.shared.wake.notify_one();
    }

    /// Puts in a whole new content: what waits to be appended is part of it.
    pub(super) fn replace(&self, content: Vec<u8>) {
        let mut queue = lock(&self.shared.queue);
        queue.replace = Some(content);
        queue.append.clear();
        queue.sent = queue.sent.saturating_add(1);
        self.shared.wake.notify_one();
    }

    fn sent(&self) -> u64 {
        lock(&self.shared.queue).sent
    }

    /// Waits until all that has been put in is on the disk.
    pub(super) async fn written(&self) -> Result<(), String> {
        let sent = self.sent();
        let mut watched = self.watched.clone();
        let done = watched
            .wait_for(|done| done.outcome(sent).is_some())
            .await
            .map(|done| done.outcome(sent));
        done.ok()
            .flatten()
            .unwrap_or_else(|| Err(String::from("the simulator is stopping")))
    }

    /// The same for a caller that is not asynchronous.
    pub(super) fn wait(&self) -> Result<(), String> {
        let sent = self.sent();
        let mut done = lock(&self.shared.done);
        loop {
            if let Some(outcome) = done.outcome(sent) {
                return outcome;
            }
            done = self
                .shared
                .changed
                .wait(done)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Writes what is left, and lets go of the file.
    pub(super) fn close(&self) {
        lock(&self.shared.queue).closed = true;
        self.shared.wake.notify_all();
        if let Some(thread) = lock(&self.thread).take() {
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

fn write(shared: &Shared, mut file: StateFile, tell: &watch::Sender<Done>) {
    let reason = loop {
        let mut queue = lock(&shared.queue);
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
                crate::outside::shown(file.path())
            );
        }
        publish(shared, tell, |done| done.upto = sent);
    };
    drop(file);
    publish(shared, tell, |done| done.ended = Some(reason.into()));
}

fn publish(shared: &Shared, tell: &watch::Sender<Done>, change: impl FnOnce(&mut Done)) {
    let mut done = lock(&shared.done);
    change(&mut done);
    tell.send_replace(done.clone());
    shared.changed.notify_all();
}

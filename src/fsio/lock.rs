//! One program at a time writes to a directory.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::error::{Error, ErrorKind, FactName};
use crate::outside::shown_path;

/// The time to wait for a directory. A hsmboot holds it for milliseconds, or for as long as a token
/// takes to seal a step.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lock {
    Ours,
    /// Another program's.
    Taken,
    /// The file system has none to give: then the names alone decide.
    None,
}

/// Locks the directory for one program at a time, so that what is free stays so until all is in
/// place. The lock goes with [`unlock_dir`], or with the last copy of the handle.
pub(super) fn lock_dir(handle: &File, patience: Duration) -> io::Result<Lock> {
    use rustix::fs::{FlockOperation, flock};
    use rustix::io::{Errno, retry_on_intr};
    let answer = |locked| match locked {
        Ok(()) => Ok(Lock::Ours),
        Err(Errno::WOULDBLOCK) => Ok(Lock::Taken),
        Err(Errno::NOLCK | Errno::NOTSUP | Errno::NOSYS | Errno::INVAL | Errno::BADF) => {
            Ok(Lock::None)
        }
        Err(cause) => Err(cause.into()),
    };
    match answer(retry_on_intr(|| {
        flock(handle, FlockOperation::NonBlockingLockExclusive)
    }))? {
        Lock::Taken if !patience.is_zero() => {}
        other => return Ok(other),
    }
    // In turn, as the kernel has it, but not for ever: the thread that waits is left behind.
    let (sender, receiver) = std::sync::mpsc::channel();
    let waiting = handle.try_clone()?;
    std::thread::spawn(move || {
        sender
            .send(retry_on_intr(|| {
                flock(&waiting, FlockOperation::LockExclusive)
            }))
            .ok()
    });
    receiver
        .recv_timeout(patience)
        .map_or(Ok(Lock::Taken), answer)
}

/// Gives the lock back, if there is one.
pub(super) fn unlock_dir(handle: &File) {
    // It ends with the process at the latest.
    rustix::fs::flock(handle, rustix::fs::FlockOperation::Unlock).ok();
}

pub(super) fn directory_taken(dir: &Path) -> Error {
    Error::new(
        ErrorKind::DirectoryTaken,
        format!(
            "{} is locked by another program, and was so for {} seconds; nothing was changed",
            shown_path(dir),
            PATIENCE.as_secs()
        ),
        "if no other hsmboot works there, `fuser -v` on the directory tells which program it is; \
         then run this again",
    )
    .with_fact(FactName::File, dir)
    .with_fact(FactName::WaitedSeconds, PATIENCE.as_secs())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_another_program_keeps_is_not_waited_for_for_ever() {
        let dir = tempfile::tempdir().unwrap();
        let (theirs, ours) = (
            File::open(dir.path()).unwrap(),
            File::open(dir.path()).unwrap(),
        );
        assert!(lock_dir(&theirs, Duration::ZERO).unwrap() == Lock::Ours);
        assert!(lock_dir(&ours, Duration::ZERO).unwrap() == Lock::Taken);
        assert!(lock_dir(&ours, Duration::from_millis(1)).unwrap() == Lock::Taken);
        let error = directory_taken(dir.path());
        assert_eq!(
            (error.kind, error.exit_code()),
            (ErrorKind::DirectoryTaken, 8)
        );
        // In turn: whoever waits gets it when it is given back.
        std::thread::scope(|scope| {
            let waiting =
                scope.spawn(|| lock_dir(&ours, Duration::from_secs(60)).unwrap() == Lock::Ours);
            drop(theirs);
            assert!(waiting.join().unwrap());
        });
    }
}

//! A named pipe in the place of a file. A test can act between the moment when a program opens it
//! and the moment when the program has read it.

#![allow(clippy::unwrap_used, clippy::panic, unreachable_pub, reason = "tests")]

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, OFlags};

/// Makes the pipe, and removes an existing one.
pub fn make(path: &Path) {
    drop(std::fs::remove_file(path));
    rustix::fs::mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

/// Waits until the program has opened the pipe, and returns the end to write to. A program that
/// ends before that fails the test with its output.
pub fn opened_by(child: &mut Child, path: &Path) -> File {
    loop {
        // Without a reader this end does not open (open(2), ENXIO). Waiting for one there would be
        // waiting for ever if none comes.
        match rustix::fs::open(
            path,
            OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC,
            Mode::empty(),
        ) {
            Ok(pipe) => return File::from(pipe),
            Err(rustix::io::Errno::NXIO) => {}
            Err(error) => panic!("{}: {}", path.display(), std::io::Error::from(error)),
        }
        if let Some(status) = child.try_wait().unwrap() {
            let mut said = String::new();
            child
                .stderr
                .take()
                .map_or(Err(ErrorKind::NotFound.into()), |mut stderr| {
                    stderr.read_to_string(&mut said)
                })
                .unwrap();
            panic!(
                "it ended before it read {}: {status}\n{said}",
                path.display()
            );
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

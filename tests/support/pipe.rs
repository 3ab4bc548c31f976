//! A named pipe in the place of a file: what is done between the moment when a program opens it and
//! the moment when it has read it.

#![allow(clippy::unwrap_used, clippy::panic, unreachable_pub, reason = "tests")]

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, OFlags};

/// Makes the pipe; one that is there from before goes.
pub fn make(path: &Path) {
    drop(std::fs::remove_file(path));
    rustix::fs::mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

/// The end to write to, as soon as the program has opened the other one. A program that ends before
/// that fails the test with what it said.
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

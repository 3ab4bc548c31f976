//! Descriptors that the process was started with.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags};
use rustix::fs::OFlags;
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

/// What is done with a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DescriptorUse {
    /// It is read from.
    Read,
    /// It is written to.
    Write,
}

/// Returns the path by which a descriptor is opened anew.
pub fn descriptor_path(number: u32) -> PathBuf {
    PathBuf::from(format!("/dev/fd/{number}"))
}

/// Takes a descriptor that this process was started with: it may be a socket, and where it stands
/// in a file is where its other holders stand too. To read from it, it is waited for.
///
/// The kernel copies it (pidfd_getfd(2)). Where a sandbox forbids that, what it leads to is opened
/// anew, as with /dev/fd, which a socket cannot be.
///
/// # Errors
/// [`io::ErrorKind::NotFound`]: nobody passed such a descriptor on. EBADF: it is not open for this.
/// Others as open(2) has them.
pub fn open_descriptor(number: u32, purpose: DescriptorUse) -> io::Result<File> {
    let raw = i32::try_from(number).map_err(|_| io::ErrorKind::NotFound)?;
    if is_own(number) {
        return Err(io::ErrorKind::NotFound.into());
    }
    let copied = pidfd_open(getpid(), PidfdFlags::empty()).and_then(|own| {
        // The one that is asked for was free, and is this one now.
        if own.as_raw_fd() == raw {
            return Err(rustix::io::Errno::BADF);
        }
        pidfd_getfd(&own, raw, PidfdGetfdFlags::empty())
    });
    let file = match copied {
        Ok(copy) => File::from(copy),
        Err(rustix::io::Errno::BADF) => return Err(io::ErrorKind::NotFound.into()),
        Err(_) => return open_anew(&descriptor_path(number), purpose),
    };
    let mode = rustix::fs::fcntl_getfl(&file)? & OFlags::ACCMODE;
    let other = match purpose {
        DescriptorUse::Read => OFlags::WRONLY,
        DescriptorUse::Write => OFlags::RDONLY,
    };
    if mode == other {
        return Err(rustix::io::Errno::BADF.into());
    }
    if purpose == DescriptorUse::Read {
        wait_to_read(&file)?;
    }
    Ok(file)
}

/// Waits until there is something to read, or the end of it. Whoever shares the descriptor may have
/// said that nobody is to wait in a read (open(2), O_NONBLOCK).
///
/// # Errors
/// As poll(2) has them.
pub fn wait_to_read(file: &File) -> io::Result<()> {
    rustix::io::retry_on_intr(|| {
        rustix::event::poll(&mut [PollFd::new(file, PollFlags::IN)], None)
    })?;
    Ok(())
}

fn open_anew(path: &Path, purpose: DescriptorUse) -> io::Result<File> {
    match purpose {
        DescriptorUse::Read => super::open_named(path),
        DescriptorUse::Write => super::open_to_append(path),
    }
}

/// Tells whether this process has opened the descriptor itself: it closes all of those when it
/// starts another program, and what it was started with came through such a start
/// (proc_pid_fdinfo(5), open(2), O_CLOEXEC).
fn is_own(number: u32) -> bool {
    let facts = fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap_or_default();
    let flags = facts
        .lines()
        .find_map(|line| line.strip_prefix("flags:"))
        .and_then(|octal| u32::from_str_radix(octal.trim(), 8).ok())
        .unwrap_or_default();
    OFlags::from_bits_retain(flags).contains(OFlags::CLOEXEC)
}

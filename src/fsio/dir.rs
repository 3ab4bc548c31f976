//! A directory that was opened once. All that is done in it goes by its descriptor and by names
//! without a slash: whatever becomes of the path meanwhile, it is this directory that is read and
//! written. No name in it is followed where it is a link, and no open waits.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RenameFlags, Stat};
use rustix::io::Errno;

/// See the module. Copies share the descriptor.
#[derive(Clone, Debug)]
pub struct Dir {
    pub(super) handle: Arc<File>,
    path: PathBuf,
}

/// The metadata of a name in a directory, as it was looked at: what is opened by that name later is
/// judged again, by its own descriptor.
pub(super) struct DirEntryStat(Stat);

impl DirEntryStat {
    pub(super) fn is_file(&self) -> bool {
        self.file_type() == FileType::RegularFile
    }

    pub(super) fn is_dir(&self) -> bool {
        self.file_type() == FileType::Directory
    }

    fn file_type(&self) -> FileType {
        FileType::from_raw_mode(self.0.st_mode)
    }

    /// Tells whether it is a file of this user's, under this name alone.
    pub(super) fn is_ours(&self) -> bool {
        self.is_owned() && self.0.st_nlink == 1
    }

    /// Returns the number that the file system gave it, which it keeps by whatever name.
    pub(super) const fn inode(&self) -> u64 {
        self.0.st_ino
    }

    /// Tells whether it is a file of this user's.
    fn is_owned(&self) -> bool {
        self.is_file() && self.0.st_uid == rustix::process::geteuid().as_raw()
    }
}

impl Dir {
    /// Opens a directory that the user named. It may be reached by links.
    ///
    /// # Errors
    /// As open(2) has them: no such directory, no directory, no permission.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::open_with(path, OFlags::empty())
    }

    /// Does the same as [`Dir::open`] with a directory that may be no link itself; links on the way
    /// to it are followed. A slash or a dot at the end of the path changes nothing.
    ///
    /// # Errors
    /// As [`Dir::open`]; a link is no directory.
    pub fn open_itself(path: &Path) -> io::Result<Self> {
        Self::open_with(&without_trailing_slash(path), OFlags::NOFOLLOW)
    }

    fn open_with(path: &Path, more: OFlags) -> io::Result<Self> {
        // An empty path is the directory that the program runs in.
        let named = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        let handle = rustix::fs::openat(
            CWD,
            named,
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | more,
            Mode::empty(),
        )?;
        Ok(Dir {
            handle: Arc::new(File::from(handle)),
            path: path.to_owned(),
        })
    }

    /// Returns the path that it was opened by: for messages alone.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Tells whether the path still leads here.
    pub fn is_at(&self, path: &Path) -> bool {
        let there = Self::open(path).and_then(|there| there.handle.metadata());
        let same = |(there, here): (std::fs::Metadata, std::fs::Metadata)| {
            (there.dev(), there.ino()) == (here.dev(), here.ino())
        };
        there
            .and_then(|there| Ok((there, self.handle.metadata()?)))
            .is_ok_and(same)
    }

    /// Opens another descriptor of it, with a lock of its own (flock(2)).
    pub(super) fn reopen(&self) -> io::Result<File> {
        let handle = rustix::fs::openat(
            &*self.handle,
            ".",
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        Ok(File::from(handle))
    }

    /// Returns the metadata of what has this name; `None`: nothing.
    pub(super) fn stat_name(&self, name: impl AsRef<Path>) -> io::Result<Option<DirEntryStat>> {
        match rustix::fs::statat(&*self.handle, name.as_ref(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(DirEntryStat(stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(cause) => Err(cause.into()),
        }
    }

    /// Tells whether nothing has this name.
    ///
    /// # Errors
    /// As fstatat(2) has them.
    pub fn is_absent(&self, name: impl AsRef<Path>) -> io::Result<bool> {
        self.stat_name(name).map(|seen| seen.is_none())
    }

    /// Tells whether a file has this name: no link, and nothing else. So has what a failing disk
    /// does not show: whoever reads it is told.
    pub fn has_file(&self, name: impl AsRef<Path>) -> bool {
        self.stat_name(name)
            .map_or_else(|_| true, |seen| seen.is_some_and(|seen| seen.is_file()))
    }

    /// Makes a file that was not there. Its mode is what the umask leaves of this one.
    pub(super) fn create_new(&self, name: impl AsRef<Path>, mode: u32) -> io::Result<File> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(File::from(rustix::fs::openat(
            &*self.handle,
            name.as_ref(),
            flags,
            Mode::from_bits_truncate(mode),
        )?))
    }

    /// Makes a file that has no name: whatever ends the program, nothing is left of it. Not every
    /// file system can (O_TMPFILE, open(2)); and without /proc it could never be named.
    pub(super) fn make_unnamed(&self, mode: u32) -> io::Result<File> {
        static CAN_NAME: OnceLock<bool> = OnceLock::new();
        if !CAN_NAME.get_or_init(|| Path::new("/proc/self/fd").exists()) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        Ok(File::from(rustix::fs::openat(
            &*self.handle,
            ".",
            flags,
            Mode::from_bits_truncate(mode),
        )?))
    }

    /// Gives a file that has no name this one, where nothing has it (linkat(2), "O_TMPFILE"). It
    /// takes /proc.
    pub(super) fn give_name(&self, file: &File, name: impl AsRef<Path>) -> io::Result<()> {
        let descriptor = format!("/proc/self/fd/{}", file.as_raw_fd());
        Ok(rustix::fs::linkat(
            CWD,
            descriptor,
            &*self.handle,
            name.as_ref(),
            AtFlags::SYMLINK_FOLLOW,
        )?)
    }

    /// Gives what has a name a second one, where nothing has that (link(2)).
    pub(super) fn give_second_name(&self, name: &str, second: &str) -> io::Result<()> {
        Ok(rustix::fs::linkat(
            &*self.handle,
            name,
            &*self.handle,
            second,
            AtFlags::empty(),
        )?)
    }

    /// Gives a file another name, over whatever has that.
    pub(super) fn rename(&self, from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<()> {
        Ok(rustix::fs::renameat(
            &*self.handle,
            from.as_ref(),
            &*self.handle,
            to.as_ref(),
        )?)
    }

    /// Does the same as [`Dir::rename`] where nothing has that name.
    pub(super) fn rename_if_free(&self, from: &str, to: impl AsRef<Path>) -> io::Result<()> {
        let to = to.as_ref();
        match rustix::fs::renameat_with(
            &*self.handle,
            from,
            &*self.handle,
            to,
            RenameFlags::NOREPLACE,
        ) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            done => return Ok(done?),
        }
        // Not on every file system: then by a second name (link(2)), which replaces nothing either.
        match rustix::fs::linkat(&*self.handle, from, &*self.handle, to, AtFlags::empty()) {
            // It is in its place. A name that stays is a temporary one, and nobody's.
            Ok(()) => {
                drop(self.remove(from));
                Ok(())
            }
            // Nor that, as on some removable media: the lock, and this look, have to do.
            Err(Errno::PERM | Errno::ACCESS | Errno::NOTSUP | Errno::NOSYS | Errno::INVAL)
                if self.is_absent(to)? =>
            {
                self.rename(from, to)
            }
            Err(cause) => Err(cause.into()),
        }
    }

    /// Takes a name away; a link goes, and not what it leads to.
    ///
    /// # Errors
    /// As unlinkat(2) has them.
    pub fn remove(&self, name: impl AsRef<Path>) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(
            &*self.handle,
            name.as_ref(),
            AtFlags::empty(),
        )?)
    }

    /// Takes a file of this user's away, and what it holds before that: it may be a key. One with
    /// another name keeps its content and loses this name; what is no file, or somebody else's,
    /// stays. On a medium that writes elsewhere what is written over, who reads it raw may still
    /// find the old content.
    ///
    /// # Errors
    /// As fstatat(2) and unlinkat(2) have them.
    pub(super) fn remove_wiped(&self, name: impl AsRef<Path>) -> io::Result<()> {
        /// More than any file that the program writes.
        const MOST: u64 = 2 * 1024 * 1024;
        let name = name.as_ref();
        if self.stat_name(name)?.is_some_and(|seen| !seen.is_owned()) {
            return Ok(());
        }
        let flags =
            OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        if let Ok(file) = rustix::fs::openat(&*self.handle, name, flags, Mode::empty())
            && let Ok(seen) = rustix::fs::fstat(&file).map(DirEntryStat)
            && seen.is_ours()
        {
            let mut file = File::from(file);
            let length = u64::try_from(seen.0.st_size).unwrap_or_default().min(MOST);
            // As well as the disk lets us: it goes in any case.
            let zeros = vec![0; usize::try_from(length).unwrap_or_default()];
            drop(
                file.write_all(&zeros)
                    .and_then(|()| file.sync_data())
                    .and_then(|()| file.set_len(0)),
            );
        }
        self.remove(name)
    }

    /// Returns all names in it that are text.
    ///
    /// # Errors
    /// As getdents(2) has them.
    pub fn names(&self) -> io::Result<Vec<String>> {
        Ok(self
            .all_names()?
            .into_iter()
            .filter_map(|name| name.into_string().ok())
            .collect())
    }

    /// Returns all names in it, text or not.
    ///
    /// # Errors
    /// As getdents(2) has them.
    pub fn all_names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&*self.handle)? {
            let name = OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned();
            names.extend(Some(name).filter(|name| name != "." && name != ".."));
        }
        Ok(names)
    }

    /// Puts its names on the disk. Some file systems of removable media have nothing to do for
    /// that.
    ///
    /// # Errors
    /// What the disk says.
    pub fn sync(&self) -> io::Result<()> {
        self.handle.sync_all().or_else(|cause| match cause.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => Ok(()),
            // Nothing waits to be written there.
            io::ErrorKind::ReadOnlyFilesystem => Ok(()),
            _ => Err(cause),
        })
    }

    /// Puts a file of this content in place, whole or not at all, over what has that name; it is on
    /// the disk when this returns. What it is written to first has the name `temporary`; one that
    /// was left of that name goes: for who has a lock that keeps others away from it.
    ///
    /// # Errors
    /// What the disk says.
    pub fn replace_file(
        &self,
        temporary: &Path,
        name: &Path,
        content: &[u8],
        mode: u32,
    ) -> io::Result<File> {
        match self.remove(temporary) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
            _ => {}
        }
        let mut file = self.create_new(temporary, mode)?;
        let written = file
            .write_all(content)
            .and_then(|()| file.sync_all())
            .and_then(|()| self.rename(temporary, name));
        if let Err(cause) = written {
            // It takes up room that may be what is missing. If it stays, the next call removes it.
            drop(self.remove(temporary));
            return Err(cause);
        }
        self.sync()?;
        Ok(file)
    }
}

/// Returns the path without a slash or a dot at its end, which would lead through a link.
pub(super) fn without_trailing_slash(path: &Path) -> PathBuf {
    path.components().collect()
}

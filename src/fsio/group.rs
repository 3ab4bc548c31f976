//! A group of files that is being put in place. Each rename is whole or not at all, the group is not: so it is noted before the first one, and whoever
//! comes next completes what a lost power supply or a SIGKILL has left in the middle.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::read_regular;

/// The note's name. It stands there only while a group is put in place.
const NOTE: &str = ".hsmboot-group";

/// What the names of temporary files begin and end with.
pub(super) const PREFIX: &str = ".hsmboot-";
/// See [`PREFIX`].
pub(super) const SUFFIX: &str = ".tmp";

/// Longer than any that the program writes.
const MAX_NOTE: u64 = 64 * 1024;

/// One file of the group.
#[derive(Serialize, Deserialize)]
pub(super) struct Member {
    /// The file that is complete and synced.
    pub(super) temporary: String,
    /// The name that it is to have.
    pub(super) name: String,
    /// Whether it may replace another content.
    pub(super) replace: bool,
}

/// The note, complete and not in its place yet.
pub(super) struct Note(tempfile::NamedTempFile);

impl Note {
    pub(super) fn new(dir: &Path, members: &[Member]) -> io::Result<Self> {
        let mut file = tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).tempfile_in(dir)?;
        file.write_all(&serde_json::to_vec(members)?)?;
        Ok(Note(file))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn file(&self) -> &fs::File {
        self.0.as_file()
    }

    /// From here on the group is completed, whatever happens.
    pub(super) fn put(self, dir: &Path) -> io::Result<()> {
        self.0.persist(dir.join(NOTE)).map(drop).map_err(|fault| fault.error)
    }
}

/// Takes the note away: the group is complete, or was taken back.
pub(super) fn done(dir: &Path) {
    // One that stays names files that are there no more, and is taken away by whoever comes next.
    drop(fs::remove_file(dir.join(NOTE)));
}

/// Completes a group that an interruption has left. Only for who holds the directory's lock. What is another user's was never this program's doing: in a
/// directory that others write to, anybody can leave such files.
pub(super) fn complete(dir: &Path) -> io::Result<()> {
    if !is_ours(&dir.join(NOTE)) {
        return Ok(());
    }
    let note = read_regular(&dir.join(NOTE), "a note", MAX_NOTE).unwrap_or_default();
    // One that says something else is not the program's.
    for member in serde_json::from_slice::<Vec<Member>>(&note).unwrap_or_default() {
        if !is_temporary(&member.temporary) || member.name.contains('/') || member.name.starts_with('.') {
            continue;
        }
        let (temporary, target) = (dir.join(&member.temporary), dir.join(&member.name));
        // One that is there no more is in its place already.
        if !is_ours(&temporary) {
            continue;
        }
        if member.replace || fs::symlink_metadata(&target).is_err() {
            fs::rename(&temporary, &target)?;
        } else {
            fs::remove_file(&temporary)?;
        }
    }
    fs::File::open(dir)?.sync_all().or_else(|cause| match cause.kind() {
        io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => Ok(()),
        _ => Err(cause),
    })?;
    done(dir);
    Ok(())
}

/// Whether it is a file of this user's, under this name alone.
fn is_ours(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|facts| facts.is_file() && facts.uid() == rustix::process::geteuid().as_raw() && facts.nlink() == 1)
}

/// Removes the temporary files that a killed program has left. Only for who holds the directory's lock: they are nobody's then.
pub(super) fn sweep(dir: &Path) {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_str().is_some_and(is_temporary) && is_ours(&entry.path())) {
        drop(fs::remove_file(entry.path()));
    }
}

/// Whether a directory holds anything of an interrupted program's.
pub(super) fn is_interrupted(dir: &Path) -> bool {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.file_name().to_str().is_some_and(|name| name == NOTE || is_temporary(name)))
}

fn is_temporary(name: &str) -> bool {
    name.starts_with(PREFIX) && name.ends_with(SUFFIX) && !name.contains('/')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A directory as a SIGKILL after the note's rename, and after `renamed` more, leaves it.
    fn interrupted(renamed: usize) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &str| fs::write(dir.path().join(name), content).unwrap();
        file("old", "before");
        let names = [("new", false), ("old", true), ("transcript", false)];
        let member = |(name, replace): (&str, bool)| Member { temporary: format!(".hsmboot-{name}.tmp"), name: name.to_owned(), replace };
        let members: Vec<Member> = names.into_iter().map(member).collect();
        for (at, member) in members.iter().enumerate() {
            file(if at < renamed { &member.name } else { &member.temporary }, "after");
        }
        Note::new(dir.path(), &members).unwrap().put(dir.path()).unwrap();
        dir
    }

    #[test]
    fn a_group_is_completed_from_wherever_it_was_interrupted() {
        for renamed in 0..=3 {
            let dir = interrupted(renamed);
            assert!(is_interrupted(dir.path()));
            complete(dir.path()).unwrap();
            for name in ["new", "old", "transcript"] {
                assert_eq!(fs::read_to_string(dir.path().join(name)).unwrap(), "after", "{name}, after {renamed} renames");
            }
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3, "the note is gone, and nothing else is left");
            assert!(!is_interrupted(dir.path()));
        }
    }

    #[test]
    fn a_file_that_came_meanwhile_and_may_not_be_replaced_stays() {
        let dir = interrupted(0);
        fs::write(dir.path().join("new"), "of somebody else").unwrap();
        complete(dir.path()).unwrap();
        assert_eq!(fs::read_to_string(dir.path().join("new")).unwrap(), "of somebody else");
        assert!(!is_interrupted(dir.path()));
    }

    /// By another user, in a directory that both write to. Only root can play both.
    #[test]
    fn what_somebody_else_left_is_not_obeyed() {
        let nobody = Some(rustix::fs::Uid::from_raw(65534));
        for theirs in [".hsmboot-group", ".hsmboot-old.tmp"] {
            let dir = interrupted(0);
            if rustix::fs::chown(dir.path().join(theirs), nobody, None).is_err() {
                return;
            }
            complete(dir.path()).unwrap();
            sweep(dir.path());
            assert_eq!(fs::read_to_string(dir.path().join("old")).unwrap(), "before", "{theirs}");
            assert!(fs::symlink_metadata(dir.path().join(theirs)).is_ok() || theirs == ".hsmboot-group");
        }
        let dir = interrupted(0);
        fs::hard_link(dir.path().join(".hsmboot-old.tmp"), dir.path().join("another-name")).unwrap();
        complete(dir.path()).unwrap();
        assert_eq!(fs::read_to_string(dir.path().join("old")).unwrap(), "before");
    }

    #[test]
    fn a_note_cannot_reach_out_of_its_directory() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("inner");
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join(".hsmboot-x.tmp"), "planted").unwrap();
        fs::write(dir.path().join("secret"), "mine").unwrap();
        for (temporary, name) in
            [(".hsmboot-x.tmp", "../out"), ("../secret", "in"), (".hsmboot-x.tmp", ".profile"), (".hsmboot-/../../secret.tmp", "in")]
        {
            let member = Member { temporary: temporary.to_owned(), name: name.to_owned(), replace: true };
            Note::new(&inner, &[member]).unwrap().put(&inner).unwrap();
            complete(&inner).unwrap();
            assert_eq!(fs::read_dir(&inner).unwrap().count(), 1, "{temporary} is not moved to {name}");
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
        }
        sweep(&inner);
        assert_eq!(fs::read_dir(&inner).unwrap().count(), 0);
    }
}

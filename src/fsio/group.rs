//! A group of files that is being put in place. Each rename is whole or not at all, the group is
//! not: so it is noted before the first one, and whoever comes next completes what a lost power
//! supply or a SIGKILL has left in the middle.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::dir::Dir;
use super::staged::{Pending, Staged, is_temporary};

/// The note's name. It stands there only while a group is put in place.
pub(super) const NOTE: &str = ".hsmboot-group";

/// Longer than any that the program writes.
const MAX_NOTE: u64 = 64 * 1024;

/// One file of the group.
#[derive(Serialize, Deserialize)]
pub(super) struct GroupMember {
    /// The file that is complete and synced.
    pub(super) temporary: String,
    /// The name that it is to have.
    pub(super) name: String,
    /// True if it may replace another content.
    pub(super) replace: bool,
}

/// The note, complete and not in its place yet.
pub(super) struct GroupNote(Staged);

impl GroupNote {
    pub(super) fn new(
        dir: &Dir,
        members: &[GroupMember],
        pending: &mut Pending,
    ) -> io::Result<Self> {
        let mut staged = Staged::new_unlisted(dir, 0o600)?;
        staged.file.write_all(&serde_json::to_vec(members)?)?;
        pending.insert(staged.name.clone(), dir.clone());
        Ok(GroupNote(staged))
    }

    pub(super) const fn file(&self) -> &std::fs::File {
        &self.0.file
    }

    /// Puts the note in its place. From here on the group is completed, whatever happens: its files
    /// have their temporary names.
    pub(super) fn put_in_place(self, pending: &mut Pending) -> io::Result<()> {
        self.0.put_over(pending, NOTE)
    }
}

/// Takes the note away: the group is complete, or was taken back.
pub(super) fn remove_note(dir: &Dir) {
    // One that stays names files that are there no more, and is taken away by whoever comes next.
    drop(dir.remove(NOTE));
}

/// Completes a group that an interruption has left. Only for who holds the directory's lock. What
/// is another user's was never this program's doing: in a directory that others write to, anybody
/// can leave such files.
pub(super) fn complete_group(dir: &Dir) -> io::Result<()> {
    if !is_ours(dir, NOTE) {
        return Ok(());
    }
    let note = dir
        .read_with_mode(NOTE, MAX_NOTE)
        .map(|(content, _)| content)
        .unwrap_or_default();
    // One that says something else is not the program's.
    for member in serde_json::from_slice::<Vec<GroupMember>>(&note).unwrap_or_default() {
        if !is_temporary(&member.temporary)
            || member.name.contains('/')
            || member.name.starts_with('.')
        {
            continue;
        }
        // One that is there no more is in its place already.
        if !is_ours(dir, &member.temporary) {
            continue;
        }
        if member.replace || dir.is_absent(&member.name)? {
            dir.rename(&member.temporary, &member.name)?;
        } else {
            dir.remove_wiped(&member.temporary)?;
        }
    }
    dir.sync()?;
    remove_note(dir);
    Ok(())
}

fn is_ours(dir: &Dir, name: &str) -> bool {
    dir.stat_name(name)
        .is_ok_and(|seen| seen.is_some_and(|seen| seen.is_ours()))
}

/// Removes the temporary files that a killed program has left. Only for who holds the directory's
/// lock: they are nobody's then.
pub(super) fn remove_temporaries(dir: &Dir) {
    for name in dir
        .names()
        .unwrap_or_default()
        .iter()
        .filter(|name| is_temporary(name))
    {
        drop(dir.remove_wiped(name));
    }
}

/// Tells whether a directory holds anything of an interrupted program's.
pub(super) fn is_interrupted(dir: &Dir) -> bool {
    dir.names()
        .unwrap_or_default()
        .iter()
        .any(|name| name == NOTE || is_temporary(name))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn open_dir(dir: &Path) -> Dir {
        Dir::open(dir).unwrap()
    }

    fn write_note(dir: &Path, members: &[GroupMember]) {
        let mut pending = Pending::new();
        GroupNote::new(&open_dir(dir), members, &mut pending)
            .unwrap()
            .put_in_place(&mut pending)
            .unwrap();
    }

    /// Makes a directory as a SIGKILL after the note's rename, and after `renamed` more, leaves it.
    fn interrupted_dir(renamed: usize) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &str| fs::write(dir.path().join(name), content).unwrap();
        file("old", "before");
        let names = [("new", false), ("old", true), ("transcript", false)];
        let member = |(name, replace): (&str, bool)| GroupMember {
            temporary: format!(".hsmboot-{name}.tmp"),
            name: name.to_owned(),
            replace,
        };
        let members: Vec<GroupMember> = names.into_iter().map(member).collect();
        for (at, member) in members.iter().enumerate() {
            file(
                if at < renamed {
                    &member.name
                } else {
                    &member.temporary
                },
                "after",
            );
        }
        write_note(dir.path(), &members);
        dir
    }

    #[test]
    fn a_group_is_completed_from_wherever_it_was_interrupted() {
        for renamed in 0..=3 {
            let dir = interrupted_dir(renamed);
            assert!(is_interrupted(&open_dir(dir.path())));
            complete_group(&open_dir(dir.path())).unwrap();
            for name in ["new", "old", "transcript"] {
                assert_eq!(
                    fs::read_to_string(dir.path().join(name)).unwrap(),
                    "after",
                    "{name}, after {renamed} renames"
                );
            }
            assert_eq!(
                fs::read_dir(dir.path()).unwrap().count(),
                3,
                "the note is gone, and nothing else is left"
            );
            assert!(!is_interrupted(&open_dir(dir.path())));
        }
    }

    #[test]
    fn a_file_that_came_meanwhile_and_may_not_be_replaced_stays() {
        let dir = interrupted_dir(0);
        fs::write(dir.path().join("new"), "of somebody else").unwrap();
        complete_group(&open_dir(dir.path())).unwrap();
        assert_eq!(
            fs::read_to_string(dir.path().join("new")).unwrap(),
            "of somebody else"
        );
        assert!(!is_interrupted(&open_dir(dir.path())));
    }

    #[test]
    fn a_leftover_is_wiped_before_it_goes_and_another_name_of_it_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in [".hsmboot-1.tmp", ".hsmboot-2.tmp", ".hsmboot-group.bak"] {
            fs::write(at(name), "a key").unwrap();
        }
        fs::hard_link(at(".hsmboot-2.tmp"), at("kept")).unwrap();
        std::os::unix::fs::symlink(at("kept"), at(".hsmboot-3.tmp")).unwrap();
        let seen = fs::File::open(at(".hsmboot-1.tmp")).unwrap();
        remove_temporaries(&open_dir(dir.path()));
        assert_eq!(
            seen.metadata().unwrap().len(),
            0,
            "who has it open finds nothing in it"
        );
        assert_eq!(fs::read_to_string(at("kept")).unwrap(), "a key");
        let mut left: Vec<_> = fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort_unstable();
        assert_eq!(
            left,
            [".hsmboot-3.tmp", ".hsmboot-group.bak", "kept"],
            "what is no file, or has another name, is not the program's"
        );
    }

    /// By another user, in a directory that both write to. Only root can play both.
    #[test]
    fn what_somebody_else_left_is_not_obeyed() {
        let nobody = Some(rustix::fs::Uid::from_raw(65534));
        for theirs in [".hsmboot-group", ".hsmboot-old.tmp"] {
            let dir = interrupted_dir(0);
            if rustix::fs::chown(dir.path().join(theirs), nobody, None).is_err() {
                return;
            }
            complete_group(&open_dir(dir.path())).unwrap();
            remove_temporaries(&open_dir(dir.path()));
            assert_eq!(
                fs::read_to_string(dir.path().join("old")).unwrap(),
                "before",
                "{theirs}"
            );
            assert!(
                fs::symlink_metadata(dir.path().join(theirs)).is_ok() || theirs == ".hsmboot-group"
            );
        }
        let dir = interrupted_dir(0);
        fs::hard_link(
            dir.path().join(".hsmboot-old.tmp"),
            dir.path().join("another-name"),
        )
        .unwrap();
        complete_group(&open_dir(dir.path())).unwrap();
        assert_eq!(
            fs::read_to_string(dir.path().join("old")).unwrap(),
            "before"
        );
    }

    #[test]
    fn a_note_cannot_reach_out_of_its_directory() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("inner");
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join(".hsmboot-x.tmp"), "planted").unwrap();
        fs::write(dir.path().join("secret"), "mine").unwrap();
        for (temporary, name) in [
            (".hsmboot-x.tmp", "../out"),
            ("../secret", "in"),
            (".hsmboot-x.tmp", ".profile"),
            (".hsmboot-/../../secret.tmp", "in"),
        ] {
            let member = GroupMember {
                temporary: temporary.to_owned(),
                name: name.to_owned(),
                replace: true,
            };
            write_note(&inner, &[member]);
            complete_group(&open_dir(&inner)).unwrap();
            assert_eq!(
                fs::read_dir(&inner).unwrap().count(),
                1,
                "{temporary} is not moved to {name}"
            );
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
        }
        remove_temporaries(&open_dir(&inner));
        assert_eq!(fs::read_dir(&inner).unwrap().count(), 0);
    }
}

//! A group of files that is being put in place. Each rename is whole or not at all, the group is
//! not: so it is noted before the first one, and whoever comes next completes what a lost power
//! supply or a SIGKILL has left in the middle. Where a file cannot be put in place, the note gets
//! another name, and the group is taken back: by renames alone, which need no room on the disk. So
//! does whoever comes next, if that is interrupted. What is on the disk after a power cut is a
//! beginning of all that: file systems with a journal keep the order of names (docs/bundle.md).

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::dir::Dir;
use super::staged::{Pending, Staged, is_temporary, temporary_name};

/// The note's name. It stands there only while a group is put in place.
pub(super) const NOTE: &str = ".hsmboot-group";

/// The note's name while the group is taken back.
const UNDO_NOTE: &str = ".hsmboot-undo";

/// Longer than any that the program writes.
const MAX_NOTE: u64 = 256 * 1024;

/// One file of the group.
#[derive(Serialize, Deserialize)]
pub(super) struct GroupMember {
    /// The file that is complete and synced.
    pub(super) temporary: String,
    /// The name that it is to have.
    pub(super) name: String,
    /// True if it may replace another content.
    pub(super) replace: bool,
    #[serde(default)]
    pub(super) before: Before,
}

/// What stands in a member's place before it.
#[derive(Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Before {
    Nothing,
    /// Something that gets this temporary name as well, or alone where the file system has no
    /// second names: it is put back by a rename, with its owner and its mode.
    Kept(String),
    /// Something that no file can replace.
    #[default]
    NotKept,
}

impl GroupMember {
    pub(super) fn new(
        dir: &Dir,
        temporary: String,
        name: String,
        replace: bool,
    ) -> io::Result<Self> {
        let before = match dir.stat_name(&name)? {
            None => Before::Nothing,
            Some(there) if there.is_dir() => Before::NotKept,
            Some(_) => Before::Kept(temporary_name()),
        };
        Ok(GroupMember {
            temporary,
            name,
            replace,
            before,
        })
    }

    /// Keeps what stands in the member's place.
    pub(super) fn keep(&self, dir: &Dir) -> io::Result<()> {
        match &self.before {
            Before::Kept(kept) => match dir.give_second_name(&self.name, kept) {
                // It went meanwhile, or has the name already.
                Err(cause)
                    if matches!(
                        cause.kind(),
                        io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists
                    ) =>
                {
                    Ok(())
                }
                // Without second names it is out of its place for a moment. The note tells of it.
                Err(_) if self.replace => dir.rename(&self.name, kept),
                Err(_) | Ok(()) => Ok(()),
            },
            Before::Nothing | Before::NotKept => Ok(()),
        }
    }

    /// Puts back what stood in the member's place, and gives the member its temporary name again:
    /// as far as that was not done before.
    fn take_back(&self, dir: &Dir) -> io::Result<()> {
        match &self.before {
            // If it still has both names, nothing happens (rename(2)).
            Before::Kept(kept) if !dir.is_absent(kept)? => dir.rename(kept, &self.name),
            // While the note stands, a temporary name goes only as its file is put in place.
            Before::Nothing if dir.is_absent(&self.temporary)? && !dir.is_absent(&self.name)? => {
                dir.rename_if_free(&self.name, &self.temporary)
            }
            _ => Ok(()),
        }
    }

    /// Tells whether a note says this, and not somebody who would move other files.
    fn is_within_bounds(&self) -> bool {
        let kept_is_temporary = match &self.before {
            Before::Kept(kept) => is_temporary(kept),
            Before::Nothing | Before::NotKept => true,
        };
        is_temporary(&self.temporary)
            && kept_is_temporary
            && !self.name.contains('/')
            && !self.name.starts_with('.')
    }
}

/// The note, complete and not in its place yet.
pub(super) struct GroupNote {
    staged: Staged,
    pub(super) members: Vec<GroupMember>,
}

impl GroupNote {
    pub(super) fn new(
        dir: &Dir,
        members: Vec<GroupMember>,
        pending: &mut Pending,
    ) -> io::Result<Self> {
        let mut staged = Staged::new_unlisted(dir, 0o600)?;
        staged.file.write_all(&serde_json::to_vec(&members)?)?;
        pending.insert(staged.name.clone(), dir.clone());
        Ok(GroupNote { staged, members })
    }

    pub(super) const fn file(&self) -> &std::fs::File {
        &self.staged.file
    }

    /// Puts the note in its place, where no other stands: what is no file is none. From here on the
    /// group is completed, whatever happens: its files have their temporary names.
    pub(super) fn put_in_place(
        mut self,
        dir: &Dir,
        pending: &mut Pending,
    ) -> io::Result<Vec<GroupMember>> {
        if dir.stat_name(NOTE)?.is_some_and(|there| !there.is_file()) {
            self.staged.put_over(pending, NOTE)?;
        } else {
            self.staged.put_where_free(pending, NOTE)?;
        }
        Ok(self.members)
    }
}

/// Takes the note away: the group is complete, and on the disk. What it has replaced goes.
pub(super) fn end_group(dir: &Dir, members: &[GroupMember]) {
    // One that stays names files that are there no more, and is taken away by whoever comes next.
    drop(dir.remove(NOTE));
    remove_kept(dir, members);
}

fn remove_kept(dir: &Dir, members: &[GroupMember]) {
    for member in members {
        if let Before::Kept(kept) = &member.before {
            drop(dir.remove(kept));
        }
    }
}

/// Takes a group back that cannot be put in place. If that fails as well, all stays for whoever
/// comes next, who has the note: the temporary files must stay then.
pub(super) fn take_group_back(dir: &Dir, members: &[GroupMember]) -> io::Result<()> {
    dir.rename_if_free(NOTE, UNDO_NOTE)?;
    members
        .iter()
        .rev()
        .try_for_each(|member| member.take_back(dir))?;
    dir.sync()?;
    dir.remove(UNDO_NOTE)?;
    for member in members {
        drop(dir.remove_wiped(&member.temporary));
    }
    remove_kept(dir, members);
    Ok(())
}

/// Completes a group that an interruption has left, or takes it back where that had begun. Only for
/// who holds the directory's lock. What is another user's was never this program's doing: in a
/// directory that others write to, anybody can leave such files.
///
/// # Errors
/// What the disk says. Then all stays as it is, for another attempt.
pub(super) fn complete_group(dir: &Dir) -> io::Result<()> {
    let (taken_back, noted) = (read_note(dir, UNDO_NOTE)?, read_note(dir, NOTE)?);
    for member in taken_back.iter().rev() {
        member.take_back(dir)?;
    }
    for member in &noted {
        // One that is there no more is in its place already.
        if !is_ours(dir, &member.temporary)? {
            continue;
        }
        // What was noted is no key, or was free to go over one: then nothing but a key does.
        if member.replace && !dir.would_lose_key(&member.name, &member.temporary) {
            dir.rename(&member.temporary, &member.name)?;
            continue;
        }
        match dir.rename_if_free(&member.temporary, &member.name) {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                dir.remove_wiped(&member.temporary)?;
            }
            placed => placed?,
        }
    }
    dir.sync()?;
    for note in [UNDO_NOTE, NOTE] {
        if is_ours(dir, note)? {
            dir.remove(note)?;
        }
    }
    remove_kept(dir, &taken_back);
    remove_kept(dir, &noted);
    Ok(())
}

/// Reads what a note says of the members. One that is not there, or says something else, is not the
/// program's; one that cannot be read may be.
fn read_note(dir: &Dir, name: &str) -> io::Result<Vec<GroupMember>> {
    if !is_ours(dir, name)? {
        return Ok(Vec::new());
    }
    let content = match dir.read_with_mode(name, MAX_NOTE) {
        Ok((content, _)) => content,
        Err(cause) if cause.kind() == io::ErrorKind::FileTooLarge => Vec::new(),
        Err(cause) => return Err(cause),
    };
    let mut members: Vec<GroupMember> = serde_json::from_slice(&content).unwrap_or_default();
    members.retain(GroupMember::is_within_bounds);
    Ok(members)
}

fn is_ours(dir: &Dir, name: &str) -> io::Result<bool> {
    Ok(dir.stat_name(name)?.is_some_and(|seen| seen.is_ours()))
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
pub(super) fn is_interrupted(dir: &Dir) -> io::Result<bool> {
    let left = |name: &String| name == NOTE || name == UNDO_NOTE || is_temporary(name);
    Ok(dir.names()?.iter().any(left))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use super::*;

    fn open_dir(dir: &Path) -> Dir {
        Dir::open(dir).unwrap()
    }

    fn write_note(dir: &Path, members: Vec<GroupMember>) -> Vec<GroupMember> {
        let mut pending = Pending::new();
        GroupNote::new(&open_dir(dir), members, &mut pending)
            .unwrap()
            .put_in_place(&open_dir(dir), &mut pending)
            .unwrap()
    }

    /// Makes a directory as a SIGKILL after the note's rename, and after `renamed` more, leaves it.
    fn interrupted_dir(renamed: usize) -> (tempfile::TempDir, Vec<GroupMember>) {
        let dir = tempfile::tempdir().unwrap();
        let opened = open_dir(dir.path());
        fs::write(dir.path().join("old"), "before").unwrap();
        let names = [("new", false), ("old", true), ("transcript", false)];
        let members = names.map(|(name, replace)| {
            let temporary = format!(".hsmboot-{name}.tmp");
            fs::write(dir.path().join(&temporary), "after").unwrap();
            GroupMember::new(&opened, temporary, name.to_owned(), replace).unwrap()
        });
        let members = write_note(dir.path(), members.into());
        for member in members.iter().take(renamed) {
            member.keep(&opened).unwrap();
            opened.rename(&member.temporary, &member.name).unwrap();
        }
        (dir, members)
    }

    fn names_in(dir: &Path) -> Vec<String> {
        let mut names = open_dir(dir).names().unwrap();
        names.sort_unstable();
        names
    }

    #[test]
    fn a_group_is_completed_from_wherever_it_was_interrupted() {
        for renamed in 0..=3 {
            let (dir, _) = interrupted_dir(renamed);
            assert!(is_interrupted(&open_dir(dir.path())).unwrap());
            complete_group(&open_dir(dir.path())).unwrap();
            for name in ["new", "old", "transcript"] {
                assert_eq!(
                    fs::read_to_string(dir.path().join(name)).unwrap(),
                    "after",
                    "{name}, after {renamed} renames"
                );
            }
            assert_eq!(
                names_in(dir.path()),
                ["new", "old", "transcript"],
                "the note is gone, and nothing else is left"
            );
        }
    }

    /// The very file that stood there: with its owner, its mode, and whatever else belongs to it.
    #[test]
    fn a_group_is_taken_back_from_wherever_it_failed() {
        for renamed in 0..=3 {
            for without_second_names in [false, true] {
                let (dir, members) = interrupted_dir(0);
                let opened = open_dir(dir.path());
                let before = fs::metadata(dir.path().join("old")).unwrap().ino();
                for member in members.iter().take(renamed) {
                    match &member.before {
                        Before::Kept(kept) if without_second_names => {
                            opened.rename(&member.name, kept).unwrap();
                        }
                        _ => member.keep(&opened).unwrap(),
                    }
                    opened.rename(&member.temporary, &member.name).unwrap();
                }
                take_group_back(&opened, &members).unwrap();
                assert_eq!(names_in(dir.path()), ["old"], "after {renamed} renames");
                let old = fs::metadata(dir.path().join("old")).unwrap();
                assert_eq!(old.ino(), before);
                assert_eq!(
                    fs::read_to_string(dir.path().join("old")).unwrap(),
                    "before"
                );
            }
        }
    }

    #[test]
    fn what_was_being_taken_back_is_taken_back_by_whoever_comes_next() {
        for renamed in 0..=3 {
            for taken_back in 0..=3 {
                let (dir, members) = interrupted_dir(renamed);
                let opened = open_dir(dir.path());
                opened.rename(NOTE, UNDO_NOTE).unwrap();
                for member in members.iter().rev().take(taken_back) {
                    member.take_back(&opened).unwrap();
                }
                assert!(is_interrupted(&opened).unwrap());
                complete_group(&opened).unwrap();
                remove_temporaries(&opened);
                assert_eq!(names_in(dir.path()), ["old"], "{renamed}, {taken_back}");
                assert_eq!(
                    fs::read_to_string(dir.path().join("old")).unwrap(),
                    "before"
                );
            }
        }
    }

    /// What another program put there while the group was taken back is not the group's.
    #[test]
    fn what_is_taken_back_is_the_groups_alone() {
        let (dir, members) = interrupted_dir(1);
        let opened = open_dir(dir.path());
        // The third could not be put in place, since this had come.
        fs::write(dir.path().join("transcript"), "of somebody else").unwrap();
        take_group_back(&opened, &members).unwrap();
        assert_eq!(names_in(dir.path()), ["old", "transcript"]);
        assert_eq!(
            fs::read_to_string(dir.path().join("transcript")).unwrap(),
            "of somebody else"
        );
    }

    #[test]
    fn a_note_that_stands_there_is_not_replaced() {
        let (dir, _) = interrupted_dir(1);
        let note = fs::read(dir.path().join(NOTE)).unwrap();
        let mut pending = Pending::new();
        let opened = open_dir(dir.path());
        let another = GroupNote::new(&opened, Vec::new(), &mut pending).unwrap();
        let refused = another.put_in_place(&opened, &mut pending);
        assert_eq!(refused.err().unwrap().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(dir.path().join(NOTE)).unwrap(), note);
    }

    #[test]
    fn a_file_that_came_meanwhile_and_may_not_be_replaced_stays() {
        let (dir, _) = interrupted_dir(0);
        fs::write(dir.path().join("new"), "of somebody else").unwrap();
        complete_group(&open_dir(dir.path())).unwrap();
        assert_eq!(
            fs::read_to_string(dir.path().join("new")).unwrap(),
            "of somebody else"
        );
        assert!(!is_interrupted(&open_dir(dir.path())).unwrap());
    }

    /// Whoever wrote the note: nothing but a key goes over a key.
    #[test]
    fn a_note_replaces_no_key_by_something_else() {
        let key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----\n";
        for (content, stays) in [("x", true), (key, false)] {
            let (dir, _) = interrupted_dir(0);
            fs::write(dir.path().join("old"), format!("{key}\n")).unwrap();
            fs::write(dir.path().join(".hsmboot-old.tmp"), content).unwrap();
            complete_group(&open_dir(dir.path())).unwrap();
            let old = fs::read_to_string(dir.path().join("old")).unwrap();
            assert_eq!(old == format!("{key}\n"), stays, "{content}");
        }
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
            let (dir, _) = interrupted_dir(0);
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
        let (dir, _) = interrupted_dir(0);
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
                before: Before::Nothing,
            };
            write_note(&inner, vec![member]);
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

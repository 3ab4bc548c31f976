//! A group of files that is being put in place. Each rename is whole or not at all, the group is
//! not: so it is noted before the first one, and whoever comes next completes what a lost power
//! supply or a SIGKILL has left in the middle. Where a file cannot be put in place, the note gets
//! another name, and the group is taken back: by renames alone, which need no room on the disk. So
//! does whoever comes next, if that is interrupted. What is on the disk after a power cut is a
//! beginning of all that: file systems with a journal keep the order of names (docs/bundle.md).
//!
//! A directory that was copied has its note with it, and anybody can make one up and have it copied
//! here. So a note says which file each of them is, by the numbers that the file system gave them,
//! and that of its own: a copy has others. What is not by its number the very file that the group
//! put there, or was to replace, is neither replaced nor moved.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;

use serde::{Deserialize, Serialize};

use super::dir::{Dir, DirEntryStat};
use super::staged::{Pending, Staged, is_temporary, temporary_name};

/// The note's name. It stands there only while a group is put in place.
pub(super) const NOTE: &str = ".hsmboot-group";

/// The note's name while the group is taken back.
pub(super) const UNDO_NOTE: &str = ".hsmboot-undo";

/// Longer than any that the program writes.
const MAX_NOTE: u64 = 256 * 1024;

/// What a note says.
#[derive(Serialize, Deserialize)]
struct NoteContent<Members> {
    /// The note's own inode number.
    inode: u64,
    members: Members,
}

/// A note as it was found.
#[derive(Default)]
struct FoundNote {
    members: Vec<GroupMember>,
    /// It stands where it was written: it is no copy.
    is_original: bool,
}

/// One file of the group.
#[derive(Serialize, Deserialize)]
pub(super) struct GroupMember {
    /// The file that is complete and synced.
    pub(super) temporary: String,
    /// Its inode number, which it keeps under its name.
    pub(super) inode: u64,
    /// The name that it is to have.
    pub(super) name: String,
    /// True if it may replace another content.
    pub(super) replace: bool,
    pub(super) before: Before,
}

/// What stands in a member's place before it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Before {
    Nothing,
    /// Something that gets a temporary name as well, or alone where the file system has no second
    /// names: it is put back by a rename, with its owner and its mode.
    Kept {
        temporary: String,
        inode: u64,
    },
    /// Something that no file can replace.
    NotKept,
}

impl GroupMember {
    /// Makes the member of a file that has, or will have, this temporary name.
    pub(super) fn new(
        dir: &Dir,
        (temporary, file): (&str, &File),
        name: &str,
        replace: bool,
    ) -> io::Result<Self> {
        let before = match dir.stat_name(name)? {
            None => Before::Nothing,
            Some(there) if there.is_dir() => Before::NotKept,
            Some(there) => Before::Kept {
                temporary: temporary_name(),
                inode: there.inode(),
            },
        };
        Ok(GroupMember {
            temporary: temporary.to_owned(),
            inode: file.metadata()?.ino(),
            name: name.to_owned(),
            replace,
            before,
        })
    }

    /// Keeps what stands in the member's place.
    pub(super) fn keep(&self, dir: &Dir) -> io::Result<()> {
        match &self.before {
            Before::Kept { temporary, .. } => match dir.give_second_name(&self.name, temporary) {
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
                Err(_) if self.replace => dir.rename(&self.name, temporary),
                Err(_) | Ok(()) => Ok(()),
            },
            Before::Nothing | Before::NotKept => Ok(()),
        }
    }

    /// Puts back what stood in the member's place, and gives the member its temporary name again:
    /// as far as that was not done before. For the run that has put it there.
    fn take_back(&self, dir: &Dir) -> io::Result<()> {
        match &self.before {
            // If it still has both names, nothing happens (rename(2)).
            Before::Kept { temporary, .. } if !dir.is_absent(temporary)? => {
                dir.rename(temporary, &self.name)
            }
            // While the note stands, a temporary name goes only as its file is put in place.
            Before::Nothing if dir.is_absent(&self.temporary)? && !dir.is_absent(&self.name)? => {
                dir.rename_if_free(&self.name, &self.temporary)
            }
            _ => Ok(()),
        }
    }

    /// Plans to do the same as [`GroupMember::take_back`], by a note that was found.
    fn plan_to_take_back(&self, dir: &Dir, is_original: bool) -> io::Result<Plan<'_>> {
        let there = dir.stat_name(&self.name)?.map(|there| there.inode());
        match &self.before {
            Before::Kept { temporary, inode } => {
                let kept = dir.stat_name(temporary)?.map(|kept| kept.inode());
                Ok(match (kept, there) {
                    (None, _) => Plan::Leave,
                    (Some(_), None) => Plan::MoveWhereFree(temporary, &self.name),
                    // It has both names.
                    (Some(kept), Some(there)) if there == kept => Plan::Leave,
                    (Some(kept), Some(there))
                        if is_original && there == self.inode && kept == *inode =>
                    {
                        Plan::MoveOver(temporary, &self.name)
                    }
                    _ => Plan::NotAsNoted,
                })
            }
            Before::Nothing if there.is_some() && dir.is_absent(&self.temporary)? => {
                Ok(match is_original {
                    false => Plan::NotAsNoted,
                    true if there == Some(self.inode) => {
                        Plan::MoveWhereFree(&self.name, &self.temporary)
                    }
                    // What another program has put there since is not the group's.
                    true => Plan::Leave,
                })
            }
            Before::Nothing | Before::NotKept => Ok(Plan::Leave),
        }
    }

    /// Plans to put the member in its place, by a note that was found.
    fn plan_to_complete(&self, dir: &Dir, is_original: bool) -> io::Result<Plan<'_>> {
        // One that is there no more is in its place already.
        if !is_ours(dir, &self.temporary)? {
            return Ok(Plan::Leave);
        }
        let Some(there) = dir.stat_name(&self.name)? else {
            return Ok(Plan::MoveWhereFree(&self.temporary, &self.name));
        };
        let was_noted =
            matches!(&self.before, Before::Kept { inode, .. } if *inode == there.inode());
        Ok(match self.replace {
            // What has come there since stays.
            false => Plan::Leave,
            true if !is_original || !was_noted => Plan::NotAsNoted,
            // What was noted is no key, or was free to go over one: then only a key does.
            true if dir.would_lose_key(&self.name, &self.temporary) => Plan::Leave,
            true => Plan::MoveOver(&self.temporary, &self.name),
        })
    }

    /// Tells whether a note says this, and not somebody who would move other files.
    fn is_within_bounds(&self) -> bool {
        let kept_is_temporary = match &self.before {
            Before::Kept { temporary, .. } => is_temporary(temporary),
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
        pending.insert(staged.name.clone(), dir.clone());
        // To be named may take another file, with another number.
        staged.give_name()?;
        let content = NoteContent {
            inode: staged.file.metadata()?.ino(),
            members: &members,
        };
        staged.file.write_all(&serde_json::to_vec(&content)?)?;
        Ok(GroupNote { staged, members })
    }

    pub(super) const fn file(&self) -> &File {
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
        if let Before::Kept { temporary, .. } = &member.before {
            drop(dir.remove(temporary));
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

/// Why a group is neither completed nor taken back.
#[derive(Debug)]
pub(super) enum Unfinished {
    /// What the disk says.
    Disk(io::Error),
    /// The files are not those of the note of this name, which asks for something to be replaced or
    /// moved: it was copied, or somebody made it up; the file system has numbered its files anew;
    /// or another program has replaced one since.
    NotAsNoted(&'static str),
}

impl From<io::Error> for Unfinished {
    fn from(cause: io::Error) -> Self {
        Unfinished::Disk(cause)
    }
}

/// What is to be done about a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan<'a> {
    /// Nothing. A temporary file that is left goes with all others.
    Leave,
    /// From the first name to the second, where nothing has that.
    MoveWhereFree(&'a str, &'a str),
    /// From the first name to the second, over what has that.
    MoveOver(&'a str, &'a str),
    /// See [`Unfinished::NotAsNoted`].
    NotAsNoted,
}

impl Plan<'_> {
    fn carry_out(self, dir: &Dir) -> io::Result<()> {
        match self {
            Plan::MoveWhereFree(from, to) => match dir.rename_if_free(from, to) {
                // It came this moment, and stays.
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                moved => moved,
            },
            Plan::MoveOver(from, to) => dir.rename(from, to),
            Plan::Leave | Plan::NotAsNoted => Ok(()),
        }
    }
}

/// Completes a group that an interruption has left, or takes it back where that had begun. Only for
/// who holds the directory's lock. What is another user's was never this program's doing: in a
/// directory that others write to, anybody can leave such files.
///
/// # Errors
/// See [`Unfinished`]. Then what is left stays as it is, for another attempt.
pub(super) fn complete_group(dir: &Dir) -> Result<(), Unfinished> {
    let (undone, noted) = (read_note(dir, UNDO_NOTE)?, read_note(dir, NOTE)?);
    let taking_back = undone
        .members
        .iter()
        .rev()
        .map(|member| member.plan_to_take_back(dir, undone.is_original));
    let taking_back: Vec<Plan<'_>> = taking_back.collect::<io::Result<_>>()?;
    let completing = noted
        .members
        .iter()
        .map(|member| member.plan_to_complete(dir, noted.is_original));
    let completing: Vec<Plan<'_>> = completing.collect::<io::Result<_>>()?;
    for (note, plans) in [(UNDO_NOTE, &taking_back), (NOTE, &completing)] {
        if plans.contains(&Plan::NotAsNoted) {
            return Err(Unfinished::NotAsNoted(note));
        }
    }
    for plan in taking_back.iter().chain(&completing) {
        plan.carry_out(dir)?;
    }
    dir.sync()?;
    for note in [UNDO_NOTE, NOTE] {
        if is_ours(dir, note)? {
            dir.remove(note)?;
        }
    }
    remove_kept(dir, &undone.members);
    remove_kept(dir, &noted.members);
    Ok(())
}

/// Reads what a note says of the members. One that is not there, or says something else, is not the
/// program's; one that cannot be read may be.
fn read_note(dir: &Dir, name: &str) -> io::Result<FoundNote> {
    let Some(there) = dir.stat_name(name)?.filter(DirEntryStat::is_ours) else {
        return Ok(FoundNote::default());
    };
    let content = match dir.read_with_mode(name, MAX_NOTE) {
        Ok((content, _)) => content,
        Err(cause) if cause.kind() == io::ErrorKind::FileTooLarge => Vec::new(),
        Err(cause) => return Err(cause),
    };
    let Ok(said) = serde_json::from_slice::<NoteContent<Vec<GroupMember>>>(&content) else {
        return Ok(FoundNote::default());
    };
    let mut members = said.members;
    members.retain(GroupMember::is_within_bounds);
    Ok(FoundNote {
        members,
        is_original: said.inode == there.inode(),
    })
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

/// Tells whether a directory has a note of this user's.
pub(super) fn has_note(dir: &Dir) -> io::Result<bool> {
    Ok(is_ours(dir, NOTE)? || is_ours(dir, UNDO_NOTE)?)
}

/// Tells whether a directory holds anything of an interrupted program's.
pub(super) fn is_interrupted(dir: &Dir) -> io::Result<bool> {
    let left = |name: &String| name == NOTE || name == UNDO_NOTE || is_temporary(name);
    Ok(dir.names()?.iter().any(left))
}

#[cfg(test)]
mod tests;

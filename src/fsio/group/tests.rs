//! Groups that are interrupted, fail, come from elsewhere, or are made up.

#![allow(clippy::unwrap_used)]

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
        let mut file = File::create(dir.path().join(&temporary)).unwrap();
        file.write_all(b"after").unwrap();
        GroupMember::new(&opened, (&temporary, &file), name, replace).unwrap()
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
                    Before::Kept { temporary, .. } if without_second_names => {
                        opened.rename(&member.name, temporary).unwrap();
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
    remove_temporaries(&open_dir(dir.path()));
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
            inode: 0,
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

/// Copies a directory's files, as `cp -r` does.
fn copied_dir(from: &Path) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in names_in(from) {
        fs::copy(from.join(&name), dir.path().join(&name)).unwrap();
    }
    dir
}

fn contents(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let read = |name: String| (name.clone(), fs::read(dir.join(&name)).unwrap());
    names_in(dir).into_iter().map(read).collect()
}

/// Anybody can make up a note, and have it copied: it gets files to places that are free, and
/// nothing else.
#[test]
fn a_note_from_elsewhere_replaces_and_moves_nothing() {
    for renamed in 0..=3 {
        for undone in [false, true] {
            let (dir, _) = interrupted_dir(renamed);
            if undone {
                open_dir(dir.path()).rename(NOTE, UNDO_NOTE).unwrap();
            }
            let copy = copied_dir(dir.path());
            let before = contents(copy.path());
            let completed = complete_group(&open_dir(copy.path()));
            // What is asked for takes nothing away: the second file is replaced, or was.
            if completed.is_ok() {
                for (name, content) in &before {
                    if !name.starts_with('.') {
                        assert_eq!(&fs::read(copy.path().join(name)).unwrap(), content);
                    }
                }
            } else {
                assert!(matches!(completed, Err(Unfinished::NotAsNoted(_))));
                assert_eq!(contents(copy.path()), before, "nothing is changed");
                let note = if undone { UNDO_NOTE } else { NOTE };
                assert!(
                    copy.path().join(note).exists(),
                    "it waits for somebody's look"
                );
            }
            assert_eq!(
                completed.is_ok(),
                match undone {
                    false => renamed >= 2,
                    true => renamed == 0,
                },
                "after {renamed} renames, taken back: {undone}"
            );
        }
    }
}

/// A note that says nothing of temporary files made a command move a key away, and wipe it.
#[test]
fn a_note_that_is_made_up_takes_no_key_away() {
    let key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----\n";
    let kept = r#"{"kept":{"temporary":".hsmboot-1.tmp","inode":NUMBER}}"#;
    for note in [NOTE, UNDO_NOTE] {
        for (before, junk) in [
            (r#""nothing""#, false),
            (r#""nothing""#, true),
            (kept, true),
        ] {
            // They may even have found out the key's number.
            for knows_number in [false, true] {
                let dir = tempfile::tempdir().unwrap();
                let at = |name: &str| dir.path().join(name);
                fs::write(at("customerCA.key"), key).unwrap();
                if junk {
                    fs::write(at(".hsmboot-1.tmp"), key.replace("IG", "II")).unwrap();
                }
                let number = match knows_number {
                    true => fs::metadata(at("customerCA.key")).unwrap().ino(),
                    false => 1,
                };
                let member = format!(
                    r#"{{"temporary":".hsmboot-1.tmp","inode":NUMBER,"name":"customerCA.key",
                         "replace":true,"before":{before}}}"#
                );
                let content = format!(r#"{{"inode":NUMBER,"members":[{member}]}}"#);
                fs::write(at(note), content.replace("NUMBER", &number.to_string())).unwrap();
                let opened = open_dir(dir.path());
                if complete_group(&opened).is_ok() {
                    remove_temporaries(&opened);
                }
                assert_eq!(
                    fs::read_to_string(at("customerCA.key")).unwrap(),
                    key,
                    "{note}, {before}"
                );
            }
        }
    }
}

/// An editor writes a new file and renames it into place: then the old one is nowhere but in what
/// the group has kept, and the new content nowhere but in the group's own file. Both stay.
#[test]
fn what_another_program_replaced_since_is_nobodys_to_decide() {
    for undone in [false, true] {
        let (dir, _) = interrupted_dir(if undone { 2 } else { 0 });
        let opened = open_dir(dir.path());
        let note = if undone { UNDO_NOTE } else { NOTE };
        if undone {
            opened.rename(NOTE, UNDO_NOTE).unwrap();
        }
        fs::write(dir.path().join("edited"), "of an editor").unwrap();
        fs::rename(dir.path().join("edited"), dir.path().join("old")).unwrap();
        let before = contents(dir.path());
        let completed = complete_group(&opened);
        assert!(
            matches!(completed, Err(Unfinished::NotAsNoted(which)) if which == note),
            "{completed:?}"
        );
        assert_eq!(contents(dir.path()), before);
    }
}

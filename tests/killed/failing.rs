//! A disk that fails while files are put in place, or while what was left is completed.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Output};

use super::support::{self, Bench, openssl, sign};
use super::{CALLS, INIT, hidden, keys, killed};

/// Runs the program where the calls of this name fail: the `number`-th, or from then on. `None`: it
/// has no such call.
pub(crate) fn failing(bench: &Bench, words: &[&str], call: &str, when: &str) -> Option<Output> {
    let output = Command::new("strace")
        .args(["-f", "-qq", "-o", "trace", "-e", &format!("trace={call}")])
        .args(["-e", &format!("inject={call}:error=EIO:when={when}")])
        .arg(env!("CARGO_BIN_EXE_hsmboot"))
        .args(words)
        .current_dir(bench.path(""))
        .output()
        .unwrap();
    let trace = fs::read_to_string(bench.path("trace")).unwrap();
    trace.contains("(INJECTED)").then_some(output)
}

/// Key and certificate are of one CA.
fn is_a_pair(bench: &Bench) -> bool {
    let dir = bench.path("new");
    openssl(&dir, "pkey -in customerCA.key -pubout")
        == openssl(&dir, "x509 -in customerCA.crt -noout -pubkey")
}

/// A killed run has left the key in its place, and the certificate under another name. Nothing that
/// the disk does to the next run loses either.
pub(crate) fn what_was_left_outlasts_a_disk_that_fails() {
    let mut failed = 0;
    for call in ["newfstatat", "openat", "read", "getdents64", "fsync"] {
        for number in 1.. {
            let bench = Bench::empty();
            assert!(killed(&bench, &INIT, "renameat2", 3));
            assert!(bench.path("new/customerCA.key").exists());
            assert!(!bench.path("new/customerCA.crt").exists());
            if failing(&bench, &INIT, call, &number.to_string()).is_none() {
                break;
            }
            failed += usize::from(!bench.path("new/customerCA.crt").exists());
            let again = bench.run(&INIT);
            assert_eq!(again.code, 8, "{call} {number}: {}", again.stderr);
            assert!(is_a_pair(&bench), "{call} {number}");
            assert_eq!(hidden(&bench, "new"), 0, "{call} {number}");
        }
    }
    assert!(failed > 0, "some of them could not complete it");
}

/// A CA that is to be made anew is the old one or the new one, and never the key of one and the
/// certificate of the other: also where what was done cannot be taken back at once.
pub(crate) fn a_ca_is_replaced_whole_or_stays_as_it_was() {
    let force: Vec<&str> = INIT.iter().copied().chain(["--force"]).collect();
    let (mut old, mut new) = (0, 0);
    for call in ["renameat", "renameat2", "linkat", "fsync", "unlinkat"] {
        for number in 1.. {
            let mut came = 0;
            for more in ["", "+"] {
                let bench = Bench::empty();
                bench.run(&INIT).expect(0);
                let key = bench.path("new/customerCA.key");
                let before = (fs::read(&key).unwrap(), fs::metadata(&key).unwrap().ino());
                let Some(output) = failing(&bench, &force, call, &format!("{number}{more}")) else {
                    continue;
                };
                came += 1;
                // Whoever comes next finds it as it should be.
                let again = bench.run(&INIT);
                assert_eq!(again.code, 8, "{call} {number}{more}: {}", again.stderr);
                assert!(is_a_pair(&bench), "{call} {number}{more}");
                assert_eq!(hidden(&bench, "new"), 0, "{call} {number}{more}");
                assert_eq!(keys(&bench).len(), 1, "{call} {number}{more}");
                if fs::read(&key).unwrap() == before.0 {
                    assert_ne!(output.status.code(), Some(0), "{call} {number}{more}");
                    assert_eq!(fs::metadata(&key).unwrap().ino(), before.1, "the very file");
                    old += 1;
                } else {
                    new += 1;
                }
            }
            if came == 0 {
                break;
            }
        }
    }
    assert!(old > 0 && new > 0, "{old} times the old one, {new} the new");
}

/// What stands there may be of a run that was killed before it had waited for the disk: who says
/// that nothing is to be done has waited for it.
pub(crate) fn what_is_unchanged_is_waited_for_too() {
    let bench = Bench::new();
    let pack = ["pack", "bundle", "-o", "packed.hsmboot"];
    bench.run(&pack).expect(0);
    let output = failing(&bench, &pack, "fsync", "1").expect("it waits");
    assert_eq!(output.status.code(), Some(1));
    bench.run(&pack).expect(0);
}

/// In a directory where another user was interrupted nothing is written, and nothing of that user's
/// goes; once the note is moved away, as the hint says, it works. Only root can play both.
pub(crate) fn another_users_note_stops_who_writes_and_stays() {
    let bench = Bench::new();
    let note = bench.path("bundle/.hsmboot-group");
    bench.write("bundle/.hsmboot-group", "[]");
    if std::os::unix::fs::chown(&note, Some(65534), None).is_err() {
        return;
    }
    let before = bench.listing();
    let refused = bench.run(&sign(&[])).expect(1);
    assert!(
        refused.stderr.contains("move that file away"),
        "{}",
        refused.stderr
    );
    assert_eq!(bench.listing(), before);
    fs::rename(&note, bench.path("moved")).unwrap();
    bench.run(&sign(&[])).expect(0);
}

/// Anybody can make up such a note and have it copied into a directory: no command, and least of
/// all one that only reads, takes a key or another file away for it.
pub(crate) fn a_planted_note_takes_nothing_away() {
    let kept = r#"{"kept":{"temporary":".hsmboot-2.tmp","inode":1}}"#;
    for note in [".hsmboot-group", ".hsmboot-undo"] {
        for before in [r#""nothing""#, kept] {
            for junk in [false, true] {
                let bench = Bench::new();
                let key = bench.read("customerCA.key");
                for (name, content) in [("customerCA.key", key.as_slice()), ("notes.txt", b"mine")]
                {
                    bench.write(&format!("bundle/{name}"), content);
                }
                if junk {
                    bench.write("bundle/.hsmboot-1.tmp", "junk");
                    bench.write("bundle/.hsmboot-2.tmp", "junk");
                }
                let member = |name: &str| {
                    format!(
                        r#"{{"temporary":".hsmboot-1.tmp","inode":1,"name":"{name}",
                             "replace":true,"before":{before}}}"#
                    )
                };
                let members = ["customerCA.key", "notes.txt", "customerCA.crt"].map(member);
                let content = format!(r#"{{"inode":1,"members":[{}]}}"#, members.join(","));
                bench.write(&format!("bundle/{note}"), content);
                for words in [
                    &["transcript", "show", "bundle"][..],
                    &[&["verify", "bundle"][..], &support::TRUST].concat(),
                    &sign(&[]),
                ] {
                    bench.run(words);
                    assert_eq!(bench.read("bundle/customerCA.key"), key, "{note} {before}");
                    assert_eq!(bench.read("bundle/notes.txt"), b"mine", "{note} {before}");
                }
                // What the hint of who is refused says.
                for entry in fs::read_dir(bench.path("bundle")).unwrap() {
                    let name = entry.unwrap().file_name().into_string().unwrap();
                    if name.starts_with(".hsmboot-") {
                        fs::rename(bench.path("bundle").join(&name), bench.path(&name)).unwrap();
                    }
                }
                bench.run(&sign(&["--force"])).expect(0);
            }
        }
    }
}

/// Where no file can be named that was made without a name (chroots have no /proc). Only root can
/// take it away.
pub(crate) fn a_group_is_completed_without_proc_too() {
    let mut struck = 0;
    for when in 1..=4 {
        let bench = Bench::new();
        let inner = format!(
            "mount -t tmpfs none /proc && exec strace -f -qq -o trace -e trace=renameat,renameat2 \
             -e inject=renameat,renameat2:signal=KILL:when={when} {} \"$@\"",
            env!("CARGO_BIN_EXE_hsmboot")
        );
        let output = Command::new("unshare")
            .args(["-m", "sh", "-c", &inner, "sh"])
            .args(sign(&[]))
            .current_dir(bench.path(""))
            .output()
            .unwrap();
        if String::from_utf8_lossy(&output.stderr).contains("Operation not permitted") {
            return;
        }
        struck += usize::from(!output.status.success());
        bench.run(&sign(&[])).expect(0);
        bench.run(&["transcript", "verify", "bundle"]).expect(0);
        assert_eq!(hidden(&bench, "bundle"), 0, "{when}");
    }
    assert!(struck > 1, "it was interrupted {struck} times");
}

/// A bundle that was copied in the middle of a command: as the hint says, it is completed by hand,
/// and nothing of the step is lost.
pub(crate) fn what_was_copied_in_the_middle_is_completed_as_the_hint_says() {
    let interrupted = |call: &&str| {
        let bench = Bench::new();
        let verify = ["verify", "bundle", "--record"];
        bench
            .run(&[&verify[..], &support::TRUST].concat())
            .expect(0);
        killed(&bench, &sign(&[]), call, 2).then_some(bench)
    };
    let bench = CALLS
        .iter()
        .find_map(interrupted)
        .expect("it was interrupted");
    let from = bench.path("bundle");
    let to = bench.path("copy");
    fs::create_dir(&to).unwrap();
    for entry in fs::read_dir(&from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
    fs::remove_dir_all(&from).unwrap();
    fs::rename(&to, &from).unwrap();
    let before = bench.listing();
    let refused = bench.run(&sign(&[])).expect(1);
    assert!(
        refused.stderr.contains("not those that it noted") && refused.stderr.contains("`name`"),
        "{}",
        refused.stderr
    );
    assert_eq!(bench.listing(), before, "nothing was changed");
    let note = bench.read("bundle/.hsmboot-group");
    let note: serde_json::Value = serde_json::from_slice(&note).unwrap();
    for member in note["members"].as_array().unwrap() {
        let at = |key: &str| from.join(member[key].as_str().unwrap());
        if at("temporary").exists() {
            fs::rename(at("temporary"), at("name")).unwrap();
        }
    }
    bench.run(&sign(&[])).expect(0);
    bench.run(&["transcript", "verify", "bundle"]).expect(0);
    assert_eq!(hidden(&bench, "bundle"), 0);
}

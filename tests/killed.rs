//! A program that is killed between two renames: whoever comes next finds the bundle as it was
//! before, or as it should have become.
//!
//! `strace` kills it at a system call of our choice. Where it cannot be used this test shows as
//! ignored, never as passed; where `HSMBOOT_STRACE` is set, as `tests/run` does, it must work.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "tests"
)]

#[path = "killed/commands.rs"]
mod commands;
#[path = "killed/failing.rs"]
mod failing;
#[path = "support/processes.rs"]
mod processes;
mod support;
#[path = "killed/unseen.rs"]
mod unseen;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use libtest_mimic::Arguments;
use support::trial::trial;
use support::{Bench, TRUST, sign};

fn main() -> ExitCode {
    let absent = std::env::var_os("HSMBOOT_STRACE").is_none()
        && Command::new("strace")
            .args(["-qq", "true"])
            .output()
            .is_err();
    let trial = |name: &str, test: fn()| trial(name, test, absent);
    let trials = vec![
        trial(
            "a_signal_as_a_command_starts_ends_it_too",
            commands::a_signal_as_a_command_starts_ends_it_too,
        ),
        trial(
            "a_signed_bundle_is_there_whole_or_not_at_all",
            a_signed_bundle_is_there_whole_or_not_at_all,
        ),
        trial(
            "a_ca_is_there_with_its_key_or_not_at_all",
            a_ca_is_there_with_its_key_or_not_at_all,
        ),
        trial(
            "no_key_is_left_by_a_killed_run",
            no_key_is_left_by_a_killed_run,
        ),
        trial(
            "whoever_writes_next_wipes_what_was_left",
            whoever_writes_next_wipes_what_was_left,
        ),
        trial(
            "what_was_being_unpacked_is_unpacked_again",
            what_was_being_unpacked_is_unpacked_again,
        ),
        trial(
            "a_directory_that_is_made_is_on_the_disk_before_a_file_in_it",
            a_directory_that_is_made_is_on_the_disk_before_a_file_in_it,
        ),
        trial(
            "what_was_left_outlasts_a_disk_that_fails",
            failing::what_was_left_outlasts_a_disk_that_fails,
        ),
        trial(
            "a_ca_is_replaced_whole_or_stays_as_it_was",
            failing::a_ca_is_replaced_whole_or_stays_as_it_was,
        ),
        trial(
            "what_is_unchanged_is_waited_for_too",
            failing::what_is_unchanged_is_waited_for_too,
        ),
        trial(
            "another_users_note_stops_who_writes_and_stays",
            failing::another_users_note_stops_who_writes_and_stays,
        ),
        trial(
            "a_group_is_completed_without_proc_too",
            failing::a_group_is_completed_without_proc_too,
        ),
        trial(
            "what_was_copied_in_the_middle_is_completed_as_the_hint_says",
            failing::what_was_copied_in_the_middle_is_completed_as_the_hint_says,
        ),
        trial(
            "a_planted_note_takes_nothing_away",
            failing::a_planted_note_takes_nothing_away,
        ),
        trial(
            "a_file_that_cannot_be_looked_at_is_not_left_out",
            unseen::a_file_that_cannot_be_looked_at_is_not_left_out,
        ),
        trial(
            "a_disk_that_fails_is_not_taken_for_a_mistake",
            unseen::a_disk_that_fails_is_not_taken_for_a_mistake,
        ),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// To a name that may be taken, and to one that may not.
const CALLS: [&str; 3] = ["rename", "renameat", "renameat2"];

/// Runs the program until its `number`-th call of this name: whether it came that far. Otherwise it
/// has ended well.
fn killed(bench: &Bench, words: &[&str], call: &str, number: usize) -> bool {
    killed_where(bench, words, call, number, None)
}

/// The same where another call fails, as on a file system that lacks it.
fn killed_where(
    bench: &Bench,
    words: &[&str],
    call: &str,
    number: usize,
    lacking: Option<&str>,
) -> bool {
    let mut command = Command::new("strace");
    let traced = lacking
        .and_then(|lacking| lacking.split(':').next())
        .map(|lacking| format!(",{lacking}"))
        .unwrap_or_default();
    command.args([
        "-f",
        "-qq",
        "-o",
        "trace",
        "-e",
        &format!("trace={call}{traced}"),
    ]);
    command.args(lacking.map(|lacking| format!("-einject={lacking}")));
    command.args(["-e", &format!("inject={call}:signal=KILL:when={number}")]);
    command
        .arg(env!("CARGO_BIN_EXE_hsmboot"))
        .args(words)
        .current_dir(bench.path(""));
    let output = command.output().unwrap();
    // strace ends as what it looks at does.
    let killed = output.status.signal() == Some(9);
    assert!(
        killed || output.status.success(),
        "{call} {number}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    killed
}

/// How many files that only the program knows are in there.
fn hidden(bench: &Bench, dir: &str) -> usize {
    let names = fs::read_dir(bench.path(dir))
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    names
        .filter(|name| name.to_string_lossy().starts_with('.'))
        .count()
}

fn a_signed_bundle_is_there_whole_or_not_at_all() {
    let (mut completed, mut undone) = (0, 0);
    for call in CALLS {
        for number in 1.. {
            let bench = Bench::new();
            bench
                .run(
                    &[
                        &[
                            "verify",
                            "bundle",
                            "--record",
                            "--at",
                            "2026-01-01T00:00:00Z",
                        ],
                        &TRUST[..],
                    ]
                    .concat(),
                )
                .expect(0);
            if !killed(&bench, &sign(&["--seal"]), call, number) {
                break; // it has no more of them
            }
            if comes_back(&bench) {
                completed += 1
            } else {
                undone += 1
            }
        }
    }
    // Five files, and the note of them, before which nothing is done.
    assert_eq!((completed, undone), (5, 1));
}

/// Whether the step is there, whole.
fn comes_back(bench: &Bench) -> bool {
    assert!(hidden(bench, "bundle") > 0, "it was killed in the middle");
    bench.run(&["transcript", "verify", "bundle"]).expect(0);
    assert_eq!(hidden(bench, "bundle"), 0, "nothing is left over");
    let written =
        ["bundle/customerCA.crt", "bundle/response.json"].map(|name| bench.path(name).exists());
    let done = bench.part("CustomerHsmCertificate.crt").exists();
    assert_eq!(written, [done, done]);
    if done {
        assert_eq!(
            bench.run(&sign(&["--output", "json"])).expect(0).json()["changed"],
            false
        );
    } else {
        bench.run(&sign(&["--seal"])).expect(0);
    }
    bench
        .run(&["transcript", "verify", "bundle", "--ca", "customerCA.crt"])
        .expect(0);
    done
}

fn a_ca_is_there_with_its_key_or_not_at_all() {
    let mut times = 0;
    for call in CALLS {
        for number in 1.. {
            let bench = Bench::new();
            if !killed(&bench, &INIT, call, number) {
                break;
            }
            times += 1;
            let again = bench.run(&INIT);
            assert!(
                again.code == 0
                    || again.code == 8 && again.stderr.contains("there is a CA already"),
                "{}",
                again.stderr
            );
            assert_eq!(
                hidden(&bench, "new"),
                0,
                "no key lies about under another name"
            );
            let ca = [
                "--ca",
                "new/customerCA.crt",
                "--ca-key",
                "new/customerCA.key",
            ];
            bench
                .run(&[&["sign", "bundle"][..], &ca, &TRUST].concat())
                .expect(0);
        }
    }
    assert_eq!(times, 3, "the note, the key, the certificate");
}

const INIT: [&str; 8] = [
    "ca",
    "init",
    "--out",
    "new",
    "--subject",
    "CN=x",
    "--no-passphrase",
    "--key-type=p256",
];

/// Wherever `ca init` is killed, the next one leaves no key but the CA's: no file, and no octet in
/// what was one.
fn no_key_is_left_by_a_killed_run() {
    const WRITES: [&str; 10] = [
        "write",
        "fsync",
        "fdatasync",
        "linkat",
        "rename",
        "renameat",
        "renameat2",
        "unlinkat",
        "ftruncate",
        "copy_file_range",
    ];
    let mut left_by = [0; 2];
    // Files get a name only when they are complete, or, without /proc, are written again under one.
    for (way, lacking) in [None, Some("linkat:error=ENOENT")].into_iter().enumerate() {
        for call in WRITES
            .into_iter()
            .filter(|call| lacking.is_none_or(|lacking| !lacking.starts_with(call)))
        {
            for number in 1.. {
                let bench = Bench::empty();
                if !killed_where(&bench, &INIT, call, number, lacking) {
                    break;
                }
                let left: Vec<fs::File> = keys(&bench)
                    .iter()
                    .map(|path| fs::File::open(path).unwrap())
                    .collect();
                left_by[way] += usize::from(!left.is_empty());
                let again = bench.run(&INIT);
                assert!(
                    again.code == 0
                        || again.code == 8 && again.stderr.contains("there is a CA already"),
                    "{}",
                    again.stderr
                );
                assert_eq!(
                    keys(&bench),
                    [bench.path("new/customerCA.key")],
                    "{call} {number}, {lacking:?}"
                );
                assert_eq!(hidden(&bench, "new"), 0, "{call} {number}, {lacking:?}");
                for file in left {
                    let facts = file.metadata().unwrap();
                    assert!(
                        facts.nlink() == 1 || facts.len() == 0,
                        "{call} {number}, {lacking:?}: what was left is wiped, or is the CA's key \
                         now"
                    );
                }
            }
        }
    }
    assert!(
        left_by.iter().all(|times| *times > 0),
        "there were moments at which a key was left: {left_by:?}"
    );
    assert!(
        left_by[0] < left_by[1],
        "fewer of them where files need no name: {left_by:?}"
    );
}

/// Every file with a private key in it, but for what strace wrote.
fn keys(bench: &Bench) -> Vec<PathBuf> {
    let holds = |content: &[u8]| content.windows(11).any(|window| window == b"PRIVATE KEY");
    bench
        .listing()
        .into_iter()
        .filter(|(path, (_, content))| !path.ends_with("trace") && holds(content))
        .map(|(path, _)| path)
        .collect()
}

fn whoever_writes_next_wipes_what_was_left() {
    let bench = Bench::new();
    bench.run(&sign(&["--seal"])).expect(0);
    let left = ".hsmboot-0011223344556677.tmp";
    for (dir, words) in [
        (
            "",
            &[
                "ca",
                "init",
                "--out",
                ".",
                "--subject",
                "CN=x",
                "--ca-key",
                "customerCA.key",
                "--force",
            ][..],
        ),
        ("", &["pack", "bundle", "-o", "packed.hsmboot"]),
        ("", &["report", "bundle", "-o", "report.html"]),
        #[cfg(feature = "qr")]
        ("", &["qr", "show", "bundle", "-o", "codes.svg"]),
        (
            "bundle",
            &[
                "verify",
                "bundle",
                "--record",
                "--aws-root",
                "aws-root.crt",
                "--manufacturer-root",
                "manufacturer-root.crt",
            ],
        ),
        ("pages", &["man", "--out", "pages"]),
    ] {
        drop(fs::create_dir(bench.path(dir)));
        let path = bench.path(dir).join(left);
        fs::write(&path, bench.read("customerCA.key")).unwrap();
        let seen = fs::File::open(&path).unwrap();
        let run = bench.run(words);
        assert_eq!(run.code, 0, "{words:?}: {}", run.stderr);
        assert!(!path.exists(), "{words:?}");
        assert_eq!(seen.metadata().unwrap().len(), 0, "{words:?}");
    }
}

fn what_was_being_unpacked_is_unpacked_again() {
    for call in CALLS {
        for number in 1.. {
            let bench = Bench::new();
            bench.run(&sign(&["--seal"])).expect(0);
            bench.run(&["pack", "bundle", "-o", "x.hsmboot"]).expect(0);
            let unpack = ["unpack", "x.hsmboot", "new"];
            if !killed(&bench, &unpack, call, number) {
                break;
            }
            bench.run(&unpack).expect(0);
            assert_eq!(hidden(&bench, "new"), 0);
            bench
                .run(&["transcript", "verify", "new", "--ca", "customerCA.crt"])
                .expect(0);
        }
    }
}

/// Its name stands in the directory above, whose sync puts it there (fsync(2)).
fn a_directory_that_is_made_is_on_the_disk_before_a_file_in_it() {
    let bench = Bench::empty();
    let output = Command::new("strace")
        .args(["-f", "-qq", "-y", "-o", "trace"])
        .args(["-e", "trace=mkdir,fsync,linkat,renameat,renameat2"])
        .arg(env!("CARGO_BIN_EXE_hsmboot"))
        .args(["ca", "init", "--out", "new/ca", "--subject", "CN=x"])
        .args(["--no-passphrase", "--key-type", "p256"])
        .current_dir(bench.path(""))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let trace = fs::read_to_string(bench.path("trace")).unwrap();
    let at = |call: &str, ending: &str| {
        let ends = |line: &&str| line.contains(call) && line.contains(ending);
        let place = trace.lines().position(|line| ends(&line));
        place.unwrap_or_else(|| panic!("no {call} of {ending}:\n{trace}"))
    };
    let root = bench.path("").canonicalize().unwrap();
    let root = root.to_str().unwrap().trim_end_matches('/');
    let first_name = at("linkat", "new/ca");
    for above in [root.to_owned(), format!("{root}/new")] {
        let synced = at("fsync", &format!("<{above}>"));
        assert!(at("mkdir", "new/ca") < synced && synced < first_name);
    }
}

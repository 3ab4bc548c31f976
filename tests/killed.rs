//! A program that is killed between two renames: whoever comes next finds the bundle as it was before, or as it should have become.
//!
//! `strace` kills it at a system call of our choice. Where it cannot be used this test shows as ignored, never as passed; where `HSMBOOT_STRACE` is set,
//! as `tests/run` does, it must work.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, unreachable_pub, reason = "tests")]

mod support;

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode};

use libtest_mimic::Arguments;
use support::trial::trial;
use support::{Bench, TRUST, sign};

fn main() -> ExitCode {
    let absent = std::env::var_os("HSMBOOT_STRACE").is_none() && Command::new("strace").args(["-qq", "true"]).output().is_err();
    let trial = |name: &str, test: fn()| trial(name, test, absent);
    let trials = vec![
        trial("a_signed_bundle_is_there_whole_or_not_at_all", a_signed_bundle_is_there_whole_or_not_at_all),
        trial("a_ca_is_there_with_its_key_or_not_at_all", a_ca_is_there_with_its_key_or_not_at_all),
        trial("what_was_being_unpacked_is_unpacked_again", what_was_being_unpacked_is_unpacked_again),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// To a name that may be taken, and to one that may not.
const CALLS: [&str; 3] = ["rename", "renameat", "renameat2"];

/// Runs the program until its `number`-th call of this name: whether it came that far. Otherwise it has ended well.
fn killed(bench: &Bench, words: &[&str], call: &str, number: usize) -> bool {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "trace", "-e", &format!("trace={call}")]);
    command.args(["-e", &format!("inject={call}:signal=KILL:when={number}")]);
    command.arg(env!("CARGO_BIN_EXE_hsmboot")).args(words).current_dir(bench.path(""));
    let output = command.output().unwrap();
    // strace ends as what it looks at does.
    let killed = output.status.signal() == Some(9);
    assert!(killed || output.status.success(), "{call} {number}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    killed
}

/// How many files that only the program knows are in there.
fn hidden(bench: &Bench, dir: &str) -> usize {
    let names = fs::read_dir(bench.path(dir)).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().starts_with('.')).count()
}

fn a_signed_bundle_is_there_whole_or_not_at_all() {
    let (mut completed, mut undone) = (0, 0);
    for call in CALLS {
        for number in 1.. {
            let bench = Bench::new();
            bench.run(&[&["verify", "bundle", "--record", "--at", "2026-01-01T00:00:00Z"], &TRUST[..]].concat()).expect(0);
            if !killed(&bench, &sign(&["--seal"]), call, number) {
                break; // it has no more of them
            }
            if comes_back(&bench) { completed += 1 } else { undone += 1 }
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
    let written = ["bundle/customerCA.crt", "bundle/response.json"].map(|name| bench.path(name).exists());
    let done = bench.part("CustomerHsmCertificate.crt").exists();
    assert_eq!(written, [done, done]);
    if done {
        bench.refused(&sign(&[]), 8, "already-signed", &[]);
    } else {
        bench.run(&sign(&["--seal"])).expect(0);
    }
    bench.run(&["transcript", "verify", "bundle", "--ca", "customerCA.crt"]).expect(0);
    done
}

fn a_ca_is_there_with_its_key_or_not_at_all() {
    const INIT: [&str; 8] = ["ca", "init", "--out", "new", "--subject", "CN=x", "--no-passphrase", "--key-type=p256"];
    let mut times = 0;
    for call in CALLS {
        for number in 1.. {
            let bench = Bench::new();
            if !killed(&bench, &INIT, call, number) {
                break;
            }
            times += 1;
            let again = bench.run(&INIT);
            assert!(again.code == 0 || again.code == 8 && again.stderr.contains("there is a CA already"), "{}", again.stderr);
            assert_eq!(hidden(&bench, "new"), 0, "no key lies about under another name");
            let ca = ["--ca", "new/customerCA.crt", "--ca-key", "new/customerCA.key"];
            bench.run(&[&["sign", "bundle"][..], &ca, &TRUST].concat()).expect(0);
        }
    }
    assert_eq!(times, 3, "the note, the key, the certificate");
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
            bench.run(&["transcript", "verify", "new", "--ca", "customerCA.crt"]).expect(0);
        }
    }
}

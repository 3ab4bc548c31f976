//! A program that is killed between two renames: whoever comes next finds the bundle as it was before, or as it should have become.
//!
//! `strace` kills it at a system call of our choice. Where it cannot be used this test shows as ignored, never as passed; where `HSMBOOT_STRACE` is set,
//! as `tests/run` does, it must work.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, unreachable_pub, reason = "tests")]

mod support;

use std::fs;
use std::process::{Command, ExitCode, Output};

use libtest_mimic::{Arguments, Trial};
use support::{Bench, TRUST, sign};

fn main() -> ExitCode {
    let absent = std::env::var_os("HSMBOOT_STRACE").is_none() && Command::new("strace").args(["-qq", "true"]).output().is_err();
    let run = || {
        a_group_of_files_is_there_whole_or_not_at_all();
        Ok(())
    };
    let trial = Trial::test("a_group_of_files_is_there_whole_or_not_at_all", run).with_ignored_flag(absent);
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}

/// Runs `sign` until its `number`-th call of this name.
fn killed(bench: &Bench, call: &str, number: usize) -> Output {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "trace", "-e", &format!("trace={call}")]);
    command.args(["-e", &format!("inject={call}:signal=KILL:when={number}")]);
    command.arg(env!("CARGO_BIN_EXE_hsmboot")).args(sign(&["--seal"])).current_dir(bench.path(""));
    command.output().unwrap()
}

fn hidden(bench: &Bench) -> usize {
    let names = fs::read_dir(bench.path("bundle")).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().starts_with('.')).count()
}

fn a_group_of_files_is_there_whole_or_not_at_all() {
    let (mut completed, mut undone) = (0, 0);
    // To a name that may be taken, and to one that may not.
    for call in ["rename", "renameat", "renameat2"] {
        for number in 1.. {
            let bench = Bench::new();
            bench.run(&[&["verify", "bundle", "--record", "--at", "2026-01-01T00:00:00Z"], &TRUST[..]].concat()).expect(0);
            let output = killed(&bench, call, number);
            if output.status.success() {
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
    assert!(hidden(bench) > 0, "it was killed in the middle");
    bench.run(&["transcript", "verify", "bundle"]).expect(0);
    assert_eq!(hidden(bench), 0, "nothing is left over");
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

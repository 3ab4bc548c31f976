//! A disk that fails as the program looks whether a file is there.

use std::fs;

use super::failing::failing;
use crate::support::{Bench, TRUST, sign};

/// The exit code where the `number`-th call of this name fails; `None`: there are fewer.
fn code_if_failing(bench: &Bench, words: &[&str], call: &str, number: usize) -> Option<i32> {
    failing(bench, words, call, &number.to_string()).map(|output| output.status.code().unwrap())
}

/// What could not be looked at is not what is not there: a bundle that a command leaves behind with
/// 0 is whole.
pub(crate) fn a_file_that_cannot_be_looked_at_is_not_left_out() {
    let bench = Bench::new();
    bench.run(&sign(&[])).expect(0);
    bench
        .run(&["pack", "bundle", "-o", "whole.hsmboot"])
        .expect(0);
    let whole = bench.read("whole.hsmboot");
    let (mut failed, mut done) = (0, 0);
    for call in ["newfstatat", "openat"] {
        for number in 1.. {
            drop(fs::remove_file(bench.path("packed.hsmboot")));
            let words = ["pack", "bundle", "-o", "packed.hsmboot"];
            match code_if_failing(&bench, &words, call, number) {
                None => break,
                Some(0) => {
                    done += 1;
                    assert_eq!(bench.read("packed.hsmboot"), whole, "{call} {number}");
                }
                Some(_) => {
                    failed += 1;
                    assert!(!bench.path("packed.hsmboot").exists(), "{call} {number}");
                }
            }
        }
    }
    assert!(failed > 10 && done > 10, "{failed} failed, {done} did not");
    let verify = [&["verify", "packed.hsmboot"][..], &TRUST].concat();
    bench
        .run(&["pack", "bundle", "-o", "packed.hsmboot"])
        .expect(0);
    bench.run(&verify).expect(0);
}

/// Whose a file is that a failing disk does not show is nobody's guess: the error is the disk's,
/// not that of somebody who named the wrong file, nor of a bundle that is not genuine.
pub(crate) fn a_disk_that_fails_is_not_taken_for_a_mistake() {
    let bench = Bench::new();
    let verify = [&["verify", "bundle"][..], &TRUST].concat();
    let mut failed = 0;
    for call in ["newfstatat", "statx", "openat", "getdents64", "readlink"] {
        for number in 1.. {
            match code_if_failing(&bench, &verify, call, number) {
                None => break,
                // 127: the loader found a library missing.
                Some(code) => assert!([0, 1, 4, 127].contains(&code), "{call} {number}: {code}"),
            }
            failed += 1;
        }
    }
    assert!(failed > 20, "{failed}");
}

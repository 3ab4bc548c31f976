//! A signal that comes as a command is started.

use std::fs;
use std::process::{Command, Stdio};

use super::processes::{are_gone, until};
use super::support::Bench;

/// Makes every change of a thread's mask of signals that says what the mask is to be, as one that
/// goes back to an earlier one does, wait before it takes effect.
const SLOW_MASKS: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <unistd.h>

int pthread_sigmask(int how, const sigset_t *set, sigset_t *old) {
    int (*next)(int, const sigset_t *, sigset_t *) = dlsym(RTLD_NEXT, "pthread_sigmask");
    if (how == SIG_SETMASK && set)
        usleep(1000000);
    return next(how, set, old);
}
"#;

/// A signal that comes as the passphrase command starts ends the command too. A program that lets
/// signals through in that moment, which is made long here, dies and leaves the command behind.
pub(crate) fn a_signal_as_a_command_starts_ends_it_too() {
    let bench = Bench::empty();
    fs::write(bench.path("slow.c"), SLOW_MASKS).unwrap();
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-o", "slow.so", "slow.c", "-ldl"])
        .current_dir(bench.path(""))
        .status();
    assert!(compiled.unwrap().success());
    let line = "sleep 100 & echo $$ $! $PPID > pids; wait";
    let child = Command::new(env!("CARGO_BIN_EXE_hsmboot"))
        .args(["ca", "init", "--out", "new", "--subject", "CN=a CA"])
        .args(["--key-type", "p256", "--output", "json"])
        .args(["--passphrase-command", line])
        .env("LD_PRELOAD", bench.path("slow.so"))
        .current_dir(bench.path(""))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let pids = || fs::read_to_string(bench.path("pids")).unwrap_or_default();
    until(|| pids().ends_with('\n'));
    let pids = pids();
    let [shell, sleeper, hsmboot] = pids.split_whitespace().collect::<Vec<_>>()[..] else {
        panic!("{pids}");
    };
    let sent = Command::new("kill").args(["-TERM", hsmboot]).status();
    assert!(sent.unwrap().success());
    are_gone(&[shell, sleeper]);
    let printed = child.wait_with_output().unwrap().stdout;
    let document: serde_json::Value = serde_json::from_slice(&printed).unwrap();
    assert_eq!(document["error"]["kind"], "interrupted", "{document:#}");
    assert!(!bench.path("new").exists());
}

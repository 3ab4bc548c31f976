//! A bundle that is exchanged, whole or a file of it, at every moment of a command: `strace` stops
//! the program at a system call of our choice, the exchange is made, and it goes on. It never waits
//! for what came, and never writes to it.
//!
//! Where `strace` cannot be used this test shows as ignored, never as passed; where
//! `HSMBOOT_STRACE` is set, as `tests/run` does, it must work.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "tests"
)]

mod support;

use std::fs::{self, File};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use hsmboot::x509::{sha256, to_hex};
use libtest_mimic::Arguments;
use support::trial::trial;
use support::{Bench, CLUSTER, TRUST, listing, pipe, sign};

/// Far more than the command takes.
const WAITS: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    let absent = std::env::var_os("HSMBOOT_STRACE").is_none()
        && Command::new("strace")
            .args(["-qq", "true"])
            .output()
            .is_err();
    let trial = |name: &str, test: fn()| trial(name, test, absent);
    let trials = vec![
        trial(
            "a_pipe_that_comes_in_a_files_place_holds_nothing_up",
            a_pipe_that_comes_in_a_files_place_holds_nothing_up,
        ),
        trial(
            "a_link_that_comes_in_a_files_place_leads_nowhere",
            a_link_that_comes_in_a_files_place_leads_nowhere,
        ),
        trial(
            "what_comes_in_the_directorys_place_is_not_written_to",
            what_comes_in_the_directorys_place_is_not_written_to,
        ),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// What opens, moves and locks: the exchange comes after each of these calls, and so before the
/// next. What else the program does between two of them it does to what it has opened.
const CALLS: [&str; 4] = ["openat", "renameat", "renameat2", "flock"];

/// Runs the program up to its `number`-th call of this name; `None`: it has ended before that.
fn stopped(bench: &Bench, words: &[&str], call: &str, number: usize) -> Option<(Child, String)> {
    drop(fs::remove_file(bench.path("trace")));
    let mut command = Command::new("strace");
    command.args([
        "-f",
        "-qq",
        "-o",
        "trace",
        "-e",
        &format!("trace={}", CALLS.join(",")),
        "-e",
        &format!("inject={call}:signal=STOP:when={number}"),
    ]);
    command
        .arg(env!("CARGO_BIN_EXE_hsmboot"))
        .args(words)
        .current_dir(bench.path(""));
    let mut strace = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    loop {
        let ended = strace.try_wait().unwrap().is_some();
        let trace = fs::read_to_string(bench.path("trace")).unwrap_or_default();
        if let Some(line) = trace
            .lines()
            .find(|line| line.contains("stopped by SIGSTOP"))
        {
            return Some((strace, line.split_whitespace().next().unwrap().to_owned()));
        }
        if ended {
            return None;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Lets it go on; its exit code and what it said. It must end, and whoever comes next must get the
/// directory.
fn goes_on(bench: &Bench, (mut strace, id): (Child, String), dir: &str) -> (i32, String) {
    let (since, mut told) = (Instant::now(), 0);
    while strace.try_wait().unwrap().is_none() {
        // Another thread may come to its call of that number as well.
        let stops = fs::read_to_string(bench.path("trace"))
            .unwrap()
            .matches("stopped by SIGSTOP")
            .count();
        if stops > told {
            told = stops;
            // Each thread's stop is told, and the program may have ended before the last one is
            // read: nothing is left to go on then.
            Command::new("kill")
                .args(["-CONT", &id])
                .stderr(Stdio::null())
                .status()
                .unwrap();
        }
        if since.elapsed() > WAITS {
            drop(Command::new("kill").args(["-KILL", &id]).status());
            panic!(
                "it waits for what came: {}",
                fs::read_to_string(bench.path("trace")).unwrap()
            );
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let output = strace.wait_with_output().unwrap();
    File::open(bench.path(dir)).unwrap().try_lock().unwrap();
    (
        support::exit_code(&output, &id),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

fn recorded() -> Bench {
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
    bench
}

/// At each call, from the first that the program makes of the bundle.
fn at_every_call(words: &[&str], mut one: impl FnMut(&str, Bench, (Child, String))) {
    let mut times = 0;
    for call in CALLS {
        for number in 1.. {
            let bench = recorded();
            let Some(stop) = stopped(&bench, words, call, number) else {
                break;
            };
            // What the dynamic linker and the runtime do before has nothing to do with the bundle.
            if !fs::read_to_string(bench.path("trace"))
                .unwrap()
                .contains("\"bundle")
            {
                drop(Command::new("kill").args(["-KILL", &stop.1]).status());
                drop(stop.0.wait_with_output());
                continue;
            }
            times += 1;
            one(&format!("{call} {number}"), bench, stop);
        }
    }
    assert!(times > 10, "it was stopped {times} times");
}

fn a_pipe_that_comes_in_a_files_place_holds_nothing_up() {
    for name in ["verification.json", "transcript.jsonl"] {
        at_every_call(&sign(&[]), |at, bench, stop| {
            drop(fs::remove_file(bench.path("bundle").join(name)));
            pipe::make(&bench.path("bundle").join(name));
            let (code, said) = goes_on(&bench, stop, "bundle");
            assert!([0, 4, 8].contains(&code), "{name}, {at}: {code}\n{said}");
        });
    }
}

fn a_link_that_comes_in_a_files_place_leads_nowhere() {
    at_every_call(&sign(&["--force"]), |at, bench, stop| {
        bench.write("precious", "of somebody");
        for name in ["verification.json", "customerCA.crt", "receipt.json"] {
            drop(fs::remove_file(bench.path("bundle").join(name)));
            std::os::unix::fs::symlink("../precious", bench.path("bundle").join(name)).unwrap();
        }
        let (code, said) = goes_on(&bench, stop, "bundle");
        assert!([0, 4, 8].contains(&code), "{at}: {code}\n{said}");
        assert_eq!(bench.read("precious"), b"of somebody", "{at}\n{said}");
        // Nor read: a step names what it has read by its SHA-256.
        let transcript = String::from_utf8(bench.read("bundle/transcript.jsonl")).unwrap();
        assert!(
            !transcript.contains(&to_hex(&sha256(b"of somebody"))),
            "{at}\n{transcript}"
        );
    });
}

/// Another bundle takes the path. The one that was opened first is the one that is read and
/// written, or nothing is.
fn what_comes_in_the_directorys_place_is_not_written_to() {
    let other = recorded();
    at_every_call(&sign(&[]), |at, bench, stop| {
        let opened = fs::read_to_string(bench.path("trace"))
            .unwrap()
            .lines()
            .any(|line| line.contains("\"bundle\", O_RDONLY") && line.contains(") = "));
        fs::rename(bench.path("bundle"), bench.path("aside")).unwrap();
        fs::create_dir(bench.path("bundle")).unwrap();
        for entry in fs::read_dir(other.path("bundle"))
            .unwrap()
            .map(|entry| entry.unwrap())
        {
            fs::copy(entry.path(), bench.path("bundle").join(entry.file_name())).unwrap();
        }
        let before = listing(&bench.path("bundle"));
        let (code, said) = goes_on(&bench, stop, "aside");
        let signed = ["aside", "bundle"].map(|dir| {
            bench
                .path(dir)
                .join(format!("{CLUSTER}_CustomerHsmCertificate.crt"))
                .exists()
        });
        if opened {
            assert_eq!(
                before,
                listing(&bench.path("bundle")),
                "{at}: {code}\n{said}"
            );
        }
        // The other one is by another test hardware, which the roots named do not vouch for.
        match code {
            0 => assert_eq!(signed, [true, false], "{at}\n{said}"),
            _ => assert!(
                [3, 4, 8].contains(&code) && signed == [false, false],
                "{at}: {code}\n{said}"
            ),
        }
    });
}

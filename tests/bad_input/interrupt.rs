//! Ctrl-C at any point: 130, nothing half-written, the terminal as it was.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use crate::start;
use crate::support::terminal::terminal;
use crate::support::{Bench, exit_code, openssl, sign};

fn kill(signal: &str, child: &Child) {
    assert!(
        Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
}

/// Interrupts `ca init` once it says that it makes the key, which takes RSA 4096 a while.
fn interrupted(signal: &str, format: &'static str) -> (i32, String, String) {
    let args = [
        "ca",
        "init",
        "--out",
        "new",
        "--subject",
        "CN=x",
        "--no-passphrase",
        "--verbose",
        "--output",
        format,
    ];
    // The primes may be found at once, and a busy machine may send the signal late: what was made
    // by then is there whole, and it is tried again.
    for _ in 0..20 {
        let bench = Bench::new();
        let before = bench.listing();
        let mut child = start(&bench, &args, Stdio::null());
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("making a key") {
            assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "{said}");
        }
        kill(signal, &child);
        stderr.read_to_string(&mut said).unwrap();
        let output = child.wait_with_output().unwrap();
        let code = exit_code(&output, &said);
        if bench.listing() == before {
            return (code, String::from_utf8(output.stdout).unwrap(), said);
        }
        let made =
            ["new/customerCA.crt", "new/customerCA.key"].map(|name| bench.path(name).is_file());
        assert!(
            made == [true; 2] && bench.listing().len() == before.len() + 3,
            "half-written ({code}): {:?}\n{said}",
            bench.listing().keys()
        );
    }
    panic!("20 keys were made before the signal came, or in spite of it");
}

#[test]
fn while_a_key_is_made() {
    let (code, stdout, stderr) = interrupted("-INT", "text");
    assert_eq!((code, stdout.as_str()), (130, ""));
    assert!(
        stderr.contains("error: interrupted; nothing is half-written"),
        "{stderr}"
    );
}

#[test]
fn in_json_it_is_one_document_too() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let (found, stdout, stderr) = interrupted(signal, "json");
        let run = crate::support::Run {
            code: found,
            stdout,
            stderr,
        };
        let error = run.json()["error"].clone();
        assert_eq!(
            (run.code, error["code"].as_i64(), error["kind"].as_str()),
            (code, Some(i64::from(code)), Some("interrupted"))
        );
    }
}

/// While it waits for a passphrase that does not come: from a descriptor whose other end stays
/// open.
#[test]
fn while_it_waits_for_a_descriptor() {
    let bench = encrypted();
    let before = bench.listing();
    let mut child = Command::new(env!("CARGO_BIN_EXE_hsmboot"))
        .args(sign(&["--passphrase-fd", "0"]))
        .current_dir(bench.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keys = child.stdin.take().unwrap();
    keys.write_all(b"half of a pass").unwrap();
    // It reads to the end of the line, which never comes, so it cannot be further than this.
    while !reading(&mut child) {
        std::thread::yield_now();
    }
    kill("-INT", &child);
    let output = child.wait_with_output().unwrap();
    drop(keys);
    assert_eq!(
        output.status.code(),
        Some(130),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        output.stdout.is_empty()
            && !String::from_utf8_lossy(&output.stderr).contains("half of a pass")
    );
    assert_eq!(before, bench.listing());
}

/// Whether the process has emptied its standard input and sleeps: it has its signal handlers, then.
fn reading(child: &mut Child) -> bool {
    let id = child.id();
    assert_eq!(child.try_wait().unwrap(), None, "it did not wait");
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let threads = std::fs::read_dir(format!("/proc/{id}/task"))
        .unwrap()
        .count();
    threads > 1
        && stat
            .rsplit(')')
            .next()
            .unwrap()
            .trim_start()
            .starts_with('S')
}

/// A bench whose CA key is under the passphrase "secret".
pub(crate) fn encrypted() -> Bench {
    let bench = Bench::new();
    openssl(
        &bench.path(""),
        "pkcs8 -topk8 -in customerCA.key -iter 2048 -passout pass:secret -out encrypted",
    );
    std::fs::rename(bench.path("encrypted"), bench.path("customerCA.key")).unwrap();
    bench
}

/// At the prompts, on a terminal.
#[test]
fn at_the_prompts() {
    let bench = encrypted();
    let before = bench.listing();
    for answers in [
        &[("printed it: ", "0123\x03")][..],
        &[
            ("printed it: ", "skip\n"),
            ("passphrase for customerCA.key: ", "secr\x03"),
        ],
    ] {
        let end = ["interrupted; nothing is half-written", "code 130"];
        let seen = on_a_terminal(&bench, answers, &end);
        assert!(
            seen.contains(" echo ") && !seen.contains(" -echo ") && !seen.contains("secr"),
            "{seen}"
        );
        assert_eq!(before, bench.listing());
    }
}

/// Nobody looks up a fingerprint for a key that cannot sign.
#[test]
fn a_key_of_another_ca_is_found_before_anything_is_asked() {
    let bench = Bench::new();
    openssl(&bench.path(""), "genrsa -out customerCA.key 2048");
    let seen = on_a_terminal(&bench, &[], &["is not the CA certificate's", "code 5"]);
    assert!(!seen.contains("printed it"), "{seen}");
    std::fs::remove_file(bench.path("customerCA.key")).unwrap();
    let seen = on_a_terminal(&bench, &[], &["does not exist", "code 5"]);
    assert!(!seen.contains("printed it"), "{seen}");
}

/// Signs where somebody waits for each prompt and answers it, and then for these texts; the
/// screen, with the terminal's settings afterwards.
pub(crate) fn on_a_terminal(bench: &Bench, answers: &[(&str, &str)], end: &[&str]) -> String {
    let words: Vec<String> = sign(&[]).iter().map(|word| format!("'{word}'")).collect();
    // The shell gets Ctrl-C too; it is to go on.
    // In one line, however wide the terminal is taken to be.
    let settings = "stty -a | tr '\\n' ' '";
    let inside = format!(
        "trap : INT; '{}' {}; echo code $?; {settings}; echo all over",
        env!("CARGO_BIN_EXE_hsmboot"),
        words.join(" ")
    );
    let mut child = terminal(&inside)
        .current_dir(bench.path(""))
        .spawn()
        .unwrap();
    let (mut keys, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut seen = String::new();
    let mut wait_for = |text: &str| {
        let (from, mut byte) = (seen.len(), [0]);
        while !seen[from..].contains(text) {
            assert_ne!(
                screen.read(&mut byte).unwrap(),
                0,
                "{text:?} never came: {seen}"
            );
            seen.push(char::from(byte[0]));
        }
        seen.clone()
    };
    for (prompt, answer) in answers {
        wait_for(prompt);
        keys.write_all(answer.as_bytes()).unwrap();
    }
    for text in end {
        wait_for(text);
    }
    let seen = wait_for("all over");
    drop(keys);
    child.wait().unwrap();
    seen
}

/// At whatever moment it comes, the bundle is as it was or signed whole, and no temporary file
/// stays.
#[test]
fn at_any_moment() {
    let mut ends = [0, 0];
    for step in 0..60u64 {
        let bench = Bench::new();
        let before = bench.listing();
        let child = start(&bench, &sign(&[]), Stdio::null());
        // Not a wait for anything: each run is struck at another moment, and every moment must do.
        std::thread::sleep(std::time::Duration::from_micros(step * 500));
        kill("-INT", &child);
        let output = child.wait_with_output().unwrap();
        let whole = bench.listing().len() == before.len() + 5;
        assert!(
            whole || before == bench.listing(),
            "struck after {step} steps: {:?}",
            bench.listing().keys()
        );
        // Before there is a handler, the signal itself ends the program.
        let code = output
            .status
            .code()
            .or(output.status.signal().map(|signal| 128 + signal))
            .unwrap();
        assert!(
            code == 130 || (code == 0 && whole),
            "{}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(!whole || bench.path("bundle/response.json").is_file());
        ends[usize::from(whole)] += 1;
    }
    println!("{} untouched, {} signed", ends[0], ends[1]);
}

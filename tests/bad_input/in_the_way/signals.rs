//! A signal ends every wait.

use std::process::{Child, ExitStatus};
use std::time::Instant;

use super::*;

/// Ends it with the signal; its exit code.
fn ended(child: &mut Child, signal: &str) -> Option<i32> {
    assert!(
        Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    end(child).code()
}

/// How it ended, which must come.
fn end(child: &mut Child) -> ExitStatus {
    let since = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if since.elapsed() > WAITS {
            child.kill().unwrap();
            panic!("it waits on, whatever the signal");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

const SIGNALS: [(&str, i32); 3] = [("-INT", 130), ("-TERM", 143), ("-HUP", 129)];

/// Nobody ever writes to the pipe that the user named.
#[test]
fn a_pipe_that_stays_silent_is_waited_for_until_a_signal() {
    let bench = Bench::new();
    let pipe = bench.path("pipe");
    let sign_with = |option: &'static str| {
        let words: Vec<&str> = match option {
            "--ca" => [
                "sign",
                "bundle",
                "--ca",
                "pipe",
                "--ca-key",
                "customerCA.key",
            ]
            .to_vec(),
            "--ca-key" => [
                "sign",
                "bundle",
                "--ca",
                "customerCA.crt",
                "--ca-key",
                "pipe",
            ]
            .to_vec(),
            _ => [
                "sign",
                "bundle",
                "--ca",
                "customerCA.crt",
                "--ca-key",
                "encrypted",
                "--passphrase-file",
                "pipe",
            ]
            .to_vec(),
        };
        [&words[..], &TRUST].concat()
    };
    crate::support::openssl(
        &bench.path(""),
        "pkcs8 -topk8 -in customerCA.key -iter 2048 -passout pass:secret -out encrypted",
    );
    let commands = [
        sign_with("--ca"),
        sign_with("--ca-key"),
        sign_with("--passphrase-file"),
        vec![
            "verify",
            "bundle",
            "--aws-root",
            "pipe",
            "--manufacturer-root",
            "manufacturer-root.crt",
        ],
        vec!["ca", "show", "pipe"],
        vec!["report", "bundle", "-o", "report.html", "--ca", "pipe"],
    ];
    pipe::make(&pipe);
    let before = bench.listing();
    for words in commands {
        for (signal, code) in SIGNALS {
            let mut child = start(&bench, &words, Stdio::null());
            let to = pipe::opened_by(&mut child, &pipe);
            assert_eq!(ended(&mut child, signal), Some(code), "{words:?}");
            drop(to);
            // Nor before anybody is there to write. The pipe is a new one: what other tests start
            // meanwhile holds a copy of the old one's end for a moment, until it becomes a program.
            fs::remove_file(&pipe).unwrap();
            pipe::make(&pipe);
            let mut child = start(&bench, &words, Stdio::null());
            wait_until_it_waits(&mut child);
            assert_eq!(ended(&mut child, signal), Some(code), "{words:?}");
        }
    }
    // Standard input that stays open likewise.
    for (signal, code) in SIGNALS {
        let mut child = start(&bench, &["ca", "show", "/dev/stdin"], Stdio::piped());
        let keyboard = child.stdin.take();
        wait_until_it_waits(&mut child);
        assert_eq!(ended(&mut child, signal), Some(code));
        drop(keyboard);
    }
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        bench.listing().keys().collect::<Vec<_>>()
    );
}

/// Until it has its thread for signals, and sleeps.
pub(super) fn wait_until_it_waits(child: &mut Child) {
    loop {
        assert_eq!(child.try_wait().unwrap(), None, "it did not wait");
        let of = |name: &str| format!("/proc/{}/{name}", child.id());
        let stat = fs::read_to_string(of("stat")).unwrap();
        let threads = fs::read_dir(of("task")).unwrap().count();
        if threads > 1
            && stat
                .rsplit(')')
                .next()
                .unwrap()
                .trim_start()
                .starts_with('S')
        {
            return;
        }
        std::thread::yield_now();
    }
}

/// Another program keeps the bundle's directory.
#[test]
fn a_signal_ends_the_wait_for_a_directory() {
    let bench = Bench::new();
    let keeps = File::open(bench.path("bundle")).unwrap();
    keeps.lock().unwrap();
    let before = bench.listing();
    for words in [verify(&["--record"]), sign(&[])] {
        for (signal, code) in SIGNALS {
            let mut child = start(&bench, &words, Stdio::null());
            wait_until_it_waits(&mut child);
            assert_eq!(ended(&mut child, signal), Some(code), "{words:?}");
        }
    }
    assert_eq!(before, bench.listing());
    drop(keeps);
    bench.run(&verify(&["--record"])).expect(0);
}

/// Nobody reads what is said: the end does not wait for that for ever.
#[test]
fn a_signal_ends_a_program_that_nobody_listens_to() {
    use std::os::unix::process::ExitStatusExt;
    let bench = Bench::new();
    pipe::make(&bench.path("pipe"));
    let (_reader, writer) = std::io::pipe().unwrap();
    // Full to the last byte: a page at a time, then one byte at a time.
    rustix::fs::fcntl_setfl(&writer, rustix::fs::OFlags::NONBLOCK).unwrap();
    for size in [4096, 1] {
        while (&writer).write(&vec![b'x'; size]).is_ok() {}
    }
    rustix::fs::fcntl_setfl(&writer, rustix::fs::OFlags::empty()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_hsmboot"));
    command
        .args(["ca", "show", "pipe"])
        .current_dir(bench.path(""))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(writer);
    let mut child = command.spawn().unwrap();
    drop(command);
    let _to = pipe::opened_by(&mut child, &bench.path("pipe"));
    assert!(
        Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    // By the signal itself, which a shell shows as 130 too; by SIGKILL where the tests were started
    // with SIGINT ignored, as a shell's background jobs are.
    let status = end(&mut child);
    assert!(
        status.code().is_none() && matches!(status.signal(), Some(2 | 9)),
        "{status}"
    );
}

//! What the disk says: places that are taken, cannot be written, or are full. Whole or not at all.

use std::fs;
use std::path::Path;

use crate::support::{Bench, CLUSTER, Run, exit_code, listing, refusal, run, sign, verify};

fn init(dir: &'static str) -> Vec<&'static str> {
    vec![
        "ca",
        "init",
        "--out",
        dir,
        "--subject",
        "CN=Test CA",
        "--no-passphrase",
        "--key-type",
        "p256",
    ]
}

#[test]
fn existing_files_of_other_content() {
    let bench = Bench::new();
    bench.write("bundle/customerCA.crt", "another");
    bench.refused(
        &sign(&[]),
        8,
        "file-exists",
        &["bundle/customerCA.crt exists and holds something else; it was left as it is"],
    );
    assert_eq!(
        bench.hint(&sign(&[])),
        "choose another directory, or replace it with --force"
    );
    fs::remove_file(bench.path("bundle/customerCA.crt")).unwrap();
    fs::write(bench.part("CustomerHsmCertificate.crt"), "another").unwrap();
    bench.refused(
        &sign(&[]),
        8,
        "already-signed",
        &["CustomerHsmCertificate.crt exists; nothing was changed"],
    );
    bench.run(&sign(&["--force"])).expect(0);
    for name in ["customerCA.crt", "customerCA.key"] {
        let bench = Bench::new();
        fs::create_dir(bench.path("new")).unwrap();
        bench.write(&format!("new/{name}"), "another");
        bench.refused(
            &init("new"),
            8,
            "file-exists",
            &[name, "it was left as it is"],
        );
    }
}

/// A link, even one to a file of this content or to nothing, is not written through.
#[test]
fn links_in_the_way() {
    let bench = Bench::new();
    std::os::unix::fs::symlink("../customerCA.crt", bench.path("bundle/customerCA.crt")).unwrap();
    bench.refused(&sign(&[]), 8, "file-exists", &["customerCA.crt"]);
    fs::remove_file(bench.path("bundle/customerCA.crt")).unwrap();
    std::os::unix::fs::symlink("../nowhere", bench.path("bundle/customerCA.crt")).unwrap();
    bench.refused(&sign(&[]), 8, "file-exists", &["customerCA.crt"]);
    // With --force the link goes, and what it led to stays.
    let elsewhere = bench.write("elsewhere", "precious");
    fs::remove_file(bench.path("bundle/customerCA.crt")).unwrap();
    std::os::unix::fs::symlink("../elsewhere", bench.path("bundle/customerCA.crt")).unwrap();
    bench.run(&sign(&["--force"])).expect(0);
    assert_eq!(fs::read(elsewhere).unwrap(), b"precious");
    assert!(
        fs::symlink_metadata(bench.path("bundle/customerCA.crt"))
            .unwrap()
            .is_file()
    );
}

/// A directory where a file is to go stops the whole group, whichever of its files it is, and also
/// where files may be replaced.
#[test]
fn a_directory_in_the_way_of_a_group() {
    let signed: &'static str = format!("{CLUSTER}_CustomerHsmCertificate.crt").leak();
    for name in [
        "customerCA.crt",
        "verification.json",
        "response.json",
        signed,
    ] {
        let bench = Bench::new();
        fs::create_dir(bench.path("bundle").join(name)).unwrap();
        bench.refused(
            &sign(&["--force"]),
            8,
            "file-exists",
            &[name, "is a directory"],
        );
    }
    let bench = Bench::new();
    fs::create_dir(bench.path("bundle/verification.json")).unwrap();
    bench.refused(
        &verify(&["--record"]),
        8,
        "file-exists",
        &["verification.json is a directory"],
    );
    for name in ["customerCA.crt", "customerCA.key"] {
        let bench = Bench::new();
        fs::create_dir_all(bench.path("new").join(name)).unwrap();
        bench.refused(
            &[&init("new")[..], &["--force"]].concat(),
            8,
            "file-exists",
            &[name, "is a directory"],
        );
    }
}

#[test]
fn a_place_where_nothing_can_be_written() {
    let bench = Bench::new();
    // Not even root makes a directory in there.
    bench.refused(
        &init("/proc/hsmboot"),
        1,
        "cannot-write",
        &["/proc/hsmboot cannot be written"],
    );
    bench.refused(
        &init("/dev/null"),
        4,
        "not-a-directory",
        &["/dev/null is not a directory"],
    );
    bench.refused(
        &["man", "--out", "aws-root.crt"],
        4,
        "not-a-directory",
        &["aws-root.crt is not a directory"],
    );
}

/// Runs the program from a shell that first does `before`, in the bench.
fn under(bench: &Bench, before: &str, wrapper: &[&str], args: &[&str]) -> Run {
    let mut words: Vec<&str> = wrapper.to_vec();
    let script = format!("{before} && exec \"$0\" \"$@\"");
    words.extend(["sh", "-c", &script, env!("CARGO_BIN_EXE_hsmboot")]);
    let mut command = assert_cmd::Command::new(words[0]);
    command
        .args(&words[1..])
        .args(args)
        .current_dir(bench.path(""));
    run(command)
}

/// The kernel's limit on what a process may write stands in for a full disk: it needs no rights.
/// With the signal ignored, a write says "file too large" where a full disk says "no space left";
/// both come in the middle of a file.
#[test]
fn a_limit_on_what_may_be_written() {
    let limit = "trap '' XFSZ && ulimit -f 1";
    for (args, files) in [
        (verify(&["--record"]), "verification.json"),
        (sign(&[]), "bundle"),
    ] {
        let bench = Bench::new();
        let before = bench.listing();
        let [text, json] = [&[][..], &["--output", "json"]]
            .map(|more| under(&bench, limit, &[], &[&args[..], more].concat()));
        refusal(
            &text,
            &json,
            1,
            "cannot-write",
            &[files, "cannot be written"],
        );
        assert_eq!(before, bench.listing());
        assert!(
            json.json()["signed_cert"].is_null(),
            "the CA's key is not used where nothing can be written down"
        );
    }
    let bench = Bench::new();
    fs::create_dir(bench.path("new")).unwrap();
    let args = [
        "ca",
        "init",
        "--out",
        "new",
        "--subject",
        "CN=x",
        "--no-passphrase",
        "--key-type",
        "rsa-2048",
    ];
    let [text, json] = [&[][..], &["--output", "json"]]
        .map(|more| under(&bench, limit, &[], &[&args[..], more].concat()));
    refusal(&text, &json, 1, "cannot-write", &["new cannot be written"]);
    assert_eq!(fs::read_dir(bench.path("new")).unwrap().count(), 0);
}

/// A disk that is full or read-only, where the machine lets this user mount one: in a mount
/// namespace of its own, so that nothing outlives it.
#[test]
fn a_full_disk_and_a_read_only_one() {
    let wrapper = ["unshare", "--mount", "--map-root-user"];
    let can = std::process::Command::new(wrapper[0])
        .args(&wrapper[1..])
        .args(["mount", "-t", "tmpfs", "none", "/mnt"])
        .output();
    if !can.is_ok_and(|output| output.status.success()) {
        println!(
            "not tried: this machine lets no user mount a file system; \
             `a_limit_on_what_may_be_written` stands alone"
        );
        return;
    }
    // Nine pages: the bundle's four files, the directory and not much more. Afterwards the listing
    // goes to a file outside.
    let mount = |options: &str, after: &str| {
        format!(
            "cp -r bundle aside && mount -t tmpfs -o {options} none bundle && cp -p aside/* \
             bundle/ && {after} ls -A bundle > before && trap 'ls -A bundle > after' EXIT && \
             \"$0\" \"$@\"; code=$?; exit $code; true"
        )
    };
    for (options, after, word) in [
        ("size=20k,nr_inodes=64", "", "no space left"),
        ("size=1m", "mount -o remount,ro bundle &&", "read-only"),
    ] {
        for args in [sign(&[]), verify(&["--record"])] {
            if args[0] == "verify" && after.is_empty() {
                continue; // one small file may still fit
            }
            let [text, json] = [&[][..], &["--output", "json"]].map(|more| {
                let bench = Bench::new();
                let run = under(
                    &bench,
                    &mount(options, after),
                    &wrapper,
                    &[&args[..], more].concat(),
                );
                assert_eq!(
                    bench.read("before"),
                    bench.read("after"),
                    "a full disk: nothing half-written"
                );
                run
            });
            let message = json.json()["error"]["message"].as_str().unwrap().to_owned();
            assert!(message.contains(word), "{message}");
            assert_eq!((text.code, json.code), (1, 1));
            assert_eq!(json.json()["error"]["kind"], "cannot-write");
        }
    }
}

/// A result that could not be written is no success, though the work is done.
#[test]
fn standard_output_is_full() {
    let bench = Bench::new();
    for args in [
        verify(&[]),
        vec!["ca", "show", "customerCA.crt"],
        vec!["completions", "bash"],
        verify(&["--output", "json"]),
    ] {
        let run = under(&bench, "exec > /dev/full", &[], &args).expect(1);
        assert!(
            run.stderr
                .contains("the result cannot be written to standard output: no space left"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn records_are_replaced_and_a_repeated_run_changes_nothing() {
    let bench = Bench::new();
    bench.run(&verify(&[])).expect(0);
    assert_eq!(
        fs::read_dir(bench.path("bundle")).unwrap().count(),
        4,
        "verify writes nothing without --record"
    );
    bench
        .run(&verify(&["--record", "--at", "2020-01-01T00:00:00Z"]))
        .expect(0);
    bench
        .run(&verify(&["--record", "--at", "2021-01-01T00:00:00Z"]))
        .expect(0);
    let record = fs::read_to_string(bench.path("bundle/verification.json")).unwrap();
    assert!(record.contains("2021-01-01T00:00:00Z"));
    let before = listing(Path::new(&bench.path("bundle")));
    bench
        .run(&verify(&["--record", "--at", "2021-01-01T00:00:00Z"]))
        .expect(0);
    assert_eq!(before, listing(Path::new(&bench.path("bundle"))));
}

/// Several programs that write one group at once: one of them does, and what stands there in the
/// end is all its own.
#[test]
fn several_at_once() {
    for _ in 0..5 {
        let bench = Bench::new();
        let start = || {
            let args = sign(&["--output", "json"]);
            std::process::Command::new(env!("CARGO_BIN_EXE_hsmboot"))
                .args(args)
                .current_dir(bench.path(""))
                .output()
                .unwrap()
        };
        // One of them signs. Whoever comes after it finds the work done, or the files that it is
        // just writing.
        let changed: Vec<Option<bool>> = std::thread::scope(|scope| {
            let runs: Vec<_> = (0..6).map(|_| scope.spawn(start)).collect();
            let outcome = |output: std::process::Output| match exit_code(&output, &"one of six") {
                0 => {
                    serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()["changed"]
                        .as_bool()
                }
                code => {
                    assert_eq!(code, 8);
                    None
                }
            };
            runs.into_iter()
                .map(|run| outcome(run.join().unwrap()))
                .collect()
        });
        assert_eq!(
            changed
                .iter()
                .filter(|changed| **changed == Some(true))
                .count(),
            1,
            "{changed:?}"
        );
        let response: serde_json::Value =
            serde_json::from_slice(&bench.read("bundle/response.json")).unwrap();
        let signed = hsmboot::x509::to_hex(&hsmboot::x509::sha256(
            &fs::read(bench.part("CustomerHsmCertificate.crt")).unwrap(),
        ));
        assert_eq!(
            response["files"][format!("{CLUSTER}_CustomerHsmCertificate.crt")],
            signed
        );
        assert_eq!(fs::read_dir(bench.path("bundle")).unwrap().count(), 9);
    }
}

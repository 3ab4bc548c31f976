//! Something else than a file where a bundle's files are read and written: no command waits for it,
//! follows it, or writes through it. And what waits all the same, because the user named it, ends
//! with a signal.

mod signals;

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use signals::wait_until_it_waits;

use crate::start;
use crate::support::{Bench, CLUSTER, TRUST, listing, pipe, sign, verify};

/// Far more than any of these commands takes: what is still there then waits for something.
const WAITS: Duration = Duration::from_secs(120);

/// What may stand in a file's place.
const THINGS: [&str; 4] = ["pipe", "link", "link to a pipe", "directory"];

fn put(bench: &Bench, thing: &str, place: &Path) {
    drop(fs::remove_file(place));
    match thing {
        "pipe" => pipe::make(place),
        "link" => std::os::unix::fs::symlink(bench.path("precious"), place).unwrap(),
        "link to a pipe" => std::os::unix::fs::symlink(bench.path("a-pipe"), place).unwrap(),
        _ => fs::create_dir(place).unwrap(),
    }
}

fn names() -> Vec<String> {
    let parts = [
        "ClusterCsr.csr",
        "HsmCertificate.crt",
        "AwsHardwareCertificate.crt",
        "ManufacturerHardwareCertificate.crt",
        "CustomerHsmCertificate.crt",
    ];
    let fixed = [
        "request.json",
        "verification.json",
        "customerCA.crt",
        "response.json",
        "receipt.json",
        "creation.json",
        "transcript.jsonl",
        "customerCA.key",
    ];
    let hidden = [".hsmboot-group", ".hsmboot-0.tmp"];
    parts
        .map(|part| format!("{CLUSTER}_{part}"))
        .into_iter()
        .chain(fixed.into_iter().chain(hidden).map(str::to_owned))
        .collect()
}

fn commands() -> Vec<Vec<&'static str>> {
    vec![
        verify(&[]),
        verify(&["--record"]),
        sign(&["--seal"]),
        sign(&["--force"]),
        [
            &[
                "import",
                "bundle",
                "--signed-cert",
                "signed.crt",
                "--trust-anchor",
                "customerCA.crt",
                "--force",
            ],
            &TRUST[..],
        ]
        .concat(),
        vec!["transcript", "show", "bundle"],
        vec!["transcript", "verify", "bundle", "--ca", "customerCA.crt"],
        [
            &["report", "bundle", "-o", "report.html", "--force"],
            &TRUST[..],
        ]
        .concat(),
        vec!["pack", "bundle", "-o", "packed.hsmboot", "--force"],
        vec!["unpack", "whole.hsmboot", "bundle", "--force"],
    ]
}

#[test]
fn no_command_waits_for_what_lies_in_a_bundle_or_goes_through_it() {
    let bench = Bench::new();
    bench.write("precious", "of somebody");
    pipe::make(&bench.path("a-pipe"));
    bench.run(&sign(&["--seal"])).expect(0);
    bench
        .run(&["pack", "bundle", "-o", "whole.hsmboot"])
        .expect(0);
    fs::copy(
        bench.part("CustomerHsmCertificate.crt"),
        bench.path("signed.crt"),
    )
    .unwrap();
    let whole: Vec<(std::ffi::OsString, Vec<u8>)> = fs::read_dir(bench.path("bundle"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap()))
        .collect();
    for name in names() {
        for thing in THINGS {
            for words in commands() {
                let dir = bench.path("bundle");
                drop(fs::remove_dir_all(&dir));
                fs::create_dir(&dir).unwrap();
                whole
                    .iter()
                    .for_each(|(name, content)| fs::write(dir.join(name), content).unwrap());
                let place = dir.join(&name);
                put(&bench, thing, &place);
                let mut command = bench.command(&words);
                command.timeout(WAITS);
                let run = crate::support::run(command);
                let said = || {
                    format!(
                        "{words:?}, a {thing} as {name}: {}\n{}\n{}",
                        run.code, run.stdout, run.stderr
                    )
                };
                // Nobody but the program makes that name, and it cannot go on without it.
                let in_the_way = (name.as_str(), thing) == (".hsmboot-group", "directory");
                assert!(
                    [0, 3, 4, 8].contains(&run.code) || run.code == 1 && in_the_way,
                    "{}",
                    said()
                );
                assert_eq!(bench.read("precious"), b"of somebody", "{}", said());
                assert!(
                    fs::symlink_metadata(bench.path("a-pipe"))
                        .unwrap()
                        .file_type()
                        .is_fifo(),
                    "{}",
                    said()
                );
                // Whoever comes next can have the directory.
                File::open(&dir).unwrap().try_lock().unwrap();
            }
        }
    }
}

/// A link in the bundle's own place says where the program reads and writes, and whoever can change
/// it says so. The way to the bundle may hold links.
#[test]
fn a_bundle_is_no_link() {
    let bench = Bench::new();
    fs::rename(bench.path("bundle"), bench.path("real")).unwrap();
    std::os::unix::fs::symlink("real", bench.path("bundle")).unwrap();
    bench
        .run(
            &sign(&[])
                .into_iter()
                .map(|word| if word == "bundle" { "real" } else { word })
                .collect::<Vec<_>>(),
        )
        .expect(0);
    bench
        .run(&["pack", "real", "-o", "whole.hsmboot"])
        .expect(0);
    fs::copy(
        bench
            .path("real")
            .join(format!("{CLUSTER}_CustomerHsmCertificate.crt")),
        bench.path("signed.crt"),
    )
    .unwrap();
    let real = fs::canonicalize(bench.path("real")).unwrap();
    for words in commands() {
        bench.refused(&words, 4, "is-a-link", &["bundle is a symbolic link"]);
        assert!(
            bench.hint(&words).ends_with(real.to_str().unwrap()),
            "{}",
            bench.hint(&words)
        );
    }
    for path in ["bundle/", "bundle/.", "./bundle//"] {
        bench.refused(&["transcript", "show", path], 4, "is-a-link", &[]);
    }
    fs::remove_file(bench.path("bundle")).unwrap();
    std::os::unix::fs::symlink("nowhere", bench.path("bundle")).unwrap();
    for words in commands() {
        bench.refused(&words, 4, "is-a-link", &[]);
    }
    std::os::unix::fs::symlink(".", bench.path("way")).unwrap();
    bench.run(&["transcript", "show", "way/real"]).expect(0);
}

/// Process substitution of a shell, and a writer that comes late.
#[test]
fn a_passphrase_and_a_certificate_may_come_through_a_pipe() {
    let bench = Bench::new();
    crate::support::openssl(
        &bench.path(""),
        "pkcs8 -topk8 -in customerCA.key -iter 2048 -passout pass:secret -out encrypted",
    );
    let script = "exec \"$0\" sign bundle --ca <(sleep 0.3; cat customerCA.crt) --ca-key <(cat \
                  encrypted) --passphrase-file <(sleep 0.3; echo secret) --aws-root aws-root.crt \
                  --manufacturer-root manufacturer-root.crt";
    let output = Command::new("bash")
        .args(["-c", script, env!("CARGO_BIN_EXE_hsmboot")])
        .current_dir(bench.path(""))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let named = bench.path("pipe");
    pipe::make(&named);
    let mut child = start(&bench, &["ca", "show", "pipe"], Stdio::null());
    wait_until_it_waits(&mut child);
    File::options()
        .write(true)
        .open(&named)
        .unwrap()
        .write_all(&bench.read("customerCA.crt"))
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(listing(&bench.path("bundle")).len() > 4);
}

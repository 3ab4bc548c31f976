//! Every form of a private key, damaged at every byte, given wherever a file is read: not eight
//! characters of it come out.

mod secrets;

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use base64::Engine;
use hsmboot::bundle::{ClusterId, TranscriptEntry, TranscriptReading, archive};
use hsmboot::ca::{FileKey, Passphrase, PassphraseSource, WeakPassphrase};
use hsmboot::verify::{Anchor, Anchors, Evidence, Policy, verify};
use hsmboot::x509::{Certificate, Csr, Moment};
use secrets::{damaged, keys, mangled};

use crate::support::{Bench, TRUST, openssl, run, sign};

const AT: &str = "2026-01-01T00:00:00Z";

/// What the library says of such a file, wherever it takes one.
fn said(file: &[u8], path: &Path, passphrase: &Path, anchors: &Anchors) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    let moment: Moment = AT.parse().unwrap();
    said.extend(
        Certificate::from_pem(file)
            .err()
            .map(|fault| fault.to_string()),
    );
    said.extend(Csr::from_pem(file).err().map(|fault| fault.to_string()));
    said.extend(
        Anchor::from_file(file, "root")
            .err()
            .map(|fault| fault.to_string()),
    );
    said.extend(archive::read(file).err().map(|fault| fault.to_string()));
    let evidence = Evidence {
        csr: Some(file.to_vec()),
        hsm: file.to_vec(),
        aws_hardware: file.to_vec(),
        manufacturer_hardware: file.to_vec(),
    };
    said.push(
        serde_json::to_string(&verify(&evidence, anchors, moment, &Policy::default()).record)
            .unwrap(),
    );
    let checked = hsmboot::check::check(file, file, file, moment);
    said.push(serde_json::to_string(&checked.record).unwrap());
    let trail = TranscriptReading::from_content(file);
    said.extend(trail.fault.map(|(_, why)| why.to_string()));
    said.extend(
        trail
            .rest
            .as_raw()
            .lines()
            .filter(|line| TranscriptEntry::is_like_one(line))
            .map(str::to_owned),
    );
    #[cfg(feature = "simulator")]
    said.extend(hsmboot::simulator::Credentials::parse(&String::from_utf8_lossy(file)).err());
    fs::write(path, file).unwrap();
    match FileKey::read(path, &PassphraseSource::File(passphrase.to_owned())) {
        Ok((key, warnings)) => said.extend(
            warnings
                .iter()
                .map(|warning| format!("{warning} {warning:?} {key:?}")),
        ),
        Err(error) => said.push(format!("{error:?} {}", error.to_json())),
    }
    let source = PassphraseSource::File(path.to_owned());
    said.extend(
        source
            .for_new_key(path, WeakPassphrase::Refused)
            .map(|passphrase: Passphrase| format!("{passphrase:?}"))
            .map_err(|error| format!("{error:?}")),
    );
    said
}

// Each over a third of the keys: they run side by side.

#[test]
fn nothing_of_a_key_that_is_damaged_anywhere_is_said() {
    said_of_keys(0);
}

#[test]
fn nothing_of_the_second_third_of_the_keys_is_said() {
    said_of_keys(1);
}

#[test]
fn nothing_of_the_last_third_of_the_keys_is_said() {
    said_of_keys(2);
}

fn said_of_keys(third: usize) {
    let bench = Bench::new();
    let dir = bench.path("");
    let anchors = Anchors {
        aws: Anchor::from_file(&bench.read("aws-root.crt"), "aws").unwrap(),
        manufacturer: Anchor::from_file(&bench.read("manufacturer-root.crt"), "manufacturer")
            .unwrap(),
    };
    bench.write("passphrase", "secret\n");
    let memory = tempfile::tempdir_in(if Path::new("/dev/shm").is_dir() {
        Path::new("/dev/shm")
    } else {
        &dir
    })
    .unwrap();
    for key in keys(&bench).into_iter().skip(third).step_by(3) {
        assert!(
            key.secret.is_in(&key.file) && !key.secret.is_in(b"the CA's key file is empty"),
            "{}: the search finds what there is",
            key.name
        );
        let (mut tried, mut heard) = (0, HashSet::new());
        for file in mangled(&key).into_iter().chain(damaged(&key.file)) {
            tried += 1;
            for text in said(
                &file,
                &memory.path().join("file"),
                &bench.path("passphrase"),
                &anchors,
            ) {
                // Most of it is said again and again.
                assert!(
                    !heard.insert(text.clone()) || !key.secret.is_in(text.as_bytes()),
                    "{}: {}\nsays {text}",
                    key.name,
                    String::from_utf8_lossy(&file)
                );
            }
        }
        assert!(tried > 2 * key.file.len());
        assert!(key.secret.base64.len() > 30, "{}", key.name);
    }
}

#[test]
fn nothing_of_it_comes_out_of_any_command() {
    said_by_commands(0);
}

#[test]
fn nothing_of_the_second_third_comes_out_of_any_command() {
    said_by_commands(1);
}

#[test]
fn nothing_of_the_last_third_comes_out_of_any_command() {
    said_by_commands(2);
}

/// Whatever a command writes and says, with such a file in each place that a file can be given in.
fn said_by_commands(third: usize) {
    let bench = Bench::new();
    bench
        .run(&[&sign(&["--seal"])[..], &["--operator", "Ada"]].concat())
        .expect(0);
    let id = fs::read_dir(bench.path("bundle"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let id: ClusterId = id
        .filter_map(|name| name.strip_suffix("_ClusterCsr.csr")?.parse().ok())
        .next()
        .unwrap();
    let in_bundle: Vec<String> = [
        "ClusterCsr.csr",
        "HsmCertificate.crt",
        "AwsHardwareCertificate.crt",
        "ManufacturerHardwareCertificate.crt",
    ]
    .iter()
    .chain(&["CustomerHsmCertificate.crt"])
    .map(|part| format!("{id}_{part}"))
    .chain(
        [
            "customerCA.crt",
            "request.json",
            "verification.json",
            "response.json",
            "receipt.json",
            "transcript.jsonl",
            "creation.json",
        ]
        .map(str::to_owned),
    )
    .collect();
    let signing = ["sign", "bundle", "--force", "--ca", "customerCA.crt"];
    let check = [
        "check",
        "--csr",
        "x",
        "--signed-cert",
        "x",
        "--trust-anchor",
        "x",
    ];
    let mut given: Vec<Vec<&str>> = vec![
        [&signing[..], &["--ca-key", "x"], &TRUST].concat(),
        [
            &signing[..],
            &["--ca-key", "locked", "--passphrase-file", "x"],
            &TRUST,
        ]
        .concat(),
        [
            &["sign", "bundle", "--force", "--ca", "x", "--ca-key", "x"][..],
            &TRUST,
        ]
        .concat(),
        check.to_vec(),
        vec![
            "verify",
            "bundle",
            "--aws-root",
            "x",
            "--manufacturer-root",
            "x",
        ],
        vec!["ca", "show", "x"],
        vec![
            "import",
            "bundle",
            "--signed-cert",
            "x",
            "--trust-anchor",
            "x",
            "--force",
        ],
        vec!["transcript", "verify", "bundle", "--ca", "x"],
        vec!["report", "bundle", "--ca", "x"],
        vec!["unpack", "x", "unpacked"],
    ];
    if cfg!(feature = "qr") {
        given.push(vec!["qr", "read", "x", "--bundle", "photographed"]);
    }
    if cfg!(feature = "pkcs11") {
        // In the program's own directory: the loader looks elsewhere for a name without a slash.
        given.push(
            [
                &signing[..],
                &[
                    "--ca-key",
                    "pkcs11:token=ca;object=key",
                    "--pkcs11-module",
                    "./x",
                ],
                &TRUST,
            ]
            .concat(),
        );
        given.push(
            [
                &signing[..],
                &[
                    "--ca-key",
                    "pkcs11:token=ca?module-path=/dev/null&pin-source=file:x",
                    "--pkcs11-module",
                    "./x",
                ],
                &TRUST,
            ]
            .concat(),
        );
    }
    let look: Vec<Vec<&str>> = vec![
        [&["verify", "bundle", "--record"][..], &TRUST].concat(),
        vec!["report", "bundle", "-o", "report.html"],
        vec!["pack", "bundle", "-o", "packed.hsmboot"],
        vec!["transcript", "show", "bundle"],
        vec!["transcript", "verify", "bundle", "--ca", "customerCA.crt"],
        [&signing[..], &["--ca-key", "customerCA.key"], &TRUST].concat(),
    ];
    openssl(
        &bench.path(""),
        "pkcs8 -topk8 -in customerCA.key -iter 1 -passout pass:secret -out locked",
    );
    let sound: Vec<(String, Option<Vec<u8>>)> = in_bundle
        .iter()
        .map(|name| (name.clone(), fs::read(bench.path("bundle").join(name)).ok()))
        .collect();
    let mut turn = 0;
    for (number, key) in keys(&bench).iter().enumerate().skip(third).step_by(3) {
        let forms = mangled(key);
        let mut searched = HashSet::new();
        // As it is, and with four dashes, under another label, or in one line: the rest is for the
        // library's test above.
        for file in [0, [5, 9, 17][number % 3]]
            .iter()
            .filter_map(|at| forms.get(*at))
        {
            let mut try_out = |bench: &Bench, args: &[&str], planted: Option<&str>| {
                turn += 1;
                let format: &[&str] = if turn % 2 == 0 {
                    &["--output", "json"]
                } else {
                    &["--verbose"]
                };
                let run = run(bench.command(&[args, format].concat()));
                assert_ne!(run.code, 1, "{}: {args:?}: {}", key.name, run.stderr);
                for output in [run.stdout.as_bytes(), run.stderr.as_bytes()] {
                    assert!(
                        !key.secret.is_in(output),
                        "{} in {planted:?}: {args:?} says {}",
                        key.name,
                        String::from_utf8_lossy(output)
                    );
                }
                for (path, (_, content)) in bench.listing() {
                    let its_own = path.ends_with("x")
                        || planted
                            .is_some_and(|name| path.ends_with(Path::new("bundle").join(name)));
                    assert!(
                        its_own || !searched.insert(content.clone()) || !key.secret.is_in(&content),
                        "{} in {planted:?}: {args:?} writes {}",
                        key.name,
                        path.display()
                    );
                }
                for made in ["report.html", "packed.hsmboot"] {
                    drop(fs::remove_file(bench.path(made)));
                }
            };
            bench.write("x", file);
            for args in &given {
                try_out(&bench, args, None);
            }
            fs::remove_file(bench.path("x")).unwrap();
            // Each key in a place or two: all of them see every key once, in one form or another.
            for name in in_bundle.iter().skip(number % 6).step_by(6) {
                fs::write(bench.path("bundle").join(name), file).unwrap();
                for args in &look {
                    try_out(&bench, args, Some(name));
                }
                drop(fs::remove_dir_all(bench.path("bundle")));
                fs::create_dir(bench.path("bundle")).unwrap();
                for (name, content) in &sound {
                    if let Some(content) = content {
                        fs::write(bench.path("bundle").join(name), content).unwrap();
                    }
                }
            }
        }
    }
}

//! `hsmboot verify` on every kept fixture: exit code, verdict and findings are those of
//! `expect.json`, as a runbook sees them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

#[allow(dead_code, unreachable_pub)]
mod forge;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use forge::fixture::{Expect, directory};
use serde_json::Value;

fn kept() -> Vec<PathBuf> {
    let mut directories: Vec<_> = fs::read_dir(directory())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    directories.sort();
    directories
}

fn expect(directory: &Path) -> Expect {
    serde_json::from_slice(&fs::read(directory.join("expect.json")).unwrap()).unwrap()
}

fn command(directory: &Path, expect: &Expect) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hsmboot"));
    command.arg("verify").arg(directory).args([
        "--output",
        "json",
        "--at",
        &expect.at,
        "--policy",
        &expect.policy,
    ]);
    command
        .arg("--aws-root")
        .arg(root(directory, "aws-root.crt"));
    command
        .arg("--manufacturer-root")
        .arg(root(directory, "manufacturer-root.crt"));
    for id in &expect.accept {
        command.args(["--accept", id]);
    }
    if let Some(reason) = &expect.reason {
        command.args(["--reason", reason]);
    }
    if expect.chains_only {
        command.arg("--chains-only");
    }
    command
}

/// A root of the fixture, elsewhere: one that lies in the bundle proves nothing, and is refused.
fn root(directory: &Path, name: &str) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("verify_command")
        .join(directory.file_name().unwrap());
    fs::create_dir_all(&place).unwrap();
    let file = place.join(format!("{name}-{:?}", std::thread::current().id()));
    fs::copy(directory.join(name), &file).unwrap();
    file
}

/// What a document says of each check that has not merely passed.
fn findings(document: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let checks = document["checks"].as_array().unwrap().iter();
    checks
        .map(|check| (text(&check["id"]), text(&check["status"])))
        .filter(|(_, status)| status != "pass")
        .collect()
}

fn expected(expect: &Expect) -> BTreeMap<String, String> {
    let lists = [
        ("fail", &expect.fail),
        ("accepted", &expect.accepted),
        ("note", &expect.note),
        ("skipped", &expect.skipped),
    ];
    lists
        .into_iter()
        .flat_map(|(status, ids)| ids.iter().map(move |id| (id.clone(), status.to_string())))
        .collect()
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn the_command_says_of_every_fixture_what_it_expects() {
    let mut surprises = Vec::new();
    for directory in kept() {
        let expect = expect(&directory);
        let name = directory
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let before = names(&directory);
        let output = command(&directory, &expect).output().unwrap();
        let Ok(document) = serde_json::from_slice::<Value>(&output.stdout) else {
            surprises.push(format!("{name}: standard output is not one JSON document"));
            continue;
        };
        let code = output.status.code().unwrap();
        if code != expect.exit {
            surprises.push(format!(
                "{name}: exit code {code}, expected {}",
                expect.exit
            ));
        }
        if document["verdict"] != expect.verdict.as_str() {
            surprises.push(format!(
                "{name}: verdict {}, expected {}",
                document["verdict"], expect.verdict
            ));
        }
        if document["checks"].is_array() && findings(&document) != expected(&expect) {
            surprises.push(format!(
                "{name}: {:?}, expected {:?}",
                findings(&document),
                expected(&expect)
            ));
        }
        if document.get("error").is_some() != (expect.exit != 0)
            || (expect.exit != 0 && document["error"]["code"] != expect.exit)
        {
            surprises.push(format!("{name}: error {}", document["error"]));
        }
        if names(&directory) != before {
            surprises.push(format!("{name}: verify has written something"));
        }
    }
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

/// The test keys are in the repository, so a private key in a bundle can be looked for in what the
/// command prints.
#[test]
fn a_private_key_is_never_echoed() {
    let directories = kept()
        .into_iter()
        .filter(|directory| directory.to_string_lossy().ends_with("--private-key"));
    let mut tried = 0;
    for directory in directories {
        let output = command(&directory, &expect(&directory)).output().unwrap();
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(
            printed.contains("private key"),
            "{}: it is not said what is there",
            directory.display()
        );
        let key = String::from_utf8(forge::keys::key_text("rsa-2048-stranger")).unwrap();
        for line in key.lines().filter(|line| !line.starts_with('-')) {
            assert!(
                !printed.contains(line),
                "{}: a line of the key is printed",
                directory.display()
            );
        }
        tried += 1;
    }
    assert!(tried >= 1, "no fixture holds a private key");
}

/// A file that came in DER has a hint whose command names it, writes to a name that nothing has,
/// and leads to the verdict.
#[test]
fn a_file_in_der_is_converted_as_the_hint_says() {
    let place = tempfile::tempdir().unwrap();
    let bundle = place.path().join("it's a bundle");
    fs::create_dir(&bundle).unwrap();
    let good = kept()
        .into_iter()
        .find(|directory| expect(directory).fail.is_empty() && !expect(directory).chains_only)
        .unwrap();
    let expect = expect(&good);
    for name in names(&good) {
        fs::copy(good.join(&name), bundle.join(&name)).unwrap();
    }
    let run = |line: &str| Command::new("sh").args(["-c", line]).status().unwrap();
    for (ending, program) in [("_HsmCertificate.crt", "x509"), ("_ClusterCsr.csr", "req")] {
        let name = names(&bundle)
            .into_iter()
            .find(|name| name.ends_with(ending))
            .unwrap();
        let (file, stem) = (
            bundle.join(&name),
            name.rsplit_once('.').unwrap().0.to_owned(),
        );
        let pem = fs::read(&file).unwrap();
        fs::write(&file, ::pem::parse(&pem).unwrap().into_contents()).unwrap();
        // The name that one would take first is taken.
        let taken = bundle.join(format!("{stem}-2.pem"));
        fs::write(&taken, "mine").unwrap();
        let mut command = command(&bundle, &expect);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(4));
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        let hint = document["error"]["hint"].as_str().unwrap().to_owned();
        let hinted = hint.split('`').nth(1).unwrap();
        assert!(
            hinted.starts_with(&format!("openssl {program} -inform DER -in ")),
            "{hint}"
        );
        assert!(run(hinted).success(), "{hint}");
        assert_eq!(fs::read_to_string(&taken).unwrap(), "mine");
        let converted = bundle.join(format!("{stem}-3.pem"));
        assert!(
            hint.contains(&format!("put {} in its place", converted.display())),
            "{hint}"
        );
        fs::rename(converted, &file).unwrap();
        fs::remove_file(taken).unwrap();
        assert_eq!(
            ::pem::parse(fs::read(&file).unwrap()).unwrap().contents(),
            ::pem::parse(&pem).unwrap().contents()
        );
    }
    assert!(command(&bundle, &expect).output().unwrap().status.success());
}

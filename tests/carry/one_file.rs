//! `x.hsmboot`: every command takes it, and nothing but a bundle's plain files is read from it.

mod archives;
mod arriving;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::{self, Bench, CLUSTER, TRUST, refusal};

const FILE: &str = "x.hsmboot";
const PACK: [&str; 4] = ["pack", "bundle", "-o", FILE];

/// A bench whose bundle is one file; the directory is gone.
fn packed() -> Bench {
    let bench = Bench::new();
    bench.run(&PACK).expect(0);
    fs::remove_dir_all(bench.path("bundle")).unwrap();
    bench
}

fn sign<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [
        &[
            "sign",
            FILE,
            "--ca",
            "customerCA.crt",
            "--ca-key",
            "customerCA.key",
        ][..],
        &TRUST,
        more,
    ]
    .concat()
}

/// A system tool, run in the bench.
fn tool(bench: &Bench, script: &str) {
    let output = Command::new("bash")
        .args(["-euc", script])
        .current_dir(bench.path(""))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{script}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn members(bench: &Bench) -> Vec<String> {
    let mut archive = tar::Archive::new(fs::File::open(bench.path(FILE)).unwrap());
    archive
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_offline_command_works_on_one_file() {
    let bench = packed();
    let verified = bench
        .run(
            &[
                &["verify", FILE, "--record", "--output", "json"][..],
                &TRUST,
            ]
            .concat(),
        )
        .expect(0)
        .json();
    assert_eq!(verified["verdict"], "verified");
    let signed = bench.run(&sign(&["--output", "json"])).expect(0).json();
    assert_eq!(
        (&signed["bundle"], &signed["verdict"]),
        (&FILE.into(), &"verified".into())
    );
    assert_eq!(
        bench
            .run(&["transcript", "verify", FILE, "--output", "json"])
            .expect(0)
            .json()["steps"],
        2
    );
    let expected = [
        "CustomerHsmCertificate.crt",
        "ClusterCsr.csr",
        "HsmCertificate.crt",
        "AwsHardwareCertificate.crt",
        "ManufacturerHardwareCertificate.crt",
    ];
    let mut expected: Vec<String> = expected
        .iter()
        .map(|name| format!("{CLUSTER}_{name}"))
        .collect();
    expected.extend(
        [
            "customerCA.crt",
            "response.json",
            "transcript.jsonl",
            "verification.json",
        ]
        .map(str::to_owned),
    );
    expected.sort();
    assert_eq!(members(&bench), expected, "in order");
    assert_eq!(
        fs::metadata(bench.path(FILE)).unwrap().permissions().mode() & 0o777,
        0o644 & bench.plain_mode()
    );
    assert_eq!(
        bench.run(&sign(&["--output", "json"])).expect(0).json()["changed"],
        false
    );
    // What a CA elsewhere has signed.
    let csr = format!("{CLUSTER}_ClusterCsr.csr");
    tool(
        &bench,
        &format!(
            "tar xf {FILE} {csr} && openssl x509 -req -days 30 -in {csr} -CA customerCA.crt -CAkey \
             customerCA.key -CAcreateserial -out signed.crt"
        ),
    );
    let import = [
        &[
            "import",
            FILE,
            "--signed-cert",
            "signed.crt",
            "--trust-anchor",
            "customerCA.crt",
            "--force",
        ][..],
        &TRUST,
    ]
    .concat();
    bench.run(&import).expect(0);
    assert_eq!(
        bench
            .run(&["transcript", "verify", FILE, "--output", "json"])
            .expect(0)
            .json()["steps"],
        3
    );
}

#[test]
fn a_judgement_is_the_same_whichever_form_the_bundle_has() {
    let bench = Bench::new();
    bench.run(&PACK).expect(0);
    let judge = |bundle: &str| {
        bench
            .run(
                &[
                    &[
                        "verify",
                        bundle,
                        "--output",
                        "json",
                        "--at",
                        "2026-06-01T00:00:00Z",
                    ][..],
                    &TRUST,
                ]
                .concat(),
            )
            .expect(0)
            .stdout
    };
    assert_eq!(judge("bundle"), judge(FILE));
    // And so is a refusal of damage, with the file's name in it.
    bench.write("bundle/request.json", "{}");
    bench
        .run(&["pack", "bundle", "-o", "damaged.hsmboot"])
        .expect(4);
    tool(
        &bench,
        "cd bundle && tar --format=ustar -cf ../damaged.hsmboot *",
    );
    bench.refused(
        &["verify", "damaged.hsmboot"],
        4,
        "bad-document",
        &["damaged.hsmboot: request.json: has no `format`"],
    );
}

#[test]
fn it_is_written_whole_or_not_at_all() {
    let bench = packed();
    let before = bench.listing();
    let run = |more: &[&str]| {
        let mut command = assert_cmd::Command::new("sh");
        let limit = "trap '' XFSZ && ulimit -f 1 && exec \"$0\" \"$@\"";
        command
            .args(["-c", limit, env!("CARGO_BIN_EXE_hsmboot")])
            .args(sign(more))
            .current_dir(bench.path(""));
        support::run(command)
    };
    let (text, json) = (run(&[]), run(&["--output", "json"]));
    refusal(&text, &json, 1, "cannot-write", &["cannot be written"]);
    assert!(
        json.json()["signed_cert"].is_null(),
        "the CA's key is not used where nothing can be written down"
    );
    assert_eq!(before, bench.listing(), "and no temporary file is left");
}

#[test]
fn a_step_leaves_out_what_a_directory_has_besides() {
    let bench = Bench::new();
    bench.write("bundle/aws-root.crt", "a root");
    bench.write("bundle/._request.json", "a Mac was here");
    let run = bench
        .run(&[&PACK[..], &["--output", "json"]].concat())
        .expect(0);
    assert_eq!(run.json()["left_out"], serde_json::json!(["aws-root.crt"]));
    assert!(
        run.stderr.contains("left out") && run.stderr.contains("aws-root.crt"),
        "{}",
        run.stderr
    );
    assert_eq!(members(&bench).len(), 4);
    bench.write("bundle/request.json", "{}");
    bench.refused(
        &[&PACK[..], &["--force"]].concat(),
        4,
        "bad-document",
        &["bundle/request.json"],
    );
}

#[test]
fn pack_replaces_no_other_file_unless_forced_and_both_want_the_right_names() {
    let bench = Bench::new();
    bench.write(FILE, "precious");
    bench.refused(
        &PACK,
        8,
        "file-exists",
        &["x.hsmboot exists and holds something else"],
    );
    assert_eq!(
        bench.hint(&PACK),
        "choose another name, or replace it with --force"
    );
    bench.run(&[&PACK[..], &["--force"]].concat()).expect(0);
    bench.refused(
        &["pack", "bundle", "-o", "x.tar"],
        2,
        "usage",
        &["must end in .hsmboot"],
    );
    bench.refused(
        &["pack", "bundle", "-o", ".hsmboot"],
        2,
        "usage",
        &["must end in .hsmboot"],
    );
    bench.refused(
        &["unpack", FILE, "y.hsmboot"],
        2,
        "usage",
        &["a directory is expected"],
    );
    bench.refused(
        &["pack", "nowhere", "-o", FILE],
        4,
        "no-bundle",
        &["there is no bundle at nowhere"],
    );
}

#[test]
fn one_file_is_said_to_be_one() {
    let bench = Bench::empty();
    bench.write(&format!("bundle/{CLUSTER}_ClusterCsr.csr"), "a CSR");
    bench.write("bundle/notes.txt", "one stranger");
    let run = bench.run(&PACK).expect(0);
    assert!(
        run.stdout.contains("\n  SHA-256 of the file "),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout
            .contains(&format!("x.hsmboot holds: 1 file of {CLUSTER}")),
        "{}",
        run.stdout
    );
    assert!(
        run.stderr
            .contains("left out, since no bundle has a file of this name: notes.txt"),
        "{}",
        run.stderr
    );
    bench.write("bundle/more.txt", "another");
    bench.write(
        &format!("bundle/{CLUSTER}_HsmCertificate.crt"),
        "a certificate",
    );
    let run = bench.run(&[&PACK[..], &["--force"]].concat()).expect(0);
    assert!(run.stdout.contains("2 files of"), "{}", run.stdout);
    assert!(
        run.stderr
            .contains("left out, since no bundle has files of these names: more.txt, notes.txt"),
        "{}",
        run.stderr
    );
}

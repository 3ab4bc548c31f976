//! Somebody who can write to a bundle, and knows what the operator is going to type, tries to be
//! taken for the owner: by what the command line leads to.

#![cfg(all(feature = "online", feature = "simulator"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub
)]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::symlink;

use serde_json::json;
use support::aws::{Call, StandIn};
use support::{Bench, CLUSTER, Run, TRUST, ca, openssl, sign};

/// A service that says of every cluster that it is there and claimed by nobody, and to
/// InitializeCluster that all is well.
fn service() -> StandIn {
    StandIn::new(
        |call: &Call| match call.target.rsplit('.').next().unwrap() {
            "DescribeClusters" => (
                200,
                json!({
                    "Clusters": [{ "ClusterId": CLUSTER, "State": "UNINITIALIZED", "Hsms": [] }],
                }),
            ),
            _ => (200, json!({ "State": "INITIALIZE_IN_PROGRESS" })),
        },
    )
}

fn online(bench: &Bench, url: &str, words: &[&str]) -> Run {
    let words = [words, &TRUST, &["--output", "json"]].concat();
    let mut command = bench.command(&words);
    command
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    support::run(command)
}

fn kind(run: &Run) -> (i32, String) {
    (
        run.code,
        run.json()["error"]["kind"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    )
}

/// A bundle that the attacker's CA has signed; `theirs/` holds that CA.
fn taken_over() -> Bench {
    let bench = Bench::new();
    bench.run(&sign(&[])).expect(0);
    fs::create_dir(bench.path("theirs")).unwrap();
    for name in ["customerCA.crt", "customerCA.key"] {
        fs::rename(bench.path(name), bench.path("theirs").join(name)).unwrap();
    }
    bench.put_ca(&ca(|_| {}));
    bench
}

#[test]
fn a_way_that_goes_through_the_bundle_names_nobody() {
    let (service, bench) = (service(), taken_over());
    fs::create_dir(bench.path("bundle/more")).unwrap();
    fs::copy(
        bench.path("theirs/customerCA.crt"),
        bench.path("bundle/more/ca.crt"),
    )
    .unwrap();
    symlink("../theirs/customerCA.crt", bench.path("bundle/ca.crt")).unwrap();
    symlink("../theirs", bench.path("bundle/ca")).unwrap();
    symlink("bundle/ca.crt", bench.path("mine.crt")).unwrap();
    symlink("mine.crt", bench.path("really-mine.crt")).unwrap();
    symlink("bundle/ca", bench.path("my-ca")).unwrap();
    for way in [
        "bundle/more/ca.crt",
        "bundle/ca.crt",
        "bundle/ca/customerCA.crt",
        "mine.crt",
        "really-mine.crt",
        "my-ca/customerCA.crt",
        "theirs/../bundle/ca.crt",
    ] {
        let submit = online(
            &bench,
            &service.url,
            &["submit", "bundle", "--ca", way, "--yes"],
        );
        assert_eq!(
            kind(&submit),
            (2, "ca-in-bundle".to_owned()),
            "{way}: {}",
            submit.stdout
        );
        let key = ["--ca-key", "theirs/customerCA.key", "--yes"];
        let bootstrap = online(
            &bench,
            &service.url,
            &[
                &[
                    "bootstrap",
                    "--cluster-id",
                    CLUSTER,
                    "--bundle",
                    "bundle",
                    "--ca",
                    way,
                ],
                &key[..],
            ]
            .concat(),
        );
        assert_eq!(
            kind(&bootstrap),
            (2, "ca-in-bundle".to_owned()),
            "{way}: {}",
            bootstrap.stdout
        );
    }
    assert!(!service.counts().contains_key("InitializeCluster"));
    // Up and out again is no way through it.
    let run = online(
        &bench,
        &service.url,
        &[
            "submit",
            "bundle",
            "--ca",
            "bundle/../customerCA.crt",
            "--yes",
        ],
    );
    assert_eq!(
        kind(&run),
        (3, "another-trust-anchor".to_owned()),
        "{}",
        run.stdout
    );
}

/// The bundle holds the attacker's certificate, and its key encrypted with this.
fn with_key(passphrase: &str) -> Bench {
    let bench = taken_over();
    fs::copy(
        bench.path("theirs/customerCA.crt"),
        bench.path("bundle/customerCA.crt"),
    )
    .unwrap();
    openssl(
        &bench.path(""),
        &format!(
            "pkcs8 -topk8 -v2 aes256 -in theirs/customerCA.key -out bundle/customerCA.key -passout \
             pass:{passphrase}"
        ),
    );
    bench
}

#[test]
fn a_passphrase_that_lies_in_the_bundle_proves_nothing() {
    let (service, bench) = (service(), with_key("theirs"));
    fs::write(bench.path("bundle/passphrase"), "theirs").unwrap();
    symlink("bundle/passphrase", bench.path("passphrase")).unwrap();
    let bootstrap = [
        "bootstrap",
        "--cluster-id",
        CLUSTER,
        "--bundle",
        "bundle",
        "--yes",
    ];
    for file in ["bundle/passphrase", "passphrase", "/dev/fd/0"] {
        let run = match file {
            "/dev/fd/0" => {
                let words = [
                    &bootstrap[..],
                    &["--passphrase-fd", "0", "--output", "json"],
                    &TRUST,
                ]
                .concat();
                let mut command = bench.command(&words);
                command
                    .env("AWS_ENDPOINT_URL", &service.url)
                    .env("AWS_REGION", "us-east-1")
                    .env("AWS_EC2_METADATA_DISABLED", "true");
                // The standard library makes a pipe of what a test writes: a shell opens the file.
                let line = words
                    .iter()
                    .map(|word| format!("'{word}'"))
                    .collect::<Vec<_>>()
                    .join(" ");
                let mut shell = assert_cmd::Command::new("sh");
                shell
                    .args([
                        "-c",
                        &format!(
                            "{} {line} < bundle/passphrase",
                            env!("CARGO_BIN_EXE_hsmboot")
                        ),
                    ])
                    .current_dir(bench.path(""));
                shell
                    .env("AWS_ENDPOINT_URL", &service.url)
                    .env("AWS_REGION", "us-east-1")
                    .env("AWS_EC2_METADATA_DISABLED", "true");
                support::run(shell)
            }
            file => online(
                &bench,
                &service.url,
                &[&bootstrap[..], &["--passphrase-file", file]].concat(),
            ),
        };
        assert_eq!(
            kind(&run),
            (3, "owner-not-proven".to_owned()),
            "{file}: {}",
            run.stdout
        );
    }
    assert!(!service.counts().contains_key("InitializeCluster"));
    // The operator's own passphrase, which happens to open it, does.
    fs::remove_file(bench.path("passphrase")).unwrap();
    bench.write("passphrase", "theirs");
    let run = online(
        &bench,
        &service.url,
        &[
            &bootstrap[..],
            &["--passphrase-file", "passphrase", "--timeout", "1"],
        ]
        .concat(),
    );
    assert_ne!(kind(&run).1, "owner-not-proven", "{}", run.stdout);
}

#[test]
fn an_empty_passphrase_proves_nothing() {
    let (service, bench) = (service(), with_key(""));
    let words = [
        "bootstrap",
        "--cluster-id",
        CLUSTER,
        "--bundle",
        "bundle",
        "--yes",
        "--region",
        "us-east-1",
        "--endpoint-url",
        &service.url,
    ];
    let line = [&[env!("CARGO_BIN_EXE_hsmboot")], &words[..], &TRUST]
        .concat()
        .join(" ");
    let mut child = support::terminal::terminal(&line)
        .current_dir(bench.path(""))
        .spawn()
        .unwrap();
    let (mut keys, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    // What is typed before the prompt is thrown away.
    let (mut screen, mut byte) = (Vec::new(), [0]);
    while !String::from_utf8_lossy(&screen).contains("customerCA.key: ") {
        assert_ne!(
            output.read(&mut byte).unwrap(),
            0,
            "{}",
            String::from_utf8_lossy(&screen)
        );
        screen.extend(byte);
    }
    keys.write_all(b"\n").unwrap();
    keys.flush().unwrap();
    output.read_to_end(&mut screen).unwrap();
    let (screen, code) = (
        String::from_utf8_lossy(&screen).into_owned(),
        child.wait().unwrap().code().unwrap(),
    );
    assert_eq!(code, 3, "{screen}");
    assert!(
        screen.contains("nothing proves that the CA in the bundle is yours"),
        "{screen}"
    );
}

/// A region becomes a part of the name of the host that is called, with the operator's credentials.
#[test]
fn a_region_in_a_bundle_names_no_host_and_is_not_obeyed() {
    for region in [
        "attacker.invalid/",
        "attacker.invalid:443/x",
        "x@attacker.invalid/",
        "us-east-1.attacker.invalid/?",
        "..",
        "x\n\u{1b}[2JFORGED verified",
    ] {
        let bench = taken_over();
        let request = json!({
            "format": "hsmboot-request/1", "cluster_id": CLUSTER, "region": region,
            "state": "UNINITIALIZED", "hsms": [], "fetched_at": "2026-01-01T00:00:00Z",
            "tool": "hsmboot", "files": {},
        });
        fs::write(bench.path("bundle/request.json"), request.to_string()).unwrap();
        fs::remove_file(bench.path("bundle/transcript.jsonl")).unwrap();
        let words = [
            "submit",
            "bundle",
            "--ca",
            "theirs/customerCA.crt",
            "--yes",
            "--timeout",
            "5",
        ];
        let mut command = bench.command(&[&words[..], &TRUST].concat());
        command
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test");
        let run = support::run(command);
        assert!(
            run.stderr.contains("no AWS region is set") && run.stderr.contains("left aside"),
            "{region}: {}",
            run.stderr
        );
        assert!(
            !run.stderr.contains('\u{1b}')
                && !run.stderr.lines().any(|line| line.starts_with("FORGED")),
            "{}",
            run.stderr
        );
    }
}

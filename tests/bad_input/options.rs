//! Command lines that are wrong: 2, before anything is read.

use crate::support::{Bench, sign, verify};

fn refused(bench: &Bench, args: &[&str], kind: &str, words: &[&str]) {
    let before = bench.listing();
    let json = bench.run(&[args, &["--output", "json"]].concat());
    let text = bench.run(args);
    assert_eq!(before, bench.listing());
    crate::support::refusal(&text, &json, 2, kind, words);
}

#[test]
fn what_cannot_be_waived() {
    let bench = Bench::new();
    for id in [
        "pem.csr",
        "csr.key",
        "aws.signature",
        "role.aws-hardware",
        "ca-profile.aws-hardware",
        "anchors.source",
        "algorithm.hsm",
    ] {
        refused(
            &bench,
            &verify(&["--reason", "x", "--accept", id]),
            "usage",
            &[id, "cannot be accepted", "validity.hsm"],
        );
        refused(
            &bench,
            &sign(&["--reason", "x", "--accept", id]),
            "usage",
            &[id],
        );
    }
    for id in ["", "nothing", "validity.csr", "VALIDITY.HSM", "validity.*"] {
        refused(
            &bench,
            &verify(&["--reason", "x", "--accept", id]),
            "usage",
            &["--accept"],
        );
    }
}

#[test]
fn a_waiver_without_its_reason_and_a_reason_for_nothing() {
    let bench = Bench::new();
    for more in [
        &["--accept", "validity.hsm"][..],
        &["--accept", "validity.hsm", "--reason", ""],
        &["--accept", "validity.hsm", "--reason", " \t"],
    ] {
        refused(&bench, &verify(more), "reason-missing", &["need a reason"]);
        refused(&bench, &sign(more), "reason-missing", &["need a reason"]);
    }
    refused(
        &bench,
        &sign(&["--unverified"]),
        "reason-missing",
        &["need a reason"],
    );
    refused(
        &bench,
        &verify(&["--reason", "x"]),
        "reason-for-nothing",
        &["--reason"],
    );
    refused(
        &bench,
        &sign(&["--reason", "x"]),
        "reason-for-nothing",
        &["--reason"],
    );
}

#[test]
fn two_sources_of_a_passphrase() {
    let bench = Bench::new();
    let sources = [
        ["--passphrase-file", "f"],
        ["--passphrase-fd", "0"],
        ["--passphrase-env", "E"],
    ];
    for (one, other) in [(0, 1), (1, 2), (0, 2), (0, 0)] {
        let more: &'static [&'static str] = [sources[one], sources[other]].concat().leak();
        refused(&bench, &sign(more), "usage", &["cannot be used"]);
    }
    let init = [
        "ca",
        "init",
        "--out",
        "new",
        "--subject",
        "CN=x",
        "--no-passphrase",
        "--passphrase-fd",
        "0",
    ];
    refused(&bench, &init, "usage", &["cannot be used with"]);
}

/// A passphrase on the command line could be read by every user of the machine.
#[test]
fn a_passphrase_on_the_command_line() {
    let bench = Bench::new();
    for more in [
        &["--passphrase", "hunter2"][..],
        &["--pass", "hunter2"],
        &["--passphrase=hunter2"],
    ] {
        refused(&bench, &sign(more), "usage", &["unexpected argument"]);
    }
}

#[test]
fn values_that_are_none() {
    let bench = Bench::new();
    let init = |more: &[&'static str]| {
        [
            &[
                "ca",
                "init",
                "--out",
                "new",
                "--subject",
                "CN=x",
                "--no-passphrase",
            ],
            more,
        ]
        .concat()
    };
    for (args, word) in [
        (sign(&["--days", "0"]), "--days"),
        (sign(&["--days", "36526"]), "--days"),
        (sign(&["--days", "-1"]), "-1"),
        (sign(&["--days", "ten"]), "--days"),
        (init(&["--days", "99999999999"]), "--days"),
        (init(&["--key-type", "rsa-1024"]), "rsa-1024"),
        (verify(&["--at", "yesterday"]), "--at"),
        (verify(&["--at", "2026-01-01"]), "--at"),
        (verify(&["--at", "2026-13-01T00:00:00Z"]), "--at"),
        (verify(&["--at", ""]), "--at"),
        (verify(&["--policy", "lax"]), "--policy"),
        (verify(&["--output", "xml"]), "--output"),
        (sign(&["--passphrase-fd", "-1"]), "(withheld)"),
        (sign(&["--at", "2026-01-01T00:00:00Z"]), "--at"),
        (vec!["verify"], "<DIR>"),
        (vec!["ca", "show", "a", "b"], "'b'"),
        (vec!["sign", "bundle"], "--ca"),
        (vec!["check", "--csr", "x"], "--signed-cert"),
        (vec!["ca"], "init"),
        (vec!["nonsense"], "nonsense"),
        (vec!["--nonsense"], "--nonsense"),
        (vec![], "verify"),
    ] {
        let before = bench.listing();
        let text = bench.run(&args).expect(2);
        assert!(
            text.stdout.is_empty() && text.stderr.contains(word),
            "{args:?}: {}",
            text.stderr
        );
        if !args.contains(&"--output") {
            let json = bench
                .run(&[&["--output", "json"], &args[..]].concat())
                .expect(2)
                .json();
            assert_eq!(
                (
                    json["error"]["code"].as_i64(),
                    json["error"]["kind"].as_str()
                ),
                (Some(2), Some("usage")),
                "{args:?}"
            );
        }
        assert_eq!(before, bench.listing());
    }
}

/// Keys that are not in a file are known by their scheme, and refused before anything else is
/// looked at.
#[test]
fn keys_that_are_not_in_a_file() {
    let bench = Bench::new();
    let with = |key: &'static str| vec!["sign", "nowhere", "--ca", "nowhere", "--ca-key", key];
    let unsupported = [
        "pkcs11:token=x",
        "PKCS11:token=x",
        "awskms:arn:aws:kms:eu-west-1:111122223333:key/x",
    ];
    let has = |key: &str| match key.to_lowercase() {
        key if key.starts_with("pkcs11:") => cfg!(feature = "pkcs11"),
        _ => cfg!(feature = "awskms"),
    };
    for key in unsupported.into_iter().filter(|key| !has(key)) {
        refused(&bench, &with(key), "key-kind-unsupported", &["--ca-key"]);
    }
    refused(&bench, &with(""), "usage", &["--ca-key"]);
}

/// On the command line a wrong id is a wrong command line; in a bundle it is bad input.
#[test]
#[cfg(feature = "online")]
fn a_cluster_id_that_is_none() {
    let bench = Bench::new();
    for id in [
        "cluster-../../x",
        "cluster-abc",
        "cluster-abc234defg1",
        "../bundle",
        "",
        "cluster-abc234defgh/",
        "CLUSTER-abc234defgh",
    ] {
        for more in [
            &["fetch"][..],
            &["status"],
            &["wait", "--for", "ACTIVE"],
            &["bootstrap"],
        ] {
            refused(
                &bench,
                &[more, &["--cluster-id", id, "--region", "eu-west-1"]].concat(),
                "usage",
                &["--cluster-id"],
            );
        }
    }
}

#[test]
fn each_way_to_call_a_command_has_a_line_of_its_own() {
    let bench = Bench::new();
    for command in ["sign", "import", "check"] {
        let run = bench.run(&[command, "bundle"]);
        assert_eq!(run.code, 2, "{}", run.stderr);
        assert!(!run.stderr.contains("\\u{"), "{}", run.stderr);
    }
    #[cfg(feature = "awskms")]
    {
        let run = bench.run(&["sign", "bundle"]);
        let second = "\n       hsmboot sign [OPTIONS] --ca-arn <ARN> <DIR>...\n";
        assert!(run.stderr.contains(second), "{}", run.stderr);
    }
}

#[test]
fn what_a_wrong_command_line_is_about_stands_in_fields() {
    let bench = Bench::new();
    let facts = |args: &[&str]| {
        let done = bench.run(&[args, &["--output", "json"]].concat());
        let document: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
        document["error"]["facts"].clone()
    };
    let of = |option: &str, found: &str| serde_json::json!({ "option": option, "found": found });
    let init = |more: &[&'static str]| [&["ca", "init", "--out", "new"], more].concat();
    for (args, expected) in [
        (
            verify(&["--accept", "csr.key"]),
            serde_json::json!({
                "option": "--accept",
                "found": "csr.key",
                "cause": "a failure of csr.key cannot be accepted; these can: validity.hsm, \
                          validity.aws-hardware, validity.manufacturer-hardware, \
                          extensions.hsm, extensions.aws-hardware, \
                          extensions.manufacturer-hardware",
            }),
        ),
        (
            verify(&["--frobnicate"]),
            serde_json::json!({ "option": "--frobnicate" }),
        ),
        (
            init(&["--subject", "CN=A", "--key-type", "dsa"]),
            serde_json::json!({
                "option": "--key-type",
                "found": "dsa",
                "cause": "`dsa` is not a key type: one of rsa-4096, rsa-3072, rsa-2048, p256, \
                          p384",
            }),
        ),
        (
            ["roots", "--color", "sometimes"].to_vec(),
            serde_json::json!({
                "option": "--color",
                "found": "sometimes",
                "allowed": ["auto", "always", "never"],
            }),
        ),
        (
            ["ca", "init", "--subject", "CN=A"].to_vec(),
            serde_json::json!({ "missing": ["--out"] }),
        ),
        (
            init(&[
                "--subject",
                "CN=A",
                "--no-passphrase",
                "--passphrase-fd",
                "3",
            ]),
            serde_json::json!({
                "option": "--no-passphrase",
                "conflicts_with": [
                    "--passphrase-file",
                    "--passphrase-fd",
                    "--passphrase-env",
                    "--passphrase-command",
                ],
            }),
        ),
        (
            ["ca", "forge"].to_vec(),
            serde_json::json!({ "found": "forge", "allowed": ["init", "show"] }),
        ),
        (
            ["ca"].to_vec(),
            serde_json::json!({ "allowed": ["init", "show"] }),
        ),
        (init(&["--subject", "nobody"]), of("--subject", "nobody")),
        (
            init(&["--subject", "CN=A", "--ca-key", "awskms:"]),
            of("--ca-key", "awskms:"),
        ),
    ] {
        assert_eq!(facts(&args), expected, "{args:?}");
    }
}

//! CAs that cannot sign: 5, before anything is signed or written.

use rcgen::{CertificateParams, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd};

use crate::support::{Bench, Ca, ca, ca_params, openssl, sign};

const SECRET: &str = "correct horse";

fn refused(change: impl FnOnce(&mut CertificateParams), words: &[&str]) {
    let bench = Bench::new();
    bench.put_ca(&ca(change));
    bench.refused(&sign(&[]), 5, "trust-anchor-refused", words);
    // No reason goes round it: CloudHSM would refuse it.
    bench.refused(
        &sign(&["--unverified", "--reason", "a test"]),
        5,
        "trust-anchor-refused",
        words,
    );
    bench.run(&["ca", "show", "customerCA.crt"]).expect(0);
}

#[test]
fn an_expired_ca() {
    refused(
        |params| params.not_after = date_time_ymd(2001, 2, 3),
        &[
            "check.validity.trust-anchor",
            "was valid until 2001-02-03T00:00:00Z",
        ],
    );
}

#[test]
fn a_ca_that_is_not_valid_yet() {
    refused(
        |params| params.not_before = date_time_ymd(4000, 1, 1),
        &[
            "check.validity.trust-anchor",
            "valid from 4000-01-01T00:00:00Z",
        ],
    );
}

#[test]
fn a_certificate_that_is_no_cas() {
    refused(
        |params| params.is_ca = IsCa::ExplicitNoCa,
        &[
            "check.trust-anchor.basic-constraints",
            "CA:FALSE, expected CA:TRUE",
        ],
    );
    refused(
        |params| params.is_ca = IsCa::NoCa,
        &[
            "check.trust-anchor.basic-constraints",
            "no basicConstraints",
        ],
    );
    let other = vec![KeyUsagePurpose::DigitalSignature];
    refused(
        |params| params.key_usages = other,
        &[
            "check.trust-anchor.key-usage",
            "digitalSignature, expected keyCertSign",
        ],
    );
}

#[test]
fn a_ca_that_is_not_self_signed() {
    let bench = Bench::new();
    let (root, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let issuer = rcgen::Issuer::new(ca_params(), &root);
    let mut params = ca_params();
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, "Test intermediate CA");
    let intermediate = params.signed_by(&key, &issuer).unwrap().pem();
    bench.put_ca(&Ca {
        cert: intermediate.clone(),
        key: key.serialize_pem(),
    });
    bench.refused(
        &sign(&[]),
        5,
        "trust-anchor-refused",
        &[
            "check.trust-anchor.self-issued",
            "check.trust-anchor.self-signed",
        ],
    );
    // With its root after it, it is a chain, and taken; the other way round it is not.
    let root = ca_params().self_signed(&root).unwrap().pem();
    bench.write("customerCA.crt", format!("{root}{intermediate}"));
    bench.refused(
        &sign(&[]),
        5,
        "trust-anchor-refused",
        &[
            "check.trust-anchor.chain-order",
            "wrong order",
            "here that is 2, 1",
        ],
    );
    bench.write("customerCA.crt", format!("{intermediate}{root}"));
    bench.run(&sign(&[])).expect(0);
}

#[test]
fn a_ca_of_an_algorithm_that_cloudhsm_refuses() {
    for (args, word) in [
        (
            "req -x509 -newkey rsa:1024 -nodes -subj /CN=weak -days 36500 -keyout customerCA.key \
             -out customerCA.crt",
            "RSA",
        ),
        (
            "req -x509 -newkey rsa:2048 -sha1 -nodes -subj /CN=weak -days 36500 -keyout \
             customerCA.key -out customerCA.crt",
            "SHA-1",
        ),
        (
            "req -x509 -newkey ed25519 -nodes -subj /CN=weak -days 36500 -keyout customerCA.key \
             -out customerCA.crt",
            "check.algorithm.trust-anchor",
        ),
        (
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:secp256k1 -nodes -subj /CN=weak -days \
             36500 -keyout customerCA.key -out customerCA.crt",
            "check.algorithm.trust-anchor",
        ),
    ] {
        let bench = Bench::new();
        openssl(&bench.path(""), args);
        let refusal = bench.refused(&sign(&[]), 5, "trust-anchor-refused", &[word]);
        // It did: under an algorithm that does not count. What was not judged is not said to be
        // wrong.
        assert!(!refusal.contains("did not sign"), "{refusal}");
    }
}

#[test]
fn a_key_that_is_not_the_cas() {
    let bench = Bench::new();
    bench.write("customerCA.key", ca(|_| {}).key);
    bench.refused(
        &sign(&[]),
        5,
        "ca-key-mismatch",
        &[
            "the CA key is not the CA certificate's",
            "certificate SHA-256 of its key",
            "CA key      SHA-256",
        ],
    );
}

#[test]
fn certificate_and_key_swapped() {
    let bench = Bench::new();
    std::fs::rename(bench.path("customerCA.crt"), bench.path("aside")).unwrap();
    std::fs::rename(bench.path("customerCA.key"), bench.path("customerCA.crt")).unwrap();
    std::fs::rename(bench.path("aside"), bench.path("customerCA.key")).unwrap();
    bench.refused(&sign(&[]), 4, "malformed", &["private key"]);
    bench.put_ca(&ca(|_| {}));
    std::fs::copy(bench.path("customerCA.crt"), bench.path("customerCA.key")).unwrap();
    bench.refused(&sign(&[]), 4, "ca-key-not-a-key", &["certificate"]);
}

fn encrypted() -> Bench {
    let bench = Bench::new();
    openssl(
        &bench.path(""),
        &format!(
            "pkcs8 -topk8 -in customerCA.key -iter 2048 -passout pass:{} -out encrypted",
            SECRET.replace(' ', "")
        ),
    );
    std::fs::rename(bench.path("encrypted"), bench.path("customerCA.key")).unwrap();
    bench
}

#[test]
fn a_wrong_passphrase() {
    let bench = encrypted();
    bench.write("passphrase", "not it\n");
    let message = bench.refused(
        &sign(&["--passphrase-file", "passphrase"]),
        5,
        "wrong-passphrase",
        &["customerCA.key", "wrong passphrase"],
    );
    assert!(!message.contains("not it"));
}

#[test]
fn a_passphrase_file_that_others_can_read_is_warned_of_once() {
    let bench = encrypted();
    let file = bench.write("passphrase", format!("{}\n", SECRET.replace(' ', "")));
    std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let run = bench
        .run(&sign(&["--passphrase-file", "passphrase"]))
        .expect(0);
    assert_eq!(
        run.stderr.matches("is open to others").count(),
        1,
        "{}",
        run.stderr
    );
}

#[test]
fn no_passphrase_where_one_is_needed() {
    let bench = encrypted();
    bench.write("empty", "");
    for (more, kind, word) in [
        (&["--passphrase-file", "empty"], "no-passphrase", "empty"),
        (
            &["--passphrase-file", "./nowhere"],
            "passphrase-unreadable",
            "nowhere",
        ),
        (
            &["--passphrase-file", "bundle"],
            "passphrase-unreadable",
            "directory",
        ),
        (
            &["--passphrase-file", "/dev/zero"],
            "passphrase-unreadable",
            "1023",
        ),
        (&["--passphrase-env", "NOT_SET"], "no-passphrase", "NOT_SET"),
        (&["--passphrase-fd", "99"], "passphrase-unreadable", "99"),
        (
            &["--passphrase-command", "echo right; exit 3"],
            "passphrase-unreadable",
            "ended with 3",
        ),
        (
            &["--passphrase-command", "kill -9 $$"],
            "passphrase-unreadable",
            "a signal",
        ),
        (
            &["--passphrase-command", "yes | tr -d '\\n' | head -c 4000"],
            "passphrase-unreadable",
            "1023",
        ),
        (
            &["--passphrase-command", "true"],
            "no-passphrase",
            "is empty",
        ),
    ] {
        bench.refused(&sign(more), 5, kind, &[word]);
        let init = [
            &[
                "ca",
                "init",
                "--out",
                "new",
                "--subject",
                "CN=x",
                "--key-type",
                "p256",
            ][..],
            more,
        ]
        .concat();
        bench.refused(&init, 5, kind, &[word]);
    }
}

/// In a session without a terminal: `setsid` makes one.
#[test]
fn no_terminal_to_ask_at() {
    let bench = encrypted();
    let run = |json: &[&'static str]| {
        let mut command = assert_cmd::Command::new("setsid");
        command
            .arg("-w")
            .arg(env!("CARGO_BIN_EXE_hsmboot"))
            .args(sign(json))
            .current_dir(bench.path(""));
        crate::support::run(command)
    };
    let before = bench.listing();
    let words = [
        "customerCA.key is encrypted",
        "there is no terminal to ask at",
    ];
    crate::support::refusal(
        &run(&[]),
        &run(&["--output", "json"]),
        5,
        "no-passphrase",
        &words,
    );
    assert_eq!(before, bench.listing());
}

/// What can fail cheaply comes first: names that are taken are found before a passphrase is asked
/// for.
#[test]
fn taken_names_are_found_before_the_key_is_opened() {
    let bench = encrypted();
    bench.write("bundle/customerCA.crt", "another");
    let args = sign(&["--passphrase-file", "./nowhere"]);
    bench.refused(
        &args,
        8,
        "file-exists",
        &["customerCA.crt exists and holds something else"],
    );
    let init = [
        "ca",
        "init",
        "--subject",
        "CN=x",
        "--passphrase-file",
        "nowhere",
        "--out",
    ];
    bench.refused(
        &[&init[..], &["."]].concat(),
        8,
        "file-exists",
        &["customerCA.key exists"],
    );
    bench.refused(
        &[&init[..], &["aws-root.crt"]].concat(),
        4,
        "not-a-directory",
        &["aws-root.crt is not a directory"],
    );
    bench.refused(
        &[&init[..], &["aws-root.crt/below"]].concat(),
        4,
        "not-a-directory",
        &["is not a directory"],
    );
    // And so is a place where nothing can be written: not even root makes a directory in there.
    bench.refused(
        &[&init[..], &["/proc/hsmboot"]].concat(),
        1,
        "cannot-write",
        &["/proc/hsmboot cannot be written"],
    );
    std::fs::create_dir_all(bench.path("taken/customerCA.crt")).unwrap();
    bench.refused(
        &[&init[..], &["taken", "--force"]].concat(),
        8,
        "file-exists",
        &["taken/customerCA.crt is a directory"],
    );
}

#[test]
fn subjects_that_are_none() {
    let bench = Bench::new();
    let long: &'static str = format!("CN={}", "x".repeat(10_000)).leak();
    for subject in [
        "",
        "x",
        "/CN",
        "CN=a/O=b",
        "CN=",
        "CN=a,",
        "CN=\u{1b}[2J,zz",
        long,
    ] {
        let args = [
            "ca",
            "init",
            "--out",
            "new",
            "--no-passphrase",
            "--key-type",
            "p256",
            "--subject",
            subject,
        ];
        bench.refused(&args, 2, "bad-subject", &[]);
    }
}

/// The option of one passphrase does not give the other.
#[test]
fn the_issuers_passphrase_has_its_own_options_and_its_key_signs_no_second_ca() {
    let under = |more: &[&'static str]| {
        let words = ["ca", "init", "--out", "under", "--subject", "CN=Under"];
        let issuer = [
            "--issuer",
            "customerCA.crt",
            "--issuer-key",
            "customerCA.key",
        ];
        [&words[..], &issuer, more].concat()
    };
    let bench = encrypted();
    bench.write("pass", "five unlike quiet herons\n");
    let refused = bench.run(&under(&["--passphrase-file", "pass", "--output", "json"]));
    let hint = refused.expect(5).json()["error"]["hint"].to_string();
    assert!(hint.contains("--issuer-passphrase-file"), "{hint}");
    let same = under(&["--ca-key", "customerCA.key"]);
    Bench::new().refused(&same, 2, "usage", &["the key of a CA above it"]);
}

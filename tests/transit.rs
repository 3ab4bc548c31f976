//! The bundle on its way: fingerprints that two people compare, a certificate that another CA made,
//! and the transcript of it all.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub
)]

#[path = "transit/imported.rs"]
mod imported;
#[path = "transit/mixed.rs"]
mod mixed;
mod support;
#[path = "transit/transcripts.rs"]
mod transcripts;

use std::fs;

use support::{Bench, CLUSTER, TRUST};

const CA: [&str; 4] = ["--ca", "customerCA.crt", "--ca-key", "customerCA.key"];

fn sign<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["sign", "bundle"][..], &CA, &TRUST, more].concat()
}

fn fingerprint(bench: &Bench) -> String {
    let signed = bench
        .run(&[&sign(&["--force"])[..], &["--output", "json"]].concat())
        .expect(0)
        .json();
    signed["request_fingerprint"].as_str().unwrap().to_owned()
}

#[test]
fn a_request_of_another_fingerprint_is_not_signed() {
    let shown = fingerprint(&Bench::new());
    assert_eq!(
        shown.split(' ').map(str::len).collect::<Vec<_>>(),
        [5; 6],
        "{shown}"
    );
    // Every bench has another chain: what was read out for one does not fit the other.
    let bench = Bench::new();
    let other = shown.replace('1', "2").replace('0', "1");
    let own = fingerprint(&bench);
    bench.refused(
        &sign(&["--force", "--expect", &other]),
        3,
        "another-fingerprint",
        &[
            "this is not the request that was sent",
            "of its fingerprint are others",
        ],
    );
    // One group misheard is told from another request; what would be right is not.
    let misheard = format!(
        "{:05}{}",
        (own[..5].parse::<u32>().unwrap() + 1) % 100_000,
        &own[5..]
    );
    let message = bench.refused(
        &sign(&["--force", "--expect", &misheard]),
        3,
        "another-fingerprint",
        &["group 1 of the 6"],
    );
    assert!(
        !message.contains(&own[..5]) && !message.contains(&own[6..11]),
        "{message}"
    );
    let own = fingerprint(&bench);
    let typed = own.replace(' ', "-");
    let answer = bench
        .run(
            &[
                &sign(&["--force", "--expect", &typed])[..],
                &["--output", "json"],
            ]
            .concat(),
        )
        .expect(0)
        .json();
    assert_eq!(
        (
            answer["request_compared"].clone(),
            answer["request_fingerprint"].clone()
        ),
        (true.into(), own.into())
    );
    // As a shell splits what is not quoted.
    let unquoted = bench
        .run(&sign(&["--force", "--expect", "12345"]))
        .expect(2);
    assert!(
        unquoted.stderr.contains("between quotation marks"),
        "{}",
        unquoted.stderr
    );
}

/// As with the variables of AWS: a variable that is set to nothing is not set.
#[test]
fn an_empty_variable_names_no_operator_and_an_empty_option_is_refused() {
    let bench = Bench::new();
    let verify = [&["verify", "bundle", "--record"][..], &TRUST].concat();
    let with = |variable: &str, more: &[&str]| {
        let mut command = bench.command(&[&verify[..], more].concat());
        command.env("HSMBOOT_OPERATOR", variable);
        support::run(command)
    };
    let empty = with("", &["--operator", ""]).expect(2);
    assert!(
        empty.stderr.contains("a name is expected"),
        "{}",
        empty.stderr
    );
    with("Ada", &["--operator", ""]).expect(2);
    with(" ", &[]).expect(2);
    with("", &[]).expect(0);
    let steps = bench
        .run(&["transcript", "show", "bundle", "--output", "json"])
        .expect(0)
        .json();
    assert!(steps["steps"][0]["operator"].is_null(), "{steps:#}");
    let bench = Bench::new();
    let mut command = bench.command(&[&verify[..], &["--operator", "Grace"]].concat());
    command.env("HSMBOOT_OPERATOR", "");
    support::run(command).expect(0);
    let steps = bench
        .run(&["transcript", "show", "bundle", "--output", "json"])
        .expect(0)
        .json();
    assert_eq!(steps["steps"][0]["operator"], "Grace");
}

#[cfg(feature = "pkcs11")]
#[test]
fn an_empty_variable_names_no_module() {
    let bench = Bench::new();
    let with = |words: &[&str]| {
        let mut command = bench.command(words);
        command.env("HSMBOOT_PKCS11_MODULE", "");
        support::run(command)
    };
    with(&sign(&[])).expect(0);
    let missing = with(&[
        "ca",
        "init",
        "--out",
        "new",
        "--subject",
        "CN=A",
        "--ca-key",
        "pkcs11:token=a",
        "--output",
        "json",
    ])
    .expect(2)
    .json();
    assert_eq!(
        missing["error"]["kind"], "token-module-missing",
        "{missing:#}"
    );
    with(&sign(&["--pkcs11-module", ""])).expect(2);
}

/// Runs the program on a terminal, where somebody types this. Its screen and its exit code.
fn on_a_terminal(bench: &Bench, words: &[&str], typed: &str) -> (String, i32) {
    bench.on_a_terminal(
        &format!("'{}' {}", env!("CARGO_BIN_EXE_hsmboot"), words.join(" ")),
        typed,
    )
}

#[test]
fn on_a_terminal_the_fingerprint_is_asked_for() {
    let bench = Bench::new();
    let before = bench.listing();
    let (screen, code) = on_a_terminal(&bench, &sign(&[]), "00000 00000 00000 00000 00000 00000\n");
    assert_eq!(code, 3, "{screen}");
    let shown = bench.run(&["ca", "show", "customerCA.crt", "--output", "json"]);
    let code_of_ca = shown.json()["code"].as_str().unwrap().to_owned();
    assert!(screen.contains(&format!("code {code_of_ca}")), "{screen}");
    assert!(
        screen.contains("fingerprint of the request, as `hsmboot fetch` printed it")
            && screen.contains("not the request that was sent"),
        "{screen}"
    );
    let (screen, code) = on_a_terminal(&bench, &sign(&[]), "what?\n\u{4}");
    assert_eq!(code, 3, "{screen}");
    assert!(
        screen.contains("there are 30 digits") && screen.contains("nothing was done"),
        "{screen}"
    );
    assert_eq!(before, bench.listing(), "nothing was written");

    // A log of what is said leaves nobody unasked.
    let (screen, code) = on_a_terminal(
        &bench,
        &sign(&["2>log"]),
        "00000 00000 00000 00000 00000 00000\n",
    );
    assert!(
        code == 3 && screen.contains("fingerprint of the request, as"),
        "{code}: {screen}"
    );
    fs::remove_file(bench.path("log")).unwrap();
    assert_eq!(before, bench.listing());

    let (screen, code) = on_a_terminal(&bench, &sign(&[]), "skip\n");
    assert_eq!(code, 0, "{screen}");
    assert!(
        screen.contains("nobody compared the request's fingerprint"),
        "{screen}"
    );
    let own = fingerprint(&bench);
    let (screen, code) = on_a_terminal(&bench, &sign(&["--force"]), &format!("{own}\n"));
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains(", as expected"), "{screen}");
}

/// What is about to be signed stands there before the question, and the question offers no way
/// round itself. The fingerprint that was found is not shown: it would be given as the answer.
#[test]
fn what_is_to_be_signed_is_shown_before_anything_is_asked() {
    let bench = Bench::new();
    let own = fingerprint(&bench);
    let signed = [
        "bundle/response.json",
        "bundle/verification.json",
        "bundle/transcript.jsonl",
        "bundle/customerCA.crt",
    ];
    let unsign = || {
        fs::rename(
            bench.part("CustomerHsmCertificate.crt"),
            bench.path("signed.crt"),
        )
        .unwrap();
        for file in signed {
            fs::remove_file(bench.path(file)).unwrap();
        }
    };
    unsign();
    let wrong = "00000 00000 00000 00000 00000 00000\n";
    let import = [
        &["import", "bundle", "--signed-cert", "signed.crt"][..],
        &["--trust-anchor", "customerCA.crt"],
        &TRUST[..],
    ]
    .concat();
    let check = |words: &[&str], question: &str, said: &[&str]| {
        let (screen, code) = on_a_terminal(&bench, words, wrong);
        assert_eq!(code, 3, "{screen}");
        let before = screen.split(question).next().unwrap();
        assert!(before.len() < screen.len(), "{screen}");
        for words in said {
            assert!(before.contains(words), "{words}: {screen}");
        }
        assert!(
            !screen.contains("skip") && !screen.contains(&own),
            "{screen}"
        );
    };
    let both = [
        CLUSTER,
        "verified against roots you gave",
        "CA        CN=",
        "SHA-256 ",
        "ends ",
        "_CustomerHsmCertificate.crt",
        "bundle/customerCA.crt",
        "bundle/response.json",
        "bundle/transcript.jsonl",
    ];
    let question = "fingerprint of the request, as `hsmboot fetch` printed it: ";
    let signs = [
        &["about to sign the CSR of ", "valid     until 20"][..],
        &both,
    ]
    .concat();
    check(&sign(&[]), question, &signs);
    let key_asked = [&sign(&[])[..], &["--passphrase-env", "NOT_SET"]].concat();
    check(&key_asked, question, &signs);

    // The same of a certificate that a CA elsewhere made, and of several bundles.
    let takes = [&["about to take over a certificate"][..], &both].concat();
    check(&import, question, &takes);

    let second = bench.path("second");
    fs::create_dir(&second).unwrap();
    for file in fs::read_dir(bench.path("bundle")).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        let name = name.replace(CLUSTER, "cluster-hsmboot2222");
        fs::copy(file.path(), second.join(name)).unwrap();
    }
    let several = [&sign(&[])[..], &["second"]].concat();
    let said = [
        "about to sign the CSRs of 2 clusters",
        "cluster-hsmboot2222",
        "verified against roots you gave",
        "CA        CN=",
    ];
    let (screen, code) = on_a_terminal(&bench, &several, "no\n");
    let before = screen.split("do all agree (yes)? ").next().unwrap();
    assert!(code == 3 && before.len() < screen.len(), "{screen}");
    for words in said {
        assert!(before.contains(words), "{words}: {screen}");
    }
}

//! The bundle on its way: fingerprints that two people compare, a certificate that another CA made,
//! and the transcript of it all.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub
)]

mod support;

use std::fs;

use hsmboot::x509::{sha256, to_hex};
use support::{Bench, CLUSTER, TRUST, openssl};

const TRANSCRIPT: &str = "bundle/transcript.jsonl";
const CA: [&str; 4] = ["--ca", "customerCA.crt", "--ca-key", "customerCA.key"];
const IMPORT: [&str; 6] = [
    "import",
    "bundle",
    "--signed-cert",
    "signed.crt",
    "--trust-anchor",
    "customerCA.crt",
];

fn sign<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["sign", "bundle"][..], &CA, &TRUST, more].concat()
}

fn import<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&IMPORT[..], &TRUST, more].concat()
}

fn fingerprint(bench: &Bench) -> String {
    let signed = bench
        .run(&[&sign(&["--force"])[..], &["--output", "json"]].concat())
        .expect(0)
        .json();
    signed["request_fingerprint"].as_str().unwrap().to_owned()
}

/// A bundle that was verified and signed: two steps.
fn two_steps(more: &[&str]) -> Bench {
    let bench = Bench::new();
    bench
        .run(
            &[
                &["verify", "bundle", "--record", "--operator", "Ada"][..],
                &TRUST,
            ]
            .concat(),
        )
        .expect(0);
    bench.run(&sign(more)).expect(0);
    bench
}

/// The bundle's CSR signed as the AWS guide has it, by openssl.
fn signed_elsewhere(bench: &Bench) {
    let csr = format!("bundle/{CLUSTER}_ClusterCsr.csr");
    openssl(
        &bench.path(""),
        &format!(
            "x509 -req -days 30 -in {csr} -CA customerCA.crt -CAkey customerCA.key -CAcreateserial \
             -out signed.crt"
        ),
    );
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
    assert_eq!(bench.run(&sign(&["--force", "--expect", "12345"])).code, 2);
}

#[test]
fn what_another_ca_signed_completes_the_bundle() {
    let bench = Bench::new();
    signed_elsewhere(&bench);
    let wrong = ["--expect", "00000 00000 00000 00000 00000 00000"];
    bench.refused(
        &import(&wrong),
        3,
        "another-fingerprint",
        &["this is not the request that was sent"],
    );
    let unasked = bench
        .run(&[&import(&[])[..], &["--output", "json"]].concat())
        .expect(0)
        .json();
    assert_eq!(unasked["request_compared"], false);
    let own = [
        "--force",
        "--expect",
        unasked["request_fingerprint"].as_str().unwrap(),
        "--output",
        "json",
    ];
    let answer = bench.run(&import(&own)).expect(0).json();
    assert_eq!(
        (&answer["verdict"], &answer["request_compared"]),
        (&"verified".into(), &true.into())
    );
    let (imported, given) = (
        bench.read(&format!("bundle/{CLUSTER}_CustomerHsmCertificate.crt")),
        bench.read("signed.crt"),
    );
    assert_eq!(
        pem::parse(imported).unwrap().into_contents(),
        pem::parse(given).unwrap().into_contents()
    );
    // Once more: nothing is changed.
    let before = bench.listing();
    assert_eq!(
        bench.run(&import(&["--output", "json"])).expect(0).json()["changed"],
        false
    );
    assert_eq!(before, bench.listing());
    let another = bench.read(&format!("bundle/{CLUSTER}_CustomerHsmCertificate.crt"));
    bench.run(&sign(&["--force"])).expect(0);
    bench.refused(
        &import(&[]),
        8,
        "already-signed",
        &["another certificate than --signed-cert"],
    );
    assert_ne!(
        another,
        bench.read(&format!("bundle/{CLUSTER}_CustomerHsmCertificate.crt"))
    );
    let steps = bench
        .run(&["transcript", "show", "bundle", "--output", "json"])
        .expect(0)
        .json();
    let inputs = steps["steps"][0]["inputs"].as_object().unwrap();
    for (name, file) in [
        ("./signed.crt", "signed.crt"),
        ("./customerCA.crt", "customerCA.crt"),
    ] {
        assert_eq!(inputs[name], to_hex(&sha256(&bench.read(file))), "{name}");
    }
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

#[test]
fn a_certificate_that_does_not_fit_is_not_imported() {
    let bench = Bench::new();
    signed_elsewhere(&bench);
    let fitting = bench.read("signed.crt");
    // Of another CA.
    bench.put_ca(&support::ca(|_| {}));
    bench.refused(&import(&[]), 3, "pair-unfit", &["did not sign"]);
    // The CA's own, in the place of what it signed.
    fs::copy(bench.path("customerCA.crt"), bench.path("signed.crt")).unwrap();
    bench.refused(&import(&[]), 3, "pair-unfit", &["key"]);
    // By the right CA, in a way that nobody should rely on any more.
    let csr = format!("bundle/{CLUSTER}_ClusterCsr.csr");
    openssl(
        &bench.path(""),
        &format!(
            "x509 -req -sha1 -days 30 -in {csr} -CA customerCA.crt -CAkey customerCA.key \
             -CAcreateserial -out signed.crt"
        ),
    );
    bench.refused(
        &import(&[]),
        3,
        "pair-unfit",
        &[
            "CloudHSM would refuse the signed certificate",
            "check.algorithm.signed-cert",
            "SHA-1",
        ],
    );
    assert_eq!(
        bench.hint(&import(&[])),
        "have the CA sign the CSR again, with SHA-256 or better"
    );
    bench.write("signed.crt", [&fitting[..], &fitting[..]].concat());
    bench.refused(
        &import(&[]),
        4,
        "malformed",
        &["2 PEM blocks, expected exactly one"],
    );
    // And none at all for a bundle that does not verify.
    bench.write("signed.crt", fitting);
    bench.refused(&IMPORT, 3, "rejected", &["aws.signature"]);
}

/// What CAs hand out, beside the one PEM block that they should.
#[test]
fn what_cas_usually_hand_out_is_taken_or_named() {
    let bench = Bench::new();
    signed_elsewhere(&bench);
    let (signed, anchor) = (
        String::from_utf8(bench.read("signed.crt")).unwrap(),
        String::from_utf8(bench.read("customerCA.crt")).unwrap(),
    );
    for (name, content, words) in [
        (
            "with its chain",
            format!("{signed}{anchor}").into_bytes(),
            "2 PEM blocks, expected exactly one",
        ),
        (
            "as PKCS#7",
            openssl(&bench.path(""), "crl2pkcs7 -nocrl -certfile signed.crt"),
            "this is PKCS#7, which holds certificates",
        ),
        ("empty", Vec::new(), "the file is empty"),
    ] {
        bench.write("signed.crt", content);
        let message = bench.refused(&import(&[]), 4, "malformed", &["check.pem.signed-cert"]);
        assert!(message.contains(words), "{name}: {message}");
    }
    // Text around it and DER say the same: what is kept is the program's own text of it.
    bench.write("signed.crt", &signed);
    let forms = [
        openssl(&bench.path(""), "x509 -in signed.crt -text"),
        openssl(&bench.path(""), "x509 -in signed.crt -outform DER"),
        format!("subject=C = US\nissuer=CN = Test CA\n{signed}text").into_bytes(),
        format!("\u{feff}{signed}").into_bytes(),
    ];
    for form in forms {
        bench.write("signed.crt", form);
        bench.run(&import(&["--force"])).expect(0);
        assert_eq!(
            bench.read(&format!("bundle/{CLUSTER}_CustomerHsmCertificate.crt")),
            signed.as_bytes()
        );
    }
    // Line ends of the other world, and extensions that `sign` does not write.
    let csr = format!("bundle/{CLUSTER}_ClusterCsr.csr");
    bench.write(
        "leaf.ext",
        "basicConstraints = CA:FALSE\nextendedKeyUsage = serverAuth, clientAuth\nsubjectAltName = \
         DNS:hsm.example.com\ncrlDistributionPoints = \
         URI:http://crl.example.com/ca.crl\nauthorityInfoAccess = \
         OCSP;URI:http://ocsp.example.com\n",
    );
    openssl(
        &bench.path(""),
        &format!(
            "x509 -req -days 30 -in {csr} -CA customerCA.crt -CAkey customerCA.key -CAcreateserial \
             -extfile leaf.ext -out signed.crt"
        ),
    );
    let signed = String::from_utf8(bench.read("signed.crt"))
        .unwrap()
        .replace('\n', "\r\n");
    bench.write("signed.crt", signed);
    bench.write("customerCA.crt", anchor.replace('\n', "\r\n"));
    let run = bench.run(&import(&["--force"])).expect(0);
    assert!(!run.stderr.contains("subject"), "{}", run.stderr);
    assert!(
        !bench
            .read(&format!("bundle/{CLUSTER}_CustomerHsmCertificate.crt"))
            .contains(&b'\r'),
        "what is sent is our own text of it"
    );
}

#[test]
fn a_subject_that_a_ca_rewrote_is_said() {
    let bench = Bench::new();
    let csr = format!("bundle/{CLUSTER}_ClusterCsr.csr");
    // As a CA does that keeps the attributes and takes each for an RDN of its own.
    let flat = "/C=US/ST=CA/O=Cavium/OU=N3FIPS/L=SanJose/CN=HSM";
    openssl(
        &bench.path(""),
        &format!(
            "x509 -req -days 30 -in {csr} -CA customerCA.crt -CAkey customerCA.key -CAcreateserial \
             -subj {flat} -out signed.crt"
        ),
    );
    let run = bench.run(&import(&[])).expect(0);
    assert!(
        run.stderr.contains("the CA changed the subject")
            && run.stderr.contains("C=US + ST=CA")
            && run.stderr.contains("C=US, ST=CA"),
        "{}",
        run.stderr
    );
}

#[test]
fn every_step_is_in_the_transcript() {
    let bench = two_steps(&["--operator", "Grace"]);
    let shown = bench
        .run(&["transcript", "show", "bundle", "--output", "json"])
        .expect(0)
        .json();
    let steps = shown["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 2);
    assert_eq!(
        (steps[0]["operator"].clone(), steps[1]["operator"].clone()),
        ("Ada".into(), "Grace".into())
    );
    assert_eq!(
        (steps[0]["verdict"].clone(), steps[1]["verdict"].clone()),
        ("verified".into(), "verified".into())
    );
    assert_eq!(steps[1]["fingerprint_compared"], false);
    assert!(
        steps[1]["outputs"]
            .as_object()
            .unwrap()
            .contains_key("response.json")
    );
    assert!(
        steps[1]["inputs"]
            .as_object()
            .unwrap()
            .contains_key("./customerCA.crt"),
        "the CA's certificate was read"
    );
    bench.run(&["transcript", "verify", "bundle"]).expect(0);
    let text = bench
        .run(&["transcript", "show", "bundle"])
        .expect(0)
        .stdout;
    assert!(
        text.contains("by Ada") && text.contains("by Grace") && text.contains("sign bundle"),
        "{text}"
    );
}

#[test]
fn a_changed_cut_or_reordered_transcript_is_found() {
    let bench = Bench::new();
    // The record of another moment than the signature's, however soon that follows.
    bench
        .run(
            &[
                &[
                    "verify",
                    "bundle",
                    "--record",
                    "--operator",
                    "Ada",
                    "--at",
                    "2026-01-01T00:00:00Z",
                ][..],
                &TRUST,
            ]
            .concat(),
        )
        .expect(0);
    let before = bench.read("bundle/verification.json");
    bench.run(&sign(&[])).expect(0);
    let good = String::from_utf8(bench.read(TRANSCRIPT)).unwrap();
    let lines: Vec<&str> = good.lines().collect();
    for (bad, why) in [
        (good.replacen("Ada", "Eve", 1), "does not follow"),
        (
            format!("{}\n", lines[0]),
            "verification.json is not the file that step 1 left",
        ),
        (format!("{}\n", lines[1]), "step 2, expected step 1"),
        (
            format!("{}\n{}\n", lines[1], lines[0]),
            "step 2, expected step 1",
        ),
        (good[..good.len() - 20].to_owned(), "cut short"),
        (
            good.replacen("{\"format\"", "{ \"format\"", 1),
            "as hsmboot writes it",
        ),
    ] {
        bench.write(TRANSCRIPT, &bad);
        bench.refused(
            &["transcript", "verify", "bundle"],
            4,
            "bad-transcript",
            &[why],
        );
    }
    // Cut, and the record put back to what it was before the step that is gone.
    bench.write(TRANSCRIPT, format!("{}\n", lines[0]));
    bench.write("bundle/verification.json", before);
    bench.refused(
        &["transcript", "verify", "bundle"],
        4,
        "bad-transcript",
        &["accounts for"],
    );
    fs::remove_file(bench.path(TRANSCRIPT)).unwrap();
    bench.refused(
        &["transcript", "verify", "bundle"],
        4,
        "no-transcript",
        &["is missing"],
    );
}

#[test]
fn a_file_that_changed_since_is_found() {
    let bench = two_steps(&[]);
    let record = String::from_utf8(bench.read("bundle/verification.json")).unwrap();
    bench.write(
        "bundle/verification.json",
        record.replacen("verified", "rejected", 1),
    );
    bench.refused(
        &["transcript", "verify", "bundle"],
        4,
        "bad-transcript",
        &["verification.json", "step 2"],
    );
    bench.write("bundle/verification.json", record);
    bench.write("bundle/receipt.json", "{}");
    bench.refused(
        &["transcript", "verify", "bundle"],
        4,
        "bad-transcript",
        &["receipt.json", "accounts for"],
    );
}

#[test]
fn nothing_is_added_to_a_transcript_that_does_not_hold() {
    let bench = two_steps(&[]);
    let good = String::from_utf8(bench.read(TRANSCRIPT)).unwrap();
    bench.write(TRANSCRIPT, good.replacen("Ada", "Eve", 1));
    bench.refused(&sign(&["--force"]), 4, "bad-transcript", &["line 2"]);
}

#[test]
fn a_seal_holds_what_a_forger_could_otherwise_make_up() {
    // Whoever can write the last line of an unsealed transcript can write what he likes.
    let open = two_steps(&["--operator", "Grace"]);
    let changed = String::from_utf8(open.read(TRANSCRIPT))
        .unwrap()
        .replacen("Grace", "Mallory", 1);
    open.write(TRANSCRIPT, changed);
    open.run(&["transcript", "verify", "bundle"]).expect(0);

    let sealed = two_steps(&["--operator", "Grace", "--seal"]);
    let answer = sealed
        .run(&[
            "transcript",
            "verify",
            "bundle",
            "--ca",
            "customerCA.crt",
            "--output",
            "json",
        ])
        .expect(0)
        .json();
    assert_eq!(
        (answer["sealed_up_to"].clone(), answer["ca_given"].clone()),
        (2.into(), true.into())
    );
    let changed = String::from_utf8(sealed.read(TRANSCRIPT))
        .unwrap()
        .replacen("Grace", "Mallory", 1);
    sealed.write(TRANSCRIPT, changed);
    sealed.refused(
        &["transcript", "verify", "bundle"],
        4,
        "bad-transcript",
        &["the seal of step 2", "or not over the line as it is now"],
    );
    // Another CA's certificate.
    let other = two_steps(&["--seal"]);
    other.put_ca(&support::ca(|_| {}));
    other.refused(
        &["transcript", "verify", "bundle", "--ca", "customerCA.crt"],
        4,
        "bad-transcript",
        &["the seal of step 2"],
    );
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
    assert!(
        screen.contains("fingerprint of the request, as `hsmboot fetch` printed it")
            && screen.contains("not the request that was sent"),
        "{screen}"
    );
    let (screen, code) = on_a_terminal(&bench, &sign(&[]), "what?\n\u{4}");
    assert_eq!(code, 3, "{screen}");
    assert!(
        screen.contains("a fingerprint has 30 digits") && screen.contains("nothing was done"),
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

//! What another CA signed completes the bundle, where it fits.

use hsmboot::x509::{sha256, to_hex};

use super::support::{CLUSTER, openssl};
use super::*;

const IMPORT: [&str; 6] = [
    "import",
    "bundle",
    "--signed-cert",
    "signed.crt",
    "--trust-anchor",
    "customerCA.crt",
];

fn import<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&IMPORT[..], &TRUST, more].concat()
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
    // Another CA signed it, elsewhere.
    assert_eq!(
        answer["summary"],
        format!("imported the certificate of {CLUSTER}")
    );
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
            && run.stderr.contains(", C=US + ST=CA")
            && run.stderr.contains(", ST=CA, C=US"),
        "{}",
        run.stderr
    );
}

/// AWS's guide followed by hand leaves the signed certificate beside the four files, and the CA's
/// elsewhere. Each command then names what is missing and the one command that completes it.
#[test]
fn a_bundle_signed_by_hand_is_completed_and_not_signed_again() {
    let bench = Bench::new();
    signed_elsewhere(&bench);
    let by_hand = format!("bundle/{CLUSTER}_CustomerHsmCertificate.crt");
    fs::copy(bench.path("signed.crt"), bench.path(&by_hand)).unwrap();
    let complete = format!("hsmboot import bundle --signed-cert {by_hand} --ca customerCA.crt");
    let missing = ["missing  bundle/customerCA.crt", "by the CA of --ca"];
    bench.refused(&sign(&[]), 8, "already-signed", &missing);
    assert!(
        bench.hint(&sign(&[])).contains(&complete),
        "{}",
        bench.hint(&sign(&[]))
    );
    if cfg!(feature = "online") {
        let submit = [&["submit", "bundle", "--ca", "customerCA.crt"][..], &TRUST].concat();
        bench.refused(
            &submit,
            4,
            "not-signed",
            &["there is no bundle/customerCA.crt"],
        );
        assert!(
            bench.hint(&submit).contains(&complete),
            "{}",
            bench.hint(&submit)
        );
    }
    // A stranger's CA is told that it has not signed it; nobody is told to submit it.
    let other = super::support::ca(|_| {});
    bench.write("other.crt", &other.cert);
    let words = [
        &[
            "import",
            "bundle",
            "--signed-cert",
            &by_hand,
            "--ca",
            "other.crt",
        ],
        &TRUST[..],
    ]
    .concat();
    assert_ne!(bench.run(&words).code, 0);

    // The hinted command, with the CA's certificate in FILE's place: the bytes that stand there
    // are taken.
    let before = bench.read(&by_hand);
    let done = complete.replace("FILE", "customerCA.crt");
    let words: Vec<&str> = done.split(' ').skip(1).chain(TRUST).collect();
    let made = bench
        .run(&[&words[..], &["--output", "json"]].concat())
        .expect(0)
        .json();
    assert_eq!(made["changed"], true);
    assert_eq!(before, bench.read(&by_hand));
    assert!(bench.path("bundle/response.json").is_file());
    let again = bench
        .run(&[&words[..], &["--output", "json"]].concat())
        .expect(0)
        .json();
    assert_eq!(again["changed"], false);
    let signed = bench
        .run(&[&sign(&[])[..], &["--output", "json"]].concat())
        .expect(0)
        .json();
    assert_eq!(signed["changed"], false);
}

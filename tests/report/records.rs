//! What only the documents and the transcript tell, and what that is worth.

mod transcripts;

use std::fs;
use std::os::unix::ffi::OsStrExt;

use serde_json::json;

use crate::shared::{RESPONSE, TRANSCRIPT, document, put_receipt, report, section, signed, text};
use crate::support::{self, Bench, CLUSTER, TRUST};

#[test]
fn what_the_documents_say_is_never_taken_for_proof() {
    let bench = signed(&[]);
    assert_eq!(
        document(&bench, &[])["differences"],
        json!([]),
        "they agree"
    );
    put_receipt(&bench, |_| {});
    // A forged CSR, with documents that call it verified and have its digests.
    let forged = bench.read(&format!("bundle/{CLUSTER}_ClusterCsr.csr"));
    let other = Bench::new();
    let csr = other.read(&format!("bundle/{CLUSTER}_ClusterCsr.csr"));
    assert_ne!(forged, csr);
    bench.write(&format!("bundle/{CLUSTER}_ClusterCsr.csr"), csr);
    let page = report(&bench, &[]);
    assert!(
        page.contains("<title>Rejected") && page.contains("Do not sign, and do not submit."),
        "judged, not believed"
    );
    let differences = document(&bench, &[])["differences"].clone();
    let about = |file: &str, about: &str| {
        differences
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["file"] == file && one["about"] == about)
    };
    assert!(
        about("verification.json", "the verdict")
            && about("response.json", "the verdict")
            && about("receipt.json", "the verdict"),
        "{differences:#}"
    );
    assert!(
        about("verification.json", "the check csr.key")
            && about("transcript.jsonl", "the transcript"),
        "{differences:#}"
    );
    assert!(
        page.contains("id=\"differences\"") && page.contains("href=\"#differences\""),
        "and loudly"
    );
    for document in ["receipt.json", "transcript.jsonl"] {
        assert!(
            page.contains(&format!(
                "<strong>Recorded by <code>{document}</code>, not proof.</strong>"
            )),
            "{document}"
        );
    }
}

#[test]
fn other_roots_and_another_moment_show_beside_what_was_recorded() {
    let bench = signed(&[]);
    let judged = |more: &[&str]| {
        bench
            .run(&[&["report", "bundle", "-o", "-", "--output", "json"], more].concat())
            .expect(0)
            .json()
    };
    let answer = judged(&[]);
    assert_eq!(
        answer["verdict"], "rejected",
        "the built-in roots never certified this"
    );
    let about: Vec<&str> = answer["differences"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["about"].as_str())
        .collect();
    assert!(
        about.contains(&"the aws anchor’s key, SHA-256")
            && about.contains(&"the check aws.signature"),
        "{about:?}"
    );

    let answer = judged(&[&TRUST[..], &["--at", "1999-01-01T00:00:00Z"]].concat());
    assert_eq!(
        (answer["verdict"].clone(), answer["at"].clone()),
        ("rejected".into(), "1999-01-01T00:00:00Z".into())
    );
    assert!(
        answer["failed"]
            .as_array()
            .unwrap()
            .contains(&json!("validity.hsm"))
    );
    let accept = [
        "--accept",
        "validity.hsm",
        "--accept",
        "validity.aws-hardware",
        "--accept",
        "validity.manufacturer-hardware",
        "--reason",
        "an old clock",
    ];
    let page = report(
        &bench,
        &[&["--at", "1999-01-01T00:00:00Z"], &accept[..]].concat(),
    );
    assert!(
        page.contains("<title>Verified, with failures accepted") && page.contains("an old clock")
    );
    assert!(page.contains("1999-01-01T00:00:00Z, as named (--at)"));
}

#[test]
fn what_was_done_unverified_is_loud() {
    let bench = Bench::new();
    let done = [
        "sign",
        "bundle",
        "--ca",
        "customerCA.crt",
        "--ca-key",
        "customerCA.key",
        "--unverified",
        "--reason",
        "decided by the board",
    ];
    bench.run(&done).expect(0);
    let page = report(&bench, &[]);
    let header = page
        .split("<header>")
        .nth(1)
        .unwrap()
        .split("</header>")
        .next()
        .unwrap();
    assert!(
        header.contains("<strong>UNVERIFIED</strong>") && header.contains("decided by the board"),
        "{header}"
    );
    let decisions = page
        .split("<section id=\"decisions\"")
        .nth(1)
        .unwrap()
        .split("</section>")
        .next()
        .unwrap();
    assert_eq!(
        decisions.matches("decided by the board").count(),
        2,
        "by response.json, and by the transcript"
    );
    // It would verify by now, which the documents do not say.
    assert_eq!(document(&bench, &[])["verdict"], "verified");
}

#[test]
fn a_private_key_in_the_bundle_is_an_alarm() {
    let bench = signed(&[]);
    bench.write("bundle/notes.txt", "no key");
    assert_eq!(document(&bench, &[])["private_keys"], json!([]));
    bench.write(
        "bundle/backup.pem",
        crate::forge::keys::key_text("rsa-2048-stranger"),
    );
    bench.write("bundle/customerCA.key", "whatever it holds");
    let page = text(&report(&bench, &[]));
    assert!(
        page.contains(
            "A private key lies in the bundle: backup.pem, customerCA.key. Whoever \
                           gets the directory"
        ),
        "{page}"
    );
    assert!(
        page.contains("no part of the bundle and not judged: notes.txt."),
        "{page}"
    );
    assert!(!page.contains("PRIVATE KEY"));
    assert_eq!(
        document(&bench, &[])["private_keys"],
        json!(["backup.pem", "customerCA.key"])
    );
    // What is no text is shown as well as it can be, and not passed over.
    let odd = std::ffi::OsStr::from_bytes(b"odd-\xff.pem");
    std::fs::write(
        bench.path("bundle").join(odd),
        crate::forge::keys::key_text("rsa-2048-stranger"),
    )
    .unwrap();
    assert_eq!(
        document(&bench, &[])["private_keys"],
        json!(["backup.pem", "customerCA.key", "odd-\u{fffd}.pem"])
    );
    let verified = bench
        .run(&["transcript", "verify", "bundle", "--output", "json"])
        .expect(0)
        .json();
    let beside = |name: &str, key: bool| json!({ "name": name, "private_key": key });
    let expected = [
        beside("backup.pem", true),
        beside("customerCA.key", true),
        beside("notes.txt", false),
        beside("odd-\u{fffd}.pem", true),
    ];
    assert_eq!(verified["beside"], json!(expected));
    let told = bench
        .run(&["transcript", "verify", "bundle"])
        .expect(0)
        .stdout;
    let line = "  beside the bundle, on no transcript: backup.pem (a private key), customerCA.key \
                (a private key), notes.txt, odd-\u{fffd}.pem (a private key)\n";
    assert!(told.contains(line), "{told}");
    std::fs::remove_file(bench.path("bundle").join(odd)).unwrap();
    let run = bench
        .run(&[&["report", "bundle", "-o", "again.html"], &TRUST[..]].concat())
        .expect(0);
    assert!(
        run.stdout
            .contains("  key         a private key is in the bundle: backup.pem, customerCA.key"),
        "{}",
        run.stdout
    );
}

#[test]
fn another_ca_than_the_owners_is_found() {
    let bench = signed(&["--seal"]);
    assert!(
        report(&bench, &["--ca", "customerCA.crt"])
            .contains("The trust anchor is the CA certificate that this report was given")
    );
    bench.write("mine.crt", crate::support::ca(|_| {}).cert);
    let answer = document(&bench, &["--ca", "mine.crt"]);
    let differences = answer["differences"].to_string();
    assert!(
        differences.contains("the trust anchor is not the CA of mine.crt")
            && differences.contains("the seal of step 2 was not made with the key of mine.crt")
    );
    // Whose CA it is decides whose cluster it is: that stands above everything, and on the
    // terminal.
    let page = report(&bench, &["--ca", "mine.crt"]);
    let head = text(page.split("id=\"summary\"").next().unwrap());
    assert!(
        head.contains("The trust anchor is not your CA. It is another certificate than mine.crt"),
        "{head}"
    );
    // In the picture, for screens and for phones, and in its words.
    let body = text(&page);
    assert_eq!(body.matches("not your CA").count(), 4, "{body}");
    assert!(
        body.contains("not your CA, key") && body.contains("(broken)"),
        "{body}"
    );
    let words = |ca| {
        [
            &[
                "report",
                "bundle",
                "--force",
                "-o",
                "again.html",
                "--ca",
                ca,
            ],
            &TRUST[..],
        ]
        .concat()
    };
    let said = bench.run(&words("mine.crt")).expect(0).stdout;
    assert!(
        said.contains(
            "  CA          the trust anchor is NOT YOUR CA, but another certificate than mine.crt"
        ),
        "{said}"
    );
    for calm in [
        report(&bench, &["--ca", "customerCA.crt"]),
        bench.run(&words("customerCA.crt")).expect(0).stdout,
    ] {
        assert!(!calm.contains("not your CA") && !calm.contains("NOT YOUR CA"));
    }
}

/// `response.json` is the same for both: only the transcript tells them apart.
#[test]
fn an_imported_certificate_is_not_said_to_be_signed_then() {
    let bench = signed(&[]);
    let records = |bench: &Bench| section(&report(bench, &[]), "records");
    assert!(records(&bench).contains("Signed at") && !records(&bench).contains("mported"));
    fs::copy(
        bench.part("CustomerHsmCertificate.crt"),
        bench.path("signed.crt"),
    )
    .unwrap();
    for name in [
        RESPONSE,
        TRANSCRIPT,
        "bundle/verification.json",
        "bundle/customerCA.crt",
    ] {
        fs::remove_file(bench.path(name)).unwrap();
    }
    fs::remove_file(bench.part("CustomerHsmCertificate.crt")).unwrap();
    let import = [
        "import",
        "bundle",
        "--signed-cert",
        "signed.crt",
        "--trust-anchor",
        "customerCA.crt",
    ];
    bench.run(&[&import[..], &TRUST].concat()).expect(0);
    let shown = records(&bench);
    assert!(
        shown.contains("Imported at") && !shown.contains("Signed at"),
        "{shown}"
    );
    assert!(
        shown.contains("signed elsewhere, at a time that the bundle does not record"),
        "{shown}"
    );
    assert!(
        shown.contains("as step 1 of the transcript tells"),
        "{shown}"
    );
    fs::remove_file(bench.path(TRANSCRIPT)).unwrap();
    assert!(
        records(&bench).contains("Signed or imported at"),
        "nothing tells which"
    );
}

/// Where the bundle has no trust anchor to compare, the receipt is held against the CA that was
/// given. Nobody goes on with a cluster that another CA has.
#[test]
fn a_claim_of_another_ca_has_no_next_steps() {
    let bench = signed(&[]);
    let steps = |bench: &Bench, ca: &str| {
        let told = document(bench, &["--ca", ca]);
        let none = Vec::new();
        let steps = told["next_steps"].as_array().unwrap_or(&none).len();
        (steps, told["alarms"].as_array().unwrap().len())
    };
    put_receipt(&bench, |_| {});
    fs::remove_file(bench.path("bundle/customerCA.crt")).unwrap();
    let (own, alarms) = steps(&bench, "customerCA.crt");
    assert!(own > 0, "a claim of this CA has steps");
    bench.write("other.crt", support::ca(|_| {}).cert);
    let (others, more) = steps(&bench, "other.crt");
    assert_eq!(others, 0);
    assert!(more >= alarms && more > 0, "{more} alarms, {alarms} before");
}

//! By camera there and back: a whole claim, and what does not belong into one.

use std::fs;

use crate::camera::{fingerprint, read, same, show};
use crate::support::{Bench, CLUSTER, TRUST};

/// Codes as anybody could draw them: each checks, and so does the whole.
fn forged(bench: &Bench, kind: hsmboot::qr::QrKind, files: &[(&str, &str)]) {
    let members = files
        .iter()
        .map(|(name, content)| ((*name).to_owned(), content.as_bytes().to_vec()))
        .collect();
    let archive = hsmboot::bundle::archive::write(&members).unwrap();
    bench.write(
        "forged.txt",
        hsmboot::qr::parts::split_archive(kind, &archive, 1000)
            .unwrap()
            .join("\n"),
    );
}

/// A `response.json` that records another certificate under this name.
fn response(signed: &str) -> String {
    let (other, zeros) = ("11".repeat(32), "00".repeat(32));
    serde_json::json!({
        "format": "hsmboot-response/1", "cluster_id": CLUSTER, "signed_at": "2026-01-01T00:00:00Z",
        "tool": "hsmboot 0", "files": { signed: other },
        "csr_sha256": zeros, "signed_cert_sha256": zeros, "ca_fingerprint": zeros,
        "verdict": "verified",
    })
    .to_string()
}

#[test]
fn codes_that_hold_something_else_than_they_say_are_refused() {
    use hsmboot::qr::QrKind::{Request, Response};
    let bench = Bench::new();
    let (csr, signed) = (
        &format!("{CLUSTER}_ClusterCsr.csr")[..],
        &format!("{CLUSTER}_CustomerHsmCertificate.crt")[..],
    );
    for (kind, files, error, word) in [
        (
            Request,
            &[(csr, "csr"), (signed, "certificate")][..],
            "codes-damaged",
            "no part of a request",
        ),
        (
            Request,
            &[(csr, "csr"), ("receipt.json", "{}")],
            "codes-damaged",
            "receipt.json is no part of a request",
        ),
        (
            Request,
            &[("request.json", "{}")],
            "bad-document",
            "the set of codes: request.json",
        ),
        (
            Request,
            &[
                (csr, "csr"),
                ("cluster-bbbbbbbbbbb_HsmCertificate.crt", "x"),
            ],
            "several-clusters",
            "the set of codes holds files of more than one cluster",
        ),
        (
            Response,
            &[
                (signed, "certificate"),
                ("customerCA.crt", "x"),
                (csr, "csr"),
            ],
            "codes-damaged",
            "no part of a response",
        ),
        (
            Response,
            &[(signed, "certificate")],
            "codes-damaged",
            "the response has no customerCA.crt",
        ),
        // Put together of two responses.
        (
            Response,
            &[
                (signed, "certificate"),
                ("customerCA.crt", "x"),
                ("response.json", &response(signed)),
            ],
            "digest-mismatch",
            "is not the file that was made",
        ),
        (
            Request,
            &[("customerCA.crt", "x")],
            "no-bundle",
            "the set of codes is not a bundle",
        ),
        (
            Request,
            &[(csr, "csr"), ("transcript.jsonl", "{}\n")],
            "bad-transcript",
            "the set of codes: transcript.jsonl does not hold",
        ),
    ] {
        forged(&bench, kind, files);
        bench.refused(
            &["qr", "read", "forged.txt", "--bundle", "new"],
            4,
            error,
            &[word],
        );
        assert!(!bench.path("new").exists());
    }
    // A request for a CSR that is there with another content.
    forged(&bench, Request, &[(csr, "another")]);
    bench.refused(
        &["qr", "read", "forged.txt", "--bundle", "bundle"],
        8,
        "file-exists",
        &["bundle/", "holds something else"],
    );
    forged(
        &bench,
        Request,
        &[("cluster-bbbbbbbbbbb_ClusterCsr.csr", "another")],
    );
    bench.refused(
        &["qr", "read", "forged.txt", "--bundle", "bundle"],
        8,
        "another-cluster",
        &["cluster-bbbbbbbbbbb"],
    );
}

/// The two machines: what one draws the other reads.
#[test]
fn there_and_back_by_camera_is_a_whole_claim() {
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
    let request = show(&bench, &[]);
    bench
        .run(&read(&request, &["--bundle", "offline"]))
        .expect(0);
    same(&bench, "bundle", "offline");
    bench.refused(
        &["qr", "show", "offline", "--response"],
        4,
        "not-signed",
        &["the bundle is not signed"],
    );
    let signed = [
        &[
            "sign",
            "offline",
            "--ca",
            "customerCA.crt",
            "--ca-key",
            "customerCA.key",
            "--seal",
            "--output",
            "json",
        ][..],
        &TRUST,
    ]
    .concat();
    let signed = bench.run(&signed).expect(0).json();

    let of_a_signed_bundle = |words: &[&str]| {
        bench
            .run(&[&["qr", "show", "offline"], words].concat())
            .expect(0)
            .stderr
    };
    assert!(
        of_a_signed_bundle(&[]).contains("what goes back from the CA is drawn with --response")
    );
    assert_eq!(of_a_signed_bundle(&["--response"]), "");
    let back = show(&bench_with(&bench, "offline"), &["--response"]);
    let back: Vec<String> = back
        .into_iter()
        .map(|code| code.replace("codes/", "back/"))
        .collect();
    assert!(back[0].starts_with("back/response-1of"), "{back:?}");
    let done = bench
        .run(&read(&back, &["--bundle", "bundle", "--output", "json"]))
        .expect(0)
        .json();
    assert_eq!(
        fingerprint(&done),
        signed["response_fingerprint"],
        "what `sign` printed"
    );
    same(&bench, "offline", "bundle");
    let transcript = bench
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
    // verify, qr read, sign (sealed), qr read
    assert_eq!(
        (&transcript["steps"], &transcript["sealed_up_to"]),
        (&4.into(), &3.into())
    );
    assert_eq!(
        bench
            .run(&read(&back, &["--bundle", "bundle", "--output", "json"]))
            .expect(0)
            .json()["unchanged"],
        true
    );

    // What was signed and is gone is signed again.
    fs::rename(
        bench.path("offline/customerCA.crt"),
        bench.path("aside.crt"),
    )
    .unwrap();
    let show = ["qr", "show", "offline", "--response"];
    bench.refused(&show, 4, "file-missing", &["the trust anchor is missing"]);
    let hint = bench.hint(&show);
    assert!(
        hint.contains("hsmboot sign") && !hint.contains("fetch"),
        "{hint}"
    );
    fs::rename(
        bench.path("aside.crt"),
        bench.path("offline/customerCA.crt"),
    )
    .unwrap();

    // Where it does not belong.
    bench.refused(
        &read(&back, &["--bundle", "nowhere"]),
        4,
        "request-missing",
        &["nowhere does not hold the request"],
    );
    let stranger = Bench::new();
    for code in &back {
        fs::create_dir_all(stranger.path("back")).unwrap();
        fs::copy(bench.path(code), stranger.path(code)).unwrap();
    }
    stranger.refused(
        &read(&back, &["--bundle", "bundle"]),
        8,
        "signed-for-another-csr",
        &["signed for another CSR than the bundle's"],
    );
    // The transcript went on here after the request had been shown.
    let meanwhile = Bench::new();
    for (from, to) in [("offline", "bundle"), ("back", "back")] {
        fs::create_dir_all(meanwhile.path(to)).unwrap();
        fs::read_dir(meanwhile.path(to))
            .unwrap()
            .for_each(|entry| fs::remove_file(entry.unwrap().path()).unwrap());
        for entry in fs::read_dir(bench.path(from)).unwrap().map(Result::unwrap) {
            fs::copy(entry.path(), meanwhile.path(to).join(entry.file_name())).unwrap();
        }
    }
    for name in [
        "customerCA.crt",
        "response.json",
        "verification.json",
        "transcript.jsonl",
        &format!("{CLUSTER}_CustomerHsmCertificate.crt"),
    ] {
        fs::remove_file(meanwhile.path("bundle").join(name)).unwrap();
    }
    for root in ["aws-root.crt", "manufacturer-root.crt"] {
        fs::copy(bench.path(root), meanwhile.path(root)).unwrap();
    }
    meanwhile
        .run(&[&["verify", "bundle", "--record"][..], &TRUST].concat())
        .expect(0);
    meanwhile.refused(
        &read(&back, &["--bundle", "bundle"]),
        8,
        "transcript-differs",
        &["no step is in both"],
    );
    meanwhile
        .run(&read(&back, &["--bundle", "bundle", "--force"]))
        .expect(0);
}

/// The same place, where `bundle` is another directory's name: what `qr show` draws goes to `back`
/// instead.
fn bench_with(bench: &Bench, name: &str) -> Bench {
    let other = Bench::empty();
    for entry in fs::read_dir(bench.path(name)).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), other.path("bundle").join(entry.file_name())).unwrap();
    }
    for code in show(&other, &["--response"]) {
        fs::create_dir_all(bench.path("back")).unwrap();
        fs::copy(
            other.path(&code),
            bench.path(&code.replace("codes/", "back/")),
        )
        .unwrap();
    }
    other
}

#[test]
fn images_are_new_or_the_same_or_forced() {
    let bench = Bench::new();
    let write = ["qr", "show", "bundle", "--svg", "codes"];
    bench.run(&write).expect(0);
    bench.run(&write).expect(0);
    let names: Vec<String> = fs::read_dir(bench.path("codes"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let total = names.len();
    assert!(
        names.contains(&format!("request-1of{total}.svg")),
        "{names:?}"
    );
    let text = String::from_utf8(bench.read(&format!("codes/request-1of{total}.svg"))).unwrap();
    assert!(
        text.starts_with("<svg ")
            && text.contains(&format!(">request of {CLUSTER}<"))
            && text.contains(&format!(">part 1 of {total}<")),
        "{text}"
    );
    bench.write("codes/request-1of3.svg", "another");
    bench.write(&format!("codes/request-1of{total}.svg"), "another");
    bench.refused(&write, 8, "file-exists", &["request-1of"]);
    assert_eq!(
        bench.hint(&write),
        "choose another directory, or replace it with --force"
    );
    bench.run(&[&write[..], &["--force"]].concat()).expect(0);
    bench
        .run(&["qr", "show", "bundle", "-o", "sheet.svg"])
        .expect(0);
    bench.write("sheet.svg", "another");
    let sheet = ["qr", "show", "bundle", "-o", "sheet.svg"];
    bench.refused(&sheet, 8, "file-exists", &["sheet.svg"]);
    assert_eq!(
        bench.hint(&sheet),
        "choose another name, or replace it with --force"
    );
    bench.refused(
        &["qr", "show", "bundle", "-o", "sheet.pdf"],
        2,
        "usage",
        &["ends in .png or .svg"],
    );
    bench.refused(&["qr", "show", "nowhere"], 4, "no-bundle", &[]);
}

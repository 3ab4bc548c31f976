//! The documents of the commands that need no network.

use super::*;

#[test]
fn import_and_transcript_say_what_their_schemas_say() {
    let place = Place::new();
    place.document(&CA_INIT, 0);
    place.says("transcript-verify", &["transcript", "verify", "bundle"], 4);
    place.says(
        "sign",
        &rooted(&[&SIGN[..], &["--seal", "--operator", "Ada"]].concat()),
        0,
    );
    // What `sign` made, as if a CA elsewhere had.
    for (made, name) in [
        (
            "cluster-hsmboottest_CustomerHsmCertificate.crt",
            "signed.crt",
        ),
        ("customerCA.crt", "anchor.crt"),
    ] {
        fs::rename(place.path("bundle").join(made), place.path(name)).unwrap();
    }
    let import = [
        "import",
        "bundle",
        "--signed-cert",
        "signed.crt",
        "--trust-anchor",
        "anchor.crt",
    ];
    assert!(place.says("import", &import, 3)["verification"].is_object());
    assert_eq!(
        place.says("import", &rooted(&import), 0)["request_compared"],
        false
    );
    assert_eq!(place.says("import", &rooted(&import), 0)["changed"], false);
    assert_eq!(
        place.says("transcript-show", &["transcript", "show", "bundle"], 0)["steps"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    for line in fs::read_to_string(place.path("bundle/transcript.jsonl"))
        .unwrap()
        .lines()
    {
        is_by("transcript.schema.json", &parse(line.as_bytes()));
    }
    let noted =
        place.says("transcript-verify", &["transcript", "verify", "bundle"], 0)["sealed_head"]
            .as_str()
            .unwrap()
            .to_owned();
    assert_eq!(
        place.says(
            "transcript-verify",
            &["transcript", "verify", "bundle", "--noted", &noted],
            0
        )["noted"][0]["step"],
        1
    );
}

#[test]
fn verify_says_what_its_schema_says() {
    let place = Place::new();
    assert_eq!(
        place.says("verify", &rooted(&["verify", "bundle", "--record"]), 0)["verdict"],
        "verified"
    );
    place.file_is_by("bundle/verification.json");
    assert_eq!(
        place.says("verify", &["verify", "bundle"], 3)["verdict"],
        "rejected"
    );
    assert_eq!(
        place.says("verify", &rooted(&["verify", "bundle", "--chains-only"]), 0)["chains_only"],
        true
    );
    let mut words = rooted(&[
        "verify",
        "bundle",
        "--at",
        "1960-01-01T00:00:00Z",
        "--reason",
        "a test",
    ]);
    words.extend([
        "--accept",
        "validity.hsm",
        "--accept",
        "validity.aws-hardware",
        "--accept",
        "validity.manufacturer-hardware",
    ]);
    assert_eq!(place.says("verify", &words, 0)["reason"], "a test");
    let csr = fs::read_dir(place.path("bundle"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().ends_with(".csr"));
    fs::write(csr.unwrap(), "").unwrap();
    assert_eq!(
        place.says("verify", &rooted(&["verify", "bundle"]), 4)["verdict"],
        "rejected"
    );
    assert_eq!(
        place.says("verify", &["verify", "nowhere"], 4)["error"]["kind"],
        "no-bundle"
    );
    assert_eq!(
        place.says("verify", &["verify", "bundle", "--nonsense"], 2)["error"]["kind"],
        "usage"
    );
}

#[test]
fn roots_say_what_their_schemas_say() {
    let place = Place::new();
    place.says("roots", &["roots"], 0);
    assert_eq!(
        place.says("roots-show", &["roots", "show", "bundle/aws-root.crt"], 0)["fit"],
        true
    );
    assert_eq!(
        place.says(
            "roots-show",
            &[
                "roots",
                "show",
                "bundle/cluster-hsmboottest_HsmCertificate.crt"
            ],
            3
        )["fit"],
        false
    );
    place.says("roots-show", &["roots", "show", "absent.crt"], 4);
}

#[test]
fn ca_says_what_its_schemas_say() {
    let place = Place::new();
    place.says("ca-init", &CA_INIT, 0);
    place.says("ca-init", &CA_INIT, 8);
    let again = [
        "ca",
        "init",
        "--out",
        "again",
        "--subject",
        "CN=Schemas",
        "--ca-key",
        "ca/customerCA.key",
        "--passphrase-file",
        "passphrase",
    ];
    assert_eq!(place.says("ca-init", &again, 0)["key_made"], false);
    place.says(
        "ca-init",
        &[&again[..], &["--force", "--key-type", "p384"]].concat(),
        2,
    );
    let fit = place.says("ca-show", &["ca", "show", "ca/customerCA.crt"], 0);
    assert_eq!(
        (&fit["fit_as_trust_anchor"], &fit["refusal"]),
        (&true.into(), &serde_json::Value::Null)
    );
    place.says("ca-show", &["ca", "show", "ca/customerCA.key"], 4);
    // Not a CA's, and of version 1.
    let mut refused = false;
    for name in fs::read_dir(place.path("bundle"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "crt"))
    {
        let shown = place.says("ca-show", &["ca", "show", name.to_str().unwrap()], 0);
        match shown["refusal"].as_str() {
            Some(text) => assert!(
                text.contains("check.") && shown["fit_as_trust_anchor"] == false,
                "{shown:#}"
            ),
            None => assert_eq!(shown["fit_as_trust_anchor"], true, "{shown:#}"),
        }
        refused |= shown["refusal"].is_string();
    }
    assert!(refused);
}

#[test]
fn sign_and_check_say_what_their_schemas_say() {
    let place = Place::new();
    place.says("ca-init", &CA_INIT, 0);
    assert!(place.says("sign", &SIGN, 3)["verification"].is_object());
    let several = [&SIGN[..], &["nowhere"]].concat();
    place.says("verify", &rooted(&["verify", "bundle", "nowhere"]), 4);
    place.says("verify", &rooted(&["verify", "bundle", "bundle"]), 0);
    let done = place.says("sign", &rooted(&SIGN), 0);
    assert_eq!(
        place.says("sign", &rooted(&several), 4)["bundles"][0]["changed"],
        false
    );
    place.file_is_by("bundle/response.json");
    place.file_is_by("bundle/verification.json");
    assert_eq!(place.says("sign", &rooted(&SIGN), 0)["changed"], false);

    let id = done["cluster_id"].as_str().unwrap();
    let (csr, signed) = (
        format!("bundle/{id}_ClusterCsr.csr"),
        format!("bundle/{id}_CustomerHsmCertificate.crt"),
    );
    let check = |anchor, signed, code| {
        place.says(
            "check",
            &[
                "check",
                "--csr",
                &csr,
                "--signed-cert",
                signed,
                "--trust-anchor",
                anchor,
            ],
            code,
        )
    };
    assert_eq!(check("ca/customerCA.crt", &signed, 0)["verdict"], "fit");
    assert_eq!(
        check("ca/customerCA.crt", "ca/customerCA.crt", 3)["verdict"],
        "unfit"
    );
    assert_eq!(check(&signed, &signed, 5)["verdict"], "unfit");
    assert_eq!(check(&csr, &signed, 4)["verdict"], "unfit");
    assert_eq!(
        check("nowhere", &signed, 4)["error"]["kind"],
        "file-missing"
    );

    let mut unverified = SIGN.to_vec();
    unverified.extend(["--force", "--unverified", "--reason", "a test"]);
    assert_eq!(
        place.says("sign", &unverified, 0)["unverified"]["reason"],
        "a test"
    );
    place.file_is_by("bundle/response.json");
    // Nothing is signed that could not be written.
    fs::remove_file(place.path(&signed)).unwrap();
    fs::create_dir(place.path(&signed)).unwrap();
    assert!(
        place.says("sign", &rooted(&[&SIGN[..], &["--force"]].concat()), 8)["signed_cert"]
            .is_null()
    );
}

#[test]
fn report_says_what_its_schema_says() {
    let place = Place::new();
    place.document(&CA_INIT, 0);
    let report = ["report", "bundle", "-o", "report.html"];
    assert_eq!(
        place.says("report", &rooted(&report), 0)["transcript"]["holds"],
        json!(null)
    );
    fs::write(place.path("report.html"), "somebody's own").unwrap();
    place.says("report", &rooted(&report), 8);
    place.document(&rooted(&[&SIGN[..], &["--seal"]].concat()), 0);
    let whole = place.says("report", &rooted(&["report", "bundle", "-o", "-"]), 0);
    assert!(
        whole["page"].is_string()
            && whole["transcript"]["sealed_up_to"] == 1
            && whole["pair"] == "fit"
    );
    fs::write(place.path("bundle/verification.json"), "{}").unwrap();
    let rejected = place.says("report", &["report", "bundle", "-o", "-"], 0);
    assert!(
        rejected["verdict"] == "rejected" && rejected["differences"].as_array().unwrap().len() > 2
    );
    place.says("report", &["report", "nowhere", "-o", "-"], 4);
    // Of many, each has a document of its own.
    let many = ["report", "bundle", "nowhere", "-o", "pages"];
    let both = place.says("report", &rooted(&many), 4);
    assert!(both["bundles"][0]["claim"] == "signed" && both["bundles"][1]["error"].is_object());
    place.says(
        "report",
        &rooted(&["report", "bundle", "nowhere", "-o", "-"]),
        2,
    );
}

#[test]
fn pack_and_unpack_say_what_their_schemas_say() {
    let place = Place::new();
    let packed = place.says("pack", &["pack", "bundle", "-o", "x.hsmboot"], 0);
    assert!(
        packed["left_out"]
            .as_array()
            .unwrap()
            .contains(&"aws-root.crt".into())
    );
    place.says("pack", &["pack", "nowhere", "-o", "x.hsmboot"], 4);
    assert_eq!(
        place.says("verify", &rooted(&["verify", "x.hsmboot", "--record"]), 0)["verdict"],
        "verified"
    );
    place.says("pack", &["pack", "bundle", "-o", "x.hsmboot"], 8);
    assert_eq!(
        place.says("unpack", &["unpack", "x.hsmboot", "new"], 0)["unchanged"],
        false
    );
    place.says("unpack", &["unpack", "new/request.json", "new"], 4);
}

#[test]
#[cfg(feature = "qr")]
fn qr_says_what_its_schemas_say() {
    let place = Place::new();
    let shown = place.says("qr-show", &["qr", "show", "bundle", "--png", "codes"], 0);
    assert_eq!(
        shown["codes"].as_array().unwrap().len(),
        shown["written"].as_array().unwrap().len()
    );
    place.says("qr-show", &["qr", "show", "bundle", "--response"], 4);
    place.says("qr-show", &["qr", "show", "bundle", "-o", "sheet.png"], 0);
    let read = place.says("qr-read", &["qr", "read", "sheet.png"], 0);
    assert_eq!(
        (&read["fingerprint"], &read["unchanged"]),
        (&shown["fingerprint"], &false.into())
    );
    place.says(
        "qr-read",
        &["qr", "read", shown["written"][0].as_str().unwrap()],
        4,
    );
    place.document(&CA_INIT, 0);
    place.says("sign", &rooted(&SIGN), 0);
    place.says(
        "qr-show",
        &["qr", "show", "bundle", "--response", "--svg", "codes"],
        0,
    );
    // The picture in the docs is one of codes. One that an earlier version drew is read as ever.
    for (picture, bundle) in [
        ("docs/images/qr-sheet.png", "other"),
        ("tests/data/qr/sheet-hsmboot1.png", "earlier"),
    ] {
        let picture = root().join(picture);
        let words = ["qr", "read", picture.to_str().unwrap(), "--bundle", bundle];
        assert_eq!(place.says("qr-read", &words, 0)["files"], read["files"]);
    }
}

#[test]
fn completions_and_man_say_what_their_schemas_say() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        place.says("completions", &["completions", shell], 0);
    }
    place.says("completions", &["completions", "sh"], 2);
    place.says("man", &["man"], 0);
    place.says("man", &["man", "--out", "pages"], 0);
    place.says("man", &["man", "--out", "passphrase"], 4);
}

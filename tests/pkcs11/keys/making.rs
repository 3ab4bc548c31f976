//! A new key is made on the token, named, and never taken out.

use super::*;

pub(super) fn a_key_that_is_there_is_used_and_said_to_be() {
    let hsm = Hsm::new();
    let first = hsm
        .init(
            "pkcs11:token=ca;object=k",
            &["--key-type", "p256", "--output", "json"],
        )
        .expect(0)
        .json();
    let again = hsm
        .init("pkcs11:token=ca;object=k", &["--force", "--output", "json"])
        .expect(0)
        .json();
    is_by_its_schema(&again);
    assert_eq!(
        (
            &again["key_made"],
            &again["key"],
            &again["ca"]["key_sha256"]
        ),
        (&json!(false), &first["key"], &first["ca"]["key_sha256"])
    );
    assert!(
        hsm.init(
            "pkcs11:token=ca;object=k",
            &["--force", "--key-type", "p256"]
        )
        .expect(0)
        .stdout
        .contains("was there already")
    );
    assert_eq!(hsm.inside("keys").as_array().unwrap().len(), 1);
    let differs = hsm
        .init(
            "pkcs11:token=ca;object=k",
            &["--force", "--key-type", "p384", "--output", "json"],
        )
        .expect(2)
        .json();
    assert_eq!(differs["error"]["kind"], "key-type-differs");
    is_by_its_schema(&differs);
    // And a CA that is there is not replaced unasked.
    assert_eq!(
        hsm.init("pkcs11:token=ca;object=other", &["--output", "json"])
            .expect(8)
            .json()["error"]["kind"],
        "file-exists"
    );
    assert_eq!(
        hsm.inside("keys").as_array().unwrap().len(),
        1,
        "nothing was made for it"
    );
}

pub(super) fn a_new_key_takes_the_id_of_the_uri() {
    let hsm = Hsm::new();
    let made = hsm
        .init(
            "pkcs11:object=a%20%25%3B%C3%BC;id=%00%ff",
            &["--key-type", "p256", "--output", "json"],
        )
        .expect(0)
        .json();
    let key = &hsm.inside("keys")[0];
    assert_eq!(
        (key["id"].as_str().unwrap(), key["label"].as_str().unwrap()),
        ("00ff", "a %;ü")
    );
    assert_eq!(
        key["modifiable"], false,
        "with an id from the start it can be closed to changes"
    );
    assert!(
        made["key"]
            .as_str()
            .unwrap()
            .contains("object=a%20%25%3B%C3%BC;id=%00%FF;type=private"),
        "{made:#}"
    );
    hsm.sign(made["key"].as_str().unwrap(), &[]).expect(0);
    hsm.judge();
}

pub(super) fn no_two_keys_get_one_id() {
    let hsm = Hsm::new();
    let made = hsm
        .init(
            "pkcs11:object=one;id=%01",
            &["--key-type", "p256", "--output", "json"],
        )
        .expect(0)
        .json();
    let words = [
        "ca",
        "init",
        "--out",
        "new",
        "--subject",
        "CN=x",
        "--ca-key",
        "pkcs11:object=two;id=%01",
        "--passphrase-file",
        "pin",
    ];
    hsm.refused(
        &[&words[..], &["--key-type", "p256"]].concat(),
        5,
        "token-key-ambiguous",
        &["another key of this id", "id=%01"],
    );
    assert_eq!(hsm.inside("keys").as_array().unwrap().len(), 1);
    hsm.sign(made["key"].as_str().unwrap(), &[]).expect(0);
    hsm.judge();
}

pub(super) fn a_token_that_refuses_the_niceties_makes_a_key_all_the_same() {
    let hsm = Hsm::forwarded("picky");
    hsm.init(
        "pkcs11:token=ca;object=k;id=%01",
        &["--key-type", "rsa-2048"],
    )
    .expect(0);
    assert_eq!(
        hsm.calls()
            .iter()
            .filter(|call| call.starts_with("generate"))
            .count(),
        2
    );
    let key = &hsm.inside("keys")[0];
    assert_eq!(
        (&key["sensitive"], &key["extractable"]),
        (&json!(true), &json!(false))
    );
}

pub(super) fn a_key_that_could_be_taken_out_is_destroyed_again() {
    for (does, says) in [("leaky", "CKA_EXTRACTABLE"), ("plain", "CKA_SENSITIVE")] {
        let hsm = Hsm::forwarded(does);
        let run = hsm
            .init(
                "pkcs11:token=ca;object=k",
                &["--key-type", "p256", "--output", "json"],
            )
            .expect(5)
            .json();
        assert_eq!(run["error"]["kind"], "token-key-exposed");
        let message = run["error"]["message"].as_str().unwrap();
        assert!(
            message.contains(says) && message.contains("it was destroyed again"),
            "{message}"
        );
        assert_eq!(hsm.inside("keys"), json!([]));
        assert!(!hsm.bench.path("customerCA.crt").exists());
    }
}

pub(super) fn a_certificate_that_cannot_be_written_leaves_the_key_to_go_on_with() {
    let hsm = Hsm::new();
    // A name that is not too long in itself, but for a certificate that CloudHSM takes.
    let subject = "UID=a,".repeat(149) + "UID=a";
    let words = |subject: &str| -> Vec<String> {
        [
            "ca",
            "init",
            "--out",
            "new",
            "--subject",
            subject,
            "--ca-key",
            "pkcs11:object=k",
            "--key-type",
            "p256",
            "--passphrase-file",
            "pin",
            "--output",
            "json",
        ]
        .map(str::to_owned)
        .into()
    };
    let run = |subject: &str| {
        hsm.run(
            &words(subject)
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>(),
        )
    };
    let failed = run(&subject).expect(2).json();
    assert_eq!(failed["error"]["kind"], "bad-subject");
    let message = failed["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("the key was made all the same, and stays: pkcs11:token=ca"),
        "{message}"
    );
    let done = run("CN=short").expect(0).json();
    assert_eq!(done["key_made"], false);
    assert_eq!(hsm.inside("keys").as_array().unwrap().len(), 1);
}

pub(super) fn a_place_that_cannot_be_written_is_found_before_the_token_is_touched() {
    let hsm = Hsm::new();
    fs::create_dir_all(hsm.bench.path("taken/customerCA.crt")).unwrap();
    for (out, code, kind, more) in [
        ("/proc/hsmboot", 1, "cannot-write", &[][..]),
        ("pin", 4, "not-a-directory", &[]),
        ("taken", 8, "file-exists", &[]),
        ("taken", 8, "file-exists", &["--force"]),
    ] {
        let before = hsm.bench.listing();
        let words = [
            "ca",
            "init",
            "--out",
            out,
            "--subject",
            "CN=Token CA",
            "--ca-key",
            "pkcs11:token=ca;object=fresh",
            "--passphrase-file",
            "pin",
        ];
        let failed = hsm
            .run(&[&words[..], &["--output", "json"], more].concat())
            .expect(code)
            .json();
        assert_eq!(failed["error"]["kind"], kind, "{failed:#}");
        assert!(
            !failed["error"]["message"]
                .as_str()
                .unwrap()
                .contains("the key was made"),
            "{failed:#}"
        );
        assert_eq!(hsm.inside("keys"), json!([]), "{out}");
        assert_eq!(
            before.keys().collect::<Vec<_>>(),
            hsm.bench.listing().keys().collect::<Vec<_>>()
        );
    }
}

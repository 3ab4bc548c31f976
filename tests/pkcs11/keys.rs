//! The whole path: a key on a token makes a CA certificate and signs a bundle, and openssl verifies
//! both.

use std::fs;

use serde_json::{Value, json};

use crate::hsm::{Hsm, module};

pub const TESTS: &[(&str, fn())] = &[
    ("an_rsa_2048_key_made_on_a_token_signs", || {
        made_on_the_token_it_signs("rsa-2048")
    }),
    ("an_rsa_3072_key_made_on_a_token_signs", || {
        made_on_the_token_it_signs("rsa-3072")
    }),
    ("an_rsa_4096_key_made_on_a_token_signs", || {
        made_on_the_token_it_signs("rsa-4096")
    }),
    ("a_p256_key_made_on_a_token_signs", || {
        made_on_the_token_it_signs("p256")
    }),
    ("a_p384_key_made_on_a_token_signs", || {
        made_on_the_token_it_signs("p384")
    }),
    (
        "imported_keys_sign_under_a_ca_certificate_made_elsewhere",
        imported_keys_sign_under_a_ca_certificate_made_elsewhere,
    ),
    (
        "a_token_without_the_hashing_mechanism_signs_the_digest",
        a_token_without_the_hashing_mechanism_signs_the_digest,
    ),
    (
        "the_key_is_found_by_the_ca_certificate_alone",
        the_key_is_found_by_the_ca_certificate_alone,
    ),
    (
        "a_key_that_is_there_is_used_and_said_to_be",
        a_key_that_is_there_is_used_and_said_to_be,
    ),
    (
        "a_new_key_takes_the_id_of_the_uri",
        a_new_key_takes_the_id_of_the_uri,
    ),
    ("no_two_keys_get_one_id", no_two_keys_get_one_id),
    (
        "a_key_whose_label_is_no_utf_8_is_named_by_its_id",
        a_key_whose_label_is_no_utf_8_is_named_by_its_id,
    ),
    (
        "a_token_that_refuses_the_niceties_makes_a_key_all_the_same",
        a_token_that_refuses_the_niceties_makes_a_key_all_the_same,
    ),
    (
        "a_key_that_could_be_taken_out_is_destroyed_again",
        a_key_that_could_be_taken_out_is_destroyed_again,
    ),
    (
        "a_certificate_that_cannot_be_written_leaves_the_key_to_go_on_with",
        a_certificate_that_cannot_be_written_leaves_the_key_to_go_on_with,
    ),
    (
        "a_place_that_cannot_be_written_is_found_before_the_token_is_touched",
        a_place_that_cannot_be_written_is_found_before_the_token_is_touched,
    ),
    (
        "a_key_that_can_be_taken_out_is_warned_of",
        a_key_that_can_be_taken_out_is_warned_of,
    ),
    (
        "a_key_that_signs_wrongly_gets_nothing_written",
        a_key_that_signs_wrongly_gets_nothing_written,
    ),
    (
        "the_token_is_told_apart_by_every_attribute",
        the_token_is_told_apart_by_every_attribute,
    ),
    (
        "the_module_may_stand_in_the_uri",
        the_module_may_stand_in_the_uri,
    ),
    (
        "a_module_that_does_no_locking_is_used_all_the_same",
        a_module_that_does_no_locking_is_used_all_the_same,
    ),
    #[cfg(all(feature = "online", feature = "simulator"))]
    ("bootstrap_signs_with_a_token", bootstrap_signs_with_a_token),
];

/// What `ca init` prints is what its schema says.
pub fn is_by_its_schema(document: &Value) {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas");
    let read = |name: &str| -> Value {
        serde_json::from_slice(&fs::read(dir.join(name)).unwrap()).unwrap()
    };
    let others = ["output-ca-show.schema.json", "common.schema.json"].map(read);
    let mut registry = jsonschema::Registry::new();
    for schema in &others {
        registry = registry
            .add(schema["$id"].as_str().unwrap(), schema)
            .unwrap();
    }
    let registry = registry.prepare().unwrap();
    let schema = read("output-ca-init.schema.json");
    let validator = jsonschema::options()
        .with_registry(&registry)
        .build(&schema)
        .unwrap();
    let faults: Vec<String> = validator
        .iter_errors(document)
        .map(|fault| fault.to_string())
        .collect();
    assert!(faults.is_empty(), "{faults:#?}\n{document:#}");
}

fn made_on_the_token_it_signs(key_type: &str) {
    let hsm = Hsm::new();
    let made = hsm
        .init(
            "pkcs11:token=ca;object=ca-key",
            &["--key-type", key_type, "--output", "json"],
        )
        .expect(0)
        .json();
    is_by_its_schema(&made);
    assert_eq!(made["key_made"], true);
    assert!(!hsm.bench.path("customerCA.key").exists());

    let keys = hsm.inside("keys");
    let key = &keys[0];
    assert_eq!(keys.as_array().unwrap().len(), 1);
    for yes in [
        "token",
        "private",
        "sensitive",
        "always-sensitive",
        "never-extractable",
        "sign",
        "local",
    ] {
        assert_eq!(key[yes], true, "{yes}: {key:#}");
    }
    for no in [
        "extractable",
        if key_type.starts_with("rsa") {
            "decrypt"
        } else {
            "derive"
        },
    ] {
        assert_eq!(key[no], false, "{no}: {key:#}");
    }
    assert_eq!(key["label"], "ca-key");
    // The id is the certificate's key identifier: that is how other tools find a key to a
    // certificate.
    assert_eq!(key["id"], made["ca"]["subject_key_identifier"]);

    // The URI that it answered leads to the key, and the transcript's seal is made on the token as
    // well.
    hsm.sign(made["key"].as_str().unwrap(), &["--seal"])
        .expect(0);
    hsm.judge();
    let transcript = hsm
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
    assert_eq!(transcript["sealed_up_to"], 1);
    let said = fs::read_to_string(hsm.bench.path("bundle/transcript.jsonl")).unwrap();
    assert!(said.contains("pkcs11:token=ca"), "{said}");
    hsm.no_file_holds_the_pin();
}

fn imported_keys_sign_under_a_ca_certificate_made_elsewhere() {
    for (name, new) in [
        ("rsa", "rsa:3072"),
        ("p256", "ec -pkeyopt ec_paramgen_curve:P-256"),
        ("p384", "ec -pkeyopt ec_paramgen_curve:P-384"),
    ] {
        let hsm = Hsm::new();
        hsm.openssl(&format!(
            "req -x509 -newkey {new} -nodes -days 3652 -subj /CN={name} -addext \
             keyUsage=critical,keyCertSign,cRLSign -keyout plain.key -out customerCA.crt"
        ));
        hsm.import("plain.key", name, "a1b2");
        fs::remove_file(hsm.bench.path("plain.key")).unwrap();
        hsm.sign(&format!("pkcs11:object={name};id=%a1%B2"), &[])
            .expect(0);
        hsm.judge();
    }
}

fn a_token_without_the_hashing_mechanism_signs_the_digest() {
    const SHA256_RSA_PKCS: &str = "sign-init 64";
    const RSA_PKCS: &str = "sign-init 1";
    for (line, mechanism) in [
        ("", SHA256_RSA_PKCS),
        (
            "slots.mechanisms = -CKM_DES_ECB,CKM_SHA256_RSA_PKCS",
            RSA_PKCS,
        ),
    ] {
        let hsm = Hsm::configured(line).now("");
        hsm.init("pkcs11:token=ca;object=k", &["--key-type", "rsa-2048"])
            .expect(0);
        hsm.sign("pkcs11:token=ca;object=k", &[]).expect(0);
        hsm.judge();
        let signed: Vec<String> = hsm
            .calls()
            .into_iter()
            .filter(|call| call.starts_with("sign-init"))
            .collect();
        assert_eq!(signed, [mechanism; 2], "the CA certificate, and the HSM's");
    }
}

fn the_key_is_found_by_the_ca_certificate_alone() {
    let hsm = Hsm::new();
    for key_type in ["p384", "rsa-2048", "p256"] {
        hsm.init(
            &format!("pkcs11:object={key_type}"),
            &["--key-type", key_type, "--force"],
        )
        .expect(0);
    }
    // Three keys, the last one is the CA's.
    hsm.sign("pkcs11:", &[]).expect(0);
    hsm.judge();
}

fn a_key_that_is_there_is_used_and_said_to_be() {
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

fn a_new_key_takes_the_id_of_the_uri() {
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

fn no_two_keys_get_one_id() {
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

fn a_key_whose_label_is_no_utf_8_is_named_by_its_id() {
    let hsm = Hsm::new();
    hsm.inside("generate Schl\u{fc}ssel 2048 latin-1");
    let made = hsm
        .init("pkcs11:token=ca", &["--output", "json"])
        .expect(0)
        .json();
    let name = made["key"].as_str().unwrap();
    assert!(
        name.ends_with(";id=%07;type=private") && !name.contains("object="),
        "{name}"
    );
    hsm.sign(name, &[]).expect(0);
    hsm.judge();
}

fn a_token_that_refuses_the_niceties_makes_a_key_all_the_same() {
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

fn a_key_that_could_be_taken_out_is_destroyed_again() {
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

fn a_certificate_that_cannot_be_written_leaves_the_key_to_go_on_with() {
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

fn a_place_that_cannot_be_written_is_found_before_the_token_is_touched() {
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

fn a_key_that_can_be_taken_out_is_warned_of() {
    for loose in ["extractable", "readable"] {
        let hsm = Hsm::new();
        hsm.inside(&format!("generate loose 2048 {loose}"));
        let run = hsm.init("pkcs11:object=loose", &[]).expect(0);
        assert!(
            run.stderr.contains("can be taken out of its token"),
            "{loose}: {}",
            run.stderr
        );
    }
    let kept = Hsm::new();
    kept.inside("generate kept 2048");
    assert!(
        !kept
            .init("pkcs11:object=kept", &[])
            .expect(0)
            .stderr
            .contains("warning")
    );
}

fn a_key_that_signs_wrongly_gets_nothing_written() {
    let hsm = Hsm::new();
    hsm.init("pkcs11:token=ca;object=k", &["--key-type", "rsa-2048"])
        .expect(0);
    hsm.init(
        "pkcs11:token=ca;object=e",
        &["--key-type", "p256", "--force"],
    )
    .expect(0);
    let hsm = hsm.now("liar");
    hsm.refused(
        &[
            &crate::hsm::sign("pkcs11:token=ca;object=e")[..],
            &["--passphrase-file", "pin"],
        ]
        .concat(),
        5,
        "bad-signature",
        &["does not verify"],
    );
    assert!(!hsm.bench.part("CustomerHsmCertificate.crt").exists());
    let run = hsm.run(&[
        "ca",
        "init",
        "--out",
        "new",
        "--subject",
        "CN=x",
        "--ca-key",
        "pkcs11:object=k",
        "--passphrase-file",
        "pin",
        "--output",
        "json",
    ]);
    assert_eq!(run.expect(5).json()["error"]["kind"], "bad-signature");
    assert!(!hsm.bench.path("new/customerCA.crt").exists());
    // The same keys sign once the module is honest.
    hsm.now("").sign("pkcs11:token=ca;object=e", &[]).expect(0);
}

fn the_token_is_told_apart_by_every_attribute() {
    let hsm = Hsm::new();
    hsm.token("other");
    hsm.init("pkcs11:token=ca;object=k", &["--key-type", "p256"])
        .expect(0);
    let facts = hsm.inside("slot");
    let (slot, serial) = (
        facts["slot"].as_u64().unwrap(),
        facts["serial"].as_str().unwrap(),
    );
    for uri in [
        format!("pkcs11:serial={serial};object=k"),
        format!("pkcs11:slot-id={slot};object=k"),
        format!("pkcs11:token=ca;manufacturer=SoftHSM%20project;model=SoftHSM%20v2;slot-manufacture\
                 r=SoftHSM%20project;slot-id={slot}"),
        "pkcs11:token=ca;library-manufacturer=SoftHSM;library-description=Implementation%20of%20PKC\
         S11".to_owned(),
    ] {
        hsm.sign(&uri, &["--force"]).expect(0);
    }
    let sign = |uri: &str| {
        hsm.sign(uri, &["--force", "--output", "json"])
            .expect(5)
            .json()["error"]
            .clone()
    };
    for wrong in [
        "model=SoftHSM%20v3",
        "manufacturer=x",
        "slot-description=x",
        "slot-manufacturer=x",
        "slot-id=4294967000",
        "serial=0",
    ] {
        assert_eq!(
            sign(&format!("pkcs11:token=ca;{wrong}"))["kind"],
            "token-missing",
            "{wrong}"
        );
    }
    for wrong in [
        "library-manufacturer=x",
        "library-description=x",
        "library-version=99",
    ] {
        let error = sign(&format!("pkcs11:token=ca;{wrong}"));
        assert_eq!(error["kind"], "token-module-unusable", "{wrong}");
        assert!(
            error["message"]
                .as_str()
                .unwrap()
                .contains("library-manufacturer `SoftHSM`"),
            "{error:#}"
        );
    }
}

fn the_module_may_stand_in_the_uri() {
    let hsm = Hsm::new();
    let (directory, file) = (module().parent().unwrap().to_path_buf(), module());
    let run = |uri: String, flag: Option<&str>, code| {
        let mut words = vec![
            "ca",
            "init",
            "--out",
            "new",
            "--force",
            "--subject",
            "CN=x",
            "--key-type",
            "p256",
            "--passphrase-file",
            "pin",
            "--ca-key",
            &uri,
        ];
        words.extend(flag.iter().flat_map(|flag| ["--pkcs11-module", flag]));
        let mut command = hsm.bench.command(&words);
        command.env("SOFTHSM2_CONF", hsm.bench.path("softhsm2.conf"));
        crate::support::run(command).expect(code)
    };
    run(
        format!("pkcs11:object=k?module-path={}", file.display()),
        None,
        0,
    );
    run(
        format!(
            "pkcs11:object=k?module-path={}&module-name=softhsm2",
            directory.display()
        ),
        None,
        0,
    );
    // The command line goes before the URI, and that is said.
    let warned = run(
        "pkcs11:object=k?module-path=/nowhere/else.so".to_owned(),
        file.to_str(),
        0,
    );
    assert!(
        warned.stderr.contains("and not the URI's /nowhere/else.so"),
        "{}",
        warned.stderr
    );
    assert!(
        run(
            format!("pkcs11:object=k?module-path={}", directory.display()),
            None,
            5
        )
        .stderr
        .contains("is a directory")
    );
    assert!(
        run(
            format!(
                "pkcs11:object=k?module-path={}&module-name=other",
                directory.display()
            ),
            None,
            5
        )
        .stderr
        .contains("`module-name`")
    );
    let missing = run("pkcs11:object=k".to_owned(), None, 2);
    assert!(
        missing.stderr.contains("which module leads to it")
            && missing.stderr.contains("--pkcs11-module"),
        "{}",
        missing.stderr
    );
    assert!(
        run("pkcs11:object=k?module-name=softhsm2".to_owned(), None, 2)
            .stderr
            .contains("does not say where it lies")
    );
}

fn a_module_that_does_no_locking_is_used_all_the_same() {
    let hsm = Hsm::forwarded("nolock");
    hsm.init("pkcs11:token=ca;object=k", &["--key-type", "p256"])
        .expect(0);
}

#[cfg(all(feature = "online", feature = "simulator"))]
fn bootstrap_signs_with_a_token() {
    let hsm = Hsm::forwarded("");
    hsm.init("pkcs11:token=ca;object=k", &["--key-type", "p256"])
        .expect(0);
    hsm.calls();
    let key = [
        "--ca",
        "customerCA.crt",
        "--ca-key",
        "pkcs11:token=ca",
        "--passphrase-file",
        "pin",
    ];
    let done = hsm
        .run(
            &[
                &[
                    "bootstrap",
                    "--simulate",
                    "--bundle",
                    "rehearsed",
                    "--output",
                    "json",
                ],
                &key[..],
            ]
            .concat(),
        )
        .expect(0)
        .json();
    assert_eq!(done["outcome"], "claimed", "{done:#}");
    assert_eq!(hsm.logins(), 1);
}

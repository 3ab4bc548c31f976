//! The whole path: a key on a token makes a CA certificate and signs a bundle, and openssl verifies
//! both.

#[path = "keys/finding.rs"]
mod finding;
#[path = "keys/making.rs"]
mod making;

use std::fs;

use serde_json::{Value, json};

use crate::hsm::Hsm;
#[cfg(feature = "online")]
use crate::support::CLUSTER;

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
        finding::the_key_is_found_by_the_ca_certificate_alone,
    ),
    (
        "a_key_that_is_there_is_used_and_said_to_be",
        making::a_key_that_is_there_is_used_and_said_to_be,
    ),
    (
        "a_new_key_takes_the_id_of_the_uri",
        making::a_new_key_takes_the_id_of_the_uri,
    ),
    ("no_two_keys_get_one_id", making::no_two_keys_get_one_id),
    (
        "a_key_whose_label_is_no_utf_8_is_named_by_its_id",
        finding::a_key_whose_label_is_no_utf_8_is_named_by_its_id,
    ),
    (
        "a_token_that_refuses_the_niceties_makes_a_key_all_the_same",
        making::a_token_that_refuses_the_niceties_makes_a_key_all_the_same,
    ),
    (
        "a_key_that_could_be_taken_out_is_destroyed_again",
        making::a_key_that_could_be_taken_out_is_destroyed_again,
    ),
    (
        "a_certificate_that_cannot_be_written_leaves_the_key_to_go_on_with",
        making::a_certificate_that_cannot_be_written_leaves_the_key_to_go_on_with,
    ),
    (
        "a_place_that_cannot_be_written_is_found_before_the_token_is_touched",
        making::a_place_that_cannot_be_written_is_found_before_the_token_is_touched,
    ),
    #[cfg(feature = "online")]
    (
        "a_public_key_that_somebody_put_there_proves_no_owner",
        a_public_key_that_somebody_put_there_proves_no_owner,
    ),
    (
        "a_key_that_can_be_taken_out_is_warned_of",
        finding::a_key_that_can_be_taken_out_is_warned_of,
    ),
    (
        "a_key_that_signs_wrongly_gets_nothing_written",
        finding::a_key_that_signs_wrongly_gets_nothing_written,
    ),
    (
        "the_token_is_told_apart_by_every_attribute",
        finding::the_token_is_told_apart_by_every_attribute,
    ),
    (
        "the_module_may_stand_in_the_uri",
        finding::the_module_may_stand_in_the_uri,
    ),
    (
        "a_module_that_does_no_locking_is_used_all_the_same",
        finding::a_module_that_does_no_locking_is_used_all_the_same,
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

/// A token's public objects are anybody's to write, without a PIN: what they say proves no owner.
#[cfg(feature = "online")]
fn a_public_key_that_somebody_put_there_proves_no_owner() {
    let hsm = Hsm::new();
    hsm.init("pkcs11:token=ca;object=k", &["--key-type", "p256"])
        .expect(0);
    let theirs = [
        "ca",
        "init",
        "--out",
        "theirs",
        "--subject",
        "CN=Theirs",
        "--key-type",
        "p256",
        "--no-passphrase",
    ];
    hsm.run(&theirs).expect(0);
    let sign = [
        "sign",
        "bundle",
        "--ca",
        "theirs/customerCA.crt",
        "--ca-key",
        "theirs/customerCA.key",
        "--aws-root",
        "aws-root.crt",
        "--manufacturer-root",
        "manufacturer-root.crt",
    ];
    hsm.run(&sign).expect(0);
    hsm.inside("forget-public k");
    let file = hsm.bench.path("theirs/customerCA.crt");
    hsm.inside(&format!("certify k {}", file.display()));
    let bootstrap = [
        "bootstrap",
        "--cluster-id",
        CLUSTER,
        "--bundle",
        "bundle",
        "--ca-key",
        "pkcs11:token=ca",
        "--passphrase-file",
        "pin",
        "--region",
        "eu-central-1",
    ];
    let says = ["does not sign as that one"];
    hsm.refused(&bootstrap, 3, "owner-not-proven", &says);
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

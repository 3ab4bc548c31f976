//! What can be wrong with modules, tokens and keys.

use std::fs;
use std::process::Command;

use crate::hsm::{Hsm, PIN, sign};

pub const TESTS: &[(&str, fn())] = &[
    (
        "a_missing_token_is_said_beside_those_that_are_there",
        a_missing_token_is_said_beside_those_that_are_there,
    ),
    (
        "two_tokens_that_fit_are_refused",
        two_tokens_that_fit_are_refused,
    ),
    (
        "a_token_that_is_not_initialised_is_said_to_be",
        a_token_that_is_not_initialised_is_said_to_be,
    ),
    (
        "a_token_that_is_removed_is_said_to_be",
        a_token_that_is_removed_is_said_to_be,
    ),
    (
        "a_missing_key_is_said_beside_those_that_are_there",
        a_missing_key_is_said_beside_those_that_are_there,
    ),
    (
        "two_keys_that_fit_are_refused",
        two_keys_that_fit_are_refused,
    ),
    (
        "the_same_key_twice_is_refused",
        the_same_key_twice_is_refused,
    ),
    (
        "a_key_that_is_not_the_ca_certificates_is_refused",
        a_key_that_is_not_the_ca_certificates_is_refused,
    ),
    (
        "a_key_without_its_public_key_is_refused",
        a_key_without_its_public_key_is_refused,
    ),
    (
        "a_key_among_more_than_are_looked_at_is_not_said_to_be_missing",
        a_key_among_more_than_are_looked_at_is_not_said_to_be_missing,
    ),
    (
        "a_key_of_another_size_is_refused",
        a_key_of_another_size_is_refused,
    ),
    (
        "a_token_without_a_mechanism_for_it_makes_no_key",
        a_token_without_a_mechanism_for_it_makes_no_key,
    ),
    ("a_new_key_needs_a_name", a_new_key_needs_a_name),
    (
        "a_module_that_cannot_be_loaded_is_said_to_be",
        a_module_that_cannot_be_loaded_is_said_to_be,
    ),
    (
        "a_module_that_others_can_write_to_is_warned_of",
        a_module_that_others_can_write_to_is_warned_of,
    ),
    (
        "a_malformed_uri_is_a_wrong_command_line",
        a_malformed_uri_is_a_wrong_command_line,
    ),
];

/// A CA whose key is on the token.
fn with_ca() -> Hsm {
    let hsm = Hsm::new();
    hsm.init("pkcs11:token=ca;object=ca-key", &["--key-type", "p256"])
        .expect(0);
    hsm
}

fn refused(hsm: &Hsm, uri: &str, kind: &str, says: &[&str]) {
    hsm.refused(
        &[&sign(uri)[..], &["--passphrase-file", "pin"]].concat(),
        5,
        kind,
        says,
    );
}

fn a_missing_token_is_said_beside_those_that_are_there() {
    let hsm = with_ca();
    hsm.token("second one");
    refused(
        &hsm,
        "pkcs11:token=cb",
        "token-missing",
        &["token=ca;", "token=second%20one;"],
    );
}

fn two_tokens_that_fit_are_refused() {
    let hsm = with_ca().now("");
    hsm.token("ca");
    hsm.calls();
    refused(
        &hsm,
        "pkcs11:token=ca;object=ca-key",
        "token-ambiguous",
        &["2 tokens", "serial="],
    );
    assert_eq!(hsm.logins(), 0, "nothing is tried on either");
}

fn a_token_that_is_not_initialised_is_said_to_be() {
    let hsm = with_ca();
    hsm.util(&["--delete-token", "--token", "ca"]);
    refused(
        &hsm,
        "pkcs11:object=ca-key",
        "token-unusable",
        &["is not initialised"],
    );
    refused(&hsm, "pkcs11:token=ca", "token-missing", &["it shows none"]);
}

fn a_token_that_is_removed_is_said_to_be() {
    let hsm = with_ca().now("gone");
    refused(
        &hsm,
        "pkcs11:token=ca",
        "token-unusable",
        &["`ca`", "was removed", "CKR_DEVICE_REMOVED"],
    );
}

fn a_missing_key_is_said_beside_those_that_are_there() {
    let hsm = with_ca();
    refused(
        &hsm,
        "pkcs11:token=ca;object=other",
        "token-key-missing",
        &["object=ca-key;id=", "P-256"],
    );
    refused(
        &hsm,
        "pkcs11:token=ca;object=ca-key;id=%01",
        "token-key-missing",
        &["object=ca-key"],
    );
}

fn two_keys_that_fit_are_refused() {
    let hsm = Hsm::new();
    for id in ["%01", "%02"] {
        hsm.init(
            &format!("pkcs11:object=k;id={id}"),
            &["--key-type", "p256", "--force"],
        )
        .expect(0);
    }
    let words = [
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
    ];
    hsm.refused(
        &words,
        5,
        "token-key-ambiguous",
        &["2 private keys", "object=k;id=%01", "object=k;id=%02"],
    );
}

fn the_same_key_twice_is_refused() {
    let hsm = Hsm::new();
    hsm.openssl(
        "req -x509 -newkey rsa:2048 -nodes -days 3652 -subj /CN=x -addext \
         keyUsage=critical,keyCertSign -keyout plain.key -out customerCA.crt",
    );
    hsm.import("plain.key", "one", "01");
    hsm.import("plain.key", "two", "02");
    refused(
        &hsm,
        "pkcs11:token=ca",
        "token-key-ambiguous",
        &["object=one", "object=two", "CA certificate's"],
    );
    hsm.sign("pkcs11:token=ca;object=two", &[]).expect(0);
}

fn a_key_that_is_not_the_ca_certificates_is_refused() {
    let hsm = with_ca();
    fs::rename(
        hsm.bench.path("customerCA.crt"),
        hsm.bench.path("first.crt"),
    )
    .unwrap();
    hsm.init("pkcs11:token=ca;object=another", &["--key-type", "p256"])
        .expect(0);
    let digest = |name: &str| {
        let facts = hsm
            .run(&["ca", "show", name, "--output", "json"])
            .expect(0)
            .json();
        facts["key_sha256"].as_str().unwrap().to_owned()
    };
    refused(
        &hsm,
        "pkcs11:token=ca;object=ca-key",
        "ca-key-mismatch",
        &[&digest("first.crt"), &digest("customerCA.crt")],
    );
}

fn a_key_without_its_public_key_is_refused() {
    let hsm = with_ca();
    hsm.inside("forget-public ca-key");
    refused(
        &hsm,
        "pkcs11:token=ca",
        "token-key-without-public",
        &["object=ca-key", "its public key is not on the token"],
    );
}

fn a_key_among_more_than_are_looked_at_is_not_said_to_be_missing() {
    let hsm = with_ca();
    hsm.inside("fill other 1000");
    let error = |uri| hsm.sign(uri, &["--output", "json"]).expect(5).json()["error"].clone();
    let many = error("pkcs11:token=ca");
    assert_eq!(many["kind"], "token-key-ambiguous", "{many:#}");
    assert!(
        many["message"]
            .as_str()
            .unwrap()
            .starts_with("more than 1000 private keys on the token `ca`"),
        "{many:#}"
    );
    // Not all can be listed; that there are none is not said.
    let missing = error("pkcs11:token=ca;object=nothing");
    assert_eq!(missing["kind"], "token-key-missing", "{missing:#}");
    assert!(
        !missing["message"].as_str().unwrap().contains("none"),
        "{missing:#}"
    );
}

fn a_key_of_another_size_is_refused() {
    let hsm = Hsm::new();
    hsm.inside("generate small 1024");
    let words = [
        "ca",
        "init",
        "--out",
        "new",
        "--subject",
        "CN=x",
        "--ca-key",
        "pkcs11:object=small",
        "--passphrase-file",
        "pin",
    ];
    hsm.refused(
        &words,
        5,
        "ca-key-unsupported",
        &["an RSA key of 1024 bits"],
    );
}

fn a_token_without_a_mechanism_for_it_makes_no_key() {
    for (line, needed) in [
        (
            "slots.mechanisms = -CKM_DES_ECB,CKM_EC_KEY_PAIR_GEN",
            "CKM_EC_KEY_PAIR_GEN",
        ),
        (
            "slots.mechanisms = -CKM_DES_ECB,CKM_ECDSA",
            "CKM_ECDSA or CKM_ECDSA_SHA256",
        ),
    ] {
        let hsm = Hsm::configured(line);
        let words = [
            "ca",
            "init",
            "--out",
            "new",
            "--subject",
            "CN=x",
            "--ca-key",
            "pkcs11:object=k",
            "--key-type",
            "p256",
            "--passphrase-file",
            "pin",
        ];
        hsm.refused(&words, 5, "token-mechanism-missing", &[needed]);
        assert_eq!(hsm.inside("keys"), serde_json::json!([]));
    }
}

fn a_new_key_needs_a_name() {
    let hsm = Hsm::new();
    let words = [
        "ca",
        "init",
        "--out",
        "new",
        "--subject",
        "CN=x",
        "--ca-key",
        "pkcs11:token=ca",
        "--passphrase-file",
        "pin",
    ];
    let message = hsm.refused(&words, 2, "bad-key-uri", &["a new one needs a name"]);
    assert!(
        !message.contains("making a key"),
        "nothing is made: {message}"
    );
}

fn a_module_that_cannot_be_loaded_is_said_to_be() {
    let hsm = with_ca();
    hsm.bench.write("text.so", "this is no library");
    hsm.bench.write("empty.c", "int nothing;\n");
    hsm.bench.write(
        "needs.c",
        "int missing_on_purpose(void); int used(void) { return missing_on_purpose(); }\n",
    );
    let cc = |from: &str, to: &str, more: &[&str]| {
        let output = Command::new("cc")
            .args(["-shared", "-fPIC", "-o", to, from])
            .args(more)
            .current_dir(hsm.bench.path(""))
            .output()
            .unwrap();
        assert!(output.status.success());
    };
    cc("empty.c", "empty.so", &[]);
    cc("needs.c", "needs.so", &["-Wl,-z,now"]);
    for (file, says) in [
        ("nowhere.so", "does not exist"),
        ("text.so", "the loader says"),
        ("empty.so", "has no C_GetFunctionList"),
        ("needs.so", "missing_on_purpose"),
        ("bundle", "is a directory"),
    ] {
        let words = [
            &sign("pkcs11:token=ca")[..],
            &["--passphrase-file", "pin", "--pkcs11-module", file],
        ]
        .concat();
        hsm.refused(&words, 5, "token-module-unusable", &[says, file]);
    }
    // A module that starts, and does not find its own configuration.
    fs::remove_file(hsm.bench.path("softhsm2.conf")).unwrap();
    refused(
        &hsm,
        "pkcs11:token=ca",
        "token-module-unusable",
        &["C_Initialize", "CKR_"],
    );
}

fn a_module_that_others_can_write_to_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let hsm = with_ca();
    fs::copy(crate::hsm::module(), hsm.bench.path("copy.so")).unwrap();
    for (mode, warned) in [(0o755, false), (0o775, true), (0o646, true)] {
        fs::set_permissions(hsm.bench.path("copy.so"), fs::Permissions::from_mode(mode)).unwrap();
        let run = hsm
            .sign(
                "pkcs11:token=ca",
                &["--force", "--pkcs11-module", "copy.so"],
            )
            .expect(0);
        assert_eq!(
            run.stderr
                .contains("others can write to the PKCS#11 module"),
            warned,
            "{mode:o}: {}",
            run.stderr
        );
    }
}

fn a_malformed_uri_is_a_wrong_command_line() {
    let hsm = with_ca().now("");
    hsm.calls();
    for (uri, says) in [
        ("pkcs11:token", "without a `=`"),
        ("pkcs11:token=%", "hexadecimal"),
        ("pkcs11:labl=x", "`labl`"),
    ] {
        hsm.refused(&sign(uri), 2, "bad-key-uri", &[says]);
    }
    let with_pin = format!("pkcs11:token=ca?pin-value={PIN}");
    let message = hsm.refused(&sign(&with_pin), 2, "bad-key-uri", &["pin-value"]);
    assert!(!message.contains(PIN));
    assert_eq!(hsm.calls(), [""; 0], "the token was not even looked at");
    hsm.no_file_holds_the_pin();
}

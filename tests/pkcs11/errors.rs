//! What can be wrong with modules, tokens and keys.

#[path = "errors/unusable.rs"]
mod unusable;

use std::fs;

use crate::hsm::{Hsm, sign};

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
        "a_certificate_on_the_token_says_what_a_keys_public_key_is",
        a_certificate_on_the_token_says_what_a_keys_public_key_is,
    ),
    (
        "a_key_among_more_than_are_looked_at_is_not_said_to_be_missing",
        a_key_among_more_than_are_looked_at_is_not_said_to_be_missing,
    ),
    (
        "a_key_of_another_size_is_refused",
        unusable::a_key_of_another_size_is_refused,
    ),
    (
        "a_token_without_a_mechanism_for_it_makes_no_key",
        unusable::a_token_without_a_mechanism_for_it_makes_no_key,
    ),
    ("a_new_key_needs_a_name", unusable::a_new_key_needs_a_name),
    (
        "a_module_that_cannot_be_loaded_is_said_to_be",
        unusable::a_module_that_cannot_be_loaded_is_said_to_be,
    ),
    (
        "a_module_that_others_can_write_to_is_warned_of",
        unusable::a_module_that_others_can_write_to_is_warned_of,
    ),
    (
        "a_malformed_uri_is_a_wrong_command_line",
        unusable::a_malformed_uri_is_a_wrong_command_line,
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

fn a_certificate_on_the_token_says_what_a_keys_public_key_is() {
    let hsm = with_ca();
    hsm.inside("forget-public ca-key");
    let file = hsm.bench.path("customerCA.crt");
    hsm.inside(&format!("certify ca-key {}", file.display()));
    hsm.sign("pkcs11:token=ca", &[]).expect(0);
    hsm.judge();
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

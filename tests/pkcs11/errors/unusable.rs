//! Keys and modules that are there and cannot be used.

use std::process::Command;

use crate::hsm::PIN;

use super::*;

pub(super) fn a_key_of_another_size_is_refused() {
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

pub(super) fn a_token_without_a_mechanism_for_it_makes_no_key() {
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

pub(super) fn a_new_key_needs_a_name() {
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

pub(super) fn a_module_that_cannot_be_loaded_is_said_to_be() {
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

pub(super) fn a_module_that_others_can_write_to_is_warned_of() {
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

pub(super) fn a_malformed_uri_is_a_wrong_command_line() {
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

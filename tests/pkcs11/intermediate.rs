//! An intermediate under a root, where the key of either, or of both, lies on a token.

use std::fs;

use crate::hsm::Hsm;
use crate::keys::is_by_its_schema;

pub const TESTS: &[(&str, fn())] = &[
    (
        "a_root_on_a_token_makes_an_intermediate_whose_key_is_a_file",
        a_root_on_a_token_makes_an_intermediate_whose_key_is_a_file,
    ),
    (
        "a_root_on_a_token_makes_an_intermediate_on_a_token",
        a_root_on_a_token_makes_an_intermediate_on_a_token,
    ),
    (
        "a_root_in_a_file_makes_an_intermediate_on_a_token",
        a_root_in_a_file_makes_an_intermediate_on_a_token,
    ),
    (
        "another_key_of_the_token_makes_no_intermediate",
        another_key_of_the_token_makes_no_intermediate,
    ),
];

/// `ca init --issuer` into `under`, under the CA in `root`.
fn intermediate<'a>(issuer_key: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let words = [
        "ca",
        "init",
        "--out",
        "under",
        "--subject",
        "CN=Signing CA,O=Example",
        "--issuer",
        "root/customerCA.crt",
        "--issuer-key",
        issuer_key,
    ];
    [&words[..], more].concat()
}

/// A root in `root`, its key at this URI of the token `ca`.
fn root_on_the_token(hsm: &Hsm, uri: &str, key_type: &str) {
    let words = [
        "ca",
        "init",
        "--out",
        "root",
        "--subject",
        "CN=Root,O=Example",
        "--ca-key",
        uri,
        "--passphrase-file",
        "pin",
    ];
    hsm.run(&[&words[..], &["--key-type", key_type]].concat())
        .expect(0);
}

/// That the chain in `under` is sound by openssl, and that what its CA signs passes `check`, and
/// openssl with it.
fn signs_under_the_chain(hsm: &Hsm, key: &str) {
    assert!(
        !hsm.bench.path("under/customerCA.crt").exists(),
        "the chain alone is the trust anchor"
    );
    assert_eq!(
        hsm.openssl("verify -x509_strict -CAfile root/customerCA.crt under/chainCA.crt")
            .trim(),
        "under/chainCA.crt: OK"
    );
    let words = [
        "sign",
        "bundle",
        "--ca",
        "under/chainCA.crt",
        "--ca-key",
        key,
        "--passphrase-file",
        "pin",
    ];
    hsm.run(&[&words[..], &crate::support::TRUST].concat())
        .expect(0);
    let (csr, signed) = (
        hsm.bench.part("ClusterCsr.csr"),
        hsm.bench.part("CustomerHsmCertificate.crt"),
    );
    let (csr, signed) = (csr.to_str().unwrap(), signed.to_str().unwrap());
    let judged = hsm
        .run(&[
            "check",
            "--csr",
            csr,
            "--signed-cert",
            signed,
            "--trust-anchor",
            "under/chainCA.crt",
            "--output",
            "json",
        ])
        .expect(0)
        .json();
    assert_eq!(judged["verdict"], "fit", "{judged:#}");
    assert_eq!(
        hsm.openssl(&format!(
            "verify -purpose sslserver -CAfile under/chainCA.crt {signed}"
        ))
        .trim(),
        format!("{signed}: OK")
    );
    hsm.no_file_holds_the_pin();
}

fn a_root_on_a_token_makes_an_intermediate_whose_key_is_a_file() {
    for (key_type, new) in [("rsa-2048", "p256"), ("p384", "rsa-2048")] {
        let hsm = Hsm::forwarded("");
        root_on_the_token(&hsm, "pkcs11:token=ca;object=root", key_type);
        hsm.calls();
        let own = [
            "--issuer-passphrase-file",
            "pin",
            "--key-type",
            new,
            "--passphrase-file",
            "wrong",
            "--output",
            "json",
        ];
        let made = hsm
            .run(&intermediate("pkcs11:token=ca;object=root", &own))
            .expect(0)
            .json();
        is_by_its_schema(&made);
        assert_eq!(hsm.logins(), 1, "the PIN is tried once");
        assert_eq!(
            (
                made["key_encrypted"].as_bool(),
                made["chain"].as_array().map(Vec::len)
            ),
            (Some(true), Some(1)),
            "{made:#}"
        );
        assert_eq!(
            hsm.inside("keys").as_array().unwrap().len(),
            1,
            "the new key is in its file"
        );
        // The new key's passphrase is another than the token's PIN.
        fs::copy(hsm.bench.path("wrong"), hsm.bench.path("pass")).unwrap();
        hsm.openssl("pkey -in under/customerCA.key -passin file:pass -noout");
        hsm.openssl(
            "pkcs8 -topk8 -in under/customerCA.key -passin file:pass -passout file:pin \
                     -out under/again.key",
        );
        signs_under_the_chain(&hsm, "under/again.key");
    }
}

fn a_root_on_a_token_makes_an_intermediate_on_a_token() {
    let hsm = Hsm::forwarded("");
    hsm.token("online");
    root_on_the_token(&hsm, "pkcs11:token=ca;object=root", "p384");
    // On the same token, and on another.
    for (token, label) in [("ca", "signing"), ("online", "signing")] {
        drop(fs::remove_dir_all(hsm.bench.path("under")));
        for file in [
            "response.json",
            "transcript.jsonl",
            "verification.json",
            "customerCA.crt",
        ] {
            drop(fs::remove_file(hsm.bench.path("bundle").join(file)));
        }
        drop(fs::remove_file(
            hsm.bench.part("CustomerHsmCertificate.crt"),
        ));
        let own = format!("pkcs11:token={token};object={label}");
        let words = [
            "--ca-key",
            &own,
            "--key-type",
            "p256",
            "--issuer-passphrase-file",
            "pin",
            "--passphrase-file",
            "pin",
            "--output",
            "json",
        ];
        let made = hsm
            .run(&intermediate("pkcs11:token=ca;object=root", &words))
            .expect(0)
            .json();
        is_by_its_schema(&made);
        assert_eq!(
            (
                made["key_made"].as_bool(),
                made["chain"].as_array().map(Vec::len)
            ),
            (Some(true), Some(1)),
            "{made:#}"
        );
        assert!(
            made["key"]
                .as_str()
                .unwrap()
                .contains(&format!("token={token}")),
            "{made:#}"
        );
        signs_under_the_chain(&hsm, made["key"].as_str().unwrap());
    }
}

fn a_root_in_a_file_makes_an_intermediate_on_a_token() {
    let hsm = Hsm::new();
    let root = [
        "ca",
        "init",
        "--out",
        "root",
        "--subject",
        "CN=Root,O=Example",
        "--key-type",
        "p256",
        "--passphrase-file",
        "wrong",
    ];
    hsm.run(&root).expect(0);
    let words = [
        "--issuer-passphrase-file",
        "wrong",
        "--ca-key",
        "pkcs11:token=ca;object=signing",
        "--key-type",
        "rsa-2048",
        "--passphrase-file",
        "pin",
    ];
    let made = hsm
        .run(&intermediate(
            "root/customerCA.key",
            &[&words[..], &["--output", "json"]].concat(),
        ))
        .expect(0)
        .json();
    assert_eq!(made["key_made"], true);
    signs_under_the_chain(&hsm, "pkcs11:token=ca;object=signing");
}

fn another_key_of_the_token_makes_no_intermediate() {
    let hsm = Hsm::new();
    root_on_the_token(&hsm, "pkcs11:token=ca;object=root", "p256");
    hsm.run(&[
        "ca",
        "init",
        "--out",
        "other",
        "--subject",
        "CN=Other",
        "--ca-key",
        "pkcs11:token=ca;object=other",
        "--key-type",
        "p256",
        "--passphrase-file",
        "pin",
    ])
    .expect(0);
    let own = [
        "--issuer-passphrase-file",
        "pin",
        "--passphrase-file",
        "pin",
        "--ca-key",
        "pkcs11:token=ca;object=fresh",
    ];
    let words = intermediate("pkcs11:token=ca;object=other", &own);
    hsm.refused(
        &words,
        5,
        "ca-key-mismatch",
        &["object=other", "is the CA certificate's"],
    );
    assert_eq!(
        hsm.inside("keys").as_array().unwrap().len(),
        2,
        "no key was made for it"
    );
    // The token's one key that is the issuer certificate's is found by that certificate alone.
    hsm.run(&intermediate("pkcs11:token=ca", &own)).expect(0);
    signs_under_the_chain(&hsm, "pkcs11:token=ca;object=fresh");
}

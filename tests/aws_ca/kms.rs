//! Keys in KMS sign, seal, make intermediates and claim.

use super::*;

pub(super) fn signs_the_bundle(spec: &str, shown: &str) {
    let bench = Bench::new();
    let uri = uri(&key(spec));
    let made = hsmboot(&bench, &ca_init(&uri, &["--output", "json"]))
        .expect(0)
        .json();
    assert_eq!(
        (made["key_made"].as_bool(), made["ca"]["key"].as_str()),
        (Some(false), Some(shown)),
        "{made:#}"
    );
    let files: Vec<_> = std::fs::read_dir(bench.path("ca"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(files, ["customerCA.crt"], "the key stays where it is");
    openssl(
        &bench.path(""),
        "verify -x509_strict -CAfile ca/customerCA.crt ca/customerCA.crt",
    );
    let signed = hsmboot(&bench, &sign(&uri, &["--output", "json"]))
        .expect(0)
        .json();
    openssl_judges(&bench, "ca/customerCA.crt");
    let response: Value = serde_json::from_slice(&bench.read("bundle/response.json")).unwrap();
    assert_eq!(
        response["ca_key"], made["key"],
        "which key it was is written down"
    );
    assert_eq!(signed["verdict"], "verified");
}

pub(super) fn a_key_is_found_by_its_id_its_arn_and_its_aliases() {
    let bench = Bench::new();
    let key = key("ECC_NIST_P256");
    let (id, arn) = (key["KeyId"].as_str().unwrap(), key["Arn"].as_str().unwrap());
    let alias = format!("alias/team/ca_{id}");
    moto().kms(
        "CreateAlias",
        "us-east-1",
        &json!({ "AliasName": alias, "TargetKeyId": id }),
    );
    let prefix = arn.split(":key/").next().unwrap();
    hsmboot(&bench, &ca_init(&uri(&key), &[])).expect(0);
    for name in [
        id.to_owned(),
        arn.to_owned(),
        alias.clone(),
        format!("{prefix}:{alias}"),
    ] {
        hsmboot(&bench, &sign(&format!("awskms:{name}"), &["--force"])).expect(0);
        openssl_judges(&bench, "ca/customerCA.crt");
    }
    // The scheme is told in any case; what follows is KMS's.
    hsmboot(&bench, &sign(&format!("AWSKMS:{alias}"), &["--force"])).expect(0);
    refused(
        &bench,
        &sign("awskms:alias/no-such-alias", &["--force"]),
        5,
        "ca-key-missing",
        &["awskms:alias/no-such-alias", "us-east-1"],
    );
}

pub(super) fn an_arn_says_the_region_and_another_name_takes_it_from_the_command_line() {
    let bench = Bench::new();
    let key = moto().key("ECC_NIST_P256", "SIGN_VERIFY", "eu-central-1");
    let (uri, id) = (
        uri(&key),
        format!("awskms:{}", key["KeyId"].as_str().unwrap()),
    );
    // AWS_REGION is us-east-1.
    hsmboot(&bench, &ca_init(&uri, &[])).expect(0);
    hsmboot(&bench, &sign(&uri, &["--region", "eu-central-1"])).expect(0);
    refused(
        &bench,
        &sign(&uri, &["--force", "--region", "eu-west-1"]),
        2,
        "contradicting-region",
        &["eu-west-1", "eu-central-1"],
    );
    refused(
        &bench,
        &sign(&id, &["--force"]),
        5,
        "ca-key-missing",
        &["us-east-1"],
    );
    hsmboot(&bench, &sign(&id, &["--force", "--region", "eu-central-1"])).expect(0);
}

pub(super) fn a_key_that_cannot_sign_certificates_is_refused() {
    let bench = Bench::new();
    for (spec, usage, found) in [
        ("ECC_SECG_P256K1", "SIGN_VERIFY", "secp256k1"),
        ("ECC_NIST_P521", "SIGN_VERIFY", "P-521"),
        (
            "RSA_4096",
            "ENCRYPT_DECRYPT",
            "KeyUsage ENCRYPT_DECRYPT, expected SIGN_VERIFY",
        ),
        (
            "SYMMETRIC_DEFAULT",
            "ENCRYPT_DECRYPT",
            "KeyUsage ENCRYPT_DECRYPT, expected SIGN_VERIFY",
        ),
    ] {
        let uri = uri(&moto().key(spec, usage, "us-east-1"));
        refused(
            &bench,
            &ca_init(&uri, &[]),
            5,
            "ca-key-unsupported",
            &[found, "awskms:arn:aws:kms:us-east-1:"],
        );
    }
    let uri = uri(&key("ECC_NIST_P384"));
    refused(
        &bench,
        &ca_init(&uri, &["--key-type", "p256"]),
        2,
        "key-type-differs",
        &["wanted  p256", "found   P-384"],
    );
    hsmboot(&bench, &ca_init(&uri, &["--key-type", "p384"])).expect(0);
    refused(
        &bench,
        &ca_init(&uri, &[]),
        8,
        "file-exists",
        &["customerCA.crt"],
    );
}

pub(super) fn a_key_that_is_not_the_ca_certificates_signs_nothing() {
    let bench = Bench::new();
    hsmboot(&bench, &ca_init(&uri(&key("ECC_NIST_P256")), &[])).expect(0);
    refused(
        &bench,
        &sign(&uri(&key("ECC_NIST_P256")), &[]),
        5,
        "ca-key-mismatch",
        &["certificate SHA-256", "CA key      SHA-256", "P-256"],
    );
}

pub(super) fn a_key_in_kms_seals_the_transcript() {
    let bench = Bench::new();
    let uri = uri(&key("RSA_2048"));
    hsmboot(&bench, &ca_init(&uri, &[])).expect(0);
    hsmboot(&bench, &sign(&uri, &["--seal", "--operator", "Grace"])).expect(0);
    let verified = bench
        .run(&["transcript", "verify", "bundle", "--output", "json"])
        .expect(0)
        .json();
    assert!(verified.to_string().contains("seal"), "{verified:#}");
    let transcript = String::from_utf8(bench.read("bundle/transcript.jsonl")).unwrap();
    assert!(
        transcript.contains(&uri) && transcript.contains("\"seal\":{"),
        "{transcript}"
    );
}

/// `ca init --issuer` into `under`, under the CA in `ca`.
fn intermediate<'a>(issuer_key: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let words = [
        "ca",
        "init",
        "--out",
        "under",
        "--subject",
        "CN=Signing CA,O=Example",
        "--issuer",
        "ca/customerCA.crt",
        "--issuer-key",
        issuer_key,
    ];
    [&words[..], more].concat()
}

/// That the chain in `under` is sound by openssl, and that what its CA signs passes `check`, and
/// openssl with it.
fn signs_under_the_chain(bench: &Bench, key: &str, more: &[&str]) {
    assert!(
        !bench.path("under/customerCA.crt").exists(),
        "the chain alone is the trust anchor"
    );
    openssl(
        &bench.path(""),
        "verify -x509_strict -CAfile ca/customerCA.crt under/chainCA.crt",
    );
    let sign = [
        &[
            "sign",
            "bundle",
            "--force",
            "--ca",
            "under/chainCA.crt",
            "--ca-key",
            key,
        ],
        &TRUST[..],
        more,
    ]
    .concat();
    hsmboot(bench, &sign).expect(0);
    openssl_judges(bench, "under/chainCA.crt");
    let (csr, signed) = (
        format!("bundle/{CLUSTER}_ClusterCsr.csr"),
        format!("bundle/{CLUSTER}_CustomerHsmCertificate.crt"),
    );
    openssl(
        &bench.path(""),
        &format!("verify -purpose sslserver -CAfile under/chainCA.crt {signed}"),
    );
    let check = [
        "check",
        "--csr",
        &csr,
        "--signed-cert",
        &signed,
        "--trust-anchor",
        "under/chainCA.crt",
        "--output",
        "json",
    ];
    let judged = hsmboot(bench, &check).expect(0).json();
    assert_eq!(judged["verdict"], "fit", "{judged:#}");
}

pub(super) fn a_root_in_kms_makes_an_intermediate() {
    for (spec, new) in [("RSA_2048", "p256"), ("ECC_NIST_P384", "rsa-2048")] {
        let bench = Bench::new();
        let root = uri(&key(spec));
        hsmboot(&bench, &ca_init(&root, &[])).expect(0);
        let words = ["--no-passphrase", "--key-type", new, "--output", "json"];
        let made = hsmboot(&bench, &intermediate(&root, &words))
            .expect(0)
            .json();
        assert_eq!(made["chain"].as_array().map(Vec::len), Some(1), "{made:#}");
        signs_under_the_chain(&bench, "under/customerCA.key", &[]);
    }
    // Another key of KMS is not the root's, and nothing is made with it.
    let bench = Bench::new();
    hsmboot(&bench, &ca_init(&uri(&key("ECC_NIST_P256")), &[])).expect(0);
    let other = uri(&key("ECC_NIST_P256"));
    refused(
        &bench,
        &intermediate(&other, &["--no-passphrase", "--key-type", "p256"]),
        5,
        "ca-key-mismatch",
        &["the issuer's key"],
    );
}

pub(super) fn an_intermediate_in_kms_is_made_under_a_root_elsewhere() {
    // Both in KMS, each in its own region; the ARNs say which.
    let bench = Bench::new();
    let (root, own) = (
        key("ECC_NIST_P384"),
        moto().key("RSA_2048", "SIGN_VERIFY", "eu-central-1"),
    );
    let (root, own_uri) = (uri(&root), uri(&own));
    hsmboot(&bench, &ca_init(&root, &[])).expect(0);
    let made = hsmboot(
        &bench,
        &intermediate(&root, &["--ca-key", &own_uri, "--output", "json"]),
    )
    .expect(0)
    .json();
    // moto calls the key by its id alone.
    assert!(
        made["key"]
            .as_str()
            .unwrap()
            .ends_with(own["KeyId"].as_str().unwrap())
            && made["key_made"] == false,
        "{made:#}"
    );
    signs_under_the_chain(&bench, &own_uri, &[]);
    // An id alone takes the region of the command line, wherever of the two it stands.
    let bench = Bench::new();
    hsmboot(&bench, &ca_init(&own_uri, &[])).expect(0);
    let id = format!("awskms:{}", own["KeyId"].as_str().unwrap());
    hsmboot(
        &bench,
        &intermediate(
            &id,
            &[
                "--region",
                "eu-central-1",
                "--no-passphrase",
                "--key-type",
                "p256",
            ],
        ),
    )
    .expect(0);
    signs_under_the_chain(&bench, "under/customerCA.key", &[]);
    // The root in a file, the intermediate in KMS.
    let bench = Bench::new();
    let root = [
        "ca",
        "init",
        "--out",
        "ca",
        "--subject",
        "CN=Root,O=Example",
        "--key-type",
        "p256",
        "--no-passphrase",
    ];
    hsmboot(&bench, &root).expect(0);
    hsmboot(
        &bench,
        &intermediate(
            "ca/customerCA.key",
            &["--ca-key", &id, "--region", "eu-central-1"],
        ),
    )
    .expect(0);
    signs_under_the_chain(&bench, &id, &["--region", "eu-central-1"]);
    let files: Vec<_> = std::fs::read_dir(bench.path("under"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(files, ["chainCA.crt"], "the key stays where it is");
}

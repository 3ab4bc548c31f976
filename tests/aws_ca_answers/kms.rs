//! Keys in KMS: what is sent, and what each answer comes to.

use super::*;

#[test]
fn kms_is_sent_the_digest_of_what_is_signed() {
    let (bench, kms) = (bench(), kms());
    let said = hsmboot(&bench, &kms, &sign(ALIAS, &[])).expect(0).stderr;
    assert!(
        said.contains(&format!("for the CA's key, calls go to {}", kms.url)),
        "{said}"
    );
    let signed = openssl(
        &bench.path(""),
        &format!(
            "asn1parse -in bundle/{CLUSTER}_CustomerHsmCertificate.crt -strparse 4 -noout -out tbs"
        ),
    );
    assert!(signed.is_empty());
    let asked = &kms.bodies("Sign")[0];
    assert_eq!(
        asked["Message"],
        base64(&Sha256::digest(bench.read("tbs"))),
        "the digest of the to-be-signed bytes"
    );
    assert_eq!(
        (
            asked["MessageType"].as_str(),
            asked["SigningAlgorithm"].as_str()
        ),
        (Some("DIGEST"), Some("RSASSA_PKCS1_V1_5_SHA_256"))
    );
}

/// A to-be-signed text may be longer than the 4096 bytes that KMS takes as a message: a
/// transcript's line that names many inputs, say.
#[test]
fn what_is_longer_than_a_message_to_kms_is_signed_all_the_same() {
    let (bench, kms) = (bench(), kms());
    // The paths as they are given stand in the line.
    let long = |path: &str| format!("{}{path}", "./".repeat(800));
    let (ca, aws, manufacturer) = (
        long("ca/customerCA.crt"),
        long("aws-root.crt"),
        long("manufacturer-root.crt"),
    );
    let args = [
        "sign",
        "bundle",
        "--ca",
        &ca,
        "--ca-key",
        ALIAS,
        "--aws-root",
        &aws,
        "--manufacturer-root",
        &manufacturer,
        "--seal",
    ];
    hsmboot(&bench, &kms, &args).expect(0);
    let line = String::from_utf8(bench.read("bundle/transcript.jsonl"))
        .unwrap()
        .lines()
        .last()
        .unwrap()
        .len();
    assert!(
        line > 4096 + 1000,
        "what is sealed has more than {line} bytes but for the seal"
    );
    bench.run(&["transcript", "verify", "bundle"]).expect(0);
    assert_eq!(kms.counts()["Sign"], 2);
}

#[test]
fn an_alias_that_moves_after_it_was_looked_up_changes_nothing() {
    let (bench, kms) = (bench(), kms());
    hsmboot(&bench, &kms, &sign(ALIAS, &[])).expect(0);
    assert_eq!(
        kms.bodies("GetPublicKey")[0]["KeyId"],
        ALIAS.strip_prefix("awskms:").unwrap()
    );
    assert_eq!(
        kms.bodies("Sign")[0]["KeyId"],
        KEY,
        "what GetPublicKey called it"
    );
    let response: Value = serde_json::from_slice(&bench.read("bundle/response.json")).unwrap();
    assert_eq!(response["ca_key"], format!("awskms:{KEY}"));
}

#[test]
fn a_signature_that_does_not_verify_is_not_used() {
    let bench = bench();
    let liar = StandIn::new(|call| match call.target.as_str() {
        "TrentService.GetPublicKey" => public_key(&[]),
        // Over another digest, or nothing at all.
        _ if call.before == 0 => signature(&Call {
            body: json!({ "Message": base64(&[7; 32]) }),
            ..call.clone()
        }),
        _ => (200, json!({ "KeyId": KEY, "Signature": "" })),
    });
    refused(
        &bench,
        &liar,
        &sign(ALIAS, &[]),
        5,
        "bad-signature",
        &["does not verify", KEY],
    );
}

#[test]
fn a_key_that_kms_describes_otherwise_than_it_is_is_refused() {
    let bench = Bench::new();
    for (change, words) in [
        (
            ("KeyUsage", json!("KEY_AGREEMENT")),
            "KeyUsage KEY_AGREEMENT, expected SIGN_VERIFY",
        ),
        (
            ("SigningAlgorithms", json!(["RSASSA_PSS_SHA_256"])),
            "RSASSA_PKCS1_V1_5_SHA_256",
        ),
        (("PublicKey", json!(base64(b"no key"))), "unreadable"),
    ] {
        let kms = StandIn::new(move |_| public_key(&[(change.0, change.1.clone())]));
        refused(
            &bench,
            &kms,
            &ca_init(ALIAS),
            5,
            "ca-key-unsupported",
            &[words, ALIAS],
        );
    }
}

/// KMS API Reference, GetPublicKey and Sign, "Errors".
#[test]
fn each_refusal_of_kms_says_whether_the_key_is_at_fault_or_the_way_to_it() {
    let bench = bench();
    for (status, code, exit, kind, hint) in [
        (400, "NotFoundException", 5, "ca-key-missing", "create-key"),
        (
            400,
            "DisabledException",
            5,
            "ca-key-unavailable",
            "enable-key",
        ),
        (
            400,
            "KMSInvalidStateException",
            5,
            "ca-key-unavailable",
            "cancel-key-deletion",
        ),
        (
            500,
            "KeyUnavailableException",
            5,
            "ca-key-unavailable",
            "key store",
        ),
        (
            400,
            "InvalidKeyUsageException",
            5,
            "ca-key-unsupported",
            "SIGN_VERIFY",
        ),
        (
            400,
            "UnsupportedOperationException",
            5,
            "ca-key-unsupported",
            "SIGN_VERIFY",
        ),
        (
            400,
            "AccessDeniedException",
            6,
            "access-denied",
            "kms:GetPublicKey and kms:Sign",
        ),
        (400, "ThrottlingException", 6, "throttled", "again"),
        (
            400,
            "UnrecognizedClientException",
            6,
            "credentials-refused",
            "get-caller-identity",
        ),
        (
            500,
            "KMSInternalException",
            6,
            "service-failure",
            "nothing has been written",
        ),
        (400, "InvalidGrantTokenException", 6, "service-refused", KEY),
    ] {
        for action in ["GetPublicKey", "Sign"] {
            let kms = StandIn::new(move |call| match call.target.ends_with(action) {
                true => refusal(status, code),
                false => public_key(&[]),
            });
            let said = refused(
                &bench,
                &kms,
                &sign(&format!("awskms:{KEY}"), &[]),
                exit,
                kind,
                &["the service's words"],
            );
            assert!(said.contains(hint), "{code}: {said}");
            assert!(
                kind != "access-denied" || said.contains(&format!("kms:{action} was missing")),
                "{said}"
            );
        }
    }
}

#[test]
fn kms_that_is_throttled_for_a_moment_is_asked_again() {
    let bench = bench();
    let kms = StandIn::new(|call| match call.target.as_str() {
        _ if call.before == 0 => refusal(400, "ThrottlingException"),
        "TrentService.GetPublicKey" => public_key(&[]),
        _ => signature(call),
    });
    hsmboot(&bench, &kms, &sign(ALIAS, &[])).expect(0);
}

#[test]
fn kms_out_of_reach_and_missing_credentials_end_with_6() {
    let bench = bench();
    let closed = support::closed::Closed::new();
    let key = format!("awskms:{KEY}");
    let url = closed.url();
    bench.refused(
        &sign(&key, &["--endpoint-url", &url]),
        6,
        "service-unreachable",
        &[&format!("{url} cannot be reached")],
    );
    let lonely = |args: &[&str]| {
        let mut command = bench.command(args);
        command
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONFIG_FILE", "/nonexistent")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
        run(command)
    };
    for (key, kind) in [
        (key.as_str(), "no-credentials"),
        ("awskms:alias/cloudhsm-ca", "no-region"),
    ] {
        let args = sign(key, &[]);
        support::refusal(
            &lonely(&args),
            &lonely(&[&args[..], &["--output", "json"]].concat()),
            6,
            kind,
            &[],
        );
    }
}

#[test]
fn a_bundle_that_does_not_verify_is_not_shown_to_kms() {
    let (bench, kms) = (bench(), kms());
    refused(
        &bench,
        &kms,
        &[
            "sign",
            "bundle",
            "--ca",
            "ca/customerCA.crt",
            "--ca-key",
            ALIAS,
        ],
        3,
        "rejected",
        &["aws.signature"],
    );
    assert!(kms.calls().is_empty());
}

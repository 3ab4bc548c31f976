//! `--require-sigv4`: what is not signed as it must be is refused. The signatures are made here,
//! with nothing but HMAC and SHA-256, from the AWS IAM User Guide's description; boto3's are in
//! `simulator_clients`.

#[path = "sigv4/signer.rs"]
mod signer;

use hsmboot::simulator::{Credentials, Options, Simulator, Speed};
use serde_json::json;
pub use signer::{Signer, send, sha256};

use crate::support::*;

fn guarded() -> Simulator {
    let credentials = vec![
        Credentials::new("AKIDEXAMPLE", "secret"),
        Credentials::new("AKIDOTHER", "other")
            .in_account("000000000002")
            .unwrap(),
        Credentials::new("ASIASESSION", "passing").with_session_token("token-of-the-session"),
    ];
    Simulator::spawn(Options {
        speed: Speed::INSTANT,
        credentials,
        ..crate::support::options()
    })
    .unwrap()
}

const WITH_TOKEN: &[&str] = &[
    "content-type",
    "host",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-target",
];

#[test]
fn a_signed_request_is_taken() {
    let simulator = guarded();
    let answer = send(&simulator, &Signer::default(), "DescribeClusters", "{}");
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[test]
fn what_is_not_signed_or_not_rightly_is_refused_and_changes_nothing() {
    let simulator = guarded();
    let good = Signer::default();
    let create = r#"{"HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"]}"#;
    for (signer, status, kind) in [
        (
            Signer {
                key: "AKIDUNKNOWN",
                ..good.clone()
            },
            403,
            "InvalidClientTokenId",
        ),
        (
            Signer {
                secret: "wrong",
                ..good.clone()
            },
            400,
            "InvalidSignatureException",
        ),
        (
            Signer {
                service: "kms",
                ..good.clone()
            },
            400,
            "IncompleteSignature",
        ),
        (
            Signer {
                region: "",
                ..good.clone()
            },
            400,
            "IncompleteSignature",
        ),
        (
            Signer {
                skew: -16 * 60,
                ..good.clone()
            },
            400,
            "RequestExpired",
        ),
        (
            Signer {
                skew: 16 * 60,
                ..good.clone()
            },
            400,
            "RequestExpired",
        ),
        (
            Signer {
                signed: &["content-type", "x-amz-date", "x-amz-target"],
                ..good.clone()
            },
            400,
            "IncompleteSignature",
        ),
        (
            Signer {
                signed: &["content-type", "host", "x-amz-target"],
                ..good.clone()
            },
            400,
            "IncompleteSignature",
        ),
        (
            Signer {
                signed: &["content-type", "host", "x-amz-date"],
                ..good.clone()
            },
            400,
            "IncompleteSignature",
        ),
        (
            Signer {
                signed: &["host", "content-type", "x-amz-date", "x-amz-target"],
                ..good.clone()
            },
            400,
            "IncompleteSignature",
        ),
        (
            Signer {
                signed: &[
                    "absent",
                    "content-type",
                    "host",
                    "x-amz-date",
                    "x-amz-target",
                ],
                ..good.clone()
            },
            400,
            "IncompleteSignature",
        ),
    ] {
        let (found, name, message) = send(&simulator, &signer, "CreateCluster", create).error();
        assert_eq!((found, name.as_str()), (status, kind), "{message}");
        assert!(!message.contains("secret"), "{message}");
    }
    let target = "X-Amz-Target: BaldrApiService.CreateCluster\r\n";
    let (status, kind, _) = post(&simulator, "/", target, create).unwrap().error();
    assert_eq!((status, kind.as_str()), (403, "MissingAuthenticationToken"));
    for nonsense in [
        "Basic YTpi",
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE",
        "AWS4-ECDSA-P256-SHA256 Credential=a/b/c/d/aws4_request",
    ] {
        let (status, kind, _) = post(
            &simulator,
            "/",
            &format!("{target}Authorization: {nonsense}\r\n"),
            create,
        )
        .unwrap()
        .error();
        assert_eq!(
            (status, kind.as_str()),
            (400, "IncompleteSignature"),
            "{nonsense}"
        );
    }
    assert_eq!(
        send(&simulator, &good, "DescribeClusters", "{}").json()["Clusters"],
        json!([])
    );
}

#[test]
fn what_was_signed_cannot_be_changed() {
    let simulator = guarded();
    let signer = Signer::default();
    let headers = signer.headers("DescribeClusters", b"{}", &[]);
    for (headers, body) in [
        (headers.clone(), r#"{"MaxResults": 1}"#),
        (headers.replace("DescribeClusters", "ListTags"), "{}"),
        (headers.replace("us-east-1", "eu-west-1"), "{}"),
        (
            headers.replace(
                "content-type: application/x-amz-json-1.1",
                "content-type: text/plain",
            ),
            "{}",
        ),
    ] {
        let (status, kind, _) = post(&simulator, "/", &headers, body).unwrap().error();
        assert_eq!(
            (status, kind.as_str()),
            (400, "InvalidSignatureException"),
            "{headers}"
        );
    }
    assert_eq!(
        post(&simulator, "/", &headers, "{}").unwrap().status,
        200,
        "the same, unchanged"
    );
    let twice = format!("{headers}X-Amz-Date: 20260101T000000Z\r\n");
    assert_eq!(
        post(&simulator, "/", &twice, "{}").unwrap().error().1,
        "IncompleteSignature"
    );
}

#[test]
fn the_hash_of_the_content_must_be_its_own() {
    let simulator = guarded();
    let signer = Signer {
        signed: &[
            "content-type",
            "host",
            "x-amz-content-sha256",
            "x-amz-date",
            "x-amz-target",
        ],
        ..Signer::default()
    };
    let right = sha256(b"{}");
    for (hash, status) in [
        (right.as_str(), 200),
        (&right.to_uppercase(), 400),
        ("UNSIGNED-PAYLOAD", 400),
    ] {
        let headers = signer.headers("DescribeClusters", b"{}", &[("x-amz-content-sha256", hash)]);
        assert_eq!(
            post(&simulator, "/", &headers, "{}").unwrap().status,
            status,
            "{hash}"
        );
    }
}

#[test]
fn a_session_token_belongs_to_its_key() {
    let simulator = guarded();
    let right = Signer {
        key: "ASIASESSION",
        secret: "passing",
        token: Some("token-of-the-session"),
        signed: WITH_TOKEN,
        ..Signer::default()
    };
    assert_eq!(
        send(&simulator, &right, "DescribeClusters", "{}").status,
        200
    );
    for wrong in [
        Signer {
            token: Some("token-of-another-one"),
            ..right.clone()
        },
        Signer {
            token: None,
            signed: Signer::default().signed,
            ..right.clone()
        },
        Signer {
            key: "AKIDEXAMPLE",
            secret: "secret",
            ..right.clone()
        },
    ] {
        assert_eq!(
            send(&simulator, &wrong, "DescribeClusters", "{}").error().1,
            "InvalidClientTokenId"
        );
    }
    let unsigned = Signer {
        signed: Signer::default().signed,
        ..right
    };
    assert_eq!(
        send(&simulator, &unsigned, "DescribeClusters", "{}")
            .error()
            .1,
        "IncompleteSignature"
    );
}

#[test]
fn the_account_is_that_of_the_key() {
    let simulator = guarded();
    let mine = Signer::default();
    let create = r#"{"HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"]}"#;
    assert_eq!(send(&simulator, &mine, "CreateCluster", create).status, 200);
    let theirs = Signer {
        key: "AKIDOTHER",
        secret: "other",
        ..mine.clone()
    };
    assert_eq!(
        send(&simulator, &theirs, "DescribeClusters", "{}").json()["Clusters"],
        json!([])
    );
    assert_eq!(
        send(&simulator, &mine, "DescribeClusters", "{}").json()["Clusters"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let shown = crate::page::data(&simulator);
    let accounts: Vec<_> = shown["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|request| request["account"].as_str().unwrap())
        .collect();
    assert_eq!(accounts, ["123456789012", "000000000002", "123456789012"]);
    simulator.inject_fault(None, hsmboot::simulator::InjectedFault::AccessDenied, 1);
    assert!(
        send(&simulator, &theirs, "DescribeClusters", "{}")
            .error()
            .2
            .contains("arn:aws:iam::000000000002:")
    );
}

/// A client knows nothing of the simulator's clock.
#[test]
fn the_simulators_clock_moves_and_signatures_hold() {
    let simulator = guarded();
    simulator.advance_clock(std::time::Duration::from_secs(86_400));
    assert_eq!(
        send(&simulator, &Signer::default(), "DescribeClusters", "{}").status,
        200
    );
}

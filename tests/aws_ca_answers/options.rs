//! Options for AWS without a CA there, and a bootstrap's endpoint.

use super::*;

#[test]
fn options_for_aws_without_a_ca_there_are_a_wrong_command_line() {
    let bench = Bench::new();
    let file = [
        &[
            "sign",
            "bundle",
            "--ca",
            "customerCA.crt",
            "--ca-key",
            "customerCA.key",
        ],
        &TRUST[..],
    ]
    .concat();
    for option in [
        &["--region", "eu-central-1"][..],
        &["--profile", "p"],
        &["--endpoint-url", "http://127.0.0.1:1"],
        &["--insecure-http"],
    ] {
        bench.refused(
            &[&file[..], option].concat(),
            2,
            "options-for-nothing",
            &[option[0]],
        );
        bench.refused(
            &[
                &[
                    "ca",
                    "init",
                    "--out",
                    "new",
                    "--subject",
                    "CN=x",
                    "--no-passphrase",
                ],
                option,
            ]
            .concat(),
            2,
            "options-for-nothing",
            &[],
        );
    }
    for wrong in [
        "awskms:",
        "awskms:1234",
        "awskms:arn:aws:kms:eu-central-1:1:key/x",
    ] {
        bench.refused(&sign(wrong, &[]), 2, "bad-key-uri", &[wrong]);
    }
}

/// `--endpoint-url` of bootstrap is CloudHSM's. Where nobody names one for KMS, the request goes to
/// KMS's own, through whatever proxy there is.
#[cfg(feature = "online")]
#[test]
fn a_bootstraps_endpoint_is_not_asked_for_the_key() {
    let bench = bench();
    let cloudhsm = StandIn::new(|_| {
        (
            200,
            json!({
                "Clusters": [{
                    "ClusterId": CLUSTER, "State": "UNINITIALIZED",
                    "Hsms": [{ "HsmId": "hsm-abc234defgh", "State": "CREATE_IN_PROGRESS" }],
                }],
            }),
        )
    });
    let claim = [
        "bootstrap",
        "--endpoint-url",
        &cloudhsm.url,
        "--cluster-id",
        CLUSTER,
        "--region",
        "us-east-1",
        "--ca",
        "ca/customerCA.crt",
        "--timeout",
        "0",
    ];
    let only_cloudhsm = |cloudhsm: &StandIn| {
        assert!(
            cloudhsm
                .calls()
                .iter()
                .all(|call| call.target.starts_with("BaldrApiService.")),
            "{:?}",
            cloudhsm.counts()
        )
    };

    let kms = kms();
    let run = hsmboot(&bench, &kms, &[&claim[..], &["--ca-key", ALIAS]].concat());
    assert_eq!(run.code, 7, "{}", run.stderr);
    assert_eq!(kms.counts().keys().collect::<Vec<_>>(), ["GetPublicKey"]);
    only_cloudhsm(&cloudhsm);

    let proxy = StandIn::new(|_| (0, Value::Null));
    let mut command =
        bench.command(&[&claim[..], &["--ca-key", "awskms:alias/cloudhsm-ca"]].concat());
    command
        .env("HTTPS_PROXY", &proxy.url)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test");
    let run = support::run(command);
    assert_eq!(run.code, 6, "{}", run.stderr);
    assert!(
        run.stderr.contains("AWS KMS cannot be reached"),
        "{}",
        run.stderr
    );
    assert!(
        proxy.calls().iter().all(|call| call
            .target
            .starts_with("CONNECT kms.us-east-1.amazonaws.com:443 ")),
        "{:?}",
        proxy.calls()
    );
    only_cloudhsm(&cloudhsm);
}

#[test]
fn a_private_ca_goes_with_no_key_of_ones_own() {
    let bench = Bench::new();
    for more in [
        &["--ca", "customerCA.crt", "--ca-key", "customerCA.key"][..],
        &["--seal"],
        &["--passphrase-file", "x"],
        &["--ca-fingerprint", "00"],
    ] {
        assert_eq!(bench.run(&by_pca(more)).code, 2, "{more:?}");
    }
    for wrong in [
        "",
        "x",
        "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    ] {
        assert_eq!(
            bench.run(&["sign", "bundle", "--ca-arn", wrong]).code,
            2,
            "{wrong}"
        );
    }
    for lone in [["--certificate-arn", "x"], ["--timeout", "1"]] {
        let args = [
            &[
                "sign",
                "bundle",
                "--ca",
                "customerCA.crt",
                "--ca-key",
                "customerCA.key",
            ],
            &lone[..],
        ]
        .concat();
        assert_eq!(bench.run(&args).code, 2, "{lone:?}");
    }
    assert_eq!(bench.run(&["sign", "bundle"]).code, 2);
    assert_eq!(
        bench
            .run(&["sign", "bundle", "--ca", "customerCA.crt"])
            .code,
        2
    );
    bench.refused(
        &by_pca(&["--region", "eu-central-1"]),
        2,
        "contradicting-region",
        &["us-gov-west-1"],
    );
}

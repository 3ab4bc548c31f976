//! A passphrase from AWS Secrets Manager, by the AWS CLI; a role that STS lets us assume.

use super::*;

/// The AWS CLI asks moto's Secrets Manager, and `sign` takes what it prints.
pub(super) fn a_passphrase_comes_from_secrets_manager() {
    let bench = Bench::new();
    moto().call(
        "secretsmanager",
        "secretsmanager.CreateSecret",
        "us-east-1",
        &json!({
            "Name": "ca", "SecretString": "of the manager",
            "ClientRequestToken": "x".repeat(32),
        }),
    );
    let command = format!(
        "aws secretsmanager get-secret-value --secret-id ca --query SecretString --output text \
         --endpoint-url {} --region us-east-1",
        moto().url()
    );
    let init = [
        "ca",
        "init",
        "--out",
        "ca",
        "--subject",
        "CN=x",
        "--key-type",
        "p256",
        "--passphrase-command",
        &command,
    ];
    let mut made = bench.command(&init);
    made.env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test");
    run(made).expect(0);
    bench.write("known", b"of the manager\n");
    let sign = |more: &[&str]| {
        let words = [
            &[
                "sign",
                "bundle",
                "--ca",
                "ca/customerCA.crt",
                "--ca-key",
                "ca/customerCA.key",
                "--force",
            ],
            &TRUST[..],
            more,
        ]
        .concat();
        let mut command = bench.command(&words);
        command
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test");
        run(command)
    };
    // It is the very secret: by its file, and by the command.
    sign(&["--passphrase-file", "known"]).expect(0);
    sign(&["--passphrase-command", &command]).expect(0);
    openssl_judges(&bench, "ca/customerCA.crt");
    // A secret that is not there: the AWS CLI says why, and nothing is signed.
    let absent = command.replace("--secret-id ca", "--secret-id nowhere");
    let run = sign(&["--passphrase-command", &absent]);
    assert_eq!(run.code, 5, "{}", run.stderr);
    assert!(
        run.stderr.contains("the passphrase command ended with"),
        "{}",
        run.stderr
    );
}

/// STS is asked at its own endpoint, and CloudHSM with what it gave.
#[cfg(all(feature = "online", feature = "simulator"))]
pub(super) fn a_cluster_is_reached_in_a_role_that_is_assumed() {
    use hsmboot::simulator::Simulator;
    let bench = Bench::new();
    let simulator: Simulator = simulated::instant();
    let (id, _) = simulated::ready_cluster(&simulator);
    let role = "arn:aws:iam::123456789012:role/hsm/claim";
    let status = |sts: &str, role: &str| {
        let url = simulator.url();
        let words = [
            "status",
            "--cluster-id",
            &id,
            "--endpoint-url",
            &url,
            "--assume-role",
            role,
            "--region",
            "us-east-1",
        ];
        let mut command = bench.command(&words);
        command
            .env("AWS_ENDPOINT_URL_STS", sts)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test");
        run(command)
    };
    status(&moto().url(), role).expect(0);
    // The role is asked for, and nothing goes on without it.
    let refused = status("http://127.0.0.1:9", role);
    assert_eq!(refused.code, 6, "{}", refused.stderr);
    let refused = status("http://192.0.2.1:9", role);
    assert_eq!(refused.code, 6, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("--insecure-http"),
        "{}",
        refused.stderr
    );
    let wrong = status(&moto().url(), "arn:aws:iam::123456789012:user/x");
    assert_eq!(wrong.code, 2, "{}", wrong.stderr);
}

#[cfg(not(all(feature = "online", feature = "simulator")))]
pub(super) fn a_cluster_is_reached_in_a_role_that_is_assumed() {}

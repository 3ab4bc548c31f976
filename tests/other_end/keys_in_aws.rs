//! A CA key in AWS is asked by the same rules as the cluster.

use super::*;

/// KMS and Private CA go the same way.
#[cfg(feature = "awskms")]
#[test]
fn a_ca_in_aws_is_asked_by_the_same_rules() {
    const KEY: &str = "awskms:arn:aws:kms:eu-central-1:111122223333:alias/cloudhsm-ca";
    const CA: &str = "arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/1234abcd-12ab\
                      -34cd-56ef-1234567890ab";
    let bench = Bench::new();
    let kms = [&[
        "ca",
        "init",
        "--out",
        "ca",
        "--subject",
        "CN=CA in KMS",
        "--ca-key",
        KEY,
        "--output",
        "json",
    ][..]]
    .concat();
    let zeros = "00".repeat(32);
    let pca = [
        &["sign", "bundle", "--ca-arn", CA, "--output", "json"][..],
        // Without one, nothing that the service says would matter.
        &["--ca-fingerprint", &zeros],
        &support::TRUST,
    ]
    .concat();
    let is = |run: &Run, code: i32, kind: &str, how: &str| {
        assert_eq!(
            (run.code, error(run).1.as_str()),
            (code, kind),
            "{how}: {}",
            run.stdout
        );
    };
    for (args, variable) in [
        (&kms, "AWS_ENDPOINT_URL_KMS"),
        (&pca, "AWS_ENDPOINT_URL_ACM_PCA"),
    ] {
        for (how, end) in too_long() {
            let start = Instant::now();
            is(
                &hsmboot(&bench, args, &[(variable, &end.url)]),
                6,
                "answer-too-long",
                how,
            );
            assert!(start.elapsed() < SOON);
        }
        for body in ["", " ", "{}", "[]", "<html>"] {
            let end = End::new(move |asked| asked.answer(200, "application/x-amz-json-1.1", body));
            let run = hsmboot(&bench, args, &[(variable, &end.url)]);
            is(&run, 6, "answer-unreadable", body);
            assert!(told(&run).contains(&end.url), "{}", run.stdout);
            assert!(
                !told(&run).contains("AWS KMS") && !told(&run).contains("AWS Private CA"),
                "{}",
                told(&run)
            );
        }
        let end = End::empty();
        for env in [
            (variable, end.not_loopback()),
            ("AWS_ENDPOINT_URL", end.not_loopback()),
        ] {
            is(
                &hsmboot(&bench, args, &[(env.0, &env.1)]),
                2,
                "insecure-endpoint",
                env.0,
            );
        }
        let file = bench.write(
            "aws-config",
            format!("[default]\nendpoint_url = {}\n", end.not_loopback()),
        );
        let profile = [("AWS_CONFIG_FILE", file.to_str().unwrap())];
        is(
            &hsmboot(&bench, args, &profile),
            2,
            "insecure-endpoint",
            "profile",
        );
        assert_eq!(end.connections.load(Ordering::SeqCst), 0);
        is(
            &hsmboot(
                &bench,
                &[&args[..], &["--insecure-http"]].concat(),
                &profile,
            ),
            6,
            "answer-unreadable",
            "--insecure-http",
        );
        assert_eq!(end.count(), 1);
    }
    let silent = End::new(|asked| asked.hold());
    let start = Instant::now();
    is(
        &hsmboot(
            &bench,
            &[&pca[..], &["--timeout", "1"]].concat(),
            &[("AWS_ENDPOINT_URL_ACM_PCA", &silent.url)],
        ),
        7,
        "not-finished",
        "silence",
    );
    assert!(start.elapsed() < SOON);
    bench.refused(
        &[&support::sign(&[])[..], &["--insecure-http"]].concat(),
        2,
        "options-for-nothing",
        &["--insecure-http"],
    );
}

//! Certificates of AWS Private CA, from the request to the certificate that fits.

use super::*;

#[test]
fn each_kind_of_root_is_asked_to_sign_with_its_own_algorithm() {
    for (key, algorithm) in [
        ("rsa:2048", "SHA256WITHRSA"),
        ("ec -pkeyopt ec_paramgen_curve:P-256", "SHA256WITHECDSA"),
        ("ec -pkeyopt ec_paramgen_curve:P-384", "SHA384WITHECDSA"),
        ("ec -pkeyopt ec_paramgen_curve:P-521", "SHA512WITHECDSA"),
    ] {
        let (bench, ca) = (Bench::new(), PrivateCa::new(key));
        let service = ca.start();
        hsmboot(&bench, &service, &by_pca(&["--days", "1826"])).expect(0);
        let order = &service.bodies("IssueCertificate")[0];
        assert_eq!(order["SigningAlgorithm"], algorithm);
        assert_eq!(
            order["TemplateArn"], "arn:aws-us-gov:acm-pca:::template/EndEntityCertificate/V1",
            "in the CA's partition"
        );
        assert_eq!(order["Validity"], json!({ "Type": "DAYS", "Value": 1826 }));
        let sent = pem::parse(unbase64(order["Csr"].as_str().unwrap())).unwrap();
        let csr = pem::parse(bench.read(&format!("bundle/{CLUSTER}_ClusterCsr.csr"))).unwrap();
        assert_eq!(sent.contents(), csr.contents(), "the very CSR");
        let said = openssl(
            &bench.path(""),
            &format!(
                "verify -CAfile bundle/customerCA.crt bundle/{CLUSTER}_CustomerHsmCertificate.crt"
            ),
        );
        assert!(String::from_utf8(said).unwrap().ends_with(": OK\n"));
    }
}

#[test]
fn a_certificate_never_outlasts_its_ca() {
    let (bench, ca) = (
        Bench::new(),
        PrivateCa::new("ec -pkeyopt ec_paramgen_curve:P-256"),
    );
    let service = ca.start();
    hsmboot(&bench, &service, &by_pca(&["--days", "36525"])).expect(0);
    let end = openssl(ca.dir.path(), "x509 -in ca.crt -noout -enddate");
    let order = &service.bodies("IssueCertificate")[0]["Validity"];
    assert_eq!(order["Type"], "ABSOLUTE");
    let end = String::from_utf8(end)
        .unwrap()
        .trim()
        .replace("notAfter=", "");
    let seconds = std::process::Command::new("date")
        .args(["-u", "+%s", "-d", &end])
        .output()
        .unwrap()
        .stdout;
    assert_eq!(
        order["Value"].to_string(),
        String::from_utf8(seconds).unwrap().trim(),
        "{end}"
    );
}

#[test]
fn a_certificate_that_takes_its_time_is_waited_for() {
    let (bench, mut ca) = (
        Bench::new(),
        PrivateCa::new("ec -pkeyopt ec_paramgen_curve:P-256"),
    );
    ca.slow = 3;
    let service = ca.start();
    hsmboot(&bench, &service, &by_pca(&[])).expect(0);
    assert_eq!(
        (
            service.counts()["IssueCertificate"],
            service.counts()["GetCertificate"]
        ),
        (1, 4)
    );
}

#[test]
fn an_answer_that_names_no_certificate_of_this_ca_is_not_followed() {
    let (bench, mut ca) = (
        Bench::new(),
        PrivateCa::new("ec -pkeyopt ec_paramgen_curve:P-256"),
    );
    for strange in [
        "",
        CA,
        &format!(
            "{}/certificate/0123456789abcdef",
            CA.replace("1234abcd", "4321abcd")
        ),
    ] {
        strange.clone_into(&mut ca.certificate);
        let service = ca.start();
        refused(
            &bench,
            &service,
            &by_pca(&[]),
            6,
            "service-failure",
            &["without the ARN of a certificate of this CA"],
        );
        assert!(
            !service.counts().contains_key("GetCertificate"),
            "{:?}",
            service.counts()
        );
    }
}

#[test]
fn nothing_is_requested_where_the_bundle_changed_after_it_was_judged() {
    let (bench, mut ca) = (
        Bench::new(),
        PrivateCa::new("ec -pkeyopt ec_paramgen_curve:P-256"),
    );
    ca.exchanged = Some(bench.part("ClusterCsr.csr"));
    let service = ca.start();
    let run = hsmboot(
        &bench,
        &service,
        &[&by_pca(&[])[..], &["--output", "json"]].concat(),
    )
    .expect(8);
    assert_eq!(
        run.json()["error"]["kind"],
        "changed-meanwhile",
        "{}",
        run.stdout
    );
    assert!(
        !service.counts().contains_key("IssueCertificate"),
        "{:?}",
        service.counts()
    );
    assert!(!bench.part("CustomerHsmCertificate.crt").exists());
}

#[test]
fn a_certificate_that_is_not_there_in_time_is_fetched_by_a_later_run_and_not_requested_again() {
    let (bench, mut ca) = (
        Bench::new(),
        PrivateCa::new("ec -pkeyopt ec_paramgen_curve:P-256"),
    );
    ca.slow = usize::MAX;
    let never = ca.start();
    let hint = refused(
        &bench,
        &never,
        &by_pca(&["--timeout", "1"]),
        7,
        "certificate-pending",
        &[CA, "after 1 s"],
    );
    // Both runs asked in the same words: to the service that is one request, for five minutes.
    let asked = never.bodies("IssueCertificate");
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0], asked[1]);
    let token = asked[0]["IdempotencyToken"].as_str().unwrap();
    assert!(
        (1..=36).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_alphanumeric()),
        "{token}"
    );

    let arn = hint
        .split("--certificate-arn ")
        .nth(1)
        .unwrap()
        .split('`')
        .next()
        .unwrap();
    ca.slow = 0;
    let later = ca.start();
    hsmboot(&bench, &later, &by_pca(&["--certificate-arn", arn])).expect(0);
    assert!(
        !later.counts().contains_key("IssueCertificate"),
        "{:?}",
        later.counts()
    );
    // Another request is another one.
    let other = Bench::new();
    hsmboot(&other, &later, &by_pca(&[])).expect(0);
    assert_ne!(
        later.bodies("IssueCertificate")[0]["IdempotencyToken"],
        token
    );
    let foreign = arn.replace("1234abcd", "4321abcd");
    bench.refused(
        &by_pca(&["--certificate-arn", &foreign]),
        2,
        "usage",
        &["no certificate of the CA"],
    );
}

#[test]
fn nothing_is_requested_for_a_bundle_that_does_not_verify() {
    let (bench, service) = (
        Bench::new(),
        PrivateCa::new("ec -pkeyopt ec_paramgen_curve:P-256").start(),
    );
    refused(
        &bench,
        &service,
        &["sign", "bundle", "--ca-arn", CA],
        3,
        "rejected",
        &["aws.signature"],
    );
    refused(
        &bench,
        &service,
        &by_pca(&["--expect", "00000 00000 00000 00000 00000 00000"]),
        3,
        "another-fingerprint",
        &[],
    );
    refused(
        &bench,
        &service,
        &by_pca(&["--ca-fingerprint", &"00".repeat(32)]),
        3,
        "another-trust-anchor",
        &[],
    );
    assert!(
        !service.counts().contains_key("IssueCertificate"),
        "{:?}",
        service.counts()
    );
    let run = hsmboot(
        &bench,
        &service,
        &[
            "sign",
            "bundle",
            "--ca-arn",
            CA,
            "--unverified",
            "--reason",
            "an exercise",
        ],
    )
    .expect(0);
    assert!(run.stderr.contains("UNVERIFIED"), "{}", run.stderr);
}

#[test]
fn what_is_issued_has_to_fit_the_csr_and_the_root() {
    let bench = Bench::new();
    let ca = PrivateCa::new("ec -pkeyopt ec_paramgen_curve:P-256");
    let service = ca.start();
    // For another key.
    openssl(
        ca.dir.path(),
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -out other.csr \
         -subj /CN=Other",
    );
    openssl(ca.dir.path(), "pkey -in other.key -pubout -out other.pub");
    "-force_pubkey other.pub".clone_into(&mut ca.issue.lock().unwrap());
    refused(
        &bench,
        &service,
        &by_pca(&[]),
        3,
        "pair-unfit",
        &["check.key", "issued as", "/certificate/0123456789abcdef"],
    );
    // Of another CA.
    openssl(
        ca.dir.path(),
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca2.key -out ca2.crt \
         -subj /CN=Private -days 30",
    );
    "-CA ca2.crt -CAkey ca2.key".clone_into(&mut ca.issue.lock().unwrap());
    refused(
        &bench,
        &service,
        &by_pca(&[]),
        3,
        "pair-unfit",
        &["check.signature"],
    );
    // With another subject: no rule forbids it, and it is said.
    "-subj /CN=rewritten".clone_into(&mut ca.issue.lock().unwrap());
    let run = hsmboot(&bench, &service, &by_pca(&[])).expect(0);
    assert!(
        run.stderr.contains("the CA changed the subject") && run.stderr.contains("CN=rewritten"),
        "{}",
        run.stderr
    );
}

/// AWS Private CA API Reference, "Errors" of the four actions.
#[test]
fn each_refusal_of_aws_private_ca_has_its_code_and_names_the_action() {
    let bench = Bench::new();
    let ca = PrivateCa::new("ec -pkeyopt ec_paramgen_curve:P-256");
    for action in [
        "DescribeCertificateAuthority",
        "GetCertificateAuthorityCertificate",
        "IssueCertificate",
        "GetCertificate",
    ] {
        let not_found = match action {
            "GetCertificate" => (6, "certificate-not-found"),
            _ => (5, "ca-not-found"),
        };
        for (status, code, (exit, kind)) in [
            (400, "ResourceNotFoundException", not_found),
            (400, "AccessDeniedException", (6, "access-denied")),
            (400, "InvalidStateException", (6, "service-refused")),
            (400, "MalformedCSRException", (6, "service-refused")),
            (400, "RequestFailedException", (6, "service-refused")),
            (500, "InternalFailure", (6, "service-failure")),
        ] {
            let inner = ca.start();
            let front =
                StandIn::new(
                    move |call| match call.target.ends_with(&format!(".{action}")) {
                        true => refusal(status, code),
                        false => forward(&inner.url, call),
                    },
                );
            let hint = refused(
                &bench,
                &front,
                &by_pca(&[]),
                exit,
                kind,
                &["the service's words"],
            );
            assert!(
                kind != "access-denied" || hint.contains(&format!("acm-pca:{action} ")),
                "{hint}"
            );
        }
    }
}

/// The same call to another stand-in.
fn forward(url: &str, call: &Call) -> (u16, Value) {
    use std::io::{Read, Write};
    let address = url.strip_prefix("http://").unwrap();
    let body = call.body.to_string();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream
        .write_all(
            format!(
                "POST / HTTP/1.1\r\nX-Amz-Target: {}\r\nContent-Length: {}\r\n\r\n{body}",
                call.target,
                body.len()
            )
            .as_bytes(),
        )
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (
        status,
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap(),
    )
}

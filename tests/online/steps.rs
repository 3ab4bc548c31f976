//! The claim in steps: fetch, sign, submit, and what each refuses.

use super::*;

#[test]
fn a_claim_in_steps_ends_with_a_receipt_and_a_second_run_changes_nothing() {
    let stage = Stage::new();
    stage.signed();
    run(&mut stage.submit()).ends(0, "claimed");
    let receipt = stage.receipt();
    assert_eq!(receipt["outcome"], "claimed");
    assert_eq!(receipt["verdict"], "verified");
    assert_eq!(
        receipt["cluster_certificate_sha256"],
        receipt["signed_cert_sha256"]
    );
    assert_eq!(receipt["answer"]["state"], "INITIALIZE_IN_PROGRESS");
    let before = stage.bundle();
    run(&mut stage.submit()).ends(0, "nothing was changed");
    run(&mut stage.bootstrap()).ends(0, "nothing was changed");
    assert_eq!(stage.bundle(), before);
    assert_eq!(stage.calls("InitializeCluster"), 1);
}

/// The transcript's steps: the command, and the call that it was about to make.
fn steps(stage: &Stage) -> Vec<(String, Option<String>)> {
    let shown =
        run(&mut stage.hsmboot(&["transcript", "show", &stage.id, "--output", "json"])).json();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    shown["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (text(&step["command"][1]).unwrap(), text(&step["sends"])))
        .collect()
}

#[test]
fn initialize_cluster_is_on_record_before_it_is_sent() {
    let stage = Stage::new();
    stage.signed();
    let call = Some("InitializeCluster".to_owned());
    let step = |name: &str| (name.to_owned(), None);
    run(stage.submit().arg("--dry-run")).ends(0, "nothing was sent");
    assert_eq!(steps(&stage), [step("fetch"), step("sign")]);
    // A bundle that cannot be written, by root neither: a directory where the transcript should go,
    // there from the first or come in while the program reads the CA's certificate from a pipe.
    let (transcript, aside) = (
        stage.path(&stage.id).join("transcript.jsonl"),
        stage.path("aside"),
    );
    let exchange = || {
        fs::rename(&transcript, &aside)
            .and_then(|()| fs::create_dir(&transcript))
            .unwrap()
    };
    let restore = || {
        fs::remove_dir(&transcript)
            .and_then(|()| fs::rename(&aside, &transcript))
            .unwrap()
    };
    exchange();
    run(&mut stage.submit()).ends(4, "transcript.jsonl is a directory");
    restore();
    stage.submit_while(exchange).ends(
        8,
        "nothing was sent: the transcript cannot be written first",
    );
    restore();
    // The same of what was judged: nothing else is sent in its place.
    for name in ["ClusterCsr.csr", "CustomerHsmCertificate.crt"] {
        let part = stage.path(&stage.id).join(format!("{}_{name}", stage.id));
        let content = fs::read(&part).unwrap();
        stage
            .submit_while(|| fs::write(&part, "exchanged").unwrap())
            .ends(8, "is not what it was when it was read");
        fs::write(&part, content).unwrap();
    }
    assert_eq!(stage.calls("InitializeCluster"), 0);
    assert_eq!(steps(&stage), [step("fetch"), step("sign")]);
    // It never ends, and nobody waits for it.
    stage.simulator.inject_fault(
        Some("InitializeCluster"),
        InjectedFault::InitializeNeverEnds,
        1,
    );
    run(stage.submit().args(["--timeout", "1s"])).ends(7, "not");
    assert_eq!(steps(&stage)[2], ("submit".to_owned(), call.clone()));
    run(&mut stage.hsmboot(&["transcript", "verify", &stage.id])).ends(0, "the transcript holds");
}

#[test]
fn a_response_of_another_fingerprint_is_not_submitted() {
    let stage = Stage::new();
    let fetched =
        run(&mut stage.online(&["fetch", "--cluster-id", &stage.id, "--output", "json"])).json();
    let mut sign = stage.hsmboot(&[
        "sign",
        &stage.id,
        "--ca",
        "ca/customerCA.crt",
        "--ca-key",
        "ca/customerCA.key",
        "--output",
        "json",
    ]);
    stage.trust(sign.args(["--expect", fetched["fingerprint"].as_str().unwrap()]));
    let signed = run(&mut sign).json();
    assert_eq!(
        (&signed["request_fingerprint"], &signed["request_compared"]),
        (&fetched["fingerprint"], &true.into())
    );
    // The request's is not the response's.
    run(stage
        .submit()
        .args(["--expect", fetched["fingerprint"].as_str().unwrap()]))
    .ends(3, "this is not the response that was sent");
    assert_eq!(stage.calls("InitializeCluster"), 0);
    run(stage
        .submit()
        .args(["--expect", signed["response_fingerprint"].as_str().unwrap()]))
    .ends(0, "claimed");
    let shown =
        run(&mut stage.hsmboot(&["transcript", "show", &stage.id, "--output", "json"])).json();
    assert_eq!(shown["steps"][1]["fingerprint_compared"], true);
    assert_eq!(shown["steps"][3]["fingerprint_compared"], true);
    assert!(shown["steps"][3]["outputs"]["receipt.json"].is_string());
}

#[test]
fn a_fetch_of_the_same_cluster_changes_nothing() {
    let stage = Stage::new();
    run(&mut stage.online(&["fetch", "--cluster-id", &stage.id])).ends(0, "fetched");
    let before = stage.bundle();
    let again = run(&mut stage.online(&["fetch", "--cluster-id", &stage.id, "--output", "json"]))
        .ends(0, "");
    assert_eq!(again.json()["unchanged"], true);
    assert_eq!(stage.bundle(), before);
    stage.simulator.replace_hsm(&stage.id).unwrap();
    run(&mut stage.online(&["fetch", "--cluster-id", &stage.id])).ends(8, "holds something else");
    assert_eq!(stage.bundle(), before);
}

#[test]
fn status_and_wait_tell_a_cluster() {
    let stage = Stage::new();
    let document = run(&mut stage.online(&["status", "--output", "json"]))
        .ends(0, "")
        .json();
    assert_eq!(document["clusters"][0]["cluster_id"], stage.id.as_str());
    assert_eq!(
        document["clusters"][0]["csr_sha256"]
            .as_str()
            .unwrap()
            .len(),
        64
    );
    run(&mut stage.online(&["wait", "--cluster-id", &stage.id, "--for", "csr"]))
        .ends(0, "UNINITIALIZED");
    run(&mut stage.online(&[
        "wait",
        "--cluster-id",
        &stage.id,
        "--for",
        "initialized",
        "--timeout",
        "1s",
    ]))
    .ends(7, "UNINITIALIZED");
    run(&mut stage.bootstrap()).ends(0, "claimed");
    run(&mut stage.online(&["wait", "--cluster-id", &stage.id, "--for", "csr"]))
        .ends(8, "cannot become csr");
    stage.simulator.activate_cluster(&stage.id).unwrap();
    run(&mut stage.online(&["wait", "--cluster-id", &stage.id, "--for", "active"]))
        .ends(0, "ACTIVE");
    stage
        .simulator
        .set_state(&stage.id, SimulatedClusterState::Degraded)
        .unwrap();
    run(&mut stage.online(&["wait", "--cluster-id", &stage.id, "--for", "DEGRADED"]))
        .ends(0, "DEGRADED");
    stage
        .simulator
        .set_state(&stage.id, SimulatedClusterState::Active)
        .unwrap();
    let document =
        run(&mut stage.online(&["status", "--cluster-id", &stage.id, "--output", "json"]))
            .ends(0, "")
            .json();
    assert_eq!(
        document["clusters"][0]["cluster_certificate"]["sha256"],
        stage.receipt()["cluster_certificate_sha256"]
    );
}

#[test]
fn fetch_and_status_say_which_bytes_their_digests_are_of() {
    let stage = Stage::new();
    let fetched = run(&mut stage.online(&["fetch", "--cluster-id", &stage.id]))
        .ends(0, "fetched")
        .stdout;
    let file = fs::read(
        stage
            .path(&stage.id)
            .join(format!("{}_ClusterCsr.csr", stage.id)),
    )
    .unwrap();
    let der =
        hsmboot::x509::pem::decode(&file, hsmboot::x509::pem::Label::CertificateRequest).unwrap();
    let grouped = |digest: &str| {
        let groups: Vec<&str> = (0..8).map(|at| &digest[8 * at..8 * at + 8]).collect();
        groups.join(" ")
    };
    let digest = |content: &[u8]| hsmboot::x509::to_hex(&hsmboot::x509::sha256(content));
    assert!(
        fetched.contains(&format!(
            "_ClusterCsr.csr\n    SHA-256 {}\n",
            grouped(&digest(&der))
        )),
        "{fetched}"
    );
    let shown = run(&mut stage.online(&["status", "--cluster-id", &stage.id]))
        .ends(0, "UNINITIALIZED")
        .stdout;
    assert!(
        shown.contains(&format!(
            "  CSR           SHA-256 {}\n",
            grouped(&digest(&der))
        )),
        "{shown}"
    );
}

#[test]
fn what_was_signed_unverified_is_submitted_by_the_command_that_sign_names() {
    let stage = Stage::new();
    run(&mut stage.online(&["fetch", "--cluster-id", &stage.id])).ends(0, "fetched");
    // Without `trusting`, the built-in anchors reject a simulator's chains.
    let sign = [
        "sign",
        &stage.id,
        "--ca",
        "ca/customerCA.crt",
        "--ca-key",
        "ca/customerCA.key",
        "--unverified",
        "--reason",
        "a test",
    ];
    run(&mut stage.hsmboot(&sign)).ends(
        0,
        &format!(
            "next: hsmboot submit {} --ca ca/customerCA.crt --unverified --reason TEXT",
            stage.id
        ),
    );
    run(&mut stage.online(&["submit", &stage.id]))
        .ends(3, "not proven")
        .ends(3, "it was signed unverified; to submit it all the same");
    run(&mut stage.online(&["submit", &stage.id, "--unverified"])).ends(2, "--reason");
    run(&mut stage.online(&[
        "submit",
        &stage.id,
        "--ca",
        "ca/customerCA.crt",
        "--unverified",
        "--reason",
        "another",
    ]))
    .ends(0, "UNVERIFIED, because: another");
    assert_eq!(stage.receipt()["unverified"]["reason"], "another");
}

#[test]
fn a_trust_anchor_alone_in_the_bundle_names_nobody() {
    let stage = Stage::new();
    run(&mut stage.bootstrap()).ends(0, "claimed");
    run(&mut stage.trusting(&["bootstrap", "--cluster-id", &stage.id]))
        .ends(3, "its private key is not at hand, and no --ca was given");
    // With the certificate alone, kept elsewhere, it is known.
    run(&mut stage.trusting(&[
        "bootstrap",
        "--cluster-id",
        &stage.id,
        "--ca",
        "ca/customerCA.crt",
    ]))
    .ends(0, "nothing was changed");
}

#[test]
fn submit_takes_no_other_ca_than_the_one_it_is_told() {
    let stage = Stage::new();
    stage.signed();
    stage.make_ca("other");
    let with =
        |ca: &str| stage.trusting(&["submit", &stage.id, "--ca", &format!("{ca}/customerCA.crt")]);
    run(&mut with("other")).ends(3, "is not your CA");
    // Not even another certificate of the same key: a trust anchor cannot be changed later.
    let again = [
        "ca",
        "init",
        "--out",
        "again",
        "--subject",
        "CN=Test CA",
        "--ca-key",
        "ca/customerCA.key",
    ];
    run(&mut stage.hsmboot(&again)).ends(0, "made a CA");
    run(&mut with("again")).ends(3, "is not your CA");
    assert_eq!(stage.calls("InitializeCluster"), 0);
    run(&mut with("ca")).ends(0, "claimed");
}

#[test]
fn an_unsigned_bundle_cannot_be_submitted() {
    let stage = Stage::new();
    run(&mut stage.online(&["fetch", "--cluster-id", &stage.id])).ends(0, "fetched");
    run(&mut stage.submit()).ends(4, "hsmboot sign");
}

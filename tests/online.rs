//! The online commands, as processes, against the simulator: the claim in one go and in steps, and
//! all that can come between.
#![cfg(all(feature = "online", feature = "simulator"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "simulator/support.rs"]
#[allow(dead_code, unreachable_pub, clippy::missing_panics_doc)]
mod support;

#[path = "online/after_claim.rs"]
mod after_claim;
#[path = "support/closed.rs"]
mod closed;
#[path = "support/executable.rs"]
mod executable;
#[path = "online/handover.rs"]
mod handover;
#[path = "support/pipe.rs"]
mod pipe;
#[path = "online/whose.rs"]
mod whose;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use closed::Closed;
use hsmboot::simulator::{InjectedFault, SimulatedClusterState, Simulator, Speed};
use serde_json::Value;

/// A simulator with a cluster that is ready to be claimed, a directory to work in, and a CA in it.
struct Stage {
    simulator: Simulator,
    id: String,
    dir: tempfile::TempDir,
}

/// What a command did.
struct Done {
    code: i32,
    stdout: String,
    stderr: String,
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (status, stdout, stderr) = (output.status, text(output.stdout), text(output.stderr));
        let code = status
            .code()
            .unwrap_or_else(|| panic!("{status}, not an exit code\n{stdout}\n{stderr}"));
        Done {
            code,
            stdout,
            stderr,
        }
    }
}

impl Done {
    #[track_caller]
    fn ends(self, code: i32, says: &str) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        assert!(
            self.stdout.contains(says) || self.stderr.contains(says),
            "no `{says}` in\n{}\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|cause| panic!("{cause}: {}\n{}", self.stdout, self.stderr))
    }
}

fn hsmboot() -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("hsmboot"));
    // Nothing of this machine's AWS set-up, and no metadata service.
    for name in [
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_CLOUDHSM_V2",
        "AWS_SESSION_TOKEN",
    ] {
        command.env_remove(name);
    }
    command
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    command
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("NO_COLOR", "1");
    command
}

fn run(command: &mut Command) -> Done {
    command.output().unwrap().into()
}

impl Stage {
    fn new() -> Self {
        let simulator = support::instant();
        let (id, _) = support::ready_cluster(&simulator);
        let stage = Stage {
            simulator,
            id,
            dir: tempfile::tempdir().unwrap(),
        };
        stage.simulator.write_roots(&stage.path("roots")).unwrap();
        stage.make_ca("ca");
        stage
    }

    fn make_ca(&self, name: &str) {
        let subject = format!("CN={name}");
        run(self
            .hsmboot(&[
                "ca",
                "init",
                "--out",
                name,
                "--key-type",
                "p256",
                "--no-passphrase",
                "--subject",
            ])
            .arg(subject))
        .ends(0, "made a CA");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The bundle's files and their content, but for the moments in them.
    fn bundle(&self) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(self.path(&self.id)).unwrap();
        entries
            .map(|entry| entry.unwrap())
            .map(|entry| {
                (
                    entry.file_name().into_string().unwrap(),
                    fs::read(entry.path()).unwrap(),
                )
            })
            .collect()
    }

    fn hsmboot(&self, words: &[&str]) -> Command {
        let mut command = hsmboot();
        command.current_dir(self.dir.path()).args(words);
        command
    }

    fn online(&self, words: &[&str]) -> Command {
        let mut command = self.hsmboot(words);
        command.args(["--endpoint-url", &self.simulator.url()]);
        command
    }

    /// Submits; `change` comes when the bundle was read and judged.
    fn submit_while(&self, change: impl FnOnce()) -> Done {
        use std::io::Write;
        let (path, ca) = (
            self.path("pipe"),
            fs::read(self.path("ca/customerCA.crt")).unwrap(),
        );
        pipe::make(&path);
        let mut command = self.trusting(&["submit", &self.id, "--ca", "pipe"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut to = pipe::opened_by(&mut child, &path);
        change();
        to.write_all(&ca).unwrap();
        drop(to);
        child.wait_with_output().unwrap().into()
    }

    fn trusting(&self, words: &[&str]) -> Command {
        let mut command = self.online(words);
        self.trust(&mut command);
        command
    }

    fn trust(&self, command: &mut Command) {
        command.args([
            "--aws-root",
            "roots/aws-root.crt",
            "--manufacturer-root",
            "roots/manufacturer-root.crt",
        ]);
    }

    fn bootstrap(&self) -> Command {
        self.bootstrap_with("ca")
    }

    fn bootstrap_with(&self, ca: &str) -> Command {
        let (certificate, key) = (
            format!("{ca}/customerCA.crt"),
            format!("{ca}/customerCA.key"),
        );
        self.trusting(&[
            "bootstrap",
            "--cluster-id",
            &self.id,
            "--ca",
            &certificate,
            "--ca-key",
            &key,
        ])
    }

    /// Fetched, by now at the latest, and signed.
    fn signed(&self) {
        run(&mut self.online(&["fetch", "--cluster-id", &self.id])).ends(0, "next: hsmboot verify");
        let mut sign = self.hsmboot(&[
            "sign",
            &self.id,
            "--ca",
            "ca/customerCA.crt",
            "--ca-key",
            "ca/customerCA.key",
        ]);
        self.trust(&mut sign);
        run(&mut sign).ends(0, "signed");
    }

    fn submit(&self) -> Command {
        self.trusting(&["submit", &self.id, "--ca", "ca/customerCA.crt"])
    }

    /// A bootstrap that signs, and whose InitializeCluster is refused.
    fn stopped_bootstrap(&self, bootstrap: &mut Command) {
        self.simulator
            .inject_fault(Some("InitializeCluster"), InjectedFault::AccessDenied, 1);
        run(bootstrap).ends(6, "InitializeCluster");
    }

    fn calls(&self, action: &str) -> u64 {
        self.simulator
            .call_counts()
            .get(action)
            .copied()
            .unwrap_or_default()
    }

    fn receipt(&self) -> Value {
        serde_json::from_slice(&self.bundle()["receipt.json"]).unwrap()
    }
}

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
fn a_bootstrap_claims_and_the_rehearsal_needs_nothing_at_all() {
    let stage = Stage::new();
    let done = run(stage.bootstrap().args(["--output", "json"])).ends(0, "");
    let document = done.json();
    assert_eq!(document["outcome"], "claimed");
    assert_eq!(document["verification"]["verdict"], "verified");
    assert_eq!(document["made_ca"], Value::Null);

    let mut rehearsal = stage.hsmboot(&[
        "bootstrap",
        "--simulate",
        "--key-type",
        "p256",
        "--output",
        "json",
    ]);
    let document = run(&mut rehearsal).ends(0, "").json();
    assert_eq!(document["outcome"], "claimed");
    assert!(
        stage
            .path(document["made_ca"]["key"].as_str().unwrap())
            .exists()
    );
    // It is the cluster that everyone has who claims one today.
    let request: Value = serde_json::from_slice(
        &fs::read(
            stage
                .path(document["bundle"].as_str().unwrap())
                .join("request.json"),
        )
        .unwrap(),
    )
    .unwrap();
    assert_eq!(
        (&request["hsm_type"], &request["mode"]),
        (&"hsm2m.medium".into(), &"FIPS".into()),
        "{request:#}"
    );
    let card = document["verification"]["anchors"].to_string();
    assert!(card.contains("mrvl-ls2-root-AR-v1"), "{card}");
}

#[test]
fn a_bootstrap_without_a_ca_makes_one_and_goes_on_with_it() {
    let stage = Stage::new();
    fs::write(stage.path("pass"), "correct horse battery\n").unwrap();
    let begin = || {
        stage.trusting(&[
            "bootstrap",
            "--cluster-id",
            &stage.id,
            "--key-type",
            "p256",
            "--passphrase-file",
            "pass",
        ])
    };
    stage.stopped_bootstrap(&mut begin());
    let key = fs::read_to_string(stage.path(&stage.id).join("customerCA.key")).unwrap();
    assert!(key.contains("ENCRYPTED PRIVATE KEY"));
    let before = stage.bundle();
    run(&mut begin()).ends(0, "still fits");
    for (name, content) in before.iter().filter(|(name, _)| !name.contains(".json")) {
        assert_eq!(&stage.bundle()[name], content, "{name}");
    }
}

#[test]
fn without_a_passphrase_and_a_terminal_nothing_is_made() {
    let stage = Stage::new();
    let mut command = stage.trusting(&["bootstrap", "--cluster-id", &stage.id]);
    // A session of its own has no terminal to ask at.
    let program = command.get_program().to_owned();
    let mut alone = Command::new("setsid");
    alone
        .arg("--wait")
        .arg(program)
        .args(command.get_args())
        .current_dir(stage.dir.path())
        .stdin(std::process::Stdio::null());
    command = alone;
    run(&mut command).ends(5, "no terminal");
    assert!(!stage.path(&stage.id).join("customerCA.key").exists());
    assert_eq!(stage.calls("InitializeCluster"), 0);
}

#[test]
fn a_dry_run_sends_nothing_and_prints_what_it_would_send() {
    let stage = Stage::new();
    stage.signed();
    let document = run(stage.submit().args(["--dry-run", "--output", "json"]))
        .ends(0, "")
        .json();
    let sent = document["would_send"]["SignedCert"].as_str().unwrap();
    assert_eq!(
        sent.as_bytes(),
        stage.bundle()[&format!("{}_CustomerHsmCertificate.crt", stage.id)]
    );
    assert_eq!(
        document["would_send"]["TrustAnchor"]
            .as_str()
            .unwrap()
            .as_bytes(),
        stage.bundle()["customerCA.crt"]
    );
    run(stage.submit().arg("--dry-run")).ends(0, sent);
    run(stage.bootstrap().arg("--dry-run")).ends(0, "nothing was sent");
    assert_eq!(stage.calls("InitializeCluster"), 0);
    assert!(!stage.bundle().contains_key("receipt.json"));
}

#[test]
fn a_lost_answer_is_found_by_looking_and_a_lost_request_is_sent_again() {
    // Fault, how often, how often InitializeCluster then comes in all.
    for (fault, count, calls) in [
        (InjectedFault::CloseAfter, 1, 1),
        (InjectedFault::CloseBefore, 1, 2),
        (InjectedFault::InternalFailure, 1, 2),
        (InjectedFault::Unavailable, 1, 2),
        (InjectedFault::Throttling, 2, 3),
    ] {
        let stage = Stage::new();
        stage.signed();
        stage
            .simulator
            .inject_fault(Some("InitializeCluster"), fault, count);
        run(&mut stage.submit()).ends(0, "claimed");
        assert_eq!(stage.calls("InitializeCluster"), calls, "{fault:?}");
        assert_eq!(stage.receipt()["outcome"], "claimed");
    }
}

#[test]
fn throttled_and_dropped_descriptions_are_retried() {
    let stage = Stage::new();
    stage
        .simulator
        .inject_fault(Some("DescribeClusters"), InjectedFault::Throttling, 2);
    run(&mut stage.online(&["status"])).ends(0, &stage.id);
    stage
        .simulator
        .inject_fault(Some("DescribeClusters"), InjectedFault::CloseBefore, 1);
    run(&mut stage.bootstrap()).ends(0, "claimed");
}

#[test]
fn a_service_that_never_has_time_ends_with_6_and_nothing_is_claimed() {
    let stage = Stage::new();
    stage
        .simulator
        .inject_fault(Some("DescribeClusters"), InjectedFault::Throttling, 100);
    run(&mut stage.online(&["status"])).ends(6, "throttled");
}

#[test]
fn an_initialization_that_never_ends_is_left_and_taken_up_again() {
    let stage = Stage::new();
    stage.signed();
    stage.simulator.inject_fault(
        Some("InitializeCluster"),
        InjectedFault::InitializeNeverEnds,
        1,
    );
    run(stage.submit().args(["--timeout", "1"])).ends(7, "run the same command again");
    stage
        .simulator
        .set_state(&stage.id, SimulatedClusterState::Initialized)
        .unwrap();
    run(&mut stage.submit()).ends(0, "nothing was changed");
    assert_eq!(stage.calls("InitializeCluster"), 1);
    assert_eq!(stage.receipt()["outcome"], "already-claimed");
}

#[test]
fn an_initialization_that_fails_is_told() {
    let stage = Stage::new();
    stage.signed();
    stage
        .simulator
        .inject_fault(Some("InitializeCluster"), InjectedFault::InitializeFails, 1);
    run(&mut stage.submit()).ends(6, "UNINITIALIZED again");
    run(&mut stage.submit()).ends(0, "claimed");
}

#[test]
fn a_replaced_csr_is_a_conflict_and_nothing_is_sent() {
    let stage = Stage::new();
    stage.signed();
    stage.simulator.replace_hsm(&stage.id).unwrap();
    let done = run(stage.submit().args(["--output", "json"])).ends(8, "");
    let error = &done.json()["error"];
    assert_eq!(
        (error["code"].as_u64(), error["kind"].as_str()),
        (Some(8), Some("csr-changed"))
    );
    assert!(error["hint"].as_str().unwrap().contains("hsmboot fetch"));
    run(&mut stage.bootstrap()).ends(8, "holds something else");
    assert_eq!(stage.calls("InitializeCluster"), 0);
}

#[test]
fn a_bootstrap_signs_nothing_that_it_could_not_write() {
    let stage = Stage::new();
    stage.stopped_bootstrap(&mut stage.bootstrap());
    stage.make_ca("other");
    let before = stage.bundle();
    let done = run(stage.bootstrap_with("other").args(["--output", "json"])).ends(8, "");
    assert_eq!(done.json()["error"]["kind"], "already-signed");
    assert!(
        !done.stdout.contains("BEGIN CERTIFICATE") && !done.stderr.contains("BEGIN CERTIFICATE"),
        "{}",
        done.stdout
    );
    fs::remove_file(
        stage
            .path(&stage.id)
            .join(format!("{}_CustomerHsmCertificate.crt", stage.id)),
    )
    .unwrap();
    let done = run(&mut stage.bootstrap_with("other"))
        .ends(8, "customerCA.crt exists and holds something else");
    assert!(
        !done.stderr.contains("BEGIN CERTIFICATE"),
        "{}",
        done.stderr
    );
    assert_eq!(stage.bundle()["customerCA.crt"], before["customerCA.crt"]);
    run(stage.bootstrap_with("other").arg("--force")).ends(0, "claimed");
}

#[test]
fn a_bootstrap_asks_for_no_passphrase_that_it_has_no_use_for() {
    let stage = Stage::new();
    let words = [
        "bootstrap",
        "--cluster-id",
        &stage.id,
        "--bundle",
        "/proc/none",
        "--passphrase-file",
        "nowhere",
    ];
    run(&mut stage.trusting(&words)).ends(1, "/proc/none cannot be written");
}

#[test]
fn another_cas_cluster_is_a_conflict_with_both_fingerprints() {
    let stage = Stage::new();
    run(&mut stage.bootstrap()).ends(0, "claimed");
    stage.make_ca("other");
    let done = run(&mut stage.bootstrap_with("other")).ends(8, "by another CA");
    assert_eq!(done.stderr.matches("SHA-256").count(), 2, "{}", done.stderr);
    // With neither CA at hand there is no saying that it is ours.
    let elsewhere = run(&mut stage.trusting(&[
        "bootstrap",
        "--cluster-id",
        &stage.id,
        "--bundle",
        "elsewhere",
    ]));
    elsewhere.ends(8, "no CA was given");
    assert!(!stage.path("elsewhere").exists());
    assert_eq!(stage.calls("InitializeCluster"), 1);
}

#[test]
fn the_same_ca_recognises_its_cluster_without_the_bundle() {
    let stage = Stage::new();
    run(&mut stage.bootstrap()).ends(0, "claimed");
    // With the bundle it knows the certificate; without it, only whose it is.
    run(&mut stage.bootstrap()).ends(
        0,
        "claimed already, with this very certificate; nothing was changed",
    );
    run(stage.bootstrap().args(["--bundle", "elsewhere"]))
        .ends(0, "claimed already, by this very CA; nothing was changed");
    assert!(!stage.path("elsewhere").exists());
}

#[test]
fn a_cluster_in_another_state_is_a_conflict_with_its_own_words() {
    let stage = Stage::new();
    stage.signed();
    for (state, says) in [
        (
            SimulatedClusterState::CreateInProgress,
            "still being created",
        ),
        (SimulatedClusterState::UpdateInProgress, "being changed"),
        (SimulatedClusterState::Degraded, "degraded"),
        (SimulatedClusterState::DeleteInProgress, "being deleted"),
    ] {
        stage.simulator.set_state(&stage.id, state).unwrap();
        run(&mut stage.submit()).ends(8, says);
    }
    assert_eq!(stage.calls("InitializeCluster"), 0);
}

#[test]
fn a_cluster_without_an_hsm_is_told_how_to_get_one() {
    let stage = Stage::new();
    let empty = support::create_cluster(&stage.simulator);
    support::until(&stage.simulator, &empty, |cluster| {
        cluster["State"] == "UNINITIALIZED"
    });
    for words in [
        vec!["fetch", "--cluster-id", &empty],
        vec!["bootstrap", "--cluster-id", &empty],
    ] {
        run(&mut stage.online(&words)).ends(8, "hsmboot hsm create");
    }
    assert!(!stage.path(&empty).exists());
}

#[test]
fn an_unknown_cluster_a_refusal_and_an_absent_service_end_with_6() {
    let stage = Stage::new();
    let unknown = "cluster-aaaaaaaaaaa";
    for command in [
        vec!["fetch"],
        vec!["status"],
        vec!["wait", "--for", "active"],
        vec!["bootstrap"],
    ] {
        let words = [command, vec!["--cluster-id", unknown]].concat();
        run(&mut stage.online(&words)).ends(6, unknown);
    }
    stage
        .simulator
        .inject_fault(Some("DescribeClusters"), InjectedFault::AccessDenied, 1);
    run(&mut stage.online(&["status"])).ends(6, "cloudhsm:DescribeClusters");
    stage.signed();
    stage
        .simulator
        .inject_fault(Some("InitializeCluster"), InjectedFault::AccessDenied, 1);
    run(&mut stage.submit()).ends(6, "cloudhsm:InitializeCluster");
    assert!(!stage.bundle().contains_key("receipt.json"));
    let closed = Closed::new();
    run(hsmboot().args(["status", "--endpoint-url", &closed.url()])).ends(6, &closed.url());
}

#[test]
fn an_empty_variable_for_the_endpoint_is_named() {
    for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_CLOUDHSM_V2"] {
        run(hsmboot()
            .args(["status"])
            .env("AWS_REGION", "us-east-1")
            .env(name, ""))
        .ends(6, &format!("the variable {name} is set and empty"));
    }
}

#[test]
fn an_endpoint_of_the_profile_that_is_none_is_named() {
    let dir = tempfile::TempDir::new().unwrap();
    let config = dir.path().join("config");
    let service = |url: &str| {
        format!(
            "[default]\nregion = us-east-1\nservices = own\n[services own]\ncloudhsm-v2 =\n  \
             endpoint_url = {url}\n"
        )
    };
    for (text, says) in [
        (
            "[default]\nregion = us-east-1\nendpoint_url =\n".to_owned(),
            "endpoint_url in the AWS configuration files is set and empty",
        ),
        (
            "[default]\nregion = us-east-1\nendpoint_url = 127.0.0.1:80\n".to_owned(),
            "the endpoint \"127.0.0.1:80\" is not of the form",
        ),
        (
            service(""),
            "endpoint_url in the AWS configuration files is set and empty",
        ),
        (
            service("127.0.0.1:80"),
            "the endpoint \"127.0.0.1:80\" is not of the form",
        ),
    ] {
        std::fs::write(&config, text).unwrap();
        let status = || {
            let mut command = hsmboot();
            command.arg("status").env("AWS_CONFIG_FILE", &config);
            command
        };
        run(&mut status())
            .ends(6, says)
            .ends(6, "in the AWS configuration files");
        // What is not used does no harm.
        run(status().env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"))
            .ends(6, "no usable AWS credentials");
        run(status().env("AWS_ENDPOINT_URL", "https://127.0.0.1:1"))
            .ends(6, "no usable AWS credentials");
        run(status().args(["--endpoint-url", "https://127.0.0.1:1"]))
            .ends(6, "no usable AWS credentials");
    }
}

#[test]
fn a_wrong_command_line_ends_with_2_and_missing_credentials_with_6() {
    for words in [
        vec!["status", "--cluster-id", "cluster-../../x"],
        vec![
            "wait",
            "--cluster-id",
            "cluster-aaaaaaaaaaa",
            "--for",
            "in_progress",
        ],
        vec!["status", "--endpoint-url", "127.0.0.1:80"],
        vec!["status", "--region", "eu west"],
        vec!["bootstrap"],
        vec![
            "bootstrap",
            "--simulate",
            "--cluster-id",
            "cluster-aaaaaaaaaaa",
        ],
    ] {
        run(hsmboot().args(&words)).ends(2, "");
    }
    run(hsmboot().args(["status", "--region", "eu-central-1"]))
        .ends(6, "no usable AWS credentials");
    run(hsmboot().args(["status", "--region", "eu-central-1", "--profile", "nosuch"]))
        .ends(6, "the profile nosuch");
    run(hsmboot().arg("status")).ends(6, "no AWS region");
}

#[test]
fn the_real_anchors_do_not_vouch_for_a_simulator() {
    let stage = Stage::new();
    let words = [
        "bootstrap",
        "--cluster-id",
        &stage.id,
        "--ca",
        "ca/customerCA.crt",
        "--ca-key",
        "ca/customerCA.key",
    ];
    run(&mut stage.online(&words)).ends(
        3,
        "the root of hsm2m.medium (LiquidSecurity 2) is missing, so nothing is proven yet",
    );
    assert!(
        !stage.path(&stage.id).exists(),
        "said before anything was fetched or asked"
    );
    stage.signed();
    run(&mut stage.online(&["submit", &stage.id])).ends(3, "identity is not proven");
    assert_eq!(stage.calls("InitializeCluster"), 0);
    let waived = [
        "submit",
        &stage.id,
        "--ca",
        "ca/customerCA.crt",
        "--unverified",
        "--reason",
        "a rehearsal, says the test",
    ];
    run(&mut stage.online(&waived)).ends(0, "UNVERIFIED");
    assert_eq!(
        stage.receipt()["unverified"]["reason"],
        "a rehearsal, says the test"
    );
    assert_eq!(stage.receipt()["verdict"], "rejected");
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
    let digest = |content: &[u8]| hsmboot::x509::to_hex(&hsmboot::x509::sha256(content));
    assert!(
        fetched.contains(&format!(
            "_ClusterCsr.csr\n    SHA-256 of the file {}\n",
            digest(&file)
        )),
        "{fetched}"
    );
    let shown = run(&mut stage.online(&["status", "--cluster-id", &stage.id]))
        .ends(0, "UNINITIALIZED")
        .stdout;
    assert!(
        shown.contains(&format!(
            "  CSR           SHA-256 of the DER {}\n",
            digest(&der)
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

#[test]
fn an_interrupted_wait_ends_with_130_and_leaves_nothing_half_written() {
    let simulator = Simulator::spawn(hsmboot::simulator::Options {
        speed: Speed::from_factor(0.0001).unwrap(),
        ..Default::default()
    })
    .unwrap();
    let id = support::create_cluster(&simulator);
    let dir = tempfile::tempdir().unwrap();
    let mut command = hsmboot();
    let roots = tempfile::tempdir().unwrap();
    simulator.write_roots(roots.path()).unwrap();
    command.current_dir(dir.path()).args([
        "bootstrap",
        "--cluster-id",
        &id,
        "--no-passphrase",
        "--endpoint-url",
        &simulator.url(),
    ]);
    command
        .arg("--aws-root")
        .arg(roots.path().join("aws-root.crt"));
    command
        .arg("--manufacturer-root")
        .arg(roots.path().join("manufacturer-root.crt"));
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while simulator
        .call_counts()
        .get("DescribeClusters")
        .copied()
        .unwrap_or_default()
        < 2
    {
        if child.try_wait().unwrap().is_some() || began.elapsed() > support::HANGS {
            child.kill().unwrap();
            Done::from(child.wait_with_output().unwrap())
                .ends(130, "what it did before it was interrupted");
            unreachable!();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(
        Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    Done::from(child.wait_with_output().unwrap()).ends(130, "interrupted");
    assert!(no_files(dir.path()));
}

fn no_files(dir: &Path) -> bool {
    fs::read_dir(dir).unwrap().next().is_none()
}

#[test]
fn whatever_way_a_claim_went_its_transcript_holds_and_names_what_was_read() {
    let stage = Stage::new();
    run(stage.bootstrap().arg("--dry-run")).ends(0, "nothing was sent");
    run(&mut stage.bootstrap()).ends(0, "claimed");
    run(&mut stage.hsmboot(&["transcript", "verify", &stage.id])).ends(0, "the transcript holds");
    let by_steps = Stage::new();
    by_steps.signed();
    run(&mut by_steps.submit()).ends(0, "claimed");
    run(&mut by_steps.hsmboot(&["transcript", "verify", &by_steps.id]))
        .ends(0, "the transcript holds");
    for (stage, command) in [
        (&stage, "bootstrap"),
        (&by_steps, "sign"),
        (&by_steps, "submit"),
    ] {
        let shown =
            run(&mut stage.hsmboot(&["transcript", "show", &stage.id, "--output", "json"])).json();
        let read = |step: &Value| {
            [
                "ca/customerCA.crt",
                "roots/aws-root.crt",
                "roots/manufacturer-root.crt",
            ]
            .iter()
            .all(|name| step["inputs"].get(name).is_some())
        };
        let steps = shown["steps"].as_array().unwrap();
        assert!(
            steps
                .iter()
                .any(|step| step["command"][1] == command && read(step)),
            "{command}: {shown:#}"
        );
    }
    // A CA that the bootstrap makes in the bundle is no gap in it.
    let stage = Stage::new();
    run(&mut stage.trusting(&[
        "bootstrap",
        "--cluster-id",
        &stage.id,
        "--no-passphrase",
        "--key-type",
        "p256",
    ]))
    .ends(0, "claimed");
    run(&mut stage.hsmboot(&["transcript", "verify", &stage.id])).ends(0, "the transcript holds");
}

/// A pipe in any file's place, before the command begins. It ends, sends nothing that the bundle
/// does not vouch for, and writes through nothing.
#[test]
fn nothing_that_lies_in_a_bundle_holds_an_online_command_up() {
    let parts = [
        "ClusterCsr.csr",
        "HsmCertificate.crt",
        "AwsHardwareCertificate.crt",
        "CustomerHsmCertificate.crt",
    ];
    let fixed = [
        "request.json",
        "verification.json",
        "customerCA.crt",
        "customerCA.key",
        "receipt.json",
        "transcript.jsonl",
    ];
    let stage = Stage::new();
    stage.signed();
    let whole = stage.bundle();
    fs::write(stage.path("precious"), "of somebody").unwrap();
    for name in parts
        .map(|part| format!("{}_{part}", stage.id))
        .into_iter()
        .chain(fixed.map(str::to_owned))
    {
        for thing in ["pipe", "link"] {
            let fetch = || stage.online(&["fetch", "--cluster-id", &stage.id, "--force"]);
            let rehearse = |mut command: Command| {
                command.arg("--dry-run");
                command
            };
            let own =
                || stage.trusting(&["bootstrap", "--cluster-id", &stage.id, "--no-passphrase"]);
            let commands: [&dyn Fn() -> Command; 4] = [
                &fetch,
                &|| rehearse(stage.submit()),
                &|| rehearse(stage.bootstrap()),
                &own,
            ];
            for command in commands {
                drop(fs::remove_dir_all(stage.path(&stage.id)));
                fs::create_dir(stage.path(&stage.id)).unwrap();
                whole.iter().for_each(|(name, content)| {
                    fs::write(stage.path(&stage.id).join(name), content).unwrap()
                });
                // What `bootstrap` without a CA goes by is what lies there: with none of it nothing
                // is claimed.
                let place = stage.path(&stage.id).join(&name);
                drop(fs::remove_file(&place));
                match thing {
                    "pipe" => pipe::make(&place),
                    _ => std::os::unix::fs::symlink(stage.path("precious"), &place).unwrap(),
                }
                let mut command = command();
                let done = ended(&mut command);
                assert!(
                    [0, 1, 3, 4, 5, 8].contains(&done.code),
                    "{command:?}, a {thing} as {name}: {}\n{}\n{}",
                    done.code,
                    done.stdout,
                    done.stderr
                );
                assert_eq!(
                    fs::read_to_string(stage.path("precious")).unwrap(),
                    "of somebody",
                    "{command:?}, {name}"
                );
            }
        }
    }
}

/// The command's end, which must come.
fn ended(command: &mut Command) -> Done {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let since = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if since.elapsed() > Duration::from_secs(120) {
            child.kill().unwrap();
            panic!("it waits: {command:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap().into()
}

/// A program that it waits for: one that gives the credentials, and does not.
#[test]
fn a_signal_ends_the_wait_for_another_program() {
    let stage = Stage::new();
    let program = stage.path("credentials");
    executable::executable(
        &program,
        "#!/bin/sh\necho $$ >\"$0.id.new\"; mv \"$0.id.new\" \"$0.id\"; exec sleep 600\n",
    );
    let config = stage.path("config");
    fs::write(
        &config,
        format!(
            "[profile p]\nregion=us-east-1\ncredential_process={}\n",
            program.display()
        ),
    )
    .unwrap();
    let mut command = stage.online(&["status", "--profile", "p"]);
    let mut child = command
        .env("AWS_CONFIG_FILE", &config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !stage.path("credentials.id").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it did not wait");
        std::thread::sleep(Duration::from_millis(1));
    }
    let kill = |id: &str| {
        assert!(
            Command::new("kill")
                .args(["-INT", id])
                .status()
                .unwrap()
                .success()
        )
    };
    kill(&child.id().to_string());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let id = fs::read_to_string(stage.path("credentials.id")).unwrap();
    drop(Command::new("kill").arg(id.trim()).status());
}

/// hsmboot blocks the signals that its own thread waits for; what it starts must be able to be
/// ended all the same.
#[test]
fn a_program_that_it_starts_gets_every_signal() {
    let stage = Stage::new();
    let program = stage.path("credentials");
    executable::executable(
        &program,
        "#!/bin/sh\ngrep SigBlk /proc/self/status >\"$0.mask\"\necho \
         '{\"Version\":1,\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"b\"}'\n",
    );
    let config = stage.path("config");
    fs::write(
        &config,
        format!(
            "[profile p]\nregion=us-east-1\ncredential_process={}\n",
            program.display()
        ),
    )
    .unwrap();
    run(stage
        .online(&["status", "--profile", "p"])
        .env("AWS_CONFIG_FILE", &config))
    .ends(0, "UNINITIALIZED");
    assert_eq!(
        fs::read_to_string(stage.path("credentials.mask"))
            .unwrap()
            .split_whitespace()
            .last(),
        Some("0000000000000000")
    );
}

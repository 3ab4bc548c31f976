//! The claim in one go, its rehearsal, and what it does not begin.

use super::*;

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

/// Whoever moves the simulator's clock moves no client's.
#[test]
fn a_cluster_that_is_made_after_the_simulators_clock_was_moved_can_be_claimed() {
    let mut stage = Stage::new();
    let day = std::time::Duration::from_secs(24 * 60 * 60);
    stage.simulator.advance_clock(day);
    (stage.id, _) = support::ready_cluster(&stage.simulator);
    let document = run(stage.bootstrap().args(["--output", "json"]))
        .ends(0, "")
        .json();
    assert_eq!(document["outcome"], "claimed");
    assert_eq!(document["verification"]["verdict"], "verified");
}

/// Text, document and receipt say that the verdict rests on roots that somebody gave.
#[test]
fn a_claim_by_given_roots_says_so_in_text_document_and_receipt() {
    let stage = Stage::new();
    let done = run(stage
        .bootstrap()
        .env_remove("NO_COLOR")
        .env("CLICOLOR_FORCE", "1"))
    .ends(0, "");
    let amber = "\u{1b}[33mverified against roots you gave";
    assert_eq!(done.stdout.matches(amber).count(), 2, "{}", done.stdout);
    assert!(!done.stdout.contains("genuine"), "{}", done.stdout);
    assert_eq!(stage.receipt()["roots"], "given");
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

/// A script that forgot its CA ends, and leaves none behind; nor does a weak passphrase make one.
#[test]
fn no_ca_is_made_where_nobody_sits_there_or_its_passphrase_is_weak() {
    let stage = Stage::new();
    let words = ["bootstrap", "--cluster-id", &stage.id, "--key-type", "p256"];
    let mut command = stage.trusting(&words);
    let program = command.get_program().to_string_lossy().into_owned();
    let words: Vec<String> = command
        .get_args()
        .map(|word| format!("'{}'", word.to_string_lossy()))
        .collect();
    let done = run(command.stdin(Stdio::null()));
    done.ends(
        5,
        "standard input is no terminal, and no source of a passphrase",
    );
    // At a terminal, whose standard input is none.
    let line = format!("'{program}' {} </dev/null", words.join(" "));
    let mut terminal = terminal::terminal(&line);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => terminal.env(name, value),
            None => terminal.env_remove(name),
        };
    }
    let output = terminal.current_dir(stage.path("")).output().unwrap();
    let screen = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(5), "{screen}");
    assert!(screen.contains("standard input is no terminal"), "{screen}");

    fs::write(stage.path("pass"), "tuesday\n").unwrap();
    let weak = ["--passphrase-file", "pass"];
    run(stage
        .trusting(&["bootstrap", "--cluster-id", &stage.id, "--key-type", "p256"])
        .args(weak))
    .ends(5, "has fewer than 12 characters");
    let key = format!("{}/customerCA.key", stage.id);
    assert!(!stage.path(&key).exists());
    assert_eq!(stage.calls("InitializeCluster"), 0);

    // What is made is told of, and told of again as long as it lies there.
    let begin = || {
        let mut command =
            stage.trusting(&["bootstrap", "--cluster-id", &stage.id, "--key-type", "p256"]);
        command.args(weak).arg("--weak-passphrase");
        command
    };
    let made = run(&mut begin()).ends(0, "a CA was made for this claim; its key is");
    assert!(made.stdout.contains(&key) && made.stdout.contains("Move it off this machine"));
    let again = run(&mut begin()).ends(0, "the CA's key still lies in the bundle's directory");
    assert!(again.stdout.contains(&key), "{}", again.stdout);
}

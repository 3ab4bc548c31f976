//! What comes after the claim: the same steps from every command, for this cluster as it is now.

#[path = "after_claim/restored.rs"]
mod restored;

use std::fs;
use std::process::{Command, Stdio};

use hsmboot::simulator::SimulatedClusterState;
use serde_json::{Value, json};

use super::{Done, Stage, hsmboot, run, support};

fn commands(document: &Value) -> Vec<String> {
    let steps = document["next_steps"]
        .as_array()
        .unwrap_or_else(|| panic!("no steps: {document:#}"));
    steps
        .iter()
        .filter_map(|step| step["command"].as_str().map(str::to_owned))
        .collect()
}

impl Stage {
    fn status(&self, words: &[&str]) -> Value {
        run(self
            .online(&["status", "--cluster-id", &self.id, "--output", "json"])
            .args(words))
        .json()
    }

    /// A command as it was printed, in a shell.
    fn follow(&self, command: &str) -> Done {
        let program = std::path::PathBuf::from(hsmboot().get_program());
        let path = format!(
            "{}:{}",
            program.parent().unwrap().display(),
            std::env::var("PATH").unwrap()
        );
        let mut shell = Command::new("sh");
        shell
            .args(["-c", command])
            .env("PATH", path)
            .env("AWS_ENDPOINT_URL", self.simulator.url())
            .current_dir(self.dir.path());
        shell
            .env("AWS_CONFIG_FILE", "/nonexistent")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        shell
            .env_remove("AWS_PROFILE")
            .env_remove("AWS_ENDPOINT_URL_CLOUDHSM_V2")
            .env("AWS_ACCESS_KEY_ID", "any")
            .env("AWS_SECRET_ACCESS_KEY", "any");
        run(&mut shell)
    }

    fn address(&self) -> String {
        support::describe(&self.simulator, &self.id)["Hsms"][0]["EniIp"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

#[test]
fn submit_bootstrap_status_and_handover_give_the_same_steps() {
    let stage = Stage::new();
    stage.signed();
    let submitted = run(stage.submit().args(["--output", "json"]))
        .ends(0, "")
        .json();
    let client = [
        "sudo cp customerCA.crt /opt/cloudhsm/etc/customerCA.crt".to_owned(),
        format!(
            "sudo /opt/cloudhsm/bin/configure-cli -a {}",
            stage.address()
        ),
        "/opt/cloudhsm/bin/cloudhsm-cli interactive".to_owned(),
        "user list".to_owned(),
        "cluster activate".to_owned(),
        format!(
            "hsmboot wait --cluster-id {} --for active --region us-east-1",
            stage.id
        ),
        format!(
            "hsmboot hsm create --cluster-id {} --availability-zone us-east-1a --region us-east-1 \
             --another --wait",
            stage.id
        ),
        "sudo /opt/cloudhsm/bin/configure-cli --disable-key-availability-check".to_owned(),
        "user create --username kmsuser --role crypto-user".to_owned(),
    ];
    assert!(commands(&submitted)[0].starts_with(&format!(
        "hsmboot handover {} -o {}-clients --ca-fingerprint ",
        stage.id, stage.id
    )));
    // This run's own commands go where it went.
    let here = client.clone().map(|command| match command {
        own if own.starts_with("hsmboot ") => {
            format!("{own} --endpoint-url {}", stage.simulator.url())
        }
        other => other,
    });
    assert_eq!(commands(&submitted)[1..], here);
    let again = run(stage.bootstrap().args(["--output", "json"]))
        .ends(0, "")
        .json();
    // It names the bundle as `./cluster-…`.
    let same: Vec<String> = commands(&again)
        .iter()
        .map(|command| command.replace("./", ""))
        .collect();
    assert_eq!(same, commands(&submitted));
    assert_eq!(
        again["next_steps"].as_array().unwrap()[1..],
        submitted["next_steps"].as_array().unwrap()[1..]
    );
    stage.follow(&commands(&submitted)[0]).ends(0, "wrote");
    let handed: Value = serde_json::from_slice(
        &fs::read(stage.path(&format!("{}-clients/handover.json", stage.id))).unwrap(),
    )
    .unwrap();
    assert_eq!(commands(&handed), client);
    assert_eq!(
        commands(&stage.status(&["--ca", "ca/customerCA.crt"])),
        here
    );
    // Whose it is comes first where nobody has said it.
    let unjudged = commands(&stage.status(&[]));
    assert_eq!(unjudged[1..], here);
    fs::copy(
        stage.path("ca/customerCA.crt"),
        stage.path("customerCA.crt"),
    )
    .unwrap();
    stage
        .follow(&unjudged[0].replace("FILE", "customerCA.crt"))
        .ends(0, "yours: this CA has claimed it");
    // The report's, from the bundle alone: nothing names the CA where none was given, and what is
    // another's is nothing to go on with.
    let report = |words: &[&str]| {
        let mut command = stage.hsmboot(&[
            "report",
            &stage.id,
            "-o",
            "report.html",
            "--force",
            "--output",
            "json",
        ]);
        stage.trust(&mut command);
        commands(&run(command.args(words)).ends(0, "").json())
    };
    assert_eq!(
        report(&[])[0],
        format!("hsmboot handover {0} -o {0}-clients --ca CA.crt", stage.id)
    );
    stage.make_ca("other");
    assert_eq!(
        report(&["--ca", "other/customerCA.crt"]),
        Vec::<String>::new()
    );
    assert_eq!(
        report(&["--ca", "ca/customerCA.crt"]),
        [&commands(&submitted)[..1], &client].concat()
    );
    let page = fs::read_to_string(stage.path("report.html")).unwrap();
    client.iter().for_each(|command| {
        assert!(
            page.contains(&format!(">{command}<")),
            "no {command} on the page"
        )
    });
    let every = submitted["next_steps"].as_array().unwrap().iter();
    every.for_each(|step| {
        assert!(
            !step["what"].as_str().unwrap().is_empty()
                && !step["source"].as_str().unwrap().is_empty(),
            "{step:#}"
        )
    });
    // The same as text. What to do is said once.
    let told = run(&mut stage.online(&["status", &stage.id])).ends(0, "next:");
    assert_eq!(told.stdout.matches("cluster activate").count(), 1);
    assert_eq!(told.stdout.matches("next").count(), 1, "{}", told.stdout);
    let text = run(&mut stage.submit()).ends(0, "next:").stdout;
    here.iter().for_each(|command| {
        assert!(
            text.contains(&format!("        {command}\n")),
            "no {command} in\n{text}"
        )
    });
}

#[test]
fn the_steps_follow_the_clusters_state_and_its_hsms() {
    let stage = Stage::new();
    assert_eq!(stage.status(&[])["next_steps"], json!([]), "not claimed");
    run(&mut stage.bootstrap()).ends(0, "claimed");
    let ca = ["--ca", "ca/customerCA.crt"];
    let printed = |part: &str| {
        commands(&stage.status(&ca))
            .into_iter()
            .find(|command| command.contains(part))
            .unwrap()
    };
    let (second, wait) = (printed("hsm create"), printed("--for active"));
    stage.simulator.activate_cluster(&stage.id).unwrap();
    stage.follow(&wait).ends(0, "ACTIVE");
    let active = commands(&stage.status(&ca));
    assert!(
        !active
            .iter()
            .any(|command| command.contains("activate") || command.contains("--for active")),
        "{active:?}"
    );
    assert!(
        active.contains(&second)
            && active.contains(&"/opt/cloudhsm/bin/cloudhsm-cli interactive".to_owned()),
        "{active:?}"
    );
    // As it was printed before activation.
    stage.follow(&second).ends(0, "created hsm-");
    let two = support::describe(&stage.simulator, &stage.id);
    let addresses: Vec<&str> = two["Hsms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hsm| hsm["EniIp"].as_str().unwrap())
        .collect();
    let with_two = commands(&stage.status(&ca));
    assert!(
        with_two.contains(&format!(
            "sudo /opt/cloudhsm/bin/configure-cli -a {}",
            addresses.join(" ")
        )),
        "{with_two:?}"
    );
    assert!(
        !with_two
            .iter()
            .any(|command| command.contains("hsm create") || command.contains("key-availability")),
        "{with_two:?}"
    );
    for state in [
        SimulatedClusterState::UpdateInProgress,
        SimulatedClusterState::Degraded,
    ] {
        stage.simulator.set_state(&stage.id, state).unwrap();
        let passing = commands(&stage.status(&ca));
        assert!(
            !passing
                .iter()
                .any(|command| command.contains("cluster activate")
                    || command.contains("hsm create")),
            "{passing:?}"
        );
    }
    stage
        .simulator
        .set_state(&stage.id, SimulatedClusterState::DeleteInProgress)
        .unwrap();
    assert_eq!(stage.status(&[])["next_steps"], json!([]));
}

#[test]
fn another_ones_cluster_is_nothing_to_go_on_with() {
    let stage = Stage::new();
    stage.make_ca("other");
    run(&mut stage.bootstrap_with("other")).ends(0, "claimed");
    let theirs = stage.status(&["--ca", "ca/customerCA.crt"]);
    assert_eq!(
        (&theirs["error"]["kind"], &theirs["next_steps"]),
        (&"claimed-by-another-ca".into(), &json!([]))
    );
    // Nobody is told to activate what may be another's, and whose it is is asked as it is told.
    for target in ["csr", "uninitialized"] {
        let wait = ["wait", "--cluster-id", &stage.id, "--for", target];
        let refused = run(&mut stage.online(&wait)).ends(8, "see whose it is");
        let command = refused
            .stderr
            .split('`')
            .find(|one| one.contains("--ca FILE"));
        let whose = command.unwrap().replace("FILE", "ca/customerCA.crt");
        let told = stage
            .follow(&whose)
            .ends(8, "another's: not this CA has claimed it");
        assert!(!told.stdout.contains("activate"), "{}", told.stdout);
        assert!(!told.stdout.contains("next"), "{}", told.stdout);
    }
}

#[test]
fn a_ca_taken_on_the_bundles_word_is_not_passed_off_as_proven() {
    let stage = Stage::new();
    stage.signed();
    let mut submit = stage.trusting(&[
        "submit",
        &stage.id,
        "--ca-from-bundle",
        "--reason",
        "a test",
        "--output",
        "json",
    ]);
    let command = commands(&run(&mut submit).ends(0, "").json())[0].clone();
    assert_eq!(
        command,
        format!("hsmboot handover {0} -o {0}-clients --ca CA.crt", stage.id)
    );
    stage
        .follow(&command.replace("CA.crt", &format!("{}/customerCA.crt", stage.id)))
        .ends(2, "proves nothing");
    stage
        .follow(&command.replace("CA.crt", "ca/customerCA.crt"))
        .ends(0, "wrote");
}

#[test]
fn a_wait_for_active_follows_the_activation() {
    let stage = Stage::new();
    let early = ["wait", &stage.id, "--for", "active", "--timeout", "1s"];
    run(&mut stage.online(&early)).ends(7, "UNINITIALIZED: nobody has claimed it yet");
    run(&mut stage.bootstrap()).ends(0, "claimed");
    let wait = || {
        stage.online(&[
            "wait",
            "--cluster-id",
            &stage.id,
            "--for",
            "active",
            "--timeout",
            "120s",
        ])
    };
    // Nobody activates it: what is missing is said, with where its steps are.
    let late = run(&mut stage.online(&[
        "wait",
        "--cluster-id",
        &stage.id,
        "--for",
        "active",
        "--timeout",
        "1s",
    ]))
    .ends(7, "INITIALIZED");
    let hint = late.stderr.split("hint:").nth(1).unwrap();
    assert!(hint.contains("cluster activate"), "{}", late.stderr);
    stage
        .follow(hint.split('`').nth(1).unwrap())
        .ends(0, "cluster activate");
    let mut waiting = wait()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let before = stage.calls("DescribeClusters");
    let began = std::time::Instant::now();
    while stage.calls("DescribeClusters") == before {
        assert!(
            began.elapsed() < support::HANGS && waiting.try_wait().unwrap().is_none(),
            "it does not look"
        );
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let activated = support::control(
        &stage.simulator,
        "activate",
        json!({ "ClusterId": stage.id }),
    );
    assert_eq!(activated.status, 200);
    let done: Done = waiting.wait_with_output().unwrap().into();
    let done = done.ends(0, "ACTIVE");
    assert!(
        done.stderr.contains("INITIALIZED") && done.stderr.contains("cluster activate"),
        "what it waits for: {}",
        done.stderr
    );
    run(&mut wait()).ends(0, "ACTIVE");
}

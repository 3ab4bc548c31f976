//! What the files and the errors of a handover say is true when and where they are read.

use super::*;

fn steps(document: &Value) -> Vec<Value> {
    let steps = document["next_steps"].as_array();
    let steps = steps.unwrap_or_else(|| panic!("no steps: {document:#}"));
    assert!(!steps.is_empty(), "{document:#}");
    steps.clone()
}

/// The sentence of the step with this command.
#[track_caller]
fn sentence(steps: &[Value], command: &str) -> String {
    let step = steps
        .iter()
        .find(|step| step["command"].as_str().unwrap_or_default() == command);
    let step = step.unwrap_or_else(|| panic!("no {command} in {steps:#?}"));
    step["what"].as_str().unwrap().to_owned()
}

const UNLESS: &str = "unless it is activated already (`user list` shows admin rather than \
                      unactivated-admin)";

#[test]
fn an_activated_cluster_is_handed_over_as_the_receipt_has_it_and_with_that_said() {
    let stage = claimed();
    let now = run(&mut stage.online(&["status", "--cluster-id", &stage.id, "--output", "json"]));
    let now = sentence(&steps(&now.json()), "cluster activate");
    assert!(
        !now.contains("unless"),
        "the service said that it is not activated: {now}"
    );
    stage.simulator.activate_cluster(&stage.id).unwrap();
    stage.handover(&OWN).ends(0, "wrote");
    let files = files(&stage.path("clients"));
    let confirmed = stage.receipt()["confirmed_at"].as_str().unwrap().to_owned();
    let readme = &files["README.txt"];
    let state = format!(
        "state         INITIALIZED on {confirmed}, when its claim was confirmed: it may have \
         changed since\n"
    );
    assert!(readme.contains(&state), "{readme}");
    assert!(readme.contains(UNLESS), "{readme}");
    let told: Value = serde_json::from_str(&files["handover.json"]).unwrap();
    assert_eq!(
        (&told["state"], &told["confirmed_at"]),
        (&json!("INITIALIZED"), &json!(confirmed))
    );
    let mut report = stage.hsmboot(&["report", &stage.id, "-o", "p.html", "--output", "json"]);
    stage.trust(&mut report);
    let page = run(&mut report).ends(0, "").json();
    for from_receipt in [told, page] {
        let steps = steps(&from_receipt);
        assert!(sentence(&steps, "cluster activate").contains(UNLESS));
        let create = steps.iter().find(|step| {
            let command = step["command"].as_str().unwrap_or_default();
            command.starts_with("hsmboot hsm create")
        });
        let create = create.unwrap()["what"].as_str().unwrap();
        assert!(create.contains("unless it has one by now"), "{create}");
    }
    // A state that passes, as a receipt of an already claimed cluster may have it, is long past.
    stage.exchange_receipt(|receipt| receipt["state"] = json!("UPDATE_IN_PROGRESS"));
    fs::remove_dir_all(stage.path("clients")).unwrap();
    stage.handover(&OWN).ends(0, "wrote");
    let readme = &self::files(&stage.path("clients"))["README.txt"];
    assert!(readme.contains(UNLESS), "{readme}");
    // What was ACTIVE stays activated.
    stage.exchange_receipt(|receipt| receipt["state"] = json!("ACTIVE"));
    fs::remove_dir_all(stage.path("clients")).unwrap();
    stage.handover(&OWN).ends(0, "wrote");
    let readme = &self::files(&stage.path("clients"))["README.txt"];
    assert!(!readme.contains("activate\n"), "{readme}");
}

/// A program that claims asks the same question as whoever hands over, and gets the same answer.
#[test]
fn a_claim_on_a_running_simulator_says_in_json_that_it_is_simulated() {
    let stage = Stage::new();
    stage.signed();
    for _ in ["claims", "has claimed already"] {
        let told = run(stage.submit().args(["--output", "json"])).ends(0, "");
        assert_eq!(told.json()["simulated"], true);
        let told = run(stage.bootstrap().args(["--output", "json"])).ends(0, "");
        assert_eq!(told.json()["simulated"], true);
    }
}

/// Nothing of a simulator that somebody started is real either, and nothing in the bundle but its
/// certificates says so.
#[test]
fn what_was_claimed_on_a_running_simulator_says_that_it_is_simulated() {
    let stage = claimed();
    assert!(!stage.path(&stage.id).join("simulated-roots.pem").exists());
    let done = stage.handover(&OWN).ends(0, "wrote");
    assert!(done.stderr.contains("SIMULATED: "), "{}", done.stderr);
    let files = files(&stage.path("clients"));
    let readme = &files["README.txt"];
    assert!(readme.starts_with("SIMULATED: "), "{readme}");
    let handed: Value = serde_json::from_str(&files["handover.json"]).unwrap();
    assert_eq!(handed["simulated"], true);
    let told = stage.handover(&[&OWN[..], &["--output", "json"]].concat());
    assert_eq!(told.json()["simulated"], true);
    // One side's certificate is enough, and one that cannot be read is no reason to fail.
    for side in ["AwsHardware", "ManufacturerHardware"] {
        let bundle = Bundle::open(&stage.path(&stage.id)).unwrap();
        let name = format!("{}_{side}Certificate.crt", stage.id);
        let certificate = stage.path(&stage.id).join(name);
        let content = fs::read(&certificate).unwrap();
        fs::write(&certificate, "no certificate").unwrap();
        assert!(bundle.without_cache().comes_from_simulator(), "{side}");
        fs::write(&certificate, content).unwrap();
    }
}

/// The same steps are read on the machine that claims and on the client machine.
#[test]
fn every_step_names_its_place_by_words_that_are_true_for_every_reader() {
    let stage = Stage::new();
    stage.signed();
    let submitted = run(stage.submit().args(["--output", "json"])).json();
    stage.handover(&OWN).ends(0, "wrote");
    let readme = &files(&stage.path("clients"))["README.txt"];
    let handed = fs::read(stage.path("clients/handover.json")).unwrap();
    let handed: Value = serde_json::from_slice(&handed).unwrap();
    let status = || {
        run(&mut stage.online(&["status", "--cluster-id", &stage.id, "--output", "json"])).json()
    };
    let mut all = vec![submitted, handed, status()];
    stage.simulator.activate_cluster(&stage.id).unwrap();
    all.push(status());
    let no_site = |receipt: &mut Value| drop(receipt.as_object_mut().unwrap().remove("site"));
    stage.exchange_receipt(no_site);
    fs::remove_dir_all(stage.path("clients")).unwrap();
    all.push(
        stage
            .handover(&[&OWN[..], &["--output", "json"]].concat())
            .json(),
    );
    for step in all.iter().flat_map(steps) {
        let what = step["what"].as_str().unwrap();
        let mut words = what.split(|c: char| !c.is_alphanumeric());
        assert!(
            !words.any(|word| ["here", "there"].contains(&word)) && !what.contains("in it:"),
            "whose place is that? {what}"
        );
    }
    for line in [
        "on the client machine: install the CloudHSM CLI. hsm2m.medium needs",
        "on the client machine: store the trust anchor, all of the file, as /opt/",
        "on the client machine: tell the CloudHSM CLI where the HSMs are. Windows: ",
        "on the client machine: start the CloudHSM CLI (Windows: ",
        "in the CloudHSM CLI: see whether the user admin has the role unactivated-admin still\n",
        "on the machine with hsmboot: see the cluster become ACTIVE\n",
        "on the machine with hsmboot, once it is ACTIVE: create a second HSM",
    ] {
        assert!(readme.contains(line), "no {line:?} in\n{readme}");
    }
}

#[test]
fn the_hint_where_another_ca_is_named_is_of_a_handover_and_names_the_receipts_ca() {
    let stage = claimed();
    stage.make_ca("other");
    let claimed_by = stage.receipt()["trust_anchor_sha256"]
        .as_str()
        .unwrap()
        .to_owned();
    let other = fingerprint(&stage, "other/customerCA.crt");
    for named in [
        ["--ca", "other/customerCA.crt"],
        ["--ca-fingerprint", &other],
    ] {
        let told = stage.keeps_all(&named, 3, "another-trust-anchor");
        let hint = told["error"]["hint"].as_str().unwrap();
        assert!(
            hint.contains(&claimed_by) && hint.contains("give its certificate by --ca"),
            "{hint}"
        );
        assert!(
            !hint.contains("submit") && !hint.contains("signed"),
            "{hint}"
        );
    }
    // What is submitted keeps its own.
    let submit = ["submit", &stage.id, "--ca", "other/customerCA.crt"];
    run(&mut stage.trusting(&submit)).ends(3, "do not submit it");
}

//! `next`: the commands that come next, as words. Whoever follows them needs no shell.

use super::*;

/// Runs the command of a document by its words, with what is to be filled in filled in.
#[track_caller]
fn follow(stage: &Stage, command: &Value, fill_in: &[(&str, &str)]) -> Done {
    let blanks: Vec<&str> = command["fill_in"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|blank| blank.as_str().unwrap())
        .collect();
    let known: Vec<&str> = fill_in.iter().map(|(blank, _)| *blank).collect();
    assert_eq!(blanks, known, "{command}");
    let words: Vec<&str> = command["argv"]
        .as_array()
        .unwrap_or_else(|| panic!("no words in {command}"))
        .iter()
        .map(|word| word.as_str().unwrap())
        .map(|word| {
            let filled = fill_in.iter().find(|(blank, _)| *blank == word);
            filled.map_or(word, |(_, value)| value)
        })
        .collect();
    assert_eq!(words[0], "hsmboot");
    let mut command = stage.hsmboot(&words[1..]);
    command
        .args(["--output", "json"])
        .env("AWS_ENDPOINT_URL", stage.simulator.url())
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test");
    for (name, root) in [
        ("HSMBOOT_AWS_ROOT", "roots/aws-root.crt"),
        ("HSMBOOT_MANUFACTURER_ROOT", "roots/manufacturer-root.crt"),
    ] {
        command.env(name, stage.path(root));
    }
    run(&mut command)
}

#[test]
fn a_claim_is_made_by_the_words_of_each_document_alone() {
    let stage = Stage::new();
    let odd = "a b'c $HOME";
    let fetch = ["fetch", &stage.id, "--bundle", odd, "--output", "json"];
    let fetched = run(&mut stage.online(&fetch)).ends(0, "").json();
    // The roots are the simulator's, and not those that are published.
    let words = [
        "hsmboot",
        "verify",
        odd,
        "--aws-root",
        "roots/aws-root.crt",
        "--manufacturer-root",
        "roots/manufacturer-root.crt",
    ];
    assert_eq!(fetched["next"], serde_json::json!([{ "argv": words }]));
    let verified = follow(&stage, &fetched["next"][0], &[]).ends(0, "").json();
    assert_eq!(verified["verdict"], "verified");
    // What is not there yet is named with the command that makes it, in an error too.
    let submit = [
        "submit",
        odd,
        "--ca",
        "ca/customerCA.crt",
        "--output",
        "json",
    ];
    let mut submit = stage.online(&submit);
    stage.trust(&mut submit);
    let unsigned = run(&mut submit).ends(4, "").json();
    let sign = &unsigned["error"]["next"][0];
    // The CA's certificate was named in this run, and its key was not.
    let own = [("KEY", "ca/customerCA.key")];
    let signed = follow(&stage, sign, &own).ends(0, "").json();
    let claimed = follow(&stage, &signed["next"][0], &[]).ends(0, "").json();
    assert_eq!(claimed["outcome"], "claimed");
    // The steps after it: what this program does has words, what is done elsewhere has none.
    let steps = claimed["next_steps"].as_array().unwrap();
    for step in steps {
        let own = step["command"]
            .as_str()
            .is_some_and(|line| line.starts_with("hsmboot "));
        assert_eq!(step["argv"].is_array(), own, "{step}");
    }
    let handover = steps[0].clone();
    follow(&stage, &handover, &[]).ends(0, "");
}

#[test]
fn a_plan_and_a_refusal_name_the_command_for_each_cluster() {
    let stage = Stage::new();
    let ca = ["--ca", "ca/customerCA.crt", "--output", "json"];
    let mut plan = stage.online(&[&["plan", &stage.id], &ca[..]].concat());
    stage.trust(&mut plan);
    let planned = run(&mut plan).ends(0, "").json();
    let next = &planned["next"][0];
    assert_eq!(next["cluster_id"], stage.id.as_str());
    let own = [("KEY", "ca/customerCA.key")];
    let claimed = follow(&stage, next, &own).ends(0, "").json();
    assert_eq!(claimed["outcome"], "claimed");
    // Nothing is left to do.
    let mut plan = stage.online(&[&["plan", &stage.id], &ca[..]].concat());
    stage.trust(&mut plan);
    assert!(run(&mut plan).ends(0, "").json().get("next").is_none());
}

#[test]
fn a_cluster_without_an_hsm_is_led_to_its_csr() {
    let stage = Stage::new();
    let made = ["cluster", "create", "--subnet-id", "subnet-0a1b2c3d"];
    let made = [&made[..], &["--wait", "--query", "cluster_id"]].concat();
    let id = run(&mut stage.online(&made)).ends(0, "").stdout;
    let fetch = ["fetch", id.trim_end(), "--output", "json"];
    let none = run(&mut stage.online(&fetch)).ends(8, "").json();
    assert_eq!(none["cluster_id"], id.trim_end());
    let create = &none["error"]["next"][0];
    let made = follow(&stage, create, &[]).ends(0, "").json();
    let mut next = made["next"][0].clone();
    for _ in 0..3 {
        let done = follow(&stage, &next, &[]).ends(0, "").json();
        if done.get("files").is_some() {
            return;
        }
        next = done["next"][0].clone();
        if next.is_null() {
            next = serde_json::json!({ "argv": ["hsmboot", "fetch", id.trim_end()] });
        }
    }
    panic!("no CSR was reached");
}

//! `--output jsonl`: the events as they happen, and the document on the last line. `--query`: a
//! part of the document.

use std::io::{BufRead as _, BufReader};

use super::*;

/// The events and the document that a command printed, each held against its schema.
#[track_caller]
fn lines(text: &str, schema: &str) -> (Vec<Value>, Value) {
    let mut lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|cause| panic!("{cause}: {line}")))
        .collect();
    let document = lines.pop().unwrap();
    lines
        .iter()
        .for_each(|line| schemas::is_by("event.schema.json", line));
    schemas::is_by(&format!("output-{schema}.schema.json"), &document);
    (lines, document)
}

#[test]
fn the_document_of_a_claim_is_the_last_line_behind_its_events() {
    let stage = Stage::new();
    let words = ["--output", "jsonl", "--events", "events", "--quiet"];
    let claim = run(stage.bootstrap().args(words)).ends(0, "");
    let (events, document) = lines(&claim.stdout, "bootstrap");
    assert_eq!(events[0]["event"], "start");
    assert_eq!(events[events.len() - 1]["event"], "end");
    assert!(events.iter().any(|event| event["state"] == "INITIALIZED"));
    assert_eq!(document["cluster_id"], stage.id.as_str());
    let said = |line: &str| line.starts_with("warning: ");
    assert!(claim.stderr.lines().all(said), "{}", claim.stderr);
    // The file has the same, without the document.
    let file = fs::read_to_string(stage.path("events")).unwrap();
    assert_eq!(
        file.lines().collect::<Vec<_>>(),
        claim.stdout.lines().take(events.len()).collect::<Vec<_>>()
    );
}

#[test]
fn a_failure_of_any_kind_has_its_document_on_the_last_line() {
    let stage = Stage::new();
    run(&mut stage.online(&["fetch", "--cluster-id", &stage.id])).ends(0, "");
    let rejected = run(&mut stage.hsmboot(&["verify", &stage.id, "--output", "jsonl"])).ends(3, "");
    let (events, document) = lines(&rejected.stdout, "verify");
    assert_eq!(events[events.len() - 1]["error"], document["error"]);
    assert_eq!(document["verdict"], "rejected");
    // Not understood: nothing has begun.
    let wrong = run(&mut stage.hsmboot(&["verify", "--nonsense", "--output", "jsonl"])).ends(2, "");
    let (events, document) = lines(&wrong.stdout, "verify");
    assert_eq!((events.len(), &document["error"]["code"]), (0, &2.into()));
    let both = ["roots", "--output", "jsonl", "--events", "fd:1"];
    let (events, document) = lines(&run(&mut stage.hsmboot(&both)).ends(2, "").stdout, "roots");
    assert_eq!(events.len(), 0);
    assert_eq!(document["error"]["facts"]["option"], "--events");
}

#[test]
fn an_interruption_ends_with_its_document_and_no_event_comes_after_it() {
    let stage = Stage::new();
    let wait = ["wait", &stage.id, "--for", "ACTIVE", "--output", "jsonl"];
    let mut child = stage
        .online(&wait)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut text = String::new();
    // The events come as they happen.
    while !text.contains("\"UNINITIALIZED\"") {
        text.push_str(&printed.next().unwrap().unwrap());
        text.push('\n');
    }
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(sent.success());
    for line in printed {
        text.push_str(&line.unwrap());
        text.push('\n');
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let (_, document) = lines(&text, "wait");
    assert_eq!(document["error"]["kind"], "interrupted");
    assert_eq!(document["cluster_id"], stage.id.as_str());
}

#[test]
fn a_query_chooses_from_a_success_and_never_from_a_failure() {
    let stage = Stage::new();
    let id = stage.id.as_str();
    let asked = |query: &str, more: &[&str], code| {
        let words = [&["status", id, "--query", query], more].concat();
        run(&mut stage.online(&words)).ends(code, "")
    };
    let json = asked("clusters[].[cluster_id, state]", &["--output", "json"], 0).json();
    assert_eq!(json, serde_json::json!([[id, "UNINITIALIZED"]]));
    assert_eq!(asked("clusters[0].hsms", &[], 0).stdout.lines().count(), 1);
    assert_eq!(asked("cluster_id", &[], 0).stdout, format!("{id}\n"));
    assert_eq!(
        asked("cluster_id", &["--quiet"], 0).stdout,
        format!("{id}\n")
    );
    assert_eq!(asked("nothing", &[], 0).stdout, "None\n");
    let line = asked("cluster_id", &["--output", "jsonl"], 0).stdout;
    assert_eq!(line.lines().last(), Some(format!("\"{id}\"").as_str()));
    // A failure is told whole: in the document, or on standard error alone.
    let verify = |more: &[&str]| {
        let words = [&["verify", "nowhere", "--query", "verdict"], more].concat();
        run(&mut stage.hsmboot(&words)).ends(4, "no bundle")
    };
    assert_eq!(verify(&["--output", "json"]).json()["error"]["code"], 4);
    let text = verify(&[]);
    assert!(text.stdout.is_empty() && text.stderr.starts_with("error: "));
    // One that fits no such result: all is done, and told.
    let unfit = asked("abs(region)", &["--output", "json"], 2).json();
    schemas::is_by("output-status.schema.json", &unfit);
    assert_eq!(unfit["error"]["kind"], "query-unfit");
    assert_eq!(unfit["result"]["clusters"][0]["cluster_id"], id);
}

#[test]
fn a_wrong_query_is_refused_before_anything_is_sent() {
    let stage = Stage::new();
    for (query, says) in [
        ("clusters[", "no JMESPath expression"),
        ("lenght(clusters)", "no function lenght"),
        ("length(clusters, state)", "takes 1"),
    ] {
        let words = [
            "hsm",
            "create",
            &stage.id,
            "--availability-zone",
            "us-east-1b",
        ];
        let words = [&words[..], &["--query", query]].concat();
        run(&mut stage.online(&words)).ends(2, says);
    }
    let words = ["ca", "show", "ca/customerCA.crt", "--query", "sha256"];
    let words = [&words[..], &["--output", "fingerprint"]].concat();
    run(&mut stage.hsmboot(&words)).ends(2, "leave one of them out");
    let hsms = ["status", &stage.id, "--query", "length(clusters[0].hsms)"];
    assert_eq!(run(&mut stage.online(&hsms)).ends(0, "").stdout, "1\n");
}

/// A command that has done its work is not run again for an answer: its result is told all the
/// same.
#[test]
fn a_query_that_does_not_fit_hides_nothing_of_what_was_changed() {
    let stage = Stage::new();
    let create = ["cluster", "create", "--subnet-id", "subnet-0a1b2c3d"];
    let asked = |more: &[&str]| {
        let words = [&create[..], &["--query", "abs(cluster)"], more].concat();
        run(&mut stage.online(&words)).ends(2, "")
    };
    let before = stage.calls("CreateCluster");
    let told = asked(&["--output", "json"]).json();
    let error = &told["error"];
    assert_eq!(
        (&error["kind"], &error["retry"]),
        (&Value::from("query-unfit"), &Value::from("never")),
        "{told:#}"
    );
    assert_eq!(told["result"]["changed"], true);
    let summary = told["result"]["summary"].as_str().unwrap();
    assert!(summary.starts_with("created cluster-"), "{summary}");
    // For people on standard error, before the error; standard output is what was chosen alone.
    for more in [&[][..], &["--quiet"]] {
        let told = asked(more);
        assert!(told.stdout.is_empty(), "{}", told.stdout);
        let (before, fault) = told.stderr.split_once("error: ").unwrap();
        assert!(before.contains("created cluster-"), "{}", told.stderr);
        assert!(fault.contains("do not run it again"), "{}", told.stderr);
    }
    assert_eq!(stage.calls("CreateCluster"), before + 3);
    // What only looked is looked at again.
    let words = ["status", &stage.id, "--query", "abs(region)"];
    let told = run(stage.online(&words).args(["--output", "json"]));
    assert_eq!(told.ends(2, "").json()["error"]["retry"], "after-fix");
    let told = run(&mut stage.online(&words)).ends(2, "prints the whole result");
    assert!(!told.stderr.contains("UNINITIALIZED"), "{}", told.stderr);
}

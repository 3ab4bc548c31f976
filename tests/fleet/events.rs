//! `--events`: every line is by the schema, from the first to the last.

use super::*;

/// The events of a file, each held against the schema.
#[track_caller]
fn events(stage: &Stage, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(stage.path(name)).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    lines
        .iter()
        .for_each(|line| schemas::is_by("event.schema.json", line));
    lines
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect()
}

#[test]
fn a_claim_tells_its_steps_and_the_states_of_its_cluster() {
    let stage = Stage::new();
    run(stage.bootstrap().args(["--events", "events", "--quiet"])).ends(0, "");
    let seen = events(&stage, "events");
    let all = kinds(&seen);
    assert_eq!((all[0], all[all.len() - 1]), ("start", "end"), "{all:?}");
    let states: Vec<&str> = seen
        .iter()
        .filter(|event| event["event"] == "state")
        .map(|event| event["state"].as_str().unwrap())
        .collect();
    assert_eq!(states.first(), Some(&"UNINITIALIZED"), "{seen:#?}");
    assert_eq!(states.last(), Some(&"INITIALIZED"), "{seen:#?}");
    let sent = |event: &Value| event["detail"] == "InitializeCluster is sent";
    assert_eq!(seen.iter().filter(|event| sent(event)).count(), 1);
    assert_eq!(seen[all.len() - 1]["changed"], true);
    assert_eq!(seen[all.len() - 1]["cluster_id"], stage.id.as_str());
    // A second run appends, and says that nothing changed.
    run(stage.bootstrap().args(["--events", "events"])).ends(0, "");
    let again = events(&stage, "events");
    assert!(again.len() > seen.len());
    assert_eq!(again[again.len() - 1]["changed"], false);
}

#[test]
fn each_of_many_bundles_has_an_event_and_so_has_a_failure() {
    let stage = Stage::new();
    run(&mut stage.online(&["fetch", "--cluster-id", &stage.id])).ends(0, "");
    let verify = ["verify", &stage.id, "nowhere", "--events", "events"];
    let mut command = stage.hsmboot(&verify);
    stage.trust(&mut command);
    run(&mut command).ends(4, "");
    let seen = events(&stage, "events");
    assert_eq!(kinds(&seen), ["start", "result", "result", "end"]);
    assert_eq!(seen[2]["error"]["kind"], "no-bundle");
    assert_eq!(seen[3]["error"]["code"], 4);
    assert!(seen[3].get("cluster_id").is_none(), "{seen:#?}");
}

#[test]
fn they_go_to_a_descriptor_as_well_and_nowhere_where_nothing_can_be_written() {
    let stage = Stage::new();
    let program = assert_cmd::cargo::cargo_bin!("hsmboot");
    let script = format!("{} roots --events fd:3 3>events", program.display());
    run(Command::new("sh")
        .args(["-c", &script])
        .current_dir(stage.dir.path()))
    .ends(0, "");
    assert_eq!(kinds(&events(&stage, "events")), ["start", "end"]);
    // Whoever passes it on says where in it events belong.
    fs::write(stage.path("log"), "a line of another's\n").unwrap();
    let script = format!("{} roots --events fd:3 3>>log", program.display());
    run(Command::new("sh")
        .args(["-c", &script])
        .current_dir(stage.dir.path()))
    .ends(0, "");
    let log = fs::read_to_string(stage.path("log")).unwrap();
    assert!(log.starts_with("a line of another's\n{\"time\":"), "{log}");
    let (mut ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    run(stage
        .hsmboot(&["roots", "--events", "fd:0"])
        .stdin(std::os::fd::OwnedFd::from(theirs)))
    .ends(0, "");
    let mut told = String::new();
    std::io::Read::read_to_string(&mut ours, &mut told).unwrap();
    assert_eq!(told.lines().count(), 2, "{told}");
    run(&mut stage.hsmboot(&["roots", "--events", "none/such"])).ends(1, "cannot be opened");
    run(&mut stage.hsmboot(&["roots", "--events", "fd:x"])).ends(2, "descriptor");
    // No other file gets a line: not a key, and none of a bundle.
    for file in ["ca/customerCA.key", "ca/customerCA.crt"] {
        let before = fs::read(stage.path(file)).unwrap();
        run(&mut stage.hsmboot(&["roots", "--events", file])).ends(8, "holds no events");
        assert_eq!(fs::read(stage.path(file)).unwrap(), before);
    }
    run(&mut stage.hsmboot(&["roots", "--events", "/dev/full"]))
        .ends(0, "some events could not be written");
}

/// What a full disk or a lost power supply has left of a line is closed before the next one.
#[test]
fn a_line_that_was_cut_is_the_only_one_that_is_lost() {
    let stage = Stage::new();
    for cut in ["{", "{\"time\":\"2026-06-"] {
        fs::write(stage.path("cut"), cut).unwrap();
        run(&mut stage.hsmboot(&["roots", "--events", "cut"])).ends(0, "");
        let text = fs::read_to_string(stage.path("cut")).unwrap();
        let rest = text.strip_prefix(&format!("{cut}\n")).expect(&text);
        fs::write(stage.path("rest"), rest).unwrap();
        assert_eq!(kinds(&events(&stage, "rest")), ["start", "end"]);
    }
    // The disk is full in the midst of a line, and is not any more.
    let script = format!(
        "ulimit -f 1; trap '' XFSZ; exec {} roots --events full",
        assert_cmd::cargo::cargo_bin!("hsmboot").display()
    );
    let earlier = b"{\"time\":0}\n".repeat(46);
    fs::write(stage.path("full"), &earlier).unwrap();
    run(Command::new("sh")
        .args(["-c", &script])
        .current_dir(stage.dir.path()))
    .ends(0, "some events could not be written");
    run(&mut stage.hsmboot(&["roots", "--events", "full"])).ends(0, "");
    let text = fs::read_to_string(stage.path("full")).unwrap();
    let lines: Vec<bool> = text
        .lines()
        .skip(46)
        .map(|line| serde_json::from_str::<Value>(line).is_ok())
        .collect();
    assert_eq!(lines, [false, true, true], "{text}");
}

/// Where others can write, a link is theirs.
#[test]
fn events_are_not_written_through_a_link() {
    let stage = Stage::new();
    run(&mut stage.online(&["fetch", "--cluster-id", &stage.id])).ends(0, "");
    // Another run's, which holds events already.
    run(&mut stage.hsmboot(&["roots", "--events", "another"])).ends(0, "");
    let before = fs::read(stage.path("another")).unwrap();
    let inside = format!("{}/events", stage.id);
    std::os::unix::fs::symlink(stage.path("another"), stage.path(&inside)).unwrap();
    run(&mut stage.hsmboot(&["roots", "--events", &inside])).ends(1, "it is a link");
    assert_eq!(fs::read(stage.path("another")).unwrap(), before);
    let done = run(&mut stage.hsmboot(&["roots", "--events", "/dev/stderr"]));
    assert!(
        done.stderr.contains("\"event\":\"start\""),
        "{}",
        done.stderr
    );
}

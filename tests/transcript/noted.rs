//! What was noted of a transcript's end is found again, or its loss is.

use std::process::Stdio;
use std::time::Duration;

use super::*;

#[test]
fn a_step_that_was_cut_off_is_not_forgotten_after_the_next_one() {
    let bench = two_steps(&[]);
    let first = entries(&bench).swap_remove(0);
    forge(&bench, vec![first]);
    bench.run(&record(&["--at", "2026-01-01T00:00:00Z"]));
    let why = format!("step 2 found {CLUSTER}_CustomerHsmCertificate.crt");
    bench.refused(
        &VERIFY,
        4,
        "bad-transcript",
        &[&why, "no step before had written"],
    );
}

#[test]
fn what_was_noted_of_the_last_line_is_found_again_when_more_have_followed() {
    let bench = two_steps(&[]);
    let noted = bench
        .run(&[&VERIFY[..], &["--output", "json"]].concat())
        .expect(0)
        .json()["head"]
        .as_str()
        .unwrap()
        .to_owned();
    bench.run(&sign(&["--force"])).expect(0);
    let shown = bench
        .run(&["transcript", "show", "bundle"])
        .expect(0)
        .stdout;
    let groups: Vec<&str> = (0..64).step_by(8).map(|at| &noted[at..at + 8]).collect();
    let line = format!("  SHA-256 of this line {}\n3 ", groups.join(" "));
    assert!(shown.contains(&line), "{shown}");
}

/// Holds the bundle's lock until all of these programs wait for it, so that each has read what it
/// reads before.
#[test]
fn no_step_is_lost_when_several_are_taken_at_once() {
    use rustix::fs::{FlockOperation, flock};
    const STEPS: usize = 6;
    let bench = Bench::new();
    bench.run(&record(&[])).expect(0);
    let lock = fs::File::open(bench.path("bundle")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    let start = |at: usize| {
        let moment = format!("2026-01-01T00:00:0{at}Z");
        let mut command = Command::new(env!("CARGO_BIN_EXE_hsmboot"));
        command
            .args(record(&["--at", &moment]))
            .current_dir(bench.path(""))
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let mut children: Vec<_> = (0..STEPS).map(start).collect();
    let waits = |id: u32| {
        fs::read_to_string("/proc/locks")
            .unwrap()
            .lines()
            .any(|line| line.contains("-> FLOCK") && line.contains(&format!(" {id} ")))
    };
    // One that has ended has said why: below.
    while !children
        .iter_mut()
        .all(|child| child.try_wait().unwrap().is_some() || waits(child.id()))
    {
        std::thread::sleep(Duration::from_millis(1));
    }
    drop(lock);
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    assert_eq!(entries(&bench).len(), 1 + STEPS);
    bench.run(&VERIFY).expect(0);
}

#[test]
fn a_document_is_accounted_for_as_long_as_it_is_read() {
    let bench = Bench::new();
    let hsms = vec!["hsm-abcdefghijk"; 6000];
    let request = serde_json::json!({
        "format": "hsmboot-request/1", "cluster_id": CLUSTER, "region": "eu-central-1",
        "state": "UNINITIALIZED", "hsms": hsms,
        "fetched_at": "2026-01-01T00:00:00Z", "tool": "test", "files": {},
    });
    let length = bench
        .write("bundle/request.json", request.to_string())
        .metadata()
        .unwrap()
        .len();
    assert!((64 * 1024..256 * 1024).contains(&length));
    bench.run(&record(&[])).expect(0);
    assert!(entries(&bench)[0].inputs.has("request.json"));
    bench.run(&VERIFY).expect(0);
}

#[test]
fn a_bundle_whose_transcript_does_not_account_for_it_is_spoken_of() {
    // Fetched by hsmboot, and its transcript taken away.
    let bench = Bench::new();
    let csr = to_hex(&sha256(
        &bench.read(&format!("bundle/{CLUSTER}_ClusterCsr.csr")),
    ));
    let request = serde_json::json!({
        "format": "hsmboot-request/1", "cluster_id": CLUSTER, "region": "eu-central-1",
        "state": "UNINITIALIZED", "hsms": [],
        "fetched_at": "2026-01-01T00:00:00Z", "tool": "hsmboot 0",
        "files": { format!("{CLUSTER}_ClusterCsr.csr"): csr },
    });
    bench.write("bundle/request.json", request.to_string());
    let stderr = bench.run(&sign(&[])).expect(0).stderr;
    assert!(
        stderr.contains("warning: the bundle has a request.json and no transcript"),
        "{stderr}"
    );
    // A file exchanged behind the transcript's back.
    let record = String::from_utf8(bench.read("bundle/verification.json")).unwrap();
    bench.write(
        "bundle/verification.json",
        record.replacen("verified", "rejected", 1),
    );
    let stderr = bench.run(&sign(&["--force"])).expect(0).stderr;
    assert!(
        stderr.contains("warning: the transcript does not account for the bundle")
            && stderr.contains("verification.json"),
        "{stderr}"
    );
    // And nothing is said of a sound one, or of one put together by hand.
    let sound = Bench::new();
    for words in [sign(&[]), sign(&["--force"])] {
        let stderr = sound.run(&words).expect(0).stderr;
        assert!(!stderr.contains("transcript"), "{stderr}");
    }
}

#[test]
fn a_changed_or_cut_end_is_found_by_what_was_noted_of_it() {
    let bench = two_steps(&[]);
    let good = entries(&bench);
    let noted: Vec<String> = good.iter().map(TranscriptEntry::hash).collect();
    let both = [
        "transcript",
        "verify",
        "bundle",
        "--noted",
        &noted[0],
        "--noted",
        &noted[1],
    ];
    let document = verified(&bench, &both[3..]);
    assert_eq!(
        document["noted"],
        serde_json::json!([{ "step": 1, "sha256": noted[0] }, { "step": 2, "sha256": noted[1] }])
    );
    let text = bench.run(&both).expect(0).stdout;
    assert!(
        text.contains(&format!(
            "  step 2's line has the SHA-256 that was noted, {}\n",
            noted[1]
        )),
        "{text}"
    );
    // Nothing but the note tells: the last line has no seal, and no line follows it.
    let mut edited = good.clone();
    edited[1].operator = Some("Mallory".into());
    forge(&bench, edited);
    bench.run(&VERIFY).expect(0);
    let message = bench.refused(
        &both,
        4,
        "bad-transcript",
        &[
            "no line of the transcript has the SHA-256 that was noted",
            &noted[1],
        ],
    );
    assert!(
        !message.contains(&noted[0]) && !message.contains(&entries(&bench)[1].hash()),
        "the one that is missed, and no other: {message}"
    );
    // A step that wrote nothing, cut off.
    let step = TranscriptEntry {
        outputs: Digests::new(),
        ..good[1].clone()
    };
    forge(&bench, good.iter().cloned().chain([step]).collect());
    let third = entries(&bench)[2].hash();
    forge(&bench, good);
    bench.run(&VERIFY).expect(0);
    bench.refused(
        &["transcript", "verify", "bundle", "--noted", &third],
        4,
        "bad-transcript",
        &[&third, "2 lines"],
    );
}

#[test]
fn one_step_is_no_steps() {
    let bench = Bench::new();
    bench.run(&record(&[])).expect(0);
    let text = bench.run(&VERIFY).expect(0).stdout;
    assert!(
        text.starts_with("the transcript holds: 1 step, and the bundle's files are what it left\n"),
        "{text}"
    );
    bench.run(&sign(&[])).expect(0);
    let text = bench.run(&VERIFY).expect(0).stdout;
    assert!(
        text.starts_with(
            "the transcript holds: 2 steps, and the bundle's files are what they left\n"
        ),
        "{text}"
    );
}

#[test]
fn a_noted_digest_is_typed_as_it_stands_on_paper() {
    let bench = two_steps(&[]);
    let noted = entries(&bench)[0].hash();
    let groups: Vec<&str> = (0..64).step_by(4).map(|at| &noted[at..at + 4]).collect();
    for typed in [noted.to_uppercase(), groups.join(" "), groups.join(":")] {
        assert_eq!(
            verified(&bench, &["--noted", &typed])["noted"][0]["step"],
            1,
            "{typed}"
        );
    }
    for typed in [
        "",
        "12",
        &noted[1..],
        &format!("{noted}0"),
        &noted.replace(|c: char| c.is_ascii_digit(), "x"),
    ] {
        bench.refused(
            &["transcript", "verify", "bundle", "--noted", typed],
            2,
            "usage",
            &["64 hexadecimal digits"],
        );
    }
}

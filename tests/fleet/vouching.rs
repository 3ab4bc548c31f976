//! What says that a bundle is the one that was sent, and whose it is: nothing that lies in one.

use super::three::Three;
use super::*;

#[test]
fn a_list_of_fingerprints_is_held_against_each() {
    let three = Three::new();
    let list = three.list();
    fs::write(
        three.stage.path("list"),
        format!("# read out at noon\n\n{list}"),
    )
    .unwrap();
    // A bundle that is not in the list is not signed, nor is one with another fingerprint.
    let lines: Vec<&str> = list.lines().collect();
    let (id, digits) = lines[2].split_once(' ').unwrap();
    let wrong: String = digits
        .chars()
        .map(|c| {
            if c == '1' {
                '2'
            } else if c.is_ascii_digit() {
                '1'
            } else {
                c
            }
        })
        .collect();
    fs::write(
        three.stage.path("bad"),
        format!("{}\n{id} {wrong}\n", lines[0]),
    )
    .unwrap();
    let done = three.sign(&["--expect-file", "bad", "--output", "json"]);
    assert_eq!(done.code, 3, "{}", done.stderr);
    let document = done.json();
    let kinds: Vec<&Value> = document["bundles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| &result["error"]["kind"])
        .collect();
    assert_eq!(
        kinds,
        [
            &Value::Null,
            &"not-compared".into(),
            &"another-fingerprint".into()
        ]
    );
    assert_eq!([0, 1, 2].map(|at| three.signed(at)), [true, false, false]);
    let done = three
        .sign(&["--expect-file", "list", "--output", "json"])
        .ends(0, "")
        .json();
    assert!(
        done["bundles"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["request_compared"] == true),
        "{done:#}"
    );
    // A list that cannot be read, and one fingerprint for three bundles.
    fs::write(three.stage.path("bad"), format!("{list}{}", lines[0])).unwrap();
    three
        .sign(&["--expect-file", "bad", "--force"])
        .ends(4, "line 4");
    three
        .sign(&["--expect", digits])
        .ends(2, "--expect is one bundle's fingerprint");
}

#[test]
fn what_lies_in_one_bundle_proves_nothing_about_another() {
    let three = Three::new();
    let inside = format!("{}/own.crt", three.ids[2]);
    fs::copy(
        three.stage.path("ca/customerCA.crt"),
        three.stage.path(&inside),
    )
    .unwrap();
    let ca = ["--ca", &inside, "--ca-key", "ca/customerCA.key"];
    three
        .each("sign", &ca)
        .ends(2, "names a file of the bundle itself");
    let root = format!("{}/root.crt", three.ids[2]);
    fs::copy(
        three.stage.path("roots/aws-root.crt"),
        three.stage.path(&root),
    )
    .unwrap();
    three
        .sign(&["--aws-root", &root])
        .ends(2, "names a file of the bundle itself");
    assert_eq!([0, 1, 2].map(|at| three.signed(at)), [false; 3]);
    let url = three.stage.simulator.url();
    three.sign(&[]).ends(0, "3 signed");
    three
        .each("submit", &["--endpoint-url", &url, "--ca", &inside])
        .ends(2, "names a file of the bundle itself");
    assert_eq!(three.stage.calls("InitializeCluster"), 0);
}

/// Two people at a terminal compare a table, once for all bundles.
#[test]
fn a_table_of_fingerprints_is_compared_on_the_terminal() {
    let three = Three::new();
    let program = three
        .stage
        .hsmboot(&[])
        .get_program()
        .to_string_lossy()
        .into_owned();
    let on_a_terminal = |answer: &str| {
        let line = format!(
            "stty -echo; {program} sign {} --ca ca/customerCA.crt --ca-key ca/customerCA.key \
             --aws-root roots/aws-root.crt --manufacturer-root roots/manufacturer-root.crt",
            three.ids.join(" ")
        );
        let mut command = terminal::terminal(&line);
        command
            .current_dir(three.stage.dir.path())
            .env("NO_COLOR", "1");
        let mut child = command.spawn().unwrap();
        std::io::Write::write_all(
            &mut child.stdin.take().unwrap(),
            format!("{answer}\n").as_bytes(),
        )
        .unwrap();
        Done::from(child.wait_with_output().unwrap())
    };
    let done = on_a_terminal("no");
    assert_eq!(done.code, 3, "{}", done.stdout);
    assert!(done.stdout.contains("do not all agree"), "{}", done.stdout);
    // The table has each cluster with the fingerprint that `fetch` printed.
    for line in three.list().lines() {
        let (id, fingerprint) = line.split_once(' ').unwrap();
        let row = done
            .stdout
            .lines()
            .find(|line| line.starts_with(id))
            .unwrap();
        assert!(row.contains(fingerprint), "{row} has not {fingerprint}");
    }
    assert_eq!([0, 1, 2].map(|at| three.signed(at)), [false; 3]);
    let done = on_a_terminal("yes");
    assert_eq!(done.code, 0, "{}", done.stdout);
    assert!(
        done.stdout.contains("3 bundles: 3 signed"),
        "{}",
        done.stdout
    );
    assert!(!done.stdout.contains("nobody compared"), "{}", done.stdout);
    // It is on record that somebody did.
    let id = &three.ids[0];
    let transcript = three.stage.path(&format!("{id}/transcript.jsonl"));
    let transcript = fs::read_to_string(transcript).unwrap();
    assert!(
        transcript.contains("\"fingerprint_compared\":true"),
        "{transcript}"
    );
}

/// Whoever could write to a bundle could put a pair of their own there, and a list that says so.
#[test]
fn a_list_that_lies_in_a_bundle_names_nobody() {
    let three = Three::new();
    let id = &three.ids[0];
    three.stage.make_ca("theirs");
    let theirs = [
        "--ca",
        "theirs/customerCA.crt",
        "--ca-key",
        "theirs/customerCA.key",
        "--output",
        "json",
    ];
    let mut sign = three.stage.hsmboot(&["sign", id]);
    three.stage.trust(sign.args(theirs));
    let signed = run(&mut sign).ends(0, "").json();
    let line = format!(
        "{id} {}\n",
        signed["response_fingerprint"].as_str().unwrap()
    );
    let inside = format!("{id}/list");
    fs::write(three.stage.path(&inside), &line).unwrap();
    std::os::unix::fs::symlink(&inside, three.stage.path("link")).unwrap();
    fs::hard_link(three.stage.path(&inside), three.stage.path("name")).unwrap();
    let elsewhere = format!("{}/list", three.ids[2]);
    fs::write(three.stage.path(&elsewhere), &line).unwrap();
    let submit = |bundles: &[&str], list: &str| {
        let words = ["--expect-file", list, "--output", "json"];
        let all = [&["submit"], bundles, &words].concat();
        run(&mut three.stage.trusting(&all))
    };
    for list in [inside.as_str(), "link", "name"] {
        submit(&[id], list).ends(2, "expect-in-bundle");
    }
    submit(&[id, &three.ids[1], &three.ids[2]], &elsewhere).ends(2, "expect-in-bundle");
    // Nor is a request that was exchanged as it should be because the bundle says so.
    three
        .sign(&["--expect-file", &elsewhere, "--output", "json"])
        .ends(2, "expect-in-bundle");
    assert_eq!(three.stage.calls("InitializeCluster"), 0);
    // A list that came another way does name the owner.
    fs::remove_file(three.stage.path("name")).unwrap();
    fs::write(three.stage.path("own"), &line).unwrap();
    submit(&[id], "own").ends(0, "");
}

#[test]
fn a_bundle_that_is_named_twice_is_done_once_by_whatever_names() {
    let three = Three::new();
    let id = &three.ids[0];
    std::os::unix::fs::symlink(id, three.stage.path("again")).unwrap();
    three
        .sign(&["--force", &format!("./{id}/"), "again"])
        .ends(0, "3 bundles: 3 signed");
}

/// A file that was named by mistake may be a key, whole or damaged.
#[test]
fn no_part_of_a_key_is_shown_of_a_list_or_a_fleet_file() {
    let three = Three::new();
    let key = fs::read_to_string(three.stage.path("ca/customerCA.key")).unwrap();
    let body: String = key.lines().filter(|line| !line.contains("---")).collect();
    let (first, rest) = (&body[..22], &body[22..]);
    let word = body.replace(['+', '/', '='], "-");
    for content in [
        format!("{first} {rest}\n"),
        format!("{word} = 1\n"),
        format!("{first} = 1\n"),
        format!("format = \"hsmboot-fleet/1\"\nclusters = \"{word}\"\n"),
        format!("{{\"clusters\": \"x\\\" {word}\"}}"),
        format!("{{\"{word}\": \"x\"}}"),
    ] {
        fs::write(three.stage.path("wrong"), content).unwrap();
        let list = three.sign(&["--expect-file", "wrong", "--output", "json"]);
        let fleet = run(&mut three
            .stage
            .hsmboot(&["fetch", "--fleet", "wrong", "--output", "json"]));
        for done in [list, fleet] {
            assert_eq!(done.code, 4, "{}", done.stdout);
            for part in [first, &word[..40], &rest[..20]] {
                assert!(!done.stdout.contains(part), "{}", done.stdout);
                assert!(!done.stderr.contains(part), "{}", done.stderr);
            }
        }
    }
}

/// The transcript travels with the bundle.
#[test]
fn the_command_that_prints_a_passphrase_is_not_recorded() {
    let three = Three::new();
    run(&mut three.stage.hsmboot(&[
        "ca",
        "init",
        "--out",
        "locked",
        "--key-type",
        "p256",
        "--subject",
        "CN=locked",
        "--passphrase-command",
        "echo a passphrase of ours",
    ]))
    .ends(0, "made a CA");
    let apart = [
        "--passphrase-command",
        "TOKEN=s.1234 echo a passphrase of ours",
    ];
    let joined = "--passphrase-command=TOKEN=s.1234 echo a passphrase of ours";
    for words in [&apart[..], &[joined]] {
        let ca = [
            "--ca",
            "locked/customerCA.crt",
            "--ca-key",
            "locked/customerCA.key",
            "--force",
        ];
        three
            .each("sign", &[&ca[..], words].concat())
            .ends(0, "3 signed");
    }
    let id = &three.ids[0];
    let transcript = three.stage.path(&format!("{id}/transcript.jsonl"));
    let transcript = fs::read_to_string(transcript).unwrap();
    assert!(!transcript.contains("s.1234"), "{transcript}");
    assert!(
        transcript.contains("\"--passphrase-command\",\"(withheld)\",\"--"),
        "{transcript}"
    );
}

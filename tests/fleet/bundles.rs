//! Many bundles in one command: each has its own result, and a second run does the rest.

use std::collections::BTreeSet;

use super::*;

/// A stage with three clusters, each fetched into a directory of its id.
struct Three {
    stage: Stage,
    ids: Vec<String>,
}

impl Three {
    fn new() -> Self {
        let stage = Stage::new();
        let mut ids = vec![stage.id.clone()];
        ids.extend((0..2).map(|_| support::ready_cluster(&stage.simulator).0));
        let three = Three { stage, ids };
        for id in &three.ids {
            run(&mut three.stage.online(&["fetch", "--cluster-id", id])).ends(0, "fetched");
        }
        three
    }

    /// Runs a command on all three directories.
    fn each(&self, command: &str, words: &[&str]) -> Done {
        let ids: Vec<&str> = self.ids.iter().map(String::as_str).collect();
        let all = [&[command], &ids[..], words].concat();
        let mut command = self.stage.hsmboot(&all);
        self.stage.trust(&mut command);
        run(&mut command)
    }

    fn sign(&self, words: &[&str]) -> Done {
        let ca = ["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key"];
        self.each("sign", &[&ca, words].concat())
    }

    fn submit(&self, words: &[&str]) -> Done {
        let url = self.stage.simulator.url();
        let to = ["--endpoint-url", &url, "--ca", "ca/customerCA.crt"];
        self.each("submit", &[&to, words].concat())
    }

    /// The list of fingerprints, as the online side has it.
    fn list(&self) -> String {
        let line = |id: &String| {
            let again =
                run(&mut self
                    .stage
                    .online(&["fetch", "--cluster-id", id, "--output", "json"]));
            format!("{id} {}\n", again.json()["fingerprint"].as_str().unwrap())
        };
        self.ids.iter().map(line).collect()
    }

    fn signed(&self, at: usize) -> bool {
        let id = &self.ids[at];
        self.stage
            .path(&format!("{id}/{id}_CustomerHsmCertificate.crt"))
            .exists()
    }
}

#[test]
fn bundles_are_signed_and_submitted_in_one_go_and_a_second_run_changes_nothing() {
    let three = Three::new();
    let done = three.sign(&["--output", "json"]).ends(0, "");
    let document = done.json();
    assert_eq!(document["changed"], true);
    assert_eq!(document["summary"], "3 bundles: 3 signed");
    let results = document["bundles"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    let fingerprints: BTreeSet<&str> = results
        .iter()
        .map(|result| result["response_fingerprint"].as_str().unwrap())
        .collect();
    assert_eq!(fingerprints.len(), 3);
    let again = three.sign(&["--output", "json"]).ends(0, "").json();
    assert_eq!(again["changed"], false);
    assert_eq!(again["summary"], "3 bundles: 3 unchanged");

    // A dry run says what it would send, and one that is named twice is done once.
    let dry = three.submit(&["--dry-run", &three.ids[0]]);
    let dry = dry.ends(0, "3 bundles: 3 would be sent");
    assert_eq!(
        dry.stdout.matches("SignedCert:").count(),
        3,
        "{}",
        dry.stdout
    );
    assert_eq!(
        three.submit(&["--output", "json"]).ends(0, "").json()["summary"],
        "3 bundles: 3 submitted"
    );
    three.submit(&[]).ends(0, "3 bundles: 3 unchanged");
    assert_eq!(three.stage.calls("InitializeCluster"), 3);
    three.each("verify", &[]).ends(0, "3 bundles: 3 verified");
}

#[test]
fn one_that_fails_hides_no_other_and_is_done_later() {
    let three = Three::new();
    let id = &three.ids[1];
    let csr = three.stage.path(&format!("{id}/{id}_ClusterCsr.csr"));
    let whole = fs::read(&csr).unwrap();
    fs::write(&csr, &whole[1..]).unwrap();
    let done = three.sign(&["--output", "json"]);
    assert_eq!(done.code, 4, "{}", done.stderr);
    let document = done.json();
    assert!(
        document["error"]["message"]
            .as_str()
            .unwrap()
            .starts_with("1 of 3 bundles not signed")
    );
    let results = document["bundles"].as_array().unwrap();
    assert!(results[0].get("error").is_none() && results[2].get("error").is_none());
    assert_eq!(results[1]["error"]["code"], 4);
    assert_eq!([0, 1, 2].map(|at| three.signed(at)), [true, false, true]);
    // In text the error stands with its bundle, and the table has a line for each.
    let text = three.sign(&[]);
    assert_eq!(text.code, 4);
    assert!(
        text.stderr.contains(&format!("{id}:\nerror: ")),
        "{}",
        text.stderr
    );
    assert!(
        text.stdout.contains("3 bundles: 2 unchanged, 1 failed"),
        "{}",
        text.stdout
    );
    fs::write(&csr, &whole).unwrap();
    three.sign(&[]).ends(0, "3 bundles: 1 signed, 2 unchanged");
}

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
fn the_key_is_asked_for_once_whether_it_opens_or_not() {
    let three = Three::new();
    fs::write(three.stage.path("right"), "a passphrase for three\n").unwrap();
    fs::write(three.stage.path("wrong"), "another one altogether\n").unwrap();
    run(&mut three.stage.hsmboot(&[
        "ca",
        "init",
        "--out",
        "locked",
        "--key-type",
        "p256",
        "--subject",
        "CN=locked",
        "--passphrase-file",
        "right",
    ]))
    .ends(0, "made a CA");
    let sign = |passphrase: &str| {
        three.each(
            "sign",
            &[
                "--ca",
                "locked/customerCA.crt",
                "--ca-key",
                "locked/customerCA.key",
                "--passphrase-file",
                passphrase,
                "--output",
                "json",
            ],
        )
    };
    let done = sign("wrong");
    assert_eq!(done.code, 5, "{}", done.stderr);
    let document = done.json();
    let results = document["bundles"].as_array().unwrap();
    assert!(
        results
            .iter()
            .all(|one| one["error"]["kind"] == "wrong-passphrase"),
        "{document:#}"
    );
    assert_eq!([0, 1, 2].map(|at| three.signed(at)), [false; 3]);
    // A pipe holds the passphrase once: a second look would find nothing.
    let pipe_path = three.stage.path("pipe");
    pipe::make(&pipe_path);
    let writer = std::thread::spawn({
        let path = pipe_path.clone();
        move || fs::write(path, "a passphrase for three\n").unwrap()
    });
    let done = sign("pipe");
    writer.join().unwrap();
    assert_eq!(done.ends(0, "").json()["summary"], "3 bundles: 3 signed");
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

#[test]
fn clusters_are_fetched_in_one_go_each_into_its_own_directory() {
    let stage = Stage::new();
    let (other, _) = support::ready_cluster(&stage.simulator);
    let bare = support::create_cluster(&stage.simulator);
    let arn = format!("arn:aws:cloudhsm:us-east-1:123456789012:cluster/{other}");
    let fetch = |words: &[&str]| run(stage.online(&["fetch"]).args(words));
    let done = fetch(&[
        &stage.id, &arn, &bare, "--into", "stick", "--output", "json",
    ]);
    assert_eq!(done.code, 8, "{}", done.stderr);
    let document = done.json();
    let results = document["bundles"].as_array().unwrap();
    assert_eq!(results[2]["error"]["kind"], "no-hsm", "{document:#}");
    assert_eq!(results[1]["cluster_id"], other.as_str());
    for id in [&stage.id, &other] {
        assert!(stage.path(&format!("stick/{id}/request.json")).exists());
    }
    assert!(!stage.path(&format!("stick/{bare}")).exists());
    // The table is what the other side is read.
    let table = fetch(&[&stage.id, &other, "--into", "stick"]).ends(0, "2 bundles: 2 unchanged");
    let fingerprint = results[0]["fingerprint"].as_str().unwrap();
    assert!(table.stdout.contains(fingerprint), "{}", table.stdout);
    // One cluster by its ARN is fetched as ever.
    fetch(&[&arn]).ends(0, &format!("fetched {other} into ./{other}"));
    fetch(&["--cluster-id", &arn, "--region", "eu-west-1"]).ends(2, "different regions");
    fetch(&[&stage.id, &other, "--bundle", "x"]).ends(2, "--into DIR");
}

#[test]
fn a_fleet_is_fetched_into_the_places_that_its_file_names() {
    let stage = Stage::new();
    let (other, _) = support::ready_cluster(&stage.simulator);
    let fleet = format!(
        "format = \"hsmboot-fleet/1\"\n[defaults]\nendpoint_url = \"{}\"\n[[clusters]]\n\
         cluster = \"{}\"\nbundle = \"here\"\n[[clusters]]\ncluster = \"{other}\"\n",
        stage.simulator.url(),
        stage.id
    );
    fs::write(stage.path("fleet.toml"), fleet).unwrap();
    let fetch = ["fetch", "--fleet", "fleet.toml", "--into", "stick"];
    run(&mut stage.hsmboot(&fetch)).ends(0, "2 bundles: 2 fetched");
    // The command line goes before the file's own places, so that the stick has all.
    for id in [&stage.id, &other] {
        assert!(stage.path(&format!("stick/{id}/request.json")).exists());
    }
    assert!(!stage.path("here").exists());
    run(&mut stage.hsmboot(&["fetch", "--fleet", "fleet.toml"])).ends(0, "2 bundles: 2 fetched");
    assert!(stage.path("here/request.json").exists());
    assert!(stage.path(&format!("{other}/request.json")).exists());
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
        "echo a passphrase",
    ]))
    .ends(0, "made a CA");
    let apart = ["--passphrase-command", "TOKEN=s.1234 echo a passphrase"];
    let joined = "--passphrase-command=TOKEN=s.1234 echo a passphrase";
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

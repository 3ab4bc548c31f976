//! Each way of naming the owner claims for them, and the way round is recorded.

use super::*;

/// The attacker's pair in place of the operator's, with records or without.
fn taken_over(records_kept: bool) -> Stage {
    let stage = signed();
    Case {
        made: Made::Fetched,
        says: Says::CaAndKey,
        planted: Planted::Pair,
        records_kept,
    }
    .attack(&stage);
    stage
}

#[test]
fn submit_sends_nothing_for_an_owner_whom_nobody_named() {
    let stage = signed();
    let done = sends_nothing(&stage, &["submit", "bundle"], 3, "owner-not-proven");
    assert!(
        done.stdout.contains("--ca FILE"),
        "the hint names the option: {}",
        done.stdout
    );
    sends_nothing(
        &stage,
        &["submit", "bundle", "--yes"],
        3,
        "owner-not-proven",
    );
    sends_nothing(
        &stage,
        &["submit", "bundle", "--dry-run"],
        3,
        "owner-not-proven",
    );
}

#[test]
fn the_bundles_own_certificate_names_nobody() {
    let stage = signed();
    symlink(stage.path("bundle/customerCA.crt"), stage.path("link.crt")).unwrap();
    fs::hard_link(stage.path("bundle/customerCA.crt"), stage.path("hard.crt")).unwrap();
    symlink(stage.path("bundle"), stage.path("other-way")).unwrap();
    let absolute = stage.path("bundle/customerCA.crt");
    for ca in [
        "bundle/customerCA.crt",
        "./bundle/../bundle/customerCA.crt",
        "link.crt",
        "hard.crt",
        "other-way/customerCA.crt",
        absolute.to_str().unwrap(),
    ] {
        sends_nothing(&stage, &["submit", "bundle", "--ca", ca], 2, "ca-in-bundle");
        sends_nothing(
            &stage,
            &[
                "bootstrap",
                "--cluster-id",
                &stage.id,
                "--bundle",
                "bundle",
                "--ca",
                ca,
            ],
            2,
            "ca-in-bundle",
        );
        for words in [
            &[
                "report",
                "bundle",
                "-o",
                "report.html",
                "--ca",
                ca,
                "--output",
                "json",
            ][..],
            &[
                "transcript",
                "verify",
                "bundle",
                "--ca",
                ca,
                "--output",
                "json",
            ],
            &[
                "import",
                "bundle",
                "--force",
                "--signed-cert",
                ca,
                "--trust-anchor",
                ca,
                "--unverified",
                "--reason",
                "x",
                "--output",
                "json",
            ],
            &[
                "sign",
                "bundle",
                "--force",
                "--ca",
                ca,
                "--ca-key",
                "own/customerCA.key",
                "--unverified",
                "--reason",
                "x",
                "--output",
                "json",
            ],
        ] {
            let done = stage.run(words);
            assert_eq!(
                (done.code, done.kind().as_str()),
                (2, "ca-in-bundle"),
                "{words:?}: {}\n{}",
                done.stdout,
                done.stderr
            );
        }
    }
    // A copy that is kept elsewhere is the operator's.
    let done = stage.online(&["submit", "bundle", "--ca", "own/customerCA.crt"]);
    assert_eq!(done.code, 0, "{}", done.stdout);
}

/// What a dry run says is what the run would do.
#[test]
fn a_dry_run_finds_a_foreign_certificate_as_the_run_does() {
    for records_kept in [true, false] {
        let stage = taken_over(records_kept);
        fs::remove_file(stage.path("bundle/customerCA.crt")).unwrap();
        let words = [
            "bootstrap",
            "--cluster-id",
            &stage.id,
            "--bundle",
            "bundle",
            "--ca",
            "own-plain/customerCA.crt",
            "--ca-key",
            "own-plain/customerCA.key",
        ];
        sends_nothing(
            &stage,
            &[&words[..], &["--dry-run"]].concat(),
            8,
            "already-signed",
        );
        sends_nothing(&stage, &words, 8, "already-signed");
    }
}

#[test]
fn each_way_of_naming_the_owner_claims_for_them_and_refuses_everybody_else() {
    let sha256 = |stage: &Stage, ca: &str| {
        let shown = stage.run(&[
            "ca",
            "show",
            &format!("{ca}/customerCA.crt"),
            "--output",
            "json",
        ]);
        let document: Value = serde_json::from_str(&shown.stdout).unwrap();
        document["sha256"].as_str().unwrap().to_owned()
    };
    for records_kept in [true, false] {
        let stage = taken_over(records_kept);
        let digest = sha256(&stage, "own");
        // With the records, the digests tell of the exchange before the owner is asked for.
        let (code, kind) = if records_kept {
            (4, "digest-mismatch")
        } else {
            (3, "another-trust-anchor")
        };
        sends_nothing(
            &stage,
            &["submit", "bundle", "--ca", "own/customerCA.crt"],
            code,
            kind,
        );
        sends_nothing(
            &stage,
            &["submit", "bundle", "--ca-fingerprint", &digest],
            code,
            kind,
        );
        if !records_kept {
            sends_nothing(&stage, &["submit", "bundle"], 3, "owner-not-proven");
            let words = [
                "submit",
                "bundle",
                "--expect",
                "00000 00000 00000 00000 00000 00000",
            ];
            sends_nothing(&stage, &words, 3, "another-fingerprint");
        }
    }
    for way in ["ca", "ca-fingerprint", "response-fingerprint"] {
        let stage = signed();
        let digest = sha256(&stage, "own");
        let response: Value = {
            let again = [
                "submit",
                "bundle",
                "--ca",
                "own/customerCA.crt",
                "--dry-run",
            ];
            assert_eq!(stage.online(&again).code, 0);
            let shown = stage.run(&["transcript", "show", "bundle", "--output", "json"]);
            serde_json::from_str(&shown.stdout).unwrap()
        };
        assert_eq!(response["steps"][1]["owner"], "ca");
        let fingerprint = fingerprint(&stage);
        let option = match way {
            "ca" => ["--ca", "own/customerCA.crt"],
            "ca-fingerprint" => ["--ca-fingerprint", digest.as_str()],
            _ => ["--expect", fingerprint.as_str()],
        };
        let done = stage.online(&[&["submit", "bundle"], &option[..]].concat());
        assert_eq!(done.code, 0, "{way}: {}", done.stdout);
        assert!(stage.issuer(&stage.id).unwrap().contains("CN=own"));
        let receipt: Value =
            serde_json::from_slice(&fs::read(stage.path("bundle/receipt.json")).unwrap()).unwrap();
        assert_eq!(receipt["owner"], way);
    }
}

#[test]
fn the_way_round_needs_a_reason_and_is_recorded_everywhere() {
    let stage = signed();
    sends_nothing(
        &stage,
        &["submit", "bundle", "--ca-from-bundle"],
        2,
        "reason-missing",
    );
    let done = stage.online(&[
        "submit",
        "bundle",
        "--ca-from-bundle",
        "--reason",
        "Ada decided",
    ]);
    assert_eq!(done.code, 0, "{}", done.stdout);
    assert!(
        done.stderr.contains("NOTHING PROVES THE OWNER") && done.stderr.contains("Ada decided"),
        "{}",
        done.stderr
    );
    let receipt: Value =
        serde_json::from_slice(&fs::read(stage.path("bundle/receipt.json")).unwrap()).unwrap();
    assert_eq!(
        (&receipt["owner"], &receipt["ca_from_bundle"]["reason"]),
        (&"ca-from-bundle".into(), &"Ada decided".into())
    );
    let shown: Value = serde_json::from_str(
        &stage
            .run(&["transcript", "show", "bundle", "--output", "json"])
            .stdout,
    )
    .unwrap();
    let sends = shown["steps"]
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["sends"] == "InitializeCluster")
        .unwrap()
        .clone();
    assert_eq!(
        (&sends["owner"], &sends["reason"]),
        (&"ca-from-bundle".into(), &"Ada decided".into())
    );
    assert_eq!(
        stage
            .trusting(&["report", "bundle", "-o", "report.html"])
            .code,
        0
    );
    let page = fs::read_to_string(stage.path("report.html")).unwrap();
    assert!(page.contains("OWNER NOT PROVEN") && page.contains("Ada decided"));
}

#[test]
fn the_way_round_of_a_bootstrap_is_recorded_as_well() {
    let stage = signed();
    let bootstrap = ["bootstrap", "--cluster-id", &stage.id, "--bundle", "bundle"];
    sends_nothing(&stage, &bootstrap, 3, "owner-not-proven");
    let done = stage.online(
        &[
            &bootstrap[..],
            &["--ca-from-bundle", "--reason", "Ada decided"],
        ]
        .concat(),
    );
    assert_eq!(done.code, 0, "{}", done.stdout);
    let receipt: Value =
        serde_json::from_slice(&fs::read(stage.path("bundle/receipt.json")).unwrap()).unwrap();
    assert_eq!(
        (&receipt["owner"], &receipt["ca_from_bundle"]["reason"]),
        (&"ca-from-bundle".into(), &"Ada decided".into())
    );
}

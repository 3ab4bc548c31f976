//! Options that hold what is there to what the operator expects, and options for what is there
//! already: `--ca-fingerprint`, `--days`, `--subject`, `--key-type`.

use super::*;

/// The SHA-256 of a CA's certificate.
fn fingerprint(stage: &Stage, ca: &str) -> String {
    let file = format!("{ca}/customerCA.crt");
    let shown = run(&mut stage.hsmboot(&["ca", "show", &file, "--output", "json"])).ends(0, "");
    shown.json()["sha256"].as_str().unwrap().to_owned()
}

#[test]
fn another_ca_than_the_pinned_one_is_refused_before_anything_is_done() {
    let stage = Stage::new();
    stage.make_ca("other");
    let bare = support::create_cluster(&stage.simulator);
    let (own, other) = (fingerprint(&stage, "ca"), fingerprint(&stage, "other"));
    let asked = || ["CreateHsm", "InitializeCluster"].map(|action| stage.calls(action));
    let before = asked();
    for more in [
        &["--cluster-id", &stage.id][..],
        &[
            "--cluster-id",
            &bare,
            "--create-hsm",
            "--availability-zone",
            "us-east-1a",
        ],
    ] {
        let mut command = stage.trusting(&["bootstrap", "--output", "json"]);
        command
            .args(["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key"])
            .args(["--ca-fingerprint", &other])
            .args(more);
        let done = run(&mut command).ends(3, "");
        let error = &done.json()["error"];
        assert_eq!(error["kind"], "another-trust-anchor", "{error:#}");
        assert_eq!(
            (&error["facts"]["expected"], &error["facts"]["found"]),
            (&other.as_str().into(), &own.as_str().into())
        );
    }
    assert_eq!(asked(), before);
    assert!(!stage.path(&stage.id).exists());
    // It goes with the CA that --ca names, and with no other.
    let mut lone = stage.trusting(&["bootstrap", "--cluster-id", &stage.id, "--output", "json"]);
    let done = run(lone.args(["--ca-fingerprint", &own])).ends(2, "");
    assert_eq!(done.json()["error"]["kind"], "options-for-nothing");
    run(stage.bootstrap().args(["--ca-fingerprint", &own])).ends(0, "claimed");
}

#[test]
fn sign_takes_the_pin_of_a_ca_in_a_file_too() {
    let stage = Stage::new();
    stage.make_ca("other");
    let (own, other) = (fingerprint(&stage, "ca"), fingerprint(&stage, "other"));
    run(&mut stage.online(&["fetch", "--cluster-id", &stage.id])).ends(0, "");
    let sign = |pin: &str| {
        let mut command = stage.hsmboot(&["sign", &stage.id, "--ca-fingerprint", pin]);
        stage.trust(command.args(["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key"]));
        run(&mut command)
    };
    let before = stage.bundle();
    sign(&other).ends(3, "not the one that --ca-fingerprint names");
    assert_eq!(stage.bundle(), before);
    sign(&own).ends(0, "signed");
}

/// What is signed already stands; days that would give another end are said to change nothing.
#[test]
fn days_for_a_certificate_that_stands_are_said_to_change_nothing() {
    let stage = Stage::new();
    run(&mut stage.online(&["fetch", "--cluster-id", &stage.id])).ends(0, "");
    let sign = |more: &[&str]| {
        let mut command = stage.hsmboot(&["sign", &stage.id]);
        command.args(["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key"]);
        stage.trust(command.args(more));
        run(&mut command)
    };
    sign(&["--days", "30"]).ends(0, "signed");
    let warning = "--days 60 changes nothing: the certificate that stands is valid from";
    for (more, warns) in [
        (&[][..], false),
        (&["--days", "30"], false),
        (&["--days", "60"], true),
    ] {
        let done = sign(more).ends(0, "nothing changed");
        assert_eq!(done.stderr.contains(warning), warns, "{}", done.stderr);
        // A bootstrap takes the same certificate.
        let done = run(stage.bootstrap().arg("--dry-run").args(more)).ends(0, "");
        assert_eq!(done.stderr.contains(warning), warns, "{}", done.stderr);
    }
    let done = sign(&["--days", "60", "--force"]).ends(0, "signed");
    assert!(!done.stderr.contains("changes nothing"), "{}", done.stderr);
}

#[test]
fn options_for_a_new_ca_are_said_to_change_nothing_where_one_is_there() {
    let stage = Stage::new();
    fs::write(stage.path("pass"), "a long passphrase\n").unwrap();
    let bootstrap = |more: &[&str]| {
        let mut command = stage.trusting(&["bootstrap", "--cluster-id", &stage.id]);
        run(command.args(["--passphrase-file", "pass"]).args(more))
    };
    let first = ["--subject", "CN=one", "--key-type", "p256"];
    bootstrap(&first).ends(0, "claimed");
    let again = bootstrap(&first).ends(0, "claimed");
    assert!(
        !again.stderr.contains("changes nothing"),
        "{}",
        again.stderr
    );
    for other in [["--subject", "CN=two"], ["--key-type", "p384"]] {
        let says = format!("{} is for a new CA and changes nothing", other[0]);
        let done = bootstrap(&other).ends(0, "claimed");
        assert!(done.stderr.contains(&says), "{}", done.stderr);
    }
}

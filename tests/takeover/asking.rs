//! On a terminal one screen says who, what and by which roots before it asks.

use super::*;

/// Runs a command on a terminal, where somebody types this. Its screen and its exit code.
fn on_a_terminal(stage: &Stage, words: &[&str], typed: &str) -> (String, i32) {
    let program = assert_cmd::cargo::cargo_bin!("hsmboot")
        .display()
        .to_string();
    let trust = [
        "--aws-root",
        "roots/aws-root.crt",
        "--manufacturer-root",
        "roots/manufacturer-root.crt",
    ];
    let url = stage.simulator.url();
    let place = [
        "--endpoint-url",
        &url,
        "--region",
        "us-east-1",
        "--no-color",
    ];
    let line = [&[program.as_str()], words, &trust[..], &place[..]]
        .concat()
        .iter()
        .map(|word| format!("'{word}'"))
        .collect::<Vec<_>>()
        .join(" ");
    let mut command = terminal::terminal(&format!("stty -echo; {line}"));
    command
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    let mut child = command.current_dir(stage.dir.path()).spawn().unwrap();
    let mut keys = child.stdin.take().unwrap();
    keys.write_all(typed.as_bytes()).unwrap();
    keys.flush().unwrap();
    let output = child.wait_with_output().unwrap();
    // Until the end: a closed keyboard would be an answer.
    drop(keys);
    (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        output.status.code().unwrap(),
    )
}

#[test]
fn one_screen_says_who_what_and_by_which_roots_before_it_asks() {
    let stage = signed();
    let submit = ["submit", "bundle", "--ca", "own/customerCA.crt"];
    let (screen, code) = on_a_terminal(&stage, &submit, "no\n");
    assert_eq!((code, stage.claims()), (130, 0), "{screen}");
    let question = screen
        .find("type the fingerprint of the response")
        .unwrap_or_else(|| panic!("{screen}"));
    let url = stage.simulator.url();
    for said in [
        stage.id.as_str(),
        "account",
        "us-east-1",
        &url,
        "CN=own",
        "verified against roots you gave",
        "ends ",
        "named by --ca",
    ] {
        assert!(
            screen[..question].contains(said),
            "no `{said}` before the question: {screen}"
        );
    }
    assert!(
        screen.contains("was not claimed: nothing was sent"),
        "{screen}"
    );
    // A wrong fingerprint is no yes.
    let (screen, code) = on_a_terminal(&stage, &submit, "00000 00000 00000 00000 00000 00000\n");
    assert_eq!((code, stage.claims()), (3, 0), "{screen}");
    let (screen, code) = on_a_terminal(&stage, &submit, "yes\n");
    assert_eq!((code, stage.claims()), (0, 1), "{screen}");
}

#[test]
fn what_is_typed_on_the_terminal_names_the_owner() {
    let stage = signed();
    let fingerprint = fingerprint(&stage);
    // Yes is no name.
    for typed in ["yes\n", "no\n"] {
        let (screen, code) = on_a_terminal(&stage, &["submit", "bundle"], typed);
        assert_eq!((code, stage.claims()), (130, 0), "{screen}");
    }
    let (screen, code) = on_a_terminal(&stage, &["submit", "bundle"], "\u{4}");
    assert_eq!((code, stage.claims()), (3, 0), "{screen}");
    assert!(
        screen.contains("nothing proves that the CA in the bundle is yours"),
        "{screen}"
    );
    let (screen, code) = on_a_terminal(&stage, &["submit", "bundle"], &format!("{fingerprint}\n"));
    assert_eq!((code, stage.claims()), (0, 1), "{screen}");
    assert_eq!(
        screen.matches("type the fingerprint").count(),
        1,
        "asked once: {screen}"
    );
    let receipt: Value =
        serde_json::from_slice(&fs::read(stage.path("bundle/receipt.json")).unwrap()).unwrap();
    assert_eq!(receipt["owner"], "response-fingerprint");
}

#[test]
fn a_bootstrap_asks_on_a_terminal_and_yes_answers_beforehand() {
    let stage = Stage::new();
    let own = [
        "--ca",
        "own/customerCA.crt",
        "--ca-key",
        "own/customerCA.key",
        "--passphrase-file",
        "passphrase",
    ];
    let bootstrap = [
        &["bootstrap", "--cluster-id", &stage.id, "--bundle", "bundle"],
        &own[..],
    ]
    .concat();
    let (screen, code) = on_a_terminal(&stage, &bootstrap, "no\n");
    assert_eq!((code, stage.claims()), (130, 0), "{screen}");
    let question = screen
        .find("type yes to claim it")
        .unwrap_or_else(|| panic!("{screen}"));
    for said in [
        stage.id.as_str(),
        "us-east-1",
        "CN=own",
        "verified against roots you gave",
        "ends ",
    ] {
        assert!(
            screen[..question].contains(said),
            "no `{said}` before the question: {screen}"
        );
    }
    let (screen, code) = on_a_terminal(&stage, &[&bootstrap[..], &["--yes"]].concat(), "");
    assert_eq!((code, stage.claims()), (0, 1), "{screen}");
    assert!(!screen.contains("type yes"), "{screen}");
}

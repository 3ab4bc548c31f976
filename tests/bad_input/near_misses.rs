//! Words that other programs take: refused, with the word that is meant here.

use crate::support::{Bench, refusal};

fn tip(words: &[&str], tip: &str) {
    let bench = Bench::new();
    let json = bench.run(&[&["--output", "json"], words].concat());
    let text = bench.run(words);
    refusal(&text, &json, 2, "usage", &[tip]);
    assert!(
        text.stderr.contains(&format!("tip: {tip}")),
        "{}",
        text.stderr
    );
    assert!(!text.stderr.contains("similar"), "{}", text.stderr);
    let hint = json.json()["error"]["hint"].as_str().unwrap().to_owned();
    assert!(hint.starts_with(tip), "{hint}");
}

#[test]
fn a_near_miss_gets_the_right_tip() {
    tip(
        &["version"],
        "the version is printed by 'hsmboot --version'",
    );
    tip(&["init"], "a CA is made by 'hsmboot ca init'");
    tip(
        &["verify", "x", "--json"],
        "one JSON document is printed by '--output json'",
    );
    tip(
        &["--json", "verify", "x"],
        "one JSON document is printed by '--output json'",
    );
    tip(
        &["ca", "show", "x", "--jq=.fingerprint"],
        "a part of the result is chosen by '--query EXPRESSION', in JMESPath",
    );
    tip(
        &["check", "--ca-cert", "x"],
        "your CA's certificate is '--ca FILE'",
    );
    tip(
        &["sign", "x", "--ca", "x", "--key", "x"],
        "your CA's key is '--ca-key KEY'",
    );
    tip(
        &["sign", "x", "--passphrase", "secret"],
        "a passphrase never stands on the command line",
    );
}

#[test]
fn an_option_before_its_command_is_told_where_it_goes() {
    tip(
        &["--bundle", "x", "verify"],
        "'--bundle' goes after the command: 'hsmboot verify --bundle'",
    );
    tip(
        &["ca", "--subject", "CN=x", "init"],
        "'--subject' goes after the command: 'hsmboot ca init --subject'",
    );
}

#[test]
fn options_that_every_command_takes_stand_before_it_or_after_it() {
    let bench = Bench::new();
    for words in [
        [
            "--output",
            "json",
            "--quiet",
            "--no-color",
            "ca",
            "show",
            "customerCA.crt",
        ],
        [
            "ca",
            "--output",
            "json",
            "--quiet",
            "--no-color",
            "show",
            "customerCA.crt",
        ],
        [
            "ca",
            "show",
            "customerCA.crt",
            "--output",
            "json",
            "--quiet",
            "--no-color",
        ],
    ] {
        let run = bench.run(&words);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert_eq!(run.json()["changed"], false);
    }
}

#[test]
fn all_that_is_missing_is_named_at_once() {
    let bench = Bench::new();
    for (command, missing) in [
        ("sign", &["--ca <FILE>", "--ca-key <KEY>", "<DIR>..."][..]),
        ("import", &["--signed-cert <FILE>", "--ca <FILE>", "<DIR>"]),
        (
            "check",
            &["--csr <FILE>", "--signed-cert <FILE>", "--ca <FILE>"],
        ),
        ("ca init", &["--out <DIR>", "--subject <DN>"]),
        #[cfg(feature = "online")]
        ("wait", &["--for <STATE>", "<CLUSTER>"]),
        #[cfg(feature = "online")]
        ("hsm create", &["--availability-zone <ZONE>", "<CLUSTER>"]),
        #[cfg(feature = "online")]
        ("hsm delete", &["--hsm-id <ID>", "<CLUSTER>"]),
        #[cfg(feature = "online")]
        ("plan", &["--ca <FILE>", "<ID>..."]),
        #[cfg(feature = "online")]
        ("backup modify", &["--never-expires <BOOL>", "<BACKUP>"]),
        #[cfg(feature = "online")]
        ("tag add", &["--tag <KEY=VALUE>", "<RESOURCE>"]),
    ] {
        let words: Vec<&str> = command.split(' ').collect();
        let json = bench.run(&[&words[..], &["--output", "json"]].concat());
        refusal(&bench.run(&words), &json, 2, "usage", missing);
    }
}

/// The old name of an option is still taken.
#[test]
fn a_trust_anchor_is_named_by_ca_and_by_its_name_in_the_api() {
    let bench = Bench::new();
    for name in ["--ca", "--trust-anchor"] {
        let words = ["check", "--csr", "x", "--signed-cert", "y", name, "z"];
        let json = bench.run(&[&words[..], &["--output", "json"]].concat());
        refusal(&bench.run(&words), &json, 4, "file-missing", &["x"]);
    }
}

//! No item of a list, and no value, is an option of the program, whatever it begins with.

use std::fs;

use serde_json::{Value, json};

use super::executable::executable;
use super::play::Stage;

pub(super) const TESTS: [(&str, fn()); 8] = [
    (
        "no_bundle_makes_sign_take_an_unproven_key",
        no_bundle_makes_sign_take_an_unproven_key,
    ),
    (
        "no_bundle_makes_submit_claim_for_a_foreign_ca",
        no_bundle_makes_submit_claim_for_a_foreign_ca,
    ),
    (
        "no_cluster_makes_request_replace_files",
        no_cluster_makes_request_replace_files,
    ),
    (
        "no_cluster_makes_plan_take_all",
        no_cluster_makes_plan_take_all,
    ),
    (
        "no_cluster_id_makes_claim_or_info_take_an_option",
        no_cluster_id_makes_claim_or_info_take_an_option,
    ),
    (
        "a_value_that_begins_with_a_hyphen_is_a_value",
        a_value_that_begins_with_a_hyphen_is_a_value,
    ),
    (
        "every_module_puts_names_behind_two_hyphens",
        every_module_puts_names_behind_two_hyphens,
    ),
    (
        "no_value_is_taken_from_the_environment",
        no_value_is_taken_from_the_environment,
    ),
];

impl Stage {
    /// Fetches the one bundle, `stick/ID`. Returns its path.
    fn fetched(&self) -> String {
        let fetch = json!({
            "cluster_ids": [self.id()], "into": self.text("stick"), "region": "eu-central-1",
        });
        self.task("cluster_request", &fetch, &[]).came_to(0, 1);
        self.text(&format!("stick/{}", self.id()))
    }

    /// Makes a program of this name that fails and writes down its words, a line each and `end`
    /// behind the last. Returns where.
    fn stand_in(&self, name: &str) -> String {
        let words = self.text(&format!("{name}.words"));
        let script = format!("#!/bin/sh\nprintf '%s\\n' \"$@\" end >> {words}\nexit 1\n");
        executable(&self.path(name), &script);
        words
    }

    /// What `bundle_sign` takes here.
    fn signing(&self, bundles: &[&str], ca: &str) -> Value {
        json!({
            "bundles": bundles, "ca": self.text(&format!("{ca}/customerCA.crt")),
            "ca_key": self.text(&format!("{ca}/customerCA.key")),
            "passphrase": "{{ ca_passphrase }}",
        })
    }

    fn is_signed(&self) -> bool {
        let name = format!("stick/{0}/{0}_CustomerHsmCertificate.crt", self.id());
        self.path(&name).exists()
    }
}

/// The task fails with each of these arguments, in check mode too, and changes nothing. Returns the
/// codes.
#[track_caller]
fn fails(stage: &Stage, module: &str, all: &[&Value]) -> Vec<i64> {
    let tasks: Vec<_> = all
        .iter()
        .flat_map(|arguments| [true, false].map(|check| (module, *arguments, check)))
        .collect();
    let play = stage.each(&tasks);
    play.each_came_to(tasks.len(), 0);
    let code = |result: &Value| result["code"].as_i64().unwrap();
    play.results.iter().map(code).collect()
}

fn no_bundle_makes_sign_take_an_unproven_key() {
    let stage = Stage::new(&["eu-central-1"]);
    let bundle = stage.fetched();
    let mut sign = stage.signing(&[&bundle, "--unverified", "--reason=because"], "ca");
    // A root that vouches for no HSM.
    sign["manufacturer_roots"] = json!([stage.text("ca/customerCA.crt")]);
    // Nor is one accepted by an item, where the option is one of the module's own.
    let mut accepted = sign.clone();
    accepted["bundles"] = json!([
        bundle,
        "--accept=manufacturer.signature",
        "--manufacturer-root",
        stage.text("roots/manufacturer-root.crt")
    ]);
    let codes = fails(&stage, "bundle_sign", &[&sign, &accepted]);
    assert_eq!(codes, [3; 4]);
    assert!(!stage.is_signed());
}

fn no_bundle_makes_submit_claim_for_a_foreign_ca() {
    let stage = Stage::new(&["eu-central-1"]);
    let bundle = stage.fetched();
    stage.make_ca("thief");
    let sign = stage.signing(&[&bundle], "thief");
    stage.task("bundle_sign", &sign, &[]).came_to(0, 1);
    let submit = json!({
        "bundles": [bundle, "--ca-from-bundle", "--reason=x"], "region": "eu-central-1",
    });
    let mut named = submit.clone();
    named["bundles"] = json!([
        bundle,
        format!("--ca={}", stage.text("thief/customerCA.crt"))
    ]);
    fails(&stage, "bundle_submit", &[&submit, &named]);
    assert_eq!(stage.claims(), 0);
}

fn no_cluster_makes_request_replace_files() {
    let stage = Stage::new(&["eu-central-1"]);
    let bundle = stage.fetched();
    let csr = format!("{bundle}/{}_ClusterCsr.csr", stage.id());
    fs::write(&csr, "another's").unwrap();
    let fetch = |ids: Value| {
        json!({
            "cluster_ids": ids, "into": stage.text("stick"), "region": "eu-central-1",
        })
    };
    let all = [
        json!([stage.id(), "--force"]),
        json!(["--cluster-id", stage.id(), "--force"]),
        // Nor is one a directory that check mode copies.
        json!([".."]),
        json!(["."]),
        json!([""]),
    ]
    .map(fetch);
    let codes = fails(&stage, "cluster_request", &all.each_ref());
    assert_eq!(codes, [2; 10]);
    assert_eq!(fs::read_to_string(csr).unwrap(), "another's");
}

fn no_cluster_makes_plan_take_all() {
    let stage = Stage::new(&["eu-central-1"]);
    let plan = json!({
        "cluster_ids": ["--all"], "region": "{{ region }}", "ca": stage.text("ca/customerCA.crt"),
    });
    assert_eq!(fails(&stage, "cluster_plan", &[&plan]), [2, 2]);
}

fn no_cluster_id_makes_claim_or_info_take_an_option() {
    let stage = Stage::new(&["eu-central-1"]);
    let mut claim = stage.claim();
    claim["cluster_id"] = "--all".into();
    assert_eq!(fails(&stage, "cluster_claim", &[&claim]), [2, 2]);
    let info = json!({ "cluster_id": "--help", "region": "{{ region }}" });
    assert_eq!(fails(&stage, "cluster_info", &[&info]), [2, 2]);
    assert_eq!(stage.claims(), 0);
}

fn a_value_that_begins_with_a_hyphen_is_a_value() {
    let stage = Stage::new(&["eu-central-1"]);
    let bundle = stage.fetched();
    let mut sign = stage.signing(&[&bundle], "ca");
    sign["operator"] = "--seal".into();
    stage.task("bundle_sign", &sign, &[]).came_to(0, 1);
    let shown = stage.hsmboot(&["transcript", "show", &bundle]);
    assert!(shown.stdout.contains("--seal"), "{}", shown.stdout);
}

/// A stand-in for the program keeps the words that it is given.
fn every_module_puts_names_behind_two_hyphens() {
    let stage = Stage::new(&["eu-central-1"]);
    let name = "--output=text";
    let values = ["region", "profile", "operator", "ca", "reason", "timeout"];
    let cases = [
        ("bundle_sign", "bundles", &["region", "operator", "ca"][..]),
        ("bundle_submit", "bundles", &values),
        ("cluster_claim", "cluster_id", &values),
        ("cluster_info", "cluster_id", &["region", "ca"]),
        ("cluster_plan", "cluster_ids", &["region", "ca", "reason"]),
        (
            "cluster_request",
            "cluster_ids",
            &["region", "operator", "into"],
        ),
    ];
    let mut all = Vec::new();
    for (module, names, values) in cases {
        for check in [true, false] {
            let program = format!("{module}-{check}");
            let words = stage.stand_in(&program);
            let mut arguments = json!({ "program": stage.text(&program), names: [name] });
            if names == "cluster_id" {
                arguments[names] = name.into();
            }
            for value in values {
                arguments[*value] = format!("--{value}-").into();
            }
            if matches!(module, "bundle_sign" | "cluster_claim") {
                arguments["ca_key"] = "--yes".into();
            }
            all.push((module, arguments, check, words));
        }
    }
    let tasks: Vec<_> = all
        .iter()
        .map(|(module, arguments, check, _)| (*module, arguments, *check))
        .collect();
    let play = stage.each(&tasks);
    play.each_came_to(tasks.len(), 0);
    for (module, _, check, words) in &all {
        let text = fs::read_to_string(words).unwrap_or_default();
        let (given, behind) = text.split_once("\n--\n").unwrap_or((&text, "end\n"));
        for word in given.lines().skip(1).filter(|word| *word != "end") {
            let (_, value) = word.split_once('=').unwrap_or((word, ""));
            let own = ["--quiet", "--yes", "--dry-run"].contains(&word);
            assert!(own || !value.is_empty(), "{module}, {check}: {text}");
            assert_ne!(word, name, "{module}, {check}: {text}");
        }
        let named = format!("{name}\nend\n");
        assert!(behind == "end\n" || behind == named, "{module}: {text}");
    }
}

/// A secret that a command of the play's is to read there would be an argument.
fn no_value_is_taken_from_the_environment() {
    let stage = Stage::new(&["eu-central-1"]);
    let words = stage.stand_in("stand-in");
    let sign = json!({
        "program": stage.text("stand-in"), "bundles": ["$HOME"], "ca": stage.text("ca"),
        "ca_key": "~/ca.key", "operator": "$HOME", "passphrase_command": "echo \"$HOME\"",
    });
    stage.task("bundle_sign", &sign, &[]).came_to(1, 0);
    let text = fs::read_to_string(&words).unwrap();
    for word in ["--operator=$HOME", "--passphrase-command=echo \"$HOME\""] {
        assert!(text.lines().any(|line| line == word), "{word}: {text}");
    }
    // A key is a path where it is no URI.
    assert!(text.contains("/ca.key\n") && !text.contains('~'), "{text}");
}

//! A bundle in one file, `NAME.hsmboot`: check mode looks into it.

use std::fs;

use serde_json::{Value, json};

use super::play::Stage;

pub(super) const TESTS: [(&str, fn()); 2] = [
    (
        "check_mode_says_of_one_file_what_sign_then_does",
        check_mode_says_of_one_file_what_sign_then_does,
    ),
    (
        "check_mode_tells_that_another_ca_has_signed_a_file_or_a_directory",
        check_mode_tells_that_another_ca_has_signed_a_file_or_a_directory,
    ),
];

fn fetched(stage: &Stage, name: &str) -> String {
    let bundle = stage.text(name);
    let fetch = json!({
        "cluster_ids": [stage.id()], "bundle": bundle, "region": "eu-central-1",
    });
    stage.task("cluster_request", &fetch, &[]).came_to(0, 1);
    bundle
}

fn signing(stage: &Stage, bundle: &str, ca: &str) -> Value {
    json!({
        "bundles": [bundle], "ca": stage.text(&format!("{ca}/customerCA.crt")),
        "ca_key": stage.text(&format!("{ca}/customerCA.key")),
        "passphrase": "{{ ca_passphrase }}",
    })
}

fn check_mode_says_of_one_file_what_sign_then_does() {
    let stage = Stage::new(&["eu-central-1"]);
    let bundle = fetched(&stage, "stick.hsmboot");
    let sign = signing(&stage, &bundle, "ca");
    for changed in [1, 0] {
        let before = fs::read(&bundle).unwrap();
        let play = stage.task("bundle_sign", &sign, &["--check", "--diff"]);
        play.came_to(0, changed);
        let shown = play.done.stdout.contains(&format!("+{bundle}: signed"));
        assert_eq!(shown, changed == 1, "{}", play.done.stdout);
        assert!(
            fs::read(&bundle).unwrap() == before,
            "written in check mode"
        );
        stage.task("bundle_sign", &sign, &[]).came_to(0, changed);
    }
}

fn check_mode_tells_that_another_ca_has_signed_a_file_or_a_directory() {
    let stage = Stage::new(&["eu-central-1"]);
    stage.make_ca("other");
    for name in ["stick.hsmboot", "stick"] {
        let bundle = fetched(&stage, name);
        let sign = signing(&stage, &bundle, "other");
        stage.task("bundle_sign", &sign, &[]).came_to(0, 1);
        let ours = signing(&stage, &bundle, "ca");
        let mut again = ours.clone();
        again["force"] = true.into();
        let play = stage.each(&[
            ("bundle_sign", &ours, false),
            ("bundle_sign", &ours, true),
            ("bundle_sign", &again, true),
            ("bundle_sign", &again, false),
        ]);
        play.each_came_to(2, 2);
        let (refused, signed) = play.results.split_at(2);
        for result in refused {
            let message = result["msg"].as_str().unwrap();
            assert!(message.contains(&bundle), "{message}");
            assert_eq!(result["retryable"], false, "{message}");
        }
        assert!(signed.iter().all(|result| result["changed"] == true));
    }
}

//! Commands that work on one bundle at a time: each waits for the other or ends with an error that
//! the same command gets over, and the cluster is claimed with the one certificate of the bundle.

use super::*;

/// The retry of an error by which the other command is waited for.
const AGAIN: &str = "same-command";

fn started(stage: &Stage) -> std::process::Child {
    let mut command = stage.bootstrap();
    command.args(["--output", "json"]);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

#[test]
fn three_bootstraps_on_one_bundle_claim_it_and_the_same_command_goes_on() {
    for _ in 0..3 {
        let stage = Stage::new();
        let runs: Vec<_> = (0..3).map(|_| started(&stage)).collect();
        let mut claimed = 0;
        for run in runs {
            let output = run.wait_with_output().unwrap();
            let document: Value = serde_json::from_slice(&output.stdout).unwrap();
            match output.status.code() {
                Some(0) => claimed += u32::from(document["changed"] == true),
                code => {
                    assert_eq!(code, Some(8), "{document}");
                    assert_eq!(document["error"]["retry"], AGAIN, "{document}");
                }
            }
        }
        assert!(claimed >= 1, "one of them at least did something");
        let document = run(stage.bootstrap().args(["--output", "json"]))
            .ends(0, "")
            .json();
        assert_eq!(document["changed"], false, "{document}");
        // What the service has is what lies in the bundle, whoever of them signed it.
        let summary = document["summary"].as_str().unwrap();
        assert!(summary.contains("with this very certificate"), "{summary}");
        run(&mut stage.hsmboot(&["transcript", "verify", &stage.id])).ends(0, "");
    }
}

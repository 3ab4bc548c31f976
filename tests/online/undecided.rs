//! No decision stands ready in a command that a message names: what somebody answered, waived or
//! accepted is decided anew, and nothing leads a program past a rejection.

use super::*;

/// What somebody gave as a reason.
const REASON: &str = "seen by Ada";

/// The words of each command that a document names for a program.
fn next(document: &Value) -> Vec<Vec<String>> {
    ["/next", "/error/next"]
        .iter()
        .filter_map(|at| document.pointer(at)?.as_array())
        .flatten()
        .map(|command| {
            let words = command["argv"].as_array().unwrap().iter();
            words
                .map(|word| word.as_str().unwrap().to_owned())
                .collect()
        })
        .collect()
}

fn json(command: &mut Command, code: i32) -> Value {
    run(command.args(["--output", "json"]))
        .ends(code, "")
        .json()
}

fn fetched() -> Stage {
    let stage = Stage::new();
    run(&mut stage.online(&["fetch", &stage.id])).ends(0, "fetched");
    stage
}

#[test]
fn a_missing_root_has_no_command_ready_and_an_answer_is_not_repeated() {
    let stage = Stage::new();
    let owner = ["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key"];
    for yes in [&["--yes"][..], &["-y"], &["-qy"]] {
        let words = [&["bootstrap", &stage.id], &owner[..], yes].concat();
        let told = json(&mut stage.online(&words), 3);
        assert_eq!(told["error"]["kind"], "root-missing");
        assert_eq!(next(&told), Vec::<Vec<String>>::new());
        // People are told the command, without the answer.
        let hint = told["error"]["hint"].as_str().unwrap();
        assert!(hint.contains("`hsmboot bootstrap "), "{hint}");
        for word in ["--yes", " -y", " -qy"] {
            assert!(!hint.contains(word), "{hint}");
        }
    }
}

#[test]
fn a_rejection_of_what_a_simulator_made_has_no_command_ready() {
    let stage = fetched();
    let told = json(&mut stage.hsmboot(&["verify", &stage.id]), 3);
    assert_eq!(told["error"]["kind"], "rejected");
    let hint = told["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("the roots of that very simulator"), "{hint}");
    assert_eq!(next(&told), Vec::<Vec<String>>::new());
}

#[test]
fn what_was_signed_unverified_is_waived_anew_with_a_reason_of_its_own() {
    let stage = fetched();
    let owner = ["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key"];
    let waived = ["--unverified", "--reason", REASON];
    let words = [&["sign", &stage.id], &owner[..], &waived].concat();
    let told = json(&mut stage.hsmboot(&words), 0);
    let command = &told["next"][0];
    assert_eq!(command["fill_in"], serde_json::json!(["TEXT"]));
    let line = next(&told).concat().join(" ");
    assert!(line.ends_with("--unverified --reason TEXT"), "{line}");
}

#[test]
fn what_a_plan_accepts_is_accepted_anew_and_what_a_claim_accepts_goes_on() {
    let stage = fetched();
    let accepted = ["--accept", "validity.hsm", "--reason", REASON];
    // A plan asks for the reason.
    let plan = ["plan", &stage.id, "--ca", "ca/customerCA.crt"];
    let mut plan = stage.trusting(&[&plan[..], &accepted].concat());
    let told = json(&mut plan, 0);
    assert_eq!(
        told["next"][0]["fill_in"],
        serde_json::json!(["KEY", "TEXT"])
    );
    assert!(!told.to_string().contains(REASON), "{told}");
    // The decision of a command that claims goes on to the one that signs for it.
    let submit = ["submit", &stage.id, "--ca", "ca/customerCA.crt"];
    let mut submit = stage.trusting(&[&submit[..], &accepted].concat());
    let told = json(&mut submit, 4);
    let line = next(&told).concat().join(" ");
    assert!(line.starts_with("hsmboot sign "), "{line}");
    assert!(line.contains(&accepted.join(" ")), "{line}");
}

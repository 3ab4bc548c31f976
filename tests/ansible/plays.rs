//! What goes well: the page's example, check mode, second runs, many clusters, the ceremony.

use std::fs;
use std::process::Command;

use serde_json::json;

use super::done::Done;
use super::play::{PASSPHRASE, PROGRAM, Stage, project};

pub(super) const TESTS: [(&str, fn()); 8] = [
    (
        "the_pages_example_is_checked_run_and_run_again",
        the_pages_example_is_checked_run_and_run_again,
    ),
    (
        "six_clusters_in_three_regions_are_claimed_once",
        six_clusters_in_three_regions_are_claimed_once,
    ),
    (
        "each_step_says_in_check_mode_what_it_then_does",
        each_step_says_in_check_mode_what_it_then_does,
    ),
    (
        "the_role_takes_all_steps_and_a_second_time_none",
        the_role_takes_all_steps_and_a_second_time_none,
    ),
    (
        "plan_and_info_say_whose_a_cluster_is",
        plan_and_info_say_whose_a_cluster_is,
    ),
    ("the_passphrase_is_in_no_log", the_passphrase_is_in_no_log),
    (
        "a_command_gives_the_passphrase_and_a_private_ca_needs_its_sha_256",
        a_command_gives_the_passphrase_and_a_private_ca_needs_its_sha_256,
    ),
    (
        "the_example_claims_three_clusters_and_then_none",
        the_example_claims_three_clusters_and_then_none,
    ),
];

fn the_pages_example_is_checked_run_and_run_again() {
    let page = fs::read_to_string(project("docs/runbooks/ansible.md")).unwrap();
    let example = page.split("```yaml\n").nth(1).unwrap();
    let (example, _) = example.split_once("```").unwrap();
    assert_eq!(example.lines().count(), 10, "ten lines");
    let stage = Stage::new(&["eu-central-1"]);
    for name in ["customerCA.crt", "customerCA.key"] {
        fs::copy(stage.path("ca").join(name), stage.path(name)).unwrap();
    }
    let bundle = stage.path(stage.id());

    let checked = stage.play(example, &["--check", "--diff"]);
    let result = checked.came_to(0, 1);
    assert_eq!(result["document"]["clusters"][0]["action"], "claim");
    let shown = &checked.done.stdout;
    for line in ["-owner: nobody", "+owner: this-ca", "-state: UNINITIALIZED"] {
        assert!(shown.contains(line), "no {line} in {shown}");
    }
    assert_eq!((stage.claims(), bundle.exists()), (0, false));

    let claimed = stage.play(example, &[]);
    let result = claimed.came_to(0, 1);
    assert_eq!(result["document"]["outcome"], "claimed");
    assert_eq!(
        (result["code"].as_i64(), result["retryable"].as_bool()),
        (Some(0), Some(false))
    );
    assert_eq!((stage.claims(), bundle.exists()), (1, true));

    for mode in [&[][..], &["--check"][..]] {
        stage.play(example, mode).came_to(0, 0);
    }
    assert_eq!(stage.claims(), 1);
}

fn six_clusters_in_three_regions_are_claimed_once() {
    let stage = Stage::new(&[
        "eu-central-1",
        "eu-central-1",
        "us-east-1",
        "us-east-1",
        "ap-southeast-2",
        "ap-southeast-2",
    ]);
    let claim = stage.claim();
    let play = stage.task("cluster_claim", &claim, &[]);
    play.came_to(0, 6);
    let mut regions: Vec<&str> = play
        .results
        .iter()
        .map(|result| result["document"]["region"].as_str().unwrap())
        .collect();
    regions.sort_unstable();
    regions.dedup();
    assert_eq!(regions, ["ap-southeast-2", "eu-central-1", "us-east-1"]);
    stage.task("cluster_claim", &claim, &[]).came_to(0, 0);
    assert_eq!(stage.claims(), 6);
}

fn each_step_says_in_check_mode_what_it_then_does() {
    let stage = Stage::new(&["eu-central-1", "eu-central-1"]);
    let bundles: Vec<String> = stage
        .ids()
        .iter()
        .map(|id| stage.text(&format!("stick/{id}")))
        .collect();
    let ca = stage.text("ca/customerCA.crt");
    let steps = [
        (
            "cluster_request",
            json!({
                "cluster_ids": stage.ids(), "into": stage.text("stick"), "region": "eu-central-1",
            }),
        ),
        (
            "bundle_sign",
            json!({
                "bundles": bundles, "ca": ca, "ca_key": stage.text("ca/customerCA.key"),
                "passphrase": "{{ ca_passphrase }}",
            }),
        ),
        (
            "bundle_submit",
            json!({ "bundles": bundles, "ca": ca, "region": "eu-central-1" }),
        ),
    ];
    for (module, arguments) in steps {
        let task = json!([{ format!("hsmboot.cloudhsm.{module}"): arguments }]);
        let listing = || {
            let listed = Command::new("find")
                .arg(stage.path("stick"))
                .output()
                .unwrap();
            String::from_utf8(listed.stdout).unwrap()
        };
        let before = listing();
        for (more, changed, diff) in [
            (&["--check", "--diff"][..], 1, true),
            (&["--diff"][..], 1, true),
            (&[][..], 0, false),
            (&["--check", "--diff"][..], 0, false),
        ] {
            let play = stage.tasks(stage.id(), &task, more);
            play.came_to(0, changed);
            let shown = play.done.stdout.contains("+++ after");
            assert_eq!(shown, diff, "{module} {more:?}: {}", play.done.stdout);
            if changed == 1 && more[0] == "--check" {
                assert_eq!(listing(), before, "{module} wrote in check mode");
            }
        }
    }
    assert_eq!(stage.claims(), 2);
}

fn the_role_takes_all_steps_and_a_second_time_none() {
    let stage = Stage::new(&["eu-central-1", "eu-central-1"]);
    let role = json!([{
        "hosts": stage.id(), "connection": "local", "gather_facts": false,
        "roles": [{
            "role": "hsmboot.cloudhsm.ceremony",
            "ceremony_clusters": stage.ids(), "ceremony_bundles": stage.text("stick"),
            "ceremony_region": "eu-central-1", "ceremony_ca": stage.text("ca/customerCA.crt"),
            "ceremony_ca_key": stage.text("ca/customerCA.key"),
            "ceremony_passphrase": "{{ ca_passphrase }}",
        }],
    }])
    .to_string();
    stage.play(&role, &[]).came_to(0, 3);
    assert_eq!(stage.claims(), 2);
    stage.play(&role, &[]).came_to(0, 0);
    assert_eq!(stage.claims(), 2);
}

fn plan_and_info_say_whose_a_cluster_is() {
    let stage = Stage::new(&["eu-central-1"]);
    let ca = stage.text("ca/customerCA.crt");
    let plan = json!({ "all": true, "region": "{{ region }}", "ca": ca });
    let info = json!({ "region": "{{ region }}", "ca": ca });
    let found = |module: &str, arguments, member: &str| {
        stage.task(module, arguments, &[]).came_to(0, 0)[member].clone()
    };
    assert_eq!(found("cluster_plan", &plan, "something_to_do"), true);
    let owners = found("cluster_info", &info, "owners");
    assert_eq!(owners[stage.id()], "nobody");
    stage
        .task("cluster_claim", &stage.claim(), &[])
        .came_to(0, 1);
    assert_eq!(found("cluster_plan", &plan, "something_to_do"), false);
    let owners = found("cluster_info", &info, "owners");
    assert_eq!(owners[stage.id()], "this-ca");
}

fn the_passphrase_is_in_no_log() {
    let stage = Stage::new(&["eu-central-1"]);
    let claim = stage.claim();
    for mode in ["--check", "--diff", "--diff"] {
        let play = stage.task("cluster_claim", &claim, &["-vvvv", mode]);
        let Done { stdout, stderr, .. } = play.done;
        assert!(stdout.contains("VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"));
        assert!(!stdout.contains(PASSPHRASE) && !stderr.contains(PASSPHRASE));
    }
    // Nor is it on the command line, or in the environment, of the program.
    let spy = "#!/bin/sh\n{ echo \"$0 $*\"; env; } >> \"${0%/*}/../seen\"\n";
    fs::remove_file(stage.path("bin/hsmboot")).unwrap();
    super::executable::executable(
        &stage.path("bin/hsmboot"),
        &format!("{spy}exec {PROGRAM} \"$@\"\n"),
    );
    stage.task("cluster_claim", &claim, &[]).came_to(0, 0);
    let seen = fs::read_to_string(stage.path("seen")).unwrap();
    assert!(seen.contains("--passphrase-fd"), "{seen}");
    assert!(!seen.contains(PASSPHRASE), "{seen}");
}

fn a_command_gives_the_passphrase_and_a_private_ca_needs_its_sha_256() {
    let stage = Stage::new(&["eu-central-1"]);
    let mut claim = stage.claim();
    let own = claim.as_object_mut().unwrap();
    own.remove("passphrase");
    own.insert(
        "passphrase_command".to_owned(),
        json!(format!("echo {PASSPHRASE}")),
    );
    let mut both = claim.clone();
    both["passphrase"] = PASSPHRASE.into();
    stage.task("cluster_claim", &both, &[]).came_to(1, 0);
    let play = stage.task("cluster_claim", &claim, &["-vvv"]);
    play.came_to(0, 1);
    assert!(!play.done.stdout.contains(PASSPHRASE));
    assert_eq!(stage.claims(), 1);
    // A CA in AWS Private CA: an ARN alone names no owner, and it goes with no other CA.
    let arn = "arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/\
               1234abcd-12ab-34cd-56ef-1234567890ab";
    let base = json!({ "cluster_id": stage.id(), "ca_arn": arn });
    let result = stage.task("cluster_claim", &base, &[]);
    let said = result.came_to(1, 0)["msg"].as_str().unwrap().to_owned();
    assert!(said.contains("ca_fingerprints"), "{said}");
    let mut other = base.clone();
    other["ca_fingerprints"] = json!(["ab".repeat(32)]);
    // A plan needs the certificate: check mode says that it cannot look.
    let result = stage.task("cluster_claim", &other, &["--check"]);
    let said = result.came_to(0, 0)["msg"].as_str().unwrap().to_owned();
    assert!(said.contains("no plan"), "{said}");
    other["ca"] = claim["ca"].clone();
    let result = stage.task("cluster_claim", &other, &[]);
    let said = result.came_to(1, 0)["msg"].as_str().unwrap().to_owned();
    assert!(said.contains("mutually exclusive"), "{said}");
}

fn the_example_claims_three_clusters_and_then_none() {
    let mut script = Command::new(project("packaging/ansible/examples/claim-three"));
    script.env("HSMBOOT", PROGRAM);
    for name in ["AWS_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"] {
        script.env_remove(name);
    }
    script.env("AWS_CONFIG_FILE", "/nonexistent");
    let done = Done::from(script.output().unwrap()).ends(0, "first run: changed=3\n");
    done.ends(0, "second run: changed=0\n");
}

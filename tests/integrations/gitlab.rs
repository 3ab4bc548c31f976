//! The component in `packaging/gitlab`, by gitlab-ci-local on this machine.
//!
//! Three things are not GitLab's here: the jobs have no image (there is no container engine), the
//! token is signed by nobody (moto's STS takes any), and the exit codes that a job allows are
//! forgotten where it has rules, so that 10 fails where GitLab warns.

use std::fs;

use hsmboot::simulator::InjectedFault;

use super::done::Done;
use super::stage::{OTHER_KEY, Stage, blocks, moto, node_module, project};

pub(super) const TESTS: [(&str, fn()); 3] = [
    (
        "gitlab::the_pages_example_plans_and_claims_two_clusters_once",
        the_pages_example_plans_and_claims_two_clusters_once,
    ),
    (
        "gitlab::each_failure_ends_the_job_with_its_code",
        each_failure_ends_the_job_with_its_code,
    ),
    (
        "gitlab::a_claim_without_clusters_fails",
        a_claim_without_clusters_fails,
    ),
];

/// The repository of the page's example, on this stage's clusters.
fn repository(stage: &Stage, line: &str, instead: &str) {
    let template = fs::read_to_string(project("packaging/gitlab/template.yml")).unwrap();
    let image = "  image: $[[ inputs.image ]]\n";
    assert!(template.contains(image));
    fs::write(stage.path("repo/template.yml"), template.replace(image, "")).unwrap();
    let page = &blocks("docs/runbooks/gitlab.md", "yaml")[0];
    assert_eq!(page.lines().count(), 10, "ten lines");
    let component = page.lines().nth(1).unwrap();
    let ids = stage.ids.join(" ");
    let text = page
        .replace(component, "  - local: template.yml")
        .replace("cluster-abc234defgh cluster-abc234defg2", &ids);
    assert!(text.contains(line), "no {line} in {text}");
    let text = text.replace(line, instead);
    fs::write(stage.path("repo/.gitlab-ci.yml"), text).unwrap();
    stage.repository();
    let words = [
        "remote",
        "add",
        "origin",
        "https://gitlab.example/hsm/hsm.git",
    ];
    let mut git = stage.command("git", &words);
    // The second time it is there.
    git.current_dir(stage.path("repo")).output().unwrap();
}

fn run(stage: &Stage, source: &str, words: &[&str]) -> Done {
    let program = node_module(".bin/gitlab-ci-local").expect("no gitlab-ci-local");
    let mut command = stage.command(program.to_str().unwrap(), words);
    let source = format!("CI_PIPELINE_SOURCE={source}");
    let variables = [
        &source,
        "HSMBOOT_ID_TOKEN=a.token.of-nobody",
        "HSMBOOT_PAUSE=0",
    ];
    for variable in variables {
        command.args(["--variable", variable]);
    }
    command
        .current_dir(stage.path("repo"))
        .env("AWS_ENDPOINT_URL_STS", moto().url())
        .env("HSMBOOT_AWS_ROOT", stage.path("roots/aws-root.crt"))
        // Only the role's credentials are there.
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY");
    Done::from(command.output().unwrap())
}

fn the_pages_example_plans_and_claims_two_clusters_once() {
    let stage = Stage::new(2);
    repository(&stage, "", "");
    // In a schedule there is the drift job alone. Neither claims.
    let drift = run(&stage, "schedule", &[]).ends(1, "2 clusters: 2 claim");
    assert!(drift.stdout.contains("hsmboot-drift"), "{}", drift.stdout);
    assert!(!drift.stdout.contains("hsmboot-plan"), "{}", drift.stdout);
    let planned = run(&stage, "push", &[]).ends(1, "2 clusters: 2 claim");
    assert!(
        planned.stdout.contains("hsmboot-plan"),
        "{}",
        planned.stdout
    );
    let preview = run(&stage, "push", &["--preview"]).ends(0, "allow_failure:");
    assert!(
        preview.stdout.contains("exit_codes:\n      - 10"),
        "{}",
        preview.stdout
    );
    assert_eq!(stage.claims(), 0);
    let claimed = run(&stage, "push", &["hsmboot-claim"]).ends(0, "");
    for id in &stage.ids {
        let says = format!("{id} 0");
        assert!(claimed.stdout.contains(&says), "{}", claimed.stdout);
    }
    assert!(!claimed.stdout.contains("a.token"), "{}", claimed.stdout);
    assert_eq!(stage.claims(), 2);
    // A runner that knows nothing of the first, and what passes by itself.
    let fault = InjectedFault::InternalFailure;
    stage
        .simulator
        .inject_fault(Some("DescribeClusters"), fault, 4);
    let again = run(&stage, "push", &["hsmboot-claim"]).ends(0, "already-claimed");
    assert!(again.stdout.contains("same-command"), "{}", again.stdout);
    assert_eq!(stage.claims(), 2);
    run(&stage, "schedule", &[]).ends(0, "2 clusters: 2 none");
}

fn each_failure_ends_the_job_with_its_code() {
    let stage = Stage::new(1);
    let claim = |code: u8, says: &str| {
        let done = run(&stage, "push", &["hsmboot-claim"]).ends(1, says);
        let ended = done.stderr.contains(&format!(" FAIL {code} "));
        assert!(ended, "not {code}: {}\n{}", done.stdout, done.stderr);
        assert_eq!(stage.claims(), 0);
    };
    // 3: no root vouches for the HSM.
    repository(&stage, "mrvl-rsa-LS2-AR-v1.crt", "\"\"");
    claim(3, "root-missing");
    // 2: what is no id, and no script is made of an input.
    repository(&stage, stage.id(), "\"x;touch${IFS}mark $(touch mark) '\"");
    claim(2, "is not a cluster's id");
    assert!(!stage.path("repo/mark").exists());
    // 5: another CA's key.
    repository(&stage, "alias/cloudhsm-ca", "alias/other-ca");
    stage.make_ca("other", OTHER_KEY);
    claim(5, "\"code\": 5");
}

/// A fleet file is a plan's: nothing is claimed of it, and no job says so.
fn a_claim_without_clusters_fails() {
    let stage = Stage::new(1);
    let clusters = format!("clusters: {}", stage.id());
    for instead in ["fleet: fleet.toml", "clusters: \"\"", "clusters: \" \""] {
        repository(&stage, &clusters, instead);
        let done = run(&stage, "push", &["hsmboot-claim"]).ends(1, "a claim needs clusters");
        let ended = done.stderr.contains(" FAIL 2 ");
        assert!(ended, "not 2: {}\n{}", done.stdout, done.stderr);
    }
    assert_eq!(stage.claims(), 0);
}

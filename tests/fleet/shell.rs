//! The shell runbook's script, and the systemd units.

use super::*;

/// The script on these clusters, with the simulator's roots and the stage's CA.
fn claim(stage: &Stage, ids: &[&str], tries: &str) -> Done {
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/packaging/shell/claim-clusters"
    );
    let command = stage.hsmboot(&[]);
    let program = command.get_program().to_owned();
    let mut shell = Command::new("sh");
    shell.arg(script).args(ids).arg("--");
    shell.args(["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key"]);
    stage.trust(&mut shell);
    shell.args(["--endpoint-url", &stage.simulator.url()]);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
        .current_dir(stage.dir.path())
        .env("HSMBOOT", program)
        .env("PAUSE", "0")
        .env("TRIES", tries);
    run(&mut shell)
}

#[test]
fn the_script_claims_all_that_it_can_and_a_second_run_changes_nothing() {
    let stage = Stage::new();
    let (other, _) = support::ready_cluster(&stage.simulator);
    let (theirs, _) = support::ready_cluster(&stage.simulator);
    stage.make_ca("thief");
    let mut theft = stage.trusting(&["bootstrap", "--cluster-id", &theirs]);
    theft.args([
        "--ca",
        "thief/customerCA.crt",
        "--ca-key",
        "thief/customerCA.key",
    ]);
    run(&mut theft).ends(0, "claimed");

    let done = claim(&stage, &[&stage.id, &theirs, &other], "5");
    assert_eq!(done.code, 8, "{}\n{}", done.stdout, done.stderr);
    let lines: Vec<&str> = done.stdout.lines().collect();
    assert_eq!(
        lines,
        [
            format!("{} 0", stage.id),
            format!("{theirs} 8"),
            format!("{other} 0")
        ]
    );
    let again = claim(&stage, &[&stage.id, &other], "5").ends(0, "");
    assert_eq!(again.stdout.lines().count(), 2);
    let document: Value =
        serde_json::from_slice(&fs::read(stage.path(&format!("{other}.json"))).unwrap()).unwrap();
    assert_eq!(document["changed"], false);
    assert_eq!(stage.calls("InitializeCluster"), 3);
}

/// The page's own commands claim both clusters, with the CA's key in a file.
#[test]
fn the_pages_commands_claim() {
    let stage = Stage::new();
    let (other, _) = support::ready_cluster(&stage.simulator);
    let page = include_str!("../../docs/runbooks/shell.md");
    let (_, commands) = page.split_once("```sh elsewhere\n").unwrap();
    let (commands, _) = commands.split_once("```").unwrap();
    let mut script = commands.to_owned();
    for (from, to) in [
        ("cluster-abc234defgh", stage.id.as_str()),
        ("cluster-abc234defg2", &other),
        ("customerCA.crt", "ca/customerCA.crt"),
        ("awskms:alias/cloudhsm-ca", "ca/customerCA.key"),
        ("eu-central-1", "us-east-1"),
    ] {
        assert!(script.contains(from), "{script}");
        script = script.replace(from, to);
    }
    let project = env!("CARGO_MANIFEST_DIR");
    std::os::unix::fs::symlink(format!("{project}/packaging"), stage.path("packaging")).unwrap();
    let command = stage.hsmboot(&[]);
    let program = std::path::Path::new(command.get_program());
    let path = std::env::var("PATH").unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-euc", &script]).envs(
        command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    shell
        .current_dir(stage.dir.path())
        .env(
            "PATH",
            format!("{}:{path}", program.parent().unwrap().display()),
        )
        .env("AWS_ENDPOINT_URL", stage.simulator.url())
        .env("HSMBOOT_AWS_ROOT", stage.path("roots/aws-root.crt"))
        .env(
            "HSMBOOT_MANUFACTURER_ROOT",
            stage.path("roots/manufacturer-root.crt"),
        );
    let done = run(&mut shell).ends(0, &format!("{} 0\n{other} 0\n", stage.id));
    assert!(done.stdout.contains("claim"), "{}", done.stdout);
    assert_eq!(stage.calls("InitializeCluster"), 2);
}

/// Two of one id, in two regions, have a document each.
#[test]
fn the_script_keeps_the_documents_of_two_arns_with_one_id_apart() {
    let stage = Stage::new();
    let arn = |region: &str| {
        let id = &stage.id;
        format!("arn:aws:cloudhsm:{region}:123456789012:cluster/{id}")
    };
    let (here, elsewhere) = (arn("us-east-1"), arn("eu-west-1"));
    assert_eq!(claim(&stage, &[&here, &elsewhere], "1").code, 6);
    for (region, member) in [("us-east-1", "outcome"), ("eu-west-1", "error")] {
        let file = stage.path(&format!("{region}_123456789012_cluster_{}.json", stage.id));
        let document: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        assert!(document.get(member).is_some(), "{region}: {document:#}");
    }
}

#[test]
fn the_script_tries_again_what_passes_by_itself_and_nothing_else() {
    let stage = Stage::new();
    // Each call of the SDK is tried a few times by itself: more than that, it is over.
    let throttled = |times| {
        stage
            .simulator
            .inject_fault(Some("DescribeClusters"), InjectedFault::Throttling, times);
    };
    throttled(4);
    let done = claim(&stage, &[&stage.id], "5");
    assert_eq!(done.code, 0, "{}\n{}", done.stdout, done.stderr);
    let before = stage.calls("DescribeClusters");
    let unknown = "cluster-unknowncluster";
    claim(&stage, &[unknown], "5").ends(6, "cluster-unknowncluster 6");
    assert_eq!(stage.calls("DescribeClusters") - before, 1, "asked once");
    run(Command::new("sh").arg("packaging/shell/claim-clusters")).ends(2, "claim-clusters ID");
}

/// A variable that is not set is an empty name: nothing is claimed, rather than all but that one.
#[test]
fn the_script_wants_a_cluster_behind_each_name() {
    let stage = Stage::new();
    for ids in [&[""][..], &[" \n\t"], &[&stage.id, ""], &["", &stage.id]] {
        claim(&stage, ids, "1").ends(2, "usage: claim-clusters ID");
    }
    // Nor is an option a name.
    claim(&stage, &["--simulate"], "1").ends(2, "--simulate 2");
    let document = fs::read_to_string(stage.path("--simulate.json")).unwrap();
    assert!(document.contains("is not a cluster's id"), "{document}");
    assert_eq!(stage.calls("InitializeCluster"), 0);
    // Names in one word are names.
    claim(&stage, &[&format!(" {}\n", stage.id)], "1").ends(0, "");
    assert_eq!(stage.calls("InitializeCluster"), 1);
}

#[test]
fn the_unit_runs_a_command_that_there_is() {
    let unit = fs::read_to_string("packaging/systemd/hsmboot-plan.service").unwrap();
    let line = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart=/usr/bin/hsmboot "))
        .unwrap();
    // The fleet file is not there: all else of the line is understood.
    let words: Vec<&str> = line.split(' ').collect();
    let stage = tempfile::tempdir().unwrap();
    run(stage::hsmboot().args(words).current_dir(stage.path())).ends(4, "fleet.toml");
}

/// `--ca "$CA"` is two words, and the second an option where the variable holds one.
#[test]
fn no_script_gives_an_option_its_value_in_another_word() {
    let mut options = 0;
    for script in [
        "packaging/shell/claim-clusters",
        "packaging/github-action/run",
        "packaging/gitlab/template.yml",
        "packaging/terraform/main.tf",
        "packaging/kubernetes/job.yaml",
        "packaging/systemd/hsmboot-plan.service",
        "packaging/aws/bootstrap",
    ] {
        let text = fs::read_to_string(script).unwrap();
        for (number, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split_whitespace().collect();
            for pair in words.windows(2).filter(|pair| pair[0].starts_with("--")) {
                let is_alone = pair[0].len() > 2 && !pair[0].contains('=');
                let value = pair[1].trim_start_matches('"');
                assert!(
                    !(is_alone && value.starts_with('$')),
                    "{script}:{}",
                    number + 1
                );
            }
            options += words.iter().filter(|word| word.contains("=\"$")).count();
        }
    }
    assert!(options > 10, "{options}");
}

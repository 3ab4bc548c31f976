//! A cluster is named by its id or its ARN, as the first argument or as `--cluster-id`.

use super::*;

fn arn(region: &str, id: &str) -> String {
    format!("arn:aws:cloudhsm:{region}:123456789012:cluster/{id}")
}

#[test]
fn every_command_about_one_cluster_takes_its_id_and_its_arn_in_both_places() {
    let stage = Stage::new();
    let arn = arn("us-east-1", &stage.id);
    let commands: [&[&str]; 6] = [
        &["status"],
        &["cluster", "show"],
        &["cluster", "modify", "--retention-days", "30"],
        &["wait", "--for", "csr"],
        &["hsm", "create", "--availability-zone", "us-east-1a"],
        &["bootstrap", "--ca", "ca/customerCA.crt", "--dry-run"],
    ];
    for command in commands {
        for name in [&stage.id, &arn] {
            for named in [&[name.as_str()][..], &["--cluster-id", name]] {
                let words = [command, named].concat();
                let mut run_it = match command[0] {
                    "bootstrap" => stage.trusting(&words),
                    _ => stage.online(&words),
                };
                if command[0] == "bootstrap" {
                    run_it.args(["--ca-key", "ca/customerCA.key"]);
                }
                run(run_it.args(["--output", "json"])).ends(0, &stage.id);
            }
        }
    }
    // And those that delete.
    let other = support::create_cluster(&stage.simulator);
    run(&mut stage.online(&[
        "cluster",
        "delete",
        &self::arn("us-east-1", &other),
        "--yes",
    ]))
    .ends(0, &other);
}

#[test]
fn an_arn_names_the_region_and_what_contradicts_it_is_a_wrong_command_line() {
    let stage = Stage::new();
    let there = arn("eu-west-1", &stage.id);
    // The cluster is not in that region, which is where it is looked for.
    run(stage
        .online(&["status", &there])
        .env("AWS_REGION", "us-east-1"))
    .ends(6, "eu-west-1");
    let other = "cluster-aaaaaaaaaaa";
    let wrong: [&[&str]; 6] = [
        &["status", &there, "--region", "us-east-1"],
        &["wait", &stage.id, "--cluster-id", other, "--for", "csr"],
        &["bootstrap", &stage.id, "--cluster-id", other],
        &[
            "bootstrap",
            "--create-hsm",
            "--availability-zone",
            "us-east-1a",
        ],
        &["hsm", "create", "--availability-zone", "us-east-1a"],
        &[
            "cluster",
            "delete",
            "arn:aws:kms:us-east-1:123456789012:key/x",
            "--yes",
        ],
    ];
    let before = stage.calls("DescribeClusters");
    for words in wrong {
        let done = run(stage.online(words).args(["--output", "json"])).ends(2, "");
        assert_eq!(done.json()["error"]["code"], 2, "{words:?}");
    }
    assert_eq!(stage.calls("DescribeClusters"), before);
    // The same cluster twice is one.
    let twice = [
        "status",
        &stage.id,
        "--cluster-id",
        &arn("us-east-1", &stage.id),
    ];
    run(&mut stage.online(&twice)).ends(0, &stage.id);
}

#[test]
fn an_arn_of_another_account_than_the_credentials_is_refused_before_any_call() {
    let stage = Stage::new();
    let arn = arn("us-east-1", &stage.id);
    let described = stage.calls("DescribeClusters");
    let of_account = |words: &[&str], account: &str| {
        let mut command = stage.online(words);
        command
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "x")
            .env("AWS_ACCOUNT_ID", account);
        command
    };
    let json = ["status", &arn, "--output", "json"];
    let done = run(&mut of_account(&json, "999999999999")).ends(2, "");
    let error = &done.json()["error"];
    assert_eq!(error["kind"], "another-account");
    assert_eq!(error["facts"]["expected"], "123456789012");
    assert_eq!(error["facts"]["found"], "999999999999");
    assert_eq!(stage.calls("DescribeClusters"), described);
    let done = run(&mut of_account(&json, "123456789012")).ends(0, "");
    assert!(!done.stderr.contains("whose they are"), "{}", done.stderr);
    // Where nothing says whose they are, that is said.
    let done = run(&mut stage.online(&["status", &arn])).ends(0, "");
    assert!(
        done.stderr.contains("do not say whose they are"),
        "{}",
        done.stderr
    );
}

//! Bundles, clusters and runs that are mixed up: found before anything is created or written.

use super::*;
use serde_json::json;

/// Another cluster that is ready to be claimed.
fn second_cluster(stage: &Stage) -> String {
    support::ready_cluster(&stage.simulator).0
}

fn bootstrap_in(stage: &Stage, id: &str, more: &[&str]) -> Done {
    let words = ["bootstrap", "--cluster-id", id, "--bundle", &stage.id];
    let ca = ["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key"];
    let json = ["--output", "json"];
    run(&mut stage.trusting(&[&words[..], &ca, &json, more].concat()))
}

#[test]
fn a_bundle_of_another_cluster_is_refused_whatever_state_this_one_is_in() {
    let stage = Stage::new();
    run(&mut stage.bootstrap()).ends(0, "claimed");
    let other = second_cluster(&stage);
    let kind = |done: Done| done.ends(8, "").json()["error"]["kind"].clone();
    assert_eq!(kind(bootstrap_in(&stage, &other, &[])), "another-cluster");
    // Claimed by the same CA: then every later step would have led to the first cluster.
    let words = ["--cluster-id", &other, "--ca", "ca/customerCA.crt"];
    let words = [
        &["bootstrap"][..],
        &words,
        &["--ca-key", "ca/customerCA.key"],
    ]
    .concat();
    run(&mut stage.trusting(&words)).ends(0, "claimed");
    for more in [&[][..], &["--dry-run"]] {
        assert_eq!(kind(bootstrap_in(&stage, &other, more)), "another-cluster");
    }
    // And before an HSM is paid for.
    let empty = support::create_cluster(&stage.simulator);
    support::until(&stage.simulator, &empty, |cluster| {
        cluster["State"] == "UNINITIALIZED"
    });
    let before = stage.calls("CreateHsm");
    let first = ["--create-hsm", "--availability-zone", "us-east-1a"];
    let done = bootstrap_in(&stage, &empty, &first);
    assert_eq!(kind(done), "another-cluster");
    assert_eq!(stage.calls("CreateHsm"), before);
}

#[test]
fn nothing_is_superseded_where_the_cluster_has_the_bundles_certificate() {
    let stage = Stage::new();
    run(&mut stage.bootstrap()).ends(0, "claimed");
    let again = run(stage.bootstrap().args(["--output", "json"])).json();
    assert_eq!(again["changed"], false);
    assert_eq!(again.get("superseded_by"), None, "{again:#}");
}

/// The run that claims has the service's answer. The other one's receipt does not take its place.
#[test]
fn of_two_submits_at_once_the_receipt_of_the_one_that_claimed_stays() {
    for _ in 0..6 {
        let stage = Stage::new();
        stage.signed();
        let started = || {
            let mut command = stage.submit();
            command.args(["--yes", "--output", "json"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        };
        let runs = [started(), started()];
        let outputs = runs.map(|run| run.wait_with_output().unwrap());
        let claimed = outputs.iter().any(|output| {
            let said = serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default();
            said["outcome"] == "claimed"
        });
        if claimed {
            let receipt = stage.receipt();
            assert_eq!(receipt["outcome"], "claimed", "{receipt:#}");
            assert_ne!(receipt["answer"], Value::Null);
        }
        run(&mut stage.hsmboot(&["transcript", "verify", &stage.id])).ends(0, "");
    }
}

/// All that lies in the directory is copied to every client machine.
#[test]
fn nothing_is_handed_over_beside_a_private_key() {
    let stage = Stage::new();
    run(&mut stage.bootstrap()).ends(0, "claimed");
    let key = fs::read(stage.path("ca/customerCA.key")).unwrap();
    let words = [
        "handover",
        &stage.id,
        "-o",
        "ca",
        "--ca",
        "ca/customerCA.crt",
    ];
    run(&mut stage.hsmboot(&words)).ends(2, "customerCA.key");
    assert_eq!(fs::read_dir(stage.path("ca")).unwrap().count(), 2);
    fs::rename(
        stage.path("ca/customerCA.key"),
        stage.path("ca/called-otherwise"),
    )
    .unwrap();
    run(&mut stage.hsmboot(&words)).ends(2, "called-otherwise");
    assert_eq!(fs::read(stage.path("ca/called-otherwise")).unwrap(), key);
}

/// What clients get lies beside the bundle, also for who stands in it.
#[test]
fn from_inside_a_bundle_the_next_step_writes_beside_it() {
    let stage = Stage::new();
    run(&mut stage.bootstrap()).ends(0, "claimed");
    let id = stage.id.as_str();
    for (dir, bundle, to) in [
        (id, ".", format!("./../{id}-clients")),
        ("ca", &format!("../{id}/."), format!("../{id}-clients")),
    ] {
        let mut submit = stage.online(&["submit", bundle, "--ca", "../ca/customerCA.crt"]);
        submit.current_dir(stage.path(dir)).args([
            "--aws-root",
            "../roots/aws-root.crt",
            "--manufacturer-root",
            "../roots/manufacturer-root.crt",
            "--output",
            "json",
        ]);
        let document = run(&mut submit).ends(0, "").json();
        let argv = document["next_steps"][0]["argv"].clone();
        assert_eq!(argv[4], json!(to), "{document:#}");
        let words: Vec<String> = serde_json::from_value(argv).unwrap();
        let mut handover = hsmboot();
        handover.current_dir(stage.path(dir)).args(&words[1..]);
        run(&mut handover).ends(0, "");
        let clients = stage.path(&format!("{id}-clients"));
        assert!(clients.join("customerCA.crt").exists());
        fs::remove_dir_all(clients).unwrap();
    }
}

/// A directory in which `bootstrap --create` had begun is led back to that, and not to `fetch`.
#[test]
fn what_is_only_ordered_is_told_to_go_on() {
    let stage = Stage::new();
    stage
        .simulator
        .inject_fault(Some("CreateCluster"), InjectedFault::AccessDenied, 1);
    let words = ["bootstrap", "--create", "--bundle", "new"];
    let order = [
        "--subnet-id",
        "subnet-0a1b2c3d",
        "--availability-zone",
        "us-east-1a",
    ];
    let ca = ["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key"];
    let create = [&words[..], &order, &ca].concat();
    run(&mut stage.trusting(&create)).ends(6, "CreateCluster");
    let report = run(&mut stage.hsmboot(&["report", "new"]));
    report
        .ends(4, "ordered a cluster here")
        .ends(4, "hsmboot bootstrap --create");
    run(&mut stage.trusting(&create)).ends(0, "claimed");
}

/// The order is of one account: with another one's credentials it would be made twice.
#[test]
fn an_order_is_gone_on_with_in_its_own_account_alone() {
    let stage = Stage::new();
    let create = |account: &str| {
        let words = ["bootstrap", "--create", "--bundle", "new"];
        let order = [
            "--subnet-id",
            "subnet-0a1b2c3d",
            "--availability-zone",
            "us-east-1a",
        ];
        let ca = ["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key"];
        let json = ["--output", "json"];
        let mut command = stage.trusting(&[&words[..], &order, &ca, &json].concat());
        command
            .env("AWS_ACCESS_KEY_ID", "any")
            .env("AWS_SECRET_ACCESS_KEY", "any");
        run(command.env("AWS_ACCOUNT_ID", account))
    };
    stage
        .simulator
        .inject_fault(Some("InitializeCluster"), InjectedFault::AccessDenied, 1);
    create("111111111111").ends(6, "InitializeCluster");
    let before = stage.calls("CreateCluster");
    let error = create("222222222222").ends(8, "").json()["error"].clone();
    assert_eq!(error["kind"], "creation-differs");
    for text in [&error["message"], &error["hint"]] {
        assert!(text.as_str().unwrap().contains("111111111111"), "{error:#}");
    }
    // As the hint says.
    create("111111111111").ends(0, "claimed");
    assert_eq!(stage.calls("CreateCluster"), before);
}

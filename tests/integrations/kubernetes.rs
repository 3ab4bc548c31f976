//! The Job in `packaging/kubernetes`: judged by kubernetes-validate, and its container's command
//! run as the pod runs it, with a root file system that is read-only.

use std::collections::BTreeMap;
use std::fs;

use hsmboot::simulator::InjectedFault;
use serde_json::Value;

use super::done::Done;
use super::stage::{OTHER_KEY, Stage, blocks, moto, project};

pub(super) const TESTS: [(&str, fn()); 3] = [
    ("kubernetes::the_manifest_is_one", the_manifest_is_one),
    (
        "kubernetes::its_container_claims_a_cluster_and_then_nothing",
        its_container_claims_a_cluster_and_then_nothing,
    ),
    (
        "kubernetes::what_does_not_pass_by_itself_is_not_tried_again",
        what_does_not_pass_by_itself_is_not_tried_again,
    ),
];

/// The manifest's resources, by their kinds.
fn resources(stage: &Stage, text: &str) -> BTreeMap<String, Value> {
    let read = "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(sys.argv[1]))))";
    let mut python = stage.command("python3", &["-c", read, text]);
    let all = Done::from(python.output().unwrap()).ends(0, "").json();
    let all = all.as_array().unwrap().iter();
    all.map(|one| (one["kind"].as_str().unwrap_or("").to_owned(), one.clone()))
        .collect()
}

fn manifest() -> String {
    fs::read_to_string(project("packaging/kubernetes/job.yaml")).unwrap()
}

fn the_manifest_is_one() {
    let stage = Stage::new(0);
    let path = project("packaging/kubernetes/job.yaml");
    let words = ["--strict", path.to_str().unwrap()];
    let done = stage.command("kubernetes-validate", &words).output();
    Done::from(done.unwrap()).ends(0, "passed for resource job/hsmboot-claim");
    // It does look.
    let wrong = manifest().replace("backoffLimit:", "backofLimit:");
    fs::write(stage.path("wrong.yaml"), wrong).unwrap();
    let words = ["--strict", "wrong.yaml"];
    let done = stage.command("kubernetes-validate", &words).output();
    Done::from(done.unwrap()).ends(1, "backofLimit");

    let job = &resources(&stage, &manifest())["Job"]["spec"];
    let container = &job["template"]["spec"]["containers"][0];
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    // What fails for good is every code but those that another try may mend.
    let codes = &job["podFailurePolicy"]["rules"][0]["onExitCodes"]["values"];
    assert_eq!(*codes, serde_json::json!([1, 2, 3, 4, 5, 8]));
    assert!(container.get("envFrom").is_none());
    // The page shows the same command.
    let page = &blocks("docs/runbooks/kubernetes.md", "yaml")[0];
    assert_eq!(page.lines().count(), 9, "nine lines");
    let shown = &resources(&stage, page)[""];
    let mut args = container["args"].as_array().unwrap().clone();
    assert_eq!(args.pop().unwrap(), "--output=json");
    assert_eq!(shown["args"], Value::Array(args));
}

/// Runs the container's command. What the kubelet mounts, and where, is here a directory of the
/// stage: `/etc/hsmboot` is its `repo`, `/work` its `work`, which alone can be written.
fn container(stage: &Stage) -> Done {
    let container =
        resources(stage, &manifest())["Job"]["spec"]["template"]["spec"]["containers"][0].clone();
    let work = stage.text("work");
    fs::create_dir_all(&work).unwrap();
    let read_only = "mount --bind \"$WORK\" \"$WORK\" && mount -o remount,bind,ro / && ! touch \
                     \"$WORK/../x\" 2> /dev/null && exec \"$@\"";
    let mut pod = stage.command("unshare", &["-rm", "sh", "-c", read_only, "sh"]);
    for part in ["command", "args"] {
        for word in container[part].as_array().unwrap() {
            let word = word.as_str().unwrap();
            pod.arg(
                word.replace("cluster-abc234defgh", stage.id())
                    .replace("/etc/hsmboot", &stage.text("repo"))
                    .replace("/work", &work),
            );
        }
    }
    for variable in container["env"].as_array().unwrap() {
        let text = |name: &str| variable[name].as_str().unwrap().to_owned();
        pod.env(text("name"), text("value"));
    }
    // What EKS puts into the pod of a service account with a role.
    fs::write(stage.path("token"), "a.token.of-nobody").unwrap();
    pod.env("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/hsm-submit")
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", stage.path("token"))
        .env("AWS_ENDPOINT_URL_STS", moto().url())
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .env("HSMBOOT_AWS_ROOT", stage.path("roots/aws-root.crt"))
        .env("WORK", &work);
    Done::from(pod.output().unwrap())
}

fn its_container_claims_a_cluster_and_then_nothing() {
    let stage = Stage::new(1);
    let done = container(&stage).ends(0, "").json();
    assert_eq!(
        (&done["outcome"], &done["changed"]),
        (&"claimed".into(), &true.into())
    );
    assert!(stage.path("work/bundle/receipt.json").exists());
    let again = container(&stage).ends(0, "").json();
    assert_eq!(again["changed"], false);
    // The next pod has another directory, and another owner is refused.
    fs::remove_dir_all(stage.path("work")).unwrap();
    assert_eq!(container(&stage).ends(0, "").json()["changed"], false);
    stage.make_ca("other", OTHER_KEY);
    stage.name_owner("other");
    container(&stage).ends(8, "claimed-by-another-ca");
    assert_eq!(stage.claims(), 1);
}

/// 6 is both: the container says 1 where another try helps nothing.
fn what_does_not_pass_by_itself_is_not_tried_again() {
    let stage = Stage::new(1);
    let fail = |fault, times| {
        let action = Some("DescribeClusters");
        stage.simulator.inject_fault(action, fault, times);
    };
    fail(InjectedFault::AccessDenied, 1);
    let denied = container(&stage).ends(1, "").json();
    assert_eq!(denied["error"]["kind"], "access-denied");
    assert_eq!(denied["error"]["code"], 6);
    // More often than the SDK tries by itself.
    fail(InjectedFault::Throttling, 50);
    let throttled = container(&stage).ends(6, "").json();
    assert_eq!(throttled["error"]["retry"], "same-command");
    assert_eq!(stage.claims(), 0);
}

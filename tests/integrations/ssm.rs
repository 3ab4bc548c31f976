//! The document in `packaging/aws/ssm-claim.yaml`, in the simulator of @cdklabs/cdk-ssm-documents,
//! with this program as the function that it invokes.
//!
//! Approvals are letters here, and the steps that judge run as real Python.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::done::Done;
use super::stage::{OTHER_KEY, PROGRAM, Stage, blocks, node_module, project};

pub(super) const TESTS: [(&str, fn()); 5] = [
    (
        "ssm::who_starts_it_chooses_the_cluster_alone",
        who_starts_it_chooses_the_cluster_alone,
    ),
    (
        "ssm::two_approve_and_the_cluster_is_claimed_once",
        two_approve_and_the_cluster_is_claimed_once,
    ),
    (
        "ssm::one_rejects_and_nothing_is_claimed",
        one_rejects_and_nothing_is_claimed,
    ),
    (
        "ssm::what_the_function_refuses_fails_the_execution",
        what_the_function_refuses_fails_the_execution,
    ),
    ("ssm::the_document_is_one", the_document_is_one),
];

const DOCUMENT: &str = "packaging/aws/ssm-claim.yaml";

/// The parameters of the page's example, for this stage's cluster.
fn parameters(stage: &Stage) -> Value {
    let page = &blocks("docs/runbooks/ssm.md", "json")[0];
    assert!(page.lines().count() <= 10, "ten lines");
    let example: Value = serde_json::from_str(page).unwrap();
    let mut parameters = json!({});
    for (name, values) in example["Parameters"].as_object().unwrap() {
        parameters[name] = values[0].clone();
    }
    parameters["Cluster"] = stage.id().into();
    parameters
}

/// What whoever installs the document writes into it, for this stage's owner.
fn settings(stage: &Stage) -> Value {
    let shown = stage.hsmboot(&["ca", "show", "repo/customerCA.crt", "--output", "json"]);
    json!({
        "FunctionName": "arn:aws:lambda:eu-central-1:111122223333:function:hsmboot",
        "CaKey": super::stage::KEY,
        "Ca": fs::read_to_string(stage.path("repo/customerCA.crt")).unwrap(),
        "CaSha256": shown.json()["sha256"],
        "Approvers": "arn:aws:iam::111122223333:role/hsm-a arn:aws:iam::111122223333:role/hsm-b",
    })
}

/// Installs the document with these settings, and returns where it is.
fn install(stage: &Stage, settings: &Value) -> PathBuf {
    let edit = "import json, sys, yaml\n\
                document = yaml.safe_load(open(sys.argv[1]))\n\
                step = document['mainSteps'][0]\n\
                assert step['name'] == 'settings'\n\
                told = json.loads(sys.argv[2])\n\
                assert told.keys() == step['inputs']['InputPayload'].keys()\n\
                step['inputs']['InputPayload'] = told\n\
                print(yaml.safe_dump(document, sort_keys=False))";
    let document = project(DOCUMENT);
    let mut python = stage.command("python3", &["-c", edit]);
    python.arg(document).arg(settings.to_string());
    let place = stage.path("installed.yaml");
    let edited = Done::from(python.output().unwrap()).ends(0, "");
    fs::write(&place, edited.stdout).unwrap();
    place
}

/// What came of an execution, with these answers of whoever is asked.
fn execute(stage: &Stage, decisions: &str) -> Value {
    execute_with(stage, &settings(stage), &parameters(stage), decisions)
}

/// The same of a document that is installed otherwise, or started otherwise.
fn execute_with(stage: &Stage, settings: &Value, parameters: &Value, decisions: &str) -> Value {
    execute_document(stage, &install(stage, settings), parameters, decisions)
}

fn execute_document(stage: &Stage, document: &Path, parameters: &Value, decisions: &str) -> Value {
    let script = project("tests/integrations/ssm.js");
    let invoke = project("tests/integrations/invoke.py");
    let mut node = stage.command("node", &[script.to_str().unwrap()]);
    node.arg(node_module("").expect("HSMBOOT_INTEGRATIONS names no directory"))
        .arg(document)
        .args([&parameters.to_string(), decisions, "python3"])
        .args([invoke.to_str().unwrap(), PROGRAM])
        .env("HSMBOOT_AWS_ROOT", stage.path("roots/aws-root.crt"));
    if stage.path("roots/manufacturer-root.crt").exists() {
        let root = stage.path("roots/manufacturer-root.crt");
        node.env("HSMBOOT_MANUFACTURER_ROOT", root);
    }
    let done = Done::from(node.output().unwrap());
    let result = done.stdout.lines().rev().find(|line| line.starts_with('{'));
    let result = result.unwrap_or_else(|| panic!("{}\n{}", done.stdout, done.stderr));
    serde_json::from_str(result).unwrap()
}

/// Asserts how it ended: well or not, with this step as the last, after so many people were asked.
#[track_caller]
fn ended(result: &Value, well: bool, last: &str, asked: usize) {
    let steps = result["executedSteps"].as_array().unwrap();
    assert_eq!(steps.last().unwrap(), last, "{result:#}");
    assert_eq!(result["responseCode"] == 0, well, "{result:#}");
    assert_eq!(
        result["asked"].as_array().unwrap().len(),
        asked,
        "{result:#}"
    );
}

fn two_approve_and_the_cluster_is_claimed_once() {
    let stage = Stage::new(1);
    let result = execute(&stage, "yy");
    ended(&result, true, "judgeClaim", 2);
    assert_eq!(stage.claims(), 1);
    let summary = format!("{} is claimed", stage.id());
    assert_eq!(result["outputs"]["judgeClaim.Summary"], summary.as_str());
    // What was asked about is what `ca show` prints.
    let shown = stage.hsmboot(&["ca", "show", "repo/customerCA.crt", "--output", "json"]);
    let fingerprint = result["outputs"]["judgeLook.Fingerprint"].as_str().unwrap();
    assert!(shown.stdout.contains(fingerprint), "{}", shown.stdout);
    let again = execute(&stage, "");
    ended(&again, true, "nothingToDo", 0);
    assert_eq!(stage.claims(), 1);
}

fn one_rejects_and_nothing_is_claimed() {
    let stage = Stage::new(1);
    for decisions in ["yn", "ny", "nn"] {
        let result = execute(&stage, decisions);
        ended(&result, false, "rejected", 2);
        let commands: Vec<&Value> = result["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| &event["command"])
            .collect();
        assert_eq!(commands, ["plan"]);
    }
    assert_eq!(stage.claims(), 0);
}

fn what_the_function_refuses_fails_the_execution() {
    let stage = Stage::new(1);
    // 5: the key is another CA's. It shows when somebody has approved.
    let mut other = settings(&stage);
    other["CaKey"] = OTHER_KEY.into();
    let started = parameters(&stage);
    let result = execute_with(&stage, &other, &started, "yy");
    ended(&result, false, "judgeClaim", 2);
    // A text that another reader could take another certificate from. Nobody is asked.
    let ca = settings(&stage)["Ca"].as_str().unwrap().to_owned();
    let quoted: String = ca.lines().map(|line| format!("> {line}\n")).collect();
    for text in [
        format!("{quoted}{ca}"),
        format!("text\n{}", ca.replace('\n', "\r\n")),
        format!("{}{ca}", ca.replace(" CERTIFICATE", " X509 CERTIFICATE")),
    ] {
        let mut unclear = settings(&stage);
        unclear["Ca"] = text.into();
        let result = execute_with(&stage, &unclear, &started, "yy");
        ended(&result, false, "judgeLook", 0);
    }
    // 6: an unknown cluster. Nobody is asked.
    let mut unknown = parameters(&stage);
    unknown["Cluster"] = "cluster-unknowncluster".into();
    let result = execute_with(&stage, &settings(&stage), &unknown, "yy");
    ended(&result, false, "judgeLook", 0);
    assert_eq!(stage.claims(), 0);
    // 8: somebody else's.
    ended(&execute(&stage, "yy"), true, "judgeClaim", 2);
    stage.make_ca("other", OTHER_KEY);
    stage.name_owner("other");
    let result = execute(&stage, "yy");
    ended(&result, false, "judgeLook", 0);
    // 3: no root vouches for the HSM.
    let unproven = Stage::new(1);
    fs::remove_file(unproven.path("roots/manufacturer-root.crt")).unwrap();
    let result = execute(&unproven, "yy");
    ended(&result, false, "judgeLook", 0);
    assert_eq!((stage.claims(), unproven.claims()), (1, 0));
}

/// Owner, key, function and approvers are the document's, and no execution's. What is not filled
/// in, or does not fit, fails before anybody is asked.
fn who_starts_it_chooses_the_cluster_alone() {
    let stage = Stage::new(1);
    let (good, started) = (settings(&stage), parameters(&stage));
    let names: Vec<&String> = started.as_object().unwrap().keys().collect();
    assert_eq!(names, ["AutomationAssumeRole", "Cluster"]);
    let result = execute_document(&stage, &project(DOCUMENT), &started, "yy");
    ended(&result, false, "settings", 0);
    for name in good.as_object().unwrap().keys() {
        let mut unedited = good.clone();
        unedited[name] = if name == "Approvers" {
            "arn:aws:iam::111122223333:role/hsm-a EDIT".into()
        } else {
            "EDIT".into()
        };
        let result = execute_with(&stage, &unedited, &started, "yy");
        ended(&result, false, "settings", 0);
    }
    let mut alone = good.clone();
    alone["Approvers"] = ["arn:aws:iam::111122223333:role/hsm-a"; 2].join(" ").into();
    let result = execute_with(&stage, &alone, &started, "yy");
    ended(&result, false, "settings", 0);
    let mut another = good.clone();
    another["CaSha256"] = "ab".repeat(32).into();
    let result = execute_with(&stage, &another, &started, "yy");
    ended(&result, false, "judgeLook", 0);
    assert_eq!(stage.claims(), 0);
}

/// What Systems Manager asks of a document's form, and what this one promises.
fn the_document_is_one() {
    let stage = Stage::new(0);
    let text = fs::read_to_string(project(DOCUMENT)).unwrap();
    let read = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.argv[1])))";
    let mut python = stage.command("python3", &["-c", read, &text]);
    let document = Done::from(python.output().unwrap()).ends(0, "").json();
    assert_eq!(document["schemaVersion"], "0.3");
    let chosen: Vec<&String> = document["parameters"].as_object().unwrap().keys().collect();
    assert_eq!(chosen, ["AutomationAssumeRole", "Cluster"]);
    let members: BTreeSet<&str> = document
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let known = [
        "assumeRole",
        "description",
        "mainSteps",
        "outputs",
        "parameters",
        "schemaVersion",
    ];
    assert_eq!(members, BTreeSet::from(known));
    let steps = document["mainSteps"].as_array().unwrap();
    let names: BTreeSet<&str> = steps
        .iter()
        .map(|step| step["name"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), steps.len(), "two of one name");
    let allowed = [
        "name",
        "action",
        "inputs",
        "isEnd",
        "nextStep",
        "onFailure",
        "outputs",
        "timeoutSeconds",
    ];
    let mut references = BTreeSet::new();
    for step in steps {
        for member in step.as_object().unwrap().keys() {
            assert!(allowed.contains(&member.as_str()), "{member} in {step:#}");
        }
        if step["action"] == "aws:branch" {
            assert!(names.contains(step["inputs"]["Default"].as_str().unwrap()));
            for choice in step["inputs"]["Choices"].as_array().unwrap() {
                assert!(
                    names.contains(choice["NextStep"].as_str().unwrap()),
                    "{choice}"
                );
            }
        }
        if step["action"] == "aws:approve" {
            assert_eq!(step["inputs"]["MinRequiredApprovals"], 2);
        }
        if step["action"] == "aws:invokeLambdaFunction" {
            assert!(step["timeoutSeconds"].as_u64().unwrap() <= 300);
        }
    }
    // Each name between braces is a parameter, or what a step before has put out.
    for part in text.split("{{ ").skip(1) {
        references.insert(part.split_once(" }}").unwrap().0);
    }
    for name in &references {
        let step = name.split('.').next().unwrap();
        let declared = document["parameters"].get(name).is_some() || names.contains(step);
        assert!(declared, "{name}");
    }
    for name in document["parameters"].as_object().unwrap().keys() {
        assert!(references.contains(name.as_str()), "{name} is not used");
    }
    // The service's emulation takes it, too.
    let mut create = stage.command(
        "aws",
        &["ssm", "create-document", "--name", "hsmboot-claim"],
    );
    create
        .args(["--document-type", "Automation", "--document-format", "YAML"])
        .args([
            "--content",
            &format!("file://{}", project(DOCUMENT).display()),
        ])
        .args(["--region", "eu-central-1"])
        .env("AWS_ENDPOINT_URL_SSM", super::stage::moto().url());
    Done::from(create.output().unwrap()).ends(0, "hsmboot-claim");
}

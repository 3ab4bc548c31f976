//! The cluster that a document is about stands at its top, in success and in failure.

use super::*;

/// What a command's document is about.
#[derive(Clone, Copy, Debug, PartialEq)]
enum About {
    /// One cluster: each document says which, but a failure before it was known.
    Cluster,
    /// A cluster, where one was named or is known: a backup's, or one among all.
    Perhaps,
    /// None, or all of an account.
    None,
}

/// Every command that has a document.
const COMMANDS: [(&str, About); 46] = [
    ("backup-copy", About::Perhaps),
    ("backup-delete", About::Perhaps),
    ("backup-list", About::Perhaps),
    ("backup-modify", About::Perhaps),
    ("backup-policy-delete", About::Perhaps),
    ("backup-policy-get", About::Perhaps),
    ("backup-policy-put", About::Perhaps),
    ("backup-restore", About::Perhaps),
    ("bootstrap", About::Cluster),
    ("ca-init", About::None),
    ("ca-show", About::None),
    ("check", About::Perhaps),
    ("cluster-create", About::Cluster),
    ("cluster-delete", About::Cluster),
    ("cluster-list", About::None),
    ("cluster-modify", About::Cluster),
    ("cluster-show", About::Cluster),
    ("completions", About::None),
    ("config-show", About::None),
    ("fetch", About::Cluster),
    ("handover", About::Cluster),
    ("hsm-create", About::Cluster),
    ("hsm-delete", About::Cluster),
    ("import", About::Cluster),
    ("lambda", About::None),
    ("man", About::None),
    ("pack", About::Cluster),
    ("plan", About::Perhaps),
    ("qr-read", About::Cluster),
    ("qr-show", About::Cluster),
    ("report", About::Cluster),
    ("roots", About::None),
    ("roots-show", About::None),
    ("sign", About::Cluster),
    ("simulate", About::None),
    ("status", About::Perhaps),
    ("submit", About::Cluster),
    ("tag-add", About::Perhaps),
    ("tag-list", About::Perhaps),
    ("tag-remove", About::Perhaps),
    ("transcript-show", About::Cluster),
    ("transcript-verify", About::Cluster),
    ("unpack", About::Cluster),
    ("verify", About::Cluster),
    ("version", About::None),
    ("wait", About::Cluster),
];

fn about(command: &str) -> About {
    let found = COMMANDS.iter().find(|(name, _)| *name == command);
    found
        .unwrap_or_else(|| panic!("say in COMMANDS what `{command}` is about"))
        .1
}

/// The branches of a schema that are documents, with what they refer to resolved: each with its
/// members and those that it demands.
fn branches(name: &str, node: &Value) -> Vec<(Vec<String>, Vec<String>)> {
    if let Some(choices) = node["anyOf"].as_array() {
        return choices
            .iter()
            .flat_map(|choice| branches(name, choice))
            .collect();
    }
    let words = |value: Vec<&str>| value.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let members = node["properties"].as_object();
    let mut members = words(
        members
            .into_iter()
            .flatten()
            .map(|(k, _)| k.as_str())
            .collect(),
    );
    let demanded = node["required"].as_array();
    let mut demanded = words(
        demanded
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect(),
    );
    let Some(target) = node["$ref"].as_str() else {
        return vec![(members, demanded)];
    };
    let (file, place) = target.split_once('#').unwrap_or((target, ""));
    let file = if file.is_empty() { name } else { file };
    let schema = &all()[file];
    let inner = branches(file, schema.pointer(place).unwrap());
    inner
        .into_iter()
        .map(|(more, needed)| {
            members.extend(more);
            demanded.extend(needed);
            (members.clone(), demanded.clone())
        })
        .collect()
}

#[test]
fn every_schema_has_the_cluster_at_the_top() {
    for (name, schema) in all() {
        let Some(command) = name
            .strip_prefix("output-")
            .and_then(|name| name.strip_suffix(".schema.json"))
        else {
            continue;
        };
        let about = about(command);
        for (members, demanded) in branches(&name, &schema) {
            let has = |list: &[String], name: &str| list.iter().any(|member| member == name);
            if has(&members, "bundles") || about == About::None {
                continue;
            }
            assert!(has(&members, "cluster_id"), "{command}: {members:?}");
            let is_failure = members.len() < 4 && has(&demanded, "error");
            assert!(
                about != About::Cluster || is_failure || has(&demanded, "cluster_id"),
                "{command}: {members:?} without cluster_id"
            );
        }
    }
}

/// Asserts that a document has its cluster at the top: every success, and every failure of a
/// command that was given a bundle which is there, or a cluster's id.
#[track_caller]
pub(super) fn is_at_the_top(command: &str, words: &[&str], document: &Value) {
    let is_failure = document.get("error").is_some();
    let is_wrong_line = document["error"]["code"] == 2;
    let names_one = words.iter().any(|word| {
        let word = word.rsplit('/').next().unwrap_or_default();
        word == "bundle" || word.starts_with("cluster-") && !word.contains('_')
    });
    let must = match about(command) {
        About::Cluster => !is_failure || names_one && !is_wrong_line,
        About::Perhaps => command == "status" && names_one && !is_wrong_line,
        About::None => false,
    };
    if must && document.get("bundles").is_none() {
        assert!(
            document["cluster_id"].is_string(),
            "{words:?}: {document:#}"
        );
    }
}

#[test]
fn a_failure_says_which_cluster_it_is_about() {
    let place = Place::new();
    let id = "cluster-hsmboottest";
    let failed = |schema: &str, words: &[&str], code| {
        let document = place.says(schema, words, code);
        assert_eq!(document["cluster_id"], id, "{words:?}: {document:#}");
        assert_eq!(
            document.as_object().unwrap().keys().next().unwrap(),
            "cluster_id"
        );
    };
    place.document(&CA_INIT, 0);
    failed("verify", &["verify", "bundle"], 3);
    failed("sign", &SIGN, 3);
    failed("handover", &["handover", "bundle", "--out", "x"], 4);
    failed("transcript-verify", &["transcript", "verify", "bundle"], 4);
    fs::write(place.path("bundle/customerCA.key"), "x").unwrap();
    failed("pack", &["pack", "bundle", "-o", "x.hsmboot"], 4);
    let csr = format!("bundle/{id}_ClusterCsr.csr");
    let check = [
        "check",
        "--csr",
        &csr,
        "--signed-cert",
        &csr,
        "--ca",
        "nowhere",
    ];
    failed("check", &check, 4);
    // Of several, each has its own.
    let both = place.says("verify", &["verify", "bundle", "nowhere"], 3);
    assert_eq!(both["bundles"][0]["cluster_id"], id);
    assert!(both.get("cluster_id").is_none());
}

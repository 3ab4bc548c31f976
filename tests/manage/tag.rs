use serde_json::json;

use super::stage::{NOBODY, Stage};

#[test]
fn tags_are_added_changed_listed_and_removed() {
    let stage = Stage::new();
    let id = stage.cluster();
    stage
        .run(&["tag", "list", "--resource-id", &id])
        .ends(0, "has no tags");
    stage
        .run(&[
            "tag",
            "add",
            "--resource-id",
            &id,
            "--tag",
            "b=1",
            "--tag",
            "a=x=y",
            "--tag",
            "Größe=",
        ])
        .ends(0, "a=x=y");
    stage
        .run(&["tag", "add", "--resource-id", &id, "--tag", "b=2"])
        .ends(0, "b=2");
    let listed = stage.json(&["tag", "list", "--resource-id", &id, "--page-size", "1"]);
    assert_eq!(
        listed["tags"],
        serde_json::json!([
            {"key": "Größe", "value": ""}, {"key": "a", "value": "x=y"}, {"key": "b", "value": "2"}
        ])
    );
    stage.fails(
        &["tag", "remove", "--resource-id", &id, "--key", "a"],
        2,
        "consent-missing",
    );
    stage
        .run(&[
            "tag",
            "remove",
            "--resource-id",
            &id,
            "--key",
            "a",
            "--key",
            "Größe",
            "--yes",
        ])
        .ends(0, "no longer has");
    stage
        .run(&["tag", "list", "--resource-id", &id])
        .ends(0, "KEY  VALUE\nb    2\n");
}

#[test]
fn tags_of_nothing_are_not_found() {
    let stage = Stage::new();
    for words in [
        vec!["list"],
        vec!["add", "--tag", "a=1"],
        vec!["remove", "--key", "a", "--yes"],
    ] {
        stage.fails(
            &[&["tag"], &words[..], &["--resource-id", NOBODY]].concat(),
            6,
            "resource-not-found",
        );
    }
}

/// `changed` is said of what the service showed before: a second run changes nothing, and sends
/// nothing.
#[test]
fn tags_that_are_so_already_change_nothing() {
    let stage = Stage::new();
    let (cluster, backup) = super::backup::backed_up(&stage);
    for id in [cluster, backup] {
        let of = ["--resource-id", &id];
        let add = |more: &[&str]| stage.json(&[&["tag", "add"], &of[..], more].concat());
        let remove =
            |more: &[&str]| stage.json(&[&["tag", "remove", "--yes"], &of[..], more].concat());
        let two = ["--tag", "a=1", "--tag", "b="];
        assert_eq!(add(&two)["changed"], true);
        let sent = (stage.calls("TagResource"), stage.calls("UntagResource"));
        let again = add(&two);
        assert_eq!(
            (&again["changed"], &again["added"], &again["summary"]),
            (
                &false.into(),
                &json!([]),
                &format!("{id} has these tags already; nothing was changed").into()
            )
        );
        let gone = remove(&["--key", "c", "--key", "A"]);
        assert_eq!(
            (&gone["changed"], &gone["removed"]),
            (&false.into(), &json!([])),
            "keys differ by the case of letters"
        );
        assert_eq!(
            (stage.calls("TagResource"), stage.calls("UntagResource")),
            sent
        );
        // What is new, and what has another value, is told; the rest is left out.
        let some = add(&["--tag", "a=1", "--tag", "b=2", "--tag", "c="]);
        assert_eq!(
            (&some["changed"], &some["added"]),
            (
                &true.into(),
                &json!([{"key": "b", "value": "2"}, {"key": "c", "value": ""}])
            )
        );
        let some = remove(&["--key", "b", "--key", "d"]);
        assert_eq!(
            (&some["changed"], &some["removed"]),
            (&true.into(), &json!(["b"]))
        );
    }
}

/// Nobody is asked about what is not there.
#[test]
fn nothing_is_asked_where_there_is_nothing_to_remove() {
    let stage = Stage::new();
    let id = stage.cluster();
    let (ended_well, screen) = super::stage::at_a_terminal(
        &stage,
        "",
        &["tag", "remove", "--resource-id", &id, "--key", "a"],
    );
    assert!(ended_well && !screen.contains("type yes"), "{screen}");
}

#[test]
fn a_resource_is_named_by_its_id_or_its_arn_as_an_argument_or_as_an_option() {
    let stage = Stage::new();
    let (cluster, backup) = super::backup::backed_up(&stage);
    for (kind, id) in [("cluster", &cluster), ("backup", &backup)] {
        let arn = format!("arn:aws:cloudhsm:us-east-1:123456789012:{kind}/{id}");
        for name in [
            vec![id.as_str()],
            vec![&arn],
            vec!["--resource-id", id],
            vec!["--resource-id", &arn],
        ] {
            let added = [&["tag", "add", "--tag", "a=b"], &name[..]].concat();
            assert_eq!(stage.json(&added)["resource_id"], id.as_str());
            let listed = stage.json(&[&["tag", "list"], &name[..]].concat());
            assert_eq!(listed["tags"][0]["key"], "a", "{name:?}");
            let removed = [&["tag", "remove", "--key", "a", "--yes"], &name[..]].concat();
            assert_eq!(stage.json(&removed)["changed"], true);
        }
        let elsewhere = ["tag", "list", &arn, "--region", "eu-west-1"];
        stage.fails(&elsewhere, 2, "contradicting-region");
        let twice = stage.json(&["tag", "list", id, "--resource-id", id]);
        assert_eq!(twice["resource_id"], id.as_str());
        let other = ["tag", "list", id, "--resource-id", "cluster-aaaaaaaaaaa"];
        stage.fails(&other, 2, "usage");
    }
    for wrong in [
        "arn:aws:cloudhsm:us-east-1:123456789012:cluster/backup-aaaaaaaaaaa",
        "arn:aws:cloudhsm:us-east-1:123456789012:hsm/hsm-aaaaaaaaaaa",
        "hsm-aaaaaaaaaaa",
    ] {
        stage.fails(&["tag", "list", wrong], 2, "usage");
    }
    stage.fails(&["tag", "list"], 2, "usage");
}

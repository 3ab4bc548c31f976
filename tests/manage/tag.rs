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

//! The workflows of the repository: what they run is there, and what is said to run is run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::{pages, read, root};

/// The text of each, by its file's name.
fn workflows() -> BTreeMap<String, String> {
    fs::read_dir(root().join(".github/workflows"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// The lines that are no comments.
fn orders(workflow: &str) -> impl Iterator<Item = &str> {
    workflow
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
}

/// What a line `key: value` of this key says, in this workflow.
fn values<'a>(workflow: &'a str, key: &str) -> Vec<&'a str> {
    orders(workflow)
        .filter_map(|line| line.trim_start().strip_prefix(key))
        .filter_map(|rest| rest.strip_prefix(": "))
        .collect()
}

#[test]
fn each_script_that_a_workflow_names_is_there() {
    let mut found = 0;
    for (name, workflow) in workflows() {
        let words = orders(&workflow).flat_map(str::split_whitespace);
        for word in words {
            let ends = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '-' | '_'));
            let word = word.trim_matches(ends);
            let dirs = ["tests/", "packaging/", "fuzz/", "benches/"];
            if dirs.iter().any(|dir| word.starts_with(dir)) {
                // What a run leaves is there afterwards.
                let left = word.starts_with("fuzz/artifacts");
                assert!(left || root().join(word).exists(), "{name}: {word}");
                found += 1;
            }
        }
    }
    assert!(found > 5, "{found}");
}

/// Each kind of test that takes a machine of its own has one.
#[test]
fn each_of_these_is_run_by_a_workflow() {
    let all: Vec<String> = workflows().into_values().collect();
    for command in [
        "tests/run",
        "tests/mutation/run --in-diff",
        "fuzz/run 30",
        "packaging/release",
        "packaging/verify-build",
    ] {
        let run = |workflow: &String| {
            orders(workflow).any(|line| {
                line.trim_start()
                    .trim_start_matches("- ")
                    .strip_prefix("run: ")
                    .is_some_and(|run| run.starts_with(command))
            })
        };
        assert!(all.iter().any(run), "no workflow runs {command}");
    }
}

#[test]
fn each_workflow_is_told_of() {
    let text: String = pages()
        .iter()
        .map(|page| read(page.to_str().unwrap()))
        .collect();
    for name in workflows().keys() {
        let (short, _) = name.split_once('.').unwrap();
        assert!(
            text.contains(&format!("workflow `{short}`"))
                || text.contains(&format!(".github/workflows/{name}")),
            "no page tells of {name}"
        );
    }
}

/// gh has refused what this workflow once gave it: the text of a tag, of another repository than
/// the one that is checked out. Nothing is checked out there.
#[test]
fn the_draft_of_a_release_is_made_of_what_its_job_has() {
    let workflow = read(".github/workflows/release.yml");
    let (files, draft) = workflow.split_once("\n  draft:").unwrap();
    assert!(!draft.contains("actions/checkout"));
    let create = orders(draft)
        .find(|line| line.contains("gh release create"))
        .unwrap();
    for option in ["--repo ", "--draft ", "--verify-tag ", "--notes-file "] {
        assert!(create.contains(option), "{create}");
    }
    assert!(!create.contains("--notes-from-tag"), "{create}");
    let (_, after) = create.split_once("--notes-file ").unwrap();
    let notes = after.split(' ').next().unwrap();
    assert_eq!(notes, "release-notes.md");
    // packaging/release writes it, the first job hands it on, and the second takes it.
    let written = format!("target/{notes}");
    assert!(read("packaging/release").contains(&format!(" >{written}\n")));
    assert!(values(files, "path").contains(&written.as_str()));
    for artifact in values(draft, "name") {
        assert!(values(files, "name").contains(&artifact), "{artifact}");
    }
}

#[test]
fn the_image_that_a_release_is_built_in_is_the_one_that_is_recorded() {
    let workflow = read(".github/workflows/release.yml");
    let image = values(&workflow, "image");
    assert_eq!(image.len(), 1, "{image:?}");
    assert_eq!(values(&workflow, "HSMBOOT_BUILD_IMAGE"), image);
    let told = format!("the container image `{}`", image[0]);
    assert!(read("docs/releases.md").contains(&told), "{told}");
}

/// What the script calls the core is what the workflow looks at.
#[test]
fn the_core_whose_mutants_are_tried_is_the_workflows() {
    let script = fs::read_to_string(root().join("tests/mutation/run")).unwrap();
    let (_, rest) = script.split_once("\nCORE = {\n").unwrap();
    let (core, _) = rest.split_once("\n}\n").unwrap();
    let files = |text: &str| -> BTreeSet<String> {
        let words = text.split('"').skip(1).step_by(2);
        words
            .filter(|word| word.starts_with("src/"))
            .map(str::to_owned)
            .collect()
    };
    let workflow = workflows().remove("mutation.yml").unwrap();
    let paths = workflow.split_once("paths: [").unwrap().1;
    assert_eq!(files(core), files(paths.split_once(']').unwrap().0));
    assert!(files(core).len() > 10);
}

/// The database of advisories changes by itself, and not every change of ours can add one.
#[test]
fn advisories_are_looked_up_when_the_page_says() {
    let page = read("docs/releases.md");
    let (_, told) = page.split_once("The workflow `advisories` ").unwrap();
    let advisories = read(".github/workflows/advisories.yml");
    let paths = values(&advisories, "paths");
    assert_eq!(
        paths.len(),
        2,
        "for pushes and for pull requests: {paths:?}"
    );
    for path in paths
        .iter()
        .flat_map(|list| list.trim_matches(['[', ']']).split(", "))
    {
        assert!(told.contains(&format!("`{path}`")), "{path}: {told}");
    }
    assert!(advisories.contains(" schedule:\n") && told.contains("once a week"));
    assert!(!told.contains("every change"), "{told}");
    // A release is looked at before it is built.
    let release = read(".github/workflows/release.yml");
    let place = |word: &str| {
        orders(&release)
            .position(|line| line.contains(word))
            .unwrap()
    };
    assert!(place("check advisories") < place("run: packaging/release"));
    assert!(told.contains("The workflow `release` does so before it builds"));
}

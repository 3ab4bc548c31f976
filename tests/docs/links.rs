//! Every relative link leads somewhere.

use std::path::Path;

use super::{pages, read, root};

/// The text outside fenced blocks.
fn prose(text: &str) -> String {
    let mut inside = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if !inside {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// The targets of `[text](target)`.
fn targets(text: &str) -> Vec<String> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.to_owned())
        .collect()
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[test]
fn every_relative_link_leads_somewhere() {
    let mut broken = Vec::new();
    for page in pages() {
        let text = prose(&read(page.to_str().unwrap()));
        for target in targets(&text)
            .iter()
            .filter(|target| !target.starts_with("https://"))
        {
            let (path, fragment) = target
                .split_once('#')
                .map_or((target.as_str(), None), |(path, fragment)| {
                    (path, Some(fragment))
                });
            let file = if path.is_empty() {
                page.clone()
            } else {
                page.parent().unwrap_or(Path::new("")).join(path)
            };
            if !root().join(&file).is_file() {
                broken.push(format!("{}: {target}", page.display()));
            } else if let Some(fragment) = fragment {
                let there = prose(&read(file.to_str().unwrap()));
                if !there
                    .lines()
                    .filter(|line| line.starts_with('#'))
                    .any(|line| anchor(line) == fragment)
                {
                    broken.push(format!("{}: no heading for {target}", page.display()));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_page_is_reached_from_the_readme() {
    let text = read("README.md");
    let index = read("docs/commands.md");
    // The fixtures' page is reached from the tests', and a command's from the commands' index.
    for page in pages().iter().filter(|page| {
        ![Path::new("README.md"), Path::new("fixtures/README.md")].contains(&page.as_path())
    }) {
        if let Ok(name) = page.strip_prefix("docs/commands") {
            assert!(index.contains(&format!("(commands/{})", name.display())));
            continue;
        }
        assert!(
            text.contains(&format!("({})", page.display())),
            "README.md does not link {}",
            page.display()
        );
    }
}

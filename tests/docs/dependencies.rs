//! docs/dependencies.md has a row for each direct dependency, and none for anything else, and says
//! how many crates the air-gapped build has; and each dependency is named in the code of its kind.
//! What the compiler sees of that, tests/run asks it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{pages, read, root};

/// The names under a heading of Cargo.toml, as `[dependencies]`.
fn declared(heading: &str) -> BTreeSet<String> {
    read("Cargo.toml")
        .lines()
        .skip_while(|line| *line != heading)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(" = "))
        .filter(|(name, _)| {
            name.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        })
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// The crates that the page's tables name, under these headings or under all others.
fn listed(of_tests: bool) -> BTreeSet<String> {
    let page = read("docs/dependencies.md");
    let mut under = "";
    let mut names = BTreeSet::new();
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            under = heading;
        }
        let name = line
            .strip_prefix("| `")
            .and_then(|row| row.split('`').next());
        if let Some(name) = name.filter(|_| (under == "In tests and benchmarks") == of_tests) {
            assert!(names.insert(name.to_owned()), "{name} is there twice");
        }
    }
    names
}

fn sources(path: &Path, text: &mut String) {
    if path.is_dir() {
        let mut entries: Vec<PathBuf> = fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        entries.sort();
        entries.iter().for_each(|entry| sources(entry, text));
    } else if path.extension().is_some_and(|end| end == "rs") {
        for line in fs::read_to_string(path).unwrap().lines() {
            if !line.trim_start().starts_with("//") {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
}

/// The Rust code below these directories, without comments.
fn code(roots: &[&str]) -> String {
    let mut text = String::new();
    for root in roots {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(root), &mut text);
    }
    text
}

/// Whether a path of the code begins with this crate, or its macros are used.
fn names(code: &str, package: &str) -> bool {
    let name = package.replace('-', "_");
    let name = if name == "md_5" { "md5" } else { &name };
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = &code[at + name.len()..];
        let is_whole = !before.is_some_and(|c| c.is_alphanumeric() || c == '_');
        is_whole
            && ["::", ";", "!", " as "]
                .iter()
                .any(|next| after.starts_with(next))
    })
}

#[test]
fn the_page_of_dependencies_has_a_row_for_each_and_no_other() {
    assert_eq!(listed(false), declared("[dependencies]"));
    assert_eq!(listed(true), declared("[dev-dependencies]"));
}

#[test]
fn each_dependency_is_named_in_the_code_of_its_kind() {
    let of_tests = code(&["tests", "benches", "src"]);
    for (heading, code) in [
        ("[dependencies]", code(&["src", "build.rs"])),
        ("[dev-dependencies]", of_tests),
    ] {
        let unused: Vec<String> = declared(heading)
            .into_iter()
            .filter(|name| !names(&code, name))
            .collect();
        assert!(unused.is_empty(), "{heading}: nothing names {unused:?}");
    }
}

/// Name and version of each package in a lock file.
fn locked(file: &str) -> BTreeSet<(String, String)> {
    let text = read(file);
    let value = |line: &str, key: &str| {
        let rest = line.strip_prefix(key)?.strip_prefix(" = \"")?;
        Some(rest.trim_end_matches('"').to_owned())
    };
    text.split("[[package]]\n")
        .skip(1)
        .map(|entry| {
            let find = |key| entry.lines().find_map(|line| value(line, key)).unwrap();
            (find("name"), find("version"))
        })
        .collect()
}

/// Whoever trusts the air-gapped tool trusts each of them.
const MOST_CRATES_OF_THE_OFFLINE_BUILD: usize = 97;

/// The crates of the air-gapped build, in the versions of Cargo.lock: name and version in a line.
fn offline_crates() -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--no-default-features"])
        .args(["--edges", "normal", "--prefix", "none"])
        .current_dir(root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| line.split(" (").next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_page_counts_the_crates_of_the_air_gapped_build() {
    let crates = offline_crates();
    let page = read("docs/dependencies.md");
    let counted = format!(
        "has {} crates, hsmboot among them, and none twice. It may have {} at most.",
        crates.len(),
        MOST_CRATES_OF_THE_OFFLINE_BUILD
    );
    assert!(page.contains(&counted), "not {counted:?}: {crates:#?}");
    assert!(crates.len() <= MOST_CRATES_OF_THE_OFFLINE_BUILD);
    let names: BTreeSet<&str> = crates
        .iter()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(names.len(), crates.len(), "one is there twice: {crates:#?}");
}

/// The number has one home. The changelog tells of its own time.
#[test]
fn no_other_page_counts_crates() {
    for page in pages() {
        let name = page.to_str().unwrap();
        if matches!(name, "CHANGELOG.md" | "docs/dependencies.md") {
            continue;
        }
        let text = read(name);
        let words: Vec<&str> = text.split_whitespace().collect();
        let counted = words.windows(2).find(|pair| {
            pair[0].bytes().all(|byte| byte.is_ascii_digit())
                && pair[1].trim_matches(|c: char| !c.is_alphanumeric()) == "crates"
        });
        assert!(counted.is_none(), "{name}: {counted:?}");
    }
}

/// `cp Cargo.lock fuzz/Cargo.lock`, and cargo in fuzz/ takes out what it does not need.
#[test]
fn what_is_fuzzed_has_the_versions_that_ship() {
    let shipped = locked("Cargo.lock");
    let of_fuzzing = ["arbitrary", "hsmboot-fuzz", "jobserver", "libfuzzer-sys"];
    let others: Vec<_> = locked("fuzz/Cargo.lock")
        .into_iter()
        .filter(|package| !of_fuzzing.contains(&package.0.as_str()) && !shipped.contains(package))
        .collect();
    assert!(others.is_empty(), "{others:?} are not in Cargo.lock");
    // And all that the library needs without features is there.
    let text = read("fuzz/Cargo.lock");
    for name in declared("[dependencies]") {
        let optional = read("Cargo.toml")
            .lines()
            .any(|line| line.starts_with(&format!("{name} = ")) && line.contains("optional"));
        assert!(
            optional || text.contains(&format!("name = \"{name}\"\n")),
            "{name} is not in fuzz/Cargo.lock"
        );
    }
}

/// What the published crate leaves out, no test or example that is in it is built of. What has a
/// Cargo.toml of its own, as fuzz/, cargo always leaves out.
#[test]
fn the_published_crate_has_all_that_it_is_built_of() {
    let output = Command::new(env!("CARGO"))
        .args(["package", "--list", "--offline", "--allow-dirty"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let listed = String::from_utf8(output.stdout).unwrap();
    let listed: BTreeSet<&str> = listed.lines().collect();
    let mut seen = 0;
    for file in listed.iter().filter(|file| file.ends_with(".rs")) {
        let text = read(file);
        for mark in ["#[path = \"", "include_str!(\"", "include_bytes!(\""] {
            for rest in text.split(mark).skip(1) {
                let named = rest.split('"').next().unwrap();
                let mut place: Vec<&str> = file.split('/').collect();
                place.pop();
                for part in named.split('/') {
                    match part {
                        ".." => drop(place.pop()),
                        _ => place.push(part),
                    }
                }
                let place = place.join("/");
                // A text of it in a test is no file.
                let is_one = root().join(&place).is_file();
                assert!(!is_one || listed.contains(&*place), "{file}: {named}");
                seen += usize::from(is_one);
            }
        }
    }
    assert!(seen > 100, "{seen}");
    // Nor does one read what is not there. Without the seeds the tests that read them are ignored.
    for file in listed.iter().filter(|file| file.starts_with("tests/")) {
        let reads = file.ends_with(".rs") && *file != "tests/support/seeds.rs";
        assert!(!reads || !read(file).contains("\"fuzz/"), "{file}");
    }
}

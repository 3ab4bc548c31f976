//! The pages for those who work on the program name files and things that there are, and
//! tests/README.md every suite.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{read, root};

/// The pages whose every path is a file or a directory of the project.
const PAGES: [&str; 6] = [
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
    "docs/architecture.md",
    "docs/facts.md",
    "tests/README.md",
];

/// What stands in backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// Whether this is a path from the project's root: it begins with one of its directories.
fn is_path(word: &str) -> bool {
    let dirs = [
        "src/",
        "tests/",
        "docs/",
        "fixtures/",
        "packaging/",
        "benches/",
        ".github/",
    ];
    dirs.iter().any(|dir| word.starts_with(dir)) && !word.contains([' ', '*', '<'])
}

/// The text outside fenced blocks.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

#[test]
fn every_path_that_they_name_is_there() {
    for page in PAGES {
        let text = prose(&read(page));
        let missing: Vec<_> = quoted(&text)
            .into_iter()
            .filter(|word| is_path(word) && !root().join(word).exists())
            .collect();
        assert!(missing.is_empty(), "{page} names {missing:?}");
    }
}

/// The rows of the recipes: files, and the words that are to be searched for in them.
fn recipes(page: &str) -> Vec<(Vec<&str>, Vec<&str>)> {
    let (_, recipes) = page.split_once("\n## To add a").unwrap();
    let rows = recipes.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        row.trim_matches(['|', ' '])
            .split_once(" | ")
            .unwrap_or_else(|| panic!("{row}"))
    })
    .map(|(files, words)| (quoted(files), quoted(words)))
    .collect()
}

#[test]
fn every_word_of_a_recipe_stands_in_its_files() {
    let page = read("docs/architecture.md");
    let recipes = recipes(&page);
    assert!(recipes.len() > 50, "{}", recipes.len());
    for (files, words) in recipes {
        let there = |file: &&str| fs::read_to_string(root().join(file)).ok();
        let text: String = files.iter().filter_map(there).collect();
        // A word of several is a command.
        for word in words
            .iter()
            .filter(|word| !word.contains(' '))
            .flat_map(|word| word.split("::"))
        {
            assert!(
                text.contains(word),
                "docs/architecture.md: no {word} in {files:?}"
            );
        }
    }
}

/// A new kind of CA key is one module, its row, its tests and its page.
#[test]
fn a_new_kind_of_ca_key_touches_few_files() {
    let page = read("docs/architecture.md");
    let (_, recipe) = page.split_once("\n### … kind of CA key").unwrap();
    let (recipe, _) = recipe.split_once("\n### ").unwrap();
    let rows = recipe.lines().filter(|line| line.starts_with("| `"));
    let files: BTreeSet<&str> = rows
        .flat_map(|row| quoted(row.split('|').nth(1).unwrap()))
        .collect();
    assert!((1..=8).contains(&files.len()), "{files:?}");
}

/// The other kinds of CA key are known to their modules and to the table of all alone. The
/// messages and help of the program are put together from that.
#[test]
fn the_code_names_no_scheme_of_a_ca_key_outside_its_module() {
    let modules = ["src/ca/key/pkcs11", "src/ca/key/kms"].map(|dir| root().join(dir));
    let table = root().join("src/ca/key/mod.rs");
    // Error kinds have sentences for docs/exit-codes.md, and examples stand in help.
    let told = ["src/error/kind.rs", "src/cli/ca.rs", "src/cli/sign.rs"].map(|f| root().join(f));
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    for file in files {
        if modules.iter().any(|dir| file.starts_with(dir)) || file == table || told.contains(&file)
        {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("\n#[cfg(test)]").next().unwrap();
        for line in code.lines().map(str::trim_start) {
            let names = ["pkcs11:", "awskms:"]
                .iter()
                .any(|scheme| line.contains(scheme));
            assert!(
                line.starts_with("//") || !names,
                "{}: {line}",
                file.display()
            );
        }
    }
}

fn rust_files(path: &Path, files: &mut Vec<std::path::PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            rust_files(&entry.unwrap().path(), files);
        }
    } else if path.extension().is_some_and(|ending| ending == "rs") {
        files.push(path.to_owned());
    }
}

/// The functions that clippy.toml tells people to use.
#[test]
fn every_function_that_clippy_names_is_there() {
    let config = read("clippy.toml");
    let named: BTreeSet<&str> = quoted(&config)
        .into_iter()
        .filter_map(|word| word.strip_prefix("crate::"))
        .filter(|path| {
            path.contains("::")
                && path
                    .chars()
                    .all(|c| c.is_alphanumeric() || "_:".contains(c))
        })
        .collect();
    assert!(!named.is_empty());
    for path in named {
        let (module, function) = path.rsplit_once("::").unwrap();
        let file = format!("src/{}.rs", module.replace("::", "/"));
        assert!(
            read(&file).contains(&format!("fn {function}(")),
            "no {path}"
        );
    }
}

/// A heading for each kind of change that is common.
#[test]
fn every_common_change_has_its_recipe() {
    let page = read("docs/architecture.md");
    for change in [
        "check of the HSM",
        "kind of CA key",
        "action or member of the API",
        "file of the bundle",
        "command",
        "hardware generation",
        "picture format",
    ] {
        assert!(
            page.contains(&format!("\n### … {change}")),
            "no recipe for a {change}"
        );
    }
}

/// What is in the table of the two proofs, and of the glossary, and is a type or its function.
#[test]
fn every_type_that_the_architecture_names_is_there() {
    let page = read("docs/architecture.md");
    let (before, _) = page.split_once("\n## To add a").unwrap();
    let mut code = Vec::new();
    super::threats::sources(&root().join("src"), &mut code);
    let before = prose(before);
    let begins = |word: &str| word.starts_with(|c: char| c.is_ascii_uppercase());
    for word in quoted(&before)
        .into_iter()
        .filter(|word| begins(word) && !word.contains(' '))
    {
        let (of, function) = word
            .split_once("::")
            .map_or((word, None), |(of, function)| (of, Some(function)));
        assert!(
            ["struct", "enum", "trait"].iter().any(|kind| code
                .iter()
                .any(|text| text.contains(&format!("{kind} {of}")))),
            "no type {of}"
        );
        // A function, or a variant.
        let ways = |name: &str| match begins(name) {
            true => [format!("    {name} "), format!("    {name},")],
            false => [format!("fn {name}("), format!("fn {name}<")],
        };
        if let Some(name) = function {
            assert!(
                code.iter().any(
                    |text| text.contains(of) && ways(name).iter().any(|way| text.contains(way))
                ),
                "no {word}"
            );
        }
    }
}

/// The suites: each file of tests/, and each directory there that is one.
fn suites() -> BTreeSet<String> {
    let entries = fs::read_dir(root().join("tests"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let is_suite = |path: &Path| {
        path.extension().is_some_and(|ending| ending == "rs") || path.join("main.rs").is_file()
    };
    entries
        .filter(|path| is_suite(path))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_page_of_the_suites_has_each_of_them_once() {
    let page = read("tests/README.md");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let named: Vec<String> = rows
        .flat_map(|row| quoted(row.split('|').nth(1).unwrap()))
        .map(str::to_owned)
        .collect();
    let expected: Vec<String> = suites().into_iter().collect();
    let mut found = named.clone();
    found.sort();
    assert_eq!(found, expected, "tests/README.md");
}

/// A test that a page runs by its name.
#[test]
fn every_test_that_is_run_by_name_is_there() {
    let lines: Vec<String> = ["CONTRIBUTING.md", "tests/README.md"]
        .into_iter()
        .flat_map(|page| read(page).lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let mut code = Vec::new();
    for dir in ["tests", "src"] {
        super::threats::sources(&root().join(dir), &mut code);
    }
    let mut seen = 0;
    for line in lines.iter().filter(|line| line.starts_with("cargo test ")) {
        let words: Vec<&str> = line.split(' ').skip(2).collect();
        for pair in words.windows(2).filter(|pair| pair[0] == "--test") {
            assert!(suites().contains(pair[1]), "{line}");
        }
        let last = *words.last().unwrap();
        if !last.starts_with('-') && words.iter().rev().nth(1) != Some(&"--test") {
            let name = last.trim_end_matches("::").rsplit("::").next().unwrap();
            assert!(
                code.iter().any(|text| text.contains(&format!("fn {name}"))
                    || text.contains(&format!("mod {name}"))),
                "{line}"
            );
            seen += 1;
        }
    }
    assert!(seen > 0);
}

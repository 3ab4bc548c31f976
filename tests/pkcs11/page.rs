//! docs/ca-keys.md: its `sh softhsm` blocks run as they stand, and print what the page says.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::hsm::module;

pub const TESTS: &[(&str, fn())] = &[(
    "the_page_of_ca_keys_runs_as_written",
    the_page_of_ca_keys_runs_as_written,
)];

/// Stands before what each block prints.
const MARK: &str = "\u{1e}";

/// The page's fenced blocks: what stands behind the backticks, and the lines.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let text: Vec<&str> = lines
                .by_ref()
                .take_while(|line| !line.starts_with("```"))
                .collect();
            found.push((language.to_owned(), text.join("\n")));
        }
    }
    found
}

/// Whether the text is that of the pattern, in which `…` is any text.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('…') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices()
                .map(|(at, _)| at)
                .chain([rest.len()])
                .any(|at| fits(tail, &rest[at..]))
        }),
    }
}

fn the_page_of_ca_keys_runs_as_written() {
    let page =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ca-keys.md")).unwrap();
    let simulator = cfg!(all(feature = "online", feature = "simulator"));
    // Where the module lies differs from system to system, and a build may have no simulator.
    let page = page.replace(
        "/usr/lib/softhsm/libsofthsm2.so",
        &module().display().to_string(),
    );
    let all = blocks(&page);
    let run: Vec<usize> = (0..all.len())
        .filter(|at| {
            all[*at].0 == "sh softhsm" && (simulator || !all[*at].1.contains("--simulate"))
        })
        .collect();
    assert!(run.len() > 1, "the page has blocks to run");
    let script: String = run
        .iter()
        .map(|at| format!("printf '\\036'\n{}\n", all[*at].1))
        .collect();
    let dir = tempfile::tempdir().unwrap();
    let path = format!(
        "{}:{}",
        Path::new(env!("CARGO_BIN_EXE_hsmboot"))
            .parent()
            .unwrap()
            .display(),
        std::env::var("PATH").unwrap()
    );
    let mut command = Command::new("bash");
    command
        .arg("-c")
        .arg(format!("set -euo pipefail\nexec 2>&1\n{script}"))
        .current_dir(dir.path())
        .env_clear()
        .env("HOME", dir.path())
        .env("PATH", path);
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    for (at, found) in run.into_iter().zip(said.split(MARK).skip(1)) {
        if let Some((_, expected)) = all.get(at + 1).filter(|(language, _)| language == "text") {
            assert!(
                fits(expected.trim_end(), found.trim_end()),
                "the page says\n{expected}\nand the output is\n{found}"
            );
        }
    }
}

//! README and docs/ say what the program does: tables, links, commands, schemas and error kinds are
//! held against it.
//!
//! `HSMBOOT_REGENERATE=1 cargo test --all-features --test docs` writes what is generated anew:
//! docs/commands.md, docs/commands/, and the cells of docs/verification.md that the code knows.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

#[path = "docs/advice.rs"]
mod advice;
#[path = "docs/backends.rs"]
mod backends;
#[path = "docs/blocks.rs"]
mod blocks;
#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "docs/ceremony.rs"]
mod ceremony;
#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "docs/commands.rs"]
mod commands;
#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "docs/completions.rs"]
mod completions;
#[path = "docs/dependencies.rs"]
mod dependencies;
#[path = "support/schemas.rs"]
mod documents;
#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "support/executable.rs"]
mod executable;
#[path = "docs/fences.rs"]
mod fences;
#[path = "docs/figures.rs"]
mod figures;
#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "docs/help.rs"]
mod help;
#[path = "docs/kinds.rs"]
mod kinds;
#[path = "docs/links.rs"]
mod links;
#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "docs/manage.rs"]
mod manage;
#[path = "docs/messages.rs"]
mod messages;
#[path = "docs/openssl.rs"]
mod openssl;
#[path = "docs/places.rs"]
mod places;
#[cfg(all(feature = "online", feature = "simulator", feature = "qr"))]
#[path = "docs/questions.rs"]
mod questions;
#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "docs/run.rs"]
mod run;
#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "docs/runbooks.rs"]
mod runbooks;
#[path = "docs/schemas.rs"]
mod schemas;
#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "support/simulated.rs"]
#[allow(dead_code, unreachable_pub)]
mod simulated;
#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "docs/stage.rs"]
mod stage;
#[path = "docs/tables.rs"]
mod tables;
#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "support/terminal.rs"]
mod terminal;
#[path = "docs/threats.rs"]
mod threats;
#[path = "docs/version.rs"]
mod version;
#[path = "docs/workflows.rs"]
mod workflows;

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|cause| panic!("{name}: {cause}"))
}

/// Every page of docs/, and those that stand elsewhere, as paths from the project's root.
fn pages() -> Vec<PathBuf> {
    let elsewhere = [
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "README.md",
        "SECURITY.md",
        "fixtures/README.md",
        "tests/README.md",
    ];
    let mut pages: Vec<PathBuf> = elsewhere.map(PathBuf::from).to_vec();
    for dir in ["docs", "docs/commands", "docs/runbooks", "docs/schemas"] {
        let entries = fs::read_dir(root().join(dir))
            .unwrap()
            .map(|entry| Path::new(dir).join(entry.unwrap().file_name()));
        pages.extend(
            entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")),
        );
    }
    pages.sort();
    pages
}

/// Compares a generated text with its file, or writes it where that is asked for.
fn in_step(name: &str, generated: &str) {
    if std::env::var_os("HSMBOOT_REGENERATE").is_some() {
        fs::write(root().join(name), generated).unwrap();
        return;
    }
    let found = fs::read_to_string(root().join(name)).unwrap_or_default();
    if found != generated {
        let line = found
            .lines()
            .zip(generated.lines())
            .position(|(a, b)| a != b)
            .map_or(0, |at| at + 1);
        panic!(
            "{name} is not in step with the program, from line {line} on: HSMBOOT_REGENERATE=1 \
             cargo test --all-features --test docs"
        );
    }
}

//! Tells the program of which commit, features, target and libraries it is built; and the tests
//! whether the genuine certificates are there, and the seeds of the fuzz targets: those that read
//! them show as ignored otherwise, never as passed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    tell_of_vectors();
    tell_of_seeds();
    println!("cargo:rustc-env=HSMBOOT_BUILT_OF={}", commit());
    println!(
        "cargo:rustc-env=HSMBOOT_BUILT_FOR={}",
        env::var("TARGET").unwrap_or_default()
    );
    println!("cargo:rustc-env=HSMBOOT_BUILT_WITH={}", libraries());
}

fn tell_of_vectors() {
    const BESIDE: &str = "../shared/vectors";
    println!("cargo:rustc-check-cfg=cfg(vectors)");
    println!("cargo:rerun-if-env-changed=HSMBOOT_VECTORS");
    // With the variable set they are wanted: a missing file then fails its test. Set to nothing, it
    // says that there are none: a release is then the same, whatever lies beside the project.
    let there = env::var_os("HSMBOOT_VECTORS")
        .map_or_else(|| Path::new(BESIDE).is_dir(), |named| !named.is_empty());
    if there {
        println!("cargo:rustc-cfg=vectors");
    }
}

/// A published crate has no `fuzz/`: that is a package of its own, which cargo leaves out.
fn tell_of_seeds() {
    println!("cargo:rustc-check-cfg=cfg(fuzz_seeds)");
    if Path::new("fuzz/seeds").is_file() {
        println!("cargo:rustc-cfg=fuzz_seeds");
    }
}

/// Returns the commit: the one that whoever builds names, the one that cargo wrote into the
/// package, or the one that is checked out here. A file of a release is built in any directory, and
/// so is told which commit it is.
fn commit() -> String {
    println!("cargo:rerun-if-env-changed=HSMBOOT_COMMIT");
    let named = env::var("HSMBOOT_COMMIT").ok();
    named
        .filter(|commit| !commit.is_empty())
        .or_else(packaged_commit)
        .or_else(checked_out_commit)
        .filter(|commit| !commit.contains(char::is_control))
        .unwrap_or_default()
}

/// Returns the commit in the file that `cargo package` adds: `"sha1": "..."`.
fn packaged_commit() -> Option<String> {
    let text = fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let (_, after) = text.split_once("\"sha1\"")?;
    let commit = after.split('"').nth(1)?.to_owned();
    let changed = text.contains("\"dirty\": true");
    Some(commit + if changed { CHANGED } else { "" })
}

/// What follows a commit where the files are not all as it has them.
const CHANGED: &str = " and changes";

fn checked_out_commit() -> Option<String> {
    // Of this very directory: the package may lie in somebody else's repository.
    if !Path::new(".git").exists() {
        return None;
    }
    let commit = git(&["rev-parse", "HEAD"])?;
    let dir = PathBuf::from(git(&["rev-parse", "--git-dir"])?);
    for name in ["HEAD", "logs/HEAD"] {
        let file = dir.join(name);
        if file.exists() {
            println!("cargo:rerun-if-changed={}", file.display());
        }
    }
    if env::var("PROFILE").as_deref() != Ok("release") {
        return Some(commit);
    }
    // What a program is made of. While one is developed that is not asked after every change.
    const PARTS: [&str; 4] = ["src", "Cargo.toml", "Cargo.lock", "build.rs"];
    for part in PARTS {
        println!("cargo:rerun-if-changed={part}");
    }
    let changed = git(&[&["status", "--porcelain", "--"], &PARTS[..]].concat());
    let clean = changed.is_some_and(|changed| changed.is_empty());
    Some(commit + if clean { "" } else { CHANGED })
}

fn git(words: &[&str]) -> Option<String> {
    let output = Command::new("git").args(words).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// Returns the libraries that the program itself names, with the versions of Cargo.lock: `name
/// version` each, commas between them. Those of features that are off are left out.
fn libraries() -> String {
    println!("cargo:rerun-if-changed=Cargo.lock");
    let lock = fs::read_to_string("Cargo.lock").unwrap_or_default();
    let packages: Vec<&str> = lock.split("[[package]]").collect();
    let own = packages
        .iter()
        .find(|package| value_of(package, "name") == Some("hsmboot"))
        .map_or("", |package| {
            package.split("dependencies = [").nth(1).unwrap_or("")
        });
    // The manifest as it was written: in a package cargo writes it anew.
    let manifest = fs::read_to_string("Cargo.toml.orig")
        .or_else(|_| fs::read_to_string("Cargo.toml"))
        .unwrap_or_default();
    let used = used_libraries(&manifest);
    // `"name"`, or `"name version"` where there are several.
    let named = own.split('"').skip(1).step_by(2);
    let versions = named.filter_map(|entry| {
        let (name, version) = match entry.split_once(' ') {
            Some((name, version)) => (name, Some(version)),
            None => (entry, None),
        };
        let package = packages
            .iter()
            .find(|package| value_of(package, "name") == Some(name));
        let version = version.or_else(|| value_of(package?, "version"))?;
        used.contains(&name).then(|| format!("{name} {version}"))
    });
    versions.collect::<Vec<_>>().join(",")
}

/// Returns the value of `key = "value"` on a line of its own.
fn value_of<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))
        .map(|value| value.trim_matches('"'))
}

/// Returns the dependencies of the manifest that are not optional, or that a feature which is on
/// asks for.
fn used_libraries(manifest: &str) -> Vec<&str> {
    let section = |name: &str| {
        let from = manifest.split_once(&format!("\n[{name}]\n"));
        from.map_or("", |(_, text)| text.split("\n[").next().unwrap_or(text))
    };
    // `name = [ ... ]`, over several lines.
    let features = section("features").split("]\n").filter_map(|feature| {
        let (head, wanted) = feature.split_once(" = [")?;
        Some((head.lines().last()?, wanted))
    });
    let wanted: String = features
        .filter(|(name, _)| {
            let variable = format!("CARGO_FEATURE_{}", name.to_uppercase().replace('-', "_"));
            env::var_os(variable).is_some()
        })
        .map(|(_, wanted)| wanted)
        .collect();
    let listed = section("dependencies")
        .lines()
        .filter(|line| !line.starts_with('#'));
    listed
        .filter_map(|line| line.split_once(" = "))
        .filter(|(name, how)| {
            !how.contains("optional = true") || wanted.contains(&format!("\"dep:{name}\""))
        })
        .map(|(name, _)| name)
        .collect()
}

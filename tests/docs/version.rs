//! `--version` says what the program is made of.

use std::process::Command;

use serde_json::Value;

use super::documents::is_by;
use super::read;

fn says(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_hsmboot"))
        .args(words)
        .output()
        .unwrap();
    assert!(output.status.success(), "{words:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn document(words: &[&str]) -> Value {
    let document = serde_json::from_str(&says(words)).unwrap();
    is_by("output-version.schema.json", &document);
    document
}

#[test]
fn the_version_tells_commit_features_and_target() {
    let text = says(&["--version"]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], concat!("hsmboot ", env!("CARGO_PKG_VERSION")));
    assert_eq!(lines.len(), 4, "{text}");
    let word = |line: usize, name: &str| {
        let value = lines[line].strip_prefix(name);
        value.unwrap_or_else(|| panic!("{text}")).trim().to_owned()
    };
    let document = document(&["--version", "--output", "json"]);
    assert_eq!(document["version"], lines[0]);
    assert_eq!(document["summary"], lines[0]);
    assert_eq!(document["target"], word(3, "target"));
    let commit = word(1, "commit");
    assert_eq!(document["commit"].as_str().unwrap_or("unknown"), commit);
    // What is checked out here, where that is known; elsewhere it is said not to be.
    let head = Command::new("git")
        .args(["rev-parse", "HEAD"])
        .current_dir(super::root())
        .output();
    if let Ok(head) = head
        && head.status.success()
        && super::root().join(".git").exists()
        && std::env::var_os("HSMBOOT_COMMIT").is_none()
    {
        let head = String::from_utf8(head.stdout).unwrap();
        assert!(commit.starts_with(head.trim()), "{commit}, expected {head}");
    }
    let features: Vec<&str> = document["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    assert_eq!(features.contains(&"online"), cfg!(feature = "online"));
    assert_eq!(features.contains(&"simulator"), cfg!(feature = "simulator"));
    let shown = word(2, "features");
    match features.is_empty() {
        true => assert_eq!(shown, "none: the air-gapped tool"),
        false => assert_eq!(shown, features.join(", ")),
    }
    assert_eq!(says(&["-V"]), format!("{}\n", lines[0]));
}

#[test]
fn more_of_the_version_is_libraries_and_built_in_roots() {
    for words in [["--version", "--verbose"], ["--verbose", "--version"]] {
        let text = says(&words);
        assert!(text.starts_with(&says(&["--version"])), "{text}");
    }
    let text = says(&["--version", "--verbose"]);
    let document = document(&["--version", "--verbose", "--output", "json"]);
    let lock = read("Cargo.lock");
    let libraries = document["libraries"].as_array().unwrap();
    let names: Vec<&str> = libraries
        .iter()
        .map(|library| {
            let [name, version] = ["name", "version"].map(|key| library[key].as_str().unwrap());
            let entry = format!("name = \"{name}\"\nversion = \"{version}\"\n");
            assert!(
                lock.contains(&entry),
                "{name} {version} is not in Cargo.lock"
            );
            assert!(text.contains(&format!("\n  {name} {version}\n")), "{text}");
            name
        })
        .collect();
    for (name, there) in [
        ("ring", true),
        ("rsa", true),
        ("clap", true),
        ("aws-sdk-cloudhsmv2", cfg!(feature = "online")),
        ("cryptoki", cfg!(feature = "pkcs11")),
        ("rxing", cfg!(feature = "qr")),
        ("axum", cfg!(feature = "simulator")),
        // The tests'.
        ("proptest", false),
        ("jsonschema", false),
    ] {
        assert_eq!(names.contains(&name), there, "{name} among {names:?}");
    }
    let roots: Value = serde_json::from_str(&says(&["roots", "--output", "json"])).unwrap();
    assert_eq!(document["built_in_roots"], roots["built_in"]);
    for root in roots["built_in"].as_array().unwrap() {
        let certificates = root["certificates"].as_array().unwrap();
        let prints = certificates.iter().filter_map(|one| one["sha256"].as_str());
        for print in prints.chain(root["key_sha256"].as_str()) {
            assert!(text.contains(print), "{print} is not in {text}");
        }
    }
}

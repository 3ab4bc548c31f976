//! The scripts that make and try the packages: where a step fails, they stop there and say which.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// Copies of the scripts, with these programs in the way of the system's.
fn run(programs: &[(&str, &str)]) -> (i32, String) {
    let dir = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (from, to) in [
        ("tests/package", "tests/package"),
        ("packaging/deb", "packaging/deb"),
        ("packaging/tools", "packaging/tools"),
        ("Cargo.toml", "Cargo.toml"),
    ] {
        let to = dir.path().join(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(root.join(from), to).unwrap();
    }
    for (name, script) in programs {
        let path = dir.path().join("bin").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!(
        "{}:{}",
        dir.path().join("bin").display(),
        std::env::var("PATH").unwrap()
    );
    let output = Command::new(dir.path().join("tests/package"))
        .args(["/bin/true", "/bin/true"])
        .env("PATH", path)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr]
        .map(|text| String::from_utf8_lossy(&text).into_owned())
        .concat();
    (
        output
            .status
            .code()
            .unwrap_or_else(|| panic!("killed: {said}")),
        said,
    )
}

#[test]
fn a_package_that_cannot_be_made_is_neither_judged_nor_installed() {
    let nobody = |name| (name, "echo \"$0 was run\"");
    let full = "echo 'error: No space left on device' >&2; exit 101";
    let (code, said) = run(&[
        ("cargo", full),
        nobody("lintian"),
        ("dpkg", ":"),
        ("sudo", ":"),
    ]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("No space left on device")
            && said.contains("packaging/deb made no package of /bin/true"),
        "{said}"
    );
    assert!(!said.contains("lintian"), "{said}");
}

/// Ansible gives modules nothing to share what they return by: all six say the same of it.
#[test]
fn every_ansible_module_says_the_same_of_what_all_return() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/ansible/plugins/modules");
    let shared: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .map(|module| {
            let returned = module.split("RETURN = r\"\"\"\n").nth(1).unwrap();
            let end = "What happened, in one line.\n  returned: always\n  type: str\n";
            returned.split_once(end).unwrap().0.to_owned()
        })
        .collect();
    assert_eq!(shared.len(), 6);
    assert!(shared.iter().all(|one| *one == shared[0]), "{shared:#?}");
}

//! The scripts that make and try the packages: where a step fails, they stop there and say which.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

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

//! The scripts that make and try the packages: where a step fails, they stop there and say which.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Copies of some of the project's files, with programs in the way of the system's.
struct Stage(TempDir);

impl Stage {
    fn of(files: &[&str], programs: &[(&str, &str)]) -> Self {
        let stage = Self(tempfile::tempdir().unwrap());
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for file in files {
            let to = stage.path(file);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(root.join(file), to).unwrap();
        }
        for (name, script) in programs {
            stage.script(&format!("bin/{name}"), script);
        }
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn script(&self, name: &str, script: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A script of the project, which finds those programs first.
    fn command(&self, script: &str) -> Command {
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new(self.path(script));
        command.env("PATH", format!("{}:{path}", self.path("bin").display()));
        command
    }
}

/// The exit code, and all that was said.
fn ended(command: &mut Command) -> (i32, String) {
    let output = command.output().unwrap();
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

fn run(programs: &[(&str, &str)]) -> (i32, String) {
    let files = [
        "tests/package",
        "packaging/deb",
        "packaging/tools",
        "Cargo.toml",
    ];
    let stage = Stage::of(&files, programs);
    ended(stage.command("tests/package").args(["/bin/true"; 2]))
}

#[test]
fn a_package_that_cannot_be_made_is_neither_judged_nor_installed() {
    let nobody = |name| (name, "echo \"$0 was run\"");
    let full = "echo 'error: No space left on device' >&2; exit 101";
    let (code, said) = run(&[
        ("cargo", full),
        nobody("lintian"),
        ("dpkg", ":"),
        ("dpkg-query", "exit 1"),
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

#[test]
fn a_package_that_somebody_has_installed_stays() {
    let nobody = |name| (name, "echo \"$0 was run\"");
    let (code, said) = run(&[
        ("dpkg-query", "echo 'ii '"),
        nobody("cargo"),
        nobody("dpkg"),
        nobody("lintian"),
        nobody("sudo"),
    ]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("the package hsmboot is installed here (ii)"),
        "{said}"
    );
    assert!(!said.contains("was run"), "{said}");
}

/// What verify-build needs to build a program again that is a text, in a project of no Rust, on a
/// system whose C library is a text too.
fn built_again() -> Stage {
    let stage = Stage::of(
        &["packaging/verify-build", "packaging/build-info"],
        &[
            (
                "git",
                r"case $1 in
                ls-files) printf 'packaging/static\0packaging/build-info\0' ;;
                rev-parse) echo 0123456789012345678901234567890123456789 ;;
                log) echo 1700000000 ;;
                esac",
            ),
            (
                "rustc",
                r"case $1 in
                -vV) printf 'rustc 1.95.0 (tried)\nhost: x86_64-unknown-linux-gnu\n' ;;
                --print) echo /nonexistent ;;
                *) echo 'rustc 1.95.0 (tried)' ;;
                esac",
            ),
            (
                "cc",
                r#"case $1 in
                -print-file-name=libc.a) echo "$C_LIBRARY" ;;
                -print-file-name=*) echo nothing ;;
                *) echo 'cc (tried) 1' ;;
                esac"#,
            ),
        ],
    );
    stage.script(
        "packaging/static",
        "mkdir -p target/static && printf 'a program' >target/static/hsmboot",
    );
    fs::write(stage.path("program"), "a program").unwrap();
    fs::write(stage.path("libc.a"), "a C library").unwrap();
    stage
}

#[test]
fn another_c_library_is_told_apart_from_another_source() {
    let stage = built_again();
    let command = |script: &str, words: &[&str]| {
        let mut command = stage.command(script);
        command
            .current_dir(stage.path(""))
            .env("C_LIBRARY", stage.path("libc.a"))
            .env("CARGO_HOME", stage.path("no cargo home"))
            .env_remove("HSMBOOT_COMMIT")
            .args(words);
        ended(&mut command)
    };
    let verify = |words: &[&str]| command("packaging/verify-build", words);
    let (code, said) = verify(&["program"]);
    assert_eq!(code, 0, "{said}");
    let digest = said
        .lines()
        .find_map(|line| line.strip_prefix("expected     "))
        .unwrap_or_else(|| panic!("{said}"));
    let another = "0".repeat(64);

    let (code, info) = command("packaging/build-info", &[]);
    assert_eq!(code, 0, "{info}");
    assert!(info.contains("\nfile libc.a "), "{info}");
    fs::write(stage.path("info"), &info).unwrap();
    let recorded = ["--build-info", "info", "--sha256"];
    let with = |digest| [&recorded[..], &[digest]].concat();

    // All that decides is the same: then only the source is left.
    let (code, said) = verify(&with(another.as_str()));
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("not what this source gives"), "{said}");
    assert_eq!(verify(&with(digest)).0, 0);

    // Nothing is recorded: it may be anything.
    let (code, said) = verify(&["--sha256", &another]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("is not recorded"), "{said}");
    assert_eq!(verify(&["--sha256", digest]).0, 0);

    // A point release of the C library accuses nobody; nor does it matter where the file is right.
    fs::write(stage.path("libc.a"), "a newer C library").unwrap();
    let (code, said) = verify(&with(another.as_str()));
    assert_eq!(code, 3, "{said}");
    for words in [
        "  recorded  file libc.a ",
        "  here      file libc.a ",
        "This says nothing of the source",
    ] {
        assert!(said.contains(words), "{words} is not in {said}");
    }
    assert!(!said.contains("  recorded  cc "), "{said}");
    assert_eq!(verify(&with(digest)).0, 0);

    // What names another file's place, or none, is no digest.
    assert_eq!(verify(&["no-such-program"]).0, 2);
    assert_eq!(verify(&["--sha256", "0123"]).0, 2);
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

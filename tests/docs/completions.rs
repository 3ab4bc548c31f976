//! Completions offer values, and are installed where the shell looks. Manual pages have the
//! sections that one looks for.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use super::documents::is_by;

fn program(home: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hsmboot"))
        .args(words)
        .current_dir(home)
        .env("HOME", home)
        .env("SHELL", "/bin/bash")
        .env_remove("XDG_DATA_HOME")
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("ZDOTDIR")
        .env_remove("BASH_COMPLETION_USER_DIR")
        .output()
        .unwrap()
}

/// What bash offers for the last of these words, in a directory.
fn offers(dir: &Path, words: &[&str]) -> Vec<String> {
    let bin = Path::new(env!("CARGO_BIN_EXE_hsmboot")).parent().unwrap();
    let script = "source /dev/fd/3 3< <(hsmboot completions bash)\n\
                  COMP_WORDS=(hsmboot \"$@\"); COMP_CWORD=$#\n\
                  _hsmboot hsmboot \"${COMP_WORDS[$#]}\" \"${COMP_WORDS[$#-1]}\"\n\
                  printf '%s\\n' \"${COMPREPLY[@]}\"";
    let output = Command::new("bash")
        .args(["-c", script, "bash"])
        .args(words)
        .current_dir(dir)
        .env(
            "PATH",
            format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()),
        )
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn bash_offers_the_values_of_options() {
    let dir = tempfile::tempdir().unwrap();
    for (words, expected) in [
        (&["wait", "--for", ""][..], "csr"),
        (&["cluster", "list", "--state", "UN"], "UNINITIALIZED"),
        (&["backup", "list", "--state", "PEND"], "PENDING_DELETION"),
        (&["verify", "--accept", "val"], "validity.hsm"),
        (&["ca", "init", "--key-type", ""], "p384"),
        (&["simulate", "--fault", "clo"], "close-after"),
        (&["verify", "--policy", ""], "rfc5280"),
        (&["completions", ""], "fish"),
    ] {
        let offered = offers(dir.path(), words);
        assert!(
            offered.contains(&expected.to_owned()),
            "{words:?}: {offered:?}"
        );
    }
    let waived = offers(dir.path(), &["verify", "--accept", ""]);
    assert!(!waived.contains(&"csr.key".to_owned()), "{waived:?}");
}

#[test]
fn bash_offers_the_clusters_of_the_bundles_in_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = ("cluster-abc234defgh", "cluster-bcd345efghi");
    fs::create_dir(dir.path().join(one)).unwrap();
    fs::create_dir(dir.path().join("named")).unwrap();
    fs::write(dir.path().join(format!("named/{two}_ClusterCsr.csr")), "").unwrap();
    // What is no id is never handed to a shell.
    for name in ["cluster-$(touch taken)", "cluster-abc234`id`", "other"] {
        fs::create_dir(dir.path().join(name)).unwrap();
    }
    for words in [
        &["status", "--cluster-id", ""][..],
        &["status", ""],
        &["fetch", "cluster-"],
        &["cluster", "show", "--cluster-id", "cluster-"],
    ] {
        let mut offered = offers(dir.path(), words);
        offered.retain(|word| word.starts_with("cluster"));
        assert_eq!(offered, [one, two], "{words:?}");
    }
    assert!(!dir.path().join("taken").exists());
    for (shell, word) in [
        ("zsh", ":_hsmboot_cluster_ids"),
        ("fish", "--cluster-ids 2>/dev/null)"),
    ] {
        let script = program(dir.path(), &["completions", shell]);
        let script = String::from_utf8(script.stdout).unwrap();
        assert!(
            script.contains(word) && !script.contains("HSMBOOT_CLUSTER_IDS"),
            "{shell}"
        );
    }
    let ids = program(
        dir.path(),
        &["completions", "--cluster-ids", "--output", "json"],
    );
    let ids = serde_json::from_slice(&ids.stdout).unwrap();
    is_by("output-completions.schema.json", &ids);
}

#[test]
fn a_script_is_installed_where_the_shell_looks_and_replaces_nobody_elses() {
    let home = tempfile::tempdir().unwrap();
    for (words, place) in [
        (
            &["completions", "--install"][..],
            ".local/share/bash-completion/completions/hsmboot",
        ),
        (&["completions", "zsh", "--install"], ".zfunc/_hsmboot"),
        (
            &["completions", "fish", "--install"],
            ".config/fish/completions/hsmboot.fish",
        ),
    ] {
        let file = home.path().join(place);
        let json = |code: i32| {
            let output = program(home.path(), &[words, &["--output", "json"]].concat());
            assert_eq!(output.status.code(), Some(code), "{words:?}");
            let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            is_by("output-completions.schema.json", &document);
            document
        };
        let first = json(0);
        assert_eq!(first["changed"], true);
        assert!(first["file"].as_str().unwrap().ends_with(place), "{first}");
        let script = fs::read_to_string(&file).unwrap();
        assert!(
            script
                .lines()
                .take(2)
                .any(|line| line.contains("--install")),
            "{script}"
        );
        assert!(place != ".zfunc/_hsmboot" || script.starts_with("#compdef hsmboot\n"));
        assert_eq!(json(0)["changed"], false);
        // An earlier version's.
        let mark = script
            .lines()
            .find(|line| line.starts_with("# Written"))
            .unwrap();
        fs::write(&file, format!("{mark}\nold\n")).unwrap();
        assert_eq!(json(0)["changed"], true);
        assert_eq!(fs::read_to_string(&file).unwrap(), script);
        // Somebody else's.
        fs::write(&file, "mine\n").unwrap();
        assert_eq!(json(8)["error"]["kind"], "file-exists");
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine\n");
    }
    let text = program(home.path(), &["completions", "elvish", "--install"]);
    assert_eq!(text.status.code(), Some(2));
    // It is a file for its owner to read, not to run.
    let file = home.path().join(".zfunc/_hsmboot");
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o111, 0);
}

#[test]
fn a_manual_page_has_the_sections_that_one_looks_for() {
    let home = tempfile::tempdir().unwrap();
    let written = program(home.path(), &["man", "--out", "pages"]);
    assert!(written.status.success());
    let mut count = 0;
    for entry in fs::read_dir(home.path().join("pages")).unwrap() {
        let file = entry.unwrap().path();
        let page = fs::read_to_string(&file).unwrap();
        let main = file.ends_with("hsmboot.1");
        for section in ["EXAMPLES", "EXIT STATUS", "ENVIRONMENT", "SEE ALSO"] {
            let there = page.contains(&format!("\n.SH {section}\n"))
                || page.contains(&format!("\n.SH \"{section}\"\n"));
            assert!(
                there || (main && section == "EXAMPLES"),
                "{}: {section}",
                file.display()
            );
        }
        assert!(!page.contains("commit    "), "{}", file.display());
        count += 1;
    }
    assert!(count > 40, "{count} pages");
    let sign = fs::read_to_string(home.path().join("pages/hsmboot-sign.1")).unwrap();
    for words in [
        ".SH FILES\n",
        "transcript.jsonl",
        "\\fBhsmboot\\-verify\\fR(1)",
        ".TP\n\\fB8\\fR\nsigned otherwise already",
        "HSMBOOT_AWS_ROOT",
        "hsmboot sign ./cluster\\-abc234defgh",
    ] {
        assert!(sign.contains(words), "{words}");
    }
}

//! The commands that the program names are pasted into a shell as they stand, and work: they carry
//! the service, the roots and the decisions of the command that named them.

use std::fs;
use std::process::Command;

use super::stage::{Done, NOBODY, SUBNET, Stage};

/// A root's path as nobody should choose it.
const AWS_ROOT: &str = "it's $HOME/`aws` root.crt";
const MANUFACTURER_ROOT: &str = "-maker's & root.crt";
const CA: &str = "-my ca/customerCA.crt";
const REGION: &str = "eu-west-1";

/// The roots of the simulator under those names.
const ROOTS: [&str; 4] = [
    "--aws-root",
    AWS_ROOT,
    "--manufacturer-root=-maker's & root.crt",
    "--policy=attestation",
];

/// A stage with those files, and a region that no environment names.
struct Desk(Stage);

impl Desk {
    fn new() -> Self {
        let stage = Stage::new();
        stage.ready_to_claim();
        fs::create_dir_all(stage.path(AWS_ROOT).parent().unwrap()).unwrap();
        fs::copy(stage.path("roots/aws-root.crt"), stage.path(AWS_ROOT)).unwrap();
        fs::copy(
            stage.path("roots/manufacturer-root.crt"),
            stage.path(MANUFACTURER_ROOT),
        )
        .unwrap();
        fs::rename(stage.path("ca"), stage.path("-my ca")).unwrap();
        Desk(stage)
    }

    /// Runs a command as somebody types it: with all that it needs.
    fn run(&self, words: &[&str]) -> Done {
        let mut command = super::stage::hsmboot();
        let online = !["verify", "sign", "qr", "report", "import"].contains(&words[0]);
        command.current_dir(self.0.path("")).args(words);
        if online {
            let url = self.0.simulator.url();
            command.args(["--region", REGION, "--endpoint-url", &url]);
        }
        command.output().unwrap().into()
    }

    /// Runs the one command that a message names, in a shell that knows nothing but where the
    /// program is. A CA's key, which no message has, is put in.
    #[track_caller]
    fn paste(&self, said: &str, behind: &str) -> Done {
        let (_, rest) = said
            .split_once(behind)
            .unwrap_or_else(|| panic!("no `{behind}` in {said}"));
        let end = if behind.ends_with('`') { '`' } else { '\n' };
        // A backquote of a path stands in single quotes.
        let command = match end {
            '`' => ends_outside_quotes(rest),
            _ => rest.split('\n').next().unwrap(),
        };
        let command = command.replace("--ca-key KEY", "--ca-key './-my ca/customerCA.key'");
        assert!(command.starts_with("hsmboot "), "{command}");
        let program = assert_cmd::cargo::cargo_bin!("hsmboot");
        Command::new("/bin/sh")
            .args(["-c", &command])
            .current_dir(self.0.path(""))
            .env_clear()
            .env("PATH", program.parent().unwrap())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .output()
            .unwrap()
            .into()
    }

    fn cluster(&self) -> String {
        let create = [
            "cluster",
            "create",
            "--subnet-id",
            SUBNET,
            "--wait",
            "--output",
            "json",
        ];
        let made = self.run(&create).ends(0, "").json();
        made["cluster"]["cluster_id"].as_str().unwrap().to_owned()
    }

    /// A cluster with a CSR.
    fn ready_cluster(&self) -> String {
        let id = self.cluster();
        self.run(&[
            "hsm",
            "create",
            "--cluster-id",
            &id,
            "--availability-zone",
            "eu-west-1a",
            "--wait",
        ])
        .ends(0, "");
        id
    }
}

/// The text up to the backquote that no single quotes hold.
fn ends_outside_quotes(text: &str) -> &str {
    let (mut quoted, mut escaped) = (false, false);
    let end = text.find(|c: char| {
        let plain = !std::mem::take(&mut escaped);
        quoted ^= plain && c == '\'';
        escaped = plain && !quoted && c == '\\';
        plain && !quoted && c == '`'
    });
    &text[..end.expect("a closing backquote")]
}

#[test]
fn the_next_lines_of_a_cluster_lead_to_its_csr() {
    let desk = Desk::new();
    let id = desk.cluster();
    let status = desk.run(&["status", &id]).ends(0, "next");
    let hint = desk
        .run(&["wait", "--cluster-id", &id, "--for", "csr"])
        .ends(8, "hint: ");
    desk.paste(&hint.stderr, "`").ends(0, "created hsm-");
    assert!(status.stdout.contains("hsm create"), "{}", status.stdout);
    let arn = format!("arn:aws:cloudhsm:eu-west-1:123456789012:cluster/{id}");
    let mut named = super::stage::hsmboot();
    let url = desk.0.simulator.url();
    named.args(["status", &arn, "--endpoint-url", &url]);
    let named: Done = named.output().unwrap().into();
    let named = named.ends(0, "next");
    assert!(
        named
            .stdout
            .contains(&format!("--region eu-west-1 --endpoint-url {url}")),
        "{}",
        named.stdout
    );
    desk.run(&["wait", &id, "--for", "csr"]).ends(0, "");
    let ready = desk.run(&["status", &id]).ends(0, "fetch");
    let fetch = ready.stdout.find("hsmboot fetch").unwrap();
    desk.paste(&format!("next: {}", &ready.stdout[fetch..]), "next: ")
        .ends(0, "fetched");
}

#[test]
fn what_is_not_found_is_looked_for_where_this_run_looked() {
    let desk = Desk::new();
    let id = desk.cluster();
    let lost = desk.run(&["status", NOBODY]).ends(6, "hint: ");
    desk.paste(&lost.stderr, "`").ends(0, &id);
    let lost = desk
        .run(&["fetch", "--cluster-id", NOBODY, "--bundle", "x"])
        .ends(6, "hint: ");
    desk.paste(&lost.stderr, "`").ends(0, &id);
    let lost = desk
        .run(&[
            "backup",
            "delete",
            "--backup-id",
            "backup-aaaaaaaaaaa",
            "--yes",
        ])
        .ends(6, "hint: ");
    desk.paste(&lost.stderr, "`").ends(0, "");
}

#[test]
fn the_lines_of_a_bundle_lead_to_its_claim() {
    const BUNDLE: &str = "it's; a `touch run` claim";
    let desk = Desk::new();
    let id = desk.ready_cluster();
    desk.run(&["fetch", "--cluster-id", &id, "--bundle", BUNDLE])
        .ends(0, "next: ");
    let rejected = desk.run(&["verify", BUNDLE]).ends(3, "writes: `");
    desk.paste(&rejected.stderr, "writes: `")
        .ends(0, "verified");
    let ca = format!("--ca={CA}");
    let early = [&["submit", BUNDLE, &ca][..], &ROOTS].concat();
    let early = desk.run(&early).ends(4, "sign it first: `");
    let decision = [
        "--accept",
        "validity.hsm",
        "--reason",
        "seen by O'Brien & Co",
    ];
    desk.paste(&early.stderr, "sign it first: `")
        .ends(0, "signed");
    let sign = ["sign", BUNDLE, "--ca=-my ca/customerCA.crt"];
    let key = ["--ca-key=./-my ca/customerCA.key"];
    let signed = desk
        .run(&[&sign[..], &key, &ROOTS, &decision].concat())
        .ends(0, "nothing changed");
    // The region is in the bundle; the endpoint is one that no bundle has.
    let url = desk.0.simulator.url();
    let next = signed.stdout.replace(
        "next: hsmboot submit",
        &format!("next: hsmboot submit --endpoint-url {url}"),
    );
    desk.paste(&next, "next: ").ends(0, "claimed");
    let submitted = desk.0.entries(BUNDLE).pop().unwrap();
    let said = submitted.reason.unwrap();
    assert_eq!(said.as_raw(), "seen by O'Brien & Co");
    assert!(!desk.0.path("run").exists());
}

#[test]
fn what_is_planned_is_done_by_its_line() {
    let desk = Desk::new();
    let id = desk.ready_cluster();
    let ca = format!("--ca={CA}");
    let plan = [&["plan", &id, &ca][..], &ROOTS].concat();
    let planned = desk.run(&plan).ends(0, "next: ");
    desk.paste(&planned.stdout, "next: ").ends(0, "claimed");
}

/// A hint may be read where nobody has the sources.
#[test]
fn no_message_names_a_file_of_the_repository() {
    let mut dirs = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut found = Vec::new();
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
                continue;
            }
            if path.extension().is_none_or(|ending| ending != "rs") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\n").next().unwrap();
            let named = code.lines().enumerate().filter(|(_, line)| {
                let line = line.trim();
                let names = [
                    "\"docs/",
                    " docs/",
                    "`docs/",
                    "(docs/",
                    "README.md",
                    "CONTRIBUTING",
                ];
                !line.starts_with("//")
                    && line.contains('"')
                    && names.iter().any(|name| line.contains(name))
            });
            found.extend(named.map(|(at, line)| format!("{}:{}: {line}", path.display(), at + 1)));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

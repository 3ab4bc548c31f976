//! A simulator, a directory to work in, and the program run in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

pub(crate) use super::done::Done;
use hsmboot::bundle::TranscriptEntry;
use hsmboot::simulator::Simulator;
use serde_json::Value;

use super::support;

/// The options that name the simulator's roots, as they lie in a stage.
pub(crate) const ROOTS: [&str; 4] = [
    "--aws-root",
    "roots/aws-root.crt",
    "--manufacturer-root",
    "roots/manufacturer-root.crt",
];

pub(crate) const SUBNET: &str = "subnet-0a1b2c3d";
pub(crate) const NOBODY: &str = "cluster-aaaaaaaaaaa";

pub(crate) struct Stage {
    pub(crate) simulator: Simulator,
    dir: tempfile::TempDir,
}

/// The program, with nothing of this machine's AWS settings.
pub(crate) fn hsmboot() -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("hsmboot"));
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_"))
    {
        command.env_remove(name);
    }
    command
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    command
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("NO_COLOR", "1");
    command
}

impl Stage {
    pub(crate) fn new() -> Self {
        Stage {
            simulator: support::instant(),
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A command against the simulator, in the directory.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        self.command_at(&self.simulator.url(), words)
    }

    /// The same, against a service elsewhere.
    pub(crate) fn command_at(&self, url: &str, words: &[&str]) -> Command {
        let mut command = hsmboot();
        command.current_dir(self.dir.path()).args(words);
        if !matches!(
            words.first(),
            Some(&("ca" | "transcript" | "pack" | "unpack" | "report" | "sign" | "verify" | "qr"))
        ) {
            command.args(["--endpoint-url", url]);
        }
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Done {
        self.command(words).output().unwrap().into()
    }

    /// The one document of a command that ends with 0.
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        self.run(&[words, &["--output", "json"]].concat())
            .ends(0, "")
            .json()
    }

    /// The error of a command that ends with `code`, in JSON; its kind must be this one.
    #[track_caller]
    pub(crate) fn fails(&self, words: &[&str], code: i32, kind: &str) -> Value {
        let document = self
            .run(&[words, &["--output", "json"]].concat())
            .ends(code, "")
            .json();
        assert_eq!(document["error"]["kind"], kind, "{document:#}");
        document
    }

    pub(crate) fn calls(&self, action: &str) -> u64 {
        self.simulator
            .call_counts()
            .get(action)
            .copied()
            .unwrap_or_default()
    }

    /// A cluster that is UNINITIALIZED and empty.
    pub(crate) fn cluster(&self) -> String {
        let made = self.json(&["cluster", "create", "--subnet-id", SUBNET, "--wait"]);
        made["cluster"]["cluster_id"].as_str().unwrap().to_owned()
    }

    /// How many clusters there are.
    pub(crate) fn clusters(&self) -> usize {
        self.json(&["cluster", "list"])["clusters"]
            .as_array()
            .unwrap()
            .len()
    }

    /// Roots and a CA, for a claim.
    pub(crate) fn ready_to_claim(&self) {
        self.simulator.write_roots(&self.path("roots")).unwrap();
        self.run(&[
            "ca",
            "init",
            "--out",
            "ca",
            "--key-type",
            "p256",
            "--no-passphrase",
            "--subject",
            "CN=a CA",
        ])
        .ends(0, "made a CA");
    }

    pub(crate) fn file(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(name)).unwrap()).unwrap()
    }

    /// The lines of a bundle's transcript.
    pub(crate) fn entries(&self, bundle: &str) -> Vec<TranscriptEntry> {
        let text = fs::read_to_string(self.path(&format!("{bundle}/transcript.jsonl"))).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// All files under a directory.
    pub(crate) fn listing(&self, bundle: &str) -> BTreeMap<String, Vec<u8>> {
        let all = fs::read_dir(self.path(bundle))
            .unwrap()
            .map(|entry| entry.unwrap());
        all.map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                fs::read(entry.path()).unwrap(),
            )
        })
        .collect()
    }
}

/// What a person at a terminal answers.
pub(crate) fn at_a_terminal(stage: &Stage, answer: &str, words: &[&str]) -> (bool, String) {
    use std::io::Write;
    let inner = stage.command(words);
    let quoted: Vec<String> = std::iter::once(inner.get_program())
        .chain(inner.get_args())
        .map(|word| format!("'{}'", word.to_string_lossy()))
        .collect();
    // What is typed is not shown: it would stand in the midst of what the command writes at that
    // moment.
    let mut command = crate::terminal::terminal(&format!("stty -echo; {}", quoted.join(" ")));
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let mut child = command.spawn().unwrap();
    let mut keys = child.stdin.take().unwrap();
    keys.write_all(answer.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    drop(keys);
    (
        output.status.success(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}

//! A simulator with a cluster that is ready to be claimed, a directory to work in, and a CA in it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::*;

/// A simulator with a cluster that is ready to be claimed, a directory to work in, and a CA in it.
pub(super) struct Stage {
    pub(super) simulator: Simulator,
    pub(super) id: String,
    pub(super) dir: tempfile::TempDir,
}

pub(super) fn hsmboot() -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("hsmboot"));
    // Nothing of this machine's AWS set-up, and no metadata service.
    for name in [
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_CLOUDHSM_V2",
        "AWS_SESSION_TOKEN",
    ] {
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

pub(super) fn run(command: &mut Command) -> Done {
    command.output().unwrap().into()
}

impl Stage {
    pub(super) fn new() -> Self {
        let simulator = support::instant();
        let (id, _) = support::ready_cluster(&simulator);
        let stage = Stage {
            simulator,
            id,
            dir: tempfile::tempdir().unwrap(),
        };
        stage.simulator.write_roots(&stage.path("roots")).unwrap();
        stage.make_ca("ca");
        stage
    }

    pub(super) fn make_ca(&self, name: &str) {
        let subject = format!("CN={name}");
        run(self
            .hsmboot(&[
                "ca",
                "init",
                "--out",
                name,
                "--key-type",
                "p256",
                "--no-passphrase",
                "--subject",
            ])
            .arg(subject))
        .ends(0, "made a CA");
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The bundle's files and their content, but for the moments in them.
    pub(super) fn bundle(&self) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(self.path(&self.id)).unwrap();
        entries
            .map(|entry| entry.unwrap())
            .map(|entry| {
                (
                    entry.file_name().into_string().unwrap(),
                    fs::read(entry.path()).unwrap(),
                )
            })
            .collect()
    }

    pub(super) fn hsmboot(&self, words: &[&str]) -> Command {
        let mut command = hsmboot();
        command.current_dir(self.dir.path()).args(words);
        command
    }

    pub(super) fn online(&self, words: &[&str]) -> Command {
        let mut command = self.hsmboot(words);
        command.args(["--endpoint-url", &self.simulator.url()]);
        command
    }

    /// Submits; `change` comes when the bundle was read and judged.
    pub(super) fn submit_while(&self, change: impl FnOnce()) -> Done {
        use std::io::Write;
        let (path, ca) = (
            self.path("pipe"),
            fs::read(self.path("ca/customerCA.crt")).unwrap(),
        );
        pipe::make(&path);
        let mut command = self.trusting(&["submit", &self.id, "--ca", "pipe"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut to = pipe::opened_by(&mut child, &path);
        change();
        to.write_all(&ca).unwrap();
        drop(to);
        child.wait_with_output().unwrap().into()
    }

    pub(super) fn trusting(&self, words: &[&str]) -> Command {
        let mut command = self.online(words);
        self.trust(&mut command);
        command
    }

    pub(super) fn trust(&self, command: &mut Command) {
        command.args([
            "--aws-root",
            "roots/aws-root.crt",
            "--manufacturer-root",
            "roots/manufacturer-root.crt",
        ]);
    }

    pub(super) fn bootstrap(&self) -> Command {
        self.bootstrap_with("ca")
    }

    pub(super) fn bootstrap_with(&self, ca: &str) -> Command {
        let (certificate, key) = (
            format!("{ca}/customerCA.crt"),
            format!("{ca}/customerCA.key"),
        );
        self.trusting(&[
            "bootstrap",
            "--cluster-id",
            &self.id,
            "--ca",
            &certificate,
            "--ca-key",
            &key,
        ])
    }

    /// Fetched, by now at the latest, and signed.
    pub(super) fn signed(&self) {
        run(&mut self.online(&["fetch", "--cluster-id", &self.id])).ends(0, "next: hsmboot verify");
        let mut sign = self.hsmboot(&[
            "sign",
            &self.id,
            "--ca",
            "ca/customerCA.crt",
            "--ca-key",
            "ca/customerCA.key",
        ]);
        self.trust(&mut sign);
        run(&mut sign).ends(0, "signed");
    }

    pub(super) fn submit(&self) -> Command {
        self.trusting(&["submit", &self.id, "--ca", "ca/customerCA.crt"])
    }

    /// A bootstrap that signs, and whose InitializeCluster is refused.
    pub(super) fn stopped_bootstrap(&self, bootstrap: &mut Command) {
        self.simulator
            .inject_fault(Some("InitializeCluster"), InjectedFault::AccessDenied, 1);
        run(bootstrap).ends(6, "InitializeCluster");
    }

    pub(super) fn calls(&self, action: &str) -> u64 {
        self.simulator
            .call_counts()
            .get(action)
            .copied()
            .unwrap_or_default()
    }

    pub(super) fn receipt(&self) -> Value {
        serde_json::from_slice(&self.bundle()["receipt.json"]).unwrap()
    }
}

//! A simulator with clusters that are ready to be claimed, a CA whose key is in moto's KMS, and a
//! directory with what an operator's repository holds.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use hsmboot::simulator::Simulator;
use serde_json::json;

use super::aws::Moto;
use super::done::Done;
use super::support;

pub(super) const PROGRAM: &str = env!("CARGO_BIN_EXE_hsmboot");

/// The name that the examples give to the CA's key.
pub(super) const KEY: &str = "awskms:alias/cloudhsm-ca";

const REGION: &str = "eu-central-1";

static MOTO: OnceLock<Moto> = OnceLock::new();

/// Another CA's.
pub(super) const OTHER_KEY: &str = "awskms:alias/other-ca";

/// One server for all tests, with both keys.
pub(super) fn moto() -> &'static Moto {
    MOTO.get_or_init(|| {
        let moto = Moto::start();
        for name in [KEY, OTHER_KEY] {
            let key = moto.key("ECC_NIST_P256", "SIGN_VERIFY", REGION);
            let name = name.strip_prefix("awskms:").unwrap();
            let alias = json!({ "AliasName": name, "TargetKeyId": key["KeyId"] });
            moto.kms("CreateAlias", REGION, &alias);
        }
        moto
    })
}

/// Its server must not outlive the tests, and `exit` drops no statics.
pub(super) fn stop() {
    if let Some(moto) = MOTO.get() {
        moto.stop();
    }
}

/// Tells whether a tool runs here.
pub(super) fn there(tool: &str) -> bool {
    let version = Command::new(tool).arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

/// A package of npm, or a program of one (`.bin/NAME`), in the directory of packages that
/// `HSMBOOT_INTEGRATIONS` names.
pub(super) fn node_module(name: &str) -> Option<PathBuf> {
    let place = PathBuf::from(std::env::var_os("HSMBOOT_INTEGRATIONS")?).join(name);
    place.exists().then_some(place)
}

/// A directory of the project.
pub(super) fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The blocks of a page in this language.
pub(super) fn blocks(page: &str, language: &str) -> Vec<String> {
    let page = fs::read_to_string(project(page)).unwrap();
    let opening = format!("```{language}\n");
    let parts = page.split(&opening).skip(1);
    parts
        .map(|part| part.split_once("```").unwrap().0.to_owned())
        .collect()
}

pub(super) struct Stage {
    pub(super) simulator: Simulator,
    dir: tempfile::TempDir,
    pub(super) ids: Vec<String>,
}

impl Stage {
    /// With this many clusters that are ready to be claimed. The repository, `repo`, holds the CA's
    /// certificate and the roots.
    pub(super) fn new(clusters: usize) -> Self {
        let simulator = support::instant();
        let dir = tempfile::tempdir().unwrap();
        let mut stage = Stage {
            simulator,
            dir,
            ids: Vec::new(),
        };
        fs::create_dir_all(stage.path("repo")).unwrap();
        fs::create_dir(stage.path("bin")).unwrap();
        fs::create_dir(stage.path("home")).unwrap();
        symlink(PROGRAM, stage.path("bin/hsmboot")).unwrap();
        stage.simulator.write_roots(&stage.path("roots")).unwrap();
        for (root, name) in [
            ("aws-root.crt", "aws-root.crt"),
            ("manufacturer-root.crt", "mrvl-rsa-LS2-AR-v1.crt"),
        ] {
            fs::copy(
                stage.path("roots").join(root),
                stage.path("repo").join(name),
            )
            .unwrap();
        }
        stage.make_ca("ca", KEY);
        stage.name_owner("ca");
        stage.ids = (0..clusters).map(|_| stage.cluster()).collect();
        stage
    }

    /// Runs hsmboot, which must succeed.
    pub(super) fn hsmboot(&self, words: &[&str]) -> Done {
        let done = Done::from(self.command(PROGRAM, words).output().unwrap());
        done.ends(0, "")
    }

    fn cluster(&self) -> String {
        let subnet = [
            "--subnet-id",
            "subnet-0a1b2c3d",
            "--wait",
            "--output",
            "json",
        ];
        let made = self.hsmboot(&[&["cluster", "create"][..], &subnet].concat());
        let id = made.json()["cluster"]["cluster_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let zone = ["--availability-zone", "eu-central-1a", "--wait"];
        self.hsmboot(&[&["hsm", "create", "--cluster-id", &id][..], &zone].concat());
        id
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub(super) fn id(&self) -> &str {
        &self.ids[0]
    }

    pub(super) fn make_ca(&self, name: &str, key: &str) {
        let subject = format!("CN={name}");
        self.hsmboot(&[
            "ca",
            "init",
            "--out",
            name,
            "--subject",
            &subject,
            "--ca-key",
            key,
        ]);
    }

    /// Makes a CA's certificate the one in the repository.
    pub(super) fn name_owner(&self, ca: &str) {
        fs::copy(
            self.path(ca).join("customerCA.crt"),
            self.path("repo/customerCA.crt"),
        )
        .unwrap();
    }

    /// The variables that put the simulator and moto in AWS's place, and nothing of this machine's.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT_URL_CLOUDHSM_V2", self.simulator.url()),
            ("AWS_ENDPOINT_URL_KMS", moto().url()),
            ("AWS_ACCESS_KEY_ID", "test".into()),
            ("AWS_SECRET_ACCESS_KEY", "test".into()),
            ("AWS_REGION", REGION.into()),
            ("AWS_CONFIG_FILE", "/nonexistent".into()),
            ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent".into()),
            ("AWS_EC2_METADATA_DISABLED", "true".into()),
            ("NO_COLOR", "1".into()),
            ("HOME", self.text("home")),
        ]
    }

    /// A command in the stage's directory that finds hsmboot on its path.
    pub(super) fn command(&self, program: &str, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var("PATH").unwrap();
        command
            .args(words)
            .current_dir(self.dir.path())
            .envs(self.variables())
            .env("PATH", format!("{}:{path}", self.text("bin")));
        for name in ["AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"] {
            command.env_remove(name);
        }
        command
    }

    /// Commits what lies in `repo`, whatever it is: the tools ask git for it.
    pub(super) fn repository(&self) {
        let script =
            "git init -q . && git add -A && git -c user.name=x -c user.email=x@example.com";
        let script = format!("{script} commit -q --allow-empty -m x");
        let mut shell = self.command("sh", &["-c", &script]);
        shell.current_dir(self.path("repo"));
        Done::from(shell.output().unwrap()).ends(0, "");
    }

    /// How often InitializeCluster was called.
    pub(super) fn claims(&self) -> u64 {
        let counts = self.simulator.call_counts();
        counts.get("InitializeCluster").copied().unwrap_or_default()
    }
}

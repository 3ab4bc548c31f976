//! A place to play: a simulator, a CA with a passphrase, the collection where Ansible finds it, an
//! inventory of clusters; and what a play came to.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use hsmboot::simulator::Simulator;
use serde_json::{Value, json};

use super::done::Done;
use super::support;

pub(super) const PASSPHRASE: &str = "seven quiet herons";
pub(super) const PROGRAM: &str = env!("CARGO_BIN_EXE_hsmboot");

/// A directory of the project.
pub(super) fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub(super) struct Stage {
    pub(super) simulator: Simulator,
    dir: tempfile::TempDir,
    clusters: Vec<(String, &'static str)>,
}

/// What a play came to.
pub(super) struct Play {
    pub(super) done: Done,
    /// The result of each task, in the order of the log.
    pub(super) results: Vec<Value>,
    /// How many tasks of each kind there were on all hosts: `changed`, `failed` and so on.
    pub(super) recap: BTreeMap<String, u32>,
}

impl Play {
    /// Asserts how many tasks failed and changed something. Returns the last result.
    #[track_caller]
    pub(super) fn came_to(&self, failed: u32, changed: u32) -> &Value {
        let found = (self.recap["failed"], self.recap["changed"]);
        assert_eq!(found, (failed, changed), "{}", self.done.stdout);
        self.results.last().unwrap()
    }
}

impl Play {
    /// Asserts how many tasks of [`Stage::each`] failed, and how many changed something.
    #[track_caller]
    pub(super) fn each_came_to(&self, failed: usize, changed: u32) {
        self.came_to(0, changed);
        let found = usize::try_from(self.recap["ignored"]).unwrap();
        assert_eq!(found, failed, "{}", self.done.stdout);
    }
}

fn environment(command: &mut Command) -> &mut Command {
    for name in ["AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"] {
        command.env_remove(name);
    }
    command
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("NO_COLOR", "1")
}

impl Stage {
    /// With a cluster that is ready to be claimed in each of these regions.
    pub(super) fn new(regions: &[&'static str]) -> Self {
        let mut stage = Stage {
            simulator: support::instant(),
            dir: tempfile::tempdir().unwrap(),
            clusters: Vec::new(),
        };
        stage.simulator.write_roots(&stage.path("roots")).unwrap();
        fs::create_dir_all(stage.path("ansible_collections/hsmboot")).unwrap();
        symlink(
            project("packaging/ansible"),
            stage.path("ansible_collections/hsmboot/cloudhsm"),
        )
        .unwrap();
        fs::create_dir(stage.path("bin")).unwrap();
        symlink(PROGRAM, stage.path("bin/hsmboot")).unwrap();
        stage.secret("passphrase.txt", PASSPHRASE);
        stage.make_ca("ca");
        for region in regions {
            let id = stage.cluster(region);
            stage.clusters.push((id, region));
        }
        stage
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn secret(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    pub(super) fn id(&self) -> &str {
        &self.clusters[0].0
    }

    pub(super) fn ids(&self) -> Vec<&str> {
        self.clusters.iter().map(|(id, _)| id.as_str()).collect()
    }

    pub(super) fn hsmboot(&self, words: &[&str]) -> Done {
        let mut command = Command::new(PROGRAM);
        environment(&mut command)
            .args(words)
            .current_dir(self.dir.path())
            .env("AWS_ENDPOINT_URL", self.simulator.url());
        Done::from(command.output().unwrap()).ends(0, "")
    }

    /// A CA of its own, whose key the passphrase opens.
    pub(super) fn make_ca(&self, name: &str) {
        let subject = format!("CN={name}");
        self.hsmboot(&[
            "ca",
            "init",
            "--out",
            name,
            "--key-type",
            "p256",
            "--passphrase-file",
            "passphrase.txt",
            "--subject",
            &subject,
        ]);
    }

    fn cluster(&self, region: &str) -> String {
        let made = self.hsmboot(&[
            "cluster",
            "create",
            "--region",
            region,
            "--subnet-id",
            "subnet-0a1b2c3d",
            "--wait",
            "--output",
            "json",
        ]);
        let made = made.json();
        let id = made["cluster_id"]
            .as_str()
            .or_else(|| made["cluster"]["cluster_id"].as_str())
            .unwrap();
        let zone = format!("{region}a");
        self.hsmboot(&[
            "hsm",
            "create",
            "--region",
            region,
            "--cluster-id",
            id,
            "--availability-zone",
            &zone,
            "--wait",
        ]);
        id.to_owned()
    }

    /// How often InitializeCluster was called.
    pub(super) fn claims(&self) -> u64 {
        let counts = self.simulator.call_counts();
        counts.get("InitializeCluster").copied().unwrap_or_default()
    }

    /// What `cluster_claim` takes here.
    pub(super) fn claim(&self) -> Value {
        json!({
            "cluster_id": "{{ inventory_hostname }}", "region": "{{ region }}",
            "ca": self.text("ca/customerCA.crt"), "ca_key": self.text("ca/customerCA.key"),
            "passphrase": "{{ ca_passphrase }}",
            "bundle": self.text("{{ inventory_hostname }}"),
        })
    }

    /// Plays one task on every cluster of the inventory.
    pub(super) fn task(&self, module: &str, arguments: &Value, more: &[&str]) -> Play {
        let task = json!({ format!("hsmboot.cloudhsm.{module}"): arguments });
        self.tasks("cloudhsm", &json!([task]), more)
    }

    /// Plays several tasks in one play, on the first cluster, each whatever came of the one before:
    /// the module, its arguments, and whether it is in check mode. To start Ansible takes longer
    /// than a task.
    #[track_caller]
    pub(super) fn each(&self, all: &[(&str, &Value, bool)]) -> Play {
        let task = |(module, arguments, check): &(&str, &Value, bool)| {
            json!({
                format!("hsmboot.cloudhsm.{module}"): arguments, "check_mode": check,
                "ignore_errors": true,
            })
        };
        let tasks: Vec<Value> = all.iter().map(task).collect();
        let play = self.tasks(self.id(), &json!(tasks), &[]);
        assert_eq!(play.results.len(), all.len(), "{}", play.done.stdout);
        play
    }

    /// Plays tasks on hosts of the inventory.
    pub(super) fn tasks(&self, hosts: &str, tasks: &Value, more: &[&str]) -> Play {
        let play = json!([{
            "hosts": hosts, "connection": "local", "gather_facts": false, "tasks": tasks,
        }]);
        self.play(&play.to_string(), more)
    }

    pub(super) fn play(&self, playbook: &str, more: &[&str]) -> Play {
        fs::write(self.path("play.yml"), playbook).unwrap();
        let hosts: BTreeMap<&str, Value> = self
            .clusters
            .iter()
            .map(|(id, region)| (id.as_str(), json!({ "region": region })))
            .collect();
        let variables = json!({ "ansible_python_interpreter": "{{ ansible_playbook_python }}" });
        let inventory = json!({ "cloudhsm": { "hosts": hosts, "vars": variables } });
        fs::write(self.path("inventory.yml"), inventory.to_string()).unwrap();
        let secret = json!({ "ca_passphrase": PASSPHRASE }).to_string();
        self.secret("secret.yml", &secret);
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new("ansible-playbook");
        environment(&mut command)
            .args(["-v", "-i", "inventory.yml", "-e", "@secret.yml"])
            .args(more)
            .arg("play.yml")
            .current_dir(self.dir.path())
            .env("PATH", format!("{}:{path}", self.text("bin")))
            .env("HSMBOOT_AWS_ROOT", self.path("roots/aws-root.crt"))
            .env(
                "HSMBOOT_MANUFACTURER_ROOT",
                self.path("roots/manufacturer-root.crt"),
            )
            .env("AWS_ENDPOINT_URL", self.simulator.url())
            .env("ANSIBLE_COLLECTIONS_PATH", self.dir.path())
            .env("ANSIBLE_HOME", self.path("home"))
            .env("ANSIBLE_NOCOLOR", "1")
            .env("ANSIBLE_NOCOWS", "1");
        let done = Done::from(command.output().unwrap());
        let (results, recap) = (results(&done.stdout), recap(&done));
        Play {
            done,
            results,
            recap,
        }
    }
}

/// The results in a log of `-v`: `changed: [host] => {...}`, on one line or over several.
fn results(log: &str) -> Vec<Value> {
    let starts = log.match_indices(" => {").map(|(at, _)| &log[at + 4..]);
    let first = |text| serde_json::Deserializer::from_str(text).into_iter().next();
    starts.filter_map(|text| first(text)?.ok()).collect()
}

fn recap(done: &Done) -> BTreeMap<String, u32> {
    let (_, recap) = done
        .stdout
        .split_once("PLAY RECAP")
        .unwrap_or_else(|| panic!("no recap\n{}\n{}", done.stdout, done.stderr));
    let mut sums = BTreeMap::new();
    for (name, count) in recap
        .split_whitespace()
        .filter_map(|word| word.split_once('='))
    {
        *sums.entry(name.to_owned()).or_insert(0) += count.parse::<u32>().unwrap();
    }
    sums
}

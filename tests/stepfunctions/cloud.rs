//! An account of AWS with the fleet's stack in it, and two accounts with clusters.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use hsmboot::simulator::{Credentials, Options, Simulator, Speed};
use serde_json::{Value, json};

use super::aws::Moto;

pub(super) const PROGRAM: &str = env!("CARGO_BIN_EXE_hsmboot");
pub(super) const REGION: &str = "eu-central-1";
/// Two with clusters, and the simulator's own.
pub(super) const ACCOUNTS: [&str; 3] = ["111122223333", "444455556666", "123456789012"];
/// More than anything here takes.
const HANGS: Duration = Duration::from_secs(400);

pub(super) struct Cloud {
    pub(super) simulator: Simulator,
    pub(super) moto: Moto,
    dir: tempfile::TempDir,
}

/// A file of the project.
pub(super) fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The runbook's block of commands that has this in it.
pub(super) fn block(with: &str) -> String {
    let page = fs::read_to_string(project("docs/runbooks/step-functions.md")).unwrap();
    let mut blocks = page
        .split("```sh elsewhere\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap());
    blocks
        .find(|block| block.contains(with))
        .unwrap()
        .to_owned()
}

impl Cloud {
    /// Deploys by the runbook's commands, with the command line's `further` words.
    pub(super) fn deploy(further: &str) -> Self {
        let credentials = ACCOUNTS.iter().flat_map(|account| {
            ["HSMFETCH", "HSMSUBMIT"].map(|role| {
                Credentials::new(&format!("ASIA{account}{role}"), "secret")
                    .with_session_token("token")
                    .in_account(account)
                    .unwrap()
            })
        });
        let simulator = Simulator::spawn(Options {
            speed: Speed::INSTANT,
            credentials: credentials.collect(),
            ..crate::simulated::options()
        })
        .unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        simulator.write_roots(&path("roots")).unwrap();
        fs::create_dir(path("bin")).unwrap();
        symlink(PROGRAM, path("bin/hsmboot")).unwrap();
        symlink(project("packaging"), path("packaging")).unwrap();
        // In the function's package the program is a line that leads to it: it has 90 MB.
        fs::write(
            path("hsmboot"),
            format!("#!/bin/sh\nexec {PROGRAM} \"$@\"\n"),
        )
        .unwrap();
        fs::set_permissions(path("hsmboot"), fs::Permissions::from_mode(0o755)).unwrap();
        let root = |name: &str| format!("{}/roots/{name}.crt", dir.path().display());
        let environment = [
            format!("AWS_ENDPOINT_URL_CLOUDHSM_V2={}", simulator.url()),
            format!("HSMBOOT_AWS_ROOT={}", root("aws-root")),
            format!("HSMBOOT_MANUFACTURER_ROOT={}", root("manufacturer-root")),
        ];
        let cloud = Cloud {
            simulator,
            moto: Moto::serve("tests/stepfunctions/cloud.py", &environment),
            dir,
        };
        cloud.shell("aws s3 mb s3://my-artifacts");
        let deploy = block("cloudformation package");
        cloud.shell(&format!("{} {further}", deploy.trim_end()));
        cloud.shell(&block("member-roles"));
        cloud
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, program: &str, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var("PATH").unwrap();
        command
            .args(words)
            .current_dir(self.dir.path())
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .env("AWS_ENDPOINT_URL", self.moto.url())
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", REGION)
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_PAGER", "")
            .env("AWS_CONFIG_FILE", "/nonexistent")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
            .env("HSMBOOT_AWS_ROOT", self.path("roots/aws-root.crt"))
            .env(
                "HSMBOOT_MANUFACTURER_ROOT",
                self.path("roots/manufacturer-root.crt"),
            )
            .env_remove("AWS_PROFILE")
            .env_remove("AWS_SESSION_TOKEN");
        command
    }

    /// Runs commands, in a directory of ours, as an operator of the fleet's account.
    pub(super) fn shell(&self, script: &str) -> String {
        succeeded(
            script,
            self.command("timeout", &["300", "bash", "-euc", script])
                .output()
                .unwrap(),
        )
    }

    /// Runs the program as somebody in an account, in a region.
    pub(super) fn hsmboot(&self, account: &str, region: &str, words: &[&str]) -> String {
        let mut command = self.command(PROGRAM, words);
        command
            .env("AWS_ENDPOINT_URL", self.simulator.url())
            .env("AWS_ACCESS_KEY_ID", format!("ASIA{account}HSMSUBMIT"))
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_SESSION_TOKEN", "token")
            .env("AWS_REGION", region);
        succeeded(&words.join(" "), command.output().unwrap())
    }

    /// A CA whose key lies unencrypted beside it.
    pub(super) fn make_ca(&self, name: &str) -> String {
        let words = [
            "ca",
            "init",
            "--out",
            name,
            "--key-type",
            "p256",
            "--no-passphrase",
        ];
        self.hsmboot(
            ACCOUNTS[0],
            REGION,
            &[&words[..], &["--subject", "CN=x"]].concat(),
        );
        fs::read_to_string(self.path(name).join("customerCA.crt")).unwrap()
    }

    /// A cluster that can be claimed: its ARN.
    pub(super) fn cluster(&self, account: &str, region: &str) -> String {
        let create = ["cluster", "create", "--subnet-id", "subnet-0a1b2c3d"];
        let made = self.hsmboot(
            account,
            region,
            &[&create[..], &["--output", "json"]].concat(),
        );
        let made: Value = serde_json::from_str(&made).unwrap();
        let id = made["cluster_id"]
            .as_str()
            .or_else(|| made["cluster"]["cluster_id"].as_str())
            .unwrap();
        let zone = format!("{region}a");
        let words = [
            "hsm",
            "create",
            "--cluster-id",
            id,
            "--availability-zone",
            &zone,
        ];
        self.hsmboot(account, region, &[&words[..], &["--wait"]].concat());
        format!("arn:aws:cloudhsm:{region}:{account}:cluster/{id}")
    }

    fn states(&self, action: &str, body: &Value) -> Value {
        self.moto.call(
            "states",
            &format!("AWSStepFunctions.{action}"),
            REGION,
            body,
        )
    }

    pub(super) fn start(&self, machine: &str, name: &str, input: &Value) {
        let arn = format!("arn:aws:states:{REGION}:123456789012:stateMachine:{machine}");
        self.states(
            "StartExecution",
            &json!({ "stateMachineArn": arn, "name": name, "input": input.to_string() }),
        );
    }

    fn execution(&self, machine: &str, name: &str) -> Value {
        let arn = format!("arn:aws:states:{REGION}:123456789012:execution:{machine}:{name}");
        json!({ "executionArn": arn })
    }

    /// All that happened, the first first.
    pub(super) fn history(&self, machine: &str, name: &str) -> Vec<Value> {
        let history = self.states("GetExecutionHistory", &self.execution(machine, name));
        history["events"].as_array().unwrap().clone()
    }

    /// Waits until the execution has ended. Returns how, and its summary.
    #[track_caller]
    pub(super) fn ended(&self, machine: &str, name: &str) -> Ended {
        let began = Instant::now();
        let described = loop {
            let now = self.states("DescribeExecution", &self.execution(machine, name));
            if now["status"] != "RUNNING" {
                break now;
            }
            assert!(began.elapsed() < HANGS, "{name} never ends");
            std::thread::sleep(Duration::from_millis(100));
        };
        let history = self.history(machine, name);
        let summary = history
            .iter()
            .map(|event| &event["stateEnteredEventDetails"])
            .find(|details| details["name"] == "Keep the summary")
            .unwrap_or_else(|| panic!("{name} has no summary: {described}"));
        let input: Value = serde_json::from_str(summary["input"].as_str().unwrap()).unwrap();
        Ended {
            described,
            summary: input["summary"].clone(),
            history,
        }
    }

    /// The ceremony, by the runbook's commands, from the requests on: between signing and bringing
    /// back comes `meanwhile`.
    pub(super) fn ceremony(&self, machine: &str, name: &str, meanwhile: impl FnOnce()) {
        let named = |with| {
            // The page's machine is the stack's; the stack of the tests has another one beside it.
            let of_machine = format!("$(echo $FLEET | sed 's/[^:]*$/{machine}/'):{name}");
            block(with)
                .replace("$FLEET:autumn", &of_machine)
                .replace("autumn", name)
                .replace("sleep 10", "sleep 0.5")
        };
        let take = [named("ceremony.json\" ."), named("fingerprints.txt")].concat();
        let sign = named("hsmboot sign");
        self.shell(&format!(
            "mkdir {name}; cd {name}; ln -s ../ca ca\n{take}\n{sign}"
        ));
        meanwhile();
        // The page's reader has this from the first step still.
        let bundles = block("ceremony.json\" .")
            .lines()
            .next()
            .unwrap()
            .to_owned();
        self.shell(&format!(
            "cd {name}\n{bundles}\n{}",
            named("send-task-success")
        ));
    }
}

/// How an execution ended.
pub(super) struct Ended {
    pub(super) described: Value,
    pub(super) summary: Value,
    pub(super) history: Vec<Value>,
}

impl Ended {
    #[track_caller]
    pub(super) fn with_status(self, status: &str) -> Self {
        let (described, summary) = (&self.described, &self.summary);
        assert_eq!(described["status"], status, "{described}\n{summary}");
        self
    }

    /// Which clusters were claimed, and whether by this execution.
    pub(super) fn claimed(&self) -> Vec<(&str, bool)> {
        let list = self.summary["claimed"].as_array().unwrap().iter();
        list.map(|one| (one["cluster"].as_str().unwrap(), one["changed"] == true))
            .collect()
    }

    /// Holds what was claimed against what is expected. Where they differ, the summary says why.
    #[track_caller]
    pub(super) fn with_claimed(self, expected: &[(&str, bool)]) -> Self {
        assert_eq!(self.claimed(), expected, "{}", self.summary);
        self
    }

    /// Which failed: the cluster, the error's type and kind.
    pub(super) fn failed(&self) -> Vec<(&str, &str, &str)> {
        let list = self.summary["failed"].as_array().unwrap().iter();
        let text = |one: &'_ Value, name: &str| one[name].as_str().map(str::len).is_some();
        list.map(|one| {
            assert!(text(one, "reason"), "{one}");
            (
                one["cluster"].as_str().unwrap(),
                one["error"].as_str().unwrap(),
                one["kind"].as_str().unwrap(),
            )
        })
        .collect()
    }

    /// The errors that the functions gave, as often as they did.
    pub(super) fn errors(&self) -> Vec<&str> {
        let details = self
            .history
            .iter()
            .map(|event| &event["taskFailedEventDetails"]);
        details
            .filter_map(|details| details["error"].as_str())
            .collect()
    }

    /// The size of the largest input or output of any state.
    pub(super) fn largest(&self) -> usize {
        let texts = self.history.iter().flat_map(|event| {
            [
                &event["stateEnteredEventDetails"]["input"],
                &event["stateExitedEventDetails"]["output"],
                &event["taskScheduledEventDetails"]["parameters"],
                &event["taskSucceededEventDetails"]["output"],
            ]
        });
        texts
            .filter_map(|text| text.as_str().map(str::len))
            .max()
            .unwrap()
    }
}

#[track_caller]
fn succeeded(what: &str, output: Output) -> String {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{what}\n{out}\n{err}");
    out
}

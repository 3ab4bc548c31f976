//! The function of AWS Lambda: the real program behind a stand-in for the Runtime API, with the
//! simulator as the service and a stand-in for AWS KMS.
#![cfg(all(feature = "lambda", feature = "simulator"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/aws.rs"]
#[allow(dead_code, unreachable_pub)]
mod aws;
#[path = "lambda/commands.rs"]
mod commands;
#[path = "support/done.rs"]
#[allow(dead_code)]
mod done;
#[path = "lambda/errors.rs"]
mod errors;
#[path = "support/kms.rs"]
#[allow(dead_code)]
mod kms_key;
#[path = "support/pipe.rs"]
#[allow(dead_code)]
mod pipe;
#[path = "lambda/refusals.rs"]
mod refusals;
#[path = "lambda/runtime.rs"]
mod runtime;
#[path = "lambda/stacks.rs"]
mod stacks;
#[path = "online/stage.rs"]
#[allow(dead_code)]
mod stage;
#[path = "simulator/support.rs"]
#[allow(dead_code, unreachable_pub, clippy::missing_panics_doc)]
mod support;

use std::fs;
use std::process::{Command, Stdio};

use aws::{StandIn, base64};
use done::Done;
use hsmboot::simulator::{InjectedFault, Simulator};
use kms_key::ALIAS;
use runtime::Function;
use serde_json::{Value, json};
use stage::{Stage, run};

/// A simulator with a cluster, a CA whose key is in KMS, and the function.
struct LambdaStage {
    stage: Stage,
    kms: StandIn,
    function: Function,
}

impl LambdaStage {
    fn new() -> Self {
        Self::with_variables(&[])
    }

    /// Starts the function with further variables.
    fn with_variables(variables: &[(&str, &str)]) -> Self {
        let (stage, kms) = (Stage::new(), kms_key::kms());
        let made = stage
            .hsmboot(&["ca", "init", "--out", "kms", "--subject", "CN=In KMS"])
            .args(["--ca-key", ALIAS])
            .env("AWS_ENDPOINT_URL_KMS", &kms.url)
            .output();
        Done::from(made.unwrap()).ends(0, "made a CA");
        let root = |name: &str| stage.path("roots").join(name).display().to_string();
        let own = [
            ("HSMBOOT_AWS_ROOT", root("aws-root.crt")),
            ("HSMBOOT_MANUFACTURER_ROOT", root("manufacturer-root.crt")),
            ("AWS_ENDPOINT_URL_CLOUDHSM_V2", stage.simulator.url()),
            ("AWS_ENDPOINT_URL_KMS", kms.url.clone()),
        ];
        let all: Vec<(&str, &str)> = own
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .chain(variables.iter().copied())
            .collect();
        let function = Function::start(&all);
        LambdaStage {
            stage,
            kms,
            function,
        }
    }

    /// A text of the stage's directory.
    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.stage.path(name)).unwrap()
    }

    /// The CA whose key is in KMS.
    fn ca(&self) -> String {
        self.text("kms/customerCA.crt")
    }

    /// The number of signatures by the key in KMS since it signed the CA's own certificate.
    fn signatures(&self) -> usize {
        self.kms.bodies("Sign").len() - 1
    }

    /// An event about the cluster, with these members.
    fn event(&self, command: &str, members: Value) -> Value {
        let mut event = json!({ "command": command, "cluster": self.stage.id });
        let (event_members, more) = (event.as_object_mut().unwrap(), members);
        event_members.extend(more.as_object().unwrap().clone());
        event
    }
}

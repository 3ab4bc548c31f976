//! All that a function needs to claim a cluster: a simulator, a key in AWS KMS, and the function.

use std::fs;

use serde_json::{Value, json};

use super::aws::StandIn;
use super::done::Done;
use super::kms_key::{self, ALIAS};
use super::runtime::Function;
use super::stage::Stage;

/// A simulator with a cluster, a CA whose key is in KMS, and the function.
pub(super) struct LambdaStage {
    pub(super) stage: Stage,
    pub(super) kms: StandIn,
    pub(super) function: Function,
}

impl LambdaStage {
    pub(super) fn new() -> Self {
        Self::with_variables(&[])
    }

    /// Starts the function with further variables.
    pub(super) fn with_variables(variables: &[(&str, &str)]) -> Self {
        let (stage, kms) = (Stage::new(), kms_key::kms());
        let made = stage
            .hsmboot(&["ca", "init", "--out", "kms", "--subject", "CN=In KMS"])
            .args(["--ca-key", ALIAS])
            .env("AWS_ENDPOINT_URL_KMS", &kms.url)
            .output();
        Done::from(made.unwrap()).ends(0, "made a CA");
        let function = start_function(&stage, &kms, variables);
        LambdaStage {
            stage,
            kms,
            function,
        }
    }

    /// Starts another function before the same services, with these variables.
    pub(super) fn another_function(&self, variables: &[(&str, &str)]) -> Function {
        start_function(&self.stage, &self.kms, variables)
    }

    /// A text of the stage's directory.
    pub(super) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.stage.path(name)).unwrap()
    }

    /// The CA whose key is in KMS.
    pub(super) fn ca(&self) -> String {
        self.text("kms/customerCA.crt")
    }

    /// The number of signatures by the key in KMS since it signed the CA's own certificate.
    pub(super) fn signatures(&self) -> usize {
        self.kms.bodies("Sign").len() - 1
    }

    /// An event about the cluster, with these members.
    pub(super) fn event(&self, command: &str, members: Value) -> Value {
        let mut event = json!({ "command": command, "cluster": self.stage.id });
        let (event_members, more) = (event.as_object_mut().unwrap(), members);
        event_members.extend(more.as_object().unwrap().clone());
        event
    }
}

fn start_function(stage: &Stage, kms: &StandIn, variables: &[(&str, &str)]) -> Function {
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
    Function::start(&all)
}

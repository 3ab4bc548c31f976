//! Three clusters that are ready to be claimed, each with its bundle.

use super::*;

/// A stage with three clusters, each fetched into a directory of its id.
pub(super) struct Three {
    pub(super) stage: Stage,
    pub(super) ids: Vec<String>,
}

impl Three {
    pub(super) fn new() -> Self {
        let stage = Stage::new();
        let mut ids = vec![stage.id.clone()];
        ids.extend((0..2).map(|_| support::ready_cluster(&stage.simulator).0));
        let three = Three { stage, ids };
        for id in &three.ids {
            run(&mut three.stage.online(&["fetch", "--cluster-id", id])).ends(0, "fetched");
        }
        three
    }

    /// Runs a command on all three directories.
    pub(super) fn each(&self, command: &str, words: &[&str]) -> Done {
        let ids: Vec<&str> = self.ids.iter().map(String::as_str).collect();
        let all = [&[command], &ids[..], words].concat();
        let mut command = self.stage.hsmboot(&all);
        self.stage.trust(&mut command);
        run(&mut command)
    }

    pub(super) fn sign(&self, words: &[&str]) -> Done {
        let ca = ["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key"];
        self.each("sign", &[&ca, words].concat())
    }

    pub(super) fn submit(&self, words: &[&str]) -> Done {
        let url = self.stage.simulator.url();
        let to = ["--endpoint-url", &url, "--ca", "ca/customerCA.crt"];
        self.each("submit", &[&to, words].concat())
    }

    /// The list of fingerprints, as the online side has it.
    pub(super) fn list(&self) -> String {
        let line = |id: &String| {
            let again =
                run(&mut self
                    .stage
                    .online(&["fetch", "--cluster-id", id, "--output", "json"]));
            format!("{id} {}\n", again.json()["fingerprint"].as_str().unwrap())
        };
        self.ids.iter().map(line).collect()
    }

    pub(super) fn signed(&self, at: usize) -> bool {
        let id = &self.ids[at];
        self.stage
            .path(&format!("{id}/{id}_CustomerHsmCertificate.crt"))
            .exists()
    }
}

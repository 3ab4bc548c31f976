//! Every command, with words that it can be run with again and again beside a simulator.

use super::stage::{ROOTS, SUBNET, Stage};

const ZONE: &str = "us-east-1a";

/// A claimed cluster with its bundle `first`, and one with a CSR and its bundle `second`.
pub(crate) struct Every {
    pub(crate) stage: Stage,
    id: String,
    hsm: String,
    backup: String,
    /// A cluster that nobody misses.
    spare: String,
}

impl Every {
    pub(crate) fn new() -> Self {
        let stage = Stage::new();
        stage.ready_to_claim();
        let owner = ["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key"];
        let create = ["bootstrap", "--create", "--bundle", "first"];
        let place = ["--subnet-id", SUBNET, "--availability-zone", ZONE];
        stage
            .run(&[&create[..], &place, &owner, &ROOTS].concat())
            .ends(0, "");
        let id = stage.cluster();
        let hsm = ["hsm", "create", &id, "--availability-zone", ZONE, "--wait"];
        stage.run(&hsm).ends(0, "");
        stage.run(&["fetch", &id, "--bundle", "second"]).ends(0, "");
        stage
            .run(&[&["sign", "second"][..], &owner, &ROOTS].concat())
            .ends(0, "");
        let policy = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal":
            {"AWS": "arn:aws:iam::111122223333:root"}, "Action": ["cloudhsm:CreateCluster",
            "cloudhsm:DescribeBackups"], "Resource": "*"}]}"#;
        std::fs::write(stage.path("policy.json"), policy).unwrap();
        let shown = stage.json(&["cluster", "show", &id]);
        let listed = stage.json(&["backup", "list"]);
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        Every {
            hsm: text(&shown["cluster"]["hsms"][0]["hsm_id"]),
            backup: text(&listed["backups"][0]["backup_id"]),
            spare: stage.cluster(),
            stage,
            id,
        }
    }

    /// The words of a command; `None` for one whose output is data, a picture or a server's. No
    /// catch-all arm: a command that is added needs its case.
    pub(crate) fn words(&self, command: &str) -> Option<Vec<String>> {
        let words = match command {
            "bootstrap" => "bootstrap ID1 --bundle first --ca CA --yes ROOTS",
            "fetch" => "fetch ID --bundle second",
            "verify" => "verify first second ROOTS",
            "ca init" => "ca init --out ca --subject CN=a --key-type p256 --no-passphrase",
            "ca show" => "ca show CA",
            "sign" => "sign second --ca CA --ca-key KEY ROOTS",
            "import" => "import second --signed-cert SIGNED --trust-anchor CA ROOTS",
            "check" => "check --csr CSR --signed-cert SIGNED --trust-anchor CA",
            "submit" => "submit first --ca CA --yes ROOTS",
            "status" => "status ID --ca CA",
            "wait" => "wait ID --for uninitialized",
            "cluster create" => "cluster create --subnet-id SUBNET --wait",
            "cluster list" => "cluster list",
            "cluster show" => "cluster show ID",
            "cluster modify" => "cluster modify ID --retention-days 30",
            "cluster delete" => "cluster delete SPARE --yes",
            "hsm create" => "hsm create ID --availability-zone ZONE",
            "hsm delete" => "hsm delete ID --hsm-id HSM --yes --wait",
            "backup list" => "backup list",
            "backup copy" => "backup copy --backup-id BACKUP --destination-region eu-west-1",
            "backup delete" => "backup delete --backup-id BACKUP --yes",
            "backup restore" => "backup restore --backup-id BACKUP",
            "backup modify" => "backup modify --backup-id BACKUP --never-expires true",
            "backup policy get" => "backup policy get --backup-id BACKUP",
            "backup policy put" => "backup policy put --backup-id BACKUP --policy policy.json",
            "backup policy delete" => "backup policy delete --backup-id BACKUP --yes",
            "tag list" => "tag list --resource-id ID",
            "tag add" => "tag add --resource-id ID --tag a=b",
            "tag remove" => "tag remove --resource-id ID --key c --yes",
            "plan" => "plan --all --ca CA ROOTS",
            "pack" => "pack second --out second.hsmboot --force",
            "unpack" => "unpack second.hsmboot unpacked",
            "transcript show" => "transcript show first",
            "transcript verify" => "transcript verify first",
            "report" => "report first --ca CA -o page.html ROOTS",
            "handover" => "handover first -o clients --ca CA",
            "roots show" => "roots show CA",
            "config show" => "config show",
            "qr show" | "qr read" | "completions" | "man" | "simulate" | "lambda" => return None,
            other => panic!("{other} has no case here: what does it say, and when?"),
        };
        Some(words.split(' ').flat_map(|word| self.fill(word)).collect())
    }

    fn fill(&self, word: &str) -> Vec<String> {
        let part = |name: &str| format!("second/{}_{name}", self.id);
        let text = match word {
            "ROOTS" => return ROOTS.map(str::to_owned).to_vec(),
            "CA" => "ca/customerCA.crt",
            "KEY" => "ca/customerCA.key",
            "SUBNET" => SUBNET,
            "ZONE" => ZONE,
            "ID" => &self.id,
            "ID1" => &self.first(),
            "HSM" => &self.hsm,
            "SPARE" => &self.spare,
            "BACKUP" => &self.backup,
            "CSR" => &part("ClusterCsr.csr"),
            "SIGNED" => &part("CustomerHsmCertificate.crt"),
            word => word,
        };
        vec![text.to_owned()]
    }

    /// The claimed cluster.
    fn first(&self) -> String {
        let names = self.stage.listing("first").into_keys();
        let part = names.into_iter().find(|name| name.starts_with("cluster-"));
        part.unwrap().split('_').next().unwrap().to_owned()
    }
}

/// Whether a command is about the service: it takes the service's place.
fn is_online(command: &clap::Command) -> bool {
    let mut options = command.get_arguments();
    options.any(|option| option.get_long() == Some("endpoint-url"))
}

/// Every command that the program has, by clap's own account, and whether it is online.
pub(crate) fn commands() -> Vec<(String, bool)> {
    fn add(command: &clap::Command, name: &str, found: &mut Vec<(String, bool)>) {
        let mut subs = command
            .get_subcommands()
            .filter(|sub| sub.get_name() != "help");
        let mut is_last = true;
        for sub in &mut subs {
            is_last = false;
            add(sub, format!("{name} {}", sub.get_name()).trim(), found);
        }
        if is_last {
            found.push((name.to_owned(), is_online(command)));
        }
    }
    let mut found = Vec::new();
    add(&hsmboot::cli::command(), "", &mut found);
    found
}

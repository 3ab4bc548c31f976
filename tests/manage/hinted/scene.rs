//! A place in which a named command can be run, or finds its names taken.

use std::path::PathBuf;

use super::*;

/// A cluster with a CSR, a backup, a bundle that is fetched and signed, and a CA.
pub(super) struct Scene {
    pub(super) stage: Stage,
    pub(super) id: String,
    pub(super) hsm: String,
    pub(super) backup: String,
}

impl Scene {
    pub(super) fn new(with_backup: bool) -> Self {
        let stage = Stage::new();
        stage.ready_to_claim();
        if with_backup {
            // A claim leaves one.
            let create = [
                "bootstrap",
                "--create",
                "--bundle",
                "first",
                "--subnet-id",
                SUBNET,
                "--availability-zone",
                "us-east-1a",
            ];
            let owner = ["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key"];
            stage
                .run(&[&create[..], &owner, &ROOTS].concat())
                .ends(0, "");
        }
        let id = stage.cluster();
        stage
            .run(&[
                "hsm",
                "create",
                "--cluster-id",
                &id,
                "--availability-zone",
                "us-east-1a",
                "--wait",
            ])
            .ends(0, "");
        stage
            .run(&["fetch", "--cluster-id", &id, "--bundle", "DIR"])
            .ends(0, "");
        let hsm =
            stage.json(&["cluster", "show", "--cluster-id", &id])["cluster"]["hsms"][0]["hsm_id"]
                .as_str()
                .unwrap()
                .to_owned();
        let backup = stage.json(&["backup", "list"])["backups"][0]["backup_id"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let codes = if cfg!(feature = "qr") {
            stage.json(&["qr", "show", "DIR"])["codes"].clone()
        } else {
            serde_json::Value::Array(Vec::new())
        };
        let codes: Vec<&str> = codes
            .as_array()
            .unwrap()
            .iter()
            .map(|code| code["text"].as_str().unwrap())
            .collect();
        fs::write(stage.path("codes.txt"), codes.join("\n")).unwrap();
        let scene = Scene {
            stage,
            id,
            hsm,
            backup,
        };
        scene.shell(
            "openssl x509 -in ca/customerCA.crt -outform DER -out crt.der && openssl req \
                     -in DIR/*.csr -outform DER -out csr.der",
        );
        scene
    }

    pub(super) fn fill(&self, words: &str) -> Vec<String> {
        let fill = |word: &str| match word {
            "ID" => vec![self.id.clone()],
            "HSM" => vec![self.hsm.clone()],
            "BACKUP" => vec![self.backup.clone()],
            "CA.crt" => vec!["ca/customerCA.crt".to_owned()],
            "CA.key" => vec!["ca/customerCA.key".to_owned()],
            "ROOTS" => ROOTS.map(str::to_owned).to_vec(),
            word => vec![word.to_owned()],
        };
        words.split_whitespace().flat_map(fill).collect()
    }

    pub(super) fn shell(&self, command: &str) {
        let output = Command::new("sh")
            .args(["-ec", command])
            .current_dir(self.stage.path(""))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{command}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Something of another's under every name that a command could think of.
    pub(super) fn take_names(&self) {
        let bundle = |dir: &str| {
            let part = |part: &str| format!("{dir}/{}_{part}", self.id);
            [
                "ClusterCsr.csr",
                "HsmCertificate.crt",
                "CustomerHsmCertificate.crt",
            ]
            .map(part)
            .into_iter()
            .chain(
                [
                    "customerCA.crt",
                    "customerCA.key",
                    "request.json",
                    "verification.json",
                    "transcript.jsonl",
                ]
                .map(|name| format!("{dir}/{name}")),
            )
        };
        let names = bundle("NEWDIR")
            .chain(bundle(&self.id))
            .chain(bundle("."))
            .chain(["NEWNAME.hsmboot".to_owned(), "report.html".to_owned()]);
        for name in names.chain([
            format!("DIR/{}_CustomerHsmCertificate.crt", self.id),
            "DIR/customerCA.crt".to_owned(),
        ]) {
            let path = self.stage.path(&name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "the only one there is\n").unwrap();
        }
    }

    pub(super) fn listing(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        files(&self.stage.path(""))
    }

    /// What was there is there: as it was, but for the program's own record, and the transcript's
    /// further lines.
    pub(super) fn nothing_is_lost(&self, before: &BTreeMap<PathBuf, Vec<u8>>, command: &str) {
        let after = self.listing();
        for (path, was) in before {
            let now = after
                .get(path)
                .unwrap_or_else(|| panic!("{command} takes {} away", path.display()));
            let grows = path.ends_with("transcript.jsonl") && now.starts_with(was);
            let record = path.ends_with("DIR/verification.json");
            assert!(
                now == was || grows || record,
                "{command} writes over {}",
                path.display()
            );
        }
    }
}

/// Every file under a directory; no links.
pub(super) fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            all.extend(files(&entry.path()));
        } else {
            all.insert(entry.path(), fs::read(entry.path()).unwrap());
        }
    }
    all
}

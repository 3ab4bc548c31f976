//! `handover`: what client machines get is the proven owner's trust anchor and the very claim's
//! facts, or nothing at all.

#[path = "handover/refusals.rs"]
mod refusals;
#[path = "handover/told.rs"]
mod told;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use hsmboot::bundle::{Bundle, Receipt, TranscriptStep, to_document};
use hsmboot::fsio::NewFile;
use hsmboot::x509::Moment;
use serde_json::{Value, json};

use super::{Done, Stage, run, support};

/// A directory's files and their content.
pub(super) fn files(dir: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(dir).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                fs::read_to_string(entry.path()).unwrap(),
            )
        })
        .collect()
}

fn claimed() -> Stage {
    let stage = Stage::new();
    stage.signed();
    run(&mut stage.submit()).ends(0, "claimed");
    stage
}

impl Stage {
    fn handover(&self, more: &[&str]) -> Done {
        run(self
            .hsmboot(&["handover", &self.id, "-o", "clients"])
            .args(more))
    }

    /// Ends like this, as text and as JSON, and leaves nothing.
    #[track_caller]
    fn keeps_all(&self, more: &[&str], code: i32, kind: &str) -> Value {
        let document = self
            .handover(&[more, &["--output", "json"]].concat())
            .ends(code, kind)
            .json();
        assert_eq!(document["error"]["kind"], kind, "{document:#}");
        self.handover(more).ends(code, "error:");
        assert!(!self.path("clients").exists(), "something was written");
        document
    }

    /// Exchanges the receipt by a step, so that the transcript accounts for it: somebody who can
    /// write to the bundle can do so.
    fn exchange_receipt(&self, change: impl FnOnce(&mut Value)) {
        let mut receipt = self.receipt();
        change(&mut receipt);
        let receipt: Receipt = serde_json::from_value(receipt).unwrap();
        let step = TranscriptStep {
            time: Some(Moment::from_unix(2_000_000_000)),
            tool: "hsmboot test",
            ..TranscriptStep::default()
        };
        let file = NewFile {
            name: "receipt.json".to_owned(),
            content: &to_document(&receipt),
            mode: 0o644,
            replace: true,
        };
        Bundle::open(&self.path(&self.id))
            .unwrap()
            .write(&[file], &step)
            .unwrap();
        run(&mut self.hsmboot(&["transcript", "verify", &self.id])).ends(0, "holds");
    }
}

const OWN: [&str; 2] = ["--ca", "ca/customerCA.crt"];

fn fingerprint(stage: &Stage, ca: &str) -> String {
    let shown = run(&mut stage.hsmboot(&["ca", "show", ca, "--output", "json"])).json();
    shown["sha256"]
        .as_str()
        .unwrap_or_else(|| panic!("{shown:#}"))
        .to_owned()
}

#[test]
fn a_client_machine_gets_the_trust_anchor_the_addresses_and_the_commands() {
    let stage = claimed();
    let address = support::describe(&stage.simulator, &stage.id)["Hsms"][0]["EniIp"]
        .as_str()
        .unwrap()
        .to_owned();
    let done = stage
        .handover(&[&OWN[..], &["--output", "json"]].concat())
        .ends(0, "")
        .json();
    assert_eq!(
        (&done["changed"], &done["owner"], &done["addresses_from"]),
        (&true.into(), &"ca".into(), &"receipt".into())
    );
    let files = files(&stage.path("clients"));
    assert_eq!(
        files.keys().collect::<Vec<_>>(),
        [
            "README.txt",
            "SHA256SUMS",
            "customerCA.crt",
            "handover.json"
        ]
    );
    assert_eq!(
        files["customerCA.crt"],
        fs::read_to_string(stage.path("ca/customerCA.crt")).unwrap()
    );
    let sums = Command::new("sha256sum")
        .args(["--strict", "-c", "SHA256SUMS"])
        .current_dir(stage.path("clients"))
        .output()
        .unwrap();
    assert!(sums.status.success(), "{sums:?}");
    assert_eq!(
        String::from_utf8(sums.stdout)
            .unwrap()
            .lines()
            .filter(|line| line.ends_with(": OK"))
            .count(),
        3
    );
    let told: Value = serde_json::from_str(&files["handover.json"]).unwrap();
    assert_eq!(
        (&told["cluster_id"], &told["region"], &told["addresses"]),
        (&json!(stage.id), &json!("us-east-1"), &json!([address]))
    );
    assert_eq!(told["next_steps"], done["next_steps"]);
    for words in [
        format!("/opt/cloudhsm/bin/configure-cli -a {address}\n"),
        "sudo cp customerCA.crt /opt/cloudhsm/etc/customerCA.crt\n".to_owned(),
        r"C:\ProgramData\Amazon\CloudHSM\customerCA.crt".to_owned(),
        "        cluster activate\n".to_owned(),
        stage.id.clone(),
        "us-east-1".to_owned(),
        "Client SDK 5.9 or later".to_owned(),
        "kmsuser".to_owned(),
        format!(
            "SHA-256 {}",
            told["trust_anchor"]["sha256"].as_str().unwrap()
        ),
    ] {
        assert!(
            files["README.txt"].contains(&words),
            "no {words:?} in\n{}",
            files["README.txt"]
        );
    }
    // A second time, whenever that is, it is the same.
    let again = stage
        .handover(&[&OWN[..], &["--output", "json"]].concat())
        .ends(0, "")
        .json();
    assert_eq!(again["changed"], false);
    stage.handover(&OWN).ends(0, "nothing changed");
    assert_eq!(self::files(&stage.path("clients")), files);
}

#[test]
fn a_bundle_in_one_file_is_handed_over_from_as_well() {
    let stage = claimed();
    run(&mut stage.hsmboot(&["pack", &stage.id, "-o", "claim.hsmboot"])).ends(0, "holds");
    run(stage
        .hsmboot(&["handover", "claim.hsmboot", "-o", "packed"])
        .args(OWN))
    .ends(0, "wrote");
    stage.handover(&OWN).ends(0, "wrote");
    assert_eq!(files(&stage.path("packed")), files(&stage.path("clients")));
    run(stage
        .hsmboot(&["handover", "claim.hsmboot", "-o", "claim.hsmboot"])
        .args(OWN))
    .ends(2, "is the bundle itself");
}

#[test]
fn a_claim_without_proof_of_the_hsm_is_handed_over_with_that_said() {
    let stage = Stage::new();
    let why = ["--unverified", "--reason", "a test"];
    run(&mut stage.online(&["fetch", "--cluster-id", &stage.id])).ends(0, "fetched");
    run(stage
        .hsmboot(&[
            "sign",
            &stage.id,
            "--ca",
            "ca/customerCA.crt",
            "--ca-key",
            "ca/customerCA.key",
        ])
        .args(why))
    .ends(0, "signed");
    run(stage.online(&["submit", &stage.id]).args(OWN).args(why)).ends(0, "claimed");
    stage.handover(&OWN).ends(0, "UNVERIFIED");
    let files = files(&stage.path("clients"));
    assert!(files["README.txt"].contains("UNVERIFIED") && files["README.txt"].contains("a test"));
    assert_eq!(
        serde_json::from_str::<Value>(&files["handover.json"]).unwrap()["unverified"]["reason"],
        "a test"
    );
}

/// Root, two CAs below it: the chain as it is sent, and the key of the first, in the stage's
/// directory.
fn chain_of_three(stage: &Stage, name: &str) -> Vec<String> {
    let key = || rcgen::KeyPair::generate().unwrap();
    let params = |common_name: &str| {
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, common_name);
        params.not_before = rcgen::date_time_ymd(2000, 1, 1);
        params.not_after = rcgen::date_time_ymd(4096, 1, 1);
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.key_usages = vec![
            rcgen::KeyUsagePurpose::KeyCertSign,
            rcgen::KeyUsagePurpose::CrlSign,
            rcgen::KeyUsagePurpose::DigitalSignature,
        ];
        params.use_authority_key_identifier_extension = true;
        params
    };
    let (root, middle, first) = (key(), key(), key());
    let root_params = params(&format!("{name} root"));
    let root_cert = root_params.self_signed(&root).unwrap().pem();
    let middle_params = params(&format!("{name} middle"));
    let middle_cert = middle_params
        .signed_by(&middle, &rcgen::Issuer::from_params(&root_params, &root))
        .unwrap()
        .pem();
    let first_cert = params(&format!("{name} first"))
        .signed_by(&first, &rcgen::Issuer::from_params(&middle_params, &middle))
        .unwrap()
        .pem();
    let chain = [first_cert, middle_cert, root_cert];
    fs::write(stage.path(&format!("{name}.crt")), chain.concat()).unwrap();
    fs::write(stage.path(&format!("{name}.key")), first.serialize_pem()).unwrap();
    fs::set_permissions(
        stage.path(&format!("{name}.key")),
        fs::Permissions::from_mode(0o600),
    )
    .unwrap();
    let file = |(at, pem): (usize, &String)| {
        fs::write(stage.path(&format!("{name}-{at}.crt")), pem).unwrap();
        fingerprint(stage, &format!("{name}-{at}.crt"))
    };
    chain.iter().enumerate().map(file).collect()
}

#[test]
fn a_chain_is_handed_over_whole_and_proven_whole() {
    let stage = Stage::new();
    let digests = chain_of_three(&stage, "own");
    run(&mut stage.online(&["fetch", "--cluster-id", &stage.id])).ends(0, "fetched");
    let mut sign = stage.hsmboot(&["sign", &stage.id, "--ca", "own.crt", "--ca-key", "own.key"]);
    stage.trust(&mut sign);
    run(&mut sign).ends(0, "signed");
    let submitted =
        run(&mut stage.trusting(&["submit", &stage.id, "--ca", "own.crt", "--output", "json"]))
            .ends(0, "")
            .json();
    // One certificate of it proves the others no more than a stranger's does.
    for part in ["own-0.crt", "own-1.crt", "own-2.crt"] {
        stage.keeps_all(&["--ca", part], 3, "another-trust-anchor");
    }
    chain_of_three(&stage, "theirs");
    stage.keeps_all(&["--ca", "theirs.crt"], 3, "another-trust-anchor");
    let told = stage.keeps_all(&["--ca-fingerprint", &digests[0]], 3, "owner-not-proven");
    let message = told["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("nothing was written") && !message.contains("sent"),
        "{message}"
    );
    stage.keeps_all(
        &["--ca-fingerprint", &digests[2]],
        3,
        "another-trust-anchor",
    );
    stage.handover(&["--ca", "own.crt"]).ends(0, "wrote");
    let handed = files(&stage.path("clients"));
    assert_eq!(
        handed["customerCA.crt"]
            .matches("BEGIN CERTIFICATE")
            .count(),
        3
    );
    assert_eq!(
        handed["customerCA.crt"],
        fs::read_to_string(stage.path(&stage.id).join("customerCA.crt")).unwrap()
    );
    digests.iter().for_each(|digest| {
        assert!(
            handed["README.txt"].contains(digest),
            "{}",
            handed["README.txt"]
        )
    });
    let told: Value = serde_json::from_str(&handed["handover.json"]).unwrap();
    assert_eq!(
        (
            &told["trust_anchor"]["sha256"],
            &told["trust_anchor"]["chain_sha256"]
        ),
        (&json!(digests[0]), &json!(digests[1..]))
    );
    // As `submit` printed it: by both ends.
    let command = submitted["next_steps"][0]["command"].as_str().unwrap();
    assert!(
        command.ends_with(&format!(
            " --ca-fingerprint {} --ca-fingerprint {}",
            digests[0], digests[2]
        )),
        "{command}"
    );
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    run(&mut stage.hsmboot(&words)).ends(0, "wrote");
    assert_eq!(
        files(&stage.path(&format!("{}-clients", stage.id)))["customerCA.crt"],
        handed["customerCA.crt"]
    );
    // A receipt of another chain.
    fs::remove_dir_all(stage.path("clients")).unwrap();
    stage.exchange_receipt(|receipt| receipt["chain_sha256"] = json!([digests[1]]));
    stage.keeps_all(&["--ca", "own.crt"], 4, "receipt-differs");
}

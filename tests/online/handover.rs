//! `handover`: what client machines get is the proven owner's trust anchor and the very claim's
//! facts, or nothing at all.

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
fn a_ca_that_nobody_proved_is_handed_to_nobody() {
    let stage = claimed();
    stage.make_ca("other");
    let inside = format!("{}/customerCA.crt", stage.id);
    let told = stage.keeps_all(&[], 3, "owner-not-proven");
    assert!(
        told["error"]["message"]
            .as_str()
            .unwrap()
            .contains("nothing was written"),
        "{told:#}"
    );
    assert!(
        !told["error"]["hint"]
            .as_str()
            .unwrap()
            .contains("--ca-from-bundle"),
        "no way round is named: {told:#}"
    );
    stage.keeps_all(&["--ca", "other/customerCA.crt"], 3, "another-trust-anchor");
    stage.keeps_all(&["--ca", &inside], 2, "ca-in-bundle");
    fs::hard_link(stage.path(&inside), stage.path("linked.crt")).unwrap();
    stage.keeps_all(&["--ca", "linked.crt"], 2, "ca-in-bundle");
    let (own, other) = (
        fingerprint(&stage, "ca/customerCA.crt"),
        fingerprint(&stage, "other/customerCA.crt"),
    );
    stage.keeps_all(&["--ca-fingerprint", &other], 3, "another-trust-anchor");
    // All that is said must hold.
    stage.keeps_all(
        &["--ca", "ca/customerCA.crt", "--ca-fingerprint", &other],
        3,
        "another-trust-anchor",
    );
    stage.keeps_all(
        &["--ca", "other/customerCA.crt", "--ca-fingerprint", &own],
        3,
        "another-trust-anchor",
    );
    run(stage
        .hsmboot(&["handover", &stage.id, "-o", "clients", "--ca-from-bundle"])
        .args(["--reason", "x"]))
    .ends(2, "unexpected argument");
    stage
        .handover(&["--ca-fingerprint", &own])
        .ends(0, "named by --ca-fingerprint");
    assert_eq!(
        files(&stage.path("clients"))["customerCA.crt"],
        fs::read_to_string(stage.path("ca/customerCA.crt")).unwrap()
    );
}

#[test]
fn a_stranger_who_can_write_to_the_bundle_gets_no_trust_anchor_to_the_clients() {
    let stage = claimed();
    let dir = stage.path(&stage.id);
    stage.make_ca("theirs");
    // The whole bundle of a claim of theirs, transcript and receipt and all, under the operator's
    // name.
    let theirs = {
        let other = claimed();
        let place = tempfile::tempdir().unwrap();
        let mut copy = Command::new("cp");
        assert!(
            copy.arg("-r")
                .arg(other.path(&other.id))
                .arg(place.path().join("bundle"))
                .status()
                .unwrap()
                .success()
        );
        place
    };
    let theirs = theirs.path().join("bundle");
    run(stage
        .hsmboot(&["handover", theirs.to_str().unwrap(), "-o", "clients"])
        .args(OWN))
    .ends(3, "is not your CA");
    // One file exchanged.
    for name in ["customerCA.crt", "receipt.json"] {
        let content = fs::read(dir.join(name)).unwrap();
        let planted = if name == "customerCA.crt" {
            stage.path("theirs/customerCA.crt")
        } else {
            theirs.join(name)
        };
        fs::copy(planted, dir.join(name)).unwrap();
        stage.keeps_all(&OWN, 4, "bad-transcript");
        fs::write(dir.join(name), content).unwrap();
    }
    // Nothing accounts for a receipt without a transcript.
    fs::rename(dir.join("transcript.jsonl"), stage.path("aside")).unwrap();
    stage.keeps_all(&OWN, 4, "bad-transcript");
    fs::rename(stage.path("aside"), dir.join("transcript.jsonl")).unwrap();
    stage.handover(&OWN).ends(0, "wrote");
}

#[test]
fn a_receipt_of_another_claim_is_nothing_to_hand_over_by() {
    let digest = "00".repeat(32);
    let (other, theirs) = (claimed(), claimed());
    let their_certificate = theirs.receipt()["cluster_certificate"].clone();
    type Change<'a> = Box<dyn Fn(&mut Value) + 'a>;
    let set = |name: &'static str, value: Value| -> Change<'_> {
        Box::new(move |receipt| receipt[name] = value.clone())
    };
    let removed = |name: &'static str| -> Change<'_> {
        Box::new(move |receipt| drop(receipt.as_object_mut().unwrap().remove(name)))
    };
    for change in [
        set("cluster_id", json!("cluster-bbbbbbbbbbb")),
        set("csr_sha256", json!(digest)),
        removed("csr_sha256"),
        set("signed_cert_sha256", json!(digest)),
        set("trust_anchor_sha256", json!(digest)),
        set("cluster_certificate", their_certificate),
        set("cluster_certificate", json!("no certificate")),
        set(
            "cluster_certificate",
            json!(fs::read_to_string(other.path("ca/customerCA.crt")).unwrap()),
        ),
    ] {
        let before = other.receipt();
        other.exchange_receipt(|receipt| change(receipt));
        other.keeps_all(&OWN, 4, "receipt-differs");
        other.exchange_receipt(|receipt| *receipt = before.clone());
    }
    // One of an earlier version has the digest alone.
    other.exchange_receipt(|receipt| removed("cluster_certificate")(receipt));
    other.exchange_receipt(|receipt| removed("site")(receipt));
    other
        .handover(&OWN)
        .ends(0, "none known: clients ask DescribeClusters");
    let readme = &files(&other.path("clients"))["README.txt"];
    assert!(
        readme.contains(&format!(
            "configure-cli --cluster-id {} --region us-east-1\n",
            other.id
        )),
        "{readme}"
    );
    other.exchange_receipt(|receipt| receipt["cluster_certificate_sha256"] = json!(digest));
    fs::remove_dir_all(other.path("clients")).unwrap();
    other.keeps_all(&OWN, 4, "receipt-differs");
}

#[test]
fn an_unclaimed_bundle_is_refused_and_the_hint_claims_it() {
    let stage = Stage::new();
    stage.signed();
    let told = stage.keeps_all(&OWN, 4, "not-claimed");
    let hint = told["error"]["hint"].as_str().unwrap().to_owned();
    let command = hint
        .split('`')
        .nth(1)
        .unwrap()
        .replace("CA.crt", "ca/customerCA.crt");
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    run(&mut stage.trusting(&words)).ends(0, "claimed");
    stage.handover(&OWN).ends(0, "wrote");
}

#[test]
fn nothing_is_written_over_and_nothing_by_halves() {
    let stage = claimed();
    let clients = stage.path("clients");
    fs::create_dir(&clients).unwrap();
    for name in [
        "README.txt",
        "SHA256SUMS",
        "customerCA.crt",
        "handover.json",
    ] {
        fs::write(clients.join(name), "something else").unwrap();
        let done = stage.handover(&OWN).ends(8, "holds something else");
        assert!(
            done.stderr.contains("choose another directory") && !done.stderr.contains("--force"),
            "{}",
            done.stderr
        );
        assert_eq!(
            files(&clients).into_iter().collect::<Vec<_>>(),
            [(name.to_owned(), "something else".to_owned())]
        );
        fs::remove_file(clients.join(name)).unwrap();
    }
    let bundle = files(&stage.path(&stage.id));
    let into = |dir: &str| run(stage.hsmboot(&["handover", &stage.id, "-o", dir]).args(OWN));
    into(&stage.id).ends(2, "is the bundle itself");
    into(&format!("clients/../{}/.", stage.id)).ends(2, "is the bundle itself");
    assert_eq!(files(&stage.path(&stage.id)), bundle);
    into("clients").ends(0, "wrote");
    into("clients").ends(0, "nothing changed");
    // With other addresses it is another handover.
    stage
        .handover(&[&OWN[..], &["--address", "10.9.9.9"]].concat())
        .ends(8, "holds something else");
    let mode = fs::metadata(clients.join("customerCA.crt"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o111, 0);
    assert_eq!(
        files(&stage.path(&stage.id)),
        bundle,
        "the bundle is only read"
    );
}

#[test]
fn no_key_is_handed_over_wherever_it_lies() {
    let stage = Stage::new();
    let mut bootstrap = stage.trusting(&[
        "bootstrap",
        "--cluster-id",
        &stage.id,
        "--key-type",
        "p256",
        "--no-passphrase",
        "--output",
        "json",
    ]);
    let document = run(&mut bootstrap).ends(0, "").json();
    assert!(stage.path(&stage.id).join("customerCA.key").exists());
    // The hint names the CA by its fingerprint, which this run made: followed to the letter.
    let command = document["next_steps"][0]["command"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        command.contains(" --ca-fingerprint ") && !command.contains("--ca "),
        "{command}"
    );
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    run(&mut stage.hsmboot(&words)).ends(0, "wrote");
    let files = files(&stage.path(&format!("{}-clients", stage.id)));
    assert_eq!(files.len(), 4);
    assert!(
        files
            .values()
            .all(|content| !content.contains("PRIVATE KEY"))
    );
    assert_eq!(
        files["customerCA.crt"],
        fs::read_to_string(stage.path(&stage.id).join("customerCA.crt")).unwrap()
    );
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
fn addresses_are_addresses_and_nothing_else_gets_into_a_command() {
    let stage = claimed();
    let named = ["--address", "10.0.2.9", "--address", "fd00:0:0::7"];
    stage
        .handover(&[&OWN[..], &named].concat())
        .ends(0, "10.0.2.9 fd00::7, as you named them");
    let readme = &files(&stage.path("clients"))["README.txt"];
    assert!(
        readme.contains("configure-cli -a 10.0.2.9 fd00::7\n"),
        "{readme}"
    );
    fs::remove_dir_all(stage.path("clients")).unwrap();
    for bad in ["10.0.2", "10.0.2.9; id", "cluster", "", "10.0.2.9/8", "-a"] {
        run(stage
            .hsmboot(&[
                "handover",
                &stage.id,
                "-o",
                "clients",
                "--ca",
                "ca/customerCA.crt",
            ])
            .arg(format!("--address={bad}")))
        .ends(2, "--address");
    }
    // Of what a receipt says, only what has the form.
    let bad = "x; rm -rf ~ #\u{1b}[2J\nsudo id";
    stage.exchange_receipt(|receipt| {
        receipt["region"] = json!(bad);
        receipt["site"] = json!({
            "hsm_type": bad, "security_group": bad, "availability_zones": [bad],
            "hsms": [
                { "hsm_id": bad, "availability_zone": bad, "addresses": [bad, "$(id)"] },
                { "hsm_id": "hsm-b", "addresses": ["fd00::1", "10.0.0.1"] },
                { "hsm_id": "hsm-c", "addresses": ["fd00::2"] },
            ],
        });
    });
    stage.handover(&OWN).ends(0, "wrote");
    let told: Value =
        serde_json::from_str(&files(&stage.path("clients"))["handover.json"]).unwrap();
    assert_eq!(
        told["addresses"],
        json!(["10.0.0.1", "fd00::2"]),
        "IPv4 where there is one"
    );
    for step in told["next_steps"].as_array().unwrap() {
        let command = step["command"].as_str().unwrap_or_default();
        assert!(
            !command.contains("rm -rf") && !command.contains("$("),
            "{command}"
        );
    }
    let readme = &files(&stage.path("clients"))["README.txt"];
    assert!(
        readme.chars().all(|c| c == '\n' || !c.is_control()),
        "{readme}"
    );
    assert!(
        readme.lines().all(|line| !line.starts_with("sudo id")),
        "{readme}"
    );
    assert!(readme.contains("KMS does not speak IPv6"), "{readme}");
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

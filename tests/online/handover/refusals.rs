//! What is handed to nobody: a CA that nobody proved, a stranger's trust anchor, another claim's
//! receipt, a key.

use super::*;

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

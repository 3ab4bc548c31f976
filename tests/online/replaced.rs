//! A CSR that was replaced meanwhile: a new ceremony in the same bundle, with the old files kept
//! aside.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::*;

/// The files of a directory, without its directories.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// The directories in the bundle that keep the files of an earlier CSR.
fn kept(stage: &Stage) -> Vec<PathBuf> {
    let mut kept: Vec<PathBuf> = fs::read_dir(stage.path(&stage.id))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    kept.sort();
    kept
}

#[test]
fn the_same_bootstrap_goes_on_with_the_new_csr_and_keeps_the_old_files() {
    let stage = Stage::new();
    stage.stopped_bootstrap(&mut stage.bootstrap());
    let before = files(&stage.path(&stage.id));
    stage.simulator.replace_hsm(&stage.id).unwrap();
    let done = run(stage.bootstrap().args(["--output", "json"])).ends(0, "");
    assert!(done.stderr.contains("has another CSR"), "{}", done.stderr);
    let document = done.json();
    assert_eq!(
        (&document["outcome"], &document["changed"]),
        (&"claimed".into(), &true.into())
    );
    assert_eq!(document["verification"]["verdict"], "verified");
    let [kept] = &kept(&stage)[..] else {
        panic!("one directory of old files: {:?}", kept(&stage))
    };
    assert_eq!(files(kept), before, "whole, and as they stood");
    assert!(
        document["kept_aside"]
            .as_str()
            .unwrap()
            .ends_with(kept.file_name().unwrap().to_str().unwrap())
    );
    // What was verified, signed and sent is all of the new CSR.
    let after = files(&stage.path(&stage.id));
    for part in ["ClusterCsr.csr", "CustomerHsmCertificate.crt"] {
        let name = format!("{}_{part}", stage.id);
        assert_ne!(after[&name], before[&name], "{part}");
    }
    let live = support::describe(&stage.simulator, &stage.id);
    let signed = &after[&format!("{}_CustomerHsmCertificate.crt", stage.id)];
    assert_eq!(
        live["Certificates"]["ClusterCertificate"].as_str().unwrap(),
        String::from_utf8_lossy(signed)
    );
    // It is on the transcript, which holds, as that of the kept bundle does.
    let shown = run(&mut stage.hsmboot(&["transcript", "show", &stage.id])).ends(0, "are kept in");
    assert!(shown.stdout.contains("replaced-"), "{}", shown.stdout);
    run(&mut stage.hsmboot(&["transcript", "verify", &stage.id])).ends(0, "");
    let kept = kept.to_str().unwrap();
    run(&mut stage.hsmboot(&["transcript", "verify", kept])).ends(0, "");
    let mut verify = stage.hsmboot(&["verify", kept]);
    stage.trust(&mut verify);
    run(&mut verify).ends(0, "verified");
    // A second run changes nothing.
    let again = run(stage.bootstrap().args(["--output", "json"]))
        .ends(0, "")
        .json();
    assert_eq!(again["changed"], false);
    assert_eq!(self::kept(&stage).len(), 1);
}

#[test]
fn without_the_cas_key_nothing_is_replaced() {
    let stage = Stage::new();
    stage.signed();
    let before = stage.bundle();
    stage.simulator.replace_hsm(&stage.id).unwrap();
    let words = [
        "bootstrap",
        "--cluster-id",
        &stage.id,
        "--ca",
        "ca/customerCA.crt",
    ];
    run(&mut stage.trusting(&words)).ends(5, "its key is not at hand");
    assert_eq!(stage.bundle(), before);
    run(&mut stage.bootstrap()).ends(0, "claimed");
}

#[test]
fn an_unproven_new_csr_is_not_signed_and_another_run_goes_on() {
    let stage = Stage::new();
    stage.signed();
    let signed = format!("{}_CustomerHsmCertificate.crt", stage.id);
    let old = stage.bundle()[&signed].clone();
    stage.simulator.replace_hsm(&stage.id).unwrap();
    // Roots of another simulator.
    let other = support::instant();
    other.write_roots(&stage.path("others")).unwrap();
    let words = [
        "bootstrap",
        "--cluster-id",
        &stage.id,
        "--ca",
        "ca/customerCA.crt",
        "--ca-key",
        "ca/customerCA.key",
        "--aws-root",
        "others/aws-root.crt",
        "--manufacturer-root",
        "others/manufacturer-root.crt",
    ];
    run(&mut stage.online(&words)).ends(3, "not proven");
    assert_eq!(stage.calls("InitializeCluster"), 0);
    // The old signature still lies there, of a CSR that is gone: it is sent for no other.
    assert_eq!(files(&stage.path(&stage.id))[&signed], old);
    run(stage.submit().args(["--output", "json"])).ends(8, "signed-for-another-csr");
    run(&mut stage.bootstrap()).ends(0, "claimed");
    assert_ne!(files(&stage.path(&stage.id))[&signed], old);
    assert!(kept(&stage).iter().any(|kept| files(kept)[&signed] == old));
}

#[test]
fn a_planted_directory_of_old_files_is_left_alone_and_never_read() {
    let stage = Stage::new();
    stage.signed();
    let csr = format!("{}_ClusterCsr.csr", stage.id);
    let digest = hsmboot::x509::to_hex(&hsmboot::x509::sha256(&stage.bundle()[&csr]));
    let planted = stage
        .path(&stage.id)
        .join(format!("replaced-{}", &digest[..16]));
    stage.simulator.replace_hsm(&stage.id).unwrap();
    // Another owner's, complete, and a directory that leads out of the bundle.
    stage.make_ca("other");
    fs::create_dir(&planted).unwrap();
    for name in ["customerCA.crt", "customerCA.key"] {
        fs::copy(stage.path("other").join(name), planted.join(name)).unwrap();
    }
    std::os::unix::fs::symlink(
        stage.path("other"),
        stage
            .path(&stage.id)
            .join(format!("replaced-{}-2", &digest[..16])),
    )
    .unwrap();
    let (mine, theirs) = (files(&planted), files(&stage.path("other")));
    run(&mut stage.bootstrap()).ends(0, "claimed");
    assert_eq!(files(&planted), mine);
    assert_eq!(files(&stage.path("other")), theirs);
    let third = stage
        .path(&stage.id)
        .join(format!("replaced-{}-3", &digest[..16]));
    assert!(files(&third).contains_key(&csr));
    assert_eq!(claimed_for(&stage), ca_sha256(&stage, "ca"));
}

/// The SHA-256 of the CA that the receipt names.
fn claimed_for(stage: &Stage) -> Value {
    let receipt = &files(&stage.path(&stage.id))["receipt.json"];
    serde_json::from_slice::<Value>(receipt).unwrap()["trust_anchor_sha256"].clone()
}

fn ca_sha256(stage: &Stage, name: &str) -> Value {
    let file = format!("{name}/customerCA.crt");
    run(&mut stage.hsmboot(&["ca", "show", &file, "--output", "json"]))
        .ends(0, "")
        .json()["sha256"]
        .clone()
}

#[test]
fn a_planted_response_of_another_owner_is_not_sent_for_the_new_csr() {
    let stage = Stage::new();
    stage.signed();
    stage.simulator.replace_hsm(&stage.id).unwrap();
    // Who can write to the bundle puts their own CA there, and a certificate of the old CSR.
    stage.make_ca("other");
    fs::copy(
        stage.path("other/customerCA.crt"),
        stage.path(&stage.id).join("customerCA.crt"),
    )
    .unwrap();
    // Nobody names the owner: nothing is proven, and nothing is touched.
    let before = stage.bundle();
    run(&mut stage.trusting(&["bootstrap", "--cluster-id", &stage.id])).ends(3, "not at hand");
    assert_eq!(stage.bundle(), before);
    // The operator names theirs: the bundle is another's, which is said, and on their word theirs
    // it becomes.
    run(&mut stage.bootstrap()).ends(8, "is of another CA than this one");
    assert_eq!(stage.bundle(), before);
    run(stage.bootstrap().arg("--force")).ends(0, "claimed");
    assert_eq!(claimed_for(&stage), ca_sha256(&stage, "ca"));
}

#[test]
fn a_csr_that_is_replaced_while_it_is_signed_ends_with_csr_changed_and_the_same_command_goes_on() {
    let stage = Stage::new();
    stage.signed();
    let stopped = stage.submit_while(|| drop(stage.simulator.replace_hsm(&stage.id).unwrap()));
    stopped.ends(8, "hsmboot bootstrap");
    run(&mut stage.bootstrap()).ends(0, "claimed");
    // The steps go on in a new directory.
    let stage = Stage::new();
    stage.signed();
    stage.simulator.replace_hsm(&stage.id).unwrap();
    run(&mut stage.submit()).ends(8, "--bundle DIR");
    let fetch = ["fetch", "--cluster-id", &stage.id, "--bundle", "new"];
    run(&mut stage.online(&fetch)).ends(0, "fetched");
    let mut sign = stage.hsmboot(&["sign", "new", "--ca", "ca/customerCA.crt"]);
    sign.args(["--ca-key", "ca/customerCA.key"]);
    stage.trust(&mut sign);
    run(&mut sign).ends(0, "signed");
    run(&mut stage.trusting(&["submit", "new", "--ca", "ca/customerCA.crt"])).ends(0, "claimed");
}

#[test]
fn a_bootstrap_that_sees_the_csr_replaced_ends_and_the_same_command_goes_on() {
    use std::io::Write;
    let stage = Stage::new();
    fs::write(stage.path("pass"), "correct horse battery\n").unwrap();
    let words = ["ca", "init", "--out", "locked", "--subject", "CN=locked"];
    let more = ["--key-type", "p256", "--passphrase-file", "pass"];
    run(stage.hsmboot(&words).args(more)).ends(0, "made a CA");
    let bootstrap = |passphrase| {
        let mut command = stage.bootstrap_with("locked");
        command.args(["--output", "json", "--passphrase-file", passphrase]);
        command
    };
    pipe::make(&stage.path("pipe"));
    let mut command = bootstrap("pipe");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut to = pipe::opened_by(&mut child, &stage.path("pipe"));
    stage.simulator.replace_hsm(&stage.id).unwrap();
    to.write_all(b"correct horse battery\n").unwrap();
    drop(to);
    let stopped: Done = child.wait_with_output().unwrap().into();
    let error = stopped.ends(8, "").json()["error"].clone();
    assert_eq!(error["kind"], "csr-changed");
    assert!(
        error["hint"]
            .as_str()
            .unwrap()
            .starts_with("run the same command again"),
        "{error:#}"
    );
    assert_eq!(error["retry"], "same-command", "as the hint says");
    assert_eq!(stage.calls("InitializeCluster"), 0);
    run(&mut bootstrap("pass")).ends(0, "claimed");
    assert_eq!(kept(&stage).len(), 1);
}

#[test]
fn a_bundle_in_one_file_keeps_the_old_one_beside_it() {
    let stage = Stage::new();
    let one = |stage: &Stage| {
        let mut command = stage.bootstrap();
        command.args(["--bundle", "claim.hsmboot"]);
        command
    };
    stage.stopped_bootstrap(&mut one(&stage));
    stage.simulator.replace_hsm(&stage.id).unwrap();
    run(&mut one(&stage)).ends(0, "claimed");
    let kept: Vec<_> = fs::read_dir(stage.dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("claim.hsmboot."))
        .collect();
    assert!(
        kept.len() == 1 && kept[0].starts_with("claim.hsmboot.replaced-"),
        "{kept:?}"
    );
    let mut verify = stage.hsmboot(&["verify", &kept[0]]);
    stage.trust(&mut verify);
    run(&mut verify).ends(0, "verified");
    run(&mut stage.hsmboot(&["transcript", "verify", "claim.hsmboot"])).ends(0, "");
}

#[test]
fn what_another_ca_signed_is_not_claimed_for_this_one_unasked() {
    let stage = Stage::new();
    stage.signed();
    stage.make_ca("other");
    let before = stage.bundle();
    stage.simulator.replace_hsm(&stage.id).unwrap();
    let done = run(stage.bootstrap_with("other").args(["--output", "json"])).ends(8, "");
    assert_eq!(done.json()["error"]["kind"], "already-signed");
    assert_eq!(stage.bundle(), before);
    assert_eq!(stage.calls("InitializeCluster"), 0);
    run(stage.bootstrap_with("other").arg("--force")).ends(0, "claimed");
}

#[test]
fn a_dry_run_keeps_nothing_aside_and_says_what_a_real_one_does() {
    let stage = Stage::new();
    stage.signed();
    let before = stage.bundle();
    stage.simulator.replace_hsm(&stage.id).unwrap();
    let done = run(stage.bootstrap().args(["--dry-run", "--output", "json"])).ends(8, "");
    let error = &done.json()["error"];
    assert_eq!(error["kind"], "csr-changed");
    assert_eq!(error["retry"], "after-fix");
    assert!(
        error["hint"]
            .as_str()
            .unwrap()
            .contains("without --dry-run")
    );
    assert_eq!(stage.bundle(), before);
    assert!(kept(&stage).is_empty());
    run(&mut stage.bootstrap()).ends(0, "claimed");
    assert_eq!(kept(&stage).len(), 1);
}

/// Fetched anew already: the CSR is the cluster's, and the certificate that lies there is not.
#[test]
fn a_dry_run_keeps_no_certificate_of_an_old_csr_aside() {
    let stage = Stage::new();
    stage.signed();
    stage.simulator.replace_hsm(&stage.id).unwrap();
    let fetch = ["fetch", "--cluster-id", &stage.id, "--force"];
    run(&mut stage.online(&fetch)).ends(0, "fetched");
    let before = stage.bundle();
    for _ in 0..2 {
        let done = run(stage.bootstrap().args(["--dry-run", "--output", "json"])).ends(8, "");
        let error = &done.json()["error"];
        assert_eq!(error["kind"], "csr-changed");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("was signed for another CSR"), "{message}");
        let names =
            |bundle: &std::collections::BTreeMap<_, _>| bundle.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&stage.bundle()), names(&before));
    }
    run(&mut stage.bootstrap()).ends(0, "claimed");
    assert_eq!(kept(&stage).len(), 1);
}

#[test]
fn a_key_in_the_place_of_a_certificate_is_not_copied() {
    let stage = Stage::new();
    stage.signed();
    let ca = stage.path(&stage.id).join("customerCA.crt");
    let mut text = fs::read(&ca).unwrap();
    text.extend(fs::read(stage.path("ca/customerCA.key")).unwrap());
    fs::write(&ca, text).unwrap();
    let before = stage.bundle();
    stage.simulator.replace_hsm(&stage.id).unwrap();
    run(stage.bootstrap().arg("--force")).ends(8, "holds a private key");
    assert_eq!(stage.bundle(), before);
    assert!(kept(&stage).is_empty());
}

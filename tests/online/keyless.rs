//! A bootstrap without the CA's key: where nothing is to be signed, none is needed.

use super::*;

fn keyless(stage: &Stage, ca: &str) -> Command {
    let certificate = format!("{ca}/customerCA.crt");
    let words = ["bootstrap", "--cluster-id", &stage.id, "--ca", &certificate];
    stage.trusting(&words)
}

#[test]
fn a_signed_bundle_is_claimed_without_the_cas_key() {
    let stage = Stage::new();
    stage.signed();
    fs::remove_file(stage.path("ca/customerCA.key")).unwrap();
    let document = run(keyless(&stage, "ca").args(["--output", "json"]))
        .ends(0, "")
        .json();
    assert_eq!(document["outcome"], "claimed");
    // And a cluster that this CA has claimed, with the bundle and without it.
    for bundle in [&stage.id, "elsewhere"] {
        let document = run(keyless(&stage, "ca").args(["--bundle", bundle, "--output", "json"]))
            .ends(0, "")
            .json();
        assert_eq!(
            (&document["outcome"], &document["changed"]),
            (&"already-claimed".into(), &false.into())
        );
    }
    assert!(!stage.path("elsewhere").exists());
    assert_eq!(stage.calls("InitializeCluster"), 1);
}

#[test]
fn where_something_is_to_be_signed_a_key_is_asked_for_before_anything_is_written() {
    let stage = Stage::new();
    let done = run(keyless(&stage, "ca").args(["--output", "json"])).ends(5, "");
    let error = &done.json()["error"];
    assert_eq!(error["kind"], "ca-key-missing");
    assert_eq!(error["retry"], "after-fix");
    assert!(!stage.path(&stage.id).exists());
    // Another CA's signature serves nobody.
    stage.signed();
    stage.make_ca("other");
    let before = stage.bundle();
    run(&mut keyless(&stage, "other")).ends(5, "its key is not at hand");
    assert_eq!(stage.bundle(), before);
    assert_eq!(stage.calls("InitializeCluster"), 0);
}

#[test]
fn nothing_is_created_for_a_ca_that_cannot_sign() {
    let stage = Stage::new();
    let words = [
        "bootstrap",
        "--create",
        "--subnet-id",
        "subnet-0a1b2c3d",
        "--availability-zone",
        "us-east-1a",
        "--region",
        "us-east-1",
        "--ca",
        "ca/customerCA.crt",
    ];
    let made = stage.calls("CreateCluster");
    run(&mut stage.trusting(&words)).ends(5, "its key is not at hand");
    assert_eq!(stage.calls("CreateCluster"), made);
    assert!(!stage.path("new-cluster").exists());
}

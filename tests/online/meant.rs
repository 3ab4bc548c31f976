//! A CA that is meant and is not there: none is made in its place.

use super::*;

/// What a refused bootstrap says, in JSON. Nothing was sent, and no CA was made.
fn refused(stage: &Stage, words: &[&str], code: i32) -> Value {
    let begin = ["bootstrap", "--cluster-id", &stage.id, "--output", "json"];
    let done = run(&mut stage.trusting(&[&begin, words].concat()));
    assert_eq!(stage.calls("InitializeCluster"), 0);
    assert!(!stage.path(&stage.id).join("customerCA.crt").exists());
    done.ends(code, "").json()["error"].clone()
}

#[test]
fn a_key_without_its_certificate_makes_no_other_ca() {
    let stage = Stage::new();
    let error = refused(&stage, &["--ca-key", "ca/customerCA.key"], 2);
    assert_eq!(error["kind"], "ca-missing", "{error:#}");
    assert_eq!(error["facts"]["option"], "--ca-key");
    // What the hint says.
    run(&mut stage.bootstrap()).ends(0, "claimed");
}

#[test]
fn the_ca_in_the_bundle_is_there_or_none_is_made() {
    let stage = Stage::new();
    let words = ["--ca-from-bundle", "--reason", "a test"];
    let error = refused(&stage, &words, 2);
    assert_eq!(error["kind"], "ca-missing", "{error:#}");
    assert_eq!(error["facts"]["option"], "--ca-from-bundle");
}

#[test]
fn a_key_that_lies_in_the_bundle_alone_is_kept_and_replaced_by_no_other() {
    let stage = Stage::new();
    let key = fs::read(stage.path("ca/customerCA.key")).unwrap();
    fs::create_dir(stage.path(&stage.id)).unwrap();
    let place = stage.path(&stage.id).join("customerCA.key");
    fs::copy(stage.path("ca/customerCA.key"), &place).unwrap();
    let error = refused(&stage, &[], 8);
    assert_eq!(error["kind"], "ca-incomplete", "{error:#}");
    assert_eq!(fs::read(place).unwrap(), key);
}

/// A CA that lies in the bundle is nobody's until its own key says so.
#[test]
fn another_cas_key_does_not_prove_the_ca_in_the_bundle() {
    let stage = Stage::new();
    stage.signed();
    stage.make_ca("other");
    let done = run(&mut stage.trusting(&[
        "bootstrap",
        "--cluster-id",
        &stage.id,
        "--ca-key",
        "other/customerCA.key",
        "--output",
        "json",
    ]));
    let error = &done.ends(3, "").json()["error"];
    assert_eq!(error["kind"], "owner-not-proven", "{error:#}");
    assert_eq!(stage.calls("InitializeCluster"), 0);
}

//! Words, older archives and half bundles: what they come to on the way.

use serde_json::Value;

use super::support::openssl;
use super::*;

fn argv(step: &Value) -> Vec<String> {
    serde_json::from_value(step["argv"].clone()).unwrap()
}

/// Nothing that travels holds a key; words about keys are none.
#[test]
fn a_path_and_a_name_about_private_keys_travel_and_a_key_does_not() {
    let bench = Bench::new();
    let keys = "PRIVATE KEYS (private key store)";
    fs::create_dir(bench.path(keys)).unwrap();
    for name in ["customerCA.crt", "customerCA.key"] {
        fs::rename(bench.path(name), bench.path(keys).join(name)).unwrap();
    }
    let pack = ["pack", "bundle", "-o", "one.hsmboot"];
    bench.run(&pack).expect(0);
    let (ca, key) = (
        format!("{keys}/customerCA.crt"),
        format!("{keys}/customerCA.key"),
    );
    for bundle in ["one.hsmboot", "bundle"] {
        let sign = ["sign", bundle, "--ca", &ca, "--ca-key", &key];
        let who = ["--operator", "Ada, private key custodian"];
        bench.run(&[&sign[..], &who, &TRUST].concat()).expect(0);
    }
    bench.run(&[&pack[..], &["--force"]].concat()).expect(0);
    bench
        .run(&[&["verify", "one.hsmboot"][..], &TRUST].concat())
        .expect(0);
    let text = String::from_utf8(bench.read(&key)).unwrap();
    let one_line: String = text.split('\n').collect();
    let verify = ["verify", "bundle", "--record", "--operator", &one_line];
    let refused = bench.run(&[&verify[..], &TRUST].concat()).expect(2);
    let secret: String = text.lines().nth(1).unwrap().chars().take(40).collect();
    assert!(!refused.stderr.contains(&secret), "{}", refused.stderr);
}

/// What is older replaces what is there, as was asked, and the record says so.
#[test]
fn an_older_archive_is_taken_by_force_and_the_transcript_accounts_for_it() {
    let bench = Bench::new();
    bench.run(&sign(&[])).expect(0);
    bench
        .run(&["pack", "bundle", "-o", "old.hsmboot"])
        .expect(0);
    let old = bench.read(&format!("bundle/{CLUSTER}_CustomerHsmCertificate.crt"));
    bench.run(&sign(&["--force"])).expect(0);
    // In either form; and neither twice.
    let by_option = ["unpack", "--bundle", "old.hsmboot", "taken-out"];
    bench.run(&by_option).expect(0);
    assert!(
        !bench
            .read(&format!("taken-out/{CLUSTER}_ClusterCsr.csr"))
            .is_empty()
    );
    for wrong in [
        &["unpack", "old.hsmboot"][..],
        &["unpack", "--bundle", "old.hsmboot", "old.hsmboot", "x"],
    ] {
        bench.run(wrong).expect(2);
    }
    let unpack = ["unpack", "old.hsmboot", "bundle"];
    bench.refused(&unpack, 8, "file-exists", &["exists"]);
    for _ in 0..2 {
        bench.run(&[&unpack[..], &["--force"]].concat()).expect(0);
        assert_eq!(
            bench.read(&format!("bundle/{CLUSTER}_CustomerHsmCertificate.crt")),
            old
        );
        bench.run(&["transcript", "verify", "bundle"]).expect(0);
    }
    let shown = bench
        .run(&["transcript", "show", "bundle", "--output", "json"])
        .expect(0)
        .json();
    assert_eq!(
        shown["steps"].as_array().unwrap().len(),
        3,
        "both signatures and what took the second away: {shown:#}"
    );
}

/// As after AWS's guide, whose steps leave the CA's certificate elsewhere: in a directory, and in
/// one file, where no path leads to what is in it.
#[test]
fn a_bundle_without_its_trust_anchor_is_completed_by_the_steps_that_are_named() {
    for packed in [false, true] {
        let bench = Bench::new();
        let csr = format!("bundle/{CLUSTER}_ClusterCsr.csr");
        let signed = format!("bundle/{CLUSTER}_CustomerHsmCertificate.crt");
        openssl(
            &bench.path(""),
            &format!(
                "x509 -req -days 30 -in {csr} -CA customerCA.crt -CAkey customerCA.key \
                 -CAcreateserial -out {signed}"
            ),
        );
        let name = if packed { "one.hsmboot" } else { "bundle" };
        if packed {
            bench.run(&["pack", "bundle", "-o", name]).expect(0);
            // The name that comes to mind is taken.
            fs::create_dir(bench.path(CLUSTER)).unwrap();
            bench.write(
                &format!("{CLUSTER}/{CLUSTER}_CustomerHsmCertificate.crt"),
                "mine",
            );
        }
        let again = ["sign", name, "--ca", "customerCA.crt", "--ca-key"];
        let again = [&again[..], &["customerCA.key"], &TRUST].concat();
        let json = [&again[..], &["--output", "json"]].concat();
        let answer = bench.run(&json).expect(8).json();
        let next = answer["error"]["next"].as_array().unwrap().clone();
        assert_eq!(next.len(), if packed { 2 } else { 1 }, "{answer:#}");
        for step in &next {
            let words = argv(step);
            let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
            bench.run(&words).expect(0);
        }
        let beside = format!("{CLUSTER}-2");
        let completed = if packed { &beside } else { "bundle" };
        if packed {
            let mine = format!("{CLUSTER}/{CLUSTER}_CustomerHsmCertificate.crt");
            assert_eq!(bench.read(&mine), b"mine");
        }
        bench.run(&["transcript", "verify", completed]).expect(0);
        assert!(bench.path(completed).join("customerCA.crt").exists());
    }
}

/// Its key may lie beside it, as where `bootstrap` made the CA.
#[test]
fn who_is_to_replace_another_cas_certificate_is_told_what_it_is() {
    let bench = Bench::new();
    let other = support::ca(|_| {});
    bench.write("bundle/customerCA.crt", &other.cert);
    let hint = bench.hint(&sign(&[]));
    assert!(
        hint.contains("another CA's certificate") && hint.contains("keeps no copy"),
        "{hint}"
    );
    bench.refused(&sign(&[]), 8, "file-exists", &["customerCA.crt"]);
}

/// Nothing was judged of the key that would be signed.
#[test]
fn a_verdict_on_the_chains_alone_is_none_on_the_bundle() {
    let bench = Bench::new();
    let verify = ["verify", "bundle", "--chains-only", "--record"];
    bench.run(&[&verify[..], &TRUST].concat()).expect(0);
    let shown = bench
        .run(&["transcript", "show", "bundle", "--output", "json"])
        .expect(0)
        .json();
    assert_eq!(shown["steps"][0]["verdict"], Value::Null, "{shown:#}");
    bench.run(&["transcript", "verify", "bundle"]).expect(0);
}

//! A bundle that comes goes into its own, and takes no later record away.

use hsmboot::bundle::{Arrival, Bundle};

use super::*;

#[test]
fn a_file_of_other_content_stays_and_own_records_may_go() {
    let bench = Bench::new();
    bench.write("bundle/customerCA.crt", "another");
    bench.write("bundle/verification.json", "old");
    bench.run(&PACK).expect(0);
    bench.refused(
        &sign(&[]),
        8,
        "file-exists",
        &["x.hsmboot: customerCA.crt exists and holds something else; it was left as it is"],
    );
    bench.run(&sign(&["--force"])).expect(0);
    let text = bench.run(&["unpack", FILE, "new"]).expect(0).stdout;
    assert!(
        text.contains(&format!("{CLUSTER}_ClusterCsr.csr\n    SHA-256 ")),
        "{text}"
    );
    assert_eq!(
        bench.read("new/customerCA.crt"),
        bench.read("customerCA.crt")
    );
    assert!(bench.read("new/verification.json").len() > 1000, "replaced");
}

#[test]
fn there_and_back_is_the_same_bundle() {
    let bench = packed();
    bench.run(&sign(&["--operator", "Grace"])).expect(0);
    let done = bench
        .run(&["unpack", FILE, "new", "--output", "json"])
        .expect(0)
        .json();
    assert_eq!(
        (&done["unchanged"], &done["cluster_id"]),
        (&false.into(), &CLUSTER.into())
    );
    bench
        .run(&["transcript", "verify", "new", "--output", "json"])
        .expect(0);
    assert_eq!(
        bench
            .run(&["unpack", FILE, "new", "--output", "json"])
            .expect(0)
            .json()["unchanged"],
        true
    );
    bench.run(&["pack", "new", "-o", "again.hsmboot"]).expect(0);
    assert_eq!(
        bench.read("again.hsmboot"),
        bench.read(FILE),
        "and no step was added"
    );
}

#[test]
fn what_comes_goes_into_its_own_bundle_alone() {
    let bench = Bench::new();
    bench
        .run(&[&["verify", "bundle", "--record"][..], &TRUST].concat())
        .expect(0);
    bench.run(&PACK).expect(0);
    bench.run(&sign(&[])).expect(0);
    // Where it came from: the response joins the request.
    bench.run(&["unpack", FILE, "bundle"]).expect(0);
    bench.run(&["transcript", "verify", "bundle"]).expect(0);
    // A transcript that went on here meanwhile.
    let other = Bench::new();
    for entry in fs::read_dir(bench.path("bundle"))
        .unwrap()
        .map(Result::unwrap)
    {
        fs::copy(entry.path(), other.path("bundle").join(entry.file_name())).unwrap();
    }
    other.run(&PACK).expect(0);
    let trust = TRUST.map(|word| {
        if word.starts_with("--") {
            word.to_owned()
        } else {
            bench.path(word).to_str().unwrap().to_owned()
        }
    });
    let verify = |bundle: &str| {
        let words: Vec<&str> = ["verify", bundle, "--record"]
            .into_iter()
            .chain(trust.iter().map(String::as_str))
            .collect();
        other
            .run(&[&words[..], &["--at", "2030-01-01T00:00:00Z"]].concat())
            .expect(0);
    };
    verify("bundle");
    verify(FILE);
    verify(FILE);
    other.refused(
        &["unpack", FILE, "bundle"],
        8,
        "transcript-differs",
        &["part after step 2", "came   ", "there  3 steps"],
    );
    other.run(&["unpack", FILE, "bundle", "--force"]).expect(0);
    // Another cluster's.
    let stranger = Bench::new();
    let renamed = |name: &str| name.replace(CLUSTER, "cluster-bbbbbbbbbbb");
    for entry in fs::read_dir(stranger.path("bundle"))
        .unwrap()
        .map(Result::unwrap)
    {
        fs::rename(
            entry.path(),
            stranger
                .path("bundle")
                .join(renamed(entry.file_name().to_str().unwrap())),
        )
        .unwrap();
    }
    fs::copy(bench.path(FILE), stranger.path(FILE)).unwrap();
    stranger.refused(
        &["unpack", FILE, "bundle"],
        8,
        "another-cluster",
        &[CLUSTER, "cluster-bbbbbbbbbbb"],
    );
    // The same cluster, another CSR.
    let fresh = Bench::new();
    fs::copy(bench.path(FILE), fresh.path(FILE)).unwrap();
    fresh.refused(
        &["unpack", FILE, "bundle"],
        8,
        "file-exists",
        &["bundle/cluster-"],
    );
}

#[test]
fn a_bundle_that_comes_once_more_takes_no_later_record_away() {
    let bench = Bench::new();
    let record = |bundle: &str, at: &str| {
        bench
            .run(&[&["verify", bundle, "--record", "--at", at][..], &TRUST].concat())
            .expect(0)
    };
    record("bundle", "2026-01-01T00:00:00Z");
    bench.run(&PACK).expect(0);
    bench.run(&["unpack", FILE, "there"]).expect(0);
    record("there", "2026-02-02T00:00:00Z");
    let later = bench.read("there/verification.json");
    let again = bench
        .run(&["unpack", FILE, "there", "--output", "json"])
        .expect(0)
        .json();
    assert_eq!(again["unchanged"], true, "{again:#}");
    assert_eq!(bench.read("there/verification.json"), later);
    bench.run(&["transcript", "verify", "there"]).expect(0);
}

#[test]
fn a_step_taken_while_a_bundle_arrives_is_not_lost() {
    let bench = Bench::new();
    bench
        .run(&[&["verify", "bundle", "--record"][..], &TRUST].concat())
        .expect(0);
    bench.run(&PACK).expect(0);
    bench.run(&["unpack", FILE, "there"]).expect(0);
    let from = Bundle::open(&bench.path("bundle")).unwrap();
    let arrival = Arrival::new(&from, &bench.path("there"), false).unwrap();
    // Another step comes between the look and the writing.
    bench.run(
        &[
            &[
                "verify",
                "there",
                "--record",
                "--at",
                "2021-01-01T00:00:00Z",
            ][..],
            &TRUST,
        ]
        .concat(),
    );
    let before = bench.listing();
    let error = arrival.write().unwrap_err();
    assert_eq!(
        (error.exit_code(), error.kind.name()),
        (8, "transcript-differs"),
        "{}",
        error.message
    );
    assert_eq!(before, bench.listing());
}

//! What the CA sealed is replaced by nobody, and what follows a seal is told.

use super::*;

const WITH_CA: [&str; 5] = ["transcript", "verify", "bundle", "--ca", "customerCA.crt"];

/// Signed by a CA of the same name as the bench's, whose files lie beside its: the command is like
/// `sign`'s.
fn sign_as_mallory(bench: &Bench, more: &[&'static str]) {
    let (ca, key) = (bench.read("customerCA.crt"), bench.read("customerCA.key"));
    bench.put_ca(&support::ca(|_| {}));
    bench.run(&sign(&[&["--force"], more].concat())).expect(0);
    bench.write("customerCA.crt", ca);
    bench.write("customerCA.key", key);
}

/// A step more, which wrote this into these files of the bundle, whether or not it is sealed: what
/// anybody can do who can write to the bundle.
fn one_step_more(bench: &Bench, files: &[(&str, &str)]) {
    let mut all = entries(bench);
    let last = all.last().unwrap().clone();
    let mut inputs: Digests = last
        .inputs
        .into_iter()
        .filter(|(name, _)| !name.as_raw().contains('/'))
        .collect();
    inputs.extend(last.outputs);
    let outputs = files
        .iter()
        .map(|(name, content)| ((*name).to_owned(), to_hex(&sha256(content.as_bytes()))))
        .collect();
    all.push(TranscriptEntry {
        inputs,
        outputs,
        kept_aside: None,
        seal: None,
        ..all[0].clone()
    });
    for (name, content) in files {
        bench.write(&format!("bundle/{name}"), content);
    }
    forge(bench, all);
}

#[test]
fn what_the_ca_sealed_is_not_replaced_by_a_step_that_nobody_sealed() {
    let bench = two_steps(&["--seal"]);
    sign_as_mallory(&bench, &[]);
    let why = ["step 3, which is not sealed", "customerCA.crt", "step 2"];
    bench.refused(&WITH_CA, 4, "bad-transcript", &why);
    // Nor is what was put back afterwards: between the two steps it was another.
    let sealed = two_steps(&["--seal"]);
    let good = String::from_utf8(sealed.read("bundle/response.json")).unwrap();
    one_step_more(&sealed, &[("response.json", "{}")]);
    one_step_more(&sealed, &[("response.json", &good)]);
    sealed.refused(
        &WITH_CA,
        4,
        "bad-transcript",
        &["step 3, which is not sealed", "response.json"],
    );
}

#[test]
fn every_file_that_a_seal_is_about_stays_what_it_was() {
    let bench = two_steps(&["--seal"]);
    let good = bench.read(TRANSCRIPT);
    let sealed = &entries(&bench)[1];
    let names = sealed
        .inputs
        .names()
        .chain(sealed.outputs.names())
        .filter(|name| !name.as_raw().contains('/'));
    let names: Vec<String> = names.map(|name| name.as_raw().to_owned()).collect();
    assert!(names.len() >= 8, "{names:?}");
    for name in &names {
        let before = bench.read(&format!("bundle/{name}"));
        one_step_more(&bench, &[(name, "another")]);
        // The program's own record of a judgement may be made anew.
        match name.as_str() {
            "verification.json" => drop(bench.run(&WITH_CA).expect(0)),
            name => drop(bench.refused(
                &WITH_CA,
                4,
                "bad-transcript",
                &["step 3, which is not sealed", name],
            )),
        }
        bench.write(TRANSCRIPT, &good);
        // By other means than a step, not even that.
        bench.refused(
            &WITH_CA,
            4,
            "bad-transcript",
            &[name, "is not the file that step 2 left"],
        );
        bench.write(&format!("bundle/{name}"), before);
    }
    bench.run(&WITH_CA).expect(0);
}

#[test]
fn a_last_seal_by_another_ca_is_no_seal() {
    let bench = two_steps(&["--seal"]);
    sign_as_mallory(&bench, &["--seal"]);
    bench.refused(
        &WITH_CA,
        4,
        "bad-transcript",
        &["the seal of step 3 was not made with the key"],
    );
    let bench = two_steps(&[]);
    sign_as_mallory(&bench, &["--seal"]);
    bench.refused(
        &WITH_CA,
        4,
        "bad-transcript",
        &["the seal of step 3 was not made with the key"],
    );
    // By that CA's own certificate nothing is wrong with it, which is why it says how little that
    // proves.
    let text = bench.run(&VERIFY).expect(0).stdout;
    assert!(
        text.contains("proves nothing against who replaced both"),
        "{text}"
    );
    assert!(
        !two_steps(&["--seal"])
            .run(&WITH_CA)
            .expect(0)
            .stdout
            .contains("proves nothing")
    );
}

#[test]
fn what_follows_a_seal_is_told() {
    let bench = two_steps(&["--seal"]);
    assert!(
        !bench.run(&WITH_CA).expect(0).stdout.contains("not sealed"),
        "nothing follows"
    );
    assert_eq!(
        verified(&bench, &[])["after_seal"],
        serde_json::json!({ "steps": [], "replaced": [], "added": [] })
    );
    bench
        .run(&record(&["--at", "2026-01-01T00:00:00Z"]))
        .expect(0);
    one_step_more(&bench, &[("receipt.json", "{}")]);
    let text = bench.run(&WITH_CA).expect(0).stdout;
    assert!(
        text.contains(
            "  steps 3 and 4 are not sealed, and left request, signed certificate \
                           and trust anchor as step 2 had them\n"
        ),
        "{text}"
    );
    let request = serde_json::json!({
        "format": "hsmboot-request/1", "cluster_id": CLUSTER, "region": "eu-central-1",
        "state": "UNINITIALIZED", "hsms": [],
        "fetched_at": "2026-01-01T00:00:00Z", "tool": "hsmboot test", "files": {},
    });
    one_step_more(&bench, &[("request.json", &request.to_string())]);
    let text = bench.run(&WITH_CA).expect(0).stdout;
    assert!(
        text.contains(
            "  steps 3 to 5 are not sealed, and step 5 added request.json, which \
                           step 2 did not find\n"
        ),
        "{text}"
    );
    assert_eq!(
        verified(&bench, &[])["after_seal"],
        serde_json::json!({ "steps": [3, 4, 5], "replaced": [], "added": ["request.json"] })
    );
    assert!(verified(&two_steps(&[]), &[])["after_seal"].is_null());
}

#[test]
fn a_ca_that_signs_again_seals_again() {
    let bench = two_steps(&["--seal"]);
    bench.run(&sign(&["--force"])).expect(0);
    // The same CA's key, and nothing that says so: anybody can write a line like this one.
    bench.refused(
        &WITH_CA,
        4,
        "bad-transcript",
        &[
            "step 3, which is not sealed",
            "CustomerHsmCertificate.crt",
            "step 2",
        ],
    );
    let text = bench.run(&VERIFY).expect(0).stdout;
    assert!(
        text.contains("  step 3 is not sealed, and step 3 replaced "),
        "{text}"
    );
    bench.run(&sign(&["--force", "--seal"])).expect(0);
    assert!(
        bench
            .run(&WITH_CA)
            .expect(0)
            .stdout
            .contains("sealed up to step 4")
    );
}

#[test]
fn nothing_is_sealed_over_a_record_that_is_known_not_to_hold() {
    let bench = Bench::new();
    bench.run(&record(&["--operator", "Ada"])).expect(0);
    let csr = format!("bundle/{CLUSTER}_ClusterCsr.csr");
    bench.write(&csr, [&bench.read(&csr)[..], b"\n"].concat());
    let before = bench.listing();
    // The key is one that would be missed: it is not looked for.
    let nowhere = [
        &[
            "sign",
            "bundle",
            "--ca",
            "customerCA.crt",
            "--ca-key",
            "nowhere.key",
        ][..],
        &TRUST,
    ]
    .concat();
    let sealed = [&nowhere[..], &["--seal"]].concat();
    let why = format!("{CLUSTER}_ClusterCsr.csr is not the file that step 1 left");
    bench.refused(&sealed, 4, "bad-transcript", &["nothing is sealed", &why]);
    assert!(
        bench
            .run(&sealed)
            .stderr
            .contains("hint: sign without --seal, or start a new bundle")
    );
    assert_eq!(
        bench.listing(),
        before,
        "nothing was asked for, and nothing written"
    );
    // Without a seal nothing vouches for it: a warning does, as no step relies on a transcript.
    let run = bench.run(&sign(&[])).expect(0);
    assert!(
        run.stderr
            .contains("the transcript does not account for the bundle"),
        "{}",
        run.stderr
    );
}

#[test]
fn nothing_is_sealed_where_the_record_was_taken_away() {
    let bench = Bench::new();
    let request = serde_json::json!({
        "format": "hsmboot-request/1", "cluster_id": CLUSTER, "region": "eu-central-1",
        "state": "UNINITIALIZED", "hsms": [],
        "fetched_at": "2026-01-01T00:00:00Z", "tool": "hsmboot test", "files": {},
    });
    bench.write("bundle/request.json", request.to_string());
    bench.refused(
        &sign(&["--seal"]),
        4,
        "bad-transcript",
        &["nothing is sealed", "a request.json and no transcript"],
    );
    // Who put a bundle together by hand has no record of it, and begins one that is sealed.
    fs::remove_file(bench.path("bundle/request.json")).unwrap();
    bench.run(&sign(&["--seal"])).expect(0);
    assert_eq!(
        verified(&bench, &["--ca", "customerCA.crt"])["sealed_up_to"],
        1
    );
}

/// The limit of a seal, as docs/bundle.md states it, and what helps.
#[test]
fn a_seal_is_over_what_the_signers_machine_saw_and_a_note_tells_whether_that_was_so() {
    let bench = Bench::new();
    bench.run(&record(&["--operator", "Ada"])).expect(0);
    let noted = entries(&bench)[0].hash();
    let mut rewritten = entries(&bench);
    rewritten[0].operator = Some("Eve".into());
    forge(&bench, rewritten);
    bench.run(&sign(&["--seal"])).expect(0);
    bench.run(&WITH_CA).expect(0);
    bench.refused(
        &[&WITH_CA[..], &["--noted", &noted]].concat(),
        4,
        "bad-transcript",
        &["no line of the transcript has the SHA-256", &noted],
    );
}

#[test]
fn a_ca_that_was_made_in_the_bundle_seals_too() {
    let bench = Bench::new();
    bench.run(&record(&[])).expect(0);
    fs::copy(
        bench.path("customerCA.crt"),
        bench.path("bundle/customerCA.crt"),
    )
    .unwrap();
    bench.run(&sign(&["--seal"])).expect(0);
    bench
        .run(&["transcript", "verify", "bundle", "--ca", "customerCA.crt"])
        .expect(0);
}

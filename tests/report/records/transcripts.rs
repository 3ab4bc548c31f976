//! What a transcript is shown to say: as far as it holds, and by whose seal.

use crate::{
    shared::{one_step_more, read_json, request_fingerprint, states, transcript_in_head},
    support::sign,
};
use hsmboot::bundle::{AnnouncedCall, Digests, Transcript, TranscriptEntry};
use hsmboot::x509::{sha256, to_hex};

use super::*;

/// A step is titled by what was done and by whom; a SHA-256 is grouped wherever it stands.
#[test]
fn a_step_says_first_what_was_done_and_by_whom() {
    let bench = crate::shared::signed(&[]);
    crate::shared::put_receipt(&bench, |_| {});
    one_step_more(&bench, |entry| {
        entry.sends = Some(AnnouncedCall::InitializeCluster.into());
        entry.operator = Some("Grace".into());
    });
    let page = report(&bench, &[]);
    assert!(page.contains("<title>Verified against roots you gave: claim of "));
    let titles: Vec<String> = page
        .split("<h3 class=\"step\">")
        .skip(1)
        .map(|rest| text(&format!("<body>{}", rest.split("</h3>").next().unwrap())))
        .collect();
    let wanted = [
        "Verified by Ada",
        "Signed by: not named",
        "About to send InitializeCluster by Grace",
    ];
    assert_eq!(titles, wanted);
    let mut response = read_json(&bench, RESPONSE);
    response["ca_fingerprint"] = json!("0123456789abcdef".repeat(4));
    bench.write(RESPONSE, response.to_string());
    let page = report(&bench, &[]);
    let whole = |text: &str| {
        let mut run = 0;
        text.chars().any(|c| {
            run = if c.is_ascii_hexdigit() { run + 1 } else { 0 };
            run == 64
        })
    };
    let tables: Vec<&str> = page.split("<table").skip(1).collect();
    assert!(tables.len() >= 4);
    for table in tables {
        let table = table.split("</table>").next().unwrap();
        assert!(!whole(table), "a SHA-256 in one piece: {table}");
    }
    let grouped = "<code class=\"hex\"><span>01234567</span><wbr><span>89abcdef</span>";
    assert!(page.contains(grouped), "what the document says instead");
}

#[test]
fn a_changed_transcript_is_shown_as_far_as_it_holds() {
    let bench = Bench::new();
    // The record of another moment than the signature's, however soon that follows.
    bench
        .run(
            &[
                &[
                    "verify",
                    "bundle",
                    "--record",
                    "--operator",
                    "Ada",
                    "--at",
                    "2026-01-01T00:00:00Z",
                ],
                &TRUST[..],
            ]
            .concat(),
        )
        .expect(0);
    let before = bench.read("bundle/verification.json");
    bench.run(&sign(&["--seal"])).expect(0);
    let answer = document(&bench, &[]);
    let verified = bench
        .run(&["transcript", "verify", "bundle", "--output", "json"])
        .expect(0)
        .json();
    let (head, code) = (&verified["head"], &verified["head_code"]);
    assert_eq!(
        answer["transcript"],
        json!({
            "steps": 2, "head": head, "head_code": code, "sealed_up_to": 2, "sealed_code": code,
            "holds": true, "not_compared": [2], "faults": []
        })
    );
    assert!(
        text(&report(&bench, &[]))
            .matches(head.as_str().unwrap())
            .count()
            >= 2,
        "to compare, and at its step"
    );
    assert!(
        report(&bench, &["--ca", "customerCA.crt"])
            .contains("sealed up to step 2 with the key of customerCA.crt")
    );

    let good = String::from_utf8(bench.read(TRANSCRIPT)).unwrap();
    bench.write(TRANSCRIPT, good.replacen("Ada", "Eve", 1));
    let page = report(&bench, &[]);
    assert!(
        page.contains("<strong>Line 2 does not follow from the line before"),
        "the line is named"
    );
    assert!(
        page.contains("Step 1, ") && !page.contains("Step 2, ") && page.contains("Eve"),
        "what is before it is shown"
    );
    assert_eq!(document(&bench, &[])["transcript"]["holds"], false);

    bench.write(TRANSCRIPT, b"\xff\xfe\n");
    assert!(report(&bench, &[]).contains("Line 1 is not text (UTF-8)."));
    bench.write(TRANSCRIPT, format!("{}\n", good.lines().next().unwrap()));
    assert!(
        report(&bench, &[]).contains("verification.json is not the file that step 1 left"),
        "a cut shows in the files"
    );
    bench.write("bundle/verification.json", before);
    assert!(
        report(&bench, &[]).contains("no step of the transcript accounts for"),
        "and in those that nothing speaks of"
    );
    fs::remove_file(bench.path(TRANSCRIPT)).unwrap();
    assert!(report(&bench, &[]).contains("The transcript is missing"));
    let missing = document(&bench, &[]);
    assert_eq!(missing["transcript"]["holds"], false);
    assert!(
        !missing["alarms"].as_array().unwrap().is_empty(),
        "whoever takes it away takes no decision out of sight"
    );
    for name in [
        "request.json",
        "response.json",
        "receipt.json",
        "verification.json",
    ] {
        fs::remove_file(bench.path("bundle").join(name)).ok();
    }
    assert!(report(&bench, &[]).contains("There is none: the bundle was put together by hand"));
}

/// What `submit` writes down before it sends: without a receipt, nobody can tell from the bundle
/// whether it was sent.
#[test]
fn a_call_that_was_about_to_be_sent_is_neither_sent_nor_not() {
    let bench = signed(&[]);
    let transcript = Transcript::from_content(&bench.read(TRANSCRIPT), &TRANSCRIPT).unwrap();
    let (step, previous) = transcript.next_link();
    let last = transcript.entries().last().unwrap().clone();
    let inputs = last
        .inputs
        .clone()
        .into_iter()
        .chain(last.outputs.clone())
        .collect();
    let entry = TranscriptEntry {
        step,
        previous,
        inputs,
        outputs: Digests::new(),
        sends: Some(AnnouncedCall::InitializeCluster.into()),
        kept_aside: None,
        seal: None,
        ..last
    };
    bench.write(TRANSCRIPT, transcript.with_entry(&entry));
    let page = report(&bench, &[]);
    assert_eq!(states(&page, &["sent"]), ["unjudged"]);
    assert!(
        page.contains("perhaps sent")
            && page.contains("Step 3 of the transcript was about to send InitializeCluster")
    );
    assert_eq!(document(&bench, &[])["differences"], json!([]));
}

#[test]
fn the_last_line_of_a_broken_transcript_is_not_passed_off_as_its_last() {
    let bench = signed(&[]);
    assert!(section(&report(&bench, &[]), "summary").contains("Transcript’s last line"));
    let good = String::from_utf8(bench.read(TRANSCRIPT)).unwrap();
    bench.write(TRANSCRIPT, good.replacen("Ada", "Eve", 1));
    let summary = section(&report(&bench, &[]), "summary");
    assert!(
        summary.contains("Last line that holds") && !summary.contains("Transcript’s last line"),
        "{summary}"
    );
    assert!(
        summary.contains("line 1 of 2 lines of a transcript that does not hold"),
        "{summary}"
    );
    bench.write(TRANSCRIPT, "no transcript\n");
    let summary = section(&report(&bench, &[]), "summary");
    assert!(
        summary.contains("Last line that holds")
            && summary.contains("none of 1 line of a transcript that does not hold"),
        "{summary}"
    );
}

/// The chains hold whoever carried the bundle; that nobody asked the other side is on record all
/// the same.
#[test]
fn a_fingerprint_that_nobody_compared_is_no_secret() {
    let bench = signed(&[]);
    let step = |number: usize| {
        Transcript::from_content(&bench.read(TRANSCRIPT), &TRANSCRIPT)
            .unwrap()
            .entries()[number - 1]
            .clone()
    };
    let shown = section(&report(&bench, &[]), "decisions");
    assert!(
        shown.contains(&format!(
            "step 2 (sign), {}: nobody compared the other side’s fingerprint",
            step(2).time
        )),
        "{shown}"
    );
    assert!(
        !shown.contains("step 1") && !shown.contains("None") && !shown.contains("Reason"),
        "{shown}"
    );
    one_step_more(&bench, |entry| {
        entry.command = ["hsmboot", "--output", "json", "submit", "bundle"]
            .map(Into::into)
            .to_vec();
        entry.sends = Some(AnnouncedCall::InitializeCluster.into());
    });
    let page = report(&bench, &[]);
    assert!(section(&page, "decisions").contains(&format!(
        "step 3 (submit), {}: nobody compared",
        step(3).time
    )));
    let header = page
        .split("<header>")
        .nth(1)
        .unwrap()
        .split("</header>")
        .next()
        .unwrap();
    assert!(
        text(&format!("<body>{header}")).contains("not compared in 2 steps"),
        "{header}"
    );
    let summary = section(&page, "summary");
    assert!(summary.contains(
        "That both sides had the same request and response before them: nobody compared \
             fingerprints in steps 2 (sign) and 3 (submit)."
    ));
    assert_eq!(
        document(&bench, &[])["transcript"]["not_compared"],
        json!([2, 3])
    );
    let run = bench
        .run(&[&["report", "bundle", "-o", "page.html"], &TRUST[..]].concat())
        .expect(0);
    assert!(
        run.stdout
            .contains("compared    by nobody in steps 2 (sign) and 3 (submit)"),
        "{}",
        run.stdout
    );

    // Where it was compared, nothing of that.
    let bench = Bench::new();
    bench
        .run(&[&sign(&[])[..], &["--expect", &request_fingerprint(&bench)]].concat())
        .expect(0);
    let page = report(&bench, &[]);
    assert!(
        !text(&page).contains("obody compared")
            && text(&page).contains("compared in step 1 (sign)")
    );
    assert!(section(&page, "decisions").contains(
        "None: no failure was accepted, nothing was done \
                                              unverified, and no fingerprint was left uncompared"
    ));
    assert_eq!(
        document(&bench, &[])["transcript"]["not_compared"],
        json!([])
    );

    // Without a transcript nobody knows.
    fs::remove_file(bench.path(TRANSCRIPT)).unwrap();
    assert!(
        section(&report(&bench, &[]), "summary")
            .contains("That the two sides compared fingerprints: no transcript says so.")
    );
}

#[test]
fn a_transcript_passes_only_by_a_seal_of_the_given_ca_over_what_still_stands() {
    let bench = signed(&["--seal"]);
    let with_ca = ["--ca", "customerCA.crt"];
    let symbol = |more: &[&str]| transcript_in_head(&report(&bench, more)).0;
    let proven = "Step 2 of the transcript was sealed with the key of customerCA.crt";
    assert_eq!(
        (symbol(&[]), symbol(&with_ca)),
        ("told".to_owned(), "pass".to_owned())
    );
    let own = text(&report(&bench, &[]));
    assert!(
        own.contains(
            "the bundle’s own trust anchor, which proves nothing against who replaced both"
        ) && !own.contains(proven)
    );
    assert!(text(&report(&bench, &with_ca)).contains(proven));

    // What `submit` and its like leave behind: it takes nothing from the seal.
    one_step_more(&bench, |entry| {
        entry.sends = Some(AnnouncedCall::InitializeCluster.into())
    });
    let page = report(&bench, &with_ca);
    assert_eq!(transcript_in_head(&page).0, "pass");
    let shown = section(&page, "transcript");
    assert!(
        shown
            .contains("It says nothing of what was written before the bundle reached that machine"),
        "{shown}"
    );
    assert!(
        shown.contains(
            "step 3 is not sealed, and left request, signed certificate and trust \
                            anchor as step 2 had them"
        ),
        "{shown}"
    );

    // A file that the sealed step did not find is not under its seal.
    let request = json!({
        "format": "hsmboot-request/1", "cluster_id": CLUSTER, "region": "eu-central-1",
        "state": "UNINITIALIZED", "hsms": [],
        "fetched_at": "2026-01-01T00:00:00Z", "tool": "hsmboot test", "files": {},
    });
    one_step_more(&bench, |entry| {
        entry.outputs.extend([(
            "request.json",
            to_hex(&sha256(request.to_string().as_bytes())),
        )])
    });
    bench.write("bundle/request.json", request.to_string());
    let page = report(&bench, &with_ca);
    assert_eq!(transcript_in_head(&page).0, "told");
    assert!(
        text(&page).contains("step 4 added request.json, which step 2 did not find")
            && !text(&page).contains(proven)
    );
    assert_eq!(document(&bench, &with_ca)["transcript"]["holds"], true);
}

#[test]
fn what_replaced_a_sealed_signature_is_a_fault_and_no_pass() {
    let bench = signed(&["--seal"]);
    bench.write("real.crt", bench.read("customerCA.crt"));
    bench.put_ca(&crate::support::ca(|_| {}));
    bench.run(&sign(&["--force"])).expect(0);
    let page = report(&bench, &["--ca", "real.crt"]);
    assert_eq!(
        transcript_in_head(&page),
        ("fail".to_owned(), "does not hold".to_owned())
    );
    assert!(
        section(&page, "summary")
            .contains("step 3, which is not sealed, replaced what step 2, which is, had left: ")
    );
    let answer = document(&bench, &["--ca", "real.crt"]);
    assert_eq!(answer["transcript"]["holds"], false, "{answer:#}");
    assert!(
        answer["transcript"]["faults"]
            .to_string()
            .contains("customerCA.crt"),
        "{answer:#}"
    );
}

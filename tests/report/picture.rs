//! The picture of the chains: what is there, what failed, and why.

mod missing;

use std::collections::BTreeSet;
use std::fs;

use hsmboot::report::make_page;
use hsmboot::x509::{Certificate, sha256, to_hex};
use serde_json::json;

use crate::forge::fixture::directory;
use crate::shared::{
    CHAINS, drawn, facts, picture_of, put_receipt, report, signed, states, text, tie, tie_of, told,
};
use crate::support::{Bench, CLUSTER, sign};

#[test]
fn each_stage_of_a_bundle_shows_what_is_there_and_what_is_not_yet() {
    let bench = Bench::new();
    let page = report(&bench, &[]);
    assert_eq!(states(&page, &CHAINS), ["holds"; 8]);
    assert_eq!(
        states(&page, &["own", "asked", "issued", "sent"]),
        ["missing"; 4]
    );
    assert!(
        page.contains(
            "<title>Verified against roots you gave: bundle of cluster-abc234defgh</title>"
        ) && page.contains("Bundle of <span class=\"id\">cluster-abc234defgh"),
        "{}",
        &page[..900]
    );
    assert!(page.contains("nothing is signed yet") && page.contains("no receipt"));

    bench.run(&sign(&[])).expect(0);
    let page = report(&bench, &[]);
    assert_eq!(states(&page, &CHAINS), ["holds"; 8]);
    assert_eq!(
        states(&page, &["own", "asked", "issued", "sent"]),
        ["holds", "holds", "holds", "missing"]
    );
    assert!(
        page.contains("fit for InitializeCluster")
            && page.contains("What InitializeCluster would be sent")
    );

    // One key in the HSM certificate, the CSR and the signed certificate: each shows its digest.
    let hsm = bench.read(&format!("bundle/{CLUSTER}_HsmCertificate.crt"));
    let digest = to_hex(Certificate::from_pem(&hsm).unwrap().spki_sha256());
    let shown = format!("SHA-256 {} {}…", &digest[..8], &digest[8..16]);
    assert_eq!(picture_of(&page).matches(&shown).count(), 3, "{shown}");

    put_receipt(&bench, |_| {});
    let page = report(&bench, &[]);
    assert_eq!(
        states(&page, &["own", "asked", "issued", "sent"]),
        ["holds", "holds", "holds", "recorded"]
    );
    assert!(
        page.contains("INITIALIZE_IN_PROGRESS: Cluster is initializing.")
            && page.contains("the very certificate that was signed")
    );
    // What was sent stands there in full.
    for name in [
        format!("bundle/{CLUSTER}_CustomerHsmCertificate.crt"),
        "bundle/customerCA.crt".to_owned(),
    ] {
        let pem = String::from_utf8(bench.read(&name)).unwrap();
        assert!(
            page.contains(&format!("<pre class=\"pem\">{}</pre>", pem)),
            "{name}"
        );
    }
}

#[test]
fn every_check_and_every_file_is_on_the_page() {
    let bench = signed(&[]);
    let page = report(&bench, &[]);
    let text = text(&page);
    // No intermediate is followed in this bundle, so no record has a check of one.
    let ids = hsmboot::verify::CheckId::ALL
        .iter()
        .map(|id| id.as_str())
        .filter(|id| !id.contains(".intermediate-"));
    let ids = ids.chain(hsmboot::check::Rule::ALL.iter().map(|rule| rule.as_str()));
    for id in ids {
        assert!(text.contains(id), "{id}");
    }
    for entry in fs::read_dir(bench.path("bundle")).unwrap() {
        let path = entry.unwrap().path();
        let digest = hsmboot::x509::to_hex(&sha256(&fs::read(&path).unwrap()));
        assert!(
            text.contains(path.file_name().unwrap().to_str().unwrap()) && text.contains(&digest),
            "{path:?}"
        );
    }
    // As the other commands print them.
    let answer = bench
        .run(&[&sign(&["--force"])[..], &["--output", "json"]].concat())
        .expect(0)
        .json();
    let text = self::text(&report(&bench, &[]));
    for name in [
        "request_fingerprint",
        "response_fingerprint",
        "signed_cert_sha256",
        "ca_fingerprint",
        "csr_sha256",
    ] {
        assert!(text.contains(answer[name].as_str().unwrap()), "{name}");
    }
    for words in [
        "How it was fetched and signed",
        "There is no request.json: the bundle was put together by hand.",
        "Signed at",
        "Verdict then",
    ] {
        assert!(text.contains(words), "{words}");
    }
    assert!(
        text.contains("Ada") && text.contains("sign bundle --ca customerCA.crt"),
        "the steps are there"
    );
}

/// One thing is wrong in each fixture: exactly the ties are broken whose checks fail, and each says
/// by which check and why.
#[test]
fn the_arrow_whose_check_fails_is_broken_and_no_other() {
    let mut seen = BTreeSet::new();
    for entry in fs::read_dir(directory()).unwrap() {
        let path = entry.unwrap().path();
        let (expect, facts) = facts(&path);
        let page = make_page(&facts);
        let what = path.file_name().unwrap().to_string_lossy().into_owned();
        let broken: BTreeSet<&str> = expect.fail.iter().filter_map(|id| tie_of(id)).collect();
        let unjudged: BTreeSet<&str> = expect
            .skipped
            .iter()
            .filter_map(|id| tie_of(id))
            .filter(|tie| !broken.contains(tie))
            .collect();
        for (name, state) in drawn(&page)
            .iter()
            .filter(|(name, _)| CHAINS.contains(&name.as_str()))
        {
            let expected = match name.as_str() {
                name if broken.contains(name) => "broken",
                name if unjudged.contains(name) => "unjudged",
                _ => "holds",
            };
            assert_eq!(state, expected, "{what}: {name}");
            let crossed = tie(&page, name).contains("class=\"cross\"");
            assert_eq!(
                crossed,
                expected == "broken",
                "{what}: {name} is crossed out"
            );
            assert_eq!(
                told(&page, name).0,
                if expected == "unjudged" {
                    "not judged"
                } else {
                    expected
                },
                "{what}: {name}"
            );
        }
        let picture = picture_of(&page);
        for id in &expect.fail {
            let finding = facts.verification.finding(id.parse().unwrap()).unwrap();
            let name = tie_of(id);
            match name {
                Some(name) => {
                    assert!(
                        tie(&page, name).contains(&format!(">{id}<")),
                        "{what}: {name} names {id}"
                    );
                    let words = text(&format!("<body>{}", told(&page, name).1));
                    assert!(
                        words.contains(finding.detail.as_str()),
                        "{what}: {name} says why: {words}"
                    );
                }
                None => assert!(
                    picture.contains("class=\"node broken\"")
                        && picture.contains(&format!(">{id}<")),
                    "{what}: {id} in its box"
                ),
            }
            seen.extend(name);
        }
        for id in &expect.accepted {
            assert!(
                picture.contains("class=\"node accepted\"") && picture.contains(&format!(">{id}<")),
                "{what}: {id} in its box"
            );
        }
        let title = if expect.verdict == "rejected" {
            "Rejected"
        } else {
            "Verified"
        };
        assert!(page.contains(&format!("<title>{title}")), "{what}");
    }
    assert_eq!(
        seen,
        BTreeSet::from(CHAINS),
        "every tie of the chains is seen broken"
    );
}

#[test]
fn a_pair_that_does_not_hold_together_breaks_its_own_arrows() {
    // Signed for this CSR, but by another CA than the trust anchor's.
    let bench = signed(&[]);
    bench.write("bundle/customerCA.crt", crate::support::ca(|_| {}).cert);
    let page = report(&bench, &[]);
    assert_eq!(
        states(&page, &["own", "asked", "issued"]),
        ["holds", "holds", "broken"]
    );
    assert!(tie(&page, "issued").contains(">check.signature<") && page.contains("unfit: "));

    // For another CSR.
    let other = signed(&[]);
    let name = format!("bundle/{CLUSTER}_CustomerHsmCertificate.crt");
    bench.write(&name, other.read(&name));
    bench.write("bundle/customerCA.crt", other.read("bundle/customerCA.crt"));
    let page = report(&bench, &[]);
    assert_eq!(
        states(&page, &["own", "asked", "issued"]),
        ["holds", "broken", "holds"]
    );
    assert!(tie(&page, "asked").contains(">check.key<"));

    // A trust anchor that another CA issued.
    bench.write("bundle/customerCA.crt", bench.read(&name));
    let page = report(&bench, &[]);
    assert_eq!(
        states(&page, &["own", "asked", "issued"]),
        ["broken", "broken", "broken"]
    );
    assert!(
        tie(&page, "own").contains(">check.trust-anchor.self-issued<")
            && tie(&page, "own").contains(">check.trust-anchor.self-signed<")
    );

    // None at all, and one that is none.
    fs::remove_file(bench.path("bundle/customerCA.crt")).unwrap();
    let page = report(&bench, &[]);
    assert_eq!(
        states(&page, &["own", "asked", "issued"]),
        ["unjudged", "broken", "unjudged"]
    );
    assert!(page.contains(">check.pem.trust-anchor<"));
}

/// Two names often differ in their last part alone.
#[test]
fn the_picture_has_each_reason_to_its_end() {
    for entry in fs::read_dir(directory()).unwrap() {
        let path = entry.unwrap().path();
        let (expect, facts) = facts(&path);
        let page = make_page(&facts);
        let lines = page
            .split(" class=\"why\"")
            .skip(1)
            .map(|rest| rest.split_once('>').unwrap().1.split('<').next().unwrap());
        let drawn = text(&format!("<body>{}", lines.collect::<String>())).replace(' ', "");
        for id in &expect.fail {
            let reason = &facts
                .verification
                .finding(id.parse().unwrap())
                .unwrap()
                .detail;
            assert!(
                drawn.contains(&reason.replace('\n', "\\u{a}").replace(' ', "")),
                "{path:?}: {reason}\n{drawn}"
            );
        }
    }
}

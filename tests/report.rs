//! `hsmboot report`: the page shows what was judged, names what is only recorded, breaks the right arrow, and lets nothing that it read become markup.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::as_conversions, unreachable_pub)]

#[allow(dead_code)]
mod forge;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use base64ct::{Base64, Encoding};
use forge::fixture::{Expect, directory};
use hsmboot::bundle::{Digests, Entry, Fingerprint, Survey, Transcript};
use hsmboot::report::{Facts, page};
use hsmboot::verify::{Anchor, Anchors, Policy, Profile, verify};
use hsmboot::x509::sha256;
use serde_json::{Value, json};
use support::{Bench, CLUSTER, TRUST, sign};

const TRANSCRIPT: &str = "bundle/transcript.jsonl";
const RESPONSE: &str = "bundle/response.json";
const RECEIPT: &str = "bundle/receipt.json";

/// `hsmboot report` on standard output, with the bench's roots.
fn report(bench: &Bench, more: &[&str]) -> String {
    bench.run(&[&["report", "bundle", "-o", "-"], &TRUST[..], more].concat()).expect(0).stdout
}

fn document(bench: &Bench, more: &[&str]) -> Value {
    bench.run(&[&["report", "bundle", "-o", "-", "--output", "json"], &TRUST[..], more].concat()).expect(0).json()
}

/// A bundle that was verified and signed: two steps in its transcript.
fn signed(more: &[&'static str]) -> Bench {
    let bench = Bench::new();
    bench.run(&[&["verify", "bundle", "--record", "--operator", "Ada"], &TRUST[..]].concat()).expect(0);
    bench.run(&sign(more)).expect(0);
    bench
}

fn read_json(bench: &Bench, name: &str) -> Value {
    serde_json::from_slice(&bench.read(name)).unwrap()
}

/// What `submit` leaves behind, for the pair in the bundle, after a change.
fn put_receipt(bench: &Bench, change: impl FnOnce(&mut Value)) {
    let response = read_json(bench, RESPONSE);
    let mut receipt = json!({
        "format": "hsmboot-receipt/1",
        "cluster_id": CLUSTER,
        "region": "eu-central-1",
        "tool": "hsmboot test",
        "outcome": "claimed",
        "submitted_at": "2026-05-01T12:00:00Z",
        "confirmed_at": "2026-05-01T12:00:09Z",
        "state": "INITIALIZED",
        "answer": { "state": "INITIALIZE_IN_PROGRESS", "state_message": "Cluster is initializing." },
        "csr_sha256": response["csr_sha256"],
        "signed_cert_sha256": response["signed_cert_sha256"],
        "trust_anchor_sha256": response["ca_fingerprint"],
        "cluster_certificate_sha256": response["signed_cert_sha256"],
        "verdict": "verified",
    });
    change(&mut receipt);
    bench.write(RECEIPT, receipt.to_string());
}

/// Each tie of the picture, and how it is drawn.
fn drawn(page: &str) -> BTreeMap<String, String> {
    let picture = page.split("<figure").nth(1).unwrap().split("</figure>").next().unwrap();
    let ties = picture.split("<g class=\"tie ").skip(1);
    ties.map(|tie| {
        let (class, rest) = tie.split_once("\" data-tie=\"").unwrap();
        (rest.split('"').next().unwrap().to_owned(), class.to_owned())
    })
    .collect()
}

/// The part of the picture that is this tie.
fn tie(page: &str, name: &str) -> String {
    let start = page.find(&format!("\" data-tie=\"{name}\"")).unwrap_or_else(|| panic!("no tie {name}"));
    page[start..].split("</g>").next().unwrap().to_owned()
}

/// What the list below the picture says of a tie: its state, and its markup.
fn told(page: &str, name: &str) -> (String, String) {
    let item = page.split("<li data-tie=\"").skip(1).find(|item| item.starts_with(&format!("{name}\""))).unwrap().split("</li>").next().unwrap();
    (item.split("data-state=\"").nth(1).unwrap().split('"').next().unwrap().to_owned(), item.to_owned())
}

const CHAINS: [&str; 8] =
    ["roots", "certified-aws", "certified-manufacturer", "hardware", "vouched-aws", "vouched-manufacturer", "key", "possession"];

fn states(page: &str, ties: &[&str]) -> Vec<String> {
    let drawn = drawn(page);
    ties.iter().map(|tie| drawn[*tie].clone()).collect()
}

#[test]
fn each_stage_of_a_bundle_shows_what_is_there_and_what_is_not_yet() {
    let bench = Bench::new();
    let page = report(&bench, &[]);
    assert_eq!(states(&page, &CHAINS), ["holds"; 8]);
    assert_eq!(states(&page, &["own", "asked", "issued", "sent"]), ["missing"; 4]);
    assert!(page.contains("<title>Verified: claim of cluster-abc234defgh</title>"), "{}", &page[..900]);
    assert!(page.contains("nothing is signed yet") && page.contains("no receipt"));

    bench.run(&sign(&[])).expect(0);
    let page = report(&bench, &[]);
    assert_eq!(states(&page, &CHAINS), ["holds"; 8]);
    assert_eq!(states(&page, &["own", "asked", "issued", "sent"]), ["holds", "holds", "holds", "missing"]);
    assert!(page.contains("fit for InitializeCluster") && page.contains("What InitializeCluster would be sent"));

    put_receipt(&bench, |_| {});
    let page = report(&bench, &[]);
    assert_eq!(states(&page, &["own", "asked", "issued", "sent"]), ["holds", "holds", "holds", "recorded"]);
    assert!(page.contains("INITIALIZE_IN_PROGRESS: Cluster is initializing.") && page.contains("the very certificate that was signed"));
    // What was sent stands there in full.
    for name in [format!("bundle/{CLUSTER}_CustomerHsmCertificate.crt"), "bundle/customerCA.crt".to_owned()] {
        let pem = String::from_utf8(bench.read(&name)).unwrap();
        assert!(page.contains(&format!("<pre class=\"pem\">{}</pre>", pem)), "{name}");
    }
}

#[test]
fn every_check_and_every_file_is_on_the_page() {
    let bench = signed(&[]);
    let page = report(&bench, &[]);
    let text = text(&page);
    let ids = hsmboot::verify::CheckId::ALL.iter().map(|id| id.as_str()).chain(hsmboot::check::Rule::ALL.iter().map(|rule| rule.as_str()));
    for id in ids {
        assert!(text.contains(id), "{id}");
    }
    for entry in fs::read_dir(bench.path("bundle")).unwrap() {
        let path = entry.unwrap().path();
        let digest = hsmboot::x509::hex(&sha256(&fs::read(&path).unwrap()));
        assert!(text.contains(path.file_name().unwrap().to_str().unwrap()) && text.contains(&digest), "{path:?}");
    }
    // As the other commands print them.
    let answer = bench.run(&[&sign(&["--force"])[..], &["--output", "json"]].concat()).expect(0).json();
    let text = self::text(&report(&bench, &[]));
    for name in ["request_fingerprint", "response_fingerprint", "signed_cert_sha256", "ca_fingerprint", "csr_sha256"] {
        assert!(text.contains(answer[name].as_str().unwrap()), "{name}");
    }
    for words in ["How it was fetched and signed", "There is no request.json: the bundle was put together by hand.", "Signed at", "Verdict then"] {
        assert!(text.contains(words), "{words}");
    }
    assert!(text.contains("Ada") && text.contains("sign bundle --ca customerCA.crt"), "the steps are there");
}

/// A page's text, without its markup.
fn text(page: &str) -> String {
    let body = page.split("<body>").nth(1).unwrap();
    let text: String = body.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text)).collect();
    text.replace("&#39;", "'").replace("&quot;", "\"").replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")
}

/// Which tie a check belongs to, by its id; `None`: it is about a certificate, and shows in its box.
fn tie_of(id: &str) -> Option<&'static str> {
    Some(match id {
        "anchors.distinct" | "anchors.source" => "roots",
        "aws.signature" | "aws.issuer" => "certified-aws",
        "manufacturer.signature" | "manufacturer.issuer" => "certified-manufacturer",
        "hardware.same-key" => "hardware",
        "aws.hsm-signature" | "aws.hsm-issuer" => "vouched-aws",
        "manufacturer.hsm-signature" | "manufacturer.hsm-issuer" => "vouched-manufacturer",
        "csr.key" | "csr.subject" => "key",
        "csr.signature" => "possession",
        _ => return None,
    })
}

/// The facts of a fixture, judged as its `expect.json` says.
fn facts(path: &std::path::Path) -> (Expect, Facts) {
    let expect: Expect = serde_json::from_slice(&fs::read(path.join("expect.json")).unwrap()).unwrap();
    let anchor = |name: &str| Anchor::from_file(&fs::read(path.join(name)).unwrap(), name).unwrap();
    let anchors = Anchors { aws: anchor("aws-root.crt"), manufacturer: anchor("manufacturer-root.crt") };
    let profile = if expect.policy == "rfc5280" { Profile::Rfc5280 } else { Profile::Attestation };
    let accept = expect.accept.iter().map(|id| id.parse().unwrap()).collect();
    let policy = Policy { profile, accept, reason: expect.reason.clone(), chains_only: expect.chains_only };
    let survey = Survey::of(path).unwrap();
    let at = expect.at.parse().unwrap();
    let verification = verify(&survey.evidence(), &anchors, at, &policy).record;
    let (tool, place) = ("hsmboot test".to_owned(), "fixture".to_owned());
    (expect, Facts { tool, made_at: at, place, survey, anchors, verification, at_named: true, pair: None, own_ca: None })
}

/// One thing is wrong in each fixture: exactly the ties are broken whose checks fail, and each says by which check and why.
#[test]
fn the_arrow_whose_check_fails_is_broken_and_no_other() {
    let mut seen = BTreeSet::new();
    for entry in fs::read_dir(directory()).unwrap() {
        let path = entry.unwrap().path();
        let (expect, facts) = facts(&path);
        let page = page(&facts);
        let what = path.file_name().unwrap().to_string_lossy().into_owned();
        let broken: BTreeSet<&str> = expect.fail.iter().filter_map(|id| tie_of(id)).collect();
        let unjudged: BTreeSet<&str> = expect.skipped.iter().filter_map(|id| tie_of(id)).filter(|tie| !broken.contains(tie)).collect();
        for (name, state) in drawn(&page).iter().filter(|(name, _)| CHAINS.contains(&name.as_str())) {
            let expected = match name.as_str() {
                name if broken.contains(name) => "broken",
                name if unjudged.contains(name) => "unjudged",
                _ => "holds",
            };
            assert_eq!(state, expected, "{what}: {name}");
            let crossed = tie(&page, name).contains("class=\"cross\"");
            assert_eq!(crossed, expected == "broken", "{what}: {name} is crossed out");
            assert_eq!(told(&page, name).0, if expected == "unjudged" { "not judged" } else { expected }, "{what}: {name}");
        }
        let picture = page.split("<figure").nth(1).unwrap().split("</figure>").next().unwrap();
        for id in &expect.fail {
            let finding = facts.verification.finding(id.parse().unwrap()).unwrap();
            let name = tie_of(id);
            match name {
                Some(name) => {
                    assert!(tie(&page, name).contains(&format!(">{id}<")), "{what}: {name} names {id}");
                    let words = text(&format!("<body>{}", told(&page, name).1));
                    assert!(words.contains(&finding.detail), "{what}: {name} says why: {words}");
                }
                None => assert!(picture.contains("class=\"node broken\"") && picture.contains(&format!(">{id}<")), "{what}: {id} in its box"),
            }
            seen.extend(name);
        }
        for id in &expect.accepted {
            assert!(picture.contains("class=\"node accepted\"") && picture.contains(&format!(">{id}<")), "{what}: {id} in its box");
        }
        let title = if expect.verdict == "rejected" { "Rejected" } else { "Verified" };
        assert!(page.contains(&format!("<title>{title}")), "{what}");
    }
    assert_eq!(seen, BTreeSet::from(CHAINS), "every tie of the chains is seen broken");
}

#[test]
fn a_pair_that_does_not_hold_together_breaks_its_own_arrows() {
    // Signed for this CSR, but by another CA than the trust anchor's.
    let bench = signed(&[]);
    bench.write("bundle/customerCA.crt", support::ca(|_| {}).cert);
    let page = report(&bench, &[]);
    assert_eq!(states(&page, &["own", "asked", "issued"]), ["holds", "holds", "broken"]);
    assert!(tie(&page, "issued").contains(">check.signature<") && page.contains("unfit: "));

    // For another CSR.
    let other = signed(&[]);
    let name = format!("bundle/{CLUSTER}_CustomerHsmCertificate.crt");
    bench.write(&name, other.read(&name));
    bench.write("bundle/customerCA.crt", other.read("bundle/customerCA.crt"));
    let page = report(&bench, &[]);
    assert_eq!(states(&page, &["own", "asked", "issued"]), ["holds", "broken", "holds"]);
    assert!(tie(&page, "asked").contains(">check.key<"));

    // A trust anchor that another CA issued.
    bench.write("bundle/customerCA.crt", bench.read(&name));
    let page = report(&bench, &[]);
    assert_eq!(states(&page, &["own", "asked", "issued"]), ["broken", "broken", "broken"]);
    assert!(tie(&page, "own").contains(">check.trust-anchor.self-issued<") && tie(&page, "own").contains(">check.trust-anchor.self-signed<"));

    // None at all, and one that is none.
    fs::remove_file(bench.path("bundle/customerCA.crt")).unwrap();
    let page = report(&bench, &[]);
    assert_eq!(states(&page, &["own", "asked", "issued"]), ["unjudged", "broken", "unjudged"]);
    assert!(page.contains(">check.pem.trust-anchor<"));
}

#[test]
fn a_receipt_for_something_else_is_no_arrow_to_the_cluster() {
    let bench = signed(&[]);
    let zeros = "0".repeat(64);
    for (member, words) in [
        ("signed_cert_sha256", "another signed certificate than the bundle holds"),
        ("trust_anchor_sha256", "another trust anchor than the bundle holds"),
        ("cluster_certificate_sha256", "the cluster showed another certificate"),
    ] {
        put_receipt(&bench, |receipt| receipt[member] = json!(zeros));
        let page = report(&bench, &[]);
        assert_eq!(states(&page, &["sent"]), ["broken"], "{member}");
        assert!(told(&page, "sent").1.contains(words), "{member}");
        assert!(!document(&bench, &[])["differences"].as_array().unwrap().is_empty(), "{member}");
    }
    // A cluster that this CA had claimed with an earlier certificate.
    put_receipt(&bench, |receipt| {
        receipt["cluster_certificate_sha256"] = json!(zeros);
        receipt["outcome"] = json!("already-claimed");
        receipt.as_object_mut().unwrap().remove("submitted_at");
    });
    let page = report(&bench, &[]);
    assert_eq!((states(&page, &["sent"]), page.contains("claimed before")), (vec!["recorded".to_owned()], true));
}

#[test]
fn what_the_documents_say_is_never_taken_for_proof() {
    let bench = signed(&[]);
    assert_eq!(document(&bench, &[])["differences"], json!([]), "they agree");
    put_receipt(&bench, |_| {});
    // A forged CSR, with documents that call it verified and have its digests.
    let forged = bench.read(&format!("bundle/{CLUSTER}_ClusterCsr.csr"));
    let other = Bench::new();
    let csr = other.read(&format!("bundle/{CLUSTER}_ClusterCsr.csr"));
    assert_ne!(forged, csr);
    bench.write(&format!("bundle/{CLUSTER}_ClusterCsr.csr"), csr);
    let page = report(&bench, &[]);
    assert!(page.contains("<title>Rejected") && page.contains("Do not sign, and do not submit."), "judged, not believed");
    let differences = document(&bench, &[])["differences"].clone();
    let about = |file: &str, about: &str| differences.as_array().unwrap().iter().any(|one| one["file"] == file && one["about"] == about);
    assert!(
        about("verification.json", "the verdict") && about("response.json", "the verdict") && about("receipt.json", "the verdict"),
        "{differences:#}"
    );
    assert!(about("verification.json", "the check csr.key") && about("transcript.jsonl", "the transcript"), "{differences:#}");
    assert!(page.contains("id=\"differences\"") && page.contains("href=\"#differences\""), "and loudly");
    for document in ["receipt.json", "transcript.jsonl"] {
        assert!(page.contains(&format!("<strong>Recorded by <code>{document}</code>, not proof.</strong>")), "{document}");
    }
}

#[test]
fn other_roots_and_another_moment_show_beside_what_was_recorded() {
    let bench = signed(&[]);
    let judged = |more: &[&str]| bench.run(&[&["report", "bundle", "-o", "-", "--output", "json"], more].concat()).expect(0).json();
    let answer = judged(&[]);
    assert_eq!(answer["verdict"], "rejected", "the built-in roots never certified this");
    let about: Vec<&str> = answer["differences"].as_array().unwrap().iter().filter_map(|one| one["about"].as_str()).collect();
    assert!(about.contains(&"the aws anchor’s key, SHA-256") && about.contains(&"the check aws.signature"), "{about:?}");

    let answer = judged(&[&TRUST[..], &["--at", "1999-01-01T00:00:00Z"]].concat());
    assert_eq!((answer["verdict"].clone(), answer["at"].clone()), ("rejected".into(), "1999-01-01T00:00:00Z".into()));
    assert!(answer["failed"].as_array().unwrap().contains(&json!("validity.hsm")));
    let accept =
        ["--accept", "validity.hsm", "--accept", "validity.aws-hardware", "--accept", "validity.manufacturer-hardware", "--reason", "an old clock"];
    let page = report(&bench, &[&["--at", "1999-01-01T00:00:00Z"], &accept[..]].concat());
    assert!(page.contains("<title>Verified, with failures accepted") && page.contains("an old clock"));
    assert!(page.contains("1999-01-01T00:00:00Z, as named (--at)"));
}

#[test]
fn what_was_done_unverified_is_loud() {
    let bench = Bench::new();
    let done = ["sign", "bundle", "--ca", "customerCA.crt", "--ca-key", "customerCA.key", "--unverified", "--reason", "decided by the board"];
    bench.run(&done).expect(0);
    let page = report(&bench, &[]);
    let header = page.split("<header>").nth(1).unwrap().split("</header>").next().unwrap();
    assert!(header.contains("<strong>UNVERIFIED</strong>") && header.contains("decided by the board"), "{header}");
    let decisions = page.split("<section id=\"decisions\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert_eq!(decisions.matches("decided by the board").count(), 2, "by response.json, and by the transcript");
    // It would verify by now, which the documents do not say.
    assert_eq!(document(&bench, &[])["verdict"], "verified");
}

#[test]
fn a_changed_transcript_is_shown_as_far_as_it_holds() {
    let bench = signed(&["--seal"]);
    let answer = document(&bench, &[]);
    let head = bench.run(&["transcript", "verify", "bundle", "--output", "json"]).expect(0).json()["head"].clone();
    assert_eq!(answer["transcript"], json!({"steps": 2, "head": head, "sealed_up_to": 2, "holds": true, "not_compared": [2], "faults": []}));
    assert!(text(&report(&bench, &[])).matches(head.as_str().unwrap()).count() >= 2, "to compare, and at its step");
    assert!(report(&bench, &["--ca", "customerCA.crt"]).contains("sealed up to step 2 with the key of customerCA.crt"));

    let good = String::from_utf8(bench.read(TRANSCRIPT)).unwrap();
    bench.write(TRANSCRIPT, good.replacen("Ada", "Eve", 1));
    let page = report(&bench, &[]);
    assert!(page.contains("<strong>Line 2 does not follow from the line before"), "the line is named");
    assert!(page.contains("Step 1, ") && !page.contains("Step 2, ") && page.contains("Eve"), "what is before it is shown");
    assert_eq!(document(&bench, &[])["transcript"]["holds"], false);

    bench.write(TRANSCRIPT, b"\xff\xfe\n");
    assert!(report(&bench, &[]).contains("Line 1 is not text (UTF-8)."));
    bench.write(TRANSCRIPT, format!("{}\n", good.lines().next().unwrap()));
    let page = report(&bench, &[]);
    assert!(page.contains("no step of the transcript accounts for"), "a cut shows in the files");
    fs::remove_file(bench.path(TRANSCRIPT)).unwrap();
    assert!(report(&bench, &[]).contains("There is none: the bundle was put together by hand"));
}

/// What `submit` writes down before it sends: without a receipt, nobody can tell from the bundle whether it was sent.
#[test]
fn a_call_that_was_about_to_be_sent_is_neither_sent_nor_not() {
    let bench = signed(&[]);
    let transcript = Transcript::from_content(&bench.read(TRANSCRIPT), &TRANSCRIPT).unwrap();
    let (step, previous) = transcript.next();
    let last = transcript.entries().last().unwrap().clone();
    let inputs = last.inputs.clone().into_iter().chain(last.outputs.clone()).collect();
    let entry = Entry { step, previous, inputs, outputs: Digests::new(), sends: Some("InitializeCluster".to_owned()), seal: None, ..last };
    bench.write(TRANSCRIPT, transcript.with(&entry));
    let page = report(&bench, &[]);
    assert_eq!(states(&page, &["sent"]), ["unjudged"]);
    assert!(page.contains("perhaps sent") && page.contains("Step 3 of the transcript was about to send InitializeCluster"));
    assert_eq!(document(&bench, &[])["differences"], json!([]));
}

#[test]
fn a_private_key_in_the_bundle_is_an_alarm() {
    let bench = signed(&[]);
    bench.write("bundle/notes.txt", "no key");
    assert_eq!(document(&bench, &[])["private_keys"], json!([]));
    bench.write("bundle/backup.pem", forge::keys::key_text("rsa-2048-stranger"));
    bench.write("bundle/customerCA.key", "whatever it holds");
    let page = text(&report(&bench, &[]));
    assert!(page.contains("A private key lies in the bundle: backup.pem, customerCA.key. Whoever gets the directory"), "{page}");
    assert!(page.contains("no part of the bundle and not judged: notes.txt."), "{page}");
    assert!(!page.contains("PRIVATE KEY"));
    assert_eq!(document(&bench, &[])["private_keys"], json!(["backup.pem", "customerCA.key"]));
    let run = bench.run(&[&["report", "bundle", "-o", "again.html"], &TRUST[..]].concat()).expect(0);
    assert!(run.stdout.contains("private key  in the bundle: backup.pem, customerCA.key"), "{}", run.stdout);
}

#[test]
fn one_file_gives_the_page_that_the_directory_gives() {
    let bench = signed(&[]);
    bench.write("bundle/<img src=x>", "no part of it");
    assert!(text(&report(&bench, &[])).contains("Beside them lie, as no part of the bundle and not judged: <img src=x>."));
    fs::remove_file(bench.path("bundle/<img src=x>")).unwrap();
    bench.run(&["pack", "bundle", "-o", "claim.hsmboot"]).expect(0);
    let of = |name: &str| {
        let run = bench.run(&[&["report", name, "-o", "-", "--output", "json"], &TRUST[..]].concat()).expect(0).json();
        let judged = ["cluster_id", "verdict", "pair", "transcript", "differences"].map(|member| run[member].clone());
        (judged, text(run["page"].as_str().unwrap()).matches("SHA-256").count())
    };
    assert_eq!(of("bundle"), of("claim.hsmboot"));
    bench.refused(&["report", "claim.hsmboot", "-o", "claim.hsmboot", "--force"], 8, "file-exists", &["a report replaces none of them"]);
}

#[test]
fn another_ca_than_the_owners_is_found() {
    let bench = signed(&["--seal"]);
    assert!(report(&bench, &["--ca", "customerCA.crt"]).contains("The trust anchor is the CA certificate that this report was given"));
    bench.write("mine.crt", support::ca(|_| {}).cert);
    let answer = document(&bench, &["--ca", "mine.crt"]);
    let differences = answer["differences"].to_string();
    assert!(
        differences.contains("the trust anchor is not the CA of mine.crt")
            && differences.contains("the seal of step 2 was not made with the key of mine.crt")
    );
}

/// Everything that comes from outside, with markup, quotes, and letters that reorder or hide text.
const HOSTILE: &str = "\"'></title></style></svg><script>alert(1)</script><img src=x onerror=alert(2)>&lt;b\u{202e}\u{200b}\u{7}\u{feff}\r\n<!--";

/// The page's elements and the names of their attributes. Written for this test: every `<` that is not escaped begins a tag.
fn markup(page: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let (before, rest) = page.split_once("<style>").unwrap();
    let (_, after) = rest.split_once("</style>").unwrap();
    let (mut elements, mut attributes) = (BTreeSet::new(), BTreeSet::new());
    for piece in [before, after] {
        for tag in piece.split('<').skip(1) {
            let name: String = tag.chars().take_while(|c| !c.is_whitespace() && !matches!(c, '>' | '=' | '"')).collect();
            elements.insert(name.trim_start_matches('/').to_owned());
            let mut rest = &tag[name.len()..];
            while let Some((attribute, value)) = rest.split_once("=\"").filter(|(attribute, _)| !attribute.contains('>')) {
                attributes.insert(attribute.trim().to_owned());
                rest = value.split_once('"').unwrap().1;
            }
        }
    }
    (elements, attributes)
}

const ELEMENTS: [&str; 50] = [
    "!DOCTYPE",
    "a",
    "bdi",
    "body",
    "caption",
    "circle",
    "cite",
    "code",
    "dd",
    "desc",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "g",
    "h1",
    "h2",
    "h3",
    "h4",
    "head",
    "header",
    "html",
    "li",
    "main",
    "meta",
    "nav",
    "ol",
    "p",
    "path",
    "pre",
    "rect",
    "section",
    "span",
    "strong",
    "svg",
    "symbol",
    "table",
    "tbody",
    "td",
    "text",
    "th",
    "thead",
    "time",
    "title",
    "tr",
    "ul",
    "use",
    "wbr",
];

/// No handler, no style, no source, no target: nothing that a browser would act on.
const ATTRIBUTES: [&str; 34] = [
    "aria-hidden",
    "aria-label",
    "aria-labelledby",
    "charset",
    "class",
    "content",
    "cx",
    "cy",
    "d",
    "data-state",
    "data-tie",
    "datetime",
    "dx",
    "fill",
    "focusable",
    "height",
    "href",
    "http-equiv",
    "id",
    "lang",
    "name",
    "r",
    "role",
    "rx",
    "scope",
    "stroke",
    "stroke-dasharray",
    "stroke-linejoin",
    "stroke-width",
    "tabindex",
    "viewBox",
    "width",
    "x",
    "y",
];

fn is_inert(page: &str) {
    let (elements, attributes) = markup(page);
    let strange: Vec<_> = elements.iter().filter(|name| !ELEMENTS.contains(&name.as_str())).collect();
    assert!(strange.is_empty(), "elements {strange:?}");
    let strange: Vec<_> = attributes.iter().filter(|name| !ATTRIBUTES.contains(&name.as_str())).collect();
    assert!(strange.is_empty(), "attributes {strange:?}");
    let hidden: Vec<char> = page
        .chars()
        .filter(|c| (c.is_control() && *c != '\n') || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}'))
        .collect();
    assert!(hidden.is_empty(), "{hidden:?}");
    for target in page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(target.starts_with('#'), "{target} leads out of the page");
    }
    assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("url("), "nothing is referred to outside the page");
}

#[test]
fn nothing_that_is_read_becomes_markup() {
    let bench = Bench::new();
    bench.put_ca(&support::ca(|params| params.distinguished_name.push(rcgen::DnType::OrganizationName, HOSTILE)));
    // The command line takes no such letters; files may hold anything.
    let typed: String = HOSTILE.chars().filter(|c| c.is_ascii() && !c.is_control()).collect();
    let args = ["sign", "bundle", "--ca", "customerCA.crt", "--ca-key", "customerCA.key", "--unverified", "--reason", &typed, "--operator", &typed];
    bench.run(&args).expect(0);
    put_receipt(&bench, |receipt| {
        for name in
            ["region", "tool", "outcome", "state", "signed_cert_sha256", "trust_anchor_sha256", "cluster_certificate_sha256", "csr_sha256", "verdict"]
        {
            receipt[name] = json!(HOSTILE);
        }
        receipt["answer"] = json!({ "state": HOSTILE, HOSTILE: HOSTILE });
        receipt["unverified"] = json!({ "reason": HOSTILE });
    });
    let mut response = read_json(&bench, RESPONSE);
    response["files"][HOSTILE] = json!(HOSTILE);
    response["verdict"] = json!(HOSTILE);
    bench.write(RESPONSE, response.to_string());
    let noted = json!({
        "format": "hsmboot-verification/1", "verdict": HOSTILE, "policy": HOSTILE, "chains_only": false, "at": "2026-01-01T00:00:00Z", "reason": HOSTILE,
        "anchors": [{ "side": "aws", "key_sha256": HOSTILE }],
        "checks": [{ "id": HOSTILE, "status": "accepted", "detail": HOSTILE }, { "id": "pem.csr", "status": HOSTILE, "detail": HOSTILE }],
    });
    bench.write("bundle/verification.json", noted.to_string());
    let request = json!({
        "format": "hsmboot-request/1", "cluster_id": CLUSTER, "region": HOSTILE, "state": HOSTILE, "hsms": [HOSTILE], "fetched_at": "2026-01-01T00:00:00Z",
        "tool": HOSTILE, "files": { HOSTILE: HOSTILE },
    });
    bench.write("bundle/request.json", request.to_string());
    let whole = bench.read(TRANSCRIPT);
    bench.write(TRANSCRIPT, [&whole[..], HOSTILE.as_bytes(), b"\n"].concat());
    // A root's file of this name, as far as a file can have it.
    let name = typed.replace('/', "|");
    bench.write(&name, bench.read("aws-root.crt"));
    let args = [
        "report",
        "bundle",
        "-o",
        "-",
        "--aws-root",
        &name,
        "--manufacturer-root",
        "manufacturer-root.crt",
        "--accept",
        "validity.hsm",
        "--reason",
        &typed,
    ];
    let page = bench.run(&args).expect(0).stdout;
    is_inert(&page);
    let shown = text(&page);
    let visible = "<script>alert(1)</script><img src=x onerror=alert(2)>&lt;b\\u{202e}\\u{200b}\\u{7}\\u{feff}\\u{d}\\u{a}<!--";
    assert!(shown.matches(visible).count() > 20, "it is there as text: {}", shown.matches(visible).count());

    // Documents that are none.
    for name in ["request.json", "response.json", "receipt.json", "verification.json", "transcript.jsonl"] {
        bench.write(&format!("bundle/{name}"), HOSTILE);
    }
    for name in ["ClusterCsr.csr", "HsmCertificate.crt", "CustomerHsmCertificate.crt"] {
        fs::write(bench.part(name), HOSTILE).unwrap();
    }
    let page = report(&bench, &[]);
    is_inert(&page);
    assert!(page.contains("The receipt cannot be read: ") && page.contains("<strong>Line 1 is not a step of a transcript.</strong>"));
}

#[test]
fn the_policy_allows_the_one_style_sheet_and_nothing_else() {
    let page = report(&signed(&[]), &[]);
    is_inert(&page);
    let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let digest = Base64::encode_string(&sha256(style.as_bytes()));
    let policy = format!("default-src &#39;none&#39;; style-src &#39;sha256-{digest}&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;");
    let meta = format!("<meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">");
    assert!(page.split("<head>").nth(1).unwrap().starts_with(&meta), "before anything that it governs");
    assert!(page.contains("<meta name=\"referrer\" content=\"no-referrer\">"));
    assert_eq!(page.matches("<style>").count(), 1);
    // The sheet itself asks for nothing.
    assert!(!style.contains("url(") && !style.contains("@import") && !style.contains('<'));
}

#[test]
fn the_same_facts_give_the_same_bytes() {
    let (_, facts) = facts(&directory().join("aws.signature--by-a-stranger"));
    assert_eq!(page(&facts), page(&facts.clone()));
}

#[test]
fn the_page_is_written_whole_and_never_over_something_else() {
    let bench = signed(&[]);
    let before = bench.listing();
    let base = [&["report", "bundle", "-o", "page.html"], &TRUST[..]].concat();
    let said = bench.run(&base).expect(0);
    let page = bench.read("page.html");
    assert!(said.stdout.contains("wrote page.html") && said.stdout.contains(&hsmboot::x509::hex(&sha256(&page))), "{}", said.stdout);
    fs::remove_file(bench.path("page.html")).unwrap();
    assert_eq!(before, bench.listing(), "nothing is written into the bundle");

    bench.write("page.html", "somebody's own");
    bench.refused(&base, 8, "file-exists", &["page.html"]);
    bench.run(&[&base[..], &["--force"]].concat()).expect(0);
    assert!(bench.read("page.html").starts_with(b"<!DOCTYPE html>"));

    // Into the bundle's own directory, beside its files; over one of them never.
    bench.run(&[&["report", "bundle", "-o", "bundle/report.html"], &TRUST[..]].concat()).expect(0);
    bench.run(&["transcript", "verify", "bundle"]).expect(0);
    bench.run(&support::verify(&[])).expect(0);
    for name in ["bundle/receipt.json", "bundle/transcript.jsonl", "./bundle/customerCA.crt", "bundle/customerCA.key", "bundle"] {
        bench.refused(&["report", "bundle", "-o", name, "--force"], 8, "file-exists", &["a report replaces none of them"]);
    }
    bench.refused(&["report", "bundle", "-o", "nowhere/"], 2, "usage", &["no name for a file"]);
}

#[test]
fn a_damaged_bundle_is_reported_and_what_is_none_refused() {
    let bench = signed(&[]);
    let id = |name: &str| bench.part(name);
    fs::remove_file(id("HsmCertificate.crt")).unwrap();
    fs::remove_file(id("ClusterCsr.csr")).unwrap();
    fs::create_dir(id("ClusterCsr.csr")).unwrap();
    let page = report(&bench, &[]);
    assert!(page.contains("<title>Rejected") && text(&page).contains("is missing: there is no file") && page.contains("is a directory, expected"));
    bench.write("bundle/request.json", "{");
    assert!(report(&bench, &[]).contains("is not JSON, in line 1"), "and what only its document spoils");

    bench.refused(&["report", "nowhere", "-o", "-"], 4, "no-bundle", &["nowhere"]);
    fs::write(bench.path("bundle/cluster-zzzzzzzzzzz_HsmCertificate.crt"), "").unwrap();
    bench.refused(&["report", "bundle", "-o", "-"], 4, "several-clusters", &["cluster-zzzzzzzzzzz"]);
    bench.refused(&["report", "bundle", "-o", "-", "--ca", "nowhere.crt"], 4, "file-missing", &["nowhere.crt"]);
    bench.refused(&["report", "bundle", "-o", "-", "--reason", "for nothing"], 2, "reason-for-nothing", &[]);
}

#[test]
fn standard_output_holds_the_page_or_one_document_with_it() {
    let bench = signed(&[]);
    let run = bench.run(&[&["report", "bundle", "-o", "-"], &TRUST[..]].concat()).expect(0);
    assert!(run.stdout.starts_with("<!DOCTYPE html>") && run.stdout.ends_with("</html>\n") && run.stderr.contains("verified at"));
    let answer = document(&bench, &[]);
    let page = answer["page"].as_str().unwrap();
    assert_eq!(answer["sha256"], hsmboot::x509::hex(&sha256(page.as_bytes())));
    assert_eq!((answer["report"].clone(), answer["verdict"].clone(), answer["pair"].clone()), (Value::Null, "verified".into(), "fit".into()));
    let rejected = bench.run(&["report", "bundle", "-o", "page.html"]).expect(0);
    assert!(rejected.stdout.contains("rejected at"), "a rejected bundle is no failure, and is said to be one: {}", rejected.stdout);
}

/// A section's text.
fn section(page: &str, id: &str) -> String {
    let inner = page.split(&format!("<section id=\"{id}\"")).nth(1).unwrap().split("</section>").next().unwrap();
    text(&format!("<body>{inner}"))
}

#[test]
fn a_command_stands_there_as_a_shell_would_need_it() {
    let bench = Bench::new();
    bench.run(&[&["verify", "bundle", "--record", "--operator", "Ada Example"], &TRUST[..]].concat()).expect(0);
    let shown = section(&report(&bench, &[]), "transcript");
    assert!(shown.contains("verify bundle --record --operator 'Ada Example' --aws-root"), "{shown}");
}

/// What `-o -` says beside the page: in colour where somebody sees it in colour, and nowhere a colour's leftovers.
#[test]
fn what_is_said_beside_the_page_is_coloured_on_a_terminal_and_plain_elsewhere() {
    let bench = signed(&[]);
    let run = bench.run(&[&["report", "bundle", "-o", "-"], &TRUST[..]].concat()).expect(0);
    assert!(!run.stderr.contains("[3") && !run.stderr.contains("[0m") && !run.stderr.contains('\u{1b}'), "{}", run.stderr);
    assert!(run.stderr.contains("  verdict     verified at 2") && run.stderr.ends_with('\n') && !run.stderr.ends_with("\n\n"));
    let command = |more: &str| {
        let program = env!("CARGO_BIN_EXE_hsmboot");
        format!("env -u NO_COLOR TERM=xterm {program} report bundle -o - {} {more} >page.html", TRUST.join(" "))
    };
    let (screen, code) = bench.on_a_terminal(&command(""), "");
    assert!(code == 0 && screen.contains("verdict     \u{1b}[32mverified at 2") && screen.contains("\u{1b}[0m"), "{screen:?}");
    let (screen, code) = bench.on_a_terminal(&command("--no-color"), "");
    assert!(code == 0 && screen.contains("verdict     verified at 2") && !screen.contains('\u{1b}') && !screen.contains("[0m"), "{screen:?}");
}

#[test]
fn a_missing_file_is_called_missing_and_an_empty_one_empty() {
    let bench = signed(&[]);
    let names = ["HsmCertificate.crt", "ManufacturerHardwareCertificate.crt", "ClusterCsr.csr"];
    for name in names {
        fs::remove_file(bench.part(name)).unwrap();
    }
    fs::remove_file(bench.path("bundle/customerCA.crt")).unwrap();
    let page = report(&bench, &[]);
    let shown = text(&page);
    for wrong in ["the file is empty", "could not be read", "cannot be read", "no part of it is there"] {
        assert!(!shown.contains(wrong), "{wrong}: {shown}");
    }
    for (what, name) in [
        ("the HSM certificate", "HsmCertificate.crt"),
        ("the manufacturer hardware certificate", "ManufacturerHardwareCertificate.crt"),
        ("the CSR", "ClusterCsr.csr"),
    ] {
        let words = format!("{what} is missing: there is no file {CLUSTER}_{name}");
        assert!(section(&page, "summary").contains(&words) && section(&page, "checks").contains(&words), "{words}");
    }
    assert!(section(&page, "checks").contains("the trust anchor is missing: there is no file customerCA.crt"));
    assert!(section(&page, "checks").contains("the HSM certificate is missing: see pem.hsm"));
    assert!(section(&page, "checks").contains("the trust anchor is missing: see check.pem.trust-anchor"));
    assert!(section(&page, "certificates").contains(&format!("It is missing: there is no file {CLUSTER}_HsmCertificate.crt.")));
    assert!(section(&page, "submission").contains("It is missing: there is no file customerCA.crt."));
    assert_eq!(section(&page, "files").matches("missing").count(), 4, "{}", section(&page, "files"));
    let picture = page.split("<figure").nth(1).unwrap().split("</figure>").next().unwrap();
    assert_eq!(picture.matches(">missing<").count(), 4, "{picture}");
    assert!(!picture.contains("not in the bundle"));

    // One that is there is what it is.
    fs::write(bench.part("HsmCertificate.crt"), "").unwrap();
    fs::create_dir(bench.part("ManufacturerHardwareCertificate.crt")).unwrap();
    let summary = section(&report(&bench, &[]), "summary");
    assert!(summary.contains("pem.hsm the HSM certificate: the file is empty"), "{summary}");
    assert!(
        summary.contains("pem.manufacturer-hardware the manufacturer hardware certificate: ") && summary.contains("is a directory, expected"),
        "{summary}"
    );
}

fn request_fingerprint(bench: &Bench) -> String {
    let survey = Survey::of(&bench.path("bundle")).unwrap();
    Fingerprint::of_request(&survey.cluster_id, &survey.evidence()).to_string()
}

#[test]
fn an_incomplete_request_has_no_fingerprint_to_compare() {
    let bench = Bench::new();
    let (id, whole) = (|name: &str| format!("{CLUSTER}_{name}"), request_fingerprint(&bench));
    assert!(section(&report(&bench, &[]), "summary").contains(&whole));
    fs::remove_file(bench.part("HsmCertificate.crt")).unwrap();
    let page = report(&bench, &[]);
    assert!(!text(&page).contains(&request_fingerprint(&bench)) && !page.contains("class=\"spoken\""));
    let words = format!("none: {} is missing, and a fingerprint of the rest is not the one that was read out", id("HsmCertificate.crt"));
    assert!(section(&page, "summary").contains(&words), "{}", section(&page, "summary"));

    fs::create_dir(bench.part("HsmCertificate.crt")).unwrap();
    assert!(section(&report(&bench, &[]), "summary").contains("HsmCertificate.crt cannot be read, and a fingerprint"));
    fs::remove_dir(bench.part("HsmCertificate.crt")).unwrap();

    // `fetch` prints one of a request that the service showed without this certificate.
    let files: BTreeMap<String, &str> = BTreeMap::from([(id("ClusterCsr.csr"), "00")]);
    let mut request = json!({
        "format": "hsmboot-request/1", "cluster_id": CLUSTER, "region": "eu-central-1", "state": "UNINITIALIZED", "hsms": [],
        "fetched_at": "2026-01-01T00:00:00Z", "tool": "hsmboot test", "files": files,
    });
    bench.write("bundle/request.json", request.to_string());
    let summary = section(&report(&bench, &[]), "summary");
    assert!(summary.contains(&request_fingerprint(&bench)) && summary.contains(&format!("without {}", id("HsmCertificate.crt"))), "{summary}");
    request["files"][id("HsmCertificate.crt")] = json!("00");
    bench.write("bundle/request.json", request.to_string());
    assert!(!text(&report(&bench, &[])).contains(&request_fingerprint(&bench)));
}

#[test]
fn the_last_line_of_a_broken_transcript_is_not_passed_off_as_its_last() {
    let bench = signed(&[]);
    assert!(section(&report(&bench, &[]), "summary").contains("Transcript’s last line"));
    let good = String::from_utf8(bench.read(TRANSCRIPT)).unwrap();
    bench.write(TRANSCRIPT, good.replacen("Ada", "Eve", 1));
    let summary = section(&report(&bench, &[]), "summary");
    assert!(summary.contains("Last line that holds") && !summary.contains("Transcript’s last line"), "{summary}");
    assert!(summary.contains("line 1 of 2 lines of a transcript that does not hold"), "{summary}");
    bench.write(TRANSCRIPT, "no transcript\n");
    let summary = section(&report(&bench, &[]), "summary");
    assert!(summary.contains("Last line that holds") && summary.contains("none of 1 line of a transcript that does not hold"), "{summary}");
}

/// `response.json` is the same for both: only the transcript tells them apart.
#[test]
fn an_imported_certificate_is_not_said_to_be_signed_then() {
    let bench = signed(&[]);
    let records = |bench: &Bench| section(&report(bench, &[]), "records");
    assert!(records(&bench).contains("Signed at") && !records(&bench).contains("mported"));
    fs::copy(bench.part("CustomerHsmCertificate.crt"), bench.path("signed.crt")).unwrap();
    for name in [RESPONSE, TRANSCRIPT, "bundle/verification.json", "bundle/customerCA.crt"] {
        fs::remove_file(bench.path(name)).unwrap();
    }
    fs::remove_file(bench.part("CustomerHsmCertificate.crt")).unwrap();
    let import = ["import", "bundle", "--signed-cert", "signed.crt", "--trust-anchor", "customerCA.crt"];
    bench.run(&[&import[..], &TRUST].concat()).expect(0);
    let shown = records(&bench);
    assert!(shown.contains("Imported at") && !shown.contains("Signed at"), "{shown}");
    assert!(shown.contains("signed elsewhere, at a time that the bundle does not record"), "{shown}");
    assert!(shown.contains("as step 1 of the transcript tells"), "{shown}");
    fs::remove_file(bench.path(TRANSCRIPT)).unwrap();
    assert!(records(&bench).contains("Signed or imported at"), "nothing tells which");
}

/// The transcript, with a step more that is like its last one but for this.
fn one_step_more(bench: &Bench, change: impl FnOnce(&mut Entry)) {
    let transcript = Transcript::from_content(&bench.read(TRANSCRIPT), &TRANSCRIPT).unwrap();
    let (step, previous) = transcript.next();
    let last = transcript.entries().last().unwrap().clone();
    let inputs = last.inputs.clone().into_iter().chain(last.outputs.clone()).collect();
    let mut entry = Entry { step, previous, inputs, outputs: Digests::new(), seal: None, ..last };
    change(&mut entry);
    bench.write(TRANSCRIPT, transcript.with(&entry));
}

/// The chains hold whoever carried the bundle; that nobody asked the other side is on record all the same.
#[test]
fn a_fingerprint_that_nobody_compared_is_no_secret() {
    let bench = signed(&[]);
    let step = |number: usize| Transcript::from_content(&bench.read(TRANSCRIPT), &TRANSCRIPT).unwrap().entries()[number - 1].clone();
    let shown = section(&report(&bench, &[]), "decisions");
    assert!(shown.contains(&format!("step 2 (sign), {}: nobody compared the other side’s fingerprint", step(2).time)), "{shown}");
    assert!(!shown.contains("step 1") && !shown.contains("None") && !shown.contains("Reason"), "{shown}");
    one_step_more(&bench, |entry| {
        entry.command = ["hsmboot", "--output", "json", "submit", "bundle"].map(str::to_owned).to_vec();
        entry.sends = Some("InitializeCluster".to_owned());
    });
    let page = report(&bench, &[]);
    assert!(section(&page, "decisions").contains(&format!("step 3 (submit), {}: nobody compared", step(3).time)));
    let header = page.split("<header>").nth(1).unwrap().split("</header>").next().unwrap();
    assert!(text(&format!("<body>{header}")).contains("not compared in 2 steps"), "{header}");
    let summary = section(&page, "summary");
    assert!(
        summary.contains(
            "That both sides had the same request and response before them: nobody compared fingerprints in steps 2 (sign) and 3 (submit)."
        )
    );
    assert_eq!(document(&bench, &[])["transcript"]["not_compared"], json!([2, 3]));
    let run = bench.run(&[&["report", "bundle", "-o", "page.html"], &TRUST[..]].concat()).expect(0);
    assert!(run.stdout.contains("compared    by nobody in steps 2 (sign) and 3 (submit)"), "{}", run.stdout);

    // Where it was compared, nothing of that.
    let bench = Bench::new();
    bench.run(&[&sign(&[])[..], &["--expect", &request_fingerprint(&bench)]].concat()).expect(0);
    let page = report(&bench, &[]);
    assert!(!text(&page).contains("obody compared") && text(&page).contains("compared in step 1 (sign)"));
    assert!(
        section(&page, "decisions").contains("None: no failure was accepted, nothing was done unverified, and no fingerprint was left uncompared")
    );
    assert_eq!(document(&bench, &[])["transcript"]["not_compared"], json!([]));

    // Without a transcript nobody knows.
    fs::remove_file(bench.path(TRANSCRIPT)).unwrap();
    assert!(section(&report(&bench, &[]), "summary").contains("That the two sides compared fingerprints: no transcript says so."));
}

#[test]
fn one_is_one_and_two_are_two() {
    let bench = signed(&[]);
    let mut response = read_json(&bench, RESPONSE);
    response["ca_fingerprint"] = json!("0".repeat(64));
    bench.write(RESPONSE, response.to_string());
    fs::remove_file(bench.path(TRANSCRIPT)).unwrap();
    let said = || bench.run(&[&["report", "bundle", "-o", "page.html", "--force"], &TRUST[..]].concat()).expect(0).stdout;
    assert!(said().contains("records     one differs from what was found: see the page"), "{}", said());
    response["signed_cert_sha256"] = json!("0".repeat(64));
    bench.write(RESPONSE, response.to_string());
    assert!(said().contains("records     2 differ from what was found: see the page"), "{}", said());

    let (_, facts) = facts(&directory().join("csr.signature--one-bit"));
    let page = page(&facts);
    let shown = text(&page);
    assert!(shown.contains("1 of 34 checks fails") && shown.contains("This check failed:"), "{shown}");
    assert!(page.contains("1 is broken") && !page.contains("1 are"), "{page}");
    // Nothing is said twice.
    let (_, facts) = self::facts(&directory().join("pem.hsm--two-blocks"));
    let page = hsmboot::report::page(&facts);
    assert!(!text(&page).contains("not judged (not judged)") && text(&page).contains(": not judged"));
}

/// Two names often differ in their last part alone.
#[test]
fn the_picture_has_each_reason_to_its_end() {
    for entry in fs::read_dir(directory()).unwrap() {
        let path = entry.unwrap().path();
        let (expect, facts) = facts(&path);
        let page = page(&facts);
        let lines = page.split(" class=\"why\"").skip(1).map(|rest| rest.split_once('>').unwrap().1.split('<').next().unwrap());
        let drawn = text(&format!("<body>{}", lines.collect::<String>())).replace(' ', "");
        for id in &expect.fail {
            let reason = &facts.verification.finding(id.parse().unwrap()).unwrap().detail;
            assert!(drawn.contains(&reason.replace('\n', "\\u{a}").replace(' ', "")), "{path:?}: {reason}\n{drawn}");
        }
    }
}

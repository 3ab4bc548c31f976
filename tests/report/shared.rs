//! Reports of benches, and ways to find things in a page.

use crate::forge::fixture::Expect;
use crate::support::{Bench, CLUSTER, TRUST, sign};
use hsmboot::bundle::{Digests, Fingerprint, Survey, Transcript, TranscriptEntry};
use hsmboot::report::PageFacts;
use hsmboot::verify::{Anchor, Anchors, Policy, Profile, verify};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

pub const TRANSCRIPT: &str = "bundle/transcript.jsonl";

pub const RESPONSE: &str = "bundle/response.json";

pub const RECEIPT: &str = "bundle/receipt.json";

/// `hsmboot report` on standard output, with the bench's roots.
pub fn report(bench: &Bench, more: &[&str]) -> String {
    bench
        .run(&[&["report", "bundle", "-o", "-"], &TRUST[..], more].concat())
        .expect(0)
        .stdout
}

pub fn document(bench: &Bench, more: &[&str]) -> Value {
    bench
        .run(
            &[
                &["report", "bundle", "-o", "-", "--output", "json"],
                &TRUST[..],
                more,
            ]
            .concat(),
        )
        .expect(0)
        .json()
}

/// A bundle that was verified and signed: two steps in its transcript.
pub fn signed(more: &[&'static str]) -> Bench {
    let bench = Bench::new();
    bench
        .run(
            &[
                &["verify", "bundle", "--record", "--operator", "Ada"],
                &TRUST[..],
            ]
            .concat(),
        )
        .expect(0);
    bench.run(&sign(more)).expect(0);
    bench
}

pub fn read_json(bench: &Bench, name: &str) -> Value {
    serde_json::from_slice(&bench.read(name)).unwrap()
}

/// What `submit` leaves behind, for the pair in the bundle, after a change.
pub fn put_receipt(bench: &Bench, change: impl FnOnce(&mut Value)) {
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
        "answer": {
            "state": "INITIALIZE_IN_PROGRESS", "state_message": "Cluster is initializing.",
        },
        "csr_sha256": response["csr_sha256"],
        "signed_cert_sha256": response["signed_cert_sha256"],
        "trust_anchor_sha256": response["ca_fingerprint"],
        "cluster_certificate_sha256": response["signed_cert_sha256"],
        "verdict": "verified",
    });
    change(&mut receipt);
    bench.write(RECEIPT, receipt.to_string());
}

/// The broad picture of the chain. The ones for phones and for the first printed page are apart.
pub fn picture_of(page: &str) -> &str {
    let figure = page.split("<figure").nth(1).unwrap();
    figure.split("<div class=\"narrow\">").next().unwrap()
}

/// Each tie of the picture, and how it is drawn.
pub fn drawn(page: &str) -> BTreeMap<String, String> {
    let picture = picture_of(page);
    let ties = picture.split("<g class=\"tie ").skip(1);
    ties.map(|tie| {
        let (class, rest) = tie.split_once("\" data-tie=\"").unwrap();
        (rest.split('"').next().unwrap().to_owned(), class.to_owned())
    })
    .collect()
}

/// The part of the picture that is this tie.
pub fn tie(page: &str, name: &str) -> String {
    let start = page
        .find(&format!("\" data-tie=\"{name}\""))
        .unwrap_or_else(|| panic!("no tie {name}"));
    page[start..].split("</g>").next().unwrap().to_owned()
}

/// What the list below the picture says of a tie: its state, and its markup.
pub fn told(page: &str, name: &str) -> (String, String) {
    let item = page
        .split("<li data-tie=\"")
        .skip(1)
        .find(|item| item.starts_with(&format!("{name}\"")))
        .unwrap()
        .split("</li>")
        .next()
        .unwrap();
    (
        item.split("data-state=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .to_owned(),
        item.to_owned(),
    )
}

pub const CHAINS: [&str; 8] = [
    "roots",
    "certified-aws",
    "certified-manufacturer",
    "hardware",
    "vouched-aws",
    "vouched-manufacturer",
    "key",
    "possession",
];

pub fn states(page: &str, ties: &[&str]) -> Vec<String> {
    let drawn = drawn(page);
    ties.iter().map(|tie| drawn[*tie].clone()).collect()
}

/// A page's text, without its markup.
pub fn text(page: &str) -> String {
    let body = page.split("<body>").nth(1).unwrap();
    let text: String = body
        .split('<')
        .map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text))
        .collect();
    text.replace("&#39;", "'")
        .replace("&quot;", "\"")
        .replace("&gt;", ">")
        .replace("&lt;", "<")
        .replace("&amp;", "&")
}

/// Which tie a check belongs to, by its id; `None`: it is about a certificate, and shows in its
/// box.
pub fn tie_of(id: &str) -> Option<&'static str> {
    Some(match id {
        "anchors.distinct" | "anchors.source" => "roots",
        "aws.signature" | "aws.issuer" | "aws.intermediate-1" | "aws.intermediate-2" => {
            "certified-aws"
        }
        "manufacturer.signature"
        | "manufacturer.issuer"
        | "manufacturer.intermediate-1"
        | "manufacturer.intermediate-2" => "certified-manufacturer",
        "hardware.same-key" => "hardware",
        "aws.hsm-signature" | "aws.hsm-issuer" => "vouched-aws",
        "manufacturer.hsm-signature" | "manufacturer.hsm-issuer" => "vouched-manufacturer",
        "csr.key" | "csr.subject" => "key",
        "csr.signature" => "possession",
        _ => return None,
    })
}

/// The facts of a fixture, judged as its `expect.json` says.
pub fn facts(path: &std::path::Path) -> (Expect, PageFacts) {
    let expect: Expect =
        serde_json::from_slice(&fs::read(path.join("expect.json")).unwrap()).unwrap();
    let anchor = |name: &str| Anchor::from_file(&fs::read(path.join(name)).unwrap(), name).unwrap();
    let anchors = Anchors {
        aws: anchor("aws-root.crt"),
        manufacturer: anchor("manufacturer-root.crt"),
    };
    let profile = if expect.policy == "rfc5280" {
        Profile::Rfc5280
    } else {
        Profile::Attestation
    };
    let accept = expect.accept.iter().map(|id| id.parse().unwrap()).collect();
    let policy = Policy {
        profile,
        accept,
        reason: expect.reason.clone().map(Into::into),
        chains_only: expect.chains_only,
    };
    let survey = Survey::read_from(path).unwrap();
    let at = expect.at.parse().unwrap();
    let verification = verify(&survey.evidence(), &anchors, at, &policy).record;
    let trust_anchor = survey
        .trust_anchor()
        .and_then(|text| hsmboot::x509::TrustAnchor::from_file(text).ok());
    let (tool, place) = ("hsmboot test".to_owned(), "fixture".to_owned());
    (
        expect,
        PageFacts {
            tool,
            made_at: at,
            place,
            survey,
            anchors,
            verification,
            at_named: true,
            pair: None,
            trust_anchor,
            own_ca: None,
        },
    )
}

/// A section's text.
pub fn section(page: &str, id: &str) -> String {
    let inner = page
        .split(&format!("<section id=\"{id}\""))
        .nth(1)
        .unwrap()
        .split("</section>")
        .next()
        .unwrap();
    text(&format!("<body>{inner}"))
}

pub fn request_fingerprint(bench: &Bench) -> String {
    let survey = Survey::read_from(&bench.path("bundle")).unwrap();
    Fingerprint::of_request(&survey.cluster_id, &survey.evidence()).to_string()
}

/// The transcript, with a step more that is like its last one but for this.
pub fn one_step_more(bench: &Bench, change: impl FnOnce(&mut TranscriptEntry)) {
    let transcript = Transcript::from_content(&bench.read(TRANSCRIPT), &TRANSCRIPT).unwrap();
    let (step, previous) = transcript.next_link();
    let last = transcript.entries().last().unwrap().clone();
    let inputs = last
        .inputs
        .clone()
        .into_iter()
        .chain(last.outputs.clone())
        .collect();
    let mut entry = TranscriptEntry {
        step,
        previous,
        inputs,
        outputs: Digests::new(),
        kept_aside: None,
        seal: None,
        ..last
    };
    change(&mut entry);
    bench.write(TRANSCRIPT, transcript.with_entry(&entry));
}

/// The symbol beside the transcript's line in the head of the page, and that line.
pub fn transcript_in_head(page: &str) -> (String, String) {
    let aspect = page
        .split("<dt>Transcript</dt>")
        .nth(1)
        .unwrap()
        .split("</dd>")
        .next()
        .unwrap();
    let symbol = aspect
        .split("#s-")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    (symbol.to_owned(), text(&format!("<body>{aspect}")))
}

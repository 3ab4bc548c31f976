//! The bodies of the fuzz targets that reach what they try through the library's public part. The
//! programs in fuzz_targets/ call them, and so does tests/fuzz_seeds.rs, on a stable compiler.

#![allow(dead_code)] // Each target uses its part.

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use hsmboot::bundle::{
    Creation, Part, Receipt, Request, Response, Store, Survey, TranscriptReading, archive,
};
use hsmboot::ca::{self, FileKey, PassphraseSource, make_trust_anchor, parse_subject};
use hsmboot::check::check;
use hsmboot::report::{PageFacts, make_page};
use hsmboot::sign::{Grounds, SigningCa, SigningTerms, issue};
use hsmboot::verify::{Anchor, Anchors, Evidence, Policy, verify};
use hsmboot::x509::pem::{self, Label};
use hsmboot::x509::{Certificate, Csr, Malformed, Moment, TrustAnchor, der, name_text};
use serde::{Serialize, de::DeserializeOwned};
use x509_parser::prelude::{FromDer, X509Certificate, X509CertificationRequest};

/// Certificates, in every way in which they are read. What is taken, x509-parser takes, and reads
/// the same in it.
pub fn certificate(data: &[u8]) {
    type Read = Result<Vec<Certificate>, Malformed>;
    type Again<'a> = &'a dyn Fn(&[u8]) -> Read;
    let hardware: Again<'_> = &|text| {
        let read = Certificate::from_hardware_text(text);
        read.map(|(first, further)| std::iter::once(first).chain(further).collect())
    };
    let one = |read: Result<Certificate, Malformed>| -> Read { read.map(|one| vec![one]) };
    let full: Again<'_> = &|text| one(Certificate::from_pem(text));
    let owner: Again<'_> = &|text| one(Certificate::from_owner_file(text));
    // Each is read again as it was read: how strictly decides what an extension that nobody knows
    // is found to hold.
    for (read, again) in [
        (full(data), full),
        (one(Certificate::from_der(data)), full),
        (owner(data), owner),
        (hardware(data), hardware),
    ] {
        for ours in read.into_iter().flatten() {
            let again = again(ours.to_pem().as_bytes());
            assert_eq!(again.as_deref(), Ok([ours.clone()].as_slice()));
            agrees_with_another_reader(&ours);
        }
    }
    if let Ok(anchor) = TrustAnchor::from_file(data) {
        let again = TrustAnchor::from_file(anchor.to_pem().as_bytes());
        assert_eq!(again.ok().as_ref(), Some(&anchor));
    }
    drop(Anchor::from_file(data, "root.crt"));
}

fn agrees_with_another_reader(ours: &Certificate) {
    // Small faults are those that other readers need not take.
    if !ours.tolerated_faults().is_empty() {
        return;
    }
    let (rest, theirs) = X509Certificate::from_der(ours.as_der()).expect("they take it");
    assert!(rest.is_empty());
    assert_eq!(theirs.subject().as_raw(), ours.subject());
    assert_eq!(theirs.issuer().as_raw(), ours.issuer());
    assert_eq!(theirs.public_key().raw, ours.spki());
    assert_eq!(theirs.raw_serial(), ours.serial());
    let dates = [theirs.validity().not_before, theirs.validity().not_after];
    let dates = dates.map(|date| date.timestamp());
    assert_eq!(
        dates,
        [ours.not_before(), ours.not_after()].map(Moment::unix_seconds)
    );
    assert_ne!(name_text(ours.subject()).as_encoded(), "(not a name)");
}

/// CSRs likewise.
pub fn csr(data: &[u8]) {
    for ours in [Csr::from_pem(data), Csr::from_der(data)]
        .into_iter()
        .flatten()
    {
        let (rest, theirs) =
            X509CertificationRequest::from_der(ours.as_der()).expect("they take it");
        assert!(rest.is_empty());
        let info = &theirs.certification_request_info;
        assert_eq!(info.subject.as_raw(), ours.subject());
        assert_eq!(info.subject_pki.raw, ours.spki());
        ours.is_self_signed();
        assert_eq!(Csr::from_pem(ours.to_pem().as_bytes()).as_ref(), Ok(&ours));
    }
}

/// Alters documents by commands of four octets: which document and how, where (two), and an octet.
/// What follows the last whole command is left out.
fn altered(good: &[Vec<u8>], data: &[u8]) -> Vec<Vec<u8>> {
    let mut documents = good.to_vec();
    for command in data.chunks_exact(4) {
        let [which, high, low, octet] = command else {
            continue;
        };
        let (count, which) = (documents.len(), usize::from(*which));
        let document = &mut documents[which % count];
        let length = document.len().max(1);
        let at = usize::from(u16::from_be_bytes([*high, *low])) % length;
        match (which / count) % 4 {
            _ if document.is_empty() => document.push(*octet),
            0 => document[at] = *octet,
            1 => document.insert(at, *octet),
            2 => drop(document.remove(at)),
            _ => document.truncate(at),
        }
    }
    documents
}

fn root() -> PathBuf {
    // fuzz/ of this crate, or the package itself.
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    if here.ends_with("fuzz") {
        here.join("..")
    } else {
        here.to_path_buf()
    }
}

struct Good {
    evidence: [Vec<u8>; 4],
    anchors: Anchors,
    pair: [Vec<u8>; 3],
    now: Moment,
}

/// A bundle that verifies, and a pair that was made of it.
fn good() -> &'static Good {
    static GOOD: OnceLock<Good> = OnceLock::new();
    GOOD.get_or_init(|| {
        let read = |name: &str| {
            let bundle = root().join("fixtures/verify/verified--never-expires");
            std::fs::read(bundle.join(name)).expect("a fixture")
        };
        let part = |name: &str| read(&format!("cluster-hsmboottest_{name}"));
        let evidence = [
            part("ClusterCsr.csr"),
            part("HsmCertificate.crt"),
            part("AwsHardwareCertificate.crt"),
            part("ManufacturerHardwareCertificate.crt"),
        ];
        let anchor = |name: &str| Anchor::from_file(&read(name), name).expect("a root");
        let anchors = Anchors {
            aws: anchor("aws-root.crt"),
            manufacturer: anchor("manufacturer-root.crt"),
        };
        let now: Moment = "2026-06-01T12:00:00Z".parse().expect("a time");
        let judgement = verify(&to_evidence(&evidence), &anchors, now, &Policy::default());
        let proof = judgement.verified().expect("a good bundle");
        let key = root().join("fixtures/keys/rsa-2048-stranger.pem");
        let (key, _) = FileKey::read(&key, &PassphraseSource::Ask).expect("a key");
        let subject = parse_subject("CN=CA").expect("a name");
        let not_after = "2036-06-01T12:00:00Z".parse().expect("a time");
        let terms = ca::CaTerms {
            subject: &subject,
            serial: &[1],
            not_before: now,
            not_after,
        };
        let root = make_trust_anchor(&terms, &key).expect("a CA");
        let ca = SigningCa::new(root.try_into().expect("a trust anchor"), &key, now).expect("a CA");
        let terms = SigningTerms {
            serial: [7; 20],
            now,
            days: 3652,
        };
        let pair = issue(&Grounds::Verified(proof), &ca, &terms).expect("a pair");
        let pair = [
            evidence[0].clone(),
            pair.signed_cert_pem().as_bytes().to_vec(),
            pair.trust_anchor_pem().as_bytes().to_vec(),
        ];
        Good {
            evidence,
            anchors,
            pair,
            now,
        }
    })
}

fn to_evidence(documents: &[Vec<u8>]) -> Evidence {
    Evidence {
        csr: Some(documents[0].clone()),
        hsm: documents[1].clone(),
        aws_hardware: documents[2].clone(),
        manufacturer_hardware: documents[3].clone(),
    }
}

/// Takes an even first octet for changes of the texts, an odd one for changes of the DER in them.
fn alter_texts(good: &[Vec<u8>], data: &[u8]) -> Vec<Vec<u8>> {
    let (inside, commands) = match data.split_first() {
        Some((first, rest)) => (first % 2 == 1, rest),
        None => (false, data),
    };
    if !inside {
        return altered(good, commands);
    }
    let contents: Vec<Vec<u8>> = good.iter().map(|text| content(text)).collect();
    let labels = (0..).map(|at| {
        if at == 0 {
            Label::CertificateRequest
        } else {
            Label::Certificate
        }
    });
    altered(&contents, commands)
        .iter()
        .zip(labels)
        .map(|(der, label)| pem::encode(label, der).into_bytes())
        .collect()
}

/// The DER of a text's first block; nothing where there is none.
fn content(text: &[u8]) -> Vec<u8> {
    [Label::CertificateRequest, Label::Certificate]
        .iter()
        .find_map(|label| pem::decode_several(text, *label).ok()?.into_iter().next())
        .unwrap_or_default()
}

/// The four documents, altered: `verified` is said of those that are good, and of no others.
pub fn verify_four(data: &[u8]) {
    let good = good();
    let documents = alter_texts(&good.evidence, data);
    let judgement = verify(
        &to_evidence(&documents),
        &good.anchors,
        good.now,
        &Policy::default(),
    );
    if judgement.verified().is_some() {
        let contents = documents.iter().map(|text| content(text));
        assert!(contents.eq(good.evidence.iter().map(|text| content(text))));
    }
}

/// The three texts that InitializeCluster is about, altered: a pair is what was made, or none.
pub fn check_three(data: &[u8]) {
    let good = good();
    let documents = alter_texts(&good.pair, data);
    let [csr, signed, anchor] = documents.as_slice() else {
        return;
    };
    if check(csr, signed, anchor, good.now).into_pair().is_ok() {
        let first = TrustAnchor::from_file(anchor).map(|anchor| anchor.to_pem().into_bytes());
        let found = [
            content(csr),
            Certificate::from_owner_file(signed)
                .expect("read")
                .as_der()
                .to_vec(),
        ];
        assert_eq!(found, [content(&good.pair[0]), content(&good.pair[1])]);
        assert_eq!(first.as_deref(), Ok(good.pair[2].as_slice()));
    }
}

/// `--subject`: what is taken is a name in DER.
pub fn subject(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(name) = parse_subject(text) {
        der::check_strict(&name, "the name").expect("DER");
        assert_ne!(name_text(&name).as_encoded(), "(not a name)");
    }
}

/// What `--ca-key` names, by a backend that the build has.
pub fn key_uri(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        drop(ca::KeySource::parse(Path::new(text)));
    }
}

/// A bundle as one file: what is taken is written and read again.
pub fn bundle_file(data: &[u8]) {
    if let Ok(members) = archive::read(data) {
        let again = archive::write(&members).expect("it was within bounds");
        assert_eq!(archive::read(&again).ok().as_ref(), Some(&members));
    }
}

/// The page for auditors, of a bundle in one file: judged, and rendered. The page obeys nothing that
/// the bundle holds, and calls nothing verified that is not the good one's.
pub fn report_page(data: &[u8]) {
    let Ok(members) = archive::read(data) else {
        return;
    };
    let Ok(survey) = Survey::of_store(Store::from_members(members, "a file")) else {
        return;
    };
    let good = good();
    let evidence = survey.evidence();
    let verification = verify(&evidence, &good.anchors, good.now, &Policy::default()).record;
    let trust_anchor = TrustAnchor::from_file(survey.trust_anchor().unwrap_or_default()).ok();
    let pair = survey.part_content(Part::SignedCert).map(|signed| {
        let anchor = survey.trust_anchor().unwrap_or_default();
        let csr = survey.part_content(Part::Csr).unwrap_or_default();
        check(csr, signed, anchor, good.now).record
    });
    let page = make_page(&PageFacts {
        tool: "hsmboot".to_owned(),
        made_at: good.now,
        place: "a file".to_owned(),
        survey,
        anchors: good.anchors.clone(),
        verification,
        at_named: false,
        pair,
        trust_anchor,
        own_ca: None,
    });
    let obeyed = |char: char| {
        (char.is_control() && char != '\n')
            || matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert_eq!(page.find(obeyed), None, "shown as it came");
    assert_eq!(page.matches("<script").count(), 0);
    assert!(!page.contains("PRIVATE KEY-----"));
}

/// The documents of a bundle: what is taken is written and read again.
pub fn documents(data: &[u8]) {
    written_and_read::<Request>(data);
    written_and_read::<Response>(data);
    written_and_read::<Receipt>(data);
    written_and_read::<Creation>(data);
}

fn written_and_read<T: Serialize + DeserializeOwned + PartialEq + Debug>(data: &[u8]) {
    if let Ok(document) = serde_json::from_slice::<T>(data) {
        let text = serde_json::to_vec(&document).expect("JSON");
        assert_eq!(
            serde_json::from_slice::<T>(&text).expect("what we wrote"),
            document
        );
    }
}

/// A transcript: the lines that hold, and the rest, are all there is.
pub fn transcript(data: &[u8]) {
    let reading = TranscriptReading::from_content(data);
    let held = reading.holds.content();
    assert!(data.starts_with(held));
    assert!(reading.fault.is_some() || held == data);
}

//! The bodies of the fuzz targets that reach what they try through the library's public part. The
//! programs in fuzz_targets/ call them, and so does tests/fuzz_seeds.rs, on a stable compiler. Each
//! tells how far its input came, so that the seeds are known to come far.

#![allow(dead_code)] // Each target uses its part.

mod altered;
mod page;

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use hsmboot::bundle::{
    Creation, Part, REQUEST, RESPONSE, Receipt, Request, Response, Store, Survey,
    TranscriptReading, archive, to_document,
};
use hsmboot::ca::{self, parse_subject};
use hsmboot::check::check;
use hsmboot::error::Result;
use hsmboot::outside::is_obeyed;
use hsmboot::report::{PageFacts, make_page};
use hsmboot::verify::{Anchor, Anchors, Policy, verify};
use hsmboot::x509::{
    Certificate, Csr, Malformed, Moment, PublicKey, TrustAnchor, der, name_text, sha256, to_hex,
};
use serde::{Serialize, de::DeserializeOwned};
use x509_parser::prelude::{FromDer, X509Certificate, X509CertificationRequest};

use altered::{Altered, EVIDENCE, alter, assert_same_certificates, assert_same_csr, to_evidence};

/// Certificates, in every way in which they are read. What is taken, x509-parser takes, and reads
/// the same in it. Tells whether one is.
pub fn certificate(data: &[u8]) -> bool {
    type Read = std::result::Result<Vec<Certificate>, Malformed>;
    type Again<'a> = &'a dyn Fn(&[u8]) -> Read;
    let hardware: Again<'_> = &|text| {
        let read = Certificate::from_hardware_text(text);
        read.map(|(first, further)| std::iter::once(first).chain(further).collect())
    };
    let one =
        |read: std::result::Result<Certificate, Malformed>| -> Read { read.map(|one| vec![one]) };
    let full: Again<'_> = &|text| one(Certificate::from_pem(text));
    let owner: Again<'_> = &|text| one(Certificate::from_owner_file(text));
    // Each is read again as it was read: how strictly decides what an extension that nobody knows
    // is found to hold.
    let mut taken = false;
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
            taken = true;
        }
    }
    if let Ok(anchor) = TrustAnchor::from_file(data) {
        let again = TrustAnchor::from_file(anchor.to_pem().as_bytes());
        assert_eq!(again.ok().as_ref(), Some(&anchor));
    }
    drop(Anchor::from_file(data, "root.crt"));
    taken
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
    assert_same_numbers(ours.public_key(), &theirs);
    let extensions = ours.extensions();
    let theirs_of = theirs.basic_constraints().expect("they take it");
    let theirs_of = theirs_of.map(|found| {
        let path_length = found.value.path_len_constraint;
        (found.value.ca, path_length.map(u64::from), found.critical)
    });
    let ours_of = extensions.basic_constraints;
    let ours_of = ours_of.map(|found| (found.ca, found.path_len, found.critical));
    assert_eq!(ours_of, theirs_of);
    let theirs_of = theirs.key_usage().expect("they take it");
    let theirs_of = theirs_of.map(|found| {
        let value = found.value;
        let exchanges = value.key_encipherment() || value.key_agreement();
        let uses = [value.key_cert_sign(), value.digital_signature(), exchanges];
        (uses, found.critical)
    });
    let ours_of = extensions.key_usage.map(|found| {
        let exchanges = found.key_exchange();
        let uses = [found.key_cert_sign(), found.digital_signature(), exchanges];
        (uses, found.critical)
    });
    assert_eq!(ours_of, theirs_of);
}

fn assert_same_numbers(ours: &PublicKey, theirs: &X509Certificate<'_>) {
    use x509_parser::public_key::PublicKey as Theirs;
    let without_zeros = |number: &[u8]| {
        let zeros = number.iter().take_while(|octet| **octet == 0).count();
        number[zeros..].to_vec()
    };
    match (ours, theirs.public_key().parsed()) {
        (
            PublicKey::Rsa {
                modulus, exponent, ..
            },
            Ok(Theirs::RSA(key)),
        ) => {
            assert_eq!(*modulus, without_zeros(key.modulus));
            assert_eq!(*exponent, without_zeros(key.exponent));
        }
        (
            PublicKey::P256(point) | PublicKey::P384(point) | PublicKey::P521(point),
            Ok(Theirs::EC(key)),
        ) => assert_eq!(point, key.data()),
        // For PSS alone: they read no such key.
        (
            PublicKey::Other(_)
            | PublicKey::Rsa {
                pss_only: Some(_), ..
            },
            _,
        ) => {}
        (ours, theirs) => panic!("{ours:?}, and they say {theirs:?}"),
    }
}

/// CSRs likewise.
pub fn csr(data: &[u8]) -> bool {
    let mut taken = false;
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
        taken = true;
    }
    taken
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

/// The four documents of one of several bundles, altered: `verified` is said of those that are
/// good, and of no others. Tells whether it is.
pub fn verify_four(data: &[u8]) -> bool {
    let (good, Altered { texts, signed_anew }) = alter(data, |good| &good.evidence);
    let evidence = to_evidence(&texts);
    let judgement = verify(&evidence, &good.anchors, good.now, &Policy::default());
    let verified = judgement.verified().is_some();
    if verified {
        assert_same_csr(&texts[0], &good.evidence[0], signed_anew);
        for (found, good) in texts.iter().zip(&good.evidence).skip(1) {
            assert_same_certificates(found, good);
        }
    }
    verified
}

/// The three texts that InitializeCluster is about, altered: a pair is what was made, or none.
/// Tells whether it is one.
pub fn check_three(data: &[u8]) -> bool {
    let (good, Altered { texts, signed_anew }) = alter(data, |good| &good.pair);
    let [csr, signed, anchor] = texts.as_slice() else {
        return false;
    };
    let is_pair = check(csr, signed, anchor, good.now).into_pair().is_ok();
    if is_pair {
        assert_same_csr(csr, &good.pair[0], signed_anew);
        let signed = Certificate::from_owner_file(signed).expect("read");
        assert_same_certificates(signed.to_pem().as_bytes(), &good.pair[1]);
        let anchor = TrustAnchor::from_file(anchor).expect("read");
        assert_eq!(anchor.to_pem().as_bytes(), good.pair[2]);
    }
    is_pair
}

/// `--subject`: what is taken is a name in DER. Tells whether it is.
pub fn subject(data: &[u8]) -> bool {
    let text = std::str::from_utf8(data);
    let Ok(name) = text.map_or_else(|_| parse_subject(""), parse_subject) else {
        return false;
    };
    der::check_strict(&name, "the name").expect("DER");
    assert_ne!(name_text(&name).as_encoded(), "(not a name)");
    true
}

/// What `--ca-key` names, by a backend that the build has. Tells whether it names a key.
pub fn key_uri(data: &[u8]) -> bool {
    let text = std::str::from_utf8(data);
    text.is_ok_and(|text| ca::KeySource::parse(Path::new(text)).is_ok())
}

/// A bundle as one file: what is taken is written and read again. Tells whether it is.
pub fn bundle_file(data: &[u8]) -> bool {
    let Ok(members) = archive::read(data) else {
        return false;
    };
    let again = archive::write(&members).expect("it was within bounds");
    assert_eq!(archive::read(&again).ok().as_ref(), Some(&members));
    true
}

/// The bundle of fuzz/claim, which a cluster was claimed with.
struct Claim {
    evidence: [Vec<u8>; 4],
    anchors: Anchors,
    now: Moment,
}

fn claim() -> &'static Claim {
    static CLAIM: OnceLock<Claim> = OnceLock::new();
    CLAIM.get_or_init(|| {
        let bundle = root().join("fuzz/claim");
        let read = |name: &str| std::fs::read(bundle.join(name)).expect("a file of the claim");
        let anchor =
            |name: &str| Anchor::from_file(&read(&format!("roots/{name}")), name).expect("a root");
        Claim {
            evidence: EVIDENCE.map(|part| read(&format!("cluster-qkrucwqijsh_{part}"))),
            anchors: Anchors {
                aws: anchor("aws-root.crt"),
                manufacturer: anchor("manufacturer-root.crt"),
            },
            now: "2026-12-01T04:00:00Z".parse().expect("a time"),
        }
    })
}

/// The page for auditors, of a bundle in one file: judged, and rendered. The page obeys nothing
/// that the bundle holds, and calls nothing verified that is not the good one's. Returns its title,
/// where there is a page.
pub fn report_page(data: &[u8]) -> Option<String> {
    let members = archive::read(data).ok()?;
    let survey = Survey::of_store(Store::from_members(members, "a file")).ok()?;
    let claim = claim();
    let evidence = survey.evidence();
    let judgement = verify(&evidence, &claim.anchors, claim.now, &Policy::default());
    let verified = judgement.verified().is_some();
    if verified {
        let [csr, certificates @ ..] = &claim.evidence;
        assert_same_csr(evidence.csr.as_deref().unwrap_or_default(), csr, false);
        let found = [
            &evidence.hsm,
            &evidence.aws_hardware,
            &evidence.manufacturer_hardware,
        ];
        for (found, good) in found.into_iter().zip(certificates) {
            assert_same_certificates(found, good);
        }
    }
    let trust_anchor = TrustAnchor::from_file(survey.trust_anchor().unwrap_or_default()).ok();
    let pair = survey.part_content(Part::SignedCert).map(|signed| {
        let anchor = survey.trust_anchor().unwrap_or_default();
        let csr = survey.part_content(Part::Csr).unwrap_or_default();
        check(csr, signed, anchor, claim.now).record
    });
    let page = make_page(&PageFacts {
        tool: "hsmboot".to_owned(),
        made_at: claim.now,
        place: "a file".to_owned(),
        survey,
        anchors: claim.anchors.clone(),
        verification: judgement.record,
        at_named: false,
        pair,
        trust_anchor,
        own_ca: None,
    });
    let obeyed = |char: char| is_obeyed(char) && char != '\n';
    assert_eq!(page.find(obeyed), None, "shown as it came");
    page::assert_inert(&page);
    assert!(!page.contains("PRIVATE KEY-----"));
    let (_, title) = page.split_once("<title>").expect("a title");
    let (title, _) = title.split_once("</title>").expect("its end");
    assert_eq!(title.starts_with("Verified"), verified, "{title}");
    Some(title.to_owned())
}

/// The documents of a bundle, as commands read them: what is taken is written and read again, and
/// what is said of the rest is fit to be shown. Returns the number of kinds that it is taken for.
pub fn documents(data: &[u8]) -> usize {
    let read = [
        read_again(data, REQUEST, Request::read),
        read_again(data, RESPONSE, Response::read),
        read_again(data, "receipt.json", Receipt::read),
        // Its reader asks the transcript whether a step wrote it.
        written_and_read::<Creation>(data),
    ];
    read.into_iter().filter(|read| *read).count()
}

fn read_again<T: Serialize + PartialEq + Debug>(
    data: &[u8],
    name: &str,
    read: fn(&Store) -> Result<T>,
) -> bool {
    let store = |content: &[u8]| {
        let members = [(name.to_owned(), content.to_vec())];
        Store::from_members(members.into_iter().collect(), "a file")
    };
    match read(&store(data)) {
        Ok(document) => {
            let again = read(&store(&to_document(&document)));
            assert_eq!(again.expect("what we wrote"), document);
            true
        }
        Err(fault) => {
            let text = fault.to_string();
            assert!(!text.contains(|c| is_obeyed(c) && c != '\n'), "{text:?}");
            false
        }
    }
}

fn written_and_read<T: Serialize + DeserializeOwned + PartialEq + Debug>(data: &[u8]) -> bool {
    let Ok(document) = serde_json::from_slice::<T>(data) else {
        return false;
    };
    let text = to_document(&document);
    let again = serde_json::from_slice::<T>(&text);
    assert_eq!(again.expect("what we wrote"), document);
    true
}

/// A transcript: the lines that hold, and the rest, are all there is, and each line that holds
/// follows from the one before. Returns their number, and whether there is a rest.
pub fn transcript(data: &[u8]) -> (usize, bool) {
    let reading = TranscriptReading::from_content(data);
    let held = reading.holds.content();
    assert!(data.starts_with(held));
    assert!(reading.fault.is_some() || held == data);
    let mut previous = "0".repeat(64);
    let mut count = 0;
    for line in held.split_inclusive(|octet| *octet == b'\n') {
        let line = line.strip_suffix(b"\n").expect("a whole line");
        let value: serde_json::Value = serde_json::from_slice(line).expect("JSON");
        count += 1;
        assert_eq!(value["step"], count);
        assert_eq!(value["previous"], previous);
        previous = to_hex(&sha256(line));
    }
    assert_eq!(reading.holds.entries().len(), count);
    (count, reading.fault.is_some())
}

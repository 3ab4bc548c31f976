//! Good bundles and pairs, altered by commands: for the targets that judge them.

use std::sync::OnceLock;

use hsmboot::ca::{
    self, CaKey, FileKey, PassphraseSource, make_intermediate, make_trust_anchor, parse_subject,
};
use hsmboot::sign::{Grounds, SigningCa, SigningTerms, issue};
use hsmboot::verify::{Anchor, Anchors, Evidence, Policy, verify};
use hsmboot::x509::pem::{self, Label};
use hsmboot::x509::{Csr, Moment, TrustAnchor};

use super::root;

/// The bundles: RSA, ECDSA, PSS, both generations, with and without intermediates.
pub const BUNDLES: [&str; 8] = [
    "never-expires",
    "ecdsa",
    "pss",
    "pss-keys",
    "ls2-rfc5280",
    "ls2-intermediate",
    "intermediate",
    "two-intermediates",
];

/// What the four documents of a bundle are called behind the cluster's id.
pub const EVIDENCE: [&str; 4] = [
    "ClusterCsr.csr",
    "HsmCertificate.crt",
    "AwsHardwareCertificate.crt",
    "ManufacturerHardwareCertificate.crt",
];

/// A bundle that verifies, and a pair that was made of it.
pub struct Good {
    /// The texts of the CSR, the HSM's certificate, AWS's and the manufacturer's for the hardware.
    pub evidence: Vec<Vec<u8>>,
    pub anchors: Anchors,
    pub now: Moment,
    /// The texts of the CSR, the signed certificate and the trust anchor.
    pub pair: Vec<Vec<u8>>,
    keys: Keys,
}

/// Keys to sign with that give nobody a good document: of the bundle's own keys the HSM's alone,
/// and for its CSR alone.
struct Keys {
    own: Option<FileKey>,
    strangers: Vec<FileKey>,
}

fn fixture_key(name: &str) -> FileKey {
    let path = root().join("fixtures/keys").join(name);
    let read = FileKey::read(&path, &PassphraseSource::Ask);
    read.expect("a key of the fixtures").0
}

/// Whether one of the texts has this public key in it.
fn has_key(texts: &[Vec<u8>], key: &FileKey) -> bool {
    let spki = key.spki();
    let end = &spki[spki.len() - 64..];
    let blocks = texts.iter().flat_map(|text| blocks(text));
    blocks
        .map(|(_, der)| der)
        .any(|der| der.windows(end.len()).any(|window| window == end))
}

impl Keys {
    fn beside(texts: &[Vec<u8>]) -> Self {
        let all = [
            "rsa-2048-hsm.pem",
            "rsa-2048-hardware.pem",
            "rsa-2048-intermediate.pem",
            "rsa-2048-stranger.pem",
            "rsa-3072.pem",
            "ec-p-256.pem",
            "ec-p-384.pem",
        ];
        let of_csr = texts.get(..1).unwrap_or_default();
        let all = || all.into_iter().map(fixture_key);
        Keys {
            own: all().find(|key| has_key(of_csr, key)),
            strangers: all().filter(|key| !has_key(texts, key)).collect(),
        }
    }

    fn choose(&self, for_csr: bool, octet: u8) -> Option<&FileKey> {
        let own = self.own.iter().filter(|_| for_csr);
        let keys: Vec<&FileKey> = own.chain(&self.strangers).collect();
        keys.get(usize::from(octet) % keys.len().max(1)).copied()
    }
}

/// The bundle that an octet chooses.
pub fn good(which: u8) -> &'static Good {
    static GOOD: [OnceLock<Good>; BUNDLES.len()] = [const { OnceLock::new() }; BUNDLES.len()];
    let which = usize::from(which) % BUNDLES.len();
    GOOD[which].get_or_init(|| Good::read(BUNDLES[which], which % 2 == 1))
}

impl Good {
    /// Reads a bundle, and makes a pair with one CA, or with an intermediate.
    fn read(name: &str, in_chain: bool) -> Self {
        let bundle = root().join(format!("fixtures/verify/verified--{name}"));
        let read = |name: &str| std::fs::read(bundle.join(name)).expect("a fixture");
        let evidence = EVIDENCE.map(|part| read(&format!("cluster-hsmboottest_{part}")));
        let roots = ["aws-root.crt", "manufacturer-root.crt"];
        let [aws, manufacturer] =
            roots.map(|name| Anchor::from_file(&read(name), name).expect("a root"));
        let anchors = Anchors { aws, manufacturer };
        let now: Moment = "2026-06-01T12:00:00Z".parse().expect("a time");
        let judgement = verify(&to_evidence(&evidence), &anchors, now, &Policy::default());
        let proof = judgement.verified().expect("a good bundle");
        let (key, root_key) = (
            fixture_key("rsa-2048-stranger.pem"),
            fixture_key("rsa-3072.pem"),
        );
        let terms = |subject, serial| ca::CaTerms {
            subject,
            serial,
            not_before: now,
            not_after: "2036-06-01T12:00:00Z".parse().expect("a time"),
        };
        let [subject, above] =
            ["CN=CA", "CN=Root"].map(|name| parse_subject(name).expect("a name"));
        let trust_anchor: TrustAnchor = if in_chain {
            let root = make_trust_anchor(&terms(&above, &[2]), &root_key).expect("a CA");
            let root = root.try_into().expect("a trust anchor");
            make_intermediate(&terms(&subject, &[1]), key.spki(), &root, &root_key).expect("a CA")
        } else {
            let root = make_trust_anchor(&terms(&subject, &[1]), &key).expect("a CA");
            root.try_into().expect("a trust anchor")
        };
        let ca = SigningCa::new(trust_anchor, &key, now).expect("a CA");
        let terms = SigningTerms {
            serial: [7; 20],
            now,
            days: 3652,
        };
        let pair = issue(&Grounds::Verified(proof), &ca, &terms).expect("a pair");
        let pair = vec![
            evidence[0].clone(),
            pair.signed_cert_pem().as_bytes().to_vec(),
            pair.trust_anchor_pem().as_bytes().to_vec(),
        ];
        let everything = [&evidence[..], &pair, &roots.map(read)].concat();
        Good {
            evidence: evidence.to_vec(),
            anchors,
            now,
            pair,
            keys: Keys::beside(&everything),
        }
    }
}

pub fn to_evidence(documents: &[Vec<u8>]) -> Evidence {
    Evidence {
        csr: Some(documents[0].clone()),
        hsm: documents[1].clone(),
        aws_hardware: documents[2].clone(),
        manufacturer_hardware: documents[3].clone(),
    }
}

/// Documents after the commands.
pub struct Altered {
    pub texts: Vec<Vec<u8>>,
    /// The HSM's own key has signed something anew.
    pub signed_anew: bool,
}

/// Alters the texts of a good bundle, which `of` picks from it. The first octet's lowest bit says
/// whether the commands change the texts or the DER in them, the rest which bundle it is.
pub fn alter(data: &[u8], of: fn(&Good) -> &[Vec<u8>]) -> (&'static Good, Altered) {
    let (first, commands) = data
        .split_first()
        .map_or((0, data), |(first, rest)| (*first, rest));
    let good = good(first >> 1);
    let texts = of(good);
    let mut signed_anew = false;
    if first % 2 == 0 {
        let mut texts = texts.to_vec();
        run(&mut texts, commands, |_, _, _| ());
        return (good, Altered { texts, signed_anew });
    }
    let of_text =
        |(at, text): (usize, &Vec<u8>)| blocks(text).into_iter().map(move |one| (at, one));
    let (places, mut ders): (Vec<usize>, Vec<Vec<u8>>) = texts
        .iter()
        .enumerate()
        .flat_map(of_text)
        .map(|(at, (_, der))| (at, der))
        .unzip();
    run(&mut ders, commands, |at, der, octet| {
        let is_csr = places[at] == 0;
        let Some(key) = good.keys.choose(is_csr, octet) else {
            return;
        };
        if let Some(signed) = sign_anew(der, key) {
            *der = signed;
            let own = good.keys.own.as_ref().map(CaKey::spki);
            signed_anew |= own == Some(key.spki());
        }
    });
    let mut texts = vec![Vec::new(); texts.len()];
    for (at, der) in places.iter().zip(ders) {
        let label = match at {
            0 => Label::CertificateRequest,
            _ => Label::Certificate,
        };
        texts[*at].extend(pem::encode(label, &der).into_bytes());
    }
    (good, Altered { texts, signed_anew })
}

/// Runs commands of four octets: which document and what is done to it, where (two), and an octet.
/// What follows the last whole command is left out.
fn run(documents: &mut [Vec<u8>], commands: &[u8], mut sign: impl FnMut(usize, &mut Vec<u8>, u8)) {
    let count = documents.len();
    for command in commands.chunks_exact(4) {
        let [what, high, low, octet] = command else {
            continue;
        };
        let (which, what) = (usize::from(*what) % count, usize::from(*what) / count);
        let other = documents[usize::from(*octet) % count].clone();
        let document = &mut documents[which];
        let length = document.len().max(1);
        let at = usize::from(u16::from_be_bytes([*high, *low])) % length;
        match what % 7 {
            4 => *document = other,
            6 => sign(which, document, *octet),
            _ if document.is_empty() => document.push(*octet),
            0 => document[at] = *octet,
            1 => document.insert(at, *octet),
            2 => drop(document.remove(at)),
            3 => document.truncate(at),
            // The beginning of the one and the rest of the other.
            _ => {
                document.truncate(at);
                document.extend(other.get(at..).unwrap_or_default());
            }
        }
    }
}

/// The document with a signature of this key in the place of its own (RFC 5280 4.1, RFC 2986 4.2).
fn sign_anew(der: &[u8], key: &FileKey) -> Option<Vec<u8>> {
    let (start, _) = element(der)?;
    let inside = der.get(start..)?;
    let (_, signed) = element(inside)?;
    let (_, algorithm) = element(inside.get(signed..)?)?;
    let (signed, rest) = inside.split_at_checked(signed)?;
    let algorithm = rest.get(..algorithm)?;
    let signature = [&[0], &*key.sign(signed).ok()?].concat();
    let content = [signed, algorithm, &encode(0x03, &signature)].concat();
    Some(encode(0x30, &content))
}

/// Where the content of the first element begins, and where it ends (X.690 8.1).
fn element(der: &[u8]) -> Option<(usize, usize)> {
    let (start, length) = match der.get(1..4)? {
        [length @ ..=0x7F, ..] => (2, usize::from(*length)),
        [0x81, length, ..] => (3, usize::from(*length)),
        [0x82, high, low] => (4, usize::from(u16::from_be_bytes([*high, *low]))),
        _ => return None,
    };
    Some((start, start + length))
}

fn encode(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len())
        .unwrap_or_default()
        .to_be_bytes();
    let head: &[u8] = match (high, low) {
        (0, ..=0x7F) => &[tag, low],
        (0, _) => &[tag, 0x81, low],
        _ => &[tag, 0x82, high, low],
    };
    [head, content].concat()
}

/// The blocks of a text: the label of each, and its DER; nothing where it has none.
pub fn blocks(text: &[u8]) -> Vec<(String, Vec<u8>)> {
    let text = String::from_utf8_lossy(text);
    let pieces = text.split("-----BEGIN ").skip(1);
    pieces
        .map(|piece| {
            let label = piece.split("-----").next().unwrap_or_default();
            let expected = match label.ends_with("REQUEST") {
                true => Label::CertificateRequest,
                false => Label::Certificate,
            };
            let block = format!("-----BEGIN {piece}");
            let der = pem::decode(block.as_bytes(), expected).unwrap_or_default();
            (label.to_owned(), der)
        })
        .collect()
}

/// Asserts that a CSR is the good one, in one block; where the HSM has signed it anew, that it is
/// of the same key.
pub fn assert_same_csr(found: &[u8], good: &[u8], signed_anew: bool) {
    let (found, good) = (blocks(found), blocks(good));
    let ([(label, found)], [(_, good)]) = (&*found, &*good) else {
        panic!("{} blocks", found.len());
    };
    assert!(
        ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"].contains(&&**label),
        "{label}"
    );
    if !signed_anew {
        assert_eq!(found, good);
    }
    let [found, good] = [found, good].map(|der| Csr::from_der(der).expect("a CSR"));
    // The name is the HSM's own affair: the key decides (docs/verification.md, `csr.subject`).
    assert_eq!(found.spki(), good.spki());
}

/// Asserts that a text holds the very certificates of the good one.
pub fn assert_same_certificates(found: &[u8], good: &[u8]) {
    let (found, good) = (blocks(found), blocks(good));
    assert!(found.iter().all(|(label, _)| label == "CERTIFICATE"));
    assert!(!found.is_empty());
    assert_eq!(found, good);
}

//! The simulator and `check` judge the same pairs, each with a reader and rules of its own. Over a
//! corpus of odd pairs they say the same, but for what is listed here with its reason.
#![cfg(feature = "simulator")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

#[allow(dead_code, unreachable_pub)]
mod forge;
#[path = "simulator/support.rs"]
#[allow(dead_code, unreachable_pub)]
mod support;

use std::collections::{BTreeMap, BTreeSet};

use forge::cert::*;
use forge::der::{self, Node};
use forge::keys::{self, Hash};
use forge::pem::{pem, unpem};
use hsmboot::check::{Rule, check};
use hsmboot::simulator::InjectedFault;
use serde_json::json;
use support::*;

/// What `check` refuses and the simulator takes, by the rules that fail.
const CHECK_IS_STRICTER: [(Rule, &str); 13] = [
    (
        Rule::PemSignedCert,
        "check reads strict DER and every extension's value; how strictly the service reads is not \
         known",
    ),
    (
        Rule::PemTrustAnchor,
        "the same; and a single certificate has 5000 characters by the parameter's text, 20,000 by \
         the model",
    ),
    (
        Rule::AlgorithmTrustAnchor,
        "this program declines what it cannot verify, or what other clients do not take, though it \
         may be on the guide's list",
    ),
    (
        Rule::NotCa,
        "the cluster's clients demand it, not InitializeCluster",
    ),
    (Rule::SignedCertKeyUsage, "the same"),
    (Rule::SignedCertExtendedKeyUsage, "the same"),
    (Rule::SignedCertExtensions, "the same"),
    (Rule::KeyIdentifiers, "the same"),
    (Rule::FormSignedCert, "the same"),
    (Rule::TrustAnchorExtendedKeyUsage, "the same"),
    (
        Rule::TrustAnchorExtensions,
        "the same: whether the service judges unknown critical extensions is not known",
    ),
    (Rule::TrustAnchorKeyIdentifiers, "the same"),
    (Rule::FormTrustAnchor, "the same"),
];

/// What the simulator refuses and `check` takes, by words of the refusal.
const SIMULATOR_IS_STRICTER: [(&str, &str); 2] = [
    (
        "malformed basicConstraints",
        "TRUE as another octet than FF: check notes it in an owner's certificate, whose bytes stay \
         as they are; what the service says is not known",
    ),
    ("its list of extensions is empty", "the same"),
];

/// One certificate's text.
fn text(octets: &[u8]) -> String {
    String::from_utf8(pem("CERTIFICATE", octets)).unwrap()
}

fn ca_name(number: usize) -> Vec<u8> {
    name(&[
        &[(COUNTRY, "DE")],
        &[(ORGANIZATION, "Owner")],
        &[(COMMON_NAME, &format!("CA {number}"))],
    ])
}

/// A signed certificate, and the CAs above it up to the root: each may be changed before it is
/// signed.
#[derive(Clone)]
struct Odd {
    leaf: Cert,
    cas: Vec<Cert>,
}

impl Odd {
    /// Well formed, for a CSR of this key, under so many CAs.
    fn good(spki: &[u8], cas: usize) -> Odd {
        let keys = [&keys::P256, &keys::P384, &keys::P521]
            .map(|key| (key.spki(), Signer::Ecdsa(key, Hash::Sha384)));
        // The fourth and fifth key are RSA: the curves are used up.
        let rsa = [&keys::AWS_ROOT, &keys::MANUFACTURER_ROOT]
            .map(|key| (key.spki(), Signer::Pkcs1(key, Hash::Sha256)));
        let keys: Vec<(Vec<u8>, Signer)> = keys.into_iter().chain(rsa).collect();
        let of =
            |issuer: Vec<u8>, subject: Vec<u8>, spki: Vec<u8>, signer: Signer, extensions| Cert {
                version: V3.to_vec(),
                serial: der::int(&[7; 16]),
                inner: None,
                outer: None,
                issuer,
                validity: validity("200101000000Z", "490101000000Z"),
                subject,
                spki,
                extensions: Some(extensions),
                unique_ids: Vec::new(),
                tail: Vec::new(),
                signer,
            };
        let subject = name(&[&[(COMMON_NAME, "a cluster")]]);
        let leaf_extensions = vec![
            basic_constraints(true, false),
            key_usage(0xa0, 5),
            subject_key_id(spki),
            authority_key_id(&keys[0].0),
        ];
        let leaf = of(
            ca_name(0),
            subject,
            spki.to_vec(),
            keys[0].1.clone(),
            leaf_extensions,
        );
        let each = (0..cas).map(|at| {
            let above = (at + 1).min(cas - 1);
            let extensions = vec![
                basic_constraints(true, true),
                key_usage(0x06, 1),
                subject_key_id(&keys[at].0),
            ];
            of(
                ca_name(above),
                ca_name(at),
                keys[at].0.clone(),
                keys[above].1.clone(),
                extensions,
            )
        });
        Odd {
            leaf,
            cas: each.collect(),
        }
    }

    fn certificate(&mut self, which: usize) -> &mut Cert {
        if which == 0 {
            &mut self.leaf
        } else {
            &mut self.cas[which - 1]
        }
    }

    fn texts(&self) -> (String, String) {
        (
            text(&self.leaf.der()),
            self.cas.iter().map(|ca| text(&ca.der())).collect(),
        )
    }
}

/// The corpus: a name, SignedCert, TrustAnchor.
#[derive(Default)]
struct Corpus(Vec<(String, String, String)>);

impl Corpus {
    fn add(&mut self, name: impl Into<String>, (signed, anchor): (String, String)) {
        self.0.push((name.into(), signed, anchor));
    }

    /// The same change of the signed certificate, of a single trust anchor, and of the CAs of a
    /// chain.
    fn change(&mut self, spki: &[u8], name: &str, change: impl Fn(&mut Cert)) {
        for (cas, which, whose) in [
            (1, 0, "leaf"),
            (1, 1, "anchor"),
            (3, 1, "first of three"),
            (3, 2, "second of three"),
            (3, 3, "root of three"),
        ] {
            let mut odd = Odd::good(spki, cas);
            change(odd.certificate(which));
            self.add(format!("{whose}: {name}"), odd.texts());
        }
    }
}

fn algorithms(corpus: &mut Corpus, spki: &[u8]) {
    let mut signers: Vec<(String, Vec<u8>, Signer)> = Vec::new();
    for hash in [Hash::Sha1, Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        for (curve, key) in [
            ("P-256", &keys::P256),
            ("P-384", &keys::P384),
            ("P-521", &keys::P521),
        ] {
            signers.push((
                format!("{curve} {hash:?}"),
                key.spki(),
                Signer::Ecdsa(key, hash),
            ));
        }
        for (bits, key) in [
            ("2048", &keys::AWS_ROOT),
            ("3072", &keys::RSA_3072),
            ("4096", &keys::LS2_ROOT),
        ] {
            signers.push((
                format!("RSA {bits} {hash:?}"),
                key.spki(),
                Signer::Pkcs1(key, hash),
            ));
        }
        signers.push((
            format!("PSS {hash:?}"),
            keys::AWS_ROOT.spki(),
            Signer::Pss(&keys::AWS_ROOT, hash),
        ));
    }
    signers.push((
        String::from("MD5"),
        keys::AWS_ROOT.spki(),
        Signer::Pkcs1(&keys::AWS_ROOT, Hash::Md5),
    ));
    for (bits, key) in [("1024", &keys::RSA_1024), ("2047", &keys::RSA_2047)] {
        signers.push((
            format!("RSA {bits}"),
            key.spki(),
            Signer::Pkcs1(key, Hash::Sha256),
        ));
    }
    for salt in [0, 1, 20, 48, 127] {
        signers.push((
            format!("PSS salt {salt}"),
            keys::AWS_ROOT.spki(),
            Signer::PssAs(&keys::AWS_ROOT, Hash::Sha256, Hash::Sha256, salt),
        ));
    }
    signers.push((
        String::from("PSS other mask"),
        keys::AWS_ROOT.spki(),
        Signer::PssAs(&keys::AWS_ROOT, Hash::Sha256, Hash::Sha384, 32),
    ));
    signers.push((String::from("Ed25519"), ed25519_spki(), Signer::Ed25519));
    signers.push((
        String::from("key for PSS alone"),
        keys::AWS_ROOT.pss_spki(&[]),
        Signer::Pss(&keys::AWS_ROOT, Hash::Sha256),
    ));
    let bound = pss_parameters(Hash::Sha256);
    signers.push((
        String::from("key bound to PSS"),
        keys::AWS_ROOT.pss_spki(&bound),
        Signer::Pss(&keys::AWS_ROOT, Hash::Sha256),
    ));
    signers.push((
        String::from("compressed point"),
        keys::P256.spki_compressed(),
        Signer::Ecdsa(&keys::P256, Hash::Sha256),
    ));
    signers.push((
        String::from("explicit curve"),
        keys::P256.spki_explicit(),
        Signer::Ecdsa(&keys::P256, Hash::Sha256),
    ));
    let junk = Signer::Given(der::seq(&[&der::oid("1.2.3.4")]), vec![0; 64]);
    signers.push((String::from("unknown algorithm"), keys::P256.spki(), junk));
    signers.push((
        String::from("another kind of key"),
        keys::P256.spki(),
        Signer::Pkcs1(&keys::AWS_ROOT, Hash::Sha256),
    ));
    signers.push((
        String::from("a stranger's key"),
        keys::AWS_ROOT.spki(),
        Signer::Pkcs1(&keys::STRANGER, Hash::Sha256),
    ));
    for (name, ca_spki, signer) in signers {
        for (signs, parts) in [
            ("both", [true, true]),
            ("leaf", [true, false]),
            ("anchor", [false, true]),
        ] {
            let mut odd = Odd::good(spki, 1);
            odd.leaf.extensions = Some(vec![basic_constraints(true, false)]);
            odd.cas[0].extensions = Some(vec![basic_constraints(true, true)]);
            odd.cas[0].spki = ca_spki.clone();
            for (certificate, odd_one) in [&mut odd.leaf, &mut odd.cas[0]].into_iter().zip(parts) {
                certificate.signer = if odd_one {
                    signer.clone()
                } else {
                    certificate.signer.clone()
                };
            }
            corpus.add(format!("{name}, {signs}"), odd.texts());
        }
    }
    corpus.change(spki, "another algorithm inside", |cert| {
        cert.inner = Some(Signer::Pkcs1(&keys::AWS_ROOT, Hash::Sha512).algorithm())
    });
}

fn extensions(corpus: &mut Corpus, spki: &[u8]) {
    let usage = |octets: &[u8]| extension(KEY_USAGE, true, &der::tlv(der::BIT_STRING, octets));
    let constraints = |parts: &[&[u8]]| extension(BASIC_CONSTRAINTS, true, &der::seq(parts));
    let (yes, no) = (der::boolean(true), der::boolean(false));
    let sets: Vec<(&str, Vec<Vec<u8>>)> = vec![
        (
            "no extension but a key identifier",
            vec![subject_key_id(spki)],
        ),
        ("CA:FALSE", vec![basic_constraints(true, false)]),
        ("CA:FALSE written out", vec![constraints(&[&no])]),
        ("CA:TRUE not critical", vec![basic_constraints(false, true)]),
        ("CA:TRUE as 01", vec![constraints(&[&[1, 1, 1]])]),
        ("CA:TRUE alone", vec![basic_constraints(true, true)]),
        ("path length 0", vec![constraints(&[&yes, &der::int(&[0])])]),
        ("path length 1", vec![constraints(&[&yes, &der::int(&[1])])]),
        (
            "path length 300",
            vec![constraints(&[&yes, &der::int(&[1, 44])])],
        ),
        (
            "path length below zero",
            vec![constraints(&[&yes, &[2, 1, 0xff]])],
        ),
        (
            "path length of no CA",
            vec![constraints(&[&der::int(&[0])])],
        ),
        (
            "more in basicConstraints",
            vec![constraints(&[&yes, &der::int(&[0]), &der::null()])],
        ),
        (
            "basicConstraints of nothing",
            vec![extension(BASIC_CONSTRAINTS, true, &[])],
        ),
        (
            "basicConstraints twice",
            vec![basic_constraints(true, true), basic_constraints(true, true)],
        ),
        (
            "keyUsage without keyCertSign",
            vec![basic_constraints(true, true), usage(&[7, 0x80])],
        ),
        (
            "keyUsage of keyCertSign alone",
            vec![basic_constraints(true, true), usage(&[2, 0x04])],
        ),
        (
            "keyUsage without a bit",
            vec![basic_constraints(true, true), usage(&[0])],
        ),
        (
            "keyUsage padded",
            vec![basic_constraints(true, true), usage(&[0, 0x06, 0])],
        ),
        (
            "keyUsage no BIT STRING",
            vec![
                basic_constraints(true, true),
                extension(KEY_USAGE, true, &der::int(&[6])),
            ],
        ),
        (
            "unknown, critical",
            vec![
                basic_constraints(true, true),
                extension("1.2.3.4", true, &der::null()),
            ],
        ),
        (
            "unknown, not critical",
            vec![
                basic_constraints(true, true),
                extension("1.2.3.4", false, &der::null()),
            ],
        ),
        (
            "unknown, no DER",
            vec![
                basic_constraints(true, true),
                extension("1.2.3.4", false, b"vendor"),
            ],
        ),
        (
            "clientAuth alone",
            vec![
                basic_constraints(true, true),
                extension(
                    "2.5.29.37",
                    false,
                    &der::seq(&[&der::oid("1.3.6.1.5.5.7.3.2")]),
                ),
            ],
        ),
        (
            "another authority's key",
            vec![
                basic_constraints(true, true),
                authority_key_id(&keys::STRANGER.spki()),
            ],
        ),
    ];
    for (name, set) in sets {
        corpus.change(spki, name, |cert| cert.extensions = Some(set.clone()));
    }
    corpus.change(spki, "no extensions", |cert| cert.extensions = None);
    corpus.change(spki, "an empty list of extensions", |cert| {
        cert.extensions = Some(Vec::new())
    });
}

fn fields(corpus: &mut Corpus, spki: &[u8]) {
    for (name, version) in [
        ("version 1 with extensions", vec![]),
        ("version 2", vec![0xa0, 3, 2, 1, 1]),
        ("version 4", vec![0xa0, 3, 2, 1, 3]),
    ] {
        corpus.change(spki, name, |cert| cert.version.clone_from(&version));
    }
    corpus.change(spki, "version 1", |cert| {
        (cert.version, cert.extensions) = (Vec::new(), None)
    });
    corpus.change(spki, "version 2 without extensions", |cert| {
        (cert.version, cert.extensions) = (vec![0xa0, 3, 2, 1, 1], None)
    });
    // The single CA, and so the issuer of what it signs, under a name of each type of text.
    for (tag, content) in [
        (der::UTF8_STRING, "Öwner".as_bytes()),
        (der::PRINTABLE_STRING, b"Owner"),
        (0x12, b"12"),
        (0x14, b"\xd6wner"),
        (0x16, b"Owner"),
        (0x19, b"Owner"),
        (0x1a, b"Owner"),
        (0x1b, b"Owner"),
        (0x1c, &[0, 0, 0, b'O']),
        (0x1c, &[0, 0x11, 0, 0]),
        (0x1e, &[0, b'O']),
        (0x1e, &[0xd8, 0x3d, 0xde, 0]),
    ] {
        let name = der::seq(&[&der::set_of(&[attribute_as(COMMON_NAME, tag, content)])]);
        let mut odd = Odd::good(spki, 1);
        odd.leaf.issuer.clone_from(&name);
        odd.cas[0].issuer.clone_from(&name);
        odd.cas[0].subject.clone_from(&name);
        corpus.add(
            format!("a name of type {tag:02x}: {content:02x?}"),
            odd.texts(),
        );
    }
    for (name, serial) in [
        ("serial 0", vec![2, 1, 0]),
        ("serial below zero", vec![2, 1, 0x80]),
        ("serial padded", vec![2, 2, 0, 1]),
        ("serial of 21 octets", der::int(&[7; 21])),
    ] {
        corpus.change(spki, name, |cert| cert.serial.clone_from(&serial));
    }
    let time = |tag: u8, text: &str| der::tlv(tag, text.as_bytes());
    let begin = time(der::UTC_TIME, "200101000000Z");
    for (name, from, to) in [
        (
            "expired",
            begin.clone(),
            time(der::UTC_TIME, "200201000000Z"),
        ),
        (
            "not yet valid",
            time(der::GENERALIZED_TIME, "99970101000000Z"),
            time(der::GENERALIZED_TIME, "99980101000000Z"),
        ),
        (
            "for ever",
            begin.clone(),
            time(der::GENERALIZED_TIME, "99991231235959Z"),
        ),
        (
            "UTCTime without seconds",
            begin.clone(),
            time(der::UTC_TIME, "4901010000Z"),
        ),
        (
            "UTCTime with an offset",
            begin.clone(),
            time(der::UTC_TIME, "490101000000+0000"),
        ),
        (
            "GeneralizedTime with a fraction",
            begin.clone(),
            time(der::GENERALIZED_TIME, "20600101000000.5Z"),
        ),
        (
            "GeneralizedTime before 2050",
            begin.clone(),
            time(der::GENERALIZED_TIME, "20490101000000Z"),
        ),
        (
            "the 30th of February",
            begin.clone(),
            time(der::UTC_TIME, "490230000000Z"),
        ),
        (
            "end before its beginning",
            time(der::UTC_TIME, "210101000000Z"),
            begin,
        ),
    ] {
        corpus.change(spki, name, |cert| cert.validity = der::seq(&[&from, &to]));
    }
    corpus.change(spki, "another issuer", |cert| cert.issuer = ca_name(9));
    corpus.change(spki, "another subject", |cert| cert.subject = ca_name(9));
    corpus.change(spki, "an empty subject", |cert| {
        cert.subject = der::seq(&[])
    });
    let printable = der::seq(&[&der::set_of(&[attribute_as(
        COMMON_NAME,
        der::PRINTABLE_STRING,
        b"CA 0",
    )])]);
    corpus.change(spki, "an issuer in another string type", |cert| {
        cert.issuer.clone_from(&printable)
    });
    corpus.change(spki, "a stranger's key", |cert| {
        cert.spki = keys::STRANGER.spki()
    });
    corpus.change(spki, "a unique identifier", |cert| {
        cert.unique_ids = vec![0x82, 2, 0, 1]
    });
    corpus.change(spki, "something after the rest", |cert| {
        cert.tail = der::null()
    });
}

/// Every element of either certificate with something too much, or without its last part; well
/// signed all the same.
fn elements(corpus: &mut Corpus, spki: &[u8]) {
    let good = Odd::good(spki, 1);
    let (leaf, anchor) = good.texts();
    for (whose, cert) in [("leaf", &good.leaf), ("anchor", &good.cas[0])] {
        let add = |corpus: &mut Corpus, name: String, octets: Vec<u8>| {
            let pair = if whose == "leaf" {
                (text(&octets), anchor.clone())
            } else {
                (leaf.clone(), text(&octets))
            };
            corpus.add(format!("{whose}: {name}"), pair);
        };
        for path in Node::parse(&cert.tbs()).parents() {
            let more = cert.der_rearranged(|tbs| {
                tbs.at_mut(&path)
                    .children_mut()
                    .push(Node::parse(&der::null()))
            });
            add(corpus, format!("more at {path:?}"), more);
            let less = cert.der_rearranged(|tbs| drop(tbs.at_mut(&path).children_mut().pop()));
            add(corpus, format!("less at {path:?}"), less);
        }
        let whole = cert.der();
        add(
            corpus,
            String::from("an octet after it"),
            [&whole[..], &[0]].concat(),
        );
        add(
            corpus,
            String::from("an octet short"),
            whole[..whole.len() - 1].to_vec(),
        );
        let mut changed = whole.clone();
        *changed.last_mut().unwrap() ^= 1;
        add(corpus, String::from("a changed signature"), changed);
    }
}

fn texts(corpus: &mut Corpus, spki: &[u8]) {
    let (leaf, anchor) = Odd::good(spki, 1).texts();
    let (_, chain) = Odd::good(spki, 3).texts();
    type Change = fn(&str) -> String;
    let changes: [(&str, Change); 12] = [
        ("CRLF", |text| text.replace('\n', "\r\n")),
        ("no line break at its end", |text| {
            text.trim_end().to_owned()
        }),
        ("blank lines", |text| format!("\n\n{text}\n\n")),
        ("indented", |text| {
            text.lines().map(|line| format!("  {line}\n")).collect()
        }),
        ("on one line", |text| {
            text.replace('\n', "")
                .replace(
                    "-----BEGIN CERTIFICATE-----",
                    "-----BEGIN CERTIFICATE-----\n",
                )
                .replace("-----END", "\n-----END")
        }),
        ("a label of old", |text| {
            text.replace("CERTIFICATE", "X509 CERTIFICATE")
        }),
        ("openssl's own label", |text| {
            text.replace("CERTIFICATE", "TRUSTED CERTIFICATE")
        }),
        ("cut short", |text| text[..text.len() / 2].to_owned()),
        ("twice", |text| text.repeat(2)),
        ("a request's label", |text| {
            text.replace("CERTIFICATE", "CERTIFICATE REQUEST")
        }),
        ("no base64", |text| text.replacen("MII", "M!I", 1)),
        ("nothing", |_| String::new()),
    ];
    for (name, change) in changes {
        corpus.add(format!("leaf: {name}"), (change(&leaf), anchor.clone()));
        corpus.add(format!("anchor: {name}"), (leaf.clone(), change(&anchor)));
        corpus.add(format!("chain: {name}"), (leaf.clone(), change(&chain)));
    }
    // An extension that nobody reads makes them as long as wanted.
    for length in [2500, 3500, 4500, 12_000, 16_000] {
        for which in 0..=1 {
            let mut odd = Odd::good(spki, 1);
            odd.certificate(which)
                .extensions
                .as_mut()
                .unwrap()
                .push(extension("1.2.3.4", false, &der::octets(&vec![0; length])));
            corpus.add(
                format!("{} of {length} octets more", ["leaf", "anchor"][which]),
                odd.texts(),
            );
        }
        let mut odd = Odd::good(spki, 2);
        odd.cas[1].extensions.as_mut().unwrap().push(extension(
            "1.2.3.4",
            false,
            &der::octets(&vec![0; length]),
        ));
        corpus.add(format!("chain of {length} octets more"), odd.texts());
    }
}

fn chains(corpus: &mut Corpus, spki: &[u8]) {
    for length in 1..=5 {
        corpus.add(format!("{length} CAs"), Odd::good(spki, length).texts());
    }
    let good = Odd::good(spki, 3);
    let leaf = text(&good.leaf.der());
    let each: Vec<String> = good.cas.iter().map(|ca| text(&ca.der())).collect();
    for order in [
        "0", "1", "2", "01", "02", "12", "10", "20", "21", "021", "102", "120", "201", "210",
        "0112", "0012", "0122", "01212",
    ] {
        let chain: String = order
            .bytes()
            .map(|digit| each[usize::from(digit - b'0')].as_str())
            .collect();
        corpus.add(format!("CAs in the order {order}"), (leaf.clone(), chain));
    }
    for at in 0..3 {
        for most in 0..=2_u8 {
            let mut odd = good.clone();
            let constraints = extension(
                BASIC_CONSTRAINTS,
                true,
                &der::seq(&[&der::boolean(true), &der::int(&[most])]),
            );
            odd.cas[at].extensions = Some(vec![constraints, key_usage(0x06, 1)]);
            corpus.add(format!("path length {most} at {at}"), odd.texts());
        }
        let mut odd = good.clone();
        odd.cas[at].signer = Signer::Pkcs1(&keys::STRANGER, Hash::Sha256);
        corpus.add(format!("a stranger signed {at}"), odd.texts());
    }
}

#[test]
fn they_agree_but_for_what_is_listed() {
    let simulator = instant();
    let (id, csr) = ready_cluster(&simulator);
    // What is taken falls back, so that one cluster is enough.
    simulator.inject_fault(
        Some("InitializeCluster"),
        InjectedFault::InitializeFails,
        u32::MAX,
    );
    let spki = Node::parse(&unpem(csr.as_bytes())).children()[0].children()[2].encode();
    let mut corpus = Corpus::default();
    for part in [algorithms, extensions, fields, elements, texts, chains] {
        part(&mut corpus, &spki);
    }
    assert!(corpus.0.len() > 500, "{}", corpus.0.len());

    let (mut used, mut wrong, mut taken) = (BTreeSet::new(), Vec::new(), 0);
    let mut refusals: BTreeMap<String, usize> = BTreeMap::new();
    for (name, signed, anchor) in corpus.0 {
        let checked = check(
            csr.as_bytes(),
            signed.as_bytes(),
            anchor.as_bytes(),
            "2026-06-01T00:00:00Z".parse().unwrap(),
        );
        let failed: Vec<Rule> = checked.record.failed().map(|finding| finding.id).collect();
        // What `check` lets through is sent as the program writes it.
        let (signed, anchor) = match checked.into_pair() {
            Ok(pair) => (pair.signed_cert_pem(), pair.trust_anchor_pem()),
            Err(_) => (signed, anchor),
        };
        let answer = call(
            &simulator,
            "InitializeCluster",
            json!({ "ClusterId": id, "SignedCert": signed, "TrustAnchor": anchor }),
        );
        match (answer.status, failed.is_empty()) {
            (200, true) => taken += 1,
            (200, false) => {
                let listed = |rule: &Rule| CHECK_IS_STRICTER.iter().any(|(known, _)| known == rule);
                if failed.iter().all(listed) {
                    used.extend(failed.iter().map(|rule| rule.to_string()));
                } else {
                    wrong.push(format!(
                        "{name}: the simulator takes what breaks {failed:?}"
                    ));
                }
            }
            (_, fit) => {
                let (_, kind, message) = answer.error();
                assert_eq!(kind, "CloudHsmInvalidRequestException", "{name}: {message}");
                *refusals.entry(message.clone()).or_default() += 1;
                match SIMULATOR_IS_STRICTER
                    .iter()
                    .find(|(words, _)| message.contains(words))
                {
                    _ if !fit => {}
                    Some((words, _)) => drop(used.insert((*words).to_owned())),
                    None => wrong.push(format!(
                        "{name}: check takes what the simulator refuses: {message}"
                    )),
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} disagreements:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(
        taken > 40 && refusals.len() > 30,
        "{taken} taken, {} reasons",
        refusals.len()
    );
    let listed = CHECK_IS_STRICTER
        .iter()
        .map(|(rule, _)| rule.to_string())
        .chain(
            SIMULATOR_IS_STRICTER
                .iter()
                .map(|(words, _)| (*words).to_owned()),
        );
    let unused: Vec<String> = listed.filter(|known| !used.contains(known)).collect();
    assert!(
        unused.is_empty(),
        "listed, and no pair of the corpus shows it: {unused:?}"
    );
}

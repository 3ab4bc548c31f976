//! What the cluster's clients will ask of signed certificate and trust anchor, held against
//! `openssl verify -purpose sslserver` as a second opinion: a claim cannot be taken back, so
//! `check` says it before.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

#[allow(dead_code, unreachable_pub)]
mod forge;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use forge::cert::*;
use forge::chain::{AT, Chain, FIRST_RDN, card_name, partition_name};
use forge::der;
use forge::keys::{self, Hash};
use forge::pem::pem;
use hsmboot::check::{Record, Rule, check};
use hsmboot::verify::Status;

const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
const SUBJECT_ALT_NAME: &str = "2.5.29.17";
const NAME_CONSTRAINTS: &str = "2.5.29.30";
const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";

/// A trust anchor as `ca init` makes it, and a certificate for the good chain's CSR as `sign` makes
/// it.
#[derive(Clone)]
struct Pair {
    anchor: Cert,
    leaf: Cert,
}

impl Pair {
    fn good() -> Pair {
        let name = name(&[
            &[(COUNTRY, "DE")],
            &[(ORGANIZATION, "Owner")],
            &[(COMMON_NAME, "Owner's CA")],
        ]);
        let signer = Signer::Ecdsa(&keys::P256, Hash::Sha256);
        let of = |subject: Vec<u8>, spki: Vec<u8>, extensions| Cert {
            version: V3.to_vec(),
            serial: der::int(&[7; 20]),
            inner: None,
            outer: None,
            issuer: name.clone(),
            validity: validity("200101000000Z", "400101000000Z"),
            subject,
            spki,
            extensions: Some(extensions),
            unique_ids: Vec::new(),
            tail: Vec::new(),
            signer: signer.clone(),
        };
        let (ca, hsm) = (keys::P256.spki(), keys::HSM.spki());
        Pair {
            anchor: of(
                name.clone(),
                ca.clone(),
                vec![
                    basic_constraints(true, true),
                    key_usage(0x06, 1),
                    subject_key_id(&ca),
                ],
            ),
            leaf: of(
                partition_name(),
                hsm.clone(),
                vec![
                    basic_constraints(true, false),
                    key_usage(0xa0, 5),
                    subject_key_id(&hsm),
                    authority_key_id(&ca),
                ],
            ),
        }
    }

    fn record(&self) -> Record {
        let csr = pem("CERTIFICATE REQUEST", &Chain::good().csr.der());
        let [leaf, anchor] = [&self.leaf, &self.anchor].map(|cert| pem("CERTIFICATE", &cert.der()));
        check(&csr, &leaf, &anchor, AT.parse().unwrap()).record
    }

    /// What OpenSSL says of the signed certificate as a TLS server's, under the trust anchor.
    fn openssl(&self) -> Result<(), String> {
        let dir = tempfile::tempdir().unwrap();
        for (file, cert) in [("leaf", &self.leaf), ("anchor", &self.anchor)] {
            fs::write(dir.path().join(file), pem("CERTIFICATE", &cert.der())).unwrap();
        }
        // 2026-06-01, as AT.
        let args = [
            "verify",
            "-purpose",
            "sslserver",
            "-attime",
            "1780272000",
            "-CAfile",
            "anchor",
            "leaf",
        ];
        let output = Command::new("openssl")
            .args(args)
            .current_dir(dir.path())
            .output()
            .expect("these tests need the program openssl");
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

/// The extension in place of the one of its kind, or added.
fn put(cert: &mut Cert, kind: &str, critical: bool, value: &[u8]) {
    drop_extension(cert, kind);
    cert.extensions
        .as_mut()
        .unwrap()
        .push(extension(kind, critical, value));
}

fn drop_extension(cert: &mut Cert, kind: &str) {
    cert.extensions
        .as_mut()
        .unwrap()
        .retain(|found| der::Node::parse(found).children()[0].encode() != der::oid(kind));
}

fn purposes(cert: &mut Cert, purposes: &[&str]) {
    let list: Vec<Vec<u8>> = purposes.iter().map(|purpose| der::oid(purpose)).collect();
    put(
        cert,
        EXTENDED_KEY_USAGE,
        false,
        &der::tlv(der::SEQUENCE, &list.concat()),
    );
}

fn usage(cert: &mut Cert, bits: u8) {
    put(
        cert,
        KEY_USAGE,
        true,
        &der::tlv(der::BIT_STRING, &[bits.trailing_zeros() as u8, bits]),
    );
}

fn constraints(pair: &mut Pair, critical: bool, permitted: &[Vec<u8>], excluded: &[Vec<u8>]) {
    let subtrees = |tag, bases: &[Vec<u8>]| {
        let bases: Vec<Vec<u8>> = bases.iter().map(|base| der::seq(&[base])).collect();
        if bases.is_empty() {
            Vec::new()
        } else {
            der::tlv(tag, &bases.concat())
        }
    };
    put(
        &mut pair.anchor,
        NAME_CONSTRAINTS,
        critical,
        &der::seq(&[&subtrees(0xa0, permitted), &subtrees(0xa1, excluded)]),
    );
}

fn directory(name: &[u8]) -> Vec<u8> {
    der::tlv(0xa4, name)
}

/// The first RDN of the HSM's name, in other letters.
fn hardware_in_small_letters() -> Vec<u8> {
    let rdn: Vec<(&str, String)> = FIRST_RDN
        .iter()
        .map(|(kind, text)| (*kind, text.to_lowercase()))
        .collect();
    let rdn: Vec<(&str, &str)> = rdn
        .iter()
        .map(|(kind, text)| (*kind, text.as_str()))
        .collect();
    name(&[&rdn])
}

fn authority(issuer: &[u8], serial: &[u8]) -> Vec<u8> {
    der::seq(&[&der::tlv(0xa1, &directory(issuer)), &der::tlv(0x82, serial)])
}

/// A change of the pair, the rules that fail then, those that note it, and what OpenSSL says.
type Case = (
    &'static str,
    fn(&mut Pair),
    &'static [&'static str],
    &'static [&'static str],
    Takes,
);

#[derive(Clone, Copy, PartialEq)]
enum Takes {
    Yes,
    No,
    /// OpenSSL does not look at it.
    Unasked,
}

const CASES: &[Case] = &[
    ("nothing", |_| {}, &[], &[], Takes::Yes),
    (
        "a certificate of version 1, as OpenSSL 1.x makes it",
        |pair| {
            pair.leaf.version = Vec::new();
            pair.leaf.extensions = None;
        },
        &[],
        &[],
        Takes::Yes,
    ),
    (
        "AWS Private CA's EndEntityCertificate/V1",
        |pair| purposes(&mut pair.leaf, &[SERVER_AUTH, CLIENT_AUTH]),
        &[],
        &[],
        Takes::Yes,
    ),
    // The signed certificate is no CA's.
    (
        "a leaf with CA:TRUE",
        |pair| {
            put(
                &mut pair.leaf,
                BASIC_CONSTRAINTS,
                true,
                &der::seq(&[&der::boolean(true)]),
            )
        },
        &["check.signed-cert.not-ca"],
        &[],
        Takes::Unasked,
    ),
    (
        "a leaf with a path length",
        |pair| {
            put(
                &mut pair.leaf,
                BASIC_CONSTRAINTS,
                true,
                &der::seq(&[&der::int(&[0])]),
            )
        },
        &["check.signed-cert.not-ca"],
        &[],
        Takes::Unasked,
    ),
    (
        "a leaf with keyCertSign",
        |pair| usage(&mut pair.leaf, 0xa4),
        &["check.signed-cert.not-ca"],
        &[],
        Takes::Unasked,
    ),
    // keyUsage.
    (
        "a leaf with nonRepudiation alone",
        |pair| usage(&mut pair.leaf, 0x40),
        &["check.signed-cert.key-usage"],
        &[],
        Takes::No,
    ),
    (
        "a leaf with keyEncipherment alone",
        |pair| usage(&mut pair.leaf, 0x20),
        &[],
        &["check.signed-cert.key-usage"],
        Takes::Yes,
    ),
    (
        "a leaf with digitalSignature alone",
        |pair| usage(&mut pair.leaf, 0x80),
        &[],
        &[],
        Takes::Yes,
    ),
    (
        "a leaf without keyUsage",
        |pair| drop_extension(&mut pair.leaf, KEY_USAGE),
        &[],
        &[],
        Takes::Yes,
    ),
    // Purposes.
    (
        "a leaf for clients",
        |pair| purposes(&mut pair.leaf, &[CLIENT_AUTH]),
        &["check.signed-cert.extended-key-usage"],
        &[],
        Takes::No,
    ),
    (
        "a leaf for any purpose",
        |pair| purposes(&mut pair.leaf, &["2.5.29.37.0"]),
        &[],
        &["check.signed-cert.extended-key-usage"],
        Takes::No,
    ),
    (
        "an anchor for clients",
        |pair| purposes(&mut pair.anchor, &[CLIENT_AUTH]),
        &["check.trust-anchor.extended-key-usage"],
        &[],
        Takes::No,
    ),
    (
        "an anchor for any purpose",
        |pair| purposes(&mut pair.anchor, &["2.5.29.37.0"]),
        &[],
        &["check.trust-anchor.extended-key-usage"],
        Takes::No,
    ),
    (
        "an anchor for servers",
        |pair| purposes(&mut pair.anchor, &[CLIENT_AUTH, SERVER_AUTH]),
        &[],
        &[],
        Takes::Yes,
    ),
    // Critical extensions.
    (
        "an unknown critical extension of the leaf",
        |pair| put(&mut pair.leaf, "1.3.6.1.4.1.99999.1", true, &der::null()),
        &["check.signed-cert.extensions"],
        &[],
        Takes::No,
    ),
    (
        "an unknown critical extension of the anchor",
        |pair| put(&mut pair.anchor, "1.3.6.1.4.1.99999.1", true, &der::null()),
        &["check.trust-anchor.extensions"],
        &[],
        Takes::No,
    ),
    (
        "a critical subject key identifier of the anchor",
        |pair| {
            let id = der::octets(&key_id(&keys::P256.spki()));
            put(&mut pair.anchor, SUBJECT_KEY_ID, true, &id);
        },
        &["check.trust-anchor.extensions"],
        &[],
        Takes::No,
    ),
    (
        "critical policies of the leaf",
        |pair| {
            put(
                &mut pair.leaf,
                "2.5.29.32",
                true,
                &der::seq(&[&der::seq(&[&der::oid("1.3.6.1.4.1.99999.1")])]),
            );
        },
        &[],
        &["check.signed-cert.extensions"],
        Takes::Yes,
    ),
    (
        "critical policy constraints of the anchor",
        |pair| {
            put(
                &mut pair.anchor,
                "2.5.29.36",
                true,
                &der::seq(&[&[0x80, 1, 0]]),
            );
        },
        &[],
        &["check.trust-anchor.extensions"],
        Takes::Yes,
    ),
    (
        "an unknown extension that is not critical",
        |pair| put(&mut pair.anchor, "1.3.6.1.4.1.99999.1", false, &der::null()),
        &[],
        &[],
        Takes::Yes,
    ),
    (
        "one that is no DER",
        |pair| put(&mut pair.leaf, "1.3.6.1.4.1.99999.1", false, b"\xff\x01"),
        &[],
        &["check.pem.signed-cert"],
        Takes::Yes,
    ),
    // A CA that does not say it is one.
    (
        "an anchor of version 3 without extensions",
        |pair| pair.anchor.extensions = None,
        &["check.trust-anchor.extensions"],
        &[],
        Takes::No,
    ),
    (
        "an anchor of version 2 without extensions",
        |pair| (pair.anchor.version, pair.anchor.extensions) = (vec![0xa0, 3, 2, 1, 1], None),
        &["check.trust-anchor.extensions"],
        &[],
        Takes::No,
    ),
    (
        "an anchor of version 1",
        |pair| (pair.anchor.version, pair.anchor.extensions) = (Vec::new(), None),
        &[],
        &[],
        Takes::Yes,
    ),
    (
        "a leaf of version 3 without extensions",
        |pair| pair.leaf.extensions = None,
        &[],
        &[],
        Takes::Yes,
    ),
    (
        "a leaf of version 2 without extensions",
        |pair| (pair.leaf.version, pair.leaf.extensions) = (vec![0xa0, 3, 2, 1, 1], None),
        &[],
        &[],
        Takes::Yes,
    ),
    // Key identifiers.
    (
        "another authority key identifier of the leaf",
        |pair| {
            put(
                &mut pair.leaf,
                AUTHORITY_KEY_ID,
                false,
                &der::seq(&[&der::tlv(0x80, &[7; 20])]),
            );
        },
        &["check.key-identifiers"],
        &[],
        Takes::No,
    ),
    (
        "another serial number of the authority",
        |pair| {
            let name = pair.anchor.subject.clone();
            put(
                &mut pair.leaf,
                AUTHORITY_KEY_ID,
                false,
                &authority(&name, &[8]),
            );
        },
        &["check.key-identifiers"],
        &[],
        Takes::No,
    ),
    (
        "another issuer of the authority",
        |pair| {
            put(
                &mut pair.leaf,
                AUTHORITY_KEY_ID,
                false,
                &authority(&card_name(), &[7; 20]),
            );
        },
        &["check.key-identifiers"],
        &[],
        Takes::No,
    ),
    (
        "the authority's own issuer and serial number",
        |pair| {
            let name = pair.anchor.subject.clone();
            put(
                &mut pair.leaf,
                AUTHORITY_KEY_ID,
                false,
                &authority(&name, &[7; 20]),
            );
        },
        &[],
        &[],
        Takes::Yes,
    ),
    (
        "another authority key identifier of the anchor",
        |pair| {
            put(
                &mut pair.anchor,
                AUTHORITY_KEY_ID,
                false,
                &der::seq(&[&der::tlv(0x80, &[7; 20])]),
            );
        },
        &["check.trust-anchor.key-identifiers"],
        &[],
        Takes::No,
    ),
    (
        "an anchor without identifiers, and a leaf that has one",
        |pair| drop_extension(&mut pair.anchor, SUBJECT_KEY_ID),
        &[],
        &[],
        Takes::Yes,
    ),
    // Name constraints.
    (
        "permitted names that are others'",
        |pair| {
            constraints(pair, true, &[directory(&name(&[&[(COUNTRY, "DE")]]))], &[]);
        },
        &["check.trust-anchor.name-constraints"],
        &[],
        Takes::No,
    ),
    (
        "the same, not critical",
        |pair| {
            constraints(pair, false, &[directory(&name(&[&[(COUNTRY, "DE")]]))], &[]);
        },
        &["check.trust-anchor.name-constraints"],
        &[],
        Takes::No,
    ),
    (
        "excluded names that are the HSM's",
        |pair| {
            constraints(pair, true, &[], &[directory(&hardware_in_small_letters())]);
        },
        &["check.trust-anchor.name-constraints"],
        &[],
        Takes::No,
    ),
    (
        "permitted names that are the HSM's",
        |pair| {
            constraints(
                pair,
                true,
                &[
                    directory(&name(&[&[(COUNTRY, "DE")]])),
                    directory(&hardware_in_small_letters()),
                ],
                &[],
            );
        },
        &[],
        &[],
        Takes::Yes,
    ),
    (
        "constraints of a form that the HSM's name has not",
        |pair| constraints(pair, true, &[der::tlv(0x82, b"example.com")], &[]),
        &[],
        &[],
        Takes::Yes,
    ),
    (
        "an alternative name that is not permitted",
        |pair| {
            constraints(pair, true, &[der::tlv(0x82, b"example.com")], &[]);
            put(
                &mut pair.leaf,
                SUBJECT_ALT_NAME,
                false,
                &der::seq(&[&der::tlv(0x82, b"hsm.example.net")]),
            );
        },
        &["check.trust-anchor.name-constraints"],
        &[],
        Takes::No,
    ),
    (
        "an alternative name that is permitted",
        |pair| {
            constraints(
                pair,
                true,
                &[der::tlv(0x82, b"example.com")],
                &[der::tlv(0x87, &[10, 0, 0, 0, 255, 0, 0, 0])],
            );
            put(
                &mut pair.leaf,
                SUBJECT_ALT_NAME,
                false,
                &der::seq(&[
                    &der::tlv(0x82, b"HSM.Example.com"),
                    &der::tlv(0x87, &[11, 0, 0, 1]),
                ]),
            );
        },
        &[],
        &[],
        Takes::Yes,
    ),
    (
        "an alternative address that is excluded",
        |pair| {
            constraints(
                pair,
                true,
                &[],
                &[der::tlv(0x87, &[10, 0, 0, 0, 255, 0, 0, 0])],
            );
            put(
                &mut pair.leaf,
                SUBJECT_ALT_NAME,
                false,
                &der::seq(&[&der::tlv(0x87, &[10, 0, 0, 1])]),
            );
        },
        &["check.trust-anchor.name-constraints"],
        &[],
        Takes::No,
    ),
    // Form.
    (
        "a leaf that outlives the anchor",
        |pair| pair.leaf.validity = validity("200101000000Z", "410101000000Z"),
        &[],
        &["check.validity.within-trust-anchor"],
        Takes::Yes,
    ),
    (
        "a serial number of 21 octets",
        |pair| pair.leaf.serial = der::int(&[7; 21]),
        &["check.form.signed-cert"],
        &[],
        Takes::Unasked,
    ),
    (
        "a serial number of 100 octets",
        |pair| pair.anchor.serial = der::int(&[7; 100]),
        &["check.form.trust-anchor"],
        &[],
        Takes::Unasked,
    ),
    (
        "a negative serial number",
        |pair| pair.leaf.serial = vec![2, 1, 0x80],
        &[],
        &["check.form.signed-cert"],
        Takes::Unasked,
    ),
    (
        "a serial number of zero",
        |pair| pair.anchor.serial = der::int(&[0]),
        &[],
        &["check.form.trust-anchor"],
        Takes::Yes,
    ),
    (
        "a GeneralizedTime before 2050",
        |pair| {
            let time = |text: &str| der::tlv(der::GENERALIZED_TIME, text.as_bytes());
            pair.anchor.validity = der::seq(&[
                &der::tlv(der::UTC_TIME, b"200101000000Z"),
                &time("20450101000000Z"),
            ]);
        },
        &[],
        &["check.form.trust-anchor"],
        Takes::Yes,
    ),
];

fn ids(record: &Record, status: Status) -> BTreeSet<&'static str> {
    record
        .checks
        .iter()
        .filter(|finding| finding.status == status)
        .map(|finding| finding.id.as_str())
        .collect()
}

#[test]
fn what_clients_would_refuse_is_said_before_a_claim() {
    for (what, change, fails, notes, takes) in CASES {
        let mut pair = Pair::good();
        change(&mut pair);
        let record = pair.record();
        assert_eq!(
            ids(&record, Status::Fail),
            fails.iter().copied().collect(),
            "{what}"
        );
        assert_eq!(
            ids(&record, Status::Note),
            notes.iter().copied().collect(),
            "{what}"
        );
        assert!(ids(&record, Status::Skipped).is_empty(), "{what}");
        // Whatever OpenSSL refuses fails here, or is a note at least; and what passes without a
        // word OpenSSL takes.
        let openssl = pair.openssl();
        match takes {
            Takes::Yes => assert_eq!(openssl, Ok(()), "{what}"),
            Takes::No => assert!(
                openssl.is_err() && !(fails.is_empty() && notes.is_empty()),
                "{what}"
            ),
            Takes::Unasked => {}
        }
        // 5 for the trust anchor, 3 for the pair.
        let code = match fails {
            [] => None,
            [id] if id.contains("trust-anchor") => Some(5),
            _ => Some(3),
        };
        assert_eq!(
            record.error().map(|error| error.exit_code()),
            code,
            "{what}"
        );
    }
}

/// Every rule of this page is seen failing, or seen as the note that it is.
#[test]
fn every_rule_is_seen() {
    let clients = [
        Rule::NotCa,
        Rule::SignedCertKeyUsage,
        Rule::SignedCertExtendedKeyUsage,
        Rule::SignedCertExtensions,
        Rule::KeyIdentifiers,
        Rule::FormSignedCert,
        Rule::TrustAnchorExtendedKeyUsage,
        Rule::TrustAnchorExtensions,
        Rule::TrustAnchorKeyIdentifiers,
        Rule::NameConstraints,
        Rule::FormTrustAnchor,
    ];
    let seen: BTreeSet<&str> = CASES
        .iter()
        .flat_map(|case| case.2.iter().copied())
        .collect();
    assert_eq!(seen, clients.iter().map(|rule| rule.as_str()).collect());
    assert!(Rule::that_can_fail().all(|rule| rule != Rule::ValidityWithinTrustAnchor));
}

/// What is noted reaches whoever sends the pair.
#[test]
fn notes_stay_with_the_pair() {
    let mut pair = Pair::good();
    pair.leaf.validity = validity("200101000000Z", "410101000000Z");
    let csr = pem("CERTIFICATE REQUEST", &Chain::good().csr.der());
    let [leaf, anchor] = [&pair.leaf, &pair.anchor].map(|cert| pem("CERTIFICATE", &cert.der()));
    let noted = check(&csr, &leaf, &anchor, AT.parse().unwrap())
        .into_pair()
        .unwrap();
    let notes: Vec<&str> = noted.notes().iter().map(|note| note.id.as_str()).collect();
    assert_eq!(notes, ["check.validity.within-trust-anchor"]);
    assert!(
        noted.notes()[0].detail.contains("2041-01-01")
            && noted.notes()[0].detail.contains("2040-01-01"),
        "{:?}",
        noted.notes()
    );
}

/// Parameters that are not as the RFCs have them: in the CSR, where nothing signs them, and in the
/// certificates.
#[test]
fn a_signature_algorithm_without_its_null_is_refused() {
    let bare = der::seq(&[&der::oid("1.2.840.113549.1.1.11")]);
    let fit = |csr: &forge::cert::Request, pair: &Pair| {
        let [leaf, anchor] = [&pair.leaf, &pair.anchor].map(|cert| pem("CERTIFICATE", &cert.der()));
        let record = check(
            &pem("CERTIFICATE REQUEST", &csr.der()),
            &leaf,
            &anchor,
            AT.parse().unwrap(),
        )
        .record;
        ids(&record, Status::Fail)
    };
    let mut csr = Chain::good().csr;
    csr.outer = Some(bare.clone());
    assert_eq!(
        fit(&csr, &Pair::good()),
        BTreeSet::from(["check.algorithm.csr"])
    );
    // Signed by an RSA key, well, under an algorithm without its NULL inside and out.
    let mut pair = Pair::good();
    pair.anchor.spki = keys::STRANGER.spki();
    pair.anchor.extensions = Some(vec![basic_constraints(true, true)]);
    drop_extension(&mut pair.leaf, AUTHORITY_KEY_ID);
    for cert in [&mut pair.anchor, &mut pair.leaf] {
        cert.signer = Signer::Pkcs1(&keys::STRANGER, Hash::Sha256);
    }
    assert_eq!(fit(&Chain::good().csr, &pair), BTreeSet::new());
    pair.leaf.inner = Some(bare.clone());
    pair.leaf.outer = Some(bare);
    assert_eq!(
        fit(&Chain::good().csr, &pair),
        BTreeSet::from(["check.algorithm.signed-cert"])
    );
}

/// A size of RSA key that CloudHSM's guide does not list is noted.
#[test]
fn an_rsa_key_of_an_unusual_size_is_noted() {
    let mut pair = Pair::good();
    pair.anchor.spki = keys::RSA_8192.spki();
    pair.anchor.extensions = Some(vec![basic_constraints(true, true)]);
    drop_extension(&mut pair.leaf, AUTHORITY_KEY_ID);
    for cert in [&mut pair.anchor, &mut pair.leaf] {
        cert.signer = Signer::Pkcs1(&keys::RSA_8192, Hash::Sha256);
    }
    let record = pair.record();
    assert_eq!(
        (ids(&record, Status::Fail), ids(&record, Status::Note)),
        (
            BTreeSet::new(),
            BTreeSet::from(["check.algorithm.trust-anchor"])
        )
    );
}

/// What CloudHSM's guide lists and this program does not take, CloudHSM is not said to refuse:
/// whose refusal it is, is said.
#[test]
fn what_is_listed_by_cloudhsm_is_said_to_be_declined_by_this_program() {
    let sha_224 = |oid: &str| {
        Signer::Given(
            der::seq(&[&der::oid(oid)]),
            keys::P256.sign(Hash::Sha256, b"anything"),
        )
    };
    let two_hashes = || Signer::PssAs(&keys::STRANGER, Hash::Sha256, Hash::Sha384, 32);
    let cases: [(&str, Signer, Vec<u8>); 4] = [
        (
            "ECDSA with SHA-224",
            sha_224("1.2.840.10045.4.3.1"),
            keys::P256.spki(),
        ),
        (
            "RSA with SHA-224",
            sha_224("1.2.840.113549.1.1.14"),
            keys::P256.spki(),
        ),
        ("PSS with two hashes", two_hashes(), keys::STRANGER.spki()),
        (
            "a compressed point",
            Signer::Ecdsa(&keys::P256, Hash::Sha256),
            keys::P256.spki_compressed(),
        ),
    ];
    for (what, signer, spki) in cases {
        let mut pair = Pair::good();
        pair.anchor.signer = signer.clone();
        pair.anchor.spki.clone_from(&spki);
        if spki == keys::STRANGER.spki() {
            pair.leaf.signer = Signer::Pkcs1(&keys::STRANGER, Hash::Sha256);
            drop_extension(&mut pair.leaf, AUTHORITY_KEY_ID);
        }
        let record = pair.record();
        assert_eq!(
            ids(&record, Status::Fail),
            BTreeSet::from(["check.algorithm.trust-anchor"]),
            "{what}"
        );
        let error = record.error().unwrap();
        assert!(
            error.exit_code() == 5
                && error
                    .message
                    .to_string()
                    .starts_with("hsmboot declines the trust anchor"),
            "{what}: {}",
            error.message
        );
        assert!(
            !error.message.to_string().contains("CloudHSM would refuse"),
            "{what}: {}",
            error.message
        );
        if spki == keys::P256.spki() {
            let mut pair = Pair::good();
            pair.leaf.signer = signer;
            let error = pair.record().error().unwrap();
            assert!(
                error.exit_code() == 3
                    && error
                        .message
                        .to_string()
                        .starts_with("hsmboot declines the signed certificate"),
                "{what}: {}",
                error.message
            );
            assert!(
                error
                    .message
                    .to_string()
                    .contains("but hsmboot declines it"),
                "{}",
                error.message
            );
        }
    }
    // What is on nobody's list is CloudHSM's refusal.
    for signer in [
        Signer::Ecdsa(&keys::P256, Hash::Sha1),
        Signer::Ed25519,
        Signer::PssAs(&keys::STRANGER, Hash::Sha1, Hash::Sha256, 32),
    ] {
        let mut pair = Pair::good();
        pair.anchor.signer = signer;
        let error = pair.record().error().unwrap();
        assert!(
            error
                .message
                .to_string()
                .starts_with("CloudHSM would refuse the trust anchor"),
            "{}",
            error.message
        );
    }
}

/// Every type that a value of a name may have, in the trust anchor's name and so in what it signs:
/// what OpenSSL cannot read is refused before a claim, and what passes OpenSSL reads and verifies.
#[test]
fn names_that_clients_cannot_read_are_refused() {
    let text = b"Own";
    let mut values: Vec<(u8, Vec<u8>)> = (1..=30)
        .filter(|tag| *tag != 16 && *tag != 17)
        .map(|tag| (tag, text.to_vec()))
        .collect();
    let mut put = |tag: u8, content: &[u8]| {
        values.retain(|(found, content)| *found != tag || content != text);
        values.push((tag, content.to_vec()));
    };
    for (tag, content) in [
        (1, &b"\xff"[..]),
        (2, &[1]),
        (3, &[0, 1]),
        (5, &[]),
        (6, &[42, 3]),
        (10, &[1]),
        (18, b"12 3"),
    ] {
        put(tag, content);
    }
    for (tag, content) in [
        (23, &b"200101000000Z"[..]),
        (24, b"20200101000000Z"),
        (28, &[0, 0, 0, b'O']),
        (30, &[0, b'O']),
    ] {
        put(tag, content);
    }
    // An emoji in two halves, a half alone, a number past the last character.
    for (tag, content) in [
        (30, &[0xd8, 0x3d, 0xde, 0][..]),
        (30, &[0xd8, 0x3d]),
        (28, &[0, 0, 0xd8, 0]),
        (28, &[0, 0x11, 0, 0]),
    ] {
        put(tag, content);
    }
    put(12, "Öwner 😀".as_bytes());
    put(20, b"\xd6wner");
    let mut read = BTreeSet::new();
    for (tag, content) in values {
        let name = der::seq(&[&der::set_of(&[attribute_as(ORGANIZATION, tag, &content)])]);
        let mut pair = Pair::good();
        for part in [
            &mut pair.anchor.issuer,
            &mut pair.anchor.subject,
            &mut pair.leaf.issuer,
        ] {
            part.clone_from(&name);
        }
        let record = pair.record();
        let what = format!("tag {tag}: {content:02x?}");
        match record.error() {
            None => {
                assert_eq!(pair.openssl(), Ok(()), "{what}");
                read.insert(tag);
            }
            Some(error) if error.exit_code() == 4 => {
                assert!(
                    [0, 7, 8, 9, 11, 13, 14, 15, 29].contains(&tag) || tag == 4,
                    "{what}: {}",
                    error.message
                )
            }
            Some(error) => {
                assert_eq!(
                    ids(&record, Status::Fail),
                    BTreeSet::from(["check.form.signed-cert", "check.form.trust-anchor"]),
                    "{what}"
                );
                assert!(
                    error.message.to_string().contains("clients would refuse"),
                    "{what}: {}",
                    error.message
                );
                // The rest is nothing that a name holds.
                assert!(
                    pair.openssl().is_err() || [7, 8, 9, 10, 11, 13].contains(&tag),
                    "{what}"
                );
            }
        }
    }
    assert_eq!(read, BTreeSet::from([3, 12, 18, 19, 20, 22, 28, 30]));
}

/// The same of the names within extensions, which OpenSSL reads as well.
#[test]
fn names_in_extensions_that_clients_cannot_read_are_refused() {
    let odd = der::seq(&[&der::set_of(&[attribute_as(ORGANIZATION, 26, b"Own")])]);
    let mut pair = Pair::good();
    put(
        &mut pair.leaf,
        SUBJECT_ALT_NAME,
        false,
        &der::seq(&[&directory(&odd)]),
    );
    assert_eq!(
        (ids(&pair.record(), Status::Fail), pair.openssl().is_err()),
        (BTreeSet::from(["check.form.signed-cert"]), true)
    );
    let mut pair = Pair::good();
    constraints(&mut pair, true, &[], &[directory(&odd)]);
    assert_eq!(
        (ids(&pair.record(), Status::Fail), pair.openssl().is_err()),
        (BTreeSet::from(["check.form.trust-anchor"]), true)
    );
}

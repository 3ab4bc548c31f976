//! Chains as trust anchor: what InitializeCluster documents of them, each fault with its own
//! sentence, and `openssl verify -purpose sslserver` as a second opinion of what is taken.
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
use forge::chain::{AT, Chain, FIRST_RDN, partition_name};
use forge::der;
use forge::keys::{self, Hash};
use forge::pem::pem;
use hsmboot::check::{self, Record, check};
use hsmboot::verify::Status;

const NAME_CONSTRAINTS: &str = "2.5.29.30";

/// A signed certificate, and the CAs above it, the one that signed it first.
#[derive(Clone)]
struct Set {
    leaf: Cert,
    cas: Vec<Cert>,
}

fn ca_name(common: &str) -> Vec<u8> {
    name(&[
        &[(COUNTRY, "DE")],
        &[(ORGANIZATION, "Owner")],
        &[(COMMON_NAME, common)],
    ])
}

const NAMES: [&str; 3] = ["Signing CA", "Policy CA", "Root CA"];

fn spkis() -> [Vec<u8>; 3] {
    [keys::P256.spki(), keys::P384.spki(), keys::AWS_ROOT.spki()]
}

fn signers() -> [Signer; 3] {
    [
        Signer::Ecdsa(&keys::P256, Hash::Sha256),
        Signer::Ecdsa(&keys::P384, Hash::Sha384),
        Signer::Pkcs1(&keys::AWS_ROOT, Hash::Sha256),
    ]
}

fn constraints_of(path_len: Option<u8>) -> Vec<u8> {
    let length = path_len
        .map(|length| der::int(&[length]))
        .unwrap_or_default();
    extension(
        BASIC_CONSTRAINTS,
        true,
        &der::seq(&[&der::boolean(true), &length]),
    )
}

fn certificate(subject: Vec<u8>, spki: Vec<u8>, issuer: usize, extensions: Vec<Vec<u8>>) -> Cert {
    Cert {
        version: V3.to_vec(),
        serial: der::int(&[7; 20]),
        inner: None,
        outer: None,
        issuer: ca_name(NAMES[issuer]),
        validity: validity("200101000000Z", "400101000000Z"),
        subject,
        spki,
        extensions: Some(extensions),
        unique_ids: Vec::new(),
        tail: Vec::new(),
        signer: signers()[issuer].clone(),
    }
}

/// A CA of these three by its place, as AWS's guide has them: critical CA:TRUE, critical
/// keyCertSign, cRLSign and digitalSignature, key identifiers.
fn ca(at: usize) -> Cert {
    let (spki, issuer) = (&spkis()[at], (at + 1).min(2));
    let extensions = vec![
        constraints_of(None),
        key_usage(0x86, 1),
        subject_key_id(spki),
        authority_key_id(&spkis()[issuer]),
    ];
    certificate(ca_name(NAMES[at]), spki.clone(), issuer, extensions)
}

impl Set {
    fn good() -> Set {
        let hsm = keys::HSM.spki();
        let extensions = vec![
            basic_constraints(true, false),
            key_usage(0xa0, 5),
            subject_key_id(&hsm),
            authority_key_id(&spkis()[0]),
        ];
        Set {
            leaf: certificate(partition_name(), hsm, 0, extensions),
            cas: (0..3).map(ca).collect(),
        }
    }

    fn anchor(&self) -> Vec<u8> {
        self.cas
            .iter()
            .flat_map(|cert| pem("CERTIFICATE", &cert.der()))
            .collect()
    }

    fn record(&self) -> Record {
        let csr = pem("CERTIFICATE REQUEST", &Chain::good().csr.der());
        check(
            &csr,
            &pem("CERTIFICATE", &self.leaf.der()),
            &self.anchor(),
            AT.parse().unwrap(),
        )
        .record
    }

    /// What OpenSSL says of the signed certificate as a TLS server's, under the chain.
    fn openssl(&self) -> Result<(), String> {
        let dir = tempfile::tempdir().unwrap();
        fs::write(
            dir.path().join("leaf"),
            pem("CERTIFICATE", &self.leaf.der()),
        )
        .unwrap();
        fs::write(dir.path().join("chain"), self.anchor()).unwrap();
        // 2026-06-01, as AT.
        let args = [
            "verify",
            "-purpose",
            "sslserver",
            "-attime",
            "1780272000",
            "-CAfile",
            "chain",
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

fn put(cert: &mut Cert, kind: &str, value: Vec<u8>) {
    let list = cert.extensions.as_mut().unwrap();
    list.retain(|found| der::Node::parse(found).children()[0].encode() != der::oid(kind));
    list.push(value);
}

fn within(set: &mut Set, at: usize, permitted: &[u8]) {
    let value = der::seq(&[&der::tlv(0xa0, &der::seq(&[permitted]))]);
    put(
        &mut set.cas[at],
        NAME_CONSTRAINTS,
        extension(NAME_CONSTRAINTS, true, &value),
    );
}

fn failed(record: &Record) -> BTreeSet<&str> {
    record.failed().map(|finding| finding.id.as_str()).collect()
}

/// What is taken, and OpenSSL takes as well.
#[test]
fn chains_of_one_to_four_are_fit_and_openssl_takes_them() {
    type Good = (&'static str, fn(&mut Set));
    let good: [Good; 7] = [
        ("three", |_| {}),
        ("two", |set| {
            set.cas[0] = Cert {
                issuer: ca_name(NAMES[2]),
                signer: signers()[2].clone(),
                ..ca(0)
            };
            put(
                &mut set.cas[0],
                AUTHORITY_KEY_ID,
                authority_key_id(&spkis()[2]),
            );
            set.cas.remove(1);
        }),
        ("path lengths to the number", |set| {
            for (at, cert) in set.cas.iter_mut().enumerate() {
                put(cert, BASIC_CONSTRAINTS, constraints_of(Some(at as u8)));
            }
        }),
        ("no keyUsage", |set| {
            set.cas
                .iter_mut()
                .for_each(|cert| cert.extensions.as_mut().unwrap().truncate(1))
        }),
        ("name constraints with room for all", |set| {
            let rdn: Vec<(&str, &str)> = FIRST_RDN.to_vec();
            within(set, 0, &der::tlv(0xa4, &name(&[&rdn])));
        }),
        ("the root alone is of another algorithm", |set| {
            set.cas[2].signer = Signer::Pss(&keys::AWS_ROOT, Hash::Sha256);
        }),
        ("four", |set| {
            // The policy CA under one more, of the key of a stranger.
            let spki = keys::STRANGER.spki();
            let more = vec![
                constraints_of(None),
                key_usage(0x86, 1),
                subject_key_id(&spki),
                authority_key_id(&spkis()[2]),
            ];
            let fourth = certificate(ca_name("Fourth CA"), spki.clone(), 2, more);
            set.cas[1].issuer = ca_name("Fourth CA");
            set.cas[1].signer = Signer::Pkcs1(&keys::STRANGER, Hash::Sha256);
            put(&mut set.cas[1], AUTHORITY_KEY_ID, authority_key_id(&spki));
            set.cas.insert(2, fourth);
        }),
    ];
    for (what, change) in good {
        let mut set = Set::good();
        change(&mut set);
        let record = set.record();
        assert!(
            record.error().is_none(),
            "{what}: {}",
            record.error().unwrap().message
        );
        set.openssl()
            .unwrap_or_else(|error| panic!("{what}: {error}"));
    }
}

/// A fault: the checks that fail, the exit code, and what the sentence says.
type Fault = (
    &'static str,
    fn(&mut Set),
    &'static [&'static str],
    u8,
    &'static [&'static str],
);

const ORDER: &str = "check.trust-anchor.chain-order";
const SIGNATURES: &str = "check.trust-anchor.chain-signatures";
const PATH: &str = "check.trust-anchor.path-length";
const ISSUED: &str = "check.trust-anchor.self-issued";
const SIGNED: &str = "check.trust-anchor.self-signed";

const FAULTS: &[Fault] = &[
    (
        "the root first",
        |set| set.cas.reverse(),
        &[ORDER],
        5,
        &["wrong order", "here that is 3, 2, 1"],
    ),
    (
        "two exchanged",
        |set| set.cas.swap(1, 2),
        &[ORDER],
        5,
        &["wrong order: the CA that signs comes first, the root last; here that is 1, 3, 2"],
    ),
    (
        "a link is missing",
        |set| drop(set.cas.remove(1)),
        &[ORDER],
        5,
        &[
            "certificate 1 of the chain was issued by C=DE, O=Owner, CN=Policy CA",
            "the certificate of C=DE, O=Owner, CN=Policy CA is missing between them",
        ],
    ),
    (
        "the root is missing",
        |set| drop(set.cas.pop()),
        &[ISSUED],
        5,
        &[
            "the chain's last certificate, C=DE, O=Owner, CN=Policy CA, is issued by C=DE, \
             O=Owner, CN=Root CA",
            "the root, C=DE, O=Owner, CN=Root CA, is missing",
        ],
    ),
    (
        "a second root",
        |set| {
            let stranger = Cert {
                issuer: ca_name("Another root"),
                subject: ca_name("Another root"),
                spki: keys::STRANGER.spki(),
                signer: Signer::Pkcs1(&keys::STRANGER, Hash::Sha256),
                extensions: Some(vec![constraints_of(None), key_usage(0x86, 1)]),
                ..ca(2)
            };
            set.cas.push(stranger);
        },
        &[ORDER],
        5,
        &[
            "certificate 3 of the chain and certificate 4 of the chain are each issued by \
             themselves",
            "a chain has one root, its last certificate",
        ],
    ),
    (
        "an intermediate that is issued by its own name, under another key",
        |set| {
            let renewed = Cert {
                issuer: ca_name(NAMES[2]),
                spki: keys::STRANGER.spki(),
                extensions: Some(vec![constraints_of(None), key_usage(0x86, 1)]),
                ..ca(2)
            };
            set.cas[1].signer = Signer::Pkcs1(&keys::STRANGER, Hash::Sha256);
            put(
                &mut set.cas[1],
                AUTHORITY_KEY_ID,
                authority_key_id(&keys::STRANGER.spki()),
            );
            set.cas.insert(2, renewed);
        },
        &[ORDER],
        5,
        &["are each issued by themselves"],
    ),
    (
        "a path length that is too short",
        |set| put(&mut set.cas[2], BASIC_CONSTRAINTS, constraints_of(Some(1))),
        &[PATH],
        5,
        &["certificate 3 of the chain allows 1 CAs below it (pathLen), and there are 2"],
    ),
    (
        "a path length of none at the policy CA",
        |set| put(&mut set.cas[1], BASIC_CONSTRAINTS, constraints_of(Some(0))),
        &[PATH],
        5,
        &["certificate 2 of the chain allows 0 CAs below it (pathLen), and there are 1"],
    ),
    (
        "an expired intermediate",
        |set| set.cas[1].validity = validity("200101000000Z", "260531000000Z"),
        &["check.validity.trust-anchor"],
        5,
        &[
            "this is about time",
            "certificate 2 of the chain was valid until 2026-05-31T00:00:00Z, which is before \
             2026-06-01T00:00:00Z",
        ],
    ),
    (
        "a root that is not valid yet",
        |set| set.cas[2].validity = validity("260602000000Z", "400101000000Z"),
        &["check.validity.trust-anchor"],
        5,
        &[
            "this is about time",
            "certificate 3 of the chain is valid from 2026-06-02T00:00:00Z, which is after",
        ],
    ),
    (
        "an intermediate that is no CA",
        |set| {
            put(
                &mut set.cas[1],
                BASIC_CONSTRAINTS,
                basic_constraints(true, false),
            )
        },
        &["check.trust-anchor.basic-constraints"],
        5,
        &["certificate 2 of the chain has basicConstraints CA:FALSE, expected CA:TRUE"],
    ),
    (
        "an intermediate of version 1",
        |set| {
            set.cas[1].version = Vec::new();
            set.cas[1].extensions = None;
        },
        &["check.trust-anchor.basic-constraints"],
        5,
        &[
            "certificate 2 of the chain (version 1) has no basicConstraints, expected CA:TRUE in \
             each certificate of a chain",
        ],
    ),
    (
        "an intermediate that may not sign certificates",
        |set| put(&mut set.cas[1], KEY_USAGE, key_usage(0x82, 1)),
        &["check.trust-anchor.key-usage"],
        5,
        &["certificate 2 of the chain has keyUsage digitalSignature+cRLSign, expected keyCertSign"],
    ),
    (
        "a foreign certificate in the middle",
        |set| set.cas.insert(1, foreign()),
        &[ORDER],
        5,
        &[
            "certificate 2 of the chain, C=DE, O=Owner, CN=Foreign CA, neither issued another of \
             them nor was issued by one: it does not belong here",
        ],
    ),
    (
        "a foreign certificate at the end",
        |set| set.cas.push(foreign()),
        &[ORDER],
        5,
        &[
            "certificate 4 of the chain, C=DE, O=Owner, CN=Foreign CA, neither issued another of \
             them nor was issued by one",
        ],
    ),
    (
        "another CA under the same root",
        |set| {
            set.cas.insert(
                1,
                Cert {
                    subject: ca_name("Sister CA"),
                    ..ca(1)
                },
            );
        },
        &[ORDER],
        5,
        &[
            "certificate 1 of the chain was issued by C=DE, O=Owner, CN=Policy CA, which is \
             certificate 3 of the chain: what stands between them does not belong here",
        ],
    ),
    (
        "what comes after the root",
        |set| {
            set.cas.push(Cert {
                subject: ca_name("Sister CA"),
                ..ca(1)
            })
        },
        &[ORDER],
        5,
        &[
            "certificate 3 of the chain is the root, C=DE, O=Owner, CN=Root CA, with which a chain \
             ends",
            "CN=Sister CA, does not belong here",
        ],
    ),
    (
        "one twice",
        |set| set.cas.insert(1, set.cas[0].clone()),
        &[ORDER],
        5,
        &[
            "certificate 2 of the chain is certificate 1 of the chain once more: leave one of them \
             out",
        ],
    ),
    (
        "a fifth",
        |set| (0..2).for_each(|_| set.cas.insert(1, ca(1))),
        &["check.pem.trust-anchor"],
        4,
        &["5 certificates, and CloudHSM takes at most 4, the root included"],
    ),
    (
        "a name of a CA that did not sign",
        |set| set.cas[1].signer = Signer::Pkcs1(&keys::STRANGER, Hash::Sha256),
        &[SIGNATURES],
        5,
        &[
            "the key of certificate 3 of the chain did not sign certificate 2 of the chain, though \
             it has the name of its issuer",
        ],
    ),
    (
        "a root that is not signed by itself",
        |set| set.cas[2].signer = Signer::Pkcs1(&keys::STRANGER, Hash::Sha256),
        &[SIGNED],
        5,
        &["the chain's last certificate is not signed by its own key"],
    ),
    (
        "a signed certificate of the policy CA",
        |set| {
            set.leaf.issuer = ca_name(NAMES[1]);
            set.leaf.signer = signers()[1].clone();
            put(
                &mut set.leaf,
                AUTHORITY_KEY_ID,
                authority_key_id(&spkis()[1]),
            );
        },
        &["check.signature", "check.issuer", "check.key-identifiers"],
        3,
        &[
            "the key of the trust anchor's first certificate did not sign the signed certificate: \
             the key of certificate 2 of the chain did",
            "the CA that signs comes first",
        ],
    ),
    (
        "SHA-1 in the middle",
        |set| set.cas[1].signer = Signer::Pkcs1(&keys::AWS_ROOT, Hash::Sha1),
        &["check.algorithm.trust-anchor"],
        5,
        &["certificate 2 of the chain is signed with"],
    ),
    (
        "a weak key at the root",
        |set| {
            set.cas[2].spki = keys::RSA_1024.spki();
            set.cas[2].signer = Signer::Pkcs1(&keys::RSA_1024, Hash::Sha256);
            set.cas[1].signer = Signer::Pkcs1(&keys::RSA_1024, Hash::Sha256);
            for at in [1, 2] {
                put(
                    &mut set.cas[at],
                    AUTHORITY_KEY_ID,
                    authority_key_id(&keys::RSA_1024.spki()),
                );
            }
            put(
                &mut set.cas[2],
                SUBJECT_KEY_ID,
                subject_key_id(&keys::RSA_1024.spki()),
            );
        },
        &["check.algorithm.trust-anchor"],
        5,
        &["certificate 3 of the chain holds an RSA key of 1024 bits"],
    ),
    (
        "a key identifier of another issuer",
        |set| {
            put(
                &mut set.cas[0],
                AUTHORITY_KEY_ID,
                authority_key_id(&keys::STRANGER.spki()),
            )
        },
        &["check.trust-anchor.key-identifiers"],
        5,
        &[
            "certificate 1 of the chain's authority key identifier names another CA certificate \
             than certificate 2 of the chain",
        ],
    ),
    (
        "an unknown critical extension at the root",
        |set| {
            put(
                &mut set.cas[2],
                "1.3.6.1.4.1.99999.1",
                extension("1.3.6.1.4.1.99999.1", true, &der::null()),
            )
        },
        &["check.trust-anchor.extensions"],
        5,
        &[
            "the cluster's clients would refuse the trust anchor",
            "certificate 3 of the chain has critical extensions that clients do not know",
        ],
    ),
    (
        "name constraints of the root that exclude the signing CA",
        |set| within(set, 2, &der::tlv(0xa4, &name(&[&[(COUNTRY, "US")]]))),
        &["check.trust-anchor.name-constraints"],
        5,
        &[
            "the nameConstraints of certificate 3 of the chain do not allow certificate 1 of the \
             chain",
        ],
    ),
    (
        "name constraints of the policy CA that exclude the HSM",
        |set| within(set, 1, &der::tlv(0xa4, &name(&[&[(COUNTRY, "DE")]]))),
        &["check.trust-anchor.name-constraints"],
        5,
        &["the nameConstraints of certificate 2 of the chain do not allow the signed certificate"],
    ),
];

fn foreign() -> Cert {
    let spki = keys::STRANGER.spki();
    let extensions = vec![
        constraints_of(None),
        key_usage(0x86, 1),
        subject_key_id(&spki),
    ];
    Cert {
        issuer: ca_name("Foreign root"),
        ..certificate(ca_name("Foreign CA"), spki, 2, extensions)
    }
}

#[test]
fn each_fault_of_a_chain_is_refused_with_its_own_sentence() {
    let mut sentences = BTreeSet::new();
    for (what, change, expected, code, words) in FAULTS {
        let mut set = Set::good();
        change(&mut set);
        let record = set.record();
        assert_eq!(
            failed(&record),
            expected.iter().copied().collect(),
            "{what}: {:#?}",
            record.failed().collect::<Vec<_>>()
        );
        let error = record.error().unwrap();
        assert_eq!(error.exit_code(), *code, "{what}");
        for word in *words {
            assert!(
                error.message.contains(word),
                "{what}: {word:?} is not in\n{}",
                error.message
            );
        }
        assert!(!error.hint.is_empty(), "{what}");
        assert!(
            sentences.insert(error.message.clone()),
            "{what}: the sentence of another fault"
        );
    }
}

/// Before a key is opened: the chain alone, by the same rules.
#[test]
fn a_chain_is_judged_before_anything_is_signed_with_its_key() {
    let at = AT.parse().unwrap();
    let (anchor, notes) = check::trust_anchor(&Set::good().anchor(), at).unwrap();
    assert_eq!((anchor.certificate_count(), notes.len()), (3, 0));
    for (what, change, expected, _, _) in FAULTS {
        let mut set = Set::good();
        change(&mut set);
        let of_the_signed: BTreeSet<&str> =
            ["check.signature", "check.issuer", "check.key-identifiers"].into();
        let alone = expected.iter().any(|id| !of_the_signed.contains(id))
            && !what.contains("exclude the HSM");
        assert_eq!(
            check::trust_anchor(&set.anchor(), at).is_err(),
            alone,
            "{what}"
        );
    }
    // What cannot be known without the CSR is said, and forbids nothing yet.
    let mut set = Set::good();
    within(&mut set, 1, &der::tlv(0xa4, &name(&[&[(COUNTRY, "DE")]])));
    let (anchor, notes) = check::trust_anchor(&set.anchor(), at).unwrap();
    assert!(
        notes[0]
            .detail
            .contains("shows only with the cluster's CSR"),
        "{notes:?}"
    );
    let refused = check::check_name_constraints(&anchor, &partition_name(), at).unwrap_err();
    assert!(
        refused.message.contains("certificate 2 of the chain"),
        "{}",
        refused.message
    );
}

/// A chain that ends earlier than the signed certificate, at whichever CA, is told of.
#[test]
fn what_outlives_a_ca_of_its_chain_is_noted() {
    let mut set = Set::good();
    set.cas[2].validity = validity("200101000000Z", "300101000000Z");
    let record = set.record();
    let notes: Vec<&str> = record.notes().map(|finding| finding.id.as_str()).collect();
    assert_eq!(
        (record.verdict_word(), notes),
        ("fit", vec!["check.validity.within-trust-anchor"])
    );
    assert!(
        record
            .checks
            .iter()
            .any(|finding| finding.status == Status::Note
                && finding.detail.contains("2030-01-01T00:00:00Z"))
    );
}

#[test]
fn what_is_not_known_is_not_promised() {
    let mut set = Set::good();
    set.cas[2].spki = keys::RSA_8192.spki();
    set.cas[2].signer = Signer::Pkcs1(&keys::RSA_8192, Hash::Sha256);
    set.cas[1].signer = Signer::Pkcs1(&keys::RSA_8192, Hash::Sha256);
    set.cas
        .iter_mut()
        .skip(1)
        .for_each(|cert| drop(cert.extensions.as_mut().unwrap().drain(2..)));
    let (_, notes) = check::trust_anchor(&set.anchor(), AT.parse().unwrap()).unwrap();
    assert!(
        notes[0].detail.contains("RSA 8192")
            && notes[0]
                .detail
                .contains("whether CloudHSM takes it is not known"),
        "{notes:?}"
    );
}

/// 16,000 characters in all, of what is sent.
#[test]
fn a_chain_is_bounded_by_what_is_sent_of_it() {
    let mut set = Set::good();
    let padding =
        |length: usize| extension("1.3.6.1.4.1.99999.2", false, &der::octets(&vec![7; length]));
    put(&mut set.cas[1], "1.3.6.1.4.1.99999.2", padding(5000));
    assert!(
        set.record().error().is_none(),
        "one of a chain may be longer than one alone may"
    );
    let length = set.anchor().len();
    put(
        &mut set.cas[1],
        "1.3.6.1.4.1.99999.2",
        padding(5000 + (16_000 - length) * 48 / 65 - 60),
    );
    assert!(
        (15_900..=16_000).contains(&set.anchor().len()),
        "{}",
        set.anchor().len()
    );
    assert!(set.record().error().is_none());
    put(
        &mut set.cas[1],
        "1.3.6.1.4.1.99999.2",
        padding(5000 + (16_000 - length) * 48 / 65 + 60),
    );
    let error = set.record().error().unwrap();
    assert!(
        error.exit_code() == 4 && error.message.contains("CloudHSM takes at most 16000"),
        "{}",
        error.message
    );
}

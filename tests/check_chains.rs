//! Chains as trust anchor: what InitializeCluster documents of them, each fault with its own
//! sentence, and `openssl verify -purpose sslserver` as a second opinion of what is taken.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

#[path = "check_chains/faults.rs"]
mod faults;
#[allow(dead_code, unreachable_pub)]
mod forge;
#[path = "check_chains/promises.rs"]
mod promises;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use faults::FAULTS;
use forge::cert::*;
use forge::chain::{AT, Chain, FIRST_RDN, partition_name};
use forge::der;
use forge::keys::{self, Hash};
use forge::pem::pem;
use hsmboot::check::{self, Record, check};

const NAME_CONSTRAINTS: &str = "2.5.29.30";
/// An extension that nobody knows.
const PADDING: &str = "1.3.6.1.4.1.99999.2";

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

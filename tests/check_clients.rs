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

#[path = "check_clients/algorithms.rs"]
mod algorithms;
#[path = "check_clients/bounds.rs"]
mod bounds;
#[allow(dead_code, unreachable_pub)]
mod forge;
#[path = "check_clients/identifiers.rs"]
mod identifiers;
#[path = "check_clients/names.rs"]
mod names;
#[path = "check_clients/purposes.rs"]
mod purposes;
#[path = "check_clients/refusals.rs"]
mod refusals;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use forge::cert::*;
use forge::chain::{AT, Chain, partition_name};
use forge::der;
use forge::keys::{self, Hash};
use forge::pem::pem;
use hsmboot::check::{Record, Rule, check};
use hsmboot::verify::Status;
use identifiers::IDENTIFIERS_AND_NAMES;
use purposes::CASES;

const SUBJECT_ALT_NAME: &str = "2.5.29.17";
const NAME_CONSTRAINTS: &str = "2.5.29.30";

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
    for (what, change, fails, notes, takes) in CASES.iter().chain(IDENTIFIERS_AND_NAMES) {
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
        .chain(IDENTIFIERS_AND_NAMES)
        .flat_map(|case| case.2.iter().copied())
        .collect();
    assert_eq!(seen, clients.iter().map(|rule| rule.as_str()).collect());
    // Whatever is judged can fail, but for the one that is always a note.
    let never: Vec<Rule> = Rule::ALL
        .into_iter()
        .filter(|rule| Rule::that_can_fail().all(|failing| failing != *rule))
        .collect();
    assert_eq!(never, [Rule::ValidityWithinTrustAnchor]);
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

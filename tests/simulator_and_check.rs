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

#[path = "simulator_and_check/certificates.rs"]
mod certificates;
#[path = "simulator_and_check/encodings.rs"]
mod encodings;
#[allow(dead_code, unreachable_pub)]
mod forge;
#[path = "simulator/support.rs"]
#[allow(dead_code, unreachable_pub)]
mod support;

use std::collections::{BTreeMap, BTreeSet};

use certificates::{algorithms, extensions, fields};
use encodings::{chains, elements, texts};
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

//! Trust anchors that the service of today takes: chains, and what openssl signs with every listed
//! algorithm.

#[path = "trust_anchors/openssl.rs"]
mod openssl;

use std::sync::OnceLock;

use hsmboot::simulator::{InjectedFault, Options, Reference, Simulator, Speed};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use serde_json::{Value, json};

use crate::support::*;

/// One cluster for all claims: what is taken falls back.
fn unclaimed() -> &'static (Simulator, String, String) {
    static UNCLAIMED: OnceLock<(Simulator, String, String)> = OnceLock::new();
    UNCLAIMED.get_or_init(|| {
        let simulator = instant();
        let (id, csr) = ready_cluster(&simulator);
        simulator.inject_fault(
            Some("InitializeCluster"),
            InjectedFault::InitializeFails,
            u32::MAX,
        );
        (simulator, id, csr)
    })
}

/// The refusal of that claim; `None`: it was taken.
fn refusal(signed_cert: &str, trust_anchor: &str) -> Option<String> {
    let (simulator, id, csr_text) = unclaimed();
    let answer = call(
        simulator,
        "InitializeCluster",
        json!({ "ClusterId": id, "SignedCert": signed_cert, "TrustAnchor": trust_anchor }),
    );
    let after = describe(simulator, id);
    assert_eq!(
        (after["State"].as_str(), csr(&after)),
        (Some("UNINITIALIZED"), Some(csr_text.as_str()))
    );
    (answer.status != 200).then(|| {
        let (_, kind, message) = answer.error();
        assert_eq!(kind, "CloudHsmInvalidRequestException", "{message}");
        message
    })
}

/// CAs from the root down to the one that signs, each issued by the one before it.
struct Chain {
    cas: Vec<(CertificateParams, KeyPair)>,
}

impl Chain {
    fn of(length: usize) -> Self {
        let ca = |number: usize| {
            let mut ca = CertificateParams::default();
            ca.distinguished_name
                .push(DnType::CommonName, format!("CA {number}"));
            ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            ca.key_usages = vec![
                KeyUsagePurpose::KeyCertSign,
                KeyUsagePurpose::CrlSign,
                KeyUsagePurpose::DigitalSignature,
            ];
            (ca, KeyPair::generate().unwrap())
        };
        Self {
            cas: (0..length).map(ca).collect(),
        }
    }

    /// With one CA changed, counted from the root.
    fn with(mut self, at: usize, change: impl FnOnce(&mut CertificateParams)) -> Self {
        change(&mut self.cas[at].0);
        self
    }

    /// The certificates, the signing CA first.
    fn certificates(&self) -> Vec<String> {
        let certificate = |(at, (params, key)): (usize, &(CertificateParams, KeyPair))| match at
            .checked_sub(1)
            .map(|above| &self.cas[above])
        {
            None => params.self_signed(key).unwrap().pem(),
            Some((params_above, key_above)) => params
                .signed_by(key, &Issuer::from_params(params_above, key_above))
                .unwrap()
                .pem(),
        };
        self.cas.iter().enumerate().map(certificate).rev().collect()
    }

    fn signed_cert(&self) -> String {
        let (params, key) = self.cas.last().unwrap();
        let mut leaf = CertificateParams::default();
        leaf.distinguished_name
            .push(DnType::CommonName, "a cluster");
        leaf.signed_by(
            &CsrKey::of(&unclaimed().2),
            &Issuer::from_params(params, key),
        )
        .unwrap()
        .pem()
    }

    /// The claim with the certificates as `arrange` puts them.
    fn refusal_of(&self, arrange: impl FnOnce(Vec<String>) -> Vec<String>) -> Option<String> {
        refusal(&self.signed_cert(), &arrange(self.certificates()).concat())
    }

    fn refusal(&self) -> Option<String> {
        self.refusal_of(|certificates| certificates)
    }
}

#[track_caller]
fn refused_for(found: Option<String>, words: &str) {
    let found = found.unwrap_or_else(|| panic!("taken: {words}"));
    assert!(found.contains(words), "no '{words}' in: {found}");
}

#[test]
fn a_chain_of_one_to_four_certificates_is_taken() {
    for length in 1..=4 {
        assert_eq!(Chain::of(length).refusal(), None, "{length}");
    }
    refused_for(
        Chain::of(5).refusal(),
        "holds 5 certificates; a chain has at most 4",
    );
    assert_eq!(
        Chain::of(3).refusal_of(|all| all
            .into_iter()
            .map(|one| one.replace('\n', "\r\n") + "\r\n")
            .collect()),
        None,
        "white space between"
    );
}

#[test]
fn a_chain_stands_in_its_order_and_has_no_gap() {
    let chain = Chain::of(3);
    refused_for(
        chain.refusal_of(|all| all.into_iter().rev().collect()),
        "number 1 of 3, that is self-signed; of a chain only the last is",
    );
    refused_for(
        chain.refusal_of(|all| vec![all[1].clone(), all[0].clone(), all[2].clone()]),
        "number 1 of 3, that was not issued by the next one",
    );
    refused_for(
        chain.refusal_of(|all| vec![all[0].clone(), all[2].clone()]),
        "number 1 of 2, that was not issued by the next one",
    );
    refused_for(
        chain.refusal_of(|all| all[..2].to_vec()),
        "number 2 of 2, that is not self-signed: its issuer is not its subject",
    );
    refused_for(
        chain.refusal_of(|all| all[..1].to_vec()),
        "is not self-signed: its issuer is not its subject",
    );
    refused_for(
        chain.refusal_of(|all| all[1..].to_vec()),
        "SignedCert: the value was not issued by the first certificate of the trust anchor",
    );
    refused_for(
        chain.refusal_of(|all| [&all[..1], &all[..]].concat()),
        "number 1 of 4, that was not issued by the next one",
    );
    refused_for(
        chain.refusal_of(|all| [&all[..], &all[2..]].concat()),
        "number 3 of 4, that is self-signed",
    );
    refused_for(
        chain.refusal_of(|all| [&all[..], &Chain::of(1).certificates()].concat()),
        "number 3 of 4, that is self-signed",
    );
    let other = Chain::of(3);
    refused_for(
        chain.refusal_of(|all| {
            vec![
                all[0].clone(),
                other.certificates()[1].clone(),
                all[2].clone(),
            ]
        }),
        "number 1 of 3, that was not signed by the key of the next one",
    );
    refused_for(
        chain.refusal_of(|all| {
            vec![
                all[0].clone(),
                all[1].clone(),
                other.certificates()[2].clone(),
            ]
        }),
        "number 2 of 3, that was not signed by the key of the next one",
    );
    refused_for(
        refusal(&other.signed_cert(), &chain.certificates().concat()),
        "SignedCert: the value was not signed by the key of the first certificate",
    );
}

#[test]
fn every_certificate_of_a_chain_is_a_ca_that_may_sign() {
    for (at, number) in [(0, 3), (1, 2), (2, 1)] {
        let has = |words: &str| format!("has a certificate, number {number} of 3, that {words}");
        refused_for(
            Chain::of(3)
                .with(at, |ca| ca.is_ca = IsCa::ExplicitNoCa)
                .refusal(),
            &has("is not a CA certificate"),
        );
        refused_for(
            Chain::of(3).with(at, |ca| ca.is_ca = IsCa::NoCa).refusal(),
            &has("has X.509v3 extensions but no basicConstraints"),
        );
        let bare =
            |ca: &mut CertificateParams| (ca.is_ca, ca.key_usages) = (IsCa::NoCa, Vec::new());
        let found = Chain::of(3).with(at, bare).refusal();
        assert!(found.is_some(), "nothing says that {number} is a CA");
        refused_for(
            Chain::of(3)
                .with(at, |ca| ca.key_usages = vec![KeyUsagePurpose::CrlSign])
                .refusal(),
            &has("has a keyUsage without keyCertSign"),
        );
        let past = |ca: &mut CertificateParams| {
            (ca.not_before, ca.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1))
        };
        refused_for(Chain::of(3).with(at, past).refusal(), &has("has expired"));
        assert_eq!(
            Chain::of(3).with(at, |ca| ca.key_usages.clear()).refusal(),
            None
        );
    }
}

#[test]
fn a_path_length_bounds_the_cas_below() {
    let bounded = |at: usize, most: u8| {
        Chain::of(3)
            .with(at, |ca| {
                ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(most))
            })
            .refusal()
    };
    assert_eq!(
        (bounded(0, 2), bounded(1, 1), bounded(2, 0)),
        (None, None, None)
    );
    refused_for(
        bounded(0, 1),
        "number 3 of 3, that allows a path length of 1 in its basicConstraints, and has 2 CAs \
         below it",
    );
    refused_for(
        bounded(1, 0),
        "number 2 of 3, that allows a path length of 0",
    );
}

#[test]
fn a_trust_anchor_has_sixteen_thousand_characters_and_in_2022_one_certificate_of_five_thousand() {
    let chain = Chain::of(2);
    let padded = |length: usize| {
        let text = chain.certificates().concat();
        text.clone() + &"\n".repeat(length - text.len())
    };
    assert_eq!(refusal(&chain.signed_cert(), &padded(16_000)), None);
    refused_for(
        refusal(&chain.signed_cert(), &padded(16_001)),
        "has 16001 characters; a trust anchor has at most 16000",
    );

    let simulator = Simulator::spawn(Options {
        speed: Speed::INSTANT,
        reference: Reference::June2022,
        ..crate::support::options()
    })
    .unwrap();
    let made = ok(
        &simulator,
        "CreateCluster",
        json!({ "HsmType": "hsm1.medium", "SubnetIds": ["subnet-0a1b2c3d"] }),
    );
    let id = made["Cluster"]["ClusterId"].as_str().unwrap();
    create_hsm(&simulator, id);
    let ready = until(&simulator, id, |now| csr(now).is_some());
    let claim = |trust_anchor: String| {
        let mut claim = Owner::new().claim(id, csr(&ready).unwrap());
        claim["TrustAnchor"] = trust_anchor.into();
        refused(&simulator, "InitializeCluster", claim).1
    };
    assert!(
        claim(chain.certificates().concat())
            .contains("holds 2 certificates; exactly one is allowed")
    );
    assert!(claim("A".repeat(5001)).contains("less than or equal to 5000"));
}

/// What is claimed is seen whole afterwards, and only the certificate is shown.
#[test]
fn the_whole_chain_is_kept() {
    let simulator = instant();
    let (id, csr_text) = ready_cluster(&simulator);
    let chain = Chain::of(3);
    let (params, key) = chain.cas.last().unwrap();
    let leaf = CertificateParams::default()
        .signed_by(&CsrKey::of(&csr_text), &Issuer::from_params(params, key))
        .unwrap()
        .pem();
    ok(
        &simulator,
        "InitializeCluster",
        json!({
            "ClusterId": id, "SignedCert": leaf, "TrustAnchor": chain.certificates().concat(),
        }),
    );
    assert_eq!(
        describe(&simulator, &id)["Certificates"],
        json!({ "ClusterCertificate": leaf })
    );
    let answer = raw(
        simulator.address(),
        format!(
            "GET /_page/certificates?cluster={id} HTTP/1.1\r\nHost: \
                                          localhost\r\nConnection: close\r\n\r\n"
        )
        .as_bytes(),
    );
    let nodes = answer.unwrap().json()["nodes"].clone();
    let titles: Vec<&Value> = nodes
        .as_array()
        .unwrap()
        .iter()
        .map(|node| &node["title"])
        .collect();
    assert_eq!(
        titles,
        [
            "Trust anchor 3 of 3, the root",
            "Trust anchor 2 of 3",
            "Trust anchor 1 of 3, the CA that signed",
            "Cluster certificate"
        ]
    );
    assert_eq!(
        (&nodes[2]["issuers"], &nodes[3]["issuers"]),
        (&json!(["TrustAnchor2"]), &json!(["TrustAnchor1"]))
    );
}

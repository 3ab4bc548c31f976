//! What InitializeCluster refuses and what it takes.

use std::sync::OnceLock;

use hsmboot::simulator::Simulator;
use rcgen::{BasicConstraints, DnType, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd};
use serde_json::{Value, json};

use crate::support::*;

/// One cluster for all refusals: they change nothing.
fn unclaimed() -> &'static (Simulator, String, String) {
    static UNCLAIMED: OnceLock<(Simulator, String, String)> = OnceLock::new();
    UNCLAIMED.get_or_init(|| {
        let simulator = instant();
        let (id, csr) = ready_cluster(&simulator);
        (simulator, id, csr)
    })
}

/// Sends what `change` makes of a good claim; it must be refused with these words, and change
/// nothing.
fn refuses(words: &str, change: impl FnOnce(&mut Owner, &CsrKey) -> Option<Value>) {
    let (simulator, id, csr_text) = unclaimed();
    let mut owner = Owner::new();
    let changed = change(&mut owner, &CsrKey::of(csr_text));
    let mut claim = owner.claim(id, csr_text);
    for (name, value) in changed.iter().flat_map(|value| value.as_object().unwrap()) {
        claim[name] = value.clone();
    }
    let (kind, message) = refused(simulator, "InitializeCluster", claim);
    assert_eq!(kind, "CloudHsmInvalidRequestException");
    assert!(message.contains(words), "no '{words}' in: {message}");
    let after = describe(simulator, id);
    assert_eq!(
        (after["State"].as_str(), csr(&after)),
        (Some("UNINITIALIZED"), Some(csr_text.as_str()))
    );
}

/// And this it takes.
fn takes(simulator: &Simulator, change: impl FnOnce(&mut Owner)) {
    let (id, csr) = ready_cluster(simulator);
    let mut owner = Owner::new();
    change(&mut owner);
    ok(simulator, "InitializeCluster", owner.claim(&id, &csr));
}

#[test]
fn a_certificate_of_another_key() {
    refuses("another public key", |owner, _| {
        Some(json!({ "SignedCert": owner.sign(&KeyPair::generate().unwrap()) }))
    });
}

#[test]
fn a_certificate_of_another_ca_of_the_same_name() {
    refuses("not signed by the key of the trust anchor", |_, key| {
        Some(json!({ "SignedCert": Owner::new().sign(key) }))
    });
}

#[test]
fn a_certificate_of_another_issuer_name() {
    refuses(
        "its issuer is not the subject of the trust anchor",
        |owner, key| {
            let signed = owner.sign(key);
            owner
                .ca
                .distinguished_name
                .push(DnType::CommonName, "renamed");
            Some(json!({ "SignedCert": signed }))
        },
    );
}

#[test]
fn a_trust_anchor_that_is_not_self_signed() {
    refuses("is not self-signed: its issuer", |owner, key| {
        let root = Owner::new();
        let mut params = owner.ca.clone();
        params
            .distinguished_name
            .push(DnType::CommonName, "an intermediate");
        let intermediate = params
            .signed_by(&owner.key, &rcgen::Issuer::from_params(&root.ca, &root.key))
            .unwrap();
        owner.ca = params;
        Some(json!({ "TrustAnchor": intermediate.pem(), "SignedCert": owner.sign(key) }))
    });
}

#[test]
fn a_trust_anchor_whose_signature_is_anothers() {
    refuses(
        "is not self-signed: its own key did not sign it",
        |owner, _| {
            let other = Owner::new();
            let forged = owner
                .ca
                .signed_by(
                    &owner.key,
                    &rcgen::Issuer::from_params(&other.ca, &other.key),
                )
                .unwrap();
            Some(json!({ "TrustAnchor": forged.pem() }))
        },
    );
}

#[test]
fn a_trust_anchor_with_extensions_but_no_basic_constraints() {
    refuses("no basicConstraints", |owner, _| {
        owner.ca.is_ca = IsCa::NoCa;
        None
    });
}

#[test]
fn a_trust_anchor_that_says_it_is_no_ca() {
    refuses("CA:FALSE", |owner, _| {
        owner.ca.is_ca = IsCa::ExplicitNoCa;
        None
    });
}

#[test]
fn a_trust_anchor_that_may_not_sign_certificates() {
    refuses("keyCertSign", |owner, _| {
        owner.ca.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        None
    });
}

#[test]
fn what_is_expired_or_not_valid_yet() {
    for (words, from, to) in [
        ("has expired", 2001, 2002),
        ("is not valid yet", 4000, 4001),
    ] {
        refuses(&format!("TrustAnchor: the value {words}"), |owner, _| {
            (owner.ca.not_before, owner.ca.not_after) =
                (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
            None
        });
        refuses(&format!("SignedCert: the value {words}"), |owner, _| {
            (owner.leaf.not_before, owner.leaf.not_after) =
                (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
            None
        });
    }
}

#[test]
fn what_is_not_one_certificate() {
    refuses(
        "TrustAnchor: the value has a certificate, number 1 of 2, that is self-signed",
        |owner, _| Some(json!({ "TrustAnchor": owner.trust_anchor().repeat(2) })),
    );
    refuses(
        "SignedCert: the value holds 2 certificates",
        |owner, key| Some(json!({ "SignedCert": owner.sign(key).repeat(2) })),
    );
    refuses("SignedCert: the value is a private key", |owner, _| {
        Some(json!({ "SignedCert": owner.key.serialize_pem() }))
    });
    for (value, words) in [
        ("", "PEM"),
        ("nonsense", "PEM"),
        (
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
            "X.509",
        ),
    ] {
        refuses(
            &format!("SignedCert: the value is not one certificate in {words}")
                .replace("not one certificate in X.509", "not a well-formed X.509"),
            |_, _| Some(json!({ "SignedCert": value })),
        );
    }
}

#[test]
fn the_csr_in_the_certificates_place() {
    let (simulator, id, csr) = unclaimed();
    let claim =
        json!({ "ClusterId": id, "SignedCert": csr, "TrustAnchor": Owner::new().trust_anchor() });
    assert!(
        refused(simulator, "InitializeCluster", claim)
            .1
            .contains("SignedCert")
    );
}

#[test]
fn a_changed_octet_of_either_certificate_is_refused() {
    use base64ct::{Base64, Encoding};
    let simulator = instant();
    let (id, csr) = ready_cluster(&simulator);
    let claim = Owner::new().claim(&id, &csr);
    for name in ["SignedCert", "TrustAnchor"] {
        let good = der(claim[name].as_str().unwrap());
        for at in (0..good.len()).step_by(7) {
            let mut bad = good.clone();
            bad[at] ^= 1;
            let text = Base64::encode_string(&bad);
            let lines: Vec<&str> = text
                .as_bytes()
                .chunks(64)
                .map(|line| std::str::from_utf8(line).unwrap())
                .collect();
            let pem = format!(
                "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
                lines.join("\n")
            );
            let mut claim = claim.clone();
            claim[name] = pem.into();
            let (kind, _) = refused(&simulator, "InitializeCluster", claim);
            assert_eq!(
                kind, "CloudHsmInvalidRequestException",
                "{name}, octet {at}"
            );
        }
    }
    ok(&simulator, "InitializeCluster", claim);
}

#[test]
fn p256_and_p384_and_a_path_length_are_taken() {
    let simulator = instant();
    takes(&simulator, |_| ());
    takes(&simulator, |owner| {
        owner.key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap()
    });
    takes(&simulator, |owner| {
        owner.ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0))
    });
    takes(&simulator, |owner| owner.ca.key_usages.clear());
    takes(&simulator, |owner| owner.leaf.is_ca = IsCa::ExplicitNoCa);
}

#[test]
fn an_edwards_key_is_refused() {
    refuses(
        "is signed with Ed25519, which is none of the algorithms",
        |owner, _| {
            owner.key = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
            None
        },
    );
}

#[test]
fn a_cluster_without_an_active_hsm_has_nothing_to_claim() {
    let (simulator, _, csr) = unclaimed();
    let empty = create_cluster(simulator);
    let (kind, message) = refused(
        simulator,
        "InitializeCluster",
        Owner::new().claim(&empty, csr),
    );
    assert_eq!(kind, "CloudHsmInvalidRequestException");
    assert!(
        message.contains("no certificate signing request"),
        "{message}"
    );
}

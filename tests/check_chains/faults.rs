//! The faults of a chain, one by one: what is changed, which check finds it, and its sentence.

use super::*;

/// A fault: the checks that fail, the exit code, and what the sentence says.
pub(super) type Fault = (
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

pub(super) const FAULTS: &[Fault] = &[
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
            "certificate 1 of the chain was issued by CN=Policy CA, O=Owner, C=DE",
            "the certificate of CN=Policy CA, O=Owner, C=DE is missing between them",
        ],
    ),
    (
        "the root is missing",
        |set| drop(set.cas.pop()),
        &[ISSUED],
        5,
        &[
            "the chain's last certificate, CN=Policy CA, O=Owner, C=DE, is issued by CN=Root CA, \
             O=Owner, C=DE",
            "the root, CN=Root CA, O=Owner, C=DE, is missing",
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
        "an intermediate that does not say whether it is a CA",
        |set| drop(set.cas[1].extensions.as_mut().unwrap().remove(0)),
        &["check.trust-anchor.basic-constraints"],
        5,
        &["certificate 2 of the chain has extensions but no basicConstraints"],
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
            "certificate 2 of the chain, CN=Foreign CA, O=Owner, C=DE, neither issued another of \
             them nor was issued by one: it does not belong here",
        ],
    ),
    (
        "a foreign certificate at the end",
        |set| set.cas.push(foreign()),
        &[ORDER],
        5,
        &[
            "certificate 4 of the chain, CN=Foreign CA, O=Owner, C=DE, neither issued another of \
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
            "certificate 1 of the chain was issued by CN=Policy CA, O=Owner, C=DE, which is \
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
            "certificate 3 of the chain is the root, CN=Root CA, O=Owner, C=DE, with which a chain \
             ends",
            "CN=Sister CA, O=Owner, C=DE, does not belong here",
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
        "a root whose key identifier names another",
        |set| {
            put(
                &mut set.cas[2],
                AUTHORITY_KEY_ID,
                authority_key_id(&keys::STRANGER.spki()),
            )
        },
        &["check.trust-anchor.key-identifiers"],
        5,
        &["certificate 3 of the chain's authority key identifier names another CA certificate"],
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

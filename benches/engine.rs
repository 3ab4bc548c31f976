//! `cargo bench`: judging a bundle, beside its bare signature checks; parsing it; signing with each
//! kind of CA key.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs
)]

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use hsmboot::ca::{CaKey, CaTerms, KeyType, NewKey, make_trust_anchor, parse_subject};
use hsmboot::sign::{Grounds, SigningCa, SigningTerms, issue};
use hsmboot::verify::{Anchor, Anchors, Evidence, Policy, verify};
use hsmboot::x509::pem::{self, Label};
use hsmboot::x509::{Certificate, Csr, Moment};

const BUNDLE: &str = "fixtures/verify/verified--reissued-root";

fn read(name: &str) -> Vec<u8> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(BUNDLE);
    let file = std::fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().ends_with(name));
    std::fs::read(file.expect(name)).unwrap()
}

fn evidence() -> Evidence {
    Evidence {
        csr: Some(read("_ClusterCsr.csr")),
        hsm: read("_HsmCertificate.crt"),
        aws_hardware: read("_AwsHardwareCertificate.crt"),
        manufacturer_hardware: read("_ManufacturerHardwareCertificate.crt"),
    }
}

fn anchors() -> Anchors {
    let side = |name: &str| Anchor::from_file(&read(name), name).unwrap();
    Anchors {
        aws: side("aws-root.crt"),
        manufacturer: side("manufacturer-root.crt"),
    }
}

/// The moment that the fixture is judged at.
fn at() -> Moment {
    let expect: serde_json::Value = serde_json::from_slice(&read("expect.json")).unwrap();
    expect["at"].as_str().unwrap().parse().unwrap()
}

fn certificate(text: &[u8]) -> Certificate {
    Certificate::from_der(&pem::decode(text, Label::Certificate).unwrap()).unwrap()
}

fn request(text: &[u8]) -> Csr {
    Csr::from_der(&pem::decode(text, Label::CertificateRequest).unwrap()).unwrap()
}

fn judging(c: &mut Criterion) {
    let (evidence, anchors, at, policy) = (evidence(), anchors(), at(), Policy::default());
    assert!(
        verify(&evidence, &anchors, at, &policy)
            .verified()
            .is_some()
    );
    c.bench_function("verify_bundle", |b| {
        b.iter(|| verify(black_box(&evidence), &anchors, at, &policy))
    });

    let (hsm, aws, manufacturer) = (
        certificate(&evidence.hsm),
        certificate(&evidence.aws_hardware),
        certificate(&evidence.manufacturer_hardware),
    );
    let csr = request(evidence.csr.as_deref().unwrap());
    let (aws_root, manufacturer_root) = (&anchors.aws[0], &anchors.manufacturer[0]);
    c.bench_function("bare_signature_checks", |b| {
        b.iter(|| {
            aws.is_signed_by(black_box(aws_root.public_key()))
                & manufacturer.is_signed_by(manufacturer_root.public_key())
                & hsm.is_signed_by(aws.public_key())
                & hsm.is_signed_by(manufacturer.public_key())
                & csr.is_self_signed()
        });
    });
    c.bench_function("parse_bundle", |b| {
        b.iter(|| {
            let evidence = black_box(&evidence);
            (
                certificate(&evidence.hsm),
                certificate(&evidence.aws_hardware),
                certificate(&evidence.manufacturer_hardware),
                request(evidence.csr.as_deref().unwrap()),
            )
        });
    });
}

fn signing(c: &mut Criterion) {
    let (evidence, anchors, at, policy) = (evidence(), anchors(), at(), Policy::default());
    let judgement = verify(&evidence, &anchors, at, &policy);
    let grounds = Grounds::Verified(judgement.verified().unwrap());
    let subject = parse_subject("CN=Bench").unwrap();
    for kind in [KeyType::Rsa2048, KeyType::Rsa4096, KeyType::P256] {
        let key = NewKey::generate(kind).unwrap().to_file_key().unwrap();
        let terms = CaTerms {
            subject: &subject,
            serial: &[1],
            not_before: at.plus_seconds(-60),
            not_after: at.plus_seconds(86_400),
        };
        let certificate = make_trust_anchor(&terms, &key).unwrap();
        let key: &dyn CaKey = &key;
        let trust_anchor = certificate.clone().try_into().unwrap();
        let ca = SigningCa::new(trust_anchor, key, at).unwrap();
        let terms = SigningTerms {
            serial: [7; 20],
            now: at,
            days: 1,
        };
        // The whole of it: making, signing, reading again, verifying, checking the pair.
        c.bench_function(&format!("sign/{kind}"), |b| {
            b.iter(|| issue(black_box(&grounds), &ca, &terms).unwrap())
        });
    }
}

criterion_group!(benches, judging, signing);
criterion_main!(benches);

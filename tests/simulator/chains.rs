//! The certificates, held against the genuine ones' shape: of hsm1.medium element by element; of
//! hsm2m.medium as far as anything is known.

#[path = "chains/genuine.rs"]
mod genuine;
#[path = "chains/today.rs"]
mod today;

use genuine::skeleton;
use hsmboot::simulator::{Options, Reference, RootFile, Simulator, Speed};
use serde_json::{Value, json};
use x509_parser::prelude::*;

use crate::support::*;

struct Shown {
    csr: Vec<u8>,
    hsm: Vec<u8>,
    aws_hardware: Vec<u8>,
    manufacturer_hardware: Vec<u8>,
    aws_root: Vec<u8>,
    manufacturer_root: Vec<u8>,
    manufacturer_reissue: Vec<u8>,
    texts: Value,
}

/// What a new cluster shows once it has an HSM.
fn certificates(simulator: &Simulator, region: &str, order: &Value) -> Value {
    let made = call_in(simulator, region, "CreateCluster", order)
        .unwrap()
        .json();
    certificates_of(
        simulator,
        region,
        made["Cluster"]["ClusterId"]
            .as_str()
            .unwrap_or_else(|| panic!("{made}")),
    )
}

fn certificates_of(simulator: &Simulator, region: &str, id: &str) -> Value {
    let began = std::time::Instant::now();
    call_in(
        simulator,
        region,
        "CreateHsm",
        &json!({ "ClusterId": id, "AvailabilityZone": format!("{region}a") }),
    )
    .unwrap();
    loop {
        let answer = call_in(
            simulator,
            region,
            "DescribeClusters",
            &json!({ "Filters": { "clusterIds": [id] } }),
        )
        .unwrap()
        .json();
        if let Some(found) = answer["Clusters"][0]["Certificates"]
            .as_object()
            .filter(|found| !found.is_empty())
        {
            return found.clone().into();
        }
        assert!(began.elapsed() < HANGS, "never came: {answer}");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

fn shown() -> &'static Shown {
    static SHOWN: std::sync::OnceLock<Shown> = std::sync::OnceLock::new();
    SHOWN.get_or_init(show)
}

fn show() -> Shown {
    let simulator = Simulator::spawn(Options {
        speed: Speed::INSTANT,
        reference: Reference::June2022,
        ..crate::support::options()
    })
    .unwrap();
    let texts = certificates(
        &simulator,
        "us-east-1",
        &json!({ "HsmType": "hsm1.medium", "SubnetIds": ["subnet-0a1b2c3d"] }),
    );
    let read = |name: &str| der(texts[name].as_str().unwrap());
    Shown {
        csr: read("ClusterCsr"),
        hsm: read("HsmCertificate"),
        aws_hardware: read("AwsHardwareCertificate"),
        manufacturer_hardware: read("ManufacturerHardwareCertificate"),
        aws_root: der(&simulator.aws_root_pem().unwrap()),
        manufacturer_root: der(&simulator.manufacturer_root_pem().unwrap()),
        manufacturer_reissue: der(&simulator.root_pem(RootFile::Ls1Reissue).unwrap()),
        texts,
    }
}

fn read(der: &[u8]) -> X509Certificate<'_> {
    let (rest, certificate) = X509Certificate::from_der(der).unwrap();
    assert!(rest.is_empty());
    certificate
}

#[test]
fn every_signature_holds_and_every_issuer_is_the_subject_above() {
    let shown = shown();
    let [hsm, aws, manufacturer] = [
        &shown.hsm,
        &shown.aws_hardware,
        &shown.manufacturer_hardware,
    ]
    .map(|der| read(der));
    let [aws_root, first, reissue] = [
        &shown.aws_root,
        &shown.manufacturer_root,
        &shown.manufacturer_reissue,
    ]
    .map(|der| read(der));
    for (lower, upper) in [
        (&hsm, &aws),
        (&hsm, &manufacturer),
        (&aws, &aws_root),
        (&manufacturer, &first),
        (&manufacturer, &reissue),
        (&aws_root, &aws_root),
        (&first, &first),
        (&reissue, &reissue),
    ] {
        lower.verify_signature(Some(upper.public_key())).unwrap();
        assert_eq!(lower.issuer().as_raw(), upper.subject().as_raw());
    }
    assert_eq!(
        aws.public_key().raw,
        manufacturer.public_key().raw,
        "one hardware key under two certificates"
    );
    assert_eq!(
        first.public_key().raw,
        reissue.public_key().raw,
        "one manufacturer key under two certificates"
    );
    assert_ne!(first.public_key().raw, aws_root.public_key().raw);

    let (rest, csr) = X509CertificationRequest::from_der(&shown.csr).unwrap();
    assert!(rest.is_empty());
    csr.verify_signature().unwrap();
    assert_eq!(
        csr.certification_request_info.subject_pki.raw,
        hsm.public_key().raw
    );
    assert_eq!(
        csr.certification_request_info.subject.as_raw(),
        hsm.subject().as_raw()
    );
}

#[test]
fn versions_serials_and_dates_are_as_in_the_genuine_ones() {
    let shown = shown();
    let [hsm, aws, manufacturer] = [
        &shown.hsm,
        &shown.aws_hardware,
        &shown.manufacturer_hardware,
    ]
    .map(|der| read(der));
    let [aws_root, first, reissue] = [
        &shown.aws_root,
        &shown.manufacturer_root,
        &shown.manufacturer_reissue,
    ]
    .map(|der| read(der));
    for (certificate, version) in [
        (&hsm, X509Version::V3),
        (&aws, X509Version::V3),
        (&manufacturer, X509Version::V1),
        (&aws_root, X509Version::V3),
        (&first, X509Version::V1),
        (&reissue, X509Version::V3),
    ] {
        assert_eq!(certificate.version(), version);
    }
    assert_eq!(
        (hsm.raw_serial(), reissue.raw_serial()),
        (&[1][..], &[0][..])
    );
    assert_eq!(
        (
            manufacturer.raw_serial().len(),
            first.raw_serial().len(),
            aws.raw_serial().len()
        ),
        (9, 9, 20)
    );
    for certificate in [&hsm, &aws, &manufacturer, &aws_root, &reissue] {
        assert!(certificate.validity().is_valid());
    }
    assert!(!first.validity().is_valid(), "the first issue has expired");
    assert!(
        manufacturer.validity().not_before < first.validity().not_after,
        "it had not when the card was made"
    );
}

#[test]
fn a_simulators_roots_say_so() {
    let shown = shown();
    for der in [
        &shown.aws_root,
        &shown.manufacturer_root,
        &shown.manufacturer_reissue,
    ] {
        let organization = read(der)
            .subject()
            .iter_organization()
            .next()
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned();
        assert!(
            organization.starts_with("hsmboot simulator"),
            "{organization}"
        );
    }
    let other = instant();
    assert_ne!(
        der(&other.aws_root_pem().unwrap()),
        shown.aws_root,
        "every simulator has its own"
    );
}

#[test]
fn pem_is_as_the_service_returns_it() {
    for (name, text) in shown().texts.as_object().unwrap() {
        let text = text.as_str().unwrap();
        let label = if name == "ClusterCsr" {
            "CERTIFICATE REQUEST"
        } else {
            "CERTIFICATE"
        };
        assert!(
            text.starts_with(&format!("-----BEGIN {label}-----\n"))
                && text.ends_with(&format!("-----END {label}-----\n"))
        );
        let lines: Vec<&str> = text.lines().collect();
        let body = &lines[1..lines.len() - 1];
        assert!(
            body[..body.len() - 1].iter().all(|line| line.len() == 64)
                && body[body.len() - 1].len() <= 64
        );
        assert!(!text.contains('\r'));
    }
}

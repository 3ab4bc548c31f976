//! The certificates, held against the genuine ones' shape: of hsm1.medium element by element; of
//! hsm2m.medium as far as anything is known.

use hsmboot::simulator::{Options, Reference, RootFile, Simulator, Speed};
use serde_json::{Value, json};
use x509_parser::prelude::*;

use crate::support::*;

/// The tree of a DER encoding: per element its depth and tag, and for an OBJECT IDENTIFIER its
/// octets.
fn skeleton(der: &[u8]) -> String {
    fn walk(mut der: &[u8], depth: usize, out: &mut String) {
        while !der.is_empty() {
            let tag = der[0];
            let (header, length) = match der[1] {
                short if short < 0x80 => (2, usize::from(short)),
                long => {
                    let digits = usize::from(long & 0x7F);
                    (
                        2 + digits,
                        der[2..2 + digits]
                            .iter()
                            .fold(0, |sum, digit| sum << 8 | usize::from(*digit)),
                    )
                }
            };
            let content = &der[header..header + length];
            out.push_str(&format!("{}{tag:02x}", " ".repeat(depth)));
            match tag {
                0x06 => content
                    .iter()
                    .for_each(|octet| out.push_str(&format!(".{octet:02x}"))),
                0x04 | 0x01 => out.push_str(&format!(
                    ":{}",
                    &content
                        .iter()
                        .take(4)
                        .map(|o| format!("{o:02x}"))
                        .collect::<String>()
                )),
                _ => {}
            }
            out.push('\n');
            if tag & 0x20 != 0 {
                walk(content, depth + 1, out);
            }
            der = &der[header + length..];
        }
    }
    let mut out = String::new();
    walk(der, 0, &mut out);
    out
}

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
        ..Options::default()
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

/// Where the genuine certificates are at hand, element by element; otherwise the figures below
/// stand for them.
#[test]
fn the_skeletons_are_the_genuine_ones() {
    let shown = shown();
    let name = "  30\n   31\n    30\n     06.55.04.06\n     13\n    30\n     06.55.04.08\n     \
                0c\n    30\n     06.55.04.0a\n     0c\n    30\n     06.55.04.0b\n     0c\n    \
                30\n     06.55.04.07\n     0c\n   31\n    30\n     06.55.04.03\n     0c\n";
    let algorithm = "  30\n   06.2a.86.48.86.f7.0d.01.01.0b\n   05\n";
    let key = "  30\n   30\n    06.2a.86.48.86.f7.0d.01.01.01\n    05\n   03\n";
    let validity = "  30\n   17\n   17\n";
    let outer = " 30\n  06.2a.86.48.86.f7.0d.01.01.0b\n  05\n 03\n";
    let version = "  a0\n   02\n";
    let root_name: String = std::iter::once(String::from("  30\n"))
        .chain(
            [
                ("06", "13"),
                ("08", "0c"),
                ("07", "0c"),
                ("0a", "0c"),
                ("0b", "0c"),
                ("03", "0c"),
            ]
            .map(|(kind, text)| format!("   31\n    30\n     06.55.04.{kind}\n     {text}\n")),
        )
        .collect();

    let csr = format!("30\n 30\n  02\n{name}{key}  a0\n{outer}");
    assert_eq!(skeleton(&shown.csr), csr);
    let hsm = format!("30\n 30\n{version}  02\n{algorithm}{name}{validity}{name}{key}{outer}");
    assert_eq!(skeleton(&shown.hsm), hsm);
    let manufacturer = format!("30\n 30\n  02\n{algorithm}{root_name}{validity}{name}{key}{outer}");
    assert_eq!(skeleton(&shown.manufacturer_hardware), manufacturer);
    let identifier =
        |kind: &str, value: &str| format!("    30\n     06.55.1d.{kind}\n     04:{value}\n");
    let usage = |value: &str| format!("    30\n     06.55.1d.0f\n     01:ff\n     04:{value}\n");
    let extensions = |each: &[String]| format!("  a3\n   30\n{}", each.concat());
    let owner = extensions(&[
        identifier("13", "3000"),
        usage("030205a0"),
        identifier("0e", "0414"),
        identifier("23", "3016"),
    ]);
    let owner = format!(
        "30\n 30\n{version}  02\n{algorithm}{root_name}{validity}{name}{key}{owner}{outer}"
    );
    assert_eq!(comparable(&shown.aws_hardware), owner.trim_end());
    let aws = extensions(&[
        identifier("0e", "0414"),
        identifier("23", "3016"),
        identifier("13", "30030101"),
    ]);
    let aws = format!(
        "30\n 30\n{version}  02\n{algorithm}{root_name}{validity}{root_name}{key}{aws}{outer}"
    );
    assert_eq!(comparable(&shown.aws_root), aws.trim_end());
    let reissue = extensions(&[usage("03020284"), identifier("13", "30030101")]);
    let reissue = format!(
        "30\n 30\n{version}  02\n{algorithm}{root_name}{validity}{root_name}{key}{reissue}{outer}"
    );
    assert_eq!(skeleton(&shown.manufacturer_reissue), reissue);
    let root = format!("30\n 30\n  02\n{algorithm}{root_name}{validity}{root_name}{key}{outer}");
    assert_eq!(skeleton(&shown.manufacturer_root), root);

    let vectors = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors");
    for (file, ours) in [
        ("cluster-1/cluster-clusteronea_ClusterCsr.csr", &shown.csr),
        (
            "hardware-1/cluster-hardwareone_HsmCertificate.crt",
            &shown.hsm,
        ),
        (
            "hardware-1/cluster-hardwareone_ManufacturerHardwareCertificate.crt",
            &shown.manufacturer_hardware,
        ),
        ("roots/AWS_CloudHSM_Root-G1.crt", &shown.aws_root),
        ("roots/manufacturer-root-2015.crt", &shown.manufacturer_root),
        (
            "roots/manufacturer-root-2024.crt",
            &shown.manufacturer_reissue,
        ),
    ] {
        // The owner's hardware certificate is not compared: the one at hand is another owner's,
        // with another name.
        if let Ok(genuine) = std::fs::read_to_string(vectors.join(file)) {
            assert_eq!(comparable(ours), comparable(&der(&genuine)), "{file}");
        }
    }
}

/// Without what is a key's or a hash's own: the first octets of an OCTET STRING that holds a key
/// identifier.
fn comparable(der: &[u8]) -> String {
    skeleton(der)
        .lines()
        .map(|line| {
            if line.contains("04:0414") || line.contains("04:3016") {
                &line[..line.len() - 4]
            } else {
                line
            }
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// A chain of today, and the roots that it must end in.
struct Today {
    texts: Value,
    roots: [String; 2],
}

impl Today {
    fn of(simulator: &Simulator, texts: Value, aws: RootFile, manufacturer: RootFile) -> Self {
        Self {
            texts,
            roots: [aws, manufacturer].map(|file| simulator.root_pem(file).unwrap()),
        }
    }

    fn der(&self, name: &str) -> Vec<u8> {
        der(self.texts[name].as_str().unwrap())
    }

    /// Signatures and names from the roots down to the CSR.
    fn holds(&self) {
        let hsm = self.der("HsmCertificate");
        let hsm = read(&hsm);
        for (name, root) in [
            ("AwsHardwareCertificate", &self.roots[0]),
            ("ManufacturerHardwareCertificate", &self.roots[1]),
        ] {
            let (card, root) = (self.der(name), der(root));
            let (card, root) = (read(&card), read(&root));
            card.verify_signature(Some(root.public_key())).unwrap();
            assert_eq!(card.issuer().as_raw(), root.subject().as_raw());
            hsm.verify_signature(Some(card.public_key())).unwrap();
            assert_eq!(hsm.issuer().as_raw(), card.subject().as_raw());
            root.verify_signature(None).unwrap();
        }
        let csr = self.der("ClusterCsr");
        let (_, csr) = X509CertificationRequest::from_der(&csr).unwrap();
        csr.verify_signature().unwrap();
        assert_eq!(
            csr.certification_request_info.subject_pki.raw,
            hsm.public_key().raw
        );
        let [aws, manufacturer] = ["AwsHardwareCertificate", "ManufacturerHardwareCertificate"]
            .map(|name| self.der(name));
        assert_eq!(
            read(&aws).public_key().raw,
            read(&manufacturer).public_key().raw,
            "one hardware key under two certificates"
        );
    }

    fn common_name(&self, certificate: &str) -> String {
        let der = self.der(certificate);
        read(&der)
            .subject()
            .iter_common_name()
            .next()
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    }
}

fn order(mode: &str) -> Value {
    json!({ "HsmType": "hsm2m.medium", "Mode": mode, "SubnetIds": ["subnet-0a1b2c3d"] })
}

#[test]
fn a_chain_of_hsm2m_ends_in_a_root_of_4096_bits_and_its_cards_are_cas() {
    let simulator = instant();
    let today = Today::of(
        &simulator,
        certificates(&simulator, "us-east-1", &order("FIPS")),
        RootFile::Aws,
        RootFile::Ls2,
    );
    today.holds();
    assert_eq!(today.roots[1], simulator.manufacturer_root_pem().unwrap());
    let root = der(&today.roots[1]);
    let genuine = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/vectors/ls2/manufacturer-root-ls2-mi.crt");
    if let Ok(genuine) = std::fs::read_to_string(genuine) {
        assert_eq!(
            skeleton(&root),
            skeleton(&der(&genuine)),
            "element by element as another customer's"
        );
    }
    let root = read(&root);
    assert_eq!(
        (root.version(), root.raw_serial()),
        (X509Version::V3, &[0][..])
    );
    let x509_parser::public_key::PublicKey::RSA(key) = root.public_key().parsed().unwrap() else {
        panic!("not RSA")
    };
    assert_eq!(key.key_size(), 4096);
    assert!(root.validity().is_valid());
    let name = root.subject().to_string();
    assert!(
        name.contains("hsmboot simulator, not Marvell")
            && name.contains("mrvl-ls2-root-AR-v1.simulator.invalid"),
        "{name}"
    );
    for name in ["AwsHardwareCertificate", "ManufacturerHardwareCertificate"] {
        let card = today.der(name);
        assert!(
            read(&card).basic_constraints().unwrap().unwrap().value.ca,
            "{name}"
        );
    }

    // As has been seen of a genuine cluster of hsm2m.medium: `openssl verify` takes both sides,
    // whatever it says of hsm1.medium.
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("hsm.crt", today.texts["HsmCertificate"].as_str().unwrap());
    for (card, root) in [
        ("AwsHardwareCertificate", &today.roots[0]),
        ("ManufacturerHardwareCertificate", &today.roots[1]),
    ] {
        write("root.crt", root);
        write("card.crt", today.texts[card].as_str().unwrap());
        let mut command = std::process::Command::new("openssl");
        let output = command
            .args([
                "verify",
                "-CAfile",
                "root.crt",
                "-untrusted",
                "card.crt",
                "hsm.crt",
            ])
            .current_dir(dir.path())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{card}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn hardware_says_whether_it_is_in_fips_mode() {
    let simulator = instant();
    let non_fips = Today::of(
        &simulator,
        certificates(&simulator, "us-east-1", &order("NON_FIPS")),
        RootFile::Aws,
        RootFile::Ls2,
    );
    let fips = Today::of(
        &simulator,
        certificates(&simulator, "us-east-1", &order("FIPS")),
        RootFile::Aws,
        RootFile::Ls2,
    );
    non_fips.holds();
    for name in [
        "HsmCertificate",
        "AwsHardwareCertificate",
        "ManufacturerHardwareCertificate",
    ] {
        assert!(
            non_fips.common_name(name).ends_with(", for non-FIPS mode"),
            "{}",
            non_fips.common_name(name)
        );
        assert!(
            fips.common_name(name).ends_with(", for FIPS mode"),
            "{}",
            fips.common_name(name)
        );
    }
    assert_ne!(
        non_fips.texts["AwsHardwareCertificate"],
        fips.texts["AwsHardwareCertificate"]
    );
}

#[test]
fn govcloud_has_an_aws_root_of_its_own() {
    let simulator = instant();
    let gov = Today::of(
        &simulator,
        certificates(&simulator, "us-gov-west-1", &order("FIPS")),
        RootFile::AwsUsGov,
        RootFile::Ls2,
    );
    gov.holds();
    assert_ne!(gov.roots[0], simulator.aws_root_pem().unwrap());
    assert!(
        read(&der(&gov.roots[0]))
            .subject()
            .to_string()
            .contains("US GOV")
    );
}

#[test]
fn a_cluster_that_waits_for_its_migration_is_of_the_older_hardware() {
    let simulator = instant();
    let id = simulator.create_hsm1_cluster("us-east-1").unwrap();
    let old = Today::of(
        &simulator,
        certificates_of(&simulator, "us-east-1", &id),
        RootFile::Aws,
        RootFile::Ls1,
    );
    old.holds();
    assert_eq!(
        read(&old.der("ManufacturerHardwareCertificate")).version(),
        X509Version::V1
    );
    assert!(
        read(&der(&old.roots[1]))
            .subject()
            .to_string()
            .contains("Cavium")
    );
}

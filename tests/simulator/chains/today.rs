//! Chains of today's hardware: hsm2m, FIPS mode, GovCloud, migrations.

use super::*;

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

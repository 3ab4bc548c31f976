//! A bundle of the genuine form with keys of its own. It is valid from 2000 until the end of year
//! 9999, so that no test depends on the date.

use std::fs;
use std::path::Path;

use super::Ca;
use hsmboot::x509::der::{
    encode_bit_string, encode_integer, encode_oid, encode_sequence, encode_set, encode_tlv, tag,
};
use hsmboot::x509::pem::{Label, encode};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

pub const CLUSTER: &str = "cluster-abc234defgh";

/// The texts of the bundle's four files and of both roots.
#[derive(Clone)]
pub struct Chain {
    pub csr: String,
    pub hsm: String,
    pub aws_hardware: String,
    pub manufacturer_hardware: String,
    pub aws_root: String,
    pub manufacturer_root: String,
    /// A CSR with the same subject and another key.
    pub other_csr: String,
    /// The CSR with its signature's last bit changed.
    pub forged_csr: String,
}

struct Key(EcdsaKeyPair, Vec<u8>);

impl Key {
    fn new() -> Self {
        let random = SystemRandom::new();
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        Key(
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random)
                .unwrap(),
            document.as_ref().to_vec(),
        )
    }

    fn spki(&self) -> Vec<u8> {
        let algorithm = encode_sequence(&[
            &encode_oid("1.2.840.10045.2.1"),
            &encode_oid("1.2.840.10045.3.1.7"),
        ]);
        encode_sequence(&[&algorithm, &encode_bit_string(self.0.public_key().as_ref())])
    }

    fn signed(&self, content: &[u8]) -> Vec<u8> {
        let signature = self.0.sign(&SystemRandom::new(), content).unwrap();
        encode_sequence(&[
            content,
            &algorithm(),
            &encode_bit_string(signature.as_ref()),
        ])
    }
}

fn algorithm() -> Vec<u8> {
    encode_sequence(&[&encode_oid("1.2.840.10045.4.3.2")])
}

fn attribute(kind: &str, value: &str) -> Vec<u8> {
    encode_sequence(&[
        &encode_oid(kind),
        &encode_tlv(tag::PRINTABLE_STRING, &[value.as_bytes()]),
    ])
}

/// Returns a name of one RDN of five attributes, followed by the common name
/// (docs/verification.md).
fn hardware_name(common_name: &str) -> Vec<u8> {
    let mut first: Vec<Vec<u8>> = [
        ("2.5.4.6", "US"),
        ("2.5.4.8", "CA"),
        ("2.5.4.10", "Cavium"),
        ("2.5.4.11", "N3FIPS"),
        ("2.5.4.7", "SanJose"),
    ]
    .iter()
    .map(|(kind, value)| attribute(kind, value))
    .collect();
    first.sort();
    let first: Vec<&[u8]> = first.iter().map(Vec::as_slice).collect();
    encode_sequence(&[
        &encode_set(&first),
        &encode_set(&[&attribute("2.5.4.3", common_name)]),
    ])
}

fn root_name(common_name: &str) -> Vec<u8> {
    encode_sequence(&[&encode_set(&[&attribute("2.5.4.3", common_name)])])
}

/// Returns a certificate of version 1.
fn certificate(issuer: &[u8], by: &Key, subject: &[u8], key: &Key) -> String {
    let validity = encode_sequence(&[
        &encode_tlv(tag::UTC_TIME, &[b"000101000000Z"]),
        &encode_tlv(tag::GENERALIZED_TIME, &[b"99991231235959Z"]),
    ]);
    let tbs = encode_sequence(&[
        &encode_integer(&[1]),
        &algorithm(),
        issuer,
        &validity,
        subject,
        &key.spki(),
    ]);
    encode(Label::Certificate, &by.signed(&tbs))
}

fn request(subject: &[u8], key: &Key) -> Vec<u8> {
    key.signed(&encode_sequence(&[
        &encode_integer(&[0]),
        subject,
        &key.spki(),
        &encode_tlv(tag::context_constructed(0), &[]),
    ]))
}

/// Returns a self-signed certificate of this name, in DER, without any extension, and its key.
pub fn ca_named(name: &[u8]) -> Ca {
    let key = Key::new();
    let pkcs8 = pem::Pem::new("PRIVATE KEY", key.1.clone());
    let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    Ca {
        cert: certificate(name, &key, name, &key),
        key: pem::encode_config(&pkcs8, config),
    }
}

/// The names in a chain, in DER.
pub struct Names {
    pub aws_root: Vec<u8>,
    pub manufacturer_root: Vec<u8>,
    pub card: Vec<u8>,
    pub partition: Vec<u8>,
    pub csr: Vec<u8>,
}

impl Names {
    fn genuine() -> Self {
        let partition = hardware_name("HSM:5.2G0000:PARTN:1, for FIPS mode");
        Names {
            aws_root: root_name("AWS test root"),
            manufacturer_root: root_name("manufacturer test root"),
            card: hardware_name("HSM:5.2G0000, for FIPS mode"),
            csr: partition.clone(),
            partition,
        }
    }
}

impl Chain {
    pub fn new() -> Self {
        Self::named(&Names::genuine())
    }

    /// Makes the same chain under other names.
    pub fn named(names: &Names) -> Self {
        let [aws, manufacturer, hardware, hsm, other] = std::array::from_fn(|_| Key::new());
        let Names {
            aws_root: aws_name,
            manufacturer_root: manufacturer_name,
            card,
            partition,
            csr: requested,
        } = names;
        let csr = request(requested, &hsm);
        let mut forged = csr.clone();
        *forged.last_mut().unwrap() ^= 1;
        Chain {
            csr: encode(Label::CertificateRequest, &csr),
            hsm: certificate(card, &hardware, partition, &hsm),
            aws_hardware: certificate(aws_name, &aws, card, &hardware),
            manufacturer_hardware: certificate(manufacturer_name, &manufacturer, card, &hardware),
            aws_root: certificate(aws_name, &aws, aws_name, &aws),
            manufacturer_root: certificate(
                manufacturer_name,
                &manufacturer,
                manufacturer_name,
                &manufacturer,
            ),
            other_csr: encode(Label::CertificateRequest, &request(requested, &other)),
            forged_csr: encode(Label::CertificateRequest, &forged),
        }
    }

    /// Returns the files, each as the end of its name and its text.
    pub fn files(&self) -> [(&'static str, &str); 4] {
        [
            ("ClusterCsr.csr", &self.csr),
            ("HsmCertificate.crt", &self.hsm),
            ("AwsHardwareCertificate.crt", &self.aws_hardware),
            (
                "ManufacturerHardwareCertificate.crt",
                &self.manufacturer_hardware,
            ),
        ]
    }

    pub fn write(&self, dir: &Path) {
        for (suffix, text) in self.files() {
            fs::write(dir.join(format!("{CLUSTER}_{suffix}")), text).unwrap();
        }
    }
}

//! The good bundle, in the shape of the genuine ones (docs/verification.md): what the fixtures
//! differ from in one point each.

use super::cert::*;
use super::der;
use super::keys::{self, Hash, RsaKey};
use super::pem::pem;

/// The moment that fixtures are judged at, unless one says otherwise: the manufacturer root's first
/// issue has expired, all else is valid.
pub const AT: &str = "2026-06-01T00:00:00Z";

pub const CLUSTER_ID: &str = "cluster-hsmboottest";

/// The certificates and the request, in parts.
#[derive(Clone)]
pub struct Chain {
    pub aws_root: Cert,
    pub manufacturer_root: Cert,
    pub aws_hardware: Cert,
    pub manufacturer_hardware: Cert,
    pub hsm: Cert,
    pub csr: Request,
}

/// The files, as text.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    pub csr: Vec<u8>,
    pub hsm: Vec<u8>,
    pub aws_hardware: Vec<u8>,
    pub manufacturer_hardware: Vec<u8>,
    pub aws_root: Vec<u8>,
    pub manufacturer_root: Vec<u8>,
}

/// docs/verification.md's `<input>`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input {
    Csr,
    Hsm,
    AwsHardware,
    ManufacturerHardware,
}

impl Input {
    pub const ALL: [Input; 4] = [
        Input::Csr,
        Input::Hsm,
        Input::AwsHardware,
        Input::ManufacturerHardware,
    ];
    pub const CERTIFICATES: [Input; 3] =
        [Input::Hsm, Input::AwsHardware, Input::ManufacturerHardware];

    pub fn id(self) -> &'static str {
        match self {
            Input::Csr => "csr",
            Input::Hsm => "hsm",
            Input::AwsHardware => "aws-hardware",
            Input::ManufacturerHardware => "manufacturer-hardware",
        }
    }

    pub fn label(self) -> &'static str {
        if self == Input::Csr {
            "CERTIFICATE REQUEST"
        } else {
            "CERTIFICATE"
        }
    }
}

impl Chain {
    pub fn cert_mut(&mut self, input: Input) -> &mut Cert {
        match input {
            Input::Csr => panic!("the CSR is no certificate"),
            Input::Hsm => &mut self.hsm,
            Input::AwsHardware => &mut self.aws_hardware,
            Input::ManufacturerHardware => &mut self.manufacturer_hardware,
        }
    }

    pub fn bundle(&self) -> Bundle {
        let crt = |cert: &Cert| pem("CERTIFICATE", &cert.der());
        Bundle {
            csr: pem("CERTIFICATE REQUEST", &self.csr.der()),
            hsm: crt(&self.hsm),
            aws_hardware: crt(&self.aws_hardware),
            manufacturer_hardware: crt(&self.manufacturer_hardware),
            aws_root: crt(&self.aws_root),
            manufacturer_root: crt(&self.manufacturer_root),
        }
    }

    pub fn good() -> Chain {
        let (aws, manufacturer) = (aws_root_name(), manufacturer_root_name());
        let hsm_spki = keys::HSM.spki();
        Chain {
            aws_root: aws_root(),
            manufacturer_root: manufacturer_root_v1(),
            aws_hardware: aws_hardware(aws),
            manufacturer_hardware: Cert {
                serial: der::int(&[0xdd, 0x3f, 0x92, 0x1a, 0x3d, 0x2d, 0x9c, 0xd4]),
                validity: validity("180419200517Z", "280416200517Z"),
                ..v1(
                    manufacturer,
                    card_name(),
                    keys::HARDWARE.spki(),
                    &keys::MANUFACTURER_ROOT,
                )
            },
            hsm: Cert {
                version: V3.to_vec(),
                validity: validity("180921212136Z", "280918212136Z"),
                ..v1(
                    card_name(),
                    partition_name(),
                    hsm_spki.clone(),
                    &keys::HARDWARE,
                )
            },
            csr: Request {
                version: der::int(&[0]),
                subject: partition_name(),
                spki: hsm_spki,
                attributes: vec![0xa0, 0],
                outer: None,
                signer: Signer::Pkcs1(&keys::HSM, Hash::Sha256),
            },
        }
    }

    /// The chain with the manufacturer root's second issue: version 3, not expired, the same name
    /// and key.
    pub fn with_reissued_root() -> Chain {
        Chain {
            manufacturer_root: manufacturer_root_v3(),
            ..Chain::good()
        }
    }
}

/// A certificate of version 1 with serial 1.
fn v1(issuer: Vec<u8>, subject: Vec<u8>, spki: Vec<u8>, signer: &'static RsaKey) -> Cert {
    Cert {
        version: Vec::new(),
        serial: der::int(&[1]),
        inner: None,
        outer: None,
        issuer,
        validity: validity("180101000000Z", "280101000000Z"),
        subject,
        spki,
        extensions: None,
        unique_ids: Vec::new(),
        tail: Vec::new(),
        signer: Signer::Pkcs1(signer, Hash::Sha256),
    }
}

fn manufacturer_root_v1() -> Cert {
    let name = manufacturer_root_name();
    Cert {
        serial: der::int(&[0xc0, 0xea, 0xad, 0xf4, 0x34, 0xde, 0xdc, 0x17]),
        validity: validity("151119135525Z", "251116135525Z"),
        ..v1(
            name.clone(),
            name,
            keys::MANUFACTURER_ROOT.spki(),
            &keys::MANUFACTURER_ROOT,
        )
    }
}

fn manufacturer_root_v3() -> Cert {
    Cert {
        version: V3.to_vec(),
        serial: der::int(&[0]),
        validity: validity("240725202920Z", "340723202920Z"),
        extensions: Some(vec![key_usage(0x84, 2), basic_constraints(false, true)]),
        ..manufacturer_root_v1()
    }
}

fn aws_root() -> Cert {
    let (name, spki) = (aws_root_name(), keys::AWS_ROOT.spki());
    Cert {
        version: V3.to_vec(),
        serial: der::int(&[0xf9, 0x24, 0xee, 0xee, 0xcf, 0x9e, 0xa6, 0x4f]),
        validity: validity("170428083747Z", "270426083747Z"),
        extensions: Some(vec![
            subject_key_id(&spki),
            authority_key_id(&spki),
            basic_constraints(false, true),
        ]),
        ..v1(name.clone(), name, spki, &keys::AWS_ROOT)
    }
}

/// As owners of such hardware issue it: CA:FALSE, and no keyCertSign, though its key does sign
/// certificates.
fn aws_hardware(issuer: Vec<u8>) -> Cert {
    let spki = keys::HARDWARE.spki();
    Cert {
        version: V3.to_vec(),
        serial: der::int(
            b"\x1c\xfc\x94\xc6\x62\x84\x48\x95\x79\x39\xcb\xe0\x48\x04\xde\xa7\x8d\x7a\xc0\xe6",
        ),
        validity: validity("180921212232Z", "300101000000Z"),
        extensions: Some(vec![
            basic_constraints(false, false),
            key_usage(0xa0, 5),
            subject_key_id(&spki),
            authority_key_id(&keys::AWS_ROOT.spki()),
        ]),
        ..v1(issuer, card_name(), spki, &keys::AWS_ROOT)
    }
}

/// The roots' names say what they are, so that nobody takes them for the genuine ones.
pub fn manufacturer_root_name() -> Vec<u8> {
    name(&[
        &[(COUNTRY, "US")],
        &[(STATE, "California")],
        &[(LOCALITY, "San Jose")],
        &[(ORGANIZATION, "hsmboot test, worthless")],
        &[(UNIT, "LiquidSecurity")],
        &[(COMMON_NAME, "hsmboot test manufacturer root")],
    ])
}

pub fn aws_root_name() -> Vec<u8> {
    name(&[
        &[(COUNTRY, "US")],
        &[(STATE, "Virginia")],
        &[(LOCALITY, "Herndon")],
        &[(ORGANIZATION, "hsmboot test, worthless")],
        &[(UNIT, "CloudHSM")],
        &[(COMMON_NAME, "hsmboot test AWS root")],
    ])
}

pub fn card_name() -> Vec<u8> {
    hardware_name("HSM:5.2G1804-ICM000000, for FIPS mode")
}

pub fn partition_name() -> Vec<u8> {
    hardware_name("HSM:5.2G1804-ICM000000:PARTN:13, for FIPS mode")
}

/// The first RDN of the hardware's names: a SET of five attributes.
pub const FIRST_RDN: [(&str, &str); 5] = [
    (COUNTRY, "US"),
    (STATE, "CA"),
    (ORGANIZATION, "Cavium"),
    (UNIT, "N3FIPS"),
    (LOCALITY, "SanJose"),
];

pub fn hardware_name(common_name: &str) -> Vec<u8> {
    name(&[&FIRST_RDN, &[(COMMON_NAME, common_name)]])
}

/// A hardware name with a CN of another string type.
pub fn hardware_name_as(tag: u8, common_name: &[u8]) -> Vec<u8> {
    let first = der::set_of(&FIRST_RDN.map(|(kind, text)| attribute(kind, text)));
    der::seq(&[
        &first,
        &der::set_of(&[attribute_as(COMMON_NAME, tag, common_name)]),
    ])
}

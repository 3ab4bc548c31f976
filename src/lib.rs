//! Claim an AWS CloudHSM cluster: prove that a genuine HSM made its CSR, sign that with the owner's
//! CA, submit, confirm.
//!
//! The command `hsmboot` is a thin layer over this crate. The pipeline, in its order:
//!
//! | step | module | what goes in, what comes out |
//! | --- | --- | --- |
//! | 1 | [`fetch`] | a cluster as DescribeClusters shows it; a [`bundle`] on disk |
//! | 2 | [`verify`] | texts, anchors, a moment, a policy; a record, and the proof where it holds |
//! | 3 | [`sign`] | the proof (or the operator's own words), the CA, terms; a checked pair |
//! | 4 | [`check`] | CSR, certificate, trust anchor; every rule, and the pair where all hold |
//! | 5 | [`claim`] | the pair, and what the service answers; what to ask it next. No I/O |
//! | | [`submit`] | drives that machine against a service; what then happened, as a receipt |
//! | | [`report`] | all that a bundle holds, judged again; a page for those who read it later |
//!
//! What the steps share:
//!
//! | module | about |
//! | --- | --- |
//! | [`generation`] | the hardware's generations: types, roots, names, what their clusters can be
//! | [`x509`] | strict PEM and DER, certificates, CSRs, names, signatures |
//! | [`ca`] | the owner's CA: keys, passphrases, making and showing one |
//! | [`bundle`], [`fsio`] | files: names, digests, documents, written whole or not at all |
//! | [`aws`] | what the AWS services have in common: credentials, endpoints, what can go wrong |
//! | [`cloudhsm`] | the service as two traits; its limits; `cloudhsm::aws`, over the AWS SDK |
//! | [`error`] | the error that a command ends with: class, exit code, kind |
//! | [`outside`] | text from outside: shown, never obeyed |
//! | `pca` | AWS Private CA as the issuer |
//! | `qr` | a bundle by camera: parts, codes, photographs |
//! | [`cli`] | the command line: flags, prompts, output; the clock and the randomness |
//! | `simulator` | the CloudHSM V2 API, emulated; uses nothing else of this crate |
//!
//! [`verify`], [`check`], [`x509`], [`claim`], [`sign`], [`handover`] and [`report`] read no file,
//! clock, network, environment or randomness: moments and serial numbers are arguments.
//!
//! # From evidence to a pair that can be sent
//!
//! ```
//! use hsmboot::ca::{self, KeyType, NewKey, make_trust_anchor, parse_subject};
//! use hsmboot::check::check;
//! use hsmboot::claim::Patience;
//! use hsmboot::owner::{Authorized, Owner};
//! use hsmboot::sign::{Grounds, SigningCa, SigningTerms, issue};
//! use hsmboot::verify::{Anchor, Anchors, Evidence, Policy, verify};
//! use hsmboot::x509::Moment;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let directory = std::path::Path::new("fixtures/verify/verified--never-expires");
//! let read = |name: &str| std::fs::read(directory.join(name));
//! let evidence = Evidence {
//!     csr: Some(read("cluster-hsmboottest_ClusterCsr.csr")?),
//!     hsm: read("cluster-hsmboottest_HsmCertificate.crt")?,
//!     aws_hardware: read("cluster-hsmboottest_AwsHardwareCertificate.crt")?,
//!     manufacturer_hardware: read("cluster-hsmboottest_ManufacturerHardwareCertificate.crt")?,
//! };
//! // For a genuine cluster: Anchors::built_in().
//! let anchors = Anchors {
//!     aws: Anchor::from_file(&read("aws-root.crt")?, "aws-root.crt")?,
//!     manufacturer: Anchor::from_file(&read("manufacturer-root.crt")?, "manufacturer-root.crt")?,
//! };
//! let now: Moment = "2026-06-01T12:00:00Z".parse()?;
//!
//! // 2: verify. The record has every check; only a verdict of `verified` yields the proof.
//! let judgement = verify(&evidence, &anchors, now, &Policy::default());
//! let proof = judgement.verified().ok_or("the HSM's identity is not proven")?;
//!
//! // The owner's CA; a program would read one with ca::KeySource.
//! let key = NewKey::generate(KeyType::P256)?.to_file_key()?;
//! let subject = parse_subject("CN=Example CloudHSM CA,O=Example")?;
//! let not_after = "2036-06-01T12:00:00Z".parse()?;
//! let terms = ca::CaTerms { subject: &subject, serial: &[1], not_before: now, not_after };
//! let root = make_trust_anchor(&terms, &key)?;
//! let ca = SigningCa::new(root.try_into()?, &key, now)?;
//!
//! // 3: sign. The serial number's octets should be random ones.
//! let terms = SigningTerms { serial: [7; 20], now, days: 3652 };
//! let pair = issue(&Grounds::Verified(proof), &ca, &terms)?;
//!
//! // 4: check. `issue` has done that; for a certificate made elsewhere, this is the way.
//! let csr = evidence.csr.as_deref().unwrap_or_default();
//! let (signed_cert, trust_anchor) = (pair.signed_cert_pem(), pair.trust_anchor_pem());
//! let checked = check(csr, signed_cert.as_bytes(), trust_anchor.as_bytes(), now);
//! assert_eq!(checked.into_pair()?, pair);
//!
//! // 5: claim. It takes the proof of the HSM and the proof of the owner: here the operator's own
//! // copy of the CA's certificate.
//! let owner = Owner::with_named_ca(ca.trust_anchor().clone());
//! let authorized = Authorized::new(pair, &Grounds::Verified(proof), &owner)?;
//! let patience = Patience::default();
//! let claim = hsmboot::claim::Claim::for_submission("cluster-hsmboottest", authorized, patience);
//! assert_eq!(claim.send_count(), 0); // `claim.next(...)` says what to ask the service
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! `online` (the AWS SDK), `simulator` and `awskms` (CA keys in AWS KMS, AWS Private CA) are on by
//! default. Without them the crate has no network code: that is the air-gapped tool. `pkcs11` (CA
//! keys on tokens) is on by default too. `lambda` (a function of AWS Lambda) is off.

#![cfg_attr(not(test), warn(clippy::disallowed_methods, unused_crate_dependencies))]

/// Makes the address of a page of the documentation, which a machine without the repository opens.
macro_rules! page {
    ($name:literal) => {
        concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/", $name)
    };
}

pub mod aws;
pub mod bundle;
pub mod ca;
pub mod check;
pub mod checks;
pub mod claim;
pub mod cli;
pub mod cloudhsm;
pub mod error;
pub mod fetch;
#[cfg(feature = "online")]
pub mod fleet_file;
pub mod fsio;
pub mod generation;
pub mod handover;
mod hint;
pub mod outside;
pub mod owner;
#[cfg(feature = "awskms")]
pub mod pca;
pub mod plan;
#[cfg(feature = "qr")]
pub mod qr;
mod quote;
pub mod report;
pub mod sign;
pub mod submit;
pub mod verify;
pub mod x509;

#[cfg(feature = "simulator")]
pub mod simulator;

/// The door for fuzz targets to what the library keeps to itself: with `--cfg fuzzing`, as
/// cargo-fuzz builds. Unit tests try the seeds behind it.
#[cfg(any(fuzzing, test))]
pub mod fuzzing {
    #[cfg(all(fuzzing, not(feature = "awskms")))]
    pub use crate::ca::fuzzing::awskms_uri;
    pub use crate::ca::fuzzing::key_file;
    #[cfg(feature = "qr")]
    pub use crate::qr::fuzzing::{qr_parts, qr_picture};
    #[cfg(feature = "simulator")]
    pub use crate::simulator::fuzzing::{authorization, simulator_request, state_file};
}

#[cfg(test)]
#[path = "../tests/support/seeds.rs"]
mod seeds;

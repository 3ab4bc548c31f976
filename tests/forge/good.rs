//! Bundles that verify, each with something a stricter or a laxer reader might stumble over.

mod contents;

use contents::parts;

use super::cert::*;
use super::chain::{Bundle, Chain, Input};
use super::der;
use super::fixture::Fixture;
use super::keys::{self, Hash};
use super::text::padded;

pub fn fixtures() -> Vec<Fixture> {
    [shapes(), texts(), algorithms(), parts()].concat()
}

fn shapes() -> Vec<Fixture> {
    vec![
        Fixture::new(
            "verified--expired-root",
            "the genuine shape, with the manufacturer root's first issue",
            Chain::good().bundle(),
        ),
        Fixture::new(
            "verified--reissued-root",
            "the genuine shape, with the manufacturer root's second issue: the same name and key",
            Chain::with_reissued_root().bundle(),
        )
        .without_notes(&["anchor-validity.manufacturer"]),
        Fixture::new(
            "verified--chains-only",
            "judged without its CSR",
            Chain::good().bundle(),
        )
        .chains_only(),
        Fixture::new(
            "verified--chains-only-bad-csr",
            "judged without its CSR, which is no CSR",
            {
                let mut bundle = Chain::good().bundle();
                bundle.csr = b"nothing\n".to_vec();
                bundle
            },
        )
        .chains_only(),
    ]
}

fn every_text(change: impl Fn(Input, &str) -> Vec<u8>) -> Bundle {
    let mut bundle = Chain::good().bundle();
    for input in Input::ALL {
        let text = String::from_utf8(bundle.text_mut(input).clone()).unwrap();
        *bundle.text_mut(input) = change(input, &text);
    }
    bundle
}

fn texts() -> Vec<Fixture> {
    let new_label = every_text(|_, text| {
        text.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")
            .into_bytes()
    });
    vec![
        Fixture::new(
            "verified--crlf",
            "lines that end in CR LF",
            every_text(|_, text| text.replace('\n', "\r\n").into_bytes()),
        ),
        Fixture::new(
            "verified--no-last-newline",
            "no newline at the end",
            every_text(|_, text| text.trim_end().into()),
        ),
        Fixture::new(
            "verified--white-space-around",
            "blanks and empty lines before and after the block",
            every_text(|_, text| format!("\r\n \t\n{text}\n\t \n").into_bytes()),
        ),
        Fixture::new(
            "verified--form-feed-around",
            "a form feed and a vertical tab around the block: white space too (RFC 7468 3, W)",
            every_text(|_, text| format!("\x0c\n{text}\x0b\n").into_bytes()),
        ),
        Fixture::new(
            "verified--new-certificate-request",
            "the older label of a request (RFC 7468 7)",
            new_label,
        ),
        Fixture::new(
            "verified--20000-characters",
            "as many characters as the service may return",
            every_text(|_, text| padded(text, 20000).unwrap()),
        ),
    ]
}

fn algorithms() -> Vec<Fixture> {
    let with = |change: fn(&mut Chain)| {
        let mut chain = Chain::good();
        change(&mut chain);
        chain.bundle()
    };
    vec![
        Fixture::new(
            "verified--pss",
            "PSS with SHA-256, SHA-384 and SHA-512",
            with(|chain| {
                chain.aws_hardware.signer = Signer::Pss(&keys::AWS_ROOT, Hash::Sha256);
                chain.manufacturer_hardware.signer =
                    Signer::Pss(&keys::MANUFACTURER_ROOT, Hash::Sha384);
                chain.hsm.signer = Signer::Pss(&keys::HARDWARE, Hash::Sha512);
                chain.csr.signer = Signer::Pss(&keys::HSM, Hash::Sha256);
            }),
        ),
        Fixture::new(
            "verified--pss-other-salts",
            "PSS with SHA-256 and salts of 20 octets and of 222, the longest that fits (RFC 4055 \
             3.1; openssl's choice)",
            with(|chain| {
                chain.aws_hardware.signer =
                    Signer::PssAs(&keys::AWS_ROOT, Hash::Sha256, Hash::Sha256, 20);
                chain.manufacturer_hardware.signer =
                    Signer::PssAs(&keys::MANUFACTURER_ROOT, Hash::Sha256, Hash::Sha256, 222);
            }),
        ),
        Fixture::new(
            "verified--pss-keys",
            "keys for PSS alone, with and without parameters",
            with(|chain| {
                chain.aws_hardware.spki = keys::HARDWARE.pss_spki(&pss_parameters(Hash::Sha256));
                chain.manufacturer_hardware.spki = keys::HARDWARE.pss_spki(&[]);
                chain.hsm.signer = Signer::Pss(&keys::HARDWARE, Hash::Sha256);
                chain.hsm.spki = keys::HSM.pss_spki(&[]);
                chain.csr.spki = keys::HSM.pss_spki(&[]);
                chain.csr.signer = Signer::Pss(&keys::HSM, Hash::Sha384);
            }),
        ),
        Fixture::new(
            "verified--hardware-key-written-twice",
            "one card's key, written for PKCS#1 v1.5 and for PSS",
            with(|chain| {
                chain.aws_hardware.spki = keys::HARDWARE.pss_spki(&[]);
                chain.hsm.signer = Signer::Pss(&keys::HARDWARE, Hash::Sha256);
            }),
        ),
        Fixture::new(
            "verified--ecdsa",
            "P-256 and P-384, with SHA-256 and SHA-384, each with each",
            with(|chain| {
                chain.aws_root.spki = keys::P384.spki();
                chain.aws_root.signer = Signer::Ecdsa(&keys::P384, Hash::Sha384);
                chain.aws_hardware.signer = Signer::Ecdsa(&keys::P384, Hash::Sha256);
                chain.aws_hardware.spki = keys::P256.spki();
                chain.manufacturer_hardware.spki = keys::P256.spki();
                chain.hsm.signer = Signer::Ecdsa(&keys::P256, Hash::Sha384);
                chain.hsm.spki = keys::P384.spki();
                chain.csr.spki = keys::P384.spki();
                chain.csr.signer = Signer::Ecdsa(&keys::P384, Hash::Sha384);
            }),
        ),
        Fixture::new(
            "verified--ecdsa-p-256-sha-256",
            "P-256 with SHA-256",
            with(|chain| {
                chain.hsm.spki = keys::P256.spki();
                chain.csr.spki = keys::P256.spki();
                chain.csr.signer = Signer::Ecdsa(&keys::P256, Hash::Sha256);
            }),
        )
        .in_memory(),
        Fixture::new(
            "verified--ecdsa-p-521",
            "P-521 with SHA-256, SHA-384 and SHA-512, and P-384 and P-256 with SHA-512",
            with(|chain| {
                chain.aws_root.spki = keys::P384.spki();
                chain.aws_root.signer = Signer::Ecdsa(&keys::P384, Hash::Sha512);
                chain.aws_hardware.signer = Signer::Ecdsa(&keys::P384, Hash::Sha512);
                chain.aws_hardware.spki = keys::P521.spki();
                chain.manufacturer_root.spki = keys::P256.spki();
                chain.manufacturer_root.signer = Signer::Ecdsa(&keys::P256, Hash::Sha512);
                chain.manufacturer_hardware.signer = Signer::Ecdsa(&keys::P256, Hash::Sha512);
                chain.manufacturer_hardware.spki = keys::P521.spki();
                chain.hsm.signer = Signer::Ecdsa(&keys::P521, Hash::Sha256);
                chain.hsm.spki = keys::HSM.spki();
            }),
        ),
        Fixture::new(
            "verified--ecdsa-p-521-csr",
            "a P-521 key in HSM certificate and CSR, which it signs with SHA-384",
            with(|chain| {
                chain.hsm.spki = keys::P521.spki();
                chain.csr.spki = keys::P521.spki();
                chain.csr.signer = Signer::Ecdsa(&keys::P521, Hash::Sha384);
            }),
        )
        .in_memory(),
        Fixture::new(
            "verified--rsa-sha-384-512",
            "RSA 3072 with SHA-384, RSA 2048 with SHA-512",
            with(|chain| {
                chain.aws_root.spki = keys::RSA_3072.spki();
                chain.aws_root.signer = Signer::Pkcs1(&keys::RSA_3072, Hash::Sha384);
                chain.aws_hardware.signer = Signer::Pkcs1(&keys::RSA_3072, Hash::Sha384);
                chain.hsm.signer = Signer::Pkcs1(&keys::HARDWARE, Hash::Sha512);
            }),
        ),
        Fixture::new(
            "verified--rsa-8192",
            "an HSM key of 8192 bits",
            with(|chain| {
                chain.hsm.spki = keys::RSA_8192.spki();
                chain.csr.spki = keys::RSA_8192.spki();
                chain.csr.signer = Signer::Pkcs1(&keys::RSA_8192, Hash::Sha256);
            }),
        ),
        Fixture::new(
            "verified--root-signed-with-sha-1",
            "a root that is signed with SHA-1: an anchor is a name and a key, and its own \
             signature proves nothing",
            with(|chain| {
                chain.manufacturer_root.signer = Signer::Pkcs1(&keys::MANUFACTURER_ROOT, Hash::Sha1)
            }),
        ),
    ]
}

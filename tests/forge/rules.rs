//! Well-formed bundles of allowed algorithms that break one rule each: signatures, names, keys,
//! dates, roles, extensions.

mod one_key;
mod profiles;
mod signatures;

use one_key::{alike, anchors, csr, same_key, stranger};
use profiles::{ca_profiles, extensions, roles, validity_dates};
use signatures::{hsm_signatures, issuers, last_bit_changed, retyped, rewritten, signatures};

use super::cert::*;
use super::chain::{self, Chain, Input};
use super::der;
use super::fixture::Fixture;
use super::keys::{self, Hash, RsaKey};

pub fn fixtures() -> Vec<Fixture> {
    [
        signatures(),
        hsm_signatures(),
        issuers(),
        same_key(),
        anchors(),
        csr(),
        validity_dates(),
        roles(),
        extensions(),
        ca_profiles(),
        swapped(),
    ]
    .concat()
}

/// The good chain, changed.
fn changed(change: impl FnOnce(&mut Chain)) -> super::chain::Bundle {
    let mut chain = Chain::good();
    change(&mut chain);
    chain.bundle()
}

/// Files in each other's place.
fn swapped() -> Vec<Fixture> {
    let mut hardware = Chain::good().bundle();
    std::mem::swap(
        &mut hardware.aws_hardware,
        &mut hardware.manufacturer_hardware,
    );
    let mut roots = Chain::good().bundle();
    std::mem::swap(&mut roots.aws_root, &mut roots.manufacturer_root);
    let fails = [
        "aws.signature",
        "aws.issuer",
        "manufacturer.signature",
        "manufacturer.issuer",
    ];
    let mut hsm = Chain::good().bundle();
    std::mem::swap(&mut hsm.hsm, &mut hsm.aws_hardware);
    vec![
        Fixture::new(
            "aws.signature--hardware-swapped",
            "the two hardware certificates in each other's place",
            hardware,
        )
        .fails(&fails),
        Fixture::new(
            "aws.signature--roots-swapped",
            "the two roots in each other's place",
            roots,
        )
        .fails(&fails)
        .without_notes(&["anchor-validity.manufacturer"])
        .notes(&["anchor-validity.aws"]),
        Fixture::new(
            "hardware.same-key--hsm-swapped",
            "the HSM certificate and the AWS hardware certificate in each other's place",
            hsm,
        )
        .fails(&[
            "aws.signature",
            "aws.issuer",
            "aws.hsm-signature",
            "aws.hsm-issuer",
            "manufacturer.hsm-signature",
            "manufacturer.hsm-issuer",
            "hardware.same-key",
            "csr.key",
            "role.aws-hardware",
        ])
        .notes(&["csr.subject"]),
    ]
}

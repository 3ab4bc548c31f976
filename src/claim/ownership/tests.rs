#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod forms;

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::check::check;
use crate::x509::der::{encode_bit_string, encode_sequence};
use crate::x509::pem::{self, Label};
use crate::x509::{Certificate, Moment, SignatureAlgorithm};

fn fixture_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/ownership")
        .join(name)
}

fn fixture_text(name: &str) -> String {
    fs::read_to_string(fixture_path(&format!("{name}.crt"))).unwrap()
}

fn fixture_der(name: &str) -> Vec<u8> {
    pem::decode(fixture_text(name).as_bytes(), Label::Certificate).unwrap()
}

fn owner_fixture(name: &str) -> Vec<OwnerCertificate> {
    OwnerCertificate::all_from_file(fixture_text(name).as_bytes()).unwrap()
}

fn judge_plainly(cluster: &str, owner: &[OwnerCertificate]) -> Ownership {
    judge_ownership(cluster, owner, &ExpectedClaim::default()).ownership
}

fn is_owners(ownership: &Ownership) -> bool {
    !matches!(
        ownership,
        Ownership::AnotherCa | Ownership::CannotBeJudged(_)
    )
}

fn in_pem(der: &[u8]) -> String {
    pem::encode(Label::Certificate, der)
}

/// `der` with one run of bytes exchanged for another of the same length, everywhere.
fn exchange_bytes(der: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let (mut out, mut found) = (der.to_vec(), 0);
    for at in 0..out.len() - from.len() {
        if out[at..].starts_with(from) {
            out[at..at + from.len()].copy_from_slice(to);
            found += 1;
        }
    }
    assert!(found > 0, "nothing to exchange");
    out
}

/// The cluster certificates that OpenSSL made, and the CA that signed each; CAs of all names but
/// one have the same name.
fn signed_cases() -> Vec<(String, String)> {
    let mut cases: Vec<(String, String)> = fs::read_dir(fixture_path(""))
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let name = name.strip_suffix(".crt")?.to_owned();
            let (ca, _) = name.split_once("--")?;
            Some((format!("ca-{ca}"), name)).filter(|(ca, _)| ca != "ca-below")
        })
        .collect();
    cases.sort();
    assert!(cases.len() >= 30, "{cases:?}");
    cases
}

/// The cases that hsmboot cannot verify.
const UNVERIFIABLE: [&str; 2] = ["rsa-2048--md5", "rsa-2048--pss-two-hashes"];

#[test]
fn a_cluster_is_its_owners_whatever_its_certificate_was_signed_with() {
    for (ca, name) in signed_cases() {
        let judged = judge_plainly(&fixture_text(&name), &owner_fixture(&ca));
        if UNVERIFIABLE.contains(&name.as_str()) {
            let Ownership::CannotBeJudged(Doubt::Unverifiable(why)) = judged else {
                panic!("{name}: {judged:?}")
            };
            assert!(why.contains("cannot verify"), "{name}: {why}");
        } else {
            assert_eq!(judged, Ownership::NoCsrToCompare, "{name}");
        }
    }
}

#[test]
fn a_ca_of_the_same_name_with_another_key_is_another_ca() {
    let cases = signed_cases();
    for (ca, name) in cases
        .iter()
        .filter(|(_, name)| !UNVERIFIABLE.contains(&name.as_str()))
    {
        for other in [
            "ca-rsa-1024",
            "ca-rsa-2048",
            "ca-rsa-3072",
            "ca-ec-p-256",
            "ca-ec-p-384",
            "ca-ec-p-521",
        ] {
            if other != ca {
                assert_eq!(
                    judge_plainly(&fixture_text(name), &owner_fixture(other)),
                    Ownership::AnotherCa,
                    "{name} under {other}"
                );
            }
        }
    }
}

#[test]
fn a_chain_is_its_holders_by_its_first_certificate_alone() {
    let chain = OwnerCertificate::all_from_file(
        (fixture_text("below") + &fixture_text("ca-rsa-2048")).as_bytes(),
    )
    .unwrap();
    assert_eq!(chain.len(), 2);
    assert_eq!(
        judge_plainly(&fixture_text("below--sha256"), &chain),
        Ownership::NoCsrToCompare
    );
    let Ownership::CannotBeJudged(Doubt::NotTheFirst { issuer, first }) =
        judge_plainly(&fixture_text("rsa-2048--sha1"), &chain)
    else {
        panic!()
    };
    assert_eq!(
        (issuer.as_encoded(), first.as_encoded()),
        ("CN=Example HSM CA, O=Example Owner", "CN=Example CA below")
    );
    assert_eq!(
        judge_plainly(&fixture_text("rsa-3072--sha1"), &chain),
        Ownership::AnotherCa
    );
    // Nor is a chain in the wrong order taken for the owner's, nor called somebody else's.
    let reversed = OwnerCertificate::all_from_file(
        (fixture_text("ca-rsa-2048") + &fixture_text("below")).as_bytes(),
    )
    .unwrap();
    assert!(matches!(
        judge_plainly(&fixture_text("below--sha256"), &reversed),
        Ownership::CannotBeJudged(Doubt::NotTheFirst { .. })
    ));
}

#[test]
fn a_ca_below_the_owners_is_neither_the_owner_nor_a_stranger() {
    let with_chain =
        fixture_text("below--sha256") + &fixture_text("below") + &fixture_text("ca-rsa-2048");
    let Ownership::CannotBeJudged(Doubt::Subordinate { issuer }) =
        judge_plainly(&with_chain, &owner_fixture("ca-rsa-2048"))
    else {
        panic!()
    };
    assert_eq!(issuer.as_encoded(), "CN=Example CA below");
    // One between must have both made it and its issuer's name.
    for between in ["below-namesake", "below-renamed"] {
        let stranger = fixture_text("below--sha256") + &fixture_text(between);
        assert_eq!(
            judge_plainly(&stranger, &owner_fixture("ca-rsa-2048")),
            Ownership::AnotherCa,
            "{between}"
        );
    }
    // Under another root it is a stranger's.
    assert_eq!(
        judge_plainly(&with_chain, &owner_fixture("ca-rsa-3072")),
        Ownership::AnotherCa
    );
}

#[test]
fn an_issuer_written_in_another_way_is_the_same_issuer() {
    let ca = fixture_der("ca-rsa-2048");
    let cluster = fixture_text("rsa-2048--sha1");
    for (from, to) in [
        (
            &b"\x0c\x0eExample HSM CA"[..],
            &b"\x13\x0eExample HSM CA"[..],
        ),
        (b"\x0c\x0eExample HSM CA", b"\x14\x0eEXAMPLE hsm ca"),
        (b"\x0c\x0dExample Owner", b"\x16\x0dexample owner"),
    ] {
        let retyped = OwnerCertificate::all_from_file(&exchange_bytes(&ca, from, to)).unwrap();
        assert_eq!(
            judge_plainly(&cluster, &retyped),
            Ownership::NoCsrToCompare,
            "{to:?}"
        );
    }
    let renamed =
        OwnerCertificate::all_from_file(&exchange_bytes(&ca, b"Example HSM CA", b"Example HSM CB"))
            .unwrap();
    let Ownership::CannotBeJudged(Doubt::AnotherName { issuer, subject }) =
        judge_plainly(&cluster, &renamed)
    else {
        panic!()
    };
    assert!(
        issuer.as_encoded().contains("Example HSM CA")
            && subject.as_encoded().contains("Example HSM CB"),
        "{issuer} {subject}"
    );
}

#[test]
fn what_stands_around_a_certificate_makes_it_no_others() {
    let (cluster, ca) = (fixture_text("rsa-2048--sha1"), fixture_text("ca-rsa-2048"));
    let owner_of = |text: &str| OwnerCertificate::all_from_file(text.as_bytes()).unwrap();
    let around = |text: &str| format!("Certificate:\n    Data: é \"_\"\n{text}\nafter\n");
    for shown in [
        around(&cluster),
        cluster.replace('\n', "\r\n"),
        cluster.replace("MII", "M II "),
        cluster.trim_end().to_owned(),
        format!("{cluster}{ca}"),
        cluster.clone() + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        cluster.replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
        in_pem(&[fixture_der("rsa-2048--sha1"), vec![5, 0]].concat()),
    ] {
        assert_eq!(
            judge_plainly(&shown, &owner_of(&around(&ca))),
            Ownership::NoCsrToCompare,
            "{shown}"
        );
    }
    assert_eq!(
        judge_plainly(
            &cluster,
            &OwnerCertificate::all_from_file(&fixture_der("ca-rsa-2048")).unwrap()
        ),
        Ownership::NoCsrToCompare
    );
}

#[test]
fn faults_of_encoding_that_hide_nothing_make_it_no_others() {
    let good = fixture_der("rsa-2048--sha1");
    // A length written longer than needed, an element that no type defines, and no NULL beside the
    // algorithm.
    let [0x30, 0x82, high, low, inside @ ..] = good.as_slice() else {
        panic!()
    };
    let long = [&[0x30, 0x83, 0, *high, *low], inside].concat();
    assert_eq!(
        judge_plainly(&in_pem(&long), &owner_fixture("ca-rsa-2048")),
        Ownership::NoCsrToCompare
    );
    let more = encode_sequence(&[inside, &[5, 0]]);
    assert_eq!(
        judge_plainly(&in_pem(&more), &owner_fixture("ca-rsa-2048")),
        Ownership::NoCsrToCompare
    );
    let read = LenientCertificate::from_der(&good).unwrap();
    let bare = encode_sequence(&[
        read.tbs(),
        &encode_sequence(&[b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"]),
        &encode_bit_string(read.signature()),
    ]);
    assert_eq!(
        judge_plainly(&in_pem(&bare), &owner_fixture("ca-rsa-2048")),
        Ownership::NoCsrToCompare
    );
}

#[test]
fn the_cas_own_certificate_is_no_claim() {
    let ca = fixture_text("ca-rsa-2048");
    assert_eq!(
        judge_plainly(&ca, &owner_fixture("ca-rsa-2048")),
        Ownership::CannotBeJudged(Doubt::CaItself)
    );
    // Nor is the first of a chain that begins with it, nor another certificate of its key.
    assert_eq!(
        judge_plainly(
            &(ca + &fixture_text("rsa-2048--sha1")),
            &owner_fixture("ca-rsa-2048")
        ),
        Ownership::CannotBeJudged(Doubt::CaItself)
    );
    let reissued = in_pem(&exchange_bytes(
        &fixture_der("ca-rsa-2048"),
        b"190901000000Z",
        b"290901000000Z",
    ));
    assert_eq!(
        judge_plainly(&reissued, &owner_fixture("ca-rsa-2048")),
        Ownership::CannotBeJudged(Doubt::CaItself)
    );
}

#[test]
fn the_csrs_key_and_the_signed_certificate_are_compared() {
    let (cluster, ours) = (
        fixture_text("rsa-2048--sha256"),
        owner_fixture("ca-rsa-2048"),
    );
    let read = LenientCertificate::from_der(&fixture_der("rsa-2048--sha256")).unwrap();
    let (signed, again) = (
        fixture_der("rsa-2048--sha256"),
        fixture_der("rsa-2048--sha384"),
    );
    let other = LenientCertificate::from_der(&fixture_der("ca-rsa-3072")).unwrap();
    let expected = |csr_spki, signed_cert| ExpectedClaim {
        csr_spki,
        signed_cert,
    };
    for (expected, ownership) in [
        (
            expected(Some(read.spki()), Some(&signed[..])),
            Ownership::ThisCertificate,
        ),
        (
            expected(Some(read.spki()), Some(&again[..])),
            Ownership::AnotherCertificate,
        ),
        (
            expected(Some(read.spki()), None),
            Ownership::AnotherCertificate,
        ),
        (
            expected(Some(other.spki()), Some(&again[..])),
            Ownership::AnotherKey,
        ),
        (expected(Some(other.spki()), None), Ownership::AnotherKey),
        (expected(None, None), Ownership::NoCsrToCompare),
    ] {
        assert_eq!(
            judge_ownership(&cluster, &ours, &expected).ownership,
            ownership
        );
        // Whatever is expected, another CA's is another CA's.
        assert_eq!(
            judge_ownership(&cluster, &owner_fixture("ca-rsa-3072"), &expected).ownership,
            Ownership::AnotherCa
        );
    }
}

#[test]
fn what_cannot_be_read_is_nobodys() {
    for shown in [
        "",
        "hello",
        "-----BEGIN CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
    ] {
        assert!(
            matches!(
                judge_plainly(shown, &owner_fixture("ca-rsa-2048")),
                Ownership::CannotBeJudged(Doubt::Unreadable(_))
            ),
            "{shown}"
        );
    }
    assert_eq!(
        judge_plainly(&fixture_text("rsa-2048--sha1"), &[]),
        Ownership::CannotBeJudged(Doubt::NoCa)
    );
    let key = fs::read(fixture_path("../keys/rsa-2048-stranger.pem")).unwrap();
    let refused = OwnerCertificate::all_from_file(&key).unwrap_err();
    assert_eq!(refused, "there is no certificate in it");
}

#[test]
fn no_damaged_byte_makes_a_certificate_the_owners_unless_the_signed_part_is_whole() {
    for name in ["rsa-1024--sha1", "ec-p-256--sha1"] {
        let (good, ours) = (
            fixture_der(name),
            owner_fixture(&format!("ca-{}", name.split_once("--").unwrap().0)),
        );
        let whole = LenientCertificate::from_der(&good).unwrap();
        for at in 0..good.len() {
            for change in [0x01, 0x80, 0xFF] {
                let mut damaged = good.clone();
                damaged[at] ^= change;
                let judged = judge_ownership(&in_pem(&damaged), &ours, &ExpectedClaim::default());
                if is_owners(&judged.ownership) {
                    let read = judged.certificate.unwrap();
                    assert_eq!(read.tbs(), whole.tbs(), "{name}, byte {at} ^ {change:02x}");
                }
            }
            assert!(
                !is_owners(&judge_plainly(&in_pem(&good[..at]), &ours)),
                "{name}, cut at {at}"
            );
            drop(OwnerCertificate::all_from_file(&good[..at]));
        }
    }
}

#[test]
fn what_is_judged_here_is_still_refused_for_everything_that_is_sent_or_attested() {
    let csr = fs::read(fixture_path(
        "../verify/verified--never-expires/cluster-hsmboottest_ClusterCsr.csr",
    ))
    .unwrap();
    let now: Moment = "2018-01-01T00:00:00Z".parse().unwrap();
    for name in [
        "rsa-2048--sha1",
        "rsa-2048--sha224",
        "rsa-2048--pss-sha1",
        "rsa-2048--pss-sha224",
        "ec-p-256--sha1",
        "ec-p-256--sha224",
    ] {
        let certificate = Certificate::from_pem(fixture_text(name).as_bytes()).unwrap();
        let ca = fixture_text(&format!("ca-{}", name.split_once("--").unwrap().0));
        let ca = Certificate::from_pem(ca.as_bytes()).unwrap();
        assert!(
            SignatureAlgorithm::from_der(certificate.outer_algorithm()).is_err(),
            "{name}"
        );
        assert!(!certificate.is_signed_by(ca.public_key()), "{name}");
        assert!(
            check(
                &csr,
                certificate.to_pem().as_bytes(),
                ca.to_pem().as_bytes(),
                now
            )
            .into_pair()
            .is_err(),
            "{name}"
        );
    }
}

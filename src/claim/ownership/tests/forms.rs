//! One thing written in several ways: signature parameters, keys, files of many certificates.

use super::super::lenient::LenientReader;
use super::*;

/// openssl leaves the default out; other CAs write it (RFC 4055 3.1).
#[test]
fn pss_with_sha_1_is_the_same_whether_its_parameters_are_written_or_not() {
    let sha1 = [0x30, 9, 6, 5, 0x2B, 14, 3, 2, 26, 5, 0];
    let mgf1 = [
        &[6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 8][..],
        &sha1,
    ]
    .concat();
    let tagged = |number: u8, content: &[u8]| {
        let length = u8::try_from(content.len()).unwrap();
        [&[0xA0 + number, length][..], content].concat()
    };
    let written = encode_sequence(&[
        &tagged(0, &sha1),
        &tagged(1, &encode_sequence(&[&mgf1])),
        &tagged(2, &[2, 1, 20]),
    ]);
    let oid = [6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 10];
    let read = |parameters: &[u8]| {
        LenientCertificate::from_der(&fixture_der("rsa-2048--pss-sha1"))
            .map(|certificate| {
                LegacyKey::from_spki(owner_fixture("ca-rsa-2048")[0].0.spki())
                    .unwrap()
                    .judge_signature(
                        &encode_sequence(&[&oid, parameters]),
                        certificate.tbs(),
                        certificate.signature(),
                    )
            })
            .unwrap()
    };
    assert_eq!(read(&written), SignatureVerdict::Made);
    assert_eq!(read(&encode_sequence(&[])), SignatureVerdict::Made);
}

/// RSA's parameters are NULL; some writers leave them out (RFC 3279 2.3.1).
#[test]
fn a_key_is_the_same_however_its_parameters_are_written() {
    let read = LenientCertificate::from_der(&fixture_der("rsa-2048--sha256")).unwrap();
    let oid = [6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1];
    let mut inside = LenientReader(LenientReader(read.spki()).next().unwrap().content);
    let (_, bits) = (inside.next().unwrap(), inside.next().unwrap());
    let bare = encode_sequence(&[&encode_sequence(&[&oid]), bits.raw]);
    assert_ne!(bare, read.spki());
    let expected = ExpectedClaim {
        csr_spki: Some(&bare),
        signed_cert: None,
    };
    assert_eq!(
        judge_ownership(
            &fixture_text("rsa-2048--sha256"),
            &owner_fixture("ca-rsa-2048"),
            &expected
        )
        .ownership,
        Ownership::AnotherCertificate
    );
}

#[test]
fn ten_certificates_are_read_and_no_more() {
    let one = fixture_text("ca-ec-p-256");
    let read = |count| OwnerCertificate::all_from_file(one.repeat(count).as_bytes());
    assert_eq!(read(10).unwrap().len(), 10);
    assert!(read(11).unwrap_err().contains("more than 10"));
}

//! Odd algorithms, extensions and fields of single certificates, for both readers.

use super::*;

pub(super) fn algorithms(corpus: &mut Corpus, spki: &[u8]) {
    let mut signers: Vec<(String, Vec<u8>, Signer)> = Vec::new();
    for hash in [Hash::Sha1, Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        for (curve, key) in [
            ("P-256", &keys::P256),
            ("P-384", &keys::P384),
            ("P-521", &keys::P521),
        ] {
            signers.push((
                format!("{curve} {hash:?}"),
                key.spki(),
                Signer::Ecdsa(key, hash),
            ));
        }
        for (bits, key) in [
            ("2048", &keys::AWS_ROOT),
            ("3072", &keys::RSA_3072),
            ("4096", &keys::LS2_ROOT),
        ] {
            signers.push((
                format!("RSA {bits} {hash:?}"),
                key.spki(),
                Signer::Pkcs1(key, hash),
            ));
        }
        signers.push((
            format!("PSS {hash:?}"),
            keys::AWS_ROOT.spki(),
            Signer::Pss(&keys::AWS_ROOT, hash),
        ));
    }
    signers.push((
        String::from("MD5"),
        keys::AWS_ROOT.spki(),
        Signer::Pkcs1(&keys::AWS_ROOT, Hash::Md5),
    ));
    for (bits, key) in [("1024", &keys::RSA_1024), ("2047", &keys::RSA_2047)] {
        signers.push((
            format!("RSA {bits}"),
            key.spki(),
            Signer::Pkcs1(key, Hash::Sha256),
        ));
    }
    for salt in [0, 1, 20, 48, 127] {
        signers.push((
            format!("PSS salt {salt}"),
            keys::AWS_ROOT.spki(),
            Signer::PssAs(&keys::AWS_ROOT, Hash::Sha256, Hash::Sha256, salt),
        ));
    }
    signers.push((
        String::from("PSS other mask"),
        keys::AWS_ROOT.spki(),
        Signer::PssAs(&keys::AWS_ROOT, Hash::Sha256, Hash::Sha384, 32),
    ));
    signers.push((String::from("Ed25519"), ed25519_spki(), Signer::Ed25519));
    signers.push((
        String::from("key for PSS alone"),
        keys::AWS_ROOT.pss_spki(&[]),
        Signer::Pss(&keys::AWS_ROOT, Hash::Sha256),
    ));
    let bound = pss_parameters(Hash::Sha256);
    signers.push((
        String::from("key bound to PSS"),
        keys::AWS_ROOT.pss_spki(&bound),
        Signer::Pss(&keys::AWS_ROOT, Hash::Sha256),
    ));
    signers.push((
        String::from("compressed point"),
        keys::P256.spki_compressed(),
        Signer::Ecdsa(&keys::P256, Hash::Sha256),
    ));
    signers.push((
        String::from("explicit curve"),
        keys::P256.spki_explicit(),
        Signer::Ecdsa(&keys::P256, Hash::Sha256),
    ));
    let junk = Signer::Given(der::seq(&[&der::oid("1.2.3.4")]), vec![0; 64]);
    signers.push((String::from("unknown algorithm"), keys::P256.spki(), junk));
    signers.push((
        String::from("another kind of key"),
        keys::P256.spki(),
        Signer::Pkcs1(&keys::AWS_ROOT, Hash::Sha256),
    ));
    signers.push((
        String::from("a stranger's key"),
        keys::AWS_ROOT.spki(),
        Signer::Pkcs1(&keys::STRANGER, Hash::Sha256),
    ));
    for (name, ca_spki, signer) in signers {
        for (signs, parts) in [
            ("both", [true, true]),
            ("leaf", [true, false]),
            ("anchor", [false, true]),
        ] {
            let mut odd = Odd::good(spki, 1);
            odd.leaf.extensions = Some(vec![basic_constraints(true, false)]);
            odd.cas[0].extensions = Some(vec![basic_constraints(true, true)]);
            odd.cas[0].spki = ca_spki.clone();
            for (certificate, odd_one) in [&mut odd.leaf, &mut odd.cas[0]].into_iter().zip(parts) {
                certificate.signer = if odd_one {
                    signer.clone()
                } else {
                    certificate.signer.clone()
                };
            }
            corpus.add(format!("{name}, {signs}"), odd.texts());
        }
    }
    corpus.change(spki, "another algorithm inside", |cert| {
        cert.inner = Some(Signer::Pkcs1(&keys::AWS_ROOT, Hash::Sha512).algorithm())
    });
}

pub(super) fn extensions(corpus: &mut Corpus, spki: &[u8]) {
    let usage = |octets: &[u8]| extension(KEY_USAGE, true, &der::tlv(der::BIT_STRING, octets));
    let constraints = |parts: &[&[u8]]| extension(BASIC_CONSTRAINTS, true, &der::seq(parts));
    let (yes, no) = (der::boolean(true), der::boolean(false));
    let sets: Vec<(&str, Vec<Vec<u8>>)> = vec![
        (
            "no extension but a key identifier",
            vec![subject_key_id(spki)],
        ),
        ("CA:FALSE", vec![basic_constraints(true, false)]),
        ("CA:FALSE written out", vec![constraints(&[&no])]),
        ("CA:TRUE not critical", vec![basic_constraints(false, true)]),
        ("CA:TRUE as 01", vec![constraints(&[&[1, 1, 1]])]),
        ("CA:TRUE alone", vec![basic_constraints(true, true)]),
        ("path length 0", vec![constraints(&[&yes, &der::int(&[0])])]),
        ("path length 1", vec![constraints(&[&yes, &der::int(&[1])])]),
        (
            "path length 300",
            vec![constraints(&[&yes, &der::int(&[1, 44])])],
        ),
        (
            "path length below zero",
            vec![constraints(&[&yes, &[2, 1, 0xff]])],
        ),
        (
            "path length of no CA",
            vec![constraints(&[&der::int(&[0])])],
        ),
        (
            "more in basicConstraints",
            vec![constraints(&[&yes, &der::int(&[0]), &der::null()])],
        ),
        (
            "basicConstraints of nothing",
            vec![extension(BASIC_CONSTRAINTS, true, &[])],
        ),
        (
            "basicConstraints twice",
            vec![basic_constraints(true, true), basic_constraints(true, true)],
        ),
        (
            "keyUsage without keyCertSign",
            vec![basic_constraints(true, true), usage(&[7, 0x80])],
        ),
        (
            "keyUsage of keyCertSign alone",
            vec![basic_constraints(true, true), usage(&[2, 0x04])],
        ),
        (
            "keyUsage without a bit",
            vec![basic_constraints(true, true), usage(&[0])],
        ),
        (
            "keyUsage padded",
            vec![basic_constraints(true, true), usage(&[0, 0x06, 0])],
        ),
        (
            "keyUsage no BIT STRING",
            vec![
                basic_constraints(true, true),
                extension(KEY_USAGE, true, &der::int(&[6])),
            ],
        ),
        (
            "unknown, critical",
            vec![
                basic_constraints(true, true),
                extension("1.2.3.4", true, &der::null()),
            ],
        ),
        (
            "unknown, not critical",
            vec![
                basic_constraints(true, true),
                extension("1.2.3.4", false, &der::null()),
            ],
        ),
        (
            "unknown, no DER",
            vec![
                basic_constraints(true, true),
                extension("1.2.3.4", false, b"vendor"),
            ],
        ),
        (
            "clientAuth alone",
            vec![
                basic_constraints(true, true),
                extension(
                    "2.5.29.37",
                    false,
                    &der::seq(&[&der::oid("1.3.6.1.5.5.7.3.2")]),
                ),
            ],
        ),
        (
            "another authority's key",
            vec![
                basic_constraints(true, true),
                authority_key_id(&keys::STRANGER.spki()),
            ],
        ),
    ];
    for (name, set) in sets {
        corpus.change(spki, name, |cert| cert.extensions = Some(set.clone()));
    }
    corpus.change(spki, "no extensions", |cert| cert.extensions = None);
    corpus.change(spki, "an empty list of extensions", |cert| {
        cert.extensions = Some(Vec::new())
    });
}

pub(super) fn fields(corpus: &mut Corpus, spki: &[u8]) {
    for (name, version) in [
        ("version 1 with extensions", vec![]),
        ("version 2", vec![0xa0, 3, 2, 1, 1]),
        ("version 4", vec![0xa0, 3, 2, 1, 3]),
    ] {
        corpus.change(spki, name, |cert| cert.version.clone_from(&version));
    }
    corpus.change(spki, "version 1", |cert| {
        (cert.version, cert.extensions) = (Vec::new(), None)
    });
    corpus.change(spki, "version 2 without extensions", |cert| {
        (cert.version, cert.extensions) = (vec![0xa0, 3, 2, 1, 1], None)
    });
    // The single CA, and so the issuer of what it signs, under a name of each type of text.
    for (tag, content) in [
        (der::UTF8_STRING, "Öwner".as_bytes()),
        (der::PRINTABLE_STRING, b"Owner"),
        (0x12, b"12"),
        (0x14, b"\xd6wner"),
        (0x16, b"Owner"),
        (0x19, b"Owner"),
        (0x1a, b"Owner"),
        (0x1b, b"Owner"),
        (0x1c, &[0, 0, 0, b'O']),
        (0x1c, &[0, 0x11, 0, 0]),
        (0x1e, &[0, b'O']),
        (0x1e, &[0xd8, 0x3d, 0xde, 0]),
    ] {
        let name = der::seq(&[&der::set_of(&[attribute_as(COMMON_NAME, tag, content)])]);
        let mut odd = Odd::good(spki, 1);
        odd.leaf.issuer.clone_from(&name);
        odd.cas[0].issuer.clone_from(&name);
        odd.cas[0].subject.clone_from(&name);
        corpus.add(
            format!("a name of type {tag:02x}: {content:02x?}"),
            odd.texts(),
        );
    }
    for (name, serial) in [
        ("serial 0", vec![2, 1, 0]),
        ("serial below zero", vec![2, 1, 0x80]),
        ("serial padded", vec![2, 2, 0, 1]),
        ("serial of 21 octets", der::int(&[7; 21])),
    ] {
        corpus.change(spki, name, |cert| cert.serial.clone_from(&serial));
    }
    let time = |tag: u8, text: &str| der::tlv(tag, text.as_bytes());
    let begin = time(der::UTC_TIME, "200101000000Z");
    for (name, from, to) in [
        (
            "expired",
            begin.clone(),
            time(der::UTC_TIME, "200201000000Z"),
        ),
        (
            "not yet valid",
            time(der::GENERALIZED_TIME, "99970101000000Z"),
            time(der::GENERALIZED_TIME, "99980101000000Z"),
        ),
        (
            "for ever",
            begin.clone(),
            time(der::GENERALIZED_TIME, "99991231235959Z"),
        ),
        (
            "UTCTime without seconds",
            begin.clone(),
            time(der::UTC_TIME, "4901010000Z"),
        ),
        (
            "UTCTime with an offset",
            begin.clone(),
            time(der::UTC_TIME, "490101000000+0000"),
        ),
        (
            "GeneralizedTime with a fraction",
            begin.clone(),
            time(der::GENERALIZED_TIME, "20600101000000.5Z"),
        ),
        (
            "GeneralizedTime before 2050",
            begin.clone(),
            time(der::GENERALIZED_TIME, "20490101000000Z"),
        ),
        (
            "the 30th of February",
            begin.clone(),
            time(der::UTC_TIME, "490230000000Z"),
        ),
        (
            "end before its beginning",
            time(der::UTC_TIME, "210101000000Z"),
            begin,
        ),
    ] {
        corpus.change(spki, name, |cert| cert.validity = der::seq(&[&from, &to]));
    }
    corpus.change(spki, "another issuer", |cert| cert.issuer = ca_name(9));
    corpus.change(spki, "another subject", |cert| cert.subject = ca_name(9));
    corpus.change(spki, "an empty subject", |cert| {
        cert.subject = der::seq(&[])
    });
    let printable = der::seq(&[&der::set_of(&[attribute_as(
        COMMON_NAME,
        der::PRINTABLE_STRING,
        b"CA 0",
    )])]);
    corpus.change(spki, "an issuer in another string type", |cert| {
        cert.issuer.clone_from(&printable)
    });
    corpus.change(spki, "a stranger's key", |cert| {
        cert.spki = keys::STRANGER.spki()
    });
    corpus.change(spki, "a unique identifier", |cert| {
        cert.unique_ids = vec![0x82, 2, 0, 1]
    });
    corpus.change(spki, "something after the rest", |cert| {
        cert.tail = der::null()
    });
}

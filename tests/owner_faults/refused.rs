//! Every other fault of the owner's certificate is refused, and a fault that is borne with hides
//! none of them.

use hsmboot::check::Record;
use hsmboot::x509::Csr;

use super::*;

fn status(record: &Record, id: &str) -> Status {
    record
        .checks
        .iter()
        .find(|finding| finding.id.as_str() == id)
        .unwrap()
        .status
}

/// Faults beside those, and those that say something else than they seem to.
const REFUSED: [(&str, Change); 20] = [
    ("a control character", |cert| {
        renamed(cert, &organisation(der::PRINTABLE_STRING, b"Ow\x1bner"))
    }),
    ("DEL", |cert| {
        renamed(cert, &organisation(der::PRINTABLE_STRING, b"Owner\x7f"))
    }),
    ("a NumericString with a letter", |cert| {
        renamed(cert, &organisation(0x12, b"1a"))
    }),
    ("a control character beside octets beyond ASCII", |cert| {
        renamed(cert, &organisation(der::PRINTABLE_STRING, b"M\xfc\x1b"))
    }),
    ("a VisibleString beyond ASCII", |cert| {
        renamed(cert, &organisation(0x1a, b"\xd6wner"))
    }),
    ("a UTF8String that is not UTF-8", |cert| {
        renamed(cert, &organisation(der::UTF8_STRING, b"\xd6wner"))
    }),
    ("a BOOLEAN of two octets", |cert| {
        put(
            cert,
            BASIC_CONSTRAINTS,
            extension(
                BASIC_CONSTRAINTS,
                true,
                &der::seq(&[&[der::BOOLEAN, 2, 1, 1]]),
            ),
        );
    }),
    ("a BOOLEAN of none", |cert| {
        put(
            cert,
            BASIC_CONSTRAINTS,
            extension(BASIC_CONSTRAINTS, true, &der::seq(&[&[der::BOOLEAN, 0]])),
        )
    }),
    ("version 1, written out, with extensions", |cert| {
        cert.version = vec![0xa0, 3, 2, 1, 0]
    }),
    ("version 1 in two octets", |cert| {
        (cert.version, cert.extensions) = (vec![0xa0, 4, 2, 2, 0, 0], None)
    }),
    ("extensions of version 1, though none", |cert| {
        (cert.version, cert.extensions) = (Vec::new(), Some(Vec::new()))
    }),
    ("an alternative name that is empty", |cert| {
        cert.extensions.as_mut().unwrap().push(extension(
            "2.5.29.17",
            false,
            &der::seq(&[&[0x82, 0]]),
        ));
    }),
    ("an alternative name that is no SEQUENCE", |cert| {
        cert.extensions.as_mut().unwrap().push(extension(
            "2.5.29.17",
            false,
            &der::tlv(der::SET, &[]),
        ));
    }),
    ("a key without its NULL", |cert| {
        cert.spki = der::seq(&[
            &der::seq(&[&der::oid("1.2.840.113549.1.1.1")]),
            &Node::parse(&keys::STRANGER.spki()).children()[1].encode(),
        ])
    }),
    ("a tenth bit in keyUsage", |cert| {
        usage(cert, &[6, 0xa6, 0x40])
    }),
    ("a bit in keyUsage's third octet", |cert| {
        usage(cert, &[0, 0xa6, 0, 1])
    }),
    ("bits that are said to be unused and are set", |cert| {
        usage(cert, &[2, 0xa6])
    }),
    ("eight unused bits in keyUsage", |cert| {
        usage(cert, &[8, 0xa6, 0])
    }),
    ("a keyUsage of zeros", |cert| usage(cert, &[0, 0, 0])),
    ("an extension twice", |cert| {
        let list = cert.extensions.as_mut().unwrap();
        list.push(list[2].clone());
    }),
];

#[test]
fn no_other_fault_of_the_owners_is_borne_with() {
    for (what, change) in REFUSED {
        for (in_anchor, id) in [
            (true, "check.pem.trust-anchor"),
            (false, "check.pem.signed-cert"),
        ] {
            let nothing: &dyn Fn(&mut Cert) = &|_| {};
            let (anchor, leaf) = if in_anchor {
                pair(&change, nothing)
            } else {
                pair(nothing, &change)
            };
            let checked = checked(&anchor, &leaf);
            assert_eq!(status(&checked.record, id), Status::Fail, "{what}: {id}");
            let error = checked.into_pair().unwrap_err();
            assert_eq!(error.exit_code(), 4, "{what}");
            // The file was read: another copy of it would not help.
            assert!(
                error.hint.to_string().contains("have its CA issue it anew"),
                "{what}: {}",
                error.hint
            );
        }
    }
}

/// What is borne with says what it says: TRUE in another octet is TRUE, and what clients refuse
/// they refuse.
#[test]
fn a_fault_that_is_borne_with_hides_nothing() {
    let nothing: &dyn Fn(&mut Cert) = &|_| {};
    let fails = |of_anchor: &dyn Fn(&mut Cert), of_leaf: &dyn Fn(&mut Cert), id: &str| {
        let (anchor, leaf) = pair(of_anchor, of_leaf);
        assert_eq!(
            status(&checked(&anchor, &leaf).record, id),
            Status::Fail,
            "{id}"
        );
    };
    let ca_as_other = |cert: &mut Cert| {
        put(
            cert,
            BASIC_CONSTRAINTS,
            extension(BASIC_CONSTRAINTS, true, &der::seq(&[&[der::BOOLEAN, 1, 1]])),
        )
    };
    fails(nothing, &ca_as_other, "check.signed-cert.not-ca");
    let critical_as_other = |cert: &mut Cert| {
        cert.extensions.as_mut().unwrap().push(raw_extension(
            "1.3.6.1.4.1.99999.1",
            1,
            &der::null(),
        ))
    };
    fails(nothing, &critical_as_other, "check.signed-cert.extensions");
    fails(&critical_as_other, nothing, "check.trust-anchor.extensions");
    fails(
        &|cert| cert.extensions = Some(Vec::new()),
        nothing,
        "check.trust-anchor.extensions",
    );
    // A name is compared as it is written.
    fails(
        &|cert| renamed(cert, &organisation(der::PRINTABLE_STRING, b"M\xfcller")),
        nothing,
        "check.issuer",
    );
}

/// The hardware's certificates have two of these faults at most, and a CSR none.
#[test]
fn whose_certificate_it_is_decides_what_is_borne_with() {
    for (number, (_, fault, change)) in BORNE.into_iter().enumerate() {
        let (anchor, leaf) = pair(&change, &change);
        let der = if matches!(fault, Fault::CaFalse | Fault::NoExtension) {
            leaf
        } else {
            anchor
        };
        assert!(Certificate::from_der(&der).is_err(), "{number}");
        let in_hardware = Certificate::read(&der, Strictness::Hardware);
        assert_eq!(
            in_hardware.is_ok(),
            matches!(fault, Fault::CaFalse | Fault::PaddedKeyUsage),
            "{number}"
        );
    }
    let mut csr = Chain::good().csr;
    csr.subject = organisation(der::PRINTABLE_STRING, b"R&D");
    assert!(Csr::from_der(&csr.der()).is_err());
}

/// The issuer of what is signed is the CA's subject, byte for byte, with the fault in it; `check`
/// takes the pair, and says so.
#[test]
fn such_a_ca_signs() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| {
        dir.path()
            .join(name)
            .into_os_string()
            .into_string()
            .unwrap()
    };
    let (anchor, _) = pair(
        &|cert| renamed(cert, &organisation(der::PRINTABLE_STRING, b"R&D_*")),
        &|_| {},
    );
    fs::write(at("ca.crt"), pem("CERTIFICATE", &anchor)).unwrap();
    fs::write(at("ca.key"), keys::key_text("ec-p-256")).unwrap();
    fs::set_permissions(at("ca.key"), fs::Permissions::from_mode(0o600)).unwrap();
    let bundle = Chain::good().bundle();
    fs::create_dir(at("b")).unwrap();
    for (name, text) in [
        ("ClusterCsr.csr", &bundle.csr),
        ("HsmCertificate.crt", &bundle.hsm),
        ("AwsHardwareCertificate.crt", &bundle.aws_hardware),
        (
            "ManufacturerHardwareCertificate.crt",
            &bundle.manufacturer_hardware,
        ),
    ] {
        fs::write(at(&format!("b/{CLUSTER_ID}_{name}")), text).unwrap();
    }
    fs::write(at("aws.crt"), &bundle.aws_root).unwrap();
    fs::write(at("manufacturer.crt"), &bundle.manufacturer_root).unwrap();
    let run = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_hsmboot"))
            .args(args)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr)
    };
    let roots = [
        "--aws-root",
        &at("aws.crt"),
        "--manufacturer-root",
        &at("manufacturer.crt"),
    ];
    // The dates of the fixture's certificates may be past.
    let validity = [
        "validity.hsm",
        "validity.aws-hardware",
        "validity.manufacturer-hardware",
    ]
    .map(|id| ["--accept", id])
    .concat();
    let said = run(&[
        &[
            "sign",
            &at("b"),
            "--ca",
            &at("ca.crt"),
            "--ca-key",
            &at("ca.key"),
            "--reason",
            "a test",
        ][..],
        &roots,
        &validity,
    ]
    .concat());
    assert!(said.contains("PrintableString"), "{said}");
    let signed = fs::read(at(&format!("b/{CLUSTER_ID}_CustomerHsmCertificate.crt"))).unwrap();
    let signed = Certificate::read(&unpem(&signed), Strictness::Owner).unwrap();
    assert_eq!(
        signed.issuer(),
        Certificate::read(&anchor, Strictness::Owner)
            .unwrap()
            .subject()
    );
    assert_eq!(unpem(&fs::read(at("b/customerCA.crt")).unwrap()), anchor);
    let shown = run(&["ca", "show", &at("ca.crt"), "--output", "json"]);
    assert!(
        shown.contains("\"fit_as_trust_anchor\": true")
            || shown.contains("\"fit_as_trust_anchor\":true"),
        "{shown}"
    );
}

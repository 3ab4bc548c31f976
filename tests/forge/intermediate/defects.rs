//! Each defect of an intermediate CA, at each of the places where it can stand.

use super::*;

type Change = fn(&mut Cert);

/// One thing wrong with an intermediate, which is well signed all the same.
const DEFECTS: [(&str, &str, Change); 17] = [
    ("not-a-ca", "CA:FALSE", |cert| {
        cert.extensions = Some(vec![basic_constraints(true, false), key_usage(0x04, 2)])
    }),
    ("no-basic-constraints", "no basicConstraints", |cert| {
        cert.extensions = Some(vec![key_usage(0x04, 2)])
    }),
    ("no-extensions", "version 3 without extensions", |cert| {
        cert.extensions = None
    }),
    (
        "version-1",
        "version 1, as the older hardware's cards",
        |cert| (cert.version, cert.extensions) = (Vec::new(), None),
    ),
    ("no-cert-sign", "keyUsage without keyCertSign", |cert| {
        cert.extensions = Some(vec![basic_constraints(true, true), key_usage(0xa0, 5)])
    }),
    (
        "path-length",
        "a path length of 0, and a card below that issues",
        |cert| cert.extensions = Some(ca(Some(0))),
    ),
    ("expired", "an intermediate that has expired", |cert| {
        cert.validity = validity("180101000000Z", "260531235959Z")
    }),
    ("not-yet-valid", "one that is not valid yet", |cert| {
        cert.validity = validity("260601000001Z", "400101000000Z")
    }),
    (
        "critical",
        "a critical extension that nobody knows",
        |cert| {
            cert.extensions.as_mut().unwrap().push(extension(
                "1.3.6.1.4.1.99999.1",
                true,
                &der::null(),
            ));
        },
    ),
    (
        "name-constraints",
        "name constraints, which nothing judges",
        |cert| {
            let constraints = der::seq(&[&der::tlv(
                0xa0,
                &der::seq(&[&der::tlv(0x82, b"example.com")]),
            )]);
            cert.extensions
                .as_mut()
                .unwrap()
                .push(extension("2.5.29.30", false, &constraints));
        },
    ),
    (
        "inner-sha1",
        "another algorithm inside than outside",
        |cert| {
            cert.outer = Some(cert.signer.algorithm());
            cert.inner = Some(Signer::Pkcs1(&keys::STRANGER, Hash::Sha1).algorithm());
        },
    ),
    ("card", "a card's name", |cert| {
        cert.subject = chain::hardware_name("HSM:5.2G1804-ICM000001, for FIPS mode")
    }),
    (
        "card-in-lower-case",
        "a card's name in lower case, with a blank before it",
        |cert| {
            cert.subject = chain::hardware_name(" hsm:5.2G1804-ICM000001");
        },
    ),
    ("partition", "a partition's name", |cert| {
        cert.subject = chain::hardware_name("X:PARTN:13, for FIPS mode")
    }),
    (
        "bmp-partition",
        "a partition's name as a BMPString",
        |cert| {
            let utf16: Vec<u8> = "X:PARTN:2"
                .encode_utf16()
                .flat_map(u16::to_be_bytes)
                .collect();
            cert.subject = chain::hardware_name_as(der::BMP_STRING, &utf16);
        },
    ),
    ("no-text", "a CN that is no text", |cert| {
        cert.subject = chain::hardware_name_as(der::INTEGER, &[7])
    }),
    ("ca-false-written-out", "CA:FALSE, written out", |cert| {
        cert.extensions = Some(vec![
            extension(BASIC_CONSTRAINTS, true, &der::seq(&[&der::boolean(false)])),
            key_usage(0x04, 2),
        ]);
    }),
];

pub(super) fn broken() -> Vec<Fixture> {
    let mut fixtures = Vec::new();
    for (number, (defect, what, change)) in DEFECTS.into_iter().enumerate() {
        for side in [0, 1] {
            for at in [0, 1] {
                let tower = changed([2, 2], |tower| {
                    change(&mut tower.above[side][at]);
                    // What it issued names it still.
                    let subject = tower.above[side][at].subject.clone();
                    match at {
                        0 => tower.chain.cert_mut(HARDWARE[side]).issuer = subject,
                        _ => tower.above[side][0].issuer = subject,
                    }
                });
                let id = format!("{}.intermediate-{}", SIDES[side], at + 1);
                fixtures.push(
                    tower
                        .fixture(format!("{id}--{defect}"), what)
                        .fails(&[&id])
                        .kept_if(number % 4 == 2 * side + at),
                );
            }
        }
    }
    let second = changed([2, 2], |tower| {
        tower.above[1][1].extensions = Some(ca(Some(1)))
    });
    let id = "manufacturer.intermediate-2";
    fixtures.push(
        second
            .fixture(
                format!("{id}--path-length-1"),
                "a path length of 1, and two that issue below",
            )
            .fails(&[id])
            .in_memory(),
    );
    for (defect, spki, signer) in [
        (
            "rsa-1024",
            keys::RSA_1024.spki(),
            Signer::Pkcs1(&keys::RSA_1024, Hash::Sha256),
        ),
        ("ed25519", ed25519_spki(), Signer::Ed25519),
    ] {
        let weak = changed([0, 1], |tower| {
            tower.above[1][0].spki = spki;
            tower.chain.manufacturer_hardware.signer = signer;
        });
        let id = "manufacturer.intermediate-1";
        let fails: &[&str] = if defect == "ed25519" {
            &[id, "algorithm.manufacturer-hardware"]
        } else {
            &[id]
        };
        fixtures.push(
            weak.fixture(format!("{id}--{defect}"), "a key that does not count")
                .fails(fails)
                .in_memory(),
        );
    }
    fixtures
}

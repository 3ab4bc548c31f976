//! Defects of a certificate's own parts, on the input that can have them.

use super::*;

const MANUFACTURER: Input = Input::ManufacturerHardware;

pub(super) const IN_CERTIFICATES: &[(Input, &str, &str, CertDefect)] = &[
    (
        HSM,
        "tbs-element",
        "a NULL after the last field of the signed part",
        |cert| cert.tail = der::null(),
    ),
    (
        HSM,
        "tbs-extra-context",
        "a field [4], which TBSCertificate does not have",
        |cert| cert.tail = vec![0xa4, 0],
    ),
    (
        HSM,
        "version-explicit-1",
        "version 1 written out: DER leaves defaults out (X.690 11.5)",
        |cert| {
            cert.version = der::tlv(0xa0, &der::int(&[0]));
        },
    ),
    (HSM, "version-4", "a version that does not exist", |cert| {
        cert.version = der::tlv(0xa0, &der::int(&[3]))
    }),
    (
        HSM,
        "version-element",
        "an element after the version's INTEGER",
        |cert| {
            cert.version = der::tlv(0xa0, &[der::int(&[2]), der::null()].concat());
        },
    ),
    (
        HSM,
        "version-empty",
        "a version field without a version",
        |cert| cert.version = vec![0xa0, 0],
    ),
    (
        HSM,
        "serial-padded",
        "a serial number with a zero octet too many (X.690 8.3.2)",
        |cert| cert.serial = vec![2, 2, 0, 1],
    ),
    (
        HSM,
        "serial-empty",
        "a serial number without octets (X.690 8.3.1)",
        |cert| cert.serial = vec![2, 0],
    ),
    (
        HSM,
        "serial-21-octets",
        "a serial number of 21 octets (RFC 5280 4.1.2.2)",
        |cert| cert.serial = der::int(&[7; 21]),
    ),
    (
        AWS,
        "serial-100-octets",
        "a serial number of 100 octets (RFC 5280 4.1.2.2)",
        |cert| cert.serial = der::int(&[7; 100]),
    ),
    (
        HSM,
        "serial-long-length",
        "a serial number whose length has more octets than it needs",
        |cert| {
            cert.serial = vec![2, 0x81, 1, 1];
        },
    ),
    (
        HSM,
        "serial-high-tag",
        "a serial number's tag in the form for high tag numbers (X.690 8.1.2.4)",
        |cert| {
            cert.serial = vec![0x1f, 0x02, 1, 1];
        },
    ),
    (
        AWS,
        "validity-element",
        "a third element in Validity",
        |cert| edit(&mut cert.validity, &[], append_null),
    ),
    (
        MANUFACTURER,
        "validity-element",
        "a third element in Validity",
        |cert| edit(&mut cert.validity, &[], append_null),
    ),
    (
        AWS,
        "validity-no-seconds",
        "a UTCTime without seconds (RFC 5280 4.1.2.5.1)",
        |cert| {
            cert.validity = validity("1809212122Z", "300101000000Z");
        },
    ),
    (
        AWS,
        "validity-offset",
        "a UTCTime with an offset instead of Z (RFC 5280 4.1.2.5.1)",
        |cert| {
            cert.validity = validity("180921212232+0000", "300101000000Z");
        },
    ),
    (
        AWS,
        "validity-month-13",
        "a UTCTime with a month that does not exist",
        |cert| {
            cert.validity = validity("181321212232Z", "300101000000Z");
        },
    ),
    (
        AWS,
        "validity-february-30",
        "a UTCTime with a day that does not exist",
        |cert| {
            cert.validity = validity("180230212232Z", "300101000000Z");
        },
    ),
    (
        AWS,
        "validity-fraction",
        "a GeneralizedTime with a fraction (RFC 5280 4.1.2.5.2)",
        |cert| {
            let not_after = der::tlv(der::GENERALIZED_TIME, b"20500101000000.5Z");
            cert.validity = der::seq(&[&der::tlv(der::UTC_TIME, b"180921212232Z"), &not_after]);
        },
    ),
    (
        HSM,
        "validity-generalized-2049",
        "a GeneralizedTime before 2050 (RFC 5280 4.1.2.5)",
        |cert| {
            let not_after = der::tlv(der::GENERALIZED_TIME, b"20491231235959Z");
            cert.validity = der::seq(&[&der::tlv(der::UTC_TIME, b"180921212232Z"), &not_after]);
        },
    ),
    (
        AWS,
        "validity-generalized-start",
        "a notBefore as GeneralizedTime, before 2050 (RFC 5280 4.1.2.5)",
        |cert| {
            let not_before = der::tlv(der::GENERALIZED_TIME, b"20180921212232Z");
            cert.validity = der::seq(&[&not_before, &der::tlv(der::UTC_TIME, b"300101000000Z")]);
        },
    ),
    (
        AWS,
        "validity-string",
        "a UTF8String where a time belongs",
        |cert| {
            edit(&mut cert.validity, &[1], |time| time.tag = der::UTF8_STRING);
        },
    ),
    (
        AWS,
        "extension-element",
        "a fourth element in an extension",
        |cert| extension_edit(cert, 1, &[], append_null),
    ),
    (
        AWS,
        "extension-no-value",
        "an extension without a value",
        |cert| {
            extension_edit(cert, 0, &[], |node| drop(node.children_mut().pop()));
        },
    ),
    (
        AWS,
        "extension-order",
        "an extension with critical behind the value",
        |cert| {
            extension_edit(cert, 1, &[], |node| node.children_mut().swap(1, 2));
        },
    ),
    (
        AWS,
        "extension-boolean",
        "critical as BOOLEAN 01: TRUE is FF (X.690 11.1)",
        |cert| {
            extension_edit(cert, 1, &[1], |critical| {
                critical.body = Body::Primitive(vec![1])
            });
        },
    ),
    (
        AWS,
        "extension-critical-false",
        "critical FALSE written out: DER leaves defaults out (X.690 11.5)",
        |cert| {
            extension_edit(cert, 0, &[], |node| {
                node.children_mut()
                    .insert(1, Node::parse(&der::boolean(false)))
            });
        },
    ),
    (
        AWS,
        "extension-twice",
        "an extension twice (RFC 5280 4.2)",
        |cert| {
            let list = cert.extensions.as_mut().unwrap();
            list.push(list[1].clone());
        },
    ),
    (
        AWS,
        "extension-twice-differently",
        "basicConstraints twice, CA:FALSE and CA:TRUE",
        |cert| {
            cert.extensions
                .as_mut()
                .unwrap()
                .push(basic_constraints(true, true));
        },
    ),
    (
        AWS,
        "extensions-none",
        "an extensions field without extensions (RFC 5280 4.1: SIZE (1..MAX))",
        |cert| {
            cert.extensions = Some(Vec::new());
        },
    ),
    (
        AWS,
        "extensions-element",
        "an INTEGER among the extensions",
        |cert| {
            cert.extensions.as_mut().unwrap().push(der::int(&[7]));
        },
    ),
    (
        AWS,
        "extensions-second-list",
        "a second SEQUENCE in the extensions field",
        |cert| {
            let list = der::tlv(der::SEQUENCE, &cert.extensions.take().unwrap().concat());
            cert.tail = der::tlv(0xa3, &[list.clone(), list].concat());
        },
    ),
    (AWS, "extensions-twice", "two extensions fields", |cert| {
        cert.tail = der::tlv(
            0xa3,
            &der::seq(&[&extension("1.3.6.1.4.1.99999.1", false, &der::null())]),
        );
    }),
    (
        MANUFACTURER,
        "extensions-in-version-1",
        "extensions in a version 1 certificate (RFC 5280 4.1.2.9)",
        |cert| {
            cert.extensions = Some(vec![basic_constraints(true, true)]);
        },
    ),
    (
        MANUFACTURER,
        "extensions-in-version-2",
        "extensions in a version 2 certificate (RFC 5280 4.1.2.9)",
        |cert| {
            cert.version = der::tlv(0xa0, &der::int(&[1]));
            cert.extensions = Some(vec![basic_constraints(true, true)]);
        },
    ),
    (
        MANUFACTURER,
        "unique-id-in-version-1",
        "a unique identifier in a version 1 certificate (RFC 5280 4.1.2.8)",
        |cert| {
            cert.unique_ids = vec![0x81, 2, 0, 7];
        },
    ),
];

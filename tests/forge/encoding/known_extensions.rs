//! Defects in the values of extensions that the verifier knows.

use super::*;

pub(super) const IN_KNOWN_EXTENSIONS: &[(Input, &str, &str, CertDefect)] = &[
    // In a hardware certificate a note: `borne`.
    (
        HSM,
        "basic-constraints-ca-false",
        "cA FALSE written out: DER leaves defaults out (X.690 11.5)",
        |cert| {
            cert.extensions = Some(vec![extension(
                BASIC_CONSTRAINTS,
                true,
                &der::seq(&[&der::boolean(false)]),
            )]);
        },
    ),
    (
        AWS,
        "basic-constraints-boolean",
        "cA as BOOLEAN 01: TRUE is FF (X.690 11.1)",
        |cert| {
            extension_edit(cert, 0, &[1, 0], |value| {
                value.children_mut().push(Node::parse(&[1, 1, 1]))
            });
        },
    ),
    (
        AWS,
        "basic-constraints-element",
        "a NULL in basicConstraints",
        |cert| extension_edit(cert, 0, &[1, 0], append_null),
    ),
    (
        AWS,
        "basic-constraints-tail",
        "an element after basicConstraints in its OCTET STRING",
        |cert| {
            extension_edit(cert, 0, &[1], append_null);
        },
    ),
    (
        AWS,
        "basic-constraints-negative-path",
        "basicConstraints with a negative path length",
        |cert| {
            let value = der::seq(&[&der::boolean(true), &[2, 1, 0xff]]);
            cert.extensions.as_mut().unwrap()[0] = extension(BASIC_CONSTRAINTS, false, &value);
        },
    ),
    (
        AWS,
        "key-usage-tail",
        "an element after keyUsage in its OCTET STRING",
        |cert| extension_edit(cert, 1, &[2], append_null),
    ),
    (
        HSM,
        "key-usage-zero-bits",
        "a keyUsage with zero bits at its end: a named bit list drops them (X.690 11.2.2)",
        |cert| {
            cert.extensions = Some(vec![key_usage(0xa0, 0)]);
        },
    ),
    (
        AWS,
        "key-usage-tenth-bit",
        "a keyUsage with a tenth bit, and zero bits at its end (RFC 5280 4.2.1.3)",
        |cert| {
            cert.extensions.as_mut().unwrap()[1] = extension(
                KEY_USAGE,
                true,
                &der::tlv(der::BIT_STRING, &[0, 0xa0, 0x40]),
            );
        },
    ),
    (
        AWS,
        "key-usage-seventeenth-bit",
        "a keyUsage of three octets with a bit in the third",
        |cert| {
            cert.extensions.as_mut().unwrap()[1] = extension(
                KEY_USAGE,
                true,
                &der::tlv(der::BIT_STRING, &[0, 0xa0, 0, 0x80]),
            );
        },
    ),
    (
        AWS,
        "key-usage-zero",
        "a keyUsage of zero bits alone (RFC 5280 4.2.1.3)",
        |cert| {
            cert.extensions.as_mut().unwrap()[1] =
                extension(KEY_USAGE, true, &der::tlv(der::BIT_STRING, &[0, 0, 0]));
        },
    ),
    (
        AWS,
        "key-usage-set-and-unused",
        "a keyUsage whose unused bits are set (X.690 11.2.1)",
        |cert| {
            cert.extensions.as_mut().unwrap()[1] =
                extension(KEY_USAGE, true, &der::tlv(der::BIT_STRING, &[2, 0xa3]));
        },
    ),
    (
        AWS,
        "key-usage-eight-unused",
        "a keyUsage with eight unused bits (X.690 8.6.2.2)",
        |cert| {
            cert.extensions.as_mut().unwrap()[1] =
                extension(KEY_USAGE, true, &der::tlv(der::BIT_STRING, &[8, 0xa0, 0]));
        },
    ),
    (
        AWS,
        "printable-string",
        "a PrintableString with an ampersand (X.680 41.4)",
        |cert| {
            cert.extensions.as_mut().unwrap().push(extension(
                SUBJECT_ALT_NAME,
                false,
                &der::seq(&[&der::tlv(0xa4, &name_of_ampersand())]),
            ));
        },
    ),
    (
        AWS,
        "key-usage-integer",
        "an INTEGER where keyUsage has a BIT STRING",
        |cert| {
            cert.extensions.as_mut().unwrap()[1] = extension(KEY_USAGE, true, &der::int(&[5]));
        },
    ),
    (
        AWS,
        "subject-key-id-tail",
        "an element after the subject key identifier in its OCTET STRING",
        |cert| {
            extension_edit(cert, 2, &[1], append_null);
        },
    ),
    (
        AWS,
        "authority-key-id-element",
        "a NULL in the authority key identifier",
        |cert| {
            extension_edit(cert, 3, &[1, 0], append_null);
        },
    ),
];

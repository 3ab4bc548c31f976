//! Defects of the DER, every one under a good signature, so that only the reader can find it:
//! `pem.<input>`.

use super::cert::*;
use super::chain::{Chain, Input};
use super::der::{self, Body, Node};
use super::fixture::{Fixture, unread};
use super::pem::pem;

/// What certificates and requests have in common.
struct Parts<'a> {
    subject: &'a mut Vec<u8>,
    spki: &'a mut Vec<u8>,
    /// The algorithm, inside and outside the signed part.
    algorithm: &'a mut Vec<u8>,
}

/// A defect in a part; tried on every input.
type PartDefect = fn(&mut Parts<'_>);
/// A defect in the whole, after signing; tried on every input.
type WholeDefect = fn(Vec<u8>) -> Vec<u8>;
/// A defect of a certificate's own, on the input that can have it.
type CertDefect = fn(&mut Cert);
/// A defect of a request's own.
type RequestDefect = fn(&mut Request);

const IN_PARTS: &[(&str, &str, PartDefect)] = &[
    (
        "algorithm-element",
        "a third element in AlgorithmIdentifier",
        |parts| edit(parts.algorithm, &[], append_null),
    ),
    (
        "algorithm-null-content",
        "a NULL with content in AlgorithmIdentifier",
        |parts| {
            edit(parts.algorithm, &[1], |null| {
                null.body = Body::Primitive(vec![0])
            });
        },
    ),
    (
        "algorithm-long-length",
        "a length of more octets than it needs in AlgorithmIdentifier",
        |parts| {
            *parts.algorithm = long_length(parts.algorithm);
        },
    ),
    (
        "name-element",
        "a third element in AttributeTypeAndValue",
        |parts| edit(parts.subject, &[1, 0], append_null),
    ),
    (
        "name-element-in-rdn",
        "an INTEGER among the attributes of an RDN",
        |parts| {
            edit(parts.subject, &[1], |rdn| {
                rdn.children_mut().insert(0, integer(0))
            });
        },
    ),
    (
        "name-element-in-name",
        "a NULL after the RDNs of a Name",
        |parts| edit(parts.subject, &[], append_null),
    ),
    (
        "name-empty-rdn",
        "an RDN without attributes (X.501: SET SIZE (1..MAX))",
        |parts| {
            edit(parts.subject, &[], |name| {
                name.children_mut().push(empty(der::SET))
            });
        },
    ),
    (
        "name-set-order",
        "the five attributes of the first RDN in another order than DER's (X.690 11.6)",
        |parts| {
            edit(parts.subject, &[0], |rdn| rdn.children_mut().reverse());
        },
    ),
    (
        "name-long-length",
        "a length of more octets than it needs in the subject",
        |parts| {
            *parts.subject = long_length(parts.subject);
        },
    ),
    (
        "name-oid-padded",
        "an attribute type with an octet 80 before an arc (X.690 8.19.2)",
        |parts| {
            edit(parts.subject, &[1, 0, 0], |oid| {
                oid.body = Body::Primitive(vec![0x55, 0x04, 0x80, 0x03])
            });
        },
    ),
    (
        "spki-element",
        "a third element in SubjectPublicKeyInfo",
        |parts| edit(parts.spki, &[], append_null),
    ),
    (
        "spki-unused-bits",
        "a public key's BIT STRING that claims an unused bit",
        |parts| {
            edit(parts.spki, &[1], |key| {
                let content = key.children()[0].encode();
                key.body = Body::Primitive([&[1], content.as_slice()].concat());
            });
        },
    ),
    (
        "spki-tail",
        "an element after RSAPublicKey in the BIT STRING",
        |parts| edit(parts.spki, &[1], append_null),
    ),
    ("key-element", "a third element in RSAPublicKey", |parts| {
        edit(parts.spki, &[1, 0], append_null)
    }),
    (
        "key-negative",
        "a negative modulus: the zero octet before it missing",
        |parts| {
            edit(parts.spki, &[1, 0, 0], |n| {
                n.body = Body::Primitive(n.content()[1..].to_vec())
            });
        },
    ),
    (
        "key-padded",
        "a modulus with a zero octet too many (X.690 8.3.2)",
        |parts| {
            edit(parts.spki, &[1, 0, 0], |n| {
                n.body = Body::Primitive([&[0], n.content()].concat())
            });
        },
    ),
    (
        "key-exponent-padded",
        "an exponent with a zero octet too many (X.690 8.3.2)",
        |parts| {
            edit(parts.spki, &[1, 0, 1], |e| {
                e.body = Body::Primitive([&[0], e.content()].concat())
            });
        },
    ),
    (
        "spki-no-null",
        "an RSA key whose algorithm lacks its NULL (RFC 3279 2.3.1)",
        |parts| {
            edit(parts.spki, &[0], |algorithm| {
                drop(algorithm.children_mut().pop())
            });
        },
    ),
];

const IN_WHOLE: &[(&str, &str, WholeDefect)] = &[
    (
        "outer-element",
        "an element after the signature, inside the outer SEQUENCE",
        |der| edited(&der, &[], append_null),
    ),
    (
        "outer-long-length",
        "an outer length of more octets than it needs",
        |der| long_length(&der),
    ),
    (
        "outer-indefinite-length",
        "an outer SEQUENCE of indefinite length: BER",
        |der| [&[der::SEQUENCE, 0x80], &der[4..], &[0, 0]].concat(),
    ),
    (
        "outer-set",
        "a SET where the outer SEQUENCE belongs",
        |mut der| {
            der[0] = der::SET;
            der
        },
    ),
    (
        "signature-unused-bits",
        "a signature that claims seven unused bits",
        |der| {
            edited(&der, &[2], |signature| match &mut signature.body {
                Body::Primitive(content) => content[0] = 7,
                Body::Parent(prefix, _) => prefix[0] = 7,
            })
        },
    ),
    (
        "signature-octets",
        "an OCTET STRING where the signature's BIT STRING belongs",
        |der| edited(&der, &[2], |signature| signature.tag = der::OCTET_STRING),
    ),
    (
        "signature-empty",
        "a signature without the octet that counts unused bits",
        |der| {
            edited(&der, &[2], |signature| {
                signature.body = Body::Primitive(Vec::new())
            })
        },
    ),
];

const AWS: Input = Input::AwsHardware;
const MANUFACTURER: Input = Input::ManufacturerHardware;
const HSM: Input = Input::Hsm;

const IN_CERTIFICATES: &[(Input, &str, &str, CertDefect)] = &[
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

const IN_REQUESTS: &[(&str, &str, RequestDefect)] = &[
    (
        "version-2",
        "a version that RFC 2986 does not have",
        |csr| csr.version = der::int(&[1]),
    ),
    (
        "no-attributes",
        "no attributes field: RFC 2986 has it even when empty",
        |csr| csr.attributes = Vec::new(),
    ),
    (
        "attributes-element",
        "an INTEGER among the attributes",
        |csr| csr.attributes = der::tlv(0xa0, &der::int(&[7])),
    ),
    (
        "attribute-without-values",
        "an attribute without values (RFC 2986: SET SIZE (1..MAX))",
        |csr| {
            csr.attributes = der::tlv(
                0xa0,
                &der::seq(&[&der::oid("1.2.840.113549.1.9.7"), &der::tlv(der::SET, &[])]),
            );
        },
    ),
    (
        "attribute-element",
        "a third element in an attribute",
        |csr| {
            let values = der::set_of(&[der::tlv(der::UTF8_STRING, b"hsmboot")]);
            csr.attributes = der::tlv(
                0xa0,
                &der::seq(&[&der::oid("1.2.840.113549.1.9.7"), &values, &der::null()]),
            );
        },
    ),
    (
        "challenge-password-integer",
        "a challengePassword that is a number (RFC 2985 5.4.1)",
        |csr| {
            csr.attributes = der::tlv(
                0xa0,
                &der::seq(&[
                    &der::oid("1.2.840.113549.1.9.7"),
                    &der::set_of(&[der::int(&[7])]),
                ]),
            );
        },
    ),
    (
        "challenge-password-twice",
        "two challengePasswords (RFC 2985 5.4.1: one value)",
        |csr| {
            let values = der::set_of(&[
                der::tlv(der::UTF8_STRING, b"one"),
                der::tlv(der::UTF8_STRING, b"two"),
            ]);
            csr.attributes = der::tlv(
                0xa0,
                &der::seq(&[&der::oid("1.2.840.113549.1.9.7"), &values]),
            );
        },
    ),
    (
        "requested-extension-opaque",
        "a requested extension whose value is no DER",
        |csr| {
            let list = der::seq(&[&extension("1.3.6.1.4.1.99999.1", false, b"\xff\x01")]);
            csr.attributes = der::tlv(
                0xa0,
                &der::seq(&[
                    &der::oid("1.2.840.113549.1.9.14"),
                    &der::tlv(der::SET, &list),
                ]),
            );
        },
    ),
    ("info-element", "a NULL after the attributes", |csr| {
        csr.attributes.extend(der::null())
    }),
];

const SUBJECT_ALT_NAME: &str = "2.5.29.17";
const NAME_CONSTRAINTS: &str = "2.5.29.30";
const POLICIES: &str = "2.5.29.32";
const EXTENDED_KEY_USAGE: &str = "2.5.29.37";

/// Values of extensions that are DER and not what their types define: extension, name, what, value.
fn values() -> Vec<(&'static str, &'static str, &'static str, Vec<u8>)> {
    let issuer = || der::tlv(0xa1, &der::tlv(0xa4, &super::chain::aws_root_name()));
    let (key, serial) = (|| der::tlv(0x80, &[7; 20]), || der::tlv(0x82, &[7]));
    let of = |parts: &[Vec<u8>]| der::tlv(der::SEQUENCE, &parts.concat());
    let subtree = |parts: &[Vec<u8>]| of(&[der::tlv(0xa0, &of(parts))]);
    let policy = || der::seq(&[&der::oid("1.3.6.1.4.1.99999.1")]);
    let (a, s, n, p, x) = (
        AUTHORITY_KEY_ID,
        SUBJECT_ALT_NAME,
        NAME_CONSTRAINTS,
        POLICIES,
        EXTENDED_KEY_USAGE,
    );
    vec![
        (
            a,
            "issuer-alone",
            "an issuer without a serial number",
            of(&[key(), issuer()]),
        ),
        (
            a,
            "serial-alone",
            "a serial number without an issuer",
            of(&[key(), serial()]),
        ),
        (
            a,
            "serial-empty",
            "a serial number without octets",
            of(&[issuer(), vec![0x82, 0]]),
        ),
        (
            a,
            "serial-padded",
            "a serial number with a zero octet too many",
            of(&[issuer(), vec![0x82, 2, 0, 1]]),
        ),
        (
            a,
            "serial-constructed",
            "a serial number in constructed form",
            of(&[issuer(), der::tlv(0xa2, &der::int(&[1]))]),
        ),
        (
            a,
            "issuer-empty",
            "an issuer without a name",
            of(&[vec![0xa1, 0], serial()]),
        ),
        (
            a,
            "issuer-primitive",
            "an issuer in primitive form",
            of(&[vec![0x81, 1, 7], serial()]),
        ),
        (
            a,
            "issuer-null",
            "a NULL for an issuer's name",
            of(&[der::tlv(0xa1, &der::null()), serial()]),
        ),
        (
            a,
            "key-constructed",
            "a key identifier in constructed form",
            of(&[der::tlv(0xa0, &der::octets(&[7; 20]))]),
        ),
        (
            a,
            "order",
            "the serial number before the issuer",
            of(&[serial(), issuer()]),
        ),
        (
            a,
            "key-last",
            "the key identifier last",
            of(&[issuer(), serial(), key()]),
        ),
        (a, "second-key", "two key identifiers", of(&[key(), key()])),
        (
            a,
            "octets",
            "an OCTET STRING where the SEQUENCE belongs",
            der::octets(&[7; 20]),
        ),
        (s, "empty", "no name", of(&[])),
        (s, "null", "a NULL for a name", of(&[der::null()])),
        (
            s,
            "universal",
            "a string without its context tag",
            of(&[der::tlv(0x16, b"example.com")]),
        ),
        (
            s,
            "tag-9",
            "a form that there is not",
            of(&[vec![0x89, 1, 7]]),
        ),
        (
            s,
            "x400-address",
            "an x400Address, which nobody can read",
            of(&[der::tlv(0xa3, &der::seq(&[&der::seq(&[])]))]),
        ),
        (
            s,
            "dns-constructed",
            "a dNSName in constructed form",
            of(&[der::tlv(0xa2, &der::tlv(0x16, b"example.com"))]),
        ),
        (
            s,
            "dns-octets",
            "a dNSName of ff 1b 00",
            of(&[der::tlv(0x82, &[0xff, 0x1b, 0])]),
        ),
        (
            s,
            "dns-nul",
            "a dNSName with a NUL in it",
            of(&[der::tlv(0x82, b"example.com\0.example.net")]),
        ),
        (s, "dns-empty", "an empty dNSName", of(&[vec![0x82, 0]])),
        (
            s,
            "email-empty",
            "an empty rfc822Name",
            of(&[vec![0x81, 0]]),
        ),
        (
            s,
            "uri-escape",
            "an escape in a URI",
            of(&[der::tlv(0x86, b"http://\x1b[8m/")]),
        ),
        (
            s,
            "ip-of-three",
            "an iPAddress of three octets",
            of(&[vec![0x87, 3, 10, 0, 0]]),
        ),
        (
            s,
            "ip-with-mask",
            "an iPAddress with a mask, which is for name constraints",
            of(&[vec![0x87, 8, 10, 0, 0, 0, 255, 0, 0, 0]]),
        ),
        (
            s,
            "directory-garbage",
            "a directoryName that is a NULL",
            of(&[der::tlv(0xa4, &der::null())]),
        ),
        (
            s,
            "directory-primitive",
            "a directoryName in primitive form",
            of(&[vec![0x84, 2, 0x30, 0]]),
        ),
        (
            s,
            "directory-empty",
            "an empty directoryName",
            of(&[der::tlv(0xa4, &der::seq(&[]))]),
        ),
        (
            s,
            "directory-twice",
            "two Names in one directoryName",
            of(&[der::tlv(0xa4, &super::chain::card_name().repeat(2))]),
        ),
        (
            s,
            "directory-no-name",
            "a directoryName whose RDN has no attribute",
            of(&[der::tlv(0xa4, &der::seq(&[&der::tlv(der::SET, &[])]))]),
        ),
        (
            s,
            "registered-id-empty",
            "a registeredID without an arc",
            of(&[vec![0x88, 0]]),
        ),
        (
            s,
            "registered-id-padded",
            "a registeredID not in its shortest form",
            of(&[vec![0x88, 2, 0x80, 1]]),
        ),
        (
            s,
            "other-name-bare",
            "an otherName without a value",
            of(&[der::tlv(0xa0, &der::oid("1.2.3.4"))]),
        ),
        (s, "other-name-two", "an otherName with two values", {
            of(&[der::tlv(
                0xa0,
                &[der::oid("1.2.3.4"), der::tlv(0xa0, &der::null().repeat(2))].concat(),
            )])
        }),
        (
            s,
            "edi-party-bare",
            "an ediPartyName without a party",
            of(&[vec![0xa5, 0]]),
        ),
        (
            s,
            "after",
            "a NULL after a name",
            of(&[der::tlv(0x82, b"example.com"), der::null()]),
        ),
        (x, "empty", "no purpose", of(&[])),
        (
            x,
            "integer",
            "an INTEGER for a purpose",
            of(&[der::int(&[7])]),
        ),
        (SUBJECT_KEY_ID, "integer", "an INTEGER", der::int(&[7])),
        (n, "integer", "an INTEGER", der::int(&[7])),
        (n, "empty", "no constraint", of(&[])),
        (
            n,
            "no-subtree",
            "a list without a subtree",
            of(&[vec![0xa0, 0]]),
        ),
        (n, "order", "excluded before permitted", {
            let list = |tag| der::tlv(tag, &of(&[der::tlv(0x82, b"example.com")]));
            of(&[list(0xa1), list(0xa0)])
        }),
        (
            n,
            "minimum",
            "a subtree with a minimum, which RFC 5280 does not use",
            subtree(&[der::tlv(0x82, b"example.com"), vec![0x80, 1, 1]]),
        ),
        (
            n,
            "ip-without-mask",
            "an iPAddress without its mask",
            subtree(&[vec![0x87, 4, 10, 0, 0, 0]]),
        ),
        (p, "empty", "no policy", of(&[])),
        (
            p,
            "integer",
            "an INTEGER for a policy",
            of(&[der::int(&[7])]),
        ),
        (p, "twice", "one policy twice", of(&[policy(), policy()])),
        (
            p,
            "no-qualifier",
            "a list of qualifiers without one",
            of(&[der::seq(&[&der::oid("1.2.3.4"), &der::seq(&[])])]),
        ),
    ]
}

/// Each of them in the AWS hardware certificate, in place of an extension of the same kind where
/// there is one.
fn of_extensions() -> Vec<Fixture> {
    let kept = [
        "authority-key-id-value-serial-padded",
        "subject-alt-name-value-dns-octets",
        "subject-alt-name-value-directory-garbage",
    ];
    let fixtures = values().into_iter().map(|(kind, name, what, value)| {
        let (short, long) = match kind {
            AUTHORITY_KEY_ID => ("authority-key-id", "authorityKeyIdentifier"),
            SUBJECT_ALT_NAME => ("subject-alt-name", "subjectAltName"),
            NAME_CONSTRAINTS => ("name-constraints", "nameConstraints"),
            POLICIES => ("certificate-policies", "certificatePolicies"),
            EXTENDED_KEY_USAGE => ("extended-key-usage", "extKeyUsage"),
            _ => ("subject-key-id", "subjectKeyIdentifier"),
        };
        let mut chain = Chain::good();
        let list = chain.aws_hardware.extensions.as_mut().unwrap();
        list.retain(|extension| Node::parse(extension).children()[0].encode() != der::oid(kind));
        list.push(extension(kind, false, &value));
        let name = format!("{short}-value-{name}");
        fixture(
            AWS,
            &name,
            &format!("{long} with {what}"),
            &der_of(&chain, AWS),
        )
        .kept_if(kept.contains(&name.as_str()))
    });
    let mut fixtures: Vec<Fixture> = fixtures.collect();
    let mut chain = Chain::good();
    chain
        .aws_hardware
        .extensions
        .as_mut()
        .unwrap()
        .push(extension("1.3.6.1.4.1.99999.1", true, b"\xff\x01"));
    let what = "a critical extension whose value is no DER";
    fixtures.push(fixture(
        AWS,
        "extension-critical-opaque",
        what,
        &der_of(&chain, AWS),
    ));
    fixtures
}

fn name_of_ampersand() -> Vec<u8> {
    der::seq(&[&der::set_of(&[attribute_as(
        ORGANIZATION,
        der::PRINTABLE_STRING,
        b"R&D",
    )])])
}

/// Faults that are borne with in hardware certificates, where they say nothing that another way of
/// writing does not: a note of `pem.*`.
fn borne() -> Vec<Fixture> {
    let with = |defect: &str, what: &str, number: usize, written: Vec<u8>| {
        let mut chain = Chain::good();
        chain.aws_hardware.extensions.as_mut().unwrap()[number] = written;
        Fixture::new(format!("pem.aws-hardware--{defect}"), what, chain.bundle())
            .notes(&["pem.aws-hardware"])
    };
    let usage = |bits: &[u8]| extension(KEY_USAGE, true, &der::tlv(der::BIT_STRING, bits));
    vec![
        with(
            "ca-false-written-out",
            "a hardware certificate that writes out cA FALSE (X.690 11.5): a note",
            0,
            extension(BASIC_CONSTRAINTS, false, &der::seq(&[&der::boolean(false)])),
        ),
        with(
            "padded-key-usage",
            "a hardware certificate's keyUsage with zero bits at its end (X.690 11.2.2): a note",
            1,
            usage(&[0, 0xa0]),
        ),
        with(
            "padded-key-usage-two-octets",
            "the same with a second octet of zeros",
            1,
            usage(&[7, 0xa0, 0]),
        )
        .in_memory(),
        with(
            "padded-key-usage-three-octets",
            "the same with two more octets of zeros",
            1,
            usage(&[0, 0xa0, 0, 0]),
        )
        .in_memory(),
    ]
}

pub fn fixtures() -> Vec<Fixture> {
    let mut fixtures = of_extensions();
    fixtures.extend(borne());
    for (number, (name, what, defect)) in IN_PARTS.iter().enumerate() {
        for input in Input::ALL {
            let mut chain = Chain::good();
            in_part(&mut chain, input, *defect);
            let der = der_of(&chain, input);
            fixtures.push(
                fixture(input, name, what, &der).kept_if(input == Input::ALL[(number + 1) % 4]),
            );
        }
    }
    for (number, (name, what, defect)) in IN_WHOLE.iter().enumerate() {
        for input in Input::ALL {
            let der = defect(der_of(&Chain::good(), input));
            fixtures.push(
                fixture(input, name, what, &der).kept_if(input == Input::ALL[(number + 2) % 4]),
            );
        }
    }
    for (input, name, what, defect) in IN_CERTIFICATES {
        let mut chain = Chain::good();
        defect(chain.cert_mut(*input));
        fixtures.push(fixture(*input, name, what, &der_of(&chain, *input)));
    }
    for (name, what, defect) in IN_REQUESTS {
        let mut chain = Chain::good();
        defect(&mut chain.csr);
        fixtures.push(fixture(Input::Csr, name, what, &chain.csr.der()));
    }
    fixtures
}

fn fixture(input: Input, name: &str, what: &str, der: &[u8]) -> Fixture {
    assert_ne!(der, der_of(&Chain::good(), input), "{name} changes nothing");
    let mut bundle = Chain::good().bundle();
    *bundle.text_mut(input) = pem(input.label(), der);
    let id = format!("pem.{}", input.id());
    Fixture::new(format!("{id}--{name}"), what, bundle)
        .fails(&[&id])
        .skips(&unread(input))
}

pub fn der_of(chain: &Chain, input: Input) -> Vec<u8> {
    match input {
        Input::Csr => chain.csr.der(),
        Input::Hsm => chain.hsm.der(),
        Input::AwsHardware => chain.aws_hardware.der(),
        Input::ManufacturerHardware => chain.manufacturer_hardware.der(),
    }
}

fn in_part(chain: &mut Chain, input: Input, defect: PartDefect) {
    if input == Input::Csr {
        let csr = &mut chain.csr;
        let mut algorithm = csr.signer.algorithm();
        defect(&mut Parts {
            subject: &mut csr.subject,
            spki: &mut csr.spki,
            algorithm: &mut algorithm,
        });
        csr.outer = Some(algorithm);
        return;
    }
    let cert = chain.cert_mut(input);
    let mut algorithm = cert.signer.algorithm();
    defect(&mut Parts {
        subject: &mut cert.subject,
        spki: &mut cert.spki,
        algorithm: &mut algorithm,
    });
    cert.inner = Some(algorithm.clone());
    cert.outer = Some(algorithm);
}

/// Changes the element of `part` that the path leads to.
fn edit(part: &mut Vec<u8>, path: &[usize], change: impl FnOnce(&mut Node)) {
    *part = edited(part, path, change);
}

fn edited(part: &[u8], path: &[usize], change: impl FnOnce(&mut Node)) -> Vec<u8> {
    let mut node = Node::parse(part);
    change(node.at_mut(path));
    node.encode()
}

fn extension_edit(cert: &mut Cert, number: usize, path: &[usize], change: impl FnOnce(&mut Node)) {
    edit(&mut cert.extensions.as_mut().unwrap()[number], path, change);
}

fn append_null(node: &mut Node) {
    node.children_mut().push(Node::parse(&der::null()));
}

fn integer(value: u8) -> Node {
    Node {
        tag: der::INTEGER,
        body: Body::Primitive(vec![value]),
    }
}

fn empty(tag: u8) -> Node {
    Node {
        tag,
        body: Body::Parent(Vec::new(), Vec::new()),
    }
}

/// The same element with a length that starts with a zero octet (X.690 10.1 forbids it).
pub fn long_length(element: &[u8]) -> Vec<u8> {
    let header = match element[1] {
        short if short < 0x80 => 2,
        long => 2 + usize::from(long & 0x7f),
    };
    let length = element.len() - header;
    let octets = [(length >> 16) as u8, (length >> 8) as u8, length as u8];
    [&[element[0], 0x83], &octets[..], &element[header..]].concat()
}

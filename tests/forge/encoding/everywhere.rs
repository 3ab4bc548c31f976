//! Defects of what every certificate and request has: names, keys, algorithms, the frame.

use super::*;

/// What certificates and requests have in common.
pub(super) struct Parts<'a> {
    pub(super) subject: &'a mut Vec<u8>,
    pub(super) spki: &'a mut Vec<u8>,
    /// The algorithm, inside and outside the signed part.
    pub(super) algorithm: &'a mut Vec<u8>,
}

/// A defect in a part; tried on every input.
pub(super) type PartDefect = fn(&mut Parts<'_>);
/// A defect in the whole, after signing; tried on every input.
pub(super) type WholeDefect = fn(Vec<u8>) -> Vec<u8>;

pub(super) const IN_PARTS: &[(&str, &str, PartDefect)] = &[
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

pub(super) const IN_WHOLE: &[(&str, &str, WholeDefect)] = &[
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

pub(super) fn in_part(chain: &mut Chain, input: Input, defect: PartDefect) {
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

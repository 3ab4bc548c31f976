//! What no signature covers can be written in one way only.

use hsmboot::x509::Certificate;
use num_bigint::BigUint;

use super::forge::cert::Signer;
use super::*;

/// A certificate or a request by each kind of signature, signed by the key that it carries.
struct Signed {
    name: &'static str,
    signer: Signer,
    is_request: bool,
    der: Vec<u8>,
}

fn signed() -> Vec<Signed> {
    let kinds: [(&str, Signer, Vec<u8>); 10] = [
        (
            "RSA PKCS#1 v1.5",
            Signer::Pkcs1(&keys::HSM, Hash::Sha256),
            keys::HSM.spki(),
        ),
        (
            "RSA PSS",
            Signer::Pss(&keys::HSM, Hash::Sha256),
            keys::HSM.spki(),
        ),
        (
            "RSA PSS, the default salt",
            Signer::PssAs(&keys::HSM, Hash::Sha256, Hash::Sha256, 20),
            keys::HSM.spki(),
        ),
        (
            "RSA PSS, a PSS key",
            Signer::Pss(&keys::HSM, Hash::Sha384),
            keys::HSM.pss_spki(&[]),
        ),
        (
            "P-256",
            Signer::Ecdsa(&keys::P256, Hash::Sha256),
            keys::P256.spki(),
        ),
        (
            "P-384",
            Signer::Ecdsa(&keys::P384, Hash::Sha384),
            keys::P384.spki(),
        ),
        // Those that ring does not verify.
        (
            "P-256, SHA-512",
            Signer::Ecdsa(&keys::P256, Hash::Sha512),
            keys::P256.spki(),
        ),
        (
            "P-384, SHA-512",
            Signer::Ecdsa(&keys::P384, Hash::Sha512),
            keys::P384.spki(),
        ),
        (
            "P-521, SHA-512",
            Signer::Ecdsa(&keys::P521, Hash::Sha512),
            keys::P521.spki(),
        ),
        (
            "P-521, SHA-256",
            Signer::Ecdsa(&keys::P521, Hash::Sha256),
            keys::P521.spki(),
        ),
    ];
    let make = |(name, signer, spki): (&'static str, Signer, Vec<u8>)| {
        let mut chain = Chain::good();
        (chain.csr.signer, chain.csr.spki) = (signer.clone(), spki.clone());
        (chain.hsm.signer, chain.hsm.spki) = (signer.clone(), spki);
        [(true, chain.csr.der()), (false, chain.hsm.der())].map(|(is_request, der)| Signed {
            name,
            signer: signer.clone(),
            is_request,
            der,
        })
    };
    kinds.into_iter().flat_map(make).collect()
}

impl Signed {
    /// Whether a reader takes it for well signed, by the rules of `pem.*`, `algorithm.*` and
    /// `*.signature`.
    fn holds(&self, der: &[u8]) -> bool {
        if self.is_request {
            return Csr::from_der(der).is_ok_and(|csr| csr.is_self_signed());
        }
        Certificate::from_der(der).is_ok_and(|cert| {
            cert.outer_algorithm() == cert.inner_algorithm() && cert.is_signed_by(cert.public_key())
        })
    }

    /// The three parts: what is signed, the algorithm, the BIT STRING.
    pub(super) fn parts(&self) -> [Vec<u8>; 3] {
        let whole = Node::parse(&self.der);
        [0, 1, 2].map(|child| whole.children()[child].encode())
    }

    pub(super) fn with(&self, algorithm: &[u8], signature: &[u8]) -> Vec<u8> {
        forge::der::seq(&[&self.parts()[0], algorithm, &forge::der::bits(signature)])
    }

    pub(super) fn signature(&self) -> Vec<u8> {
        let [_, _, bits] = self.parts();
        let header = match bits[1] {
            0x81 => 3,
            0x82 => 4,
            _ => 2,
        };
        bits[header + 1..].to_vec()
    }

    /// Other ways to write the same, each with its name.
    fn rewritten(&self) -> Vec<(String, Vec<u8>)> {
        let [signed, algorithm, bits] = self.parts();
        let signature = self.signature();
        let mut all = Vec::new();
        let mut add = |name: String, der: Vec<u8>| all.push((name, der));
        // Elements: one more, one less, one twice, two swapped, at every place but in the signed
        // part.
        for insertion in insertions(&self.der)
            .into_iter()
            .filter(|insertion| !insertion.place.contains("of /0/"))
        {
            add(insertion.place, insertion.der);
        }
        let whole = Node::parse(&self.der);
        for path in whole
            .parents()
            .into_iter()
            .filter(|path| path.first() != Some(&0))
        {
            let count = whole.clone().at_mut(&path).children().len();
            let changed = |change: &dyn Fn(&mut Vec<Node>)| {
                let mut changed = whole.clone();
                change(changed.at_mut(&path).children_mut());
                changed.encode()
            };
            for child in 0..count {
                add(
                    format!("{path:?} without {child}"),
                    changed(&|children| drop(children.remove(child))),
                );
                add(
                    format!("{path:?} with {child} twice"),
                    changed(&|children| children.insert(child, children[child].clone())),
                );
                add(
                    format!("{path:?} with {child} last"),
                    changed(&|children| children.rotate_left(child + 1)),
                );
            }
        }
        // Lengths with an octet too many, and after the end.
        for (name, at) in [("whole", 0), ("algorithm", 1), ("signature", 2)] {
            let long = |element: &[u8]| forge::encoding::long_length(element);
            let der = match at {
                0 => long(&self.der),
                1 => forge::der::seq(&[&signed, &long(&algorithm), &bits]),
                _ => forge::der::seq(&[&signed, &algorithm, &long(&bits)]),
            };
            add(format!("a long length of the {name}"), der);
        }
        add(
            "an octet after the end".into(),
            [self.der.as_slice(), &[0]].concat(),
        );
        for unused in 1..8 {
            let bits = forge::der::tlv(
                forge::der::BIT_STRING,
                &[&[unused], signature.as_slice()].concat(),
            );
            add(
                format!("{unused} unused bits"),
                forge::der::seq(&[&signed, &algorithm, &bits]),
            );
        }
        // Every other algorithm, and every other way to write this one.
        let bare = |oid: &str| forge::der::seq(&[&forge::der::oid(oid)]);
        let null = |oid: &str| forge::der::seq(&[&forge::der::oid(oid), &forge::der::null()]);
        let hashes = [
            Hash::Sha256.algorithm(),
            bare("2.16.840.1.101.3.4.2.1"),
            Hash::Sha384.algorithm(),
            bare("2.16.840.1.101.3.4.2.2"),
        ];
        for oid in [
            "1.2.840.113549.1.1.10",
            "1.2.840.113549.1.1.11",
            "1.2.840.113549.1.1.12",
            "1.2.840.10045.4.3.2",
            "1.2.840.10045.4.3.3",
            "1.2.840.10045.4.3.4",
        ] {
            add(
                format!("{oid} without parameters"),
                self.with(&bare(oid), &signature),
            );
            add(
                format!("{oid} with NULL"),
                self.with(&null(oid), &signature),
            );
        }
        for (hash, mask) in hashes
            .iter()
            .flat_map(|hash| hashes.iter().map(move |mask| (hash, mask)))
        {
            for salt in [None, Some(20), Some(32), Some(48)] {
                for trailer in [false, true] {
                    let mask = forge::der::tlv(
                        0xa1,
                        &forge::der::seq(&[&forge::der::oid("1.2.840.113549.1.1.8"), mask]),
                    );
                    let salt = salt
                        .map(|salt| forge::der::tlv(0xa2, &forge::der::int(&[salt])))
                        .unwrap_or_default();
                    let trailer = if trailer {
                        forge::der::tlv(0xa3, &forge::der::int(&[1]))
                    } else {
                        Vec::new()
                    };
                    let parameters =
                        forge::der::seq(&[&forge::der::tlv(0xa0, hash), &mask, &salt, &trailer]);
                    let other =
                        forge::der::seq(&[&forge::der::oid("1.2.840.113549.1.1.10"), &parameters]);
                    add(
                        format!("PSS as {other:02x?}"),
                        self.with(&other, &signature),
                    );
                }
            }
        }
        let numbers = match &self.signer {
            Signer::Ecdsa(key, _) => of_ecdsa(&signature, &key.order()),
            _ => of_rsa(&signature, &keys::HSM.n),
        };
        for (name, signature) in numbers {
            add(name.into(), self.with(&algorithm, &signature));
        }
        all.retain(|(_, der)| *der != self.der);
        all
    }
}

/// The same signature in other octets, or as another number of the same residue.
fn of_rsa(signature: &[u8], n: &BigUint) -> Vec<(&'static str, Vec<u8>)> {
    let s = BigUint::from_bytes_be(signature);
    vec![
        ("a zero octet before it", [&[0], signature].concat()),
        (
            "its last octet missing",
            signature[..signature.len() - 1].to_vec(),
        ),
        ("s + n", (&s + n).to_bytes_be()),
        ("n - s", (n - &s).to_bytes_be()),
        ("an octet after it", [signature, &[0]].concat()),
    ]
}

const NEGATED: &str = "n - s";

fn of_ecdsa(signature: &[u8], n: &BigUint) -> Vec<(&'static str, Vec<u8>)> {
    let node = Node::parse(signature);
    let [r, s] = [0, 1].map(|child: usize| node.children()[child].encode());
    let [r_number, s_number] =
        [0, 1].map(|child: usize| BigUint::from_bytes_be(node.children()[child].content()));
    let int = |number: &BigUint| forge::der::int(&number.to_bytes_be());
    let pad = |element: &[u8]| {
        forge::der::tlv(
            forge::der::INTEGER,
            &[&[0], Node::parse(element).content()].concat(),
        )
    };
    let raw = |element: &[u8]| {
        forge::der::tlv(
            forge::der::INTEGER,
            &BigUint::from_bytes_be(Node::parse(element).content()).to_bytes_be(),
        )
    };
    let pair = |r: &[u8], s: &[u8]| forge::der::seq(&[r, s]);
    let long = forge::encoding::long_length;
    vec![
        (NEGATED, pair(&r, &int(&(n - &s_number)))),
        ("s + n", pair(&r, &int(&(&s_number + n)))),
        ("r + n", pair(&int(&(&r_number + n)), &s)),
        ("n - r", pair(&int(&(n - &r_number)), &s)),
        ("r and s swapped", pair(&s, &r)),
        ("r padded", pair(&pad(&r), &s)),
        ("s padded", pair(&r, &pad(&s))),
        // Where the highest bit is set the number is negative so; where it is not, nothing changes.
        ("r without its sign", pair(&raw(&r), &s)),
        ("s without its sign", pair(&r, &raw(&s))),
        ("s of 0", pair(&r, &forge::der::int(&[0]))),
        ("r of 0", pair(&forge::der::int(&[0]), &s)),
        (
            "a third number",
            forge::der::seq(&[&r, &s, &forge::der::int(&[1])]),
        ),
        (
            "a NULL after them",
            [signature, &forge::der::null()].concat(),
        ),
        ("an octet after them", [signature, &[0]].concat()),
        ("a long length", long(signature)),
        ("a long length of r", pair(&long(&r), &s)),
        ("a long length of s", pair(&r, &long(&s))),
        (
            "an indefinite length",
            [&[forge::der::SEQUENCE, 0x80], &signature[2..], &[0, 0]].concat(),
        ),
        (
            "two octet strings",
            pair(&forge::der::octets(&r[2..]), &forge::der::octets(&s[2..])),
        ),
        (
            "r and s alone",
            [r_number.to_bytes_be(), s_number.to_bytes_be()].concat(),
        ),
    ]
}

/// Bytes that nothing signs: whatever stands outside the signed part of a CSR or a certificate can
/// be written in one way alone. The one exception is in ECDSA itself: with (r, s), (r, n - s) is a
/// signature too. docs/threat-model.md says what catches that.
#[test]
fn what_nothing_signs_can_be_written_in_one_way() {
    for signed in signed() {
        assert!(
            signed.holds(&signed.der),
            "{} is not good to begin with",
            signed.name
        );
        let rewritten = signed.rewritten();
        assert!(
            rewritten.len() > 150,
            "{}: {}",
            signed.name,
            rewritten.len()
        );
        let taken = survivors(rewritten.len(), |number| signed.holds(&rewritten[number].1));
        let taken: Vec<&str> = taken
            .into_iter()
            .map(|number| rewritten[number].0.as_str())
            .collect();
        let expected: &[&str] = if matches!(signed.signer, Signer::Ecdsa(..)) {
            &[NEGATED]
        } else {
            &[]
        };
        assert_eq!(
            taken,
            expected,
            "{}, a {}",
            signed.name,
            if signed.is_request {
                "CSR"
            } else {
                "certificate"
            }
        );
    }
}

/// Every value of every octet before the signature's own, and every bit of the signature.
#[test]
fn no_octet_that_nothing_signs_can_change() {
    for signed in signed() {
        let [part, _, bits] = signed.parts();
        let length = signed.der.len();
        let (begin, after) = (
            length - part.len() - signed.parts()[1].len() - bits.len(),
            length - signed.signature().len(),
        );
        let outside: Vec<usize> = (0..begin).chain(begin + part.len()..after).collect();
        let octets = outside
            .iter()
            .flat_map(|&at| (1..=255u8).map(move |change| (at, change)));
        // A bit an octet: the property tests above change them at random.
        let signature = (after..length).map(|at| (at, 1 << (at % 8)));
        let changes: Vec<(usize, u8)> = octets.chain(signature).collect();
        let taken = survivors(changes.len(), |number| {
            let mut der = signed.der.clone();
            der[changes[number].0] ^= changes[number].1;
            signed.holds(&der)
        });
        let taken: Vec<_> = taken.into_iter().map(|number| changes[number]).collect();
        assert!(taken.is_empty(), "{}: {taken:?}", signed.name);
    }
}

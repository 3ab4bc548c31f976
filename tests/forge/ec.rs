//! ECDSA (FIPS 186-5) on plain big numbers, repeatable and slow: for test keys only. Curves of the
//! form y² = x³ - 3x + b.

use num_bigint::BigUint;

use super::der::{self, Node};
use super::keys::{Hash, key_file, left_pad};

/// The numbers of a curve, in hex (FIPS 186-5 and SP 800-186).
pub struct Curve {
    pub oid: &'static str,
    size: usize,
    p: &'static str,
    b: &'static str,
    x: &'static str,
    y: &'static str,
    n: &'static str,
}

impl Curve {
    pub const P256: Curve = Curve {
        oid: "1.2.840.10045.3.1.7",
        size: 32,
        p: "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
        b: "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
        x: "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
        y: "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
        n: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    };
    pub const P384: Curve = Curve {
        oid: "1.3.132.0.34",
        size: 48,
        p: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff000000000000000\
            0ffffffff",
        b: "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8e\
            dd3ec2aef",
        x: "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3\
            872760ab7",
        y: "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7\
            c90ea0e5f",
        n: "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196\
            accc52973",
    };
    pub const P521: Curve = Curve {
        oid: "1.3.132.0.35",
        size: 66,
        p: "1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
            ffffffffffffffffffffffffffffffffffffffffffff",
        b: "051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652\
            c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
        x: "0c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1d\
            c127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
        y: "11839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550\
            b9013fad0761353c7086a272c24088be94769fd16650",
        n: "1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc\
            0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
    };

    fn octets(&self, hex: &str) -> Vec<u8> {
        left_pad(&number(hex).to_bytes_be(), self.size)
    }

    /// The curve spelt out in numbers (RFC 3279 2.3.5, ecParameters) instead of named.
    fn explicit(&self) -> Vec<u8> {
        let p = number(self.p);
        let a = &p - BigUint::from(3u8);
        let base = [&[4][..], &self.octets(self.x), &self.octets(self.y)].concat();
        der::seq(&[
            &der::int(&[1]),
            &der::seq(&[&der::oid("1.2.840.10045.1.1"), &der::int(&p.to_bytes_be())]),
            &der::seq(&[
                &der::octets(&left_pad(&a.to_bytes_be(), self.size)),
                &der::octets(&self.octets(self.b)),
            ]),
            &der::octets(&base),
            &der::int(&number(self.n).to_bytes_be()),
            &der::int(&[1]),
        ])
    }
}

fn number(hex: &str) -> BigUint {
    BigUint::parse_bytes(hex.as_bytes(), 16).unwrap()
}

pub struct EcKey {
    curve: &'static Curve,
    d: BigUint,
    x: Vec<u8>,
    y: Vec<u8>,
}

impl EcKey {
    /// A key file of SEC 1 C.4.
    pub fn read(curve: &'static Curve, name: &str) -> EcKey {
        let file = Node::parse(&key_file(name));
        let [version, d, _, public] = file.children() else {
            panic!("{name}: not a SEC 1 key")
        };
        assert_eq!(version.content(), [1]);
        let point = &public.children()[0].content()[2..];
        let (x, y) = point.split_at(curve.size);
        EcKey {
            curve,
            d: BigUint::from_bytes_be(d.content()),
            x: x.to_vec(),
            y: y.to_vec(),
        }
    }

    fn spki_of(&self, parameters: &[u8], point: &[u8]) -> Vec<u8> {
        der::seq(&[
            &der::seq(&[&der::oid("1.2.840.10045.2.1"), parameters]),
            &der::bits(point),
        ])
    }

    fn point(&self) -> Vec<u8> {
        [&[4], self.x.as_slice(), &self.y].concat()
    }

    /// The order of the base point.
    pub fn order(&self) -> BigUint {
        number(self.curve.n)
    }

    /// As RFC 5480 wants it: named curve, uncompressed point.
    pub fn spki(&self) -> Vec<u8> {
        self.spki_of(&der::oid(self.curve.oid), &self.point())
    }

    /// The same point, said to be on another curve.
    pub fn spki_on(&self, curve: &str) -> Vec<u8> {
        self.spki_of(&der::oid(curve), &self.point())
    }

    pub fn spki_compressed(&self) -> Vec<u8> {
        let sign = 2 + (self.y.last().unwrap() & 1);
        self.spki_of(
            &der::oid(self.curve.oid),
            &[&[sign], self.x.as_slice()].concat(),
        )
    }

    pub fn spki_explicit(&self) -> Vec<u8> {
        self.spki_of(&self.curve.explicit(), &self.point())
    }

    /// ECDSA (FIPS 186-5 6.4.1) with a nonce that follows from key and message.
    pub fn sign(&self, hash: Hash, message: &[u8]) -> Vec<u8> {
        let n = number(self.curve.n);
        let digest = hash.of(message);
        let e = leftmost(&digest, usize::try_from(n.bits()).unwrap());
        let seed = [self.d.to_bytes_be().as_slice(), &digest].concat();
        let k = BigUint::from_bytes_be(&Hash::Sha512.of(&seed)) % &n;
        let r = self.multiply_base(&k) % &n;
        let s = k.modpow(&(&n - BigUint::from(2u8)), &n) * (e + &r * &self.d) % &n;
        der::seq(&[&der::int(&r.to_bytes_be()), &der::int(&s.to_bytes_be())])
    }

    /// The x coordinate of k times the base point: double and add in Jacobian coordinates, one
    /// division at the end.
    fn multiply_base(&self, k: &BigUint) -> BigUint {
        let (p, x, y) = (
            number(self.curve.p),
            number(self.curve.x),
            number(self.curve.y),
        );
        let mut sum = (x.clone(), y.clone(), BigUint::from(1u8));
        for bit in format!("{k:b}").chars().skip(1) {
            sum = double(&p, &sum);
            if bit == '1' {
                sum = add(&p, &sum, &x, &y);
            }
        }
        let inverse = sum.2.modpow(&(&p - BigUint::from(2u8)), &p);
        sum.0 * &inverse * &inverse % &p
    }
}

/// A hash as a number, cut to the order's length (FIPS 186-5 6.4.1 step 2).
fn leftmost(digest: &[u8], bits: usize) -> BigUint {
    BigUint::from_bytes_be(digest) >> (8 * digest.len()).saturating_sub(bits)
}

type Point = (BigUint, BigUint, BigUint);

fn minus(p: &BigUint, a: &BigUint, b: &BigUint) -> BigUint {
    (a % p + p - b % p) % p
}

fn double(p: &BigUint, (x, y, z): &Point) -> Point {
    let zz = z * z % p;
    let yy = y * y % p;
    let m = BigUint::from(3u8) * minus(p, x, &zz) * (x + &zz) % p;
    let s = BigUint::from(4u8) * x * &yy % p;
    let x3 = minus(p, &(&m * &m), &(&s + &s));
    let y3 = minus(
        p,
        &(m * minus(p, &s, &x3)),
        &(BigUint::from(8u8) * &yy * &yy),
    );
    (x3, y3, BigUint::from(2u8) * y * z % p)
}

fn add(p: &BigUint, (x1, y1, z1): &Point, x2: &BigUint, y2: &BigUint) -> Point {
    let zz = z1 * z1 % p;
    let h = minus(p, &(x2 * &zz), x1);
    let r = minus(p, &(y2 * z1 % p * &zz), y1);
    let hh = &h * &h % p;
    let hhh = &h * &hh % p;
    let v = x1 * &hh % p;
    let x3 = minus(p, &(&r * &r), &(&hhh + &v + &v));
    let y3 = minus(p, &(r * minus(p, &v, &x3)), &(y1 * hhh));
    (x3, y3, h * z1 % p)
}

//! The test keys of `fixtures/keys/`, and signatures that come out the same each time, weak ones
//! included. ring makes none of the weak ones, and its PSS and ECDSA are random; a fixture has to
//! be the same on every machine. So the arithmetic is here, on plain big numbers.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{LazyLock, Mutex};

use md5::Digest;
use num_bigint::BigUint;
use ring::digest;

use super::der::{self, Node};
use super::ec::{Curve, EcKey};
use super::pem::unpem;

pub static AWS_ROOT: LazyLock<RsaKey> = LazyLock::new(|| RsaKey::read("rsa-2048-aws-root"));
pub static MANUFACTURER_ROOT: LazyLock<RsaKey> =
    LazyLock::new(|| RsaKey::read("rsa-2048-manufacturer-root"));
pub static HARDWARE: LazyLock<RsaKey> = LazyLock::new(|| RsaKey::read("rsa-2048-hardware"));
pub static HSM: LazyLock<RsaKey> = LazyLock::new(|| RsaKey::read("rsa-2048-hsm"));
pub static STRANGER: LazyLock<RsaKey> = LazyLock::new(|| RsaKey::read("rsa-2048-stranger"));
pub static RSA_1024: LazyLock<RsaKey> = LazyLock::new(|| RsaKey::read("rsa-1024"));
pub static RSA_2047: LazyLock<RsaKey> = LazyLock::new(|| RsaKey::read("rsa-2047"));
pub static RSA_3072: LazyLock<RsaKey> = LazyLock::new(|| RsaKey::read("rsa-3072"));
pub static INTERMEDIATE: LazyLock<RsaKey> = LazyLock::new(|| RsaKey::read("rsa-2048-intermediate"));
pub static LS2_ROOT: LazyLock<RsaKey> = LazyLock::new(|| RsaKey::read("rsa-4096-ls2-root"));
pub static HARDWARE_4096: LazyLock<RsaKey> = LazyLock::new(|| RsaKey::read("rsa-4096-hardware"));
pub static RSA_8192: LazyLock<RsaKey> = LazyLock::new(|| RsaKey::read("rsa-8192"));
pub static P256: LazyLock<EcKey> = LazyLock::new(|| EcKey::read(&Curve::P256, "ec-p-256"));
pub static P384: LazyLock<EcKey> = LazyLock::new(|| EcKey::read(&Curve::P384, "ec-p-384"));
pub static P521: LazyLock<EcKey> = LazyLock::new(|| EcKey::read(&Curve::P521, "ec-p-521"));

/// The DER in a key file.
pub fn key_file(name: &str) -> Vec<u8> {
    unpem(&key_text(name))
}

/// A key file as it stands.
pub fn key_text(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/keys")
        .join(format!("{name}.pem"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Hash {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    pub fn of(self, message: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Hash::Md5 => return md5::Md5::digest(message).to_vec(),
            Hash::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Hash::Sha256 => &digest::SHA256,
            Hash::Sha384 => &digest::SHA384,
            Hash::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, message).as_ref().to_vec()
    }

    /// RFC 8017 B.1, RFC 1321.
    pub fn oid(self) -> Vec<u8> {
        der::oid(match self {
            Hash::Md5 => "1.2.840.113549.2.5",
            Hash::Sha1 => "1.3.14.3.2.26",
            Hash::Sha256 => "2.16.840.1.101.3.4.2.1",
            Hash::Sha384 => "2.16.840.1.101.3.4.2.2",
            Hash::Sha512 => "2.16.840.1.101.3.4.2.3",
        })
    }

    pub fn algorithm(self) -> Vec<u8> {
        der::seq(&[&self.oid(), &der::null()])
    }
}

/// Key and encoded message, to signature.
type Signed = HashMap<(Vec<u8>, Vec<u8>), Vec<u8>>;

pub struct RsaKey {
    pub n: BigUint,
    pub e: BigUint,
    /// p, q, d mod p-1, d mod q-1, 1/q mod p; a key without them cannot sign.
    crt: Option<[BigUint; 5]>,
}

impl RsaKey {
    fn read(name: &str) -> RsaKey {
        let file = Node::parse(&key_file(name));
        let number = |field: usize| BigUint::from_bytes_be(file.children()[field].content());
        RsaKey {
            n: number(1),
            e: number(2),
            crt: Some([4, 5, 6, 7, 8].map(number)),
        }
    }

    /// A public key of these numbers; whether they make a key is the point of a fixture.
    pub fn public(n: BigUint, e: u32) -> RsaKey {
        RsaKey {
            n,
            e: BigUint::from(e),
            crt: None,
        }
    }

    /// Octets of the modulus.
    fn size(&self) -> usize {
        usize::try_from(self.n.bits()).unwrap().div_ceil(8)
    }

    /// RSAPublicKey (RFC 8017 A.1.1).
    pub fn numbers(&self) -> Vec<u8> {
        der::seq(&[
            &der::int(&self.n.to_bytes_be()),
            &der::int(&self.e.to_bytes_be()),
        ])
    }

    pub fn spki(&self) -> Vec<u8> {
        der::seq(&[
            &der::seq(&[&der::oid("1.2.840.113549.1.1.1"), &der::null()]),
            &der::bits(&self.numbers()),
        ])
    }

    /// The same key as one for PSS alone (RFC 4055 1.2): id-RSASSA-PSS, with parameters or without.
    pub fn pss_spki(&self, parameters: &[u8]) -> Vec<u8> {
        der::seq(&[
            &der::seq(&[&der::oid("1.2.840.113549.1.1.10"), parameters]),
            &der::bits(&self.numbers()),
        ])
    }

    /// RSASP1 (RFC 8017 5.2.1); with exponent 1 everyone can sign.
    fn sign_encoded(&self, encoded: &[u8]) -> Vec<u8> {
        /// The good chain is signed hundreds of times, always the same way: what has been signed
        /// once is looked up.
        static SIGNED: LazyLock<Mutex<Signed>> = LazyLock::new(Mutex::default);
        let asked = (self.numbers(), encoded.to_vec());
        if let Some(signature) = SIGNED.lock().unwrap().get(&asked) {
            return signature.clone();
        }
        let signature = self.private_operation(encoded);
        SIGNED.lock().unwrap().insert(asked, signature.clone());
        signature
    }

    fn private_operation(&self, encoded: &[u8]) -> Vec<u8> {
        let m = BigUint::from_bytes_be(encoded);
        if self.e == BigUint::from(1u8) {
            return left_pad(&m.to_bytes_be(), self.size());
        }
        let [p, q, dp, dq, q_inverse] = self.crt.as_ref().expect("a private key");
        let (m1, m2) = (m.modpow(dp, p), m.modpow(dq, q));
        let h = (m1 + p - &m2 % p) * q_inverse % p;
        left_pad(&(m2 + h * q).to_bytes_be(), self.size())
    }

    /// RSASSA-PKCS1-v1_5 (RFC 8017 8.2).
    pub fn pkcs1(&self, hash: Hash, message: &[u8]) -> Vec<u8> {
        self.sign_encoded(&pkcs1_encode(hash, message, self.size()))
    }

    /// RSASSA-PSS with MGF1 of the same hash and a salt as long as the hash.
    pub fn pss(&self, hash: Hash, message: &[u8]) -> Vec<u8> {
        self.pss_as(hash, hash, hash.of(b"").len(), message)
    }

    /// RSASSA-PSS (RFC 8017 9.1.1). The salt is the same octet all along, to be repeatable.
    pub fn pss_as(&self, hash: Hash, mask_hash: Hash, salt: usize, message: &[u8]) -> Vec<u8> {
        let em_bits = usize::try_from(self.n.bits()).unwrap() - 1;
        let em_len = em_bits.div_ceil(8);
        let salt = vec![0x5a; salt];
        let h = hash.of(&[&[0; 8], hash.of(message).as_slice(), &salt].concat());
        let mut db = vec![0; em_len - salt.len() - h.len() - 2];
        db.push(1);
        db.extend(&salt);
        for (octet, mask) in db.iter_mut().zip(mgf1(mask_hash, &h, em_len)) {
            *octet ^= mask;
        }
        db[0] &= 0xff >> (8 * em_len - em_bits);
        self.sign_encoded(&[db.as_slice(), &h, &[0xbc]].concat())
    }
}

/// EMSA-PKCS1-v1_5 (RFC 8017 9.2).
pub fn pkcs1_encode(hash: Hash, message: &[u8], size: usize) -> Vec<u8> {
    let info = der::seq(&[&hash.algorithm(), &der::octets(&hash.of(message))]);
    [
        &[0, 1],
        vec![0xff; size - info.len() - 3].as_slice(),
        &[0],
        &info,
    ]
    .concat()
}

fn mgf1(hash: Hash, seed: &[u8], length: usize) -> Vec<u8> {
    let mut mask = Vec::new();
    for counter in 0u32.. {
        if mask.len() >= length {
            break;
        }
        mask.extend(hash.of(&[seed, &counter.to_be_bytes()].concat()));
    }
    mask
}

pub fn left_pad(octets: &[u8], size: usize) -> Vec<u8> {
    [vec![0; size - octets.len()].as_slice(), octets].concat()
}

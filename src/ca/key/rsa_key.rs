//! RSA keys as numbers, and those that ring does not sign with: of another size than 2048, 3072 and
//! 4096 bits, with an exponent below 65537, of more than two primes, or for PSS signatures only.
//! Any of them can be an established CA's; the crate `rsa` signs with them, blinded.

use rsa::sha2::{Digest, Sha256, Sha384, Sha512};
use rsa::traits::SignatureScheme;
use rsa::{BoxedUint, Pkcs1v15Sign, Pss};
use zeroize::Zeroizing;

use crate::ca::fault::{CannotSign, KeyFault, malformed, wrong_kind};
use crate::ca::random::SystemRng;
use crate::x509::SignatureAlgorithm;
use crate::x509::algorithm::{Hash, Pss as PssParameters};
use crate::x509::der::{self, Reader, tag};

/// The sizes that a CA's RSA key can have, in bits: the smallest that FIPS 186-5 5.1 allows, and
/// the largest that is read in certificates here.
const SIZES: std::ops::RangeInclusive<usize> = 2048..=8192;
/// The sizes that ring signs with, of those.
const RING_SIZES: [usize; 3] = [2048, 3072, 4096];
/// The bits of an exponent that signatures are verified under here: at most 33, as ring has it.
const MAX_EXPONENT_BITS: usize = 33;
/// The most primes of a key, as many as OpenSSL makes (RSA_MAX_PRIME_NUM).
const MAX_PRIMES: usize = 5;

/// The reason why an RSA key cannot be a CA's here, wherever it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// Its modulus has this many bits.
    Size(usize),
    /// Its public exponent: [`BAD_EXPONENT`].
    Exponent,
}

/// An RSA key with another exponent.
pub(super) const BAD_EXPONENT: &str =
    "an RSA key whose public exponent is not an odd number from 3 to 2^33";

/// Checks that modulus and exponent, big-endian without leading zeros, are within the limits.
pub(super) fn check_limits(modulus: &[u8], exponent: &[u8]) -> Result<(), Unfit> {
    let odd = exponent.last().is_some_and(|byte| byte & 1 == 1);
    match (bit_length(modulus), bit_length(exponent)) {
        (size, _) if !SIZES.contains(&size) => Err(Unfit::Size(size)),
        (_, 2..=MAX_EXPONENT_BITS) if odd => Ok(()),
        _ => Err(Unfit::Exponent),
    }
}

/// A prime of the key, with the exponent and the coefficient that go with it.
struct Factor<'a> {
    prime: &'a [u8],
    exponent: &'a [u8],
    /// The first prime has none.
    coefficient: Option<&'a [u8]>,
}

/// RSAPrivateKey (RFC 8017 A.1.2): its numbers, big-endian, as they came.
pub(super) struct Numbers<'a> {
    modulus: &'a [u8],
    public: &'a [u8],
    private: &'a [u8],
    factors: Vec<Factor<'a>>,
}

impl<'a> Numbers<'a> {
    /// Reads them, and holds them to what a CA's key can be.
    pub(super) fn parse(pkcs1: &'a [u8]) -> Result<Self, KeyFault> {
        let numbers = Self::read(pkcs1).ok_or(malformed("its RSA key structure is damaged"))?;
        check_limits(numbers.modulus, numbers.public).map_err(|unfit| match unfit {
            Unfit::Size(bits) => KeyFault::UnsupportedSize { bits },
            Unfit::Exponent => wrong_kind(BAD_EXPONENT),
        })?;
        if numbers.factors.len() > MAX_PRIMES {
            return Err(wrong_kind("an RSA key of more than five primes"));
        }
        Ok(numbers)
    }

    fn read(pkcs1: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(
            der::parse_single(pkcs1, tag::SEQUENCE, "key").ok()?.content,
            "key",
        );
        let version = read_number(&mut reader)?;
        let [modulus, public, private, p, q, dp, dq, q_inverse] = {
            let mut next = || read_number(&mut reader);
            [
                next()?,
                next()?,
                next()?,
                next()?,
                next()?,
                next()?,
                next()?,
                next()?,
            ]
        };
        let mut factors = vec![
            // p and q, but in the order in which each coefficient is the inverse of all primes
            // before it: `qInv` is q's, modulo p.
            Factor {
                prime: q,
                exponent: dq,
                coefficient: None,
            },
            Factor {
                prime: p,
                exponent: dp,
                coefficient: Some(q_inverse),
            },
        ];
        // otherPrimeInfos are there in version 1, and only there.
        if version == [1] {
            let mut others = Reader::new(
                reader.read_required(tag::SEQUENCE, "primes").ok()?.content,
                "key",
            );
            while !others.is_empty() {
                let mut other = Reader::new(
                    others.read_required(tag::SEQUENCE, "prime").ok()?.content,
                    "key",
                );
                let (prime, exponent, coefficient) = (
                    read_number(&mut other)?,
                    read_number(&mut other)?,
                    read_number(&mut other)?,
                );
                other.finish().ok()?;
                factors.push(Factor {
                    prime,
                    exponent,
                    coefficient: Some(coefficient),
                });
            }
            if factors.len() == 2 {
                return None;
            }
        } else if !version.is_empty() {
            return None;
        }
        reader.finish().ok()?;
        Some(Numbers {
            modulus,
            public,
            private,
            factors,
        })
    }

    /// Tells whether ring signs with such a key: two primes of half the modulus's length, the first
    /// the greater, and an exponent from 65537 on.
    pub(super) fn fit_ring(&self) -> bool {
        let [q, p] = self.factors.as_slice() else {
            return false;
        };
        let half = bit_length(self.modulus) / 2;
        RING_SIZES.contains(&bit_length(self.modulus))
            && bit_length(self.public) >= 17
            && [p, q].iter().all(|factor| bit_length(factor.prime) == half)
            && p.prime > q.prime
    }

    /// RSAPublicKey (RFC 8017 A.1.1).
    pub(super) fn public_key(&self) -> Vec<u8> {
        der::encode_sequence(&[
            &der::encode_integer(self.modulus),
            &der::encode_integer(self.public),
        ])
    }

    /// The key for the crate `rsa`, whose numbers all fit together.
    pub(super) fn to_key(&self) -> Result<rsa::PrivateKey, KeyFault> {
        // Within the modulus, and odd primes: nothing below divides by zero, and nothing grows.
        let size = bit_length(self.modulus);
        let sound = |factor: &Factor<'_>| {
            bit_length(factor.prime) > 1 && factor.prime.last().is_some_and(|byte| byte & 1 == 1)
        };
        let all = self
            .factors
            .iter()
            .flat_map(|factor| {
                [
                    Some(factor.prime),
                    Some(factor.exponent),
                    factor.coefficient,
                ]
            })
            .flatten();
        if !self.factors.iter().all(sound)
            || all
                .chain([self.private])
                .any(|number| bit_length(number) > size)
        {
            return Err(KeyFault::Inconsistent);
        }
        let number = |octets: &[u8]| secret_number(octets, size).ok_or(KeyFault::Inconsistent);
        let one = number(&[1])?;
        let private = number(self.private)?;
        let mut primes: Vec<Zeroizing<BoxedUint>> = Vec::new();
        for factor in &self.factors {
            let prime = number(factor.prime)?;
            let less = Zeroizing::new(prime.wrapping_sub(&*one));
            let (Some(modulus), Some(order)) = (prime.to_nz().into(), less.to_nz().into()) else {
                return Err(KeyFault::Inconsistent);
            };
            let (modulus, order) = (Zeroizing::new(modulus), Zeroizing::new(order));
            let exponent = Zeroizing::new(private.rem(&*order));
            let fits = match factor.coefficient {
                None => true,
                Some(inverse) => {
                    let inverse = Zeroizing::new(number(inverse)?.rem(&*modulus));
                    // What the primes before it come to, modulo this one.
                    let product = primes.iter().fold(inverse, |product, before| {
                        let before = Zeroizing::new(before.rem(&*modulus));
                        Zeroizing::new(product.mul_mod(&before, &modulus))
                    });
                    product == one
                }
            };
            if exponent != number(factor.exponent)? || !fits {
                return Err(KeyFault::Inconsistent);
            }
            primes.push(prime);
        }
        // It holds their product to be the modulus, and the exponents to be each other's inverses.
        // With two primes of half the modulus's length, as nearly all keys have, it computes
        // several times as fast.
        let half = size.div_ceil(2);
        let from_components = match self.factors.as_slice() {
            [q, p] if bit_length(q.prime).max(bit_length(p.prime)) <= half => {
                rsa::PrivateKey::from_components
            }
            _ => rsa::PrivateKey::from_components_with_wide_primes,
        };
        from_components(
            (*number(self.modulus)?).clone(),
            BoxedUint::from_be_slice_vartime(self.public),
            (*private).clone(),
            primes.iter().map(|prime| (**prime).clone()).collect(),
        )
        .map_err(|_| KeyFault::Inconsistent)
    }
}

/// A number of at most `size` bits, in memory that is wiped.
fn secret_number(number: &[u8], size: usize) -> Option<Zeroizing<BoxedUint>> {
    let precision = u32::try_from(size).ok()?.next_multiple_of(64);
    BoxedUint::from_be_slice(number, precision)
        .ok()
        .map(Zeroizing::new)
}

/// The next INTEGER's value, which is not negative, without leading zeros.
fn read_number<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let content = reader.read_required(tag::INTEGER, "number").ok()?.content;
    match content.first() {
        Some(first) if first & 0x80 == 0 => Some(
            content
                .iter()
                .position(|byte| *byte != 0)
                .and_then(|at| content.get(at..))
                .unwrap_or_default(),
        ),
        _ => None,
    }
}

/// The length in bits of a number without leading zeros.
fn bit_length(number: &[u8]) -> usize {
    let leading = number.first().map_or(0, |byte| byte.leading_zeros());
    // Of a key file of at most MAX_KEY_FILE octets; of eight bits at most eight lead.
    number.len() * 8 - usize::try_from(leading).unwrap_or(0)
}

/// The way in which such a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Padding {
    /// RSASSA-PKCS1-v1_5 with SHA-256
    Pkcs1,
    /// RSASSA-PSS
    Pss(PssParameters),
}

impl Padding {
    /// The signature algorithm.
    pub(super) const fn signature_algorithm(self) -> SignatureAlgorithm {
        match self {
            Padding::Pkcs1 => SignatureAlgorithm::RsaPkcs1(Hash::Sha256),
            Padding::Pss(parameters) => SignatureAlgorithm::RsaPss(parameters),
        }
    }

    /// Takes the padding of a key for PSS only: the hash that it names, or SHA-256; a salt as long
    /// as the hash, or the one that it asks for at least (RFC 4055 3.3).
    pub(super) fn from_pss_key(asked: Option<PssParameters>) -> Self {
        let PssParameters { hash, salt } = asked.unwrap_or(PssParameters {
            hash: Hash::Sha256,
            salt: 0,
        });
        Padding::Pss(PssParameters {
            hash,
            salt: salt.max(hash.octets()),
        })
    }

    /// The signature over `tbs`, which is hashed here.
    pub(super) fn sign(self, key: &rsa::PrivateKey, tbs: &[u8]) -> Result<Vec<u8>, CannotSign> {
        fn by<S: SignatureScheme>(
            scheme: S,
            key: &rsa::PrivateKey,
            digest: &[u8],
        ) -> rsa::Result<Vec<u8>> {
            key.sign_with_rng(&mut SystemRng::new(), scheme, digest)
        }
        let signature = match self {
            Padding::Pkcs1 => by(Pkcs1v15Sign::new::<Sha256>(), key, &Sha256::digest(tbs)),
            Padding::Pss(PssParameters { hash, salt }) => {
                let salt = usize::from(salt);
                match hash {
                    Hash::Sha256 => by(
                        Pss::<Sha256>::new_with_salt(salt),
                        key,
                        &Sha256::digest(tbs),
                    ),
                    Hash::Sha384 => by(
                        Pss::<Sha384>::new_with_salt(salt),
                        key,
                        &Sha384::digest(tbs),
                    ),
                    Hash::Sha512 => by(
                        Pss::<Sha512>::new_with_salt(salt),
                        key,
                        &Sha512::digest(tbs),
                    ),
                }
            }
        };
        signature.map_err(|_| CannotSign)
    }
}

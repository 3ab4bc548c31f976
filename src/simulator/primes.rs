//! Primes for RSA keys, searched for on two threads at once: a sieve removes most candidates.
//! Otherwise everybody would wait for the 4096-bit key of hsm2m's root.

use ring::rand::{SecureRandom as _, SystemRandom};
use rsa::BoxedUint;
use std::thread;
use x509_parser::num_bigint::BigUint;

/// The exponent of every key in the genuine chains.
const EXPONENT: u32 = 65_537;

/// The bound of the odd primes that candidates are sieved by.
const SIEVE_BY: u32 = 1 << 16;

/// The number of odd numbers looked at from a random one on. Among so many of 2048 bits there is no
/// prime once in three hundred times.
const WINDOW_SIZE: usize = 4096;

/// Rounds of Miller-Rabin with random bases. For random candidates two are enough for an error
/// below 2^-112 (FIPS 186-5, B.3 and C.1).
const TEST_ROUNDS: usize = 4;

/// Makes a new RSA key of that size. Its two primes are searched for at the same time.
pub(super) fn rsa_key(bits: usize) -> Result<rsa::PrivateKey, String> {
    let half = bits.checked_div(2).unwrap_or(0);
    loop {
        let (p, q) = thread::scope(|scope| {
            let other = thread::Builder::new()
                .name(String::from("simulator-prime"))
                .spawn_scoped(scope, || find_prime(half));
            let one = find_prime(half);
            // Where no thread can be had, one after the other.
            let other = other
                .ok()
                .and_then(|thread| thread.join().ok())
                .unwrap_or_else(|| find_prime(half));
            (one, other)
        });
        let key = rsa::PrivateKey::from_p_q(to_boxed(&p), to_boxed(&q), BoxedUint::from(EXPONENT));
        if let Ok(key) = key {
            use rsa::traits::PublicKeyParts as _;
            if usize::try_from(key.n().bit_width()) == Ok(bits) {
                return Ok(key);
            }
        }
    }
}

fn to_boxed(number: &BigUint) -> BoxedUint {
    BoxedUint::from_be_slice_vartime(&number.to_bytes_be())
}

/// Finds a random prime whose first two bits are set, so that two of them have a product of twice
/// the bits.
fn find_prime(bits: usize) -> BigUint {
    let by = small_primes();
    loop {
        let first = random_candidate(bits);
        let mut composite = vec![false; WINDOW_SIZE];
        for small in &by {
            // The first odd multiple at or after `first`: `first + 2k` is one where 2k is -first,
            // modulo the prime.
            let rest = (&first % *small)
                .to_bytes_be()
                .into_iter()
                .fold(0_u32, |sum, octet| (sum << 8) | u32::from(octet));
            let gap = small.saturating_sub(rest).checked_rem(*small).unwrap_or(0);
            let even = if gap & 1 == 0 {
                gap
            } else {
                gap.saturating_add(*small)
            };
            let start = usize::try_from(even >> 1).unwrap_or(WINDOW_SIZE);
            composite
                .iter_mut()
                .skip(start)
                .step_by(usize::try_from(*small).unwrap_or(WINDOW_SIZE))
                .for_each(|mark| *mark = true);
        }
        let left = composite
            .iter()
            .enumerate()
            .filter(|(_, composite)| !**composite)
            .map(|(k, _)| &first + BigUint::from(k) * 2_u32);
        let found = left
            .filter(|number| usize::try_from(number.bits()) == Ok(bits))
            .find(|number| suits_exponent(number) && is_prime(number));
        if let Some(prime) = found {
            return prime;
        }
    }
}

/// Fills the octets from the system's randomness, as soon as it yields any.
fn fill_random(octets: &mut [u8]) {
    while SystemRandom::new().fill(octets).is_err() {}
}

fn random_candidate(bits: usize) -> BigUint {
    let mut octets = vec![0; bits.div_ceil(8)];
    fill_random(&mut octets);
    if let Some(first) = octets.first_mut() {
        *first |= 0xC0;
    }
    if let Some(last) = octets.last_mut() {
        *last |= 1;
    }
    BigUint::from_bytes_be(&octets)
}

fn small_primes() -> Vec<u32> {
    let mut composite = vec![false; usize::try_from(SIEVE_BY).unwrap_or(0)];
    let mut primes = Vec::new();
    for number in (3..SIEVE_BY).step_by(2) {
        let at = usize::try_from(number).unwrap_or(0);
        if composite.get(at) == Some(&false) {
            primes.push(number);
            composite
                .iter_mut()
                .skip(at)
                .step_by(at)
                .for_each(|mark| *mark = true);
        }
    }
    primes
}

/// Tells whether the exponent, a prime itself, has an inverse modulo `number - 1`.
fn suits_exponent(number: &BigUint) -> bool {
    number % EXPONENT != BigUint::from(1_u32)
}

/// Tests for a prime by Miller-Rabin (FIPS 186-5, B.3.1), with base 2 before the random ones: it
/// finds nearly every composite.
fn is_prime(number: &BigUint) -> bool {
    let one = BigUint::from(1_u32);
    let less = number - &one;
    let zeros = (0_usize..)
        .take_while(|at| (&less >> *at) % 2_u32 == BigUint::from(0_u32))
        .count();
    let size = usize::try_from(number.bits()).unwrap_or(0);
    let odd = &less >> zeros;
    let passes = |base: &BigUint| {
        let mut power = base.modpow(&odd, number);
        if power == one || power == less {
            return true;
        }
        for _ in 1..zeros {
            power = &power * &power % number;
            if power == less {
                return true;
            }
        }
        false
    };
    passes(&BigUint::from(2_u32))
        && (0..TEST_ROUNDS).all(|_| passes(&(random_candidate(size.saturating_sub(8)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primes_and_composites_are_told_apart() {
        let number = |value: u64| BigUint::from(value);
        for prime in [1_000_000_007, 18_446_744_073_709_551_557] {
            assert!(is_prime(&number(prime)), "{prime}");
        }
        // The last is a strong pseudoprime to base 2.
        for composite in [
            1_000_000_007_u64 * 3,
            18_446_744_073_709_551_555,
            4_294_967_297,
            3_215_031_751,
        ] {
            assert!(!is_prime(&number(composite)), "{composite}");
        }
        assert_eq!(small_primes().len(), 6541, "the odd primes below 65536");
    }

    #[test]
    fn a_key_has_its_size_and_holds_together() {
        for bits in [1024, 2048] {
            use rsa::traits::PublicKeyParts as _;
            let key = rsa_key(bits).unwrap();
            assert_eq!(usize::try_from(key.n().bit_width()), Ok(bits));
            key.validate().unwrap();
        }
    }
}

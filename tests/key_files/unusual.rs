//! RSA keys that ring does not sign with, and that an established CA can have: each signs a bundle,
//! and openssl says so.

use std::fs;
use std::path::Path;

use hsmboot::ca::{FileKey, PassphraseSource};
use hsmboot::x509::der::{Reader, encode_integer, encode_sequence, parse_single, tag};
use num_bigint::BigUint;

use crate::support::{Bench, CLUSTER, openssl, private, sign};

/// The bundle, signed under a certificate that openssl makes for `customerCA.key`; then openssl
/// verifies it.
fn signs(bench: &Bench, why: &str) {
    private(bench, "customerCA.key");
    let dir = bench.path("");
    openssl(
        &dir,
        "req -x509 -new -key customerCA.key -subj /CN=Established -days 3650 -out customerCA.crt",
    );
    let run = bench.run(&sign(&["--force"]));
    assert_eq!(run.code, 0, "{why}: {}", run.stderr);
    openssl(
        &dir,
        &format!("verify -CAfile customerCA.crt bundle/{CLUSTER}_CustomerHsmCertificate.crt"),
    );
}

#[test]
fn every_rsa_key_that_a_ca_can_have_signs() {
    let bench = Bench::new();
    for command in [
        "genrsa -out customerCA.key 2560",
        "genrsa -out customerCA.key 3071",
        "genrsa -3 -out customerCA.key 2048",
        "genrsa -primes 3 -out customerCA.key 3072",
        "genrsa -primes 3 -traditional -out customerCA.key 2048",
        // The largest, of more primes: one of two takes openssl half a minute.
        "genrsa -primes 5 -out customerCA.key 8192",
        "genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out customerCA.key",
        "genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:3000 -pkeyopt \
         rsa_pss_keygen_md:sha384 -pkeyopt rsa_pss_keygen_mgf1_md:sha384 -pkeyopt \
         rsa_pss_keygen_saltlen:60 -out customerCA.key",
    ] {
        openssl(
            &bench.path(""),
            &command.split_whitespace().collect::<Vec<_>>().join(" "),
        );
        signs(&bench, command);
    }
}

/// The numbers of an RSAPrivateKey.
fn numbers(der: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = Reader::new(
        parse_single(der, tag::SEQUENCE, "a key").unwrap().content,
        "a key",
    );
    let mut all = Vec::new();
    while !reader.is_empty() {
        all.push(reader.read_any().unwrap().content.to_vec());
    }
    all
}

fn rsa_key(numbers: &[Vec<u8>]) -> Vec<u8> {
    let parts: Vec<Vec<u8>> = numbers
        .iter()
        .map(|number| encode_integer(number))
        .collect();
    encode_sequence(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

#[test]
fn the_first_prime_may_be_the_smaller_one() {
    let bench = Bench::new();
    openssl(&bench.path(""), "genrsa -traditional -out made.pem 2048");
    openssl(
        &bench.path(""),
        "rsa -in made.pem -traditional -outform DER -out made",
    );
    let mut key = numbers(&bench.read("made"));
    key.swap(4, 5);
    key.swap(6, 7);
    let (p, q) = (
        BigUint::from_bytes_be(&key[4]),
        BigUint::from_bytes_be(&key[5]),
    );
    key[8] = q.modpow(&(&p - BigUint::from(2_u8)), &p).to_bytes_be();
    bench.write("swapped", rsa_key(&key));
    // As PEM: openssl's `req` guesses no DER.
    openssl(
        &bench.path(""),
        "rsa -inform DER -in swapped -traditional -out customerCA.key",
    );
    signs(&bench, "p < q");
}

#[test]
fn the_primes_may_be_of_different_lengths() {
    let bench = Bench::new();
    let prime = |name: &str| {
        let text = fs::read(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("fixtures/keys")
                .join(name),
        );
        let key = pem::parse(text.unwrap()).unwrap();
        BigUint::from_bytes_be(&numbers(key.contents())[4])
    };
    let (long, short) = (
        prime("rsa-4096-hardware.pem"),
        prime("rsa-2048-stranger.pem"),
    );
    assert_eq!((long.bits(), short.bits()), (2048, 1024));
    let one = BigUint::from(1_u8);
    let exponent = BigUint::from(65_537_u32);
    for (p, q) in [(&long, &short), (&short, &long)] {
        let (less_p, less_q) = (p - &one, q - &one);
        let d = exponent.modinv(&(&less_p * &less_q)).unwrap();
        let q_inverse = q.modinv(p).unwrap();
        let key = [
            &BigUint::ZERO,
            &(p * q),
            &exponent,
            &d,
            p,
            q,
            &(&d % &less_p),
            &(&d % &less_q),
            &q_inverse,
        ];
        bench.write("key", rsa_key(&key.map(BigUint::to_bytes_be)));
        openssl(
            &bench.path(""),
            "rsa -inform DER -in key -traditional -out customerCA.key",
        );
        signs(&bench, "2048 and 1024 bits");
    }
}

#[test]
fn numbers_that_do_not_fit_together_sign_nothing() {
    let bench = Bench::empty();
    let dir = bench.path("");
    openssl(&dir, "genrsa -3 -traditional -out made.pem 2048");
    openssl(&dir, "rsa -in made.pem -traditional -outform DER -out made");
    let made = bench.read("made");
    let read = |der: &[u8]| {
        bench.write("key", der);
        private(&bench, "key");
        FileKey::read(&bench.path("key"), &PassphraseSource::Ask)
            .map(drop)
            .map_err(|error| error.kind.name())
    };
    let sound = numbers(&made);
    assert_eq!(read(&rsa_key(&sound)), Ok(()));
    // n, d, p, q, dP, dQ, qInv: each in its last bit but one, and as 0, 1 and something far too
    // large. The exponent and the version have limits of their own.
    for number in [1, 3, 4, 5, 6, 7, 8] {
        let mut flipped = sound[number].clone();
        *flipped.last_mut().unwrap() ^= 2;
        for wrong in [flipped, vec![0], vec![1], [vec![1], vec![0; 4000]].concat()] {
            let mut key = sound.clone();
            key[number] = wrong;
            let outcome = read(&rsa_key(&key));
            assert!(
                matches!(outcome, Err("ca-key-inconsistent" | "ca-key-unsupported")),
                "{number}: {outcome:?}"
            );
        }
    }
    for exponent in [vec![1], vec![4], vec![2, 0, 0, 0, 1], vec![0]] {
        let mut key = sound.clone();
        key[2] = exponent;
        assert_eq!(read(&rsa_key(&key)), Err("ca-key-unsupported"));
    }
    // One prime, and the whole modulus as the other: 1 is none.
    let mut key = sound.clone();
    key[4] = key[1].clone();
    key[5] = vec![1];
    assert_eq!(read(&rsa_key(&key)), Err("ca-key-inconsistent"));
    // More primes are said and none is there; or they are there and not said.
    let outcome = read(&encode_sequence(&[
        &encode_integer(&[1]),
        &rsa_key(&sound[1..])[4..],
        &encode_sequence(&[]),
    ]));
    assert_eq!(outcome, Err("ca-key-malformed"));
}

#[test]
fn a_pss_key_of_a_hash_that_does_not_count_signs_nothing() {
    let bench = Bench::new();
    openssl(
        &bench.path(""),
        "genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha1 \
         -out customerCA.key",
    );
    private(&bench, "customerCA.key");
    bench.refused(
        &sign(&[]),
        5,
        "ca-key-unsupported",
        &["PSS signatures with other hashes"],
    );
}

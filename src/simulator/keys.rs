//! RSA keys, made on threads of their own.
//!
//! A 2048-bit key takes about a tenth of a second and one of 4096 bits about one, so no request
//! ever waits for one: keys are ordered here, and what needs a key looks whether it has come. None
//! is kept in the repository: every simulator has its own.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use der::Encode as _;
use der::asn1::{AnyRef, BitStringRef};
use der::oid::ObjectIdentifier;
use ring::signature::{KeyPair as _, RsaKeyPair};
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use x509_cert::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use super::primes;

/// Every key of the genuine chains of hsm1.medium has this size; of hsm2m.medium all but the root
/// is taken to have it.
pub(super) const BITS: usize = 2048;
/// The manufacturer's root of hsm2m.medium, as another customer's root of that hardware has it.
pub(super) const LS2_ROOT_BITS: usize = 4096;

const RSA_ENCRYPTION: AlgorithmIdentifierRef<'_> = AlgorithmIdentifierRef {
    oid: ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1"),
    parameters: Some(AnyRef::NULL),
};

/// A private key with its public half in the forms that certificates need.
pub(super) struct SigningKey {
    pair: RsaKeyPair,
    /// RSAPrivateKey (RFC 8017 A.1.2), for the state file.
    pkcs1: Vec<u8>,
    spki: Vec<u8>,
}

impl SigningKey {
    fn generate(bits: usize) -> Result<Self, String> {
        let private = primes::rsa_key(bits)?;
        let der = private
            .to_pkcs1_der()
            .map_err(|e| format!("encoding an RSA key: {e}"))?;
        Self::from_pkcs1(der.as_bytes().to_vec())
    }

    /// A key that was made earlier.
    pub(super) fn from_pkcs1(pkcs1: Vec<u8>) -> Result<Self, String> {
        let pair = RsaKeyPair::from_der(&pkcs1).map_err(|e| format!("loading an RSA key: {e}"))?;
        let encode = || {
            let public = BitStringRef::from_bytes(pair.public_key().as_ref())?;
            let spki = SubjectPublicKeyInfoRef {
                algorithm: RSA_ENCRYPTION,
                subject_public_key: public,
            };
            spki.to_der()
        };
        let spki = encode().map_err(|e| format!("encoding an RSA key: {e}"))?;
        Ok(Self { pair, pkcs1, spki })
    }

    /// The private key, to make it again from.
    pub(super) fn pkcs1(&self) -> &[u8] {
        &self.pkcs1
    }

    /// SubjectPublicKeyInfo (RFC 5280 4.1.2.7), with the NULL parameters of RFC 3279 2.3.1.
    pub(super) fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The key identifier of RFC 5280 4.2.1.2, method 1: SHA-1 of the public key's bits.
    pub(super) fn identifier(&self) -> Vec<u8> {
        let digest = ring::digest::digest(
            &ring::digest::SHA1_FOR_LEGACY_USE_ONLY,
            self.pair.public_key().as_ref(),
        );
        digest.as_ref().to_vec()
    }

    /// sha256WithRSAEncryption over `message`.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        let rng = ring::rand::SystemRandom::new();
        self.pair
            .sign(
                &ring::signature::RSA_PKCS1_SHA256,
                &rng,
                message,
                &mut signature,
            )
            .map_err(|_| String::from("signing with an RSA key"))?;
        Ok(signature)
    }
}

/// A key that has been ordered: empty until it is made.
pub(super) type OrderedKey = Arc<OnceLock<Result<SigningKey, String>>>;

/// The key, once it is there; waits for it.
pub(super) fn wait_for(key: &OrderedKey) -> Result<&SigningKey, String> {
    key.wait().as_ref().map_err(Clone::clone)
}

/// Where keys are ordered. Dropping it stops its threads after the key that they are at.
pub(super) struct KeyWorks {
    shared: Arc<Shared>,
    /// Ordered ahead, so that the next HSM need not wait.
    spare: Mutex<Option<OrderedKey>>,
}

#[derive(Default)]
struct Shared {
    orders: Mutex<Orders>,
    wake: Condvar,
}

/// From so many open orders on it is looked which of them nobody waits for any more: their HSMs
/// have been replaced or deleted.
const MANY: usize = 1000;

#[derive(Default)]
struct Orders {
    /// Each with its size in bits.
    open: VecDeque<(OrderedKey, usize)>,
    closed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyWorks {
    /// Starts the threads: two where the machine has two cores or more, else one.
    pub(super) fn start() -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let threads = thread::available_parallelism().map_or(1, |cores| cores.get().min(2));
        for _ in 0..threads {
            let shared = Arc::clone(&shared);
            thread::Builder::new()
                .name(String::from("simulator-keys"))
                .spawn(move || work(&shared))?;
        }
        Ok(Self {
            shared,
            spare: Mutex::new(None),
        })
    }

    /// Orders a key of that many bits. Keys are made in the order of their orders.
    pub(super) fn order(&self, bits: usize) -> OrderedKey {
        let key = OrderedKey::default();
        let mut orders = self.shared.lock();
        if orders.open.len() >= MANY {
            orders.open.retain(|(key, _)| wanted(key));
        }
        orders.open.push_back((Arc::clone(&key), bits));
        drop(orders);
        self.shared.wake.notify_one();
        key
    }

    /// Orders a key to be had from [`KeyWorks::take`] later.
    pub(super) fn stock(&self) {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.is_none() {
            *spare = Some(self.order(BITS));
        }
    }

    /// The spare key, if there is one, or a newly ordered one.
    pub(super) fn take(&self) -> OrderedKey {
        let spare = self
            .spare
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        spare.unwrap_or_else(|| self.order(BITS))
    }
}

impl Drop for KeyWorks {
    fn drop(&mut self) {
        let mut orders = self.shared.lock();
        orders.closed = true;
        // Nobody is left waiting for a key that will not come.
        for (key, _) in orders.open.drain(..) {
            key.get_or_init(|| Err(String::from("the simulator has been stopped")));
        }
        self.shared.wake.notify_all();
    }
}

/// Whether somebody still has the order.
fn wanted(key: &OrderedKey) -> bool {
    Arc::strong_count(key) > 1
}

fn work(shared: &Shared) {
    loop {
        let mut orders = shared.lock();
        let (key, bits) = loop {
            if orders.closed {
                return;
            }
            if let Some((key, bits)) = orders.open.pop_front() {
                if wanted(&key) {
                    break (key, bits);
                }
                continue;
            }
            orders = shared
                .wake
                .wait(orders)
                .unwrap_or_else(PoisonError::into_inner);
        };
        drop(orders);
        key.get_or_init(|| SigningKey::generate(bits));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordered_key_comes_and_signs() {
        let works = KeyWorks::start().unwrap();
        let key = works.take();
        let key = wait_for(&key).unwrap();
        assert_eq!(key.spki().len(), 294, "RSA 2048 with exponent 65537");
        assert_eq!(key.sign(b"message").unwrap().len(), 256);
        assert_eq!(key.identifier().len(), 20);
    }

    #[test]
    fn orders_that_nobody_waits_for_are_not_made_and_do_not_pile_up() {
        let works = KeyWorks::start().unwrap();
        for _ in 0..10 * MANY {
            drop(works.order(BITS));
        }
        assert!(works.shared.lock().open.len() <= MANY);
        // Ten thousand keys would take half an hour.
        wait_for(&works.order(BITS)).unwrap();
    }

    #[test]
    fn stopping_leaves_nobody_waiting() {
        let works = KeyWorks::start().unwrap();
        let keys: Vec<OrderedKey> = (0..20).map(|_| works.order(BITS)).collect();
        drop(works);
        for key in keys {
            key.wait();
        }
    }
}

//! RSA keys, made on threads of their own.
//!
//! A 2048-bit key takes about a tenth of a second and one of 4096 bits about one, so no request
//! ever waits for a key. Keys are ordered here, and code that needs a key looks whether it has
//! come. No key is kept in the repository: every simulator has its own, or is given some.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use der::Encode as _;
use der::asn1::{AnyRef, BitStringRef};
use der::oid::ObjectIdentifier;
use ring::error::Unspecified;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{KeyPair as _, RsaKeyPair};
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::rand_core::{TryCryptoRng, TryRng};
use x509_cert::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

/// The size of every key in the genuine chains of hsm1.medium. For hsm2m.medium it is assumed for
/// all keys but the root's.
pub(super) const KEY_BITS: usize = 2048;
/// The key size of the manufacturer's root of hsm2m.medium, as in another customer's root of that
/// hardware.
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
    /// Makes a key. It takes a tenth of a second and more.
    pub(super) fn generate(bits: usize) -> Result<Self, String> {
        let private = rsa::PrivateKey::new(&mut SystemOctets, bits)
            .map_err(|e| format!("making an RSA key: {e}"))?;
        let der = private
            .to_pkcs1_der()
            .map_err(|e| format!("encoding an RSA key: {e}"))?;
        Self::from_pkcs1(der.as_bytes().to_vec())
    }

    /// Loads a key that was made earlier.
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

    /// Returns the private key in the form that [`SigningKey::from_pkcs1`] reads.
    pub(super) fn pkcs1(&self) -> &[u8] {
        &self.pkcs1
    }

    /// Returns the SubjectPublicKeyInfo (RFC 5280 4.1.2.7), with the NULL parameters of RFC 3279
    /// 2.3.1.
    pub(super) fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// Returns the key identifier of RFC 5280 4.2.1.2, method 1: SHA-1 of the public key's bits.
    pub(super) fn key_identifier(&self) -> Vec<u8> {
        let digest = ring::digest::digest(
            &ring::digest::SHA1_FOR_LEGACY_USE_ONLY,
            self.pair.public_key().as_ref(),
        );
        digest.as_ref().to_vec()
    }

    /// Signs `message` with sha256WithRSAEncryption.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        let rng = SystemRandom::new();
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

/// The system's randomness, for the crate `rsa`.
struct SystemOctets;

impl SystemOctets {
    fn random_octets<const N: usize>() -> Result<[u8; N], Unspecified> {
        let mut octets = [0; N];
        SystemRandom::new().fill(&mut octets)?;
        Ok(octets)
    }
}

impl TryRng for SystemOctets {
    type Error = Unspecified;

    fn try_next_u32(&mut self) -> Result<u32, Unspecified> {
        Self::random_octets().map(u32::from_ne_bytes)
    }

    fn try_next_u64(&mut self) -> Result<u64, Unspecified> {
        Self::random_octets().map(u64::from_ne_bytes)
    }

    fn try_fill_bytes(&mut self, octets: &mut [u8]) -> Result<(), Unspecified> {
        SystemRandom::new().fill(octets)
    }
}

impl TryCryptoRng for SystemOctets {}

/// Gives simulators RSA keys that were made elsewhere. A test program that starts hundreds of
/// simulators, each of which takes a processor a second for its keys, makes them once and gives
/// them to one after the other.
#[derive(Clone)]
pub struct KeySupply(Arc<GiveKey>);

type GiveKey = dyn Fn(usize) -> Option<Vec<u8>> + Send + Sync;

impl KeySupply {
    /// Returns the supply that a function is. It is asked for a key of so many bits and gives an
    /// RSAPrivateKey (RFC 8017 A.1.2), in DER, or none. A simulator makes a key itself where it is
    /// given none, one of another size, or one that it has already.
    pub fn new(give: impl Fn(usize) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        Self(Arc::new(give))
    }
}

impl fmt::Debug for KeySupply {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("KeySupply")
    }
}

/// A key that has been ordered: empty until it is made.
pub(super) type OrderedKey = Arc<OnceLock<Result<SigningKey, String>>>;

/// Waits for the key, and returns it.
pub(super) fn wait_for(key: &OrderedKey) -> Result<&SigningKey, String> {
    key.wait().as_ref().map_err(Clone::clone)
}

/// The threads that make keys on order. Dropping it stops them after the keys that they are making.
pub(super) struct KeyFactory {
    shared: Arc<KeyQueue>,
    /// A key ordered ahead, so that the next HSM need not wait.
    spare: Mutex<Option<OrderedKey>>,
}

#[derive(Default)]
struct KeyQueue {
    orders: Mutex<KeyOrders>,
    wake: Condvar,
    supply: Option<KeySupply>,
    /// The public keys that came from the supply.
    given: Mutex<HashSet<Vec<u8>>>,
}

/// The number of open orders at which abandoned ones are removed: their HSMs have been replaced or
/// deleted.
const MANY_ORDERS: usize = 1000;

#[derive(Default)]
struct KeyOrders {
    /// Each with its size in bits.
    open: VecDeque<(OrderedKey, usize)>,
    closed: bool,
}

impl KeyQueue {
    fn lock_orders(&self) -> MutexGuard<'_, KeyOrders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a key of the supply that this simulator does not have yet.
    fn take_given(&self, bits: usize) -> Option<SigningKey> {
        let key = SigningKey::from_pkcs1((self.supply.as_ref()?.0)(bits)?).ok()?;
        let fits = key.pair.public().modulus_len() == bits / 8;
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        (fits && given.insert(key.spki.clone())).then_some(key)
    }

    fn make_key(&self, bits: usize) -> Result<SigningKey, String> {
        self.take_given(bits)
            .map_or_else(|| SigningKey::generate(bits), Ok)
    }
}

impl KeyFactory {
    /// Starts the threads: two where the machine has two cores or more, else one.
    pub(super) fn start(supply: Option<KeySupply>) -> std::io::Result<Self> {
        let shared = Arc::new(KeyQueue {
            supply,
            ..KeyQueue::default()
        });
        let threads = thread::available_parallelism().map_or(1, |cores| cores.get().min(2));
        for _ in 0..threads {
            let shared = Arc::clone(&shared);
            thread::Builder::new()
                .name(String::from("simulator-keys"))
                .spawn(move || make_keys(&shared))?;
        }
        Ok(Self {
            shared,
            spare: Mutex::new(None),
        })
    }

    /// Makes one without threads: no key of its orders ever comes.
    #[cfg(any(fuzzing, test))]
    pub(super) fn idle() -> Self {
        Self {
            shared: Arc::default(),
            spare: Mutex::new(None),
        }
    }

    /// Orders a key of that many bits. Keys are made in the order in which they were ordered.
    pub(super) fn order_key(&self, bits: usize) -> OrderedKey {
        let key = OrderedKey::default();
        let mut orders = self.shared.lock_orders();
        if orders.open.len() >= MANY_ORDERS {
            orders.open.retain(|(key, _)| is_wanted(key));
        }
        orders.open.push_back((Arc::clone(&key), bits));
        drop(orders);
        self.shared.wake.notify_one();
        key
    }

    /// Orders a spare key for a later [`KeyFactory::take_spare`].
    pub(super) fn stock_spare(&self) {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.is_none() {
            *spare = Some(self.order_key(KEY_BITS));
        }
    }

    /// Takes the spare key, if there is one, or orders a new one.
    pub(super) fn take_spare(&self) -> OrderedKey {
        let spare = self
            .spare
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        spare.unwrap_or_else(|| self.order_key(KEY_BITS))
    }
}

impl Drop for KeyFactory {
    fn drop(&mut self) {
        let mut orders = self.shared.lock_orders();
        orders.closed = true;
        // Nobody is left waiting for a key that will not come.
        for (key, _) in orders.open.drain(..) {
            key.get_or_init(|| Err(String::from("the simulator has been stopped")));
        }
        self.shared.wake.notify_all();
    }
}

/// Tells whether somebody still waits for the key.
fn is_wanted(key: &OrderedKey) -> bool {
    Arc::strong_count(key) > 1
}

fn make_keys(shared: &KeyQueue) {
    loop {
        let mut orders = shared.lock_orders();
        let (key, bits) = loop {
            if orders.closed {
                return;
            }
            if let Some((key, bits)) = orders.open.pop_front() {
                if is_wanted(&key) {
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
        key.get_or_init(|| shared.make_key(bits));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordered_key_comes_and_signs() {
        let works = KeyFactory::start(None).unwrap();
        let key = works.take_spare();
        let key = wait_for(&key).unwrap();
        assert_eq!(key.spki().len(), 294, "RSA 2048 with exponent 65537");
        assert_eq!(key.sign(b"message").unwrap().len(), 256);
        assert_eq!(key.key_identifier().len(), 20);
        // Whichever of its primes came first.
        for _ in 0..8 {
            let key = SigningKey::generate(KEY_BITS).unwrap();
            assert_eq!(key.sign(b"message").unwrap().len(), 256);
        }
    }

    #[test]
    fn orders_that_nobody_waits_for_are_not_made_and_do_not_pile_up() {
        let works = KeyFactory::start(None).unwrap();
        for _ in 0..10 * MANY_ORDERS {
            drop(works.order_key(KEY_BITS));
        }
        assert!(works.shared.lock_orders().open.len() <= MANY_ORDERS);
        // Ten thousand keys would take half an hour.
        wait_for(&works.order_key(KEY_BITS)).unwrap();
    }

    #[test]
    fn a_given_key_is_taken_once_and_only_where_it_fits() {
        let given = SigningKey::generate(KEY_BITS).unwrap();
        let (pkcs1, spki) = (given.pkcs1.clone(), given.spki.clone());
        let works = KeyFactory::start(Some(KeySupply::new(move |_| Some(pkcs1.clone())))).unwrap();
        let spki_of = |bits| {
            let key = works.order_key(bits);
            wait_for(&key).unwrap().spki.clone()
        };
        assert_ne!(spki_of(KEY_BITS + 1024), spki, "of another size");
        assert_eq!(spki_of(KEY_BITS), spki);
        assert_ne!(spki_of(KEY_BITS), spki, "a second time");
    }

    #[test]
    fn stopping_leaves_nobody_waiting() {
        let works = KeyFactory::start(None).unwrap();
        let keys: Vec<OrderedKey> = (0..20).map(|_| works.order_key(KEY_BITS)).collect();
        drop(works);
        for key in keys {
            key.wait();
        }
    }
}

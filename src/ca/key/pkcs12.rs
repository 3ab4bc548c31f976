//! The private key in a PKCS#12 store (RFC 7292), as openssl, Windows, Java and browsers export it.
//! The certificates in a store are not looked at: `--ca` says which one is the CA's, and the key
//! must be that certificate's.
//!
//! The crate `p12` is not used: it knows neither PBES2 nor bounds. Here a store is read in DER, its
//! integrity is checked where it has any, and everything that the passphrase is stretched for is
//! bounded together.

use ring::{digest, hmac};
use zeroize::Zeroizing;

use super::container;
use super::fields::{MAX_ROUNDS, check_rounds, dotted_oid, parse_algorithm, parse_number};
use super::pbes1::{self, DerivationPurpose};
use super::pbes2::Encrypted;
use super::plain::Plain;
use crate::ca::fault::{Anew, Cost, Instead, KeyFault};
use crate::x509::algorithm::Hash;
use crate::x509::der::{self, Reader, Tlv, tag};

const DATA: &str = "1.2.840.113549.1.7.1";
const ENCRYPTED_DATA: &str = "1.2.840.113549.1.7.6";
const KEY_BAG: &str = "1.2.840.113549.1.12.10.1.1";
const SHROUDED_KEY_BAG: &str = "1.2.840.113549.1.12.10.1.2";

/// Encrypted parts of a store that are opened in search of its key, at most: programs make one for
/// keys and one for certificates.
const MAX_PARTS: usize = 4;

/// A store that is read, within bounds, and not opened yet.
pub(super) struct Pkcs12Store<'a> {
    mac: Option<Mac<'a>>,
    /// AuthenticatedSafe, which the MAC is over.
    safe: &'a [u8],
    keys: Vec<Bag<'a>>,
    /// Parts that are encrypted as a whole; `None`: in a way that is not read.
    parts: Vec<Option<Encrypted<'a>>>,
    /// Something in it is encrypted as OpenSSL 3 does in its legacy provider alone.
    legacy: bool,
}

/// A bag that holds a private key.
enum Bag<'a> {
    Plain(&'a [u8]),
    Shrouded(Encrypted<'a>),
}

/// MacData (RFC 7292 4): HMAC over the safe.
struct Mac<'a> {
    hash: hmac::Algorithm,
    derivation: &'static digest::Algorithm,
    digest: &'a [u8],
    salt: &'a [u8],
    rounds: u32,
}

/// A store that cannot be read here: openssl may still take the key out.
const fn unreadable_store(legacy: bool) -> KeyFault {
    KeyFault::UnsupportedKey {
        found: "a PKCS#12 store in a form that this program does not read",
        instead: Instead::Pkcs12 { legacy },
    }
}

/// A fault of an encryption in a store: what a key file would be converted with does not convert a
/// store.
fn of_store(fault: KeyFault, legacy: bool) -> KeyFault {
    match fault {
        KeyFault::UnsupportedEncryption { .. } => unreadable_store(legacy),
        KeyFault::TooCostly { found, .. } => KeyFault::TooCostly { found, store: true },
        fault => fault,
    }
}

impl<'a> Pkcs12Store<'a> {
    /// Reads PFX. No passphrase is needed yet.
    pub(super) fn parse(pfx: &'a [u8]) -> Result<Self, KeyFault> {
        let legacy = names_legacy_scheme(pfx);
        let (safe, mac) = split_pfx(pfx).ok_or(unreadable_store(legacy))?;
        let mac = mac
            .map(|mac| Mac::parse(mac).ok_or(unreadable_store(legacy)))
            .transpose()?
            .map(Mac::check_bounds)
            .transpose()?;
        let mut store = Pkcs12Store {
            mac,
            safe,
            keys: Vec::new(),
            parts: Vec::new(),
            legacy,
        };
        for part in sequence_of(safe).ok_or(unreadable_store(legacy))? {
            let (kind, content) = content_info(part).ok_or(unreadable_store(legacy))?;
            match kind.as_str() {
                DATA => store.keys.extend(find_key_bags(
                    octet_content(content).ok_or(unreadable_store(legacy))?,
                    legacy,
                )?),
                ENCRYPTED_DATA => {
                    let (scheme, ciphertext) =
                        encrypted_data(content).ok_or(unreadable_store(legacy))?;
                    store
                        .parts
                        .push(match Encrypted::from_scheme(scheme, ciphertext) {
                            Ok(encrypted) => Some(encrypted),
                            // The certificates' part is mostly so, and of no use here.
                            Err(KeyFault::UnsupportedEncryption { .. }) => None,
                            Err(fault) => return Err(of_store(fault, legacy)),
                        });
                }
                _ => store.parts.push(None),
            }
        }
        store.check_bounds(legacy)
    }

    /// Holds it to one key, and to what its passphrase may cost.
    fn check_bounds(self, legacy: bool) -> Result<Self, KeyFault> {
        match self.keys.len() {
            0 if self.parts.is_empty() => {
                return Err(KeyFault::NotAKey {
                    found: "a PKCS#12 store without a key",
                });
            }
            0 if self.parts.iter().any(Option::is_none) || self.parts.len() > MAX_PARTS => {
                return Err(unreadable_store(legacy));
            }
            0 | 1 => {}
            count => return Err(KeyFault::SeveralKeys { count }),
        }
        let of_keys = self.keys.iter().map(|bag| {
            if let Bag::Shrouded(encrypted) = bag {
                encrypted.rounds()
            } else {
                0
            }
        });
        // They are opened only where no key lies outside.
        let of_parts = self
            .parts
            .iter()
            .flatten()
            .filter(|_| self.keys.is_empty())
            .map(Encrypted::rounds);
        let rounds = of_keys
            .chain(of_parts)
            .chain(self.mac.as_ref().map(|mac| mac.rounds))
            .map(u64::from)
            .sum::<u64>();
        if rounds > MAX_ROUNDS.into() {
            Err(KeyFault::TooCostly {
                found: Cost::Rounds(rounds),
                store: true,
            })
        } else {
            Ok(self)
        }
    }

    /// Tells whether the key lies in there without encryption.
    pub(super) fn is_unencrypted(&self) -> bool {
        matches!(self.keys.as_slice(), [Bag::Plain(_)])
    }

    /// Tells whether nothing in it is under a passphrase: neither the key nor an integrity check.
    pub(super) fn is_open(&self) -> bool {
        self.is_unencrypted() && self.mac.is_none()
    }

    /// Returns the way in which openssl takes the key out.
    pub(super) fn to_rewrite(&self) -> Anew {
        Anew::Pkcs12 {
            legacy: self.legacy
                || self
                    .legacy_scheme()
                    .is_some_and(pbes1::LegacyScheme::is_legacy),
        }
    }

    /// Tells whether the key is encrypted in a way from before PBES2.
    pub(super) fn is_weak(&self) -> bool {
        self.legacy_scheme().is_some()
    }

    fn legacy_scheme(&self) -> Option<&pbes1::LegacyScheme<'a>> {
        let encrypted = self.keys.iter().filter_map(|bag| {
            if let Bag::Shrouded(encrypted) = bag {
                Some(encrypted)
            } else {
                None
            }
        });
        encrypted
            .chain(self.parts.iter().flatten().filter(|_| self.keys.is_empty()))
            .find_map(Encrypted::legacy_scheme)
    }

    /// The key, if this is the passphrase.
    pub(super) fn open_key(&self, passphrase: &[u8]) -> Result<Plain, KeyFault> {
        if let Some(mac) = &self.mac {
            mac.check_safe(passphrase, self.safe)?;
        }
        match self.keys.as_slice() {
            [bag] => bag.open_key(passphrase),
            _ => {
                let mut found = None;
                for part in self.parts.iter().flatten() {
                    let content = part.decrypt(passphrase)?;
                    let keys =
                        find_key_bags(&content, false).map_err(|_| KeyFault::WrongPassphrase)?;
                    if let (Some(_), [_, ..]) | (None, [_, _, ..]) = (&found, keys.as_slice()) {
                        return Err(KeyFault::SeveralKeys {
                            count: keys.len() + found.iter().len(),
                        });
                    }
                    if let Some(bag) = keys.first() {
                        found = Some(bag.open_key(passphrase)?);
                    }
                }
                found.ok_or(KeyFault::NotAKey {
                    found: "a PKCS#12 store without a key",
                })
            }
        }
    }
}

impl Bag<'_> {
    fn open_key(&self, passphrase: &[u8]) -> Result<Plain, KeyFault> {
        let key = match self {
            Bag::Plain(key) => Zeroizing::new(key.to_vec()),
            Bag::Shrouded(encrypted) => encrypted.decrypt(passphrase)?,
        };
        match container::plain_from_der(key) {
            Some(key @ Plain::Pkcs8(_)) => Ok(key),
            _ => Err(KeyFault::WrongPassphrase),
        }
    }
}

impl<'a> Mac<'a> {
    fn parse(tlv: Tlv<'a>) -> Option<(Self, u64)> {
        let mut reader = Reader::new(tlv.content, "key");
        let mut info = Reader::new(
            reader.read_required(tag::SEQUENCE, "digest").ok()?.content,
            "key",
        );
        let (oid, _) = parse_algorithm(info.read_required(tag::SEQUENCE, "hash").ok()?)?;
        let digest = info
            .read_required(tag::OCTET_STRING, "digest")
            .ok()?
            .content;
        info.finish().ok()?;
        let salt = reader
            .read_required(tag::OCTET_STRING, "salt")
            .ok()?
            .content;
        // DEFAULT 1
        let rounds = reader
            .read_optional(tag::INTEGER)
            .ok()?
            .map_or(Some(1), |tlv| parse_number(tlv.content))?;
        reader.finish().ok()?;
        let (hash, derivation) = match Hash::from_dotted_oid(&oid) {
            Some(hash) => (hash.hmac_in_ring(), hash.in_ring()),
            None if oid == "1.3.14.3.2.26" => (
                hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
                &digest::SHA1_FOR_LEGACY_USE_ONLY,
            ),
            None => return None,
        };
        Some((
            Mac {
                hash,
                derivation,
                digest,
                salt,
                rounds: 0,
            },
            rounds,
        ))
    }

    fn check_bounds((mac, rounds): (Self, u64)) -> Result<Self, KeyFault> {
        check_rounds(rounds)
            .map(|rounds| Mac { rounds, ..mac })
            .map_err(|fault| of_store(fault, false))
    }

    /// Checks that it is the safe's under this passphrase (RFC 7292 5.1 and B.4).
    fn check_safe(&self, passphrase: &[u8], safe: &[u8]) -> Result<(), KeyFault> {
        let wide = pbes1::to_bmp_string(passphrase).ok_or(KeyFault::WrongPassphrase)?;
        let key = pbes1::derive_pkcs12(
            self.derivation,
            DerivationPurpose::Mac,
            &wide,
            self.salt,
            self.rounds,
            self.derivation.output_len(),
        );
        hmac::verify(&hmac::Key::new(self.hash, &key), safe, self.digest)
            .map_err(|_| KeyFault::WrongPassphrase)
    }
}

/// PFX: the content of its safe, and its MacData.
fn split_pfx(pfx: &[u8]) -> Option<(&[u8], Option<Tlv<'_>>)> {
    let mut reader = Reader::new(
        der::parse_single(pfx, tag::SEQUENCE, "key").ok()?.content,
        "key",
    );
    if reader.read_required(tag::INTEGER, "version").ok()?.content != [3] {
        return None;
    }
    let (kind, content) = content_info(reader.read_required(tag::SEQUENCE, "safe").ok()?)?;
    let mac = reader.read_optional(tag::SEQUENCE).ok()?;
    reader.finish().ok()?;
    (kind == DATA).then_some((octet_content(content)?, mac))
}

/// ContentInfo (RFC 2315 7): its type, and what stands in `[0]`.
fn content_info(tlv: Tlv<'_>) -> Option<(String, &[u8])> {
    let mut reader = Reader::new(tlv.content, "key");
    let kind = dotted_oid(reader.read_required(tag::OID, "type").ok()?.content)?;
    let content = reader
        .read_required(tag::context_constructed(0), "content")
        .ok()?
        .content;
    reader.finish().ok()?;
    Some((kind, content))
}

/// The content of the one OCTET STRING that this is.
fn octet_content(content: &[u8]) -> Option<&[u8]> {
    Some(
        der::parse_single(content, tag::OCTET_STRING, "key")
            .ok()?
            .content,
    )
}

/// The SEQUENCEs in a SEQUENCE.
fn sequence_of(bytes: &[u8]) -> Option<Vec<Tlv<'_>>> {
    let mut reader = Reader::new(
        der::parse_single(bytes, tag::SEQUENCE, "key").ok()?.content,
        "key",
    );
    let mut all = Vec::new();
    while !reader.is_empty() {
        all.push(reader.read_required(tag::SEQUENCE, "part").ok()?);
    }
    Some(all)
}

/// EncryptedData (RFC 2315 13): the scheme, and what is encrypted with it.
fn encrypted_data(content: &[u8]) -> Option<(Tlv<'_>, &[u8])> {
    let mut reader = Reader::new(
        der::parse_single(content, tag::SEQUENCE, "key")
            .ok()?
            .content,
        "key",
    );
    reader.read_required(tag::INTEGER, "version").ok()?;
    let mut info = Reader::new(
        reader.read_required(tag::SEQUENCE, "content").ok()?.content,
        "key",
    );
    info.read_required(tag::OID, "type").ok()?;
    let scheme = info.read_required(tag::SEQUENCE, "scheme").ok()?;
    // [0] IMPLICIT OCTET STRING
    let ciphertext = info
        .read_required(tag::context_primitive(0), "data")
        .ok()?
        .content;
    info.finish().ok()?;
    Some((scheme, ciphertext))
}

/// The private keys among the bags of SafeContents (RFC 7292 4.2).
fn find_key_bags(contents: &[u8], legacy: bool) -> Result<Vec<Bag<'_>>, KeyFault> {
    let mut keys = Vec::new();
    for bag in sequence_of(contents).ok_or(unreadable_store(legacy))? {
        let mut reader = Reader::new(bag.content, "key");
        let (Some(kind), Ok(value)) = (
            reader
                .read_required(tag::OID, "kind")
                .ok()
                .and_then(|kind| dotted_oid(kind.content)),
            reader.read_required(tag::context_constructed(0), "value"),
        ) else {
            return Err(unreadable_store(legacy));
        };
        match kind.as_str() {
            KEY_BAG => keys.push(Bag::Plain(value.content)),
            SHROUDED_KEY_BAG => keys.push(Bag::Shrouded(
                Encrypted::parse(value.content).map_err(|fault| of_store(fault, legacy))?,
            )),
            _ => {}
        }
    }
    Ok(keys)
}

/// Tells whether one of PKCS#12's schemes with RC2 or RC4 is named in there (RFC 7292 C:
/// 1.2.840.113549.1.12.1.1, 2, 5 and 6).
fn names_legacy_scheme(file: &[u8]) -> bool {
    const SCHEMES: &[u8] = &[tag::OID, 10, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 12, 1];
    file.windows(SCHEMES.len() + 1)
        .any(|window| matches!(window.strip_prefix(SCHEMES), Some([1 | 2 | 5 | 6])))
}

//! The private key in a PKCS#12 store (RFC 7292), as openssl, Windows, Java and browsers export it.
//! The certificates in a store are not looked at: `--ca` says which one is the CA's, and the key
//! must be that certificate's.
//!
//! The crate `p12` is not used: it knows neither PBES2 nor bounds. Here a store is read in DER, its
//! integrity is checked where it has any, and everything that the passphrase is stretched for is
//! bounded together.

mod mac;
mod parts;

use mac::Mac;
use parts::{content_info, encrypted_data, octet_content, sequence_of, split_pfx};
use zeroize::Zeroizing;

use super::container;
use super::fields::{KdfLimits, dotted_oid};
use super::pbes1;
use super::pbes2::Encrypted;
use super::plain::Plain;
use crate::ca::fault::{Anew, Cost, Instead, KeyFault};
use crate::x509::der::{Reader, tag};

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
    limits: KdfLimits,
}

/// A bag that holds a private key.
enum Bag<'a> {
    Plain(&'a [u8]),
    Shrouded(Encrypted<'a>),
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
    pub(super) fn parse(pfx: &'a [u8], limits: KdfLimits) -> Result<Self, KeyFault> {
        let legacy = names_legacy_scheme(pfx);
        let (safe, mac) = split_pfx(pfx).ok_or(unreadable_store(legacy))?;
        let mac = mac
            .map(|mac| Mac::parse(mac).ok_or(unreadable_store(legacy)))
            .transpose()?
            .map(|mac| Mac::check_bounds(mac, limits))
            .transpose()?;
        let mut store = Pkcs12Store {
            mac,
            safe,
            keys: Vec::new(),
            parts: Vec::new(),
            legacy,
            limits,
        };
        for part in sequence_of(safe).ok_or(unreadable_store(legacy))? {
            let (kind, content) = content_info(part).ok_or(unreadable_store(legacy))?;
            match kind.as_str() {
                DATA => store.keys.extend(find_key_bags(
                    octet_content(content).ok_or(unreadable_store(legacy))?,
                    legacy,
                    limits,
                )?),
                ENCRYPTED_DATA => {
                    let (scheme, ciphertext) =
                        encrypted_data(content).ok_or(unreadable_store(legacy))?;
                    store
                        .parts
                        .push(match Encrypted::from_scheme(scheme, ciphertext, limits) {
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
        if rounds > self.limits.rounds.into() {
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
                    let keys = find_key_bags(&content, false, self.limits)
                        .map_err(|_| KeyFault::WrongPassphrase)?;
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

/// The private keys among the bags of SafeContents (RFC 7292 4.2).
fn find_key_bags(
    contents: &[u8],
    legacy: bool,
    limits: KdfLimits,
) -> Result<Vec<Bag<'_>>, KeyFault> {
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
                Encrypted::parse(value.content, limits).map_err(|fault| of_store(fault, legacy))?,
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::pbes2::encrypt_pkcs8;
    use super::*;
    use crate::x509::der::{
        encode_integer, encode_octet_string, encode_oid, encode_sequence, encode_tlv,
    };

    const LIMITS: KdfLimits = KdfLimits::OF_AN_OPERATOR;

    /// A key as far as a store is concerned: PKCS#8 of version 0.
    fn key() -> Vec<u8> {
        encode_sequence(&[
            &encode_integer(&[0]),
            &encode_sequence(&[&encode_oid("1.2.840.10045.2.1")]),
            &encode_octet_string(b"key"),
        ])
    }

    fn tagged(content: &[u8]) -> Vec<u8> {
        encode_tlv(tag::context_constructed(0), &[content])
    }

    /// SafeContents with so many keys, encrypted as a whole, as a part of a store.
    fn encrypted_part(keys: usize) -> Vec<u8> {
        let bag = encode_sequence(&[&encode_oid(KEY_BAG), &tagged(&key())]);
        let contents = encode_sequence(&vec![bag.as_slice(); keys]);
        let encrypted = encrypt_pkcs8(&contents, b"secret").unwrap();
        let mut reader = Reader::new(&encrypted, "x");
        let outer = reader.read_required(tag::SEQUENCE, "x").unwrap();
        let mut reader = Reader::new(outer.content, "x");
        let scheme = reader.read_required(tag::SEQUENCE, "x").unwrap().raw;
        let ciphertext = reader
            .read_required(tag::OCTET_STRING, "x")
            .unwrap()
            .content;
        part(scheme, ciphertext)
    }

    /// A part that is encrypted by a scheme.
    fn part(scheme: &[u8], ciphertext: &[u8]) -> Vec<u8> {
        let info = encode_sequence(&[
            &encode_oid(DATA),
            scheme,
            &encode_tlv(tag::context_primitive(0), &[ciphertext]),
        ]);
        let data = encode_sequence(&[&encode_integer(&[0]), &info]);
        encode_sequence(&[&encode_oid(ENCRYPTED_DATA), &tagged(&data)])
    }

    /// PFX of these parts, without an integrity check (RFC 7292 4).
    fn pfx(parts: &[Vec<u8>]) -> Vec<u8> {
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let safe = encode_octet_string(&encode_sequence(&parts));
        let content = encode_sequence(&[&encode_oid(DATA), &tagged(&safe)]);
        encode_sequence(&[&encode_integer(&[3]), &content])
    }

    #[test]
    fn a_key_inside_an_encrypted_part_is_found_if_it_is_the_only_one() {
        let open = |keys: &[usize]| {
            let parts: Vec<_> = keys.iter().map(|keys| encrypted_part(*keys)).collect();
            let store = pfx(&parts);
            Pkcs12Store::parse(&store, LIMITS)
                .and_then(|store| store.open_key(b"secret"))
                .map(|_| ())
        };
        let several = |count| Err(KeyFault::SeveralKeys { count });
        let without = Err(KeyFault::NotAKey {
            found: "a PKCS#12 store without a key",
        });
        for (keys, expected) in [
            (&[1][..], Ok(())),
            (&[0, 1], Ok(())),
            (&[1, 0], Ok(())),
            (&[0], without.clone()),
            (&[], without),
            (&[2], several(2)),
            (&[1, 1], several(2)),
            (&[1, 2], several(3)),
            (&[0, 3], several(3)),
        ] {
            assert_eq!(open(keys), expected, "{keys:?}");
        }
    }

    #[test]
    fn all_that_a_passphrase_is_stretched_for_is_bounded_together() {
        let part_of = |rounds: u32| {
            let parameters = encode_sequence(&[
                &encode_octet_string(b"saltsalt"),
                &encode_integer(&rounds.to_be_bytes()),
            ]);
            // pbeWithSHAAnd3-KeyTripleDES-CBC (RFC 7292 C).
            let scheme = encode_sequence(&[&encode_oid("1.2.840.113549.1.12.1.3"), &parameters]);
            part(&scheme, &[0; 16])
        };
        let fault = |rounds: [u32; 2]| {
            let store = pfx(&rounds.map(part_of));
            Pkcs12Store::parse(&store, LIMITS).err()
        };
        let half = LIMITS.rounds / 2;
        assert_eq!(fault([half, half]), None);
        let found = Cost::Rounds(u64::from(2 * half + 1));
        assert_eq!(
            fault([half, half + 1]),
            Some(KeyFault::TooCostly { found, store: true })
        );
    }
}

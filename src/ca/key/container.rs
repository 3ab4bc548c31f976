//! Finds the one private key in a file: PEM with anything around it, or DER.
//!
//! Whatever is unambiguous is read, as openssl reads it: the structure says what a block holds,
//! whatever its label calls it. No two of the structures look alike.

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use super::legacy_pem::DekInfo;
use super::plain::Plain;
use super::tidy::{self, KeyFileLine};
use crate::ca::fault::{Instead, KeyFault, malformed, wrong_kind};
use crate::ca::secret::Secret;
use crate::x509::der::{self, Reader, tag};

/// The form in which a private key lies in its file.
pub(super) enum Container {
    /// A key without encryption.
    Plain(Plain),
    /// EncryptedPrivateKeyInfo (RFC 5208 6).
    EncryptedPkcs8(Secret),
    /// A key under OpenSSL's old PEM encryption.
    Legacy {
        /// The cipher and salt that it is encrypted with.
        dek: DekInfo,
        /// The block's label, for [`Plain::pem_label`].
        label: &'static [u8],
        /// The encrypted key.
        key: Secret,
    },
    /// PFX (RFC 7292 4).
    Pkcs12(Secret),
}

/// The key that was found, and whether openssl reads the file as it is: it is as openssl writes
/// one.
pub(super) struct FoundKey {
    pub(super) container: Result<Container, KeyFault>,
    pub(super) as_written: bool,
}

/// Finds the one private key in the file's bytes.
pub(super) fn find_key(file: &[u8]) -> FoundKey {
    if let Some(text) = tidy::from_utf16(file) {
        return FoundKey {
            as_written: false,
            ..find_key(&text)
        };
    }
    let mut as_written = true;
    let container = find_container(file, &mut as_written);
    FoundKey {
        container,
        as_written,
    }
}

fn find_container(file: &[u8], as_written: &mut bool) -> Result<Container, KeyFault> {
    if file.iter().all(u8::is_ascii_whitespace) {
        return Err(KeyFault::Empty);
    }
    let blocks = pem_blocks(file)?;
    if blocks.is_empty() {
        return from_der(Zeroizing::new(file.to_vec()), as_written);
    }
    let mut keys = blocks
        .iter()
        .filter(|block| block.label.ends_with(b"PRIVATE KEY"));
    match (keys.next(), keys.count()) {
        (Some(block), 0) => from_block(block, as_written),
        (Some(_), more) => Err(KeyFault::SeveralKeys { count: more + 1 }),
        (None, _) => Err(
            match blocks.first().and_then(|block| other_content(block.label)) {
                Some(found) => KeyFault::NotAKey { found },
                None => KeyFault::NoKey,
            },
        ),
    }
}

/// Names what a PEM label that is no private key's stands for.
fn other_content(label: &[u8]) -> Option<&'static str> {
    Some(match label {
        b"CERTIFICATE" | b"X509 CERTIFICATE" | b"TRUSTED CERTIFICATE" => "a certificate",
        b"CERTIFICATE REQUEST" | b"NEW CERTIFICATE REQUEST" => "a certificate request",
        b"PUBLIC KEY" | b"RSA PUBLIC KEY" => "a public key",
        b"EC PARAMETERS" => "curve parameters alone",
        b"PKCS7" => "certificates (PKCS#7)",
        _ => return None,
    })
}

/// One PEM block: its label and the lines between BEGIN and END.
struct Block<'a> {
    label: &'a [u8],
    lines: Vec<&'a [u8]>,
    /// Each of its lines stood there as it is.
    as_it_stood: bool,
}

/// The blocks of a PEM file. Text outside of them is let be: openssl writes "Bag Attributes" above
/// keys from PKCS#12.
fn pem_blocks(file: &[u8]) -> Result<Vec<Block<'_>>, KeyFault> {
    let mut blocks = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for KeyFileLine {
        text: line,
        as_it_stood,
    } in tidy::split_lines(file)
    {
        if let Some(block) = open.as_mut() {
            block.as_it_stood &= as_it_stood;
        }
        match open.as_mut() {
            None => {
                open = tidy::boundary_label(line, b"-----BEGIN ").map(|label| Block {
                    label,
                    lines: Vec::new(),
                    as_it_stood,
                })
            }
            Some(block) => match tidy::boundary_label(line, b"-----END ") {
                Some(label) if label == block.label => blocks.extend(open.take()),
                Some(_) => {
                    return Err(malformed(
                        "the PEM block's END line has another label than its BEGIN line",
                    ));
                }
                None if tidy::boundary_label(line, b"-----BEGIN ").is_some() => {
                    return Err(malformed(
                        "a PEM block begins before the one above it has ended",
                    ));
                }
                None => block.lines.push(line),
            },
        }
    }
    if open.is_some() {
        Err(malformed(
            "a PEM block has no END line: is the file cut off?",
        ))
    } else {
        Ok(blocks)
    }
}

/// The key of one PEM block.
fn from_block(block: &Block<'_>, as_written: &mut bool) -> Result<Container, KeyFault> {
    let (headers, base64): (Vec<&[u8]>, Vec<&[u8]>) = block
        .lines
        .iter()
        .copied()
        .partition(|line| line.contains(&b':'));
    let dek = DekInfo::from_headers(&headers)?;
    *as_written &= block.as_it_stood && !base64.iter().any(|line| line.contains(&b' '));
    let damaged = match (block.label, dek) {
        (b"OPENSSH PRIVATE KEY", _) => {
            return Err(KeyFault::UnsupportedKey {
                found: "a key in OpenSSH's own format",
                instead: Instead::OpenSsh,
            });
        }
        (b"DSA PRIVATE KEY", _) => return Err(wrong_kind("a DSA key")),
        (b"ENCRYPTED PRIVATE KEY", Some(_)) => {
            return Err(malformed("an encrypted PKCS#8 block with a DEK-Info line"));
        }
        (b"PRIVATE KEY", Some(dek)) => {
            return Ok(Container::Legacy {
                dek,
                label: b"PRIVATE KEY",
                key: decode_base64(&base64)?,
            });
        }
        (b"RSA PRIVATE KEY", Some(dek)) => {
            return Ok(Container::Legacy {
                dek,
                label: b"RSA PRIVATE KEY",
                key: decode_base64(&base64)?,
            });
        }
        (b"EC PRIVATE KEY", Some(dek)) => {
            return Ok(Container::Legacy {
                dek,
                label: b"EC PRIVATE KEY",
                key: decode_base64(&base64)?,
            });
        }
        (b"PRIVATE KEY", None) => "its PKCS#8 structure is damaged",
        (b"ENCRYPTED PRIVATE KEY", None) => "its encrypted PKCS#8 structure is damaged",
        (b"RSA PRIVATE KEY", None) => "its RSA key structure is damaged",
        (b"EC PRIVATE KEY", None) => "its EC key structure is damaged",
        _ => return Err(wrong_kind("a private key of an unknown kind")),
    };
    let found = from_der(decode_base64(&base64)?, as_written).map_err(|fault| {
        if fault == KeyFault::NoKey {
            malformed(damaged)
        } else {
            fault
        }
    })?;
    *as_written &= match &found {
        Container::Plain(key) => block.label == key.pem_label(),
        Container::EncryptedPkcs8(_) => block.label == b"ENCRYPTED PRIVATE KEY",
        Container::Legacy { .. } | Container::Pkcs12(_) => false,
    };
    Ok(found)
}

/// The bytes of a block's base64 lines. Blanks among them are nothing.
fn decode_base64(lines: &[&[u8]]) -> Result<Secret, KeyFault> {
    let length: usize = lines.iter().map(|line| line.len()).sum();
    let mut text = Zeroizing::new(Vec::with_capacity(length));
    text.extend(
        lines
            .iter()
            .flat_map(|line| line.iter())
            .filter(|byte| !byte.is_ascii_whitespace()),
    );
    let mut bytes: Secret = Zeroizing::new(vec![0; length]);
    let text = std::str::from_utf8(&text).map_err(|_| malformed("its PEM block is not base64"))?;
    let decoded = Base64::decode(text, &mut bytes)
        .map_err(|_| malformed("its PEM block is not base64"))?
        .len();
    bytes.truncate(decoded);
    if bytes.is_empty() {
        Err(malformed("its PEM block is empty"))
    } else {
        Ok(bytes)
    }
}

/// A private key in DER, told by the first elements of its outermost SEQUENCE.
fn from_der(mut bytes: Secret, as_written: &mut bool) -> Result<Container, KeyFault> {
    if let Some(found) = foreign_format(&bytes) {
        return Err(found);
    }
    *as_written &= !tidy::cut_padding(&mut bytes);
    match key_form(&bytes)? {
        KeyForm::Plain(form) => Ok(Container::Plain(form(bytes))),
        KeyForm::EncryptedPkcs8 => Ok(Container::EncryptedPkcs8(bytes)),
        KeyForm::Pkcs12 => Ok(Container::Pkcs12(bytes)),
    }
}

/// A decrypted key, told in the same way; nothing where it is none.
pub(super) fn plain_from_der(mut bytes: Secret) -> Option<Plain> {
    tidy::cut_padding(&mut bytes);
    match key_form(&bytes) {
        Ok(KeyForm::Plain(form)) => Some(form(bytes)),
        _ => None,
    }
}

/// The structure of a key.
enum KeyForm {
    Plain(fn(Secret) -> Plain),
    EncryptedPkcs8,
    Pkcs12,
}

fn key_form(der: &[u8]) -> Result<KeyForm, KeyFault> {
    let outer = der::parse_single(der, tag::SEQUENCE, "key").map_err(|_| KeyFault::NoKey)?;
    let mut reader = Reader::new(outer.content, "key");
    let (Ok(first), Ok(second)) = (reader.read_any(), reader.read_any()) else {
        return Err(KeyFault::NoKey);
    };
    let third = reader.peek_tag();
    match (first.tag, first.content, second.tag, third) {
        (tag::INTEGER, [0 | 1], tag::SEQUENCE, Some(tag::OCTET_STRING)) => {
            Ok(KeyForm::Plain(Plain::Pkcs8))
        }
        (tag::INTEGER, [0 | 1], tag::INTEGER, Some(tag::INTEGER)) => {
            Ok(KeyForm::Plain(Plain::Pkcs1))
        }
        (tag::INTEGER, [1], tag::OCTET_STRING, _) => Ok(KeyForm::Plain(Plain::Sec1)),
        (tag::SEQUENCE, _, tag::OCTET_STRING, None) => Ok(KeyForm::EncryptedPkcs8),
        (tag::INTEGER, [3], tag::SEQUENCE, _) => Ok(KeyForm::Pkcs12),
        (tag::SEQUENCE, _, tag::BIT_STRING, None) | (tag::INTEGER, _, tag::INTEGER, None) => {
            Err(KeyFault::NotAKey {
                found: "a public key",
            })
        }
        (tag::SEQUENCE, _, tag::SEQUENCE, Some(tag::BIT_STRING)) => Err(KeyFault::NotAKey {
            found: "a certificate or certificate request",
        }),
        _ => Err(KeyFault::NoKey),
    }
}

/// Files of other programs that hold keys, by their first octets.
fn foreign_format(file: &[u8]) -> Option<KeyFault> {
    let (found, instead) = match file {
        // Java Keystore and JCE Keystore (`sun.security.provider.JavaKeyStore`,
        // `com.sun.crypto.provider.JceKeyStore`: MAGIC, JCEKS_MAGIC).
        [0xFE, 0xED, 0xFE, 0xED, ..] => ("a Java keystore (JKS)", Instead::Keystore),
        [0xCE, 0xCE, 0xCE, 0xCE, ..] => ("a Java keystore (JCEKS)", Instead::Keystore),
        // MS_PVKMAGIC in OpenSSL's `include/internal/pem.h`; the octets 16 to 19 are the salt's
        // length, and without encryption zero.
        [0x1E, 0xF1, 0xB5, 0xB0, ..] => {
            let encrypted = file.get(16..20).is_some_and(|length| length != [0; 4]);
            (
                "a Microsoft private key file (PVK)",
                Instead::Pvk { encrypted },
            )
        }
        // PUBLICKEYSTRUC and RSAPUBKEY: PRIVATEKEYBLOB, version 2, and "RSA2".
        [0x07, 0x02, 0, 0, _, _, 0, 0, b'R', b'S', b'A', b'2', ..] => {
            ("a Microsoft private key blob", Instead::Blob)
        }
        // BER of indefinite length (X.690 8.1.3.6), as Netscape's tools and their successors write
        // PKCS#12.
        [tag::SEQUENCE, 0x80, tag::INTEGER, 1, 3, ..] => (
            "a PKCS#12 store in another encoding than DER",
            Instead::Pkcs12 { legacy: false },
        ),
        _ => return None,
    };
    Some(KeyFault::UnsupportedKey { found, instead })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::der::{
        encode_integer, encode_octet_string, encode_oid, encode_sequence, encode_tlv,
    };

    #[test]
    fn a_block_of_a_key_that_holds_none_is_damaged_and_another_thing_is_named() {
        let fault = |der: &[u8]| {
            let file = ::pem::encode(&::pem::Pem::new("PRIVATE KEY", der));
            find_key(file.as_bytes()).container.err()
        };
        let damaged = malformed("its PKCS#8 structure is damaged");
        assert_eq!(fault(&encode_sequence(&[])), Some(damaged));
        let public =
            encode_sequence(&[&encode_sequence(&[]), &encode_tlv(tag::BIT_STRING, &[&[0]])]);
        let found = "a public key";
        assert_eq!(fault(&public), Some(KeyFault::NotAKey { found }));
    }

    /// OpenSSL reads a key under its own label alone: only of such a file does it write another.
    #[test]
    fn a_key_is_as_it_was_written_under_its_own_label_alone() {
        let algorithm = encode_sequence(&[&encode_oid("1.2.840.10045.2.1")]);
        let octets = encode_octet_string(b"key");
        let number = |value: u8| encode_integer(&[value]);
        let forms = [
            (
                "PRIVATE KEY",
                encode_sequence(&[&number(0), &algorithm, &octets]),
            ),
            (
                "RSA PRIVATE KEY",
                encode_sequence(&[&number(0), &number(7), &number(3)]),
            ),
            ("EC PRIVATE KEY", encode_sequence(&[&number(1), &octets])),
            (
                "ENCRYPTED PRIVATE KEY",
                encode_sequence(&[&algorithm, &encode_tlv(tag::OCTET_STRING, &[b"x"])]),
            ),
        ];
        for (label, der) in &forms {
            for (other, _) in &forms {
                let file = ::pem::encode(&::pem::Pem::new(*other, der.as_slice()));
                let found = find_key(file.as_bytes());
                assert!(found.container.is_ok(), "{label} as {other}");
                assert_eq!(found.as_written, label == other, "{label} as {other}");
            }
        }
    }
}

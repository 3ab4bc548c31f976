//! Finds the one private key in a file: PEM with anything around it, or DER.

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use super::fault::{Instead, KeyFault, malformed};
use super::legacy_pem::DekInfo;
use crate::x509::der::{self, Reader, tag};

/// Bytes that are wiped when they go.
pub(in crate::ca) type Secret = Zeroizing<Vec<u8>>;

/// The form in which a private key lies in its file.
pub(super) enum Container {
    /// PrivateKeyInfo (RFC 5208 5, RFC 5958 2).
    Pkcs8(Secret),
    /// EncryptedPrivateKeyInfo (RFC 5208 6).
    EncryptedPkcs8(Secret),
    /// RSAPrivateKey (RFC 8017 A.1.2).
    Pkcs1(Secret),
    /// ECPrivateKey (RFC 5915 3).
    Sec1(Secret),
    /// RSAPrivateKey or ECPrivateKey under OpenSSL's old PEM encryption.
    Legacy(DekInfo, LegacyForm, Secret),
}

/// What lies under the old PEM encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LegacyForm {
    /// `RSA PRIVATE KEY`
    Pkcs1,
    /// `EC PRIVATE KEY`
    Sec1,
}

/// Finds the one private key in the file's bytes.
pub(super) fn find(file: &[u8]) -> Result<Container, KeyFault> {
    if file.iter().all(u8::is_ascii_whitespace) {
        return Err(KeyFault::Empty);
    }
    let blocks = pem_blocks(file)?;
    if blocks.is_empty() {
        return from_der(file);
    }
    let mut keys = blocks.iter().filter(|block| block.label.ends_with(b"PRIVATE KEY"));
    match (keys.next(), keys.count()) {
        (Some(block), 0) => from_block(block),
        (Some(_), more) => Err(KeyFault::SeveralKeys { count: more.saturating_add(1) }),
        (None, _) => Err(match blocks.first().and_then(|block| what_else(block.label)) {
            Some(found) => KeyFault::NotAKey { found },
            None => KeyFault::NoKey,
        }),
    }
}

/// What a PEM label that is no private key's stands for.
fn what_else(label: &[u8]) -> Option<&'static str> {
    Some(match label {
        b"CERTIFICATE" | b"X509 CERTIFICATE" | b"TRUSTED CERTIFICATE" => "a certificate",
        b"CERTIFICATE REQUEST" | b"NEW CERTIFICATE REQUEST" => "a certificate request",
        b"PUBLIC KEY" | b"RSA PUBLIC KEY" => "a public key",
        b"EC PARAMETERS" => "curve parameters alone",
        _ => return None,
    })
}

/// One PEM block: its label and the lines between BEGIN and END.
struct Block<'a> {
    label: &'a [u8],
    lines: Vec<&'a [u8]>,
}

/// The blocks of a PEM file. Text outside of them is let be: openssl writes "Bag Attributes" above keys from PKCS#12.
fn pem_blocks(file: &[u8]) -> Result<Vec<Block<'_>>, KeyFault> {
    let mut blocks = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for line in file.split(|byte| matches!(byte, b'\n' | b'\r')).map(<[u8]>::trim_ascii) {
        let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        match open.as_mut() {
            None => open = boundary(line, b"-----BEGIN ").map(|label| Block { label, lines: Vec::new() }),
            Some(block) => match boundary(line, b"-----END ") {
                Some(label) if label == block.label => blocks.extend(open.take()),
                Some(_) => return Err(malformed("the PEM block's END line has another label than its BEGIN line")),
                None if boundary(line, b"-----BEGIN ").is_some() => {
                    return Err(malformed("a PEM block begins before the one above it has ended"));
                }
                None => block.lines.push(line),
            },
        }
    }
    if open.is_some() { Err(malformed("a PEM block has no END line: is the file cut off?")) } else { Ok(blocks) }
}

/// The label of a line `-----BEGIN label-----`.
fn boundary<'a>(line: &'a [u8], start: &[u8]) -> Option<&'a [u8]> {
    line.strip_prefix(start)?.strip_suffix(b"-----")
}

/// The key of one PEM block.
fn from_block(block: &Block<'_>) -> Result<Container, KeyFault> {
    let (headers, base64): (Vec<&[u8]>, Vec<&[u8]>) = block.lines.iter().copied().partition(|line| line.contains(&b':'));
    let dek = DekInfo::from_headers(&headers)?;
    let decode = || decode(&base64);
    match (block.label, dek) {
        (b"PRIVATE KEY", None) => Ok(Container::Pkcs8(decode()?)),
        (b"ENCRYPTED PRIVATE KEY", None) => Ok(Container::EncryptedPkcs8(decode()?)),
        (b"RSA PRIVATE KEY", None) => Ok(Container::Pkcs1(decode()?)),
        (b"EC PRIVATE KEY", None) => Ok(Container::Sec1(decode()?)),
        (b"RSA PRIVATE KEY", Some(dek)) => Ok(Container::Legacy(dek, LegacyForm::Pkcs1, decode()?)),
        (b"EC PRIVATE KEY", Some(dek)) => Ok(Container::Legacy(dek, LegacyForm::Sec1, decode()?)),
        (b"PRIVATE KEY" | b"ENCRYPTED PRIVATE KEY", Some(_)) => Err(malformed("a PKCS#8 block with a DEK-Info line")),
        (b"OPENSSH PRIVATE KEY", _) => Err(KeyFault::UnsupportedKey { found: "a key in OpenSSH's own format", instead: Instead::OpenSsh }),
        (b"DSA PRIVATE KEY", _) => Err(super::plain::wrong_kind("a DSA key")),
        _ => Err(super::plain::wrong_kind("a private key of an unknown kind")),
    }
}

/// The bytes of a block's base64 lines.
fn decode(lines: &[&[u8]]) -> Result<Secret, KeyFault> {
    let length: usize = lines.iter().map(|line| line.len()).sum();
    let mut text = Zeroizing::new(Vec::with_capacity(length));
    for line in lines {
        text.extend_from_slice(line);
    }
    let mut bytes: Secret = Zeroizing::new(vec![0; length]);
    let text = std::str::from_utf8(&text).map_err(|_| malformed("its PEM block is not base64"))?;
    let decoded = Base64::decode(text, &mut bytes).map_err(|_| malformed("its PEM block is not base64"))?.len();
    bytes.truncate(decoded);
    if bytes.is_empty() { Err(malformed("its PEM block is empty")) } else { Ok(bytes) }
}

/// The key in a DER file, told by the first elements of its outermost SEQUENCE.
fn from_der(file: &[u8]) -> Result<Container, KeyFault> {
    if file.first() != Some(&tag::SEQUENCE) {
        return Err(KeyFault::NoKey);
    }
    let outer = der::single(file, tag::SEQUENCE, "key").map_err(|_| KeyFault::NoKey)?;
    let mut reader = Reader::new(outer.content, "key");
    let (Ok(first), Ok(second)) = (reader.any(), reader.any()) else { return Err(KeyFault::NoKey) };
    let third = reader.peek();
    let own = || Zeroizing::new(file.to_vec());
    match (first.tag, first.content, second.tag, third) {
        (tag::INTEGER, [0 | 1], tag::SEQUENCE, Some(tag::OCTET_STRING)) => Ok(Container::Pkcs8(own())),
        (tag::INTEGER, [0 | 1], tag::INTEGER, Some(tag::INTEGER)) => Ok(Container::Pkcs1(own())),
        (tag::INTEGER, [1], tag::OCTET_STRING, _) => Ok(Container::Sec1(own())),
        (tag::SEQUENCE, _, tag::OCTET_STRING, None) => Ok(Container::EncryptedPkcs8(own())),
        (tag::SEQUENCE, _, tag::BIT_STRING, None) | (tag::INTEGER, _, tag::INTEGER, None) => Err(KeyFault::NotAKey { found: "a public key" }),
        (tag::SEQUENCE, _, tag::SEQUENCE, Some(tag::BIT_STRING)) => Err(KeyFault::NotAKey { found: "a certificate or certificate request" }),
        (tag::INTEGER, [3], tag::SEQUENCE, _) => {
            Err(KeyFault::UnsupportedKey { found: "a PKCS#12 store", instead: Instead::Pkcs12 { legacy: names_legacy_scheme(file) } })
        }
        _ => Err(KeyFault::NoKey),
    }
}

/// Whether one of PKCS#12's schemes with RC2 or RC4 is named in there (RFC 7292 C: 1.2.840.113549.1.12.1.1, 2, 5 and 6).
fn names_legacy_scheme(file: &[u8]) -> bool {
    const SCHEMES: &[u8] = &[tag::OID, 10, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 12, 1];
    file.windows(SCHEMES.len().saturating_add(1)).any(|window| matches!(window.strip_prefix(SCHEMES), Some([1 | 2 | 5 | 6])))
}

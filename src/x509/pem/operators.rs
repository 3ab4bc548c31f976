//! Reads an operator's file of certificates: PEM as tools, shells and JSON write it, or DER.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{BEGIN, Label, PemError, refuse_non_text, unless_private_key};
use crate::outside::keys::{begins_as_key, skip_header};
use crate::quote;
use crate::x509::der::{Reader, tag};

/// The DER of each certificate that an operator's file holds: PEM blocks with any text around them,
/// as `openssl ca`, `openssl x509 -text` and `openssl pkcs12` write it (RFC 7468 section 2 has
/// parsers ignore it), on one line, or with line breaks written out as `\n`; or one certificate in
/// DER, with a line break or zeros after it. White space in a block says nothing (RFC 7468 section
/// 2). Every block must be a certificate's; how long the file may be is its reader's to say.
///
/// # Errors
/// See [`PemError`]. A private key is named as one and none of it is shown.
pub fn decode_certificates(text: &[u8]) -> Result<Vec<Vec<u8>>, PemError> {
    all_blocks(text).map_err(|fault| unless_private_key(fault, text, Label::Certificate))
}

/// `None` or `null` where a certificate was asked for.
const NO_CERTIFICATE: &str = "there is no such certificate. AWS Private CA has no \
                              `CertificateChain` for a root, and no `Certificate` before one is \
                              imported: ask for the certificate itself, once it is there";

fn all_blocks(text: &[u8]) -> Result<Vec<Vec<u8>>, PemError> {
    let expected = Label::Certificate.as_str();
    if text.is_empty() {
        return Err(PemError::Empty);
    }
    match text {
        // `sun.security.provider.JavaKeyStore` and `com.sun.crypto.provider.JceKeyStore`: MAGIC,
        // JCEKS_MAGIC.
        [0xFE, 0xED, 0xFE, 0xED, ..] | [0xCE, 0xCE, 0xCE, 0xCE, ..] => {
            return Err(PemError::JavaKeystore);
        }
        // MS_PVKMAGIC in OpenSSL's `include/internal/pem.h`: Microsoft's private key file.
        [0x1E, 0xF1, 0xB5, 0xB0, ..] => return Err(PemError::PrivateKey { expected }),
        _ => {}
    }
    refuse_non_text(text, NO_CERTIFICATE)?;
    if matches!(text, [tag::SEQUENCE, 0x80..=0xFF, ..]) {
        return if begins_as_key(text) {
            Err(PemError::PrivateKey { expected })
        } else if is_pkcs7(text) {
            Err(PemError::Pkcs7 {
                inform: " -inform DER",
            })
        } else {
            Ok(vec![trim_der_end(text).to_vec()])
        };
    }
    let text = text.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(text);
    let text = own_lines(&line_breaks(text));
    let mut found = Vec::new();
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    while let Some(line) = lines.next() {
        if line.starts_with(b"-----END ") {
            return Err(PemError::Unclosed);
        }
        let Some(label) = line.strip_prefix(BEGIN.as_bytes()) else {
            continue;
        };
        let label = label.strip_suffix(b"-----").ok_or(PemError::Unclosed)?;
        match label {
            // RFC 7468 5.1 and appendix B: what OpenSSL of old has written for the same.
            b"CERTIFICATE" | b"X509 CERTIFICATE" => {}
            b"TRUSTED CERTIFICATE" => return Err(PemError::Trusted),
            // RFC 7468 8; the other is OpenSSL's.
            b"PKCS7" | b"PKCS #7 SIGNED DATA" => return Err(PemError::Pkcs7 { inform: "" }),
            _ => {
                return Err(quote::known_label(label)
                    .map_or(PemError::UnknownLabel { expected }, |found| {
                        PemError::Label { found, expected }
                    }));
            }
        }
        let mut body = Vec::new();
        loop {
            let line = lines.next().ok_or(PemError::Unclosed)?;
            match line
                .strip_prefix(b"-----END ")
                .and_then(|end| end.strip_suffix(b"-----"))
            {
                Some(end) if end == label => break,
                _ if line.starts_with(b"-----") => return Err(PemError::Unclosed),
                _ => body.extend(line.iter().filter(|byte| !byte.is_ascii_whitespace())),
            }
        }
        if body.is_empty() {
            return Err(PemError::EmptyBlock);
        }
        found.push(STANDARD.decode(body).map_err(|_| PemError::Base64)?);
    }
    if found.is_empty() {
        Err(PemError::NoBlock { expected })
    } else {
        Ok(found)
    }
}

/// Line breaks as JSON and environment files write them out, read; no line of PEM has a backslash.
fn line_breaks(text: &[u8]) -> Vec<u8> {
    let written_out = |word: &[u8]| memchr::memmem::find(text, word).is_some();
    if !written_out(b"-----\\n") && !written_out(b"-----\\r\\n") {
        return text.to_vec();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = match rest {
            [b'\\', b'n', after @ ..] => {
                out.push(b'\n');
                after
            }
            [b'\\', b'r', after @ ..] => after,
            // What a JSON string stands in.
            [b'"' | b'\'', after @ ..] => {
                out.push(b'\n');
                after
            }
            _ => {
                out.push(*first);
                after
            }
        };
    }
    out
}

/// The text with the boundaries of each block on lines of their own, where what stands beside them
/// is of the block.
fn own_lines(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for line in text.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        let mut rest = line;
        // Only what begins a line begins a block: a sentence may name one. What stands before the
        // end of a block may be the last of its base64.
        let is_of_a_block = line.starts_with(b"-----")
            || split_at_boundary(line).is_some_and(|(before, ..)| before.iter().all(is_base64));
        while is_of_a_block && let Some((before, boundary, after)) = split_at_boundary(rest) {
            for part in [before, boundary] {
                out.extend_from_slice(part);
                out.push(b'\n');
            }
            rest = after;
        }
        out.extend_from_slice(rest);
        out.push(b'\n');
    }
    out
}

const fn is_base64(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// Splits a line at its first boundary: what stands before it, the boundary, and what follows it.
fn split_at_boundary(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let starts =
        |window: &[u8]| window.starts_with(b"-----BEGIN ") || window.starts_with(b"-----END ");
    let at = memchr::memchr_iter(b'-', line).find(|at| line.get(*at..).is_some_and(starts))?;
    let (before, from) = line.split_at_checked(at)?;
    let inner = from.get(5..)?;
    let end = inner
        .windows(5)
        .position(|window| window == b"-----")?
        .checked_add(10)?;
    let (boundary, after) = from.split_at_checked(end)?;
    Some((before, boundary, after))
}

/// DER without the line breaks, blanks and zeros that an editor or a transfer has put behind it;
/// other octets stay, to be refused.
fn trim_der_end(text: &[u8]) -> &[u8] {
    let mut reader = Reader::new(text, "the file");
    let Ok(element) = reader.read_any() else {
        return text;
    };
    let behind = text.get(element.raw.len()..).unwrap_or_default();
    if behind
        .iter()
        .all(|byte| matches!(byte, b'\n' | b'\r' | b' ' | b'\t' | 0))
    {
        element.raw
    } else {
        text
    }
}

/// Tells whether DER, or BER, begins as PKCS#7's ContentInfo of signedData does (RFC 2315 7, 14).
fn is_pkcs7(der: &[u8]) -> bool {
    const SIGNED_DATA: &[u8] = &[tag::OID, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 2];
    let content = match der {
        [tag::SEQUENCE, 0x80, rest @ ..] => Some(rest),
        der => skip_header(der, tag::SEQUENCE),
    };
    content.is_some_and(|content| content.starts_with(SIGNED_DATA))
}

//! The search for private keys in what should hold none.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::x509::der::tag;

/// Tells whether a text, or DER, may hold a private key, whole or damaged: it says so, in a label
/// or anywhere else; or it begins as one does, in base64 or not. It serves for what must be refused
/// with a word of warning, or must not travel. A key so damaged that neither shows is not found.
pub(crate) fn may_be_key(content: &[u8]) -> bool {
    /// RFC 7468 10 and 11; RFC 1421 4.6.1; PuTTY's key files; JSON Web Keys (RFC 7517 4.1);
    /// OpenSSH's PROTOCOL.key, and its first octets in base64.
    const SAYS: [&[u8]; 7] = [
        b"PRIVATE KEY",
        b"Proc-Type:",
        b"DEK-Info:",
        b"Private-Lines:",
        b"\"kty",
        b"openssh-key-v1",
        b"b3BlbnNzaC1rZXktdjE",
    ];
    // Nearly every place differs in its first letter: the whole word is compared at few.
    let lower = |word: &[u8]| word.first().map(u8::to_ascii_lowercase);
    let says = |word: &[u8]| {
        let first = lower(word);
        content
            .windows(word.len())
            .any(|window| lower(window) == first && window.eq_ignore_ascii_case(word))
    };
    SAYS.into_iter().any(says) || begins_as_key_somewhere(content)
}

/// Tells whether a file is a key's, by what a key's file has: a label in capitals, or a beginning.
/// Prose about private keys is none. It serves for what must not be lost.
pub(crate) fn is_key_file(content: &[u8]) -> bool {
    const HAS: [&[u8]; 4] = [
        b"PRIVATE KEY",
        b"Private-Lines:",
        b"openssh-key-v1",
        b"b3BlbnNzaC1rZXktdjE",
    ];
    HAS.into_iter()
        .any(|word| content.windows(word.len()).any(|window| window == word))
        || begins_as_key_somewhere(content)
}

fn begins_as_key_somewhere(content: &[u8]) -> bool {
    if begins_as_key(content) {
        return true;
    }
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    // The first octets of a key are in the first characters of a line, or of a string in JSON.
    content.split(|byte| !is_base64(byte)).any(|run| {
        let start = run
            .get(..run.len().min(24) & !3)
            .and_then(|start| STANDARD.decode(start).ok());
        start.is_some_and(|start| begins_as_key(&start))
    })
}

/// Tells whether DER begins as a private key does: with a version (PKCS#8, PKCS#1, SEC1, PKCS#12),
/// or with the scheme that it is encrypted by (RFC 5208 6), which is PKCS#5's or PKCS#12's.
/// Certificates and requests begin with a SEQUENCE that begins with neither. Lengths are passed
/// over: what is cut off, or damaged further on, begins so as well.
pub(super) fn begins_as_key(der: &[u8]) -> bool {
    /// 1.2.840.113549.1, RSA Security's PKCS; 5 and 12 follow.
    const PKCS: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1];
    let Some(first) = skip_header(der, tag::SEQUENCE) else {
        return false;
    };
    let scheme = || {
        skip_header(first, tag::SEQUENCE)
            .and_then(|inner| skip_header(inner, tag::OID))
            .and_then(|oid| oid.strip_prefix(PKCS))
    };
    matches!(first, [tag::INTEGER, 1, 0 | 1 | 3, ..]) || matches!(scheme(), Some([5 | 12, ..]))
}

/// Returns what follows tag and length.
pub(super) fn skip_header(der: &[u8], tag: u8) -> Option<&[u8]> {
    match der {
        [found, 0..=0x7F, rest @ ..]
        | [found, 0x81, _, rest @ ..]
        | [found, 0x82, _, _, rest @ ..]
        | [found, 0x83, _, _, _, rest @ ..]
            if *found == tag =>
        {
            Some(rest)
        }
        _ => None,
    }
}

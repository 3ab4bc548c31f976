//! The search for private keys in what should hold none.

use crate::outside::keys::begins_as_key_somewhere;

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

/// Tells whether a file is a key's, by what a key's file has: a label in capitals, or a beginning,
/// also in UTF-16; or the beginning of a store or a key of Java's or Microsoft's. Prose about
/// private keys is none. It serves for what must not be lost.
pub(crate) fn is_key_file(content: &[u8]) -> bool {
    const HAS: [&[u8]; 4] = [
        b"PRIVATE KEY",
        b"Private-Lines:",
        b"openssh-key-v1",
        b"b3BlbnNzaC1rZXktdjE",
    ];
    let is_key = |content: &[u8]| {
        HAS.into_iter()
            .any(|word| content.windows(word.len()).any(|window| window == word))
            || begins_as_key_somewhere(content)
    };
    // A text of ASCII in UTF-16, without what makes it that.
    let narrow = || {
        let octets = content
            .iter()
            .filter(|byte| !matches!(byte, 0 | 0xFE | 0xFF));
        zeroize::Zeroizing::new(octets.copied().collect::<Vec<u8>>())
    };
    is_key(content)
        || begins_as_foreign_key(content)
        || (matches!(
            content,
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [_, 0, _, 0, ..] | [0, _, 0, _, ..]
        ) && is_key(&narrow()))
}

/// Tells whether a file begins as a Java keystore does (JKS, JCEKS), or as a private key of
/// Microsoft's (PVK, PRIVATEKEYBLOB): see `ca::key`, which reads none of them.
const fn begins_as_foreign_key(content: &[u8]) -> bool {
    matches!(
        content,
        [0xFE, 0xED, 0xFE, 0xED, ..]
            | [0xCE, 0xCE, 0xCE, 0xCE, ..]
            | [0x1E, 0xF1, 0xB5, 0xB0, ..]
            | [0x07, 0x02, 0, 0, _, _, 0, 0, b'R', b'S', b'A', b'2', ..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keys_file_is_known_in_every_form_in_which_people_have_one() {
        let pem = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49\n";
        let wide = |order: fn(u16) -> [u8; 2], mark: &[u8]| {
            let text = pem.encode_utf16().flat_map(order);
            [mark.to_vec(), text.collect()].concat()
        };
        for (what, file) in [
            ("PEM", pem.as_bytes().to_vec()),
            (
                "UTF-16, as Windows has it",
                wide(u16::to_le_bytes, &[0xFF, 0xFE]),
            ),
            (
                "UTF-16, the other way",
                wide(u16::to_be_bytes, &[0xFE, 0xFF]),
            ),
            ("UTF-16 without a mark", wide(u16::to_le_bytes, &[])),
            ("PKCS#12 in DER", vec![0x30, 0x82, 9, 9, 2, 1, 3, 0x30]),
            ("PKCS#12 in BER", vec![0x30, 0x80, 2, 1, 3, 0x30, 0x80]),
            ("JKS", vec![0xFE, 0xED, 0xFE, 0xED, 0, 0, 0, 2]),
            ("JCEKS", vec![0xCE, 0xCE, 0xCE, 0xCE, 0, 0, 0, 2]),
            ("PVK", vec![0x1E, 0xF1, 0xB5, 0xB0, 0, 0, 0, 0]),
            ("a blob", b"\x07\x02\0\0\0\xa4\0\0RSA2".to_vec()),
        ] {
            assert!(is_key_file(&file), "{what}");
        }
        for other in [
            &b"how to keep a private key"[..],
            b"-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTAN\n",
            b"<\0h\0t\0m\0l\0>\0",
            b"",
        ] {
            assert!(!is_key_file(other), "{other:?}");
        }
    }
}

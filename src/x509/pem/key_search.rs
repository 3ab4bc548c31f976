//! The search for private keys in what should hold none.

use crate::outside::keys::has_key;

/// Tells whether a file is a key's, by what a key's file has: a label in capitals, or a beginning,
/// also in UTF-16; or the beginning of a store or a key of Java's or Microsoft's. Prose about
/// private keys is none. It serves for what must not be lost, or be refused with a word of warning.
/// A key so damaged that neither shows is not found.
pub(crate) fn is_key_file(content: &[u8]) -> bool {
    is_own_key_file(content) || begins_as_foreign_key(content)
}

/// Tells the same but for stores and keys of Java's and Microsoft's, which have words of their own
/// elsewhere.
pub(crate) fn is_own_key_file(content: &[u8]) -> bool {
    // A text of ASCII in UTF-16, without what makes it that.
    let narrow = || {
        let octets = content
            .iter()
            .filter(|byte| !matches!(byte, 0 | 0xFE | 0xFF));
        zeroize::Zeroizing::new(octets.copied().collect::<Vec<u8>>())
    };
    has_key(content)
        || (matches!(
            content,
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [_, 0, _, 0, ..] | [0, _, 0, _, ..]
        ) && has_key(&narrow()))
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
            b"sign bundle --ca /mnt/PRIVATE KEY/customerCA.crt",
            b"-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTAN\n",
            b"<\0h\0t\0m\0l\0>\0",
            b"",
        ] {
            assert!(!is_key_file(other), "{other:?}");
        }
    }
}

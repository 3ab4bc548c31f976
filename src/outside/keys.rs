//! Private keys where a name or a word was expected: people paste them.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memchr_iter;

/// What stands in the place of a text that holds a private key.
pub(crate) const WITHHELD_KEY: &str = "(withheld: it looks like a private key)";

/// What only private keys have, in capitals or not: the ends of labels (RFC 7468 10 and 11, RFC
/// 4716, RFC 9580 6.2.1), headers of RFC 1421 4.6.1, PuTTY's key files, JSON Web Keys (RFC 7517
/// 4.1), and OpenSSH's PROTOCOL.key, as it is and in base64.
const HAS: [&[u8]; 9] = [
    b"PRIVATE KEY--",
    b"PRIVATE KEY BLOCK--",
    b"PRIVATE KEY --",
    b"Proc-Type:",
    b"DEK-Info:",
    b"Private-Lines:",
    b"\"kty",
    b"openssh-key-v1",
    b"b3BlbnNzaC1rZXktdjE",
];

/// Tells whether a text holds what looks like a private key, whole or in part: a label of one, or
/// the beginning of one in base64. What only speaks of private keys does not.
pub(crate) fn holds_key(text: &str) -> bool {
    // Shorter than the beginning that is looked for.
    text.len() >= 16 && has_key(text.as_bytes())
}

/// Tells the same of octets, which may be DER.
pub(crate) fn has_key(content: &[u8]) -> bool {
    HAS.into_iter().any(|word| has_word(content, word)) || begins_as_key_somewhere(content)
}

/// Tells whether the word is somewhere in the content, in capitals or not. It is looked for by its
/// first octet that is no letter: that one has no other case, and is rare in base64, of which there
/// is most.
fn has_word(content: &[u8], word: &[u8]) -> bool {
    let before = word
        .iter()
        .position(|octet| !octet.is_ascii_alphabetic())
        .unwrap_or_default();
    let octet = word.get(before).copied().unwrap_or_default();
    memchr_iter(octet, content).any(|at| {
        let found = at
            .checked_sub(before)
            .and_then(|start| content.get(start..start.checked_add(word.len())?));
        found.is_some_and(|found| found.eq_ignore_ascii_case(word))
    })
}

/// Returns a text without the keys in base64 that it holds: each from its beginning to the end of
/// its last line.
pub(crate) fn without_keys(text: &str) -> Cow<'_, str> {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, from)) =
        find_key(rest.as_bytes(), 16).and_then(|at| rest.split_at_checked(at))
    {
        out.push_str(before);
        out.push_str(WITHHELD_KEY);
        rest = from.trim_start_matches(|c: char| {
            u8::try_from(c).is_ok_and(is_base64) || matches!(c, '=' | '\n' | '\r')
        });
    }
    if out.is_empty() && rest.len() == text.len() {
        return Cow::Borrowed(text);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Tells whether content begins as a private key does, or a line or a string in it does in base64.
pub(crate) fn begins_as_key_somewhere(content: &[u8]) -> bool {
    begins_as_key(content) || find_key(content, 4).is_some()
}

/// Finds a private key in base64, which begins a line or a string in JSON: its place. What is
/// shorter than `least` is none.
fn find_key(content: &[u8], least: usize) -> Option<usize> {
    /// Of the first characters the first octets are decoded.
    const FIRST: usize = 24;
    // As every SEQUENCE in base64 begins.
    memchr_iter(b'M', content).find(|at| {
        let (before, from) = content.split_at(*at);
        if before.last().is_some_and(|octet| is_base64(*octet)) {
            return false;
        }
        let length = from
            .iter()
            .take(FIRST)
            .take_while(|octet| is_base64(**octet))
            .count();
        let start = from.get(..length & !3).filter(|_| length >= least);
        start
            .and_then(|start| STANDARD.decode(start).ok())
            .is_some_and(|start| begins_as_key(&start))
    })
}

const fn is_base64(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/')
}

/// DER's tags (X.690).
const INTEGER: u8 = 0x02;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// Tells whether DER, or BER of indefinite length, begins as a private key does: with a version
/// (PKCS#8, PKCS#1, SEC1, PKCS#12), or with the scheme that it is encrypted by (RFC 5208 6), which
/// is PKCS#5's or PKCS#12's. Certificates and requests begin with a SEQUENCE that begins with
/// neither. Lengths are passed over: what is cut off, or damaged further on, begins so as well.
pub(crate) fn begins_as_key(der: &[u8]) -> bool {
    /// 1.2.840.113549.1, RSA Security's PKCS; 5 and 12 follow.
    const PKCS: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1];
    let Some(first) = skip_header(der, SEQUENCE) else {
        return false;
    };
    let scheme = || {
        skip_header(first, SEQUENCE)
            .and_then(|inner| skip_header(inner, OID))
            .and_then(|oid| oid.strip_prefix(PKCS))
    };
    matches!(first, [INTEGER, 1, 0 | 1 | 3, ..]) || matches!(scheme(), Some([5 | 12, ..]))
}

/// Returns what follows tag and length.
pub(crate) fn skip_header(der: &[u8], tag: u8) -> Option<&[u8]> {
    match der {
        [found, 0..=0x80, rest @ ..]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_within_a_message_is_left_out_and_the_rest_is_not() {
        let key = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\nNxIDZywvLHhV7daEabcd==\n";
        assert_eq!(
            without_keys(&format!("`{key}` is no name, nor is `{key}`: 42")),
            format!("`{WITHHELD_KEY}` is no name, nor is `{WITHHELD_KEY}`: 42")
        );
        assert!(matches!(without_keys("nothing here"), Cow::Borrowed(_)));
    }

    #[test]
    fn every_word_is_found_in_capitals_or_not() {
        for word in HAS {
            for word in [
                word.to_vec(),
                word.to_ascii_uppercase(),
                word.to_ascii_lowercase(),
            ] {
                for content in [
                    word.clone(),
                    [&word[..], b"after"].concat(),
                    [b" - : \" 3 ", &word[..]].concat(),
                ] {
                    assert!(has_key(&content), "{}", String::from_utf8_lossy(&content));
                }
                assert!(!has_key(&word[1..]) && !has_key(&word[..word.len() - 1]));
            }
        }
    }

    #[test]
    fn a_key_is_known_in_every_form_and_a_path_about_keys_is_none() {
        for key in [
            "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG",
            "x -----BEGIN PGP PRIVATE KEY BLOCK----- x",
            "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg",
            "\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSj",
            "MIIFLTBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0BBQwwHAQI",
            "MHcCAQEEIIr3",
            "{\"key\":\"MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF8PbnGy0AHB7\"}",
            r#"{"operator":"{\"kty\":\"EC\",\"d\":\"870MB6gf\"}"}"#,
            "{\"kty\":\"EC\",\"d\":\"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE\"}",
            "DEK-Info: AES-256-CBC,0102030405060708",
            "-----begin encrypted private key-----",
            "proc-type:4,ENCRYPTED",
        ] {
            assert!(holds_key(key) || key.len() < 16, "{key}");
        }
        for other in [
            "/root/my private key.pem",
            "./ca/customerCA.key",
            "/mnt/PRIVATE KEYS/customerCA.crt",
            "Ada, private key custodian",
            "pkcs11:token=MIIEvQ;object=key",
            "MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBa",
            "MIICijCCAXICAQAwRTELMAkGA1UEBhMCQVUxEzARBgNVBAgM",
        ] {
            assert!(!holds_key(other), "{other}");
        }
    }
}

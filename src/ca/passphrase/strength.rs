//! How strong a new passphrase is: its length, and what anybody would guess; and one that is made
//! here for whoever asks for it. Pure but for the randomness that comes in.
//!
//! NIST SP 800-63B-4 3.1.1.2 asks for a length, and that commonly used values, repetitions and
//! sequences are refused; it asks for no mixture of kinds of characters. A dictionary as large as
//! `zxcvbn`'s does not fit into the air-gapped tool.

use zeroize::Zeroizing;

/// The fewest characters of a passphrase that no option allows to be weaker.
pub const MIN_CHARACTERS: usize = 12;

/// The fewest characters that are neither a repetition, nor a sequence, nor a common word.
const MIN_UNGUESSED: usize = 6;

/// Rows of keys, in the order in which a finger meets them.
const ROWS: [&str; 6] = [
    "qwertyuiop",
    "qwertzuiop",
    "asdfghjkl",
    "zxcvbnm",
    "yxcvbnm",
    "azerty",
];

/// Words that stand in every list of guesses, and those that stand for the thing itself.
const COMMON: [&str; 14] = [
    "passphrase",
    "password",
    "passwort",
    "passwd",
    "changeme",
    "letmein",
    "welcome",
    "cloudhsm",
    "hsmboot",
    "secret",
    "admin",
    "customerca",
    "iloveyou",
    "default",
];

/// Why a passphrase is easily guessed; `None`: it is long enough, and of no pattern that is known
/// here.
pub(super) fn weakness(passphrase: &[u8]) -> Option<&'static str> {
    let text = Zeroizing::new(String::from_utf8_lossy(passphrase).into_owned());
    let characters = Zeroizing::new(text.chars().collect::<Vec<char>>());
    if characters.len() < MIN_CHARACTERS {
        return Some("has fewer than 12 characters");
    }
    let mut plain = Zeroizing::new(text.to_lowercase());
    for word in COMMON {
        plain = Zeroizing::new(plain.replace(word, "\u{0}"));
    }
    let characters = Zeroizing::new(plain.chars().collect::<Vec<char>>());
    let unit = repeated_unit(&characters);
    if unit.len() < characters.len() && unit.len() < MIN_CHARACTERS {
        return Some("repeats itself");
    }
    let before = std::iter::once(None).chain(characters.iter().copied().map(Some));
    let unguessed = characters
        .iter()
        .zip(before)
        .filter(|(this, before)| !before.is_some_and(|before| follows(before, **this)))
        .count();
    (unguessed < MIN_UNGUESSED)
        .then_some("is a common word, a sequence or a row of keys, and little more")
}

/// The shortest beginning that the whole text repeats, perhaps cut off at the end.
fn repeated_unit(characters: &[char]) -> &[char] {
    (1..characters.len())
        .find(|length| {
            let later = characters.iter().skip(*length);
            later.zip(characters).all(|(this, before)| this == before)
        })
        .and_then(|length| characters.get(..length))
        .unwrap_or(characters)
}

/// Tells whether one character follows another as a finger or the alphabet has it.
fn follows(before: char, this: char) -> bool {
    let apart = u32::from(before).abs_diff(u32::from(this));
    let both = before.is_ascii_alphanumeric() && this.is_ascii_alphanumeric();
    let neighbours = |row: &str| {
        let place = |wanted: char| row.chars().position(|key| key == wanted);
        matches!((place(before), place(this)), (Some(one), Some(other)) if one.abs_diff(other) == 1)
    };
    before == this || (both && apart == 1) || ROWS.iter().any(|row| neighbours(row))
}

/// The random octets of a passphrase that is made here: 96 bits.
pub(super) const MADE_OCTETS: usize = 12;

/// A passphrase of words that can be spoken: each of two octets, as proquints write them (D. S.
/// Wilkerson, "A Proposal for Proquints", arXiv 0901.4016).
pub(super) fn spell(octets: &[u8; MADE_OCTETS]) -> Zeroizing<Vec<u8>> {
    const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
    const VOWELS: &[u8; 4] = b"aiou";
    let letter = |of: &[u8], bits: u16| {
        let at = usize::from(bits) % of.len().max(1);
        of.get(at).copied().unwrap_or_default()
    };
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let mut out = Zeroizing::new(Vec::with_capacity(3 * MADE_OCTETS));
    for pair in octets.chunks_exact(2) {
        if !out.is_empty() {
            out.push(b'-');
        }
        let bits = pair
            .iter()
            .fold(0u16, |bits, octet| (bits << 8) | u16::from(*octet));
        for (of, shift) in [
            (&CONSONANTS[..], 12),
            (VOWELS, 10),
            (CONSONANTS, 6),
            (VOWELS, 4),
            (CONSONANTS, 0),
        ] {
            out.push(letter(of, bits >> shift));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_or_of_an_obvious_pattern_is_weak() {
        for weak in [
            "",
            "secret",
            "elevenchars",
            "Schlüsselei",
            "aaaaaaaaaaaaaaaa",
            "abababababababab",
            "correctcorrect",
            "correct correct correct",
            "123456789012",
            "abcdefghijklmnop",
            "qwertyuiopasdf",
            "zyxwvutsrqpo",
            "Password1234",
            "passwordpassword",
            "PASSPHRASE-passphrase",
            "cloudhsm-admin",
            "changeme123456",
        ] {
            assert!(weakness(weak.as_bytes()).is_some(), "{weak}");
        }
        for fit in [
            "not a secret",
            "Schlüsseleien",
            "correct horse",
            "xyzzy-plugh-42",
            "operator's passphrase",
            "T7#kq!9zLm2x",
        ] {
            assert_eq!(weakness(fit.as_bytes()), None, "{fit}");
        }
        // Not text, but long and of no pattern.
        assert_eq!(weakness(b"\xff\x01k\xfe9d\x80s2\xc0w\x7fq1"), None);
    }

    #[test]
    fn what_is_made_can_be_spoken_and_is_strong() {
        // The examples of the proposal: 127.0.0.1 and 63.84.220.193.
        let octets = [127, 0, 0, 1, 63, 84, 220, 193, 0, 0, 255, 255];
        let made = spell(&octets);
        assert_eq!(&made[..], b"lusab-babad-gutih-tugad-babab-zuzuz");
        assert_eq!(weakness(&made), None);
    }
}

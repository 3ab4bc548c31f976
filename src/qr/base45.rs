//! Base45 (RFC 9285): bytes in the 45 characters of a QR code's alphanumeric mode, two bytes in
//! three characters. Every scanner returns these characters unchanged. Many scanners take a code's
//! bytes for text in some encoding and change them.

/// RFC 9285, table 1.
const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// Encodes bytes (RFC 9285 4).
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut out = String::new();
    for pair in bytes.chunks(2) {
        let number = pair.iter().fold(0usize, |number, octet| {
            number.wrapping_mul(256).wrapping_add(usize::from(*octet))
        });
        let mut rest = number;
        for _ in 0..=pair.len() {
            out.extend(
                ALPHABET
                    .get(rest.wrapping_rem(45))
                    .map(|octet| char::from(*octet)),
            );
            rest = rest.wrapping_div(45);
        }
    }
    out
}

/// Decodes a text (RFC 9285 4 and 6). Returns `None` for a foreign character, a length that no
/// bytes give, or a group whose value is too large for its bytes.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for group in text.as_bytes().chunks(3) {
        let mut number = 0usize;
        for character in group.iter().rev() {
            let value = ALPHABET.iter().position(|known| known == character)?;
            number = number.checked_mul(45)?.checked_add(value)?;
        }
        match group.len() {
            3 => out.extend(u16::try_from(number).ok()?.to_be_bytes()),
            2 => out.push(u8::try_from(number).ok()?),
            _ => return None,
        }
    }
    Some(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_that_of_the_rfc() {
        // RFC 9285 4.3 and 4.4, and the reserved cases of section 6.
        for (bytes, text) in [
            ("AB", "BB8"),
            ("Hello!!", "%69 VD92EX0"),
            ("base-45", "UJCLQE7W581"),
            ("ietf!", "QED8WEX0"),
            ("", ""),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).unwrap(), bytes.as_bytes());
        }
        assert_eq!(decode("FGW"), Some(vec![0xff, 0xff]));
        for bad in ["GGW", "::", ":::", "A", "ABCD", "ab", "AB\n", "ÄÖ"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes: Vec<u8>) {
            prop_assert_eq!(decode(&encode(&bytes)).unwrap(), bytes);
        }

        #[test]
        fn a_text_is_that_of_its_bytes_alone(text in "[0-9A-Z $%*+./:-]{0,40}") {
            if let Some(bytes) = decode(&text) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }
    }
}

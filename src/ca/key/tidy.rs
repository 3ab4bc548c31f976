//! Undoes what editors, shells and secret managers do to a key file on its way, where openssl, or a
//! person, would read it all the same.

use zeroize::Zeroizing;

use crate::ca::secret::Secret;
use crate::x509::der::Reader;

/// The text of a file in UTF-16, as PowerShell's `>` writes it, with a byte order mark or without.
/// Nothing where it is none, or not ASCII.
pub(super) fn from_utf16(file: &[u8]) -> Option<Secret> {
    let (file, little) = match file {
        [0xFF, 0xFE, rest @ ..] => (rest, true),
        [0xFE, 0xFF, rest @ ..] => (rest, false),
        [first, 0, ..] if first.is_ascii_graphic() || first.is_ascii_whitespace() => (file, true),
        [0, first, ..] if first.is_ascii_graphic() || first.is_ascii_whitespace() => (file, false),
        _ => return None,
    };
    // A last octet alone is a line end that a tool put there.
    let text: Option<Vec<u8>> = file
        .chunks_exact(2)
        .map(|pair| match (pair, little) {
            ([c, 0], true) | ([0, c], false) if c.is_ascii() && *c != 0 => Some(*c),
            _ => None,
        })
        .collect();
    text.map(Zeroizing::new)
}

/// A line, or a part of one, trimmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyFileLine<'a> {
    pub(super) text: &'a [u8],
    /// It stood there alone and as it is.
    pub(super) as_it_stood: bool,
}

/// The lines of a PEM file, trimmed. BEGIN and END lines stand alone in theirs, also where the line
/// breaks were lost, or became the two characters `\n`, as in a variable or in JSON.
pub(super) fn split_lines(file: &[u8]) -> Vec<KeyFileLine<'_>> {
    let mut all = Vec::new();
    for line in file.split(|byte| matches!(byte, b'\n' | b'\r')) {
        let (mut rest, before) = (line, all.len());
        while let Some(at) = rest
            .windows(2)
            .position(|pair| matches!(pair, b"\\n" | b"\\r"))
        {
            split_at_boundaries(rest.get(..at).unwrap_or_default(), &mut all);
            rest = rest.get(at + 2..).unwrap_or_default();
        }
        split_at_boundaries(rest, &mut all);
        if let Some([only]) = all.get_mut(before..) {
            only.as_it_stood = only.text == line;
        }
    }
    all
}

/// Splits a line where a BEGIN or END line stands in it.
fn split_at_boundaries<'a>(line: &'a [u8], all: &mut Vec<KeyFileLine<'a>>) {
    let mut rest = line;
    let mut push = |text: &'a [u8]| {
        all.push(KeyFileLine {
            text,
            as_it_stood: false,
        })
    };
    while let Some((before, found, after)) = next_boundary(rest) {
        if !trim_part(before).is_empty() {
            push(trim_part(before));
        }
        push(found);
        rest = after;
        if trim_part(rest).is_empty() {
            return;
        }
    }
    push(trim_part(rest));
}

/// Finds the first boundary of a line: what stands before it, the boundary, and what stands behind
/// it.
fn next_boundary(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    const DASHES: &[u8] = b"-----";
    let at = line
        .windows(9)
        .position(|window| window == b"-----END " || window == b"-----BEGI")?;
    let start = line.get(at..)?;
    let words = start.get(DASHES.len()..)?;
    let label = words
        .iter()
        .position(|byte| !(byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b' '))?;
    let end = DASHES.len().checked_add(label)?.checked_add(DASHES.len())?;
    let boundary = start
        .get(..end)
        .filter(|boundary| boundary.ends_with(DASHES))?;
    Some((line.get(..at)?, boundary, start.get(end..)?))
}

/// The label of a line `-----BEGIN label-----`.
pub(super) fn boundary_label<'a>(line: &'a [u8], start: &[u8]) -> Option<&'a [u8]> {
    line.strip_prefix(start)?.strip_suffix(b"-----")
}

/// Takes away the NULs and line ends that stand behind the one DER value there is, and nothing
/// else: its own length says where it ends. Returns whether there were any.
pub(super) fn cut_padding(bytes: &mut Secret) -> bool {
    let Ok(first) = Reader::new(bytes, "key").read_any() else {
        return false;
    };
    let length = first.raw.len();
    let padded = bytes.get(length..).is_some_and(|rest| {
        !rest.is_empty() && rest.iter().all(|byte| matches!(byte, 0 | b'\n' | b'\r'))
    });
    if padded {
        bytes.truncate(length);
    }
    padded
}

/// Takes away the blanks around it, and the NULs that a C program wrote behind the text.
fn trim_part(part: &[u8]) -> &[u8] {
    let part = part.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(part);
    let end = part
        .iter()
        .rposition(|byte| *byte != 0 && !byte.is_ascii_whitespace())
        .map_or(0, |last| last + 1);
    part.get(..end).unwrap_or_default().trim_ascii_start()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn split_texts(text: &str) -> Vec<String> {
        split_lines(text.as_bytes())
            .into_iter()
            .filter(|line| !line.text.is_empty())
            .map(|line| String::from_utf8(line.text.to_vec()).unwrap())
            .collect()
    }

    #[test]
    fn boundaries_stand_in_lines_of_their_own() {
        let whole = [
            "-----BEGIN PRIVATE KEY-----",
            "AAAA",
            "BBBB",
            "-----END PRIVATE KEY-----",
        ];
        for text in [
            "-----BEGIN PRIVATE KEY-----\nAAAA\nBBBB\n-----END PRIVATE KEY-----\n",
            "  -----BEGIN PRIVATE KEY-----\r\n\t AAAA\r\n  BBBB \r\n -----END PRIVATE KEY-----\0",
            "-----BEGIN PRIVATE KEY-----\\nAAAA\\nBBBB\\n-----END PRIVATE KEY-----\\n",
        ] {
            assert_eq!(split_texts(text), whole, "{text:?}");
        }
        assert_eq!(
            split_texts("-----BEGIN PRIVATE KEY----- AAAA BBBB -----END PRIVATE KEY-----"),
            [whole[0], "AAAA BBBB", whole[3]]
        );
    }

    #[test]
    fn utf_16_is_read_in_either_order_where_it_is_text() {
        let read = |octets: &[u8]| from_utf16(octets).map(|text| text.to_vec());
        for octets in [
            &b"-\0a\0"[..],
            b"\0-\0a",
            b"\xff\xfe-\0a\0",
            b"\xfe\xff\0-\0a",
            b"-\0a\0\n",
        ] {
            assert_eq!(read(octets).as_deref(), Some(&b"-a"[..]), "{octets:?}");
        }
        for octets in [&b"\x01\0a\0"[..], b"\0\x01\0a", b"-\0a\x01", b"-a", b""] {
            assert_eq!(read(octets), None, "{octets:?}");
        }
    }

    #[test]
    fn what_is_no_boundary_stays_in_its_line() {
        for text in [
            "-----BEGIN PRIVATE KEY----",
            "----BEGIN PRIVATE KEY-----",
            "-----BEGIN ",
            "-----END -----x",
        ] {
            assert!(
                split_texts(text).iter().all(|line| boundary_label(
                    line.as_bytes(),
                    b"-----BEGIN "
                )
                .is_none()),
                "{text}"
            );
        }
    }

    #[test]
    fn a_line_that_was_changed_is_told() {
        let all_stood = |text: &str| {
            split_lines(text.as_bytes())
                .iter()
                .all(|line| line.as_it_stood)
        };
        assert!(all_stood(
            "-----BEGIN PRIVATE KEY-----\nAAAA\r\n\n-----END PRIVATE KEY-----\n"
        ));
        for text in [
            " -----BEGIN PRIVATE KEY-----",
            "AAAA ",
            "x-----END PRIVATE KEY-----",
            "AAAA\\nBBBB",
            "AAAA\0",
            "\u{feff}AAAA",
        ] {
            assert!(!all_stood(text), "{text:?}");
        }
    }

    #[test]
    fn utf_16_is_read_with_and_without_its_mark() {
        let utf16 = |text: &str, little: bool| -> Vec<u8> {
            text.encode_utf16()
                .flat_map(|unit| {
                    if little {
                        unit.to_le_bytes()
                    } else {
                        unit.to_be_bytes()
                    }
                })
                .collect()
        };
        for little in [true, false] {
            assert_eq!(
                from_utf16(&utf16("\u{feff}-A\n", little))
                    .unwrap()
                    .as_slice(),
                b"-A\n"
            );
            assert_eq!(
                from_utf16(&utf16("-A\n", little)).unwrap().as_slice(),
                b"-A\n"
            );
            assert!(from_utf16(&utf16("-\u{e9}", little)).is_none());
        }
        assert!(from_utf16(b"-----BEGIN").is_none());
        assert!(from_utf16(&[0x30, 0x82, 0, 1]).is_none());
        assert!(from_utf16(&[0; 100]).is_none());
    }

    #[test]
    fn only_nothing_is_cut_off() {
        for (bytes, left) in [
            (&[0x30, 1, 5, 0, 0][..], 3),
            (&[0x30, 1, 5, b'\r', b'\n'], 3),
            (&[0x30, 1, 5, 0, 1], 5),
            (&[0x30, 3, 0], 3),
        ] {
            let mut secret = Zeroizing::new(bytes.to_vec());
            assert_eq!(cut_padding(&mut secret), left < bytes.len());
            assert_eq!(secret.len(), left, "{bytes:?}");
        }
    }
}

//! The form of a state file: a line that says what it is, then frames.
//!
//! ```text
//! hsmboot-simulator-state/2
//! <length of the content> <its SHA-256> <check>
//! <content>
//! <length> <SHA-256> <check>
//! ...
//! ```
//!
//! The length has 16 hexadecimal digits, the digest 64, the check 16. The check is over the check
//! before, the length and the digest, so frames that are exchanged, repeated or left out are found
//! as well, and a length is known to be right before anything is read by it. Every changed bit is
//! found. A file that ends too early is damaged if it ends within the first frame; later it is as
//! an interrupted write leaves it, and the frame that is not whole, which nobody was told of, does
//! not count.

use std::io::{self, Read};

use ring::digest::{SHA256, digest};

/// The first line. A later form of the file has another number.
const FORMAT: &str = "hsmboot-simulator-state/2\n";
/// What every form begins with.
const FAMILY: &str = "hsmboot-simulator-state/";

const HEADER: usize = 16 + 1 + 64 + 1 + 16 + 1;
const CHECKED: usize = 16 + 1 + 64;

/// Writes frames one after the other.
pub(super) struct Frames {
    check: String,
}

impl Frames {
    /// A new file: its first line and its first frame.
    pub(super) fn begin(content: &[u8]) -> (Self, Vec<u8>) {
        let mut frames = Self {
            check: FORMAT.to_owned(),
        };
        let mut out = FORMAT.as_bytes().to_vec();
        frames.append(&mut out, content);
        (frames, out)
    }

    pub(super) fn append(&mut self, out: &mut Vec<u8>, content: &[u8]) {
        let (header, check) = header(
            &self.check,
            content.len(),
            &hex(digest(&SHA256, content).as_ref()),
        );
        self.check = check;
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(content);
    }
}

/// A frame's header, and its check.
fn header(before: &str, length: usize, digest_hex: &str) -> (String, String) {
    let checked = format!("{length:016x} {digest_hex}");
    let check: String = hex(digest(&SHA256, format!("{before}{checked}").as_bytes()).as_ref())
        .chars()
        .take(16)
        .collect();
    (format!("{checked} {check}\n"), check)
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Why a file cannot be used.
#[derive(Debug)]
pub(super) enum Unusable {
    /// It cannot be read.
    Read(io::Error),
    /// It is no state file, or a damaged one.
    Damaged(String),
}

impl From<io::Error> for Unusable {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

/// Gives every whole frame's content to `take`, in their order.
pub(super) fn read(
    mut file: impl Read,
    mut take: impl FnMut(&[u8]) -> Result<(), String>,
) -> Result<(), Unusable> {
    let damaged = |reason: &str| Unusable::Damaged(reason.to_owned());
    let first = up_to(&mut file, FORMAT.len())?;
    if first != FORMAT.as_bytes() {
        return Err(Unusable::Damaged(not_this_format(&first)));
    }
    let mut check = FORMAT.to_owned();
    let mut whole: u64 = 0;
    loop {
        let found = up_to(&mut file, HEADER)?;
        if found.len() < HEADER {
            // Nothing left, or a header that an interrupted write has begun.
            return if whole > 0 {
                Ok(())
            } else {
                Err(damaged("it is cut short: its end is missing"))
            };
        }
        let (length, digest_hex) =
            promised(&found).ok_or_else(|| damaged("a header within it is damaged"))?;
        let (expected, next) = header(&check, length, digest_hex);
        if expected.as_bytes() != found {
            return Err(damaged("a header within it is damaged"));
        }
        let content = up_to(&mut file, length)?;
        if content.len() < length {
            return if whole > 0 {
                Ok(())
            } else {
                Err(damaged("it is cut short: its end is missing"))
            };
        }
        if hex(digest(&SHA256, &content).as_ref()) != digest_hex {
            return Err(damaged("its content is not what its SHA-256 says"));
        }
        take(&content).map_err(Unusable::Damaged)?;
        check = next;
        whole = whole.saturating_add(1);
    }
}

fn promised(header: &[u8]) -> Option<(usize, &str)> {
    let checked = std::str::from_utf8(header.get(..CHECKED)?).ok()?;
    let (length, digest_hex) = checked.split_once(' ')?;
    Some((usize::from_str_radix(length, 16).ok()?, digest_hex))
}

fn not_this_format(first: &[u8]) -> String {
    if first.is_empty() {
        return String::from("it is empty");
    }
    if FORMAT.as_bytes().starts_with(first) {
        return String::from("it is cut short: its end is missing");
    }
    if first.starts_with(FAMILY.as_bytes()) {
        return format!("it is of another version; expected {}", FORMAT.trim_end());
    }
    format!("it does not begin with {}", FORMAT.trim_end())
}

/// As many octets as asked for, or all that are left.
fn up_to(file: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut found = Vec::new();
    file.take(u64::try_from(length).unwrap_or(u64::MAX))
        .read_to_end(&mut found)?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENTS: [&str; 3] = ["the first frame", "", "and\na third"];

    fn file() -> (Vec<u8>, Vec<usize>) {
        let (mut frames, mut out) = Frames::begin(CONTENTS[0].as_bytes());
        let mut ends = vec![out.len()];
        for content in &CONTENTS[1..] {
            frames.append(&mut out, content.as_bytes());
            ends.push(out.len());
        }
        (out, ends)
    }

    fn contents(file: &[u8]) -> Result<Vec<String>, Unusable> {
        let mut found = Vec::new();
        read(file, |content| {
            found.push(String::from_utf8(content.to_vec()).unwrap());
            Ok(())
        })?;
        Ok(found)
    }

    fn refused(file: &[u8]) -> String {
        match contents(file) {
            Err(Unusable::Damaged(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_was_written_is_read() {
        assert_eq!(contents(&file().0).unwrap(), CONTENTS);
    }

    #[test]
    fn no_changed_bit_passes() {
        let (good, _) = file();
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[at] ^= 1 << bit;
                refused(&bad);
            }
        }
    }

    #[test]
    fn a_file_cut_within_its_first_frame_is_refused_and_later_loses_the_frame_that_is_not_whole() {
        let (good, ends) = file();
        for length in 0..good.len() {
            let whole = ends.iter().filter(|end| **end <= length).count();
            if whole == 0 {
                let reason = refused(&good[..length]);
                assert!(
                    reason.contains("empty") || reason.contains("cut short"),
                    "{length}: {reason}"
                );
            } else {
                assert_eq!(
                    contents(&good[..length]).unwrap(),
                    CONTENTS[..whole],
                    "{length}"
                );
            }
        }
    }

    #[test]
    fn no_octet_can_be_put_in_or_taken_out_but_of_the_last_frame_which_then_does_not_count() {
        let (good, ends) = file();
        for at in 0..good.len() {
            let mut longer = good.clone();
            longer.insert(at, !good[at]);
            refused(&longer);
            let mut shorter = good.clone();
            shorter.remove(at);
            match contents(&shorter) {
                Err(_) => {}
                // As if the end had not been written: it is one octet short.
                Ok(found) => assert!(at >= ends[1] && found == CONTENTS[..2], "{at}: {found:?}"),
            }
        }
    }

    #[test]
    fn frames_cannot_be_exchanged_repeated_or_left_out() {
        let (good, ends) = file();
        let (first, second, third) = (&good[..ends[0]], &good[ends[0]..ends[1]], &good[ends[1]..]);
        for bad in [
            [first, third, second].concat(),
            [first, second, second, third].concat(),
            [first, third].concat(),
        ] {
            assert!(refused(&bad).contains("header"));
        }
    }

    #[test]
    fn what_is_no_state_file_is_named() {
        assert!(refused(b"").contains("empty"));
        assert!(
            refused(b"{\"a\": 1}\n                    ")
                .contains("does not begin with hsmboot-simulator-state/2")
        );
        assert!(refused(b"hsmboot-simulator-state/1\n").contains("another version"));
        assert!(refused(b"hsmboot-simulator-state/2\n").contains("cut short"));
        assert!(refused(&[0xFF; 200]).contains("does not begin"));
    }

    #[test]
    fn a_length_is_not_believed_before_it_is_checked() {
        let mut huge = FORMAT.as_bytes().to_vec();
        huge.extend_from_slice(
            format!("{:016x} {} {}\n", u64::MAX, "0".repeat(64), "0".repeat(16)).as_bytes(),
        );
        assert!(refused(&huge).contains("header"));
    }
}

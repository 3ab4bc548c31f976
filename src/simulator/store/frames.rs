//! The format of a state file: a line that names the format, then frames.
//!
//! ```text
//! hsmboot-simulator-state/2
//! <length of the content> <its SHA-256> <check>
//! <content>
//! <length> <SHA-256> <check>
//! ...
//! ```
//!
//! The length has 16 hexadecimal digits, the digest 64, the check 16. The check covers the previous
//! check, the length and the digest. So frames that are exchanged, repeated or left out are found
//! as well, and a length is verified before anything is read by it. Every changed bit is found. A
//! file that ends within the first frame is damaged. One that ends within a later frame was left by
//! an interrupted write: the incomplete frame was never confirmed to anybody, and does not count.

use std::io::{self, Read};

use ring::digest::{SHA256, digest};

/// The first line. A later version of the format has another number.
const FORMAT: &str = "hsmboot-simulator-state/2\n";
/// The text that every version of the format begins with.
const FAMILY: &str = "hsmboot-simulator-state/";

const HEADER_LENGTH: usize = 16 + 1 + 64 + 1 + 16 + 1;
const CHECKED_LENGTH: usize = 16 + 1 + 64;

/// A writer of frames, one after the other.
pub(super) struct FrameWriter {
    check: String,
}

impl FrameWriter {
    /// Begins a new file, and returns its first line and first frame.
    pub(super) fn begin_file(content: &[u8]) -> (Self, Vec<u8>) {
        let mut frames = Self {
            check: FORMAT.to_owned(),
        };
        let mut out = FORMAT.as_bytes().to_vec();
        frames.append(&mut out, content);
        (frames, out)
    }

    pub(super) fn append(&mut self, out: &mut Vec<u8>, content: &[u8]) {
        let (header, check) = frame_header(
            &self.check,
            content.len(),
            &to_hex(digest(&SHA256, content).as_ref()),
        );
        self.check = check;
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(content);
    }
}

/// Returns a frame's header and its check.
fn frame_header(before: &str, length: usize, digest_hex: &str) -> (String, String) {
    let checked = format!("{length:016x} {digest_hex}");
    let check: String = to_hex(digest(&SHA256, format!("{before}{checked}").as_bytes()).as_ref())
        .chars()
        .take(16)
        .collect();
    (format!("{checked} {check}\n"), check)
}

fn to_hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The reason why a file cannot be used.
#[derive(Debug)]
pub(super) enum UnusableFile {
    /// It cannot be read.
    Read(io::Error),
    /// It is not a state file, or a damaged one.
    Damaged(String),
}

impl From<io::Error> for UnusableFile {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

/// Reads the file, and gives the content of every whole frame to `take`, in their order.
pub(super) fn read(
    mut file: impl Read,
    mut take: impl FnMut(&[u8]) -> Result<(), String>,
) -> Result<(), UnusableFile> {
    let damaged = |reason: &str| UnusableFile::Damaged(reason.to_owned());
    let first = read_up_to(&mut file, FORMAT.len())?;
    if first != FORMAT.as_bytes() {
        return Err(UnusableFile::Damaged(format_mismatch(&first)));
    }
    let mut check = FORMAT.to_owned();
    let mut whole: u64 = 0;
    loop {
        let found = read_up_to(&mut file, HEADER_LENGTH)?;
        if found.len() < HEADER_LENGTH {
            // Nothing left, or a header that an interrupted write has begun.
            return if whole > 0 {
                Ok(())
            } else {
                Err(damaged("it is cut short: its end is missing"))
            };
        }
        let (length, digest_hex) =
            parse_header(&found).ok_or_else(|| damaged("a header within it is damaged"))?;
        let (expected, next) = frame_header(&check, length, digest_hex);
        if expected.as_bytes() != found {
            return Err(damaged("a header within it is damaged"));
        }
        let content = read_up_to(&mut file, length)?;
        if content.len() < length {
            return if whole > 0 {
                Ok(())
            } else {
                Err(damaged("it is cut short: its end is missing"))
            };
        }
        if to_hex(digest(&SHA256, &content).as_ref()) != digest_hex {
            return Err(damaged("its content is not what its SHA-256 says"));
        }
        take(&content).map_err(UnusableFile::Damaged)?;
        check = next;
        whole += 1;
    }
}

fn parse_header(header: &[u8]) -> Option<(usize, &str)> {
    let checked = std::str::from_utf8(header.get(..CHECKED_LENGTH)?).ok()?;
    let (length, digest_hex) = checked.split_once(' ')?;
    Some((usize::from_str_radix(length, 16).ok()?, digest_hex))
}

fn format_mismatch(first: &[u8]) -> String {
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

/// Reads as many octets as asked for, or all that are left.
fn read_up_to(file: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut found = Vec::new();
    file.take(u64::try_from(length).unwrap_or(u64::MAX))
        .read_to_end(&mut found)?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENTS: [&str; 3] = ["the first frame", "", "and\na third"];

    fn sample_file() -> (Vec<u8>, Vec<usize>) {
        let (mut frames, mut out) = FrameWriter::begin_file(CONTENTS[0].as_bytes());
        let mut ends = vec![out.len()];
        for content in &CONTENTS[1..] {
            frames.append(&mut out, content.as_bytes());
            ends.push(out.len());
        }
        (out, ends)
    }

    fn read_contents(file: &[u8]) -> Result<Vec<String>, UnusableFile> {
        let mut found = Vec::new();
        read(file, |content| {
            found.push(String::from_utf8(content.to_vec()).unwrap());
            Ok(())
        })?;
        Ok(found)
    }

    fn refusal_reason(file: &[u8]) -> String {
        match read_contents(file) {
            Err(UnusableFile::Damaged(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_was_written_is_read() {
        assert_eq!(read_contents(&sample_file().0).unwrap(), CONTENTS);
    }

    #[test]
    fn no_changed_bit_passes() {
        let (good, _) = sample_file();
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[at] ^= 1 << bit;
                refusal_reason(&bad);
            }
        }
    }

    #[test]
    fn a_file_cut_within_its_first_frame_is_refused_and_later_loses_the_frame_that_is_not_whole() {
        let (good, ends) = sample_file();
        for length in 0..good.len() {
            let whole = ends.iter().filter(|end| **end <= length).count();
            if whole == 0 {
                let reason = refusal_reason(&good[..length]);
                assert!(
                    reason.contains("empty") || reason.contains("cut short"),
                    "{length}: {reason}"
                );
            } else {
                assert_eq!(
                    read_contents(&good[..length]).unwrap(),
                    CONTENTS[..whole],
                    "{length}"
                );
            }
        }
    }

    #[test]
    fn no_octet_can_be_put_in_or_taken_out_but_of_the_last_frame_which_then_does_not_count() {
        let (good, ends) = sample_file();
        for at in 0..good.len() {
            let mut longer = good.clone();
            longer.insert(at, !good[at]);
            refusal_reason(&longer);
            let mut shorter = good.clone();
            shorter.remove(at);
            match read_contents(&shorter) {
                Err(_) => {}
                // As if the end had not been written: it is one octet short.
                Ok(found) => assert!(at >= ends[1] && found == CONTENTS[..2], "{at}: {found:?}"),
            }
        }
    }

    #[test]
    fn frames_cannot_be_exchanged_repeated_or_left_out() {
        let (good, ends) = sample_file();
        let (first, second, third) = (&good[..ends[0]], &good[ends[0]..ends[1]], &good[ends[1]..]);
        for bad in [
            [first, third, second].concat(),
            [first, second, second, third].concat(),
            [first, third].concat(),
        ] {
            assert!(refusal_reason(&bad).contains("header"));
        }
    }

    #[test]
    fn what_is_no_state_file_is_named() {
        assert!(refusal_reason(b"").contains("empty"));
        assert!(
            refusal_reason(b"{\"a\": 1}\n                    ")
                .contains("does not begin with hsmboot-simulator-state/2")
        );
        assert!(refusal_reason(b"hsmboot-simulator-state/1\n").contains("another version"));
        assert!(refusal_reason(b"hsmboot-simulator-state/2\n").contains("cut short"));
        assert!(refusal_reason(&[0xFF; 200]).contains("does not begin"));
    }

    #[test]
    fn a_length_is_not_believed_before_it_is_checked() {
        let mut huge = FORMAT.as_bytes().to_vec();
        huge.extend_from_slice(
            format!("{:016x} {} {}\n", u64::MAX, "0".repeat(64), "0".repeat(16)).as_bytes(),
        );
        assert!(refusal_reason(&huge).contains("header"));
    }
}

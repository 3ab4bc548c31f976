//! A bundle in one file: a tar archive of plain files and nothing else (POSIX.1-1988 "ustar", the
//! format of the header in IEEE Std 1003.1, pax, "ustar Interchange Format"). Bytes in, files out,
//! and back; the same files always give the same bytes.
//!
//! It is read by hand and not by a tar library, because what makes those useful is what must not
//! happen here: long names, extended headers, links and sizes in several notations, each of which
//! two programs may understand in two ways. What is read is what this writer writes, and what GNU
//! tar (`tar -cf x.hsmboot *`) and any other program make of plain files with short names; owners,
//! modes and times are passed over.

use std::collections::BTreeMap;
use std::fmt;

use super::{CA_KEY_FILE, is_own};
use crate::outside::keys::holds_key;
use crate::outside::shown_text;

/// The files by their names.
pub type Members = BTreeMap<String, Vec<u8>>;

/// The largest archive: a bundle takes a hundredth of it.
pub const MAX_ARCHIVE: u64 = 1024 * 1024;

/// tar's unit, for headers, padding and the end.
const BLOCK: usize = 512;

/// The reason why an archive is not read, or not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArchiveFault {
    /// Not an archive of a bundle's files.
    Malformed(String),
    /// It holds, or would hold, the private key that must never travel: the name of the file.
    PrivateKey(String),
    /// Larger than [`MAX_ARCHIVE`].
    TooLarge(usize),
}

impl fmt::Display for ArchiveFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ArchiveFault::Malformed(what) => f.write_str(what),
            ArchiveFault::PrivateKey(name) => write!(
                f,
                "{name} is a private key, and a private key never travels with a bundle"
            ),
            ArchiveFault::TooLarge(size) => {
                write!(f, "{size} bytes, expected at most {MAX_ARCHIVE}")
            }
        }
    }
}

fn malformed_archive<T>(what: impl Into<String>) -> Result<T, ArchiveFault> {
    Err(ArchiveFault::Malformed(what.into()))
}

/// Writes the archive of these files: names in order, mode 0644, owner 0, time 0.
///
/// # Errors
/// A name that no file of a bundle has, a private key, or too much of it all.
pub fn write(members: &Members) -> Result<Vec<u8>, ArchiveFault> {
    let mut out = Vec::new();
    for (name, content) in members {
        check_fits(name, content)?;
        out.extend_from_slice(&write_header(name, content.len()));
        out.extend_from_slice(content);
        pad_to_block(&mut out);
    }
    out.resize(out.len() + 2 * BLOCK, 0);
    if too_large(out.len()) {
        Err(ArchiveFault::TooLarge(out.len()))
    } else {
        Ok(out)
    }
}

fn too_large(length: usize) -> bool {
    u64::try_from(length).is_ok_and(|length| length > MAX_ARCHIVE)
}

/// Fills up to a whole number of blocks.
fn pad_to_block(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(BLOCK), 0);
}

/// Writes a header, field by field, each as wide as the format says.
fn write_header(name: &str, size: usize) -> Vec<u8> {
    let mut block = Vec::with_capacity(BLOCK);
    let mut field = |text: &[u8], width: usize| {
        let end = block.len() + width;
        block.extend(text.iter().take(width));
        block.resize(end, 0);
    };
    field(name.as_bytes(), 100);
    field(b"0000644", 8); // mode
    field(b"0000000", 8); // uid
    field(b"0000000", 8); // gid
    field(format!("{size:011o}").as_bytes(), 12);
    field(b"00000000000", 12); // mtime
    field(b"        ", 8); // the checksum, for now
    field(b"0", 1); // a regular file
    field(b"", 100); // linkname
    field(b"ustar\x0000", 8);
    field(b"", 32); // uname
    field(b"", 32); // gname
    field(b"0000000", 8); // devmajor
    field(b"0000000", 8); // devminor
    field(b"", 155); // prefix
    field(b"", 12);
    let sum = format_checksum(&block);
    block.splice(CHECKSUM, sum);
    block
}

const CHECKSUM: std::ops::Range<usize> = 148..156;

/// Formats the checksum field as everybody writes it: six octal digits, NUL, blank. It is taken
/// over the header with blanks in the field's place.
fn format_checksum(header: &[u8]) -> Vec<u8> {
    let sum: u64 = header
        .iter()
        .enumerate()
        .map(|(at, octet)| u64::from(if CHECKSUM.contains(&at) { b' ' } else { *octet }))
        .sum();
    format!("{sum:06o}\0 ").into_bytes()
}

/// Reads an archive.
///
/// # Errors
/// Whatever is not a plain file of a bundle, once, whole, within bounds, or is not accounted for to
/// the last byte.
pub fn read(archive: &[u8]) -> Result<Members, ArchiveFault> {
    if too_large(archive.len()) {
        return Err(ArchiveFault::TooLarge(archive.len()));
    }
    let mut members = Members::new();
    let mut rest = archive;
    loop {
        let Some((block, after)) = rest.split_at_checked(BLOCK) else {
            return malformed_archive("it is cut short, or no tar archive");
        };
        if is_zero(block) {
            return if !is_zero(after) {
                malformed_archive("something follows after its end")
            } else if after.len() < BLOCK || after.len().checked_rem(BLOCK) != Some(0) {
                malformed_archive(
                    "it is cut short: it does not end with two blocks of zeros, or more",
                )
            } else {
                Ok(members)
            };
        }
        let (name, size) = parse_header(block)?;
        let Some((content, after)) = after.split_at_checked(size) else {
            return malformed_archive(format!("it is cut short within {name}"));
        };
        let padding = size.next_multiple_of(BLOCK) - size;
        let Some((padding, after)) = after.split_at_checked(padding) else {
            return malformed_archive(format!("it is cut short after {name}"));
        };
        if !is_zero(padding) {
            return malformed_archive(format!("something hides between {name} and the next file"));
        }
        check_fits(&name, content)?;
        if members.insert(name.clone(), content.to_vec()).is_some() {
            return malformed_archive(format!("it holds {name} twice"));
        }
        rest = after;
    }
}

fn is_zero(octets: &[u8]) -> bool {
    octets.iter().all(|octet| *octet == 0)
}

/// Returns the name and the size of a regular file.
fn parse_header(block: &[u8]) -> Result<(String, usize), ArchiveFault> {
    let field = |range: std::ops::Range<usize>| block.get(range).unwrap_or_default();
    if !matches!(field(257..265), b"ustar\x0000" | b"ustar  \0") {
        return malformed_archive("it is no tar archive of the kinds `ustar` and `gnu`");
    }
    if field(CHECKSUM) != format_checksum(block) {
        return malformed_archive("a header's checksum is wrong: it was damaged");
    }
    let (name, rest) = field(0..100).split_at(
        field(0..100)
            .iter()
            .position(|octet| *octet == 0)
            .unwrap_or(100),
    );
    let name = shown_text(&String::from_utf8_lossy(name));
    let what = match field(156..157) {
        b"0" | b"\0" => None,
        b"1" | b"2" => Some("a link"),
        b"5" => Some("a directory"),
        b"3" | b"4" | b"6" => Some("a device or a pipe"),
        b"x" | b"g" => Some("an extended header (pax)"),
        b"L" | b"K" => Some("a long name"),
        _ => Some("an entry of an unknown kind"),
    };
    if let Some(what) = what {
        return malformed_archive(format!(
            "it holds {what}, `{name}`, expected regular files only"
        ));
    }
    if !is_zero(rest) || !is_zero(field(157..257)) || !is_zero(field(345..512)) {
        return malformed_archive(format!(
            "the header of `{name}` says more than a plain file's name"
        ));
    }
    let size = parse_octal(field(124..136)).ok_or_else(|| {
        ArchiveFault::Malformed(format!("the size of `{name}` is no octal number"))
    })?;
    Ok((name, size))
}

/// Reads octal digits, ended by a NUL or a blank, or by the field.
fn parse_octal(field: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(field).ok()?;
    let digits = text.trim_end_matches(['\0', ' ']);
    let octal = !digits.is_empty() && digits.bytes().all(|octet| (b'0'..=b'7').contains(&octet));
    octal
        .then(|| usize::from_str_radix(digits, 8).ok())
        .flatten()
}

/// Checks that a file may be in a bundle that travels.
fn check_fits(name: &str, content: &[u8]) -> Result<(), ArchiveFault> {
    if name == CA_KEY_FILE || holds_private_key(content) {
        return Err(ArchiveFault::PrivateKey(name.to_owned()));
    }
    if is_own(name) {
        // Of what is no text nobody sees whether it is a private key: PEM in UTF-16 is none, nor is
        // DER.
        return if is_text(content) {
            Ok(())
        } else {
            malformed_archive(format!(
                "`{name}` is not text, and every file of a bundle is"
            ))
        };
    }
    let why = match name {
        _ if name.starts_with('/') => "an absolute path",
        _ if name.starts_with("./") => "a path, where a plain name is expected",
        _ if name.split('/').any(|part| part == "..") => "a path upwards",
        _ if name.contains('/') => "a path into a directory",
        _ => "no name of a bundle's file",
    };
    malformed_archive(format!("it holds `{}`: {why}", shown_text(name)))
}

/// Tells whether a text has a private key in it. Paths and reasons that speak of private keys have
/// none. What is no text is refused in any case.
fn holds_private_key(content: &[u8]) -> bool {
    std::str::from_utf8(content).is_ok_and(holds_key)
}

/// Tells whether the content is text as PEM and JSON are: UTF-8, with no control characters but
/// those of lines and tables.
fn is_text(content: &[u8]) -> bool {
    std::str::from_utf8(content).is_ok_and(|text| {
        !text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "cluster-abc234defgh";

    fn three_members() -> Members {
        Members::from([
            (format!("{ID}_ClusterCsr.csr"), b"csr".to_vec()),
            ("request.json".to_owned(), vec![b'x'; 512]),
            ("transcript.jsonl".to_owned(), Vec::new()),
        ])
    }

    /// Writes the three files, after a change to one header, whose checksum is made right again.
    fn with_header(number: usize, change: impl FnOnce(&mut [u8])) -> Vec<u8> {
        let mut archive = write(&three_members()).unwrap();
        let at = [0, 1024, 2048][number];
        let header = &mut archive[at..at + 512];
        change(header);
        let sum = format_checksum(header);
        header[CHECKSUM].copy_from_slice(&sum);
        archive
    }

    fn refusal_text(archive: &[u8]) -> String {
        read(archive).unwrap_err().to_string()
    }

    #[test]
    fn the_same_files_give_the_same_bytes_and_come_back() {
        let archive = write(&three_members()).unwrap();
        assert_eq!(
            archive.len(),
            512 * 7,
            "a header each, two contents, two blocks of zeros"
        );
        assert_eq!(archive, write(&three_members()).unwrap());
        assert_eq!(read(&archive).unwrap(), three_members());
        assert_eq!(
            read(&write(&Members::new()).unwrap()).unwrap(),
            Members::new()
        );
    }

    #[test]
    fn every_flipped_bit_outside_the_contents_is_found_and_inside_changes_that_content_alone() {
        let archive = write(&three_members()).unwrap();
        let content = |at: usize| (512..515).contains(&at) || (1536..2048).contains(&at);
        for at in 0..archive.len() {
            for bit in 0..8 {
                let mut bad = archive.clone();
                bad[at] ^= 1 << bit;
                match read(&bad) {
                    Ok(members) => assert!(
                        content(at)
                            && members != three_members()
                            && members.keys().eq(three_members().keys()),
                        "byte {at}, bit {bit}"
                    ),
                    // A content that is no text any more is found too.
                    Err(_) => assert!(
                        !content(at) || !is_text(&bad[at..=at]),
                        "byte {at}, bit {bit}"
                    ),
                }
            }
        }
    }

    #[test]
    fn what_is_cut_or_has_something_behind_it_is_refused() {
        let archive = write(&three_members()).unwrap();
        for length in 0..archive.len() {
            assert!(read(&archive[..length]).is_err(), "{length}");
        }
        let longer = |more: &[u8]| read(&[&archive[..], more].concat());
        assert_eq!(
            longer(&[0; 512 * 13]).unwrap(),
            three_members(),
            "tar fills its last record"
        );
        assert!(
            longer(&[0; 511]).is_err() && longer(&[1; 512]).is_err() && longer(&archive).is_err()
        );
    }

    #[test]
    fn nothing_but_plain_files_is_read() {
        for (kind, word) in [
            (b'1', "link"),
            (b'2', "link"),
            (b'3', "device"),
            (b'5', "directory"),
            (b'6', "pipe"),
            (b'x', "extended"),
            (b'g', "extended"),
        ] {
            assert!(
                refusal_text(&with_header(1, |header| header[156] = kind)).contains(word),
                "{}",
                char::from(kind)
            );
        }
        for kind in [b'L', b'K', b'S', b'7', b'V', b'M', 0xff] {
            assert!(
                refusal_text(&with_header(1, |header| header[156] = kind))
                    .contains("regular files only"),
                "{kind}"
            );
        }
        assert_eq!(
            read(&with_header(1, |header| header[156] = 0)).unwrap(),
            three_members(),
            "as old programs write a file"
        );
        for at in [157, 200, 256, 345, 499, 511, 99] {
            assert!(
                refusal_text(&with_header(0, |header| header[at] = b'a')).contains("says more"),
                "{at}"
            );
        }
    }

    #[test]
    fn sizes_have_one_notation() {
        for bad in [
            &b"\x80\0\0\0\0\0\0\0\0\0\x02\0"[..],
            b"           \0",
            b"\0\0\0\0\0\0\0\0\0\0\0\0",
            b"00000001o00\0",
            b"-0000001000\0",
            b"00000000008\0",
        ] {
            assert!(
                refusal_text(&with_header(1, |header| header[124..136].copy_from_slice(bad)))
                    .contains("no octal number"),
                "{bad:?}"
            );
        }
        assert_eq!(
            read(&with_header(1, |header| header[124..136]
                .copy_from_slice(b"000000001000")))
            .unwrap(),
            three_members()
        );
        assert!(
            refusal_text(&with_header(1, |header| header[124..136]
                .copy_from_slice(b"777777777777")))
            .contains("cut short within request.json")
        );
    }

    #[test]
    fn only_a_bundles_own_names_are_read_each_once() {
        let named = |name: &str| {
            refusal_text(&with_header(1, |header| {
                header[..100].fill(0);
                header[..name.len()].copy_from_slice(name.as_bytes());
            }))
        };
        for (name, word) in [
            ("/request.json", "absolute"),
            ("../request.json", "upwards"),
            ("./request.json", "plain name"),
            ("a/request.json", "into a directory"),
            ("..", "upwards"),
            ("", "no name"),
            ("README", "no name"),
            ("._request.json", "no name"),
            ("request.json ", "no name"),
            ("REQUEST.JSON", "no name"),
            ("cluster-abc234defgh_", "no name"),
            ("cluster-1_ClusterCsr.csr", "no name"),
            ("cluster-../../../etc_ClusterCsr.csr", "upwards"),
            ("transcript.jsonl", "twice"),
            ("customerCA.key", "never travels"),
        ] {
            assert!(named(name).contains(word), "{name}: {}", named(name));
        }
    }

    #[test]
    fn a_private_key_never_travels() {
        let key = |label: &str| {
            Members::from([(
                "customerCA.crt".to_owned(),
                format!("text\n-----BEGIN {label}-----\nMA==\n").into_bytes(),
            )])
        };
        for label in [
            "PRIVATE KEY",
            "ENCRYPTED PRIVATE KEY",
            "RSA PRIVATE KEY",
            "EC PRIVATE KEY",
            "OPENSSH PRIVATE KEY",
        ] {
            assert_eq!(
                write(&key(label)),
                Err(ArchiveFault::PrivateKey("customerCA.crt".to_owned()))
            );
        }
        write(&key("CERTIFICATE")).unwrap();
        let mut archive = write(&key("CERTIFICATE -------")).unwrap();
        let label = b"PRIVATE KEY-----\n";
        archive[528..528 + label.len()].copy_from_slice(label);
        assert_eq!(
            read(&archive),
            Err(ArchiveFault::PrivateKey("customerCA.crt".to_owned()))
        );
        assert!(write(&Members::from([("customerCA.key".to_owned(), Vec::new())])).is_err());
    }

    #[test]
    fn what_is_no_text_never_travels() {
        let utf_16: Vec<u8> = "-----BEGIN PRIVATE KEY-----"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        for content in [
            &[0x30, 0x82, 0x04, 0xbd, 0x02, 0x01][..],
            &utf_16,
            b"\x1b[2J",
            b"\0",
        ] {
            let members = Members::from([("verification.json".to_owned(), content.to_vec())]);
            let Err(ArchiveFault::Malformed(why)) = write(&members) else {
                panic!("{content:?} was packed");
            };
            assert!(why.contains("is not text"), "{why}");
        }
        write(&Members::from([(
            "customerCA.crt".to_owned(),
            "Grüße\r\n\t".as_bytes().to_vec(),
        )]))
        .unwrap();
    }

    #[test]
    fn its_size_is_bounded() {
        let large = |size: usize| {
            write(&Members::from([(
                "transcript.jsonl".to_owned(),
                vec![b'x'; size],
            )]))
        };
        let most = 1024 * 1024 - 3 * 512;
        assert!(read(&large(most).unwrap()).is_ok());
        assert!(matches!(large(most + 1), Err(ArchiveFault::TooLarge(_))));
        assert!(matches!(
            read(&vec![0; 1024 * 1024 + 512]),
            Err(ArchiveFault::TooLarge(_))
        ));
    }

    fn any_name() -> impl Strategy<Value = String> {
        let parts = [
            "_ClusterCsr.csr",
            "_HsmCertificate.crt",
            "_CustomerHsmCertificate.crt",
        ];
        prop_oneof![
            prop::sample::select(parts.to_vec()).prop_map(|part| format!("{ID}{part}")),
            prop::sample::select(vec![
                "request.json",
                "response.json",
                "customerCA.crt",
                "transcript.jsonl",
                "creation.json"
            ])
            .prop_map(str::to_owned),
        ]
    }

    proptest! {
        #[test]
        fn any_files_come_back(
            members in btree_map(
                any_name(),
                "[ -~\n\r\té😀]{0,800}".prop_map(String::into_bytes),
                0..9,
            )
        ) {
            prop_assume!(!members.values().any(|content| holds_private_key(content)));
            prop_assert_eq!(read(&write(&members).unwrap()).unwrap(), members);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..4096)) {
            drop(read(&bytes));
        }

        /// Checks that a well-known tar library reads the same as this module: nobody who looks
        /// into the file with another program sees another bundle.
        #[test]
        fn another_reader_sees_the_same(
            changes in vec((0usize..3, 0usize..512, any::<u8>()), 1..4)
        ) {
            let mut archive = write(&three_members()).unwrap();
            for (number, at, octet) in changes {
                let start = [0, 1024, 2048][number];
                archive[start + at] = octet;
                let sum = format_checksum(&archive[start..start + 512]);
                archive[start..start + 512][CHECKSUM].copy_from_slice(&sum);
            }
            let Ok(members) = read(&archive) else { return Ok(()) };
            let mut seen = Members::new();
            for entry in tar::Archive::new(&archive[..]).entries().unwrap() {
                let mut entry = entry.unwrap();
                let name = entry.path().unwrap().to_str().unwrap().to_owned();
                let mut content = Vec::new();
                std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
                prop_assert!(entry.header().entry_type().is_file());
                    prop_assert!(seen.insert(name, content).is_none());
            }
            prop_assert_eq!(seen, members);
        }
    }
}

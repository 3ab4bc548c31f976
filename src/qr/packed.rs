//! The files of a bundle in as few octets as they can be told in, before they are compressed.
//!
//! PEM is told as the DER in it, and a SHA-256 in hex as the number of what it is the digest of, or
//! as its 32 octets. Nothing is lost: whoever reads it makes the very same files, and compares the
//! SHA-256 of their archive.
//!
//! | octets | mean |
//! | --- | --- |
//! | name, 0, content, 0 | a file: certificates first, the transcript last |
//! | 1, `n` | the SHA-256 in hex of the `n`th that was told before: see [`KnownDigests`] |
//! | 2, 32 octets | another SHA-256 in hex |
//! | 3, a label (0 or 1), the length in two octets, DER | a PEM block, without its last line end |
//! | any from 9 on | itself |

use crate::bundle::TRANSCRIPT;
use crate::bundle::archive::{self, MAX_ARCHIVE, Members};
use crate::x509::pem::{self, Label};
use crate::x509::{sha256, to_hex};

const END: u8 = 0;
const KNOWN: u8 = 1;
const DIGEST: u8 = 2;
const BLOCK: u8 = 3;

/// The first octet that means itself.
const TEXT: u8 = 9;

const LABELS: [Label; 2] = [Label::Certificate, Label::CertificateRequest];

/// The hexadecimal digits of a SHA-256.
const DIGITS: usize = 64;

/// Packs the files of an archive. Returns `None` for what is not told in this way: an archive that
/// another program made, or a file with octets that no text has.
pub(super) fn pack(whole: &[u8]) -> Option<Vec<u8>> {
    let members = archive::read(whole).ok()?;
    let mut files: Vec<(&String, &Vec<u8>)> = members.iter().collect();
    files.sort_by_key(|(name, content)| {
        let has_blocks = content.starts_with(b"-----BEGIN");
        (!has_blocks, name.as_str() == TRANSCRIPT)
    });
    let (mut out, mut known) = (Vec::new(), KnownDigests::default());
    for (name, content) in files {
        out.extend(name.as_bytes());
        out.push(END);
        pack_content(content, name == TRANSCRIPT, &mut known, &mut out)?;
        out.push(END);
    }
    (unpack(&out)? == whole).then_some(out)
}

fn pack_content(
    content: &[u8],
    by_lines: bool,
    known: &mut KnownDigests,
    out: &mut Vec<u8>,
) -> Option<()> {
    let (mut rest, mut line) = (content, content);
    while let Some((first, after)) = rest.split_first() {
        if let Some((label, der, behind)) = leading_block(rest) {
            out.push(BLOCK);
            out.push(label);
            out.extend(u16::try_from(der.len()).ok()?.to_be_bytes());
            out.extend(&der);
            known.add(&der);
            rest = behind;
        } else if let Some((digest, behind)) = leading_digest(rest) {
            match known.find(&digest) {
                Some(number) => out.extend([KNOWN, number]),
                None => {
                    out.push(DIGEST);
                    out.extend(digest);
                }
            }
            rest = behind;
        } else if *first >= TEXT {
            out.push(*first);
            if by_lines && *first == b'\n' {
                let length = line.len().checked_sub(rest.len())?;
                known.add(line.get(..length)?);
                line = after;
            }
            rest = after;
        } else {
            return None;
        }
    }
    known.add(content);
    Some(())
}

/// Returns the PEM block that a text begins with as the number of its label and its DER, and what
/// follows, where it is written as we write it.
fn leading_block(text: &[u8]) -> Option<(u8, Vec<u8>, &[u8])> {
    if !text.starts_with(b"-----BEGIN ") {
        return None;
    }
    (0u8..).zip(LABELS).find_map(|(number, label)| {
        let end = format!("\n-----END {}-----", label.as_str());
        let at = text
            .windows(end.len())
            .position(|window| window == end.as_bytes())?;
        let (block, behind) = text.split_at_checked(at.checked_add(end.len())?)?;
        let der = pem::decode(block, label).ok()?;
        (block_text(label, &der).as_bytes() == block).then_some((number, der, behind))
    })
}

fn block_text(label: Label, der: &[u8]) -> String {
    pem::encode(label, der).trim_end().to_owned()
}

/// Returns the SHA-256 in hex that a text begins with, and what follows.
fn leading_digest(text: &[u8]) -> Option<([u8; 32], &[u8])> {
    let (digits, behind) = text.split_at_checked(DIGITS)?;
    let value = |digit: &u8| match digit {
        b'0'..=b'9' => digit.checked_sub(b'0'),
        b'a'..=b'f' => digit.checked_sub(b'a' - 10),
        _ => None,
    };
    let mut digest = [0; 32];
    for (octet, pair) in digest.iter_mut().zip(digits.chunks(2)) {
        let [high, low] = pair else { return None };
        *octet = value(high)?.checked_mul(16)?.checked_add(value(low)?)?;
    }
    Some((digest, behind))
}

/// The digests that both sides know of what was told before: of the DER in a PEM block, of a whole
/// file, of a line of a transcript without its line end.
#[derive(Default)]
struct KnownDigests(Vec<[u8; 32]>);

impl KnownDigests {
    fn add(&mut self, content: &[u8]) {
        self.0.push(sha256(content));
    }

    fn find(&self, digest: &[u8; 32]) -> Option<u8> {
        let at = self.0.iter().position(|known| known == digest)?;
        u8::try_from(at).ok()
    }
}

/// Unpacks files, and returns their archive. Returns `None` for what nobody packs.
pub(super) fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let most = usize::try_from(MAX_ARCHIVE).ok()?;
    let (mut members, mut known, mut total) = (Members::new(), KnownDigests::default(), 0usize);
    let mut rest = packed;
    while !rest.is_empty() {
        let name = take_text(&mut rest)?;
        let content = unpack_content(&mut rest, name == TRANSCRIPT, most, &mut known)?;
        total = total.checked_add(content.len())?;
        if total > most || members.insert(name, content).is_some() {
            return None;
        }
    }
    archive::write(&members).ok()
}

fn take_text(rest: &mut &[u8]) -> Option<String> {
    let end = rest.iter().position(|octet| *octet == END)?;
    let (text, behind) = rest.split_at_checked(end)?;
    *rest = behind.get(1..)?;
    String::from_utf8(text.to_vec()).ok()
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    Some(taken)
}

fn unpack_content(
    rest: &mut &[u8],
    by_lines: bool,
    most: usize,
    known: &mut KnownDigests,
) -> Option<Vec<u8>> {
    let (mut out, mut line) = (Vec::new(), 0);
    loop {
        match take(rest, 1)? {
            [END] => break,
            [KNOWN] => {
                let number = usize::from(*take(rest, 1)?.first()?);
                out.extend(to_hex(known.0.get(number)?).into_bytes());
            }
            [DIGEST] => out.extend(to_hex(take(rest, 32)?).into_bytes()),
            [BLOCK] => {
                let label = LABELS.get(usize::from(*take(rest, 1)?.first()?))?;
                let length = u16::from_be_bytes(take(rest, 2)?.try_into().ok()?);
                let der = take(rest, length.into())?;
                known.add(der);
                out.extend(block_text(*label, der).into_bytes());
            }
            [b'\n'] => {
                if by_lines {
                    known.add(out.get(line..)?);
                }
                out.push(b'\n');
                line = out.len();
            }
            [text] if *text >= TEXT => out.push(*text),
            _ => return None,
        }
        if out.len() > most {
            return None;
        }
    }
    known.add(&out);
    Some(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAME: &str = "cluster-abc234defgh_ClusterCsr.csr";

    fn archive_of(members: &[(&str, &[u8])]) -> Vec<u8> {
        let members = members.iter();
        let members = members.map(|(name, content)| ((*name).to_owned(), content.to_vec()));
        archive::write(&members.collect()).unwrap()
    }

    #[test]
    fn a_digest_of_what_was_told_is_told_in_two_octets() {
        let der = [0x30, 3, 2, 1, 5];
        let block = pem::encode(Label::CertificateRequest, &der);
        let line = format!(
            "{} {} {}\n",
            to_hex(&sha256(&der)),
            to_hex(&sha256(block.as_bytes())),
            "ab".repeat(32)
        );
        let lines = format!("{line}{}\n", to_hex(&sha256(line.trim_end().as_bytes())));
        let whole = archive_of(&[(NAME, block.as_bytes()), (TRANSCRIPT, lines.as_bytes())]);
        let packed = pack(&whole).unwrap();
        let expected = [
            NAME.as_bytes(),
            &[END, BLOCK, 1, 0, 5],
            &der,
            b"\n\0transcript.jsonl\0\x01\0 \x01\x01 \x02",
            &[0xab; 32],
            b"\n\x01\x02\n\0",
        ];
        assert_eq!(packed, expected.concat());
        assert_eq!(unpack(&packed).unwrap(), whole);
    }

    #[test]
    fn whatever_a_bundle_holds_comes_back_to_the_last_octet() {
        let block = pem::encode(Label::Certificate, &[0x30, 3, 2, 1, 5]);
        for content in [
            String::new(),
            "-----BEGIN CERTIFICATE-----\nAAAA".to_owned(),
            format!("{block}{block}"),
            block.trim_end().to_owned(),
            block.replace('\n', "\r\n"),
            block.replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
            format!("a {block} b\n\n"),
            "AB".repeat(32),
            "0".repeat(200),
        ] {
            let whole = archive_of(&[(NAME, content.as_bytes()), (TRANSCRIPT, b"\n\n")]);
            assert_eq!(unpack(&pack(&whole).unwrap()).unwrap(), whole, "{content}");
        }
        // What is no bundle goes the other way.
        assert_eq!(pack(b"no archive"), None);
    }

    #[test]
    fn a_few_octets_do_not_become_more_than_a_bundle() {
        let mut bomb = [TRANSCRIPT.as_bytes(), b"\0\n"].concat();
        bomb.extend([KNOWN, 0].repeat(usize::try_from(MAX_ARCHIVE).unwrap() / DIGITS + 1));
        bomb.push(END);
        assert_eq!(unpack(&bomb), None);
        let twice = format!("{NAME}\0a\0{NAME}\0a\0");
        assert_eq!(unpack(twice.as_bytes()), None);
        assert_eq!(unpack(b"../x\0a\0"), None);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(octets in proptest::collection::vec(0u8..20, 0..60)) {
            let named = [NAME.as_bytes(), b"\0", octets.as_slice()].concat();
            if let Some(whole) = unpack(&named) {
                prop_assert!(archive::read(&whole).is_ok());
            }
        }
    }
}

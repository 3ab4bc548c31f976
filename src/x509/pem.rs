//! PEM as InitializeCluster documents it: strict to read, one canonical form to write.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::der::tag;
use crate::quote;

mod error;
mod key_search;
mod operators;

pub use error::{PemError, Utf16Encoding};
pub(crate) use key_search::is_key_file;
use key_search::is_own_key_file;
pub use operators::decode_certificates;

/// The longest SignedCert or TrustAnchor of one certificate that is sent, in characters (AWS
/// CloudHSM API Reference 2022-06-06, InitializeCluster: "Length Constraints: Maximum length of
/// 5000"). Later service models allow 20000, but the parameters' text still says 5000.
pub const MAX_CHARS: usize = 5000;

/// The longest text that is read, in characters: what the service may return for a certificate or a
/// CSR (the service's model since June 2024; 5000 before).
pub const MAX_READ_CHARS: usize = 20_000;

/// The label of a PEM block, which says what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// `CERTIFICATE` (RFC 7468 5.1)
    Certificate,
    /// `CERTIFICATE REQUEST` (RFC 7468 7) or `NEW CERTIFICATE REQUEST`, which it says parsers may
    /// meet
    CertificateRequest,
}

impl Label {
    /// The label that we write, and expect first.
    pub const fn as_str(self) -> &'static str {
        match self {
            Label::Certificate => "CERTIFICATE",
            Label::CertificateRequest => "CERTIFICATE REQUEST",
        }
    }

    fn matches_text(self, found: &str) -> bool {
        found == self.as_str()
            || (self == Label::CertificateRequest && found == "NEW CERTIFICATE REQUEST")
    }
}

/// One character of the documented pattern `[a-zA-Z0-9+-/=\s]*`, in which `+-/` is a range:
/// `+ , - . /` (docs/verification.md).
pub const fn is_documented(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+'..=b'/' | b'=') || is_space(byte)
}

/// `\s`
const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C)
}

/// The DER of the one block that `text` is, with nothing but white space around it.
///
/// # Errors
/// Anything else: see [`PemError`]. A private key is named as one and none of it is shown.
pub fn decode(text: &[u8], expected: Label) -> Result<Vec<u8>, PemError> {
    // A text that passes holds blocks, and none is a key's: only what is refused needs the look.
    documented_text(text)
        .and_then(|text| one_block(text, expected))
        .map_err(|fault| unless_private_key(fault, text, expected))
}

/// The DER of each block of `text`, in order, with nothing but white space around and between
/// them: for texts that may hold what stands above a certificate as well.
///
/// # Errors
/// As [`decode`], but that more than one block is none.
pub fn decode_several(text: &[u8], expected: Label) -> Result<Vec<Vec<u8>>, PemError> {
    documented_text(text)
        .and_then(|text| several_blocks(text, expected))
        .map_err(|fault| unless_private_key(fault, text, expected))
}

fn unless_private_key(fault: PemError, text: &[u8], expected: Label) -> PemError {
    if is_own_key_file(text) {
        PemError::PrivateKey {
            expected: expected.as_str(),
        }
    } else {
        fault
    }
}

/// White space as the documented pattern has it.
fn trim_space(text: &str) -> &str {
    text.trim_matches(|c: char| u8::try_from(c).is_ok_and(is_space))
}

/// Refuses what people bring that holds no PEM text as it is, and is known by its beginning.
fn refuse_non_text(text: &[u8], meaning: &'static str) -> Result<(), PemError> {
    let utf16 = |encoding| Err(PemError::Utf16 { encoding });
    match text {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => return utf16(Utf16Encoding::WithMark),
        // Two characters of ASCII.
        [1..=0x7F, 0, 1..=0x7F, 0, ..] => return utf16(Utf16Encoding::LittleEndian),
        [0, 1..=0x7F, 0, 1..=0x7F, ..] => return utf16(Utf16Encoding::BigEndian),
        _ => {}
    }
    let word = text.trim_ascii();
    let word = word
        .strip_prefix(b"\"")
        .and_then(|word| word.strip_suffix(b"\""))
        .unwrap_or(word);
    quote::known_word(word, &["None", "null"])
        .map_or(Ok(()), |word| Err(PemError::NoValue { word, meaning }))
}

/// `None` or `null` where the service was asked for a cluster's CSR or certificate.
const NOT_YET: &str = "the cluster had none yet. Fetch it again when `hsmboot wait --cluster-id ID \
                       --for csr` has ended";

/// The text without the white space around it, of a documented length and of documented characters
/// alone.
fn documented_text(text: &[u8]) -> Result<&str, PemError> {
    if text.is_empty() {
        return Err(PemError::Empty);
    }
    refuse_non_text(text, NOT_YET)?;
    if text.starts_with(&[0xEF, 0xBB, 0xBF]) {
        return Err(PemError::ByteOrderMark);
    }
    // A SEQUENCE of 128 octets or more; as text the second would not be ASCII.
    if matches!(text, [tag::SEQUENCE, 0x80..=0xFF, ..]) {
        return Err(PemError::Der);
    }
    if text.len() > MAX_READ_CHARS {
        return Err(PemError::TooLong { found: text.len() });
    }
    // Without a way out of the loop the compiler looks at many bytes at a time.
    let documented = text
        .iter()
        .fold(true, |all, byte| all & is_documented(*byte));
    if let Some(at) = text
        .iter()
        .position(|byte| !documented && !is_documented(*byte))
    {
        let line = 1 + text.iter().take(at).filter(|b| **b == b'\n').count();
        return Err(PemError::Character {
            byte: text.get(at).copied().unwrap_or(0),
            line,
        });
    }
    // Every byte is ASCII now.
    match trim_space(std::str::from_utf8(text).map_err(|_| PemError::Base64)?) {
        "" => Err(PemError::Empty),
        text => Ok(text),
    }
}

const BEGIN: &str = "-----BEGIN ";

fn one_block(text: &str, expected: Label) -> Result<Vec<u8>, PemError> {
    match text.matches(BEGIN).count() {
        0 => {
            return Err(PemError::NoBlock {
                expected: expected.as_str(),
            });
        }
        1 => {}
        found => return Err(PemError::Blocks { found }),
    }
    match first_block(text, expected)? {
        (der, "") => Ok(der),
        _ => Err(PemError::TextAround { place: "after" }),
    }
}

fn several_blocks(text: &str, expected: Label) -> Result<Vec<Vec<u8>>, PemError> {
    if !text.contains(BEGIN) {
        return Err(PemError::NoBlock {
            expected: expected.as_str(),
        });
    }
    let (first, mut rest) = first_block(text, expected)?;
    let mut blocks = vec![first];
    while !rest.is_empty() {
        // The next block begins on a line of its own.
        let next = rest
            .strip_prefix(['\n', '\r'])
            .map(trim_space)
            .filter(|next| next.starts_with(BEGIN))
            .ok_or(PemError::TextAround { place: "after" })?;
        let (der, after) = first_block(next, expected)?;
        blocks.push(der);
        rest = after;
    }
    Ok(blocks)
}

/// The DER of the block that `text` begins with, and what follows it.
fn first_block(text: &str, expected: Label) -> Result<(Vec<u8>, &str), PemError> {
    let inside = text
        .strip_prefix(BEGIN)
        .ok_or(PemError::TextAround { place: "before" })?;
    // The BEGIN line is a line, and what it says ends there (RFC 7468 section 3, "preeb").
    let line = inside.split(['\n', '\r']).next().unwrap_or_default();
    let (label, _) = line.split_once("-----").ok_or(PemError::Unclosed)?;
    if !expected.matches_text(label) {
        let expected = expected.as_str();
        return Err(quote::known_label(label.as_bytes())
            .map_or(PemError::UnknownLabel { expected }, |found| {
                PemError::Label { found, expected }
            }));
    }
    let (_, body) = inside.split_once("-----").ok_or(PemError::Unclosed)?;
    let (body, after) = body
        .split_once(&format!("-----END {label}-----"))
        .ok_or(PemError::Unclosed)?;
    // Boundaries stand on lines of their own, and lines end in LF or CRLF (RFC 7468 section 2).
    // Lines may be of any length; a blank, a lone CR or another white space among the base64 is
    // nothing that a tool writes.
    let lines: Vec<&str> = body
        .split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
        .collect();
    match lines.as_slice() {
        all if all.iter().all(|line| line.is_empty()) => Err(PemError::EmptyBlock),
        ["", middle @ .., ""] => STANDARD
            .decode(middle.concat())
            .map(|der| (der, after))
            .map_err(|_| PemError::Base64),
        _ => Err(PemError::Base64),
    }
    .map_err(|fault| {
        let all: String = lines
            .concat()
            .split([' ', '\t', '\x0b', '\x0c', '\r'])
            .collect();
        let by_blanks = all.len() < lines.iter().map(|line| line.len()).sum()
            && !all.is_empty()
            && STANDARD.decode(all).is_ok();
        match lines.as_slice() {
            _ if by_blanks => PemError::Blanks,
            [one] if STANDARD.decode(one).is_ok_and(|der| !der.is_empty()) => PemError::OneLine,
            _ => fault,
        }
    })
}

/// The canonical text: 64 columns, LF, a last newline (RFC 7468 section 3, "stricttextualmsg").
/// This is what is written and sent.
pub fn encode(label: Label, der: &[u8]) -> String {
    let block = ::pem::Pem::new(label.as_str(), der);
    ::pem::encode_config(
        &block,
        ::pem::EncodeConfig::new().set_line_ending(::pem::LineEnding::LF),
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn good_pem() -> String {
        encode(Label::Certificate, &[0x30, 3, 2, 1, 5])
    }

    fn decode_error(text: impl AsRef<[u8]>) -> PemError {
        decode(text.as_ref(), Label::Certificate).unwrap_err()
    }

    #[test]
    fn white_space_around_and_crlf_are_fine() {
        for text in [
            good_pem(),
            good_pem().replace('\n', "\r\n"),
            good_pem().trim_end().to_owned(),
            format!("\n\n  {}\n\n", good_pem()),
        ] {
            assert_eq!(
                decode(text.as_bytes(), Label::Certificate).unwrap(),
                [0x30, 3, 2, 1, 5]
            );
        }
        let request = good_pem().replace("CERTIFICATE", "NEW CERTIFICATE REQUEST");
        assert!(decode(request.as_bytes(), Label::CertificateRequest).is_ok());
    }

    #[test]
    fn a_block_without_anything_in_it_is_none() {
        for inside in ["", "\n", "\n\n"] {
            let text = format!("-----BEGIN CERTIFICATE-----\n{inside}-----END CERTIFICATE-----\n");
            assert_eq!(decode_error(&text), PemError::EmptyBlock, "{text}");
        }
    }

    #[test]
    fn a_sentence_that_names_a_boundary_is_no_block() {
        for sentence in [
            "The certificate ends with -----END CERTIFICATE-----",
            "until -----END CERTIFICATE----- is read",
        ] {
            let text = format!("{}{sentence}\n", good_pem());
            assert_eq!(
                decode_certificates(text.as_bytes()).unwrap(),
                [[0x30, 3, 2, 1, 5]],
                "{text}"
            );
        }
    }

    #[test]
    fn an_operators_file_is_read_whatever_stands_around_its_certificates() {
        let all = |text: &[u8]| decode_certificates(text);
        let one = || vec![vec![0x30, 3, 2, 1, 5]];
        for text in [
            good_pem(),
            good_pem().trim_end().to_owned(),
            good_pem().replace('\n', "\r\n"),
            good_pem().replace('\n', "\n    "),
            format!("Certificate:\n    Data: é \"_\" (x)\n{}after\n", good_pem()),
            format!(
                "Bag Attributes\n    friendlyName: ca\nsubject=CN = é\n\n{}\n",
                good_pem()
            ),
            format!("\u{feff}{}", good_pem()),
            good_pem().replace("CERTIFICATE", "X509 CERTIFICATE"),
            good_pem().replace("MAMC", "MA MC"),
            good_pem().replace('\n', ""),
            good_pem().replace('\n', " "),
            good_pem().replace('\n', "\\n"),
            good_pem().replace('\n', "\\r\\n"),
            format!(
                "{{\"Certificate\": \"{}\"}}\n",
                good_pem().replace('\n', "\\n")
            ),
            good_pem().replace("-----\nM", "-----M"),
            good_pem().replace("=\n-----", "=-----"),
        ] {
            assert_eq!(all(text.as_bytes()).unwrap(), one(), "{text}");
        }
        assert_eq!(
            all((good_pem() + "text\n" + &good_pem()).as_bytes())
                .unwrap()
                .len(),
            2
        );
        let der = [&[0x30, 0x82, 1, 0][..], &[0; 256]].concat();
        for behind in [&b""[..], b"\n", b"\r\n", b"\0", b"\0\0\n"] {
            assert_eq!(
                all(&[&der, behind].concat()).unwrap(),
                std::slice::from_ref(&der)
            );
        }
        // What else stands there is not passed over.
        let more = [&der[..], &[0, 1]].concat();
        assert_eq!(all(&more).unwrap(), std::slice::from_ref(&more));
        for line in [good_pem().replace('\n', ""), good_pem().replace('\n', " ")] {
            assert_eq!(all(line.repeat(2).as_bytes()).unwrap().len(), 2, "{line}");
        }
    }

    #[test]
    fn what_is_no_certificate_in_an_operators_file_is_refused() {
        let error = |text: &str| decode_certificates(text.as_bytes()).unwrap_err();
        assert_eq!(error(""), PemError::Empty);
        assert_eq!(
            error("hello"),
            PemError::NoBlock {
                expected: "CERTIFICATE"
            }
        );
        assert_eq!(error(&good_pem().replace("END", "ENT")), PemError::Unclosed);
        assert_eq!(
            error(&(good_pem() + "-----END CERTIFICATE-----\n")),
            PemError::Unclosed
        );
        assert_eq!(
            error(&good_pem().replacen("E-----", "E----", 1)),
            PemError::Unclosed
        );
        assert_eq!(
            error(&good_pem().replace("-----END", "-----BEGIN CERTIFICATE-----\n-----END")),
            PemError::Unclosed
        );
        assert_eq!(
            error(&good_pem().replace("MAMC", "MA!MC")),
            PemError::Base64
        );
        assert_eq!(
            error(&good_pem().replace("CERTIFICATE", "TRUSTED CERTIFICATE")),
            PemError::Trusted
        );
        assert_eq!(
            error(&good_pem().replace("CERTIFICATE", "PKCS7")),
            PemError::Pkcs7 { inform: "" }
        );
        assert_eq!(
            error(&good_pem().replacen("CERTIFICATE", "X509 CERTIFICATE", 1)),
            PemError::Unclosed
        );
        assert_eq!(
            error(&good_pem().replace("MAMCAQU=", "")),
            PemError::EmptyBlock
        );
        // Quotes stand around line breaks that are written out, and nowhere else.
        assert_eq!(
            error(&good_pem().replace("MAMC", "MA\"MC")),
            PemError::Base64
        );
        assert!(matches!(
            error(&good_pem().replace("CERTIFICATE", "X509 CRL")),
            PemError::Label { .. }
        ));
        assert_eq!(
            error(&good_pem().replace("CERTIFICATE", "BANANA")),
            PemError::UnknownLabel {
                expected: "CERTIFICATE"
            }
        );
        let key = format!(
            "{}-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n",
            good_pem()
        );
        assert_eq!(
            error(&key),
            PemError::PrivateKey {
                expected: "CERTIFICATE"
            }
        );
        assert!(!error(&key).to_string().contains("c2Vj"));
        assert_eq!(
            decode_certificates(&[0xFF, 0xFE, b'-', 0]),
            Err(PemError::Utf16 {
                encoding: Utf16Encoding::WithMark
            })
        );
        let pkcs8 = [&[0x30, 0x82, 1, 0, 2, 1, 0][..], &[0; 253]].concat();
        assert_eq!(
            decode_certificates(&pkcs8),
            Err(PemError::PrivateKey {
                expected: "CERTIFICATE"
            })
        );
    }

    #[test]
    fn twenty_thousand_characters_are_the_last_that_pass() {
        let pad = MAX_READ_CHARS - good_pem().len();
        assert!(
            decode(
                format!("{}{}", good_pem(), "\n".repeat(pad)).as_bytes(),
                Label::Certificate
            )
            .is_ok()
        );
        assert_eq!(
            decode_error(format!("{}{}", good_pem(), "\n".repeat(pad + 1))),
            PemError::TooLong { found: 20_001 }
        );
    }

    #[test]
    fn several_blocks_are_read_where_they_may_be_and_nothing_between_them() {
        let other = encode(Label::Certificate, &[0x30, 3, 2, 1, 6]);
        let both = |between: &str| {
            decode_several(
                format!("{}{between}{other}", good_pem().trim_end()).as_bytes(),
                Label::Certificate,
            )
        };
        for between in ["\n", "\r\n", "\n\n \t\n"] {
            assert_eq!(
                both(between).unwrap(),
                [vec![0x30, 3, 2, 1, 5], vec![0x30, 3, 2, 1, 6]],
                "{between:?}"
            );
        }
        assert_eq!(
            decode_several(good_pem().as_bytes(), Label::Certificate).unwrap(),
            [[0x30, 3, 2, 1, 5]]
        );
        for between in [
            "",
            " ",
            "x\n",
            "\nx\n",
            "\nsubject=CN\n",
            "\n-----BEGIN CERTIFICATE-----\n",
        ] {
            assert!(both(between).is_err(), "{between:?}");
        }
        let refused =
            |text: String| decode_several(text.as_bytes(), Label::Certificate).unwrap_err();
        assert_eq!(
            refused(format!("{}after", good_pem())),
            PemError::TextAround { place: "after" }
        );
        assert_eq!(
            refused(format!("before\n{}", good_pem())),
            PemError::TextAround { place: "before" }
        );
        assert_eq!(
            refused(format!("{}between\n{other}", good_pem())),
            PemError::TextAround { place: "after" }
        );
        assert!(matches!(
            refused(good_pem() + &other.replace("CERTIFICATE", "X509 CRL")),
            PemError::Label { .. }
        ));
        let key = "-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n-----END RSA PRIVATE KEY-----\n";
        assert_eq!(
            refused(good_pem() + key),
            PemError::PrivateKey {
                expected: "CERTIFICATE"
            }
        );
        assert_eq!(
            refused(good_pem() + &"\n".repeat(MAX_READ_CHARS)),
            PemError::TooLong {
                found: MAX_READ_CHARS + good_pem().len()
            }
        );
        assert_eq!(
            refused("hello".to_owned()),
            PemError::NoBlock {
                expected: "CERTIFICATE"
            }
        );
        assert_eq!(refused(String::new()), PemError::Empty);
    }

    #[test]
    fn anything_but_one_block_is_refused() {
        assert_eq!(decode_error(""), PemError::Empty);
        assert_eq!(decode_error("  \n"), PemError::Empty);
        assert_eq!(
            decode_error(format!("\u{feff}{}", good_pem())),
            PemError::ByteOrderMark
        );
        assert_eq!(
            decode_error(format!("subject=CN\n{}", good_pem())),
            PemError::TextAround { place: "before" }
        );
        assert_eq!(
            decode_error(format!("{}after", good_pem())),
            PemError::TextAround { place: "after" }
        );
        assert_eq!(
            decode_error(good_pem() + &good_pem()),
            PemError::Blocks { found: 2 }
        );
        assert_eq!(
            decode_error(format!("a: b\n{}", good_pem())),
            PemError::Character {
                byte: b':',
                line: 1
            }
        );
        assert_eq!(
            decode_error(format!("{}\0", good_pem())),
            PemError::Character { byte: 0, line: 4 }
        );
        assert!(matches!(
            decode_error(good_pem().replace("CERTIFICATE", "X509 CRL")),
            PemError::Label { .. }
        ));
        assert_eq!(
            decode_error(good_pem().replace("END", "ENT")),
            PemError::Unclosed
        );
        assert_eq!(
            decode_error(good_pem().replace("MAMCAQU=", "MAMCAQV=")),
            PemError::Base64
        );
        assert_eq!(
            decode_error(good_pem().replace("MAMCAQU=", "MAMCAQU")),
            PemError::Base64
        );
        assert_eq!(
            decode_error(good_pem().replace("-----\nM", "-----M")),
            PemError::Base64
        );
        assert_eq!(
            decode_error(good_pem().replace('\n', "")),
            PemError::OneLine
        );
        assert_eq!(
            decode_error(
                good_pem()
                    .replace('\n', "")
                    .replace("MAMC", "MA!MC")
                    .replace('!', "")
            ),
            PemError::OneLine
        );
        for white in [" ", "\t", "\x0b", "\r"] {
            assert_eq!(
                decode_error(good_pem().replace("MAMC", &format!("MAMC{white}"))),
                PemError::Blanks,
                "{white:?}"
            );
        }
        assert_eq!(
            decode_error("hello"),
            PemError::NoBlock {
                expected: "CERTIFICATE"
            }
        );
        assert_eq!(decode_error([0x30, 0x82, 1, 1]), PemError::Der);
        // A BEGIN line without its dashes does not run on into the next line.
        assert_eq!(
            decode_error(good_pem().replacen("E-----", "E----", 1)),
            PemError::Unclosed
        );
        assert_eq!(
            decode_error(good_pem().replace("CERTIFICATE", "BANANA")),
            PemError::UnknownLabel {
                expected: "CERTIFICATE"
            }
        );
        assert_eq!(
            decode_error(good_pem().replace('\n', "\n    ")),
            PemError::Blanks
        );
        for (word, text) in [
            ("None", "None\n"),
            ("None", "None\r\n"),
            ("null", "null"),
            ("null", "\"null\"\n"),
        ] {
            let said = decode_error(text).to_string();
            assert!(
                said.contains(&format!("`{word}`"))
                    && said.contains("hsmboot wait --cluster-id ID --for csr"),
                "{said}"
            );
            let said = decode_certificates(text.as_bytes())
                .unwrap_err()
                .to_string();
            assert!(
                said.contains(&format!("`{word}`"))
                    && said.contains("CertificateChain")
                    && !said.contains("cluster"),
                "{said}"
            );
        }
        let units = |text: String| text.encode_utf16().collect::<Vec<u16>>();
        let little: Vec<u8> = units(good_pem())
            .into_iter()
            .flat_map(u16::to_le_bytes)
            .collect();
        let big: Vec<u8> = units(good_pem())
            .into_iter()
            .flat_map(u16::to_be_bytes)
            .collect();
        for (encoding, text) in [
            (Utf16Encoding::LittleEndian, little.clone()),
            (Utf16Encoding::BigEndian, big),
            (
                Utf16Encoding::WithMark,
                [&[0xFF, 0xFE][..], &little].concat(),
            ),
        ] {
            assert_eq!(decode_error(&text), PemError::Utf16 { encoding });
            assert_eq!(
                decode_certificates(&text),
                Err(PemError::Utf16 { encoding })
            );
        }
        let key = decode_error(
            "-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n-----END RSA PRIVATE KEY-----\n",
        );
        assert!(!key.to_string().contains("c2Vj"));
        assert_eq!(
            key,
            PemError::PrivateKey {
                expected: "CERTIFICATE"
            }
        );
    }
}

//! Names in certificates in every string type, hostile ones among them.

use hsmboot::x509::der::{encode_oid, encode_sequence, encode_set, encode_tlv};

use super::support::hostile::HOSTILE;
use super::*;

/// A way to write a text into a name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Writing {
    /// As it is (UTF8String).
    Utf8,
    /// Two octets a character (BMPString).
    TwoOctets,
    /// Four (UniversalString).
    FourOctets,
    /// One, under this tag: ASCII alone.
    Ascii(u8),
    /// One, under this tag: Latin-1, as these types are used; what it lacks is left out.
    Latin(u8),
    /// Octets that are no character, under this tag.
    Odd(u8),
}

impl Writing {
    /// Those that are read.
    pub(super) const READ: [Writing; 10] = [
        Writing::Utf8,
        Writing::TwoOctets,
        Writing::FourOctets,
        Writing::Ascii(tag::IA5_STRING),
        Writing::Ascii(tag::VISIBLE_STRING),
        Writing::Latin(tag::TELETEX_STRING),
        Writing::Latin(tag::GENERAL_STRING),
        Writing::Latin(tag::GRAPHIC_STRING),
        Writing::Odd(tag::TELETEX_STRING),
        Writing::Odd(tag::BMP_STRING),
    ];
    /// Those whose type has no such characters (X.680 41), so that the certificate is malformed.
    pub(super) const MALFORMED: [Writing; 4] = [
        Writing::Ascii(tag::PRINTABLE_STRING),
        Writing::Ascii(tag::NUMERIC_STRING),
        Writing::Latin(tag::IA5_STRING),
        Writing::Odd(tag::UTF8_STRING),
    ];

    /// Whether OpenSSL reads it in a name, so that a cluster's clients can be given such a CA.
    pub(super) fn is_for_clients(self) -> bool {
        !matches!(
            self,
            Writing::Ascii(tag::VISIBLE_STRING)
                | Writing::Latin(tag::GENERAL_STRING | tag::GRAPHIC_STRING)
                | Writing::Odd(tag::BMP_STRING)
        )
    }

    fn value(self, text: &str) -> Vec<u8> {
        let wide = |text: &str| {
            text.encode_utf16()
                .flat_map(u16::to_be_bytes)
                .collect::<Vec<u8>>()
        };
        match self {
            Writing::Utf8 => encode_tlv(tag::UTF8_STRING, &[text.as_bytes()]),
            Writing::TwoOctets => encode_tlv(tag::BMP_STRING, &[&wide(text)]),
            Writing::FourOctets => encode_tlv(
                tag::UNIVERSAL_STRING,
                &[&text
                    .chars()
                    .flat_map(|c| u32::from(c).to_be_bytes())
                    .collect::<Vec<u8>>()],
            ),
            Writing::Ascii(tag) => encode_tlv(
                tag,
                &[&text
                    .chars()
                    .filter_map(|c| u8::try_from(c).ok().filter(u8::is_ascii))
                    .collect::<Vec<u8>>()],
            ),
            Writing::Latin(tag) => encode_tlv(
                tag,
                &[&text
                    .chars()
                    .filter_map(|c| u8::try_from(c).ok())
                    .collect::<Vec<u8>>()],
            ),
            // Halves of surrogate pairs, and a line break.
            Writing::Odd(tag::BMP_STRING) => encode_tlv(
                tag::BMP_STRING,
                &[&wide(text), b"\xd8\x00\x00\x0a\xdc\x00", &wide(text)],
            ),
            Writing::Odd(tag) => encode_tlv(
                tag,
                &[
                    text.as_bytes(),
                    b"\xff\xfe\x80\x1b[8m\x0d\x0aFORGED\xe2\x80",
                ],
            ),
        }
    }

    /// A name of one RDN with O and an attribute that nobody knows, and one with this in its CN.
    pub(super) fn name(self, common_name: &str) -> Vec<u8> {
        let attribute =
            |kind: &str, text: &str| encode_sequence(&[&encode_oid(kind), &self.value(text)]);
        let mut first = [
            attribute("2.5.4.10", &format!("O{HOSTILE}")),
            attribute("1.3.6.1.4.1.99999.7", &format!("?{HOSTILE}")),
        ];
        first.sort();
        encode_sequence(&[
            &encode_set(&[&first[0], &first[1]]),
            &encode_set(&[&attribute("2.5.4.3", &format!("{common_name}{HOSTILE}"))]),
        ])
    }
}

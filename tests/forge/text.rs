//! Defects of the text around the DER: `pem.<input>`. Each is tried on every input and kept on one,
//! in turn.

use super::chain::{Bundle, Chain, Input};
use super::fixture::{Fixture, unread};
use super::keys;
use super::pem::{pem, unpem};

impl Bundle {
    pub fn text_mut(&mut self, input: Input) -> &mut Vec<u8> {
        match input {
            Input::Csr => &mut self.csr,
            Input::Hsm => &mut self.hsm,
            Input::AwsHardware => &mut self.aws_hardware,
            Input::ManufacturerHardware => &mut self.manufacturer_hardware,
        }
    }
}

/// A defect: what to do with a well-formed text of the given input. None: it cannot be done to this
/// one.
type Defect = fn(Input, &str) -> Option<Vec<u8>>;

const DEFECTS: &[(&str, &str, Defect)] = &[
    ("empty", "an empty file", |_, _| text("")),
    ("white-space", "a file of white space alone", |_, _| {
        text(" \r\n\t\n")
    }),
    ("bom", "a byte order mark before the block", |_, good| {
        text(format!("\u{feff}{good}"))
    }),
    ("nul", "a NUL after the block", |_, good| {
        text(format!("{good}\0"))
    }),
    ("nul-inside", "a NUL in the base64", |_, good| {
        insert(good, "\0")
    }),
    (
        "no-break-space",
        "a no-break space after the block: not white space of the documented pattern",
        |_, good| text(format!("{good}\u{a0}\n")),
    ),
    (
        "text-before",
        "text before the block, as `openssl req -text` writes it",
        |_, good| text(format!("Data\n    Version 1\n{good}")),
    ),
    ("text-after", "text after the block", |_, good| {
        text(format!("{good}the end\n"))
    }),
    (
        "text-on-the-last-line",
        "text on the line that ends the block",
        |_, good| text(format!("{} x\n", good.trim_end())),
    ),
    ("two-blocks", "the block twice", |_, good| {
        text(good.repeat(2))
    }),
    (
        "text-between-blocks",
        "text between two blocks",
        |_, good| text(format!("{good}the end\n{good}")),
    ),
    (
        "blocks-on-one-line",
        "two blocks without a line end between them",
        |_, good| text(good.trim_end().repeat(2)),
    ),
    (
        "second-block-cut-off",
        "a second block without its end",
        |_, good| text(format!("{good}{}", &good[..good.find("-----END").unwrap()])),
    ),
    (
        "second-block-no-certificate",
        "a second block that is no certificate",
        |input, good| text([good.as_bytes(), &pem(input.label(), &der_of_nothing())].concat()),
    ),
    (
        "second-block-a-key",
        "a private key under a second block's label",
        |input, good| {
            text(
                [
                    good.as_bytes(),
                    &pem(input.label(), &keys::key_file("rsa-2048-stranger")),
                ]
                .concat(),
            )
        },
    ),
    (
        "second-block-of-another-label",
        "a private key below the block",
        |_, good| text([good.as_bytes(), &keys::key_text("rsa-2048-stranger")].concat()),
    ),
    ("wrong-label", "a label of something else", |input, good| {
        let other = if input == Input::Csr {
            "CERTIFICATE"
        } else {
            "TRUSTED CERTIFICATE"
        };
        text(good.replace(input.label(), other))
    }),
    (
        "request-label",
        "the label of the other kind of input",
        |input, good| {
            let other = if input == Input::Csr {
                "X509 CRL"
            } else {
                "CERTIFICATE REQUEST"
            };
            text(good.replace(input.label(), other))
        },
    ),
    (
        "lower-case-label",
        "a label in lower case",
        |input, good| text(good.replace(input.label(), &input.label().to_lowercase())),
    ),
    (
        "labels-differ",
        "BEGIN and END name different things",
        |input, good| {
            text(good.replace(
                &format!("END {}", input.label()),
                "END NEW CERTIFICATE REQUEST",
            ))
        },
    ),
    ("four-dashes", "four dashes where five belong", |_, good| {
        text(good.replacen("-----\n", "----\n", 1))
    }),
    ("no-end", "no line that ends the block", |_, good| {
        text(&good[..good.find("-----END").unwrap()])
    }),
    ("no-begin", "no line that begins the block", |_, good| {
        text(&good[good.find('\n').unwrap() + 1..])
    }),
    (
        "header",
        "a header inside the block (RFC 1421), with its colon",
        |_, good| text(good.replacen("-----\n", "-----\nProc-Type: 4,CLEAR\n\n", 1)),
    ),
    (
        "colon",
        "a colon after the block: outside the documented characters",
        |_, good| text(format!("{good}:\n")),
    ),
    ("base64-short", "a base64 character missing", |_, good| {
        let mut broken = good.as_bytes().to_vec();
        broken.remove(good.find('\n').unwrap() + 10);
        text(broken)
    }),
    (
        "base64-url",
        "the URL alphabet's underscore in the base64",
        |_, good| {
            let at = good.find('\n').unwrap() + 10;
            text([&good.as_bytes()[..at], b"_", &good.as_bytes()[at + 1..]].concat())
        },
    ),
    (
        "base64-padding-inside",
        "padding in the middle of the base64",
        |_, good| insert(good, "===="),
    ),
    ("base64-no-padding", "the padding left out", |_, good| {
        good.contains('=')
            .then(|| good.replace('=', "").into_bytes())
    }),
    (
        "base64-trailing-bits",
        "bits set that belong to no octet (RFC 4648 3.5)",
        trailing_bits,
    ),
    ("base64-nothing", "a block without content", |input, _| {
        text(pem(input.label(), &[]))
    }),
    (
        "20001-characters",
        "one character more than the service may return, all of it white space",
        |_, good| padded(good, 20001),
    ),
    (
        "private-key",
        "a private key where a certificate or request belongs",
        |_, _| text(keys::key_text("rsa-2048-stranger")),
    ),
    (
        "private-key-relabelled",
        "a private key under the label that belongs here",
        |input, _| text(pem(input.label(), &keys::key_file("rsa-2048-stranger"))),
    ),
    ("der", "DER where PEM belongs", |_, good| {
        text(unpem(good.as_bytes()))
    }),
    (
        "of-another-type",
        "a request where a certificate belongs, or the reverse, under the right label",
        |input, _| {
            let good = Chain::good();
            let other = if input == Input::Csr {
                good.hsm.der()
            } else {
                good.csr.der()
            };
            text(pem(input.label(), &other))
        },
    ),
    (
        "not-der",
        "base64 of something that is no DER",
        |input, _| text(pem(input.label(), b"hsmboot test")),
    ),
    (
        "truncated",
        "the last octet of the DER missing",
        |input, good| {
            let der = unpem(good.as_bytes());
            text(pem(input.label(), &der[..der.len() - 1]))
        },
    ),
    ("der-tail", "an element after the DER", |input, good| {
        text(pem(
            input.label(),
            &[unpem(good.as_bytes()), vec![5, 0]].concat(),
        ))
    }),
    ("der-zero", "a zero octet after the DER", |input, good| {
        text(pem(
            input.label(),
            &[unpem(good.as_bytes()), vec![0]].concat(),
        ))
    }),
];

fn text(text: impl Into<Vec<u8>>) -> Option<Vec<u8>> {
    Some(text.into())
}

/// A SEQUENCE that is neither a certificate nor a request.
fn der_of_nothing() -> Vec<u8> {
    super::der::seq(&[&super::der::int(&[5])])
}

/// Something in the middle of the base64's first line.
fn insert(good: &str, what: &str) -> Option<Vec<u8>> {
    let (before, after) = good.split_at(good.find('\n')? + 21);
    text([before, what, after].concat())
}

/// The text, filled up with line ends to a number of characters.
pub fn padded(good: &str, characters: usize) -> Option<Vec<u8>> {
    text(format!("{good}{}", "\n".repeat(characters - good.len())))
}

/// The last sextet has two or four bits that belong to no octet: sets the lowest.
fn trailing_bits(_: Input, good: &str) -> Option<Vec<u8>> {
    let last = good.find('=')? - 1;
    let mut bytes = good.as_bytes().to_vec();
    // Sextets with their low bits clear: A, E, I, Q, U, Y, c, g … 8; the next letter of the
    // alphabet sets the lowest bit.
    bytes[last] += 1;
    text(bytes)
}

pub fn fixtures() -> Vec<Fixture> {
    let good = Chain::good().bundle();
    let mut fixtures = Vec::new();
    for (number, (name, what, defect)) in DEFECTS.iter().enumerate() {
        let kept = Input::ALL[number % 4];
        let kept = if *name == "two-blocks" {
            Input::Hsm
        } else {
            kept
        };
        let kept = if applies(*defect, kept, &good) {
            kept
        } else {
            Input::AwsHardware
        };
        for input in Input::ALL {
            let mut bundle = good.clone();
            let well_formed = String::from_utf8(bundle.text_mut(input).clone()).unwrap();
            let Some(broken) = defect(input, &well_formed) else {
                continue;
            };
            // In a hardware certificate's text more blocks may stand.
            if *name == "two-blocks"
                && matches!(input, Input::AwsHardware | Input::ManufacturerHardware)
            {
                continue;
            }
            assert_ne!(broken, well_formed.as_bytes(), "{name} changes nothing");
            *bundle.text_mut(input) = broken;
            let id = format!("pem.{}", input.id());
            let fixture = Fixture::new(format!("{id}--{name}"), what, bundle);
            fixtures.push(
                fixture
                    .fails(&[&id])
                    .skips(&unread(input))
                    .kept_if(input == kept),
            );
        }
    }
    fixtures
}

fn applies(defect: Defect, input: Input, good: &Bundle) -> bool {
    let well_formed = String::from_utf8(good.clone().text_mut(input).clone()).unwrap();
    defect(input, &well_formed).is_some()
}

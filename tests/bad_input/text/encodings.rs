//! Text that is nearly PEM: marks, encodings, labels, sizes.

use super::*;

fn padded(good: &str, length: usize) -> Vec<u8> {
    format!("{good}{}", "\n".repeat(length - good.len())).into_bytes()
}

/// The text with other DER in it, under the same label.
fn with_der(good: &str, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let block = pem::parse(good).unwrap();
    let mut der = block.contents().to_vec();
    change(&mut der);
    pem::encode(&pem::Pem::new(block.tag(), der)).into_bytes()
}

#[test]
fn a_wrong_label() {
    let relabel = |good: &str| {
        good.replace("CERTIFICATE REQUEST", "CERTIFICATE")
            .replace("CERTIFICATE", "X509 CRL")
            .into()
    };
    refused_everywhere(relabel, &["labelled `X509 CRL`, expected `CERTIFICATE"]);
}

#[test]
fn broken_base64() {
    refused_everywhere(
        |good| good.replacen("\nM", "\n=", 1).into(),
        &["not base64"],
    );
}

#[test]
fn a_nul() {
    refused_of_the_service(
        |good| good.replacen("\nM", "\nM\0", 1).into(),
        &["byte 0x00 in line 2"],
    );
    refused_everywhere(|good| good.replacen("\nM", "\nM\0", 1).into(), &[]);
}

#[test]
fn a_byte_order_mark() {
    refused_of_the_service(
        |good| format!("\u{feff}{good}").into(),
        &["byte order mark"],
    );
    taken_of_the_owner(|good| format!("\u{feff}{good}").into());
}

#[test]
fn utf_16() {
    refused_everywhere(
        |good| {
            "\u{feff}"
                .chars()
                .chain(good.chars())
                .flat_map(|c| (c as u16).to_le_bytes())
                .collect()
        },
        &["byte order mark"],
    );
}

#[test]
fn a_colon() {
    refused_of_the_service(|good| format!("{good}:\n").into(), &["byte 0x3a in line"]);
    refused_everywhere(|good| good.replacen("\nM", "\nM:", 1).into(), &[]);
}

#[test]
fn der_with_a_tail() {
    refused_everywhere(|good| with_der(good, |der| der.extend([5, 0])), &["after"]);
}

#[test]
fn der_that_ends_early() {
    refused_everywhere(
        |good| with_der(good, |der| der.truncate(der.len() - 1)),
        &["ends in the middle"],
    );
}

#[test]
fn der_in_place_of_pem() {
    refused_of_the_service(
        |good| pem::parse(good).unwrap().into_contents(),
        &["this is DER (binary), expected PEM"],
    );
    taken_of_the_owner(|good| pem::parse(good).unwrap().into_contents());
}

#[test]
fn twenty_thousand_and_one_characters() {
    refused_of_the_service(
        |good| padded(good, 20_001),
        &["20001 characters", "at most 20000"],
    );
    taken_of_the_owner(|good| padded(good, 60_000));
}

#[test]
fn twenty_thousand_characters_crlf_and_no_last_newline_are_fine() {
    let fine: [fn(&str) -> Vec<u8>; 4] = [
        |good| padded(good, 20_000),
        |good| good.replace('\n', "\r\n").into(),
        |good| good.trim_end().into(),
        |good| format!("\r\n\t{good}\n \n").into(),
    ];
    for make in fine {
        everywhere(make, |bench, place| {
            bench
                .run(
                    &[
                        &place.args[..],
                        &["--force"][..usize::from(place.args[0] == "sign")],
                    ]
                    .concat(),
                )
                .expect(0);
        });
    }
}

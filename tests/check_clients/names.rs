//! Names that clients cannot read are refused before a claim.

use super::*;

/// Every type that a value of a name may have, in the trust anchor's name and so in what it signs:
/// what OpenSSL cannot read is refused before a claim, and what passes OpenSSL reads and verifies.
#[test]
fn names_that_clients_cannot_read_are_refused() {
    let text = b"Own";
    let mut values: Vec<(u8, Vec<u8>)> = (1..=30)
        .filter(|tag| *tag != 16 && *tag != 17)
        .map(|tag| (tag, text.to_vec()))
        .collect();
    let mut put = |tag: u8, content: &[u8]| {
        values.retain(|(found, content)| *found != tag || content != text);
        values.push((tag, content.to_vec()));
    };
    for (tag, content) in [
        (1, &b"\xff"[..]),
        (2, &[1]),
        (3, &[0, 1]),
        (5, &[]),
        (6, &[42, 3]),
        (10, &[1]),
        (18, b"12 3"),
    ] {
        put(tag, content);
    }
    for (tag, content) in [
        (23, &b"200101000000Z"[..]),
        (24, b"20200101000000Z"),
        (28, &[0, 0, 0, b'O']),
        (30, &[0, b'O']),
    ] {
        put(tag, content);
    }
    // An emoji in two halves, a half alone, a number past the last character.
    for (tag, content) in [
        (30, &[0xd8, 0x3d, 0xde, 0][..]),
        (30, &[0xd8, 0x3d]),
        (28, &[0, 0, 0xd8, 0]),
        (28, &[0, 0x11, 0, 0]),
    ] {
        put(tag, content);
    }
    put(12, "Öwner 😀".as_bytes());
    put(20, b"\xd6wner");
    let mut read = BTreeSet::new();
    for (tag, content) in values {
        let name = der::seq(&[&der::set_of(&[attribute_as(ORGANIZATION, tag, &content)])]);
        let mut pair = Pair::good();
        for part in [
            &mut pair.anchor.issuer,
            &mut pair.anchor.subject,
            &mut pair.leaf.issuer,
        ] {
            part.clone_from(&name);
        }
        let record = pair.record();
        let what = format!("tag {tag}: {content:02x?}");
        match record.error() {
            None => {
                assert_eq!(pair.openssl(), Ok(()), "{what}");
                read.insert(tag);
            }
            Some(error) if error.exit_code() == 4 => {
                assert!(
                    [0, 7, 8, 9, 11, 13, 14, 15, 29].contains(&tag) || tag == 4,
                    "{what}: {}",
                    error.message
                )
            }
            Some(error) => {
                assert_eq!(
                    ids(&record, Status::Fail),
                    BTreeSet::from(["check.form.signed-cert", "check.form.trust-anchor"]),
                    "{what}"
                );
                assert!(
                    error.message.to_string().contains("clients would refuse"),
                    "{what}: {}",
                    error.message
                );
                // The rest is nothing that a name holds.
                assert!(
                    pair.openssl().is_err() || [7, 8, 9, 10, 11, 13].contains(&tag),
                    "{what}"
                );
            }
        }
    }
    assert_eq!(read, BTreeSet::from([3, 12, 18, 19, 20, 22, 28, 30]));
}

/// The same of the names within extensions, which OpenSSL reads as well.
#[test]
fn names_in_extensions_that_clients_cannot_read_are_refused() {
    let odd = der::seq(&[&der::set_of(&[attribute_as(ORGANIZATION, 26, b"Own")])]);
    let mut pair = Pair::good();
    put(
        &mut pair.leaf,
        SUBJECT_ALT_NAME,
        false,
        &der::seq(&[&directory(&odd)]),
    );
    assert_eq!(
        (ids(&pair.record(), Status::Fail), pair.openssl().is_err()),
        (BTreeSet::from(["check.form.signed-cert"]), true)
    );
    let mut pair = Pair::good();
    constraints(&mut pair, true, &[], &[directory(&odd)]);
    assert_eq!(
        (ids(&pair.record(), Status::Fail), pair.openssl().is_err()),
        (BTreeSet::from(["check.form.trust-anchor"]), true)
    );
}

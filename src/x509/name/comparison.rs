//! Compares names, which may be the same though they are written differently (RFC 5280 7.1).

use super::super::der::{Reader, Tlv};
use super::{decode_string, walk_attributes};

/// One attribute: its type, and its value as it is compared.
type ComparableAttribute<'a> = (&'a [u8], ComparableValue<'a>);

/// An attribute's value, made ready to be compared.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum ComparableValue<'a> {
    /// A string of whichever type: letter case folded, blanks at both ends gone, those inside one
    /// each (RFC 4518 2.4 and 2.6.1).
    Text(String),
    /// Anything else, as it came.
    Raw(&'a [u8]),
}

/// The way in which two names are the same, or the finding that they are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// Byte for byte.
    Same,
    /// By the rules of RFC 5280 7.1 alone: see [`same_name`].
    Alike,
    /// Two names.
    Other,
}

/// Tells how two names, as they came, are the same.
pub fn compare_names(one: &[u8], other: &[u8]) -> Likeness {
    if one == other {
        Likeness::Same
    } else if same_name(one, other) {
        Likeness::Alike
    } else {
        Likeness::Other
    }
}

/// Tells whether two names, as they came, are equal byte for byte or by the rules of RFC 5280 7.1:
/// the same RDNs in the same order, each of the same attributes, whose values are the same text in
/// whichever string type and letter case.
///
/// Not done: Unicode normalisation (RFC 4518 2.3). What is no name equals only itself.
pub fn same_name(one: &[u8], other: &[u8]) -> bool {
    one == other || sorted_rdns(one).is_some_and(|rdns| sorted_rdns(other) == Some(rdns))
}

/// Tells whether `name` begins with the RDNs of `base`, compared as [`same_name`] does. That is the
/// meaning of a directoryName in name constraints (RFC 5280 4.2.1.10, 7.1).
pub(crate) fn is_within(name: &[u8], base: &[u8]) -> bool {
    let (Some(name), Some(base)) = (sorted_rdns(name), sorted_rdns(base)) else {
        return false;
    };
    name.get(..base.len()).is_some_and(|begin| begin == base)
}

/// The name's RDNs in their order, each one's attributes sorted: an RDN is a set.
fn sorted_rdns(name: &[u8]) -> Option<Vec<Vec<ComparableAttribute<'_>>>> {
    let outer = Reader::new(name, "a name").read_any().ok()?;
    let mut rdns: Vec<Vec<ComparableAttribute<'_>>> = Vec::new();
    walk_attributes(outer.content, "a name", |first, kind, value| {
        if first {
            rdns.push(Vec::new());
        }
        if let Some(rdn) = rdns.last_mut() {
            rdn.push((kind, comparable_value(&value)));
        }
    })
    .ok()?;
    for rdn in &mut rdns {
        rdn.sort_unstable();
    }
    Some(rdns)
}

fn comparable_value<'a>(value: &Tlv<'a>) -> ComparableValue<'a> {
    match decode_string(value) {
        // A character that could not be read would make different bytes equal.
        Some(text) if !text.contains('\u{fffd}') => ComparableValue::Text(
            text.to_lowercase()
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
        ),
        _ => ComparableValue::Raw(value.raw),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::der::{encode_oid, encode_sequence, encode_set, encode_tlv, tag};
    use super::*;

    fn attribute(kind: &str, string: u8, value: &[u8]) -> Vec<u8> {
        encode_sequence(&[&encode_oid(kind), &encode_tlv(string, &[value])])
    }

    fn named(string: u8, value: &[u8]) -> Vec<u8> {
        encode_sequence(&[
            &encode_set(&[&attribute("2.5.4.10", string, b"Example")]),
            &encode_set(&[&attribute("2.5.4.3", string, value)]),
        ])
    }

    #[test]
    fn string_type_letter_case_and_blanks_make_no_other_name() {
        let name = named(tag::UTF8_STRING, b"Example HSM CA");
        assert!(same_name(
            &name,
            &named(tag::PRINTABLE_STRING, b"Example HSM CA")
        ));
        assert!(same_name(
            &name,
            &named(tag::TELETEX_STRING, b" example  HSM ca ")
        ));
        let wide = encode_sequence(&[&encode_set(&[&attribute(
            "2.5.4.3",
            tag::BMP_STRING,
            b"\0C\0a",
        )])]);
        assert!(same_name(
            &wide,
            &encode_sequence(&[&encode_set(&[&attribute(
                "2.5.4.3",
                tag::UTF8_STRING,
                b"CA"
            )])])
        ));
    }

    #[test]
    fn another_text_type_order_or_structure_is_another_name() {
        let name = named(tag::UTF8_STRING, b"Example CA");
        let organisation = attribute("2.5.4.10", tag::UTF8_STRING, b"Example");
        let common = attribute("2.5.4.3", tag::UTF8_STRING, b"Example CA");
        assert!(!same_name(&name, &named(tag::UTF8_STRING, b"Example CB")));
        assert!(!same_name(&name, &named(tag::UTF8_STRING, b"ExampleCA")));
        assert!(!same_name(
            &name,
            &encode_sequence(&[&encode_set(&[&common]), &encode_set(&[&organisation])])
        ));
        assert!(!same_name(
            &name,
            &encode_sequence(&[&encode_set(&[&organisation, &common])])
        ));
        assert!(!same_name(
            &name,
            &encode_sequence(&[&encode_set(&[&organisation])])
        ));
        let other_kind = attribute("2.5.4.11", tag::UTF8_STRING, b"Example CA");
        assert!(!same_name(
            &name,
            &encode_sequence(&[&encode_set(&[&organisation]), &encode_set(&[&other_kind])])
        ));
        // Two that cannot be read are not the same for that.
        assert!(!same_name(
            &named(tag::UTF8_STRING, &[0xFF]),
            &named(tag::UTF8_STRING, &[0xFE])
        ));
        assert!(same_name(&[1, 2, 3], &[1, 2, 3]) && !same_name(&[1, 2, 3], &[1, 2, 4]));
    }

    #[test]
    fn the_attributes_of_one_rdn_are_a_set() {
        let (one, two) = (
            attribute("2.5.4.8", tag::UTF8_STRING, b"CA"),
            attribute("2.5.4.6", tag::PRINTABLE_STRING, b"US"),
        );
        let (two_retyped, swapped) = (
            attribute("2.5.4.6", tag::UTF8_STRING, b"us"),
            attribute("2.5.4.8", tag::PRINTABLE_STRING, b"CA"),
        );
        assert!(same_name(
            &encode_sequence(&[&encode_set(&[&one, &two])]),
            &encode_sequence(&[&encode_set(&[&two_retyped, &swapped])])
        ));
    }

    #[test]
    fn a_name_lies_within_what_it_begins_with() {
        let (country, organisation) = (
            attribute("2.5.4.6", tag::PRINTABLE_STRING, b"US"),
            attribute("2.5.4.10", tag::UTF8_STRING, b"Cavium"),
        );
        let rdn = encode_set(&[&country, &organisation]);
        let name = encode_sequence(&[
            &rdn,
            &encode_set(&[&attribute("2.5.4.3", tag::UTF8_STRING, b"HSM")]),
        ]);
        let base = encode_sequence(&[&encode_set(&[
            &attribute("2.5.4.6", tag::UTF8_STRING, b"us"),
            &attribute("2.5.4.10", tag::PRINTABLE_STRING, b" cavium "),
        ])]);
        assert!(
            is_within(&name, &base)
                && is_within(&name, &name)
                && is_within(&name, &encode_sequence(&[]))
        );
        assert!(!is_within(&base, &name));
        // One RDN of two attributes is not two RDNs of one.
        let apart = encode_sequence(&[&encode_set(&[&country]), &encode_set(&[&organisation])]);
        assert!(!is_within(&apart, &base) && !is_within(&name, &apart));
    }
}

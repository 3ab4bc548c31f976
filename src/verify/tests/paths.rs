//! Which way up is taken where several lead up, or none does.

use super::*;
use crate::verify::path::ChainPath;

struct Keys {
    a: KeyPair,
    b: KeyPair,
    x: KeyPair,
    other: KeyPair,
    hsm: KeyPair,
}

fn keys() -> Keys {
    let make = || KeyPair::generate().unwrap();
    Keys {
        a: make(),
        b: make(),
        x: make(),
        other: make(),
        hsm: make(),
    }
}

fn file_of(path: &ChainPath<'_>) -> String {
    format!("{:?}", path.anchor.unwrap().source())
}

#[test]
fn a_whole_way_is_taken_before_a_broken_one_with_more_in_it() {
    let keys = keys();
    let anchors = [root("A", &keys.a, "a.crt"), root("B", &keys.b, "b.crt")];
    let hardware = certificate("HSM", &keys.hsm, "A", &keys.a);
    // It bears the issuer's name and is genuine, but did not sign.
    let posing = certificate("A", &keys.other, "B", &keys.b);
    let path = ChainPath::find_best(&anchors, Some(&hardware), &[posing]);
    assert!(path.intermediates.is_empty() && path.signed);
    assert!(file_of(&path).contains("a.crt"));
    // One that did sign, below one that did not sign that: two names lead up to a root.
    let cross = certificate("A", &keys.a, "X", &keys.other);
    let above = certificate("X", &keys.x, "B", &keys.b);
    let path = ChainPath::find_best(&anchors, Some(&hardware), &[cross, above]);
    assert!(path.intermediates.is_empty() && path.signed);
    assert!(file_of(&path).contains("a.crt"));
}

/// Where no way holds, the one whose record tells most is taken.
#[test]
fn a_broken_way_that_ends_in_a_root_tells_more_than_none() {
    let keys = keys();
    let anchors = [root("B", &keys.b, "b.crt")];
    let hardware = certificate("HSM", &keys.hsm, "A", &keys.a);
    let posing = certificate("A", &keys.other, "B", &keys.b);
    let path = ChainPath::find_best(&anchors, Some(&hardware), &[posing]);
    assert_eq!((&path.intermediates[..], path.signed), (&[0][..], true));
}

#[test]
fn of_equals_the_first_is_taken() {
    let keys = keys();
    let hardware = certificate("HSM", &keys.hsm, "A", &keys.a);
    let twice = [
        root("A", &keys.a, "first.crt"),
        root("A", &keys.a, "second.crt"),
    ];
    let path = ChainPath::find_best(&twice, Some(&hardware), &[]);
    assert!(path.signed && file_of(&path).contains("first.crt"));
    let strangers = [
        root("B", &keys.b, "first.crt"),
        root("X", &keys.x, "second.crt"),
    ];
    let path = ChainPath::find_best(&strangers, Some(&hardware), &[]);
    assert!(!path.signed && file_of(&path).contains("first.crt"));
    // One certificate in two blocks.
    let between = || certificate("A", &keys.a, "B", &keys.b);
    let path = ChainPath::find_best(&strangers, Some(&hardware), &[between(), between()]);
    assert_eq!((&path.intermediates[..], path.signed), (&[0][..], true));
}

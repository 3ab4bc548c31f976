//! Random changes, insertions, removals and swaps of bytes are rejected.

use proptest::sample::Index;

use super::*;

fn any_input() -> impl Strategy<Value = Input> {
    prop::sample::select(Input::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_changed_byte_is_rejected(input in any_input(), at in any::<Index>(), change in 1u8..) {
        let mut der = GOOD.der(input);
        let at = at.index(der.len());
        der[at] ^= change;
        prop_assert!(!GOOD.survives(input, &der), "octet {at} of {}", input.id());
    }

    #[test]
    fn inserted_bytes_are_rejected(
        input in any_input(),
        at in any::<Index>(),
        bytes in prop::collection::vec(any::<u8>(), 1..9)
    ) {
        let mut der = GOOD.der(input);
        let at = at.index(der.len() + 1);
        der.splice(at..at, bytes);
        prop_assert!(!GOOD.survives(input, &der), "at octet {at} of {}", input.id());
    }

    #[test]
    fn removed_bytes_are_rejected(input in any_input(), at in any::<Index>(), count in 1usize..9) {
        let mut der = GOOD.der(input);
        let at = at.index(der.len());
        der.drain(at..(at + count).min(der.len()));
        prop_assert!(!GOOD.survives(input, &der), "at octet {at} of {}", input.id());
    }

    #[test]
    fn swapped_stretches_are_rejected(
        input in any_input(), from in any::<Index>(), other in any_input(), length in 1usize..300
    ) {
        // A stretch of another input's DER in place of one's own.
        let mut der = GOOD.der(input);
        let donor = GOOD.der(other);
        let from = from.index(der.len().min(donor.len()));
        let to = (from + length).min(der.len()).min(donor.len());
        der[from..to].copy_from_slice(&donor[from..to]);
        prop_assume!(der != GOOD.der(input));
        prop_assert!(!GOOD.survives(input, &der), "octets {from} to {to} of {}", input.id());
    }
}

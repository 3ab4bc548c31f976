//! Where a date or a length is just within its bound, and just beyond it.

use super::*;

/// The first and the last second count (RFC 5280 4.1.2.5), of each of the two certificates.
#[test]
fn a_certificate_is_valid_from_its_first_second_to_its_last() {
    let dates = || validity("260101000000Z", "261231235959Z");
    let fails_at = |pair: &Pair, at: &str| {
        let csr = pem("CERTIFICATE REQUEST", &Chain::good().csr.der());
        let [leaf, anchor] = [&pair.leaf, &pair.anchor].map(|cert| pem("CERTIFICATE", &cert.der()));
        let record = check(&csr, &leaf, &anchor, at.parse().unwrap()).record;
        ids(&record, Status::Fail)
    };
    let (mut of_leaf, mut of_anchor) = (Pair::good(), Pair::good());
    of_leaf.leaf.validity = dates();
    of_anchor.anchor.validity = dates();
    for (pair, id) in [
        (of_leaf, "check.validity.signed-cert"),
        (of_anchor, "check.validity.trust-anchor"),
    ] {
        for at in ["2026-01-01T00:00:00Z", "2026-12-31T23:59:59Z"] {
            assert_eq!(fails_at(&pair, at), BTreeSet::new(), "{id} at {at}");
        }
        for at in ["2025-12-31T23:59:59Z", "2027-01-01T00:00:00Z"] {
            assert_eq!(fails_at(&pair, at), BTreeSet::from([id]), "{id} at {at}");
        }
    }
}

/// CloudHSM takes 5000 characters of a signed certificate, of the text that is sent: a file in DER
/// is shorter than that.
#[test]
fn a_signed_certificate_is_bounded_by_what_is_sent_of_it() {
    let csr = pem("CERTIFICATE REQUEST", &Chain::good().csr.der());
    let anchor = pem("CERTIFICATE", &Pair::good().anchor.der());
    let padded = |length: usize| {
        let mut pair = Pair::good();
        let padding = der::octets(&vec![7; length]);
        put(&mut pair.leaf, "1.3.6.1.4.1.99999.2", false, &padding);
        pair.leaf.der()
    };
    let sent = |der: &[u8]| pem("CERTIFICATE", der).len();
    // A few octets before the bound, and on beyond it.
    let start = (2000..)
        .step_by(8)
        .take_while(|length| sent(&padded(*length)) <= 4980)
        .last()
        .unwrap();
    let mut taken = BTreeSet::new();
    for der in (start..start + 32).map(padded) {
        let checked = check(&csr, &der, &anchor, AT.parse().unwrap());
        assert!(der.len() < 4000);
        let is_taken = match checked.into_pair() {
            Ok(pair) => {
                assert_eq!(pair.signed_cert_pem().len(), sent(&der));
                true
            }
            Err(error) => {
                assert_eq!(error.exit_code(), 4, "{}", error.message);
                assert!(
                    error.message.contains("CloudHSM takes at most 5000"),
                    "{}",
                    error.message
                );
                false
            }
        };
        assert_eq!(is_taken, sent(&der) <= 5000, "{} characters", sent(&der));
        taken.insert(is_taken);
    }
    assert_eq!(taken, BTreeSet::from([false, true]));
}

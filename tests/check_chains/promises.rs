//! What is judged before a chain's key signs, and what is noted of a chain that is fit.

use hsmboot::verify::Status;

use super::*;

/// Before a key is opened: the chain alone, by the same rules.
#[test]
fn a_chain_is_judged_before_anything_is_signed_with_its_key() {
    let at = AT.parse().unwrap();
    let (anchor, notes) = check::trust_anchor(&Set::good().anchor(), at).unwrap();
    assert_eq!((anchor.certificate_count(), notes.len()), (3, 0));
    for (what, change, expected, _, _) in FAULTS {
        let mut set = Set::good();
        change(&mut set);
        let of_the_signed: BTreeSet<&str> =
            ["check.signature", "check.issuer", "check.key-identifiers"].into();
        let alone = expected.iter().any(|id| !of_the_signed.contains(id))
            && !what.contains("exclude the HSM");
        assert_eq!(
            check::trust_anchor(&set.anchor(), at).is_err(),
            alone,
            "{what}"
        );
    }
    // What cannot be known without the CSR is said, and forbids nothing yet.
    let mut set = Set::good();
    within(&mut set, 1, &der::tlv(0xa4, &name(&[&[(COUNTRY, "DE")]])));
    let (anchor, notes) = check::trust_anchor(&set.anchor(), at).unwrap();
    assert!(
        notes[0]
            .detail
            .contains("shows only with the cluster's CSR"),
        "{notes:?}"
    );
    let refused = check::check_name_constraints(&anchor, &partition_name(), at).unwrap_err();
    assert!(
        refused.message.contains("certificate 2 of the chain"),
        "{}",
        refused.message
    );
}

/// A chain that ends earlier than the signed certificate, at whichever CA, is told of.
#[test]
fn what_outlives_a_ca_of_its_chain_is_noted() {
    let mut set = Set::good();
    set.cas[2].validity = validity("200101000000Z", "300101000000Z");
    let record = set.record();
    let notes: Vec<&str> = record.notes().map(|finding| finding.id.as_str()).collect();
    assert_eq!(
        (record.verdict_word(), notes),
        ("fit", vec!["check.validity.within-trust-anchor"])
    );
    assert!(
        record
            .checks
            .iter()
            .any(|finding| finding.status == Status::Note
                && finding.detail.contains("2030-01-01T00:00:00Z"))
    );
}

#[test]
fn what_is_not_known_is_not_promised() {
    let mut set = Set::good();
    set.cas[2].spki = keys::RSA_8192.spki();
    set.cas[2].signer = Signer::Pkcs1(&keys::RSA_8192, Hash::Sha256);
    set.cas[1].signer = Signer::Pkcs1(&keys::RSA_8192, Hash::Sha256);
    set.cas
        .iter_mut()
        .skip(1)
        .for_each(|cert| drop(cert.extensions.as_mut().unwrap().drain(2..)));
    let (_, notes) = check::trust_anchor(&set.anchor(), AT.parse().unwrap()).unwrap();
    assert!(
        notes[0].detail.contains("RSA 8192")
            && notes[0]
                .detail
                .contains("whether CloudHSM takes it is not known"),
        "{notes:?}"
    );
}

/// 16,000 characters in all, of what is sent.
#[test]
fn a_chain_is_bounded_by_what_is_sent_of_it() {
    let mut set = Set::good();
    let padding =
        |length: usize| extension("1.3.6.1.4.1.99999.2", false, &der::octets(&vec![7; length]));
    put(&mut set.cas[1], "1.3.6.1.4.1.99999.2", padding(5000));
    assert!(
        set.record().error().is_none(),
        "one of a chain may be longer than one alone may"
    );
    let length = set.anchor().len();
    put(
        &mut set.cas[1],
        "1.3.6.1.4.1.99999.2",
        padding(5000 + (16_000 - length) * 48 / 65 - 60),
    );
    assert!(
        (15_900..=16_000).contains(&set.anchor().len()),
        "{}",
        set.anchor().len()
    );
    assert!(set.record().error().is_none());
    put(
        &mut set.cas[1],
        "1.3.6.1.4.1.99999.2",
        padding(5000 + (16_000 - length) * 48 / 65 + 60),
    );
    let error = set.record().error().unwrap();
    assert!(
        error.exit_code() == 4 && error.message.contains("CloudHSM takes at most 16000"),
        "{}",
        error.message
    );
}

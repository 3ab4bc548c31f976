//! What is judged before a chain's key signs, and what is noted of a chain that is fit.

use hsmboot::verify::Status;
use hsmboot::x509::TrustAnchor;

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
    let mut pad = |lengths: [usize; 2]| {
        for (at, length) in (1..).zip(lengths) {
            let value = der::octets(&vec![7; length]);
            put(&mut set.cas[at], PADDING, extension(PADDING, false, &value));
        }
        (set.anchor().len(), set.record().error())
    };
    let (length, error) = pad([5000, 1000]);
    assert!(
        error.is_none(),
        "one of a chain may be longer than one alone may"
    );
    // A text grows by four characters or, with a line end, by five: two texts together can have
    // each length.
    let missing = (16_000 - length) * 48 / 65;
    let exact = (0..100)
        .flat_map(|less| (0..100).map(move |more| [5000 + missing - less, 1000 + more]))
        .map(|lengths| (lengths, pad(lengths)))
        .find(|(_, (length, _))| *length == 16_000);
    let (lengths, (_, error)) = exact.unwrap();
    assert!(error.is_none(), "{error:?}");
    let (length, error) = pad([lengths[0] + 3, lengths[1]]);
    assert!((16_001..=16_005).contains(&length), "{length}");
    let error = error.unwrap();
    assert!(
        error.exit_code() == 4 && error.message.contains("CloudHSM takes at most 16000"),
        "{}",
        error.message
    );
}

/// Only who did sign is named as the one who did: neither a CA whose name is used, nor one that
/// signed under another's name.
#[test]
fn no_ca_of_the_chain_is_said_to_have_signed_what_it_did_not() {
    type Forgery = (&'static str, fn(&mut Set));
    let forgeries: [Forgery; 2] = [
        ("a stranger in the policy CA's name", |set| {
            set.leaf.issuer = ca_name(NAMES[1]);
            set.leaf.signer = Signer::Pkcs1(&keys::STRANGER, Hash::Sha256);
        }),
        ("a stranger in the signing CA's name", |set| {
            set.leaf.signer = Signer::Pkcs1(&keys::STRANGER, Hash::Sha256);
        }),
    ];
    for (what, change) in forgeries {
        let mut set = Set::good();
        change(&mut set);
        let said = set.record().error().unwrap().message.to_string();
        assert!(said.contains("did not sign the signed"), "{what}: {said}");
        assert!(!said.contains("of the chain did"), "{what}: {said}");
    }
}

/// What is found of each certificate alone: under its own place, each rule that looks at the
/// certificates one by one; what needs their order, only where they have one.
#[test]
fn each_certificate_of_a_chain_has_its_own_findings() {
    use hsmboot::check::Rule;

    let at = AT.parse().unwrap();
    let places_of = |set: &Set, rule: Rule| -> Vec<(usize, Status)> {
        let anchor = TrustAnchor::from_file(&set.anchor()).unwrap();
        check::of_each_certificate(&anchor, at)
            .into_iter()
            .filter(|(_, finding)| finding.id == rule)
            .map(|(place, finding)| (place, finding.status))
            .collect()
    };
    let all = |status: [Status; 3]| -> Vec<(usize, Status)> { (0..).zip(status).collect() };
    let alone = [
        Rule::PemTrustAnchor,
        Rule::AlgorithmTrustAnchor,
        Rule::BasicConstraints,
        Rule::KeyUsage,
        Rule::ValidityTrustAnchor,
        Rule::TrustAnchorExtensions,
        Rule::FormTrustAnchor,
    ];
    let in_order = [Rule::PathLength, Rule::TrustAnchorKeyIdentifiers];
    let good = Set::good();
    for rule in alone.iter().chain(&in_order) {
        assert_eq!(places_of(&good, *rule), all([Status::Pass; 3]), "{rule}");
    }
    // Two of the three bear the signature of the next one.
    let signatures = places_of(&good, Rule::ChainSignatures);
    assert_eq!(signatures, [(0, Status::Pass), (1, Status::Pass)]);

    let mut expired = Set::good();
    expired.cas[1].validity = validity("200101000000Z", "260531000000Z");
    assert_eq!(
        places_of(&expired, Rule::ValidityTrustAnchor),
        all([Status::Pass, Status::Fail, Status::Pass])
    );

    // The same three the other way round: nobody knows which is above which.
    expired.cas.reverse();
    for rule in in_order.into_iter().chain([Rule::ChainSignatures]) {
        assert_eq!(places_of(&expired, rule), [], "{rule}");
    }
    assert_eq!(
        places_of(&expired, Rule::ValidityTrustAnchor),
        all([Status::Pass, Status::Fail, Status::Pass])
    );
}

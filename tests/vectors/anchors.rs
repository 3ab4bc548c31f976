//! The built-in anchors are the published roots.

use hsmboot::verify::Side;
use hsmboot::x509::Certificate;

use super::*;

fn root(name: &str) -> Certificate {
    Certificate::from_der(&unpem(&read(&format!("roots/{name}")))).unwrap()
}

pub(super) fn the_built_in_anchors_are_the_published_roots() {
    let built_in = Anchors::built_in();
    assert_eq!((built_in.aws.len(), built_in.manufacturer.len()), (1, 1));
    for (anchor, name) in [
        (&built_in.aws[0], AWS_ROOT),
        (&built_in.manufacturer[0], MANUFACTURER_ROOTS[0]),
        (&built_in.manufacturer[0], MANUFACTURER_ROOTS[1]),
    ] {
        let published = root(name);
        assert_eq!(
            anchor.subject(),
            published.subject(),
            "{name}: another name"
        );
        assert_eq!(anchor.spki(), published.spki(), "{name}: another key");
    }
    // The SHA-256 that a record names is that of the certificate first published.
    for (side, anchor, name) in [
        (Side::Aws, &built_in.aws[0], AWS_ROOT),
        (
            Side::Manufacturer,
            &built_in.manufacturer[0],
            MANUFACTURER_ROOTS[0],
        ),
    ] {
        let hex: String = root(name)
            .fingerprint()
            .iter()
            .map(|octet| format!("{octet:02x}"))
            .collect();
        assert_eq!(
            anchor.to_facts(side).certificate_sha256.as_deref(),
            Some(hex.as_str()),
            "{name}"
        );
    }
}

pub(super) fn the_built_in_anchors_have_the_published_dates() {
    let status = |side: &str, moment: Moment| {
        let record = verify(
            &hardware_1(),
            &Anchors::built_in(),
            moment,
            &chains_only(Profile::Attestation),
        )
        .record;
        record
            .finding(format!("anchor-validity.{side}").parse().unwrap())
            .unwrap()
            .status
    };
    let (aws, [first, second]) = (root(AWS_ROOT), MANUFACTURER_ROOTS.map(root));
    for (side, moment, expected) in [
        ("aws", aws.not_before().plus_seconds(-1), Status::Note),
        ("aws", aws.not_before(), Status::Pass),
        ("aws", aws.not_after(), Status::Pass),
        ("aws", aws.not_after().plus_seconds(1), Status::Note),
        (
            "manufacturer",
            first.not_before().plus_seconds(-1),
            Status::Note,
        ),
        ("manufacturer", first.not_before(), Status::Note),
        ("manufacturer", second.not_before(), Status::Pass),
        ("manufacturer", first.not_after(), Status::Pass),
        (
            "manufacturer",
            first.not_after().plus_seconds(1),
            Status::Note,
        ),
        (
            "manufacturer",
            second.not_after().plus_seconds(1),
            Status::Note,
        ),
    ] {
        assert_eq!(status(side, moment), expected, "{side} at {moment}");
    }
    let record = judge(&Anchors::built_in(), &chains_only(Profile::Attestation));
    let said = detail(&record, "anchor-validity.manufacturer");
    for date in [first.not_after(), second.not_after()] {
        assert!(said.contains(&date.to_string()), "{date} is not in: {said}");
    }
}

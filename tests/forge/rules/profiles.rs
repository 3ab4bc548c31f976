//! Dates, roles and extensions that a certificate at its place must not have.

use super::*;

pub(super) fn validity_dates() -> Vec<Fixture> {
    let mut fixtures = Vec::new();
    for (input, not_before, not_after) in [
        (Input::Hsm, "180921212136Z", "260531235959Z"),
        (Input::AwsHardware, "180921212232Z", "260531235959Z"),
        (
            Input::ManufacturerHardware,
            "180419200517Z",
            "260531235959Z",
        ),
    ] {
        let id = format!("validity.{}", input.id());
        let dates = |from: &str, to: &str| {
            changed(|chain| chain.cert_mut(input).validity = validity(from, to))
        };
        let expired = dates(not_before, not_after);
        let what = "expired one second before the moment judged at";
        fixtures.push(Fixture::new(format!("{id}--expired"), what, expired.clone()).fails(&[&id]));
        let what = "expired, and accepted";
        let accepted =
            Fixture::new(format!("{id}--expired-accepted"), what, expired).accepts(&[&id]);
        fixtures.push(accepted.kept_if(input == Input::Hsm));
        let what = "valid from one second after the moment judged at";
        fixtures.push(
            Fixture::new(
                format!("{id}--not-yet-valid"),
                what,
                dates("260601000001Z", "300101000000Z"),
            )
            .fails(&[&id]),
        );
        let what = "valid to the very second judged at: notAfter is the last moment";
        fixtures.push(
            Fixture::new(
                format!("{id}--last-second"),
                what,
                dates(not_before, "260601000000Z"),
            )
            .in_memory(),
        );
        let what = "valid from the very second judged at: notBefore is the first moment";
        fixtures.push(
            Fixture::new(
                format!("{id}--first-second"),
                what,
                dates("260601000000Z", "300101000000Z"),
            )
            .in_memory(),
        );
        let what = "dates the wrong way round";
        fixtures.push(
            Fixture::new(
                format!("{id}--reversed"),
                what,
                dates("300101000000Z", "180101000000Z"),
            )
            .fails(&[&id])
            .in_memory(),
        );
    }
    let what = "the good bundle before any of its certificates was issued";
    let all = [
        "validity.hsm",
        "validity.aws-hardware",
        "validity.manufacturer-hardware",
    ];
    fixtures.push(
        Fixture::new("validity.hsm--before-all", what, Chain::good().bundle())
            .at("2018-01-01T00:00:00Z")
            .fails(&all)
            .without_notes(&["anchor-validity.manufacturer"]),
    );
    let what = "the good bundle long after all of its certificates have expired";
    fixtures.push(
        Fixture::new("validity.hsm--after-all", what, Chain::good().bundle())
            .at("2070-01-01T00:00:00Z")
            .fails(&all)
            .notes(&["anchor-validity.aws"]),
    );
    fixtures
}

/// A partition that poses as a card: both hardware certificates, and the HSM certificate's issuer,
/// are in a partition's name. The rule fails in a pair, since the names of all three must be one.
pub(super) fn roles() -> Vec<Fixture> {
    let utf16: Vec<u8> = "HSM:1:PARTN:2"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let utf32: Vec<u8> = "HSM:1:PARTN:2"
        .chars()
        .flat_map(|c| u32::from(c).to_be_bytes())
        .collect();
    let two_names = [
        attribute(COMMON_NAME, "HSM:5.2G1804-ICM000000, for FIPS mode"),
        attribute(COMMON_NAME, "HSM:5.2G1804-ICM000000:PARTN:1, for FIPS mode"),
    ];
    [
        (
            "partition",
            "hardware certificates in a partition's name",
            chain::hardware_name("HSM:5.2G1804-ICM000000:PARTN:1, for FIPS mode"),
        ),
        (
            "bmp-string",
            "a partition's name as a BMPString, two octets to the character",
            chain::hardware_name_as(der::BMP_STRING, &utf16),
        ),
        (
            "universal-string",
            "a partition's name as a UniversalString, four octets to the character",
            chain::hardware_name_as(0x1c, &utf32),
        ),
        (
            "teletex-string",
            "a partition's name as a TeletexString",
            chain::hardware_name_as(0x14, b"HSM:1:PARTN:2"),
        ),
        (
            "printable-string",
            "a partition's name as a PrintableString",
            chain::hardware_name_as(der::PRINTABLE_STRING, b"HSM:1:PARTN:2"),
        ),
        (
            "second-common-name",
            "a second CN that is a partition's",
            der::seq(&[&der::set_of(&two_names)]),
        ),
        (
            "common-name-in-the-first-rdn",
            "a partition's CN among the first RDN's attributes, a card's in the second",
            name(&[
                &[(COUNTRY, "US"), (COMMON_NAME, "HSM:1:PARTN:2")],
                &[(COMMON_NAME, "HSM:5.2G1804-ICM000000, for FIPS mode")],
            ]),
        ),
    ]
    .into_iter()
    .map(|(defect, what, subject)| {
        let bundle = changed(|chain| {
            chain.aws_hardware.subject = subject.clone();
            chain.manufacturer_hardware.subject = subject.clone();
            chain.hsm.issuer = subject;
        });
        Fixture::new(format!("role.aws-hardware--{defect}"), what, bundle)
            .fails(&["role.aws-hardware", "role.manufacturer-hardware"])
    })
    .collect()
}

pub(super) fn extensions() -> Vec<Fixture> {
    let unknown = |critical| extension("1.3.6.1.4.1.99999.1", critical, &der::null());
    let name_constraints = || {
        extension(
            "2.5.29.30",
            true,
            &der::seq(&[&der::tlv(
                0xa0,
                &der::seq(&[&der::tlv(0x82, b"example.com")]),
            )]),
        )
    };
    let mut fixtures = Vec::new();
    for input in Input::CERTIFICATES {
        let id = format!("extensions.{}", input.id());
        let with = |added: Vec<Vec<u8>>| {
            changed(|chain| {
                let cert = chain.cert_mut(input);
                cert.version = V3.to_vec();
                cert.extensions.get_or_insert_default().extend(added);
            })
        };
        let critical = with(vec![unknown(true)]);
        let what = "a critical extension that nobody knows (RFC 5280 4.2)";
        fixtures.push(Fixture::new(format!("{id}--unknown"), what, critical.clone()).fails(&[&id]));
        let what = "a critical extension that nobody knows, and accepted";
        fixtures.push(
            Fixture::new(format!("{id}--unknown-accepted"), what, critical)
                .accepts(&[&id])
                .kept_if(input == Input::AwsHardware),
        );
        let what = "critical name constraints, which are not in the list";
        let fixture = Fixture::new(
            format!("{id}--name-constraints"),
            what,
            with(vec![name_constraints()]),
        )
        .fails(&[&id]);
        fixtures.push(fixture.kept_if(input == Input::Hsm));
        let what = "an unknown extension that is not critical";
        fixtures.push(
            Fixture::new(
                format!("{id}--unknown-not-critical"),
                what,
                with(vec![unknown(false)]),
            )
            .kept_if(input == Input::Hsm),
        );
    }
    fixtures
}

/// basicConstraints and keyUsage as RFC 5280 wants them of a CA: only under the policy `rfc5280`,
/// which no genuine hardware certificate meets.
pub(super) fn ca_profiles() -> Vec<Fixture> {
    let ca = || vec![basic_constraints(true, true), key_usage(0x04, 2)];
    let both = move |change: &dyn Fn(&mut Chain)| {
        changed(|chain| {
            for input in [Input::AwsHardware, Input::ManufacturerHardware] {
                let cert = chain.cert_mut(input);
                cert.version = V3.to_vec();
                cert.extensions = Some(ca());
            }
            change(chain);
        })
    };
    let mut fixtures = vec![
        Fixture::new(
            "verified--ca-profile",
            "hardware certificates as RFC 5280 wants them of a CA",
            both(&|_| {}),
        )
        .rfc5280(),
        Fixture::new(
            "ca-profile.aws-hardware--genuine-shape",
            "the good bundle by RFC 5280's rules",
            Chain::good().bundle(),
        )
        .rfc5280()
        .fails(&[
            "ca-profile.aws-hardware",
            "ca-profile.manufacturer-hardware",
        ]),
    ];
    for input in [Input::AwsHardware, Input::ManufacturerHardware] {
        let id = format!("ca-profile.{}", input.id());
        let of = |extensions: Option<Vec<Vec<u8>>>| {
            both(&|chain| chain.cert_mut(input).extensions = extensions.clone())
        };
        for (defect, what, extensions) in [
            (
                "ca-false",
                "CA:FALSE",
                Some(vec![basic_constraints(true, false), key_usage(0x04, 2)]),
            ),
            (
                "no-basic-constraints",
                "version 3 without basicConstraints",
                Some(vec![key_usage(0x04, 2)]),
            ),
            ("no-extensions", "version 3 without extensions", None),
            (
                "no-cert-sign",
                "CA:TRUE with a keyUsage without keyCertSign",
                Some(vec![basic_constraints(true, true), key_usage(0xa0, 5)]),
            ),
        ] {
            fixtures.push(
                Fixture::new(format!("{id}--{defect}"), what, of(extensions))
                    .rfc5280()
                    .fails(&[&id]),
            );
        }
        let what =
            "CA:TRUE without a keyUsage: the rule asks for keyCertSign where keyUsage is present";
        let no_usage = of(Some(vec![basic_constraints(true, true)]));
        fixtures.push(
            Fixture::new(format!("{id}--no-key-usage"), what, no_usage)
                .rfc5280()
                .in_memory(),
        );
    }
    let what = "a version 1 hardware certificate by RFC 5280's rules";
    let version_1 = both(&|chain| {
        chain.manufacturer_hardware.version = Vec::new();
        chain.manufacturer_hardware.extensions = None;
    });
    fixtures.push(
        Fixture::new(
            "ca-profile.manufacturer-hardware--version-1",
            what,
            version_1,
        )
        .rfc5280()
        .fails(&["ca-profile.manufacturer-hardware"]),
    );
    fixtures
}

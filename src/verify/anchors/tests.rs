#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;

/// Clients compare names octet by octet as well: a country is a PrintableString, the rest UTF-8
/// (RFC 5280 appendix A.1, X520countryName; 4.1.2.4).
#[test]
fn the_built_in_names_are_written_as_their_certificates_write_them() {
    let country = [6, 3, 0x55, 4, 6];
    for anchor in [Anchors::built_in().aws, Anchors::built_in().manufacturer] {
        for anchor in anchor {
            let subject = anchor.subject();
            let mut countries = 0;
            for (at, _) in subject.iter().enumerate() {
                let rest = &subject[at..];
                if rest.starts_with(&country) {
                    assert_eq!(rest[country.len()], tag::PRINTABLE_STRING);
                    countries += 1;
                } else if rest.starts_with(&[6, 3, 0x55, 4]) {
                    assert_eq!(rest[country.len()], tag::UTF8_STRING);
                }
            }
            assert_eq!(countries, 1);
        }
    }
}

#[test]
fn each_certificate_of_a_root_is_told_by_its_dates_to_the_second() {
    for anchor in Anchors::built_in().aws {
        let issue = &anchor.issues[0];
        let second = |moment: Moment, by: i64| Moment::from_unix(moment.unix_seconds() + by);
        let told = |at| {
            let (_, text) = anchor.judge_validity(Side::Aws, at);
            let first = text.split("; ").next().unwrap().to_owned();
            let words = ["not yet valid", "expired", "within its dates"];
            words.into_iter().find(|word| first.contains(word)).unwrap()
        };
        assert_eq!(told(second(issue.not_before, -1)), "not yet valid");
        assert_eq!(told(issue.not_before), "within its dates");
        assert_eq!(told(second(issue.not_before, 1)), "within its dates");
        assert_eq!(told(issue.not_after), "within its dates");
        assert_eq!(told(second(issue.not_after, 1)), "expired");
    }
}

#[test]
fn a_root_file_has_at_most_so_many_bytes() {
    let says = |length| {
        let text = vec![b' '; length];
        roots_in(&text, "root.crt").unwrap_err().to_string()
    };
    assert!(!says(MAX_ANCHOR_FILE).contains("larger than"));
    assert!(says(MAX_ANCHOR_FILE + 1).contains("larger than"));
    assert!(says(MAX_ANCHOR_FILE + 2).contains("larger than"));
}

/// The rehearsal's mark is for words alone; without it nobody is told that it was one.
#[test]
fn a_simulators_root_is_marked_and_no_other() {
    let anchor = Anchors::built_in().aws.remove(0);
    assert!(!anchor.is_of_simulator());
    assert!(anchor.brought_by_simulator().is_of_simulator());
}

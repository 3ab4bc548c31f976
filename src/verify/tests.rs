#![allow(clippy::unwrap_used)]

use super::*;
use crate::checks::CheckName;

/// The report finds the reason why a check was not made by what that check could not read.
#[test]
fn what_could_not_be_read_is_told_by_the_check_that_reads_it() {
    let evidence = Evidence {
        csr: Some(Vec::new()),
        hsm: Vec::new(),
        aws_hardware: Vec::new(),
        manufacturer_hardware: Vec::new(),
    };
    let at = "2026-06-01T00:00:00Z".parse().unwrap();
    let record = verify(&evidence, &Anchors::built_in(), at, &Policy::default()).record;
    let failed: Vec<CheckId> = record.failed().map(|finding| finding.id).collect();
    let readers: Vec<CheckId> = CheckId::ALL
        .into_iter()
        .filter(|id| id.read_subject().is_some())
        .collect();
    assert_eq!(failed, readers);
    assert_eq!(readers.len(), 4);
    for unread in record.checks.iter().filter_map(|finding| finding.unread) {
        let reader = readers.iter().find(|id| id.as_str() == unread.see);
        assert_eq!(reader.unwrap().read_subject(), Some(unread.subject));
    }
}

/// The page shows them beside the certificates that they are about.
#[test]
fn the_checks_of_signatures_are_those_that_are_called_so() {
    for id in CheckId::ALL {
        assert_eq!(
            id.is_of_signature(),
            id.as_str().ends_with("signature"),
            "{id}"
        );
    }
}

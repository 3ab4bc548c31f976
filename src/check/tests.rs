#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod pairs;

use super::*;

/// By themselves: what passes with time, and what clients alone refuse.
const LATER: [&str; 4] = [
    "check.algorithm.signed-cert",
    "check.algorithm.trust-anchor",
    "check.validity.signed-cert",
    "check.validity.trust-anchor",
];

#[test]
fn a_failure_alone_comes_with_time_or_is_for_good() {
    for rule in Rule::ALL {
        let expected = LATER.contains(&rule.as_str()) || rule.is_of_clients();
        assert_eq!(may_fail_with_time(&[rule]), expected, "{}", rule.as_str());
        // What is for good stays so beside what is not.
        let beside = [Rule::ValiditySignedCert, rule];
        assert_eq!(may_fail_with_time(&beside), expected, "{}", rule.as_str());
    }
}

#[test]
fn a_signature_is_given_up_with_its_algorithm_and_no_other_failure_is() {
    let signatures = [Rule::Signature, Rule::SelfSigned, Rule::ChainSignatures];
    for algorithm in [Rule::AlgorithmSignedCert, Rule::AlgorithmTrustAnchor] {
        for rule in Rule::ALL {
            let expected = signatures.contains(&rule) || may_fail_with_time(&[rule]);
            let both = [rule, algorithm];
            assert_eq!(may_fail_with_time(&both), expected, "{}", rule.as_str());
        }
    }
}

/// Whoever is refused by a rule can read where it comes from.
#[test]
fn every_rule_names_a_public_source() {
    for rule in Rule::ALL {
        let source = rule.source();
        assert!(
            ["RFC ", "API Reference", "User Guide"]
                .iter()
                .any(|document| source.contains(document)),
            "{}: {source:?}",
            rule.as_str()
        );
    }
}

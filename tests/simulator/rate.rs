//! `--rate`: an account is throttled, its neighbours and the control commands are not.

use std::num::NonZeroU32;

use hsmboot::simulator::{Credentials, Options, Simulator, Speed};
use serde_json::json;

use crate::sigv4::{Signer, send};
use crate::support::*;

#[test]
fn more_calls_than_the_rate_allows_are_throttled() {
    let options = Options {
        speed: Speed::INSTANT,
        rate: NonZeroU32::new(2),
        ..crate::support::options()
    };
    let simulator = Simulator::spawn(options).unwrap();
    // However slow the machine: two hundred calls that take less than a minute are more than two in
    // a second allow.
    let answers: Vec<_> = (0..200)
        .map(|_| call(&simulator, "DescribeClusters", json!({})))
        .collect();
    assert_eq!(answers[0].status, 200);
    assert_eq!(answers[1].status, 200);
    let throttled = answers
        .iter()
        .find(|answer| answer.status != 200)
        .expect("one that is too many");
    assert_eq!(
        (throttled.status, throttled.error().1.as_str()),
        (400, "ThrottlingException")
    );
    assert!(
        throttled
            .head
            .contains("x-amzn-errortype: throttlingexception")
    );
    assert_eq!(
        control(&simulator, "calls", json!({})).status,
        200,
        "control commands are not counted"
    );
}

#[test]
fn each_account_has_a_rate_of_its_own() {
    let other = Credentials::new("AKIDOTHER", "other")
        .in_account("000000000002")
        .unwrap();
    let options = Options {
        speed: Speed::INSTANT,
        rate: NonZeroU32::new(1),
        credentials: vec![Credentials::new("AKIDEXAMPLE", "secret"), other],
        ..crate::support::options()
    };
    let simulator = Simulator::spawn(options).unwrap();
    let mine = Signer::default();
    let throttled =
        (0..100).any(|_| send(&simulator, &mine, "DescribeClusters", "{}").status == 400);
    assert!(throttled);
    let theirs = Signer {
        key: "AKIDOTHER",
        secret: "other",
        ..mine
    };
    assert_eq!(
        send(&simulator, &theirs, "DescribeClusters", "{}").status,
        200
    );
}

//! How a stack is told: where to, how often, and how much.

use std::time::Duration;

use super::stacks::{ResponsePlace, SIGNATURE, request_of};
use super::*;

/// The stack is told again and again until it hears.
#[test]
fn an_answer_that_is_not_taken_is_sent_again() {
    let lambda = LambdaStage::for_stacks(&[]);
    let place = ResponsePlace::new(&[503, 0, 500]);
    let deleted = lambda.ask(&place, "Delete", Some(&json!("x")), &json!({}));
    assert_eq!(deleted["Status"], "SUCCESS");
}

/// Where nobody takes the answer, the invocation has failed, and the log has no signature.
#[test]
fn a_stack_that_cannot_be_told_is_a_failed_invocation() {
    let lambda = LambdaStage::for_stacks(&[]);
    let place = ResponsePlace::new(&[403]);
    let event = request_of(&place.url, "Delete", None, &json!({}));
    let document = lambda
        .function
        .invoke(&event)
        .failure("HsmbootService", "service-unreachable");
    assert!(!document.to_string().contains("d34db33f"), "{document:#}");
    let nobody = format!("http://127.0.0.1:1/stack?{SIGNATURE}");
    let event = request_of(&nobody, "Delete", None, &json!({})).to_string();
    let answer = lambda
        .function
        .invoke_within(event.as_bytes(), Duration::from_secs(3));
    let document = answer.failure("HsmbootService", "service-unreachable");
    assert!(!document.to_string().contains("d34db33f"), "{document:#}");
    assert!(!lambda.function.log().contains("d34db33f"));
}

/// An answer goes to an https URL, and nowhere else: by no event, whatever the function may.
#[test]
fn a_stack_is_answered_by_https_alone() {
    let (test, production) = (LambdaStage::for_stacks(&[]), LambdaStage::new());
    let place = ResponsePlace::new(&[]);
    for (lambda, url) in [
        (&production, place.url.as_str()),
        (&test, "http://example.com/x"),
        (&test, "ftp://127.0.0.1/x"),
        (&test, "https://"),
        (&test, "https://user@example.com/"),
        (&test, "file:///etc/passwd"),
        (&test, ""),
    ] {
        let event = request_of(url, "Delete", None, &json!({}));
        lambda
            .function
            .invoke(&event)
            .failure("HsmbootUsage", "usage");
    }
    assert!(place.taken.lock().unwrap().is_empty());
    for name in [
        "RequestType",
        "ResponseURL",
        "StackId",
        "RequestId",
        "LogicalResourceId",
    ] {
        let mut event = request_of(&place.url, "Create", None, &json!({}));
        event.as_object_mut().unwrap().remove(name);
        test.function
            .invoke(&event)
            .failure("HsmbootUsage", "usage");
        event[name] = json!("x".repeat(5000));
        test.function
            .invoke(&event)
            .failure("HsmbootUsage", "usage");
    }
}

/// A reason that is longer than an answer may be is shortened, and nothing else is.
#[test]
fn a_long_reason_is_shortened() {
    let (lambda, place) = (LambdaStage::for_stacks(&[]), ResponsePlace::new(&[]));
    let mut properties = lambda.properties();
    // What is refused is quoted, and each sign of it takes six octets in JSON.
    properties["Operator"] = json!("\u{1}\"\u{202e}é😀".repeat(400));
    let failed = lambda.ask(&place, "Create", None, &properties);
    assert_eq!(failed["Status"], "FAILED");
    assert!(
        failed["Reason"]
            .as_str()
            .unwrap()
            .starts_with("HsmbootUsage, usage: ")
    );
}

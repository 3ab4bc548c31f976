//! The custom resource of AWS CloudFormation: what a stack is told, and that it is always told.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::runtime::{Request, answer};
use super::*;

/// The signature in a response URL, which no log shows.
pub(super) const SIGNATURE: &str = "X-Amz-Signature=d34db33fd34db33f";

/// Where a stack waits for its answer.
pub(super) struct ResponsePlace {
    pub(super) url: String,
    pub(super) taken: Arc<Mutex<Vec<Value>>>,
    /// The statuses of the first answers; after them 200. A status of 0: none at all.
    statuses: Arc<Mutex<Vec<u16>>>,
}

impl ResponsePlace {
    pub(super) fn new(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!(
            "http://{}/stack?{SIGNATURE}",
            listener.local_addr().unwrap()
        );
        let place = ResponsePlace {
            url,
            taken: Arc::default(),
            statuses: Arc::new(Mutex::new(statuses.to_vec())),
        };
        let (taken, statuses) = (Arc::clone(&place.taken), Arc::clone(&place.statuses));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let Some(request) = Request::read(&stream) else {
                    continue;
                };
                assert_eq!(request.method, "PUT");
                assert_eq!(
                    request.path,
                    format!("/stack?{SIGNATURE}"),
                    "as it was signed"
                );
                assert_eq!(request.header("content-type"), Some(""), "as it was signed");
                assert!(request.body.len() <= 4096, "{}", request.body.len());
                let mut statuses = statuses.lock().unwrap();
                let status = if statuses.is_empty() {
                    200
                } else {
                    statuses.remove(0)
                };
                if status == 0 {
                    continue;
                }
                if status == 200 {
                    let body = serde_json::from_slice(&request.body).unwrap();
                    taken.lock().unwrap().push(body);
                }
                answer(&stream, status, "", b"");
            }
        });
        place
    }

    /// The one answer since the last time.
    pub(super) fn take(&self) -> Value {
        let mut taken = self.taken.lock().unwrap();
        assert_eq!(taken.len(), 1, "{taken:?}");
        taken.remove(0)
    }
}

impl LambdaStage {
    /// A function whose stacks wait on this machine.
    pub(super) fn for_stacks(variables: &[(&str, &str)]) -> Self {
        let all = [&[("HSMBOOT_LAMBDA_ALLOW", "plain-response")], variables].concat();
        Self::with_variables(&all)
    }

    pub(super) fn properties(&self) -> Value {
        json!({
            "ServiceToken": "arn:aws:lambda:us-east-1:111122223333:function:hsmboot",
            "ServiceTimeout": "900",
            "ClusterId": self.stage.id, "Ca": self.ca(), "CaKey": ALIAS, "Days": "365",
        })
    }

    /// Sends a stack's request, and returns what the stack is told.
    pub(super) fn ask(
        &self,
        place: &ResponsePlace,
        kind: &str,
        id: Option<&Value>,
        properties: &Value,
    ) -> Value {
        let event = request_of(&place.url, kind, id, properties);
        let invocation = self.function.invoke(&event);
        let told = place.take();
        assert_eq!(invocation.result(), &told);
        for name in ["StackId", "RequestId", "LogicalResourceId"] {
            assert_eq!(told[name], event[name]);
        }
        assert!(
            !self.function.log().contains("d34db33f"),
            "{}",
            self.function.log()
        );
        told
    }
}

/// A request as CloudFormation sends it.
pub(super) fn request_of(url: &str, kind: &str, id: Option<&Value>, properties: &Value) -> Value {
    let mut event = json!({
        "RequestType": kind,
        "ResponseURL": url,
        "StackId": "arn:aws:cloudformation:us-east-1:111122223333:stack/hsm/5b918d10",
        "RequestId": "5478764c-a0a4-4d3f-9f2a-5c1f7bd7c6e5",
        "ResourceType": "Custom::HsmbootClaim",
        "LogicalResourceId": "Claim",
        "ResourceProperties": properties,
    });
    if let Some(id) = id {
        event["PhysicalResourceId"] = id.clone();
        event["OldResourceProperties"] = json!({});
    }
    event
}

/// Create, the same again, an update to the same CA, one to another with its rollback, and the
/// deletion, which touches nothing.
#[test]
fn a_stack_claims_a_cluster_and_lives_on() {
    let (lambda, place) = (LambdaStage::for_stacks(&[]), ResponsePlace::new(&[]));
    let properties = lambda.properties();
    let created = lambda.ask(&place, "Create", None, &properties);
    assert_eq!(created["Status"], "SUCCESS", "{created:#}");
    let id = &created["PhysicalResourceId"];
    let (cluster, anchor) = id.as_str().unwrap().split_once('/').unwrap();
    assert_eq!((cluster, anchor.len()), (lambda.stage.id.as_str(), 64));
    assert_eq!(created["Data"]["ClusterId"], lambda.stage.id);
    assert_eq!(created["Data"]["TrustAnchorSha256"], anchor);
    assert_eq!(created["Data"]["Outcome"], "claimed");

    // CloudFormation may send a request twice.
    let again = lambda.ask(&place, "Create", None, &properties);
    assert_eq!(
        (&again["Status"], &again["PhysicalResourceId"]),
        (&json!("SUCCESS"), id)
    );
    assert_eq!(again["Data"]["Outcome"], "already-claimed");

    let mut longer = properties.clone();
    longer["Days"] = json!("730");
    let updated = lambda.ask(&place, "Update", Some(id), &longer);
    assert_eq!(
        (&updated["Status"], &updated["PhysicalResourceId"]),
        (&json!("SUCCESS"), id)
    );

    let mut other = properties.clone();
    other["Ca"] = json!(lambda.text("ca/customerCA.crt"));
    let failed = lambda.ask(&place, "Update", Some(id), &other);
    assert_eq!(
        (&failed["Status"], &failed["PhysicalResourceId"]),
        (&json!("FAILED"), id)
    );
    let reason = failed["Reason"].as_str().unwrap();
    assert!(
        reason.starts_with("HsmbootConflict, claimed-by-another-ca: "),
        "{reason}"
    );
    let back = lambda.ask(&place, "Update", Some(id), &properties);
    assert_eq!(
        (&back["Status"], &back["PhysicalResourceId"]),
        (&json!("SUCCESS"), id)
    );

    let before = lambda.stage.simulator.call_counts();
    let deleted = lambda.ask(&place, "Delete", Some(id), &properties);
    assert_eq!(
        (&deleted["Status"], &deleted["PhysicalResourceId"]),
        (&json!("SUCCESS"), id)
    );
    assert_eq!(
        lambda.stage.simulator.call_counts(),
        before,
        "nothing was done"
    );
    assert_eq!(lambda.signatures(), 1);
}

/// The page's own resource: a cluster without an HSM gets its first one, and is claimed. A second
/// request makes no second HSM.
#[test]
fn the_pages_resource_makes_the_first_hsm_and_claims() {
    let (lambda, place) = (LambdaStage::for_stacks(&[]), ResponsePlace::new(&[]));
    let cluster = support::create_cluster(&lambda.stage.simulator);
    let page = include_str!("../../docs/runbooks/cloudformation.md");
    let (_, resource) = page.split_once("  Properties:\n").unwrap();
    let (resource, _) = resource.split_once("```").unwrap();
    let mut properties = json!({});
    for line in resource.lines() {
        let (name, value) = line.trim().split_once(": ").unwrap();
        // What CloudFormation makes of it: a text, whatever it was.
        let value = match value {
            "!GetAtt Function.Arn" => "arn:aws:lambda:us-east-1:111122223333:function:hsmboot",
            "!Ref Cluster" => &cluster,
            "!GetAtt Subnet.AvailabilityZone" => "us-east-1a",
            "!Ref CaCertificate" => &lambda.ca(),
            "!Sub \"awskms:${CaKeyArn}\"" => ALIAS,
            plain => plain,
        };
        properties[name] = json!(value);
    }
    let before = lambda.stage.calls("CreateHsm");
    for outcome in ["claimed", "already-claimed"] {
        let created = lambda.ask(&place, "Create", None, &properties);
        assert_eq!(created["Status"], "SUCCESS", "{created:#}");
        assert_eq!(created["Data"]["Outcome"], outcome);
    }
    assert_eq!(lambda.stage.calls("CreateHsm"), before + 1);
}

/// Another cluster has another physical id: CloudFormation takes it for a replacement.
#[test]
fn another_cluster_is_a_replacement() {
    let (lambda, place) = (LambdaStage::for_stacks(&[]), ResponsePlace::new(&[]));
    let mut properties = lambda.properties();
    let created = lambda.ask(&place, "Create", None, &properties);
    let (other, _) = support::ready_cluster(&lambda.stage.simulator);
    properties["ClusterId"] = json!(other);
    let id = &created["PhysicalResourceId"];
    let updated = lambda.ask(&place, "Update", Some(id), &properties);
    assert_eq!(updated["Status"], "SUCCESS");
    assert!(
        updated["PhysicalResourceId"]
            .as_str()
            .unwrap()
            .starts_with(&other)
    );
    let deleted = lambda.ask(&place, "Delete", Some(id), &properties);
    assert_eq!(deleted["Status"], "SUCCESS");
}

/// What fails says why, and the deletion that CloudFormation sends next does no harm.
#[test]
fn what_fails_says_why_and_can_be_deleted() {
    let (lambda, place) = (LambdaStage::for_stacks(&[]), ResponsePlace::new(&[]));
    let good = lambda.properties();
    let with = |name: &str, value: Value| {
        let mut properties = good.clone();
        properties[name] = value;
        properties
    };
    let without = |name: &str| {
        let mut properties = good.clone();
        properties.as_object_mut().unwrap().remove(name);
        properties
    };
    for (properties, begins) in [
        (
            with("Passphrase", json!("correct-horse")),
            "HsmbootUsage, usage: ",
        ),
        (
            with("EndpointUrl", json!("http://127.0.0.1:1")),
            "HsmbootUsage, usage: ",
        ),
        (with("AwsRoot", json!("x")), "HsmbootUsage, usage: "),
        (
            with("CaKey", json!("/var/task/ca.key")),
            "HsmbootUsage, usage: ",
        ),
        (with("Days", json!("soon")), "HsmbootUsage, usage: "),
        (with("CreateHsm", json!("maybe")), "HsmbootUsage, usage: "),
        (with("ClusterId", json!("../x")), "HsmbootUsage, usage: "),
        (with("Region", json!(["x"])), "HsmbootUsage, usage: "),
        (without("ClusterId"), "HsmbootUsage, usage: "),
        (without("Ca"), "HsmbootUsage, ca-missing: "),
        (json!({}), "HsmbootUsage, usage: "),
        (with("Ca", json!("x")), "HsmbootInput, malformed: "),
        (
            with("Ca", json!(lambda.text("ca/customerCA.crt"))),
            "HsmbootCa, ca-key-mismatch: ",
        ),
        (
            with("ClusterId", json!("cluster-abc234defgh")),
            "HsmbootService, cluster-not-found: ",
        ),
    ] {
        let failed = lambda.ask(&place, "Create", None, &properties);
        assert_eq!(failed["Status"], "FAILED", "{properties:#}");
        let reason = failed["Reason"].as_str().unwrap();
        assert!(
            reason.starts_with(begins) && reason.contains("Hint: "),
            "{reason}"
        );
        assert!(
            !reason.contains("correct-horse") && !reason.contains('\n'),
            "{reason}"
        );
        let id = &failed["PhysicalResourceId"];
        assert!(id.as_str().unwrap().ends_with("/not-claimed"), "{id}");
        let deleted = lambda.ask(&place, "Delete", Some(id), &properties);
        assert_eq!(deleted["Status"], "SUCCESS");
        assert_eq!(&deleted["PhysicalResourceId"], id);
    }
    assert_eq!(lambda.signatures(), 0);
}

/// A stack of another CA than the function's environment pins is told so, and nothing is asked.
#[test]
fn a_stack_of_another_ca_than_the_pinned_one_fails_at_once() {
    let lambda = LambdaStage::for_stacks(&[("HSMBOOT_LAMBDA_CA_SHA256", &"ab".repeat(32))]);
    let place = ResponsePlace::new(&[]);
    let before = lambda.stage.simulator.call_counts();
    for kind in ["Create", "Update"] {
        let failed = lambda.ask(&place, kind, None, &lambda.properties());
        assert_eq!(failed["Status"], "FAILED");
        let reason = failed["Reason"].as_str().unwrap();
        assert!(
            reason.starts_with("HsmbootUsage, ca-not-allowed: "),
            "{reason}"
        );
    }
    assert_eq!(lambda.stage.simulator.call_counts(), before);
    assert_eq!(lambda.signatures(), 0);
}

/// A rejection reaches the stack with the checks that failed, and is not tried again.
#[test]
fn a_rejection_fails_the_stack_at_once() {
    let lambda = LambdaStage::for_stacks(&[("HSMBOOT_AWS_ROOT", "")]);
    let place = ResponsePlace::new(&[]);
    let failed = lambda.ask(&place, "Create", None, &lambda.properties());
    let reason = failed["Reason"].as_str().unwrap();
    assert!(
        reason.starts_with("HsmbootRejected, rejected: "),
        "{reason}"
    );
    assert!(reason.contains("aws.signature"), "{reason}");
    assert_eq!(lambda.signatures(), 0);
}

/// What passes by itself is tried again in the time left, and then it is a success.
#[test]
fn what_passes_by_itself_is_tried_again() {
    let (lambda, place) = (LambdaStage::for_stacks(&[]), ResponsePlace::new(&[]));
    // More often than the SDK tries by itself.
    lambda
        .stage
        .simulator
        .inject_fault(Some("DescribeClusters"), InjectedFault::Unavailable, 5);
    let created = lambda.ask(&place, "Create", None, &lambda.properties());
    assert_eq!(created["Status"], "SUCCESS", "{created:#}");
}

/// A claim that does not end is FAILED while the function still has the time to say so: in
/// Lambda's time, and in the stack's own.
#[test]
fn a_claim_without_an_end_fails_in_time() {
    let (lambda, place) = (LambdaStage::for_stacks(&[]), ResponsePlace::new(&[]));
    lambda.stage.simulator.inject_fault(
        Some("InitializeCluster"),
        InjectedFault::InitializeNeverEnds,
        1,
    );
    let mut properties = lambda.properties();
    for (limit, timeout) in [(12, "900"), (60, "12")] {
        properties["ServiceTimeout"] = json!(timeout);
        let event = request_of(&place.url, "Create", None, &properties).to_string();
        let begun = Instant::now();
        lambda
            .function
            .invoke_within(event.as_bytes(), Duration::from_secs(limit))
            .result();
        assert!(
            begun.elapsed() < Duration::from_secs(12),
            "{:?}",
            begun.elapsed()
        );
        let told = place.take();
        assert_eq!(told["Status"], "FAILED");
        let reason = told["Reason"].as_str().unwrap();
        assert!(
            reason.starts_with("HsmbootNotInTime, not-finished: "),
            "{reason}"
        );
    }
}

//! The AWS SDK behind our trait, against a service on loopback that answers what it is told to, or
//! nothing.
#![cfg(feature = "online")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/closed.rs"]
mod closed;
#[path = "cloudhsm_aws/initialize.rs"]
mod initialize;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use closed::Closed;
use hsmboot::ca::{KeyType, NewKey, make_trust_anchor, parse_subject};
use hsmboot::cloudhsm::aws::{AwsCloudHsm, ConnectOptions, Timeouts};
use hsmboot::cloudhsm::{
    CloudHsm, ClusterState, HsmState, InitializeCluster, ServiceError, Trouble,
};
use hsmboot::owner::{Authorized, Owner};
use hsmboot::sign::{Grounds, SigningCa, SigningTerms, issue};
use hsmboot::x509::{Csr, Moment, TrustAnchor};

/// What the service does with a request.
#[derive(Clone)]
enum Act {
    Answer(u16, String),
    /// Reads the request and closes the connection.
    Drop,
    /// Sends half an answer and closes the connection.
    Cut,
    /// Says nothing until the client gives up.
    Silence,
}

/// A service that does one thing after the other, the last one for ever, and keeps what it was
/// sent.
struct Service {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

fn service(acts: Vec<Act>) -> Service {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let Some(request) = read(&mut stream) else {
                continue;
            };
            let count = {
                let mut seen = seen.lock().unwrap();
                seen.push(request);
                seen.len()
            };
            match &acts[(count - 1).min(acts.len() - 1)] {
                Act::Answer(status, body) => {
                    let head = format!(
                        "HTTP/1.1 {status} X\r\nContent-Type: \
                         application/x-amz-json-1.1\r\nContent-Length: {}\r\nConnection: \
                         close\r\n\r\n",
                        body.len()
                    );
                    // A client that has read enough is gone.
                    drop(stream.write_all(format!("{head}{body}").as_bytes()));
                }
                Act::Drop => {}
                Act::Cut => stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"State\":")
                    .unwrap(),
                Act::Silence => held.push(stream),
            }
        }
    });
    Service { url, requests }
}

/// One request, head and body.
fn read(stream: &mut TcpStream) -> Option<String> {
    let (mut text, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let n = stream.read(&mut part).ok().filter(|n| *n > 0)?;
        text.extend_from_slice(&part[..n]);
        let all = String::from_utf8_lossy(&text).into_owned();
        if let Some((head, body)) = all.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length:")
                    .map(|n| n.trim().to_owned())
            });
            if body.len() >= length.map_or(0, |n| n.parse().unwrap()) {
                return Some(all);
            }
        }
    }
}

impl Service {
    fn run<T>(&self, call: impl AsyncFnOnce(AwsCloudHsm) -> T) -> T {
        // Far more than an answer takes.
        self.run_for(Duration::from_secs(600), call)
    }

    /// The same with so much patience for each request.
    fn run_for<T>(&self, request: Duration, call: impl AsyncFnOnce(AwsCloudHsm) -> T) -> T {
        let timeouts = Timeouts {
            connect: request,
            request,
            call: request.saturating_mul(10),
        };
        let options = ConnectOptions {
            region: Some("eu-test-1".into()),
            endpoint_url: Some(self.url.clone()),
            timeouts,
            ..ConnectOptions::default()
        };
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(async { call(AwsCloudHsm::connect(&options).await.unwrap()).await })
    }

    fn initialize(&self) -> Result<hsmboot::cloudhsm::InitializeAnswer, ServiceError> {
        self.run(async |service| service.initialize_cluster(&request()).await)
    }

    fn describe(&self) -> Result<Option<hsmboot::cloudhsm::Cluster>, ServiceError> {
        self.run(async |service| service.describe_cluster("cluster-abc234defgh").await)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// There is no other way to a request than the proofs.
fn request() -> InitializeCluster {
    let read = |name: &str| {
        std::fs::read(format!("fixtures/verify/verified--never-expires/{name}")).unwrap()
    };
    let csr = Csr::from_pem(&read("cluster-hsmboottest_ClusterCsr.csr")).unwrap();
    let now: Moment = "2026-06-01T12:00:00Z".parse().unwrap();
    let key = NewKey::generate(KeyType::P256)
        .unwrap()
        .to_file_key()
        .unwrap();
    let subject = parse_subject("CN=Example CloudHSM CA").unwrap();
    let terms = hsmboot::ca::CaTerms {
        subject: &subject,
        serial: &[1],
        not_before: now,
        not_after: "2036-06-01T12:00:00Z".parse().unwrap(),
    };
    let trust_anchor = make_trust_anchor(&terms, &key).unwrap();
    let trust_anchor = TrustAnchor::try_from(trust_anchor).unwrap();
    let ca = SigningCa::new(trust_anchor.clone(), &key, now).unwrap();
    let grounds = Grounds::Unverified {
        csr: &csr,
        reason: "a test",
    };
    let pair = issue(
        &grounds,
        &ca,
        &SigningTerms {
            serial: [7; 20],
            now,
            days: 3652,
        },
    )
    .unwrap();
    let authorized = Authorized::new(
        pair,
        &grounds,
        &Owner::with_named_ca(ca.trust_anchor().clone()),
    )
    .unwrap();
    InitializeCluster::new("cluster-abc234defgh", &authorized)
}

fn error(kind: &str) -> String {
    format!(r#"{{"__type":"{kind}","Message":"the service's words"}}"#)
}

fn cluster() -> String {
    let body = r#"{"Clusters":[{"ClusterId":"cluster-abc234defgh","State":"PONDERING",
        "StateMessage":"hm","HsmType":"hsm1.medium","CreateTimestamp":1500000000.5,
        "Hsms":[{"HsmId":"hsm-abc234defgh","State":"CREATE_IN_PROGRESS"}],
        "Certificates":{"ClusterCsr":"csr","HsmCertificate":"hsm"}}]}"#;
    body.to_owned()
}

#[test]
fn a_description_is_read_with_states_of_tomorrow() {
    let service = service(vec![Act::Answer(200, cluster())]);
    let cluster = service.describe().unwrap().unwrap();
    assert_eq!(cluster.state, ClusterState::Other("PONDERING".into()));
    assert_eq!(cluster.hsms[0].state, HsmState::CreateInProgress);
    assert_eq!(cluster.created, Some(1_500_000_000));
    assert_eq!(cluster.certificates.cluster_csr.as_deref(), Some("csr"));
    let request = &service.requests()[0];
    assert!(
        request.contains("BaldrApiService.DescribeClusters"),
        "{request}"
    );
    assert!(
        request.contains(r#"{"Filters":{"clusterIds":["cluster-abc234defgh"]}}"#),
        "{request}"
    );
}

#[test]
fn pages_are_followed_and_an_unknown_cluster_is_none() {
    let page =
        |token: &str| Act::Answer(200, format!(r#"{{"Clusters":[],"NextToken":"{token}"}}"#));
    let service = service(vec![
        page("one"),
        page("two"),
        Act::Answer(200, r#"{"Clusters":[]}"#.into()),
    ]);
    assert_eq!(service.describe().unwrap(), None);
    let requests = service.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests[2].contains(r#""NextToken":"two""#));
}

#[test]
fn a_list_gathers_all_pages() {
    let first = cluster().replacen('{', r#"{"NextToken":"more","#, 1);
    let service = service(vec![Act::Answer(200, first), Act::Answer(200, cluster())]);
    assert_eq!(
        service
            .run(async |service| service.list_clusters().await)
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn a_description_is_retried_when_throttled_or_failed() {
    let acts = vec![
        Act::Answer(400, error("ThrottlingException")),
        Act::Answer(500, error("CloudHsmInternalFailureException")),
        Act::Drop,
        Act::Answer(200, cluster()),
    ];
    let service = service(acts);
    assert!(service.describe().unwrap().is_some());
    assert_eq!(service.requests().len(), 4);
}

#[test]
fn a_service_that_says_nothing_is_given_up_and_asked_no_more() {
    // A machine that is busy with other things may not even send the request in so short a time:
    // then it gets longer.
    for patience in [1, 10, 100].map(Duration::from_secs) {
        let service = service(vec![Act::Silence]);
        let error = service
            .run_for(patience, async |service| {
                service.initialize_cluster(&request()).await
            })
            .unwrap_err();
        assert!(error.outcome_unknown(), "{error:?}");
        match service.requests().len() {
            0 => {}
            1 => return,
            more => panic!("sent {more} times: {error:?}"),
        }
    }
    panic!("it was never sent");
}

#[test]
fn a_port_where_nobody_listens_is_unreachable_and_nothing_was_sent() {
    let closed = Closed::new();
    let service = Service {
        url: closed.url(),
        requests: Arc::default(),
    };
    let error = service.initialize().unwrap_err();
    assert!(
        matches!(error.trouble, Trouble::Unreachable { .. }),
        "{error:?}"
    );
    let error = hsmboot::error::Error::from(service.describe().unwrap_err());
    assert_eq!(
        (error.exit_code(), error.kind.name()),
        (6, "service-unreachable")
    );
    assert!(
        error.message.contains(&service.url) && error.message.contains("refused"),
        "{}",
        error.message
    );
}

//! InitializeCluster is sent once, and a lost answer leaves the outcome open.

use hsmboot::cloudhsm::aws::Deadline;

use super::*;

#[test]
fn initialize_is_sent_once_and_its_answer_read() {
    let body = r#"{"State":"INITIALIZE_IN_PROGRESS","StateMessage":"Cluster is initializing."}"#;
    let service = service(vec![Act::Answer(200, body.into())]);
    let answer = service.initialize().unwrap();
    assert_eq!(answer.state, Some(ClusterState::InitializeInProgress));
    let requests = service.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(
        requests[0].matches("-----BEGIN CERTIFICATE-----").count(),
        2,
        "SignedCert and TrustAnchor: {}",
        requests[0]
    );
    assert!(
        requests[0].contains(r#""SignedCert":"-----BEGIN"#)
            && requests[0].contains(r#""TrustAnchor":"-----BEGIN"#)
    );
}

#[test]
fn initialize_is_never_retried_and_a_lost_answer_leaves_the_outcome_open() {
    let lost = [
        Act::Drop,
        Act::Cut,
        Act::Answer(500, error("CloudHsmInternalFailureException")),
        Act::Answer(503, "<html>".into()),
        Act::Answer(200, "not JSON".into()),
        Act::Answer(200, String::new()),
        Act::Answer(200, " \n".into()),
        Act::Answer(200, "[]".into()),
        Act::Answer(200, "{}".into()),
        Act::Answer(200, format!(r#"{{"State":"{}"}}"#, "x".repeat(5 << 20))),
        Act::Answer(400, "x".repeat(5 << 20)),
    ];
    for act in lost {
        let service = service(vec![act]);
        let error = service.initialize().unwrap_err();
        assert!(error.outcome_unknown(), "{error:?}");
        assert_eq!(service.requests().len(), 1, "{error:?}");
    }
}

/// The command's time is over: before it was sent nothing was, in the midst of it nobody knows.
#[test]
fn a_deadline_in_the_midst_of_an_initialize_leaves_the_outcome_open() {
    let service = service(vec![Act::Silence]);
    let options = ConnectOptions {
        region: Some("eu-test-1".into()),
        endpoint_url: Some(service.url.clone()),
        deadline: Some(Deadline::after(Duration::from_secs(2))),
        ..ConnectOptions::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (midst, after, sent) = runtime.block_on(async {
        let client = AwsCloudHsm::connect(&options).await.unwrap();
        let midst = client.initialize_cluster(&request()).await.unwrap_err();
        let sent = service.requests().len();
        (
            midst,
            client.initialize_cluster(&request()).await.unwrap_err(),
            sent,
        )
    });
    assert!(midst.outcome_unknown(), "{midst:?}");
    assert!(
        matches!(after.trouble, Trouble::OutOfTime { sent: false, .. }) && !after.outcome_unknown(),
        "{after:?}"
    );
    assert_eq!(
        service.requests().len(),
        sent,
        "nothing is sent after the end"
    );
    assert_eq!(hsmboot::error::Error::from(after).exit_code(), 7);
}

#[test]
fn initialize_is_not_retried_when_turned_away_either() {
    type Fits = fn(&Trouble) -> bool;
    let cases: [(&str, Fits); 5] = [
        ("ThrottlingException", |trouble| {
            matches!(trouble, Trouble::Throttled { .. })
        }),
        ("CloudHsmAccessDeniedException", |trouble| {
            matches!(trouble, Trouble::AccessDenied { .. })
        }),
        ("CloudHsmInvalidRequestException", |trouble| {
            matches!(trouble, Trouble::Refused { .. })
        }),
        ("CloudHsmResourceNotFoundException", |trouble| {
            matches!(trouble, Trouble::NotFound { .. })
        }),
        ("ExpiredTokenException", |trouble| {
            matches!(trouble, Trouble::BadCredentials { .. })
        }),
    ];
    for (code, fits) in cases {
        let service = service(vec![Act::Answer(400, error(code))]);
        let error = service.initialize().unwrap_err();
        assert!(fits(&error.trouble), "{error:?}");
        assert!(error.to_string().contains("the service's words"), "{error}");
        assert_eq!(service.requests().len(), 1);
    }
}

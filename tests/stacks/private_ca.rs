//! A stack whose CA is AWS Private CA, moto's, and whose answer goes by TLS.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::aws::Moto;
use super::claim_stage::LambdaStage;
use super::moto::Ended;
use super::root;

/// A self-made CA for the place, `tls-ca.crt`, and the place's own certificate with its key.
const MAKE_TLS: &str = "
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tls-ca.key \
    -out tls-ca.crt -subj /CN=Here -days 30
printf 'subjectAltName=DNS:localhost\\n' > ext
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tls.key -out tls.csr \
    -subj /CN=localhost
openssl x509 -req -in tls.csr -CA tls-ca.crt -CAkey tls-ca.key -CAcreateserial -extfile ext \
    -days 30 -out tls.crt
cat tls.crt tls.key > tls.pem";

/// The CA is pinned, and the place's is known by the variable that OpenSSL reads too. A function
/// that does not know it tells nobody.
pub(super) fn a_stack_claims_by_a_private_ca_and_is_answered_by_tls() {
    let (moto, lambda) = (Moto::start(), LambdaStage::new());
    let stage = &lambda.stage;
    let (arn, certificate) = moto.root_ca();
    std::fs::write(stage.path("private.crt"), certificate).unwrap();
    let shown = stage
        .hsmboot(&["ca", "show", "private.crt", "--output", "json"])
        .output()
        .unwrap();
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let sha256 = shown["sha256"].as_str().unwrap();
    let made = Command::new("sh")
        .args(["-euc", MAKE_TLS])
        .current_dir(stage.dir.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let mut place = Command::new("python3")
        .arg(root().join("tests/stacks/response_place.py"))
        .arg(stage.path("tls.pem"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map(Ended)
        .unwrap();
    let mut said = BufReader::new(place.0.stdout.take().unwrap()).lines();
    let port = said.next().unwrap().unwrap();
    let (roots, moto_url) = (stage.path("tls-ca.crt"), moto.url());
    let roots = roots.display().to_string();
    let variables = [
        ("AWS_ENDPOINT_URL_ACM_PCA", moto_url.as_str()),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("NO_PROXY", "localhost,127.0.0.1"),
        ("HSMBOOT_LAMBDA_CA_SHA256", sha256),
        ("SSL_CERT_FILE", &roots),
    ];
    let function = lambda.another_function(&variables);
    let event = json!({
        "RequestType": "Create",
        "ResponseURL": format!("https://localhost:{port}/stack"),
        "StackId": "arn:aws:cloudformation:us-east-1:111122223333:stack/hsm/5b918d10",
        "RequestId": "5478764c-a0a4-4d3f-9f2a-5c1f7bd7c6e5",
        "LogicalResourceId": "Claim",
        "ResourceProperties": {
            "ServiceToken": "arn:aws:lambda:us-east-1:111122223333:function:hsmboot",
            "ClusterId": stage.id, "CaArn": arn, "CaFingerprint": [sha256],
            // moto calls every CA short-lived.
            "Days": "7",
        },
    });
    // Another function, which knows the system's roots alone, must not tell this place anything.
    let stranger = lambda.another_function(&variables[..5]);
    let mut deletion = event.clone();
    deletion["RequestType"] = "Delete".into();
    stranger
        .invoke_within(deletion.to_string().as_bytes(), Duration::from_secs(3))
        .failure("HsmbootService", "service-unreachable");
    let answered = function.invoke(&event);
    assert_eq!(answered.result()["Status"], "SUCCESS", "{answered:#?}");
    let told: Value = serde_json::from_str(&said.next().unwrap().unwrap()).unwrap();
    assert_eq!(&told, answered.result());
    assert_eq!(told["Data"]["TrustAnchorSha256"], sha256);
    let state = super::support::describe(&stage.simulator, &stage.id);
    assert_eq!(state["State"], "INITIALIZED", "{state:#}");
    moto.stop();
}

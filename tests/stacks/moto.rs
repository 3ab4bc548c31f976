//! The template's stack in moto's CloudFormation: what it makes calls the real program.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::claim_stage::LambdaStage;
use super::runtime::{Request, answer};
use super::{kms_key, root};

/// `tests/stacks/moto_stack.py` says what of it is moto's and what is not.
pub(super) fn the_template_goes_from_a_vpc_to_a_claimed_cluster() {
    let mut child = Command::new("python3")
        .arg(root().join("tests/stacks/moto_stack.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map(Ended)
        .unwrap();
    let mut said = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let moto = said.next().unwrap().unwrap();
    // The role that submits is assumed by moto's STS.
    let lambda = LambdaStage::with_variables(&[
        ("HSMBOOT_LAMBDA_ALLOW", "plain-response"),
        ("AWS_ENDPOINT_URL_STS", &moto),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ]);
    let invocations = TcpListener::bind("127.0.0.1:0").unwrap();
    let told = json!({
        "function": format!("http://{}/", invocations.local_addr().unwrap()),
        "cloudhsm": lambda.stage.simulator.url(),
        "parameters": {
            "CaArn": kms_key::KEY, "CaCertificate": lambda.ca(), "CaSha256": sha256_of_ca(&lambda),
        },
    });
    writeln!(child.0.stdin.take().unwrap(), "{told}").unwrap();
    let stream = accepted(&invocations, &mut child.0);
    let event = Request::read(&stream).unwrap().body;
    let invocation = lambda
        .function
        .invoke_within(&event, Duration::from_secs(100));
    answer(&stream, 200, "", b"null");
    assert_eq!(invocation.result()["Status"], "SUCCESS", "{invocation:#?}");
    let done: Value = serde_json::from_str(&said.next().unwrap().unwrap()).unwrap();
    assert!(child.0.wait().unwrap().success());
    assert_eq!(done["stack"], "CREATE_COMPLETE", "{done:#}");
    let cluster = done["outputs"]["ClusterId"].as_str().unwrap();
    let physical_id = invocation.result()["PhysicalResourceId"].as_str().unwrap();
    let anchor = done["outputs"]["TrustAnchorSha256"].as_str().unwrap();
    assert_eq!(physical_id, format!("{cluster}/{anchor}"));
    let event: Value = serde_json::from_slice(&event).unwrap();
    let properties = &event["ResourceProperties"];
    assert_eq!(properties["ClusterId"], cluster);
    assert!(
        properties["AssumeRole"]
            .as_str()
            .unwrap()
            .ends_with(":role/hsm-submit")
    );
    let state = super::support::describe(&lambda.stage.simulator, cluster);
    assert_eq!(state["State"], "INITIALIZED", "{state:#}");
    assert_eq!(state["Hsms"].as_array().unwrap().len(), 1);
}

fn sha256_of_ca(lambda: &LambdaStage) -> Value {
    let shown = lambda
        .stage
        .hsmboot(&["ca", "show", "kms/customerCA.crt", "--output", "json"])
        .output()
        .unwrap();
    serde_json::from_slice::<Value>(&shown.stdout).unwrap()["sha256"].clone()
}

/// A process that ends with the test.
pub(super) struct Ended(pub(super) Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // One that has ended already is what is wanted.
        self.0.kill().unwrap_or_default();
        self.0.wait().unwrap();
    }
}

/// The next connection, for as long as the other side runs.
fn accepted(listener: &TcpListener, child: &mut Child) -> TcpStream {
    listener.set_nonblocking(true).unwrap();
    loop {
        if let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(false).unwrap();
            return stream;
        }
        let end = child.try_wait().unwrap();
        assert!(end.is_none(), "moto's stack invokes no function: {end:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

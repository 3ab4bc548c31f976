//! `--assume-role` where AWS STS refuses: the role is named, and whose credentials tried it.

use std::io::{Read, Write};
use std::net::TcpListener;

use super::*;

const ROLE: &str = "arn:aws:iam::123456789012:role/hsm/claim";

/// A service in the place of AWS STS that refuses whatever it is asked. Returns its URL.
fn refusing_sts(code: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut head) = (stream.unwrap(), [0; 4096]);
            drop(stream.read(&mut head));
            let body = format!(
                "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>\
                 <Type>Sender</Type><Code>{code}</Code><Message>User: \
                 arn:aws:iam::123456789012:user/x is not authorized to perform: sts:AssumeRole on \
                 resource: {ROLE}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
            );
            let answer = format!(
                "HTTP/1.1 403 Forbidden\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\
                 connection: close\r\n\r\n{body}",
                body.len()
            );
            drop(stream.write_all(answer.as_bytes()));
        }
    });
    url
}

fn status(stage: &Stage, sts: &str, own: bool) -> Done {
    let words = ["status", "--cluster-id", &stage.id, "--assume-role", ROLE];
    let mut command = stage.online(&words);
    command
        .args(["--output", "json"])
        .env("AWS_ENDPOINT_URL_STS", sts);
    if own {
        command
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "x");
    }
    run(&mut command)
}

#[test]
fn a_role_that_is_not_assumed_is_named_with_who_tried_it() {
    let stage = Stage::new();
    let sts = refusing_sts("AccessDenied");
    let described = stage.calls("DescribeClusters");
    let error = status(&stage, &sts, true).ends(6, "").json()["error"].clone();
    assert_eq!(
        (&error["kind"], &error["retry"], &error["facts"]["role"]),
        (
            &"role-not-assumed".into(),
            &"after-fix".into(),
            &ROLE.into()
        ),
        "{error:#}"
    );
    let message = error["message"].as_str().unwrap();
    for said in [
        format!("{ROLE} was not assumed").as_str(),
        "the environment (AWS_ACCESS_KEY_ID)",
        "user/x is not authorized",
    ] {
        assert!(message.contains(said), "{message}");
    }
    assert_eq!(error["facts"]["service_code"], "AccessDenied");
    assert_eq!(stage.calls("DescribeClusters"), described);
    // A fleet's role as well.
    let fleet = serde_json::json!({
        "format": "hsmboot-fleet/1",
        "defaults": { "ca": "ca/customerCA.crt", "endpoint_url": stage.simulator.url() },
        "clusters": [{ "cluster": stage.id, "assume_role": ROLE }],
    });
    fs::write(stage.path("fleet.json"), fleet.to_string()).unwrap();
    let mut plan = stage.hsmboot(&["plan", "--fleet", "fleet.json", "--output", "json"]);
    plan.env("AWS_ENDPOINT_URL_STS", &sts)
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "x");
    let row = run(&mut plan).ends(6, "").json()["clusters"][0]["error"].clone();
    assert_eq!(row["kind"], "role-not-assumed", "{row:#}");
    assert_eq!(row["facts"]["role"], ROLE);
}

/// What is wrong with the user's own credentials is no fault of the role.
#[test]
fn credentials_that_sts_does_not_take_are_refused_credentials() {
    let stage = Stage::new();
    let sts = refusing_sts("InvalidClientTokenId");
    let error = status(&stage, &sts, true).ends(6, "").json()["error"].clone();
    assert_eq!(error["kind"], "credentials-refused", "{error:#}");
}

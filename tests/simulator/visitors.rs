//! What a web page of somebody else, open in a browser on this machine, can do to the simulator:
//! nothing.

use hsmboot::simulator::{Credentials, Options, Simulator};
use serde_json::json;

use crate::support::*;

/// What browsers send with a request that a page makes: of another origin, of none, and by a name
/// that was pointed here (DNS rebinding).
fn foreign_pages(address: &str) -> Vec<(u16, String)> {
    let here = format!("Host: {address}\r\n");
    let rebound = "Host: rebind.example.com:8080\r\n";
    vec![
        (403, format!("{here}Origin: https://example.com\r\n")),
        (
            403,
            format!(
                "{here}Origin: https://example.com\r\nSec-Fetch-Site: \
                 cross-site\r\nSec-Fetch-Mode: no-cors\r\n"
            ),
        ),
        (403, format!("{here}Origin: null\r\n")),
        (
            403,
            format!("{here}Origin: http://127.0.0.1:1\r\nSec-Fetch-Site: same-site\r\n"),
        ),
        (403, format!("{here}Sec-Fetch-Site: cross-site\r\n")),
        (
            421,
            format!("{rebound}Origin: http://rebind.example.com:8080\r\n"),
        ),
        (
            421,
            format!(
                "{rebound}Origin: http://rebind.example.com:8080\r\nSec-Fetch-Site: same-origin\r\n"
            ),
        ),
    ]
}

/// A request whose headers, `Host` among them, are all given.
fn send(simulator: &Simulator, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let length = body.len();
    let text = format!(
        "{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: \
         {length}\r\n{headers}\r\n{body}"
    );
    raw(simulator.address(), text.as_bytes()).expect("an answer")
}

/// Each control command that docs/simulator.md lists, with members that it would take.
fn every_command() -> Vec<(String, String)> {
    let page = include_str!("../../docs/simulator.md");
    let (_, rows) = page.split_once("## Control commands").unwrap();
    let (rows, _) = rows.split_once("## Faults").unwrap();
    let names = rows
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(name, _)| name.to_owned());
    let members = json!({
        "ClusterId": "cluster-aaaaaaaaaaa", "Seconds": 31_536_000, "Fault": "throttling",
        "State": "DEGRADED", "Structure": "Cluster", "Name": "New", "Value": 1,
    });
    let commands: Vec<_> = names.map(|name| (name, members.to_string())).collect();
    for new in ["create-cluster", "create-hsm", "initialize", "reset"] {
        assert!(commands.iter().any(|(name, _)| name == new), "{new}");
    }
    commands
}

/// What a page may send without asking first: a form's three types, and none.
const FORM_TYPES: [&str; 4] = [
    "",
    "Content-Type: text/plain\r\n",
    "Content-Type: application/x-www-form-urlencoded\r\n",
    "Content-Type: multipart/form-data; boundary=x\r\n",
];

/// The clock of a simulator that a page has frozen or moved shows a cluster's times.
fn clock(simulator: &Simulator) -> i64 {
    crate::page::data(simulator)["now"].as_i64().unwrap()
}

#[test]
fn no_foreign_page_can_give_a_control_command() {
    for credentials in [Vec::new(), vec![Credentials::new("AKIDEXAMPLE", "secret")]] {
        let simulator = Simulator::spawn(Options {
            credentials,
            ..crate::support::options()
        })
        .unwrap();
        let address = simulator.address().to_string();
        let before = clock(&simulator);
        let commands = every_command();
        for (status, headers) in foreign_pages(&address) {
            for kind in [
                "",
                "Content-Type: text/plain\r\n",
                "Content-Type: application/json\r\n",
            ] {
                for (command, body) in &commands {
                    let answer = send(
                        &simulator,
                        "POST",
                        &format!("/_control/{command}"),
                        &format!("{headers}{kind}"),
                        body,
                    );
                    assert_eq!(answer.status, status, "{command} {headers}{kind}");
                    assert!(!answer.head.contains("access-control-"), "{}", answer.head);
                    assert!(
                        !answer.body.contains("BEGIN") && !answer.body.contains("Calls"),
                        "{}",
                        answer.body
                    );
                }
            }
            for method in ["GET", "OPTIONS", "PUT"] {
                let asked = format!(
                    "{headers}Access-Control-Request-Method: \
                     POST\r\nAccess-Control-Request-Headers: content-type\r\n"
                );
                let answer = send(&simulator, method, "/_control/calls", &asked, "");
                assert_eq!(answer.status, status, "{method} {headers}");
                assert!(!answer.head.contains("access-control-"), "{}", answer.head);
            }
        }
        assert!(
            clock(&simulator) - before < 31_536_000_000,
            "the clock is where it was"
        );
        let told = crate::page::data(&simulator);
        assert_eq!(
            (&told["places"], &told["faults"]),
            (&json!([]), &json!([])),
            "nothing was made"
        );
    }
}

/// Names that the network of a hotel or a conference may answer for: with a page first, and with
/// the address of the simulator then.
#[test]
fn on_loopback_no_name_that_a_network_answers_for_is_the_simulators_own() {
    let simulator = instant();
    let json = "Content-Type: application/json\r\n";
    for (host, status) in [
        ("127.0.0.1", 200),
        ("[::1]", 200),
        ("localhost", 200),
        ("cloudhsm.localhost", 200),
        ("printer.local", 421),
        ("cloudhsm.internal", 421),
        ("cloudhsm.test", 421),
        ("router", 421),
    ] {
        let headers = format!("Host: {host}:8080\r\nOrigin: http://{host}:8080\r\n{json}");
        for (method, path) in [
            ("GET", "/"),
            ("GET", "/_page/data"),
            ("POST", "/_control/calls"),
        ] {
            let answer = send(&simulator, method, path, &headers, "{}");
            assert_eq!(answer.status, status, "{host} {path}: {}", answer.body);
            assert!(status == 200 || answer.body.contains("localhost"));
        }
        // A program may know the API by any name.
        let call = format!("Host: {host}\r\nX-Amz-Target: BaldrApiService.DescribeClusters\r\n");
        assert_eq!(send(&simulator, "POST", "/", &call, "{}").status, 200);
    }
}

/// Others of a network know it by the name that the network has for it.
#[test]
fn a_simulator_that_a_network_reaches_is_shown_by_the_networks_names() {
    let simulator = Simulator::spawn(Options {
        listen: ([0, 0, 0, 0], 0).into(),
        ..crate::support::options()
    })
    .unwrap();
    let here = (std::net::Ipv4Addr::LOCALHOST, simulator.address().port()).into();
    for (host, status) in [
        ("cloudhsm", 200),
        ("cloudhsm.internal", 200),
        ("cloudhsm.example.com", 421),
    ] {
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        assert_eq!(raw(here, request.as_bytes()).unwrap().status, status);
    }
}

#[test]
fn a_control_command_is_json_by_its_type() {
    let simulator = instant();
    for (kind, (command, body)) in FORM_TYPES
        .iter()
        .flat_map(|kind| every_command().into_iter().map(move |one| (kind, one)))
    {
        let answer = send(
            &simulator,
            "POST",
            &format!("/_control/{command}"),
            &format!("Host: localhost\r\n{kind}"),
            &body,
        );
        assert_eq!(answer.status, 415, "{command} {kind}");
        assert!(
            answer.json()["Message"]
                .as_str()
                .unwrap()
                .contains("application/json"),
            "{}",
            answer.body
        );
    }
    assert_eq!(crate::page::data(&simulator)["places"], json!([]));
    ok(&simulator, "DescribeClusters", json!({}));
    let json = "Host: localhost\r\nContent-Type: application/json; charset=utf-8\r\n";
    assert_eq!(
        send(
            &simulator,
            "POST",
            "/_control/fault",
            json,
            r#"{"Fault":"throttling"}"#
        )
        .status,
        200
    );
    assert_eq!(
        refused(&simulator, "DescribeClusters", json!({})).0,
        "ThrottlingException"
    );
}

#[test]
fn no_foreign_page_can_call_the_api_or_read_what_the_page_shows() {
    let simulator = instant();
    let address = simulator.address().to_string();
    let (id, _) = ready_cluster(&simulator);
    let before = simulator.call_counts();
    let body = json!({ "ClusterId": id }).to_string();
    for (status, headers) in foreign_pages(&address) {
        let json = format!(
            "{headers}X-Amz-Target: BaldrApiService.DeleteCluster\r\nContent-Type: \
             application/x-amz-json-1.1\r\n"
        );
        let cbor = format!("{headers}Smithy-Protocol: rpc-v2-cbor\r\n");
        for (method, path, headers, body) in [
            ("POST", "/", &json, body.as_str()),
            (
                "POST",
                "/service/BaldrApiService/operation/DescribeClusters",
                &cbor,
                "",
            ),
            ("GET", "/_page/data", &headers, ""),
            (
                "GET",
                &format!("/_page/certificates?cluster={id}"),
                &headers,
                "",
            ),
        ] {
            let answer = send(&simulator, method, path, headers, body);
            assert_eq!(answer.status, status, "{path} {headers}");
            assert!(
                !answer.body.contains(&id) && !answer.head.contains("access-control-"),
                "{}",
                answer.body
            );
        }
    }
    assert_eq!(simulator.call_counts(), before);
    // A link to the page from elsewhere may be followed, and an SDK may know the simulator by any
    // name.
    let linked =
        format!("Host: {address}\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n");
    assert_eq!(send(&simulator, "GET", "/", &linked, "").status, 200);
    let sdk = "Host: simulator.example.com\r\nX-Amz-Target: BaldrApiService.DescribeClusters\r\n";
    assert_eq!(send(&simulator, "POST", "/", sdk, "{}").status, 200);
    let own = format!("Host: {address}\r\nSec-Fetch-Site: same-origin\r\n");
    assert_eq!(send(&simulator, "GET", "/_page/data", &own, "").status, 200);
}

//! Connections that keep the simulator waiting are closed, and nobody is kept out by them.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use hsmboot::simulator::{ConnectionLimits, InjectedFault, Options, Simulator, Speed};
use serde_json::json;

use crate::support::*;

/// Longer than any test takes.
const NEVER: Duration = Duration::from_secs(3600);

fn simulator(connections: ConnectionLimits) -> Simulator {
    Simulator::spawn(Options {
        speed: Speed::INSTANT,
        connections,
        ..crate::support::options()
    })
    .unwrap()
}

fn connect(simulator: &Simulator) -> TcpStream {
    let stream = TcpStream::connect(simulator.address()).unwrap();
    stream.set_read_timeout(Some(HANGS)).unwrap();
    stream
}

/// What comes until the other side closes.
fn rest(mut stream: TcpStream) -> String {
    let mut all = Vec::new();
    match stream.read_to_end(&mut all) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => {
            panic!("it was not closed: {error}")
        }
        _ => String::from_utf8(all).unwrap(),
    }
}

/// Sends the octets again and again, a moment apart, until the other side has closed.
fn trickle(mut stream: TcpStream, octets: &[u8]) {
    while stream.write_all(octets).is_ok() {
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn describe_request(headers: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: \
         BaldrApiService.DescribeClusters\r\n{headers}\r\n"
    )
}

#[test]
fn a_connection_without_a_request_is_closed() {
    let simulator = simulator(ConnectionLimits {
        request: Duration::from_millis(100),
        idle: NEVER,
        most: 100,
    });
    assert_eq!(rest(connect(&simulator)), "");
    let mut half = connect(&simulator);
    half.write_all(b"POST / HTTP/1.1\r\nHost: x\r\n").unwrap();
    assert_eq!(rest(half), "");
}

#[test]
fn a_request_that_never_ends_is_closed_wherever_it_is() {
    let simulator = simulator(ConnectionLimits {
        request: Duration::from_millis(300),
        idle: NEVER,
        most: 100,
    });
    let mut head = connect(&simulator);
    head.write_all(b"POST / HTTP/1.1\r\n").unwrap();
    trickle(head, b"X: y\r\n");
    let mut body = connect(&simulator);
    body.write_all(describe_request("Content-Length: 1000000\r\n").as_bytes())
        .unwrap();
    trickle(body, b" ");
    let mut chunks = connect(&simulator);
    chunks
        .write_all(describe_request("Transfer-Encoding: chunked\r\n").as_bytes())
        .unwrap();
    trickle(chunks, b"1\r\n \r\n");
    assert!(
        simulator.call_counts().is_empty(),
        "none of them was a request"
    );
}

/// It is the client's turn still: what was sent is no answer.
#[test]
fn a_body_that_never_comes_after_100_continue_is_waited_for_no_longer_than_another() {
    let simulator = simulator(ConnectionLimits {
        request: Duration::from_millis(300),
        idle: NEVER,
        most: 100,
    });
    let mut stream = connect(&simulator);
    let head = describe_request("Expect: 100-continue\r\nContent-Length: 2\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(rest(stream), "HTTP/1.1 100 Continue\r\n\r\n");
    assert!(simulator.call_counts().is_empty());
}

/// On a connection of HTTP/2 no bound would hold: it has many requests at a time.
#[test]
fn a_client_that_begins_with_http_2_is_not_served() {
    let simulator = simulator(ConnectionLimits {
        request: NEVER,
        idle: NEVER,
        most: 100,
    });
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";
    let mut whole = connect(&simulator);
    // It may be closed before all of it is sent.
    whole.write_all(preface).unwrap_or_default();
    assert_eq!(rest(whole), "");
    let mut piecemeal = connect(&simulator);
    piecemeal.set_nodelay(true).unwrap();
    for octet in preface {
        if piecemeal.write_all(&[*octet]).is_err() {
            break;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(rest(piecemeal), "");
    // Those are words of HTTP/1.1 too.
    let answer = raw(
        simulator.address(),
        b"PRI * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    assert_eq!(answer.unwrap().status, 404);
}

/// An answer without a wait: the page, and what is refused before its body is read.
#[test]
fn a_connection_is_kept_after_any_answer() {
    let simulator = simulator(ConnectionLimits {
        request: Duration::from_millis(1500),
        idle: NEVER,
        most: 100,
    });
    for first in [
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /_page/data HTTP/1.1\r\nHost: example.com\r\n\r\n",
        "GET /_control/calls HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ] {
        let mut stream = connect(&simulator);
        stream.write_all(first.as_bytes()).unwrap();
        let mut some = [0; 9];
        stream.read_exact(&mut some).unwrap();
        std::thread::sleep(Duration::from_millis(2500));
        let next = describe_request("Connection: close\r\nContent-Length: 2\r\n") + "{}";
        stream.write_all(next.as_bytes()).unwrap();
        let text = rest(stream);
        assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 1, "{first}{text}");
    }
}

#[test]
fn a_connection_is_kept_between_requests_and_closed_when_none_comes() {
    let simulator = simulator(ConnectionLimits {
        request: NEVER,
        idle: Duration::from_millis(300),
        most: 100,
    });
    let mut stream = connect(&simulator);
    let request = describe_request("Content-Length: 2\r\n") + "{}";
    stream.write_all(request.repeat(2).as_bytes()).unwrap();
    assert_eq!(rest(stream).matches("HTTP/1.1 200 OK").count(), 2);
}

#[test]
fn an_answer_may_take_longer_than_a_request() {
    let simulator = simulator(ConnectionLimits {
        request: Duration::from_millis(300),
        idle: Duration::from_millis(300),
        most: 100,
    });
    simulator.inject_fault(
        Some("DescribeClusters"),
        InjectedFault::Delay(Duration::from_millis(1500)),
        1,
    );
    ok(&simulator, "DescribeClusters", json!({}));
}

#[test]
fn a_client_that_takes_nothing_of_its_answers_is_closed() {
    let simulator = simulator(ConnectionLimits {
        request: Duration::from_millis(300),
        idle: NEVER,
        most: 100,
    });
    let mut stream = connect(&simulator);
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    // The answers fill every buffer between here and there; then nothing more is taken.
    while stream.write_all(request.repeat(100).as_bytes()).is_ok() {}
    ok(&simulator, "DescribeClusters", json!({}));
}

#[test]
fn stuck_clients_keep_nobody_out_and_the_one_waited_for_longest_makes_room() {
    let simulator = simulator(ConnectionLimits {
        request: NEVER,
        idle: NEVER,
        most: 4,
    });
    let mut stuck: Vec<TcpStream> = (0..20).map(|_| connect(&simulator)).collect();
    for _ in 0..8 {
        ok(&simulator, "DescribeClusters", json!({}));
    }
    // All but the newest few have been closed.
    stuck.truncate(16);
    for stream in stuck {
        assert_eq!(rest(stream), "");
    }
}

#[test]
fn who_waits_for_an_answer_is_not_closed_for_a_newcomer() {
    let simulator = simulator(ConnectionLimits {
        request: NEVER,
        idle: NEVER,
        most: 1,
    });
    simulator.inject_fault(
        Some("CreateCluster"),
        InjectedFault::Delay(Duration::from_secs(2)),
        1,
    );
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| create_cluster(&simulator));
        while !simulator.call_counts().contains_key("CreateCluster") {
            std::thread::sleep(Duration::from_millis(1));
        }
        // The newcomer is the one that is closed.
        assert_eq!(rest(connect(&simulator)), "");
        waiting.join().unwrap();
    });
}

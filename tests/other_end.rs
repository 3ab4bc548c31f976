//! The other end of the line: which one it is, and what it may do. A stand-in on loopback answers
//! with whatever bytes a test likes, or never ends.
#![cfg(feature = "online")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "tests"
)]

#[path = "other_end/answers.rs"]
mod answers;
#[cfg(feature = "simulator")]
#[path = "other_end/between.rs"]
mod between;
#[path = "other_end/endpoints.rs"]
mod endpoints;
#[path = "other_end/keys_in_aws.rs"]
mod keys_in_aws;
#[cfg(feature = "simulator")]
#[path = "support/simulated.rs"]
#[allow(dead_code, unreachable_pub)]
mod simulated;
mod support;
#[path = "other_end/timeouts.rs"]
mod timeouts;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use answers::too_long;
use serde_json::{Value, json};
use support::{Bench, CLUSTER, Run, run};

/// What a run may take at most where the other side would hold it for ever: far more than it takes,
/// far less than for ever.
const SOON: Duration = Duration::from_secs(40);

/// What the other end is asked, and where its answer goes.
struct Asked<'a> {
    /// The request, head and body.
    text: String,
    /// How many requests came before.
    before: usize,
    stream: &'a mut TcpStream,
    /// How many octets went out, of all answers.
    sent: &'a AtomicU64,
}

impl Asked<'_> {
    /// `false`: the client has gone.
    fn write(&mut self, bytes: &[u8]) -> bool {
        let written = self.stream.write_all(bytes).is_ok();
        if written {
            self.sent
                .fetch_add(u64::try_from(bytes.len()).unwrap(), Ordering::Relaxed);
        }
        written
    }

    fn answer(&mut self, status: u16, content_type: &str, body: &str) {
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: \
             {length}\r\nConnection: close\r\n\r\n"
        );
        self.write(head.as_bytes());
        self.write(body.as_bytes());
    }

    fn json(&mut self, body: &Value) {
        self.answer(200, "application/x-amz-json-1.1", &body.to_string());
    }

    /// Says nothing more until the client gives up.
    fn hold(&mut self) {
        drop(self.stream.read(&mut [0; 1]));
    }
}

struct End {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
    sent: Arc<AtomicU64>,
}

impl End {
    /// Each connection has a thread of its own.
    fn new(act: impl Fn(&mut Asked<'_>) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let end = End {
            url,
            requests: Arc::default(),
            connections: Arc::default(),
            sent: Arc::default(),
        };
        let (requests, connections, sent, act) = (
            end.requests.clone(),
            end.connections.clone(),
            end.sent.clone(),
            Arc::new(act),
        );
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                connections.fetch_add(1, Ordering::SeqCst);
                let (requests, sent, act, mut stream) =
                    (requests.clone(), sent.clone(), act.clone(), stream.unwrap());
                std::thread::spawn(move || {
                    let Some(text) = read(&mut stream) else {
                        return;
                    };
                    let before = {
                        let mut requests = requests.lock().unwrap();
                        requests.push(text.clone());
                        requests.len() - 1
                    };
                    act(&mut Asked {
                        text,
                        before,
                        stream: &mut stream,
                        sent: &sent,
                    });
                });
            }
        });
        end
    }

    /// One that has no clusters, backups and tags.
    fn empty() -> Self {
        End::new(|asked| asked.json(&json!({ "Clusters": [], "Backups": [], "TagList": [] })))
    }

    fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    /// The same end by an address that is not loopback's: Linux takes it for this machine.
    fn not_loopback(&self) -> String {
        self.url.replace("127.0.0.1", "0.0.0.0")
    }
}

fn read(stream: &mut TcpStream) -> Option<String> {
    let (mut text, mut part) = (Vec::new(), [0; 4096]);
    loop {
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
        let n = stream.read(&mut part).ok().filter(|n| *n > 0)?;
        text.extend_from_slice(&part[..n]);
    }
}

/// The program with credentials and a region, and nothing else of AWS.
fn command(bench: &Bench, args: &[&str], env: &[(&str, &str)]) -> assert_cmd::Command {
    let mut command = bench.command(args);
    command
        .env("AWS_REGION", "eu-test-1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test");
    command
        .env("AWS_SESSION_TOKEN", "the-session-token")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    for (name, value) in env {
        command.env(name, value);
    }
    command
}

fn hsmboot(bench: &Bench, args: &[&str], env: &[(&str, &str)]) -> Run {
    run(command(bench, args, env))
}

/// Against an end of the line, that it comes to an end as well.
fn soon(bench: &Bench, end: &End, args: &[&str]) -> Run {
    let (start, url) = (Instant::now(), end.url.clone());
    let run = hsmboot(
        bench,
        &[args, &["--endpoint-url", &url, "--output", "json"]].concat(),
        &[],
    );
    let took = start.elapsed();
    assert!(took < SOON, "{args:?} took {took:?}: {}", run.stdout);
    run
}

fn error(run: &Run) -> (i64, String) {
    let error = &run.json()["error"];
    (
        error["code"].as_i64().unwrap_or_default(),
        error["kind"].as_str().unwrap_or_default().to_owned(),
    )
}

fn told(run: &Run) -> String {
    run.json()["error"]["message"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

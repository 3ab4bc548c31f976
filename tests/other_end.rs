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

mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

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

/// Options, variables, and the configuration file's text.
type Way = (Vec<String>, Vec<(&'static str, String)>, String);

/// Every way to name an endpoint.
fn ways(url: &str) -> Vec<Way> {
    let profile = |text: &str| (Vec::new(), Vec::new(), text.to_owned());
    vec![
        (
            vec!["--endpoint-url".to_owned(), url.to_owned()],
            Vec::new(),
            String::new(),
        ),
        (
            Vec::new(),
            vec![("AWS_ENDPOINT_URL", url.to_owned())],
            String::new(),
        ),
        (
            Vec::new(),
            vec![("AWS_ENDPOINT_URL_CLOUDHSM_V2", url.to_owned())],
            String::new(),
        ),
        profile(&format!("[default]\nendpoint_url = {url}\n")),
        profile(&format!(
            "[default]\nservices = here\n\n[services here]\ncloudhsm_v2 =\n  endpoint_url = {url}\n"
        )),
        // As the SDK for Rust spells it; what is said for all services comes after that.
        profile(&format!(
            "[default]\nservices = here\nendpoint_url = https://other.invalid\n\n[services \
             here]\ncloudhsm-v2 =\n  endpoint_url = {url}\n"
        )),
        profile(&format!(
            "[default]\nservices = here\nendpoint_url = https://other.invalid\n\n[services \
             here]\ncloudhsm_v2 =\n  endpoint_url = {url}\n"
        )),
        (
            vec!["--profile".to_owned(), "other".to_owned()],
            Vec::new(),
            format!(
                "[profile other]\nendpoint_url = {url}\naws_access_key_id = \
                 a\naws_secret_access_key = b\n"
            ),
        ),
    ]
}

/// Runs a command with an endpoint named in one of these ways.
fn by(bench: &Bench, way: &Way, args: &[&str]) -> Run {
    let (options, variables, config) = way;
    let file = bench.write("aws-config", config);
    let args: Vec<&str> = args
        .iter()
        .copied()
        .chain(options.iter().map(String::as_str))
        .collect();
    let mut env: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let file = file.to_str().unwrap().to_owned();
    env.push(("AWS_CONFIG_FILE", &file));
    hsmboot(bench, &args, &env)
}

#[test]
fn an_endpoint_is_said_whatever_named_it() {
    let (bench, end) = (Bench::new(), End::empty());
    for way in ways(&end.url) {
        let before = end.count();
        let text = by(&bench, &way, &["status"]).expect(0);
        assert_eq!(end.count(), before + 1, "{way:?}");
        assert!(
            text.stdout.contains(&format!("no clusters at {}", end.url)),
            "{way:?}: {}",
            text.stdout
        );
        assert!(
            text.stderr.contains(&format!("calls go to {}", end.url)),
            "{way:?}: {}",
            text.stderr
        );
        for args in [
            &["status"][..],
            &["cluster", "list"],
            &["backup", "list"],
            &["tag", "list", "--resource-id", CLUSTER],
        ] {
            let document = by(&bench, &way, &[args, &["--output", "json"]].concat())
                .expect(0)
                .json();
            assert_eq!(document["endpoint"], end.url, "{way:?}: {document:#}");
        }
        for args in [
            &["status", "--cluster-id", CLUSTER][..],
            &["fetch", "--cluster-id", CLUSTER, "--bundle", "new"],
            &["wait", "--cluster-id", CLUSTER, "--for", "csr"],
        ] {
            let run = by(&bench, &way, args).expect(6);
            assert!(
                run.stderr.contains(&format!("at  {}", end.url))
                    && !run.stderr.contains("AWS CloudHSM"),
                "{way:?}: {}",
                run.stderr
            );
        }
    }
}

#[test]
fn an_endpoint_that_is_to_be_ignored_is_not_used_nor_said() {
    let (bench, end, nobody) = (Bench::new(), End::empty(), support::closed::Closed::new());
    let file = bench.write(
        "aws-config",
        format!("[default]\nendpoint_url = {}\n", end.url),
    );
    let ignoring = bench.write(
        "ignoring",
        format!(
            "[default]\nignore_configured_endpoint_urls = true\nendpoint_url = {}\n",
            end.url
        ),
    );
    let (file, ignoring, nobody) = (
        file.to_str().unwrap(),
        ignoring.to_str().unwrap(),
        nobody.url(),
    );
    // What does not go there goes nowhere: the way to AWS leads through a proxy that is not there.
    let proxy = ("HTTPS_PROXY", nobody.as_str());
    let environment = ("AWS_ENDPOINT_URL", end.url.as_str());
    let ignore = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
    for env in [
        [ignore, ("AWS_CONFIG_FILE", file), proxy],
        [ignore, environment, proxy],
        [environment, ("AWS_CONFIG_FILE", ignoring), proxy],
    ] {
        let run = hsmboot(
            &bench,
            &[
                "wait",
                "--cluster-id",
                CLUSTER,
                "--for",
                "csr",
                "--timeout",
                "2",
                "--output",
                "json",
            ],
            &env,
        );
        assert!(
            [6, 7].contains(&run.code)
                && !run.stdout.contains(&end.url)
                && !run.stderr.contains(&end.url),
            "{env:?}: {}",
            run.stdout
        );
    }
    assert_eq!(end.count(), 0);
    hsmboot(&bench, &["status", "--endpoint-url", &end.url], &[ignore]).expect(0);
    assert_eq!(end.count(), 1);
}

#[test]
fn a_loopback_endpoint_in_the_profile_needs_no_credentials_as_one_on_the_command_line() {
    let (bench, end) = (Bench::new(), End::empty());
    for way in ways(&end.url)
        .into_iter()
        .filter(|(options, ..)| !options.contains(&"--profile".to_owned()))
    {
        let file = bench.write("aws-config", &way.2);
        let args: Vec<&str> = ["status"]
            .into_iter()
            .chain(way.0.iter().map(String::as_str))
            .collect();
        let mut command = bench.command(&args);
        command
            .env("AWS_CONFIG_FILE", &file)
            .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
            .envs(way.1.iter().cloned());
        run(command).expect(0);
    }
}

#[test]
fn plain_http_to_another_machine_is_a_wrong_command_line_whatever_named_it() {
    let (bench, end) = (Bench::new(), End::empty());
    for way in ways(&end.not_loopback()) {
        for args in [
            &["status"][..],
            &["fetch", "--cluster-id", CLUSTER, "--bundle", "new"],
            &["wait", "--cluster-id", CLUSTER, "--for", "csr"],
            &["cluster", "list"],
            &[
                "hsm",
                "delete",
                "--cluster-id",
                CLUSTER,
                "--hsm-id",
                "hsm-abc234defgh",
                "--yes",
            ],
            &["backup", "list"],
            &["tag", "add", "--resource-id", CLUSTER, "--tag", "a=b"],
            &["bootstrap", "--cluster-id", CLUSTER],
        ] {
            let run = by(&bench, &way, &[args, &["--output", "json"]].concat());
            assert_eq!(
                (run.code, error(&run)),
                (2, (2, "insecure-endpoint".to_owned())),
                "{way:?} {args:?}: {}",
                run.stdout
            );
            assert!(told(&run).contains(&end.not_loopback()), "{}", told(&run));
        }
        assert_eq!(
            end.connections.load(Ordering::SeqCst),
            0,
            "nothing was sent: {way:?}"
        );
    }
    // Who says so gets it.
    for (done, way) in ways(&end.not_loopback()).iter().enumerate() {
        by(&bench, way, &["status", "--insecure-http"]).expect(0);
        assert_eq!(end.count(), done + 1);
    }
    assert!(end.requests.lock().unwrap()[0].contains("the-session-token"));
}

#[test]
fn what_is_no_document_is_a_failure_of_the_service_and_not_no_clusters() {
    const JSON: &str = "application/x-amz-json-1.1";
    let bench = Bench::new();
    for (content_type, body) in [
        (JSON, ""),
        (JSON, " \r\n\t"),
        (JSON, "null"),
        (JSON, "[]"),
        (JSON, "{}"),
        (JSON, r#"{"clusters":[],"Message":"ok"}"#),
        (JSON, r#"{"Clusters":null,"Backups":null,"TagList":null}"#),
        (JSON, r#"{"Clusters":[],"Backups":[],"TagList":["#),
        (JSON, r#"{"Clusters":"none","Backups":7,"TagList":true}"#),
        (JSON, "<html><body>Please sign in</body></html>"),
        ("text/html", "<html><body>Please sign in</body></html>"),
        ("text/html", r#"{"Clusters":[],"Backups":[],"TagList":[]}"#),
    ] {
        let end = End::new(move |asked| asked.answer(200, content_type, body));
        for args in [
            &["status"][..],
            &["status", "--cluster-id", CLUSTER],
            &[
                "wait",
                "--cluster-id",
                CLUSTER,
                "--for",
                "deleted",
                "--timeout",
                "30",
            ],
            &["cluster", "list"],
            &["backup", "list"],
            &["tag", "list", "--resource-id", CLUSTER],
        ] {
            let run = soon(&bench, &end, args);
            assert_eq!(
                (run.code, error(&run)),
                (6, (6, "answer-unreadable".to_owned())),
                "{args:?} {body:?}: {}",
                run.stdout
            );
            assert!(told(&run).contains(&end.url), "{}", told(&run));
        }
    }
}

/// How an answer can be too long.
fn too_long() -> Vec<(&'static str, End)> {
    let part = || "x".repeat(64 * 1024);
    vec![
        (
            "by its own word",
            End::new(move |asked| {
                asked.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: \
                              application/x-amz-json-1.1\r\nContent-Length: \
                              1073741824\r\n\r\n{\"Clusters\":[\"",
                );
                while asked.write(part().as_bytes()) {}
            }),
        ),
        (
            "in chunks without end",
            End::new(move |asked| {
                asked.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: \
                              application/x-amz-json-1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
                );
                while asked.write(format!("{:x}\r\n{}\r\n", part().len(), part()).as_bytes()) {}
            }),
        ),
        (
            "until the connection ends, which it never does",
            End::new(move |asked| {
                asked.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\n\r\n");
                while asked.write(part().as_bytes()) {}
            }),
        ),
        (
            "an error",
            End::new(move |asked| {
                asked.write(
                    b"HTTP/1.1 400 X\r\nContent-Type: \
                              application/x-amz-json-1.1\r\nContent-Length: \
                              1073741824\r\n\r\n{\"__type\":\"",
                );
                while asked.write(part().as_bytes()) {}
            }),
        ),
        (
            "compressed",
            End::new(move |asked| {
                asked.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: \
                      application/x-amz-json-1.1\r\nContent-Encoding: gzip\r\nTransfer-Encoding: \
                      chunked\r\n\r\n",
                );
                while asked.write(format!("{:x}\r\n{}\r\n", part().len(), part()).as_bytes()) {}
            }),
        ),
    ]
}

#[test]
fn an_answer_is_not_read_without_end() {
    let bench = Bench::new();
    for (how, end) in too_long() {
        let run = soon(&bench, &end, &["status"]);
        assert_eq!(
            (run.code, error(&run)),
            (6, (6, "answer-too-long".to_owned())),
            "{how}: {}",
            run.stdout
        );
        let sent = end.sent.load(Ordering::Relaxed);
        // What lies in the buffers of two sockets goes out as well.
        assert!(sent < 100 * 1024 * 1024, "{how}: {sent} octets went out");
    }
}

#[test]
fn pages_do_not_go_on_without_end() {
    let bench = Bench::new();
    let page = |token: String, filler: usize| {
        json!({
            "Clusters": [], "Backups": [], "TagList": [], "NextToken": token,
            "Filler": "x".repeat(filler),
        })
    };
    let circle = End::new(move |asked| asked.json(&page(format!("t{}", asked.before % 3), 0)));
    let endless = End::new(move |asked| asked.json(&page(format!("t{}", asked.before), 0)));
    let fat = End::new(move |asked| asked.json(&page(format!("t{}", asked.before), 3 << 20)));
    for (how, end, most) in [
        ("in a circle", circle, 4),
        ("without end", endless, 1001),
        ("fat", fat, 40),
    ] {
        for args in [
            &["status"][..],
            &["backup", "list"],
            &["tag", "list", "--resource-id", CLUSTER],
            &["wait", "--cluster-id", CLUSTER, "--for", "csr"],
        ] {
            let before = end.count();
            let start = Instant::now();
            let run = hsmboot(
                &bench,
                &[args, &["--endpoint-url", &end.url, "--output", "json"]].concat(),
                &[],
            );
            assert_eq!(
                (run.code, error(&run)),
                (6, (6, "answer-too-long".to_owned())),
                "{how}: {args:?} {}",
                run.stdout
            );
            assert!(
                end.count() - before <= most,
                "{how}: {} pages in {:?}",
                end.count() - before,
                start.elapsed()
            );
            if how == "without end" {
                break; // A thousand requests take their time; the loop is the same.
            }
        }
    }
}

/// What the other end can do so that nothing ever comes of it.
fn endless() -> Vec<(&'static str, End)> {
    let slowly = |asked: &mut Asked<'_>, head: &[u8]| {
        asked.write(head);
        while asked.write(b"x") {
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    vec![
        ("says nothing", End::new(|asked| asked.hold())),
        (
            "a head that trickles",
            End::new(move |asked| slowly(asked, b"HTTP/1.1 200 OK\r\nX-Header: ")),
        ),
        (
            "a body that trickles",
            End::new(move |asked| {
                slowly(
                    asked,
                    b"HTTP/1.1 200 OK\r\nContent-Type: \
                                application/x-amz-json-1.1\r\nContent-Length: 100000\r\n\r\n",
                )
            }),
        ),
        (
            "pages, one after the other",
            End::new(|asked| {
                std::thread::sleep(Duration::from_millis(100));
                asked.json(&json!({ "Clusters": [], "NextToken": format!("t{}", asked.before) }));
            }),
        ),
        (
            "is too busy",
            End::new(|asked| {
                asked.answer(
                    400,
                    "application/x-amz-json-1.1",
                    r#"{"__type":"ThrottlingException"}"#,
                )
            }),
        ),
        (
            "no change",
            End::new(|asked| {
                asked.json(&json!({
                    "Clusters": [{ "ClusterId": CLUSTER, "State": "CREATE_IN_PROGRESS" }],
                }))
            }),
        ),
    ]
}

#[test]
fn a_timeout_ends_the_command_whatever_the_other_side_does() {
    let bench = Bench::new();
    for (how, end) in endless() {
        let run = soon(
            &bench,
            &end,
            &[
                "wait",
                "--cluster-id",
                CLUSTER,
                "--for",
                "csr",
                "--timeout",
                "1",
            ],
        );
        let out = if how == "is too busy" {
            vec![6, 7]
        } else {
            vec![7]
        };
        assert!(out.contains(&run.code), "{how}: {}", run.stdout);
        if run.code == 7 {
            assert_eq!(error(&run).1, "not-finished", "{how}: {}", run.stdout);
        }
    }
    // A redirection is no answer, and not followed.
    let round = End::new(|asked| {
        let head =
            "HTTP/1.1 307 X\r\nLocation: /again\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        asked.write(head.as_bytes());
    });
    let run = soon(
        &bench,
        &round,
        &[
            "wait",
            "--cluster-id",
            CLUSTER,
            "--for",
            "csr",
            "--timeout",
            "1",
        ],
    );
    assert!([6, 7].contains(&run.code), "{}", run.stdout);
    assert!(
        round
            .requests
            .lock()
            .unwrap()
            .iter()
            .all(|request| request.starts_with("POST / "))
    );
}

#[test]
fn a_timeout_ends_every_command_that_takes_one() {
    let (bench, end) = (Bench::new(), End::new(|asked| asked.hold()));
    for args in [
        &[
            "bootstrap",
            "--cluster-id",
            CLUSTER,
            "--bundle",
            "new",
            "--timeout",
            "1",
        ][..],
        &[
            "cluster",
            "modify",
            "--cluster-id",
            CLUSTER,
            "--retention-days",
            "9",
            "--wait",
            "--timeout",
            "1",
        ],
        &[
            "cluster",
            "delete",
            "--cluster-id",
            CLUSTER,
            "--yes",
            "--wait",
            "--timeout",
            "1",
        ],
        &[
            "hsm",
            "create",
            "--cluster-id",
            CLUSTER,
            "--availability-zone",
            "us-east-1a",
            "--wait",
            "--timeout",
            "1",
        ],
        &[
            "hsm",
            "delete",
            "--cluster-id",
            CLUSTER,
            "--hsm-id",
            "hsm-abc234defgh",
            "--yes",
            "--wait",
            "--timeout",
            "1",
        ],
        &[
            "backup",
            "delete",
            "--backup-id",
            "backup-abc234defgh",
            "--yes",
            "--wait",
            "--timeout",
            "1",
        ],
        &[
            "backup",
            "restore",
            "--backup-id",
            "backup-abc234defgh",
            "--wait",
            "--timeout",
            "1",
        ],
        &[
            "backup",
            "copy",
            "--backup-id",
            "backup-abc234defgh",
            "--destination-region",
            "us-east-1",
            "--wait",
            "--timeout",
            "1",
        ],
    ] {
        let run = soon(&bench, &end, args);
        assert_eq!(
            (run.code, error(&run).1.as_str()),
            (7, "not-finished"),
            "{args:?}: {}",
            run.stdout
        );
    }
    // What would be made a second time is not said to go on from here: 7 would say that.
    let run = soon(
        &bench,
        &end,
        &[
            "cluster",
            "create",
            "--subnet-id",
            "subnet-0a1b2c3d",
            "--wait",
            "--timeout",
            "1",
        ],
    );
    assert_eq!(
        (run.code, error(&run).1.as_str()),
        (6, "service-failure"),
        "{}",
        run.stdout
    );
    assert!(
        told(&run).contains("no answer within the time that was given"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_source_of_credentials_ends_with_the_timeout_too() {
    let (bench, end) = (Bench::new(), End::empty());
    let wait = [
        "wait",
        "--cluster-id",
        CLUSTER,
        "--for",
        "csr",
        "--timeout",
        "1",
        "--profile",
        "p",
        "--endpoint-url",
        &end.url,
        "--output",
        "json",
    ];
    let file = bench.write(
        "aws-config",
        "[profile p]\nregion = us-east-1\ncredential_process = sleep 600\n",
    );
    let start = Instant::now();
    let run = hsmboot(
        &bench,
        &wait,
        &[("AWS_CONFIG_FILE", file.to_str().unwrap())],
    );
    assert_eq!(
        (run.code, error(&run).1.as_str()),
        (7, "not-finished"),
        "{}",
        run.stdout
    );
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
}

/// The SDK reads its files on the thread that asks for them: a pipe that nobody writes is waited
/// for no longer than anything else.
#[test]
fn a_file_of_the_sdk_that_never_ends_ends_with_the_timeout_too() {
    let (bench, end) = (Bench::new(), End::empty());
    let pipe = bench.path("pipe");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let pipe = pipe.to_str().unwrap();
    let token = format!(
        "[profile p]\nregion = us-east-1\nrole_arn = \
         arn:aws:iam::111122223333:role/r\nweb_identity_token_file = {pipe}\n"
    );
    let config = bench.write("aws-config", token);
    let wait = [
        "wait",
        "--cluster-id",
        CLUSTER,
        "--for",
        "csr",
        "--timeout",
        "1",
        "--endpoint-url",
        &end.url,
        "--output",
        "json",
    ];
    let none = [("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];
    for variables in [
        vec![("AWS_CONFIG_FILE", pipe)],
        vec![("AWS_SHARED_CREDENTIALS_FILE", pipe)],
        vec![
            ("AWS_CONFIG_FILE", config.to_str().unwrap()),
            ("AWS_PROFILE", "p"),
        ],
    ] {
        let start = Instant::now();
        let run = hsmboot(&bench, &wait, &[&none[..], &variables].concat());
        assert_eq!(
            (run.code, error(&run).1.as_str()),
            (7, "not-finished"),
            "{variables:?}: {}",
            run.stdout
        );
        assert!(
            start.elapsed() < SOON,
            "{variables:?}: {:?}",
            start.elapsed()
        );
    }
}

/// KMS and Private CA go the same way.
#[cfg(feature = "awskms")]
#[test]
fn a_ca_in_aws_is_asked_by_the_same_rules() {
    const KEY: &str = "awskms:arn:aws:kms:eu-central-1:111122223333:alias/cloudhsm-ca";
    const CA: &str = "arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/1234abcd-12ab\
                      -34cd-56ef-1234567890ab";
    let bench = Bench::new();
    let kms = [&[
        "ca",
        "init",
        "--out",
        "ca",
        "--subject",
        "CN=CA in KMS",
        "--ca-key",
        KEY,
        "--output",
        "json",
    ][..]]
    .concat();
    let pca = [
        &["sign", "bundle", "--ca-arn", CA, "--output", "json"][..],
        &support::TRUST,
    ]
    .concat();
    let is = |run: &Run, code: i32, kind: &str, how: &str| {
        assert_eq!(
            (run.code, error(run).1.as_str()),
            (code, kind),
            "{how}: {}",
            run.stdout
        );
    };
    for (args, variable) in [
        (&kms, "AWS_ENDPOINT_URL_KMS"),
        (&pca, "AWS_ENDPOINT_URL_ACM_PCA"),
    ] {
        for (how, end) in too_long() {
            let start = Instant::now();
            is(
                &hsmboot(&bench, args, &[(variable, &end.url)]),
                6,
                "answer-too-long",
                how,
            );
            assert!(start.elapsed() < SOON);
        }
        for body in ["", " ", "{}", "[]", "<html>"] {
            let end = End::new(move |asked| asked.answer(200, "application/x-amz-json-1.1", body));
            let run = hsmboot(&bench, args, &[(variable, &end.url)]);
            is(&run, 6, "answer-unreadable", body);
            assert!(told(&run).contains(&end.url), "{}", run.stdout);
            assert!(
                !told(&run).contains("AWS KMS") && !told(&run).contains("AWS Private CA"),
                "{}",
                told(&run)
            );
        }
        let end = End::empty();
        for env in [
            (variable, end.not_loopback()),
            ("AWS_ENDPOINT_URL", end.not_loopback()),
        ] {
            is(
                &hsmboot(&bench, args, &[(env.0, &env.1)]),
                2,
                "insecure-endpoint",
                env.0,
            );
        }
        let file = bench.write(
            "aws-config",
            format!("[default]\nendpoint_url = {}\n", end.not_loopback()),
        );
        let profile = [("AWS_CONFIG_FILE", file.to_str().unwrap())];
        is(
            &hsmboot(&bench, args, &profile),
            2,
            "insecure-endpoint",
            "profile",
        );
        assert_eq!(end.connections.load(Ordering::SeqCst), 0);
        is(
            &hsmboot(
                &bench,
                &[&args[..], &["--insecure-http"]].concat(),
                &profile,
            ),
            6,
            "answer-unreadable",
            "--insecure-http",
        );
        assert_eq!(end.count(), 1);
    }
    let silent = End::new(|asked| asked.hold());
    let start = Instant::now();
    is(
        &hsmboot(
            &bench,
            &[&pca[..], &["--timeout", "1"]].concat(),
            &[("AWS_ENDPOINT_URL_ACM_PCA", &silent.url)],
        ),
        7,
        "not-finished",
        "silence",
    );
    assert!(start.elapsed() < SOON);
    bench.refused(
        &[&support::sign(&[])[..], &["--insecure-http"]].concat(),
        2,
        "options-for-nothing",
        &["--insecure-http"],
    );
}

/// Between the program and a simulator: what is sent goes on, but for InitializeCluster, which is
/// swallowed.
#[cfg(feature = "simulator")]
mod between {
    use super::*;
    use hsmboot::simulator::{Options, Simulator, Speed};

    fn forward(url: &str, asked: &mut Asked<'_>) {
        let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
        let head = asked.text.replacen("\r\n", "\r\nConnection: close\r\n", 1);
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        asked.write(&answer);
    }

    /// A simulator with a cluster to be claimed; its id.
    fn simulator(bench: &Bench) -> (Simulator, String) {
        let simulator = Simulator::spawn(Options {
            speed: Speed::INSTANT,
            ..Options::default()
        })
        .unwrap();
        simulator.write_roots(&bench.path("roots")).unwrap();
        let says = |args: &[&str]| {
            let run = hsmboot(
                bench,
                &[
                    args,
                    &[
                        "--endpoint-url",
                        &simulator.url(),
                        "--wait",
                        "--output",
                        "json",
                    ],
                ]
                .concat(),
                &[("AWS_REGION", "us-east-1")],
            );
            run.expect(0).json()
        };
        let id = says(&[
            "cluster",
            "create",
            "--subnet-id",
            "subnet-0a1b2c3d4e5f60718",
        ])["cluster"]["cluster_id"]
            .as_str()
            .unwrap()
            .to_owned();
        says(&[
            "hsm",
            "create",
            "--cluster-id",
            &id,
            "--availability-zone",
            "us-east-1a",
        ]);
        (simulator, id)
    }

    fn bootstrap(bench: &Bench, id: &str, more: &[&str], env: &[(&str, &str)]) -> Run {
        let roots = [
            "--aws-root",
            "roots/aws-root.crt",
            "--manufacturer-root",
            "roots/manufacturer-root.crt",
        ];
        let ca = ["--ca", "customerCA.crt", "--ca-key", "customerCA.key"];
        let args = [
            &[
                "bootstrap",
                "--cluster-id",
                id,
                "--bundle",
                "claim",
                "--region",
                "us-east-1",
                "--output",
                "json",
            ][..],
            &roots,
            &ca,
            more,
        ];
        hsmboot(bench, &args.concat(), env)
    }

    #[test]
    fn an_initialize_cluster_that_is_never_answered_ends_with_7_and_is_said_to_be_open() {
        let bench = Bench::new();
        let (simulator, id) = simulator(&bench);
        let url = simulator.url();
        let between = End::new(
            move |asked| match asked.text.contains("InitializeCluster") {
                true => asked.hold(),
                false => forward(&url, asked),
            },
        );
        let start = Instant::now();
        let run = bootstrap(
            &bench,
            &id,
            &["--timeout", "5", "--endpoint-url", &between.url],
            &[],
        );
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
        assert_eq!(
            (run.code, error(&run).1.as_str()),
            (7, "not-finished"),
            "{}",
            run.stdout
        );
        assert!(
            told(&run).contains("InitializeCluster was sent; whether it worked is not known"),
            "{}",
            told(&run)
        );
        let sent = between
            .requests
            .lock()
            .unwrap()
            .iter()
            .filter(|request| request.contains("InitializeCluster"))
            .count();
        assert_eq!(sent, 1, "sent once");
        // And the same command goes on from there.
        bootstrap(&bench, &id, &["--endpoint-url", &simulator.url()], &[]).expect(0);
        simulator.shutdown();
    }

    #[test]
    fn records_name_the_endpoint_whatever_named_it() {
        for by in ["option", "variable", "profile"] {
            let bench = Bench::new();
            let (simulator, id) = simulator(&bench);
            let url = simulator.url();
            let file = bench.write("aws-config", format!("[default]\nendpoint_url = {url}\n"));
            let run = match by {
                "option" => bootstrap(&bench, &id, &["--endpoint-url", &url], &[]),
                "variable" => bootstrap(&bench, &id, &[], &[("AWS_ENDPOINT_URL", &url)]),
                _ => bootstrap(
                    &bench,
                    &id,
                    &[],
                    &[("AWS_CONFIG_FILE", file.to_str().unwrap())],
                ),
            };
            assert_eq!(run.expect(0).json()["endpoint"], url, "{by}");
            for name in ["request.json", "receipt.json"] {
                let record: Value =
                    serde_json::from_slice(&bench.read(&format!("claim/{name}"))).unwrap();
                assert_eq!(record["endpoint"], url, "{by}: {name}");
            }
            simulator.shutdown();
        }
    }
}

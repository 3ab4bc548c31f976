//! A stand-in for the Runtime API of Lambda, and the program as the function behind it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::stage::hsmboot;

/// More than any event takes.
const HANGS: Duration = Duration::from_secs(120);

/// A request of the other side.
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// Reads one request, to the end of its body.
    pub(super) fn read(stream: &TcpStream) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let mut first = head.split(' ').map(str::to_owned);
        let (method, path) = (first.next()?, first.next()?);
        let mut request = Request {
            method,
            path,
            head,
            body: Vec::new(),
        };
        let length = request
            .header("content-length")
            .map_or(0, |length| length.parse().unwrap());
        request.body = vec![0; length];
        reader.read_exact(&mut request.body).ok()?;
        Some(request)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            line.split_once(':')
                .filter(|(found, _)| found.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim())
        })
    }
}

/// Answers a request, and closes.
pub(super) fn answer(mut stream: &TcpStream, status: u16, headers: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n",
        body.len()
    );
    // Whoever has gone does not need it.
    drop(stream.write_all(&[head.as_bytes(), body].concat()));
}

/// An event that is to be handed out.
struct Outgoing {
    id: String,
    body: Vec<u8>,
    limit: Duration,
}

/// What the function answered.
#[derive(Debug)]
pub(super) struct Answered {
    /// `response` or `error`.
    pub(super) way: String,
    /// The header of an error.
    pub(super) error_type: Option<String>,
    pub(super) body: Value,
}

impl Answered {
    /// The result of a command that did what it was asked for.
    pub(super) fn result(&self) -> &Value {
        assert_eq!(self.way, "response", "{:#}", self.body);
        &self.body
    }

    /// The document of a failure, whose type is as expected.
    pub(super) fn failure(&self, error_type: &str, kind: &str) -> Value {
        assert_eq!(self.way, "error", "{:#}", self.body);
        let message = self.body["errorMessage"].as_str().unwrap();
        assert!(!message.contains('\n'), "one line: {message}");
        let document: Value = serde_json::from_str(message).unwrap();
        assert_eq!(self.body["errorType"], error_type, "{document:#}");
        assert_eq!(self.error_type.as_deref(), Some(error_type));
        assert_eq!(document["error"]["kind"], kind, "{document:#}");
        document
    }
}

/// The program as a function: one process that answers one event after the other.
pub(super) struct Function {
    child: Mutex<Child>,
    events: Sender<Outgoing>,
    answers: Receiver<(String, Answered)>,
    log: PathBuf,
    /// Where its temporary files are.
    pub(super) temporary: tempfile::TempDir,
    sent: std::cell::Cell<usize>,
}

impl Function {
    /// Starts it with these variables.
    pub(super) fn start(variables: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let (events, to_hand_out) = channel();
        let (to_answers, answers) = channel();
        std::thread::spawn(move || serve(&listener, &to_hand_out, &to_answers));
        let temporary = tempfile::tempdir().unwrap();
        let log = temporary.path().join("log");
        let mut command = hsmboot();
        std::fs::create_dir(temporary.path().join("tmp")).unwrap();
        command
            .arg("lambda")
            .env("AWS_LAMBDA_RUNTIME_API", place)
            .env("TMPDIR", temporary.path().join("tmp"))
            .env("AWS_REGION", "us-east-1")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log).unwrap());
        Function {
            child: Mutex::new(command.spawn().unwrap()),
            events,
            answers,
            log,
            temporary,
            sent: std::cell::Cell::new(0),
        }
    }

    /// Sends an event, and waits for the answer.
    pub(super) fn invoke(&self, event: &Value) -> Answered {
        self.invoke_within(event.to_string().as_bytes(), Duration::from_secs(60))
    }

    pub(super) fn invoke_within(&self, event: &[u8], limit: Duration) -> Answered {
        self.sent.set(self.sent.get() + 1);
        let id = format!("8476a536-e9f4-11e8-9739-2dfe598c{:04}", self.sent.get());
        let outgoing = Outgoing {
            id: id.clone(),
            body: event.to_vec(),
            limit,
        };
        self.events.send(outgoing).unwrap();
        let (answered, answer) = self
            .answers
            .recv_timeout(HANGS)
            .unwrap_or_else(|_| panic!("no answer: {}", self.log()));
        assert_eq!(answered, id, "the answer to this very event");
        assert_eq!(
            std::fs::read_dir(self.temporary.path().join("tmp"))
                .unwrap()
                .count(),
            0,
            "nothing is left among the temporary files"
        );
        answer
    }

    /// What it wrote to its log so far.
    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Waits for the end that it comes to by itself.
    pub(super) fn wait_for_end(&self) -> i32 {
        self.child.lock().unwrap().wait().unwrap().code().unwrap()
    }

    /// What it says where it cannot start.
    pub(super) fn refused_start(&self) -> Answered {
        self.answers.recv_timeout(HANGS).unwrap().1
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let mut child = self.child.lock().unwrap();
        // One that has ended already is what is wanted.
        child.kill().unwrap_or_default();
        child.wait().unwrap();
    }
}

fn serve(
    listener: &TcpListener,
    events: &Receiver<Outgoing>,
    answers: &Sender<(String, Answered)>,
) {
    for stream in listener.incoming() {
        let stream = stream.unwrap();
        let Some(request) = Request::read(&stream) else {
            continue;
        };
        let path = request.path.strip_prefix("/2018-06-01/runtime/").unwrap();
        if path == "invocation/next" {
            assert_eq!(request.method, "GET");
            // The test has ended, and so does the function.
            let Ok(event) = events.recv() else { return };
            let end = SystemTime::now() + event.limit;
            let headers = format!(
                "Lambda-Runtime-Aws-Request-Id: {}\r\nLambda-Runtime-Deadline-Ms: \
                 {}\r\nLambda-Runtime-Trace-Id: Root=1-5bef4de7\r\n",
                event.id,
                end.duration_since(UNIX_EPOCH).unwrap().as_millis()
            );
            answer(&stream, 200, &headers, &event.body);
            continue;
        }
        assert_eq!(request.method, "POST");
        let (id, way) = match path.strip_prefix("invocation/") {
            Some(rest) => rest.split_once('/').unwrap(),
            None => ("", path),
        };
        let answered = Answered {
            way: way.to_owned(),
            error_type: request
                .header("Lambda-Runtime-Function-Error-Type")
                .map(str::to_owned),
            body: serde_json::from_slice(&request.body).unwrap(),
        };
        answer(&stream, 202, "", b"");
        if answers.send((id.to_owned(), answered)).is_err() {
            return;
        }
    }
}

//! A relay between the program and the simulator that keeps what it was sent.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// One request of the JSON 1.1 protocol, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) target: String,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Relay {
    pub(crate) url: String,
    sent: Arc<Mutex<Vec<Sent>>>,
}

/// Holds the requests of one action until as many have come as are to meet: what sent them had all
/// looked before any of them changed something.
struct Gate {
    action: &'static str,
    wanted: usize,
    came: Mutex<usize>,
    opened: Condvar,
}

impl Gate {
    fn pass(&self, target: &str) {
        if !target.ends_with(&format!(".{}", self.action)) {
            return;
        }
        let mut came = self.came.lock().unwrap();
        *came += 1;
        self.opened.notify_all();
        // A program that never comes fails its own assertion: nothing hangs for it.
        let limit = Duration::from_secs(60);
        let closed = |came: &mut usize| *came < self.wanted;
        drop(self.opened.wait_timeout_while(came, limit, closed).unwrap());
    }
}

impl Relay {
    /// One that hands every request on to `url`, and the answer back.
    pub(crate) fn to(url: &str) -> Self {
        Self::start(url, str::to_owned, None)
    }

    /// The same, with the body of each answer changed.
    pub(crate) fn changing(url: &str, change: fn(&str) -> String) -> Self {
        Self::start(url, change, None)
    }

    /// The same, where requests of an action meet: none goes on before `wanted` are there.
    pub(crate) fn gathering(url: &str, action: &'static str, wanted: usize) -> Self {
        let gate = Gate {
            action,
            wanted,
            came: Mutex::default(),
            opened: Condvar::new(),
        };
        Self::start(url, str::to_owned, Some(gate))
    }

    fn start(url: &str, change: fn(&str) -> String, gate: Option<Gate>) -> Self {
        let gate = Arc::new(gate);
        let behind = url.strip_prefix("http://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sent: Arc<Mutex<Vec<Sent>>> = Arc::default();
        let seen = Arc::clone(&sent);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (behind, seen) = (behind.clone(), Arc::clone(&seen));
                let gate = Arc::clone(&gate);
                std::thread::spawn(move || {
                    hand_on(
                        stream.unwrap(),
                        &behind,
                        &seen,
                        change,
                        gate.as_ref().as_ref(),
                    );
                });
            }
        });
        Relay { url, sent }
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }
}

fn hand_on(
    mut client: TcpStream,
    behind: &str,
    seen: &Mutex<Vec<Sent>>,
    change: fn(&str) -> String,
    gate: Option<&Gate>,
) {
    let Some((head, body)) = request(&mut client) else {
        return;
    };
    let header = |name: &str| {
        head.lines().find_map(|line| {
            line.split_once(':')
                .filter(|(key, _)| key.eq_ignore_ascii_case(name))
        })
    };
    let value = |name: &str| {
        header(name)
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    };
    let target = value("x-amz-target");
    seen.lock().unwrap().push(Sent {
        target: target.clone(),
        content_type: value("content-type"),
        body: body.clone(),
    });
    if let Some(gate) = gate {
        gate.pass(&target);
    }
    let mut service = TcpStream::connect(behind).unwrap();
    service
        .write_all(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes())
        .unwrap();
    service.write_all(&body).unwrap();
    let mut answer = Vec::new();
    service.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let body = change(body);
    let head: Vec<&str> = head
        .lines()
        .filter(|line| !line.to_ascii_lowercase().starts_with("content-length:"))
        .collect();
    let answer = format!(
        "{}\r\ncontent-length: {}\r\n\r\n{body}",
        head.join("\r\n"),
        body.len()
    );
    // A client that has gone is no matter.
    drop(client.write_all(answer.as_bytes()));
}

/// One request: its head without the empty line, and its body.
fn request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let (mut octets, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let n = stream.read(&mut part).ok().filter(|n| *n > 0)?;
        octets.extend_from_slice(&part[..n]);
        let Some(end) = octets.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8(octets[..end].to_vec()).unwrap();
        let length = head.lines().find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length:")
                .map(|n| n.trim().parse::<usize>().unwrap())
        });
        let body = &octets[end + 4..];
        if body.len() >= length.unwrap_or(0) {
            return Some((head, body.to_vec()));
        }
    }
}

//! AWS services for tests: moto's server where it behaves like the service, and elsewhere a
//! stand-in that gives documented answers.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::NamedTempFile;

/// A received call of the JSON 1.1 protocol.
#[derive(Clone, Debug)]
pub struct Call {
    /// `TrentService.Sign`
    pub target: String,
    pub body: Value,
    /// The number of earlier calls of this target.
    pub before: usize,
}

/// A service on loopback that gives a test's answers and records the calls. A status of 0 closes
/// the connection without an answer.
pub struct StandIn {
    pub url: String,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl StandIn {
    pub fn new(answer: impl Fn(&Call) -> (u16, Value) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls: Arc<Mutex<Vec<Call>>> = Arc::default();
        let seen = Arc::clone(&calls);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some((head, body)) = read(&mut stream) else {
                    continue;
                };
                let target = header(&head, "x-amz-target")
                    .unwrap_or_else(|| head.lines().next().unwrap().to_owned());
                let call = {
                    let mut seen = seen.lock().unwrap();
                    let before = seen.iter().filter(|call| call.target == target).count();
                    seen.push(Call {
                        target,
                        body: serde_json::from_str(&body).unwrap_or_default(),
                        before,
                    });
                    seen.last().unwrap().clone()
                };
                let (status, answer) = answer(&call);
                if status != 0 {
                    let answer = answer.to_string();
                    let head = format!(
                        "HTTP/1.1 {status} X\r\nContent-Type: \
                         application/x-amz-json-1.1\r\nContent-Length: {}\r\nConnection: \
                         close\r\n\r\n",
                        answer.len()
                    );
                    // A client that has gone is no matter.
                    drop(stream.write_all(format!("{head}{answer}").as_bytes()));
                }
            }
        });
        StandIn { url, calls }
    }

    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// Returns the number of calls of each kind, by the name without the service's.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for call in self.calls() {
            *counts
                .entry(call.target.rsplit('.').next().unwrap().to_owned())
                .or_insert(0) += 1;
        }
        counts
    }

    pub fn bodies(&self, name: &str) -> Vec<Value> {
        self.calls()
            .into_iter()
            .filter(|call| call.target.ends_with(&format!(".{name}")))
            .map(|call| call.body)
            .collect()
    }
}

/// Returns an error in the form of the JSON 1.1 protocol.
pub fn refusal(status: u16, code: &str) -> (u16, Value) {
    (
        status,
        json!({ "__type": code, "message": "the service's words" }),
    )
}

fn header(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        line.split_once(':')
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
    })
}

/// Reads one request or answer: head and body.
fn read(stream: &mut TcpStream) -> Option<(String, String)> {
    let (mut text, mut part) = (Vec::new(), [0; 65536]);
    let mut more = |text: &mut Vec<u8>| {
        let n = stream.read(&mut part).ok().filter(|n| *n > 0)?;
        text.extend_from_slice(&part[..n]);
        Some(())
    };
    let body = loop {
        if let Some(end) = text.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        more(&mut text)?;
    };
    let head = String::from_utf8_lossy(&text[..body - 4]).into_owned();
    let length: usize = header(&head, "content-length").map_or(0, |text| text.parse().unwrap());
    while text.len() < body + length {
        more(&mut text)?;
    }
    Some((head, String::from_utf8_lossy(&text[body..]).into_owned()))
}

/// A running moto server. `tests/clients/moto_server.py` starts it, and describes the repairs that
/// it makes. The server ends with the test program.
pub struct Moto {
    child: Mutex<Child>,
    address: String,
    /// Its output on standard error, which is shown when a call fails.
    said: NamedTempFile,
}

impl Moto {
    /// Tells whether moto is installed.
    pub fn is_installed() -> bool {
        Command::new("python3")
            .args(["-c", "import moto.server, flask"])
            .output()
            .is_ok_and(|output| output.status.success())
    }

    pub fn start() -> Self {
        Self::serve("tests/clients/moto_server.py", &[])
    }

    /// Starts the script of that path, with these words.
    pub fn serve(script: &str, words: &[String]) -> Self {
        let said = NamedTempFile::new().unwrap();
        let mut command = Command::new("python3");
        command
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(script))
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(said.reopen().unwrap());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let mut moto = Moto {
            child: Mutex::new(child),
            address: String::new(),
            said,
        };
        let address = line.trim().strip_prefix("listening on ").map(str::to_owned);
        moto.address = address.unwrap_or_else(|| {
            panic!(
                "moto's server does not start, is moto[server] (PyPI) whole? {line}{}",
                moto.said()
            )
        });
        moto
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.said.path()).unwrap()).into_owned()
    }

    pub fn stop(&self) {
        let mut child = self.child.lock().unwrap();
        // One that has ended already is what is wanted.
        child.kill().unwrap_or_default();
        child.wait().unwrap();
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Makes a call of the test's own, to prepare a case.
    pub fn call(&self, service: &str, target: &str, region: &str, body: &Value) -> Value {
        let body = body.to_string();
        let credential = format!("Credential=test/20260101/{region}/{service}/aws4_request");
        let head = format!(
            "POST / HTTP/1.1\r\nHost: {}\r\nX-Amz-Target: {target}\r\nContent-Type: \
             application/x-amz-json-1.1\r\nContent-Length: {}\r\nConnection: \
             close\r\nAuthorization: AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, \
             Signature=0\r\n\r\n",
            self.address,
            body.len()
        );
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream
            .write_all(format!("{head}{body}").as_bytes())
            .unwrap();
        let (head, answer) = read(&mut stream)
            .unwrap_or_else(|| panic!("{target} {body}: no answer\n{}", self.said()));
        assert!(
            head.starts_with("HTTP/1.1 200"),
            "{target} {body}: {head}\n{answer}\n{}",
            self.said()
        );
        serde_json::from_str(&answer).unwrap_or_default()
    }

    pub fn kms(&self, action: &str, region: &str, body: &Value) -> Value {
        self.call("kms", &format!("TrentService.{action}"), region, body)
    }

    pub fn pca(&self, action: &str, body: &Value) -> Value {
        self.call(
            "acm-pca",
            &format!("ACMPrivateCA.{action}"),
            "us-east-1",
            body,
        )
    }

    /// Creates a key and returns its metadata.
    pub fn key(&self, spec: &str, usage: &str, region: &str) -> Value {
        self.kms(
            "CreateKey",
            region,
            &json!({ "KeySpec": spec, "KeyUsage": usage }),
        )["KeyMetadata"]
            .clone()
    }

    /// Creates an active root CA, in the steps that the service wants. Returns its ARN and its
    /// certificate.
    pub fn root_ca(&self) -> (String, String) {
        let config = json!({
            "KeyAlgorithm": "RSA_2048", "SigningAlgorithm": "SHA256WITHRSA",
            "Subject": { "Country": "DE", "Organization": "Example", "CommonName": "Private CA" },
        });
        let made = self.pca(
            "CreateCertificateAuthority",
            &json!({
                "CertificateAuthorityConfiguration": config, "CertificateAuthorityType": "ROOT",
            }),
        );
        let arn = made["CertificateAuthorityArn"].as_str().unwrap().to_owned();
        let ca = json!({ "CertificateAuthorityArn": arn });
        let csr = self.pca("GetCertificateAuthorityCsr", &ca)["Csr"]
            .as_str()
            .unwrap()
            .to_owned();
        let order = json!({
            "CertificateAuthorityArn": arn, "Csr": base64(csr.as_bytes()),
            "SigningAlgorithm": "SHA256WITHRSA",
            "TemplateArn": "arn:aws:acm-pca:::template/RootCACertificate/V1",
            "Validity": { "Type": "YEARS", "Value": 10 },
        });
        let certificate = self.pca("IssueCertificate", &order)["CertificateArn"].clone();
        let root = self.pca(
            "GetCertificate",
            &json!({ "CertificateAuthorityArn": arn, "CertificateArn": certificate }),
        )["Certificate"]
            .clone();
        let root = root.as_str().unwrap().to_owned();
        self.pca(
            "ImportCertificateAuthorityCertificate",
            &json!({ "CertificateAuthorityArn": arn, "Certificate": base64(root.as_bytes()) }),
        );
        (arn, root)
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        self.stop();
        // It says there what failed within it, and answers as if nothing had been asked.
        if std::thread::panicking() {
            let said = self.said();
            let lines: Vec<&str> = said
                .lines()
                .filter(|line| !line.contains(" HTTP/1.1\" 200 "))
                .collect();
            let last = lines.len().saturating_sub(80);
            eprintln!("moto said last:\n{}", lines[last..].join("\n"));
        }
    }
}

pub fn base64(bytes: &[u8]) -> String {
    use base64ct::Encoding;
    base64ct::Base64::encode_string(bytes)
}

pub fn unbase64(text: &str) -> Vec<u8> {
    use base64ct::Encoding;
    base64ct::Base64::decode_vec(text).unwrap()
}

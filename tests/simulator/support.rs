//! An HTTP client of a few lines, a cluster ready to claim, and an owner's CA.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use hsmboot::simulator::{Options, Simulator, Speed};
use serde_json::{Value, json};

#[path = "../support/simulated.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::missing_panics_doc
)]
mod shared_keys;

pub use shared_keys::options;

/// Far more than anything here takes: what has not come then never comes.
pub const HANGS: Duration = Duration::from_secs(600);

/// No state of transition lasts.
pub fn instant() -> Simulator {
    Simulator::spawn(Options {
        speed: Speed::INSTANT,
        ..options()
    })
    .unwrap()
}

/// An answer: HTTP status, headers as they came, body.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    /// `__type` and `Message` of an error.
    pub fn error(&self) -> (u16, String, String) {
        let json = self.json();
        let text = |name: &str| {
            json[name]
                .as_str()
                .unwrap_or_else(|| panic!("no {name}: {json}"))
                .to_owned()
        };
        (self.status, text("__type"), text("Message"))
    }
}

/// Sends octets and reads until the other side closes.
pub fn raw_octets(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(HANGS)).unwrap();
    let mut answer = Vec::new();
    // A connection that is reset is as closed as one that ends; it may be before all was sent, and
    // the answer there already.
    for done in [
        stream.write_all(request).map(drop),
        stream.read_to_end(&mut answer).map(drop),
    ] {
        match done {
            Err(error)
                if !matches!(
                    error.kind(),
                    ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
                ) =>
            {
                panic!("{error}")
            }
            _ => {}
        }
    }
    answer
}

/// The same for one answer that is text. `None`: it closed without one.
pub fn raw(address: SocketAddr, request: &[u8]) -> Option<Answer> {
    let answer = String::from_utf8(raw_octets(address, request)).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer {
        status,
        head: head.to_lowercase(),
        body: body.to_owned(),
    })
}

/// A POST request as it goes over the wire.
pub fn request(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: \
         {length}\r\n{headers}\r\n{body}"
    )
}

pub fn post(simulator: &Simulator, path: &str, headers: &str, body: &str) -> Option<Answer> {
    raw(simulator.address(), request(path, headers, body).as_bytes())
}

pub fn call_in(simulator: &Simulator, region: &str, action: &str, body: &Value) -> Option<Answer> {
    let headers = format!(
        "Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: \
         BaldrApiService.{action}\r\nAuthorization: AWS4-HMAC-SHA256 \
         Credential=AKIDEXAMPLE/20260101/{region}/cloudhsm/aws4_request, SignedHeaders=host, \
         Signature=0\r\n"
    );
    post(simulator, "/", &headers, &body.to_string())
}

pub fn call(simulator: &Simulator, action: &str, body: Value) -> Answer {
    call_in(simulator, "us-east-1", action, &body).expect("an answer")
}

pub fn ok(simulator: &Simulator, action: &str, body: Value) -> Value {
    let answer = call(simulator, action, body);
    assert_eq!(answer.status, 200, "{action}: {}", answer.body);
    answer.json()
}

/// The error that an action must end with: type and message.
pub fn refused(simulator: &Simulator, action: &str, body: Value) -> (String, String) {
    let answer = call(simulator, action, body);
    let (status, kind, message) = answer.error();
    assert_eq!(status, 400, "{action}: {message}");
    (kind, message)
}

pub fn control(simulator: &Simulator, command: &str, body: Value) -> Answer {
    post(
        simulator,
        &format!("/_control/{command}"),
        "Content-Type: application/json\r\n",
        &body.to_string(),
    )
    .unwrap()
}

pub fn create_cluster(simulator: &Simulator) -> String {
    let answer = ok(
        simulator,
        "CreateCluster",
        json!({ "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"] }),
    );
    answer["Cluster"]["ClusterId"].as_str().unwrap().to_owned()
}

pub fn create_hsm(simulator: &Simulator, cluster: &str) -> String {
    let answer = ok(
        simulator,
        "CreateHsm",
        json!({ "ClusterId": cluster, "AvailabilityZone": "us-east-1a" }),
    );
    answer["Hsm"]["HsmId"].as_str().unwrap().to_owned()
}

pub fn describe(simulator: &Simulator, cluster: &str) -> Value {
    let answer = ok(
        simulator,
        "DescribeClusters",
        json!({ "Filters": { "clusterIds": [cluster] } }),
    );
    answer["Clusters"][0].clone()
}

/// Describes until `done`.
pub fn until(simulator: &Simulator, cluster: &str, done: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let now = describe(simulator, cluster);
        if done(&now) {
            return now;
        }
        assert!(began.elapsed() < HANGS, "never came: {now}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub fn csr(description: &Value) -> Option<&str> {
    description["Certificates"]["ClusterCsr"].as_str()
}

/// A cluster with its first HSM ACTIVE: its id and its CSR.
pub fn ready_cluster(simulator: &Simulator) -> (String, String) {
    let id = create_cluster(simulator);
    create_hsm(simulator, &id);
    let description = until(simulator, &id, |now| csr(now).is_some());
    let csr = csr(&description).unwrap().to_owned();
    (id, csr)
}

pub fn der(pem: &str) -> Vec<u8> {
    x509_parser::pem::parse_x509_pem(pem.as_bytes())
        .unwrap()
        .1
        .contents
}

/// The CSR's key, for rcgen: its own CSR reader does not take the hardware's names.
pub struct CsrKey(Vec<u8>);

impl CsrKey {
    pub fn of(csr: &str) -> Self {
        use x509_parser::prelude::FromDer as _;
        let der = der(csr);
        let (_, request) =
            x509_parser::certification_request::X509CertificationRequest::from_der(&der).unwrap();
        Self(
            request
                .certification_request_info
                .subject_pki
                .subject_public_key
                .data
                .to_vec(),
        )
    }
}

impl rcgen::PublicKeyData for CsrKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

/// An owner's CA, and what it signs. Each test breaks one thing of it.
pub struct Owner {
    pub ca: rcgen::CertificateParams,
    pub leaf: rcgen::CertificateParams,
    pub key: rcgen::KeyPair,
}

impl Owner {
    pub fn new() -> Self {
        let mut ca = rcgen::CertificateParams::default();
        ca.distinguished_name
            .push(rcgen::DnType::CommonName, "an owner's CA");
        ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        ca.key_usages = vec![
            rcgen::KeyUsagePurpose::KeyCertSign,
            rcgen::KeyUsagePurpose::CrlSign,
        ];
        let mut leaf = rcgen::CertificateParams::default();
        leaf.distinguished_name
            .push(rcgen::DnType::CommonName, "a cluster");
        Self {
            ca,
            leaf,
            key: rcgen::KeyPair::generate().unwrap(),
        }
    }

    pub fn trust_anchor(&self) -> String {
        self.ca.self_signed(&self.key).unwrap().pem()
    }

    pub fn sign(&self, key: &impl rcgen::PublicKeyData) -> String {
        let issuer = rcgen::Issuer::from_params(&self.ca, &self.key);
        self.leaf.signed_by(key, &issuer).unwrap().pem()
    }

    /// What InitializeCluster is to be sent for the cluster of this CSR.
    pub fn claim(&self, cluster: &str, csr: &str) -> Value {
        json!({
            "ClusterId": cluster, "SignedCert": self.sign(&CsrKey::of(csr)),
            "TrustAnchor": self.trust_anchor(),
        })
    }
}

/// Moves the simulator's clock on.
pub fn advance(simulator: &Simulator, seconds: u64) {
    assert_eq!(
        control(simulator, "advance", json!({ "Seconds": seconds })).status,
        200
    );
}

//! `status --ca`: whose a cluster is, with certificates as OpenSSL has made them in all these
//! years, which no service takes any more.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::{fs, thread};

use serde_json::{Value, json};

use super::{Done, hsmboot, run};

const ID: &str = "cluster-abc234defgh";

/// A service that knows nothing but DescribeClusters, and answers it with what it was told.
struct Described {
    url: String,
    clusters: Arc<Mutex<Value>>,
    over: Arc<AtomicBool>,
}

impl Described {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (clusters, over) = (
            Arc::new(Mutex::new(json!([]))),
            Arc::new(AtomicBool::new(false)),
        );
        let (told, ended) = (Arc::clone(&clusters), Arc::clone(&over));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let mut stream = stream.unwrap();
                let (mut request, mut room) = (Vec::new(), [0; 4096]);
                // Head and body: an SDK sends the body right after.
                while !is_whole(&request) {
                    match stream.read(&mut room) {
                        Ok(0) | Err(_) => break,
                        Ok(length) => request.extend_from_slice(&room[..length]),
                    }
                }
                let body = json!({ "Clusters": *told.lock().unwrap() }).to_string();
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: \
                     application/x-amz-json-1.1\r\nContent-Length: {}\r\nConnection: \
                     close\r\n\r\n",
                    body.len()
                );
                drop(stream.write_all((head + &body).as_bytes()));
            }
        });
        Described {
            url,
            clusters,
            over,
        }
    }

    /// One cluster, in this state, with this certificate.
    fn shows(&self, state: &str, certificate: Option<&str>) {
        self.show_all(&[(ID, state, certificate)]);
    }

    fn show_all(&self, clusters: &[(&str, &str, Option<&str>)]) {
        let document = |(id, state, certificate): &(&str, &str, Option<&str>)| {
            let certificates =
                certificate.map_or_else(|| json!({}), |text| json!({ "ClusterCertificate": text }));
            json!({ "ClusterId": id, "State": state, "Certificates": certificates, "Hsms": [] })
        };
        *self.clusters.lock().unwrap() = clusters.iter().map(document).collect();
    }

    fn status(&self, words: &[&str]) -> Done {
        run(hsmboot()
            .arg("status")
            .args(words)
            .args(["--endpoint-url", &self.url]))
    }

    /// `owner` of the one cluster, as JSON says it, with its exit code and error kind.
    fn owner(&self, ca: &str) -> (String, i32, String) {
        let done = self.status(&["--cluster-id", ID, "--ca", ca, "--output", "json"]);
        let document = done.json();
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        (
            text(&document["owners"][0]["owner"]),
            done.code,
            text(&document["error"]["kind"]),
        )
    }
}

impl Drop for Described {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        drop(std::net::TcpStream::connect(
            self.url.trim_start_matches("http://"),
        ));
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .map_or(0, |length| length.trim().parse().unwrap());
    body.len() >= length
}

fn file(name: &str) -> String {
    format!(
        "{}/fixtures/ownership/{name}.crt",
        env!("CARGO_MANIFEST_DIR")
    )
}

fn text(name: &str) -> String {
    fs::read_to_string(file(name)).unwrap()
}

fn owner(owner: &str, code: i32, kind: &str) -> (String, i32, String) {
    (owner.to_owned(), code, kind.to_owned())
}

#[test]
fn an_own_claim_is_ones_own_whatever_it_was_signed_with_and_however_old_the_ca_is() {
    let service = Described::new();
    for (ca, cluster) in [
        ("ca-rsa-2048", "rsa-2048--sha1"),
        ("ca-rsa-2048", "rsa-2048--sha224"),
        ("ca-rsa-2048", "rsa-2048--pss-sha1"),
        ("ca-rsa-1024", "rsa-1024--sha1"),
        ("ca-ec-p-256", "ec-p-256--sha512"),
        ("ca-ec-p-521", "ec-p-521--sha512"),
    ] {
        for state in ["INITIALIZED", "ACTIVE", "UPDATE_IN_PROGRESS", "DEGRADED"] {
            service.shows(state, Some(&text(cluster)));
            assert_eq!(
                service.owner(&file(ca)),
                owner("this-ca", 0, "-"),
                "{cluster}, {state}"
            );
        }
        service.shows("ACTIVE", Some(&text(cluster)));
        service
            .status(&["--ca", &file(ca)])
            .ends(0, "yours: this CA has claimed it");
        assert_eq!(
            service.owner(&file("ca-rsa-3072")),
            owner("another-ca", 8, "claimed-by-another-ca"),
            "{cluster}"
        );
    }
}

#[test]
fn what_stands_around_either_certificate_does_not_matter() {
    let service = Described::new();
    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca.txt");
    fs::write(
        &ca,
        format!(
            "subject=/CN=Über\n{}{}",
            text("ca-rsa-2048"),
            text("ca-rsa-3072")
        ),
    )
    .unwrap();
    // The first certificate is the CA that signs: what another one of the file signed is not said
    // to be this CA's.
    for (cluster, expected) in [
        ("rsa-2048--sha1", owner("this-ca", 0, "-")),
        ("rsa-3072--sha1", owner("unknown", 8, "claimed-by-unknown")),
    ] {
        service.shows(
            "ACTIVE",
            Some(&format!(
                "Certificate:\n    Data:\n{}{}",
                text(cluster),
                text("ca-rsa-2048")
            )),
        );
        assert_eq!(service.owner(ca.to_str().unwrap()), expected, "{cluster}");
    }
}

#[test]
fn a_cluster_that_nobody_has_claimed_is_nobodys() {
    let service = Described::new();
    for state in ["UNINITIALIZED", "CREATE_IN_PROGRESS"] {
        service.shows(state, None);
        assert_eq!(
            service.owner(&file("ca-rsa-2048")),
            owner("nobody", 0, "-"),
            "{state}"
        );
    }
}

#[test]
fn what_cannot_be_judged_is_not_anothers_and_not_ones_own() {
    let service = Described::new();
    let ca = file("ca-rsa-2048");
    for (state, certificate, kind) in [
        ("ACTIVE", Some(text("rsa-2048--md5")), "claimed-by-unknown"),
        ("ACTIVE", Some(text("ca-rsa-2048")), "claimed-by-unknown"),
        (
            "ACTIVE",
            Some("no certificate".to_owned()),
            "claimed-by-unknown",
        ),
        (
            "ACTIVE",
            Some(text("below--sha256") + &text("below")),
            "claimed-by-unknown",
        ),
        ("ACTIVE", None, "claimed-by-unknown"),
        ("INITIALIZE_IN_PROGRESS", None, "cluster-not-ready"),
        ("DEGRADED", None, "cluster-degraded"),
        ("PONDERING", None, "cluster-state-unknown"),
    ] {
        service.shows(state, certificate.as_deref());
        assert_eq!(
            service.owner(&ca),
            owner("unknown", 8, kind),
            "{state}, {certificate:?}"
        );
        let told = service
            .status(&["--cluster-id", ID, "--ca", &ca])
            .ends(8, "it cannot be told");
        assert!(!told.stderr.contains("delet"), "{}", told.stderr);
    }
}

#[test]
fn among_several_clusters_another_cas_is_told_first_and_each_is_named() {
    let service = Described::new();
    let (ours, theirs, unread) = (
        text("rsa-2048--sha1"),
        text("rsa-3072--sha1"),
        "nothing".to_owned(),
    );
    service.show_all(&[
        ("cluster-aaaaaaaaaaa", "ACTIVE", Some(&ours)),
        ("cluster-bbbbbbbbbbb", "ACTIVE", Some(&unread)),
        ("cluster-ccccccccccc", "ACTIVE", Some(&theirs)),
        ("cluster-ddddddddddd", "DELETED", None),
    ]);
    let told = service
        .status(&["--ca", &file("ca-rsa-2048")])
        .ends(8, "cluster-ccccccccccc is claimed already, by another CA");
    assert!(
        told.stderr.contains("cluster-bbbbbbbbbbb") && !told.stderr.contains("cluster-ddddddddddd"),
        "{}",
        told.stderr
    );
    assert!(!told.stderr.contains("delete"), "{}", told.stderr);
    service.show_all(&[
        ("cluster-aaaaaaaaaaa", "ACTIVE", Some(&ours)),
        ("cluster-ddddddddddd", "DELETED", None),
    ]);
    service
        .status(&["--ca", &file("ca-rsa-2048")])
        .ends(0, "yours");
    service.show_all(&[]);
    service
        .status(&["--ca", &file("ca-rsa-2048")])
        .ends(0, "no clusters");
}

#[test]
fn a_file_without_a_certificate_is_no_ca() {
    let service = Described::new();
    service.shows("ACTIVE", Some(&text("rsa-2048--sha1")));
    let key = format!(
        "{}/fixtures/keys/rsa-2048-stranger.pem",
        env!("CARGO_MANIFEST_DIR")
    );
    let told = service
        .status(&["--ca", &key])
        .ends(4, "there is no certificate in it");
    assert!(!told.stderr.contains("MII"), "{}", told.stderr);
    service
        .status(&["--ca", "/nonexistent"])
        .ends(4, "/nonexistent");
}

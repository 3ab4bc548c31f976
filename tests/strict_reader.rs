//! Why certificates are judged by a reader of this crate's own: how many altered documents each
//! reader takes. docs/threat-model.md shows the table:
//! `HSMBOOT_REGENERATE=1 cargo test --all-features --test strict_reader` writes it anew.
#![cfg(feature = "simulator")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

use std::fs;
use std::path::Path;

use base64ct::{Base64, Encoding};
use der::Decode as _;
use hsmboot::x509::certificate::Certificate;
use x509_parser::prelude::{FromDer as _, X509Certificate};

#[allow(dead_code, unreachable_pub)]
#[path = "forge/der.rs"]
mod forged;

use forged::Node;

/// Of the shapes that are judged: AWS's hardware certificate, and the manufacturer's of version 1
/// with five attributes in one RDN.
const BUNDLE: &str = "fixtures/verify/algorithm.aws-hardware--anchor-ed25519";
const DOCUMENTS: [&str; 2] = [
    "cluster-hsmboottest_AwsHardwareCertificate.crt",
    "cluster-hsmboottest_ManufacturerHardwareCertificate.crt",
];

type Reader = (&'static str, fn(&[u8]) -> bool);

const READERS: [Reader; 3] = [
    ("this crate's", |der| Certificate::from_der(der).is_ok()),
    ("x509-cert", |der| {
        x509_cert::Certificate::from_der(der).is_ok()
    }),
    ("x509-parser", |der| {
        X509Certificate::from_der(der).is_ok_and(|(rest, _)| rest.is_empty())
    }),
];

fn document(name: &str) -> Vec<u8> {
    let text = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(BUNDLE)
            .join(name),
    )
    .unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("-----"));
    Base64::decode_vec(&lines.collect::<String>()).unwrap()
}

/// Each bit of it flipped.
fn flipped(der: &[u8]) -> Vec<Vec<u8>> {
    let flip = |bit: usize| {
        let mut altered = der.to_vec();
        altered[bit / 8] ^= 1 << (bit % 8);
        altered
    };
    (0..der.len() * 8).map(flip).collect()
}

/// An element put into each structure, at each place in it, all lengths made right.
fn with_an_element(der: &[u8]) -> Vec<Vec<u8>> {
    let elements = [forged::null(), forged::int(&[1]), forged::octets(&[])];
    let mut all = Vec::new();
    for path in Node::parse(der).parents() {
        let count = Node::parse(der).at_mut(&path).children().len();
        for at in 0..=count {
            for element in &elements {
                let mut altered = Node::parse(der);
                let children = altered.at_mut(&path).children_mut();
                children.insert(at, Node::parse(element));
                all.push(altered.encode());
            }
        }
    }
    all
}

fn table() -> String {
    type Alter = fn(&[u8]) -> Vec<Vec<u8>>;
    let ways: [(&str, Alter); 2] = [
        ("a bit flipped", flipped),
        ("an element put in, all lengths made right", with_an_element),
    ];
    let documents = DOCUMENTS.map(document);
    for (name, reads) in READERS {
        assert!(documents.iter().all(|der| reads(der)), "{name}");
    }
    let names = READERS.map(|(name, _)| name).join(" | ");
    let mut lines = format!("| altered | documents | {names} |\n| --- | --- | --- | --- | --- |\n");
    for (way, alter) in ways {
        let altered: Vec<Vec<u8>> = documents.iter().flat_map(|der| alter(der)).collect();
        let taken = READERS.map(|(_, reads)| altered.iter().filter(|der| reads(der)).count());
        let [ours, others @ ..] = &taken;
        assert!(others.iter().all(|count| ours <= count), "{way}: {taken:?}");
        let taken = taken.map(|count| count.to_string()).join(" | ");
        lines.push_str(&format!("| {way} | {} | {taken} |\n", altered.len()));
    }
    lines
}

#[test]
fn the_strict_reader_takes_fewest_and_the_page_says_how_many() {
    const BEGIN: &str = "<!-- readers -->\n";
    const END: &str = "<!-- end of readers -->";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/threat-model.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let due = format!("{before}{BEGIN}{}{END}{after}", table());
    if std::env::var_os("HSMBOOT_REGENERATE").is_some() {
        fs::write(&path, due).unwrap();
    } else {
        assert_eq!(page, due, "write it anew with HSMBOOT_REGENERATE=1");
    }
}

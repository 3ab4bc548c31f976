//! Where a page's blocks are run: a simulator with a cluster, a program that trusts it, and a look
//! at what was printed.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use hsmboot::simulator::Simulator;

use super::blocks::Block;
use super::executable::executable;

/// The one that pages write where the reader has his own.
pub(super) const CLUSTER: &str = "cluster-abc234defgh";
pub(super) const BINARY: &str = env!("CARGO_BIN_EXE_hsmboot");

/// Stands before what each block prints.
const MARK: char = '\u{1e}';

/// Whether lines are those of a pattern: `…` is any text, a line of `…` alone any lines.
fn fits(pattern: &[&str], lines: &[&str]) -> bool {
    match (pattern, lines) {
        ([], []) => true,
        (["…", rest @ ..], _) => (0..=lines.len()).any(|skipped| fits(rest, &lines[skipped..])),
        ([first, rest @ ..], [line, others @ ..]) => line_fits(first, line) && fits(rest, others),
        _ => false,
    }
}

fn line_fits(pattern: &str, line: &str) -> bool {
    match pattern.split_once('…') {
        None => pattern == line,
        Some((head, tail)) => line.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices()
                .map(|(at, _)| at)
                .chain([rest.len()])
                .any(|at| line_fits(tail, &rest[at..]))
        }),
    }
}

/// Holds the `text` blocks right below those of a language against what these printed: the record
/// separator and the block's line stand before it.
pub(super) fn expected_in(page: &str, all: &[Block], language: &str, text: &str) {
    let said: Vec<(usize, &str)> = text
        .split(MARK)
        .skip(1)
        // The last block may print nothing.
        .map(|part| part.split_once('\n').unwrap_or((part, "")))
        .map(|(line, rest)| (line.parse().unwrap(), rest))
        .collect();
    for pair in all.windows(2).filter(|pair| {
        pair[0].language == language && pair[1].language == "text" && pair[1].follows
    }) {
        let (_, found) = said.iter().find(|(line, _)| *line == pair[0].line).unwrap();
        // The reader's calls go to AWS, of which nothing is said, and where his commands ask the
        // service, his HSM is no simulated one.
        let is_mark = |line: &str| language == "sh aws" && line.starts_with("warning: SIMULATED: ");
        let lines: Vec<&str> = found
            .lines()
            .filter(|line| !line.starts_with("calls go to http://127.0.0.1:"))
            .filter(|line| !is_mark(line))
            .collect();
        let expected: Vec<&str> = pair[1].text.lines().collect();
        assert!(
            fits(&expected, &lines),
            "{page}:{}: says\n{}but the output is\n{found}",
            pair[1].line,
            pair[1].text
        );
    }
}

/// One call of the API, as any client would make it.
fn call(simulator: &Simulator, action: &str, body: &str) -> serde_json::Value {
    let mut stream = TcpStream::connect(simulator.address()).unwrap();
    write!(
        stream,
        "POST / HTTP/1.1\r\nhost: {}\r\nx-amz-target: BaldrApiService.{action}\r\ncontent-type: \
         application/x-amz-json-1.1\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        simulator.address(),
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

/// A cluster with its CSR; its id.
pub(super) fn cluster(simulator: &Simulator) -> String {
    let made = call(
        simulator,
        "CreateCluster",
        r#"{"HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"]}"#,
    );
    let id = made["Cluster"]["ClusterId"].as_str().unwrap().to_owned();
    let describe = format!(r#"{{"Filters": {{"clusterIds": ["{id}"]}}}}"#);
    let until = |reached: &dyn Fn(&serde_json::Value) -> bool| {
        let began = std::time::Instant::now();
        while !reached(&call(simulator, "DescribeClusters", &describe)["Clusters"][0]) {
            assert!(
                began.elapsed() < std::time::Duration::from_secs(600),
                "it never came so far"
            );
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    };
    until(&|cluster| cluster["State"] == "UNINITIALIZED");
    call(
        simulator,
        "CreateHsm",
        &format!(r#"{{"ClusterId": "{id}", "AvailabilityZone": "us-east-1a"}}"#),
    );
    until(&|cluster| cluster["Certificates"]["ClusterCsr"].is_string());
    id
}

/// After this the cluster is claimed.
pub(super) fn claimed(simulator: &Simulator, what: &str) {
    let state = call(simulator, "DescribeClusters", "{}")["Clusters"][0]["State"].clone();
    assert_eq!(state, "INITIALIZED", "{what}");
}

/// The manufacturer's root of hsm2m.medium, as the pages call the file that a reader has
/// downloaded. That it has to be given stands in the pages.
pub(super) const MANUFACTURER_ROOT: &str = "mrvl-rsa-LS2-AR-v1.crt";

/// A directory with an `hsmboot` that takes AWS's root from `dir`, which a reader has built in, and
/// the passphrase as it is told here; nothing said, it asks.
pub(super) fn wrapper(dir: &Path, passphrase: &str) -> PathBuf {
    let path = dir.join("bin");
    fs::create_dir(&path).unwrap();
    let wrapper = format!(
        "#!/bin/sh\nexport HSMBOOT_AWS_ROOT='{}/roots/aws-root.crt'\n\
         case \"$1 $2\" in\n'ca init'|sign*|bootstrap*) set -- \"$@\" {passphrase} ;;\nesac\n\
         exec '{BINARY}' \"$@\"\n",
        dir.display()
    );
    executable(&path.join("hsmboot"), &wrapper);
    path
}

#[test]
fn a_pattern_takes_what_it_leaves_open_and_nothing_else() {
    let fits = |pattern: &str, text: &str| {
        fits(
            &pattern.lines().collect::<Vec<_>>(),
            &text.lines().collect::<Vec<_>>(),
        )
    };
    assert!(fits("a\n…\nd", "a\nb\nc\nd"));
    assert!(fits("a …c\n…", "a bc"));
    assert!(!fits("a\nd", "a\nb\nd"));
    assert!(!fits("a …c", "a cb"));
}

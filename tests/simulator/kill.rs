//! The program killed at any moment: what it answered is there afterwards, and nothing is half
//! done.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::HANGS;

const ROUNDS: u64 = 25;
const CLIENTS: u64 = 3;

struct Program {
    child: Child,
    address: SocketAddr,
}

impl Program {
    fn start(state: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hsmboot"));
        command
            .args(["simulate", "--instant", "--state"])
            .arg(state);
        Self::run(command)
    }

    /// On a disk that is full once its file has 64 blocks.
    fn start_on_a_full_disk(state: &Path) -> Self {
        let mut command = Command::new("sh");
        let script = "ulimit -f 64; trap '' XFSZ; exec \"$1\" simulate --instant --state \"$2\"";
        command
            .args(["-c", script, "sh", env!("CARGO_BIN_EXE_hsmboot")])
            .arg(state);
        Self::run(command)
    }

    fn run(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim()
            .strip_prefix("listening on http://")
            .unwrap_or_else(|| panic!("it says {line:?}"))
            .parse()
            .unwrap();
        Self { child, address }
    }

    /// SIGKILL.
    fn kill(self) {
        drop(self);
    }
}

/// A failed test leaves no program behind.
impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// A whole answer, or none: the program was killed meanwhile.
fn call(address: SocketAddr, action: &str, body: &Value) -> Option<Value> {
    let body = body.to_string();
    let request = format!(
        "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Amz-Target: \
         BaldrApiService.{action}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).ok()?;
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    // It may have been reset: what counts is whether all of the answer came.
    let _how_it_ended = stream.read_to_string(&mut answer);
    serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
}

/// xorshift: the same rounds every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// What the client knows of a cluster.
#[derive(Clone, Default)]
struct Known {
    hsm: Option<String>,
    hsm_asked: bool,
    deleted: bool,
    delete_asked: bool,
    token: String,
}

type Book = Mutex<BTreeMap<String, Known>>;

/// Creates clusters, gives some an HSM, deletes some, and books and counts what was answered, until
/// there are no answers any more.
fn mutate(address: SocketAddr, mut dice: Dice, book: &Book, answered: &AtomicU64) {
    let call = |address, action, body: &Value| {
        let answer = call(address, action, body)?;
        answered.fetch_add(1, Ordering::SeqCst);
        Some(answer)
    };
    for count in 0.. {
        let token = format!("{}-{count}", dice.0);
        let made = json!({
            "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"],
            "TagList": [{ "Key": "token", "Value": token }],
        });
        let Some(answer) = call(address, "CreateCluster", &made) else {
            return;
        };
        let id = answer["Cluster"]["ClusterId"]
            .as_str()
            .unwrap_or_else(|| panic!("{answer}"))
            .to_owned();
        let set = |change: &dyn Fn(&mut Known)| {
            change(book.lock().unwrap().entry(id.clone()).or_default())
        };
        set(&|known| known.token.clone_from(&token));
        match dice.below(8) {
            0 => {
                set(&|known| known.hsm_asked = true);
                let Some(answer) = call(
                    address,
                    "CreateHsm",
                    &json!({ "ClusterId": id, "AvailabilityZone": "us-east-1a" }),
                ) else {
                    return;
                };
                assert!(answer["Hsm"]["HsmId"].is_string(), "{answer}");
                set(&|known| known.hsm = answer["Hsm"]["HsmId"].as_str().map(str::to_owned));
            }
            1..3 => {
                set(&|known| known.delete_asked = true);
                let Some(answer) = call(address, "DeleteCluster", &json!({ "ClusterId": id }))
                else {
                    return;
                };
                assert!(answer["Cluster"].is_object(), "{answer}");
                set(&|known| known.deleted = true);
            }
            _ => {}
        }
    }
}

fn clusters(address: SocketAddr) -> Vec<Value> {
    let (mut found, mut body) = (Vec::new(), json!({}));
    loop {
        let page = call(address, "DescribeClusters", &body).expect("it runs");
        found.extend(page["Clusters"].as_array().unwrap().iter().cloned());
        match page.get("NextToken") {
            None => return found,
            Some(token) => body = json!({ "NextToken": token }),
        }
    }
}

fn check(found: &[Value], book: &BTreeMap<String, Known>) {
    let by_id: BTreeMap<&str, &Value> = found
        .iter()
        .map(|cluster| (cluster["ClusterId"].as_str().unwrap(), cluster))
        .collect();
    assert_eq!(by_id.len(), found.len(), "no cluster is there twice");
    for (id, known) in book {
        let cluster = by_id
            .get(id.as_str())
            .unwrap_or_else(|| panic!("{id} was answered, and is gone"));
        assert_eq!(
            cluster["TagList"],
            json!([{ "Key": "token", "Value": known.token }])
        );
        let state = cluster["State"].as_str().unwrap();
        assert!(
            !known.deleted || state == "DELETED",
            "{id} was deleted, and is {state}"
        );
        assert!(
            known.delete_asked || state == "UNINITIALIZED",
            "{id} is {state}"
        );
        let hsms: Vec<&str> = cluster["Hsms"]
            .as_array()
            .unwrap()
            .iter()
            .map(|hsm| hsm["HsmId"].as_str().unwrap())
            .collect();
        match &known.hsm {
            Some(hsm) => assert_eq!(hsms, [hsm.as_str()]),
            None => assert!(
                hsms.is_empty() || known.hsm_asked,
                "{id} has an HSM that nobody asked for"
            ),
        }
    }
    // What was not answered may be there, and is whole then.
    for cluster in found {
        assert_eq!(
            cluster["SubnetMapping"],
            json!({ "us-east-1a": "subnet-0a1b2c3d" })
        );
        assert_eq!(cluster["TagList"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn nothing_that_was_answered_is_lost_when_the_program_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    let book = Book::default();
    let mut dice = Dice(0x5EED);
    for round in 0..ROUNDS {
        let program = Program::start(&state);
        check(&clusters(program.address), &book.lock().unwrap());
        let address = program.address;
        let (strike, answered) = (dice.below(24), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for client in 1..=CLIENTS {
                let (dice, book, answered) =
                    (Dice(0xC11E_0000 + round * 16 + client), &book, &answered);
                scope.spawn(move || mutate(address, dice, book, answered));
            }
            // After so many answers, however long they take, and somewhere within the next.
            let began = Instant::now();
            while answered.load(Ordering::SeqCst) < strike && began.elapsed() < HANGS {
                std::thread::sleep(Duration::from_micros(100));
            }
            std::thread::sleep(Duration::from_micros(dice.below(5_000)));
            program.kill();
        });
        assert!(
            answered.load(Ordering::SeqCst) >= strike,
            "round {round}: it does not answer"
        );
    }
    let program = Program::start(&state);
    let found = clusters(program.address);
    check(&found, &book.lock().unwrap());
    let booked = book.lock().unwrap().len();
    assert!(
        booked > 50,
        "only {booked} clusters were made: nothing was tested"
    );
    // The keys of HSMs that were killed before they came are made after all.
    let with_hsm: BTreeSet<&str> = found
        .iter()
        .filter(|cluster| !cluster["Hsms"].as_array().unwrap().is_empty())
        .map(|cluster| cluster["ClusterId"].as_str().unwrap())
        .collect();
    let began = Instant::now();
    while clusters(program.address).iter().any(|cluster| {
        with_hsm.contains(cluster["ClusterId"].as_str().unwrap())
            && cluster["Certificates"]["ClusterCsr"].is_null()
    }) {
        assert!(began.elapsed() < HANGS, "an HSM never became ACTIVE");
        std::thread::sleep(Duration::from_millis(50));
    }
    program.kill();
}

#[test]
fn on_a_full_disk_it_answers_with_errors_and_keeps_what_it_answered() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    let program = Program::start_on_a_full_disk(&state);
    let make =
        json!({ "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"] });
    let mut ids = Vec::new();
    let error = loop {
        let answer = call(program.address, "CreateCluster", &make).expect("an answer");
        match answer["Cluster"]["ClusterId"].as_str() {
            Some(id) => ids.push(id.to_owned()),
            None => break answer,
        }
        assert!(ids.len() < 1000, "the disk never filled up");
    };
    let describe = call(program.address, "DescribeClusters", &json!({})).unwrap();
    for answer in [error, describe] {
        assert_eq!(answer["__type"], "CloudHsmInternalFailureException");
        assert!(
            answer["Message"]
                .as_str()
                .unwrap()
                .contains("cannot be written"),
            "{answer}"
        );
    }
    program.kill();
    let program = Program::start(&state);
    let found: Vec<String> = clusters(program.address)
        .iter()
        .map(|cluster| cluster["ClusterId"].as_str().unwrap().to_owned())
        .collect();
    assert!(ids.len() > 5);
    assert_eq!(found[..ids.len()], ids);
    assert!(
        found.len() <= ids.len() + 1,
        "one may have been written whole before the error came"
    );
    program.kill();
}

#[test]
fn a_damaged_file_ends_the_program_with_4_and_one_in_use_with_8() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    let refused = |state: &Path| {
        let output = Command::new(env!("CARGO_BIN_EXE_hsmboot"))
            .args(["simulate", "--state"])
            .arg(state)
            .output()
            .unwrap();
        assert!(output.stdout.is_empty(), "{output:?}");
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let program = Program::start(&state);
    let (code, said) = refused(&state);
    assert!(
        code == Some(8) && said.contains("in use by another simulator"),
        "{code:?} {said}"
    );
    program.kill();
    std::fs::write(&state, "a grocery list").unwrap();
    let (code, said) = refused(&state);
    assert!(
        code == Some(4) && said.contains("does not begin with"),
        "{code:?} {said}"
    );
    assert_eq!(std::fs::read(&state).unwrap(), b"a grocery list");
    let (code, said) = refused(dir.path());
    assert!(
        code == Some(4) && said.contains("directory"),
        "{code:?} {said}"
    );
}

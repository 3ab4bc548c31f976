//! A place to run the program: a bundle that verifies at any date, a CA, and checks of the files
//! that a run leaves.

#![allow(dead_code)] // Each test program uses its part.

pub mod aws;
#[cfg(any(feature = "online", feature = "awskms"))]
pub mod closed;
pub mod evidence;
pub mod hostile;
pub mod pipe;
mod run;
pub mod terminal;
pub mod trial;
pub mod vectors;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
pub use evidence::{CLUSTER, Chain};
use run::HANGS;
pub use run::{Run, refusal, run};
use tempfile::TempDir;
use terminal::terminal;

/// A CA certificate and its key, as text.
pub struct Ca {
    pub cert: String,
    pub key: String,
}

/// A working directory: `bundle/`, `customerCA.crt`, `customerCA.key`, `aws-root.crt`,
/// `manufacturer-root.crt`.
pub struct Bench {
    dir: TempDir,
}

impl Bench {
    /// Makes a bench with an empty bundle, no roots and no CA.
    pub fn empty() -> Self {
        let bench = Bench {
            dir: TempDir::new().unwrap(),
        };
        fs::create_dir(bench.path("bundle")).unwrap();
        bench
    }

    pub fn new() -> Self {
        let bench = Bench::empty();
        let chain = Chain::new();
        chain.write(&bench.path("bundle"));
        bench.write("aws-root.crt", &chain.aws_root);
        bench.write("manufacturer-root.crt", &chain.manufacturer_root);
        bench.put_ca(&ca(|_| {}));
        bench
    }

    pub fn put_ca(&self, ca: &Ca) {
        self.write("customerCA.crt", &ca.cert);
        self.write("customerCA.key", &ca.key);
        fs::set_permissions(
            self.path("customerCA.key"),
            fs::Permissions::from_mode(0o600),
        )
        .unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Returns the path of a file of the bundle, by the end of its name.
    pub fn part(&self, suffix: &str) -> PathBuf {
        self.path("bundle").join(format!("{CLUSTER}_{suffix}"))
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    /// Returns the mode that the umask gives to a plain file here.
    pub fn plain_mode(&self) -> u32 {
        fs::metadata(self.write("plain", "")).unwrap().mode() & 0o777
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hsmboot"));
        command
            .args(args)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .timeout(HANGS);
        command
    }

    pub fn run(&self, args: &[&str]) -> Run {
        run(self.command(args))
    }

    /// Runs a shell command on a terminal where this is typed before it is asked for. Returns the
    /// screen and the exit code.
    pub fn on_a_terminal(&self, command: &str, typed: &str) -> (String, i32) {
        // What is typed is not shown: it would stand in the midst of what the command writes at
        // that moment.
        let mut child = terminal(&format!("stty -echo; {command}"))
            .current_dir(self.dir.path())
            .spawn()
            .unwrap();
        let mut keys = child.stdin.take().unwrap();
        keys.write_all(typed.as_bytes()).unwrap();
        keys.flush().unwrap();
        let output = child.wait_with_output().unwrap();
        // Until the end: a closed keyboard would be an answer.
        drop(keys);
        let screen = String::from_utf8_lossy(&output.stdout).into_owned();
        let code = output
            .status
            .code()
            .unwrap_or_else(|| panic!("{}, not an exit code: {command}\n{screen}", output.status));
        (screen, code)
    }

    /// Runs the command as text and as JSON, and asserts that it is refused. Both must end with
    /// this code, the JSON with this kind, and the message must contain these words. Nothing at all
    /// may have changed.
    pub fn refused(&self, args: &[&str], code: i32, kind: &str, words: &[&str]) -> String {
        let before = self.listing();
        let text = self.run(args);
        let json = self.run(&[args, &["--output", "json"]].concat());
        assert_eq!(before, self.listing(), "something was written by {args:?}");
        refusal(&text, &json, code, kind, words)
    }

    /// Returns the hint of an error.
    pub fn hint(&self, args: &[&str]) -> String {
        self.run(&[args, &["--output", "json"]].concat()).json()["error"]["hint"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Lists every file, directory and other entry here, with its mode and its content or target.
    pub fn listing(&self) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
        listing(self.dir.path())
    }
}

/// Returns the exit code of a program. A program that was killed fails the test with the signal and
/// its output (SIGKILL: perhaps by this test, because it hung).
pub fn exit_code(output: &Output, command: &dyn std::fmt::Debug) -> i32 {
    let said = || {
        [&output.stdout, &output.stderr]
            .map(|bytes| String::from_utf8_lossy(bytes))
            .join("\n")
    };
    output.status.code().unwrap_or_else(|| {
        panic!(
            "{}, not an exit code: {command:?}\n{}",
            output.status,
            said()
        )
    })
}

pub fn listing(dir: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let facts = fs::symlink_metadata(&path).unwrap();
        let content = if facts.is_symlink() {
            fs::read_link(&path)
                .unwrap()
                .into_os_string()
                .into_encoded_bytes()
        } else if facts.is_file() && facts.len() < 1 << 20 {
            fs::read(&path).unwrap()
        } else {
            format!(
                "{} {:?}",
                facts.len() * u64::from(facts.is_file()),
                facts.modified().ok().filter(|_| facts.is_file())
            )
            .into_bytes()
        };
        if facts.is_dir() {
            all.extend(listing(&path));
        }
        all.insert(path, (facts.mode(), content));
    }
    all
}

/// Runs openssl and returns its standard output.
pub fn openssl(dir: &Path, args: &str) -> Vec<u8> {
    let output = std::process::Command::new("openssl")
        .args(args.split(' '))
        .current_dir(dir)
        .output()
        .unwrap_or_else(|error| {
            panic!("these tests need the program openssl (apt install openssl): {error}")
        });
    assert!(
        output.status.success(),
        "openssl {args}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// Makes a CA that is valid from 2000 to 4096, after a change to its parameters; its key is P-256.
pub fn ca(change: impl FnOnce(&mut rcgen::CertificateParams)) -> Ca {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = ca_params();
    change(&mut params);
    Ca {
        cert: params.self_signed(&key).unwrap().pem(),
        key: key.serialize_pem(),
    }
}

pub fn ca_params() -> rcgen::CertificateParams {
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, "Test CA");
    params.not_before = rcgen::date_time_ymd(2000, 1, 1);
    params.not_after = rcgen::date_time_ymd(4096, 1, 1);
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.key_usages = vec![
        rcgen::KeyUsagePurpose::KeyCertSign,
        rcgen::KeyUsagePurpose::CrlSign,
    ];
    params
}

pub const TRUST: [&str; 4] = [
    "--aws-root",
    "aws-root.crt",
    "--manufacturer-root",
    "manufacturer-root.crt",
];

pub fn verify(more: &[&'static str]) -> Vec<&'static str> {
    [&["verify", "bundle"], &TRUST[..], more].concat()
}

pub fn sign(more: &[&'static str]) -> Vec<&'static str> {
    [
        &[
            "sign",
            "bundle",
            "--ca",
            "customerCA.crt",
            "--ca-key",
            "customerCA.key",
        ],
        &TRUST[..],
        more,
    ]
    .concat()
}

/// Returns a certificate with the s of its ECDSA P-256 signature replaced by n - s, which is as
/// valid. Argument and result are PEM.
pub fn negated(pem_text: &[u8]) -> String {
    use hsmboot::x509::der::{
        Reader, encode_bit_string, encode_integer, encode_sequence, parse_single, tag, whole_octets,
    };
    let order = num_bigint::BigUint::parse_bytes(
        b"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        16,
    )
    .unwrap();
    let text = pem::parse(pem_text).unwrap();
    let mut parts = Reader::new(
        parse_single(text.contents(), tag::SEQUENCE, "a certificate")
            .unwrap()
            .content,
        "a certificate",
    );
    let (tbs, algorithm, bits) = (
        parts.read_any().unwrap(),
        parts.read_any().unwrap(),
        parts.read_any().unwrap(),
    );
    let signature = parse_single(
        whole_octets(bits.content, "a signature").unwrap(),
        tag::SEQUENCE,
        "a signature",
    )
    .unwrap();
    let mut numbers = Reader::new(signature.content, "a signature");
    let (r, s) = (numbers.read_any().unwrap(), numbers.read_any().unwrap());
    let s = order - num_bigint::BigUint::from_bytes_be(s.content);
    let signature = encode_sequence(&[r.raw, &encode_integer(&s.to_bytes_be())]);
    let der = encode_sequence(&[tbs.raw, algorithm.raw, &encode_bit_string(&signature)]);
    pem::encode_config(
        &pem::Pem::new("CERTIFICATE", der),
        pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF),
    )
}

/// Lets the owner alone read a file of the bench, as a key or a passphrase has to be.
pub fn private(bench: &Bench, name: &str) {
    fs::set_permissions(bench.path(name), fs::Permissions::from_mode(0o600)).unwrap();
}

//! A place with SoftHSM tokens of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::support::{self, Bench, Run, TRUST, openssl};

/// Of every token here. No output and no file but `pin` may ever hold it.
pub const PIN: &str = "84736251";
const WRONG: &str = "river-falcon-tundra";

/// SoftHSM's module, where it usually is.
pub fn softhsm() -> Option<PathBuf> {
    let usual = [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib64/pkcs11/libsofthsm2.so",
        "/usr/local/lib/softhsm/libsofthsm2.so",
    ];
    let util = Command::new("softhsm2-util")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    usual
        .into_iter()
        .map(PathBuf::from)
        .find(|path| util && path.is_file())
}

pub fn module() -> PathBuf {
    softhsm().expect("these tests need SoftHSM (apt install softhsm2)")
}

/// The module in front of SoftHSM, built once.
pub fn forwarder() -> &'static Path {
    static BUILT: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = BUILT.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("forwarder.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/pkcs11_forwarder.c");
        let flags = ["-std=gnu11", "-Wall", "-Werror", "-shared", "-fPIC", "-o"];
        let output = Command::new("cc")
            .args(flags)
            .arg(&path)
            .arg(source)
            .arg("-ldl")
            .output()
            .expect("these tests need cc (apt install gcc libc6-dev)");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        (dir, path)
    });
    path
}

/// A working directory with a bundle, and tokens that nobody else sees.
pub struct Hsm {
    pub bench: Bench,
    module: PathBuf,
    /// What the forwarder does besides forwarding.
    does: &'static str,
}

impl Hsm {
    /// With SoftHSM itself, one token `ca`, and `pin` and `wrong` to read PINs from.
    pub fn new() -> Self {
        Hsm::configured("")
    }

    /// The same with a line more in SoftHSM's configuration. Of `slots.mechanisms = -A,B`, SoftHSM
    /// 2.6.1 takes away `B` alone.
    pub fn configured(line: &str) -> Self {
        let hsm = Hsm {
            bench: Bench::new(),
            module: module(),
            does: "",
        };
        let tokens = hsm.bench.path("tokens");
        fs::create_dir(&tokens).unwrap();
        hsm.bench.write(
            "softhsm2.conf",
            format!(
                "directories.tokendir = {}\nobjectstore.backend = \
                                             file\nlog.level = ERROR\n{line}\n",
                tokens.display()
            ),
        );
        for name in ["customerCA.crt", "customerCA.key"] {
            fs::remove_file(hsm.bench.path(name)).unwrap();
        }
        hsm.secret("pin", PIN);
        hsm.secret("wrong", WRONG);
        hsm.token("ca");
        hsm
    }

    /// With the module in front of SoftHSM.
    pub fn forwarded(does: &'static str) -> Self {
        Hsm {
            module: forwarder().to_path_buf(),
            does,
            ..Hsm::new()
        }
    }

    /// The same tokens, and the module in front does something else.
    pub fn now(self, does: &'static str) -> Self {
        Hsm {
            module: forwarder().to_path_buf(),
            does,
            ..self
        }
    }

    fn secret(&self, name: &str, text: &str) {
        let path = self.bench.write(name, format!("{text}\n"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Makes another token.
    pub fn token(&self, label: &str) {
        self.util(&[
            "--init-token",
            "--free",
            "--label",
            label,
            "--so-pin",
            "12345678",
            "--pin",
            PIN,
        ]);
    }

    /// Imports a key in PKCS#8.
    pub fn import(&self, file: &str, label: &str, id: &str) {
        self.util(&[
            "--import", file, "--token", "ca", "--label", label, "--id", id, "--pin", PIN,
        ]);
    }

    pub fn util(&self, words: &[&str]) {
        let mut command = Command::new("softhsm2-util");
        command
            .args(words)
            .current_dir(self.bench.path(""))
            .env("SOFTHSM2_CONF", self.bench.path("softhsm2.conf"));
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "softhsm2-util {words:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    pub fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        vec![
            ("SOFTHSM2_CONF", self.bench.path("softhsm2.conf")),
            ("HSMBOOT_PKCS11_MODULE", self.module.clone()),
            ("FORWARD_TO", module()),
            ("FORWARD_DO", self.does.into()),
            ("FORWARD_LOG", self.bench.path("calls.log")),
            ("FORWARD_STATE", self.bench.path("failures")),
            ("FORWARD_PIN", PIN.into()),
        ]
    }

    pub fn run(&self, words: &[&str]) -> Run {
        let mut command = self.bench.command(words);
        command.envs(self.environment());
        let run = support::run(command);
        for text in [&run.stdout, &run.stderr] {
            assert!(
                !text.contains(PIN) && !text.contains(WRONG),
                "a PIN is shown by {words:?}: {text}"
            );
        }
        run
    }

    /// As text and as JSON, with the same refusal and nothing written. Each of the two is a run of
    /// its own: what a run leaves on the token counts twice.
    pub fn refused(&self, words: &[&str], code: i32, kind: &str, says: &[&str]) -> String {
        let before = self.written();
        let text = self.run(words);
        let json = self.run(&[words, &["--output", "json"]].concat());
        assert_eq!(before, self.written(), "{words:?} wrote something");
        support::refusal(&text, &json, code, kind, says)
    }

    /// Everything in the directory but the tokens and what the forwarder writes down.
    fn written(&self) -> Vec<PathBuf> {
        let own = |path: &PathBuf| {
            !path.starts_with(self.bench.path("tokens"))
                && !path.ends_with("calls.log")
                && !path.ends_with("failures")
        };
        self.bench.listing().into_keys().filter(own).collect()
    }

    /// `ca init` with a key of this label.
    pub fn init(&self, uri: &str, more: &[&str]) -> Run {
        self.run(
            &[
                &[
                    "ca",
                    "init",
                    "--out",
                    ".",
                    "--subject",
                    "CN=Token CA,O=Example",
                    "--ca-key",
                    uri,
                    "--passphrase-file",
                    "pin",
                ],
                more,
            ]
            .concat(),
        )
    }

    /// `sign` with the PIN.
    pub fn sign(&self, uri: &str, more: &[&str]) -> Run {
        self.run(&[&sign(uri)[..], &["--passphrase-file", "pin"], more].concat())
    }

    /// What the forwarder has written down, and forgets it.
    pub fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.bench.path("calls.log")).unwrap_or_default();
        drop(fs::remove_file(self.bench.path("calls.log")));
        text.lines().map(str::to_owned).collect()
    }

    /// How often a login was tried, by the forwarder's count.
    pub fn logins(&self) -> usize {
        self.calls()
            .iter()
            .filter(|call| call.starts_with("login"))
            .count()
    }

    /// Runs this test program inside the place, to do to the token what `inside` can.
    pub fn inside(&self, order: &str) -> Value {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .current_dir(self.bench.path(""))
            .envs(self.environment())
            .env("HSMBOOT_INSIDE", order);
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "{order}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub fn openssl(&self, args: &str) -> String {
        String::from_utf8(openssl(&self.bench.path(""), args)).unwrap()
    }

    /// openssl's word for the signed certificate.
    pub fn judge(&self) {
        let signed = self.bench.part("CustomerHsmCertificate.crt");
        let signed = signed.strip_prefix(self.bench.path("")).unwrap().display();
        assert_eq!(
            self.openssl(&format!(
                "verify -x509_strict -CAfile customerCA.crt {signed}"
            ))
            .trim(),
            format!("{signed}: OK")
        );
    }

    /// That no file but `pin` holds the PIN.
    pub fn no_file_holds_the_pin(&self) {
        for (path, (_, content)) in self
            .bench
            .listing()
            .into_iter()
            .filter(|(path, _)| !path.ends_with("pin"))
        {
            assert!(
                !content
                    .windows(PIN.len())
                    .any(|window| window == PIN.as_bytes()),
                "{} holds the PIN",
                path.display()
            );
        }
    }
}

/// `sign` without a PIN.
pub fn sign(uri: &str) -> Vec<&str> {
    [
        &["sign", "bundle", "--ca", "customerCA.crt", "--ca-key", uri],
        &TRUST[..],
    ]
    .concat()
}

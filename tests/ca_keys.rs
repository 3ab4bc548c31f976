//! CA keys against the real openssl: every form that it writes is read, and what is written here,
//! it reads.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "ca_keys/openssl.rs"]
mod openssl;
#[path = "ca_keys/reading.rs"]
mod reading;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use hsmboot::ca::{CaKey, FileKey, KeySource, KeyWarning, PassphraseSource};
use hsmboot::error::{Class, Error};
use tempfile::TempDir;

/// A passphrase that must never come out again; not ASCII, and with characters that shells and
/// formats stumble over.
const SECRET: &str = "pä$$ wörd €\\ \"x\"";

/// A directory with a passphrase file `pw`, and openssl run in it.
struct Bench {
    dir: TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Bench {
            dir: TempDir::new().unwrap(),
        };
        bench.write("pw", SECRET.as_bytes());
        // openssl takes the second line where -passin and -passout are one file
        bench.write("pw2", SECRET.as_bytes());
        bench.write("wrong", b"not it\n");
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        fs::write(self.path(name), bytes).unwrap();
        self.private(name)
    }

    fn private(&self, name: &str) -> PathBuf {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
        self.path(name)
    }

    /// Runs openssl with these arguments, separated by spaces; its standard output.
    fn openssl(&self, args: &str) -> Vec<u8> {
        let output = Command::new("openssl")
            .args(args.split(' '))
            .current_dir(self.dir.path())
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

    fn pass(&self, name: &str) -> PassphraseSource {
        PassphraseSource::File(self.path(name))
    }

    fn read(&self, name: &str) -> Result<(FileKey, Vec<KeyWarning>), Error> {
        FileKey::read(&self.path(name), &self.pass("pw"))
    }

    /// Reads the key; its public key must be the one that openssl sees, and openssl must accept its
    /// signature.
    fn holds(&self, name: &str) -> Vec<&'static str> {
        self.private(name);
        let (key, warnings) = self
            .read(name)
            .unwrap_or_else(|error| panic!("{name}: {}", error.message));
        self.openssl(&format!(
            "pkey -in {name} -passin file:pw -pubout -out openssl.pub"
        ));
        // P-384's SPKI has 120 bytes; an EC point is written uncompressed here, however its file
        // has it.
        let theirs = match key.spki().len() {
            0..=120 => {
                self.openssl("ec -pubin -in openssl.pub -outform DER -conv_form uncompressed")
            }
            _ => self.openssl("pkey -pubin -in openssl.pub -outform DER"),
        };
        assert_eq!(key.spki(), theirs, "{name}");
        let tbs = self.write("tbs", b"to be signed");
        self.write("signature", &key.sign(&fs::read(&tbs).unwrap()).unwrap());
        let hash = if key.spki().len() == 120 {
            "-sha384"
        } else {
            "-sha256"
        };
        self.openssl(&format!(
            "dgst {hash} -verify openssl.pub -signature signature tbs"
        ));
        warnings.iter().map(KeyWarning::id).collect()
    }

    fn fails(&self, name: &str, class: Class, kind: &str) -> Error {
        let error = self.read(name).map(|_| ()).expect_err(name);
        assert_eq!(
            (error.class(), error.kind.name()),
            (class, kind),
            "{name}: {}",
            error.message
        );
        assert!(!error.message.contains("wörd") && !error.hint.contains("wörd"));
        assert!(error.message.contains(name), "{}", error.message);
        error
    }
}

#[test]
fn bad_files_are_refused() {
    let bench = Bench::new();
    bench.openssl("genrsa -out key 2048");
    bench.openssl("rsa -in key -outform DER -traditional -out der");
    let pem = fs::read_to_string(bench.path("key")).unwrap();
    let der = fs::read(bench.path("der")).unwrap();
    let body: String = pem
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();

    bench.fails("absent", Class::Ca, "ca-key-missing");
    fs::create_dir(bench.path("directory")).unwrap();
    bench.fails("directory", Class::Ca, "ca-key-unreadable");
    fs::File::create(bench.path("huge"))
        .unwrap()
        .set_len(50 << 20)
        .unwrap();
    bench.fails("huge", Class::Input, "ca-key-too-large");
    let error = FileKey::read(Path::new("/dev/zero"), &PassphraseSource::Ask).unwrap_err();
    assert_eq!(error.kind.name(), "ca-key-too-large");

    for (name, bytes) in [
        ("empty", vec![]),
        ("blank", b" \n\n".to_vec()),
        ("garbage", b"this is not a key\n".to_vec()),
        ("nul", vec![0; 100]),
        ("binary", (0..=255).collect()),
        ("cut-der", der[..der.len() - 1].to_vec()),
        ("tail-der", [&der[..], b"x"].concat()),
        ("cut-pem", pem.as_bytes()[..pem.len() / 2].to_vec()),
        (
            "wrong-end",
            pem.replace("END PRIVATE KEY", "END RSA PRIVATE KEY")
                .into_bytes(),
        ),
        ("no-base64", pem.replacen('M', "*", 1).into_bytes()),
        (
            "empty-block",
            b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n".to_vec(),
        ),
        (
            "nested",
            [b"-----BEGIN PRIVATE KEY-----\n", pem.as_bytes()].concat(),
        ),
        (
            "unknown-label",
            pem.replace(" PRIVATE KEY", " SOMETHING").into_bytes(),
        ),
        ("sequence", vec![0x30, 0]),
    ] {
        bench.write(name, &bytes);
        let error = bench.fails(name, Class::Input, "ca-key-malformed");
        assert!(
            !error.message.contains(&body[200..220]),
            "nothing of the key is repeated"
        );
    }
}

#[test]
fn an_encrypted_key_that_would_cost_too_much_is_refused_without_being_tried() {
    let bench = Bench::new();
    bench.openssl("ecparam -name prime256v1 -genkey -noout -out key");
    bench.openssl(
        "pkcs8 -topk8 -v2 aes256 -iter 65793 -in key -passout file:pw -outform DER -out rounds",
    );
    let good = fs::read(bench.path("rounds")).unwrap();
    let at = good.windows(5).position(|w| w == [2, 3, 1, 1, 1]).unwrap();
    for (name, count, class, kind) in [
        ("negative", [0xFF, 1, 1], Class::Input, "ca-key-malformed"),
        ("zero", [0, 0, 0], Class::Input, "ca-key-malformed"),
    ] {
        let mut changed = good.clone();
        changed[at + 2..at + 5].copy_from_slice(&count);
        bench.write(name, &changed);
        bench.fails(name, class, kind);
    }
    // Three octets reach 8388607, which is within the limit: the salt gives one octet to the count.
    let mut many = good.clone();
    assert_eq!(
        many[at - 10..at - 8],
        [4, 8],
        "a salt of eight octets lies before the count"
    );
    many[at - 9] = 7;
    many[at - 1..at + 5].copy_from_slice(&[2, 4, 0x7F, 0xFF, 0xFF, 0xFF]);
    bench.write("many", &many);
    let error = bench.fails("many", Class::Ca, "ca-key-encryption-unsupported");
    assert!(
        error.message.contains("2147483647 rounds") && error.message.contains("10000000"),
        "{}",
        error.message
    );

    bench.openssl(
        "pkcs8 -topk8 -scrypt -scrypt_N 16384 -scrypt_r 8 -scrypt_p 1 -in key -passout \
                   file:pw -outform DER -out cheap",
    );
    let good = fs::read(bench.path("cheap")).unwrap();
    let at = good
        .windows(10)
        .position(|w| w == [2, 2, 0x40, 0, 2, 1, 8, 2, 1, 1])
        .unwrap();
    for (name, costs, class, kind) in [
        (
            "n-odd",
            [2, 2, 0x40, 1, 2, 1, 8, 2, 1, 1],
            Class::Input,
            "ca-key-malformed",
        ),
        (
            "n-zero",
            [2, 2, 0, 0, 2, 1, 8, 2, 1, 1],
            Class::Input,
            "ca-key-malformed",
        ),
        (
            "n-one",
            [2, 2, 0, 1, 2, 1, 8, 2, 1, 1],
            Class::Input,
            "ca-key-malformed",
        ),
        (
            "r-zero",
            [2, 2, 0x40, 0, 2, 1, 0, 2, 1, 1],
            Class::Input,
            "ca-key-malformed",
        ),
        (
            "p-zero",
            [2, 2, 0x40, 0, 2, 1, 8, 2, 1, 0],
            Class::Input,
            "ca-key-malformed",
        ),
        (
            "work",
            [2, 2, 0x40, 0, 2, 1, 127, 2, 1, 127],
            Class::Ca,
            "ca-key-encryption-unsupported",
        ),
    ] {
        let mut changed = good.clone();
        changed[at..at + 10].copy_from_slice(&costs);
        bench.write(name, &changed);
        bench.fails(name, class, kind);
    }
}

#[test]
fn files_open_to_others_are_told() {
    let bench = Bench::new();
    bench.openssl("ecparam -name prime256v1 -genkey -noout -out plain");
    bench.openssl("pkcs8 -topk8 -scrypt -in plain -passout file:pw -out key");
    let ids = |warnings: &[KeyWarning]| warnings.iter().map(KeyWarning::id).collect::<Vec<_>>();
    for (key_mode, pw_mode, told) in [
        (0o600, 0o600, vec![]),
        (0o400, 0o400, vec![]),
        (0o640, 0o600, vec!["key-open-to-others"]),
        (
            0o604,
            0o644,
            vec!["key-open-to-others", "passphrase-open-to-others"],
        ),
    ] {
        fs::set_permissions(bench.path("key"), fs::Permissions::from_mode(key_mode)).unwrap();
        fs::set_permissions(bench.path("pw"), fs::Permissions::from_mode(pw_mode)).unwrap();
        assert_eq!(ids(&bench.read("key").unwrap().1), told);
    }
    let loaded = KeySource::parse(&bench.path("key"))
        .unwrap()
        .load(&bench.pass("pw"))
        .unwrap();
    assert_eq!(loaded.warnings.len(), 2);
    assert!(
        loaded.warnings[0]
            .to_string()
            .contains("(mode 0604): `chmod 600 ")
    );
}

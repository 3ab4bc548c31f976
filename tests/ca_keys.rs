//! CA keys against the real openssl: every form that it writes is read, and what is written here,
//! it reads.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use hsmboot::ca::{
    CaKey, CaTerms, FileKey, KeySource, KeyType, KeyWarning, NewKey, Passphrase, PassphraseSource,
    make_trust_anchor, parse_subject,
};
use hsmboot::error::{Class, Error};
use tempfile::TempDir;
use zeroize::Zeroizing;

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
fn every_plain_form_is_read() {
    let bench = Bench::new();
    bench.openssl("genrsa -out rsa.pem 2048");
    bench.openssl("rsa -in rsa.pem -traditional -out rsa.pkcs1.pem");
    bench.openssl("rsa -in rsa.pem -traditional -outform DER -out rsa.pkcs1.der");
    bench.openssl("pkcs8 -topk8 -nocrypt -in rsa.pem -outform DER -out rsa.pkcs8.der");
    for curve in ["prime256v1", "secp384r1"] {
        // with EC PARAMETERS above
        bench.openssl(&format!("ecparam -name {curve} -genkey -out {curve}.pem"));
        bench.openssl(&format!(
            "ec -in {curve}.pem -outform DER -out {curve}.sec1.der"
        ));
        bench.openssl(&format!(
            "ec -in {curve}.pem -no_public -out {curve}.nopub.pem"
        ));
        bench.openssl(&format!(
            "ec -in {curve}.pem -conv_form compressed -out {curve}.compressed.pem"
        ));
        bench.openssl(&format!(
            "pkcs8 -topk8 -nocrypt -in {curve}.pem -out {curve}.pkcs8.pem"
        ));
        bench.openssl(&format!(
            "pkcs8 -topk8 -nocrypt -in {curve}.pem -outform DER -out {curve}.pkcs8.der"
        ));
    }
    bench.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out genpkey.pem");
    bench.openssl("genrsa -out rsa3072.pem 3072");
    bench.openssl("genrsa -out rsa4096.pem 4096");
    let names: Vec<String> = fs::read_dir(bench.dir.path())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    let keys: Vec<_> = names
        .iter()
        .filter(|name| name.ends_with(".pem") || name.ends_with(".der"))
        .collect();
    assert_eq!(keys.len(), 19);
    for name in keys {
        assert_eq!(bench.holds(name), ["key-unencrypted"], "{name}");
    }
}

#[test]
fn every_encrypted_form_is_read_and_a_wrong_passphrase_told() {
    let bench = Bench::new();
    let wrong = |name: &str| {
        let error = FileKey::read(&bench.path(name), &bench.pass("wrong")).unwrap_err();
        assert_eq!(
            (error.exit_code(), error.kind.name()),
            (5, "wrong-passphrase"),
            "{name}: {}",
            error.message
        );
    };
    bench.openssl("genrsa -out rsa 2048");
    bench.openssl("ecparam -name prime256v1 -genkey -noout -out p256");
    bench.openssl("ecparam -name secp384r1 -genkey -noout -out p384");
    let pkcs8 = [
        "-v2 aes-128-cbc",
        "-v2 aes-192-cbc",
        "-v2 aes-256-cbc",
        "-v2 des3",
        "-v2 aes256 -v2prf hmacWithSHA1", // what OpenSSL 1.0 wrote
        "-v2 aes256 -v2prf hmacWithSHA384",
        "-v2 aes256 -v2prf hmacWithSHA512 -iter 100000",
        "-scrypt",
        "-scrypt -scrypt_N 1024 -scrypt_r 8 -scrypt_p 16",
        "-v2 aes256 -outform DER",
        "-scrypt -outform DER",
    ];
    for (n, options) in pkcs8.iter().enumerate() {
        let from = ["rsa", "p256", "p384"][n % 3];
        let name = format!("pkcs8-{n}");
        bench.openssl(&format!(
            "pkcs8 -topk8 {options} -in {from} -passout file:pw -out {name}"
        ));
        assert_eq!(bench.holds(&name), Vec::<&str>::new(), "{options}");
        wrong(&name);
    }
    for cipher in ["aes128", "aes192", "aes256", "des3"] {
        for (from, command) in [("rsa", "rsa -traditional"), ("p256", "ec"), ("p384", "ec")] {
            let name = format!("legacy-{from}-{cipher}");
            bench.openssl(&format!(
                "{command} -{cipher} -in {from} -passout file:pw -out {name}"
            ));
            assert!(
                fs::read_to_string(bench.path(&name))
                    .unwrap()
                    .contains("Proc-Type: 4,ENCRYPTED")
            );
            assert_eq!(bench.holds(&name), ["key-weakly-encrypted"]);
            wrong(&name);
        }
    }
    // The AWS guide's own command, as OpenSSL 1.x ran it.
    bench.openssl("genrsa -traditional -aes256 -passout file:pw -out customerCA.key 2048");
    bench.holds("customerCA.key");
}

#[test]
fn single_des_is_read() {
    // Made for this test with `openssl ec -des -provider legacy`, which not every openssl has.
    let bench = Bench::new();
    bench.write("des", include_bytes!("data/ca_keys/ec-des.pem"));
    bench.write("pw", b"secret");
    let (key, _) = bench.read("des").unwrap();
    let plain = bench.write("plain", include_bytes!("data/ca_keys/ec-des-plain.pem"));
    assert_eq!(
        key.spki(),
        FileKey::read(&plain, &PassphraseSource::Ask)
            .unwrap()
            .0
            .spki()
    );
}

#[test]
fn text_around_the_key_is_let_be_but_one_key_there_must_be() {
    let bench = Bench::new();
    bench.openssl("req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -subj /CN=Test");
    bench.openssl("pkcs12 -export -inkey key -in cert -passout file:pw -out store.p12");
    bench.openssl("pkcs12 -in store.p12 -nocerts -passin file:pw -passout file:pw2 -out bag");
    bench.openssl("pkcs12 -in store.p12 -nodes -passin file:pw -out bag-and-cert");
    assert!(
        fs::read_to_string(bench.path("bag"))
            .unwrap()
            .starts_with("Bag Attributes")
    );
    for name in ["bag", "bag-and-cert"] {
        bench.holds(name);
    }
    let key = fs::read_to_string(bench.path("key")).unwrap();
    bench.write("crlf", key.replace('\n', "\r\n").as_bytes());
    bench.write("no-newline", key.trim_end().as_bytes());
    bench.write("bom", format!("\u{feff}{key}").as_bytes());
    for name in ["crlf", "no-newline", "bom"] {
        bench.read(name).unwrap();
    }
    bench.write("two", format!("{key}{key}").as_bytes());
    bench.fails("two", Class::Input, "ca-key-several");
    bench.holds("store.p12");
}

#[test]
fn what_is_no_key_is_named() {
    let bench = Bench::new();
    bench.openssl("req -x509 -newkey rsa:2048 -nodes -keyout key -out cert.pem -subj /CN=Test");
    bench.openssl("x509 -in cert.pem -outform DER -out cert.der");
    bench.openssl("req -new -key key -out csr.pem -subj /CN=Test");
    bench.openssl("req -in csr.pem -outform DER -out csr.der");
    bench.openssl("pkey -in key -pubout -out pub.pem");
    bench.openssl("pkey -in key -pubout -outform DER -out pub.der");
    bench.openssl("ecparam -name prime256v1 -out params.pem");
    for (name, says) in [
        ("cert.pem", "a certificate"),
        ("cert.der", "a certificate"),
        ("csr.pem", "a certificate request"),
        ("csr.der", "certificate request"),
        ("pub.pem", "a public key"),
        ("pub.der", "a public key"),
        ("params.pem", "curve parameters"),
    ] {
        let error = bench.fails(name, Class::Input, "ca-key-not-a-key");
        assert!(error.message.contains(says), "{}", error.message);
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
fn keys_of_no_use_to_this_ca_say_what_they_are() {
    let bench = Bench::new();
    for (name, command, says) in [
        (
            "rsa1024",
            "genrsa -out rsa1024 1024",
            "RSA key of 1024 bits",
        ),
        (
            "ed25519",
            "genpkey -algorithm ED25519 -out ed25519",
            "Ed25519",
        ),
        (
            "x25519",
            "genpkey -algorithm X25519 -out x25519",
            "key agreement",
        ),
        (
            "p521",
            "ecparam -name secp521r1 -genkey -noout -out p521",
            "P-521",
        ),
        (
            "k1",
            "ecparam -name secp256k1 -genkey -noout -out k1",
            "secp256k1",
        ),
        (
            "explicit",
            "ecparam -name prime256v1 -param_enc explicit -genkey -noout -out explicit",
            "explicit curve parameters",
        ),
    ] {
        bench.openssl(command);
        let error = bench.fails(name, Class::Ca, "ca-key-unsupported");
        assert!(error.message.contains(says), "{}", error.message);
    }
    bench.openssl("genrsa -out key 2048");
    bench.openssl("pkcs8 -topk8 -v2 camellia256 -in key -passout file:pw -out pbes1");
    let error = bench.fails("pbes1", Class::Ca, "ca-key-encryption-unsupported");
    assert!(error.hint.contains("openssl pkcs8 -topk8"));
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
fn parts_that_do_not_fit_together_are_refused() {
    let bench = Bench::new();
    bench.openssl("ecparam -name prime256v1 -genkey -noout -outform DER -out one");
    bench.openssl("ecparam -name prime256v1 -genkey -noout -outform DER -out other");
    let (one, other) = (
        fs::read(bench.path("one")).unwrap(),
        fs::read(bench.path("other")).unwrap(),
    );
    let mixed = [&one[..one.len() - 64], &other[other.len() - 64..]].concat();
    bench.write("mixed", &mixed);
    bench.fails("mixed", Class::Ca, "ca-key-inconsistent");
    let mut off_curve = one;
    *off_curve.last_mut().unwrap() ^= 1;
    bench.write("off-curve", &off_curve);
    bench.fails("off-curve", Class::Input, "ca-key-malformed");

    bench.openssl("genrsa -traditional -out rsa.pem 2048");
    bench.openssl("rsa -in rsa.pem -traditional -outform DER -out rsa");
    let rsa = fs::read(bench.path("rsa")).unwrap();
    let mut modulus = rsa.clone();
    modulus[100] ^= 1;
    bench.write("modulus", &modulus);
    bench.fails("modulus", Class::Ca, "ca-key-inconsistent");
    // dQ is the last number but one, 128 octets before qInv's: a change in it is seen when the key
    // signs.
    let mut exponent = rsa;
    let at = exponent.len() - 200;
    exponent[at] ^= 4;
    let path = bench.write("exponent", &exponent);
    let outcome =
        FileKey::read(&path, &PassphraseSource::Ask).and_then(|(key, _)| key.sign(b"tbs"));
    assert_eq!(outcome.unwrap_err().kind.name(), "ca-key-inconsistent");
}

#[test]
fn no_damage_to_a_key_file_makes_the_reader_panic() {
    let bench = Bench::new();
    bench.openssl("ecparam -name prime256v1 -genkey -noout -out sec1.pem");
    bench.openssl("ec -in sec1.pem -outform DER -out sec1");
    bench.openssl("ec -in sec1.pem -aes128 -passout file:pw -out legacy");
    bench.openssl("pkcs8 -topk8 -nocrypt -in sec1.pem -outform DER -out pkcs8");
    for name in ["sec1", "legacy", "pkcs8"] {
        let good = fs::read(bench.path(name)).unwrap();
        let path = bench.path("changed");
        for at in 0..good.len() {
            fs::write(&path, &good[..at]).unwrap();
            // A PEM file may do without its last line end.
            assert!(
                FileKey::read(&path, &bench.pass("pw")).is_err()
                    || (name == "legacy" && at == good.len() - 1),
                "{name} cut at {at}"
            );
            let mut changed = good.clone();
            changed[at] ^= 1 << (at % 8);
            fs::write(&path, &changed).unwrap();
            drop(FileKey::read(&path, &bench.pass("pw")));
        }
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

#[test]
fn openssl_reads_what_is_written_here() {
    let bench = Bench::new();
    let passphrase = bench
        .pass("pw")
        .for_new_key(Path::new("customerCA.key"))
        .unwrap();
    for kind in [
        KeyType::P256,
        KeyType::P384,
        KeyType::Rsa2048,
        KeyType::Rsa3072,
    ] {
        let new = NewKey::generate(kind).unwrap();
        let spki = new.to_file_key().unwrap().spki().to_vec();
        let encrypted = new.to_pem(Some(&passphrase)).unwrap();
        assert!(encrypted.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
        bench.write("customerCA.key", encrypted.as_bytes());
        assert_eq!(bench.holds("customerCA.key"), Vec::<&str>::new());
        assert_eq!(bench.read("customerCA.key").unwrap().0.spki(), spki);
        bench.openssl("pkey -in customerCA.key -passin file:pw -check -noout");
        bench.openssl("pkcs8 -in customerCA.key -passin file:pw -out again.key");
        let asn1 = String::from_utf8(bench.openssl("asn1parse -in customerCA.key")).unwrap();
        for part in [
            "PBES2",
            ":1.3.6.1.4.1.11591.4.11",
            "aes-256-cbc",
            ":2000",
            ":0A",
        ] {
            assert!(
                asn1.contains(part) || (part.contains("11591") && asn1.contains("scrypt")),
                "{part} in {asn1}"
            );
        }
        let again = new.to_pem(Some(&passphrase)).unwrap();
        assert_ne!(*again, *encrypted, "salt and IV are drawn anew");

        bench.write("plain.key", new.to_pem(None).unwrap().as_bytes());
        assert_eq!(bench.holds("plain.key"), ["key-unencrypted"]);
        bench.openssl("pkey -in plain.key -check -noout");
    }
}

#[test]
fn openssl_takes_the_trust_anchor() {
    let bench = Bench::new();
    let subject = parse_subject("CN=Tést CA\\, one,OU=HSM+O=Org,C=US").unwrap();
    for kind in [KeyType::P256, KeyType::P384, KeyType::Rsa2048] {
        let key = NewKey::generate(kind).unwrap().to_file_key().unwrap();
        let terms = CaTerms {
            subject: &subject,
            serial: &[0xC0, 1, 2, 3],
            not_before: "2020-01-01T00:00:00Z".parse().unwrap(),
            not_after: "2060-01-01T00:00:00Z".parse().unwrap(),
        };
        bench.write(
            "ca.crt",
            make_trust_anchor(&terms, &key).unwrap().to_pem().as_bytes(),
        );
        bench.openssl("verify -x509_strict -check_ss_sig -attime 1800000000 -CAfile ca.crt ca.crt");
        let text = String::from_utf8(bench.openssl(
            "x509 -in ca.crt -noout -text -nameopt utf8,sep_comma_plus_space,sname,esc_2253",
        ))
        .unwrap();
        for part in [
            "Version: 3",
            "Serial Number: 3221291523",
            "Subject: C=US, O=Org + OU=HSM, CN=Tést CA\\, one",
            "Issuer: C=US, O=Org + OU=HSM, CN=Tést CA\\, one",
            "Not After : Jan  1 00:00:00 2060 GMT",
            "X509v3 Basic Constraints: critical\n                CA:TRUE\n",
            "X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign\n",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        // openssl's own idea of the subject key identifier: SHA-1 over the key's bits.
        bench.openssl("x509 -in ca.crt -noout -pubkey -out ca.pub");
        bench.write("ext", b"subjectKeyIdentifier=hash");
        bench.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out signer");
        bench.openssl(
            "x509 -new -force_pubkey ca.pub -signkey signer -subj /CN=x -extfile ext \
                       -out theirs.crt",
        );
        let identifier = |file: &str| {
            bench.openssl(&format!("x509 -in {file} -noout -ext subjectKeyIdentifier"))
        };
        assert_eq!(identifier("ca.crt"), identifier("theirs.crt"));
    }
}

#[test]
fn a_key_under_a_passphrase_is_closed_without_it() {
    let bench = Bench::new();
    let new = NewKey::generate(KeyType::P256).unwrap();
    let passphrase = Passphrase::new(Zeroizing::new(SECRET.as_bytes().to_vec()));
    bench.write("key", new.to_pem(Some(&passphrase)).unwrap().as_bytes());
    let error = FileKey::read(
        &bench.path("key"),
        &PassphraseSource::Env("HSMBOOT_TEST_NOT_SET".into()),
    )
    .unwrap_err();
    assert_eq!((error.exit_code(), error.kind.name()), (5, "no-passphrase"));
    assert!(error.message.contains("is encrypted"));
    let error = FileKey::read(&bench.path("key"), &bench.pass("wrong")).unwrap_err();
    assert_eq!(
        (error.exit_code(), error.kind.name()),
        (5, "wrong-passphrase")
    );
    // A key that needs no passphrase asks for none.
    bench.write("plain", new.to_pem(None).unwrap().as_bytes());
    assert!(
        FileKey::read(
            &bench.path("plain"),
            &PassphraseSource::File("/nonexistent".into())
        )
        .is_ok()
    );
}

/// A subject in openssl's spellings is the name that openssl makes of it, octet for octet.
#[test]
fn openssls_subjects_are_the_names_that_openssl_makes() {
    let bench = Bench::new();
    bench.openssl("ecparam -name prime256v1 -genkey -noout -out key");
    for subject in [
        "/C=DE/O=Example, Inc./OU=Sales/CN=My CA",
        "/DC=org/DC=example/CN=a\\/b",
        "/C=DE/ST=Bayern/L=Bad T\u{f6}lz/street=Am Markt 1/CN=CA/emailAddress=a@b",
        "/serialNumber=HSM-1/title=Dr/GN=Ada/SN=L/UID=u/CN=x",
        "/C=DE/O=x+OU=y+L=z/CN=a\\+b",
    ] {
        let output = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-new",
                "-utf8",
                "-key",
                "key",
                "-multivalue-rdn",
                "-out",
                "cert",
                "-outform",
                "DER",
                "-subj",
                subject,
            ])
            .current_dir(bench.dir.path())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let certificate = fs::read(bench.path("cert")).unwrap();
        let name = parse_subject(subject).unwrap_or_else(|error| panic!("{}", error.message));
        assert!(
            certificate.windows(name.len()).any(|window| window == name),
            "{subject}"
        );
        // As it prints the name, with blanks.
        let printed = String::from_utf8(
            bench.openssl("x509 -inform DER -in cert -noout -subject -nameopt oneline"),
        )
        .unwrap();
        let printed = printed
            .trim_end()
            .strip_prefix("subject=")
            .unwrap()
            .to_owned();
        assert_eq!(
            parse_subject(&printed).unwrap_or_else(|error| panic!("{}", error.message)),
            name,
            "{printed}"
        );
    }
}

//! Every form of a private key, damaged at every byte, given wherever a file is read: not eight
//! characters of it come out.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hsmboot::bundle::{ClusterId, TranscriptEntry, TranscriptReading, archive};
use hsmboot::ca::{FileKey, Passphrase, PassphraseSource};
use hsmboot::verify::{Anchor, Anchors, Evidence, Policy, verify};
use hsmboot::x509::{Certificate, Csr, Moment};

use crate::support::{Bench, TRUST, openssl, run, sign};

const AT: &str = "2026-01-01T00:00:00Z";

/// A key file, and what of it nobody may see.
struct Key {
    name: &'static str,
    file: Vec<u8>,
    secret: Secret,
}

/// Eight characters of its base64, or eight octets, in hex or as they are, anywhere in it.
#[derive(Default)]
struct Secret {
    base64: HashSet<[u8; 8]>,
    octets: HashSet<[u8; 8]>,
    hex: HashSet<[u8; 16]>,
}

impl Secret {
    fn of(base64: &str, octets: &[u8]) -> Self {
        let mut secret = Secret::default();
        let eight = |window: &[u8]| <[u8; 8]>::try_from(window).unwrap();
        secret
            .base64
            .extend(base64.as_bytes().windows(8).map(eight));
        secret.octets.extend(octets.windows(8).map(eight));
        let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        secret.hex.extend(
            hex.as_bytes()
                .windows(16)
                .map(|window| <[u8; 16]>::try_from(window).unwrap()),
        );
        secret
    }

    /// The PEM block's body.
    fn of_pem(text: &str) -> Self {
        let body: String = text
            .lines()
            .filter(|line| !line.starts_with('-') && !line.contains(':'))
            .collect();
        let octets = STANDARD.decode(&body).unwrap();
        Secret::of(&body, &octets)
    }

    /// What also stands in there is no secret: the outlines that every key has, and what
    /// certificates have of them.
    fn without(mut self, public: &[u8]) -> Self {
        let joined: Vec<u8> = public
            .iter()
            .copied()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect();
        for window in public.windows(8).chain(joined.windows(8)) {
            self.base64.remove(window);
            self.octets.remove(window);
        }
        let hex: String = public.iter().map(|octet| format!("{octet:02x}")).collect();
        hex.as_bytes().windows(16).for_each(|window| {
            self.hex.remove(window);
        });
        self
    }

    fn is_in(&self, output: &[u8]) -> bool {
        // A line break in the middle hides nothing.
        let joined: Vec<u8> = output
            .iter()
            .copied()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect();
        [output, &joined].into_iter().any(|text| {
            let eight = text
                .windows(8)
                .any(|window| self.base64.contains(window) || self.octets.contains(window));
            eight
                || text
                    .windows(16)
                    .any(|window| self.hex.contains(window.to_ascii_lowercase().as_slice()))
        })
    }
}

/// Every form that a private key is met in, less what a key has in common with others and with the
/// files there are.
fn keys(bench: &Bench) -> Vec<Key> {
    let [one, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let others = forms(other.path());
    let same: Vec<u8> = bench
        .listing()
        .into_values()
        .flat_map(|(_, content)| content)
        .collect();
    let pairs = forms(one.path()).into_iter().zip(&others);
    pairs
        .map(|(key, other)| {
            let made_up = key.file == other.file;
            let secret = key
                .secret
                .without(&same)
                .without(if made_up { b"" } else { &other.file });
            let ders = pem::parse_many(&other.file).unwrap_or_default();
            Key {
                secret: ders.iter().fold(secret, |secret, block| {
                    if made_up {
                        secret
                    } else {
                        secret.without(block.contents())
                    }
                }),
                ..key
            }
        })
        .collect()
}

/// All forms. `secret` opens those that are encrypted, in no time.
fn forms(dir: &Path) -> Vec<Key> {
    let make = |args: &str| drop(openssl(dir, args));
    make("ecparam -name prime256v1 -genkey -noout -out sec1");
    make("ecparam -name prime256v1 -genkey -out sec1-parameters");
    make("pkcs8 -topk8 -nocrypt -in sec1 -out pkcs8");
    make("pkcs8 -topk8 -in sec1 -iter 1 -passout pass:secret -out encrypted");
    make("ec -in sec1 -aes128 -passout pass:secret -out proc-type");
    make("genrsa -traditional -out pkcs1 2048");
    make("pkcs8 -topk8 -nocrypt -in sec1 -outform DER -out pkcs8.der");
    make("ec -in sec1 -outform DER -out sec1.der");
    make("pkcs8 -topk8 -in sec1 -iter 1 -passout pass:secret -outform DER -out encrypted.der");
    make("req -x509 -new -key sec1 -subj /CN=x -out certificate");
    make("pkcs12 -export -inkey sec1 -in certificate -iter 1 -passout pass:secret -out store.p12");
    let mut keys: Vec<Key> = Vec::new();
    for name in [
        "sec1",
        "sec1-parameters",
        "pkcs8",
        "encrypted",
        "proc-type",
        "pkcs1",
    ] {
        let file = fs::read(dir.join(name)).unwrap();
        let text = String::from_utf8(file.clone()).unwrap();
        let block = &text[text.find("KEY-----").unwrap()..];
        keys.push(Key {
            name,
            secret: Secret::of_pem(&block.lines().skip(1).collect::<Vec<_>>().join("\n")),
            file,
        });
    }
    for name in ["sec1.der", "pkcs8.der", "encrypted.der", "store.p12"] {
        let file = fs::read(dir.join(name)).unwrap();
        keys.push(Key {
            name,
            secret: Secret::of(&STANDARD.encode(&file), &file),
            file,
        });
    }
    // In the forms of other programs: their outlines, around octets that nothing else has.
    let octets: Vec<u8> = (0..150_u32)
        .map(|n| u8::try_from((n * 89 + 41) % 256).unwrap())
        .collect();
    let body = STANDARD.encode(&octets);
    let lines = body
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect::<Vec<_>>()
        .join("\n");
    let scalar = URL_SAFE_NO_PAD.encode(&octets[..32]);
    for (name, text, secret) in [
        (
            "openssh",
            format!(
                "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n{lines}\n-----END \
                 OPENSSH PRIVATE KEY-----\n"
            ),
            &body,
        ),
        (
            "putty",
            format!(
                "PuTTY-User-Key-File-3: ecdsa-sha2-nistp256\nEncryption: none\nComment: \
                 x\nPrivate-Lines: 4\n{lines}\nPrivate-MAC: 00\n"
            ),
            &body,
        ),
        (
            "jwk",
            format!("{{\"kty\":\"EC\",\"crv\":\"P-256\",\"d\":\"{scalar}\"}}\n"),
            &scalar,
        ),
    ] {
        keys.push(Key {
            name,
            file: text.into_bytes(),
            secret: Secret::of(secret, &octets),
        });
    }
    keys
}

/// The file, damaged at every byte: in seven ways, or, a large one, in a line break and one of the
/// others.
fn damaged(file: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let at_each = move |at: usize| {
        let put = move |byte: &[u8]| [&file[..at], byte, &file[at + 1..]].concat();
        let octet = file[at];
        let mut ways = vec![
            put(b"\n"),
            file[..at].to_vec(),
            put(&[]),
            put(&[octet ^ 1]),
            put(b"-"),
            put(&[octet, octet]),
            put(&[octet, b'\r', b'\n']),
        ];
        if file.len() > 600 {
            ways.swap(1, 1 + at % 6);
            ways.truncate(2);
        }
        ways
    };
    (0..file.len()).flat_map(at_each)
}

/// The damages that a person or a mail program makes: dashes, labels, line ends, one line, other
/// encodings, quoting.
fn mangled(key: &Key) -> Vec<Vec<u8>> {
    let Ok(text) = std::str::from_utf8(&key.file) else {
        return vec![key.file.clone()];
    };
    let mut all = vec![text.to_owned()];
    for dashes in ["", "-", "----", "------"] {
        all.push(text.replace("KEY-----", &format!("KEY{dashes}")));
        all.push(text.replace("-----BEGIN", &format!("{dashes}BEGIN")));
    }
    for label in [
        "CERTIFICATE",
        "CERTIFICATE REQUEST",
        "EC PRIVATE KEX",
        "X509 CRL",
    ] {
        let known = [
            "EC PRIVATE KEY",
            "ENCRYPTED PRIVATE KEY",
            "RSA PRIVATE KEY",
            "OPENSSH PRIVATE KEY",
            "PRIVATE KEY",
        ];
        let relabelled = known
            .into_iter()
            .find(|known| text.contains(known))
            .map(|known| text.replace(known, label));
        all.extend(relabelled);
    }
    for end in ["\r", "\r\n", "", " ", "\t", "\n\n", "\0"] {
        all.push(text.replace('\n', end));
        all.push(text.replace("-----\n", &format!("----{end}")));
    }
    all.push(text.lines().next().unwrap().to_owned() + "\n");
    all.push(serde_json::to_string(text).unwrap());
    all.push(format!(
        "{{\"format\":{}}}",
        serde_json::to_string(text).unwrap()
    ));
    all.push(format!(
        "{{\"format\":\"hsmboot-request/1\",\"cluster_id\":{}}}",
        serde_json::to_string(text).unwrap()
    ));
    all.push(format!(
        "{{\"format\":\"hsmboot-verification/1\",\"at\":{}}}",
        serde_json::to_string(text).unwrap()
    ));
    let mut all: Vec<Vec<u8>> = all.into_iter().map(String::into_bytes).collect();
    all.push(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    all.push([&[0xEF, 0xBB, 0xBF], text.as_bytes()].concat());
    all
}

/// What the library says of such a file, wherever it takes one.
fn said(file: &[u8], path: &Path, passphrase: &Path, anchors: &Anchors) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    let moment: Moment = AT.parse().unwrap();
    said.extend(
        Certificate::from_pem(file)
            .err()
            .map(|fault| fault.to_string()),
    );
    said.extend(Csr::from_pem(file).err().map(|fault| fault.to_string()));
    said.extend(
        Anchor::from_file(file, "root")
            .err()
            .map(|fault| fault.to_string()),
    );
    said.extend(archive::read(file).err().map(|fault| fault.to_string()));
    let evidence = Evidence {
        csr: Some(file.to_vec()),
        hsm: file.to_vec(),
        aws_hardware: file.to_vec(),
        manufacturer_hardware: file.to_vec(),
    };
    said.push(
        serde_json::to_string(&verify(&evidence, anchors, moment, &Policy::default()).record)
            .unwrap(),
    );
    let checked = hsmboot::check::check(file, file, file, moment);
    said.push(serde_json::to_string(&checked.record).unwrap());
    let trail = TranscriptReading::from_content(file);
    said.extend(trail.fault.map(|(_, why)| why.to_string()));
    said.extend(
        trail
            .rest
            .as_raw()
            .lines()
            .filter(|line| TranscriptEntry::is_like_one(line))
            .map(str::to_owned),
    );
    #[cfg(feature = "simulator")]
    said.extend(hsmboot::simulator::Credentials::parse(&String::from_utf8_lossy(file)).err());
    fs::write(path, file).unwrap();
    match FileKey::read(path, &PassphraseSource::File(passphrase.to_owned())) {
        Ok((key, warnings)) => said.extend(
            warnings
                .iter()
                .map(|warning| format!("{warning} {warning:?} {key:?}")),
        ),
        Err(error) => said.push(format!("{error:?} {}", error.to_json())),
    }
    let source = PassphraseSource::File(path.to_owned());
    said.extend(
        source
            .for_new_key(path)
            .map(|passphrase: Passphrase| format!("{passphrase:?}"))
            .map_err(|error| format!("{error:?}")),
    );
    said
}

#[test]
fn nothing_of_a_key_that_is_damaged_anywhere_is_said() {
    let bench = Bench::new();
    let dir = bench.path("");
    let anchors = Anchors {
        aws: Anchor::from_file(&bench.read("aws-root.crt"), "aws").unwrap(),
        manufacturer: Anchor::from_file(&bench.read("manufacturer-root.crt"), "manufacturer")
            .unwrap(),
    };
    bench.write("passphrase", "secret\n");
    let memory = tempfile::tempdir_in(if Path::new("/dev/shm").is_dir() {
        Path::new("/dev/shm")
    } else {
        &dir
    })
    .unwrap();
    for key in keys(&bench) {
        assert!(
            key.secret.is_in(&key.file) && !key.secret.is_in(b"the CA's key file is empty"),
            "{}: the search finds what there is",
            key.name
        );
        let (mut tried, mut heard) = (0, HashSet::new());
        for file in mangled(&key).into_iter().chain(damaged(&key.file)) {
            tried += 1;
            for text in said(
                &file,
                &memory.path().join("file"),
                &bench.path("passphrase"),
                &anchors,
            ) {
                // Most of it is said again and again.
                assert!(
                    !heard.insert(text.clone()) || !key.secret.is_in(text.as_bytes()),
                    "{}: {}\nsays {text}",
                    key.name,
                    String::from_utf8_lossy(&file)
                );
            }
        }
        assert!(tried > 2 * key.file.len());
        assert!(key.secret.base64.len() > 30, "{}", key.name);
    }
}

/// Whatever a command writes and says, with such a file in each place that a file can be given in.
#[test]
fn nothing_of_it_comes_out_of_any_command() {
    let bench = Bench::new();
    bench
        .run(&[&sign(&["--seal"])[..], &["--operator", "Ada"]].concat())
        .expect(0);
    let id = fs::read_dir(bench.path("bundle"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let id: ClusterId = id
        .filter_map(|name| name.strip_suffix("_ClusterCsr.csr")?.parse().ok())
        .next()
        .unwrap();
    let in_bundle: Vec<String> = [
        "ClusterCsr.csr",
        "HsmCertificate.crt",
        "AwsHardwareCertificate.crt",
        "ManufacturerHardwareCertificate.crt",
    ]
    .iter()
    .chain(&["CustomerHsmCertificate.crt"])
    .map(|part| format!("{id}_{part}"))
    .chain(
        [
            "customerCA.crt",
            "request.json",
            "verification.json",
            "response.json",
            "receipt.json",
            "transcript.jsonl",
            "creation.json",
        ]
        .map(str::to_owned),
    )
    .collect();
    let signing = ["sign", "bundle", "--force", "--ca", "customerCA.crt"];
    let check = [
        "check",
        "--csr",
        "x",
        "--signed-cert",
        "x",
        "--trust-anchor",
        "x",
    ];
    let mut given: Vec<Vec<&str>> = vec![
        [&signing[..], &["--ca-key", "x"], &TRUST].concat(),
        [
            &signing[..],
            &["--ca-key", "locked", "--passphrase-file", "x"],
            &TRUST,
        ]
        .concat(),
        [
            &["sign", "bundle", "--force", "--ca", "x", "--ca-key", "x"][..],
            &TRUST,
        ]
        .concat(),
        check.to_vec(),
        vec![
            "verify",
            "bundle",
            "--aws-root",
            "x",
            "--manufacturer-root",
            "x",
        ],
        vec!["ca", "show", "x"],
        vec![
            "import",
            "bundle",
            "--signed-cert",
            "x",
            "--trust-anchor",
            "x",
            "--force",
        ],
        vec!["transcript", "verify", "bundle", "--ca", "x"],
        vec!["report", "bundle", "--ca", "x"],
        vec!["unpack", "x", "unpacked"],
    ];
    if cfg!(feature = "qr") {
        given.push(vec!["qr", "read", "x", "--bundle", "photographed"]);
    }
    if cfg!(feature = "pkcs11") {
        // In the program's own directory: the loader looks elsewhere for a name without a slash.
        given.push(
            [
                &signing[..],
                &[
                    "--ca-key",
                    "pkcs11:token=ca;object=key",
                    "--pkcs11-module",
                    "./x",
                ],
                &TRUST,
            ]
            .concat(),
        );
        given.push(
            [
                &signing[..],
                &[
                    "--ca-key",
                    "pkcs11:token=ca?module-path=/dev/null&pin-source=file:x",
                    "--pkcs11-module",
                    "./x",
                ],
                &TRUST,
            ]
            .concat(),
        );
    }
    let look: Vec<Vec<&str>> = vec![
        [&["verify", "bundle", "--record"][..], &TRUST].concat(),
        vec!["report", "bundle", "-o", "report.html"],
        vec!["pack", "bundle", "-o", "packed.hsmboot"],
        vec!["transcript", "show", "bundle"],
        vec!["transcript", "verify", "bundle", "--ca", "customerCA.crt"],
        [&signing[..], &["--ca-key", "customerCA.key"], &TRUST].concat(),
    ];
    openssl(
        &bench.path(""),
        "pkcs8 -topk8 -in customerCA.key -iter 1 -passout pass:secret -out locked",
    );
    let sound: Vec<(String, Option<Vec<u8>>)> = in_bundle
        .iter()
        .map(|name| (name.clone(), fs::read(bench.path("bundle").join(name)).ok()))
        .collect();
    let mut turn = 0;
    for (number, key) in keys(&bench).iter().enumerate() {
        let forms = mangled(key);
        let mut searched = HashSet::new();
        // As it is, and with four dashes, under another label, or in one line: the rest is for the
        // library's test above.
        for file in [0, [5, 9, 17][number % 3]]
            .iter()
            .filter_map(|at| forms.get(*at))
        {
            let mut try_out = |bench: &Bench, args: &[&str], planted: Option<&str>| {
                turn += 1;
                let format: &[&str] = if turn % 2 == 0 {
                    &["--output", "json"]
                } else {
                    &["--verbose"]
                };
                let run = run(bench.command(&[args, format].concat()));
                assert_ne!(run.code, 1, "{}: {args:?}: {}", key.name, run.stderr);
                for output in [run.stdout.as_bytes(), run.stderr.as_bytes()] {
                    assert!(
                        !key.secret.is_in(output),
                        "{} in {planted:?}: {args:?} says {}",
                        key.name,
                        String::from_utf8_lossy(output)
                    );
                }
                for (path, (_, content)) in bench.listing() {
                    let its_own = path.ends_with("x")
                        || planted
                            .is_some_and(|name| path.ends_with(Path::new("bundle").join(name)));
                    assert!(
                        its_own || !searched.insert(content.clone()) || !key.secret.is_in(&content),
                        "{} in {planted:?}: {args:?} writes {}",
                        key.name,
                        path.display()
                    );
                }
                for made in ["report.html", "packed.hsmboot"] {
                    drop(fs::remove_file(bench.path(made)));
                }
            };
            bench.write("x", file);
            for args in &given {
                try_out(&bench, args, None);
            }
            fs::remove_file(bench.path("x")).unwrap();
            // Each key in a place or two: all of them see every key once, in one form or another.
            for name in in_bundle.iter().skip(number % 6).step_by(6) {
                fs::write(bench.path("bundle").join(name), file).unwrap();
                for args in &look {
                    try_out(&bench, args, Some(name));
                }
                drop(fs::remove_dir_all(bench.path("bundle")));
                fs::create_dir(bench.path("bundle")).unwrap();
                for (name, content) in &sound {
                    if let Some(content) = content {
                        fs::write(bench.path("bundle").join(name), content).unwrap();
                    }
                }
            }
        }
    }
}

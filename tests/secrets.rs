//! No passphrase and no byte of a private key comes out of the program, whatever it is asked to do:
//! neither on standard output, nor on standard error, nor in any file but the key's own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub
)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base64ct::{Base64Unpadded, Encoding};
use support::{Bench, openssl, run, sign, verify};

const PASSPHRASE: &str = "xyzzy-plugh-42";

/// What must never be seen: each secret as it is, in hex, in base64 at every offset, and as a list
/// of numbers.
struct Needles(Vec<(String, Vec<u8>)>);

impl Needles {
    fn of_passphrase() -> Self {
        let mut needles = Needles(Vec::new());
        needles.add("the passphrase", PASSPHRASE.as_bytes());
        needles
    }

    fn add(&mut self, what: &str, secret: &[u8]) {
        let mut put = |form: &str, bytes: Vec<u8>| self.0.push((format!("{what}, {form}"), bytes));
        put("as it is", secret.to_vec());
        // Twelve bytes are far more than chance gives, and few enough to find a piece.
        for piece in secret.windows(12.min(secret.len())) {
            let hex: String = piece.iter().map(|byte| format!("{byte:02x}")).collect();
            put("in capital hex", hex.to_uppercase().into());
            put("in hex", hex.into());
            put(
                "in base64",
                Base64Unpadded::encode_string(piece)
                    .trim_end_matches('=')
                    .into(),
            );
            put(
                "as numbers",
                piece
                    .iter()
                    .map(u8::to_string)
                    .collect::<Vec<_>>()
                    .join(", ")
                    .into(),
            );
        }
    }

    /// The private parts of a key file: every INTEGER or OCTET STRING of 24 bytes or more that
    /// `openssl asn1parse` finds and the public key does not hold.
    fn add_key(&mut self, dir: &Path, file: &str) {
        let key = openssl(
            dir,
            &format!("pkey -in {file} -passin pass:{PASSPHRASE} -traditional -outform DER"),
        );
        let public = openssl(
            dir,
            &format!("pkey -in {file} -passin pass:{PASSPHRASE} -pubout -outform DER"),
        );
        fs::write(dir.join("plain.der"), key).unwrap();
        let parsed =
            String::from_utf8(openssl(dir, "asn1parse -inform DER -in plain.der")).unwrap();
        fs::remove_file(dir.join("plain.der")).unwrap();
        let mut found = 0;
        for line in parsed.lines() {
            let Some((kind, hex)) = line.rsplit_once(':') else {
                continue;
            };
            let hex = hex.trim_start_matches("[HEX DUMP]");
            if !(kind.contains("INTEGER") || kind.contains("OCTET STRING")) || hex.len() < 48 {
                continue;
            }
            let bytes: Vec<u8> = (0..hex.len() / 2)
                .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
                .collect();
            if !public.windows(bytes.len()).any(|window| window == bytes) {
                found += 1;
                // Both ends and the middle: pieces at every offset of a long number would be
                // thousands.
                for part in [
                    &bytes[..24],
                    &bytes[bytes.len() / 2 - 12..bytes.len() / 2 + 12],
                    &bytes[bytes.len() - 24..],
                ] {
                    self.add(file, part);
                }
            }
        }
        assert!(found > 0, "{file} has private parts: {parsed}");
    }

    fn search(&self, place: &str, hay: &[u8]) {
        // A line break in the middle hides nothing.
        let joined: Vec<u8> = hay
            .iter()
            .copied()
            .filter(|byte| !matches!(byte, b'\n' | b'\r'))
            .collect();
        let texts = [
            String::from_utf8_lossy(hay),
            String::from_utf8_lossy(&joined),
        ];
        for (what, needle) in &self.0 {
            let seen = match std::str::from_utf8(needle) {
                Ok(needle) => texts.iter().any(|text| text.contains(needle)),
                Err(_) => hay.windows(needle.len()).any(|window| window == needle),
            };
            assert!(!seen, "{what} is in {place}");
        }
    }
}

/// The secrets are found where they are: a search that finds nothing proves something only then.
#[test]
fn the_search_finds_what_there_is() {
    let bench = Bench::new();
    let mut needles = Needles::of_passphrase();
    needles.add_key(&bench.path(""), "customerCA.key");
    for hay in [
        bench.read("customerCA.key"),
        format!("wrong passphrase {PASSPHRASE}").into(),
        format!("{:?}", PASSPHRASE.as_bytes()).into(),
    ] {
        assert!(std::panic::catch_unwind(|| needles.search("a test", &hay)).is_err());
    }
}

#[test]
fn nothing_secret_comes_out() {
    let bench = Bench::new();
    let dir = bench.path("");
    bench.write("passphrase", format!("{PASSPHRASE}\n"));
    openssl(
        &dir,
        &format!(
            "pkcs8 -topk8 -in customerCA.key -iter 2048 -passout pass:{PASSPHRASE} -out known.key"
        ),
    );
    openssl(
        &dir,
        &format!("genrsa -traditional -aes256 -passout pass:{PASSPHRASE} -out rsa.key 2048"),
    );
    let private = |name: &str| {
        fs::set_permissions(bench.path(name), fs::Permissions::from_mode(0o600)).unwrap()
    };
    ["passphrase", "known.key", "rsa.key"]
        .iter()
        .copied()
        .for_each(private);

    let known: [&[&str]; 2] = [
        &[
            "sign",
            "bundle",
            "--ca",
            "customerCA.crt",
            "--ca-key",
            "known.key",
        ],
        &support::TRUST,
    ];
    let known = known.concat();
    let with = |args: &[&str], more: &[&str]| -> Vec<String> {
        args.iter()
            .chain(more)
            .map(|word| (*word).to_owned())
            .collect()
    };
    let init = |out: &'static str, more: &[&str]| {
        with(
            &[
                "ca",
                "init",
                "--out",
                out,
                "--subject",
                "CN=x",
                "--key-type",
                "p256",
            ],
            more,
        )
    };
    let (file, fd, env) = (
        ["--passphrase-file", "passphrase"],
        ["--passphrase-fd", "0"],
        ["--passphrase-env", "SECRET"],
    );
    let check = [
        "check",
        "--csr",
        "passphrase",
        "--signed-cert",
        "known.key",
        "--trust-anchor",
        "customerCA.key",
    ];
    let mut commands: Vec<Vec<String>> = vec![
        init("new-1", &file),
        init("new-2", &fd),
        init("new-3", &env),
        init("new-4", &["--no-passphrase"]),
        init("new-1", &file),
        with(&["ca", "show", "customerCA.crt"], &[]),
        with(&known, &file),
        with(&known, &file),
        with(&known, &[&fd[..], &["--force"]].concat()),
        with(&known, &[&env[..], &["--force"]].concat()),
        with(
            &known,
            &[
                "--force",
                "--passphrase-command",
                "cat passphrase; echo more",
            ],
        ),
        with(&sign(&["--force"]), &[]),
        // Wrong ones: the passphrase for another thing, the key in every other file's place, and
        // both in places of names.
        with(&known, &["--force", "--passphrase-file", "customerCA.key"]),
        with(&known, &["--force", "--passphrase-file", "known.key"]),
        with(
            &[
                "sign",
                "bundle",
                "--ca",
                "customerCA.crt",
                "--ca-key",
                "rsa.key",
            ],
            &[&support::TRUST[..], &file, &["--force"]].concat(),
        ),
        with(
            &[
                "sign",
                "bundle",
                "--ca",
                "customerCA.key",
                "--ca-key",
                "known.key",
            ],
            &[&support::TRUST[..], &file, &["--force"]].concat(),
        ),
        with(
            &[
                "sign",
                "bundle",
                "--ca",
                "customerCA.crt",
                "--ca-key",
                "passphrase",
            ],
            &[&support::TRUST[..], &["--force"]].concat(),
        ),
        with(&["ca", "show", "customerCA.key"], &[]),
        with(&["ca", "show", "known.key"], &[]),
        with(&check, &[]),
        with(
            &[
                "verify",
                "bundle",
                "--aws-root",
                "customerCA.key",
                "--manufacturer-root",
                "passphrase",
            ],
            &[],
        ),
        with(
            &["verify", "bundle", "--manufacturer-root", "passphrase"],
            &[],
        ),
        with(&verify(&["--record"]), &[]),
        with(&["completions", "bash"], &[]),
        with(&["man"], &[]),
    ];
    let mut keys = vec![
        "customerCA.key",
        "known.key",
        "rsa.key",
        "new-1/customerCA.key",
        "new-2/customerCA.key",
        "new-3/customerCA.key",
        "new-4/customerCA.key",
    ];
    if cfg!(all(feature = "online", feature = "simulator")) {
        // The whole way at once, with a CA of its own.
        commands.push(with(
            &[
                "bootstrap",
                "--simulate",
                "--bundle",
                "rehearsed",
                "--key-type",
                "p256",
            ],
            &file,
        ));
        keys.push("rehearsed/customerCA.key");
    }
    let mut outputs = Vec::new();
    for args in commands {
        for format in [&["--verbose"][..], &["--output", "json"]] {
            let words: Vec<&str> = args
                .iter()
                .map(String::as_str)
                .chain(format.iter().copied())
                .collect();
            let mut command = bench.command(&words);
            command
                .env("SECRET", PASSPHRASE)
                .write_stdin(format!("{PASSPHRASE}\n"));
            let run = run(command);
            assert_ne!(run.code, 1, "{args:?}: {}", run.stderr);
            outputs.push((
                format!("what `{}` prints", words.join(" ")),
                run.stdout + &run.stderr,
            ));
        }
    }

    let mut needles = Needles::of_passphrase();
    for key in keys {
        needles.add_key(&dir, key);
        assert_eq!(
            fs::metadata(bench.path(key)).unwrap().permissions().mode() & 0o777,
            0o600,
            "{key}"
        );
    }
    for (place, text) in &outputs {
        needles.search(place, text.as_bytes());
    }
    let of_its_own = |path: &Path| {
        path.ends_with("passphrase") || path.extension().is_some_and(|end| end == "key")
    };
    for (path, (_, content)) in bench.listing().iter().filter(|(path, _)| !of_its_own(path)) {
        needles.search(&path.display().to_string(), content);
    }
    // An encrypted key file holds neither the key nor the passphrase.
    for key in ["new-1", "new-2", "new-3"] {
        let text = bench.read(&format!("{key}/customerCA.key"));
        assert!(text.starts_with(b"-----BEGIN ENCRYPTED PRIVATE KEY-----"));
        needles.search(key, &text);
        needles.search(key, pem::parse(&text).unwrap().contents());
    }
}

/// People paste the key where its path is wanted, or where a bundle is. Nothing of it is shown.
#[test]
fn a_key_that_is_pasted_in_the_place_of_a_name_is_not_shown() {
    let bench = Bench::new();
    openssl(
        &bench.path(""),
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out plain.key",
    );
    let pem = fs::read_to_string(bench.path("plain.key")).unwrap();
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let headless = pem.split_once('\n').unwrap().1.to_owned();
    let check = |what: &str, run: &support::Run| {
        assert_ne!(run.code, 0, "{what}");
        for shown in [&run.stdout, &run.stderr] {
            let piece = base64.as_bytes().windows(16).find(|piece| {
                let piece = std::str::from_utf8(piece).unwrap();
                shown.contains(piece)
            });
            assert_eq!(piece, None, "{what}: {shown}");
        }
    };
    for key in [&pem, &base64, &headless] {
        let key = key.as_str();
        let pasted = format!("--ca-key={key}");
        for words in [
            &["sign", "bundle", "--ca", "customerCA.crt", "--ca-key", key][..],
            &["sign", "bundle", "--ca", "customerCA.crt", &pasted],
            &["sign", "bundle", "--ca", key, "--ca-key", "customerCA.key"],
            &["verify", key],
            &["verify", "bundle", "--aws-root", key],
            &["ca", "show", key],
            &["report", key, "-o", "page.html"],
            &["pack", key],
            &["transcript", "show", key],
            &["ca", "init", "--out", "x", "--subject", key],
        ] {
            for more in [&[][..], &["--output", "json"]] {
                let all = [words, more].concat();
                check(&format!("{} {}", words[0], words.len()), &bench.run(&all));
            }
        }
        let mut command = bench.command(&["sign", "bundle", "--ca", "customerCA.crt"]);
        command.env("HSMBOOT_CA_KEY", key);
        check("by a variable", &run(command));
    }
}

/// A passphrase in the place of its variable's or its file's name, which an unencrypted key does
/// not even ask for: the transcript travels.
#[test]
fn a_passphrase_that_is_pasted_in_the_place_of_a_name_is_not_recorded() {
    for option in ["--passphrase-env", "--passphrase-file"] {
        let joined = format!("{option}={PASSPHRASE}");
        for form in [&[option, PASSPHRASE][..], &[joined.as_str()]] {
            let bench = Bench::new();
            bench.run(&[&sign(&[]), form].concat());
            bench.run(&sign(&[]));
            let transcript = String::from_utf8(bench.read("bundle/transcript.jsonl")).unwrap();
            assert!(!transcript.contains(PASSPHRASE), "{transcript}");
        }
    }
    // A name that is one is recorded.
    let bench = Bench::new();
    let mut command = bench.command(&sign(&["--passphrase-env", "CA_PASSPHRASE"]));
    command.env("CA_PASSPHRASE", "x");
    run(command).expect(0);
    let transcript = String::from_utf8(bench.read("bundle/transcript.jsonl")).unwrap();
    assert!(transcript.contains("CA_PASSPHRASE"), "{transcript}");
}

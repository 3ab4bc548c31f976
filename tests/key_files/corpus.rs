//! Real key files by the dozen: every encryption that openssl has, its legacy provider's too, every
//! container, and what editors, shells and other programs make of them. Each is read, and is the
//! same key; or it is refused with a command that makes a file of it which is read. No hint is a
//! dead end.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use hsmboot::ca::{CaKey, FileKey, PassphraseSource};

use crate::hints::{bench, follow};
use crate::support::Bench;

/// What becomes of a file.
#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    /// It is read, with these warnings.
    Read(&'static [&'static str]),
    /// It is refused, and the command in the hint makes one that is read.
    Converted(&'static str),
}

use Outcome::{Converted, Read};

const PLAIN: Outcome = Read(&["key-unencrypted"]);
const WEAK: Outcome = Read(&["key-weakly-encrypted"]);
const SOUND: Outcome = Read(&[]);
const OTHER_ENCRYPTION: Outcome = Converted("ca-key-encryption-unsupported");
const OTHER_FORM: Outcome = Converted("ca-key-unsupported");

const LEGACY: &str = "openssl PROGRAM -provider legacy -provider default";

/// Commands that make `made` of `made.pem` (a P-256 key, SEC1) or `rsa.pem`; the passphrase is
/// `secret`.
fn corpus() -> Vec<(String, Outcome)> {
    let mut all: Vec<(String, Outcome)> = Vec::new();
    let legacy =
        |program: &str, rest: &str| format!("{} {rest}", LEGACY.replace("PROGRAM", program));
    let pkcs8 = |options: &str| {
        legacy(
            "pkcs8",
            &format!("-topk8 -in made.pem -passout pass:secret {options} -out made"),
        )
    };
    // PKCS#8, encrypted.
    for (scheme, outcome) in [
        ("PBE-MD5-DES", WEAK),
        ("PBE-SHA1-DES", WEAK),
        ("PBE-SHA1-3DES", WEAK),
        ("PBE-SHA1-2DES", WEAK),
        ("PBE-MD5-RC2-64", OTHER_ENCRYPTION),
        ("PBE-SHA1-RC2-64", OTHER_ENCRYPTION),
        ("PBE-SHA1-RC2-40", OTHER_ENCRYPTION),
        ("PBE-SHA1-RC2-128", OTHER_ENCRYPTION),
        ("PBE-SHA1-RC4-40", OTHER_ENCRYPTION),
        ("PBE-SHA1-RC4-128", OTHER_ENCRYPTION),
    ] {
        let form = if all.len().is_multiple_of(2) {
            "PEM"
        } else {
            "DER"
        };
        all.push((pkcs8(&format!("-v1 {scheme} -outform {form}")), outcome));
    }
    for cipher in [
        "aes-128-cbc",
        "aes-192-cbc",
        "aes-256-cbc",
        "des3",
        "des-ede3-cbc",
        "des",
    ] {
        all.push((pkcs8(&format!("-v2 {cipher}")), SOUND));
    }
    for cipher in ["camellia256", "aria192", "seed", "rc2", "bf", "cast5-cbc"] {
        all.push((pkcs8(&format!("-v2 {cipher}")), OTHER_ENCRYPTION));
    }
    for function in [
        "hmacWithSHA1",
        "hmacWithSHA256",
        "hmacWithSHA384",
        "hmacWithSHA512",
    ] {
        all.push((pkcs8(&format!("-v2prf {function}")), SOUND));
    }
    for function in ["hmacWithSHA224", "hmacWithSHA512-256", "hmacWithMD5"] {
        all.push((pkcs8(&format!("-v2prf {function}")), OTHER_ENCRYPTION));
    }
    all.push((pkcs8("-scrypt"), SOUND));
    all.push((pkcs8("-iter 10000001"), OTHER_ENCRYPTION));
    // The old PEM encryption.
    for (cipher, outcome) in [
        ("aes128", WEAK),
        ("aes192", WEAK),
        ("aes256", WEAK),
        ("des3", WEAK),
        ("des", WEAK),
        ("des-ede-cbc", WEAK),
        ("camellia256", OTHER_ENCRYPTION),
        ("aria192", OTHER_ENCRYPTION),
        ("seed", OTHER_ENCRYPTION),
        ("rc2", OTHER_ENCRYPTION),
        ("bf", OTHER_ENCRYPTION),
        ("cast", OTHER_ENCRYPTION),
    ] {
        all.push((
            legacy(
                "ec",
                &format!("-in made.pem -{cipher} -passout pass:secret -out made"),
            ),
            outcome,
        ));
    }
    // PKCS#12.
    let store = |options: &str| {
        let export = legacy(
            "pkcs12",
            &format!("-export -inkey made.pem -in c -passout pass:secret {options} -out made"),
        );
        format!("openssl req -x509 -new -key made.pem -subj /CN=x -out c && {export}")
    };
    for (options, outcome) in [
        ("", SOUND),
        ("-legacy", WEAK),
        ("-legacy -descert", WEAK),
        ("-nomac", SOUND),
        ("-macalg sha1", SOUND),
        ("-macalg sha384", SOUND),
        ("-macalg sha512", SOUND),
        ("-keypbe NONE", PLAIN),
        ("-keypbe NONE -certpbe NONE -nomac", PLAIN),
        ("-keypbe aes-128-cbc -certpbe NONE", SOUND),
        ("-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-RC2-40", WEAK),
        ("-keypbe PBE-SHA1-2DES", WEAK),
        ("-keypbe PBE-MD5-DES", WEAK),
        ("-keypbe PBE-SHA1-RC2-40", OTHER_FORM),
        ("-keypbe PBE-SHA1-RC4-128", OTHER_FORM),
        ("-keypbe camellia-256-cbc", OTHER_FORM),
        ("-macalg sha224", OTHER_FORM),
        ("-nocerts", SOUND),
        ("-name somebody -CSP x -LMK", SOUND),
    ] {
        all.push((store(options), outcome));
    }
    // Microsoft's.
    all.push((
        "openssl rsa -in rsa.pem -outform PVK -pvk-none -out made".to_owned(),
        OTHER_FORM,
    ));
    all.push((
        legacy(
            "rsa",
            "-in rsa.pem -outform PVK -pvk-strong -passout pass:secret -out made",
        ),
        OTHER_FORM,
    ));
    all.push((
        legacy(
            "rsa",
            "-in rsa.pem -outform PVK -pvk-weak -passout pass:secret -out made",
        ),
        OTHER_FORM,
    ));
    all.push((
        "openssl rsa -in rsa.pem -outform MSBLOB -out made".to_owned(),
        OTHER_FORM,
    ));
    // Others.
    all.push((
        "ssh-keygen -q -t ecdsa -b 256 -N secret -f made".to_owned(),
        OTHER_FORM,
    ));
    all.push((
        "openssl ec -in made.pem -param_enc explicit -out made".to_owned(),
        OTHER_FORM,
    ));
    // Labels that say something else than what is there.
    let relabelled = |make: &str, from: &str, to: &str| {
        format!("{make} -out m && sed 's/{from} KEY/{to} KEY/' m >made")
    };
    for (make, from) in [
        ("openssl pkcs8 -topk8 -nocrypt -in made.pem", "PRIVATE"),
        ("openssl ec -in made.pem", "EC PRIVATE"),
        ("openssl rsa -traditional -in rsa.pem", "RSA PRIVATE"),
    ] {
        for to in ["PRIVATE", "RSA PRIVATE", "EC PRIVATE", "ENCRYPTED PRIVATE"] {
            all.push((relabelled(make, from, to), PLAIN));
        }
    }
    for to in ["PRIVATE", "RSA PRIVATE", "EC PRIVATE"] {
        all.push((
            relabelled(
                "openssl pkcs8 -topk8 -iter 1 -passout pass:secret -in made.pem",
                "ENCRYPTED PRIVATE",
                to,
            ),
            SOUND,
        ));
        all.push((
            relabelled(
                "openssl ec -aes128 -passout pass:secret -in made.pem",
                "EC PRIVATE",
                to,
            ),
            WEAK,
        ));
    }
    // What editors, shells and secret managers do.
    for edit in [
        "sed 's/^/    /' made.pem >made",
        "sed 's/$/  /' made.pem >made",
        "sed 's/^/\t/; s/$/\\r/' made.pem >made",
        "sed 's/\\(....\\)/\\1 /g; s/BEGI N/BEGIN/; s/PRI VATE/PRIVATE/' m0 >made",
        "tr '\\n' ' ' <made.pem >made",
        "tr -d '\\n' <made.pem >made",
        "awk '{printf \"%s\\\\n\", $0}' made.pem >made",
        "{ cat made.pem; printf '\\0'; } >made",
        "{ openssl ec -in made.pem -outform DER; printf '\\0'; } >made",
        "{ openssl ec -in made.pem -outform DER; echo; } >made",
        "{ printf '\\357\\273\\277'; cat made.pem; } >made",
        "iconv -f ascii -t utf-16le made.pem >made",
        "iconv -f ascii -t utf-16be made.pem >made",
        "{ printf '\\377\\376'; iconv -f ascii -t utf-16le made.pem; } >made",
        "{ echo '-----BEGIN EC PRIVATE KEY-----'; \
         { openssl ec -in made.pem -outform DER; printf '\\0\\0'; } | base64; \
         echo '-----END EC PRIVATE KEY-----'; } >made",
        "{ openssl x509 -in c -text; cat made.pem; } >made",
        "{ cat made.pem; openssl ec -in made.pem -pubout; } >made",
    ] {
        let before = "openssl req -x509 -new -key made.pem -subj /CN=x -out c; openssl pkcs8 \
                      -topk8 -nocrypt -in made.pem | grep -v -- -- | tr -d '\\n' >m1; \
                      { echo '-----BEGIN PRIVATE KEY-----'; sed 's/\\(....\\)/\\1 /g' m1; echo; \
                      echo '-----END PRIVATE KEY-----'; } >m0";
        let edit = if edit.contains("m0") {
            "cp m0 made"
        } else {
            edit
        };
        all.push((format!("{{ {before}; }} 2>/dev/null; {edit}"), PLAIN));
    }
    all
}

fn shell(dir: &Path, command: &str) {
    let output = Command::new("sh")
        .args(["-ec", command])
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{command}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn spki(bench: &Bench, path: &Path) -> Vec<u8> {
    FileKey::read(path, &PassphraseSource::File(bench.path("pw")))
        .unwrap_or_else(|error| panic!("{}: {}", error.message, error.hint))
        .0
        .spki()
        .to_vec()
}

#[test]
fn every_key_file_is_read_or_converted_as_the_hint_says() {
    let (mut read, mut converted, mut followed) = (0, 0, 0);
    for (number, (command, outcome)) in corpus().into_iter().enumerate() {
        let name = if number % 5 == 4 {
            "it's; -k.pem"
        } else {
            "customerCA.key"
        };
        let bench = bench(name, |dir| {
            shell(
                dir,
                "openssl genrsa -traditional -out rsa.pem 2048 2>/dev/null",
            );
            shell(
                dir,
                &format!("{{ {command}; }} 2>err || {{ cat err >&2; false; }}"),
            );
        });
        let path = bench.path(name);
        let is_rsa = command.contains("rsa.pem");
        let made = bench.path(if is_rsa { "rsa.pem" } else { "made.pem" });
        let same = |found: &[u8]| command.starts_with("ssh-keygen") || found == spki(&bench, &made);
        match (
            FileKey::read(&path, &PassphraseSource::File(bench.path("pw"))),
            outcome,
        ) {
            (Ok((key, warnings)), Read(expected)) => {
                read += 1;
                assert!(same(key.spki()), "{command}: another key");
                assert_eq!(
                    warnings
                        .iter()
                        .map(hsmboot::ca::KeyWarning::id)
                        .collect::<Vec<_>>(),
                    expected,
                    "{command}"
                );
                // Where openssl would not read it, no command of its is named.
                for warning in warnings
                    .iter()
                    .filter(|warning| warning.to_string().contains('`'))
                {
                    followed += 1;
                    let new = follow(&bench, &warning.to_string())
                        .unwrap_or_else(|| panic!("{command}: {warning}"));
                    assert!(same(&spki(&bench, &new)), "{command}: {warning}");
                }
            }
            (Err(error), Converted(kind)) => {
                converted += 1;
                assert_eq!(error.kind.name(), kind, "{command}: {}", error.message);
                let new = follow(&bench, &error.hint)
                    .unwrap_or_else(|| panic!("{command}: {}", error.hint));
                assert!(same(&spki(&bench, &new)), "{command}: {}", error.hint);
            }
            (Ok(_), Converted(_)) => panic!("{command}: is read"),
            (Err(error), Read(_)) => panic!("{command}: {}\n{}", error.message, error.hint),
        }
    }
    assert!(
        read > 60 && converted > 30 && followed > 20,
        "{read} {converted} {followed}"
    );
}

/// A wrong passphrase is called one, whatever the key is encrypted with.
#[test]
fn a_wrong_passphrase_opens_none_of_them() {
    for (command, outcome) in corpus()
        .into_iter()
        .filter(|(command, _)| command.contains("pass:secret"))
    {
        if !matches!(outcome, Read(_)) || command.contains("-keypbe NONE -certpbe NONE -nomac") {
            continue;
        }
        let bench = bench("customerCA.key", |dir| {
            shell(
                dir,
                &format!("{{ {command}; }} 2>err || {{ cat err >&2; false; }}"),
            )
        });
        for wrong in ["secre\n", "s\u{e9}cret\n"] {
            fs::write(bench.path("pw"), wrong).unwrap();
            let outcome = FileKey::read(
                &bench.path("customerCA.key"),
                &PassphraseSource::File(bench.path("pw")),
            );
            assert_eq!(
                outcome.map(drop).unwrap_err().kind.name(),
                "wrong-passphrase",
                "{command}: {wrong}"
            );
        }
    }
}

/// Java's stores: made with `keytool -genkeypair -keyalg EC -groupname secp256r1 -alias ca -dname
/// CN=ca -validity 36500 -storepass secret -keypass secret
/// -storetype JKS|JCEKS|PKCS12`, `keytool-legacy.p12` also with `-J-Dkeystore.pkcs12.legacy`
/// (OpenJDK 17).
#[test]
fn javas_stores_are_read_or_exported() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ca_keys");
    for (name, warnings) in [
        ("keytool.p12", &[][..]),
        ("keytool-legacy.p12", &["key-weakly-encrypted"]),
    ] {
        let bench = bench("ca.p12", |dir| {
            assert!(fs::copy(data.join(name), dir.join("made")).is_ok())
        });
        let (_, found) = FileKey::read(
            &bench.path("ca.p12"),
            &PassphraseSource::File(bench.path("pw")),
        )
        .unwrap();
        assert_eq!(
            found
                .iter()
                .map(hsmboot::ca::KeyWarning::id)
                .collect::<Vec<_>>(),
            warnings
        );
        for warning in found {
            spki(&bench, &follow(&bench, &warning.to_string()).unwrap());
        }
    }
    for (name, says) in [
        ("keytool.jks", "a Java keystore (JKS)"),
        ("keytool.jceks", "a Java keystore (JCEKS)"),
    ] {
        let bench = bench("customerCA.key", |dir| {
            assert!(fs::copy(data.join(name), dir.join("made")).is_ok())
        });
        // In keytool's place: it wants these words, and that the store it makes is not there.
        let options = "[ \"$1 $2 $4 $6 $7\" = '-importkeystore -srckeystore -destkeystore \
                       -deststoretype PKCS12' ] && [ -e \"$3\" ] && [ ! -e \"$5\" ]";
        bench.write(
            "keytool",
            format!(
                "#!/bin/sh\n{options} && cp '{}' \"$5\"\n",
                data.join("keytool.p12").display()
            ),
        );
        fs::set_permissions(bench.path("keytool"), fs::Permissions::from_mode(0o700)).unwrap();
        let error = FileKey::read(
            &bench.path("customerCA.key"),
            &PassphraseSource::File(bench.path("pw")),
        )
        .map(drop)
        .unwrap_err();
        assert!(
            error.message.contains(says) && error.kind.name() == "ca-key-unsupported",
            "{}",
            error.message
        );
        let hint = error
            .hint
            .replace("`keytool", &format!("`{}", bench.path("keytool").display()));
        let new = follow(&bench, &hint).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
        spki(&bench, &new);
    }
}

/// Passphrases beyond ASCII: PKCS#12 has them in UTF-16, PBES2 and the rest as they are typed.
#[test]
fn a_store_opens_under_any_passphrase() {
    for secret in ["pässwörd", "\u{1f511} key", "with blank ", "x"] {
        for options in ["", "-legacy", "-nomac", "-keypbe NONE"] {
            let bench = bench("customerCA.key", |dir| {
                let export = format!(
                    "openssl pkcs12 -export -inkey made.pem -in c -passout 'pass:{secret}' \
                     {options} -out made"
                );
                shell(
                    dir,
                    &format!(
                        "openssl req -x509 -new -key made.pem -subj /CN=x -out c && LC_ALL=C.UTF-8 \
                         {export}"
                    ),
                );
            });
            fs::write(bench.path("pw"), format!("{secret}\n")).unwrap();
            spki(&bench, &bench.path("customerCA.key"));
        }
    }
}

/// What is no single key in a store is told as what it is.
#[test]
fn a_store_without_one_key_is_refused() {
    let bench = Bench::empty();
    let dir = bench.path("");
    bench.write("pw", "secret\n");
    fs::set_permissions(bench.path("pw"), fs::Permissions::from_mode(0o600)).unwrap();
    shell(
        &dir,
        "openssl ecparam -name prime256v1 -genkey -noout -out k && openssl req -x509 -new -key k \
         -subj /CN=x -out c",
    );
    for options in ["", "-certpbe NONE -nomac"] {
        shell(
            &dir,
            &format!(
                "openssl pkcs12 -export -nokeys -in c -passout pass:secret {options} -out store"
            ),
        );
        let error = FileKey::read(
            &bench.path("store"),
            &PassphraseSource::File(bench.path("pw")),
        )
        .map(drop)
        .unwrap_err();
        assert!(
            error.message.contains("a PKCS#12 store without a key"),
            "{options}: {}",
            error.message
        );
    }
}

/// What a store may cost is bounded as a whole: key and integrity check together.
#[test]
fn a_store_that_would_cost_too_much_is_not_tried() {
    let bench = bench("ca.p12", |dir| {
        let export = "openssl pkcs12 -export -inkey made.pem -in c -certpbe NONE -passout \
                      pass:secret -iter 65537 -out made";
        shell(
            dir,
            &format!("openssl req -x509 -new -key made.pem -subj /CN=x -out c && {export}"),
        );
    });
    let store = bench.read("ca.p12");
    let places: Vec<usize> = (0..=store.len() - 5)
        .filter(|at| store[*at..at + 5] == [2, 3, 1, 0, 1])
        .collect();
    assert_eq!(places.len(), 2, "the key's and the MAC's");
    let mut costly = store;
    for at in places {
        costly[at + 2..at + 5].copy_from_slice(&[0x7F, 0xFF, 0xFF]);
    }
    bench.write("ca.p12", &costly);
    let error = FileKey::read(
        &bench.path("ca.p12"),
        &PassphraseSource::File(bench.path("pw")),
    )
    .map(drop)
    .unwrap_err();
    assert_eq!(
        (error.exit_code(), error.kind.name()),
        (5, "ca-key-encryption-unsupported"),
        "{}",
        error.message
    );
    assert!(
        error.message.contains("16777214 rounds") && error.hint.contains("openssl pkcs12 -nocerts"),
        "{} {}",
        error.message,
        error.hint
    );
}

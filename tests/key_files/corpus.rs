//! Real key files by the dozen: every encryption that openssl has, its legacy provider's too, every
//! container, and what editors, shells and other programs make of them. Each is read, and is the
//! same key; or it is refused with a command that makes a file of it which is read. No hint is a
//! dead end.

mod files;
mod stores;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::LazyLock;

use Outcome::{Converted, Read};
use files::corpus;
use hsmboot::ca::{CaKey, FileKey, PassphraseSource};

use crate::hints::{bench, follow};
use crate::shell::shell;
use crate::support::{Bench, openssl};

/// What becomes of a file.
#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    /// It is read, with these warnings.
    Read(&'static [&'static str]),
    /// It is refused, and the command in the hint makes one that is read.
    Converted(&'static str),
}

/// One key for all: to make one is most of a case's work.
static RSA: LazyLock<String> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    openssl(dir.path(), "genrsa -traditional -out rsa.pem 2048");
    fs::read_to_string(dir.path().join("rsa.pem")).unwrap()
});

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
            fs::write(dir.join("rsa.pem"), &*RSA).unwrap();
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

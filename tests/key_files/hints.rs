//! Commands in hints are followed to the letter, where the names that they could think of are
//! taken, and nothing that was there is lost: those for key files in `corpus`, with what is here.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use hsmboot::ca::{FileKey, PassphraseSource};

use crate::sources::sources;
use crate::support::{Bench, openssl};

/// A directory with files of every name that a hint might take, and a key in an encryption that is
/// not read.
pub fn bench(name: &str, make: impl Fn(&Path)) -> Bench {
    let bench = Bench::empty();
    let dir = bench.path("");
    openssl(
        &dir,
        "ecparam -name prime256v1 -genkey -noout -out made.pem",
    );
    make(&dir);
    fs::rename(bench.path("made"), bench.path(name)).unwrap();
    fs::set_permissions(bench.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    let stem = Path::new(name).file_stem().unwrap().to_str().unwrap();
    for taken in [
        "customerCA.key".to_owned(),
        "customerCA.crt".to_owned(),
        format!("{stem}-2.key"),
        format!("{stem}-3.key"),
    ] {
        if taken != name {
            bench.write(&taken, "the only one there is\n");
        }
    }
    // A link that leads nowhere is a name that is taken, too: openssl would make the file that it
    // names.
    std::os::unix::fs::symlink("elsewhere", bench.path(&format!("{stem}-4.key"))).unwrap();
    fs::set_permissions(
        bench.write("pw", "secret\n"),
        fs::Permissions::from_mode(0o600),
    )
    .unwrap();
    bench.write("askpass", "#!/bin/sh\necho secret\n");
    fs::set_permissions(bench.path("askpass"), fs::Permissions::from_mode(0o700)).unwrap();
    bench
}

/// The commands that a text names.
fn commands(text: &str) -> Vec<String> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// Follows what the program says, typing the passphrase whenever one is asked for; gives the new
/// file, if one came of it.
pub fn follow(bench: &Bench, text: &str) -> Option<PathBuf> {
    let before = bench.listing();
    let commands = commands(text);
    assert_eq!(commands.len(), 1, "{text}");
    let command = format!(
        "SSH_ASKPASS=$PWD/askpass SSH_ASKPASS_REQUIRE=force; export SSH_ASKPASS \
         SSH_ASKPASS_REQUIRE; {}",
        commands[0]
    );
    let (screen, code) = bench.on_a_terminal(&command, &"secret\n".repeat(4));
    assert_eq!(code, 0, "{}\n{screen}", commands[0]);
    let after = bench.listing();
    for (path, was) in &before {
        assert_eq!(
            after.get(path),
            Some(was),
            "{} is as it was after {}",
            path.display(),
            commands[0]
        );
    }
    let mut new = after.into_keys().filter(|path| !before.contains_key(path));
    let made = new.next();
    assert_eq!(new.next(), None);
    made
}

/// What the program says to do about the key.
fn said_of(bench: &Bench, name: &str) -> String {
    FileKey::read(&bench.path(name), &PassphraseSource::File(bench.path("pw")))
        .map(drop)
        .unwrap_err()
        .hint
        .to_string()
}

#[test]
fn a_passphrase_that_is_wrong_takes_nothing_away() {
    let bench = bench("customerCA.key", |dir| {
        drop(openssl(
            dir,
            "pkcs8 -topk8 -in made.pem -v2 camellia256 -passout pass:secret -out made",
        ))
    });
    let before = bench.listing();
    let said = said_of(&bench, "customerCA.key");
    for _ in 0..2 {
        let (_, code) = bench.on_a_terminal(&commands(&said)[0], "wrong\nwrong\nwrong\n");
        assert_ne!(code, 0);
        let after = bench.listing();
        assert!(
            before
                .iter()
                .all(|(path, was)| after.get(path) == Some(was))
        );
    }
}

/// Every command that stands in the sources as text, and not one made of words: none can write over
/// a file. Those made of words are counted: the tests above follow each of them.
#[test]
fn no_other_command_that_is_named_writes_anything() {
    const PROGRAMS: [&str; 20] = [
        "hsmboot",
        "openssl",
        "ssh-keygen",
        "aws",
        "chmod",
        "chown",
        "fuser",
        "tar",
        "cp",
        "mv",
        "rm",
        "dd",
        "tee",
        "cat",
        "gpg",
        "pkcs11-tool",
        "softhsm2-util",
        "keytool",
        "certutil",
        "dos2unix",
    ];
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut made: Vec<(String, usize)> = Vec::new();
    let mut seen = 0;
    // What the simulator's page shows beside a state is no hint; tests/simulator follows it.
    let in_rust = |file: &PathBuf| file.extension().is_some_and(|end| end == "rs");
    for file in sources(&src).into_iter().filter(in_rust) {
        let text = fs::read_to_string(&file).unwrap();
        let code: String = text
            .split("#[cfg(test)]\n")
            .next()
            .unwrap()
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .map(|line| line.trim().to_owned() + " ")
            .collect();
        let name = file.strip_prefix(&src).unwrap().display().to_string();
        let makers = [
            "hint::quote_command(",
            "hint::command_line(",
            "NextCommand::new(",
        ];
        let count = makers.iter().map(|call| code.matches(call).count()).sum();
        if count > 0 {
            made.push((name.clone(), count));
        }
        for command in commands(&code).into_iter().flat_map(|span| {
            [
                span.clone(),
                span.trim_start_matches(['\\', '"', ' ']).to_owned(),
            ]
        }) {
            let mut words = command.split_whitespace();
            let Some(program) = words.next().filter(|program| PROGRAMS.contains(program)) else {
                continue;
            };
            let rest: Vec<&str> = words.collect();
            seen += 1;
            let harmless = match program {
                // It replaces nothing unless with --force.
                "hsmboot" => !rest.contains(&"--force") && !rest.contains(&"delete"),
                // What it writes is said to be a new file; tests/owner_files.rs follows such
                // commands.
                "openssl" => {
                    !rest.iter().any(|word| word.starts_with('>'))
                        && rest.iter().enumerate().all(|(at, word)| {
                            !word.ends_with("out")
                                || rest.get(at + 1).is_some_and(|name| name.contains("NEW"))
                        })
                }
                "aws" => rest.iter().any(|word| {
                    [
                        "describe-",
                        "list-",
                        "get-",
                        "create-",
                        "enable-",
                        "cancel-",
                        "import-",
                    ]
                    .iter()
                    .any(|verb| word.starts_with(verb))
                        || *word == "login"
                }),
                // The same; tests/manage/hinted.rs says why none is run there.
                "keytool" => rest
                    .windows(2)
                    .all(|pair| pair[0] != "-file" || pair[1].contains("NEW")),
                "chmod" | "fuser" => true,
                _ => false,
            };
            assert!(
                harmless,
                "src/{name} names `{command}`: make it with hint::quote_command, and follow it in \
                 a test here"
            );
        }
    }
    assert!(seen > 20, "commands are found where they stand");
    made.sort();
    // Its own file defines them.
    made.retain(|(name, _)| name != "hint.rs");
    // One of them is a path alone, for `--ca-key`.
    let of_keys = [
        ("ca/fault.rs", 1),
        ("ca/fault/conversion.rs", 9),
        ("ca/warning.rs", 1),
    ];
    // They name the program's own commands for a bundle, `chmod 600`, and openssl for a file in
    // DER: tests/manage/hinted.rs, tests/simulator_clients.rs and tests/verify_command.rs follow
    // them.
    let of_bundles = [
        ("bundle/store/reading.rs", 1),
        ("cli/binary.rs", 1),
        ("cli/fetch.rs", 1),
        ("cli/qr/read.rs", 2),
        // `import` of what stands there, and `unpack` before it: tests/transit/imported.rs and
        // tests/transit/mixed.rs follow them.
        ("cli/sign/preconditions.rs", 3),
        ("cli/sign/response.rs", 1),
        ("cli/simulate/access.rs", 1),
    ];
    // The program's own as well, which replace nothing: `roots show`, `verify`, `bootstrap`,
    // `submit`, `status`, `handover`.
    let of_claims = [
        ("cli/backup/copy.rs", 1),
        // tests/online/rehearsed.rs follows them, and those of `verify` on a rehearsal's bundle.
        ("cli/bootstrap/summary.rs", 1),
        ("cli/hardware.rs", 4),
        ("cli/report/rehearsed.rs", 1),
        // The options of this run, behind any of them: tests/manage/pasted.rs follows them.
        ("cli/run_options.rs", 1),
        // tests/fleet/plan.rs runs it.
        ("cli/plan.rs", 1),
        ("cli/step.rs", 1),
        // tests/online/next.rs follows these, and those of `plan`.
        ("cli/cluster/modify.rs", 1),
        ("cloudhsm/next_step.rs", 1),
        ("handover/receipt.rs", 2),
        // The client's own program, on its machine.
        ("handover/steps/client_machine.rs", 1),
        ("handover/steps/in_use.rs", 2),
        ("handover/steps/lead.rs", 2),
    ];
    let mut held: Vec<(String, usize)> = [&of_keys[..], &of_bundles, &of_claims]
        .concat()
        .into_iter()
        .map(|(name, count)| (name.to_owned(), count))
        .collect();
    held.sort();
    assert_eq!(made, held);
}

/// A command in the pages that writes a file writes it under a name that says that nothing may be
/// there.
#[test]
fn commands_in_the_troubleshooting_page_write_new_files_alone() {
    let page =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/troubleshooting.md"))
            .unwrap();
    for command in commands(&page) {
        let words: Vec<&str> = command.split_whitespace().collect();
        for pair in words.windows(2) {
            if matches!(pair[0], "-out" | "-o" | "-cf" | ">" | "--bundle") && words.len() > 3 {
                assert!(
                    pair[1].contains("NEW") || pair[1] == "-",
                    "`{command}` may write over {}",
                    pair[1]
                );
            }
        }
        assert!(
            !matches!(words.first(), Some(&("cp" | "mv" | "rm" | "dd"))),
            "{command}"
        );
    }
}

//! Every command that an error, a warning or a next line names: run here as it stands, with its
//! words in capitals filled in, where nothing is in its way and where whatever it could write is
//! there already; or run elsewhere, by a test that is named. None takes anything away.

#[path = "hinted/commands.rs"]
mod commands;
#[path = "hinted/scene.rs"]
mod scene;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use Fate::{Aws, In, NotRun, OneOf, Run, Shell};
use commands::{COMMANDS, SUBCOMMANDS};
use scene::{Scene, files};

use super::stage::{ROOTS, SUBNET, Stage};

/// What becomes of a command that is named.
enum Fate {
    /// Run by the program: these words, and the exit code where nothing is in the way. Words in
    /// capitals, and `{…}`, are filled in by [`Scene::fill`].
    Run(&'static str, i32),
    /// The same in a shell, with nothing of the program's.
    Shell(&'static str),
    /// A command of the aws CLI: its words are the CLI's own. It reads, but for what makes a key,
    /// which is the hint's sense.
    Aws(&'static str),
    /// Made of one of these, each of which stands here too.
    OneOf(&'static [&'static str]),
    /// Run in this file, by this test.
    In(&'static str, &'static str),
    /// Not run, for this reason.
    NotRun(&'static str),
}

/// The commands that the sources name, outside of help texts: between backquotes, or as a whole
/// text of their own.
fn named() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::new();
    for (path, text) in files(&root.join("src")) {
        // The simulator's page names commands of a client's.
        if path.ends_with("tests.rs")
            || path
                .components()
                .any(|part| part.as_os_str() == "tests" || part.as_os_str() == "simulator")
        {
            continue;
        }
        let text = String::from_utf8(text).unwrap();
        let code = text
            .split("#[cfg(test)]\n")
            .next()
            .and_then(|code| code.split("#[cfg(all(test,").next())
            .unwrap()
            .lines()
            .map(str::trim)
            .filter(|line| !line.starts_with("//"));
        // A text that goes on in the next line is one text.
        let code = code.collect::<Vec<_>>().join(" ").replace("\\ ", "");
        let spans = code.split('`').skip(1).step_by(2);
        let bare = code.match_indices("hsmboot ").filter_map(|(at, _)| {
            let before = code[..at].rsplit('"').next().unwrap();
            let rest = code[at..].split('"').next().unwrap();
            let whole = before.is_empty()
                || before.ends_with("next: ")
                || before.ends_with("it: ")
                || before.ends_with("all: ");
            let command = SUBCOMMANDS.contains(&rest.split(' ').nth(1).unwrap_or_default())
                && !rest.contains("--help")
                && !rest.contains("[OPTIONS]");
            (whole && command && !rest.contains('`') && !rest.contains("Exit codes"))
                .then(|| rest.trim_end_matches("\\n"))
        });
        let programs = ["hsmboot ", "openssl ", "aws ", "fuser ", "iconv "];
        found.extend(
            spans
                .chain(bare)
                .filter(|span| programs.iter().any(|program| span.starts_with(program)))
                .map(str::to_owned),
        );
    }
    found
}

#[test]
fn every_command_that_is_named_is_run_by_a_test() {
    let listed: BTreeSet<String> = COMMANDS
        .iter()
        .map(|(command, _)| (*command).to_owned())
        .collect();
    let named = named();
    let new: Vec<&String> = named.difference(&listed).collect();
    assert!(
        new.is_empty(),
        "add to COMMANDS, in tests/manage/hinted/commands.rs, what becomes of {new:#?}"
    );
    let gone: Vec<&String> = listed.difference(&named).collect();
    assert!(
        gone.is_empty(),
        "no source names {gone:#?} any more: take it out of COMMANDS, in \
         tests/manage/hinted/commands.rs"
    );
    for (command, fate) in COMMANDS {
        match fate {
            In(file, test) => {
                let text =
                    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
                assert!(
                    text.contains(&format!("fn {test}(")),
                    "{command} is run by {test}, which {file} does not have"
                );
            }
            OneOf(all) => assert!(all.iter().all(|one| listed.contains(*one)), "{command}"),
            NotRun(why) => assert!(!why.is_empty(), "{command}"),
            Run(..) | Shell(_) | Aws(_) => {}
        }
    }
}

/// Whether there is the part of the program that the command needs.
fn is_built(words: &str) -> bool {
    cfg!(feature = "qr") || !words.starts_with("qr ")
}

fn all(run: impl Fn(&Scene, &str, i32)) {
    let rows = || {
        COMMANDS.iter().filter_map(|(_, fate)| {
            if let Run(words, code) = fate {
                Some((*words, *code))
            } else {
                None
            }
        })
    };
    // Together, where none of them leaves anything that the next one meets.
    let changes = |words: &str| {
        [
            "bootstrap",
            "fetch",
            "hsm",
            "sign",
            "ca init",
            "pack",
            "qr read",
        ]
        .iter()
        .any(|start| words.starts_with(start))
    };
    let distinct: BTreeMap<&str, i32> = rows().filter(|(words, _)| is_built(words)).collect();
    let shared = Scene::new(true);
    for (words, code) in distinct {
        if changes(words) {
            run(&Scene::new(false), words, code)
        } else {
            run(&shared, words, code)
        }
    }
}

#[test]
fn what_is_named_works_where_nothing_is_in_its_way() {
    all(|scene, words, code| {
        let before = scene.listing();
        let filled = scene.fill(words);
        scene
            .stage
            .run(&filled.iter().map(String::as_str).collect::<Vec<_>>())
            .ends(code, "");
        scene.nothing_is_lost(&before, words);
    });
}

#[test]
fn what_is_named_writes_over_nothing_where_its_names_are_taken() {
    all(|scene, words, _| {
        scene.take_names();
        let before = scene.listing();
        let filled = scene.fill(words);
        let done = scene
            .stage
            .run(&filled.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(!matches!(done.code, 1 | 2), "{words}: {}", done.stderr);
        scene.nothing_is_lost(&before, words);
    });
}

#[test]
fn other_programs_commands_work_and_write_nothing() {
    let scene = Scene::new(false);
    scene.take_names();
    let before = scene.listing();
    for (command, fate) in COMMANDS {
        if let Shell(line) = fate {
            scene.shell(line);
            assert_eq!(scene.listing(), before, "{command}");
        }
    }
}

/// The CLI's own words are right: it gets as far as asking AWS, which is not there.
#[test]
fn what_is_named_of_the_aws_cli_is_a_command_of_it() {
    for (command, fate) in COMMANDS {
        let Aws(more) = fate else { continue };
        let words = command
            .split_whitespace()
            .skip(1)
            .chain(more.split_whitespace());
        let mut cli = Command::new("aws");
        cli.args(words).args([
            "--endpoint-url",
            "http://127.0.0.1:9",
            "--region",
            "us-east-1",
            "--cli-connect-timeout",
            "5",
        ]);
        cli.env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_MAX_ATTEMPTS", "1")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        let output = cli
            .env("AWS_CONFIG_FILE", "/nonexistent")
            .env_remove("AWS_PROFILE")
            .output();
        let output = output
            .unwrap_or_else(|error| panic!("this test needs `aws` (pip install awscli): {error}"));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            said.contains("Could not connect to the endpoint URL"),
            "{command}: {said}"
        );
    }
}

/// A command in the shell, `hsmboot` being this program, with more words behind it.
fn follow(scene: &Scene, command: &str, more: &[&str]) -> (i32, String) {
    let program = assert_cmd::cargo::cargo_bin!("hsmboot");
    let script = format!(
        "hsmboot() {{ '{}' \"$@\"; }}; {command} {}",
        program.display(),
        more.join(" ")
    );
    let output = Command::new("sh")
        .args(["-ec", &script])
        .current_dir(scene.stage.path(""))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr]
        .map(|text| String::from_utf8_lossy(&text).into_owned())
        .concat();
    (output.status.code().unwrap(), said)
}

/// The command behind these words.
fn behind<'a>(said: &'a str, words: &str) -> &'a str {
    let (_, rest) = said
        .split_once(words)
        .unwrap_or_else(|| panic!("no `{words}` in {said}"));
    rest.split(['\n', '`']).next().unwrap()
}

#[test]
fn a_command_that_names_a_bundle_is_one_for_a_shell() {
    const BUNDLE: &str = "it's; a $(touch run) claim";
    let scene = Scene::new(false);
    let url = scene.stage.simulator.url();
    let owner = ["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key"];
    let fetched = scene
        .stage
        .run(&["fetch", "--cluster-id", &scene.id, "--bundle", BUNDLE])
        .ends(0, "next: ");
    // The download that fetch asks for.
    std::fs::copy(
        scene.stage.path("roots/manufacturer-root.crt"),
        scene.stage.path("mrvl-rsa-LS2-AR-v1.crt"),
    )
    .unwrap();
    let (code, said) = follow(&scene, behind(&fetched.stdout, "next: "), &ROOTS);
    assert_eq!(code, 0, "{said}");
    let early = scene.stage.run(&[&["submit", BUNDLE][..], &ROOTS].concat());
    let (code, said) = follow(
        &scene,
        &behind(&early.stderr, "sign it first: `")
            .replace("FILE", owner[1])
            .replace("KEY", owner[3]),
        &ROOTS,
    );
    assert_eq!(code, 0, "{said}");
    let submit = behind(&said, "next: ").to_owned();
    scene
        .stage
        .run(&[
            "ca",
            "init",
            "--out",
            "other",
            "--key-type",
            "p256",
            "--no-passphrase",
            "--subject",
            "CN=another",
        ])
        .ends(0, "");
    let other = [
        "sign",
        BUNDLE,
        "--ca",
        "other/customerCA.crt",
        "--ca-key",
        "other/customerCA.key",
    ];
    let again = scene
        .stage
        .run(&[&other[..], &ROOTS].concat())
        .ends(8, "signed already");
    assert!(!again.stderr.contains("hsmboot submit"), "{}", again.stderr);
    // It names the owner and the roots itself.
    let (code, said) = follow(&scene, &submit, &["--endpoint-url", &url]);
    assert_eq!(code, 0, "{said}");
    assert!(!scene.stage.path("run").exists());
    if cfg!(feature = "qr") {
        let read = scene
            .stage
            .run(&["qr", "read", "codes.txt", "--bundle", "it's read"])
            .ends(0, "next: ");
        let (code, said) = follow(
            &scene,
            &behind(&read.stdout, "next: ")
                .replace("FILE", owner[1])
                .replace("KEY", owner[3]),
            &ROOTS,
        );
        assert_eq!(code, 0, "{said}");
    }
}

/// A file whose name is right but for upper and lower case is renamed by what is said, and not over
/// another.
#[test]
fn a_name_in_other_letters_is_renamed_as_the_hint_says() {
    let scene = Scene::new(false);
    let (right, wrong) = (
        format!("DIR/{}_ClusterCsr.csr", scene.id),
        format!("DIR/{}_ClusterCSR.csr", scene.id),
    );
    fs::rename(scene.stage.path(&right), scene.stage.path(&wrong)).unwrap();
    let verify: Vec<&str> = ["verify", "DIR"].into_iter().chain(ROOTS).collect();
    for alone in [false, true] {
        if alone {
            let kept = fs::read(scene.stage.path(&wrong)).unwrap();
            fs::remove_dir_all(scene.stage.path("DIR")).unwrap();
            fs::create_dir(scene.stage.path("DIR")).unwrap();
            fs::write(scene.stage.path(&wrong), kept).unwrap();
        }
        let said = scene.stage.run(&verify).ends(4, "rename it with").stderr;
        let command = behind(&said, "rename it with `");
        scene.shell(command);
        assert!(scene.stage.path(&right).exists());
        if !alone {
            scene.stage.run(&verify).ends(0, "verified");
            fs::rename(scene.stage.path(&right), scene.stage.path(&wrong)).unwrap();
        }
    }
}

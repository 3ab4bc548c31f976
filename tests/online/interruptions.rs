//! Signals and what lies in the way end a command or do not hold it up, and leave nothing half
//! written.

use std::path::Path;
use std::time::{Duration, Instant};

use hsmboot::simulator::Speed;

use super::*;

#[test]
fn an_interrupted_wait_ends_with_130_and_leaves_nothing_half_written() {
    let simulator = Simulator::spawn(hsmboot::simulator::Options {
        speed: Speed::from_factor(0.0001).unwrap(),
        ..Default::default()
    })
    .unwrap();
    let id = support::create_cluster(&simulator);
    let dir = tempfile::tempdir().unwrap();
    let mut command = hsmboot();
    let roots = tempfile::tempdir().unwrap();
    simulator.write_roots(roots.path()).unwrap();
    command.current_dir(dir.path()).args([
        "bootstrap",
        "--cluster-id",
        &id,
        "--no-passphrase",
        "--endpoint-url",
        &simulator.url(),
    ]);
    command
        .arg("--aws-root")
        .arg(roots.path().join("aws-root.crt"));
    command
        .arg("--manufacturer-root")
        .arg(roots.path().join("manufacturer-root.crt"));
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while simulator
        .call_counts()
        .get("DescribeClusters")
        .copied()
        .unwrap_or_default()
        < 2
    {
        if child.try_wait().unwrap().is_some() || began.elapsed() > support::HANGS {
            child.kill().unwrap();
            Done::from(child.wait_with_output().unwrap())
                .ends(130, "what it did before it was interrupted");
            unreachable!();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(
        Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    Done::from(child.wait_with_output().unwrap()).ends(130, "interrupted");
    assert!(no_files(dir.path()));
}

fn no_files(dir: &Path) -> bool {
    fs::read_dir(dir).unwrap().next().is_none()
}

#[test]
fn whatever_way_a_claim_went_its_transcript_holds_and_names_what_was_read() {
    let stage = Stage::new();
    run(stage.bootstrap().arg("--dry-run")).ends(0, "nothing was sent");
    run(&mut stage.bootstrap()).ends(0, "claimed");
    run(&mut stage.hsmboot(&["transcript", "verify", &stage.id])).ends(0, "the transcript holds");
    let by_steps = Stage::new();
    by_steps.signed();
    run(&mut by_steps.submit()).ends(0, "claimed");
    run(&mut by_steps.hsmboot(&["transcript", "verify", &by_steps.id]))
        .ends(0, "the transcript holds");
    for (stage, command) in [
        (&stage, "bootstrap"),
        (&by_steps, "sign"),
        (&by_steps, "submit"),
    ] {
        let shown =
            run(&mut stage.hsmboot(&["transcript", "show", &stage.id, "--output", "json"])).json();
        let read = |step: &Value| {
            [
                "ca/customerCA.crt",
                "roots/aws-root.crt",
                "roots/manufacturer-root.crt",
            ]
            .iter()
            .all(|name| step["inputs"].get(name).is_some())
        };
        let steps = shown["steps"].as_array().unwrap();
        assert!(
            steps
                .iter()
                .any(|step| step["command"][1] == command && read(step)),
            "{command}: {shown:#}"
        );
    }
    // A CA that the bootstrap makes in the bundle is no gap in it.
    let stage = Stage::new();
    run(&mut stage.trusting(&[
        "bootstrap",
        "--cluster-id",
        &stage.id,
        "--no-passphrase",
        "--key-type",
        "p256",
    ]))
    .ends(0, "claimed");
    run(&mut stage.hsmboot(&["transcript", "verify", &stage.id])).ends(0, "the transcript holds");
}

/// A pipe in any file's place, before the command begins. It ends, sends nothing that the bundle
/// does not vouch for, and writes through nothing.
#[test]
fn nothing_that_lies_in_a_bundle_holds_an_online_command_up() {
    let parts = [
        "ClusterCsr.csr",
        "HsmCertificate.crt",
        "AwsHardwareCertificate.crt",
        "CustomerHsmCertificate.crt",
    ];
    let fixed = [
        "request.json",
        "verification.json",
        "customerCA.crt",
        "customerCA.key",
        "receipt.json",
        "transcript.jsonl",
    ];
    let stage = Stage::new();
    stage.signed();
    let whole = stage.bundle();
    fs::write(stage.path("precious"), "of somebody").unwrap();
    for name in parts
        .map(|part| format!("{}_{part}", stage.id))
        .into_iter()
        .chain(fixed.map(str::to_owned))
    {
        for thing in ["pipe", "link"] {
            let fetch = || stage.online(&["fetch", "--cluster-id", &stage.id, "--force"]);
            let rehearse = |mut command: Command| {
                command.arg("--dry-run");
                command
            };
            let own =
                || stage.trusting(&["bootstrap", "--cluster-id", &stage.id, "--no-passphrase"]);
            let commands: [&dyn Fn() -> Command; 4] = [
                &fetch,
                &|| rehearse(stage.submit()),
                &|| rehearse(stage.bootstrap()),
                &own,
            ];
            for command in commands {
                drop(fs::remove_dir_all(stage.path(&stage.id)));
                fs::create_dir(stage.path(&stage.id)).unwrap();
                whole.iter().for_each(|(name, content)| {
                    fs::write(stage.path(&stage.id).join(name), content).unwrap()
                });
                // What `bootstrap` without a CA goes by is what lies there: with none of it nothing
                // is claimed.
                let place = stage.path(&stage.id).join(&name);
                drop(fs::remove_file(&place));
                match thing {
                    "pipe" => pipe::make(&place),
                    _ => std::os::unix::fs::symlink(stage.path("precious"), &place).unwrap(),
                }
                let mut command = command();
                let done = ended(&mut command);
                assert!(
                    [0, 1, 3, 4, 5, 8].contains(&done.code),
                    "{command:?}, a {thing} as {name}: {}\n{}\n{}",
                    done.code,
                    done.stdout,
                    done.stderr
                );
                assert_eq!(
                    fs::read_to_string(stage.path("precious")).unwrap(),
                    "of somebody",
                    "{command:?}, {name}"
                );
            }
        }
    }
}

/// The command's end, which must come.
fn ended(command: &mut Command) -> Done {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let since = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if since.elapsed() > Duration::from_secs(120) {
            child.kill().unwrap();
            panic!("it waits: {command:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap().into()
}

/// A program that it waits for: one that gives the credentials, and does not.
#[test]
fn a_signal_ends_the_wait_for_another_program() {
    let stage = Stage::new();
    let program = stage.path("credentials");
    executable::executable(
        &program,
        "#!/bin/sh\necho $$ >\"$0.id.new\"; mv \"$0.id.new\" \"$0.id\"; exec sleep 600\n",
    );
    let config = stage.path("config");
    fs::write(
        &config,
        format!(
            "[profile p]\nregion=us-east-1\ncredential_process={}\n",
            program.display()
        ),
    )
    .unwrap();
    let mut command = stage.online(&["status", "--profile", "p"]);
    let mut child = command
        .env("AWS_CONFIG_FILE", &config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !stage.path("credentials.id").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it did not wait");
        std::thread::sleep(Duration::from_millis(1));
    }
    let kill = |id: &str| {
        assert!(
            Command::new("kill")
                .args(["-INT", id])
                .status()
                .unwrap()
                .success()
        )
    };
    kill(&child.id().to_string());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let id = fs::read_to_string(stage.path("credentials.id")).unwrap();
    drop(Command::new("kill").arg(id.trim()).status());
}

/// hsmboot blocks the signals that its own thread waits for; what it starts must be able to be
/// ended all the same.
#[test]
fn a_program_that_it_starts_gets_every_signal() {
    let stage = Stage::new();
    let program = stage.path("credentials");
    executable::executable(
        &program,
        "#!/bin/sh\ngrep SigBlk /proc/self/status >\"$0.mask\"\necho \
         '{\"Version\":1,\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"b\"}'\n",
    );
    let config = stage.path("config");
    fs::write(
        &config,
        format!(
            "[profile p]\nregion=us-east-1\ncredential_process={}\n",
            program.display()
        ),
    )
    .unwrap();
    run(stage
        .online(&["status", "--profile", "p"])
        .env("AWS_CONFIG_FILE", &config))
    .ends(0, "UNINITIALIZED");
    assert_eq!(
        fs::read_to_string(stage.path("credentials.mask"))
            .unwrap()
            .split_whitespace()
            .last(),
        Some("0000000000000000")
    );
}

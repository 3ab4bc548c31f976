//! Nothing is silent for long on a terminal: where the service does not answer, every command draws
//! what it waits for.

use std::io::{Read, Write};
use std::time::Instant;

use hsmboot::simulator::FaultRule;

use super::every::{Every, commands};
use super::stage::hsmboot;

/// Far longer than the second after which a spinner is drawn, even on a machine that is busy.
const DELAY: &str = "delay=40000:100%";

/// Tells whether a picture of a spinner is on the screen.
fn has_spinner(screen: &str) -> bool {
    screen.contains(|c| ('\u{2801}'..='\u{28ff}').contains(&c))
}

#[test]
fn no_command_waits_for_the_service_in_silence_on_a_terminal() {
    let every = Every::new();
    let url = every.stage.simulator.url();
    every
        .stage
        .simulator
        .inject_rule(FaultRule::parse(DELAY).unwrap());
    let mut silent = Vec::new();
    for (command, _) in commands().into_iter().filter(|(_, online)| *online) {
        let Some(words) = every.words(&command) else {
            continue;
        };
        let program = hsmboot();
        let line = format!(
            "exec {} {} --endpoint-url {url}",
            program.get_program().to_string_lossy(),
            words.join(" ")
        );
        let mut terminal = crate::terminal::terminal(&line);
        terminal
            .envs(
                program
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .env("TERM", "xterm")
            .current_dir(every.stage.path(""));
        let began = Instant::now();
        let mut child = terminal.spawn().unwrap();
        let mut keys = child.stdin.take().unwrap();
        let mut out = child.stdout.take().unwrap();
        let (mut screen, mut chunk) = (Vec::new(), [0; 4096]);
        let drawn = loop {
            let count = out.read(&mut chunk).unwrap();
            screen.extend_from_slice(&chunk[..count]);
            if has_spinner(&String::from_utf8_lossy(&screen)) {
                break Some(began.elapsed());
            }
            if count == 0 {
                break None;
            }
        };
        // Ctrl-C
        keys.write_all(b"\x03").unwrap_or_default();
        drop(out);
        child.wait().unwrap();
        println!("{command}: {drawn:?}");
        // These have their answer at once, and ask no service.
        let at_once = matches!(command.as_str(), "ca init" | "sign");
        if drawn.is_none() != at_once {
            silent.push((command, String::from_utf8_lossy(&screen).into_owned()));
        }
    }
    assert!(silent.is_empty(), "{silent:?}");
}

//! The passphrase prompt on a real terminal: this test program runs itself in one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

#[path = "support/terminal.rs"]
mod terminal;

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use hsmboot::ca::{EchoHold, PassphraseSource, WeakPassphrase, restore_terminal};

/// The question for a new passphrase.
const NEW: &str = "new passphrase for new.key (Enter alone: one is made for you): ";

const SECRET: &str = "correct horse";

/// A passphrase that is refused.
const WEAK: &str = "tuesday";

/// What runs inside the terminal. Not a test of its own.
#[test]
#[ignore = "run by the other tests, inside a terminal"]
fn inside() {
    let Ok(case) = std::env::var("HSMBOOT_PROMPT") else {
        return;
    };
    let mut signals = signal_hook::iterator::Signals::new([signal_hook::consts::SIGINT]).unwrap();
    std::thread::spawn(move || {
        if signals.forever().next().is_some() {
            restore_terminal();
            std::process::exit(130);
        }
    });
    let outcome = match case.as_str() {
        "new" => PassphraseSource::Ask.for_new_key(Path::new("new.key"), WeakPassphrase::Refused),
        "weak" => PassphraseSource::Ask.for_new_key(Path::new("new.key"), WeakPassphrase::Allowed),
        // What a key's work between two questions is like.
        "slow" => {
            let _hold = EchoHold::start();
            let first = PassphraseSource::Ask.for_key(Path::new("the/ca.key"), false);
            println!("at work");
            std::thread::sleep(std::time::Duration::from_secs(2));
            first.and_then(|_| PassphraseSource::Ask.for_key(Path::new("the/ca.key"), true))
        }
        _ => PassphraseSource::Ask.for_key(Path::new("the/ca.key"), false),
    };
    match outcome {
        Ok(_) => println!("outcome: ok"),
        Err(error) => println!(
            "outcome: {} {}: {}",
            error.exit_code(),
            error.kind.name(),
            error.message
        ),
    }
}

/// A terminal with the prompt in it.
struct Terminal {
    child: Child,
    keys: ChildStdin,
    screen: ChildStdout,
    seen: String,
}

impl Terminal {
    fn new(case: &str) -> Self {
        let own = std::env::current_exe().unwrap();
        // The shell gets Ctrl-C too; it is to go on to stty.
        // In one line, however wide the terminal is taken to be.
        let settings = "stty -a | tr '\\n' ' '";
        let command = format!(
            "trap : INT; '{}' --ignored --exact inside --nocapture; echo code $?; {settings}; echo \
             all over",
            own.display()
        );
        let mut child = terminal::terminal(&command)
            .env("HSMBOOT_PROMPT", case)
            .spawn()
            .unwrap();
        let (keys, screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Terminal {
            child,
            keys,
            screen,
            seen: String::new(),
        }
    }

    /// Reads the screen until this stands on it, not counting what was waited for before.
    fn wait_for(&mut self, text: &str) {
        let from = self.seen.len();
        let mut byte = [0];
        while !self.seen[from..].ends_with(text) {
            assert_ne!(
                self.screen.read(&mut byte).unwrap(),
                0,
                "{text:?} never came: {}",
                self.seen
            );
            self.seen.push(char::from(byte[0]));
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// The whole screen, once everything has ended. The echo must be on again.
    fn end(mut self) -> String {
        self.wait_for("all over");
        drop(self.keys);
        let mut rest = Vec::new();
        self.screen.read_to_end(&mut rest).unwrap();
        self.child.wait().unwrap();
        assert!(
            self.seen.contains(" iexten echo ") && !self.seen.contains(" -echo "),
            "the echo is on again: {}",
            self.seen
        );
        assert!(
            !self.seen.contains(SECRET),
            "nothing typed is shown: {}",
            self.seen
        );
        self.seen
    }
}

#[test]
fn the_prompt_names_the_file_and_shows_nothing() {
    let mut terminal = Terminal::new("key");
    terminal.wait_for("passphrase for the/ca.key: ");
    terminal.press(&format!("{SECRET}\n"));
    terminal.wait_for("outcome: ok");
    terminal.end();
}

#[test]
fn a_cancelled_prompt_is_a_failure() {
    let mut terminal = Terminal::new("key");
    terminal.wait_for("passphrase for the/ca.key: ");
    terminal.press("\u{4}");
    terminal.wait_for("outcome: 5 prompt-cancelled");
    terminal.end();
}

#[test]
fn an_interrupted_prompt_leaves_the_terminal_as_it_was() {
    let mut terminal = Terminal::new("key");
    terminal.wait_for("passphrase for the/ca.key: ");
    terminal.press("corr\u{3}");
    terminal.wait_for("code 130");
    terminal.end();
}

#[test]
fn a_new_passphrase_is_asked_twice() {
    let mut terminal = Terminal::new("new");
    terminal.wait_for(NEW);
    terminal.press(&format!("{SECRET}\n"));
    terminal.wait_for("the same again: ");
    terminal.press("another\n");
    terminal.wait_for("the two differ");
    for prompt in [NEW, "the same again: "] {
        terminal.wait_for(prompt);
        terminal.press(&format!("{SECRET}\n"));
    }
    terminal.wait_for("outcome: ok");
    terminal.end();
}

/// What is typed ahead of a question is neither shown nor taken as its answer.
#[test]
fn what_is_typed_ahead_is_neither_shown_nor_taken() {
    let mut terminal = Terminal::new("slow");
    terminal.wait_for("passphrase for the/ca.key: ");
    terminal.press(&format!("{SECRET}\n"));
    terminal.wait_for("at work");
    terminal.press(&format!("{SECRET}, typed ahead\n"));
    terminal.wait_for("passphrase for the/ca.key: ");
    terminal.press(&format!("{SECRET}\n"));
    terminal.wait_for("outcome: ok");
    let screen = terminal.end();
    assert!(!screen.contains("typed ahead"), "{screen}");

    let mut terminal = Terminal::new("new");
    terminal.wait_for(NEW);
    terminal.press(&format!("{SECRET}\n{SECRET}\n"));
    terminal.wait_for("the same again: ");
    terminal.press(&format!("{SECRET}\n"));
    terminal.wait_for("outcome: ok");
    terminal.end();
}

#[test]
fn an_empty_new_passphrase_has_one_made_which_is_asked_for_again() {
    let mut terminal = Terminal::new("new");
    terminal.wait_for(NEW);
    terminal.press("\n");
    terminal.wait_for("made for you: ");
    let from = terminal.seen.len();
    terminal.wait_for("\n");
    let made = terminal.seen[from..].trim().to_owned();
    assert_eq!(
        made.split('-').map(str::len).collect::<Vec<_>>(),
        [5; 6],
        "{made}"
    );
    terminal.wait_for("the same again: ");
    terminal.press(&format!("{made}\n"));
    terminal.wait_for("outcome: ok");
    let screen = terminal.end();
    assert_eq!(screen.matches(&made).count(), 1, "shown once: {screen}");
}

#[test]
fn a_weak_new_passphrase_is_asked_for_again_and_then_refused_unless_it_is_allowed() {
    let mut terminal = Terminal::new("new");
    for _ in 0..3 {
        terminal.wait_for(NEW);
        terminal.press(&format!("{WEAK}\n"));
        terminal.wait_for("has fewer than 12 characters");
    }
    terminal.wait_for("outcome: 5 passphrase-weak: the new passphrase has fewer than 12");
    terminal.end();
    let mut terminal = Terminal::new("weak");
    for prompt in [NEW, "the same again: "] {
        terminal.wait_for(prompt);
        terminal.press(&format!("{WEAK}\n"));
    }
    terminal.wait_for("outcome: ok");
    terminal.end();
}

#[test]
fn without_a_terminal_the_error_says_what_to_give_instead() {
    let own = std::env::current_exe().unwrap();
    let output = Command::new("setsid")
        .arg("-w")
        .arg(own)
        .args(["--ignored", "--exact", "inside", "--nocapture"])
        .env("HSMBOOT_PROMPT", "key")
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| {
            panic!("this test needs the program setsid (apt install util-linux): {error}")
        });
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains(
            "outcome: 5 no-passphrase: the CA's key the/ca.key is encrypted, and \
                           there is no terminal"
        ),
        "{text}"
    );
}

//! Colour carries meaning in what every command prints, and never alone.

use super::every::{Every, commands};
use super::stage::hsmboot;

/// A text without its escape sequences; what it shows is the rest.
fn without_sequences(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |shown, part| {
        let (sequence, rest) = part.split_once('m').unwrap();
        assert!(sequence.chars().all(|c| c.is_ascii_digit() || c == ';'));
        shown + rest
    })
}

/// The text without ids, moments and ports, which are each run's own.
fn masked(text: &str) -> String {
    let of_word = |c: char| c.is_alphanumeric() || "-:./_".contains(c);
    let words = text.split_inclusive(|c| !of_word(c));
    words
        .map(|word| {
            let own = word.contains(|c: char| c.is_ascii_digit()) || word.contains("cluster-");
            if own { "#" } else { word }
        })
        .collect()
}

/// The colours of a word in a text: red 31, green 32, yellow 33.
fn colours_of(text: &str, word: &str) -> Vec<u8> {
    let (mut colour, mut found) = (0, Vec::new());
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap();
    let mut spans = vec![(0, first)];
    for part in parts {
        let (sequence, rest) = part.split_once('m').unwrap();
        colour = match sequence {
            "31" => 31,
            "32" => 32,
            "33" => 33,
            "0" | "" => 0,
            _ => colour,
        };
        spans.push((colour, rest));
    }
    for (colour, span) in spans {
        found.extend(span.contains(word).then_some(colour));
    }
    found
}

#[test]
fn colour_is_in_every_output_and_never_alone() {
    let every = Every::new();
    let url = every.stage.simulator.url();
    for (command, online) in commands() {
        let Some(words) = every.words(&command) else {
            continue;
        };
        let run = |color: &str| {
            let mut run = hsmboot();
            run.env_remove("NO_COLOR").current_dir(every.stage.path(""));
            run.args(&words).args(["--color", color]);
            if online {
                run.args(["--endpoint-url", &url]);
            }
            let output = run.output().unwrap();
            let text = |bytes| String::from_utf8(bytes).unwrap();
            (
                output.status.code(),
                text(output.stdout),
                text(output.stderr),
            )
        };
        // The first may change something, the others find it changed.
        run("never");
        let (plain, coloured) = (run("never"), run("always"));
        assert_eq!(plain.0, coloured.0, "{command}: {coloured:?}");
        for (plain, coloured) in [(&plain.1, &coloured.1), (&plain.2, &coloured.2)] {
            assert!(!plain.contains('\u{1b}'), "{command}: {plain:?}");
            let shown = without_sequences(coloured);
            assert_eq!(masked(&shown), masked(plain), "{command}");
        }
        let expected: &[(&str, u8)] = match command.as_str() {
            "status" => &[("UNINITIALIZED", 33), ("ACTIVE", 32), ("nobody yet", 33)],
            "wait" | "cluster show" => &[("UNINITIALIZED", 33), ("ACTIVE", 32)],
            "cluster list" => &[("UNINITIALIZED", 33), ("INITIALIZED", 32)],
            "plan" => &[("INITIALIZED", 32), ("UNINITIALIZED", 33)],
            "backup list" => &[("READY", 32)],
            "backup restore" => &[("READY", 32)],
            "backup delete" => &[("PENDING_DELETION", 33)],
            "hsm create" => &[("ACTIVE", 32)],
            "submit" | "bootstrap" => &[("INITIALIZED", 32), ("claimed already", 32)],
            "verify" => &[("verified", 32)],
            "check" => &[("pass", 32)],
            "transcript verify" => &[("transcript", 32)],
            _ => &[],
        };
        for (word, colour) in expected {
            let found = colours_of(&coloured.1, word);
            assert!(
                found.contains(colour),
                "{command}: {word}: {:?}",
                coloured.1
            );
        }
    }
}

//! Thirty-digit codes of a CA and of a transcript's line: shown in one place, asked for in another.

use super::support::{Bench, sign};

/// Returns the code on the line of a text that begins like this.
fn code(text: &str, start: &str) -> String {
    let line = text
        .lines()
        .find(|line| line.trim_start().starts_with(start))
        .unwrap_or_else(|| panic!("{start} in {text}"));
    let words: Vec<&str> = line.split_whitespace().collect();
    words[words.len() - 6..].join(" ")
}

fn program(command: &str) -> String {
    format!("{} {command}", env!("CARGO_BIN_EXE_hsmboot"))
}

/// Another code: its last digit is another one.
fn misheard(code: &str) -> String {
    let (start, last) = code.split_at(code.len() - 1);
    format!("{start}{}", if last == "0" { "1" } else { "0" })
}

#[test]
fn the_code_of_a_ca_is_asked_for_and_another_ca_is_refused() {
    let bench = Bench::new();
    let shown = bench
        .run(&["ca", "show", "customerCA.crt"])
        .expect(0)
        .stdout;
    let code = code(&shown, "code ");
    assert_eq!(code.len(), 35);
    let command = program("ca show customerCA.crt --compare --color never");
    for typed in [code.clone(), code.replace(' ', ""), code.replace(' ', "-")] {
        let (screen, exit) = bench.on_a_terminal(&command, &format!("{typed}\n"));
        assert_eq!(exit, 0, "{screen}");
        assert!(
            screen.contains("code of the CA, from the paper: "),
            "{screen}"
        );
        assert!(
            screen.contains("the code is the one that was noted"),
            "{screen}"
        );
    }
    let (screen, exit) = bench.on_a_terminal(&command, &format!("{}\n", misheard(&code)));
    assert_eq!(exit, 3, "{screen}");
    assert!(
        screen.contains("this is not the CA whose code was noted"),
        "{screen}"
    );
    assert!(screen.contains("these differ: 6"), "{screen}");
    // Without anybody to ask nothing counts as compared.
    bench.refused(
        &["ca", "show", "customerCA.crt", "--compare"],
        3,
        "not-compared",
        &["the code of the CA was not compared", "no terminal"],
    );
}

#[test]
fn the_code_of_a_sealed_line_is_asked_for_and_another_transcript_is_refused() {
    let bench = Bench::new();
    bench.run(&sign(&["--seal"])).expect(0);
    let verify = "transcript verify bundle --ca customerCA.crt --color never";
    let words: Vec<&str> = verify.split(' ').collect();
    let shown = bench.run(&words).expect(0).stdout;
    let code = code(&shown, "code of the sealed line, step ");
    let command = program(&format!("{verify} --compare"));
    let (screen, exit) = bench.on_a_terminal(&command, &format!("{code}\n"));
    assert_eq!(exit, 0, "{screen}");
    assert!(
        screen.contains("line has the code that was noted, "),
        "{screen}"
    );
    let (screen, exit) = bench.on_a_terminal(&command, &format!("{}\n", misheard(&code)));
    assert_eq!(exit, 4, "{screen}");
    assert!(
        screen.contains("no line of the transcript has the code that was noted"),
        "{screen}"
    );
}

//! `bootstrap` on a terminal: one live view of its steps, which leaves one line above the result.

use super::support::Bench;

#[test]
fn bootstrap_shows_its_steps_and_leaves_one_line_of_them() {
    let bench = Bench::empty();
    let program = env!("CARGO_BIN_EXE_hsmboot");
    let command =
        format!("TERM=xterm {program} bootstrap --simulate --bundle claimed --no-passphrase");
    let (screen, code) = bench.on_a_terminal(&format!("{command} --color never"), "");
    assert_eq!(code, 0, "{screen}");
    let line = screen
        .lines()
        .find(|line| line.contains("✓ cluster and CSR "))
        .unwrap_or_else(|| panic!("{screen:?}"));
    let line = line.rsplit(['\r', '\u{1b}']).next().unwrap();
    for step in [
        "fetched and verified",
        "signed and checked",
        "sent",
        "claimed",
    ] {
        assert!(line.contains(&format!("✓ {step} ")), "{step}: {line:?}");
    }
    assert!(!line.contains('✗'), "{line:?}");
    // The steps stand in the view alone, not in lines of their own as well.
    assert!(!screen.contains(" signed and checked\r"), "{screen:?}");
    assert!(screen.contains("\nclaimed cluster-"), "{screen:?}");
    // Elsewhere there are plain lines.
    let words = "bootstrap --simulate --bundle other --no-passphrase";
    let run = bench.run(&words.split(' ').collect::<Vec<_>>()).expect(0);
    assert!(
        run.stderr.contains(" signed and checked\n"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains(['✓', '\u{1b}']), "{}", run.stderr);
}

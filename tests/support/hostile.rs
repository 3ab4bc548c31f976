//! Text that a terminal or a reader would obey, and checks that no output contains it in active
//! form.

#![allow(
    dead_code,
    clippy::panic,
    reason = "tests; each test program uses its part"
)]

use std::path::Path;

use hsmboot::outside::is_obeyed;

use super::Run;

/// Hides the text after it, reverses it, and begins lines of its own.
pub const HOSTILE: &str =
    "x\u{1b}[8m\u{9b}2J\u{202e}\u{2066}\u{200b}\u{ad}\t\r\nFORGED verdict verified\u{2028}FORGED";

/// Fails if the text contains something that would be obeyed, or a line that no program wrote.
pub fn clean(text: &str) {
    let obeyed = text.chars().find(|c| *c != '\n' && is_obeyed(*c));
    assert!(obeyed.is_none(), "{obeyed:?} in {text:?}");
    assert!(
        !text
            .lines()
            .any(|line| line.trim_start().starts_with("FORGED")),
        "a forged line in {text}"
    );
}

/// Does the same with both outputs of a run.
pub fn judge(run: &Run, words: &[&str]) {
    for text in [&run.stdout, &run.stderr] {
        if std::panic::catch_unwind(|| clean(text)).is_err() {
            panic!("{words:?} shows what is from outside: {text:?}");
        }
    }
}

/// Does the same with every text file in a directory and below. Returns the number of files.
pub fn judge_files(dir: &Path) -> usize {
    let mut count = 0;
    for (path, (_, content)) in super::listing(dir) {
        if let Ok(text) = std::str::from_utf8(&content)
            && path.is_file()
        {
            count += 1;
            // An archive's members are padded with zeros.
            let text = if path.extension().is_some_and(|kind| kind == "hsmboot") {
                &text.replace('\0', "")
            } else {
                text
            };
            assert!(
                std::panic::catch_unwind(|| clean(text)).is_ok(),
                "{} holds what is from outside: {text:?}",
                path.display()
            );
        }
    }
    count
}

//! The fenced blocks of a page, and what their languages mean.
//!
//! | fence | meaning |
//! | --- | --- |
//! | `sh` | run, in order, in one shell for the page |
//! | `sh aws` | run as it stands, in a directory of its own, against a simulator that has the cluster it names |
//! | `sh`, `sh aws` in docs/runbooks | all of a page in one shell on a terminal, with the questions answered: see runbooks.rs |
//! | `sh softhsm` | run, in order, in one shell, by tests/pkcs11.rs |
//! | `sh elsewhere` | not run here; its `hsmboot` lines must be correct command lines |
//! | `text` right after `sh` | the output of that block: `…` is any text, and a line of `…` alone is any lines |

use super::{pages, read};

/// A fenced block.
#[derive(Clone, Debug)]
#[cfg_attr(not(all(feature = "online", feature = "simulator")), allow(dead_code))]
pub(super) struct Block {
    /// What stands behind the backticks: `sh aws`.
    pub(super) language: String,
    /// Its lines.
    pub(super) text: String,
    /// The line of its opening fence.
    pub(super) line: usize,
    /// Nothing but blank lines lies between it and the block before.
    pub(super) follows: bool,
}

pub(super) fn blocks(page: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut open: Option<Block> = None;
    let mut blank = false;
    for (number, line) in page.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => {
                open = Some(Block { language: language.to_owned(), text: String::new(), line: number + 1, follows: blank });
            }
            (Some(_), Some(_)) => {
                found.extend(open.take());
                blank = true;
            }
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => blank &= line.trim().is_empty(),
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    found
}

/// The words of each `hsmboot` command in a shell text: quotes are taken away, comments dropped, lines joined.
#[cfg(all(feature = "online", feature = "simulator"))]
pub(super) fn command_lines(text: &str) -> Vec<Vec<String>> {
    let joined = text.replace("\\\n", " ");
    let lines = joined.lines().map(str::trim).filter(|line| line.starts_with("hsmboot "));
    lines.map(words).collect()
}

#[cfg(all(feature = "online", feature = "simulator"))]
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (None, '#') if word.is_none() => break,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some(open), c) if c == open => quote = None,
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, '|' | '&' | '>' | ';') => {
                return words;
            }
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[test]
fn every_block_says_what_it_is() {
    for page in pages() {
        for block in blocks(&read(page.to_str().unwrap())) {
            let known = ["sh", "sh aws", "sh elsewhere", "sh softhsm", "text", "json", "rust"];
            assert!(known.contains(&block.language.as_str()), "{}:{}: a block of `{}`", page.display(), block.line, block.language);
            let sound = block.language != "json" || serde_json::from_str::<serde_json::Value>(&block.text).is_ok();
            assert!(sound, "{}:{}: not JSON", page.display(), block.line);
        }
    }
}

#[test]
#[cfg(all(feature = "online", feature = "simulator"))]
fn commands_that_run_elsewhere_are_correct_command_lines() {
    for page in pages() {
        for block in blocks(&read(page.to_str().unwrap())).iter().filter(|block| block.language == "sh elsewhere") {
            for words in command_lines(&block.text) {
                let parsed = hsmboot::cli::command().try_get_matches_from(&words);
                assert!(parsed.is_ok(), "{}:{}: {}", page.display(), block.line, parsed.unwrap_err());
            }
        }
    }
}

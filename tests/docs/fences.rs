//! Every fenced block says what it is, and those that are not run are correct command lines all the
//! same.

use super::blocks::blocks;
use super::{pages, read};

/// The words of each `hsmboot` command in a shell text: quotes are taken away, comments dropped,
/// lines joined.
#[cfg(all(feature = "online", feature = "simulator"))]
fn command_lines(text: &str) -> Vec<Vec<String>> {
    let joined = text.replace("\\\n", " ");
    let lines = joined
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("hsmboot "));
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
            let known = [
                "sh",
                "sh aws",
                "sh elsewhere",
                "sh softhsm",
                "text",
                "toml",
                "json",
                "yaml",
                "hcl",
                "python",
                "rust",
            ];
            let variant = ["sh token ", "sh camera "]
                .iter()
                .any(|variant| block.language.starts_with(variant));
            assert!(
                variant || known.contains(&block.language.as_str()),
                "{}:{}: a block of `{}`",
                page.display(),
                block.line,
                block.language
            );
            let sound = block.language != "json"
                || serde_json::from_str::<serde_json::Value>(&block.text).is_ok();
            assert!(sound, "{}:{}: not JSON", page.display(), block.line);
        }
    }
}

#[test]
#[cfg(all(feature = "online", feature = "simulator"))]
fn commands_that_run_elsewhere_are_correct_command_lines() {
    for page in pages() {
        for block in blocks(&read(page.to_str().unwrap()))
            .iter()
            .filter(|block| block.language == "sh elsewhere")
        {
            for words in command_lines(&block.text) {
                let parsed = hsmboot::cli::command().try_get_matches_from(&words);
                assert!(
                    parsed.is_ok(),
                    "{}:{}: {}",
                    page.display(),
                    block.line,
                    parsed.unwrap_err()
                );
            }
        }
    }
}

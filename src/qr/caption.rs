//! What stands with a code, so that people find the part that `qr read` names: on a screen, in a
//! picture, on paper.

use super::Kind;
use crate::bundle::{ClusterId, Fingerprint};

/// What it is, which part, and the fingerprint of the whole: a line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caption([String; 3]);

impl Caption {
    /// The caption of one part.
    pub fn new(
        kind: Kind,
        id: &ClusterId,
        number: usize,
        total: usize,
        fingerprint: &Fingerprint,
    ) -> Self {
        Caption([
            format!("{kind} of {id}"),
            format!("part {number} of {total}"),
            format!("fingerprint {fingerprint}"),
        ])
    }

    /// Its lines.
    pub const fn lines(&self) -> &[String; 3] {
        &self.0
    }

    /// Its lines, none longer than this but for a word that is.
    pub fn wrapped(&self, columns: usize) -> Vec<String> {
        self.0
            .iter()
            .flat_map(|line| wrapped(line, columns))
            .collect()
    }

    /// The characters of its longest word: the cluster's id.
    pub fn longest_word(&self) -> usize {
        self.0
            .iter()
            .flat_map(|line| line.split(' '))
            .map(str::len)
            .max()
            .unwrap_or(0)
    }
}

fn wrapped(line: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in line.split(' ') {
        match lines.last_mut() {
            Some(last) if last.len().saturating_add(1).saturating_add(word.len()) <= columns => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_breaks_between_words_alone() {
        let line = "fingerprint 12345 12345 12345";
        assert_eq!(wrapped(line, 29), [line]);
        assert_eq!(wrapped(line, 28), ["fingerprint 12345 12345", "12345"]);
        assert_eq!(wrapped(line, 11), ["fingerprint", "12345 12345", "12345"]);
        assert_eq!(wrapped(line, 0), ["fingerprint", "12345", "12345", "12345"]);
    }
}

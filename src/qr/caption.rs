//! The caption of a code, on a screen, in a picture or on paper. With it people find the part that
//! `qr read` names.

use super::QrKind;
use crate::bundle::{ClusterId, Fingerprint};

/// Three lines of text: the subject, the number of the part, and the fingerprint of the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caption([String; 3]);

impl Caption {
    /// Makes the caption of one part.
    pub fn new(
        kind: QrKind,
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

    /// Returns the caption's lines.
    pub const fn lines(&self) -> &[String; 3] {
        &self.0
    }

    /// Returns the caption's lines, wrapped at this width. Only a single longer word makes a longer
    /// line.
    pub fn wrapped_lines(&self, columns: usize) -> Vec<String> {
        self.0
            .iter()
            .flat_map(|line| wrap_line(line, columns))
            .collect()
    }

    /// Returns the number of characters in the longest word, which is the cluster's id.
    pub fn longest_word(&self) -> usize {
        self.0
            .iter()
            .flat_map(|line| line.split(' '))
            .map(str::len)
            .max()
            .unwrap_or(0)
    }
}

fn wrap_line(line: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in line.split(' ') {
        match lines.last_mut() {
            Some(last) if last.len() + 1 + word.len() <= columns => {
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
        assert_eq!(wrap_line(line, 29), [line]);
        assert_eq!(wrap_line(line, 28), ["fingerprint 12345 12345", "12345"]);
        assert_eq!(wrap_line(line, 11), ["fingerprint", "12345 12345", "12345"]);
        assert_eq!(
            wrap_line(line, 0),
            ["fingerprint", "12345", "12345", "12345"]
        );
    }
}

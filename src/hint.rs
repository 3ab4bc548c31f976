//! Commands in hints: made to be copied into a shell, and to take nothing away from whoever does.

use std::path::{Path, PathBuf};

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::outside::{OutsideText, shown_path, stored_path};

/// A command line for a hint, in backquotes: each word as a POSIX shell has to be given it.
pub(crate) fn quote_command(words: &[&str]) -> String {
    format!("`{}`", command_line(words))
}

/// Makes the same command line without the backquotes, for a command that goes on.
pub(crate) fn command_line(words: &[&str]) -> String {
    shell_words(
        &words
            .iter()
            .map(|word| OutsideText::from(*word))
            .collect::<Vec<_>>(),
    )
}

/// Splits a text at the backquote that ends the command at its beginning: not at one that a name
/// holds, which stands in single quotes. What has none is one part.
pub(crate) fn split_at_backquote(text: &str) -> (&str, Option<&str>) {
    let (mut quoted, mut escaped) = (false, false);
    let end = text.find(|c: char| {
        let plain = !std::mem::take(&mut escaped);
        quoted ^= plain && c == '\'';
        escaped = plain && !quoted && c == '\\';
        plain && !quoted && c == '`'
    });
    // An apostrophe, where it is no command.
    let end = end.or_else(|| text.find('`'));
    match end.and_then(|end| text.split_at_checked(end)) {
        Some((inside, behind)) => (inside, behind.strip_prefix('`')),
        None => (text, None),
    }
}

/// Returns the words of a command line that [`command_line`] made; `None` where a quote is open.
pub(crate) fn split_command(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' if !quoted => word.get_or_insert_default().push(chars.next()?),
            c if c.is_ascii_whitespace() && !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    (!quoted).then_some(words)
}

/// What stands in a command for what only its reader knows.
const BLANKS: [&str; 10] = [
    "BUNDLE", "CA.crt", "DIR", "FILE", "ID", "KEY", "NEWFILE", "TEXT", "VALUE", "ZONE",
];

/// A command that does what comes next: its words, by which a program starts it without a shell.
/// The line that people paste into one is made of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextCommand {
    words: Vec<String>,
    cluster: Option<String>,
}

impl NextCommand {
    /// Makes one of its words, the program's name first.
    pub(crate) fn new<W: Into<String>>(words: impl IntoIterator<Item = W>) -> Self {
        NextCommand {
            words: words.into_iter().map(Into::into).collect(),
            cluster: None,
        }
    }

    /// The same command with more words behind it.
    #[must_use]
    pub(crate) fn with_words<W: Into<String>>(mut self, more: impl IntoIterator<Item = W>) -> Self {
        self.words.extend(more.into_iter().map(Into::into));
        self
    }

    /// The same command, in a document about several clusters: it is for this one.
    #[must_use]
    #[cfg_attr(not(feature = "online"), allow(dead_code))]
    pub(crate) fn for_cluster(mut self, cluster: impl Into<String>) -> Self {
        self.cluster = Some(cluster.into());
        self
    }

    /// Returns the line for a POSIX shell.
    pub fn line(&self) -> String {
        command_line(&self.words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Returns the line in backquotes.
    pub fn quoted(&self) -> String {
        format!("`{}`", self.line())
    }

    /// The same command with these words in the place of its own.
    #[must_use]
    pub(crate) fn replaced_by(self, words: Vec<String>) -> Self {
        NextCommand { words, ..self }
    }

    /// Returns the words.
    pub fn argv(&self) -> &[String] {
        &self.words
    }
}

impl Serialize for NextCommand {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let blanks = self.words.iter().filter(|word| is_blank(word));
        let blanks: Vec<&String> = blanks.collect();
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("argv", &self.words)?;
        if !blanks.is_empty() {
            members.serialize_entry("fill_in", &blanks)?;
        }
        if let Some(cluster) = &self.cluster {
            members.serialize_entry("cluster_id", cluster)?;
        }
        members.end()
    }
}

fn is_blank(word: &str) -> bool {
    BLANKS.contains(&word)
}

/// A path as a word of a command: one that begins with a dash would be an option, one that is named
/// as a blank would be taken for one, and in place of one that a line cannot show stands
/// `otherwise`.
pub(crate) fn path_word(path: &Path, otherwise: &str) -> String {
    match path.to_str() {
        Some(text) if shown_path(path) == text => {
            if text.starts_with('-') || is_blank(text) {
                format!("./{text}")
            } else {
                text.to_owned()
            }
        }
        _ => otherwise.to_owned(),
    }
}

/// The highest number that is tried for a name that nothing has yet.
const MOST_NAMES: u32 = 10_000;

/// A name beside `path` that nothing has yet, for a command that writes: `customerCA-2.key`.
/// Programs empty what they are told to write before they read their input, so no hint names a file
/// that is there. `taken` says what is.
pub(crate) fn free_name(path: &Path, ending: &str, taken: impl Fn(&Path) -> bool) -> PathBuf {
    let stem = path.file_stem().map(stored_path).unwrap_or_default();
    let name = |number: u32| path.with_file_name(format!("{stem}-{number}.{ending}"));
    // A disk that shows nothing has no free name: its error comes when the command is followed.
    (2..MOST_NAMES)
        .map(name)
        .find(|name| !taken(name))
        .unwrap_or_else(|| name(MOST_NAMES))
}

/// A directory's name that nothing has yet: this one, or `cluster-abc234defgh-2`. What it is for
/// [`free_name`] says.
pub(crate) fn free_directory(name: &str, taken: impl Fn(&Path) -> bool) -> PathBuf {
    let numbered = (2..MOST_NAMES).map(|number| PathBuf::from(format!("{name}-{number}")));
    std::iter::once(PathBuf::from(name))
        .chain(numbered)
        .find(|name| !taken(name))
        .unwrap_or_else(|| PathBuf::from(name))
}

/// The words as a POSIX shell would have to be given them (POSIX.1-2024, Shell Command Language,
/// 2.2): those that it would read in another way, or not as one word, stand in single quotes. What
/// would be obeyed is shown.
pub fn shell_words(words: &[OutsideText]) -> String {
    let shown = words.iter().enumerate().map(|(at, word)| {
        // Only before the command's name is `NAME=value` an assignment (2.9.1).
        let plain =
            |c: char| c.is_alphanumeric() || "_-+./:,@%".contains(c) || (c == '=' && at > 0);
        let text = word.as_raw();
        if !text.is_empty() && text.chars().all(plain) {
            word.to_string()
        } else {
            format!("'{}'", OutsideText::from(text.replace('\'', r"'\''")))
        }
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::outside::join_shown;

    fn outside_words(words: &[&str]) -> Vec<OutsideText> {
        words.iter().map(|word| (*word).into()).collect()
    }

    #[test]
    fn only_words_that_a_shell_would_read_otherwise_are_quoted() {
        let plain = outside_words(&[
            "./hsmboot",
            "sign",
            "cluster-abc234defgh",
            "--at=2026-01-31T12:00:00Z",
            "--ca",
            "/m/a_b.crt",
            "--days",
            "3650",
            "Zoë",
            "a@b%+,",
        ]);
        assert_eq!(shell_words(&plain), join_shown(&plain, " "));
        assert_eq!(
            shell_words(&outside_words(&["hsmboot", "--operator", "Ada Example"])),
            "hsmboot --operator 'Ada Example'"
        );
        assert_eq!(
            shell_words(&outside_words(&["hsmboot", "", "it's", "~", "A=1"])),
            r"hsmboot '' 'it'\''s' '~' A=1"
        );
        assert_eq!(
            shell_words(&outside_words(&["A=1", "hsmboot"])),
            "'A=1' hsmboot"
        );
        assert_eq!(shell_words(&[]), "");
    }

    #[test]
    fn a_next_command_is_its_words_and_says_what_is_to_be_filled_in() {
        let dir = path_word(Path::new("DIR"), "DIR");
        let command = NextCommand::new(["hsmboot", "submit", &dir]).with_words(["--ca", "FILE"]);
        assert_eq!(command.line(), "hsmboot submit ./DIR --ca FILE");
        assert_eq!(
            serde_json::to_value(&command).unwrap(),
            serde_json::json!({
                "argv": ["hsmboot", "submit", "./DIR", "--ca", "FILE"],
                "fill_in": ["FILE"],
            })
        );
        let whole = NextCommand::new(["hsmboot", "verify", "a b"]).for_cluster("c");
        assert_eq!(whole.quoted(), "`hsmboot verify 'a b'`");
        assert_eq!(
            serde_json::to_value(&whole).unwrap(),
            serde_json::json!({ "argv": ["hsmboot", "verify", "a b"], "cluster_id": "c" })
        );
    }

    #[test]
    fn a_shell_reads_the_very_words_again() {
        let all: String = (0x20_u8..0x7f).map(char::from).collect();
        let mut given = outside_words(&[
            "",
            " ",
            "a b",
            "*",
            "$HOME",
            "`id`",
            "#",
            "!",
            "\\",
            "'",
            "''",
            "\"",
            "-n",
            "pkcs11:token=ca;object=k?module-path=/m",
            "é\u{a0}",
        ]);
        given.extend(all.chars().map(|c| OutsideText::from(String::from(c))));
        given.push(all.into());
        let script = format!("printf '%s\\0' {}", shell_words(&given));
        let run = std::process::Command::new("sh")
            .arg("-c")
            .arg(script)
            .output()
            .unwrap();
        let read: Vec<String> = String::from_utf8(run.stdout)
            .unwrap()
            .split_terminator('\0')
            .map(str::to_owned)
            .collect();
        assert_eq!(given, read);
        assert_eq!(split_command(&shell_words(&given)), Some(read));
        assert_eq!(
            shell_words(&outside_words(&["a\n\u{1b}"])),
            r"'a\u{a}\u{1b}'"
        );
    }
}

//! Commands in hints: made to be copied into a shell, and to take nothing away from whoever does.

use std::path::{Path, PathBuf};

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

/// A path as a word of a command: one that begins with a dash would be an option, and in place of
/// one that a line cannot show stands `otherwise`.
pub(crate) fn path_word(path: &Path, otherwise: &str) -> String {
    match path.to_str() {
        Some(text) if shown_path(path) == text => {
            if text.starts_with('-') {
                format!("./{text}")
            } else {
                text.to_owned()
            }
        }
        _ => otherwise.to_owned(),
    }
}

/// A name beside `path` that nothing has yet, for a command that writes: `customerCA-2.key`.
/// Programs empty what they are told to write before they read their input, so no hint names a file
/// that is there. `taken` says what is.
pub(crate) fn free_name(path: &Path, ending: &str, taken: impl Fn(&Path) -> bool) -> PathBuf {
    let stem = path.file_stem().map(stored_path).unwrap_or_default();
    let name = |number: u32| path.with_file_name(format!("{stem}-{number}.{ending}"));
    (2..u32::MAX)
        .map(name)
        .find(|name| !taken(name))
        .unwrap_or_else(|| name(u32::MAX))
}

use crate::outside::{OutsideText, shown_path, stored_path};

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

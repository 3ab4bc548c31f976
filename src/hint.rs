//! Commands in hints: made to be copied into a shell, and to take nothing away from whoever does.

use std::path::{Path, PathBuf};

/// A command line for a hint, in backquotes: each word as a POSIX shell has to be given it.
pub(crate) fn command(words: &[&str]) -> String {
    format!("`{}`", line(words))
}

/// The same without the backquotes, for a command that goes on.
pub(crate) fn line(words: &[&str]) -> String {
    shell_words(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
}

/// A path as a word of a command: one that begins with a dash would be an option, and in place of one that a line cannot show stands `otherwise`.
pub(crate) fn path(path: &Path, otherwise: &str) -> String {
    match path.to_str() {
        Some(text) if !text.chars().any(char::is_control) => {
            if text.starts_with('-') {
                format!("./{text}")
            } else {
                text.to_owned()
            }
        }
        _ => otherwise.to_owned(),
    }
}

/// A name beside `path` that nothing has yet, for a command that writes: `customerCA-2.key`. Programs empty what they are told to write before they read
/// their input, so no hint names a file that is there. `taken` says what is.
pub(crate) fn free_name(path: &Path, ending: &str, taken: impl Fn(&Path) -> bool) -> PathBuf {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let name = |number: u32| path.with_file_name(format!("{stem}-{number}.{ending}"));
    (2..u32::MAX).map(name).find(|name| !taken(name)).unwrap_or_else(|| name(u32::MAX))
}

/// The words as a POSIX shell would have to be given them (POSIX.1-2024, Shell Command Language, 2.2): those that it would read in another way, or not
/// as one word, stand in single quotes. On a terminal or a page they go through what hides control characters there; this leaves them as they are.
pub fn shell_words(words: &[String]) -> String {
    let shown = words.iter().enumerate().map(|(at, word)| {
        // Only before the command's name is `NAME=value` an assignment (2.9.1).
        let plain = |c: char| c.is_alphanumeric() || "_-+./:,@%".contains(c) || (c == '=' && at > 0);
        if !word.is_empty() && word.chars().all(plain) { word.clone() } else { format!("'{}'", word.replace('\'', r"'\''")) }
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn only_words_that_a_shell_would_read_otherwise_are_quoted() {
        let plain = words(&[
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
        assert_eq!(shell_words(&plain), plain.join(" "));
        assert_eq!(shell_words(&words(&["hsmboot", "--operator", "Ada Example"])), "hsmboot --operator 'Ada Example'");
        assert_eq!(shell_words(&words(&["hsmboot", "", "it's", "~", "A=1"])), r"hsmboot '' 'it'\''s' '~' A=1");
        assert_eq!(shell_words(&words(&["A=1", "hsmboot"])), "'A=1' hsmboot");
        assert_eq!(shell_words(&[]), "");
    }

    #[test]
    fn a_shell_reads_the_very_words_again() {
        let all: String = (1_u8..=0x7f).map(char::from).collect();
        let mut given = words(&[
            "",
            " ",
            "a b",
            "\n",
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
        given.extend(all.chars().map(String::from));
        given.push(all);
        let script = format!("printf '%s\\0' {}", shell_words(&given));
        let run = std::process::Command::new("sh").arg("-c").arg(script).output().unwrap();
        let read: Vec<String> = String::from_utf8(run.stdout).unwrap().split_terminator('\0').map(str::to_owned).collect();
        assert_eq!(read, given);
    }
}

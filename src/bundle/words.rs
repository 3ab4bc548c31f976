//! A command line for eyes: the words of an argument vector, as a person would have to type them again.

use crate::outside::OutsideText;

/// The words as a POSIX shell would have to be given them (POSIX.1-2024, Shell Command Language, 2.2): those that it would read in another way, or not
/// as one word, stand in single quotes. What would be obeyed is shown.
pub fn shell_words(words: &[OutsideText]) -> String {
    let shown = words.iter().enumerate().map(|(at, word)| {
        // Only before the command's name is `NAME=value` an assignment (2.9.1).
        let plain = |c: char| c.is_alphanumeric() || "_-+./:,@%".contains(c) || (c == '=' && at > 0);
        let text = word.raw();
        if !text.is_empty() && text.chars().all(plain) { word.to_string() } else { format!("'{}'", OutsideText::from(text.replace('\'', r"'\''"))) }
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::outside::joined;

    fn words(words: &[&str]) -> Vec<OutsideText> {
        words.iter().map(|word| (*word).into()).collect()
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
        assert_eq!(shell_words(&plain), joined(&plain, " "));
        assert_eq!(shell_words(&words(&["hsmboot", "--operator", "Ada Example"])), "hsmboot --operator 'Ada Example'");
        assert_eq!(shell_words(&words(&["hsmboot", "", "it's", "~", "A=1"])), r"hsmboot '' 'it'\''s' '~' A=1");
        assert_eq!(shell_words(&words(&["A=1", "hsmboot"])), "'A=1' hsmboot");
        assert_eq!(shell_words(&[]), "");
    }

    #[test]
    fn a_shell_reads_the_very_words_again() {
        let all: String = (0x20_u8..0x7f).map(char::from).collect();
        let mut given = words(&[
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
        let run = std::process::Command::new("sh").arg("-c").arg(script).output().unwrap();
        let read: Vec<String> = String::from_utf8(run.stdout).unwrap().split_terminator('\0').map(str::to_owned).collect();
        assert_eq!(given, read);
        assert_eq!(shell_words(&words(&["a\n\u{1b}"])), r"'a\u{a}\u{1b}'");
    }
}

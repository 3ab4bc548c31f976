//! The credentials that signatures are checked with, and the file that they come from.

use zeroize::Zeroizing;

use super::ACCOUNT;

/// An access key that the simulator knows, and the account that it belongs to. Its secrets are
/// wiped from memory when it is dropped, and `Debug` does not show them.
#[derive(Clone)]
pub struct Credentials {
    access_key: String,
    secret: Zeroizing<String>,
    session_token: Option<Zeroizing<String>>,
    account: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key", &self.access_key)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

impl Credentials {
    /// Makes a lasting access key of account 123456789012.
    pub fn new(access_key: &str, secret: &str) -> Self {
        let secret = Zeroizing::new(secret.to_owned());
        Self {
            access_key: access_key.to_owned(),
            secret,
            session_token: None,
            account: ACCOUNT.to_owned(),
        }
    }

    /// Returns the same key, valid only together with this session token.
    #[must_use]
    pub fn with_session_token(self, token: &str) -> Self {
        Self {
            session_token: Some(Zeroizing::new(token.to_owned())),
            ..self
        }
    }

    /// Returns the same key in another account. `None` unless that has twelve digits.
    pub fn in_account(self, account: &str) -> Option<Self> {
        is_account(account).then(|| Self {
            account: account.to_owned(),
            ..self
        })
    }

    /// Reads a file of credentials: one in a line, `access-key secret [session-token] [account]`,
    /// with white space between. A word of twelve digits is an account. Empty lines and those that
    /// begin with `#` are skipped. An error names the line and never quotes it.
    pub fn parse(text: &str) -> Result<Vec<Self>, String> {
        let mut all: Vec<Self> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let mut words = line.split_whitespace().peekable();
            if words.peek().is_none_or(|word| word.starts_with('#')) {
                continue;
            }
            let refused = |what: &str| format!("line {}: {what}", index + 1);
            let read = Self::from_words(words).ok_or_else(|| {
                refused("expected 'access-key secret [session-token] [account of 12 digits]'")
            })?;
            if all.iter().any(|other| other.access_key == read.access_key) {
                return Err(refused("its access key stands in an earlier line, too"));
            }
            all.push(read);
        }
        if all.is_empty() {
            Err(String::from("it holds no credentials"))
        } else {
            Ok(all)
        }
    }

    fn from_words<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut read = Self::new(words.next()?, words.next()?);
        match (words.next(), words.next(), words.next()) {
            (None, ..) => {}
            (Some(account), None, _) if is_account(account) => read = read.in_account(account)?,
            (Some(token), None, _) => read = read.with_session_token(token),
            (Some(token), Some(account), None) => {
                read = read.with_session_token(token).in_account(account)?
            }
            _ => return None,
        }
        Some(read)
    }

    pub(super) fn access_key(&self) -> &str {
        &self.access_key
    }

    pub(super) fn secret(&self) -> &str {
        &self.secret
    }

    pub(super) fn session_token(&self) -> Option<&str> {
        self.session_token.as_ref().map(|token| token.as_str())
    }

    pub(super) fn account(&self) -> &str {
        &self.account
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|octet| octet.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_holds_key_secret_token_and_account() {
        let all = Credentials::parse(
            "# mine\n\nAK1 s1\n AK2\ts2 000000000001\nAK3 s3 token\nAK4 s4 token 000000000002\r\n",
        )
        .unwrap();
        let seen: Vec<_> = all
            .iter()
            .map(|one| {
                (
                    one.access_key(),
                    one.secret(),
                    one.session_token(),
                    one.account(),
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("AK1", "s1", None, ACCOUNT),
                ("AK2", "s2", None, "000000000001"),
                ("AK3", "s3", Some("token"), ACCOUNT),
                ("AK4", "s4", Some("token"), "000000000002"),
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_named_by_its_line_and_not_quoted() {
        for (text, words) in [
            ("AK1 s1\nhidden", "line 2: expected"),
            ("AK1 hidden token nonsense", "line 1: expected"),
            ("AK1 hidden token 000000000001 more", "line 1: expected"),
            ("AK1 hidden\nAK1 hidden", "line 2: its access key"),
            ("# nothing", "no credentials"),
        ] {
            let error = Credentials::parse(text).unwrap_err();
            assert!(
                error.contains(words) && !error.contains("hidden"),
                "{error}"
            );
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!(
            "{:?}",
            Credentials::new("AK1", "hidden").with_session_token("hidden")
        );
        assert!(
            shown.contains("AK1") && !shown.contains("hidden"),
            "{shown}"
        );
    }
}

//! Secrets that people write into a word that is no secret: a PIN in a key's URI, a password in a
//! URL.

/// Removes the user and password from a URL. Such a URL is refused wherever one is used; in place
/// of another word it might still be shown.
pub(crate) fn without_userinfo(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else {
        return word.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest
        .get(..end)
        .and_then(|authority| authority.rsplit_once('@'))
    {
        Some((userinfo, _)) => format!(
            "{scheme}://(withheld){}",
            rest.get(userinfo.len()..).unwrap_or_default()
        ),
        None => word.to_owned(),
    }
}

/// Removes the PIN that somebody put into a URI of a key (RFC 7512, `pin-value`).
pub(crate) fn without_pin(word: &str) -> String {
    const NAME: &str = "pin-value=";
    if word.len() < NAME.len() {
        return word.to_owned();
    }
    // In any case, as the URI's parser reads it. Of the same length as the word: only ASCII
    // changes.
    let lower = word.to_ascii_lowercase();
    let mut out = String::new();
    let mut at = 0;
    while let Some(found) = lower.get(at..).and_then(|rest| rest.find(NAME)) {
        let value = at + found + NAME.len();
        out.push_str(word.get(at..value).unwrap_or_default());
        out.push_str("(withheld)");
        // Nothing else ends it there (RFC 7512 2.3): `?`, and whatever a shell lets through, may be
        // of the PIN.
        let rest = word.get(value..).unwrap_or_default();
        at = value + rest.find('&').unwrap_or(rest.len());
    }
    out + word.get(at..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_withheld() {
        assert_eq!(
            without_pin("pkcs11:token=ca;object=k?pin-value=1234&module-path=/m"),
            "pkcs11:token=ca;object=k?pin-value=(withheld)&module-path=/m"
        );
        assert_eq!(
            without_pin("pin-value=1 pin-value=2"),
            "pin-value=(withheld)"
        );
        assert_eq!(
            without_pin("PKCS11:?Pin-Value=1234;é&x=ü"),
            "PKCS11:?Pin-Value=(withheld)&x=ü"
        );
        assert_eq!(
            without_pin("pkcs11:?pin-value=12?34"),
            "pkcs11:?pin-value=(withheld)"
        );
        assert_eq!(without_pin("--days"), "--days");
    }

    #[test]
    fn a_password_in_a_url_is_withheld() {
        assert_eq!(
            without_userinfo("--endpoint-url=http://user:s3@cret@h:1/a@b"),
            "--endpoint-url=http://(withheld)@h:1/a@b"
        );
        for word in ["http://h/a@b", "ada@example.com", "--reason", "https://h"] {
            assert_eq!(without_userinfo(word), word);
        }
    }
}

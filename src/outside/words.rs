//! Secrets that people write into a word that is no secret: a PIN in a key's URI, a password in a
//! URL.

/// Removes user and password from each URL in a text. Such a URL is refused wherever one is used;
/// in place of another word it might still be shown.
pub(crate) fn without_userinfo(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        out.push_str(before);
        out.push_str("://");
        let end = after.find(char::is_whitespace).unwrap_or(after.len());
        let url = after.get(..end).unwrap_or_default();
        let hidden = userinfo_length(url);
        if hidden > 0 {
            out.push_str("(withheld)");
        }
        rest = after.get(hidden..).unwrap_or_default();
    }
    out + rest
}

/// Returns how much of what follows `://` is user and password: up to the last `@` before the path
/// (RFC 3986 3.2.1), or in all of it where a password that is not escaped has a `/`.
fn userinfo_length(url: &str) -> usize {
    let end = url.find(['/', '?', '#']).unwrap_or(url.len());
    let authority = url.get(..end).unwrap_or_default();
    let is_port = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit());
    let has_password = authority
        .split_once(':')
        .is_some_and(|(host, port)| !host.starts_with('[') && !is_port(port));
    let within = match authority.contains('@') || !has_password {
        true => authority,
        false => url,
    };
    within.rfind('@').unwrap_or_default()
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
        // Behind the `?` nothing but `&` ends it (RFC 7512 2.3): a second one, and whatever a shell
        // lets through, may be of the PIN. Before it `;` does, and `&` is a character like another.
        let rest = word.get(value..).unwrap_or_default();
        let is_in_query = word.get(..value).is_some_and(|before| before.contains('?'));
        let ends: &[char] = if is_in_query { &['&'] } else { &[';', '?'] };
        at = value + rest.find(ends).unwrap_or(rest.len());
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
        assert_eq!(
            without_pin("pkcs11:object=k;PIN-VALUE=12&34;id=%01?x=1"),
            "pkcs11:object=k;PIN-VALUE=(withheld);id=%01?x=1"
        );
        assert_eq!(without_pin("--days"), "--days");
    }

    #[test]
    fn a_password_in_a_url_is_withheld() {
        assert_eq!(
            without_userinfo("--endpoint-url=http://user:s3@cret@h:1/a@b"),
            "--endpoint-url=http://(withheld)@h:1/a@b"
        );
        assert_eq!(
            without_userinfo("http://h/a and https://me:s3/cret@h/x, ssh://k@h"),
            "http://h/a and https://(withheld)@h/x, ssh://(withheld)@h"
        );
        assert_eq!(
            without_userinfo("http://[::1]:80/a@b x|https://u:p@h"),
            "http://[::1]:80/a@b x|https://(withheld)@h"
        );
        for word in [
            "http://h:80/a@b",
            "http://h/a@b",
            "ada@example.com",
            "--reason",
            "https://h",
        ] {
            assert_eq!(without_userinfo(word), word);
        }
    }
}

//! `pkcs11:` URIs (RFC 7512), which name a module, a token and a key. Pure.

use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, FactName, Result};

/// The content of a `pkcs11:` URI. An attribute that it does not have matches everything (RFC 7512
/// 2.5).
///
/// It never holds a PIN: `pin-value` is refused, `pin-source` names a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pkcs11Uri {
    pub(super) token: Option<String>,
    pub(super) manufacturer: Option<String>,
    pub(super) serial: Option<String>,
    pub(super) model: Option<String>,
    pub(super) slot_id: Option<u64>,
    pub(super) slot_description: Option<String>,
    pub(super) slot_manufacturer: Option<String>,
    pub(super) library_manufacturer: Option<String>,
    pub(super) library_description: Option<String>,
    pub(super) library_version: Option<(u64, u64)>,
    pub(super) object: Option<String>,
    pub(super) id: Option<Vec<u8>>,
    pub(super) module_path: Option<PathBuf>,
    pub(super) module_name: Option<String>,
    pub(super) pin_source: Option<PathBuf>,
}

/// The scheme, in any case (RFC 3986 3.1).
const SCHEME: &str = "pkcs11:";

impl Pkcs11Uri {
    /// Reads a URI.
    ///
    /// Stricter than RFC 7512 asks in one place: an unknown attribute of the query, which 2.5 says
    /// should be ignored, is refused unless it begins with `x-`. A `pin-source` in which one letter
    /// is wrong would otherwise send the program to another place for the PIN.
    ///
    /// # Errors
    /// Class [`Class::Usage`](crate::error::Class::Usage), `bad-key-uri`. No value is repeated in
    /// it: there might be a PIN in one.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let rest = match text.get(..SCHEME.len()) {
            Some(scheme) if scheme.eq_ignore_ascii_case(SCHEME) => {
                text.get(SCHEME.len()..).unwrap_or_default()
            }
            _ => return Err(bad_uri("it does not begin with `pkcs11:`")),
        };
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut uri = Pkcs11Uri::default();
        let mut seen = Vec::new();
        for (part, separator, extra) in [(path, ';', "&"), (query, '&', "/?|")] {
            for attribute in part.split(separator).filter(|_| !part.is_empty()) {
                let (name, value) = split_attribute(attribute, separator)?;
                if seen.contains(&name) {
                    return Err(bad_uri(&format!("`{name}` is there twice (RFC 7512 2.3)")));
                }
                let value = UriValue {
                    name: &name,
                    raw: value,
                    extra,
                };
                if separator == ';' {
                    uri.path_attribute(&value)?
                } else {
                    uri.query_attribute(&value)?
                }
                seen.push(name);
            }
        }
        Ok(uri)
    }

    fn path_attribute(&mut self, value: &UriValue<'_>) -> Result<()> {
        match value.name {
            "token" => self.token = Some(value.decode_text()?),
            "manufacturer" => self.manufacturer = Some(value.decode_text()?),
            "serial" => self.serial = Some(value.decode_text()?),
            "model" => self.model = Some(value.decode_text()?),
            "slot-id" => self.slot_id = Some(value.decode_number()?),
            "slot-description" => self.slot_description = Some(value.decode_text()?),
            "slot-manufacturer" => self.slot_manufacturer = Some(value.decode_text()?),
            "library-manufacturer" => self.library_manufacturer = Some(value.decode_text()?),
            "library-description" => self.library_description = Some(value.decode_text()?),
            "library-version" => self.library_version = Some(value.decode_version()?),
            "object" => self.object = Some(value.decode_text()?),
            "id" => self.id = Some(value.decode_bytes()?),
            "type" if value.raw.eq_ignore_ascii_case("private") => {}
            "type" => {
                return Err(bad_uri(
                    "its `type` is not `private`, and only a private key can sign",
                ));
            }
            "pin-value" => return Err(holds_pin()),
            "pin-source" | "module-path" | "module-name" => {
                return Err(bad_uri(&format!(
                    "`{}` stands before the `?`: it belongs behind it (RFC 7512 2.3)",
                    value.name
                )));
            }
            other => {
                return Err(bad_uri(&format!(
                    "nothing is known of an attribute `{other}`, so no key can be the right one \
                     (RFC 7512 2.5)"
                )));
            }
        }
        Ok(())
    }

    fn query_attribute(&mut self, value: &UriValue<'_>) -> Result<()> {
        match value.name {
            "module-path" => {
                let path = value.decode_path()?;
                if !path.is_absolute() {
                    return Err(bad_uri(
                        "its `module-path` is not an absolute path (RFC 7512 2.4)",
                    ));
                }
                self.module_path = Some(path);
            }
            "module-name" => self.module_name = Some(value.decode_text()?),
            "pin-source" => self.pin_source = Some(pin_source(value)?),
            "pin-value" => return Err(holds_pin()),
            // Ignored, but in the form of the rest.
            vendors if vendors.starts_with("x-") => drop(value.decode_bytes()?),
            other => {
                return Err(bad_uri(&format!(
                    "nothing is known of `{other}` behind the `?`"
                )));
            }
        }
        Ok(())
    }

    /// Tells whether it says anything about the library, which C_GetInfo then has to bear out (RFC
    /// 7512 2.3).
    pub(super) fn names_library(&self) -> bool {
        self.library_manufacturer.is_some()
            || self.library_description.is_some()
            || self.library_version.is_some()
    }
}

/// A file, as a path or as a `file:` URI. RFC 7512 2.4 leaves the rest to the program: nothing is
/// run here, and nothing fetched.
fn pin_source(value: &UriValue<'_>) -> Result<PathBuf> {
    let path = value.decode_path()?;
    let text = crate::outside::stored_path(&path);
    if text.starts_with('|') {
        return Err(bad_uri(
            "its `pin-source` names a program to run, which is not done: put the PIN into a file, \
             or a descriptor",
        ));
    }
    let (scheme, rest) = text.split_once(':').unwrap_or_default();
    let is_scheme = scheme
        .bytes()
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    if !is_scheme {
        return if path.as_os_str().is_empty() {
            Err(bad_uri("its `pin-source` is empty"))
        } else {
            Ok(path)
        };
    }
    if !scheme.eq_ignore_ascii_case("file") {
        return Err(bad_uri(
            "its `pin-source` is neither a path nor a `file:` URI",
        ));
    }
    // RFC 8089 2: `file:/path`, `file:///path`, or this very machine's name.
    let local = match rest.strip_prefix("//") {
        None => rest,
        Some(authority) => authority.strip_prefix("localhost").unwrap_or(authority),
    };
    // A URI within a URI: it has escapes of its own.
    let inner = UriValue {
        raw: local,
        ..*value
    };
    let path = path_of(inner.unescape()?);
    if path.is_absolute() {
        Ok(path)
    } else {
        Err(bad_uri(
            "its `pin-source` is a `file:` URI of another machine, or without an absolute path \
             (RFC 8089 2)",
        ))
    }
}

/// An attribute's value as it stands there.
#[derive(Clone, Copy)]
struct UriValue<'a> {
    name: &'a str,
    raw: &'a str,
    /// The characters that may stand there unescaped besides those that may stand in both parts.
    extra: &'static str,
}

impl UriValue<'_> {
    fn decode_bytes(&self) -> Result<Vec<u8>> {
        // RFC 7512 2.3, pk11-res-avail; RFC 3986 2.3, unreserved.
        let allowed = |c: char| {
            c.is_ascii_alphanumeric() || "-._~:[]@!$'()*+,=%".contains(c) || self.extra.contains(c)
        };
        if let Some(found) = self.raw.chars().find(|c| !allowed(*c)) {
            let mut utf8 = [0; 4];
            let escaped: String = found
                .encode_utf8(&mut utf8)
                .bytes()
                .map(|byte| format!("%{byte:02X}"))
                .collect();
            return Err(bad_uri(&format!(
                "`{}` has a character that has to be written as `{escaped}` there",
                self.name
            )));
        }
        self.unescape()
    }

    fn unescape(&self) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(self.raw.len());
        let mut rest = self.raw.as_bytes();
        while let Some((byte, after)) = rest.split_first() {
            rest = after;
            if *byte != b'%' {
                out.push(*byte);
                continue;
            }
            let digits = after
                .get(..2)
                .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
            let value = digits
                .and_then(|digits| std::str::from_utf8(digits).ok())
                .and_then(|digits| u8::from_str_radix(digits, 16).ok());
            out.push(value.ok_or_else(|| {
                bad_uri(&format!(
                    "`{}` has a `%` without two hexadecimal digits behind it (RFC 3986 2.1)",
                    self.name
                ))
            })?);
            rest = after.get(2..).unwrap_or_default();
        }
        Ok(out)
    }

    fn decode_text(&self) -> Result<String> {
        String::from_utf8(self.decode_bytes()?)
            .map_err(|_| bad_uri(&format!("`{}` is not UTF-8 (RFC 7512 2.3)", self.name)))
    }

    fn decode_path(&self) -> Result<PathBuf> {
        let bytes = self.decode_bytes()?;
        if bytes.contains(&0) {
            return Err(bad_uri(&format!(
                "`{}` has a NUL in it, which no path has",
                self.name
            )));
        }
        Ok(path_of(bytes))
    }

    fn decode_number(&self) -> Result<u64> {
        parse_number(self.raw).ok_or_else(|| bad_uri(&format!("`{}` is not a number", self.name)))
    }

    fn decode_version(&self) -> Result<(u64, u64)> {
        let (major, minor) = self.raw.split_once('.').unwrap_or((self.raw, "0"));
        parse_number(major)
            .zip(parse_number(minor))
            .ok_or_else(|| bad_uri(&format!("`{}` is not of the form `2` or `2.40`", self.name)))
    }
}

/// Digits and nothing else: `parse` alone takes a sign.
fn parse_number(text: &str) -> Option<u64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

fn path_of(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

/// Name, in small letters (an ABNF literal is of any case, RFC 5234 2.3), and value.
fn split_attribute(attribute: &str, separator: char) -> Result<(String, &str)> {
    let (name, value) = match attribute.split_once('=') {
        Some(parts) => parts,
        None if attribute.is_empty() => {
            return Err(bad_uri(&format!(
                "an attribute is missing between two `{separator}`, or behind the last"
            )));
        }
        None => return Err(bad_uri("it has an attribute without a `=`")),
    };
    if name.is_empty()
        || !name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    {
        return Err(bad_uri(
            "the name of an attribute consists of letters, digits, `-` and `_` (RFC 7512 2.3)",
        ));
    }
    Ok((name.to_ascii_lowercase(), value))
}

fn bad_uri(what: &str) -> Error {
    bad_with(
        what,
        "the form is `pkcs11:token=NAME;object=NAME?module-path=/FILE`, in quotes for the shell; a \
         blank is written as `%20`",
    )
}

fn bad_with(what: &str, hint: &str) -> Error {
    Error::new(
        ErrorKind::BadKeyUri,
        format!("--ca-key is not a usable PKCS#11 URI: {what}"),
        hint,
    )
    .with_fact(FactName::Option, "--ca-key")
}

/// Wherever in the URI it stands.
fn holds_pin() -> Error {
    bad_with(
        "it holds a PIN (`pin-value`), and every user of this machine can read a command line",
        "give the PIN at the prompt, with --passphrase-file, --passphrase-fd or --passphrase-env, \
         or `pin-source=FILE`; and change that PIN",
    )
}

/// A value for the path of a URI (RFC 7512 2.3).
pub(super) fn escape_text(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            _ if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// An id for the path of a URI: escaped as a whole, for it is no text (RFC 7512 2.3).
pub(super) fn escape_id(id: &[u8]) -> String {
    id.iter().map(|byte| format!("%{byte:02X}")).collect()
}

/// Reads what `--ca-key` was given.
pub(super) fn parse(text: &Path) -> Result<Pkcs11Uri> {
    Pkcs11Uri::parse(
        text.to_str()
            .ok_or_else(|| bad_uri("it is not UTF-8; other bytes are written as `%E4` there"))?,
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn parse_refusal(text: &str) -> String {
        let error = Pkcs11Uri::parse(text).unwrap_err();
        assert_eq!(
            (error.exit_code(), error.kind),
            (2, ErrorKind::BadKeyUri),
            "{text}"
        );
        assert!(!error.hint.is_empty());
        error.message.to_string()
    }

    #[test]
    fn every_attribute_is_read() {
        let uri = Pkcs11Uri::parse(
            "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;m\
             odel=1.0;serial=a&b;slot-id=327;slot-description=S;slot-manufacturer=M;library-manufac\
             turer=LM;library-description=LD;library-version=2.40;object=my-key;type=private;id=%69\
             %95%3E%5C%F4%BD%EC%91?pin-source=file:/etc/token_pin&module-path=/mnt/lib%20x.so&modul\
             e-name=snake&x-vendor=1;",
        );
        assert!(uri.is_err(), "a `;` behind the `?` has to be escaped");
        let uri = Pkcs11Uri::parse(
            "PKCS11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;m\
             odel=1.0;serial=a&b;slot-id=327;slot-description=S;slot-manufacturer=M;library-manufac\
             turer=LM;library-description=LD;library-version=2.40;object=my-key;type=private;id=%69\
             %95%3E%5C%F4%BD%EC%91?pin-source=file:/etc/token_pin&module-path=/mnt/lib%20x.so&modul\
             e-name=snake&x-vendor=1",
        )
        .unwrap();
        let text = |text: &str| Some(text.to_owned());
        let expected = Pkcs11Uri {
            token: text("The Software PKCS#11 Softtoken"),
            manufacturer: text("Snake Oil, Inc."),
            serial: text("a&b"),
            model: text("1.0"),
            slot_id: Some(327),
            slot_description: text("S"),
            slot_manufacturer: text("M"),
            library_manufacturer: text("LM"),
            library_description: text("LD"),
            library_version: Some((2, 40)),
            object: text("my-key"),
            id: Some(vec![0x69, 0x95, 0x3E, 0x5C, 0xF4, 0xBD, 0xEC, 0x91]),
            module_path: Some("/mnt/lib x.so".into()),
            module_name: text("snake"),
            pin_source: Some("/etc/token_pin".into()),
        };
        assert_eq!(uri, expected);
    }

    #[test]
    fn what_is_not_said_is_left_open() {
        for empty in [
            "pkcs11:",
            "pkcs11:?",
            "Pkcs11:type=private",
            "pkcs11:?x-a=1&x-b=",
        ] {
            assert_eq!(
                Pkcs11Uri::parse(empty).unwrap(),
                Pkcs11Uri::default(),
                "{empty}"
            );
        }
        // An empty value is one: it matches an empty label (RFC 7512 2.3).
        assert_eq!(
            Pkcs11Uri::parse("pkcs11:token=;id=").unwrap(),
            Pkcs11Uri {
                token: Some(String::new()),
                id: Some(vec![]),
                ..Pkcs11Uri::default()
            }
        );
        assert_eq!(
            Pkcs11Uri::parse("pkcs11:TOKEN=a").unwrap().token.unwrap(),
            "a"
        );
        assert_eq!(
            Pkcs11Uri::parse("pkcs11:library-version=3")
                .unwrap()
                .library_version
                .unwrap(),
            (3, 0)
        );
        assert_eq!(
            Pkcs11Uri::parse("pkcs11:object=Schl%C3%BCssel")
                .unwrap()
                .object
                .unwrap(),
            "Schlüssel"
        );
    }

    #[test]
    fn what_the_form_does_not_allow_is_refused_and_named() {
        for (uri, says) in [
            ("pkcs12:token=a", "begin with"),
            ("pkcs11:token=a;token=b", "`token` is there twice"),
            ("pkcs11:token=a?x-a=1&x-a=2", "`x-a` is there twice"),
            ("pkcs11:token=a;", "missing"),
            ("pkcs11:;token=a", "missing"),
            ("pkcs11:token", "without a `=`"),
            ("pkcs11:=a", "the name of an attribute"),
            ("pkcs11:to%6Ben=a", "the name of an attribute"),
            ("pkcs11:labl=a", "`labl`"),
            ("pkcs11:x-vendor=a", "`x-vendor`"),
            ("pkcs11:token=a?modul-path=/a", "`modul-path`"),
            ("pkcs11:token=a?token=b", "`token`"),
            ("pkcs11:module-path=/a", "behind it"),
            ("pkcs11:pin-source=/a", "behind it"),
            ("pkcs11:type=cert", "private"),
            ("pkcs11:type=", "private"),
            ("pkcs11:token=%", "two hexadecimal digits"),
            ("pkcs11:token=%2", "two hexadecimal digits"),
            ("pkcs11:token=%zz", "two hexadecimal digits"),
            ("pkcs11:token=%+1", "two hexadecimal digits"),
            ("pkcs11:id=%é0", "%C3%A9"),
            ("pkcs11:token=a b", "`%20`"),
            ("pkcs11:token=a/b", "`%2F`"),
            ("pkcs11:token=a#b", "`%23`"),
            ("pkcs11:token=ü", "`%C3%BC`"),
            ("pkcs11:token=%FF", "not UTF-8"),
            ("pkcs11:slot-id=", "not a number"),
            ("pkcs11:slot-id=+1", "not a number"),
            ("pkcs11:slot-id=0x1", "not a number"),
            ("pkcs11:slot-id=99999999999999999999", "not a number"),
            ("pkcs11:library-version=1.2.3", "`2.40`"),
            ("pkcs11:library-version=.1", "`2.40`"),
            ("pkcs11:?module-path=lib.so", "absolute"),
            ("pkcs11:?module-path=", "absolute"),
            ("pkcs11:?module-path=/a%00b", "NUL"),
            ("pkcs11:?pin-source=", "empty"),
            ("pkcs11:?pin-source=|/bin/echo%201234", "program"),
            ("pkcs11:?pin-source=%7Ccat%20/pin", "program"),
            ("pkcs11:?pin-source=https://a/pin", "neither"),
            ("pkcs11:?pin-source=env:PIN", "neither"),
            ("pkcs11:?pin-source=file://other/pin", "another machine"),
            ("pkcs11:?pin-source=file:pin", "absolute path"),
            ("pkcs11:?pin-source=file:/a%25zz", "two hexadecimal digits"),
        ] {
            let message = parse_refusal(uri);
            assert!(message.contains(says), "{uri}: {message}");
        }
    }

    #[test]
    fn a_pin_in_the_uri_is_refused_and_not_repeated() {
        for uri in [
            "pkcs11:token=a?pin-value=7352&pin-source=/a",
            "pkcs11:?PIN-VALUE=7352",
            "pkcs11:pin-value=7352",
            "pkcs11:?pin-value=73%5",
            "pkcs11:?x-pin-valu =7352",
        ] {
            let error = Pkcs11Uri::parse(uri).unwrap_err();
            assert!(
                !error.message.contains("73") && !error.hint.contains("73"),
                "{}",
                error.message
            );
        }
    }

    #[test]
    fn a_pin_source_is_a_file() {
        for (source, path) in [
            ("/run/pin", "/run/pin"),
            ("pin.txt", "pin.txt"),
            ("file:/run/pin", "/run/pin"),
            ("FILE:///run/pin", "/run/pin"),
            ("file://localhost/run/pin", "/run/pin"),
            ("file:///run/my%2520pin", "/run/my pin"),
            ("/run/100%25", "/run/100%"),
        ] {
            assert_eq!(
                Pkcs11Uri::parse(&format!("pkcs11:?pin-source={source}"))
                    .unwrap()
                    .pin_source
                    .unwrap(),
                Path::new(path),
                "{source}"
            );
        }
    }

    #[test]
    fn what_is_written_reads_again() {
        let (label, id) = ("a b;c=d/é%&?", vec![0, 0x25, 0xFF]);
        let uri = Pkcs11Uri::parse(&format!(
            "pkcs11:object={};id={}",
            escape_text(label),
            escape_id(&id)
        ))
        .unwrap();
        assert_eq!((uri.object.unwrap().as_str(), uri.id.unwrap()), (label, id));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(pkcs11:)?[a-z=;?&%0-9é|/:-]{0,60}") {
            drop(Pkcs11Uri::parse(&text));
        }
    }
}

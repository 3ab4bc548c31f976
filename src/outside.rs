//! Text from outside: of the service, of certificates, of files and their names, of the
//! environment. One gate for it, whatever reads it.
//!
//! What a terminal or a reader would obey instead of showing is shown as `\u{1b}`: control, format
//! and bidirectional characters, whatever is not to be seen, and line breaks, so that a text stays
//! on its line. A text is cut where it is too long. A backslash that stands before `u{` is shown as
//! `\u{5c}`: no text looks like another one's shown form. A private key that was pasted where a
//! name was expected is not shown at all, nor are a PIN in a key's URI and a password in a URL.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use lines::Lines;

pub(crate) mod keys;
mod lines;
pub(crate) mod words;

/// The most characters that are shown of a text.
const MOST: usize = 2000;

/// The most characters that are shown of a path: as many as Linux takes (PATH_MAX, limits.h).
const MOST_OF_PATH: usize = 4096;

/// Text from outside as it came. Displayed, it is its shown form; in JSON it is itself, and the
/// writer of JSON escapes it.
///
/// It is no `str` to anybody: what compares it, or sends it back to where it came from, says
/// [`OutsideText::as_raw`].
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OutsideText(String);

impl OutsideText {
    /// Returns the text as it came, to be compared, read or sent back; never to be shown.
    pub fn as_raw(&self) -> &str {
        &self.0
    }

    /// Takes the text out, as it came.
    pub fn into_raw(self) -> String {
        self.0
    }

    /// Tells whether there is no text.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for OutsideText {
    fn from(text: String) -> Self {
        OutsideText(text)
    }
}

impl From<&str> for OutsideText {
    fn from(text: &str) -> Self {
        OutsideText(text.to_owned())
    }
}

impl std::str::FromStr for OutsideText {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(text.into())
    }
}

impl fmt::Display for OutsideText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&escape_shown(&self.0, MOST))
    }
}

impl fmt::Debug for OutsideText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl PartialEq<str> for OutsideText {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for OutsideText {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl PartialEq<String> for OutsideText {
    fn eq(&self, other: &String) -> bool {
        self.0 == *other
    }
}

/// Joins the shown forms, with `between` between them.
pub fn join_shown<'a>(texts: impl IntoIterator<Item = &'a OutsideText>, between: &str) -> String {
    texts
        .into_iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(between)
}

/// Returns the shown form of a text that is not kept.
pub fn shown_text(text: &str) -> String {
    escape_shown(text, MOST)
}

/// Returns the shown form of a path, or of a file's name. What is not Unicode in it shows as
/// U+FFFD.
#[allow(
    clippy::disallowed_methods,
    reason = "the one place where a path becomes text for eyes"
)]
pub fn shown_path(path: impl AsRef<Path>) -> String {
    escape_shown(&path.as_ref().to_string_lossy(), MOST_OF_PATH)
}

/// Returns an endpoint without what stands before its host, which may be a password. It need not be
/// a URL: whoever leaves the scheme out has a password all the same.
pub(crate) fn endpoint_without_password(url: &str) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), url),
    };
    match rest.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}(withheld)@{host}"),
        None => url.to_owned(),
    }
}

/// Returns a path, or a word of the command line, as text that is stored, compared or handed on to
/// a program: never to be shown.
#[allow(
    clippy::disallowed_methods,
    reason = "what is stored is the name itself"
)]
pub(crate) fn stored_path(path: impl AsRef<Path>) -> String {
    path.as_ref().to_string_lossy().into_owned()
}

/// Tells whether a terminal or a reader obeys this character, or does not see it.
///
/// Unicode's general categories Cc, Cf, Zl and Zp, its bidirectional controls, all that is
/// ignorable by default (UAX #44, Default_Ignorable_Code_Point: zero width, fillers, variation
/// selectors, tags), and what is no character at all (the Unicode Standard, 23.7).
pub const fn is_obeyed(c: char) -> bool {
    // Nearly every character, and so first.
    if matches!(c, ' '..='~') {
        return false;
    }
    matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}')
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
            | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        )
        || is_last_of_plane(c)
}

/// Tells whether the character is U+xxFFFE or U+xxFFFF.
#[allow(clippy::as_conversions, reason = "u32::from is not const")]
const fn is_last_of_plane(c: char) -> bool {
    c as u32 & 0xFFFE == 0xFFFE
}

/// Returns the shown form of what the program has put together: its line breaks are its own, and
/// whatever else would be obeyed is shown. What is shown already stays as it is.
pub(crate) fn shown_lines(text: &str) -> String {
    replace_chars(
        &keys::without_keys(text),
        |c| c != '\n' && is_obeyed(c),
        push_shown,
    )
}

/// Does the same as [`shown_lines`] on one line, whatever breaks it.
pub(crate) fn shown_on_a_line(text: &str) -> String {
    replace_chars(&keys::without_keys(text), is_obeyed, push_shown)
}

/// Returns the text with another one in the place of these characters, of which none is printable
/// ASCII: `write` appends it. Nearly all text is printable ASCII, and is copied at once.
pub(crate) fn replace_chars(
    text: &str,
    is_replaced: impl Fn(char) -> bool,
    write: impl Fn(&mut String, char),
) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let is_looked_at = |octet: u8| !matches!(octet, b' '..=b'~');
    while let Some((plain, from)) = rest
        .bytes()
        .position(is_looked_at)
        .and_then(|at| rest.split_at_checked(at))
    {
        out.push_str(plain);
        let mut chars = from.chars();
        match chars.next() {
            Some(c) if is_replaced(c) => write(&mut out, c),
            Some(c) => out.push(c),
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out
}

/// Appends the character, or what shows it.
pub(crate) fn push_shown(out: &mut String, c: char) {
    if is_obeyed(c) {
        out.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
    } else {
        out.push(c);
    }
}

fn escape_shown(text: &str, most: usize) -> String {
    if keys::holds_key(text) {
        return keys::WITHHELD_KEY.to_owned();
    }
    let text = &words::without_userinfo(&words::without_pin(text));
    let mut out = String::with_capacity(text.len().min(most));
    for (at, c) in text.char_indices().take(most) {
        match c {
            '\\' if text.get(at..).is_some_and(|rest| rest.starts_with("\\u{")) => {
                out.push_str("\\u{5c}")
            }
            c => push_shown(&mut out, c),
        }
    }
    if text.chars().nth(most).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_obeyed_is_shown_and_stays_on_its_line() {
        let text = OutsideText::from("a\u{1b}[8m\r\nFORGED\t\u{202e}\u{9b}é😀 C:\\u");
        assert_eq!(
            text.to_string(),
            "a\\u{1b}[8m\\u{d}\\u{a}FORGED\\u{9}\\u{202e}\\u{9b}é😀 C:\\u"
        );
        assert_eq!(format!("{text:?}"), format!("\"{text}\""));
        assert_eq!(shown_path("usb-\u{1b}[8m"), "usb-\\u{1b}[8m");
    }

    #[test]
    fn no_text_looks_like_the_shown_form_of_another() {
        assert_eq!(shown_text("\\u{1b}"), "\\u{5c}u{1b}");
        assert_eq!(shown_text("\\\u{1b}"), "\\\\u{1b}");
        assert_ne!(shown_text("\\\\u{1b}"), shown_text("\\\u{1b}"));
    }

    #[test]
    fn a_long_text_is_cut_where_that_shows() {
        assert_eq!(shown_text(&"x".repeat(MOST)), "x".repeat(MOST));
        assert_eq!(
            shown_text(&"x".repeat(5000)),
            format!("{}…", "x".repeat(MOST))
        );
        assert_eq!(
            format!(
                "{:>4}|{:4}|",
                OutsideText::from("ab"),
                OutsideText::from("ab")
            ),
            "  ab|ab  |"
        );
    }

    #[test]
    fn json_holds_the_text_itself() {
        let text = OutsideText::from("a\u{1b}\n");
        assert_eq!(
            serde_json::to_string(&text).ok().as_deref(),
            Some("\"a\\u001b\\n\"")
        );
        assert_eq!(
            serde_json::from_str::<OutsideText>("\"a\\u001b\\n\"").ok(),
            Some(text)
        );
    }

    #[test]
    #[cfg(feature = "simulator")]
    fn every_control_and_format_character_of_unicode_is_shown_text() {
        use unicode_general_category::{GeneralCategory as Category, get_general_category};
        let obeyed = |c| {
            matches!(
                get_general_category(c),
                Category::Control
                    | Category::Format
                    | Category::LineSeparator
                    | Category::ParagraphSeparator
            )
        };
        for c in ('\0'..=char::MAX).filter(|c| obeyed(*c)) {
            assert!(is_obeyed(c), "U+{:04X}", u32::from(c));
        }
    }
}

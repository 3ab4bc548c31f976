//! The mark that tells a page of this program from another file.
//!
//! It holds the SHA-256 of the page below it: a page that somebody has written in is no longer the
//! program's own, and is not replaced.

use crate::x509::{sha256, to_hex};

const START: &str = "<!DOCTYPE html>\n<!-- hsmboot report. SHA-256 of all below this line: ";
const END: &str = " -->\n";

/// Returns the document with its first lines before it.
pub(super) fn mark_page(document: &str) -> String {
    let digest = to_hex(&sha256(document.as_bytes()));
    format!("{START}{digest}{END}{document}")
}

/// Tells whether these bytes are a page that this program made, and nobody has changed since.
pub fn is_own_page(content: &[u8]) -> bool {
    let marked = content
        .strip_prefix(START.as_bytes())
        .and_then(|rest| rest.split_at_checked(64));
    marked.is_some_and(|(digest, rest)| {
        rest.strip_prefix(END.as_bytes())
            .is_some_and(|document| to_hex(&sha256(document)).as_bytes() == digest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_its_own_until_somebody_writes_in_it() {
        let page = mark_page("<html></html>\n");
        assert!(page.starts_with("<!DOCTYPE html>\n") && is_own_page(page.as_bytes()));
        for other in [
            page.replace("</html>", "noted by Ada</html>"),
            page.replace("SHA-256 of all", "SHA-1 of all"),
            page.trim_end().to_owned(),
            format!("{START}{}", "0".repeat(63)),
            START.to_owned(),
            String::new(),
        ] {
            assert!(!is_own_page(other.as_bytes()), "{other}");
        }
    }
}

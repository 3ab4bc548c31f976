//! The page's document, assembled once, and the policy that names its parts.

use std::sync::OnceLock;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Response, StatusCode, header};
use base64ct::{Base64, Encoding};

use super::guarded_response;

const INDEX: &str = include_str!("index.html");
const STYLE: &str = include_str!("style.css");
/// The second file calls what the first one makes.
const SCRIPT: &str = concat!(include_str!("controls.js"), include_str!("script.js"));

struct PageDocument {
    html: Bytes,
    policy: HeaderValue,
}

pub(super) fn document_response() -> Response<Body> {
    static DOCUMENT: OnceLock<PageDocument> = OnceLock::new();
    let document = DOCUMENT.get_or_init(assemble_document);
    let mut response = guarded_response(
        StatusCode::OK,
        Body::from(document.html.clone()),
        Some("text/html; charset=utf-8"),
    );
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, document.policy.clone());
    response
}

/// Assembles the document. The two files replace `{{style}}` and `{{script}}` in index.html, and
/// the policy admits their digests (CSP 3, 2.3.1): an injected element would not run.
fn assemble_document() -> PageDocument {
    let html = INDEX
        .replace("{{style}}", STYLE)
        .replace("{{script}}", SCRIPT);
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; img-src data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for \
         'script'; trusted-types 'none'",
        csp_digest(SCRIPT),
        csp_digest(STYLE)
    );
    // Digits of base64 and ASCII: always a header.
    let policy =
        HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    PageDocument {
        html: Bytes::from(html),
        policy,
    }
}

fn csp_digest(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    format!("sha256-{}", Base64::encode_string(digest.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_and_script_are_in_the_document_whole() {
        let html = String::from_utf8(assemble_document().html.to_vec()).unwrap();
        assert!(
            html.contains(&format!("<style>{STYLE}</style>"))
                && html.contains(&format!("<script>{SCRIPT}</script>"))
        );
        // What would end the element early, or make the digest that of something else.
        assert!(
            !SCRIPT.contains("</script") && !SCRIPT.contains("<!--") && !STYLE.contains("</style")
        );
        assert!(
            !SCRIPT.contains('\r')
                && !STYLE.contains('\r')
                && !SCRIPT.contains("{{")
                && !STYLE.contains("{{")
        );
    }

    #[test]
    fn nothing_is_fetched_from_elsewhere_and_no_markup_is_made_of_text() {
        for text in [INDEX, STYLE, SCRIPT] {
            // An XML namespace is a name, not an address; `url(#…)` points into the document.
            let text = text
                .replace("http://www.w3.org/2000/svg", "")
                .replace("url(#", "");
            for word in [
                "http:",
                "https:",
                "//cdn",
                "@import",
                "url(",
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
            ] {
                assert!(!text.contains(word), "{word}");
            }
        }
        for handler in [
            " onclick=",
            " onload=",
            " onerror=",
            " style=",
            "javascript:",
        ] {
            assert!(!INDEX.contains(handler), "{handler}");
        }
    }
}

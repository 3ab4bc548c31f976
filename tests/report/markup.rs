//! Nothing that is read becomes markup.

use crate::shared::{RESPONSE, TRANSCRIPT, put_receipt, read_json, report, signed, text};
use crate::support::{Bench, CLUSTER};
use base64ct::{Base64, Encoding};
use hsmboot::x509::sha256;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;

/// Everything that comes from outside, with markup, quotes, and letters that reorder or hide text.
pub const HOSTILE: &str = "\"'></title></style></svg><script>alert(1)</script><img src=x \
                       onerror=alert(2)>&lt;b\u{202e}\u{200b}\u{7}\u{feff}\r\n<!--";

/// The page's elements and the names of their attributes. Written for this test: every `<` that is
/// not escaped begins a tag.
fn markup(page: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let (before, rest) = page.split_once("<style>").unwrap();
    let (_, after) = rest.split_once("</style>").unwrap();
    let (mut elements, mut attributes) = (BTreeSet::new(), BTreeSet::new());
    for piece in [before, after] {
        for tag in piece.split('<').skip(1) {
            let name: String = tag
                .chars()
                .take_while(|c| !c.is_whitespace() && !matches!(c, '>' | '=' | '"'))
                .collect();
            elements.insert(name.trim_start_matches('/').to_owned());
            let mut rest = &tag[name.len()..];
            while let Some((attribute, value)) = rest
                .split_once("=\"")
                .filter(|(attribute, _)| !attribute.contains('>'))
            {
                attributes.insert(attribute.trim().to_owned());
                rest = value.split_once('"').unwrap().1;
            }
        }
    }
    (elements, attributes)
}

const ELEMENTS: [&str; 50] = [
    "!DOCTYPE",
    "a",
    "bdi",
    "body",
    "caption",
    "circle",
    "cite",
    "code",
    "dd",
    "desc",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "g",
    "h1",
    "h2",
    "h3",
    "h4",
    "head",
    "header",
    "html",
    "li",
    "main",
    "meta",
    "nav",
    "ol",
    "p",
    "path",
    "pre",
    "rect",
    "section",
    "span",
    "strong",
    "svg",
    "symbol",
    "table",
    "tbody",
    "td",
    "text",
    "th",
    "thead",
    "time",
    "title",
    "tr",
    "ul",
    "use",
    "wbr",
];

/// No handler, no style, no source, no target: nothing that a browser would act on.
const ATTRIBUTES: [&str; 34] = [
    "aria-hidden",
    "aria-label",
    "aria-labelledby",
    "charset",
    "class",
    "content",
    "cx",
    "cy",
    "d",
    "data-state",
    "data-tie",
    "datetime",
    "dx",
    "fill",
    "focusable",
    "height",
    "href",
    "http-equiv",
    "id",
    "lang",
    "name",
    "r",
    "role",
    "rx",
    "scope",
    "stroke",
    "stroke-dasharray",
    "stroke-linejoin",
    "stroke-width",
    "tabindex",
    "viewBox",
    "width",
    "x",
    "y",
];

fn is_inert(page: &str) {
    is_inert_but_for_links(page, &[]);
}

/// The page has inert markup alone, and leads to nothing but its own parts and these files.
pub fn is_inert_but_for_links(page: &str, files: &[String]) {
    assert!(hsmboot::report::is_own_page(page.as_bytes()), "no mark");
    // Without the one comment, which is the mark.
    let page = page.split_once(" -->").unwrap().1;
    let (elements, attributes) = markup(page);
    let strange: Vec<_> = elements
        .iter()
        .filter(|name| !ELEMENTS.contains(&name.as_str()))
        .collect();
    assert!(strange.is_empty(), "elements {strange:?}");
    let strange: Vec<_> = attributes
        .iter()
        .filter(|name| !ATTRIBUTES.contains(&name.as_str()))
        .collect();
    assert!(strange.is_empty(), "attributes {strange:?}");
    let hidden: Vec<char> = page
        .chars()
        .filter(|c| {
            (c.is_control() && *c != '\n')
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}')
        })
        .collect();
    assert!(hidden.is_empty(), "{hidden:?}");
    for target in page
        .split("href=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
    {
        assert!(
            target.starts_with('#') || files.iter().any(|file| file == target),
            "{target} leads out of the page"
        );
    }
    // The address of the documentation is there to be read: text, and no link (above).
    let page = page.replace(
        concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/"),
        "",
    );
    assert!(
        !page.contains("http:") && !page.contains("https:") && !page.contains("url("),
        "nothing is referred to outside the page"
    );
}

#[test]
fn nothing_that_is_read_becomes_markup() {
    let bench = Bench::new();
    bench.put_ca(&crate::support::ca(|params| {
        params
            .distinguished_name
            .push(rcgen::DnType::OrganizationName, HOSTILE)
    }));
    // The command line takes no such letters; files may hold anything.
    let typed: String = HOSTILE
        .chars()
        .filter(|c| c.is_ascii() && !c.is_control())
        .collect();
    let args = [
        "sign",
        "bundle",
        "--ca",
        "customerCA.crt",
        "--ca-key",
        "customerCA.key",
        "--unverified",
        "--reason",
        &typed,
        "--operator",
        &typed,
    ];
    bench.run(&args).expect(0);
    put_receipt(&bench, |receipt| {
        for name in [
            "region",
            "tool",
            "outcome",
            "state",
            "signed_cert_sha256",
            "trust_anchor_sha256",
            "cluster_certificate_sha256",
            "csr_sha256",
            "verdict",
        ] {
            receipt[name] = json!(HOSTILE);
        }
        receipt["answer"] = json!({ "state": HOSTILE, HOSTILE: HOSTILE });
        receipt["unverified"] = json!({ "reason": HOSTILE });
    });
    let mut response = read_json(&bench, RESPONSE);
    response["files"][HOSTILE] = json!(HOSTILE);
    response["verdict"] = json!(HOSTILE);
    bench.write(RESPONSE, response.to_string());
    let noted = json!({
        "format": "hsmboot-verification/1", "verdict": HOSTILE, "policy": HOSTILE,
        "chains_only": false, "at": "2026-01-01T00:00:00Z", "reason": HOSTILE,
        "anchors": [{ "side": "aws", "key_sha256": HOSTILE }],
        "checks": [{
            "id": HOSTILE, "status": "accepted", "detail": HOSTILE,
        }, { "id": "pem.csr", "status": HOSTILE, "detail": HOSTILE }],
    });
    bench.write("bundle/verification.json", noted.to_string());
    let request = json!({
        "format": "hsmboot-request/1", "cluster_id": CLUSTER, "region": HOSTILE, "state": HOSTILE,
        "hsms": [HOSTILE], "fetched_at": "2026-01-01T00:00:00Z",
        "tool": HOSTILE, "files": { HOSTILE: HOSTILE },
    });
    bench.write("bundle/request.json", request.to_string());
    let whole = bench.read(TRANSCRIPT);
    bench.write(TRANSCRIPT, [&whole[..], HOSTILE.as_bytes(), b"\n"].concat());
    // A root's file of this name, as far as a file can have it.
    let name = typed.replace('/', "|");
    bench.write(&name, bench.read("aws-root.crt"));
    let args = [
        "report",
        "bundle",
        "-o",
        "-",
        "--aws-root",
        &name,
        "--manufacturer-root",
        "manufacturer-root.crt",
        "--accept",
        "validity.hsm",
        "--reason",
        &typed,
    ];
    let page = bench.run(&args).expect(0).stdout;
    is_inert(&page);
    let shown = text(&page);
    let visible = "<script>alert(1)</script><img src=x \
                   onerror=alert(2)>&lt;b\\u{202e}\\u{200b}\\u{7}\\u{feff}\\u{d}\\u{a}<!--";
    assert!(
        shown.matches(visible).count() > 20,
        "it is there as text: {}",
        shown.matches(visible).count()
    );

    // Documents that are none.
    for name in [
        "request.json",
        "response.json",
        "receipt.json",
        "verification.json",
        "transcript.jsonl",
    ] {
        bench.write(&format!("bundle/{name}"), HOSTILE);
    }
    for name in [
        "ClusterCsr.csr",
        "HsmCertificate.crt",
        "CustomerHsmCertificate.crt",
    ] {
        fs::write(bench.part(name), HOSTILE).unwrap();
    }
    let page = report(&bench, &[]);
    is_inert(&page);
    assert!(
        page.contains("The receipt cannot be read: ")
            && page.contains("<strong>Line 1 is not a step of a transcript.</strong>")
    );
}

#[test]
fn the_policy_allows_the_one_style_sheet_and_nothing_else() {
    let page = report(&signed(&[]), &[]);
    is_inert(&page);
    let style = page
        .split_once("<style>")
        .unwrap()
        .1
        .split_once("</style>")
        .unwrap()
        .0;
    let digest = Base64::encode_string(&sha256(style.as_bytes()));
    let policy = format!(
        "default-src &#39;none&#39;; style-src &#39;sha256-{digest}&#39;; base-uri &#39;none&#39;; \
         form-action &#39;none&#39;"
    );
    let meta = format!(
        "<meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">"
    );
    assert!(
        page.split("<head>").nth(1).unwrap().starts_with(&meta),
        "before anything that it governs"
    );
    assert!(page.contains("<meta name=\"referrer\" content=\"no-referrer\">"));
    assert_eq!(page.matches("<style>").count(), 1);
    // The sheet itself asks for nothing.
    assert!(!style.contains("url(") && !style.contains("@import") && !style.contains('<'));
}

//! What the page for auditors may be made of.

use std::collections::BTreeSet;

/// Every element of the page, a line each, with the attributes that it may have: no handler, no
/// style, no source, no form. tests/report/markup.rs holds what they refer to.
const MARKUP: &str = "
    a class href
    bdi
    body
    caption
    circle cx cy r stroke-dasharray
    cite
    code class
    dd
    desc id
    div aria-label aria-labelledby class role tabindex
    dl class
    dt
    figcaption
    figure class
    footer
    g class data-tie fill stroke stroke-linejoin stroke-width
    h1
    h2 id
    h3 class id
    h4
    head
    header
    html lang
    li class data-state data-tie
    main id tabindex
    meta charset content http-equiv name
    nav aria-label
    ol class
    p class
    path class d fill stroke stroke-linejoin stroke-width
    pre class
    rect class height rx width x y
    section aria-labelledby id
    span class
    strong
    svg aria-hidden aria-labelledby class focusable height role viewBox width x y
    symbol id viewBox
    table aria-labelledby class
    tbody
    td
    text class dx x y
    th scope
    thead
    time datetime
    title id
    tr class
    ul class
    use class height href width x y
    wbr
";

/// Asserts that the page has no other elements and attributes than those that this program writes.
pub fn assert_inert(page: &str) {
    // Without the one comment, which is the mark, and the style sheet, which is no markup.
    let (_, page) = page.split_once(" -->").expect("the mark");
    let (before, rest) = page.split_once("<style>").expect("a style sheet");
    let (_, after) = rest.split_once("</style>").expect("its end");
    let known: BTreeSet<String> = MARKUP.lines().flat_map(known_of).collect();
    let strange: BTreeSet<String> = [before, after]
        .iter()
        .flat_map(|part| part.split('<').skip(1))
        .flat_map(markup_of)
        .filter(|pair| !known.contains(pair))
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
}

fn known_of(line: &str) -> Vec<String> {
    let mut words = line.split_whitespace();
    let Some(name) = words.next() else {
        return Vec::new();
    };
    let attributes = words.map(|attribute| format!("{name}.{attribute}"));
    std::iter::once(name.to_owned()).chain(attributes).collect()
}

/// An element's name, and its attributes as `name.attribute`. Every `<` that is not escaped begins
/// a tag.
fn markup_of(tag: &str) -> Vec<String> {
    let ends = |c: char| c.is_whitespace() || matches!(c, '>' | '=' | '"');
    let (name, mut rest) = tag.split_at(tag.find(ends).unwrap_or(tag.len()));
    let name = name.trim_start_matches('/');
    let mut found = vec![name.to_owned()];
    while let Some((attribute, value)) = rest.split_once('=') {
        if attribute.contains('>') {
            break;
        }
        found.push(format!("{name}.{}", attribute.trim()));
        let value = value
            .strip_prefix('"')
            .and_then(|value| value.split_once('"'));
        let Some((_, after)) = value else {
            found.push(format!("{name}.{} without quotes", attribute.trim()));
            break;
        };
        rest = after;
    }
    let bare = rest.split('>').next().unwrap_or_default().trim();
    if !matches!(bare, "" | "/") {
        found.push(format!("{name}.{bare}"));
    }
    found
}

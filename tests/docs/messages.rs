//! docs/troubleshooting.md quotes messages that the program has.

use super::kinds::sources;
use super::{read, root};

/// The messages that the page quotes: what is bold, and what is in backticks in a table's first cell.
fn quoted(page: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for line in page.lines() {
        if let Some(cell) = line.strip_prefix("| ").and_then(|row| row.split(" | ").next()) {
            let marks = if cell.contains("``") { "``" } else { "`" };
            found.extend(cell.split(marks).skip(1).step_by(2));
        } else {
            found.extend(line.split("**").skip(1).step_by(2));
        }
    }
    found
}

/// What a message consists of besides paths, ids and numbers: those stand as `...`, `*` or a word in capitals.
fn pieces(message: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for word in message.replace('*', " ... ").split_whitespace() {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let capitals = ["N", "X", "Y", "ID", "DIR", "FILE", "LINE", "FILE:LINE", "STATE", "CHECK"].contains(&bare);
        if capitals || word.starts_with("...") || bare.bytes().any(|b| b.is_ascii_digit()) {
            pieces.push(String::new());
        } else if let Some(piece) = pieces.last_mut() {
            piece.push_str(if piece.is_empty() { "" } else { " " });
            piece.push_str(word);
        }
    }
    let ends: &[char] = &[',', ';', ':'];
    pieces.into_iter().map(|piece| piece.trim_matches(ends).trim().to_owned()).filter(|piece| piece.len() > 3).collect()
}

#[test]
fn troubleshooting_quotes_messages_that_the_program_has() {
    let mut texts = Vec::new();
    sources(&root().join("src"), &mut texts);
    let code = texts.join("\n").replace("\\\"", "\"");
    // A literal over two lines is one text.
    let code = code.split("\\\n").map(str::trim_start).collect::<String>();
    let page = read("docs/troubleshooting.md");
    let missing: Vec<String> = quoted(&page)
        .into_iter()
        .flat_map(|message| pieces(message).into_iter().map(move |piece| (message, piece)))
        .filter(|(_, piece)| !code.contains(piece.as_str()))
        .map(|(message, piece)| format!("`{piece}` of `{message}`"))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

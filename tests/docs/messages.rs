//! docs/troubleshooting.md quotes messages that the program has.

use super::kinds::sources;
use super::{read, root};

/// What is in backticks in a row's first cell.
fn in_first_cell(line: &str) -> Option<impl Iterator<Item = &str>> {
    let cell = line
        .strip_prefix("| ")
        .and_then(|row| row.split(" | ").next())?;
    Some(
        cell.split(if cell.contains("``") { "``" } else { "`" })
            .skip(1)
            .step_by(2),
    )
}

/// The messages that the page quotes: what is bold, and what is in backticks in a table's first
/// cell.
fn quoted(page: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for line in page.lines() {
        match in_first_cell(line) {
            Some(quotes) => found.extend(quotes),
            None => found.extend(line.split("**").skip(1).step_by(2)),
        }
    }
    found
}

/// What a runbook says of what differs from it, in tables and in paragraphs that begin with
/// *Differs*: what people there see on the screen.
fn differing(page: &str) -> Vec<&str> {
    let tables = page
        .split("| differs |")
        .skip(1)
        .map(|rest| rest.split("\n\n").next().unwrap_or_default());
    let in_tables = tables
        .flat_map(str::lines)
        .filter_map(in_first_cell)
        .flatten();
    let paragraphs = page
        .split("*Differs")
        .skip(1)
        .map(|rest| rest.split("\n\n").next().unwrap_or_default());
    // Messages are of several words; commands, options and names stand there as well.
    let is_message = |text: &&str| {
        text.contains(' ')
            && !["hsmboot ", "sudo ", "--"]
                .iter()
                .any(|start| text.starts_with(start))
    };
    in_tables
        .chain(
            paragraphs
                .flat_map(|text| text.split('`').skip(1).step_by(2))
                .filter(is_message),
        )
        .collect()
}

/// What a message consists of besides paths, ids and numbers: those stand as `...`, `*` or a word
/// in capitals.
fn pieces(message: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for word in message.replace('*', " ... ").split_whitespace() {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let capitals = [
            "N",
            "X",
            "Y",
            "ID",
            "DIR",
            "FILE",
            "LINE",
            "FILE:LINE",
            "STATE",
            "CHECK",
        ]
        .contains(&bare);
        if capitals
            || word.starts_with("...")
            || word.starts_with('…')
            || bare.bytes().any(|b| b.is_ascii_digit())
        {
            pieces.push(String::new());
        } else if let Some(piece) = pieces.last_mut() {
            piece.push_str(if piece.is_empty() { "" } else { " " });
            piece.push_str(word);
        }
    }
    let ends: &[char] = &[',', ';', ':'];
    pieces
        .into_iter()
        .map(|piece| piece.trim_matches(ends).trim().to_owned())
        .filter(|piece| piece.len() > 3)
        .collect()
}

/// Which of these the program does not have.
fn unknown(messages: Vec<&str>) -> Vec<String> {
    let mut texts = Vec::new();
    sources(&root().join("src"), &mut texts);
    let code = texts.join("\n").replace("\\\"", "\"");
    // A literal over two lines is one text.
    let code = code.split("\\\n").map(str::trim_start).collect::<String>();
    messages
        .into_iter()
        .flat_map(|message| {
            pieces(message)
                .into_iter()
                .map(move |piece| (message, piece))
        })
        .filter(|(_, piece)| !code.contains(piece.as_str()))
        .map(|(message, piece)| format!("`{piece}` of `{message}`"))
        .collect()
}

#[test]
fn troubleshooting_quotes_messages_that_the_program_has() {
    let missing = unknown(quoted(&read("docs/troubleshooting.md")));
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn the_runbook_quotes_what_its_readers_see() {
    let page = read("docs/runbooks/air-gapped.md");
    let messages = differing(&page);
    assert!(messages.len() > 20, "{messages:#?}");
    // What the program puts in: people see one of several.
    const PUT_IN: [&str; 9] = [
        "CA whose",
        "request's",
        "response's",
        "request",
        "response",
        "transcript.jsonl",
        "fetched",
        "made",
        "with this very certificate",
    ];
    let open: Vec<String> = messages
        .iter()
        .map(|message| {
            PUT_IN
                .iter()
                .fold((*message).to_owned(), |text, word| text.replace(word, "…"))
        })
        .collect();
    let missing = unknown(open.iter().map(String::as_str).collect());
    assert!(missing.is_empty(), "{missing:#?}");
}

//! docs/simulator-api.md, as the tables have it.

use std::fmt::Write as _;
use std::path::Path;

use super::World;
use super::table::{Source, Table};

const HEAD: &str = "\
# Every constraint that the simulator holds

Each parameter of each action, what it may be, how a request beyond that is refused, and the test that sends requests just within and just beyond it
over HTTP (`cargo test --test simulator constraints`). The rows are the test's own: this page is generated from them.

\"Reference\" is the AWS CloudHSM API Reference, API version 2017-04-28, as of 2022-06-06; \"later\" a later service model; \"page\" what
[the simulator's page](simulator.md) says of it, with its source. `[]` stands for each item of a list. A request that is refused changes nothing. A member of
another JSON type than the API's is answered with SerializationException, whichever it is
(`constraints::a_member_of_another_type_cannot_be_read`).
";

pub fn page() -> String {
    let world = World { cluster: String::from("cluster-aaaaaaaaaaa"), backup: String::from("backup-aaaaaaaaaaa") };
    let mut page = String::from(HEAD);
    for table in super::tables(&world) {
        section(&mut page, &table);
    }
    page
}

fn section(page: &mut String, table: &Table) {
    let test = table.test;
    write!(page, "\n## {}\n\n| parameter | constraint | source | refused with | test |\n| --- | --- | --- | --- | --- |\n", table.action).unwrap();
    let mut lines: Vec<String> = Vec::new();
    for row in &table.rows {
        let source = match row.source {
            Source::Reference => "reference",
            Source::Later => "later",
            Source::Page => "page",
        };
        let refused = if row.beyond.is_empty() { "" } else { row.kind };
        let line = format!("| `{}` | {} | {source} | {refused} | `constraints::{test}` |\n", row.parameter_text(), row.rule.text());
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    page.push_str(&lines.concat());
}

#[test]
fn the_page_has_every_row() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/simulator-api.md");
    if std::env::var_os("HSMBOOT_REGENERATE").is_some() {
        std::fs::write(path, page()).unwrap();
        return;
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    let differs = found != page();
    assert!(!differs, "docs/simulator-api.md is not in step with the tests: HSMBOOT_REGENERATE=1 cargo test --test simulator the_page_has_every_row");
}

//! docs/simulator-api.md, as the tables have it.

use std::fmt::Write as _;
use std::path::Path;

use hsmboot::simulator::Reference;

use super::World;
use super::table::{Row, Source, Table};

const HEAD: &str = "\
# Every constraint that the simulator holds

Each parameter of each action, what it may be, how a request beyond that is refused, and the test \
that sends requests just within and just beyond it
over HTTP (`cargo test --test simulator constraints`). The rows are the test's own: this page is \
generated from them.

The two columns say in which edition of the service a constraint holds: that of the API Reference \
of 2022-06-06 (`--reference 2022-06-06`), or today's, by
the service model of autumn 2026. \"Reference\" is that reference or model, API version \
2017-04-28; \"page\" what
[the simulator's page](simulator.md) says of it, with its source. `[]` stands for each item of a \
list. A request that is refused changes nothing. A member of
another JSON type than the API's is answered with SerializationException, whichever it is
(`constraints::a_member_of_another_type_cannot_be_read`).
";

pub fn page() -> String {
    let mut page = String::from(HEAD);
    let (old, new) = (
        super::tables(&World::empty(Reference::June2022)),
        super::tables(&World::empty(Reference::Today)),
    );
    for table in &new {
        section(
            &mut page,
            table,
            old.iter().find(|other| other.action == table.action),
        );
    }
    page
}

/// A row but for its editions.
fn cells(row: &Row) -> (String, String) {
    let source = match row.source {
        Source::Reference => "reference",
        Source::Page => "page",
    };
    let refused = if row.beyond.is_empty() { "" } else { row.kind };
    (
        format!("`{}` | {}", row.parameter_text(), row.rule.text()),
        format!("{source} | {refused}"),
    )
}

fn section(page: &mut String, today: &Table, of_2022: Option<&Table>) {
    let test = today.test;
    write!(page, "\n## {}\n\n", today.action).unwrap();
    page.push_str(
        "| parameter | constraint | 2022-06-06 | today | source | refused with | test \
                   |\n| --- | --- | --- | --- | --- | --- | --- |\n",
    );
    let rows = |table: &Table| table.rows.iter().map(cells).collect::<Vec<_>>();
    let (old, new) = (of_2022.map(rows).unwrap_or_default(), rows(today));
    // What holds no longer stands before what has taken its place.
    let mut all: Vec<(String, String)> = Vec::new();
    for cells in &new {
        let parameter = |cells: &(String, String)| cells.0.split(" | ").next().unwrap().to_owned();
        all.extend(
            old.iter()
                .filter(|gone| {
                    !new.contains(gone)
                        && !all.contains(gone)
                        && parameter(gone) == parameter(cells)
                })
                .cloned()
                .collect::<Vec<_>>(),
        );
        if !all.contains(cells) {
            all.push(cells.clone());
        }
    }
    all.extend(
        old.iter()
            .filter(|gone| !all.contains(gone))
            .cloned()
            .collect::<Vec<_>>(),
    );
    for cells in all {
        let mark = |rows: &[(String, String)]| if rows.contains(&cells) { "yes" } else { "" };
        writeln!(
            page,
            "| {} | {} | {} | {} | `constraints::{test}` |",
            cells.0,
            mark(&old),
            mark(&new),
            cells.1
        )
        .unwrap();
    }
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
    assert!(
        !differs,
        "docs/simulator-api.md is not in step with the tests: HSMBOOT_REGENERATE=1 cargo test \
         --test simulator the_page_has_every_row"
    );
}

//! docs/ca-keys.md has a row for each kind of place that a CA's key can be in, and says of it what
//! the program's own table says.

use hsmboot::ca::KEY_BACKENDS;

use super::read;

#[test]
fn the_page_of_ca_keys_has_a_row_for_every_kind_of_place() {
    let page = read("docs/ca-keys.md");
    let rows: Vec<Vec<&str>> = page
        .lines()
        .skip_while(|line| !line.starts_with("| `--ca-key` |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    assert_eq!(rows.len(), KEY_BACKENDS.len());
    for backend in KEY_BACKENDS {
        let named = match backend.scheme {
            "" => "a path".to_owned(),
            scheme => format!("`{scheme}...`"),
        };
        let row = rows
            .iter()
            .find(|row| row[0] == named)
            .unwrap_or_else(|| panic!("no row for {named}"));
        assert!(row[1].starts_with(backend.place), "{named}: {}", row[1]);
        assert_eq!(row[2], backend.signs_with, "{named}");
        assert_eq!(row[3], backend.unlocked_by, "{named}");
        match backend.feature {
            Some(feature) => assert!(
                row[4].starts_with(&format!("with the feature `{feature}`")),
                "{named}: {}",
                row[4]
            ),
            None => assert_eq!(row[4], "all", "{named}"),
        }
    }
}

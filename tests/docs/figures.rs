//! docs/performance.md: a script measures and writes each table between marks, or the page says
//! that somebody typed it, and when it was measured.

use std::collections::BTreeSet;
use std::fs;

use super::{read, root};

/// Each marked place of the page: its name, and its first line.
fn places(page: &str) -> Vec<(String, String)> {
    page.split("<!-- ")
        .skip(1)
        .filter(|rest| !rest.starts_with("end of "))
        .map(|rest| {
            let (name, text) = rest.split_once(" -->\n").unwrap();
            let end = format!("<!-- end of {name} -->");
            assert!(page.contains(&end), "{name} has no end");
            (name.to_owned(), text.lines().next().unwrap().to_owned())
        })
        .collect()
}

/// Whether this begins with a date, as 2026-11-30.
fn begins_with_a_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() > 10
        && bytes[..10]
            .iter()
            .zip(b"0000-00-00")
            .all(|(byte, form)| match form {
                b'-' => byte == form,
                _ => byte.is_ascii_digit(),
            })
}

#[test]
fn each_place_says_when_it_was_measured_and_who_wrote_it() {
    for (name, line) in places(&read("docs/performance.md")) {
        let rest = line.strip_prefix("Measured on ").unwrap_or_default();
        assert!(begins_with_a_date(rest), "{name}: {line}");
        let how = &rest[10..];
        assert!(
            how.starts_with(" on ") || how.starts_with(" and typed by hand: "),
            "{name}: {line}"
        );
    }
}

#[test]
fn each_place_has_a_script_that_writes_it() {
    let page = read("docs/performance.md");
    let names: BTreeSet<String> = places(&page).into_iter().map(|(name, _)| name).collect();
    assert!(names.len() >= 4, "{names:?}");
    let scripts: Vec<String> = fs::read_dir(root().join("benches"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "sh"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let writers = read("benches/record.py");
    for name in &names {
        assert!(writers.contains(&format!("\"{name}\": ")), "{name}");
        let call = format!("benches/record.py {name} ");
        assert!(
            scripts.iter().any(|script| script.contains(&call)),
            "{name}"
        );
    }
    // And none writes where there is no place.
    let calls = scripts
        .iter()
        .flat_map(|script| script.split("benches/record.py ").skip(1))
        .filter_map(|rest| rest.split(' ').next());
    for name in calls {
        assert!(
            names.contains(name),
            "docs/performance.md has no place for {name}"
        );
    }
}

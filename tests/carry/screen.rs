//! Codes on a terminal: what stands on the screen is read back from there.

use std::fs;

use image::{GrayImage, Luma};

use crate::support::{Bench, CLUSTER};

/// The text without its colours.
fn without_colours(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    out + rest
}

/// The part of a line that is of a code: its light margin ends it, and a caption may stand beside
/// it.
fn code(line: &str) -> Option<&str> {
    let end = line.rfind(['█', '▀', '▄']).map(|at| at + '█'.len_utf8())?;
    let code = &line[..end];
    (code.chars().count() > 40 && code.chars().all(|c| matches!(c, ' ' | '▀' | '▄' | '█')))
        .then_some(code)
}

/// Pictures of the codes that a screen shows: the lines of half blocks, as a terminal draws them in
/// white on black.
fn pictures(screen: &str) -> Vec<GrayImage> {
    let lines: Vec<Option<&str>> = screen.lines().map(code).collect();
    let groups = lines
        .split(Option::is_none)
        .filter(|group| !group.is_empty());
    let groups = groups.map(|group| group.iter().flatten().copied().collect::<Vec<&str>>());
    groups
        .map(|group| {
            let width = group[0].chars().count();
            let cells: Vec<Vec<char>> = group.iter().map(|line| line.chars().collect()).collect();
            GrayImage::from_fn(width as u32 * 6, group.len() as u32 * 12, |x, y| {
                let upper = y % 12 < 6;
                let light = match cells[(y / 12) as usize][(x / 6) as usize] {
                    '█' => true,
                    '▀' => upper,
                    '▄' => !upper,
                    _ => false,
                };
                Luma([if light { 255 } else { 0 }])
            })
        })
        .collect()
}

/// Reads what a screen shows into `new`, and compares.
fn comes_back(bench: &Bench, screen: &str) {
    drop(fs::remove_dir_all(bench.path("new")));
    let pictures = pictures(&without_colours(screen));
    assert!(pictures.len() > 1, "{screen}");
    let mut names = Vec::new();
    for (number, picture) in pictures.iter().enumerate() {
        names.push(format!("screen-{number}.png"));
        picture.save(bench.path(names.last().unwrap())).unwrap();
    }
    let mut words = vec!["qr", "read"];
    words.extend(names.iter().map(String::as_str));
    bench
        .run(&[&words[..], &["--bundle", "new"]].concat())
        .expect(0);
    for entry in fs::read_dir(bench.path("bundle"))
        .unwrap()
        .map(Result::unwrap)
    {
        assert_eq!(
            fs::read(entry.path()).unwrap(),
            bench.read(&format!("new/{}", entry.file_name().to_str().unwrap()))
        );
    }
}

#[test]
fn in_a_pipe_all_codes_come_in_a_row() {
    let bench = Bench::new();
    let run = bench.run(&["qr", "show", "bundle"]).expect(0);
    assert!(
        !run.stdout.contains('\u{1b}')
            && run.stdout.contains("\npart 1 of")
            && run.stdout.contains("fingerprint of the request"),
        "{}",
        run.stdout
    );
    comes_back(&bench, &run.stdout);
}

/// Runs the program on a terminal of a size, where somebody types this. Its screen and its exit
/// code.
fn on_a_terminal(bench: &Bench, rows: u16, columns: u16, typed: &str) -> (String, i32) {
    let begin =
        format!("unset NO_COLOR; export TERM=xterm-256color; stty rows {rows} cols {columns}");
    bench.on_a_terminal(
        &format!(
            "{begin} && '{}' qr show bundle",
            env!("CARGO_BIN_EXE_hsmboot")
        ),
        typed,
    )
}

#[test]
fn on_a_terminal_codes_come_one_by_one_in_fixed_colours() {
    let bench = Bench::new();
    let (screen, code) = on_a_terminal(&bench, 60, 130, "\n\n\n\n\n\n\n\n");
    assert_eq!(code, 0, "{screen}");
    assert!(
        screen.contains("Enter: part 2; a number: that part; q: end: "),
        "{screen}"
    );
    // White on black, whatever the theme.
    assert!(
        screen.contains("38;5;231") && screen.contains("48;5;16"),
        "{screen:?}"
    );
    comes_back(&bench, &screen);
}

#[test]
fn on_a_terminal_any_part_is_shown_again_and_q_ends() {
    let bench = Bench::new();
    let captions = |screen: &str| -> Vec<String> {
        screen
            .lines()
            .filter(|line| line.starts_with("part "))
            .map(|line| line.trim_end().to_owned())
            .collect()
    };
    let (screen, code) = on_a_terminal(&bench, 60, 130, "2\n1\n9\nwhat\nq\n");
    assert_eq!(code, 0, "{screen}");
    let total = captions(&screen)[0].rsplit(' ').next().unwrap().to_owned();
    assert_eq!(
        captions(&screen),
        ["part 1 of", "part 2 of", "part 1 of"].map(|caption| format!("{caption} {total}"))
    );
    assert!(
        screen.contains(&format!("has parts 1 to {total}")),
        "{screen}"
    );
    // Nobody there any more.
    let (screen, code) = on_a_terminal(&bench, 60, 130, "\u{4}");
    assert_eq!((code, captions(&screen).len()), (0, 1), "{screen}");
}

/// What stands on the screen when the question is asked: the window's last lines.
fn windows(screen: &str, rows: usize) -> Vec<Vec<String>> {
    // Nothing that was typed stands between the last question and what is said in the end.
    let text = without_colours(screen)
        .replace('\r', "")
        .replace(": fingerprint of", ": \nfingerprint of");
    let lines: Vec<&str> = text.lines().collect();
    let asked = (0..lines.len())
        .filter(|at| lines[*at].contains("Enter: part ") || lines[*at].contains("Enter: end"));
    asked
        .map(|at| {
            lines[(at + 1).saturating_sub(rows)..=at]
                .iter()
                .map(|line| (*line).to_owned())
                .collect()
        })
        .collect()
}

#[test]
fn codes_fit_the_terminal_each_with_its_caption() {
    let bench = Bench::new();
    let shown = bench
        .run(&["qr", "show", "bundle", "--output", "json"])
        .expect(0)
        .json();
    let fingerprint: Vec<&str> = shown["fingerprint"].as_str().unwrap().split(' ').collect();
    for (rows, columns) in [
        (24u16, 80u16),
        (25, 80),
        (24, 66),
        (28, 60),
        (40, 80),
        (60, 80),
        (40, 200),
    ] {
        let (screen, code) = on_a_terminal(&bench, rows, columns, &"\n".repeat(110));
        assert_eq!(code, 0, "{screen}");
        let windows = windows(&screen, rows.into());
        for (at, window) in windows.iter().enumerate() {
            // Above it the end of the one before may still be seen.
            let picture = pictures(&window.join("\n")).pop().unwrap();
            assert_eq!(
                picture.width() / 6 + 1,
                picture.height() / 6,
                "{rows} by {columns}: whole, and half a line below\n{}",
                window.join("\n")
            );
            let wide: Vec<&String> = window
                .iter()
                .filter(|line| line.chars().count() > columns.into())
                .collect();
            assert!(wide.is_empty(), "{rows} by {columns}: {wide:#?}");
            // The caption, which may be broken between words.
            let words: String = window
                .iter()
                .map(|line| {
                    line.rsplit(['█', '▀', '▄'])
                        .next()
                        .unwrap()
                        .trim()
                        .to_owned()
                        + " "
                })
                .collect();
            let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
            for said in [
                &format!("request of {CLUSTER}"),
                &format!("part {} of {}", at + 1, windows.len()),
                &fingerprint.join(" "),
            ] {
                assert!(
                    words.contains(said),
                    "{rows} by {columns}: no `{said}` in {words}"
                );
            }
        }
        if [(24, 80), (40, 80)].contains(&(rows, columns)) {
            comes_back(&bench, &screen);
        }
    }
}

#[test]
fn who_would_have_to_photograph_many_codes_is_asked_first() {
    let bench = Bench::new();
    let (screen, code) = on_a_terminal(&bench, 24, 80, "q\n");
    assert_eq!(
        (code, pictures(&without_colours(&screen)).len()),
        (0, 0),
        "{screen}"
    );
    assert!(
        screen.contains(
            "codes of the size that fits this window; a larger window takes fewer, at best "
        ),
        "{screen}"
    );
    let (screen, _) = on_a_terminal(&bench, 70, 130, "q\n");
    assert!(
        !screen.contains("takes fewer") && pictures(&without_colours(&screen)).len() == 1,
        "{screen}"
    );
}

#[test]
fn a_terminal_that_is_too_small_is_told_what_to_do() {
    let bench = Bench::new();
    for (rows, columns) in [(23, 80), (24, 65), (26, 60), (100, 44)] {
        let (screen, code) = on_a_terminal(&bench, rows, columns, "\n");
        assert_eq!(code, 2, "{screen}");
        for said in [
            "the terminal is too small for a code",
            "expected 66 columns and 24 lines, or 45 columns and 28 lines",
            &format!("found    {columns} columns and {rows} lines"),
            "make the window larger, or its font smaller",
            "-o FILE.png or -o FILE.svg",
        ] {
            assert!(screen.contains(said), "no `{said}` in {screen}");
        }
    }
    // Small codes are not for everything: of this one there would be more than anybody photographs.
    let noise: String = (0..400u32)
        .map(|at| hsmboot::x509::to_hex(&hsmboot::x509::sha256(&at.to_be_bytes())))
        .collect();
    bench.write("bundle/verification.json", noise);
    let (screen, code) = on_a_terminal(&bench, 24, 80, "\n");
    assert_eq!(code, 2, "{screen}");
    assert!(
        screen.contains(
            "the terminal is too small for so large a bundle: it takes more than 99 codes"
        ),
        "{screen}"
    );
}

//! Codes on a terminal: what stands on the screen is read back from there.

use std::fs;

use image::{GrayImage, Luma};

use crate::support::Bench;

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

/// Pictures of the codes that a screen shows: the lines of half blocks, as a terminal draws them in white on black.
fn pictures(screen: &str) -> Vec<GrayImage> {
    let is_code = |line: &&str| line.chars().count() > 40 && line.chars().all(|c| matches!(c, ' ' | '▀' | '▄' | '█'));
    let lines: Vec<&str> = screen.lines().map(|line| line.trim_end_matches('\r')).collect();
    let groups = lines.split(|line| !is_code(line)).filter(|group| !group.is_empty());
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
    let pictures = pictures(&without_colours(screen));
    assert!(pictures.len() > 1, "{screen}");
    let mut names = Vec::new();
    for (number, picture) in pictures.iter().enumerate() {
        names.push(format!("screen-{number}.png"));
        picture.save(bench.path(names.last().unwrap())).unwrap();
    }
    let mut words = vec!["qr", "read"];
    words.extend(names.iter().map(String::as_str));
    bench.run(&[&words[..], &["--bundle", "new"]].concat()).expect(0);
    for entry in fs::read_dir(bench.path("bundle")).unwrap().map(Result::unwrap) {
        assert_eq!(fs::read(entry.path()).unwrap(), bench.read(&format!("new/{}", entry.file_name().to_str().unwrap())));
    }
}

#[test]
fn in_a_pipe_all_codes_come_in_a_row() {
    let bench = Bench::new();
    let run = bench.run(&["qr", "show", "bundle"]).expect(0);
    assert!(
        !run.stdout.contains('\u{1b}') && run.stdout.contains("request 1 of") && run.stdout.contains("fingerprint of the request"),
        "{}",
        run.stdout
    );
    comes_back(&bench, &run.stdout);
}

/// Runs the program on a terminal of a size, where somebody types this. Its screen and its exit code.
fn on_a_terminal(bench: &Bench, rows: u16, columns: u16, typed: &str) -> (String, i32) {
    let begin = format!("unset NO_COLOR; export TERM=xterm-256color; stty rows {rows} cols {columns}");
    bench.on_a_terminal(&format!("{begin} && '{}' qr show bundle", env!("CARGO_BIN_EXE_hsmboot")), typed)
}

#[test]
fn on_a_terminal_codes_come_one_by_one_in_fixed_colours() {
    let bench = Bench::new();
    let (screen, code) = on_a_terminal(&bench, 60, 130, "\n\n\n\n\n\n\n\n");
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("Enter: part 2; a number: that part; q: end: "), "{screen}");
    // White on black, whatever the theme.
    assert!(screen.contains("38;5;231") && screen.contains("48;5;16"), "{screen:?}");
    comes_back(&bench, &screen);
}

#[test]
fn on_a_terminal_any_part_is_shown_again_and_q_ends() {
    let bench = Bench::new();
    let captions = |screen: &str| -> Vec<String> {
        let lines = screen.lines().filter(|line| line.starts_with("request "));
        lines.map(|line| line.split("  ").next().unwrap().to_owned()).collect()
    };
    let (screen, code) = on_a_terminal(&bench, 60, 130, "2\n1\n9\nwhat\nq\n");
    assert_eq!(code, 0, "{screen}");
    let total = captions(&screen)[0].rsplit(' ').next().unwrap().to_owned();
    assert_eq!(captions(&screen), ["request 1 of", "request 2 of", "request 1 of"].map(|caption| format!("{caption} {total}")));
    assert!(screen.contains(&format!("has parts 1 to {total}")), "{screen}");
    // Nobody there any more.
    let (screen, code) = on_a_terminal(&bench, 60, 130, "\u{4}");
    assert_eq!((code, captions(&screen).len()), (0, 1), "{screen}");
}

#[test]
fn codes_fit_the_terminal_or_it_is_said_to_be_too_small() {
    let bench = Bench::new();
    for (rows, columns) in [(40, 80), (60, 80), (40, 200)] {
        let (screen, code) = on_a_terminal(&bench, rows, columns, &"\n".repeat(40));
        assert_eq!(code, 0, "{screen}");
        for picture in pictures(&without_colours(&screen)) {
            assert!(picture.width() / 6 <= u32::from(columns) && picture.height() / 12 + 3 <= u32::from(rows), "{rows} by {columns}");
        }
        let _before = fs::remove_dir_all(bench.path("new"));
        comes_back(&bench, &screen);
    }
    for (rows, columns) in [(24, 80), (60, 64), (35, 200)] {
        let (screen, code) = on_a_terminal(&bench, rows, columns, "\n");
        assert_eq!(code, 2, "{screen}");
        assert!(screen.contains("the terminal is too small for a code") && screen.contains("expected 65 columns and 36 lines"), "{screen}");
        assert!(screen.contains(&format!("found    {columns} columns and {rows} rows")) || screen.contains(&format!("{rows} lines")), "{screen}");
    }
}

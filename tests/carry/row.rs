//! Codes in a row, in a pipe: what a screen that shows them would be read as.

use image::{GrayImage, Luma};

use crate::screen::comes_back;
use crate::support::Bench;

/// The part of a line that is of a code in a row.
fn code(line: &str) -> Option<&str> {
    let end = line.rfind(['█', '▀', '▄']).map(|at| at + '█'.len_utf8())?;
    let code = &line[..end];
    (code.chars().count() > 40 && code.chars().all(|c| matches!(c, ' ' | '▀' | '▄' | '█')))
        .then_some(code)
}

/// Pictures of the codes in a row: the lines of half blocks, as a terminal draws them in white on
/// black.
fn pictures_in_a_row(screen: &str) -> Vec<GrayImage> {
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

#[test]
fn in_a_pipe_all_codes_come_in_a_row() {
    let bench = Bench::new();
    for words in [
        &["qr", "show", "bundle"][..],
        &["qr", "show", "bundle", "--once"],
    ] {
        let run = bench.run(words).expect(0);
        assert!(
            !run.stdout.contains('\u{1b}')
                && run.stdout.contains("\npart 1 of")
                && run.stdout.contains("fingerprint of the request"),
            "{}",
            run.stdout
        );
        comes_back(&bench, &pictures_in_a_row(&run.stdout));
    }
}

//! Codes on a terminal: what stands on the screen is read back from there.

use std::fs;
use std::io::{Read, Write};

use image::GrayImage;

use crate::emulator::{Emulator, Frame};
use crate::support::terminal::terminal;
use crate::support::{Bench, CLUSTER};

/// Shades of a theme: its ground and its letters.
const THEMES: [(u8, u8); 3] = [(0, 230), (255, 0), (90, 110)];

/// Reads pictures into `new`, and compares.
pub(crate) fn comes_back(bench: &Bench, pictures: &[GrayImage]) {
    drop(fs::remove_dir_all(bench.path("new")));
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

/// The shell command that shows the bundle on a terminal of a size.
fn show(rows: usize, columns: usize, more: &str) -> String {
    format!(
        "export TERM=xterm-256color; stty rows {rows} cols {columns} && '{}' qr show bundle {more}",
        env!("CARGO_BIN_EXE_hsmboot")
    )
}

/// Runs the program on a terminal of a size, where somebody types this. Its screen and its exit
/// code.
pub(crate) fn on_a_terminal(
    bench: &Bench,
    (rows, columns): (usize, usize),
    more: &str,
    typed: &str,
) -> (String, i32) {
    let command = format!("unset NO_COLOR; {}", show(rows, columns, more));
    bench.on_a_terminal(&command, typed)
}

/// The number of parts that a frame speaks of: `part 2 of 5`.
fn part_of(frame: &Frame) -> (usize, usize) {
    let words = frame.words();
    let mut words = words.split(' ').skip_while(|word| *word != "part");
    let number = |word: Option<&str>| word.unwrap().parse::<usize>().unwrap();
    words.next();
    let part = number(words.next());
    words.next();
    (part, number(words.next()))
}

/// The frames of one round in a window, each part once.
pub(crate) fn one_round(bench: &Bench, size: (usize, usize), more: &str) -> Vec<Frame> {
    let typed = "n".repeat(110) + "q";
    let (screen, code) = on_a_terminal(bench, size, more, &typed);
    assert_eq!(code, 0, "{screen}");
    let mut frames = Emulator::frames(size.0, size.1, &screen);
    let total = part_of(&frames[0]).1;
    // What was typed came at once: every key draws one.
    assert!(frames.len() > total, "round and round");
    frames.truncate(total);
    let parts: Vec<usize> = frames.iter().map(|frame| part_of(frame).0).collect();
    assert_eq!(parts, (1..=total).collect::<Vec<_>>());
    frames
}

#[test]
fn codes_fit_every_window_black_on_white_on_every_theme_and_come_back() {
    let bench = Bench::new();
    let shown = bench
        .run(&["qr", "show", "bundle", "--output", "json"])
        .expect(0)
        .json();
    let fingerprint = shown["fingerprint"].as_str().unwrap();
    let sizes = [
        (24, 80),
        (25, 80),
        (20, 66),
        (40, 60),
        (40, 80),
        (60, 80),
        (40, 200),
        (60, 130),
    ];
    for ((rows, columns), theme) in sizes.into_iter().zip(THEMES.into_iter().cycle()) {
        let frames = one_round(&bench, (rows, columns), "");
        for (at, frame) in frames.iter().enumerate() {
            let words = frame.words();
            for said in [
                &format!("request of {CLUSTER}"),
                &format!("part {} of {}", at + 1, frames.len()),
                &format!("fingerprint {fingerprint}"),
                &format!("a round takes {} s", (frames.len() as f64 * 0.8).ceil()),
                "━",
                "space: pause number, Enter: that part q: end",
            ] {
                assert!(
                    words.contains(said),
                    "{rows} by {columns}: no `{said}` in {words}"
                );
            }
        }
        let bar = |frame: &Frame| frame.text().matches('━').count();
        assert_eq!(bar(frames.last().unwrap()), 16, "a full bar ends a round");
        assert!(bar(&frames[0]) < 16);
        let picture = |frame: &Frame| frame.picture(theme, 0);
        comes_back(&bench, &frames.iter().map(picture).collect::<Vec<_>>());
    }
}

/// A terminal where the program runs, and what it has drawn so far.
struct Live {
    child: std::process::Child,
    screen: String,
}

impl Live {
    fn start(bench: &Bench, command: &str) -> Self {
        let child = terminal(&format!("stty -echo; {command}"))
            .current_dir(bench.path("."))
            .spawn()
            .unwrap();
        let screen = String::new();
        Live { child, screen }
    }

    fn type_keys(&mut self, keys: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(keys.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    /// Waits until something stands in what was drawn. What hangs is ended by the terminal.
    fn wait_for(&mut self, mut is_there: impl FnMut(&str) -> bool) {
        let mut bytes = std::mem::take(&mut self.screen).into_bytes();
        let stdout = self.child.stdout.as_mut().unwrap();
        loop {
            // A character may be cut in two.
            if std::str::from_utf8(&bytes).is_ok_and(&mut is_there) {
                break;
            }
            let mut chunk = [0; 4096];
            let length = stdout.read(&mut chunk).unwrap();
            assert!(length > 0, "{}", String::from_utf8_lossy(&bytes));
            bytes.extend(&chunk[..length]);
        }
        self.screen = String::from_utf8(bytes).unwrap();
    }

    fn end(mut self) -> (String, i32) {
        let mut rest = Vec::new();
        self.child
            .stdout
            .take()
            .unwrap()
            .read_to_end(&mut rest)
            .unwrap();
        let code = self.child.wait().unwrap().code().unwrap();
        (self.screen + &String::from_utf8_lossy(&rest), code)
    }
}

#[test]
fn codes_advance_by_themselves_round_and_round_until_ctrl_c_which_restores_the_terminal() {
    let bench = Bench::new();
    let command = format!(
        "trap : INT; stty -g > before; {}; code=$?; stty -g > after; exit $code",
        show(24, 80, "--pace 0.2")
    );
    let mut live = Live::start(&bench, &command);
    // Nobody presses a key, and the first code comes again.
    live.wait_for(|screen| screen.matches("part 1 of").count() > 1);
    live.type_keys("\u{3}");
    let (screen, code) = live.end();
    assert_eq!(code, 130, "{screen}");
    let (_, after) = screen
        .rsplit_once("\u{1b}[?1049l")
        .expect("the screen before");
    assert!(
        screen.contains("\u{1b}[?25h") && after.contains("interrupted"),
        "{screen}"
    );
    // As it was, but for the size that was set meanwhile.
    assert_eq!(bench.read("before"), bench.read("after"));
    let frames = Emulator::frames(24, 80, &screen);
    let parts: Vec<(usize, usize)> = frames.iter().map(part_of).collect();
    let total = parts[0].1;
    assert!(
        parts.iter().take(total).map(|part| part.0).eq(1..=total),
        "{parts:?}"
    );
}

#[test]
fn keys_hold_a_code_step_and_go_to_a_part_and_q_ends() {
    let bench = Bench::new();
    // A late answer of the terminal, and a key that is none of ours, do nothing.
    let typed = "3\nb n\u{1b}[?62;4c\u{1b}[3~99\nq";
    let (screen, code) = on_a_terminal(&bench, (24, 80), "--pace 60", typed);
    assert_eq!(code, 0, "{screen}");
    let frames = Emulator::frames(24, 80, &screen);
    let seen: Vec<(usize, bool)> = frames
        .iter()
        .map(|frame| (part_of(frame).0, frame.words().contains("paused")))
        .collect();
    assert_eq!(
        seen,
        [
            (1, false),
            (3, true),
            (2, true),
            (2, false),
            (3, false),
            (3, false)
        ]
    );
    let (_, after) = screen.rsplit_once("\u{1b}[?1049l").unwrap();
    assert!(after.contains("fingerprint of the request"), "{after}");
    // Nobody there any more.
    let (screen, code) = on_a_terminal(&bench, (24, 80), "--pace 60", "\u{4}");
    assert_eq!((code, Emulator::frames(24, 80, &screen).len()), (0, 1));
    // One part alone stands still.
    let (screen, _) = on_a_terminal(&bench, (24, 80), "--part 2 --pace 60", "nnq");
    let frames = Emulator::frames(24, 80, &screen);
    assert!(frames.iter().all(|frame| part_of(frame).0 == 2));
}

#[test]
fn a_window_that_changes_keeps_the_codes_as_long_as_they_fit() {
    let bench = Bench::new();
    let resize = |rows: usize, columns: usize| {
        format!(
            "(while [ ! -e go ]; do sleep 0.1; done; stty rows {rows} cols {columns} </dev/tty)"
        )
    };
    for ((rows, columns), is_same) in [((50, 120), true), ((22, 66), false)] {
        drop(fs::remove_file(bench.path("go")));
        let command = format!(
            "({}) & {}",
            resize(rows, columns),
            show(24, 80, "--pace 60")
        );
        let mut live = Live::start(&bench, &command);
        live.wait_for(|screen| screen.contains("\u{1b}[?2026l"));
        let before = part_of(&Emulator::frames(24, 80, &live.screen)[0]);
        bench.write("go", "");
        live.wait_for(|screen| screen.matches("\u{1b}[?2026l").count() > 1);
        live.type_keys("q");
        let (screen, code) = live.end();
        assert_eq!(code, 0, "{screen}");
        let after = part_of(&Emulator::frames(rows, columns, &screen)[1]);
        assert_eq!(before == after, is_same, "{before:?} {after:?}");
    }
}

#[test]
fn where_the_terminal_says_that_it_shows_images_the_codes_are_few() {
    let bench = Bench::new();
    let blocks = one_round(&bench, (24, 80), "").len();
    for (answer, begin, is_deleted) in [
        (
            "\u{1b}_Gi=31;OK\u{1b}\\\u{1b}[6;16;8t\u{1b}[?62;c",
            "_Ga=T,f=100",
            true,
        ),
        ("\u{1b}[6;16;8t\u{1b}[?62;4;22c", "P0;1q", false),
    ] {
        let typed = format!("{answer}nnq");
        let (screen, code) = on_a_terminal(&bench, (24, 80), "--pace 60", &typed);
        assert_eq!(code, 0, "{screen:?}");
        let frames = Emulator::frames(24, 80, &screen);
        assert!(part_of(&frames[0]).1 * 3 < blocks, "{}", frames[0].words());
        let images: Vec<&String> = frames.iter().flat_map(|frame| &frame.images).collect();
        assert!(
            images.iter().any(|image| image.starts_with(begin)),
            "{images:?}"
        );
        // None is left behind.
        let (shown, left) = screen.rsplit_once("\u{1b}[?1049l").unwrap();
        assert!(!left.contains('\u{1b}') || !left.contains(begin));
        assert_eq!(shown.contains("_Ga=d,d=A"), is_deleted);
        // Where characters are asked for, or the terminal says nothing, there are none.
        let (screen, _) = on_a_terminal(&bench, (24, 80), "--blocks --pace 60", &typed);
        // What was typed may show before.
        let (_, drawn) = screen.split_once("\u{1b}[?1049h").unwrap();
        assert!(!drawn.contains(begin) && !drawn.contains("_Gi=31"));
    }
    let (screen, _) = on_a_terminal(&bench, (24, 80), "--pace 60", "\u{1b}[?62;22cq");
    assert_eq!(part_of(&Emulator::frames(24, 80, &screen)[0]).1, blocks);
    // Not asked where it is no terminal.
    let run = bench.run(&["qr", "show", "bundle"]).expect(0);
    assert!(!run.stdout.contains('\u{1b}'));
}

#[test]
fn colours_of_codes_are_no_decoration() {
    let bench = Bench::new();
    let command = format!("export NO_COLOR=1; {}", show(24, 80, "--pace 60"));
    let (screen, code) = bench.on_a_terminal(&command, "q");
    assert_eq!(code, 0, "{screen}");
    assert!(
        screen.contains("38;5;16") && screen.contains("48;5;231"),
        "{screen:?}"
    );
    // A terminal that cannot move its cursor gets them in a row.
    let command = show(60, 130, "").replace("xterm-256color", "dumb");
    let (screen, code) = bench.on_a_terminal(&command, "");
    assert_eq!(code, 0, "{screen}");
    assert!(
        !screen.contains("[?1049h") && screen.contains("part 1 of"),
        "{screen}"
    );
}

#[test]
fn a_terminal_that_is_too_small_is_told_what_to_do() {
    let bench = Bench::new();
    for (rows, columns) in [(19, 80), (20, 65), (26, 60), (100, 44)] {
        let (screen, code) = on_a_terminal(&bench, (rows, columns), "", "\n");
        assert_eq!(code, 2, "{screen}");
        for said in [
            "the terminal is too small for a code",
            "expected 66 columns and 20 lines, or 45 columns and 29 lines",
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
    let (screen, code) = on_a_terminal(&bench, (24, 80), "", "\n");
    assert_eq!(code, 2, "{screen}");
    assert!(
        screen.contains(
            "the terminal is too small for so large a bundle: it takes more than 99 codes"
        ),
        "{screen}"
    );
}

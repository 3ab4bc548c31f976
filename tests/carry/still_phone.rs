//! How long a phone that is held still takes to read a request from a terminal. It is a camera that
//! is computed, not a phone: see docs/performance.md.
//!
//! `benches/still-phone.sh` prints the figures; the test holds them below a minute.

use std::fs;
use std::process::Command;
use std::time::Duration;

use hsmboot::qr::parts::{Piece, ScannedText};
use hsmboot::qr::photograph;

use crate::camera::genuine_shape;
use crate::emulator::Frame;
use crate::optics::Shot;
use crate::screen::one_round;

/// The time that a code stands: the program's own, without `--pace`.
const PACE: Duration = Duration::from_millis(800);

/// Of the codes that a camera can read, it misses this many in a round: it focuses, a hand moves, a
/// picture is taken while the code changes.
const MISSED: f64 = 0.3;

/// The runs that are averaged.
const RUNS: u32 = 1000;

/// A camera at arm's length: not straight, not quite sharp, with noise. The window fills two thirds
/// of a picture of 1080 lines, or of 720.
const WORST: &str = "at an angle, blurred";
const SHOTS: [(&str, Shot); 3] = [
    (
        "straight, sharp",
        Shot {
            scale: 1.2,
            noise: 10.0,
            tones: (25.0, 235.0),
            ..Shot::GOOD
        },
    ),
    (
        WORST,
        Shot {
            angle: 7.0,
            tilt: 0.12,
            bend: 0.03,
            scale: 1.2,
            blur: 1.5,
            noise: 25.0,
            tones: (30.0, 225.0),
            shade: 0.25,
            quality: 75,
        },
    ),
    (
        "from farther away, 720 lines",
        Shot {
            angle: -5.0,
            tilt: 0.08,
            bend: 0.03,
            scale: 0.9,
            blur: 0.9,
            noise: 25.0,
            tones: (35.0, 215.0),
            shade: 0.2,
            quality: 75,
        },
    ),
];

/// Tells whether a picture of a frame gives a part: to our reader, and to zbarimg where it is
/// there.
fn is_read(photo: &[u8], path: &std::path::Path) -> (bool, Option<bool>) {
    let mut own = false;
    photograph::read(photo, |text| {
        own |= matches!(Piece::read(text), ScannedText::Piece(_));
        own
    })
    .unwrap();
    fs::write(path, photo).unwrap();
    let other = Command::new("zbarimg")
        .args(["-q", "--raw"])
        .arg(path)
        .output()
        .ok();
    let other = other.map(|output| {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines()
            .any(|line| matches!(Piece::read(line), ScannedText::Piece(_)))
    });
    (own, other)
}

/// The seconds until every part was seen, where each is missed so often: the mean, and what nine in
/// ten runs take at most.
fn seconds_of(parts: usize, missed: f64) -> (f64, f64) {
    // xorshift: the same numbers every time.
    let mut state = 88_172_645_463_325_252u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let rounds = (0..parts).map(|part| {
                let mut rounds = 0;
                while random() < missed {
                    rounds += 1;
                }
                (rounds * parts + part + 1) as f64
            });
            rounds.fold(0.0, f64::max) * PACE.as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let mean = times.iter().sum::<f64>() / times.len() as f64;
    (mean, times[times.len() * 9 / 10])
}

#[test]
fn a_still_phone_reads_a_request_in_under_a_minute() {
    let bench = genuine_shape();
    println!(
        "| window | codes | round | picture | read by hsmboot | by zbarimg | mean | 9 in 10 |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    // The test takes the smallest window and the worst picture; the script all of them.
    let all = std::env::var_os("HSMBOOT_STILL_PHONE").is_some();
    let windows = [(24, 80), (30, 100), (50, 80), (50, 132)];
    let windows = if all { &windows[..] } else { &windows[..1] };
    for (rows, columns) in windows.iter().copied() {
        let frames: Vec<Frame> = one_round(&bench, (rows, columns), "--blocks");
        let (mean, most) = seconds_of(frames.len(), MISSED);
        let round = PACE.as_secs_f64() * frames.len() as f64;
        for (name, shot) in SHOTS.into_iter().filter(|(name, _)| all || *name == WORST) {
            // A light theme in a black frame, a dark one in a grey frame.
            let (mut own, mut other) = (0, 0);
            for (at, frame) in frames.iter().enumerate() {
                let (theme, bezel) = [((255, 0), 0), ((20, 220), 90)][at % 2];
                let path = bench.path("drawn.png");
                frame.picture(theme, bezel).save(&path).unwrap();
                let photo = shot.take(&fs::read(&path).unwrap());
                let (by_us, by_zbar) = is_read(&photo, &bench.path("photo.jpg"));
                own += usize::from(by_us);
                other += usize::from(by_zbar.unwrap_or(true));
            }
            println!(
                "| {columns} by {rows} | {} | {round:.0} s | {name} | {own} | {other} \
                 | {mean:.0} s | {most:.0} s |",
                frames.len()
            );
            assert_eq!(
                (own, other),
                (frames.len(), frames.len()),
                "{columns} by {rows}: {name}"
            );
        }
        assert!(most < 60.0, "{columns} by {rows}: {most} s");
    }
}

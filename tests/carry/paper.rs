//! Codes on paper and in pictures: what each is can be read beside it, and a page is a page.

use std::collections::BTreeSet;

use font8x8::legacy::BASIC_LEGACY;
use image::GrayImage;

use crate::support::{Bench, CLUSTER};

/// The words below a code whose corner is there: letters of eight by eight dots of three pixels, in
/// lines of ten.
fn words(picture: &GrayImage, left: u32, top: u32) -> String {
    let dark = |x: u32, y: u32| {
        x < picture.width() && y < picture.height() && picture.get_pixel(x, y).0[0] == 0
    };
    let letter = |x: u32, y: u32| {
        let row = |row: u32| {
            (0..8).fold(0u8, |bits, column| {
                bits | u8::from(dark(x + column * 3 + 1, y + row * 3 + 1)) << column
            })
        };
        let rows: [u8; 8] = std::array::from_fn(|at| row(at as u32));
        (32u8..127)
            .find(|letter| BASIC_LEGACY[usize::from(*letter)] == rows)
            .map_or('?', char::from)
    };
    let line = |number: u32| {
        (0..38)
            .map(|at| letter(left + 32 + at * 24, top + number * 30))
            .collect::<String>()
    };
    (0..5)
        .map(line)
        .collect::<Vec<_>>()
        .join(" ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

fn fingerprint(bench: &Bench) -> String {
    bench
        .run(&["qr", "show", "bundle", "--output", "json"])
        .expect(0)
        .json()["fingerprint"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn every_code_in_a_picture_says_what_it_is() {
    let bench = Bench::new();
    // Enough for several codes.
    let noise = (0..40u32).map(|at| hsmboot::x509::sha256(&at.to_be_bytes()));
    let noise: String = noise.map(|digest| hsmboot::x509::to_hex(&digest)).collect();
    bench.write("bundle/verification.json", noise);
    let fingerprint = fingerprint(&bench);
    let shown = bench
        .run(&["qr", "show", "bundle", "--png", "codes", "--output", "json"])
        .expect(0)
        .json();
    let written: Vec<&str> = shown["written"]
        .as_array()
        .unwrap()
        .iter()
        .map(|path| path.as_str().unwrap())
        .collect();
    let expected = |at: usize| {
        format!(
            "request of {CLUSTER} part {} of {} fingerprint {fingerprint}",
            at + 1,
            written.len()
        )
    };
    let mut side = 0;
    for (at, path) in written.iter().enumerate() {
        let picture = image::load_from_memory(&bench.read(path))
            .unwrap()
            .into_luma8();
        side = picture.width();
        // The code's light margin is kept: four modules of eight pixels.
        for y in side - 32..side {
            assert!(
                (0..side).all(|x| picture.get_pixel(x, y).0[0] == 255),
                "{path}: line {y} of {side}"
            );
        }
        assert!(
            (0..side).any(|x| picture.get_pixel(x, side - 33).0[0] == 0),
            "{path}"
        );
        assert_eq!(words(&picture, 0, side), expected(at));
    }
    // On a sheet each has its own.
    bench
        .run(&["qr", "show", "bundle", "-o", "sheet.png"])
        .expect(0);
    let sheet = image::load_from_memory(&bench.read("sheet.png"))
        .unwrap()
        .into_luma8();
    assert!(written.len() > 1);
    for at in 0..2 {
        assert_eq!(words(&sheet, at * (side + 48), side), expected(at as usize));
    }
}

/// A number of an SVG's attribute.
fn number(tag: &str, name: &str) -> f64 {
    let value = tag
        .split(&format!("{name}=\""))
        .nth(1)
        .unwrap_or_else(|| panic!("no {name} in {tag}"))
        .split('"')
        .next()
        .unwrap();
    value.trim_end_matches("mm").parse().unwrap()
}

/// The codes on a page, by where they stand and how long a side and a module is, in millimetres;
/// and the words.
fn page(bench: &Bench, name: &str) -> (Vec<[f64; 4]>, String) {
    let text = String::from_utf8(bench.read(name)).unwrap();
    let svg = text.split('>').next().unwrap();
    assert_eq!(
        (number(svg, "width"), number(svg, "height")),
        (210.0, 297.0),
        "A4: {svg}"
    );
    assert!(svg.contains("viewBox=\"0 0 21000 29700\""), "{svg}");
    let codes = text.split("<path ").skip(1).map(|path| {
        let numbers: Vec<f64> = path
            .split("translate(")
            .nth(1)
            .unwrap()
            .split([' ', '(', ')'])
            .filter_map(|word| word.parse().ok())
            .collect();
        let (left, top, module) = (numbers[0] / 100.0, numbers[1] / 100.0, numbers[2] / 100.0);
        // The last dark module, and the light margin.
        let runs = path.split("d=\"").nth(1).unwrap().split('M').skip(1);
        let bottom = runs
            .map(|run| {
                run.split([' ', 'h'])
                    .nth(1)
                    .unwrap()
                    .parse::<f64>()
                    .unwrap()
            })
            .fold(0.0, f64::max)
            + 5.0;
        [left, top, bottom * module, module]
    });
    let words = text
        .split("<text ")
        .skip(1)
        .map(|text| text.split(['>', '<']).nth(1).unwrap())
        .collect::<Vec<_>>()
        .join(" ");
    for tag in text.split("<text ").skip(1) {
        assert!(
            number(tag, "x") >= 1000.0 && number(tag, "y") <= 28_700.0,
            "within the margin: {tag}"
        );
    }
    (codes.collect(), words)
}

#[test]
fn paper_is_a4_with_margins_and_modules_that_can_be_seen() {
    let bench = Bench::new();
    let fingerprint = fingerprint(&bench);
    for parts in 1..=6 {
        // Any number of parts: the same ones several times.
        let options: Vec<String> = (0..parts)
            .flat_map(|_| ["--part".to_owned(), "1".to_owned()])
            .collect();
        let words: Vec<&str> = ["qr", "show", "bundle", "-o", "sheet.svg", "--force"]
            .into_iter()
            .chain(options.iter().map(String::as_str))
            .collect();
        bench.run(&words).expect(0);
        let (codes, said) = page(&bench, "sheet.svg");
        assert_eq!(codes.len(), parts);
        assert_eq!(
            said.matches(&format!("request of {CLUSTER} part 1 of "))
                .count(),
            parts,
            "{said}"
        );
        assert_eq!(
            said.matches(&format!("fingerprint {fingerprint}")).count(),
            parts,
            "{said}"
        );
        for [left, top, side, module] in &codes {
            assert!(
                *left >= 10.0 && left + side <= 200.0 && *top >= 10.0 && top + side + 10.0 <= 287.0,
                "{parts}: {codes:?}"
            );
            assert!(*module >= 0.6, "{parts}: a module of {module} mm");
        }
        let places: BTreeSet<String> = codes.iter().map(|code| format!("{code:?}")).collect();
        assert_eq!(places.len(), parts, "none on another: {codes:?}");
        for (at, [left, top, side, _]) in codes.iter().enumerate() {
            for [x, y, ..] in &codes[at + 1..] {
                assert!(
                    (left - x).abs() >= *side || (top - y).abs() >= side + 10.0,
                    "{parts}: room for the caption: {codes:?}"
                );
            }
        }
    }
}

#[test]
fn what_does_not_fit_on_one_page_takes_several() {
    let bench = Bench::new();
    let words: Vec<&str> = [
        "qr",
        "show",
        "bundle",
        "-o",
        "sheet.svg",
        "--output",
        "json",
    ]
    .into_iter()
    .chain(["--part", "1"].repeat(13))
    .collect();
    let shown = bench.run(&words).expect(0).json();
    assert_eq!(
        shown["written"],
        serde_json::json!(["./sheet-1of3.svg", "./sheet-2of3.svg", "./sheet-3of3.svg"])
    );
    let counts: Vec<usize> = (1..=3)
        .map(|number| page(&bench, &format!("sheet-{number}of3.svg")).0.len())
        .collect();
    assert_eq!(counts, [5, 5, 3]);
}

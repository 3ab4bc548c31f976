//! Pictures and codes that somebody made to do harm: they cost seconds and little memory, and
//! nothing of them gets into a bundle or its record.

use std::fs;
use std::io::Cursor;

use assert_cmd::Command;
use hsmboot::bundle::archive::{self, Members};
use hsmboot::qr::{QrKind, parts};
use image::{DynamicImage, GrayAlphaImage, GrayImage, ImageFormat, Luma, LumaA, RgbImage};

use crate::support::{Bench, CLUSTER, Run, TRUST, run, sign};

/// What a picture costs, in a debug build: some seconds and up to three bytes a pixel, besides the
/// program's own data.
const SECONDS: u32 = 120;
const PROGRAM: usize = 16 << 20;

/// The program where it may take so much memory besides its own, and so many seconds of a
/// processor, and is killed if it takes more.
fn limited(bench: &Bench, bytes: usize, args: &[&str]) -> Run {
    let mut command = Command::new("bash");
    // Data, not address space (`-v`): the allocator reserves 128 MiB of that for a moment when a
    // second thread first allocates.
    let limits = format!(
        "ulimit -t {SECONDS} && ulimit -d {} && exec \"$0\" \"$@\"",
        (PROGRAM + bytes) >> 10
    );
    command
        .args(["-c", &limits, env!("CARGO_BIN_EXE_hsmboot")])
        .args(args)
        .current_dir(bench.path(""));
    run(command)
}

fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.into().write_to(&mut out, format).unwrap();
    out.into_inner()
}

fn error(run: &Run) -> String {
    run.json()["error"]["kind"].as_str().unwrap().to_owned()
}

#[test]
fn a_picture_of_nothing_but_corners_ends_with_no_code_found() {
    const CORNER: [u8; 7] = [
        0b1111111, 0b1000001, 0b1011101, 0b1011101, 0b1011101, 0b1000001, 0b1111111,
    ];
    let bench = Bench::empty();
    // Modules of so many pixels, and so many modules between corners: small ones by the hundred
    // thousand, and such as lie as in codes.
    for (module, gap, side) in [(1, 1, 2800), (2, 1, 1400), (5, 7, 1400), (8, 2, 1400)] {
        let corners = GrayImage::from_fn(side, side, |x, y| {
            let [column, row] = [x, y].map(|at| at % (module * (7 + gap)) / module);
            let dark = column < 7
                && CORNER
                    .get(row as usize)
                    .is_some_and(|bits| bits << column & 0b1000000 != 0);
            Luma([if dark { 0 } else { 255 }])
        });
        bench.write("corners.png", encoded(corners, ImageFormat::Png));
        let run = limited(
            &bench,
            3 * (side * side) as usize,
            &["qr", "read", "corners.png", "--output", "json"],
        )
        .expect(4);
        assert_eq!(error(&run), "no-codes", "{module} {gap}");
    }
}

#[test]
fn a_small_file_does_not_unpack_to_gigabytes() {
    let bench = Bench::empty();
    for side in [16_384, 8063] {
        // All of the header that counts; nothing more of it is looked at.
        let mut bomb = encoded(GrayImage::new(1, 1), ImageFormat::Png);
        bomb.splice(
            16..24,
            [u32::to_be_bytes(side), u32::to_be_bytes(side)].concat(),
        );
        bomb.splice(29..33, crc32(&bomb[12..29]).to_be_bytes());
        bench.write("bomb.png", bomb);
        let words = [
            "bomb.png has too many pixels",
            "at most 65 megapixels (16 if it is a progressive JPEG), 16384 a side",
        ];
        bench.refused(&["qr", "read", "bomb.png"], 4, "file-too-large", &words);
    }
    // As many pixels as there may be, in a hundredth of the bytes; and as many as a telephone's.
    bench.write(
        "large.png",
        encoded(
            GrayAlphaImage::from_pixel(8062, 8062, LumaA([9, 99])),
            ImageFormat::Png,
        ),
    );
    bench.write(
        "usual.jpg",
        encoded(RgbImage::new(4032, 3024), ImageFormat::Jpeg),
    );
    for (picture, pixels) in [("large.png", 8062 * 8062), ("usual.jpg", 4032 * 3024)] {
        let run = limited(
            &bench,
            3 * pixels,
            &["qr", "read", picture, "--output", "json"],
        )
        .expect(4);
        assert_eq!(error(&run), "no-codes", "{picture}");
    }
}

/// PNG's (ISO/IEC 15948, annex D).
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| {
        if crc & 1 == 1 {
            0xedb8_8320 ^ (crc >> 1)
        } else {
            crc >> 1
        }
    };
    !bytes.iter().fold(u32::MAX, |crc, octet| {
        (0..8).fold(crc ^ u32::from(*octet), |crc, _| step(crc))
    })
}

#[test]
fn codes_of_many_sets_and_texts_without_end_are_refused() {
    let bench = Bench::empty();
    let set = |number: usize| {
        parts::split_archive(QrKind::Request, format!("{number}").as_bytes(), 1000)
            .unwrap()
            .remove(0)
    };
    bench.write("many.txt", (0..500).map(set).collect::<Vec<_>>().join("\n"));
    let said = bench.refused(
        &["qr", "read", "many.txt"],
        4,
        "codes-mixed",
        &["the codes belong to more than 10 different sets"],
    );
    assert!(said.lines().count() < 20, "{said}");
    bench.write("long.txt", "HSMBOOT1:\n".repeat(500_000));
    bench.refused(
        &["qr", "read", "long.txt"],
        4,
        "file-too-large",
        &["long.txt is too large, expected a text of codes of at most 4 MiB"],
    );
    let mut endless = bench.command(&["qr", "read", "-", "--output", "json"]);
    endless.write_stdin(vec![0; (64 << 20) + 1]);
    let refused = run(endless).expect(4);
    assert_eq!(error(&refused), "file-too-large");
}

/// The codes of a bundle, as a scanner's text.
fn scanned(bench: &Bench) -> String {
    let shown = bench
        .run(&["qr", "show", "bundle", "--output", "json"])
        .expect(0)
        .json();
    shown["codes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|code| format!("{}\n", code["text"].as_str().unwrap()))
        .collect()
}

#[test]
fn what_codes_are_read_from_is_never_taken_for_a_file_of_the_bundle() {
    let bench = Bench::new();
    bench
        .run(
            &[
                &["verify", "bundle", "--record"][..],
                &crate::support::TRUST,
            ]
            .concat(),
        )
        .expect(0);
    let text = scanned(&bench);
    let names = [
        "verification.json".to_owned(),
        "transcript.jsonl".to_owned(),
        format!("{CLUSTER}_ClusterCsr.csr"),
    ];
    for (at, name) in names.iter().enumerate() {
        let place = format!("new-{at}");
        bench.write(name, &text);
        bench
            .run(&["qr", "read", name, "--bundle", &place])
            .expect(0);
        fs::remove_file(bench.path(name)).unwrap();
        assert_eq!(inputs(&bench, &place), [format!("./{name}")]);
    }
    let mut piped = bench.command(&["qr", "read", "-", "--bundle", "piped"]);
    piped.write_stdin(text);
    run(piped).expect(0);
    assert_eq!(inputs(&bench, "piped"), ["/dev/stdin"]);
}

/// What the last step has read, in a transcript that accounts for its bundle.
fn inputs(bench: &Bench, bundle: &str) -> Vec<String> {
    bench.run(&["transcript", "verify", bundle]).expect(0);
    let shown = bench
        .run(&["transcript", "show", bundle, "--output", "json"])
        .expect(0)
        .json();
    let last = shown["steps"].as_array().unwrap().last().unwrap();
    last["inputs"]
        .as_object()
        .unwrap()
        .keys()
        .filter(|name| name.contains('/'))
        .cloned()
        .collect()
}

/// An archive as another program makes it, which looks into nothing.
fn packed(bench: &Bench, members: &Members) -> Vec<u8> {
    fs::create_dir_all(bench.path("members")).unwrap();
    for (name, content) in members {
        bench.write(&format!("members/{name}"), content);
    }
    let tar = std::process::Command::new("bash")
        .args(["-c", "tar --format=ustar -c *"])
        .current_dir(bench.path("members"))
        .output()
        .unwrap();
    assert!(tar.status.success(), "{tar:?}");
    tar.stdout
}

#[test]
fn nothing_but_text_travels_by_camera_there_or_back() {
    let der = [0x30, 0x82, 0x04, 0xbd, 0x02, 0x01];
    let utf_16: Vec<u8> = "-----BEGIN PRIVATE KEY-----"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for content in [&der[..], &utf_16, b"\x1b[2J", b"{\"a\": \"\0\"}"] {
        let bench = Bench::new();
        let csr = bench.read(&format!("bundle/{CLUSTER}_ClusterCsr.csr"));
        bench.write("bundle/verification.json", content);
        for target in [&["-o", "sheet.svg"][..], &["--png", "codes"], &[]] {
            let words = [
                "bundle does not travel: `verification.json` is not text, and every file of a \
                 bundle is",
            ];
            bench.refused(
                &[&["qr", "show", "bundle"][..], target].concat(),
                4,
                "bad-archive",
                &words,
            );
        }
        assert!(!bench.path("sheet.svg").exists() && !bench.path("codes").exists());
        // Drawn by somebody who does not ask.
        let text = Members::from([
            (format!("{CLUSTER}_ClusterCsr.csr"), csr),
            ("verification.json".to_owned(), b"{}".to_vec()),
        ]);
        assert_eq!(
            archive::read(&packed(&bench, &text)).unwrap(),
            text,
            "what is text comes through"
        );
        let mut forged = text;
        forged.insert("verification.json".to_owned(), content.to_vec());
        bench.write(
            "codes.txt",
            parts::split_archive(QrKind::Request, &packed(&bench, &forged), 1000)
                .unwrap()
                .join("\n"),
        );
        bench.refused(
            &["qr", "read", "codes.txt", "--bundle", "new"],
            4,
            "codes-damaged",
            &["`verification.json` is not text"],
        );
        assert!(!bench.path("new").exists());
    }
}

/// Codes carry `customerCA.crt` alone: a response without it would be refused on the other side.
#[test]
fn a_response_without_the_trust_anchor_that_travels_is_completed_first() {
    let bench = Bench::new();
    bench.run(&sign(&[])).expect(0);
    let bundle = |name: &str| bench.path("bundle").join(name);
    fs::rename(bundle("customerCA.crt"), bundle("chainCA.crt")).unwrap();
    let show = ["qr", "show", "bundle", "--response", "--png", "codes"];
    // What this program has written needs its name again, and nothing else.
    let hint = bench.hint(&show);
    assert!(hint.contains("give chainCA.crt that name again"), "{hint}");
    for name in ["response.json", "transcript.jsonl"] {
        fs::remove_file(bundle(name)).unwrap();
    }
    let refused = bench
        .run(&[&show[..], &["--output", "json"]].concat())
        .expect(4);
    let error = &refused.json()["error"];
    assert_eq!(error["kind"], "not-signed");
    let mut words: Vec<String> = serde_json::from_value(error["next"][0]["argv"].clone()).unwrap();
    words.remove(0);
    let words = words.iter().map(|word| match word.as_str() {
        "FILE" => "customerCA.crt",
        word => word,
    });
    bench.run(&words.chain(TRUST).collect::<Vec<_>>()).expect(0);
    bench.run(&show).expect(0);
}

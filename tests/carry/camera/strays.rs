//! Parts that are missing, foreign, damaged or another bundle's.

use super::*;

#[test]
fn a_missing_part_is_named_and_drawn_alone() {
    let bench = genuine_shape();
    let codes = show(&bench, &[]);
    let some = [codes[0].clone()];
    let said = bench.refused(
        &read(&some, &["--bundle", "new"]),
        4,
        "codes-missing",
        &["parts 2 and 3 of 3 of the request are missing"],
    );
    assert!(!said.contains("part 1"));
    let refused = bench
        .run(&read(&some, &["--bundle", "new", "--output", "json"]))
        .json();
    let hint = refused["error"]["hint"].as_str().unwrap();
    assert!(
        hint.starts_with("photograph them again")
            && hint.ends_with(
                "`hsmboot qr show DIR --part 2 --part 3` draws them alone, at the size at which \
                 they were drawn"
            ),
        "{hint}"
    );
    let hint = bench.hint(&read(&codes[1..], &["--bundle", "new"]));
    assert!(
        hint.starts_with("photograph it again")
            && hint.contains("`hsmboot qr show DIR --part 1` draws it alone"),
        "{hint}"
    );
    let kept = bench.read(&codes[1]);
    fs::remove_dir_all(bench.path("codes")).unwrap();
    let again = show(&bench, &["--part", "2", "--part", "3"]);
    assert_eq!(again, ["codes/request-2of3.png", "codes/request-3of3.png"]);
    assert_eq!(bench.read(&again[0]), kept, "the same code again");
    fs::remove_dir_all(bench.path("codes")).unwrap();
    let once = show(&bench, &["--part", "3", "--part", "2", "--part", "3"]);
    assert_eq!(
        once,
        ["codes/request-3of3.png", "codes/request-2of3.png"],
        "each once, in the order asked for"
    );
    bench.refused(
        &["qr", "show", "bundle", "--part", "6"],
        2,
        "usage",
        &["there is no part 6: drawn at this size, there are parts 1 to 3"],
    );
    bench.refused(
        &["qr", "show", "bundle", "--part", "0"],
        2,
        "usage",
        &["there is no part 0"],
    );
}

#[test]
fn foreign_codes_are_passed_over_and_damaged_ones_too() {
    let bench = genuine_shape();
    let mut codes = show(&bench, &[]);
    let draw = |text: &str| {
        hsmboot::qr::sheet::sheet_to_png(
            &hsmboot::qr::draw::draw_codes(&[text.to_owned()], 25).unwrap(),
            &[],
        )
        .unwrap()
    };
    bench.write("wifi.png", draw("HTTPS://EXAMPLE.COM/SECRET"));
    bench.write("old.png", draw("HSMBOOT1:REQUEST:1/5:ABCDEF."));
    bench.write("both.txt", "HSMBOOT1:\nsomething else\nand something\n");
    codes.extend([
        "wifi.png".to_owned(),
        "old.png".to_owned(),
        "both.txt".to_owned(),
    ]);
    codes.rotate_right(3);
    let run = bench.run(&read(&codes, &["--bundle", "new"])).expect(0);
    assert!(
        run.stderr
            .contains("wifi.png: 1 code passed over, which is not a bundle's"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr
            .contains("old.png: 1 code passed over, changed on the way or of a newer version"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains(
            "both.txt: 2 codes passed over, which are not a bundle's, 1 code passed over, changed"
        ),
        "{}",
        run.stderr
    );
    assert!(
        !run.stderr.contains("SECRET"),
        "what a foreign code says is nobody's business: {}",
        run.stderr
    );
    same(&bench, "bundle", "new");
    bench.refused(
        &["qr", "read", "wifi.png"],
        4,
        "no-codes",
        &["there is no code of a bundle"],
    );
}

#[test]
fn codes_of_two_bundles_are_not_mixed() {
    let (bench, other) = (genuine_shape(), Bench::new());
    let mut codes = show(&bench, &[]);
    for code in show(&other, &[]) {
        fs::copy(
            other.path(&code),
            bench.path(&code.replace("codes/", "other-")),
        )
        .unwrap();
        codes.push(code.replace("codes/", "other-"));
    }
    codes.remove(0);
    bench.refused(
        &read(&codes, &["--bundle", "new"]),
        4,
        "codes-mixed",
        &["2 different sets", "parts 2 and 3 of 3"],
    );
    assert!(!bench.path("new").exists());
}

#[test]
fn what_a_scanner_read_as_text_does_as_well() {
    let bench = genuine_shape();
    let shown = bench
        .run(&["qr", "show", "bundle", "--output", "json"])
        .expect(0)
        .json();
    let mut lines: Vec<&str> = shown["codes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|code| code["text"].as_str().unwrap())
        .collect();
    lines.reverse();
    bench.write("scanned.txt", format!("{}\r\n\r\n", lines.join("\r\n")));
    bench
        .run(&["qr", "read", "scanned.txt", "--bundle", "new"])
        .expect(0);
    same(&bench, "bundle", "new");
    let mut command = bench.command(&["qr", "read", "-", "--bundle", "piped"]);
    command.write_stdin(lines.join("\n"));
    crate::support::run(command).expect(0);
    same(&bench, "bundle", "piped");
    // One character of the second part is wrong.
    let total = lines.len();
    let second = lines[total - 2];
    let wrong = format!("HSMBOOT2:0{}", &second["HSMBOOT2:0".len()..]);
    assert_ne!(wrong, second);
    bench.write("scanned.txt", lines.join("\n").replacen(second, &wrong, 1));
    bench.refused(
        &["qr", "read", "scanned.txt"],
        4,
        "codes-missing",
        &[&format!("part 2 of {total} of the request is missing")],
    );
}

#[test]
fn what_is_no_picture_is_called_so() {
    let bench = genuine_shape();
    let code = bench.read(&show(&bench, &[])[0]);
    bench.write("notes.txt", "nothing");
    bench.write("photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0");
    bench.write("half.png", &code[..code.len() / 2]);
    for (file, kind, word) in [
        ("notes.txt", "not-an-image", "neither PNG nor JPEG"),
        ("photo.heic", "not-an-image", "HEIF, expected PNG or JPEG"),
        ("half.png", "not-an-image", "damaged image"),
        ("nowhere.png", "file-missing", "a photograph is missing"),
        ("codes", "is-a-directory", "expected a photograph"),
    ] {
        bench.refused(&["qr", "read", file], 4, kind, &[file, word]);
    }
    fs::File::create(bench.path("huge.png"))
        .unwrap()
        .set_len(100 << 20)
        .unwrap();
    assert_eq!(
        bench
            .run(&["qr", "read", "huge.png", "--output", "json"])
            .expect(4)
            .json()["error"]["kind"],
        "file-too-large"
    );
}

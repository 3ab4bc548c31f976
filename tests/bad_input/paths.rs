//! How a bundle is named: by other paths, by names that are no UTF-8, as an argument or an option.

use std::os::unix::ffi::OsStringExt;

use crate::support::{Bench, listing, run, sign, verify};

#[test]
fn the_same_directory_by_other_paths() {
    let bench = Bench::new();
    std::os::unix::fs::symlink(".", bench.path("link")).unwrap();
    let absolute: &'static str = bench.path("bundle").to_str().unwrap().to_owned().leak();
    for dir in [
        "bundle/",
        "./bundle",
        "bundle/../bundle//",
        "link/bundle",
        absolute,
    ] {
        let args: Vec<&str> = verify(&["--record"])
            .into_iter()
            .map(|word| if word == "bundle" { dir } else { word })
            .collect();
        bench.run(&args).expect(0);
    }
}

/// A path that is no UTF-8 is a path like any other, also in JSON, which cannot hold it as it is.
#[test]
fn a_directory_whose_name_is_not_utf_8() {
    let bench = Bench::new();
    let name = std::ffi::OsString::from_vec(b"b\xFCndle".to_vec());
    std::fs::rename(bench.path("bundle"), bench.path("").join(&name)).unwrap();
    for format in ["text", "json"] {
        let mut command = bench.command(&["sign"]);
        command
            .arg(&name)
            .args(&sign(&["--output", format, "--force"])[2..]);
        let run = run(command).expect(0);
        assert!(run.stdout.contains("b\u{fffd}ndle"), "{}", run.stdout);
    }
    assert!(listing(&bench.path("").join(name)).len() > 4);
    let mut init = bench.command(&[
        "ca",
        "init",
        "--subject",
        "CN=x",
        "--no-passphrase",
        "--key-type",
        "p256",
        "--output",
        "json",
        "--out",
    ]);
    init.arg(std::ffi::OsString::from_vec(b"c\xE4".to_vec()));
    run(init).expect(0).json();
    let mut man = bench.command(&["man", "--output", "json", "--out"]);
    man.arg(std::ffi::OsString::from_vec(b"m\xE4n".to_vec()));
    run(man).expect(0).json();
}

/// Every command about a bundle takes it as its argument and as `--bundle`.
#[test]
fn a_bundle_is_named_as_an_argument_or_as_an_option() {
    let bench = Bench::new();
    for (command, more) in [
        (&["verify"][..], &[][..]),
        (&["sign"], &["--ca", "customerCA.crt", "--ca-key", "none"]),
        (
            &["import"],
            &["--signed-cert", "none", "--trust-anchor", "customerCA.crt"],
        ),
        #[cfg(feature = "online")]
        (&["submit"], &["--ca", "customerCA.crt"]),
        (&["handover"], &["-o", "clients", "--ca", "customerCA.crt"]),
        (&["report"], &["-o", "-"]),
        (&["pack"], &["-o", "one.hsmboot"]),
        #[cfg(feature = "qr")]
        (&["qr", "show"], &["--png", "codes"]),
        (&["transcript", "show"], &[]),
        (&["transcript", "verify"], &[]),
    ] {
        let run = |named: &[&str]| {
            let run = bench.run(&[command, named, more, &["--output", "json"]].concat());
            let document = run.json();
            (
                run.code,
                document["error"]["kind"].clone(),
                document["bundle"].clone(),
            )
        };
        let by_argument = run(&["bundle"]);
        assert_eq!(by_argument, run(&["--bundle", "bundle"]), "{command:?}");
        // The same in both forms is one bundle, however often it is named; another is another.
        assert_eq!(
            by_argument,
            run(&["bundle", "--bundle", "bundle"]),
            "{command:?}"
        );
        for wrong in [&["bundle", "--bundle", "other"][..], &[]] {
            let (code, kind, _) = run(wrong);
            assert_eq!((code, kind), (2, "usage".into()), "{command:?}");
        }
    }
}

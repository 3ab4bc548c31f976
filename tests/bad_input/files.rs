//! Files that are missing, something else than a file, or far too large.

use std::fs::File;
use std::path::PathBuf;

use crate::support::{Bench, CLUSTER, sign, verify};

const MISSING: (i32, &str) = (4, "file-missing");

/// Every file that an offline command reads: where it lies, the command, and what it ends with
/// where the file is missing.
fn places(bench: &Bench) -> Vec<(PathBuf, Vec<&'static str>, (i32, &'static str))> {
    let check = [
        "check",
        "--csr",
        "a.csr",
        "--signed-cert",
        "signed.crt",
        "--trust-anchor",
        "anchor.crt",
    ];
    for name in ["a.csr", "signed.crt", "anchor.crt"] {
        bench.write(name, "");
    }
    bench.write("passphrase", "not needed");
    let request = format!(
        r#"{{"format":"hsmboot-request/1","cluster_id":"{CLUSTER}","region":"eu-west-1",
        "state":"UNINITIALIZED","hsms":[],"fetched_at":"2026-01-01T00:00:00Z","tool":"test",
        "files":{{}}}}"#
    );
    bench.write("bundle/request.json", request);
    let mut places = vec![
        (bench.path("customerCA.crt"), sign(&[]), MISSING),
        (
            bench.path("customerCA.crt"),
            vec!["ca", "show", "customerCA.crt"],
            MISSING,
        ),
        (
            bench.path("customerCA.key"),
            sign(&[]),
            (5, "ca-key-missing"),
        ),
        (bench.path("aws-root.crt"), verify(&[]), MISSING),
        (bench.path("manufacturer-root.crt"), sign(&[]), MISSING),
    ];
    for suffix in [
        "ClusterCsr.csr",
        "HsmCertificate.crt",
        "AwsHardwareCertificate.crt",
        "ManufacturerHardwareCertificate.crt",
    ] {
        places.push((bench.part(suffix), verify(&[]), MISSING));
        places.push((bench.part(suffix), sign(&[]), MISSING));
    }
    places.extend(
        ["a.csr", "signed.crt", "anchor.crt"]
            .map(|name| (bench.path(name), check.to_vec(), MISSING)),
    );
    places
}

#[test]
fn a_scheme_that_was_left_out_is_thought_of() {
    let bench = Bench::new();
    let arn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    for path in [arn, "pkcs11", "aws-kms:alias/ca"] {
        let words = [
            &[
                "sign",
                "bundle",
                "--ca",
                "customerCA.crt",
                "--ca-key",
                path,
                "--output",
                "json",
            ][..],
            &crate::support::TRUST,
        ]
        .concat();
        let error = bench.run(&words).expect(5).json()["error"].clone();
        assert_eq!(error["kind"], "ca-key-missing", "{error:#}");
        let hint = error["hint"].as_str().unwrap();
        // Of every kind that the table has, the last of which is the file itself.
        let (_, elsewhere) = hsmboot::ca::KEY_BACKENDS.split_last().unwrap();
        for backend in elsewhere {
            assert!(hint.contains(backend.beginning), "{hint}");
        }
    }
}

#[test]
fn a_missing_file() {
    let bench = Bench::new();
    for (file, args, (code, kind)) in places(&bench) {
        let aside = bench.path("aside");
        std::fs::rename(&file, &aside).unwrap();
        bench.refused(
            &args,
            code,
            kind,
            &[file.file_name().unwrap().to_str().unwrap()],
        );
        std::fs::rename(&aside, &file).unwrap();
    }
}

/// What is to be done about it depends on where a file comes from.
#[test]
fn only_what_was_fetched_is_fetched_again() {
    let bench = Bench::new();
    for (file, args, (_, kind)) in places(&bench) {
        let aside = bench.path("aside");
        std::fs::rename(&file, &aside).unwrap();
        let hint = bench.hint(&args);
        let fetched = file.starts_with(bench.path("bundle"));
        assert_eq!(
            hint.contains("hsmboot fetch"),
            fetched,
            "{}: {hint}",
            file.display()
        );
        assert!(
            fetched || kind != "file-missing" || hint == "check the path",
            "{}: {hint}",
            file.display()
        );
        std::fs::rename(&aside, &file).unwrap();
    }
    bench.run(&["pack", "bundle", "-o", "x.hsmboot"]).expect(0);
    for suffix in ["ClusterCsr.csr", "HsmCertificate.crt"] {
        std::fs::rename(bench.part(suffix), bench.path(suffix)).unwrap();
        bench
            .run(&["pack", "bundle", "-o", "x.hsmboot", "--force"])
            .expect(0);
        assert!(
            bench
                .hint(&[&["verify", "x.hsmboot"][..], &crate::support::TRUST].concat())
                .contains("hsmboot fetch"),
            "{suffix}"
        );
        std::fs::rename(bench.path(suffix), bench.part(suffix)).unwrap();
    }
}

#[test]
fn a_directory_in_a_files_place() {
    let bench = Bench::new();
    let mut places = places(&bench);
    places.push((bench.path("bundle/request.json"), verify(&[]), MISSING));
    for (file, args, (code, _)) in places {
        let aside = bench.path("aside");
        std::fs::rename(&file, &aside).unwrap();
        std::fs::create_dir(&file).unwrap();
        let kind = if code == 5 {
            "ca-key-unreadable"
        } else {
            "is-a-directory"
        };
        bench.refused(
            &args,
            code,
            kind,
            &[file.file_name().unwrap().to_str().unwrap(), "directory"],
        );
        std::fs::remove_dir(&file).unwrap();
        std::fs::rename(&aside, &file).unwrap();
    }
}

/// 50 MB are refused by their size. So is a terabyte, which nobody could read whole: it takes no
/// longer.
#[test]
fn a_file_far_too_large() {
    for size in [50_000_000, 1 << 40] {
        let bench = Bench::new();
        let mut places = places(&bench);
        places.push((bench.path("bundle/request.json"), verify(&[]), MISSING));
        for (file, args, _) in places {
            let good = std::fs::read(&file).unwrap();
            File::options()
                .write(true)
                .open(&file)
                .unwrap()
                .set_len(size)
                .unwrap();
            let key = file.ends_with("customerCA.key");
            let kind = if key {
                "ca-key-too-large"
            } else {
                "file-too-large"
            };
            let message = bench.refused(
                &args,
                4,
                kind,
                &[file.file_name().unwrap().to_str().unwrap(), "bytes"],
            );
            assert!(
                key || message.contains(&size.to_string()),
                "the size is what was refused, not what was read: {message}"
            );
            std::fs::write(&file, good).unwrap();
        }
    }
}

/// The size of what is no regular file is not known before it is read: reading ends at the bound.
#[test]
fn a_device_without_end() {
    let bench = Bench::new();
    for args in [
        vec!["ca", "show", "/dev/zero"],
        verify(&["--aws-root", "/dev/zero"]),
    ] {
        bench.refused(&args, 4, "file-too-large", &["/dev/zero is too large"]);
    }
    bench.refused(&["ca", "show", "/dev/null"], 4, "malformed", &["empty"]);
}

/// What lies in a bundle comes from outside: a pipe in there would wait for a writer for ever, a
/// link could lead to a terminal.
#[test]
fn a_pipe_or_a_device_in_a_bundle() {
    for name in [
        format!("{CLUSTER}_HsmCertificate.crt"),
        "request.json".to_owned(),
    ] {
        let bench = Bench::new();
        let path = bench.path("bundle").join(name);
        drop(std::fs::remove_file(&path));
        let made = std::process::Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap();
        assert!(made.success());
        bench.refused(&verify(&[]), 4, "not-a-file", &["expected a file"]);
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        bench.refused(&verify(&[]), 4, "not-a-file", &["expected a file"]);
    }
}

/// A pipe that the user names is read: `<(...)` of a shell is one.
#[test]
fn a_pipe_that_the_user_names_is_read() {
    let bench = Bench::new();
    let mut command = bench.command(&["ca", "show", "/dev/stdin"]);
    command.write_stdin(bench.read("customerCA.crt"));
    crate::support::run(command).expect(0);
}

#[test]
fn a_link_in_a_bundle_is_not_followed() {
    let bench = Bench::new();
    let hsm = bench.part("HsmCertificate.crt");
    std::fs::rename(&hsm, bench.path("elsewhere")).unwrap();
    // To a file, to nothing, in a circle.
    for target in [bench.path("elsewhere"), bench.path("nowhere"), hsm.clone()] {
        std::os::unix::fs::symlink(target, &hsm).unwrap();
        bench.refused(
            &verify(&[]),
            4,
            "not-a-file",
            &["HsmCertificate.crt is a symbolic link"],
        );
        std::fs::remove_file(&hsm).unwrap();
    }
    bench.refused(&verify(&[]), 4, "file-missing", &["HsmCertificate.crt"]);
    // What an operator names besides the bundle may be a link: a root, the CA.
    std::fs::rename(bench.path("elsewhere"), &hsm).unwrap();
    std::fs::rename(bench.path("aws-root.crt"), bench.path("real-root.crt")).unwrap();
    std::os::unix::fs::symlink("real-root.crt", bench.path("aws-root.crt")).unwrap();
    bench.run(&verify(&["--record"])).expect(0);
}

#[test]
fn no_link_carries_a_file_of_this_machine_away() {
    let bench = Bench::new();
    bench.write("credentials", "aws_secret_access_key = of-somebody");
    for name in ["verification.json", "creation.json", "receipt.json"] {
        let link = bench.path("bundle").join(name);
        std::os::unix::fs::symlink("../credentials", &link).unwrap();
        bench.refused(
            &["pack", "bundle", "-o", "x.hsmboot"],
            4,
            "not-a-file",
            &[name, "is a symbolic link"],
        );
        std::fs::remove_file(link).unwrap();
    }
}

#[test]
fn a_name_longer_than_any_file_has() {
    let bench = Bench::new();
    let long: &'static str = "x".repeat(300).leak();
    bench.refused(&["ca", "show", long], 4, "file-missing", &["xxx"]);
    bench.refused(&["verify", long], 4, "no-bundle", &["xxx"]);
    bench.refused(
        &["ca", "show", "customerCA.crt/x"],
        4,
        "file-missing",
        &["customerCA.crt/x"],
    );
}

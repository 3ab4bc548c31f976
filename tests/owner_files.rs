//! What people bring as a CA's certificate, in the shapes that tools, shells and other systems
//! write: read, or named, with the command that converts it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/shell.rs"]
mod shell;

use std::fs;
use std::path::Path;
use std::process::Command;

use shell::shell;

/// A CA, and the place where it lies.
fn ca() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    hsmboot(
        dir.path(),
        &[
            "ca",
            "init",
            "--out",
            "ca",
            "--subject",
            "CN=Owner's CA",
            "--key-type",
            "p256",
            "--no-passphrase",
        ],
    )
    .unwrap();
    fs::rename(
        dir.path().join("ca/customerCA.crt"),
        dir.path().join("ca.crt"),
    )
    .unwrap();
    dir
}

fn hsmboot(dir: &Path, args: &[&str]) -> Result<String, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_hsmboot"))
        .args(args)
        .current_dir(dir)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr]
        .map(|text| String::from_utf8_lossy(&text).into_owned())
        .concat();
    if output.status.success() {
        Ok(said)
    } else {
        Err(said)
    }
}

/// Each made by the first command; what is said of it is followed to the letter.
#[test]
fn what_is_converted_as_it_is_said_is_read() {
    let dir = ca();
    let dir = dir.path();
    let original = fs::read(dir.join("ca.crt")).unwrap();
    for (file, made, is) in [
        (
            "ca.p7b",
            "openssl crl2pkcs7 -nocrl -certfile ca.crt -out ca.p7b",
            "this is PKCS#7",
        ),
        (
            "der.p7b",
            "openssl crl2pkcs7 -nocrl -certfile ca.crt -outform DER -out der.p7b",
            "this is PKCS#7",
        ),
        (
            "trusted.crt",
            "openssl x509 -in ca.crt -trustout -out trusted.crt",
            "OpenSSL's trust settings",
        ),
    ] {
        shell(dir, made);
        let said = hsmboot(dir, &["ca", "show", file]).unwrap_err();
        assert!(said.contains(is), "{said}");
        let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let command = words
            .split('`')
            .find(|span| span.starts_with("openssl "))
            .unwrap()
            .to_owned();
        let new = format!("new-{file}");
        shell(dir, &command.replace("NEWFILE", &new).replace("FILE", file));
        assert!(
            hsmboot(dir, &["ca", "show", &new])
                .unwrap()
                .contains("Owner's CA"),
            "{file}"
        );
        assert_eq!(fs::read(dir.join("ca.crt")).unwrap(), original, "{command}");
    }
}

/// What holds no certificate that could be read is named, whichever option gave it.
#[test]
fn stores_and_keys_of_other_programs_are_named() {
    let dir = ca();
    let dir = dir.path();
    for (content, is) in [
        (
            &[0xFE, 0xED, 0xFE, 0xED, 0, 0, 0, 2][..],
            "this is a Java keystore",
        ),
        (
            &[0xCE, 0xCE, 0xCE, 0xCE, 0, 0, 0, 2],
            "this is a Java keystore",
        ),
        (
            &[0x1E, 0xF1, 0xB5, 0xB0, 0, 0, 0, 0],
            "this is a private key",
        ),
    ] {
        fs::write(dir.join("store"), content).unwrap();
        let check = [
            "check",
            "--csr",
            "ca.crt",
            "--signed-cert",
            "store",
            "--trust-anchor",
            "store",
        ];
        for args in [&["ca", "show", "store"][..], &check] {
            let said = hsmboot(dir, args).unwrap_err();
            assert!(said.contains(is), "{args:?}: {said}");
        }
    }
    shell(
        dir,
        "openssl pkcs12 -export -inkey ca/customerCA.key -in ca.crt -passout pass:x -out store",
    );
    let said = hsmboot(dir, &["ca", "show", "store"]).unwrap_err();
    assert!(said.contains("this is a private key"), "{said}");
}

/// One certificate in other shapes is the same certificate.
#[test]
fn other_shapes_of_a_certificate_are_read() {
    let dir = ca();
    let dir = dir.path();
    let text = fs::read_to_string(dir.join("ca.crt")).unwrap();
    let expected = hsmboot(dir, &["ca", "show", "ca.crt", "--output", "json"]).unwrap();
    shell(dir, "openssl x509 -in ca.crt -outform DER -out ca.der");
    let der = fs::read(dir.join("ca.der")).unwrap();
    for (what, content) in [
        ("one line", text.replace('\n', "").into_bytes()),
        ("one line with blanks", text.replace('\n', " ").into_bytes()),
        (
            "line breaks written out",
            text.replace('\n', "\\n").into_bytes(),
        ),
        (
            "in JSON",
            format!("{{\"Certificate\": \"{}\"}}", text.replace('\n', "\\n")).into_bytes(),
        ),
        (
            "a label of old",
            text.replace("CERTIFICATE", "X509 CERTIFICATE").into_bytes(),
        ),
        ("DER and a line break", [&der[..], b"\n"].concat()),
        ("DER and a zero", [&der[..], b"\0"].concat()),
    ] {
        fs::write(dir.join("other.crt"), content).unwrap();
        let shown = hsmboot(dir, &["ca", "show", "other.crt", "--output", "json"])
            .unwrap_or_else(|said| panic!("{what}: {said}"));
        let without_name = |json: &str| json.replace("other.crt", "ca.crt");
        assert_eq!(without_name(&shown), expected, "{what}");
    }
}

/// What follows the end of a block on its line is read as what it is: nothing is passed over.
#[test]
fn what_is_glued_behind_a_certificate_is_not_passed_over() {
    let dir = ca();
    let dir = dir.path();
    let text = fs::read_to_string(dir.join("ca.crt")).unwrap();
    let key = fs::read_to_string(dir.join("ca/customerCA.key")).unwrap();
    let (body, end) = text.trim_end().rsplit_once('\n').unwrap();
    for (behind, is) in [
        (key.as_str(), "private key"),
        (&text, "certificate 2 of the chain"),
    ] {
        let glued = format!("{body}{end}{}", behind.replace('\n', ""));
        fs::write(dir.join("glued.crt"), glued).unwrap();
        let said = hsmboot(dir, &["ca", "show", "glued.crt"])
            .unwrap_or_else(|said| said)
            .to_lowercase();
        assert!(said.contains(is), "{is}: {said}");
    }
}

/// What is wrong inside is not told as if the file were of another kind.
#[test]
fn a_fault_of_the_certificate_is_told_apart_from_one_of_its_file() {
    let dir = ca();
    let dir = dir.path();
    shell(dir, "openssl x509 -in ca.crt -outform DER -out ca.der");
    let der = fs::read(dir.join("ca.der")).unwrap();
    // Version 1, and its extensions: the octet of the version.
    let version = der
        .windows(5)
        .position(|window| window == [0xa0, 3, 2, 1, 2])
        .unwrap();
    let mut changed = der.clone();
    changed[version + 4] = 1;
    for (content, hint) in [
        (changed, "have its CA issue it anew"),
        (
            der[..der.len() - 3].to_vec(),
            "give the CA's certificate, in PEM or DER",
        ),
        (
            b"hello".to_vec(),
            "give the CA's certificate, in PEM or DER",
        ),
    ] {
        fs::write(dir.join("other.crt"), content).unwrap();
        let said = hsmboot(dir, &["ca", "show", "other.crt"]).unwrap_err();
        assert!(
            said.split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .contains(hint),
            "{said}"
        );
    }
}

//! The fixtures are what the forge makes, and two other readers find them as they should be.

use std::fs;

use super::*;

pub(super) fn kept() -> Vec<Fixture> {
    let mut directories: Vec<_> = fs::read_dir(directory())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    directories.sort();
    assert!(!directories.is_empty(), "there are no fixtures");
    directories
        .iter()
        .map(|directory| Fixture::read(directory))
        .collect()
}

/// Roots are given as people have them: PEM with text around it or not, several in a file, or DER.
/// What cannot be read is an error, never a reason to fall back on something else.
#[test]
fn roots_are_read_in_every_form_that_people_have_them_in() {
    let good = Fixture::read(&directory().join("verified--expired-root"));
    let root = good.bundle.aws_root.clone();
    let other = good.bundle.manufacturer_root.clone();
    let der = forge::pem::unpem(&root);
    let reissued = Fixture::read(&directory().join("verified--reissued-root"))
        .bundle
        .manufacturer_root;
    let text = b"Certificate:\n    Data:\n        Version: 3 (0x2)\n".to_vec();
    for (form, file) in [
        ("PEM", root.clone()),
        (
            "CRLF",
            String::from_utf8(root.clone())
                .unwrap()
                .replace('\n', "\r\n")
                .into_bytes(),
        ),
        ("text before", [text.clone(), root.clone()].concat()),
        ("text after", [root.clone(), text.clone()].concat()),
        (
            "several",
            [other.clone(), text.clone(), root.clone(), reissued].concat(),
        ),
        ("DER", der.clone()),
    ] {
        let anchors =
            Anchor::from_file(&file, form).unwrap_or_else(|error| panic!("{form}: {error}"));
        let mut judged = good.clone();
        judged.bundle.aws_root = file;
        assert_eq!(
            anchors.len(),
            if form == "several" { 3 } else { 1 },
            "{form}"
        );
        assert_eq!(
            surprises(&judged.expect, &judge(&judged)),
            Vec::<String>::new(),
            "{form}"
        );
    }
    for (form, file) in [
        ("nothing", Vec::new()),
        ("text alone", text.clone()),
        ("a private key", forge::keys::key_text("rsa-2048-stranger")),
        ("a request", good.bundle.csr.clone()),
        ("a DER with a tail", [der.clone(), vec![0]].concat()),
        ("a DER cut short", der[..der.len() - 1].to_vec()),
        (
            "a good root and a broken one",
            [root.clone(), forge::pem::pem("CERTIFICATE", &der[1..])].concat(),
        ),
        ("a root without its end", root[..root.len() - 30].to_vec()),
    ] {
        assert!(
            Anchor::from_file(&file, form).is_err(),
            "{form} is taken as a root"
        );
    }
}

/// A second opinion on the forge: x509-parser, which is not this crate's reader either, finds its
/// signatures good.
#[test]
fn another_library_finds_the_forges_signatures_good() {
    use x509_parser::prelude::{FromDer, X509Certificate, X509CertificationRequest};
    for name in [
        "expired-root",
        "reissued-root",
        "rsa-sha-384-512",
        "all-known-extensions",
        "csr-attributes",
        "rsa-8192",
    ] {
        let Bundle {
            csr,
            hsm,
            aws_hardware,
            manufacturer_hardware,
            aws_root,
            manufacturer_root,
        } = Fixture::read(&directory().join(format!("verified--{name}"))).bundle;
        let [
            csr,
            hsm,
            aws_hardware,
            manufacturer_hardware,
            aws_root,
            manufacturer_root,
        ] = [
            csr,
            hsm,
            aws_hardware,
            manufacturer_hardware,
            aws_root,
            manufacturer_root,
        ]
        .map(|text| forge::pem::unpem(&text));
        let certificates = [
            &hsm,
            &aws_hardware,
            &manufacturer_hardware,
            &aws_root,
            &manufacturer_root,
        ];
        let [
            hsm,
            aws_hardware,
            manufacturer_hardware,
            aws_root,
            manufacturer_root,
        ] = certificates.map(|der| X509Certificate::from_der(der).unwrap().1);
        for (who, by) in [
            (&aws_hardware, &aws_root),
            (&manufacturer_hardware, &manufacturer_root),
            (&hsm, &aws_hardware),
            (&hsm, &manufacturer_hardware),
        ] {
            who.verify_signature(Some(by.public_key()))
                .unwrap_or_else(|error| panic!("{name}: {}: {error}", who.subject()));
        }
        X509CertificationRequest::from_der(&csr)
            .unwrap()
            .1
            .verify_signature()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

/// The name of a fixture says which check it is about: that check fails, is accepted or is a note,
/// or passes after all as the name's end says.
#[test]
fn fixtures_are_named_after_the_check_they_are_about() {
    for fixture in forge::all() {
        let (id, defect) = fixture
            .name
            .split_once("--")
            .unwrap_or_else(|| panic!("{} names no defect", fixture.name));
        assert!(!defect.is_empty(), "{} names no defect", fixture.name);
        if id == "verified" {
            assert_eq!(fixture.expect.verdict, "verified", "{}", fixture.name);
        } else {
            assert!(
                id.parse::<CheckId>().is_ok(),
                "{} names no check",
                fixture.name
            );
        }
    }
}

/// The same bytes each time, on every machine: all is made in memory and compared with what stands
/// in `fixtures/verify/`.
#[test]
fn the_fixtures_are_what_the_forge_makes() {
    let made: BTreeMap<String, Vec<(String, Vec<u8>)>> = forge::all()
        .iter()
        .filter(|fixture| fixture.kept)
        .map(|fixture| (fixture.name.clone(), fixture.files()))
        .collect();
    if std::env::var_os("HSMBOOT_REGENERATE").is_some() {
        regenerate(&made);
    }
    let standing: BTreeSet<String> = fs::read_dir(directory())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(
        standing,
        made.keys().cloned().collect(),
        "HSMBOOT_REGENERATE=1 writes them anew"
    );
    for (name, files) in &made {
        let directory = directory().join(name);
        let count = fs::read_dir(&directory).unwrap().count();
        assert_eq!(
            count,
            files.len(),
            "{name} holds other files than it should"
        );
        for (file, content) in files {
            let found = fs::read(directory.join(file))
                .unwrap_or_else(|error| panic!("{name}/{file}: {error}"));
            assert!(
                found == *content,
                "{name}/{file} is not what the forge makes; HSMBOOT_REGENERATE=1 writes it anew"
            );
        }
    }
}

/// Writes what differs and removes what is too much; the other tests may be reading meanwhile.
fn regenerate(made: &BTreeMap<String, Vec<(String, Vec<u8>)>>) {
    fs::create_dir_all(directory()).unwrap();
    for entry in fs::read_dir(directory()).unwrap().map(Result::unwrap) {
        if !made.contains_key(entry.file_name().to_str().unwrap()) {
            fs::remove_dir_all(entry.path()).unwrap();
        }
    }
    for (name, files) in made {
        let directory = directory().join(name);
        fs::create_dir_all(&directory).unwrap();
        for (file, content) in files {
            let path = directory.join(file);
            if fs::read(&path).ok().as_ref() != Some(content) {
                fs::write(path, content).unwrap();
            }
        }
    }
}

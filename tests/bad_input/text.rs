//! What is wrong within a PEM file, wherever the program takes one.

mod encodings;

use std::path::PathBuf;

use crate::support::{Bench, sign, verify};

/// A place for a PEM file: where it lies, and the command that reads it.
struct Place {
    file: PathBuf,
    args: Vec<&'static str>,
    whose: Whose,
}

/// Whose text it is: the service's is read strictly; a certificate in a file of the owner's may
/// have text around it, or be DER, as what is sent is the program's own text of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Service,
    Owner,
}

/// Every place but the root options: a root file may have text around its block
/// (docs/verification.md).
fn places(bench: &Bench) -> Vec<Place> {
    let chain = [
        "ClusterCsr.csr",
        "HsmCertificate.crt",
        "AwsHardwareCertificate.crt",
        "ManufacturerHardwareCertificate.crt",
    ];
    let of = |whose| move |file, args| Place { file, args, whose };
    let (service, owner) = (of(Whose::Service), of(Whose::Owner));
    let mut places: Vec<Place> = chain
        .iter()
        .map(|suffix| service(bench.part(suffix), verify(&[])))
        .collect();
    places.push(service(bench.part("ClusterCsr.csr"), sign(&[])));
    places.push(owner(bench.path("customerCA.crt"), sign(&[])));
    places.push(owner(
        bench.path("customerCA.crt"),
        vec!["ca", "show", "customerCA.crt"],
    ));
    for (name, whose) in [
        ("a.csr", Whose::Service),
        ("signed.crt", Whose::Owner),
        ("anchor.crt", Whose::Owner),
    ] {
        let args = vec![
            "check",
            "--csr",
            "a.csr",
            "--signed-cert",
            "signed.crt",
            "--trust-anchor",
            "anchor.crt",
        ];
        places.push(Place {
            file: bench.path(name),
            args,
            whose,
        });
    }
    places
}

/// A bench with the three files of `check` as well, made by `sign` in a bundle that is then as it
/// was before.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.run(&sign(&[])).expect(0);
    std::fs::copy(bench.part("ClusterCsr.csr"), bench.path("a.csr")).unwrap();
    std::fs::rename(
        bench.part("CustomerHsmCertificate.crt"),
        bench.path("signed.crt"),
    )
    .unwrap();
    std::fs::copy(bench.path("customerCA.crt"), bench.path("anchor.crt")).unwrap();
    for name in ["customerCA.crt", "response.json", "verification.json"] {
        std::fs::remove_file(bench.path("bundle").join(name)).unwrap();
    }
    bench
}

/// Puts each text in each place, and gives it back as it was.
fn everywhere(make: impl Fn(&str) -> Vec<u8>, judge: impl Fn(&Bench, &Place)) {
    let bench = bench();
    for place in places(&bench) {
        let good = std::fs::read_to_string(&place.file).unwrap();
        std::fs::write(&place.file, make(&good)).unwrap();
        judge(&bench, &place);
        std::fs::write(&place.file, good).unwrap();
    }
}

fn refused_everywhere(make: impl Fn(&str) -> Vec<u8>, words: &[&str]) {
    everywhere(make, |bench, place| {
        bench.refused(&place.args, 4, "malformed", words);
    });
}

/// Refused where the text is the service's.
fn refused_of_the_service(make: impl Fn(&str) -> Vec<u8>, words: &[&str]) {
    everywhere(make, |bench, place| {
        if place.whose == Whose::Service {
            bench.refused(&place.args, 4, "malformed", words);
        }
    });
}

fn taken_of_the_owner(make: impl Fn(&str) -> Vec<u8>) {
    everywhere(make, |bench, place| {
        if place.whose == Whose::Owner {
            bench
                .run(
                    &[
                        &place.args[..],
                        &["--force"][..usize::from(place.args[0] == "sign")],
                    ]
                    .concat(),
                )
                .expect(0);
        }
    });
}

#[test]
fn an_empty_file() {
    refused_everywhere(|_| Vec::new(), &["empty"]);
}

#[test]
fn text_before_the_block() {
    let text = |good: &str| format!("subject=CN\n{good}").into();
    refused_of_the_service(text, &["text before the PEM block"]);
    taken_of_the_owner(text);
}

#[test]
fn text_after_the_block() {
    let text = |good: &str| format!("{good}the end\n").into();
    refused_of_the_service(text, &["text after the PEM block"]);
    taken_of_the_owner(text);
}

#[test]
fn two_blocks() {
    let bench = bench();
    for suffix in ["ClusterCsr.csr", "HsmCertificate.crt"] {
        let good = std::fs::read_to_string(bench.part(suffix)).unwrap();
        std::fs::write(bench.part(suffix), good.repeat(2)).unwrap();
        bench.refused(
            &verify(&[]),
            4,
            "malformed",
            &["2 PEM blocks, expected exactly one"],
        );
        std::fs::write(bench.part(suffix), good).unwrap();
    }
    // A hardware certificate may bring what stands above it: a block more is looked at, and said to
    // be.
    let good = std::fs::read_to_string(bench.part("AwsHardwareCertificate.crt")).unwrap();
    std::fs::write(bench.part("AwsHardwareCertificate.crt"), good.repeat(2)).unwrap();
    let verified = bench.run(&verify(&["--output", "json"])).expect(0);
    assert!(
        verified
            .stdout
            .contains("one further block, looked at as intermediates"),
        "{}",
        verified.stdout
    );
    std::fs::write(bench.part("AwsHardwareCertificate.crt"), good).unwrap();
    let good = std::fs::read_to_string(bench.path("signed.crt")).unwrap();
    std::fs::write(bench.path("signed.crt"), good.repeat(2)).unwrap();
    let args = [
        "check",
        "--csr",
        "a.csr",
        "--signed-cert",
        "signed.crt",
        "--trust-anchor",
        "anchor.crt",
    ];
    bench.refused(
        &args,
        4,
        "malformed",
        &[
            "check.pem.signed-cert",
            "2 PEM blocks, expected exactly one",
        ],
    );
}

type Form<'a> = Box<dyn Fn(&str) -> Vec<u8> + 'a>;

/// A private key where a certificate belongs is named as one, and none of it comes out.
#[test]
fn a_private_key() {
    let key = crate::support::ca(|_| {}).key;
    let der = pem::parse(&key).unwrap().into_contents();
    let lines: Vec<&str> = key
        .lines()
        .filter(|line| !line.starts_with("---"))
        .collect();
    let forms: [Form<'_>; 4] = [
        Box::new(|_| key.clone().into()),
        Box::new(|good| format!("{good}{key}").into()),
        Box::new(|_| key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY").into()),
        Box::new(|_| der.clone()),
    ];
    for form in forms {
        everywhere(&form, |bench, place| {
            let message = bench.refused(&place.args, 4, "malformed", &["private key"]);
            assert!(
                !lines.iter().any(|line| message.contains(line)),
                "{message}"
            );
        });
    }
}

/// As above, and nothing built in takes the place of a root that cannot be read.
#[test]
fn a_root_that_is_none() {
    let bench = Bench::new();
    let key = bench.read("customerCA.key");
    for (content, words) in [
        (&key[..], "private key"),
        (b"", "customerCA"),
        (b"hello", "customerCA"),
    ] {
        bench.write("customerCA.crt", content);
        for option in ["--aws-root", "--manufacturer-root"] {
            let message = bench.refused(
                &verify(&[option, "customerCA.crt"]),
                4,
                "bad-anchor",
                &[words],
            );
            assert!(!message.contains("MIG"), "{message}");
        }
    }
}

/// A root file may have text around its block, whatever the text begins with, or be DER.
#[test]
fn a_root_with_text_around_it_or_in_der() {
    let bench = Bench::new();
    let good = String::from_utf8(bench.read("aws-root.crt")).unwrap();
    for text in [
        format!("0 s:CN=root\n{good}the end: \u{fc}\n"),
        good.replace('\n', "\r\n"),
        format!("\u{feff}{good}"),
        good.repeat(2),
    ] {
        bench.write("aws-root.crt", text);
        bench.run(&verify(&[])).expect(0);
    }
    bench.write("aws-root.crt", pem::parse(&good).unwrap().into_contents());
    bench.run(&verify(&[])).expect(0);
}

/// What a shell's `*` hands over where somebody has put a file of such a name: an option, a
/// command, a value, and what is nearly one of each. clap quotes them in its errors and in its
/// tips.
#[test]
fn clap_quotes_no_word_of_the_command_line_as_it_is() {
    let bench = Bench::new();
    let hostile = "\u{202e}\nverified: FORGED\r\u{9b}31m\u{200b}\u{2028}";
    for before in [
        "--",
        "--aws-root",
        "--aws-rot",
        "--output=",
        "--policy=",
        "-q",
        "-",
        "",
        "verif",
        "sign",
        "transcript",
    ] {
        let word = format!("{before}{hostile}");
        for args in [
            &[word.as_str()][..],
            &["verify", &word],
            &["verify", "DIR", &word],
            &["verify", "DIR", "--policy", &word],
            &["verify", "DIR", "--polic", &word],
            &["transcript", &word],
            &["sign", "DIR", "--ca", "x", &word, "--output", "json"],
        ] {
            let run = bench.run(args);
            for text in [&run.stdout, &run.stderr] {
                assert!(
                    !text.contains(['\u{202e}', '\u{200b}', '\u{2028}', '\r', '\u{9b}']),
                    "{args:?}: {text:?}"
                );
                assert!(
                    !text.lines().any(|line| line.starts_with("verified:")),
                    "{args:?}: {text}"
                );
            }
        }
    }
}

/// The simulator's own errors name files as well.
#[cfg(feature = "simulator")]
#[test]
fn the_simulator_names_files_in_their_shown_form() {
    let bench = Bench::new();
    let hostile = "r\u{202e}\nverified: FORGED\r";
    let roots = bench.path(hostile);
    std::fs::create_dir(&roots).unwrap();
    std::fs::write(roots.join("aws-root.crt"), "mine").unwrap();
    std::fs::write(bench.path(&format!("{hostile}.json")), "{}").unwrap();
    for args in [
        ["--state", &format!("/nonexistent/{hostile}")],
        ["--state", &format!("{hostile}.json")],
        ["--state", hostile],
        ["--roots", hostile],
        ["--roots", &format!("{hostile}.json")],
        ["--credentials", &format!("{hostile}.json")],
        ["--credentials", hostile],
    ] {
        let run = bench.run(&[&["simulate", "--listen", "127.0.0.1:0"][..], &args].concat());
        assert_ne!(run.code, 0, "{args:?}");
        for text in [&run.stdout, &run.stderr] {
            assert!(!text.contains(['\u{202e}', '\r']), "{args:?}: {text:?}");
            assert!(
                !text.lines().any(|line| line.starts_with("verified:")),
                "{args:?}: {text}"
            );
        }
    }
}

//! `x.hsmboot`: every command takes it, and nothing but a bundle's plain files is read from it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use hsmboot::bundle::{Arrival, Bundle};

use crate::support::{self, Bench, CLUSTER, TRUST, refusal};

const FILE: &str = "x.hsmboot";
const PACK: [&str; 4] = ["pack", "bundle", "-o", FILE];

/// A bench whose bundle is one file; the directory is gone.
fn packed() -> Bench {
    let bench = Bench::new();
    bench.run(&PACK).expect(0);
    fs::remove_dir_all(bench.path("bundle")).unwrap();
    bench
}

fn sign<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [
        &[
            "sign",
            FILE,
            "--ca",
            "customerCA.crt",
            "--ca-key",
            "customerCA.key",
        ][..],
        &TRUST,
        more,
    ]
    .concat()
}

/// A system tool, run in the bench.
fn tool(bench: &Bench, script: &str) {
    let output = Command::new("bash")
        .args(["-euc", script])
        .current_dir(bench.path(""))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{script}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn members(bench: &Bench) -> Vec<String> {
    let mut archive = tar::Archive::new(fs::File::open(bench.path(FILE)).unwrap());
    archive
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_offline_command_works_on_one_file() {
    let bench = packed();
    let verified = bench
        .run(
            &[
                &["verify", FILE, "--record", "--output", "json"][..],
                &TRUST,
            ]
            .concat(),
        )
        .expect(0)
        .json();
    assert_eq!(verified["verdict"], "verified");
    let signed = bench.run(&sign(&["--output", "json"])).expect(0).json();
    assert_eq!(
        (&signed["bundle"], &signed["verdict"]),
        (&FILE.into(), &"verified".into())
    );
    assert_eq!(
        bench
            .run(&["transcript", "verify", FILE, "--output", "json"])
            .expect(0)
            .json()["steps"],
        2
    );
    let expected = [
        "CustomerHsmCertificate.crt",
        "ClusterCsr.csr",
        "HsmCertificate.crt",
        "AwsHardwareCertificate.crt",
        "ManufacturerHardwareCertificate.crt",
    ];
    let mut expected: Vec<String> = expected
        .iter()
        .map(|name| format!("{CLUSTER}_{name}"))
        .collect();
    expected.extend(
        [
            "customerCA.crt",
            "response.json",
            "transcript.jsonl",
            "verification.json",
        ]
        .map(str::to_owned),
    );
    expected.sort();
    assert_eq!(members(&bench), expected, "in order");
    assert_eq!(
        fs::metadata(bench.path(FILE)).unwrap().permissions().mode() & 0o777,
        0o644 & bench.plain_mode()
    );
    assert_eq!(
        bench.run(&sign(&["--output", "json"])).expect(0).json()["changed"],
        false
    );
    // What a CA elsewhere has signed.
    let csr = format!("{CLUSTER}_ClusterCsr.csr");
    tool(
        &bench,
        &format!(
            "tar xf {FILE} {csr} && openssl x509 -req -days 30 -in {csr} -CA customerCA.crt -CAkey \
             customerCA.key -CAcreateserial -out signed.crt"
        ),
    );
    let import = [
        &[
            "import",
            FILE,
            "--signed-cert",
            "signed.crt",
            "--trust-anchor",
            "customerCA.crt",
            "--force",
        ][..],
        &TRUST,
    ]
    .concat();
    bench.run(&import).expect(0);
    assert_eq!(
        bench
            .run(&["transcript", "verify", FILE, "--output", "json"])
            .expect(0)
            .json()["steps"],
        3
    );
}

#[test]
fn a_judgement_is_the_same_whichever_form_the_bundle_has() {
    let bench = Bench::new();
    bench.run(&PACK).expect(0);
    let judge = |bundle: &str| {
        bench
            .run(
                &[
                    &[
                        "verify",
                        bundle,
                        "--output",
                        "json",
                        "--at",
                        "2026-06-01T00:00:00Z",
                    ][..],
                    &TRUST,
                ]
                .concat(),
            )
            .expect(0)
            .stdout
    };
    assert_eq!(judge("bundle"), judge(FILE));
    // And so is a refusal of damage, with the file's name in it.
    bench.write("bundle/request.json", "{}");
    bench
        .run(&["pack", "bundle", "-o", "damaged.hsmboot"])
        .expect(4);
    tool(
        &bench,
        "cd bundle && tar --format=ustar -cf ../damaged.hsmboot *",
    );
    bench.refused(
        &["verify", "damaged.hsmboot"],
        4,
        "bad-document",
        &["damaged.hsmboot: request.json: has no `format`"],
    );
}

#[test]
fn the_same_files_give_the_same_bytes_which_gnu_tar_gives_as_well() {
    let bench = Bench::new();
    let first = bench
        .run(&[&PACK[..], &["--output", "json"]].concat())
        .expect(0)
        .json();
    let bytes = bench.read(FILE);
    tool(
        &bench,
        "touch -d 2001-01-01 bundle/* && chmod 600 bundle/* && cp -r bundle other && rm x.hsmboot",
    );
    let second = bench
        .run(&["pack", "other", "-o", FILE, "--output", "json"])
        .expect(0)
        .json();
    assert_eq!(
        (bench.read(FILE), &second["sha256"]),
        (bytes.clone(), &first["sha256"])
    );
    tool(
        &bench,
        "cd bundle && chmod 644 * && tar --format=ustar -b1 --sort=name --mtime=@0 --owner=0 \
         --group=0 --numeric-owner -cf ../by-tar.hsmboot *",
    );
    assert_eq!(bench.read("by-tar.hsmboot"), bytes);
    let again = bench
        .run(&[&PACK[..], &["--output", "json"]].concat())
        .expect(0)
        .json();
    assert_eq!(
        (&first["unchanged"], &again["unchanged"]),
        (&false.into(), &true.into())
    );
}

#[test]
fn archives_made_by_hand_are_read() {
    let bench = Bench::new();
    let python = "import tarfile, glob, os; os.chdir('bundle'); t = tarfile.open('../x.hsmboot', \
                  'w', format=tarfile.";
    let makers = [
        "cd bundle && tar cf ../x.hsmboot *".to_owned(),
        "cd bundle && tar --format=gnu -cf ../x.hsmboot *".to_owned(),
        "cd bundle && tar --format=ustar --sort=none -cf ../x.hsmboot *".to_owned(),
        "cd bundle && tar --format=ustar -cf - * | cat > ../x.hsmboot".to_owned(),
        format!(
            "python3 -c \"{python}USTAR_FORMAT); [t.add(n) for n in glob.glob('*')]; t.close()\""
        ),
        format!(
            "python3 -c \"{python}GNU_FORMAT); [t.add(n) for n in glob.glob('*')]; t.close()\""
        ),
    ];
    for maker in makers {
        tool(&bench, &maker);
        bench
            .run(&[&["verify", FILE][..], &TRUST].concat())
            .expect(0);
        // A step writes it anew, as hsmboot does.
        bench
            .run(&[&["verify", FILE, "--record"][..], &TRUST].concat())
            .expect(0);
        assert_eq!(bench.read(FILE).len() % 512, 0);
        bench.run(&["transcript", "verify", FILE]).expect(0);
        fs::remove_file(bench.path(FILE)).unwrap();
    }
}

#[test]
fn what_an_archive_may_not_hold_is_refused_by_name() {
    let bench = Bench::new();
    let csr = format!("{CLUSTER}_ClusterCsr.csr");
    tool(
        &bench,
        &format!(
            "cd bundle && ln -s /etc/passwd customerCA.crt && ln {csr} request.json && mkdir \
             response.json && mkfifo receipt.json && echo > README"
        ),
    );
    let tar = "cd bundle && tar cf ../x.hsmboot";
    for (maker, word) in [
        (
            format!("{tar} *.csr customerCA.crt"),
            "a link, `customerCA.crt`",
        ),
        (
            format!("{tar} *.csr request.json"),
            "a link, `request.json`",
        ),
        (
            format!("{tar} *.csr response.json"),
            "a directory, `response.json/`",
        ),
        (
            format!("{tar} *.csr receipt.json"),
            "a device or a pipe, `receipt.json`",
        ),
        (
            format!("{tar} *.csr README"),
            "`README`: no name of a bundle's file",
        ),
        (format!("{tar} ."), "a directory, `./`"),
        (
            format!("{tar} ./{csr}"),
            "a path, where a plain name is expected",
        ),
        (
            format!("tar cf x.hsmboot bundle/{csr}"),
            "a path into a directory",
        ),
        (
            format!("tar cPf x.hsmboot $PWD/bundle/{csr}"),
            "an absolute path",
        ),
        (format!("{tar} -P ../bundle/{csr}"), "a path upwards"),
        (format!("{tar} {csr} && tar rf ../x.hsmboot {csr}"), "twice"),
        (
            format!("{tar} --format=pax {csr}"),
            "an extended header (pax)",
        ),
        (
            "cd bundle && python3 -c \"import tarfile, glob; t = tarfile.open('../x.hsmboot', \
             'w'); [t.add(n) for n in glob.glob('*.csr')]\""
                .to_owned(),
            "an extended header (pax)",
        ),
        (
            format!("{tar} --format=v7 {csr}"),
            "no tar archive of the kinds",
        ),
        (
            format!(
                "{tar} {csr} && gzip ../x.hsmboot && mv ../x.hsmboot.gz \
                  ../x.hsmboot"
            ),
            "no tar archive",
        ),
        (
            format!(
                "{tar} {csr} && head -c 600 ../x.hsmboot > ../y && mv ../y \
                  ../x.hsmboot"
            ),
            "cut short",
        ),
        (
            format!(
                "{tar} {csr} && head -c 2048 /dev/zero >> ../x.hsmboot && echo >> \
                  ../x.hsmboot"
            ),
            "something follows after its end",
        ),
        (
            "echo nothing > x.hsmboot".to_owned(),
            "cut short, or no tar archive",
        ),
    ] {
        let _gone = fs::remove_file(bench.path(FILE));
        tool(&bench, &maker);
        bench.refused(&["verify", FILE], 4, "bad-archive", &[FILE, word]);
        bench.refused(&sign(&["--force"]), 4, "bad-archive", &[word]);
        bench.refused(&["unpack", FILE, "new"], 4, "bad-archive", &[word]);
        assert!(!bench.path("new").exists());
    }
    fs::remove_file(bench.path(FILE)).unwrap();
    bench.refused(
        &["verify", FILE],
        4,
        "no-bundle",
        &["there is no bundle x.hsmboot"],
    );
    tool(&bench, "head -c 2M /dev/zero > x.hsmboot");
    bench.refused(&["verify", FILE], 4, "file-too-large", &[FILE]);
    tool(&bench, "rm x.hsmboot && mkdir x.hsmboot");
    bench.refused(
        &["verify", FILE],
        4,
        "is-a-directory",
        &["x.hsmboot is a directory, expected a bundle in one file"],
    );
    tool(&bench, "rmdir x.hsmboot && mkfifo x.hsmboot");
    bench.refused(&["verify", FILE], 4, "not-a-file", &[FILE]);
}

#[test]
fn a_private_key_is_never_packed_nor_read() {
    let bench = Bench::new();
    fs::copy(
        bench.path("customerCA.key"),
        bench.path("bundle/customerCA.key"),
    )
    .unwrap();
    bench.refused(
        &PACK,
        4,
        "private-key",
        &["bundle/customerCA.key is a private key"],
    );
    tool(&bench, "cd bundle && tar cf ../x.hsmboot *");
    bench.refused(
        &["verify", FILE],
        4,
        "private-key",
        &["x.hsmboot: customerCA.key is a private key"],
    );
    bench.refused(&["unpack", FILE, "new"], 4, "private-key", &[]);
    // Under another name as well.
    tool(
        &bench,
        "rm x.hsmboot && mv bundle/customerCA.key bundle/customerCA.crt",
    );
    bench.refused(
        &PACK,
        4,
        "private-key",
        &["customerCA.crt is a private key"],
    );
    tool(&bench, "cd bundle && tar cf ../x.hsmboot *");
    bench.refused(&["verify", FILE], 4, "private-key", &["customerCA.crt"]);
}

#[test]
fn a_file_of_other_content_stays_and_own_records_may_go() {
    let bench = Bench::new();
    bench.write("bundle/customerCA.crt", "another");
    bench.write("bundle/verification.json", "old");
    bench.run(&PACK).expect(0);
    bench.refused(
        &sign(&[]),
        8,
        "file-exists",
        &["x.hsmboot: customerCA.crt exists and holds something else; it was left as it is"],
    );
    bench.run(&sign(&["--force"])).expect(0);
    let text = bench.run(&["unpack", FILE, "new"]).expect(0).stdout;
    assert!(
        text.contains(&format!(
            "{CLUSTER}_ClusterCsr.csr\n    SHA-256 of the file "
        )),
        "{text}"
    );
    assert_eq!(
        bench.read("new/customerCA.crt"),
        bench.read("customerCA.crt")
    );
    assert!(bench.read("new/verification.json").len() > 1000, "replaced");
}

#[test]
fn it_is_written_whole_or_not_at_all() {
    let bench = packed();
    let before = bench.listing();
    let run = |more: &[&str]| {
        let mut command = assert_cmd::Command::new("sh");
        let limit = "trap '' XFSZ && ulimit -f 1 && exec \"$0\" \"$@\"";
        command
            .args(["-c", limit, env!("CARGO_BIN_EXE_hsmboot")])
            .args(sign(more))
            .current_dir(bench.path(""));
        support::run(command)
    };
    let (text, json) = (run(&[]), run(&["--output", "json"]));
    refusal(&text, &json, 1, "cannot-write", &["cannot be written"]);
    assert!(
        json.json()["signed_cert"].is_null(),
        "the CA's key is not used where nothing can be written down"
    );
    assert_eq!(before, bench.listing(), "and no temporary file is left");
}

#[test]
fn a_step_leaves_out_what_a_directory_has_besides() {
    let bench = Bench::new();
    bench.write("bundle/aws-root.crt", "a root");
    bench.write("bundle/._request.json", "a Mac was here");
    let run = bench
        .run(&[&PACK[..], &["--output", "json"]].concat())
        .expect(0);
    assert_eq!(run.json()["left_out"], serde_json::json!(["aws-root.crt"]));
    assert!(
        run.stderr.contains("left out") && run.stderr.contains("aws-root.crt"),
        "{}",
        run.stderr
    );
    assert_eq!(members(&bench).len(), 4);
    bench.write("bundle/request.json", "{}");
    bench.refused(
        &[&PACK[..], &["--force"]].concat(),
        4,
        "bad-document",
        &["bundle/request.json"],
    );
}

#[test]
fn pack_replaces_no_other_file_unless_forced_and_both_want_the_right_names() {
    let bench = Bench::new();
    bench.write(FILE, "precious");
    bench.refused(
        &PACK,
        8,
        "file-exists",
        &["x.hsmboot exists and holds something else"],
    );
    assert_eq!(
        bench.hint(&PACK),
        "choose another name, or replace it with --force"
    );
    bench.run(&[&PACK[..], &["--force"]].concat()).expect(0);
    bench.refused(
        &["pack", "bundle", "-o", "x.tar"],
        2,
        "usage",
        &["must end in .hsmboot"],
    );
    bench.refused(
        &["pack", "bundle", "-o", ".hsmboot"],
        2,
        "usage",
        &["must end in .hsmboot"],
    );
    bench.refused(
        &["unpack", FILE, "y.hsmboot"],
        2,
        "usage",
        &["a directory is expected"],
    );
    bench.refused(
        &["pack", "nowhere", "-o", FILE],
        4,
        "no-bundle",
        &["there is no bundle nowhere"],
    );
}

#[test]
fn one_file_is_said_to_be_one() {
    let bench = Bench::empty();
    bench.write(&format!("bundle/{CLUSTER}_ClusterCsr.csr"), "a CSR");
    bench.write("bundle/notes.txt", "one stranger");
    let run = bench.run(&PACK).expect(0);
    assert!(
        run.stdout.contains("\n  SHA-256 of the file "),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout
            .contains(&format!("x.hsmboot holds: 1 file of {CLUSTER}")),
        "{}",
        run.stdout
    );
    assert!(
        run.stderr
            .contains("left out, since no bundle has a file of this name: notes.txt"),
        "{}",
        run.stderr
    );
    bench.write("bundle/more.txt", "another");
    bench.write(
        &format!("bundle/{CLUSTER}_HsmCertificate.crt"),
        "a certificate",
    );
    let run = bench.run(&[&PACK[..], &["--force"]].concat()).expect(0);
    assert!(run.stdout.contains("2 files of"), "{}", run.stdout);
    assert!(
        run.stderr
            .contains("left out, since no bundle has files of these names: more.txt, notes.txt"),
        "{}",
        run.stderr
    );
}

#[test]
fn there_and_back_is_the_same_bundle() {
    let bench = packed();
    bench.run(&sign(&["--operator", "Grace"])).expect(0);
    let done = bench
        .run(&["unpack", FILE, "new", "--output", "json"])
        .expect(0)
        .json();
    assert_eq!(
        (&done["unchanged"], &done["cluster_id"]),
        (&false.into(), &CLUSTER.into())
    );
    bench
        .run(&["transcript", "verify", "new", "--output", "json"])
        .expect(0);
    assert_eq!(
        bench
            .run(&["unpack", FILE, "new", "--output", "json"])
            .expect(0)
            .json()["unchanged"],
        true
    );
    bench.run(&["pack", "new", "-o", "again.hsmboot"]).expect(0);
    assert_eq!(
        bench.read("again.hsmboot"),
        bench.read(FILE),
        "and no step was added"
    );
}

#[test]
fn what_comes_goes_into_its_own_bundle_alone() {
    let bench = Bench::new();
    bench
        .run(&[&["verify", "bundle", "--record"][..], &TRUST].concat())
        .expect(0);
    bench.run(&PACK).expect(0);
    bench.run(&sign(&[])).expect(0);
    // Where it came from: the response joins the request.
    bench.run(&["unpack", FILE, "bundle"]).expect(0);
    bench.run(&["transcript", "verify", "bundle"]).expect(0);
    // A transcript that went on here meanwhile.
    let other = Bench::new();
    for entry in fs::read_dir(bench.path("bundle"))
        .unwrap()
        .map(Result::unwrap)
    {
        fs::copy(entry.path(), other.path("bundle").join(entry.file_name())).unwrap();
    }
    other.run(&PACK).expect(0);
    let trust = TRUST.map(|word| {
        if word.starts_with("--") {
            word.to_owned()
        } else {
            bench.path(word).to_str().unwrap().to_owned()
        }
    });
    let verify = |bundle: &str| {
        let words: Vec<&str> = ["verify", bundle, "--record"]
            .into_iter()
            .chain(trust.iter().map(String::as_str))
            .collect();
        other
            .run(&[&words[..], &["--at", "2030-01-01T00:00:00Z"]].concat())
            .expect(0);
    };
    verify("bundle");
    verify(FILE);
    verify(FILE);
    other.refused(
        &["unpack", FILE, "bundle"],
        8,
        "transcript-differs",
        &["part after step 2", "came   ", "there  3 steps"],
    );
    other.run(&["unpack", FILE, "bundle", "--force"]).expect(0);
    // Another cluster's.
    let stranger = Bench::new();
    let renamed = |name: &str| name.replace(CLUSTER, "cluster-bbbbbbbbbbb");
    for entry in fs::read_dir(stranger.path("bundle"))
        .unwrap()
        .map(Result::unwrap)
    {
        fs::rename(
            entry.path(),
            stranger
                .path("bundle")
                .join(renamed(entry.file_name().to_str().unwrap())),
        )
        .unwrap();
    }
    fs::copy(bench.path(FILE), stranger.path(FILE)).unwrap();
    stranger.refused(
        &["unpack", FILE, "bundle"],
        8,
        "another-cluster",
        &[CLUSTER, "cluster-bbbbbbbbbbb"],
    );
    // The same cluster, another CSR.
    let fresh = Bench::new();
    fs::copy(bench.path(FILE), fresh.path(FILE)).unwrap();
    fresh.refused(
        &["unpack", FILE, "bundle"],
        8,
        "file-exists",
        &["bundle/cluster-"],
    );
}

#[test]
fn a_bundle_that_comes_once_more_takes_no_later_record_away() {
    let bench = Bench::new();
    let record = |bundle: &str, at: &str| {
        bench
            .run(&[&["verify", bundle, "--record", "--at", at][..], &TRUST].concat())
            .expect(0)
    };
    record("bundle", "2026-01-01T00:00:00Z");
    bench.run(&PACK).expect(0);
    bench.run(&["unpack", FILE, "there"]).expect(0);
    record("there", "2026-02-02T00:00:00Z");
    let later = bench.read("there/verification.json");
    let again = bench
        .run(&["unpack", FILE, "there", "--output", "json"])
        .expect(0)
        .json();
    assert_eq!(again["unchanged"], true, "{again:#}");
    assert_eq!(bench.read("there/verification.json"), later);
    bench.run(&["transcript", "verify", "there"]).expect(0);
}

#[test]
fn a_name_that_is_no_plain_text_stands_in_a_transcript_that_travels() {
    for bundle in ["bundle", FILE] {
        let bench = if bundle == FILE {
            packed()
        } else {
            Bench::new()
        };
        for (from, to) in [
            ("customerCA.crt", "C\u{7f}A\u{85}.crt"),
            ("aws-root.crt", "a\u{9b}.crt"),
        ] {
            fs::rename(bench.path(from), bench.path(to)).unwrap();
        }
        let trust = [
            "--aws-root",
            "a\u{9b}.crt",
            "--manufacturer-root",
            "manufacturer-root.crt",
        ];
        bench
            .run(
                &[
                    &[
                        "sign",
                        bundle,
                        "--ca",
                        "C\u{7f}A\u{85}.crt",
                        "--ca-key",
                        "customerCA.key",
                    ][..],
                    &trust,
                ]
                .concat(),
            )
            .expect(0);
        bench.run(&["transcript", "verify", bundle]).expect(0);
        bench.run(&["pack", bundle, "-o", "away.hsmboot"]).expect(0);
        let steps = bench
            .run(&["transcript", "show", "away.hsmboot", "--output", "json"])
            .expect(0)
            .json();
        let inputs = steps["steps"][0]["inputs"].as_object().unwrap();
        assert!(
            inputs.contains_key("./C\u{7f}A\u{85}.crt") && inputs.contains_key("./a\u{9b}.crt"),
            "{inputs:?}"
        );
    }
}

/// Whoever can change a link says what it leads to. The directory that the file lies in may be one.
#[test]
fn a_link_is_no_bundle_in_one_file() {
    let bench = packed();
    std::os::unix::fs::symlink(FILE, bench.path("y.hsmboot")).unwrap();
    std::os::unix::fs::symlink("new.hsmboot", bench.path("nothing.hsmboot")).unwrap();
    for link in ["y.hsmboot", "nothing.hsmboot"] {
        bench.refused(
            &[&["verify", link, "--record"][..], &TRUST].concat(),
            4,
            "is-a-link",
            &[link, "is a symbolic link"],
        );
        bench.refused(
            &["pack", FILE, "-o", link, "--force"],
            4,
            "is-a-link",
            &[link],
        );
        bench.refused(&["unpack", link, "there"], 4, "is-a-link", &[link]);
    }
    std::os::unix::fs::symlink(".", bench.path("here")).unwrap();
    let through = format!("here/{FILE}");
    bench
        .run(&[&["verify", &through, "--record"][..], &TRUST].concat())
        .expect(0);
}

#[test]
fn a_step_taken_while_a_bundle_arrives_is_not_lost() {
    let bench = Bench::new();
    bench
        .run(&[&["verify", "bundle", "--record"][..], &TRUST].concat())
        .expect(0);
    bench.run(&PACK).expect(0);
    bench.run(&["unpack", FILE, "there"]).expect(0);
    let from = Bundle::open(&bench.path("bundle")).unwrap();
    let arrival = Arrival::new(&from, &bench.path("there"), false).unwrap();
    // Another step comes between the look and the writing.
    bench.run(
        &[
            &[
                "verify",
                "there",
                "--record",
                "--at",
                "2021-01-01T00:00:00Z",
            ][..],
            &TRUST,
        ]
        .concat(),
    );
    let before = bench.listing();
    let error = arrival.write().unwrap_err();
    assert_eq!(
        (error.exit_code(), error.kind.name()),
        (8, "transcript-differs"),
        "{}",
        error.message
    );
    assert_eq!(before, bench.listing());
}

/// A hard link is another file's own text under a bundle's name: what the file's owner may read
/// would go where the bundle goes.
#[test]
fn a_file_with_a_second_name_does_not_travel() {
    let bench = Bench::new();
    bench.write("secret.txt", "another file's text");
    fs::hard_link(bench.path("secret.txt"), bench.path("bundle/receipt.json")).unwrap();
    bench.refused(
        &["pack", "bundle", "-o", FILE],
        4,
        "has-another-name",
        &["receipt.json has 2 names"],
    );
    fs::remove_file(bench.path("bundle/receipt.json")).unwrap();
    fs::hard_link(bench.part("ClusterCsr.csr"), bench.path("elsewhere.csr")).unwrap();
    if cfg!(feature = "qr") {
        bench.refused(
            &["qr", "show", "bundle", "-o", "codes.png"],
            4,
            "has-another-name",
            &["ClusterCsr.csr has 2 names"],
        );
    }
    bench.refused(
        &["pack", "bundle", "-o", FILE],
        4,
        "has-another-name",
        &["ClusterCsr.csr has 2 names"],
    );
    // As the hint says: files of their own.
    tool(&bench, "cp -r bundle copy");
    bench.run(&["pack", "copy", "-o", FILE]).expect(0);
}

/// There may be no other copy of a key: nothing but a key is written over one.
#[test]
fn no_bundle_is_packed_over_a_key() {
    let bench = Bench::new();
    fs::copy(bench.path("customerCA.key"), bench.path(FILE)).unwrap();
    let pack = ["pack", "bundle", "-o", FILE];
    for words in [&pack[..], &[&pack[..], &["--force"]].concat()] {
        bench.refused(words, 8, "file-exists", &["private key"]);
        assert!(!bench.hint(words).contains("--force"));
    }
}

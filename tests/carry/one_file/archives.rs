//! What an archive may hold, and the bytes that it is.

use super::*;

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
            // Not where the bench lies: a name of over 100 characters has a header of its own.
            format!("tar cPf x.hsmboot --transform s,^,/, -C bundle {csr}"),
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
        &["there is no bundle at x.hsmboot"],
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

//! The command: where the page goes, and what is said beside it.

use crate::forge::fixture::directory;
use crate::shared::{
    RESPONSE, TRANSCRIPT, document, facts, put_receipt, read_json, report, section, signed, text,
};
use crate::support::{Bench, CLUSTER, TRUST};
use hsmboot::report::make_page;
use hsmboot::x509::sha256;
use serde_json::{Value, json};
use std::fs;

#[test]
fn one_file_gives_the_page_that_the_directory_gives() {
    let bench = signed(&[]);
    bench.write("bundle/<img src=x>", "no part of it");
    assert!(
        text(&report(&bench, &[]))
            .contains("Beside them lie, as no part of the bundle and not judged: <img src=x>.")
    );
    fs::remove_file(bench.path("bundle/<img src=x>")).unwrap();
    bench
        .run(&["pack", "bundle", "-o", "claim.hsmboot"])
        .expect(0);
    let of = |name: &str| {
        let run = bench
            .run(&[&["report", name, "-o", "-", "--output", "json"], &TRUST[..]].concat())
            .expect(0)
            .json();
        let judged = ["cluster_id", "verdict", "pair", "transcript", "differences"]
            .map(|member| run[member].clone());
        (
            judged,
            text(run["page"].as_str().unwrap())
                .matches("SHA-256")
                .count(),
        )
    };
    assert_eq!(of("bundle"), of("claim.hsmboot"));
    bench.refused(
        &["report", "claim.hsmboot", "-o", "claim.hsmboot", "--force"],
        8,
        "file-exists",
        &["a report replaces none of them"],
    );
}

#[test]
fn the_same_facts_give_the_same_bytes() {
    let (_, facts) = facts(&directory().join("aws.signature--by-a-stranger"));
    assert_eq!(make_page(&facts), make_page(&facts.clone()));
}

#[test]
fn the_page_is_written_whole_and_never_over_something_else() {
    let bench = signed(&[]);
    let before = bench.listing();
    let base = [&["report", "bundle", "-o", "page.html"], &TRUST[..]].concat();
    let said = bench.run(&base).expect(0);
    let page = bench.read("page.html");
    assert!(
        said.stdout.contains("wrote page.html")
            && said.stdout.contains(&hsmboot::x509::to_hex(&sha256(&page))),
        "{}",
        said.stdout
    );
    fs::remove_file(bench.path("page.html")).unwrap();
    assert_eq!(
        before,
        bench.listing(),
        "nothing is written into the bundle"
    );

    bench.run(&base).expect(0);
    let page = String::from_utf8(page).unwrap();
    for other in [
        "somebody's own".to_owned(),
        page.replace("</footer>", "Seen, Ada</footer>"),
    ] {
        bench.write("page.html", &other);
        bench.refused(&base, 8, "file-exists", &["page.html"]);
        assert_eq!(bench.read("page.html"), other.as_bytes());
    }
    fs::rename(bench.path("page.html"), bench.path("elsewhere.html")).unwrap();
    bench.write("elsewhere.html", &page);
    std::os::unix::fs::symlink("elsewhere.html", bench.path("page.html")).unwrap();
    bench.refused(&base, 8, "file-exists", &["page.html"]);
    bench.run(&[&base[..], &["--force"]].concat()).expect(0);
    assert!(bench.read("page.html").starts_with(b"<!DOCTYPE html>"));

    bench
        .run(&[&base[..], &["--force", "--at", "2026-01-31T12:00:00Z"]].concat())
        .expect(0);
    // A key is replaced by nothing that is none, nor by who does what the hint says.
    let key = crate::forge::keys::key_text("rsa-2048-stranger");
    for (text, name) in [
        (key.clone(), "page.html"),
        ([&b"a note\n"[..], &key].concat(), "other.html"),
    ] {
        bench.write(name, &text);
        for more in [&[][..], &["--force"]] {
            let words = [&["report", "bundle", "-o", name][..], &TRUST[..], more].concat();
            bench.refused(&words, 8, "file-exists", &["private key"]);
            assert!(!bench.hint(&words).contains("--force"));
        }
        assert_eq!(bench.read(name), text);
    }

    // Into the bundle's own directory, beside its files; over one of them never.
    bench
        .run(
            &[
                &["report", "bundle", "-o", "bundle/report.html"],
                &TRUST[..],
            ]
            .concat(),
        )
        .expect(0);
    bench.run(&["transcript", "verify", "bundle"]).expect(0);
    bench.run(&crate::support::verify(&[])).expect(0);
    for name in [
        "bundle/receipt.json",
        "bundle/transcript.jsonl",
        "./bundle/customerCA.crt",
        "bundle/customerCA.key",
        "bundle",
    ] {
        bench.refused(
            &["report", "bundle", "-o", name, "--force"],
            8,
            "file-exists",
            &["a report replaces none of them"],
        );
    }
    bench.refused(
        &["report", "bundle", "-o", "nowhere/"],
        2,
        "usage",
        &["no name for a file"],
    );
}

/// What is written without `-o`, and over what.
#[test]
fn a_page_has_the_clusters_name_and_replaces_what_the_program_wrote_itself() {
    let bench = signed(&[]);
    let name = format!("{CLUSTER}.html");
    let report = |more: &[&str]| bench.run(&[&["report", "bundle"], more, &TRUST[..]].concat());
    let said = report(&["--at", "2026-01-31T12:00:00Z"]).expect(0).stdout;
    assert!(said.contains(&format!("wrote {name}\n")), "{said}");
    let first = bench.read(&name);
    let again = report(&["--at", "2026-03-31T12:00:00Z"]).expect(0).stdout;
    assert!(again.contains(&format!("replaced {name}\n")), "{again}");
    let again = report(&["--at", "2026-03-31T12:00:00Z", "--output", "json"]).json();
    assert_eq!(again["replaced"], true);
    let second = bench.read(&name);
    assert_ne!(first, second);
    bench.write(&name, "<!DOCTYPE html>\n<!-- hsmboot report -->\n");
    let words = [&["report", "bundle"], &TRUST[..]].concat();
    bench.refused(&words, 8, "file-exists", &[&name]);
    assert!(bench.hint(&words).contains("--force"));
    report(&["--force", "--at", "2026-01-31T12:00:00Z"]).expect(0);
    assert_eq!(bench.read(&name), first);
}

/// The same bundle and `--at`, elsewhere and later: the same bytes.
#[test]
fn a_page_of_a_named_moment_is_the_same_wherever_and_whenever_it_is_made() {
    let bench = signed(&[]);
    put_receipt(&bench, |_| {});
    let page = |place: &str| {
        let words = ["report", place, "-o", "-", "--at", "2026-01-31T12:00:00Z"];
        bench
            .run(&[&words[..], &TRUST[..]].concat())
            .expect(0)
            .stdout
    };
    let first = page("bundle");
    assert!(!first.contains("Made at") && first.contains("2026-01-31T12:00:00Z, as named (--at)"));
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert_eq!(page("bundle"), first, "no clock is in it");
    fs::create_dir(bench.path("stick")).unwrap();
    fs::rename(bench.path("bundle"), bench.path("stick/copy")).unwrap();
    assert_eq!(page("stick/copy"), first, "and no path");
    bench
        .run(&["pack", "stick/copy", "-o", "claim.hsmboot"])
        .expect(0);
    assert_eq!(page("claim.hsmboot"), first);
}

#[test]
fn a_damaged_bundle_is_reported_and_what_is_none_refused() {
    let bench = signed(&[]);
    let id = |name: &str| bench.part(name);
    fs::remove_file(id("HsmCertificate.crt")).unwrap();
    fs::remove_file(id("ClusterCsr.csr")).unwrap();
    fs::create_dir(id("ClusterCsr.csr")).unwrap();
    let page = report(&bench, &[]);
    assert!(
        page.contains("<title>Rejected")
            && text(&page).contains("is missing: there is no file")
            && page.contains("is a directory, expected")
    );
    bench.write("bundle/request.json", "{");
    assert!(
        report(&bench, &[]).contains("is not JSON, in line 1"),
        "and what only its document spoils"
    );

    bench.refused(
        &["report", "nowhere", "-o", "-"],
        4,
        "no-bundle",
        &["nowhere"],
    );
    fs::write(
        bench.path("bundle/cluster-zzzzzzzzzzz_HsmCertificate.crt"),
        "",
    )
    .unwrap();
    bench.refused(
        &["report", "bundle", "-o", "-"],
        4,
        "several-clusters",
        &["cluster-zzzzzzzzzzz"],
    );
    bench.refused(
        &["report", "bundle", "-o", "-", "--ca", "nowhere.crt"],
        4,
        "file-missing",
        &["nowhere.crt"],
    );
    bench.refused(
        &["report", "bundle", "-o", "-", "--reason", "for nothing"],
        2,
        "reason-for-nothing",
        &[],
    );
}

#[test]
fn standard_output_holds_the_page_or_one_document_with_it() {
    let bench = signed(&[]);
    let run = bench
        .run(&[&["report", "bundle", "-o", "-"], &TRUST[..]].concat())
        .expect(0);
    assert!(
        run.stdout.starts_with("<!DOCTYPE html>")
            && run.stdout.ends_with("</html>\n")
            && run.stderr.contains("verified against roots you gave at")
    );
    let answer = document(&bench, &[]);
    let page = answer["page"].as_str().unwrap();
    assert_eq!(
        answer["sha256"],
        hsmboot::x509::to_hex(&sha256(page.as_bytes()))
    );
    assert_eq!(
        (
            answer["report"].clone(),
            answer["verdict"].clone(),
            answer["pair"].clone()
        ),
        (Value::Null, "verified".into(), "fit".into())
    );
    let rejected = bench
        .run(&["report", "bundle", "-o", "page.html"])
        .expect(0);
    assert!(
        rejected.stdout.contains("rejected at"),
        "a rejected bundle is no failure, and is said to be one: {}",
        rejected.stdout
    );
}

#[test]
fn a_command_stands_there_as_a_shell_would_need_it() {
    let bench = Bench::new();
    bench
        .run(
            &[
                &["verify", "bundle", "--record", "--operator", "Ada Example"],
                &TRUST[..],
            ]
            .concat(),
        )
        .expect(0);
    let shown = section(&report(&bench, &[]), "transcript");
    assert!(
        shown.contains("verify bundle --record --operator 'Ada Example' --aws-root"),
        "{shown}"
    );
}

/// What `-o -` says beside the page: in colour where somebody sees it in colour, and nowhere a
/// colour's leftovers.
#[test]
fn what_is_said_beside_the_page_is_coloured_on_a_terminal_and_plain_elsewhere() {
    let bench = signed(&[]);
    let run = bench
        .run(&[&["report", "bundle", "-o", "-"], &TRUST[..]].concat())
        .expect(0);
    assert!(
        !run.stderr.contains("[3") && !run.stderr.contains("[0m") && !run.stderr.contains('\u{1b}'),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr
            .contains("  verdict     verified against roots you gave at 2")
            && run.stderr.ends_with('\n')
            && !run.stderr.ends_with("\n\n")
    );
    let command = |more: &str| {
        let program = env!("CARGO_BIN_EXE_hsmboot");
        format!(
            "env -u NO_COLOR TERM=xterm {program} report bundle -o - {} {more} >page.html",
            TRUST.join(" ")
        )
    };
    let (screen, code) = bench.on_a_terminal(&command(""), "");
    assert!(
        code == 0
            && screen.contains("verdict     \u{1b}[33mverified against roots you gave at 2")
            && screen.contains("\u{1b}[0m"),
        "{screen:?}"
    );
    let (screen, code) = bench.on_a_terminal(&command("--no-color"), "");
    assert!(
        code == 0
            && screen.contains("verdict     verified against roots you gave at 2")
            && !screen.contains('\u{1b}')
            && !screen.contains("[0m"),
        "{screen:?}"
    );
}

#[test]
fn one_is_one_and_two_are_two() {
    let bench = signed(&[]);
    fs::remove_file(bench.path(TRANSCRIPT)).unwrap();
    let said = || {
        bench
            .run(
                &[
                    &["report", "bundle", "-o", "page.html", "--force"],
                    &TRUST[..],
                ]
                .concat(),
            )
            .expect(0)
            .stdout
    };
    assert!(
        said().contains("records     one differs from what was found: see the page"),
        "{}",
        said()
    );
    let mut response = read_json(&bench, RESPONSE);
    response["ca_fingerprint"] = json!("0".repeat(64));
    bench.write(RESPONSE, response.to_string());
    assert!(
        said().contains("records     2 differ from what was found: see the page"),
        "{}",
        said()
    );

    let (_, facts) = facts(&directory().join("csr.signature--one-bit"));
    let page = make_page(&facts);
    let shown = text(&page);
    assert!(
        shown.contains("1 of 35 checks fails") && shown.contains("This check failed:"),
        "{shown}"
    );
    assert!(
        page.contains("1 is broken") && !page.contains("1 are"),
        "{page}"
    );
    // Nothing is said twice.
    let (_, facts) = self::facts(&directory().join("pem.hsm--two-blocks"));
    let page = hsmboot::report::make_page(&facts);
    assert!(
        !text(&page).contains("not judged (not judged)") && text(&page).contains(": not judged")
    );
}

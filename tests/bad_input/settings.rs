//! The configuration file and the variables: what they may set, who may have written them, and what
//! goes first.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::support::{Bench, Run, run};

/// Puts a configuration file into the bench's home, for its owner alone.
fn configure(bench: &Bench, text: &str) {
    fs::create_dir_all(bench.path("home/hsmboot")).unwrap();
    fs::write(bench.path("home/hsmboot/config.toml"), text).unwrap();
    chmod(bench, "home/hsmboot", 0o755);
    chmod(bench, "home/hsmboot/config.toml", 0o644);
}

fn chmod(bench: &Bench, name: &str, mode: u32) {
    fs::set_permissions(bench.path(name), Permissions::from_mode(mode)).unwrap();
}

fn with(bench: &Bench, words: &[&str], variables: &[(&str, &str)]) -> Run {
    let mut command = bench.command(words);
    command.env("XDG_CONFIG_HOME", bench.path("home"));
    command.envs(variables.iter().copied());
    run(command)
}

const ROOTS: &str = "aws-root = \"../../aws-root.crt\"\n\
                     manufacturer-root = '../../manufacturer-root.crt'\n";

fn shown(bench: &Bench, words: &[&str], variables: &[(&str, &str)]) -> Value {
    with(
        bench,
        &[&["config", "show", "--output", "json"], words].concat(),
        variables,
    )
    .expect(0)
    .json()
}

/// The value of a setting, and the kind of its origin.
#[cfg(feature = "online")]
fn setting(document: &Value, option: &str) -> Option<(String, String)> {
    let all = document["settings"].as_array().unwrap();
    let one = all.iter().find(|one| one["option"] == option)?;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Some((text(&one["values"][0]), text(&one["origin"]["kind"])))
}

#[test]
#[cfg(feature = "online")]
fn the_file_gives_roots_and_an_option_goes_before_a_variable_before_the_file() {
    let bench = Bench::new();
    with(&bench, &["verify", "bundle"], &[]).expect(3);
    configure(&bench, &format!("{ROOTS}operator = \"File\"\n"));
    let run = with(&bench, &["verify", "bundle", "--record"], &[]).expect(0);
    for words in [
        "--aws-root /",
        "aws-root.crt, by ",
        "--operator File, by ",
        "config.toml",
    ] {
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
    // What was taken is on record, as if it had been typed.
    let transcript = fs::read_to_string(bench.path("bundle/transcript.jsonl")).unwrap();
    assert!(transcript.contains("--aws-root=/") && transcript.contains("\"File\""));
    // An option goes before the file: these roots do not prove this bundle.
    let other = ["verify", "bundle", "--aws-root", "manufacturer-root.crt"];
    with(&bench, &other, &[]).expect(3);
    let document = shown(&bench, &[], &[("HSMBOOT_OPERATOR", "Variable")]);
    let expected = ("Variable".to_owned(), "variable".to_owned());
    assert_eq!(setting(&document, "--operator"), Some(expected));
    let (_, origin) = setting(&document, "--aws-root").unwrap();
    assert_eq!(origin, "file");
    let run = with(&bench, &["verify", "bundle", "--quiet"], &[]).expect(0);
    assert!(!run.stderr.contains(", by "), "{}", run.stderr);
}

#[test]
#[cfg(feature = "online")]
fn every_option_has_a_variable_but_decisions() {
    let bench = Bench::new();
    let words = ["verify", "bundle", "--aws-root", "aws-root.crt"];
    let roots = ("HSMBOOT_MANUFACTURER_ROOT", "manufacturer-root.crt");
    with(&bench, &words, &[roots]).expect(0);
    let run = with(&bench, &words, &[roots, ("HSMBOOT_POLICY", "rfc5280")]).expect(3);
    assert!(
        run.stderr.contains("--policy rfc5280, by HSMBOOT_POLICY"),
        "{}",
        run.stderr
    );
    // The option counts.
    let more = [&words[..], &["--policy", "attestation"]].concat();
    with(&bench, &more, &[roots, ("HSMBOOT_POLICY", "rfc5280")]).expect(0);
    // What stands on the command line excludes this one.
    let run = with(&bench, &words, &[roots, ("HSMBOOT_BUNDLE", "nowhere")]).expect(0);
    assert!(!run.stderr.contains("HSMBOOT_BUNDLE"), "{}", run.stderr);
    // A secret's place is not shown.
    let document = shown(
        &bench,
        &[],
        &[("HSMBOOT_PASSPHRASE_COMMAND", "echo secret")],
    );
    assert!(!document.to_string().contains("echo secret"), "{document}");
    // A decision is typed.
    let decisions = [
        ("HSMBOOT_UNVERIFIED", "true"),
        ("HSMBOOT_REASON", "x"),
        ("HSMBOOT_ACCEPT", "validity.hsm"),
        ("HSMBOOT_CA_FROM_BUNDLE", "true"),
        ("HSMBOOT_YES", "true"),
        ("HSMBOOT_FORCE", "true"),
        ("HSMBOOT_SIMULATED", "true"),
        ("HSMBOOT_CHAINS_ONLY", "true"),
        ("HSMBOOT_AT", "2020-01-01T00:00:00Z"),
        ("HSMBOOT_EXPECT", "00000"),
        ("HSMBOOT_NOTED", "00000"),
    ];
    let document = shown(&bench, &[], &decisions);
    assert_eq!(document["settings"], serde_json::json!([]));
    with(&bench, &["verify", "bundle"], &decisions).expect(3);
}

/// A password before the endpoint's host, which nobody asks for, is shown nowhere.
#[test]
#[cfg(feature = "online")]
fn a_password_in_the_endpoint_is_not_shown() {
    const SECRET: &str = "xyzzy";
    let bench = Bench::new();
    let hidden = |run: &Run, words: &[&str]| {
        for text in [&run.stdout, &run.stderr] {
            assert!(!text.contains(SECRET), "{words:?}: {text}");
        }
    };
    let status = ["status", "--region", "eu-west-1"];
    // Some have no scheme, or one that is none.
    for url in [
        "https://user:xyzzy@example.com",
        "https://xyzzy@example.com",
        "ftp://user:xyzzy@example.com",
        "user:xyzzy@example.com",
        "http://user:xyzzy@",
    ] {
        for more in [&[][..], &["--output", "json"]] {
            let words = [&status[..], more].concat();
            for name in ["HSMBOOT_ENDPOINT_URL", "AWS_ENDPOINT_URL"] {
                hidden(&with(&bench, &words, &[(name, url)]), &words);
            }
            let words = [&words[..], &["--endpoint-url", url]].concat();
            hidden(&with(&bench, &words, &[]).expect(2), &words);
            let words = [&["config", "show"], more].concat();
            let run = with(&bench, &words, &[("HSMBOOT_ENDPOINT_URL", url)]).expect(0);
            hidden(&run, &words);
            assert!(run.stdout.contains("(withheld)@"), "{}", run.stdout);
            let file = format!("{ROOTS}endpoint-url = \"{url}\"\n");
            configure(&bench, &file);
            hidden(&with(&bench, &words, &[]).expect(0), &words);
            hidden(&with(&bench, &status, &[]), &status);
            configure(&bench, ROOTS);
        }
    }
}

#[test]
fn a_file_that_others_can_write_or_that_lies_in_a_bundle_is_refused() {
    let bench = Bench::new();
    configure(&bench, ROOTS);
    let file = "home/hsmboot/config.toml";
    let words = ["verify", "bundle", "--config", file];
    bench.run(&words).expect(0);
    let refused = |name: &str, fault: &str| {
        let words = ["verify", "bundle", "--config", name];
        let run = bench
            .run(&[&words[..], &["--output", "json"]].concat())
            .expect(4);
        assert_eq!(run.json()["error"]["kind"], "bad-config");
        let message = run.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(fault), "{message}");
    };
    for mode in [0o664, 0o646, 0o666] {
        chmod(&bench, file, mode);
        refused(file, "others can write to it");
    }
    chmod(&bench, file, 0o600);
    bench.run(&words).expect(0);
    for mode in [0o775, 0o757] {
        chmod(&bench, "home/hsmboot", mode);
        refused(file, "others can write to its directory");
    }
    chmod(&bench, "home/hsmboot", 0o755);
    fs::copy(bench.path(file), bench.path("bundle/config.toml")).unwrap();
    refused("bundle/config.toml", "it lies in a bundle");
    std::os::unix::fs::symlink("../bundle/config.toml", bench.path("home/link.toml")).unwrap();
    refused("home/link.toml", "it lies in a bundle");
    fs::remove_file(bench.path("bundle/config.toml")).unwrap();
    // Deeper in it, and under another name.
    fs::create_dir(bench.path("bundle/etc")).unwrap();
    bench.write("bundle/etc/config.toml", "policy = \"attestation\"\n");
    chmod(&bench, "bundle/etc", 0o755);
    chmod(&bench, "bundle/etc/config.toml", 0o600);
    refused("bundle/etc/config.toml", "it lies in a bundle");
    // Nor is it taken for another bundle, or for a page about this one.
    let other = |command: &[&str]| {
        let more = ["--config", "bundle/etc/config.toml", "--output", "json"];
        let run = bench.run(&[command, &more[..]].concat()).expect(4);
        assert_eq!(run.json()["error"]["kind"], "bad-config");
    };
    other(&["verify", "elsewhere"]);
    other(&["report", "bundle", "--out", "page.html"]);
    assert!(!bench.path("page.html").exists());
    fs::hard_link(bench.path(file), bench.path("bundle/mine.toml")).unwrap();
    refused(file, "it lies in a bundle");
    fs::remove_file(bench.path("bundle/mine.toml")).unwrap();
    bench.run(&words).expect(0);
    // Whoever can exchange a link can exchange the file, and where everybody may write too.
    fs::create_dir(bench.path("shared")).unwrap();
    std::os::unix::fs::symlink("../home/hsmboot/config.toml", bench.path("shared/l.toml")).unwrap();
    fs::copy(bench.path(file), bench.path("shared/own.toml")).unwrap();
    for mode in [0o777, 0o1777] {
        chmod(&bench, "shared", mode);
        refused("shared/l.toml", "others can write to its directory");
        // Each may exchange only files of their own.
        if mode == 0o777 {
            refused("shared/own.toml", "others can write to its directory");
        }
    }
    // Paths begin where the file lies, and not where a link does.
    chmod(&bench, "shared", 0o755);
    fs::write(bench.path("shared/aws-root.crt"), "planted").unwrap();
    let linked = ["verify", "bundle", "--config", "shared/l.toml"];
    bench.run(&linked).expect(0);
    for text in [
        "yes = \"true\"\n",
        "unverified = \"true\"\n",
        "ca\n",
        "[x]\n",
    ] {
        configure(&bench, text);
        refused(file, "line 1");
    }
}

/// A dry run that is none claims a cluster, so a variable that says neither is not guessed at.
#[test]
#[cfg(feature = "online")]
fn a_variable_of_a_flag_is_a_clear_yes_or_no() {
    let bench = Bench::new();
    let shown_as = |value: &str| {
        let document = shown(&bench, &[], &[("HSMBOOT_DRY_RUN", value)]);
        setting(&document, "--dry-run").map(|(value, _)| value)
    };
    for value in ["1", "true", "TRUE", "Yes", "on"] {
        assert_eq!(shown_as(value).as_deref(), Some(value));
    }
    for value in ["0", "FALSE", "no", "off", ""] {
        assert_eq!(shown_as(value), None, "{value}");
    }
    for value in ["y", " 1", "2", "ja"] {
        let words = ["submit", "bundle", "--output", "json"];
        let run = with(&bench, &words, &[("HSMBOOT_DRY_RUN", value)]).expect(2);
        assert_eq!(run.json()["error"]["facts"]["variable"], "HSMBOOT_DRY_RUN");
    }
}

/// The same for a name that is almost the variable's; one that is nothing like it is one's own.
#[test]
#[cfg(feature = "online")]
fn a_variable_that_is_almost_a_setting_is_refused() {
    let bench = Bench::new();
    for name in [
        "HSMBOOT_DRYRUN",
        "HSMBOOT_DRY_RNU",
        "HSMBOOT_DRY_RU",
        "hsmboot_dry_run",
    ] {
        let words = ["submit", "bundle", "--output", "json"];
        let run = with(&bench, &words, &[(name, "1")]).expect(2);
        let error = &run.json()["error"];
        assert_eq!(error["kind"], "usage");
        assert_eq!(error["facts"]["variable"], name);
        assert_eq!(error["facts"]["expected"], "HSMBOOT_DRY_RUN");
        assert!(!with(&bench, &words, &[(name, "")]).stdout.contains("usage"));
    }
    // What the hint says.
    let right = with(&bench, &["submit", "bundle"], &[("HSMBOOT_DRY_RUN", "1")]);
    assert!(
        right.code != 2 && right.stderr.contains("by HSMBOOT_DRY_RUN"),
        "{}",
        right.stderr
    );
    let words = ["verify", "bundle", "--aws-root", "aws-root.crt"];
    let roots = ("HSMBOOT_MANUFACTURER_ROOT", "manufacturer-root.crt");
    // A Service of Kubernetes that is called hsmboot has a port; nothing sets --force.
    for name in ["BUNDLES", "TICKET", "PORT", "ROOT", "STAGE", "FORC"] {
        let own = format!("HSMBOOT_{name}");
        with(&bench, &words, &[roots, (&own, "1")]).expect(0);
    }
}

/// What is the same on every command need not be of use to each.
#[test]
#[cfg(feature = "online")]
fn what_is_written_down_for_aws_stands_in_no_ones_way() {
    let bench = Bench::new();
    configure(
        &bench,
        &format!("{ROOTS}region = \"eu-central-1\"\nprofile = \"ops\"\n"),
    );
    let sign = ["sign", "bundle", "--ca", "customerCA.crt"];
    let sign = [&sign[..], &["--ca-key", "customerCA.key"]].concat();
    with(
        &bench,
        &sign,
        &[("HSMBOOT_ENDPOINT_URL", "http://127.0.0.1:1")],
    )
    .expect(0);
    // Typed, it is a mistake.
    let typed = [&sign[..], &["--force", "--region", "eu-central-1"]].concat();
    with(&bench, &typed, &[]).expect(2);
    // What the command line says counts, whatever a variable is.
    let quiet = [&sign[..], &["--force", "--quiet"]].concat();
    with(&bench, &quiet, &[("HSMBOOT_QUIET", "maybe")]).expect(0);
    let pack = ["pack", "bundle", "-o", "one.hsmboot"];
    with(&bench, &pack, &[]).expect(0);
    let unpack = ["unpack", "one.hsmboot", "out"];
    with(&bench, &unpack, &[("HSMBOOT_BUNDLE", "bundle")]).expect(0);
}

/// A name that is no text in UTF-8 is a name all the same.
#[test]
#[cfg(feature = "online")]
fn a_variable_that_is_no_text_goes_before_the_file_all_the_same() {
    use std::os::unix::ffi::OsStrExt;
    let bench = Bench::new();
    configure(&bench, &format!("{ROOTS}ca = '../../aws-root.crt'\n"));
    let name = std::ffi::OsStr::from_bytes(b"J\xfcrgen.crt");
    let words = [
        "check",
        "--csr",
        "aws-root.crt",
        "--signed-cert",
        "aws-root.crt",
    ];
    let mut command = bench.command(&[&words[..], &["--output", "json"]].concat());
    command.env("XDG_CONFIG_HOME", bench.path("home"));
    command.env("HSMBOOT_CA", name);
    let run = run(command).expect(4);
    let error = &run.json()["error"];
    assert!(error["message"].to_string().contains("rgen.crt"), "{error}");
}

/// `policy` is how chains are judged. A file that lets other accounts copy a backup has the same
/// name, and is named on the command line.
#[test]
#[cfg(feature = "online")]
fn the_policy_that_chains_are_judged_by_is_no_policy_of_a_backup() {
    let bench = Bench::new();
    configure(&bench, "policy = \"attestation\"\n");
    bench.write("attestation", "{}");
    let arn = "arn:aws:cloudhsm:eu-central-1:111111111111:backup/backup-abc234defgh";
    for variables in [&[][..], &[("HSMBOOT_POLICY", "attestation")]] {
        let run = with(&bench, &["backup", "policy", "put", arn], variables).expect(2);
        assert!(run.stderr.contains("--policy"), "{}", run.stderr);
    }
}

/// The air-gapped build reads no file of its own accord, and no variable that it did not before.
#[test]
#[cfg(not(feature = "online"))]
fn without_features_nothing_is_read_but_a_file_that_is_named() {
    let bench = Bench::new();
    configure(&bench, ROOTS);
    let variables = [("HSMBOOT_POLICY", "rfc5280"), ("HSMBOOT_CA", "nowhere")];
    with(&bench, &["verify", "bundle"], &variables).expect(3);
    let words = ["verify", "bundle", "--config", "home/hsmboot/config.toml"];
    with(&bench, &words, &variables).expect(0);
    let document = shown(&bench, &[], &variables);
    assert_eq!(document["settings"], serde_json::json!([]));
    assert!(document["file"].is_null());
}

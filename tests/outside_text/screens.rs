//! What is asked on a terminal, and all that is said around it.

use std::io::{Read, Write};

use super::*;

/// Runs a command on a terminal of its own, where somebody types an answer whenever a question
/// stands on the screen, and leaves when there is none more. The screen, with its line ends as they
/// are elsewhere and without the means that progress is drawn with, and the exit code.
fn on_a_terminal(bench: &Bench, url: &str, words: &[&str], answers: &[&str]) -> (String, i32) {
    let quoted = |word: &&str| format!("'{}'", word.replace('\'', "'\\''"));
    let line = [&[env!("CARGO_BIN_EXE_hsmboot")], words, &["--no-color"]]
        .concat()
        .iter()
        .map(quoted)
        .collect::<Vec<_>>()
        .join(" ");
    let mut command = support::terminal::terminal(&format!("stty -echo; {line}"));
    command
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test");
    command
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    let mut child = command.current_dir(bench.path("")).spawn().unwrap();
    let (mut keys, mut output) = (child.stdin.take(), child.stdout.take().unwrap());
    let (mut screen, mut part, mut answers) = (Vec::new(), [0; 4096], answers.iter());
    while let Some(count) = output.read(&mut part).ok().filter(|count| *count > 0) {
        screen.extend_from_slice(&part[..count]);
        if screen.ends_with(b": ") {
            match answers.next() {
                // Whoever has ended already reads nothing.
                Some(answer) => drop(
                    keys.as_mut()
                        .map(|keys| writeln!(keys, "{answer}").and_then(|()| keys.flush())),
                ),
                None => keys = None,
            }
        }
    }
    let code = child.wait().unwrap().code().unwrap();
    let mut screen = String::from_utf8(screen).unwrap();
    let up_and_down =
        (1..=9).flat_map(|lines| ["A", "B"].map(|way| format!("\u{1b}[{lines}{way}")));
    for own in up_and_down.chain(["\u{1b}[2K", "\u{1b}[K", "\r"].map(str::to_owned)) {
        screen = screen.replace(&own, "");
    }
    assert!(
        std::panic::catch_unwind(|| clean(&screen)).is_ok(),
        "{words:?} shows what is from outside: {screen:?}"
    );
    (screen, code)
}

#[test]
fn no_question_on_a_terminal_obeys_what_it_asks_about() {
    let service = StandIn::new(answer);
    let mut all = Vec::new();
    commands(&hsmboot::cli::command(), "", &mut all);
    let bench = bench();
    let mut asked = 0;
    // `qr show` draws pictures with the terminal's own means, and no text but an id and a
    // fingerprint.
    for name in all.iter().filter(|name| *name != "qr show") {
        let words: Vec<&str> = words(name)
            .into_iter()
            .filter(|word| *word != "--yes")
            .collect();
        let (screen, _) = on_a_terminal(&bench, &service.url, &words, &["skip"]);
        asked += usize::from(screen.contains("type ") || screen.contains("printed it: "));
    }
    assert!(asked >= 6, "{asked} questions");
}

/// A cluster as it should be, so that the question comes; and in each place that it names, what is
/// hostile.
#[test]
fn the_question_before_a_claim_shows_bundle_ca_key_and_place() {
    let chain = Chain::new();
    let csr = chain.csr.clone();
    let service = StandIn::new(move |_| {
        let hsm = json!({ "HsmId": "hsm-abc234defgh", "State": "ACTIVE" });
        let cluster = json!({
            "ClusterId": CLUSTER, "State": "UNINITIALIZED", "HsmType": HOSTILE, "Hsms": [hsm],
            "Certificates": { "ClusterCsr": csr },
        });
        (200, json!({ "Clusters": [cluster] }))
    });
    let bench = bench();
    chain.write(&bench.path(DIR));
    bench.write("aws-root.crt", &chain.aws_root);
    bench.write("manufacturer-root.crt", &chain.manufacturer_root);
    const KEY: &str = "key-\u{1b}[8m\u{202e}\nFORGED.key";
    support::openssl(
        &bench.path(""),
        "pkcs8 -topk8 -v2 aes256 -in customerCA.key -out encrypted.key -passout pass:secret",
    );
    fs::rename(bench.path("encrypted.key"), bench.path(KEY)).unwrap();
    let sign = [
        &["sign", DIR, "--ca", CA, "--ca-key", KEY],
        &support::TRUST[..],
    ]
    .concat();
    let (screen, code) = on_a_terminal(
        &bench,
        &service.url,
        &sign,
        &["skip", "wrong", "wrong", "wrong"],
    );
    assert!(
        code == 5 && screen.contains("key-\\u{1b}[8m\\u{202e}\\u{a}FORGED.key"),
        "{code}: {screen}"
    );
    let (screen, code) = on_a_terminal(&bench, &service.url, &sign, &["skip", "secret"]);
    assert_eq!(code, 0, "{screen}");
    let submit = [&["submit", DIR, "--ca", CA], &support::TRUST[..]].concat();
    let bootstrap = [
        &[
            "bootstrap",
            "--cluster-id",
            CLUSTER,
            "--bundle",
            DIR,
            "--ca",
            CA,
            "--ca-key",
            "customerCA.key",
        ],
        &support::TRUST[..],
    ]
    .concat();
    for words in [&submit, &bootstrap] {
        let (screen, code) = on_a_terminal(&bench, &service.url, words, &["no"]);
        assert!(
            code == 130 && screen.contains("about to claim") && screen.contains("\\u{202e}"),
            "{code}: {screen}"
        );
    }
    // Of a region and an endpoint as far as they get: refused, or shown.
    for text in [
        "\u{202e}",
        "\u{200b}",
        "\u{2066}",
        "\u{ad}",
        "\u{1b}[8m",
        "\nFORGED",
    ] {
        let (region, path) = (format!("us-{text}"), format!("{}/{text}", service.url));
        for words in [&submit, &bootstrap] {
            on_a_terminal(
                &bench,
                &service.url,
                &[&words[..], &["--region", &region]].concat(),
                &["no"],
            );
            on_a_terminal(&bench, &path, words, &["no"]);
            on_a_terminal(
                &bench,
                &service.url,
                &[&words[..], &["--endpoint-url", &path]].concat(),
                &["no"],
            );
        }
    }
}

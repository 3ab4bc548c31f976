//! PINs: where they come from, that a wrong one is tried once, and what is said of the tries that
//! are left.

use std::fs;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

use crate::hsm::{Hsm, PIN, sign};
use crate::support::terminal::terminal;

pub const TESTS: &[(&str, fn())] = &[
    (
        "a_wrong_pin_is_tried_once_and_never_twice",
        a_wrong_pin_is_tried_once_and_never_twice,
    ),
    (
        "the_tries_left_are_said_as_far_as_the_token_tells",
        the_tries_left_are_said_as_far_as_the_token_tells,
    ),
    ("a_locked_pin_is_not_tried", a_locked_pin_is_not_tried),
    (
        "the_last_try_needs_a_hand_or_an_option",
        the_last_try_needs_a_hand_or_an_option,
    ),
    (
        "a_pin_comes_from_every_source_of_a_passphrase",
        a_pin_comes_from_every_source_of_a_passphrase,
    ),
    (
        "without_a_pin_and_without_a_terminal_nothing_is_tried",
        without_a_pin_and_without_a_terminal_nothing_is_tried,
    ),
    (
        "the_prompt_names_the_token_and_shows_nothing",
        the_prompt_names_the_token_and_shows_nothing,
    ),
    (
        "an_empty_line_at_the_prompt_is_not_tried",
        an_empty_line_at_the_prompt_is_not_tried,
    ),
    (
        "a_wrong_pin_at_the_prompt_is_not_asked_for_again",
        a_wrong_pin_at_the_prompt_is_not_asked_for_again,
    ),
    ("a_pin_pad_asks_for_itself", a_pin_pad_asks_for_itself),
    (
        "a_token_that_needs_no_login_gets_none",
        a_token_that_needs_no_login_gets_none,
    ),
    (
        "a_key_that_wants_its_pin_each_time_gets_it",
        a_key_that_wants_its_pin_each_time_gets_it,
    ),
    (
        "a_token_that_wants_the_pin_before_it_begins_gets_it",
        a_token_that_wants_the_pin_before_it_begins_gets_it,
    ),
    (
        "a_key_that_wants_its_pin_each_time_and_cannot_get_it_says_so",
        a_key_that_wants_its_pin_each_time_and_cannot_get_it_says_so,
    ),
];

/// A CA whose key is on the token, behind a forwarder that does this.
fn with_ca(does: &'static str) -> Hsm {
    let hsm = Hsm::new();
    hsm.init("pkcs11:token=ca;object=ca-key", &["--key-type", "p256"])
        .expect(0);
    let hsm = hsm.now(does);
    hsm.calls();
    hsm
}

/// Signs with the PIN in this file; the error's message.
fn fails(hsm: &Hsm, pin: &str, kind: &str, more: &[&str]) -> String {
    let run = hsm
        .run(
            &[
                &sign("pkcs11:token=ca")[..],
                &["--passphrase-file", pin, "--output", "json"],
                more,
            ]
            .concat(),
        )
        .expect(5)
        .json();
    assert_eq!(run["error"]["kind"], kind, "{run:#}");
    run["error"]["message"].as_str().unwrap().to_owned()
}

fn a_wrong_pin_is_tried_once_and_never_twice() {
    let hsm = with_ca("");
    let message = fails(&hsm, "wrong", "wrong-pin", &[]);
    assert!(
        message.contains("`ca`") && message.contains("tried once"),
        "{message}"
    );
    assert_eq!(hsm.calls(), ["login 1"], "one login, and nothing after it");
    assert!(!hsm.bench.part("CustomerHsmCertificate.crt").exists());
}

fn the_tries_left_are_said_as_far_as_the_token_tells() {
    let hsm = with_ca("tries");
    for says in ["tries left: more than one", "tries left: one,"] {
        let message = fails(&hsm, "wrong", "wrong-pin", &[]);
        assert!(message.contains(says), "{message}");
        assert_eq!(hsm.logins(), 1);
    }
    let message = fails(&hsm, "wrong", "wrong-pin", &["--final-try"]);
    assert!(
        message.contains("tries left: none, the token is locked now"),
        "{message}"
    );

    let quiet = with_ca("quiet");
    assert!(
        fails(&quiet, "wrong", "wrong-pin", &[]).contains("tries left: the token does not say")
    );
}

fn a_locked_pin_is_not_tried() {
    let hsm = with_ca("tries");
    fs::write(hsm.bench.path("failures"), "3").unwrap();
    for more in [&[][..], &["--final-try"]] {
        let message = fails(&hsm, "pin", "pin-locked", more);
        assert!(message.contains("`ca`"), "{message}");
    }
    assert_eq!(hsm.logins(), 0);
    // A token that keeps it to itself until the login.
    let quiet = hsm.now("tries,pad");
    assert_eq!(fails(&quiet, "pin", "pin-locked", &[]).lines().count(), 1);
}

fn the_last_try_needs_a_hand_or_an_option() {
    let hsm = with_ca("tries");
    fs::write(hsm.bench.path("failures"), "2").unwrap();
    let message = fails(&hsm, "pin", "pin-final-try", &[]);
    assert!(
        message.contains("one wrong PIN more locks the token"),
        "{message}"
    );
    assert_eq!(hsm.logins(), 0);
    // A hand at the prompt sees what it is about.
    let (screen, code) = at_the_terminal(&hsm, PIN);
    assert!(screen.contains("THE LAST TRY") && code == 0, "{screen}");
    fs::write(hsm.bench.path("failures"), "2").unwrap();
    hsm.sign("pkcs11:token=ca", &["--final-try"]).expect(0);
}

fn a_pin_comes_from_every_source_of_a_passphrase() {
    let hsm = with_ca("");
    let base = |uri| [&sign(uri)[..], &["--force"]].concat();
    let run = |words: Vec<&str>| {
        let mut command = hsm.bench.command(&words);
        command
            .envs(hsm.environment())
            .env("THE_PIN", PIN)
            .write_stdin(format!("{PIN}\n"));
        crate::support::run(command).expect(0)
    };
    run([base("pkcs11:token=ca"), vec!["--passphrase-env", "THE_PIN"]].concat());
    run([base("pkcs11:token=ca"), vec!["--passphrase-fd", "0"]].concat());
    run(base("pkcs11:token=ca?pin-source=pin"));
    let source = format!(
        "pkcs11:token=ca?pin-source=file:{}",
        hsm.bench.path("pin").display()
    );
    run(base(&source));
    // The command line goes before the URI.
    run([
        base("pkcs11:token=ca?pin-source=wrong"),
        vec!["--passphrase-file", "pin"],
    ]
    .concat());
    assert_eq!(hsm.logins(), 5);
    // A file that others can read is warned of, wherever it was named.
    fs::set_permissions(
        hsm.bench.path("pin"),
        std::os::unix::fs::PermissionsExt::from_mode(0o644),
    )
    .unwrap();
    assert!(
        run(base("pkcs11:token=ca?pin-source=pin"))
            .stderr
            .contains("is open to others")
    );
    hsm.no_file_holds_the_pin();
}

fn without_a_pin_and_without_a_terminal_nothing_is_tried() {
    let hsm = with_ca("");
    let output = Command::new("setsid")
        .arg("-w")
        .arg(env!("CARGO_BIN_EXE_hsmboot"))
        .args(sign("pkcs11:token=ca"))
        .current_dir(hsm.bench.path(""))
        .envs(hsm.environment())
        .stdin(Stdio::null())
        .output()
        .expect("this test needs the program setsid (apt install util-linux)");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(5), "{text}");
    assert!(
        text.contains("the token `ca` (serial ")
            && text.contains("wants its PIN, and there is no terminal to ask at"),
        "{text}"
    );
    assert_eq!(hsm.logins(), 0);
    for (source, kind) in [
        ("nowhere", "passphrase-unreadable"),
        ("/dev/null", "no-passphrase"),
    ] {
        fails(&hsm, source, kind, &[]);
    }
    assert_eq!(hsm.logins(), 0);
}

/// `ca init` with the token's key, in a terminal of its own, where this is typed at the prompt: the
/// screen, and the exit code.
fn at_the_terminal(hsm: &Hsm, typed: &str) -> (String, i32) {
    let words = format!(
        "'{}' ca init --out . --force --subject CN=x --ca-key pkcs11:object=ca-key; echo \"code \
         $?.\"",
        env!("CARGO_BIN_EXE_hsmboot")
    );
    let mut child = terminal(&words)
        .current_dir(hsm.bench.path(""))
        .envs(hsm.environment())
        .spawn()
        .unwrap();
    let (mut keys, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut seen = String::new();
    let mut until = |ends: &dyn Fn(&str) -> bool| {
        let mut byte = [0];
        while !ends(&seen) {
            assert_ne!(screen.read(&mut byte).unwrap(), 0, "it ended early: {seen}");
            seen.push(char::from(byte[0]));
        }
        seen.clone()
    };
    until(&|seen| seen.contains("PIN of token ") && seen.ends_with("): "));
    keys.write_all(format!("{typed}\n").as_bytes()).unwrap();
    keys.flush().unwrap();
    let seen = until(&|seen| seen.contains("code ") && seen.ends_with('.'));
    drop(keys);
    child.wait().unwrap();
    let code = seen
        .rsplit_once("code ")
        .unwrap()
        .1
        .trim_end_matches('.')
        .parse()
        .unwrap();
    assert!(
        typed.is_empty() || !seen.contains(typed),
        "what is typed is not shown: {seen}"
    );
    (seen, code)
}

fn the_prompt_names_the_token_and_shows_nothing() {
    let hsm = with_ca("");
    let (screen, code) = at_the_terminal(&hsm, PIN);
    assert!(
        screen.contains("PIN of token `ca` (serial ") && !screen.contains("LAST TRY"),
        "{screen}"
    );
    assert_eq!((code, hsm.logins()), (0, 1), "{screen}");
}

fn an_empty_line_at_the_prompt_is_not_tried() {
    let hsm = with_ca("");
    let (screen, code) = at_the_terminal(&hsm, "");
    assert!(screen.contains("nothing was tried"), "{screen}");
    assert_eq!((code, hsm.logins()), (5, 0), "{screen}");
}

fn a_wrong_pin_at_the_prompt_is_not_asked_for_again() {
    let hsm = with_ca("tries");
    let (screen, code) = at_the_terminal(&hsm, "99998888");
    assert_eq!(
        (code, hsm.logins(), screen.matches("PIN of token").count()),
        (5, 1, 1),
        "{screen}"
    );
    let (screen, _) = at_the_terminal(&hsm, PIN);
    assert!(
        screen.contains("a wrong one was entered before"),
        "{screen}"
    );
}

fn a_pin_pad_asks_for_itself() {
    let hsm = with_ca("pad");
    let run = hsm.run(&sign("pkcs11:token=ca")).expect(0);
    assert!(
        run.stderr
            .contains("wants its PIN on its own keys or screen"),
        "{}",
        run.stderr
    );
    assert_eq!(hsm.logins(), 1);
    hsm.judge();
    // Somebody has to go there, whatever else is left unsaid.
    let run = hsm
        .run(&[&sign("pkcs11:token=ca")[..], &["--force", "--quiet"]].concat())
        .expect(0);
    assert!(
        run.stderr
            .contains("wants its PIN on its own keys or screen"),
        "{}",
        run.stderr
    );
}

fn a_token_that_needs_no_login_gets_none() {
    let hsm = with_ca("open");
    hsm.run(&sign("pkcs11:token=ca")).expect(0);
    assert_eq!(hsm.logins(), 0);
    hsm.judge();
}

fn a_key_that_wants_its_pin_each_time_gets_it() {
    let hsm = Hsm::forwarded("always");
    hsm.init("pkcs11:token=ca;object=k", &["--key-type", "rsa-2048"])
        .expect(0);
    hsm.calls();
    hsm.sign("pkcs11:token=ca", &["--seal"]).expect(0);
    let order: Vec<String> = hsm
        .calls()
        .into_iter()
        .filter(|call| !call.starts_with("find"))
        .collect();
    assert_eq!(
        order,
        [
            "login 1",
            "sign-init 64",
            "login 2",
            "sign-init 64",
            "login 2"
        ],
        "once for the certificate, once for the seal"
    );
    hsm.judge();
}

/// PKCS#11 2.40 base, 5.11: C_SignInit may answer CKR_USER_NOT_LOGGED_IN; then nothing has begun.
fn a_token_that_wants_the_pin_before_it_begins_gets_it() {
    let hsm = Hsm::forwarded("always early");
    hsm.init("pkcs11:token=ca;object=k", &["--key-type", "rsa-2048"])
        .expect(0);
    hsm.calls();
    hsm.sign("pkcs11:token=ca", &[]).expect(0);
    let order: Vec<String> = hsm
        .calls()
        .into_iter()
        .filter(|call| !call.starts_with("find"))
        .collect();
    assert_eq!(
        order,
        ["login 1", "sign-init 64", "login 2", "sign-init 64"]
    );
    hsm.judge();
}

fn a_key_that_wants_its_pin_each_time_and_cannot_get_it_says_so() {
    // SoftHSM signs with CKM_ECDSA in a single part only, as the standard has it.
    let hsm = Hsm::forwarded("always");
    let run = hsm
        .init(
            "pkcs11:token=ca;object=k",
            &["--key-type", "p256", "--output", "json"],
        )
        .expect(5)
        .json();
    assert_eq!(run["error"]["kind"], "token-mechanism-missing");
    assert!(
        run["error"]["message"]
            .as_str()
            .unwrap()
            .contains("CKA_ALWAYS_AUTHENTICATE"),
        "{run:#}"
    );
}

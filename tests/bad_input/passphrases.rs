//! New passphrases that are easily guessed.

use crate::support::{Bench, TRUST};

/// Every command that makes an encrypted key judges its passphrase; existing keys are opened
/// whatever theirs is.
#[test]
fn a_weak_new_passphrase_needs_its_option_and_an_existing_one_does_not() {
    let bench = Bench::new();
    bench.write("short", "elevenchars\n");
    bench.write("row", "qwertyuiop1234567890\n");
    bench.write("long", "five unlike quiet herons\n");
    let init = |out: &'static str, file: &'static str, more: &[&'static str]| {
        let init = [
            "ca",
            "init",
            "--out",
            out,
            "--subject",
            "CN=x",
            "--key-type",
            "p256",
        ];
        [&init[..], &["--passphrase-file", file], more].concat()
    };
    for (file, says) in [
        ("short", "fewer than 12 characters"),
        ("row", "row of keys"),
    ] {
        bench.refused(&init("new", file, &[]), 5, "passphrase-weak", &[says]);
        let hint = bench.hint(&init("new", file, &[]));
        assert!(hint.contains("--weak-passphrase"), "{hint}");
        let message = bench.run(&init("new", file, &[])).expect(5).stderr;
        assert!(
            !message.contains("qwerty") && !message.contains("eleven"),
            "{message}"
        );
    }
    bench.run(&init("long-ca", "long", &[])).expect(0);
    bench
        .run(&init("short-ca", "short", &["--weak-passphrase"]))
        .expect(0);
    let sign = [
        "sign",
        "bundle",
        "--ca",
        "short-ca/customerCA.crt",
        "--ca-key",
        "short-ca/customerCA.key",
        "--passphrase-file",
        "short",
    ];
    bench.run(&[&sign[..], &TRUST].concat()).expect(0);
}

//! CA keys on tokens: real SoftHSM tokens, in directories of their own, and a module in front of
//! SoftHSM (`tests/clients/pkcs11_forwarder.c`) that counts logins and has what SoftHSM lacks: PINs
//! that lock, a PIN pad, keys that want their PIN each time.
//!
//! `softhsm2-util`, its module, `cc`, `openssl` and `script` are taken from the system. Where
//! SoftHSM is missing these tests show as ignored, never as passed; where `HSMBOOT_SOFTHSM` is set,
//! as `tests/run` does, it must be there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    reason = "tests"
)]

#[cfg(all(feature = "pkcs11", feature = "online", feature = "simulator"))]
#[path = "docs/blocks.rs"]
mod blocks;
#[cfg(all(feature = "pkcs11", feature = "online", feature = "simulator"))]
#[path = "docs/ceremony.rs"]
#[allow(dead_code, reason = "tests/docs.rs plays the other runbook")]
mod ceremony;
#[cfg(feature = "pkcs11")]
#[path = "pkcs11/errors.rs"]
mod errors;
#[cfg(all(feature = "pkcs11", feature = "online", feature = "simulator"))]
#[path = "support/executable.rs"]
mod executable;
#[cfg(feature = "pkcs11")]
#[path = "pkcs11/hsm.rs"]
mod hsm;
#[cfg(feature = "pkcs11")]
#[path = "pkcs11/inside.rs"]
mod inside;
#[cfg(feature = "pkcs11")]
#[path = "pkcs11/intermediate.rs"]
mod intermediate;
#[cfg(feature = "pkcs11")]
#[path = "pkcs11/keys.rs"]
mod keys;
#[cfg(feature = "pkcs11")]
#[path = "pkcs11/page.rs"]
mod page;
#[cfg(feature = "pkcs11")]
#[path = "pkcs11/pins.rs"]
mod pins;
#[cfg(all(feature = "pkcs11", feature = "online", feature = "simulator"))]
#[path = "pkcs11/runbook.rs"]
mod runbook;
#[cfg(all(feature = "pkcs11", feature = "online", feature = "simulator"))]
#[path = "support/simulated.rs"]
#[allow(dead_code, unreachable_pub)]
mod simulated;
#[cfg(all(feature = "pkcs11", feature = "online", feature = "simulator"))]
#[path = "docs/stage.rs"]
mod stage;
mod support;

#[cfg(all(feature = "pkcs11", feature = "online", feature = "simulator"))]
use support::terminal;

use std::process::ExitCode;

use libtest_mimic::Arguments;
use support::trial::trial;

#[cfg(feature = "pkcs11")]
fn main() -> ExitCode {
    if let Some(order) = std::env::var_os("HSMBOOT_INSIDE") {
        inside::run(&order.into_string().unwrap());
        return ExitCode::SUCCESS;
    }
    let absent = std::env::var_os("HSMBOOT_SOFTHSM").is_none() && hsm::softhsm().is_none();
    #[cfg_attr(not(all(feature = "online", feature = "simulator")), allow(unused_mut))]
    let mut tests: Vec<(&'static str, fn())> = [
        keys::TESTS,
        intermediate::TESTS,
        errors::TESTS,
        pins::TESTS,
        page::TESTS,
    ]
    .concat();
    #[cfg(all(feature = "online", feature = "simulator"))]
    tests.extend(runbook::TESTS);
    let trials = tests
        .into_iter()
        .map(|(name, test)| trial(name, test, absent));
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

/// A build without the feature says so, whatever the URI holds, and which build has it.
#[cfg(not(feature = "pkcs11"))]
fn main() -> ExitCode {
    let test = || {
        let bench = support::Bench::new();
        for uri in ["pkcs11:token=ca;object=key", "PKCS11:"] {
            let words = ["sign", "bundle", "--ca", "customerCA.crt", "--ca-key", uri];
            bench.refused(&words, 2, "key-kind-unsupported", &["PKCS#11 token"]);
            assert!(bench.run(&words).stderr.contains("the feature `pkcs11`"));
        }
    };
    let trials = vec![trial(
        "a_build_without_the_feature_says_which_build_has_it",
        test,
        false,
    )];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

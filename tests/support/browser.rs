//! The checks that a script of tests/clients makes in headless Chromium. Each check is a test, and
//! one browser serves all.

#[path = "tool.rs"]
mod tool;

use std::sync::OnceLock;

use libtest_mimic::{Failed, Trial};
use tool::there;

/// Tells whether the browser is missing, and may be.
pub(crate) fn is_absent() -> bool {
    static ABSENT: OnceLock<bool> = OnceLock::new();
    *ABSENT.get_or_init(|| {
        std::env::var_os("HSMBOOT_BROWSER").is_none()
            && ["chromium", "chromedriver"].iter().any(|tool| !there(tool))
    })
}

/// Tells whether a further tool is missing, and may be.
#[allow(dead_code, reason = "not every suite needs one")]
pub(crate) fn lacks(tool: &str) -> bool {
    std::env::var_os("HSMBOOT_BROWSER").is_none() && !there(tool)
}

/// Returns a test for each check, and one test that the script makes these checks in this order.
/// `report` is the script's output. `is_ignored` selects the tests that are not run.
pub(crate) fn trials(
    checks: &'static [&'static str],
    report: fn() -> &'static str,
    is_ignored: fn(&str) -> bool,
) -> Vec<Trial> {
    let all = move || {
        let expected: Vec<&str> = checks
            .iter()
            .copied()
            .filter(|check| !is_ignored(check))
            .collect();
        let report = report();
        let run: Vec<&str> = report
            .lines()
            .filter_map(|line| {
                line.strip_prefix("ok ")
                    .or_else(|| line.strip_prefix("FAILED ")?.split(':').next())
            })
            .collect();
        if run == expected {
            Ok(())
        } else {
            Err(format!("the script ran {run:?}\n{report}").into())
        }
    };
    let each = checks.iter().map(|&check| {
        Trial::test(check, move || outcome(check, report())).with_ignored_flag(is_ignored(check))
    });
    let none = checks.iter().all(|check| is_ignored(check));
    each.chain([Trial::test("every_check_of_the_script_is_a_test", all).with_ignored_flag(none)])
        .collect()
}

fn outcome(check: &str, report: &str) -> Result<(), Failed> {
    if report
        .lines()
        .any(|line| line.strip_prefix("ok ") == Some(check))
    {
        return Ok(());
    }
    let why = report
        .lines()
        .find_map(|line| line.strip_prefix("FAILED ")?.strip_prefix(check));
    Err(why
        .map_or_else(
            || format!("it was not run:\n{report}"),
            |why| format!("{check}{why}"),
        )
        .into())
}

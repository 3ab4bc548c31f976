//! Tests of programs with a `main` of their own (libtest-mimic). A test that needs a missing tool
//! shows as ignored, never as passed.

use libtest_mimic::Trial;

/// Makes a test that fails by panicking, as all others do.
pub(crate) fn trial(
    name: impl Into<String>,
    test: impl FnOnce() + Send + 'static,
    ignored: bool,
) -> Trial {
    let run = move || {
        test();
        Ok(())
    };
    Trial::test(name, run).with_ignored_flag(ignored)
}

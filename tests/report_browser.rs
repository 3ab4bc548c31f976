//! Pages of `hsmboot report` in a browser: headless Chromium, driven by
//! `tests/clients/report_chromium.py`, looks at bundles in every state.
//!
//! `chromium`, `chromedriver` and `python3` are taken from PATH. Where the browser is missing these
//! tests show as ignored, never as passed; where `HSMBOOT_BROWSER` is set, as `tests/run` does, it
//! must be there. axe-core is taken from NODE_PATH, and must be there where that is set.
//! `HSMBOOT_REGENERATE=1` takes the documentation's pictures anew (PyPI: pypdfium2).
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "support/browser.rs"]
mod browser;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::OnceLock;

use libtest_mimic::Arguments;

/// The script's checks, in its order.
const CHECKS: [&str; 16] = [
    "nothing_is_asked_for_and_nothing_complains",
    "the_policy_is_in_force",
    "hostile_input_is_text_alone",
    "text_stands_out_in_light_and_dark",
    "landmarks_headings_and_names_are_there_for_who_cannot_see",
    "the_keyboard_reaches_the_report_at_once_and_shows_where_it_is",
    "the_page_fits_narrow_and_wide_screens",
    "text_stays_within_its_box_in_the_picture",
    "on_a_phone_the_chain_is_stacked_and_all_of_it_is_seen",
    "the_first_printed_page_stands_alone",
    "a_step_is_titled_by_what_was_done_and_by_whom",
    "a_chain_has_a_box_for_each_certificate_the_root_on_top",
    "a_fleets_rows_lead_to_the_clusters_pages",
    "it_prints_on_a4_and_nothing_is_cut_off",
    "in_black_and_white_the_shapes_tell",
    AXE,
];

const AXE: &str = "axe_finds_nothing";

fn main() -> ExitCode {
    let is_ignored = |check: &str| browser::is_absent() || (check == AXE && axe().is_none());
    libtest_mimic::run(
        &Arguments::from_args(),
        browser::trials(&CHECKS, report, is_ignored),
    )
    .exit_code()
}

/// axe-core, as NODE_PATH has it: a file that is not there fails its test.
fn axe() -> Option<PathBuf> {
    std::env::var_os("NODE_PATH").map(|path| Path::new(&path).join("axe-core/axe.min.js"))
}

/// What the script printed. One browser does for all checks.
fn report() -> &'static str {
    static REPORT: OnceLock<String> = OnceLock::new();
    REPORT.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut command = Command::new("python3");
        command
            .arg(root.join("tests/clients/report_chromium.py"))
            .arg(env!("CARGO_BIN_EXE_hsmboot"))
            .arg(root.join("fixtures/verify"));
        if let Some(axe) = axe() {
            command.arg("--axe").arg(axe);
        }
        if std::env::var_os("HSMBOOT_REGENERATE").is_some()
            && cfg!(all(feature = "online", feature = "simulator"))
        {
            command.arg("--pictures").arg(root.join("docs/images"));
        }
        let output = command.output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr)
    })
}

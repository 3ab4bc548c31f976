//! The simulator's page in a browser: headless Chromium, driven by
//! `tests/clients/page_chromium.py`, looks at `hsmboot simulate`.
//!
//! `chromium`, `chromedriver`, `python3` and `openssl` are taken from PATH. Where the browser is
//! missing these tests show as ignored, never as passed; where `HSMBOOT_BROWSER` is set, as
//! `tests/run` does, it must be there. `HSMBOOT_REGENERATE=1` takes the documentation's pictures
//! anew.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "support/browser.rs"]
mod browser;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::OnceLock;

use libtest_mimic::Arguments;

/// The script's checks, in its order.
const CHECKS: [&str; 31] = [
    "clusters_appear_without_a_reload",
    "states_change_live_and_are_announced",
    "a_cluster_opens_by_keyboard_alone",
    "the_focus_stays_when_the_cluster_changes",
    "the_chain_shows_the_csrs_five_attributes_in_one_rdn",
    "the_chain_says_which_key_signed_what",
    "certificates_are_chosen_by_keyboard",
    "the_arrows_lead_from_key_to_key_on_a_phone",
    "it_cannot_be_missed_that_this_is_a_rehearsal",
    "hostile_text_is_text_and_runs_nothing",
    "requests_are_listed_with_how_they_ended",
    "initialization_replaces_the_chain",
    "the_page_fits_a_narrow_screen",
    "text_stands_out_in_light_and_dark",
    "nothing_moves_for_those_who_ask_for_that",
    "nothing_is_asked_of_anybody_else_and_nothing_complains",
    "backups_are_listed_with_their_copies",
    "a_restart_is_survived",
    "a_button_makes_a_cluster_in_the_region_that_is_named",
    "buttons_add_an_hsm_initialize_and_activate",
    "a_button_advances_the_clock",
    "buttons_turn_faults_on_and_off",
    "reset_is_pressed_twice_and_removes_everything",
    "a_copied_command_is_the_one_beside_the_state",
    COMMANDS,
    "a_command_for_a_hostile_region_runs_nothing_else",
    "a_transition_shows_its_progress",
    "an_hsm_and_a_new_cluster_show_theirs",
    "requests_are_filtered_by_action_and_outcome",
    "a_page_of_another_origin_can_order_nothing",
    "a_name_that_is_pointed_here_can_order_nothing",
];

/// The commands are those of the aws CLI too.
const COMMANDS: &str = "every_command_beside_a_state_works_as_it_is_copied";

fn main() -> ExitCode {
    let is_ignored = |check: &str| {
        !cfg!(feature = "simulator")
            || browser::is_absent()
            || (check == COMMANDS && browser::lacks("aws"))
    };
    libtest_mimic::run(
        &Arguments::from_args(),
        browser::trials(&CHECKS, report, is_ignored),
    )
    .exit_code()
}

/// What the script printed. One browser does for all checks.
fn report() -> &'static str {
    static REPORT: OnceLock<String> = OnceLock::new();
    REPORT.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut command = Command::new("python3");
        command
            .arg(root.join("tests/clients/page_chromium.py"))
            .arg(env!("CARGO_BIN_EXE_hsmboot"));
        if std::env::var_os("HSMBOOT_REGENERATE").is_some() {
            command.arg("--pictures").arg(root.join("docs/images"));
        }
        if browser::lacks("aws") {
            command.arg("--without").arg(COMMANDS);
        }
        let output = command.output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr)
    })
}

//! The messages about a cluster's hardware: which root its chains need, that it is for non-FIPS
//! mode, and what a verdict rests on.

use std::path::Path;

use anstyle::Style;

use super::args::TrustArgs;
use super::ui::{GREEN, Ui, YELLOW};
use crate::bundle::{Bundle, Request, SIMULATED_ROOTS};
use crate::check::CLOCK_HINT;
use crate::error::{Error, ErrorKind, FactName};
use crate::generation::PublishedRoot;
use crate::hint::{self, NextCommand};
use crate::outside::{Lines, OutsideText};
use crate::verify::{self as engine, Cause, Hardware, Record, Roots, Status, Verdict};

/// Returns the sentence for a verified CSR. Only built-in roots make it a genuine HSM's.
pub(crate) const fn proof_sentence(roots: Roots) -> &'static str {
    match roots {
        Roots::BuiltIn => "the CSR is a genuine HSM's",
        Roots::Given => "the CSR is an HSM's by their word",
        Roots::Simulated => "the CSR is a simulated HSM's",
    }
}

/// Returns the verdict and that sentence: `verified: …`.
pub(crate) fn proof_text(roots: Roots) -> String {
    format!("{}: {}", roots.verified_word(), proof_sentence(roots))
}

/// Returns the style of a verdict that rests on these roots: what somebody gave is not green.
pub(crate) const fn proof_style(roots: Roots) -> Style {
    match roots {
        Roots::BuiltIn => GREEN,
        Roots::Given | Roots::Simulated => YELLOW,
    }
}

/// Returns what `request.json` says of the cluster's hardware; nothing where there is none.
pub(crate) fn of_bundle(bundle: &Bundle) -> Hardware<'_> {
    bundle.request().map(Request::hardware).unwrap_or_default()
}

/// Returns the lines about one root: its file, its subject, and its source.
fn root_lines(root: &PublishedRoot) -> Lines {
    let name = root
        .common_name
        .map(|name| format!(", CN {name}"))
        .unwrap_or_default();
    let browser = root
        .browser
        .then_some("  browser  needed for the download: scripts are refused");
    let file = root.file.map_or_else(
        || {
            format!(
                "the file in {}, whatever it is called",
                root.download_name()
            )
        },
        str::to_owned,
    );
    Lines::from([
        format!("  root     {file}{name}: the root of {}", root.of),
        format!("  page     {}", root.page),
        format!("  archive  {}", root.archive),
    ])
    .followed_by(browser)
}

/// Returns the warning that names the roots which have to be given, and the command that gives
/// them.
#[cfg(feature = "online")]
pub(crate) fn missing_roots_warning(roots: &[&PublishedRoot], dir: &Path) -> Lines {
    let all: Lines = roots.iter().map(|root| root_lines(root)).collect();
    let of = roots
        .iter()
        .map(|root| root.of)
        .collect::<Vec<_>>()
        .join(" and ");
    let verify = verify_command(roots, dir, &TrustArgs::default());
    let next = download_hint(roots, &verify.quoted());
    Lines::from(format!(
        "hsmboot has no root for {of} built in; it has to be given"
    ))
    .followed_by(all)
    .followed_by(next)
}

/// Returns the command that judges a bundle by these roots too, with the roots that were given
/// already. The files are taken from the current directory.
fn verify_command(roots: &[&PublishedRoot], dir: &Path, trust: &TrustArgs) -> NextCommand {
    let (dir, given) = (hint::path_word(dir, "DIR"), trust.root_options());
    NextCommand::new(["hsmboot", "verify", &dir])
        .with_words(given)
        .with_words(options_for_roots(roots))
}

/// Returns the options that give these roots.
pub(crate) fn options_for_roots<'a>(
    roots: &'a [&'a PublishedRoot],
) -> impl Iterator<Item = &'a str> {
    roots
        .iter()
        .flat_map(|root| [root.option, root.file_word()])
}

/// Returns the hint how to get these roots, up to the command `then` that uses them.
fn download_hint(roots: &[&PublishedRoot], then: &str) -> String {
    let download: Vec<String> = roots
        .iter()
        .map(|root| {
            format!(
                "{}{}",
                root.download_name(),
                if root.browser { " with a browser" } else { "" }
            )
        })
        .collect();
    let show: Vec<String> = roots
        .iter()
        .map(|root| show_command(root.file_word()).quoted())
        .collect();
    let (take, shows) = match roots {
        [_] => ("the file out of the archive", "shows its fingerprint"),
        _ => ("the files out of the archives", "show their fingerprints"),
    };
    format!(
        "download {}, and take {take}; {} {shows}, to be compared with what the maker or a \
         colleague publishes; then {then}",
        download.join(" and "),
        show.join(" and ")
    )
}

/// Returns the command that shows a root's fingerprint.
fn show_command(file: &str) -> NextCommand {
    NextCommand::new(["hsmboot", "roots", "show", file])
}

/// Returns the error where only roots are missing. It does not say that the HSM is not genuine.
fn root_missing_error(roots: &[&'static PublishedRoot], then: &str) -> Error {
    let all: Lines = roots.iter().map(|root| root_lines(root)).collect();
    let cause = Cause::RootsMissing(roots.to_vec());
    let message = Lines::from(format!("{cause}: do not sign, do not submit")).followed_by(all);
    let hint = download_hint(roots, then);
    let missing: Vec<&str> = options_for_roots(roots).collect();
    // No command stands ready for a program: a file of a root's name that lies there by chance is
    // no root, and only a person compares it with what the maker publishes.
    Error::new(ErrorKind::RootMissing, message, hint).with_fact(FactName::Missing, missing)
}

/// Does the same as [`root_missing_error`] before anything is fetched: the hint repeats the command
/// that was called.
#[cfg(feature = "online")]
pub(crate) fn root_missing_error_before_fetch(roots: &[&'static PublishedRoot]) -> Error {
    let options: Vec<&str> = options_for_roots(roots).collect();
    let again = super::step::repeated_command(&options);
    let quoted = again.as_ref().map(NextCommand::quoted);
    let then = quoted.unwrap_or_else(|| {
        format!(
            "run the same command again, with {} behind it",
            hint::quote_command(&options)
        )
    });
    root_missing_error(roots, &then)
}

/// Returns the error with which a rejected record ends a command: 4 where an input could not be
/// read, 3 otherwise, with the headline of its cause where one is known.
pub(crate) fn rejection_error(
    record: &Record,
    bundle: &Bundle,
    trust: &TrustArgs,
) -> Option<Error> {
    if record.verdict == Verdict::Verified {
        return None;
    }
    let failed: Lines = record
        .with(Status::Fail)
        .map(|finding| format!("  {}: {}", finding.id, finding.detail))
        .collect();
    let checks: Vec<String> = record
        .with(Status::Fail)
        .map(|finding| finding.id.to_string())
        .collect();
    if record.malformed() {
        let error = Error::new(
            ErrorKind::Malformed,
            Lines::from(
                "an input is malformed or over a documented limit; the HSM's identity is \
                         not proven",
            )
            .followed_by(failed),
            "fetch the bundle again, or save the console's downloads again as they are",
        );
        return Some(error.with_fact(FactName::Checks, checks));
    }
    let cause = Cause::from_record(record, of_bundle(bundle));
    let headline = Lines::from("the HSM's identity is not proven: do not sign, do not submit")
        .followed_by(cause.as_ref().map(ToString::to_string));
    let mut next = Vec::new();
    let hint = match &cause {
        Some(Cause::RootsMissing(roots)) => {
            let verify = verify_command(roots, bundle.path(), trust);
            let error = root_missing_error(roots, &verify.quoted());
            return Some(error.with_fact(FactName::Checks, checks));
        }
        Some(Cause::OtherRoots(sides)) => {
            let files = sides.iter().flat_map(|side| trust.root_files(*side));
            next.extend(files.map(|file| show_command(&hint::path_word(&file, "FILE"))));
            let show: Vec<String> = next.iter().map(NextCommand::quoted).collect();
            format!(
                "compare what was given with what the makers publish: {}; which chain ends in \
                 which root: {}. Where the right root was given, do not trust this \
                 bundle",
                show.join(", "),
                page!("hsm2m.md")
            )
        }
        Some(Cause::Simulated) => {
            let has_roots = bundle.has_file(SIMULATED_ROOTS);
            // For people: a rejection names no command for a program that passes after all.
            simulated_hint("verify", bundle.path(), has_roots)
        }
        Some(Cause::Time) => format!(
            "{CLOCK_HINT}, and --at where it was given. Where the moment is right, a \
             hardware certificate has ended or not begun: {}",
            page!("troubleshooting.md")
        ),
        None => format!(
            "each check's rule and source: {}; what each failure means: {}",
            page!("verification.md"),
            page!("troubleshooting.md")
        ),
    };
    let error = Error::new(ErrorKind::Rejected, headline.followed_by(failed), hint);
    let error = error.with_next(next);
    Some(error.with_fact(FactName::Checks, checks))
}

/// The options for a simulator's roots, as `hsmboot simulate --roots roots` writes them.
pub(crate) const SIMULATOR_ROOT_OPTIONS: [&str; 4] = [
    "--aws-root",
    "roots/aws-root.crt",
    "--manufacturer-root",
    "roots/manufacturer-root.crt",
];

/// Returns the hint how to judge what a simulator made: by the roots that a rehearsal left in the
/// bundle, or by those of the simulator that is asked.
fn simulated_hint(command: &str, dir: &Path, has_roots: bool) -> String {
    let dir = hint::path_word(dir, "DIR");
    let command = NextCommand::new(["hsmboot", command, &dir]);
    match has_roots {
        true => {
            let command = command.with_words(["--simulated"]);
            let look = "to look at the rehearsal all the same";
            format!("{look}: {}", command.quoted())
        }
        false => {
            let command = command.with_words(SIMULATOR_ROOT_OPTIONS);
            format!(
                "give the roots of that very simulator, which `hsmboot simulate --roots roots` \
                 writes: {}",
                command.quoted()
            )
        }
    }
}

/// Returns the cluster's Mode from the live cluster, or from the bundle where the live cluster does
/// not say. A bundle may be old, or anybody's.
pub(crate) fn cluster_mode<'a>(
    live: Option<&'a OutsideText>,
    bundle: &'a Bundle,
) -> Option<&'a OutsideText> {
    live.or_else(|| bundle.request().and_then(|request| request.mode.as_ref()))
}

/// Prints an alarm if non-FIPS hardware is under a cluster whose Mode is FIPS.
pub(crate) fn alarm_non_fips(record: &Record, mode: Option<&OutsideText>, ui: &Ui) {
    if let Some(alarm) = engine::fips_alarm(record, mode.map(OutsideText::as_raw)) {
        ui.alarm(format!("NOT FIPS: {alarm}"));
    }
}

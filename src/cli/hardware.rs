//! What is said of a cluster's hardware: which root its chains need, that it is for non-FIPS mode,
//! and what a verdict rests on.

use std::path::Path;

use super::args::TrustArgs;
use super::ui::Ui;
use crate::bundle::{Bundle, Request};
use crate::check::LOOK_AT_THE_CLOCK;
use crate::error::{Error, ErrorKind, FactName};
use crate::hint;
use crate::outside::{Lines, OutsideText};
use crate::verify::{
    self as engine, Cause, Hardware, PublishedRoot, Record, Roots, Status, Verdict,
};

/// What a verified CSR is said to be: a genuine HSM's only by built-in roots.
pub(crate) const fn proven(roots: Roots) -> &'static str {
    match roots {
        Roots::BuiltIn => "the CSR is a genuine HSM's",
        Roots::Given => "the CSR is an HSM's, by roots that were given",
    }
}

/// What `request.json` says of the cluster; nothing where there is none.
pub(crate) fn of(bundle: &Bundle) -> Hardware<'_> {
    bundle.request().map(Request::hardware).unwrap_or_default()
}

/// One root in lines: which file, of what, from where.
fn lines(root: &PublishedRoot) -> Lines {
    let name = root
        .common_name
        .map(|name| format!(", CN {name}"))
        .unwrap_or_default();
    let browser = root
        .browser
        .then_some("  browser  needed for the download: scripts are refused");
    let file = root.file.map_or_else(
        || format!("the file in {}, whatever it is called", root.download()),
        str::to_owned,
    );
    Lines::from([
        format!("  root     {file}{name}: the root of {}", root.of),
        format!("  page     {}", root.page),
        format!("  archive  {}", root.archive),
    ])
    .and(browser)
}

/// Which roots have to be given, and the command that does.
#[cfg(feature = "online")]
pub(crate) fn needed(roots: &[&PublishedRoot], dir: &Path) -> Lines {
    let all: Lines = roots.iter().map(|root| lines(root)).collect();
    let of = roots
        .iter()
        .map(|root| root.of)
        .collect::<Vec<_>>()
        .join(" and ");
    let next = get(roots, &verify_with(roots, dir, &TrustArgs::default()));
    Lines::from(format!(
        "hsmboot has no root for {of} built in; it has to be given"
    ))
    .and(all)
    .and(next)
}

/// The command that judges a bundle by these roots too: with those that were given already, and the
/// files in the directory that one works in.
fn verify_with(roots: &[&PublishedRoot], dir: &Path, trust: &TrustArgs) -> String {
    let (dir, given) = (hint::path(dir, "DIR"), trust.root_words());
    let words = given.iter().map(String::as_str).chain(with(roots));
    hint::command(
        &["hsmboot", "verify", &dir]
            .into_iter()
            .chain(words)
            .collect::<Vec<_>>(),
    )
}

/// The options that give these roots.
fn with<'a>(roots: &'a [&'a PublishedRoot]) -> impl Iterator<Item = &'a str> {
    roots
        .iter()
        .flat_map(|root| [root.option, root.file_word()])
}

/// How to get these roots, up to the command that uses them.
fn get(roots: &[&PublishedRoot], then: &str) -> String {
    let download: Vec<String> = roots
        .iter()
        .map(|root| {
            format!(
                "{}{}",
                root.download(),
                if root.browser { " with a browser" } else { "" }
            )
        })
        .collect();
    let show: Vec<String> = roots
        .iter()
        .map(|root| hint::command(&["hsmboot", "roots", "show", root.file_word()]))
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

/// The error where nothing but roots is missing: not that the HSM is no genuine one.
fn root_missing(roots: &[&'static PublishedRoot], then: &str) -> Error {
    let all: Lines = roots.iter().map(|root| lines(root)).collect();
    let cause = Cause::RootsMissing(roots.to_vec());
    let message = Lines::from(format!("{cause}: do not sign, do not submit")).and(all);
    Error::new(ErrorKind::RootMissing, message, get(roots, then))
}

/// The same before anything is fetched: the command that was called is the one to call again.
#[cfg(feature = "online")]
pub(crate) fn root_missing_yet(roots: &[&'static PublishedRoot]) -> Error {
    let options: Vec<&str> = with(roots).collect();
    let again = super::step::same_command(&options);
    let then = again.unwrap_or_else(|| {
        format!(
            "run the same command again, with {} behind it",
            hint::command(&options)
        )
    });
    root_missing(roots, &then)
}

/// Why a rejected record ends a command: 4 where an input could not be read, 3 otherwise, with the
/// headline of its cause where one is known.
pub(crate) fn rejection(record: &Record, bundle: &Bundle, trust: &TrustArgs) -> Option<Error> {
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
            .and(failed),
            "fetch the bundle again, or save the console's downloads again as they are",
        );
        return Some(error.with_fact(FactName::Checks, checks));
    }
    let cause = Cause::of(record, of(bundle));
    let headline = Lines::from("the HSM's identity is not proven: do not sign, do not submit")
        .and(cause.as_ref().map(ToString::to_string));
    let hint = match &cause {
        Some(Cause::RootsMissing(roots)) => {
            let error = root_missing(roots, &verify_with(roots, bundle.path(), trust));
            return Some(error.with_fact(FactName::Checks, checks));
        }
        Some(Cause::OtherRoots(sides)) => {
            let files = sides.iter().flat_map(|side| trust.root_files(*side));
            let show: Vec<String> = files
                .map(|file| {
                    hint::command(&["hsmboot", "roots", "show", &hint::path(&file, "FILE")])
                })
                .collect();
            format!(
                "compare what was given with what the makers publish: {}; which chain ends in \
                 which root: docs/hsm2m.md. Where the right root was given, do not trust this \
                 bundle",
                show.join(", ")
            )
        }
        Some(Cause::Time) => format!(
            "{LOOK_AT_THE_CLOCK}, and --at where it was given. Where the moment is right, a \
             hardware certificate has ended or not begun: docs/troubleshooting.md"
        ),
        None => "each check's rule and source: docs/verification.md; what each failure means: \
                 docs/troubleshooting.md"
            .to_owned(),
    };
    let error = Error::new(ErrorKind::Rejected, headline.and(failed), hint);
    Some(error.with_fact(FactName::Checks, checks))
}

/// The cluster's Mode: what the live cluster says, or the bundle where that says nothing. A bundle
/// may be old, or anybody's.
pub(crate) fn mode<'a>(
    live: Option<&'a OutsideText>,
    bundle: &'a Bundle,
) -> Option<&'a OutsideText> {
    live.or_else(|| bundle.request().and_then(|request| request.mode.as_ref()))
}

/// Says loudly where non-FIPS hardware is under a cluster whose Mode is FIPS.
pub(crate) fn alarm(record: &Record, mode: Option<&OutsideText>, ui: &Ui) {
    if let Some(alarm) = engine::fips_alarm(record, mode.map(OutsideText::raw)) {
        ui.alarm(format!("NOT FIPS: {alarm}"));
    }
}

//! What is said of a cluster's hardware: which root its chains need, that it is for non-FIPS mode, and what a verdict rests on.

use std::path::Path;

use super::ui::Ui;
use crate::bundle::Bundle;
use crate::error::{Class, Error};
use crate::hint;
use crate::outside::{Lines, OutsideText};
use crate::verify::{self as engine, Hardware, PublishedRoot, Record, Roots};

/// What a verified CSR is said to be: a genuine HSM's only by built-in roots.
pub(crate) const fn proven(roots: Roots) -> &'static str {
    match roots {
        Roots::BuiltIn => "the CSR is a genuine HSM's",
        Roots::Given => "the CSR is an HSM's, by roots that were given",
    }
}

/// What `request.json` says of the cluster; nothing where there is none.
pub(crate) fn of(bundle: &Bundle) -> Hardware<'_> {
    let request = bundle.request();
    Hardware {
        hsm_type: request.and_then(|request| request.hsm_type.as_ref()).map(OutsideText::raw),
        region: request.map(|request| request.region.raw()),
    }
}

/// One root in lines: which file, of what, from where.
fn lines(root: &PublishedRoot) -> Lines {
    let name = root.common_name.map(|name| format!(", CN {name}")).unwrap_or_default();
    let browser = root.browser.then_some("  browser  needed for the download: scripts are refused");
    let file = root.file.map_or_else(|| format!("the file in {}, whatever it is called", root.download()), str::to_owned);
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
    Lines::from(format!("hsmboot has no root for {} built in; it has to be given", whose(roots))).and(all).and(next(roots, dir))
}

fn whose(roots: &[&PublishedRoot]) -> String {
    roots.iter().map(|root| root.of).collect::<Vec<_>>().join(" and ")
}

/// What to do next, with the roots' files in the directory that one works in.
fn next(roots: &[&PublishedRoot], dir: &Path) -> String {
    let shows: Vec<String> = roots.iter().map(|root| hint::command(&["hsmboot", "roots", "show", root.file_word()])).collect();
    let dir = hint::path(dir, "DIR");
    let words = roots.iter().flat_map(|root| [root.option, root.file_word()]);
    let verify = hint::command(&["hsmboot", "verify", &dir].into_iter().chain(words).collect::<Vec<_>>());
    format!(
        "download {} with a browser, and take the file out of the archive; {} shows its fingerprint, to be compared with what the maker or a colleague publishes; then {verify}",
        roots.iter().map(|root| root.download()).collect::<Vec<_>>().join(" and "),
        shows.join(" and ")
    )
}

/// The error where nothing but a root is missing: not that the HSM is no genuine one.
pub(crate) fn root_missing(roots: &[&PublishedRoot], dir: &Path) -> Error {
    let all: Lines = roots.iter().map(|root| lines(root)).collect();
    Error::new(
        Class::Rejected,
        "root-missing",
        Lines::from(format!("the root of {} is missing, so nothing is proven yet: do not sign, do not submit", whose(roots))).and(all),
        next(roots, dir),
    )
}

/// The cluster's Mode: what the live cluster says, or the bundle where that says nothing. A bundle may be old, or anybody's.
pub(crate) fn mode<'a>(live: Option<&'a OutsideText>, bundle: &'a Bundle) -> Option<&'a OutsideText> {
    live.or_else(|| bundle.request().and_then(|request| request.mode.as_ref()))
}

/// Says loudly where non-FIPS hardware is under a cluster whose Mode is FIPS.
pub(crate) fn alarm(record: &Record, mode: Option<&OutsideText>, ui: &Ui) {
    if let Some(alarm) = engine::fips_alarm(record, mode.map(OutsideText::raw)) {
        ui.alarm(format!("NOT FIPS: {alarm}"));
    }
}

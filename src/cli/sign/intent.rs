//! The screen before a signature: what is about to be signed, by which CA, and what is written.

use crate::bundle::{Bundle, CA_FILE, Part, RESPONSE, TRANSCRIPT, VERIFICATION};
use crate::cli::intent::IntentLines;
use crate::cli::screen::Screen;
use crate::cli::ui::StyledText;
use crate::verify::Record;
use crate::x509::write::validity_period;
use crate::x509::{Moment, TrustAnchor};

/// Shows it, where somebody sits at a terminal. `days`: from when, and for how many days, the
/// certificate is going to be valid; none where it is signed already.
///
/// The request's fingerprint is not shown: a tired operator would give it as the answer.
pub(crate) fn show_intent(
    bundle: &Bundle,
    record: &Record,
    ca: &TrustAnchor,
    days: (Moment, Option<u32>),
) {
    if let Some(mut screen) = Screen::open() {
        screen.show(intent_text(bundle, record, ca, days));
    }
}

fn intent_text(
    bundle: &Bundle,
    record: &Record,
    ca: &TrustAnchor,
    (now, days): (Moment, Option<u32>),
) -> StyledText {
    let what = match days {
        Some(_) => "sign the CSR of",
        None => "take over a certificate for the CSR of",
    };
    let mut out = IntentLines::new(format!("about to {what} {}", bundle.id()));
    out.push_hsm(Some(record));
    out.push_ca(ca);
    if let Some(days) = days {
        let until = validity_period(now, days).1.min(ca.not_after());
        out.push_line("valid", format!("until {until}"));
    }
    let written = [
        bundle.part_place(Part::SignedCert).to_string(),
        bundle.place(CA_FILE).to_string(),
        bundle.place(RESPONSE).to_string(),
        bundle.place(VERIFICATION).to_string(),
        bundle.place(TRANSCRIPT).to_string(),
    ];
    for (at, file) in written.into_iter().enumerate() {
        out.push_line(if at == 0 { "writes" } else { "" }, file);
    }
    out.into_text()
}

/// Shows the same of several bundles in one list: the CA, where its certificate is at hand, and of
/// each bundle its place and the verdict.
pub(super) fn show_intents(bundles: &[(Bundle, Record)], ca: Option<&TrustAnchor>) {
    let (Some(mut screen), false) = (Screen::open(), bundles.is_empty()) else {
        return;
    };
    let headline = match bundles.len() {
        1 => "about to sign the CSR of one cluster".to_owned(),
        count => format!("about to sign the CSRs of {count} clusters"),
    };
    let mut out = IntentLines::new(headline);
    if let Some(ca) = ca {
        out.push_ca(ca);
    }
    for (bundle, record) in bundles {
        out.push_line("cluster", bundle.id().to_string());
        out.push_hsm(Some(record));
        out.push_line("writes", bundle.part_place(Part::SignedCert).to_string());
    }
    if let [_, _, ..] = bundles {
        out.push_line("", "and the CA's certificate and records beside each");
    }
    screen.show(out.into_text());
}

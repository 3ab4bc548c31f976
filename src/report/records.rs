//! How request and signature came about, as the bundle's documents tell it.

use super::html::Html;
use super::icons::icon;
use super::told_by;
use super::transcript::{command, written_by};
use super::view::View;
use crate::bundle::{REQUEST, RESPONSE, Request, Response, Told};
use crate::outside::joined;

pub(super) fn section(html: &mut Html, view: &View<'_>) {
    let survey = &view.facts.survey;
    html.say("h3", "Fetched");
    document(
        html,
        REQUEST,
        &survey.request,
        "the bundle was put together by hand",
        fetched,
    );
    html.say("h3", "Signed");
    document(
        html,
        RESPONSE,
        &survey.response,
        "nothing is signed, or it was signed by other means",
        |html, response| signed(html, view, response),
    );
}

fn document<T>(
    html: &mut Html,
    name: &'static str,
    document: &Told<T>,
    otherwise: &str,
    facts: impl FnOnce(&mut Html, &T),
) {
    match document {
        Told::Absent => html.el("p", &[], |html| {
            html.text("There is no ");
            html.code(name);
            html.text(format!(": {otherwise}."));
        }),
        Told::Damaged(why) => html.of("p", "alarm", |html| {
            icon(html, "fail");
            html.code(name);
            html.text(" cannot be read: ");
            html.quote(why);
        }),
        Told::Tells(told) => {
            told_by(html, name);
            html.of("dl", "facts", |html| facts(html, told));
        }
    }
}

fn fetched(html: &mut Html, request: &Request) {
    html.fact("Fetched at", |html| {
        html.text(request.fetched_at.to_string())
    });
    html.fact("Region", |html| html.quote(&request.region));
    for (name, value) in [("HSM type", &request.hsm_type), ("Mode", &request.mode)] {
        if let Some(value) = value {
            html.fact(name, |html| html.quote(value));
        }
    }
    html.fact("State of the cluster then", |html| {
        html.quote(&request.state)
    });
    html.fact("HSMs", |html| html.code(joined(&request.hsms, " ")));
    html.fact("Program", |html| html.quote(&request.tool));
}

/// Of a certificate that `import` put there, the document has the time of that, and nothing in it
/// says so: the transcript does.
fn signed(html: &mut Html, view: &View<'_>, response: &Response) {
    let at = response.signed_at.to_string();
    let step = written_by(view, RESPONSE);
    match step.and_then(command) {
        Some("import") => html.fact("Imported at", |html| {
            let step = step.map(|step| step.step).unwrap_or_default();
            html.text(format!(
                "{at}, as step {step} of the transcript tells: it was signed \
                               elsewhere, at a time that the bundle does not record"
            ));
        }),
        Some(_) => html.fact("Signed at", |html| html.text(&at)),
        None => html.fact("Signed or imported at", |html| {
            html.text(format!("{at}; no transcript tells which"))
        }),
    }
    html.fact("Verdict then", |html| html.quote(&response.verdict));
    if let Some(key) = &response.ca_key {
        html.fact("Key of the CA", |html| html.code(key));
    }
    if let Some(issued) = &response.issued_by {
        html.fact("Issued by", |html| html.code(&issued.ca_arn));
        html.fact("Certificate there", |html| {
            html.code(&issued.certificate_arn)
        });
    }
    html.fact("Program", |html| html.quote(&response.tool));
}

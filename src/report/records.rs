//! The history of request and signature, as the bundle's documents record it.

use super::html::Html;
use super::icons::{Icon, write_alarm};
use super::standing::{step_command, written_by};
use super::view::PageView;
use super::write_unproven_mark;
use crate::bundle::{REQUEST, RESPONSE, Request, Response, SurveyedDocument};
use crate::outside::join_shown;

pub(super) fn write_records(html: &mut Html, view: &PageView<'_>) {
    let survey = &view.facts.survey;
    html.write_text_element("h3", "Fetched");
    write_document(
        html,
        REQUEST,
        &survey.request,
        "the bundle was put together by hand",
        write_fetched,
    );
    html.write_text_element("h3", "Signed");
    write_document(
        html,
        RESPONSE,
        &survey.response,
        "nothing is signed, or it was signed by other means",
        |html, response| write_signed(html, view, response),
    );
}

fn write_document<T>(
    html: &mut Html,
    name: &'static str,
    document: &SurveyedDocument<T>,
    otherwise: &str,
    facts: impl FnOnce(&mut Html, &T),
) {
    match document {
        SurveyedDocument::Absent => html.write_element("p", &[], |html| {
            html.write_text("There is no ");
            html.write_code(name);
            html.write_text(format!(": {otherwise}."));
        }),
        SurveyedDocument::Damaged(why) => write_alarm(html, Icon::Fail, |html| {
            html.write_code(name);
            html.write_text(" cannot be read: ");
            html.write_quote(why);
        }),
        SurveyedDocument::Read(told) => {
            write_unproven_mark(html, name);
            html.write_element_of("dl", "facts", |html| facts(html, told));
        }
    }
}

fn write_fetched(html: &mut Html, request: &Request) {
    html.write_text_fact("Fetched at", request.fetched_at.to_string());
    html.write_quote_fact("Region", &request.region);
    for (name, value) in [("HSM type", &request.hsm_type), ("Mode", &request.mode)] {
        if let Some(value) = value {
            html.write_quote_fact(name, value);
        }
    }
    html.write_quote_fact("State of the cluster then", &request.state);
    html.write_code_fact("HSMs", join_shown(&request.hsms, " "));
    html.write_quote_fact("Program", &request.tool);
}

/// Writes the response. For a certificate from `import`, the document has the time of the import,
/// and nothing in it says so: only the transcript does.
fn write_signed(html: &mut Html, view: &PageView<'_>, response: &Response) {
    let at = response.signed_at.to_string();
    let step = written_by(view, RESPONSE);
    match step.and_then(step_command) {
        Some("import") => html.write_fact("Imported at", |html| {
            let step = step.map(|step| step.step).unwrap_or_default();
            html.write_text(format!(
                "{at}, as step {step} of the transcript tells: it was signed \
                               elsewhere, at a time that the bundle does not record"
            ));
        }),
        Some(_) => html.write_text_fact("Signed at", &at),
        None => html.write_text_fact(
            "Signed or imported at",
            format!("{at}; no transcript tells which"),
        ),
    }
    html.write_quote_fact("Verdict then", &response.verdict);
    if let Some(key) = &response.ca_key {
        html.write_code_fact("Key of the CA", key);
    }
    if let Some(issued) = &response.issued_by {
        html.write_code_fact("Issued by", &issued.ca_arn);
        html.write_code_fact("Certificate there", &issued.certificate_arn);
    }
    html.write_quote_fact("Program", &response.tool);
}

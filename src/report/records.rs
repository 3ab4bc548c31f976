//! How request and signature came about, as the bundle's documents tell it.

use super::html::Html;
use super::view::View;
use super::{picture, told_by};
use crate::bundle::{REQUEST, RESPONSE, Request, Response, Told};

pub(super) fn section(html: &mut Html, view: &View<'_>) {
    let survey = &view.facts.survey;
    html.say("h3", "Fetched");
    document(html, REQUEST, &survey.request, "the bundle was put together by hand", fetched);
    html.say("h3", "Signed");
    document(html, RESPONSE, &survey.response, "nothing is signed, or it was signed by other means", signed);
}

fn document<T>(html: &mut Html, name: &'static str, document: &Told<T>, otherwise: &str, facts: impl FnOnce(&mut Html, &T)) {
    match document {
        Told::Absent => html.el("p", &[], |html| {
            html.text("There is no ");
            html.code(name);
            html.text(&format!(": {otherwise}."));
        }),
        Told::Damaged(why) => html.of("p", "alarm", |html| {
            picture::icon(html, "fail");
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
    html.fact("Fetched at", |html| html.text(&request.fetched_at.to_string()));
    html.fact("Region", |html| html.quote(&request.region));
    html.fact("State of the cluster then", |html| html.quote(&request.state));
    html.fact("HSMs", |html| html.code(&request.hsms.join(" ")));
    html.fact("Program", |html| html.quote(&request.tool));
}

fn signed(html: &mut Html, response: &Response) {
    html.fact("Signed at", |html| html.text(&response.signed_at.to_string()));
    html.fact("Verdict then", |html| html.quote(&response.verdict));
    if let Some(key) = &response.ca_key {
        html.fact("Key of the CA", |html| html.code(key));
    }
    if let Some(issued) = &response.issued_by {
        html.fact("Issued by", |html| html.code(&issued.ca_arn));
        html.fact("Certificate there", |html| html.code(&issued.certificate_arn));
    }
    html.fact("Program", |html| html.quote(&response.tool));
}

//! The alarms at the top of the page, and those that a fleet's table shows of a bundle.

use super::aspects::Aspect;
use super::decisions::{DecisionKind, first_reason};
use super::differences::differences_in;
use super::icons::Icon;
use super::view::PageView;
use crate::bundle::SurveyedDocument;
use crate::outside::{Lines, OutsideText};
use crate::verify::{Verdict, fips_alarm};

/// An alarm at the top of a bundle's page.
pub(super) enum Alarm<'a> {
    /// The hardware is for non-FIPS mode, and the cluster's Mode is FIPS: the sentence.
    NotFips(Lines),
    /// Somebody went on without proof of the HSM: the first reason on record.
    Unverified(OutsideText),
    /// Somebody took the CA that lay in the bundle: the first reason on record.
    OwnerNotProven(OutsideText),
    /// The trust anchor is another one than the CA of this file.
    AnotherCa(&'a str),
    /// The bundle's documents say something else than was found.
    RecordsDiffer,
}

impl<'a> Alarm<'a> {
    /// Returns all alarms, in the order of the page.
    pub(super) fn all_of(view: &PageView<'a>) -> Vec<Alarm<'a>> {
        let facts = view.facts;
        let mode = facts
            .survey
            .request
            .content()
            .and_then(|request| request.mode.as_ref());
        let not_fips = fips_alarm(&facts.verification, mode.map(OutsideText::as_raw));
        [
            not_fips.map(Alarm::NotFips),
            first_reason(view, DecisionKind::Unverified).map(Alarm::Unverified),
            first_reason(view, DecisionKind::OwnerNotProven).map(Alarm::OwnerNotProven),
            view.another_ca().map(Alarm::AnotherCa),
            (!differences_in(view).is_empty()).then_some(Alarm::RecordsDiffer),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    pub(super) const fn icon(&self) -> Icon {
        match self {
            Alarm::Unverified(_) | Alarm::OwnerNotProven(_) => Icon::Accepted,
            Alarm::NotFips(_) | Alarm::AnotherCa(_) | Alarm::RecordsDiffer => Icon::Fail,
        }
    }

    pub(super) const fn label(&self) -> &'static str {
        match self {
            Alarm::NotFips(_) => "NOT FIPS",
            Alarm::Unverified(_) => "UNVERIFIED",
            Alarm::OwnerNotProven(_) => "OWNER NOT PROVEN",
            Alarm::AnotherCa(_) => "The trust anchor is not your CA.",
            Alarm::RecordsDiffer => "The bundle’s records differ from what was found.",
        }
    }
}

/// Returns what has to be looked at in a bundle, in a few words each: the page's alarms, and what
/// the page shows further down.
pub(super) fn short_alarms(view: &PageView<'_>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    if view.facts.verification.verdict == Verdict::Rejected {
        all.push("HSM not proven".to_owned());
    }
    let labels = Alarm::all_of(view).into_iter().map(|alarm| alarm.label());
    all.extend(labels.map(|label| label.trim_end_matches('.').to_owned()));
    if Aspect::of_pair(view).icon == Icon::Fail {
        all.push("pair unfit".to_owned());
    }
    if first_reason(view, DecisionKind::Accepted).is_some() {
        all.push("failures accepted".to_owned());
    }
    let transcript = Aspect::of_transcript(view);
    if transcript.icon == Icon::Fail {
        all.push(format!("transcript {}", transcript.says));
    }
    let survey = &view.facts.survey;
    if matches!(survey.receipt, SurveyedDocument::Damaged(_)) {
        all.push("the receipt cannot be read".to_owned());
    }
    if !survey.private_keys.is_empty() {
        all.push("a private key lies in the bundle".to_owned());
    }
    all
}

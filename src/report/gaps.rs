//! Files that are not there, or cannot be read. The engines judge texts, and to them each of these
//! is an empty one: the page knows better.

use super::Facts;
use crate::bundle::{ClusterId, Part, Survey};
use crate::check::{self, Rule};
use crate::checks::{CheckName, Engine, Finding, Input, Record, Status};
use crate::verify::{self, CheckId};

/// A file that has no content to judge.
struct Gap {
    /// The checks that read it.
    readers: Vec<&'static str>,
    /// What it is, and why there is nothing to read.
    why: String,
    missing: bool,
}

/// The files that are judged: their checks here and there, and what they are called.
fn judged(id: &ClusterId, anchor: &str) -> [(String, &'static str, Vec<&'static str>); 6] {
    let pem = |input: Input| CheckId::Pem(input).as_str();
    [
        (
            Part::Csr.file_name(id),
            Input::Csr.noun(),
            vec![pem(Input::Csr), Rule::PemCsr.as_str()],
        ),
        (
            Part::Hsm.file_name(id),
            Input::Hsm.noun(),
            vec![pem(Input::Hsm)],
        ),
        (
            Part::AwsHardware.file_name(id),
            Input::AwsHardware.noun(),
            vec![pem(Input::AwsHardware)],
        ),
        (
            Part::ManufacturerHardware.file_name(id),
            Input::ManufacturerHardware.noun(),
            vec![pem(Input::ManufacturerHardware)],
        ),
        (
            Part::SignedCert.file_name(id),
            "the signed certificate",
            vec![Rule::PemSignedCert.as_str()],
        ),
        (
            anchor.to_owned(),
            "the trust anchor",
            vec![Rule::PemTrustAnchor.as_str()],
        ),
    ]
}

fn gaps(survey: &Survey) -> Vec<Gap> {
    let files = judged(&survey.cluster_id, survey.trust_anchor_file()).into_iter();
    files
        .filter_map(|(name, noun, readers)| {
            match survey
                .files
                .iter()
                .find(|seen| seen.name == name)?
                .content
                .as_ref()
            {
                None => Some(Gap {
                    readers,
                    why: format!("{noun} is missing: there is no file {name}"),
                    missing: true,
                }),
                Some(Err(why)) => Some(Gap {
                    readers,
                    why: format!("{noun}: {why}"),
                    missing: false,
                }),
                Some(Ok(_)) => None,
            }
        })
        .collect()
}

/// The request's files that are not there: those that `request.json` does not name either, as the
/// service may not have shown them; and those that it names, or that nobody knows about. One that
/// cannot be read counts as lost.
pub(super) fn of_request(survey: &Survey) -> (Vec<String>, Vec<String>) {
    let parts = [
        Part::Csr,
        Part::Hsm,
        Part::AwsHardware,
        Part::ManufacturerHardware,
    ];
    let unread = parts
        .into_iter()
        .filter(|part| survey.part(*part).is_none())
        .map(|part| part.file_name(&survey.cluster_id));
    unread.partition(|name| {
        !survey.holds(name)
            && survey
                .request
                .told()
                .is_some_and(|request| !request.files.has(name))
    })
}

/// What a check says on the page: its own sentence, unless that is of an empty text in the place of
/// a file.
fn told<I: CheckName>(gaps: &[Gap], found: &Finding<I>) -> Option<String> {
    let reads = |gap: &&Gap, id: &'static str| gap.readers.contains(&id);
    if found.status == Status::Fail {
        let id = found.id.facts().id;
        return gaps
            .iter()
            .find(|gap| reads(gap, id))
            .map(|gap| gap.why.clone());
    }
    let unread = found.unread?;
    gaps.iter()
        .find(|gap| gap.missing && reads(gap, unread.see))
        .map(|_| format!("{} is missing: see {}", unread.noun, unread.see))
}

fn name_gaps<E: Engine>(gaps: &[Gap], record: &mut Record<E>) {
    for found in &mut record.checks {
        if let Some(detail) = told(gaps, found) {
            found.detail = detail.into();
        }
    }
}

/// The two judgements, with missing files called missing. Nothing else in them changes.
pub(super) fn named(facts: &Facts) -> (verify::Record, Option<check::Record>) {
    let gaps = gaps(&facts.survey);
    let (mut verification, mut pair) = (facts.verification.clone(), facts.pair.clone());
    name_gaps(&gaps, &mut verification);
    if let Some(pair) = &mut pair {
        name_gaps(&gaps, pair);
    }
    (verification, pair)
}

//! Files that are missing or cannot be read. The engines judge texts, and see each of these files
//! as an empty text. The page tells the difference.

use super::PageFacts;
use crate::bundle::{ClusterId, Part, Survey};
use crate::check;
use crate::checks::{CheckName, Engine, Finding, Input, ReadSubject, Record, Status};
use crate::verify;

/// A file that has no content to judge.
struct Gap {
    subject: ReadSubject,
    /// The name of the file, and the reason why its content is not known.
    why: String,
    missing: bool,
}

/// Returns the files that are judged, each with what it holds.
fn judged_files(id: &ClusterId, anchor: &str) -> [(String, ReadSubject); 6] {
    let part_file = |part: Part, subject| (part.file_name(id), subject);
    [
        part_file(Part::Csr, ReadSubject::Input(Input::Csr)),
        part_file(Part::Hsm, ReadSubject::Input(Input::Hsm)),
        part_file(Part::AwsHardware, ReadSubject::Input(Input::AwsHardware)),
        part_file(
            Part::ManufacturerHardware,
            ReadSubject::Input(Input::ManufacturerHardware),
        ),
        part_file(Part::SignedCert, ReadSubject::SignedCert),
        (anchor.to_owned(), ReadSubject::TrustAnchor),
    ]
}

fn find_gaps(survey: &Survey) -> Vec<Gap> {
    let files = judged_files(&survey.cluster_id, survey.trust_anchor_file()).into_iter();
    files
        .filter_map(|(name, subject)| {
            let noun = subject.noun();
            match survey
                .files
                .iter()
                .find(|seen| seen.name == name)?
                .content
                .as_ref()
            {
                None => Some(Gap {
                    subject,
                    why: format!("{noun} is missing: there is no file {name}"),
                    missing: true,
                }),
                Some(Err(why)) => Some(Gap {
                    subject,
                    why: format!("{noun}: {why}"),
                    missing: false,
                }),
                Some(Ok(_)) => None,
            }
        })
        .collect()
}

/// Returns the request's missing files in two lists. The first has those that `request.json` does
/// not name either, as the service may not have shown them. The second has those that it names, and
/// those of unknown state. A file that cannot be read counts as lost.
pub(super) fn missing_request_files(survey: &Survey) -> (Vec<String>, Vec<String>) {
    let unread = Part::REQUEST
        .into_iter()
        .filter(|part| survey.part_content(*part).is_none())
        .map(|part| part.file_name(&survey.cluster_id));
    unread.partition(|name| {
        !survey.has_file(name)
            && survey
                .request
                .content()
                .is_some_and(|request| !request.files.has(name))
    })
}

/// What a check says on the page: its own sentence, unless that is of an empty text in the place of
/// a file.
fn page_detail<I: CheckName>(gaps: &[Gap], found: &Finding<I>) -> Option<String> {
    if found.status == Status::Fail {
        let subject = found.id.read_subject()?;
        return gaps
            .iter()
            .find(|gap| gap.subject == subject)
            .map(|gap| gap.why.clone());
    }
    let unread = found.unread?;
    gaps.iter()
        .find(|gap| gap.missing && gap.subject == unread.subject)
        .map(|gap| format!("{} is missing: see {}", gap.subject.noun(), unread.see))
}

fn name_gaps<E: Engine>(gaps: &[Gap], record: &mut Record<E>) {
    for found in &mut record.checks {
        if let Some(detail) = page_detail(gaps, found) {
            found.detail = detail.into();
        }
    }
}

/// Returns the two judgements with missing files called missing. Nothing else in them changes.
pub(super) fn name_missing_files(facts: &PageFacts) -> (verify::Record, Option<check::Record>) {
    let gaps = find_gaps(&facts.survey);
    let (mut verification, mut pair) = (facts.verification.clone(), facts.pair.clone());
    name_gaps(&gaps, &mut verification);
    if let Some(pair) = &mut pair {
        name_gaps(&gaps, pair);
    }
    (verification, pair)
}

//! What a judgement leaves: a finding for each check, the verdict, and the document of both.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{CheckName, Judged, ReadSubject};
use crate::error::Class;
use crate::outside::Lines;
use crate::x509::Moment;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The rule holds.
    Pass,
    /// Worth knowing; no ground for rejection.
    Note,
    /// The rule is broken.
    Fail,
    /// The rule is broken, and the operator has accepted that, with a reason.
    Accepted,
    /// Could not be judged, for the reason given.
    Skipped,
}

impl Status {
    /// All of them.
    pub(crate) const ALL: [Status; 5] = [
        Status::Pass,
        Status::Note,
        Status::Fail,
        Status::Accepted,
        Status::Skipped,
    ];

    /// As written in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Status::Pass => "pass",
            Status::Note => "note",
            Status::Fail => "fail",
            Status::Accepted => "accepted",
            Status::Skipped => "skipped",
        }
    }
}

/// What could not be read, so that a check was skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The file of the input.
    pub subject: ReadSubject,
    /// The id of the check that says why.
    pub see: &'static str,
}

/// One check's outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding<I> {
    /// Which check.
    pub id: I,
    /// How it came out.
    pub status: Status,
    /// What was compared with what.
    pub detail: Lines,
    /// What was missing to judge it, where that is an input that could not be read.
    #[serde(skip)]
    pub unread: Option<Unread>,
}

impl<I> Finding<I> {
    /// What a check's function answered, under the check's name.
    pub(crate) fn new(id: I, judged: Judged) -> Self {
        let (status, detail, unread) = match judged {
            Ok(detail) => (Status::Pass, detail, None),
            Err(remark) => (remark.status, remark.detail, remark.unread),
        };
        Finding {
            id,
            status,
            detail: detail.into(),
            unread,
        }
    }
}

/// The whole judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Nothing failed.
    Verified,
    /// Something failed.
    Rejected,
}

impl Verdict {
    /// Selects this verdict's value of a pair that holds both verdicts', the good one's first.
    pub(crate) fn select_from<T>(self, [verified, rejected]: [T; 2]) -> T {
        match self {
            Verdict::Verified => verified,
            Verdict::Rejected => rejected,
        }
    }
}

/// What is judged: the HSM, or the pair to be sent.
pub trait Engine: Sized {
    /// Its checks.
    type Check: CheckName;
    /// What was judged by, and what is kept beside the findings.
    type Terms: Clone + fmt::Debug + PartialEq + Eq;
    /// How a document calls the two verdicts: nothing failed, something failed.
    const WORDS: [&'static str; 2];

    /// The document that a record is written as.
    fn document(record: &Record<Self>) -> impl Serialize + '_;
}

/// A record: every check's finding, and the verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<E: Engine> {
    /// Whether anything failed.
    pub verdict: Verdict,
    /// The moment that validity was judged at.
    pub at: Moment,
    /// Every check, in the order in which they are declared.
    pub checks: Vec<Finding<E::Check>>,
    /// What was judged by.
    pub terms: E::Terms,
}

impl<E: Engine> Record<E> {
    /// The record of these findings.
    pub(crate) fn new(at: Moment, checks: Vec<Finding<E::Check>>, terms: E::Terms) -> Self {
        let failed = checks.iter().any(|finding| finding.status == Status::Fail);
        Record {
            verdict: if failed {
                Verdict::Rejected
            } else {
                Verdict::Verified
            },
            at,
            checks,
            terms,
        }
    }

    /// The verdict as documents call it.
    pub fn verdict_word(&self) -> &'static str {
        self.verdict.select_from(E::WORDS)
    }

    /// The finding of one check.
    pub fn finding(&self, id: E::Check) -> Option<&Finding<E::Check>> {
        self.checks.iter().find(|finding| finding.id == id)
    }

    /// The findings of one status.
    pub fn with(&self, status: Status) -> impl Iterator<Item = &Finding<E::Check>> {
        self.checks
            .iter()
            .filter(move |finding| finding.status == status)
    }

    /// The findings that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Finding<E::Check>> {
        self.with(Status::Fail)
    }

    /// The findings that are worth knowing, and forbid nothing.
    pub fn notes(&self) -> impl Iterator<Item = &Finding<E::Check>> {
        self.with(Status::Note)
    }

    /// Tells whether an input is not what it must be to be read at all: such a record ends a
    /// command with 4, any other rejection with 3.
    pub fn malformed(&self) -> bool {
        self.failed()
            .any(|finding| finding.id.facts().failure.class() == Class::Input)
    }
}

impl<E: Engine> Serialize for Record<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        E::document(self).serialize(serializer)
    }
}

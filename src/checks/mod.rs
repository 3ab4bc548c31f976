//! The one engine of both judgements: what a check is, what it may find, and what a record is made
//! of. `verify` declares the checks of the HSM with it, `check` the rules of the pair to be sent.
//! Pure.
//!
//! A check is declared in one place: [`Check`] has its id, its source, what its failure means, its
//! group, its place in the report's picture and its function. The report's tables and picture, the
//! exit codes, docs/verification.md and the counts come from that or are held to it.

mod record;
mod subject;

use std::fmt;

use serde::Serialize;

pub use record::{Engine, Finding, Record, Status, Unread, Verdict};
pub use subject::{Height, Input, ReadSubject, Side};

use crate::error::Class;

/// A check as it is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check<J> {
    /// The stable id.
    pub id: &'static str,
    /// Where the rule comes from.
    pub source: &'static str,
    /// What its failure means.
    pub failure: FailureMeaning,
    /// The table that lists it.
    pub group: Group,
    /// Where it shows in the report's picture.
    pub place: PicturePlace,
    /// What judges it.
    pub judge: J,
}

impl<J> Check<J> {
    /// The declaration without its function: of either judgement.
    pub(crate) fn facts(self) -> Check<()> {
        Check {
            id: self.id,
            source: self.source,
            failure: self.failure,
            group: self.group,
            place: self.place,
            judge: (),
        }
    }
}

/// The name of a check in code.
pub trait CheckName: Copy + Eq + fmt::Debug + fmt::Display + Serialize + 'static {
    /// What is declared of it.
    fn facts(self) -> Check<()>;

    /// Returns the subject that it reads for all other checks, where it is the one that does.
    fn read_subject(self) -> Option<ReadSubject>;

    /// Tells whether it judges a signature, and not the names or dates beside one.
    fn is_of_signature(self) -> bool;
}

/// What it means that a check fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureMeaning {
    /// It cannot fail: what it finds is noted.
    Never,
    /// It ends a command with the exit code of this class.
    Of(Class),
    /// It rejects, unless `--accept` names it.
    Waivable,
    /// As [`FailureMeaning::Of`]; but InitializeCluster may well take it, and the cluster's clients
    /// then do not.
    ByClients(Class),
}

impl FailureMeaning {
    /// The class of exit code.
    pub const fn class(self) -> Class {
        match self {
            FailureMeaning::Of(class) | FailureMeaning::ByClients(class) => class,
            FailureMeaning::Never | FailureMeaning::Waivable => Class::Rejected,
        }
    }

    /// Whether the check can fail at all.
    pub const fn is_possible(self) -> bool {
        !matches!(self, FailureMeaning::Never)
    }
}

/// The table of the report that lists a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// The texts and their algorithms
    Texts,
    /// The attestation anchors
    Anchors,
    /// The two chains and the HSM
    Chains,
    /// The CSR
    Csr,
    /// Dates, roles and extensions
    Terms,
    /// CSR, signed certificate and trust anchor
    Pair,
}

impl Group {
    /// The groups of the checks of the HSM, in the order in which they are shown.
    pub const OF_HSM: [Group; 5] = [
        Group::Texts,
        Group::Anchors,
        Group::Chains,
        Group::Csr,
        Group::Terms,
    ];

    /// The table's title.
    pub const fn title(self) -> &'static str {
        match self {
            Group::Texts => "The texts and their algorithms",
            Group::Anchors => "The anchors",
            Group::Chains => "The two chains and the HSM",
            Group::Csr => "The CSR",
            Group::Terms => "Dates, roles and extensions",
            Group::Pair => "CSR, signed certificate and trust anchor",
        }
    }
}

/// Where a check shows in the report's picture: at something, or at what ties two things together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PicturePlace {
    /// At one of the four inputs.
    At(Input),
    /// At a side's attestation anchor.
    Anchor(Side),
    /// At the signed certificate.
    SignedCert,
    /// At each certificate of the trust anchor.
    EachCa,
    /// The two anchors are different keys.
    AnchorsApart,
    /// The anchor's key signed the hardware certificate.
    Certified(Side),
    /// Both hardware certificates carry one key.
    OneHardwareKey,
    /// The hardware key signed the HSM certificate.
    Vouched(Side),
    /// The CSR carries the HSM certificate's key.
    CsrKey,
    /// The CSR is signed by the key it carries.
    Possession,
    /// The signed certificate carries the CSR's key.
    SignedKey,
    /// The trust anchor's key signed the signed certificate.
    Issued,
    /// The trust anchor, or its root, is signed by its own key.
    SelfSigned,
    /// Each certificate of the trust anchor's chain signed the one below it.
    BetweenCas,
}

/// What a check says where it does not simply pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remark {
    pub(crate) status: Status,
    pub(crate) detail: String,
    unread: Option<Unread>,
}

impl Remark {
    fn new(status: Status, detail: impl Into<String>) -> Self {
        Remark {
            status,
            detail: detail.into(),
            unread: None,
        }
    }

    /// Worth knowing, no ground for rejection.
    pub(crate) fn note(detail: impl Into<String>) -> Self {
        Remark::new(Status::Note, detail)
    }

    /// The rule is broken.
    pub(crate) fn fail(detail: impl Into<String>) -> Self {
        Remark::new(Status::Fail, detail)
    }

    /// It could not be judged.
    pub(crate) fn skipped(detail: impl Into<String>) -> Self {
        Remark::new(Status::Skipped, detail)
    }

    /// It could not be judged, since what it needs could not be read: the check `see` says why.
    pub(crate) fn unread(subject: ReadSubject, see: impl CheckName) -> Self {
        let see = see.facts().id;
        let noun = subject.noun();
        Remark {
            unread: Some(Unread { subject, see }),
            ..Remark::skipped(format!("{noun} could not be read: see {see}"))
        }
    }
}

/// What a check's function answers: the sentence of a pass, or a remark.
pub(crate) type Judged = Result<String, Remark>;

/// A failure, where a function ends with it.
pub(crate) fn fail<T>(detail: impl Into<String>) -> Result<T, Remark> {
    Err(Remark::fail(detail))
}

/// A note, where a function ends with it.
pub(crate) fn note<T>(detail: impl Into<String>) -> Result<T, Remark> {
    Err(Remark::note(detail))
}

/// One answer of many: those that fail are told, or else what was skipped, or else those to be
/// noted, or else all.
pub(crate) fn join_answers(judged: impl IntoIterator<Item = Judged>) -> Judged {
    let mut passed = Vec::new();
    let mut remarks = Vec::new();
    for judged in judged {
        match judged {
            Ok(detail) => passed.push(detail),
            Err(remark) => remarks.push(remark),
        }
    }
    for status in [Status::Fail, Status::Skipped, Status::Note] {
        let details: Vec<&str> = remarks
            .iter()
            .filter(|remark| remark.status == status)
            .map(|remark| remark.detail.as_str())
            .collect();
        if !details.is_empty() {
            return Err(Remark::new(status, details.join("; ")));
        }
    }
    Ok(passed.join("; "))
}

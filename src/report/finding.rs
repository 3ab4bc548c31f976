//! The findings that show at each place and tie of the picture, and the state that they make.

use super::icons::Icon;
use super::rank::Rank;
use super::tie::{Spot, Tie};
use super::view::PageView;
use crate::check::{self, Rule};
use crate::checks::{CheckName, Finding, Input, PicturePlace, Side, Status};
use crate::x509::name::same_name;

/// Where a check shows: at a place, or at a tie; of the trust anchor, at each certificate, or at
/// each tie between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CheckLocation {
    At(Spot),
    On(Tie),
    AtEachCa,
    BetweenCas,
    OnOwn,
    OnIssued,
}

impl CheckLocation {
    /// Where the picture has the place that a check declares.
    const fn of_place(place: PicturePlace) -> Self {
        match place {
            PicturePlace::At(Input::Csr) => CheckLocation::At(Spot::Csr),
            PicturePlace::At(Input::Hsm) => CheckLocation::At(Spot::Hsm),
            PicturePlace::At(Input::AwsHardware) => CheckLocation::At(Spot::Hardware(Side::Aws)),
            PicturePlace::At(Input::ManufacturerHardware) => {
                CheckLocation::At(Spot::Hardware(Side::Manufacturer))
            }
            PicturePlace::Anchor(side) => CheckLocation::At(Spot::Anchor(side)),
            PicturePlace::SignedCert => CheckLocation::At(Spot::SignedCert),
            PicturePlace::EachCa => CheckLocation::AtEachCa,
            PicturePlace::AnchorsApart => CheckLocation::On(Tie::Roots),
            PicturePlace::Certified(side) => CheckLocation::On(Tie::Certified(side)),
            PicturePlace::OneHardwareKey => CheckLocation::On(Tie::SameHardwareKey),
            PicturePlace::Vouched(side) => CheckLocation::On(Tie::Vouched(side)),
            PicturePlace::CsrKey => CheckLocation::On(Tie::SameKey),
            PicturePlace::Possession => CheckLocation::On(Tie::Possession),
            PicturePlace::SignedKey => CheckLocation::On(Tie::RequestedKey),
            PicturePlace::Issued => CheckLocation::OnIssued,
            PicturePlace::SelfSigned => CheckLocation::OnOwn,
            PicturePlace::BetweenCas => CheckLocation::BetweenCas,
        }
    }
}

/// A finding of `verify` or of `check`.
#[derive(Clone, Copy, Debug)]
pub(super) struct DrawnFinding<'a> {
    pub(super) id: &'a str,
    pub(super) status: Status,
    pub(super) detail: &'a str,
    pub(super) is_of_signature: bool,
}

impl<'a> DrawnFinding<'a> {
    fn from_finding<I: CheckName>(found: &'a Finding<I>) -> Self {
        DrawnFinding {
            id: found.id.facts().id,
            status: found.status,
            detail: &found.detail,
            is_of_signature: found.id.is_of_signature(),
        }
    }
}

/// Returns the findings that show at a place or tie.
pub(super) fn findings_at<'a>(
    view: &'a PageView<'_>,
    place: CheckLocation,
) -> Vec<DrawnFinding<'a>> {
    let checks = view
        .verification
        .checks
        .iter()
        .filter(|found| CheckLocation::of_place(found.id.facts().place) == place);
    let rules = view
        .pair
        .iter()
        .flat_map(|pair| &pair.checks)
        .flat_map(|found| rule_finding_at(view, found, place));
    checks
        .map(DrawnFinding::from_finding)
        .chain(rules.map(DrawnFinding::from_finding))
        .collect()
}

/// Returns the finding of a rule that shows at this place. For a chain it is the finding about this
/// very certificate.
fn rule_finding_at<'a>(
    view: &'a PageView<'_>,
    found: &'a check::Finding,
    place: CheckLocation,
) -> Option<&'a check::Finding> {
    let apart = |at: usize| {
        view.of_each_ca
            .iter()
            .find(|(of, one)| *of == at && one.id == found.id)
            .map_or(found, |(_, one)| one)
    };
    match (CheckLocation::of_place(found.id.facts().place), place) {
        (CheckLocation::AtEachCa, CheckLocation::At(Spot::Ca(rank))) => {
            Some(if rank == Rank::Alone {
                found
            } else {
                apart(rank.place())
            })
        }
        (CheckLocation::BetweenCas, CheckLocation::On(Tie::ChainLink(above, _)))
            if found.id == Rule::ChainOrder =>
        {
            shows_order(view, found, above).then_some(found)
        }
        (CheckLocation::BetweenCas, CheckLocation::On(Tie::ChainLink(_, below))) => {
            Some(apart(below.place()))
        }
        // Of one certificate they say just that.
        (CheckLocation::BetweenCas, CheckLocation::On(Tie::SelfSigned(Rank::Alone))) => Some(found),
        (CheckLocation::OnOwn, CheckLocation::On(Tie::SelfSigned(_)))
        | (CheckLocation::OnIssued, CheckLocation::On(Tie::Issued(_))) => Some(found),
        (here, place) => (here == place).then_some(found),
    }
}

/// Tells whether the tie up to `above` shows the finding about the chain's order. A failure shows
/// at the first link that does not hold, or else at the root. Any other result shows everywhere.
fn shows_order(view: &PageView<'_>, found: &check::Finding, above: Rank) -> bool {
    let Some(anchor) = view.facts.trust_anchor.as_ref() else {
        return false;
    };
    let links = anchor.certificates().zip(anchor.certificates_above());
    let broken = links
        .clone()
        .position(|(below, above)| !same_name(below.issuer(), above.subject()));
    // Saturating: a root alone has no link, and it stands first.
    let shows = broken.unwrap_or_else(|| links.count().saturating_sub(1));
    found.status != Status::Fail || shows + 1 == above.place()
}

/// The state of a place or a tie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DrawnState {
    /// Every check passes.
    Holds,
    /// A failure was accepted.
    Accepted,
    /// A check fails.
    Broken,
    /// It could not be judged.
    Unjudged,
    /// A document of the bundle records it; nothing was judged.
    Recorded,
    /// It is not there.
    Absent,
}

impl DrawnState {
    pub(super) fn from_findings(findings: &[DrawnFinding<'_>]) -> Self {
        let any = |status| findings.iter().any(|found| found.status == status);
        match () {
            () if any(Status::Fail) => DrawnState::Broken,
            () if any(Status::Accepted) => DrawnState::Accepted,
            () if any(Status::Skipped) => DrawnState::Unjudged,
            () => DrawnState::Holds,
        }
    }

    /// Returns the icon and the word for the state.
    pub(super) const fn icon_and_word(self) -> (Icon, &'static str) {
        match self {
            DrawnState::Holds => (Icon::Pass, "holds"),
            DrawnState::Accepted => (Icon::Accepted, "accepted"),
            DrawnState::Broken => (Icon::Fail, "broken"),
            DrawnState::Unjudged => (Icon::Skipped, "not judged"),
            DrawnState::Recorded => (Icon::Told, "recorded"),
            DrawnState::Absent => (Icon::Absent, "not there"),
        }
    }
}

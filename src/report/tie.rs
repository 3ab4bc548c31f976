//! The places of the picture, and the ties between them.

use super::rank::Rank;
use super::view::PageView;
use crate::bundle::Part;
use crate::checks::Side;

/// A place in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    Anchor(Side),
    Hardware(Side),
    Hsm,
    Csr,
    /// A certificate of the trust anchor.
    Ca(Rank),
    SignedCert,
    Cluster,
}

/// A tie between two places, or of one place to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tie {
    /// The two anchors are different keys.
    Roots,
    /// The anchor's key signed the hardware certificate.
    Certified(Side),
    /// Both hardware certificates carry one key.
    SameHardwareKey,
    /// The hardware key signed the HSM certificate.
    Vouched(Side),
    /// The CSR carries the HSM certificate's key.
    SameKey,
    /// The CSR is signed by the key it carries.
    Possession,
    /// The trust anchor, or its root, is signed by its own key.
    SelfSigned(Rank),
    /// A certificate's key signed the one below it in the trust anchor's chain.
    ChainLink(Rank, Rank),
    /// The signed certificate carries the CSR's key.
    RequestedKey,
    /// The trust anchor's key signed the signed certificate.
    Issued(Rank),
    /// The pair was sent to the cluster.
    Sent,
}

impl Tie {
    /// Returns all ties, in the order in which the page shows them.
    pub(super) fn all_ties(view: &PageView<'_>) -> Vec<Tie> {
        let ranks = view.ranks();
        let links = ranks
            .iter()
            .skip(1)
            .zip(&ranks)
            .map(|(above, below)| Tie::ChainLink(*above, *below))
            .rev();
        let sides = [
            Tie::Roots,
            Tie::Certified(Side::Aws),
            Tie::Certified(Side::Manufacturer),
            Tie::SameHardwareKey,
        ];
        let hsm = [
            Tie::Vouched(Side::Aws),
            Tie::Vouched(Side::Manufacturer),
            Tie::SameKey,
            Tie::Possession,
        ];
        let mut all = [sides, hsm].concat();
        all.extend(ranks.last().map(|root| Tie::SelfSigned(*root)));
        all.extend(links);
        all.extend([
            Tie::RequestedKey,
            Tie::Issued(ranks.first().copied().unwrap_or(Rank::Alone)),
            Tie::Sent,
        ]);
        all
    }

    /// What a tie is known by.
    pub(super) fn name(self) -> String {
        match self {
            Tie::Roots => "roots".to_owned(),
            Tie::Certified(of) => format!("certified-{}", of.as_str()),
            Tie::SameHardwareKey => "hardware".to_owned(),
            Tie::Vouched(of) => format!("vouched-{}", of.as_str()),
            Tie::SameKey => "key".to_owned(),
            Tie::Possession => "possession".to_owned(),
            Tie::SelfSigned(_) => "own".to_owned(),
            Tie::ChainLink(_, below) => format!("above-{}", below.place() + 1),
            Tie::RequestedKey => "asked".to_owned(),
            Tie::Issued(_) => "issued".to_owned(),
            Tie::Sent => "sent".to_owned(),
        }
    }

    /// Returns the places where the tie begins and ends.
    pub(super) const fn end_spots(self) -> (Spot, Spot) {
        match self {
            Tie::Roots => (Spot::Anchor(Side::Aws), Spot::Anchor(Side::Manufacturer)),
            Tie::Certified(side) => (Spot::Anchor(side), Spot::Hardware(side)),
            Tie::SameHardwareKey => (
                Spot::Hardware(Side::Aws),
                Spot::Hardware(Side::Manufacturer),
            ),
            Tie::Vouched(side) => (Spot::Hardware(side), Spot::Hsm),
            Tie::SameKey => (Spot::Hsm, Spot::Csr),
            Tie::Possession => (Spot::Csr, Spot::Csr),
            Tie::SelfSigned(root) => (Spot::Ca(root), Spot::Ca(root)),
            Tie::ChainLink(above, below) => (Spot::Ca(above), Spot::Ca(below)),
            Tie::RequestedKey => (Spot::Csr, Spot::SignedCert),
            Tie::Issued(by) => (Spot::Ca(by), Spot::SignedCert),
            Tie::Sent => (Spot::SignedCert, Spot::Cluster),
        }
    }

    /// Tells whether the tie says that a key signed something, which is drawn as an arrow.
    /// Otherwise two things carry the same key, or different ones.
    pub(super) const fn is_signature(self) -> bool {
        !matches!(
            self,
            Tie::Roots | Tie::SameHardwareKey | Tie::SameKey | Tie::RequestedKey
        )
    }

    /// Returns the phrases for a tie that holds and for one that is broken. The third is for a tie
    /// of which the signature holds, but not the names.
    pub(super) const fn statements(self) -> [&'static str; 3] {
        match self {
            Tie::Roots => ["different keys", "one and the same key", ""],
            Tie::ChainLink(..) => ["signed", "did not sign", "is not its issuer"],
            Tie::Certified(_) | Tie::Vouched(_) | Tie::Issued(_) => [
                "signed",
                "did not sign",
                "signed, but the issuer’s name is another",
            ],
            Tie::SameHardwareKey => ["one key", "two keys", ""],
            Tie::SameKey | Tie::RequestedKey => ["same key", "another key", ""],
            Tie::Possession => ["signed by itself", "not signed by itself", ""],
            Tie::SelfSigned(_) => [
                "signed by itself",
                "not signed by itself",
                "signed by itself, but issued by another name",
            ],
            Tie::Sent => ["sent by InitializeCluster", "something else was sent", ""],
        }
    }
}

impl Spot {
    /// Returns all places.
    pub(super) fn all_spots(view: &PageView<'_>) -> Vec<Spot> {
        let hardware = Side::ALL
            .into_iter()
            .flat_map(|side| [Spot::Anchor(side), Spot::Hardware(side)]);
        let owner = view.ranks().into_iter().rev().map(Spot::Ca);
        hardware
            .chain([Spot::Hsm, Spot::Csr])
            .chain(owner)
            .chain([Spot::SignedCert, Spot::Cluster])
            .collect()
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Spot::Anchor(Side::Aws) => "AWS anchor",
            Spot::Anchor(Side::Manufacturer) => "Manufacturer anchor",
            Spot::Hardware(Side::Aws) => "AWS hardware certificate",
            Spot::Hardware(Side::Manufacturer) => "Manufacturer hardware certificate",
            Spot::Hsm => "HSM certificate",
            Spot::Csr => "Cluster CSR",
            Spot::Ca(rank) => rank.title(),
            Spot::SignedCert => "Signed certificate",
            Spot::Cluster => "Cluster",
        }
    }

    pub(super) const fn bundle_part(self) -> Option<Part> {
        match self {
            Spot::Hardware(Side::Aws) => Some(Part::AwsHardware),
            Spot::Hardware(Side::Manufacturer) => Some(Part::ManufacturerHardware),
            Spot::Hsm => Some(Part::Hsm),
            Spot::Csr => Some(Part::Csr),
            Spot::SignedCert => Some(Part::SignedCert),
            Spot::Anchor(_) | Spot::Ca(_) | Spot::Cluster => None,
        }
    }
}

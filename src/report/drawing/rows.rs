//! The rows of the drawing, from the roots down to the cluster.

use crate::report::rank::Rank;
use crate::report::tie::{Spot, Tie};
use crate::verify::Side;

/// A row: its boxes, the ties between them, and the ties that lead on to the next row.
pub(super) struct DrawingRow {
    pub(super) spots: Vec<Spot>,
    pub(super) beside: Option<Tie>,
    pub(super) down: Vec<Tie>,
}

/// Returns the rows down to the HSM certificate's.
pub(super) fn first_rows() -> Vec<DrawingRow> {
    let sides = |spot: fn(Side) -> Spot| Side::ALL.map(spot).to_vec();
    let ties = |tie: fn(Side) -> Tie| Side::ALL.map(tie).to_vec();
    vec![
        DrawingRow {
            spots: sides(Spot::Anchor),
            beside: Some(Tie::Roots),
            down: ties(Tie::Certified),
        },
        DrawingRow {
            spots: sides(Spot::Hardware),
            beside: Some(Tie::SameHardwareKey),
            down: ties(Tie::Vouched),
        },
        DrawingRow {
            spots: vec![Spot::Hsm],
            beside: None,
            down: Vec::new(),
        },
    ]
}

/// Returns the rows of the CAs above the one that signs, the root first.
pub(super) fn rows_above(ranks: &[Rank]) -> Vec<DrawingRow> {
    let links = ranks.iter().skip(1).zip(ranks).rev();
    links
        .map(|(above, below)| DrawingRow {
            spots: vec![Spot::Ca(*above)],
            beside: None,
            down: vec![Tie::ChainLink(*above, *below)],
        })
        .collect()
}

/// Returns the rows from the CSR's on.
pub(super) fn last_rows(signing: Rank) -> Vec<DrawingRow> {
    vec![
        DrawingRow {
            spots: vec![Spot::Csr, Spot::Ca(signing)],
            beside: Some(Tie::Possession),
            down: vec![Tie::RequestedKey, Tie::Issued(signing)],
        },
        DrawingRow {
            spots: vec![Spot::SignedCert],
            beside: None,
            down: vec![Tie::Sent],
        },
        DrawingRow {
            spots: vec![Spot::Cluster],
            beside: None,
            down: Vec::new(),
        },
    ]
}

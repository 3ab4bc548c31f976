//! The way from a hardware certificate up to an anchor, directly or over certificates that stand in
//! further blocks of its text.
//!
//! Finding is not judging: what is found here is what the record speaks of. Whether it holds is
//! said by `<side>.signature`, `<side>.issuer` and `<side>.intermediate-<n>`, which look at every
//! link again.

use super::Anchor;
use crate::x509::Certificate;
use crate::x509::name::{Likeness, compare_names, same_name};

/// The greatest number of intermediates that are followed.
const MAX_INTERMEDIATES: usize = 2;

/// A way up.
#[derive(Clone, Debug)]
pub(super) struct ChainPath<'a> {
    /// The anchor that it ends in; `None` where there is none at all.
    pub(super) anchor: Option<&'a Anchor>,
    /// The places of the further certificates that it leads over: the one that issued the hardware
    /// certificate first.
    pub(super) intermediates: Vec<usize>,
    /// True where the anchor's key signed the uppermost certificate.
    pub(super) signed: bool,
}

/// The rank of a path by how well it fits: the greater the better.
type PathRank = (bool, bool, bool, usize);

impl<'a> ChainPath<'a> {
    /// The path that fits best: one whose every link holds; failing that, one whose record tells
    /// most of what was compared. The shorter of equals.
    pub(super) fn find_best(
        anchors: &'a [Anchor],
        hardware: Option<&Certificate>,
        further: &[Certificate],
    ) -> Self {
        let Some(hardware) = hardware else {
            return ChainPath {
                anchor: anchors.first(),
                intermediates: Vec::new(),
                signed: false,
            };
        };
        let mut best: Option<(PathRank, ChainPath<'a>)> = None;
        // Each way up is tried: there are few blocks, since a text is bounded.
        let mut ways = vec![(Vec::new(), 0)];
        while let Some((way, links)) = ways.pop() {
            let top = way
                .last()
                .and_then(|at: &usize| further.get(*at))
                .unwrap_or(hardware);
            let (rank, path) = Self::up_to_anchor(anchors, top, way, links);
            let longer = path.intermediates.clone();
            let better = best.as_ref().is_none_or(|(held, shorter)| {
                (rank, std::cmp::Reverse(longer.len()))
                    > (*held, std::cmp::Reverse(shorter.intermediates.len()))
            });
            if better {
                best = Some((rank, path));
            }
            if longer.len() < MAX_INTERMEDIATES {
                ways.extend(
                    find_issuers(top, further)
                        .filter(|(at, _)| !longer.contains(at))
                        .map(|(at, signed)| {
                            let way = longer.iter().copied().chain([at]).collect();
                            (way, links + usize::from(signed))
                        }),
                );
            }
        }
        best.map_or(
            ChainPath {
                anchor: anchors.first(),
                intermediates: Vec::new(),
                signed: false,
            },
            |(_, path)| path,
        )
    }

    /// The anchor whose name and key fit the uppermost certificate; failing that, the one that fits
    /// best, the first among equals.
    fn up_to_anchor(
        anchors: &'a [Anchor],
        top: &Certificate,
        intermediates: Vec<usize>,
        links: usize,
    ) -> (PathRank, Self) {
        let mut found = (
            (false, false, false, links),
            ChainPath {
                anchor: anchors.first(),
                intermediates,
                signed: false,
            },
        );
        // `links` counts those that hold: with a name and a signature each.
        let whole = links == found.1.intermediates.len();
        for anchor in anchors {
            let named = compare_names(top.issuer(), anchor.subject()) != Likeness::Other;
            let signed = top.is_signed_by(anchor.public_key());
            let rank = (whole && named && signed, signed, named, links);
            if rank > found.0 {
                found = (
                    rank,
                    ChainPath {
                        anchor: Some(anchor),
                        signed,
                        ..found.1
                    },
                );
            }
        }
        found
    }
}

/// The further certificates of the name that issued `lower`, and whether their key signed it. A
/// self-issued one is a root, and a root in a bundle is never an anchor, nor anything else.
fn find_issuers<'c>(
    lower: &'c Certificate,
    further: &'c [Certificate],
) -> impl Iterator<Item = (usize, bool)> {
    let named = |certificate: &Certificate| {
        same_name(lower.issuer(), certificate.subject())
            && !same_name(certificate.issuer(), certificate.subject())
    };
    // Popped from the end: the first block is to be tried first.
    further
        .iter()
        .enumerate()
        .rev()
        .filter(move |(_, certificate)| named(certificate))
        .map(|(at, certificate)| (at, lower.is_signed_by(certificate.public_key())))
}

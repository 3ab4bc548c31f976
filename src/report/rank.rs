//! The places of the trust anchor's certificates.

/// The position of a certificate in the trust anchor's chain. The CA that signs is at 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rank {
    /// There is no other.
    Alone,
    /// The first of a chain: the CA that signs.
    Signing,
    /// Neither the first nor the last.
    Between(usize),
    /// The last.
    Root(usize),
}

impl Rank {
    /// The ranks of a trust anchor's certificates, in their order: so many stand above the first.
    pub(super) fn all(above: usize) -> Vec<Rank> {
        let rank = |at: usize| match at {
            0 if above == 0 => Rank::Alone,
            0 => Rank::Signing,
            at if at == above => Rank::Root(at),
            at => Rank::Between(at),
        };
        (0..=above).map(rank).collect()
    }

    pub(super) const fn place(self) -> usize {
        match self {
            Rank::Alone | Rank::Signing => 0,
            Rank::Between(at) | Rank::Root(at) => at,
        }
    }

    /// Returns the heading of its box. A chain has four certificates at most
    /// ([`crate::x509::MAX_CERTIFICATES`]).
    pub(super) const fn title(self) -> &'static str {
        match self {
            Rank::Alone => "Trust anchor (the owner’s CA)",
            Rank::Signing => "Trust anchor 1: the CA that signs",
            Rank::Between(1) => "Trust anchor 2: the CA above",
            Rank::Between(_) => "Trust anchor 3: the CA above",
            Rank::Root(1) => "Trust anchor 2: the root",
            Rank::Root(2) => "Trust anchor 3: the root",
            Rank::Root(_) => "Trust anchor 4: the root",
        }
    }
}

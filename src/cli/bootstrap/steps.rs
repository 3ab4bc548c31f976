//! The steps of a bootstrap, as a terminal shows them in one view.

#[cfg(feature = "simulator")]
pub(super) const SIMULATOR: &str = "simulator";
pub(super) const CLUSTER: &str = "cluster";
pub(super) const FIRST_HSM: &str = "first HSM";
pub(super) const CSR: &str = "CSR";
pub(super) const VERIFIED: &str = "fetched and verified";
pub(super) const SIGNED: &str = "signed and checked";
pub(super) const SENT: &str = "sent";
pub(super) const CLAIMED: &str = "claimed";

/// The steps of a cluster that is there.
pub(super) const OF_CLAIM: [&str; 5] = [CSR, VERIFIED, SIGNED, SENT, CLAIMED];

/// Those where its first HSM is created as well.
pub(super) const WITH_FIRST_HSM: [&str; 6] = [FIRST_HSM, CSR, VERIFIED, SIGNED, SENT, CLAIMED];

/// Those where the cluster is created too.
pub(super) const WITH_CLUSTER: [&str; 7] =
    [CLUSTER, FIRST_HSM, CSR, VERIFIED, SIGNED, SENT, CLAIMED];

/// Those of a rehearsal.
#[cfg(feature = "simulator")]
pub(super) const OF_REHEARSAL: [&str; 8] = [
    SIMULATOR, CLUSTER, FIRST_HSM, CSR, VERIFIED, SIGNED, SENT, CLAIMED,
];

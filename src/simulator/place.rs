//! Whose a thing is, and where.

use serde::{Deserialize, Serialize};

/// An account in a region. The contents of one are not seen from another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountRegion {
    pub(super) account: String,
    pub(super) region: String,
}

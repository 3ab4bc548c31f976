//! `creation.json`: what `bootstrap --create` writes down before it asks for a cluster, so that a second run knows of the first.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CREATION, ClusterId, Store};
use crate::error::Result;
use crate::x509::Moment;

/// `creation.json`, by `bootstrap --create`. Written before CreateCluster is sent, and again as soon as the cluster's id is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Creation {
    /// `hsmboot-creation/1`
    pub format: String,
    /// What the cluster is tagged with: by it a cluster is found again whose id never arrived.
    pub token: String,
    /// The region.
    pub region: String,
    /// The endpoint, where one was set.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub endpoint: Option<String>,
    /// HsmType.
    pub hsm_type: String,
    /// SubnetIds.
    pub subnet_ids: Vec<String>,
    /// BackupRetentionPolicy, in days.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retention_days: Option<u16>,
    /// TagList, without the token.
    pub tags: BTreeMap<String, String>,
    /// When CreateCluster was about to be sent.
    pub asked_at: Moment,
    /// Name and version of the program.
    pub tool: String,
    /// The cluster, once its id is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cluster_id: Option<ClusterId>,
}

impl Creation {
    /// The only value of `format`.
    pub const FORMAT: &'static str = "hsmboot-creation/1";

    /// Reads and checks `creation.json`; `None`: there is none.
    ///
    /// # Errors
    /// Class `Input`, where it is not such a document.
    pub fn read(store: &Store) -> Result<Option<Self>> {
        if !store.has(CREATION) {
            return Ok(None);
        }
        super::documents::read(store, CREATION, Self::FORMAT).map(Some)
    }
}

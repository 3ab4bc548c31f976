//! The CloudHSM V2 service as this crate sees it: the three calls that claiming a cluster needs,
//! and their answers.
//!
//! Only `aws`, with the feature `online`, names the AWS SDK. A program with a client of its own
//! implements [`CloudHsm`] and drives [`crate::claim::Claim`] with it. The rest of the API is
//! [`Fleet`].

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;

#[cfg(feature = "online")]
pub mod aws;
mod calls;
pub mod choices;
#[cfg(feature = "online")]
mod cluster_name;
pub mod error;
pub mod fleet;
pub mod limits;
pub mod next_step;
pub mod other_members;

pub use calls::{Call, CallEffect};
#[cfg(feature = "online")]
pub use cluster_name::{ClusterName, ResourceName};
pub use error::{CallPlace, ServiceError, Trouble};
pub use fleet::{Fleet, Tag};
pub use next_step::{NextStep, next_step, plain_id};
pub use other_members::OtherMembers;

use choices::ChosenValues;

use crate::outside::OutsideText;
use crate::owner::{Authorized, Owner};

/// The calls we make.
pub trait CloudHsm {
    /// Sends DescribeClusters for one cluster. Returns `None` where the service knows no cluster of
    /// this id in this account and region.
    ///
    /// Reads only; the implementation may retry.
    fn describe_cluster(
        &self,
        cluster_id: &str,
    ) -> impl Future<Output = Result<Option<Cluster>, ServiceError>> + Send;

    /// Sends DescribeClusters without a filter: every cluster, all pages.
    fn list_clusters(&self) -> impl Future<Output = Result<Vec<Cluster>, ServiceError>> + Send;

    /// Sends InitializeCluster, at most once.
    ///
    /// The implementation must not retry, whatever comes back: a request may have worked although
    /// its answer was lost. It says so with [`Trouble::Unknown`], and the caller describes the
    /// cluster before it decides.
    fn initialize_cluster(
        &self,
        request: &InitializeCluster,
    ) -> impl Future<Output = Result<InitializeAnswer, ServiceError>> + Send;
}

/// The request of InitializeCluster.
///
/// Its only constructor takes the proof of the HSM and of the owner, so nothing else can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitializeCluster {
    cluster_id: String,
    signed_cert: String,
    trust_anchor: String,
    owner: Owner,
}

impl InitializeCluster {
    /// Makes the request that claims a cluster with an authorized pair.
    pub fn new(cluster_id: impl Into<String>, authorized: &Authorized) -> Self {
        let pair = authorized.pair();
        InitializeCluster {
            cluster_id: cluster_id.into(),
            signed_cert: pair.signed_cert_pem(),
            trust_anchor: pair.trust_anchor_pem(),
            owner: authorized.owner().clone(),
        }
    }

    /// Returns `ClusterId`: the cluster to claim.
    pub fn cluster_id(&self) -> &str {
        &self.cluster_id
    }

    /// Returns `SignedCert`: the signed certificate, PEM.
    pub fn signed_cert(&self) -> &str {
        &self.signed_cert
    }

    /// Returns `TrustAnchor`: the owner's CA certificate, PEM.
    pub fn trust_anchor(&self) -> &str {
        &self.trust_anchor
    }

    /// Returns the owner for whom the cluster would be claimed.
    pub const fn owner(&self) -> &Owner {
        &self.owner
    }
}

/// The answer of InitializeCluster. It promises nothing: only DescribeClusters tells whether the
/// cluster is claimed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InitializeAnswer {
    /// The state that the service gave, `INITIALIZE_IN_PROGRESS` as a rule.
    pub state: Option<ClusterState>,
    /// The sentence beside it.
    pub state_message: Option<OutsideText>,
}

/// A cluster as DescribeClusters shows it. Texts are the service's own; nothing in them is checked
/// yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// The cluster's id.
    pub cluster_id: OutsideText,
    /// Its state.
    pub state: ClusterState,
    /// The service's sentence about the state.
    pub state_message: Option<OutsideText>,
    /// `hsm1.medium`, `hsm2m.medium`.
    pub hsm_type: Option<OutsideText>,
    /// The end of the time in which its type can be changed back (HsmTypeRollbackExpiration),
    /// seconds since the Unix epoch.
    pub rollback_until: Option<i64>,
    /// `FIPS` or `NON_FIPS`.
    pub mode: Option<OutsideText>,
    /// What else was chosen when it was created.
    pub choices: ChosenValues,
    /// The VPC that the cluster stands in.
    pub vpc_id: Option<OutsideText>,
    /// The time of its creation, seconds since the Unix epoch.
    pub created: Option<i64>,
    /// Its subnets, by Availability Zone.
    pub subnets: BTreeMap<OutsideText, OutsideText>,
    /// The security group that the service made for it.
    pub security_group: Option<OutsideText>,
    /// The backup that it was restored from.
    pub source_backup_id: Option<OutsideText>,
    /// The number of days for which its backups are kept.
    pub retention_days: Option<u16>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Its HSMs.
    pub hsms: Vec<HsmSummary>,
    /// Its certificates, as far as its state shows them.
    pub certificates: Certificates,
    /// The other members that the service gives of it.
    pub other: OtherMembers,
}

impl Cluster {
    /// Makes a cluster with this id and state and nothing else known.
    pub fn new(cluster_id: impl Into<OutsideText>, state: ClusterState) -> Self {
        Cluster {
            cluster_id: cluster_id.into(),
            state,
            state_message: None,
            hsm_type: None,
            rollback_until: None,
            mode: None,
            choices: ChosenValues::default(),
            vpc_id: None,
            created: None,
            subnets: BTreeMap::new(),
            security_group: None,
            source_backup_id: None,
            retention_days: None,
            tags: Vec::new(),
            hsms: Vec::new(),
            certificates: Certificates::default(),
            other: OtherMembers::default(),
        }
    }

    /// Returns a sentence about the backup that a restored cluster comes from. Such a cluster is
    /// claimed from the start and is never initialized (AWS CloudHSM User Guide, Creating clusters
    /// from backups: the backup holds the certificates, users and keys of the cluster that was
    /// backed up).
    pub fn origin_text(&self) -> Option<String> {
        let backup = self
            .source_backup_id
            .as_ref()
            .filter(|backup| !backup.is_empty())?;
        Some(format!(
            "from {backup}: it is claimed already, by whoever claimed the cluster of that backup"
        ))
    }
}

/// An HSM of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HsmSummary {
    /// The HSM's id.
    pub hsm_id: OutsideText,
    /// Its state.
    pub state: HsmState,
    /// The service's sentence about the state.
    pub state_message: Option<OutsideText>,
    /// The Availability Zone that it stands in.
    pub availability_zone: Option<OutsideText>,
    /// The subnet that it stands in.
    pub subnet_id: Option<OutsideText>,
    /// Its network interface.
    pub eni_id: Option<OutsideText>,
    /// Its address inside the VPC.
    pub eni_ip: Option<OutsideText>,
    /// Its IPv6 address, where the cluster's network is DUALSTACK.
    pub eni_ipv6: Option<OutsideText>,
    /// Its type: while a cluster's type is changed, its HSMs have different ones.
    pub hsm_type: Option<OutsideText>,
    /// The other members that the service gives of it.
    pub other: OtherMembers,
}

impl HsmSummary {
    /// Makes an HSM with this id and state and nothing else known.
    pub fn new(hsm_id: impl Into<OutsideText>, state: HsmState) -> Self {
        HsmSummary {
            hsm_id: hsm_id.into(),
            state,
            state_message: None,
            availability_zone: None,
            subnet_id: None,
            eni_id: None,
            eni_ip: None,
            eni_ipv6: None,
            hsm_type: None,
            other: OtherMembers::default(),
        }
    }
}

/// The certificates of a cluster, PEM as the service returned it.
///
/// CSR and hardware certificates are shown before initialization only, the cluster certificate only
/// after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificates {
    /// `ClusterCsr`.
    pub cluster_csr: Option<String>,
    /// `HsmCertificate`.
    pub hsm_certificate: Option<String>,
    /// `AwsHardwareCertificate`.
    pub aws_hardware_certificate: Option<String>,
    /// `ManufacturerHardwareCertificate`.
    pub manufacturer_hardware_certificate: Option<String>,
    /// `ClusterCertificate`: the certificate that the owner's CA signed.
    pub cluster_certificate: Option<String>,
}

/// Defines a state type: the names that the API documents, and everything else kept as the text it
/// came as.
macro_rules! states {
    ($(#[$doc:meta])* $type:ident {
        $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum $type {
            $($(#[$variant_doc])* $variant,)*
            /// A state that this version does not know, as the service spelt it.
            Other(OutsideText),
        }

        impl $type {
            /// The states that the API documents.
            pub const KNOWN: &'static [&'static str] = &[$($name,)*];

            /// Returns the state as the service spelt it, for comparing or sending back, never for
            /// showing.
            pub fn as_str(&self) -> &str {
                match self {
                    $($type::$variant => $name,)*
                    $type::Other(text) => text.as_raw(),
                }
            }
        }

        impl From<&str> for $type {
            fn from(text: &str) -> Self {
                match text {
                    $($name => $type::$variant,)*
                    other => $type::Other(other.into()),
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $type::Other(text) => text.fmt(f),
                    known => f.pad(known.as_str()),
                }
            }
        }
    };
}

states! {
    /// A cluster's state (API 2017-04-28, `ClusterState`).
    ClusterState {
        /// The cluster is being created.
        CreateInProgress = "CREATE_IN_PROGRESS",
        /// Created, claimed by nobody. Its CSR is there once its first HSM is ACTIVE.
        Uninitialized = "UNINITIALIZED",
        /// InitializeCluster was accepted and is at work.
        InitializeInProgress = "INITIALIZE_IN_PROGRESS",
        /// Claimed; its owner has not set the first password yet.
        Initialized = "INITIALIZED",
        /// Claimed and activated.
        Active = "ACTIVE",
        /// HSMs are being added or removed.
        UpdateInProgress = "UPDATE_IN_PROGRESS",
        /// The cluster is being changed.
        ModifyInProgress = "MODIFY_IN_PROGRESS",
        /// A change is being taken back.
        RollbackInProgress = "ROLLBACK_IN_PROGRESS",
        /// The cluster is being deleted.
        DeleteInProgress = "DELETE_IN_PROGRESS",
        /// Deleted.
        Deleted = "DELETED",
        /// The service has given the cluster up for now.
        Degraded = "DEGRADED",
    }
}

impl ClusterState {
    /// Tells whether it is the state between a change of the HSMs' type and its rollback, which the
    /// API Reference names and no model has.
    pub fn is_pending_rollback(&self) -> bool {
        matches!(self, ClusterState::Other(name) if name == "PENDING_ROLLBACK")
    }
}

states! {
    /// An HSM's state (API 2017-04-28, `HsmState`).
    HsmState {
        /// The HSM is being created.
        CreateInProgress = "CREATE_IN_PROGRESS",
        /// At work.
        Active = "ACTIVE",
        /// Out of order.
        Degraded = "DEGRADED",
        /// The HSM is being deleted.
        DeleteInProgress = "DELETE_IN_PROGRESS",
        /// Deleted.
        Deleted = "DELETED",
    }
}

states! {
    /// A backup's state (API 2017-04-28, `BackupState`).
    BackupState {
        /// The backup is being made, or copied.
        CreateInProgress = "CREATE_IN_PROGRESS",
        /// A cluster can be restored from it.
        Ready = "READY",
        /// Gone.
        Deleted = "DELETED",
        /// Deleted in seven days, unless it is restored before.
        PendingDeletion = "PENDING_DELETION",
    }
}

/// Tells whether a text is spelt like the service's states, in capitals and underscores. This
/// separates a state that no model knows yet from a typing error.
pub fn is_spelt_as_state(text: &str) -> bool {
    let fits =
        (3..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    fits && !text.starts_with('_') && !text.ends_with('_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_of_tomorrow_is_kept_as_it_was_spelt() {
        assert_eq!(
            ClusterState::from("UNINITIALIZED"),
            ClusterState::Uninitialized
        );
        assert_eq!(
            ClusterState::from("PONDERING"),
            ClusterState::Other("PONDERING".into())
        );
        assert_eq!(ClusterState::from("PONDERING").as_str(), "PONDERING");
        assert_eq!(format!("{:>8}|", HsmState::Active), "  ACTIVE|");
    }
}

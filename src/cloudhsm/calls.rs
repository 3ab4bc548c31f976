//! The actions of the API in one table: what a second request of each would do, what it addresses,
//! and what its permission is granted on.

use CallEffect::{Makes, Once, Reads, Repeatable};

use crate::error::ErrorKind;

/// What a call changes, and so whether its request may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallEffect {
    /// Nothing: it may be sent again.
    Reads,
    /// Something that a second request leaves as the first has made it.
    Repeatable,
    /// Something that a second request would meet changed: it is sent once.
    Once,
    /// It makes something, of which a second request would make a second one: it is sent once. With
    /// the hint for a lost answer.
    Makes(&'static str),
}

/// What a call addresses, and "not found" is said of.
#[derive(Clone, Copy)]
enum Addressed {
    Backup,
    Cluster,
    Tagged,
}

const SEE_IAM: &str = concat!("; see ", page!("iam.md"));

/// Defines the calls, by the API's names. The last is what follows the IAM action in a hint.
macro_rules! calls {
    ($($name:ident: $effect:expr, $addressed:expr, $granted:expr;)*) => {
        /// The calls that are made, by the API's names: those of [`super::CloudHsm`] and
        /// [`super::Fleet`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Call {
            $(#[doc = concat!("`", stringify!($name), "`.")] $name,)*
        }

        impl Call {
            /// Every action of the API (2017-04-28 as of November 2026).
            pub const ALL: &'static [Call] = &[$(Call::$name,)*];

            /// Returns the API's name of the call. The IAM action is `cloudhsm:` and this name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Call::$name => stringify!($name),)*
                }
            }

            /// Returns what the call changes.
            pub const fn effect(self) -> CallEffect {
                match self {
                    $(Call::$name => $effect,)*
                }
            }

            const fn addressed(self) -> Addressed {
                match self {
                    $(Call::$name => $addressed,)*
                }
            }

            const fn granted(self) -> &'static str {
                match self {
                    $(Call::$name => $granted,)*
                }
            }
        }
    };
}

calls! {
    CopyBackupToRegion: Makes(
        "look for it with `hsmboot backup list --region REGION`, in the destination's region, \
         before you run this again: a second run makes a second copy",
    ), Addressed::Backup, SEE_IAM;
    CreateCluster: Makes(
        "look for it with `hsmboot cluster list` before you run this again: a second run makes a \
         second cluster",
    ), Addressed::Backup, concat!(
        ", and cloudhsm:TagResource where it is given tags; see ",
        page!("iam.md")
    );
    CreateHsm: Makes(
        "look for it with `hsmboot cluster show` before you run this again: a second run makes a \
         second HSM",
    ), Addressed::Cluster, SEE_IAM;
    DeleteBackup: Once, Addressed::Backup, SEE_IAM;
    DeleteCluster: Once, Addressed::Cluster, SEE_IAM;
    DeleteHsm: Once, Addressed::Cluster, SEE_IAM;
    DeleteResourcePolicy: Once, Addressed::Backup, SEE_IAM;
    DescribeBackups: Reads, Addressed::Backup, SEE_IAM;
    DescribeClusters: Reads, Addressed::Cluster, " on resource \"*\"";
    GetResourcePolicy: Reads, Addressed::Backup, SEE_IAM;
    InitializeCluster: Once, Addressed::Cluster,
        " on the cluster, arn:aws:cloudhsm:REGION:ACCOUNT:cluster/CLUSTER-ID";
    ListTags: Reads, Addressed::Tagged, SEE_IAM;
    ModifyBackupAttributes: Repeatable, Addressed::Backup, SEE_IAM;
    ModifyCluster: Repeatable, Addressed::Cluster, SEE_IAM;
    PutResourcePolicy: Once, Addressed::Backup, SEE_IAM;
    RestoreBackup: Once, Addressed::Backup, SEE_IAM;
    TagResource: Repeatable, Addressed::Tagged, SEE_IAM;
    UntagResource: Repeatable, Addressed::Tagged, SEE_IAM;
}

impl Call {
    /// Returns the hint for a call that would make a second thing if it were repeated.
    pub(super) const fn repetition_hint(self) -> Option<&'static str> {
        match self.effect() {
            Makes(hint) => Some(hint),
            Reads | Repeatable | Once => None,
        }
    }

    /// Returns the terms for a "not found" answer: the error's kind, the thing, and a hint that
    /// helps to find the right one.
    pub(super) const fn not_found_terms(self) -> (ErrorKind, &'static str, &'static str) {
        match self.addressed() {
            Addressed::Backup => (
                ErrorKind::BackupNotFound,
                "backup",
                "check the backup's id, the region and the account: `hsmboot backup list` lists \
                 the backups there",
            ),
            Addressed::Tagged => (
                ErrorKind::ResourceNotFound,
                "cluster or backup",
                "check the id, the region and the account: `hsmboot cluster list` and `hsmboot \
                 backup list` list what is there",
            ),
            Addressed::Cluster => (
                ErrorKind::ClusterNotFound,
                "cluster",
                "check the cluster id, the region and the account: `hsmboot status` lists the \
                 clusters there",
            ),
        }
    }

    /// Returns the hint that names the missing IAM action. DescribeClusters reads the whole
    /// account's list; InitializeCluster can be granted on one cluster.
    pub(super) fn access_hint(self) -> String {
        format!(
            "the caller's IAM policy must allow cloudhsm:{}{}",
            self.as_str(),
            self.granted()
        )
    }
}

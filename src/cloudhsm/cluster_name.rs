//! The name of a cluster or a backup on a command line or in a fleet file: its id, or its ARN.

use std::str::FromStr;

use super::limits::TAGGED_RESOURCE_ID;
use crate::aws::Arn;
use crate::bundle::ClusterId;

/// A cluster, and the region and account where its ARN names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterName {
    /// Its id.
    pub id: ClusterId,
    /// The region of its ARN.
    pub region: Option<String>,
    /// The account of its ARN.
    pub account: Option<String>,
}

impl FromStr for ClusterName {
    type Err = String;

    /// Reads an id, or an ARN: `arn:PARTITION:cloudhsm:REGION:ACCOUNT:cluster/ID` (Service
    /// Authorization Reference, AWS CloudHSM, "Resource types").
    fn from_str(text: &str) -> Result<Self, String> {
        if !text.starts_with("arn:") {
            return Ok(ClusterName {
                id: text.parse()?,
                region: None,
                account: None,
            });
        }
        let arn = Arn::parse(text, "cloudhsm")?;
        let id = arn
            .resource
            .strip_prefix("cluster/")
            .ok_or_else(|| "its ARN names no cluster: expected ...:cluster/ID".to_owned())?;
        Ok(ClusterName {
            id: id.parse()?,
            region: Some(arn.region.to_owned()),
            account: Some(arn.account.to_owned()),
        })
    }
}

/// A cluster or a backup, and the region and account where its ARN names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceName {
    /// Its id.
    pub id: String,
    /// The region and the account of its ARN.
    pub place: Option<(String, String)>,
}

impl FromStr for ResourceName {
    type Err = String;

    /// Reads an id, or an ARN: as [`ClusterName`], or `...:backup/ID`.
    fn from_str(text: &str) -> Result<Self, String> {
        let check_id = TAGGED_RESOURCE_ID.parser();
        if !text.starts_with("arn:") {
            return check_id(text).map(|id| ResourceName { id, place: None });
        }
        let arn = Arn::parse(text, "cloudhsm")?;
        let id = ["cluster", "backup"].into_iter().find_map(|kind| {
            let id = arn.resource.strip_prefix(kind)?.strip_prefix('/')?;
            id.starts_with(kind).then_some(id)
        });
        let id = id.ok_or("its ARN names neither a cluster nor a backup")?;
        Ok(ResourceName {
            id: check_id(id)?,
            place: Some((arn.region.to_owned(), arn.account.to_owned())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "cluster-abc234defgh";

    #[test]
    fn a_cluster_has_an_id_and_an_arn() {
        let by_id: ClusterName = ID.parse().unwrap();
        assert_eq!((by_id.id.as_str(), by_id.region), (ID, None));
        let arn = format!("arn:aws-us-gov:cloudhsm:us-gov-west-1:123456789012:cluster/{ID}");
        let by_arn: ClusterName = arn.parse().unwrap();
        assert_eq!(by_arn.id.as_str(), ID);
        assert_eq!(by_arn.region.as_deref(), Some("us-gov-west-1"));
    }

    #[test]
    fn what_names_no_cluster_is_refused() {
        for text in [
            "arn:aws:cloudhsm:eu-west-1:123456789012:backup/backup-abc234defgh",
            "arn:aws:kms:eu-west-1:123456789012:cluster/cluster-abc234defgh",
            "arn:aws:cloudhsm:eu-west-1:123456789012:cluster/../x",
            "arn:aws:cloudhsm::123456789012:cluster/cluster-abc234defgh",
        ] {
            assert!(text.parse::<ClusterName>().is_err(), "{text}");
        }
    }
}

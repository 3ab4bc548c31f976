//! One cluster on the command line: its id or its ARN, as the first argument or as `--cluster-id`.

use clap::Args;

use super::fleet::parse_cluster_name;
use super::online::OnlineArgs;
use crate::bundle::ClusterId;
use crate::cloudhsm::ClusterName;
use crate::error::{Error, ErrorKind, FactName, Result};

/// The options that name a cluster.
#[derive(Clone, Debug, Default, Args)]
pub struct ClusterArgs {
    /// The cluster, by its id or its ARN
    #[arg(value_name = "CLUSTER", value_parser = parse_cluster_name)]
    cluster: Option<ClusterName>,
    /// The same, as an option
    #[arg(long, value_name = "ID", value_parser = parse_cluster_name)]
    cluster_id: Option<ClusterName>,
}

impl ClusterArgs {
    /// Returns the cluster's id and the way to its service, where one is named: an ARN names the
    /// region.
    ///
    /// # Errors
    /// Class `Usage`: two clusters are named, or a region that is not the ARN's.
    pub(crate) fn find(&self, online: &OnlineArgs) -> Result<Option<(ClusterId, OnlineArgs)>> {
        let names = || self.cluster.iter().chain(&self.cluster_id);
        let Some(first) = names().next() else {
            return Ok(None);
        };
        let regions = || names().filter_map(|name| name.region.as_ref());
        if let Some(other) = names().find(|name| {
            let accounts = || names().filter_map(|name| name.account.as_ref());
            name.id != first.id
                || regions().any(|region| Some(region) != regions().next())
                || accounts().any(|account| Some(account) != accounts().next())
        }) {
            return Err(Error::new(
                ErrorKind::Usage,
                [
                    "two clusters are named, and one is expected".to_owned(),
                    format!("  first argument  {}", first.id),
                    format!("  --cluster-id    {}", other.id),
                ],
                "leave one of them out",
            )
            .with_fact(FactName::Option, "--cluster-id")
            .with_fact(FactName::Expected, first.id.as_str())
            .with_fact(FactName::Found, other.id.as_str()));
        }
        let mut online = online.clone();
        for name in names() {
            online.check_region(name)?;
        }
        online.account = names().find_map(|name| name.account.clone());
        if let Some(region) = regions().next() {
            online.region = Some(region.clone());
        }
        Ok(Some((first.id.clone(), online)))
    }

    /// Does the same as [`ClusterArgs::find`] for a command that needs a cluster.
    ///
    /// # Errors
    /// As [`ClusterArgs::find`]; class `Usage` where none is named.
    pub(crate) fn require(&self, online: &OnlineArgs) -> Result<(ClusterId, OnlineArgs)> {
        self.find(online)?.ok_or_else(|| {
            Error::new(
                ErrorKind::Usage,
                "no cluster is named: --cluster-id is missing",
                "name it by its id or its ARN, as the first argument or with --cluster-id",
            )
        })
    }
}

/// The options that name the cluster of a command that needs one: clap asks for one, together with
/// whatever else is missing.
#[derive(Clone, Debug, Default, Args)]
#[command(mut_arg("cluster", |arg| arg.required_unless_present("cluster_id")))]
pub struct RequiredClusterArgs {
    #[command(flatten)]
    named: ClusterArgs,
}

impl RequiredClusterArgs {
    /// Does the same as [`ClusterArgs::require`].
    ///
    /// # Errors
    /// As [`ClusterArgs::require`].
    pub(crate) fn require(&self, online: &OnlineArgs) -> Result<(ClusterId, OnlineArgs)> {
        self.named.require(online)
    }
}

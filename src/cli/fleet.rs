//! Many clusters in one command: named on the command line, or by a fleet file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::args::TrustArgs;
use super::online::OnlineArgs;
use super::ui::Ui;
use crate::cloudhsm::ClusterName;
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fleet_file::{FleetAccess, FleetFile, FleetMember, FleetTrust};
use crate::fsio::{self, MAX_INPUT};
use crate::outside::shown_path;

/// The clusters of a command that takes many.
#[derive(Clone, Debug, Args)]
pub struct MemberArgs {
    /// The clusters, each by its id or its ARN
    #[arg(value_name = "ID", value_parser = parse_cluster_name, conflicts_with = "fleet")]
    names: Vec<ClusterName>,
    /// The same, as an option (may repeat)
    #[arg(
        long,
        value_name = "ID",
        value_parser = parse_cluster_name,
        conflicts_with = "fleet",
    )]
    cluster_id: Vec<ClusterName>,
    #[command(flatten)]
    pub(crate) file: FleetFileArgs,
}

/// The clusters of a fleet file.
#[derive(Clone, Debug, Args)]
pub struct FleetFileArgs {
    /// A fleet file (TOML or JSON): clusters with their regions, roles and roots
    #[arg(long, value_name = "FILE")]
    fleet: Option<PathBuf>,
    /// Only the clusters of the fleet file with this tag (may repeat: with all of them)
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_tag, requires = "fleet")]
    only: Vec<(String, String)>,
}

/// The connections of one command: one for each way to a service.
pub(crate) struct Connections<'a> {
    online: &'a OnlineArgs,
    limit: Option<Duration>,
    ui: &'a Ui,
    services: BTreeMap<FleetAccess, Result<AwsCloudHsm>>,
}

impl<'a> Connections<'a> {
    pub(crate) const fn new(online: &'a OnlineArgs, limit: Option<Duration>, ui: &'a Ui) -> Self {
        Connections {
            online,
            limit,
            ui,
            services: BTreeMap::new(),
        }
    }

    /// Returns the connection for this way. One that could not be made is not tried again.
    pub(crate) async fn connect(&mut self, access: &FleetAccess) -> Result<AwsCloudHsm> {
        if let Some(service) = self.services.get(access) {
            return service.clone();
        }
        let online = self.online.with_access(access);
        let service = online.connect_within(self.limit, None, self.ui).await;
        self.services.insert(access.clone(), service.clone());
        service
    }
}

/// Parses a cluster's id or ARN of the command line.
pub(crate) fn parse_cluster_name(text: &str) -> std::result::Result<ClusterName, String> {
    text.parse()
}

fn parse_tag(text: &str) -> std::result::Result<(String, String), String> {
    text.split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| "expected KEY=VALUE".to_owned())
}

impl MemberArgs {
    /// Returns the clusters to work on; with `all` none, as the service lists them.
    ///
    /// # Errors
    /// Class `Usage`: none is named, or `--region` is not the region of one's ARN. Class `Input`:
    /// the fleet file cannot be read.
    pub(crate) fn read(&self, all: bool, online: &OnlineArgs) -> Result<Vec<FleetMember>> {
        if let Some(members) = self.file.read_if_named()? {
            return Ok(members);
        }
        let names = || self.names.iter().chain(&self.cluster_id);
        if names().next().is_none() && !all {
            return Err(Error::new(
                ErrorKind::Usage,
                "no cluster is named",
                "name clusters by id or ARN, or give --fleet FILE",
            ));
        }
        let mut members: Vec<FleetMember> = Vec::new();
        for name in names() {
            online.check_region(name)?;
            let member = FleetMember::from_name(name);
            match members.iter_mut().find(|other| other.cluster_id == name.id) {
                // The id alone says less of it than its ARN.
                Some(other) if other.access == FleetAccess::default() => *other = member,
                Some(_) => {}
                None => members.push(member),
            }
        }
        Ok(members)
    }
}

impl FleetFileArgs {
    /// Tells whether a fleet file is named.
    pub(crate) const fn is_named(&self) -> bool {
        self.fleet.is_some()
    }

    /// Returns the clusters of the fleet file; `None` where none is named.
    ///
    /// # Errors
    /// Class `Usage`: `--only` without a file, or no cluster has these tags. Class `Input`: the
    /// file cannot be read.
    pub(crate) fn read_if_named(&self) -> Result<Option<Vec<FleetMember>>> {
        match &self.fleet {
            Some(file) => self.read_fleet(file).map(Some),
            // clap does not ask for what another option excludes.
            None if !self.only.is_empty() => Err(Error::new(
                ErrorKind::OptionsForNothing,
                "--only chooses among the clusters of a fleet file, and none is named",
                "give --fleet FILE, or leave --only out",
            )),
            None => Ok(None),
        }
    }

    fn read_fleet(&self, file: &Path) -> Result<Vec<FleetMember>> {
        let content = fsio::read(file, "a fleet file", MAX_INPUT)?;
        let directory = file.parent().unwrap_or(Path::new("."));
        let fleet = FleetFile::parse(&content, directory).map_err(|fault| {
            Error::new(
                ErrorKind::Malformed,
                format!("{}: {fault}", shown_path(file)),
                concat!(
                    "the form of a fleet file, with an example: ",
                    page!("fleet.md")
                ),
            )
            .with_fact(FactName::File, file)
        })?;
        let wanted = |tags: &BTreeMap<String, String>| {
            self.only
                .iter()
                .all(|(key, value)| tags.get(key) == Some(value))
        };
        let members: Vec<FleetMember> = fleet
            .clusters
            .into_iter()
            .filter(|member| wanted(&member.tags))
            .collect();
        if members.is_empty() {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("no cluster of {} has these tags", shown_path(file)),
                "look at `tags` in the fleet file, or leave --only out",
            )
            .with_fact(FactName::Option, "--only")
            .with_fact(FactName::File, file));
        }
        Ok(members)
    }
}

/// Warns where the fleet file overrules what the command line says.
pub(crate) fn warn_of_overruled(
    members: &[FleetMember],
    ca: Option<&Path>,
    trust: &TrustArgs,
    ui: &Ui,
) {
    let is_another = |named: &Path| {
        let of_fleet = members
            .iter()
            .filter_map(|member| member.trust.ca.as_deref());
        of_fleet.into_iter().any(|ca| !fsio::is_same(ca, named))
    };
    let has = |files: fn(&FleetTrust) -> &[PathBuf]| {
        members
            .iter()
            .any(|member| !files(&member.trust).is_empty())
    };
    let overruled = [
        (ca.is_some_and(is_another), "--ca"),
        (
            !trust.aws_root.is_empty() && has(|trust| &trust.aws_roots),
            "--aws-root",
        ),
        (
            !trust.manufacturer_root.is_empty() && has(|trust| &trust.manufacturer_roots),
            "--manufacturer-root",
        ),
    ];
    for (_, option) in overruled.iter().filter(|(is_overruled, _)| *is_overruled) {
        ui.warn(format!(
            "the fleet file goes before {option}, and names another file for some clusters"
        ));
    }
}

/// Returns the error that a command about many things ends with: the first of the greatest rank,
/// with the others' first lines behind it.
pub(crate) fn worst_error<R: Ord>(
    errors: impl IntoIterator<Item = Error>,
    rank: impl Fn(&Error) -> R,
) -> Option<Error> {
    let mut errors: Vec<Error> = errors.into_iter().collect();
    let (at, _) = errors
        .iter()
        .enumerate()
        .rev()
        .max_by_key(|(_, error)| rank(error))?;
    let mut worst = errors.remove(at);
    for other in errors {
        worst.message = worst.message.followed_by(other.message.lines().next());
    }
    Some(worst)
}

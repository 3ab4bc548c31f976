//! The fleet file: many clusters, the region and role that each is reached by, and the roots and
//! the CA that each is judged by.
//!
//! It is the operator's own, as the command line is. Nothing in it is a secret.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::aws::{RoleArn, check_endpoint, is_label};
use crate::bundle::ClusterId;
use crate::cloudhsm::ClusterName;

/// The only value of `format`.
pub const FORMAT: &str = "hsmboot-fleet/1";

/// The greatest number of clusters in one file.
pub const MAX_CLUSTERS: usize = 2000;

/// The clusters of a fleet file, each with the defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetFile {
    /// The clusters, in the file's order.
    pub clusters: Vec<FleetMember>,
}

/// A cluster of a fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetMember {
    /// The cluster's id.
    pub cluster_id: ClusterId,
    /// How the service is reached.
    pub access: FleetAccess,
    /// What it is judged by.
    pub trust: FleetTrust,
    /// The bundle's directory.
    pub bundle: Option<PathBuf>,
    /// Labels of the operator's own.
    pub tags: BTreeMap<String, String>,
}

impl FleetMember {
    /// A cluster that a command line names.
    pub fn from_name(name: &ClusterName) -> Self {
        FleetMember {
            cluster_id: name.id.clone(),
            access: FleetAccess {
                region: name.region.clone(),
                account: name.account.clone(),
                ..FleetAccess::default()
            },
            trust: FleetTrust::default(),
            bundle: None,
            tags: BTreeMap::new(),
        }
    }
}

/// The way to the service that a cluster is on. Clusters of equal access share a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FleetAccess {
    /// The region.
    pub region: Option<String>,
    /// The account that the credentials must be of.
    pub account: Option<String>,
    /// The profile of the AWS configuration.
    pub profile: Option<String>,
    /// The role to assume.
    pub assume_role: Option<RoleArn>,
    /// The endpoint.
    pub endpoint_url: Option<String>,
}

/// The files that a cluster is judged by. What is empty is the command line's.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FleetTrust {
    /// The owner's CA certificate, or chain.
    pub ca: Option<PathBuf>,
    /// The roots of the AWS chain.
    pub aws_roots: Vec<PathBuf>,
    /// The roots of the manufacturer's chain.
    pub manufacturer_roots: Vec<PathBuf>,
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FleetDocument {
    format: String,
    #[serde(default)]
    defaults: Settings,
    clusters: Vec<Entry>,
}

/// What an entry may have, and the defaults too.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    region: Option<String>,
    profile: Option<String>,
    assume_role: Option<String>,
    endpoint_url: Option<String>,
    ca: Option<PathBuf>,
    aws_roots: Option<Vec<PathBuf>>,
    manufacturer_roots: Option<Vec<PathBuf>>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

/// One cluster of the file. `deny_unknown_fields` does not go with `flatten`, so the members stand
/// here again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    cluster: String,
    bundle: Option<PathBuf>,
    region: Option<String>,
    profile: Option<String>,
    assume_role: Option<String>,
    endpoint_url: Option<String>,
    ca: Option<PathBuf>,
    aws_roots: Option<Vec<PathBuf>>,
    manufacturer_roots: Option<Vec<PathBuf>>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

impl FleetFile {
    /// Reads a fleet file: JSON where its first character is `{`, TOML otherwise. Relative paths in
    /// it are taken from `directory`, the file's own.
    ///
    /// # Errors
    /// A sentence that says what is wrong, and where.
    pub fn parse(content: &[u8], directory: &Path) -> Result<Self, String> {
        let text = std::str::from_utf8(content).map_err(|_| "it is not UTF-8".to_owned())?;
        let document: FleetDocument = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|fault| without_content(&fault.to_string()))?
        } else {
            toml::from_str(text).map_err(|fault| toml_fault(text, &fault))?
        };
        if document.format != FORMAT {
            return Err(format!(
                "its format is \"{}\", and this version of hsmboot reads \"{FORMAT}\"",
                document.format
            ));
        }
        if document.clusters.is_empty() {
            return Err("it names no clusters".to_owned());
        }
        if document.clusters.len() > MAX_CLUSTERS {
            return Err(format!(
                "it names {} clusters; at most {MAX_CLUSTERS} are taken in one run",
                document.clusters.len()
            ));
        }
        let defaults = &document.defaults;
        let mut seen = BTreeSet::new();
        let mut clusters = Vec::with_capacity(document.clusters.len());
        for (at, entry) in document.clusters.into_iter().enumerate() {
            let place = format!("clusters[{at}]");
            let member = entry
                .into_member(defaults, directory)
                .map_err(|fault| format!("{place}: {fault}"))?;
            if !seen.insert(member.cluster_id.clone()) {
                return Err(format!("{place}: {} stands there twice", member.cluster_id));
            }
            clusters.push(member);
        }
        Ok(FleetFile { clusters })
    }
}

/// Returns a fault of TOML on one line, with the line it stands in.
fn toml_fault(text: &str, fault: &toml::de::Error) -> String {
    let line = fault.span().map(|span| {
        let before = text.get(..span.start).unwrap_or_default();
        format!("line {}: ", before.matches('\n').count() + 1)
    });
    format!(
        "{}{}",
        line.unwrap_or_default(),
        without_content(fault.message())
    )
}

/// The longest word of the file that a fault shows.
const MAX_SHOWN_WORD: usize = 20;

/// Returns a parser's fault with nothing of the file in it but what may be a misspelt member. What
/// was named by mistake may be a key, whole or damaged, and no part of one is shown.
fn without_content(fault: &str) -> String {
    let is_harmless = |word: &str| {
        word.len() <= MAX_SHOWN_WORD
            && word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b"_.=[]{},\"'".contains(&b))
    };
    // Between the first mark and the last one before what was expected stands what was found.
    let (found, expected) = match fault.rfind(", expected ") {
        Some(at) => fault.split_at(at),
        None => (fault, ""),
    };
    let mark = |c: char| matches!(c, '`' | '"' | '\'');
    let shown = match (found.find(mark), found.rfind(mark)) {
        (Some(from), Some(to)) if from < to => {
            let word = found.get(from + 1..to).unwrap_or_default();
            match is_harmless(word) {
                true => found.to_owned(),
                false => format!(
                    "{}…{}",
                    found.get(..from).unwrap_or_default(),
                    found.get(to + 1..).unwrap_or_default()
                ),
            }
        }
        _ => found.to_owned(),
    };
    shown + expected
}

impl Entry {
    fn into_member(self, defaults: &Settings, directory: &Path) -> Result<FleetMember, String> {
        let name: ClusterName = self.cluster.parse()?;
        let region = match (&self.region, &name.region) {
            (Some(said), Some(arn)) if said != arn => {
                return Err(format!("its region is {said}, and its ARN's is {arn}"));
            }
            (said, arn) => said
                .clone()
                .or_else(|| arn.clone())
                .or_else(|| defaults.region.clone()),
        };
        // It becomes part of a host's name.
        if region.as_deref().is_some_and(|region| !is_label(region)) {
            return Err("its region is none: expected one such as eu-central-1".to_owned());
        }
        let endpoint_url = self.endpoint_url.or_else(|| defaults.endpoint_url.clone());
        if endpoint_url
            .as_deref()
            .is_some_and(|url| check_endpoint(url).is_err())
        {
            return Err(
                "its endpoint is not of the form https://HOST or http://HOST:PORT".to_owned(),
            );
        }
        let assume_role = self
            .assume_role
            .or_else(|| defaults.assume_role.clone())
            .map(|role| role.parse::<RoleArn>())
            .transpose()?;
        let place = |path: PathBuf| directory.join(path);
        let places = |own: Option<Vec<PathBuf>>, default: &Option<Vec<PathBuf>>| {
            own.or_else(|| default.clone())
                .unwrap_or_default()
                .into_iter()
                .map(place)
                .collect::<Vec<_>>()
        };
        let mut tags = defaults.tags.clone();
        tags.extend(self.tags);
        Ok(FleetMember {
            cluster_id: name.id,
            access: FleetAccess {
                region,
                account: name.account,
                profile: self.profile.or_else(|| defaults.profile.clone()),
                assume_role,
                endpoint_url,
            },
            trust: FleetTrust {
                ca: self.ca.or_else(|| defaults.ca.clone()).map(place),
                aws_roots: places(self.aws_roots, &defaults.aws_roots),
                manufacturer_roots: places(self.manufacturer_roots, &defaults.manufacturer_roots),
            },
            bundle: self.bundle.map(place),
            tags,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOML: &str = r#"
format = "hsmboot-fleet/1"
[defaults]
region = "eu-central-1"
ca = "customerCA.crt"
manufacturer_roots = ["/roots/mrvl.crt"]
tags = { team = "payments" }
[[clusters]]
cluster = "cluster-abc234defgh"
tags = { env = "test" }
[[clusters]]
cluster = "arn:aws:cloudhsm:us-east-1:123456789012:cluster/cluster-abc234defg2"
assume_role = "arn:aws:iam::123456789012:role/hsm/claim"
manufacturer_roots = []
bundle = "b/two"
"#;

    fn parse(text: &str) -> Result<FleetFile, String> {
        FleetFile::parse(text.as_bytes(), Path::new("/fleet"))
    }

    #[test]
    fn defaults_are_filled_in_and_an_entry_goes_before_them() {
        let fleet = parse(TOML).unwrap();
        let [one, two] = fleet.clusters.as_slice() else {
            panic!("{fleet:?}")
        };
        assert_eq!(one.access.region.as_deref(), Some("eu-central-1"));
        assert_eq!(
            one.trust.ca.as_deref(),
            Some(Path::new("/fleet/customerCA.crt"))
        );
        assert_eq!(one.trust.manufacturer_roots, [Path::new("/roots/mrvl.crt")]);
        assert_eq!(one.tags.len(), 2);
        assert_eq!(two.access.region.as_deref(), Some("us-east-1"));
        assert!(two.trust.manufacturer_roots.is_empty());
        assert!(two.access.assume_role.is_some());
        assert_eq!(two.bundle.as_deref(), Some(Path::new("/fleet/b/two")));
    }

    #[test]
    fn json_says_the_same() {
        let json =
            r#"{"format": "hsmboot-fleet/1", "clusters": [{"cluster": "cluster-abc234defgh"}]}"#;
        assert_eq!(parse(json).unwrap().clusters.len(), 1);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let cases = [
            (TOML.replace("fleet/1", "fleet/2"), "hsmboot-fleet/2"),
            (
                TOML.replace("env = \"test\" }", "env = \"test\" }\nregoin = \"x\""),
                "line 11: unknown field `regoin`",
            ),
            (
                TOML.replace("defg2", "defgh"),
                "clusters[1]: cluster-abc234defgh stands there twice",
            ),
            (
                TOML.replace("bundle =", "region = \"eu-west-1\"\nbundle ="),
                "clusters[1]: its region is eu-west-1, and its ARN's is us-east-1",
            ),
            (TOML.replace("role/hsm", "user/hsm"), "clusters[1]: "),
            (TOML.replace("cluster-abc234defgh", "../x"), "clusters[0]: "),
            (
                "format = \"hsmboot-fleet/1\"\nclusters = []".to_owned(),
                "it names no clusters",
            ),
        ];
        for (text, wanted) in cases {
            let fault = parse(&text).unwrap_err();
            assert!(fault.contains(wanted), "{fault} does not say {wanted}");
        }
    }
}

//! The steps after the claim. Every command, document and page gets its next steps from here.
//!
//! AWS defines the procedure, and each step names the page that describes it. A value from the
//! service or a receipt becomes part of a command only if it has the form of an id, a zone, a
//! region or an address, because people paste the lines into shells.

// The addresses' type, without the sockets that `std` has beside it.
use core::net::IpAddr;

use serde::{Serialize, Serializer};

use crate::bundle::{CA_FILE, Site};
use crate::cloudhsm::{ClusterState, limits, plain_id};
use crate::generation::Generation;
use crate::hint;
use crate::outside::{OutsideText, join_shown};
use crate::x509::{TrustAnchor, to_hex};

const ACTIVATE: &str = "AWS CloudHSM User Guide, Activate the cluster";
const SECURITY_GROUP: &str =
    "AWS CloudHSM User Guide, Configure the client Amazon EC2 instance security groups";
const INSTALL: &str = "AWS CloudHSM User Guide, Install and configure CloudHSM CLI";
const CONFIGURE: &str = "AWS CloudHSM User Guide, Client SDK 5 configuration parameters";
const DURABILITY: &str = "AWS CloudHSM User Guide, Manage client key durability settings";
const HSM: &str = "AWS CloudHSM User Guide, Adding an HSM to a cluster";
const KEY_STORE: &str = "AWS KMS Developer Guide, Create an AWS CloudHSM key store";

/// The path of the trust anchor on every client machine with Linux.
pub const LINUX_PATH: &str = "/opt/cloudhsm/etc/customerCA.crt";
/// The path of the trust anchor on every client machine with Windows.
pub const WINDOWS_PATH: &str = r"C:\ProgramData\Amazon\CloudHSM\customerCA.crt";

/// The progress of a claimed cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandoverStage {
    /// INITIALIZED: nobody has set the first password.
    Claimed,
    /// ACTIVE.
    Active,
    /// Another state: the cluster is being changed, or this version does not know the state.
    Other,
}

impl HandoverStage {
    /// Returns the stage of a cluster in this state. Returns `None` if it is not claimed, or about
    /// to be gone.
    pub const fn from_state(state: &ClusterState) -> Option<Self> {
        match state {
            ClusterState::Initialized => Some(HandoverStage::Claimed),
            ClusterState::Active => Some(HandoverStage::Active),
            ClusterState::UpdateInProgress
            | ClusterState::ModifyInProgress
            | ClusterState::RollbackInProgress
            | ClusterState::Degraded
            | ClusterState::Other(_) => Some(HandoverStage::Other),
            ClusterState::CreateInProgress
            | ClusterState::Uninitialized
            | ClusterState::InitializeInProgress
            | ClusterState::DeleteInProgress
            | ClusterState::Deleted => None,
        }
    }
}

/// The situation of the reader before the clients' own steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lead<'a> {
    /// The reader has the trust anchor beside these lines.
    Nothing,
    /// Nobody has determined the owner of the cluster.
    Judge,
    /// The bundle is at hand, and the clients' files are written from it.
    Handover {
        /// The bundle's path.
        bundle: &'a std::path::Path,
        /// The trust anchor, if this run has the proof that it is the owner's.
        proven: Option<&'a TrustAnchor>,
    },
}

/// A claimed cluster, as far as its next steps depend on it.
#[derive(Clone, Debug)]
pub struct ClaimedCluster<'a> {
    /// Its id.
    pub cluster_id: &'a OutsideText,
    /// Its region.
    pub region: Option<&'a OutsideText>,
    /// The stage that it has reached.
    pub stage: HandoverStage,
    /// The facts that its clients need.
    pub site: &'a Site,
    /// The situation before the clients' own steps.
    pub lead: Lead<'a>,
}

/// What describes a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepSource {
    /// This program itself.
    Hsmboot,
    /// A page of documentation.
    Page(&'static str),
}

impl From<&'static str> for StepSource {
    fn from(page: &'static str) -> Self {
        StepSource::Page(page)
    }
}

impl Serialize for StepSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            StepSource::Hsmboot => "hsmboot",
            StepSource::Page(page) => page,
        })
    }
}

/// A step, for people and programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClientStep {
    /// The action, its place and its purpose.
    pub what: String,
    /// The command that does it, where one does.
    pub command: Option<String>,
    /// The page that describes the step, or `hsmboot`.
    pub source: StepSource,
}

fn client_step(
    what: impl Into<String>,
    command: Option<String>,
    source: impl Into<StepSource>,
) -> ClientStep {
    ClientStep {
        what: what.into(),
        command,
        source: source.into(),
    }
}

/// Returns the steps, in order.
pub fn next_steps(of: &ClaimedCluster<'_>) -> Vec<ClientStep> {
    let mut steps: Vec<ClientStep> = lead_step(of).into_iter().collect();
    steps.extend(client_machine_steps(of));
    match of.stage {
        HandoverStage::Claimed => steps.extend(activation_steps(of)),
        HandoverStage::Active => steps.push(client_step(
            "on the client machine: the CloudHSM CLI",
            Some(CLI.to_owned()),
            ACTIVATE,
        )),
        HandoverStage::Other => {
            let what = "its state tells neither whether it is activated: `user list` in the \
                        CloudHSM CLI shows the role unactivated-admin as long as it is not";
            steps.push(client_step(what, Some(CLI.to_owned()), ACTIVATE));
            return steps;
        }
    }
    steps.extend(second_hsm(of));
    steps.push(key_store(of));
    steps
}

const CLI: &str = "/opt/cloudhsm/bin/cloudhsm-cli interactive";

fn lead_step(of: &ClaimedCluster<'_>) -> Option<ClientStep> {
    match &of.lead {
        Lead::Nothing => None,
        Lead::Judge => {
            let command = hint::command_line(&[
                "hsmboot",
                "status",
                "--cluster-id",
                plain_id(of.cluster_id).unwrap_or("ID"),
                "--ca",
                CA_FILE,
            ]);
            let what = "make sure that it is yours, with your own copy of the CA's certificate: \
                        whoever claimed it holds its HSMs";
            Some(client_step(
                what,
                Some(with_region(command, of)),
                StepSource::Hsmboot,
            ))
        }
        Lead::Handover { bundle, proven } => {
            let from = hint::path_word(bundle, "BUNDLE");
            let to = format!(
                "{}-clients",
                from.trim_end_matches('/')
                    .strip_suffix(crate::bundle::SUFFIX)
                    .unwrap_or(from.trim_end_matches('/'))
            );
            // Its first certificate and its root name a chain: `Owner::with_fingerprints`.
            let ends = proven.iter().flat_map(|anchor| {
                std::iter::once(anchor.signing_ca()).chain(anchor.certificates_above().last())
            });
            let digests: Vec<String> = ends
                .map(|certificate| to_hex(&certificate.fingerprint()))
                .collect();
            let mut words = vec!["hsmboot", "handover", &from, "-o", &to];
            words.extend(
                digests
                    .iter()
                    .flat_map(|digest| ["--ca-fingerprint", digest.as_str()]),
            );
            if digests.is_empty() {
                words.extend(["--ca", "CA.crt"]);
            }
            let command = hint::command_line(&words);
            let what = match proven {
                Some(_) => format!(
                    "write what every client machine gets: {CA_FILE}, the HSMs' addresses, these \
                     commands. Copy that directory there"
                ),
                None => format!(
                    "write what every client machine gets: {CA_FILE}, the HSMs' addresses, these \
                     commands. CA.crt stands for your own copy of the CA's certificate"
                ),
            };
            Some(client_step(what, Some(command), StepSource::Hsmboot))
        }
    }
}

fn with_region(command: String, of: &ClaimedCluster<'_>) -> String {
    match of.region.and_then(plain_id) {
        Some(region) => format!("{command} --region {region}"),
        None => command,
    }
}

/// Returns the steps for every client machine.
fn client_machine_steps(of: &ClaimedCluster<'_>) -> Vec<ClientStep> {
    let group = match &of.site.security_group {
        Some(group) => format!("the cluster's security group {group}"),
        None => "the cluster's security group".to_owned(),
    };
    let reach = format!(
        "take a machine in the cluster's VPC that {group} lets reach the HSMs, at TCP ports 2223 \
         to 2225"
    );
    let needs = sdk_step(of.site.hsm_type.as_ref());
    let place = format!(
        "there: the trust anchor, all of the file, as {LINUX_PATH} (Windows: {WINDOWS_PATH})"
    );
    vec![
        client_step(reach, None, SECURITY_GROUP),
        client_step(needs, None, INSTALL),
        client_step(
            place,
            Some(format!("sudo cp {CA_FILE} {LINUX_PATH}")),
            ACTIVATE,
        ),
        configure_step(of),
    ]
}

/// The step that installs the client's tool: the oldest type goes with every release of Client SDK
/// 5, and one that is not known is taken to need what the newest does.
fn sdk_step(hsm_type: Option<&OutsideText>) -> String {
    let newest = Generation::NEWEST.facts().required_sdk;
    let required = hsm_type
        .and_then(|known| Generation::of_hsm_type(known.as_raw()))
        .map_or(newest, |generation| generation.facts().required_sdk);
    match (hsm_type, required) {
        (_, None) => "install the CloudHSM CLI of Client SDK 5 there".to_owned(),
        (Some(known), Some(release)) => {
            format!("install the CloudHSM CLI there: {known} needs Client SDK {release} or later")
        }
        (None, Some(release)) => format!(
            "install the CloudHSM CLI there: every type but {} needs Client SDK {release} or later",
            Generation::Ls1.hsm_type()
        ),
    }
}

fn configure_step(of: &ClaimedCluster<'_>) -> ClientStep {
    const TOOL: &str = "sudo /opt/cloudhsm/bin/configure-cli";
    const WINDOWS: &str = concat!(
        r#"Windows: "C:\Program Files\Amazon\CloudHSM\bin\configure-cli.exe","#,
        " with the same words after it"
    );
    let addresses = client_addresses(of.site);
    if addresses.is_empty() {
        let command = with_region(
            format!(
                "{TOOL} --cluster-id {}",
                plain_id(of.cluster_id).unwrap_or("ID")
            ),
            of,
        );
        let what = format!(
            "there: where the HSMs are, as DescribeClusters says, which the machine must be \
             allowed to call. {WINDOWS}"
        );
        return client_step(what, Some(command), CONFIGURE);
    }
    let what = format!("there: where the HSMs are. {WINDOWS}");
    client_step(
        what,
        Some(format!("{TOOL} -a {}", addresses.join(" "))),
        CONFIGURE,
    )
}

/// Returns one address of each HSM: its IPv4 address, or the IPv6 one where it has no other. A
/// value that is not an address is left out.
pub fn client_addresses(site: &Site) -> Vec<String> {
    let of_hsm = |addresses: &Vec<OutsideText>| {
        let all: Vec<IpAddr> = addresses
            .iter()
            .filter_map(|address| address.as_raw().parse().ok())
            .collect();
        all.iter()
            .find(|address| address.is_ipv4())
            .or(all.first())
            .map(ToString::to_string)
    };
    site.hsms
        .iter()
        .filter_map(|hsm| of_hsm(&hsm.addresses))
        .collect()
}

fn activation_steps(of: &ClaimedCluster<'_>) -> Vec<ClientStep> {
    let wait = format!(
        "hsmboot wait --cluster-id {} --for active",
        plain_id(of.cluster_id).unwrap_or("ID")
    );
    vec![
        client_step(
            concat!(
                "there: the CloudHSM CLI (Windows: ",
                r#""C:\Program Files\Amazon\CloudHSM\bin\cloudhsm-cli.exe" interactive)"#
            ),
            Some(CLI.to_owned()),
            ACTIVATE,
        ),
        client_step(
            "in it: see that the user admin has the role unactivated-admin",
            Some("user list".to_owned()),
            ACTIVATE,
        ),
        client_step(
            "in it: set the first password of admin. Keep it: nobody can set another without it",
            Some("cluster activate".to_owned()),
            ACTIVATE,
        ),
        client_step(
            "here: see the cluster become ACTIVE",
            Some(with_region(wait, of)),
            StepSource::Hsmboot,
        ),
    ]
}

/// Returns the steps for the second HSM, where the cluster has one or none. Before activation the
/// cluster takes only one (AWS CloudHSM User Guide, Create an HSM).
fn second_hsm(of: &ClaimedCluster<'_>) -> Vec<ClientStep> {
    let Site {
        hsms,
        availability_zones,
        ..
    } = of.site;
    if hsms.len() > 1 {
        return Vec::new();
    }
    let taken = |zone: &&OutsideText| {
        hsms.iter()
            .any(|hsm| hsm.availability_zone.as_ref() == Some(*zone))
    };
    let free = availability_zones.iter().find(|zone| !taken(zone));
    let zone = free
        .or(availability_zones.first())
        .map(OutsideText::as_raw)
        .filter(|zone| (limits::AVAILABILITY_ZONE.fits)(zone));
    let create = format!(
        "hsmboot hsm create --cluster-id {} --availability-zone {}",
        plain_id(of.cluster_id).unwrap_or("ID"),
        zone.unwrap_or("ZONE")
    );
    // Where no other zone has a subnet, it goes into the first one's.
    let another = match free.is_none() && zone.is_some() && !hsms.is_empty() {
        true => " --another",
        false => "",
    };
    let create = format!("{}{another} --wait", with_region(create, of));
    if hsms.is_empty() {
        return vec![client_step(
            "here: it has no HSM; create one, and later a second",
            Some(create),
            HSM,
        )];
    }
    let when = if of.stage == HandoverStage::Claimed {
        "here, once it is ACTIVE"
    } else {
        "here"
    };
    let where_to = match (free, availability_zones.as_slice()) {
        (None, [only]) => {
            format!(". It has a subnet in {only} alone: if that zone fails, both are gone")
        }
        (None, []) => {
            ". ZONE is one that the cluster has a subnet in: `hsmboot cluster show` lists them"
                .to_owned()
        }
        _ => String::new(),
    };
    vec![
        client_step(
            format!(
                "{when}: a second HSM. The Client SDK makes keys on clusters of two HSMs at \
                 least{where_to}"
            ),
            Some(create),
            HSM,
        ),
        client_step(
            "or, on the client machine, for tests alone: take one HSM for enough. Keys that are \
             made then are lost with it, but for those in a backup",
            Some(
                "sudo /opt/cloudhsm/bin/configure-cli --disable-key-availability-check".to_owned(),
            ),
            DURABILITY,
        ),
    ]
}

fn key_store(of: &ClaimedCluster<'_>) -> ClientStep {
    let only_ipv6 = client_addresses(of.site)
        .iter()
        .any(|address| address.contains(':'));
    let ipv6 = if only_ipv6 {
        ". KMS does not speak IPv6 with the HSMs"
    } else {
        ""
    };
    let what = format!(
        "for a custom key store of AWS KMS, if you want one: KMS needs the cluster ACTIVE, two \
         HSMs in different Availability Zones, the content of {CA_FILE} as its trust anchor, and \
         the password of a crypto user kmsuser. After `login --username admin --role admin` in the \
         CloudHSM CLI{ipv6}"
    );
    client_step(
        what,
        Some("user create --username kmsuser --role crypto-user".to_owned()),
        KEY_STORE,
    )
}

/// Formats the steps as numbered lines, with each command on a line of its own.
pub fn to_numbered_text(steps: &[ClientStep]) -> String {
    let mut out = String::new();
    for (at, step) in steps.iter().enumerate() {
        out.push_str(&format!("{:4}. {}\n", at + 1, step.what));
        if let Some(command) = &step.command {
            out.push_str(&format!("        {command}\n"));
        }
    }
    out
}

/// Returns the pages that describe the steps, each once.
pub fn source_pages(steps: &[ClientStep]) -> Vec<&'static str> {
    let mut all: Vec<&'static str> = Vec::new();
    for step in steps {
        match step.source {
            StepSource::Page(page) if !all.contains(&page) => all.push(page),
            _ => {}
        }
    }
    all
}

/// Returns the recorded addresses, for a line of text.
pub(super) fn hsms_text(site: &Site) -> Vec<String> {
    let line = |hsm: &crate::bundle::SiteHsm| {
        let id = hsm
            .hsm_id
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        let zone = hsm
            .availability_zone
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        format!("{} {id} {zone}", join_shown(&hsm.addresses, ", "))
            .trim()
            .to_owned()
    };
    site.hsms.iter().map(line).collect()
}

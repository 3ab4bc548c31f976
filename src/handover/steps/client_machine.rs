//! The steps for every client machine: it reaches the HSMs, and has the tool and the trust anchor.

// The addresses' type, without the sockets that `std` has beside it.
use core::net::IpAddr;

use super::{ACTIVATE, ClaimedCluster, ClientStep, StepPlace, client_step, with_region};
use crate::bundle::{CA_FILE, Site};
use crate::cloudhsm::plain_id;
use crate::generation::Generation;
use crate::hint::NextCommand;
use crate::outside::OutsideText;

const SECURITY_GROUP: &str =
    "AWS CloudHSM User Guide, Configure the client Amazon EC2 instance security groups";
const INSTALL: &str = "AWS CloudHSM User Guide, Install and configure CloudHSM CLI";
const CONFIGURE: &str = "AWS CloudHSM User Guide, Client SDK 5 configuration parameters";

/// The path of the trust anchor on every client machine with Linux.
pub const LINUX_PATH: &str = "/opt/cloudhsm/etc/customerCA.crt";
/// The path of the trust anchor on every client machine with Windows.
pub const WINDOWS_PATH: &str = r"C:\ProgramData\Amazon\CloudHSM\customerCA.crt";

/// Returns the steps for every client machine.
pub(super) fn client_machine_steps(of: &ClaimedCluster<'_>) -> Vec<ClientStep> {
    let group = match &of.site.security_group {
        Some(group) => format!("the cluster's security group {group}"),
        None => "the cluster's security group".to_owned(),
    };
    let reach = format!(
        "take as the client machine one in the cluster's VPC that {group} lets reach the HSMs, at \
         TCP ports 2223 to 2225"
    );
    let needs = sdk_step(of.site.hsm_type.as_ref());
    let place = StepPlace::ClientMachine.says(format_args!(
        "store the trust anchor, all of the file, as {LINUX_PATH} (Windows: {WINDOWS_PATH})"
    ));
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
    StepPlace::ClientMachine.says(match (hsm_type, required) {
        (_, None) => "install the CloudHSM CLI of Client SDK 5".to_owned(),
        (Some(known), Some(release)) => {
            format!("install the CloudHSM CLI. {known} needs Client SDK {release} or later")
        }
        (None, Some(release)) => format!(
            "install the CloudHSM CLI. Every type but {} needs Client SDK {release} or later",
            Generation::Ls1.hsm_type()
        ),
    })
}

fn configure_step(of: &ClaimedCluster<'_>) -> ClientStep {
    const TOOL: &str = "sudo /opt/cloudhsm/bin/configure-cli";
    const WINDOWS: &str = concat!(
        r#"Windows: "C:\Program Files\Amazon\CloudHSM\bin\configure-cli.exe","#,
        " with the same words after it"
    );
    let addresses = client_addresses(of.site);
    if addresses.is_empty() {
        let id = plain_id(of.cluster_id).unwrap_or("ID");
        let command = NextCommand::new(TOOL.split(' ')).with_words(["--cluster-id", id]);
        let command = with_region(command, of).line();
        let what = StepPlace::ClientMachine.says(format_args!(
            "let the CloudHSM CLI find where the HSMs are, by DescribeClusters, which the machine \
             must be allowed to call. {WINDOWS}"
        ));
        return client_step(what, Some(command), CONFIGURE);
    }
    let what = StepPlace::ClientMachine.says(format_args!(
        "tell the CloudHSM CLI where the HSMs are. {WINDOWS}"
    ));
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

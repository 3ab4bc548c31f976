//! The steps that take a cluster into use: activation, a second HSM, a key store.

use super::client_machine::client_addresses;
use super::{
    ACTIVATE, CLI, ClaimedCluster, ClientStep, FactsSource, HandoverStage, StepPlace, StepSource,
    client_step, own_step, with_region,
};
use crate::bundle::{CA_FILE, Site};
use crate::cloudhsm::{limits, plain_id};
use crate::hint::NextCommand;
use crate::outside::OutsideText;

const DURABILITY: &str = "AWS CloudHSM User Guide, Manage client key durability settings";
const HSM: &str = "AWS CloudHSM User Guide, Adding an HSM to a cluster";
const KEY_STORE: &str = "AWS KMS Developer Guide, Create an AWS CloudHSM key store";

pub(super) fn start_cli_step() -> ClientStep {
    let what = StepPlace::ClientMachine.says(concat!(
        "start the CloudHSM CLI (Windows: ",
        r#""C:\Program Files\Amazon\CloudHSM\bin\cloudhsm-cli.exe" interactive)"#
    ));
    client_step(what, Some(CLI.to_owned()), ACTIVATE)
}

pub(super) fn activation_steps(of: &ClaimedCluster<'_>) -> Vec<ClientStep> {
    let id = plain_id(of.cluster_id).unwrap_or("ID");
    let wait = NextCommand::new(["hsmboot", "wait", "--cluster-id", id, "--for", "active"]);
    let (look, condition) = match of.source {
        FactsSource::Service => ("see that the user admin has the role unactivated-admin", ""),
        FactsSource::Receipt => (
            "see whether the user admin has the role unactivated-admin still",
            ", unless it is activated already (`user list` shows admin rather than \
             unactivated-admin)",
        ),
    };
    let cli = StepPlace::CloudHsmCli;
    vec![
        start_cli_step(),
        client_step(cli.says(look), Some("user list".to_owned()), ACTIVATE),
        client_step(
            format!(
                "{cli}{condition}: set the first password of admin. Keep it: nobody can set \
                 another without it"
            ),
            Some("cluster activate".to_owned()),
            ACTIVATE,
        ),
        own_step(
            StepPlace::HsmbootMachine.says("see the cluster become ACTIVE"),
            &with_region(wait, of),
            StepSource::Hsmboot,
        ),
    ]
}

/// Returns the steps for the second HSM, where the cluster has one or none. Before activation the
/// cluster takes only one (AWS CloudHSM User Guide, Create an HSM).
pub(super) fn second_hsm(of: &ClaimedCluster<'_>) -> Vec<ClientStep> {
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
    let id = plain_id(of.cluster_id).unwrap_or("ID");
    let create = NextCommand::new(["hsmboot", "hsm", "create", "--cluster-id", id])
        .with_words(["--availability-zone", zone.unwrap_or("ZONE")]);
    // Where no other zone has a subnet, it goes into the first one's.
    let another = match free.is_none() && zone.is_some() && !hsms.is_empty() {
        true => Some("--another"),
        false => None,
    };
    let create = with_region(create, of).with_words(another.into_iter().chain(["--wait"]));
    if hsms.is_empty() {
        let no_hsm = match of.source {
            FactsSource::Service => "it has no HSM; create one, and later a second",
            FactsSource::Receipt => {
                "create an HSM, unless it has one by now: the receipt names none. Later a second"
            }
        };
        return vec![own_step(
            StepPlace::HsmbootMachine.says(no_hsm),
            &create,
            HSM,
        )];
    }
    let when = match of.stage {
        HandoverStage::Active => "",
        HandoverStage::Claimed | HandoverStage::Other => ", once it is ACTIVE",
    };
    let unless = match of.source {
        FactsSource::Service => "",
        FactsSource::Receipt => ", unless it has one by now",
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
        own_step(
            format!(
                "{}{when}: create a second HSM{unless}. The Client SDK makes keys on clusters of \
                 two HSMs at least{where_to}",
                StepPlace::HsmbootMachine
            ),
            &create,
            HSM,
        ),
        client_step(
            format!(
                "or, {}, for tests alone: take one HSM for enough. Keys that are made then are \
                 lost with it, but for those in a backup",
                StepPlace::ClientMachine
            ),
            Some(
                "sudo /opt/cloudhsm/bin/configure-cli --disable-key-availability-check".to_owned(),
            ),
            DURABILITY,
        ),
    ]
}

pub(super) fn key_store(of: &ClaimedCluster<'_>) -> ClientStep {
    let only_ipv6 = client_addresses(of.site)
        .iter()
        .any(|address| address.contains(':'));
    let ipv6 = if only_ipv6 {
        ". KMS does not speak IPv6 with the HSMs"
    } else {
        ""
    };
    let what = format!(
        "{}, after `login --username admin --role admin`: for a custom key store of AWS KMS, if \
         you want one. KMS needs the cluster ACTIVE, two HSMs in different Availability Zones, \
         the content of {CA_FILE} as its trust anchor, and the password of a crypto user \
         kmsuser{ipv6}",
        StepPlace::CloudHsmCli
    );
    client_step(
        what,
        Some("user create --username kmsuser --role crypto-user".to_owned()),
        KEY_STORE,
    )
}

//! The files of a handover, to the byte. The same bundle, proof and addresses make the same files.

use core::net::IpAddr;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::steps::{self, ClaimedCluster, ClientStep, FactsSource, HandoverStage, Lead};
use crate::bundle::{CA_FILE, Receipt, Site, SiteHsm, Waiver, to_document};
use crate::cloudhsm::ClusterState;
use crate::outside::{OutsideText, shown_text};
use crate::owner::Owner;
use crate::x509::{Moment, name_text, sha256, to_hex};

/// The trust anchor, under the name that the Client SDK looks for.
pub const TRUST_ANCHOR: &str = CA_FILE;
/// The file with the commands, for people.
pub const README: &str = "README.txt";
/// The file with the same facts, for programs.
pub const DOCUMENT: &str = "handover.json";
/// The file that `sha256sum -c` reads.
pub const SUMS: &str = "SHA256SUMS";

/// The facts that a handover is made from. The receipt belongs to this bundle's claim: see
/// [`super::check_same_claim`].
#[derive(Clone, Debug)]
pub struct HandoverFacts<'a> {
    /// The receipt of the claim.
    pub receipt: &'a Receipt,
    /// The owner of the cluster, proven in this run.
    pub owner: &'a Owner,
    /// The current addresses of the HSMs. If empty, those of the receipt apply.
    pub addresses: &'a [IpAddr],
    /// Whether the bundle comes from a simulator: no HSM and no cluster of it is real.
    pub simulated: bool,
}

/// The files that are handed over.
#[derive(Clone, Debug)]
pub struct Handover {
    /// The files, by name.
    pub files: BTreeMap<&'static str, Vec<u8>>,
    /// The HSMs' addresses, one for each.
    pub addresses: Vec<String>,
    /// The steps for the operators of the clients.
    pub steps: Vec<ClientStep>,
}

/// `handover.json`.
#[derive(Debug, Serialize)]
struct HandoverDocument<'a> {
    format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    simulated: Option<bool>,
    cluster_id: &'a str,
    region: &'a OutsideText,
    state: &'a OutsideText,
    confirmed_at: Moment,
    #[serde(flatten)]
    site: &'a Site,
    addresses: &'a [String],
    trust_anchor: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    unverified: Option<&'a Waiver>,
    next_steps: &'a [ClientStep],
}

/// The mark of all that is handed over from a rehearsal's bundle.
pub const SIMULATED_MARK: &str =
    "SIMULATED: the bundle is a rehearsal's; no HSM and no cluster of it is real";

/// The only value of `format`.
const FORMAT: &str = "hsmboot-handover/1";

impl Handover {
    /// Makes the files.
    pub fn new(facts: &HandoverFacts<'_>) -> Self {
        let receipt = facts.receipt;
        let mut site = receipt.site.clone().unwrap_or_default();
        if !facts.addresses.is_empty() {
            let named = |address: &IpAddr| SiteHsm {
                hsm_id: None,
                availability_zone: None,
                addresses: vec![address.to_string().into()],
            };
            site.hsms = facts.addresses.iter().map(named).collect();
        }
        let cluster_id = OutsideText::from(receipt.cluster_id.as_str());
        let stage = HandoverStage::from_state(&ClusterState::from(receipt.state.as_raw()))
            .unwrap_or(HandoverStage::Other);
        let region = Some(&receipt.region).filter(|region| !region.is_empty());
        let steps = steps::next_steps(&ClaimedCluster {
            cluster_id: &cluster_id,
            region,
            stage,
            site: &site,
            source: FactsSource::Receipt,
            lead: Lead::Nothing,
        });
        let addresses = steps::client_addresses(&site);
        let anchor = facts.owner.trust_anchor();
        let chain_sha256: Vec<String> = anchor
            .certificates_above()
            .iter()
            .map(|above| to_hex(&above.fingerprint()))
            .collect();
        let trust_anchor = serde_json::json!({
            "file": TRUST_ANCHOR,
            "sha256": to_hex(&anchor.signing_ca().fingerprint()),
            "chain_sha256": chain_sha256,
            "subject": name_text(anchor.signing_ca().subject()),
            "not_after": anchor.not_after(),
            "owner": facts.owner.basis().as_str(),
        });
        let json = HandoverDocument {
            format: FORMAT,
            simulated: facts.simulated.then_some(true),
            cluster_id: receipt.cluster_id.as_str(),
            region: &receipt.region,
            state: &receipt.state,
            confirmed_at: receipt.confirmed_at,
            site: &site,
            addresses: &addresses,
            trust_anchor,
            unverified: receipt.unverified.as_ref(),
            next_steps: &steps,
        };
        let mut files = BTreeMap::from([
            (TRUST_ANCHOR, anchor.to_pem().into_bytes()),
            (DOCUMENT, to_document(&json)),
            (README, write_readme(facts, &site, &steps).into_bytes()),
        ]);
        files.insert(SUMS, format_sums(&files).into_bytes());
        Handover {
            files,
            addresses,
            steps,
        }
    }

    /// Returns the SHA-256 of each file.
    pub fn file_digests(&self) -> BTreeMap<&'static str, String> {
        self.files
            .iter()
            .map(|(name, content)| (*name, to_hex(&sha256(content))))
            .collect()
    }
}

/// Formats digests as `sha256sum` writes them and reads them with `-c`: digest, two spaces, name.
fn format_sums(files: &BTreeMap<&'static str, Vec<u8>>) -> String {
    files
        .iter()
        .map(|(name, content)| format!("{}  {name}\n", to_hex(&sha256(content))))
        .collect()
}

fn write_readme(facts: &HandoverFacts<'_>, site: &Site, steps: &[ClientStep]) -> String {
    let (receipt, anchor) = (facts.receipt, facts.owner.trust_anchor());
    let mut out = match facts.simulated {
        true => format!("{SIMULATED_MARK}\n\n"),
        false => String::new(),
    };
    out.push_str(&format!(
        "What a client machine of {} needs\n\n",
        receipt.cluster_id
    ));
    let mut row = |label: &str, value: String| out.push_str(&format!("{label:14}{value}\n"));
    row("region", receipt.region.to_string());
    row(
        "state",
        format!(
            "{} on {}, when its claim was confirmed: it may have changed since",
            receipt.state, receipt.confirmed_at
        ),
    );
    if let Some(hsm_type) = &site.hsm_type {
        row("type", hsm_type.to_string());
    }
    for hsm in steps::hsms_text(site) {
        row("HSM", hsm);
    }
    row(
        "trust anchor",
        format!("{TRUST_ANCHOR}, valid until {}", anchor.not_after()),
    );
    for (at, certificate) in anchor.certificates().enumerate() {
        row(
            if at == 0 { "" } else { "  above it" },
            name_text(certificate.subject()).to_string(),
        );
        row(
            "",
            format!("SHA-256 {}", to_hex(&certificate.fingerprint())),
        );
    }
    row(
        "",
        format!("{} when this was written", facts.owner.basis().as_phrase()),
    );
    if let Some(waiver) = &receipt.unverified {
        row(
            "UNVERIFIED",
            format!(
                "nothing proved that its HSM is a genuine one when it was claimed. Reason: {}",
                waiver.reason
            ),
        );
    }
    let first = if anchor.is_chain() {
        " (openssl shows the first one's)"
    } else {
        ""
    };
    out.push_str(&format!(
        "\nA client takes for the cluster whoever shows a certificate that leads to \
         {TRUST_ANCHOR}. {SUMS} tells of damage on the way, not of somebody who\nexchanged all of \
         this: compare the SHA-256 of the certificate with one that came by another \
         way{first}.\n\n\x20       sha256sum -c {SUMS}\n\x20       openssl x509 -in {TRUST_ANCHOR} \
         -noout -fingerprint -sha256\n\nOnce on every client machine: the steps up to \
         configure-cli. Once for the cluster: the rest.\n\n"
    ));
    out.push_str(&steps::to_numbered_text(steps));
    out.push_str("\nDescribed in:\n");
    for source in steps::source_pages(steps) {
        out.push_str(&format!("  {}\n", shown_text(source)));
    }
    out
}

//! A cluster's certificates as a chain: each with its fields, and the key that signed it.

use serde_json::{Value, json};

use super::super::chains::{Root, SimulatedIdentity};
use super::super::inside::Inside;
use super::super::state::{OwnerCertificates, SimulatedCluster, SimulatedClusterState};
use super::read::{CertificateView, read};

/// One certificate or CSR of the chain.
struct ChainNode {
    /// The name that the API or the documents give it.
    id: String,
    title: String,
    /// The row of the picture, counted from the roots downwards.
    row: u8,
    pem: String,
}

impl ChainNode {
    fn new(
        id: impl Into<String>,
        title: impl Into<String>,
        row: u8,
        pem: impl Into<String>,
    ) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            row,
            pem: pem.into(),
        }
    }
}

/// Returns the certificates that the cluster shows now, and the roots that they end in. `None`
/// where there is no such cluster.
pub(super) fn chain_of_cluster(inside: &Inside, id: &str) -> Option<Value> {
    let time = inside.time();
    let mut world = inside.look();
    let cluster = world.region_of(id)?.find_cluster(id, &time)?;
    let roots = cluster
        .csr_hsm()
        .and_then(|hsm| inside.hardware.finished_roots(hsm.card));
    let nodes = chain_nodes(cluster, roots);
    Some(json!({ "cluster": id, "state": cluster.state.name(), "nodes": nodes_json(&nodes) }))
}

fn chain_nodes(cluster: &SimulatedCluster, roots: Option<(&Root, &Root)>) -> Vec<ChainNode> {
    match (cluster.csr_identity(), roots, &cluster.claim) {
        (Some(identity), Some(roots), _) => nodes_before_claim(identity, roots),
        (_, _, Some(claim)) if cluster.state != SimulatedClusterState::Uninitialized => {
            nodes_after_claim(claim)
        }
        _ => Vec::new(),
    }
}

fn nodes_before_claim(
    identity: &SimulatedIdentity,
    (aws, manufacturer): (&Root, &Root),
) -> Vec<ChainNode> {
    let mut nodes = vec![ChainNode::new("AwsRoot", "AWS root", 0, aws.to_pem())];
    match manufacturer.reissue_pem() {
        None => nodes.push(ChainNode::new(
            "ManufacturerRoot",
            "Manufacturer root",
            0,
            manufacturer.to_pem(),
        )),
        Some(reissue) => nodes.extend([
            ChainNode::new(
                "ManufacturerRoot",
                "Manufacturer root, first issue",
                0,
                manufacturer.to_pem(),
            ),
            ChainNode::new(
                "ManufacturerRootReissue",
                "Manufacturer root, second issue",
                0,
                reissue,
            ),
        ]),
    }
    nodes.extend([
        ChainNode::new(
            "AwsHardwareCertificate",
            "AWS hardware certificate",
            1,
            &*identity.aws_hardware,
        ),
        ChainNode::new(
            "ManufacturerHardwareCertificate",
            "Manufacturer hardware certificate",
            1,
            &*identity.manufacturer_hardware,
        ),
        ChainNode::new("HsmCertificate", "HSM certificate", 2, &*identity.hsm),
        ChainNode::new("ClusterCsr", "Cluster CSR", 3, &*identity.csr),
    ]);
    nodes
}

/// Returns the trust anchor's certificates from the root down, and the certificate that the first
/// of them signed.
fn nodes_after_claim(claim: &OwnerCertificates) -> Vec<ChainNode> {
    let blocks: Vec<&str> = claim
        .trust_anchor
        .trim()
        .split_inclusive("-----END CERTIFICATE-----")
        .collect();
    let count = blocks.len();
    let mut nodes: Vec<ChainNode> = Vec::new();
    for (row, (at, block)) in (0..).zip(blocks.into_iter().enumerate().rev()) {
        let number = at + 1;
        let (id, title) = match number {
            _ if count == 1 => (String::from("TrustAnchor"), String::from("Trust anchor")),
            1 => (
                String::from("TrustAnchor1"),
                format!("Trust anchor 1 of {count}, the CA that signed"),
            ),
            _ if number == count => (
                format!("TrustAnchor{number}"),
                format!("Trust anchor {number} of {count}, the root"),
            ),
            _ => (
                format!("TrustAnchor{number}"),
                format!("Trust anchor {number} of {count}"),
            ),
        };
        let pem = if count == 1 {
            claim.trust_anchor.clone()
        } else {
            format!("{}\n", block.trim_start())
        };
        nodes.push(ChainNode::new(id, title, row, pem));
    }
    let row = u8::try_from(count).unwrap_or(u8::MAX);
    nodes.push(ChainNode::new(
        "ClusterCertificate",
        "Cluster certificate",
        row,
        claim.signed_cert.as_str(),
    ));
    nodes
}

/// Writes the nodes as JSON. Keys are lettered in the order in which they appear. A certificate's
/// issuers are those above it whose subject it names: a root and its reissue, or two certificates
/// of one card, have one name and one key.
fn nodes_json(nodes: &[ChainNode]) -> Value {
    let seen: Vec<(&ChainNode, CertificateView)> = nodes
        .iter()
        .filter_map(|node| Some((node, read(&node.pem)?)))
        .collect();
    let mut keys: Vec<&[u8]> = Vec::new();
    for (_, certificate) in &seen {
        if !keys.contains(&certificate.spki.as_slice()) {
            keys.push(&certificate.spki);
        }
    }
    let letter = |spki: &[u8]| {
        keys.iter()
            .position(|key| *key == spki)
            .zip(Some('A'..))
            .and_then(|(at, mut letters)| letters.nth(at))
    };
    let each = seen.iter().map(|(node, certificate)| {
        let self_signed = certificate
            .issuer
            .as_ref()
            .is_none_or(|issuer| *issuer == certificate.subject);
        let above = || {
            seen.iter().filter(|(other, one)| {
                !self_signed
                    && other.row < node.row
                    && Some(&one.subject) == certificate.issuer.as_ref()
            })
        };
        let signer = if self_signed {
            Some(certificate)
        } else {
            above().map(|(_, one)| one).next()
        };
        json!({
            "id": node.id,
            "title": node.title,
            "row": node.row,
            "key": letter(&certificate.spki),
            "signedBy": signer.and_then(|signer| letter(&signer.spki)),
            "selfSigned": self_signed,
            "issuers": above().map(|(other, _)| other.id.as_str()).collect::<Vec<_>>(),
            "fields": certificate.to_fields(),
            "notBefore": certificate.validity.map(|(from, _)| from),
            "notAfter": certificate.validity.map(|(_, to)| to),
            "pem": node.pem,
        })
    });
    Value::from(each.collect::<Vec<_>>())
}

//! The step before the clients' own: whose the cluster is, and what clients get.

use std::path::PathBuf;

use super::{ClaimedCluster, ClientStep, StepSource, own_step, with_region};
use crate::bundle::CA_FILE;
use crate::cloudhsm::plain_id;
use crate::hint::{self, NextCommand};
use crate::x509::{TrustAnchor, to_hex};

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

pub(super) fn lead_step(of: &ClaimedCluster<'_>) -> Option<ClientStep> {
    match &of.lead {
        Lead::Nothing => None,
        Lead::Judge => {
            let command = NextCommand::new([
                "hsmboot",
                "status",
                "--cluster-id",
                plain_id(of.cluster_id).unwrap_or("ID"),
                "--ca",
                "FILE",
            ]);
            let what = "make sure that it is yours, with FILE, your own copy of the CA's \
                        certificate: whoever claimed it holds its HSMs";
            Some(own_step(
                what,
                &with_region(command, of),
                StepSource::Hsmboot,
            ))
        }
        Lead::Handover { bundle, proven } => {
            let from = hint::path_word(bundle, "BUNDLE");
            // Beside the bundle, and not in it.
            let to = if bundle.file_name().is_some() {
                let plain: PathBuf = bundle.components().collect();
                let plain = hint::path_word(&plain, "BUNDLE");
                let beside = plain.strip_suffix(crate::bundle::SUFFIX);
                format!("{}-clients", beside.unwrap_or(&plain))
            } else {
                let name = format!("{}-clients", plain_id(of.cluster_id).unwrap_or("hsm"));
                hint::path_word(&bundle.join("..").join(name), "DIR")
            };
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
            let command = NextCommand::new(words);
            let what = match proven {
                Some(_) => format!(
                    "write what every client machine gets: {CA_FILE}, the HSMs' addresses, these \
                     commands. Copy that directory to each"
                ),
                None => format!(
                    "write what every client machine gets: {CA_FILE}, the HSMs' addresses, these \
                     commands. CA.crt stands for your own copy of the CA's certificate"
                ),
            };
            Some(own_step(what, &command, StepSource::Hsmboot))
        }
    }
}

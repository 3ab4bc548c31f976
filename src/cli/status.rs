//! `hsmboot status`

use std::path::{Path, PathBuf};

use serde_json::json;

use super::fleet::worst_error;
use super::named_cluster::ClusterArgs;
use super::online::{OnlineArgs, block_on};
use super::ui::{CommandOutput, Effect, GREEN, RED, StyledText, Ui, YELLOW, insert_member, styled};
use super::{next_steps, view};
use crate::bundle::counted_noun;
use crate::claim::ownership::OwnerCertificate;
use crate::claim::{ClaimedBy, Failure};
use crate::cloudhsm::CloudHsm;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::{self, MAX_INPUT};
use crate::handover::Lead;
use crate::outside::shown_path;
use crate::x509::to_hex;

/// Show a cluster, or all of the region's, whose it is, and what comes next
#[derive(Debug, clap::Args)]
#[command(after_help = "\
With --ca it says of each cluster whether that CA has claimed it, another has, or none yet. What \
is there already is judged with every signature \
algorithm that can be verified, whatever the dates of cluster certificate and CA are. Of one \
cluster that is claimed it gives every step up to its activation and \
beyond. One that was restored from a backup was claimed by whoever claimed the cluster of that \
backup.

Examples:
  hsmboot status --region eu-central-1
  hsmboot status --cluster-id cluster-abc234defgh --output json
  hsmboot status --cluster-id cluster-abc234defgh --ca customerCA.crt

Exit codes: 0 shown, and with --ca: yours, or claimed by nobody yet; 4 --ca names no certificate; \
6 unknown cluster, or the service refused or \
cannot be reached; 8 with --ca: another CA has claimed it, or it cannot be told who has")]
pub struct Args {
    #[command(flatten)]
    cluster: ClusterArgs,
    /// Your CA's certificate, or chain: say whose each cluster is. It may be one that CloudHSM
    /// would refuse today
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    #[command(flatten)]
    online: OnlineArgs,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<CommandOutput> {
    let owner = args.ca.as_deref().map(read_ca).transpose()?;
    let named = args.cluster.find(&args.online)?;
    let (cluster_id, online) = match &named {
        Some((id, online)) => (Some(id), online),
        None => (None, &args.online),
    };
    let (clusters, place) = block_on(async {
        let service = online.connect(None, ui).await?;
        let clusters = match cluster_id {
            None => service.list_clusters().await?,
            Some(id) => match service.describe_cluster(id.as_str()).await? {
                Some(cluster) => vec![cluster],
                None => {
                    let place = Some(service.place().clone());
                    return Err(Failure::NotFound {
                        cluster_id: id.to_string(),
                        place,
                        sent: false,
                    }
                    .into());
                }
            },
        };
        Ok((clusters, service.place().clone()))
    })?;
    let mut document = json!({
        "region": place.region,
        "endpoint": place.endpoint,
        "clusters": clusters.iter().map(view::cluster_document).collect::<Vec<_>>(),
    });
    let whose: Vec<Option<ClaimedBy>> = clusters
        .iter()
        .map(|cluster| Some(ClaimedBy::judge_cluster(cluster, owner.as_ref()?)))
        .collect();
    let steps = match (cluster_id, clusters.as_slice(), whose.as_slice()) {
        (Some(_), [cluster], [whose]) => {
            let lead = match whose {
                None => Some(Lead::Judge),
                Some(ClaimedBy::ThisCa) => Some(Lead::Nothing),
                // What is another's, or cannot be told, is nothing to go on with.
                Some(_) => None,
            };
            lead.map(|lead| next_steps::steps_of_cluster(cluster, place.region.as_ref(), lead))
        }
        _ => None,
    };
    let mut text = StyledText::new();
    let (mut owners, mut errors) = (Vec::new(), Vec::new());
    for (cluster, whose) in clusters.iter().zip(whose) {
        let is_anothers = matches!(whose, Some(ClaimedBy::AnotherCa(_) | ClaimedBy::Unknown(_)));
        let has_steps = steps.as_ref().is_some_and(|steps| !steps.is_empty());
        text.push(match is_anothers || has_steps {
            true => view::cluster_text_without_activation(cluster),
            false => view::cluster_text(cluster),
        });
        if let Some(whose) = whose {
            text.push([
                StyledText::from(format!("  {:12}  ", "owner")),
                owner_text(&whose),
                StyledText::from("\n"),
            ]);
            owners.push(json!({ "cluster_id": cluster.cluster_id, "owner": whose.as_str() }));
            // One that is gone says nothing about those that are there.
            if cluster_id.is_some() || !super::cluster::is_deleting_or_deleted(cluster) {
                errors.extend(whose.into_failure().map(Error::from));
            }
        }
    }
    if clusters.is_empty() {
        text = StyledText::from(format!("no clusters at {place}\n"));
    }
    if let Some(owner) = &owner {
        let ca: Vec<String> = owner
            .iter()
            .map(|ca| to_hex(&ca.to_shown_certificate().fingerprint))
            .collect();
        insert_member(&mut document, "ca_sha256", ca);
        insert_member(&mut document, "owners", owners);
    }
    if cluster_id.is_some() {
        next_steps::add_steps(&steps.unwrap_or_default(), &mut document, &mut text);
    }
    let summary = match clusters.as_slice() {
        [cluster] => format!("{} is {}", cluster.cluster_id, cluster.state),
        many => format!("{} at {place}", counted_noun(many.len(), "cluster")),
    };
    // Another CA's claim goes before what cannot be told.
    let error = worst_error(errors, |error| error.kind == ErrorKind::ClaimedByAnotherCa);
    Ok(CommandOutput::with_error(Effect::Unchanged, document, text, error).summarized(summary))
}

pub(crate) fn read_ca(path: &Path) -> Result<Vec<OwnerCertificate>> {
    let bytes = fsio::read(path, "a CA certificate", MAX_INPUT)?;
    OwnerCertificate::all_from_file(&bytes).map_err(|fault| {
        Error::new(
            ErrorKind::Malformed,
            format!("{}: {fault}", shown_path(path)),
            "give the CA's certificate, or its chain, in PEM or DER",
        )
        .with_fact(FactName::File, path)
    })
}

/// Returns the sentence for people about whose a cluster is.
fn owner_text(whose: &ClaimedBy) -> StyledText {
    match whose {
        ClaimedBy::ThisCa => styled(GREEN, "yours: this CA has claimed it"),
        ClaimedBy::AnotherCa(_) => styled(RED, "another's: not this CA has claimed it"),
        ClaimedBy::Nobody => styled(YELLOW, "nobody yet: it is not claimed"),
        ClaimedBy::Unknown(_) => styled(YELLOW, "it cannot be told"),
    }
}

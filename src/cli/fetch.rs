//! `hsmboot fetch`

use std::path::PathBuf;

use serde_json::json;

use super::TOOL;
use super::args::{AWS_ROOT_VARIABLE, MANUFACTURER_ROOT_VARIABLE, bundle_dir, roots_of};
use super::hardware;
use super::online::{OnlineArgs, block_on, cluster_id};
use super::step::StepArgs;
use super::ui::{Outcome, Ui, path_value};
use crate::bundle::ClusterId;
use crate::claim::{Failure, reasons};
use crate::cloudhsm::{CloudHsm, Cluster, NextStep, next_step};
use crate::error::Result;
use crate::fetch::{self, Facts, Fetched};
use crate::hint;
use crate::outside::{Lines, OutsideText, shown};
use crate::verify::{Anchors, PublishedRoot, Side};

/// Fetch a cluster's CSR and certificates into a bundle
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hsmboot fetch --cluster-id cluster-abc234defgh
  hsmboot fetch --cluster-id cluster-abc234defgh --bundle /media/usb/claim --region eu-central-1
  hsmboot fetch --cluster-id cluster-abc234defgh --bundle claim.hsmboot

Exit codes: 0 fetched, or there already; 6 unknown cluster, or the service refused or cannot be \
reached; 8 the cluster's state shows no CSR, \
or files of other content stand there")]
pub struct Args {
    /// The cluster
    #[arg(long, value_name = "ID", value_parser = cluster_id)]
    cluster_id: ClusterId,
    /// The directory to write into, or one file NAME.hsmboot (default: ./<cluster-id>)
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
    /// Replace files of other content
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    step: StepArgs,
    #[command(flatten)]
    online: OnlineArgs,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<Outcome> {
    let dir = bundle_dir(args.bundle.as_ref(), &args.cluster_id);
    let (cluster, place) = block_on(async {
        let service = args.online.connect(None, ui).await?;
        let found = service.describe(args.cluster_id.as_str()).await?;
        let place = service.place().clone();
        match found {
            Some(cluster) => Ok((cluster, place)),
            None => Err(Failure::NotFound {
                cluster_id: args.cluster_id.to_string(),
                place: Some(place),
                sent: false,
            }
            .into()),
        }
    })?;
    let now = super::now();
    let region = place
        .region
        .as_ref()
        .map(OutsideText::raw)
        .unwrap_or_default();
    let facts = Facts {
        region,
        endpoint: place.endpoint.as_ref().map(OutsideText::raw),
        now,
        tool: TOOL,
        step: args.step.begin(now),
    };
    let fetched = fetch::write(&dir, &cluster, &facts, args.force)?;
    warn_of_missing(&fetched, ui);
    if let Some(warning) = warning(&cluster) {
        ui.warn(&warning);
    }
    warn_of_roots(&fetched, ui);
    Ok(answer(&fetched))
}

/// A CSR whose HSM is broken or going leads nowhere: another HSM makes another.
pub(crate) fn warning(cluster: &Cluster) -> Option<Lines> {
    match next_step(cluster) {
        NextStep::Fetch => None,
        step => Some(
            Lines::from("the HSM that made this CSR does not work")
                .and(reasons(cluster))
                .and(step.advice(&cluster.cluster_id)),
        ),
    }
}

/// Certificates that the service does not show leave nothing to verify.
pub(crate) fn warn_of_missing(fetched: &Fetched, ui: &Ui) {
    for part in &fetched.missing {
        ui.warn(format!(
            "the service shows no {}: without it the bundle cannot be verified",
            part.noun().trim_start_matches("the ")
        ));
    }
}

/// Which roots the bundle's chains will need that are not built in. A root that an option gives to
/// a later command is not known here.
fn roots_needed(fetched: &Fetched) -> Vec<&'static PublishedRoot> {
    let named = |root: &&PublishedRoot| match root.side {
        Side::Aws => !roots_of(AWS_ROOT_VARIABLE).is_empty(),
        Side::Manufacturer => !roots_of(MANUFACTURER_ROOT_VARIABLE).is_empty(),
    };
    hardware::of(&fetched.bundle)
        .roots_needed(&Anchors::built_in())
        .into_iter()
        .filter(|root| !named(root))
        .collect()
}

/// Says so on the machine that is online: the other one cannot download anything.
fn warn_of_roots(fetched: &Fetched, ui: &Ui) {
    let roots = roots_needed(fetched);
    if !roots.is_empty() {
        ui.warn(hardware::needed(&roots, fetched.bundle.path()));
    }
}

fn answer(fetched: &Fetched) -> Outcome {
    let dir = fetched.bundle.path();
    let mut document = serde_json::to_value(&fetched.request).unwrap_or_default();
    if let Some(object) = document.as_object_mut() {
        object.insert("bundle".to_owned(), path_value(dir));
        object.insert("unchanged".to_owned(), json!(fetched.unchanged));
        object.insert("fingerprint".to_owned(), json!(fetched.fingerprint));
        let roots = roots_needed(fetched);
        if !roots.is_empty() {
            object.insert("roots_needed".to_owned(), json!(roots));
        }
    }
    let mut text = if fetched.unchanged {
        format!(
            "{} is unchanged: {} holds it already\n",
            fetched.bundle.id(),
            shown(dir)
        )
    } else {
        format!("fetched {} into {}\n", fetched.bundle.id(), shown(dir))
    };
    for (name, digest) in &fetched.request.files {
        text.push_str(&format!("  {name}\n    SHA-256 of the file {digest}\n"));
    }
    text.push_str(&format!(
        "fingerprint of the request  {}\n",
        fetched.fingerprint
    ));
    let dir = hint::path(dir, "DIR");
    let roots: Vec<&str> = roots_needed(fetched)
        .iter()
        .flat_map(|root| [root.option, root.file_word()])
        .collect();
    let next: Vec<&str> = ["hsmboot", "verify", &dir]
        .into_iter()
        .chain(roots)
        .collect();
    text.push_str(&format!("next: {}\n", hint::line(&next)));
    Outcome::done(document, text)
}

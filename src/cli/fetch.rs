//! `hsmboot fetch`

use std::path::PathBuf;

use serde_json::json;

use super::TOOL;
use super::args::{AWS_ROOT_VARIABLE, MANUFACTURER_ROOT_VARIABLE, bundle_dir, root_files_from_env};
use super::code::digest_lines;
use super::fleet::{Connections, MemberArgs};
use super::hardware;
use super::many::{ManyResults, ManyWords};
use super::online::{OnlineArgs, block_on};
use super::output::next_lines;
use super::run_options::complete_command;
use super::step::StepArgs;
use super::ui::{CommandOutput, Effect, Ui, insert_member, path_value, with_members};
use crate::claim::{Failure, state_reasons};
use crate::cloudhsm::{CloudHsm, Cluster, NextStep, next_step};
use crate::error::{Error, ErrorKind, Result};
use crate::fetch::{self, FetchFacts, Fetched};
use crate::fleet_file::FleetMember;
use crate::generation::PublishedRoot;
use crate::hint::{self, NextCommand};
use crate::outside::{Lines, OutsideText, shown_path};
use crate::verify::{Anchors, Side};

/// Fetch a cluster's CSR and certificates into a bundle
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hsmboot fetch --cluster-id cluster-abc234defgh
  hsmboot fetch --cluster-id cluster-abc234defgh --bundle /media/usb/claim --region eu-central-1
  hsmboot fetch --cluster-id cluster-abc234defgh --bundle claim.hsmboot
  hsmboot fetch --fleet fleet.toml --into ./stick

Exit codes: 0 fetched, or there already; 6 unknown cluster, or the service refused or cannot be \
reached; 8 the cluster's state shows no CSR, \
or files of other content stand there")]
#[command(mut_arg("names", |arg| arg.required_unless_present_any(["cluster_id", "fleet"])))]
pub struct Args {
    #[command(flatten)]
    members: MemberArgs,
    /// The directory to write into, or one file NAME.hsmboot (default: ./<cluster-id>)
    #[arg(long, value_name = "DIR", conflicts_with = "fleet")]
    bundle: Option<PathBuf>,
    /// The directory for many bundles, each in a directory of its cluster's id (default: where the
    /// fleet file says, or .)
    #[arg(long, value_name = "DIR", conflicts_with = "bundle")]
    into: Option<PathBuf>,
    /// Replace files of other content
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    step: StepArgs,
    #[command(flatten)]
    online: OnlineArgs,
}

/// How several fetches are told.
const WORDS: ManyWords = ManyWords {
    done: "fetched",
    already: "unchanged",
    shown: Some(("fingerprint", "FINGERPRINT OF THE REQUEST")),
};

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<CommandOutput> {
    let members = args.members.read(false, &args.online)?;
    if args.bundle.is_some() && members.len() > 1 {
        return Err(Error::new(
            ErrorKind::Usage,
            "--bundle is one bundle's directory, and there are several clusters",
            "give --into DIR: each bundle gets a directory of its cluster's id there",
        ));
    }
    block_on(async {
        let mut connections = Connections::new(&args.online, None, ui);
        if let ([member], false) = (members.as_slice(), args.members.file.is_named()) {
            return fetch_member(args, member, &mut connections, ui).await;
        }
        let mut results = ManyResults::new(&WORDS, ui);
        for member in &members {
            let result = fetch_member(args, member, &mut connections, ui).await;
            let (dir, id) = (args.bundle_dir(member), &member.cluster_id);
            results.add_of_cluster(&dir, Some(id), result);
        }
        Ok(results.into_output())
    })
}

impl Args {
    /// Returns the place for a cluster's bundle: the one that was named, or a directory of its id.
    fn bundle_dir(&self, member: &FleetMember) -> PathBuf {
        match &self.into {
            Some(into) => into.join(member.cluster_id.as_str()),
            None => bundle_dir(
                self.bundle.as_ref().or(member.bundle.as_ref()),
                &member.cluster_id,
            ),
        }
    }
}

async fn fetch_member(
    args: &Args,
    member: &FleetMember,
    connections: &mut Connections<'_>,
    ui: &Ui,
) -> Result<CommandOutput> {
    let dir = args.bundle_dir(member);
    let service = connections.connect(&member.access).await?;
    let place = service.place().clone();
    let Some(cluster) = service.describe_cluster(member.cluster_id.as_str()).await? else {
        return Err(Failure::NotFound {
            cluster_id: member.cluster_id.to_string(),
            place: Some(place),
            sent: false,
        }
        .into());
    };
    let now = super::now();
    let region = place
        .region
        .as_ref()
        .map(OutsideText::as_raw)
        .unwrap_or_default();
    let facts = FetchFacts {
        region,
        endpoint: place.endpoint.as_ref().map(OutsideText::as_raw),
        now,
        tool: TOOL,
        step: args.step.begin_step(now),
    };
    let fetched = fetch::write(&dir, &cluster, &facts, args.force)?;
    warn_of_missing(&fetched, ui);
    if let Some(warning) = broken_hsm_warning(&cluster) {
        ui.warn(&warning);
    }
    warn_of_roots(&fetched, ui);
    Ok(fetch_output(&fetched))
}

/// Returns a warning if the HSM that made the CSR is broken or being deleted. Such a CSR is of no
/// use: another HSM makes another.
pub(crate) fn broken_hsm_warning(cluster: &Cluster) -> Option<Lines> {
    match next_step(cluster) {
        NextStep::Fetch => None,
        step => Some(
            Lines::from("the HSM that made this CSR does not work")
                .followed_by(state_reasons(cluster))
                .followed_by(step.advice_for(&cluster.cluster_id)),
        ),
    }
}

/// Warns of certificates that the service does not show: without them there is nothing to verify.
pub(crate) fn warn_of_missing(fetched: &Fetched, ui: &Ui) {
    for part in &fetched.missing {
        ui.warn(format!(
            "the service shows no {}: without it the bundle cannot be verified",
            part.noun().trim_start_matches("the ")
        ));
    }
}

/// Returns the roots that the bundle's chains need and that are not built in. A root that an option
/// gives to a later command is not known here.
fn roots_needed(fetched: &Fetched) -> Vec<&'static PublishedRoot> {
    let named = |root: &&PublishedRoot| match root.side {
        Side::Aws => !root_files_from_env(AWS_ROOT_VARIABLE).is_empty(),
        Side::Manufacturer => !root_files_from_env(MANUFACTURER_ROOT_VARIABLE).is_empty(),
    };
    hardware::of_bundle(&fetched.bundle)
        .roots_needed(&Anchors::built_in())
        .into_iter()
        .filter(|root| !named(root))
        .collect()
}

/// Warns of those roots on the machine that is online: the other one cannot download anything.
fn warn_of_roots(fetched: &Fetched, ui: &Ui) {
    let roots = roots_needed(fetched);
    if !roots.is_empty() {
        let simulated = fetched.bundle.comes_from_simulator().then_some(
            "  this one comes from hsmboot's simulator: give the roots that `hsmboot simulate \
             --roots roots` writes, and not that file",
        );
        let warning = hardware::missing_roots_warning(&roots, fetched.bundle.path());
        ui.warn(warning.followed_by(simulated));
    }
}

/// Returns the options of the next command that give the roots that are needed.
fn root_options<'a>(roots: &'a [&PublishedRoot], simulated: bool) -> Vec<&'a str> {
    match !roots.is_empty() && simulated {
        true => hardware::SIMULATOR_ROOT_OPTIONS.to_vec(),
        false => hardware::options_for_roots(roots).collect(),
    }
}

fn fetch_output(fetched: &Fetched) -> CommandOutput {
    let dir = fetched.bundle.path();
    let request = serde_json::to_value(&fetched.request).unwrap_or_default();
    let members = json!({
        "bundle": path_value(dir),
        "unchanged": fetched.unchanged,
        "fingerprint": fetched.fingerprint,
    });
    let mut document = with_members(request, members);
    let roots = roots_needed(fetched);
    if !roots.is_empty() {
        insert_member(&mut document, "roots_needed", json!(roots));
    }
    let mut text = if fetched.unchanged {
        format!(
            "{} is unchanged: {} holds it already\n",
            fetched.bundle.id(),
            shown_path(dir)
        )
    } else {
        format!("fetched {} into {}\n", fetched.bundle.id(), shown_path(dir))
    };
    text.push_str(&digest_lines(&fetched.bundle, &fetched.request.files));
    text.push_str(&format!(
        "fingerprint of the request  {}\n",
        fetched.fingerprint
    ));
    let dir = hint::path_word(dir, "DIR");
    let roots = roots_needed(fetched);
    let simulated = fetched.bundle.comes_from_simulator();
    let options = root_options(&roots, simulated);
    let verify = NextCommand::new(["hsmboot", "verify", &dir]).with_words(options);
    let next = [complete_command(verify)];
    text.push_str(&next_lines(&next));
    CommandOutput::success(Effect::unless(fetched.unchanged), document, text).with_next(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::Hardware;

    #[test]
    fn the_next_command_names_the_roots_of_what_was_fetched() {
        let cluster = Hardware {
            hsm_type: Some("hsm2m.medium"),
            region: Some("us-gov-west-1"),
        };
        let roots = cluster.roots_needed(&Anchors::built_in());
        let published = [
            "--aws-root",
            "FILE",
            "--manufacturer-root",
            "mrvl-rsa-LS2-AR-v1.crt",
        ];
        assert_eq!(root_options(&roots, false), published);
        assert_eq!(root_options(&roots, true), hardware::SIMULATOR_ROOT_OPTIONS);
        // What the built-in anchors or a variable give is not asked for.
        assert_eq!(root_options(&[], true), [""; 0]);
    }
}

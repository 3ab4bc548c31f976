//! `hsmboot plan`

mod rows;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::args::TrustArgs;
use super::fleet::{Connections, MemberArgs, warn_of_overruled};
use super::many::check_outside_all;
use super::online::{OnlineArgs, TimeoutArgs, block_on};
use super::owner::read_trust_anchor;
use super::run_options::with_complete_advice;
use super::ui::{CommandOutput, Ui};
use crate::check::judge_read_trust_anchor;
use crate::claim::Failure;
use crate::claim::ownership::OwnerCertificate;
use crate::cloudhsm::{CallPlace, CloudHsm, Cluster};
use crate::error::{Error, ErrorKind, Result};
use crate::fleet_file::{FleetAccess, FleetMember, FleetTrust};
use crate::fsio::{self, MAX_INPUT};
use crate::hint::{self, NextCommand};
use crate::outside::{OutsideText, shown_path};
use crate::plan::{ClusterPlan, PlanTerms, PlannedAction, plan_cluster};
use crate::verify::{Anchors, Policy};
use crate::x509::Moment;
use rows::{LookedIn, Row, plan_output};

/// Show what would be done with each cluster, and why: reads only, needs no key
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Actions:
  none         your CA has claimed it
  wait         the service is at work on it
  create-hsm   it has no HSM, and so no CSR
  replace-hsm  its first HSM is broken
  claim        nobody has claimed it, and the roots prove its HSM
  investigate  another CA's, not proven, or in a state that nobody plans

Examples:
  hsmboot plan cluster-abc234defgh --ca customerCA.crt
  hsmboot plan --all --ca customerCA.crt --region eu-central-1 --output json
  hsmboot plan --fleet fleet.toml --detailed-exitcode

Exit codes: 0 planned; with --detailed-exitcode 0 nothing to do, 10 something to do; 4 the fleet \
file or a CA or root cannot be read; 6 a cluster is unknown, or the service refused or cannot be \
reached (the others are planned all the same)")]
#[command(mut_arg("names", |arg| arg.required_unless_present_any(["cluster_id", "fleet", "all"])))]
pub struct Args {
    #[command(flatten)]
    members: MemberArgs,
    /// Every cluster of the account and region
    #[arg(long, conflicts_with_all = ["names", "cluster_id", "fleet"])]
    all: bool,
    /// Your CA's certificate, or chain: whose each cluster is to be
    #[arg(long, value_name = "FILE", required_unless_present = "fleet")]
    ca: Option<PathBuf>,
    /// End with 10 where there is something to do, and with 0 where there is nothing
    #[arg(long)]
    detailed_exitcode: bool,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    timeout: TimeoutArgs,
    #[command(flatten)]
    online: OnlineArgs,
}

/// What clusters of one CA and the same roots are judged by.
struct Terms {
    owner: Vec<OwnerCertificate>,
    ca: PathBuf,
    ca_refusal: Option<Error>,
    anchors: Anchors,
    /// The options by which it is judged alike, as words of a command.
    trust_options: Vec<String>,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<CommandOutput> {
    let policy = args.trust.build_policy(false, false)?;
    let members = args.members.read(args.all, &args.online)?;
    let now = super::now();
    let mut terms = BTreeMap::new();
    warn_of_overruled(&members, args.ca.as_deref(), &args.trust, ui);
    for member in &members {
        args.check_outside_bundle(member)?;
        if !terms.contains_key(&member.trust) {
            let read = args.read_terms(&member.trust, now)?;
            terms.insert(member.trust.clone(), read);
        }
    }
    let (rows, looked_in) = block_on(async {
        let mut reader = FleetReader {
            connections: Connections::new(&args.online, args.timeout.timeout, ui),
            online: &args.online,
        };
        if args.all {
            let terms = args.read_terms(&FleetTrust::default(), now)?;
            let (rows, place) = reader.plan_all(&terms, &policy, now).await?;
            return Ok((rows, vec![place]));
        }
        let mut rows = Vec::with_capacity(members.len());
        for member in &members {
            if let Some(terms) = terms.get(&member.trust) {
                rows.push(reader.plan_member(member, terms, &policy, now).await);
            }
        }
        let looked_in = LookedIn::all_of(&rows);
        Ok((rows, looked_in))
    })?;
    Ok(plan_output(rows, &looked_in, args.detailed_exitcode))
}

impl Args {
    /// Refuses a CA or a root of the fleet file that lies in the bundle of the cluster: whoever
    /// could write to the bundle chose it.
    fn check_outside_bundle(&self, member: &FleetMember) -> Result<()> {
        let Some(bundle) = &member.bundle else {
            return Ok(());
        };
        let ca = member.trust.ca.as_deref().or(self.ca.as_deref());
        check_outside_all(
            std::slice::from_ref(bundle),
            ca,
            &self.trust_for(&member.trust),
        )
    }

    /// Returns the options for the roots that a cluster is judged by.
    fn trust_for(&self, of_fleet: &FleetTrust) -> TrustArgs {
        self.trust
            .with_roots(&of_fleet.aws_roots, &of_fleet.manufacturer_roots)
    }

    /// Reads the CA and the roots that a cluster is judged by. A fleet file's go before the command
    /// line's.
    fn read_terms(&self, of_fleet: &FleetTrust, now: Moment) -> Result<Terms> {
        let Some(ca) = of_fleet.ca.as_ref().or(self.ca.as_ref()) else {
            return Err(Error::new(
                ErrorKind::Usage,
                "no CA is named: neither --ca nor the fleet file has one",
                "add --ca FILE, or `ca` to the defaults of the fleet file",
            ));
        };
        let text = fsio::read(ca, "a CA certificate", MAX_INPUT)?;
        let trust_anchor = read_trust_anchor(&text, &shown_path(ca))?;
        let trust = self.trust_for(of_fleet);
        Ok(Terms {
            owner: OwnerCertificate::all_of(&trust_anchor),
            ca: ca.clone(),
            ca_refusal: judge_read_trust_anchor(&trust_anchor, now).err(),
            anchors: trust.read_anchors_without_bundle()?,
            trust_options: trust.options_with_reason(),
        })
    }
}

/// Reads clusters, over one connection for each way to a service.
struct FleetReader<'a> {
    connections: Connections<'a>,
    online: &'a OnlineArgs,
}

impl FleetReader<'_> {
    async fn plan_all(
        &mut self,
        terms: &Terms,
        policy: &Policy,
        now: Moment,
    ) -> Result<(Vec<Row>, LookedIn)> {
        let service = self.connections.connect(&FleetAccess::default()).await?;
        let clusters = service.list_clusters().await?;
        let place = service.place().clone();
        let rows = clusters
            .iter()
            .map(|cluster| self.plan_row(cluster, &place, None, terms, policy, now))
            .collect();
        let account = service.account_id().await;
        Ok((rows, LookedIn { place, account }))
    }

    async fn plan_member(
        &mut self,
        member: &FleetMember,
        terms: &Terms,
        policy: &Policy,
        now: Moment,
    ) -> Row {
        // A cluster with a way of its own is not to be found by this run's.
        let own_way = member.access != FleetAccess::default();
        let unread = |place, error| Row {
            cluster_id: member.cluster_id.as_str().into(),
            place,
            tags: member.tags.clone(),
            plan: Err(match own_way {
                true => error,
                false => with_complete_advice(error),
            }),
            next: None,
        };
        let service = match self.connections.connect(&member.access).await {
            Ok(service) => service,
            Err(error) => return unread(None, error),
        };
        let place = service.place().clone();
        match service.describe_cluster(member.cluster_id.as_str()).await {
            Ok(Some(cluster)) => self.plan_row(&cluster, &place, Some(member), terms, policy, now),
            Ok(None) => {
                let failure = Failure::NotFound {
                    cluster_id: member.cluster_id.to_string(),
                    place: Some(place.clone()),
                    sent: false,
                };
                unread(Some(place), failure.into())
            }
            Err(error) => unread(Some(place), error.into()),
        }
    }

    /// Plans for one cluster: one that was named, or one of all.
    fn plan_row(
        &self,
        cluster: &Cluster,
        place: &CallPlace,
        member: Option<&FleetMember>,
        terms: &Terms,
        policy: &Policy,
        now: Moment,
    ) -> Row {
        let plan = plan_cluster(
            cluster,
            &PlanTerms {
                owner: &terms.owner,
                ca_refusal: terms.ca_refusal.as_ref(),
                anchors: &terms.anchors,
                policy,
                at: now,
                region: place.region.as_ref().map(OutsideText::as_raw),
                named: member.is_some(),
            },
        );
        let access = match member {
            Some(member) => self.online.with_access(&member.access),
            None => self.online.clone(),
        };
        let bundle = member.and_then(|member| member.bundle.as_deref());
        let next = next_command(&plan, access.options_to_repeat(place), bundle, terms);
        Row {
            cluster_id: cluster.cluster_id.clone(),
            place: Some(place.clone()),
            tags: member.map(|member| member.tags.clone()).unwrap_or_default(),
            plan: Ok(plan),
            next,
        }
    }
}

/// Returns the command that does what is planned, with the region, the CA and the roots of this
/// run.
fn next_command(
    plan: &ClusterPlan,
    options: Vec<String>,
    bundle: Option<&Path>,
    terms: &Terms,
) -> Option<NextCommand> {
    let command = match plan.action {
        PlannedAction::None | PlannedAction::Investigate => return None,
        PlannedAction::Wait | PlannedAction::CreateHsm | PlannedAction::ReplaceHsm => {
            plan.step.command_for(&plan.cluster_id)?
        }
        PlannedAction::Claim => {
            let id = crate::cloudhsm::plain_id(&plan.cluster_id)?;
            let ca = hint::path_word(&terms.ca, "FILE");
            let bundle: Vec<String> = bundle
                .map(|dir| vec!["--bundle".to_owned(), hint::path_word(dir, "DIR")])
                .unwrap_or_default();
            NextCommand::new(["hsmboot", "bootstrap", "--cluster-id", id, "--ca", &ca])
                .with_words(["--ca-key", "KEY"])
                .with_words(bundle)
                .with_words(&terms.trust_options)
        }
    };
    Some(command.with_words(options))
}

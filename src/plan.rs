//! Plans a claim: what would be done with a cluster as DescribeClusters shows it, and why. Reads
//! nothing, needs no key, and changes nothing.
//!
//! A plan is advice, not a proof: whatever acts on it judges everything again.

use serde::Serialize;

use crate::claim::ownership::OwnerCertificate;
use crate::claim::{ClaimedBy, Failure};
use crate::cloudhsm::{Cluster, ClusterState, NextStep, next_step};
use crate::error::Error;
use crate::outside::{Lines, OutsideText};
use crate::verify::{
    Anchors, Cause, CheckId, Evidence, Hardware, Policy, Roots, Status, Verdict, verify,
};
use crate::x509::Moment;

/// The action that a cluster needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlannedAction {
    /// Nothing: this CA has claimed it.
    None,
    /// Wait: the service is at work on it.
    Wait,
    /// Create its first HSM.
    CreateHsm,
    /// Delete its HSM, which is broken, and create another.
    ReplaceHsm,
    /// Claim it: its CSR is a proven HSM's, and nobody has claimed it.
    Claim,
    /// A person has to look: it is another's, nothing is proven, or its state is no one's plan.
    Investigate,
}

impl PlannedAction {
    /// Every action, the one that needs a person first.
    pub const ALL: [Self; 6] = [
        PlannedAction::Investigate,
        PlannedAction::Claim,
        PlannedAction::CreateHsm,
        PlannedAction::ReplaceHsm,
        PlannedAction::Wait,
        PlannedAction::None,
    ];

    /// Returns the word that documents use.
    pub const fn as_str(self) -> &'static str {
        match self {
            PlannedAction::None => "none",
            PlannedAction::Wait => "wait",
            PlannedAction::CreateHsm => "create-hsm",
            PlannedAction::ReplaceHsm => "replace-hsm",
            PlannedAction::Claim => "claim",
            PlannedAction::Investigate => "investigate",
        }
    }
}

/// What a cluster is judged by.
#[derive(Clone, Debug)]
pub struct PlanTerms<'a> {
    /// The owner's certificates: the CA, or its chain.
    pub owner: &'a [OwnerCertificate],
    /// The reason why CloudHSM would refuse that CA as trust anchor, where it would.
    pub ca_refusal: Option<&'a Error>,
    /// The roots.
    pub anchors: &'a Anchors,
    /// The policy.
    pub policy: &'a Policy,
    /// The moment to judge at.
    pub at: Moment,
    /// The region, for the hint which root is missing.
    pub region: Option<&'a str>,
    /// True where somebody named this cluster: then it matters that it is gone.
    pub named: bool,
}

/// The plan for one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterPlan {
    /// The cluster.
    pub cluster_id: OutsideText,
    /// Its state.
    pub state: ClusterState,
    /// The action that it needs.
    pub action: PlannedAction,
    /// The reason, in one line.
    pub why: Lines,
    /// The owner.
    pub owner: ClaimedBy,
    /// The roots that its certificates were judged by, where they were.
    pub roots: Option<Roots>,
    /// The checks that failed.
    pub failed_checks: Vec<CheckId>,
    /// The next step by its state alone.
    pub step: NextStep,
}

/// Plans for one cluster.
pub fn plan_cluster(cluster: &Cluster, terms: &PlanTerms<'_>) -> ClusterPlan {
    let owner = ClaimedBy::judge_cluster(cluster, terms.owner);
    let step = next_step(cluster);
    let draft = match (&owner, &step) {
        (ClaimedBy::AnotherCa(failure), _) => Draft::investigate(first_line(failure)),
        (_, NextStep::CreateCluster) => {
            let action = match terms.named {
                true => PlannedAction::Investigate,
                false => PlannedAction::None,
            };
            Draft::new(action, "it is deleted, or about to be")
        }
        (ClaimedBy::Nobody, NextStep::Fetch) => judge_hardware(cluster, terms),
        (
            ClaimedBy::Nobody | ClaimedBy::Unknown(_),
            NextStep::Wait(_) | NextStep::LookAgain | NextStep::WaitUntilGone { .. },
        ) => Draft::new(
            PlannedAction::Wait,
            format!("the service is at work on it: {}", cluster.state),
        ),
        (ClaimedBy::Nobody, NextStep::CreateHsm { .. }) => Draft::new(
            PlannedAction::CreateHsm,
            "it has no HSM, and the first HSM makes the CSR",
        ),
        (ClaimedBy::Nobody, NextStep::DeleteHsm { hsm_id }) => Draft::new(
            PlannedAction::ReplaceHsm,
            format!("its HSM {hsm_id} is broken, and does not come back by itself"),
        ),
        (ClaimedBy::Unknown(failure), _) => Draft::investigate(first_line(failure)),
        (
            ClaimedBy::ThisCa,
            NextStep::AskSupport | NextStep::WaitOrRollBack | NextStep::LookUpState,
        ) => Draft::investigate(format!(
            "this CA has claimed it, and it is {}",
            cluster.state
        )),
        (ClaimedBy::ThisCa, NextStep::Activate) => Draft::new(
            PlannedAction::None,
            "this CA has claimed it; its first password is still to be set",
        ),
        // What it shows now, it need not show when the service is done: an InitializeCluster may
        // fall back.
        (ClaimedBy::ThisCa, NextStep::Wait(_) | NextStep::LookAgain) => Draft::new(
            PlannedAction::Wait,
            format!(
                "its certificate is this CA's, and the service is at work on it: {}",
                cluster.state
            ),
        ),
        (ClaimedBy::ThisCa, _) => Draft::new(PlannedAction::None, "this CA has claimed it"),
        (
            ClaimedBy::Nobody,
            NextStep::Activate
            | NextStep::Nothing
            | NextStep::AskSupport
            | NextStep::WaitOrRollBack
            | NextStep::LookUpState,
        ) => Draft::investigate(format!("it is {}", cluster.state)),
    };
    ClusterPlan {
        cluster_id: cluster.cluster_id.clone(),
        state: cluster.state.clone(),
        action: draft.action,
        why: draft.why,
        owner,
        roots: draft.roots,
        failed_checks: draft.failed_checks,
        step,
    }
}

/// An action and its reason.
struct Draft {
    action: PlannedAction,
    why: Lines,
    roots: Option<Roots>,
    failed_checks: Vec<CheckId>,
}

impl Draft {
    fn new(action: PlannedAction, why: impl Into<Lines>) -> Self {
        Draft {
            action,
            why: why.into(),
            roots: None,
            failed_checks: Vec::new(),
        }
    }

    fn investigate(why: impl Into<Lines>) -> Self {
        Draft::new(PlannedAction::Investigate, why)
    }
}

/// Judges the certificates of an unclaimed cluster: it is to be claimed only where they prove its
/// HSM, and where CloudHSM would take the CA.
fn judge_hardware(cluster: &Cluster, terms: &PlanTerms<'_>) -> Draft {
    let shown = &cluster.certificates;
    let octets = |text: &Option<String>| text.clone().unwrap_or_default().into_bytes();
    let evidence = Evidence {
        csr: shown.cluster_csr.clone().map(String::into_bytes),
        hsm: octets(&shown.hsm_certificate),
        aws_hardware: octets(&shown.aws_hardware_certificate),
        manufacturer_hardware: octets(&shown.manufacturer_hardware_certificate),
    };
    let record = verify(&evidence, terms.anchors, terms.at, terms.policy).record;
    let roots = Some(record.terms.roots);
    if record.verdict == Verdict::Rejected {
        let hardware = Hardware {
            hsm_type: cluster.hsm_type.as_ref().map(OutsideText::as_raw),
            region: terms.region,
        };
        let failed_checks: Vec<CheckId> = record
            .with(Status::Fail)
            .map(|finding| finding.id)
            .collect();
        let why = Cause::from_record(&record, hardware).map_or_else(
            || {
                format!(
                    "the HSM's identity is not proven: {}",
                    failed_checks
                        .iter()
                        .map(ToString::to_string)
                        .collect::<Vec<_>>()
                        .join(", ")
                )
            },
            |cause| cause.to_string(),
        );
        return Draft {
            roots,
            failed_checks,
            ..Draft::investigate(why)
        };
    }
    let by = match record.terms.roots {
        Roots::BuiltIn => "by the built-in roots",
        Roots::Given => "against roots you gave",
        Roots::Simulated => "against a simulator's own roots",
    };
    let by = match record.with(Status::Accepted).count() {
        0 => by.to_owned(),
        accepted => format!("{by}, with {accepted} accepted"),
    };
    let draft = match terms.ca_refusal {
        Some(refusal) => Draft::investigate(format!(
            "its HSM is proven {by}, but CloudHSM would refuse this CA: {}",
            refusal.message.lines().next().unwrap_or_default()
        )),
        None => Draft::new(
            PlannedAction::Claim,
            format!("nobody has claimed it, and its HSM is proven {by}"),
        ),
    };
    Draft { roots, ..draft }
}

/// Returns what a failure says, without its further lines.
fn first_line(failure: &Failure) -> String {
    let message = Error::from(failure.clone()).message;
    message.lines().next().unwrap_or_default().to_owned()
}

//! The next step for a cluster, by its state *and* the states of its HSMs. Every command's hint and
//! `next` line comes from here.
//!
//! No step ever deletes a cluster. A claimed cluster holds its owner's keys, and it cannot always
//! be seen whether a cluster is claimed.

use super::{Cluster, ClusterState, HsmState, HsmSummary, limits};
use crate::generation::Generation;
use crate::hint::NextCommand;
use crate::outside::OutsideText;

/// The next step on the way to a claimed cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// Fetch the CSR, which is there.
    Fetch,
    /// Create an HSM, as there is none, in this Availability Zone if one is known.
    CreateHsm {
        /// A zone that the cluster has a subnet in.
        zone: Option<OutsideText>,
    },
    /// Delete this HSM. It is broken, and no other takes its place before that.
    DeleteHsm {
        /// The HSM's id.
        hsm_id: OutsideText,
    },
    /// Wait until this HSM is deleted. Another can be created when it is gone.
    WaitUntilGone {
        /// The HSM's id.
        hsm_id: OutsideText,
    },
    /// The cluster reaches this state by itself.
    Wait(AwaitedState),
    /// A state that passes by itself, into one that cannot be predicted.
    LookAgain,
    /// The cluster is claimed, and its owner sets the first password.
    Activate,
    /// Nothing: the cluster is claimed and activated.
    Nothing,
    /// Nothing that the owner can do: AWS Support has to help.
    AskSupport,
    /// A change of its HSMs' type waits for its rollback: wait for that, or roll back by hand.
    WaitOrRollBack,
    /// Create another cluster, as this one is gone.
    CreateCluster,
    /// Look the state up: this version does not know it.
    LookUpState,
}

/// A state that a cluster reaches by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AwaitedState {
    /// UNINITIALIZED
    Uninitialized,
    /// UNINITIALIZED, with a CSR
    Csr,
    /// INITIALIZED, or ACTIVE
    Initialized,
    /// ACTIVE, without anybody's doing: a cluster that is being restored
    Active,
}

impl AwaitedState {
    /// Returns the name that `hsmboot wait --for` takes.
    pub const fn as_str(self) -> &'static str {
        match self {
            AwaitedState::Uninitialized => "uninitialized",
            AwaitedState::Csr => "csr",
            AwaitedState::Initialized => "initialized",
            AwaitedState::Active => "active",
        }
    }
}

/// Returns the next step for this cluster. There is no catch-all arm: a state that is added needs
/// its step.
pub fn next_step(cluster: &Cluster) -> NextStep {
    match &cluster.state {
        // It is claimed and activated already, and comes without HSMs (AWS CloudHSM User Guide,
        // Creating clusters from backups).
        ClusterState::CreateInProgress if cluster.origin_text().is_some() => {
            NextStep::Wait(AwaitedState::Active)
        }
        ClusterState::Active if cluster.origin_text().is_some() && cluster.hsms.is_empty() => {
            create_hsm(cluster)
        }
        // Its HSM is created after it (API Reference, CreateHsm: the cluster must exist).
        ClusterState::CreateInProgress => NextStep::Wait(AwaitedState::Uninitialized),
        ClusterState::Uninitialized => uninitialized_step(cluster),
        ClusterState::InitializeInProgress => NextStep::Wait(AwaitedState::Initialized),
        ClusterState::Initialized => NextStep::Activate,
        ClusterState::Active => NextStep::Nothing,
        ClusterState::UpdateInProgress
        | ClusterState::ModifyInProgress
        | ClusterState::RollbackInProgress => NextStep::LookAgain,
        ClusterState::Degraded => NextStep::AskSupport,
        ClusterState::DeleteInProgress | ClusterState::Deleted => NextStep::CreateCluster,
        state if state.is_pending_rollback() => NextStep::WaitOrRollBack,
        ClusterState::Other(_) => NextStep::LookUpState,
    }
}

/// Returns the next step for a cluster that is UNINITIALIZED. Its first HSM makes the CSR, and
/// while there is any HSM no other can be created (AWS guide, Create an HSM: an uninitialized
/// cluster has one).
fn uninitialized_step(cluster: &Cluster) -> NextStep {
    let first = |wanted: fn(&HsmState) -> bool| cluster.hsms.iter().find(|hsm| wanted(&hsm.state));
    let id = |hsm: &HsmSummary| hsm.hsm_id.clone();
    let has_csr = cluster.certificates.cluster_csr.is_some();
    // Whatever else is there: this one makes the CSR, or has made it.
    if first(|state| {
        matches!(
            state,
            HsmState::CreateInProgress | HsmState::Active | HsmState::Other(_)
        )
    })
    .is_some()
    {
        return if has_csr {
            NextStep::Fetch
        } else {
            NextStep::Wait(AwaitedState::Csr)
        };
    }
    // "HSM creation failed. Please delete this HSM and try again", as the service says of it: it
    // does not come back by itself.
    if let Some(broken) = first(|state| *state == HsmState::Degraded) {
        return NextStep::DeleteHsm { hsm_id: id(broken) };
    }
    if let Some(going) = first(|state| *state == HsmState::DeleteInProgress) {
        return NextStep::WaitUntilGone { hsm_id: id(going) };
    }
    match has_csr {
        true => NextStep::Fetch,
        false => create_hsm(cluster),
    }
}

/// Returns the step for a cluster without an HSM.
fn create_hsm(cluster: &Cluster) -> NextStep {
    NextStep::CreateHsm {
        zone: cluster.subnets.keys().next().cloned(),
    }
}

impl NextStep {
    /// Returns the command to run, if there is one for this step. Ids and zones of another form
    /// than the service's own are left out: the line may be pasted into a shell.
    pub fn command_for(&self, cluster_id: &OutsideText) -> Option<NextCommand> {
        let id = plain_id(cluster_id).unwrap_or("ID");
        let command = |words: &[&str]| NextCommand::new([&["hsmboot"], words].concat());
        Some(match self {
            NextStep::Fetch => command(&["fetch", "--cluster-id", id]),
            NextStep::CreateHsm { zone } => {
                let zone = zone
                    .as_ref()
                    .map(OutsideText::as_raw)
                    .filter(|zone| (limits::AVAILABILITY_ZONE.fits)(zone))
                    .unwrap_or("ZONE");
                command(&["hsm", "create", "--cluster-id", id])
                    .with_words(["--availability-zone", zone])
            }
            NextStep::DeleteHsm { hsm_id } | NextStep::WaitUntilGone { hsm_id } => {
                let hsm = plain_id(hsm_id).unwrap_or("ID");
                command(&["hsm", "delete", "--cluster-id", id])
                    .with_words(["--hsm-id", hsm, "--wait"])
            }
            NextStep::Wait(what) => command(&["wait", "--cluster-id", id, "--for", what.as_str()]),
            NextStep::LookAgain => command(&["status", "--cluster-id", id]),
            NextStep::Activate
            | NextStep::Nothing
            | NextStep::AskSupport
            | NextStep::WaitOrRollBack
            | NextStep::CreateCluster
            | NextStep::LookUpState => return None,
        })
    }

    /// Returns a sentence of advice, with the command where there is one.
    pub fn advice_for(&self, cluster_id: &OutsideText) -> String {
        let command = self.command_for(cluster_id);
        let command = command.map(|command| command.line()).unwrap_or_default();
        match self {
            NextStep::Fetch => format!("`{command}`"),
            NextStep::CreateHsm { .. } => format!("create one: `{command}`"),
            NextStep::DeleteHsm { .. } => format!(
                "delete that HSM, then create another: \
                                                   `{command}`"
            ),
            NextStep::WaitUntilGone { .. } => format!(
                "wait until that HSM is gone, then create \
                                                       another: `{command}`"
            ),
            NextStep::Wait(_) => format!("`{command}`, then the same command again"),
            NextStep::LookAgain => format!(
                "run the same command again when `{command}` shows \
                                            another state"
            ),
            // Whoever claimed it: an activation of what is another's would go wrong.
            NextStep::Activate => {
                let id = plain_id(cluster_id).unwrap_or("ID");
                format!(
                    "see whose it is: `hsmboot status --cluster-id {id} --ca FILE`. If it is \
                     yours, activate it: that has every step, up to `cluster activate` in the \
                     CloudHSM CLI"
                )
            }
            NextStep::Nothing => "it is claimed and activated: nothing is left to do".to_owned(),
            NextStep::AskSupport => "ask AWS Support, with the service's words; a cluster that is \
                                     claimed holds its owner's keys"
                .to_owned(),
            NextStep::WaitOrRollBack => {
                let id = plain_id(cluster_id).unwrap_or("ID");
                format!(
                    // 14 hours: about 30 minutes an HSM, and at most 27 (User Guide, Migrating from
                    // hsm1.medium to hsm2m.medium).
                    "the change of its HSMs' type is to be taken back: `hsmboot cluster modify \
                     --cluster-id {id} --hsm-type {}` asks for that, `hsmboot wait --cluster-id \
                     {id} --for active --timeout 14h` waits for it",
                    Generation::Ls1.hsm_type()
                )
            }
            NextStep::CreateCluster => "create another cluster, or restore one from a \
                                        backup"
                .to_owned(),
            NextStep::LookUpState => "look the state up in the AWS CloudHSM API Reference, or use \
                                      a newer hsmboot"
                .to_owned(),
        }
    }

    /// Tells whether somebody has to act, because nothing under way at the service brings the
    /// cluster to a CSR.
    pub const fn needs_action(&self) -> bool {
        match self {
            NextStep::Wait(_) | NextStep::LookAgain | NextStep::Fetch => false,
            NextStep::CreateHsm { .. }
            | NextStep::DeleteHsm { .. }
            | NextStep::WaitUntilGone { .. }
            | NextStep::Activate
            | NextStep::Nothing
            | NextStep::AskSupport
            | NextStep::WaitOrRollBack
            | NextStep::CreateCluster
            | NextStep::LookUpState => true,
        }
    }
}

/// Returns an id of the service's form, or a region: letters, digits and hyphens. Anything else
/// does not become part of a command.
pub fn plain_id(id: &OutsideText) -> Option<&str> {
    let id = id.as_raw();
    let fits = !id.is_empty()
        && !id.starts_with('-')
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    fits.then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "cluster-abc234defgh";

    fn uninitialized_cluster(hsms: &[HsmState], csr: bool) -> Cluster {
        let mut cluster = Cluster::new(ID, ClusterState::Uninitialized);
        cluster.hsms = hsms
            .iter()
            .enumerate()
            .map(|(n, state)| HsmSummary::new(format!("hsm-{n}"), state.clone()))
            .collect();
        cluster.certificates.cluster_csr = csr.then(|| "csr".to_owned());
        cluster
    }

    #[test]
    fn the_hsms_states_decide_as_much_as_the_clusters() {
        use HsmState::{Active, CreateInProgress, Degraded, DeleteInProgress, Deleted};
        let csr = NextStep::Wait(AwaitedState::Csr);
        let create = NextStep::CreateHsm { zone: None };
        let delete = |n: u8| NextStep::DeleteHsm {
            hsm_id: format!("hsm-{n}").into(),
        };
        for (hsms, csr_there, step) in [
            (&[][..], false, create.clone()),
            (&[Deleted], false, create),
            (&[CreateInProgress], false, csr.clone()),
            (&[Active], false, csr.clone()),
            (&[Active], true, NextStep::Fetch),
            (&[Degraded], false, delete(0)),
            // Its CSR is still shown, and nothing will ever be initialized with it.
            (&[Degraded], true, delete(0)),
            (
                &[DeleteInProgress],
                false,
                NextStep::WaitUntilGone {
                    hsm_id: "hsm-0".into(),
                },
            ),
            (&[DeleteInProgress, Degraded], false, delete(1)),
            (&[Degraded, CreateInProgress], false, csr),
            (&[Degraded, Active], true, NextStep::Fetch),
        ] {
            assert_eq!(
                next_step(&uninitialized_cluster(hsms, csr_there)),
                step,
                "{hsms:?}, CSR {csr_there}"
            );
        }
    }

    #[test]
    fn a_cluster_that_is_restored_is_waited_for_and_given_an_hsm_and_never_claimed() {
        let mut cluster = uninitialized_cluster(&[], false);
        cluster.source_backup_id = Some("backup-abc234defgh".into());
        let mut step = |state| {
            cluster.state = state;
            next_step(&cluster)
        };
        assert_eq!(
            step(ClusterState::CreateInProgress),
            NextStep::Wait(AwaitedState::Active)
        );
        assert_eq!(
            step(ClusterState::Active),
            NextStep::CreateHsm { zone: None }
        );
        cluster.hsms = vec![HsmSummary::new("hsm-1", HsmState::Active)];
        assert_eq!(next_step(&cluster), NextStep::Nothing);
    }

    #[test]
    fn a_zone_that_the_cluster_has_a_subnet_in_is_named() {
        let mut cluster = uninitialized_cluster(&[], false);
        cluster
            .subnets
            .insert("eu-west-1b".into(), "subnet-0a1b2c3d".into());
        let command = next_step(&cluster).command_for(&ID.into());
        assert_eq!(
            command.map(|command| command.line()).as_deref(),
            Some(
                "hsmboot hsm create --cluster-id cluster-abc234defgh --availability-zone eu-west-1b"
            )
        );
    }

    #[test]
    fn nothing_of_the_service_gets_into_a_command_but_what_looks_like_an_id() {
        let mut cluster = uninitialized_cluster(&[HsmState::Degraded], false);
        for bad in ["hsm-1; rm -rf ~", "$(id)", "-x", "", "a\nb", "`id`"] {
            if let Some(hsm) = cluster.hsms.first_mut() {
                hsm.hsm_id = bad.into();
            }
            let command = next_step(&cluster).command_for(&bad.into());
            assert_eq!(
                command.map(|command| command.line()).as_deref(),
                Some("hsmboot hsm delete --cluster-id ID --hsm-id ID --wait")
            );
        }
        cluster.hsms.clear();
        cluster
            .subnets
            .insert("eu-west-1b; id".into(), "subnet-0a1b2c3d".into());
        assert!(
            next_step(&cluster)
                .command_for(&ID.into())
                .is_some_and(|command| command.line().ends_with("--availability-zone ZONE"))
        );
    }
}

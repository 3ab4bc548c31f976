//! Control commands: actions that a test may take on the simulator and no client of the service
//! could. They are methods of [`Simulator`], and requests: the module `commands` reads those.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::Simulator;
use super::actions::{self, HsmPlacement, create_hsm1_cluster, new_hsm};
use super::api::read_hsm1_members;
use super::clock::Millis;
use super::fault_rules::FaultRule;
use super::faults::InjectedFault;
use super::inside::Inside;
use super::json_protocol::excerpt;
use super::limits::REGION;
use super::reference::Reference;
use super::state::{
    AccountRegion, HSM_CREATION, NextState, SimulatedCluster, SimulatedClusterState,
    SimulatedHsmState,
};

/// The reason why a control command was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlError(pub(super) String);

impl std::fmt::Display for ControlError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ControlError {}

impl Simulator {
    /// Lets the cluster's first HSM fail and replaces it: another HSM on another card, another key,
    /// another CSR. Returns the new HSM's id when it is ACTIVE.
    pub fn replace_hsm(&self, cluster_id: &str) -> Result<String, ControlError> {
        let hsm = begin_replacement(&self.inside, cluster_id)?;
        finish_replacement(&self.inside, cluster_id, &hsm);
        self.wait_until_kept(hsm)
    }

    /// Does the same as [`Simulator::replace_hsm`], but returns while the new HSM is still
    /// CREATE_IN_PROGRESS and the cluster has no CSR.
    pub fn begin_replacing_hsm(&self, cluster_id: &str) -> Result<String, ControlError> {
        begin_replacement(&self.inside, cluster_id).and_then(|hsm| self.wait_until_kept(hsm))
    }

    /// Sets the first password on the HSM, as the owner would: an INITIALIZED cluster becomes
    /// ACTIVE.
    pub fn activate_cluster(&self, cluster_id: &str) -> Result<(), ControlError> {
        make_active(&self.inside, cluster_id).and_then(|()| self.wait_until_kept(()))
    }

    /// Makes a cluster of hsm1.medium in that region for tests of the migration, and returns its
    /// id. There are still such clusters, but today's service creates no new one.
    pub fn create_hsm1_cluster(&self, region: &str) -> Result<String, ControlError> {
        hsm1_cluster(&self.inside, region, &json!({ "SubnetIds": [SUBNET] }))
            .and_then(|id| self.wait_until_kept(id))
    }

    /// Puts the cluster into a state that lasts.
    pub fn set_state(
        &self,
        cluster_id: &str,
        state: SimulatedClusterState,
    ) -> Result<(), ControlError> {
        set_state(&self.inside, cluster_id, state, None).and_then(|()| self.wait_until_kept(()))
    }

    /// Puts the cluster into a state that changes to `then` after the time `after` on the
    /// simulator's clock.
    pub fn set_state_for(
        &self,
        cluster_id: &str,
        state: SimulatedClusterState,
        after: Duration,
        then: SimulatedClusterState,
    ) -> Result<(), ControlError> {
        set_state(&self.inside, cluster_id, state, Some((then, after)))
            .and_then(|()| self.wait_until_kept(()))
    }

    /// Puts an HSM of the cluster into a state. CREATE_IN_PROGRESS and DELETE_IN_PROGRESS pass; the
    /// others last. One whose key is still being made becomes ACTIVE once it is there.
    pub fn set_hsm_state(
        &self,
        cluster_id: &str,
        hsm_id: &str,
        state: SimulatedHsmState,
    ) -> Result<(), ControlError> {
        set_hsm_state(&self.inside, cluster_id, hsm_id, state)
    }

    /// Injects a fault into the next `count` calls of `action` (`None`: of any action).
    pub fn inject_fault(&self, action: Option<&str>, fault: InjectedFault, count: u32) {
        self.inside.lock_faults().add(FaultRule {
            fault,
            action: action.map(str::to_owned),
            count: Some(count),
            percent: None,
        });
    }

    /// Injects a fault into the calls that the rule matches.
    pub fn inject_rule(&self, rule: FaultRule) {
        self.inside.lock_faults().add(rule);
    }

    /// Forgets the faults that have not happened yet.
    pub fn clear_faults(&self) {
        self.inside.lock_faults().clear();
    }

    /// Adds this member to each `Cluster`, `Hsm` or `Backup` in every later answer, as a later
    /// version of the service may; `null` removes it again.
    pub fn set_member(
        &self,
        structure: &str,
        name: &str,
        value: Value,
    ) -> Result<(), ControlError> {
        self.inside
            .lock_extra()
            .set_member(structure, name, value)
            .map_err(ControlError)
    }

    /// Returns how often each action has been called, whatever the answer was.
    pub fn call_counts(&self) -> BTreeMap<String, u64> {
        self.inside.lock_faults().call_counts().clone()
    }

    /// Moves the simulator's clock forward.
    pub fn advance_clock(&self, by: Duration) {
        self.inside.clock.advance(by);
        // Where it cannot be kept, every later answer says so.
        self.inside.wait_until_kept().unwrap_or_default();
    }

    fn wait_until_kept<T>(&self, done: T) -> Result<T, ControlError> {
        self.inside
            .wait_until_kept()
            .map(|()| done)
            .map_err(ControlError)
    }
}

/// Runs `act` on a cluster as it is now, whichever region it is in.
fn with_cluster<T>(
    inside: &Inside,
    id: &str,
    act: impl FnOnce(&mut SimulatedCluster) -> Result<T, ControlError>,
) -> Result<T, ControlError> {
    let time = inside.time();
    let mut world = inside.world();
    let cluster = world
        .region_of(id)
        .and_then(|region| region.find_cluster(id, &time));
    act(cluster.ok_or_else(|| ControlError(format!("there is no cluster '{}'", excerpt(id))))?)
}

pub(super) fn begin_replacement(inside: &Inside, cluster_id: &str) -> Result<String, ControlError> {
    let due = inside.clock.time_after(HSM_CREATION);
    with_cluster(inside, cluster_id, |cluster| {
        let mut hsms = cluster.hsms.iter().enumerate();
        let (at, failed) = hsms
            .find(|(_, hsm)| !hsm.is_deleted())
            .ok_or_else(|| ControlError(format!("cluster '{cluster_id}' has no HSM")))?;
        let seat = HsmPlacement {
            zone: failed.zone.clone(),
            subnet: failed.subnet.clone(),
            ip: failed.ip.clone(),
        };
        let new = new_hsm(&inside.hardware, cluster, seat, due)
            .map_err(|error| ControlError(error.message))?;
        let id = new.id.clone();
        cluster.hsms.splice(at..=at, [new]);
        Ok(id)
    })
}

/// Waits for the keys and ends the HSM's creation, whatever the clock shows.
pub(super) fn finish_replacement(inside: &Inside, cluster_id: &str, hsm_id: &str) {
    let find = |cluster: &mut SimulatedCluster| {
        let hsm = cluster.hsms.iter_mut().find(|hsm| hsm.id == hsm_id);
        let hsm = hsm.ok_or_else(|| ControlError(String::from("deleted meanwhile")))?;
        hsm.due = inside.clock.now();
        Ok((hsm.card, Arc::clone(&hsm.key)))
    };
    // One that was deleted meanwhile is not waited for.
    if let Ok((card, key)) = with_cluster(inside, cluster_id, find) {
        inside.hardware.wait_for_keys(card, &key);
    }
}

pub(super) fn make_active(inside: &Inside, cluster_id: &str) -> Result<(), ControlError> {
    with_cluster(inside, cluster_id, |cluster| {
        if cluster.state != SimulatedClusterState::Initialized {
            return Err(ControlError(format!(
                "cluster '{cluster_id}' is {}, not INITIALIZED",
                cluster.state.name()
            )));
        }
        cluster.enter_state(SimulatedClusterState::Active, inside.clock.now());
        Ok(())
    })
}

/// The subnet of a cluster that was made without one.
pub(super) const SUBNET: &str = "subnet-0a1b2c3d";

pub(super) fn hsm1_cluster(
    inside: &Inside,
    region: &str,
    order: &Value,
) -> Result<String, ControlError> {
    REGION
        .check_value("Region", region)
        .map_err(|error| ControlError(error.message))?;
    let place = AccountRegion {
        account: super::ACCOUNT.to_owned(),
        region: region.to_owned(),
    };
    let mut world = inside.world();
    let mut context = actions::ActionContext {
        world: &mut world,
        clock: &inside.clock,
        hardware: &inside.hardware,
        tokens: &inside.tokens,
        place: &place,
        quotas: inside.quotas,
        reference: Reference::Today,
        fault: None,
    };
    let members = order.as_object().cloned().unwrap_or_default();
    read_hsm1_members(&members)
        .and_then(|members| create_hsm1_cluster(&members, &mut context))
        .map_err(|error| ControlError(error.message))
}

/// Puts a cluster into a state that lasts, or that changes to `then` after some time of the
/// simulator's clock.
pub(super) fn set_state(
    inside: &Inside,
    cluster_id: &str,
    state: SimulatedClusterState,
    then: Option<(SimulatedClusterState, Duration)>,
) -> Result<(), ControlError> {
    with_cluster(inside, cluster_id, |cluster| {
        let now = inside.clock.now();
        cluster.enter_state(state, now);
        cluster.next = then.map(|(state, after)| {
            NextState::new(
                state,
                now.saturating_add(Millis::try_from(after.as_millis()).unwrap_or(Millis::MAX)),
            )
        });
        Ok(())
    })
}

pub(super) fn set_hsm_state(
    inside: &Inside,
    cluster_id: &str,
    hsm_id: &str,
    state: SimulatedHsmState,
) -> Result<(), ControlError> {
    with_cluster(inside, cluster_id, |cluster| {
        let hsm = cluster.hsms.iter_mut().find(|hsm| hsm.id == hsm_id);
        let hsm = hsm.ok_or_else(|| {
            ControlError(format!(
                "cluster '{cluster_id}' has no HSM '{}'",
                excerpt(hsm_id)
            ))
        })?;
        (hsm.state, hsm.due) = match state {
            // Without its key and certificates no HSM is ACTIVE. It is as soon as these are made.
            SimulatedHsmState::Active if hsm.identity().is_none() => {
                (SimulatedHsmState::CreateInProgress, inside.clock.now())
            }
            state => (state, inside.clock.time_after(HSM_CREATION)),
        };
        Ok(())
    })
}

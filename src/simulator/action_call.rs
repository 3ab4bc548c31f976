//! A call of the API, whoever makes it: a client over HTTP, or a control command.

use serde_json::{Map, Value};

use super::faults::InjectedFault;
use super::inside::Inside;
use super::json_protocol::{Answer, ApiError};
use super::state::AccountRegion;
use super::{actions, api};

/// Carries out an action of the API on the state.
pub(super) fn run_action(
    inside: &Inside,
    action: &str,
    place: &AccountRegion,
    members: &Map<String, Value>,
    fault: Option<InjectedFault>,
) -> Result<Answer, ApiError> {
    let mut world = inside.world();
    let (clock, hardware, tokens) = (&inside.clock, &inside.hardware, &inside.tokens);
    let (quotas, reference) = (inside.quotas, inside.reference);
    let mut context = actions::ActionContext {
        world: &mut world,
        clock,
        hardware,
        tokens,
        place,
        quotas,
        reference,
        fault,
    };
    api::run_action(action, members, &mut context)
}

//! What fuzz targets try of the simulator, without a server: `crate::fuzzing`.

#![allow(
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    reason = "a target may end with a panic: that is what it finds"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, UNIX_EPOCH};

use axum::http::{HeaderMap, HeaderValue, Request, header};

use super::actions::{ActionContext, NextTokenKey};
use super::clock::{Clock, Millis, Speed};
use super::credentials::Credentials;
use super::hardware::{SavedHardware, SimulatedHardware};
use super::ids::counted;
use super::place::AccountRegion;
use super::protocol::Protocol;
use super::reference::Reference;
use super::state::{TimePassage, World};
use super::store::{LoadedState, WholeState};
use super::{api, sigv4, store};

/// A simulator whose clock stands still, and which makes no key.
#[derive(Clone)]
struct Still {
    world: World,
    now: Millis,
    tokens: [u8; 32],
    partitions: u64,
}

impl Still {
    fn of_state(state: LoadedState) -> Self {
        Still {
            world: state.world,
            now: state.reading.now,
            tokens: state.tokens.unwrap_or_default(),
            partitions: state.partitions,
        }
    }

    /// Lends its parts, and notes what became of them.
    fn use_parts<T>(&mut self, act: impl FnOnce(WholeState<'_>) -> T) -> T {
        let hardware = SimulatedHardware::without_keys(self.now)
            .resume_from(SavedHardware::default(), self.partitions)
            .expect("no keys");
        let done = act(WholeState {
            world: &mut self.world,
            clock: &Clock::standing_at(self.now),
            hardware: &hardware,
            tokens: &NextTokenKey::from_secret(self.tokens),
        });
        self.partitions = hardware.partitions();
        done
    }

    /// Lets what is due take effect.
    fn settle(&mut self) {
        self.use_parts(|state| settle(state.world, state.clock));
    }

    /// What a state file would hold. It is read as what it was written from.
    fn content(&mut self) -> Vec<u8> {
        let written = |still: &mut Self| still.use_parts(store::whole_content);
        let content = written(self).expect("a state");
        let read = store::load_frame(&content).expect("what was written");
        let again = written(&mut Still::of_state(read));
        assert!(again.as_ref() == Ok(&content), "read as another state");
        content
    }
}

fn settle(world: &mut World, clock: &Clock) {
    let time = TimePassage {
        clock,
        identify: Box::new(|_| {}),
    };
    for (_, region) in world.regions_mut() {
        region.bring_up_to_date(&time);
    }
}

/// A simulator with a claimed cluster, one that can be claimed, one without an HSM, and backups;
/// and its content.
fn before() -> &'static (Still, Vec<u8>) {
    static BEFORE: OnceLock<(Still, Vec<u8>)> = OnceLock::new();
    BEFORE.get_or_init(|| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/state/claimable.jsonl");
        let file = crate::fsio::read(&file, "a state", 1 << 20).expect("the fixture");
        let state = store::load_frame(&file).expect("a state");
        let mut still = Still::of_state(state);
        still.settle();
        let content = still.content();
        (still, content)
    })
}

/// Answers a request to a simulator that is the same each time: an action's name, then the end of a
/// line and JSON, or a zero octet and CBOR. Returns the answer's status, and the state after it.
///
/// A call that is refused has changed nothing; what one has changed is kept by a state file; none
/// is the simulator's own fault.
pub fn simulator_request(data: &[u8]) -> Option<(u16, Vec<u8>)> {
    let at = data.iter().position(|octet| matches!(octet, b'\n' | 0))?;
    let (action, rest) = data.split_at_checked(at)?;
    let action = std::str::from_utf8(action).ok()?;
    let (end, body) = rest.split_first()?;
    let protocol = match end {
        0 => Protocol::Cbor,
        _ => Protocol::Json,
    };
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/cbor"),
    );
    let (still, content) = before();
    let mut still = still.clone();
    counted::begin();
    let outcome = still.use_parts(|state| {
        let members = protocol.parse_members(&headers, body)?;
        let mut context = ActionContext {
            world: state.world,
            clock: state.clock,
            hardware: state.hardware,
            tokens: state.tokens,
            place: &place(),
            quotas: true,
            reference: Reference::default(),
            fault: None,
        };
        api::run_action(action, &members, &mut context)
    });
    let refused = outcome.is_err();
    let status = protocol.to_response(outcome).status().as_u16();
    assert!(status < 500, "{action}: {status}");
    let unsettled = still.content();
    assert!(!refused || unsettled == *content, "{action}: refused");
    still.settle();
    let settled = still.content();
    counted::end();
    Some((status, settled))
}

fn place() -> AccountRegion {
    AccountRegion {
        account: String::from("123456789012"),
        region: String::from("us-east-1"),
    }
}

/// The Authorization header of the one request that is signed, of an empty body. Nobody makes
/// another without the key.
const VALID: &str = "AWS4-HMAC-SHA256 \
                     Credential=AKIAIOSFODNN7EXAMPLE/20260601/us-east-1/cloudhsm/aws4_request, \
                     SignedHeaders=host;x-amz-date, \
                     Signature=96b8c206bf022ea5edb10590428983869acc9fecc6cd9af8e8e79e613dbfd488";

/// Checks a request with this Authorization header, and tells whether it is taken: only one that
/// says what [`VALID`] says.
pub fn authorization(data: &[u8]) -> bool {
    let Ok(value) = HeaderValue::from_bytes(data) else {
        return false;
    };
    let request = Request::builder()
        .uri("/")
        .header(header::HOST, "localhost")
        .header("x-amz-date", "20260601T120000Z")
        .header(header::AUTHORIZATION, value)
        .body(())
        .expect("a request");
    let known = Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret");
    let now = UNIX_EPOCH + Duration::from_secs(1_780_315_200);
    let taken = sigv4::verify(&[known], &request.into_parts().0, b"", now);
    let Ok(found) = &taken else {
        return false;
    };
    let said = std::str::from_utf8(data).expect("what was taken");
    assert_eq!(fields(said), fields(VALID));
    assert!(*found == place());
    true
}

/// The fields of the header, in whatever order and with whatever blanks.
fn fields(header: &str) -> BTreeSet<&str> {
    let (algorithm, fields) = header.split_once(' ').unwrap_or_default();
    let fields = fields.split(',').map(str::trim);
    fields.chain([algorithm]).collect()
}

/// Reads a state file, and what a frame of it may hold, and lets time take effect on that. Tells
/// whether a frame holds it. What is read is written as what it is.
pub fn state_file(data: &[u8]) -> bool {
    store::read_frames(data);
    let Some(state) = store::load_frame(data) else {
        return false;
    };
    let clock = Clock::resume_from(Speed::default(), state.reading);
    let mut still = Still::of_state(state);
    still.content();
    if clock.can_advance(Duration::ZERO) {
        settle(&mut still.world, &clock);
        still.content();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seeds;

    #[test]
    #[cfg_attr(not(fuzz_seeds), ignore = "there is no fuzz/ here")]
    fn every_action_has_a_seed_that_is_carried_out_and_each_is_answered_alike_again() {
        let mut done = BTreeSet::new();
        for (name, seed) in seeds::of_target("simulator_request") {
            let (status, state) = simulator_request(&seed).unwrap();
            let expected = if name.contains("refused") { 400 } else { 200 };
            assert_eq!(status, expected, "{name}");
            assert!(simulator_request(&seed) == Some((status, state)), "{name}");
            if status == 200 {
                done.insert(name.split(['-', '.']).next().unwrap().to_owned());
            }
        }
        let actions = api::action_names(Reference::default()).map(ToOwned::to_owned);
        assert_eq!(done, actions.collect());
        seeds::try_changed("simulator_request", |seed| drop(simulator_request(seed)));
    }

    #[test]
    #[cfg_attr(not(fuzz_seeds), ignore = "there is no fuzz/ here")]
    fn ids_are_the_same_each_time() {
        let ids = || {
            counted::begin();
            let ids = [(); 2].map(|()| super::super::ids::resource_id("cluster").unwrap());
            counted::end();
            ids
        };
        let first = ids();
        assert_eq!(first, ids());
        assert_ne!(first[0], first[1]);
    }

    #[test]
    #[cfg_attr(not(fuzz_seeds), ignore = "there is no fuzz/ here")]
    fn the_signed_request_is_taken_and_no_other() {
        for (name, seed) in seeds::of_target("authorization") {
            assert_eq!(authorization(&seed), name == "valid", "{name}");
        }
        assert!(authorization(VALID.as_bytes()));
        seeds::try_changed("authorization", |seed| {
            authorization(seed);
        });
    }

    #[test]
    #[cfg_attr(not(fuzz_seeds), ignore = "there is no fuzz/ here")]
    fn seeds_of_states_are_read() {
        for (name, seed) in seeds::of_target("state_file") {
            let holds = state_file(&seed);
            assert_eq!(holds, !["extreme", "first"].contains(&&*name), "{name}");
        }
        seeds::try_changed("state_file", |seed| {
            state_file(seed);
        });
    }
}

//! What fuzz targets try of the simulator, without a server: `crate::fuzzing`.

use std::sync::OnceLock;
use std::time::{Duration, UNIX_EPOCH};

use axum::http::{HeaderMap, HeaderValue, Request, header};

use super::clock::{Clock, Speed};
use super::credentials::Credentials;
use super::inside::Inside;
use super::place::AccountRegion;
use super::protocol::Protocol;
use super::state::{TimePassage, World};
use super::{Options, action_call, api, sigv4, store};

/// Answers a request: the first octet chooses action and protocol, the rest is the body. Whatever
/// was made before is forgotten.
pub fn simulator_request(data: &[u8]) {
    static INSIDE: OnceLock<Option<Inside>> = OnceLock::new();
    let options = || Options {
        speed: Speed::INSTANT,
        ..Options::default()
    };
    let Some(inside) = INSIDE.get_or_init(|| Inside::from_options(options()).ok()) else {
        return;
    };
    let Some((first, body)) = data.split_first() else {
        return;
    };
    let actions: Vec<&str> = api::action_names(inside.reference).collect();
    let Some(action) = usize::from(first >> 1)
        .checked_rem(actions.len())
        .and_then(|at| actions.get(at))
    else {
        return;
    };
    let protocol = if first & 1 == 0 {
        Protocol::Json
    } else {
        Protocol::Cbor
    };
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/cbor"),
    );
    let outcome = protocol
        .parse_members(&headers, body)
        .and_then(|members| action_call::run_action(inside, action, &place(), &members, None));
    drop(protocol.to_response(outcome));
    *inside.world() = World::default();
}

fn place() -> AccountRegion {
    AccountRegion {
        account: String::from("123456789012"),
        region: String::from("us-east-1"),
    }
}

/// Checks a request with this Authorization header, of an empty body.
pub fn authorization(data: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(data) else {
        return;
    };
    let request = Request::builder()
        .uri("/")
        .header(header::HOST, "localhost")
        .header("x-amz-date", "20260601T120000Z")
        .header(header::AUTHORIZATION, value)
        .body(());
    let Ok(request) = request else {
        return;
    };
    let known = Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret");
    let now = UNIX_EPOCH.checked_add(Duration::from_secs(1_780_315_200));
    if let Some(now) = now {
        drop(sigv4::verify(&[known], &request.into_parts().0, b"", now));
    }
}

/// Reads a state file, and what a frame of it may hold, and lets time take effect on that.
pub fn state_file(data: &[u8]) {
    store::read_frames(data);
    let Some(mut state) = store::load_frame(data) else {
        return;
    };
    let clock = Clock::resume_from(Speed::default(), state.reading);
    if !clock.can_advance(Duration::ZERO) {
        return;
    }
    let time = TimePassage {
        clock: &clock,
        identify: Box::new(|_| {}),
    };
    for (_, region) in state.world.regions_mut() {
        region.bring_up_to_date(&time);
    }
}

//! The HTTP side: one thread and its own runtime.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::connect_info::ConnectInfo;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode, header};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use super::actions;
use super::cluster_faults::{strike, target};
use super::connection::{ConnectionLimits, Doorkeeper, Line};
use super::faults::Fault;
use super::inside::Inside;
use super::json_protocol::{self, Answer, ApiError, MAX_BODY};
use super::protocol::Protocol;
use super::requests::Note;
use super::state::Place;
use super::{control, cut_short, origin, page};

/// Serves until `stop` is sent to or dropped.
pub(super) async fn serve(
    listener: TcpListener,
    limits: ConnectionLimits,
    inside: Arc<Inside>,
    stop: tokio::sync::oneshot::Receiver<()>,
) {
    let app = Router::new().fallback(kept_answer).with_state(inside);
    let server = axum::serve(
        Doorkeeper::new(listener, limits),
        app.into_make_service_with_connect_info::<Line>(),
    );
    tokio::select! {
        // `serve` ends only with the process.
        _ = server => {}
        _ = stop => {}
    }
}

/// An answer, once everything that it can tell of is kept.
async fn kept_answer(
    State(inside): State<Arc<Inside>>,
    line: ConnectInfo<Line>,
    request: Request,
) -> Response<Body> {
    let protocol = Protocol::of(request.method(), request.uri(), request.headers());
    let answer = answer(State(Arc::clone(&inside)), line, request).await;
    match &inside.store {
        Some(store) => match store.written().await {
            Ok(()) => answer,
            Err(reason) => protocol
                .unwrap_or(Protocol::Json)
                .respond(Err(actions::out_of_order(reason))),
        },
        None => answer,
    }
}

async fn answer(
    State(inside): State<Arc<Inside>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response<Body> {
    if let Err(foreign) = origin::judge(request.method(), request.uri().path(), request.headers()) {
        return foreign.response();
    }
    if let Some(page) = page::answer(&inside, &request) {
        return page;
    }
    let mut note = Note::begin(&inside.requests, inside.clock.now(), &request);
    let response = respond(&inside, line, request, &mut note).await;
    note.end(response)
}

async fn respond(
    inside: &Arc<Inside>,
    line: Line,
    request: Request,
    note: &mut Note,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let protocol = Protocol::of(&parts.method, &parts.uri, &parts.headers);
    // What is no call of the API is answered in JSON.
    let reference = inside.reference;
    let answer = |outcome: Result<Answer, ApiError>| {
        protocol
            .unwrap_or(Protocol::Json)
            .respond(outcome.map_err(|error| error.in_edition(reference)))
    };
    // Refused by what it says of its size, before any of it is read.
    let announced = parts
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_BODY) {
        return answer(Err(ApiError::too_large()));
    }
    let path = parts.uri.path();
    let command = path.strip_prefix("/_control/");
    if command.is_some()
        && let Some(refusal) = control::refuse(&parts.method, &parts.headers)
    {
        return refusal;
    }
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return answer(Err(ApiError::too_large()));
    };
    // However long the answer takes from here on, it is not the client who is waited for.
    line.answering();
    if let Some(command) = command {
        return control::answer(inside, command, &body).await;
    }
    let Some(protocol) = protocol else {
        let message = format!(
            "{} {path}: this is hsmboot's simulator of the CloudHSM V2 API; it answers POST /",
            parts.method
        );
        return json_protocol::response(
            StatusCode::NOT_FOUND,
            &json!({ "__type": "UnknownOperationException", "Message": message }),
        );
    };
    let (action, place) = match inside.door.admit(protocol, &parts, &body, inside.reference) {
        Ok(admitted) => admitted,
        Err(error) => return answer(Err(error)),
    };
    note.admitted(&place);

    let members = protocol.members(&parts.headers, &body);
    let struck = match &members {
        Ok(members) if inside.faults().want_a_target() => target(inside, action, &place, members),
        _ => None,
    };
    let (delay, fault) = inside.faults().befall(action, struck.as_ref());
    note.met(delay, fault);
    if let Some(delay) = delay {
        tokio::time::sleep(delay).await;
    }
    if let (Some(fault), Some(target)) = (fault, &struck) {
        strike(inside, fault, target);
    }
    let refused = match fault {
        Some(Fault::CloseBefore) => return line.cut(),
        Some(fault) => fault.refusal(action, &place.account),
        None => None,
    };
    let outcome = match refused {
        Some(error) => Err(error),
        None => members
            .and_then(|members| run(inside, action, &place, &members, fault))
            .map(|found| inside.extra().added_to(found)),
    };
    match fault {
        Some(Fault::CloseAfter) => line.cut(),
        Some(Fault::CutShort) => cut_short::cut_short(answer(outcome)).await,
        _ => answer(outcome),
    }
}

fn run(
    inside: &Inside,
    action: &str,
    place: &Place,
    members: &Map<String, Value>,
    fault: Option<Fault>,
) -> Result<Answer, ApiError> {
    let mut world = inside.world();
    let (clock, hardware, tokens) = (&inside.clock, &inside.hardware, &inside.tokens);
    let (quotas, reference) = (inside.quotas, inside.reference);
    let mut context = actions::Context {
        world: &mut world,
        clock,
        hardware,
        tokens,
        place,
        quotas,
        reference,
        fault,
    };
    actions::run(action, members, &mut context)
}

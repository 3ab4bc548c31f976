//! The HTTP server: one thread with a runtime of its own.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::ConnectInfo;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode, header};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use super::action_call::run_action;
use super::body::read_body;
use super::cluster_faults::{apply_fault, target};
use super::connection::{ConnectionHandle, ConnectionLimits, LimitedListener};
use super::faults::{AddressedCluster, InjectedFault};
use super::inside::Inside;
use super::json_protocol::{self, Answer, ApiError, MAX_BODY};
use super::origin::OwnNames;
use super::place::AccountRegion;
use super::protocol::Protocol;
use super::requests::RequestNote;
use super::{actions, commands, cut_short, origin, page};

/// Serves requests until `stop` is sent to or dropped.
pub(super) async fn serve(
    listener: TcpListener,
    limits: ConnectionLimits,
    inside: Arc<Inside>,
    stop: tokio::sync::oneshot::Receiver<()>,
) {
    // Where it cannot be told, the narrower names hold.
    let names = listener.local_addr().map_or(OwnNames::Loopback, |address| {
        OwnNames::of_address(address.ip())
    });
    let app = Router::new()
        .fallback(answer_once_kept)
        .with_state((inside, names));
    let server = axum::serve(
        LimitedListener::new(listener, limits),
        app.into_make_service_with_connect_info::<ConnectionHandle>(),
    );
    tokio::select! {
        // `serve` ends only with the process.
        _ = server => {}
        _ = stop => {}
    }
}

/// Answers a request, once everything that the answer can show is kept.
async fn answer_once_kept(
    State((inside, names)): State<(Arc<Inside>, OwnNames)>,
    ConnectInfo(line): ConnectInfo<ConnectionHandle>,
    request: Request,
) -> Response<Body> {
    let protocol = Protocol::of_request(request.method(), request.uri(), request.headers());
    let answer = answer_request(&inside, names, line.clone(), request).await;
    line.begin_answer();
    match &inside.store {
        Some(store) => match store.wait_until_written().await {
            Ok(()) => answer,
            Err(reason) => protocol
                .unwrap_or(Protocol::Json)
                .to_response(Err(actions::out_of_order(reason))),
        },
        None => answer,
    }
}

async fn answer_request(
    inside: &Arc<Inside>,
    names: OwnNames,
    line: ConnectionHandle,
    request: Request,
) -> Response<Body> {
    let (method, path, headers) = (request.method(), request.uri().path(), request.headers());
    if let Err(foreign) = origin::check_request(names, method, path, headers) {
        return foreign.to_response();
    }
    if let Some(page) = page::answer_page_request(inside, &request) {
        return page;
    }
    let mut note = RequestNote::begin(&inside.requests, inside.clock.now(), &request);
    let response = respond_to_call(inside, line, request, &mut note).await;
    note.finish(response)
}

async fn respond_to_call(
    inside: &Arc<Inside>,
    line: ConnectionHandle,
    request: Request,
    note: &mut RequestNote,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let protocol = Protocol::of_request(&parts.method, &parts.uri, &parts.headers);
    // What is no call of the API is answered in JSON.
    let reference = inside.reference;
    let answer = |outcome: Result<Answer, ApiError>| {
        protocol
            .unwrap_or(Protocol::Json)
            .to_response(outcome.map_err(|error| error.in_edition(reference)))
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
        && let Some(refusal) = commands::refuse_early(&parts.method, &parts.headers)
    {
        return refusal;
    }
    let body = match read_body(body).await {
        Ok(body) => body,
        Err(error) => return answer(Err(error)),
    };
    // However long the answer takes from here on, it is not the client who is waited for.
    line.begin_answer();
    if let Some(command) = command {
        return commands::answer_command(inside, command, &body).await;
    }
    let Some(protocol) = protocol else {
        let message = format!(
            "{} {path}: this is hsmboot's simulator of the CloudHSM V2 API; it answers POST /",
            parts.method
        );
        return json_protocol::json_response(
            StatusCode::NOT_FOUND,
            &json!({ "__type": "UnknownOperationException", "Message": message }),
        );
    };
    let (action, place) = match inside.door.admit(protocol, &parts, &body, inside.reference) {
        Ok(admitted) => admitted,
        Err(error) => return answer(Err(error)),
    };
    note.set_place(&place);

    let members = protocol.parse_members(&parts.headers, &body);
    let struck = match &members {
        Ok(members) if inside.lock_faults().needs_target() => {
            target(inside, action, &place, members)
        }
        _ => None,
    };
    let (delay, fault) = inside.lock_faults().take_for_call(action, struck.as_ref());
    note.set_faults(delay, fault);
    if delay.is_some() || fault.is_some() {
        // There is a fault less to wait for.
        inside.watch.touch();
    }
    let call = AdmittedCall {
        inside: Arc::clone(inside),
        line,
        protocol,
        action,
        place,
        members,
        fault,
        struck,
    };
    match delay {
        Some(delay) => carry_out_later(call, delay).await,
        None => call.carry_out().await,
    }
}

/// Carries out a call after a delay, whether or not its client still waits for it then: the service
/// does what it has been told, too. A bound is on those that nobody may be waiting for.
async fn carry_out_later(call: AdmittedCall, delay: Duration) -> Response<Body> {
    let protocol = call.protocol;
    let place = Arc::clone(&call.inside.delayed).try_acquire_owned();
    let later = async move {
        tokio::time::sleep(delay).await;
        call.carry_out().await
    };
    let Ok(place) = place else {
        return later.await;
    };
    // This future ends with its connection; a task of its own does not.
    let task = tokio::spawn(async move {
        let answer = later.await;
        drop(place);
        answer
    });
    match task.await {
        Ok(answer) => answer,
        Err(_) => protocol.to_response(Err(actions::out_of_order(String::from(
            "the simulator is stopping",
        )))),
    }
}

/// A call of the API that has been admitted, with the faults that it meets.
struct AdmittedCall {
    inside: Arc<Inside>,
    line: ConnectionHandle,
    protocol: Protocol,
    action: &'static str,
    place: AccountRegion,
    members: Result<Map<String, Value>, ApiError>,
    fault: Option<InjectedFault>,
    struck: Option<AddressedCluster>,
}

impl AdmittedCall {
    /// Carries out the call as its fault has it, and returns the answer.
    async fn carry_out(self) -> Response<Body> {
        let (inside, fault) = (&self.inside, self.fault);
        if let (Some(fault), Some(target)) = (fault, &self.struck) {
            apply_fault(inside, fault, target);
        }
        let refused = match fault {
            Some(InjectedFault::CloseBefore) => return self.line.cut_off(),
            Some(fault) => fault.refusal_for(self.action, &self.place.account),
            None => None,
        };
        let outcome = match refused {
            Some(error) => Err(error),
            None => self
                .members
                .and_then(|members| run_action(inside, self.action, &self.place, &members, fault))
                .map(|found| inside.lock_extra().add_to(found)),
        };
        let outcome = outcome.map_err(|error| error.in_edition(inside.reference));
        let answer = self.protocol.to_response(outcome);
        match fault {
            Some(InjectedFault::CloseAfter) => self.line.cut_off(),
            Some(InjectedFault::CutShort) => cut_short::cut_short(answer).await,
            _ => answer,
        }
    }
}

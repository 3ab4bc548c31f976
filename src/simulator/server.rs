//! The HTTP side: one thread, its own runtime, and connections that can be cut.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode, header};
use axum::serve::{IncomingStream, Listener};
use serde_json::{Map, Value, json};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::actions::{self, TokenKey};
use super::clock::Clock;
use super::door::Door;
use super::faults::{Fault, Faults};
use super::hardware::Hardware;
use super::protocol::Protocol;
use super::requests::{Note, Requests};
use super::state::{Place, World};
use super::store::{Changes, Store};
use super::strike::{strike, target};
use super::wire::{self, Answer, ApiError, MAX_BODY};
use super::{broken, control, page};

/// All that a running simulator is made of.
pub(super) struct Inside {
    pub(super) world: Mutex<World>,
    pub(super) faults: Mutex<Faults>,
    pub(super) door: Door,
    pub(super) clock: Clock,
    pub(super) hardware: Arc<Hardware>,
    pub(super) tokens: TokenKey,
    pub(super) quotas: bool,
    pub(super) requests: Requests,
    pub(super) watch: page::Watch,
    /// `None`: what is changed is forgotten at the end.
    pub(super) store: Option<Store>,
}

impl Inside {
    /// The state. What is changed in it is recorded once this is dropped.
    pub(super) fn world(&self) -> Changes<'_> {
        let world = self.look();
        self.watch.touch();
        world
    }

    /// For the page: what is only looked at has not changed, but by time.
    pub(super) fn look(&self) -> Changes<'_> {
        Changes { inside: self, world: self.world.lock().unwrap_or_else(PoisonError::into_inner) }
    }

    /// Waits until everything that an answer can tell of is kept; needed before it is given.
    pub(super) fn kept(&self) -> Result<(), String> {
        drop(self.look());
        self.store.as_ref().map_or(Ok(()), Store::wait)
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until `stop` is sent to or dropped.
pub(super) async fn serve(listener: TcpListener, inside: Arc<Inside>, stop: tokio::sync::oneshot::Receiver<()>) {
    let app = Router::new().fallback(kept_answer).with_state(inside);
    let server = axum::serve(Cuttable(listener), app.into_make_service_with_connect_info::<Scissors>());
    tokio::select! {
        // `serve` ends only with the process.
        _ = server => {}
        _ = stop => {}
    }
}

/// An answer, once everything that it can tell of is kept.
async fn kept_answer(State(inside): State<Arc<Inside>>, scissors: ConnectInfo<Scissors>, request: Request) -> Response<Body> {
    let protocol = Protocol::of(request.method(), request.uri(), request.headers());
    let answer = answer(State(Arc::clone(&inside)), scissors, request).await;
    match &inside.store {
        Some(store) => match store.written().await {
            Ok(()) => answer,
            Err(reason) => protocol.unwrap_or(Protocol::Json).respond(Err(actions::out_of_order(reason))),
        },
        None => answer,
    }
}

async fn answer(State(inside): State<Arc<Inside>>, ConnectInfo(scissors): ConnectInfo<Scissors>, request: Request) -> Response<Body> {
    if let Some(page) = page::answer(&inside, &request) {
        return page;
    }
    let mut note = Note::begin(&inside, &request);
    let response = respond(&inside, scissors, request, &mut note).await;
    note.end(response)
}

async fn respond(inside: &Arc<Inside>, scissors: Scissors, request: Request, note: &mut Note) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let protocol = Protocol::of(&parts.method, &parts.uri, &parts.headers);
    // What is no call of the API is answered in JSON.
    let answer = |outcome| protocol.unwrap_or(Protocol::Json).respond(outcome);
    // Refused by what it says of its size, before any of it is read.
    let announced = parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_BODY) {
        return answer(Err(ApiError::too_large()));
    }
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return answer(Err(ApiError::too_large()));
    };
    let path = parts.uri.path();
    if let Some(command) = path.strip_prefix("/_control/") {
        return control::answer(inside, &parts.method, command, &body).await;
    }
    let Some(protocol) = protocol else {
        let message = format!("{} {path}: this is hsmboot's simulator of the CloudHSM V2 API; it answers POST /", parts.method);
        return wire::response(StatusCode::NOT_FOUND, &json!({ "__type": "UnknownOperationException", "Message": message }));
    };
    let (action, place) = match inside.door.admit(protocol, &parts, &body) {
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
        Some(Fault::CloseBefore) => return scissors.cut(),
        Some(fault) => fault.refusal(action, &place.account),
        None => None,
    };
    let outcome = match refused {
        Some(error) => Err(error),
        None => members.and_then(|members| run(inside, action, &place, &members, fault)),
    };
    match fault {
        Some(Fault::CloseAfter) => scissors.cut(),
        Some(Fault::CutShort) => broken::cut_short(answer(outcome)).await,
        _ => answer(outcome),
    }
}

fn run(inside: &Inside, action: &str, place: &Place, members: &Map<String, Value>, fault: Option<Fault>) -> Result<Answer, ApiError> {
    let mut world = inside.world();
    let (clock, hardware, tokens, quotas) = (&inside.clock, &inside.hardware, &inside.tokens, inside.quotas);
    let mut context = actions::Context { world: &mut world, clock, hardware, tokens, place, quotas, fault };
    actions::run(action, members, &mut context)
}

/// Cuts the connection that a request came on.
#[derive(Clone)]
struct Scissors(Arc<AtomicBool>);

impl Scissors {
    /// What is returned never reaches the other side: its first octet fails to be written.
    fn cut(&self) -> Response<Body> {
        self.0.store(true, Ordering::Release);
        Response::new(Body::empty())
    }
}

impl Connected<IncomingStream<'_, Cuttable>> for Scissors {
    fn connect_info(stream: IncomingStream<'_, Cuttable>) -> Self {
        Self(Arc::clone(&stream.io().cut))
    }
}

struct Cuttable(TcpListener);

impl Listener for Cuttable {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            match self.0.accept().await {
                Ok((stream, address)) => {
                    // Answers are small and single: waiting for more to send only adds latency. Where it cannot be set,
                    // it is only slower.
                    stream.set_nodelay(true).unwrap_or_default();
                    return (Connection { stream, cut: Arc::default() }, address);
                }
                // Too many open files, or a client that left at once: both pass.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A TCP connection that fails to write once it has been cut.
struct Connection {
    stream: TcpStream,
    cut: Arc<AtomicBool>,
}

impl Connection {
    fn whole(&self) -> io::Result<()> {
        if self.cut.load(Ordering::Acquire) { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        if let Err(error) = self.whole() {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.stream).poll_write(cx, octets)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        if let Err(error) = self.whole() {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, octets)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

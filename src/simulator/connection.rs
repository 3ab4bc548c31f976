//! Connections: their number, the time for which each may keep the simulator waiting, and the way
//! to cut one.
//!
//! A client that connects and sends nothing, sends a request an octet at a time, or takes none of
//! its answer would hold its connection for ever. This module ends such connections. It knows whose
//! turn it is: the client's, to send its request or the next one, or the simulator's, to answer,
//! which may take as long as a fault says.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use axum::body::Body;
use axum::extract::connect_info::Connected;
use axum::http::Response;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep, sleep_until};

/// The limits of connections: their number, and the time for which each may keep the simulator
/// waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// The number of connections open at a time. For one more, the connection is closed whose
    /// client has kept the simulator waiting longest.
    pub most: usize,
    /// The time from the connection, and later from a request's first octet, until the request is
    /// complete, and the time for the client to take more of its answer.
    pub request: Duration,
    /// The time from an answer to the next request's first octet.
    pub idle: Duration,
}

impl Default for ConnectionLimits {
    /// Returns a quarter of the files that a process may have open by default (getrlimit(2),
    /// RLIMIT_NOFILE: 1024); half a minute, in which 1 MiB comes over any line; and five minutes,
    /// which is longer than SDKs keep a connection that they do not use.
    fn default() -> Self {
        Self {
            most: 256,
            request: Duration::from_secs(30),
            idle: Duration::from_secs(300),
        }
    }
}

/// The side whose turn it is on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// A request has to come or to be completed.
    Request,
    /// An answer has been given; another request may come.
    Idle,
    /// The request is complete.
    Answer,
}

struct TurnState {
    turn: Turn,
    since: Instant,
    waker: Option<Waker>,
}

/// The state that a connection, the requests on it and the listener share.
struct ConnectionShared {
    cut: AtomicBool,
    waited: Mutex<TurnState>,
}

impl ConnectionShared {
    fn lock_turn(&self) -> MutexGuard<'_, TurnState> {
        self.waited.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_turn(&self, turn: Turn) {
        let mut waited = self.lock_turn();
        (waited.turn, waited.since) = (turn, Instant::now());
    }

    /// Notes that the client has taken something of an answer. What is sent before the request is
    /// complete is none: a `100 Continue`.
    fn note_answered(&self) {
        let mut waited = self.lock_turn();
        if waited.turn != Turn::Request {
            (waited.turn, waited.since) = (Turn::Idle, Instant::now());
        }
    }

    /// Returns the time since which the client has been waited for, if it is its turn.
    fn waiting_since(&self) -> Option<Instant> {
        let waited = self.lock_turn();
        (waited.turn != Turn::Answer).then_some(waited.since)
    }

    /// Cuts the connection: nothing is read or written from now on.
    fn cut_off(&self) {
        self.cut.store(true, Ordering::Release);
        if let Some(waker) = self.lock_turn().waker.take() {
            waker.wake();
        }
    }

    fn check_open(&self) -> io::Result<()> {
        if self.cut.load(Ordering::Acquire) {
            Err(io::ErrorKind::ConnectionAborted.into())
        } else {
            Ok(())
        }
    }
}

/// A handle of the connection that a request came on.
#[derive(Clone)]
pub(super) struct ConnectionHandle(Arc<ConnectionShared>);

impl ConnectionHandle {
    /// Notes that the request is complete, or answered before it is: its client is no longer waited
    /// for.
    pub(super) fn begin_answer(&self) {
        self.0.set_turn(Turn::Answer);
    }

    /// Cuts the connection. The returned response never reaches the other side: writing its first
    /// octet fails.
    pub(super) fn cut_off(&self) -> Response<Body> {
        self.0.cut_off();
        Response::new(Body::empty())
    }
}

impl Connected<IncomingStream<'_, LimitedListener>> for ConnectionHandle {
    fn connect_info(stream: IncomingStream<'_, LimitedListener>) -> Self {
        Self(Arc::clone(&stream.io().shared))
    }
}

/// A listener that takes connections up to the limit.
pub(super) struct LimitedListener {
    listener: TcpListener,
    limits: ConnectionLimits,
    open: Vec<Weak<ConnectionShared>>,
}

impl LimitedListener {
    pub(super) fn new(listener: TcpListener, limits: ConnectionLimits) -> Self {
        Self {
            listener,
            limits,
            open: Vec::new(),
        }
    }

    /// Makes room for one more connection. Returns `false` where every client is waiting for its
    /// answer.
    fn make_room(&mut self) -> bool {
        self.open.retain(|one| one.strong_count() > 0);
        if self.open.len() < self.limits.most {
            return true;
        }
        let waited_for = self
            .open
            .iter()
            .filter_map(Weak::upgrade)
            .filter_map(|one| Some((one.waiting_since()?, one)));
        let Some((_, longest)) = waited_for.min_by_key(|(since, _)| *since) else {
            return false;
        };
        longest.cut_off();
        self.open
            .retain(|one| !std::ptr::eq(one.as_ptr(), Arc::as_ptr(&longest)));
        true
    }
}

impl Listener for LimitedListener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, address)) => {
                    if !self.make_room() {
                        continue;
                    }
                    // Answers are small and single: waiting for more to send only adds latency.
                    // Where it cannot be set, it is only slower.
                    stream.set_nodelay(true).unwrap_or_default();
                    let connection = Connection::new(stream, self.limits);
                    self.open.push(Arc::downgrade(&connection.shared));
                    return (connection, address);
                }
                // Too many open files, or a client that left at once: both pass.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// The first octets of HTTP/2 where the client knows that the server speaks it (RFC 9113 3.4), as
/// many as say so. The simulator speaks HTTP/1.1 alone, but the library that serves its connections
/// would answer: on one with many requests at a time nobody knows whose turn it is.
const HTTP_2: &[u8] = b"PRI * HTTP/2";

/// A TCP connection that ends when its client has kept the simulator waiting too long, or when it
/// has been cut.
pub(super) struct Connection {
    stream: TcpStream,
    limits: ConnectionLimits,
    shared: Arc<ConnectionShared>,
    timer: Option<Pin<Box<Sleep>>>,
    /// The rest of [`HTTP_2`] that has still to come, while all that came is its beginning.
    http_2: Option<&'static [u8]>,
    /// The time since which the client has taken nothing of the waiting output.
    stalled: Option<Instant>,
}

impl Connection {
    fn new(stream: TcpStream, limits: ConnectionLimits) -> Self {
        let waited = TurnState {
            turn: Turn::Request,
            since: Instant::now(),
            waker: None,
        };
        let shared = Arc::new(ConnectionShared {
            cut: AtomicBool::new(false),
            waited: Mutex::new(waited),
        });
        Self {
            stream,
            limits,
            shared,
            timer: None,
            http_2: Some(HTTP_2),
            stalled: None,
        }
    }

    /// Returns the time until which the client is waited for.
    fn deadline(&self) -> Option<Instant> {
        let waited = self.shared.lock_turn();
        let reading = match waited.turn {
            Turn::Request => waited.since.checked_add(self.limits.request),
            Turn::Idle => waited.since.checked_add(self.limits.idle),
            Turn::Answer => None,
        };
        let writing = self
            .stalled
            .and_then(|since| since.checked_add(self.limits.request));
        reading.into_iter().chain(writing).min()
    }

    /// Polls the deadline after nothing came or nothing was taken, and ends the connection once
    /// that has lasted too long.
    fn poll_deadline<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        self.shared.lock_turn().waker = Some(cx.waker().clone());
        loop {
            // Cut in between: the waker was not there yet.
            if let Err(error) = self.shared.check_open() {
                return Poll::Ready(Err(error));
            }
            let Some(deadline) = self.deadline() else {
                return Poll::Pending;
            };
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
            // One that rings too early is set again then: that is cheaper than to set it with every
            // octet.
            if timer.deadline() > deadline {
                timer.as_mut().reset(deadline);
            }
            ready!(timer.as_mut().poll(cx));
            if Instant::now() >= deadline {
                self.shared.cut_off();
            } else {
                timer.as_mut().reset(deadline);
            }
        }
    }

    /// Tells whether the connection begins as HTTP/2 does, now that these octets have come.
    fn begins_as_http_2(&mut self, octets: &[u8]) -> bool {
        let Some(rest) = self.http_2 else {
            return false;
        };
        let next = rest.strip_prefix(octets);
        self.http_2 = next;
        next.is_some_and(<[u8]>::is_empty) || octets.starts_with(rest)
    }

    /// Notes the outcome of a write, and returns it.
    fn after_write<T>(
        &mut self,
        outcome: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_pending() {
            self.stalled.get_or_insert_with(Instant::now);
            return self.poll_deadline(cx);
        }
        self.stalled = None;
        self.shared.note_answered();
        outcome
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Err(error) = self.shared.check_open() {
            return Poll::Ready(Err(error));
        }
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buffer) {
            Poll::Pending => self.poll_deadline(cx),
            outcome => {
                let octets = buffer.filled().get(before..).unwrap_or_default();
                if self.begins_as_http_2(octets) {
                    self.shared.cut_off();
                    return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
                }
                let idle = self.shared.lock_turn().turn == Turn::Idle;
                if idle && buffer.filled().len() > before {
                    self.shared.set_turn(Turn::Request);
                }
                outcome
            }
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Err(error) = self.shared.check_open() {
            return Poll::Ready(Err(error));
        }
        let outcome = Pin::new(&mut self.stream).poll_write(cx, octets);
        self.after_write(outcome, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Err(error) = self.shared.check_open() {
            return Poll::Ready(Err(error));
        }
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, octets);
        self.after_write(outcome, cx)
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

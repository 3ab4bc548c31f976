//! Connections: how many there may be, how long each may keep the simulator waiting, and how one is
//! cut.
//!
//! A client that connects and sends nothing, sends a request an octet at a time, or takes none of
//! its answer would hold its connection for ever. All these are told apart here, where octets come
//! and go, by whose turn it is: the client's, to send its request or the next one, or the
//! simulator's, to answer, which may take as long as a fault says.

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

/// How many connections there may be, and how long each may keep the simulator waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// So many are open at a time. For one more, the one is closed whose client has been waited for
    /// longest.
    pub most: usize,
    /// From the connection, and later from a request's first octet, until the request is there
    /// whole; and for the client to take more of its answer.
    pub request: Duration,
    /// From an answer to the next request's first octet.
    pub idle: Duration,
}

impl Default for ConnectionLimits {
    /// A quarter of the files that a process may have open by default (getrlimit(2), RLIMIT_NOFILE:
    /// 1024); half a minute, in which 1 MiB comes over any line; and five minutes, which is longer
    /// than SDKs keep a connection that they do not use.
    fn default() -> Self {
        Self {
            most: 256,
            request: Duration::from_secs(30),
            idle: Duration::from_secs(300),
        }
    }
}

/// Whose turn it is on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// A request is to come, or to be finished.
    Request,
    /// An answer has been given; another request may come.
    Idle,
    /// The request is there whole.
    Answer,
}

struct Waited {
    turn: Turn,
    since: Instant,
    waker: Option<Waker>,
}

/// What a connection, the requests on it and the listener know together.
struct Shared {
    cut: AtomicBool,
    waited: Mutex<Waited>,
}

impl Shared {
    fn waited(&self) -> MutexGuard<'_, Waited> {
        self.waited.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self, turn: Turn) {
        let mut waited = self.waited();
        (waited.turn, waited.since) = (turn, Instant::now());
    }

    /// Since when the client has been waited for, if it is its turn.
    fn since(&self) -> Option<Instant> {
        let waited = self.waited();
        (waited.turn != Turn::Answer).then_some(waited.since)
    }

    /// Nothing is read or written from now on.
    fn cut(&self) {
        self.cut.store(true, Ordering::Release);
        if let Some(waker) = self.waited().waker.take() {
            waker.wake();
        }
    }

    fn whole(&self) -> io::Result<()> {
        if self.cut.load(Ordering::Acquire) {
            Err(io::ErrorKind::ConnectionAborted.into())
        } else {
            Ok(())
        }
    }
}

/// The connection that a request came on.
#[derive(Clone)]
pub(super) struct Line(Arc<Shared>);

impl Line {
    /// The request is there whole: its client is no longer waited for.
    pub(super) fn answering(&self) {
        self.0.turn(Turn::Answer);
    }

    /// Cuts the connection. What is returned never reaches the other side: its first octet fails to
    /// be written.
    pub(super) fn cut(&self) -> Response<Body> {
        self.0.cut();
        Response::new(Body::empty())
    }
}

impl Connected<IncomingStream<'_, Doorkeeper>> for Line {
    fn connect_info(stream: IncomingStream<'_, Doorkeeper>) -> Self {
        Self(Arc::clone(&stream.io().shared))
    }
}

/// Takes connections, as many as there may be.
pub(super) struct Doorkeeper {
    listener: TcpListener,
    limits: ConnectionLimits,
    open: Vec<Weak<Shared>>,
}

impl Doorkeeper {
    pub(super) fn new(listener: TcpListener, limits: ConnectionLimits) -> Self {
        Self {
            listener,
            limits,
            open: Vec::new(),
        }
    }

    /// Makes room for one more; `false` where every client is waiting for its answer.
    fn make_room(&mut self) -> bool {
        self.open.retain(|one| one.strong_count() > 0);
        if self.open.len() < self.limits.most {
            return true;
        }
        let waited_for = self
            .open
            .iter()
            .filter_map(Weak::upgrade)
            .filter_map(|one| Some((one.since()?, one)));
        let Some((_, longest)) = waited_for.min_by_key(|(since, _)| *since) else {
            return false;
        };
        longest.cut();
        self.open
            .retain(|one| !std::ptr::eq(one.as_ptr(), Arc::as_ptr(&longest)));
        true
    }
}

impl Listener for Doorkeeper {
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

/// A TCP connection that ends when its client has been waited for too long, or when it has been
/// cut.
pub(super) struct Connection {
    stream: TcpStream,
    limits: ConnectionLimits,
    shared: Arc<Shared>,
    timer: Option<Pin<Box<Sleep>>>,
    /// Since when the client has taken nothing of what there is to be written.
    stalled: Option<Instant>,
}

impl Connection {
    fn new(stream: TcpStream, limits: ConnectionLimits) -> Self {
        let waited = Waited {
            turn: Turn::Request,
            since: Instant::now(),
            waker: None,
        };
        let shared = Arc::new(Shared {
            cut: AtomicBool::new(false),
            waited: Mutex::new(waited),
        });
        Self {
            stream,
            limits,
            shared,
            timer: None,
            stalled: None,
        }
    }

    /// Until when the client is waited for.
    fn deadline(&self) -> Option<Instant> {
        let waited = self.shared.waited();
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

    /// Nothing came, or nothing was taken: ends the connection once that has lasted too long.
    fn wait<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        self.shared.waited().waker = Some(cx.waker().clone());
        loop {
            // Cut in between: the waker was not there yet.
            if let Err(error) = self.shared.whole() {
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
                self.shared.cut();
            } else {
                timer.as_mut().reset(deadline);
            }
        }
    }

    /// What writing has come to.
    fn wrote<T>(
        &mut self,
        outcome: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_pending() {
            self.stalled.get_or_insert_with(Instant::now);
            return self.wait(cx);
        }
        self.stalled = None;
        self.shared.turn(Turn::Idle);
        outcome
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Err(error) = self.shared.whole() {
            return Poll::Ready(Err(error));
        }
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buffer) {
            Poll::Pending => self.wait(cx),
            outcome => {
                let idle = self.shared.waited().turn == Turn::Idle;
                if idle && buffer.filled().len() > before {
                    self.shared.turn(Turn::Request);
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
        if let Err(error) = self.shared.whole() {
            return Poll::Ready(Err(error));
        }
        let outcome = Pin::new(&mut self.stream).poll_write(cx, octets);
        self.wrote(outcome, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Err(error) = self.shared.whole() {
            return Poll::Ready(Err(error));
        }
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, octets);
        self.wrote(outcome, cx)
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

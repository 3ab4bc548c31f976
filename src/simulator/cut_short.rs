//! Answers that break off.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderValue, Response, header};
use http_body::Frame;

use super::json_protocol::MAX_BODY;

/// Cuts an answer short: the head gives its whole length, then half of it comes, then the
/// connection closes.
pub(super) async fn cut_short(whole: Response<Body>) -> Response<Body> {
    let (mut head, body) = whole.into_parts();
    let octets = to_bytes(body, MAX_BODY * 16).await.unwrap_or_default();
    // One octet at least is missing, also of an answer of two.
    let kept = octets.slice(..octets.len() / 2);
    head.headers.insert(
        header::CONTENT_LENGTH,
        HeaderValue::from(octets.len().max(1)),
    );
    Response::from_parts(
        head,
        Body::new(Half {
            kept: Some(kept),
            sent: false,
        }),
    )
}

struct Half {
    kept: Option<Bytes>,
    /// True where the server has had its turn to send the first half: an immediate error would lose
    /// it.
    sent: bool,
}

impl http_body::Body for Half {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(kept) = self.kept.take() {
            return Poll::Ready(Some(Ok(Frame::data(kept))));
        }
        if !self.sent {
            self.sent = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())))
    }
}

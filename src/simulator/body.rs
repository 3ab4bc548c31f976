//! Reading a request's body, within its bound.

use std::future::poll_fn;
use std::pin::pin;

use axum::body::{Body, HttpBody as _};

use super::json_protocol::{ApiError, MAX_BODY};

/// Reads the whole body.
///
/// # Errors
/// Where it is too large; where it is malformed, in chunks that are none, or ends early.
pub(super) async fn read_body(body: Body) -> Result<Vec<u8>, ApiError> {
    let mut body = pin!(body);
    let mut octets = Vec::new();
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let frame = frame.map_err(|_| {
            ApiError::serialization_error(
                "the request's body cannot be read: it ends early, or its chunks are malformed",
            )
        })?;
        // The other frames are trailers, which say nothing.
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if octets.len().saturating_add(data.len()) > MAX_BODY {
            return Err(ApiError::too_large());
        }
        octets.extend_from_slice(&data);
    }
    Ok(octets)
}

//! Sends a reply in the manner that was decided: whole, slowly, in part, or never.

use std::{convert::Infallible, io, time::Duration};

use axum::{body::Body, http::StatusCode, response::Response};
use bytes::Bytes;
use futures::{StreamExt as _, stream};

use crate::{
    call::{Manner, Reply},
    connection::ResetSwitch,
    house::House,
};

/// A slow body comes in this many pieces.
const PIECES: u32 = 20;

pub(crate) async fn deliver(house: &House, reply: Reply, connection: &ResetSwitch) -> Response {
    if !reply.latency.is_zero() {
        tokio::time::sleep(reply.latency).await;
    }
    let length = reply.body.len();
    let body = match reply.manner {
        Manner::Whole => Body::from(reply.body),
        Manner::Trickle => slow(reply.body.into(), house.trickle / PIECES),
        Manner::Truncated => torn(reply.body.into()),
        Manner::Reset => {
            connection.reset();
            Body::empty()
        }
        Manner::Hang => {
            // The caller's leaving drops this future; the simulator's own end must not wait for callers that stay.
            let _ = tokio::time::timeout(house.hang, house.stop.cancelled()).await;
            connection.reset();
            Body::empty()
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = reply.headers;
    response.headers_mut().insert("content-type", axum::http::HeaderValue::from_static("application/json"));
    // Said for streamed bodies too: it is what makes a torn one visible.
    response.headers_mut().insert("content-length", length.into());
    drop(reply.permit);
    response
}

/// All bytes, one piece after each pause.
fn slow(body: Bytes, pause: Duration) -> Body {
    let size = body.len().div_ceil(usize::try_from(PIECES).unwrap_or(1)).max(1);
    Body::from_stream(stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let piece = rest.split_to(size.min(rest.len()));
        Some((Ok::<_, Infallible>(piece), rest))
    }))
}

/// The first half, then the connection breaks.
fn torn(body: Bytes) -> Body {
    let half = body.slice(..body.len() / 2);
    let broken = stream::once(async {
        // The server writes out what it has while the body is pending, and drops it when the body fails.
        tokio::task::yield_now().await;
        Err(io::Error::from(io::ErrorKind::UnexpectedEof))
    });
    Body::from_stream(stream::once(async { Ok(half) }).chain(broken))
}

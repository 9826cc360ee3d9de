//! What a test asks of the simulator itself, under `/_sim`.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Json, Router,
    body::Body,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use futures::stream;
use serde::Deserialize;
use serde_json::json;

use crate::{Error, FaultOrder, Stats, house::House};

/// Entries of the ledger that are copied at a time.
const PAGE: usize = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Since {
    #[serde(default)]
    since: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewDate {
    /// `2026-01-31`, or null for the time before all drift.
    date: Option<String>,
}

pub(crate) fn router() -> Router<Arc<House>> {
    Router::new()
        .route("/_sim/ledger", get(ledger))
        .route("/_sim/stats", get(stats))
        .route("/_sim/date", post(date))
        .route("/_sim/faults", post(faults))
        .route("/_sim/reset", post(reset))
}

/// JSON lines, page by page, so that neither the ledger is locked long nor all of it copied at once.
async fn ledger(State(house): State<Arc<House>>, Query(Since { since }): Query<Since>) -> Response {
    let pages = stream::unfold((house, since), |(house, since)| async move {
        let names: Vec<&str> = house.voices.names().collect();
        let entries = house.ledger.after(since, PAGE, &names);
        let last = entries.last()?.n;
        let mut lines = Vec::new();
        for entry in &entries {
            lines.extend_from_slice(json!(entry).to_string().as_bytes());
            lines.push(b'\n');
        }
        Some((Ok::<_, Infallible>(Bytes::from(lines)), (house, last)))
    });
    ([("content-type", "application/x-ndjson")], Body::from_stream(pages)).into_response()
}

async fn stats(State(house): State<Arc<House>>) -> Json<Stats> {
    Json(house.stats())
}

async fn date(State(house): State<Arc<House>>, Json(new): Json<NewDate>) -> Response {
    match new.date.map(|text| text.parse().map_err(|_| text)).transpose() {
        Ok(date) => {
            house.set_date(date);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(text) => refused(&Error::Order(format!("'{text}' is no date; write 2026-01-31"))),
    }
}

async fn faults(State(house): State<Arc<House>>, Json(order): Json<FaultOrder>) -> Response {
    match house.order(order) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refused(&error),
    }
}

async fn reset(State(house): State<Arc<House>>) -> StatusCode {
    house.reset();
    StatusCode::NO_CONTENT
}

fn refused(error: &Error) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": error.to_string()}))).into_response()
}

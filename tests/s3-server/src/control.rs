//! Orders and records over HTTP, for programs in other languages.
//!
//! | request | answer |
//! |---|---|
//! | `POST /faults` with an [`Order`] | 204 |
//! | `GET /faults` | the orders that wait for requests |
//! | `DELETE /faults` | 204; no orders wait |
//! | `GET /held` | how many requests are held |
//! | `POST /release` | how many requests are let go |
//! | `GET /requests` | numbers of requests by operation |
//! | `GET /writes?key=<part>` | writes to keys that contain it |
//! | `GET /rewritten` | keys that were written more than once |

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use crate::faults::{Faults, Order};
use crate::journal::{Journal, Write};
use crate::operation::Operation;

/// What is controlled.
#[derive(Debug, Clone)]
pub(crate) struct Controlled {
    pub(crate) faults: Arc<Faults>,
    pub(crate) journal: Arc<Journal>,
}

#[derive(Debug, Deserialize)]
struct Wanted {
    #[serde(default)]
    key: String,
}

pub(crate) fn router(controlled: Controlled) -> Router {
    Router::new()
        .route("/faults", get(orders).post(order).delete(clear))
        .route("/held", get(held))
        .route("/release", post(release))
        .route("/requests", get(requests))
        .route("/writes", get(writes))
        .route("/rewritten", get(rewritten))
        .with_state(controlled)
}

async fn orders(State(controlled): State<Controlled>) -> Json<Vec<Order>> {
    Json(controlled.faults.orders())
}

async fn order(State(controlled): State<Controlled>, Json(order): Json<Order>) -> StatusCode {
    controlled.faults.order(order);
    StatusCode::NO_CONTENT
}

async fn clear(State(controlled): State<Controlled>) -> StatusCode {
    controlled.faults.clear();
    StatusCode::NO_CONTENT
}

async fn held(State(controlled): State<Controlled>) -> Json<usize> {
    Json(controlled.faults.held())
}

async fn release(State(controlled): State<Controlled>) -> Json<usize> {
    Json(controlled.faults.release())
}

async fn requests(State(controlled): State<Controlled>) -> Json<BTreeMap<Operation, u64>> {
    Json(controlled.journal.requests())
}

async fn writes(State(controlled): State<Controlled>, Query(wanted): Query<Wanted>) -> Json<Vec<Write>> {
    Json(controlled.journal.writes_to(&wanted.key))
}

async fn rewritten(State(controlled): State<Controlled>) -> Json<BTreeSet<Arc<str>>> {
    Json(controlled.journal.rewritten())
}

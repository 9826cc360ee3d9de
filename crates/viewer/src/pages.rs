//! Stored reports over HTTP: a list of suites and runs, and the files of each run.

use std::time::Duration;

use antiphon_core::{RunId, keys};
use antiphon_report::{ListedRun, ListedSuite, runs_page};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use tokio::time::timeout;

use crate::Parts;
use crate::catalogue::Suite;

/// Files of a run's report; no other is served.
const FILES: [&str; 3] = ["index.html", "comparison.html", "history.html"];

/// How long a reader waits for the store.
const PATIENCE: Duration = Duration::from_secs(20);

/// `/`, `/suites/SUITE` and `/runs/RUN/FILE`.
pub fn pages(parts: Parts) -> Router {
    Router::new()
        .route("/", get(async |State(parts): State<Parts>| page(list(&parts))))
        .route("/suites/{suite}", get(newest))
        .route("/suites/{suite}/{file}", get(file_of_newest))
        .route("/runs/{run}", get(report))
        .route("/runs/{run}/{file}", get(file))
        .fallback(async || missing("there is no such page; / lists the runs"))
        .with_state(parts)
}

fn list(parts: &Parts) -> String {
    let found = parts.found.read();
    let suites =
        found.suites.iter().map(|(name, suite)| ListedSuite { name: name.clone(), runs: runs(suite) });
    runs_page(&suites.collect::<Vec<_>>(), parts.has_looked())
}

fn runs(suite: &Suite) -> Vec<ListedRun> {
    let comparison = suite.newest.as_ref().and_then(|newest| newest.comparison.as_ref());
    let verdict = comparison.map(|comparison| comparison.verdict);
    let newest = &suite.runs[0].id;
    let run = |run: &crate::catalogue::Run| ListedRun {
        run: run.id.clone(),
        first_call_ms: run.first_call_ms,
        verdict: verdict.filter(|_| &run.id == newest),
    };
    suite.runs.iter().map(run).collect()
}

async fn newest(state: State<Parts>, Path(suite): Path<String>) -> Response {
    file_of_newest(state, Path((suite, FILES[0].to_owned()))).await
}

/// A link that stays: dashboards know the suite, and not the run of tonight.
async fn file_of_newest(State(parts): State<Parts>, Path((suite, file)): Path<(String, String)>) -> Response {
    let run = parts.found.read().suites.get(&suite).map(|suite| suite.runs[0].id.clone());
    match run.filter(|_| FILES.contains(&file.as_str())) {
        Some(run) => Redirect::temporary(&format!("/runs/{run}/{file}")).into_response(),
        None => missing("no run of this suite was summed up"),
    }
}

async fn report(state: State<Parts>, Path(run): Path<String>) -> Response {
    file(state, Path((run, FILES[0].to_owned()))).await
}

async fn file(State(parts): State<Parts>, Path((run, file)): Path<(String, String)>) -> Response {
    let (Ok(run), true) = (run.parse::<RunId>(), FILES.contains(&file.as_str())) else {
        return missing("there is no such page");
    };
    let key = keys::report(&run).replace(FILES[0], &file);
    let Ok(read) = timeout(PATIENCE, parts.store.get(&key)).await else {
        return (StatusCode::GATEWAY_TIMEOUT, "the store does not answer in time\n").into_response();
    };
    match read {
        Ok(Some(bytes)) => page(bytes),
        Ok(None) if file == FILES[0] => missing("this run has no report yet; `antiphon report` writes it"),
        Ok(None) => missing("this run was not compared by `antiphon nightly`, or is the baseline itself"),
        Err(error) => {
            tracing::warn!(%run, error = &error as &dyn std::error::Error, "a report could not be read");
            (StatusCode::BAD_GATEWAY, "the store does not answer\n").into_response()
        }
    }
}

fn missing(why: &str) -> Response {
    (StatusCode::NOT_FOUND, format!("{why}\n")).into_response()
}

/// What it may load is said by the page itself.
fn page(body: impl Into<axum::body::Body>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, body.into()).into_response()
}

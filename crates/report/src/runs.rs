//! The list of what a store holds: suites and their runs, each a link to its report.

use antiphon_core::{RunId, RunVerdict};
use maud::{DOCTYPE, html};

use crate::operations::time;
use crate::page::head;
use crate::visible::inline;

const STYLE_SHEET: &str = include_str!("report.css");

/// A suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSuite {
    /// Its name.
    pub name: String,
    /// Its runs, the newest first.
    pub runs: Vec<ListedRun>,
}

/// A run that has a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRun {
    /// Its id.
    pub run: RunId,
    /// When its first call began, in milliseconds since 1970; `None` if it has made none.
    pub first_call_ms: Option<u64>,
    /// What came of its comparison, where that is known.
    pub verdict: Option<RunVerdict>,
}

/// Renders the list. `has_looked` tells an empty store from one that was not looked into yet.
#[must_use]
pub fn runs_page(suites: &[ListedSuite], has_looked: bool) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            (head("Antiphon runs", STYLE_SHEET))
            body {
                a.skip href="#main" { "Skip to the runs" }
                header.page { p.eyebrow { "Antiphon" } h1 { "Runs" } }
                main #main {
                    @if suites.is_empty() {
                        p {
                            @if has_looked { "No run was summed up yet." } @else { "The store is being read for the first time." }
                        }
                    }
                    @for suite in suites {
                        h2 { (inline(&suite.name)) }
                        @let compared = suite.runs.iter().any(|run| run.verdict.is_some());
                        div.scroll role="region" aria-label=(suite.name) tabindex="0" {
                            table {
                                thead { tr {
                                    th scope="col" { "run" }
                                    th scope="col" { "first call" }
                                    th scope="col" { "verdict" }
                                    @if compared { th scope="col" { "pages" } }
                                } }
                                tbody { @for run in &suite.runs { (row(run, compared)) } }
                            }
                        }
                    }
                }
                footer.page { p { "Read from the store from time to time." } }
            }
        }
    }
    .into_string()
}

fn row(run: &ListedRun, compared: bool) -> maud::Markup {
    let page = |file: &str| format!("/runs/{}/{file}", run.run);
    html! {
        tr {
            th scope="row" { a href=(page("index.html")) { (inline(run.run.as_str())) } }
            td { (time(run.first_call_ms)) }
            td { (run.verdict.map_or("", RunVerdict::name)) }
            @if compared {
                td {
                    a href=(page("comparison.html")) { "comparison" }
                    " · "
                    a href=(page("history.html")) { "history" }
                }
            }
        }
    }
}

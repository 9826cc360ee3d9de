//! The whole page.

use antiphon_core::summary::{Operations, Summary, Transcript};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use crate::probe::{self, Probes};
use crate::visible::{inline, plain};
use crate::{
    asked, between, completeness, document, error_bars, extraction, groups, mirrored, operations, overview,
    reading, refusals, scales,
};

/// From so many probes on, groups come first.
const MANY: usize = 12;

const STYLE_SHEET: &str = include_str!("report.css");

/// Renders a run as one HTML file without scripts, links to elsewhere or files beside it.
///
/// `transcripts` are shown in the order given, probe by probe; the caller decides how many. Shares and agreement are shown as they
/// are, and clipped to 0..1 in charts only. The result is a pure function of the arguments.
#[must_use]
pub fn render(summary: &Summary, operations: Option<&Operations>, transcripts: &[Transcript]) -> String {
    let probes = Probes::of(summary, transcripts);
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(&format!("{} – Antiphon report", plain(&summary.suite)), STYLE_SHEET))
            body {
                a.skip href="#main" { "Skip to the results" }
                (header(summary, operations.is_some()))
                main #main {
                    (completeness::banner(summary))
                    (reading::section())
                    // Of many probes the groups show the pattern; of few the probes themselves do.
                    @if probes.views.len() >= MANY {
                        (groups::section(summary))
                        (overview::section(summary, &probes))
                        (document::section(summary, &probes))
                    } @else {
                        (overview::section(summary, &probes))
                        (document::section(summary, &probes))
                        (groups::section(summary))
                    }
                    (between::section(summary))
                    (mirrored::section(summary))
                    (refusals::section(summary))
                    (error_bars::section(summary))
                    (extraction::section(summary))
                    (completeness::section(summary))
                    (asked::section(summary))
                    (scales::section(summary))
                    (probe::sections(summary, &probes))
                    @if let Some(operations) = operations { (operations::section(operations)) }
                }
                (footer(summary))
            }
        }
    }
    .into_string()
}

/// The head of a page with one style sheet, which is the only thing that may style it; nothing may be loaded or run.
pub(crate) fn head(title: &str, style_sheet: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(policy(style_sheet));
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="referrer" content="no-referrer";
            title { (title) }
            // Without an icon of its own the page would make the browser ask its server for one.
            link rel="icon" href="data:,";
            style { (PreEscaped(style_sheet)) }
        }
    }
}

fn policy(style_sheet: &str) -> String {
    let hash = BASE64_STANDARD.encode(Sha256::digest(style_sheet));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
}

fn header(summary: &Summary, operations: bool) -> Markup {
    html! {
        header.page {
            p.eyebrow { "Antiphon report" }
            h1 { (inline(&summary.suite)) }
            @if let Some(description) = &summary.description { p.lead { (inline(description)) } }
            p.size { (asked::in_one_line(summary)) }
            nav aria-label="Sections" {
                ul {
                    @if !summary.verdicts.is_empty() { li { a href="#document" { (document::title(summary)) } } }
                    @if groups::are_shown(summary) { li { a href="#groups" { "Group by group" } } }
                    li { a href="#overview" { "Where answers disagree" } }
                    @if !summary.gaps.is_empty() { li { a href="#targets" { "Targets side by side" } } }
                    @if !summary.pairs.is_empty() { li { a href="#pairs" { "Mirrored pairs" } } }
                    @if !summary.refusals.is_empty() { li { a href="#refusals" { "Refusal" } } }
                    @if error_bars::are_shown(summary) { li { a href="#error-bars" { "What the old error bars were worth" } } }
                    @if !summary.extractions.is_empty() { li { a href="#extraction" { "Extraction" } } }
                    li { a href="#completeness" { "Completeness" } }
                    li { a href="#asked" { "What was asked of whom" } }
                    @if !summary.scales.is_empty() { li { a href="#scales" { "Scales" } } }
                    li { a href="#probes" { "Probe by probe" } }
                    @if operations { li { a href="#operations" { "Operations" } } }
                }
            }
        }
    }
}

fn footer(summary: &Summary) -> Markup {
    html! {
        footer.page {
            p {
                "Run " code { (summary.run) } ", seed " code { (summary.seed.0) } ", antiphon " (inline(&summary.antiphon_version))
                ". This file holds everything it shows: no scripts, nothing loaded from elsewhere."
            }
        }
    }
}

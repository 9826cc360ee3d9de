//! The comparison as one HTML file.

use antiphon_core::{Change, Comparison, Finding, Uncompared};
use maud::{DOCTYPE, Markup, html};

use super::{difference, finding, heading, level, number, of, p, shown};
use crate::chart;
use crate::number::{UNDEFINED, counted};
use crate::page::head;
use crate::visible::{inline, plain};

pub(super) const STYLE_SHEET: &str = include_str!("../report.css");
/// Rows of single probes; a page stays one that opens. The JSON has all.
const MOST_ROWS: usize = 2_000;

/// Renders a comparison as one HTML file without scripts, links to elsewhere or files beside it.
#[must_use]
pub fn comparison_page(comparison: &Comparison) -> String {
    let title = format!("{}: {}", comparison.verdict.name(), plain(&comparison.suite));
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(&format!("{title} – Antiphon comparison"), STYLE_SHEET))
            body {
                a.skip href="#main" { "Skip to the results" }
                header.page {
                    p.eyebrow { "Antiphon comparison" }
                    h1 { (comparison.verdict.name()) ": " (inline(&comparison.suite)) }
                    p.size { (inline(&heading(comparison))) }
                }
                main #main {
                    h2 { "Why" }
                    ul { @for reason in &comparison.reasons { li { (inline(reason)) } } }
                    (reading(comparison))
                    (groups(comparison))
                    (targets(comparison))
                    (probes(comparison))
                    @if !comparison.not_compared.is_empty() {
                        h2 { "Not compared" }
                        ul { @for line in &comparison.not_compared { li { (inline(line)) } } }
                    }
                }
                footer.page { p { "This file holds everything it shows: no scripts, nothing loaded from elsewhere." } }
            }
        }
    }
    .into_string()
}

/// Renders a run that was compared with nothing in the same way.
#[must_use]
pub fn uncompared_page(uncompared: &Uncompared) -> String {
    let name = uncompared.verdict.name();
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(&format!("{name}: {} – Antiphon comparison", plain(&uncompared.suite)), STYLE_SHEET))
            body {
                header.page {
                    p.eyebrow { "Antiphon comparison" }
                    h1 { (name) ": " (inline(&uncompared.suite)) }
                    p.size { "run " code { (uncompared.run) } }
                }
                main #main {
                    h2 { "Why" }
                    p { (inline(&uncompared.reason)) }
                }
                footer.page { p { "This file holds everything it shows: no scripts, nothing loaded from elsewhere." } }
            }
        }
    }
    .into_string()
}

fn reading(comparison: &Comparison) -> Markup {
    html! {
        details {
            summary { "How to read this" }
            p {
                "Each user was asked the same in both runs, and is compared with itself; intervals are of the mean difference over users. "
                b { "changed" } ": its adjusted p is at most " (number(comparison.level))
                " and the change is larger than the margin that the policy of the suite sets. "
                b { "same within the margin" } ": that a change as large as the margin was there could be ruled out. "
                b { "undecided" } ": neither; more users would tell. The smallest change is what a single test finds in four of five nights "
                "among users who vary as these did. Charts are in margins: the band is what does not matter. p-values are adjusted for all "
                "tests of this page together (Benjamini and Hochberg)."
            }
        }
    }
}

fn groups(comparison: &Comparison) -> Markup {
    let (all, moved) = shown(comparison);
    let some: Vec<&Change> = moved.into_iter().filter(|change| change.probe.is_none()).collect();
    html! {
        h2 #groups { "Group by group" }
        (table("Over all users", &all))
        @if !some.is_empty() { (table("Groups of users in which something moved", &some)) }
    }
}

fn probes(comparison: &Comparison) -> Markup {
    let mut rows: Vec<&Change> = comparison.probes.iter().collect();
    rows.sort_by(|a, b| {
        let key = |change: &Change| (change.finding != Finding::Changed, change.p_adjusted.unwrap_or(2.0));
        key(a).partial_cmp(&key(b)).unwrap_or(std::cmp::Ordering::Equal)
    });
    let left = rows.len().saturating_sub(MOST_ROWS);
    rows.truncate(MOST_ROWS);
    html! {
        h2 #probes { "Probe by probe" }
        (table("The clearest changes first", &rows))
        @if left > 0 { p.note { "and " (counted(left as u64, "more measure", "more measures")) ", in the JSON" } }
    }
}

fn targets(comparison: &Comparison) -> Markup {
    html! {
        h2 #targets { "Targets and providers" }
        @for target in &comparison.targets {
            h3 { (target.target) @if let Some(base) = &target.base { ", in the base " (base) } }
            @for line in &target.asked_otherwise { p { span.flag { "asked otherwise" } " " (inline(line)) } }
            @for line in &target.provider_drift { p { span.flag { "provider drift" } " " (inline(line)) } }
            ul {
                @for seen in &target.seen {
                    @for (side, names) in [("base", &seen.base), ("run", &seen.run)] {
                        @for (name, count) in names {
                            li { (seen.what) " " (inline(name)) " in the " (side) ": " (counted(*count, "sample", "samples")) }
                        }
                    }
                }
            }
        }
    }
}

fn table(caption: &str, rows: &[&Change]) -> Markup {
    html! {
        div.scroll role="region" aria-label=(caption) tabindex="0" {
            table.mirrored {
                caption { (caption) }
                thead {
                    tr {
                        th scope="col" { "Measure" } th scope="col" { "Target" } th scope="col" { "Of" } th scope="col" { "Base, run" }
                        th scope="col" { "Difference, 95 % interval" } th scope="col" { "In margins" } th scope="col" { "p, adjusted" }
                        th scope="col" { "Smallest change" } th scope="col" { "Found" }
                    }
                }
                tbody { @for change in rows { (row(change)) } }
            }
        }
    }
}

fn row(change: &Change) -> Markup {
    let margins = |value: f64| value / change.margin;
    let ends =
        change.difference.low.zip(change.difference.high).map(|(low, high)| (margins(low), margins(high)));
    let told = difference(&change.difference);
    html! {
        tr {
            th scope="row" { (change.measure.name()) }
            td { (change.target) }
            td { (inline(&of(change))) " " small.note { (counted(change.users, "user", "users")) } }
            td { (level(change, change.base)) ", " (level(change, change.run)) }
            td { (told) (crate::number::note(&change.difference)) }
            td.plot { (chart::difference(change.difference.value.map(margins), ends, &told)) }
            td { (p(change.p)) ", " (p(change.p_adjusted)) }
            td { (change.detectable.map_or_else(|| UNDEFINED.to_owned(), number)) }
            td { @if change.finding == Finding::Changed { b { (finding(change)) } } @else { span.zero { (finding(change)) } } }
        }
    }
}

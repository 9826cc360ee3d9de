//! The distribution of answers, where answers are labels.

use antiphon_core::summary::{Cell, LabelShare, Labels};
use maud::{Markup, html};

use crate::chart;
use crate::number::{Form, count, counted};
use crate::visible::{inline, snippet};

/// Labels shown before the rest is folded away.
const FIRST: usize = 10;
/// Labels shown at all: a probe with free short answers may have thousands.
const MOST: usize = 40;
/// Characters shown of a label.
const LABEL: usize = 160;
/// Characters of a label beyond which it needs room that the numbers then give up.
const LONG: usize = 20;

pub(super) fn figures(cells: &[&Cell]) -> Markup {
    html! {
        div.side-by-side {
            @for cell in cells {
                @for labels in &cell.labels { (figure(cell, labels)) }
            }
        }
    }
}

fn figure(cell: &Cell, labels: &Labels) -> Markup {
    let (first, rest) = labels.distribution.split_at(labels.distribution.len().min(FIRST));
    let (folded, dropped) = rest.split_at(rest.len().min(MOST - FIRST));
    html! {
        figure {
            figcaption {
                "Answers of " b { (cell.target) }
                @if let Some(language) = &labels.language { " " span.language { (inline(language)) } }
            }
            (table(first, cell, true))
            @if !folded.is_empty() {
                details {
                    summary { (counted(rest.len() as u64, "more answer", "more answers")) }
                    (table(folded, cell, false))
                    @if !dropped.is_empty() {
                        p.note { "and " (counted(dropped.len() as u64, "more", "more")) ", together "
                            (counted(dropped.iter().map(|label| label.count).sum(), "sample", "samples")) }
                    }
                }
            }
            (measures(labels))
        }
    }
}

/// Rare answers have no plot: there are many of them, and their bars are too short to see.
fn table(shares: &[LabelShare], cell: &Cell, plotted: bool) -> Markup {
    html! {
        div.scroll role="region" aria-label={ "Answers of " (cell.target) } tabindex="0" {
            table.distribution.long[shares.iter().any(|share| share.label.chars().count() > LONG)] {
                thead {
                    tr {
                        th scope="col" { "Answer" } @if plotted { th.plot scope="col" { span.hidden { "Share, plotted" } (chart::axis()) } }
                        th scope="col" { "Share" } th scope="col" { "Samples" }
                    }
                }
                tbody {
                    @for share in shares {
                        tr {
                            th scope="row" { (snippet(&share.label, LABEL)) }
                            @if plotted { td.plot { (chart::bar(&share.share)) } }
                            td.number { (Form::Percent.stacked(&share.share)) }
                            td.number { (count(share.count)) }
                        }
                    }
                }
            }
        }
    }
}

fn measures(labels: &Labels) -> Markup {
    html! {
        dl.settings {
            (measure("Most frequent", html! {
                @for (at, label) in labels.mode.iter().enumerate() { @if at > 0 { ", " } (snippet(label, LABEL)) }
                @if labels.mode.is_empty() { "–" } @else { " (" (Form::Percent.stacked(&labels.mode_share)) ")" }
            }))
            (measure("Effective answers", html! {
                @match labels.effective_answers { Some(number) => { (format!("{number:.2}")) } None => { "–" } }
                " " small.note { "as many equally frequent answers would agree as often" }
            }))
            (measure("Any two samples agree", html! { (Form::Decimal.or_dash(labels.collision)) }))
            @if let Some(raw) = labels.raw_collision {
                (measure("The same, as they were written", html! {
                    (Form::Decimal.write(raw)) " " small.note { "before case, punctuation and spaces were taken out" }
                }))
            }
            (measure("Entropy (nats)", Form::Decimal.stacked(&labels.entropy)))
            @if let Some(mean) = &labels.mean { (measure("Mean number", Form::Decimal.stacked(mean))) }
        }
    }
}

fn measure(name: &str, value: Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

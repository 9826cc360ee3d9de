//! How much of a document came back.

use antiphon_core::summary::{Cell, Estimate};
use maud::{Markup, html};

use crate::chart;
use crate::number::{Form, count, note, signed};
use crate::visible::inline;

pub(super) fn table(cells: &[&Cell]) -> Markup {
    let scored: Vec<_> = cells.iter().filter_map(|cell| Some((cell, cell.recall.as_ref()?))).collect();
    html! {
        @if !scored.is_empty() {
            div.scroll role="region" aria-label="Recall" tabindex="0" {
                table {
                    caption { "Recall: how much of the document came back" }
                    thead {
                        tr {
                            th scope="col" { "Target" } th scope="col" { "Reference" }
                            th.plot scope="col" { span.hidden { "Share of the reference, plotted" } (chart::axis()) }
                            th scope="col" { "Share of the reference, in order" } th scope="col" { "Words before the first departure" }
                        }
                    }
                    tbody {
                        @for (cell, recall) in scored {
                            tr {
                                th scope="row" { (cell.target) }
                                td { (inline(&recall.document)) ", " (count(recall.reference_words)) " words from word " (count(u64::from(recall.word))) }
                                td.plot { (chart::interval(&recall.lcs_recall)) }
                                td.number { (Form::Decimal.stacked(&recall.lcs_recall)) }
                                td.number { (words(&recall.prefix_words)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn words(estimate: &Estimate) -> Markup {
    let write = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| signed(value, 1));
    html! {
        span.value { (write(estimate.value)) }
        @if estimate.low.is_some() || estimate.high.is_some() {
            " " span.interval { (write(estimate.low)) " to " (write(estimate.high)) }
        }
        (note(estimate))
    }
}

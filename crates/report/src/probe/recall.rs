//! How much of a document came back.

use antiphon_core::summary::{Cell, Estimate, RecallScores};
use maud::{Markup, html};

use crate::chart;
use crate::number::{Form, count, counted, note, signed};
use crate::visible::inline;

pub(super) fn table(cells: &[&Cell]) -> Markup {
    let scored: Vec<_> = cells.iter().filter_map(|cell| Some((cell, cell.recall.as_ref()?))).collect();
    html! {
        @if !scored.is_empty() {
            div.scroll role="region" aria-label="Recall" tabindex="0" {
                table.agreement.grouped {
                    caption { "Recall: how much of the document came back" }
                    thead {
                        tr {
                            th scope="col" { "Of the reference" }
                            th.plot scope="col" { span.hidden { "Plot" } (chart::axis()) }
                            th scope="col" { "Recall, 95 % interval" }
                        }
                    }
                    @for (cell, recall) in scored { (scores(cell, recall)) }
                }
            }
        }
    }
}

fn scores(cell: &Cell, recall: &RecallScores) -> Markup {
    html! {
        tbody {
            tr {
                th scope="rowgroup" colspan="3" {
                    div.group-title {
                        (cell.target) " "
                        span.size {
                            (inline(&recall.document)) ", " (counted(recall.reference_words, "word", "words"))
                            " from word " (count(u64::from(recall.word)))
                        }
                    }
                }
            }
            tr.headline {
                th scope="row" { "share that came back, in order" }
                td.plot { (chart::interval(&recall.lcs_recall)) }
                td { (Form::Decimal.stacked(&recall.lcs_recall)) }
            }
            tr {
                th scope="row" { "words before the first departure" }
                td.plot {}
                td { (words(&recall.prefix_words)) }
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

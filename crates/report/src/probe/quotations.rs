//! What answers quote, and how far they quote the same.

use antiphon_core::summary::{Cell, Quotations};
use maud::{Markup, html};

use crate::number::{Form, count};
use crate::visible::{inline, snippet};

/// Characters shown of a quotation.
const SPAN: usize = 160;

pub(super) fn tables(cells: &[&Cell]) -> Markup {
    html! {
        @if cells.iter().any(|cell| !cell.quotations.is_empty()) {
            details {
                summary { "What answers quote" }
                @for cell in cells { @for quotations in &cell.quotations { (table(cell, quotations)) } }
                p.note {
                    "Spans between quotation marks, without case and punctuation. Agreement is the share of different quotations that two answers "
                    "have in common, among answers that quote. That all quote the same does not make it a true quotation."
                }
            }
        }
    }
}

fn table(cell: &Cell, quotations: &Quotations) -> Markup {
    html! {
        div.scroll role="region" aria-label={ "Quotations of " (cell.target) } tabindex="0" {
            table {
                caption { (cell.target) " " span.language { (inline(&quotations.language)) } }
                thead { tr { th scope="col" { "Quotation" } th scope="col" { "Answers with it" } th scope="col" { "Answers" } } }
                tbody {
                    @for quotation in &quotations.frequent {
                        tr {
                            th scope="row" { (snippet(&quotation.label, SPAN)) }
                            td.number { (Form::Percent.stacked(&quotation.share)) }
                            td.number { (count(quotation.count)) }
                        }
                    }
                }
            }
        }
        dl.settings {
            div { dt { "Answers that quote at all" } dd { (Form::Percent.stacked(&quotations.quoting)) } }
            div { dt { "Agreement of different users" } dd { (Form::Decimal.stacked(&quotations.agreement.between_users)) } }
        }
    }
}

//! What targets say of where the document comes from: who wrote it, and whether they name it unasked.

use antiphon_core::summary::{Cell, Summary};
use maud::{Markup, html};

use crate::number::Form;
use crate::visible::inline;

pub(super) fn section(summary: &Summary) -> Markup {
    let cells: Vec<&Cell> = summary.cells.iter().filter(|cell| cell.rates.mentioned.is_some()).collect();
    html! {
        @if !cells.is_empty() {
            h3 #provenance { "Where it comes from" }
            p {
                "How many answers name what the suite looks for: the author, or the document itself. Not part of the verdict: who knows a title need "
                "not know the text. What is named as often where the question is about a document that does not exist is a guess."
            }
            div.scroll role="region" aria-label="Where it comes from" tabindex="0" {
                table.numbers {
                    caption { "Answers that name it, with 95 % intervals" }
                    thead { tr { th scope="col" { "Question" } th scope="col" { "Target" } th scope="col" { "Named it" } } }
                    tbody {
                        @for cell in cells {
                            tr {
                                th scope="row" { (inline(&cell.question)) }
                                td { (cell.target) }
                                td { @if let Some(rate) = &cell.rates.mentioned { (Form::Percent.stacked(rate)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

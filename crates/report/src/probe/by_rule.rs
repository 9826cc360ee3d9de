//! Refusal and hedging by rule, with what the rule cannot tell.

use antiphon_core::summary::{Cell, Estimate};
use maud::{Markup, html};

use crate::number::{Form, UNDEFINED};

pub(super) fn table(cells: &[&Cell]) -> Markup {
    let shown = |rate: &Option<Estimate>| {
        html! {
            @match rate { Some(rate) => (Form::Percent.stacked(rate)), None => (UNDEFINED) }
        }
    };
    let mentions = cells.iter().any(|cell| cell.rates.mentioned.is_some());
    html! {
        @if cells.iter().any(|cell| cell.rates.refused_by_rule.is_some()) {
            div.scroll role="region" aria-label="Refusal and hedging by rule" tabindex="0" {
                table.numbers {
                    caption { "Refusal and hedging by rule" }
                    thead {
                        tr {
                            th scope="col" { "Target" } th scope="col" { "Refused" } th scope="col" { "The rule cannot tell" }
                            th scope="col" { "Hedged" } th scope="col" { "The rule cannot tell" }
                            @if mentions { th scope="col" { "Named it" } }
                        }
                    }
                    tbody {
                        @for cell in cells {
                            tr {
                                th scope="row" { (cell.target) }
                                td { (shown(&cell.rates.refused_by_rule)) }
                                td { (shown(&cell.rates.refusal_undecided)) }
                                td { (shown(&cell.rates.hedged)) }
                                td { (shown(&cell.rates.hedging_undecided)) }
                                @if mentions { td { (shown(&cell.rates.mentioned)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

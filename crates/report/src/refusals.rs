//! Refusing too much and too little, over all probes that say what a good answer does.

use antiphon_core::suite::Expect;
use antiphon_core::summary::Summary;
use maud::{Markup, html};

use crate::number::{Form, count};

pub(crate) fn section(summary: &Summary) -> Markup {
    html! {
        @if !summary.refusals.is_empty() {
            section #refusals aria-labelledby="refusals-title" {
                h2 #refusals-title { "Refusal" }
                p {
                    "Over all probes that say what a good answer does; a user's value is the mean over them. Where an answer is expected, a refusal is "
                    "one too many; where a refusal is expected, an answer is one too few. Told by rule, version "
                    (summary.rules_version.unwrap_or_default()) ", or by the provider's word. What the rule cannot tell is neither."
                }
                div.scroll role="region" aria-label="Refusal" tabindex="0" {
                    table.numbers {
                        thead {
                            tr {
                                th scope="col" { "Target" } th scope="col" { "A good answer" } th scope="col" { "Probes" }
                                th scope="col" { "Refused" } th scope="col" { "Answered" } th scope="col" { "The rule cannot tell" }
                            }
                        }
                        tbody {
                            @for found in &summary.refusals {
                                tr {
                                    th scope="row" { (found.target) }
                                    td { @match found.expect { Expect::Answer => "answers", Expect::Refuse => "refuses" } }
                                    td { (count(found.probes)) }
                                    td { (Form::Percent.stacked(&found.refused)) }
                                    td { (Form::Percent.stacked(&found.answered)) }
                                    td { (Form::Percent.stacked(&found.undecided)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

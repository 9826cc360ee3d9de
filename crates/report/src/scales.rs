//! Agreement across the `scale` probes of each target.

use antiphon_core::summary::Summary;
use maud::{Markup, html};

use crate::number::{Form, count};

pub(crate) fn section(summary: &Summary) -> Markup {
    html! {
        @if !summary.scales.is_empty() {
            section #scales aria-labelledby="scales-title" {
                h2 #scales-title { "Scales" }
                p {
                    "Krippendorff's alpha over the probes that share a scale: 1 is perfect agreement, 0 is what chance would give. Probes are "
                    "the units, samples the ratings, and the interval speaks of users who could have been drawn. Where a model gives nearly the same number to everything, alpha falls although answers agree."
                }
                div.scroll role="region" aria-label="Krippendorff's alpha" tabindex="0" {
                    table.numbers {
                        thead {
                            tr {
                                th scope="col" { "Target" } th scope="col" { "Scale" } th scope="col" { "Probes" }
                                th scope="col" { "Alpha, ordinal" } th scope="col" { "Alpha, interval" }
                            }
                        }
                        tbody {
                            @for scale in &summary.scales {
                                tr {
                                    th scope="row" { (scale.target) }
                                    td { (scale.from) " to " (scale.to) }
                                    td { (count(scale.probes)) }
                                    td { (Form::Decimal.stacked(&scale.alpha_ordinal)) }
                                    td { (Form::Decimal.stacked(&scale.alpha_interval)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

//! How the run went.

use antiphon_core::summary::Operations;
use jiff::Timestamp;
use maud::{Markup, html};

use crate::number::{Form, UNDEFINED, count, counted};
use crate::visible::inline;

pub(crate) fn section(operations: &Operations) -> Markup {
    html! {
        section #operations aria-labelledby="operations-title" {
            h2 #operations-title { "Operations" }
            p { "How the run went. These numbers differ between runs that answered the same." }
            dl.settings {
                (figure("Calls", count(operations.calls)))
                (figure("Samples with a record", count(operations.samples)))
                (figure("Rounds", count(operations.rounds)))
                (figure("Result objects", count(operations.objects)))
                (figure("Input tokens", count(operations.input_tokens)))
                (figure("Output tokens", count(operations.output_tokens)))
                (figure("Cost", operations.dollars.map_or_else(|| format!("{UNDEFINED} (no price is known)"), dollars)))
                @if operations.in_vain > 0 {
                    (in_vain(operations))
                }
                (figure("First call", time(operations.first_call_ms)))
                (figure("Last call", time(operations.last_call_ms)))
                (figure("Latency", latency(operations)))
            }
            (time_effect(operations))
            (unexplained(operations))
            (models(operations))
        }
    }
}

fn figure(name: &str, value: String) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

/// What was paid for and not kept.
fn in_vain(operations: &Operations) -> Markup {
    let samples = counted(operations.in_vain, "sample that was", "samples that were");
    match operations.dollars {
        Some(_) => {
            figure("Of it in vain", format!("{} for {samples} not kept", dollars(operations.in_vain_dollars)))
        }
        // Without a price the cost is not known, which is not $0.00.
        None => figure("In vain", format!("{samples} not kept")),
    }
}

fn dollars(dollars: f64) -> String {
    if dollars > 0.0 && dollars < 0.01 { "under $0.01".to_owned() } else { format!("${dollars:.2}") }
}

pub(crate) fn time(milliseconds: Option<u64>) -> String {
    milliseconds
        .and_then(|milliseconds| Timestamp::from_millisecond(i64::try_from(milliseconds).ok()?).ok())
        .map_or_else(|| UNDEFINED.to_owned(), |time| time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// The quantiles that there are, in words.
fn latency(operations: &Operations) -> String {
    let quantile = |key: &str, name: &str| {
        operations
            .latency_ms
            .get(key)
            .map(|milliseconds| format!("{name} {:.2} s", f64::from(*milliseconds) / 1000.0))
    };
    let known = [("0.5", "median"), ("0.9", "90 % within"), ("0.99", "99 % within")];
    let parts: Vec<String> = known.iter().filter_map(|(key, name)| quantile(key, name)).collect();
    if parts.is_empty() { UNDEFINED.to_owned() } else { parts.join(", ") }
}

/// An interval that holds 0 is what a run should show.
fn time_effect(operations: &Operations) -> Markup {
    html! {
        @if !operations.time_effect.is_empty() {
            div.scroll role="region" aria-label="Time effect" tabindex="0" {
                table {
                    caption { "Did answers change while the run went on?" }
                    thead { tr { th scope="col" { "Target" } th scope="col" { "Late minus early, 95 % interval" } } }
                    tbody {
                        @for (target, effect) in &operations.time_effect {
                            tr { th scope="row" { (target) } td { (Form::Decimal.stacked(effect)) } }
                        }
                    }
                }
            }
            p.note {
                "Likeness to each probe's typical answer, after the middle of its calls minus before. Jobs run in a shuffled order, so an "
                "interval without 0 means that the model, or what serves it, changed during the run."
            }
        }
    }
}

fn unexplained(operations: &Operations) -> Markup {
    let affected: Vec<_> = operations.unexplained_input.iter().filter(|(_, samples)| **samples > 0).collect();
    html! {
        @if !affected.is_empty() {
            div.banner role="note" aria-label="Unexplained input tokens" {
                p.title { "Something else was in the prompt." }
                p { "More input was billed than what was sent can explain. The provider, or something between, added text of its own:" }
                ul { @for (target, samples) in affected { li { (target) ": " (counted(*samples, "sample", "samples")) } } }
            }
        }
    }
}

fn models(operations: &Operations) -> Markup {
    html! {
        @if !operations.models.is_empty() {
            div.scroll role="region" aria-label="Models that said they answered" tabindex="0" {
                table {
                    caption { "Models that said they answered" }
                    thead { tr { th scope="col" { "Target" } th scope="col" { "Model" } th.number scope="col" { "Answers" } } }
                    tbody {
                        @for (target, models) in &operations.models {
                            @for (at, (model, answers)) in models.iter().enumerate() {
                                tr {
                                    @if at == 0 { th scope="rowgroup" rowspan=(models.len()) { (target) } }
                                    td { code { (inline(model)) } }
                                    td.number { (count(*answers)) }
                                }
                            }
                        }
                    }
                }
            }
            p.note { "More than one model under a target means that the provider changed it, or spread the calls over several." }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_a_dash() {
        assert_eq!(time(None), "–");
        assert_eq!(time(Some(u64::MAX)), "–");
        assert_eq!(latency(&Operations::default()), "–");
    }

    #[test]
    fn what_was_in_vain_has_a_cost_only_where_there_is_a_price() {
        let mut operations = Operations { in_vain: 2, ..Operations::default() };
        assert!(!in_vain(&operations).into_string().contains('$'));
        (operations.dollars, operations.in_vain_dollars) = (Some(0.5), 0.25);
        assert!(in_vain(&operations).into_string().contains("$0.25 for 2 samples"));
    }

    #[test]
    fn times_are_utc() {
        assert_eq!(time(Some(0)), "1970-01-01 00:00:00 UTC");
    }

    #[test]
    fn a_tiny_cost_is_not_free() {
        assert_eq!(dollars(0.001), "under $0.01");
        assert_eq!(dollars(0.0), "$0.00");
    }
}

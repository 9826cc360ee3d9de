//! Whether chains come to one text, on what users without a vote say, beside chains for an invented title.

use antiphon_core::summary::{Converged, FreshChains, Summary};
use maud::{Markup, html};

use super::LISTED;
use crate::number::{Form, count};
use crate::visible::{inline, plain};

pub(super) fn section(summary: &Summary) -> Markup {
    let (all, rules) = (&summary.converged, &summary.scoring.convergence);
    html! {
        @if let Some(rules) = rules {
            @if !all.is_empty() {
                h3 { "Do chains come to one text?" }
                p {
                    "The last users of the list had no vote in any text. What they say in one chain is held against the texts of the others: the share of an "
                    "answer's runs of " (rules.run_words) " words that stand there, what it was given left out. Chains for a title that does not exist show how "
                    "consistently one is made up. Decided beforehand: the chains come to one text if their share lies more than "
                    (Form::Percent.write(rules.margin)) " above that of the invented title with its whole 95 % interval, and to none if it lies below "
                    (Form::Percent.write(rules.alike)) ". That speaks of these chains; users are what is drawn."
                }
                ul { @for one in all.iter().take(LISTED) { li { b { (name(one)) } ": " (inline(&one.sentence())) "." } } }
                div.scroll role="region" aria-label="What fresh users say, beside the texts of other chains" tabindex="0" {
                    table {
                        caption { "What fresh users say, beside the texts of other chains (95 %)" }
                        thead {
                            tr {
                                th scope="col" { "Target" } th scope="col" { "Group" } th scope="col" { "Chains" } th scope="col" { "Answers" }
                                th scope="col" { "In the others" } th scope="col" { "Invented title" } th scope="col" { "Answers" }
                                th scope="col" { "In the others" } th scope="col" { "Difference" }
                            }
                        }
                        tbody { @for one in all.iter().take(LISTED) { (row(one)) } }
                    }
                }
            }
        }
    }
}

fn row(one: &Converged) -> Markup {
    let side = |of: &FreshChains| {
        html! {
            td.number { (of.probes.len()) }
            td.number { (count(of.samples)) @if of.silent > 0 { ", " (count(of.silent)) " without a text" } }
            td.number { (Form::Percent.stacked(&of.share)) }
        }
    };
    html! {
        tr {
            th scope="row" { (one.target) }
            td { @if let Some(group) = &one.group { (inline(group)) } @else { "–" } }
            (side(&one.chains)) (side(&one.invented))
            td.number { (Form::Percent.stacked(&one.difference)) }
        }
    }
}

fn name(one: &Converged) -> Markup {
    html! { (one.target) @if let Some(group) = &one.group { ", " (inline(group)) } }
}

/// Lines for the terminal.
pub(super) fn lines(summary: &Summary) -> impl Iterator<Item = String> {
    summary.converged.iter().map(|one| {
        let group = one.group.as_ref().map_or_else(String::new, |group| format!(", {group}"));
        format!("convergence: {}: {}", plain(&format!("{}{group}", one.target)), plain(&one.sentence()))
    })
}

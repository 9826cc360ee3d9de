//! Whether the targets know the document: a verdict each with its evidence, and the document as a map of what came back.

mod comes_back;
mod coverage;
mod evidence;
mod limits;
mod map;
mod provenance;

use antiphon_core::RecallRules;
use antiphon_core::summary::{DocumentVerdict, Knows, Manner, Summary};
use maud::{Markup, html};

use crate::chart;
use crate::number::{Form, counted};
use crate::probe::Probes;
use crate::visible::{inline, plain};

pub(crate) fn section(summary: &Summary, probes: &Probes<'_>) -> Markup {
    let rules = summary.scoring.recall.as_ref();
    html! {
        @if !summary.verdicts.is_empty() {
            section #document aria-labelledby="document-title" {
                h2 #document-title { (title(summary)) }
                p {
                    @match rules {
                        Some(rules) => {
                            b { (inline(&rules.document)) } " has " (counted(rules.words, "word", "words")) ". At some places in it, the cuts, "
                        }
                        None => { "At some places in the document, the cuts, " }
                    }
                    "each target was given what stands before and asked for what follows, the reference. The tests below, their thresholds and the "
                    "controls were fixed before the first call; the first that decides gives the verdict."
                }
                (glance(summary))
                @for (at, verdict) in summary.verdicts.iter().enumerate() { (one(summary, probes, at, verdict)) }
                (provenance::section(summary))
                (limits::list(summary))
                (map::section(summary))
            }
        }
    }
}

/// What the section is called: of one target or of several.
pub(crate) fn title(summary: &Summary) -> &'static str {
    if summary.verdicts.len() == 1 {
        "Does the target know the document?"
    } else {
        "Do the targets know the document?"
    }
}

/// All targets in a table, where there are several.
fn glance(summary: &Summary) -> Markup {
    html! {
        @if summary.verdicts.len() > 1 {
            div.scroll role="region" aria-label="All verdicts" tabindex="0" {
                table.agreement.glance {
                    caption { "What came back of the document, target by target" }
                    thead {
                        tr {
                            th scope="col" { "Target and verdict" }
                            th.plot scope="col" { span.hidden { "Plot" } (chart::axis()) }
                            th scope="col" { "Came back, 95 % interval" } th scope="col" { "By chance" }
                        }
                    }
                    tbody {
                        @for (at, verdict) in summary.verdicts.iter().enumerate() {
                            tr {
                                th scope="row" { a href={ "#" (anchor(at)) } { (verdict.target) } br; span.verdict { (words(verdict)) } }
                                td.plot { (chart::interval(&verdict.recall)) }
                                td { (Form::Percent.stacked(&verdict.recall)) }
                                td { (Form::Percent.or_dash(verdict.by_chance)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn one(summary: &Summary, probes: &Probes<'_>, at: usize, verdict: &DocumentVerdict) -> Markup {
    html! {
        article.document #(anchor(at)) aria-labelledby={ (anchor(at)) "-title" } {
            h3 id={ (anchor(at)) "-title" } { (verdict.target) }
            p.found { (words(verdict)) }
            p.because { "Because " (inline(&verdict.because)) "." }
            (how(verdict))
            (dates(summary.scoring.recall.as_ref(), verdict))
            (evidence::compared(summary, verdict))
            (comes_back::section(verdict, summary.scoring.recall.as_ref().map(|rules| rules.words)))
            (evidence::uniqueness(verdict))
            (evidence::framings(probes, verdict))
            (evidence::tests(summary, verdict))
        }
    }
}

/// How it came back, what would decide, and how often it was looked at.
fn how(verdict: &DocumentVerdict) -> Markup {
    let share = |of: Option<f64>| Form::Percent.or_dash(of);
    html! {
        p {
            "Of what follows, " b { (share(verdict.recall.value)) } " came back in order, at " (counted(verdict.cuts, "cut", "cuts")) " to "
            (counted(verdict.users, "user", "users")) ": " (share(verdict.verbatim.value)) " of it all word for word and "
            (share(verdict.in_other_words.value)) " in other words."
            @if verdict.knows == Knows::Undecided {
                @match verdict.more_cuts {
                    Some(more) => { " " b { "About " (counted(more, "more cut", "more cuts")) " would decide" } ", if what comes back stays as it is." }
                    None => { " No number of cuts up to twenty times as many would decide it if what comes back stays as it is, or it is not for want of cuts." }
                }
            }
        }
        @if verdict.looks > 1 {
            p.note {
                "The run was topped up and this is look " (verdict.looks) " at it. Each look makes the tests stricter, so that all looks together raise a "
                "false alarm no more often than one may."
            }
        }
    }
}

fn dates(rules: Option<&RecallRules>, verdict: &DocumentVerdict) -> Markup {
    let first_public = rules.and_then(|rules| rules.first_public.as_deref());
    let cutoff = rules.and_then(|rules| rules.cutoffs.get(&verdict.target)).map(String::as_str);
    let or_unknown =
        |date: Option<&str>| html! { @match date { Some(date) => (inline(date)), None => "not stated" } };
    html! {
        @if first_public.is_some() || cutoff.is_some() {
            dl.settings {
                div { dt { "The document was first public" } dd { (or_unknown(first_public)) } }
                div { dt { "The target learned from texts until" } dd { (or_unknown(cutoff)) } }
            }
        }
    }
}

/// The verdict in words.
fn words(verdict: &DocumentVerdict) -> &'static str {
    match (verdict.knows, verdict.manner) {
        (Knows::Recalled, Some(Manner::Verbatim)) => "Recalled, mostly word for word",
        (Knows::Recalled, Some(Manner::InOtherWords)) => "Recalled, in wording that varies",
        (Knows::Recalled, None) => "Recalled",
        (Knows::AnotherEdition, _) => "Knows another edition",
        (Knows::Withheld, _) => "Withheld",
        (Knows::ConvergentConfabulation, _) => "Convergent confabulation",
        (Knows::NotRecalled, _) => "Not recalled",
        (Knows::Undecided, _) => "Undecided",
    }
}

fn anchor(at: usize) -> String {
    format!("document-{}", at + 1)
}

/// Lines for the terminal, one a target.
pub(crate) fn lines(summary: &Summary) -> Vec<String> {
    let line = |verdict: &DocumentVerdict| {
        let by_chance = verdict
            .by_chance
            .map_or(String::new(), |chance| format!(", by chance {}", Form::Percent.write(chance)));
        let interval = Form::Percent
            .interval(&verdict.recall)
            .map_or(String::new(), |interval| format!(" ({interval})"));
        let more = verdict.more_cuts.map_or(String::new(), |more| {
            format!("; about {} would decide", counted(more, "more cut", "more cuts"))
        });
        plain(&format!(
            "{}: {}; {}{interval} came back{by_chance}{more}",
            verdict.target,
            words(verdict).to_lowercase(),
            Form::Percent.or_dash(verdict.recall.value),
        ))
    };
    summary.verdicts.iter().map(line).collect()
}

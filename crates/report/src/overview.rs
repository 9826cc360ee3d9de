//! Where answers disagree: all probes, those with the least agreement across users first.

use antiphon_core::summary::{Cell, Estimate, Summary};
use antiphon_core::{ProbeId, TargetId};
use maud::{Markup, html};

use crate::asked::nothing_varied;
use crate::chart::{self, Place};
use crate::completeness::flag;
use crate::number::{Form, counted, note};
use crate::probe::{ProbeView, Probes};
use crate::reading::level_symbol;
use crate::visible::snippet;

/// A picture of so few probes would say no more than the table.
const PROBES_FOR_A_PICTURE: usize = 12;
/// Characters of a question in the table.
const QUESTION: usize = 110;

pub(crate) fn section(summary: &Summary, probes: &Probes<'_>) -> Markup {
    html! {
        section #overview aria-labelledby="overview-title" {
            h2 #overview-title { "Where answers disagree" }
            p {
                "Agreement across users, " (level_symbol("B")) ", of every probe. The probes on which users get the most different answers come first; "
                "where a probe has several turns, targets or languages, the one that agrees least decides."
            }
            (nothing_varied(&summary.users))
            @if probes.views.len() >= PROBES_FOR_A_PICTURE {
                @for target in &summary.targets { (picture(&target.id, probes)) }
            }
            @if probes.views.iter().any(is_compared) { (table(probes)) }
            @if !probes.views.iter().all(is_compared) {
                p.note { "Chains ask something else at every step, so they are not compared here: see " a href="#extraction" { "Extraction" } "." }
            }
            (probes.rest())
            (index(probes))
        }
    }
}

/// Whether answers are held against each other.
fn is_compared(view: &ProbeView<'_>) -> bool {
    view.cells.iter().any(|cell| cell.kind != "extract")
}

fn picture(target: &TargetId, probes: &Probes<'_>) -> Markup {
    let mut places = Vec::new();
    for (view, place) in probes.views.iter().zip(1_u32..) {
        let cells = view.cells.iter().filter(|cell| cell.target == *target);
        let least = cells
            .filter_map(|cell| cell.headline().map(|headline| headline.estimate))
            .filter(|estimate| estimate.value.is_some())
            .min_by(|a, b| a.value.unwrap_or(f64::INFINITY).total_cmp(&b.value.unwrap_or(f64::INFINITY)));
        places.extend(least.map(|estimate| Place { place, estimate }));
    }
    let last = u32::try_from(probes.views.len()).unwrap_or(u32::MAX);
    let alternative = format!(
        "Agreement across users of {} for target {target}, with 95 % intervals, in the order of the table below, which holds the numbers",
        counted(places.len() as u64, "probe", "probes"),
    );
    html! {
        figure {
            figcaption { b { (target) } ": agreement across users, probe by probe, with 95 % intervals" }
            (chart::overview(&places, last, &alternative))
        }
    }
}

fn table(probes: &Probes<'_>) -> Markup {
    html! {
        div.scroll role="region" aria-label="All probes" tabindex="0" {
            table.probes.grouped {
                thead {
                    tr {
                        th scope="col" { "Probe and target" }
                        th.plot scope="col" { span.hidden { "Agreement across users, plotted" } (chart::axis()) }
                        th scope="col" { "Across users " (level_symbol("B")) }
                        th scope="col" { "Non-answers" }
                        th scope="col" { "What was compared" }
                    }
                }
                @for view in probes.shown().iter().filter(|view| is_compared(view)) { (rows(view)) }
            }
        }
    }
}

fn rows(view: &ProbeView<'_>) -> Markup {
    let Some(first) = view.cells.first() else { return html! {} };
    html! {
        tbody {
            tr {
                th scope="rowgroup" colspan="5" {
                    div.group-title {
                        a href={ "#" (anchor(view.id)) } { (view.id) } " " span.kind { (first.kind) } " "
                        span.question { (snippet(&first.question, QUESTION)) }
                    }
                }
            }
            @for cell in &view.cells { (row(cell)) }
        }
    }
}

fn row(cell: &Cell) -> Markup {
    let missing = Estimate { note: Some(why_no_agreement(cell)), ..Estimate::default() };
    let headline = cell.headline().map_or(&missing, |headline| headline.estimate);
    html! {
        tr {
            th scope="row" {
                (cell.target)
                @if cell.turns > 1 { " " span.turn { "turn " (cell.turn + 1) } }
                @if !cell.certificate.is_complete() { " " (flag()) }
            }
            td.plot { (chart::interval(headline)) }
            td { (Form::Decimal.stacked(headline)) }
            td { (Form::Percent.or_dash(cell.rates.non_answer.value)) (note(&cell.rates.non_answer)) }
            td.compared { (compared(cell)) }
        }
    }
}

fn why_no_agreement(cell: &Cell) -> String {
    let notes = cell.wording.iter().find_map(|wording| wording.answered.between_users.note.clone());
    notes.unwrap_or_else(|| "no two users with an answer to compare".to_owned())
}

/// What was compared: labels, with how many there effectively are, or wording; and in which language.
fn compared(cell: &Cell) -> Markup {
    let language = cell.headline().and_then(|headline| headline.language);
    let languages = cell.labels.len().max(cell.wording.len());
    let labels = cell.labels.iter().find(|labels| labels.language.as_deref() == language);
    html! {
        @match labels.map(|labels| labels.effective_answers) {
            Some(Some(effective)) => { (format!("{effective:.1}")) " effective answers" }
            Some(None) => { "labels" }
            None => { "wording" }
        }
        @if let Some(language) = language {
            ", " (crate::visible::inline(language))
            @if languages > 1 { " (least of " (languages) " languages)" }
        }
    }
}

/// The same probes by name, for those who look for one.
fn index(probes: &Probes<'_>) -> Markup {
    let mut ids: Vec<&ProbeId> = probes.shown().iter().map(|view| view.id).collect();
    ids.sort_unstable();
    html! {
        details {
            summary { "All probes by name" }
            ul.index { @for id in ids { li { a href={ "#" (anchor(id)) } { (id) } } } }
        }
    }
}

/// Where a probe's section is on the page. Ids of probes hold no characters that mean something in a URL.
pub(crate) fn anchor(probe: &ProbeId) -> String {
    format!("probe-{probe}")
}

//! Probes that ask the same at many cuts of a document: one section with a table, and one of them in full.

use antiphon_core::TargetId;
use antiphon_core::summary::{Cell, Summary};
use maud::{Markup, html};

use super::ProbeView;
use crate::completeness::flag;
use crate::number::{Form, UNDEFINED, count, counted, signed};
use crate::overview::anchor;

/// So many probes of a kind share a section.
const MANY: usize = 6;

/// Probes in the order of the report, those that only differ in the cut together at the place of the first.
pub(super) fn together<'a, 'b>(views: &'b [ProbeView<'a>]) -> Vec<(Option<&'b str>, Vec<&'b ProbeView<'a>>)> {
    let stem = |view: &'b ProbeView<'a>| {
        let is_recall = view.cells.iter().all(|cell| cell.recall.is_some() && cell.turns == 1);
        view.id.as_str().rsplit_once("@w").filter(|_| is_recall).map(|(stem, _)| stem)
    };
    let mut places = std::collections::HashMap::new();
    let mut found: Vec<(Option<&str>, Vec<&ProbeView<'_>>)> = Vec::new();
    for view in views {
        let Some(stem) = stem(view) else {
            found.push((None, vec![view]));
            continue;
        };
        let place = *places.entry(stem).or_insert_with(|| {
            found.push((Some(stem), Vec::new()));
            found.len() - 1
        });
        found[place].1.push(view);
    }
    let few = |(stem, views): (Option<&'b str>, Vec<&'b ProbeView<'a>>)| match stem {
        Some(_) if views.len() < MANY => views.into_iter().map(|view| (None, vec![view])).collect(),
        _ => vec![(stem, views)],
    };
    found.into_iter().flat_map(few).collect()
}

/// The table of all cuts. The first of them stands in full below it.
pub(super) fn section(summary: &Summary, stem: &str, views: &[&ProbeView<'_>]) -> Markup {
    let mut in_order = views.to_vec();
    in_order.sort_by_key(|view| view.cells.iter().filter_map(|cell| Some(cell.recall.as_ref()?.word)).min());
    let targets: Vec<&TargetId> = summary
        .targets
        .iter()
        .map(|target| &target.id)
        .filter(|target| views.iter().any(|view| view.cells.iter().any(|cell| cell.target == **target)))
        .collect();
    let Some(full) = views.first() else { return html! {} };
    html! {
        article.probe #{ "cuts-" (stem) } aria-labelledby={ "cuts-" (stem) "-title" } {
            h3 id={ "cuts-" (stem) "-title" } { (stem) " " span.kind { (counted(views.len() as u64, "cut", "cuts")) } }
            p {
                "These probes ask the same and differ only in where the document is cut. Of each: the share of what follows that came back in "
                "order, the longest run of words that an answer has of it, on average, and the agreement between users."
            }
            div.scroll role="region" aria-label={ "Cuts of " (stem) } tabindex="0" {
                table.numbers.cuts {
                    thead {
                        tr {
                            th scope="col" rowspan="2" { "Cut before word" }
                            @for target in &targets { th scope="colgroup" colspan="3" { (target) } }
                        }
                        tr {
                            @for _ in &targets {
                                th scope="col" { "came back" } th scope="col" { "longest run" } th scope="col" { "agreement" }
                            }
                        }
                    }
                    tbody { @for view in &in_order { (row(view, &targets, view.id == full.id)) } }
                }
            }
            p.note {
                "Below, the cut on which users agree least is shown in full. All numbers of the others, with their intervals, stand in "
                code { "summary/summary.json" } ", all answers in " code { "summary/samples.parquet" } "; conversations are shown by "
                code { "antiphon show " (summary.run) " --probe " (stem) "@w… --limit 1000" } "."
            }
        }
    }
}

fn row(view: &ProbeView<'_>, targets: &[&TargetId], in_full: bool) -> Markup {
    let word = view.cells.iter().find_map(|cell| Some(cell.recall.as_ref()?.word)).unwrap_or_default();
    let word = count(u64::from(word));
    html! {
        tr {
            @if in_full {
                th scope="row" { a href={ "#" (anchor(view.id)) } { (word) } }
            } @else {
                th scope="row" id=(anchor(view.id)) { (word) }
            }
            @for target in targets {
                @match view.cells.iter().find(|cell| cell.target == **target) {
                    Some(cell) => (numbers(cell)),
                    None => { @for _ in 0..3 { td { (UNDEFINED) } } }
                }
            }
        }
    }
}

fn numbers(cell: &Cell) -> Markup {
    let recall = cell.recall.as_ref();
    let longest = recall.and_then(|recall| recall.comes_back.as_ref()?.longest_run.value);
    html! {
        td {
            span.value { (Form::Percent.or_dash(recall.and_then(|recall| recall.lcs_recall.value))) }
            @if !cell.certificate.is_complete() { " " (flag()) }
        }
        td { (longest.map_or_else(|| UNDEFINED.to_owned(), |words| signed(words, 1))) }
        td { (Form::Decimal.or_dash(cell.headline().and_then(|headline| headline.estimate.value))) }
    }
}

//! The section of one probe: the question, what agreed, what was said.

mod agreement;
mod answers;
mod apart;
mod by_rule;
mod clusters;
mod consensus;
mod cuts;
mod distribution;
mod levels;
mod parts;
mod quotations;
mod recall;
mod transcripts;

use std::collections::{BTreeMap, HashMap};

use antiphon_core::ProbeId;
use antiphon_core::summary::{Cell, Summary, Transcript};
use maud::{Markup, html};

use crate::asked_until;
use crate::completeness::{flag, missing};
use crate::number::{Form, counted};
use crate::overview::anchor;
use crate::rules;
use crate::visible::{block, inline};

/// Longest question shown in full, in characters.
const QUESTION: usize = 4_000;

/// With more cells than this, parts of the disagreement are a sentence, and levels and the rules of single intervals stand in the
/// summary only.
const DETAILED: usize = 200;

/// Probes that have rows and sections of their own. A page of many more would not open.
const SHOWN: usize = 1_000;

/// All probes in the order of the report: those that agree least across users first, undefined ones last.
pub(crate) struct Probes<'a> {
    pub(crate) views: Vec<ProbeView<'a>>,
}

/// One probe and all that belongs to it.
pub(crate) struct ProbeView<'a> {
    pub(crate) id: &'a ProbeId,
    /// Its cells, turn by turn, in the order of the targets; at least one.
    pub(crate) cells: Vec<&'a Cell>,
    transcripts: Vec<&'a Transcript>,
}

impl<'a> Probes<'a> {
    pub(crate) fn of(summary: &'a Summary, transcripts: &'a [Transcript]) -> Self {
        let mut views: Vec<ProbeView<'a>> = Vec::new();
        let mut places: HashMap<&ProbeId, usize> = HashMap::new();
        for cell in &summary.cells {
            let place = *places.entry(&cell.probe).or_insert_with(|| {
                views.push(ProbeView { id: &cell.probe, cells: Vec::new(), transcripts: Vec::new() });
                views.len() - 1
            });
            views[place].cells.push(cell);
        }
        for transcript in transcripts {
            if let Some(place) = places.get(&transcript.probe) {
                views[*place].transcripts.push(transcript);
            }
        }
        for view in &mut views {
            view.cells.sort_by_key(|cell| cell.turn);
        }
        views.sort_by(|a, b| a.least_agreement().total_cmp(&b.least_agreement()));
        Self { views }
    }

    /// The probes that the page shows one by one.
    pub(crate) fn shown(&self) -> &[ProbeView<'a>] {
        &self.views[..self.views.len().min(SHOWN)]
    }

    /// Says where the probes are that the page does not show.
    pub(crate) fn rest(&self) -> Markup {
        let rest = self.views.len().saturating_sub(SHOWN);
        html! {
            @if rest > 0 {
                p.note {
                    (counted(rest as u64, "more probe", "more probes")) " on which users agree better "
                    @if rest == 1 { "stands" } @else { "stand" } " in " code { "summary/probes.parquet" } "."
                }
            }
        }
    }
}

impl ProbeView<'_> {
    fn least_agreement(&self) -> f64 {
        let values = self.cells.iter().filter_map(|cell| cell.headline()?.estimate.value);
        values.min_by(f64::total_cmp).unwrap_or(f64::INFINITY)
    }
}

pub(crate) fn sections(summary: &Summary, probes: &Probes<'_>) -> Markup {
    html! {
        section #probes aria-labelledby="probes-title" {
            h2 #probes-title { "Probe by probe" }
            p { "In the order of the table above." }
            @let brief = summary.cells.len() > DETAILED;
            @for (stem, views) in cuts::together(probes.shown()) {
                @if let Some(stem) = stem { (cuts::section(summary, stem, &views)) }
                @if let Some(view) = views.first() { (section(summary, view, brief)) }
            }
            (probes.rest())
        }
    }
}

fn section(summary: &Summary, view: &ProbeView<'_>, brief: bool) -> Markup {
    let mut turns: BTreeMap<u32, Vec<&Cell>> = BTreeMap::new();
    for cell in &view.cells {
        turns.entry(cell.turn).or_default().push(cell);
    }
    let group = view.cells.first().and_then(|cell| cell.group.as_deref());
    html! {
        article.probe #(anchor(view.id)) aria-labelledby={ (anchor(view.id)) "-title" } {
            h3 id={ (anchor(view.id)) "-title" } {
                (view.id)
                @if let Some(cell) = view.cells.first() { " " span.kind { (cell.kind) } }
            }
            @if let Some(group) = group { p.group { "Group: " (inline(group)) } }
            @for cells in turns.values() { (turn(cells, brief)) }
            (transcripts::details(&view.transcripts))
            p.more {
                "All conversations: " code { "antiphon show " (summary.run) " --probe " (view.id) " --limit 1000" }
                " · " a href="#overview" { "back to all probes" }
            }
        }
    }
}

/// One turn: the question once, then every target's answers to it.
fn turn(cells: &[&Cell], brief: bool) -> Markup {
    let Some(first) = cells.first() else { return html! {} };
    html! {
        @if first.turns > 1 { h4 { "Turn " (first.turn + 1) " of " (first.turns) } }
        blockquote.asked { (block(&first.question, QUESTION)) }
        @for cell in cells {
            @if !cell.certificate.is_complete() {
                p.incomplete { (flag()) " " b { (cell.target) } ": of " (counted(cell.certificate.planned, "planned sample", "planned samples")) ", " (missing(&cell.certificate)) "." }
            }
        }
        @if first.kind == "extract" {
            p { "Its steps ask different things, so answers are not compared across them: see " a href="#extraction" { "Extraction" } "." }
        } @else { (compared(cells, brief)) }
    }
}

/// How the answers of every target compare.
fn compared(cells: &[&Cell], brief: bool) -> Markup {
    html! {
        @let measured = agreement::measured(cells);
        (agreement::table(&measured, brief))
        @if brief { (parts::sentences(&measured)) } @else { (rules::used(cells)) }
        @if cells.first().is_some_and(|cell| cell.turn == 0) { (asked_until::lines(cells)) }
        @if !brief {
            (parts::section(&measured))
            (levels::details(&measured))
        }
        (distribution::figures(cells))
        (recall::table(cells))
        (rates(cells))
        (by_rule::table(cells))
        (clusters::figures(cells))
        (consensus::texts(cells))
        (answers::quotes(cells))
        (apart::table(cells))
        (quotations::tables(cells))
    }
}

fn rates(cells: &[&Cell]) -> Markup {
    html! {
        div.scroll role="region" aria-label="Answers that are none" tabindex="0" {
            table.numbers {
                caption { "Answers that are none, and answers cut short" }
                thead {
                    tr {
                        th scope="col" { "Target" } th scope="col" { "Refused, filtered or empty" }
                        th scope="col" { "Refused, by the provider's word" } th scope="col" { "Cut off at the token limit" }
                    }
                }
                tbody {
                    @for cell in cells {
                        tr {
                            th scope="row" { (cell.target) }
                            td { (Form::Percent.stacked(&cell.rates.non_answer)) }
                            td { (Form::Percent.stacked(&cell.rates.refused)) }
                            td { (Form::Percent.stacked(&cell.rates.truncated)) }
                        }
                    }
                }
            }
        }
    }
}

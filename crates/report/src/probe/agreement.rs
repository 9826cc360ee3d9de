//! Agreement at three levels, and of users in general, as a plot whose labels are a table.

use antiphon_core::summary::{Agreement, Cell, Crossed, Estimate};
use maud::{Markup, html};

use crate::chart;
use crate::number::{Form, counted};
use crate::reading::level_symbol;
use crate::visible::inline;

/// One agreement of a cell: of its labels, or of its wording in one language.
pub(super) struct Measured<'a> {
    pub(super) cell: &'a Cell,
    pub(super) language: Option<&'a str>,
    pub(super) agreement: &'a Agreement,
    /// What the factors of users have to do with it; absent where nothing varied.
    pub(super) crossed: Option<&'a Crossed>,
    /// Agreement across users where non-answers count as differing from answers (rule R4); labels count them anyway.
    with_non_answers: Option<&'a Estimate>,
}

pub(super) fn measured<'a>(cells: &[&'a Cell]) -> Vec<Measured<'a>> {
    let of_labels = |cell: &'a Cell| {
        cell.labels.iter().map(move |labels| Measured {
            cell,
            language: labels.language.as_deref(),
            agreement: &labels.agreement,
            crossed: labels.crossed.as_ref(),
            with_non_answers: None,
        })
    };
    let of_wording = |cell: &'a Cell| {
        cell.wording.iter().map(move |wording| Measured {
            cell,
            language: Some(&wording.language),
            agreement: &wording.answered,
            crossed: wording.crossed.as_ref(),
            with_non_answers: Some(&wording.all.between_users),
        })
    };
    cells.iter().flat_map(|cell| of_labels(cell).chain(of_wording(cell))).collect()
}

/// The three levels of every target, and of every language where wording is compared: languages are never averaged.
pub(super) fn table(measured: &[Measured<'_>], brief: bool) -> Markup {
    html! {
        @if measured.is_empty() { p.note { "There is no agreement to show: no two answers could be compared." } }
        @else {
            div.scroll role="region" aria-label="Agreement" tabindex="0" {
                table.agreement.grouped {
                    caption {
                        "Agreement"
                        @if measured.iter().any(|measured| measured.language.is_some()) { ", language by language" }
                    }
                    thead {
                        tr {
                            th scope="col" { "Two answers of" }
                            th.plot scope="col" { span.hidden { "Plot" } (chart::axis()) }
                            th scope="col" { "Agreement, 95 % interval" }
                        }
                    }
                    @for measured in measured { (levels(measured, brief)) }
                }
            }
        }
    }
}

fn levels(measured: &Measured<'_>, brief: bool) -> Markup {
    let agreement = measured.agreement;
    html! {
        tbody {
            tr {
                th scope="rowgroup" colspan="3" {
                    div.group-title {
                        (measured.cell.target)
                        @if let Some(language) = measured.language { " " span.language { (inline(language)) } }
                        " " span.size { (size(agreement)) }
                    }
                }
            }
            tr { (level("W", "the same session", &agreement.within_session)) }
            tr { (level("S", "the same user", &agreement.between_sessions)) }
            tr.headline { (level("B", "different users", &agreement.between_users)) }
            @if let Some(all) = measured.with_non_answers {
                tr.aside { (level("B", "different users, with non-answers", all)) }
            }
            @if let Some(general) = measured.crossed.and_then(|crossed| crossed.in_general.as_ref()) {
                tr.general {
                    th scope="row" { "users in general, who share no level" }
                    td.plot { @if !brief { (chart::interval(&general.between_users)) } }
                    td { (Form::Decimal.stacked(&general.between_users)) }
                }
            }
        }
    }
}

fn level(symbol: &str, name: &str, estimate: &Estimate) -> Markup {
    html! {
        th scope="row" { (name) " " span.symbol { (level_symbol(symbol)) } }
        td.plot { (chart::interval(estimate)) }
        td { (Form::Decimal.stacked(estimate)) }
    }
}

fn size(agreement: &Agreement) -> String {
    let mut size = format!(
        "{}, {}, {}",
        counted(agreement.users, "user", "users"),
        counted(agreement.sessions, "session", "sessions"),
        counted(agreement.samples, "answer", "answers"),
    );
    if let Some(pairs) = agreement.sampled_pairs {
        size.push_str(&format!("; {} drawn", counted(pairs, "pair", "pairs")));
    }
    size
}

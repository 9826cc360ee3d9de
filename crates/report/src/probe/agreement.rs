//! Agreement at three levels, as a plot whose labels are a table, and the parts of disagreement.

use antiphon_core::summary::{Agreement, Cell, Estimate};
use maud::{Markup, html};

use crate::chart;
use crate::number::{Form, count, counted, signed};
use crate::reading::level_symbol;
use crate::visible::inline;

/// One agreement of a cell: of its labels, or of its wording in one language.
struct Measured<'a> {
    cell: &'a Cell,
    language: Option<&'a str>,
    agreement: &'a Agreement,
    /// Agreement across users where non-answers count as differing from answers (rule R4); labels count them anyway.
    with_non_answers: Option<&'a Estimate>,
}

fn measured<'a>(cells: &[&'a Cell]) -> Vec<Measured<'a>> {
    let of_labels = |cell: &'a Cell| {
        cell.labels.iter().map(move |labels| Measured {
            cell,
            language: labels.language.as_deref(),
            agreement: &labels.agreement,
            with_non_answers: None,
        })
    };
    let of_wording = |cell: &'a Cell| {
        cell.wording.iter().map(move |wording| Measured {
            cell,
            language: Some(&wording.language),
            agreement: &wording.answered,
            with_non_answers: Some(&wording.all.between_users),
        })
    };
    cells.iter().flat_map(|cell| of_labels(cell).chain(of_wording(cell))).collect()
}

/// The three levels of every target, and of every language where wording is compared: languages are never averaged.
pub(super) fn table(cells: &[&Cell]) -> Markup {
    let measured = measured(cells);
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
                    @for measured in &measured { (levels(measured)) }
                }
            }
        }
    }
}

fn levels(measured: &Measured<'_>) -> Markup {
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
        size.push_str(&format!("; {} pairs drawn", count(pairs)));
    }
    size
}

/// Where the disagreement comes from. Folded away: it refines the plot above.
pub(super) fn parts(cells: &[&Cell]) -> Markup {
    let measured = measured(cells);
    html! {
        @if !measured.is_empty() {
            details {
                summary { "Where the disagreement comes from" }
                div.scroll role="region" aria-label="Parts of disagreement" tabindex="0" {
                    table.numbers {
                        thead {
                            tr {
                                th scope="col" { "Target" }
                                th scope="col" { "Sampling 1 − " (level_symbol("W")) }
                                th scope="col" { "Sessions " (level_symbol("W")) " − " (level_symbol("S")) }
                                th scope="col" { "Users " (level_symbol("S")) " − " (level_symbol("B")) }
                                th scope="col" { "ρ user" }
                                th scope="col" { "ρ session" }
                            }
                        }
                        tbody { @for measured in &measured { (parts_row(measured)) } }
                    }
                }
                p.note {
                    "The three parts add up to 1 − " (level_symbol("B")) ". A part slightly below zero is chance, and is shown as it is. "
                    "ρ is the share of it that users, or users and sessions together, explain: 0 means that who asks makes no difference."
                }
            }
        }
    }
}

fn parts_row(measured: &Measured<'_>) -> Markup {
    let agreement = measured.agreement;
    let cell = |value: Option<f64>| html! { td { (value.map_or_else(|| "–".to_owned(), |value| signed(value, 3))) } };
    html! {
        tr {
            th scope="row" {
                (measured.cell.target)
                @if let Some(language) = measured.language { " " span.language { (inline(language)) } }
            }
            (cell(agreement.sampling_part)) (cell(agreement.session_part)) (cell(agreement.user_part))
            (cell(agreement.rho_user)) (cell(agreement.rho_session))
        }
    }
}

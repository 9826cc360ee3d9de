//! Where the disagreement comes from: sampling, sessions, users, and among users the factors.

use antiphon_core::summary::{Agreement, Crossed, FactorPart};
use maud::{Markup, html};

use super::agreement::Measured;
use crate::chart;
use crate::number::{Form, signed};
use crate::reading::level_symbol;
use crate::visible::{inline, plain};

/// Colours, by what they stand for.
const SAMPLING: usize = 0;
const SESSIONS: usize = 1;
const USERS: usize = 2;
/// Of the first factor; there are at most four.
const FACTORS: usize = 3;
const COMBINATIONS: usize = 7;
const REST: usize = 8;

/// Disagreements below this are none.
const NONE: f64 = 1e-9;

/// One line of the table and perhaps a piece of the bar.
struct Line {
    /// Its colour, if it is in the bar: what is made of other lines is not.
    colour: Option<usize>,
    name: Markup,
    /// For the text alternative.
    plain: String,
    value: Option<f64>,
    inner: bool,
}

pub(super) fn section(measured: &[Measured<'_>]) -> Markup {
    let told: Vec<&Measured<'_>> =
        measured.iter().filter(|measured| measured.agreement.between_users.value.is_some()).collect();
    html! {
        @if !told.is_empty() {
            h4 { "Where the disagreement comes from" }
            div.side-by-side { @for measured in &told { (figure(measured)) } }
            p.note {
                "The parts add up to the whole disagreement of two users, 1 − " (level_symbol("B")) ". "
                @if told.iter().any(|measured| measured.crossed.is_some()) {
                    "A factor's part is what goes with differing in that factor alone; a combination (×) is what two of them do together beyond that, and where they name a user, that user's own way. "
                }
                "A part slightly below zero is chance: it is shown as it is, and has no length in the bar. "
                "ρ is the share that users, or users and sessions together, explain: 0 means that who asks makes no difference."
            }
        }
    }
}

/// The same in a sentence for each target, for pages that hold very many.
pub(super) fn sentences(measured: &[Measured<'_>]) -> Markup {
    html! {
        @for measured in measured {
            @if let Some(value) = measured.agreement.between_users.value {
                p.note {
                    (measured.cell.target) @if let Some(language) = measured.language { " " span.language { (inline(language)) } } ": "
                    @if 1.0 - value <= NONE { "no disagreement" }
                    @else { (inline(&alternative(&lines(measured.agreement, measured.crossed), 1.0 - value))) }
                    "."
                }
            }
        }
    }
}

fn figure(measured: &Measured<'_>) -> Markup {
    let agreement = measured.agreement;
    let lines = lines(agreement, measured.crossed);
    let whole = agreement.between_users.value.map_or(0.0, |value| 1.0 - value);
    let bar: Option<Vec<(usize, f64)>> = lines
        .iter()
        .filter_map(|line| line.colour.map(|colour| line.value.map(|value| (colour, value))))
        .collect();
    let share = |value: Option<f64>| value.filter(|_| whole > NONE).map(|value| value / whole);
    html! {
        figure.parts {
            figcaption {
                b { (measured.cell.target) } @if let Some(language) = measured.language { " " span.language { (inline(language)) } }
                ": disagreement " b { (signed(whole, 3)) }
            }
            @if whole <= NONE { p.note { "No two users ever gave different answers: there is nothing to explain." } }
            @else {
                @if let Some(bar) = bar { (chart::stack(&bar, &alternative(&lines, whole))) }
                div.scroll role="region" aria-label={ "Parts of the disagreement of " (measured.cell.target) } tabindex="0" {
                    table.numbers.parts {
                        thead { tr { th scope="col" { "Part" } th scope="col" { "Adds" } th scope="col" { "Share" } } }
                        tbody {
                            @for line in &lines {
                                tr.inner[line.inner] {
                                    th scope="row" {
                                        @if let Some(colour) = line.colour { span class={ "swatch part-" (colour) } aria-hidden="true" {} " " }
                                        (line.name)
                                    }
                                    td { (line.value.map_or_else(|| "–".to_owned(), |value| signed(value, 3))) }
                                    td { (Form::Percent.or_dash(share(line.value))) }
                                }
                            }
                        }
                    }
                }
                p.note {
                    "ρ user " (rho(agreement.rho_user)) ", ρ session " (rho(agreement.rho_session))
                    @if lines.iter().any(|line| line.value.is_none()) { ". A dash: too few answers to tell this part from others" }
                    "."
                }
            }
        }
    }
}

fn rho(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| signed(value, 2))
}

fn lines(agreement: &Agreement, crossed: Option<&Crossed>) -> Vec<Line> {
    let line = |colour, name: &str, value| Line {
        colour: Some(colour),
        name: html! { (name) },
        plain: name.to_owned(),
        value,
        inner: false,
    };
    let mut lines = vec![
        line(SAMPLING, "chance: asking again in the same session", agreement.sampling_part),
        line(SESSIONS, "another session of the same user", agreement.session_part),
        line(USERS, "another user", agreement.user_part),
    ];
    let Some(crossed) = crossed else { return lines };
    // Where every factor's part is known, these stand for the user in the bar.
    let split = crossed.parts.iter().all(|part| part.part.is_some());
    if split && let Some(users) = lines.last_mut() {
        users.colour = None;
    }
    let mut alone = 0;
    for part in &crossed.parts {
        let single = part.factors.len() == 1;
        let colour = if single { FACTORS + alone } else { COMBINATIONS };
        alone += usize::from(single);
        lines.push(inner(part, split.then_some(colour.min(COMBINATIONS))));
    }
    if let Some(rest) = crossed.rest {
        let name = "what no factor or two of them explain";
        lines.push(Line { inner: true, ..line(REST, name, Some(rest)) });
    }
    lines
}

fn inner(part: &FactorPart, colour: Option<usize>) -> Line {
    Line {
        colour,
        name: html! { @for (at, factor) in part.factors.iter().enumerate() { @if at > 0 { " × " } (inline(factor)) } },
        plain: part.factors.iter().map(|factor| plain(factor)).collect::<Vec<_>>().join(" × "),
        value: part.part,
        inner: true,
    }
}

/// `Of a disagreement of 0.310: chance .. 40.0 %, ..`
fn alternative(lines: &[Line], whole: f64) -> String {
    let shown = lines.iter().filter(|line| line.colour.is_some());
    let parts = shown.map(|line| {
        format!("{} {}", line.plain, Form::Percent.or_dash(line.value.map(|value| value / whole)))
    });
    format!("Of a disagreement of {}: {}", signed(whole, 3), parts.collect::<Vec<_>>().join(", "))
}

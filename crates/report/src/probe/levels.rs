//! The levels of each factor side by side.

use antiphon_core::summary::{Crossed, FactorLevels, InGeneral, LevelAgreement};
use maud::{Markup, html};

use super::agreement::Measured;
use crate::chart;
use crate::number::{Form, counted};
use crate::reading::level_symbol;
use crate::visible::inline;

pub(super) fn details(measured: &[Measured<'_>]) -> Markup {
    let crossed: Vec<(&Measured<'_>, &Crossed)> =
        measured.iter().filter_map(|measured| Some((measured, measured.crossed?))).collect();
    let mut names: Vec<&str> = Vec::new();
    for factor in crossed.iter().flat_map(|(_, crossed)| &crossed.factors) {
        if !names.contains(&factor.factor.as_str()) {
            names.push(&factor.factor);
        }
    }
    html! {
        @if !names.is_empty() {
            details {
                summary {
                    "Level by level: "
                    @for (at, name) in names.iter().enumerate() { @if at > 0 { ", " } (inline(name)) }
                }
                p.note {
                    "Agreement of two users at the same level, and how alike a user at that level and one at another are. A level whose users agree "
                    "with each other and not with others answers differently; one whose users do not even agree with each other is where answers scatter."
                }
                @for (measured, crossed) in &crossed {
                    @for factor in &crossed.factors { (table(measured, factor)) }
                    @if let Some(general) = &crossed.in_general { (in_general(measured, general)) }
                }
            }
        }
    }
}

fn table(measured: &Measured<'_>, factor: &FactorLevels) -> Markup {
    let shares = factor.side_by_side.iter().any(|level| level.mode_share.is_some());
    let means = factor.side_by_side.iter().any(|level| level.mean.is_some());
    html! {
        @if factor.side_by_side.is_empty() {
            p.note {
                (measured.cell.target) ": " (inline(&factor.factor)) " has " (counted(factor.levels, "level", "levels"))
                ", too many to stand side by side."
            }
        } @else {
            div.scroll role="region" aria-label={ "Levels of " (factor.factor) ", " (measured.cell.target) } tabindex="0" {
                table.agreement.side {
                    caption {
                        (inline(&factor.factor)) ", " (measured.cell.target)
                        @if let Some(language) = measured.language { " " span.language { (inline(language)) } }
                    }
                    thead {
                        tr {
                            th scope="col" { "Level" }
                            th.plot scope="col" { span.hidden { "Plot" } (chart::axis()) }
                            th scope="col" { "Users of this level " (level_symbol("B")) }
                            th scope="col" { "With other levels" }
                            @if shares { th scope="col" { "Give the usual answer" } }
                            @if means { th scope="col" { "Mean number" } }
                        }
                    }
                    tbody { @for level in &factor.side_by_side { (row(level, shares, means)) } }
                }
            }
        }
    }
}

/// What is known of users in general besides their agreement, which stands in the table of agreements.
fn in_general(measured: &Measured<'_>, general: &InGeneral) -> Markup {
    let numbers = [
        ("usual answer", Form::Percent, &general.mode_share),
        ("mean number", Form::Decimal, &general.mean),
        ("non-answers", Form::Percent, &general.non_answer),
    ];
    html! {
        @if numbers.iter().any(|(.., estimate)| estimate.is_some()) {
            dl.settings {
                @for (name, form, estimate) in numbers {
                    @if let Some(estimate) = estimate {
                        div { dt { "Users in general, " (name) ", " (measured.cell.target) } dd { (form.stacked(estimate)) } }
                    }
                }
            }
        }
    }
}

fn row(level: &LevelAgreement, shares: bool, means: bool) -> Markup {
    html! {
        tr {
            th scope="row" { (inline(&level.level)) " " span.size { (counted(level.users, "user", "users")) } }
            td.plot { (chart::interval(&level.between_users)) }
            td { (Form::Decimal.stacked(&level.between_users)) }
            td { (Form::Decimal.or_dash(level.others)) }
            @if shares { td { @if let Some(share) = &level.mode_share { (Form::Percent.stacked(share)) } } }
            @if means { td { @if let Some(mean) = &level.mean { (Form::Decimal.stacked(mean)) } } }
        }
    }
}

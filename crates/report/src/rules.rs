//! Why an interval is as it is: each rule in plain words, once a page; probes name the rules that they used.

use antiphon_core::summary::{Agreement, Cell, Crossed, Form, IntervalRule, Summary, Units};
use maud::{Markup, html};

use crate::reading::level_symbol;

/// The rules in the order in which they are told.
const RULES: [IntervalRule; 9] = {
    use Form::{FewDeviants, LogitT, Unanimous};
    use Units::{Levels, Sessions, Users};
    const fn rule(units: Units, form: Form) -> IntervalRule {
        IntervalRule { units, form }
    }
    [
        rule(Users, LogitT),
        rule(Users, FewDeviants),
        rule(Users, Unanimous),
        rule(Sessions, LogitT),
        rule(Sessions, FewDeviants),
        rule(Sessions, Unanimous),
        rule(Levels, LogitT),
        rule(Levels, FewDeviants),
        rule(Levels, Unanimous),
    ]
};

/// The rules that the report's agreements used, and why each was.
pub(crate) fn section(summary: &Summary) -> Markup {
    let used: Vec<IntervalRule> = summary.cells.iter().flat_map(of_cell).map(|(_, rule)| rule).collect();
    let drawn =
        summary.cells.iter().flat_map(agreements).any(|(agreement, _)| agreement.sampled_pairs.is_some());
    html! {
        @if !used.is_empty() {
            h3 #rules { "Which intervals were used, and why" }
            p {
                "An interval needs something that could have come out otherwise, independently of the rest: drawn users, sessions, or levels. "
                "And it needs a form that fits what was seen."
            }
            dl.rules {
                @for rule in RULES.iter().filter(|rule| used.contains(rule)) {
                    div #(anchor(*rule)) { dt { (name(*rule)) } dd { (units(rule.units)) " " (form(*rule)) } }
                }
                @if drawn {
                    div #rule-pairs {
                        dt { "pairs drawn" }
                        dd { "Where a cell has too many different texts to compare all, pairs of answers were drawn by the seed, as many as it takes for the drawing to add about 1 % to the variance; the interval sees that too." }
                    }
                }
            }
        }
    }
}

/// The rules of some cells' agreements, as links to what they mean.
pub(crate) fn used(cells: &[&Cell]) -> Markup {
    let all: Vec<(Level, IntervalRule)> = cells.iter().flat_map(|cell| of_cell(cell)).collect();
    let drawn = cells
        .iter()
        .flat_map(|cell| agreements(cell))
        .any(|(agreement, _)| agreement.sampled_pairs.is_some());
    let levels = |rule: IntervalRule| -> Vec<Level> {
        let mut levels: Vec<Level> =
            all.iter().filter(|(_, of)| *of == rule).map(|(level, _)| *level).collect();
        levels.sort_unstable();
        levels.dedup();
        levels
    };
    html! {
        @if !all.is_empty() {
            p.note.why {
                "Why these intervals: "
                @for (at, rule) in RULES.iter().filter(|rule| all.iter().any(|(_, of)| of == *rule)).enumerate() {
                    @if at > 0 { "; " }
                    @for (at, level) in levels(*rule).iter().enumerate() { @if at > 0 { ", " } (symbol(*level)) }
                    " " a href={ "#" (anchor(*rule)) } { (name(*rule)) }
                }
                @if drawn { "; " a href="#rule-pairs" { "pairs drawn" } }
                "."
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Within,
    Sessions,
    Users,
    General,
}

fn symbol(level: Level) -> Markup {
    match level {
        Level::Within => level_symbol("W"),
        Level::Sessions => level_symbol("S"),
        Level::Users => level_symbol("B"),
        Level::General => html! { "users in general" },
    }
}

fn agreements(cell: &Cell) -> impl Iterator<Item = (&Agreement, Option<&Crossed>)> {
    let labels = cell.labels.iter().map(|labels| (&labels.agreement, labels.crossed.as_ref()));
    labels.chain(cell.wording.iter().map(|wording| (&wording.answered, wording.crossed.as_ref())))
}

fn of_cell(cell: &Cell) -> Vec<(Level, IntervalRule)> {
    let of = |(agreement, crossed): (&Agreement, Option<&Crossed>)| {
        let general = crossed.and_then(|crossed| crossed.in_general.as_ref()?.rule);
        [
            (Level::Within, agreement.rules.within_session),
            (Level::Sessions, agreement.rules.between_sessions),
            (Level::Users, agreement.rules.between_users),
            (Level::General, general),
        ]
    };
    agreements(cell).flat_map(of).filter_map(|(level, rule)| Some((level, rule?))).collect()
}

fn anchor(rule: IntervalRule) -> String {
    let units = match rule.units {
        Units::Users => "users",
        Units::Sessions => "sessions",
        Units::Levels => "levels",
    };
    let form = match rule.form {
        Form::LogitT => "spread",
        Form::FewDeviants => "few",
        Form::Unanimous => "unanimous",
    };
    format!("rule-{units}-{form}")
}

fn name(rule: IntervalRule) -> String {
    let form = match rule.form {
        Form::LogitT => "spread seen",
        Form::FewDeviants => "few deviants",
        Form::Unanimous => "nothing varied",
    };
    format!("{}, {form}", plural(rule.units))
}

fn plural(units: Units) -> &'static str {
    match units {
        Units::Users => "drawn users",
        Units::Sessions => "sessions of these users",
        Units::Levels => "levels",
    }
}

fn units(units: Units) -> &'static str {
    match units {
        Units::Users => {
            "Users were drawn independently, so they are what could have come out otherwise; the interval speaks of all users of the pools."
        }
        Units::Sessions => {
            "Users were not drawn, so only their sessions could have come out otherwise; the interval speaks of these users and of no others."
        }
        Units::Levels => {
            "To speak of users in general, levels are what could have been others: users who share one are not independent, so each factor's \
             levels are counted, and what they add to the uncertainty is summed over factors."
        }
    }
}

fn form(rule: IntervalRule) -> String {
    let units = match rule.units {
        Units::Users => "users",
        Units::Sessions => "sessions",
        Units::Levels => "levels",
    };
    match rule.form {
        Form::LogitT => "Their spread can be seen in the data, so the interval is Student's t from it, on a scale that keeps it between 0 and 1.".to_owned(),
        Form::FewDeviants => format!(
            "The value is near 0 or 1 and fewer than 20 {units} ever deviate, too few to see the spread from. So the interval is as wide as if one \
             more had deviated, and never narrower than that many {units} can show."
        ),
        Form::Unanimous => format!(
            "Nothing varied at all. That none of so many {units} deviated does not show that none would: the interval ends where their \
             unanimity would be luck of 1 in 40."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_place_of_its_own() {
        let mut anchors: Vec<String> = RULES.iter().map(|rule| anchor(*rule)).collect();
        anchors.sort_unstable();
        anchors.dedup();
        assert_eq!(anchors.len(), RULES.len());
    }
}

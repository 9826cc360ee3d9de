//! A run held against an earlier one: for the terminal, as Markdown for a pull request, as JUnit for a build server, and as a page.

mod history;
mod junit;
mod markdown;
mod page;
mod terminal;

use antiphon_core::suite::Measured;
use antiphon_core::summary::Estimate;
use antiphon_core::{Change, Comparison, Finding};

use crate::number::{UNDEFINED, counted, signed};

pub use history::{history_page, history_terminal};
pub use junit::{comparison_junit, uncompared_junit};
pub use markdown::{comparison_markdown, uncompared_markdown};
pub use page::{comparison_page, uncompared_page};
pub use terminal::{comparison_terminal, uncompared_terminal};

/// What of a comparison is shown where there is little room: groups over all users, then of user groups and probes what moved.
fn shown(comparison: &Comparison) -> (Vec<&Change>, Vec<&Change>) {
    let (all, some): (Vec<&Change>, Vec<&Change>) =
        comparison.groups.iter().partition(|change| change.users_with.is_none());
    let moved = |change: &&Change| matches!(change.finding, Finding::Changed | Finding::Slight);
    let mut moved: Vec<&Change> = some.into_iter().chain(&comparison.probes).filter(moved).collect();
    moved.sort_by(|a, b| {
        let key = |change: &Change| (change.finding != Finding::Changed, change.p_adjusted.unwrap_or(1.0));
        key(a).partial_cmp(&key(b)).unwrap_or(std::cmp::Ordering::Equal)
    });
    (all, moved)
}

/// What a change is of, in words: hostile text, to be escaped by whoever shows it.
fn of(change: &Change) -> String {
    let mut text = match (&change.probe, &change.group) {
        (Some(probe), _) => format!("probe {probe}"),
        (None, Some(group)) => format!("group {group}"),
        (None, None) => "without a group".to_owned(),
    };
    if change.turn > 0 {
        text += &format!(", turn {}", change.turn + 1);
    }
    if let Some(language) = &change.language {
        text += &format!(" ({language})");
    }
    if let Some((factor, level)) = &change.users_with {
        text += &format!(", users with {factor} {level}");
    }
    text
}

/// A level of a measure: words, or a share.
fn level(change: &Change, value: Option<f64>) -> String {
    match (change.measure, value) {
        (_, None) => UNDEFINED.to_owned(),
        (Measured::Length, Some(words)) => format!("{words:.1}"),
        (_, Some(value)) => signed(value, 3),
    }
}

/// `+0.120 (0.050 to 0.190)`.
fn difference(estimate: &Estimate) -> String {
    let value = estimate.value.map_or_else(
        || UNDEFINED.to_owned(),
        |value| {
            if value > 0.0 { format!("+{value:.3}") } else { signed(value, 3) }
        },
    );
    match (estimate.low, estimate.high) {
        (Some(low), Some(high)) => format!("{value} ({} to {})", signed(low, 3), signed(high, 3)),
        _ => value,
    }
}

fn p(value: Option<f64>) -> String {
    match value {
        None => UNDEFINED.to_owned(),
        Some(p) if p < 0.001 => "<0.001".to_owned(),
        Some(p) => format!("{p:.3}"),
    }
}

/// What was found, and what comes of it.
fn finding(change: &Change) -> String {
    match change.finding {
        Finding::Changed if !change.must_not_be() => format!("{} (warns)", change.finding.name()),
        finding => finding.name().to_owned(),
    }
}

/// What is said above everything else: the runs and how they were judged.
fn heading(comparison: &Comparison) -> String {
    let look =
        comparison.look.map_or(String::new(), |look| format!(", comparison {look} with this baseline"));
    format!(
        "run {} against {}: {} on both sides, level {}{look}",
        comparison.run.run,
        comparison.base.run,
        counted(comparison.users, "user", "users"),
        number(comparison.level)
    )
}

/// A small number with two digits that count.
fn number(value: f64) -> String {
    if value >= 0.001 { format!("{value:.3}") } else { format!("{value:.1e}") }
}

//! Group by group: means over probes, so that a stranger sees the pattern before the details.

use std::collections::{BTreeMap, BTreeSet};

use antiphon_core::TargetId;
use antiphon_core::summary::{Cell, Estimate, Summary};
use maud::{Markup, html};

use crate::number::{Form, count};
use crate::reading::level_symbol;
use crate::visible::inline;

/// A suite of so few groups is told by its probes.
const FEWEST_GROUPS: usize = 2;

/// The cells of one group and target.
type Cells<'a> = BTreeMap<(&'a str, &'a TargetId), Vec<&'a Cell>>;

/// Whether the suite has groups worth a table.
pub(crate) fn are_shown(summary: &Summary) -> bool {
    groups(summary).len() >= FEWEST_GROUPS
}

/// The groups in the order of the suite.
fn groups(summary: &Summary) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    summary
        .cells
        .iter()
        .filter(|cell| cell.kind != "extract")
        .filter_map(|cell| cell.group.as_deref())
        .filter(|group| seen.insert(*group))
        .collect()
}

pub(crate) fn section(summary: &Summary) -> Markup {
    let mut cells: Cells<'_> = BTreeMap::new();
    for cell in summary.cells.iter().filter(|cell| cell.kind != "extract") {
        if let Some(group) = &cell.group {
            cells.entry((group, &cell.target)).or_default().push(cell);
        }
    }
    let groups = groups(summary);
    html! {
        @if are_shown(summary) {
            section #groups aria-labelledby="groups-title" {
                h2 #groups-title { "Group by group" }
                p {
                    "Means over the probes of a group, with the least and the greatest in brackets. Where a probe is compared language by language, its least "
                    "agreement counts. What is overall has a 95 % interval, and counts every language: it speaks of these probes, which are a list and "
                    "not a sample of anything, and of users as the intervals of single probes do."
                }
                (table(summary, &cells, &groups))
            }
        }
    }
}

fn table(summary: &Summary, cells: &Cells<'_>, groups: &[&str]) -> Markup {
    let recall = summary.cells.iter().any(|cell| cell.recall.is_some());
    html! {
        div.scroll role="region" aria-label="Group by group" tabindex="0" {
            table.numbers.grouped {
                thead {
                    tr {
                        th scope="col" { "Target" }
                        th scope="col" { "Probes" }
                        @if recall {
                            th scope="col" { "Document recalled" }
                            th scope="col" { "Exact words at first" }
                        }
                        th scope="col" { "Same user " (level_symbol("S")) }
                        th scope="col" { "Across users " (level_symbol("B")) }
                        th scope="col" { "Overall, 95 %" }
                        th scope="col" { "Refused" }
                        th scope="col" { "Non-answers" }
                    }
                }
                @for group in groups {
                    tbody {
                        tr { th scope="rowgroup" colspan=(if recall { 9 } else { 7 }) { div.group-title { (inline(group)) } } }
                        @for target in &summary.targets {
                            @if let Some(cells) = cells.get(&(*group, &target.id)) { (row(summary, (group, &target.id), cells, recall)) }
                        }
                    }
                }
            }
        }
        @if recall {
            p.note {
                "Document recalled: the share of the passage that follows in the document which the answer holds in order. A model that does not "
                "know the document still shares common words with it, so compare with targets and documents that cannot be known."
            }
        }
    }
}

fn row(summary: &Summary, (group, target): (&str, &TargetId), cells: &[&Cell], recall: bool) -> Markup {
    let scores = || cells.iter().filter_map(|cell| cell.recall.as_ref());
    let same_user = |cell: &&Cell| {
        let labels = cell.labels.iter().map(|labels| &labels.agreement);
        let wording = cell.wording.iter().map(|wording| &wording.answered);
        let least = labels.chain(wording).filter_map(|agreement| agreement.between_sessions.value);
        least.min_by(f64::total_cmp)
    };
    let overall = summary.groups.iter().find(|of| &of.target == target && of.group.as_deref() == Some(group));
    let value = |of: fn(&Cell) -> &Estimate| cells.iter().filter_map(move |cell| of(cell).value);
    html! {
        tr {
            th scope="row" { (target) }
            td { (count(cells.len() as u64)) }
            @if recall {
                td { (mean(scores().filter_map(|score| score.lcs_recall.value), Form::Decimal)) }
                td { (words(scores().filter_map(|score| score.prefix_words.value), scores().map(|score| score.reference_words))) }
            }
            td { (mean(cells.iter().filter_map(same_user), Form::Decimal)) }
            td { (mean(cells.iter().filter_map(|cell| cell.headline()?.estimate.value), Form::Decimal)) }
            td { @match overall { Some(of) => (Form::Decimal.stacked(&of.agreement)), None => (Form::Decimal.or_dash(None)) } }
            td { (mean(value(|cell| &cell.rates.refused), Form::Percent)) }
            td { (mean(value(|cell| &cell.rates.non_answer), Form::Percent)) }
        }
    }
}

/// `0.91 (0.86 to 0.96)`; the range only where there are several.
fn mean(values: impl Iterator<Item = f64>, form: Form) -> Markup {
    let values: Vec<f64> = values.collect();
    let Some(mean) = mean_of(&values) else { return html! { (form.or_dash(None)) } };
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    html! {
        span.value { (form.write(mean)) }
        @if least < greatest { " " span.interval { "(" (form.write(least)) " to " (form.write(greatest)) ")" } }
    }
}

/// Words until an answer first departs, of how many there are.
fn words(prefixes: impl Iterator<Item = f64>, references: impl Iterator<Item = u64>) -> Markup {
    let prefixes: Vec<f64> = prefixes.collect();
    let most = references.max().unwrap_or(0);
    html! {
        @match mean_of(&prefixes) {
            Some(mean) => { span.value { (format!("{mean:.1}")) } " " span.interval { "of " (most) } }
            None => { (Form::Decimal.or_dash(None)) }
        }
    }
}

fn mean_of(values: &[f64]) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "probes are far fewer than 2^53")]
    let count = values.len() as f64;
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_of_several_shows_its_range() {
        assert_eq!(
            mean([0.5, 0.75].into_iter(), Form::Decimal).into_string(),
            r#"<span class="value">0.625</span> <span class="interval">(0.500 to 0.750)</span>"#
        );
        assert_eq!(
            mean([0.5].into_iter(), Form::Decimal).into_string(),
            r#"<span class="value">0.500</span> "#.trim_end()
        );
        assert_eq!(mean(std::iter::empty(), Form::Percent).into_string(), "–");
    }
}

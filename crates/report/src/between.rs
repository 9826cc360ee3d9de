//! Targets side by side: each pair at a glance, then the questions on which two differ most.

use std::collections::BTreeMap;

use antiphon_core::TargetId;
use antiphon_core::summary::{Likeness, Summary, TargetGap};
use maud::{Markup, html};

use crate::number::{Form, counted, signed};
use crate::overview::anchor;
use crate::visible::inline;

/// Questions that are listed. A page of many more would not open.
const LISTED: usize = 200;
/// False discoveries among what is called different.
const LEVEL: f64 = 0.05;
/// Users from which on a p below the level is possible.
const FEWEST: u64 = 6;

pub(crate) fn section(summary: &Summary) -> Markup {
    let mut gaps: Vec<&TargetGap> = summary.gaps.iter().collect();
    // What differs most surely comes first, then what differs most; the order of the manifest decides the rest.
    let surely = |gap: &TargetGap| gap.p_adjusted.unwrap_or(f64::INFINITY);
    gaps.sort_by(|a, b| surely(a).total_cmp(&surely(b)).then(b.gap.total_cmp(&a.gap)));
    html! {
        @if !gaps.is_empty() {
            section #targets aria-labelledby="targets-title" {
                h2 #targets-title { "Targets side by side" }
                p {
                    "How often an answer of one target to one user is like an answer of the other to another user, beside how alike the answers of "
                    "each are among themselves. The gap is what both have in themselves less twice what they share: 0 where both say the same, 2 "
                    "where each has one answer and they differ; it may be slightly negative. “Different” is decided among all "
                    (counted(gaps.len() as u64, "comparison", "comparisons")) " of this run together, at 5 % false discoveries (Benjamini and Hochberg), by "
                    "exchanging the two targets' answers user by user. That no difference was found does not show that there is none. By wording only "
                    "answers with a text are compared; how often there is none stands probe by probe."
                }
                (pairs(summary))
                (questions(&gaps[..gaps.len().min(LISTED)]))
                @if gaps.len() > LISTED {
                    p.note { "The first " (LISTED) " are listed; all stand in " code { "summary/summary.json" } "." }
                }
            }
        }
    }
}

fn differs(gap: &TargetGap) -> bool {
    gap.p_adjusted.is_some_and(|p| p <= LEVEL)
}

fn pairs(summary: &Summary) -> Markup {
    let place = |target: &TargetId| summary.targets.iter().position(|other| other.id == *target);
    let mut pairs: BTreeMap<_, Vec<&TargetGap>> = BTreeMap::new();
    for gap in &summary.gaps {
        let [a, b] = &gap.targets;
        pairs.entry((place(a), place(b), gap.likeness)).or_default().push(gap);
    }
    html! {
        div.scroll role="region" aria-label="All pairs of targets" tabindex="0" {
            table.targets {
                caption { "All pairs: means over what both were asked" }
                thead {
                    tr {
                        th scope="col" { "Targets" } th scope="col" { "Compared by" } th scope="col" { "Different" }
                        th scope="col" { "Alike across" } th scope="col" { "Among themselves" } th scope="col" { "Gap" }
                    }
                }
                tbody {
                    @for gaps in pairs.values() {
                        @let mean = |of: &dyn Fn(&TargetGap) -> f64| gaps.iter().map(|gap| of(gap)).sum::<f64>() / gaps.len() as f64;
                        @let across = mean(&|gap| gap.agreement.value.unwrap_or(f64::NAN));
                        tr {
                            th scope="row" { (gaps[0].targets[0]) ", " (gaps[0].targets[1]) }
                            td { (by(gaps[0].likeness)) }
                            td { (gaps.iter().filter(|gap| differs(gap)).count()) " of " (gaps.len()) }
                            td { (Form::Decimal.or_dash(Some(across))) }
                            td { (Form::Decimal.or_dash(Some(mean(&|gap| gap.own[0])))) ", " (Form::Decimal.or_dash(Some(mean(&|gap| gap.own[1])))) }
                            td { (signed(mean(&|gap| gap.gap), 3)) }
                        }
                    }
                }
            }
        }
    }
}

fn questions(gaps: &[&TargetGap]) -> Markup {
    html! {
        div.scroll role="region" aria-label="What two targets were both asked" tabindex="0" {
            table.targets {
                caption { "Question by question, what differs most surely first" }
                thead {
                    tr {
                        th scope="col" { "Probe" } th scope="col" { "Targets" } th scope="col" { "Compared" }
                        th scope="col" { "Alike across, 95 % interval" } th scope="col" { "Among themselves" }
                        th scope="col" { "Gap" } th scope="col" { "" }
                    }
                }
                tbody { @for gap in gaps { (row(gap)) } }
            }
        }
    }
}

fn row(gap: &TargetGap) -> Markup {
    let p = match gap.p_adjusted {
        Some(p) if p < 0.001 => "p < 0.001".to_owned(),
        Some(p) => format!("p = {p:.3}"),
        None => String::new(),
    };
    html! {
        tr {
            th scope="row" {
                a href={ "#" (anchor(&gap.probe)) } { (gap.probe) }
                @if gap.turn > 0 { ", turn " (gap.turn + 1) }
                @if let Some(language) = &gap.language { " " span.language { (inline(language)) } }
            }
            td { (gap.targets[0]) ", " (gap.targets[1]) }
            td {
                (by(gap.likeness)) " of " (counted(gap.users, "user", "users")) ", " (counted(gap.compared, "answer", "answers")) " of each" (of(gap))
            }
            td { (Form::Decimal.stacked(&gap.agreement)) }
            td { (Form::Decimal.or_dash(Some(gap.own[0]))) ", " (Form::Decimal.or_dash(Some(gap.own[1]))) }
            td { (signed(gap.gap, 3)) }
            td { (verdict(gap)) " " small.note { (p) } }
        }
    }
}

/// Of how many answers those that were compared are.
fn of(gap: &TargetGap) -> String {
    match gap.answers {
        [a, b] if a == gap.compared && b == gap.compared => String::new(),
        [a, b] => format!(" (of {a} and {b})"),
    }
}

/// What a comparison came to. Of five users and fewer no exchange is rare enough.
fn verdict(gap: &TargetGap) -> Markup {
    html! {
        @if differs(gap) { b { "different" } }
        @else if gap.users < FEWEST { span.zero { "too few users to tell" } }
        @else { span.zero { "no difference found" } }
    }
}

fn by(likeness: Likeness) -> &'static str {
    match likeness {
        Likeness::Labels => "labels",
        Likeness::Wording => "wording",
    }
}

/// One line for the terminal.
pub(crate) fn line(summary: &Summary) -> Option<String> {
    let all = summary.gaps.len();
    let different = summary.gaps.iter().filter(|gap| differs(gap)).count();
    (all > 0).then(|| {
        format!(
            "targets side by side: of {}, {different} different",
            counted(all as u64, "comparison", "comparisons")
        )
    })
}

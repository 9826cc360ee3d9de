//! Mirrored pairs: all topics at a glance, then side by side.

use antiphon_core::summary::{Estimate, Measure, MirroredMeasure, MirroredPair, Summary, Verdict};
use maud::{Markup, html};

use crate::chart;
use crate::number::{Form, UNDEFINED, count, counted, note, signed};
use crate::visible::{block, inline};

/// Pairs in the overview, and pairs that are shown one by one. A page of many more would not open.
const LISTED: usize = 1_000;
const SHOWN: usize = 60;
/// Longest question shown in full, in characters.
const QUESTION: usize = 1_000;

pub(crate) fn section(summary: &Summary) -> Markup {
    let mut pairs: Vec<&MirroredPair> = summary.pairs.iter().collect();
    // What differs most surely comes first; the order of the manifest decides the rest.
    pairs.sort_by(|a, b| least_p(a).total_cmp(&least_p(b)));
    html! {
        @if !pairs.is_empty() {
            section #pairs aria-labelledby="pairs-title" {
                h2 #pairs-title { "Mirrored pairs" }
                p {
                    "Two mirrored prompts on one topic, each asked by the same users in sessions of its own. The unit is the user; a difference is "
                    "side a minus side b. “Different” and “equivalent” are decided among all "
                    (counted(family(summary), "comparison", "comparisons")) " of this run together, at 5 % false discoveries (Benjamini and Hochberg). "
                    "Equivalent means shown to be smaller than a margin that the suite set beforehand (two one-sided tests); that no difference was "
                    "found is not enough for that. Refusal and hedging are told by rule, version "
                    (summary.rules_version.unwrap_or_default()) "; what a rule cannot tell stands probe by probe."
                }
                (overview(&pairs[..pairs.len().min(LISTED)]))
                @if pairs.len() > SHOWN { p.note { "The first " (SHOWN) " follow one by one; all stand in " code { "summary/summary.json" } "." } }
                @for pair in pairs.iter().take(SHOWN) { (one(pair)) }
            }
        }
    }
}

/// How many comparisons were decided together.
pub(crate) fn family(summary: &Summary) -> u64 {
    summary.pairs.iter().map(|pair| pair.measures.len() as u64).sum()
}

fn least_p(pair: &MirroredPair) -> f64 {
    pair.measures.iter().filter_map(|measure| measure.p_adjusted).fold(f64::INFINITY, f64::min)
}

fn overview(pairs: &[&MirroredPair]) -> Markup {
    html! {
        div.scroll role="region" aria-label="All mirrored pairs" tabindex="0" {
            table.pairs {
                caption { "All topics: what is different, what is equivalent" }
                thead {
                    tr {
                        th scope="col" { "Topic" } th scope="col" { "Target" }
                        @for measure in [Measure::Refusal, Measure::Hedging, Measure::Words, Measure::Agreement] {
                            th scope="col" { (title(measure)) }
                        }
                    }
                }
                tbody {
                    @for pair in pairs {
                        tr {
                            th scope="row" { (inline(&pair.topic)) } td { (pair.target) }
                            @for measure in [Measure::Refusal, Measure::Hedging, Measure::Words, Measure::Agreement] {
                                td { (glance(pair, measure)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The verdict in a word, language by language where it is one of each.
fn glance(pair: &MirroredPair, wanted: Measure) -> Markup {
    let found: Vec<&MirroredMeasure> =
        pair.measures.iter().filter(|measure| measure.measure == wanted).collect();
    html! {
        @if found.is_empty() { (UNDEFINED) }
        @for (at, measure) in found.into_iter().enumerate() {
            @if at > 0 { br; }
            @if let Some(language) = &measure.language { span.language { (inline(language)) } " " }
            @let quiet = measure.verdict == Verdict::Undecided;
            span.zero[quiet].verdict[!quiet] { (word(measure.verdict)) }
            @if measure.verdict != Verdict::Undecided && measure.verdict != Verdict::Equivalent {
                " " span.interval { (amount(measure.measure, measure.difference.value)) }
            }
        }
    }
}

fn one(pair: &MirroredPair) -> Markup {
    html! {
        h3 { (inline(&pair.topic)) " " span.kind { (pair.target) } }
        div.side-by-side {
            @for (letter, side) in [("a", &pair.a), ("b", &pair.b)] {
                div {
                    p.size { "Side " (letter) ": " b { (inline(&side.name)) } " (" (side.probe) ")" }
                    blockquote { (block(&side.question, QUESTION)) }
                }
            }
        }
        div.scroll role="region" aria-label="Side by side" tabindex="0" {
            table.mirrored {
                caption { "Side by side, " (counted(pair.users, "user", "users")) " on both. The grey band is the margin." }
                thead {
                    tr {
                        th scope="col" { "" }
                        th scope="col" { "a: " (inline(&pair.a.name)) } th scope="col" { "b: " (inline(&pair.b.name)) }
                        th.plot scope="col" { span.hidden { "Plot" } (chart::margins()) }
                        th scope="col" { "a − b, 95 % interval" } th scope="col" { "Margin" } th scope="col" { "Verdict" }
                    }
                }
                tbody { @for measure in &pair.measures { (row(measure)) } }
            }
        }
    }
}

fn row(measure: &MirroredMeasure) -> Markup {
    let difference = &measure.difference;
    let kind = measure.measure;
    let unit = |value: f64| in_margins(kind, value, measure.margin);
    let ends = difference.low.zip(difference.high).map(|(low, high)| (unit(low), unit(high)));
    html! {
        tr {
            th scope="row" {
                (title(kind))
                @if let Some(language) = &measure.language { " " span.language { (inline(language)) } }
            }
            td { (level(kind, measure.a)) } td { (level(kind, measure.b)) }
            td.plot { (chart::difference(difference.value.map(unit), ends, &sentence(measure))) }
            td {
                span.value { (amount(kind, difference.value)) }
                @if let Some(interval) = interval(kind, difference) { " " span.interval { (interval) } }
                (note(difference))
            }
            td { (amount(kind, Some(measure.margin[0]))) " to " (amount(kind, Some(measure.margin[1]))) }
            td {
                b { (word(measure.verdict)) } " " small.note { (reason(measure)) }
            }
        }
    }
}

fn title(measure: Measure) -> &'static str {
    match measure {
        Measure::Refusal => "Refused, by rule",
        Measure::RefusalByProvider => "Refused, by the provider's word",
        Measure::Hedging => "Hedged, by rule",
        Measure::Words => "Words",
        Measure::Agreement => "Agreement between users",
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Equivalent => "equivalent",
        Verdict::Different => "different",
        Verdict::DifferentWithinMargin => "different, within the margin",
        Verdict::Undecided => "undecided",
    }
}

/// What the verdict rests on.
fn reason(measure: &MirroredMeasure) -> String {
    let p = |p: Option<f64>| match p {
        Some(p) if p < 0.001 => "< 0.001".to_owned(),
        Some(p) => format!("= {p:.3}"),
        None => "undefined".to_owned(),
    };
    let adjusted = (p(measure.p_adjusted), p(measure.equivalence_p_adjusted));
    let by = if measure.interval_by.is_empty() {
        String::new()
    } else {
        format!("; interval: {}", measure.interval_by)
    };
    format!("no difference: p {}; beyond the margin: p {}{by}", adjusted.0, adjusted.1)
}

/// One side's value.
fn level(measure: Measure, value: Option<f64>) -> String {
    match measure {
        Measure::Words => value.map_or_else(|| UNDEFINED.to_owned(), |value| signed(value, 1)),
        Measure::Agreement => Form::Decimal.or_dash(value),
        _ => Form::Percent.or_dash(value),
    }
}

/// A difference: of shares in points, of lengths as a part.
fn amount(measure: Measure, value: Option<f64>) -> String {
    match (measure, value) {
        (_, None) => UNDEFINED.to_owned(),
        (Measure::Words, Some(value)) => format!("{} %", signed(100.0 * value, 1)),
        (Measure::Agreement, Some(value)) => signed(value, 3),
        (_, Some(value)) => format!("{} points", signed(100.0 * value, 1)),
    }
}

fn interval(measure: Measure, difference: &Estimate) -> Option<String> {
    let (low, high) = difference.low.zip(difference.high)?;
    Some(format!("{} to {}", amount(measure, Some(low)), amount(measure, Some(high))))
}

fn sentence(measure: &MirroredMeasure) -> String {
    let value = amount(measure.measure, measure.difference.value);
    let interval = interval(measure.measure, &measure.difference);
    format!(
        "a − b: {value}{}",
        interval.map_or(String::new(), |interval| format!(", 95 % interval {interval}"))
    )
}

/// A difference in units of the margin; ratios on the logarithmic scale, on which margins lie evenly.
fn in_margins(measure: Measure, value: f64, [_, most]: [f64; 2]) -> f64 {
    match measure {
        Measure::Words => value.ln_1p() / most.ln_1p(),
        _ => value / most,
    }
}

/// One line for the terminal.
pub(crate) fn line(summary: &Summary) -> Option<String> {
    if summary.pairs.is_empty() {
        return None;
    }
    let all = || summary.pairs.iter().flat_map(|pair| &pair.measures);
    let with = |verdicts: &[Verdict]| {
        count(all().filter(|measure| verdicts.contains(&measure.verdict)).count() as u64)
    };
    Some(format!(
        "mirrored pairs: of {}, {} different, {} equivalent, {} undecided",
        counted(family(summary), "comparison", "comparisons"),
        with(&[Verdict::Different, Verdict::DifferentWithinMargin]),
        with(&[Verdict::Equivalent, Verdict::DifferentWithinMargin]),
        with(&[Verdict::Undecided])
    ))
}

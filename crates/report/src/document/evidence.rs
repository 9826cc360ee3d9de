//! What a verdict rests on: what came back beside chance, controls and other targets, how it was asked, and the tests.

use antiphon_core::TargetId;
use antiphon_core::suite::Control;
use antiphon_core::summary::{DocumentVerdict, Estimate, FramingRecall, Needed, RecallTest, Summary};
use maud::{Markup, html};

use crate::chart;
use crate::number::{Form, UNDEFINED, count, counted, note, signed};
use crate::overview::anchor;
use crate::probe::Probes;
use crate::visible::{inline, snippet};

/// Characters of a question beside how often it was answered.
const QUESTION: usize = 140;

/// What came back, beside everything that it is held against.
pub(super) fn compared(summary: &Summary, verdict: &DocumentVerdict) -> Markup {
    let point = |value: Option<f64>| Estimate { value, ..Estimate::default() };
    let run = summary.scoring.recall.as_ref().map(|rules| rules.verbatim_words);
    let of_sibling = |target: &TargetId| summary.verdicts.iter().find(|other| other.target == *target);
    html! {
        div.scroll role="region" aria-label={ "What came back to " (verdict.target) } tabindex="0" {
            table.agreement.grouped.beside {
                caption { "What came back, beside chance, controls and other targets" }
                thead {
                    tr {
                        th scope="col" { "Share of the reference" }
                        th.plot scope="col" { span.hidden { "Plot" } (chart::axis()) }
                        th scope="col" { "Came back, 95 % interval" }
                        th scope="col" { "The document more than this" }
                    }
                }
                tbody {
                    (heading("Of the document, " , &counted(verdict.cuts, "cut", "cuts")))
                    (row(html! { "all, in order" }, true, &verdict.recall, None))
                    (row(html! { "word for word" @if let Some(words) = run { ", in runs of " (words) " words or more" } }, false, &verdict.verbatim, None))
                    (row(html! { "in other words" }, false, &verdict.in_other_words, None))
                }
                tbody {
                    (heading("Without knowing it", ""))
                    (row(html! { "by chance: of what follows elsewhere" }, false, &point(verdict.by_chance), Some(&verdict.beyond_chance)))
                    @if verdict.guessed.is_some() {
                        (row(html! { "guessed from the document’s own runs of three words" }, false, &point(verdict.guessed), None))
                    }
                }
                @if !verdict.controls.is_empty() {
                    tbody {
                        (heading("Of controls", ""))
                        @for control in &verdict.controls {
                            @let name = html! { (of_control(control.control)) " " span.size { (counted(control.cuts, "cut", "cuts")) } };
                            (row(name, false, &control.recall, Some(&control.difference)))
                        }
                    }
                }
                @if !verdict.siblings.is_empty() {
                    tbody {
                        (heading("Of the document, by other targets", ""))
                        @for sibling in &verdict.siblings {
                            @let name = html! { (sibling.target) " " span.size { (counted(sibling.cuts, "cut", "cuts")) " in common" } };
                            @let unknown = Estimate::default();
                            @let recall = of_sibling(&sibling.target).map_or(&unknown, |other| &other.recall);
                            (row(name, false, recall, Some(&sibling.difference)))
                        }
                    }
                }
                @if verdict.chosen.is_some() || verdict.edition.is_some() {
                    tbody {
                        (heading("Asked otherwise", ""))
                        @if let Some(chosen) = &verdict.chosen {
                            (row(html! { "true continuations chosen among four, of which luck finds 25 %" }, false, chosen, None))
                        }
                        @if let Some(edition) = &verdict.edition {
                            @let name = html! { "the other edition, where editions differ " span.size { (counted(edition.cuts, "cut", "cuts")) } };
                            (row(name, false, &Estimate::default(), Some(&negative(&edition.difference))))
                        }
                    }
                }
            }
        }
        dl.settings {
            div { dt { "Refused, filtered or empty answers" } dd { (Form::Percent.stacked(&verdict.withheld)) } }
            div { dt { "Agreement of different users" } dd { (Form::Decimal.stacked(&verdict.agreement)) } }
        }
    }
}

fn heading(name: &str, size: &str) -> Markup {
    html! { tr { th scope="rowgroup" colspan="4" { div.group-title { (name) (size) } } } }
}

fn row(name: Markup, headline: bool, share: &Estimate, difference: Option<&Estimate>) -> Markup {
    html! {
        tr.headline[headline] {
            th scope="row" { (name) }
            td.plot { (chart::interval(share)) }
            td { (Form::Percent.stacked(share)) }
            td { @if let Some(difference) = difference { (points(difference)) } }
        }
    }
}

/// A difference of shares in points.
fn points(difference: &Estimate) -> Markup {
    let write =
        |value: Option<f64>| value.map_or_else(|| UNDEFINED.to_owned(), |value| signed(100.0 * value, 1));
    html! {
        span.value { (write(difference.value)) @if difference.value.is_some() { " points" } }
        @if difference.low.is_some() || difference.high.is_some() {
            " " span.interval { (write(difference.low)) " to " (write(difference.high)) }
        }
        (note(difference))
    }
}

fn negative(of: &Estimate) -> Estimate {
    let minus = |value: Option<f64>| value.map(|value| -value);
    Estimate { value: minus(of.value), low: minus(of.high), high: minus(of.low), note: of.note.clone() }
}

fn of_control(control: Control) -> &'static str {
    match control {
        Control::Known => "a text that every model knows",
        Control::Other => "another document of the kind",
        Control::Invented => "a document that does not exist",
        Control::Shuffled => "the document, after passages in another order of words",
        Control::Reworded => "the document, after passages in other words",
    }
}

/// Whether it recalls more than every other target.
pub(super) fn uniqueness(verdict: &DocumentVerdict) -> Markup {
    html! {
        @if let (Some(p), false) = (verdict.unique_p, verdict.siblings.is_empty()) {
            p {
                "That it recalls more than " @if verdict.siblings.len() == 1 { "the other target" } @else { "every other target" } ": p = "
                (number(p)) ", by exchanging targets cut by cut, at the cuts, questions and users that both answered"
                @if verdict.siblings.len() > 1 { "; the largest of the p of " (verdict.siblings.len()) " comparisons" } "."
            }
        }
    }
}

/// How it was asked: what was given, and what came back.
pub(super) fn framings(probes: &Probes<'_>, verdict: &DocumentVerdict) -> Markup {
    let mut framings: Vec<&FramingRecall> = verdict.framings.iter().collect();
    // Dose and response: short passages first; without a passage last.
    framings.sort_by_key(|framing| if framing.passage_words == 0 { u64::MAX } else { framing.passage_words });
    html! {
        @if !framings.is_empty() {
            div.scroll role="region" aria-label={ "Ways of asking " (verdict.target) } tabindex="0" {
                table.agreement.framings {
                    caption { "How it was asked, by words given" }
                    thead {
                        tr {
                            th scope="col" { "Question" } th.plot scope="col" { span.hidden { "Plot" } (chart::axis()) }
                            th scope="col" { "Came back, 95 % interval" } th.number scope="col" { "Words given" } th.number scope="col" { "Cuts" }
                        }
                    }
                    tbody { @for framing in framings { (asked(probes, framing)) } }
                }
            }
        }
    }
}

fn asked(probes: &Probes<'_>, framing: &FramingRecall) -> Markup {
    let view = probes.shown().iter().find(|view| *view.id == framing.example);
    html! {
        tr {
            th scope="row" {
                @let name = if framing.group.is_empty() { framing.example.as_str() } else { &framing.group };
                @if view.is_some() { a href={ "#" (anchor(&framing.example)) } { (inline(name)) } } @else { (inline(name)) }
                @if let Some(cell) = view.and_then(|view| view.cells.first()) { br; span.question { (snippet(&cell.question, QUESTION)) } }
            }
            td.plot { (chart::interval(&framing.recall)) }
            td { (Form::Percent.stacked(&framing.recall)) }
            td.number { @if framing.passage_words == 0 { "no passage" } @else { (count(framing.passage_words)) } }
            td.number { (count(framing.cuts)) }
        }
    }
}

/// All tests that were made.
pub(super) fn tests(summary: &Summary, verdict: &DocumentVerdict) -> Markup {
    let rules = summary.scoring.recall.as_ref();
    html! {
        details.tests {
            summary { "All tests, in the order in which they decide" }
            div.scroll role="region" aria-label={ "Tests of " (verdict.target) } tabindex="0" {
                table {
                    thead {
                        tr { th scope="col" { "Test" } th.number scope="col" { "Found" } th scope="col" { "Needed" } th scope="col" { "" } }
                    }
                    tbody { @for test in &verdict.tests { (one(test)) } }
                }
            }
            p.note {
                "What was found is the end of a one-sided interval that must lie on the right side of the threshold, or a p. A test that could not be made is not met. "
                @if let Some(rules) = rules {
                    "All looks at the run together may raise a false alarm in " (Form::Percent.write(rules.alpha)) " of runs, test by test; at the first look half of that is spent. "
                }
                @if let Some(p) = verdict.match_p { "That answers fit their own passages: p = " (number(p)) "." }
            }
        }
    }
}

fn one(test: &RecallTest) -> Markup {
    let side = match test.needed {
        Needed::MoreThan => "more than ",
        Needed::LessThan => "less than ",
    };
    html! {
        tr {
            th scope="row" { (inline(&test.says)) }
            td.number { (test.found.map_or_else(|| UNDEFINED.to_owned(), number)) }
            td { (side) (number(test.against)) }
            td { @if test.met { span.verdict { "met" } } @else { span.zero { "not met" } } }
        }
    }
}

/// Small numbers keep digits that say something.
fn number(value: f64) -> String {
    if value != 0.0 && value.abs() < 0.000_01 {
        return if value > 0.0 { "<0.00001".to_owned() } else { signed(value, 3) };
    }
    if value.abs() >= 0.01 || value == 0.0 { signed(value, 3) } else { signed(value, 5) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_says_on_which_side_it_must_lie() {
        let said = |needed| {
            let says = "it holds".to_owned();
            one(&RecallTest { says, found: None, needed, against: 0.15, met: false }).into_string()
        };
        assert!(
            said(Needed::MoreThan).contains("more than 0.150")
                && said(Needed::LessThan).contains("less than 0.150")
        );
    }

    #[test]
    fn a_small_p_is_no_zero() {
        assert_eq!(number(0.000_05), "0.00005");
        assert_eq!(number(0.000_000_1), "<0.00001");
        assert_eq!(number(0.25), "0.250");
        assert_eq!(number(0.0), "0.000");
    }
}

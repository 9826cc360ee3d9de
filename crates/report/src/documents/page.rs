//! The comparison as one HTML file: figures, a list of the passages, and both documents with what the other has shaded.

use std::ops::Range;

use maud::{DOCTYPE, Markup, html};

use super::{Comparison, Document, Passage, Side};
use crate::number::{count, counted};
use crate::page::head;
use crate::visible::{Visible, inline, plain, snippet};

const STYLE_SHEET: &str = concat!(include_str!("../report.css"), include_str!("../documents.css"));
/// Characters of a passage's beginning in the list.
const BEGINNING: usize = 90;

/// Renders a comparison as one HTML file without scripts, links to elsewhere or files beside it.
#[must_use]
pub fn documents_page(comparison: &Comparison<'_>) -> String {
    let title = format!("{} and {}", plain(comparison.a.name), plain(comparison.b.name));
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(&format!("{title} – compared"), STYLE_SHEET))
            body.documents {
                a.skip href="#main" { "Skip to the results" }
                header.page {
                    p.eyebrow { "Antiphon: two documents" }
                    h1 { (inline(comparison.a.name)) " and " (inline(comparison.b.name)) }
                    p.size { (size(comparison, Side::A)) " · " (size(comparison, Side::B)) }
                }
                main #main {
                    (figures(comparison))
                    (passages(comparison))
                    h2 #documents { "The documents" }
                    (legend(comparison))
                    div.beside { (document(comparison, Side::A)) (document(comparison, Side::B)) }
                }
                footer.page { p { "This file holds everything it shows: no scripts, nothing loaded from elsewhere." } }
            }
        }
    }
    .into_string()
}

fn size(comparison: &Comparison<'_>, side: Side) -> String {
    let words = counted(comparison.document(side).words.len() as u64, "word", "words");
    format!("{}: {words}", side.name())
}

fn figures(comparison: &Comparison<'_>) -> Markup {
    html! {
        h2 { "What they have in common" }
        div.scroll tabindex="0" role="region" aria-label="What they have in common" {
            table.numbers {
                thead { tr { th { "Share" } th scope="col" { "of A" } th scope="col" { "of B" } } }
                tbody {
                    @for [name, of_a, of_b] in comparison.figures() {
                        tr { th scope="row" { (name) } td { (of_a) } td { (of_b) } }
                    }
                }
            }
        }
        p {
            "Words are what stands between white space, punctuation included"
            @if comparison.case_matters { "." } @else { "; upper and lower case are the same." }
            " A sequence counts once, however often it stands there. A passage is nearly verbatim where only a few words in a row differ. The longest "
            "run of the same words has " (count(comparison.longest() as u64)) "."
        }
    }
}

fn passages(comparison: &Comparison<'_>) -> Markup {
    html! {
        h2 #passages { "Passages in both" }
        @if comparison.passages.is_empty() {
            p { "There is no run of " (comparison.run_from) " words in common." }
        } @else {
            div.scroll tabindex="0" role="region" aria-label="Passages in both" {
                table.passages {
                    thead { tr {
                        th scope="col" { "No." } th scope="col" { "Words of A" } th scope="col" { "Words of B" }
                        th scope="col" { "The same" } th scope="col" { "Begins" }
                    } }
                    tbody {
                        @for (number, passage) in (1..).zip(&comparison.passages) {
                            tr {
                                th scope="row" { (number) }
                                td { a href={ "#a" (number) } { (range(&passage.a)) } }
                                td { a href={ "#b" (number) } { (range(&passage.b)) } }
                                td { (count(passage.same() as u64)) }
                                td.begins { (snippet(comparison.a.slice(&passage.a), BEGINNING)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn range(words: &Range<usize>) -> String {
    format!("{}–{}", count(words.start as u64 + 1), count(words.end as u64))
}

fn legend(comparison: &Comparison<'_>) -> Markup {
    html! {
        p.legend {
            span.near { "nearly verbatim, " (comparison.near_from) " words or more" }
            " " span.near { span.changed { "other words in it" } }
            " " span.run { "a run of " (comparison.run_from) " words or more" }
            ". A shaded passage leads to where it stands in the other document."
        }
    }
}

fn document(comparison: &Comparison<'_>, side: Side) -> Markup {
    let document = comparison.document(side);
    let passages = comparison.passages.iter().map(|passage| (side.of(passage), passage));
    let mut at = 0;
    let pieces: Vec<(usize, Range<usize>, &Passage)> = (1..)
        .zip(passages)
        .map(|(number, (words, passage))| {
            let before = at;
            at = document.words[words.end - 1].end;
            (number, before..document.words[words.start].start, passage)
        })
        .collect();
    html! {
        article.document aria-labelledby={ "document-" (side.name()) } {
            h3 id={ "document-" (side.name()) } { (side.name()) ": " (inline(document.name)) }
            div.text dir="auto" {
                @for (number, before, passage) in pieces {
                    (Visible(&document.text[before]))
                    (shaded(document, side, number, passage))
                }
                (Visible(&document.text[at..]))
            }
        }
    }
}

/// A passage, which leads to its other place.
fn shaded(document: &Document<'_>, side: Side, number: usize, passage: &Passage) -> Markup {
    let (own, other) = match side {
        Side::A => ("a", "b"),
        Side::B => ("b", "a"),
    };
    let words = side.of(passage);
    let (mut at, end) = (document.words[words.start].start, document.words[words.end - 1].end);
    // What differs before a run, and the run.
    let mut pieces = Vec::new();
    for run in passage.runs.iter().map(|run| side.run(*run)) {
        let (from, to) = (document.words[run.start].start, document.words[run.end - 1].end);
        pieces.push((&document.text[at..from], &document.text[from..to]));
        at = to;
    }
    pieces.push((&document.text[at..end], ""));
    html! {
        a id={ (own) (number) } href={ "#" (other) (number) } class=(if passage.is_near { "near" } else { "run" }) {
            @for (before, run) in pieces { (changed(before)) (Visible(run)) }
        }
    }
}

/// Other words are marked, the space beside them is not.
fn changed(text: &str) -> Markup {
    let words = text.trim();
    let from = text.len() - text.trim_start().len();
    html! {
        @if words.is_empty() { (Visible(text)) } @else {
            (Visible(&text[..from])) span.changed { (Visible(words)) } (Visible(&text[from + words.len()..]))
        }
    }
}

//! What was said: the most typical and the most deviant answers, each a real sample.

use std::collections::BTreeMap;

use antiphon_core::summary::{BorneOut, Cell, Exemplar};
use maud::{Markup, html};

use crate::number::{count, signed};
use crate::visible::{Visible, block, inline, snippet};

/// Longest answer shown in full, in characters.
const ANSWER: usize = 1_500;
/// Characters shown of a label.
const LABEL: usize = 160;

pub(super) fn quotes(cells: &[&Cell]) -> Markup {
    html! {
        @if cells.iter().any(|cell| !cell.typical.is_empty() || !cell.deviant.is_empty()) {
            div.side-by-side { @for cell in cells { (of_target(cell)) } }
        }
    }
}

fn of_target(cell: &Cell) -> Markup {
    html! {
        div {
            @if !cell.typical.is_empty() {
                p.quotes { "Most typical of " b { (cell.target) } }
                @for exemplar in &cell.typical { (quote(exemplar)) }
                @if cell.typical.iter().any(|exemplar| !exemplar.sentences.is_empty()) { (legend()) }
            }
            @if !cell.deviant.is_empty() {
                details {
                    summary { "Most deviant of " (cell.target) " (" (cell.deviant.len()) ")" }
                    @for exemplar in &cell.deviant { (quote(exemplar)) }
                }
            }
        }
    }
}

/// A real sample with whose it is.
pub(super) fn quote(exemplar: &Exemplar) -> Markup {
    html! {
        figure.quote {
            blockquote {
                @if exemplar.sentences.is_empty() { (block(&exemplar.text, ANSWER)) } @else { (borne_out(exemplar)) }
            }
            @match &exemplar.label {
                Some(label) if *label != exemplar.text => { p.label { "counts as " b { (snippet(label, LABEL)) } } }
                _ => {}
            }
            figcaption {
                "User " (exemplar.user) ", session " (exemplar.session) ", repeat " (exemplar.repeat) ", " (inline(&exemplar.language))
                @if let Some(similarity) = exemplar.similarity { "; mean similarity to the others " (signed(similarity, 3)) }
                (levels(&exemplar.levels))
            }
        }
    }
}

/// What sets a user apart, but for the language, which stands beside it.
pub(super) fn levels(levels: &BTreeMap<String, String>) -> Markup {
    html! {
        @if levels.keys().any(|factor| factor != "language") {
            ul.levels {
                @for (factor, level) in levels.iter().filter(|(factor, _)| *factor != "language") {
                    li { (inline(factor)) " " span.count { (inline(level)) } }
                }
            }
        }
    }
}

/// The text with each sentence shaded by how well the other answers bear it out.
fn borne_out(exemplar: &Exemplar) -> Markup {
    let (mut rest, mut room) = (exemplar.text.as_str(), ANSWER);
    let mut parts: Vec<(&str, &BorneOut)> = Vec::new();
    for sentence in &exemplar.sentences {
        let length = usize::try_from(sentence.characters).unwrap_or(usize::MAX).min(room);
        let at = rest.char_indices().nth(length).map_or(rest.len(), |(at, _)| at);
        parts.push((&rest[..at], sentence));
        rest = &rest[at..];
        room -= length;
    }
    html! {
        div.text dir="auto" {
            @for (text, sentence) in parts {
                @match sentence.rarest_per_answer {
                    Some(often) => { span class=(shade(often)) { (Visible(text)) } }
                    None => { (Visible(text)) }
                }
            }
            @if !rest.is_empty() { "…" }
        }
        @if !rest.is_empty() { p.note { "and " (count(rest.chars().count() as u64)) " more characters" } }
    }
}

/// From this many times an answer on, the class of a sentence, and what the legend says of it. The last one takes the rest.
const SHADES: [(f64, &str, &str); 4] = [
    (0.8, "shared-most", "in 80 % of the answers or more"),
    (0.5, "shared-many", "in 50 to 80 %"),
    (0.2, "shared-half", "in 20 to 50 %"),
    (0.0, "shared-few", "in fewer"),
];

fn shade(often: f64) -> &'static str {
    SHADES.iter().find(|(from, ..)| often >= *from).map_or(SHADES[SHADES.len() - 1].1, |(_, class, _)| class)
}

fn legend() -> Markup {
    html! {
        p.note {
            "Each sentence is shaded by its rarest word, which stands "
            @for (at, (_, class, words)) in SHADES.iter().enumerate() {
                @if at > 0 { "; " }
                span class=(class) { (words) }
            }
            ". What the other answers do not bear out may be made up; but this measures whether answers agree, not whether they are true."
        }
    }
}
